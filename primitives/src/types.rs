//! Words of the protocol as types.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::sp_runtime::app_crypto::{app_crypto, sr25519, KeyTypeId};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use weir_math::verdict::lowered_kbps;

pub use weir_math::timing::Timing;

/// Index of an epoch, equal to the session index.
pub type EpochIndex = u32;
/// Slots since the first slot of the epoch.
pub type SlotOffset = u32;
/// Kilobits (1,000 bits) per second.
pub type Kbps = u32;
/// Dense, stable number of a registered provider; never reused while a fact refers to it.
pub type ProviderIndex = u32;

/// Epochs from what an owner says to the first one whose tests go by it. The seed of the next epoch is known: whoever could
/// change what is drawn by it would choose between two committees, or have none that may measure it.
pub const OWNER_DELAY_EPOCHS: EpochIndex = 2;

/// Keystore type of the seat key that signs commits: `wpob`.
pub const SEAT_KEY_TYPE: KeyTypeId = KeyTypeId(*b"wpob");

mod seat_key {
	use super::*;
	app_crypto!(sr25519, SEAT_KEY_TYPE);
}

/// Public half of a delegated key that signs commits (attestor) and receipts (target): sr25519.
pub type ProbeKey = seat_key::Public;
/// Signature by a [`ProbeKey`].
pub type ProbeSignature = seat_key::Signature;

macro_rules! protocol_type {
	($item:item) => {
		#[derive(
			Clone,
			Copy,
			PartialEq,
			Eq,
			PartialOrd,
			Ord,
			Debug,
			Encode,
			Decode,
			DecodeWithMemTracking,
			MaxEncodedLen,
			TypeInfo,
			Serialize,
			Deserialize,
		)]
		$item
	};
}

protocol_type! {
	/// What a bond entitles its account to do.
	pub enum Role {
		/// Authors and finalises blocks; measures.
		#[codec(index = 0)]
		Validator,
		/// Sells the capacity of a line; is measured; measures.
		#[codec(index = 1)]
		Provider,
	}
}

protocol_type! {
	/// Whether the line ends in a home or in a data centre.
	pub enum LineKind {
		/// A home or office line.
		#[codec(index = 0)]
		Residential,
		/// A line of a hosting provider.
		#[codec(index = 1)]
		Hosting,
	}
}

protocol_type! {
	/// Country × kind of line. Valid only with an ISO 3166-1 alpha-2 code, see [`Region::is_valid`].
	pub struct Region {
		/// ISO 3166-1 alpha-2, upper case.
		pub country: [u8; 2],
		/// Kind of line.
		pub kind: LineKind,
	}
}

impl Region {
	/// Whether the country is an officially assigned code.
	pub fn is_valid(&self) -> bool {
		weir_math::region::is_assigned(self.country)
	}
}

protocol_type! {
	/// Where a sidecar is reached: WireGuard on the UDP port, control plane on the TCP port of the same number.
	pub enum Endpoint {
		/// IPv4.
		#[codec(index = 0)]
		V4 {
			/// Address, most significant byte first.
			addr: [u8; 4],
			/// UDP and TCP port, not 0.
			port: u16,
		},
		/// IPv6.
		#[codec(index = 1)]
		V6 {
			/// Address, most significant byte first.
			addr: [u8; 16],
			/// UDP and TCP port, not 0.
			port: u16,
		},
		/// Reached through another provider.
		#[codec(index = 2)]
		RelayOnly,
	}
}

protocol_type! {
	/// The part of an address that counts as one place: IPv4 /24 or IPv6 /48.
	pub enum Prefix {
		/// First three bytes.
		#[codec(index = 0)]
		V4([u8; 3]),
		/// First six bytes.
		#[codec(index = 1)]
		V6([u8; 6]),
	}
}

impl Endpoint {
	/// The endpoint's prefix; none for a relay-only node.
	pub fn prefix(&self) -> Option<Prefix> {
		match *self {
			Self::V4 { addr: [a, b, c, _], .. } => Some(Prefix::V4([a, b, c])),
			Self::V6 { addr: [a, b, c, d, e, f, ..], .. } => Some(Prefix::V6([a, b, c, d, e, f])),
			Self::RelayOnly => None,
		}
	}

	/// The port, if there is one.
	pub fn port(&self) -> Option<u16> {
		match *self {
			Self::V4 { port, .. } | Self::V6 { port, .. } => Some(port),
			Self::RelayOnly => None,
		}
	}

