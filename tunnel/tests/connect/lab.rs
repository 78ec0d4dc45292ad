//! Addresses, files, a resolver, a provider and a customer of one test.

use super::chain::LabChain;
use blake2::{digest::consts::U32, Blake2b, Digest};
use std::{
	net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener},
	path::PathBuf,
	sync::Arc,
	time::Duration,
};
use subxt_signer::sr25519::Keypair as Signer;
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::{TcpListener as Listener, TcpStream, UdpSocket},
	sync::{mpsc, watch},
};
use weir_primitives::{api::RegionFilter, chain::AccountId, Endpoint};
use weir_tunnel::{
	chain::Account,
	connect::{Budget, Connection, Settings, Whom},
	engine::Caps,
	exit::{Exit, Limits, Policy, Resolver},
	keys,
	provide::{self, Bound, Outlet, Paid, Provider},
	store::Store,
};

/// Of the file that is fetched.
pub(crate) const BYTES: u64 = 20 << 20;
/// The server's name, as the lab's resolver has it.
pub(crate) const NAME: &str = "files.example.org";

/// Bounded: a test that waits for what never comes fails.
pub(crate) async fn until(what: &str, mut done: impl FnMut() -> bool) {
	for _ in 0..600 {
		if done() {
			return;
		}
		tokio::time::sleep(Duration::from_millis(100)).await;
	}
	panic!("not within 60 s: {what}");
}

pub(crate) fn hash(bytes: &[u8]) -> [u8; 32] {
	Blake2b::<U32>::digest(bytes).into()
}

/// Addresses 127.m.n.0 to 127.m.n+3.0 and a folder.
pub(crate) struct Lab {
	folder: tempfile::TempDir,
	network: u8,
	base: u8,
	port: u16,
	resolver: SocketAddr,
	_resolver: tokio::task::JoinHandle<()>,
}

impl Drop for Lab {
	fn drop(&mut self) {
		self._resolver.abort();
	}
}

impl Lab {
	pub(crate) async fn new(base: u8) -> Self {
		Self::in_network(0, base).await
	}

	pub(crate) async fn in_network(network: u8, base: u8) -> Self {
		let folder = tempfile::tempdir().unwrap();
		let at = |third: u8| Ipv4Addr::new(127, network, third, 1);
		let port = TcpListener::bind((at(base), 0)).unwrap().local_addr().unwrap().port();
		let keys_folder = folder.path().join("provider");
		keys::write_seed(&keys_folder.join("identity.key"), &[base; 32]).unwrap();
		keys::write_seed(&keys_folder.join("probe.key"), &[base.wrapping_add(1); 32]).unwrap();
		let socket = UdpSocket::bind((at(base + 1), 0)).await.unwrap();
		let resolver = socket.local_addr().unwrap();
		let task = tokio::spawn(answer_questions(socket, at(base + 2)));
		Self { folder, network, base, port, resolver, _resolver: task }
	}

	/// Where the server of files is.
	pub(crate) fn server(&self) -> Ipv4Addr {
		Ipv4Addr::new(127, self.network, self.base + 2, 1)
	}

	/// Where the exit asks for names.
	pub(crate) fn resolver(&self) -> SocketAddr {
		self.resolver
	}

	/// The provider's UDP and TCP port.
	pub(crate) fn port(&self) -> u16 {
		self.port
	}

	pub(crate) fn provider_address(&self) -> Ipv4Addr {
		Ipv4Addr::new(127, self.network, self.base, 1)
	}

	pub(crate) fn provider_state(&self) -> PathBuf {
		self.folder.path().join("provider")
	}

	pub(crate) fn customer_state(&self) -> PathBuf {
		self.folder.path().join("customer")
	}

	pub(crate) fn provider_account(&self) -> AccountId {
		[self.base; 32].into()
	}

	/// Registered on chain.
	pub(crate) fn country(&self) -> [u8; 2] {
		*[b"DE", b"NL"][usize::from(self.network % 2)]
	}

	/// Registered on chain.
	pub(crate) fn endpoint(&self) -> Endpoint {
		Endpoint::V4 { addr: self.provider_address().octets(), port: self.port }
	}

	/// Registered on chain.
	pub(crate) fn peer_id(&self) -> Vec<u8> {
		let identity = keys::load_identity(&self.provider_state().join("identity.key")).unwrap();
		identity.public().to_peer_id().to_bytes()
	}

	/// The account whose credits pay.
	pub(crate) fn customer(&self) -> Account {
		Account::of(Signer::from_secret_key([self.base.wrapping_add(2); 32]).unwrap())
	}

