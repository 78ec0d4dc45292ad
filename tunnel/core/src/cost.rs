//! What a test, and a question on the control plane, weigh on the target's line: bytes at the IP layer (IPv4), if nothing
//! is lost.
//!
//! *Down* is towards the target, *up* from it; a member's line carries the same the other way round. Loads follow from
//! the schedule of a test and are exact to a packet. How many receipts a datagram repeats, and what TCP acknowledges
//! in a segment of its own, depends on the round-trip time; here it is what 20 ms make of it.
//!
//! Layers of the control plane: TCP with timestamps (RFC 9293, RFC 7323); multistream-select 1.0, lazy; Noise XX as
//! libp2p has it, with Ed25519 identities; Yamux. Each frame of Yamux leaves as one message of Noise in one segment.

use crate::{
	cadence::Cadence,
	probe::{load_times, rhythm_times, STAMPS},
	target::REPEATED,
	wire::{
		self,
		data::{line_bytes, COUNTERSIGN_BYTES, HEADER_BYTES, PING_BYTES},
		Range, Receipt, Request, Response, Test, TestKind, PROTOCOL,
	},
	Micros,
};
use codec::Encode;

/// Handshake of WireGuard, with IPv4 and UDP: initiation and response (the WireGuard paper, 5.4.2 and 5.4.3).
const HANDSHAKE: Carried = Carried { down: 148 + 28, up: 92 + 28 };
/// Headers of a segment: IPv4, TCP, and TCP's timestamps.
const SEGMENT_BYTES: u64 = 20 + 20 + 12;
/// What the first segment of each side has in options beyond them.
const SYN_OPTIONS: u64 = 8;
/// Length and tag of a message of Noise.
const NOISE_BYTES: u64 = 2 + 16;
/// The three messages of its handshake, with their lengths: e; e, ee, s, es; s, se. A payload of 104 bytes in the last two:
/// a key of 36, a signature of 64, two tags of protobuf.
const NOISE_HANDSHAKE: [u64; 3] = [2 + 32, 2 + 32 + 48 + 104 + 16, 2 + 48 + 104 + 16];
/// Header of a frame of Yamux, and all of a ping, its answer, and the end of a stream or a connection.
const YAMUX_BYTES: u64 = 12;
/// First name of each negotiation.
const MULTISTREAM: &str = "/multistream/1.0.0";
/// Around each name: its length before, a line feed behind.
const NAME_BYTES: u64 = 2;
/// Length of a message, before it.
const LENGTH_BYTES: u64 = 4;

/// Bytes, or something else that is counted, in each direction of a target's line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Carried {
	/// Towards the target.
	pub down: u64,
	/// From it.
	pub up: u64,
}

impl Carried {
	/// This and another.
	pub const fn and(self, other: Self) -> Self {
		Self { down: self.down.saturating_add(other.down), up: self.up.saturating_add(other.up) }
	}

	/// So many times this.
	pub const fn times(self, number: u64) -> Self {
		Self { down: self.down.saturating_mul(number), up: self.up.saturating_mul(number) }
	}
}

/// What one member's loads and their echoes weigh in a test with this window, in kbps of its offer: phase D goes down, and
/// phase U goes down and comes back up.
pub fn load(window: Micros, down_kbps: u32, up_kbps: u32) -> Carried {
	let bytes = |kbps: u32, time: Micros| u64::from(kbps).saturating_mul(time) / 8_000;
	let [first, second] = load_times(window, down_kbps);
	let echoed = bytes(up_kbps, second);
	Carried { down: bytes(down_kbps, first).saturating_add(echoed), up: echoed }
}

/// What else goes through one member's tunnel: a handshake, greeting and pings, receipts up, countersignatures down.
pub fn talk(window: Micros, down_kbps: u32, up_kbps: u32) -> Carried {
	let cadences = [Cadence::down(down_kbps), Cadence::up(up_kbps)];
	let stamps = STAMPS.saturating_mul(line_bytes(PING_BYTES));
	let greeted = HANDSHAKE.and(Carried { down: stamps, up: stamps });
	cadences.into_iter().zip(rhythm_times(window, down_kbps)).fold(greeted, |sum, (cadence, time)| {
		let every = |every: Micros| time.checked_div(every).unwrap_or(0);
		let signed = every(cadence.countersign).saturating_mul(cadence.copies().into());
		// As many as there are since the last countersignature, and one that is on its way.
		let pending = cadence.countersign.checked_div(cadence.receipt).unwrap_or(0).saturating_add(1);
		let repeated = usize::try_from(pending).unwrap_or(REPEATED).min(REPEATED);
		sum.and(Carried {
			down: signed.saturating_mul(line_bytes(COUNTERSIGN_BYTES)),
			up: every(cadence.receipt).saturating_mul(receipts_bytes(repeated)),
		})
	})
}

