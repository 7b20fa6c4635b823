#!/usr/bin/env bash
# Takes a real application from PyPI to a live URL with bim, changes it, breaks it, mends it and goes back; checks each step.
# It works in a temporary folder with a home and a platform of its own, and leaves nothing behind.
set -euo pipefail

usage() {
    cat <<'TEXT'
Usage: scripts/walkthrough.sh [--write]

  --write  write the transcript to docs/walkthrough.md too, when every step did what it should
  --help   this text

bim's programs are taken from PATH, else from .build/release, else from .build/debug.
TEXT
}

fail() {
    printf 'error: %s\n' "$1" >&2
    [[ -z ${2-} ]] || printf 'hint: %s\n' "$2" >&2
    exit 1
}

# Another version of the application needs the versions of its dependencies too: what pip installs without --constraint.
readonly app=datasette app_version=0.65.5
constraints() {
    printf '%s\n' aiofiles==25.1.0 anyio==4.16.0 asgi-csrf==0.11 asgiref==3.13.0 certifi==2026.10.18 click==8.5.1 \
        click-default-group==1.2.4 flexcache==0.3 flexparser==0.4 h11==0.16.0 httpcore==1.0.9 httpx==0.28.1 hupper==1.12.1 \
        idna==3.20 itsdangerous==2.2.0 janus==2.0.0 Jinja2==3.1.6 MarkupSafe==3.0.4 mergedeep==1.3.4 orjson==3.13.0 \
        pip==26.3 platformdirs==4.14.7 pluggy==1.7.0 python-multipart==0.0.34 PyYAML==6.0.3 setuptools==84.2.1 \
        typing_extensions==4.16.0 uvicorn==0.54.0
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly root programs=(git-remote-bim git-bim bim-platform)
write=false

parse() {
    while (($# > 0)); do
        case $1 in
            --write) write=true ;;
            -h | --help) usage; exit 0 ;;
            *) usage >&2; exit 2 ;;
        esac
        shift
    done
    readonly write
}

# --- The room: a home, programs and an environment that owe nothing to the user's ---

folder_of_programs() {
    local folder found
    found=$(command -v git-remote-bim) || true
    for folder in "${found%/*}" "$root/.build/release" "$root/.build/debug"; do
        [[ -n $folder && -x $folder/git-remote-bim ]] || continue
        (cd "$folder" && pwd)
        return
    done
    fail "bim was not found in PATH and is not built here" "./install.sh"
}

# The sandbox lends an app the tools that lie in PATH outside of /usr: only bim's programs may be there, so that the Python that
# chooses the wheels is the one that runs them.
make_room() {
    local folder name
    folder=$(folder_of_programs)
    readonly user_home=${HOME:?HOME is not set}
    work=$(mktemp -d "${TMPDIR:-/tmp}/bim-walkthrough.XXXXXX")
    readonly work home=$work/home document=$work/walkthrough.md log=$work/output
    trap leave EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    mkdir -m 700 "$home" "$work/bin"
    for name in "${programs[@]}"; do
        [[ -x $folder/$name ]] || fail "'$name' does not lie beside git-remote-bim" "./install.sh"
        ln -s "$folder/$name" "$work/bin/$name"
    done
    keep_pip_settings
    unset_settings
    export HOME=$home PATH=$work/bin:/usr/bin:/bin LC_ALL=C.UTF-8
    export no_proxy=127.0.0.1 NO_PROXY=127.0.0.1 PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1
    export GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0
    check_tools
    git config --global user.name 'A Developer'
    git config --global user.email developer@example.org
    git config --global init.defaultBranch main
    constraints >"$home/constraints.txt"
}

# A mirror or a certificate that the user has told pip about is needed here too.
keep_pip_settings() {
    local file
    for file in "${XDG_CONFIG_HOME:-$HOME/.config}/pip/pip.conf" "$HOME/.pip/pip.conf"; do
        if [[ -z ${PIP_CONFIG_FILE-} && -f $file ]]; then export PIP_CONFIG_FILE=$file; fi
    done
}

unset_settings() {
    local name
    for name in $(compgen -e); do
        case $name in
            GIT_* | XDG_* | BIM_* | PYTHON* | VIRTUAL_ENV) unset "$name" ;;
            PIP_USER | PIP_TARGET | PIP_PREFIX | PIP_REQUIRE_VIRTUALENV) unset "$name" ;;
        esac
    done
}

