//! The whole machine through the tunnel: a TUN device at the end of the last hop, and the kill switch around it.
//!
//! The device and the firewall stay while sessions come and go: without a session what programs send is dropped here. What goes
//! through is counted and paid by the session, as the proxy's is; both share its inner address.

use super::{
	choice::Provider,
	route::{self, Hop, Route},
	session::{Asker, Outside},
	Customer,
};
use crate::{
	engine::source_of,
	firewall::{self, Firewall, Held, Rules},
	net::{Stack, GATEWAY, MTU},
	socks::Socks,
	tasks::Task,
	tun::{Tun, TunReader, TunWriter},
};
use anyhow::{anyhow, bail, Context, Result};
use std::{
	net::{IpAddr, SocketAddr},
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc, Mutex, PoisonError,
	},
	time::Duration,
};
use tokio::sync::{mpsc, watch, Mutex as AsyncMutex};

/// Packets for programs that wait for the device.
const CHANNEL: usize = 4_096;
/// Packets handled at once.
const BATCH: usize = 64;
/// Between two looks at whether others have changed firewall, routes or resolver.
const KEEP_EVERY: Duration = Duration::from_secs(3);
/// Longest name that the kernel gives a device.
const NAME_LEN: usize = 15;

/// How a machine goes through a tunnel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Whole {
	/// Name of the device.
	pub tun: String,
	/// Whether the local network is reached beside the tunnel.
	pub lan: bool,
	/// Nodes of the chain, which are reached beside the tunnel.
	pub chain: Vec<SocketAddr>,
}

/// A machine of which nothing leaves beside the tunnel. Dropped, it stays so: what undoes it is [`Self::finish`].
pub struct Machine {
	firewall: Arc<AsyncMutex<Firewall>>,
	ends: Mutex<Option<(TunReader, TunWriter)>>,
	tasks: Mutex<Vec<Task>>,
	/// Something has gone through, or did before a crash: whoever used it counts on it.
	is_relied_on: Arc<AtomicBool>,
	/// Closed when the device is gone.
	alive: watch::Sender<()>,
	_held: Held,
}

/// Whether the kill switch of a process stands that is gone.
pub async fn is_locked() -> bool {
	firewall::stands().await
}

/// Removes what a process has left that was killed; whether there was anything.
pub async fn unlock() -> Result<bool> {
	firewall::clear().await
}

impl Machine {
	/// Fails with what this machine lacks for it.
	pub(super) async fn check() -> Result<()> {
		firewall::check().await
	}

	/// Locks this machine: from now on nothing leaves but what goes to `chain`, and to the provider that is asked.
	pub async fn lock(whole: &Whole) -> Result<Self> {
		firewall::check().await?;
		let held = Held::take()?;
		let was_locked = firewall::stands().await;
		let rules = Rules {
			tun: whole.tun.clone(),
			user: nix::unistd::geteuid().as_raw(),
			lan: whole.lan,
			chain: whole.chain.clone(),
			entry: None,
			inner: None,
		};
		// First of all: there must be no moment in which packets find routes and no rules.
		let firewall = Firewall::lock(rules, GATEWAY).await?;
		if was_locked {
			tracing::info!("the kill switch of an earlier run stood, and is taken over");
		}
		let ends = async {
			let tun = Tun::open(&whole.tun, MTU)
				.map_err(|error| anyhow!("the TUN device {} cannot be made: {error}", whole.tun))?;
			firewall.route().await?;
			Ok(tun.split())
		};
		let ends = match ends.await {
			Ok(ends) => ends,
			Err(error) if was_locked => return Err(error),
			Err(error) => {
				firewall.unlock().await?;
				return Err(error);
			}
		};
		Ok(Self {
			firewall: Arc::new(AsyncMutex::new(firewall)),
			ends: Mutex::new(Some(ends)),
			tasks: Mutex::default(),
			is_relied_on: Arc::new(AtomicBool::new(was_locked)),
			alive: watch::channel(()).0,
			_held: held,
		})
	}

	/// Lets our own packets go to a provider's address, and to no other's any more.
	pub(super) async fn admit(&self, entry: IpAddr) -> Result<()> {
		self.firewall.lock().await.change(|rules| rules.entry = Some(entry)).await
	}

