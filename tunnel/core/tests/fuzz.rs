//! Bytes from strangers: the messages of the control plane, the datagrams of the tunnel, and both sides of a test, driven
//! by whatever bytes say. What is taken has one encoding; the state machines keep their bounds and never ask to be woken
//! at once and again. How each side answers single hostile inputs is in `hostile.rs`.

mod common;

use codec::Encode;
use common::*;
use std::net::Ipv4Addr;
use weir_fuzz::Fuzz;
use weir_primitives::channel::{SignedVoucher, Voucher, VoucherSignature};
use weir_tunnel_core::{
	probe::{self, Ticket},
	target,
	wire::{
		self,
		data::{self, Body, Datagram, Stamp},
		Bilateral, Join, Joined, Range, Receipt, Refusal, Request, Response, Service, Standing, Usage,
		WireError,
	},
	Micros, MILLI,
};

/// Largest datagram that is worth a look.
const MTU: usize = 1_280;
/// What the member commits its seed with.
const SEED_HASH: [u8; 32] = [5; 32];

fn opened() -> Response {
	let (target_address, attestor_address) = ([100, 64, 0, 1], [100, 64, 1, 1]);
	Response::Opened { wireguard: [8; 32], port: 1, target_address, attestor_address }
}

fn offer(signature: [u8; 64]) -> Request {
	Request::Offer {
		session: SESSION,
		seed_hash: SEED_HASH,
		down_kbps: 1_000,
		up_kbps: 1_000,
		start_millis: START / 1_000,
		window_millis: 3_000,
		signature,
	}
}

fn requests() -> Vec<Request> {
	let (session, signature) = (SESSION, [7; 64]);
	vec![
		Request::Clock { nonce: [1; 16] },
		Request::Open { test: test(), wireguard: [9; 32], signature },
		offer(signature),
		Request::Finish { session, down_bytes: 1_308, up_bytes: 2_616, signature },
		Request::Settle { session, seed: SEED, signature },
		Request::Join {
			join: Join { genesis: [1; 32], provider: [2; 32], channel: 3, wireguard: [4; 32], at: START },
			signature: VoucherSignature::Sr25519(signature),
		},
		Request::Pay { channel: 3, voucher: None, counted: Usage::default() },
		Request::Pay { channel: 3, voucher: Some(voucher()), counted: Usage { down: 5, up: 6 } },
		Request::Leave { channel: 3 },
		Request::Disguise { channel: 3 },
		Request::address(),
		Request::Reach { channel: 3, provider: [2; 32], port: 5, signature },
		Request::Punch { channel: 3, token: [6; 16] },
	]
}

fn voucher() -> SignedVoucher {
	let voucher = Voucher { channel: 3, bytes_down: 5, bytes_up: 6, credits: 7, sequence: 8 };
	SignedVoucher { voucher, signature: VoucherSignature::Ed25519([9; 64]) }
}

fn standing() -> Standing {
	Standing {
		charged: Usage { down: 5, up: 6 },
		credits: 7,
		sequence: 8,
		allowance_bytes: 9,
		window_bytes: 10,
		is_trusted: true,
		service: Service::Full,
	}
}

fn responses() -> Vec<Response> {
	let account = [2; 32];
	vec![
		Response::Clock { nonce: [1; 16], unix_micros: START, account, signature: [7; 64] },
		opened(),
		Response::Accept,
		Response::Refuse(Refusal::WrongLoad),
		Response::Noted,
		Response::Final { signature: [7; 64] },
		Response::Joined(Joined {
			wireguard: [8; 32],
			port: 1,
			gateway: [100, 64, 0, 1],
			address: [100, 96, 1, 1],
			mtu: 1_280,
			standing: standing(),
		}),
		Response::Standing(standing()),
		Response::address(([198, 51, 100, 7], 4_660).into()),
		Response::Reached { port: 5 },
		Response::Punch { address: [6; 16], port: 7 },
	]
}

