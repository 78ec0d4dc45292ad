//! Who gets in: through address translation, and in a flood.

use super::{
	chain::{OneTest, EPOCH, GENESIS},
	flow, machine, times,
	trial::{Found, Side, Terms, Trial, PORT},
	Bench, Machine, MEMBERS,
};
use crate::attacks::{Finding, Scenario};
use anyhow::{bail, Context, Result};
use std::{net::SocketAddr, sync::Arc, thread, time::Duration};
use tokio::{net::UdpSocket, sync::mpsc, task::JoinHandle};
use weir_primitives::report::EntryKind;
use weir_tunnel::{
	clock,
	control::{self, Control, Incoming},
	engine::{Caps, Engine, Inbound},
	keys,
};
use weir_tunnel_core::{
	keys::{self as signatures, ProbeKeypair},
	windows_end,
	wire::{
		clock_payload,
		data::{Body, Datagram, Stamp},
		offer_payload, open_payload, Refusal, Request, Response, Test, TestKind,
	},
	Micros, MILLI,
};

/// Rates in kbps; the line in the flood claims a little less than it has, as honest lines do.
const LINE: u32 = 5_000;
const CLAIM: u32 = 4_200;
/// Of packets with a false source, IP.
const FLOOD: u32 = 250;
/// Strangers that ask on the control plane, each one thing at a time.
const ASKING: u32 = 8;
/// Refusals of each kind of request, at least: a prefix gets eight answers a second, for all that it asks.
const LEAST_REFUSED: u32 = 10;
/// So long before the end of the test no more offers are sent that break a rule: one on its way would come too late, and be
/// refused for that.
const LAST: Micros = 2_000 * MILLI;
/// A prefix that has asked more often than it may is answered again after this long.
const PAUSE: Duration = Duration::from_millis(250);
/// How often a friend greets in its tunnel, and how long it waits for an answer.
const GREETINGS: u32 = 8;
const GREETING: Duration = Duration::from_millis(250);
/// H(seed) of the offers that break a rule, and of the one that does not: had any of the former been taken, the latter
/// could not be.
const FORGED_SEED: [u8; 32] = [4; 32];
const TRUE_SEED: [u8; 32] = [5; 32];
/// Watchers of a provider. Here each asks more often than watchers do, and no more often than a prefix may.
const WATCHERS: usize = 5;
const WATCH_EVERY: Micros = 300 * MILLI;
/// Questions of all of them, at least: one lost in so many is not too many.
const LEAST_ASKED: u32 = 100;

/// A provider behind a router that translates addresses, with its port handed on and without; a member behind one.
pub const NAT: Scenario<Bench> = Scenario {
	id: "A18",
	title: "provider and member behind address translation",
	run: |bench| {
		let (router, other) = (bench.line(LINE)?, bench.line(LINE)?);
		let (reachable, hidden) = (router.add_behind(Some(PORT))?, other.add_behind(None)?);
		let seat = bench.machine("router")?;
		let mut seats = bench.seats().to_vec();
		let first = seats.first_mut().context("no members")?;
		*first = Arc::new(seat.add_behind(None)?);
		let watchers = seats.get(1..=WATCHERS).context("too few members")?;
		let run = |machine: &Machine, watchers: &[Arc<Machine>]| -> Result<(Found, (u32, u32))> {
			let trial = Trial::new(bench, machine.address, Terms::short(LINE), &seats)?;
			let provider = trial.provide(machine)?;
			let watching = watch(&trial, watchers);
			let found = trial.measure()?;
			let alive = total(watching)?;
			machine.run(provider.stop())?;
			Ok((found, alive))
		};
		let (found, lost) = thread::scope(|scope| {
			let lost = scope.spawn(|| run(&hidden, &[]));
			let found = run(&reachable, watchers);
			(found, lost.join().unwrap_or_else(|_| bail!("a test did not end")))
		});
		let ((found, (asked, answered)), (lost, _)) = (found?, lost?);
		let [down, up] = found.kbps()?.map(|kbps| times(kbps, LINE));
		let member = found.entry(0)?;
		let unreachable = lost.count(EntryKind::Unreachable);
		Ok(Finding {
			tried: "MASQUERADE before two providers, one with its port handed on, and before a member".into(),
			measured: format!(
				"port handed on: {down:.3} of the line down, {up:.3} up, the hidden member saw {} kbps, {answered} of \
				 {asked} questions whether it lives answered; without: {unreachable} of {MEMBERS} unreachable",
				member.down_kbps
			),
			criterion: format!(
				"with its port within 10 %, and ≥ 99 % of {LEAST_ASKED} or more questions answered; without, an \
				 outage. Hole punching and relays: open"
			),
			passed: [down, up].iter().all(|part| (0.9..=1.1).contains(part))
				&& member.down_kbps > 0
				&& asked >= LEAST_ASKED
				&& answered * 100 >= asked * 99
				&& lost.estimate()?.unreachable_majority,
		})
	},
};

