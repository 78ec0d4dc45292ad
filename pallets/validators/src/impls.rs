//! Candidacy, and the seams other pallets see.

use crate::{
	types::{Candidate, Departure, Exclusion},
	Candidates, CandidatesOf, Config, Error, Event, Excluded, NextArrival, Offences, Pallet, WeightInfo,
};
use alloc::collections::BTreeSet;
use core::marker::PhantomData;
use frame_support::{ensure, traits::Get, weights::Weight};
use polkadot_sdk::*;
use sp_runtime::{traits::Convert, DispatchResult, TryRuntimeError};
use weir_primitives::{
	seams::{Bonds, OnBondChange, RoleDuty},
	Kbps, Role,
};

/// What identifies a validator in an offence report besides its account: nothing.
pub type Identification = ();

/// Identifies every account by itself. It depends on no state, so a proof of membership made at any time in a session
/// matches the root that was recorded when the session was planned.
pub struct IdentificationOf<T>(PhantomData<T>);

impl<T: Config> Convert<T::AccountId, Option<Identification>> for IdentificationOf<T> {
	fn convert(_: T::AccountId) -> Option<Identification> {
		Some(())
	}
}

impl<T: Config> Pallet<T> {
	/// Whether `who` is a candidate.
	pub fn is_candidate(who: &T::AccountId) -> bool {
		Candidates::<T>::get().iter().any(|candidate| candidate.who == *who)
	}

	pub(crate) fn exclusion(who: &T::AccountId) -> Option<Exclusion<T::AccountId>> {
		let now = pallet_session::CurrentIndex::<T>::get();
		Excluded::<T>::get().into_iter().find(|exclusion| exclusion.who == *who && exclusion.until > now)
	}

	pub(crate) fn do_validate(who: &T::AccountId) -> DispatchResult {
		ensure!(pallet_session::NextKeys::<T>::contains_key(who), Error::<T>::NoSessionKeys);
		Self::admit(who)
	}

	/// Makes `who` a candidate. Does not ask for session keys: at genesis they are written later.
	pub(crate) fn admit(who: &T::AccountId) -> DispatchResult {
		let mut candidates = Candidates::<T>::get();
		ensure!(candidates.iter().all(|candidate| candidate.who != *who), Error::<T>::AlreadyCandidate);
		ensure!(Self::exclusion(who).is_none(), Error::<T>::StillExcluded);
		ensure!(T::Bonds::is_sufficient(who, Role::Validator), Error::<T>::InsufficientBond);

		let bond = T::Bonds::active_bond(who, Role::Validator);
		let arrival = NextArrival::<T>::get();
		let next = arrival.checked_add(1).ok_or(Error::<T>::ArrivalsExhausted)?;
		let candidate = Candidate { who: who.clone(), bond, arrival };
		let displaced = if candidates.is_full() {
			let last = candidates.last().ok_or(Error::<T>::OutbidByAll)?;
			ensure!(candidate.bond > last.bond, Error::<T>::OutbidByAll);
			candidates.pop()
		} else {
			None
		};
		Self::place(&mut candidates, candidate)?;

		Candidates::<T>::put(candidates);
		NextArrival::<T>::put(next);
		if let Some(displaced) = displaced {
			Self::deposit_event(Event::CandidateRemoved {
				who: displaced.who,
				departure: Departure::Displaced,
			});
		}
		Self::deposit_event(Event::CandidateAdded { who: who.clone(), bond });
		Ok(())
	}

	pub(crate) fn do_chill(who: &T::AccountId) -> DispatchResult {
		ensure!(Self::remove(who, Departure::Chilled), Error::<T>::NotCandidate);
		Ok(())
	}

	/// Ends the candidacy of `who`; false if it was none.
	pub(crate) fn remove(who: &T::AccountId, departure: Departure) -> bool {
		let removed = Candidates::<T>::mutate(|candidates| {
			let found = candidates.iter().position(|candidate| candidate.who == *who);
			found.map(|index| candidates.remove(index)).is_some()
		});
		if removed {
			Self::deposit_event(Event::CandidateRemoved { who: who.clone(), departure });
		}
		removed
	}

