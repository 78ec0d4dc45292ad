//! A SOCKS5 server (RFC 1928): CONNECT, without authentication, to IPv4 addresses and to names that the other end of the
//! tunnel resolves.
//!
//! Not a crate's: `fast-socks5` 1.0 takes a connector of one's own, but writes each destination to the log at debug level,
//! and no filter keeps that from whoever sets `RUST_LOG`. Here a destination is in nothing but the request to the tunnel.

use crate::tasks::Task;
use anyhow::{bail, Result};
use async_trait::async_trait;
use std::{
	io,
	net::{Ipv4Addr, SocketAddr},
	str::FromStr,
	sync::{
		atomic::{AtomicUsize, Ordering},
		Arc,
	},
	time::Duration,
};
use tokio::{
	io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
	net::{TcpListener, TcpStream},
	sync::Semaphore,
};

/// Connections at once. What comes above that is closed at once.
pub const MAX_CONNECTIONS: usize = 256;
/// A client that has not said by then where it wants to go is hung up on.
const GREETING: Duration = Duration::from_secs(10);
/// A destination that has not answered by then is not reached.
const CONNECT: Duration = Duration::from_secs(30);
/// What is read at once, in either direction.
const BUFFER_BYTES: usize = 16 * 1024;
/// When the system has no descriptors left, accepting fails at once, again and again.
const PAUSE: Duration = Duration::from_millis(100);

const VERSION: u8 = 5;
const NO_AUTHENTICATION: u8 = 0;
const NO_METHOD: u8 = 0xff;
const CONNECT_COMMAND: u8 = 1;
/// Longest name of the DNS, without the dot at its end.
const MAX_NAME_BYTES: usize = 253;

/// What is answered to a request: RFC 1928, section 6.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Reply {
	/// Connected.
	Succeeded = 0,
	/// Something else failed.
	Failed = 1,
	/// The exit does not let that out.
	NotAllowed = 2,
	/// There is no tunnel now.
	NetworkUnreachable = 3,
	/// No such name, or no way there.
	HostUnreachable = 4,
	/// Nobody listens there.
	ConnectionRefused = 5,
	/// No answer in time.
	TimedOut = 6,
	/// UDP ASSOCIATE and BIND.
	CommandNotSupported = 7,
	/// IPv6.
	AddressNotSupported = 8,
}

impl Reply {
	/// What says why a tunnel has not connected.
	fn of(error: &io::Error) -> Self {
		match error.kind() {
			io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown | io::ErrorKind::NotConnected => {
				Self::NetworkUnreachable
			}
			io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => Self::ConnectionRefused,
			io::ErrorKind::HostUnreachable | io::ErrorKind::NotFound => Self::HostUnreachable,
			io::ErrorKind::TimedOut => Self::TimedOut,
			io::ErrorKind::PermissionDenied => Self::NotAllowed,
			_ => Self::Failed,
		}
	}
}

/// Where a client wants to go. It has no `Debug`, so that no log shows it.
#[derive(Clone, PartialEq, Eq)]
pub enum Destination {
	/// An address.
	Address(Ipv4Addr, u16),
	/// A name: not empty, of letters, digits, dots, hyphens and underscores, at most 253 bytes.
	Name(String, u16),
}

/// A byte stream to a destination.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// What connects to destinations: the tunnel, or a fake.
#[async_trait]
pub trait Outbound: Send + Sync + 'static {
	/// Connects; the kind of the error chooses the reply.
	async fn connect(&self, to: Destination) -> io::Result<Box<dyn Stream>>;
}

/// A server that listens. Dropped, it hangs up on everybody.
pub struct Socks {
	address: SocketAddr,
	open: Arc<AtomicUsize>,
	_accept: Task,
}

/// One more connection for as long as it lives.
struct Counted(Arc<AtomicUsize>);

impl Counted {
	fn new(count: &Arc<AtomicUsize>) -> Self {
		count.fetch_add(1, Ordering::Relaxed);
		Self(count.clone())
	}
}

impl Drop for Counted {
	fn drop(&mut self) {
		self.0.fetch_sub(1, Ordering::Relaxed);
	}
}

/// Listens on `address`: a loopback one unless `is_open`, for it takes everybody who reaches it.
pub async fn bind(address: SocketAddr, is_open: bool) -> Result<TcpListener> {
	if !is_open && !address.ip().to_canonical().is_loopback() {
		bail!(
			"--socks {address} is not a loopback address: everybody who reaches it could use the tunnel at your expense; take \
			 127.0.0.1, or add --socks-open"
		);
	}
	TcpListener::bind(address)
		.await
		.map_err(|error| crate::advice::bind("TCP", address, Some("--socks address"), &error))
}

