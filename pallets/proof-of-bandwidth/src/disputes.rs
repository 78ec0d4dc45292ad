//! Disputes: bilateral receipts against a strike, and what follows when it falls.
//!
//! What a strike stands on is kept as [`Evidence`]: for a test one epoch after its verdict, for an escalation until its
//! slash is final. Each receipt that shows more than its attestor reported replaces what was reported and costs the
//! attestor a part of its bond; then the committee is estimated and judged again. Only fields are compared, never
//! payload. Anyone may post receipts, free of charge: none is taken that changes nothing.

use crate::{
	assignment::{Draw, Test},
	receipts::{Posted, ReceiptOf},
	*,
};
use polkadot_sdk::*;

use alloc::vec::Vec;
use frame_support::{dispatch::DispatchResult, ensure, pallet_prelude::*, BoundedVec};
use sp_runtime::{
	transaction_validity::{
		InvalidTransaction, TransactionSource, TransactionValidityWithRefund, ValidTransaction,
	},
	DispatchError, Perbill,
};
use weir_math::{
	estimate::{self, Kind, Measurement, Member},
	verdict::{judge, Outcome, FALSE_REPORT_SLASH_PPB},
};
use weir_primitives::{
	api::{TestKind, VerdictRecord},
	seams::{EpochClock, OnVerdict, ProviderFacts, ProviderRegistry, QueuedSlashes, SlashQueue},
	Admission, EpochIndex, Kbps, ProviderIndex, SlashReason,
};

/// Epochs after its verdict in which a strike can be disputed.
const STRIKE_DISPUTE_EPOCHS: EpochIndex = 1;
/// Blocks for which a dispute stays in the pool.
const LONGEVITY: u64 = 64;

impl From<&Member> for Voice {
	fn from(member: &Member) -> Self {
		match member {
			Member::Absent => Self::Absent,
			Member::Silent => Self::Silent,
			Member::Reported(report) if report.kind == Kind::Unreachable => Self::Unreachable,
			Member::Reported(report) => {
				Self::Measured { down_kbps: report.down_kbps, up_kbps: report.up_kbps }
			}
		}
	}
}

impl Voice {
	/// Rates that count, kbps; none of a member that does not.
	pub(crate) fn rates(&self) -> Option<(Kbps, Kbps)> {
		match *self {
			Self::Absent => None,
			Self::Silent | Self::Unreachable => Some((0, 0)),
			Self::Measured { down_kbps, up_kbps } => Some((down_kbps, up_kbps)),
		}
	}

	fn member(&self) -> Member {
		let reported = |kind, down_kbps, up_kbps| {
			Member::Reported(Measurement {
				kind,
				down_kbps,
				up_kbps,
				rtt_10us: 0,
				loss_pptt: 0,
				liveness: [0; 5],
			})
		};
		match *self {
			Self::Absent => Member::Absent,
			Self::Silent => Member::Silent,
			Self::Unreachable => reported(Kind::Unreachable, 0, 0),
			Self::Measured { down_kbps, up_kbps } => reported(Kind::Measured, down_kbps, up_kbps),
		}
	}
}

/// Evidence with what receipts show in it, and the attestors that had reported less.
struct Contradiction<AccountId> {
	evidence: Evidence<AccountId>,
	liars: Vec<AccountId>,
}

impl<T: Config> Pallet<T> {
	/// Keeps what a strike stands on, before anything follows from it.
	pub(crate) fn keep_evidence(test: &Test<T::AccountId>, verdict: &VerdictRecord, members: &[Member]) {
		let now = Self::epoch();
		let is_escalation = test.kind == TestKind::Escalation;
		let (wait, before) = if is_escalation {
			let next = T::Registry::facts_at(test.provider, now.saturating_add(1));
			let before = next.map(|ProviderFacts { claim, admission, .. }| {
				let lowered = claim.lowered_to(&verdict.measured());
				Before { claim, lowered, admission }
			});
			// In the epoch in which a slash is due it applies with the first block that has room.
			(Self::timing().slash_delay_epochs.saturating_sub(1), before)
		} else {
			(STRIKE_DISPUTE_EPOCHS, None)
		};
		let until = now.saturating_add(wait);
		let evidence = Evidence {
			account: test.account.clone(),
			verdict: *verdict,
			list: test.list,
			class: test.class,
			ordinal: test.ordinal,
			committee: test.committee,
			// A committee has at most 51 members.
			voices: BoundedVec::truncate_from(members.iter().map(Voice::from).collect()),
			until,
			before,
			slash: None,
			appealed: false,
		};
		Evidences::<T>::insert(test.provider, verdict.epoch, evidence);
		Leavers::<T>::insert(until.saturating_add(1), Leaver::Evidence(test.provider, verdict.epoch), ());
	}

