//! Whatever the other side sends, neither side panics, and a target without a member's signature sends nothing.

mod common;

use codec::Encode;
use common::*;
use proptest::prelude::*;
use std::sync::Arc;
use weir_tunnel_core::{
	dropped::{Dropped, Rule},
	keystream::{self, Payload},
	probe::{self, Outcome, Probe, Ticket},
	receipt::Collector,
	target::{Output, Target},
	wire::{
		self,
		data::{self, Body, Datagram, Stamp, LOAD_BYTES},
		Range, Receipt, Refusal, Request, Response, Test, PACKET_BYTES,
	},
	Micros,
};

/// T1.
const SECOND: Micros = START + 4_000_000;

/// A session with an accepted offer.
fn running_target() -> Target {
	let mut target = target();
	let signature = key(3).sign(&wire::open_payload(&test(), &[9; 32]));
	let open = Request::Open { test: test(), wireguard: [9; 32], signature };
	assert!(matches!(target.handle_request(START - 1_000_000, SOURCE, &open), Response::Opened { .. }));
	let payload = wire::offer_payload(&test(), &[5; 32], 1_000, 1_000, START / 1_000, 3_000);
	let offer = Request::Offer {
		session: SESSION,
		seed_hash: [5; 32],
		down_kbps: 1_000,
		up_kbps: 1_000,
		start_millis: START / 1_000,
		window_millis: 3_000,
		signature: key(3).sign(&payload),
	};
	assert_eq!(target.handle_request(START - 1_000_000, SOURCE, &offer), Response::Accept);
	target
}

fn bytes<const N: usize>() -> impl Strategy<Value = [u8; N]> {
	proptest::collection::vec(any::<u8>(), N).prop_map(|bytes| bytes.try_into().unwrap())
}

fn session() -> impl Strategy<Value = [u8; 8]> {
	prop_oneof![Just(SESSION), bytes()]
}

fn receipt() -> impl Strategy<Value = Receipt> {
	let first = prop_oneof![0u32..50, any::<u32>()];
	let range = (first, any::<u16>()).prop_map(|(first, count)| Range { first, count });
	(prop_oneof![0u32..4, any::<u32>()], proptest::collection::vec(range, 0..6), bytes())
		.prop_map(|(window, ranges, digest)| Receipt { window, ranges, digest })
}

fn request() -> impl Strategy<Value = Request> {
	let offer = (session(), bytes(), any::<(u32, u32, u64, u32)>(), bytes::<64>()).prop_map(
		|(session, seed_hash, (down_kbps, up_kbps, start_millis, window_millis), signature)| Request::Offer {
			session,
			seed_hash,
			down_kbps,
			up_kbps,
			start_millis,
			window_millis,
			signature,
		},
	);
	let open =
		(bytes(), bytes(), any::<u32>(), bytes()).prop_map(|(wireguard, signature, ordinal, session)| {
			Request::Open { test: Test { ordinal, session, ..test() }, wireguard, signature }
		});
	prop_oneof![
		bytes().prop_map(|nonce| Request::Clock { nonce }),
		open,
		offer,
		(session(), any::<u64>(), any::<u64>(), bytes()).prop_map(
			|(session, down_bytes, up_bytes, signature)| {
				Request::Finish { session, down_bytes, up_bytes, signature }
			}
		),
		(session(), bytes(), bytes()).prop_map(|(session, seed, signature)| Request::Settle {
			session,
			seed,
			signature
		}),
	]
}

fn response() -> impl Strategy<Value = Response> {
	prop_oneof![
		(bytes(), any::<u16>(), any::<[u8; 4]>(), any::<[u8; 4]>()).prop_map(
			|(wireguard, port, target_address, attestor_address)| Response::Opened {
				wireguard,
				port,
				target_address,
				attestor_address
			}
		),
		Just(Response::Accept),
		Just(Response::Noted),
		Just(Response::Refuse(Refusal::Busy)),
		Just(Response::Refuse(Refusal::WrongLoad)),
		bytes().prop_map(|signature| Response::Final { signature }),
	]
}

