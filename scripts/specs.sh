#!/usr/bin/env bash
# Writes chain-specs/*.json: what `weir-node export-chain-spec` says of each preset, without the runtime's Wasm.
#
#   scripts/specs.sh          write them anew
#   scripts/specs.sh --check  only compare; fail and show the difference if a preset has changed
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

check=0
case "${1:-}" in
"") ;;
--check) check=1 ;;
-h | --help) sed -n '2,5p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//'; exit 0 ;;
*) fail "unknown argument $1 (try --help)" ;;
esac
use_wasm_toolchain

# The whole workspace, as everywhere: another selection would mean other features and a second build of everything.
cargo build --locked --release --workspace --all-targets
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
for preset in development local staging; do
	"$CARGO_TARGET_DIR/release/weir-node" export-chain-spec --chain "$preset" --output "$made/full" >/dev/null
	# The Wasm is 1.5 MB of hex on one line, and another one from every compiler.
	sed '/^ *"code": "0x[0-9a-f]*",$/d' "$made/full" >"$made/$preset.json"
	rm "$made/full"
	echo >>"$made/$preset.json"
done

if [ "$check" = 1 ]; then
	diff -ru --exclude=README.md chain-specs "$made" ||
		fail "the presets are not what chain-specs/ says: run scripts/specs.sh and commit what it writes"
	say "chain-specs/ says what the presets say"
else
	cp "$made"/*.json chain-specs/
	say "written: $(cd "$made" && echo *.json)"
fi
