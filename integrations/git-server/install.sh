#!/usr/bin/env bash
# Makes a repository of this git server deploy what is pushed to it: installs bim-receive where it is missing, then its hook.
# Usage: install.sh REPOSITORY PLATFORM [--token-file FILE] [--registry NAME]
set -euo pipefail

fail() {
    printf 'error: %s\n' "$1" >&2
    printf 'hint: %s\n' "$2" >&2
    exit 1
}

if (($# < 2)) || [[ $1 == -* ]]; then
    sed -n '2,3s/^# //p' "$0" >&2
    exit 2
fi

PATH=$PATH:$HOME/.local/bin:/usr/local/bin
if ! command -v bim-receive >/dev/null; then
    source=$(realpath "$(dirname "$0")/../..")
    [[ -x $source/install.sh ]] || fail "bim-receive is not installed, and bim's source is not here" \
        "run bim's install.sh --prefix /usr/local on this server first"
    (cd "$source" && ./install.sh)
fi
exec bim-receive install "$@"