	/// Forgets what a strike stands on before its time.
	pub(crate) fn forget_evidence(provider: ProviderIndex, evidence: &Evidence<T::AccountId>) {
		let (epoch, end) = (evidence.verdict.epoch, evidence.until.saturating_add(1));
		Evidences::<T>::remove(provider, epoch);
		Leavers::<T>::remove(end, Leaver::Evidence(provider, epoch));
	}

	/// The evidence of a strike that may still be disputed.
	pub(crate) fn disputable(
		provider: ProviderIndex,
		epoch: EpochIndex,
	) -> Result<Evidence<T::AccountId>, DispatchError> {
		Evidences::<T>::get(provider, epoch)
			.filter(|evidence| Self::epoch() <= evidence.until)
			.ok_or_else(|| Error::<T>::NotDisputable.into())
	}

	/// Nodes of the committee behind a strike, by place.
	pub(crate) fn committee_of(evidence: &Evidence<T::AccountId>) -> Vec<Option<T::AccountId>> {
		let Some(mut draw) = Draw::<T>::of(evidence.verdict.epoch) else { return Vec::new() };
		draw.members_drawn((evidence.list, evidence.class, evidence.ordinal), evidence.committee)
	}

	/// What the receipts change, if each of them changes something.
	fn check_dispute(
		provider: ProviderIndex,
		epoch: EpochIndex,
		receipts: &[ReceiptOf<T>],
	) -> Result<Contradiction<T::AccountId>, DispatchError> {
		ensure!(!receipts.is_empty(), Error::<T>::WrongReceiptCount);
		let mut evidence = Self::disputable(provider, epoch)?;
		let committee = Self::committee_of(&evidence);
		let mut liars = Vec::new();
		for receipt in receipts {
			let attestor = &receipt.test.attestor;
			let is_ours = receipt.test.kind == evidence.verdict.kind
				&& receipt.test.ordinal == evidence.ordinal
				&& Self::is_about(receipt, epoch, &evidence.account, attestor);
			ensure!(is_ours, Error::<T>::ForeignReceipt);
			let place = committee.iter().position(|member| member.as_ref() == Some(attestor));
			let voice = place.and_then(|place| evidence.voices.get_mut(place));
			let voice = voice.ok_or(Error::<T>::NotAMember)?;
			let (down, up) = voice.rates().ok_or(Error::<T>::MemberAbsent)?;
			let (shown_down, shown_up) = Self::rates_of(receipt);
			// After the first receipt of a member a second one shows nothing more.
			ensure!(shown_down > down || shown_up > up, Error::<T>::NothingUnderReported);
			*voice = Voice::Measured { down_kbps: shown_down.max(down), up_kbps: shown_up.max(up) };
			liars.push(attestor.clone());
		}
		Ok(Contradiction { evidence, liars })
	}

	pub(crate) fn authorize_dispute(
		_: TransactionSource,
		provider: &ProviderIndex,
		epoch: &EpochIndex,
		receipts: &Posted<T>,
	) -> TransactionValidityWithRefund {
		Self::check_dispute(*provider, *epoch, receipts).map_err(reports::invalid)?;
		if !receipts.iter().all(|receipt| Self::is_signed(receipt, *provider)) {
			return Err(InvalidTransaction::BadProof.into());
		}
		ValidTransaction::with_tag_prefix(reports::TAG_PREFIX)
			.priority(T::BasePriority::get())
			.and_provides((b"dispute", provider, epoch))
			.longevity(LONGEVITY)
			.propagate(true)
			.build()
			.map(|validity| (validity, Weight::zero()))
	}

	pub(crate) fn do_dispute(
		provider: ProviderIndex,
		epoch: EpochIndex,
		receipts: &[ReceiptOf<T>],
	) -> DispatchResult {
		let Contradiction { evidence, liars } = Self::check_dispute(provider, epoch, receipts)?;
		for node in liars {
			Self::deposit_event(Event::FalseReportProven { epoch, node: node.clone(), provider });
			Self::fine(&node, SlashReason::FalseReport { epoch, provider });
		}
		let struck = evidence.verdict;
		let members: Vec<Member> = evidence.voices.iter().map(Voice::member).collect();
		let result = estimate::estimate(&members, struck.claim.down_kbps, struck.claim.up_kbps);
		let is_escalation = struck.kind == TestKind::Escalation;
		let (outcome, reason) = judge(&result, evidence.committee.members, is_escalation);
		let mut revised = VerdictRecord { outcome, reason, ..struck };
		if let Ok(estimate) = result {
			(revised.down_kbps, revised.up_kbps) = (estimate.down_kbps, estimate.up_kbps);
			revised.ratio_ppm = estimate.ratio_ppm;
		}
		let account = evidence.account.clone();
		Self::revise(provider, evidence, revised);
		T::OnVerdict::revised(&account, provider, epoch, &revised);
		Ok(())
	}