	/// Carries packets between the device and whatever tunnel there is.
	pub(super) fn start(&self, gate: watch::Receiver<Option<Arc<Stack>>>) {
		let Some((reader, writer)) = self.ends.lock().unwrap_or_else(PoisonError::into_inner).take() else {
			return;
		};
		let (to_device, packets) = mpsc::channel(CHANNEL);
		let up = Up {
			firewall: self.firewall.clone(),
			is_relied_on: self.is_relied_on.clone(),
			to_device,
			_alive: self.alive.subscribe(),
		};
		let firewall = self.firewall.clone();
		let tasks = vec![
			Task::spawn("machine up", up.run(reader, gate)),
			Task::spawn("machine down", down(packets, writer)),
			Task::spawn("kill switch", keep(firewall)),
		];
		self.tasks.lock().unwrap_or_else(PoisonError::into_inner).extend(tasks);
	}

	/// Returns when the device is gone, which only others can have done.
	pub async fn failed(&self) -> anyhow::Error {
		self.alive.closed().await;
		anyhow!("the TUN device is gone; nothing leaves this machine until `connect` runs again, or `weir-tunnel firewall clear`")
	}

	/// Leaves the machine as it was found, if the user `asked` for the end or nobody has relied on it yet. Otherwise programs would
	/// go out by the line without anybody's noticing: then it stays locked. Says whether it does.
	pub async fn finish(self: Arc<Self>, asked: bool) -> Result<bool> {
		let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
		for task in tasks {
			drop(task);
		}
		if !asked && self.is_relied_on.load(Ordering::Relaxed) {
			return Ok(true);
		}
		self.firewall.lock().await.unlock().await?;
		Ok(false)
	}
}

impl Customer {
	/// Lets our packets go to the first hop.
	async fn admit(&self, first: &Provider) -> Result<(), Outside> {
		match &self.machine {
			Some(machine) => machine.admit(first.address.ip()).await.map_err(Outside::Failed),
			None => Ok(()),
		}
	}

	/// Whether a provider that is asked without a tunnel serves customers.
	pub(super) async fn serves(&self, provider: &Provider) -> Result<(), Outside> {
		self.admit(provider).await?;
		Asker::new(provider, None).map_err(Outside::Failed)?.serves().await
	}

	pub(super) async fn join(&self, hops: &[Hop], socks: &Arc<Socks>) -> Result<Route, (usize, Outside)> {
		if let Some(first) = hops.first() {
			self.admit(&first.provider).await.map_err(|outside| (0, outside))?;
		}
		route::join(hops, self.settings.is_disguised, socks).await
	}
}

/// From programs to the tunnel.
struct Up {
	firewall: Arc<AsyncMutex<Firewall>>,
	is_relied_on: Arc<AtomicBool>,
	to_device: mpsc::Sender<Vec<u8>>,
	_alive: watch::Receiver<()>,
}

impl Up {
	async fn run(self, mut reader: TunReader, mut gate: watch::Receiver<Option<Arc<Stack>>>) {
		let mut stack = self.enter(&mut gate).await;
		let mut batch = Vec::with_capacity(BATCH);
		loop {
			tokio::select! {
				biased;
				changed = gate.changed() => {
					if changed.is_err() {
						// The connection is over. The device stays, and nobody reads it: nothing leaves.
						drop(stack);
						return std::future::pending().await;
					}
					stack = self.enter(&mut gate).await;
				}
				read = reader.read(&mut batch) => {
					if let Err(error) = read {
						tracing::error!(%error, "the TUN device is gone");
						return;
					}
					for packet in batch.drain(..) {
						// With another address the exit would drop it, and have it paid.
						if let Some(stack) = stack.as_ref().filter(|stack| source_of(&packet) == Some(stack.address())) {
							stack.send_packet(packet).await;
						}
					}
				}
			}
		}
	}

	/// The tunnel there is now, with the device set up for it.
	async fn enter(&self, gate: &mut watch::Receiver<Option<Arc<Stack>>>) -> Option<Arc<Stack>> {
		let stack = gate.borrow_and_update().clone()?;
		stack.divert(self.to_device.clone());
		self.is_relied_on.store(true, Ordering::Relaxed);
		if let Err(error) = self.firewall.lock().await.address(stack.address(), stack.mtu()).await {
			// Fails closed: without address or route nothing goes into the device.
			tracing::error!(error = format!("{error:#}"), "the machine cannot use the tunnel");
		}
		Some(stack)
	}
}

