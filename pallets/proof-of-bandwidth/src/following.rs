//! Following the registry: which providers tests are drawn from, and by which terms.

use crate::{audits::AUDIT_DELAY, dense_index::HISTORY_EPOCHS, epochs::ProviderIndices, *};
use alloc::vec::Vec;
use polkadot_sdk::*;

use frame_support::weights::Weight;
use weir_math::committee::class_of;
use weir_primitives::{
	seams::{EpochClock, OnProviderChange, OnSlashDecided, ProviderFacts, ProviderRegistry},
	Admission, EpochIndex, ProviderIndex, SlashReason, OWNER_DELAY_EPOCHS,
};

impl<T: Config> Pallet<T> {
	/// Brings terms and lists of a provider in line with what the registry says of the next epoch, after a verdict: what that
	/// decided counts at once, for nobody chose it. `in_next` as in [`Self::follow_change`].
	pub(crate) fn follow(index: ProviderIndex, in_next: impl FnOnce(Terms, Terms) -> Terms) {
		let next = Self::epoch().saturating_add(1);
		let serving = |epoch| T::Registry::facts_at(index, epoch).filter(|facts| facts.in_service);
		let Some(facts) = serving(next) else { return };
		if serving(Self::epoch().saturating_add(OWNER_DELAY_EPOCHS)).is_some() {
			return Self::follow_change(index, &facts, in_next);
		}
		// Its owner has announced a pause, which stays announced: no more than the epoch before it changes.
		Targets::<T>::mutate_extant(index, |target| {
			let Some(held) = target.terms.at(next) else { return };
			let meanwhile = in_next(held, Self::terms_of(target, &facts));
			Self::rewrite_terms(target, next, |begin, terms| if begin == next { meanwhile } else { terms });
		});
	}

	/// Brings terms and lists in line with `facts`. What the next epoch's tests go by is up to `in_next`, which is given
	/// what they went by before and the new terms.
	fn follow_change(
		index: ProviderIndex,
		facts: &ProviderFacts<T::AccountId>,
		in_next: impl FnOnce(Terms, Terms) -> Terms,
	) {
		let now = Self::epoch();
		let (next, from) = (now.saturating_add(1), now.saturating_add(OWNER_DELAY_EPOCHS));
		let known = Targets::<T>::get(index).filter(|target| target.account == facts.account);
		let mut target = known.unwrap_or_else(|| {
			Self::forget_facts(index);
			Target { account: facts.account.clone(), terms: Default::default(), escalation: None }
		});
		let terms = Self::terms_of(&target, facts);
		let held = target.terms.at(next);
		match held.map(|held| in_next(held, terms)).filter(|_| terms.standing != Standing::Out) {
			Some(meanwhile) => {
				Self::set_terms(&mut target, next, meanwhile);
				Self::set_terms(&mut target, from, terms);
			}
			None => Self::set_terms(&mut target, next, terms),
		}
		let listed = terms.prefix.is_some() && terms.standing != Standing::Out;
		let class = class_of(terms.claim.largest_kbps()).filter(|_| listed || target.escalation.is_some());
		Targets::<T>::insert(index, target);
		Self::list_in(index, class);
		if terms.standing == Standing::Out {
			Self::stop_watching(index);
		}
	}

	/// The terms that `facts` make of those a provider has.
	fn terms_of(target: &Target<T::AccountId>, facts: &ProviderFacts<T::AccountId>) -> Terms {
		let now = Self::epoch();
		let (next, from) = (now.saturating_add(1), now.saturating_add(OWNER_DELAY_EPOCHS));
		let (claim, shared, prefix) = (facts.claim, facts.shared, facts.endpoint.prefix());
		let has_moved = target.terms.at(next).is_some_and(|held| held.prefix != prefix);
		let stood = |epoch| target.terms.at(epoch).map(|terms| terms.standing);
		let is_away = [now, next].map(stood).contains(&Some(Standing::Out));
		let is_owing = [next, from].map(stood).contains(&Some(Standing::Owing));
		let standing = match facts.admission {
			Admission::Jailed { .. } => Standing::Out,
			Admission::Pending { .. } => Standing::Pending,
			// Whoever was away or moves owes a test: neither must be a way around one.
			Admission::Admitted { .. } if is_away || is_owing || has_moved => Standing::Owing,
			Admission::Admitted { .. } => Standing::Admitted,
		};
		Terms { claim, standing, prefix, shared, country: facts.region.country }
	}

