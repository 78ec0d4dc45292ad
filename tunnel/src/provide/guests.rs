//! Customers' paid sessions: who is let in, which packets pass, and what is paid for them. One task, beside the one that keeps
//! time for tests. What it asks of chain and disk it does not wait for: packets go on meanwhile.
//!
//! Nothing of where a customer goes is logged or kept: packets are counted, and that is all.

mod joining;
mod paying;
mod reaching;

use super::{
	claims::Owed,
	doors::{Door, Switch, Why, LAST_VOUCHERS},
	facts::{is_ending, Facts, Info, Registration},
	hours::Hours,
	month::Month,
	outlet::Outlet,
	serving::PeerChange,
	writer::Writer,
};
use crate::{
	clock,
	control::Incoming,
	engine::{destination_of, source_of, PacketSender},
	metrics::Metrics,
	nat::{inbound::Inbound, Behind},
	store::{Carried, Kept},
};
use futures::{future::BoxFuture, stream::FuturesUnordered, FutureExt, StreamExt};
use libp2p::PeerId;
use std::{
	collections::{HashMap, VecDeque},
	net::Ipv4Addr,
	sync::Arc,
	time::Duration,
};
use tokio::sync::{mpsc, oneshot, watch};
use weir_primitives::channel::{ChannelId, SignedVoucher, VoucherSignature};
use weir_tunnel_core::{
	session::{Direction, Earner, Entry, Funds},
	wire::{Disguise, Join, Refusal, Request, Response, Service, Usage},
	Micros, MILLI,
};

/// A customer that asks nothing for this long has gone: one that is there asks every fifteen seconds.
const IDLE: Micros = 120_000 * MILLI;
/// Between two looks at what is late.
const TICK: Duration = Duration::from_millis(250);
/// Requests of one channel that wait for the one before.
const QUEUE: usize = 8;
/// Channels that wait for disk or chain at once.
const BUSY: usize = 256;
/// Packets that are taken at once.
const BATCH: usize = 64;
/// Between two log lines of the same refusal: logs must not be filled from outside.
const SAY_EVERY: Micros = 60_000 * MILLI;
/// A disk that took nothing is left alone for this long.
const DISK_PAUSE: Micros = 1_000 * MILLI;

/// Opens the exit that the provider is registered with.
pub(super) type OpenOutlet = Box<dyn Fn(Registration) -> anyhow::Result<Box<dyn Outlet>> + Send>;

/// Who the provider is, to its customers.
pub(super) struct Config {
	pub(super) genesis: [u8; 32],
	pub(super) account: [u8; 32],
	/// The device's x25519 key.
	pub(super) wireguard: [u8; 32],
	/// Its port.
	pub(super) port: u16,
	/// How a session is disguised.
	pub(super) disguise: Disguise,
	/// Sessions at once.
	pub(super) sessions: usize,
}

/// What the task works with.
pub(super) struct Parts {
	pub(super) config: Config,
	pub(super) facts: Arc<Facts>,
	pub(super) writer: Writer,
	pub(super) owed: Arc<Owed>,
	pub(super) metrics: Arc<Metrics>,
	pub(super) peers: mpsc::Sender<PeerChange>,
	pub(super) to_guests: PacketSender,
	/// Packets for customers, as the exit's.
	pub(super) to_outlet: mpsc::Sender<Vec<u8>>,
	/// Where the provider stands.
	pub(super) behind: Arc<Behind>,
	pub(super) open_outlet: OpenOutlet,
	/// What the disk has of every channel.
	pub(super) kept: HashMap<ChannelId, Kept>,
	pub(super) month: Month,
	pub(super) hours: Hours,
	pub(super) switch: Arc<Switch>,
}

/// What arrives.
pub(super) struct Inlets {
	/// `Join`, `Pay` and `Leave`.
	pub(super) requests: mpsc::Receiver<Incoming>,
	/// Packets out of customers' tunnels.
	pub(super) from_guests: mpsc::Receiver<Vec<u8>>,
	/// Packets for customers.
	pub(super) from_outlet: mpsc::Receiver<Vec<u8>>,
	pub(super) stopped: oneshot::Receiver<()>,
}

/// Takes the answer to a request.
type Reply = oneshot::Sender<Response>;

/// Somebody who wants to be let in.
struct Joiner {
	peer: PeerId,
	join: Join,
	signature: VoucherSignature,
	reply: Reply,
}

/// A payment.
struct Payment {
	peer: PeerId,
	voucher: Option<SignedVoucher>,
	counted: Usage,
	reply: Reply,
}

