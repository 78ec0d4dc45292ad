//! What customers fetch: a server of files that anybody can compute, and how one is fetched through a proxy.

use anyhow::{ensure, Context, Result};
use polkadot_sdk::sp_io::hashing::blake2_256;
use rand::{rngs::StdRng, RngCore, SeedableRng};
use std::{
	io,
	net::{SocketAddr, SocketAddrV4},
	time::Duration,
};
use tokio::{
	io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
	net::{TcpListener, TcpStream},
	task::{JoinHandle, JoinSet},
	time::timeout,
};

/// The largest file.
const MOST_BYTES: u64 = 16 << 20;
/// A question is a line of two numbers.
const QUESTION_BYTES: u64 = 64;
/// Connections at once: each customer has one.
const MOST_CONNECTIONS: usize = 16;
/// How long a connection may take on the server's side.
const SERVED_WITHIN: Duration = Duration::from_secs(120);
/// When the system has no descriptors left, accepting fails at once, again and again.
const PAUSE: Duration = Duration::from_millis(100);

/// The file of this number.
fn content(number: u64, bytes: u64) -> Vec<u8> {
	let mut content = vec![0; usize::try_from(bytes.min(MOST_BYTES)).unwrap_or(0)];
	StdRng::seed_from_u64(number).fill_bytes(&mut content);
	content
}

/// A running server, ended with the value.
pub struct FileServer {
	address: SocketAddr,
	served: JoinHandle<()>,
}

impl Drop for FileServer {
	fn drop(&mut self) {
		self.served.abort();
	}
}

impl FileServer {
	/// Listens at `address`, where port 0 stands for any that is free.
	pub async fn start(address: SocketAddrV4) -> Result<Self> {
		let listener = TcpListener::bind(address).await.with_context(|| {
			format!("the server of files cannot listen on {address}; another network may be running")
		})?;
		Ok(Self { address: listener.local_addr()?, served: tokio::spawn(serve(listener)) })
	}

	/// Where it listens.
	pub fn address(&self) -> SocketAddr {
		self.address
	}
}

async fn serve(listener: TcpListener) {
	// Aborted with this task.
	let mut connections = JoinSet::new();
	loop {
		tokio::select! {
			accepted = listener.accept(), if connections.len() < MOST_CONNECTIONS => match accepted {
				Ok((client, _)) => drop(connections.spawn(timeout(SERVED_WITHIN, answer(client)))),
				Err(_) => tokio::time::sleep(PAUSE).await,
			},
			// Who asks sees what went wrong.
			Some(_) = connections.join_next(), if !connections.is_empty() => {}
		}
	}
}

/// Answers a line of a file's number and length with the file.
async fn answer(mut client: TcpStream) -> io::Result<()> {
	let mut question = String::new();
	BufReader::new(&mut client).take(QUESTION_BYTES).read_line(&mut question).await?;
	let mut numbers = question.split_whitespace().map(str::parse::<u64>);
	let (Some(Ok(number)), Some(Ok(bytes)), None) = (numbers.next(), numbers.next(), numbers.next()) else {
		return Err(io::ErrorKind::InvalidData.into());
	};
	client.write_all(&content(number, bytes)).await?;
	client.shutdown().await
}

/// Whether a file that is fetched from `server` through `proxy` is the one that was asked for; an error says why it did not come,
/// or not all of it.
pub(super) async fn fetch(
	proxy: SocketAddrV4,
	server: SocketAddrV4,
	number: u64,
	bytes: u64,
) -> Result<bool> {
	let mut server = connect(proxy, server).await?;
	server.write_all(format!("{number} {bytes}\n").as_bytes()).await.context("asking for a file")?;
	let mut received = Vec::new();
	// One more than there should be, which would be another file.
	server.take(bytes.saturating_add(1)).read_to_end(&mut received).await.context("reading a file")?;
	let length = u64::try_from(received.len())?;
	ensure!(length >= bytes, "{length} of {bytes} bytes of a file came");
	Ok(blake2_256(&received) == blake2_256(&content(number, bytes)))
}