	/// Ends the tests of a provider from `from` on.
	fn follow_leave(index: ProviderIndex, from: EpochIndex) {
		let Some(mut target) = Targets::<T>::get(index) else { return };
		if let Some(terms) = target.terms.latest() {
			Self::set_terms(&mut target, from, Terms { standing: Standing::Out, ..terms });
		}
		let keep = target.escalation.is_some();
		Targets::<T>::insert(index, target);
		if !keep {
			Self::list_in(index, None);
		}
		let moment = Self::moment();
		let gone = moment.now.saturating_add(moment.maturity).saturating_add(2);
		Leavers::<T>::insert(gone, Leaver::Provider(index), ());
	}

	/// First epoch whose terms anybody asks for. Versions begin at most two epochs ahead: five are ever needed.
	fn oldest_terms() -> EpochIndex {
		Self::epoch().saturating_sub(AUDIT_DELAY)
	}

	pub(crate) fn set_terms(target: &mut Target<T::AccountId>, from: EpochIndex, terms: Terms) {
		let changes = target.terms.latest() != Some(terms) || target.terms.latest_from() > Some(from);
		if changes && !target.terms.set(from, terms, Self::oldest_terms()) {
			frame_support::defensive!("six versions hold every epoch that can be asked for");
			Self::deposit_event(Event::Unexpected { expectation: Expectation::TermsKept });
		}
	}

	/// The terms that hold from `from` on, by the epochs from which they do.
	fn terms_from(target: &Target<T::AccountId>, from: EpochIndex) -> Vec<(EpochIndex, Terms)> {
		let first = target.terms.at(from).map(|terms| (from, terms));
		let later = target.terms.iter().filter(|(begin, _)| *begin > from).copied();
		first.into_iter().chain(later).collect()
	}

	/// Makes other terms of those that hold from `from` on, each from the same epoch as before.
	fn rewrite_terms(
		target: &mut Target<T::AccountId>,
		from: EpochIndex,
		rewrite: impl Fn(EpochIndex, Terms) -> Terms,
	) {
		let versions = Self::terms_from(target, from).into_iter();
		for (begin, terms) in versions.skip_while(|(begin, terms)| rewrite(*begin, *terms) == *terms) {
			Self::set_terms(target, begin, rewrite(begin, terms));
		}
	}

	/// Makes `new` of every standing `old` that a provider has in `from` or later.
	pub(crate) fn change_standing(index: ProviderIndex, from: EpochIndex, old: Standing, new: Standing) {
		Targets::<T>::mutate_extant(index, |target| {
			Self::rewrite_terms(target, from, |_, terms| {
				let standing = if terms.standing == old { new } else { terms.standing };
				Terms { standing, ..terms }
			});
		});
	}

	/// Lets a provider off the test that it owed in `epoch`, which was held, from the next epoch on; and forgets the terms
	/// that no epoch asks for any more. What it has come to owe since, by moving, by returning or by asking for it, it owes.
	pub(crate) fn discharge(index: ProviderIndex, epoch: EpochIndex) {
		let next = Self::epoch().saturating_add(1);
		Targets::<T>::mutate_extant(index, |target| {
			target.terms.forget(Self::oldest_terms());
			let Some(held) = target.terms.at(epoch) else { return };
			let is_same = |terms: &Terms| terms.standing == Standing::Owing && terms.prefix == held.prefix;
			let later = Self::terms_from(target, epoch);
			// The first epoch whose terms are not of this debt.
			let ends = later.iter().find(|(_, terms)| !is_same(terms)).map(|(begin, _)| *begin);
			Self::rewrite_terms(target, next, |begin, terms| {
				let standing =
					if ends.is_none_or(|ends| begin < ends) { Standing::Admitted } else { terms.standing };
				Terms { standing, ..terms }
			});
		});
	}

	/// Makes `class` the only list the provider is wanted in.
	pub(crate) fn list_in(index: ProviderIndex, class: Option<u8>) {
		let moment = Self::moment();
		for list in 0..CLASSES {
			let wanted = ProviderIndices::<T>::is_wanted(list, &index);
			let change = match (wanted, class == Some(list)) {
				(false, true) => ProviderIndices::<T>::join(list, &index, moment).map(|_| ()),
				(true, false) => ProviderIndices::<T>::leave(list, &index, moment).map(|_| ()),
				_ => Ok(()),
			};
			if change.is_err() {
				Self::deposit_event(Event::Unexpected { expectation: Expectation::ListChanged });
			}
		}
	}