check_tools() {
    local pair
    local -a missing=()
    for pair in bwrap:bubblewrap curl:curl git:git python3:python3; do
        command -v "${pair%:*}" >/dev/null || missing+=("${pair#*:}")
    done
    python3 -m pip --version >/dev/null 2>&1 || missing+=(python3-pip)
    ((${#missing[@]} == 0)) || fail "the walkthrough needs Debian packages that are not installed: ${missing[*]}" \
        "sudo apt-get install ${missing[*]}"
}

# Until HOME is the walkthrough's own, `git-bim` would stop the user's platform. A folder whose platform goes on stays too.
leave() {
    local -ri status=$?
    cd /
    if [[ $HOME != "$home" ]] || git-bim platform stop >"$log" 2>&1; then
        rm -rf -- "$work"
    else
        cat "$log" >&2
        printf 'warning: the platform in %s did not stop\n' "$work" >&2
    fi
    exit "$status"
}

# --- The transcript ---

in_block=false

emit() { printf '%s\n' "$1" | tee -a "$document"; }

block() {
    [[ $in_block != "$1" ]] || return 0
    in_block=$1
    # shellcheck disable=SC2016
    if $in_block; then emit '```console'; else emit '```'; emit ''; fi
}

heading() { block false; emit "## $1"; emit ''; }

# Text from standard input.
say() { block false; emit "$(cat)"; emit ''; }

# Everything lies in the home of this walkthrough, which the reader knows as ~.
without_paths() {
    local -r tilde='~'
    local text
    text=$(cat)
    text=${text//"$home"/"$tilde"}
    printf '%s' "${text//"$work"/…}"
}

# Runs a command line in this shell, so that `cd` lasts, and keeps what it prints in `output`.
perform() {
    status=0
    eval "$1" >"$log" 2>&1 </dev/null || status=$?
    output=$(without_paths <"$log")
}

show() {
    block true
    emit "\$ $1"
    [[ -z $output ]] || emit "$output"
}

run() {
    perform "$1"
    show "$1"
    ((status == 0)) || fail "'$1' ended with status $status"
}

run_refused() {
    perform "$1"
    show "$1"
    ((status != 0)) || fail "'$1' should have been refused"
}

# One line of pip's many, and not the name of each package in it.
run_pip() {
    local -a words
    perform "$1"
    ((status == 0)) || { printf '%s\n' "$output" >&2; fail "'$1' ended with status $status"; }
    read -ra words < <(grep '^Successfully' <<<"$output")
    if ((${#words[@]} > 6)); then output="${words[*]:0:5} … ($((${#words[@]} - 2)) packages)"; else output=${words[*]}; fi
    show "$1"
}

expect() {
    grep --quiet --extended-regexp -e "$1" <<<"$output" || fail "the output above should have matched '$1'"
}

# The live URL stands in the last line of a push, so that it can be clicked.
expect_live() {
    url=$(sed -nE '$s|^  live    (http://127\.0\.0\.1:[0-9]+) .*|\1|p' <<<"$output")
    [[ -n $url ]] || fail "the push above did not end with a live URL"
}

expect_small_upload() { expect '^  upload .* [1-5] of [0-9]+ layers, [0-9.]+ k?B '; }

expect_nothing_built() {
    expect '^  build .* nothing new '
    expect '^  upload .* already there '
}

expect_title() {
    run "curl --silent --fail $url/ | grep --only-matching '<title>.*</title>'"
    expect "^<title>$1: _memory</title>$"
}

# What is published must not tell whose machine it came from.
check_privacy() {
    local name
    for name in "$work" "$user_home/"; do
        [[ $name == // ]] || ! grep --quiet --fixed-strings -e "$name" "$document" || fail "the transcript names '$name'"
    done
    name=$(uname -n)
    [[ $name == localhost ]] || ! grep --quiet --fixed-strings --word-regexp -e "$name" "$document" ||
        fail "the transcript names this machine, '$name'"
    ! grep --extended-regexp --only-matching 'https?://[^/[:space:]]+' "$document" | grep --invert-match '^http://127\.0\.0\.1' ||
        fail "the transcript names another host"
}

# --- The story ---

introduction() {
    local version
    version=$(git-bim --version)
    emit '# A walkthrough with a real application'
    emit ''
    say <<TEXT
Datasette, a web application that publishes SQLite databases, goes from its source distribution on PyPI to a live URL, is changed,
broken, mended and taken back. Nobody of this project wrote it, and nothing in it was prepared for bim.

This is the output of \`scripts/walkthrough.sh --write\`, which runs every command below and stops when one does not do what
the text says. You can run it too; it works in a temporary folder, which is \`~\` here, and leaves nothing behind. Only pip's
output was shortened, to one line.

This run: bim ${version##* }, $(python3 --version), $(git --version | sed 's/version //'), $(nproc) cores.
TEXT
}

get_application() {
    heading '1. The application'
    say <<TEXT
The source distribution becomes a git repository. An app brings what it needs in its commit, so its dependencies are installed
into a folder of the repository, two of them with compiled code; a \`Procfile\` says how it is started.
TEXT
    run_pip "python3 -m pip download --no-deps --no-binary $app $app==$app_version"
    run "tar --no-same-owner -xzf $app-$app_version.tar.gz && mv $app-$app_version $app && cd $app"
    run "sed '/^\[/,\$d' $app.egg-info/requires.txt >requirements.txt"
    run_pip "python3 -m pip install --no-compile --target vendor --requirement requirements.txt --constraint ../constraints.txt"
    run "echo 'web: PYTHONPATH=vendor:. python3 -m $app serve --memory --host 127.0.0.1 --port \$PORT' >Procfile"
    run "git init && git add --all && git commit --quiet --message 'Import Datasette $app_version'"
    run 'git log --oneline --shortstat'
    expect 'files changed'
}

push_first() {
    heading '2. The first push'
    say <<TEXT
There is no platform yet: the push starts one, for this user alone, on 127.0.0.1.
TEXT
    run 'git remote add bim bim::local/datasette'
    run 'git push bim main'
    expect_live
    expect '^ \* \[new branch\] +main -> main$'
    expect_title 'Datasette'
}

push_change() {
    heading '3. A change'
    say <<TEXT
A new title in one template. Only the layer with that file is built and uploaded, and the URL stays.
TEXT
    local -r first_url=$url
    run "sed -i 's/or \"Datasette\"/or \"Pushed with git\"/' datasette/templates/index.html"
    run "git commit --all --message 'Give the start page a title of its own'"
    run 'git push bim main'
    expect_live
    expect_small_upload
    [[ $url == "$first_url" ]] || fail "the live URL changed from $first_url to $url"
    expect_title 'Pushed with git'
}

push_broken() {
    heading '4. A commit that does not start'
    say <<TEXT
The next commit imports a package that was never vendored, as happens when it is installed on the developer's machine. The push
is rejected with the last lines of the app's log, and the release before it goes on answering.
TEXT
    run "sed -i 's/^import json\$/&\nimport orjson/' datasette/app.py"
    run "sed -i 's/^ *\"asgi\": \"3.0\",\$/&\n            \"orjson\": orjson.__version__,/' datasette/app.py"
    run "git commit --all --message 'Tell the version of orjson'"
    expect '2 insertions'
    run_refused 'git push bim main'
    expect "ModuleNotFoundError: No module named 'orjson'"
    expect '^ ! \[remote rejected\] main -> main \(CRASHED: '
    expect_title 'Pushed with git'
    say <<TEXT
\`bim/main\` is what is live, so git itself tells what is not.
TEXT
    run 'git log --oneline bim/main..main'
    expect '^[0-9a-f]+ Tell the version of orjson$'
    run 'git bim status'
    expect ' running  release 2 '
}

push_mended() {
    heading '5. The same, mended'
    run_pip 'python3 -m pip install --no-compile --target vendor --constraint ../constraints.txt orjson'
    run "git add --all && git commit --quiet --message 'Vendor orjson'"
    run 'git push bim main'
    expect_live
    expect_small_upload
    run "curl --silent --fail $url/-/versions.json | grep --only-matching '\"orjson\": \"[^\"]*\"'"
    expect '^"orjson": "[0-9.]+"$'
    run 'git log --oneline bim/main..main'
    [[ -z $output ]] || fail 'everything was pushed, and bim/main should be main'
}

go_back() {
    heading '6. Going back'
    say <<TEXT
Going back is pushing an old commit. Its artifact is still there, so nothing is built and nothing is uploaded: the time is that
of unpacking and starting the app.
TEXT
    local old
    old=$(git rev-parse --short main~3)
    run 'git log --oneline main'
    run "git push bim $old:main --force"
    expect_live
    expect_nothing_built
    expect_title 'Datasette'
    run 'git bim status'
    expect " running  release 4  $old  $url"
    run 'git log --oneline bim/main..main'
    (($(wc -l <<<"$output") == 3)) || fail 'three commits should not be live'
    say <<TEXT
The platform is a git remote like any other: a clone holds what is live.
TEXT
    run 'git clone bim::local/datasette ../clone'
    run 'git -C ../clone log --oneline'
    expect "^$old Import Datasette"
    (($(wc -l <<<"$output") == 1)) || fail 'the clone should hold one commit'
}

finish() {
    heading '7. The end'
    run 'git bim platform stop'
    expect '^stopped$'
    run_refused "curl --silent --show-error $url/"
    block false
    check_privacy
    $write || return 0
    # The last line is the empty one that ends a block.
    sed '$d' "$document" >"$root/docs/walkthrough.md.new"
    mv -f "$root/docs/walkthrough.md.new" "$root/docs/walkthrough.md"
}

main() {
    parse "$@"
    make_room
    cd "$home"
    introduction
    get_application
    push_first
    push_change
    push_broken
    push_mended
    go_back
    finish
}

main "$@"
