//! What a verdict does: admission, lower claims, strikes, escalations, slashes.

use crate::{assignment::Test, *};
use polkadot_sdk::*;

use sp_runtime::Perbill;
use weir_math::{
	committee::class_of,
	verdict::{sanction, Outcome, Sanction},
};
use weir_primitives::{
	api::{TestKind, VerdictRecord},
	seams::{EpochClock, ProviderRegistry, SlashQueue},
	Admission, Claim, EpochIndex, ProviderIndex, Role, SlashReason,
};

/// Tests to pass, each in another epoch, before a provider is admitted.
pub const ADMISSION_TESTS: u8 = 3;

impl<T: Config> Pallet<T> {
	/// Applies a verdict to the provider it is about.
	pub(crate) fn discipline(test: &Test<T::AccountId>, verdict: &VerdictRecord) {
		match verdict.kind {
			TestKind::Escalation => Self::conclude_escalation(test, verdict),
			TestKind::Admission | TestKind::Scheduled => Self::conclude_test(test, verdict),
		}
	}

	fn conclude_test(test: &Test<T::AccountId>, verdict: &VerdictRecord) {
		let strike = match verdict.outcome {
			// Nothing was measured: neither a pass nor a strike, and what was owed stays owed.
			Outcome::Void | Outcome::Unreachable => return,
			Outcome::Strike => true,
			Outcome::Good | Outcome::PaidAsMeasured | Outcome::ClaimLowered => false,
		};
		Self::note_test(test, verdict.epoch, strike);
		Self::discharge(test.provider, verdict.epoch);
		match verdict.outcome {
			Outcome::ClaimLowered => Self::lower_claim(test.provider, verdict),
			Outcome::Good | Outcome::PaidAsMeasured if verdict.kind == TestKind::Admission => {
				Self::note_passed(test.provider, &verdict.claim);
			}
			_ => {}
		}
	}

	/// Counts a test of the bond account, and opens an escalation on the third strike in five.
	fn note_test(test: &Test<T::AccountId>, epoch: EpochIndex, strike: bool) {
		let due = Conducts::<T>::mutate(&test.account, |stored| {
			let conduct = stored.get_or_insert_default();
			conduct.window.push(epoch, strike, test.claim.down_kbps, test.claim.up_kbps);
			if strike {
				conduct.last_strike = Some(Self::epoch());
			}
			let (down_kbps, up_kbps) = conduct.window.highest_claim();
			(strike && conduct.window.should_escalate()).then_some(Claim { down_kbps, up_kbps })
		});
		if let Some(claim) = due {
			Self::open_escalation(test.provider, claim);
		}
	}

	fn open_escalation(provider: ProviderIndex, claim: Claim) {
		let due = Self::epoch().saturating_add(1);
		let Some(mut target) = Targets::<T>::get(provider).filter(|target| target.escalation.is_none())
		else {
			return;
		};
		target.escalation = Some(Escalation { due, claim, attempts: 0, cause: Cause::Strikes });
		let account = target.account.clone();
		let current = target.terms.latest().map_or(claim, |terms| terms.claim);
		Targets::<T>::insert(provider, target);
		Self::list_for_escalation(provider, current);
		Self::deposit_event(Event::EscalationOpened { provider, account, due, claim });
	}

	/// A provider that left meanwhile, or is jailed, stays on a list until its escalation is decided.
	pub(crate) fn list_for_escalation(provider: ProviderIndex, claim: Claim) {
		if !(0..CLASSES).any(|list| epochs::ProviderIndices::<T>::is_wanted(list, &provider)) {
			Self::list_in(provider, class_of(claim.largest_kbps()));
		}
	}