/// One datagram of each kind.
fn datagrams() -> Vec<Vec<u8>> {
	let stamp = Stamp { nonce: [1; 16], sent_at: START };
	let payload = [5; wire::PAYLOAD_BYTES];
	let ranges = vec![Range { first: 0, count: 3 }, Range { first: 5, count: 1 }];
	let receipts = vec![Receipt { window: 0, ranges, digest: [6; 32] }].encode();
	let bodies = [
		Body::Hello(stamp),
		Body::Welcome(stamp),
		Body::Ping(stamp),
		Body::Pong(stamp),
		Body::Load(&payload),
		Body::EchoLoad(&payload),
		Body::Echo(&payload),
		Body::Countersign { digest: [6; 32], signature: [7; 64] },
		Body::Receipts(&receipts),
	];
	(0..).zip(bodies).map(|(number, body)| Datagram { session: SESSION, number, body }.encode()).collect()
}

#[test]
fn fuzz_messages_should_have_one_encoding_or_a_reason_why_they_are_none() {
	#[derive(PartialEq, Eq, Hash, Debug)]
	enum Saw {
		Request(u8),
		Response(u8),
		Oversized,
		UnknownVersion,
		Malformed,
	}
	fn read<M: codec::Decode + Encode>(bytes: &[u8], taken: impl Fn(u8) -> Saw) -> Saw {
		match wire::decode::<M>(bytes) {
			Ok(message) => {
				assert_eq!(wire::encode(&message), bytes, "two encodings of one message");
				taken(bytes[1])
			}
			Err(WireError::Oversized(_)) => Saw::Oversized,
			Err(WireError::UnknownVersion(_)) => Saw::UnknownVersion,
			Err(WireError::Malformed) => Saw::Malformed,
		}
	}
	let longest = vec![wire::VERSION; wire::MAX_MESSAGE_BYTES + 1];
	let samples: Vec<Vec<u8>> = requests()
		.iter()
		.map(wire::encode)
		.chain(responses().iter().map(wire::encode))
		.chain([longest])
		.collect();
	let ran = Fuzz::new("messages", 200_000)
		.samples(samples)
		.longest(512)
		.run(|bytes| [read::<Request>(bytes, Saw::Request), read::<Response>(bytes, Saw::Response)]);
	let requests = [0, 1, 2, 5, 7, 8, 9, 10].map(Saw::Request);
	for taken in requests.into_iter().chain((0..=7).map(Saw::Response)) {
		assert!(ran.count(&taken) > 0, "{taken:?} was never taken");
	}
	for refused in [Saw::Oversized, Saw::UnknownVersion, Saw::Malformed] {
		assert!(ran.count(&refused) > 0, "{refused:?} never came");
	}
}

#[test]
fn fuzz_bilateral_receipts_should_have_one_encoding() {
	use codec::DecodeAll;
	let receipt = Bilateral {
		test: test(),
		seed_hash: [5; 32],
		down_bytes: 1_308,
		up_bytes: 2_616,
		by_target: [6; 64],
		by_attestor: [7; 64],
	};
	let ran = Fuzz::new("bilateral", 50_000).samples([receipt.encode()]).longest(320).run(|bytes| {
		let read = Bilateral::decode_all(&mut &bytes[..]);
		if let Ok(receipt) = &read {
			assert_eq!(receipt.encode(), bytes);
		}
		[read.is_ok()]
	});
	assert!(ran.count(&true) > 0 && ran.count(&false) > 0, "{:?}", ran.seen);
}

#[test]
fn fuzz_packets_should_be_exactly_what_they_say_or_dropped() {
	let (here, there) = (Ipv4Addr::new(100, 64, 1, 1), Ipv4Addr::new(100, 64, 0, 1));
	let samples =
		datagrams().into_iter().map(|datagram| data::wrap(here, there, &datagram).expect("it fits"));
	let ran = Fuzz::new("packets", 200_000).samples(samples).longest(MTU).run(|packet| {
		let Some((source, destination, bytes)) = data::unwrap(packet) else { return [None] };
		assert_eq!(
			data::unwrap(&data::wrap(source, destination, bytes).expect("it came in one")),
			Some((source, destination, bytes))
		);
		let Some(datagram) = data::decode(bytes) else { return [Some(u8::MAX)] };
		assert_eq!(datagram.encode(), bytes, "two encodings of one datagram");
		if let Body::Receipts(receipts) = datagram.body {
			if let Some(read) = data::receipts(receipts) {
				assert_eq!(read.encode(), receipts);
				assert!(!read.is_empty() && read.len() <= data::MAX_RECEIPTS);
				for range in read.iter().flat_map(|receipt| &receipt.ranges) {
					assert_eq!(range.end().is_some(), range.first.checked_add(range.count.into()).is_some());
				}
			}
		}
		[Some(bytes[1])]
	});
	assert!(ran.count(&None) > 0 && ran.count(&Some(u8::MAX)) > 0, "{:?}", ran.seen);
	for kind in 0..9 {
		assert!(ran.count(&Some(kind)) > 0, "kind {kind} was never taken");
	}
}

