//! Values that JSON has no type for, as text: no number loses a digit, no byte string is taken for something else.

use polkadot_sdk::*;
use serde::Serialize;
use sp_core::{
	bytes::to_hex,
	crypto::{Ss58AddressFormat, Ss58Codec},
};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use weir_primitives::{
	economy::{Price, PRICE_ONE},
	Endpoint, LineKind, Region,
};
use weir_runtime::{AccountId, SS58_PREFIX};

macro_rules! text {
	($(#[$doc:meta])* $name:ident) => {
		$(#[$doc])*
		#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
		#[cfg_attr(test, derive(schemars::JsonSchema))]
		pub(crate) struct $name(String);
	};
}

text! {
	/// An account: its address (SS58).
	Address
}

text! {
	/// A whole number too large for JSON, in decimal.
	Amount
}

text! {
	/// Dollars for one token, in decimal with up to 18 digits behind the point: 0.0375.
	Dollars
}

text! {
	/// Bytes in hex, with 0x.
	Hex
}

text! {
	/// Where a sidecar is reached, address and port: `203.0.113.7:9600`, `[2001:db8::7]:9600`. WireGuard on the UDP port,
	/// control plane on the TCP port.
	Socket
}

text! {
	/// The identity of a control plane: a libp2p PeerId in base 58.
	PeerId
}

text! {
	/// A region: country (ISO 3166-1 alpha-2) and kind of line, res for residential and host for hosting: DE-res.
	RegionName
}

impl From<&AccountId> for Address {
	fn from(account: &AccountId) -> Self {
		Self(account.to_ss58check_with_version(Ss58AddressFormat::custom(SS58_PREFIX)))
	}
}

impl<N: Into<u128>> From<N> for Amount {
	fn from(amount: N) -> Self {
		Self(amount.into().to_string())
	}
}

impl From<Price> for Dollars {
	fn from(price: Price) -> Self {
		let (whole, rest) = (price / PRICE_ONE, price % PRICE_ONE);
		if rest == 0 {
			return Self(whole.to_string());
		}
		let digits = format!("{rest:018}");
		Self(format!("{whole}.{}", digits.trim_end_matches('0')))
	}
}

impl Hex {
	/// All of `bytes`.
	pub(super) fn of(bytes: impl AsRef<[u8]>) -> Self {
		Self(to_hex(bytes.as_ref(), false))
	}
}

impl Socket {
	/// Where `endpoint` is reached; none if through another provider.
	pub(super) fn of(endpoint: &Endpoint) -> Option<Self> {
		let address: SocketAddr = match *endpoint {
			Endpoint::V4 { addr, port } => (Ipv4Addr::from(addr), port).into(),
			Endpoint::V6 { addr, port } => (Ipv6Addr::from(addr), port).into(),
			Endpoint::RelayOnly => return None,
		};
		Some(Self(address.to_string()))
	}
}

impl PeerId {
	/// The id with these multihash bytes; none if they are not one.
	pub(super) fn of(bytes: &[u8]) -> Option<Self> {
		Some(Self(sc_network::PeerId::from_bytes(bytes).ok()?.to_string()))
	}
}

impl From<Region> for RegionName {
	fn from(Region { country, kind }: Region) -> Self {
		let kind = match kind {
			LineKind::Residential => "res",
			LineKind::Hosting => "host",
		};
		Self(format!("{}-{kind}", String::from_utf8_lossy(&country)))
	}
}

#[cfg(test)]
mod tests {
	use super::{
		super::inputs::{regions, Account},
		*,
	};
	use serde_json::{json, to_value as json_of};
	use weir_primitives::api::RegionFilter;

	#[test]
	fn address_should_be_read_back_as_the_same_account() {
		let account = AccountId::from([7; 32]);
		let text = json_of(Address::from(&account)).unwrap();
		let read: Account = serde_json::from_value(text).unwrap();
		assert_eq!(read.id(), Ok(account));
	}

	#[test]
	fn amount_should_keep_every_digit() {
		assert_eq!(json_of(Amount::from(u128::MAX)).unwrap(), "340282366920938463463374607431768211455");
		assert_eq!(json_of(Amount::from(50_000u64)).unwrap(), "50000");
	}

	#[test]
	fn dollars_should_keep_every_digit_and_no_zero_behind_the_last() {
		for (price, text) in [
			(0, "0"),
			(1, "0.000000000000000001"),
			(37_500_000_000_000_000, "0.0375"),
			(PRICE_ONE, "1"),
			(12 * PRICE_ONE + PRICE_ONE / 2, "12.5"),
			(u128::MAX, "340282366920938463463.374607431768211455"),
		] {
			assert_eq!(json_of(Dollars::from(price)).unwrap(), text);
		}
	}

	#[test]
	fn socket_should_be_address_and_port_when_there_is_one() {
		let text = |endpoint| json_of(Socket::of(&endpoint)).unwrap();
		assert_eq!(text(Endpoint::V4 { addr: [203, 0, 113, 7], port: 9_600 }), "203.0.113.7:9600");
		let mut addr = [0; 16];
		(addr[0], addr[1], addr[15]) = (0x20, 0x01, 7);
		assert_eq!(text(Endpoint::V6 { addr, port: 1 }), "[2001::7]:1");
		assert_eq!(text(Endpoint::RelayOnly), json!(null));
	}

	#[test]
	fn peer_id_should_be_in_base_58_when_the_bytes_are_one() {
		let mut bytes = vec![0x00, 0x24, 0x08, 0x01, 0x12, 0x20];
		bytes.extend([7; 32]);
		let text = json_of(PeerId::of(&bytes)).unwrap();
		assert!(text.as_str().is_some_and(|text| text.starts_with("12D3KooW")), "{text}");
		assert_eq!(PeerId::of(&[1, 2, 3]), None);
	}

	#[test]
	fn region_name_should_be_what_the_filter_takes() {
		for kind in [LineKind::Residential, LineKind::Hosting] {
			let name = json_of(RegionName::from(Region { country: *b"DE", kind })).unwrap();
			let filter = RegionFilter { country: Some(*b"DE"), kind: Some(kind) };
			assert_eq!(regions(name.as_str().unwrap()), Ok(filter));
		}
	}

	#[test]
	fn hex_should_keep_leading_zeros() {
		assert_eq!(json_of(Hex::of([0, 1, 255])).unwrap(), "0x0001ff");
	}
}
