//! What reports have to stand up to, as JSON: evidence that can be disputed, and audits.

use super::{results::TestKind, texts::Address};
use serde::Serialize;
use weir_primitives::{api::EvidenceInfo, Kbps};
use weir_runtime::AccountId;

result! {
	/// What a member of a committee is taken to have reported.
	pub(crate) struct Voice {
		/// The member.
		account: Address,
		/// Rate towards the provider, kbps; 0 of a member that reported on others only, or got no answer.
		down_kbps: u32,
		/// Rate from the provider, kbps.
		up_kbps: u32,
	}
}

impl From<(AccountId, Kbps, Kbps)> for Voice {
	fn from((account, down_kbps, up_kbps): (AccountId, Kbps, Kbps)) -> Self {
		Self { account: Address::from(&account), down_kbps, up_kbps }
	}
}

result! {
	/// A strike that can be disputed.
	pub(crate) struct Evidence {
		/// Index of the provider.
		provider: u32,
		/// Epoch that was measured.
		epoch: u32,
		/// Kind of test.
		kind: TestKind,
		/// Number of the test in its list.
		ordinal: u32,
		/// Length of the measurement, milliseconds: a rate is bytes × 8 ÷ this.
		window_millis: u32,
		/// Last epoch in which it can be disputed.
		until: u32,
		/// Number of the slash that waits; null for a strike that queued none.
		slash: Option<u32>,
		/// First epoch in which that applies.
		due: Option<u32>,
		/// Whether it was appealed against.
		appealed: bool,
		/// Members whose reports count. Receipts that show more than one of them reported take its place.
		members: Vec<Voice>,
	}
}

impl From<EvidenceInfo<AccountId>> for Evidence {
	fn from(info: EvidenceInfo<AccountId>) -> Self {
		let EvidenceInfo {
			provider,
			epoch,
			kind,
			ordinal,
			window_millis,
			until,
			slash,
			due,
			appealed,
			members,
		} = info;
		Self {
			provider,
			epoch,
			kind: kind.into(),
			ordinal,
			window_millis,
			until,
			slash,
			due,
			appealed,
			members: members.into_iter().map(Voice::from).collect(),
		}
	}
}

result! {
	/// What an audit asks of a report.
	pub(crate) struct Audit {
		/// Epoch that was measured.
		pub(super) epoch: u32,
		/// Positions of entries in the report, from 0, that are drawn and not proven yet.
		pub(super) positions: Vec<u32>,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::{json, to_value};
	use weir_primitives::api::TestKind;

	#[test]
	fn evidence_should_be_shown_with_the_slash_and_the_members() {
		let info = EvidenceInfo {
			provider: 3,
			epoch: 9,
			kind: TestKind::Escalation,
			ordinal: 2,
			window_millis: 3_000,
			until: 13,
			slash: Some(5),
			due: Some(14),
			appealed: true,
			members: vec![(AccountId::from([1; 32]), 700, 0)],
		};
		let shown = to_value(Evidence::from(info)).unwrap();
		let account = to_value(Address::from(&AccountId::from([1; 32]))).unwrap();
		let expected = json!({
			"provider": 3, "epoch": 9, "kind": "escalation", "ordinal": 2, "windowMillis": 3_000, "until": 13, "slash": 5,
			"due": 14, "appealed": true, "members": [{ "account": account, "downKbps": 700, "upKbps": 0 }],
		});
		assert_eq!(shown, expected);
	}
}
