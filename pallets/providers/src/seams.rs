//! What other pallets see of the registry.

use crate::{pallet::*, WeightInfo};
use alloc::vec::Vec;
use codec::Encode;
use polkadot_sdk::{frame_support::weights::Weight, sp_io::hashing::blake2_256, sp_runtime::DispatchResult};
use weir_primitives::{
	seams::{
		EpochClock, Offer, Offers, OnBondChange, OnProviderChange, ProviderFacts, ProviderRegistry, RoleDuty,
	},
	Admission, Claim, EpochIndex, Kbps, ProbeKey, ProviderIndex, Region, Role,
};

impl<T: Config> ProviderRegistry<T::AccountId> for Pallet<T> {
	fn facts(index: ProviderIndex) -> Option<ProviderFacts<T::AccountId>> {
		Self::facts_at(index, T::Clock::epoch())
	}

	fn facts_at(index: ProviderIndex, epoch: EpochIndex) -> Option<ProviderFacts<T::AccountId>> {
		Some(Providers::<T>::get(index)?.facts_at(epoch))
	}

	fn peer_id(index: ProviderIndex) -> Vec<u8> {
		Providers::<T>::get(index).map_or_else(Vec::new, |registration| registration.terms.peer_id.to_vec())
	}

	fn receipt_keys(index: ProviderIndex, epoch: EpochIndex) -> Vec<ProbeKey> {
		let Some(registration) = Providers::<T>::get(index) else { return Vec::new() };
		let now = T::Clock::epoch();
		let present = registration.probe_key.at(now).clone();
		present.into_iter().chain(registration.former_keys.since(epoch).cloned()).collect()
	}

	fn count_in(region: &Region) -> u32 {
		RegionCount::<T>::get(region)
	}

	fn index_of(who: &T::AccountId) -> Option<ProviderIndex> {
		IndexOf::<T>::get(who)
	}

	fn lower_claim(index: ProviderIndex, measured: Claim) -> DispatchResult {
		Self::do_lower_claim(index, measured)
	}

	fn set_admission(index: ProviderIndex, admission: Admission) -> DispatchResult {
		Self::do_set_admission(index, admission)
	}

	fn reinstate(index: ProviderIndex, claim: Option<Claim>, admission: Admission) -> DispatchResult {
		Self::do_reinstate(index, claim, admission)
	}

	fn change_weight() -> Weight {
		T::OnProviderChange::weight_again()
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn set_receipt_keys_for_benchmark(index: ProviderIndex, keys: Vec<ProbeKey>) {
		Providers::<T>::mutate(index, |registration| {
			let Some(registration) = registration else { return };
			let mut keys = keys.into_iter();
			registration.probe_key = crate::Versioned::new(keys.next());
			let now = T::Clock::epoch();
			keys.rev().for_each(|key| registration.former_keys.retire(key, now));
		});
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn register_for_benchmark(who: &T::AccountId, n: u32, claim: Claim) -> ProviderIndex {
		crate::benchmarking::register::<T>(who, n, claim)
	}
}

impl<T: Config> Offers<T::AccountId> for Pallet<T> {
	fn offer(provider: &T::AccountId) -> Option<Offer> {
		let (_, registration) = Self::registration(provider)?;
		let facts = registration.facts_at(T::Clock::epoch());
		let terms = &registration.terms;
		Some(Offer {
			price_credits_per_gb: terms.price_credits_per_gb,
			terms_hash: terms.using_encoded(blake2_256),
			region: facts.region,
			probe_key: facts.probe_key,
			in_service: facts.in_service,
		})
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn offer_for_benchmark(who: &T::AccountId, n: u32) -> Offer {
		crate::benchmarking::register::<T>(who, n, Claim { down_kbps: 100_000, up_kbps: 100_000 });
		Self::offer(who).unwrap_or_else(|| panic!("it was just registered"))
	}
}

impl<T: Config> RoleDuty<T::AccountId> for Pallet<T> {
	/// The larger of what counts now and what was announced: a raise is covered before it counts, and a lowered claim
	/// until it no longer does.
	fn claimed_kbps(who: &T::AccountId, role: Role) -> Kbps {
		let Role::Provider = role else { return 0 };
		let now = T::Clock::epoch();
		Self::registration(who).map_or(0, |(_, registration)| {
			registration.claim.at(now).effective_kbps().max(registration.claim.latest().effective_kbps())
		})
	}

	fn in_service(who: &T::AccountId, role: Role) -> bool {
		role == Role::Provider && IndexOf::<T>::contains_key(who)
	}
}

impl<T: Config> OnBondChange<T::AccountId> for Pallet<T> {
	fn bond_changed(who: &T::AccountId, role: Role) {
		if role == Role::Provider {
			Self::do_bond_changed(who);
		}
	}

	fn weight() -> Weight {
		Self::with_followers(T::WeightInfo::bond_changed(), 1)
	}
}
