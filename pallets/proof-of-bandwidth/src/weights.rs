//! Weights of this pallet, in the layout `frame-omni-bencher` writes. Cautious upper values until the first run.

#![allow(unused_parens)]
#![allow(unused_imports)]
#![allow(missing_docs)]

use core::marker::PhantomData;
use polkadot_sdk::*;

use frame_support::{
	traits::Get,
	weights::{constants::RocksDbWeight, Weight},
};

/// Weight functions needed for `pallet_proof_of_bandwidth`.
pub trait WeightInfo {
	fn take_seat() -> Weight;
	fn leave_seat() -> Weight;
	fn set_seat_key() -> Weight;
	fn commit() -> Weight;
	fn authorize_commit() -> Weight;
	fn reveal(n: u32) -> Weight;
	fn authorize_reveal(n: u32) -> Weight;
	fn on_initialize() -> Weight;
	fn estimate_open() -> Weight;
	fn estimate_skip() -> Weight;
	fn estimate_test(k: u32) -> Weight;
	fn score_seat() -> Weight;
	fn conclude_epoch() -> Weight;
	fn look_at_queues() -> Weight;
	fn work_queue() -> Weight;
	fn sweep(n: u32) -> Weight;
	fn sweep_reports(n: u32) -> Weight;
	fn bond_changed() -> Weight;
	fn slash_cancelled() -> Weight;
}

