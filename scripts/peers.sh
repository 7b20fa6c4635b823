#!/usr/bin/env bash
# Installs the peers of the tests that come from PyPI and not from Debian, in a folder of their own, and prints that folder.
# Usage: scripts/peers.sh
set -euo pipefail

readonly folder=${XDG_CACHE_HOME:-${HOME:?HOME is not set}/.cache}/bim/peers
# moto plays S3 and AWS's tokens, OpenStack Swift a strict S3; oras reads what refers to an image. Tests find them by
# BIM_PEERS.
readonly packages=('moto[s3,server]==5.2.1' 'swift==2.38.3' 'pyeclib==1.8.0' 'oras==0.2.43')

if [[ $(cat "$folder/installed" 2>/dev/null) != "${packages[*]}" ]]; then
    printf 'bim: installing peers of the tests from PyPI: %s\n' "${packages[*]}" >&2
    python3 -m venv --clear "$folder" >&2
    "$folder/bin/pip" install --quiet --disable-pip-version-check "${packages[@]}" >&2
    printf '%s\n' "${packages[*]}" >"$folder/installed"
fi
# Claude Code's program lies in this wheel and checks our plugin offline. It takes 400 MB: CI wants it, and who sets BIM_CLAUDE=1.
readonly claude='claude-agent-sdk==0.2.188'
if [[ ${CI:-} == true || ${BIM_CLAUDE:-} == 1 ]] && [[ ! -x $folder/bin/claude ]]; then
    printf 'bim: installing %s from PyPI, which checks the plugin for Claude Code\n' "$claude" >&2
    if "$folder/bin/pip" install --quiet --disable-pip-version-check "$claude" >&2; then
        bundled=("$folder"/lib/python3*/site-packages/claude_agent_sdk/_bundled/claude)
        ln -sf "${bundled[0]}" "$folder/bin/claude"
    else
        printf 'bim: it cannot be had here, so the plugin is not checked\n' >&2
    fi
fi
printf '%s\n' "$folder"
