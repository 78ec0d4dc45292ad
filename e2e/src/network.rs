//! A whole network of real processes: four validators, each with an attesting sidecar, and providers.

use crate::{
	chain::{Call, Chain},
	customers::{Customer, FileServer},
	folder,
	line::Line,
	prices::{self, PriceServer, Wander},
	process::{end_leftovers, Launch, Process},
	site::{Ports, Site, SIDECAR_PORT},
};
use anyhow::{bail, ensure, Context, Result};
use futures::future::try_join_all;
use rustix::process::Signal;
use std::{
	fs::{self, OpenOptions},
	io::{self, ErrorKind, Write},
	net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, UdpSocket},
	os::unix::fs::OpenOptionsExt,
	path::{Path, PathBuf},
	process::Command,
	time::Duration,
};
use subxt_signer::sr25519::dev;
use weir_primitives::{
	chain::{Balance, WEIR},
	ProbeKey, Role,
};

/// Names of the validators, which are also the flags that give a node their keys.
pub const VALIDATORS: [&str; 4] = ["alice", "bob", "charlie", "dave"];
/// Of them, the first so many are reporters of prices in the presets.
const REPORTERS: usize = 3;
/// The node that joins later, and how far its ports are from those of the first validator, whose address it shares.
const NEWCOMER: &str = "newcomer";
const NEWCOMER_PORTS: u16 = 100;
/// What each provider starts with: bond, fees, deposits.
const ENDOWMENT: Balance = 2_000 * WEIR;
/// What an account that claims starts with: fees.
const CLAIMS_ENDOWMENT: Balance = 20 * WEIR;
/// What a customer starts with: some dollars' worth, and fees.
const CUSTOMER_ENDOWMENT: Balance = 300 * WEIR;
/// How long a node may take to answer after its start.
const START_PATIENCE: Duration = Duration::from_secs(60);
/// What a customer opens a channel with, and what it pays for 10⁹ bytes at most, in dollars.
const DEPOSIT: &str = "0.20";
const MOST_PRICE: &str = "0.10";
/// How long a provider may take to end that has claims to file.
const CLAIM_PATIENCE: Duration = Duration::from_secs(30);
/// How long the network may take until a registered provider is in service: the rest of an epoch and some.
const SERVICE_PATIENCE: Duration = Duration::from_secs(180);

/// The programs a network is made of.
#[derive(Clone)]
pub struct Programs {
	/// `weir-node`.
	pub node: PathBuf,
	/// `weir-tunnel`.
	pub sidecar: PathBuf,
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

	/// Ends what runs of a network in `folder`, which is absolute, and returns when it is gone; says how many processes that
	/// was.
	pub fn end(&self, folder: &Path) -> Result<usize> {
		end_leftovers(&[&self.node, &self.sidecar], folder)
	}

	/// Ends what an interrupted run in `folder` left, and empties it; says how many processes that was. Fails if it holds
	/// anything but a network's data.
	pub fn clear(&self, folder: &Path) -> Result<usize> {
		folder::claim(folder)?;
		let ended = self.end(folder)?;
		folder::empty(folder)?;
		Ok(ended)
	}
}

/// What a network consists of.
pub struct Plan {
	/// Folder of data and logs, absolute; must be empty, as [`Programs::clear`] leaves it.
	pub folder: PathBuf,
	/// Preset, or file of a chain specification.
	pub chain: String,
	/// Where the validators are.
	pub validators: [Site; VALIDATORS.len()],
	/// The providers.
	pub lines: Vec<Line>,
	/// Who pays them for traffic.
	pub customers: Vec<Customer>,
	/// Where the files are to be that customers fetch; none: there are none.
	pub files: Option<SocketAddrV4>,
	/// Where a price source is to listen that all validators reach on their loopback; none: nobody reports prices.
	pub prices: Option<SocketAddr>,
}

/// A validator's processes; none while it is down.
struct Validator {
	node: Option<Process>,
	sidecar: Option<Process>,
}

/// A node that joined a running network.
pub struct Newcomer {
	/// Its process.
	pub process: Process,
	/// Where it is.
	pub site: Site,
	/// What it has to say.
	pub log: PathBuf,
}

/// A running network. Dropped, all its processes are killed.
pub struct Network {
	/// What the validators' reporters read, ended with the network.
	_prices: Option<PriceServer>,
	/// What customers fetch, ended with the network.
	_files: Option<FileServer>,
	programs: Programs,
	plan: Plan,
	validators: Vec<Validator>,
	/// None while it is down.
	providers: Vec<Option<Process>>,
	/// A connection to the first validator.
	pub chain: Chain,
}

