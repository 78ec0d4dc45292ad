//! Guests' packets in, host sockets out.

use super::{
	counters::{Counters, Event},
	flows::{Flow, Queued},
	limits::{Allowance, Destinations, Limits},
	policy::{Denied, Policy, Transport, GUESTS, MAIL},
	resolver::Resolver,
};
use crate::{
	net::{
		budget::Budget,
		lock,
		packet::{self, Body, Inner},
		GATEWAY,
	},
	tasks::Task,
};
use std::{
	collections::{hash_map::Entry, HashMap},
	net::{Ipv4Addr, SocketAddr, SocketAddrV4},
	sync::{Arc, Mutex, PoisonError, RwLock},
	time::Duration,
};
use tokio::{
	sync::mpsc::{self, error::TrySendError},
	time::Instant,
};

/// Guests at once. Each is a peer of WireGuard before it is one here.
const MOST_GUESTS: usize = 65_536;
/// Packets that wait for one connection: what a window brings while its task is not scheduled. Their bytes count against the
/// guest's memory.
const WAITING: usize = 1_024;
const MINUTE: Duration = Duration::from_secs(60);

/// A guest's connection: how, from which port, and where to.
pub(super) type Key = (Transport, u16, SocketAddrV4);

/// What the exit holds of a connection. Its task ends when this is dropped.
struct Held {
	/// Tells it from an earlier one with the same key.
	number: u64,
	packets: mpsc::Sender<Queued>,
	_task: Task,
}

/// What the exit holds of a guest.
struct Guest {
	flows: HashMap<Key, Held>,
	memory: Arc<Budget>,
	new_flows: Allowance,
	mail: Allowance,
	destinations: Destinations,
}

impl Guest {
	fn new(now: Instant, limits: &Limits, all: &Arc<Budget>) -> Self {
		let second = Duration::from_secs(1);
		let mail = limits.mail_flows_per_minute;
		Self {
			flows: HashMap::new(),
			memory: Budget::new(limits.bytes_per_guest, Some(all.clone())),
			new_flows: Allowance::new(now, limits.new_flows_burst, limits.new_flows_per_second, second),
			mail: Allowance::new(now, mail.saturating_mul(2), mail, MINUTE),
			destinations: Destinations::new(now, limits),
		}
	}
}

#[derive(Default)]
struct Guests {
	by_address: HashMap<Ipv4Addr, Guest>,
	/// Of all of them.
	flows: usize,
	/// The last one that was given.
	number: u64,
}

/// What the exit and its connections share.
pub(super) struct Inside {
	policy: RwLock<Arc<Policy>>,
	limits: Limits,
	pub(super) resolver: Resolver,
	pub(super) to_guests: mpsc::Sender<Vec<u8>>,
	memory: Arc<Budget>,
	guests: Mutex<Guests>,
	pub(super) counters: Arc<Counters>,
}

/// An exit. Dropped, it ends every connection.
pub struct Exit(Arc<Inside>);

impl Exit {
	/// An exit that lets out what `policy` allows and answers guests' questions by `resolver`. What is for guests goes
	/// `to_guests`, each packet to the guest whose address it bears.
	pub fn start(
		policy: Policy,
		limits: Limits,
		resolver: Resolver,
		to_guests: mpsc::Sender<Vec<u8>>,
	) -> Self {
		Self::start_counting(policy, limits, resolver, to_guests, Arc::default())
	}

	/// As [`Self::start`], counting in `counters`.
	pub fn start_counting(
		policy: Policy,
		limits: Limits,
		resolver: Resolver,
		to_guests: mpsc::Sender<Vec<u8>>,
		counters: Arc<Counters>,
	) -> Self {
		let memory = Budget::new(limits.bytes_total, None);
		let policy = RwLock::new(Arc::new(policy));
		let guests = Mutex::default();
		Self(Arc::new(Inside { policy, limits, resolver, to_guests, memory, guests, counters }))
	}

	/// Takes a packet that came out of the tunnel. Never waits; must be called within a runtime. WireGuard has made sure that
	/// its source is the guest's.
	pub fn take(&self, packet: Vec<u8>) {
		if let Err(event) = self.0.take(packet) {
			self.0.counters.count(event);
		}
	}

	/// Ends everything of a guest's.
	pub fn forget(&self, guest: Ipv4Addr) {
		let forgotten = {
			let mut guests = lock(&self.0.guests);
			let forgotten = guests.by_address.remove(&guest);
			let flows = forgotten.as_ref().map_or(0, |guest| guest.flows.len());
			guests.flows = guests.flows.saturating_sub(flows);
			self.0.tell_flows(&guests);
			forgotten
		};
		drop(forgotten);
	}

	/// Lets out what `policy` allows from now on. Connections there are go on.
	pub fn replace_policy(&self, policy: Policy) {
		*self.0.policy.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(policy);
	}

	/// What was done and dropped.
	pub fn counters(&self) -> Arc<Counters> {
		self.0.counters.clone()
	}

	/// Connections there are, of all guests.
	pub fn flows(&self) -> usize {
		lock(&self.0.guests).flows
	}

	/// Memory that guests hold: buffers and waiting packets.
	pub fn memory_bytes(&self) -> usize {
		self.0.memory.taken_bytes()
	}
}

impl Drop for Exit {
	fn drop(&mut self) {
		// Their tasks hold what holds them.
		let guests = std::mem::take(&mut lock(&self.0.guests).by_address);
		drop(guests);
	}
}

impl Inside {
	fn tell_flows(&self, guests: &Guests) {
		self.counters.set_flows(u64::try_from(guests.flows).unwrap_or(u64::MAX));
	}

