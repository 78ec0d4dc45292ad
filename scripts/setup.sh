#!/usr/bin/env bash
# Installs everything that building, running and testing Weir needs. Safe to run again: each step looks first.
#
#   scripts/setup.sh            install what is missing
#   scripts/setup.sh --check    install nothing, say what is missing (exit 1 if anything is)
#
# WEIR_WASM_FROM=rustup or =debian takes the Wasm standard library from there alone; by default whichever works.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() { sed -n '2,8p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//'; }

check_only=0
case "${1:-}" in
"") ;;
--check) check_only=1 ;;
-h | --help) usage; exit 0 ;;
*) usage >&2; exit 2 ;;
esac

BUILD_PACKAGES="protobuf-compiler cmake pkg-config gcc g++ make perl libssl-dev ca-certificates curl git python3"
LAB_PACKAGES="iproute2 nftables iperf3 wireguard-tools iputils-ping procps"
WASM_PACKAGES="rustc-web cargo-web rust-web-src"
DEBIAN_WASM_TOOLCHAIN=weir-wasm
DEBIAN_WASM_LIBS=/usr/lib/rustlib/wasm32v1-none/lib
# Which compiler built those: no other one takes them (E0514).
DEBIAN_WASM_COMPILER=$DEBIAN_WASM_LIBS/compiler-version
DEBIAN_LINKER=/usr/lib/rustlib/x86_64-unknown-linux-gnu/bin/rust-lld

missing_packages() {
	local package
	for package in "$@"; do
		[ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
	done
}

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else
		fail "installing system packages needs root: run '$*' as root, then this script again"
	fi
}

