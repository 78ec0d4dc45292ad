//! The bytes of the protocol, version 2.
//!
//! # Control plane
//!
//! libp2p (TCP, Noise, Yamux), request-response, protocol name [`PROTOCOL`]. A message is one byte [`VERSION`] followed
//! by the SCALE encoding of [`Request`] or [`Response`], at most [`MAX_MESSAGE_BYTES`] in all, nothing after it. On the
//! stream it is preceded by its length as 4 bytes, big-endian. Integers are little-endian; enums are one index byte;
//! vectors start with a compact length.
//!
//! | index | request | from | answered by |
//! |---|---|---|---|
//! | 0 | [`Request::Clock`] | anyone | `Clock` |
//! | 1 | [`Request::Open`] | attestor | `Opened`, `Refuse` |
//! | 2 | [`Request::Offer`] | attestor | `Accept`, `Refuse` |
//! | 5 | [`Request::Finish`] | attestor | `Final`, `Refuse` |
//! | 7 | [`Request::Settle`] | attestor | `Noted`, `Refuse` |
//! | 8 | [`Request::Join`] | customer | `Joined`, `Refuse` |
//! | 9 | [`Request::Pay`] | customer | `Standing`, `Refuse` |
//! | 10 | [`Request::Leave`] | customer | `Noted`, `Refuse` |
//! | 11 | [`Request::Address`] | anyone | `Address` |
//! | 12 | [`Request::Disguise`] | customer | `Disguise`, `Refuse` |
//! | 13 | [`Request::Reach`] | customer that is a provider | `Reached`, `Refuse` |
//! | 14 | [`Request::Punch`] | customer | `Punch`, `Noted`, `Refuse` |
//!
//! # Signatures
//!
//! sr25519 in context `substrate`, over the SCALE encoding of a 16-byte domain (ASCII, zero-padded) and fields:
//!
//! | domain | fields | signer |
//! |---|---|---|
//! | `weir/open/v1` | test, WireGuard key | attestor |
//! | `weir/offer/v1` | test, H(seed), down kbps, up kbps, T0, window | attestor |
//! | `weir/receipt/v1` | test, window number, digest | attestor (countersignature) |
//! | `weir/finish/v1` | test, H(seed), bytes down, bytes up | attestor |
//! | `weir/final/v1` | test, H(seed), bytes down, bytes up | target, then attestor |
//! | `weir/clock/v1` | nonce, time, account | whoever answers |
//! | `weir/join/v1` | genesis, provider, channel, WireGuard key, time | customer, by the channel's voucher key |
//! | `weir/reach/v1` | genesis, relay, provider, channel | provider, by its identity (ed25519, no context) |
//!
//! `test` is [`Test`]: genesis (32) ‖ epoch (4) ‖ kind (1) ‖ ordinal (4) ‖ target (32) ‖ attestor (32) ‖ session (8),
//! so that no signature is of use on another chain, in another epoch or in another test.
//!
//! # Inside the tunnel
//!
//! See [`data`].

mod address;
pub mod data;
pub mod nat;
mod paid;

use codec::{Decode, DecodeAll, Encode};

/// Protocol version, first byte of every message and datagram.
pub const VERSION: u8 = 2;
/// Name under which libp2p negotiates the protocol.
pub const PROTOCOL: &str = "/weir/control/2";
/// Largest message, version byte included.
pub const MAX_MESSAGE_BYTES: usize = 16 * 1024;
/// Ranges a receipt may carry, so that one always fits a datagram.
pub const MAX_RANGES: usize = 128;
/// Payload of a load or echo.
pub const PAYLOAD_BYTES: usize = 1_200;
/// What a load or echo counts: its outer IPv4 datagram. 1,200 payload + 16 header + 28 inner IPv4 and UDP = 1,244,
/// padded to 1,248; + 32 WireGuard + 28 outer IPv4 and UDP.
pub const PACKET_BYTES: u32 = 1_308;

pub use address::{Ip, FILL_BYTES};
pub use paid::{join_payload, Disguise, Join, Joined, Service, Standing, Usage};
use weir_primitives::channel::{ChannelId, SignedVoucher, VoucherSignature};
pub use weir_primitives::{api::TestKind, receipt::final_payload};

/// One member's part of one test.
pub type Test = weir_primitives::receipt::TestPart<[u8; 32]>;
/// A final with both signatures: the bilateral receipt, what an audit or a dispute posts.
pub type Bilateral = weir_primitives::receipt::Bilateral<[u8; 32]>;

/// Sequence numbers first .. first + count.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Range {
	/// First number.
	pub first: u32,
	/// How many, at least one.
	pub count: u16,
}

