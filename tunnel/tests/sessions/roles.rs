//! A provider or a customer in a process of its own, which can be killed: this test binary, started again.

use super::{
	chain,
	lab::{Lab, NAME},
	remote::{ChainServer, RemoteChain},
};
use codec::{Decode, Encode};
use std::{
	io::{BufRead, BufReader, Write},
	net::{IpAddr, Ipv4Addr, SocketAddr},
	path::{Path, PathBuf},
	process::{Child, ChildStdin, Command, Stdio},
	str::FromStr,
	sync::{mpsc, Arc, Mutex},
	time::{Duration, Instant},
};
use subxt_signer::sr25519::Keypair as Signer;
use tokio::sync::mpsc as async_mpsc;
use weir_primitives::chain::AccountId;
use weir_tunnel::{
	chain::{Account, ChainView, Payments},
	connect::{Budget, Connection, Settings, Whom},
	engine::Caps,
	exit::{Exit, Limits, Policy, Resolver},
	keys,
	provide::{self, Bound, Outlet, Paid, Provider},
	store::Store,
};
use weir_tunnel_core::session::Record;

/// What a process is to be, in its environment.
const ROLE: &str = "WEIR_TEST_ROLE";
/// Before what it says, so that it is told from what the test harness says.
const MARK: &str = "weir: ";

/// Where a provider is.
#[derive(Clone, Encode, Decode)]
pub(crate) struct ProviderPlace {
	pub(crate) chain: String,
	pub(crate) bind: String,
	pub(crate) port: u16,
	pub(crate) account: [u8; 32],
	pub(crate) state: String,
	pub(crate) resolver: String,
	pub(crate) sessions: u32,
	/// Networks of this machine that guests may reach.
	pub(crate) open: Vec<String>,
}

/// Where a customer is.
#[derive(Clone, Encode, Decode)]
pub(crate) struct CustomerPlace {
	pub(crate) chain: String,
	pub(crate) state: String,
	pub(crate) provider: [u8; 32],
	pub(crate) hops: u8,
	/// Of its account.
	pub(crate) seed: [u8; 32],
}

/// What a process is.
#[derive(Clone, Encode, Decode)]
pub(crate) enum Role {
	Provider(ProviderPlace),
	Customer(CustomerPlace),
	/// Fetches a part of the file without a proxy: address, from where, how much.
	Fetcher(String, u64, u64),
}

fn text(path: &Path) -> String {
	path.to_str().unwrap().to_owned()
}

impl ProviderPlace {
	pub(crate) fn of(lab: &Lab, server: &ChainServer) -> Self {
		Self {
			chain: server.address().to_string(),
			bind: lab.provider_address().to_string(),
			port: lab.port(),
			account: <[u8; 32]>::from(lab.provider_account()),
			state: text(&lab.provider_state()),
			resolver: lab.resolver().to_string(),
			sessions: 4,
			open: vec!["127.0.0.0/8".into()],
		}
	}

	/// Serves in this process.
	pub(crate) async fn provide<C: ChainView + Payments>(&self, chain: Arc<C>) -> Provider {
		let state = PathBuf::from(&self.state);
		for _ in 0..600 {
			// An earlier process or provider may still be going.
			if let (Ok(store), Ok(bound)) = (Store::open(&state), Bound::bind(self.settings(&state)).await) {
				let paid = self.paid(chain.clone());
				return bound.serve(chain, Arc::new(store), Arc::default(), Some(paid));
			}
			tokio::time::sleep(Duration::from_millis(100)).await;
		}
		panic!("its port or its folder is not free within 60 s");
	}

	fn settings(&self, state: &Path) -> provide::Settings {
		provide::Settings {
			bind: self.bind.parse().unwrap(),
			port: self.port,
			caps: Caps::default(),
			account: self.account.into(),
			probe: keys::load_probe(&state.join("probe.key")).unwrap(),
			identity: keys::load_identity(&state.join("identity.key")).unwrap(),
		}
	}

