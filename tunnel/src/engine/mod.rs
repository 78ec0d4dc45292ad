//! WireGuard in userspace, without a TUN device and without root: inner packets come and go over channels.

mod transport;

pub use transport::{Caps, Counters};

use crate::{advice, clock};
use anyhow::{anyhow, Context, Result};
use gotatun::{
	device::{self, Device, DeviceBuilder, Peer},
	packet::{Ip, Packet, PacketBufPool},
	tun::{IpRecv, IpSend, MtuWatcher},
	x25519::{PublicKey, StaticSecret},
};
use std::{
	future::Future,
	io,
	net::{IpAddr, Ipv4Addr, SocketAddr},
	sync::{atomic::Ordering, Arc, Mutex, MutexGuard, PoisonError},
	time::Duration,
};
use tokio::sync::mpsc::{self, error::TrySendError};
use transport::LineFactory;
use weir_tunnel_core::{
	dropped::{Dropped, Rule},
	wire::data,
	Micros,
};

/// Inner packets that wait in either direction.
const CHANNEL: usize = 4_096;
/// Inner packets handed over at once.
const BATCH: usize = 64;
/// What a task of a device needs for the packets that are on their way when no more follow.
const REST: Duration = Duration::from_millis(50);
/// Largest inner packet: below it every IPv6 path carries the outer one unfragmented.
const MTU: u16 = 1_280;

/// A datagram that came out of the tunnel.
#[derive(Debug)]
pub struct Inbound {
	/// When it did.
	pub at: Micros,
	/// From this inner address.
	pub source: Ipv4Addr,
	/// What it says.
	pub bytes: Vec<u8>,
}

/// Packets from the tunnel to us.
struct FromTunnel {
	inbound: mpsc::Sender<Inbound>,
	counters: Arc<Counters>,
	dropped: Arc<Dropped>,
}

impl IpSend for FromTunnel {
	async fn send(&mut self, packet: Packet<Ip>) -> io::Result<()> {
		self.counters.opened_packets.fetch_add(1, Ordering::Relaxed);
		let packet = packet.into_bytes();
		let Some((source, _, bytes)) = data::unwrap(packet.as_ref()) else {
			self.dropped.count(Rule::NotADatagram);
			return Ok(());
		};
		let inbound = Inbound { at: clock::now(), source, bytes: bytes.to_vec() };
		// A reader that lags loses packets, as behind a full socket buffer; it must not stop the others.
		if let Err(TrySendError::Full(_)) = self.inbound.try_send(inbound) {
			self.dropped.count(Rule::TooManyWaiting);
		}
		Ok(())
	}
}

/// Held while the device is told to stop. gotatun aborts its tasks one after the other, and what feeds a task may end
/// before that task is told: it would then report its closed channel as an error.
type Gate = Arc<Mutex<()>>;

fn pass(gate: &Mutex<()>) -> MutexGuard<'_, ()> {
	gate.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits at the gate when dropped.
struct AfterGate<'a>(&'a Mutex<()>);

impl Drop for AfterGate<'_> {
	fn drop(&mut self) {
		drop(pass(self.0));
	}
}

/// Packets from us to the tunnel.
struct ToTunnel {
	packets: mpsc::Receiver<Vec<u8>>,
	gate: Gate,
}

impl IpRecv for ToTunnel {
	async fn recv<'a>(
		&'a mut self,
		_: &mut PacketBufPool,
	) -> io::Result<impl Iterator<Item = Packet<Ip>> + Send + 'a> {
		// The reader is dropped here when the device stops, and with it the channel behind; or while it hands on a batch.
		let gate = AfterGate(&self.gate);
		let mut batch = Vec::new();
		if self.packets.recv_many(&mut batch, BATCH).await == 0 {
			// The engine is going away.
			std::future::pending::<()>().await;
		}
		Ok(batch.into_iter().filter_map(move |bytes| {
			let _held = &gate;
			Packet::copy_from(&bytes[..]).try_into_ip().ok()
		}))
	}

	fn mtu(&self) -> MtuWatcher {
		MtuWatcher::new(MTU)
	}
}

type Wire = Device<(LineFactory, FromTunnel, ToTunnel)>;

