//! Who measures whom, as JSON: seats, committees, tasks, tests and reports.

use super::{
	results::{key, Block, Claim, TestKind},
	texts::{Address, Hex, PeerId, Socket},
};
use serde::Serialize;
use weir_primitives::api::{self, CommitteeMember, SeatInfo, SeatRecord};
use weir_runtime::AccountId;

result! {
	/// A seat: the right and the duty to measure.
	pub(crate) struct Seat {
		/// Its node.
		account: Address,
		/// Signs its commits and offers (sr25519).
		key: Hex,
		/// Its probes come from the prefix of this address.
		endpoint: Option<Socket>,
		/// Declared uplink, kbps.
		uplink_kbps: u32,
		/// Where it measures from: ISO 3166-1 alpha-2.
		country: String,
		/// First epoch it may be drawn.
		from_epoch: u32,
		/// Accepted ÷ assigned entries, in millionths, averaged.
		score_ppm: u32,
		/// Who operates its node in the epoch of the block, as both have declared; null if the node is its own operator.
		operator: Option<Address>,
		/// Epochs in a row in which it did not carry what its uplink tier has to. At the third it loses the tier.
		shortfalls: u8,
	}
}

impl From<SeatRecord<AccountId>> for Seat {
	fn from(SeatRecord { seat, operator, shortfalls }: SeatRecord<AccountId>) -> Self {
		let SeatInfo { account, key: seat_key, endpoint, uplink_kbps, country, from_epoch, score_ppm } = seat;
		Self {
			account: Address::from(&account),
			key: key(&seat_key),
			endpoint: Socket::of(&endpoint),
			uplink_kbps,
			country: String::from_utf8_lossy(&country).into_owned(),
			from_epoch,
			score_ppm,
			operator: operator.as_ref().map(Address::from),
			shortfalls,
		}
	}
}

result! {
	/// One page of seats.
	pub(crate) struct SeatPage {
		/// The block whose state the page shows.
		pub(super) block: Block,
		/// The rows.
		pub(super) seats: Vec<Seat>,
		/// What to ask the next page with; null at the end.
		pub(super) next_cursor: Option<u32>,
	}
}

result! {
	/// Who was drawn to measure a provider.
	pub(crate) struct Assignment {
		/// The epoch.
		pub(super) epoch: u32,
		/// Index of the provider.
		pub(super) provider: u32,
		/// Nodes of the committee, in the order of their places; none if there was no test.
		pub(super) members: Vec<Address>,
	}
}

result! {
	/// A provider that a seat has to measure in the running epoch.
	pub(crate) struct Task {
		/// Index of the provider.
		provider: u32,
		/// Its account.
		account: Address,
		/// Where it is reached.
		endpoint: Option<Socket>,
		/// Identity of its control plane.
		peer_id: Option<PeerId>,
		/// Signs its receipts (sr25519).
		probe_key: Option<Hex>,
		/// What it claims.
		claim: Claim,
		/// Kind of test.
		kind: TestKind,
		/// Number of the test in its list.
		ordinal: u32,
		/// Size of the committee.
		members: u16,
		/// Load each member offers towards the provider, kbps.
		quota_down_kbps: u32,
		/// Load each member asks to be echoed, kbps.
		quota_up_kbps: u32,
		/// Length of the measurement, milliseconds.
		window_millis: u32,
		/// Slot of the epoch at whose first moment the test begins; null until a block reveals it.
		start_slot: Option<u32>,
	}
}

impl From<api::Task<AccountId>> for Task {
	fn from(task: api::Task<AccountId>) -> Self {
		let api::Task {
			provider,
			account,
			endpoint,
			peer_id,
			probe_key,
			claim,
			kind,
			ordinal,
			members,
			quota_down_kbps,
			quota_up_kbps,
			window_millis,
			start_slot,
		} = task;
		Self {
			provider,
			account: Address::from(&account),
			endpoint: Socket::of(&endpoint),
			peer_id: PeerId::of(&peer_id),
			probe_key: probe_key.as_ref().map(key),
			claim: claim.into(),
			kind: kind.into(),
			ordinal,
			members,
			quota_down_kbps,
			quota_up_kbps,
			window_millis,
			start_slot,
		}
	}
}

result! {
	/// Who may measure a provider.
	pub(crate) struct Member {
		/// The node.
		account: Address,
		/// Signs its offers (sr25519).
		key: Hex,
		/// Its probes come from the prefix of this address.
		endpoint: Option<Socket>,
	}
}

impl From<CommitteeMember<AccountId>> for Member {
	fn from(CommitteeMember { account, key: seat_key, endpoint }: CommitteeMember<AccountId>) -> Self {
		Self { account: Address::from(&account), key: key(&seat_key), endpoint: Socket::of(&endpoint) }
	}
}

result! {
	/// The test that a provider has to answer.
	pub(crate) struct TargetTest {
		/// Epoch of the test.
		epoch: u32,
		/// Kind of test.
		kind: TestKind,
		/// Number of the test in its list.
		ordinal: u32,
		/// Load each member offers towards the provider, kbps.
		quota_down_kbps: u32,
		/// Load each member asks to be echoed, kbps.
		quota_up_kbps: u32,
		/// Length of the measurement, milliseconds.
		window_millis: u32,
		/// Slot of the epoch at whose first moment the test begins; null until a block reveals it.
		start_slot: Option<u32>,
		/// Who may measure.
		committee: Vec<Member>,
	}
}

