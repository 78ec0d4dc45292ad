//! Rules that are not answered by a reason: each is counted when it is broken over real sockets, and no other is.

use super::*;
use async_trait::async_trait;
use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use libp2p::{swarm::ConnectionId, tcp};
use std::io;

/// Writes bytes as they are, a frame or not, and reads to the end.
#[derive(Clone)]
struct Raw;

#[async_trait]
impl request_response::Codec for Raw {
	type Protocol = StreamProtocol;
	type Request = Vec<u8>;
	type Response = Vec<u8>;

	async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Vec<u8>>
	where
		T: AsyncRead + Unpin + Send,
	{
		let mut bytes = Vec::new();
		io.read_to_end(&mut bytes).await?;
		Ok(bytes)
	}

	async fn read_response<T>(&mut self, protocol: &StreamProtocol, io: &mut T) -> io::Result<Vec<u8>>
	where
		T: AsyncRead + Unpin + Send,
	{
		self.read_request(protocol, io).await
	}

	async fn write_request<T>(&mut self, _: &StreamProtocol, io: &mut T, bytes: Vec<u8>) -> io::Result<()>
	where
		T: AsyncWrite + Unpin + Send,
	{
		io.write_all(&bytes).await
	}

	async fn write_response<T>(
		&mut self,
		protocol: &StreamProtocol,
		io: &mut T,
		bytes: Vec<u8>,
	) -> io::Result<()>
	where
		T: AsyncWrite + Unpin + Send,
	{
		self.write_request(protocol, io, bytes).await
	}
}

/// A peer of a protocol that says whatever it is told to.
fn raw_peer(protocol: &'static str) -> Swarm<request_response::Behaviour<Raw>> {
	SwarmBuilder::with_new_identity()
		.with_tokio()
		.with_tcp(tcp::Config::new(), noise::Config::new, yamux::Config::default)
		.unwrap()
		.with_behaviour(|_| {
			let protocol = (StreamProtocol::new(protocol), ProtocolSupport::Full);
			request_response::Behaviour::with_codec(Raw, [protocol], request_response::Config::default())
		})
		.unwrap()
		.with_swarm_config(|config| config.with_idle_connection_timeout(Duration::from_secs(60)))
		.build()
}

/// Listens on any port.
async fn listen<B: NetworkBehaviour>(swarm: &mut Swarm<B>) -> SocketAddr {
	swarm.listen_on(Multiaddr::from(SERVER).with(Protocol::Tcp(0))).unwrap();
	loop {
		let SwarmEvent::NewListenAddr { address, .. } = swarm.select_next_some().await else { continue };
		let port = address.iter().find_map(|part| match part {
			Protocol::Tcp(port) => Some(port),
			_ => None,
		});
		return (SERVER, port.unwrap()).into();
	}
}

/// A peer of a protocol that answers each request with the next of `streams`.
async fn answering(protocol: &'static str, streams: Vec<Vec<u8>>) -> (PeerId, SocketAddr, Task) {
	let mut swarm = raw_peer(protocol);
	let address = listen(&mut swarm).await;
	let peer = *swarm.local_peer_id();
	let task = Task::spawn("raw peer", async move {
		let mut streams = streams.into_iter();
		loop {
			if let SwarmEvent::Behaviour(request_response::Event::Message {
				message: Message::Request { channel, .. },
				..
			}) = swarm.select_next_some().await
			{
				swarm.behaviour_mut().send_response(channel, streams.next().unwrap()).unwrap();
			}
		}
	});
	(peer, address, task)
}

/// A frame that says it has so many bytes, and has so many.
fn frame(says: usize, has: usize) -> Vec<u8> {
	[&(says as u32).to_be_bytes()[..], &vec![wire::VERSION; has]].concat()
}

fn framed(message: &[u8]) -> Vec<u8> {
	[&(message.len() as u32).to_be_bytes()[..], message].concat()
}

fn question() -> Request {
	Request::Clock { nonce: [1; 16] }
}

/// Waits until something is so.
async fn until(is_so: impl Fn() -> bool) {
	let wait = async {
		while !is_so() {
			tokio::time::sleep(Duration::from_millis(1)).await;
		}
	};
	tokio::time::timeout(Duration::from_secs(10), wait).await.expect("it comes to be so");
}

