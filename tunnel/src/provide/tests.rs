use super::{
	follow::{measured_until, QUIET},
	serving::Arrival,
	*,
};
use crate::chain::{
	fake::{keypair as key, Fake},
	Clock,
};
use std::{
	net::{Ipv4Addr, SocketAddr},
	sync::atomic::{AtomicBool, Ordering},
};
use tokio::net::UdpSocket;
use weir_primitives::api::TargetTest;
use weir_tunnel_core::{
	target::{Assignment, Member, Prefix, ADDRESS},
	wire::{
		self,
		data::{Body, Datagram, Stamp},
		Test, TestKind,
	},
	Micros, MILLI,
};

const HOME: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 55, 1));
const AWAY: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 56, 1));
const TEST: Test = Test {
	genesis: [7; 32],
	epoch: 5,
	kind: TestKind::Scheduled,
	ordinal: 0,
	target: [1; 32],
	attestor: [10; 32],
	session: [3; 8],
};

/// A provider without a control plane, and a member of its committee at [`HOME`].
struct Pair {
	requests: mpsc::Sender<Incoming>,
	start: Micros,
	member: Engine,
	from_target: mpsc::Receiver<Inbound>,
	_assignment: watch::Sender<Option<Assignment>>,
	_stop: oneshot::Sender<()>,
	_serve: Task,
	_folder: tempfile::TempDir,
}

impl Pair {
	async fn start() -> Self {
		let (engine, inbound) = Engine::start([127, 0, 54, 1].into(), 0, Caps::default()).await.unwrap();
		let config = target::Config {
			genesis: TEST.genesis,
			account: TEST.target,
			key: key(1),
			wireguard: engine.public(),
			port: engine.port(),
		};
		let folder = tempfile::tempdir().unwrap();
		let (control, _incoming) = control::connect(&Keypair::generate_ed25519(), HOME).unwrap();
		let mut serving = Serving {
			behind: crate::nat::Behind::new(engine.side(), HOME, mpsc::channel(1).0),
			target: Target::new(config),
			engine,
			control,
			_clock: Task::spawn("clock answers", async {}),
			store: Arc::new(Store::open(folder.path()).unwrap()),
			metrics: Arc::default(),
			sessions: HashMap::new(),
			epoch: None,
			measuring: watch::channel(None).0,
			refusals: Vec::new(),
			settled: Vec::new(),
			peers: mpsc::channel(1).1,
			answers: FuturesUnordered::new(),
		};
		let start = (clock::now() / MILLI + 5_000) * MILLI;
		let assignment = Assignment {
			epoch: TEST.epoch,
			kind: TEST.kind,
			ordinal: TEST.ordinal,
			down_kbps: 1_000,
			up_kbps: 1_000,
			window: 3_000 * MILLI,
			starts: vec![start],
			committee: vec![Member {
				account: TEST.attestor,
				key: key(10).public(),
				prefix: Some(Prefix::of(HOME)),
			}],
		};
		serving.assign(Some(assignment)).await;
		let (requests, waiting) = mpsc::channel(WAITING);
		let (assignments, assignment) = watch::channel(None);
		let (stop, stopped) = oneshot::channel();
		let serve = Task::spawn("provider", serving.run(inbound, waiting, assignment, stopped));
		let (member, from_target) = Engine::start(HOME, 0, Caps::default()).await.unwrap();
		Self {
			requests,
			start,
			member,
			from_target,
			_assignment: assignments,
			_stop: stop,
			_serve: serve,
			_folder: folder,
		}
	}

	async fn ask(&self, request: Request) -> Response {
		let (reply, answer) = oneshot::channel();
		let incoming = Incoming { peer: libp2p::PeerId::random(), source: HOME, request, reply };
		assert!(self.requests.send(incoming).await.is_ok());
		tokio::time::timeout(Duration::from_secs(2), answer).await.expect("an answer in time").unwrap()
	}