fn datagram() -> impl Strategy<Value = Vec<u8>> {
	let stamp = (bytes(), any::<u64>()).prop_map(|(nonce, sent_at)| Stamp { nonce, sent_at });
	let receipts = proptest::collection::vec(receipt(), 0..4).prop_map(|receipts| receipts.encode());
	let number = prop_oneof![4 => 0u32..40, 1 => any::<u32>()];
	let known = (session(), number, 0u8..9, stamp, any::<u8>(), receipts).prop_map(
		|(session, number, kind, stamp, fill, receipts)| {
			let payload = [fill; 1_200];
			let body = match kind {
				0 => Body::Hello(stamp),
				1 => Body::Welcome(stamp),
				2 => Body::Ping(stamp),
				3 => Body::Pong(stamp),
				4 => Body::Load(&payload),
				5 => Body::EchoLoad(&payload),
				6 => Body::Echo(&payload),
				7 => Body::Receipts(&receipts),
				_ => Body::Countersign { digest: [fill; 32], signature: [fill; 64] },
			};
			Datagram { session, number, body }.encode()
		},
	);
	prop_oneof![9 => known, 1 => proptest::collection::vec(any::<u8>(), 0..1_300)]
}

fn instant() -> impl Strategy<Value = Micros> {
	prop_oneof![START - 2_000_000..START + 12_000_000, any::<Micros>()]
}

/// A probe that was let in, greeted and accepted by whoever plays its target, and what it has said since.
struct Running {
	probe: Probe,
	now: Micros,
	collector: Collector,
	/// Digests of the receipts the collector gave, by window.
	closed: Vec<[u8; 32]>,
	/// Payloads that want an echo.
	echoes: Vec<(u32, Payload)>,
	echoed: u64,
	countersigned: Vec<u32>,
	outcome: Option<Outcome>,
}

impl Running {
	fn new() -> Self {
		let collector = Collector::new(&test(), &keystream::seed_hash(&SEED));
		let (closed, echoes, countersigned) = (vec![], vec![], vec![]);
		let (probe, now) = (probe(), BEGIN);
		let mut this =
			Self { probe, now, collector, closed, echoes, echoed: 0, countersigned, outcome: None };
		this.drain();
		while this.collector.packets() == 0 {
			this.advance(10_000);
		}
		this
	}

	/// Lets time pass.
	fn advance(&mut self, micros: Micros) {
		let until = self.now + micros;
		while let Some(due) = self.probe.timeout().filter(|due| *due <= until) {
			self.now = self.now.max(due);
			self.probe.handle_timeout(self.now);
			self.drain();
		}
		self.now = until;
	}

	/// Answers as an honest target until the load runs. From then on nothing is signed, and only the truth is heard.
	fn drain(&mut self) {
		let Self { now, .. } = *self;
		while let Some(output) = self.probe.poll() {
			match output {
				probe::Output::Request(Ticket::Open, _) => {
					let (target_address, attestor_address) = ([100, 64, 0, 1], [100, 64, 1, 1]);
					let opened =
						Response::Opened { wireguard: [8; 32], port: 1, target_address, attestor_address };
					self.probe.handle_response(now, Ticket::Open, Some(opened));
				}
				probe::Output::Request(Ticket::Offer, _) => {
					self.probe.handle_response(now, Ticket::Offer, Some(Response::Accept));
				}
				probe::Output::Request(_, Request::Finish { down_bytes, up_bytes, .. }) => {
					let of = |packets: u64| packets * u64::from(PACKET_BYTES);
					assert!(down_bytes <= of(self.collector.packets().into()) && up_bytes <= of(self.echoed));
				}
				probe::Output::Datagram(bytes) => {
					let datagram = data::decode(&bytes).unwrap();
					match datagram.body {
						Body::Hello(stamp) => {
							self.answer(Datagram { body: Body::Welcome(stamp), ..datagram })
						}
						Body::Ping(stamp) => self.answer(Datagram { body: Body::Pong(stamp), ..datagram }),
						Body::Load(payload) => {
							assert!(self.collector.insert(datagram.number, payload).is_ok())
						}
						Body::EchoLoad(payload) => {
							assert!(self.collector.insert(datagram.number, payload).is_ok());
							self.echoes.push((datagram.number, *payload));
						}
						Body::Countersign { digest, .. } => {
							assert_eq!(self.closed[datagram.number as usize], digest);
							self.countersigned.push(datagram.number);
						}
						_ => panic!("not an attestor's: {datagram:?}"),
					}
				}
				probe::Output::Done(outcome) => self.outcome = Some(*outcome),
				probe::Output::Tunnel { .. } | probe::Output::Request(..) => {}
			}
		}
	}

