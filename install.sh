#!/usr/bin/env bash
# Builds bim and installs its programs; with --demo a first app goes live on this machine.
set -euo pipefail

usage() {
    cat <<'END'
Usage: ./install.sh [--prefix DIR] [--demo] [--hooks]
       ./install.sh [--prefix DIR] --uninstall [--purge]

  --prefix DIR  install into DIR/bin (default: ~/.local)
  --demo        then make a small app, push it to an embedded platform and print its live URL
  --hooks       then install bim's git hooks in this repository
  --uninstall   stop the embedded platform and remove the installed programs; your data stays
  --purge       with --uninstall: remove apps, releases, caches and logs too
  --help        this text

The demo app lies in $BIM_DEMO_DIR (default: ~/bim-demo/hello). Running this script again updates bim.
END
}

fail() {
    printf 'error: %s\n' "$1" >&2
    [[ -z ${2-} ]] || printf 'hint: %s\n' "$2" >&2
    exit 1
}

say() { printf '\nbim: %s\n' "$*"; }

readonly programs=(git-remote-bim git-bim bim-hooks bim-platform bim-receive)
prefix=${HOME:?HOME is not set}/.local
demo_dir=${BIM_DEMO_DIR:-$HOME/bim-demo/hello}
demo=false hooks=false uninstall=false purge=false

parse() {
    while (($# > 0)); do
        case $1 in
            --prefix) [[ -n ${2-} ]] || fail "--prefix needs a folder"; prefix=$2; shift ;;
            --prefix=?*) prefix=${1#*=} ;;
            --demo) demo=true ;;
            --hooks) hooks=true ;;
            --uninstall) uninstall=true ;;
            --purge) purge=true ;;
            -h | --help) usage; exit 0 ;;
            *) usage >&2; exit 2 ;;
        esac
        shift
    done
    if $purge && ! $uninstall; then fail "--purge goes with --uninstall" "./install.sh --uninstall --purge"; fi
    if $uninstall && { $demo || $hooks; }; then fail "--uninstall goes with neither --demo nor --hooks"; fi
    prefix=$(realpath --canonicalize-missing "$prefix")
    demo_dir=$(realpath --canonicalize-missing "$demo_dir")
    readonly prefix demo_dir bin=$prefix/bin record=$prefix/lib/bim/installed
}

# Without --product, SwiftPM plans once and builds the root package's programs and what they import, nothing else.
# git starts these programs at every push: the Swift runtime is linked in, and debug information is left out.
build() {
    [[ -x .build/release/git-remote-bim ]] || say "building for the first time, which takes several minutes"
    swift build --configuration release --static-swift-stdlib -debug-info-format none -Xlinker -s
}

# A program may be running: it is replaced by a rename, so that it keeps its file and nobody sees half of one.
install_programs() {
    local name changed=0
    mkdir -p "$bin" "$(dirname "$record")"
    for name in "${programs[@]}"; do
        cmp -s ".build/release/$name" "$bin/$name" && continue
        install -m 755 ".build/release/$name" "$bin/.$name.new"
        mv -f "$bin/.$name.new" "$bin/$name"
        changed=$((changed + 1))
    done
    printf '%s\n' "${programs[@]/#/$bin/}" >"$record"
    if ((changed > 0)); then say "installed in $bin: ${programs[*]}"; else say "up to date in $bin"; fi
}

check_path() {
    [[ :$PATH: != *":$bin:"* ]] || return 0
    say "$bin is not in PATH, and git finds bim only there. Add this line to ~/.profile and to this shell:"
    echo "  export PATH=\"$bin:\$PATH\""
    export PATH=$bin:$PATH
}

