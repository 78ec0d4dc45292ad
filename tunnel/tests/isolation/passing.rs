//! What guests may do goes on working, and names do not take them where addresses may not.

use crate::{
	guests::{unlimited, Guests, GUEST},
	lab::{self, Capture, Lab, Links, Node, NEIGHBOUR, PRINTER, SERVER, UPSTREAM},
	packets::{destination, ping, udp},
};
use hickory_proto::{
	op::{Message, MessageType},
	rr::{rdata::A, RData, Record},
};
use std::{
	net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4},
	sync::atomic::{AtomicU32, Ordering},
	thread,
	time::Duration,
};
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::{TcpListener, UdpSocket},
};
use weir_primitives::ExitClass;
use weir_tunnel::exit::{counters::Event, Kind, Limits};

const PATIENCE: Duration = Duration::from_secs(10);
/// A page of the web.
const BYTES: usize = 3_000_000;

/// Sends back what comes, over TCP and UDP.
fn echo(node: &Node, address: SocketAddr) {
	node.spawn(async move {
		let listener = TcpListener::bind(address).await.unwrap();
		let socket = UdpSocket::bind(address).await.unwrap();
		let mut room = [0; 2_048];
		loop {
			tokio::select! {
				accepted = listener.accept() => {
					let (mut stream, _) = accepted.unwrap();
					tokio::spawn(async move {
						let (mut read, mut write) = stream.split();
						let _ = tokio::io::copy(&mut read, &mut write).await;
						let _ = write.shutdown().await;
					});
				}
				received = socket.recv_from(&mut room) => {
					let (length, source) = received.unwrap();
					socket.send_to(&room[..length], source).await.unwrap();
				}
			}
		}
	});
}

/// Knows a public name, one that is private, and one that is public only when it is asked for the first time.
fn names(node: &Node) {
	node.spawn(async {
		let socket = UdpSocket::bind((UPSTREAM, 53)).await.unwrap();
		let (asked, mut room) = (AtomicU32::new(0), [0; 2_048]);
		loop {
			let (length, source) = socket.recv_from(&mut room).await.unwrap();
			let mut message = Message::from_vec(&room[..length]).unwrap();
			message.metadata.message_type = MessageType::Response;
			message.edns = None;
			let name = message.queries[0].name().clone();
			let address = match &name.to_ascii()[..] {
				"public.example." => SERVER,
				"rebinding.example." => PRINTER,
				"neighbour.example." => NEIGHBOUR,
				"turning.example." if asked.fetch_add(1, Ordering::Relaxed) == 0 => SERVER,
				"turning.example." => Ipv4Addr::LOCALHOST,
				other => panic!("nobody asks for {other}"),
			};
			message.add_answer(Record::from_rdata(name, 0, RData::A(A(address))));
			socket.send_to(&message.to_vec().unwrap(), source).await.unwrap();
		}
	});
}

/// What a guest's stack is told of a name.
fn resolve(lab: &Lab, guests: &Guests, name: &'static str) -> Option<Vec<IpAddr>> {
	let stack = guests.stack.clone();
	lab.host.run(async move { stack.resolve(name).await.ok() })
}

fn connects(lab: &Lab, guests: &Guests, there: SocketAddr) -> bool {
	let stack = guests.stack.clone();
	lab.host.run(async move {
		tokio::time::timeout(PATIENCE, stack.connect(there)).await.is_ok_and(|it| it.is_ok())
	})
}

fn what_is_allowed_should_pass(kind: Kind) {
	if !lab::is_possible("allowed traffic") {
		return;
	}
	let lab = Lab::build();
	let there = SocketAddr::from((SERVER, 443));
	echo(&lab.internet, there);
	names(&lab.internet);
	let guests = Guests::behind(&lab.host, kind, ExitClass::Web, unlimited());
	lab::until("TCP is echoed", || connects(&lab, &guests, there));
	let stack = guests.stack.clone();
	let seconds = lab.host.run(async move {
		let began = std::time::Instant::now();
		let stream = stack.connect(there).await.unwrap();
		let (mut read, mut write) = tokio::io::split(stream);
		let body: Vec<u8> = (0..BYTES).map(|n| (n % 251) as u8).collect();
		let send = async {
			write.write_all(&body).await.unwrap();
			write.shutdown().await.unwrap();
		};
		let mut back = vec![];
		let both = async { tokio::join!(read.read_to_end(&mut back), send) };
		tokio::time::timeout(PATIENCE * 3, both).await.unwrap().0.unwrap();
		assert!(back == body);
		began.elapsed().as_secs_f64()
	});
	println!("{}: {BYTES} bytes there and back in {seconds:.2} s", kind.name());
	let stack = guests.stack.clone();
	let answer = lab.host.run(async move { stack.exchange(there, b"datagram", PATIENCE).await.unwrap() });
	assert_eq!(answer, b"datagram");
	assert_eq!(resolve(&lab, &guests, "public.example"), Some(vec![SERVER.into()]));
	guests.heard();
	guests.send(&lab.host, vec![ping(GUEST, Ipv4Addr::new(100, 64, 0, 1))]);
	lab::until("the gateway answers a ping", || {
		guests
			.heard()
			.iter()
			.any(|packet| packet[9] == 1 && packet[20] == 0 && destination(packet) == Some(GUEST))
	});
	assert!(guests.count(Event::TcpFlow) >= 2 && guests.count(Event::UdpFlow) >= 1);
	assert_eq!((guests.count(Event::Answered), guests.count(Event::Pong)), (1, 1));
	// The class holds for who is public as well.
	assert!(!connects(&lab, &guests, (SERVER, 22).into()));
	assert_eq!(guests.count(Event::DeniedClass), 1);
	guests.close(&lab.host);
}

