//! The network on one machine: four validators, each with an attesting sidecar, and eight providers on loopback
//! addresses of different prefixes. Seven are honest at different rates; one claims ten times its cap.

use crate::{
	chain::{Call, Chain},
	process::{end_leftovers, Process},
};
use anyhow::{ensure, Context, Result};
use futures::future::try_join_all;
use std::{
	fs::{self, OpenOptions},
	io::Write,
	os::unix::fs::OpenOptionsExt,
	path::{Path, PathBuf},
	process::Command,
	str::FromStr,
	time::Duration,
};
use subxt_signer::{
	sr25519::{dev, Keypair},
	SecretUri,
};
use weir_primitives::{
	chain::{Balance, WEIR},
	Claim, Endpoint, LineKind, ProbeKey, Region, Role,
};

/// Names of the validators, which are also the flags that give a node their keys.
const VALIDATORS: [&str; 4] = ["alice", "bob", "charlie", "dave"];
/// Port of every sidecar: each has an address of its own.
const SIDECAR_PORT: u16 = 9_600;
/// First JSON-RPC port; one per validator.
const FIRST_RPC_PORT: u16 = 9_944;
/// First peer-to-peer port.
const FIRST_P2P_PORT: u16 = 30_333;
/// First Prometheus port.
const FIRST_PROMETHEUS_PORT: u16 = 9_615;
/// First port of a validator's sidecar for its node.
const FIRST_API_PORT: u16 = 9_700;
/// What each provider bonds.
const BOND: Balance = 1_000 * WEIR;
/// What each provider starts with: bond, fees, deposits.
const ENDOWMENT: Balance = 2_000 * WEIR;
/// How long a node may take to answer after its start.
const START_PATIENCE: Duration = Duration::from_secs(60);
/// How long the network may take until a registered provider is in service: the rest of an epoch and some.
const SERVICE_PATIENCE: Duration = Duration::from_secs(180);
/// Caps of the lines, kbps; the last one belongs to the liar. A seat asks for an uplink of 5 Mbps.
const CAPS_KBPS: [u32; 8] = [5_000, 6_000, 7_000, 8_000, 10_000, 12_000, 15_000, 2_000];
/// How many times its cap the liar claims.
const LIE: u32 = 10;

/// A provider's line, and what it says of itself.
pub struct Line {
	/// Name in table and logs.
	pub name: String,
	/// True rate, both ways, kbps.
	pub cap_kbps: u32,
	/// Claimed rate, both ways, kbps.
	pub claim_kbps: u32,
	/// What it bonds.
	pub bond: Balance,
	number: u8,
	keys: Keypair,
}

impl Line {
	fn new(number: u8, cap_kbps: u32, claim_kbps: u32) -> Result<Self> {
		let name = format!("provider{}", number + 1);
		let keys = Keypair::from_uri(&SecretUri::from_str(&format!("//{name}"))?)?;
		Ok(Self { name, cap_kbps, claim_kbps, bond: BOND, number, keys })
	}

	/// Its account.
	pub fn account(&self) -> [u8; 32] {
		self.keys.public_key().0
	}

	/// Whether it claims no more than it has.
	pub fn is_honest(&self) -> bool {
		self.claim_kbps <= self.cap_kbps
	}

	fn address(&self) -> [u8; 4] {
		[127, self.number + 21, 0, 1]
	}

	fn endpoint(&self) -> Endpoint {
		Endpoint::V4 { addr: self.address(), port: SIDECAR_PORT }
	}

	fn region(&self) -> Region {
		const COUNTRIES: [[u8; 2]; 4] = [*b"DE", *b"NL", *b"BR", *b"JP"];
		let kind = if self.number % 3 == 2 { LineKind::Hosting } else { LineKind::Residential };
		Region { country: COUNTRIES[usize::from(self.number) % COUNTRIES.len()], kind }
	}
}

