//! Weights of `pallet_validators`
//!
//! Cautious upper bounds in the shape the benchmark command writes.

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(unused_parens)]
#![allow(unused_imports)]
#![allow(missing_docs)]
#![allow(clippy::arithmetic_side_effects)]

use polkadot_sdk::*;
use frame_support::{traits::Get, weights::{Weight, constants::RocksDbWeight}};
use core::marker::PhantomData;

/// Weight functions needed for `pallet_validators`.
pub trait WeightInfo {
	fn validate() -> Weight;
	fn chill() -> Weight;
	fn bond_changed() -> Weight;
	fn new_session(c: u32, ) -> Weight;
	fn start_session(v: u32, ) -> Weight;
	fn on_offence(n: u32, ) -> Weight;
}

/// Weights for `pallet_validators` using the Substrate node and recommended hardware.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn validate() -> Weight {
		Weight::from_parts(250_000_000, 60_000)
			.saturating_add(T::DbWeight::get().reads(7_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	fn chill() -> Weight {
		Weight::from_parts(150_000_000, 40_000)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	fn bond_changed() -> Weight {
		Weight::from_parts(200_000_000, 40_000)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// The range of component `c` is `[1, MaxCandidates]`.
	fn new_session(c: u32, ) -> Weight {
		Weight::from_parts(500_000_000, 100_000)
			.saturating_add(Weight::from_parts(150_000_000, 6_000).saturating_mul(c.into()))
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().reads((3_u64).saturating_mul(c.into())))
	}
	/// The range of component `v` is `[1, MaxValidators]`.
	fn start_session(v: u32, ) -> Weight {
		Weight::from_parts(200_000_000, 40_000)
			.saturating_add(Weight::from_parts(30_000_000, 3_000).saturating_mul(v.into()))
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(v.into())))
	}
	/// The range of component `n` is `[1, MaxValidators]`.
	fn on_offence(n: u32, ) -> Weight {
		Weight::from_parts(100_000_000, 40_000)
			.saturating_add(Weight::from_parts(400_000_000, 20_000).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
			.saturating_add(T::DbWeight::get().reads((6_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes((5_u64).saturating_mul(n.into())))
	}
}

// For backwards compatibility and tests.
impl WeightInfo for () {
	fn validate() -> Weight {
		Weight::from_parts(250_000_000, 60_000)
			.saturating_add(RocksDbWeight::get().reads(7_u64))
			.saturating_add(RocksDbWeight::get().writes(2_u64))
	}
	fn chill() -> Weight {
		Weight::from_parts(150_000_000, 40_000)
			.saturating_add(RocksDbWeight::get().reads(1_u64))
			.saturating_add(RocksDbWeight::get().writes(1_u64))
	}
	fn bond_changed() -> Weight {
		Weight::from_parts(200_000_000, 40_000)
			.saturating_add(RocksDbWeight::get().reads(3_u64))
			.saturating_add(RocksDbWeight::get().writes(1_u64))
	}
	/// The range of component `c` is `[1, MaxCandidates]`.
	fn new_session(c: u32, ) -> Weight {
		Weight::from_parts(500_000_000, 100_000)
			.saturating_add(Weight::from_parts(150_000_000, 6_000).saturating_mul(c.into()))
			.saturating_add(RocksDbWeight::get().reads(6_u64))
			.saturating_add(RocksDbWeight::get().reads((3_u64).saturating_mul(c.into())))
	}
	/// The range of component `v` is `[1, MaxValidators]`.
	fn start_session(v: u32, ) -> Weight {
		Weight::from_parts(200_000_000, 40_000)
			.saturating_add(Weight::from_parts(30_000_000, 3_000).saturating_mul(v.into()))
			.saturating_add(RocksDbWeight::get().reads(6_u64))
			.saturating_add(RocksDbWeight::get().writes(4_u64))
			.saturating_add(RocksDbWeight::get().writes((1_u64).saturating_mul(v.into())))
	}
	/// The range of component `n` is `[1, MaxValidators]`.
	fn on_offence(n: u32, ) -> Weight {
		Weight::from_parts(100_000_000, 40_000)
			.saturating_add(Weight::from_parts(400_000_000, 20_000).saturating_mul(n.into()))
			.saturating_add(RocksDbWeight::get().reads(6_u64))
			.saturating_add(RocksDbWeight::get().writes(4_u64))
			.saturating_add(RocksDbWeight::get().reads((6_u64).saturating_mul(n.into())))
			.saturating_add(RocksDbWeight::get().writes((5_u64).saturating_mul(n.into())))
	}
}
