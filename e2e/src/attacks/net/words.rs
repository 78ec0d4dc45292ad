//! What either side can leave unsaid, or deny.

use super::{
	chain::{OneTest, EPOCH, GENESIS},
	cheat::{Cheat, Place, Trick},
	times,
	trial::{Found, Side, Terms, Trial},
	Bench, Machine,
};
use crate::attacks::{Finding, Scenario};
use anyhow::{bail, Context, Result};
use std::{net::Ipv4Addr, thread, time::Duration};
use weir_math::{
	estimate::{lower_bound, Estimate},
	rate::kbps,
};
use weir_primitives::report::EntryKind;
use weir_tunnel::{
	clock, control,
	engine::{Caps, Engine},
	keys,
	store::Store,
};
use weir_tunnel_core::{
	cost::{self, Carried},
	keys as signatures, keystream, windows_end,
	wire::{
		data::{Body, Datagram, Stamp},
		finish_payload, offer_payload, open_payload, Refusal, Request, Response, Test, TestKind,
	},
	Micros, MILLI,
};

/// What an honest line here carries, and what it claims: a little less, as honest lines do.
const LINE: u32 = 4_400;
const CLAIM: u32 = 4_000;
/// By then TCP has acknowledged what it acknowledges late.
const ACKNOWLEDGED: Duration = Duration::from_millis(300);
/// A line on which nothing moves for so long carries nobody else's connection.
const QUIET: Duration = Duration::from_millis(500);
/// How often that is waited for.
const PATIENCE: u32 = 20;
/// How long a provider may take to stand up against a strike.
const DISPUTE_PATIENCE: Duration = Duration::from_secs(10);

/// Members that measure, sign, and report 0.
pub const DENIED: Scenario<Bench> = Scenario {
	id: "A4",
	title: "a majority measures, signs, and reports 0",
	run: |bench| {
		let deniers = 5;
		let line = bench.line(LINE)?;
		let trial = Trial::new(bench, line.address, Terms::short(CLAIM), bench.seats())?;
		let provider = trial.provide(&line)?;
		let found = trial.measure()?;
		let mut told = found.clone();
		for entry in told.entries.iter_mut().take(deniers).flatten() {
			(entry.down_kbps, entry.up_kbps) = (0, 0);
		}
		let struck = told.estimate()?;
		let reported: Vec<_> =
			told.entries.iter().map(|entry| entry.map_or((0, 0), |e| (e.down_kbps, e.up_kbps))).collect();
		trial.chain.strike(&reported);
		let posted = wait_for(DISPUTE_PATIENCE, || trial.chain.disputes(), |posted| posted.len() >= deniers);
		line.run(provider.stop())?;
		let (mut proven, mut honest) = (0, true);
		for receipt in &posted {
			let place = trial.chain.members.iter().position(|m| m.account == receipt.test.attestor);
			let place = place.context("a receipt of nobody")?;
			let (target, member) = (&trial.chain.target, &trial.chain.members[place]);
			let is_signed = [(target, receipt.by_target), (member, receipt.by_attestor)].into_iter().all(
				|(party, by)| {
					signatures::verify(&weir_tunnel::chain::bytes32(&party.key), &receipt.payload(), &by)
				},
			);
			let window = trial.chain.window();
			if let Some(entry) = told.entries[place].as_mut().filter(|_| is_signed && place < deniers) {
				(entry.down_kbps, entry.up_kbps) =
					(kbps(receipt.down_bytes, window), kbps(receipt.up_bytes, window));
				proven += 1;
			}
			honest &= place < deniers;
		}
		let restored = told.estimate()?;
		Ok(Finding {
			tried: format!("{deniers} of {} deny what they countersigned", reported.len()),
			measured: format!(
				"{:.2} of the claim, a strike; {proven} receipts with both signatures posted by the provider; then {:.2}",
				part(&struck),
				part(&restored)
			),
			criterion: "a receipt against each denier and nobody else; with them ≥ 0.9".into(),
			passed: struck.below_half_majority && proven == deniers && honest && part(&restored) >= 0.9,
		})
	},
};