/// A datagram of so many receipts, of packets that arrived in order.
fn receipts_bytes(number: usize) -> u64 {
	let receipt = Receipt { window: 0, ranges: vec![Range { first: 0, count: 1 }], digest: [0; 32] };
	line_bytes(HEADER_BYTES.saturating_add(vec![receipt; number].encoded_size()))
}

/// What one member asks on the control plane for a test, on a connection of its own.
pub fn requests() -> Carried {
	let (session, signature) = ([0; 8], [0; 64]);
	let test = Test {
		genesis: [0; 32],
		epoch: 0,
		kind: TestKind::Scheduled,
		ordinal: 0,
		target: [0; 32],
		attestor: [0; 32],
		session,
	};
	let opened =
		Response::Opened { wireguard: [0; 32], port: 0, target_address: [0; 4], attestor_address: [0; 4] };
	let offer = Request::Offer {
		session,
		seed_hash: [0; 32],
		down_kbps: 0,
		up_kbps: 0,
		start_millis: 0,
		window_millis: 0,
		signature,
	};
	let finish = Request::Finish { session, down_bytes: 0, up_bytes: 0, signature };
	[
		question(&Request::Open { test, wireguard: [0; 32], signature }, &opened),
		question(&offer, &Response::Accept),
		// The test rests the connection for longer than Yamux does without a ping.
		rest(),
		question(&finish, &Response::Final { signature }),
		question(&Request::Settle { session, seed: [0; 32], signature }, &Response::Noted),
	]
	.into_iter()
	.fold(connection(), |sum, exchange| sum.and(exchange.on_line()))
}

/// All of one member's part of a test.
pub fn test(window: Micros, down_kbps: u32, up_kbps: u32) -> Carried {
	load(window, down_kbps, up_kbps).and(talk(window, down_kbps, up_kbps)).and(requests())
}

/// What both sides of a connection of the control plane send; the member dials.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Exchange {
	/// Bytes of the stream.
	pub stream: Carried,
	/// Segments, those that only acknowledge among them.
	pub segments: Carried,
}

impl Exchange {
	/// Of segments that carry so many bytes each.
	fn of(down: &[u64], up: &[u64]) -> Self {
		let carried = |sum: fn(&[u64]) -> u64| Carried { down: sum(down), up: sum(up) };
		Self {
			stream: carried(|segments| segments.iter().sum()),
			segments: carried(|segments| segments.len() as u64),
		}
	}

	/// This and another.
	pub const fn and(self, other: Self) -> Self {
		Self { stream: self.stream.and(other.stream), segments: self.segments.and(other.segments) }
	}

	/// What it weighs on the line.
	pub const fn on_line(self) -> Carried {
		self.stream.and(self.segments.times(SEGMENT_BYTES))
	}
}

/// A name in a negotiation.
const fn name(name: &str) -> u64 {
	NAME_BYTES.saturating_add(name.len() as u64)
}

/// A frame of Yamux with a body.
const fn frame(body: u64) -> u64 {
	NOISE_BYTES.saturating_add(YAMUX_BYTES).saturating_add(body)
}

/// From SYN until requests may follow. Each side ends it with a ping of Yamux.
pub fn opening() -> Exchange {
	let [first, second, third] = NOISE_HANDSHAKE;
	let (noise, yamux, header) = (name("/noise"), name("/yamux/1.0.0"), name(MULTISTREAM));
	let sealed = |bytes: u64| NOISE_BYTES.saturating_add(bytes);
	let offered = header.saturating_add(yamux).saturating_add(YAMUX_BYTES);
	Exchange::of(
		// SYN and its end, the negotiation and the handshake of Noise, those of Yamux with a ping, a pong; 3 × ACK.
		&[0, 0, header.saturating_add(noise), first, third, sealed(offered), frame(0), 0, 0, 0],
		// SYN, the same, a ping, a pong; 3 × ACK.
		&[0, header, noise, second, sealed(header), sealed(yamux), frame(0), frame(0), 0, 0, 0],
	)
}

