//! Weights of `pallet_governance`, measured by `scripts/weights.sh` on 2026-11-23.
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

/// Weight functions needed for `pallet_governance`.
pub trait WeightInfo {
	fn propose_parameters() -> Weight;
	fn cancel_change() -> Weight;
	fn pause() -> Weight;
	fn resume() -> Weight;
	fn enact() -> Weight;
	fn on_initialize() -> Weight;
	fn take_effect() -> Weight;
	fn spend_small() -> Weight;
}

/// Measured weights with the runtime's price of storage.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `Governance::Pending` (r:1 w:1)
	/// Proof: `Governance::Pending` (`max_values`: Some(1), `max_size`: Some(140), added: 635, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Parameters` (r:1 w:0)
	/// Proof: `Governance::Parameters` (`max_values`: Some(1), `max_size`: Some(136), added: 631, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Pace` (r:1 w:0)
	/// Proof: `Governance::Pace` (`max_values`: Some(1), `max_size`: Some(56), added: 551, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Governance::PastParameters` (r:1 w:0)
	/// Proof: `Governance::PastParameters` (`max_values`: Some(1), `max_size`: Some(1121), added: 1616, mode: `MaxEncodedLen`)
	fn propose_parameters() -> Weight {
		Weight::from_parts(29_966_000, 3419)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Governance::Pending` (r:1 w:1)
	/// Proof: `Governance::Pending` (`max_values`: Some(1), `max_size`: Some(140), added: 635, mode: `MaxEncodedLen`)
	fn cancel_change() -> Weight {
		Weight::from_parts(8_912_000, 1625)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Governance::Pace` (r:1 w:0)
	/// Proof: `Governance::Pace` (`max_values`: Some(1), `max_size`: Some(56), added: 551, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Pauses` (r:1 w:1)
	/// Proof: `Governance::Pauses` (`max_values`: None, `max_size`: Some(15), added: 2490, mode: `MaxEncodedLen`)
	fn pause() -> Weight {
		Weight::from_parts(14_171_000, 3480)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Governance::Pauses` (r:1 w:1)
	/// Proof: `Governance::Pauses` (`max_values`: None, `max_size`: Some(15), added: 2490, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	fn resume() -> Weight {
		Weight::from_parts(13_648_000, 3480)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	fn enact() -> Weight {
		Weight::from_parts(4_501_000, 0)
	}
	/// Storage: `Governance::Pending` (r:1 w:0)
	/// Proof: `Governance::Pending` (`max_values`: Some(1), `max_size`: Some(140), added: 635, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	fn on_initialize() -> Weight {
		Weight::from_parts(6_360_000, 2267)
			.saturating_add(T::DbWeight::get().reads(2_u64))
	}
	/// Storage: `Governance::Pending` (r:1 w:1)
	/// Proof: `Governance::Pending` (`max_values`: Some(1), `max_size`: Some(140), added: 635, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Governance::Parameters` (r:1 w:1)
	/// Proof: `Governance::Parameters` (`max_values`: Some(1), `max_size`: Some(136), added: 631, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Pace` (r:1 w:0)
	/// Proof: `Governance::Pace` (`max_values`: Some(1), `max_size`: Some(56), added: 551, mode: `MaxEncodedLen`)
	/// Storage: `Governance::PastParameters` (r:1 w:1)
	/// Proof: `Governance::PastParameters` (`max_values`: Some(1), `max_size`: Some(1121), added: 1616, mode: `MaxEncodedLen`)
	fn take_effect() -> Weight {
		Weight::from_parts(26_481_000, 3442)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Governance::Pace` (r:1 w:0)
	/// Proof: `Governance::Pace` (`max_values`: Some(1), `max_size`: Some(56), added: 551, mode: `MaxEncodedLen`)
	/// Storage: `Governance::SmallSpends` (r:1 w:1)
	/// Proof: `Governance::SmallSpends` (`max_values`: Some(1), `max_size`: Some(641), added: 1136, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:2 w:2)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	fn spend_small() -> Weight {
		Weight::from_parts(57_755_000, 6196)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
}

impl WeightInfo for () {
	fn propose_parameters() -> Weight {
		Weight::from_parts(29_966_000, 3419)
			.saturating_add(ParityDbWeight::get().reads_writes(5_u64, 1_u64))
	}
	fn cancel_change() -> Weight {
		Weight::from_parts(8_912_000, 1625)
			.saturating_add(ParityDbWeight::get().reads_writes(1_u64, 1_u64))
	}
	fn pause() -> Weight {
		Weight::from_parts(14_171_000, 3480)
			.saturating_add(ParityDbWeight::get().reads_writes(3_u64, 1_u64))
	}
	fn resume() -> Weight {
		Weight::from_parts(13_648_000, 3480)
			.saturating_add(ParityDbWeight::get().reads_writes(2_u64, 1_u64))
	}
	fn enact() -> Weight {
		Weight::from_parts(4_501_000, 0)
			.saturating_add(ParityDbWeight::get().reads_writes(0_u64, 0_u64))
	}
	fn on_initialize() -> Weight {
		Weight::from_parts(6_360_000, 2267)
			.saturating_add(ParityDbWeight::get().reads_writes(2_u64, 0_u64))
	}
	fn take_effect() -> Weight {
		Weight::from_parts(26_481_000, 3442)
			.saturating_add(ParityDbWeight::get().reads_writes(5_u64, 3_u64))
	}
	fn spend_small() -> Weight {
		Weight::from_parts(57_755_000, 6196)
			.saturating_add(ParityDbWeight::get().reads_writes(5_u64, 3_u64))
	}
}
