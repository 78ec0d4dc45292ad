//! What goes beside WireGuard on its socket, between it and the device: questions about routers ([`Probe`]), a direct way
//! around a relay, and packets that come by a relay.
//!
//! The device knows nothing of it. A customer's device has one peer at one address; once there is a direct way to that peer
//! ([`Side::go_directly`]), what goes to that address is sent there instead, and back when there is none any more. A provider's
//! device is told that a packet which came by a relay came from an address of [`RELAYED`] with the true one in it, so that it
//! tells the two ways to a customer apart and answers by the one that the last authenticated packet took.

use super::{
	disguise::Disguise,
	nested::{Way, WayRecv, WaySend},
};
use crate::net::{lock, DoorSender};
use gotatun::{
	packet::{Packet, PacketBufPool},
	udp::{UdpRecv, UdpSend, UdpTransportFactory, UdpTransportFactoryParams},
};
use std::{
	collections::HashMap,
	io,
	net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4},
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc, Mutex, PoisonError, RwLock,
	},
	time::{Duration, Instant},
};
use tokio::sync::{mpsc, Mutex as AsyncMutex, OwnedMutexGuard};
use weir_tunnel_core::{
	dropped::{Dropped, Rule},
	target::Prefix,
	wire::nat::{Probe, Token},
};

/// Packets by a relay that wait for the device.
const CHANNEL: usize = 4_096;
/// Datagrams handed over at once.
const BATCH: usize = 64;
/// Tokens that are waited for at once: a customer's own, or one of each customer that comes directly.
const MOST_TOKENS: usize = 8_192;
/// A customer that goes directly pings every ten seconds.
const PINGS_FOR: Duration = Duration::from_secs(120);
/// Answers to one question that wait to be looked at.
const WAITING: usize = 16;
/// An address prefix may ask where it is seen so often in the long run,
const ASK_EVERY: Duration = Duration::from_millis(500);
/// and so often at once.
const ASK_BURST: u32 = 8;
/// Prefixes that are counted.
const MOST_PREFIXES: usize = 1_024;
/// First 96 bits of the address of what came by a relay: of a private network that nobody has.
const RELAYED: [u16; 6] = [0xfd77, 0x6569, 0x7200, 0, 0, 0];

/// What stands for an address that is reached by the relay.
pub(crate) fn relayed(address: SocketAddrV4) -> SocketAddr {
	let [a, b, c, d, e, f] = RELAYED;
	let [g, h, i, j] = address.ip().octets();
	let ip = Ipv6Addr::new(a, b, c, d, e, f, u16::from_be_bytes([g, h]), u16::from_be_bytes([i, j]));
	SocketAddr::new(ip.into(), address.port())
}

/// The address that is reached by the relay.
pub(crate) fn unrelayed(address: SocketAddr) -> Option<SocketAddrV4> {
	let SocketAddr::V6(address) = address else { return None };
	let [a, b, c, d, e, f, g, h] = address.ip().segments();
	let ([g, h], [i, j]) = (g.to_be_bytes(), h.to_be_bytes());
	([a, b, c, d, e, f] == RELAYED).then(|| SocketAddrV4::new(Ipv4Addr::new(g, h, i, j), address.port()))
}

/// Who wants to hear of a token.
enum Listener {
	/// Whoever waits here.
	Task(mpsc::Sender<(Probe, SocketAddr)>),
	/// Nobody: pings are answered until then.
	Pings(Instant),
}

/// Which packets take another way.
#[derive(Default)]
struct Ways {
	/// Packets may come from here alone, and from where they go directly.
	only: Option<IpAddr>,
	/// What goes to the first is sent to the second, and what comes from the second is the first's.
	direct: Option<(SocketAddr, SocketAddr)>,
	/// Sends what goes by the relay.
	relay: Option<DoorSender>,
}

/// How often a prefix has asked: when it may ask its whole burst again.
#[derive(Default)]
struct Asked(HashMap<Prefix, Instant>);

impl Asked {
	fn admit(&mut self, source: IpAddr, now: Instant) -> bool {
		let prefix = Prefix::of(source);
		if self.0.len() >= MOST_PREFIXES && !self.0.contains_key(&prefix) {
			self.0.retain(|_, full| *full > now);
			// All of them have asked just now: one more is one too many.
			if self.0.len() >= MOST_PREFIXES {
				return false;
			}
		}
		let full = self.0.entry(prefix).or_insert(now);
		let after = (*full).max(now) + ASK_EVERY;
		let admitted = after <= now + ASK_EVERY * ASK_BURST;
		if admitted {
			*full = after;
		}
		admitted
	}
}

