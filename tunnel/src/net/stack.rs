//! The customer's end of the tunnel: connections and questions, over inner packets.

use super::{
	budget::Budget,
	connection::Connection,
	dns,
	doors::Door,
	lock,
	packet::{self, Body},
	stream::{Shared, Stream},
	DNS_PORT, GATEWAY,
};
use crate::tasks::Task;
use std::{
	collections::{hash_map::Entry, HashMap},
	io,
	net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4},
	sync::{Arc, Mutex, OnceLock},
	time::Duration,
};
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	sync::mpsc,
};

/// Packets handled at once.
const BATCH: usize = 64;
/// Streams at once, those included that are being closed.
const MOST_STREAMS: usize = 512;
/// All their buffers: half of it for the least of each, half for the first ones to have more.
const MEMORY_BYTES: usize = 32 << 20;
/// Questions at once.
const MOST_QUESTIONS: usize = 256;
/// Answers to a question that wait to be looked at: forged ones must not crowd out the right one.
const ANSWERS: usize = 8;
/// A destination that has not answered by then is not reached.
const CONNECT: Duration = Duration::from_secs(20);
/// How often a peer that says nothing is asked whether it is there.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// A question to the resolver is asked so often,
const TRIES: usize = 3;
/// and each time waits so long.
const PATIENCE: Duration = Duration::from_secs(3);
/// Ports of connections and questions: those that RFC 6056 wants to be chosen from.
const PORTS: std::ops::RangeInclusive<u16> = 1_024..=u16::MAX;

/// A connection's own port, and its other end.
type Key = (u16, SocketAddrV4);

/// Who asks from a port.
struct Question {
	of: SocketAddrV4,
	answers: mpsc::Sender<Vec<u8>>,
}

#[derive(Default)]
struct Table {
	streams: HashMap<Key, Arc<Shared>>,
	/// The tasks that keep them; a finished one is dropped when the next one comes.
	keepers: HashMap<Key, Task>,
	questions: HashMap<u16, Question>,
	/// What comes for one port from anywhere.
	door: Option<Arc<Door>>,
}

/// What the stack and its tasks share.
pub(super) struct Inside {
	pub(super) address: Ipv4Addr,
	pub(super) mtu: u16,
	pub(super) to_tunnel: mpsc::Sender<Vec<u8>>,
	memory: Arc<Budget>,
	table: Mutex<Table>,
	/// Takes the packets that are nobody's here.
	others: OnceLock<mpsc::Sender<Vec<u8>>>,
}

/// TCP and UDP from one inner address. Dropped, it ends all of its streams.
pub struct Stack {
	pub(super) inside: Arc<Inside>,
	_reader: Task,
}

/// A port's place in the table; dropped, it is free.
pub(super) struct Asked {
	inside: Arc<Inside>,
	pub(super) port: u16,
}

impl Drop for Asked {
	fn drop(&mut self) {
		lock(&self.inside.table).questions.remove(&self.port);
	}
}

impl Stack {
	/// A stack at the inner `address`. Packets of at most `mtu` bytes go `to_tunnel`; those that come `from_tunnel` are its
	/// own.
	pub fn start(
		address: Ipv4Addr,
		mtu: u16,
		to_tunnel: mpsc::Sender<Vec<u8>>,
		from_tunnel: mpsc::Receiver<Vec<u8>>,
	) -> Self {
		let memory = Budget::new(MEMORY_BYTES, None);
		let (table, others) = (Mutex::default(), OnceLock::new());
		let inside = Arc::new(Inside { address, mtu, to_tunnel, memory, table, others });
		let reader = Task::spawn("inner packets", read(inside.clone(), from_tunnel));
		Self { inside, _reader: reader }
	}

	/// Connects. Refused, it was by the destination or by the exit: a reset does not say.
	pub async fn connect(&self, to: SocketAddr) -> io::Result<Stream> {
		let mut stream = self.inside.call(to)?;
		match tokio::time::timeout(CONNECT, stream.connected()).await {
			Ok(connected) => connected.map(|()| stream),
			Err(_) => Err(io::ErrorKind::TimedOut.into()),
		}
	}

	/// Asks by UDP from a random port and returns what came back first from there.
	pub async fn exchange(&self, to: SocketAddr, question: &[u8], patience: Duration) -> io::Result<Vec<u8>> {
		self.exchange_until(to, question, patience, |answer| Some(answer.to_vec())).await
	}

