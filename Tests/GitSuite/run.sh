#!/usr/bin/env bash
# Runs git's own remote tests with every remote of theirs behind bim: a repository that only keeps the source.
set -euo pipefail

usage() {
    cat <<'TEXT'
Usage: GIT_SOURCE=<folder with git's sources> Tests/GitSuite/run.sh [test...]

The sources come, for instance, from `apt-get source git`; they should be of the version of git that is installed. What the
tests need of them (test-tool, templates) is built there. bim's programs are taken from $BIM_PROGRAMS, else from .build/release,
else from .build/debug. A test that fails and is not listed in cannot-apply.txt fails the run, and so does a listed one that passes.
TEXT
}

fail() {
    printf 'error: %s\n' "$1" >&2
    [[ -z ${2-} ]] || printf 'hint: %s\n' "$2" >&2
    exit 1
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
readonly root list=$root/Tests/GitSuite/cannot-apply.txt
readonly all=(t5516-fetch-push t5533-push-cas t5543-atomic-push t5545-push-options t5548-push-porcelain t5571-pre-push-hook
    t5801-remote-helpers)

programs() {
    local folder
    for folder in "${BIM_PROGRAMS-}" "$root/.build/release" "$root/.build/debug"; do
        [[ -n $folder && -x $folder/git-remote-bim ]] || continue
        (cd "$folder" && pwd)
        return
    done
    fail "git-remote-bim is not built" "swift build"
}

build_test_tool() {
    [[ -x $source/t/helper/test-tool && -d $source/templates/blt ]] && return
    printf '== building what the tests need of git\n'
    make -C "$source" -j"$(nproc)" NO_TCLTK=1 NO_GETTEXT=1 NO_PERL=1 NO_PYTHON=1 NO_CURL=1 NO_EXPAT=1 prefix=/usr \
        GIT-BUILD-OPTIONS t/helper/test-tool >"$work/make.log" 2>&1 || { tail -20 "$work/make.log" >&2; fail "git's test-tool was not built"; }
    make -C "$source/templates" NO_TCLTK=1 NO_GETTEXT=1 NO_PERL=1 prefix=/usr >>"$work/make.log" 2>&1
}

# The git of the tests: every path and file URL leads to bim, which deploys nothing. What our rewriting adds to a URL is taken
# off again in the one line of git's output that shows it.
make_git() {
    local real name
    real=$(command -v git)
    mkdir "$work/bin"
    sed "s|@GIT@|$real|" >"$work/bin/git" <<'WRAPPER'
#!/usr/bin/env bash
settings=(-c bim.deploy=never -c protocol.bim.allow=always
    -c url.bim::./.insteadOf= -c url.bim::/.insteadOf=/ -c url.bim::file://.insteadOf=file:// -c url.bim::.insteadOf=testgit::)
for own in http:// https:// ssh:// git:// bim:: ext::; do settings+=(-c "url.$own.insteadOf=$own"); done
[[ -z ${GIT_TEST_PROTOCOL_VERSION-} ]] || settings+=(-c "protocol.version=$GIT_TEST_PROTOCOL_VERSION")
plain() { sed -u -e 's|^To bim::\./|To |' -e 's|^To bim::|To |'; }
if [[ " $* " == *" push "* ]]; then
    { { @GIT@ "${settings[@]}" "$@" 2>&3 3>&- | plain >&4; exit "${PIPESTATUS[0]}"; } 3>&1 | plain >&2; exit "${PIPESTATUS[0]}"; } 4>&1
fi
exec @GIT@ "${settings[@]}" "$@"
WRAPPER
    chmod +x "$work/bin/git"
    # Leaves a trace, so that a rewriting that stops working is noticed.
    printf '#!/bin/sh\necho x >>%q\nexec %q "$@"\n' "$work/served" "$(programs)/git-remote-bim" >"$work/bin/git-remote-bim"
    chmod +x "$work/bin/git-remote-bim"
    for name in git-receive-pack git-upload-pack git-upload-archive; do
        ln -s "$(command -v "$name")" "$work/bin/$name"
    done
}

# Prints the titles that the list has for a test, which are what stands between the number and the reason.
listed() { sed -n "s/^$1  *\(.*[^ ]\)  *:: .*/\1/p" "$list"; }

run_test() {
    local name=$1 log=$work/$1.log title passed failed
    rm -f "$work/served"
    (cd "$source/t" && env PATH="$work/bin:$PATH" GIT_TEST_INSTALLED="$work/bin" timeout 600 \
        bash "./$name.sh" --root="$work/trash" >"$log" 2>&1 </dev/null) || true
    grep -q '^1\.\.[1-9]' "$log" || { tail -5 "$log" >&2; fail "$name did not come to its end"; }
    [[ -s $work/served ]] || fail "no remote of $name was bim's"
    sed -n 's/^not ok [0-9]* - //p' "$log" | sed '/# TODO known breakage$/d' | sort >"$work/failed"
    listed "${name%%-*}" | sort >"$work/listed"
    passed=$(grep -c '^ok [0-9]* - ' "$log") || true
    failed=$(wc -l <"$work/failed")
    passes=$((passes + passed)) inapplicable=$((inapplicable + failed))
    printf '%-22s %3d pass, %2d cannot apply\n' "$name" "$passed" "$failed"
    while IFS= read -r title; do
        printf '  FAILED: %s\n' "$title"
        surprises=$((surprises + 1))
    done < <(comm -23 "$work/failed" "$work/listed")
    while IFS= read -r title; do
        printf '  passes, though cannot-apply.txt lists it: %s\n' "$title"
        surprises=$((surprises + 1))
    done < <(comm -13 "$work/failed" "$work/listed")
}

main() {
    if [[ ${1-} == --help ]]; then usage; exit 0; fi
    [[ -n ${GIT_SOURCE-} ]] || { usage >&2; exit 2; }
    source=$(cd "$GIT_SOURCE" 2>/dev/null && pwd) || fail "'$GIT_SOURCE' is no folder"
    [[ -f $source/t/test-lib.sh ]] || fail "'$source' holds no sources of git" "apt-get source git"
    work=$(mktemp -d "${TMPDIR:-/tmp}/bim-git-suite.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    local name tests=("$@")
    ((${#tests[@]} > 0)) || tests=("${all[@]}")
    passes=0 inapplicable=0 surprises=0
    build_test_tool
    make_git
    for name in "${tests[@]}"; do run_test "$name"; done
    printf '%d passed, %d failed\n' "$passes" "$surprises"
    printf '%d cannot apply; the reasons are in Tests/GitSuite/cannot-apply.txt\n' "$inapplicable"
    ((surprises == 0))
}

main "$@"
