//! Weights of `pallet_providers`, measured by `scripts/weights.sh` on 2026-11-21.
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

/// Measured weights with the runtime's price of storage.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `Providers::IndexOf` (r:1 w:1)
	/// Proof: `Providers::IndexOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Providers::FreeQueue` (r:1 w:1)
	/// Proof: `Providers::FreeQueue` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	/// Storage: `Providers::FreeIndexes` (r:1 w:1)
	/// Proof: `Providers::FreeIndexes` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Targets` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::Targets` (`max_values`: None, `max_size`: Some(185), added: 2660, mode: `MaxEncodedLen`)
	/// Storage: `Providers::EndpointOwner` (r:1 w:1)
	/// Proof: `Providers::EndpointOwner` (`max_values`: None, `max_size`: Some(39), added: 2514, mode: `MaxEncodedLen`)
	/// Storage: `Providers::PrefixCount` (r:1 w:1)
	/// Proof: `Providers::PrefixCount` (`max_values`: None, `max_size`: Some(27), added: 2502, mode: `MaxEncodedLen`)
	/// Storage: `Providers::Providers` (r:1 w:1)
	/// Proof: `Providers::Providers` (`max_values`: None, `max_size`: Some(426), added: 2901, mode: `MaxEncodedLen`)
	/// Storage: `Providers::CounterForProviders` (r:1 w:1)
	/// Proof: `Providers::CounterForProviders` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `NodeStaking::Ledgers` (r:1 w:0)
	/// Proof: `NodeStaking::Ledgers` (`max_values`: None, `max_size`: Some(730), added: 3205, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `ProofOfBandwidth::NetworkTiming` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::NetworkTiming` (`max_values`: Some(1), `max_size`: Some(62), added: 557, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::ProviderListPlaces` (r:2 w:1)
	/// Proof: `ProofOfBandwidth::ProviderListPlaces` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::ProviderListState` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::ProviderListState` (`max_values`: None, `max_size`: Some(146), added: 2621, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::ProviderListSlots` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::ProviderListSlots` (`max_values`: None, `max_size`: Some(34), added: 2509, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Verdicts` (r:0 w:1)
	/// Proof: `ProofOfBandwidth::Verdicts` (`max_values`: None, `max_size`: Some(301), added: 2776, mode: `MaxEncodedLen`)
	fn register() -> Weight {
		Weight::from_parts(121_166_000, 6060)
			.saturating_add(T::DbWeight::get().reads(15_u64))
			.saturating_add(T::DbWeight::get().writes(12_u64))
	}
	/// Storage: `Providers::IndexOf` (r:1 w:0)
	/// Proof: `Providers::IndexOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Providers::Providers` (r:1 w:1)
	/// Proof: `Providers::Providers` (`max_values`: None, `max_size`: Some(426), added: 2901, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Providers::PrefixCount` (r:2 w:2)
	/// Proof: `Providers::PrefixCount` (`max_values`: None, `max_size`: Some(27), added: 2502, mode: `MaxEncodedLen`)
	/// Storage: `Providers::EndpointOwner` (r:1 w:2)
	/// Proof: `Providers::EndpointOwner` (`max_values`: None, `max_size`: Some(39), added: 2514, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Targets` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::Targets` (`max_values`: None, `max_size`: Some(185), added: 2660, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::NetworkTiming` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::NetworkTiming` (`max_values`: Some(1), `max_size`: Some(62), added: 557, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::ProviderListPlaces` (r:2 w:0)
	/// Proof: `ProofOfBandwidth::ProviderListPlaces` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	fn update() -> Weight {
		Weight::from_parts(84_838_000, 6060)
			.saturating_add(T::DbWeight::get().reads(10_u64))
			.saturating_add(T::DbWeight::get().writes(6_u64))
	}
	/// Storage: `Providers::IndexOf` (r:1 w:0)
	/// Proof: `Providers::IndexOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Providers::Providers` (r:1 w:1)
	/// Proof: `Providers::Providers` (`max_values`: None, `max_size`: Some(426), added: 2901, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `NodeStaking::Ledgers` (r:1 w:0)
	/// Proof: `NodeStaking::Ledgers` (`max_values`: None, `max_size`: Some(730), added: 3205, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Targets` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::Targets` (`max_values`: None, `max_size`: Some(185), added: 2660, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::NetworkTiming` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::NetworkTiming` (`max_values`: Some(1), `max_size`: Some(62), added: 557, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::ProviderListPlaces` (r:2 w:0)
	/// Proof: `ProofOfBandwidth::ProviderListPlaces` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	fn set_claim() -> Weight {
		Weight::from_parts(80_770_000, 6060)
			.saturating_add(T::DbWeight::get().reads(8_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: `Providers::IndexOf` (r:1 w:0)
	/// Proof: `Providers::IndexOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Providers::Providers` (r:1 w:1)
	/// Proof: `Providers::Providers` (`max_values`: None, `max_size`: Some(426), added: 2901, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `ProofOfBandwidth::Targets` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::Targets` (`max_values`: None, `max_size`: Some(185), added: 2660, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::NetworkTiming` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::NetworkTiming` (`max_values`: Some(1), `max_size`: Some(62), added: 557, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::ProviderListPlaces` (r:2 w:1)
	/// Proof: `ProofOfBandwidth::ProviderListPlaces` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::ProviderListState` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::ProviderListState` (`max_values`: None, `max_size`: Some(146), added: 2621, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Leavers` (r:0 w:1)
	/// Proof: `ProofOfBandwidth::Leavers` (`max_values`: None, `max_size`: Some(61), added: 2536, mode: `MaxEncodedLen`)
	fn pause() -> Weight {
		Weight::from_parts(89_937_000, 6060)
			.saturating_add(T::DbWeight::get().reads(8_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}
	/// Storage: `Providers::IndexOf` (r:1 w:0)
	/// Proof: `Providers::IndexOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Providers::Providers` (r:1 w:1)
	/// Proof: `Providers::Providers` (`max_values`: None, `max_size`: Some(426), added: 2901, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `NodeStaking::Ledgers` (r:1 w:0)
	/// Proof: `NodeStaking::Ledgers` (`max_values`: None, `max_size`: Some(730), added: 3205, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Targets` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::Targets` (`max_values`: None, `max_size`: Some(185), added: 2660, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::NetworkTiming` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::NetworkTiming` (`max_values`: Some(1), `max_size`: Some(62), added: 557, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::ProviderListPlaces` (r:2 w:1)
	/// Proof: `ProofOfBandwidth::ProviderListPlaces` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::ProviderListState` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::ProviderListState` (`max_values`: None, `max_size`: Some(146), added: 2621, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::ProviderListSlots` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::ProviderListSlots` (`max_values`: None, `max_size`: Some(34), added: 2509, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Verdicts` (r:0 w:1)
	/// Proof: `ProofOfBandwidth::Verdicts` (`max_values`: None, `max_size`: Some(301), added: 2776, mode: `MaxEncodedLen`)
	fn resume() -> Weight {
		Weight::from_parts(101_599_000, 6060)
			.saturating_add(T::DbWeight::get().reads(10_u64))
			.saturating_add(T::DbWeight::get().writes(6_u64))
	}
	/// Storage: `Providers::IndexOf` (r:1 w:1)
	/// Proof: `Providers::IndexOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Providers::Providers` (r:1 w:1)
	/// Proof: `Providers::Providers` (`max_values`: None, `max_size`: Some(426), added: 2901, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `ProofOfBandwidth::Targets` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::Targets` (`max_values`: None, `max_size`: Some(185), added: 2660, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Conducts` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::Conducts` (`max_values`: None, `max_size`: Some(140), added: 2615, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::ProviderListPlaces` (r:2 w:0)
	/// Proof: `ProofOfBandwidth::ProviderListPlaces` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	/// Storage: `Providers::PrefixCount` (r:1 w:1)
	/// Proof: `Providers::PrefixCount` (`max_values`: None, `max_size`: Some(27), added: 2502, mode: `MaxEncodedLen`)
	/// Storage: `Providers::CounterForProviders` (r:1 w:1)
	/// Proof: `Providers::CounterForProviders` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Providers::FreeQueue` (r:1 w:1)
	/// Proof: `Providers::FreeQueue` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::NetworkTiming` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::NetworkTiming` (`max_values`: Some(1), `max_size`: Some(62), added: 557, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Seats` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::Seats` (`max_values`: None, `max_size`: Some(112), added: 2587, mode: `MaxEncodedLen`)
	/// Storage: `NodeStaking::Ledgers` (r:1 w:0)
	/// Proof: `NodeStaking::Ledgers` (`max_values`: None, `max_size`: Some(730), added: 3205, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatListPlaces` (r:8 w:8)
	/// Proof: `ProofOfBandwidth::SeatListPlaces` (`max_values`: None, `max_size`: Some(96), added: 2571, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatListState` (r:4 w:4)
	/// Proof: `ProofOfBandwidth::SeatListState` (`max_values`: None, `max_size`: Some(146), added: 2621, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatListSlots` (r:8 w:4)
	/// Proof: `ProofOfBandwidth::SeatListSlots` (`max_values`: None, `max_size`: Some(90), added: 2565, mode: `MaxEncodedLen`)
	/// Storage: `Providers::EndpointOwner` (r:0 w:1)
	/// Proof: `Providers::EndpointOwner` (`max_values`: None, `max_size`: Some(39), added: 2514, mode: `MaxEncodedLen`)
	/// Storage: `Providers::FreeIndexes` (r:0 w:1)
	/// Proof: `Providers::FreeIndexes` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Leavers` (r:0 w:3)
	/// Proof: `ProofOfBandwidth::Leavers` (`max_values`: None, `max_size`: Some(61), added: 2536, mode: `MaxEncodedLen`)
	fn deregister() -> Weight {
		Weight::from_parts(285_462_000, 21558)
			.saturating_add(T::DbWeight::get().reads(33_u64))
			.saturating_add(T::DbWeight::get().writes(29_u64))
	}
	/// Storage: `Providers::IndexOf` (r:1 w:0)
	/// Proof: `Providers::IndexOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Providers::Providers` (r:1 w:1)
	/// Proof: `Providers::Providers` (`max_values`: None, `max_size`: Some(426), added: 2901, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	fn set_probe_key() -> Weight {
		Weight::from_parts(44_744_000, 3891)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Providers::IndexOf` (r:1 w:0)
	/// Proof: `Providers::IndexOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Providers::Providers` (r:1 w:1)
	/// Proof: `Providers::Providers` (`max_values`: None, `max_size`: Some(426), added: 2901, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	fn revoke_probe_key() -> Weight {
		Weight::from_parts(41_688_000, 3891)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Providers::IndexOf` (r:1 w:0)
	/// Proof: `Providers::IndexOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Providers::Providers` (r:1 w:1)
	/// Proof: `Providers::Providers` (`max_values`: None, `max_size`: Some(426), added: 2901, mode: `MaxEncodedLen`)
	/// Storage: `NodeStaking::Ledgers` (r:2 w:0)
	/// Proof: `NodeStaking::Ledgers` (`max_values`: None, `max_size`: Some(730), added: 3205, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `ProofOfBandwidth::Targets` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::Targets` (`max_values`: None, `max_size`: Some(185), added: 2660, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::NetworkTiming` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::NetworkTiming` (`max_values`: Some(1), `max_size`: Some(62), added: 557, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::ProviderListPlaces` (r:2 w:1)
	/// Proof: `ProofOfBandwidth::ProviderListPlaces` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::ProviderListState` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::ProviderListState` (`max_values`: None, `max_size`: Some(146), added: 2621, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Seats` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::Seats` (`max_values`: None, `max_size`: Some(112), added: 2587, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatListPlaces` (r:8 w:8)
	/// Proof: `ProofOfBandwidth::SeatListPlaces` (`max_values`: None, `max_size`: Some(96), added: 2571, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatListState` (r:4 w:4)
	/// Proof: `ProofOfBandwidth::SeatListState` (`max_values`: None, `max_size`: Some(146), added: 2621, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatListSlots` (r:8 w:4)
	/// Proof: `ProofOfBandwidth::SeatListSlots` (`max_values`: None, `max_size`: Some(90), added: 2565, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Leavers` (r:0 w:2)
	/// Proof: `ProofOfBandwidth::Leavers` (`max_values`: None, `max_size`: Some(61), added: 2536, mode: `MaxEncodedLen`)
	fn bond_changed() -> Weight {
		Weight::from_parts(387_171_000, 21558)
			.saturating_add(T::DbWeight::get().reads(31_u64))
			.saturating_add(T::DbWeight::get().writes(23_u64))
	}
}

impl WeightInfo for () {
	fn register() -> Weight {
		Weight::from_parts(121_166_000, 6060)
			.saturating_add(ParityDbWeight::get().reads_writes(15_u64, 12_u64))
	}
	fn update() -> Weight {
		Weight::from_parts(84_838_000, 6060)
			.saturating_add(ParityDbWeight::get().reads_writes(10_u64, 6_u64))
	}
	fn set_claim() -> Weight {
		Weight::from_parts(80_770_000, 6060)
			.saturating_add(ParityDbWeight::get().reads_writes(8_u64, 2_u64))
	}
	fn pause() -> Weight {
		Weight::from_parts(89_937_000, 6060)
			.saturating_add(ParityDbWeight::get().reads_writes(8_u64, 5_u64))
	}
	fn resume() -> Weight {
		Weight::from_parts(101_599_000, 6060)
			.saturating_add(ParityDbWeight::get().reads_writes(10_u64, 6_u64))
	}
	fn deregister() -> Weight {
		Weight::from_parts(285_462_000, 21558)
			.saturating_add(ParityDbWeight::get().reads_writes(33_u64, 29_u64))
	}
	fn set_probe_key() -> Weight {
		Weight::from_parts(44_744_000, 3891)
			.saturating_add(ParityDbWeight::get().reads_writes(3_u64, 1_u64))
	}
	fn revoke_probe_key() -> Weight {
		Weight::from_parts(41_688_000, 3891)
			.saturating_add(ParityDbWeight::get().reads_writes(3_u64, 1_u64))
	}
	fn bond_changed() -> Weight {
		Weight::from_parts(387_171_000, 21558)
			.saturating_add(ParityDbWeight::get().reads_writes(31_u64, 23_u64))
	}
}
