//! A chain that is a struct: it says what a test lets it say, and takes nothing.

mod bank;

pub(crate) use bank::Bank;

use super::{ChainError, ChainView, Clock};
use async_trait::async_trait;
use libp2p::{identity::Keypair, PeerId};
use std::{
	collections::{HashMap, VecDeque},
	sync::{Mutex, MutexGuard},
};
use tokio::sync::{broadcast, watch};
use weir_primitives::{
	api::{EvidenceInfo, Outcome, ProviderInfo, Reason, SeatInfo, TargetTest, Task, TestKind, VerdictRecord},
	chain::{AccountId, Balance},
	outage::{Sighting, Watch},
	report::Entry,
	Admission, Caps, Claim, Endpoint, EpochIndex, ExitClass, LineKind, ProviderIndex, Region, SlotOffset,
	Timing,
};
use weir_tunnel_core::{keys::ProbeKeypair, wire::Bilateral};

pub(crate) fn keypair(n: u8) -> ProbeKeypair {
	ProbeKeypair::from_seed(&[n; 32]).unwrap()
}

/// To measure provider 3, whose account and key are 2's, at an address where nobody answers.
pub(crate) fn task(start_slot: Option<SlotOffset>) -> Task<AccountId> {
	Task {
		provider: 3,
		account: [2; 32].into(),
		endpoint: Endpoint::V4 { addr: [127, 0, 51, 2], port: 1 },
		peer_id: Keypair::generate_ed25519().public().to_peer_id().to_bytes(),
		probe_key: Some(codec::Decode::decode(&mut &keypair(2).public()[..]).unwrap()),
		claim: Claim { down_kbps: 4_000, up_kbps: 4_000 },
		kind: TestKind::Scheduled,
		ordinal: 0,
		members: 1,
		quota_down_kbps: 4_000,
		quota_up_kbps: 4_000,
		window_millis: 3_000,
		start_slot,
	}
}

/// Of the node with this number, at 127.0.51.1.
pub(crate) fn seat(n: u8) -> SeatInfo<AccountId> {
	SeatInfo {
		account: [n; 32].into(),
		key: codec::Decode::decode(&mut &keypair(n).public()[..]).unwrap(),
		endpoint: Endpoint::V4 { addr: [127, 0, 51, 1], port: 1 },
		uplink_kbps: 50_000,
		country: *b"DE",
		from_epoch: 0,
		score_ppm: 1_000_000,
	}
}

/// Of account 2, admitted, and measured once.
pub(crate) fn provider(peer: &PeerId) -> ProviderInfo<AccountId, Balance> {
	let claim = Claim { down_kbps: 4_000, up_kbps: 4_000 };
	let verdict = VerdictRecord {
		epoch: 4,
		kind: TestKind::Scheduled,
		claim,
		down_kbps: 3_900,
		up_kbps: 3_800,
		ratio_ppm: 950_000,
		members: 9,
		present: 9,
		rtt_10us: 2_000,
		loss_pptt: 0,
		alive_parts: 40,
		outcome: Outcome::Good,
		reason: Reason::WithinClaim,
	};
	ProviderInfo {
		index: 3,
		account: [2; 32].into(),
		claim,
		endpoint: Endpoint::V4 { addr: [127, 0, 51, 2], port: 1 },
		peer_id: peer.to_bytes(),
		region: Region { country: *b"DE", kind: LineKind::Residential },
		exit: ExitClass::Relay,
		price_credits_per_gb: 50_000,
		caps: Caps { rate_kbps: 4_000, gb_per_month: 100, sessions: 8 },
		probe_key: None,
		admission: Admission::Admitted { since: 3 },
		paused: false,
		in_service: true,
		next_claim: None,
		next_probe_key: None,
		next_admission: None,
		next_paused: None,
		bond: 100,
		bond_sufficient: true,
		strikes: 0,
		last_verdict: Some(verdict),
		past_verdicts: vec![],
		location: Default::default(),
		operator: None,
	}
}

pub(crate) struct Fake {
	/// What the clock says, one after the other; the last for ever.
	pub(crate) clocks: Mutex<VecDeque<Clock>>,
	pub(crate) tasks: Mutex<Vec<Task<AccountId>>>,
	pub(crate) test: Mutex<Option<TargetTest<AccountId>>>,
	pub(crate) heads: watch::Sender<u64>,
	pub(crate) blocks: broadcast::Sender<[u8; 32]>,
	/// What blocks beside the best one say of the test.
	pub(crate) branches: Mutex<HashMap<[u8; 32], TargetTest<AccountId>>>,
	pub(crate) evidence: Mutex<Vec<EvidenceInfo<AccountId>>>,
	/// What was disputed.
	pub(crate) disputes: Mutex<Vec<(ProviderIndex, EpochIndex, Vec<Bilateral>)>>,
	pub(crate) finalised: watch::Sender<u64>,
	pub(crate) seat: Mutex<Option<SeatInfo<AccountId>>>,
	pub(crate) provider: Mutex<Option<ProviderInfo<AccountId, Balance>>>,
	pub(crate) watch: Mutex<Option<Watch<AccountId>>>,
	/// What was said of providers.
	pub(crate) said: Mutex<Vec<(ProviderIndex, Sighting, [u8; 64])>>,
	/// Why the pool takes nothing of it, if it does not.
	pub(crate) refusal: Mutex<Option<ChainError>>,
}

