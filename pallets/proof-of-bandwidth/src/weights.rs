//! Weights of `pallet_proof_of_bandwidth`, measured by `scripts/weights.sh` on 2026-11-21.
//!
//! Steps 20, repeats 10, host `vm`, processor `AMD EPYC`.

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(unused_parens)]
#![allow(unused_imports)]
#![allow(missing_docs)]
#![allow(clippy::arithmetic_side_effects)]

use core::marker::PhantomData;
use polkadot_sdk::*;
use frame_support::{traits::Get, weights::{constants::ParityDbWeight, Weight}};

/// Weight functions needed for `pallet_proof_of_bandwidth`.
pub trait WeightInfo {
	fn take_seat() -> Weight;
	fn leave_seat() -> Weight;
	fn set_seat_key() -> Weight;
	fn commit() -> Weight;
	fn authorize_commit() -> Weight;
	fn reveal(n: u32, ) -> Weight;
	fn authorize_reveal(n: u32, ) -> Weight;
	fn on_initialize() -> Weight;
	fn estimate_open() -> Weight;
	fn estimate_skip() -> Weight;
	fn estimate_test(k: u32, ) -> Weight;
	fn estimate_routine(r: u32, s: u32, w: u32, ) -> Weight;
	fn score_seat() -> Weight;
	fn score_seat_dismissing() -> Weight;
	fn conclude_epoch() -> Weight;
	fn look_at_queues() -> Weight;
	fn work_queue() -> Weight;
	fn sweep(n: u32, ) -> Weight;
	fn sweep_reports(n: u32, ) -> Weight;
	fn bond_changed() -> Weight;
	fn slash_cancelled() -> Weight;
	fn answer_audit(r: u32, ) -> Weight;
	fn authorize_answer_audit(r: u32, ) -> Weight;
	fn dispute(k: u32, ) -> Weight;
	fn authorize_dispute(k: u32, ) -> Weight;
	fn appeal() -> Weight;
	fn request_test() -> Weight;
	fn audit_seat() -> Weight;
	fn audit_seat_dismissing() -> Weight;
	fn report_down() -> Weight;
	fn authorize_report_down() -> Weight;
	fn report_up() -> Weight;
	fn authorize_report_up() -> Weight;
	fn confirm() -> Weight;
	fn confirm_dismissing() -> Weight;
	fn authorize_confirm() -> Weight;
	fn lapse_alarm() -> Weight;
	fn note_members(k: u32, w: u32, ) -> Weight;
	fn operator_changed() -> Weight;
}