	fn place(
		candidates: &mut CandidatesOf<T>,
		candidate: Candidate<T::AccountId, T::Balance>,
	) -> Result<(), Error<T>> {
		let index = candidates.partition_point(|other| other.rank(&candidate).is_lt());
		candidates.try_insert(index, candidate).map_err(|_| Error::<T>::OutbidByAll)
	}

	/// Whether `who` is in the running session's set or in the one planned next.
	pub fn is_in_a_set(who: &T::AccountId) -> bool {
		pallet_session::Validators::<T>::get().contains(who)
			|| pallet_session::QueuedKeys::<T>::get().iter().any(|(validator, _)| validator == who)
	}

	/// Checks the numbered invariants of the pallet's documentation.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let candidates = Candidates::<T>::get();
		ensure!(
			candidates.iter().zip(candidates.iter().skip(1)).all(|(a, b)| a.rank(b).is_lt()),
			"1: candidates out of order"
		);
		let accounts: BTreeSet<_> = candidates.iter().map(|candidate| &candidate.who).collect();
		ensure!(accounts.len() == candidates.len(), "1: account listed twice");
		let next = NextArrival::<T>::get();
		for candidate in &candidates {
			let bond = T::Bonds::active_bond(&candidate.who, Role::Validator);
			ensure!(candidate.bond == bond, "2: recorded bond is not the active bond");
			ensure!(T::Bonds::is_sufficient(&candidate.who, Role::Validator), "2: under-bonded candidate");
			ensure!(Self::exclusion(&candidate.who).is_none(), "3: excluded candidate");
			ensure!(candidate.arrival < next, "4: arrival not given yet");
		}
		let excluded = Excluded::<T>::get();
		let accounts: BTreeSet<_> = excluded.iter().map(|exclusion| &exclusion.who).collect();
		ensure!(accounts.len() == excluded.len(), "3: account excluded twice");
		let oldest = Self::oldest_remembered(pallet_session::CurrentIndex::<T>::get());
		for (session, _, fraction) in Offences::<T>::iter() {
			ensure!(session >= oldest, "5: forgotten session still recorded");
			ensure!(!fraction.is_zero(), "5: offence without a fraction");
		}
		Ok(())
	}

	/// The oldest session whose offences are remembered while `now` is running.
	pub(crate) fn oldest_remembered(now: u32) -> u32 {
		now.saturating_sub(T::OffenceSessions::get())
	}
}

impl<T: Config> OnBondChange<T::AccountId> for Pallet<T> {
	fn bond_changed(who: &T::AccountId, role: Role) {
		if role != Role::Validator {
			return;
		}
		let mut candidates = Candidates::<T>::get();
		let Some(index) = candidates.iter().position(|candidate| candidate.who == *who) else { return };
		if !T::Bonds::is_sufficient(who, role) {
			Self::remove(who, Departure::UnderBonded);
			return;
		}
		let mut candidate = candidates.remove(index);
		let old_bond = core::mem::replace(&mut candidate.bond, T::Bonds::active_bond(who, role));
		let bond = candidate.bond;
		if bond == old_bond || Self::place(&mut candidates, candidate).is_err() {
			return;
		}
		Candidates::<T>::put(candidates);
		Self::deposit_event(Event::CandidateMoved { who: who.clone(), old_bond, bond });
	}

	fn weight() -> Weight {
		<T as Config>::WeightInfo::bond_changed()
	}
}

impl<T: Config> RoleDuty<T::AccountId> for Pallet<T> {
	fn claimed_kbps(_: &T::AccountId, _: Role) -> Kbps {
		0
	}

	fn in_service(who: &T::AccountId, role: Role) -> bool {
		role == Role::Validator && (Self::is_candidate(who) || Self::is_in_a_set(who))
	}
}
