#!/usr/bin/env bash
# Gives the remote helper a million random and mutated streams of git's commands: none may crash it, hang it, or make it write
# anything but replies. Usage: Benchmarks/protocol-fuzz/run.sh [streams]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export BIM_FUZZ_STREAMS=${1:-1000000}
exec swift test --disable-xctest --filter ProtocolFuzzTests