	/// [`Self::exchange`] for the first answer that `take` takes.
	async fn exchange_until<T>(
		&self,
		to: SocketAddr,
		question: &[u8],
		patience: Duration,
		take: impl Fn(&[u8]) -> Option<T>,
	) -> io::Result<T> {
		let (answers, mut answered) = mpsc::channel(ANSWERS);
		let to = self.inside.reachable(to)?;
		let asked = self.inside.ask(to, answers)?;
		let from = SocketAddrV4::new(self.inside.address, asked.port);
		let packet = packet::datagram(from, to, question, self.inside.mtu)
			.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "too long for one inner packet"))?;
		let exchange = async {
			if self.inside.to_tunnel.send(packet).await.is_err() {
				return Err(io::ErrorKind::NetworkDown.into());
			}
			while let Some(answer) = answered.recv().await {
				if let Some(taken) = take(&answer) {
					return Ok(taken);
				}
			}
			Err(io::ErrorKind::NetworkDown.into())
		};
		match tokio::time::timeout(patience, exchange).await {
			Ok(result) => result,
			Err(_) => Err(io::ErrorKind::TimedOut.into()),
		}
	}

	/// The IPv4 addresses of `name`, as the exit's resolver knows them. Of IPv6 ones none could be reached: the inner address
	/// is an IPv4 one.
	pub async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
		if let Ok(address) = name.parse::<IpAddr>() {
			return Ok(vec![address]);
		}
		let mut last = io::ErrorKind::TimedOut.into();
		for _ in 0..TRIES {
			match self.ask_resolver(name).await {
				Ok(addresses) => return Ok(addresses),
				Err(error) if error.kind() == io::ErrorKind::TimedOut => last = error,
				Err(error) => return Err(error),
			}
		}
		Err(last)
	}

	/// One question, with an id and a port of its own.
	async fn ask_resolver(&self, name: &str) -> io::Result<Vec<IpAddr>> {
		let question = dns::Question::for_addresses_of(name)?;
		let resolver = SocketAddr::from((GATEWAY, DNS_PORT));
		let answer = self
			.exchange_until(resolver, question.as_bytes(), PATIENCE, |bytes| question.read_answer(bytes))
			.await?;
		if !answer.is_cut_short {
			return answer.addresses();
		}
		let whole = async {
			let mut stream = self.connect(resolver).await?;
			stream.write_all(&dns::framed(question.as_bytes())?).await?;
			let length = stream.read_u16().await?;
			let mut bytes = vec![0; length.into()];
			stream.read_exact(&mut bytes).await?;
			let answer = question.read_answer(&bytes);
			answer.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?.addresses()
		};
		match tokio::time::timeout(PATIENCE, whole).await {
			Ok(addresses) => addresses,
			Err(_) => Err(io::ErrorKind::TimedOut.into()),
		}
	}

	/// This end's address.
	pub fn address(&self) -> Ipv4Addr {
		self.inside.address
	}

	/// Sends a packet of the machine's own, made from this end's address, and is paid for as the stack's; whether the tunnel took it.
	pub(crate) async fn send_packet(&self, packet: Vec<u8>) -> bool {
		self.inside.to_tunnel.send(packet).await.is_ok()
	}

	/// Hands what comes for this end and belongs to none of its streams and questions to `others`, for good.
	pub(crate) fn divert(&self, others: mpsc::Sender<Vec<u8>>) {
		let _ = self.inside.others.set(others);
	}

	/// Streams there are, those included that are being closed.
	#[cfg(test)]
	pub(crate) fn streams(&self) -> usize {
		lock(&self.inside.table).streams.len()
	}
}

impl Drop for Stack {
	fn drop(&mut self) {
		self.inside.end();
	}
}

impl Inside {
	/// Breaks off every stream.
	fn end(&self) {
		// Dropped without the lock: whoever waits may come back at once.
		let (streams, questions, door) = {
			let mut table = lock(&self.table);
			(std::mem::take(&mut table.streams), std::mem::take(&mut table.questions), table.door.take())
		};
		streams.values().for_each(|stream| stream.end());
		drop((questions, door));
	}

	/// An address that can be reached from ours.
	pub(super) fn reachable(&self, to: SocketAddr) -> io::Result<SocketAddrV4> {
		match to {
			SocketAddr::V4(to) if !to.ip().is_unspecified() && to.port() != 0 => Ok(to),
			SocketAddr::V4(_) => Err(io::ErrorKind::AddrNotAvailable.into()),
			SocketAddr::V6(_) => Err(io::Error::new(
				io::ErrorKind::Unsupported,
				"the tunnel carries IPv4; take an IPv4 address",
			)),
		}
	}