impl Range {
	/// The number after the last; none if it does not fit.
	pub fn end(&self) -> Option<u32> {
		self.first.checked_add(self.count.into())
	}

	/// All numbers in it.
	pub fn iter(&self) -> std::ops::Range<u32> {
		self.first..self.first.saturating_add(self.count.into())
	}
}

/// What arrived between two receipts. See [`crate::receipt`].
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Receipt {
	/// Number of the window, counted from the session's first.
	pub window: u32,
	/// What arrived, ascending and disjoint.
	pub ranges: Vec<Range>,
	/// Over the previous digest, the number and every payload byte.
	pub digest: [u8; 32],
}

impl Receipt {
	/// Packets it acknowledges.
	pub fn packets(&self) -> u64 {
		self.packets_from(0)
	}

	/// Of them, those with a sequence number from `first` on.
	pub fn packets_from(&self, first: u32) -> u64 {
		let of =
			|range: &Range| u64::from(range.count).saturating_sub(first.saturating_sub(range.first).into());
		self.ranges.iter().map(of).sum()
	}
}

/// What one side asks of the other.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[allow(clippy::large_enum_variant)]
pub enum Request {
	/// What time is it, and are you alive?
	#[codec(index = 0)]
	Clock {
		/// Binds the answer.
		nonce: [u8; 16],
	},
	/// Let me in: a WireGuard session for a test I am a member of.
	#[codec(index = 1)]
	Open {
		/// Which test.
		test: Test,
		/// The attestor's x25519 key, fresh for this session.
		wireguard: [u8; 32],
		/// By the attestor.
		signature: [u8; 64],
	},
	/// The load to come.
	#[codec(index = 2)]
	Offer {
		/// Which session.
		session: [u8; 8],
		/// H(seed) of the payload.
		seed_hash: [u8; 32],
		/// Load towards the target, kbps.
		down_kbps: u32,
		/// Load to be echoed, kbps.
		up_kbps: u32,
		/// T0, milliseconds since the Unix epoch.
		start_millis: u64,
		/// T, milliseconds.
		window_millis: u32,
		/// By the attestor.
		signature: [u8; 64],
	},
	/// This is what I counted: sign it.
	#[codec(index = 5)]
	Finish {
		/// Which session.
		session: [u8; 8],
		/// Acknowledged towards the target inside the common window.
		down_bytes: u64,
		/// Echoed by the target inside the common window.
		up_bytes: u64,
		/// By the attestor, over [`finish_payload`].
		signature: [u8; 64],
	},
	/// The result is kept: here is our signature under the final, and the seed, so that anyone can recompute the digests.
	#[codec(index = 7)]
	Settle {
		/// Which session.
		session: [u8; 8],
		/// Its seed.
		seed: [u8; 32],
		/// By the attestor, over the same payload as the target's.
		signature: [u8; 64],
	},
	/// Let me in: a WireGuard session that my channel pays for. It ends the channel's earlier session.
	#[codec(index = 8)]
	Join {
		/// Which channel, from whom, with which key.
		join: Join,
		/// By the channel's voucher key, over [`join_payload`].
		signature: VoucherSignature,
	},
	/// This is what I have counted, and what I pay. Only from the peer that joined.
	#[codec(index = 9)]
	Pay {
		/// Which channel.
		channel: ChannelId,
		/// The newest voucher; none if the provider has it already.
		voucher: Option<SignedVoucher>,
		/// What the customer has counted since the channel was opened.
		counted: Usage,
	},
	/// The last voucher was sent. Only from the peer that joined.
	#[codec(index = 10)]
	Leave {
		/// Which channel.
		channel: ChannelId,
	},
	/// From which address do I come, as you see it?
	#[codec(index = 11)]
	Address {
		/// Anything: it makes the question as long as the answer.
		fill: [u8; FILL_BYTES],
	},
	/// How do I disguise my session? Only from the peer that joined.
	#[codec(index = 12)]
	Disguise {
		/// Which channel.
		channel: ChannelId,
	},
	/// Give me a port of yours, UDP and TCP: what comes there is for me. Only from the peer that joined, for a registered
	/// provider.
	#[codec(index = 13)]
	Reach {
		/// The channel that pays for what is carried.
		channel: ChannelId,
		/// Account of the provider that is to be reached.
		provider: [u8; 32],
		/// Which port; 0: any.
		port: u16,
		/// By that provider's identity, over [`nat::reach_payload`].
		signature: [u8; 64],
	},
	/// Open a direct way: I ping you, and you me where my tunnel comes from. Only from the peer that joined.
	#[codec(index = 14)]
	Punch {
		/// Which channel.
		channel: ChannelId,
		/// Of the pings.
		token: nat::Token,
	},
}

