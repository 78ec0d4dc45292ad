# Shared by the scripts in this folder; sourced, never run. Sets where builds go and how to speak.
# shellcheck shell=bash
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
WEIR_CACHE=${WEIR_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/weir}
WASM_TOOLCHAIN_FILE=$WEIR_CACHE/wasm-toolchain
# Outside the checkout, so that a clean checkout at another path reuses every compiled dependency.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$WEIR_CACHE/target}
# The target directory is no parent of the checkout, so the Wasm builder must be told where the lock file is.
export WASM_BUILD_WORKSPACE_HINT=$ROOT
# Where rustup puts Rust, which setup.sh may do only after this was read.
PATH=${CARGO_HOME:-$HOME/.cargo}/bin:$PATH

say() { printf '%s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# Which toolchain builds the runtime's Wasm was found out by setup.sh; empty means the default one.
use_wasm_toolchain() {
	[ -f "$WASM_TOOLCHAIN_FILE" ] || fail "run scripts/setup.sh first"
	local toolchain
	toolchain=$(cat "$WASM_TOOLCHAIN_FILE")
	if [ -n "$toolchain" ]; then export WASM_BUILD_TOOLCHAIN=$toolchain; else unset WASM_BUILD_TOOLCHAIN; fi
}

# Runs one named stage and prints how long it took: stage NAME COMMAND...
stage() {
	local name=$1 started=$SECONDS status=0
	shift
	printf '\n== %s\n' "$name"
	"$@" || status=$?
	printf '== %s: %d s%s\n' "$name" "$((SECONDS - started))" "$([ "$status" = 0 ] || echo " (failed, exit $status)")"
	STAGES="${STAGES:-}$(printf '%6d s  %s' "$((SECONDS - started))" "$name")"$'\n'
	return "$status"
}
