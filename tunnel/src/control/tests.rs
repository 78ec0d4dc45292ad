mod frames;
mod rules;

use super::*;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::{
		tcp::{OwnedReadHalf, OwnedWriteHalf},
		TcpListener, TcpStream,
	},
};
use weir_tunnel_core::cost;

const SERVER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 41, 1));
const CLIENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 42, 1));

fn free_port() -> u16 {
	std::net::TcpListener::bind((SERVER, 0)).unwrap().local_addr().unwrap().port()
}

#[tokio::test]
async fn ask_should_reach_the_named_peer_from_the_configured_address() {
	let (server, port) = (Keypair::generate_ed25519(), free_port());
	let (serving, mut incoming) = serve(&server, SERVER, port).await.unwrap();
	let client = Keypair::generate_ed25519();
	let (asking, mut back) = connect(&client, CLIENT).unwrap();
	let peer = server.public().to_peer_id();
	let request = Request::Settle { session: [1; 8], seed: [2; 32], signature: [3; 64] };
	let serve = async {
		let incoming = incoming.recv().await.unwrap();
		assert_eq!((incoming.peer, incoming.source), (client.public().to_peer_id(), CLIENT));
		assert_eq!(incoming.request, request);
		incoming.reply.send(Response::Noted).unwrap();
		// And the other way over the same connection.
		let back = async {
			let incoming = back.recv().await.unwrap();
			assert_eq!(incoming.request, Request::Clock { nonce: [3; 16] });
			incoming.reply.send(Response::Refuse(Refusal::WrongRole)).unwrap();
		};
		let asked = serving.ask(incoming.peer, None, Request::Clock { nonce: [3; 16] });
		assert_eq!(tokio::join!(asked, back).0, Some(Response::Refuse(Refusal::WrongRole)));
	};
	let (answer, ()) = tokio::join!(asking.ask(peer, Some((SERVER, port).into()), request.clone()), serve);
	assert_eq!(answer, Some(Response::Noted));
}

#[tokio::test]
async fn ask_should_fail_when_another_identity_answers() {
	let (server, port) = (Keypair::generate_ed25519(), free_port());
	let _serving = serve(&server, SERVER, port).await.unwrap();
	let (asking, _back) = connect(&Keypair::generate_ed25519(), CLIENT).unwrap();
	let stranger = Keypair::generate_ed25519().public().to_peer_id();
	let answer = asking.ask(stranger, Some((SERVER, port).into()), Request::Clock { nonce: [0; 16] }).await;
	assert_eq!(answer, None);
}

#[tokio::test]
async fn hang_up_should_close_a_connection_on_which_nobody_waits_and_no_other() {
	let (server, port) = (Keypair::generate_ed25519(), free_port());
	let (serving, mut incoming) = serve(&server, SERVER, port).await.unwrap();
	let client = Keypair::generate_ed25519();
	let (asking, _back) = connect(&client, CLIENT).unwrap();
	let (peer, address) = (server.public().to_peer_id(), Some((SERVER, port).into()));
	let ask = |n| asking.ask(peer, address, Request::Clock { nonce: [n; 16] });
	let serve = async {
		let first = incoming.recv().await.unwrap();
		// Somebody waits: the connection stays.
		asking.hang_up(peer).await;
		let second = async { incoming.recv().await.unwrap().reply.send(Response::Noted).unwrap() };
		assert_eq!(tokio::join!(ask(2), second).0, Some(Response::Noted));
		first.reply.send(Response::Noted).unwrap();
	};
	assert_eq!(tokio::join!(ask(1), serve).0, Some(Response::Noted));
	asking.hang_up(peer).await;
	// Without a connection, and without an address, there is nobody to ask.
	let back = || serving.ask(client.public().to_peer_id(), None, Request::Clock { nonce: [3; 16] });
	let closed = async { while back().await.is_some() {} };
	tokio::time::timeout(Duration::from_secs(4), closed)
		.await
		.expect("closed, so that no request waits for its end");
	let serve = async { incoming.recv().await.unwrap().reply.send(Response::Noted).unwrap() };
	assert_eq!(tokio::join!(ask(4), serve).0, Some(Response::Noted));
}

/// What a peer answers to bytes that need not be a message.
async fn answer_to(asking: &Control, peer: PeerId, port: u16, request: Vec<u8>) -> Option<Response> {
	let (reply, answer) = oneshot::channel();
	let address = Some((SERVER, port).into());
	asking.commands.send(Command::Ask { peer, address, request, reply }).await.unwrap();
	answer.await.ok().flatten()
}