/// The lines of the local network.
pub fn lines() -> Result<Vec<Line>> {
	let last = CAPS_KBPS.len() - 1;
	CAPS_KBPS
		.iter()
		.enumerate()
		.map(|(number, cap)| {
			Line::new(number.try_into()?, *cap, if number == last { cap * LIE } else { *cap })
		})
		.collect()
}

/// The programs the network is made of.
pub struct Programs {
	node: PathBuf,
	sidecar: PathBuf,
}

impl Programs {
	/// Those beside the running program: all come from one build.
	pub fn beside_this() -> Result<Self> {
		let folder = std::env::current_exe()?.parent().context("this program has no folder")?.to_path_buf();
		let programs = Self { node: folder.join("weir-node"), sidecar: folder.join("weir-tunnel") };
		for program in [&programs.node, &programs.sidecar] {
			ensure!(program.exists(), "{} is missing: build the whole workspace first", program.display());
		}
		Ok(programs)
	}
}

/// A running network. Dropped, all its processes are killed.
pub struct Network {
	processes: Vec<Process>,
	/// Its providers.
	pub lines: Vec<Line>,
	/// A connection to the first validator.
	pub chain: Chain,
}

impl Network {
	/// Starts everything with fresh data in `folder` and brings the providers into service, telling `say` about it.
	pub async fn start(programs: &Programs, folder: &Path, say: impl Fn(&str)) -> Result<Self> {
		let ended = end_leftovers(&[&programs.node, &programs.sidecar], folder)?;
		if ended > 0 {
			say(&format!("ended {ended} processes that an interrupted run had left"));
		}
		if folder.exists() {
			fs::remove_dir_all(folder).with_context(|| format!("emptying {}", folder.display()))?;
		}
		fs::create_dir_all(folder)?;

		let mut processes = Vec::new();
		say("starting 4 validators");
		for (number, name) in VALIDATORS.iter().enumerate() {
			write_secret(&token_file(folder, name), &random_hex::<32>()?)?;
			processes.push(start_node(programs, folder, number.try_into()?, name)?);
		}
		let chain = connect(&mut processes).await?;
		say("starting their sidecars");
		for (number, name) in VALIDATORS.iter().enumerate() {
			processes.push(start_attestor(programs, folder, u8::try_from(number)?, name, &chain)?);
		}
		let lines = lines()?;
		say("starting 8 providers");
		let mut keys = Vec::new();
		for line in &lines {
			keys.push(make_keys(programs, folder, line)?);
			processes.push(start_provider(programs, folder, line, &chain)?);
		}
		let mut network = Self { processes, lines, chain };
		say("funding, bonding and registering them");
		network.join(&keys, &say).await?;
		Ok(network)
	}

	async fn join(&mut self, keys: &[Keys], say: &impl Fn(&str)) -> Result<()> {
		let fund: Vec<_> = self.lines.iter().map(|line| Call::transfer(line.account(), ENDOWMENT)).collect();
		self.chain.submit(&dev::ferdie(), &Call::batch(&fund)).await.context("funding")?;
		try_join_all(self.lines.iter().zip(keys).map(|(line, keys)| async {
			let claim = Claim { down_kbps: line.claim_kbps, up_kbps: line.claim_kbps };
			let calls = [
				Call::bond(Role::Provider, line.bond),
				Call::register(
					claim,
					line.endpoint(),
					&keys.peer_id,
					line.region(),
					50_000,
					keys.probe.clone(),
				),
			];
			self.chain
				.submit(&line.keys, &Call::batch(&calls))
				.await
				.with_context(|| format!("{} registers", line.name))
		}))
		.await?;
		say("waiting until they are in service, to take their seats");
		let in_service = async {
			while self.chain.providers().await?.iter().filter(|provider| provider.in_service).count()
				< self.lines.len()
			{
				tokio::time::sleep(Duration::from_secs(2)).await;
			}
			anyhow::Ok(())
		};
		tokio::time::timeout(SERVICE_PATIENCE, in_service)
			.await
			.context("the providers did not come into service")??;
		try_join_all(self.lines.iter().zip(keys).map(|(line, keys)| async {
			// A seat may not declare more uplink than the line claims.
			let seat = Call::take_seat(keys.probe.clone(), line.endpoint(), line.claim_kbps);
			self.chain
				.submit(&line.keys, &seat)
				.await
				.with_context(|| format!("{} takes its seat", line.name))
		}))
		.await?;
		Ok(())
	}

