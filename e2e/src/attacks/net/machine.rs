//! A machine of the lab that is a thread of this process: what runs on it has the sockets of its network namespace.

use crate::lab::ground::{self, Shape};
use anyhow::{anyhow, Context, Result};
use rustix::thread::{move_into_link_name_space, LinkNameSpaceType};
use std::{
	fs::{self, File},
	future::Future,
	net::Ipv4Addr,
	os::fd::AsFd,
	sync::mpsc,
	thread,
};
use tokio::{
	runtime::{Builder, Handle, Runtime},
	sync::oneshot,
	task::JoinHandle,
};
use weir_tunnel_core::cost::Carried;

/// Ethernet's header, which devices count with each packet.
const ETHERNET_BYTES: u64 = 14;

/// A machine. Dropped, what runs on it ends.
pub struct Machine {
	/// Name of its namespace.
	pub name: String,
	/// Where others reach it.
	pub address: Ipv4Addr,
	/// Where its own sockets are bound.
	pub bind: Ipv4Addr,
	handle: Handle,
	_running: oneshot::Sender<()>,
}

impl Machine {
	/// Makes one behind link `net`, unshaped.
	pub fn add(kind: &str, net: u8) -> Result<Self> {
		let name = format!("{kind}{net}");
		ground::add_machine(&name, net, None)?;
		Self::enter(name, ground::address(net), ground::address(net))
	}

	/// Makes one behind link `net` whose two directions are shaped.
	pub fn add_line(net: u8, towards: Shape, from: Shape) -> Result<Self> {
		let line = Self::add("line", net)?;
		ground::shape_link(&line.name, towards, from)?;
		Ok(line)
	}

	/// Makes one behind this one, which becomes a router. With a port, the router hands on what comes to it there.
	pub fn add_behind(&self, forwarded: Option<u16>) -> Result<Self> {
		let name = format!("behind-{}", self.name);
		ground::add_behind(&self.name, &name, forwarded)?;
		Self::enter(name, self.address, ground::BEHIND)
	}

	fn enter(name: String, address: Ipv4Addr, bind: Ipv4Addr) -> Result<Self> {
		let path = format!("/run/netns/{name}");
		let namespace = File::open(&path).with_context(|| format!("opening {path}"))?;
		let (running, ended) = oneshot::channel::<()>();
		let (ready, handle) = mpsc::channel::<Result<Handle>>();
		thread::Builder::new().name(name.clone()).spawn(move || {
			let runtime = match runtime_in(&namespace) {
				Ok(runtime) => runtime,
				Err(error) => return drop(ready.send(Err(error))),
			};
			if ready.send(Ok(runtime.handle().clone())).is_ok() {
				// Nothing is ever sent: what ends the wait is that the machine is dropped.
				let _ = runtime.block_on(ended);
			}
			runtime.shutdown_background();
		})?;
		let handle = handle.recv().context("the machine's thread ended")??;
		Ok(Self { name, address, bind, handle, _running: running })
	}

	/// What its line has carried so far, IP bytes, behind what shapes it.
	pub fn carried(&self) -> Result<Carried> {
		let [from, packets_from, towards, packets_towards] = counted(&self.name)?;
		let ip = |bytes: u64, packets: u64| bytes.saturating_sub(packets * ETHERNET_BYTES);
		Ok(Carried { down: ip(towards, packets_towards), up: ip(from, packets_from) })
	}

	/// Begins something there.
	pub fn spawn<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
		self.handle.spawn(work)
	}

	/// Does something there, and waits for it.
	pub fn run<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Result<T> {
		futures::executor::block_on(self.spawn(work)).map_err(|error| anyhow!("{}: {error}", self.name))
	}
}

fn runtime_in(namespace: &File) -> Result<Runtime> {
	move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))
		.context("entering a network namespace")?;
	Ok(Builder::new_current_thread().enable_all().build()?)
}

/// What came from a machine so far and what went to it, as the lab's end of its link counts: bytes, with those of Ethernet,
/// and packets, of both.
pub fn counted(name: &str) -> Result<[u64; 4]> {
	let devices = fs::read_to_string("/proc/thread-self/net/dev")?;
	let line = devices.lines().find_map(|line| line.trim().strip_prefix(&format!("{name}:")));
	let fields: Vec<_> = line.context("no such link")?.split_whitespace().collect();
	let field =
		|number: usize| -> Result<u64> { Ok(fields.get(number).context("too few counters")?.parse()?) };
	Ok([field(0)?, field(1)?, field(8)?, field(9)?])
}