impl Socks {
	/// Serves clients of `listener`, who go out through `outbound`.
	pub fn start(listener: TcpListener, outbound: Arc<dyn Outbound>) -> Result<Self> {
		let (address, open) = (listener.local_addr()?, Arc::new(AtomicUsize::new(0)));
		let accept = Task::spawn("socks", accept(listener, outbound, open.clone()));
		Ok(Self { address, open, _accept: accept })
	}

	/// Where it listens.
	pub fn address(&self) -> SocketAddr {
		self.address
	}

	/// Connections that are open.
	pub fn open(&self) -> usize {
		self.open.load(Ordering::Relaxed)
	}
}

async fn accept(listener: TcpListener, outbound: Arc<dyn Outbound>, open: Arc<AtomicUsize>) {
	let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
	// Aborted with this task.
	let mut clients = tokio::task::JoinSet::new();
	loop {
		let accepted = tokio::select! {
			accepted = listener.accept() => accepted,
			Some(_) = clients.join_next(), if !clients.is_empty() => continue,
		};
		let Ok((client, _)) = accepted else {
			tokio::time::sleep(PAUSE).await;
			continue;
		};
		let Ok(place) = room.clone().try_acquire_owned() else {
			tracing::debug!("SOCKS connection closed: {MAX_CONNECTIONS} are open");
			continue;
		};
		let (outbound, counted) = (outbound.clone(), Counted::new(&open));
		clients.spawn(async move {
			let _held = (place, counted);
			// Why a client's connection ended is its affair, and its kind is all that may be said.
			if let Err(error) = serve(client, outbound.as_ref()).await {
				tracing::debug!(kind = %error.kind(), "SOCKS connection ended");
			}
		});
	}
}

async fn serve(mut client: TcpStream, outbound: &dyn Outbound) -> io::Result<()> {
	// Small answers are not to wait for more.
	client.set_nodelay(true)?;
	let wanted = tokio::time::timeout(GREETING, greet(&mut client)).await??;
	let connected = match wanted {
		Ok(destination) => match tokio::time::timeout(CONNECT, outbound.connect(destination)).await {
			Ok(connected) => connected.map_err(|error| Reply::of(&error)),
			Err(_) => Err(Reply::TimedOut),
		},
		Err(reply) => Err(reply),
	};
	match connected {
		Ok(mut server) => {
			answer(&mut client, Reply::Succeeded).await?;
			tokio::io::copy_bidirectional_with_sizes(&mut client, &mut server, BUFFER_BYTES, BUFFER_BYTES)
				.await?;
			Ok(())
		}
		Err(reply) => {
			answer(&mut client, reply).await?;
			client.shutdown().await
		}
	}
}

/// Reads what a client wants; the inner error is what to answer it.
async fn greet(client: &mut TcpStream) -> io::Result<Result<Destination, Reply>> {
	let [version, methods] = read(client).await?;
	if version != VERSION {
		return Err(io::ErrorKind::InvalidData.into());
	}
	let mut offered = vec![0; methods.into()];
	client.read_exact(&mut offered).await?;
	if !offered.contains(&NO_AUTHENTICATION) {
		client.write_all(&[VERSION, NO_METHOD]).await?;
		client.shutdown().await?;
		return Err(io::ErrorKind::Unsupported.into());
	}
	client.write_all(&[VERSION, NO_AUTHENTICATION]).await?;
	let [version, command, _, kind] = read(client).await?;
	if version != VERSION {
		return Err(io::ErrorKind::InvalidData.into());
	}
	// Read to its end whatever comes of it: what is left unread would reset the connection and the answer with it.
	let host = match kind {
		1 => Ok(Ok(Ipv4Addr::from(read::<4>(client).await?))),
		3 => {
			let [length] = read(client).await?;
			let mut name = vec![0; length.into()];
			client.read_exact(&mut name).await?;
			Ok(Err(name))
		}
		4 => {
			read::<16>(client).await?;
			Err(Reply::AddressNotSupported)
		}
		// How long it is nobody knows.
		_ => return Ok(Err(Reply::AddressNotSupported)),
	};
	let port = u16::from_be_bytes(read(client).await?);
	if command != CONNECT_COMMAND {
		return Ok(Err(Reply::CommandNotSupported));
	}
	Ok(host.and_then(|host| match host {
		Ok(address) => Ok(Destination::Address(address, port)),
		Err(name) => named(&name, port),
	}))
}

