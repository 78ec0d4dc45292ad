//! Real TCP and UDP between two network namespaces, through an engine's TUN device in each.

use rustix::thread::{move_into_link_name_space, LinkNameSpaceType};
use std::{
	fs::{self, File},
	io::{Read, Write},
	net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket},
	os::fd::AsFd,
	process::Command,
	sync::{atomic::Ordering, mpsc, Arc},
	thread::{self, JoinHandle},
	time::Duration,
};
use weir_tunnel::{
	engine::{Caps, Engine, Traffic},
	tun::Tun,
};

const LINK: [Ipv4Addr; 2] = [Ipv4Addr::new(10, 77, 0, 1), Ipv4Addr::new(10, 77, 0, 2)];
const INNER: [Ipv4Addr; 2] = [Ipv4Addr::new(100, 96, 0, 2), Ipv4Addr::new(100, 96, 0, 1)];
const MTU: u16 = 1_420;
/// Moved by TCP.
const BYTES: usize = 48 << 20;
const PATIENCE: Duration = Duration::from_secs(60);

/// Whether namespaces can be made; where CI is set, they must be.
fn is_root() -> bool {
	let status = fs::read_to_string("/proc/self/status").unwrap();
	let is_root =
		status.lines().any(|line| line.starts_with("Uid:\t0\t")) && fs::exists("/dev/net/tun").unwrap();
	assert!(is_root || std::env::var_os("CI").is_none(), "CI may skip nothing");
	if !is_root {
		eprintln!("skipped: namespaces and TUN devices need root");
	}
	is_root
}

