#!/usr/bin/env bash
# Runs the tests of the remote with other versions of git, built from the source packages of Debian's suites.
set -euo pipefail

usage() {
    cat <<'TEXT'
Usage: GIT_VERSIONS="<version>..." scripts/git-versions.sh [--no-build] [filter]

  GIT_VERSIONS  versions of git that some suite of Debian has, such as "2.47 2.55", or the suites' own names
  --no-build    takes the tests as they were built before
  filter        for `swift test --filter`; by default the suites that hold the remote against git

Every version is tested, whatever becomes of the others; the status is 0 when all of them pass.
The builds of git are kept in $XDG_CACHE_HOME/bim/git (~/.cache/bim/git). Needs Debian, and root or sudo for missing
packages.
TEXT
}

fail() {
    printf 'error: %s\n' "$1" >&2
    [[ -z ${2-} ]] || printf 'hint: %s\n' "$2" >&2
    exit 1
}

readonly cache=${XDG_CACHE_HOME:-${HOME:?HOME is not set}/.cache}/bim/git
readonly suites=(bookworm trixie forky sid)
readonly tests='ConformanceTests|GitRemoteTests|StoringRemoteTests|PushOptionTests|FirstPushTests|GitPeerTests|RaceTests'
readonly more_tests='BrokenSessionTests|PartialCloneTests|AddressTests|ArchiveTests'

# apt with the sources of one suite alone; its lists are not the machine's.
apt_of() {
    local suite=$1 tool=$2
    shift 2
    "$tool" -qq -o "Dir::Etc::sourcelist=$cache/lists/$suite.list" -o Dir::Etc::sourceparts=/dev/null \
        -o "Dir::State::lists=$cache/lists/$suite" -o APT::Sandbox::User=root "$@"
}

# The mirror that this machine takes its packages from has the sources, too.
# shellcheck disable=SC2016 # apt's own variables
mirror() { apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | head -n 1; }

update() {
    local suite=$1
    mkdir -p "$cache/lists/$suite/partial"
    printf 'deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' "$(mirror)" "$suite" \
        >"$cache/lists/$suite.list"
    apt_of "$suite" apt-get update
}

# The version of git that a suite has, such as 1:2.47.3-0+deb13u1.
version_in() { apt_of "$1" apt-cache showsrc git | sed -n 's/^Version: //p' | sort -V | tail -n 1; }

# The suite that is asked for, or the first whose git is of the version that is.
suite_with() {
    local wanted=$1 suite version
    for suite in "${suites[@]}"; do
        [[ $wanted =~ ^[0-9] || $wanted == "$suite" ]] || continue
        update "$suite" || continue
        version=$(version_in "$suite")
        if [[ $wanted == "$suite" || ${version#*:} == "$wanted".* ]]; then
            printf '%s\n' "$suite"
            return
        fi
    done
    return 1
}

download() {
    local suite=$1 folder=$2
    mkdir -p "$folder/archive" "$folder/source"
    (cd "$folder/archive" && apt_of "$suite" apt-get source --download-only git)
    tar -xf "$folder"/archive/git_*.orig.tar.xz -C "$folder/source" --strip-components=1
}

# git runs from where it was built; its own programs are found beside it.
build() {
    local folder=$1
    make -C "$folder/source" -j"$(nproc)" NO_TCLTK=1 NO_GETTEXT=1 NO_PERL=1 NO_PYTHON=1 NO_RUST=1 prefix=/usr all \
        >"$folder/make.log" 2>&1 || { tail -n 20 "$folder/make.log" >&2; return 1; }
    mkdir -p "$folder/bin"
    printf '#!/bin/sh\nGIT_EXEC_PATH=%q exec %q "$@"\n' "$folder/source" "$folder/source/git" >"$folder/bin/git"
    chmod +x "$folder/bin/git"
}

# Leaves a git of the version in the cache.
provide() {
    local wanted=$1 suite folder=$cache/$1
    [[ ! -x $folder/bin/git ]] || return 0
    suite=$(suite_with "$wanted") || fail "no suite of Debian has git $wanted" "the suites are ${suites[*]}"
    printf '== git %s, of %s: download and build\n' "$wanted" "$suite"
    rm -rf "$folder"
    download "$suite" "$folder"
    build "$folder" || fail "git $wanted was not built"
}

main() {
    if [[ ${1-} == --help ]]; then usage; exit 0; fi
    [[ -n ${GIT_VERSIONS-} ]] || { usage >&2; exit 2; }
    command -v apt-get >/dev/null || fail "the sources come from Debian, and this machine has no apt-get"
    cd "$(dirname "${BASH_SOURCE[0]}")/.."
    scripts/packages.sh build tests git
    local options=(--disable-xctest) version versions failed=()
    if [[ ${1-} == --no-build ]]; then options+=(--skip-build); shift; fi
    read -ra versions <<<"$GIT_VERSIONS"
    for version in "${versions[@]}"; do
        [[ $version =~ ^[0-9a-z.]+$ ]] || fail "'$version' is neither a version of git nor a suite of Debian"
        provide "$version"
    done
    for version in "${versions[@]}"; do
        printf '== %s\n' "$("$cache/$version/bin/git" --version)"
        BIM_GIT=$cache/$version/bin swift test "${options[@]}" --filter "${1:-$tests|$more_tests}" || failed+=("$version")
    done
    ((${#failed[@]} == 0)) || fail "the tests fail with git ${failed[*]}"
}

main "$@"
