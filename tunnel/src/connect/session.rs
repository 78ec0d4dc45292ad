//! One session: let in by the provider, it carries packets and pays for them until one side ends it.

use super::{
	choice::Provider,
	direct,
	journal::Journal,
	status::{Phase, Status},
};
use crate::{
	chain::bytes32,
	clock,
	control::{self, Control, Incoming},
	engine::{is_guest, Engine, PacketSender},
	net::{Stack, GATEWAY, MTU},
	socks::Socks,
	tasks::{on_disk, Task},
};
use anyhow::{anyhow, Result};
use futures::{future::BoxFuture, stream::FuturesUnordered, FutureExt, StreamExt};
use libp2p::{identity::Keypair, PeerId};
use std::{
	net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
	sync::{Arc, Mutex, MutexGuard, PoisonError},
	time::Duration,
};
use tokio::sync::{mpsc, watch, Notify};
use weir_primitives::{
	chain::AccountId,
	channel::{ChannelId, VoucherKey},
	channels_api::{ChannelInfo, ChannelState},
	economy::Credits,
};
use weir_tunnel_core::{
	keys::ProbeKeypair,
	session::{sign_join, Asked, Direction, Dispute, Funds, Order, Payer, Terms},
	wire::{Disguise, Join, Joined, Refusal, Request, Response, Service, Standing, Usage},
	Micros, MILLI,
};

/// Packets between stack and device, in either direction.
const CHANNEL: usize = 1_024;
/// Packets handled at once.
const BATCH: usize = 64;
/// Between two looks at how it goes.
const TICK: Duration = Duration::from_secs(1);
/// Packets go up and none comes down for so long: the provider is asked whether it is still there.
const STALLED: Micros = 3_000 * MILLI;
/// Packets go up and none has ever come down in a session of this age, of a provider that answers: it is begun anew.
const DARK: Micros = 15_000 * MILLI;
/// So many questions in a row without an answer, and the provider is gone.
const MOST_SILENT: u32 = 3;
/// What a provider says in farewell is waited for no longer than this.
const FAREWELL: Duration = Duration::from_secs(2);
/// Smallest inner packet that IPv4 has to carry.
const LEAST_MTU: u16 = 576;
/// What a hop adds to a packet: 20 bytes of IPv4, 8 of UDP, 32 of WireGuard; and 15 to which WireGuard pads it at most.
const HOP_BYTES: u16 = 75;
/// With less than this left to be paid for, a channel is used up.
const REST_BYTES: u64 = 128 << 10;

/// Why a session is over.
pub(super) enum Over {
	/// The user asked for it, and what was used is paid as far as the provider took it.
	Asked,
	/// The provider has gone away, or wants us to join again.
	Lost(Lost),
	/// Nothing more is paid to this provider.
	Dispute(Dispute),
	/// All that the channel holds is signed and used.
	UsedUp,
	/// The channel is closed, or will be.
	Ending,
	/// It cannot go on at all.
	Failed(anyhow::Error),
}

/// Why a session has to begin anew.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum Lost {
	/// The hop before is gone, and with it the way to this one.
	#[error("the hop before it is gone")]
	Outer,
	/// No answer on the control plane.
	#[error("the provider does not answer")]
	Silent,
	/// It stopped serving, because it was not paid as it counts.
	#[error("the provider has stopped serving: vouchers were late or lost")]
	Stopped,
	/// Nothing comes out of the tunnel.
	#[error("the provider answers, and no packet comes back through the tunnel: something on the way may drop UDP")]
	Dark,
	/// It says why.
	#[error("the provider has ended the session: {0}")]
	Refused(Refusal),
	/// The socket on this machine failed.
	#[error("the WireGuard socket of this machine failed")]
	Device,
}

/// Why nobody was let in.
pub(super) enum Outside {
	/// No answer, at an address that may be wrong or behind a line that is down.
	Silent,
	/// The provider says why.
	Refused(Refusal),
	/// It answers what no provider should.
	Odd(&'static str),
	/// This machine cannot.
	Failed(anyhow::Error),
}

/// What a session pays with, and where it writes that down.
#[derive(Clone)]
pub(super) struct Purse {
	pub(super) genesis: [u8; 32],
	pub(super) info: ChannelInfo<AccountId>,
	pub(super) key: ProbeKeypair,
	pub(super) journal: Arc<Journal>,
	pub(super) payer: Arc<Mutex<Payer>>,
	/// Bytes and credits of the channel before this run.
	pub(super) before: (u64, Credits),
}

impl Purse {
	pub(super) fn voucher_key(&self) -> VoucherKey {
		self.info.voucher_key
	}