#[tokio::test]
async fn serve_should_refuse_and_go_on_when_a_message_is_of_another_version_or_none() {
	let (server, port) = (Keypair::generate_ed25519(), free_port());
	let (serving, mut incoming) = serve(&server, SERVER, port).await.unwrap();
	let (asking, _back) = connect(&Keypair::generate_ed25519(), CLIENT).unwrap();
	let peer = server.public().to_peer_id();
	let mut other_version = wire::encode(&Request::Clock { nonce: [1; 16] });
	other_version[0] = wire::VERSION + 1;
	let refused = |reason| Some(Response::Refuse(reason));
	assert_eq!(answer_to(&asking, peer, port, other_version).await, refused(Refusal::UnknownVersion));
	for bytes in [vec![wire::VERSION], vec![wire::VERSION, 0xff, 0xff], vec![wire::VERSION; 16_384]] {
		assert_eq!(answer_to(&asking, peer, port, bytes).await, refused(Refusal::Malformed));
	}
	assert_eq!(answer_to(&asking, peer, port, vec![]).await, refused(Refusal::Malformed));
	// Too long to be read at all, and then a good one.
	assert_eq!(answer_to(&asking, peer, port, vec![wire::VERSION; 16_385]).await, None);
	let request = Request::Clock { nonce: [2; 16] };
	let serve = async { incoming.recv().await.unwrap().reply.send(Response::Noted).unwrap() };
	let (answer, ()) = tokio::join!(asking.ask(peer, Some((SERVER, port).into()), request), serve);
	assert_eq!(answer, Some(Response::Noted));
	let answered =
		[Refusal::UnknownVersion, Refusal::Malformed].map(|refusal| count(&serving, Rule::Answered(refusal)));
	assert_eq!((answered, count(&serving, Rule::Oversized), broken(&serving)), ([1, 4], 1, 6));
}

/// How often a rule was broken.
fn count(serving: &Control, rule: Rule) -> u64 {
	let name = match rule {
		Rule::Answered(refusal) => format!("{refusal:?}"),
		rule => format!("{rule:?}"),
	};
	serving.refused().rows().find(|(known, _)| *known == name).expect("every rule has a row").1
}

/// How often all rules together were broken.
fn broken(serving: &Control) -> u64 {
	serving.refused().rows().map(|(_, count)| count).sum()
}

#[tokio::test]
async fn serve_should_count_a_refusal_of_whoever_answers_by_its_reason() {
	let (server, port) = (Keypair::generate_ed25519(), free_port());
	let (serving, mut incoming) = serve(&server, SERVER, port).await.unwrap();
	let (asking, _back) = connect(&Keypair::generate_ed25519(), CLIENT).unwrap();
	let peer = server.public().to_peer_id();
	for refusal in [Some(Refusal::BadSignature), None, Some(Refusal::BadSignature)] {
		let response = refusal.map_or(Response::Noted, Response::Refuse);
		let answer = async { incoming.recv().await.unwrap().reply.send(response.clone()).unwrap() };
		let asked = asking.ask(peer, Some((SERVER, port).into()), Request::Clock { nonce: [1; 16] });
		assert_eq!(tokio::join!(asked, answer).0, Some(response.clone()));
	}
	let bad = count(&serving, Rule::Answered(Refusal::BadSignature));
	assert_eq!((bad, broken(&serving), broken(&asking)), (2, 2, 0));
}

#[test]
fn unknown_version_should_say_what_to_do() {
	let error = wire::decode::<Request>(&[9, 0]).unwrap_err().to_string();
	assert_eq!(
		error,
		"unknown protocol version 9, this is version 2; upgrade whichever weir-tunnel is older"
	);
	assert!(Refusal::UnknownVersion.to_string().contains("upgrade"));
}

#[tokio::test]
async fn serve_should_name_the_port_when_it_is_in_use() {
	let port = free_port();
	let _taken = std::net::TcpListener::bind((SERVER, port)).unwrap();
	let error = serve(&Keypair::generate_ed25519(), SERVER, port).await.map(|_| ()).unwrap_err().to_string();
	assert!(error.contains(&port.to_string()) && error.contains("in use"), "{error}");
}

