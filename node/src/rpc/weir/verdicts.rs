//! What the chain concluded, as JSON: each outcome and reason with its code, its name and a sentence.

use super::{
	results::{Block, Claim, TestKind},
	texts::Address,
};
use serde::Serialize;
use weir_primitives::api::{self, Outcome, Reason, VerdictRecord};
use weir_runtime::configs::measuring::Concluded;

result! {
	/// A conclusion for machines and for people.
	pub(crate) struct Coded {
		/// Its number on the chain; never given another meaning.
		pub(super) code: u8,
		/// Its name.
		pub(super) name: &'static str,
		/// What it means, in English.
		pub(super) text: &'static str,
	}
}

impl From<Outcome> for Coded {
	fn from(outcome: Outcome) -> Self {
		let (code, name, text) = match outcome {
			Outcome::Good => (0, "Good", "the claim was delivered"),
			Outcome::PaidAsMeasured => (1, "PaidAsMeasured", "paid for what was measured; the claim stands"),
			Outcome::ClaimLowered => {
				(2, "ClaimLowered", "paid for what was measured, which becomes the claim in the next epoch")
			}
			Outcome::Strike => (3, "Strike", "less than half of the claim, says a majority"),
			Outcome::Unreachable => (4, "Unreachable", "an outage: no pay for the epoch, and no strike"),
			Outcome::Void => (5, "Void", "the test did not take place; it is drawn again"),
		};
		Self { code, name, text }
	}
}

impl From<Reason> for Coded {
	fn from(reason: Reason) -> Self {
		let (code, name, text) = match reason {
			Reason::WithinClaim => (0, "WithinClaim", "at least 0.9 of the claim"),
			Reason::BelowClaim => (1, "BelowClaim", "0.75 to 0.9 of the claim"),
			Reason::BelowThreeQuarters => (2, "BelowThreeQuarters", "0.5 to 0.75 of the claim"),
			Reason::BelowHalf => (3, "BelowHalf", "below half of the claim, and a majority saw it"),
			Reason::BelowHalfWithoutMajority => (
				4,
				"BelowHalfWithoutMajority",
				"below half of the claim, but no majority saw it: a minority may have withheld what it received",
			),
			Reason::UnreachableByMajority => (5, "UnreachableByMajority", "a majority got no answer"),
			Reason::TooFewMembers => {
				(6, "TooFewMembers", "fewer than two thirds of the committee were present")
			}
			Reason::CommitteeTooSmall => (
				7,
				"CommitteeTooSmall",
				"below half of the claim, but an escalation's committee was too small to slash",
			),
			Reason::NotInService => (8, "NotInService", "paused, jailed or gone when the test was due"),
			Reason::NotStarted => {
				(9, "NotStarted", "no block revealed when the test was to run, so nobody could measure")
			}
		};
		Self { code, name, text }
	}
}

result! {
	/// What the chain concluded from one test, with why.
	pub(crate) struct Verdict {
		/// Epoch that was measured.
		epoch: u32,
		/// Kind of test.
		kind: TestKind,
		/// Claim it was held against.
		claim: Claim,
		/// Estimate of the capacity towards the provider, kbps.
		down_kbps: u32,
		/// Estimate of the capacity from the provider, kbps.
		up_kbps: u32,
		/// The smaller of both directions' estimate ÷ min(claim, what the members present offered), in millionths.
		ratio_ppm: u32,
		/// Size of the committee.
		members: u16,
		/// Members that were present.
		present: u16,
		/// Median of the members' round-trip times, microseconds; 0 if there is none.
		rtt_micros: u32,
		/// Median of the members' loss, per ten thousand.
		loss_pptt: u16,
		/// Parts of the epoch (of 40) in which a majority saw the provider alive.
		alive_parts: u8,
		/// What follows.
		outcome: Coded,
		/// Why.
		reason: Coded,
	}
}

impl From<&VerdictRecord> for Verdict {
	fn from(record: &VerdictRecord) -> Self {
		let VerdictRecord {
			epoch,
			kind,
			claim,
			down_kbps,
			up_kbps,
			ratio_ppm,
			members,
			present,
			rtt_10us,
			loss_pptt,
			alive_parts,
			outcome,
			reason,
		} = *record;
		Self {
			epoch,
			kind: kind.into(),
			claim: claim.into(),
			down_kbps,
			up_kbps,
			ratio_ppm,
			members,
			present,
			rtt_micros: u32::from(rtt_10us) * 10,
			loss_pptt,
			alive_parts,
			outcome: outcome.into(),
			reason: reason.into(),
		}
	}
}

result! {
	/// What stays of a verdict once there is a newer one.
	pub(crate) struct VerdictSummary {
		/// Epoch that was measured.
		epoch: u32,
		/// Kind of test.
		kind: TestKind,
		/// Estimate of the capacity towards the provider, kbps.
		down_kbps: u32,
		/// Estimate of the capacity from the provider, kbps.
		up_kbps: u32,
		/// What follows.
		outcome: Coded,
		/// Why.
		reason: Coded,
	}
}

impl From<api::VerdictSummary> for VerdictSummary {
	fn from(summary: api::VerdictSummary) -> Self {
		let api::VerdictSummary { epoch, kind, down_kbps, up_kbps, outcome, reason } = summary;
		Self { epoch, kind: kind.into(), down_kbps, up_kbps, outcome: outcome.into(), reason: reason.into() }
	}
}

result! {
	/// A verdict on a provider.
	pub(crate) struct ProviderVerdict {
		/// Index of the provider.
		provider: u32,
		/// Account of the provider.
		account: Address,
		/// What was concluded, and why.
		verdict: Verdict,
		/// Whether it takes the place of an earlier one on the same test: a dispute has changed what that stood on.
		revised: bool,
	}
}

impl From<&Concluded> for ProviderVerdict {
	fn from(Concluded { provider, account, verdict, revised }: &Concluded) -> Self {
		Self {
			provider: *provider,
			account: Address::from(account),
			verdict: Verdict::from(verdict),
			revised: *revised,
		}
	}
}

result! {
	/// The verdicts of one block.
	pub(crate) struct BlockVerdicts {
		/// The block.
		pub(super) block: Block,
		/// Its verdicts, in their order, at least one.
		pub(super) verdicts: Vec<ProviderVerdict>,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use codec::{Decode, Encode};
	use std::fmt::Debug;

	/// Every value of an enum, by its codes.
	fn all<T: Decode>() -> Vec<T> {
		(0..=u8::MAX).map_while(|code| T::decode(&mut &[code][..]).ok()).collect()
	}

	fn assert_coded<T: Decode + Encode + Debug + Copy + Into<Coded>>(count: usize) {
		let values = all::<T>();
		assert_eq!(values.len(), count);
		for value in values {
			let coded: Coded = value.into();
			assert_eq!((vec![coded.code], coded.name), (value.encode(), format!("{value:?}").as_str()));
		}
	}

	#[test]
	fn conclusions_should_have_the_codes_and_names_of_the_chain() {
		assert_coded::<Outcome>(6);
		assert_coded::<Reason>(10);
	}
}
