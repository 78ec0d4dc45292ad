//! Worst cases of the calls, the session's hooks and offence reports. Bonds and slashes are the runtime's own.

use crate::{
	types::Candidate, Call, Candidates, Config, Excluded, Identification, NextArrival, Offences, Pallet,
};
use alloc::vec::Vec;
use codec::Decode;
use frame_benchmarking::v2::*;
use frame_system::RawOrigin;
use pallet_session::SessionManager;
use polkadot_sdk::*;
use sp_runtime::{
	traits::{Get, Saturating, TrailingZeroInput},
	Perbill,
};
use sp_staking::offence::{OffenceDetails, OnOffenceHandler};
use weir_primitives::{
	seams::{Bonds, OnBondChange},
	Role,
};

/// A bonded node with session keys of its own.
fn node<T: Config>(index: u32) -> T::AccountId {
	let who: T::AccountId = account("node", index, 0);
	T::Bonds::bond_for_benchmark(&who, Role::Validator);
	let seed = index.to_le_bytes();
	let keys = T::Keys::decode(&mut TrailingZeroInput::new(&seed)).expect("keys are plain bytes");
	pallet_session::NextKeys::<T>::insert(&who, keys);
	who
}

/// `count` nodes as candidates.
fn candidates<T: Config>(count: u32) -> Vec<T::AccountId> {
	Candidates::<T>::kill();
	let nodes: Vec<_> = (0..count).map(node::<T>).collect();
	for who in &nodes {
		assert!(Pallet::<T>::admit(who).is_ok());
	}
	nodes
}

/// Makes the first `MaxValidators` of `nodes` the running set.
fn run_with<T: Config>(nodes: &[T::AccountId]) {
	let set: Vec<_> = nodes.iter().take(T::MaxValidators::get() as usize).cloned().collect();
	let keys: Vec<_> = set
		.iter()
		.filter_map(|who| pallet_session::NextKeys::<T>::get(who).map(|keys| (who.clone(), keys)))
		.collect();
	pallet_session::Validators::<T>::put(set);
	pallet_session::QueuedKeys::<T>::put(keys);
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn validate() {
		candidates::<T>(T::MaxCandidates::get().saturating_sub(1));
		let who = node::<T>(T::MaxCandidates::get());
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));
		assert!(Pallet::<T>::is_candidate(&who));
	}

	#[benchmark]
	fn chill() {
		let nodes = candidates::<T>(T::MaxCandidates::get());
		let who = nodes.first().expect("at least one").clone();
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));
		assert!(!Pallet::<T>::is_candidate(&who));
	}

	#[benchmark]
	fn bond_changed() {
		let nodes = candidates::<T>(T::MaxCandidates::get());
		let who = nodes.last().expect("at least one").clone();
		// As if the bond had been larger: the candidate moves all the way down.
		Candidates::<T>::mutate(|list| {
			let mut moved: Candidate<_, _> = list.pop().expect("full");
			moved.bond = moved.bond.saturating_mul(2u32.into());
			list.try_insert(0, moved).expect("one less than full");
		});
		#[block]
		{
			Pallet::<T>::bond_changed(&who, Role::Validator);
		}
		assert_eq!(Candidates::<T>::get().last().map(|last| last.who.clone()), Some(who));
	}

	#[benchmark]
	fn new_session(c: Linear<1, { T::MaxCandidates::get() }>) {
		let nodes = candidates::<T>(c.max(T::MinValidators::get()));
		run_with::<T>(&nodes);
		// Arrivals in reverse: as many members as churn allows are outbid.
		Candidates::<T>::mutate(|list| {
			for candidate in list.iter_mut() {
				candidate.arrival = NextArrival::<T>::get().saturating_sub(candidate.arrival);
			}
			list.sort_by(|a, b| a.rank(b));
		});
		#[block]
		{
			let _ = <Pallet<T> as SessionManager<_>>::new_session(2);
		}
		assert_eq!(Candidates::<T>::decode_len(), Some(c.max(T::MinValidators::get()) as usize));
	}

	#[benchmark]
	fn start_session(v: Linear<1, { T::MaxValidators::get() }>) {
		let nodes = candidates::<T>(T::MaxCandidates::get());
		run_with::<T>(&nodes);
		let session = T::OffenceSessions::get().saturating_add(1);
		pallet_session::CurrentIndex::<T>::put(session);
		for who in nodes.iter().take(v as usize) {
			Offences::<T>::insert(0, who, Perbill::from_percent(1));
			let exclusion =
				crate::Exclusion { who: who.clone(), until: u32::MAX, severity: Perbill::from_percent(1) };
			Excluded::<T>::mutate(|excluded| excluded.try_push(exclusion).expect("fewer than candidates"));
		}
		#[block]
		{
			<Pallet<T> as SessionManager<_>>::start_session(session);
		}
		assert_eq!(Offences::<T>::iter_prefix(0).count(), 0);
	}

	#[benchmark]
	fn on_offence(n: Linear<1, { T::MaxValidators::get() }>) {
		let nodes = candidates::<T>(T::MaxCandidates::get());
		run_with::<T>(&nodes);
		let offenders: Vec<OffenceDetails<T::AccountId, (T::AccountId, Identification)>> = nodes
			.iter()
			.take(n as usize)
			.map(|who| OffenceDetails { offender: (who.clone(), ()), reporters: Vec::new() })
			.collect();
		let fractions: Vec<_> = offenders.iter().map(|_| Perbill::from_percent(10)).collect();
		#[block]
		{
			Pallet::<T>::on_offence(&offenders, &fractions, 0);
		}
		assert_eq!(Offences::<T>::iter_prefix(0).count(), n as usize);
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
