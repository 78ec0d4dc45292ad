//! A chain endpoint that is a struct behind real JSON-RPC, and the real `weir-tunnel` binary beside it.

use codec::Encode;
use jsonrpsee::{
	server::{Server, ServerHandle},
	types::{ErrorObject, ErrorObjectOwned},
	RpcModule, SubscriptionMessage,
};
use serde_json::{json, Value};
use std::{
	collections::HashMap,
	net::{SocketAddr, TcpListener, UdpSocket},
	os::unix::fs::PermissionsExt,
	path::{Path, PathBuf},
	process::{Child, Command, ExitStatus, Stdio},
	sync::{Arc, Mutex},
	time::{Duration, Instant},
};
use weir_primitives::Timing;
use weir_tunnel::clock;

/// What an endpoint says.
pub(crate) struct Says {
	/// Hashes of finalised blocks by height, the first block at 0.
	pub finalised: Vec<[u8; 32]>,
	/// Answers of the runtime API, by function without its prefix. Without one: an error.
	pub runtime: HashMap<&'static str, Vec<u8>>,
}

/// A running endpoint.
pub(crate) struct Endpoint {
	pub(crate) says: Arc<Mutex<Says>>,
	pub(crate) address: SocketAddr,
	handle: ServerHandle,
}

/// A chain of blocks whose hashes are their height and `fork`, which begins at `from`.
pub(crate) fn blocks(count: u8, from: u8, fork: u8) -> Vec<[u8; 32]> {
	(0..count)
		.map(|number| {
			let mut hash = [number; 32];
			hash[31] = if number >= from { fork } else { 0 };
			hash
		})
		.collect()
}

fn hex(bytes: &[u8]) -> String {
	format!("0x{}", hex::encode(bytes))
}

fn header(number: usize) -> Value {
	let zero = hex(&[0; 32]);
	json!({
		"parentHash": zero, "number": format!("{number:#x}"), "stateRoot": zero, "extrinsicsRoot": zero,
		"digest": { "logs": [] },
	})
}

fn unknown(what: &str) -> ErrorObjectOwned {
	ErrorObject::owned(-32000, what.to_owned(), None::<()>)
}

impl Endpoint {
	/// Serves a chain with a running clock in epoch 5 and nothing to do for anybody.
	pub(crate) async fn start(finalised: Vec<[u8; 32]>) -> Self {
		Self::start_with(finalised, clock::now()).await
	}

	/// As `start`, at another time.
	pub(crate) async fn start_with(finalised: Vec<[u8; 32]>, now: u64) -> Self {
		Self::serve(([127, 0, 0, 1], 0).into(), finalised, now).await
	}

	/// As `start`, at an address of its own.
	pub(crate) async fn start_at(address: SocketAddr, finalised: Vec<[u8; 32]>) -> Self {
		Self::serve(address, finalised, clock::now()).await
	}