/// What the other side answers.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[allow(clippy::large_enum_variant)]
pub enum Response {
	/// The time here.
	#[codec(index = 0)]
	Clock {
		/// The request's.
		nonce: [u8; 16],
		/// Microseconds since the Unix epoch.
		unix_micros: u64,
		/// Who answers.
		account: [u8; 32],
		/// By its probe key.
		signature: [u8; 64],
	},
	/// Come in.
	#[codec(index = 1)]
	Opened {
		/// The target's x25519 key.
		wireguard: [u8; 32],
		/// The target's UDP port.
		port: u16,
		/// The target inside the tunnel, IPv4.
		target_address: [u8; 4],
		/// The attestor inside the tunnel, IPv4.
		attestor_address: [u8; 4],
	},
	/// The offer stands.
	#[codec(index = 2)]
	Accept,
	/// No, because.
	#[codec(index = 3)]
	Refuse(Refusal),
	/// Read; nothing to say.
	#[codec(index = 4)]
	Noted,
	/// The target's signature under the final.
	#[codec(index = 5)]
	Final {
		/// By the target.
		signature: [u8; 64],
	},
	/// Come in, customer.
	#[codec(index = 6)]
	Joined(Joined),
	/// How the channel stands.
	#[codec(index = 7)]
	Standing(Standing),
	/// You come from here.
	#[codec(index = 8)]
	Address {
		/// Address of the asker's end of the connection.
		ip: Ip,
		/// TCP port of that end; of several connections the newest one's.
		port: u16,
	},
	/// Like this.
	#[codec(index = 9)]
	Disguise(Disguise),
	/// You are reached.
	#[codec(index = 10)]
	Reached {
		/// At this port of the relay's registered address.
		port: u16,
	},
	/// Ping me.
	#[codec(index = 11)]
	Punch {
		/// Here: IPv6 or IPv4-mapped.
		address: [u8; 16],
		/// UDP.
		port: u16,
	},
}

/// Why a request was refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, thiserror::Error)]
pub enum Refusal {
	/// Another protocol version.
	#[codec(index = 0)]
	#[error("unknown protocol version; upgrade whichever weir-tunnel is older")]
	UnknownVersion,
	/// Not a message of this protocol.
	#[codec(index = 1)]
	#[error("malformed message")]
	Malformed,
	/// Another chain.
	#[codec(index = 2)]
	#[error("foreign genesis; attestor and target must be on one chain")]
	ForeignGenesis,
	/// Another node is the target.
	#[codec(index = 3)]
	#[error("not the target")]
	NotTheTarget,
	/// No such test in the running epoch, as far as the target knows.
	#[codec(index = 4)]
	#[error("no such test in the running epoch")]
	UnknownTest,
	/// The attestor is not in the committee.
	#[codec(index = 5)]
	#[error("not a member of the committee")]
	NotAMember,
	/// The signature is not the member's.
	#[codec(index = 6)]
	#[error("signature is not the member's")]
	BadSignature,
	/// The source address lies outside the seat's prefix.
	#[codec(index = 7)]
	#[error("source address outside the seat's prefix")]
	OutsidePrefix,
	/// The chain has not revealed T0 yet, as far as the target knows.
	#[codec(index = 8)]
	#[error("T0 is not known yet")]
	NotScheduled,
	/// T0 or window differ from the chain's.
	#[codec(index = 9)]
	#[error("T0 or window differ from the chain's")]
	WrongStart,
	/// The loads exceed the member's quotas.
	#[codec(index = 10)]
	#[error("load above the quota")]
	WrongLoad,
	/// The windows are over.
	#[codec(index = 11)]
	#[error("the windows are over")]
	TooLate,
	/// No such session.
	#[codec(index = 12)]
	#[error("no such session")]
	UnknownSession,
	/// In a test already.
	#[codec(index = 13)]
	#[error("in another test")]
	Busy,
	/// The counts are not what the target saw.
	#[codec(index = 14)]
	#[error("counts differ from the target's")]
	BytesMismatch,
	/// The seed is not what was committed to.
	#[codec(index = 15)]
	#[error("seed differs from the commitment")]
	WrongSeed,
	/// This node does not play that part.
	#[codec(index = 16)]
	#[error("this node does not do that")]
	WrongRole,
	/// The channel is not on the chain, closed, or another provider's, as far as this provider knows.
	#[codec(index = 17)]
	#[error("the provider knows of no such channel")]
	UnknownChannel,
	/// The channel is closing, expired, or within an epoch of it.
	#[codec(index = 18)]
	#[error("the channel ends; extend it or open another one")]
	ChannelEnding,
	/// Not later than an earlier join of the channel, or too far from the provider's clock.
	#[codec(index = 19)]
	#[error("stale join; compare the clock of this machine")]
	StaleJoin,
	/// The channel has no session, or another peer has it.
	#[codec(index = 20)]
	#[error("not joined, or another device has joined with this channel")]
	NotJoined,
	/// The voucher is not signed for this channel and chain, or asks for more than its bytes cost.
	#[codec(index = 21)]
	#[error("the voucher's signature or its sum is wrong")]
	BadVoucher,
	/// The channel has paid all that it holds, as far as this provider knows.
	#[codec(index = 22)]
	#[error("the channel is used up; top it up")]
	Overdrawn,
	/// No room for another session.
	#[codec(index = 23)]
	#[error("the provider has no room for another session")]
	Full,
	/// The provider is paused, out of hours, or over its data cap.
	#[codec(index = 24)]
	#[error("the provider does not serve customers now")]
	NotServing,
	/// The voucher could not be stored. Nothing is served on it.
	#[codec(index = 25)]
	#[error("the provider could not store the voucher")]
	DiskFull,
}