	/// What a dispute with so many receipts costs at most, with all who are told of what it changes.
	pub(crate) fn weight_of_dispute(receipts: u32) -> Weight {
		<T as Config>::WeightInfo::dispute(receipts)
			.saturating_add(Self::weight_of_telling())
			.saturating_add(T::OnVerdict::weight())
	}

	/// Makes `revised` the verdict on the test of this evidence, wherever it is kept. What followed from the strike is
	/// undone if it is none any more.
	fn revise(provider: ProviderIndex, evidence: Evidence<T::AccountId>, revised: VerdictRecord) {
		Verdicts::<T>::mutate_extant(provider, |verdicts| verdicts.revise(&revised));
		let account = evidence.account.clone();
		Self::deposit_event(Event::VerdictRevised { provider, account, verdict: revised });
		if revised.outcome == Outcome::Strike {
			Evidences::<T>::insert(provider, revised.epoch, Evidence { verdict: revised, ..evidence });
		} else {
			Self::refute(provider, &evidence, &revised);
		}
	}

	/// Undoes what followed from a strike, and does what follows from `revised` instead.
	pub(crate) fn refute(
		provider: ProviderIndex,
		evidence: &Evidence<T::AccountId>,
		revised: &VerdictRecord,
	) {
		Self::forget_evidence(provider, evidence);
		if evidence.verdict.kind == TestKind::Escalation {
			Self::undo_punishment(provider, evidence);
		} else {
			Self::forgive(provider, evidence.verdict.epoch, &evidence.account);
		}
		match revised.outcome {
			Outcome::ClaimLowered => Self::lower_claim(provider, revised),
			Outcome::Good | Outcome::PaidAsMeasured if revised.kind == TestKind::Admission => {
				Self::note_passed(provider, &revised.claim);
			}
			_ => {}
		}
	}

	fn undo_punishment(provider: ProviderIndex, evidence: &Evidence<T::AccountId>) {
		// Who governs the queue may have cancelled it before.
		if let Some(number) = evidence.slash.filter(|number| T::Slashes::due_of(*number).is_some()) {
			if T::Slashes::cancel_slash(number).is_err() {
				Self::deposit_event(Event::Unexpected { expectation: Expectation::SlashCancelled });
			}
		}
		// Not every offence has a slash that takes it along.
		Self::void_offence(&evidence.account, evidence.verdict.epoch);
		let Some(Before { claim, lowered, admission }) = evidence.before else { return };
		let now = T::Registry::facts_at(provider, Self::epoch().saturating_add(1));
		let Some(facts) = now.filter(|facts| facts.account == evidence.account) else { return };
		// Only if it is still what the verdict made of it, and not what its owner has announced since.
		let is_untouched = facts.claim == lowered;
		// Nobody is admitted at more than was measured: a larger claim is a new admission.
		let admission =
			if facts.claim.is_within(&claim) { admission } else { Admission::Pending { passed: 0 } };
		if T::Registry::reinstate(provider, is_untouched.then_some(claim), admission).is_err() {
			Self::deposit_event(Event::Unexpected { expectation: Expectation::Reinstated });
		}
		Self::follow(provider, |held, new| {
			let claim = if is_untouched { new.claim } else { held.claim };
			Terms { claim, standing: new.standing, ..held }
		});
	}

	/// Takes back the strike of `epoch`, and the escalation it led to.
	fn forgive(provider: ProviderIndex, epoch: EpochIndex, account: &T::AccountId) {
		let still_due = Conducts::<T>::mutate_extant(account, |conduct| {
			conduct.window.forgive(epoch);
			conduct.window.should_escalate()
		});
		let Some(mut target) = Targets::<T>::get(provider).filter(|target| target.account == *account) else {
			return;
		};
		let Some(escalation) = target.escalation.as_mut().filter(|open| open.cause == Cause::Strikes) else {
			return;
		};
		if still_due {
			return;
		}
		if escalation.due > Self::epoch() {
			Self::end_escalation(provider);
		} else {
			// It has begun: to drop it now would turn its test into another one, which nobody measures.
			escalation.cause = Cause::Withdrawn;
			Targets::<T>::insert(provider, target);
		}
		Self::deposit_event(Event::EscalationWithdrawn { provider, account: account.clone() });
	}

	/// Queues the slash of an attestor whose report a receipt contradicts.
	pub(crate) fn fine(node: &T::AccountId, reason: SlashReason) {
		let fraction = Perbill::from_parts(FALSE_REPORT_SLASH_PPB);
		if T::Slashes::queue_slash(node, Self::fined_role(node), fraction, reason).is_err() {
			Self::deposit_event(Event::Unexpected { expectation: Expectation::SlashQueued });
		}
	}
}