/// Members that take no part.
pub const WITHHELD: Scenario<Bench> = Scenario {
	id: "A4-withheld",
	title: "members load nothing and report nothing",
	run: |bench| {
		let withhold = 2;
		let line = bench.line(LINE)?;
		let mut trial = Trial::new(bench, line.address, Terms::short(CLAIM), bench.seats())?;
		let mut idle = (0..withhold).filter_map(|place| trial.take_member(place)).collect::<Vec<_>>();
		let provider = trial.provide(&line)?;
		let before = line.carried()?;
		let found = trial.measure()?;
		let after = line.carried()?;
		let (machine, side) = idle.pop().context("no members")?;
		let asked = asked(&line, &trial.target, &machine, side)?;
		line.run(provider.stop())?;
		let (k, (quota, quota_up)) = (trial.chain.k(), trial.chain.quotas());
		let bound = lower_bound(k, u16::try_from(withhold)?, quota, LINE) as f64;
		let [down, up] = found.kbps()?.map(f64::from);
		// What the others offer fits the line, so that it carries all of it.
		let loading = (trial.chain.members.len() - withhold) as u64;
		let test =
			of_account(before, after, cost::test(trial.chain.window(), quota, quota_up).times(loading));
		let question = of_account(asked.0, asked.1, cost::opening().and(cost::clock()).on_line());
		let is_accounted = |parts: [f64; 2]| parts.iter().all(|part| (0.85..=1.15).contains(part));
		Ok(Finding {
			tried: format!("{withhold} of {k}; line {LINE} kbps, claim {CLAIM}"),
			measured: format!(
				"{down} kbps down, {up} up; bound {bound}; of its account the test carried {:.3} down, {:.3} up, a \
				 question {:.3}, {:.3}",
				test[0], test[1], question[0], question[1]
			),
			criterion:
				"≥ the bound less 10 % for measuring; what crosses the line within 15 % of its account".into(),
			passed: down.min(up) >= 0.9 * bound && is_accounted(test) && is_accounted(question),
		})
	},
};

/// How many times what the account says has crossed a line, down and up.
fn of_account(before: Carried, after: Carried, said: Carried) -> [f64; 2] {
	[(before.down, after.down, said.down), (before.up, after.up, said.up)]
		.map(|(before, after, said)| after.saturating_sub(before) as f64 / said as f64)
}

/// What a provider's line had carried before a stranger to it asked for the time, and after.
fn asked(line: &Machine, target: &Side, machine: &Machine, side: Side) -> Result<(Carried, Carried)> {
	let (bind, target) = (machine.bind, target.clone());
	let before = at_rest(line)?;
	let connection = machine.run(async move {
		let peer = keys::load_identity(&target.identity_file())?.public().to_peer_id();
		let connection = control::connect(&keys::load_identity(&side.identity_file())?, bind.into())?;
		let address = weir_tunnel::chain::socket_address(&target.party.endpoint);
		let told = connection.0.ask(peer, address, Request::Clock { nonce: [7; 16] }).await;
		if !matches!(told, Some(Response::Clock { .. })) {
			bail!("no answer: {told:?}");
		}
		tokio::time::sleep(ACKNOWLEDGED).await;
		Ok::<_, anyhow::Error>(connection)
	})??;
	let after = line.carried()?;
	drop(connection);
	Ok((before, after))
}

/// What a line has carried when the connections of a test are closed.
fn at_rest(line: &Machine) -> Result<Carried> {
	let mut before = line.carried()?;
	for _ in 0..PATIENCE {
		thread::sleep(QUIET);
		let now = line.carried()?;
		if now == before {
			return Ok(now);
		}
		before = now;
	}
	bail!("the line never came to rest");
}