impl Refusal {
	/// Every reason, by its index.
	pub fn all() -> impl Iterator<Item = Self> {
		(0..=u8::MAX).map_while(|index| Self::decode(&mut &[index][..]).ok())
	}

	/// Whether asking again can help: the target's view of the chain may lag, or be of another fork, which has another T0.
	/// A provider's may not have the channel yet, or what was put into it; and room may come.
	pub fn is_passing(self) -> bool {
		matches!(
			self,
			Self::UnknownTest
				| Self::NotScheduled
				| Self::NotAMember
				| Self::WrongStart
				| Self::Busy | Self::UnknownChannel
				| Self::Overdrawn
				| Self::Full | Self::DiskFull
		)
	}
}

/// Why bytes are not a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WireError {
	/// Longer than [`MAX_MESSAGE_BYTES`].
	#[error("message of {0} bytes is too long")]
	Oversized(usize),
	/// Another version.
	#[error(
		"unknown protocol version {0}, this is version {version}; upgrade whichever weir-tunnel is older",
		version = VERSION
	)]
	UnknownVersion(u8),
	/// Truncated, with trailing bytes, or meaningless.
	#[error("malformed message")]
	Malformed,
}

/// A message as bytes.
pub fn encode(message: &impl Encode) -> Vec<u8> {
	let mut bytes = vec![VERSION];
	message.encode_to(&mut bytes);
	bytes
}

/// A message from bytes, none of which may be left over.
pub fn decode<M: DecodeAll>(bytes: &[u8]) -> Result<M, WireError> {
	if bytes.len() > MAX_MESSAGE_BYTES {
		return Err(WireError::Oversized(bytes.len()));
	}
	match bytes.split_first() {
		Some((&VERSION, mut rest)) => M::decode_all(&mut rest).map_err(|_| WireError::Malformed),
		Some((version, _)) => Err(WireError::UnknownVersion(*version)),
		None => Err(WireError::Malformed),
	}
}

/// What the attestor signs to be let in.
pub fn open_payload(test: &Test, wireguard: &[u8; 32]) -> Vec<u8> {
	(b"weir/open/v1\0\0\0\0", test, wireguard).encode()
}

/// What the attestor signs in an offer.
pub fn offer_payload(
	test: &Test,
	seed_hash: &[u8; 32],
	down_kbps: u32,
	up_kbps: u32,
	start_millis: u64,
	window_millis: u32,
) -> Vec<u8> {
	(b"weir/offer/v1\0\0\0", test, seed_hash, down_kbps, up_kbps, start_millis, window_millis).encode()
}

/// What the attestor signs to believe a receipt and all before it.
pub fn countersign_payload(test: &Test, window: u32, digest: &[u8; 32]) -> Vec<u8> {
	(b"weir/receipt/v1\0", test, window, digest).encode()
}

/// What the attestor signs to have its counts signed. Not the final itself: its signature under that comes last, when
/// the result is on disk, so that nobody holds both before it does.
pub fn finish_payload(test: &Test, seed_hash: &[u8; 32], down_bytes: u64, up_bytes: u64) -> Vec<u8> {
	(b"weir/finish/v1\0\0", test, seed_hash, down_bytes, up_bytes).encode()
}

/// What whoever tells the time signs.
pub fn clock_payload(nonce: &[u8; 16], unix_micros: u64, account: &[u8; 32]) -> Vec<u8> {
	(b"weir/clock/v1\0\0\0", nonce, unix_micros, account).encode()
}

#[cfg(test)]
pub(crate) mod golden;
#[cfg(test)]
mod tests;
