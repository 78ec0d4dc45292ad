use super::*;

fn side() -> Arc<Side> {
	let (_, side) = Sided::new(
		Way::Line(
			crate::engine::transport::LineFactory {
				address: Ipv4Addr::LOCALHOST.into(),
				only: None,
				caps: Default::default(),
				counters: Arc::default(),
				dropped: Arc::default(),
			},
			Arc::default(),
		),
		Arc::default(),
	);
	side
}

fn at(text: &str) -> SocketAddr {
	text.parse().unwrap()
}

#[test]
fn relayed_addresses_should_be_told_from_all_others() {
	let there = SocketAddrV4::new(Ipv4Addr::new(203, 0, 113, 9), 4_321);
	assert_eq!(unrelayed(relayed(there)), Some(there));
	for other in ["203.0.113.9:1", "[::ffff:203.0.113.9]:1", "[fd77:6569:7200::1:0:1]:1", "[2001:db8::1]:1"] {
		assert_eq!(unrelayed(at(other)), None, "{other}");
	}
}

#[test]
fn questions_should_be_answered_by_those_who_tell_within_the_share_of_a_prefix() {
	let side = side();
	let (ask, from) = (Probe::Ask([1; 16]), at("192.0.2.1:7"));
	assert_eq!(side.hear(ask, from), None, "a customer tells nobody");
	side.tell_where();
	for _ in 0..ASK_BURST {
		assert_eq!(side.hear(ask, from), Some(Probe::Told([1; 16], from)));
	}
	assert_eq!(side.hear(ask, at("192.0.2.200:9")), None, "of the same prefix");
	assert!(side.hear(ask, at("198.51.100.1:7")).is_some());
	let now = Instant::now();
	let mut asked = Asked::default();
	for n in 0..10_000u32 {
		asked.admit(IpAddr::from((0x0a00_0000 + n * 256).to_be_bytes()), now);
	}
	assert_eq!(asked.0.len(), MOST_PREFIXES);
	assert!(asked.admit([203, 0, 113, 1].into(), now + ASK_EVERY * 2));
}

#[tokio::test]
async fn probes_should_be_heard_by_those_who_know_the_token() {
	let side = side();
	let from = at("192.0.2.1:7");
	for stranger in [Probe::Told([1; 16], from), Probe::Ping([1; 16]), Probe::Pong([1; 16])] {
		assert_eq!(side.hear(stranger, from), None);
	}
	assert!(side.answer_pings([2; 16]));
	assert_eq!(side.hear(Probe::Ping([2; 16]), from), Some(Probe::Pong([2; 16])));
	assert_eq!(side.hear(Probe::Pong([2; 16]), from), None, "no answer to an answer");
	let mut heard = side.listen([3; 16]).unwrap();
	assert_eq!(side.hear(Probe::Pong([3; 16]), from), None);
	assert_eq!(heard.next().await, (Probe::Pong([3; 16]), from));
	drop(heard);
	assert_eq!(lock(&side.listeners).len(), 1);
}

#[test]
fn tokens_should_be_bounded() {
	let side = side();
	for n in 0..MOST_TOKENS as u128 {
		assert!(side.answer_pings(n.to_be_bytes()));
	}
	assert!(!side.answer_pings([0xff; 16]) && side.listen([0xff; 16]).is_none());
}

#[test]
fn direct_way_should_replace_the_peers_address_and_nothing_else() {
	let side = side();
	let (peer, direct, other) = (at("192.0.2.1:7"), at("198.51.100.1:9"), at("203.0.113.1:5"));
	side.take_only(peer.ip());
	assert_eq!((side.incoming(peer), side.incoming(direct)), (Some(peer), None));
	side.go_directly(peer, Some(direct));
	assert_eq!(side.incoming(direct), Some(peer));
	assert_eq!(side.incoming(at("198.51.100.1:10")), None, "another port of the same address");
	assert_eq!(
		(
			side.outgoing(&mut Packet::copy_from(&[0u8; 1][..]), peer),
			side.outgoing(&mut Packet::copy_from(&[0u8; 1][..]), other)
		),
		(Some(direct), Some(other))
	);
	side.go_directly(peer, None);
	assert_eq!(
		(side.outgoing(&mut Packet::copy_from(&[0u8; 1][..]), peer), side.incoming(direct)),
		(Some(peer), None)
	);
	// Without a relay there is no way to those who came by one.
	assert_eq!(
		side.outgoing(&mut Packet::copy_from(&[0u8; 1][..]), relayed("192.0.2.1:7".parse().unwrap())),
		None
	);
}