install_packages() {
	local missing
	missing=$(missing_packages "$@" | tr '\n' ' ')
	[ -n "${missing// /}" ] || return 0
	[ "$check_only" = 0 ] || { say "missing system packages: $missing"; incomplete=1; return 0; }
	command -v apt-get >/dev/null || fail "this script installs with apt-get (Debian, Ubuntu). Install by hand: $missing"
	say "installing $missing"
	as_root apt-get update -qq
	# shellcheck disable=SC2086
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

missing_components() {
	cargo fmt --version >/dev/null 2>&1 || echo rustfmt
	cargo clippy --version >/dev/null 2>&1 || echo clippy
}

has_wasm_target() {
	ls "$(rustc --print target-libdir --target wasm32v1-none 2>/dev/null)"/libcore-*.rlib >/dev/null 2>&1
}

# A toolchain from elsewhere will do as well, if it lacks nothing.
ensure_rust() {
	local missing
	missing=$(missing_components | tr '\n' ' ')
	if command -v rustup >/dev/null; then
		[ -n "$missing" ] || return 0
		[ "$check_only" = 0 ] || { say "missing Rust components: $missing"; incomplete=1; return 0; }
		say "installing Rust components: $missing"
		# shellcheck disable=SC2086
		rustup component add $missing ||
			fail "rustup cannot add $missing to the toolchain in use: see above, or choose another by 'rustup default stable'"
		return 0
	fi
	if [ -z "$missing" ] && has_wasm_target; then return 0; fi
	[ "$check_only" = 0 ] || { say "missing: rustup"; incomplete=1; return 0; }
	say "installing rustup"
	curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal -c rustfmt -c clippy ||
		fail "rustup could not be downloaded; install it from https://rustup.rs and run this script again"
	# lib.sh has put its folder on the path; what was found elsewhere before is forgotten.
	hash -r
}

# The workspace names the oldest compiler that will do (rust-version).
ensure_compiler_version() {
	local oldest found
	oldest=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$ROOT/Cargo.toml")
	command -v rustc >/dev/null || { say "missing: rustc"; incomplete=1; return 0; }
	found=$(rustc --version | cut -d' ' -f2)
	[ "$(printf '%s\n%s\n' "$oldest" "$found" | sort -V | head -n 1)" = "$oldest" ] ||
		fail "rustc $found is older than $oldest: run 'rustup update stable'"
}

wasm_target_from_rustup() {
	if has_wasm_target; then return 0; fi
	[ "$check_only" = 0 ] || return 1
	timeout 60 rustup target add wasm32v1-none >/dev/null 2>&1
}

has_debian_wasm_target() {
	local name
	for name in core alloc compiler_builtins; do
		[ -n "$(ls "$DEBIAN_WASM_LIBS/lib$name"-*.rlib 2>/dev/null)" ] || return 1
	done
	[ -s "$DEBIAN_WASM_COMPILER" ] || return 1
	[ "$(cat "$DEBIAN_WASM_COMPILER")" = "$(/usr/bin/rustc --version 2>/dev/null)" ] || return 1
	[ -x "$DEBIAN_LINKER" ] && rustup toolchain list 2>/dev/null | grep -q "^$DEBIAN_WASM_TOOLCHAIN"
}

# Debian ships a compiler with the library sources beside it: build core and alloc once from those. Never called as a
# condition, so that the script ends where a step fails.
build_wasm_target_from_debian() {
	# shellcheck disable=SC2086
	install_packages $WASM_PACKAGES
	rustup toolchain link "$DEBIAN_WASM_TOOLCHAIN" /usr
	local work linker
	work=$(mktemp -d)
	mkdir -p "$work/src"
	echo '#![no_std]' >"$work/src/lib.rs"
	printf '[package]\nname = "empty"\nversion = "0.0.0"\nedition = "2021"\n[workspace]\n' >"$work/Cargo.toml"
	say "building core and alloc for wasm32v1-none (about 30 s)"
	(cd "$work" && env -u CARGO_TARGET_DIR RUSTC_BOOTSTRAP=1 cargo "+$DEBIAN_WASM_TOOLCHAIN" build -q --release \
		--target wasm32v1-none -Z build-std=core,alloc --target-dir "$work/target")
	as_root mkdir -p "$DEBIAN_WASM_LIBS"
	as_root rm -f "$DEBIAN_WASM_COMPILER"
	for name in core alloc compiler_builtins; do
		as_root rm -f "$DEBIAN_WASM_LIBS/lib$name"-*.rlib "$DEBIAN_WASM_LIBS/lib$name"-*.rmeta
		as_root cp "$work"/target/wasm32v1-none/release/deps/lib$name-*.rlib "$work"/target/wasm32v1-none/release/deps/lib$name-*.rmeta "$DEBIAN_WASM_LIBS/"
	done
	rm -rf "$work"
	linker=$(find "$(rustc --print sysroot)" -name rust-lld -type f | head -n 1)
	[ -n "$linker" ] || fail "the installed Rust toolchain ships no rust-lld; install lld and link it as rust-lld"
	as_root mkdir -p "$(dirname "$DEBIAN_LINKER")"
	as_root ln -sf "$linker" "$DEBIAN_LINKER"
	# Last: libraries without it were not copied to the end.
	/usr/bin/rustc --version | as_root tee "$DEBIAN_WASM_COMPILER" >/dev/null
}

ensure_wasm() {
	local from=${WEIR_WASM_FROM:-}
	if [ "$from" != debian ] && wasm_target_from_rustup; then
		say "Wasm target: wasm32v1-none of the toolchain in use"
		echo "" >"$WASM_TOOLCHAIN_FILE"
	elif [ "$check_only" = 1 ] && { [ "$from" = rustup ] || ! has_debian_wasm_target; }; then
		say "missing: the wasm32v1-none standard library"
		incomplete=1
	elif [ "$from" = rustup ]; then
		fail "'rustup target add wasm32v1-none' does not work: leave WEIR_WASM_FROM out to build it from Debian's $WASM_PACKAGES"
	else
		has_debian_wasm_target || build_wasm_target_from_debian
		has_debian_wasm_target || fail "the wasm32v1-none standard library is not in $DEBIAN_WASM_LIBS after it was built"
		say "Wasm target: wasm32v1-none built from Debian's library sources (rustup could not fetch it)"
		echo "$DEBIAN_WASM_TOOLCHAIN" >"$WASM_TOOLCHAIN_FILE"
	fi
}

# Tests of what is not ours, beside the system's own packages: bookworm's is too old to be compared with. Never installed.
WIREGUARD_GO_DEB=wireguard-go_0.0.20231211-1~bpo12+1_amd64.deb
WIREGUARD_GO_SUM=8aa051985912bbc5499e4abe66389395656cf2daec02271a1ca654a277a82d33
ensure_wireguard_go() {
	local folder=$WEIR_CACHE/wireguard-go work
	[ ! -x "$folder/usr/bin/wireguard-go" ] || return 0
	if [ "$(dpkg --print-architecture)" != amd64 ]; then
		command -v wireguard-go >/dev/null || install_packages wireguard-go
		return 0
	fi
	[ "$check_only" = 0 ] || { say "missing: wireguard-go in $folder"; incomplete=1; return 0; }
	say "fetching wireguard-go"
	work=$(mktemp -d)
	curl -sSf --retry 3 -o "$work/deb" "http://deb.debian.org/debian/pool/main/w/wireguard-go/$WIREGUARD_GO_DEB" ||
		fail "wireguard-go could not be downloaded; look at the network, then run this script again"
	[ "$(sha256sum <"$work/deb" | cut -d' ' -f1)" = "$WIREGUARD_GO_SUM" ] ||
		fail "$WIREGUARD_GO_DEB is not what it was: its checksum is another one"
	dpkg-deb -x "$work/deb" "$work/root"
	rm -rf "$folder"
	mv "$work/root" "$folder"
	rm -rf "$work"
}

incomplete=0
mkdir -p "$WEIR_CACHE"
# shellcheck disable=SC2086
install_packages $BUILD_PACKAGES $LAB_PACKAGES
ensure_rust
ensure_compiler_version
ensure_wasm
ensure_wireguard_go
[ "$incomplete" = 0 ] || exit 1
say "set-up complete"