	/// An error if a process has ended.
	pub fn ensure_running(&mut self) -> Result<()> {
		self.processes.iter_mut().try_for_each(Process::ensure_running)
	}

	/// Ends all processes.
	pub async fn stop(self) -> Result<()> {
		// Sidecars before nodes: what they write to the chain can still arrive.
		try_join_all(self.processes.into_iter().rev().map(Process::stop)).await?;
		Ok(())
	}
}

struct Keys {
	peer_id: Vec<u8>,
	probe: ProbeKey,
}

async fn connect(processes: &mut [Process]) -> Result<Chain> {
	let url = format!("ws://127.0.0.1:{FIRST_RPC_PORT}");
	let started = tokio::time::Instant::now();
	loop {
		processes.iter_mut().try_for_each(Process::ensure_running)?;
		match Chain::connect(&url).await {
			Ok(chain) => return Ok(chain),
			Err(error) if started.elapsed() > START_PATIENCE => return Err(error),
			Err(_) => tokio::time::sleep(Duration::from_millis(500)).await,
		}
	}
}

fn token_file(folder: &Path, name: &str) -> PathBuf {
	folder.join(format!("{name}.token"))
}

fn start_node(programs: &Programs, folder: &Path, number: u16, name: &str) -> Result<Process> {
	// A fixed network key for the first node, so that the others can name it.
	const FIRST_NODE_KEY: &str = "0000000000000000000000000000000000000000000000000000000000000001";
	const FIRST_NODE_ID: &str = "12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp";
	let base = folder.join(name);
	let mut arguments = vec![
		"--chain=local".into(),
		format!("--{name}"),
		"--validator".into(),
		format!("--base-path={}", base.display()),
		format!("--listen-addr=/ip4/127.0.0.1/tcp/{}", FIRST_P2P_PORT + number),
		format!("--rpc-port={}", FIRST_RPC_PORT + number),
		format!("--prometheus-port={}", FIRST_PROMETHEUS_PORT + number),
		// Every sidecar asks the runtime at every block.
		"--max-runtime-instances=32".into(),
		"--no-telemetry".into(),
		"--no-mdns".into(),
		"--allow-private-ip".into(),
		format!("--tunnel-url=http://127.0.0.1:{}", FIRST_API_PORT + number),
		format!("--tunnel-token-file={}", token_file(folder, name).display()),
	];
	if number == 0 {
		arguments.push(format!("--node-key={FIRST_NODE_KEY}"));
	} else {
		arguments.push("--unsafe-force-node-key-generation".into());
		arguments.push(format!("--bootnodes=/ip4/127.0.0.1/tcp/{FIRST_P2P_PORT}/p2p/{FIRST_NODE_ID}"));
	}
	let arguments: Vec<_> = arguments.into_iter().map(Into::into).collect();
	Process::start(name, &programs.node, &arguments, &folder.join(format!("{name}.log")))
}

/// Writes a secret as the sidecar and the node want it: one line, readable by its owner alone.
fn write_secret(path: &Path, secret: &str) -> Result<()> {
	let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
	writeln!(file, "{secret}").with_context(|| format!("writing {}", path.display()))
}

fn random_hex<const BYTES: usize>() -> Result<String>
where
	[u8; BYTES]: Default,
{
	let mut bytes = <[u8; BYTES]>::default();
	getrandom::getrandom(&mut bytes)?;
	Ok(hex::encode(bytes))
}

/// Seeds of the well-known development accounts, whose public keys the local preset names as seat keys.
const DEVELOPMENT_SEEDS: [&str; 4] = [
	"e5be9a5092b81bca64be81d212e7f2f9eba183bb7a90954f7b76361f6edb5c0a",
	"398f0c28f98885e046333d4a41c19cee4c37368a9832c6502f6cfd182e2aef89",
	"bc1ede780f784bb6991a585e4f6e61522c14e1cae6ad0895fb57b9a205a8f938",
	"868020ae0687dda7d57565093a69090211449845a7e11453612800b663307246",
];