impl Network {
	/// Starts everything and brings the providers into service, telling `say` about it.
	pub async fn start(programs: Programs, plan: Plan, say: impl Fn(&str)) -> Result<Self> {
		let folder = &plan.folder;
		ensure_ports_are_free(&plan)?;
		let prices = match plan.prices {
			Some(address) => Some(PriceServer::start(address, Wander::default()).await?),
			None => None,
		};
		let files = match plan.files {
			Some(address) => Some(FileServer::start(address).await?),
			None => None,
		};
		say("starting 4 validators");
		let mut nodes = Vec::new();
		for (number, name) in VALIDATORS.iter().enumerate() {
			write_secret(&token_file(folder, name), &random_hex::<32>()?)?;
			nodes.push(start_node(&programs, &plan, number)?);
		}
		let chain = connect(&plan.validators[0], &mut nodes).await?;
		let genesis = chain.genesis();
		say("starting their sidecars");
		let mut validators = Vec::new();
		for (number, node) in nodes.into_iter().enumerate() {
			prepare_attestor(&plan, number, &genesis)?;
			let sidecar = Some(start_attestor(&programs, &plan, number)?);
			validators.push(Validator { node: Some(node), sidecar });
		}
		say(&format!("starting {} providers", plan.lines.len()));
		let (mut keys, mut providers) = (Vec::new(), Vec::new());
		for line in &plan.lines {
			keys.push(make_keys(&programs, folder, line)?);
			prepare_provider(&plan, line, &genesis)?;
			providers.push(Some(start_sidecar(&programs, folder, &line.name, &line.site)?));
		}
		let mut network =
			Self { _prices: prices, _files: files, programs, plan, validators, providers, chain };
		say("funding, bonding and registering them");
		network.join(&keys, &say).await?;
		Ok(network)
	}

	async fn join(&mut self, keys: &[Keys], say: &impl Fn(&str)) -> Result<()> {
		let lines = &self.plan.lines;
		let claims = lines.iter().filter_map(|line| line.claims.as_ref());
		let fund: Vec<_> = lines
			.iter()
			.map(|line| (line.account(), ENDOWMENT))
			.chain(claims.map(|claims| (claims.account(), CLAIMS_ENDOWMENT)))
			.chain(self.plan.customers.iter().map(|customer| (customer.hot.account(), CUSTOMER_ENDOWMENT)))
			.map(|(account, endowment)| Call::transfer(account, endowment))
			.collect();
		self.chain.submit(&dev::ferdie(), &Call::batch(&fund)).await.context("funding")?;
		let chain = &self.chain;
		try_join_all(lines.iter().zip(keys).map(|(line, keys)| async move {
			let (terms, key) = (line.endpoint(), keys.probe.clone());
			let calls = [
				Call::bond(Role::Provider, line.bond),
				Call::register(line.claim(), terms, &keys.peer_id, line.region(), line.exit(), 50_000, key),
			];
			let name = &line.name;
			chain.submit(&line.keys, &Call::batch(&calls)).await.with_context(|| format!("{name} registers"))
		}))
		.await?;
		say("waiting until they are in service, to take their seats");
		let in_service = async {
			while chain.providers().await?.iter().filter(|provider| provider.in_service).count() < lines.len()
			{
				tokio::time::sleep(Duration::from_secs(2)).await;
			}
			anyhow::Ok(())
		};
		tokio::time::timeout(SERVICE_PATIENCE, in_service)
			.await
			.context("the providers did not come into service")??;
		let seats = lines.iter().zip(keys).filter(|(line, _)| line.attests);
		try_join_all(seats.map(|(line, keys)| async move {
			// A seat may not declare more uplink than the line claims.
			let seat =
				Call::take_seat(keys.probe.clone(), line.endpoint(), line.claim_kbps, line.region().country);
			let name = &line.name;
			chain.submit(&line.keys, &seat).await.with_context(|| format!("{name} takes its seat"))
		}))
		.await?;
		Ok(())
	}

	/// The providers.
	pub fn lines(&self) -> &[Line] {
		&self.plan.lines
	}

	/// Who pays them for traffic.
	pub fn customers(&self) -> &[Customer] {
		&self.plan.customers
	}

	/// Where the files are that customers fetch.
	pub fn files(&self) -> Option<SocketAddrV4> {
		self.plan.files
	}