async fn down(mut packets: mpsc::Receiver<Vec<u8>>, mut writer: TunWriter) {
	let mut batch = Vec::with_capacity(BATCH);
	while packets.recv_many(&mut batch, BATCH).await > 0 {
		for packet in batch.drain(..) {
			if let Err(error) = writer.write(&packet).await {
				tracing::debug!(%error, "packet not taken by the TUN device");
			}
		}
	}
}

async fn keep(firewall: Arc<AsyncMutex<Firewall>>) {
	loop {
		tokio::time::sleep(KEEP_EVERY).await;
		if let Err(error) = firewall.lock().await.keep().await {
			tracing::warn!(error = format!("{error:#}"), "kill switch, routes or resolver not checked");
		}
	}
}

/// A name that a device may have: it stands in rules and commands.
pub(super) fn device_name(name: &str) -> Result<String> {
	let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
	if name.is_empty() || name.len() > NAME_LEN || !name.bytes().all(is_plain) || name == "lo" {
		bail!("at most {NAME_LEN} letters, digits, - and _, such as weir0");
	}
	Ok(name.into())
}

/// Where the nodes of the chain are, those of this machine left out: the loopback is always open.
pub(super) async fn nodes(endpoints: &[String]) -> Result<Vec<SocketAddr>> {
	let mut nodes = Vec::new();
	for endpoint in endpoints {
		let at =
			authority(endpoint).with_context(|| format!("{endpoint} is not of the form ws://host:port"))?;
		let found = tokio::net::lookup_host(&at).await.map_err(|error| {
			anyhow!(
				"--chain: {at}: not found ({error}); name the node by its IP address. If a kill switch of an earlier run stands, \
				 `weir-tunnel firewall clear` removes it"
			)
		})?;
		nodes.extend(found.filter(|address| !address.ip().to_canonical().is_loopback()));
	}
	nodes.sort_unstable();
	nodes.dedup();
	Ok(nodes)
}

/// Host and port of an endpoint.
fn authority(endpoint: &str) -> Option<String> {
	let (scheme, rest) = endpoint.split_once("://")?;
	let port = match scheme {
		"ws" => 80,
		"wss" => 443,
		_ => return None,
	};
	let whole = rest.split(['/', '?', '#']).next()?;
	let host = whole.rsplit_once('@').map_or(whole, |(_, host)| host);
	let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
	// The last group of an IPv6 address is no port.
	let has_port = has_port && (!host.starts_with('[') || host.contains("]:"));
	Some(if has_port { host.into() } else { format!("{host}:{port}") })
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn authority_should_have_host_and_port_when_the_endpoint_names_one_or_none() {
		for (endpoint, found) in [
			("ws://127.0.0.1:9944", "127.0.0.1:9944"),
			("wss://node.example.org", "node.example.org:443"),
			("ws://node.example.org/path?key=1:2", "node.example.org:80"),
			("wss://user:word@node.example.org:8443/", "node.example.org:8443"),
			("ws://[2001:db8::9]", "[2001:db8::9]:80"),
			("ws://[2001:db8::9]:9944", "[2001:db8::9]:9944"),
		] {
			assert_eq!(authority(endpoint).as_deref(), Some(found), "{endpoint}");
		}
		assert_eq!(authority("http://x"), None);
	}

	#[tokio::test]
	async fn nodes_should_leave_this_machine_out() {
		let nodes = nodes(&["ws://127.0.0.1:9944".into(), "ws://198.51.100.9:9944".into()]).await.unwrap();
		assert_eq!(nodes, ["198.51.100.9:9944".parse().unwrap()]);
	}

	#[test]
	fn device_names_should_be_plain() {
		assert_eq!(device_name("weir0").unwrap(), "weir0");
		for name in ["", "lo", "a b", "x\"", "sixteen-letters0", "a;b", "ä"] {
			assert!(device_name(name).is_err(), "{name}");
		}
	}
}
