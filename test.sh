#!/usr/bin/env bash
# Checks all of bim: packages, format, scripts, build, tests. Arguments go to `swift test`: ./test.sh --filter GitCore
# With CI=true a peer that is not installed fails its tests instead of skipping them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

phase() {
    printf '\n== %s (%d:%02d)\n' "$1" $((SECONDS / 60)) $((SECONDS % 60))
    "${@:2}" || { printf '\n== FAILED: %s\n' "$1" >&2; exit 1; }
}

lint_scripts() {
    shellcheck install.sh test.sh .ci/run scripts/*.sh integrations/*/*.sh Tests/GitSuite/*.sh Benchmarks/*/*.sh
}

phase "packages" scripts/packages.sh build run demo tests
phase "peers" scripts/peers.sh
BIM_PEERS=$(scripts/peers.sh)
BIM_BUILDX=$(scripts/buildx.sh)
export BIM_PEERS BIM_BUILDX
phase "format" swift format lint --strict --parallel --recursive Sources Tests Package.swift
phase "scripts" lint_scripts
phase "build" swift build --build-tests
# Tests that start many processes get the two cores for themselves: beside the others deadlines would be missed.
readonly processes='ProcessRunnerTests|PlatformRuntimeTests|PlatformTests'
if (($# > 0)); then
    phase "tests" swift test --skip-build --disable-xctest "$@"
else
    phase "tests of values and files" swift test --skip-build --disable-xctest --skip "EndToEndTests|$processes"
    phase "tests of processes" swift test --skip-build --disable-xctest --filter "$processes"
    phase "end-to-end tests" swift test --skip-build --disable-xctest --filter EndToEndTests
fi
phase "all passed" true
