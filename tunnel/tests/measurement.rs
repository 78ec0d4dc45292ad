//! Whole sidecars on loopback addresses, real WireGuard and libp2p, against a chain that is a struct: attestors measure
//! a provider whose line is capped, and report what the cap lets through.

use async_trait::async_trait;
use std::{
	collections::HashMap,
	net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener},
	os::unix::fs::PermissionsExt,
	path::Path,
	sync::{Arc, Mutex},
	time::Duration,
};
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	sync::{broadcast, watch},
};
use weir_primitives::{
	api::{CommitteeMember, EvidenceInfo, ProviderInfo, SeatInfo, TargetTest, Task, TestKind},
	chain::{AccountId, Balance, Hash},
	outage::{Sighting, Watch},
	report::{commit_payload, commitment, entries_root, Entry, EntryKind},
	sidecar::{to_hex, ReportResponse, ReportState, TasksRequest},
	Admission, Caps, Claim, Endpoint, EpochIndex, ExitClass, LineKind, ProbeKey, Region, Timing,
};
use weir_tunnel::{
	chain::{ChainError, ChainView, Clock},
	clock,
	config::Config,
	control, keys,
	run::{Roles, Sidecar},
	store::Store,
};
use weir_tunnel_core::{
	keys as signatures,
	wire::{clock_payload, Bilateral, Request, Response},
};

const GENESIS: [u8; 32] = [7; 32];
const EPOCH: EpochIndex = 5;
const PROVIDER: u32 = 3;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Phase {
	#[default]
	Measuring,
	Committing,
	Revealing,
}

#[derive(Default)]
struct State {
	phase: Phase,
	commits: HashMap<[u8; 32], [u8; 32]>,
	reveals: HashMap<[u8; 32], Vec<Entry>>,
}

/// A chain with one test in epoch 5 and a clock the test moves.
struct FakeChain {
	timing: Timing,
	first_slot: u64,
	start_slot: u32,
	claim: Claim,
	quota_kbps: u32,
	target: Node,
	members: Vec<Node>,
	/// Providers that sit in the committee as well and only tell the time.
	fellows: Vec<Node>,
	/// Whether the target knows of its test.
	told: bool,
	state: Mutex<State>,
	heads: watch::Sender<u64>,
	blocks: broadcast::Sender<[u8; 32]>,
}

#[derive(Clone)]
struct Node {
	account: AccountId,
	key: [u8; 32],
	peer_id: Vec<u8>,
	endpoint: Endpoint,
}

impl Node {
	fn probe_key(&self) -> ProbeKey {
		codec::Decode::decode(&mut &self.key[..]).unwrap()
	}
}

impl FakeChain {
	fn bump(&self) {
		self.heads.send_modify(|head| *head += 1);
	}

	fn set_phase(&self, phase: Phase) {
		self.state.lock().unwrap().phase = phase;
		self.bump();
	}

	fn test_over(&self) -> u64 {
		let start = (self.first_slot + u64::from(self.start_slot)) * self.timing.slot_millis * 1_000;
		start + 7_000_000
	}
}