#[tokio::test]
async fn ask_should_count_an_answer_when_it_is_too_long_or_ends_inside_its_frame() {
	let most = wire::MAX_MESSAGE_BYTES;
	let cases = [
		(frame(most + 1, most + 1), Some(Rule::Oversized)),
		(frame(u32::MAX as usize, 0), Some(Rule::Oversized)),
		(frame(9, 8), Some(Rule::Truncated)),
		(frame(9, 0), Some(Rule::Truncated)),
		(vec![0, 0], Some(Rule::Truncated)),
		// As from one that drops the request: there is no answer, so none is broken.
		(vec![], None),
	];
	let good = framed(&wire::encode(&Response::Noted));
	let streams = cases.iter().map(|(stream, _)| stream.clone()).chain([good]).collect();
	let (peer, address, _answering) = answering(wire::PROTOCOL, streams).await;
	let (asking, _back) = connect(&Keypair::generate_ed25519(), CLIENT).unwrap();
	for (stream, rule) in &cases {
		let before = (rule.map(|rule| count(&asking, rule)), broken(&asking));
		assert_eq!(asking.ask(peer, Some(address), question()).await, None);
		let after = (rule.map(|rule| count(&asking, rule)), broken(&asking));
		let expected = (before.0.map(|count| count + 1), before.1 + u64::from(rule.is_some()));
		assert_eq!(after, expected, "{rule:?}, {} bytes", stream.len());
	}
	assert_eq!(asking.ask(peer, Some(address), question()).await, Some(Response::Noted));
	assert_eq!(broken(&asking), 5);
}

#[tokio::test]
async fn ask_should_count_an_answer_when_it_is_malformed() {
	let good = wire::encode(&Response::Noted);
	let (mut other_version, mut too_long) = (good.clone(), good.clone());
	other_version[0] = wire::VERSION + 1;
	too_long.push(0);
	let (other_kind, too_short) = (vec![wire::VERSION, 0xff], vec![wire::VERSION, 0, 1, 2]);
	let bad = [other_version, other_kind, too_short, too_long, vec![]];
	let streams = bad.iter().chain([&good]).map(|message| framed(message)).collect();
	let (peer, address, _answering) = answering(wire::PROTOCOL, streams).await;
	let (asking, _back) = connect(&Keypair::generate_ed25519(), CLIENT).unwrap();
	for (round, message) in (1..).zip(&bad) {
		assert_eq!(asking.ask(peer, Some(address), question()).await, None);
		let counted = (count(&asking, Rule::MalformedAnswer), broken(&asking));
		assert_eq!(counted, (round, round), "{message:?}");
	}
	assert_eq!(asking.ask(peer, Some(address), question()).await, Some(Response::Noted));
	assert_eq!(broken(&asking), bad.len() as u64);
}

#[tokio::test]
async fn ask_should_say_that_a_peer_is_not_understood_when_it_speaks_another_protocol() {
	for (protocol, warns) in [("/weir/control/999", true), (wire::PROTOCOL, false)] {
		// One that speaks this protocol ends the stream: it gives no answer, and is understood.
		let (peer, address, _answering) = answering(protocol, vec![vec![]]).await;
		let refused = Arc::default();
		let swarm = swarm(&Keypair::generate_ed25519(), Source::Here(CLIENT), &refused).unwrap();
		let mut service = Service::new(swarm, refused, mpsc::channel(1).0);
		let (reply, mut answer) = oneshot::channel();
		service.ask(peer, Some(address), wire::encode(&question()), reply);
		let answer = async {
			loop {
				tokio::select! {
					answer = &mut answer => return answer,
					event = service.swarm.select_next_some() => service.handle(event),
				}
			}
		};
		let answer = tokio::time::timeout(Duration::from_secs(10), answer).await.expect("an end");
		assert_eq!(answer, Ok(None), "{protocol}");
		assert_eq!(service.warned.is_some(), warns, "{protocol}");
	}
}

