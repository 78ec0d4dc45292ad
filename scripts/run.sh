#!/usr/bin/env bash
# Sets up, builds, and runs a local Weir network: 4 validators, each with an attesting sidecar, and 8 providers, one
# of which claims ten times what it delivers. Ctrl-C ends all of it.
#
#   scripts/run.sh           run until Ctrl-C
#   scripts/run.sh --check   stop by itself; exit 0 only if the liar was slashed and every honest provider measured right
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

case "${1:-}" in
-h | --help) sed -n '2,6p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//'; exit 0 ;;
esac

"$ROOT/scripts/setup.sh"
use_wasm_toolchain
say "building (the first time compiles about 1,200 crates; later starts take seconds)"
cargo build --locked --release --workspace --all-targets
exec "$CARGO_TARGET_DIR/release/weir-local" "$@"