	/// What the channel costs and holds, as far as is known.
	pub(super) fn terms(&self) -> Terms {
		terms(self.genesis, &self.info)
	}

	pub(super) fn payer(&self) -> MutexGuard<'_, Payer> {
		self.payer.lock().unwrap_or_else(PoisonError::into_inner)
	}

	/// When to say that the next join was signed: it is on disk, and later than in every one before, whatever the clock says.
	pub(super) async fn next_join(&self) -> Result<Micros> {
		let (journal, key) = (self.journal.clone(), self.voucher_key());
		on_disk(move || {
			let mut at = clock::now();
			journal.update(&key, |kept| {
				at = at.max(kept.joined_at.saturating_add(1));
				kept.joined_at = at;
			})?;
			Ok(at)
		})
		.await
	}
}

pub(super) fn terms(genesis: [u8; 32], info: &ChannelInfo<AccountId>) -> Terms {
	let funds = Funds { deposited: info.deposited, paid: info.paid };
	Terms { genesis, channel: info.id, price_per_gb: info.price, funds }
}

/// An address of this machine that any other of the same IP version is reached from.
fn unspecified(like: IpAddr) -> IpAddr {
	match like {
		IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
		IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
	}
}

/// Who asks a provider, by an identity that nobody has seen before.
pub(super) struct Asker {
	control: Control,
	_incoming: mpsc::Receiver<Incoming>,
	peer: PeerId,
	address: SocketAddr,
}

impl Asker {
	/// Directly, or through the tunnel of the hop before.
	pub(super) fn new(provider: &Provider, outer: Option<&Arc<Stack>>) -> Result<Self> {
		let identity = Keypair::generate_ed25519();
		let (control, incoming) = match outer {
			None => control::connect(&identity, unspecified(provider.address.ip()))?,
			Some(stack) => control::connect_through(&identity, stack.clone())?,
		};
		Ok(Self { control, _incoming: incoming, peer: provider.peer, address: provider.address })
	}

	/// What the provider answers and how long that took; none without an answer.
	pub(super) async fn ask(&self, request: Request) -> (Option<Response>, Micros) {
		let began = clock::now();
		let answer = self.control.ask(self.peer, Some(self.address), request).await;
		(answer, clock::now().saturating_sub(began))
	}

	/// Whether the provider serves customers: it has to know the question, and need not know us.
	pub(super) async fn serves(&self) -> Result<(), Outside> {
		let question = Request::Pay { channel: 0, voucher: None, counted: Usage::default() };
		match self.ask(question).await.0 {
			Some(Response::Refuse(Refusal::NotJoined | Refusal::UnknownChannel)) => Ok(()),
			Some(Response::Refuse(refusal)) => Err(Outside::Refused(refusal)),
			Some(_) => Err(Outside::Odd("an answer to another question")),
			None => Err(Outside::Silent),
		}
	}
}

/// A session that the provider has opened.
pub(super) struct Session {
	asker: Arc<Asker>,
	engine: Engine,
	stack: Arc<Stack>,
	/// Packets from the stack, and from the device.
	pumps: Option<[Task; 2]>,
	/// There is something to sign.
	wake: Arc<Notify>,
	moved: Arc<Moved>,
	/// Goes around the provider's relay, if it has one.
	_direct: Option<Task>,
}

/// When packets last moved.
#[derive(Default)]
struct Moved {
	down: std::sync::atomic::AtomicU64,
	up: std::sync::atomic::AtomicU64,
	began: Micros,
}

impl Moved {
	fn note(at: &std::sync::atomic::AtomicU64, now: Micros) {
		at.store(now, std::sync::atomic::Ordering::Relaxed);
	}

	/// Whether packets have gone up for long, and none has ever come down.
	fn is_dark(&self, now: Micros) -> bool {
		let of = |at: &std::sync::atomic::AtomicU64| at.load(std::sync::atomic::Ordering::Relaxed);
		let (down, up) = (of(&self.down), of(&self.up));
		down == self.began && up > self.began && now.saturating_sub(self.began) >= DARK
	}

