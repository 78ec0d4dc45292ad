//! Where customers' packets go.

use super::facts::Registration;
use crate::{
	chain::{providers, socket_address, Directory},
	exit::{surroundings, Exit, Limits, Policy, Resolver},
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

/// An exit in this process, and the task that follows the host's addresses.
struct Userspace {
	exit: Arc<Exit>,
	_look: Task,
}

impl Outlet for Userspace {
	fn take(&mut self, packet: Vec<u8>) {
		self.exit.take(packet);
	}

	fn forget(&mut self, guest: Ipv4Addr) {
		self.exit.forget(guest);
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

	/// Where the registered providers are.
	async fn others(&self) -> Option<BTreeSet<SocketAddr>> {
		let listed = providers(self.directory.as_deref()?, RegionFilter::default()).await;
		let listed = listed.inspect_err(|error| tracing::debug!(%error, "providers not listed")).ok()?;
		Some(listed.iter().filter_map(|info| socket_address(&info.endpoint)).collect())
	}

	/// Keeps an exit to what is so now.
	async fn follow(self, registered: Registration, exit: Arc<Exit>) {
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

/// The exit that ends customers' connections in this process.
pub fn userspace_exit(way: Way) -> OpenExit {
	Box::new(move |registered, to_guests| {
		let policy = way.policy(&registered, &BTreeSet::new())?;
		let limits = Limits::default().within_open_files();
		let exit = Arc::new(Exit::start(policy, limits, way.resolver()?, to_guests));
		let look = Task::spawn("exit policy", way.clone().follow(registered, exit.clone()));
		Ok(Box::new(Userspace { exit, _look: look }))
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
			let way = Way { resolvers: vec![], bind: bind.parse().unwrap(), directory: None };
			way.policy(&registered, &BTreeSet::new()).unwrap().verdict(there, Transport::Tcp).is_ok()
		};
		assert!(reaches("127.0.21.1"));
		for bind in ["0.0.0.0", "::", "8.8.8.8", "10.0.0.1", "::1"] {
			assert_eq!(reaches(bind), bind == "::1", "{bind}");
		}
	}
}
