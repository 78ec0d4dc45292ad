use super::*;
use crate::net::packet;
use std::net::SocketAddrV4;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// An exit without a tunnel, and what it sends.
fn alone(limits: Limits) -> (Exit, mpsc::Receiver<Vec<u8>>) {
	let (to_guests, for_guests) = mpsc::channel(4_096);
	let resolver = Resolver::new(vec![(LAB, 9).into()]).unwrap();
	(Exit::start(policy(ExitClass::Open), limits, resolver, to_guests), for_guests)
}

/// A datagram of a guest's.
fn datagram(guest: Ipv4Addr, port: u16, to: SocketAddr, payload: &[u8]) -> Vec<u8> {
	let SocketAddr::V4(to) = to else { panic!("of IPv4") };
	packet::datagram(SocketAddrV4::new(guest, port), to, payload, MTU).unwrap()
}

/// The SYN of a stack at `guest` that calls `to`.
async fn syn(guest: Ipv4Addr, to: SocketAddr) -> Vec<u8> {
	let (to_tunnel, mut sent) = mpsc::channel(8);
	let (_hears, from_tunnel) = mpsc::channel(8);
	let stack = Stack::start(guest, MTU, to_tunnel, from_tunnel);
	tokio::select! {
		_ = stack.connect(to) => panic!("nobody answers"),
		syn = sent.recv() => syn.unwrap(),
	}
}

#[tokio::test]
async fn flood_should_be_bounded_and_leave_other_guests_alone() {
	let limits = Limits {
		flows_per_guest: 20,
		new_flows_per_second: 1,
		new_flows_burst: 50,
		bytes_per_guest: 2 << 20,
		..Limits::default()
	};
	let (exit, mut for_guests) = alone(limits);
	// Somebody who takes a connection and never reads.
	let (address, _server) = server(|stream| async move {
		let _open = stream;
		std::future::pending::<()>().await;
	})
	.await;
	let first = syn(GUEST, address).await;
	for port in 2_000..4_000u16 {
		let mut syn = first.clone();
		syn[20..22].copy_from_slice(&port.to_be_bytes());
		exit.take(syn);
		exit.take(datagram(GUEST, port, address, &[0; 1_000]));
	}
	let counters = exit.counters();
	assert_eq!(exit.flows(), 20);
	assert!(counters.of(Event::TooMany) >= 3_900, "{}", counters.of(Event::TooMany));
	until("they are connected", || counters.of(Event::TcpFlow) == 10 && counters.of(Event::UdpFlow) == 10)
		.await;
	// More for each of them than they may keep waiting.
	for _ in 0..500 {
		for port in 2_000..2_010u16 {
			exit.take(datagram(GUEST, port, address, &[0; 1_000]));
		}
	}
	assert!(exit.memory_bytes() <= 2 << 20, "{}", exit.memory_bytes());
	assert!(counters.of(Event::NoMemory) > 0);
	// Another one is served.
	let there = tokio::net::UdpSocket::bind((LAB, 0)).await.unwrap();
	exit.take(datagram(OTHER_GUEST, 5_000, there.local_addr().unwrap(), b"hello"));
	let mut room = [0; 16];
	assert_eq!(within(5, there.recv(&mut room)).await.unwrap(), 5);
	assert_eq!(exit.flows(), 21);
	exit.forget(GUEST);
	assert_eq!(exit.flows(), 1);
	until("its memory is free", || exit.memory_bytes() < 4_096).await;
	for_guests.close();
}

#[tokio::test]
async fn connections_should_begin_no_faster_than_they_may() {
	let limits =
		Limits { new_flows_per_second: 1, new_flows_burst: 5, mail_flows_per_minute: 1, ..Limits::default() };
	let (exit, _for_guests) = alone(limits);
	let there = SocketAddr::from((LAB, 9_999));
	for port in 1..=100 {
		exit.take(datagram(GUEST, port, there, b"x"));
	}
	assert_eq!((exit.flows(), exit.counters().of(Event::TooFast)), (5, 95));
	let first = syn(OTHER_GUEST, (LAB, 587).into()).await;
	for port in 1..=4u16 {
		let mut syn = first.clone();
		syn[20..22].copy_from_slice(&port.to_be_bytes());
		exit.take(syn);
	}
	assert_eq!(exit.counters().of(Event::TooFast), 97, "two at once and no more");
}