#[async_trait]
impl ChainView for FakeChain {
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
		Ok(match self.state.lock().unwrap().phase {
			Phase::Measuring => Clock { epoch: EPOCH, slot: 1, first_slot: self.first_slot },
			Phase::Committing => Clock {
				epoch: EPOCH + 1,
				slot: self.timing.commit_until - 1,
				first_slot: self.first_slot + 30,
			},
			Phase::Revealing => Clock {
				epoch: EPOCH + 1,
				slot: self.timing.reveal_until - 1,
				first_slot: self.first_slot + 30,
			},
		})
	}

	async fn tasks(&self, node: &AccountId) -> Result<Vec<Task<AccountId>>, ChainError> {
		let measures = self.members.iter().any(|member| member.account == *node);
		if !measures || self.state.lock().unwrap().phase != Phase::Measuring {
			return Ok(vec![]);
		}
		Ok(vec![Task {
			provider: PROVIDER,
			account: self.target.account.clone(),
			endpoint: self.target.endpoint,
			peer_id: self.target.peer_id.clone(),
			probe_key: Some(self.target.probe_key()),
			claim: self.claim,
			kind: TestKind::Scheduled,
			ordinal: 0,
			members: self.members.len() as u16,
			quota_down_kbps: self.quota_kbps,
			quota_up_kbps: self.quota_kbps,
			window_millis: 3_000,
			start_slot: Some(self.start_slot),
		}])
	}

	async fn target_test(
		&self,
		provider: &AccountId,
		_: Option<[u8; 32]>,
	) -> Result<Option<TargetTest<AccountId>>, ChainError> {
		if *provider != self.target.account || !self.told {
			return Ok(None);
		}
		let member = |member: &Node| CommitteeMember {
			account: member.account.clone(),
			key: member.probe_key(),
			endpoint: member.endpoint,
		};
		Ok(Some(TargetTest {
			epoch: EPOCH,
			kind: TestKind::Scheduled,
			ordinal: 0,
			quota_down_kbps: self.quota_kbps,
			quota_up_kbps: self.quota_kbps,
			window_millis: 3_000,
			start_slot: Some(self.start_slot),
			committee: self.members.iter().map(member).collect(),
		}))
	}

	async fn seat(&self, node: &AccountId) -> Result<Option<SeatInfo<AccountId>>, ChainError> {
		let known = self.members.iter().chain(&self.fellows).find(|member| member.account == *node);
		Ok(known.map(|member| SeatInfo {
			account: member.account.clone(),
			key: member.probe_key(),
			endpoint: member.endpoint,
			uplink_kbps: 50_000,
			country: *b"DE",
			from_epoch: 0,
			score_ppm: 1_000_000,
		}))
	}

	async fn provider(
		&self,
		node: &AccountId,
	) -> Result<Option<ProviderInfo<AccountId, Balance>>, ChainError> {
		Ok(self.fellows.iter().find(|fellow| fellow.account == *node).map(|fellow| ProviderInfo {
			index: 9,
			account: fellow.account.clone(),
			claim: self.claim,
			endpoint: fellow.endpoint,
			peer_id: fellow.peer_id.clone(),
			region: Region { country: *b"DE", kind: LineKind::Hosting },
			exit: ExitClass::Relay,
			price_credits_per_gb: 1,
			caps: Caps { rate_kbps: 0, gb_per_month: 0, sessions: 0 },
			probe_key: None,
			admission: Admission::Admitted { since: 1 },
			paused: false,
			in_service: true,
			next_claim: None,
			next_probe_key: None,
			next_admission: None,
			next_paused: None,
			bond: 1,
			bond_sufficient: true,
			strikes: 0,
			last_verdict: None,
			past_verdicts: vec![],
			location: Default::default(),
			operator: None,
		}))
	}

	async fn audited(&self, _: EpochIndex, _: &AccountId) -> Result<Vec<u32>, ChainError> {
		Ok(vec![])
	}

	async fn evidence(&self, _: &AccountId) -> Result<Vec<EvidenceInfo<AccountId>>, ChainError> {
		Ok(vec![])
	}

	async fn watch(&self, _: &AccountId) -> Result<Watch<AccountId>, ChainError> {
		Ok(Watch { epoch: EPOCH, alarm_slot: 0, watched: vec![], alarms: vec![] })
	}

	async fn say(&self, _: u32, _: &AccountId, sighting: Sighting, _: [u8; 64]) -> Result<(), ChainError> {
		panic!("nobody is watched, and yet: {sighting:?}")
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

	async fn dispute(&self, _: u32, _: EpochIndex, _: &[Bilateral]) -> Result<(), ChainError> {
		Err(ChainError::Offline)
	}

	async fn report_state(&self, epoch: EpochIndex, node: &AccountId) -> Result<(bool, bool), ChainError> {
		assert_eq!(epoch, EPOCH);
		let state = self.state.lock().unwrap();
		let node: &[u8; 32] = node.as_ref();
		Ok((state.commits.contains_key(node), state.reveals.contains_key(node)))
	}

	async fn assignment(&self, _: EpochIndex, _: u32) -> Result<Vec<AccountId>, ChainError> {
		Ok(self.members.iter().chain(&self.fellows).map(|member| member.account.clone()).collect())
	}

	async fn commit(
		&self,
		epoch: EpochIndex,
		node: &AccountId,
		hash: [u8; 32],
		signature: [u8; 64],
	) -> Result<(), ChainError> {
		let member = self.members.iter().find(|member| member.account == *node).expect("a seat");
		let payload = commit_payload(&Hash::from(GENESIS), epoch, node, &Hash::from(hash));
		assert!(
			signatures::verify(&member.key, &payload, &signature),
			"the commit is not signed by the seat"
		);
		self.state.lock().unwrap().commits.insert(*AsRef::<[u8; 32]>::as_ref(node), hash);
		Ok(())
	}

	async fn reveal(
		&self,
		epoch: EpochIndex,
		node: &AccountId,
		entries: &[Entry],
		salt: [u8; 32],
	) -> Result<(), ChainError> {
		let key: &[u8; 32] = node.as_ref();
		let hash = commitment(&Hash::from(GENESIS), epoch, node, &entries_root(entries), &salt);
		let mut state = self.state.lock().unwrap();
		assert_eq!(state.commits.get(key), Some(&hash.0), "the reveal is not the preimage");
		state.reveals.insert(*key, entries.to_vec());
		Ok(())
	}
}

