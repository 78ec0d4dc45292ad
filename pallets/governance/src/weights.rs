//! Weights of `pallet_governance`.
//!
//! Upper bounds by hand, not yet measured: scripts/weights.sh.

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

/// Upper bounds with the runtime's price of storage.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `Governance::Pending` (r:1 w:1), `Parameters` (r:1 w:0), `Pace` (r:1 w:0), `PastParameters` (r:1 w:0),
	/// `Session::CurrentIndex` (r:1 w:0)
	fn propose_parameters() -> Weight {
		Weight::from_parts(200_000_000, 8000)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Governance::Pending` (r:1 w:1)
	fn cancel_change() -> Weight {
		Weight::from_parts(100_000_000, 4000)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Governance::Pauses` (r:1 w:1), `Pace` (r:1 w:0), `Session::CurrentIndex` (r:1 w:0)
	fn pause() -> Weight {
		Weight::from_parts(100_000_000, 4000)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Governance::Pauses` (r:1 w:1), `Session::CurrentIndex` (r:1 w:0)
	fn resume() -> Weight {
		Weight::from_parts(100_000_000, 4000)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Beyond the call that is enacted.
	fn enact() -> Weight {
		Weight::from_parts(100_000_000, 1000)
	}
	/// Storage: `Governance::Pending` (r:1 w:0), `Session::CurrentIndex` (r:1 w:0)
	fn on_initialize() -> Weight {
		Weight::from_parts(50_000_000, 2000)
			.saturating_add(T::DbWeight::get().reads(2_u64))
	}
	/// Storage: `Governance::Pending` (r:1 w:1), `Parameters` (r:1 w:1), `Pace` (r:1 w:0), `PastParameters` (r:1 w:1),
	/// `Session::CurrentIndex` (r:1 w:0)
	fn take_effect() -> Weight {
		Weight::from_parts(250_000_000, 8000)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	/// Storage: `Governance::SmallSpends` (r:1 w:1), `Pace` (r:1 w:0), `Session::CurrentIndex` (r:1 w:0), two accounts
	/// (r:2 w:2), their locks (r:2 w:0), the supply ledger (r:1 w:1)
	fn spend_small() -> Weight {
		Weight::from_parts(250_000_000, 12000)
			.saturating_add(T::DbWeight::get().reads(8_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
}

impl WeightInfo for () {
	fn propose_parameters() -> Weight {
		Weight::from_parts(200_000_000, 8000)
			.saturating_add(ParityDbWeight::get().reads_writes(5_u64, 1_u64))
	}
	fn cancel_change() -> Weight {
		Weight::from_parts(100_000_000, 4000)
			.saturating_add(ParityDbWeight::get().reads_writes(1_u64, 1_u64))
	}
	fn pause() -> Weight {
		Weight::from_parts(100_000_000, 4000)
			.saturating_add(ParityDbWeight::get().reads_writes(3_u64, 1_u64))
	}
	fn resume() -> Weight {
		Weight::from_parts(100_000_000, 4000)
			.saturating_add(ParityDbWeight::get().reads_writes(2_u64, 1_u64))
	}
	fn enact() -> Weight {
		Weight::from_parts(100_000_000, 1000)
	}
	fn on_initialize() -> Weight {
		Weight::from_parts(50_000_000, 2000)
			.saturating_add(ParityDbWeight::get().reads_writes(2_u64, 0_u64))
	}
	fn take_effect() -> Weight {
		Weight::from_parts(250_000_000, 8000)
			.saturating_add(ParityDbWeight::get().reads_writes(5_u64, 3_u64))
	}
	fn spend_small() -> Weight {
		Weight::from_parts(250_000_000, 12000)
			.saturating_add(ParityDbWeight::get().reads_writes(8_u64, 4_u64))
	}
}
