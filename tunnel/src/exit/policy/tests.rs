use super::*;
use proptest::prelude::*;

const CLASSES: [ExitClass; 4] = [ExitClass::Relay, ExitClass::Web, ExitClass::Reduced, ExitClass::Open];
const TRANSPORTS: [Transport; 2] = [Transport::Tcp, Transport::Udp];

fn net(text: &str) -> IpNet {
	text.parse().unwrap()
}

fn own() -> Vec<IpNet> {
	["93.184.216.34/32", "93.184.216.0/24", "2a00:1450:4001::/48"].map(net).to_vec()
}

fn policy(class: ExitClass) -> Policy {
	Policy::new(class, own(), [], vec![])
}

fn verdict(class: ExitClass, destination: &str, transport: Transport) -> Result<(), Denied> {
	policy(class).verdict(destination.parse().unwrap(), transport)
}

#[test]
fn addresses_should_be_denied_when_they_are_not_of_the_internet() {
	let denied = [
		"0.0.0.0",
		"0.255.255.255",
		"10.0.0.1",
		"10.255.255.255",
		"100.64.0.1",
		"100.96.0.7",
		"100.127.255.255",
		"127.0.0.1",
		"127.255.255.255",
		"169.254.169.254",
		"172.16.0.1",
		"172.31.255.255",
		"192.0.0.8",
		"192.0.2.1",
		"192.88.99.1",
		"192.168.1.1",
		"198.18.0.1",
		"198.19.255.255",
		"198.51.100.1",
		"203.0.113.1",
		"224.0.0.1",
		"239.255.255.255",
		"240.0.0.1",
		"255.255.255.255",
		"::",
		"::1",
		"::8.8.8.8",
		"::ffff:8.8.8.8",
		"::ffff:192.168.1.1",
		"::ffff:0:8.8.8.8",
		"64:ff9b::8.8.8.8",
		"64:ff9b::192.168.1.1",
		"64:ff9b:1::10.0.0.1",
		"100::1",
		"2001::1",
		"2001:0:4136:e378:8000:63bf:3fff:fdd2",
		"2001:2::1",
		"2001:10::1",
		"2001:20::1",
		"2001:db8::1",
		"2002:c0a8:101::1",
		"2002:808:808::1",
		"3fff::1",
		"3fff:fff:ffff::1",
		"4000::1",
		"5f00::1",
		"fc00::1",
		"fd12:3456::1",
		"fe80::1",
		"fec0::1",
		"ff02::fb",
		"2600:1900::5efe:c0a8:101",
		"2600:1900::200:5efe:808:808",
	];
	for address in denied {
		let address: IpAddr = address.parse().unwrap();
		assert_eq!(policy(ExitClass::Open).address(address), Err(Denied::Address), "{address}");
	}
}

#[test]
fn addresses_should_be_allowed_when_they_lie_just_beside_denied_ones() {
	let allowed = [
		"1.0.0.0",
		"9.255.255.255",
		"11.0.0.0",
		"100.63.255.255",
		"100.128.0.0",
		"126.255.255.255",
		"128.0.0.0",
		"169.253.255.255",
		"169.255.0.0",
		"172.15.255.255",
		"172.32.0.0",
		"192.0.1.0",
		"192.0.3.0",
		"192.88.98.1",
		"192.167.255.255",
		"192.169.0.0",
		"198.17.255.255",
		"198.20.0.0",
		"198.51.99.255",
		"203.0.114.0",
		"223.255.255.255",
		"2001:200::1",
		"2001:4860:4860::8888",
		"2003::1",
		"2600:1900::1",
		"2600:1900::5eff:c0a8:101",
		"3ffe::1",
		"3fff:1000::1",
	];
	for address in allowed {
		let address: IpAddr = address.parse().unwrap();
		assert_eq!(policy(ExitClass::Open).address(address), Ok(()), "{address}");
	}
}