/// A flood from false addresses and from true ones, and an honest test in the middle of it. The committee has one member
/// more, a friend of those who flood: it lets them know of its session, and offers what it may not.
pub const FLOODED: Scenario<Bench> = Scenario {
	id: "A20",
	title: "flood of offers and packets with a false source",
	run: |bench| {
		let (line, attacker, victim) =
			(bench.line(LINE)?, bench.machine("attacker")?, bench.machine("victim")?);
		crate::lab::ground::add_address(&attacker.name, victim.address)?;
		let mut seats = bench.seats().to_vec();
		seats.push(Arc::new(bench.machine("friend")?));
		let mut trial = Trial::new(bench, line.address, Terms::short(CLAIM), &seats)?;
		let (machine, side) = trial.take_member(MEMBERS.into()).context("no friend")?;
		let provider = trial.provide(&line)?;
		let friend = Friend::join(&machine, side, &trial)?;
		let until = windows_end(trial.chain.start(), trial.chain.window());
		let before = bytes_towards(&victim.name)?;
		let spoofed = spoof(&attacker, &victim, (line.address, PORT).into(), friend.key, until)?;
		let strangers = flood_from(&attacker, &trial, &friend.test, until)?;
		let friend = friend.flood(&machine, &trial, until)?;
		let found = trial.measure()?;
		let sent = futures::executor::block_on(spoofed)??;
		let mut of_strangers = [Told::default(); 3];
		for stranger in strangers {
			add(&mut of_strangers, &futures::executor::block_on(stranger)??);
		}
		let (of_friend, own) = futures::executor::block_on(friend)??;
		let reflected = bytes_towards(&victim.name)? - before;
		line.run(provider.stop())?;
		let [down, up] = found.kbps()?.map(|kbps| times(kbps, CLAIM));
		let amplification = reflected as f64 / sent as f64;
		let told = [of_strangers, of_friend].concat();
		let asked = |told: &[Told]| told.iter().map(|told| told.asked).sum::<u32>();
		let taken: u32 = told.iter().map(|told| told.otherwise).sum();
		let refused: Vec<_> = told.iter().map(|told| told.refused.to_string()).collect();
		Ok(Finding {
			tried: format!(
				"{} kB from a false address to the tunnel ({FLOOD} kbps), {} requests of strangers, a third of them \
				 offers in the session of a friend in the committee, and {} offers of that friend: in no session, with \
				 another T0, with a bad signature",
				sent / 1_000,
				asked(&of_strangers),
				asked(&of_friend)
			),
			measured: format!(
				"{amplification:.3} bytes to the victim for each; refused by the rule they break: {}; answered otherwise: \
				 {taken}; then the friend's own offer accepted: {}; honest test {down:.3} of its claim down, {up:.3} up",
				refused.join(", "),
				own == Some(Response::Accept)
			),
			criterion: format!(
				"amplification < 1; whatever is answered refused by the rule it breaks, {LEAST_REFUSED} or more of each \
				 kind; the session free for its own offer afterwards; the test ≥ 0.9 of the claim"
			),
			passed: sent > 100_000
				&& asked(&of_strangers) > 10
				&& amplification < 1.0
				&& taken == 0
				&& told.iter().all(|told| told.refused >= LEAST_REFUSED)
				&& own == Some(Response::Accept)
				&& found.count(EntryKind::Measured) == usize::from(MEMBERS)
				&& down.min(up) >= 0.9,
		})
	},
};

