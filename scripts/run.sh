#!/usr/bin/env bash
# Sets up, builds, and runs a local Weir network: 4 validators, each with an attesting sidecar, and 8 providers, one
# of which claims ten times what it delivers. Ctrl-C ends all of it.
#
#   scripts/run.sh                 run until Ctrl-C
#   scripts/run.sh --check         stop by itself; exit 0 only if the liar was slashed and every honest provider measured right
#   scripts/run.sh --check first   the same after one right estimate of each and a strike: half the time
#   scripts/run.sh --data F        run with data and logs in the folder F, which is emptied at each start
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

usage() { sed -n '2,8p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//'; }
case "${1:-}" in
"" | --check | --check=* | --data | --data=*) ;;
-h | --help) usage; exit 0 ;;
*) usage >&2; fail "unknown argument $1" ;;
esac

"$ROOT/scripts/setup.sh"
use_wasm_toolchain
say "building (the first time compiles about 1,200 crates; later starts take seconds)"
cargo build --locked --release --workspace --all-targets
exec "$CARGO_TARGET_DIR/release/weir-local" "$@"