/// What goes beside WireGuard on a device's socket.
pub(crate) struct Side {
	ways: RwLock<Ways>,
	/// Whether any packet takes another way: most devices need not look.
	is_plain: AtomicBool,
	/// Whether to tell whoever asks where it is seen.
	tells: AtomicBool,
	asked: Mutex<Asked>,
	listeners: Mutex<HashMap<Token, Listener>>,
	socket: RwLock<Option<WaySend>>,
	by_relay: mpsc::Sender<(Vec<u8>, SocketAddr)>,
	/// What goes by a relay does not pass the line, which sees to that for all others.
	disguise: Option<Arc<Disguise>>,
	dropped: Arc<Dropped>,
}

/// Hears what comes for a token. Dropped, nobody does.
pub(crate) struct Heard {
	side: Arc<Side>,
	token: Token,
	received: mpsc::Receiver<(Probe, SocketAddr)>,
}

impl Heard {
	/// The next probe and where it came from.
	pub(crate) async fn next(&mut self) -> (Probe, SocketAddr) {
		match self.received.recv().await {
			Some(heard) => heard,
			// Another one listens for the same token: nothing comes here any more.
			None => std::future::pending().await,
		}
	}

	/// Forgets what has come so far.
	pub(crate) fn forget(&mut self) {
		while self.received.try_recv().is_ok() {}
	}
}

impl Drop for Heard {
	fn drop(&mut self) {
		lock(&self.side.listeners).remove(&self.token);
	}
}

impl Side {
	fn ways(&self) -> std::sync::RwLockReadGuard<'_, Ways> {
		self.ways.read().unwrap_or_else(PoisonError::into_inner)
	}

	fn change(&self, change: impl FnOnce(&mut Ways)) {
		let mut ways = self.ways.write().unwrap_or_else(PoisonError::into_inner);
		change(&mut ways);
		let is_plain = ways.only.is_none() && ways.direct.is_none() && ways.relay.is_none();
		self.is_plain.store(is_plain, Ordering::Release);
	}

	/// Answers whoever asks where it is seen.
	pub(super) fn tell_where(&self) {
		self.tells.store(true, Ordering::Release);
	}

	/// Takes packets from there alone, and from where they go directly.
	pub(super) fn take_only(&self, address: IpAddr) {
		self.change(|ways| ways.only = Some(address));
	}

	/// Sends what goes `to` an address elsewhere; none: no more.
	pub(crate) fn go_directly(&self, to: SocketAddr, direct: Option<SocketAddr>) {
		self.change(|ways| ways.direct = direct.map(|direct| (to, direct)));
	}

	/// Sends by this what goes to those who came by a relay; none: drops it.
	pub(crate) fn set_relay(&self, relay: Option<DoorSender>) {
		self.change(|ways| ways.relay = relay);
	}

	/// Takes a packet that came by the relay from `source`. When too many wait it is dropped, as on a line.
	pub(crate) fn take_relayed(&self, bytes: Vec<u8>, source: SocketAddrV4) {
		if self.by_relay.try_send((bytes, relayed(source))).is_err() {
			self.dropped.count(Rule::TooManyWaiting);
		}
	}

	/// Hears of `token` from now on. None when too many are waited for.
	pub(crate) fn listen(self: &Arc<Self>, token: Token) -> Option<Heard> {
		let (hand_on, received) = mpsc::channel(WAITING);
		self.add(token, Listener::Task(hand_on)).then(|| Heard { side: self.clone(), token, received })
	}

	/// Answers pings with `token`; forgets it when none has come for two minutes.
	pub(crate) fn answer_pings(&self, token: Token) -> bool {
		self.add(token, Listener::Pings(Instant::now() + PINGS_FOR))
	}

	fn add(&self, token: Token, listener: Listener) -> bool {
		let (mut listeners, now) = (lock(&self.listeners), Instant::now());
		if listeners.len() >= MOST_TOKENS {
			listeners.retain(|_, known| !matches!(known, Listener::Pings(until) if *until < now));
		}
		let has_room = listeners.len() < MOST_TOKENS;
		if has_room {
			listeners.insert(token, listener);
		}
		has_room
	}

	/// Sends a probe from the device's socket.
	pub(crate) async fn send(&self, probe: Probe, to: SocketAddr) {
		let socket = self.socket.read().unwrap_or_else(PoisonError::into_inner).clone();
		let Some(socket) = socket else { return };
		if let Err(error) = socket.send_to(Packet::copy_from(&probe.encode()[..]), to).await {
			tracing::trace!(%error, "probe not sent");
		}
	}

	/// What a probe calls for. The answer is as long as the question.
	fn hear(&self, probe: Probe, source: SocketAddr) -> Option<Probe> {
		if let Probe::Ask(token) = probe {
			let is_told =
				self.tells.load(Ordering::Acquire) && lock(&self.asked).admit(source.ip(), Instant::now());
			return is_told.then_some(Probe::Told(token, source));
		}
		let mut listeners = lock(&self.listeners);
		match listeners.get_mut(&probe.token())? {
			Listener::Task(task) => {
				let _ = task.try_send((probe, source));
				None
			}
			Listener::Pings(until) => {
				let now = Instant::now();
				if *until < now {
					listeners.remove(&probe.token());
					return None;
				}
				*until = now + PINGS_FOR;
				matches!(probe, Probe::Ping(_)).then_some(Probe::Pong(probe.token()))
			}
		}
	}

	/// A packet that came by the relay, as WireGuard knows it.
	fn by_relay(&self, bytes: &[u8], source: SocketAddr) -> Option<Packet> {
		let mut packet = Packet::copy_from(bytes);
		let is_ours = self.disguise.as_ref().is_none_or(|disguise| disguise.undress(&mut packet, source));
		if !is_ours {
			self.dropped.count(Rule::NotWireGuard);
		}
		is_ours.then_some(packet)
	}

	/// Where a packet comes from, to the device; none if it may not.
	fn incoming(&self, source: SocketAddr) -> Option<SocketAddr> {
		let ways = self.ways();
		match ways.direct {
			Some((to, direct)) if direct == source => Some(to),
			_ if ways.only.is_some_and(|only| only != source.ip().to_canonical()) => {
				self.dropped.count(Rule::ForeignEndpoint);
				None
			}
			_ => Some(source),
		}
	}

	/// Where a packet goes; none if it went by the relay.
	fn outgoing(&self, packet: &mut Packet, destination: SocketAddr) -> Option<SocketAddr> {
		let ways = self.ways();
		if let Some(there) = unrelayed(destination) {
			let may_go = self.disguise.as_ref().is_none_or(|disguise| disguise.dress(packet, destination));
			if let Some(relay) = ways.relay.as_ref().filter(|_| may_go) {
				// A full tunnel drops, as a line does.
				relay.send(there, packet);
			}
			return None;
		}
		match ways.direct {
			Some((to, direct)) if to == destination => Some(direct),
			_ => Some(destination),
		}
	}
}