/// What bytes say as a script: what happens, one thing after the other.
struct Script<'a>(&'a [u8]);

/// One thing that happens.
enum Happens<'a> {
	/// Time passes.
	Later(Micros),
	/// A message of the control plane arrives as it is, or signed by the other side's key.
	Message { bytes: &'a [u8], signed: bool },
	/// A datagram arrives from the tunnel.
	Datagram(&'a [u8]),
	/// Whatever is due is done.
	Timeout,
	/// The chain says that a test is due, or none.
	Assignment(bool),
}

impl<'a> Iterator for Script<'a> {
	type Item = Happens<'a>;

	/// A kind, then a length of two bytes and as many bytes where there is something to say.
	fn next(&mut self) -> Option<Happens<'a>> {
		let (&kind, rest) = self.0.split_first()?;
		self.0 = rest;
		let mut told = || {
			let (length, rest) = self.0.split_first_chunk::<2>()?;
			let length = usize::from(u16::from_le_bytes(*length)).min(rest.len());
			let (bytes, rest) = rest.split_at(length);
			self.0 = rest;
			Some(bytes)
		};
		Some(match kind % 7 {
			0 => Happens::Later(told()?.iter().map(|byte| Micros::from(*byte) * 10 * MILLI).sum()),
			1 => Happens::Message { bytes: told()?, signed: false },
			2 => Happens::Message { bytes: told()?, signed: true },
			3 | 4 => Happens::Datagram(told()?),
			5 => Happens::Timeout,
			_ => Happens::Assignment(kind & 8 == 0),
		})
	}
}

fn scene(kind: u8, bytes: &[u8]) -> Vec<u8> {
	let length = u16::try_from(bytes.len()).expect("short").to_le_bytes();
	[&[kind][..], &length, bytes].concat()
}

/// Signs the request as the member of the committee would have.
fn signed(request: Request) -> Request {
	match request {
		Request::Open { test, wireguard, .. } => {
			let signature = key(3).sign(&wire::open_payload(&test, &wireguard));
			Request::Open { test, wireguard, signature }
		}
		Request::Offer { session, seed_hash, down_kbps, up_kbps, start_millis, window_millis, .. } => {
			let payload =
				wire::offer_payload(&test(), &seed_hash, down_kbps, up_kbps, start_millis, window_millis);
			let signature = key(3).sign(&payload);
			Request::Offer { session, seed_hash, down_kbps, up_kbps, start_millis, window_millis, signature }
		}
		Request::Finish { session, down_bytes, up_bytes, .. } => {
			let payload = wire::finish_payload(&test(), &SEED_HASH, down_bytes, up_bytes);
			Request::Finish { session, down_bytes, up_bytes, signature: key(3).sign(&payload) }
		}
		other => other,
	}
}

#[test]
fn fuzz_target_should_keep_its_bounds_whatever_arrives() {
	let opening: Vec<u8> = [
		scene(2, &wire::encode(&requests()[1])),
		scene(2, &wire::encode(&requests()[2])),
		datagrams().iter().flat_map(|datagram| scene(3, datagram)).collect(),
		scene(0, &[100, 100, 100]),
		vec![5],
		scene(2, &wire::encode(&requests()[3])),
		scene(1, &wire::encode(&requests()[4])),
		vec![6],
	]
	.concat();
	let ran = Fuzz::new("target", 4_000).samples([opening]).longest(8_192).run(|bytes| {
		let (mut target, mut now) = (target(), START - 1_000 * MILLI);
		let (mut received, mut sent) = (0usize, 0usize);
		let mut saw = Vec::new();
		for happens in Script(bytes) {
			match happens {
				Happens::Later(micros) => now += micros,
				Happens::Message { bytes, signed: by_member } => {
					let Ok(request) = wire::decode::<Request>(bytes) else { continue };
					let request = if by_member { signed(request) } else { request };
					saw.push((bytes[1], target.handle_request(now, SOURCE, &request).encode()[..1].to_vec()));
				}
				Happens::Datagram(bytes) => {
					received += bytes.len();
					target.handle_datagram(now, INNER, bytes);
				}
				Happens::Timeout => {
					target.handle_timeout(now);
					assert!(target.timeout().is_none_or(|due| due > now), "what was due is done");
				}
				Happens::Assignment(known) => target.set_assignment(known.then(assignment)),
			}
			while let Some(output) = target.poll() {
				if let target::Output::Datagram { bytes, .. } = output {
					sent += bytes.len();
				}
			}
			assert!(target.sessions() <= 1, "one member has one session");
			assert!(sent <= 2 * received, "{sent} bytes sent for {received}");
		}
		saw
	});
	assert!(ran.count(&(1, vec![1])) > 0, "nobody was let in");
	assert!(ran.count(&(2, vec![2])) > 0, "no offer was accepted");
}