fn start_attestor(
	programs: &Programs,
	folder: &Path,
	number: u8,
	name: &str,
	chain: &Chain,
) -> Result<Process> {
	let state = folder.join(format!("{name}-sidecar"));
	fs::create_dir_all(&state)?;
	write_secret(&state.join("identity.key"), &random_hex::<32>()?)?;
	write_secret(&state.join("probe.key"), DEVELOPMENT_SEEDS[usize::from(number)])?;
	let account = [dev::alice, dev::bob, dev::charlie, dev::dave][usize::from(number)]().public_key().0;
	let roles = format!(
		"[attest]\nmode = \"node\"\n[api]\nlisten = \"127.0.0.1:{}\"\ntoken_file = \"{}\"\n",
		FIRST_API_PORT + u16::from(number),
		token_file(folder, name).display()
	);
	let address = [127, number + 11, 0, 1];
	start_sidecar(programs, folder, &format!("{name}-sidecar"), &account, address, &roles, chain)
}

fn make_keys(programs: &Programs, folder: &Path, line: &Line) -> Result<Keys> {
	let output = Command::new(&programs.sidecar)
		.args(["--json", "key", "generate", "--folder"])
		.arg(folder.join(&line.name))
		.output()
		.context("weir-tunnel key generate")?;
	ensure!(output.status.success(), "weir-tunnel key generate: {}", String::from_utf8_lossy(&output.stderr));
	let shown: serde_json::Value = serde_json::from_slice(&output.stdout)?;
	let bytes = |key: &str| -> Result<Vec<u8>> {
		let text = shown[key].as_str().with_context(|| format!("weir-tunnel key generate shows no {key}"))?;
		Ok(hex::decode(text.trim_start_matches("0x"))?)
	};
	let probe = ProbeKey::try_from(bytes("probe_key")?.as_slice())
		.map_err(|()| anyhow::anyhow!("weir-tunnel key generate shows a probe key that is none"))?;
	Ok(Keys { peer_id: bytes("peer_id")?, probe })
}

fn start_provider(programs: &Programs, folder: &Path, line: &Line, chain: &Chain) -> Result<Process> {
	let cap = line.cap_kbps;
	let roles = format!(
		"[provide]\nport = {SIDECAR_PORT}\negress_kbps = {cap}\ningress_kbps = {cap}\n[attest]\nmode = \"alone\"\n"
	);
	start_sidecar(programs, folder, &line.name, &line.account(), line.address(), &roles, chain)
}

/// Sidecars spread over the nodes, so that none has to answer all of them.
fn rpc_port(number: u8) -> u16 {
	FIRST_RPC_PORT + u16::from(number) % VALIDATORS.len() as u16
}

fn start_sidecar(
	programs: &Programs,
	folder: &Path,
	name: &str,
	account: &[u8; 32],
	address: [u8; 4],
	roles: &str,
	chain: &Chain,
) -> Result<Process> {
	let [a, b, c, d] = address;
	let state = folder.join(name);
	let config = format!(
		"[node]\naccount = \"0x{}\"\nstate = \"{}\"\nbind = \"{a}.{b}.{c}.{d}\"\n\
		[chain]\nendpoints = [\"ws://127.0.0.1:{}\", \"ws://127.0.0.1:{}\"]\ngenesis = \"0x{}\"\n{roles}",
		hex::encode(account),
		state.display(),
		rpc_port(address[1]),
		rpc_port(address[1] + 1),
		hex::encode(chain.genesis()),
	);
	let file = state.join("config.toml");
	fs::write(&file, config)?;
	let arguments = ["run".into(), "--config".into(), file.into_os_string()];
	Process::start(name, &programs.sidecar, &arguments, &folder.join(format!("{name}.log")))
}
