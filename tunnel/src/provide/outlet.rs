//! Where customers' packets go.

use super::facts::Registration;
use crate::{
	chain::{providers, socket_address, Directory},
	exit::{surroundings, Choice, Exit, KernelExit, Kind, Limits, Policy, Resolver, Status, Wanted},
	tasks::Task,
};
use anyhow::{Context, Result};
use ipnet::IpNet;
use std::{
	collections::BTreeSet,
	net::{IpAddr, Ipv4Addr, SocketAddr},
	sync::Arc,
	time::Duration,
};
use tokio::{sync::mpsc, time::Instant};
use weir_primitives::api::RegionFilter;

/// Between two looks at the host's own addresses.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Between two looks at who is registered: who registers anew is an entry for nobody sooner.
const LIST_EVERY: Duration = Duration::from_secs(600);
/// All of it is this machine's.
const LOOPBACK: (Ipv4Addr, u8) = (Ipv4Addr::new(127, 0, 0, 0), 8);
const DNS_PORT: u16 = 53;

/// Where customers' packets go: the seam that tests replace.
pub trait Outlet: Send {
	/// Takes a packet of a customer.
	fn take(&mut self, packet: Vec<u8>);
	/// Ends whatever the customer at this address has under way.
	fn forget(&mut self, guest: Ipv4Addr);
}

/// Opens the exit that the provider is registered with; what comes back for customers goes to the sender.
pub type OpenExit = Box<dyn Fn(Registration, mpsc::Sender<Vec<u8>>) -> Result<Box<dyn Outlet>> + Send + Sync>;

/// Either exit.
enum Either {
	Kernel(KernelExit),
	Userspace(Exit),
}

impl Either {
	fn replace_policy(&self, policy: Policy) {
		match self {
			Self::Kernel(exit) => exit.replace_policy(policy),
			Self::Userspace(exit) => exit.replace_policy(policy),
		}
	}
}

/// An exit, and the task that follows the host's addresses.
struct Followed {
	exit: Arc<Either>,
	_look: Task,
}

impl Outlet for Followed {
	fn take(&mut self, packet: Vec<u8>) {
		match &*self.exit {
			Either::Kernel(exit) => exit.take(packet),
			Either::Userspace(exit) => exit.take(packet),
		}
	}

	fn forget(&mut self, guest: Ipv4Addr) {
		match &*self.exit {
			Either::Kernel(exit) => exit.forget(guest),
			Either::Userspace(exit) => exit.forget(guest),
		}
	}
}

/// What an exit is made of.
#[derive(Clone)]
pub struct Way {
	/// Who looks names up; if there are none, the system's do.
	pub resolvers: Vec<IpAddr>,
	/// The address that the provider is bound to.
	pub bind: IpAddr,
	/// The list of providers, to which guests may go on; none: to nobody.
	pub directory: Option<Arc<dyn Directory>>,
	/// Which exit is asked for.
	pub wanted: Wanted,
	/// The one that was chosen.
	pub choice: Choice,
	/// Where it says what it is and does.
	pub status: Arc<Status>,
}

impl Way {
	fn resolver(&self) -> Result<Resolver> {
		if self.resolvers.is_empty() {
			return Resolver::of_host();
		}
		Resolver::new(self.resolvers.iter().map(|address| SocketAddr::new(*address, DNS_PORT)).collect())
	}

	/// What guests may reach: nothing of the host and its networks, nor the address that it is registered at, which a router may
	/// translate to the host's. The guests of a provider that is bound to the loopback are this machine's own processes, to
	/// whom the loopback is open anyway: a network on one machine has no other Internet.
	fn policy(&self, registered: &Registration, others: &BTreeSet<SocketAddr>) -> Result<Policy> {
		let mut own = surroundings::discover().context("the addresses of this machine cannot be read")?;
		own.extend(registered.address.map(IpNet::from));
		let (network, length) = LOOPBACK;
		let lab = self.bind.is_loopback().then(|| IpNet::new(network.into(), length)).transpose()?;
		Ok(Policy::new(registered.exit, own, others.iter().copied(), Vec::from_iter(lab)))
	}

