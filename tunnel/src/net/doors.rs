//! Connections and datagrams that others begin, at a port that stands for one in the tunnel: at a relay they come from the
//! Internet and go to a guest, at the guest they come out of the tunnel. Both see the address that they truly come from.

use super::{
	budget::{Budget, Share},
	connection::Connection,
	lock,
	packet::{self, Body, Inner},
	stack::Inside,
	stream::{Shared, Stream},
	Stack,
};
use crate::tasks::Task;
use std::{
	collections::HashMap,
	io,
	net::{SocketAddr, SocketAddrV4},
	sync::{Arc, Mutex},
	time::Duration,
};
use tokio::{sync::mpsc, time::Instant};

/// Longest packet inside a relay's tunnel: one that carries a whole inner packet of another tunnel, or of a measurement. Sealed,
/// it fits a line of 1,500 bytes over IPv4.
pub(crate) const DOOR_MTU: u16 = 1_400;
/// Streams at one door, those included that are being closed.
pub(crate) const MOST_STREAMS: usize = 64;
/// All their buffers: control messages are short.
const MEMORY_BYTES: usize = 4 << 20;
/// Those of one stream.
const STREAM_BYTES: usize = 64 << 10;
/// How often a peer that says nothing is asked whether it is there.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// Streams and datagrams that wait for whoever is behind the door.
const WAITING_STREAMS: usize = 16;
const WAITING: usize = 1_024;

/// Both ends of a stream, the one here first.
type Key = (SocketAddrV4, SocketAddrV4);

#[derive(Default)]
struct Table {
	streams: HashMap<Key, Arc<Shared>>,
	/// The tasks that keep them; a finished one is dropped when the next one comes.
	keepers: HashMap<Key, Task>,
}

struct Kept {
	out: mpsc::Sender<Vec<u8>>,
	memory: Arc<Budget>,
	table: Mutex<Table>,
}

/// TCP between any two addresses, over inner packets. Dropped, it breaks off every stream.
pub(crate) struct Streams(Arc<Kept>);

impl Drop for Streams {
	fn drop(&mut self) {
		let streams = std::mem::take(&mut lock(&self.0.table).streams);
		streams.values().for_each(|stream| stream.end());
	}
}

impl Streams {
	pub(crate) fn new(out: mpsc::Sender<Vec<u8>>) -> Self {
		let memory = Budget::new(MEMORY_BYTES, None);
		Self(Arc::new(Kept { out, memory, table: Mutex::default() }))
	}

	/// Begins a stream from `local`, whoever's address that is.
	pub(crate) async fn call(&self, local: SocketAddrV4, remote: SocketAddrV4) -> io::Result<Stream> {
		let connect = |bytes| {
			let sizes = (bytes, DOOR_MTU, KEEP_ALIVE);
			Connection::connect(Instant::now(), (local, remote), sizes, self.0.out.clone())
		};
		let mut stream = self.add((local, remote), connect)?;
		stream.connected().await?;
		Ok(stream)
	}

	/// Answers the first packet of a stream.
	fn answer(&self, local: SocketAddrV4, remote: SocketAddrV4, first: &[u8]) -> io::Result<Stream> {
		let listen = |bytes| Connection::listen(Instant::now(), local, (bytes, DOOR_MTU), self.0.out.clone());
		let stream = self.add((local, remote), listen)?;
		self.input(local, remote, first);
		Ok(stream)
	}

	/// Takes a packet; whether it is one of a stream.
	pub(crate) fn input(&self, local: SocketAddrV4, remote: SocketAddrV4, packet: &[u8]) -> bool {
		let stream = lock(&self.0.table).streams.get(&(local, remote)).cloned();
		stream.inspect(|stream| stream.input(packet.to_vec())).is_some()
	}