fn test_of(trial: &Trial, account: [u8; 32], session: u8) -> Test {
	Test {
		genesis: GENESIS,
		epoch: EPOCH,
		kind: TestKind::Scheduled,
		ordinal: 0,
		target: trial.target.party.account,
		attestor: account,
		session: [session; 8],
	}
}

/// An offer of what a member of the test may offer, in the session of `test`.
fn offer(
	chain: &OneTest,
	test: &Test,
	start_millis: u64,
	seed_hash: [u8; 32],
	key: &ProbeKeypair,
) -> Request {
	let ((down_kbps, up_kbps), window_millis) = (chain.quotas(), chain.window_millis);
	let payload = offer_payload(test, &seed_hash, down_kbps, up_kbps, start_millis, window_millis);
	let signature = key.sign(&payload);
	let session = test.session;
	Request::Offer { session, seed_hash, down_kbps, up_kbps, start_millis, window_millis, signature }
}

/// A key that nobody has registered.
fn strange_key() -> Result<ProbeKeypair> {
	ProbeKeypair::from_seed(&[0xee; 32]).context("no key")
}

/// A friend that floods: what came of its offers, by what is wrong with them, and the answer to the one that is right.
type Offering = JoinHandle<Result<([Told; 3], Option<Response>)>>;

/// A member with a tunnel to the provider.
struct Friend {
	probe: ProbeKeypair,
	/// Its session.
	test: Test,
	/// The key of the provider's tunnel, which only members are told: at worst one of them passes it on.
	key: [u8; 32],
	control: Control,
	incoming: mpsc::Receiver<Incoming>,
	engine: Engine,
	inbound: mpsc::Receiver<Inbound>,
}

impl Friend {
	/// Has it let in, and greets: without a tunnel its offers are refused before they are read.
	fn join(machine: &Machine, side: Side, trial: &Trial) -> Result<Self> {
		let (test, target, bind) =
			(test_of(trial, side.party.account, 1), trial.target.clone(), machine.bind);
		machine.run(async move {
			let (control, incoming) =
				control::connect(&keys::load_identity(&side.identity_file())?, bind.into())?;
			let (engine, mut inbound) = Engine::start(bind.into(), 0, Caps::default()).await?;
			let wireguard = engine.public();
			let signature = side.probe.sign(&open_payload(&test, &wireguard));
			let opened = ask(&control, &target, Request::Open { test, wireguard, signature }).await?;
			let Some(Response::Opened { wireguard: key, port, target_address, attestor_address }) = opened
			else {
				bail!("the member was not let in: {opened:?}");
			};
			let address = weir_tunnel::chain::socket_address(&target.party.endpoint);
			let endpoint = address.map(|address| (address.ip(), port).into());
			engine.add_peer(key, target_address.into(), endpoint).await?;
			let body = Body::Hello(Stamp { nonce: [1; 16], sent_at: clock::now() });
			let hello = Datagram { session: test.session, number: 0, body }.encode();
			for _ in 0..GREETINGS {
				engine.send(attestor_address.into(), target_address.into(), &hello);
				if let Ok(Some(_)) = tokio::time::timeout(GREETING, inbound.recv()).await {
					return Ok(Self { probe: side.probe, test, key, control, incoming, engine, inbound });
				}
			}
			bail!("the member was not welcomed")
		})?
	}

