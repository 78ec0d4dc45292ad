//! Weights of `pallet_price`.
//!
//! Upper bounds by hand, not yet measured: scripts/weights.sh

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(unused_parens)]
#![allow(unused_imports)]
#![allow(missing_docs)]
#![allow(clippy::arithmetic_side_effects)]

use core::marker::PhantomData;
use polkadot_sdk::*;
use frame_support::{traits::Get, weights::{constants::ParityDbWeight, Weight}};

/// Weight functions needed for `pallet_price`.
pub trait WeightInfo {
	fn add_reporter() -> Weight;
	fn remove_reporter() -> Weight;
	fn join() -> Weight;
	fn leave() -> Weight;
	fn withdraw() -> Weight;
	fn set_key() -> Weight;
	fn report() -> Weight;
	fn authorize_report() -> Weight;
	fn post_price() -> Weight;
	fn sample_pool() -> Weight;
	fn begin_round(n: u32, ) -> Weight;
	fn on_idle_base() -> Weight;
	fn judge_reporter() -> Weight;
	fn ask_quote() -> Weight;
}

/// Upper bounds with the runtime's price of storage.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn add_reporter() -> Weight {
		Weight::from_parts(150_000_000, 4000)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	fn remove_reporter() -> Weight {
		Weight::from_parts(250_000_000, 8000)
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().writes(6_u64))
	}
	fn join() -> Weight {
		Weight::from_parts(250_000_000, 8000)
			.saturating_add(T::DbWeight::get().reads(7_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}
	fn leave() -> Weight {
		Weight::from_parts(200_000_000, 8000)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	fn withdraw() -> Weight {
		Weight::from_parts(350_000_000, 8000)
			.saturating_add(T::DbWeight::get().reads(8_u64))
			.saturating_add(T::DbWeight::get().writes(7_u64))
	}
	fn set_key() -> Weight {
		Weight::from_parts(150_000_000, 6000)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	fn report() -> Weight {
		Weight::from_parts(1_500_000_000, 180000)
			.saturating_add(T::DbWeight::get().reads(110_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	fn authorize_report() -> Weight {
		Weight::from_parts(200_000_000, 8000)
			.saturating_add(T::DbWeight::get().reads(5_u64))
	}
	fn post_price() -> Weight {
		Weight::from_parts(150_000_000, 4000)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	fn sample_pool() -> Weight {
		Weight::from_parts(150_000_000, 16000)
			.saturating_add(T::DbWeight::get().reads(9_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	fn begin_round(n: u32, ) -> Weight {
		Weight::from_parts(300_000_000, 16000)
			.saturating_add(Weight::from_parts(12_000_000, 2700).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(14_u64))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(6_u64))
	}
	fn on_idle_base() -> Weight {
		Weight::from_parts(100_000_000, 6000)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	fn judge_reporter() -> Weight {
		Weight::from_parts(400_000_000, 16000)
			.saturating_add(T::DbWeight::get().reads(8_u64))
			.saturating_add(T::DbWeight::get().writes(7_u64))
	}
	fn ask_quote() -> Weight {
		Weight::from_parts(50_000_000, 6000)
			.saturating_add(T::DbWeight::get().reads(8_u64))
	}
}

impl WeightInfo for () {
	fn add_reporter() -> Weight {
		Weight::from_parts(150_000_000, 4000)
			.saturating_add(ParityDbWeight::get().reads_writes(1_u64, 1_u64))
	}
	fn remove_reporter() -> Weight {
		Weight::from_parts(250_000_000, 8000)
			.saturating_add(ParityDbWeight::get().reads_writes(6_u64, 6_u64))
	}
	fn join() -> Weight {
		Weight::from_parts(250_000_000, 8000)
			.saturating_add(ParityDbWeight::get().reads_writes(7_u64, 5_u64))
	}
	fn leave() -> Weight {
		Weight::from_parts(200_000_000, 8000)
			.saturating_add(ParityDbWeight::get().reads_writes(5_u64, 4_u64))
	}
	fn withdraw() -> Weight {
		Weight::from_parts(350_000_000, 8000)
			.saturating_add(ParityDbWeight::get().reads_writes(8_u64, 7_u64))
	}
	fn set_key() -> Weight {
		Weight::from_parts(150_000_000, 6000)
			.saturating_add(ParityDbWeight::get().reads_writes(2_u64, 4_u64))
	}
	fn report() -> Weight {
		Weight::from_parts(1_500_000_000, 180000)
			.saturating_add(ParityDbWeight::get().reads_writes(110_u64, 3_u64))
	}
	fn authorize_report() -> Weight {
		Weight::from_parts(200_000_000, 8000)
			.saturating_add(ParityDbWeight::get().reads_writes(5_u64, 0_u64))
	}
	fn post_price() -> Weight {
		Weight::from_parts(150_000_000, 4000)
			.saturating_add(ParityDbWeight::get().reads_writes(4_u64, 1_u64))
	}
	fn sample_pool() -> Weight {
		Weight::from_parts(150_000_000, 16000)
			.saturating_add(ParityDbWeight::get().reads_writes(9_u64, 1_u64))
	}
	fn begin_round(n: u32, ) -> Weight {
		Weight::from_parts(300_000_000, 16000)
			.saturating_add(Weight::from_parts(12_000_000, 2700).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(14_u64, 6_u64))
			.saturating_add(ParityDbWeight::get().reads((1_u64).saturating_mul(n.into())))
	}
	fn on_idle_base() -> Weight {
		Weight::from_parts(100_000_000, 6000)
			.saturating_add(ParityDbWeight::get().reads_writes(3_u64, 1_u64))
	}
	fn judge_reporter() -> Weight {
		Weight::from_parts(400_000_000, 16000)
			.saturating_add(ParityDbWeight::get().reads_writes(8_u64, 7_u64))
	}
	fn ask_quote() -> Weight {
		Weight::from_parts(50_000_000, 6000)
			.saturating_add(ParityDbWeight::get().reads_writes(8_u64, 0_u64))
	}
}