/// A WireGuard device on one UDP port. Dropped, it stops soon; [`Self::stop`] waits for that.
pub struct Engine {
	/// None once it was told to stop.
	device: Option<Wire>,
	gate: Gate,
	public: [u8; 32],
	port: u16,
	to_tunnel: mpsc::Sender<Vec<u8>>,
	counters: Arc<Counters>,
	dropped: Arc<Dropped>,
}

/// Stops a device whose sender is gone, under its gate: all its tasks are told in one poll. One that is at work just then
/// goes on until it waits, and would find its channel closed: so they are given the time to come to rest first.
async fn stop(device: Wire, gate: Gate) {
	tokio::time::sleep(REST).await;
	let stop = device.stop();
	tokio::pin!(stop);
	std::future::poll_fn(|context| {
		let _gate = pass(&gate);
		stop.as_mut().poll(context)
	})
	.await;
}

impl Drop for Engine {
	fn drop(&mut self) {
		// Without a runtime there are no tasks left to stop either.
		if let (Some(device), Ok(runtime)) = (self.device.take(), tokio::runtime::Handle::try_current()) {
			runtime.spawn(stop(device, self.gate.clone()));
		}
	}
}

impl Engine {
	/// Binds `address`:`port` (0: any port) with a fresh key. Inner datagrams arrive on the receiver.
	pub async fn start(address: IpAddr, port: u16, caps: Caps) -> Result<(Self, mpsc::Receiver<Inbound>)> {
		Self::build(address, port, caps, None, Arc::default()).await
	}

	/// A device on any port of `address` that takes packets from `only` alone. WireGuard follows a peer to whatever address
	/// it answers from: a target could have another machine measured than the registered one. Counts in `dropped` what it
	/// drops.
	pub async fn start_towards(
		only: IpAddr,
		address: IpAddr,
		dropped: Arc<Dropped>,
	) -> Result<(Self, mpsc::Receiver<Inbound>)> {
		Self::build(address, 0, Caps::default(), Some(only.to_canonical()), dropped).await
	}

	async fn build(
		address: IpAddr,
		port: u16,
		caps: Caps,
		only: Option<IpAddr>,
		dropped: Arc<Dropped>,
	) -> Result<(Self, mpsc::Receiver<Inbound>)> {
		let mut secret = [0; 32];
		getrandom::getrandom(&mut secret).map_err(|error| anyhow!("the system's randomness: {error}"))?;
		let secret = StaticSecret::from(secret);
		let public = PublicKey::from(&secret).to_bytes();
		let (to_us, inbound) = mpsc::channel(CHANNEL);
		let (to_tunnel, packets) = mpsc::channel(CHANNEL);
		let (counters, gate) = (Arc::new(Counters::default()), Gate::default());
		let device = DeviceBuilder::new()
			.with_udp(LineFactory {
				address,
				only,
				caps,
				counters: counters.clone(),
				dropped: dropped.clone(),
			})
			.with_ip_pair(
				FromTunnel { inbound: to_us, counters: counters.clone(), dropped: dropped.clone() },
				ToTunnel { packets, gate: gate.clone() },
			)
			.with_listen_port(port)
			.build()
			.await?;
		// The key comes last: setting it is what binds the socket, with or without peers.
		device.set_private_key(secret).await.map_err(|error| bind_error(error, address, port))?;
		let port = device.read(async |device| device.listen_port()).await;
		Ok((Self { device: Some(device), gate, public, port, to_tunnel, counters, dropped }, inbound))
	}

	/// The device; an error once it was told to stop.
	fn device(&self) -> Result<&Wire> {
		self.device.as_ref().context("the WireGuard device has stopped")
	}

	/// The device's x25519 key.
	pub fn public(&self) -> [u8; 32] {
		self.public
	}

	/// The UDP port it is bound to.
	pub fn port(&self) -> u16 {
		self.port
	}

	/// Its counters.
	pub fn counters(&self) -> Arc<Counters> {
		self.counters.clone()
	}

	/// Where it counts what it drops of what comes out of the tunnel.
	pub fn dropped(&self) -> Arc<Dropped> {
		self.dropped.clone()
	}

