#!/usr/bin/env bash
# Sets up, builds, and runs a local Weir network: 4 validators, each with an attesting sidecar, and 8 providers, one
# of which claims more than four times what it delivers; 2 customers buy credits, and fetch files through providers' lines.
# Ctrl-C ends all of it.
#
#   scripts/run.sh                 run until Ctrl-C
#   scripts/run.sh --check         stop by itself; exit 0 only if the liar was slashed and earned nothing after its strike, every
#                                  honest provider was measured right, what one claimed arrived, credits cost the price of a
#                                  later round, the supply added up in every block, customers got their files, and what their
#                                  vouchers say is what the providers were paid
#   scripts/run.sh --check first   the same after one right estimate of each, a strike, the purchases and some files, without
#                                  the last part: half the time
#   scripts/run.sh --data F        run with data and logs in the folder F, which is new or of an earlier run, and is emptied
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() { sed -n '2,13p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//'; }
refuse() { usage >&2; fail "$*"; }
for argument; do
	case $argument in -h | --help) usage; exit 0 ;; esac
done

# All of them now, not after an hour of building.
given=" " arguments=()
while [ $# != 0 ]; do
	option=${1%%=*}
	case $1 in
	--check=* | --data=*) value=${1#*=} ;;
	--check | --data)
		value=
		[ "$option" = --data ] || value=whole
		# What follows is its value, unless that is an option.
		case ${2:-} in "" | -*) ;; *) value=$2; shift ;; esac
		;;
	*) refuse "unknown argument $1" ;;
	esac
	shift
	case $option=$value in
	--check=whole | --check=first) ;;
	--check=*) refuse "--check takes whole or first, not '$value'" ;;
	--data=) refuse "--data needs a folder" ;;
	# The caller's folder, which this script leaves.
	--data=[!/]*) value=$PWD/$value ;;
	esac
	case $given in *" $option "*) refuse "$option is given twice" ;; esac
	given+="$option "
	arguments+=("$option=$value")
done

cd "$ROOT"
"$ROOT/scripts/setup.sh"
use_wasm_toolchain
say "building (the first time compiles about 1,200 crates; later starts take seconds)"
cargo build --locked --release --workspace --all-targets
exec "$CARGO_TARGET_DIR/release/weir-local" "${arguments[@]}"