	/// Offers what it may not as often as there are answers, and in the end what it may.
	fn flood(self, machine: &Machine, trial: &Trial, until: Micros) -> Result<Offering> {
		let (chain, start, test) = (&trial.chain, trial.chain.start() / MILLI, self.test);
		let nobodys = Test { session: [0xcc; 8], ..test };
		let forged = [
			(offer(chain, &nobodys, start, FORGED_SEED, &self.probe), Refusal::UnknownSession),
			(offer(chain, &test, start + 1_000, FORGED_SEED, &self.probe), Refusal::WrongStart),
			(offer(chain, &test, start, FORGED_SEED, &strange_key()?), Refusal::BadSignature),
		];
		let own = offer(chain, &test, start, TRUE_SEED, &self.probe);
		let target = trial.target.clone();
		Ok(machine.spawn(async move {
			// Kept until the end: nobody reads what comes in, but it has to have somewhere to go.
			let Self { control, engine, incoming: _incoming, inbound: _inbound, .. } = self;
			let mut told = [Told::default(); 3];
			flood(&control, &target, &forged, until - LAST, &mut told).await?;
			let mut answer = None;
			while answer.is_none() && clock::now() < until {
				tokio::time::sleep(PAUSE).await;
				answer = ask(&control, &target, own.clone()).await?;
			}
			engine.stop().await;
			Ok::<_, anyhow::Error>((told, answer))
		}))
	}
}

/// Asks the provider.
async fn ask(control: &Control, target: &Side, request: Request) -> Result<Option<Response>> {
	let peer = keys::load_identity(&target.identity_file())?.public().to_peer_id();
	Ok(control.ask(peer, weir_tunnel::chain::socket_address(&target.party.endpoint), request).await)
}

/// What came of requests that break a rule.
#[derive(Clone, Copy, Default)]
struct Told {
	asked: u32,
	/// Answered as the rule says that they break.
	refused: u32,
	/// Answered otherwise.
	otherwise: u32,
}

fn add(sum: &mut [Told], more: &[Told]) {
	for (sum, more) in sum.iter_mut().zip(more) {
		sum.asked += more.asked;
		sum.refused += more.refused;
		sum.otherwise += more.otherwise;
	}
}

/// Asks until then, as often as there are answers, what is to be refused so. The next request comes when one was
/// answered: in step with the share of its prefix, always the same one would be.
async fn flood(
	control: &Control,
	target: &Side,
	requests: &[(Request, Refusal)],
	until: Micros,
	told: &mut [Told],
) -> Result<()> {
	let peer = keys::load_identity(&target.identity_file())?.public().to_peer_id();
	let address = weir_tunnel::chain::socket_address(&target.party.endpoint);
	let mut kinds = requests.iter().zip(told).collect::<Vec<_>>();
	let mut turn = 0;
	while clock::now() < until {
		let ((request, rule), told) = &mut kinds[turn];
		let answer = control.ask(peer, address, request.clone()).await;
		told.asked += 1;
		match answer {
			None => continue,
			Some(Response::Refuse(refusal)) if refusal == *rule => told.refused += 1,
			Some(_) => told.otherwise += 1,
		}
		turn = (turn + 1) % requests.len();
	}
	Ok(())
}

/// Sends handshakes of somebody unknown, and what is none, in the name of `victim`. IP bytes, once it is over.
fn spoof(
	attacker: &Machine,
	victim: &Machine,
	to: SocketAddr,
	key: [u8; 32],
	until: Micros,
) -> Result<JoinHandle<Result<u64>>> {
	let (own, false_source) = (attacker.bind, victim.address);
	let handshake = attacker.run(async move { handshake(own.into(), key).await })??;
	let packets = vec![handshake, vec![4; 148], vec![1; 32]];
	Ok(attacker.spawn(async move {
		let socket = UdpSocket::bind((false_source, PORT)).await?;
		flow::send(&socket, to, &packets, FLOOD, until).await
	}))
}

/// The first packet of a handshake with the owner of `key`.
async fn handshake(own: std::net::IpAddr, key: [u8; 32]) -> Result<Vec<u8>> {
	let listening = UdpSocket::bind((own, 0)).await?;
	let (engine, _inbound) = Engine::start(own, 0, Caps::default()).await?;
	let inner = [100, 64, 0, 1].into();
	engine.add_peer(key, inner, Some(listening.local_addr()?)).await?;
	engine.send([100, 64, 1, 1].into(), inner, &[0; 64]);
	let mut buffer = vec![0; 256];
	let length = tokio::time::timeout(Duration::from_secs(5), listening.recv(&mut buffer)).await??;
	engine.stop().await;
	buffer.truncate(length);
	Ok(buffer)
}

