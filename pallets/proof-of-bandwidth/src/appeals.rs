//! What a provider may ask for: another escalation against a slash, and a test ahead of its turn.
//!
//! An appeal needs a deposit and time: the new committee measures in the next epoch and is judged in the one after, and
//! both must be over before the slash is due. If it refutes the first one the deposit comes back and all that followed is
//! undone; if it agrees the deposit is forfeited; if it cannot conclude the deposit comes back and the slash stands.

use crate::{assignment::Test, *};
use polkadot_sdk::*;

use frame_support::{dispatch::DispatchResult, ensure};
use weir_math::verdict::Outcome;
use weir_primitives::{
	api::{TestKind, VerdictRecord},
	seams::{Deposit, Deposits, EpochClock, ProviderRegistry, QueuedSlashes},
	Admission, EpochIndex, OWNER_DELAY_EPOCHS,
};

/// Epochs from an appeal to its verdict. The committee of the next epoch can be computed: of the two epochs in which an
/// appeal comes in time, the owner may choose the one whose 51 members suit him better.
const APPEAL_EPOCHS: EpochIndex = 2;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_appeal(who: T::AccountId, epoch: EpochIndex) -> DispatchResult {
		let provider = T::Registry::index_of(&who).ok_or(Error::<T>::NotAProvider)?;
		let mut evidence = Self::disputable(provider, epoch)?;
		let verdict = evidence.verdict;
		ensure!(evidence.account == who && verdict.kind == TestKind::Escalation, Error::<T>::NotDisputable);
		ensure!(!evidence.appealed, Error::<T>::AlreadyAppealed);
		let due = evidence.slash.and_then(T::Slashes::due_of).ok_or(Error::<T>::NotDisputable)?;
		ensure!(Self::ends_before(due), Error::<T>::TooLateToAppeal);
		let mut target = Targets::<T>::get(provider).ok_or(Error::<T>::NotAProvider)?;
		ensure!(target.escalation.is_none(), Error::<T>::EscalationOpen);
		T::Deposits::hold(&who, Deposit::Appeal)?;
		let held_in = Self::epoch().saturating_add(1);
		let cause = Cause::Appeal(epoch);
		target.escalation = Some(Escalation { due: held_in, claim: verdict.claim, attempts: 0, cause });
		Targets::<T>::insert(provider, target);
		evidence.appealed = true;
		Evidences::<T>::insert(provider, epoch, evidence);
		Self::list_for_escalation(provider, verdict.claim);
		Self::deposit_event(Event::Appealed { provider, account: who, epoch, due: held_in });
		Ok(())
	}

	/// Whether an appeal of now is judged before `due`.
	fn ends_before(due: EpochIndex) -> bool {
		Self::epoch().saturating_add(APPEAL_EPOCHS) < due
	}

	/// Concludes the escalation that was held against the one of `epoch`.
	pub(crate) fn conclude_appeal(test: &Test<T::AccountId>, epoch: EpochIndex, verdict: &VerdictRecord) {
		let (provider, account) = (test.provider, test.account.clone());
		let kept = Evidences::<T>::get(provider, epoch).filter(|evidence| evidence.account == account);
		let due = kept.as_ref().and_then(|evidence| evidence.slash).and_then(T::Slashes::due_of);
		let is_void = matches!(verdict.outcome, Outcome::Void | Outcome::Unreachable);
		if is_void && due.is_some_and(Self::ends_before) {
			// The next one is held in the epoch after this.
			return;
		}
		Self::end_escalation(provider);
		let is_upheld = !is_void && verdict.outcome != Outcome::Strike;
		// Receipts may have refuted the first one meanwhile: then nothing is left to be wrong about.
		if verdict.outcome == Outcome::Strike && kept.is_some() {
			T::Deposits::forfeit(&account, Deposit::Appeal);
		} else {
			T::Deposits::release(&account, Deposit::Appeal);
		}
		if let Some(evidence) = kept.filter(|_| is_upheld) {
			Self::refute(provider, &evidence, verdict);
		}
		let outcome = verdict.outcome;
		Self::deposit_event(Event::AppealConcluded { provider, account, epoch, outcome });
	}

	pub(crate) fn do_request_test(who: T::AccountId) -> DispatchResult {
		let provider = T::Registry::index_of(&who).ok_or(Error::<T>::NotAProvider)?;
		let from = Self::epoch().saturating_add(OWNER_DELAY_EPOCHS);
		let facts = T::Registry::facts_at(provider, from).filter(|facts| facts.in_service);
		let facts = facts.ok_or(Error::<T>::NotInService)?;
		ensure!(matches!(facts.admission, Admission::Admitted { .. }), Error::<T>::NotAdmitted);
		let target = Targets::<T>::get(provider).filter(|target| target.account == who);
		let target = target.ok_or(Error::<T>::NotInService)?;
		ensure!(target.escalation.is_none(), Error::<T>::EscalationOpen);
		let terms = target.terms.at(from).filter(|terms| terms.standing == Standing::Admitted);
		ensure!(terms.is_some(), Error::<T>::TestDue);
		T::Deposits::charge_test(&who)?;
		Self::change_standing(provider, from, Standing::Admitted, Standing::Owing);
		Self::deposit_event(Event::TestRequested { provider, account: who, from });
		Ok(())
	}
}
