//! What the user of a payment channel and its provider say to each other. How both sides make use of it: [`crate::session`].

use codec::{Decode, Encode};
use weir_primitives::{channel::ChannelId, economy::Credits};

/// Inner IP bytes of a channel, whole IP packets, since it was opened.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Encode, Decode)]
pub struct Usage {
	/// Towards the customer.
	pub down: u64,
	/// From the customer.
	pub up: u64,
}

impl Usage {
	/// Both directions. Saturating: no line carries as much as that.
	pub fn total(&self) -> u64 {
		self.down.saturating_add(self.up)
	}
}

/// What the user of a channel signs to be let in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Join {
	/// Hash of the chain's first block.
	pub genesis: [u8; 32],
	/// Account of the provider.
	pub provider: [u8; 32],
	/// The channel that pays.
	pub channel: ChannelId,
	/// The customer's x25519 key, fresh for this session.
	pub wireguard: [u8; 32],
	/// When it was signed, microseconds since the Unix epoch: later than in every earlier join of the channel, so that a copy
	/// of an old one cannot end a newer session.
	pub at: u64,
}

/// Come in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Joined {
	/// The provider's x25519 key.
	pub wireguard: [u8; 32],
	/// The provider's UDP port.
	pub port: u16,
	/// The provider inside the tunnel, IPv4. It resolves names there, on UDP and TCP 53.
	pub gateway: [u8; 4],
	/// The customer inside the tunnel, IPv4.
	pub address: [u8; 4],
	/// Longest IP packet inside the tunnel, bytes.
	pub mtu: u16,
	/// How the channel stands.
	pub standing: Standing,
}

/// How a session is disguised from those who watch the line. See [`crate::scramble`] and [`crate::hopping`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Disguise {
	/// What the customer scrambles with; the provider answers alike.
	pub key: [u8; 32],
	/// The first of the UDP ports that lead to the session.
	pub first_port: u16,
	/// How many there are, from that one on: 1 to [`crate::hopping::MOST_PORTS`].
	pub ports: u8,
}

/// How a channel stands, as the provider has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Standing {
	/// What it wants to be paid for: its own count, but for what it concedes as lost.
	pub charged: Usage,
	/// Credits of the highest voucher it has on disk.
	pub credits: Credits,
	/// Number of that voucher.
	pub sequence: u64,
	/// What may still move before it throttles.
	pub allowance_bytes: u64,
	/// The window it goes by.
	pub window_bytes: u64,
	/// Whether it serves a window on credit.
	pub is_trusted: bool,
	/// What it does now.
	pub service: Service,
}

/// What a provider does with a customer's packets.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Service {
	/// It carries them.
	#[codec(index = 0)]
	Full,
	/// It carries 64 kbit/s until it is paid.
	#[codec(index = 1)]
	Throttled,
	/// It carries none. The customer has to join again.
	#[codec(index = 2)]
	Stopped,
	/// It carries them, for two minutes at least or until its month is used up, and lets nobody in any more: pay, and go
	/// elsewhere.
	#[codec(index = 3)]
	Ending,
}

impl Service {
	/// Whether packets are carried as fast as they come.
	pub fn is_full(self) -> bool {
		matches!(self, Self::Full | Self::Ending)
	}
}

/// What the channel's key signs to be let in.
pub fn join_payload(join: &Join) -> Vec<u8> {
	(b"weir/join/v1\0\0\0\0", join).encode()
}
