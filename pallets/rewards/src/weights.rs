//! Weights of `pallet_rewards`.
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

/// Weight functions needed for `pallet_rewards`.
pub trait WeightInfo {
	fn claim(f: u32, p: u32, ) -> Weight;
	fn note_author() -> Weight;
	fn verdict(s: u32, e: u32, ) -> Weight;
	fn attested() -> Weight;
	fn unproven() -> Weight;
	fn provider_left() -> Weight;
	fn slash_applied() -> Weight;
	fn earned() -> Weight;
	fn share() -> Weight;
	fn begin(n: u32, ) -> Weight;
	fn finish() -> Weight;
	fn survey() -> Weight;
	fn appraise() -> Weight;
	fn pay() -> Weight;
	fn settle_next(f: u32, p: u32, ) -> Weight;
	fn prune(n: u32, ) -> Weight;
	fn fined() -> Weight;
}

/// Weights with the runtime's price of storage.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: account, line, sums of its steps, balances; of each epoch credits and rate, points and share.
	/// The range of component `f` is `[1, 64]`.
	/// The range of component `p` is `[1, 64]`.
	fn claim(f: u32, p: u32, ) -> Weight {
		Weight::from_parts(164000000, 15000)
			.saturating_add(T::DbWeight::get().reads(70_u64))
			.saturating_add(T::DbWeight::get().writes(12_u64))
			.saturating_add(Weight::from_parts(12000000, 5200).saturating_mul(f.into()))
			.saturating_add(T::DbWeight::get().reads((2_u64).saturating_mul(f.into())))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(f.into())))
			.saturating_add(Weight::from_parts(12000000, 5200).saturating_mul(p.into()))
			.saturating_add(T::DbWeight::get().reads((2_u64).saturating_mul(p.into())))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(p.into())))
	}
	/// Storage: epoch, points, account, work.
	fn note_author() -> Weight {
		Weight::from_parts(114000000, 5400)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	/// Storage: line, account, registration, bond, operator, history, where it stands and stood, sums of `s` steps, totals of two
	/// regions, what is scheduled; of each epoch that totals roll through, what was scheduled, and a checkpoint.
	/// The range of component `s` is `[0, 24]`.
	/// The range of component `e` is `[0, 40]`.
	fn verdict(s: u32, e: u32, ) -> Weight {
		Weight::from_parts(430000000, 60000)
			.saturating_add(T::DbWeight::get().reads(50_u64))
			.saturating_add(T::DbWeight::get().writes(38_u64))
			.saturating_add(Weight::from_parts(6000000, 2600).saturating_mul(s.into()))
			.saturating_add(T::DbWeight::get().reads((2_u64).saturating_mul(s.into())))
			.saturating_add(Weight::from_parts(8000000, 5200).saturating_mul(e.into()))
			.saturating_add(T::DbWeight::get().reads((2_u64).saturating_mul(e.into())))
			.saturating_add(T::DbWeight::get().writes((3_u64).saturating_mul(e.into())))
	}
	/// Storage: work, points, account.
	fn attested() -> Weight {
		Weight::from_parts(116000000, 6000)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	/// Storage: account, work, points.
	fn unproven() -> Weight {
		Weight::from_parts(116000000, 6000)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	/// Storage: as a verdict with as many steps as there are and one region that is as far behind as may be, and what is locked
	/// goes back.
	fn provider_left() -> Weight {
		Weight::from_parts(740000000, 240000)
			.saturating_add(T::DbWeight::get().reads(146_u64))
			.saturating_add(T::DbWeight::get().writes(106_u64))
	}
	/// Storage: as the dearest verdict, balances, the ledger.
	fn slash_applied() -> Weight {
		Weight::from_parts(900000000, 340000)
			.saturating_add(T::DbWeight::get().reads(186_u64))
			.saturating_add(T::DbWeight::get().writes(166_u64))
	}
	/// Storage: credits, rates, account.
	fn earned() -> Weight {
		Weight::from_parts(148000000, 12600)
			.saturating_add(T::DbWeight::get().reads(16_u64))
			.saturating_add(T::DbWeight::get().writes(8_u64))
	}
	/// Storage: work, share.
	fn share() -> Weight {
		Weight::from_parts(114000000, 4800)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: totals of every region.
	/// The range of component `n` is `[0, 512]`.
	fn begin(n: u32, ) -> Weight {
		Weight::from_parts(104000000, 4200)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(Weight::from_parts(16000000, 10400).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads((11_u64).saturating_mul(n.into())))
	}
	/// Storage: what was paid.
	fn finish() -> Weight {
		Weight::from_parts(106000000, 3600)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: totals of a region.
	fn survey() -> Weight {
		Weight::from_parts(180000000, 27000)
			.saturating_add(T::DbWeight::get().reads(40_u64))
	}
	/// Storage: totals of a region, what it wants.
	fn appraise() -> Weight {
		Weight::from_parts(182000000, 27000)
			.saturating_add(T::DbWeight::get().reads(40_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: totals, sums and checkpoints of nine epochs, what is scheduled, what was paid.
	fn pay() -> Weight {
		Weight::from_parts(268000000, 29400)
			.saturating_add(T::DbWeight::get().reads(66_u64))
			.saturating_add(T::DbWeight::get().writes(58_u64))
	}
	/// Storage: account, line, sums of its steps; fees and points. An account without a line: what it is given up with.
	/// The range of component `f` is `[0, 64]`.
	/// The range of component `p` is `[0, 64]`.
	fn settle_next(f: u32, p: u32, ) -> Weight {
		Weight::from_parts(164000000, 15000)
			.saturating_add(T::DbWeight::get().reads(70_u64))
			.saturating_add(T::DbWeight::get().writes(12_u64))
			.saturating_add(Weight::from_parts(12000000, 5200).saturating_mul(f.into()))
			.saturating_add(T::DbWeight::get().reads((2_u64).saturating_mul(f.into())))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(f.into())))
			.saturating_add(Weight::from_parts(12000000, 5200).saturating_mul(p.into()))
			.saturating_add(T::DbWeight::get().reads((2_u64).saturating_mul(p.into())))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(p.into())))
	}
	/// Storage: sums of an epoch, totals of their regions.
	/// The range of component `n` is `[1, 64]`.
	fn prune(n: u32, ) -> Weight {
		Weight::from_parts(116000000, 6600)
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
			.saturating_add(Weight::from_parts(4000000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(n.into())))
	}
	/// Storage: as a slash of a line that is not weighed anew, and points and work of six epochs.
	fn fined() -> Weight {
		Weight::from_parts(240000000, 38000)
			.saturating_add(T::DbWeight::get().reads(80_u64))
			.saturating_add(T::DbWeight::get().writes(24_u64))
	}
}

impl WeightInfo for () {
	fn claim(f: u32, p: u32, ) -> Weight {
		Weight::from_parts(164000000, 15000)
			.saturating_add(ParityDbWeight::get().reads_writes(70_u64, 12_u64))
			.saturating_add(Weight::from_parts(12000000, 5200).saturating_mul(f.into()))
			.saturating_add(ParityDbWeight::get().reads_writes((2_u64).saturating_mul(f.into()), (1_u64).saturating_mul(f.into())))
			.saturating_add(Weight::from_parts(12000000, 5200).saturating_mul(p.into()))
			.saturating_add(ParityDbWeight::get().reads_writes((2_u64).saturating_mul(p.into()), (1_u64).saturating_mul(p.into())))
	}
	fn note_author() -> Weight {
		Weight::from_parts(114000000, 5400)
			.saturating_add(ParityDbWeight::get().reads_writes(4_u64, 3_u64))
	}
	fn verdict(s: u32, e: u32, ) -> Weight {
		Weight::from_parts(430000000, 60000)
			.saturating_add(ParityDbWeight::get().reads_writes(50_u64, 38_u64))
			.saturating_add(Weight::from_parts(6000000, 2600).saturating_mul(s.into()))
			.saturating_add(ParityDbWeight::get().reads_writes((2_u64).saturating_mul(s.into()), 0))
			.saturating_add(Weight::from_parts(8000000, 5200).saturating_mul(e.into()))
			.saturating_add(ParityDbWeight::get().reads_writes((2_u64).saturating_mul(e.into()), (3_u64).saturating_mul(e.into())))
	}
	fn attested() -> Weight {
		Weight::from_parts(116000000, 6000)
			.saturating_add(ParityDbWeight::get().reads_writes(5_u64, 3_u64))
	}
	fn unproven() -> Weight {
		Weight::from_parts(116000000, 6000)
			.saturating_add(ParityDbWeight::get().reads_writes(5_u64, 3_u64))
	}
	fn provider_left() -> Weight {
		Weight::from_parts(740000000, 240000)
			.saturating_add(ParityDbWeight::get().reads_writes(146_u64, 106_u64))
	}
	fn slash_applied() -> Weight {
		Weight::from_parts(900000000, 340000)
			.saturating_add(ParityDbWeight::get().reads_writes(186_u64, 166_u64))
	}
	fn earned() -> Weight {
		Weight::from_parts(148000000, 12600)
			.saturating_add(ParityDbWeight::get().reads_writes(16_u64, 8_u64))
	}
	fn share() -> Weight {
		Weight::from_parts(114000000, 4800)
			.saturating_add(ParityDbWeight::get().reads_writes(3_u64, 4_u64))
	}
	fn begin(n: u32, ) -> Weight {
		Weight::from_parts(104000000, 4200)
			.saturating_add(ParityDbWeight::get().reads_writes(2_u64, 0_u64))
			.saturating_add(Weight::from_parts(16000000, 10400).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads_writes((11_u64).saturating_mul(n.into()), (0_u64).saturating_mul(n.into())))
	}
	fn finish() -> Weight {
		Weight::from_parts(106000000, 3600)
			.saturating_add(ParityDbWeight::get().reads_writes(1_u64, 2_u64))
	}
	fn survey() -> Weight {
		Weight::from_parts(180000000, 27000)
			.saturating_add(ParityDbWeight::get().reads_writes(40_u64, 0_u64))
	}
	fn appraise() -> Weight {
		Weight::from_parts(182000000, 27000)
			.saturating_add(ParityDbWeight::get().reads_writes(40_u64, 1_u64))
	}
	fn pay() -> Weight {
		Weight::from_parts(268000000, 29400)
			.saturating_add(ParityDbWeight::get().reads_writes(66_u64, 58_u64))
	}
	fn settle_next(f: u32, p: u32, ) -> Weight {
		Weight::from_parts(164000000, 15000)
			.saturating_add(ParityDbWeight::get().reads_writes(70_u64, 12_u64))
			.saturating_add(Weight::from_parts(12000000, 5200).saturating_mul(f.into()))
			.saturating_add(ParityDbWeight::get().reads_writes((2_u64).saturating_mul(f.into()), (1_u64).saturating_mul(f.into())))
			.saturating_add(Weight::from_parts(12000000, 5200).saturating_mul(p.into()))
			.saturating_add(ParityDbWeight::get().reads_writes((2_u64).saturating_mul(p.into()), (1_u64).saturating_mul(p.into())))
	}
	fn prune(n: u32, ) -> Weight {
		Weight::from_parts(116000000, 6600)
			.saturating_add(ParityDbWeight::get().reads_writes(6_u64, 3_u64))
			.saturating_add(Weight::from_parts(4000000, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads_writes((1_u64).saturating_mul(n.into()), (1_u64).saturating_mul(n.into())))
	}
	fn fined() -> Weight {
		Weight::from_parts(240000000, 38000)
			.saturating_add(ParityDbWeight::get().reads_writes(80_u64, 24_u64))
	}
}
