//! The attestor's side of one test: let in, greet, ping, offer, load in two phases, settle.
//!
//! Drive it with [`Probe::handle_response`], [`Probe::handle_datagram`] and, when [`Probe::timeout`] is due,
//! [`Probe::handle_timeout`]; after each, drain [`Probe::poll`] until it is empty.

mod countersigning;
mod ending;
mod load;
mod types;

pub use load::{load_times, rhythm_times};
pub use types::*;

use crate::{
	dropped::{Dropped, Rule},
	kbps, keys, keystream,
	pacer::Pacer,
	receipt::{Seen, Verifier, MAX_PACKETS},
	wire::{
		self,
		data::{self, Body, Datagram, Stamp},
		Bilateral, Receipt, Refusal, Request, Response, PACKET_BYTES,
	},
	Micros, CONTACT_TIMEOUT, MAX_SHIFT, MILLI, QUEUE_LIMIT,
};
use countersigning::Countersigning;
use load::{Phase, Step};
use std::{
	collections::{BTreeMap, VecDeque},
	sync::Arc,
};

/// Between two attempts at anything.
const RETRY: Micros = 250 * MILLI;
/// Pings before the offer.
const PINGS: u32 = 5;
/// Between two of them.
const PING_EVERY: Micros = 20 * MILLI;
/// What a test that loses none greets and pings: a Hello, the pings before the offer, those of both half steps.
pub const STAMPS: u64 = 1 + PINGS as u64 + 2 * load::PINGS;
/// Pings stop being waited for.
const PING_TIMEOUT: Micros = 1_000 * MILLI;
/// Numbers of the pings in the two half steps start here and 256 later.
const LOAD_PINGS_FROM: u32 = 1_000;
/// After the last window, before the counts are settled: what arrives now no longer counts.
const SETTLE_AFTER: Micros = 200 * MILLI;
/// A target that has not signed the final by then never will.
const FINISH_TIMEOUT: Micros = 10_000 * MILLI;
/// A queue delays most pings of a half step; one or two late ones are a hiccup of either machine.
const DELAYED_PINGS: u32 = 3;
/// Receipts that overtook an earlier one and wait for it.
const MAX_HELD: usize = 64;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
	/// Wants in; the next attempt.
	Opening(Option<Micros>),
	/// Greets; the next greeting.
	Greeting(Micros),
	/// Pings; number and time of the next.
	Pinging(u32, Micros),
	/// Offers; the next attempt.
	Offering(Option<Micros>),
	/// Loads.
	Running,
	/// Asks for the signature; the next attempt.
	Finishing(Option<Micros>),
	Done,
}

/// The attestor's side of one test.
pub struct Probe {
	config: Config,
	seed_hash: [u8; 32],
	echo_key: [u8; 32],
	state: State,
	began: Micros,
	outputs: VecDeque<Output>,
	refused: Option<Refusal>,
	rtt: Option<Micros>,
	pinging_since: Micros,
	pongs: u32,
	verifier: Verifier,
	held: BTreeMap<u32, Receipt>,
	receipt_fault: Option<crate::receipt::ReceiptError>,
	phases: [Phase; 2],
	pacer: Pacer,
	sent: u32,
	echo_from: u32,
	echoed: Seen,
	countersigning: Countersigning,
	last_run: Micros,
	dropped: Arc<Dropped>,
}

impl Probe {
	/// Starts the test at `now`: the first output asks to be let in.
	pub fn new(now: Micros, config: Config) -> Self {
		let seed_hash = keystream::seed_hash(&config.seed);
		let echo_key = keystream::echo_key(&seed_hash, &config.test.session);
		let jitter = blake3::derive_key("weir/jitter/v1", &config.seed);
		let mut probe = Self {
			seed_hash,
			echo_key,
			state: State::Opening(Some(now)),
			began: now,
			outputs: VecDeque::new(),
			refused: None,
			rtt: None,
			pinging_since: 0,
			pongs: 0,
			verifier: Verifier::new(&config.test, &config.seed),
			held: BTreeMap::new(),
			receipt_fault: None,
			phases: Phase::both(&config, 0),
			pacer: Pacer::new(jitter),
			sent: 0,
			echo_from: u32::MAX,
			echoed: Seen::default(),
			countersigning: Countersigning::new(&config.seed),
			last_run: now,
			dropped: Arc::default(),
			config,
		};
		probe.handle_timeout(now);
		probe
	}

