#!/usr/bin/env bash
# Fetches the buildx plugin of Docker's CLI, which Debian 12 lacks, from a newer suite of Debian, and prints its path; prints
# nothing where it cannot be had. Nothing is installed.
# Usage: scripts/buildx.sh
set -euo pipefail

readonly folder=${XDG_CACHE_HOME:-${HOME:?HOME is not set}/.cache}/bim/buildx
readonly suite=trixie
readonly plugin=$folder/docker-buildx

# The mirror that this machine takes its packages from has newer suites, too.
# shellcheck disable=SC2016  # apt's own variables
mirror() { apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | head -n 1; }

fetch() {
    local work=$1
    mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
    printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' "$(mirror)" "$suite" >"$work/sources.list"
    local options=(
        -qq -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=/dev/null
        -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root
    )
    apt-get "${options[@]}" update
    (cd "$work" && apt-get "${options[@]}" download docker-buildx)
    dpkg -x "$work"/docker-buildx_*.deb "$work/root"
    mkdir -p "$folder"
    mv "$work/root/usr/libexec/docker/cli-plugins/docker-buildx" "$plugin"
}

if [[ ! -x $plugin ]]; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    if ! command -v apt-get >/dev/null || ! fetch "$work" >&2; then
        echo 'bim: the buildx plugin cannot be had here; its tests are skipped' >&2
        exit 0
    fi
fi
printf '%s\n' "$plugin"