/// A connection to `to` through a SOCKS5 proxy (RFC 1928), without authentication.
async fn connect(proxy: SocketAddrV4, to: SocketAddrV4) -> Result<TcpStream> {
	const GREETING: [u8; 3] = [5, 1, 0];
	let mut stream = TcpStream::connect(proxy).await.context("connecting to the proxy")?;
	stream.write_all(&GREETING).await?;
	let mut chosen = [0; 2];
	stream.read_exact(&mut chosen).await.context("the proxy's greeting")?;
	ensure!(chosen == [5, 0], "the proxy greets with {chosen:?}");
	let request = [&[5, 1, 0, 1], &to.ip().octets()[..], &to.port().to_be_bytes()].concat();
	stream.write_all(&request).await?;
	let mut reply = [0; 10];
	stream.read_exact(&mut reply).await.context("the proxy's reply")?;
	ensure!(reply[..2] == [5, 0], "the proxy refuses with reply {}", reply[1]);
	Ok(stream)
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::net::Ipv4Addr;

	const ANY: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0);

	fn v4(address: SocketAddr) -> SocketAddrV4 {
		match address {
			SocketAddr::V4(address) => address,
			SocketAddr::V6(_) => panic!("{address} is not IPv4"),
		}
	}

	/// A proxy for one connection, which is refused with `reply` unless that is 0, and cut or falsified behind `bytes`.
	async fn proxy(reply: u8, bytes: usize, is_falsified: bool) -> SocketAddrV4 {
		let listener = TcpListener::bind(ANY).await.unwrap();
		let address = v4(listener.local_addr().unwrap());
		tokio::spawn(async move {
			let (mut client, _) = listener.accept().await.unwrap();
			let mut greeting = [0; 3];
			client.read_exact(&mut greeting).await.unwrap();
			client.write_all(&[5, 0]).await.unwrap();
			let mut request = [0; 10];
			client.read_exact(&mut request).await.unwrap();
			assert_eq!((greeting, &request[..4]), ([5, 1, 0], &[5, 1, 0, 1][..]));
			client.write_all(&[5, reply, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
			if reply != 0 {
				return;
			}
			let [a, b, c, d, high, low] = request[4..].try_into().unwrap();
			let to = SocketAddrV4::new([a, b, c, d].into(), u16::from_be_bytes([high, low]));
			let mut server = TcpStream::connect(to).await.unwrap();
			let mut question = [0; 64];
			let length = client.read(&mut question).await.unwrap();
			server.write_all(&question[..length]).await.unwrap();
			let mut file = Vec::new();
			server.read_to_end(&mut file).await.unwrap();
			file.truncate(bytes);
			if is_falsified {
				file[0] ^= 1;
			}
			client.write_all(&file).await.unwrap();
		});
		address
	}

	#[tokio::test]
	async fn fetch_should_tell_a_right_file_from_a_wrong_one_and_from_none() {
		let server = FileServer::start(ANY).await.unwrap();
		let at = v4(server.address());
		assert!(fetch(proxy(0, usize::MAX, false).await, at, 7, 65_536).await.unwrap());
		assert!(!fetch(proxy(0, usize::MAX, true).await, at, 7, 65_536).await.unwrap());
		let error = fetch(proxy(0, 1_000, false).await, at, 7, 65_536).await.unwrap_err().to_string();
		assert_eq!(error, "1000 of 65536 bytes of a file came");
		let error = fetch(proxy(3, 0, false).await, at, 7, 65_536).await.unwrap_err().to_string();
		assert!(error.contains("refuses with reply 3"), "{error}");
	}

	#[tokio::test]
	async fn server_should_answer_the_next_one_when_questions_are_none() {
		let server = FileServer::start(ANY).await.unwrap();
		for question in ["", "7\n", "7 x\n", "7 8 9\n", &"7".repeat(200)] {
			let mut client = TcpStream::connect(server.address()).await.unwrap();
			client.write_all(question.as_bytes()).await.unwrap();
			client.shutdown().await.unwrap();
			let mut answer = Vec::new();
			// What was not read resets the connection.
			let _ = client.read_to_end(&mut answer).await;
			assert!(answer.is_empty(), "{question}");
		}
		let at = v4(server.address());
		assert!(fetch(proxy(0, usize::MAX, false).await, at, 8, 100).await.unwrap());
	}

	#[test]
	fn contents_should_differ_by_number_alone() {
		assert_ne!(content(1, 64), content(2, 64));
		assert_eq!(content(1, 64), content(1, 128)[..64]);
	}
}
