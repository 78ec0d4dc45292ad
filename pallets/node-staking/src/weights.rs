//! Weights of `pallet_node_staking`, measured by `scripts/weights.sh` on 2026-11-23.
//!
//! Steps 50, repeats 20, host `vm`, processor `Intel(R) Xeon(R) Processor`.

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(unused_parens)]
#![allow(unused_imports)]
#![allow(missing_docs)]
#![allow(clippy::arithmetic_side_effects)]

use core::marker::PhantomData;
use polkadot_sdk::*;
use frame_support::{traits::Get, weights::{constants::ParityDbWeight, Weight}};

/// Weight functions needed for `pallet_node_staking`.
pub trait WeightInfo {
	fn bond() -> Weight;
	fn bond_more() -> Weight;
	fn unbond() -> Weight;
	fn withdraw() -> Weight;
	fn cancel_slash() -> Weight;
	fn queue_slash() -> Weight;
	fn on_idle_base() -> Weight;
	fn apply_slash() -> Weight;
	fn epoch_paid() -> Weight;
	fn set_operator() -> Weight;
	fn accept_node() -> Weight;
	fn release_node() -> Weight;
}

/// Measured weights with the runtime's price of storage.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `NodeStaking::Ledgers` (r:1 w:1)
	/// Proof: `NodeStaking::Ledgers` (`max_values`: None, `max_size`: Some(730), added: 3205, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Providers::IndexOf` (r:1 w:0)
	/// Proof: `Providers::IndexOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `NodeStaking::Rate` (r:1 w:0)
	/// Proof: `NodeStaking::Rate` (`max_values`: Some(1), `max_size`: Some(36), added: 531, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Seats` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::Seats` (`max_values`: None, `max_size`: Some(264), added: 2739, mode: `MaxEncodedLen`)
	fn bond() -> Weight {
		Weight::from_parts(71_219_000, 4195)
			.saturating_add(T::DbWeight::get().reads(7_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	/// Storage: `NodeStaking::Ledgers` (r:1 w:1)
	/// Proof: `NodeStaking::Ledgers` (`max_values`: None, `max_size`: Some(730), added: 3205, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	/// Storage: `Providers::IndexOf` (r:1 w:0)
	/// Proof: `Providers::IndexOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Seats` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::Seats` (`max_values`: None, `max_size`: Some(264), added: 2739, mode: `MaxEncodedLen`)
	fn bond_more() -> Weight {
		Weight::from_parts(69_583_000, 4195)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	/// Storage: `NodeStaking::Ledgers` (r:1 w:1)
	/// Proof: `NodeStaking::Ledgers` (`max_values`: None, `max_size`: Some(730), added: 3205, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `ProofOfBandwidth::NetworkTiming` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::NetworkTiming` (`max_values`: Some(1), `max_size`: Some(66), added: 561, mode: `MaxEncodedLen`)
	/// Storage: `Providers::IndexOf` (r:1 w:0)
	/// Proof: `Providers::IndexOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Seats` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::Seats` (`max_values`: None, `max_size`: Some(264), added: 2739, mode: `MaxEncodedLen`)
	fn unbond() -> Weight {
		Weight::from_parts(32_649_000, 4195)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `NodeStaking::Ledgers` (r:1 w:1)
	/// Proof: `NodeStaking::Ledgers` (`max_values`: None, `max_size`: Some(730), added: 3205, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	fn withdraw() -> Weight {
		Weight::from_parts(55_390_000, 4195)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	/// Storage: `NodeStaking::Slashes` (r:1 w:1)
	/// Proof: `NodeStaking::Slashes` (`max_values`: None, `max_size`: Some(111), added: 2586, mode: `MaxEncodedLen`)
	/// Storage: `NodeStaking::Ledgers` (r:1 w:1)
	/// Proof: `NodeStaking::Ledgers` (`max_values`: None, `max_size`: Some(730), added: 3205, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Conducts` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::Conducts` (`max_values`: None, `max_size`: Some(245), added: 2720, mode: `MaxEncodedLen`)
	/// Storage: `NodeStaking::SlashesOf` (r:0 w:1)
	/// Proof: `NodeStaking::SlashesOf` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	fn cancel_slash() -> Weight {
		Weight::from_parts(25_770_000, 4195)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: `NodeStaking::Ledgers` (r:1 w:1)
	/// Proof: `NodeStaking::Ledgers` (`max_values`: None, `max_size`: Some(730), added: 3205, mode: `MaxEncodedLen`)
	/// Storage: `NodeStaking::NextSlash` (r:1 w:1)
	/// Proof: `NodeStaking::NextSlash` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `ProofOfBandwidth::NetworkTiming` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::NetworkTiming` (`max_values`: Some(1), `max_size`: Some(66), added: 561, mode: `MaxEncodedLen`)
	/// Storage: `NodeStaking::SlashesOf` (r:0 w:1)
	/// Proof: `NodeStaking::SlashesOf` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	/// Storage: `NodeStaking::Slashes` (r:0 w:1)
	/// Proof: `NodeStaking::Slashes` (`max_values`: None, `max_size`: Some(111), added: 2586, mode: `MaxEncodedLen`)
	fn queue_slash() -> Weight {
		Weight::from_parts(23_236_000, 4195)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `NodeStaking::FirstSlash` (r:1 w:0)
	/// Proof: `NodeStaking::FirstSlash` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `NodeStaking::NextSlash` (r:1 w:0)
	/// Proof: `NodeStaking::NextSlash` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	fn on_idle_base() -> Weight {
		Weight::from_parts(5_743_000, 2038)
			.saturating_add(T::DbWeight::get().reads(3_u64))
	}
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `NodeStaking::FirstSlash` (r:1 w:1)
	/// Proof: `NodeStaking::FirstSlash` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `NodeStaking::NextSlash` (r:1 w:0)
	/// Proof: `NodeStaking::NextSlash` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `NodeStaking::Slashes` (r:1 w:1)
	/// Proof: `NodeStaking::Slashes` (`max_values`: None, `max_size`: Some(111), added: 2586, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Pauses` (r:1 w:0)
	/// Proof: `Governance::Pauses` (`max_values`: None, `max_size`: Some(15), added: 2490, mode: `MaxEncodedLen`)
	/// Storage: `NodeStaking::Ledgers` (r:1 w:1)
	/// Proof: `NodeStaking::Ledgers` (`max_values`: None, `max_size`: Some(730), added: 3205, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:3 w:2)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Pace` (r:1 w:0)
	/// Proof: `Governance::Pace` (`max_values`: Some(1), `max_size`: Some(56), added: 551, mode: `MaxEncodedLen`)
	/// Storage: `Price::LatestQuote` (r:1 w:0)
	/// Proof: `Price::LatestQuote` (`max_values`: Some(1), `max_size`: Some(97), added: 592, mode: `MaxEncodedLen`)
	/// Storage: `Price::Posted` (r:1 w:0)
	/// Proof: `Price::Posted` (`max_values`: Some(1), `max_size`: Some(20), added: 515, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::SupplyLedger` (r:1 w:1)
	/// Proof: `BurnMint::SupplyLedger` (`max_values`: Some(1), `max_size`: Some(224), added: 719, mode: `MaxEncodedLen`)
	/// Storage: `Providers::IndexOf` (r:1 w:0)
	/// Proof: `Providers::IndexOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Seats` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::Seats` (`max_values`: None, `max_size`: Some(264), added: 2739, mode: `MaxEncodedLen`)
	/// Storage: `Rewards::Lines` (r:1 w:0)
	/// Proof: `Rewards::Lines` (`max_values`: None, `max_size`: Some(534), added: 3009, mode: `MaxEncodedLen`)
	/// Storage: `Rewards::Accounts` (r:1 w:0)
	/// Proof: `Rewards::Accounts` (`max_values`: None, `max_size`: Some(355), added: 2830, mode: `MaxEncodedLen`)
	/// Storage: `NodeStaking::SlashesOf` (r:0 w:1)
	/// Proof: `NodeStaking::SlashesOf` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	fn apply_slash() -> Weight {
		Weight::from_parts(107_114_000, 8799)
			.saturating_add(T::DbWeight::get().reads(18_u64))
			.saturating_add(T::DbWeight::get().writes(8_u64))
	}
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `NodeStaking::Rate` (r:1 w:1)
	/// Proof: `NodeStaking::Rate` (`max_values`: Some(1), `max_size`: Some(36), added: 531, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Pace` (r:1 w:0)
	/// Proof: `Governance::Pace` (`max_values`: Some(1), `max_size`: Some(56), added: 551, mode: `MaxEncodedLen`)
	fn epoch_paid() -> Weight {
		Weight::from_parts(9_541_000, 2249)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `NodeStaking::Declarations` (r:1 w:1)
	/// Proof: `NodeStaking::Declarations` (`max_values`: None, `max_size`: Some(151), added: 2626, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `ProofOfBandwidth::NetworkTiming` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::NetworkTiming` (`max_values`: Some(1), `max_size`: Some(66), added: 561, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Seats` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::Seats` (`max_values`: None, `max_size`: Some(264), added: 2739, mode: `MaxEncodedLen`)
	/// Storage: `NodeStaking::NodesOf` (r:1 w:1)
	/// Proof: `NodeStaking::NodesOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	fn set_operator() -> Weight {
		Weight::from_parts(29_197_000, 3729)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: `NodeStaking::Declarations` (r:2 w:1)
	/// Proof: `NodeStaking::Declarations` (`max_values`: None, `max_size`: Some(151), added: 2626, mode: `MaxEncodedLen`)
	/// Storage: `NodeStaking::NodesOf` (r:3 w:2)
	/// Proof: `NodeStaking::NodesOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `ProofOfBandwidth::NetworkTiming` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::NetworkTiming` (`max_values`: Some(1), `max_size`: Some(66), added: 561, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Seats` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::Seats` (`max_values`: None, `max_size`: Some(264), added: 2739, mode: `MaxEncodedLen`)
	fn accept_node() -> Weight {
		Weight::from_parts(36_952_000, 8571)
			.saturating_add(T::DbWeight::get().reads(8_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	/// Storage: `NodeStaking::Declarations` (r:1 w:1)
	/// Proof: `NodeStaking::Declarations` (`max_values`: None, `max_size`: Some(151), added: 2626, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `ProofOfBandwidth::NetworkTiming` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::NetworkTiming` (`max_values`: Some(1), `max_size`: Some(66), added: 561, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Seats` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::Seats` (`max_values`: None, `max_size`: Some(264), added: 2739, mode: `MaxEncodedLen`)
	/// Storage: `NodeStaking::NodesOf` (r:1 w:1)
	/// Proof: `NodeStaking::NodesOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	fn release_node() -> Weight {
		Weight::from_parts(29_089_000, 3729)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
}

impl WeightInfo for () {
	fn bond() -> Weight {
		Weight::from_parts(71_219_000, 4195)
			.saturating_add(ParityDbWeight::get().reads_writes(7_u64, 3_u64))
	}
	fn bond_more() -> Weight {
		Weight::from_parts(69_583_000, 4195)
			.saturating_add(ParityDbWeight::get().reads_writes(5_u64, 3_u64))
	}
	fn unbond() -> Weight {
		Weight::from_parts(32_649_000, 4195)
			.saturating_add(ParityDbWeight::get().reads_writes(5_u64, 1_u64))
	}
	fn withdraw() -> Weight {
		Weight::from_parts(55_390_000, 4195)
			.saturating_add(ParityDbWeight::get().reads_writes(4_u64, 3_u64))
	}
	fn cancel_slash() -> Weight {
		Weight::from_parts(25_770_000, 4195)
			.saturating_add(ParityDbWeight::get().reads_writes(3_u64, 4_u64))
	}
	fn queue_slash() -> Weight {
		Weight::from_parts(23_236_000, 4195)
			.saturating_add(ParityDbWeight::get().reads_writes(4_u64, 4_u64))
	}
	fn on_idle_base() -> Weight {
		Weight::from_parts(5_743_000, 2038)
			.saturating_add(ParityDbWeight::get().reads_writes(3_u64, 0_u64))
	}
	fn apply_slash() -> Weight {
		Weight::from_parts(107_114_000, 8799)
			.saturating_add(ParityDbWeight::get().reads_writes(18_u64, 8_u64))
	}
	fn epoch_paid() -> Weight {
		Weight::from_parts(9_541_000, 2249)
			.saturating_add(ParityDbWeight::get().reads_writes(3_u64, 1_u64))
	}
	fn set_operator() -> Weight {
		Weight::from_parts(29_197_000, 3729)
			.saturating_add(ParityDbWeight::get().reads_writes(5_u64, 2_u64))
	}
	fn accept_node() -> Weight {
		Weight::from_parts(36_952_000, 8571)
			.saturating_add(ParityDbWeight::get().reads_writes(8_u64, 3_u64))
	}
	fn release_node() -> Weight {
		Weight::from_parts(29_089_000, 3729)
			.saturating_add(ParityDbWeight::get().reads_writes(5_u64, 2_u64))
	}
}