/// What was waited for.
enum Done {
	/// The chain has said what the joiner's channel is.
	Looked { joiner: Box<Joiner>, found: Result<Box<Info>, Refusal> },
	/// The join is on the disk, and the device knows the peer.
	Admitted { joiner: Box<Joiner>, info: Box<Info>, address: Ipv4Addr, result: Result<(), Refusal> },
	/// The chain has said what the payer's channel holds.
	Topped { payment: Box<Payment>, info: Option<Box<Info>> },
	/// A voucher is on the disk, or not.
	Paid { payment: Box<Payment>, entry: Entry, is_kept: bool },
	/// A count is on the disk, or not.
	Recorded { entry: Entry, is_kept: bool },
	/// A guest's port is open, or not.
	Reached { guest: Ipv4Addr, result: Result<Box<Inbound>, Refusal>, reply: Reply },
	/// There is an answer.
	Answered { reply: Reply, response: Response },
	/// What a session came to is on the disk.
	Ended { reply: Option<Reply> },
}

type Job = BoxFuture<'static, Done>;

struct Session {
	channel: ChannelId,
	peer: PeerId,
	wireguard: [u8; 32],
	earner: Earner,
	/// Whether the device knows it. The control plane outlives that.
	is_open: bool,
	heard_at: Micros,
	/// Its count is not written down before this: the disk took none.
	record_after: Micros,
}

/// The task's state.
pub(super) struct Guests {
	parts: Parts,
	outlet: Option<(Registration, Box<dyn Outlet>)>,
	sessions: HashMap<Ipv4Addr, Session>,
	addresses: HashMap<ChannelId, Ipv4Addr>,
	/// Ports of guests who are reached through this provider.
	inbounds: HashMap<Ipv4Addr, Inbound>,
	/// Counts addresses that were given out.
	given: u32,
	/// Channels whose turn is not over, and what waits for it.
	busy: HashMap<ChannelId, VecDeque<Incoming>>,
	jobs: FuturesUnordered<BoxFuture<'static, (ChannelId, Done)>>,
	/// Peers that the device is to forget as soon as it takes word of it.
	leaving: Vec<[u8; 32]>,
	said: Vec<(Refusal, Micros)>,
	door: Door,
	/// When what was paid is claimed, whatever it comes to: all sessions have ended.
	settles_at: Option<Micros>,
}

impl Guests {
	pub(super) fn new(parts: Parts) -> Self {
		let door = Door::first(clock::now(), &parts.hours, parts.switch.is_paused(), &parts.month);
		Self {
			door,
			settles_at: None,
			parts,
			outlet: None,
			sessions: HashMap::new(),
			addresses: HashMap::new(),
			inbounds: HashMap::new(),
			given: 0,
			busy: HashMap::new(),
			jobs: FuturesUnordered::new(),
			leaving: Vec::new(),
			said: Vec::new(),
		}
	}

	pub(super) async fn run(mut self, mut inlets: Inlets) {
		let mut changed = self.parts.facts.changed();
		// What was heard before that changes nothing any more.
		self.review(clock::now());
		let mut tick = tokio::time::interval(TICK);
		tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
		let (mut up, mut down) = (Vec::with_capacity(BATCH), Vec::with_capacity(BATCH));
		loop {
			tokio::select! {
				// In this order: what is paid is not kept waiting by what is carried.
				biased;
				_ = &mut inlets.stopped => break,
				Some((channel, done)) = self.jobs.next(), if !self.jobs.is_empty() => self.conclude(channel, done),
				_ = tick.tick() => self.tick(clock::now()),
				request = inlets.requests.recv() => match request {
					Some(request) => self.take(request),
					None => break,
				},
				is_known = news(&mut changed) => if is_known { self.review(clock::now()) } else { break },
				() = carried(&mut inlets.from_guests, &mut inlets.from_outlet, &mut up, &mut down) => {
					let now = clock::now();
					up.drain(..).for_each(|packet| self.carry_up(now, packet));
					down.drain(..).for_each(|packet| self.carry_down(now, packet));
				}
			}
		}
		self.stop().await;
	}

	/// Writes what every session came to.
	async fn stop(mut self) {
		while let Some((channel, done)) = self.jobs.next().await {
			self.conclude(channel, done);
		}
		let open: Vec<_> = self.addresses.keys().copied().collect();
		for channel in open {
			let job = self.end(channel, None);
			self.pursue(channel, job);
		}
		while let Some((channel, done)) = self.jobs.next().await {
			self.conclude(channel, done);
		}
	}