fn node(folder: &Path, n: u8, at: IpAddr, port: u16) -> Node {
	let keys_folder = folder.join(n.to_string());
	keys::write_seed(&keys_folder.join("identity.key"), &[n; 32]).unwrap();
	keys::write_seed(&keys_folder.join("probe.key"), &[n + 100; 32]).unwrap();
	Node {
		account: [n; 32].into(),
		key: keys::load_probe(&keys_folder.join("probe.key")).unwrap().public(),
		peer_id: keys::load_identity(&keys_folder.join("identity.key"))
			.unwrap()
			.public()
			.to_peer_id()
			.to_bytes(),
		endpoint: match at {
			IpAddr::V4(addr) => Endpoint::V4 { addr: addr.octets(), port },
			IpAddr::V6(addr) => Endpoint::V6 { addr: addr.octets(), port },
		},
	}
}

/// 127.0.`octet`.1, of a prefix that no other test uses.
fn loopback(octet: u8) -> IpAddr {
	[127, 0, octet, 1].into()
}

fn config(folder: &Path, n: u8, bind: IpAddr, tables: &str) -> Config {
	let account = hex::encode([n; 32]);
	let state = folder.join(n.to_string());
	let text = format!(
		"[node]\naccount = \"0x{account}\"\nstate = \"{}\"\nbind = \"{bind}\"\n{tables}",
		state.display()
	);
	let path = folder.join(format!("{n}.toml"));
	std::fs::write(&path, text).unwrap();
	Config::load(&path).unwrap()
}

struct Network {
	folder: tempfile::TempDir,
	chain: Arc<FakeChain>,
	target: Config,
	members: Vec<Config>,
}

/// One provider and `members` attestors; `base` keeps the addresses of tests that run together apart.
fn network(base: u8, members: u8, claim_kbps: u32, down_kbps: u32, up_kbps: u32, told: bool) -> Network {
	network_at(|n| loopback(base + n), members, claim_kbps, down_kbps, up_kbps, told)
}

/// The same with the provider at `at(0)` and the attestors behind it.
fn network_at(
	at: impl Fn(u8) -> IpAddr,
	members: u8,
	claim_kbps: u32,
	down_kbps: u32,
	up_kbps: u32,
	told: bool,
) -> Network {
	let folder = tempfile::tempdir().unwrap();
	let port = TcpListener::bind((at(0), 0)).unwrap().local_addr().unwrap().port();
	let provide = format!("[provide]\nport = {port}\ningress_kbps = {down_kbps}\negress_kbps = {up_kbps}\n");
	let target = node(folder.path(), 1, at(0), port);
	let nodes = (0..members).map(|n| node(folder.path(), 10 + n, at(1 + n), 1)).collect::<Vec<_>>();
	let members =
		(0..members).map(|n| config(folder.path(), 10 + n, at(1 + n), "[attest]\nmode = \"alone\"\n"));
	let timing = Timing { slot_millis: 1_000, ..Timing::local() };
	// T0 falls at a slot's start about five seconds from now.
	let first_slot = clock::now() / 1_000_000;
	let quota_kbps = (claim_kbps * 5 / 4).div_ceil(nodes.len() as u32);
	let chain = FakeChain {
		timing,
		first_slot,
		start_slot: 5,
		claim: Claim { down_kbps: claim_kbps, up_kbps: claim_kbps },
		quota_kbps,
		target,
		members: nodes,
		fellows: vec![],
		told,
		state: Mutex::default(),
		heads: watch::channel(0).0,
		blocks: broadcast::channel(8).0,
	};
	let target = config(folder.path(), 1, at(0), &provide);
	Network { members: members.collect(), target, chain: Arc::new(chain), folder }
}

async fn until(what: &str, mut done: impl FnMut() -> bool) {
	for _ in 0..200 {
		if done() {
			return;
		}
		tokio::time::sleep(Duration::from_millis(100)).await;
	}
	panic!("not within 20 s: {what}");
}

