//! Weights of `pallet_channels`.
//!
//! Upper bounds by hand, not yet measured: `scripts/weights.sh`.

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(unused_parens)]
#![allow(unused_imports)]
#![allow(missing_docs)]
#![allow(clippy::arithmetic_side_effects)]

use core::marker::PhantomData;
use polkadot_sdk::*;
use frame_support::{traits::Get, weights::{constants::ParityDbWeight, Weight}};

/// Weight functions needed for `pallet_channels`.
pub trait WeightInfo {
	fn open() -> Weight;
	fn top_up() -> Weight;
	fn extend() -> Weight;
	fn claim(n: u32, ) -> Weight;
	fn close() -> Weight;
	fn close_due() -> Weight;
	fn subscribe() -> Weight;
	fn lapse_plan() -> Weight;
	fn sweep_epoch() -> Weight;
}

/// Measured weights with the runtime's price of storage.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn open() -> Weight {
		Weight::from_parts(300_000_000, 16000)
			.saturating_add(T::DbWeight::get().reads(16_u64))
			.saturating_add(T::DbWeight::get().writes(12_u64))
	}
	fn top_up() -> Weight {
		Weight::from_parts(250_000_000, 14000)
			.saturating_add(T::DbWeight::get().reads(14_u64))
			.saturating_add(T::DbWeight::get().writes(6_u64))
	}
	fn extend() -> Weight {
		Weight::from_parts(100_000_000, 6000)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	/// The range of component `n` is `[1, 64]`.
	fn claim(n: u32, ) -> Weight {
		Weight::from_parts(80_000_000, 6000)
			.saturating_add(Weight::from_parts(75_000_000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(8_u64))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2900).saturating_mul(n.into()))
	}
	fn close() -> Weight {
		Weight::from_parts(350_000_000, 20000)
			.saturating_add(T::DbWeight::get().reads(18_u64))
			.saturating_add(T::DbWeight::get().writes(12_u64))
	}
	fn close_due() -> Weight {
		Weight::from_parts(250_000_000, 16000)
			.saturating_add(T::DbWeight::get().reads(14_u64))
			.saturating_add(T::DbWeight::get().writes(11_u64))
	}
	fn subscribe() -> Weight {
		Weight::from_parts(200_000_000, 12000)
			.saturating_add(T::DbWeight::get().reads(12_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}
	fn lapse_plan() -> Weight {
		Weight::from_parts(200_000_000, 12000)
			.saturating_add(T::DbWeight::get().reads(12_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	fn sweep_epoch() -> Weight {
		Weight::from_parts(60_000_000, 6000)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
}

impl WeightInfo for () {
	fn open() -> Weight {
		Weight::from_parts(300_000_000, 16000)
			.saturating_add(ParityDbWeight::get().reads_writes(16_u64, 12_u64))
	}
	fn top_up() -> Weight {
		Weight::from_parts(250_000_000, 14000)
			.saturating_add(ParityDbWeight::get().reads_writes(14_u64, 6_u64))
	}
	fn extend() -> Weight {
		Weight::from_parts(100_000_000, 6000)
			.saturating_add(ParityDbWeight::get().reads_writes(5_u64, 3_u64))
	}
	fn claim(n: u32, ) -> Weight {
		Weight::from_parts(80_000_000, 6000)
			.saturating_add(Weight::from_parts(75_000_000, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(8_u64, 0_u64))
			.saturating_add(ParityDbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2900).saturating_mul(n.into()))
	}
	fn close() -> Weight {
		Weight::from_parts(350_000_000, 20000)
			.saturating_add(ParityDbWeight::get().reads_writes(18_u64, 12_u64))
	}
	fn close_due() -> Weight {
		Weight::from_parts(250_000_000, 16000)
			.saturating_add(ParityDbWeight::get().reads_writes(14_u64, 11_u64))
	}
	fn subscribe() -> Weight {
		Weight::from_parts(200_000_000, 12000)
			.saturating_add(ParityDbWeight::get().reads_writes(12_u64, 5_u64))
	}
	fn lapse_plan() -> Weight {
		Weight::from_parts(200_000_000, 12000)
			.saturating_add(ParityDbWeight::get().reads_writes(12_u64, 4_u64))
	}
	fn sweep_epoch() -> Weight {
		Weight::from_parts(60_000_000, 6000)
			.saturating_add(ParityDbWeight::get().reads_writes(5_u64, 1_u64))
	}
}