/// A member that opens a session and offers, loads nothing, and asks for a signature.
pub const LAZY: Scenario<Bench> = Scenario {
	id: "A8",
	title: "a member skips probing and invents",
	run: |bench| {
		let line = bench.line(LINE)?;
		let mut trial = Trial::new(bench, line.address, Terms::short(CLAIM), bench.seats())?;
		let (machine, side) = trial.take_member(0).context("no members")?;
		let provider = trial.provide(&line)?;
		let (chain, target, bind) = (trial.chain.clone(), trial.target.clone(), machine.bind);
		let [offer, quota, nothing] =
			machine.run(async move { lazy(&chain, &target, &side, bind).await })??;
		line.run(provider.stop())?;
		// The process that holds the store has ended, or is about to.
		let kept = retried(|| Store::open(&trial.target.folder)?.bilaterals(EPOCH))?;
		Ok(Finding {
			tried: "opens, offers, sends no load, asks for its quota to be signed; then for 0".into(),
			measured: format!(
				"offer: {offer}; its quota: {quota}; 0: {nothing}; receipts kept by the provider: {}",
				kept.len()
			),
			criterion: "no FINAL for what was not loaded".into(),
			passed: offer == ACCEPTED
				&& quota == Refusal::BytesMismatch.to_string()
				&& nothing == SIGNED
				&& kept.is_empty(),
		})
	},
};

/// How an answer with a signature is told of.
const SIGNED: &str = "signed";
/// And how one to an offer is.
const ACCEPTED: &str = "accepted";
/// A handshake and a greeting take less.
const GREETING: Duration = Duration::from_millis(500);

/// What the provider says to its offer, to its quota, and to 0.
async fn lazy(chain: &OneTest, target: &Side, side: &Side, bind: Ipv4Addr) -> Result<[String; 3]> {
	let peer = keys::load_identity(&target.identity_file())?.public().to_peer_id();
	let (control, _incoming) = control::connect(&keys::load_identity(&side.identity_file())?, bind.into())?;
	let address = weir_tunnel::chain::socket_address(&target.party.endpoint);
	let (engine, _inbound) = Engine::start(bind.into(), 0, Caps::default()).await?;
	let (session, wireguard, seed_hash) = ([9; 8], engine.public(), keystream::seed_hash(&[6; 32]));
	let test = Test {
		genesis: GENESIS,
		epoch: EPOCH,
		kind: TestKind::Scheduled,
		ordinal: 0,
		target: target.party.account,
		attestor: side.party.account,
		session,
	};
	let signature = side.probe.sign(&open_payload(&test, &wireguard));
	let opened = control.ask(peer, address, Request::Open { test, wireguard, signature }).await;
	let Some(Response::Opened { wireguard: theirs, port, target_address, attestor_address }) = opened else {
		bail!("not let in: {opened:?}");
	};
	// A tunnel it needs, or there is no session to offer in.
	let endpoint = address.map(|address| (address.ip(), port).into());
	engine.add_peer(theirs, target_address.into(), endpoint).await?;
	let hello = Body::Hello(Stamp { nonce: [1; 16], sent_at: clock::now() });
	let hello = Datagram { session, number: 0, body: hello }.encode();
	engine.send(attestor_address.into(), target_address.into(), &hello);
	tokio::time::sleep(GREETING).await;
	let ((down_kbps, up_kbps), start_millis, window_millis) =
		(chain.quotas(), chain.start() / MILLI, chain.window_millis);
	let payload = offer_payload(&test, &seed_hash, down_kbps, up_kbps, start_millis, window_millis);
	let signature = side.probe.sign(&payload);
	let offer =
		Request::Offer { session, seed_hash, down_kbps, up_kbps, start_millis, window_millis, signature };
	let offered = told(control.ask(peer, address, offer).await);
	clock::sleep_until(windows_end(chain.start(), chain.window())).await;
	let finish = async |down_bytes: u64, up_bytes: u64| {
		let signature = side.probe.sign(&finish_payload(&test, &seed_hash, down_bytes, up_bytes));
		told(control.ask(peer, address, Request::Finish { session, down_bytes, up_bytes, signature }).await)
	};
	let bytes = |kbps: u32| u64::from(kbps) * u64::from(window_millis) / 8;
	let quota = finish(bytes(down_kbps), bytes(up_kbps)).await;
	let nothing = finish(0, 0).await;
	engine.stop().await;
	Ok([offered, quota, nothing])
}