	fn add(&self, key: Key, begin: impl FnOnce(usize) -> io::Result<Connection>) -> io::Result<Stream> {
		let mut table = lock(&self.0.table);
		let memory: Option<Share> = self.0.memory.take(STREAM_BYTES);
		let memory = memory
			.filter(|_| table.streams.len() < MOST_STREAMS)
			.ok_or_else(|| io::Error::new(io::ErrorKind::QuotaExceeded, "too many streams at once"))?;
		if table.streams.contains_key(&key) {
			return Err(io::ErrorKind::AddrInUse.into());
		}
		let shared = Shared::new(begin(memory.bytes())?, memory);
		table.streams.insert(key, shared.clone());
		table.keepers.retain(|_, keeper| !keeper.is_finished());
		// The task is the table's and must not hold the table.
		let (kept, stream) = (Arc::downgrade(&self.0), shared.clone());
		let keeper = Task::spawn("relayed stream", async move {
			stream.keep().await;
			if let Some(kept) = kept.upgrade() {
				lock(&kept.table).streams.remove(&key);
			}
		});
		table.keepers.insert(key, keeper);
		Ok(Stream::new(shared))
	}
}

/// The guest's end: one port, to which anybody may come.
pub(crate) struct Door {
	at: SocketAddrV4,
	streams: Streams,
	out: mpsc::Sender<Vec<u8>>,
	accepted: mpsc::Sender<(Stream, SocketAddr)>,
	datagrams: mpsc::Sender<(Vec<u8>, SocketAddrV4)>,
}

impl Door {
	/// Takes a packet if it is for the door.
	pub(super) fn takes(&self, inner: &Inner<'_>, bytes: &[u8]) -> bool {
		match inner.body {
			Body::Tcp { ports: (source, destination), is_first } if destination == self.at.port() => {
				self.take_segment(SocketAddrV4::new(inner.source, source), is_first, bytes);
				true
			}
			Body::Udp { ports: (source, destination), payload } if destination == self.at.port() => {
				// A reader that lags loses datagrams, as behind a full socket buffer.
				let _ = self.datagrams.try_send((payload.to_vec(), SocketAddrV4::new(inner.source, source)));
				true
			}
			_ => false,
		}
	}

	fn take_segment(&self, from: SocketAddrV4, is_first: bool, bytes: &[u8]) {
		if self.streams.input(self.at, from, bytes) {
			return;
		}
		// Room first: a stream that nobody takes would be one for nothing.
		let room = is_first.then(|| self.accepted.try_reserve().ok()).flatten();
		let stream = room.and_then(|room| Some((room, self.streams.answer(self.at, from, bytes).ok()?)));
		match stream {
			Some((room, stream)) => room.send((stream, SocketAddr::V4(from))),
			None => {
				if let Some(reset) = packet::reset(bytes) {
					let _ = self.out.try_send(reset);
				}
			}
		}
	}
}

/// What comes in by a door.
pub(crate) struct Opened {
	/// Streams and where they come from.
	pub(crate) accepted: mpsc::Receiver<(Stream, SocketAddr)>,
	/// Datagrams and where they come from.
	pub(crate) datagrams: mpsc::Receiver<(Vec<u8>, SocketAddrV4)>,
	/// Answers them.
	pub(crate) sender: DoorSender,
}

/// Sends datagrams from the door's port. Cloned freely.
#[derive(Clone)]
pub(crate) struct DoorSender {
	inside: Arc<Inside>,
	from: SocketAddrV4,
}

impl DoorSender {
	/// Sends one; whether it fits and the queue took it.
	pub(crate) fn send(&self, to: SocketAddrV4, payload: &[u8]) -> bool {
		packet::datagram(self.from, to, payload, DOOR_MTU)
			.is_some_and(|packet| self.inside.to_tunnel.try_send(packet).is_ok())
	}
}