	fn conclude_escalation(test: &Test<T::AccountId>, verdict: &VerdictRecord) {
		if Self::epoch().saturating_sub(verdict.epoch) > 1 {
			// The next one runs already: to end the escalation now would turn its test into another one, which
			// nobody measures.
			return;
		}
		let open = Targets::<T>::get(test.provider).and_then(|target| target.escalation);
		match open.map(|escalation| escalation.cause) {
			Some(Cause::Appeal(epoch)) => return Self::conclude_appeal(test, epoch, verdict),
			Some(Cause::Withdrawn) => return Self::end_escalation(test.provider),
			Some(Cause::Strikes) | None => {}
		}
		if matches!(verdict.outcome, Outcome::Void | Outcome::Unreachable) {
			return Self::retry_escalation(test);
		}
		let agreed = verdict.outcome == Outcome::Strike;
		let offences = Self::recent_offences(&test.account);
		match sanction(verdict.ratio_ppm, agreed, offences) {
			Sanction::None => {
				Self::close_escalation(test);
				if verdict.outcome == Outcome::ClaimLowered {
					Self::lower_claim(test.provider, verdict);
				}
				let (provider, account) = (test.provider, test.account.clone());
				let ratio_ppm = verdict.ratio_ppm;
				Self::deposit_event(Event::EscalationRefuted { provider, account, ratio_ppm });
			}
			Sanction::ResetClaim => Self::punish(test, verdict, None),
			Sanction::Slash { parts_per_billion, jail } => {
				Self::punish(test, verdict, Some((Perbill::from_parts(parts_per_billion), jail)));
			}
		}
	}

	/// Counts an escalation without result, and lets it lapse when nobody will be able to tell.
	fn retry_escalation(test: &Test<T::AccountId>) {
		let lapsed = Targets::<T>::mutate_extant(test.provider, |target| {
			target.escalation.as_mut().is_some_and(|escalation| {
				escalation.attempts = escalation.attempts.saturating_add(1);
				escalation.attempts >= ESCALATION_ATTEMPTS
			})
		});
		if lapsed {
			Self::close_escalation(test);
			Self::set_admission(test.provider, Admission::Pending { passed: 0 });
			let (provider, account) = (test.provider, test.account.clone());
			Self::deposit_event(Event::EscalationLapsed { provider, account });
		}
	}

	/// Ends the escalation and voids the strikes that led to it.
	fn close_escalation(test: &Test<T::AccountId>) {
		Conducts::<T>::mutate_extant(&test.account, |conduct| conduct.window.clear());
		Self::end_escalation(test.provider);
	}

	/// Ends the escalation alone.
	pub(crate) fn end_escalation(provider: ProviderIndex) {
		let out = Targets::<T>::mutate_extant(provider, |target| {
			target.escalation = None;
			target.terms.latest().is_some_and(|terms| terms.standing == Standing::Out)
		});
		if out {
			Self::list_in(provider, None);
		}
	}

	fn punish(test: &Test<T::AccountId>, verdict: &VerdictRecord, slash: Option<(Perbill, bool)>) {
		let (provider, account) = (test.provider, test.account.clone());
		let ratio_ppm = verdict.ratio_ppm;
		let reason = SlashReason::FalseClaim { epoch: verdict.epoch, ratio_ppm };
		let fraction = slash.map_or(Perbill::zero(), |(fraction, _)| fraction);
		let queued = match slash {
			None => None,
			Some((fraction, _)) => {
				match T::Slashes::queue_slash(&account, Role::Provider, fraction, reason) {
					Ok(number) => Some(number),
					Err(_) => {
						// The escalation stays open: the next one tries again.
						Self::deposit_event(Event::Unexpected { expectation: Expectation::SlashQueued });
						return;
					}
				}
			}
		};
		Evidences::<T>::mutate(provider, verdict.epoch, |kept| {
			if let Some(evidence) = kept {
				evidence.slash = queued;
			}
		});
		Self::note_offence(&account, verdict.epoch);
		Self::close_escalation(test);
		Self::lower_claim(provider, verdict);
		let standing = match slash {
			Some((_, true)) => {
				Admission::Jailed { until: Self::epoch().saturating_add(Self::epochs_in_days(JAIL_DAYS)) }
			}
			_ => Admission::Pending { passed: 0 },
		};
		Self::set_admission(provider, standing);
		Self::deposit_event(Event::FalseClaimConfirmed {
			provider,
			account,
			ratio_ppm,
			fraction,
			slash: queued,
		});
	}

	/// Offences of the account that still count.
	fn recent_offences(who: &T::AccountId) -> u8 {
		let since = Self::epoch().saturating_sub(Self::epochs_in_days(OFFENCE_DAYS));
		let recent = Conducts::<T>::get(who)
			.map_or(0, |conduct| conduct.offences.iter().filter(|epoch| **epoch >= since).count());
		u8::try_from(recent).unwrap_or(u8::MAX)
	}

