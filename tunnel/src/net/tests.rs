use super::*;
use std::{io, net::SocketAddr, time::Duration};
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	sync::mpsc,
};

const HERE: Ipv4Addr = Ipv4Addr::new(100, 96, 0, 2);
const THERE: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 7);

/// A stack, what it sends, and what it hears.
fn stack() -> (Stack, mpsc::Receiver<Vec<u8>>, mpsc::Sender<Vec<u8>>) {
	let (to_tunnel, sent) = mpsc::channel(64);
	let (hears, from_tunnel) = mpsc::channel(64);
	(Stack::start(HERE, MTU, to_tunnel, from_tunnel), sent, hears)
}

async fn soon<T>(future: impl std::future::Future<Output = T>) -> T {
	tokio::time::timeout(Duration::from_secs(10), future).await.expect("in time")
}

#[tokio::test]
async fn connect_should_be_refused_when_the_answer_is_a_reset() {
	let (stack, mut sent, hears) = stack();
	let (connected, ()) = tokio::join!(soon(stack.connect((THERE, 80).into())), async {
		let syn = soon(sent.recv()).await.unwrap();
		let inner = packet::parse(&syn).unwrap();
		assert_eq!((inner.source, inner.destination), (HERE, THERE));
		hears.send(packet::reset(&syn).unwrap()).await.unwrap();
	});
	assert_eq!(connected.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
	soon(async {
		while stack.streams() > 0 {
			tokio::time::sleep(Duration::from_millis(5)).await;
		}
	})
	.await;
}

#[tokio::test]
async fn connect_should_end_when_the_tunnel_does() {
	let (stack, mut sent, hears) = stack();
	let (connected, ()) = tokio::join!(soon(stack.connect((THERE, 80).into())), async {
		soon(sent.recv()).await.unwrap();
		drop(hears);
	});
	assert!(connected.is_err());
}

#[tokio::test]
async fn connect_should_say_why_when_the_address_is_of_ipv6_or_none() {
	let (stack, _sent, _hears) = stack();
	let error = stack.connect("[2600::1]:80".parse().unwrap()).await.unwrap_err();
	assert_eq!(error.kind(), io::ErrorKind::Unsupported);
	for nowhere in ["0.0.0.0:80", "198.51.100.7:0"] {
		let error = stack.connect(nowhere.parse().unwrap()).await.unwrap_err();
		assert_eq!(error.kind(), io::ErrorKind::AddrNotAvailable);
	}
}

#[tokio::test]
async fn exchange_should_take_answers_from_whom_it_asked_and_from_nobody_else() {
	let (stack, mut sent, hears) = stack();
	let to = SocketAddr::from((THERE, 7));
	let (answer, ()) = tokio::join!(soon(stack.exchange(to, b"ping", Duration::from_secs(5))), async {
		let bytes = soon(sent.recv()).await.unwrap();
		let packet::Body::Udp { ports: (port, 7), payload: b"ping" } = packet::parse(&bytes).unwrap().body
		else {
			panic!("not the question")
		};
		let at = |ip, port| std::net::SocketAddrV4::new(ip, port);
		let wrong = [
			(at(THERE, 8), at(HERE, port)),
			(at(GATEWAY, 7), at(HERE, port)),
			(at(THERE, 7), at(HERE, port ^ 1)),
			(at(THERE, 7), at(GATEWAY, port)),
		];
		for (from, to) in wrong {
			hears.send(packet::datagram(from, to, b"forged", MTU).unwrap()).await.unwrap();
		}
		hears.send(packet::datagram(at(THERE, 7), at(HERE, port), b"pong", MTU).unwrap()).await.unwrap();
	});
	assert_eq!(answer.unwrap(), b"pong");
	let error = stack.exchange(to, b"ping", Duration::from_millis(50)).await.unwrap_err();
	assert_eq!(error.kind(), io::ErrorKind::TimedOut);
}

#[tokio::test]
async fn segments_should_be_answered_with_a_reset_when_they_belong_to_no_stream() {
	let (stack, mut sent, hears) = stack();
	let (connected, ()) = tokio::join!(
		tokio::time::timeout(Duration::from_millis(100), stack.connect((THERE, 80).into())),
		async {
			let syn = soon(sent.recv()).await.unwrap();
			// To the stack, from a port that it has not called.
			let mut stray = syn.clone();
			stray[12..16].copy_from_slice(&THERE.octets());
			stray[16..20].copy_from_slice(&HERE.octets());
			hears.send(stray).await.unwrap();
		}
	);
	assert!(connected.is_err());
	let is_reset = |bytes: &[u8]| packet::reset(bytes).is_none();
	soon(async { while !is_reset(&sent.recv().await.unwrap()) {} }).await;
}

#[tokio::test]
async fn streams_should_be_bounded() {
	let (to_tunnel, mut sent) = mpsc::channel(64);
	let (_hears, from_tunnel) = mpsc::channel(64);
	let stack = std::sync::Arc::new(Stack::start(HERE, MTU, to_tunnel, from_tunnel));
	let drain = crate::tasks::Task::spawn("drain", async move { while sent.recv().await.is_some() {} });
	let mut calls = tokio::task::JoinSet::new();
	for port in 1..=600u16 {
		let stack = stack.clone();
		calls.spawn(async move {
			let call = stack.connect((THERE, port).into());
			tokio::time::timeout(Duration::from_secs(2), call).await.map(|called| called.map(|_| ()))
		});
	}
	let mut refused = 0;
	while let Some(called) = calls.join_next().await {
		if let Ok(Err(error)) = called.unwrap() {
			assert_eq!(error.kind(), io::ErrorKind::QuotaExceeded);
			refused += 1;
		}
	}
	assert_eq!(refused, 600 - 512);
	drop(drain);
}

/// Both halves of what a stream says when its stack is gone.
#[tokio::test]
async fn streams_should_break_when_the_stack_is_dropped() {
	let (to_guests, from_exit) = mpsc::channel(64);
	let (to_exit, mut from_stack) = mpsc::channel::<Vec<u8>>(64);
	let stack = Stack::start(HERE, MTU, to_exit, from_exit);
	let far = crate::tasks::Task::spawn("far", async move {
		let at = std::net::SocketAddrV4::new(THERE, 80);
		let mut far =
			connection::Connection::listen(tokio::time::Instant::now(), at, (1 << 16, MTU), to_guests)
				.unwrap();
		while let Some(packet) = from_stack.recv().await {
			far.input(tokio::time::Instant::now(), packet);
		}
	});
	let mut stream = soon(stack.connect((THERE, 80).into())).await.unwrap();
	stream.write_all(b"hello").await.unwrap();
	drop(stack);
	assert_eq!(soon(stream.read_u8()).await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
	assert!(stream.write_all(b"hello").await.is_err());
	drop(far);
}

#[tokio::test]
async fn packets_of_nobody_should_be_the_machines_and_the_stacks_own_should_not() {
	let (stack, mut sent, hears) = stack();
	let (to_machine, mut machine) = mpsc::channel(8);
	stack.divert(to_machine);
	let at = |ip, port| std::net::SocketAddrV4::new(ip, port);
	let to = SocketAddr::from((THERE, 7));
	let (answer, ()) = tokio::join!(soon(stack.exchange(to, b"ping", Duration::from_secs(5))), async {
		let bytes = soon(sent.recv()).await.unwrap();
		let packet::Body::Udp { ports: (port, _), .. } = packet::parse(&bytes).unwrap().body else {
			panic!("not the question")
		};
		// To a program of the machine; to another machine; and to the stack.
		for (from, to) in
			[(at(THERE, 8), at(HERE, port)), (at(THERE, 8), at(GATEWAY, 9)), (at(THERE, 7), at(HERE, port))]
		{
			hears.send(packet::datagram(from, to, b"pong", MTU).unwrap()).await.unwrap();
		}
	});
	assert_eq!(answer.unwrap(), b"pong");
	let packet = soon(machine.recv()).await.unwrap();
	let packet::Body::Udp { ports: (source, _), .. } = packet::parse(&packet).unwrap().body else {
		panic!("no datagram")
	};
	assert_eq!((source, machine.try_recv().is_err()), (8, true), "one of them alone");
	// And segments of no stream are answered by the machine, not by the stack.
	let mut stray = packet;
	stray[9] = 6;
	stray.resize(60, 0);
	stray[2..4].copy_from_slice(&60u16.to_be_bytes());
	stray[20 + 12] = 0x50;
	hears.send(stray.clone()).await.unwrap();
	assert_eq!(soon(machine.recv()).await.unwrap(), stray);
	assert!(sent.try_recv().is_err());
	assert!(soon(stack.send_packet(stray.clone())).await && soon(sent.recv()).await == Some(stray));
}
