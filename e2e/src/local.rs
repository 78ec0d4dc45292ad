//! The network on one machine: everything on loopback addresses of different prefixes, without root. Seven providers
//! are honest at different rates; one claims more than four times its cap. Two customers go out through the fastest honest ones.

use crate::{
	customers::Customer,
	line::Line,
	network::Plan,
	prices,
	site::{Ports, Site},
};
use anyhow::Result;
use std::{
	net::{Ipv4Addr, SocketAddrV4},
	path::Path,
};

/// Caps of the lines, kbps; the last one belongs to the liar. A seat asks for an uplink of 5 Mbps. What the liar carries would
/// weigh something: if it earns nothing, that is because it was struck.
const CAPS_KBPS: [u32; 8] = [5_000, 6_000, 7_000, 8_000, 10_000, 12_000, 15_000, 9_000];
/// Lines that each customer goes through, that of its exit included. A further one is drawn among those that were measured, and
/// customers come before the first verdict.
const HOPS: [u8; 2] = [1, 1];
/// What the liar claims, kbps: less than half of it is a strike, less than a quarter costs a part of the bond at once.
const LIE_KBPS: u32 = 40_000;
/// Where the files are that they fetch.
const FILES: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 9_712);
/// The first of their proxies' ports.
const SOCKS_PORT: u16 = 9_721;

/// The local network with its data in `folder`.
pub fn plan(folder: &Path) -> Result<Plan> {
	let validator = |number: u8| site(number + 11, Ports::with_offset(number.into()));
	let lines = lines()?;
	Ok(Plan {
		folder: folder.into(),
		chain: "local".into(),
		validators: [validator(0), validator(1), validator(2), validator(3)],
		customers: customers(&lines)?,
		lines,
		prices: Some(prices::ADDRESS),
		files: Some(FILES),
	})
}

/// Each goes out through another of the honest lines, the one with the highest cap first: what customers use of a line while it is
/// measured is missing from its estimate.
fn customers(lines: &[Line]) -> Result<Vec<Customer>> {
	let mut honest: Vec<_> = lines.iter().enumerate().filter(|(_, line)| line.is_honest()).collect();
	honest.sort_by_key(|(_, line)| std::cmp::Reverse(line.cap_kbps));
	let customer = |((number, hops), (line, _)): ((u8, &u8), &(usize, &Line))| {
		let socks = SocketAddrV4::new(Ipv4Addr::LOCALHOST, SOCKS_PORT + u16::from(number));
		Customer::new(number, *line, *hops, socks)
	};
	(0..).zip(&HOPS).zip(&honest).map(customer).collect()
}

fn lines() -> Result<Vec<Line>> {
	let last = CAPS_KBPS.len() - 1;
	let line = |(number, cap): (usize, &u32)| {
		let claim = if number == last { LIE_KBPS } else { *cap };
		let number = u8::try_from(number)?;
		Line::new(number, *cap, claim, site(number + 21, Ports::with_offset(0)))?.serving()
	};
	CAPS_KBPS.iter().enumerate().map(line).collect()
}

/// The machine whose sidecar is at 127.`net`.0.1: each in another /16.
fn site(net: u8, ports: Ports) -> Site {
	Site {
		namespace: None,
		address: Ipv4Addr::new(127, net, 0, 1),
		node_address: Ipv4Addr::LOCALHOST,
		ports,
		threads: None,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use weir_math::economy::weight::LEAST_MEASURED_KBPS;

	#[test]
	fn customers_should_go_out_through_the_fastest_honest_lines() {
		let plan = plan(Path::new("/nowhere")).unwrap();
		let caps: Vec<_> = plan.customers.iter().map(|customer| plan.lines[customer.line].cap_kbps).collect();
		assert_eq!(caps, [15_000, 12_000]);
		assert!(plan.customers.iter().all(|customer| plan.lines[customer.line].is_honest()));
		assert_eq!(plan.customers.iter().map(|customer| customer.hops).collect::<Vec<_>>(), HOPS);
		assert_ne!(plan.customers[0].hot.account(), plan.customers[1].hot.account());
		assert_ne!(plan.customers[0].socks, plan.customers[1].socks);
	}

	#[test]
	fn liar_should_be_struck_for_a_line_that_would_earn() {
		let lines = lines().unwrap();
		let liars: Vec<_> = lines.iter().filter(|line| !line.is_honest()).collect();
		let [liar] = liars[..] else { panic!("{} liars", liars.len()) };
		// Both with the tolerance of an estimate.
		assert!(liar.cap_kbps / 10 * 9 >= LEAST_MEASURED_KBPS);
		assert!(liar.cap_kbps / 10 * 11 * 4 < liar.claim_kbps);
	}
}