	/// The same probe, which counts what it drops in `dropped`.
	pub fn counting_in(self, dropped: Arc<Dropped>) -> Self {
		Self { dropped, ..self }
	}

	/// The next thing to do; none until more input arrives.
	pub fn poll(&mut self) -> Option<Output> {
		self.outputs.pop_front()
	}

	/// Whether the target has accepted the offer: it holds the same T0 for right.
	pub fn is_agreed(&self) -> bool {
		matches!(self.state, State::Running | State::Finishing(_))
	}

	/// When [`Self::handle_timeout`] is due.
	pub fn timeout(&self) -> Option<Micros> {
		let contact = self.contact_until();
		match self.state {
			State::Opening(next) => Some(next.map_or(contact, |next| next.min(contact))),
			State::Greeting(next) => Some(next.min(contact)),
			State::Pinging(_, next) => Some(next),
			State::Offering(next) => Some(next.unwrap_or(Micros::MAX).min(self.settle_at())),
			State::Running => {
				[self.pacer.next(), self.next_change(), self.countersigning.next(), Some(self.settle_at())]
					.into_iter()
					.flatten()
					.min()
			}
			State::Finishing(next) => Some(next.unwrap_or(Micros::MAX).min(self.give_up_at())),
			State::Done => None,
		}
	}

	/// The minimum round-trip time so far.
	pub fn rtt(&self) -> Option<Micros> {
		self.rtt
	}

	/// Does what is due.
	pub fn handle_timeout(&mut self, now: Micros) {
		let contact_over = now >= self.contact_until();
		match self.state {
			State::Opening(_) | State::Greeting(_) if contact_over => self.give_up(),
			State::Opening(Some(next)) if now >= next => self.open(),
			State::Greeting(next) if now >= next => self.greet(now),
			State::Pinging(number, next) if now >= next => self.ping(now, number),
			State::Offering(_) if now >= self.settle_at() => self.give_up(),
			State::Offering(Some(next)) if now >= next => self.offer(),
			State::Running => self.run(now),
			State::Finishing(_) if now >= self.give_up_at() => self.conclude(None, Some(Fault::NotSigned)),
			State::Finishing(Some(next)) if now >= next => self.finish(),
			_ => {}
		}
	}

	/// Takes the answer to a request; none if there was none.
	pub fn handle_response(&mut self, now: Micros, ticket: Ticket, response: Option<Response>) {
		match (ticket, self.state, response) {
			(
				Ticket::Open,
				State::Opening(None),
				Some(Response::Opened { wireguard, port, target_address, attestor_address }),
			) => {
				self.outputs.push_back(Output::Tunnel { wireguard, port, target_address, attestor_address });
				self.state = State::Greeting(now);
				self.handle_timeout(now);
			}
			(Ticket::Offer, State::Offering(None), Some(Response::Accept)) => {
				self.phases = Phase::both(&self.config, self.shift());
				self.state = State::Running;
				self.handle_timeout(now);
			}
			(Ticket::Finish, State::Finishing(None), Some(Response::Final { signature })) => {
				self.sign(now, signature)
			}
			(Ticket::Open | Ticket::Offer | Ticket::Finish, _, Some(Response::Refuse(refusal))) => {
				self.refuse(now, refusal)
			}
			(Ticket::Open, State::Opening(None), _) => {
				self.state = State::Opening(Some(now.saturating_add(RETRY)))
			}
			(Ticket::Offer, State::Offering(None), _) => {
				self.state = State::Offering(Some(now.saturating_add(RETRY)))
			}
			(Ticket::Finish, State::Finishing(None), _) => {
				self.state = State::Finishing(Some(now.saturating_add(RETRY)))
			}
			_ => {}
		}
	}

