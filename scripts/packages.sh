#!/usr/bin/env bash
# Installs the Debian packages that bim needs and this machine lacks, and checks that Swift is there.
# Usage: scripts/packages.sh GROUP...        (groups: build run demo tests git)
set -euo pipefail

readonly swift_major=6 swift_minor=2

# To add a package, add its name to a group; a group is what one purpose needs, complete in itself. Behind a colon stands
# a program that makes the package needless where it is there, whoever installed it.
declare -rA groups=(
    # g++ brings the linker, the C headers and the C++ library that BoringSSL is compiled against.
    [build]="ca-certificates g++ git libarchive-dev libdeflate-dev libgit2-dev libsqlite3-dev libzstd-dev pkg-config zlib1g-dev"
    [run]="bubblewrap ca-certificates git"
    [demo]="python3"
    # runc beside podman's own crun, which does not run below every layout of cgroups.
    [tests]="bubblewrap buildah busybox-static crun curl docker-registry docker.io:dockerd libarchive-tools nginx-light openssh-client openssh-server
        openssl podman python3 python3-pip python3-venv runc shellcheck skopeo squid umoci unzip zstd"
    # What building another version of git takes.
    [git]="libcurl4-openssl-dev libexpat1-dev libssl-dev make xz-utils zlib1g-dev"
    # What a toolchain unpacked from swift.org loads at run time; installed when it does not start without.
    [toolchain]="libcurl4-openssl-dev libncurses-dev libsqlite3-dev libstdc++6 libxml2-dev"
)

fail() {
    printf 'error: %s\n' "$1" >&2
    printf 'hint: %s\n' "$2" >&2
    exit 1
}

missing_packages() {
    local entry name
    for entry in "$@"; do
        name=${entry%%:*}
        [[ $entry != *:* ]] || ! PATH=$PATH:/usr/sbin:/sbin command -v "${entry#*:}" >/dev/null || continue
        [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$name" 2>/dev/null) == installed ]] || echo "$name"
    done
}

as_root() {
    if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

apt() {
    # --no-remove: this script may add to the machine, never take away.
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@" >/dev/null
}

# Without apt there is nothing to install with; what matters is then whether the libraries are there.
check_libraries() {
    local library lacking=()
    for library in libgit2 libarchive libdeflate libzstd sqlite3 zlib; do
        pkg-config --exists "$library" 2>/dev/null || lacking+=("$library")
    done
    ((${#lacking[@]} == 0)) || fail "this is not Debian, and these libraries were not found: ${lacking[*]}" \
        "install them with their headers, and pkg-config, git, bubblewrap and python3, and try again"
}

install_packages() {
    local -a missing
    mapfile -t missing < <(missing_packages "$@" | sort -u)
    ((${#missing[@]} > 0)) || return 0
    ((EUID == 0)) || command -v sudo >/dev/null || fail "packages are missing and only root may install them" \
        "as root: apt-get update && apt-get install ${missing[*]}"
    printf 'bim: installing %d Debian packages: %s\n' "${#missing[@]}" "${missing[*]}" >&2
    { apt update && apt install --yes --no-install-recommends --no-remove "${missing[@]}"; } ||
        fail "apt-get did not install ${missing[*]}" "what apt-get says above; then try again"
    quiet_servers "${missing[@]}"
}

# The tests start servers of their own; Debian's packages would also start one of each for everybody at boot.
quiet_servers() {
    local package
    [[ -d /run/systemd/system ]] || return 0
    for package in "$@"; do
        case $package in
            docker-registry | squid) as_root systemctl disable --quiet --now "$package.service" || true ;;
            docker.io) as_root systemctl disable --quiet --now docker.service docker.socket || true ;;
            openssh-server) as_root systemctl disable --quiet --now ssh.service || true ;;
            nginx-light) as_root systemctl disable --quiet --now nginx.service || true ;;
        esac
    done
}

check_swift() {
    local advice="install Swift $swift_major.$swift_minor or newer: https://swift.org/install"
    local version packages
    command -v swift >/dev/null || fail "Swift was not found in PATH" "$advice"
    if ! swift build --version >/dev/null 2>&1 && command -v apt-get >/dev/null; then
        read -ra packages <<<"${groups[toolchain]}"
        install_packages "${packages[@]}"
    fi
    version=$(swift build --version 2>&1) || fail "Swift does not start: $version" "$advice"
    [[ $version =~ ([0-9]+)\.([0-9]+) ]] || fail "Swift does not tell its version: $version" "$advice"
    local -ri major=${BASH_REMATCH[1]} minor=${BASH_REMATCH[2]}
    ((major > swift_major || (major == swift_major && minor >= swift_minor))) ||
        fail "Swift $major.$minor is too old" "$advice"
}

main() {
    local group
    local -a names wanted=()
    (($# > 0)) || fail "no group given" "scripts/packages.sh build run"
    for group in "$@"; do
        [[ -n ${groups[$group]-} ]] || fail "'$group' is not a group of packages" "one of: ${!groups[*]}"
        read -rd '' -a names <<<"${groups[$group]}" || true
        wanted+=("${names[@]}")
    done
    if command -v apt-get >/dev/null; then install_packages "${wanted[@]}"; else check_libraries; fi
    [[ " $* " != *" build "* ]] || check_swift
}

main "$@"
