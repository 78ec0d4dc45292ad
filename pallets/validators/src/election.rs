//! Who validates the next session.

use crate::{
	types::{Candidate, Exclusion},
	Candidates, CandidatesOf, Config, Event, Excluded, Offences, Pallet,
};
use alloc::vec::Vec;
use core::cmp::Reverse;
use frame_support::traits::Get;
use pallet_session::historical;
use polkadot_sdk::*;
use sp_staking::{offence::OffenceSeverity, SessionIndex};
use weir_primitives::{seams::Bonds, Role};

impl<T: Config> Pallet<T> {
	/// The first `MaxValidators` candidates that may serve.
	fn target(candidates: &CandidatesOf<T>) -> Vec<&T::AccountId> {
		let limit = usize::try_from(T::MaxValidators::get()).unwrap_or(usize::MAX);
		candidates
			.iter()
			.map(|candidate| &candidate.who)
			// The session drops a member without keys after the election: it must not take a place.
			.filter(|who| pallet_session::NextKeys::<T>::contains_key(who))
			.filter(|who| T::Bonds::is_sufficient(who, Role::Validator))
			.take(limit)
			.collect()
	}

	/// The set for `session`, and how many joined and left; nothing if the old one stays.
	fn elect(session: SessionIndex, old: &[T::AccountId]) -> Option<(Vec<T::AccountId>, u32, u32)> {
		let candidates = Candidates::<T>::get();
		let target = Self::target(&candidates);
		let eligible = count(&target);
		if eligible < T::MinValidators::get() {
			Self::deposit_event(Event::SetKept { session, eligible });
			return None;
		}
		// Without a set before there is nothing to protect from change.
		let limit = match old {
			[] => usize::MAX,
			_ => usize::try_from(T::ChurnLimit::get()).unwrap_or(usize::MAX),
		};
		let mut leavers: Vec<&T::AccountId> = old.iter().filter(|who| !target.contains(who)).collect();
		let excluded = Excluded::<T>::get();
		leavers.sort_by_cached_key(|who| urgency(&candidates, &excluded, who));
		leavers.truncate(limit);
		let joiners: Vec<&T::AccountId> =
			target.into_iter().filter(|who| !old.contains(who)).take(limit).collect();
		let (joined, left) = (count(&joiners), count(&leavers));
		let set = old.iter().filter(|who| !leavers.contains(who)).chain(joiners).cloned().collect();
		Some((set, joined, left))
	}

	/// Whether every member will use the keys it uses in the session that just began.
	fn keys_unchanged(set: &[T::AccountId]) -> bool {
		let running = pallet_session::QueuedKeys::<T>::get();
		running.len() == set.len()
			&& running
				.iter()
				.all(|(who, keys)| pallet_session::NextKeys::<T>::get(who).as_ref() == Some(keys))
	}

	/// Disables again the offenders that are still in the set: a new set starts with nobody disabled.
	fn disable_excluded(session: SessionIndex) {
		let validators = pallet_session::Validators::<T>::get();
		for exclusion in Excluded::<T>::get() {
			if exclusion.until > session && validators.contains(&exclusion.who) {
				pallet_session::Pallet::<T>::report_offence(
					exclusion.who,
					OffenceSeverity(exclusion.severity),
				);
			}
		}
	}

	/// Drops what no longer counts: ended exclusions, and offences that can no longer be reported.
	fn forget(session: SessionIndex) {
		Excluded::<T>::mutate(|excluded| excluded.retain(|exclusion| exclusion.until > session));
		let oldest = Self::oldest_remembered(session);
		if let Some(forgotten) = oldest.checked_sub(1) {
			// One session's offenders are at most its validators.
			let _ = Offences::<T>::clear_prefix(forgotten, T::MaxValidators::get(), None);
			historical::Pallet::<T>::prune_up_to(oldest);
		}
	}
}

impl<T: Config> pallet_session::SessionManager<T::AccountId> for Pallet<T> {
	/// Plans `session`. The set it moves away from is that of the session just begun, which was planned last.
	fn new_session(session: SessionIndex) -> Option<Vec<T::AccountId>> {
		let old = pallet_session::Validators::<T>::get();
		let (set, joined, left) = Self::elect(session, &old).unwrap_or_else(|| (old.clone(), 0, 0));
		if set == old && Self::keys_unchanged(&set) {
			return None;
		}
		if set != old {
			let validators = count(&set);
			Self::deposit_event(Event::SetPlanned { session, validators, joined, left });
		}
		Some(set)
	}

	/// The first set: all eligible candidates at once. Where sessions are built before the candidates, whoever has keys:
	/// the session would take those by itself, but then no root were recorded that proofs of their keys are checked
	/// against, and none of their offences could be reported once its session is over.
	fn new_session_genesis(session: SessionIndex) -> Option<Vec<T::AccountId>> {
		let elected = Self::elect(session, &[]).map(|(set, ..)| set);
		elected.or_else(|| {
			let mut keyed: Vec<_> = pallet_session::NextKeys::<T>::iter_keys().collect();
			keyed.sort();
			(!keyed.is_empty()).then_some(keyed)
		})
	}

	fn start_session(session: SessionIndex) {
		Self::forget(session);
		Self::disable_excluded(session);
	}

	fn end_session(_: SessionIndex) {}
}

impl<T: Config> historical::SessionManager<T::AccountId, crate::Identification> for Pallet<T> {
	fn new_session(session: SessionIndex) -> Option<Vec<(T::AccountId, crate::Identification)>> {
		<Self as pallet_session::SessionManager<_>>::new_session(session).map(identified)
	}

	fn new_session_genesis(session: SessionIndex) -> Option<Vec<(T::AccountId, crate::Identification)>> {
		<Self as pallet_session::SessionManager<_>>::new_session_genesis(session).map(identified)
	}

	fn start_session(session: SessionIndex) {
		<Self as pallet_session::SessionManager<_>>::start_session(session)
	}

	fn end_session(session: SessionIndex) {
		<Self as pallet_session::SessionManager<_>>::end_session(session)
	}
}

/// Sorts leavers: offenders, then those no longer willing, then the least bonded, the last to arrive first.
fn urgency<AccountId: PartialEq, Balance: Copy + Default + Ord>(
	candidates: &[Candidate<AccountId, Balance>],
	excluded: &[Exclusion<AccountId>],
	who: &AccountId,
) -> (u8, Balance, Reverse<u64>) {
	if excluded.iter().any(|exclusion| exclusion.who == *who) {
		return (0, Balance::default(), Reverse(0));
	}
	match candidates.iter().find(|candidate| candidate.who == *who) {
		None => (1, Balance::default(), Reverse(0)),
		Some(candidate) => (2, candidate.bond, Reverse(candidate.arrival)),
	}
}

fn count<T>(items: &[T]) -> u32 {
	u32::try_from(items.len()).unwrap_or(u32::MAX)
}

fn identified<AccountId>(set: Vec<AccountId>) -> Vec<(AccountId, crate::Identification)> {
	set.into_iter().map(|who| (who, ())).collect()
}