	/// Whether any epoch that can be reported on or audited sees the provider on a list.
	fn is_listed(index: ProviderIndex) -> bool {
		let since = Self::epoch().saturating_sub(AUDIT_DELAY);
		(0..CLASSES).any(|list| ProviderIndices::<T>::is_seen_since(list, &index, since))
	}

	/// Forgets a provider the registry no longer knows. False if an epoch still names it.
	pub(crate) fn release_provider(index: ProviderIndex) -> bool {
		let Some(target) = Targets::<T>::get(index) else { return true };
		if T::Registry::facts(index).is_some_and(|facts| facts.account == target.account) {
			// Paused, not gone: the departure that follows a deregistration asks again.
			return true;
		}
		if target.escalation.is_some() || Self::is_listed(index) {
			return false;
		}
		let since = Self::epoch().saturating_sub(AUDIT_DELAY);
		for list in 0..CLASSES {
			ProviderIndices::<T>::forget(list, &index, since);
		}
		Targets::<T>::remove(index);
		Self::forget_facts(index);
		true
	}

	/// Forgets what was measured of the registration that had this index.
	fn forget_facts(index: ProviderIndex) {
		Verdicts::<T>::remove(index);
		Locations::<T>::remove(index);
		Gaps::<T>::remove(index);
		Dismissed::<T>::remove(index);
	}
}

impl<T: Config> OnProviderChange<T::AccountId> for Pallet<T> {
	fn provider_changed(index: ProviderIndex, facts: &ProviderFacts<T::AccountId>) {
		Self::follow_change(index, facts, |held, _| held);
	}

	fn provider_left(index: ProviderIndex, who: &T::AccountId) {
		let now = Self::epoch();
		let paused =
			T::Registry::facts_at(index, now.saturating_add(1)).is_some_and(|facts| facts.in_service);
		let delay = if paused { OWNER_DELAY_EPOCHS } else { 1 };
		Self::follow_leave(index, now.saturating_add(delay));
		Self::stop_watching(index);
		if !paused {
			Self::reconsider_seat(who);
		}
		if T::Registry::index_of(who).is_none() {
			Self::settle_conduct(who);
		}
	}

	fn leaving_changed(_: ProviderIndex, _: &ProviderFacts<T::AccountId>) {
		// Its last tests go by the terms that they were drawn by, and after them it has none.
	}

	fn is_needed(index: ProviderIndex, who: &T::AccountId) -> bool {
		let Some(target) = Targets::<T>::get(index).filter(|target| target.account == *who) else {
			return false;
		};
		let struck = Conducts::<T>::get(who).is_some_and(|conduct| {
			let is_recent = |last: EpochIndex| Self::epoch().saturating_sub(last) <= HISTORY_EPOCHS;
			conduct.window.strikes() > 0 && conduct.last_strike.is_some_and(is_recent)
		});
		let disputed = Evidences::<T>::iter_key_prefix(index).next().is_some();
		struck || disputed || target.escalation.is_some() || Self::is_listed(index)
	}

	/// An end is the dearer: it may take a seat, an outage and a conduct along.
	fn weight() -> Weight {
		T::WeightInfo::follow_provider()
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn encumber_for_benchmark(index: ProviderIndex, who: &T::AccountId) {
		benchmarking::encumber::<T>(index, who);
	}
}

impl<T: Config> OnSlashDecided<T::AccountId> for Pallet<T> {
	fn slash_applied(_: &T::AccountId, _: &SlashReason) {
		// The offence was counted when the slash was queued.
	}

	fn slash_cancelled(who: &T::AccountId, reason: &SlashReason) {
		match reason {
			SlashReason::FalseClaim { epoch, .. } => Self::void_offence(who, *epoch),
			SlashReason::WrongRegion { country, .. } => Self::lift_ban(who, *country),
			SlashReason::Equivocation { .. } | SlashReason::FalseReport { .. } => {}
		}
	}

	fn weight() -> Weight {
		T::WeightInfo::slash_cancelled()
	}
}
