#!/usr/bin/env bash
# Runs the network in network namespaces behind shaped, slow and lossy links, attacks it, kills parts of it, and prints
# what it withstood. Needs root, and a build (scripts/run.sh or scripts/test.sh makes one). Takes about 15 minutes, and some
# more where others take the machine's processors away meanwhile.
#
#   scripts/lab.sh              run it; exit 0 only if everything is as it must be
#   scripts/lab.sh --epochs 2   measure accuracy in 2 epochs of 72 s instead of 5
#   scripts/lab.sh --jitter 30  let every delay swing by 30 % of itself to each side
#   scripts/lab.sh attacks      instead, attack single tests with real packets (2 minutes); --only A27,A6 some of them
#   scripts/lab.sh sessions     instead, paid sessions under strain (25 minutes): 1,000 channels, 100 kills, bad links; words
#                               after it choose tests by name, as kills or crowd
#
# Without root it is skipped, and says so; where CI is set, that is a failure.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case "${1:-}" in
"" | --epochs | --jitter | attacks) ;;
sessions) ;;
-h | --help) sed -n '2,13p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//'; exit 0 ;;
*) fail "unknown argument $1 (try --help)" ;;
esac

skip() {
	say "skipped 1 (the lab): $1"
	[ -z "${CI:-}" ] || fail "CI may skip nothing"
	exit 0
}

[ "$(id -u)" = 0 ] || skip "network namespaces need root"
[ -c /dev/net/tun ] || skip "the kernel has no TUN device (/dev/net/tun)"
if [ "${1:-}" = sessions ]; then
	shift
	cd "$ROOT"
	# As scripts/test.sh builds it, so that nothing is built anew. The tests make namespaces of their own.
	export WEIR_LAB=1
	ulimit -n "$(ulimit -Hn)"
	exec cargo test --locked --release --workspace --test sessions -- --nocapture --test-threads 1 "$@"
fi
lab=$CARGO_TARGET_DIR/release/weir-lab
[ -x "$lab" ] || fail "$lab is missing: build first, with 'cargo build --release --workspace --all-targets' or scripts/run.sh"

# Namespaces of its own for network, mounts and processes: whatever happens, nothing of it stays.
exec unshare --net --mount --pid --fork --kill-child --mount-proc "$lab" --data "$WEIR_CACHE/lab" "$@"
