//! Whatever the other side sends, neither side panics, and a target without a member's signature sends nothing.

use codec::Encode;
use proptest::prelude::*;
use std::net::{IpAddr, Ipv4Addr};
use weir_tunnel_core::{
	keys::ProbeKeypair,
	probe::{self, Probe, Ticket},
	target::{self, Assignment, Member, Output, Target},
	wire::{
		self,
		data::{Body, Datagram, Stamp},
		Range, Receipt, Refusal, Request, Response, Test, TestKind,
	},
	Micros,
};

const START: Micros = 1_700_000_000_000_000;
const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));
const INNER: Ipv4Addr = Ipv4Addr::new(100, 64, 1, 1);
const SESSION: [u8; 8] = [4; 8];

fn key(n: u8) -> ProbeKeypair {
	ProbeKeypair::from_seed(&[n; 32]).unwrap()
}

fn test() -> Test {
	let (kind, session) = (TestKind::Scheduled, SESSION);
	Test { genesis: [1; 32], epoch: 4, kind, ordinal: 0, target: [2; 32], attestor: [3; 32], session }
}

fn target() -> Target {
	let config =
		target::Config { genesis: [1; 32], account: [2; 32], key: key(2), wireguard: [8; 32], port: 1 };
	let mut target = Target::new(config);
	target.set_assignment(Some(Assignment {
		epoch: 4,
		kind: TestKind::Scheduled,
		ordinal: 0,
		down_kbps: 1_000,
		up_kbps: 1_000,
		window: 3_000_000,
		start: Some(START),
		committee: vec![Member { account: [3; 32], key: key(3).public(), prefix: None }],
	}));
	target
}

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

fn probe() -> Probe {
	let config = probe::Config {
		test: test(),
		key: key(3),
		target_key: key(2).public(),
		seed: [6; 32],
		wireguard: [9; 32],
		down_kbps: 1_000,
		up_kbps: 1_000,
		start: START,
		window: 3_000_000,
	};
	Probe::new(START - 2_000_000, config)
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
		(session(), bytes()).prop_map(|(session, seed)| Request::Seed { session, seed }),
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
	let known = (session(), any::<u32>(), 0u8..9, stamp, any::<u8>(), receipts).prop_map(
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
	prop_oneof![known, proptest::collection::vec(any::<u8>(), 0..1_300)]
}

fn instant() -> impl Strategy<Value = Micros> {
	prop_oneof![START - 2_000_000..START + 12_000_000, any::<Micros>()]
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
	fn target_should_not_panic_or_sign_for_more_than_it_received(
		inputs in proptest::collection::vec((instant(), request(), datagram()), 1..24),
	) {
		let mut target = running_target();
		for (now, request, datagram) in inputs {
			target.handle_request(now, SOURCE, &request);
			target.handle_datagram(now, INNER, &datagram);
			target.handle_timeout(now);
			while let Some(output) = target.poll() {
				prop_assert!(!matches!(output, Output::Signed(_)), "signed without the attestor's signature");
				if let Output::Datagram { bytes, .. } = output {
					prop_assert!(bytes.len() <= datagram.len());
				}
			}
			target.timeout();
		}
	}

	#[test]
	fn probe_should_not_panic_or_believe_without_a_signature(
		inputs in proptest::collection::vec((0u64..14_000_000, 0u8..4, response(), datagram()), 1..24),
	) {
		let mut probe = probe();
		let mut now = START - 2_000_000;
		for (step, ticket, response, datagram) in inputs {
			now += step / 8;
			let ticket = [Ticket::Open, Ticket::Offer, Ticket::Finish, Ticket::Seed][usize::from(ticket)];
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
}
