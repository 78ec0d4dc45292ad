//! What is the host's own: its addresses, and the networks it is in.

use ipnet::IpNet;
use nix::{ifaddrs::getifaddrs, sys::socket::SockaddrStorage};
use std::{io, net::IpAddr};

/// The addresses of every interface with the network each is in. Asked again now and then: they change with a lease, and
/// those of IPv6 by themselves. An address outside, that a router translates, is not among them: it is configured, or
/// registered on chain.
pub fn discover() -> io::Result<Vec<IpNet>> {
	let mut own = Vec::new();
	for interface in getifaddrs()? {
		let Some(address) = interface.address.as_ref().and_then(ip) else { continue };
		let length = interface.netmask.as_ref().and_then(ip).map_or_else(|| bits(address), length);
		own.extend(IpNet::new(address, length).or_else(|_| IpNet::new(address, bits(address))).ok());
		// The other end of a line between two.
		own.extend(interface.destination.as_ref().and_then(ip).map(IpNet::from));
	}
	Ok(own)
}

fn ip(address: &SockaddrStorage) -> Option<IpAddr> {
	let v4 = address.as_sockaddr_in().map(|address| IpAddr::V4(address.ip()));
	v4.or_else(|| address.as_sockaddr_in6().map(|address| IpAddr::V6(address.ip())))
}

fn bits(address: IpAddr) -> u8 {
	if address.is_ipv4() {
		32
	} else {
		128
	}
}

/// How long the prefix is that a mask leaves.
fn length(mask: IpAddr) -> u8 {
	let ones = match mask {
		IpAddr::V4(mask) => mask.to_bits().leading_ones(),
		IpAddr::V6(mask) => mask.to_bits().leading_ones(),
	};
	u8::try_from(ones).unwrap_or(0)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn discover_should_find_the_loopback_with_its_network() {
		let own = discover().unwrap();
		assert!(own.contains(&"127.0.0.1/8".parse().unwrap()), "{own:?}");
	}

	#[test]
	fn length_should_count_the_bits_of_a_mask() {
		for (mask, bits) in
			[("255.255.255.0", 24), ("0.0.0.0", 0), ("ffff:ffff::", 32), ("255.255.255.255", 32)]
		{
			assert_eq!(length(mask.parse().unwrap()), bits);
		}
	}
}