	/// Opens the session; the target's WireGuard key and where its tunnel is.
	async fn open(&self) -> ([u8; 32], SocketAddr) {
		let wireguard = self.member.public();
		let signature = key(10).sign(&wire::open_payload(&TEST, &wireguard));
		let answer = self.ask(Request::Open { test: TEST, wireguard, signature }).await;
		let Response::Opened { wireguard, port, .. } = answer else { panic!("{answer:?}") };
		(wireguard, SocketAddr::from(([127, 0, 54, 1], port)))
	}

	async fn offer(&self) -> Response {
		let (start_millis, window_millis) = (self.start / MILLI, 3_000);
		let payload = wire::offer_payload(&TEST, &[5; 32], 1_000, 1_000, start_millis, window_millis);
		self.ask(Request::Offer {
			session: TEST.session,
			seed_hash: [5; 32],
			down_kbps: 1_000,
			up_kbps: 1_000,
			start_millis,
			window_millis,
			signature: key(10).sign(&payload),
		})
		.await
	}

	async fn finish(&self) -> Response {
		let signature = key(10).sign(&wire::finish_payload(&TEST, &[5; 32], 0, 0));
		self.ask(Request::Finish { session: TEST.session, down_bytes: 0, up_bytes: 0, signature }).await
	}

	/// Greets in the tunnel until the target answers.
	async fn greet(&mut self) {
		while self.from_target.try_recv().is_ok() {}
		for _ in 0..20 {
			let stamp = Stamp { nonce: [1; 16], sent_at: 0 };
			let hello = Datagram { session: TEST.session, number: 0, body: Body::Hello(stamp) }.encode();
			self.member.send(Ipv4Addr::new(100, 64, 1, 1), ADDRESS, &hello);
			let wait = Duration::from_millis(250);
			if let Ok(Some(_)) = tokio::time::timeout(wait, self.from_target.recv()).await {
				return;
			}
		}
		panic!("no welcome within 5 s");
	}
}