fn told(answer: Option<Response>) -> String {
	match answer {
		Some(Response::Refuse(refusal)) => refusal.to_string(),
		Some(Response::Final { .. }) => SIGNED.into(),
		Some(Response::Accept) => ACCEPTED.into(),
		other => format!("{other:?}"),
	}
}

/// A provider that says nothing any more from some time on: neither in the tunnel nor on the control plane.
struct Mute {
	from: Micros,
	/// Whether its tunnel was silent from the beginning.
	deaf: bool,
}

impl Trick for Mute {
	fn leave(&mut self, now: Micros, _: usize, _: &Body<'_>) -> Option<Micros> {
		(!self.deaf && now < self.from).then_some(now)
	}

	fn answers(&self, now: Micros) -> bool {
		now < self.from
	}
}

/// Providers that stop answering because the result will be bad.
pub const MUTE: Scenario<Bench> = Scenario {
	id: "A24",
	title: "stops replying in the middle of a bad test",
	run: |bench| {
		let (has, claims) = (1_000, 4_000);
		let (line, other) = (bench.line(has)?, bench.line(has)?);
		let run = |line: &Machine, deaf: bool| -> Result<Found> {
			let trial = Trial::new(bench, line.address, Terms::short(claims), bench.seats())?;
			let from = trial.chain.start() + trial.chain.window() / 2;
			let _cheat = Cheat::start(&trial, Place::whole(line), Mute { from, deaf })?;
			trial.measure()
		};
		let (stopped, deaf) = thread::scope(|scope| {
			let deaf = scope.spawn(|| run(&other, true));
			let stopped = run(&line, false);
			(stopped, deaf.join().unwrap_or_else(|_| bail!("a test did not end")))
		});
		let (stopped, deaf) = (stopped?, deaf?);
		let (estimate, silent) = (stopped.estimate()?, deaf.estimate()?);
		let measured = stopped.count(EntryKind::Measured) + stopped.count(EntryKind::Limited);
		let unreachable = deaf.count(EntryKind::Unreachable);
		Ok(Finding {
			tried: format!("line of {has} kbps, claims {claims}; silent from T0 + 1.5 s on; another one without a tunnel"),
			measured: format!(
				"{measured} of {} entries measured, {:.2} of the claim; without a tunnel: {unreachable} unreachable",
				estimate.present,
				part(&estimate)
			),
			criterion: "counts 0 and is a strike; without a tunnel an outage (no pay)".into(),
			passed: estimate.ratio_ppm == 0
				&& estimate.below_half_majority
				&& !estimate.unreachable_majority
				&& usize::from(estimate.present) == measured
				&& silent.unreachable_majority,
		})
	},
};

fn part(estimate: &Estimate) -> f64 {
	times(estimate.ratio_ppm, 1_000_000)
}

fn wait_for<T>(patience: Duration, look: impl Fn() -> T, done: impl Fn(&T) -> bool) -> T {
	let begun = std::time::Instant::now();
	loop {
		let seen = look();
		if done(&seen) || begun.elapsed() > patience {
			return seen;
		}
		thread::sleep(Duration::from_millis(50));
	}
}

fn retried<T>(attempt: impl Fn() -> Result<T>) -> Result<T> {
	wait_for(Duration::from_secs(5), attempt, Result::is_ok)
}