impl From<api::TargetTest<AccountId>> for TargetTest {
	fn from(test: api::TargetTest<AccountId>) -> Self {
		let api::TargetTest {
			epoch,
			kind,
			ordinal,
			quota_down_kbps,
			quota_up_kbps,
			window_millis,
			start_slot,
			committee,
		} = test;
		Self {
			epoch,
			kind: kind.into(),
			ordinal,
			quota_down_kbps,
			quota_up_kbps,
			window_millis,
			start_slot,
			committee: committee.into_iter().map(Member::from).collect(),
		}
	}
}

result! {
	/// What became of a report.
	pub(crate) struct ReportState {
		/// Whether its commitment stands.
		pub(super) committed: bool,
		/// Whether it was revealed.
		pub(super) revealed: bool,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use codec::Decode;
	use serde_json::{json, to_value};
	use weir_primitives::{Endpoint, ProbeKey};

	const ENDPOINT: Endpoint = Endpoint::V4 { addr: [203, 0, 113, 7], port: 9_600 };

	fn account(n: u8) -> AccountId {
		[n; 32].into()
	}

	fn address(n: u8) -> serde_json::Value {
		to_value(Address::from(&account(n))).unwrap()
	}

	fn probe_key(n: u8) -> ProbeKey {
		Decode::decode(&mut &[n; 32][..]).unwrap()
	}

	fn hex(n: u8) -> String {
		format!("0x{}", format!("{n:02x}").repeat(32))
	}

	fn task() -> api::Task<AccountId> {
		let mut peer_id = vec![0x00, 0x24, 0x08, 0x01, 0x12, 0x20];
		peer_id.extend([7; 32]);
		api::Task {
			provider: 3,
			account: account(1),
			endpoint: ENDPOINT,
			peer_id,
			probe_key: Some(probe_key(2)),
			claim: weir_primitives::Claim { down_kbps: 20_000, up_kbps: 10_000 },
			kind: api::TestKind::Escalation,
			ordinal: 11,
			members: 51,
			quota_down_kbps: 491,
			quota_up_kbps: 246,
			window_millis: 20_000,
			start_slot: Some(17),
		}
	}

	#[test]
	fn task_should_be_shown_with_all_that_a_member_needs() {
		let peer_id = to_value(PeerId::of(&task().peer_id)).unwrap();
		assert!(peer_id.is_string());
		let mut expected = json!({
			"provider": 3, "account": address(1), "endpoint": "203.0.113.7:9600", "peerId": peer_id, "probeKey": hex(2),
			"claim": { "downKbps": 20_000, "upKbps": 10_000 }, "kind": "escalation", "ordinal": 11, "members": 51,
			"quotaDownKbps": 491, "quotaUpKbps": 246, "windowMillis": 20_000, "startSlot": 17,
		});
		assert_eq!(to_value(Task::from(task())).unwrap(), expected);
		// What is not there, or not known yet.
		let bare = api::Task {
			endpoint: Endpoint::RelayOnly,
			peer_id: vec![],
			probe_key: None,
			start_slot: None,
			..task()
		};
		for name in ["endpoint", "peerId", "probeKey", "startSlot"] {
			expected[name] = serde_json::Value::Null;
		}
		assert_eq!(to_value(Task::from(bare)).unwrap(), expected);
	}

	#[test]
	fn test_should_be_shown_with_its_committee() {
		let member = |n| CommitteeMember { account: account(n), key: probe_key(n + 10), endpoint: ENDPOINT };
		let test = api::TargetTest {
			epoch: 9,
			kind: api::TestKind::Scheduled,
			ordinal: 4,
			quota_down_kbps: 1_667,
			quota_up_kbps: 834,
			window_millis: 3_000,
			start_slot: None,
			committee: vec![member(4), member(5)],
		};
		let shown =
			|n: u8| json!({ "account": address(n), "key": hex(n + 10), "endpoint": "203.0.113.7:9600" });
		let expected = json!({
			"epoch": 9, "kind": "scheduled", "ordinal": 4, "quotaDownKbps": 1_667, "quotaUpKbps": 834,
			"windowMillis": 3_000, "startSlot": null, "committee": [shown(4), shown(5)],
		});
		assert_eq!(to_value(TargetTest::from(test)).unwrap(), expected);
	}

	#[test]
	fn seat_should_be_shown_with_its_operator_if_it_has_one() {
		let record = |operator: Option<AccountId>| SeatRecord {
			seat: SeatInfo {
				account: account(1),
				key: probe_key(2),
				endpoint: ENDPOINT,
				uplink_kbps: 10_000,
				country: *b"DE",
				from_epoch: 3,
				score_ppm: 999_000,
			},
			operator,
			shortfalls: 2,
		};
		let mut expected = json!({
			"account": address(1), "key": hex(2), "endpoint": "203.0.113.7:9600", "uplinkKbps": 10_000, "country": "DE",
			"fromEpoch": 3, "scorePpm": 999_000, "operator": address(8), "shortfalls": 2,
		});
		assert_eq!(to_value(Seat::from(record(Some(account(8))))).unwrap(), expected);
		expected["operator"] = serde_json::Value::Null;
		assert_eq!(to_value(Seat::from(record(None))).unwrap(), expected);
	}
}
