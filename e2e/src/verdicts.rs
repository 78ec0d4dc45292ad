//! Verdicts, kept beyond the few that the chain shows, and how far each is from the truth.

use crate::{chain::Provider, line::Line};
use std::collections::BTreeMap;
use weir_math::committee::quota_kbps;
use weir_primitives::{
	api::{Outcome, VerdictRecord},
	EpochIndex,
};

/// All verdicts seen so far.
#[derive(Default)]
pub struct Verdicts(BTreeMap<([u8; 32], EpochIndex), VerdictRecord>);

impl Verdicts {
	/// Takes what the chain shows now: the last one on each provider. Of those before it shows too little, so that this is
	/// to be asked in every epoch.
	pub fn collect(&mut self, providers: &[Provider]) {
		for provider in providers {
			let verdict = provider.last_verdict.map(|verdict| ((provider.account, verdict.epoch), verdict));
			self.0.extend(verdict);
		}
	}

	/// The verdicts on a line, oldest first.
	pub fn of(&self, line: &Line) -> impl Iterator<Item = &VerdictRecord> {
		let account = line.account();
		self.0.range((account, EpochIndex::MIN)..=(account, EpochIndex::MAX)).map(|(_, verdict)| verdict)
	}

	/// Those of them that measured something.
	pub fn measured(&self, line: &Line) -> impl Iterator<Item = &VerdictRecord> {
		self.of(line).filter(|verdict| is_measured(verdict))
	}

	/// The verdict on a line in an epoch, if it measured something.
	pub fn measured_in(&self, line: &Line, epoch: EpochIndex) -> Option<&VerdictRecord> {
		self.0.get(&(line.account(), epoch)).filter(|verdict| is_measured(verdict))
	}
}

/// Whether a verdict rests on a measurement.
pub fn is_measured(verdict: &VerdictRecord) -> bool {
	!matches!(verdict.outcome, Outcome::Void | Outcome::Unreachable)
}

/// What each present member offered, and what the committee saw, kbps: down, up.
pub fn directions(verdict: &VerdictRecord) -> [(u32, u32); 2] {
	let VerdictRecord { claim, members, .. } = *verdict;
	[(claim.down_kbps, verdict.down_kbps), (claim.up_kbps, verdict.up_kbps)]
		.map(|(claim, seen)| (quota_kbps(claim, members), seen))
}

/// Signed errors of an estimate, percent of the truth: down, up. A committee sees no more than its present members
/// offer, which is little for a claim that was lowered.
pub fn errors_of(verdict: &VerdictRecord, line: &Line) -> [f64; 2] {
	directions(verdict).map(|(quota, seen)| {
		let truth = line.cap_kbps.min(quota.saturating_mul(verdict.present.into()));
		(f64::from(seen) / f64::from(truth.max(1)) - 1.0) * 100.0
	})
}

/// The larger of both errors, without its sign, percent.
pub fn error_percent(verdict: &VerdictRecord, line: &Line) -> f64 {
	errors_of(verdict, line).into_iter().map(f64::abs).fold(0.0, f64::max)
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;
	use crate::site::{Ports, Site};
	use std::net::Ipv4Addr;
	use weir_primitives::{
		api::{Reason, TestKind},
		Claim,
	};

	pub(crate) fn line(cap_kbps: u32, claim_kbps: u32) -> Line {
		let address = Ipv4Addr::LOCALHOST;
		let site = Site {
			namespace: None,
			address,
			node_address: address,
			ports: Ports::with_offset(0),
			threads: None,
		};
		Line::new(0, cap_kbps, claim_kbps, site).unwrap()
	}

	impl Verdicts {
		/// These verdicts on a line.
		pub(crate) fn with(line: &Line, verdicts: &[VerdictRecord]) -> Self {
			Self(verdicts.iter().map(|verdict| ((line.account(), verdict.epoch), *verdict)).collect())
		}
	}

	pub(crate) fn verdict(epoch: u32, claim_kbps: u32, down_kbps: u32, up_kbps: u32) -> VerdictRecord {
		VerdictRecord {
			epoch,
			kind: TestKind::Scheduled,
			claim: Claim { down_kbps: claim_kbps, up_kbps: claim_kbps },
			down_kbps,
			up_kbps,
			ratio_ppm: 1_000_000,
			members: 5,
			present: 5,
			rtt_10us: 0,
			loss_pptt: 0,
			alive_parts: 40,
			outcome: Outcome::Good,
			reason: Reason::WithinClaim,
		}
	}

	#[test]
	fn error_should_be_that_of_the_worse_direction() {
		let line = line(10_000, 10_000);
		assert_eq!(error_percent(&verdict(1, 10_000, 10_500, 9_000), &line).round(), 10.0);
		// More than there is: an error too.
		assert_eq!(error_percent(&verdict(1, 10_000, 12_500, 10_000), &line).round(), 25.0);
	}

	#[test]
	fn truth_should_be_what_present_members_offer_when_that_is_less_than_the_line() {
		let line = line(10_000, 10_000);
		let lowered = verdict(1, 4_000, 5_000, 5_000);
		assert_eq!(error_percent(&lowered, &line), 0.0);
		assert_eq!(error_percent(&VerdictRecord { present: 4, ..lowered }, &line).round(), 25.0);
	}
}