#[test]
fn what_is_allowed_should_pass_when_the_exit_is_in_the_kernel() {
	what_is_allowed_should_pass(Kind::Kernel);
}

#[test]
fn what_is_allowed_should_pass_when_the_exit_is_in_userspace() {
	what_is_allowed_should_pass(Kind::Userspace);
}

/// Calls and games send for a while before anybody answers, if anybody does.
fn datagrams_should_be_one_connection(kind: Kind) {
	if !lab::is_possible("one-way datagrams") {
		return;
	}
	let lab = Lab::build();
	let capture = Capture::start(&lab.internet, Links::Others);
	// Who hears them and says nothing.
	let _silent = lab.internet.run(async { std::net::UdpSocket::bind((SERVER, 5_004)).unwrap() });
	let guests = Guests::behind(&lab.host, kind, ExitClass::Open, Limits::default());
	let (source, there) = (SocketAddrV4::new(GUEST, 5_004), SocketAddrV4::new(SERVER, 5_004));
	guests.send(&lab.host, vec![udp(source, there, b"a voice"); 1_000]);
	let mut arrived = 0;
	lab::until("all of them arrive", || {
		arrived += capture.take().iter().filter(|packet| destination(packet) == Some(SERVER)).count();
		arrived == 1_000
	});
	assert_eq!((guests.count(Event::UdpFlow), guests.count(Event::TooFast)), (1, 0));
	guests.close(&lab.host);
}

#[test]
fn datagrams_should_be_one_connection_when_the_exit_is_in_the_kernel() {
	datagrams_should_be_one_connection(Kind::Kernel);
}

#[test]
fn datagrams_should_be_one_connection_when_the_exit_is_in_userspace() {
	datagrams_should_be_one_connection(Kind::Userspace);
}

fn names_should_lead_nowhere_private(kind: Kind) {
	if !lab::is_possible("rebinding") {
		return;
	}
	let lab = Lab::build();
	names(&lab.internet);
	let guests = Guests::behind(&lab.host, kind, ExitClass::Open, unlimited());
	lab::until("names are known", || resolve(&lab, &guests, "public.example").is_some());
	let captures = [&lab.host, &lab.lan, &lab.internet].map(|node| Capture::start(node, Links::Others));
	for name in ["rebinding.example", "neighbour.example"] {
		assert_eq!(resolve(&lab, &guests, name), None, "{name}");
	}
	assert_eq!(resolve(&lab, &guests, "turning.example"), Some(vec![SERVER.into()]));
	assert_eq!(resolve(&lab, &guests, "turning.example"), None, "it has turned");
	assert_eq!(guests.count(Event::Rebinding), 3);
	// Who learned of the address elsewhere gets no further.
	for address in [PRINTER, NEIGHBOUR, Ipv4Addr::LOCALHOST] {
		let stack = guests.stack.clone();
		let connected = lab.host.run(async move {
			let connect = stack.connect((address, 80).into());
			tokio::time::timeout(Duration::from_millis(500), connect).await.is_ok_and(|it| it.is_ok())
		});
		assert!(!connected, "{address}");
	}
	thread::sleep(Duration::from_millis(100));
	let is_private = |packet: &Vec<u8>| {
		destination(packet).is_some_and(|to| [PRINTER, NEIGHBOUR, Ipv4Addr::LOCALHOST].contains(&to))
	};
	for capture in &captures {
		assert!(!capture.take().iter().any(is_private));
	}
	guests.close(&lab.host);
}

#[test]
fn names_should_lead_nowhere_private_when_the_exit_is_in_the_kernel() {
	names_should_lead_nowhere_private(Kind::Kernel);
}

#[test]
fn names_should_lead_nowhere_private_when_the_exit_is_in_userspace() {
	names_should_lead_nowhere_private(Kind::Userspace);
}