	fn paid(&self, payments: Arc<dyn Payments>) -> Paid {
		let resolver = self.resolver.parse::<SocketAddr>().unwrap();
		let open: Vec<_> = self.open.iter().map(|network| network.parse().unwrap()).collect();
		let exit = move |registered: provide::Registration, to_guests| {
			let policy = Policy::new(registered.exit, vec![], [], open.clone());
			let exit = Exit::start(policy, Limits::default(), Resolver::new(vec![resolver])?, to_guests);
			Ok(Box::new(LabExit(exit)) as Box<dyn Outlet>)
		};
		let claim = Account::of(Signer::from_secret_key([9; 32]).unwrap());
		Paid {
			payments,
			claim,
			sessions: self.sessions as usize,
			month_gb: 0,
			hours: Default::default(),
			switch: Arc::new(provide::Switch::open(self.state.as_ref())),
			exit: Box::new(exit),
		}
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

impl CustomerPlace {
	pub(crate) fn of(lab: &Lab, server: &ChainServer, hops: u8) -> Self {
		Self {
			chain: server.address().to_string(),
			state: text(&lab.customer_state()),
			provider: <[u8; 32]>::from(lab.provider_account()),
			hops,
			seed: [77; 32],
		}
	}

	pub(crate) fn account(&self) -> Account {
		Account::of(Signer::from_secret_key(self.seed).unwrap())
	}

	pub(crate) fn settings(&self) -> Settings {
		Settings {
			whom: Whom::Account(AccountId::from(self.provider)),
			hops: self.hops.into(),
			is_disguised: false,
			budget: Budget { deposit: chain::DEPOSIT, most_price: chain::PRICE },
			socks: (IpAddr::V4(Ipv4Addr::LOCALHOST), 0).into(),
			socks_open: false,
			state: PathBuf::from(&self.state),
		}
	}

	/// Connects in this process.
	pub(crate) async fn connect(&self, chain: Arc<RemoteChain>) -> anyhow::Result<Connection> {
		Connection::start(self.settings(), chain, self.account()).await
	}
}

fn tell(what: impl std::fmt::Display) {
	// Nobody may be listening any more.
	let _ = writeln!(std::io::stdout(), "\n{MARK}{what}");
}

/// Lines of the input; closed at its end.
fn orders() -> async_mpsc::Receiver<String> {
	let (give, orders) = async_mpsc::channel(1);
	// It ends with the process.
	std::thread::spawn(move || {
		for line in std::io::stdin().lines().map_while(Result::ok) {
			if give.blocking_send(line).is_err() {
				return;
			}
		}
	});
	orders
}

/// What the process with this role does; it stops when its input says so, and ends when that is closed.
async fn play(role: Role) {
	let mut orders = orders();
	let address = |chain: &str| SocketAddr::from_str(chain).unwrap();
	match role {
		Role::Provider(place) => {
			let provider = place.provide(Arc::new(RemoteChain::new(address(&place.chain)))).await;
			tell("serving");
			if orders.recv().await.is_some() {
				provider.stop().await;
				tell("stopped");
			}
		}
		Role::Customer(place) => {
			let chain = Arc::new(RemoteChain::new(address(&place.chain)));
			let mut connection = match place.connect(chain).await {
				Ok(connection) => connection,
				Err(error) => return tell(format!("failed {error:#}")),
			};
			tell(format!("socks {}", connection.socks()));
			let mut status = connection.status();
			let phases = tokio::spawn(async move {
				let mut last = None;
				while status.changed().await.is_ok() {
					let now = status.borrow_and_update().phase;
					if last.replace(now) != Some(now) {
						tell(format!("phase {now:?}"));
					}
				}
			});
			let stopped = tokio::select! {
				stopped = connection.ended() => stopped,
				order = orders.recv() => match order {
					Some(_) => connection.stop().await,
					None => return,
				},
			};
			phases.abort();
			tell(format!("ended {:?}", stopped.ending));
		}
		Role::Fetcher(from, begin, bytes) => {
			use tokio::io::{AsyncReadExt, AsyncWriteExt};
			let fetched = async {
				let mut stream = tokio::net::TcpStream::connect(address(&from)).await?;
				stream.write_u64(begin).await?;
				stream.write_u64(bytes).await?;
				let mut received = Vec::new();
				stream.read_to_end(&mut received).await?;
				Ok::<_, std::io::Error>(hex::encode(super::lab::hash(&received)))
			};
			match tokio::time::timeout(Duration::from_secs(60), fetched).await {
				Ok(Ok(hash)) => tell(format!("fetched {hash}")),
				other => tell(format!("not fetched {other:?}")),
			}
		}
	}
}

/// The test's own process: starts another one, which serves, and tells it to stop. The other process: plays its role.
#[tokio::test(flavor = "multi_thread")]
async fn process_should_serve_until_it_is_told_to_stop() {
	if let Some(role) = std::env::var_os(ROLE) {
		let bytes = hex::decode(role.to_str().unwrap()).unwrap();
		let level = std::env::var("RUST_LOG").unwrap_or_else(|_| "warn,weir_tunnel=info,gotatun=off".into());
		tracing_subscriber::fmt().with_env_filter(level).with_writer(std::io::stderr).with_ansi(false).init();
		return play(Role::decode(&mut &bytes[..]).unwrap()).await;
	}
	let lab = Lab::in_network(9, 10).await;
	let server = ChainServer::of(&[&lab]).await;
	let provider = Process::start(&Role::Provider(ProviderPlace::of(&lab, &server)));
	provider.wait_for("serving");
	provider.stop("stopped");
}

/// A process with a role; killed when dropped.
pub(crate) struct Process {
	child: Child,
	orders: Option<ChildStdin>,
	heard: mpsc::Receiver<String>,
	log: Arc<Mutex<String>>,
}

impl Process {
	pub(crate) fn start(role: &Role) -> Self {
		Self::start_as(role, &[])
	}

	/// Started by another program, such as one that enters a namespace.
	pub(crate) fn start_as(role: &Role, by: &[&str]) -> Self {
		let this = std::env::current_exe().unwrap();
		let mut words = by.iter().map(|word| (*word).to_owned()).chain([text(&this)]);
		let mut command = Command::new(words.next().unwrap());
		let name = "roles::process_should_serve_until_it_is_told_to_stop";
		command
			.args(words)
			.args(["--exact", name, "--nocapture", "--test-threads=1"])
			.env(ROLE, hex::encode(role.encode()))
			.stdin(Stdio::piped())
			.stdout(Stdio::piped())
			// Not a file: a full disk is to be told of.
			.stderr(Stdio::piped());
		let mut child = command.spawn().unwrap();
		let (say, heard) = mpsc::channel();
		let output = BufReader::new(child.stdout.take().unwrap());
		// It ends with the process.
		std::thread::spawn(move || {
			for line in output.lines().map_while(Result::ok) {
				if let Some(said) = line.strip_prefix(MARK) {
					if say.send(said.to_owned()).is_err() {
						return;
					}
				}
			}
		});
		let (log, errors) = (Arc::<Mutex<String>>::default(), BufReader::new(child.stderr.take().unwrap()));
		let logged = log.clone();
		std::thread::spawn(move || {
			for line in errors.lines().map_while(Result::ok) {
				logged.lock().unwrap().extend([line.as_str(), "\n"]);
			}
		});
		Self { orders: child.stdin.take(), child, heard, log }
	}

	pub(crate) fn id(&self) -> u32 {
		self.child.id()
	}

	/// What it has logged.
	pub(crate) fn log(&self) -> String {
		self.log.lock().unwrap().clone()
	}

	/// Waits until it says something that begins like this, and returns the rest of it.
	pub(crate) fn wait_for(&self, word: &str) -> String {
		self.wait(word, Duration::from_secs(90))
			.unwrap_or_else(|said| panic!("not {word:?} within 90 s, but {said:?}: {}", self.log()))
	}

	pub(crate) fn wait(&self, word: &str, patience: Duration) -> Result<String, Vec<String>> {
		let (until, mut others) = (Instant::now() + patience, vec![]);
		while let Ok(said) = self.heard.recv_timeout(until.saturating_duration_since(Instant::now())) {
			if let Some(rest) = said.strip_prefix(word) {
				return Ok(rest.trim().to_owned());
			}
			others.push(said);
		}
		Err(others)
	}

	/// Waits until the log has it, and returns the line.
	pub(crate) fn wait_for_log(&self, text: &str) -> String {
		for _ in 0..900 {
			if let Some(line) = self.log().lines().find(|line| line.contains(text)) {
				return line.to_owned();
			}
			std::thread::sleep(Duration::from_millis(100));
		}
		panic!("not within 90 s: {text:?} in {}", self.log());
	}

	/// As `kill -9` does.
	pub(crate) fn kill(mut self) {
		self.child.kill().unwrap();
		self.child.wait().unwrap();
	}

	/// Tells it to stop, and waits for its last word, which it returns.
	pub(crate) fn stop(mut self, word: &str) -> String {
		writeln!(self.orders.as_mut().unwrap(), "stop").unwrap();
		let said = self.wait_for(word);
		let status = self.child.wait().unwrap();
		assert!(status.success(), "{status}: {}", self.log());
		said
	}

	/// Memory that it occupies and the most it ever did, KiB.
	pub(crate) fn memory(&self) -> (u64, u64) {
		let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
		let of = |name: &str| {
			let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
			line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap()
		};
		(of("VmRSS:"), of("VmHWM:"))
	}
}

impl Drop for Process {
	fn drop(&mut self) {
		let _ = self.child.kill();
		let _ = self.child.wait();
	}
}

/// What a provider of this process has on its disk of its one channel, when it has stopped.
pub(crate) async fn kept(place: &ProviderPlace) -> Record {
	for _ in 0..600 {
		if let Ok(store) = Store::open(place.state.as_ref()) {
			let kept = store.kept().unwrap();
			assert_eq!(kept.len(), 1, "one channel");
			return kept.into_values().next().unwrap().record;
		}
		tokio::time::sleep(Duration::from_millis(100)).await;
	}
	panic!("its state is not closed within 60 s");
}

/// What came of a part of the file through the proxy before the connection ended: who was killed breaks it.
pub(crate) async fn take(socks: SocketAddr, port: u16, from: u64, bytes: u64) -> u64 {
	use tokio::io::{AsyncReadExt, AsyncWriteExt};
	let Ok(Ok(mut stream)) =
		tokio::time::timeout(Duration::from_secs(60), super::lab::try_dial(socks, NAME, port)).await
	else {
		return 0;
	};
	let mut received = 0;
	let transfer = async {
		stream.write_u64(from).await?;
		stream.write_u64(bytes).await?;
		let mut buffer = vec![0; 64 << 10];
		while received < bytes {
			let length = stream.read(&mut buffer).await?;
			let expected = super::lab::Files::content(from + received, length as u64);
			assert_eq!(buffer[..length], expected, "another content");
			received += length as u64;
			if length == 0 {
				break;
			}
		}
		Ok::<_, std::io::Error>(())
	};
	// A connection that a kill leaves hanging is given up.
	let _ = tokio::time::timeout(Duration::from_secs(30), transfer).await;
	received
}
