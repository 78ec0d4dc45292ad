//! Two guests behind an exit of either kind.

use crate::{
	lab::{Node, PUBLIC, UPSTREAM},
	packets,
};
use std::{
	net::{Ipv4Addr, SocketAddr},
	sync::{Arc, Mutex},
};
use tokio::sync::mpsc;
use weir_primitives::ExitClass;
use weir_tunnel::{
	exit::{
		counters::{Counters, Event},
		surroundings, Exit, KernelExit, Kind, Limits, Policy, Resolver,
	},
	net::{Stack, MTU},
	tasks::Task,
};

pub(crate) const GUEST: Ipv4Addr = Ipv4Addr::new(100, 96, 0, 2);
pub(crate) const OTHER_GUEST: Ipv4Addr = Ipv4Addr::new(100, 96, 0, 3);

enum Either {
	Kernel(KernelExit),
	Userspace(Exit),
}

/// An exit on a host, with a stack of a customer's as its one guest. Dropped, the exit is closed on the host.
pub(crate) struct Guests {
	exit: Arc<Mutex<Option<Either>>>,
	to_exit: mpsc::Sender<Vec<u8>>,
	pub(crate) stack: Arc<Stack>,
	pub(crate) counters: Arc<Counters>,
	/// What came for guests.
	heard: Arc<Mutex<Vec<Vec<u8>>>>,
	_tasks: [Task; 2],
}

/// The policy of a provider on this host, as the sidecar makes it.
pub(crate) fn policy(class: ExitClass, registered: Vec<SocketAddr>) -> Policy {
	let mut own = surroundings::discover().unwrap();
	own.push(std::net::IpAddr::from(PUBLIC).into());
	Policy::new(class, own, registered, vec![])
}

/// No limits but those of memory.
pub(crate) fn unlimited() -> Limits {
	Limits {
		flows_per_guest: 1_000_000,
		flows_total: 1_000_000,
		new_flows_per_second: 1_000_000,
		new_flows_burst: 1_000_000,
		mail_flows_per_minute: 1_000_000,
		new_destinations_per_second: 1_000_000,
		new_destinations_burst: 1_000_000,
		..Limits::default()
	}
}

impl Guests {
	/// Opens the exit on `host`.
	pub(crate) fn behind(host: &Node, kind: Kind, class: ExitClass, limits: Limits) -> Self {
		Self::with(host, kind, move || policy(class, vec![]), limits)
	}

	pub(crate) fn with(
		host: &Node,
		kind: Kind,
		policy: impl FnOnce() -> Policy + Send + 'static,
		limits: Limits,
	) -> Self {
		host.run(async move {
			let (to_guests, mut for_guests) = mpsc::channel(4_096);
			let resolver = Resolver::new(vec![(UPSTREAM, 53).into()]).unwrap();
			let counters = Arc::<Counters>::default();
			let counting = counters.clone();
			let exit = match kind {
				Kind::Kernel => Either::Kernel(
					KernelExit::open(policy(), &limits, resolver, to_guests, counting).unwrap(),
				),
				Kind::Userspace => {
					Either::Userspace(Exit::start_counting(policy(), limits, resolver, to_guests, counting))
				}
			};
			let exit = Arc::new(Mutex::new(Some(exit)));
			let (to_exit, mut for_exit) = mpsc::channel::<Vec<u8>>(4_096);
			let (to_stack, for_stack) = mpsc::channel(4_096);
			let heard = Arc::<Mutex<Vec<Vec<u8>>>>::default();
			let (hears, out) = (heard.clone(), exit.clone());
			let tasks = [
				Task::spawn("up", async move {
					while let Some(packet) = for_exit.recv().await {
						match &*out.lock().unwrap() {
							Some(Either::Kernel(exit)) => exit.take(packet),
							Some(Either::Userspace(exit)) => exit.take(packet),
							None => return,
						}
					}
				}),
				Task::spawn("down", async move {
					while let Some(packet) = for_guests.recv().await {
						hears.lock().unwrap().push(packet.clone());
						if packets::destination(&packet) == Some(GUEST) {
							let _ = to_stack.try_send(packet);
						}
					}
				}),
			];
			let stack = Arc::new(Stack::start(GUEST, MTU, to_exit.clone(), for_stack));
			Self { exit, to_exit, stack, counters, heard, _tasks: tasks }
		})
	}

	/// Sends what a guest would.
	pub(crate) fn send(&self, host: &Node, packets: Vec<Vec<u8>>) {
		let to_exit = self.to_exit.clone();
		host.run(async move {
			for (number, packet) in packets.into_iter().enumerate() {
				to_exit.send(packet).await.unwrap();
				if number % 64 == 63 {
					tokio::time::sleep(std::time::Duration::from_millis(1)).await;
				}
			}
		});
	}

	/// What came for guests since it was last asked.
	pub(crate) fn heard(&self) -> Vec<Vec<u8>> {
		std::mem::take(&mut self.heard.lock().unwrap())
	}

	/// How often `event` was counted until now.
	pub(crate) fn count(&self, event: Event) -> u64 {
		if let Some(Either::Kernel(exit)) = &*self.exit.lock().unwrap() {
			exit.counted().unwrap();
		}
		self.counters.of(event)
	}

	/// Connections there are.
	pub(crate) fn flows(&self) -> u64 {
		self.count(Event::TcpFlow);
		self.counters.flows()
	}

	pub(crate) fn forget(&self, host: &Node, guest: Ipv4Addr) {
		let exit = self.exit.clone();
		host.run(async move {
			match &*exit.lock().unwrap() {
				Some(Either::Kernel(exit)) => exit.forget(guest),
				Some(Either::Userspace(exit)) => exit.forget(guest),
				None => {}
			}
		});
	}

	pub(crate) fn replace_policy(&self, host: &Node, class: ExitClass, registered: Vec<SocketAddr>) {
		let exit = self.exit.clone();
		host.run(async move {
			let policy = policy(class, registered);
			match &*exit.lock().unwrap() {
				Some(Either::Kernel(exit)) => exit.replace_policy(policy),
				Some(Either::Userspace(exit)) => exit.replace_policy(policy),
				None => {}
			}
		});
	}

	/// Closes the exit.
	pub(crate) fn close(self, host: &Node) {
		host.run(async move { drop(self.exit.lock().unwrap().take()) });
	}
}
