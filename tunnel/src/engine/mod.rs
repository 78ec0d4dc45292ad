//! WireGuard in userspace. Inner packets come and go over channels, without root; or, where bytes per second count, straight
//! from and to a TUN device.

mod disguise;
mod nested;
mod packets;
mod segments;
pub(crate) mod side;
mod transport;
mod tun;

pub use packets::PacketSender;
pub(crate) use packets::{destination_of, is_guest, source_of};
pub use transport::{Caps, Counters};
pub use tun::{Meter, Traffic};

use crate::{advice, clock, net::Stack, tun::Tun};
use anyhow::{anyhow, Context, Result};
use disguise::Disguise;
use gotatun::{
	device::{self, Device, DeviceBuilder, Peer},
	packet::{Ip, Packet, PacketBufPool},
	tun::{IpRecv, IpSend, MtuWatcher},
	x25519::{PublicKey, StaticSecret},
};
use nested::{Tunnel, Way};
use packets::Whole;
use side::{Side, Sided};
use std::{
	future::Future,
	io,
	net::{IpAddr, Ipv4Addr, SocketAddr},
	sync::{atomic::Ordering, Arc, Mutex, MutexGuard, PoisonError},
	time::Duration,
};
use tokio::sync::mpsc::{self, error::TrySendError};
use transport::LineFactory;
use tun::{from_kernel, on_tun, FromTun};
use weir_tunnel_core::{
	dropped::{Dropped, Rule},
	scramble::Key,
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
pub(crate) const MTU: u16 = 1_280;
/// A peer of a customer's device is told that we are there so often, which keeps the ways through routers open: customers may be
/// behind one, and providers as well.
const KEEP_ALIVE_SECONDS: u16 = 25;

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
	whole: Whole,
	counters: Arc<Counters>,
	dropped: Arc<Dropped>,
}

impl IpSend for FromTunnel {
	async fn send(&mut self, packet: Packet<Ip>) -> io::Result<()> {
		self.counters.opened_packets.fetch_add(1, Ordering::Relaxed);
		let Some(packet) = self.whole.take(packet.into_bytes(), &self.dropped).await? else { return Ok(()) };
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
	/// Of tests: they go first.
	packets: mpsc::Receiver<Vec<u8>>,
	/// Whole packets.
	whole: mpsc::Receiver<Vec<u8>>,
	/// Packets of the kernel.
	tun: Option<FromTun>,
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
		let (packets, whole, tun) = (&mut self.packets, &mut self.whole, &mut self.tun);
		let taken = tokio::select! {
			biased;
			taken = packets.recv_many(&mut batch, BATCH) => taken > 0,
			Some(packet) = whole.recv() => {
				batch.push(packet);
				while let Some(packet) = (batch.len() < BATCH).then(|| whole.try_recv().ok()).flatten() {
					batch.push(packet);
				}
				true
			}
			filled = from_kernel(tun) => {
				filled?;
				true
			}
		};
		if !taken {
			// The engine is going away.
			std::future::pending::<()>().await;
		}
		let from_tun = tun.iter_mut().flat_map(FromTun::drain);
		let copied = batch.into_iter().filter_map(|bytes| Packet::copy_from(&bytes[..]).try_into_ip().ok());
		Ok(copied.chain(from_tun).inspect(move |_| {
			let _held = &gate;
		}))
	}

	fn mtu(&self) -> MtuWatcher {
		self.tun.as_ref().map_or(MtuWatcher::new(MTU), FromTun::mtu)
	}
}

type Wire = Device<(Sided, FromTunnel, ToTunnel)>;

/// A WireGuard device on one UDP port. Dropped, it stops soon; [`Self::stop`] waits for that.
pub struct Engine {
	/// None once it was told to stop.
	device: Option<Wire>,
	gate: Gate,
	public: [u8; 32],
	port: u16,
	to_tunnel: mpsc::Sender<Vec<u8>>,
	whole_to_tunnel: mpsc::Sender<Vec<u8>>,
	counters: Arc<Counters>,
	dropped: Arc<Dropped>,
	disguise: Arc<Disguise>,
	side: Arc<Side>,
}

/// How a device is built.
struct Plan {
	address: IpAddr,
	port: u16,
	caps: Caps,
	/// Where packets may come from; none: from anywhere.
	only: Option<IpAddr>,
	whole: Whole,
	tun: Option<FromTun>,
	dropped: Arc<Dropped>,
	disguise: Disguise,
}