#[tokio::test]
async fn serve_should_count_a_request_when_its_stream_ends_inside_a_frame() {
	let (server, port) = (Keypair::generate_ed25519(), free_port());
	let (serving, mut incoming) = serve(&server, SERVER, port).await.unwrap();
	let mut peer = raw_peer(wire::PROTOCOL);
	peer.dial(Multiaddr::from(SERVER).with(Protocol::Tcp(port))).unwrap();
	loop {
		match peer.select_next_some().await {
			SwarmEvent::ConnectionEstablished { .. } => break,
			SwarmEvent::OutgoingConnectionError { error, .. } => panic!("{error}"),
			_ => {}
		}
	}
	for cut in [frame(9, 8), frame(9, 0), vec![0, 0]] {
		peer.behaviour_mut().send_request(&server.public().to_peer_id(), cut);
	}
	let _peer = Task::spawn("raw peer", async move {
		loop {
			peer.select_next_some().await;
		}
	});
	until(|| count(&serving, Rule::Truncated) == 3).await;
	assert_eq!(broken(&serving), 3);
	assert!(incoming.try_recv().is_err());
}

#[tokio::test]
async fn serve_should_count_a_request_when_too_many_wait_for_an_answer() {
	let (server, port) = (Keypair::generate_ed25519(), free_port());
	let (serving, incoming) = serve(&server, SERVER, port).await.unwrap();
	let (peer, address) = (server.public().to_peer_id(), Some((SERVER, port).into()));
	let ask = |asking: Control| async move {
		asking.ask(peer, address, question()).await;
	};
	// Nobody answers. A prefix may ask 32 times at once, so that it takes 32 of them.
	let mut asked = vec![];
	for prefix in 0..32u8 {
		let (asking, _back) =
			connect(&Keypair::generate_ed25519(), [127, 0, 100 + prefix, 1].into()).unwrap();
		// The first one connects: others would not wait for that.
		for many in [1, 31] {
			asked.extend((0..many).map(|_| Task::spawn("asking", ask(asking.clone()))));
			until(|| incoming.len() == asked.len()).await;
		}
	}
	assert_eq!((incoming.len(), broken(&serving)), (CHANNEL, 0));
	let (asking, _back) = connect(&Keypair::generate_ed25519(), CLIENT).unwrap();
	assert_eq!(asking.ask(peer, address, question()).await, None);
	let counted = (count(&serving, Rule::TooManyWaiting), broken(&serving));
	assert_eq!((incoming.len(), counted), (CHANNEL, (1, 1)));
}

/// A server all of whose connections are taken.
async fn full() -> (Control, mpsc::Receiver<Incoming>, PeerId, SocketAddr) {
	let (server, refused) = (Keypair::generate_ed25519(), Arc::default());
	let mut swarm = swarm(&server, Source::Here(SERVER), &refused).unwrap();
	// Eight from each of 256 prefixes, without their sockets: two for each are more than a process may have everywhere.
	for n in 0..2_048 {
		let (id, remote) = (ConnectionId::new_unchecked(usize::MAX - n), [10, 0, (n / 8) as u8, 1]);
		let remote = Multiaddr::from(IpAddr::from(remote));
		swarm.behaviour_mut().connections.begin(id, &remote).unwrap();
	}
	let address = listen(&mut swarm).await;
	let (serving, incoming) = start(swarm, refused);
	(serving, incoming, server.public().to_peer_id(), address)
}

#[tokio::test]
async fn serve_should_count_a_connection_when_all_are_taken() {
	let (serving, _incoming, peer, address) = full().await;
	let (asking, _back) = connect(&Keypair::generate_ed25519(), CLIENT).unwrap();
	assert_eq!(asking.ask(peer, Some(address), question()).await, None);
	until(|| count(&serving, Rule::TooManyConnections) == 1).await;
	assert_eq!(broken(&serving), 1);
}

#[tokio::test]
async fn serve_should_answer_whom_it_expects_when_strangers_hold_all_connections() {
	let (serving, mut incoming, peer, address) = full().await;
	let _serve = Task::spawn("serving", async move {
		while let Some(Incoming { reply, .. }) = incoming.recv().await {
			let _ = reply.send(Response::Noted);
		}
	});
	let (asking, _back) = connect(&Keypair::generate_ed25519(), CLIENT).unwrap();
	assert_eq!(asking.ask(peer, Some(address), question()).await, None);
	serving.expect([Prefix::of(CLIENT)].into()).await;
	let answered = async { while asking.ask(peer, Some(address), question()).await.is_none() {} };
	tokio::time::timeout(Duration::from_secs(5), answered).await.expect("an answer");
}