	/// Whether packets went up a while ago, and none has come down since.
	fn is_stalled(&self, now: Micros) -> bool {
		let of = |at: &std::sync::atomic::AtomicU64| at.load(std::sync::atomic::Ordering::Relaxed);
		let (down, up) = (of(&self.down), of(&self.up));
		up > down && now.saturating_sub(down) >= STALLED
	}
}

/// Asks `provider` to let us in, and begins to carry packets.
pub(super) async fn join(
	provider: &Provider,
	purse: &Purse,
	outer: Option<&Arc<Stack>>,
	is_disguised: bool,
) -> Result<Session, Outside> {
	let failed = Outside::Failed;
	let ip = provider.address.ip();
	let asker = Asker::new(provider, outer).map_err(failed)?;
	let (engine, from_device) = match outer {
		None => Engine::start_guest(ip, unspecified(ip)).await.map_err(failed)?,
		Some(stack) => Engine::start_guest_through(stack, provider.address).await.map_err(failed)?,
	};
	let join = Join {
		genesis: purse.genesis,
		provider: bytes32(&provider.account),
		channel: purse.info.id,
		wireguard: engine.public(),
		at: purse.next_join().await.map_err(failed)?,
	};
	let request = Request::Join { join, signature: sign_join(&purse.key, &join) };
	let joined = match asker.ask(request).await.0 {
		Some(Response::Joined(joined)) => joined,
		Some(Response::Refuse(refusal)) => return Err(Outside::Refused(refusal)),
		Some(_) => return Err(Outside::Odd("an answer to another question")),
		None => return Err(Outside::Silent),
	};
	check(&joined).map_err(Outside::Odd)?;
	let mut endpoint = SocketAddr::new(ip, joined.port);
	if is_disguised {
		// Nothing was sent by the device so far.
		let disguise = disguise_of(&asker, purse.info.id).await?;
		engine.disguise_as(disguise.key);
		endpoint.set_port(disguise.first_port);
	}
	engine.add_peer_for_all(joined.wireguard, Some(endpoint)).await.map_err(failed)?;
	purse.payer().joined(clock::now(), &joined.standing);
	let (to_tunnel, from_stack) = mpsc::channel(CHANNEL);
	let (to_stack, from_tunnel) = mpsc::channel(CHANNEL);
	// What this hop's packets are sealed in has to fit the packets of the hop before.
	let room = outer.map_or(MTU, |outer| outer.mtu().saturating_sub(HOP_BYTES));
	let stack = Stack::start(joined.address.into(), joined.mtu.min(MTU).min(room), to_tunnel, from_tunnel);
	let wake = Arc::new(Notify::new());
	let moved = Arc::new(Moved { began: clock::now(), ..Moved::default() });
	Moved::note(&moved.down, moved.began);
	let meter =
		|direction| Meter { purse: purse.clone(), wake: wake.clone(), moved: moved.clone(), direction };
	let pumps = [
		Task::spawn("packets up", pump_up(from_stack, engine.packet_sender(), meter(Direction::Up))),
		Task::spawn("packets down", pump_down(from_device, to_stack, meter(Direction::Down))),
	];
	let asker = Arc::new(asker);
	// Behind another hop there is no router of ours to be opened, and pings are not in disguise.
	let direct = (outer.is_none() && !is_disguised).then(|| {
		let trying = direct::keep_trying(asker.clone(), engine.side(), purse.info.id, endpoint);
		Task::spawn("direct way", trying)
	});
	Ok(Session { asker, engine, stack: Arc::new(stack), pumps: Some(pumps), wake, moved, _direct: direct })
}

/// Asks how a session is disguised. A provider that cannot do it serves nobody who asks for it.
async fn disguise_of(asker: &Asker, channel: ChannelId) -> Result<Disguise, Outside> {
	match asker.ask(Request::Disguise { channel }).await.0 {
		Some(Response::Disguise(disguise)) if disguise.first_port != 0 => Ok(disguise),
		Some(Response::Refuse(refusal)) => Err(Outside::Refused(refusal)),
		Some(_) => Err(Outside::Odd("an answer to another question than how to disguise")),
		None => Err(Outside::Silent),
	}
}