/// Runs the attestors through the test, the commits and the reveals, and returns what they revealed.
async fn run_epoch(network: &Network) -> Vec<Entry> {
	let chain = network.chain.clone();
	let mut attestors = vec![];
	for member in &network.members {
		attestors.push(Sidecar::start_with(member, Roles::Configured, chain.clone()).await.unwrap());
	}
	clock::sleep_until(chain.test_over()).await;
	let count = network.members.len();
	chain.set_phase(Phase::Committing);
	// Reports are committed when the tests have ended; a block now and then makes the attestors look.
	until("commits", || {
		chain.bump();
		chain.state.lock().unwrap().commits.len() == count
	})
	.await;
	chain.set_phase(Phase::Revealing);
	until("reveals", || {
		chain.bump();
		chain.state.lock().unwrap().reveals.len() == count
	})
	.await;
	let state = chain.state.lock().unwrap();
	state.reveals.values().flatten().copied().collect()
}

fn assert_near(measured: u32, expected: u32, percent: u32, what: &str) {
	let error = measured.abs_diff(expected) * 100;
	assert!(error <= expected * percent, "{what}: {measured} instead of {expected} ± {percent} %");
}

#[tokio::test(flavor = "multi_thread")]
async fn committee_should_report_the_capped_rates_when_the_claim_is_false() {
	// Claims 16 Mbps both ways, delivers 8 towards and 5 from itself.
	let network = network(60, 3, 16_000, 8_000, 5_000, true);
	let provider = Sidecar::start_with(&network.target, Roles::Provide, network.chain.clone()).await.unwrap();
	let entries = run_epoch(&network).await;
	assert_eq!(entries.len(), 3);
	for entry in &entries {
		assert_eq!((entry.provider, entry.kind), (PROVIDER, EntryKind::Measured));
		assert_ne!(entry.receipt, [0; 5]);
		// The first part of the epoch was asked in; loopback takes less than 20 ms.
		assert!(entry.liveness.iter().any(|byte| *byte != 0) && entry.rtt_10us < 2_000, "{entry:?}");
	}
	assert_near(entries.iter().map(|entry| entry.down_kbps).sum(), 8_000, 6, "down");
	assert_near(entries.iter().map(|entry| entry.up_kbps).sum(), 5_000, 6, "up");
	// Both sides hold the bilateral receipts.
	drop(provider);
	until("the provider's state is closed", || Store::open(&network.target.node.state).is_ok()).await;
	let receipts = Store::open(&network.target.node.state).unwrap().bilaterals(EPOCH).unwrap();
	assert_eq!(receipts.len(), 3);
	for receipt in &receipts {
		assert!(signatures::verify(&network.chain.target.key, &receipt.payload(), &receipt.by_target));
		assert!(entries.iter().any(|entry| entry.receipt == receipt.prefix()));
	}
	drop(network.folder);
}

#[tokio::test(flavor = "multi_thread")]
async fn line_should_be_measured_over_ipv6() {
	let network = network_at(|_| Ipv6Addr::LOCALHOST.into(), 1, 4_000, 2_000, 1_000, true);
	let _provider =
		Sidecar::start_with(&network.target, Roles::Provide, network.chain.clone()).await.unwrap();
	let entries = run_epoch(&network).await;
	assert_eq!((entries.len(), entries[0].kind), (1, EntryKind::Measured));
	assert_ne!(entries[0].receipt, [0; 5]);
	assert_near(entries[0].down_kbps, 2_000, 6, "down");
	assert_near(entries[0].up_kbps, 1_000, 6, "up");
}

#[tokio::test(flavor = "multi_thread")]
async fn attestor_should_report_unreachable_when_nobody_answers() {
	let network = network(80, 1, 4_000, 0, 0, true);
	let entries = run_epoch(&network).await;
	assert_eq!(entries.len(), 1);
	assert_eq!(
		(entries[0].kind, entries[0].down_kbps, entries[0].liveness),
		(EntryKind::Unreachable, 0, [0; 5])
	);
}

#[tokio::test(flavor = "multi_thread")]
async fn attestor_should_report_zero_when_the_target_refuses() {
	let network = network(90, 1, 4_000, 0, 0, false);
	let _provider =
		Sidecar::start_with(&network.target, Roles::Provide, network.chain.clone()).await.unwrap();
	let entries = run_epoch(&network).await;
	assert_eq!(entries.len(), 1);
	assert_eq!((entries[0].kind, entries[0].down_kbps, entries[0].receipt), (EntryKind::Measured, 0, [0; 5]));
}