impl Plan {
	/// On any port of `address`, without caps, for packets from anywhere.
	fn new(address: IpAddr, whole: Whole) -> Self {
		let (caps, dropped, disguise) = (Caps::default(), Arc::default(), Disguise::default());
		Self { address, port: 0, caps, only: None, whole, tun: None, dropped, disguise }
	}
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
		Self::build(Plan { port, caps, ..Plan::new(address, Whole::Nothing) }).await
	}

	/// As [`Self::start`]; packets of customers arrive whole on the second receiver, and never on the first.
	pub async fn start_serving(
		address: IpAddr,
		port: u16,
		caps: Caps,
	) -> Result<(Self, mpsc::Receiver<Inbound>, mpsc::Receiver<Vec<u8>>)> {
		let (guests, from_guests) = mpsc::channel(CHANNEL);
		let disguise = Disguise::provider(random()?);
		let plan = Plan { port, caps, disguise, ..Plan::new(address, Whole::Guests(guests)) };
		let (engine, inbound) = Self::build(plan).await?;
		engine.side.tell_where();
		Ok((engine, inbound, from_guests))
	}

	/// As [`Self::start_serving`]; packets of customers go to a TUN device, and what comes from it goes to them. `meter` sees all
	/// of them.
	pub async fn start_serving_on_tun(
		address: IpAddr,
		port: u16,
		caps: Caps,
		tun: Tun,
		meter: Arc<dyn Meter>,
	) -> Result<(Self, mpsc::Receiver<Inbound>)> {
		let (from_tun, to_tun) = on_tun(tun, meter);
		let (tun, disguise) = (Some(from_tun), Disguise::provider(random()?));
		let plan = Plan { port, caps, tun, disguise, ..Plan::new(address, Whole::GuestsToTun(to_tun)) };
		let (engine, inbound) = Self::build(plan).await?;
		engine.side.tell_where();
		Ok((engine, inbound))
	}

	/// As [`Self::start_guest`]; whatever comes out of the tunnel goes to a TUN device, and what comes from it goes into the
	/// tunnel. `meter` sees all of it.
	pub async fn start_guest_on_tun(
		only: IpAddr,
		address: IpAddr,
		tun: Tun,
		meter: Arc<dyn Meter>,
	) -> Result<Self> {
		let (from_tun, to_tun) = on_tun(tun, meter);
		let plan = Plan { tun: Some(from_tun), ..Plan::new(address, Whole::AllToTun(to_tun)) };
		let (engine, _) = Self::build(plan).await?;
		engine.side.take_only(only.to_canonical());
		Ok(engine)
	}

	/// A customer's device, on any port of `address`: it takes packets from `only` alone, and hands over whole whatever comes
	/// out of the tunnel.
	pub async fn start_guest(only: IpAddr, address: IpAddr) -> Result<(Self, mpsc::Receiver<Vec<u8>>)> {
		let (all, packets) = mpsc::channel(CHANNEL);
		let (engine, _) = Self::build(Plan::new(address, Whole::All(all))).await?;
		// Not by the line: a direct way to a provider behind a router comes from elsewhere.
		engine.side.take_only(only.to_canonical());
		Ok((engine, packets))
	}

	/// A device on any port of `address` that takes packets from `only` alone. WireGuard follows a peer to whatever address
	/// it answers from: a target could have another machine measured than the registered one. Counts in `dropped` what it
	/// drops.
	pub async fn start_towards(
		only: IpAddr,
		address: IpAddr,
		dropped: Arc<Dropped>,
	) -> Result<(Self, mpsc::Receiver<Inbound>)> {
		let only = Some(only.to_canonical());
		Self::build(Plan { only, dropped, ..Plan::new(address, Whole::Nothing) }).await
	}

	/// A customer's device as [`Self::start_guest`], whose packets go through another tunnel to `to`.
	pub async fn start_guest_through(
		outer: &Stack,
		to: SocketAddr,
	) -> Result<(Self, mpsc::Receiver<Vec<u8>>)> {
		let (all, packets) = mpsc::channel(CHANNEL);
		let way = Way::Tunnel(Tunnel::new(to, outer.datagrams(to).context("a port in the outer tunnel")?));
		let plan = Plan::new(Ipv4Addr::UNSPECIFIED.into(), Whole::All(all));
		let (engine, _) = Self::build_on(plan, Some(way)).await?;
		Ok((engine, packets))
	}

	async fn build(plan: Plan) -> Result<(Self, mpsc::Receiver<Inbound>)> {
		Self::build_on(plan, None).await
	}

	/// On a socket of its own, or on another `way`.
	async fn build_on(plan: Plan, way: Option<Way>) -> Result<(Self, mpsc::Receiver<Inbound>)> {
		let Plan { address, port, caps, only, whole, tun, dropped, disguise } = plan;
		let disguise = Arc::new(disguise);
		let secret = StaticSecret::from(random()?);
		let public = PublicKey::from(&secret).to_bytes();
		let (to_us, inbound) = mpsc::channel(CHANNEL);
		let (to_tunnel, packets) = mpsc::channel(CHANNEL);
		let (whole_to_tunnel, whole_packets) = mpsc::channel(CHANNEL);
		let (counters, gate) = (Arc::new(Counters::default()), Gate::default());
		let way = way.unwrap_or_else(|| {
			let (counters, dropped) = (counters.clone(), dropped.clone());
			Way::Line(LineFactory { address, only, caps, counters, dropped }, disguise.clone())
		});
		let (sided, side) = Sided::new(way, dropped.clone());
		let device = DeviceBuilder::new()
			.with_udp(sided)
			.with_ip_pair(
				FromTunnel { inbound: to_us, whole, counters: counters.clone(), dropped: dropped.clone() },
				ToTunnel { packets, whole: whole_packets, tun, gate: gate.clone() },
			)
			.with_listen_port(port)
			.build()
			.await?;
		// The key comes last: setting it is what binds the socket, with or without peers.
		device.set_private_key(secret).await.map_err(|error| bind_error(error, address, port))?;
		let port = device.read(async |device| device.listen_port()).await;
		let device = Some(device);
		let engine = Self {
			device,
			gate,
			public,
			port,
			to_tunnel,
			whole_to_tunnel,
			counters,
			dropped,
			disguise,
			side,
		};
		Ok((engine, inbound))
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

	/// How a provider's customers disguise what they send it.
	pub fn disguise(&self) -> weir_tunnel_core::wire::Disguise {
		let key = self.disguise.key().copied().unwrap_or_default();
		weir_tunnel_core::wire::Disguise { key, first_port: self.port, ports: 1 }
	}

	/// A customer's: from now on everything is scrambled, and nothing else is taken.
	pub fn disguise_as(&self, key: Key) {
		self.disguise.set_key(key);
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

	/// Accepts a peer that may have every inner IPv4 address: a customer's provider.
	pub async fn add_peer_for_all(&self, key: [u8; 32], endpoint: Option<SocketAddr>) -> Result<()> {
		let mut peer = Peer::new(key.into()).with_allowed_ip("0.0.0.0/0".parse().context("network")?);
		peer.endpoint = endpoint;
		peer.keepalive = Some(KEEP_ALIVE_SECONDS);
		self.device()?.add_or_update_peer(peer).await.context("WireGuard peer")
	}

	/// Forgets a peer.
	pub async fn remove_peer(&self, key: [u8; 32]) {
		let Ok(device) = self.device() else { return };
		if let Err(error) = device.remove_peer(&key.into()).await {
			tracing::debug!(%error, "WireGuard peer not removed");
		}
	}

	/// Where a peer's packets come from, a relay on the way or not.
	pub async fn endpoint_of(&self, key: [u8; 32]) -> Option<SocketAddr> {
		let key = PublicKey::from(key);
		let peers = self.device().ok()?.peers().await;
		let endpoint = peers.into_iter().find(|peer| peer.peer.public_key == key)?.peer.endpoint?;
		Some(side::unrelayed(endpoint).map_or(endpoint, SocketAddr::V4))
	}

	/// What goes beside WireGuard on its socket.
	pub(crate) fn side(&self) -> Arc<Side> {
		self.side.clone()
	}

	/// Sends a datagram through the tunnel; dropped when the queue is full.
	pub fn send(&self, source: Ipv4Addr, destination: Ipv4Addr, datagram: &[u8]) {
		if let Some(packet) = data::wrap(source, destination, datagram) {
			let _ = self.to_tunnel.try_send(packet);
		}
	}

	/// Sends a whole inner packet through the tunnel; dropped when the queue is full. Datagrams of tests go before it.
	pub fn send_packet(&self, packet: Vec<u8>) -> bool {
		self.whole_to_tunnel.try_send(packet).is_ok()
	}

	/// Sends whole inner packets as [`Self::send_packet`] does.
	pub fn packet_sender(&self) -> PacketSender {
		PacketSender(self.whole_to_tunnel.downgrade())
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

fn random() -> Result<[u8; 32]> {
	let mut bytes = [0; 32];
	getrandom::getrandom(&mut bytes).map_err(|error| anyhow!("the system's randomness: {error}"))?;
	Ok(bytes)
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
mod tests;