/// Weights for `pallet_proof_of_bandwidth` using the node's recommended database.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn take_seat() -> Weight {
		// Minimum execution time: 120_000_000 picoseconds.
		Weight::from_parts(120_000_000, 109200)
			.saturating_add(T::DbWeight::get().reads(24_u64))
			.saturating_add(T::DbWeight::get().writes(18_u64))
	}

	fn leave_seat() -> Weight {
		// Minimum execution time: 120_000_000 picoseconds.
		Weight::from_parts(120_000_000, 109200)
			.saturating_add(T::DbWeight::get().reads(22_u64))
			.saturating_add(T::DbWeight::get().writes(20_u64))
	}

	fn set_seat_key() -> Weight {
		// Minimum execution time: 30_000_000 picoseconds.
		Weight::from_parts(30_000_000, 15600)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}

	fn commit() -> Weight {
		// Minimum execution time: 40_000_000 picoseconds.
		Weight::from_parts(40_000_000, 33800)
			.saturating_add(T::DbWeight::get().reads(12_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}

	fn authorize_commit() -> Weight {
		// Minimum execution time: 110_000_000 picoseconds.
		Weight::from_parts(110_000_000, 31200).saturating_add(T::DbWeight::get().reads(12_u64))
	}

	fn reveal(n: u32) -> Weight {
		// Minimum execution time: 200_000_000 picoseconds.
		Weight::from_parts(200_000_000, 44200)
			.saturating_add(Weight::from_parts(40_000_000, 15600).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(16_u64))
			.saturating_add(T::DbWeight::get().reads((5_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(1_u64))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(n.into())))
	}

	fn authorize_reveal(n: u32) -> Weight {
		// Minimum execution time: 60_000_000 picoseconds.
		Weight::from_parts(60_000_000, 20800)
			.saturating_add(Weight::from_parts(2_000_000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(8_u64))
	}

	fn on_initialize() -> Weight {
		// Minimum execution time: 90_000_000 picoseconds.
		Weight::from_parts(90_000_000, 52000)
			.saturating_add(T::DbWeight::get().reads(14_u64))
			.saturating_add(T::DbWeight::get().writes(6_u64))
	}

	fn estimate_open() -> Weight {
		// Minimum execution time: 20_000_000 picoseconds.
		Weight::from_parts(20_000_000, 23400)
			.saturating_add(T::DbWeight::get().reads(8_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}

	fn estimate_skip() -> Weight {
		// Minimum execution time: 25_000_000 picoseconds.
		Weight::from_parts(25_000_000, 13000).saturating_add(T::DbWeight::get().reads(5_u64))
	}

	fn estimate_test(k: u32) -> Weight {
		// Minimum execution time: 300_000_000 picoseconds.
		Weight::from_parts(300_000_000, 124800)
			.saturating_add(Weight::from_parts(8_000_000, 13000).saturating_mul(k.into()))
			.saturating_add(T::DbWeight::get().reads(24_u64))
			.saturating_add(T::DbWeight::get().reads((4_u64).saturating_mul(k.into())))
			.saturating_add(T::DbWeight::get().writes(24_u64))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(k.into())))
	}

	fn score_seat() -> Weight {
		// Minimum execution time: 90_000_000 picoseconds.
		Weight::from_parts(90_000_000, 78000)
			.saturating_add(T::DbWeight::get().reads(16_u64))
			.saturating_add(T::DbWeight::get().writes(14_u64))
	}

	fn conclude_epoch() -> Weight {
		// Minimum execution time: 10_000_000 picoseconds.
		Weight::from_parts(10_000_000, 1500).saturating_add(T::DbWeight::get().reads(1_u64))
	}

	fn look_at_queues() -> Weight {
		// Minimum execution time: 15_000_000 picoseconds.
		Weight::from_parts(15_000_000, 15600).saturating_add(T::DbWeight::get().reads(7_u64))
	}

	fn work_queue() -> Weight {
		// Minimum execution time: 40_000_000 picoseconds.
		Weight::from_parts(40_000_000, 36400)
			.saturating_add(T::DbWeight::get().reads(8_u64))
			.saturating_add(T::DbWeight::get().writes(6_u64))
	}

	fn sweep(n: u32) -> Weight {
		// Minimum execution time: 40_000_000 picoseconds.
		Weight::from_parts(40_000_000, 20800)
			.saturating_add(Weight::from_parts(60_000_000, 78000).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().reads((18_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(2_u64))
			.saturating_add(T::DbWeight::get().writes((12_u64).saturating_mul(n.into())))
	}

	fn sweep_reports(n: u32) -> Weight {
		// Minimum execution time: 40_000_000 picoseconds.
		Weight::from_parts(40_000_000, 20800)
			.saturating_add(Weight::from_parts(5_000_000, 5200).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(7_u64))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(1_u64))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(n.into())))
	}

	fn bond_changed() -> Weight {
		// Minimum execution time: 120_000_000 picoseconds.
		Weight::from_parts(120_000_000, 109200)
			.saturating_add(T::DbWeight::get().reads(26_u64))
			.saturating_add(T::DbWeight::get().writes(20_u64))
	}

	fn slash_cancelled() -> Weight {
		// Minimum execution time: 15_000_000 picoseconds.
		Weight::from_parts(15_000_000, 5200)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
}

// For tests.
impl WeightInfo for () {
	fn take_seat() -> Weight {
		// Minimum execution time: 120_000_000 picoseconds.
		Weight::from_parts(120_000_000, 109200)
			.saturating_add(RocksDbWeight::get().reads(24_u64))
			.saturating_add(RocksDbWeight::get().writes(18_u64))
	}

	fn leave_seat() -> Weight {
		// Minimum execution time: 120_000_000 picoseconds.
		Weight::from_parts(120_000_000, 109200)
			.saturating_add(RocksDbWeight::get().reads(22_u64))
			.saturating_add(RocksDbWeight::get().writes(20_u64))
	}

	fn set_seat_key() -> Weight {
		// Minimum execution time: 30_000_000 picoseconds.
		Weight::from_parts(30_000_000, 15600)
			.saturating_add(RocksDbWeight::get().reads(2_u64))
			.saturating_add(RocksDbWeight::get().writes(4_u64))
	}

	fn commit() -> Weight {
		// Minimum execution time: 40_000_000 picoseconds.
		Weight::from_parts(40_000_000, 33800)
			.saturating_add(RocksDbWeight::get().reads(12_u64))
			.saturating_add(RocksDbWeight::get().writes(1_u64))
	}

	fn authorize_commit() -> Weight {
		// Minimum execution time: 110_000_000 picoseconds.
		Weight::from_parts(110_000_000, 31200).saturating_add(RocksDbWeight::get().reads(12_u64))
	}

	fn reveal(n: u32) -> Weight {
		// Minimum execution time: 200_000_000 picoseconds.
		Weight::from_parts(200_000_000, 44200)
			.saturating_add(Weight::from_parts(40_000_000, 15600).saturating_mul(n.into()))
			.saturating_add(RocksDbWeight::get().reads(16_u64))
			.saturating_add(RocksDbWeight::get().reads((5_u64).saturating_mul(n.into())))
			.saturating_add(RocksDbWeight::get().writes(1_u64))
			.saturating_add(RocksDbWeight::get().writes((1_u64).saturating_mul(n.into())))
	}

	fn authorize_reveal(n: u32) -> Weight {
		// Minimum execution time: 60_000_000 picoseconds.
		Weight::from_parts(60_000_000, 20800)
			.saturating_add(Weight::from_parts(2_000_000, 0).saturating_mul(n.into()))
			.saturating_add(RocksDbWeight::get().reads(8_u64))
	}

	fn on_initialize() -> Weight {
		// Minimum execution time: 90_000_000 picoseconds.
		Weight::from_parts(90_000_000, 52000)
			.saturating_add(RocksDbWeight::get().reads(14_u64))
			.saturating_add(RocksDbWeight::get().writes(6_u64))
	}

	fn estimate_open() -> Weight {
		// Minimum execution time: 20_000_000 picoseconds.
		Weight::from_parts(20_000_000, 23400)
			.saturating_add(RocksDbWeight::get().reads(8_u64))
			.saturating_add(RocksDbWeight::get().writes(1_u64))
	}

	fn estimate_skip() -> Weight {
		// Minimum execution time: 25_000_000 picoseconds.
		Weight::from_parts(25_000_000, 13000).saturating_add(RocksDbWeight::get().reads(5_u64))
	}

	fn estimate_test(k: u32) -> Weight {
		// Minimum execution time: 300_000_000 picoseconds.
		Weight::from_parts(300_000_000, 124800)
			.saturating_add(Weight::from_parts(8_000_000, 13000).saturating_mul(k.into()))
			.saturating_add(RocksDbWeight::get().reads(24_u64))
			.saturating_add(RocksDbWeight::get().reads((4_u64).saturating_mul(k.into())))
			.saturating_add(RocksDbWeight::get().writes(24_u64))
			.saturating_add(RocksDbWeight::get().writes((1_u64).saturating_mul(k.into())))
	}

	fn score_seat() -> Weight {
		// Minimum execution time: 90_000_000 picoseconds.
		Weight::from_parts(90_000_000, 78000)
			.saturating_add(RocksDbWeight::get().reads(16_u64))
			.saturating_add(RocksDbWeight::get().writes(14_u64))
	}

	fn conclude_epoch() -> Weight {
		// Minimum execution time: 10_000_000 picoseconds.
		Weight::from_parts(10_000_000, 1500).saturating_add(RocksDbWeight::get().reads(1_u64))
	}

	fn look_at_queues() -> Weight {
		// Minimum execution time: 15_000_000 picoseconds.
		Weight::from_parts(15_000_000, 15600).saturating_add(RocksDbWeight::get().reads(7_u64))
	}

	fn work_queue() -> Weight {
		// Minimum execution time: 40_000_000 picoseconds.
		Weight::from_parts(40_000_000, 36400)
			.saturating_add(RocksDbWeight::get().reads(8_u64))
			.saturating_add(RocksDbWeight::get().writes(6_u64))
	}

	fn sweep(n: u32) -> Weight {
		// Minimum execution time: 40_000_000 picoseconds.
		Weight::from_parts(40_000_000, 20800)
			.saturating_add(Weight::from_parts(60_000_000, 78000).saturating_mul(n.into()))
			.saturating_add(RocksDbWeight::get().reads(6_u64))
			.saturating_add(RocksDbWeight::get().reads((18_u64).saturating_mul(n.into())))
			.saturating_add(RocksDbWeight::get().writes(2_u64))
			.saturating_add(RocksDbWeight::get().writes((12_u64).saturating_mul(n.into())))
	}

	fn sweep_reports(n: u32) -> Weight {
		// Minimum execution time: 40_000_000 picoseconds.
		Weight::from_parts(40_000_000, 20800)
			.saturating_add(Weight::from_parts(5_000_000, 5200).saturating_mul(n.into()))
			.saturating_add(RocksDbWeight::get().reads(7_u64))
			.saturating_add(RocksDbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(RocksDbWeight::get().writes(1_u64))
			.saturating_add(RocksDbWeight::get().writes((1_u64).saturating_mul(n.into())))
	}

	fn bond_changed() -> Weight {
		// Minimum execution time: 120_000_000 picoseconds.
		Weight::from_parts(120_000_000, 109200)
			.saturating_add(RocksDbWeight::get().reads(26_u64))
			.saturating_add(RocksDbWeight::get().writes(20_u64))
	}

	fn slash_cancelled() -> Weight {
		// Minimum execution time: 15_000_000 picoseconds.
		Weight::from_parts(15_000_000, 5200)
			.saturating_add(RocksDbWeight::get().reads(2_u64))
			.saturating_add(RocksDbWeight::get().writes(1_u64))
	}
}