	/// The policy there is now.
	pub(super) fn policy(&self) -> Arc<Policy> {
		self.policy.read().unwrap_or_else(PoisonError::into_inner).clone()
	}

	/// Sends a packet to a guest; dropped when the tunnel is full.
	pub(super) fn send(&self, packet: Option<Vec<u8>>) {
		if let Some(packet) = packet {
			if self.to_guests.try_send(packet).is_err() {
				self.counters.count(Event::TunnelFull);
			}
		}
	}

	/// Hands a packet to its connection, which it may begin. The error says why it was dropped.
	fn take(self: &Arc<Self>, packet: Vec<u8>) -> Result<(), Event> {
		let Inner { source, destination, body } = packet::parse(&packet).ok_or(Event::Malformed)?;
		if !GUESTS.contains(&source) {
			return Err(Event::ForeignSource);
		}
		let (transport, ports, is_first) = match body {
			Body::Tcp { ports, is_first } => (Transport::Tcp, ports, is_first),
			Body::Udp { ports, .. } => (Transport::Udp, ports, true),
			Body::Echo if destination == GATEWAY => {
				self.counters.count(Event::Pong);
				self.send(packet::pong(&packet));
				return Ok(());
			}
			Body::Fragment => return Err(Event::Fragment),
			Body::Options => return Err(Event::Options),
			Body::Echo | Body::Other => return Err(Event::OtherProtocol),
		};
		let key = (transport, ports.0, SocketAddrV4::new(destination, ports.1));
		let mut guests = lock(&self.guests);
		let guest = guests.by_address.get(&source);
		let packet = match guest.and_then(|guest| guest.flows.get(&key).map(|held| (guest, held))) {
			None => packet,
			Some((guest, held)) => {
				let memory = guest.memory.take(packet.len()).ok_or(Event::NoMemory)?;
				match held.packets.try_send(Queued { packet, _memory: memory }) {
					Ok(()) => return Ok(()),
					Err(TrySendError::Full(_)) => return Err(Event::TooManyWaiting),
					// It has just ended.
					Err(TrySendError::Closed(queued)) => queued.packet,
				}
			}
		};
		if !is_first {
			drop(guests);
			self.send(packet::reset(&packet));
			return Err(Event::NoFlow);
		}
		if let Err(why) = self.verdict(key) {
			drop(guests);
			if transport == Transport::Tcp {
				self.send(packet::reset(&packet));
			}
			return Err(Event::denied(why));
		}
		let ended = self.open(&mut guests, source, key, packet)?;
		// Without the lock.
		drop(guests);
		drop(ended);
		Ok(())
	}

	fn verdict(&self, (transport, _, destination): Key) -> Result<(), Denied> {
		let policy = self.policy();
		if destination == packet::resolver() && policy.resolves() {
			return Ok(());
		}
		policy.verdict(SocketAddr::V4(destination), transport)
	}

	/// Begins a connection with its first packet. What it returns is what it takes the place of.
	fn open(
		self: &Arc<Self>,
		guests: &mut Guests,
		source: Ipv4Addr,
		key: Key,
		packet: Vec<u8>,
	) -> Result<Option<Held>, Event> {
		let (now, guests_there) = (Instant::now(), guests.by_address.len());
		let guest = match guests.by_address.entry(source) {
			Entry::Occupied(guest) => guest.into_mut(),
			Entry::Vacant(_) if guests_there >= MOST_GUESTS => return Err(Event::TooMany),
			Entry::Vacant(place) => place.insert(Guest::new(now, &self.limits, &self.memory)),
		};
		let flows = guest.flows.len();
		if flows >= self.limits.flows_per_guest || guests.flows >= self.limits.flows_total {
			return Err(Event::TooMany);
		}
		// Dropped and not refused: what begins it again later succeeds.
		let is_mail = key.0 == Transport::Tcp && MAIL.contains(&key.2.port());
		if !guest.new_flows.take(now) || is_mail && !guest.mail.take(now) {
			return Err(Event::TooFast);
		}
		if !guest.destinations.admit(now, *key.2.ip()) {
			return Err(Event::Scan);
		}
		let memory = guest.memory.take(packet.len()).ok_or(Event::NoMemory)?;
		let (packets, queue) = mpsc::channel(WAITING);
		packets.try_send(Queued { packet, _memory: memory }).map_err(|_| Event::TooManyWaiting)?;
		guests.number = guests.number.wrapping_add(1);
		let number = guests.number;
		let memory = guest.memory.clone();
		let most_flows = self.limits.flows_per_guest;
		let flow = Flow {
			inside: self.clone(),
			guest: source,
			key,
			packets: queue,
			memory,
			flows: (flows, most_flows),
		};
		let inside = self.clone();
		let task = Task::spawn("guest's connection", async move {
			flow.run().await;
			inside.ended(source, key, number);
		});
		let ended = guest.flows.insert(key, Held { number, packets, _task: task });
		if ended.is_none() {
			guests.flows = guests.flows.saturating_add(1);
			self.tell_flows(guests);
		}
		Ok(ended)
	}

	/// Takes a connection that has ended off the table.
	fn ended(&self, source: Ipv4Addr, key: Key, number: u64) {
		let mut guests = lock(&self.guests);
		let held = guests.by_address.get_mut(&source).and_then(|guest| match guest.flows.entry(key) {
			Entry::Occupied(held) if held.get().number == number => Some(held.remove()),
			_ => None,
		});
		if held.is_some() {
			guests.flows = guests.flows.saturating_sub(1);
			self.tell_flows(&guests);
		}
		drop(guests);
	}
}