	/// A provider with an exit to the loopback; again on the same ports and folder when an earlier one has ended.
	pub(crate) async fn provide(&self, chain: Arc<LabChain>) -> Provider {
		let state = self.provider_state();
		for _ in 0..600 {
			if let Ok(store) = Store::open(&state) {
				let settings = provide::Settings {
					bind: self.provider_address().into(),
					port: self.port,
					caps: Caps::default(),
					account: self.provider_account(),
					probe: keys::load_probe(&state.join("probe.key")).unwrap(),
					identity: keys::load_identity(&state.join("identity.key")).unwrap(),
				};
				if let Ok(bound) = Bound::bind(settings).await {
					return bound.serve(
						chain.clone(),
						Arc::new(store),
						Arc::default(),
						Some(self.paid(chain)),
					);
				}
			}
			tokio::time::sleep(Duration::from_millis(100)).await;
		}
		panic!("ports or state of the provider were not free within 60 s");
	}

	fn paid(&self, chain: Arc<LabChain>) -> Paid {
		let resolver = self.resolver;
		let open = move |registered: provide::Registration, to_guests: mpsc::Sender<Vec<u8>>| {
			let policy = Policy::new(registered.exit, vec![], [], vec!["127.0.0.0/8".parse()?]);
			let exit = Exit::start(policy, Limits::default(), Resolver::new(vec![resolver])?, to_guests);
			Ok(Box::new(LabExit(exit)) as Box<dyn Outlet>)
		};
		let claim = Account::of(Signer::from_secret_key([9; 32]).unwrap());
		Paid {
			payments: chain,
			claim,
			sessions: 4,
			month_gb: 0,
			hours: Default::default(),
			switch: Arc::new(provide::Switch::open(self.folder.path())),
			exit: Box::new(open),
		}
	}

	fn settings(&self, whom: Whom) -> Settings {
		Settings {
			whom,
			hops: 1,
			is_disguised: false,
			budget: Budget { deposit: super::chain::DEPOSIT, most_price: super::chain::PRICE },
			socks: ([127, 0, 0, 1], 0).into(),
			socks_open: false,
			state: self.customer_state(),
		}
	}

	/// A customer of the provider.
	pub(crate) async fn connect(&self, chain: Arc<LabChain>) -> anyhow::Result<Connection> {
		let settings = self.settings(Whom::Account(self.provider_account()));
		Connection::start(settings, chain, self.customer()).await
	}

	/// A customer of the provider whose line does not show what it carries.
	pub(crate) async fn connect_disguised(&self, chain: Arc<LabChain>) -> anyhow::Result<Connection> {
		let settings =
			Settings { is_disguised: true, ..self.settings(Whom::Account(self.provider_account())) };
		Connection::start(settings, chain, self.customer()).await
	}

	/// A customer of the provider who goes through another one first.
	pub(crate) async fn connect_behind_another(&self, chain: Arc<LabChain>) -> anyhow::Result<Connection> {
		let settings = Settings { hops: 2, ..self.settings(Whom::Account(self.provider_account())) };
		Connection::start(settings, chain, self.customer()).await
	}

	/// A customer that takes whoever is there.
	pub(crate) async fn connect_anywhere(&self, chain: Arc<LabChain>) -> anyhow::Result<Connection> {
		let germany = RegionFilter { country: Some(*b"DE"), kind: None };
		Connection::start(self.settings(Whom::Anywhere(germany)), chain, self.customer()).await
	}
}

struct LabExit(Exit);

impl Outlet for LabExit {
	fn take(&mut self, packet: Vec<u8>) {
		self.0.take(packet);
	}

	fn forget(&mut self, guest: Ipv4Addr) {
		self.0.forget(guest);
	}
}

/// Says that [`NAME`] is `server`, and that there is no other name.
async fn answer_questions(socket: UdpSocket, server: Ipv4Addr) {
	let mut buffer = [0; 1_500];
	loop {
		let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
		let question = &buffer[..length];
		let labels = question[12..].iter().position(|byte| *byte == 0).unwrap();
		let end = 12 + labels + 1 + 4;
		let asked = question[12..12 + labels].to_ascii_lowercase();
		let name = NAME.split('.').flat_map(|label| [&[label.len() as u8], label.as_bytes()].concat());
		let is_known = asked == name.collect::<Vec<_>>() && question[end - 4..end] == [0, 1, 0, 1];
		// A response to a recursive question, with one answer or NXDOMAIN.
		let (code, answers) = if is_known { (0x80, 1) } else { (0x83, 0) };
		let header = [&question[..2], &[0x81, code, 0, 1, 0, answers, 0, 0, 0, 0]].concat();
		let mut answer = [&header[..], &question[12..end]].concat();
		if is_known {
			answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
			answer.extend(server.octets());
		}
		socket.send_to(&answer, from).await.unwrap();
	}
}

