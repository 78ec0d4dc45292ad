use super::*;
use crate::tasks::Task;
use tokio::net::UdpSocket;

const A: Ipv4Addr = Ipv4Addr::new(100, 64, 0, 1);
const B: Ipv4Addr = Ipv4Addr::new(100, 64, 1, 1);
const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 31, 1));

async fn pair(caps: Caps) -> ((Engine, mpsc::Receiver<Inbound>), (Engine, mpsc::Receiver<Inbound>)) {
	let a = Engine::start(LOOPBACK, 0, caps).await.unwrap();
	let b = Engine::start("127.0.32.1".parse().unwrap(), 0, Caps::default()).await.unwrap();
	a.0.add_peer(b.0.public(), B, None).await.unwrap();
	b.0.add_peer(a.0.public(), A, Some((LOOPBACK, a.0.port()).into())).await.unwrap();
	(a, b)
}

async fn receive(inbound: &mut mpsc::Receiver<Inbound>) -> Inbound {
	tokio::time::timeout(Duration::from_secs(10), inbound.recv()).await.expect("a datagram").unwrap()
}

#[tokio::test]
async fn engines_should_exchange_datagrams_over_wireguard_without_root() {
	let ((a, mut from_b), (b, mut from_a)) = pair(Caps::default()).await;
	b.send(B, A, b"weir");
	let inbound = receive(&mut from_b).await;
	assert_eq!((inbound.source, &inbound.bytes[..]), (B, &b"weir"[..]));
	a.send(A, B, b"back");
	assert_eq!(receive(&mut from_a).await.bytes, b"back");
	// Bound to the configured address, so that this is where packets come from.
	let endpoint = a.endpoint_of(b.public()).await.unwrap();
	assert_eq!(endpoint, SocketAddr::from(([127, 0, 32, 1], b.port())));
	assert!(a.counters().received_bytes.load(Ordering::Relaxed) > 148);
}

#[tokio::test]
async fn engines_should_exchange_datagrams_over_ipv6() {
	let localhost = IpAddr::from(std::net::Ipv6Addr::LOCALHOST);
	let (target, mut from_attestor) = Engine::start(localhost, 0, Caps::default()).await.unwrap();
	let (attestor, mut from_target) =
		Engine::start_towards(localhost, localhost, Arc::default()).await.unwrap();
	target.add_peer(attestor.public(), B, None).await.unwrap();
	attestor.add_peer(target.public(), A, Some((localhost, target.port()).into())).await.unwrap();
	attestor.send(B, A, b"weir");
	assert_eq!(receive(&mut from_attestor).await.bytes, b"weir");
	target.send(A, B, b"back");
	assert_eq!(receive(&mut from_target).await.bytes, b"back");
	let endpoint = target.endpoint_of(attestor.public()).await.unwrap();
	assert_eq!(endpoint, SocketAddr::from((localhost, attestor.port())));
}

#[tokio::test]
async fn datagrams_should_be_dropped_when_the_inner_source_is_not_the_peers() {
	let ((_a, mut from_b), (b, _from_a)) = pair(Caps::default()).await;
	b.send(Ipv4Addr::new(100, 64, 1, 9), A, b"spoofed");
	b.send(B, A, b"honest");
	assert_eq!(receive(&mut from_b).await.bytes, b"honest");
}

#[tokio::test]
async fn inner_packets_should_be_counted_when_they_are_no_datagrams_or_nobody_reads() {
	let ((a, mut from_b), (b, _from_a)) = pair(Caps::default()).await;
	b.send(B, A, b"handshake");
	receive(&mut from_b).await;
	let mut packet = data::wrap(B, A, b"to another port").unwrap();
	packet[23] = 9;
	b.to_tunnel.try_send(packet).unwrap();
	b.send(B, A, b"honest");
	assert_eq!(receive(&mut from_b).await.bytes, b"honest");
	assert_eq!(a.dropped().of(Rule::NotADatagram), 1);
	// More than wait at most, and nobody reads them.
	for _ in 0..CHANNEL + 1_000 {
		let packet = data::wrap(B, A, b"many").unwrap();
		b.to_tunnel.send(packet).await.unwrap();
	}
	let began = clock::now();
	while a.dropped().of(Rule::TooManyWaiting) == 0 {
		assert!(clock::now() < began + 10_000_000, "nothing was dropped");
		b.send(B, A, b"one more");
		tokio::time::sleep(Duration::from_millis(1)).await;
	}
	assert_eq!(from_b.len(), CHANNEL);
}

