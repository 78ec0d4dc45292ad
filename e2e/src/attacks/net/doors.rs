//! Who gets in: through address translation, and in a flood.

use super::{
	chain::{EPOCH, GENESIS},
	flow, machine, times,
	trial::{Found, Side, Terms, Trial, PORT},
	Bench, Machine, MEMBERS,
};
use crate::attacks::{Finding, Scenario};
use anyhow::{bail, Context, Result};
use std::{net::SocketAddr, sync::Arc, thread, time::Duration};
use tokio::{net::UdpSocket, task::JoinHandle};
use weir_primitives::report::EntryKind;
use weir_tunnel::{
	clock, control,
	engine::{Caps, Engine},
	keys,
};
use weir_tunnel_core::{
	keys as signatures, second_start,
	wire::{clock_payload, open_payload, Request, Response, Test, TestKind},
	Micros, MILLI,
};

/// Rates in kbps; the line in the flood claims a little less than it has, as honest lines do.
const LINE: u32 = 5_000;
const CLAIM: u32 = 4_200;
/// Of packets with a false source, IP.
const FLOOD: u32 = 250;
/// Questions at a time on the control plane.
const ASKING: u32 = 8;
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

/// A flood from false addresses and from a true one, and an honest test in the middle of it.
pub const FLOODED: Scenario<Bench> = Scenario {
	id: "A20",
	title: "flood of offers and packets with a false source",
	run: |bench| {
		let (line, attacker, victim) =
			(bench.line(LINE)?, bench.machine("attacker")?, bench.machine("victim")?);
		crate::lab::ground::add_address(&attacker.name, victim.address)?;
		let trial = Trial::new(bench, line.address, Terms::short(CLAIM), bench.seats())?;
		let provider = trial.provide(&line)?;
		let key = tunnel_key(&trial, bench.seats().first().context("no members")?)?;
		let until = second_start(trial.chain.start(), trial.chain.window()) + trial.chain.window();
		let before = bytes_towards(&victim.name)?;
		let spoofed = spoof(&attacker, &victim, (line.address, PORT).into(), key, until)?;
		let asked = ask(&attacker, &trial, until)?;
		let found = trial.measure()?;
		let sent = futures::executor::block_on(spoofed)??;
		let (asked, admitted) = total(asked)?;
		let reflected = bytes_towards(&victim.name)? - before;
		line.run(provider.stop())?;
		let [down, up] = found.kbps()?.map(|kbps| times(kbps, CLAIM));
		let amplification = reflected as f64 / sent as f64;
		Ok(Finding {
			tried: format!(
				"{} kB from a false address to the tunnel ({FLOOD} kbps), {asked} requests of a stranger",
				sent / 1_000
			),
			measured: format!(
				"{amplification:.3} bytes to the victim for each; {admitted} let in; honest test {down:.3} of its claim down, {up:.3} up"
			),
			criterion: "amplification < 1, nobody let in, the test ≥ 0.9 of the claim".into(),
			passed: sent > 100_000
				&& asked > 10
				&& amplification < 1.0
				&& admitted == 0
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

/// The key of the provider's tunnel, which only members are told: at worst one of them passes it on.
fn tunnel_key(trial: &Trial, seat: &Machine) -> Result<[u8; 32]> {
	let side = trial.side(0).context("no members")?;
	let (test, wireguard) = (test_of(trial, side.party.account, 1), [5; 32]);
	let signature = side.probe.sign(&open_payload(&test, &wireguard));
	let (bind, target) = (seat.bind, trial.target.clone());
	seat.run(async move {
		match question(&side, &target, bind.into(), Request::Open { test, wireguard, signature }).await? {
			Some(Response::Opened { wireguard, .. }) => Ok(wireguard),
			other => bail!("the member was not let in: {other:?}"),
		}
	})?
}

async fn question(
	side: &Side,
	target: &Side,
	bind: std::net::IpAddr,
	request: Request,
) -> Result<Option<Response>> {
	let peer = keys::load_identity(&target.identity_file())?.public().to_peer_id();
	let (control, _incoming) = control::connect(&keys::load_identity(&side.identity_file())?, bind)?;
	Ok(control.ask(peer, weir_tunnel::chain::socket_address(&target.party.endpoint), request).await)
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
	let until = second_start(trial.chain.start(), trial.chain.window()) + trial.chain.window();
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

/// Asks to be let in without being a member, as often as there are answers, from the attacker's own address: a
/// connection needs one.
fn ask(attacker: &Machine, trial: &Trial, until: Micros) -> Result<Vec<Asking>> {
	let member = trial.side(1).context("no members")?.party.account;
	let begin = |number: u32| {
		let (target, bind) = (trial.target.clone(), attacker.bind);
		// A stranger, and one that says to be a member.
		let account = if number.is_multiple_of(2) { [0xee; 32] } else { member };
		let test = test_of(trial, account, 2);
		Ok(attacker.spawn(async move {
			let peer = keys::load_identity(&target.identity_file())?.public().to_peer_id();
			let identity = target.folder.join(format!("stranger-{number}.key"));
			keys::generate(&identity)?;
			let (control, _incoming) = control::connect(&keys::load_identity(&identity)?, bind.into())?;
			let address = weir_tunnel::chain::socket_address(&target.party.endpoint);
			let (mut asked, mut admitted) = (0, 0);
			while clock::now() < until {
				let request = Request::Open { test, wireguard: [6; 32], signature: [8; 64] };
				let answer = control.ask(peer, address, request).await;
				asked += 1;
				admitted += u32::from(matches!(answer, Some(Response::Opened { .. })));
			}
			Ok((asked, admitted))
		}))
	};
	(0..ASKING).map(begin).collect()
}

/// Bytes that went to a machine so far, with 14 of Ethernet for each packet.
fn bytes_towards(name: &str) -> Result<u64> {
	let [_, _, towards, _] = machine::counted(name)?;
	Ok(towards)
}
