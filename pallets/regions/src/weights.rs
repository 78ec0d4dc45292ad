//! Weights of `pallet_regions`.
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

/// Weight functions needed for `pallet_regions`.
pub trait WeightInfo {
	fn open_region() -> Weight;
	fn close_region() -> Weight;
	fn set_least_weight() -> Weight;
	fn list_hosting(n: u32, ) -> Weight;
	fn unlist_hosting(n: u32, ) -> Weight;
	fn post_bounty() -> Weight;
	fn reclaim_bounty() -> Weight;
	fn paid() -> Weight;
	fn survey() -> Weight;
	fn rate() -> Weight;
	fn draw_bounty() -> Weight;
	fn place() -> Weight;
	fn is_hosting() -> Weight;
	fn cancel_change() -> Weight;
	fn on_initialize() -> Weight;
	fn take_effect(n: u32, ) -> Weight;
}

/// Weights with the runtime's price of storage.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: changes that wait, clock, pace, for each opening among them its number, then number, state, counter, past
	/// weights.
	fn open_region() -> Weight {
		Weight::from_parts(250_000_000, 45000)
			.saturating_add(T::DbWeight::get().reads(15_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: changes that wait, clock, pace, number, state.
	fn close_region() -> Weight {
		Weight::from_parts(200_000_000, 12000)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: changes that wait, clock, pace, number, state, past weights.
	fn set_least_weight() -> Weight {
		Weight::from_parts(200_000_000, 12000)
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: counter.
	/// The range of component `n` is `[1, 100]`.
	fn list_hosting(n: u32, ) -> Weight {
		Weight::from_parts(100_000_000, 4000)
			.saturating_add(Weight::from_parts(10_000_000, 2_600).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(n.into())))
	}
	/// Storage: counter.
	/// The range of component `n` is `[1, 100]`.
	fn unlist_hosting(n: u32, ) -> Weight {
		Weight::from_parts(100_000_000, 4000)
			.saturating_add(Weight::from_parts(10_000_000, 2_600).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(n.into())))
	}
	/// Storage: number, state, clock, bounties, paid epoch, next number, two accounts with their holds.
	fn post_bounty() -> Weight {
		Weight::from_parts(300_000_000, 20000)
			.saturating_add(T::DbWeight::get().reads(11_u64))
			.saturating_add(T::DbWeight::get().writes(7_u64))
	}
	/// Storage: number, state, bounties, paid epoch, clock, pace, an account with its hold.
	fn reclaim_bounty() -> Weight {
		Weight::from_parts(200_000_000, 20000)
			.saturating_add(T::DbWeight::get().reads(9_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: number, state, demand.
	fn paid() -> Weight {
		Weight::from_parts(100_000_000, 9000)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: state, parameters, pace, demand, counts, past weights, pause, event.
	fn survey() -> Weight {
		Weight::from_parts(155_000_000, 15000)
			.saturating_add(T::DbWeight::get().reads(9_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	/// Storage: state, pace, pause.
	fn rate() -> Weight {
		Weight::from_parts(110_000_000, 9000)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: state, bounties, paid epoch, pot, eight accounts with their holds, events.
	fn draw_bounty() -> Weight {
		Weight::from_parts(900_000_000, 45000)
			.saturating_add(T::DbWeight::get().reads(26_u64))
			.saturating_add(T::DbWeight::get().writes(22_u64))
	}
	/// Storage: number, state, line, then twice site, block, network, operator, counts.
	fn place() -> Weight {
		Weight::from_parts(250_000_000, 45000)
			.saturating_add(T::DbWeight::get().reads(16_u64))
			.saturating_add(T::DbWeight::get().writes(14_u64))
	}
	/// Storage: prefix.
	fn is_hosting() -> Weight {
		Weight::from_parts(100_000_000, 4000)
			.saturating_add(T::DbWeight::get().reads(1_u64))
	}
	/// Storage: changes that wait.
	fn cancel_change() -> Weight {
		Weight::from_parts(120_000_000, 4000)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: changes that wait, clock.
	fn on_initialize() -> Weight {
		Weight::from_parts(60_000_000, 4000)
			.saturating_add(T::DbWeight::get().reads(2_u64))
	}
	/// Storage: changes that wait, clock, pace, counter, then number, state, past weights, demand.
	/// The range of component `n` is `[1, 8]`.
	fn take_effect(n: u32, ) -> Weight {
		Weight::from_parts(150_000_000, 6000)
			.saturating_add(Weight::from_parts(120_000_000, 12_000).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
			.saturating_add(T::DbWeight::get().reads((4_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes((4_u64).saturating_mul(n.into())))
	}
}

// For tests.
impl WeightInfo for () {
	/// Storage: changes that wait, clock, pace, for each opening among them its number, then number, state, counter, past
	/// weights.
	fn open_region() -> Weight {
		Weight::from_parts(250_000_000, 45000)
			.saturating_add(ParityDbWeight::get().reads(15_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	/// Storage: changes that wait, clock, pace, number, state.
	fn close_region() -> Weight {
		Weight::from_parts(200_000_000, 12000)
			.saturating_add(ParityDbWeight::get().reads(5_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	/// Storage: changes that wait, clock, pace, number, state, past weights.
	fn set_least_weight() -> Weight {
		Weight::from_parts(200_000_000, 12000)
			.saturating_add(ParityDbWeight::get().reads(6_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	/// Storage: counter.
	/// The range of component `n` is `[1, 100]`.
	fn list_hosting(n: u32, ) -> Weight {
		Weight::from_parts(100_000_000, 4000)
			.saturating_add(Weight::from_parts(10_000_000, 2_600).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
			.saturating_add(ParityDbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes((1_u64).saturating_mul(n.into())))
	}
	/// Storage: counter.
	/// The range of component `n` is `[1, 100]`.
	fn unlist_hosting(n: u32, ) -> Weight {
		Weight::from_parts(100_000_000, 4000)
			.saturating_add(Weight::from_parts(10_000_000, 2_600).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
			.saturating_add(ParityDbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes((1_u64).saturating_mul(n.into())))
	}
	/// Storage: number, state, clock, bounties, paid epoch, next number, two accounts with their holds.
	fn post_bounty() -> Weight {
		Weight::from_parts(300_000_000, 20000)
			.saturating_add(ParityDbWeight::get().reads(11_u64))
			.saturating_add(ParityDbWeight::get().writes(7_u64))
	}
	/// Storage: number, state, bounties, paid epoch, clock, pace, an account with its hold.
	fn reclaim_bounty() -> Weight {
		Weight::from_parts(200_000_000, 20000)
			.saturating_add(ParityDbWeight::get().reads(9_u64))
			.saturating_add(ParityDbWeight::get().writes(4_u64))
	}
	/// Storage: number, state, demand.
	fn paid() -> Weight {
		Weight::from_parts(100_000_000, 9000)
			.saturating_add(ParityDbWeight::get().reads(3_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	/// Storage: state, parameters, pace, demand, counts, past weights, pause, event.
	fn survey() -> Weight {
		Weight::from_parts(155_000_000, 15000)
			.saturating_add(ParityDbWeight::get().reads(9_u64))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
	}
	/// Storage: state, pace, pause.
	fn rate() -> Weight {
		Weight::from_parts(110_000_000, 9000)
			.saturating_add(ParityDbWeight::get().reads(4_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	/// Storage: state, bounties, paid epoch, pot, eight accounts with their holds, events.
	fn draw_bounty() -> Weight {
		Weight::from_parts(900_000_000, 45000)
			.saturating_add(ParityDbWeight::get().reads(26_u64))
			.saturating_add(ParityDbWeight::get().writes(22_u64))
	}
	/// Storage: number, state, line, then twice site, block, network, operator, counts.
	fn place() -> Weight {
		Weight::from_parts(250_000_000, 45000)
			.saturating_add(ParityDbWeight::get().reads(16_u64))
			.saturating_add(ParityDbWeight::get().writes(14_u64))
	}
	/// Storage: prefix.
	fn is_hosting() -> Weight {
		Weight::from_parts(100_000_000, 4000)
			.saturating_add(ParityDbWeight::get().reads(1_u64))
	}
	/// Storage: changes that wait.
	fn cancel_change() -> Weight {
		Weight::from_parts(120_000_000, 4000)
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	/// Storage: changes that wait, clock.
	fn on_initialize() -> Weight {
		Weight::from_parts(60_000_000, 4000)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
	}
	/// Storage: changes that wait, clock, pace, counter, then number, state, past weights, demand.
	/// The range of component `n` is `[1, 8]`.
	fn take_effect(n: u32, ) -> Weight {
		Weight::from_parts(150_000_000, 6000)
			.saturating_add(Weight::from_parts(120_000_000, 12_000).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(4_u64))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
			.saturating_add(ParityDbWeight::get().reads((4_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes((4_u64).saturating_mul(n.into())))
	}
}