const GUEST: Ipv4Addr = Ipv4Addr::new(100, 96, 0, 2);

/// An inner TCP packet without a payload.
fn tcp(source: Ipv4Addr, destination: Ipv4Addr) -> Vec<u8> {
	let mut packet = data::wrap(source, destination, &[0; 12]).unwrap();
	packet[9] = 6;
	packet
}

#[tokio::test]
async fn packets_of_customers_should_go_whole_and_beside_those_of_tests() {
	let (server, mut datagrams, mut from_guests) =
		Engine::start_serving(LOOPBACK, 0, Caps::default()).await.unwrap();
	let (guest, mut packets) = Engine::start_guest(LOOPBACK, "127.0.32.2".parse().unwrap()).await.unwrap();
	let (attestor, mut answers) =
		Engine::start("127.0.32.1".parse().unwrap(), 0, Caps::default()).await.unwrap();
	let here = Some((LOOPBACK, server.port()).into());
	server.add_peer(guest.public(), GUEST, None).await.unwrap();
	server.add_peer(attestor.public(), B, None).await.unwrap();
	// A customer reaches everything through the tunnel.
	guest.add_peer_for_all(server.public(), here).await.unwrap();
	attestor.add_peer(server.public(), A, here).await.unwrap();
	let wait = Duration::from_secs(10);
	let up = tcp(GUEST, Ipv4Addr::new(192, 0, 2, 1));
	assert!(guest.send_packet(up.clone()));
	assert_eq!(tokio::time::timeout(wait, from_guests.recv()).await.unwrap(), Some(up));
	let down = tcp(Ipv4Addr::new(192, 0, 2, 1), GUEST);
	assert!(server.packet_sender().send(down.clone()));
	assert_eq!(tokio::time::timeout(wait, packets.recv()).await.unwrap(), Some(down));
	attestor.send(B, A, b"of a test");
	assert_eq!(receive(&mut datagrams).await.bytes, b"of a test");
	server.send(A, B, b"receipt");
	assert_eq!(receive(&mut answers).await.bytes, b"receipt");
	// Even a datagram on a test's port is only a packet when it comes from a customer.
	guest.send_packet(data::wrap(GUEST, A, b"not of a test").unwrap());
	assert!(tokio::time::timeout(wait, from_guests.recv()).await.unwrap().is_some());
	assert!(datagrams.try_recv().is_err());
	let sender = server.packet_sender();
	server.stop().await;
	assert!(!sender.send(tcp(A, GUEST)));
}

/// An address that hands on to `target` and back, and shows each inner packet on its way there, sealed as it is.
async fn tap(target: SocketAddr) -> (SocketAddr, mpsc::UnboundedReceiver<Vec<u8>>, Task) {
	tap_all(target, |packet, is_back| !is_back && packet[0] == 4 && packet.len() > 32).await
}

/// As [`tap`], and shows what `is_shown`.
async fn tap_all(
	target: SocketAddr,
	is_shown: fn(&[u8], bool) -> bool,
) -> (SocketAddr, mpsc::UnboundedReceiver<Vec<u8>>, Task) {
	let socket = UdpSocket::bind("127.0.35.1:0").await.unwrap();
	let address = socket.local_addr().unwrap();
	let (show, shown) = mpsc::unbounded_channel();
	let task = Task::spawn("tap", async move {
		let (mut buffer, mut near) = ([0; 2_048], None::<SocketAddr>);
		loop {
			let (length, source) = socket.recv_from(&mut buffer).await.unwrap();
			let packet = &buffer[..length];
			let is_back = source == target;
			if is_shown(packet, is_back) {
				let _ = show.send(packet.to_vec());
			}
			if is_back {
				socket.send_to(packet, near.unwrap()).await.unwrap();
				continue;
			}
			near = Some(source);
			socket.send_to(packet, target).await.unwrap();
		}
	});
	(address, shown, task)
}