	/// Does what a request asks, or has it wait for the channel's last one.
	fn take(&mut self, incoming: Incoming) {
		let channel = match &incoming.request {
			Request::Join { join, .. } => join.channel,
			Request::Pay { channel, .. }
			| Request::Leave { channel }
			| Request::Disguise { channel }
			| Request::Reach { channel, .. }
			| Request::Punch { channel, .. } => *channel,
			_ => return,
		};
		// What does not fit has no answer: who is there asks again.
		if let Some(queue) = self.busy.get_mut(&channel) {
			if queue.len() < QUEUE {
				queue.push_back(incoming);
			}
		} else if self.busy.len() < BUSY {
			let job = self.begin(channel, incoming);
			self.pursue(channel, job);
		}
	}

	/// How a session is disguised, at the port that customers come to.
	fn disguise(&self) -> Disguise {
		let disguise = self.parts.config.disguise;
		match self.parts.behind.port(disguise.first_port) {
			port if port == disguise.first_port => disguise,
			port => Disguise { first_port: port, ports: 1, ..disguise },
		}
	}

	/// Waits for a channel's job; without one, goes on with what waits for its turn.
	fn pursue(&mut self, channel: ChannelId, job: Option<Job>) {
		let mut job = job;
		loop {
			if let Some(job) = job {
				self.busy.entry(channel).or_default();
				self.jobs.push(job.map(move |done| (channel, done)).boxed());
				return;
			}
			let Some(next) = self.busy.get_mut(&channel).and_then(VecDeque::pop_front) else {
				self.busy.remove(&channel);
				return;
			};
			job = self.begin(channel, next);
		}
	}

	fn begin(&mut self, channel: ChannelId, Incoming { peer, request, reply, .. }: Incoming) -> Option<Job> {
		let now = clock::now();
		match request {
			Request::Join { join, signature } => {
				let joiner = Box::new(Joiner { peer, join, signature, reply });
				match self.may_join(now, &joiner.join) {
					Ok(()) => Some(self.look(joiner)),
					Err(refusal) => self.refuse(channel, joiner.reply, refusal),
				}
			}
			Request::Pay { voucher, counted, .. } => {
				let payment = Box::new(Payment { peer, voucher, counted, reply });
				self.pay(now, channel, payment, false)
			}
			Request::Leave { .. } => match self.session_of(channel, &peer) {
				Some(_) => self.end(channel, Some(reply)),
				None => self.refuse(channel, reply, Refusal::NotJoined),
			},
			Request::Disguise { .. } => {
				if self.session_of(channel, &peer).is_none() {
					return self.refuse(channel, reply, Refusal::NotJoined);
				}
				// Whoever asked may no longer wait.
				let _ = reply.send(Response::Disguise(self.disguise()));
				None
			}
			Request::Reach { provider, port, signature, .. } => {
				self.reach(channel, &peer, (provider, port, signature), reply)
			}
			Request::Punch { token, .. } => self.punch(channel, &peer, token, reply),
			_ => None,
		}
	}

	fn conclude(&mut self, channel: ChannelId, done: Done) {
		let now = clock::now();
		let job = match done {
			Done::Looked { joiner, found } => match found {
				Ok(info) => self.admit(now, joiner, info),
				Err(refusal) => self.refuse(channel, joiner.reply, refusal),
			},
			Done::Admitted { joiner, info, address, result } => match result {
				Ok(()) => self.open(now, joiner, &info, address),
				Err(refusal) => {
					self.leaving.push(joiner.join.wireguard);
					self.addresses.remove(&channel);
					self.parts.facts.release(channel);
					self.refuse(channel, joiner.reply, refusal)
				}
			},
			Done::Topped { payment, info } => {
				if let (Some(info), Some(session)) = (info, self.session(channel)) {
					session.earner.set_funds(now, funds(&info));
				}
				self.pay(now, channel, payment, true)
			}
			Done::Paid { payment, entry, is_kept } => self.paid(now, channel, *payment, entry, is_kept),
			Done::Recorded { entry, is_kept } => {
				if let Some(session) = self.session(channel) {
					if is_kept {
						session.earner.stored(now, entry);
					} else {
						session.record_after = now.saturating_add(DISK_PAUSE);
					}
				}
				None
			}
			Done::Reached { guest, result, reply } => self.reached(channel, guest, result, reply),
			Done::Answered { reply, response } => {
				// Whoever asked may no longer wait.
				let _ = reply.send(response);
				None
			}
			Done::Ended { reply } => {
				if let Some(reply) = reply {
					// Whoever asked may no longer wait.
					let _ = reply.send(Response::Noted);
				}
				None
			}
		};
		self.pursue(channel, job);
	}