/// Packets that came by the relay, and what stands for where they came from.
type ByRelay = mpsc::Receiver<(Vec<u8>, SocketAddr)>;

/// A way, and what goes beside WireGuard on it.
pub(super) struct Sided {
	way: Way,
	side: Arc<Side>,
	/// Of whichever half receives; a device that binds anew waits until the former is gone.
	by_relay: Arc<AsyncMutex<ByRelay>>,
}

impl Sided {
	pub(super) fn new(way: Way, dropped: Arc<Dropped>) -> (Self, Arc<Side>) {
		let (by_relay, received) = mpsc::channel(CHANNEL);
		let disguise = match &way {
			Way::Line(_, disguise) => Some(disguise.clone()),
			Way::Tunnel(_) => None,
		};
		let side = Arc::new(Side {
			ways: RwLock::default(),
			is_plain: AtomicBool::new(true),
			tells: AtomicBool::new(false),
			asked: Mutex::default(),
			listeners: Mutex::default(),
			socket: RwLock::new(None),
			by_relay,
			disguise,
			dropped,
		});
		(Self { way, side: side.clone(), by_relay: Arc::new(AsyncMutex::new(received)) }, side)
	}
}

impl UdpTransportFactory for Sided {
	type Send = SidedSend;
	type Recv = SidedRecv;

	async fn bind(&mut self, params: &UdpTransportFactoryParams) -> io::Result<(SidedSend, SidedRecv)> {
		let (send, receive) = self.way.bind(params).await?;
		let by_relay = self.by_relay.clone().lock_owned().await;
		*self.side.socket.write().unwrap_or_else(PoisonError::into_inner) = Some(send.clone());
		let side = self.side.clone();
		Ok((
			SidedSend { way: send.clone(), side: side.clone() },
			SidedRecv { way: receive, answers: send, by_relay, side },
		))
	}
}

/// The sending half.
#[derive(Clone)]
pub(super) struct SidedSend {
	way: WaySend,
	side: Arc<Side>,
}

