
//! Weights of `pallet_providers`
//!
//! Upper bounds until measured: storage accesses of the pallet, of the bond check (r:3) and of a change of the lists
//! tests are drawn from (r:20 w:20).

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(unused_parens)]
#![allow(unused_imports)]
#![allow(missing_docs)]
#![allow(dead_code)]

use core::marker::PhantomData;
use polkadot_sdk::{frame_support::{traits::Get, weights::{constants::RocksDbWeight, Weight}}, *};

/// Weight functions needed for `pallet_providers`.
pub trait WeightInfo {
	fn register() -> Weight;
	fn update() -> Weight;
	fn set_claim() -> Weight;
	fn pause() -> Weight;
	fn resume() -> Weight;
	fn deregister() -> Weight;
	fn set_probe_key() -> Weight;
	fn revoke_probe_key() -> Weight;
	fn bond_changed() -> Weight;
}

/// Weights for `pallet_providers` using the Substrate node and recommended hardware.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn register() -> Weight {
		Weight::from_parts(150_000_000, 99000)
			.saturating_add(T::DbWeight::get().reads(33_u64))
			.saturating_add(T::DbWeight::get().writes(30_u64))
	}
	fn update() -> Weight {
		Weight::from_parts(120_000_000, 87000)
			.saturating_add(T::DbWeight::get().reads(29_u64))
			.saturating_add(T::DbWeight::get().writes(26_u64))
	}
	fn set_claim() -> Weight {
		Weight::from_parts(110_000_000, 81000)
			.saturating_add(T::DbWeight::get().reads(27_u64))
			.saturating_add(T::DbWeight::get().writes(22_u64))
	}
	fn pause() -> Weight {
		Weight::from_parts(90_000_000, 72000)
			.saturating_add(T::DbWeight::get().reads(24_u64))
			.saturating_add(T::DbWeight::get().writes(22_u64))
	}
	fn resume() -> Weight {
		Weight::from_parts(110_000_000, 81000)
			.saturating_add(T::DbWeight::get().reads(27_u64))
			.saturating_add(T::DbWeight::get().writes(22_u64))
	}
	fn deregister() -> Weight {
		Weight::from_parts(120_000_000, 87000)
			.saturating_add(T::DbWeight::get().reads(29_u64))
			.saturating_add(T::DbWeight::get().writes(28_u64))
	}
	fn set_probe_key() -> Weight {
		Weight::from_parts(40_000_000, 12000)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	fn revoke_probe_key() -> Weight {
		Weight::from_parts(40_000_000, 12000)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	fn bond_changed() -> Weight {
		Weight::from_parts(150_000_000, 99000)
			.saturating_add(T::DbWeight::get().reads(33_u64))
			.saturating_add(T::DbWeight::get().writes(30_u64))
	}
}

// For backwards compatibility and tests.
impl WeightInfo for () {
	fn register() -> Weight {
		Weight::from_parts(150_000_000, 99000)
			.saturating_add(RocksDbWeight::get().reads(33_u64))
			.saturating_add(RocksDbWeight::get().writes(30_u64))
	}
	fn update() -> Weight {
		Weight::from_parts(120_000_000, 87000)
			.saturating_add(RocksDbWeight::get().reads(29_u64))
			.saturating_add(RocksDbWeight::get().writes(26_u64))
	}
	fn set_claim() -> Weight {
		Weight::from_parts(110_000_000, 81000)
			.saturating_add(RocksDbWeight::get().reads(27_u64))
			.saturating_add(RocksDbWeight::get().writes(22_u64))
	}
	fn pause() -> Weight {
		Weight::from_parts(90_000_000, 72000)
			.saturating_add(RocksDbWeight::get().reads(24_u64))
			.saturating_add(RocksDbWeight::get().writes(22_u64))
	}
	fn resume() -> Weight {
		Weight::from_parts(110_000_000, 81000)
			.saturating_add(RocksDbWeight::get().reads(27_u64))
			.saturating_add(RocksDbWeight::get().writes(22_u64))
	}
	fn deregister() -> Weight {
		Weight::from_parts(120_000_000, 87000)
			.saturating_add(RocksDbWeight::get().reads(29_u64))
			.saturating_add(RocksDbWeight::get().writes(28_u64))
	}
	fn set_probe_key() -> Weight {
		Weight::from_parts(40_000_000, 12000)
			.saturating_add(RocksDbWeight::get().reads(4_u64))
			.saturating_add(RocksDbWeight::get().writes(2_u64))
	}
	fn revoke_probe_key() -> Weight {
		Weight::from_parts(40_000_000, 12000)
			.saturating_add(RocksDbWeight::get().reads(4_u64))
			.saturating_add(RocksDbWeight::get().writes(2_u64))
	}
	fn bond_changed() -> Weight {
		Weight::from_parts(150_000_000, 99000)
			.saturating_add(RocksDbWeight::get().reads(33_u64))
			.saturating_add(RocksDbWeight::get().writes(30_u64))
	}
}