	/// Takes receipts in order; those that come too early wait, those that come again are dropped.
	fn take_receipts(&mut self, now: Micros, receipts: Vec<Receipt>) {
		self.countersigning.hear(now, self.rtt.unwrap_or(0), &receipts);
		if self.phases.iter().all(|phase| phase.schedule.step(now) == Step::Silent) {
			self.send_countersignatures(now);
		}
		for receipt in receipts {
			let next = self.verifier.next_window();
			// The one that all others wait for is never too many.
			if receipt.window == next || (receipt.window > next && self.held.len() < MAX_HELD) {
				self.held.insert(receipt.window, receipt);
			}
			while let Some(receipt) = self.held.remove(&self.verifier.next_window()) {
				if self.receipt_fault.is_some() {
					return;
				}
				match self.verifier.verify(&receipt, self.sent) {
					Ok(()) => self.count(now, &receipt),
					Err(error) => {
						self.dropped.count(Rule::BadReceipt);
						self.receipt_fault = Some(error);
					}
				}
			}
		}
	}

	fn count(&mut self, now: Micros, receipt: &Receipt) {
		// Phase U is counted by its echoes.
		let [down, _] = &mut self.phases;
		if down.schedule.counts(now) {
			let packets = down.counts_from.map_or(0, |first| receipt.packets_from(first));
			let bytes = packets.saturating_mul(PACKET_BYTES.into());
			down.bytes = down.bytes.saturating_add(bytes);
		}
		self.countersigning.begin(now);
	}

	/// Takes a datagram out of the tunnel. What does not belong here is dropped and counted.
	pub fn handle_datagram(&mut self, now: Micros, bytes: &[u8]) {
		if let Err(rule) = self.take_datagram(now, bytes) {
			self.dropped.count(rule);
		}
	}

	fn take_datagram(&mut self, now: Micros, bytes: &[u8]) -> Result<(), Rule> {
		let datagram = data::decode(bytes).ok_or(Rule::Malformed)?;
		if datagram.session != self.config.test.session {
			return Err(Rule::UnknownSession);
		}
		match (datagram.body, self.state) {
			(Body::Welcome(stamp) | Body::Pong(stamp), _) if !self.is_mine(&stamp, datagram.number) => {
				return Err(Rule::BadNonce);
			}
			(Body::Welcome(stamp), State::Greeting(_)) => {
				self.sample(now, &stamp);
				self.pinging_since = now;
				self.pongs = 0;
				self.state = State::Pinging(0, now);
				self.handle_timeout(now);
			}
			(Body::Pong(stamp), State::Pinging(..)) => {
				self.sample(now, &stamp);
				self.pongs = self.pongs.saturating_add(1);
				if self.pongs >= PINGS {
					self.state = State::Offering(Some(now));
					self.handle_timeout(now);
				}
			}
			(Body::Pong(stamp), State::Running) => {
				let queued = now.saturating_sub(stamp.sent_at).saturating_sub(self.rtt.unwrap_or(0));
				let phase = usize::from(datagram.number >= LOAD_PINGS_FROM.saturating_add(256));
				if let Some(phase) = self
					.phases
					.get_mut(phase)
					.filter(|_| datagram.number >= LOAD_PINGS_FROM && queued > QUEUE_LIMIT)
				{
					phase.delayed = phase.delayed.saturating_add(1);
					phase.limited |= phase.delayed >= DELAYED_PINGS;
				}
			}
			(Body::Receipts(receipts), State::Running) => {
				self.take_receipts(now, data::receipts(receipts).ok_or(Rule::Malformed)?);
			}
			(Body::Echo(payload), State::Running) => self.take_echo(now, datagram.number, payload)?,
			(Body::Welcome(_) | Body::Pong(_) | Body::Receipts(_) | Body::Echo(_), _) => {
				return Err(Rule::WrongTime);
			}
			_ => return Err(Rule::WrongKind),
		}
		Ok(())
	}