/// The end of a connection that has rested.
fn closing() -> Exchange {
	// What Yamux says, FIN and ACK; FIN and ACK.
	Exchange::of(&[frame(0), 0, 0], &[0, 0])
}

/// A connection without questions.
pub fn connection() -> Carried {
	let options = Carried { down: SYN_OPTIONS, up: SYN_OPTIONS };
	opening().and(closing()).on_line().and(options)
}

/// A question and its answer, on a connection that has not rested.
pub fn question(request: &Request, response: &Response) -> Exchange {
	let message = |bytes: Vec<u8>| frame(LENGTH_BYTES.saturating_add(bytes.len() as u64));
	let (header, protocol) = (name(MULTISTREAM), name(PROTOCOL));
	// The negotiation, the message, the end of the stream, ACK.
	Exchange::of(
		&[frame(header.saturating_add(protocol)), message(wire::encode(request)), frame(0), 0],
		&[frame(header), frame(protocol), message(wire::encode(response)), frame(0), 0],
	)
}

/// The question for the time, which watchers ask as well.
pub fn clock() -> Exchange {
	let nonce = [0; 16];
	question(
		&Request::Clock { nonce },
		&Response::Clock { nonce, unix_micros: 0, account: [0; 32], signature: [0; 64] },
	)
}

/// The question for the address it comes from, at its longest answer.
pub fn address() -> Exchange {
	question(&Request::address(), &Response::address(([0u16; 8], 0).into()))
}

/// What a question costs more on a connection that has rested for ten seconds: each side sends a ping of Yamux.
pub fn rest() -> Exchange {
	Exchange::of(&[frame(0), frame(0), 0], &[frame(0), frame(0), 0])
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn load_should_go_down_twice_and_up_once() {
		// 80 ms of ramp, 75 ms ahead of the window and behind it, 25 ms of half a receipt: 3.18 s of 125 kB.
		assert_eq!(load(3_000_000, 1_000, 1_000), Carried { down: 795_000, up: 397_500 });
		assert_eq!(load(3_000_000, 1_000, 2_000), Carried { down: 1_192_500, up: 795_000 });
	}

	#[test]
	fn talk_should_be_a_small_part_of_a_load() {
		for (kbps, least_parts) in [(84, 5), (834, 20), (4_167, 50)] {
			let (load, talk) = (load(3_000_000, kbps, kbps), talk(3_000_000, kbps, kbps));
			assert!(talk.down * least_parts < load.down, "{kbps}: {talk:?} beside {load:?}");
			assert!(talk.up * least_parts / 2 < load.up, "{kbps}: {talk:?} beside {load:?}");
		}
	}

	#[test]
	fn talk_should_grow_with_the_window() {
		let [short, long] = [3_000_000, 20_000_000].map(|window| talk(window, 834, 834));
		// 34 s more of two countersignatures each half second; 17 s of ten datagrams with four receipts, and of two with two.
		assert_eq!(long.down - short.down, 68 * 2 * 204);
		assert_eq!(long.up - short.up, 170 * 284 + 34 * 204);
	}

	#[test]
	fn question_should_weigh_what_its_frames_do() {
		// 37 bytes of names and 22 of a message, with 30 around each, and 30 at the end; 4 segments.
		let asked = clock();
		assert_eq!((asked.stream.down, asked.segments.down), (67 + 52 + 30, 4));
		// 20, 17 and 126 bytes likewise.
		assert_eq!((asked.stream.up, asked.segments.up), (50 + 47 + 156 + 30, 5));
		assert_eq!(asked.on_line(), Carried { down: 149 + 4 * 52, up: 283 + 5 * 52 });
	}

	#[test]
	fn question_for_the_address_should_bring_no_more_than_it_takes() {
		let asked = address().on_line();
		assert!(asked.up <= asked.down && asked.down - asked.up < 16, "{asked:?}");
	}

	#[test]
	fn connection_should_cost_more_than_a_question() {
		let (dialled, asked) = (connection(), clock().and(rest()).on_line());
		assert!(dialled.down > asked.down && dialled.up > asked.up, "{dialled:?} beside {asked:?}");
	}
}