	async fn serve(address: SocketAddr, finalised: Vec<[u8; 32]>, now: u64) -> Self {
		let timing = Timing::local();
		let slots = now / 1_000 / timing.slot_millis;
		let runtime = HashMap::from([
			("timing", timing.encode()),
			("clock", (5u32, 7u32, slots - 7).encode()),
			("tasks", Vec::<()>::new().encode()),
			("target_test", None::<()>.encode()),
			("seat", None::<()>.encode()),
			("provider", None::<()>.encode()),
			("report_state", (false, false).encode()),
			("assignment", Vec::<()>::new().encode()),
			("watch", (5u32, 7u64, Vec::<()>::new(), Vec::<()>::new()).encode()),
		]);
		let says = Arc::new(Mutex::new(Says { finalised, runtime }));
		let mut module = RpcModule::new(says.clone());
		module
			.register_method("chain_getBlockHash", |params, says, _| {
				let number: Option<usize> = params.sequence().optional_next()?;
				let says = says.lock().unwrap();
				let hash = says.finalised.get(number.unwrap_or(says.finalised.len() - 1));
				Ok::<_, ErrorObjectOwned>(hash.map(|hash| hex(hash)))
			})
			.unwrap();
		module
			.register_method("chain_getFinalizedHead", |_, says, _| {
				Ok::<_, ErrorObjectOwned>(says.lock().unwrap().finalised.last().map(|hash| hex(hash)))
			})
			.unwrap();
		module
			.register_method("chain_getHeader", |params, says, _| {
				let hash: String = params.one()?;
				let number = says.lock().unwrap().finalised.iter().position(|known| hex(known) == hash);
				Ok::<_, ErrorObjectOwned>(number.map(header))
			})
			.unwrap();
		module
			.register_method("state_call", |params, says, _| {
				let mut params = params.sequence();
				let function: String = params.next()?;
				let name = function.trim_start_matches("ProofOfBandwidthApi_");
				let says = says.lock().unwrap();
				says.runtime.get(name).map(|answer| hex(answer)).ok_or_else(|| unknown(name))
			})
			.unwrap();
		for (subscribe, notify, unsubscribe) in [
			("chain_subscribeNewHeads", "chain_newHead", "chain_unsubscribeNewHeads"),
			("chain_subscribeAllHeads", "chain_allHead", "chain_unsubscribeAllHeads"),
			("chain_subscribeFinalizedHeads", "chain_finalizedHead", "chain_unsubscribeFinalizedHeads"),
		] {
			module
				.register_subscription(subscribe, notify, unsubscribe, |_, pending, says, _| async move {
					let Ok(sink) = pending.accept().await else { return };
					loop {
						let number = says.lock().unwrap().finalised.len();
						let head = SubscriptionMessage::from_json(&header(number)).unwrap();
						if sink.send(head).await.is_err() {
							return;
						}
						tokio::time::sleep(Duration::from_millis(200)).await;
					}
				})
				.unwrap();
		}
		let server = Server::builder().build(address).await.unwrap();
		let address = server.local_addr().unwrap();
		Self { says, address, handle: server.start(module) }
	}

	pub(crate) fn url(&self) -> String {
		format!("ws://{}", self.address)
	}

	/// Its first block.
	pub(crate) fn genesis(&self) -> [u8; 32] {
		self.says.lock().unwrap().finalised[0]
	}

	/// Closes all connections and takes no more.
	pub(crate) async fn stop(self) {
		let _ = self.handle.stop();
		self.handle.stopped().await;
	}
}

/// A folder with keys and a token, and configurations that use them.
pub(crate) struct Setup {
	pub(crate) folder: tempfile::TempDir,
}

/// The token of every [`Setup`].
pub(crate) const TOKEN: &str = "correct-horse-battery";

impl Setup {
	pub(crate) fn new() -> Self {
		let folder = tempfile::tempdir().unwrap();
		let setup = Self { folder };
		weir_tunnel::keys::generate_missing(&setup.path("state")).unwrap();
		setup.secret("token", TOKEN);
		setup
	}

	pub(crate) fn path(&self, name: &str) -> PathBuf {
		self.folder.path().join(name)
	}

	pub(crate) fn secret(&self, name: &str, text: &str) {
		std::fs::write(self.path(name), format!("{text}\n")).unwrap();
		std::fs::set_permissions(self.path(name), std::fs::Permissions::from_mode(0o600)).unwrap();
	}

	/// Writes a configuration and returns its file.
	pub(crate) fn config(&self, endpoints: &[String], tables: &str) -> PathBuf {
		let text = format!(
			"[node]\naccount = \"0x{}\"\nstate = \"{}\"\nbind = \"127.0.0.1\"\n[chain]\nendpoints = {endpoints:?}\n{tables}",
			"11".repeat(32),
			self.path("state").display(),
		);
		let file = self.path("config.toml");
		std::fs::write(&file, text).unwrap();
		file
	}

	/// `[api]` on a port of its own.
	pub(crate) fn api(&self, port: u16) -> String {
		format!("[api]\nlisten = \"127.0.0.1:{port}\"\ntoken_file = \"{}\"\n", self.path("token").display())
	}
}

/// A port nobody uses, for UDP and TCP.
pub(crate) fn free_port() -> u16 {
	taken_port().0.local_addr().unwrap().port()
}

/// A port that is in use for both, until they are dropped: what is free for one need not be free for the other.
pub(crate) fn taken_port() -> (UdpSocket, TcpListener) {
	let both = || {
		let udp = UdpSocket::bind("127.0.0.1:0")?;
		let tcp = TcpListener::bind(udp.local_addr()?)?;
		Ok::<_, std::io::Error>((udp, tcp))
	};
	std::iter::repeat_with(both).take(16).find_map(Result::ok).expect("one port in sixteen is free for both")
}

