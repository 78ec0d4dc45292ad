//! A provider's host between its local network and the Internet: three network namespaces, each a thread of this process. The
//! addresses are those of the real world, so that the policy needs no exception for them.
//!
//! ```text
//! lan 192.168.7.10, 169.254.169.254 ── host 192.168.7.1, 81.2.69.2 ── internet 81.2.69.1, 93.184.216.34, and what should not be there
//! ```

use futures::executor::block_on;
use nix::{
	sched::{unshare, CloneFlags},
	sys::{
		socket::{
			recvfrom, setsockopt, socket, sockopt::RcvBufForce, sockopt::ReceiveTimeout, AddressFamily,
			LinkAddr, SockFlag, SockProtocol, SockType,
		},
		time::{TimeVal, TimeValLike},
	},
	unistd::gettid,
};
use std::{
	fs,
	future::Future,
	io::Write,
	net::Ipv4Addr,
	os::fd::{AsRawFd, OwnedFd},
	process::{Command, Stdio},
	sync::{
		atomic::{AtomicBool, Ordering},
		mpsc, Arc, Mutex,
	},
	thread,
	time::Duration,
};
use tokio::{
	runtime::{Builder, Handle},
	sync::oneshot,
};

/// A server that guests may go to, and the resolver that the provider asks.
pub(crate) const SERVER: Ipv4Addr = Ipv4Addr::new(93, 184, 216, 34);
pub(crate) const UPSTREAM: Ipv4Addr = Ipv4Addr::new(93, 184, 216, 53);
/// The host's.
pub(crate) const PUBLIC: Ipv4Addr = Ipv4Addr::new(81, 2, 69, 2);
pub(crate) const AT_HOME: Ipv4Addr = Ipv4Addr::new(192, 168, 7, 1);
/// Of the local network, and what clouds have there.
pub(crate) const PRINTER: Ipv4Addr = Ipv4Addr::new(192, 168, 7, 10);
pub(crate) const METADATA: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);
/// On the provider's own line.
pub(crate) const NEIGHBOUR: Ipv4Addr = Ipv4Addr::new(81, 2, 69, 77);
/// Where the host's default route leads, and guests must not be taken.
pub(crate) const BEYOND: [Ipv4Addr; 7] = [
	Ipv4Addr::new(10, 1, 2, 3),
	Ipv4Addr::new(172, 16, 5, 5),
	Ipv4Addr::new(192, 168, 99, 9),
	Ipv4Addr::new(100, 64, 9, 9),
	Ipv4Addr::new(198, 18, 0, 5),
	Ipv4Addr::new(192, 0, 2, 9),
	Ipv4Addr::new(203, 0, 113, 9),
];

/// Whether namespaces can be made; says so if not. Where nothing may be skipped it fails.
pub(crate) fn is_possible(test: &str) -> bool {
	let missing = if !nix::unistd::geteuid().is_root() {
		"network namespaces need root"
	} else if fs::metadata("/dev/net/tun").is_err() {
		"the kernel has no TUN device (/dev/net/tun)"
	} else if Command::new("nft").arg("--version").output().is_err() {
		"nft is not installed"
	} else {
		return true;
	};
	// Around what the harness swallows.
	let _ = writeln!(std::io::stderr(), "skipped 1 ({test}): {missing}");
	assert!(std::env::var_os("CI").is_none(), "CI may skip nothing: {missing}");
	false
}

/// A machine: a thread with a namespace and a runtime of its own.
pub(crate) struct Node {
	handle: Handle,
	path: String,
	_running: oneshot::Sender<()>,
}

impl Node {
	pub(crate) fn add(name: &str) -> Self {
		let (running, ended) = oneshot::channel::<()>();
		let (ready, made) = mpsc::channel();
		let start = move || {
			unshare(CloneFlags::CLONE_NEWNET).unwrap();
			for switch in ["all", "default"] {
				let file = format!("/proc/sys/net/ipv6/conf/{switch}/disable_ipv6");
				if fs::metadata(&file).is_ok() {
					fs::write(file, "1").unwrap();
				}
			}
			let runtime = Builder::new_current_thread().enable_all().build().unwrap();
			let path = format!("/proc/{}/task/{}/ns/net", std::process::id(), gettid());
			ready.send((runtime.handle().clone(), path)).unwrap();
			// Nothing is ever sent: what ends the wait is that the node is dropped.
			let _ = runtime.block_on(ended);
			runtime.shutdown_background();
		};
		thread::Builder::new().name(name.into()).spawn(start).unwrap();
		let (handle, path) = made.recv().unwrap();
		let node = Self { handle, path, _running: running };
		node.ip("link set lo up");
		node
	}

	/// Does something there, and waits for it.
	pub(crate) fn run<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> T {
		block_on(self.handle.spawn(work)).unwrap()
	}

