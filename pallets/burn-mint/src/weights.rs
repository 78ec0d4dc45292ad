//! Weights of `pallet_burn_mint`.
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

/// Weight functions needed for `pallet_burn_mint`.
pub trait WeightInfo {
	fn request_credits() -> Weight;
	fn cancel_request() -> Weight;
	fn buy_with_stable() -> Weight;
	fn notify_inactive() -> Weight;
	fn sweep() -> Weight;
	fn paid(n: u32, ) -> Weight;
	fn on_initialize() -> Weight;
	fn on_idle_base() -> Weight;
	fn quote_requests() -> Weight;
	fn execute_request() -> Weight;
	fn spend_slice() -> Weight;
	fn close_begin() -> Weight;
	fn close_rate() -> Weight;
	fn close_region() -> Weight;
	fn close_shares() -> Weight;
	fn close_finish(n: u32, ) -> Weight;
}

/// Measured weights with the runtime's price of storage.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn request_credits() -> Weight {
		Weight::from_parts(250_000_000, 8000)
			.saturating_add(T::DbWeight::get().reads(16_u64))
			.saturating_add(T::DbWeight::get().writes(6_u64))
	}
	fn cancel_request() -> Weight {
		Weight::from_parts(250_000_000, 8000)
			.saturating_add(T::DbWeight::get().reads(14_u64))
			.saturating_add(T::DbWeight::get().writes(6_u64))
	}
	fn buy_with_stable() -> Weight {
		Weight::from_parts(400_000_000, 20000)
			.saturating_add(T::DbWeight::get().reads(16_u64))
			.saturating_add(T::DbWeight::get().writes(10_u64))
	}
	fn notify_inactive() -> Weight {
		Weight::from_parts(100_000_000, 5000)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	fn sweep() -> Weight {
		Weight::from_parts(150_000_000, 5000)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// The range of component `n` is `[1, 64]`.
	fn paid(n: u32, ) -> Weight {
		Weight::from_parts(100_000_000, 4000)
			.saturating_add(Weight::from_parts(40_000_000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().reads((2_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(1_u64))
			.saturating_add(T::DbWeight::get().writes((2_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 5200).saturating_mul(n.into()))
	}
	fn on_initialize() -> Weight {
		Weight::from_parts(100_000_000, 3000)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	fn on_idle_base() -> Weight {
		Weight::from_parts(100_000_000, 5000)
			.saturating_add(T::DbWeight::get().reads(8_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	fn quote_requests() -> Weight {
		Weight::from_parts(100_000_000, 6000)
			.saturating_add(T::DbWeight::get().reads(10_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	fn execute_request() -> Weight {
		Weight::from_parts(400_000_000, 15000)
			.saturating_add(T::DbWeight::get().reads(14_u64))
			.saturating_add(T::DbWeight::get().writes(10_u64))
	}
	fn spend_slice() -> Weight {
		Weight::from_parts(300_000_000, 15000)
			.saturating_add(T::DbWeight::get().reads(16_u64))
			.saturating_add(T::DbWeight::get().writes(6_u64))
	}
	fn close_begin() -> Weight {
		Weight::from_parts(500_000_000, 20000)
			.saturating_add(T::DbWeight::get().reads(24_u64))
			.saturating_add(T::DbWeight::get().writes(10_u64))
	}
	fn close_rate() -> Weight {
		Weight::from_parts(150_000_000, 6000)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}
	fn close_region() -> Weight {
		Weight::from_parts(250_000_000, 8000)
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	fn close_shares() -> Weight {
		Weight::from_parts(350_000_000, 10000)
			.saturating_add(T::DbWeight::get().reads(8_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}
	/// The range of component `n` is `[0, 4]`.
	fn close_finish(n: u32, ) -> Weight {
		Weight::from_parts(400_000_000, 15000)
			.saturating_add(Weight::from_parts(20_000_000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(12_u64))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(10_u64))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2600).saturating_mul(n.into()))
	}
}

impl WeightInfo for () {
	fn request_credits() -> Weight {
		Weight::from_parts(250_000_000, 8000)
			.saturating_add(ParityDbWeight::get().reads_writes(16_u64, 6_u64))
	}
	fn cancel_request() -> Weight {
		Weight::from_parts(250_000_000, 8000)
			.saturating_add(ParityDbWeight::get().reads_writes(14_u64, 6_u64))
	}
	fn buy_with_stable() -> Weight {
		Weight::from_parts(400_000_000, 20000)
			.saturating_add(ParityDbWeight::get().reads_writes(16_u64, 10_u64))
	}
	fn notify_inactive() -> Weight {
		Weight::from_parts(100_000_000, 5000)
			.saturating_add(ParityDbWeight::get().reads_writes(4_u64, 1_u64))
	}
	fn sweep() -> Weight {
		Weight::from_parts(150_000_000, 5000)
			.saturating_add(ParityDbWeight::get().reads_writes(5_u64, 2_u64))
	}
	fn paid(n: u32, ) -> Weight {
		Weight::from_parts(100_000_000, 4000)
			.saturating_add(Weight::from_parts(40_000_000, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(3_u64, 1_u64))
			.saturating_add(ParityDbWeight::get().reads_writes(2_u64, 2_u64).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(0, 5200).saturating_mul(n.into()))
	}
	fn on_initialize() -> Weight {
		Weight::from_parts(100_000_000, 3000)
			.saturating_add(ParityDbWeight::get().reads_writes(3_u64, 1_u64))
	}
	fn on_idle_base() -> Weight {
		Weight::from_parts(100_000_000, 5000)
			.saturating_add(ParityDbWeight::get().reads_writes(8_u64, 1_u64))
	}
	fn quote_requests() -> Weight {
		Weight::from_parts(100_000_000, 6000)
			.saturating_add(ParityDbWeight::get().reads_writes(10_u64, 1_u64))
	}
	fn execute_request() -> Weight {
		Weight::from_parts(400_000_000, 15000)
			.saturating_add(ParityDbWeight::get().reads_writes(14_u64, 10_u64))
	}
	fn spend_slice() -> Weight {
		Weight::from_parts(300_000_000, 15000)
			.saturating_add(ParityDbWeight::get().reads_writes(16_u64, 6_u64))
	}
	fn close_begin() -> Weight {
		Weight::from_parts(500_000_000, 20000)
			.saturating_add(ParityDbWeight::get().reads_writes(24_u64, 10_u64))
	}
	fn close_rate() -> Weight {
		Weight::from_parts(150_000_000, 6000)
			.saturating_add(ParityDbWeight::get().reads_writes(5_u64, 5_u64))
	}
	fn close_region() -> Weight {
		Weight::from_parts(250_000_000, 8000)
			.saturating_add(ParityDbWeight::get().reads_writes(6_u64, 3_u64))
	}
	fn close_shares() -> Weight {
		Weight::from_parts(350_000_000, 10000)
			.saturating_add(ParityDbWeight::get().reads_writes(8_u64, 5_u64))
	}
	fn close_finish(n: u32, ) -> Weight {
		Weight::from_parts(400_000_000, 15000)
			.saturating_add(Weight::from_parts(20_000_000, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(12_u64, 10_u64))
			.saturating_add(ParityDbWeight::get().reads_writes(1_u64, 1_u64).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(0, 2600).saturating_mul(n.into()))
	}
}