/// How a process ended and what it said.
#[derive(Debug)]
pub(crate) struct Ended {
	pub(crate) status: ExitStatus,
	pub(crate) out: String,
	pub(crate) err: String,
}

impl Ended {
	/// Asserts exit code 1 with one line on stderr, and returns it.
	pub(crate) fn reason(&self) -> &str {
		assert_eq!(self.status.code(), Some(1), "{self:?}");
		let lines: Vec<_> = self.err.lines().collect();
		assert_eq!(lines.len(), 1, "{self:?}");
		lines[0].strip_prefix("error: ").unwrap_or_else(|| panic!("{self:?}"))
	}
}

/// A running process with its output in files, killed when dropped.
pub(crate) struct Running {
	child: Child,
	folder: tempfile::TempDir,
}

/// The sidecar's binary with arguments.
pub(crate) fn sidecar(arguments: &[&str]) -> Command {
	let mut command = Command::new(env!("CARGO_BIN_EXE_weir-tunnel"));
	command.args(arguments).env_remove("RUST_LOG").env("RUST_BACKTRACE", "1");
	command
}

impl Running {
	pub(crate) fn start(mut command: Command) -> Self {
		let folder = tempfile::tempdir().unwrap();
		let file = |name| std::fs::File::create(folder.path().join(name)).unwrap();
		let child = command.stdin(Stdio::null()).stdout(file("out")).stderr(file("err")).spawn().unwrap();
		Self { child, folder }
	}

	/// What it has said on stderr.
	pub(crate) fn err(&self) -> String {
		std::fs::read_to_string(self.folder.path().join("err")).unwrap()
	}

	pub(crate) fn is_running(&mut self) -> bool {
		self.child.try_wait().unwrap().is_none()
	}

	/// Waits until stderr holds `text`, and returns the line.
	pub(crate) fn wait_for(&mut self, text: &str) -> String {
		let began = Instant::now();
		while began.elapsed() < Duration::from_secs(30) {
			if let Some(line) = self.err().lines().find(|line| line.contains(text)) {
				return line.to_owned();
			}
			assert!(self.is_running(), "ended without {text:?}: {}", self.err());
			std::thread::sleep(Duration::from_millis(50));
		}
		panic!("not within 30 s: {text:?}, but {}", self.err());
	}

	/// Tells it to stop, and waits for that.
	pub(crate) fn terminate(self) -> Ended {
		let id = self.child.id().to_string();
		assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
		self.ended()
	}

	/// Waits for its end.
	pub(crate) fn ended(mut self) -> Ended {
		let began = Instant::now();
		let status = loop {
			if let Some(status) = self.child.try_wait().unwrap() {
				break status;
			}
			assert!(began.elapsed() < Duration::from_secs(30), "still running: {}", self.err());
			std::thread::sleep(Duration::from_millis(20));
		};
		let out = std::fs::read_to_string(self.folder.path().join("out")).unwrap();
		Ended { status, out, err: self.err() }
	}
}

impl Drop for Running {
	fn drop(&mut self) {
		let _ = self.child.kill();
		let _ = self.child.wait();
	}
}

/// Runs the sidecar to its end.
pub(crate) fn end_of(arguments: &[&str]) -> Ended {
	Running::start(sidecar(arguments)).ended()
}

/// Runs a command of the sidecar on a configuration file to its end.
pub(crate) fn end_with(command: &str, config: &Path) -> Ended {
	end_of(&[command, "--config", config.to_str().unwrap()])
}

/// One HTTP exchange over a fresh connection: status and body.
pub(crate) fn http(address: SocketAddr, line: &str, headers: &str, body: &str) -> (u16, String) {
	use std::io::{Read, Write};
	let mut stream = std::net::TcpStream::connect(address).unwrap();
	stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
	let length = body.len();
	let head =
		format!("{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n");
	stream.write_all(format!("{head}{headers}\r\n{body}").as_bytes()).unwrap();
	let mut answer = String::new();
	stream.read_to_string(&mut answer).unwrap();
	let (head, body) = answer.split_once("\r\n\r\n").unwrap();
	(head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}