	/// Accepts a peer with one inner address; with an endpoint, the next packet to it starts the handshake.
	pub async fn add_peer(&self, key: [u8; 32], inner: Ipv4Addr, endpoint: Option<SocketAddr>) -> Result<()> {
		let mut peer = Peer::new(key.into()).with_allowed_ip(IpAddr::V4(inner).into());
		peer.endpoint = endpoint;
		self.device()?.add_or_update_peer(peer).await.context("WireGuard peer")
	}

	/// Forgets a peer.
	pub async fn remove_peer(&self, key: [u8; 32]) {
		let Ok(device) = self.device() else { return };
		if let Err(error) = device.remove_peer(&key.into()).await {
			tracing::debug!(%error, "WireGuard peer not removed");
		}
	}

	/// Where a peer's packets come from.
	pub async fn endpoint_of(&self, key: [u8; 32]) -> Option<SocketAddr> {
		let key = PublicKey::from(key);
		self.device().ok()?.peers().await.into_iter().find(|peer| peer.peer.public_key == key)?.peer.endpoint
	}

	/// Sends a datagram through the tunnel; dropped when the queue is full.
	pub fn send(&self, source: Ipv4Addr, destination: Ipv4Addr, datagram: &[u8]) {
		if let Some(packet) = data::wrap(source, destination, datagram) {
			let _ = self.to_tunnel.try_send(packet);
		}
	}

	/// Returns when the device can no longer work, for instance because its socket failed.
	pub async fn failed(&mut self) {
		if let Some(device) = &mut self.device {
			device.wait().await;
		}
	}

	/// As after a failure.
	#[cfg(test)]
	pub(crate) fn lose_device(&mut self) {
		self.device = None;
	}

	/// Ends the device's tasks, and only then what they read from.
	pub async fn stop(mut self) {
		if let Some(device) = self.device.take() {
			let gate = self.gate.clone();
			// And with it the sender.
			drop(self);
			stop(device, gate).await;
		}
	}
}

