//! Who reports: joining, leaving, keys and bonds.

use crate::*;

use alloc::vec::Vec;
use frame_support::{
	dispatch::DispatchResult,
	ensure,
	traits::{
		fungible::{InspectHold, MutateHold},
		tokens::Precision,
		Get, SortedMembers,
	},
};
use sp_runtime::traits::Zero;
use weir_primitives::{price::ReporterKey, seams::EpochClock};

type HoldReasonOf<T> =
	<<T as Config>::Currency as InspectHold<<T as frame_system::Config>::AccountId>>::Reason;

impl<T: Config> Pallet<T> {
	/// The reason under which a reporter's bond is on hold.
	pub fn hold_reason() -> HoldReasonOf<T> {
		HoldReason::ReporterBond.into()
	}

	/// The bond of a reporter that has not left.
	pub(crate) fn active(who: &T::AccountId) -> Result<Reporter<BalanceOf<T>>, Error<T>> {
		Reporters::<T>::get(who).filter(|reporter| reporter.free_at.is_none()).ok_or(Error::<T>::NotAReporter)
	}

	pub(crate) fn do_add_reporter(who: T::AccountId) -> DispatchResult {
		let reporters = Admitted::<T>::try_mutate(|admitted| {
			let place = admitted.binary_search(&who).err().ok_or(Error::<T>::AlreadyAdded)?;
			admitted.try_insert(place, who.clone()).map_err(|_| Error::<T>::TooManyReporters)?;
			Ok::<_, Error<T>>(count(admitted))
		})?;
		Self::deposit_event(Event::ReporterAdded { who, reporters });
		Ok(())
	}

	pub(crate) fn do_remove_reporter(who: T::AccountId) -> DispatchResult {
		if Self::active(&who).is_ok() {
			Self::do_leave(who.clone())?;
		}
		let reporters = Admitted::<T>::try_mutate(|admitted| {
			let place = admitted.binary_search(&who).map_err(|_| Error::<T>::NotAdded)?;
			admitted.remove(place);
			Ok::<_, Error<T>>(count(admitted))
		})?;
		Self::deposit_event(Event::ReporterRemoved { who, reporters });
		Ok(())
	}

	pub(crate) fn do_join(who: T::AccountId, key: ReporterKey) -> DispatchResult {
		ensure!(Admitted::<T>::get().binary_search(&who).is_ok(), Error::<T>::NotAdded);
		match Reporters::<T>::get(&who) {
			Some(Reporter { free_at: None, .. }) => return Err(Error::<T>::AlreadyJoined.into()),
			Some(_) => return Err(Error::<T>::StillUnbonding.into()),
			None => {}
		}
		ensure!(!ReporterOfKey::<T>::contains_key(&key), Error::<T>::KeyTaken);
		let mut standings = Standings::<T>::get();
		let standing = Standing { is_active: true, era: Era::<T>::get().number, judged: 0, deviated: 0 };
		standings.try_insert(who.clone(), standing).map_err(|_| Error::<T>::TooManyReporters)?;
		let bond = T::ReporterBond::get();
		T::Currency::hold(&Self::hold_reason(), &who, bond)?;

		Standings::<T>::put(standings);
		ReporterOfKey::<T>::insert(&key, &who);
		Reporters::<T>::insert(&who, Reporter { key: key.clone(), bond, free_at: None });
		Self::deposit_event(Event::ReporterJoined { who, key, bond });
		Ok(())
	}

	pub(crate) fn do_leave(who: T::AccountId) -> DispatchResult {
		let mut reporter = Self::active(&who)?;
		let wait = T::Pace::get().reporter_unbonding_epochs;
		let free_at = T::Clock::epoch().checked_add(wait).ok_or(Error::<T>::Overflow)?;
		reporter.free_at = Some(free_at);
		ReporterOfKey::<T>::remove(&reporter.key);
		Reporters::<T>::insert(&who, reporter);
		Standings::<T>::mutate(|standings| {
			if let Some(standing) = standings.get_mut(&who) {
				standing.is_active = false;
			}
		});
		pallet_oracle::RawValues::<T>::remove(&who, Feed::Token);
		Self::deposit_event(Event::ReporterLeft { who, free_at });
		Ok(())
	}

	pub(crate) fn do_withdraw(who: T::AccountId) -> DispatchResult {
		let reporter = Reporters::<T>::get(&who).ok_or(Error::<T>::NotAReporter)?;
		let free_at = reporter.free_at.ok_or(Error::<T>::NotLeaving)?;
		ensure!(free_at <= T::Clock::epoch(), Error::<T>::BondNotFree);
		// Eras may be longer than the unbonding time, and a cursor may lag: nobody leaves unjudged.
		let unjudged = Standings::<T>::mutate(|standings| standings.remove(&who));
		if let Some(standing) = unjudged {
			Self::judge(&who, standing);
		}
		let amount = Reporters::<T>::take(&who).map(|reporter| reporter.bond).unwrap_or_default();
		if !amount.is_zero() {
			T::Currency::release(&Self::hold_reason(), &who, amount, Precision::Exact)?;
		}
		Self::deposit_event(Event::BondReleased { who, amount });
		Ok(())
	}

	pub(crate) fn do_set_key(who: T::AccountId, key: ReporterKey) -> DispatchResult {
		let mut reporter = Self::active(&who)?;
		ensure!(!ReporterOfKey::<T>::contains_key(&key), Error::<T>::KeyTaken);
		let old = core::mem::replace(&mut reporter.key, key.clone());
		ReporterOfKey::<T>::remove(&old);
		ReporterOfKey::<T>::insert(&key, &who);
		Reporters::<T>::insert(&who, reporter);
		Self::deposit_event(Event::KeySet { who, old, new: key });
		Ok(())
	}
}

/// The oracle's members are the active reporters.
impl<T: Config> SortedMembers<T::AccountId> for Pallet<T> {
	fn sorted_members() -> Vec<T::AccountId> {
		Standings::<T>::get()
			.into_iter()
			.filter_map(|(who, standing)| standing.is_active.then_some(who))
			.collect()
	}

	fn contains(who: &T::AccountId) -> bool {
		Self::active(who).is_ok()
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn add(who: &T::AccountId) {
		benchmarking::activate::<T>(who);
	}
}

/// How many, at most [`weir_math::economy::price::MAX_REPORTERS`].
fn count<V>(accounts: &[V]) -> u32 {
	u32::try_from(accounts.len()).unwrap_or(u32::MAX)
}
