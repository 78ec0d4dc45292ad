//! Weights of `pallet_providers`, measured by `scripts/weights.sh` on 2026-11-22.
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
	/// Storage: `ProofOfBandwidth::Targets` (r:2 w:2)
	/// Proof: `ProofOfBandwidth::Targets` (`max_values`: None, `max_size`: Some(196), added: 2671, mode: `MaxEncodedLen`)
	/// Storage: `Providers::EndpointOwner` (r:1 w:1)
	/// Proof: `Providers::EndpointOwner` (`max_values`: None, `max_size`: Some(39), added: 2514, mode: `MaxEncodedLen`)
	/// Storage: `Providers::PrefixLines` (r:1 w:1)
	/// Proof: `Providers::PrefixLines` (`max_values`: None, `max_size`: Some(56), added: 2531, mode: `MaxEncodedLen`)
	/// Storage: `Providers::Providers` (r:2 w:2)
	/// Proof: `Providers::Providers` (`max_values`: None, `max_size`: Some(588), added: 3063, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `ProofOfBandwidth::NetworkTiming` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::NetworkTiming` (`max_values`: Some(1), `max_size`: Some(66), added: 561, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::ProviderListPlaces` (r:4 w:1)
	/// Proof: `ProofOfBandwidth::ProviderListPlaces` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	/// Storage: `Providers::RegionCount` (r:1 w:1)
	/// Proof: `Providers::RegionCount` (`max_values`: None, `max_size`: Some(15), added: 2490, mode: `MaxEncodedLen`)
	/// Storage: `Providers::CounterForProviders` (r:1 w:1)
	/// Proof: `Providers::CounterForProviders` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `NodeStaking::Ledgers` (r:1 w:0)
	/// Proof: `NodeStaking::Ledgers` (`max_values`: None, `max_size`: Some(730), added: 3205, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::ProviderListState` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::ProviderListState` (`max_values`: None, `max_size`: Some(146), added: 2621, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::ProviderListSlots` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::ProviderListSlots` (`max_values`: None, `max_size`: Some(34), added: 2509, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Verdicts` (r:0 w:1)
	/// Proof: `ProofOfBandwidth::Verdicts` (`max_values`: None, `max_size`: Some(182), added: 2657, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Dismissed` (r:0 w:1)
	/// Proof: `ProofOfBandwidth::Dismissed` (`max_values`: None, `max_size`: Some(177), added: 2652, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Locations` (r:0 w:1)
	/// Proof: `ProofOfBandwidth::Locations` (`max_values`: None, `max_size`: Some(26), added: 2501, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Gaps` (r:0 w:1)
	/// Proof: `ProofOfBandwidth::Gaps` (`max_values`: None, `max_size`: Some(149), added: 2624, mode: `MaxEncodedLen`)
	fn register() -> Weight {
		Weight::from_parts(192_088_000, 11130)
			.saturating_add(T::DbWeight::get().reads(20_u64))
			.saturating_add(T::DbWeight::get().writes(18_u64))
	}
	/// Storage: `Providers::IndexOf` (r:1 w:0)
	/// Proof: `Providers::IndexOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Providers::Providers` (r:3 w:3)
	/// Proof: `Providers::Providers` (`max_values`: None, `max_size`: Some(588), added: 3063, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Providers::PrefixLines` (r:2 w:2)
	/// Proof: `Providers::PrefixLines` (`max_values`: None, `max_size`: Some(56), added: 2531, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Targets` (r:3 w:3)
	/// Proof: `ProofOfBandwidth::Targets` (`max_values`: None, `max_size`: Some(196), added: 2671, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::NetworkTiming` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::NetworkTiming` (`max_values`: Some(1), `max_size`: Some(66), added: 561, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::ProviderListPlaces` (r:6 w:0)
	/// Proof: `ProofOfBandwidth::ProviderListPlaces` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	/// Storage: `Providers::EndpointOwner` (r:1 w:2)
	/// Proof: `Providers::EndpointOwner` (`max_values`: None, `max_size`: Some(39), added: 2514, mode: `MaxEncodedLen`)
	fn update() -> Weight {
		Weight::from_parts(209_420_000, 16200)
			.saturating_add(T::DbWeight::get().reads(18_u64))
			.saturating_add(T::DbWeight::get().writes(10_u64))
	}
	/// Storage: `Providers::IndexOf` (r:1 w:0)
	/// Proof: `Providers::IndexOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Providers::Providers` (r:1 w:1)
	/// Proof: `Providers::Providers` (`max_values`: None, `max_size`: Some(588), added: 3063, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `NodeStaking::Ledgers` (r:1 w:0)
	/// Proof: `NodeStaking::Ledgers` (`max_values`: None, `max_size`: Some(730), added: 3205, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Targets` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::Targets` (`max_values`: None, `max_size`: Some(196), added: 2671, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::NetworkTiming` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::NetworkTiming` (`max_values`: Some(1), `max_size`: Some(66), added: 561, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::ProviderListPlaces` (r:2 w:0)
	/// Proof: `ProofOfBandwidth::ProviderListPlaces` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	fn set_claim() -> Weight {
		Weight::from_parts(123_490_000, 6060)
			.saturating_add(T::DbWeight::get().reads(8_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: `Providers::IndexOf` (r:1 w:0)
	/// Proof: `Providers::IndexOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Providers::Providers` (r:1 w:1)
	/// Proof: `Providers::Providers` (`max_values`: None, `max_size`: Some(588), added: 3063, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `ProofOfBandwidth::Targets` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::Targets` (`max_values`: None, `max_size`: Some(196), added: 2671, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::NetworkTiming` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::NetworkTiming` (`max_values`: Some(1), `max_size`: Some(66), added: 561, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::ProviderListPlaces` (r:2 w:1)
	/// Proof: `ProofOfBandwidth::ProviderListPlaces` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::ProviderListState` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::ProviderListState` (`max_values`: None, `max_size`: Some(146), added: 2621, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Outages` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::Outages` (`max_values`: None, `max_size`: Some(252), added: 2727, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Leavers` (r:0 w:1)
	/// Proof: `ProofOfBandwidth::Leavers` (`max_values`: None, `max_size`: Some(61), added: 2536, mode: `MaxEncodedLen`)
	fn pause() -> Weight {
		Weight::from_parts(139_230_000, 6060)
			.saturating_add(T::DbWeight::get().reads(9_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}
	/// Storage: `Providers::IndexOf` (r:1 w:0)
	/// Proof: `Providers::IndexOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Providers::Providers` (r:1 w:1)
	/// Proof: `Providers::Providers` (`max_values`: None, `max_size`: Some(588), added: 3063, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `NodeStaking::Ledgers` (r:1 w:0)
	/// Proof: `NodeStaking::Ledgers` (`max_values`: None, `max_size`: Some(730), added: 3205, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Targets` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::Targets` (`max_values`: None, `max_size`: Some(196), added: 2671, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::NetworkTiming` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::NetworkTiming` (`max_values`: Some(1), `max_size`: Some(66), added: 561, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::ProviderListPlaces` (r:2 w:1)
	/// Proof: `ProofOfBandwidth::ProviderListPlaces` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::ProviderListState` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::ProviderListState` (`max_values`: None, `max_size`: Some(146), added: 2621, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::ProviderListSlots` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::ProviderListSlots` (`max_values`: None, `max_size`: Some(34), added: 2509, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Verdicts` (r:0 w:1)
	/// Proof: `ProofOfBandwidth::Verdicts` (`max_values`: None, `max_size`: Some(182), added: 2657, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Dismissed` (r:0 w:1)
	/// Proof: `ProofOfBandwidth::Dismissed` (`max_values`: None, `max_size`: Some(177), added: 2652, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Locations` (r:0 w:1)
	/// Proof: `ProofOfBandwidth::Locations` (`max_values`: None, `max_size`: Some(26), added: 2501, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Gaps` (r:0 w:1)
	/// Proof: `ProofOfBandwidth::Gaps` (`max_values`: None, `max_size`: Some(149), added: 2624, mode: `MaxEncodedLen`)
	fn resume() -> Weight {
		Weight::from_parts(160_009_000, 6060)
			.saturating_add(T::DbWeight::get().reads(10_u64))
			.saturating_add(T::DbWeight::get().writes(9_u64))
	}
	/// Storage: `Providers::IndexOf` (r:1 w:1)
	/// Proof: `Providers::IndexOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Providers::Providers` (r:2 w:2)
	/// Proof: `Providers::Providers` (`max_values`: None, `max_size`: Some(588), added: 3063, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `ProofOfBandwidth::Targets` (r:2 w:2)
	/// Proof: `ProofOfBandwidth::Targets` (`max_values`: None, `max_size`: Some(196), added: 2671, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Conducts` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::Conducts` (`max_values`: None, `max_size`: Some(156), added: 2631, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Evidences` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::Evidences` (`max_values`: None, `max_size`: Some(593), added: 3068, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::ProviderListPlaces` (r:4 w:0)
	/// Proof: `ProofOfBandwidth::ProviderListPlaces` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	/// Storage: `Providers::PrefixLines` (r:1 w:1)
	/// Proof: `Providers::PrefixLines` (`max_values`: None, `max_size`: Some(56), added: 2531, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::NetworkTiming` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::NetworkTiming` (`max_values`: Some(1), `max_size`: Some(66), added: 561, mode: `MaxEncodedLen`)
	/// Storage: `Providers::RegionCount` (r:1 w:1)
	/// Proof: `Providers::RegionCount` (`max_values`: None, `max_size`: Some(15), added: 2490, mode: `MaxEncodedLen`)
	/// Storage: `Providers::CounterForProviders` (r:1 w:1)
	/// Proof: `Providers::CounterForProviders` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Providers::FreeQueue` (r:1 w:1)
	/// Proof: `Providers::FreeQueue` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Outages` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::Outages` (`max_values`: None, `max_size`: Some(252), added: 2727, mode: `MaxEncodedLen`)
	/// Storage: `Babe::CurrentSlot` (r:1 w:0)
	/// Proof: `Babe::CurrentSlot` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::RegionOutages` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::RegionOutages` (`max_values`: None, `max_size`: Some(29), added: 2504, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Gaps` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::Gaps` (`max_values`: None, `max_size`: Some(149), added: 2624, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::OperatorOutages` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::OperatorOutages` (`max_values`: None, `max_size`: Some(63), added: 2538, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Seats` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::Seats` (`max_values`: None, `max_size`: Some(264), added: 2739, mode: `MaxEncodedLen`)
	/// Storage: `NodeStaking::Ledgers` (r:1 w:0)
	/// Proof: `NodeStaking::Ledgers` (`max_values`: None, `max_size`: Some(730), added: 3205, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatListPlaces` (r:8 w:8)
	/// Proof: `ProofOfBandwidth::SeatListPlaces` (`max_values`: None, `max_size`: Some(96), added: 2571, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatListState` (r:4 w:4)
	/// Proof: `ProofOfBandwidth::SeatListState` (`max_values`: None, `max_size`: Some(146), added: 2621, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatListSlots` (r:8 w:4)
	/// Proof: `ProofOfBandwidth::SeatListSlots` (`max_values`: None, `max_size`: Some(90), added: 2565, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::CountryListPlaces` (r:2 w:2)
	/// Proof: `ProofOfBandwidth::CountryListPlaces` (`max_values`: None, `max_size`: Some(96), added: 2571, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::CountryListState` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::CountryListState` (`max_values`: None, `max_size`: Some(146), added: 2621, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::CountryListSlots` (r:2 w:1)
	/// Proof: `ProofOfBandwidth::CountryListSlots` (`max_values`: None, `max_size`: Some(90), added: 2565, mode: `MaxEncodedLen`)
	/// Storage: `Providers::EndpointOwner` (r:0 w:1)
	/// Proof: `Providers::EndpointOwner` (`max_values`: None, `max_size`: Some(39), added: 2514, mode: `MaxEncodedLen`)
	/// Storage: `Providers::FreeIndexes` (r:0 w:1)
	/// Proof: `Providers::FreeIndexes` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Leavers` (r:0 w:3)
	/// Proof: `ProofOfBandwidth::Leavers` (`max_values`: None, `max_size`: Some(61), added: 2536, mode: `MaxEncodedLen`)
	fn deregister() -> Weight {
		Weight::from_parts(606_090_000, 21558)
			.saturating_add(T::DbWeight::get().reads(49_u64))
			.saturating_add(T::DbWeight::get().writes(40_u64))
	}
	/// Storage: `Providers::IndexOf` (r:1 w:0)
	/// Proof: `Providers::IndexOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Providers::Providers` (r:1 w:1)
	/// Proof: `Providers::Providers` (`max_values`: None, `max_size`: Some(588), added: 3063, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	fn set_probe_key() -> Weight {
		Weight::from_parts(49_903_000, 4053)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Providers::IndexOf` (r:1 w:0)
	/// Proof: `Providers::IndexOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Providers::Providers` (r:1 w:1)
	/// Proof: `Providers::Providers` (`max_values`: None, `max_size`: Some(588), added: 3063, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	fn revoke_probe_key() -> Weight {
		Weight::from_parts(52_527_000, 4053)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Providers::IndexOf` (r:1 w:0)
	/// Proof: `Providers::IndexOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Providers::Providers` (r:1 w:1)
	/// Proof: `Providers::Providers` (`max_values`: None, `max_size`: Some(588), added: 3063, mode: `MaxEncodedLen`)
	/// Storage: `NodeStaking::Ledgers` (r:2 w:0)
	/// Proof: `NodeStaking::Ledgers` (`max_values`: None, `max_size`: Some(730), added: 3205, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `ProofOfBandwidth::Targets` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::Targets` (`max_values`: None, `max_size`: Some(196), added: 2671, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::NetworkTiming` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::NetworkTiming` (`max_values`: Some(1), `max_size`: Some(66), added: 561, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::ProviderListPlaces` (r:2 w:1)
	/// Proof: `ProofOfBandwidth::ProviderListPlaces` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::ProviderListState` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::ProviderListState` (`max_values`: None, `max_size`: Some(146), added: 2621, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Outages` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::Outages` (`max_values`: None, `max_size`: Some(252), added: 2727, mode: `MaxEncodedLen`)
	/// Storage: `Babe::CurrentSlot` (r:1 w:0)
	/// Proof: `Babe::CurrentSlot` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::RegionOutages` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::RegionOutages` (`max_values`: None, `max_size`: Some(29), added: 2504, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Gaps` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::Gaps` (`max_values`: None, `max_size`: Some(149), added: 2624, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::OperatorOutages` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::OperatorOutages` (`max_values`: None, `max_size`: Some(63), added: 2538, mode: `MaxEncodedLen`)
	/// Storage: `Providers::RegionCount` (r:1 w:0)
	/// Proof: `Providers::RegionCount` (`max_values`: None, `max_size`: Some(15), added: 2490, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Seats` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::Seats` (`max_values`: None, `max_size`: Some(264), added: 2739, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatListPlaces` (r:8 w:8)
	/// Proof: `ProofOfBandwidth::SeatListPlaces` (`max_values`: None, `max_size`: Some(96), added: 2571, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatListState` (r:4 w:4)
	/// Proof: `ProofOfBandwidth::SeatListState` (`max_values`: None, `max_size`: Some(146), added: 2621, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::SeatListSlots` (r:8 w:4)
	/// Proof: `ProofOfBandwidth::SeatListSlots` (`max_values`: None, `max_size`: Some(90), added: 2565, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::CountryListPlaces` (r:2 w:2)
	/// Proof: `ProofOfBandwidth::CountryListPlaces` (`max_values`: None, `max_size`: Some(96), added: 2571, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::CountryListState` (r:1 w:1)
	/// Proof: `ProofOfBandwidth::CountryListState` (`max_values`: None, `max_size`: Some(146), added: 2621, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::CountryListSlots` (r:2 w:1)
	/// Proof: `ProofOfBandwidth::CountryListSlots` (`max_values`: None, `max_size`: Some(90), added: 2565, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::Leavers` (r:0 w:2)
	/// Proof: `ProofOfBandwidth::Leavers` (`max_values`: None, `max_size`: Some(61), added: 2536, mode: `MaxEncodedLen`)
	fn bond_changed() -> Weight {
		Weight::from_parts(528_455_000, 21558)
			.saturating_add(T::DbWeight::get().reads(42_u64))
			.saturating_add(T::DbWeight::get().writes(31_u64))
	}
}

impl WeightInfo for () {
	fn register() -> Weight {
		Weight::from_parts(192_088_000, 11130)
			.saturating_add(ParityDbWeight::get().reads_writes(20_u64, 18_u64))
	}
	fn update() -> Weight {
		Weight::from_parts(209_420_000, 16200)
			.saturating_add(ParityDbWeight::get().reads_writes(18_u64, 10_u64))
	}
	fn set_claim() -> Weight {
		Weight::from_parts(123_490_000, 6060)
			.saturating_add(ParityDbWeight::get().reads_writes(8_u64, 2_u64))
	}
	fn pause() -> Weight {
		Weight::from_parts(139_230_000, 6060)
			.saturating_add(ParityDbWeight::get().reads_writes(9_u64, 5_u64))
	}
	fn resume() -> Weight {
		Weight::from_parts(160_009_000, 6060)
			.saturating_add(ParityDbWeight::get().reads_writes(10_u64, 9_u64))
	}
	fn deregister() -> Weight {
		Weight::from_parts(606_090_000, 21558)
			.saturating_add(ParityDbWeight::get().reads_writes(49_u64, 40_u64))
	}
	fn set_probe_key() -> Weight {
		Weight::from_parts(49_903_000, 4053)
			.saturating_add(ParityDbWeight::get().reads_writes(3_u64, 1_u64))
	}
	fn revoke_probe_key() -> Weight {
		Weight::from_parts(52_527_000, 4053)
			.saturating_add(ParityDbWeight::get().reads_writes(3_u64, 1_u64))
	}
	fn bond_changed() -> Weight {
		Weight::from_parts(528_455_000, 21558)
			.saturating_add(ParityDbWeight::get().reads_writes(42_u64, 31_u64))
	}
}
