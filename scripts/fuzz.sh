#!/usr/bin/env bash
# Runs the fuzz targets for long: each one for so many seconds, two at a time, and prints what each did.
#
#   scripts/fuzz.sh SECONDS [SEED] [NAME]   NAME: only targets whose test is called so or has it in its name
#
# A test run (cargo test) gives each a few seconds at most, with a fixed seed. See fuzz/src/lib.rs.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

case "${1:-}" in
"" | -h | --help) sed -n '2,6p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//'; exit 0 ;;
*[!0-9]*) fail "SECONDS is a number (try --help)" ;;
esac
use_wasm_toolchain
export WEIR_FUZZ_SECONDS=$1 WEIR_FUZZ_SEED=${2:-$RANDOM}
cargo test --locked --release --workspace "${3:-fuzz_}" -- --nocapture --test-threads=2 |
	{ grep -E '^fuzz |panicked|WEIR_FUZZ_INPUT|^test result: F' || true; }
