//! The last verdicts on a provider: the newest in full, those before it in a few bytes each.
//!
//! What stays of an older one is its epoch, its kind, both estimates and its reason, which has one outcome. A strike that
//! can still be disputed or appealed against is kept in full with its [`Evidence`], and goes by that.

use crate::*;
use polkadot_sdk::*;

use alloc::vec::Vec;
use codec::{Compact, Decode, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;
use weir_math::rate::PackedKbps;
use weir_primitives::{
	api::{Outcome, Reason, TestKind, VerdictRecord, VerdictSummary},
	Claim, EpochIndex, ProviderIndex,
};

/// Verdicts kept of a provider before its last one.
pub const PAST_VERDICTS: u32 = 7;
/// Verdicts kept of a provider.
pub const KEPT_VERDICTS: u32 = PAST_VERDICTS + 1;

/// The last verdicts on a provider, at least one.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct LastVerdicts {
	/// The newest one.
	last: VerdictRecord,
	/// Those before, oldest first.
	before: BoundedVec<PackedVerdict, ConstU32<PAST_VERDICTS>>,
}

/// What stays of a verdict: nine bytes, unless it is on an escalation or the next one came more than 63 epochs later.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
struct PackedVerdict {
	/// Epochs from the measured one to that of the next verdict.
	epochs: Compact<EpochIndex>,
	/// Kind of test.
	kind: PackedKind,
	/// Estimate of the capacity towards the provider.
	down: PackedKbps,
	/// Estimate of the capacity from the provider.
	up: PackedKbps,
	/// Why it ended as it did, from which the outcome follows.
	reason: Reason,
}

/// Kind of a test.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
enum PackedKind {
	/// Drawn by lot among the admitted.
	#[codec(index = 0)]
	Scheduled,
	/// Every epoch before admission.
	#[codec(index = 1)]
	Admission,
	/// By a larger committee. Its claim is the highest of a strike window that is gone, and decides its committee.
	#[codec(index = 2)]
	Escalation {
		/// Claim towards the provider.
		down: PackedKbps,
		/// Claim from the provider.
		up: PackedKbps,
	},
}

impl PackedVerdict {
	/// Of a verdict that the next one follows after this many epochs.
	fn of(verdict: &VerdictRecord, epochs: EpochIndex) -> Self {
		let kind = match verdict.kind {
			TestKind::Scheduled => PackedKind::Scheduled,
			TestKind::Admission => PackedKind::Admission,
			TestKind::Escalation => PackedKind::Escalation {
				down: verdict.claim.down_kbps.into(),
				up: verdict.claim.up_kbps.into(),
			},
		};
		Self {
			epochs: Compact(epochs),
			kind,
			down: verdict.down_kbps.into(),
			up: verdict.up_kbps.into(),
			reason: verdict.reason,
		}
	}

	fn summary(&self, epoch: EpochIndex) -> VerdictSummary {
		VerdictSummary {
			epoch,
			kind: match self.kind {
				PackedKind::Scheduled => TestKind::Scheduled,
				PackedKind::Admission => TestKind::Admission,
				PackedKind::Escalation { .. } => TestKind::Escalation,
			},
			down_kbps: self.down.into(),
			up_kbps: self.up.into(),
			outcome: self.reason.outcome(),
			reason: self.reason,
		}
	}

	/// The claim of an escalation.
	fn escalated(&self) -> Option<Claim> {
		match self.kind {
			PackedKind::Escalation { down, up } => Some(Claim { down_kbps: down.into(), up_kbps: up.into() }),
			PackedKind::Scheduled | PackedKind::Admission => None,
		}
	}
}

impl LastVerdicts {
	/// The first verdict on a provider.
	pub fn new(verdict: VerdictRecord) -> Self {
		Self { last: verdict, before: BoundedVec::new() }
	}

	/// The newest one.
	pub fn last(&self) -> &VerdictRecord {
		&self.last
	}

	/// What stays of those before, oldest first.
	pub fn past(&self) -> Vec<VerdictSummary> {
		let mut past: Vec<_> = self.dated().map(|(epoch, packed)| packed.summary(epoch)).collect();
		past.reverse();
		past
	}

	/// Those before with the epochs they measured, newest first.
	fn dated(&self) -> impl Iterator<Item = (EpochIndex, &PackedVerdict)> {
		self.before.iter().rev().scan(self.last.epoch, |epoch, packed| {
			*epoch = epoch.saturating_sub(packed.epochs.0);
			Some((*epoch, packed))
		})
	}

	/// Adds the verdict on a later epoch. The one that leaves for it, if there is no room for all.
	pub(crate) fn push(&mut self, verdict: VerdictRecord) -> Option<VerdictSummary> {
		let left = self.past().into_iter().next().filter(|_| self.before.is_full());
		if left.is_some() {
			self.before.remove(0);
		}
		let epochs = verdict.epoch.saturating_sub(self.last.epoch);
		// Room was just made.
		let _ = self.before.try_push(PackedVerdict::of(&self.last, epochs));
		self.last = verdict;
		left
	}

	/// Makes `revised` the verdict on its epoch, if one is kept.
	pub(crate) fn revise(&mut self, revised: &VerdictRecord) {
		let mut epoch = self.last.epoch;
		if epoch == revised.epoch {
			self.last = *revised;
			return;
		}
		for packed in self.before.iter_mut().rev() {
			epoch = epoch.saturating_sub(packed.epochs.0);
			if epoch == revised.epoch {
				*packed = PackedVerdict::of(revised, packed.epochs.0);
				return;
			}
		}
	}

	/// Whether the verdict on `epoch` is kept, and the claim if it is one on an escalation.
	pub(crate) fn escalated_in(&self, epoch: EpochIndex) -> Option<Option<Claim>> {
		if self.last.epoch == epoch {
			return Some((self.last.kind == TestKind::Escalation).then_some(self.last.claim));
		}
		self.dated().find(|(of, _)| *of == epoch).map(|(_, packed)| packed.escalated())
	}
}

impl<T: Config> Pallet<T> {
	/// The last verdicts on a provider with what stays of each, oldest first.
	pub fn verdicts_of(provider: ProviderIndex) -> Vec<VerdictSummary> {
		let Some(verdicts) = Verdicts::<T>::get(provider) else { return Vec::new() };
		let mut summaries = verdicts.past();
		summaries.push(verdicts.last().into());
		summaries
	}

	/// Adds a verdict to the last ones. What a strike stands on goes when the strike leaves for it; but not from under an
	/// appeal, which has a deposit. Returns whether it went.
	pub(crate) fn remember(provider: ProviderIndex, verdict: VerdictRecord) -> bool {
		let left = Verdicts::<T>::mutate(provider, |stored| match stored {
			Some(verdicts) => verdicts.push(verdict),
			None => {
				*stored = Some(LastVerdicts::new(verdict));
				None
			}
		});
		let Some(struck) = left.filter(|left| left.outcome == Outcome::Strike) else { return false };
		let evidence = Evidences::<T>::get(provider, struck.epoch).filter(|evidence| !evidence.appealed);
		if let Some(evidence) = &evidence {
			Self::forget_evidence(provider, evidence);
		}
		evidence.is_some()
	}
}
