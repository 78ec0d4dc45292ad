#!/usr/bin/env bash
# Runs the network in network namespaces behind shaped, slow and lossy links, attacks it, kills parts of it, and prints
# what it withstood. Needs root, and a build (scripts/run.sh or scripts/test.sh makes one). Takes about 15 minutes, and some
# more where others take the machine's processors away meanwhile.
#
#   scripts/lab.sh              run it; exit 0 only if everything is as it must be
#   scripts/lab.sh --epochs 2   measure accuracy in 2 epochs of 72 s instead of 5
#   scripts/lab.sh --jitter 30  let every delay swing by 30 % of itself to each side
#   scripts/lab.sh attacks      instead, attack single tests with real packets (2 minutes); --only A27,A6 some of them
#   scripts/lab.sh throughput   instead, compare the tunnel with wireguard-go and boringtun (8 minutes); --rounds, --seconds, --flows.
#                               The first time it fetches the one and builds the other. On a machine that does nothing else
#   scripts/lab.sh sessions     instead, paid sessions under strain (25 minutes): 1,000 channels, 100 kills, bad links; words
#                               after it choose tests by name, as kills or crowd
#
# Without root it is skipped, and says so; where CI is set, that is a failure.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case "${1:-}" in
"" | --epochs | --jitter | attacks | throughput | sessions) ;;
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

# wireguard-go with offloads of TUN and UDP, which Debian 12 has in its backports alone.
WIREGUARD_GO_DEB=https://deb.debian.org/debian/pool/main/w/wireguard-go/wireguard-go_0.0.20231211-1~bpo12+1_amd64.deb
WIREGUARD_GO_SHA256=8aa051985912bbc5499e4abe66389395656cf2daec02271a1ca654a277a82d33
BORINGTUN_VERSION=0.7.1
peers=$WEIR_CACHE/peers

# Puts the engines of others into the cache.
fetch_peers() {
	mkdir -p "$peers"
	if [ ! -x "$peers/usr/bin/wireguard-go" ]; then
		[ "$(dpkg --print-architecture)" = amd64 ] || fail "wireguard-go is pinned for amd64; put one into $peers/usr/bin yourself"
		curl -fsSL --retry 3 -o "$peers/wireguard-go.deb" "$WIREGUARD_GO_DEB" || fail "wireguard-go cannot be fetched from $WIREGUARD_GO_DEB"
		echo "$WIREGUARD_GO_SHA256  $peers/wireguard-go.deb" | sha256sum --check --quiet || fail "$peers/wireguard-go.deb is not what it was: delete it"
		dpkg-deb -x "$peers/wireguard-go.deb" "$peers"
	fi
	[ -x "$peers/bin/boringtun-cli" ] || CARGO_TARGET_DIR=$peers/target cargo install --quiet --locked --root "$peers" --version "$BORINGTUN_VERSION" boringtun-cli
}

if [ "${1:-}" = throughput ]; then
	shift
	bench=$CARGO_TARGET_DIR/release/examples/throughput
	[ -x "$bench" ] || fail "$bench is missing: build first, with 'cargo build --release -p weir-tunnel --example throughput'"
	fetch_peers
	exec unshare --net --mount --pid --fork --kill-child --mount-proc "$bench" run \
		--wireguard-go "$peers/usr/bin/wireguard-go" --boringtun "$peers/bin/boringtun-cli" "$@"
fi

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