	fn note_offence(who: &T::AccountId, epoch: EpochIndex) {
		Conducts::<T>::mutate(who, |stored| {
			let conduct = stored.get_or_insert_default();
			if conduct.offences.is_full() {
				conduct.offences.remove(0);
			}
			// Room was just made.
			let _ = conduct.offences.try_push(epoch);
		});
	}

	/// Takes back the offence of `epoch`.
	pub(crate) fn void_offence(who: &T::AccountId, epoch: EpochIndex) {
		Conducts::<T>::mutate_extant(who, |conduct| {
			let before = conduct.offences.len();
			conduct.offences.retain(|offence| *offence != epoch);
			if conduct.offences.len() < before {
				Self::deposit_event(Event::OffenceVoided { account: who.clone(), epoch });
			}
		});
	}

	/// Lets go of the conduct of an account whose registration ended: at once if nothing in it counts any more, else
	/// in the first epoch in which nothing will. Until then whoever registers anew goes on where it left.
	pub(crate) fn settle_conduct(who: &T::AccountId) {
		let Some(mut conduct) = Conducts::<T>::get(who) else { return };
		let strike = conduct.last_strike.filter(|_| conduct.window.strikes() > 0);
		let remembered = Self::epochs_in_days(OFFENCE_DAYS);
		let last = conduct.offences.iter().copied().chain(strike).max();
		let review = last
			.map(|last| last.saturating_add(remembered).saturating_add(1))
			.into_iter()
			.chain(conduct.misplaced.iter().map(|misplaced| misplaced.ends(remembered)))
			.max()
			.filter(|end| *end > Self::epoch());
		if let Some(known) = conduct.review.filter(|known| review != Some(*known)) {
			Leavers::<T>::remove(known, Leaver::Conduct(who.clone()));
		}
		match review {
			None => Conducts::<T>::remove(who),
			Some(epoch) => {
				Leavers::<T>::insert(epoch, Leaver::Conduct(who.clone()), ());
				conduct.review = review;
				Conducts::<T>::insert(who, conduct);
			}
		}
	}

	/// Asks again, in the epoch that was set for it, whether a conduct still counts. It does while there is a
	/// registration: the end of that asks anew. True: a review is done whatever it finds.
	pub(crate) fn review_conduct(who: &T::AccountId, epoch: EpochIndex) -> bool {
		let Some(conduct) = Conducts::<T>::get(who).filter(|conduct| conduct.review == Some(epoch)) else {
			return true;
		};
		Conducts::<T>::insert(who, Conduct { review: None, ..conduct });
		if T::Registry::index_of(who).is_none() {
			Self::settle_conduct(who);
		}
		true
	}

	/// Counts a passed test of `claim`. One of less than what is claimed by now admits nobody to that.
	pub(crate) fn note_passed(provider: ProviderIndex, claim: &Claim) {
		let facts = T::Registry::facts(provider).filter(|facts| facts.claim.is_within(claim));
		let Some(facts) = facts else { return };
		let Admission::Pending { passed } = facts.admission else { return };
		let passed = passed.saturating_add(1);
		if passed < ADMISSION_TESTS {
			Self::set_admission(provider, Admission::Pending { passed });
			return;
		}
		let since = Self::epoch().saturating_add(1);
		Self::set_admission(provider, Admission::Admitted { since });
		Self::deposit_event(Event::ProviderAdmitted { provider, since });
	}

	fn set_admission(provider: ProviderIndex, admission: Admission) {
		if T::Registry::set_admission(provider, admission).is_err() {
			Self::deposit_event(Event::Unexpected { expectation: Expectation::AdmissionSet });
		}
		Self::follow(provider, |held, new| Terms { standing: new.standing, ..held });
	}

	/// Makes what was measured the claim, where it is less.
	pub(crate) fn lower_claim(provider: ProviderIndex, verdict: &VerdictRecord) {
		if T::Registry::lower_claim(provider, verdict.measured()).is_err() {
			Self::deposit_event(Event::Unexpected { expectation: Expectation::ClaimLowered });
		}
		let measured = verdict.measured();
		Self::follow(provider, |held, _| Terms { claim: held.claim.lowered_to(&measured), ..held });
	}
}
