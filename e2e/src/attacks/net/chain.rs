//! A chain with one test in it, as both sides' sidecars see it.

use async_trait::async_trait;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::{broadcast, watch};
use weir_math::{committee::quota_kbps, timing::Timing};
use weir_primitives::{
	api::{CommitteeMember, EvidenceInfo, ProviderInfo, SeatInfo, TargetTest, Task, TestKind},
	chain::{AccountId, Balance},
	outage::{Sighting, Watch},
	report::Entry,
	Claim, Endpoint, EpochIndex, ProbeKey, ProviderIndex, SlotOffset,
};
use weir_tunnel::chain::{bytes32, prefix, slot_begins, ChainError, ChainView, Clock};
use weir_tunnel_core::{
	target::{Assignment, Member},
	wire::Bilateral,
	Micros, MILLI,
};

/// Genesis of all these chains.
pub const GENESIS: [u8; 32] = [7; 32];
/// The epoch they are in.
pub const EPOCH: EpochIndex = 5;
/// Index of the provider under test.
pub const PROVIDER: ProviderIndex = 3;
/// Slots of an epoch: an hour, so that questions of liveness are rare.
const EPOCH_SLOTS: u32 = 36_000;
/// Length of a slot: T0 falls at the beginning of one.
pub const SLOT_MILLIS: u64 = 100;

/// A provider or an attestor.
#[derive(Clone)]
pub struct Party {
	/// Its account.
	pub account: [u8; 32],
	/// Its probe key.
	pub key: ProbeKey,
	/// Its identity on the control plane.
	pub peer_id: Vec<u8>,
	/// Where it is registered.
	pub endpoint: Endpoint,
}

/// A chain with one test.
pub struct OneTest {
	/// What the provider claims.
	pub claim: Claim,
	/// The provider.
	pub target: Party,
	/// Its committee.
	pub members: Vec<Party>,
	/// Length of each window.
	pub window_millis: u32,
	/// First slot of the epoch, and the slot of T0.
	pub slots: (u64, SlotOffset),
	timing: Timing,
	heads: watch::Sender<u64>,
	blocks: broadcast::Sender<[u8; 32]>,
	evidence: Mutex<Vec<EvidenceInfo<AccountId>>>,
	disputes: Mutex<Vec<Bilateral>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
	mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl OneTest {
	/// A chain with a test of `target` by `members`.
	pub fn new(
		claim: Claim,
		window_millis: u32,
		slots: (u64, SlotOffset),
		target: Party,
		members: Vec<Party>,
	) -> Self {
		let timing = Timing { slot_millis: SLOT_MILLIS, epoch_slots: EPOCH_SLOTS, ..Timing::local() };
		let (heads, blocks) = (watch::channel(0).0, broadcast::channel(8).0);
		let (evidence, disputes) = (Mutex::default(), Mutex::default());
		Self { claim, target, members, window_millis, slots, timing, heads, blocks, evidence, disputes }
	}

	/// Members of the committee.
	pub fn k(&self) -> u16 {
		self.members.len() as u16
	}

	/// What each member offers, kbps: down and up.
	pub fn quotas(&self) -> (u32, u32) {
		(quota_kbps(self.claim.down_kbps, self.k()), quota_kbps(self.claim.up_kbps, self.k()))
	}

	/// T0.
	pub fn start(&self) -> Micros {
		slot_begins(self.slots.0, SLOT_MILLIS, self.slots.1)
	}

	/// T.
	pub fn window(&self) -> Micros {
		Micros::from(self.window_millis) * MILLI
	}

	/// What the target's sidecar makes of it.
	pub fn assignment(&self) -> Assignment {
		let (down_kbps, up_kbps) = self.quotas();
		let member = |member: &Party| Member {
			account: member.account,
			key: bytes32(&member.key),
			prefix: prefix(&member.endpoint),
		};
		Assignment {
			epoch: EPOCH,
			kind: TestKind::Scheduled,
			ordinal: 0,
			down_kbps,
			up_kbps,
			window: self.window(),
			starts: vec![self.start()],
			committee: self.members.iter().map(member).collect(),
		}
	}

	/// What a member is told to do.
	pub fn task(&self) -> Task<AccountId> {
		let (quota_down_kbps, quota_up_kbps) = self.quotas();
		Task {
			provider: PROVIDER,
			account: self.target.account.into(),
			endpoint: self.target.endpoint,
			peer_id: self.target.peer_id.clone(),
			probe_key: Some(self.target.key.clone()),
			claim: self.claim,
			kind: TestKind::Scheduled,
			ordinal: 0,
			members: self.k(),
			quota_down_kbps,
			quota_up_kbps,
			window_millis: self.window_millis,
			start_slot: Some(self.slots.1),
		}
	}

	/// Makes the test a strike that stands on what the members are taken to have reported, kbps: down, up.
	pub fn strike(&self, reported: &[(u32, u32)]) {
		let rates = self.members.iter().zip(reported);
		let members = rates.map(|(member, (down, up))| (member.account.into(), *down, *up)).collect();
		lock(&self.evidence).push(EvidenceInfo {
			provider: PROVIDER,
			epoch: EPOCH,
			kind: TestKind::Scheduled,
			ordinal: 0,
			window_millis: self.window_millis,
			until: EPOCH + 2,
			slash: None,
			due: None,
			appealed: false,
			members,
		});
		self.heads.send_modify(|head| *head += 1);
	}

	/// Receipts that were posted against it.
	pub fn disputes(&self) -> Vec<Bilateral> {
		lock(&self.disputes).clone()
	}
}

#[async_trait]
impl ChainView for OneTest {
	fn genesis(&self) -> [u8; 32] {
		GENESIS
	}