fn ip(line: &str) {
	let output = Command::new("ip").args(line.split_whitespace()).output().unwrap();
	assert!(output.status.success(), "ip {line}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Two namespaces with a link, for as long as this lives.
struct Ground([String; 2]);

impl Ground {
	fn new() -> Self {
		let ground = Self([0, 1].map(|side| format!("weir-tun-{}-{side}", std::process::id())));
		for name in &ground.0 {
			ip(&format!("netns add {name}"));
			ip(&format!("-n {name} link set lo up"));
		}
		let [a, b] = &ground.0;
		ip(&format!("-n {a} link add eth0 type veth peer name eth0 netns {b}"));
		for (name, address) in ground.0.iter().zip(LINK) {
			ip(&format!("-n {name} address add {address}/24 dev eth0"));
			ip(&format!("-n {name} link set eth0 up"));
		}
		ground
	}

	/// A thread inside one of them.
	fn inside<T: Send + 'static>(
		&self,
		side: usize,
		work: impl FnOnce() -> T + Send + 'static,
	) -> JoinHandle<T> {
		let file = File::open(format!("/run/netns/{}", self.0[side])).unwrap();
		thread::spawn(move || {
			move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
			work()
		})
	}

	/// Packets that the kernel has taken from a TUN device, and given to it.
	fn packets(&self, side: usize) -> (u64, u64) {
		let read = move || fs::read_to_string("/proc/thread-self/net/dev").unwrap();
		let table = self.inside(side, read).join().unwrap();
		let line = table.lines().find_map(|line| line.trim().strip_prefix("tun0:")).unwrap();
		let fields: Vec<u64> = line.split_whitespace().map(|field| field.parse().unwrap()).collect();
		(fields[1], fields[9])
	}
}

impl Drop for Ground {
	fn drop(&mut self) {
		for name in &self.0 {
			let _ = Command::new("ip").args(["netns", "delete", name]).status();
		}
	}
}

type Line = ([u8; 32], u16);

/// An engine on a TUN device, until the sender of the stop is gone.
struct End {
	meter: Arc<Traffic>,
	told: mpsc::Sender<Line>,
	line: Line,
	stop: Option<tokio::sync::oneshot::Sender<()>>,
	thread: Option<JoinHandle<()>>,
}

impl End {
	fn start(ground: &Ground, side: usize) -> Self {
		let (meter, (told, hear), (say, said)) =
			(Arc::new(Traffic::default()), mpsc::channel(), mpsc::channel());
		let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
		let counted = meter.clone();
		let thread = ground.inside(side, move || {
			// All threads of a runtime have to be in the namespace: this is the only one.
			let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
			runtime.block_on(async move {
				let tun = Tun::open("tun0", MTU).unwrap();
				assert_eq!(tun.name(), "tun0");
				let (here, there) = (LINK[side].into(), LINK[1 - side].into());
				let (engine, _inbound) = if side == 0 {
					(Engine::start_guest_on_tun(there, here, tun, counted).await.unwrap(), None)
				} else {
					let started = Engine::start_serving_on_tun(here, 0, Caps::default(), tun, counted).await;
					let (engine, inbound) = started.unwrap();
					(engine, Some(inbound))
				};
				say.send((engine.public(), engine.port())).unwrap();
				let (key, port): Line = hear.recv_timeout(PATIENCE).unwrap();
				if side == 0 {
					engine.add_peer_for_all(key, Some((there, port).into())).await.unwrap();
				} else {
					engine.add_peer(key, INNER[0], None).await.unwrap();
				}
				let _ = stopped.await;
				engine.stop().await;
			});
		});
		let line = said.recv_timeout(PATIENCE).unwrap();
		let name = &ground.0[side];
		ip(&format!("-n {name} address add {}/24 dev tun0", INNER[side]));
		Self { meter, told, line, stop: Some(stop), thread: Some(thread) }
	}
}

impl Drop for End {
	fn drop(&mut self) {
		self.stop = None;
		let ended = self.thread.take().map(JoinHandle::join);
		assert!(thread::panicking() || ended.is_none_or(|ended| ended.is_ok()), "an end failed");
	}
}

/// Bytes that no piece of can be mistaken for another one.
fn content(length: usize) -> Vec<u8> {
	let mut state = 0x9e37_79b9_7f4a_7c15u64;
	let words = std::iter::repeat_with(|| {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		state.to_le_bytes()
	});
	words.flatten().take(length).collect()
}

/// Sends all of the content from one side to the other, and says whether it arrived as it was.
fn carry(ground: &Ground, from: usize) {
	let (ready, listening) = mpsc::channel();
	let receive = ground.inside(1 - from, move || {
		let listener = TcpListener::bind((INNER[1 - from], 0)).unwrap();
		ready.send(listener.local_addr().unwrap()).unwrap();
		let (mut stream, _) = listener.accept().unwrap();
		stream.set_read_timeout(Some(PATIENCE)).unwrap();
		let mut received = Vec::with_capacity(BYTES);
		stream.read_to_end(&mut received).unwrap();
		received
	});
	let there: SocketAddr = listening.recv_timeout(PATIENCE).unwrap();
	let send = ground.inside(from, move || {
		let mut stream = TcpStream::connect_timeout(&there, PATIENCE).unwrap();
		stream.set_write_timeout(Some(PATIENCE)).unwrap();
		stream.write_all(&content(BYTES)).unwrap();
	});
	send.join().unwrap();
	assert!(receive.join().unwrap() == content(BYTES), "what arrived is something else");
}

/// Sends datagrams of many sizes, and returns those that arrived.
fn throw(ground: &Ground, datagrams: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
	let (ready, listening) = mpsc::channel();
	let receive = ground.inside(1, move || {
		let socket = UdpSocket::bind((INNER[1], 0)).unwrap();
		socket.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
		ready.send(socket.local_addr().unwrap()).unwrap();
		let (mut buffer, mut received) = (vec![0; 65_536], vec![]);
		while let Ok(length) = socket.recv(&mut buffer) {
			received.push(buffer[..length].to_vec());
		}
		received
	});
	let there: SocketAddr = listening.recv_timeout(PATIENCE).unwrap();
	let send = ground.inside(0, move || {
		let socket = UdpSocket::bind((INNER[0], 0)).unwrap();
		for (count, datagram) in datagrams.iter().enumerate() {
			socket.send_to(datagram, there).unwrap();
			if count % 20 == 19 {
				thread::sleep(Duration::from_millis(1));
			}
		}
	});
	send.join().unwrap();
	receive.join().unwrap()
}

#[test]
fn traffic_should_arrive_as_it_was_when_it_goes_through_tun_devices_with_offloads() {
	if !is_root() {
		return;
	}
	let ground = Ground::new();
	let ends = [End::start(&ground, 0), End::start(&ground, 1)];
	ends[0].told.send(ends[1].line).unwrap();
	ends[1].told.send(ends[0].line).unwrap();

	let before = ground.packets(1).0;
	carry(&ground, 0);
	let [customer, provider] = [&ends[0].meter, &ends[1].meter];
	let passed = provider.out_packets.load(Ordering::Relaxed);
	let (sent, received) =
		(customer.in_bytes.load(Ordering::Relaxed), provider.out_bytes.load(Ordering::Relaxed));
	assert!(received >= BYTES as u64 && sent >= received, "{sent} sent, {received} received");
	// Full packets through the tunnel, super-packets at its ends.
	let (at_kernel, _) = ground.packets(1);
	assert!(passed >= BYTES as u64 / u64::from(MTU), "{passed} packets");
	assert!((at_kernel - before) * 2 < passed, "{} of {passed} packets one by one", at_kernel - before);
	carry(&ground, 1);
	assert!(provider.in_bytes.load(Ordering::Relaxed) >= BYTES as u64);

	let all = content(1 << 20);
	let datagrams: Vec<Vec<u8>> =
		(0..400usize).map(|at| all[at * 7..][..if at % 7 == 0 { at } else { 1_100 }].to_vec()).collect();
	let arrived = throw(&ground, datagrams.clone());
	assert!(arrived.len() > 360, "{} of 400 datagrams", arrived.len());
	let mut expected = datagrams.iter();
	assert!(arrived.iter().all(|one| expected.any(|sent| sent == one)), "each as it was, in their order");
}
