#!/usr/bin/env bash
# Runs the tests of the remote with other versions of git: those of Debian's suites, built from their source packages.
set -euo pipefail

usage() {
    cat <<'TEXT'
Usage: GIT_VERSIONS="<suite>..." scripts/git-versions.sh [filter]

  GIT_VERSIONS  suites of Debian, such as "trixie sid"; each has one version of git
  filter        for `swift test --filter`; by default the suites that hold the remote against git

The builds are kept in $XDG_CACHE_HOME/bim/git (~/.cache/bim/git). Needs Debian, and root or sudo for missing packages.
TEXT
}

fail() {
    printf 'error: %s\n' "$1" >&2
    [[ -z ${2-} ]] || printf 'hint: %s\n' "$2" >&2
    exit 1
}

readonly cache=${XDG_CACHE_HOME:-${HOME:?HOME is not set}/.cache}/bim/git
readonly tests='ConformanceTests|GitRemoteTests|StoringRemoteTests|PushOptionTests|FirstPushTests|GitPeerTests'

# The mirror that this machine takes its packages from has the sources, too.
# shellcheck disable=SC2016 # apt's own variables
mirror() { apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | head -n 1; }

download() {
    local suite=$1 folder=$2
    mkdir -p "$folder/lists/partial" "$folder/archive"
    printf 'deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' "$(mirror)" "$suite" >"$folder/sources.list"
    local apt=(apt-get -qq -o "Dir::Etc::sourcelist=$folder/sources.list" -o Dir::Etc::sourceparts=/dev/null
        -o "Dir::State::lists=$folder/lists" -o APT::Sandbox::User=root)
    "${apt[@]}" update
    (cd "$folder/archive" && "${apt[@]}" source --download-only git)
    mkdir -p "$folder/source"
    tar -xf "$folder"/archive/git_*.orig.tar.xz -C "$folder/source" --strip-components=1
}

# git runs from where it was built; its own programs are found beside it.
build() {
    local folder=$1
    make -C "$folder/source" -j"$(nproc)" NO_TCLTK=1 NO_GETTEXT=1 NO_PERL=1 NO_PYTHON=1 NO_RUST=1 prefix=/usr all \
        >"$folder/make.log" 2>&1 || { tail -n 20 "$folder/make.log" >&2; fail "git of this suite was not built"; }
    mkdir -p "$folder/bin"
    printf '#!/bin/sh\nGIT_EXEC_PATH=%q exec %q "$@"\n' "$folder/source" "$folder/source/git" >"$folder/bin/git"
    chmod +x "$folder/bin/git"
}

main() {
    if [[ ${1-} == --help ]]; then usage; exit 0; fi
    [[ -n ${GIT_VERSIONS-} ]] || { usage >&2; exit 2; }
    command -v apt-get >/dev/null || fail "the sources come from Debian, and this machine has no apt-get"
    cd "$(dirname "${BASH_SOURCE[0]}")/.."
    scripts/packages.sh build tests git
    local suite suites
    read -ra suites <<<"$GIT_VERSIONS"
    for suite in "${suites[@]}"; do
        [[ $suite =~ ^[a-z]+$ ]] || fail "'$suite' is no suite of Debian"
        if [[ ! -x $cache/$suite/bin/git ]]; then
            printf '== git of %s: download and build\n' "$suite"
            download "$suite" "$cache/$suite"
            build "$cache/$suite"
        fi
        printf '== %s\n' "$("$cache/$suite/bin/git" --version)"
        BIM_GIT=$cache/$suite/bin swift test --disable-xctest --filter "${1:-$tests}"
    done
}

main "$@"