	/// How a customer's sidecar is started.
	pub fn customer(&self, customer: &Customer) -> Result<Launch> {
		let (first, folder) = (&self.plan.validators[0], &self.plan.folder);
		let (name, provider) = (&customer.name, &self.plan.lines[customer.line]);
		let (state, key) = (folder.join(name), folder.join(name).join("account.key"));
		fs::create_dir_all(&state)?;
		write_secret(&key, &customer.hot.secret())?;
		let arguments = [
			"--json".into(),
			"connect".into(),
			format!("--key={}", key.display()),
			format!("--provider=0x{}", hex::encode(provider.account())),
			format!("--hops={}", customer.hops),
			format!("--socks={}", customer.socks),
			format!("--state={}", state.display()),
			format!("--deposit={DEPOSIT}"),
			format!("--max-price={MOST_PRICE}"),
			format!("--chain={}", first.rpc_url()),
			format!("--genesis=0x{}", hex::encode(self.chain.genesis())),
		];
		Ok(Launch {
			name: name.clone(),
			site: first.clone(),
			program: self.programs.sidecar.clone(),
			arguments: arguments.into_iter().map(Into::into).collect(),
			log: log_file(folder, name),
		})
	}

	/// Ends the sidecars of these lines in an orderly way: they file what they have to claim.
	pub async fn end_providers(&mut self, numbers: &[usize]) -> Result<()> {
		let ended: Vec<_> = numbers.iter().filter_map(|number| self.providers[*number].take()).collect();
		let ended =
			try_join_all(ended.into_iter().map(|process| process.end(Signal::TERM, CLAIM_PATIENCE))).await?;
		ensure!(
			ended.iter().flatten().count() == numbers.len(),
			"a provider that has something to claim does not end within {} s",
			CLAIM_PATIENCE.as_secs()
		);
		Ok(())
	}

	/// Kills the `number`-th validator's node.
	pub async fn kill_node(&mut self, number: usize) -> Result<()> {
		kill(&mut self.validators[number].node).await
	}

	/// Starts the `number`-th validator's node again, on the data it left.
	pub fn start_node(&mut self, number: usize) -> Result<()> {
		self.validators[number].node = Some(start_node(&self.programs, &self.plan, number)?);
		Ok(())
	}

	/// Kills the sidecar of the `number`-th line.
	pub async fn kill_provider(&mut self, number: usize) -> Result<()> {
		kill(&mut self.providers[number]).await
	}

	/// Starts the sidecar of the `number`-th line again, on the state it left.
	pub fn start_provider(&mut self, number: usize) -> Result<()> {
		let line = &self.plan.lines[number];
		let sidecar = start_sidecar(&self.programs, &self.plan.folder, &line.name, &line.site)?;
		self.providers[number] = Some(sidecar);
		Ok(())
	}

	/// Starts a node that has nothing yet and no keys, beside the first validator: it takes the chain by warp sync.
	pub fn start_newcomer(&self) -> Result<Newcomer> {
		let first = &self.plan.validators[0];
		let site = Site { ports: Ports::with_offset(NEWCOMER_PORTS), ..first.clone() };
		let mut arguments = node_arguments(&self.plan, NEWCOMER, &site);
		arguments.extend(["--sync=warp".into(), bootnode(&self.plan)]);
		let process = spawn_node(&self.programs, &self.plan, NEWCOMER, &site, arguments)?;
		Ok(Newcomer { process, site, log: log_file(&self.plan.folder, NEWCOMER) })
	}

	/// Kills the `number`-th validator's sidecar.
	pub async fn kill_sidecar(&mut self, number: usize) -> Result<()> {
		kill(&mut self.validators[number].sidecar).await
	}

	/// Starts the `number`-th validator's sidecar again, on the state it left.
	pub fn start_sidecar(&mut self, number: usize) -> Result<()> {
		self.validators[number].sidecar = Some(start_attestor(&self.programs, &self.plan, number)?);
		Ok(())
	}

	/// An error if a process has ended that should run.
	pub fn ensure_running(&mut self) -> Result<()> {
		let validators =
			self.validators.iter_mut().flat_map(|validator| [&mut validator.node, &mut validator.sidecar]);
		validators.chain(&mut self.providers).flatten().try_for_each(Process::ensure_running)
	}

	/// Ends all processes.
	pub async fn stop(self) -> Result<()> {
		// Sidecars before nodes: what they write to the chain can still arrive.
		let (nodes, sidecars): (Vec<_>, Vec<_>) =
			self.validators.into_iter().map(|validator| (validator.node, validator.sidecar)).unzip();
		let sidecars = self.providers.into_iter().chain(sidecars).flatten();
		try_join_all(sidecars.map(Process::stop)).await?;
		try_join_all(nodes.into_iter().flatten().map(Process::stop)).await?;
		Ok(())
	}
}