	/// Begins something there.
	pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
		drop(self.handle.spawn(work));
	}

	pub(crate) fn ip(&self, lines: &str) {
		let lines = format!("{lines}\n");
		self.run(async move {
			let mut ip = Command::new("ip").args(["-batch", "-"]).stdin(Stdio::piped()).spawn().unwrap();
			ip.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
			assert!(ip.wait().unwrap().success(), "{lines}");
		});
	}

	/// What a program says there.
	pub(crate) fn output(&self, command: &'static str) -> String {
		self.run(async move {
			let mut words = command.split(' ');
			let output = Command::new(words.next().unwrap()).args(words).output().unwrap();
			String::from_utf8(output.stdout).unwrap()
		})
	}

	/// One of the kernel's switches there; empty if there is none.
	pub(crate) fn switch(&self, name: &'static str) -> String {
		self.run(async move {
			let text = fs::read_to_string(format!("/proc/sys/net/ipv4/{name}")).unwrap_or_default();
			text.trim().to_owned()
		})
	}
}

pub(crate) struct Lab {
	pub(crate) host: Node,
	pub(crate) lan: Node,
	pub(crate) internet: Node,
}

impl Lab {
	pub(crate) fn build() -> Self {
		let [host, lan, internet] = ["host", "lan", "internet"].map(Node::add);
		host.ip(&format!("link add lan type veth peer name eth0 netns {}", lan.path));
		host.ip(&format!("link add wan type veth peer name eth0 netns {}", internet.path));
		host.ip(&format!(
			"address add {AT_HOME}/24 dev lan\nlink set lan up\naddress add {PUBLIC}/24 dev wan\nlink set wan up"
		));
		lan.ip(&format!(
			"address add {PRINTER}/24 dev eth0\nlink set eth0 up\naddress add {METADATA}/32 dev lo\n\
			route add default via {AT_HOME}"
		));
		internet.ip(&format!(
			"address add 81.2.69.1/24 dev eth0\naddress add {NEIGHBOUR}/24 dev eth0\nlink set eth0 up\n\
			address add {SERVER}/32 dev lo\naddress add {UPSTREAM}/32 dev lo"
		));
		for address in BEYOND {
			internet.ip(&format!("address add {address}/32 dev lo"));
		}
		// As a router with a cloud's metadata service beside it would have them.
		host.ip(&format!("route add default via 81.2.69.1\nroute add {METADATA}/32 via {PRINTER}"));
		Self { host, lan, internet }
	}
}

/// Every packet of IP that came to a machine or left it, but for those on links of exits.
pub(crate) struct Capture {
	packets: Arc<Mutex<Vec<Vec<u8>>>>,
	is_over: Arc<AtomicBool>,
}

/// Which links a capture looks at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Links {
	OfExits,
	Others,
}

impl Capture {
	pub(crate) fn start(node: &Node, links: Links) -> Self {
		let socket = node.run(async {
			let all = SockProtocol::EthAll;
			let socket =
				socket(AddressFamily::Packet, SockType::Datagram, SockFlag::SOCK_CLOEXEC, all).unwrap();
			setsockopt(&socket, RcvBufForce, &(64 << 20)).unwrap();
			setsockopt(&socket, ReceiveTimeout, &TimeVal::milliseconds(50)).unwrap();
			socket
		});
		// Numbers of links are those of the namespace at the time: exits' come and go.
		let handle = node.handle.clone();
		let (packets, is_over) = (Arc::<Mutex<Vec<_>>>::default(), Arc::<AtomicBool>::default());
		let capture = Self { packets: packets.clone(), is_over: is_over.clone() };
		thread::spawn(move || {
			while !is_over.load(Ordering::Relaxed) {
				if let Some((link, packet)) = next(&socket) {
					if is_of_exit(&handle, link) == (links == Links::OfExits) {
						packets.lock().unwrap().push(packet);
					}
				}
			}
		});
		capture
	}

	/// What was captured since it was last asked.
	pub(crate) fn take(&self) -> Vec<Vec<u8>> {
		std::mem::take(&mut self.packets.lock().unwrap())
	}
}

impl Drop for Capture {
	fn drop(&mut self) {
		self.is_over.store(true, Ordering::Relaxed);
	}
}

/// A packet and its link's number; none of ARP.
fn next(socket: &OwnedFd) -> Option<(usize, Vec<u8>)> {
	let mut room = vec![0; 70_000];
	let (length, address) = recvfrom::<LinkAddr>(socket.as_raw_fd(), &mut room).ok()?;
	let address = address?;
	let is_ip = matches!(u16::from_be(address.protocol()), 0x0800 | 0x86dd);
	room.truncate(length);
	is_ip.then(|| (address.ifindex(), room))
}

thread_local! {
	static KNOWN: std::cell::RefCell<std::collections::HashMap<usize, bool>> = Default::default();
}

fn is_of_exit(node: &Handle, link: usize) -> bool {
	KNOWN.with_borrow_mut(|known| {
		*known.entry(link).or_insert_with(|| {
			let links = block_on(node.spawn(async {
				let output = Command::new("ip").args(["-o", "link"]).output().unwrap();
				String::from_utf8(output.stdout).unwrap()
			}));
			links.unwrap().lines().any(|line| line.starts_with(&format!("{link}: weirx")))
		})
	})
}

/// Waits until `is_so`.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
	for _ in 0..1_000 {
		if is_so() {
			return;
		}
		thread::sleep(Duration::from_millis(10));
	}
	panic!("not within 10 s: {what}");
}