fn bind_error(error: device::Error, address: IpAddr, port: u16) -> anyhow::Error {
	match error {
		device::Error::Bind(error, _) => {
			// A port that nobody chose cannot be chosen otherwise.
			let key = (port != 0).then_some("provide.port");
			advice::bind("UDP", (address, port).into(), key, &error)
		}
		error => error.into(),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::tasks::Task;
	use tokio::net::UdpSocket;

	const A: Ipv4Addr = Ipv4Addr::new(100, 64, 0, 1);
	const B: Ipv4Addr = Ipv4Addr::new(100, 64, 1, 1);
	const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 31, 1));

	async fn pair(caps: Caps) -> ((Engine, mpsc::Receiver<Inbound>), (Engine, mpsc::Receiver<Inbound>)) {
		let a = Engine::start(LOOPBACK, 0, caps).await.unwrap();
		let b = Engine::start("127.0.32.1".parse().unwrap(), 0, Caps::default()).await.unwrap();
		a.0.add_peer(b.0.public(), B, None).await.unwrap();
		b.0.add_peer(a.0.public(), A, Some((LOOPBACK, a.0.port()).into())).await.unwrap();
		(a, b)
	}

	async fn receive(inbound: &mut mpsc::Receiver<Inbound>) -> Inbound {
		tokio::time::timeout(Duration::from_secs(10), inbound.recv()).await.expect("a datagram").unwrap()
	}

	#[tokio::test]
	async fn engines_should_exchange_datagrams_over_wireguard_without_root() {
		let ((a, mut from_b), (b, mut from_a)) = pair(Caps::default()).await;
		b.send(B, A, b"weir");
		let inbound = receive(&mut from_b).await;
		assert_eq!((inbound.source, &inbound.bytes[..]), (B, &b"weir"[..]));
		a.send(A, B, b"back");
		assert_eq!(receive(&mut from_a).await.bytes, b"back");
		// Bound to the configured address, so that this is where packets come from.
		let endpoint = a.endpoint_of(b.public()).await.unwrap();
		assert_eq!(endpoint, SocketAddr::from(([127, 0, 32, 1], b.port())));
		assert!(a.counters().received_bytes.load(Ordering::Relaxed) > 148);
	}

	#[tokio::test]
	async fn engines_should_exchange_datagrams_over_ipv6() {
		let localhost = IpAddr::from(std::net::Ipv6Addr::LOCALHOST);
		let (target, mut from_attestor) = Engine::start(localhost, 0, Caps::default()).await.unwrap();
		let (attestor, mut from_target) =
			Engine::start_towards(localhost, localhost, Arc::default()).await.unwrap();
		target.add_peer(attestor.public(), B, None).await.unwrap();
		attestor.add_peer(target.public(), A, Some((localhost, target.port()).into())).await.unwrap();
		attestor.send(B, A, b"weir");
		assert_eq!(receive(&mut from_attestor).await.bytes, b"weir");
		target.send(A, B, b"back");
		assert_eq!(receive(&mut from_target).await.bytes, b"back");
		let endpoint = target.endpoint_of(attestor.public()).await.unwrap();
		assert_eq!(endpoint, SocketAddr::from((localhost, attestor.port())));
	}

	#[tokio::test]
	async fn datagrams_should_be_dropped_when_the_inner_source_is_not_the_peers() {
		let ((_a, mut from_b), (b, _from_a)) = pair(Caps::default()).await;
		b.send(Ipv4Addr::new(100, 64, 1, 9), A, b"spoofed");
		b.send(B, A, b"honest");
		assert_eq!(receive(&mut from_b).await.bytes, b"honest");
	}

	#[tokio::test]
	async fn inner_packets_should_be_counted_when_they_are_no_datagrams_or_nobody_reads() {
		let ((a, mut from_b), (b, _from_a)) = pair(Caps::default()).await;
		b.send(B, A, b"handshake");
		receive(&mut from_b).await;
		let mut packet = data::wrap(B, A, b"to another port").unwrap();
		packet[23] = 9;
		b.to_tunnel.try_send(packet).unwrap();
		b.send(B, A, b"honest");
		assert_eq!(receive(&mut from_b).await.bytes, b"honest");
		assert_eq!(a.dropped().of(Rule::NotADatagram), 1);
		// More than wait at most, and nobody reads them.
		for _ in 0..CHANNEL + 1_000 {
			let packet = data::wrap(B, A, b"many").unwrap();
			b.to_tunnel.send(packet).await.unwrap();
		}
		let began = clock::now();
		while a.dropped().of(Rule::TooManyWaiting) == 0 {
			assert!(clock::now() < began + 10_000_000, "nothing was dropped");
			b.send(B, A, b"one more");
			tokio::time::sleep(Duration::from_millis(1)).await;
		}
		assert_eq!(from_b.len(), CHANNEL);
	}

	/// An address that hands on to `target` and back, and shows each inner packet on its way there, sealed as it is.
	async fn tap(target: SocketAddr) -> (SocketAddr, mpsc::UnboundedReceiver<Vec<u8>>, Task) {
		let socket = UdpSocket::bind("127.0.35.1:0").await.unwrap();
		let address = socket.local_addr().unwrap();
		let (show, shown) = mpsc::unbounded_channel();
		let task = Task::spawn("tap", async move {
			let (mut buffer, mut near) = ([0; 2_048], None::<SocketAddr>);
			loop {
				let (length, source) = socket.recv_from(&mut buffer).await.unwrap();
				let packet = &buffer[..length];
				if source == target {
					socket.send_to(packet, near.unwrap()).await.unwrap();
					continue;
				}
				near = Some(source);
				if packet[0] == 4 && length > 32 {
					let _ = show.send(packet.to_vec());
				}
				socket.send_to(packet, target).await.unwrap();
			}
		});
		(address, shown, task)
	}

	#[tokio::test]
	async fn packets_should_count_as_sealed_and_not_as_opened_when_they_are_forged_or_replayed() {
		let (a, mut from_b) = Engine::start(LOOPBACK, 0, Caps::default()).await.unwrap();
		let (b, _from_a) = Engine::start("127.0.32.1".parse().unwrap(), 0, Caps::default()).await.unwrap();
		let target = SocketAddr::from((LOOPBACK, a.port()));
		let (line, mut shown, _tap) = tap(target).await;
		a.add_peer(b.public(), B, None).await.unwrap();
		b.add_peer(a.public(), A, Some(line)).await.unwrap();
		let counted = || {
			let counters = a.counters();
			[&counters.sealed_packets, &counters.opened_packets]
				.map(|counter| counter.load(Ordering::Relaxed))
		};
		b.send(B, A, b"honest");
		assert_eq!(receive(&mut from_b).await.bytes, b"honest");
		// Neither the handshake is among them, nor the keepalive that ends it.
		assert_eq!(counted(), [1, 1]);
		let replayed = shown.recv().await.unwrap();
		let forged = |at: usize| {
			let mut packet = replayed.clone();
			packet[at] ^= 1;
			packet
		};
		// Another kind, another session, a number that has not come yet, other bytes, another tag, and cut short.
		let mut bad = Vec::from([0, 4, 9, 16, replayed.len() - 1].map(forged));
		bad.extend([replayed[..20].to_vec(), replayed.clone()]);
		let stranger = UdpSocket::bind("127.0.36.1:0").await.unwrap();
		for packet in &bad {
			stranger.send_to(packet, target).await.unwrap();
		}
		// The peer itself, with an inner source that is not its own.
		b.send(Ipv4Addr::new(100, 64, 1, 9), A, b"spoofed");
		b.send(B, A, b"after");
		// What came before has been read, and nothing of it came out.
		assert_eq!(receive(&mut from_b).await.bytes, b"after");
		assert_eq!(counted(), [bad.len() as u64 + 3, 2]);
		assert!(a.dropped().rows().all(|(_, count)| count == 0));
	}

	#[tokio::test]
	async fn device_should_follow_its_peer_nowhere_when_it_is_for_one_address() {
		let elsewhere: IpAddr = "127.0.33.1".parse().unwrap();
		for (registered, is_heard) in [(LOOPBACK, true), (elsewhere, false)] {
			let (target, mut from_attestor) = Engine::start(LOOPBACK, 0, Caps::default()).await.unwrap();
			let bind = "127.0.34.1".parse().unwrap();
			let (attestor, mut from_target) =
				Engine::start_towards(registered, bind, Arc::default()).await.unwrap();
			attestor.add_peer(target.public(), A, None).await.unwrap();
			let here = ("127.0.34.1".parse::<IpAddr>().unwrap(), attestor.port()).into();
			target.add_peer(attestor.public(), B, Some(here)).await.unwrap();
			// The target begins, as one that has moved would.
			target.send(A, B, b"from wherever I am");
			let heard = tokio::time::timeout(Duration::from_secs(1), from_target.recv()).await;
			assert_eq!(heard.is_ok(), is_heard, "registered at {registered}");
			assert_eq!(attestor.dropped().of(Rule::ForeignEndpoint) == 0, is_heard);
			assert_eq!(attestor.endpoint_of(target.public()).await.is_some(), is_heard);
			assert!(from_attestor.try_recv().is_err());
		}
	}

	#[tokio::test]
	async fn start_should_name_the_port_when_it_is_in_use() {
		let (a, _inbound) = Engine::start(LOOPBACK, 0, Caps::default()).await.unwrap();
		let error =
			Engine::start(LOOPBACK, a.port(), Caps::default()).await.map(|_| ()).unwrap_err().to_string();
		assert!(error.contains("in use") && error.contains(&a.port().to_string()), "{error}");
	}

	#[tokio::test]
	async fn caps_should_hold_in_both_directions() {
		let ((a, mut from_b), (b, mut from_a)) = pair(Caps { ingress_kbps: 4_000, egress_kbps: 2_000 }).await;
		b.send(B, A, b"handshake");
		receive(&mut from_b).await;
		let began = clock::now();
		let (mut down, mut up) = (0u64, 0u64);
		while clock::now() < began + 2_000_000 {
			for _ in 0..8 {
				b.send(B, A, &[1; 1_216]);
				a.send(A, B, &[2; 1_216]);
			}
			tokio::time::sleep(Duration::from_millis(5)).await;
			while from_b.try_recv().is_ok() {
				down += 1_308;
			}
			while from_a.try_recv().is_ok() {
				up += 1_308;
			}
		}
		let kbps = |bytes: u64| bytes * 8_000 / (clock::now() - began);
		assert!((3_600..=4_300).contains(&kbps(down)), "down {}", kbps(down));
		assert!((1_800..=2_200).contains(&kbps(up)), "up {}", kbps(up));
	}
}