#[tokio::test]
async fn packets_should_count_as_sealed_and_not_as_opened_when_they_are_forged_or_replayed() {
	let (a, mut from_b) = Engine::start(LOOPBACK, 0, Caps::default()).await.unwrap();
	let (b, _from_a) = Engine::start("127.0.32.1".parse().unwrap(), 0, Caps::default()).await.unwrap();
	let target = SocketAddr::from((LOOPBACK, a.port()));
	let (line, mut shown, _tap) = tap(target).await;
	a.add_peer(b.public(), B, None).await.unwrap();
	b.add_peer(a.public(), A, Some(line)).await.unwrap();
	let counted = || {
		let counters = a.counters();
		[&counters.sealed_packets, &counters.opened_packets].map(|counter| counter.load(Ordering::Relaxed))
	};
	b.send(B, A, b"honest");
	assert_eq!(receive(&mut from_b).await.bytes, b"honest");
	// Neither the handshake is among them, nor the keepalive that ends it.
	assert_eq!(counted(), [1, 1]);
	let replayed = shown.recv().await.unwrap();
	let forged = |at: usize| {
		let mut packet = replayed.clone();
		packet[at] ^= 1;
		packet
	};
	// Another kind, another session, a number that has not come yet, other bytes, another tag, and cut short.
	let mut bad = Vec::from([0, 4, 9, 16, replayed.len() - 1].map(forged));
	bad.extend([replayed[..20].to_vec(), replayed.clone()]);
	let stranger = UdpSocket::bind("127.0.36.1:0").await.unwrap();
	for packet in &bad {
		stranger.send_to(packet, target).await.unwrap();
	}
	// The peer itself, with an inner source that is not its own.
	b.send(Ipv4Addr::new(100, 64, 1, 9), A, b"spoofed");
	b.send(B, A, b"after");
	// What came before has been read, and nothing of it came out.
	assert_eq!(receive(&mut from_b).await.bytes, b"after");
	assert_eq!(counted(), [bad.len() as u64 + 3, 2]);
	assert!(a.dropped().rows().all(|(_, count)| count == 0));
}

#[tokio::test]
async fn nothing_on_the_line_should_begin_as_wireguard_when_it_is_disguised() {
	let (server, _, mut from_guests) = Engine::start_serving(LOOPBACK, 0, Caps::default()).await.unwrap();
	let (line, mut shown, _tap) = tap_all((LOOPBACK, server.port()).into(), |_, _| true).await;
	let (guest, mut packets) = Engine::start_guest(line.ip(), "127.0.32.2".parse().unwrap()).await.unwrap();
	server.add_peer(guest.public(), GUEST, None).await.unwrap();
	let disguise = server.disguise();
	assert_eq!((disguise.first_port, disguise.ports), (server.port(), 1));
	guest.disguise_as(disguise.key);
	guest.add_peer_for_all(server.public(), Some(line)).await.unwrap();
	let (up, down) = (tcp(GUEST, Ipv4Addr::new(192, 0, 2, 1)), tcp(Ipv4Addr::new(192, 0, 2, 1), GUEST));
	let wait = Duration::from_secs(10);
	for _ in 0..20 {
		assert!(guest.send_packet(up.clone()));
		assert_eq!(tokio::time::timeout(wait, from_guests.recv()).await.unwrap().as_ref(), Some(&up));
		assert!(server.packet_sender().send(down.clone()));
		assert_eq!(tokio::time::timeout(wait, packets.recv()).await.unwrap().as_ref(), Some(&down));
	}
	let mut seen = Vec::new();
	while let Ok(packet) = shown.try_recv() {
		seen.push(packet);
	}
	// Handshake, response, and what was carried both ways.
	assert!(seen.len() >= 42, "{}", seen.len());
	for packet in &seen {
		assert!(!weir_tunnel_core::scramble::is_plain(packet), "{}", hex::encode(packet));
	}
	// One that is not in disguise is served beside it, on the same port.
	let (plain, mut answers) = Engine::start_guest(LOOPBACK, "127.0.32.3".parse().unwrap()).await.unwrap();
	let other = Ipv4Addr::new(100, 96, 0, 3);
	server.add_peer(plain.public(), other, None).await.unwrap();
	plain.add_peer_for_all(server.public(), Some((LOOPBACK, server.port()).into())).await.unwrap();
	assert!(plain.send_packet(tcp(other, Ipv4Addr::new(192, 0, 2, 1))));
	assert!(tokio::time::timeout(wait, from_guests.recv()).await.unwrap().is_some());
	assert!(server.packet_sender().send(tcp(Ipv4Addr::new(192, 0, 2, 1), other)));
	assert!(tokio::time::timeout(wait, answers.recv()).await.unwrap().is_some());
}