# A git hook may have started this script: the variables that name its repository must not reach the demo's.
make_demo_app() {
    # shellcheck disable=SC2046
    unset $(git rev-parse --local-env-vars)
    if [[ ! -d $demo_dir/.git ]]; then
        [[ -z $(ls -A "$demo_dir" 2>/dev/null) ]] || fail "'$demo_dir' is there and is no git repository" \
            "BIM_DEMO_DIR=another/folder ./install.sh --demo"
        mkdir -p "$demo_dir"
        cp -R samples/hello/. "$demo_dir"
        git -C "$demo_dir" init --quiet --initial-branch=main
    fi
    cd "$demo_dir"
    git config user.email >/dev/null || git config user.email demo@localhost
    git config user.name >/dev/null || git config user.name 'bim demo'
    if ! git rev-parse --quiet --verify HEAD >/dev/null; then
        git add --all
        git -c commit.gpgSign=false commit --quiet --message 'Say hello'
    fi
    git remote get-url bim >/dev/null 2>&1 || git remote add bim bim::local/hello
}

first_url() { grep --only-matching --extended-regexp 'https?://[^[:space:]]+' | head -n 1 || true; }

# The push prints the live URL; one that finds nothing to do prints none, and then status knows it.
run_demo() {
    local url
    make_demo_app
    say "$demo_dir"
    printf '$ git push bim main\n'
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    git push bim main 2>&1 | tee "$log" || fail "the demo was not deployed" \
        "what the push says above; after 'fetch first' another 'hello' is there from before: cd '$demo_dir' && git push --force bim main"
    url=$(grep --word-regexp live "$log" | first_url) || true
    [[ -n $url ]] || url=$(git bim status | first_url) || true
    [[ -n $url ]] || fail "the push gave no live URL" "cd '$demo_dir' && git bim status"
    answers "$url" || fail "nothing answers at $url" "git bim platform status"
    next_steps "$url"
}

# A loopback address is asked directly, whatever proxy the environment names.
answers() {
    python3 - "$1" <<'END'
import sys, urllib.request
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
try:
    sys.exit(direct.open(sys.argv[1], timeout=10).status != 200)
except OSError as error:
    sys.exit(str(error))
END
}

next_steps() {
    cat <<END

Your app is live: $1

Try next, in $demo_dir:
  1. Edit the greeting in app.py, then:  git commit -am 'New greeting' && git push bim main
  2. See what is not deployed yet:       git log bim/main..main
  3. Put 'raise SystemExit(1)' at the top of app.py, commit and push: the push is rejected,
     says why, and the old release goes on serving. Undo it with:  git revert --no-edit HEAD
END
}

remove_programs() {
    local file folders=(
        "${XDG_DATA_HOME:-$HOME/.local/share}/bim"
        "${XDG_STATE_HOME:-$HOME/.local/state}/bim"
        "${XDG_CACHE_HOME:-$HOME/.cache}/bim"
    )
    if [[ -x $bin/git-bim ]] && ! "$bin/git-bim" platform stop; then
        ! $purge || fail "the embedded platform did not stop" "git bim platform status"
        printf 'warning: the embedded platform did not stop\n' >&2
    fi
    if [[ -f $record ]]; then
        while IFS= read -r file; do rm -f -- "$file"; done <"$record"
        rm -f -- "$record"
        rmdir --ignore-fail-on-non-empty "$(dirname "$record")"
        say "removed from $bin: ${programs[*]}"
        echo "  Hooks that were installed in repositories are still there and stop pushes: remove .git/hooks/pre-push where it names bim-hooks."
    else
        say "nothing is installed in $prefix"
    fi
    if $purge; then
        rm -rf -- "${folders[@]}"
        say "removed ${folders[*]}"
    else
        say "your apps and their data stay in ${folders[0]}; --uninstall --purge removes them"
    fi
}

main() {
    parse "$@"
    cd "$(dirname "${BASH_SOURCE[0]}")"
    if $uninstall; then remove_programs; return; fi
    if $demo; then scripts/packages.sh build run demo; else scripts/packages.sh build run; fi
    build
    install_programs
    check_path
    if $hooks; then bim-hooks install; fi
    if $demo; then run_demo; fi
}

main "$@"