/// Asks from `address` as fast as there are answers, 64 at once, until dropped.
fn flood(address: IpAddr, peer: PeerId, port: u16) -> (Control, Vec<Task>) {
	let (asking, _back) = connect(&Keypair::generate_ed25519(), address).unwrap();
	let ask = |asking: Control| async move {
		loop {
			asking.ask(peer, Some((SERVER, port).into()), Request::Clock { nonce: [9; 16] }).await;
		}
	};
	let tasks = (0..MAX_STREAMS).map(|_| Task::spawn("flood", ask(asking.clone()))).collect();
	(asking, tasks)
}

#[tokio::test(flavor = "multi_thread")]
async fn serve_should_answer_an_honest_request_when_one_prefix_floods() {
	let (server, port) = (Keypair::generate_ed25519(), free_port());
	let (serving, mut incoming) = serve(&server, SERVER, port).await.unwrap();
	let peer = server.public().to_peer_id();
	let flooding = Arc::new(AtomicU32::new(0));
	let taken = flooding.clone();
	// A machine that takes 5 ms for each.
	let _serve = Task::spawn("serving", async move {
		while let Some(Incoming { source, reply, .. }) = incoming.recv().await {
			taken.fetch_add((source != CLIENT).into(), Ordering::Relaxed);
			tokio::time::sleep(Duration::from_millis(5)).await;
			let _ = reply.send(Response::Noted);
		}
	});
	let began = Instant::now();
	let _floods: Vec<_> = (1..=6).map(|n| flood([127, 0, 43, n].into(), peer, port)).collect();
	tokio::time::sleep(Duration::from_secs(1)).await;
	let (asking, _back) = connect(&Keypair::generate_ed25519(), CLIENT).unwrap();
	for round in 0..20 {
		let answer = asking.ask(peer, Some((SERVER, port).into()), Request::Clock { nonce: [1; 16] });
		let answer = tokio::time::timeout(Duration::from_secs(1), answer).await;
		assert_eq!(answer, Ok(Some(Response::Noted)), "round {round}");
	}
	// The flood was real, and got what a prefix gets.
	let taken = flooding.load(Ordering::Relaxed);
	let share = 32 + 8 * (began.elapsed().as_secs() as u32 + 1);
	assert!((32..=share).contains(&taken), "{taken} of {share}");
	assert!(count(&serving, Rule::TooManyRequests) > 0);
}

#[tokio::test]
async fn serve_should_take_an_honest_connection_when_one_prefix_opens_all_it_can() {
	let (server, port) = (Keypair::generate_ed25519(), free_port());
	let (serving, mut incoming) = serve(&server, SERVER, port).await.unwrap();
	let mut held = vec![];
	for n in 0..600u16 {
		let socket = tokio::net::TcpSocket::new_v4().unwrap();
		socket.bind(([127, 0, 46, (n % 200) as u8 + 1], 0).into()).unwrap();
		held.push(socket.connect((SERVER, port).into()).await.unwrap());
	}
	let (asking, _back) = connect(&Keypair::generate_ed25519(), CLIENT).unwrap();
	let serve = async { incoming.recv().await.unwrap().reply.send(Response::Noted).unwrap() };
	let request = Request::Clock { nonce: [2; 16] };
	let ask = asking.ask(server.public().to_peer_id(), Some((SERVER, port).into()), request);
	let both = async { tokio::join!(ask, serve) };
	let (answer, ()) = tokio::time::timeout(Duration::from_secs(5), both).await.expect("a connection");
	assert_eq!(answer, Some(Response::Noted));
	assert!(count(&serving, Rule::TooManyOfPrefix) > 500);
}

#[tokio::test]
async fn serve_should_tell_anybody_its_address_and_no_more_often_than_a_prefix_may_ask() {
	let (server, port) = (Keypair::generate_ed25519(), free_port());
	let (_serving, _incoming) = serve(&server, SERVER, port).await.unwrap();
	let (asking, _back) = connect(&Keypair::generate_ed25519(), CLIENT).unwrap();
	let peer = server.public().to_peer_id();
	let ask = || asking.ask(peer, Some((SERVER, port).into()), Request::address());
	let Some(Response::Address { ip, port: seen }) = ask().await else { panic!("no answer") };
	assert_eq!((IpAddr::from(ip), seen == 0), (CLIENT, false));
	let answers = futures::future::join_all((0..50).map(|_| ask())).await;
	let answered = answers.iter().flatten().count();
	assert!((31..50).contains(&answered), "{answered} of 50 at once");
}