/// One HTTP exchange with the API, as the node's off-chain worker has it.
async fn http(api: SocketAddr, line: &str, body: &str) -> (u16, String) {
	let mut stream = tokio::net::TcpStream::connect(api).await.unwrap();
	let length = body.len();
	let head =
		format!("{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n");
	let request = format!("{head}Authorization: Bearer secret\r\n\r\n{body}");
	stream.write_all(request.as_bytes()).await.unwrap();
	let mut answer = String::new();
	stream.read_to_string(&mut answer).await.unwrap();
	let (head, body) = answer.split_once("\r\n\r\n").unwrap();
	(head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// What the first member's node posts before T0 is known, and the slot it then learns.
async fn tasks_request(chain: &FakeChain) -> (TasksRequest, Option<u32>) {
	let hex = |account: &AccountId| to_hex(account.as_ref());
	let seat = chain.seat(&chain.members[0].account).await.unwrap().unwrap();
	let task = chain.tasks(&chain.members[0].account).await.unwrap().remove(0);
	let start_slot = task.start_slot;
	let request = TasksRequest {
		genesis: to_hex(&GENESIS),
		epoch: EPOCH,
		slot_millis: chain.timing.slot_millis,
		epoch_first_slot: chain.first_slot,
		node: hex(&seat.account),
		seat: SeatInfo {
			account: hex(&seat.account),
			key: seat.key,
			endpoint: seat.endpoint,
			uplink_kbps: seat.uplink_kbps,
			country: seat.country,
			from_epoch: seat.from_epoch,
			score_ppm: seat.score_ppm,
		},
		tasks: vec![Task {
			provider: task.provider,
			account: hex(&task.account),
			endpoint: task.endpoint,
			peer_id: task.peer_id,
			probe_key: task.probe_key,
			claim: task.claim,
			kind: task.kind,
			ordinal: task.ordinal,
			members: task.members,
			quota_down_kbps: task.quota_down_kbps,
			quota_up_kbps: task.quota_up_kbps,
			window_millis: task.window_millis,
			start_slot: None,
		}],
	};
	(request, start_slot)
}

/// Adds providers to the committee that tell a time `skew_micros` from this machine's, until the test ends.
async fn add_fellows(network: &mut Network, base: u8, count: u8, skew_micros: i64) {
	let chain = Arc::get_mut(&mut network.chain).unwrap();
	for n in 0..count {
		let address = loopback(base + n);
		let port = TcpListener::bind((address, 0)).unwrap().local_addr().unwrap().port();
		let number = 40 + n;
		chain.fellows.push(node(network.folder.path(), number, address, port));
		let keys_folder = network.folder.path().join(number.to_string());
		let identity = keys::load_identity(&keys_folder.join("identity.key")).unwrap();
		let probe = keys::load_probe(&keys_folder.join("probe.key")).unwrap();
		let (serving, mut incoming) = control::serve(&identity, address, port).await.unwrap();
		tokio::spawn(async move {
			let _serving = serving;
			while let Some(request) = incoming.recv().await {
				let Request::Clock { nonce } = request.request else { continue };
				let (unix_micros, account) = (clock::now().saturating_add_signed(skew_micros), [number; 32]);
				let signature = probe.sign(&clock_payload(&nonce, unix_micros, &account));
				let _ = request.reply.send(Response::Clock { nonce, unix_micros, account, signature });
			}
		});
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn attestor_alone_should_abstain_when_five_others_tell_another_time() {
	let mut network = network(120, 1, 4_000, 0, 0, true);
	add_fellows(&mut network, 130, 5, -200_000).await;
	let member = &network.members[0];
	let sidecar = Sidecar::start_with(member, Roles::Configured, network.chain.clone()).await.unwrap();
	clock::sleep_until(network.chain.test_over() + 4_000_000).await;
	network.chain.set_phase(Phase::Committing);
	for _ in 0..20 {
		network.chain.bump();
		tokio::time::sleep(Duration::from_millis(100)).await;
	}
	// Nobody answers at the target: without the check there would be an entry that says so.
	assert!(network.chain.state.lock().unwrap().commits.is_empty());
	sidecar.stop().await;
	until("the state is closed", || Store::open(&member.node.state).is_ok()).await;
	assert_eq!(Store::open(&member.node.state).unwrap().entries(EPOCH).unwrap(), vec![]);
}

#[tokio::test(flavor = "multi_thread")]
async fn attestor_should_measure_when_only_four_others_tell_another_time() {
	let mut network = network(140, 1, 4_000, 0, 0, true);
	add_fellows(&mut network, 150, 4, -200_000).await;
	let entries = run_epoch(&network).await;
	assert_eq!((entries.len(), entries[0].kind), (1, EntryKind::Unreachable));
}

#[tokio::test(flavor = "multi_thread")]
async fn node_should_get_no_entry_when_its_sidecars_clock_is_off() {
	let mut network = network(160, 1, 4_000, 0, 0, true);
	add_fellows(&mut network, 170, 5, 51_000).await;
	let token = network.folder.path().join("token");
	std::fs::write(&token, "secret\n").unwrap();
	std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o600)).unwrap();
	let tables = format!("[attest]\n[api]\nlisten = \"127.0.0.1:0\"\ntoken_file = \"{}\"\n", token.display());
	let member = config(network.folder.path(), 10, loopback(161), &tables);
	let chain = &network.chain;
	let sidecar = Sidecar::start_with(&member, Roles::Configured, chain.clone()).await.unwrap();
	let api = sidecar.api().unwrap().address();
	let (mut request, start_slot) = tasks_request(chain).await;
	request.tasks[0].start_slot = start_slot;
	assert_eq!(http(api, "POST /v1/tasks", &serde_json::to_string(&request).unwrap()).await.0, 204);
	clock::sleep_until(chain.test_over() + 4_000_000).await;
	chain.set_phase(Phase::Committing);
	let body = http(api, &format!("GET /v1/reports/{EPOCH}"), "").await.1;
	let response = serde_json::from_str::<ReportResponse>(&body).unwrap();
	assert_eq!((response.state, response.entries.len()), (ReportState::Ready, 0));
	let metrics = http(api, "GET /metrics", "").await.1;
	assert!(metrics.contains("weir_tunnel_tests_abstained_total 1"), "{metrics}");
	sidecar.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn node_should_get_its_report_when_it_gave_the_tasks() {
	let network = network(100, 1, 4_000, 3_000, 0, true);
	let _provider =
		Sidecar::start_with(&network.target, Roles::Provide, network.chain.clone()).await.unwrap();
	let token = network.folder.path().join("token");
	std::fs::write(&token, "secret\n").unwrap();
	std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o600)).unwrap();
	let tables = format!("[attest]\n[api]\nlisten = \"127.0.0.1:0\"\ntoken_file = \"{}\"\n", token.display());
	let member = config(network.folder.path(), 10, loopback(101), &tables);
	let sidecar = Sidecar::start_with(&member, Roles::Configured, network.chain.clone()).await.unwrap();
	let api = sidecar.api().unwrap().address();

	let chain = &network.chain;
	let (mut request, start_slot) = tasks_request(chain).await;
	let post = |request: &TasksRequest| serde_json::to_string(request).unwrap();
	// First without T0, then with it; another chain or node is told so.
	assert_eq!(http(api, "POST /v1/tasks", &post(&request)).await.0, 204);
	request.tasks[0].start_slot = start_slot;
	assert_eq!(http(api, "POST /v1/tasks", &post(&request)).await.0, 204);
	let foreign = TasksRequest { genesis: to_hex(&[9; 32]), ..request.clone() };
	let (status, reason) = http(api, "POST /v1/tasks", &post(&foreign)).await;
	assert!(status == 400 && reason.contains("foreign genesis"), "{reason}");
	let other = TasksRequest { node: to_hex(&[9; 32]), ..request };
	assert_eq!(http(api, "POST /v1/tasks", &post(&other)).await.0, 400);

	let report = |body: &str| serde_json::from_str::<ReportResponse>(body).unwrap();
	let line = format!("GET /v1/reports/{EPOCH}");
	assert_eq!(report(&http(api, &line, "").await.1).state, ReportState::Pending);
	clock::sleep_until(chain.test_over() + 1_000_000).await;
	chain.set_phase(Phase::Committing);
	let response = report(&http(api, &line, "").await.1);
	assert_eq!((response.epoch, response.state, response.entries.len()), (EPOCH, ReportState::Ready, 1));
	assert_near(response.entries[0].down_kbps, 3_000, 6, "down");
	// No cap from the target: the whole quota comes back.
	assert_near(response.entries[0].up_kbps, 3_000, 6, "up, of what arrived");
	let metrics = http(api, "GET /metrics", "").await.1;
	assert!(metrics.contains("weir_tunnel_tests_measured_total 1"), "{metrics}");
}