async fn kill(process: &mut Option<Process>) -> Result<()> {
	match process.take() {
		Some(process) => process.kill().await,
		None => Ok(()),
	}
}

/// Fails if something listens where a program of `plan` is to: what is meant for that program would go to a stranger. A
/// namespace is a machine of its own.
fn ensure_ports_are_free(plan: &Plan) -> Result<()> {
	for site in plan.validators.iter().filter(|site| site.namespace.is_none()) {
		// Not where the node looks for its sidecar: that is the same port, or something stands between them already.
		let Ports { rpc, p2p, prometheus, api, .. } = site.ports;
		let (node, here) = (site.node_address, Ipv4Addr::LOCALHOST);
		for (address, port) in [(node, rpc), (node, p2p), (here, prometheus), (here, api)] {
			let address = SocketAddrV4::new(address, port);
			ensure_is_free(address, TcpListener::bind(address).map(drop))?;
		}
	}
	for socks in plan.customers.iter().map(|customer| customer.socks) {
		ensure_is_free(socks, TcpListener::bind(socks).map(drop))?;
	}
	for line in plan.lines.iter().filter(|line| line.site.namespace.is_none()) {
		let address = SocketAddrV4::new(line.site.address, SIDECAR_PORT);
		ensure_is_free(address, TcpListener::bind(address).map(drop))?;
		ensure_is_free(address, UdpSocket::bind(address).map(drop))?;
	}
	Ok(())
}

fn ensure_is_free(address: SocketAddrV4, bound: io::Result<()>) -> Result<()> {
	match bound {
		Err(error) if error.kind() == ErrorKind::AddrInUse => {
			bail!("{address} is in use: another network may be running; stop it, or what else listens there")
		}
		bound => bound.with_context(|| format!("listening on {address}")),
	}
}

async fn connect(first: &Site, nodes: &mut [Process]) -> Result<Chain> {
	let started = tokio::time::Instant::now();
	loop {
		nodes.iter_mut().try_for_each(Process::ensure_running)?;
		match Chain::connect(&first.rpc_url()).await {
			Ok(chain) => {
				// What answered is none of them if its port was taken meanwhile, which ends a node.
				nodes.iter_mut().try_for_each(Process::ensure_running)?;
				return Ok(chain);
			}
			Err(error) if started.elapsed() > START_PATIENCE => return Err(error),
			Err(_) => tokio::time::sleep(Duration::from_millis(500)).await,
		}
	}
}

/// File of the token that a validator's node and sidecar share.
pub fn token_file(folder: &Path, name: &str) -> PathBuf {
	folder.join(format!("{name}.token"))
}

/// A fixed network key for the first node, so that the others can name it.
const FIRST_NODE_KEY: &str = "0000000000000000000000000000000000000000000000000000000000000001";
const FIRST_NODE_ID: &str = "12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp";

fn start_node(programs: &Programs, plan: &Plan, number: usize) -> Result<Process> {
	let (name, site, folder) = (VALIDATORS[number], &plan.validators[number], &plan.folder);
	let mut arguments = node_arguments(plan, name, site);
	arguments.extend([
		format!("--{name}"),
		"--validator".into(),
		// Every sidecar asks the runtime at every block.
		"--max-runtime-instances=32".into(),
		format!("--tunnel-url=http://127.0.0.1:{}", site.ports.tunnel),
		format!("--tunnel-token-file={}", token_file(folder, name).display()),
	]);
	let sources = plan.prices.filter(|_| number < REPORTERS).into_iter().flat_map(prices::sources);
	arguments.extend(sources.map(|source| format!("--price-source={source}")));
	arguments.extend(if number == 0 {
		vec![format!("--node-key={FIRST_NODE_KEY}")]
	} else {
		vec!["--unsafe-force-node-key-generation".into(), bootnode(plan)]
	});
	spawn_node(programs, plan, name, site, arguments)
}

/// What every node of the network is told.
fn node_arguments(plan: &Plan, name: &str, site: &Site) -> Vec<String> {
	let mut arguments = vec![
		format!("--chain={}", plan.chain),
		format!("--base-path={}", plan.folder.join(name).display()),
		format!("--listen-addr=/ip4/{}/tcp/{}", site.node_address, site.ports.p2p),
		format!("--rpc-port={}", site.ports.rpc),
		format!("--prometheus-port={}", site.ports.prometheus),
		"--no-telemetry".into(),
		"--no-mdns".into(),
		"--allow-private-ip".into(),
	];
	if !site.node_address.is_loopback() {
		arguments.extend(["--unsafe-rpc-external".into(), "--rpc-cors=all".into()]);
	}
	arguments
}