#[test]
fn own_addresses_and_networks_should_be_denied() {
	for own in ["93.184.216.34", "93.184.216.77", "2a00:1450:4001:82a::200e"] {
		let own: IpAddr = own.parse().unwrap();
		for class in CLASSES {
			let destination = SocketAddr::from((own, 443));
			assert_eq!(policy(class).verdict(destination, Transport::Tcp), Err(Denied::Own));
		}
	}
	assert_eq!(policy(ExitClass::Open).address("93.184.217.34".parse().unwrap()), Ok(()));
}

#[test]
fn closed_ports_should_be_denied_in_every_class() {
	let registered: Vec<SocketAddr> =
		CLOSED.iter().flat_map(|range| range.clone()).map(|port| ([8, 8, 8, 8], port).into()).collect();
	for class in CLASSES {
		let policy = Policy::new(class, vec![], registered.clone(), vec![]);
		for port in [0, 25, 135, 136, 137, 138, 139, 445, 1_900, 5_353, 11_211] {
			for transport in TRANSPORTS {
				assert_eq!(
					policy.verdict(([8, 8, 8, 8], port).into(), transport),
					Err(Denied::Port),
					"{class:?} {port}"
				);
			}
		}
	}
}

#[test]
fn classes_should_let_out_their_ports() {
	use Transport::{Tcp, Udp};
	// Port, transport, and whether it is let out: web, reduced, open.
	let rows = [
		(80, Tcp, [true, true, true]),
		(443, Tcp, [true, true, true]),
		(443, Udp, [true, true, true]),
		(80, Udp, [false, false, true]),
		(53, Udp, [false, true, true]),
		(53, Tcp, [false, true, true]),
		(853, Tcp, [false, true, true]),
		(22, Tcp, [false, true, true]),
		(22, Udp, [false, false, true]),
		(993, Tcp, [false, true, true]),
		(587, Tcp, [false, true, true]),
		(3_478, Udp, [false, true, true]),
		(51_820, Udp, [false, true, true]),
		(6_881, Tcp, [false, false, true]),
		(6_881, Udp, [false, false, true]),
		(3_389, Tcp, [false, false, true]),
		(6_379, Tcp, [false, false, true]),
		(65_535, Udp, [false, false, true]),
	];
	for (port, transport, out) in rows {
		for (class, is_out) in [ExitClass::Web, ExitClass::Reduced, ExitClass::Open].into_iter().zip(out) {
			let expected = if is_out { Ok(()) } else { Err(Denied::Class) };
			assert_eq!(
				verdict(class, &format!("8.8.8.8:{port}"), transport),
				expected,
				"{class:?} {port} {transport:?}"
			);
		}
	}
}

#[test]
fn relay_should_let_out_registered_endpoints_and_nothing_else() {
	let there: SocketAddr = "8.8.8.8:51820".parse().unwrap();
	let private: SocketAddr = "192.168.1.1:51820".parse().unwrap();
	let policy = Policy::new(ExitClass::Relay, own(), [there, private], vec![]);
	for transport in TRANSPORTS {
		assert_eq!(policy.verdict(there, transport), Ok(()));
		assert_eq!(policy.verdict(private, transport), Err(Denied::Address));
		for other in ["8.8.8.8:51821", "8.8.8.9:51820", "8.8.8.8:443"] {
			assert_eq!(policy.verdict(other.parse().unwrap(), transport), Err(Denied::NotRegistered));
		}
	}
	assert!(!policy.resolves());
}

#[test]
fn lab_should_lift_the_address_rules_and_no_other() {
	let policy = Policy::new(ExitClass::Web, vec![net("127.0.0.0/8")], [], vec![net("127.0.41.0/24")]);
	assert_eq!(policy.verdict("127.0.41.1:443".parse().unwrap(), Transport::Tcp), Ok(()));
	assert_eq!(policy.verdict("127.0.41.1:25".parse().unwrap(), Transport::Tcp), Err(Denied::Port));
	assert_eq!(policy.verdict("127.0.41.1:22".parse().unwrap(), Transport::Tcp), Err(Denied::Class));
	assert_eq!(policy.verdict("127.0.42.1:443".parse().unwrap(), Transport::Tcp), Err(Denied::Address));
}