	fn heads(&self) -> watch::Receiver<u64> {
		self.heads.subscribe()
	}

	fn blocks(&self) -> broadcast::Receiver<[u8; 32]> {
		self.blocks.subscribe()
	}

	fn finalised(&self) -> watch::Receiver<u64> {
		self.heads.subscribe()
	}

	async fn timing(&self) -> Result<Timing, ChainError> {
		Ok(self.timing)
	}

	async fn clock(&self) -> Result<Clock, ChainError> {
		Ok(Clock { epoch: EPOCH, slot: 0, first_slot: self.slots.0 })
	}

	async fn tasks(&self, _: &AccountId) -> Result<Vec<Task<AccountId>>, ChainError> {
		Ok(vec![self.task()])
	}

	async fn target_test(
		&self,
		_: &AccountId,
		_: Option<[u8; 32]>,
	) -> Result<Option<TargetTest<AccountId>>, ChainError> {
		let (quota_down_kbps, quota_up_kbps) = self.quotas();
		let member = |member: &Party| CommitteeMember {
			account: member.account.into(),
			key: member.key.clone(),
			endpoint: member.endpoint,
		};
		Ok(Some(TargetTest {
			epoch: EPOCH,
			kind: TestKind::Scheduled,
			ordinal: 0,
			quota_down_kbps,
			quota_up_kbps,
			window_millis: self.window_millis,
			start_slot: Some(self.slots.1),
			committee: self.members.iter().map(member).collect(),
		}))
	}

	async fn seat(&self, _: &AccountId) -> Result<Option<SeatInfo<AccountId>>, ChainError> {
		Ok(None)
	}

	async fn provider(&self, _: &AccountId) -> Result<Option<ProviderInfo<AccountId, Balance>>, ChainError> {
		Ok(None)
	}

	async fn report_state(&self, _: EpochIndex, _: &AccountId) -> Result<(bool, bool), ChainError> {
		Ok((false, false))
	}

	async fn audited(&self, _: EpochIndex, _: &AccountId) -> Result<Vec<u32>, ChainError> {
		Ok(Vec::new())
	}

	async fn evidence(&self, _: &AccountId) -> Result<Vec<EvidenceInfo<AccountId>>, ChainError> {
		Ok(lock(&self.evidence).clone())
	}

	async fn watch(&self, _: &AccountId) -> Result<Watch<AccountId>, ChainError> {
		Ok(Watch { epoch: EPOCH, alarm_slot: 0, watched: Vec::new(), alarms: Vec::new() })
	}

	async fn say(&self, _: ProviderIndex, _: &AccountId, _: Sighting, _: [u8; 64]) -> Result<(), ChainError> {
		Err(ChainError::Offline)
	}

	async fn answer_audit(
		&self,
		_: EpochIndex,
		_: &AccountId,
		_: &[Entry],
		_: [u8; 32],
		_: &[Bilateral],
	) -> Result<(), ChainError> {
		Err(ChainError::Offline)
	}

	async fn dispute(
		&self,
		_: ProviderIndex,
		_: EpochIndex,
		receipts: &[Bilateral],
	) -> Result<(), ChainError> {
		lock(&self.disputes).extend_from_slice(receipts);
		Ok(())
	}

	async fn assignment(&self, _: EpochIndex, _: u32) -> Result<Vec<AccountId>, ChainError> {
		Ok(Vec::new())
	}

	async fn commit(&self, _: EpochIndex, _: &AccountId, _: [u8; 32], _: [u8; 64]) -> Result<(), ChainError> {
		Err(ChainError::Offline)
	}

	async fn reveal(&self, _: EpochIndex, _: &AccountId, _: &[Entry], _: [u8; 32]) -> Result<(), ChainError> {
		Err(ChainError::Offline)
	}
}