	/// Takes the tunnel of a session, and leaves the session.
	fn close(&mut self, channel: ChannelId) {
		let Some(address) = self.addresses.get(&channel).copied() else { return };
		let Some(session) = self.sessions.get_mut(&address).filter(|session| session.is_open) else { return };
		session.is_open = false;
		self.leaving.push(session.wireguard);
		self.inbounds.remove(&address);
		if let Some((_, outlet)) = &mut self.outlet {
			outlet.forget(address);
		}
		self.tell_leaving();
		self.tell_sessions();
	}

	/// Forgets a session; what it came to is kept.
	fn remove(&mut self, channel: ChannelId) {
		let Some(address) = self.addresses.remove(&channel) else { return };
		self.parts.facts.release(channel);
		if let Some(session) = self.sessions.remove(&address) {
			let kept = self.parts.kept.entry(channel).or_default();
			kept.record = *session.earner.entry().record();
			let Usage { down, up } = session.earner.served();
			tracing::info!(channel, down, up, "customer's session is over");
		}
	}

	fn carry_up(&mut self, now: Micros, packet: Vec<u8>) {
		let Some(address) = source_of(&packet) else { return };
		if !self.passes(now, address, Direction::Up, packet.len()) {
			return;
		}
		if self.inbounds.get(&address).is_some_and(|inbound| inbound.takes(&packet)) {
			return;
		}
		if let Some((_, outlet)) = &mut self.outlet {
			outlet.take(packet);
		}
	}

	fn carry_down(&mut self, now: Micros, packet: Vec<u8>) {
		let Some(address) = destination_of(&packet) else { return };
		// Before it is counted: the customer pays for no packet that goes no further than here.
		if self.parts.to_guests.has_room() && self.passes(now, address, Direction::Down, packet.len()) {
			self.parts.to_guests.send(packet);
		}
	}

	/// Whether a packet may pass. If so it is counted.
	fn passes(&mut self, now: Micros, address: Ipv4Addr, direction: Direction, bytes: usize) -> bool {
		let Some(session) = self.sessions.get_mut(&address) else { return false };
		if !session.is_open || !session.earner.admit(now, direction, bytes) {
			return false;
		}
		let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
		self.parts.month.carry(bytes);
		match direction {
			Direction::Down => self.parts.metrics.paid_down.add(bytes),
			Direction::Up => self.parts.metrics.paid_up.add(bytes),
		}
		if session.earner.entry_is_due() && now >= session.record_after {
			let (channel, entry) = (session.channel, session.earner.entry());
			self.record(channel, entry);
		}
		true
	}

	/// Looks at what is late.
	fn tick(&mut self, now: Micros) {
		self.tell_leaving();
		let closed = self.turn_door(now);
		let (mut stopped, mut idle) = (vec![], vec![]);
		for session in self.sessions.values_mut() {
			session.earner.handle_timeout(now);
			if session.is_open && (closed.is_some() || session.earner.service() == Service::Stopped) {
				stopped.push(session.channel);
			}
			if now.saturating_sub(session.heard_at) >= IDLE && !self.busy.contains_key(&session.channel) {
				idle.push(session.channel);
			}
		}
		for channel in stopped {
			match closed {
				Some(why) => tracing::info!(channel, why = why.text(), "customer's tunnel is closed"),
				None => tracing::info!(channel, "customer's tunnel is closed: it does not pay"),
			}
			self.close(channel);
		}
		for channel in idle {
			let job = self.end(channel, None);
			self.pursue(channel, job);
		}
	}

	/// Goes by hours, pause and the month's cap. Why nobody is served, if nobody is.
	fn turn_door(&mut self, now: Micros) -> Option<Why> {
		self.parts.month.turn(now);
		let Parts { month, hours, switch, .. } = &self.parts;
		let before = self.door;
		self.door = before.turn(now, hours, switch.is_paused(), month);
		switch.show(
			self.door,
			hours,
			month,
			self.sessions.values().filter(|session| session.is_open).count(),
		);
		self.parts.metrics.tell_door(self.door.is_open(), month.bytes, month.cap());
		match self.door {
			Door::Open if before != self.door => tracing::info!("customers are let in"),
			Door::Ending { why, .. } if before.is_open() => {
				tracing::info!(why = why.text(), "no more customers are let in; those who are here are told");
			}
			Door::Closed { why } if before.closed().is_none() => {
				tracing::info!(why = why.text(), "no customer is served");
				self.settles_at = Some(now.saturating_add(LAST_VOUCHERS));
			}
			_ => {}
		}
		if self.settles_at.is_some_and(|at| now >= at || self.sessions.is_empty()) {
			self.settles_at = None;
			self.parts.owed.settle();
		}
		self.door.closed()
	}