	fn answer(&mut self, datagram: Datagram<'_>) {
		self.probe.handle_datagram(self.now, &datagram.encode());
	}

	/// What is true of all that arrived since the last time.
	fn close(&mut self) -> Receipt {
		let receipt = self.collector.close();
		self.closed.push(receipt.digest);
		receipt
	}

	fn acknowledge(&mut self, receipts: &[Receipt]) {
		self.answer(Datagram { session: SESSION, number: 0, body: Body::Receipts(&receipts.encode()) });
	}

	fn echo(&mut self) {
		let key = keystream::echo_key(&keystream::seed_hash(&SEED), &SESSION);
		for (seq, mut payload) in std::mem::take(&mut self.echoes) {
			keystream::apply(&key, seq, &mut payload);
			self.echoed += 1;
			self.answer(Datagram { session: SESSION, number: seq, body: Body::Echo(&payload) });
		}
	}
}

/// What whoever plays the target does.
#[derive(Clone, Debug)]
enum Move {
	Datagram(Vec<u8>),
	Response(Ticket, Response),
	Receipt,
	Echo,
}

fn action() -> impl Strategy<Value = Move> {
	let ticket = proptest::sample::select(vec![Ticket::Open, Ticket::Offer, Ticket::Finish]);
	prop_oneof![
		datagram().prop_map(Move::Datagram),
		(ticket, response()).prop_map(|(ticket, response)| Move::Response(ticket, response)),
		Just(Move::Receipt),
		Just(Move::Echo),
	]
}

#[test]
fn receipts_should_go_on_when_the_missing_one_comes_after_many_others() {
	let mut running = Running::new();
	let receipts: Vec<_> = (0..80).map(|_| running.close()).collect();
	for later in receipts[1..].chunks(20) {
		running.acknowledge(later);
	}
	running.advance(10_000);
	assert!(running.countersigned.is_empty());
	running.acknowledge(&receipts[..1]);
	running.advance(10_000);
	// The first and the 64 that waited for it; those beyond come again.
	running.acknowledge(&receipts[65..]);
	running.advance(1_000_000);
	running.countersigned.dedup();
	assert_eq!(running.countersigned[..2], [64, 79]);
}