#[tokio::test]
async fn flows_should_be_bounded_over_all_guests() {
	let (exit, _for_guests) = alone(Limits { flows_total: 10, ..Limits::default() });
	for guest in 2..=20 {
		exit.take(datagram(Ipv4Addr::new(100, 96, 1, guest), 7, (LAB, 9_999).into(), b"x"));
	}
	assert_eq!((exit.flows(), exit.counters().of(Event::TooMany)), (10, 9));
}

/// A ping from a guest.
fn ping(guest: Ipv4Addr, to: Ipv4Addr) -> Vec<u8> {
	let mut packet = datagram(guest, 7, (to, 7).into(), &[8, 0, 0xf7, 0xff, 0, 0, 0, 0]);
	// The datagram's header goes, and what it says is what the packet carries.
	packet.drain(20..28);
	packet[9] = 1;
	let length = u16::try_from(packet.len()).unwrap().to_be_bytes();
	packet[2..4].copy_from_slice(&length);
	packet
}

#[tokio::test]
async fn packets_should_be_dropped_when_they_are_no_guests_or_of_no_use() {
	let (exit, mut for_guests) = alone(Limits::default());
	let there = SocketAddr::from((LAB, 9_999));
	let counters = exit.counters();
	for stranger in [Ipv4Addr::new(100, 64, 1, 1), Ipv4Addr::new(8, 8, 8, 8), LAB, Ipv4Addr::UNSPECIFIED] {
		exit.take(datagram(stranger, 7, there, b"x"));
	}
	assert_eq!(counters.of(Event::ForeignSource), 4);
	let mut fragment = datagram(GUEST, 7, there, b"x");
	fragment[6] = 0x20;
	exit.take(fragment);
	let mut other = datagram(GUEST, 7, there, b"x");
	other[9] = 47;
	exit.take(other);
	exit.take(ping(GUEST, LAB));
	exit.take(vec![]);
	exit.take(vec![0x60; 40]);
	exit.take(vec![0x45; 19]);
	assert_eq!(
		[Event::Fragment, Event::OtherProtocol, Event::Malformed].map(|event| counters.of(event)),
		[1, 2, 3]
	);
	// To another guest, by name of its address.
	exit.take(datagram(GUEST, 7, (OTHER_GUEST, 7).into(), b"x"));
	assert_eq!((counters.of(Event::DeniedAddress), exit.flows()), (1, 0));
	assert!(for_guests.try_recv().is_err(), "nothing was said");
	exit.take(ping(GUEST, crate::net::GATEWAY));
	let pong = for_guests.try_recv().unwrap();
	let inner = packet::parse(&pong).unwrap();
	assert_eq!((inner.source, inner.destination, pong[20]), (crate::net::GATEWAY, GUEST, 0));
	assert_eq!(counters.of(Event::Pong), 1);
}

#[tokio::test]
async fn segments_should_be_answered_with_a_reset_when_they_belong_to_no_connection() {
	let (exit, mut for_guests) = alone(Limits::default());
	let mut segment = syn(GUEST, (LAB, 80).into()).await;
	// An acknowledgement.
	segment[33] = 0x10;
	exit.take(segment);
	assert_eq!(exit.counters().of(Event::NoFlow), 1);
	let reset = for_guests.try_recv().unwrap();
	assert_eq!(reset[33] & 0x04, 0x04);
	exit.take(reset_of(&reset));
	assert!(for_guests.try_recv().is_err(), "a reset is not answered");
}

/// A reset from the guest.
fn reset_of(answer: &[u8]) -> Vec<u8> {
	let mut packet = answer.to_vec();
	for offset in 0..4 {
		packet.swap(12 + offset, 16 + offset);
	}
	packet
}

#[tokio::test]
async fn forget_should_end_a_guests_connections() {
	let pair = pair(Line::default());
	let (heard, mut hears) = mpsc::channel(1);
	let (address, _server) = server(move |mut stream| {
		let heard = heard.clone();
		async move {
			stream.write_u8(1).await.unwrap();
			let ended = stream.read(&mut [0; 8]).await;
			heard.send(ended.map_or(0, |read| read)).await.unwrap();
		}
	})
	.await;
	let mut stream = within(5, pair.stack.connect(address)).await.unwrap();
	assert_eq!(within(5, stream.read_u8()).await.unwrap(), 1);
	pair.exit.forget(GUEST);
	assert_eq!(pair.exit.flows(), 0);
	assert_eq!(within(5, hears.recv()).await, Some(0));
	until("its memory is free", || pair.exit.memory_bytes() == 0).await;
	// It learns of it when it says something.
	stream.write_u8(2).await.unwrap();
	assert!(within(5, stream.read_u8()).await.is_err());
}