	fn kernel(&self, policy: Policy, to_guests: mpsc::Sender<Vec<u8>>) -> Result<KernelExit> {
		KernelExit::open(policy, &Limits::default(), self.resolver()?, to_guests, self.status.counters())
	}

	fn userspace(&self, policy: Policy, to_guests: mpsc::Sender<Vec<u8>>) -> Result<Exit> {
		let limits = Limits::default().within_open_files();
		let counters = self.status.counters();
		Ok(Exit::start_counting(policy, limits, self.resolver()?, to_guests, counters))
	}

	/// Where the registered providers are.
	async fn others(&self) -> Option<BTreeSet<SocketAddr>> {
		let listed = providers(self.directory.as_deref()?, RegionFilter::default()).await;
		let listed = listed.inspect_err(|error| tracing::debug!(%error, "providers not listed")).ok()?;
		Some(listed.iter().filter_map(|info| socket_address(&info.endpoint)).collect())
	}

	/// Keeps an exit to what is so now.
	async fn follow(self, registered: Registration, exit: Arc<Either>) {
		let (mut others, mut listed) = (BTreeSet::new(), None::<Instant>);
		loop {
			if listed.is_none_or(|at| at.elapsed() >= LIST_EVERY) {
				if let Some(now) = self.others().await {
					(others, listed) = (now, Some(Instant::now()));
				}
			}
			match self.policy(&registered, &others) {
				Ok(policy) => exit.replace_policy(policy),
				// What was found last stands.
				Err(error) => tracing::warn!(error = format!("{error:#}"), "exit's policy not renewed"),
			}
			tokio::time::sleep(LOOK_EVERY).await;
		}
	}
}

/// The exit that was chosen. One of the kernel that cannot be opened is replaced by the other where either will do.
pub fn chosen_exit(way: Way) -> OpenExit {
	Box::new(move |registered, to_guests| {
		let policy = way.policy(&registered, &BTreeSet::new())?;
		let mut choice = way.choice.clone();
		let kernel = match choice.kind {
			Kind::Kernel => Some(way.kernel(policy.clone(), to_guests.clone())),
			Kind::Userspace => None,
		};
		let exit = match kernel {
			Some(Ok(exit)) => Either::Kernel(exit),
			Some(Err(error)) if way.wanted == Wanted::Kernel => {
				return Err(error.context("provide.exit = \"kernel\""));
			}
			Some(Err(error)) => {
				choice = Choice { kind: Kind::Userspace, reason: format!("{error:#}") };
				Either::Userspace(way.userspace(policy, to_guests)?)
			}
			None => Either::Userspace(way.userspace(policy, to_guests)?),
		};
		way.status.set(choice);
		let exit = Arc::new(exit);
		let look = Task::spawn("exit policy", way.clone().follow(registered, exit.clone()));
		Ok(Box::new(Followed { exit, _look: look }))
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::exit::Transport;
	use weir_primitives::ExitClass;

	#[test]
	fn loopback_should_be_reached_by_guests_of_the_loopback_alone() {
		let registered = Registration { exit: ExitClass::Open, address: None, in_service: true };
		let there = "127.0.0.1:8080".parse().unwrap();
		let reaches = |bind: &str| {
			let way = Way {
				resolvers: vec![],
				bind: bind.parse().unwrap(),
				directory: None,
				wanted: Wanted::Auto,
				choice: Choice { kind: Kind::Userspace, reason: String::new() },
				status: Arc::default(),
			};
			way.policy(&registered, &BTreeSet::new()).unwrap().verdict(there, Transport::Tcp).is_ok()
		};
		assert!(reaches("127.0.21.1"));
		for bind in ["0.0.0.0", "::", "8.8.8.8", "10.0.0.1", "::1"] {
			assert_eq!(reaches(bind), bind == "::1", "{bind}");
		}
	}
}