	/// Begins a connection.
	fn call(self: &Arc<Self>, to: SocketAddr) -> io::Result<Stream> {
		let to = self.reachable(to)?;
		let mut table = lock(&self.table);
		let full =
			|| io::Error::new(io::ErrorKind::QuotaExceeded, "too many connections at once; close some");
		if table.streams.len() >= MOST_STREAMS {
			return Err(full());
		}
		let key = free_port(|port| !table.streams.contains_key(&(port, to))).map(|port| (port, to))?;
		let memory = self.memory.take_buffers(table.streams.len(), MOST_STREAMS).ok_or_else(full)?;
		let ends = (SocketAddrV4::new(self.address, key.0), to);
		let sizes = (memory.bytes(), self.mtu, KEEP_ALIVE);
		let connection =
			Connection::connect(tokio::time::Instant::now(), ends, sizes, self.to_tunnel.clone())?;
		let shared = Shared::new(connection, memory);
		table.streams.insert(key, shared.clone());
		table.keepers.retain(|_, keeper| !keeper.is_finished());
		// The task is the table's and must not hold the table.
		let (inside, kept) = (Arc::downgrade(self), shared.clone());
		let keeper = Task::spawn("stream", async move {
			kept.keep().await;
			if let Some(inside) = inside.upgrade() {
				lock(&inside.table).streams.remove(&key);
			}
		});
		table.keepers.insert(key, keeper);
		Ok(Stream::new(shared))
	}

	/// Has a door take what is its.
	pub(super) fn set_door(&self, door: Arc<Door>) {
		lock(&self.table).door = Some(door);
	}

	/// A place for answers of `to`.
	pub(super) fn ask(
		self: &Arc<Self>,
		to: SocketAddrV4,
		answers: mpsc::Sender<Vec<u8>>,
	) -> io::Result<Asked> {
		let mut table = lock(&self.table);
		if table.questions.len() >= MOST_QUESTIONS {
			return Err(io::Error::new(
				io::ErrorKind::QuotaExceeded,
				"too many questions at once; ask again",
			));
		}
		let port = free_port(|port| !table.questions.contains_key(&port))?;
		if let Entry::Vacant(place) = table.questions.entry(port) {
			place.insert(Question { of: to, answers });
		}
		Ok(Asked { inside: self.clone(), port })
	}

	/// Whether one of the stack's own waits for a packet.
	fn is_ours(&self, inner: &packet::Inner<'_>) -> bool {
		let from = |port| SocketAddrV4::new(inner.source, port);
		match inner.body {
			Body::Tcp { ports: (source, destination), .. } => {
				lock(&self.table).streams.contains_key(&(destination, from(source)))
			}
			Body::Udp { ports: (source, destination), .. } => {
				let table = lock(&self.table);
				table.questions.get(&destination).is_some_and(|question| question.of == from(source))
			}
			Body::Echo | Body::Fragment | Body::Options | Body::Other => false,
		}
	}

	/// Hands a packet to whom it is for.
	fn take(&self, bytes: Vec<u8>) {
		let Some(inner) = packet::parse(&bytes) else { return };
		if inner.destination != self.address {
			return;
		}
		let door = lock(&self.table).door.clone();
		if door.is_some_and(|door| door.takes(&inner, &bytes)) {
			return;
		}
		if let Some(others) = self.others.get().filter(|_| !self.is_ours(&inner)) {
			// A device that lags loses packets, as a line does.
			let _ = others.try_send(bytes);
			return;
		}
		match inner.body {
			Body::Tcp { ports: (source, destination), .. } => {
				let key = (destination, SocketAddrV4::new(inner.source, source));
				let stream = lock(&self.table).streams.get(&key).cloned();
				match stream {
					Some(stream) => stream.input(bytes),
					// So that the exit does not keep what is gone here.
					None => {
						if let Some(reset) = packet::reset(&bytes) {
							let _ = self.to_tunnel.try_send(reset);
						}
					}
				}
			}
			Body::Udp { ports: (source, destination), payload } => {
				let table = lock(&self.table);
				let question = table.questions.get(&destination);
				if let Some(question) = question.filter(|q| q.of == SocketAddrV4::new(inner.source, source)) {
					let _ = question.answers.try_send(payload.to_vec());
				}
			}
			Body::Echo | Body::Fragment | Body::Options | Body::Other => {}
		}
	}
}

/// A random port that is free.
fn free_port(is_free: impl Fn(u16) -> bool) -> io::Result<u16> {
	let random = || rand::Rng::gen_range(&mut rand::thread_rng(), PORTS);
	// With 512 of 64,000 taken, one try in a hundred fails.
	std::iter::repeat_with(random)
		.take(16)
		.find(|port| is_free(*port))
		.ok_or_else(|| io::ErrorKind::AddrInUse.into())
}

/// Hands out what comes from the tunnel.
async fn read(inside: Arc<Inside>, mut from_tunnel: mpsc::Receiver<Vec<u8>>) {
	let mut batch = Vec::with_capacity(BATCH);
	while from_tunnel.recv_many(&mut batch, BATCH).await > 0 {
		batch.drain(..).for_each(|packet| inside.take(packet));
	}
	inside.end();
}