impl Stack {
	/// Takes from now on whatever comes to `port`, from wherever.
	pub(crate) fn open_door(&self, port: u16) -> Opened {
		let (hand_in, accepted) = mpsc::channel(WAITING_STREAMS);
		let (hand_on, datagrams) = mpsc::channel(WAITING);
		let (at, out) = (SocketAddrV4::new(self.inside.address, port), self.inside.to_tunnel.clone());
		let streams = Streams::new(out.clone());
		self.inside.set_door(Arc::new(Door { at, streams, out, accepted: hand_in, datagrams: hand_on }));
		Opened { accepted, datagrams, sender: DoorSender { inside: self.inside.clone(), from: at } }
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use tokio::io::{AsyncReadExt, AsyncWriteExt};

	const GUEST: SocketAddrV4 = SocketAddrV4::new(std::net::Ipv4Addr::new(100, 96, 0, 2), 9_600);

	type Ends = (Arc<Streams>, mpsc::Sender<Vec<u8>>, mpsc::Receiver<Vec<u8>>, Stack);

	/// A relay's end and a guest's, with what is between them.
	fn ends() -> Ends {
		let (to_guest, from_relay) = mpsc::channel(256);
		let (to_relay, from_guest) = mpsc::channel(256);
		let stack = Stack::start(*GUEST.ip(), crate::net::MTU, to_relay, from_relay);
		(Arc::new(Streams::new(to_guest.clone())), to_guest, from_guest, stack)
	}

	#[tokio::test]
	async fn stream_should_pass_a_door_and_say_where_it_comes_from() {
		let (streams, _to_guest, mut from_guest, stack) = ends();
		let mut door = stack.open_door(GUEST.port());
		let relay = streams.clone();
		let _back = Task::spawn("back", async move {
			while let Some(packet) = from_guest.recv().await {
				let inner = packet::parse(&packet).unwrap();
				let Body::Tcp { ports: (source, destination), .. } = inner.body else { continue };
				let local = SocketAddrV4::new(inner.destination, destination);
				relay.input(local, SocketAddrV4::new(inner.source, source), &packet);
			}
		});
		let customer = "198.51.100.7:4321".parse().unwrap();
		let call = streams.call(customer, GUEST);
		let answer = async {
			let (mut stream, from) = door.accepted.recv().await.unwrap();
			assert_eq!(from, SocketAddr::V4(customer));
			let mut question = [0; 8];
			stream.read_exact(&mut question).await.unwrap();
			stream.write_all(&question).await.unwrap();
			stream
		};
		let ask = async {
			let mut stream = call.await.unwrap();
			stream.write_all(b"question").await.unwrap();
			let mut answer = [0; 8];
			stream.read_exact(&mut answer).await.unwrap();
			answer
		};
		let (answered, _stream) =
			tokio::time::timeout(Duration::from_secs(10), async { tokio::join!(ask, answer) })
				.await
				.expect("within ten seconds");
		assert_eq!(&answered, b"question");
	}

	#[tokio::test]
	async fn door_should_reset_what_it_has_no_room_for_and_hand_on_datagrams() {
		let (_, to_guest, mut from_guest, stack) = ends();
		let mut door = stack.open_door(GUEST.port());
		let customer: SocketAddrV4 = "198.51.100.7:4321".parse().unwrap();
		to_guest.send(packet::datagram(customer, GUEST, b"hello", DOOR_MTU).unwrap()).await.unwrap();
		assert_eq!(door.datagrams.recv().await.unwrap(), (b"hello".to_vec(), customer));
		assert!(door.sender.send(customer, &[0; 1_372]) && !door.sender.send(customer, &[0; 1_373]));
		assert_eq!(from_guest.recv().await.unwrap().len(), 1_400);
		// Nobody takes streams any more.
		drop(door);
		let (syn, _first) = {
			let (out, mut sent) = mpsc::channel(4);
			let streams = Streams::new(out);
			let call = tokio::time::timeout(Duration::from_millis(100), streams.call(customer, GUEST)).await;
			(sent.recv().await.unwrap(), call.is_err())
		};
		to_guest.send(syn).await.unwrap();
		let reset = from_guest.recv().await.unwrap();
		assert!(packet::parse(&reset).is_some() && packet::reset(&reset).is_none(), "a reset");
	}

	#[tokio::test]
	async fn streams_should_be_bounded() {
		let (out, mut sent) = mpsc::channel(1_024);
		let streams = Streams::new(out);
		let _drain = Task::spawn("drain", async move { while sent.recv().await.is_some() {} });
		let calls = (0..=MOST_STREAMS as u16)
			.map(|n| streams.call(SocketAddrV4::new([198, 51, 100, 7].into(), 1_000 + n), GUEST));
		let all = futures::future::select_all(calls.map(Box::pin));
		// The one that is too many fails at once, the others wait for an answer.
		let (first, at, _) = tokio::time::timeout(Duration::from_secs(5), all).await.expect("one fails");
		assert!(first.is_err() && at == MOST_STREAMS, "{at}");
	}
}