#[tokio::test]
async fn device_should_follow_its_peer_nowhere_when_it_is_for_one_address() {
	let elsewhere: IpAddr = "127.0.33.1".parse().unwrap();
	for (registered, is_heard) in [(LOOPBACK, true), (elsewhere, false)] {
		let (target, mut from_attestor) = Engine::start(LOOPBACK, 0, Caps::default()).await.unwrap();
		let bind = "127.0.34.1".parse().unwrap();
		let (attestor, mut from_target) =
			Engine::start_towards(registered, bind, Arc::default()).await.unwrap();
		attestor.add_peer(target.public(), A, None).await.unwrap();
		let here = ("127.0.34.1".parse::<IpAddr>().unwrap(), attestor.port()).into();
		target.add_peer(attestor.public(), B, Some(here)).await.unwrap();
		// The target begins, as one that has moved would.
		target.send(A, B, b"from wherever I am");
		let heard = tokio::time::timeout(Duration::from_secs(1), from_target.recv()).await;
		assert_eq!(heard.is_ok(), is_heard, "registered at {registered}");
		assert_eq!(attestor.dropped().of(Rule::ForeignEndpoint) == 0, is_heard);
		assert_eq!(attestor.endpoint_of(target.public()).await.is_some(), is_heard);
		assert!(from_attestor.try_recv().is_err());
	}
}

#[tokio::test]
async fn start_should_name_the_port_when_it_is_in_use() {
	let (a, _inbound) = Engine::start(LOOPBACK, 0, Caps::default()).await.unwrap();
	let error = Engine::start(LOOPBACK, a.port(), Caps::default()).await.map(|_| ()).unwrap_err().to_string();
	assert!(error.contains("in use") && error.contains(&a.port().to_string()), "{error}");
}

#[tokio::test]
async fn caps_should_hold_in_both_directions() {
	let ((a, mut from_b), (b, mut from_a)) = pair(Caps { ingress_kbps: 4_000, egress_kbps: 2_000 }).await;
	b.send(B, A, b"handshake");
	receive(&mut from_b).await;
	let began = clock::now();
	let (mut down, mut up) = (0u64, 0u64);
	while clock::now() < began + 2_000_000 {
		for _ in 0..8 {
			b.send(B, A, &[1; 1_216]);
			a.send(A, B, &[2; 1_216]);
		}
		tokio::time::sleep(Duration::from_millis(5)).await;
		while from_b.try_recv().is_ok() {
			down += 1_308;
		}
		while from_a.try_recv().is_ok() {
			up += 1_308;
		}
	}
	let kbps = |bytes: u64| bytes * 8_000 / (clock::now() - began);
	assert!((3_600..=4_300).contains(&kbps(down)), "down {}", kbps(down));
	assert!((1_800..=2_200).contains(&kbps(up)), "up {}", kbps(up));
}
