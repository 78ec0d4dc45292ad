//! The address that a request is seen to come from.

use super::Request;
use codec::{Decode, Encode};
use std::net::{IpAddr, SocketAddr};

/// Bytes that a question for the address carries to no purpose but to be, with its frames on the line, no shorter than the
/// answer: nobody gets more sent than it sends.
pub const FILL_BYTES: usize = 104;

/// An IP address.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Ip {
	/// IPv4.
	#[codec(index = 0)]
	V4([u8; 4]),
	/// IPv6.
	#[codec(index = 1)]
	V6([u8; 16]),
}

impl From<IpAddr> for Ip {
	/// IPv4-mapped addresses count as IPv4.
	fn from(address: IpAddr) -> Self {
		match address.to_canonical() {
			IpAddr::V4(address) => Self::V4(address.octets()),
			IpAddr::V6(address) => Self::V6(address.octets()),
		}
	}
}

impl From<Ip> for IpAddr {
	fn from(ip: Ip) -> Self {
		match ip {
			Ip::V4(octets) => octets.into(),
			Ip::V6(octets) => octets.into(),
		}
	}
}

impl Request {
	/// The question for the address it comes from.
	pub fn address() -> Self {
		Self::Address { fill: [0; FILL_BYTES] }
	}
}

impl super::Response {
	/// The answer to [`Request::Address`] of whoever is seen at `source`.
	pub fn address(source: SocketAddr) -> Self {
		Self::Address { ip: source.ip().into(), port: source.port() }
	}
}