/// One that asks: how often it did, and how often it got what it asked for.
type Asking = JoinHandle<Result<(u32, u32)>>;

/// Waits for all that ask, and sums up.
fn total(asking: Vec<Asking>) -> Result<(u32, u32)> {
	let (mut asked, mut got) = (0, 0);
	for one in asking {
		let (more, better) = futures::executor::block_on(one)??;
		asked += more;
		got += better;
	}
	Ok((asked, got))
}

/// Asks the provider through the whole test whether it lives, as its watchers do: from the machines of members, each with
/// an identity of its own.
fn watch(trial: &Trial, watchers: &[Arc<Machine>]) -> Vec<Asking> {
	let until = windows_end(trial.chain.start(), trial.chain.window());
	let begin = |(number, machine): (usize, &Arc<Machine>)| {
		let (target, bind) = (trial.target.clone(), machine.bind);
		machine.spawn(async move {
			let peer = keys::load_identity(&target.identity_file())?.public().to_peer_id();
			let identity = target.folder.join(format!("watcher-{number}.key"));
			keys::generate(&identity)?;
			let (control, _incoming) = control::connect(&keys::load_identity(&identity)?, bind.into())?;
			let address = weir_tunnel::chain::socket_address(&target.party.endpoint);
			let (mut asked, mut answered, mut due) = (0u32, 0u32, clock::now());
			while due < until {
				clock::sleep_until(due).await;
				let mut nonce = [0; 16];
				nonce[..4].copy_from_slice(&asked.to_le_bytes());
				let answer = control.ask(peer, address, Request::Clock { nonce }).await;
				asked += 1;
				answered += u32::from(is_alive(&target, nonce, answer));
				due = (due + WATCH_EVERY).max(clock::now());
			}
			Ok::<_, anyhow::Error>((asked, answered))
		})
	};
	watchers.iter().enumerate().map(begin).collect()
}

/// Whether the provider itself answers this question for the time.
fn is_alive(target: &Side, asked: [u8; 16], answer: Option<Response>) -> bool {
	let Some(Response::Clock { nonce, unix_micros, account, signature }) = answer else { return false };
	let signed = clock_payload(&nonce, unix_micros, &account);
	nonce == asked
		&& account == target.party.account
		&& signatures::verify(&target.probe.public(), &signed, &signature)
}

/// One that floods: what came of its requests.
type Flooding = JoinHandle<Result<[Told; 3]>>;

/// Asks to be let in without being a member, and in the name of one, and offers in a session that is another's: from the
/// attacker's own address, for a connection needs one.
fn flood_from(attacker: &Machine, trial: &Trial, session: &Test, until: Micros) -> Result<Vec<Flooding>> {
	let member = trial.side(1).context("no members")?.party.account;
	let open = |account: [u8; 32]| {
		let test = test_of(trial, account, 2);
		Request::Open { test, wireguard: [6; 32], signature: [8; 64] }
	};
	let start = trial.chain.start() / MILLI;
	let requests = [
		(open([0xee; 32]), Refusal::NotAMember),
		(open(member), Refusal::OutsidePrefix),
		(offer(&trial.chain, session, start, FORGED_SEED, &strange_key()?), Refusal::BadSignature),
	];
	let begin = |number: u32| {
		let (target, bind, requests) = (trial.target.clone(), attacker.bind, requests.clone());
		attacker.spawn(async move {
			let identity = target.folder.join(format!("stranger-{number}.key"));
			keys::generate(&identity)?;
			let (control, _incoming) = control::connect(&keys::load_identity(&identity)?, bind.into())?;
			let mut told = [Told::default(); 3];
			flood(&control, &target, &requests, until - LAST, &mut told).await?;
			flood(&control, &target, &requests[..2], until, &mut told).await?;
			Ok::<_, anyhow::Error>(told)
		})
	};
	Ok((0..ASKING).map(begin).collect())
}

/// Bytes that went to a machine so far, with 14 of Ethernet for each packet.
fn bytes_towards(name: &str) -> Result<u64> {
	let [_, _, towards, _] = machine::counted(name)?;
	Ok(towards)
}