/// What a provider may say of the tunnel's inside; an error names what is wrong.
pub(super) fn check(joined: &Joined) -> Result<(), &'static str> {
	if Ipv4Addr::from(joined.gateway) != GATEWAY {
		return Err("another inner address of its own than this version knows");
	}
	if !is_guest(joined.address.into()) {
		return Err("an inner address for us that is no customer's");
	}
	if joined.mtu < LEAST_MTU || joined.port == 0 {
		return Err("a packet size or port that cannot be");
	}
	Ok(())
}

/// Counts packets.
struct Meter {
	purse: Purse,
	wake: Arc<Notify>,
	moved: Arc<Moved>,
	direction: Direction,
}

impl Meter {
	fn count(&self, bytes: usize) {
		let now = clock::now();
		let is_due = self.purse.payer().count(now, self.direction, bytes);
		match self.direction {
			Direction::Down => Moved::note(&self.moved.down, now),
			Direction::Up => Moved::note(&self.moved.up, now),
		}
		if is_due {
			self.wake.notify_one();
		}
	}
}

async fn pump_up(mut packets: mpsc::Receiver<Vec<u8>>, device: PacketSender, meter: Meter) {
	let mut batch = Vec::with_capacity(BATCH);
	while packets.recv_many(&mut batch, BATCH).await > 0 {
		for packet in batch.drain(..) {
			let bytes = packet.len();
			// What the device has no room for is not sent and not paid.
			if device.send(packet) {
				meter.count(bytes);
			}
		}
	}
}

async fn pump_down(mut packets: mpsc::Receiver<Vec<u8>>, stack: mpsc::Sender<Vec<u8>>, meter: Meter) {
	let mut batch = Vec::with_capacity(BATCH);
	while packets.recv_many(&mut batch, BATCH).await > 0 {
		for packet in batch.drain(..) {
			meter.count(packet.len());
			if stack.send(packet).await.is_err() {
				return;
			}
		}
	}
}

/// What comes back.
enum Heard {
	/// To what the payer asked.
	Payer(Asked, Option<Response>, Micros),
	/// To whether the provider is still there.
	Alive(Option<Response>, Micros),
	/// To the farewell.
	Left,
}

type Asking = FuturesUnordered<BoxFuture<'static, Heard>>;

/// What a session tells and is told while it runs.
pub(super) struct Outlook<'a> {
	pub(super) status: &'a watch::Sender<Status>,
	/// The way out for programs.
	pub(super) gate: &'a watch::Sender<Option<Arc<Stack>>>,
	/// The channel as the chain has it; none once it is closed.
	pub(super) channel: &'a mut watch::Receiver<Option<ChannelInfo<AccountId>>>,
	/// Has the chain asked at once.
	pub(super) look: &'a Notify,
	/// The user wants it to end.
	pub(super) stop: &'a mut watch::Receiver<bool>,
	/// Who goes through.
	pub(super) socks: Option<&'a Socks>,
	/// Closed when the hop before is gone; none of the first.
	pub(super) outer: Option<watch::Receiver<()>>,
}

/// A session while it runs.
struct Running<'a> {
	session: Session,
	purse: &'a Purse,
	asking: Asking,
	silent: u32,
	is_asking_alive: bool,
	is_leaving: bool,
	is_short: bool,
	rtt: Option<Micros>,
	terms: Terms,
	/// When the last look was, and what was counted then.
	looked: (Micros, Usage),
}

impl Session {
	/// What goes through it.
	pub(super) fn stack(&self) -> Arc<Stack> {
		self.stack.clone()
	}

	/// Who asks the provider.
	pub(super) fn asker(&self) -> Arc<Asker> {
		self.asker.clone()
	}

	/// Carries and pays until one side ends it.
	pub(super) async fn run(self, purse: &Purse, outlook: Outlook<'_>) -> Over {
		outlook.gate.send_replace(Some(self.stack.clone()));
		let gate = outlook.gate;
		let counted = purse.payer().counted();
		let mut running = Running {
			session: self,
			purse,
			asking: FuturesUnordered::new(),
			silent: 0,
			is_asking_alive: false,
			is_leaving: false,
			is_short: false,
			rtt: None,
			terms: purse.terms(),
			looked: (clock::now(), counted),
		};
		let over = running.run(outlook).await;
		// First of all nothing may go out any more.
		gate.send_replace(None);
		let Session { engine, stack, pumps, .. } = running.session;
		drop((stack, pumps));
		engine.stop().await;
		let journal = purse.payer().journal();
		let (kept, key) = (purse.journal.clone(), purse.voucher_key());
		match on_disk(move || kept.update(&key, |kept| kept.paid = journal)).await {
			Err(error) if !matches!(over, Over::Failed(_)) => Over::Failed(error),
			_ => over,
		}
	}
}

