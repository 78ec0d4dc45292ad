//! The rules of nft say of every packet what [`Policy::verdict`] says: one policy, two exits.

use crate::{
	guests::{unlimited, Guests, GUEST},
	lab::{self, Capture, Lab, Links},
	packets::{syn, udp, TCP},
};
use rand::{rngs::StdRng, Rng, SeedableRng};
use std::{
	collections::BTreeSet,
	net::{Ipv4Addr, SocketAddr, SocketAddrV4},
	thread,
	time::Duration,
};
use weir_primitives::ExitClass;
use weir_tunnel::exit::{Kind, Policy, Transport};

const CLASSES: [ExitClass; 4] = [ExitClass::Relay, ExitClass::Web, ExitClass::Reduced, ExitClass::Open];
const PUBLIC: Ipv4Addr = Ipv4Addr::new(8, 8, 8, 8);
const REGISTERED: [(Ipv4Addr, u16); 4] = [
	(Ipv4Addr::new(9, 9, 9, 9), 51_820),
	(Ipv4Addr::new(9, 9, 9, 9), 25),
	(Ipv4Addr::new(192, 168, 7, 10), 51_820),
	(Ipv4Addr::new(198, 18, 9, 9), 40_400),
];
/// The lab's exception, for these tests alone: nothing of a configuration leads to it.
const LAB: &str = "198.18.9.0/24";

fn policy(class: ExitClass) -> Policy {
	let own = ["81.2.69.2/24", "81.2.69.2/32", "93.184.216.128/25", "192.168.7.1/24"];
	let own = own.map(|text| text.parse().unwrap()).to_vec();
	Policy::new(class, own, REGISTERED.map(SocketAddr::from), vec![LAB.parse().unwrap()])
}

/// Both ends of prefixes, and what lies beside them.
fn addresses(draw: &mut StdRng) -> Vec<Ipv4Addr> {
	let prefixes = [
		"0.0.0.0/8",
		"10.0.0.0/8",
		"100.64.0.0/10",
		"127.0.0.0/8",
		"169.254.0.0/16",
		"172.16.0.0/12",
		"192.0.0.0/24",
		"192.0.2.0/24",
		"192.88.99.0/24",
		"192.168.0.0/16",
		"198.18.0.0/15",
		"198.51.100.0/24",
		"203.0.113.0/24",
		"224.0.0.0/4",
		"240.0.0.0/4",
		"81.2.69.0/24",
		"93.184.216.128/25",
		LAB,
	];
	let mut all = BTreeSet::from([Ipv4Addr::new(169, 254, 169, 254), Ipv4Addr::new(100, 64, 0, 1)]);
	for prefix in prefixes {
		let prefix: ipnet::Ipv4Net = prefix.parse().unwrap();
		let (first, last) = (u32::from(prefix.network()), u32::from(prefix.broadcast()));
		let ends = [first.saturating_sub(1), first, first + 1, last - 1, last, last.saturating_add(1)];
		all.extend(ends.map(Ipv4Addr::from));
		all.insert(draw.gen_range(first..=last).into());
	}
	all.extend((0..40).map(|_| Ipv4Addr::from(draw.gen::<u32>())));
	all.extend(REGISTERED.map(|(address, _)| address));
	all.into_iter().collect()
}

/// Ports at which the verdict turns, their neighbours, and some by chance.
fn ports(draw: &mut StdRng, policy: &Policy) -> Vec<u16> {
	let mut all: BTreeSet<u16> = (0..1_100).collect();
	for transport in [Transport::Tcp, Transport::Udp] {
		let is_open = |port: u16| policy.verdict((PUBLIC, port).into(), transport).is_ok();
		for port in (1..=u16::MAX).filter(|port| is_open(*port) != is_open(port - 1)) {
			all.extend([port - 1, port, port.saturating_add(1)]);
		}
	}
	all.extend((0..1_500).map(|_| draw.gen::<u16>()));
	all.into_iter().collect()
}

/// Which numbered packets are among those that came out: of TCP by the sequence number, of UDP by what it says.
fn number(packet: &[u8]) -> Option<u32> {
	let at = if packet.get(9) == Some(&TCP) { 24 } else { 28 };
	Some(u32::from_be_bytes(packet.get(at..at + 4)?.try_into().ok()?))
}

#[test]
fn rules_should_say_what_the_policy_says_when_addresses_ports_and_classes_are_walked() {
	if !lab::is_possible("verdicts") {
		return;
	}
	let mut draw = StdRng::seed_from_u64(5);
	let lab = Lab::build();
	for class in CLASSES {
		let policy_there = policy(class);
		let some = [1, 22, 25, 53, 80, 443, 445, 11_211, 40_400, 51_820, 65_535];
		let mut destinations = vec![];
		for address in addresses(&mut draw) {
			destinations.extend(some.map(|port| (address, port)));
		}
		destinations.extend(ports(&mut draw, &policy_there).into_iter().map(|port| (PUBLIC, port)));
		let guests = Guests::with(&lab.host, Kind::Kernel, move || policy(class), unlimited());
		let capture = Capture::start(&lab.host, Links::OfExits);
		let (mut packets, mut expected) = (vec![], BTreeSet::new());
		for (address, port) in destinations {
			for transport in [Transport::Tcp, Transport::Udp] {
				let number = packets.len() as u32;
				// No two of them are of one connection.
				let source = SocketAddrV4::new(GUEST, 1_024 + (number % 60_000) as u16);
				let there = SocketAddrV4::new(address, port);
				packets.push(match transport {
					Transport::Tcp => syn(source, there, number),
					Transport::Udp => udp(source, there, &number.to_be_bytes()),
				});
				if policy_there.verdict(there.into(), transport).is_ok() {
					expected.insert(number);
				}
			}
		}
		let sent = packets.clone();
		guests.send(&lab.host, packets);
		let mut came = BTreeSet::new();
		let from_guests = |packet: &Vec<u8>| packet.get(12) == Some(&10);
		for _ in 0..50 {
			came.extend(
				capture
					.take()
					.iter()
					.filter(|packet| from_guests(packet))
					.filter_map(|packet| number(packet)),
			);
			if came == expected {
				break;
			}
			thread::sleep(Duration::from_millis(100));
		}
		// What should not come might still.
		thread::sleep(Duration::from_millis(300));
		came.extend(
			capture.take().iter().filter(|packet| from_guests(packet)).filter_map(|packet| number(packet)),
		);
		let name = |number: &u32| {
			let packet = &sent[*number as usize];
			(crate::packets::destination(packet), u16::from_be_bytes([packet[22], packet[23]]), packet[9])
		};
		let [beyond, missing]: [Vec<_>; 2] = [
			came.difference(&expected).take(5).map(name).collect(),
			expected.difference(&came).take(5).map(name).collect(),
		];
		assert!(came == expected, "{class:?}: rules let out {beyond:?}, and do not let out {missing:?}");
		assert!(!expected.is_empty() && expected.len() < sent.len());
		println!("{class:?}: {} packets, {} of them let out by both", sent.len(), expected.len());
		guests.close(&lab.host);
	}
}