	fn take_echo(&mut self, now: Micros, seq: u32, payload: &keystream::Payload) -> Result<(), Rule> {
		if !(self.echo_from..self.sent).contains(&seq) {
			return Err(Rule::OutOfRange);
		}
		if self.echoed.contains(seq) {
			return Err(Rule::Replayed);
		}
		let mut expected = keystream::payload(&self.config.seed, seq);
		keystream::apply(&self.echo_key, seq, &mut expected);
		if expected != *payload {
			return Err(Rule::BadEcho);
		}
		self.echoed.insert(seq);
		let [_, up] = &mut self.phases;
		if up.schedule.counts(now) && up.counts_from.is_some_and(|first| seq >= first) {
			up.bytes = up.bytes.saturating_add(PACKET_BYTES.into());
		}
		Ok(())
	}

	fn open(&mut self) {
		let Config { test, wireguard, .. } = self.config;
		let signature = self.config.key.sign(&wire::open_payload(&test, &wireguard));
		self.outputs.push_back(Output::Request(Ticket::Open, Request::Open { test, wireguard, signature }));
		self.state = State::Opening(None);
	}

	fn greet(&mut self, now: Micros) {
		let stamp = self.stamp(now, 0);
		self.send(0, Body::Hello(stamp));
		self.state = State::Greeting(now.saturating_add(RETRY));
	}

	fn ping(&mut self, now: Micros, number: u32) {
		if now >= self.pinging_since.saturating_add(PING_TIMEOUT) {
			self.state = State::Offering(Some(now));
			return self.handle_timeout(now);
		}
		let stamp = self.stamp(now, number);
		self.send(number, Body::Ping(stamp));
		// After the fifth, lost ones are made up for at a slower pace.
		let gap = if number < PINGS { PING_EVERY } else { PING_EVERY.saturating_mul(5) };
		self.state = State::Pinging(number.saturating_add(1), now.saturating_add(gap));
	}

	fn offer(&mut self) {
		let Config { test, down_kbps, up_kbps, start, window, .. } = self.config;
		let (start_millis, window_millis) =
			(start / MILLI, u32::try_from(window / MILLI).unwrap_or(u32::MAX));
		let payload =
			wire::offer_payload(&test, &self.seed_hash, down_kbps, up_kbps, start_millis, window_millis);
		let request = Request::Offer {
			session: test.session,
			seed_hash: self.seed_hash,
			down_kbps,
			up_kbps,
			start_millis,
			window_millis,
			signature: self.config.key.sign(&payload),
		};
		self.outputs.push_back(Output::Request(Ticket::Offer, request));
		self.state = State::Offering(None);
	}

	fn run(&mut self, now: Micros) {
		self.last_run = now;
		if now >= self.settle_at() {
			self.countersigning.end();
			self.state = State::Finishing(Some(now));
			return self.handle_timeout(now);
		}
		if self.countersigning.next().is_some_and(|next| now >= next) {
			let [down, up] = &self.phases;
			let cadence = if now < down.schedule.last { down.cadence } else { up.cadence };
			self.countersign(now, cadence.copies());
			self.countersigning.again_at(now.saturating_add(cadence.countersign));
		}
		let second = self.phases.iter().position(|phase| now < phase.schedule.last) == Some(1);
		let [down, up] = &mut self.phases;
		let (phase, pings_from) =
			if second { (up, LOAD_PINGS_FROM.saturating_add(256)) } else { (down, LOAD_PINGS_FROM) };
		let step = phase.schedule.step(now);
		let rate = match step {
			Step::Silent => 0,
			Step::Tenth => (phase.kbps / 10).max(1),
			Step::Half => (phase.kbps / 2).max(1),
			Step::Full if phase.limited => (phase.kbps / 2).max(1),
			Step::Full => phase.kbps,
		};
		let ping = (step == Step::Half && phase.schedule.ping_at(phase.pings).is_some_and(|at| now >= at))
			.then(|| {
				let number = pings_from.saturating_add(phase.pings);
				phase.pings = phase.pings.saturating_add(1);
				number
			});
		if step == Step::Full {
			phase.counts_from.get_or_insert(self.sent);
		}
		self.pacer.set_rate(now, rate, PACKET_BYTES);
		if let Some(number) = ping {
			let stamp = self.stamp(now, number);
			self.send(number, Body::Ping(stamp));
		}
		if second && rate > 0 {
			self.echo_from = self.echo_from.min(self.sent);
		}
		if step == Step::Silent {
			self.send_countersignatures(now);
		}
		while self.sent < MAX_PACKETS && self.pacer.take(now) {
			// Ahead of a packet, when a full queue has had the time to make room; at another time it hardly ever has.
			if self.countersigning.is_turn(self.sent) {
				self.outputs.extend(self.countersigning.take(now).map(Output::Datagram));
			}
			let seq = self.sent;
			let payload = keystream::payload(&self.config.seed, seq);
			self.send(seq, if second { Body::EchoLoad(&payload) } else { Body::Load(&payload) });
			self.sent = seq.saturating_add(1);
			if let Some(phase) = self.phases.get_mut(usize::from(second)).filter(|_| step == Step::Half) {
				if phase.half.is_empty() {
					phase.half.start = seq;
				}
				phase.half.end = self.sent;
			}
		}
	}

