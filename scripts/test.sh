#!/usr/bin/env bash
# Sets up, then passes the checks and the tests, but for the lab and the second half of scripts/run.sh --check. Prints how
# long each stage took.
#
#   scripts/test.sh             everything
#   scripts/test.sh --no-setup  the same without looking at the machine first
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

setup=1
case "${1:-}" in
"") ;;
--no-setup) setup=0 ;;
-h | --help) sed -n '2,6p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//'; exit 0 ;;
*) fail "unknown argument $1 (try --help)" ;;
esac
cd "$ROOT"

# Two SDK lines in one lock file compile, and then fail in ways that name neither.
one_sdk_line() {
	local crate count
	for crate in sc-network sp-runtime frame-support; do
		count=$(grep -c "^name = \"$crate\"\$" Cargo.lock)
		[ "$count" = 1 ] || fail "Cargo.lock holds $count versions of $crate: two SDK lines are mixed"
	done
}

# The same environment everywhere: skipping the Wasm in one stage would build it anew in the next. A stage of several
# commands chains them: it does not end at the first that fails.
lint() { cargo clippy --locked --release --workspace --all-targets -- -D warnings; }
doc_links() {
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --release --workspace --no-deps --document-private-items &&
		scripts/links.py
}
build() { cargo build --locked --release --workspace --all-targets; }
tests() { cargo test --locked --release --workspace; }

# The local network needs no privileges, and gets none.
network() {
	local data=$WEIR_CACHE/test-network
	local start=("$CARGO_TARGET_DIR/release/weir-local" --data "$data")
	[ "$(id -u)" != 0 ] || start=(unshare --user --map-user=1000 --map-group=1000 -- "${start[@]}")
	interrupted "$data" dave.log "${start[@]}" &&
		interrupted "$data" provider8.log "${start[@]}" &&
		"${start[@]}" --check first &&
		nothing_left "$data"
}
# Interrupts it as a terminal does, all its processes at once, when one of them has begun to write. Nothing may be left
# running, nor anything that the next start trips over.
interrupted() {
	local data=$1 sign=$1/$2 pid status=0 waited=0
	shift 2
	rm -f "$sign"
	setsid -- "$@" &
	pid=$!
	# It may also end by itself, with an error.
	until [ -s "$sign" ] || [ "$waited" = 120 ] || ! kill -0 "$pid" 2>/dev/null; do sleep 1 && waited=$((waited + 1)); done
	kill -INT -- "-$pid"
	wait "$pid" || status=$?
	[ "$waited" != 120 ] || fail "nothing was written to $sign in $waited s: see the other logs beside it"
	[ "$status" = 0 ] || fail "interrupted after $waited s, the network ended with $status instead of 0"
	nothing_left "$data"
}
nothing_left() { ! pgrep -fa -- "$1/" || fail "the network ended, and left these processes running"; }

started=$SECONDS
[ "$setup" = 0 ] || stage "set-up" "$ROOT/scripts/setup.sh"
use_wasm_toolchain
stage "format" cargo fmt --all --check
stage "one SDK line" one_sdk_line
stage "golden vectors" "$ROOT/scripts/golden.py"
stage "build" build
stage "chain specifications" "$ROOT/scripts/specs.sh" --check
stage "lint" lint
stage "documentation links" doc_links
stage "tests" tests
# Last, and with nothing beside them: real packets, against the clock.
stage "attacks" "$ROOT/scripts/lab.sh" attacks
stage "local network" network

printf '\nstages:\n%s%6d s  in all\n' "$STAGES" "$((SECONDS - started))"