impl Fake {
	pub(crate) fn new(clocks: impl IntoIterator<Item = Clock>) -> Self {
		Self {
			clocks: Mutex::new(clocks.into_iter().collect()),
			tasks: Mutex::default(),
			test: Mutex::default(),
			heads: watch::channel(0).0,
			blocks: broadcast::channel(8).0,
			branches: Mutex::default(),
			evidence: Mutex::default(),
			disputes: Mutex::default(),
			finalised: watch::channel(0).0,
			seat: Mutex::default(),
			provider: Mutex::default(),
			watch: Mutex::default(),
			said: Mutex::default(),
			refusal: Mutex::default(),
		}
	}
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
	mutex.lock().unwrap()
}

#[async_trait]
impl ChainView for Fake {
	fn genesis(&self) -> [u8; 32] {
		[7; 32]
	}

	fn heads(&self) -> watch::Receiver<u64> {
		self.heads.subscribe()
	}

	fn blocks(&self) -> broadcast::Receiver<[u8; 32]> {
		self.blocks.subscribe()
	}

	fn finalised(&self) -> watch::Receiver<u64> {
		self.finalised.subscribe()
	}

	async fn timing(&self) -> Result<Timing, ChainError> {
		Ok(Timing { slot_millis: 1_000, ..Timing::local() })
	}

	async fn clock(&self) -> Result<Clock, ChainError> {
		let mut clocks = lock(&self.clocks);
		let next = if clocks.len() > 1 { clocks.pop_front() } else { clocks.front().copied() };
		next.ok_or(ChainError::Offline)
	}

	async fn tasks(&self, _: &AccountId) -> Result<Vec<Task<AccountId>>, ChainError> {
		Ok(lock(&self.tasks).clone())
	}

	async fn target_test(
		&self,
		_: &AccountId,
		at: Option<[u8; 32]>,
	) -> Result<Option<TargetTest<AccountId>>, ChainError> {
		Ok(match at {
			Some(block) => lock(&self.branches).get(&block).cloned(),
			None => lock(&self.test).clone(),
		})
	}

	async fn seat(&self, _: &AccountId) -> Result<Option<SeatInfo<AccountId>>, ChainError> {
		Ok(lock(&self.seat).clone())
	}

	async fn watch(&self, _: &AccountId) -> Result<Watch<AccountId>, ChainError> {
		lock(&self.watch).clone().ok_or(ChainError::Offline)
	}

	async fn say(
		&self,
		provider: ProviderIndex,
		_: &AccountId,
		sighting: Sighting,
		signature: [u8; 64],
	) -> Result<(), ChainError> {
		lock(&self.said).push((provider, sighting, signature));
		lock(&self.refusal).clone().map_or(Ok(()), Err)
	}

	async fn provider(&self, _: &AccountId) -> Result<Option<ProviderInfo<AccountId, Balance>>, ChainError> {
		Ok(lock(&self.provider).clone())
	}

	async fn report_state(&self, _: EpochIndex, _: &AccountId) -> Result<(bool, bool), ChainError> {
		Ok((false, false))
	}

	async fn audited(&self, _: EpochIndex, _: &AccountId) -> Result<Vec<u32>, ChainError> {
		Ok(vec![])
	}

	async fn evidence(&self, _: &AccountId) -> Result<Vec<EvidenceInfo<AccountId>>, ChainError> {
		Ok(lock(&self.evidence).clone())
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
		provider: ProviderIndex,
		epoch: EpochIndex,
		receipts: &[Bilateral],
	) -> Result<(), ChainError> {
		lock(&self.disputes).push((provider, epoch, receipts.to_vec()));
		Ok(())
	}

	async fn assignment(&self, _: EpochIndex, _: u32) -> Result<Vec<AccountId>, ChainError> {
		Ok(vec![])
	}

	async fn commit(&self, _: EpochIndex, _: &AccountId, _: [u8; 32], _: [u8; 64]) -> Result<(), ChainError> {
		Err(ChainError::Offline)
	}

	async fn reveal(&self, _: EpochIndex, _: &AccountId, _: &[Entry], _: [u8; 32]) -> Result<(), ChainError> {
		Err(ChainError::Offline)
	}
}