/// What an honest target answers to a greeting or a ping.
fn pong(bytes: &[u8]) -> Option<Vec<u8>> {
	let datagram = data::decode(bytes)?;
	let body = match datagram.body {
		Body::Hello(stamp) => Body::Welcome(stamp),
		Body::Ping(stamp) => Body::Pong(stamp),
		_ => return None,
	};
	Some(Datagram { body, ..datagram }.encode())
}

#[test]
fn fuzz_probe_should_keep_its_bounds_whatever_arrives() {
	// Some time passes, what is due is done, and what was asked in the tunnel is answered.
	let answered = [scene(0, &[2]), vec![5, 6]].concat();
	let opening: Vec<u8> = [
		scene(1, &wire::encode(&opened())),
		answered.repeat(8),
		scene(1, &wire::encode(&Response::Accept)),
		scene(0, &[255, 10]),
		vec![5, 6],
		scene(3, &datagrams()[8]),
		scene(3, &datagrams()[6]),
		scene(0, &[255, 255, 255]),
		vec![5],
		scene(1, &wire::encode(&responses()[5])),
	]
	.concat();
	let ran = Fuzz::new("probe", 1_000).samples([opening]).longest(4_096).run(|bytes| {
		let (mut probe, mut now) = (probe(), BEGIN);
		let (mut done, mut agreed, mut asked) = (None, false, Vec::new());
		for happens in Script(bytes) {
			match happens {
				Happens::Later(micros) => now += micros,
				Happens::Message { bytes, .. } => {
					let Ok(response) = wire::decode::<Response>(bytes) else { continue };
					let ticket = match response {
						Response::Opened { .. } => Ticket::Open,
						Response::Final { .. } => Ticket::Finish,
						_ => Ticket::Offer,
					};
					probe.handle_response(now, ticket, Some(response));
				}
				Happens::Datagram(bytes) => probe.handle_datagram(now, bytes),
				Happens::Timeout => {
					let mut calls = 0;
					while probe.timeout().is_some_and(|due| due <= now) {
						probe.handle_timeout(now);
						calls += 1;
						assert!(calls < 10_000, "woken at once and again");
					}
				}
				Happens::Assignment(_) => {
					for datagram in asked.drain(..).filter_map(|bytes: Vec<u8>| pong(&bytes)) {
						probe.handle_datagram(now, &datagram);
					}
				}
			}
			while let Some(output) = probe.poll() {
				assert!(done.is_none(), "nothing comes after the end");
				match output {
					probe::Output::Datagram(bytes) => asked.push(bytes),
					probe::Output::Done(outcome) => {
						// The target's key signs nothing here.
						assert_eq!((outcome.down_kbps, outcome.up_kbps, &outcome.bilateral), (0, 0, &None));
						done = Some(format!("{:?} {:?}", outcome.kind, outcome.fault));
					}
					probe::Output::Request(..) | probe::Output::Tunnel { .. } => {}
				}
			}
			agreed |= probe.is_agreed();
		}
		[(done, agreed)]
	});
	assert!(ran.seen.keys().any(|(_, agreed)| *agreed), "no offer was agreed to: {:?}", ran.seen);
	assert!(ran.seen.keys().any(|(done, _)| done.is_some()), "no test ended: {:?}", ran.seen);
}
