//! Weights of `pallet_regions`, measured by `scripts/weights.sh` on 2026-11-23.
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

/// Weight functions needed for `pallet_regions`.
pub trait WeightInfo {
	fn open_region() -> Weight;
	fn close_region() -> Weight;
	fn set_least_weight() -> Weight;
	fn cancel_change() -> Weight;
	fn on_initialize() -> Weight;
	fn take_effect(n: u32, ) -> Weight;
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
}

/// Measured weights with the runtime's price of storage.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `Regions::Pending` (r:1 w:1)
	/// Proof: `Regions::Pending` (`max_values`: Some(1), `max_size`: Some(1026), added: 1521, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Pace` (r:1 w:0)
	/// Proof: `Governance::Pace` (`max_values`: Some(1), `max_size`: Some(56), added: 551, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Regions::IdOf` (r:8 w:0)
	/// Proof: `Regions::IdOf` (`max_values`: None, `max_size`: Some(13), added: 2488, mode: `MaxEncodedLen`)
	/// Storage: `Regions::Regions` (r:1 w:0)
	/// Proof: `Regions::Regions` (`max_values`: None, `max_size`: Some(149), added: 2624, mode: `MaxEncodedLen`)
	/// Storage: `Regions::PastWeights` (r:1 w:0)
	/// Proof: `Regions::PastWeights` (`max_values`: None, `max_size`: Some(139), added: 2614, mode: `MaxEncodedLen`)
	fn open_region() -> Weight {
		Weight::from_parts(49_387_000, 20894)
			.saturating_add(T::DbWeight::get().reads(13_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Regions::Pending` (r:1 w:1)
	/// Proof: `Regions::Pending` (`max_values`: Some(1), `max_size`: Some(1026), added: 1521, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Pace` (r:1 w:0)
	/// Proof: `Governance::Pace` (`max_values`: Some(1), `max_size`: Some(56), added: 551, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Regions::IdOf` (r:1 w:0)
	/// Proof: `Regions::IdOf` (`max_values`: None, `max_size`: Some(13), added: 2488, mode: `MaxEncodedLen`)
	/// Storage: `Regions::Regions` (r:1 w:0)
	/// Proof: `Regions::Regions` (`max_values`: None, `max_size`: Some(149), added: 2624, mode: `MaxEncodedLen`)
	fn close_region() -> Weight {
		Weight::from_parts(31_925_000, 3821)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Regions::Pending` (r:1 w:1)
	/// Proof: `Regions::Pending` (`max_values`: Some(1), `max_size`: Some(1026), added: 1521, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Pace` (r:1 w:0)
	/// Proof: `Governance::Pace` (`max_values`: Some(1), `max_size`: Some(56), added: 551, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Regions::IdOf` (r:1 w:0)
	/// Proof: `Regions::IdOf` (`max_values`: None, `max_size`: Some(13), added: 2488, mode: `MaxEncodedLen`)
	/// Storage: `Regions::Regions` (r:1 w:0)
	/// Proof: `Regions::Regions` (`max_values`: None, `max_size`: Some(149), added: 2624, mode: `MaxEncodedLen`)
	/// Storage: `Regions::PastWeights` (r:1 w:0)
	/// Proof: `Regions::PastWeights` (`max_values`: None, `max_size`: Some(139), added: 2614, mode: `MaxEncodedLen`)
	fn set_least_weight() -> Weight {
		Weight::from_parts(35_808_000, 3983)
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Regions::Pending` (r:1 w:1)
	/// Proof: `Regions::Pending` (`max_values`: Some(1), `max_size`: Some(1026), added: 1521, mode: `MaxEncodedLen`)
	fn cancel_change() -> Weight {
		Weight::from_parts(11_923_000, 2511)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Regions::Pending` (r:1 w:0)
	/// Proof: `Regions::Pending` (`max_values`: Some(1), `max_size`: Some(1026), added: 1521, mode: `MaxEncodedLen`)
	fn on_initialize() -> Weight {
		Weight::from_parts(7_974_000, 3058)
			.saturating_add(T::DbWeight::get().reads(2_u64))
	}
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Regions::Pending` (r:1 w:1)
	/// Proof: `Regions::Pending` (`max_values`: Some(1), `max_size`: Some(1026), added: 1521, mode: `MaxEncodedLen`)
	/// Storage: `Regions::IdOf` (r:8 w:0)
	/// Proof: `Regions::IdOf` (`max_values`: None, `max_size`: Some(13), added: 2488, mode: `MaxEncodedLen`)
	/// Storage: `Regions::Regions` (r:8 w:8)
	/// Proof: `Regions::Regions` (`max_values`: None, `max_size`: Some(149), added: 2624, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Pace` (r:1 w:0)
	/// Proof: `Governance::Pace` (`max_values`: Some(1), `max_size`: Some(56), added: 551, mode: `MaxEncodedLen`)
	/// Storage: `Regions::PastWeights` (r:8 w:8)
	/// Proof: `Regions::PastWeights` (`max_values`: None, `max_size`: Some(139), added: 2614, mode: `MaxEncodedLen`)
	/// Storage: `Regions::Demands` (r:8 w:8)
	/// Proof: `Regions::Demands` (`max_values`: None, `max_size`: Some(171), added: 2646, mode: `MaxEncodedLen`)
	fn take_effect(n: u32, ) -> Weight {
		Weight::from_parts(22_178_908, 3916)
			.saturating_add(Weight::from_parts(22_625_574, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().reads((4_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(1_u64))
			.saturating_add(T::DbWeight::get().writes((3_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2646).saturating_mul(n.into()))
	}
	/// Storage: `Regions::Hosting` (r:100 w:100)
	/// Proof: `Regions::Hosting` (`max_values`: None, `max_size`: Some(21), added: 2496, mode: `MaxEncodedLen`)
	/// Storage: `Regions::CounterForHosting` (r:1 w:1)
	/// Proof: `Regions::CounterForHosting` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	fn list_hosting(n: u32, ) -> Weight {
		Weight::from_parts(7_166_551, 1489)
			.saturating_add(Weight::from_parts(5_186_218, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(1_u64))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2496).saturating_mul(n.into()))
	}
	/// Storage: `Regions::Hosting` (r:100 w:100)
	/// Proof: `Regions::Hosting` (`max_values`: None, `max_size`: Some(21), added: 2496, mode: `MaxEncodedLen`)
	/// Storage: `Regions::CounterForHosting` (r:1 w:1)
	/// Proof: `Regions::CounterForHosting` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	fn unlist_hosting(n: u32, ) -> Weight {
		Weight::from_parts(10_221_587, 1489)
			.saturating_add(Weight::from_parts(3_729_169, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(1_u64))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2496).saturating_mul(n.into()))
	}
	/// Storage: `Regions::IdOf` (r:1 w:0)
	/// Proof: `Regions::IdOf` (`max_values`: None, `max_size`: Some(13), added: 2488, mode: `MaxEncodedLen`)
	/// Storage: `Regions::Regions` (r:1 w:0)
	/// Proof: `Regions::Regions` (`max_values`: None, `max_size`: Some(149), added: 2624, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Regions::NextBounty` (r:1 w:1)
	/// Proof: `Regions::NextBounty` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Regions::Bounties` (r:1 w:1)
	/// Proof: `Regions::Bounties` (`max_values`: None, `max_size`: Some(619), added: 3094, mode: `MaxEncodedLen`)
	/// Storage: `Regions::BountiesPaidFor` (r:1 w:0)
	/// Proof: `Regions::BountiesPaidFor` (`max_values`: None, `max_size`: Some(14), added: 2489, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Pace` (r:1 w:0)
	/// Proof: `Governance::Pace` (`max_values`: Some(1), `max_size`: Some(56), added: 551, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:2 w:2)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:2 w:2)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	fn post_bounty() -> Weight {
		Weight::from_parts(131_531_000, 6362)
			.saturating_add(T::DbWeight::get().reads(11_u64))
			.saturating_add(T::DbWeight::get().writes(6_u64))
	}
	/// Storage: `System::Account` (r:2 w:2)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Regions::IdOf` (r:1 w:0)
	/// Proof: `Regions::IdOf` (`max_values`: None, `max_size`: Some(13), added: 2488, mode: `MaxEncodedLen`)
	/// Storage: `Regions::Regions` (r:1 w:0)
	/// Proof: `Regions::Regions` (`max_values`: None, `max_size`: Some(149), added: 2624, mode: `MaxEncodedLen`)
	/// Storage: `Regions::Bounties` (r:1 w:1)
	/// Proof: `Regions::Bounties` (`max_values`: None, `max_size`: Some(619), added: 3094, mode: `MaxEncodedLen`)
	/// Storage: `Regions::BountiesPaidFor` (r:1 w:0)
	/// Proof: `Regions::BountiesPaidFor` (`max_values`: None, `max_size`: Some(14), added: 2489, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Pace` (r:1 w:0)
	/// Proof: `Governance::Pace` (`max_values`: Some(1), `max_size`: Some(56), added: 551, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	fn reclaim_bounty() -> Weight {
		Weight::from_parts(95_705_000, 6196)
			.saturating_add(T::DbWeight::get().reads(8_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: `Regions::IdOf` (r:1 w:0)
	/// Proof: `Regions::IdOf` (`max_values`: None, `max_size`: Some(13), added: 2488, mode: `MaxEncodedLen`)
	/// Storage: `Regions::Regions` (r:1 w:0)
	/// Proof: `Regions::Regions` (`max_values`: None, `max_size`: Some(149), added: 2624, mode: `MaxEncodedLen`)
	/// Storage: `Regions::Demands` (r:1 w:1)
	/// Proof: `Regions::Demands` (`max_values`: None, `max_size`: Some(171), added: 2646, mode: `MaxEncodedLen`)
	fn paid() -> Weight {
		Weight::from_parts(17_303_000, 3636)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Regions::Regions` (r:1 w:1)
	/// Proof: `Regions::Regions` (`max_values`: None, `max_size`: Some(149), added: 2624, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Parameters` (r:1 w:0)
	/// Proof: `Governance::Parameters` (`max_values`: Some(1), `max_size`: Some(136), added: 631, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Pace` (r:1 w:0)
	/// Proof: `Governance::Pace` (`max_values`: Some(1), `max_size`: Some(56), added: 551, mode: `MaxEncodedLen`)
	/// Storage: `Regions::Demands` (r:1 w:1)
	/// Proof: `Regions::Demands` (`max_values`: None, `max_size`: Some(171), added: 2646, mode: `MaxEncodedLen`)
	/// Storage: `Regions::Counts` (r:1 w:0)
	/// Proof: `Regions::Counts` (`max_values`: None, `max_size`: Some(38), added: 2513, mode: `MaxEncodedLen`)
	/// Storage: `Regions::PastWeights` (r:1 w:0)
	/// Proof: `Regions::PastWeights` (`max_values`: None, `max_size`: Some(139), added: 2614, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Pauses` (r:1 w:0)
	/// Proof: `Governance::Pauses` (`max_values`: None, `max_size`: Some(15), added: 2490, mode: `MaxEncodedLen`)
	fn survey() -> Weight {
		Weight::from_parts(32_754_000, 3636)
			.saturating_add(T::DbWeight::get().reads(7_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: `Regions::Regions` (r:1 w:1)
	/// Proof: `Regions::Regions` (`max_values`: None, `max_size`: Some(149), added: 2624, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Pauses` (r:1 w:0)
	/// Proof: `Governance::Pauses` (`max_values`: None, `max_size`: Some(15), added: 2490, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Pace` (r:1 w:0)
	/// Proof: `Governance::Pace` (`max_values`: Some(1), `max_size`: Some(56), added: 551, mode: `MaxEncodedLen`)
	fn rate() -> Weight {
		Weight::from_parts(16_773_000, 3614)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Regions::Bounties` (r:1 w:1)
	/// Proof: `Regions::Bounties` (`max_values`: None, `max_size`: Some(619), added: 3094, mode: `MaxEncodedLen`)
	/// Storage: `Regions::BountiesPaidFor` (r:1 w:1)
	/// Proof: `Regions::BountiesPaidFor` (`max_values`: None, `max_size`: Some(14), added: 2489, mode: `MaxEncodedLen`)
	/// Storage: `Regions::Regions` (r:1 w:0)
	/// Proof: `Regions::Regions` (`max_values`: None, `max_size`: Some(149), added: 2624, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:8 w:8)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:9 w:9)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	fn draw_bounty() -> Weight {
		Weight::from_parts(321_827_000, 24417)
			.saturating_add(T::DbWeight::get().reads(21_u64))
			.saturating_add(T::DbWeight::get().writes(19_u64))
	}
	/// Storage: `Regions::Lines` (r:1 w:1)
	/// Proof: `Regions::Lines` (`max_values`: None, `max_size`: Some(95), added: 2570, mode: `MaxEncodedLen`)
	/// Storage: `Regions::Counts` (r:2 w:2)
	/// Proof: `Regions::Counts` (`max_values`: None, `max_size`: Some(38), added: 2513, mode: `MaxEncodedLen`)
	/// Storage: `Regions::Sites` (r:2 w:2)
	/// Proof: `Regions::Sites` (`max_values`: None, `max_size`: Some(69), added: 2544, mode: `MaxEncodedLen`)
	/// Storage: `Regions::Blocks` (r:1 w:1)
	/// Proof: `Regions::Blocks` (`max_values`: None, `max_size`: Some(59), added: 2534, mode: `MaxEncodedLen`)
	/// Storage: `Regions::Networks` (r:2 w:2)
	/// Proof: `Regions::Networks` (`max_values`: None, `max_size`: Some(67), added: 2542, mode: `MaxEncodedLen`)
	/// Storage: `Regions::OperatorLines` (r:2 w:2)
	/// Proof: `Regions::OperatorLines` (`max_values`: None, `max_size`: Some(62), added: 2537, mode: `MaxEncodedLen`)
	/// Storage: `Regions::IdOf` (r:1 w:0)
	/// Proof: `Regions::IdOf` (`max_values`: None, `max_size`: Some(13), added: 2488, mode: `MaxEncodedLen`)
	/// Storage: `Regions::Regions` (r:1 w:0)
	/// Proof: `Regions::Regions` (`max_values`: None, `max_size`: Some(149), added: 2624, mode: `MaxEncodedLen`)
	fn place() -> Weight {
		Weight::from_parts(78_396_000, 6078)
			.saturating_add(T::DbWeight::get().reads(12_u64))
			.saturating_add(T::DbWeight::get().writes(10_u64))
	}
	/// Storage: `Regions::Hosting` (r:1 w:0)
	/// Proof: `Regions::Hosting` (`max_values`: None, `max_size`: Some(21), added: 2496, mode: `MaxEncodedLen`)
	fn is_hosting() -> Weight {
		Weight::from_parts(5_791_000, 3486)
			.saturating_add(T::DbWeight::get().reads(1_u64))
	}
}

impl WeightInfo for () {
	fn open_region() -> Weight {
		Weight::from_parts(49_387_000, 20894)
			.saturating_add(ParityDbWeight::get().reads_writes(13_u64, 1_u64))
	}
	fn close_region() -> Weight {
		Weight::from_parts(31_925_000, 3821)
			.saturating_add(ParityDbWeight::get().reads_writes(5_u64, 1_u64))
	}
	fn set_least_weight() -> Weight {
		Weight::from_parts(35_808_000, 3983)
			.saturating_add(ParityDbWeight::get().reads_writes(6_u64, 1_u64))
	}
	fn cancel_change() -> Weight {
		Weight::from_parts(11_923_000, 2511)
			.saturating_add(ParityDbWeight::get().reads_writes(1_u64, 1_u64))
	}
	fn on_initialize() -> Weight {
		Weight::from_parts(7_974_000, 3058)
			.saturating_add(ParityDbWeight::get().reads_writes(2_u64, 0_u64))
	}
	fn take_effect(n: u32, ) -> Weight {
		Weight::from_parts(22_178_908, 3916)
			.saturating_add(Weight::from_parts(22_625_574, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(3_u64, 1_u64))
			.saturating_add(ParityDbWeight::get().reads((4_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes((3_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2646).saturating_mul(n.into()))
	}
	fn list_hosting(n: u32, ) -> Weight {
		Weight::from_parts(7_166_551, 1489)
			.saturating_add(Weight::from_parts(5_186_218, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(1_u64, 1_u64))
			.saturating_add(ParityDbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2496).saturating_mul(n.into()))
	}
	fn unlist_hosting(n: u32, ) -> Weight {
		Weight::from_parts(10_221_587, 1489)
			.saturating_add(Weight::from_parts(3_729_169, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(1_u64, 1_u64))
			.saturating_add(ParityDbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2496).saturating_mul(n.into()))
	}
	fn post_bounty() -> Weight {
		Weight::from_parts(131_531_000, 6362)
			.saturating_add(ParityDbWeight::get().reads_writes(11_u64, 6_u64))
	}
	fn reclaim_bounty() -> Weight {
		Weight::from_parts(95_705_000, 6196)
			.saturating_add(ParityDbWeight::get().reads_writes(8_u64, 4_u64))
	}
	fn paid() -> Weight {
		Weight::from_parts(17_303_000, 3636)
			.saturating_add(ParityDbWeight::get().reads_writes(3_u64, 1_u64))
	}
	fn survey() -> Weight {
		Weight::from_parts(32_754_000, 3636)
			.saturating_add(ParityDbWeight::get().reads_writes(7_u64, 2_u64))
	}
	fn rate() -> Weight {
		Weight::from_parts(16_773_000, 3614)
			.saturating_add(ParityDbWeight::get().reads_writes(3_u64, 1_u64))
	}
	fn draw_bounty() -> Weight {
		Weight::from_parts(321_827_000, 24417)
			.saturating_add(ParityDbWeight::get().reads_writes(21_u64, 19_u64))
	}
	fn place() -> Weight {
		Weight::from_parts(78_396_000, 6078)
			.saturating_add(ParityDbWeight::get().reads_writes(12_u64, 10_u64))
	}
	fn is_hosting() -> Weight {
		Weight::from_parts(5_791_000, 3486)
			.saturating_add(ParityDbWeight::get().reads_writes(1_u64, 0_u64))
	}
}