impl SidedSend {
	fn is_plain(&self) -> bool {
		self.side.is_plain.load(Ordering::Acquire)
	}
}

impl UdpSend for SidedSend {
	type SendManyBuf = <WaySend as UdpSend>::SendManyBuf;

	async fn send_to(&self, mut packet: Packet, destination: SocketAddr) -> io::Result<()> {
		if self.is_plain() && unrelayed(destination).is_none() {
			return self.way.send_to(packet, destination).await;
		}
		match self.side.outgoing(&mut packet, destination) {
			Some(destination) => self.way.send_to(packet, destination).await,
			None => Ok(()),
		}
	}

	fn max_number_of_packets_to_send(&self) -> usize {
		self.way.max_number_of_packets_to_send()
	}

	async fn send_many_to(
		&self,
		buffer: &mut Self::SendManyBuf,
		packets: &mut Vec<(Packet, SocketAddr)>,
	) -> io::Result<()> {
		if !self.is_plain() || packets.iter().any(|(_, destination)| unrelayed(*destination).is_some()) {
			packets.retain_mut(|(packet, destination)| {
				let goes = self.side.outgoing(packet, *destination);
				goes.inspect(|goes| *destination = *goes).is_some()
			});
			if packets.is_empty() {
				return Ok(());
			}
		}
		self.way.send_many_to(buffer, packets).await
	}

	fn local_addr(&self) -> io::Result<Option<SocketAddr>> {
		self.way.local_addr()
	}

	#[cfg(target_os = "linux")]
	fn set_fwmark(&self, mark: u32) -> io::Result<()> {
		self.way.set_fwmark(mark)
	}
}

/// The receiving half.
pub(super) struct SidedRecv {
	way: WayRecv,
	answers: WaySend,
	by_relay: OwnedMutexGuard<ByRelay>,
	side: Arc<Side>,
}

impl SidedRecv {
	/// Whether the device is to see a packet, and from where. A probe is answered here.
	async fn sees(&self, packet: &[u8], source: &mut SocketAddr) -> bool {
		if let Some(probe) = Probe::decode(packet) {
			if let Some(answer) = self.side.hear(probe, *source) {
				let answer = Packet::copy_from(&answer.encode()[..]);
				// Not what is behind it is lost when it cannot be sent.
				let _ = self.answers.send_to(answer, *source).await;
			}
			return false;
		}
		// Nobody but the relay may say so.
		if unrelayed(*source).is_some() {
			return false;
		}
		if self.side.is_plain.load(Ordering::Acquire) {
			return true;
		}
		self.side.incoming(*source).inspect(|from| *source = *from).is_some()
	}
}

impl UdpRecv for SidedRecv {
	type RecvManyBuf = <WayRecv as UdpRecv>::RecvManyBuf;

	fn enable_udp_gro(&self) -> io::Result<()> {
		self.way.enable_udp_gro()
	}

	async fn recv_from(&mut self, pool: &mut PacketBufPool) -> io::Result<(Packet, SocketAddr)> {
		loop {
			tokio::select! {
				received = self.way.recv_from(pool) => {
					let (packet, mut source) = received?;
					if self.sees(&packet, &mut source).await {
						return Ok((packet, source));
					}
				}
				Some((bytes, source)) = self.by_relay.recv() => {
					if let Some(packet) = self.side.by_relay(&bytes, source) {
						return Ok((packet, source));
					}
				}
			}
		}
	}

	async fn recv_many_from(
		&mut self,
		buffer: &mut Self::RecvManyBuf,
		pool: &mut PacketBufPool,
		packets: &mut Vec<(Packet, SocketAddr)>,
	) -> io::Result<()> {
		let before = packets.len();
		while packets.len() == before {
			tokio::select! {
				received = self.way.recv_many_from(buffer, pool, packets) => {
					received?;
					let mut at = before;
					while let Some((packet, source)) = packets.get(at) {
						let mut source = *source;
						if self.sees(packet, &mut source).await {
							if let Some((_, known)) = packets.get_mut(at) {
								*known = source;
							}
							at = at.saturating_add(1);
						} else {
							packets.remove(at);
						}
					}
				}
				Some((bytes, source)) = self.by_relay.recv() => {
					packets.extend(self.side.by_relay(&bytes, source).map(|packet| (packet, source)));
					for _ in 1..BATCH {
						let Ok((bytes, source)) = self.by_relay.try_recv() else { break };
						packets.extend(self.side.by_relay(&bytes, source).map(|packet| (packet, source)));
					}
				}
			}
		}
		Ok(())
	}
}

#[cfg(test)]
mod tests;