	fn countersign(&mut self, now: Micros, copies: u8) {
		let Some((window, digest)) = self.verifier.last() else { return };
		let test = self.config.test;
		let signature = self.config.key.sign(&wire::countersign_payload(&test, window, &digest));
		let body = Body::Countersign { digest, signature };
		let datagram = Datagram { session: test.session, number: window, body }.encode();
		self.countersigning.sign(now, window, datagram, copies);
	}

	/// Sends what is due of countersignatures while no packets are.
	fn send_countersignatures(&mut self, now: Micros) {
		while let Some(datagram) = self.countersigning.take(now) {
			self.outputs.push_back(Output::Datagram(datagram));
		}
	}

	/// s of rule 3.
	fn shift(&self) -> Micros {
		(self.rtt.unwrap_or(0) / 2).min(MAX_SHIFT)
	}

	fn contact_until(&self) -> Micros {
		self.began.saturating_add(CONTACT_TIMEOUT)
	}

	fn settle_at(&self) -> Micros {
		let [_, up] = &self.phases;
		up.schedule.until.saturating_add(SETTLE_AFTER)
	}

	fn give_up_at(&self) -> Micros {
		self.settle_at().saturating_add(FINISH_TIMEOUT)
	}

	/// The next step or ping, seen from the last run.
	fn next_change(&self) -> Option<Micros> {
		let [down, up] = &self.phases;
		let now = self.last_run;
		[down, up]
			.into_iter()
			.flat_map(|phase| {
				let ping =
					phase.schedule.ping_at(phase.pings).filter(|_| phase.schedule.step(now) == Step::Half);
				[phase.schedule.next_change(now), ping]
			})
			.flatten()
			.min()
	}

	fn sample(&mut self, now: Micros, stamp: &Stamp) {
		let rtt = now.saturating_sub(stamp.sent_at);
		self.rtt = Some(self.rtt.map_or(rtt, |known| known.min(rtt)));
	}

	/// A stamp whose nonce nobody else can make up, so that an answer proves a round trip.
	fn stamp(&self, now: Micros, number: u32) -> Stamp {
		let mut nonce = [0; 16];
		let material = [&self.config.seed[..], &now.to_le_bytes(), &number.to_le_bytes()].concat();
		for (to, from) in nonce.iter_mut().zip(blake3::derive_key("weir/nonce/v1", &material)) {
			*to = from;
		}
		Stamp { nonce, sent_at: now }
	}

	fn is_mine(&self, stamp: &Stamp, number: u32) -> bool {
		self.stamp(stamp.sent_at, number).nonce == stamp.nonce
	}

	fn send(&mut self, number: u32, body: Body<'_>) {
		let datagram = Datagram { session: self.config.test.session, number, body };
		self.outputs.push_back(Output::Datagram(datagram.encode()));
	}
}