fn bootnode(plan: &Plan) -> String {
	let first = &plan.validators[0];
	format!("--bootnodes=/ip4/{}/tcp/{}/p2p/{FIRST_NODE_ID}", first.node_address, first.ports.p2p)
}

fn spawn_node(
	programs: &Programs,
	plan: &Plan,
	name: &str,
	site: &Site,
	arguments: Vec<String>,
) -> Result<Process> {
	let arguments: Vec<_> = arguments.into_iter().map(Into::into).collect();
	Process::start(name, site, &programs.node, &arguments, &log_file(&plan.folder, name))
}

fn log_file(folder: &Path, name: &str) -> PathBuf {
	folder.join(format!("{name}.log"))
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

/// Account of the `number`-th validator.
pub fn validator_account(number: usize) -> [u8; 32] {
	[dev::alice, dev::bob, dev::charlie, dev::dave][number]().public_key().0
}

fn attestor_name(number: usize) -> String {
	format!("{}-sidecar", VALIDATORS[number])
}

fn prepare_attestor(plan: &Plan, number: usize, genesis: &[u8; 32]) -> Result<()> {
	let (name, site, folder) = (VALIDATORS[number], &plan.validators[number], &plan.folder);
	let state = folder.join(attestor_name(number));
	fs::create_dir_all(&state)?;
	write_secret(&state.join("identity.key"), &random_hex::<32>()?)?;
	write_secret(&state.join("probe.key"), DEVELOPMENT_SEEDS[number])?;
	let account = validator_account(number);
	let roles = format!(
		"[attest]\nmode = \"node\"\n[api]\nlisten = \"127.0.0.1:{}\"\ntoken_file = \"{}\"\n",
		site.ports.api,
		token_file(folder, name).display()
	);
	write_config(plan, &state, &account, site, &roles, genesis)
}

fn start_attestor(programs: &Programs, plan: &Plan, number: usize) -> Result<Process> {
	start_sidecar(programs, &plan.folder, &attestor_name(number), &plan.validators[number])
}

struct Keys {
	peer_id: Vec<u8>,
	probe: ProbeKey,
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

fn prepare_provider(plan: &Plan, line: &Line, genesis: &[u8; 32]) -> Result<()> {
	let cap = if line.is_throttled { line.cap_kbps } else { 0 };
	let port = SIDECAR_PORT;
	let attest = if line.attests { "[attest]\nmode = \"alone\"\n" } else { "" };
	let state = plan.folder.join(&line.name);
	let mut roles = format!("[provide]\nport = {port}\negress_kbps = {cap}\ningress_kbps = {cap}\n");
	if let Some(claims) = &line.claims {
		let key = state.join("claim.key");
		write_secret(&key, &claims.secret())?;
		roles.push_str(&format!("claim_key = \"{}\"\n", key.display()));
	}
	roles.push_str(attest);
	write_config(plan, &state, &line.account(), &line.site, &roles, genesis)
}

fn write_config(
	plan: &Plan,
	state: &Path,
	account: &[u8; 32],
	site: &Site,
	roles: &str,
	genesis: &[u8; 32],
) -> Result<()> {
	// Sidecars spread over the nodes, so that none has to answer all of them.
	let nodes = plan.validators.iter().cycle().skip(usize::from(site.address.octets()[1]) % VALIDATORS.len());
	let endpoints: Vec<_> = nodes.take(2).map(|node| format!("\"{}\"", node.rpc_url())).collect();
	let config = format!(
		"[node]\naccount = \"0x{}\"\nstate = \"{}\"\nbind = \"{}\"\n\
		[chain]\nendpoints = [{}]\ngenesis = \"0x{}\"\n{roles}",
		hex::encode(account),
		state.display(),
		site.address,
		endpoints.join(", "),
		hex::encode(genesis),
	);
	let file = state.join("config.toml");
	fs::write(&file, config).with_context(|| format!("writing {}", file.display()))
}

fn start_sidecar(programs: &Programs, folder: &Path, name: &str, site: &Site) -> Result<Process> {
	let config = folder.join(name).join("config.toml");
	let arguments = ["run".into(), "--config".into(), config.into_os_string()];
	Process::start(name, site, &programs.sidecar, &arguments, &log_file(folder, name))
}

#[cfg(test)]
mod tests;