#[tokio::test]
async fn serve_should_know_one_source_of_a_peer_when_it_connects_from_two() {
	let (server, port) = (Keypair::generate_ed25519(), free_port());
	let (serving, mut incoming) = serve(&server, SERVER, port).await.unwrap();
	let _serve = Task::spawn("serving", async move {
		while let Some(Incoming { source, reply, .. }) = incoming.recv().await {
			// Tells the source by the refusal.
			let refusal = if source == CLIENT { Refusal::Busy } else { Refusal::TooLate };
			let _ = reply.send(Response::Refuse(refusal));
		}
	});
	let client = Keypair::generate_ed25519();
	let elsewhere = IpAddr::from([127, 0, 47, 1]);
	let (one, _back) = connect(&client, CLIENT).unwrap();
	let (other, _back_too) = connect(&client, elsewhere).unwrap();
	let peer = server.public().to_peer_id();
	let ask = |control: Control| async move {
		control.ask(peer, Some((SERVER, port).into()), Request::Clock { nonce: [3; 16] }).await
	};
	let busy = Some(Response::Refuse(Refusal::Busy));
	assert_eq!(ask(one.clone()).await, busy);
	assert_eq!(ask(other.clone()).await, None);
	assert!(count(&serving, Rule::OtherAddress) > 0);
	assert_eq!(ask(one.clone()).await, busy);
	// When the first has gone, it may move.
	drop(one);
	let mut answer = None;
	for _ in 0..50 {
		answer = ask(other.clone()).await;
		if answer.is_some() {
			break;
		}
		tokio::time::sleep(Duration::from_millis(100)).await;
	}
	assert_eq!(answer, Some(Response::Refuse(Refusal::TooLate)));
}

/// Hands on what comes to a port of its own, and counts the bytes towards the server and back.
async fn relay(port: u16) -> (SocketAddr, Arc<[AtomicU64; 2]>, Task) {
	let listener = TcpListener::bind((SERVER, 0)).await.unwrap();
	let (address, counted) = (listener.local_addr().unwrap(), Arc::<[AtomicU64; 2]>::default());
	let counting = counted.clone();
	let task = Task::spawn("relay", async move {
		let (near, _) = listener.accept().await.unwrap();
		let far = TcpStream::connect((SERVER, port)).await.unwrap();
		let ((from_near, to_near), (from_far, to_far)) = (near.into_split(), far.into_split());
		tokio::join!(pass(from_near, to_far, &counting[0]), pass(from_far, to_near, &counting[1]));
	});
	(address, counted, task)
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, counted: &AtomicU64) {
	let mut buffer = vec![0; 4_096];
	while let Ok(length @ 1..) = from.read(&mut buffer).await {
		counted.fetch_add(length as u64, Ordering::Relaxed);
		to.write_all(&buffer[..length]).await.unwrap();
	}
}

/// What was counted, once no more comes.
async fn settled(counted: &[AtomicU64; 2]) -> [u64; 2] {
	let read = || [0, 1].map(|way: usize| counted[way].load(Ordering::Relaxed));
	let mut known = read();
	loop {
		tokio::time::sleep(Duration::from_millis(200)).await;
		let now = read();
		if now == known {
			return now;
		}
		known = now;
	}
}

#[tokio::test]
async fn connection_should_carry_what_the_account_says_of_it_and_of_a_question() {
	// Of Yamux with Noise around it, without a body: so much may be in one frame or in two.
	const FRAME: u64 = 30;
	let (server, port) = (Keypair::generate_ed25519(), free_port());
	let (_serving, mut incoming) = serve(&server, SERVER, port).await.unwrap();
	let (asking, _back) = connect(&Keypair::generate_ed25519(), CLIENT).unwrap();
	let (peer, nonce) = (server.public().to_peer_id(), [3; 16]);
	let (relayed, counted, _relay) = relay(port).await;
	let response = || Response::Clock { nonce, unix_micros: 1 << 50, account: [4; 32], signature: [5; 64] };
	let mut before = [0; 2];
	for said in [cost::opening().and(cost::clock()), cost::clock()] {
		let answer = async { incoming.recv().await.unwrap().reply.send(response()).unwrap() };
		let asked = asking.ask(peer, Some(relayed), Request::Clock { nonce });
		assert_eq!(tokio::join!(asked, answer).0, Some(response()));
		let now = settled(&counted).await;
		for (way, said) in [said.stream.down, said.stream.up].into_iter().enumerate() {
			let seen = now[way] - before[way];
			assert!(seen.abs_diff(said) <= FRAME, "way {way}: {seen} bytes instead of {said}");
		}
		before = now;
	}
}