	/// Goes by what the chain says now.
	fn review(&mut self, now: Micros) {
		if let Some(registered) = self.parts.facts.registration() {
			self.set_exit(registered);
		}
		let epoch = self.parts.facts.epoch(now);
		let mut ended = vec![];
		for session in self.sessions.values_mut() {
			let Some(known) = self.parts.facts.channel(session.channel) else { continue };
			match known {
				Some(info) => {
					session.earner.set_funds(now, funds(&info));
					if session.is_open && epoch.is_some_and(|epoch| is_ending(&info, epoch)) {
						ended.push(session.channel);
					}
				}
				None if session.is_open => ended.push(session.channel),
				None => {}
			}
		}
		for channel in ended {
			tracing::info!(channel, "customer's tunnel is closed: its channel ends");
			self.close(channel);
		}
	}

	/// Opens the exit that the provider is registered with. Connections through the one before end.
	fn set_exit(&mut self, registered: Registration) {
		let is_same =
			|known: &Registration| (known.exit, known.address) == (registered.exit, registered.address);
		if self.outlet.as_ref().is_some_and(|(known, _)| is_same(known)) {
			return;
		}
		match (self.parts.open_outlet)(registered) {
			Ok(outlet) => {
				tracing::info!(class = ?registered.exit, "exit is open for customers");
				self.outlet = Some((registered, outlet));
			}
			Err(error) => {
				tracing::error!(error = format!("{error:#}"), "no exit: no customer is served");
				self.outlet = None;
			}
		}
	}

	fn session(&mut self, channel: ChannelId) -> Option<&mut Session> {
		let address = self.addresses.get(&channel)?;
		self.sessions.get_mut(address)
	}

	/// The channel's session, if `peer` has joined it.
	fn session_of(&mut self, channel: ChannelId, peer: &PeerId) -> Option<&mut Session> {
		self.session(channel).filter(|session| session.peer == *peer)
	}

	fn refuse(&mut self, channel: ChannelId, reply: Reply, refusal: Refusal) -> Option<Job> {
		let now = clock::now();
		self.said.retain(|(_, at)| now.saturating_sub(*at) < SAY_EVERY);
		if self.said.iter().any(|(said, _)| *said == refusal) {
			tracing::debug!(channel, %refusal, "customer refused");
		} else {
			self.said.push((refusal, now));
			tracing::info!(channel, %refusal, "customer refused");
		}
		// Whoever asked may no longer wait.
		let _ = reply.send(Response::Refuse(refusal));
		None
	}

	/// Tells the device whom to forget; what it does not take now, the next time.
	fn tell_leaving(&mut self) {
		while let Some(wireguard) = self.leaving.pop() {
			if self.parts.peers.try_send(PeerChange::Remove { wireguard }).is_err() {
				self.leaving.push(wireguard);
				return;
			}
		}
	}

	fn tell_sessions(&self) {
		let open = self.sessions.values().filter(|session| session.is_open).count();
		self.parts.metrics.paid_sessions.set(u64::try_from(open).unwrap_or(u64::MAX));
	}

	fn carried(&self) -> Carried {
		Carried { month: self.parts.month.number, bytes: self.parts.month.bytes }
	}
}

/// What a channel was given and has paid.
fn funds(info: &Info) -> Funds {
	Funds { deposited: info.deposited, paid: info.paid }
}

/// Whether there is news; none when nobody is left to bring any.
async fn news(changed: &mut watch::Receiver<()>) -> bool {
	changed.changed().await.is_ok()
}

/// Waits for packets of either direction by chance, so that no flood of one keeps the other waiting.
async fn carried(
	from_guests: &mut mpsc::Receiver<Vec<u8>>,
	from_outlet: &mut mpsc::Receiver<Vec<u8>>,
	up: &mut Vec<Vec<u8>>,
	down: &mut Vec<Vec<u8>>,
) {
	let taken = tokio::select! {
		taken = from_guests.recv_many(up, BATCH) => taken,
		taken = from_outlet.recv_many(down, BATCH) => taken,
	};
	if taken == 0 {
		// The device or the exit is gone; what ends the task is somebody else's.
		std::future::pending::<()>().await;
	}
}

#[cfg(test)]
mod tests;