	/// Whether the address can be reached from the whole Internet: neither private, loopback, link-local, shared
	/// (RFC 6598), documentation, multicast nor reserved. Relay-only counts as public.
	pub fn is_public(&self) -> bool {
		match *self {
			Self::RelayOnly => true,
			Self::V4 { addr: [a, b, c, _], .. } => !matches!(
				(a, b, c),
				(0, _, _)
					| (10, _, _) | (127, _, _)
					| (100, 64..=127, _)
					| (169, 254, _) | (172, 16..=31, _)
					| (192, 0, 0) | (192, 0, 2)
					| (192, 168, _) | (198, 18..=19, _)
					| (198, 51, 100)
					| (203, 0, 113) | (224..=255, _, _)
			),
			// Global unicast is 2000::/3; 2001:db8::/32 is documentation.
			Self::V6 { addr: [a, b, c, d, ..], .. } => {
				(a & 0xe0) == 0x20 && [a, b, c, d] != [0x20, 0x01, 0x0d, 0xb8]
			}
		}
	}
}

protocol_type! {
	/// What a provider lets out of its exit.
	pub enum ExitClass {
		/// Only to registered providers.
		#[codec(index = 0)]
		Relay,
		/// Web ports and the provider's own DNS.
		#[codec(index = 1)]
		Web,
		/// The ports of well-known services, in the style of Tor's reduced exit policy.
		#[codec(index = 2)]
		Reduced,
		/// Everything but the ports that are always closed.
		#[codec(index = 3)]
		Open,
	}
}

protocol_type! {
	/// What a provider says its line does.
	pub struct Claim {
		/// Towards the provider, kbps.
		pub down_kbps: Kbps,
		/// From the provider, kbps.
		pub up_kbps: Kbps,
	}
}

impl Claim {
	/// The smaller direction: what a tunnel through the line can carry, and what bonds and pay follow.
	pub fn effective_kbps(&self) -> Kbps {
		self.down_kbps.min(self.up_kbps)
	}

	/// The larger direction, which decides the committee's size and quota.
	pub fn largest_kbps(&self) -> Kbps {
		self.down_kbps.max(self.up_kbps)
	}

	/// Whether it claims no more than `other`, in either direction.
	pub fn is_within(&self, other: &Self) -> bool {
		self.down_kbps <= other.down_kbps && self.up_kbps <= other.up_kbps
	}

	/// What a verdict that found `measured` makes of it, each direction by [`weir_math::verdict::lowered_kbps`].
	pub fn lowered_to(&self, measured: &Self) -> Self {
		Self {
			down_kbps: lowered_kbps(self.down_kbps, measured.down_kbps),
			up_kbps: lowered_kbps(self.up_kbps, measured.up_kbps),
		}
	}
}

protocol_type! {
	/// Limits a provider sets itself; 0 means none.
	pub struct Caps {
		/// Rate it sells at most, kbps.
		pub rate_kbps: Kbps,
		/// Volume it sells at most per calendar month, in 10⁹ bytes.
		pub gb_per_month: u32,
		/// Sessions at once.
		pub sessions: u16,
	}
}

protocol_type! {
	/// Where a provider stands with the protocol.
	pub enum Admission {
		/// Tested every epoch; earns nothing until `passed` reaches the required number.
		#[codec(index = 0)]
		Pending {
			/// Tests passed so far, each in another epoch.
			passed: u8,
		},
		/// Admitted: tested by lot.
		#[codec(index = 1)]
		Admitted {
			/// First epoch that counts.
			since: EpochIndex,
		},
		/// Slashed for a false claim: not tested, not paid, no sessions until the epoch.
		#[codec(index = 2)]
		Jailed {
			/// First epoch of a new admission.
			until: EpochIndex,
		},
	}
}

protocol_type! {
	/// Why a bond is slashed.
	pub enum SlashReason {
		/// Two blocks or two votes at one height, reported by BABE or GRANDPA.
		#[codec(index = 0)]
		Equivocation {
			/// Session of the offence.
			session: u32,
		},
		/// An escalation confirmed an estimate below half the claim.
		#[codec(index = 1)]
		FalseClaim {
			/// Epoch the escalation measured.
			epoch: EpochIndex,
			/// Estimate ÷ claim in millionths.
			ratio_ppm: u32,
		},
		/// A bilateral receipt shows other counts than the attestor reported.
		#[codec(index = 2)]
		FalseReport {
			/// Epoch of the test.
			epoch: EpochIndex,
			/// The provider it was about.
			provider: ProviderIndex,
		},
		/// Committee after committee found that the provider cannot be in the country it claims.
		#[codec(index = 3)]
		WrongRegion {
			/// Epoch of the last of those tests.
			epoch: EpochIndex,
			/// The country it claimed: ISO 3166-1 alpha-2, upper case.
			country: [u8; 2],
		},
	}
}