#[test]
fn probe_should_count_what_it_drops_by_the_rule_that_was_broken() {
	let dropped = Arc::<Dropped>::default();
	let payload = [7; 1_200];
	let of = |body| Datagram { session: SESSION, number: 0, body };
	probe().counting_in(dropped.clone()).handle_datagram(BEGIN, &of(Body::Echo(&payload)).encode());
	assert_eq!(dropped.of(Rule::WrongTime), 1);

	let mut running = Running::new();
	running.probe = running.probe.counting_in(dropped.clone());
	running.probe.handle_datagram(running.now, &of(Body::Echo(&payload)).encode()[..1_000]);
	assert_eq!(dropped.of(Rule::Malformed), 1);
	let stamp = Stamp { nonce: [1; 16], sent_at: running.now };
	for (datagram, rule) in [
		(Datagram { session: [9; 8], ..of(Body::Echo(&payload)) }, Rule::UnknownSession),
		(of(Body::Load(&payload)), Rule::WrongKind),
		(of(Body::Pong(stamp)), Rule::BadNonce),
		// Nothing is to be echoed yet.
		(of(Body::Echo(&payload)), Rule::OutOfRange),
	] {
		running.answer(datagram);
		assert_eq!(dropped.of(rule), 1, "{rule:?}");
	}
	while running.echoes.is_empty() {
		running.advance(10_000);
	}
	let number = running.echoes[0].0;
	let echo = Datagram { number, ..of(Body::Echo(&payload)) };
	running.answer(echo);
	assert_eq!(dropped.of(Rule::BadEcho), 1);
	running.echo();
	running.answer(echo);
	assert_eq!(dropped.of(Rule::Replayed), 1);
	let never_sent = Range { first: 1 << 19, count: 1 };
	running.acknowledge(&[Receipt { window: 0, ranges: vec![never_sent], digest: [0; 32] }]);
	assert_eq!(dropped.of(Rule::BadReceipt), 1);
	assert_eq!(dropped.rows().map(|(_, count)| count).sum::<u64>(), 9);
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(128))]

	#[test]
	fn target_should_spend_nothing_on_strangers(
		inputs in proptest::collection::vec((instant(), request(), datagram()), 1..12),
	) {
		let mut target = target();
		for (now, request, datagram) in inputs {
			let answer = target.handle_request(now, SOURCE, &request);
			prop_assert!(wire::encode(&answer).len() <= 160);
			target.handle_datagram(now, INNER, &datagram);
			target.handle_timeout(now);
			prop_assert_eq!((target.sessions(), target.poll()), (0, None));
		}
	}

	#[test]
	fn target_should_not_panic_or_sign_when_time_jumps(
		inputs in proptest::collection::vec((instant(), request(), datagram()), 1..24),
	) {
		let mut target = running_target();
		for (now, request, datagram) in inputs {
			target.handle_request(now, SOURCE, &request);
			target.handle_datagram(now, INNER, &datagram);
			target.handle_timeout(now);
			while let Some(output) = target.poll() {
				prop_assert!(!matches!(output, Output::Settled(_)), "signed without the attestor's signature");
			}
			target.timeout();
		}
	}

	#[test]
	fn target_should_not_send_more_than_twice_what_it_received(
		second: bool,
		inputs in proptest::collection::vec((0u64..100_000, datagram()), 1..64),
	) {
		let mut target = running_target();
		let payload = [7; 1_200];
		let (mut now, body) =
			if second { (SECOND, Body::EchoLoad(&payload)) } else { (START, Body::Load(&payload)) };
		let good = Datagram { session: SESSION, number: 1_000, body }.encode();
		let (mut received, mut sent) = (0, 0);
		for (step, datagram) in [(0, good), (250_000, vec![])].into_iter().chain(inputs) {
			now += step;
			received += datagram.len();
			target.handle_datagram(now, INNER, &datagram);
			target.handle_timeout(now);
			let mut answers = 0;
			while let Some(output) = target.poll() {
				if let Output::Datagram { bytes, .. } = output {
					let is_receipt = matches!(data::decode(&bytes).unwrap().body, Body::Receipts(_));
					prop_assert!(is_receipt || bytes.len() == datagram.len());
					answers += usize::from(!is_receipt);
					sent += bytes.len();
				}
			}
			prop_assert!(answers <= 1 && sent <= 2 * received, "{sent} bytes for {received}");
		}
		// The good one was echoed or acknowledged, so that there was a session to attack.
		let least = if second { LOAD_BYTES } else { 54 };
		prop_assert!(sent >= least, "{sent} bytes");
	}

	#[test]
	fn probe_should_not_panic_or_believe_without_a_signature(
		inputs in proptest::collection::vec((0u64..14_000_000, 0u8..3, response(), datagram()), 1..24),
	) {
		let mut probe = probe();
		let mut now = BEGIN;
		for (step, ticket, response, datagram) in inputs {
			now += step / 8;
			let ticket = [Ticket::Open, Ticket::Offer, Ticket::Finish][usize::from(ticket)];
			probe.handle_response(now, ticket, Some(response));
			probe.handle_datagram(now, &datagram);
			probe.handle_timeout(now);
			while let Some(output) = probe.poll() {
				if let probe::Output::Done(outcome) = output {
					prop_assert_eq!((outcome.down_kbps, outcome.up_kbps, outcome.bilateral), (0, 0, None));
				}
			}
			probe.timeout();
		}
	}

	#[test]
	fn running_probe_should_count_and_countersign_only_what_is_true(
		inputs in proptest::collection::vec((0u64..600_000, action()), 1..32),
	) {
		let mut running = Running::new();
		for (step, action) in inputs {
			running.advance(step);
			let now = running.now;
			match action {
				Move::Datagram(bytes) => running.probe.handle_datagram(now, &bytes),
				Move::Response(ticket, response) => running.probe.handle_response(now, ticket, Some(response)),
				Move::Receipt => {
					let receipt = running.close();
					running.acknowledge(&[receipt]);
				}
				Move::Echo => running.echo(),
			}
			running.drain();
		}
		// However it went on, it ends.
		running.advance(30_000_000);
		let outcome = running.outcome.expect("an outcome");
		prop_assert_eq!((outcome.down_kbps, outcome.up_kbps, outcome.bilateral), (0, 0, None));
	}
}