/// Every address that means the IPv4 one to somebody on its way.
fn embeddings(address: Ipv4Addr, seed: u64) -> Vec<IpAddr> {
	let [a, b, c, d] = address.octets().map(u16::from);
	let (high, low) = (a << 8 | b, c << 8 | d);
	let [w, x, y, z] = [seed as u16, (seed >> 16) as u16, (seed >> 32) as u16, (seed >> 48) as u16];
	[
		[0, 0, 0, 0, 0, 0, high, low],
		[0, 0, 0, 0, 0, 0xffff, high, low],
		[0, 0, 0, 0, 0xffff, 0, high, low],
		[0x64, 0xff9b, 0, 0, 0, 0, high, low],
		[0x64, 0xff9b, 1, w, x, y, high, low],
		[0x64, 0xff9b, 1, high, low & 0xff00 | w & 0xff, low << 8, x, y],
		[0x2002, high, low, w, x, y, z, w],
		// Teredo: the server, and the client with its bits turned.
		[0x2001, 0, high, low, w, x, y, z],
		[0x2001, 0, w, x, y, z, !high, !low],
		[0x2600 | w & 0xf, x, y, z, 0, 0x5efe, high, low],
		[0x2600 | w & 0xf, x, y, z, 0x200, 0x5efe, high, low],
		[0xfe80, 0, 0, 0, 0, 0x5efe, high, low],
	]
	.map(|[a, b, c, d, e, f, g, h]| IpAddr::V6(Ipv6Addr::new(a, b, c, d, e, f, g, h)))
	.to_vec()
}

proptest! {
	#[test]
	fn no_denied_prefix_should_pass_in_any_class_by_any_embedding(
		prefix in 0..DENIED.len() + 2,
		host in any::<u128>(),
		seed in any::<u64>(),
		port in any::<u16>(),
		class in 0usize..4,
		is_udp in any::<bool>(),
	) {
		let owned = own();
		let network = match DENIED.get(prefix) {
			Some((address, length)) => IpNet::new(*address, *length).unwrap(),
			None => owned[(prefix - DENIED.len()) * 2],
		};
		let address: IpAddr = match network {
			IpNet::V4(network) => {
				let host = host as u32 & u32::from(network.hostmask());
				Ipv4Addr::from(u32::from(network.network()) | host).into()
			}
			IpNet::V6(network) => {
				let host = host & u128::from(network.hostmask());
				Ipv6Addr::from(u128::from(network.network()) | host).into()
			}
		};
		let mut meanings = vec![address];
		if let IpAddr::V4(address) = address {
			meanings.extend(embeddings(address, seed));
		}
		let transport = TRANSPORTS[usize::from(is_udp)];
		for meaning in meanings {
			let destination = SocketAddr::new(meaning, port);
			// Registered as well: not even that lets it out.
			let policy = Policy::new(CLASSES[class], own(), [destination], vec![]);
			prop_assert!(policy.verdict(destination, transport).is_err(), "{meaning}");
			prop_assert!(policy.address(meaning).is_err(), "{meaning}");
		}
	}

	#[test]
	fn narrower_classes_should_let_out_no_more_than_wider_ones(
		address in any::<u32>(), port in any::<u16>(), is_udp in any::<bool>(),
	) {
		let destination = SocketAddr::from((Ipv4Addr::from(address), port));
		let transport = TRANSPORTS[usize::from(is_udp)];
		let out = |class| policy(class).verdict(destination, transport).is_ok();
		prop_assert!(!out(ExitClass::Web) || out(ExitClass::Reduced));
		prop_assert!(!out(ExitClass::Reduced) || out(ExitClass::Open));
	}
}
