#!/usr/bin/env bash
# Measures the weight of every call and hook of our pallets, and writes pallets/*/src/weights.rs. First runs the
# benchmarks as tests, and checks that the runtime compiles for try-runtime. Takes about two and a half hours on two cores the
# first time; not part of CI, because runtime-benchmarks changes features all the way down and means a second build of everything.
#
#   scripts/weights.sh              all pallets
#   scripts/weights.sh providers    one pallet, by the name of its folder
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

BENCHER_VERSION=0.28.0
TOOLS=$WEIR_CACHE/tools
export CARGO_TARGET_DIR=$WEIR_CACHE/target-weights

case "${1:-}" in
-h | --help) sed -n '2,8p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//'; exit 0 ;;
"") pallets=$(cd pallets && echo *) ;;
*) [ -d "pallets/$1" ] || fail "there is no pallets/$1"; pallets=$1 ;;
esac
use_wasm_toolchain

# The bencher links RocksDB and never opens one: its C++ is compiled for build time.
install_bencher() {
	# The hint names this workspace; the bencher's dependencies have Wasm of their own, for tests that nobody runs here.
	env -u WASM_BUILD_WORKSPACE_HINT SKIP_WASM_BUILD=1 CARGO_TARGET_DIR="$WEIR_CACHE/target-tools" cargo install --locked --root "$TOOLS" \
		--config profile.release.package.librocksdb-sys.opt-level=0 "frame-omni-bencher@$BENCHER_VERSION"
}
if [ ! -x "$TOOLS/bin/frame-omni-bencher" ]; then
	ldconfig -p | grep -q libclang || ls /usr/lib/llvm-*/lib/libclang.so* >/dev/null 2>&1 ||
		fail "frame-omni-bencher needs libclang to build: apt-get install libclang-dev"
	stage "install frame-omni-bencher" install_bencher
fi
tests=()
for pallet in $pallets; do tests+=(-p "pallet-$pallet"); done
stage "benchmarks as tests" env SKIP_WASM_BUILD=1 cargo test --locked --release --features runtime-benchmarks "${tests[@]}" bench
# The other feature that no ordinary build has: its hooks check the invariants of a live chain's state.
stage "try-runtime" env SKIP_WASM_BUILD=1 cargo check --locked --release --features try-runtime -p weir-runtime
# What is measured is the Wasm, built as a release builds it; the native half around it is not run, and only checked.
stage "runtime with benchmarks" env WASM_BUILD_TYPE=production \
	cargo check --locked --release --features runtime-benchmarks -p weir-runtime
wasm=$CARGO_TARGET_DIR/release/wbuild/weir-runtime/weir_runtime.compact.compressed.wasm
for pallet in $pallets; do
	stage "measure $pallet" "$TOOLS/bin/frame-omni-bencher" v1 benchmark pallet \
		--runtime "$wasm" --pallet "pallet_${pallet//-/_}" --extrinsic '*' --steps 50 --repeat 20 \
		--genesis-builder-preset local --template scripts/weights.hbs --output "pallets/$pallet/src/weights.rs"
done
printf '\nstages:\n%s' "$STAGES"