impl Running<'_> {
	async fn run(&mut self, outlook: Outlook<'_>) -> Over {
		let Outlook { status, gate, channel, look, stop, socks, outer } = outlook;
		let gone = async {
			match outer {
				// Nothing is ever sent: what ends the wait is that the sender is gone.
				Some(mut outer) => drop(outer.changed().await),
				None => std::future::pending().await,
			}
		};
		tokio::pin!(gone);
		let mut tick = tokio::time::interval(TICK);
		let is_news =
			|now: &Option<ChannelInfo<AccountId>>| now.as_ref().map(|info| (info.deposited, info.state));
		let mut known = is_news(&channel.borrow_and_update());
		loop {
			if let Some(over) = self.obey(look).await {
				return over;
			}
			let due = self.purse.payer().timeout();
			tokio::select! {
				biased;
				// Whoever could say so may be gone as well.
				_ = stop.changed(), if !self.is_leaving => {
					self.is_leaving = true;
					gate.send_replace(None);
					// What still moves is not counted any more, and so not paid.
					self.session.pumps = None;
					status.send_modify(|status| status.phase = Phase::Leaving);
					self.purse.payer().leave(clock::now());
				}
				() = &mut gone => return Over::Lost(Lost::Outer),
				Some(heard) = self.asking.next(), if !self.asking.is_empty() => {
					if let Some(over) = self.hear(heard) {
						return over;
					}
				}
				() = self.session.wake.notified() => {}
				() = clock::sleep_until_some(due) => {}
				() = self.session.engine.failed(), if !self.is_leaving => return Over::Lost(Lost::Device),
				Ok(()) = channel.changed() => {
					let now = channel.borrow_and_update().clone();
					if is_news(&now) == known {
						continue;
					}
					known = is_news(&now);
					match now {
						Some(info) if info.state == ChannelState::Open => self.funded(&info),
						_ if self.is_leaving => {}
						_ => return Over::Ending,
					}
				}
				_ = tick.tick() => {
					self.tell(status, socks.map_or(0, Socks::open));
					self.ask_if_stalled();
					if self.is_short && self.is_used_up() {
						return Over::UsedUp;
					}
				}
			}
		}
	}

	/// Does what the payer says, until that is nothing.
	async fn obey(&mut self, look: &Notify) -> Option<Over> {
		loop {
			let order = self.purse.payer().poll(clock::now())?;
			match order {
				Order::Store(journal) => {
					let (kept, key) = (self.purse.journal.clone(), self.purse.voucher_key());
					if let Err(error) = on_disk(move || kept.update(&key, |kept| kept.paid = journal)).await {
						return Some(Over::Failed(error));
					}
					self.purse.payer().stored();
				}
				Order::Ask(asked, request) => {
					let asker = self.session.asker.clone();
					self.asking.push(
						async move {
							let (response, took) = asker.ask(request).await;
							Heard::Payer(asked, response, took)
						}
						.boxed(),
					);
				}
				Order::Rejoin(None) => return Some(Over::Lost(Lost::Stopped)),
				Order::Rejoin(Some(refusal)) => return Some(Over::Lost(Lost::Refused(refusal))),
				Order::TopUpOrStop => {
					self.is_short = true;
					look.notify_one();
				}
				Order::Dispute(dispute) => {
					if self.is_leaving {
						tracing::warn!(%dispute, "left without a last voucher");
						return Some(Over::Asked);
					}
					return Some(Over::Dispute(dispute));
				}
				Order::Leave(request) => {
					let asker = self.session.asker.clone();
					self.asking.push(
						async move {
							let _ = tokio::time::timeout(FAREWELL, asker.ask(request)).await;
							Heard::Left
						}
						.boxed(),
					);
					return None;
				}
			}
		}
	}

	fn hear(&mut self, heard: Heard) -> Option<Over> {
		let (response, took) = match heard {
			Heard::Left => return Some(Over::Asked),
			Heard::Alive(response, took) => {
				self.is_asking_alive = false;
				if matches!(response, Some(Response::Refuse(Refusal::NotJoined))) && !self.is_leaving {
					return Some(Over::Lost(Lost::Refused(Refusal::NotJoined)));
				}
				let is_served = matches!(&response, Some(Response::Standing(standing)) if standing.service == Service::Full);
				if is_served && !self.is_leaving && self.session.moved.is_dark(clock::now()) {
					return Some(Over::Lost(Lost::Dark));
				}
				(response, took)
			}
			Heard::Payer(asked, response, took) => {
				self.purse.payer().answered(clock::now(), asked, response.as_ref());
				if let Some(Response::Refuse(refusal)) = &response {
					tracing::debug!(%refusal, "payment refused");
				}
				(response, took)
			}
		};
		if response.is_some() {
			(self.silent, self.rtt) = (0, Some(took));
			return None;
		}
		self.silent = self.silent.saturating_add(1);
		(self.silent >= MOST_SILENT && !self.is_leaving).then_some(Over::Lost(Lost::Silent))
	}

	/// More may have been put into the channel.
	fn funded(&mut self, info: &ChannelInfo<AccountId>) {
		self.terms.funds.deposited = info.deposited;
		self.purse.payer().set_deposited(info.deposited);
		self.is_short = false;
	}

	/// Whether all that the channel holds is used, or what is left is not served.
	fn is_used_up(&self) -> bool {
		if self.is_leaving {
			return false;
		}
		let payer = self.purse.payer();
		let is_full = payer.standing().is_none_or(|standing| standing.service.is_full());
		let left = self.terms.bytes_for(self.terms.funds.deposited).saturating_sub(payer.owed_bytes());
		left < REST_BYTES || (!is_full && left < payer.window_bytes() / 2)
	}

	/// A provider whose process ended leaves nothing that would say so.
	fn ask_if_stalled(&mut self) {
		if self.is_asking_alive || self.is_leaving || !self.session.moved.is_stalled(clock::now()) {
			return;
		}
		self.is_asking_alive = true;
		let asker = self.session.asker.clone();
		let counted = self.purse.payer().counted();
		let request = Request::Pay { channel: self.purse.info.id, voucher: None, counted };
		self.asking.push(
			async move {
				let (response, took) = asker.ask(request).await;
				Heard::Alive(response, took)
			}
			.boxed(),
		);
	}

	fn tell(&mut self, status: &watch::Sender<Status>, connections: usize) {
		let payer = self.purse.payer();
		let (now, counted, exposure) = (clock::now(), payer.counted(), payer.exposure());
		let signed = payer.voucher().map_or(0, |signed| signed.voucher.credits);
		let trusted = payer.standing().is_some_and(|standing: &Standing| standing.is_trusted);
		let is_ending = payer.standing().is_some_and(|standing| standing.service == Service::Ending);
		drop(payer);
		let (before, then) = std::mem::replace(&mut self.looked, (now, counted));
		let elapsed = now.saturating_sub(before);
		let bits = |bytes: u64| bytes.saturating_mul(8_000_000).checked_div(elapsed).unwrap_or(0);
		let (bytes_before, spent_before) = self.purse.before;
		let (funds, channel) = (self.terms.funds, self.terms.channel);
		status.send_modify(|status| {
			(status.bytes_down, status.bytes_up) = (counted.down, counted.up);
			status.run_bytes = counted.total().saturating_sub(bytes_before);
			(status.spent, status.run_spent) = (signed, signed.saturating_sub(spent_before));
			status.down_bits_per_second = bits(counted.down.saturating_sub(then.down));
			status.up_bits_per_second = bits(counted.up.saturating_sub(then.up));
			status.rtt_micros = self.rtt.or(status.rtt_micros);
			(status.exposure_bytes, status.exposure_credits) = (exposure.bytes, exposure.credits);
			status.left = funds.deposited.saturating_sub(signed.max(funds.paid));
			(status.trusted, status.connections) = (trusted, connections);
			let ending = "the provider ends its sessions within minutes; start again then, and another one is taken";
			status.note = is_ending.then(|| ending.to_owned()).or_else(|| self.is_short.then(|| {
				format!("the channel holds little more; `weir-tunnel channels top-up {channel} 0.50 --key FILE` puts more in")
			}));
		});
	}
}

/// For an error that says what no provider should say.
pub(super) fn odd(what: &str) -> anyhow::Error {
	anyhow!("the provider answers {what}; upgrade whichever weir-tunnel is older, or take another provider")
}