/// Measured weights with the runtime's price of storage.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `ProofOfBandwidth::Seats` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::Seats` (`max_values`: None, `max_size`: Some(112), added: 2587, mode: `MaxEncodedLen`)
	/// Storage: `NodeStaking::Ledgers` (r:1 w:0)
	/// Proof: `NodeStaking::Ledgers` (`max_values`: None, `max_size`: Some(730), added: 3205, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatOfPrefix` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::SeatOfPrefix` (`max_values`: None, `max_size`: Some(55), added: 2530, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatOfKey` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::SeatOfKey` (`max_values`: None, `max_size`: Some(80), added: 2555, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatsInWidePrefix` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::SeatsInWidePrefix` (`max_values`: None, `max_size`: Some(25), added: 2500, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatCount` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::SeatCount` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `ProofOfBandwidth::NetworkTiming` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::NetworkTiming` (`max_values`: Some(1), `max_size`: Some(62), added: 557, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatListPlaces` (r:4 w:4)
	/// Proof: `ProofOfBandwidth::SeatListPlaces` (`max_values`: None, `max_size`: Some(96), added: 2571, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatListState` (r:4 w:4)
	/// Proof: `ProofOfBandwidth::SeatListState` (`max_values`: None, `max_size`: Some(146), added: 2621, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatListSlots` (r:4 w:4)
	/// Proof: `ProofOfBandwidth::SeatListSlots` (`max_values`: None, `max_size`: Some(90), added: 2565, mode: `MaxEncodedLen`)
	fn take_seat() -> Weight {
		Weight::from_parts(229_397_000, 11474)
			.saturating_add(T::DbWeight::get().reads(22_u64))
			.saturating_add(T::DbWeight::get().writes(18_u64))
	}
	/// Storage: `ProofOfBandwidth::Seats` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::Seats` (`max_values`: None, `max_size`: Some(112), added: 2587, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `ProofOfBandwidth::NetworkTiming` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::NetworkTiming` (`max_values`: Some(1), `max_size`: Some(62), added: 557, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatListPlaces` (r:8 w:8)
	/// Proof: `ProofOfBandwidth::SeatListPlaces` (`max_values`: None, `max_size`: Some(96), added: 2571, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatListState` (r:4 w:4)
	/// Proof: `ProofOfBandwidth::SeatListState` (`max_values`: None, `max_size`: Some(146), added: 2621, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatListSlots` (r:8 w:4)
	/// Proof: `ProofOfBandwidth::SeatListSlots` (`max_values`: None, `max_size`: Some(90), added: 2565, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Leavers` (r:0 w:1)
	/// Proof: `ProofOfBandwidth::Leavers` (`max_values`: None, `max_size`: Some(61), added: 2536, mode: `MaxEncodedLen`)
	fn leave_seat() -> Weight {
		Weight::from_parts(228_536_000, 21558)
			.saturating_add(T::DbWeight::get().reads(23_u64))
			.saturating_add(T::DbWeight::get().writes(18_u64))
	}
	/// Storage: `ProofOfBandwidth::Seats` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::Seats` (`max_values`: None, `max_size`: Some(112), added: 2587, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatOfKey` (r:1 w:2)
	/// Proof: `ProofOfBandwidth::SeatOfKey` (`max_values`: None, `max_size`: Some(80), added: 2555, mode: `MaxEncodedLen`)
	fn set_seat_key() -> Weight {
		Weight::from_parts(41_628_000, 3577)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `ProofOfBandwidth::NetworkTiming` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::NetworkTiming` (`max_values`: Some(1), `max_size`: Some(62), added: 557, mode: `MaxEncodedLen`)
	/// Storage: `Babe::CurrentSlot` (r:1 w:0)
	/// Proof: `Babe::CurrentSlot` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `Babe::EpochIndex` (r:1 w:0)
	/// Proof: `Babe::EpochIndex` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `Babe::GenesisSlot` (r:1 w:0)
	/// Proof: `Babe::GenesisSlot` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Seats` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::Seats` (`max_values`: None, `max_size`: Some(112), added: 2587, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatListPlaces` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::SeatListPlaces` (`max_values`: None, `max_size`: Some(96), added: 2571, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Reports` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::Reports` (`max_values`: None, `max_size`: Some(105), added: 2580, mode: `MaxEncodedLen`)
	fn commit() -> Weight {
		Weight::from_parts(98_614_000, 3769)
			.saturating_add(T::DbWeight::get().reads(8_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `ProofOfBandwidth::NetworkTiming` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::NetworkTiming` (`max_values`: Some(1), `max_size`: Some(62), added: 557, mode: `MaxEncodedLen`)
	/// Storage: `Babe::CurrentSlot` (r:1 w:0)
	/// Proof: `Babe::CurrentSlot` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `Babe::EpochIndex` (r:1 w:0)
	/// Proof: `Babe::EpochIndex` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `Babe::GenesisSlot` (r:1 w:0)
	/// Proof: `Babe::GenesisSlot` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Seats` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::Seats` (`max_values`: None, `max_size`: Some(112), added: 2587, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatListPlaces` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::SeatListPlaces` (`max_values`: None, `max_size`: Some(96), added: 2571, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Reports` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::Reports` (`max_values`: None, `max_size`: Some(105), added: 2580, mode: `MaxEncodedLen`)
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	fn authorize_commit() -> Weight {
		Weight::from_parts(137_486_000, 3823)
			.saturating_add(T::DbWeight::get().reads(9_u64))
	}
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `ProofOfBandwidth::NetworkTiming` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::NetworkTiming` (`max_values`: Some(1), `max_size`: Some(62), added: 557, mode: `MaxEncodedLen`)
	/// Storage: `Babe::CurrentSlot` (r:1 w:0)
	/// Proof: `Babe::CurrentSlot` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `Babe::EpochIndex` (r:1 w:0)
	/// Proof: `Babe::EpochIndex` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `Babe::GenesisSlot` (r:1 w:0)
	/// Proof: `Babe::GenesisSlot` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Reports` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::Reports` (`max_values`: None, `max_size`: Some(105), added: 2580, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Epochs` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::Epochs` (`max_values`: None, `max_size`: Some(76), added: 2551, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Groups` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::Groups` (`max_values`: None, `max_size`: Some(805), added: 3280, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Seats` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::Seats` (`max_values`: None, `max_size`: Some(112), added: 2587, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatListPlaces` (r:4 w:0)
	/// Proof: `ProofOfBandwidth::SeatListPlaces` (`max_values`: None, `max_size`: Some(96), added: 2571, mode: `MaxEncodedLen`)
	/// Storage: `Providers::IndexOf` (r:1 w:0)
	/// Proof: `Providers::IndexOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Targets` (r:257 w:0)
	/// Proof: `ProofOfBandwidth::Targets` (`max_values`: None, `max_size`: Some(185), added: 2660, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::ProviderListPlaces` (r:257 w:0)
	/// Proof: `ProofOfBandwidth::ProviderListPlaces` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Filings` (r:240 w:240)
	/// Proof: `ProofOfBandwidth::Filings` (`max_values`: None, `max_size`: Some(1453), added: 3928, mode: `MaxEncodedLen`)
	fn reveal(n: u32, ) -> Weight {
		Weight::from_parts(161_521_000, 44198)
			.saturating_add(Weight::from_parts(20_125_991, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(17_u64))
			.saturating_add(T::DbWeight::get().reads((4_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(1_u64))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 3576).saturating_mul(n.into()))
	}
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `ProofOfBandwidth::NetworkTiming` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::NetworkTiming` (`max_values`: Some(1), `max_size`: Some(62), added: 557, mode: `MaxEncodedLen`)
	/// Storage: `Babe::CurrentSlot` (r:1 w:0)
	/// Proof: `Babe::CurrentSlot` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `Babe::EpochIndex` (r:1 w:0)
	/// Proof: `Babe::EpochIndex` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `Babe::GenesisSlot` (r:1 w:0)
	/// Proof: `Babe::GenesisSlot` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Reports` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::Reports` (`max_values`: None, `max_size`: Some(105), added: 2580, mode: `MaxEncodedLen`)
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	fn authorize_reveal(n: u32, ) -> Weight {
		Weight::from_parts(87_044_856, 3570)
			.saturating_add(Weight::from_parts(92_326, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(7_u64))
	}
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `ProofOfBandwidth::CurrentProgress` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::CurrentProgress` (`max_values`: Some(1), `max_size`: Some(5), added: 500, mode: `MaxEncodedLen`)
	/// Storage: `Babe::Randomness` (r:1 w:0)
	/// Proof: `Babe::Randomness` (`max_values`: Some(1), `max_size`: Some(32), added: 527, mode: `MaxEncodedLen`)
	/// Storage: `Babe::EpochIndex` (r:1 w:0)
	/// Proof: `Babe::EpochIndex` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `Babe::GenesisSlot` (r:1 w:0)
	/// Proof: `Babe::GenesisSlot` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::NetworkTiming` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::NetworkTiming` (`max_values`: Some(1), `max_size`: Some(62), added: 557, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatListState` (r:4 w:0)
	/// Proof: `ProofOfBandwidth::SeatListState` (`max_values`: None, `max_size`: Some(146), added: 2621, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::ProviderListState` (r:2 w:0)
	/// Proof: `ProofOfBandwidth::ProviderListState` (`max_values`: None, `max_size`: Some(146), added: 2621, mode: `MaxEncodedLen`)
	/// Storage: `Babe::CurrentSlot` (r:1 w:0)
	/// Proof: `Babe::CurrentSlot` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Groups` (r:1 w:2)
	/// Proof: `ProofOfBandwidth::Groups` (`max_values`: None, `max_size`: Some(805), added: 3280, mode: `MaxEncodedLen`)
	/// Storage: `Babe::AuthorVrfRandomness` (r:1 w:0)
	/// Proof: `Babe::AuthorVrfRandomness` (`max_values`: Some(1), `max_size`: Some(33), added: 528, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Epochs` (r:0 w:2)
	/// Proof: `ProofOfBandwidth::Epochs` (`max_values`: None, `max_size`: Some(76), added: 2551, mode: `MaxEncodedLen`)
	fn on_initialize() -> Weight {
		Weight::from_parts(88_364_000, 11474)
			.saturating_add(T::DbWeight::get().reads(15_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `ProofOfBandwidth::EstimateCursor` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::EstimateCursor` (`max_values`: Some(1), `max_size`: Some(22), added: 517, mode: `MaxEncodedLen`)
	/// Storage: `Babe::CurrentSlot` (r:1 w:0)
	/// Proof: `Babe::CurrentSlot` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `Babe::EpochIndex` (r:1 w:0)
	/// Proof: `Babe::EpochIndex` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `Babe::GenesisSlot` (r:1 w:0)
	/// Proof: `Babe::GenesisSlot` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::NetworkTiming` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::NetworkTiming` (`max_values`: Some(1), `max_size`: Some(62), added: 557, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Epochs` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::Epochs` (`max_values`: None, `max_size`: Some(76), added: 2551, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Groups` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::Groups` (`max_values`: None, `max_size`: Some(805), added: 3280, mode: `MaxEncodedLen`)
	fn estimate_open() -> Weight {
		Weight::from_parts(56_005_000, 4270)
			.saturating_add(T::DbWeight::get().reads(8_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `ProofOfBandwidth::ProviderListSlots` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::ProviderListSlots` (`max_values`: None, `max_size`: Some(34), added: 2509, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Targets` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::Targets` (`max_values`: None, `max_size`: Some(185), added: 2660, mode: `MaxEncodedLen`)
	fn estimate_skip() -> Weight {
		Weight::from_parts(22_171_000, 3650)
			.saturating_add(T::DbWeight::get().reads(2_u64))
	}
	/// Storage: `ProofOfBandwidth::ProviderListSlots` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::ProviderListSlots` (`max_values`: None, `max_size`: Some(34), added: 2509, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Targets` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::Targets` (`max_values`: None, `max_size`: Some(185), added: 2660, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::ProviderListPlaces` (r:2 w:1)
	/// Proof: `ProofOfBandwidth::ProviderListPlaces` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Filings` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::Filings` (`max_values`: None, `max_size`: Some(1453), added: 3928, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Providers::Providers` (r:1 w:1)
	/// Proof: `Providers::Providers` (`max_values`: None, `max_size`: Some(426), added: 2901, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatListSlots` (r:59 w:4)
	/// Proof: `ProofOfBandwidth::SeatListSlots` (`max_values`: None, `max_size`: Some(90), added: 2565, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Seats` (r:52 w:1)
	/// Proof: `ProofOfBandwidth::Seats` (`max_values`: None, `max_size`: Some(112), added: 2587, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Reports` (r:51 w:0)
	/// Proof: `ProofOfBandwidth::Reports` (`max_values`: None, `max_size`: Some(105), added: 2580, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Missed` (r:51 w:51)
	/// Proof: `ProofOfBandwidth::Missed` (`max_values`: None, `max_size`: Some(62), added: 2537, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Verdicts` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::Verdicts` (`max_values`: None, `max_size`: Some(301), added: 2776, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::NetworkTiming` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::NetworkTiming` (`max_values`: Some(1), `max_size`: Some(62), added: 557, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Conducts` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::Conducts` (`max_values`: None, `max_size`: Some(140), added: 2615, mode: `MaxEncodedLen`)
	/// Storage: `NodeStaking::Ledgers` (r:2 w:1)
	/// Proof: `NodeStaking::Ledgers` (`max_values`: None, `max_size`: Some(730), added: 3205, mode: `MaxEncodedLen`)
	/// Storage: `NodeStaking::NextSlash` (r:1 w:1)
	/// Proof: `NodeStaking::NextSlash` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::ProviderListState` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::ProviderListState` (`max_values`: None, `max_size`: Some(146), added: 2621, mode: `MaxEncodedLen`)
	/// Storage: `Providers::IndexOf` (r:1 w:0)
	/// Proof: `Providers::IndexOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatListPlaces` (r:8 w:8)
	/// Proof: `ProofOfBandwidth::SeatListPlaces` (`max_values`: None, `max_size`: Some(96), added: 2571, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatListState` (r:4 w:4)
	/// Proof: `ProofOfBandwidth::SeatListState` (`max_values`: None, `max_size`: Some(146), added: 2621, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Leavers` (r:0 w:2)
	/// Proof: `ProofOfBandwidth::Leavers` (`max_values`: None, `max_size`: Some(61), added: 2536, mode: `MaxEncodedLen`)
	/// Storage: `NodeStaking::SlashesOf` (r:0 w:1)
	/// Proof: `NodeStaking::SlashesOf` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	/// Storage: `NodeStaking::Slashes` (r:0 w:1)
	/// Proof: `NodeStaking::Slashes` (`max_values`: None, `max_size`: Some(78), added: 2553, mode: `MaxEncodedLen`)
	fn estimate_test(k: u32, ) -> Weight {
		Weight::from_parts(310_039_235, 21558)
			.saturating_add(Weight::from_parts(27_624_078, 0).saturating_mul(k.into()))
			.saturating_add(T::DbWeight::get().reads(37_u64))
			.saturating_add(T::DbWeight::get().reads((5_u64).saturating_mul(k.into())))
			.saturating_add(T::DbWeight::get().writes(29_u64))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(k.into())))
			.saturating_add(Weight::from_parts(0, 2587).saturating_mul(k.into()))
	}
	fn estimate_routine(r: u32, s: u32, w: u32, ) -> Weight {
		Weight::from_parts(310_039_235, 21558)
			.saturating_add(Weight::from_parts(27_624_078, 0).saturating_mul(u64::from(r) + u64::from(s) + u64::from(w)))
			.saturating_add(T::DbWeight::get().reads(37_u64))
			.saturating_add(T::DbWeight::get().reads((5_u64).saturating_mul(u64::from(r) + u64::from(s) + u64::from(w))))
			.saturating_add(T::DbWeight::get().writes(29_u64))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(u64::from(r) + u64::from(s) + u64::from(w))))
			.saturating_add(Weight::from_parts(0, 2587).saturating_mul(u64::from(r) + u64::from(s) + u64::from(w)))
	}
	/// Storage: `ProofOfBandwidth::SeatListSlots` (r:8 w:4)
	/// Proof: `ProofOfBandwidth::SeatListSlots` (`max_values`: None, `max_size`: Some(90), added: 2565, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Reports` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::Reports` (`max_values`: None, `max_size`: Some(105), added: 2580, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Missed` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::Missed` (`max_values`: None, `max_size`: Some(62), added: 2537, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Seats` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::Seats` (`max_values`: None, `max_size`: Some(112), added: 2587, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `ProofOfBandwidth::NetworkTiming` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::NetworkTiming` (`max_values`: Some(1), `max_size`: Some(62), added: 557, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatListPlaces` (r:8 w:8)
	/// Proof: `ProofOfBandwidth::SeatListPlaces` (`max_values`: None, `max_size`: Some(96), added: 2571, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatListState` (r:4 w:4)
	/// Proof: `ProofOfBandwidth::SeatListState` (`max_values`: None, `max_size`: Some(146), added: 2621, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Leavers` (r:0 w:1)
	/// Proof: `ProofOfBandwidth::Leavers` (`max_values`: None, `max_size`: Some(61), added: 2536, mode: `MaxEncodedLen`)
	fn score_seat() -> Weight {
		Weight::from_parts(242_693_000, 21558)
			.saturating_add(T::DbWeight::get().reads(25_u64))
			.saturating_add(T::DbWeight::get().writes(19_u64))
	}
	fn score_seat_dismissing() -> Weight {
		Weight::from_parts(242_693_000, 21558)
			.saturating_add(T::DbWeight::get().reads(25_u64))
			.saturating_add(T::DbWeight::get().writes(19_u64))
	}
	fn conclude_epoch() -> Weight {
		Weight::from_parts(13_295_000, 0)
	}
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `ProofOfBandwidth::NetworkTiming` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::NetworkTiming` (`max_values`: Some(1), `max_size`: Some(62), added: 557, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatListState` (r:4 w:0)
	/// Proof: `ProofOfBandwidth::SeatListState` (`max_values`: None, `max_size`: Some(146), added: 2621, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::ProviderListState` (r:2 w:0)
	/// Proof: `ProofOfBandwidth::ProviderListState` (`max_values`: None, `max_size`: Some(146), added: 2621, mode: `MaxEncodedLen`)
	fn look_at_queues() -> Weight {
		Weight::from_parts(42_550_000, 11474)
			.saturating_add(T::DbWeight::get().reads(8_u64))
	}
	/// Storage: `ProofOfBandwidth::SeatListState` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::SeatListState` (`max_values`: None, `max_size`: Some(146), added: 2621, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatListQueue` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::SeatListQueue` (`max_values`: None, `max_size`: Some(53), added: 2528, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatListPlaces` (r:2 w:2)
	/// Proof: `ProofOfBandwidth::SeatListPlaces` (`max_values`: None, `max_size`: Some(96), added: 2571, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatListSlots` (r:2 w:1)
	/// Proof: `ProofOfBandwidth::SeatListSlots` (`max_values`: None, `max_size`: Some(90), added: 2565, mode: `MaxEncodedLen`)
	fn work_queue() -> Weight {
		Weight::from_parts(74_830_000, 6132)
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `ProofOfBandwidth::Swept` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::Swept` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::EstimateCursor` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::EstimateCursor` (`max_values`: Some(1), `max_size`: Some(22), added: 517, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Leavers` (r:32 w:32)
	/// Proof: `ProofOfBandwidth::Leavers` (`max_values`: None, `max_size`: Some(61), added: 2536, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Seats` (r:32 w:32)
	/// Proof: `ProofOfBandwidth::Seats` (`max_values`: None, `max_size`: Some(112), added: 2587, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatListPlaces` (r:128 w:128)
	/// Proof: `ProofOfBandwidth::SeatListPlaces` (`max_values`: None, `max_size`: Some(96), added: 2571, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatsInWidePrefix` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::SeatsInWidePrefix` (`max_values`: None, `max_size`: Some(25), added: 2500, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatCount` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::SeatCount` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatOfPrefix` (r:0 w:32)
	/// Proof: `ProofOfBandwidth::SeatOfPrefix` (`max_values`: None, `max_size`: Some(55), added: 2530, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatOfKey` (r:0 w:32)
	/// Proof: `ProofOfBandwidth::SeatOfKey` (`max_values`: None, `max_size`: Some(80), added: 2555, mode: `MaxEncodedLen`)
	fn sweep(n: u32, ) -> Weight {
		Weight::from_parts(134_851_848, 3746)
			.saturating_add(Weight::from_parts(63_445_929, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().reads((8_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(2_u64))
			.saturating_add(T::DbWeight::get().writes((9_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 10284).saturating_mul(n.into()))
	}
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `ProofOfBandwidth::Swept` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::Swept` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::EstimateCursor` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::EstimateCursor` (`max_values`: Some(1), `max_size`: Some(22), added: 517, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Filings` (r:32 w:32)
	/// Proof: `ProofOfBandwidth::Filings` (`max_values`: None, `max_size`: Some(1453), added: 3928, mode: `MaxEncodedLen`)
	fn sweep_reports(n: u32, ) -> Weight {
		Weight::from_parts(23_357_479, 2039)
			.saturating_add(Weight::from_parts(1_009_977, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 3928).saturating_mul(n.into()))
	}
	/// Storage: `ProofOfBandwidth::Seats` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::Seats` (`max_values`: None, `max_size`: Some(112), added: 2587, mode: `MaxEncodedLen`)
	/// Storage: `NodeStaking::Ledgers` (r:1 w:0)
	/// Proof: `NodeStaking::Ledgers` (`max_values`: None, `max_size`: Some(730), added: 3205, mode: `MaxEncodedLen`)
	/// Storage: `Providers::IndexOf` (r:1 w:0)
	/// Proof: `Providers::IndexOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `ProofOfBandwidth::NetworkTiming` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::NetworkTiming` (`max_values`: Some(1), `max_size`: Some(62), added: 557, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatListPlaces` (r:8 w:8)
	/// Proof: `ProofOfBandwidth::SeatListPlaces` (`max_values`: None, `max_size`: Some(96), added: 2571, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatListState` (r:4 w:4)
	/// Proof: `ProofOfBandwidth::SeatListState` (`max_values`: None, `max_size`: Some(146), added: 2621, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatListSlots` (r:8 w:4)
	/// Proof: `ProofOfBandwidth::SeatListSlots` (`max_values`: None, `max_size`: Some(90), added: 2565, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Leavers` (r:0 w:1)
	/// Proof: `ProofOfBandwidth::Leavers` (`max_values`: None, `max_size`: Some(61), added: 2536, mode: `MaxEncodedLen`)
	fn bond_changed() -> Weight {
		Weight::from_parts(198_260_000, 21558)
			.saturating_add(T::DbWeight::get().reads(25_u64))
			.saturating_add(T::DbWeight::get().writes(18_u64))
	}
	/// Storage: `ProofOfBandwidth::Conducts` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::Conducts` (`max_values`: None, `max_size`: Some(140), added: 2615, mode: `MaxEncodedLen`)
	fn slash_cancelled() -> Weight {
		Weight::from_parts(13_946_000, 3605)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	fn answer_audit(r: u32, ) -> Weight {
		Weight::from_parts(300000000, 0)
			.saturating_add(Weight::from_parts(10000000, 0).saturating_mul(r.into()))
			.saturating_add(T::DbWeight::get().reads(12_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}
	fn authorize_answer_audit(r: u32, ) -> Weight {
		Weight::from_parts(300000000, 0)
			.saturating_add(Weight::from_parts(500000000, 0).saturating_mul(r.into()))
			.saturating_add(T::DbWeight::get().reads(12_u64))
			.saturating_add(T::DbWeight::get().writes(0_u64))
	}
	fn dispute(k: u32, ) -> Weight {
		Weight::from_parts(900000000, 0)
			.saturating_add(Weight::from_parts(120000000, 0).saturating_mul(k.into()))
			.saturating_add(T::DbWeight::get().reads(120_u64))
			.saturating_add(T::DbWeight::get().writes(20_u64))
	}
	fn authorize_dispute(k: u32, ) -> Weight {
		Weight::from_parts(900000000, 0)
			.saturating_add(Weight::from_parts(560000000, 0).saturating_mul(k.into()))
			.saturating_add(T::DbWeight::get().reads(120_u64))
			.saturating_add(T::DbWeight::get().writes(0_u64))
	}
	fn appeal() -> Weight {
		Weight::from_parts(300000000, 0)
			.saturating_add(T::DbWeight::get().reads(20_u64))
			.saturating_add(T::DbWeight::get().writes(12_u64))
	}
	fn request_test() -> Weight {
		Weight::from_parts(200000000, 0)
			.saturating_add(T::DbWeight::get().reads(12_u64))
			.saturating_add(T::DbWeight::get().writes(6_u64))
	}
	fn audit_seat() -> Weight {
		Weight::from_parts(150000000, 0)
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().writes(10_u64))
	}
	fn audit_seat_dismissing() -> Weight {
		Weight::from_parts(150000000, 0)
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().writes(10_u64))
	}
	fn report_down() -> Weight {
		Weight::from_parts(400_000_000, 0)
			.saturating_add(T::DbWeight::get().reads(70_u64))
			.saturating_add(T::DbWeight::get().writes(12_u64))
	}
	fn authorize_report_down() -> Weight {
		Weight::from_parts(600_000_000, 0)
			.saturating_add(T::DbWeight::get().reads(60_u64))
			.saturating_add(T::DbWeight::get().writes(0_u64))
	}
	fn report_up() -> Weight {
		Weight::from_parts(400_000_000, 0)
			.saturating_add(T::DbWeight::get().reads(60_u64))
			.saturating_add(T::DbWeight::get().writes(14_u64))
	}
	fn authorize_report_up() -> Weight {
		Weight::from_parts(600_000_000, 0)
			.saturating_add(T::DbWeight::get().reads(60_u64))
			.saturating_add(T::DbWeight::get().writes(0_u64))
	}
	fn confirm() -> Weight {
		Weight::from_parts(500_000_000, 0)
			.saturating_add(T::DbWeight::get().reads(70_u64))
			.saturating_add(T::DbWeight::get().writes(24_u64))
	}
	fn confirm_dismissing() -> Weight {
		Weight::from_parts(500_000_000, 0)
			.saturating_add(T::DbWeight::get().reads(70_u64))
			.saturating_add(T::DbWeight::get().writes(24_u64))
	}
	fn authorize_confirm() -> Weight {
		Weight::from_parts(600_000_000, 0)
			.saturating_add(T::DbWeight::get().reads(70_u64))
			.saturating_add(T::DbWeight::get().writes(0_u64))
	}
	fn lapse_alarm() -> Weight {
		Weight::from_parts(300_000_000, 0)
			.saturating_add(T::DbWeight::get().reads(14_u64))
			.saturating_add(T::DbWeight::get().writes(14_u64))
	}
	fn note_members(k: u32, w: u32, ) -> Weight {
		Weight::from_parts(50000000, 0)
			.saturating_add(Weight::from_parts(40000000, 0).saturating_mul(k.into()))
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().reads((6_u64).saturating_mul(k.into())))
			.saturating_add(T::DbWeight::get().writes(1_u64))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(w.into())))
	}
	fn operator_changed() -> Weight {
		Weight::from_parts(60000000, 0)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
}

impl WeightInfo for () {
	fn take_seat() -> Weight {
		Weight::from_parts(229_397_000, 11474)
			.saturating_add(ParityDbWeight::get().reads_writes(22_u64, 18_u64))
	}
	fn leave_seat() -> Weight {
		Weight::from_parts(228_536_000, 21558)
			.saturating_add(ParityDbWeight::get().reads_writes(23_u64, 18_u64))
	}
	fn set_seat_key() -> Weight {
		Weight::from_parts(41_628_000, 3577)
			.saturating_add(ParityDbWeight::get().reads_writes(2_u64, 3_u64))
	}
	fn commit() -> Weight {
		Weight::from_parts(98_614_000, 3769)
			.saturating_add(ParityDbWeight::get().reads_writes(8_u64, 1_u64))
	}
	fn authorize_commit() -> Weight {
		Weight::from_parts(137_486_000, 3823)
			.saturating_add(ParityDbWeight::get().reads_writes(9_u64, 0_u64))
	}
	fn reveal(n: u32, ) -> Weight {
		Weight::from_parts(161_521_000, 44198)
			.saturating_add(Weight::from_parts(20_125_991, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(17_u64, 1_u64))
			.saturating_add(ParityDbWeight::get().reads((4_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 3576).saturating_mul(n.into()))
	}
	fn authorize_reveal(n: u32, ) -> Weight {
		Weight::from_parts(87_044_856, 3570)
			.saturating_add(Weight::from_parts(92_326, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(7_u64, 0_u64))
	}
	fn on_initialize() -> Weight {
		Weight::from_parts(88_364_000, 11474)
			.saturating_add(ParityDbWeight::get().reads_writes(15_u64, 5_u64))
	}
	fn estimate_open() -> Weight {
		Weight::from_parts(56_005_000, 4270)
			.saturating_add(ParityDbWeight::get().reads_writes(8_u64, 1_u64))
	}
	fn estimate_skip() -> Weight {
		Weight::from_parts(22_171_000, 3650)
			.saturating_add(ParityDbWeight::get().reads_writes(2_u64, 0_u64))
	}
	fn estimate_test(k: u32, ) -> Weight {
		Weight::from_parts(310_039_235, 21558)
			.saturating_add(Weight::from_parts(27_624_078, 0).saturating_mul(k.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(37_u64, 29_u64))
			.saturating_add(ParityDbWeight::get().reads((5_u64).saturating_mul(k.into())))
			.saturating_add(ParityDbWeight::get().writes((1_u64).saturating_mul(k.into())))
			.saturating_add(Weight::from_parts(0, 2587).saturating_mul(k.into()))
	}
	fn estimate_routine(r: u32, s: u32, w: u32, ) -> Weight {
		Weight::from_parts(310_039_235, 21558)
			.saturating_add(Weight::from_parts(27_624_078, 0).saturating_mul(u64::from(r) + u64::from(s) + u64::from(w)))
			.saturating_add(ParityDbWeight::get().reads_writes(37_u64, 29_u64))
			.saturating_add(ParityDbWeight::get().reads((5_u64).saturating_mul(u64::from(r) + u64::from(s) + u64::from(w))))
			.saturating_add(ParityDbWeight::get().writes((1_u64).saturating_mul(u64::from(r) + u64::from(s) + u64::from(w))))
			.saturating_add(Weight::from_parts(0, 2587).saturating_mul(u64::from(r) + u64::from(s) + u64::from(w)))
	}
	fn score_seat() -> Weight {
		Weight::from_parts(242_693_000, 21558)
			.saturating_add(ParityDbWeight::get().reads_writes(25_u64, 19_u64))
	}
	fn score_seat_dismissing() -> Weight {
		Weight::from_parts(242_693_000, 21558)
			.saturating_add(ParityDbWeight::get().reads_writes(25_u64, 19_u64))
	}
	fn conclude_epoch() -> Weight {
		Weight::from_parts(13_295_000, 0)
			.saturating_add(ParityDbWeight::get().reads_writes(0_u64, 0_u64))
	}
	fn look_at_queues() -> Weight {
		Weight::from_parts(42_550_000, 11474)
			.saturating_add(ParityDbWeight::get().reads_writes(8_u64, 0_u64))
	}
	fn work_queue() -> Weight {
		Weight::from_parts(74_830_000, 6132)
			.saturating_add(ParityDbWeight::get().reads_writes(6_u64, 5_u64))
	}
	fn sweep(n: u32, ) -> Weight {
		Weight::from_parts(134_851_848, 3746)
			.saturating_add(Weight::from_parts(63_445_929, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(6_u64, 2_u64))
			.saturating_add(ParityDbWeight::get().reads((8_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes((9_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 10284).saturating_mul(n.into()))
	}
	fn sweep_reports(n: u32, ) -> Weight {
		Weight::from_parts(23_357_479, 2039)
			.saturating_add(Weight::from_parts(1_009_977, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(3_u64, 0_u64))
			.saturating_add(ParityDbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 3928).saturating_mul(n.into()))
	}
	fn bond_changed() -> Weight {
		Weight::from_parts(198_260_000, 21558)
			.saturating_add(ParityDbWeight::get().reads_writes(25_u64, 18_u64))
	}
	fn slash_cancelled() -> Weight {
		Weight::from_parts(13_946_000, 3605)
			.saturating_add(ParityDbWeight::get().reads_writes(1_u64, 1_u64))
	}
	fn answer_audit(r: u32, ) -> Weight {
		Weight::from_parts(300000000, 0)
			.saturating_add(Weight::from_parts(10000000, 0).saturating_mul(r.into()))
			.saturating_add(ParityDbWeight::get().reads(12_u64))
			.saturating_add(ParityDbWeight::get().writes(5_u64))
	}
	fn authorize_answer_audit(r: u32, ) -> Weight {
		Weight::from_parts(300000000, 0)
			.saturating_add(Weight::from_parts(500000000, 0).saturating_mul(r.into()))
			.saturating_add(ParityDbWeight::get().reads(12_u64))
			.saturating_add(ParityDbWeight::get().writes(0_u64))
	}
	fn dispute(k: u32, ) -> Weight {
		Weight::from_parts(900000000, 0)
			.saturating_add(Weight::from_parts(120000000, 0).saturating_mul(k.into()))
			.saturating_add(ParityDbWeight::get().reads(120_u64))
			.saturating_add(ParityDbWeight::get().writes(20_u64))
	}
	fn authorize_dispute(k: u32, ) -> Weight {
		Weight::from_parts(900000000, 0)
			.saturating_add(Weight::from_parts(560000000, 0).saturating_mul(k.into()))
			.saturating_add(ParityDbWeight::get().reads(120_u64))
			.saturating_add(ParityDbWeight::get().writes(0_u64))
	}
	fn appeal() -> Weight {
		Weight::from_parts(300000000, 0)
			.saturating_add(ParityDbWeight::get().reads(20_u64))
			.saturating_add(ParityDbWeight::get().writes(12_u64))
	}
	fn request_test() -> Weight {
		Weight::from_parts(200000000, 0)
			.saturating_add(ParityDbWeight::get().reads(12_u64))
			.saturating_add(ParityDbWeight::get().writes(6_u64))
	}
	fn audit_seat() -> Weight {
		Weight::from_parts(150000000, 0)
			.saturating_add(ParityDbWeight::get().reads(6_u64))
			.saturating_add(ParityDbWeight::get().writes(10_u64))
	}
	fn audit_seat_dismissing() -> Weight {
		Weight::from_parts(150000000, 0)
			.saturating_add(ParityDbWeight::get().reads(6_u64))
			.saturating_add(ParityDbWeight::get().writes(10_u64))
	}
	fn report_down() -> Weight {
		Weight::from_parts(400_000_000, 0)
			.saturating_add(ParityDbWeight::get().reads(70_u64))
			.saturating_add(ParityDbWeight::get().writes(12_u64))
	}
	fn authorize_report_down() -> Weight {
		Weight::from_parts(600_000_000, 0)
			.saturating_add(ParityDbWeight::get().reads(60_u64))
			.saturating_add(ParityDbWeight::get().writes(0_u64))
	}
	fn report_up() -> Weight {
		Weight::from_parts(400_000_000, 0)
			.saturating_add(ParityDbWeight::get().reads(60_u64))
			.saturating_add(ParityDbWeight::get().writes(14_u64))
	}
	fn authorize_report_up() -> Weight {
		Weight::from_parts(600_000_000, 0)
			.saturating_add(ParityDbWeight::get().reads(60_u64))
			.saturating_add(ParityDbWeight::get().writes(0_u64))
	}
	fn confirm() -> Weight {
		Weight::from_parts(500_000_000, 0)
			.saturating_add(ParityDbWeight::get().reads(70_u64))
			.saturating_add(ParityDbWeight::get().writes(24_u64))
	}
	fn confirm_dismissing() -> Weight {
		Weight::from_parts(500_000_000, 0)
			.saturating_add(ParityDbWeight::get().reads(70_u64))
			.saturating_add(ParityDbWeight::get().writes(24_u64))
	}
	fn authorize_confirm() -> Weight {
		Weight::from_parts(600_000_000, 0)
			.saturating_add(ParityDbWeight::get().reads(70_u64))
			.saturating_add(ParityDbWeight::get().writes(0_u64))
	}
	fn lapse_alarm() -> Weight {
		Weight::from_parts(300_000_000, 0)
			.saturating_add(ParityDbWeight::get().reads(14_u64))
			.saturating_add(ParityDbWeight::get().writes(14_u64))
	}
	fn note_members(k: u32, w: u32, ) -> Weight {
		Weight::from_parts(50000000, 0)
			.saturating_add(Weight::from_parts(40000000, 0).saturating_mul(k.into()))
			.saturating_add(ParityDbWeight::get().reads(4_u64))
			.saturating_add(ParityDbWeight::get().reads((6_u64).saturating_mul(k.into())))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
			.saturating_add(ParityDbWeight::get().writes((1_u64).saturating_mul(w.into())))
	}
	fn operator_changed() -> Weight {
		Weight::from_parts(60000000, 0)
			.saturating_add(ParityDbWeight::get().reads(4_u64))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
	}
}
