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