/// A name, or an address that was given as one.
fn named(name: &[u8], port: u16) -> Result<Destination, Reply> {
	let name = std::str::from_utf8(name).map_err(|_| Reply::HostUnreachable)?;
	if let Ok(address) = Ipv4Addr::from_str(name) {
		return Ok(Destination::Address(address, port));
	}
	if name.contains(':') {
		return Err(Reply::AddressNotSupported);
	}
	let name = name.strip_suffix('.').unwrap_or(name);
	let is_of_names = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
	let labels_fit = name.split('.').all(|label| (1..=63).contains(&label.len()));
	if name.len() > MAX_NAME_BYTES || !labels_fit || !name.bytes().all(is_of_names) {
		return Err(Reply::HostUnreachable);
	}
	Ok(Destination::Name(name.to_ascii_lowercase(), port))
}

async fn read<const N: usize>(client: &mut TcpStream) -> io::Result<[u8; N]> {
	let mut bytes = [0; N];
	client.read_exact(&mut bytes).await?;
	Ok(bytes)
}

/// The address that a connection is made from is the exit's affair: zeros stand for it.
async fn answer(client: &mut TcpStream, reply: Reply) -> io::Result<()> {
	client.write_all(&[VERSION, reply as u8, 0, 1, 0, 0, 0, 0, 0, 0]).await
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::sync::Mutex;

	/// Echoes what is sent to port 7, refuses others by the port's number, and notes where clients wanted to go.
	#[derive(Default)]
	struct Fake {
		asked: Mutex<Vec<String>>,
	}

	#[async_trait]
	impl Outbound for Fake {
		async fn connect(&self, to: Destination) -> io::Result<Box<dyn Stream>> {
			let (host, port) = match to {
				Destination::Address(address, port) => (address.to_string(), port),
				Destination::Name(name, port) => (name, port),
			};
			self.asked.lock().unwrap().push(format!("{host}:{port}"));
			let kind = match port {
				7 => {
					let (near, far) = tokio::io::duplex(1_024);
					tokio::spawn(async move {
						let (mut read, mut write) = tokio::io::split(far);
						tokio::io::copy(&mut read, &mut write).await.unwrap();
						write.shutdown().await.unwrap();
					});
					return Ok(Box::new(near));
				}
				1 => io::ErrorKind::NetworkUnreachable,
				2 => io::ErrorKind::ConnectionRefused,
				3 => io::ErrorKind::HostUnreachable,
				4 => io::ErrorKind::TimedOut,
				5 => io::ErrorKind::PermissionDenied,
				_ => io::ErrorKind::Other,
			};
			Err(kind.into())
		}
	}

	async fn server() -> (Socks, Arc<Fake>) {
		let fake = Arc::new(Fake::default());
		let listener = bind(([127, 0, 0, 1], 0).into(), false).await.unwrap();
		(Socks::start(listener, fake.clone()).unwrap(), fake)
	}

	/// Greets without authentication, sends `request` and returns the first bytes of the answer.
	async fn ask(socks: &Socks, request: &[u8]) -> (TcpStream, [u8; 10]) {
		let mut client = TcpStream::connect(socks.address()).await.unwrap();
		client.write_all(&[5, 2, 2, 0]).await.unwrap();
		assert_eq!(read::<2>(&mut client).await.unwrap(), [5, 0]);
		client.write_all(request).await.unwrap();
		let answer = tokio::time::timeout(Duration::from_secs(5), read(&mut client)).await.unwrap().unwrap();
		(client, answer)
	}

	fn to_name(name: &[u8], port: u16) -> Vec<u8> {
		[&[5, 1, 0, 3, name.len() as u8], name, &port.to_be_bytes()].concat()
	}

	fn answered(reply: Reply) -> [u8; 10] {
		[5, reply as u8, 0, 1, 0, 0, 0, 0, 0, 0]
	}

	#[tokio::test]
	async fn bytes_should_go_both_ways_and_end_when_the_client_is_done() {
		let (socks, fake) = server().await;
		for request in [vec![5, 1, 0, 1, 198, 51, 100, 7, 0, 7], to_name(b"Example.ORG.", 7)] {
			let (mut client, answer) = ask(&socks, &request).await;
			assert_eq!(answer, answered(Reply::Succeeded));
			assert_eq!(socks.open(), 1);
			let sent = vec![0xa5; 100_000];
			let (mut from, mut to) = client.split();
			let send = async {
				to.write_all(&sent).await.unwrap();
				to.shutdown().await.unwrap();
			};
			let mut received = vec![];
			let (_, read) = tokio::join!(send, from.read_to_end(&mut received));
			assert_eq!((read.unwrap(), received), (sent.len(), sent.clone()));
			drop(client);
			for _ in 0..500 {
				if socks.open() == 0 {
					break;
				}
				tokio::time::sleep(Duration::from_millis(10)).await;
			}
			assert_eq!(socks.open(), 0);
		}
		assert_eq!(*fake.asked.lock().unwrap(), ["198.51.100.7:7", "example.org:7"]);
	}

	#[tokio::test]
	async fn reply_should_say_why_when_the_tunnel_has_not_connected() {
		let (socks, _) = server().await;
		for (port, reply) in [
			(1, Reply::NetworkUnreachable),
			(2, Reply::ConnectionRefused),
			(3, Reply::HostUnreachable),
			(4, Reply::TimedOut),
			(5, Reply::NotAllowed),
			(6, Reply::Failed),
		] {
			let (mut client, answer) = ask(&socks, &to_name(b"example.org", port)).await;
			assert_eq!(answer, answered(reply), "{reply:?}");
			assert_eq!(client.read_to_end(&mut vec![]).await.unwrap(), 0);
		}
	}

	#[tokio::test]
	async fn request_should_be_refused_and_go_nowhere_when_it_cannot_be_met() {
		let (socks, fake) = server().await;
		let address = [5, 1, 0, 4, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 7];
		let udp = [5, 3, 0, 1, 0, 0, 0, 0, 0, 0];
		let bind = [&[5, 2, 0, 3, 1, b'a'][..], &[0, 7]].concat();
		let long = [vec![b'a'; 63], b".".to_vec()].concat().repeat(4);
		for (request, reply) in [
			(&address[..], Reply::AddressNotSupported),
			(&to_name(b"2001:db8::1", 7), Reply::AddressNotSupported),
			(&[5, 1, 0, 9, 1], Reply::AddressNotSupported),
			(&udp, Reply::CommandNotSupported),
			(&bind, Reply::CommandNotSupported),
			(&to_name(b"", 7), Reply::HostUnreachable),
			(&to_name(b"a..b", 7), Reply::HostUnreachable),
			(&to_name(b"a b", 7), Reply::HostUnreachable),
			(&to_name(b"a\r\nb", 7), Reply::HostUnreachable),
			(&to_name(&[0xff], 7), Reply::HostUnreachable),
			(&to_name(&[b'a'; 64], 7), Reply::HostUnreachable),
			(&to_name(&long, 7), Reply::HostUnreachable),
		] {
			assert_eq!(ask(&socks, request).await.1, answered(reply), "{request:?}");
		}
		assert!(fake.asked.lock().unwrap().is_empty());
	}

	#[tokio::test]
	async fn client_should_be_hung_up_on_when_it_speaks_something_else() {
		let (socks, fake) = server().await;
		for (said, answer) in [
			(&b"GET / HTTP/1.1\r\n\r\n"[..], &[][..]),
			(&[4, 1, 0, 7, 1, 1, 1, 1, 0], &[]),
			(&[5, 1, 2], &[5, 0xff]),
		] {
			let mut client = TcpStream::connect(socks.address()).await.unwrap();
			client.write_all(said).await.unwrap();
			let mut heard = vec![];
			// What was not read resets the connection, which is as good.
			let _ = client.read_to_end(&mut heard).await;
			assert_eq!(heard, answer);
		}
		assert!(fake.asked.lock().unwrap().is_empty());
	}

	#[tokio::test]
	async fn connection_should_be_closed_when_as_many_are_open_as_may_be() {
		let (socks, _) = server().await;
		let mut held = vec![];
		for _ in 0..MAX_CONNECTIONS {
			held.push(ask(&socks, &to_name(b"a", 7)).await.0);
		}
		assert_eq!(socks.open(), MAX_CONNECTIONS);
		let mut late = TcpStream::connect(socks.address()).await.unwrap();
		let closed = tokio::time::timeout(Duration::from_secs(5), late.read(&mut [0])).await.unwrap();
		assert!(matches!(closed, Ok(0) | Err(_)));
		drop(held.pop());
		for _ in 0..500 {
			if socks.open() < MAX_CONNECTIONS {
				break;
			}
			tokio::time::sleep(Duration::from_millis(10)).await;
		}
		assert_eq!(ask(&socks, &to_name(b"a", 7)).await.1, answered(Reply::Succeeded));
	}

	#[tokio::test]
	async fn bind_should_refuse_when_others_could_reach_it() {
		let anywhere = SocketAddr::from(([0, 0, 0, 0], 0));
		let error = bind(anywhere, false).await.unwrap_err().to_string();
		assert!(error.contains("--socks-open") && error.lines().count() == 1, "{error}");
		bind(anywhere, true).await.unwrap();
		bind("[::1]:0".parse().unwrap(), false).await.unwrap();
	}
}