/// A server that sends what it is asked for: from where, and how much.
pub(crate) struct Files {
	address: SocketAddr,
	task: tokio::task::JoinHandle<()>,
}

impl Drop for Files {
	fn drop(&mut self) {
		self.task.abort();
	}
}

impl Files {
	pub(crate) async fn start(address: Ipv4Addr) -> Self {
		let listener = Listener::bind((address, 0)).await.unwrap();
		let address = listener.local_addr().unwrap();
		let task = tokio::spawn(async move {
			loop {
				let (mut client, _) = listener.accept().await.unwrap();
				tokio::spawn(async move {
					let (Ok(from), Ok(bytes)) = (client.read_u64().await, client.read_u64().await) else {
						return;
					};
					// Whoever asked may have gone.
					let _ = client.write_all(&Self::content(from, bytes)).await;
				});
			}
		});
		Self { address, task }
	}

	pub(crate) fn port(&self) -> u16 {
		self.address.port()
	}

	/// Of the one file that there is.
	pub(crate) fn content(from: u64, bytes: u64) -> Vec<u8> {
		(from..from + bytes).map(|at| (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect()
	}
}

/// Fetches a part of the file through the proxy; an error is the proxy's reply.
pub(crate) async fn fetch(
	socks: SocketAddr,
	host: &str,
	port: u16,
	from: u64,
	bytes: u64,
) -> Result<Vec<u8>, u8> {
	let mut stream = dial(socks, host, port).await?;
	let all = async {
		stream.write_u64(from).await.unwrap();
		stream.write_u64(bytes).await.unwrap();
		let mut received = vec![];
		stream.read_to_end(&mut received).await.unwrap();
		received
	};
	let received = tokio::time::timeout(Duration::from_secs(120), all).await.expect("within two minutes");
	assert_eq!(received.len() as u64, bytes);
	Ok(received)
}

/// Fetches as much of a part as comes, and says how much that is so far.
pub(crate) async fn fetch_some(
	socks: SocketAddr,
	host: &str,
	port: u16,
	from: u64,
	bytes: u64,
	progress: watch::Sender<u64>,
) -> Vec<u8> {
	let mut stream = dial(socks, host, port).await.unwrap();
	stream.write_u64(from).await.unwrap();
	stream.write_u64(bytes).await.unwrap();
	let (mut received, mut buffer) = (vec![], vec![0; 16 << 10]);
	while let Ok(length @ 1..) = stream.read(&mut buffer).await {
		received.extend_from_slice(&buffer[..length]);
		progress.send_replace(received.len() as u64);
	}
	received
}

/// A connection through the proxy; an error is the proxy's reply.
pub(crate) async fn dial(socks: SocketAddr, host: &str, port: u16) -> Result<TcpStream, u8> {
	let dialled = tokio::time::timeout(Duration::from_secs(60), try_dial(socks, host, port)).await;
	dialled.expect("a reply").map_err(|error| match error {
		NoWay::Refused(code) => code,
		NoWay::Proxy(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => 3,
		NoWay::Proxy(error) => panic!("{error}"),
	})
}

/// Why there is no connection through a proxy.
#[derive(Debug)]
pub(crate) enum NoWay {
	/// Its reply.
	Refused(u8),
	/// It is not there, or does not speak.
	Proxy(std::io::Error),
}

impl From<std::io::Error> for NoWay {
	fn from(error: std::io::Error) -> Self {
		Self::Proxy(error)
	}
}

/// A connection through the proxy, which may be killed meanwhile.
pub(crate) async fn try_dial(socks: SocketAddr, host: &str, port: u16) -> Result<TcpStream, NoWay> {
	let mut stream = TcpStream::connect(socks).await?;
	let request = match host.parse::<IpAddr>() {
		Ok(IpAddr::V4(address)) => [&[5, 1, 0, 1][..], &address.octets()].concat(),
		Ok(IpAddr::V6(address)) => [&[5, 1, 0, 4][..], &address.octets()].concat(),
		Err(_) => [&[5, 1, 0, 3, host.len() as u8], host.as_bytes()].concat(),
	};
	stream.write_all(&[5, 1, 0]).await?;
	let mut method = [0; 2];
	stream.read_exact(&mut method).await?;
	assert_eq!(method, [5, 0]);
	stream.write_all(&[&request[..], &port.to_be_bytes()].concat()).await?;
	let mut reply = [0; 10];
	stream.read_exact(&mut reply).await?;
	match reply[1] {
		0 => Ok(stream),
		code => Err(NoWay::Refused(code)),
	}
}