/// Carries the member's packets to `target` from an address of [`HOME`]'s prefix or, told so, from [`AWAY`].
async fn carry(target: SocketAddr, away: Arc<AtomicBool>) -> (SocketAddr, Task) {
	let bind = |address: IpAddr| UdpSocket::bind((address, 0));
	let (inner, home, far) =
		(bind([127, 0, 55, 9].into()).await, bind([127, 0, 55, 8].into()).await, bind(AWAY).await);
	let (inner, home, far) = (inner.unwrap(), home.unwrap(), far.unwrap());
	let entrance = inner.local_addr().unwrap();
	let task = Task::spawn("carrier", async move {
		let mut member = entrance;
		let (mut out, mut near, mut distant) = (vec![0; 2_048], vec![0; 2_048], vec![0; 2_048]);
		loop {
			tokio::select! {
				Ok((length, from)) = inner.recv_from(&mut out) => {
					member = from;
					let outer = if away.load(Ordering::Relaxed) { &far } else { &home };
					outer.send_to(&out[..length], target).await.unwrap();
				}
				Ok(length) = home.recv(&mut near) => { inner.send_to(&near[..length], member).await.unwrap(); }
				Ok(length) = far.recv(&mut distant) => { inner.send_to(&distant[..length], member).await.unwrap(); }
			}
		}
	});
	(entrance, task)
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_should_be_refused_while_the_tunnel_comes_from_another_prefix_or_nowhere() {
	let mut pair = Pair::start().await;
	let (wireguard, target) = pair.open().await;
	assert_eq!(pair.offer().await, Response::Refuse(Refusal::UnknownSession));
	let away = Arc::new(AtomicBool::new(true));
	let (entrance, _carrier) = carry(target, away.clone()).await;
	pair.member.add_peer(wireguard, ADDRESS, Some(entrance)).await.unwrap();
	pair.greet().await;
	assert_eq!(pair.offer().await, Response::Refuse(Refusal::OutsidePrefix));
	away.store(false, Ordering::Relaxed);
	pair.greet().await;
	assert_eq!(pair.offer().await, Response::Accept);
	// WireGuard follows a peer that moves; the final is for the place the test was offered from.
	away.store(true, Ordering::Relaxed);
	pair.greet().await;
	assert_eq!(pair.finish().await, Response::Refuse(Refusal::OutsidePrefix));
	away.store(false, Ordering::Relaxed);
	pair.greet().await;
	assert!(matches!(pair.finish().await, Response::Final { .. }));
}

#[tokio::test]
async fn next_should_take_requests_and_datagrams_when_neither_ends() {
	let (ask, mut requests) = mpsc::channel(256);
	let (send, mut inbound) = mpsc::channel(256);
	for _ in 0..256 {
		let request = Request::Clock { nonce: [0; 16] };
		let incoming =
			Incoming { peer: libp2p::PeerId::random(), source: AWAY, request, reply: oneshot::channel().0 };
		assert!(ask.try_send(incoming).is_ok());
		assert!(send.try_send(Inbound { at: 0, source: ADDRESS, bytes: vec![] }).is_ok());
	}
	let mut taken = [0; 2];
	for _ in 0..200 {
		match Arrival::next(&mut requests, &mut inbound, true).await {
			Arrival::Request(_) => taken[0] += 1,
			Arrival::Datagram(_) => taken[1] += 1,
		}
	}
	assert!(taken.iter().all(|taken| *taken > 50), "{taken:?}");
	// While answers wait for the disk, requests do as well.
	for _ in 0..50 {
		assert!(matches!(
			Arrival::next(&mut requests, &mut inbound, false).await,
			Arrival::Datagram(Some(_))
		));
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn serving_should_answer_the_tunnel_and_sign_when_requests_never_end() {
	let mut pair = Pair::start().await;
	let flood = |requests: mpsc::Sender<Incoming>| async move {
		loop {
			let (reply, _) = oneshot::channel();
			let request = Request::Settle { session: [9; 8], seed: [0; 32], signature: [0; 64] };
			let incoming = Incoming { peer: libp2p::PeerId::random(), source: AWAY, request, reply };
			if requests.send(incoming).await.is_err() {
				return;
			}
		}
	};
	let _floods: Vec<_> = (0..4).map(|_| Task::spawn("flood", flood(pair.requests.clone()))).collect();
	let (wireguard, target) = pair.open().await;
	pair.member.add_peer(wireguard, ADDRESS, Some(target)).await.unwrap();
	pair.greet().await;
	assert_eq!(pair.offer().await, Response::Accept);
	assert!(matches!(pair.finish().await, Response::Final { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn provider_should_tell_the_time_and_refuse_strangers_over_its_own_port() {
	let folder = tempfile::tempdir().unwrap();
	let identity = Keypair::generate_ed25519();
	let peer = identity.public().to_peer_id();
	let bind = IpAddr::from([127, 0, 57, 1]);
	let settings =
		Settings { bind, port: 0, caps: Caps::default(), account: [1; 32].into(), probe: key(1), identity };
	let chain = Arc::new(Fake::new([Clock { epoch: 5, slot: 1, first_slot: 1 }]));
	let store = Arc::new(Store::open(folder.path()).unwrap());
	let provider = Bound::bind(settings).await.unwrap().serve(chain, store, Arc::default(), None);
	let (asking, _back) = control::connect(&Keypair::generate_ed25519(), HOME).unwrap();
	let address = Some((bind, provider.port()).into());
	let answer = asking.ask(peer, address, Request::Clock { nonce: [4; 16] }).await;
	let Some(Response::Clock { nonce, unix_micros, account, signature }) = answer else {
		panic!("{answer:?}")
	};
	let payload = wire::clock_payload(&nonce, unix_micros, &account);
	assert_eq!((nonce, account), ([4; 16], [1; 32]));
	assert!(weir_tunnel_core::keys::verify(&key(1).public(), &payload, &signature));
	assert!(clock::now().abs_diff(unix_micros) < 5_000 * MILLI);
	let answer = asking
		.ask(peer, address, Request::Settle { session: [9; 8], seed: [0; 32], signature: [0; 64] })
		.await;
	assert_eq!(answer, Some(Response::Refuse(Refusal::UnknownSession)));
	provider.stop().await;
}

#[test]
fn chain_should_not_be_asked_while_the_line_is_measured() {
	let second = 1_000 * MILLI;
	assert_eq!(measured_until(&None, 100 * second), None);
	let known = Some(100 * second..107 * second);
	for (now, until) in [
		(99 * second, None),
		(100 * second - QUIET, Some(107 * second)),
		(106 * second, Some(107 * second)),
		(107 * second, None),
	] {
		assert_eq!(measured_until(&known, now), until, "{now}");
	}
}

#[tokio::test]
async fn target_test_should_begin_when_any_branch_of_the_chain_says() {
	let folder = tempfile::tempdir().unwrap();
	let store = Arc::new(Store::open(folder.path()).unwrap());
	let clock = Clock { epoch: 5, slot: 9, first_slot: 1_000 };
	let chain = Arc::new(Fake::new([clock]));
	let test = |ordinal: u32, start_slot: Option<u32>| TargetTest::<AccountId> {
		epoch: 5,
		kind: TestKind::Scheduled,
		ordinal,
		quota_down_kbps: 1,
		quota_up_kbps: 1,
		window_millis: 3_000,
		start_slot,
		committee: vec![],
	};
	let (tests, mut told) = watch::channel(None);
	let (measuring, measured) = watch::channel(None);
	let follow = follow_tests(chain.clone(), [1; 32].into(), store, tests, measured);
	let _follow = Task::spawn("target tests", follow);
	let mut starts = async |expected: &[u64]| {
		let begins: Vec<u64> = expected.iter().map(|slot| (1_000 + slot) * 1_000 * MILLI).collect();
		let is_told = |known: &Option<Assignment>| known.as_ref().is_some_and(|known| known.starts == begins);
		let wait = tokio::time::timeout(Duration::from_secs(5), told.wait_for(is_told));
		assert!(wait.await.is_ok(), "no {expected:?}");
	};
	let best = |start_slot| {
		*chain.test.lock().unwrap() = Some(test(7, start_slot));
		chain.heads.send_modify(|head| *head += 1);
	};
	let beside = |hash: u8, ordinal, start_slot| {
		chain.branches.lock().unwrap().insert([hash; 32], test(ordinal, start_slot));
		chain.blocks.send([hash; 32]).unwrap();
	};
	best(None);
	starts(&[]).await;
	beside(1, 7, Some(20));
	starts(&[20]).await;
	best(Some(22));
	starts(&[22, 20]).await;
	// Another test, as a branch may have it that goes back further, is none of ours.
	beside(2, 8, Some(23));
	beside(3, 7, Some(24));
	starts(&[22, 20, 24]).await;
	// However many branches there are, what the best one says stays.
	for slot in 25..30 {
		beside(slot, 7, Some(slot.into()));
	}
	starts(&[22, 20, 24, 29]).await;
	best(Some(24));
	starts(&[24, 22, 20, 29]).await;
	// Not while the line is measured; then it is the best block that is asked, for those before it may be forgotten.
	let begun = clock::now();
	let quiet = 300 * MILLI;
	measuring.send_replace(Some(begun..begun + quiet));
	best(Some(20));
	beside(30, 7, Some(30));
	starts(&[20, 24, 22, 29]).await;
	assert!(clock::now() >= begun + quiet);
	tokio::time::sleep(Duration::from_millis(50)).await;
	starts(&[20, 24, 22, 29]).await;
}
