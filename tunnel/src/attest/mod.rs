//! The attestor: takes tasks from the node beside it or from the chain, runs each test at its time, watches that its
//! targets answer through the epoch, and reports.

mod alone;
mod measure;

pub use alone::run_alone;

use crate::{
	chain::{bytes32, prefix, slot_begins, socket_address, wire_kind, ChainView},
	clock,
	control::{self, Control, Incoming},
	metrics::Metrics,
	store::Store,
	tasks::Task,
};
use anyhow::Result;
use libp2p::{identity::Keypair, PeerId};
use measure::{measure, Order, Route};
use rand::Rng;
use std::{
	collections::{BTreeMap, HashMap},
	net::{IpAddr, SocketAddr},
	sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::mpsc;
use weir_primitives::{
	api,
	chain::AccountId,
	report::{Entry, EntryKind, MAX_ENTRIES},
	EpochIndex, ProviderIndex, Timing,
};
use weir_tunnel_core::{
	keys::{self, ProbeKeypair},
	probe::{Kind, Outcome},
	wire::{self, Receipt, Refusal, Request, Response},
	Micros, MILLI,
};

/// Equal parts of an epoch in which a target is asked whether it lives.
const PARTS: u32 = 40;
/// A test is prepared this long before T0: greeting, five pings and an offer take less.
const PREPARE: Micros = 5_000 * MILLI;
/// A test that cannot begin before this much of its first window has passed is not begun.
const TOO_LATE: Micros = 500 * MILLI;
/// A clock further from the fellows' median than this abstains.
pub const MAX_CLOCK_OFFSET: Micros = 50 * MILLI;
/// Epochs whose tasks are remembered.
const KEPT_EPOCHS: usize = 3;

/// What the role needs.
pub struct Settings {
	/// Address probes and requests come from: in the seat's prefix.
	pub bind: IpAddr,
	/// The node's account.
	pub account: AccountId,
	/// Signs offers and commits; registered with the seat.
	pub probe: ProbeKeypair,
	/// The control plane's identity.
	pub identity: Keypair,
}

/// An epoch's tasks and when it runs.
pub struct EpochTasks {
	/// The epoch.
	pub epoch: EpochIndex,
	/// Number of its first slot since the Unix epoch.
	pub first_slot: u64,
	/// Tasks, new or changed.
	pub tasks: Vec<api::Task<AccountId>>,
}

/// Shared by all tests.
struct Links {
	bind: IpAddr,
	control: Control,
	routes: Mutex<HashMap<[u8; 8], Route>>,
}

/// Ends the route with the test.
struct RouteGuard<'a>(&'a Links, [u8; 8]);

impl Drop for RouteGuard<'_> {
	fn drop(&mut self) {
		lock(&self.0.routes).remove(&self.1);
	}
}

impl Links {
	fn route(&self, session: [u8; 8], peer: PeerId, receipts: mpsc::Sender<Receipt>) -> RouteGuard<'_> {
		lock(&self.routes).insert(session, Route { peer, receipts });
		RouteGuard(self, session)
	}

	/// Hands receipts to their tests; everything else is another role's.
	async fn dispatch(self: Arc<Self>, mut incoming: mpsc::Receiver<Incoming>) {
		while let Some(Incoming { peer, request, reply, .. }) = incoming.recv().await {
			let response = match request {
				Request::Receipt { session, receipt } => {
					let routes = lock(&self.routes);
					match routes.get(&session).filter(|route| route.peer == peer) {
						Some(route) if route.receipts.try_send(receipt).is_ok() => Response::Noted,
						_ => Response::Refuse(Refusal::UnknownSession),
					}
				}
				_ => Response::Refuse(Refusal::WrongRole),
			};
			let _ = reply.send(response);
		}
	}
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
	mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One target of an epoch.
struct Watched {
	test: Option<Task>,
	/// Its T0 is known, and the test was begun or cannot be.
	settled: bool,
	_liveness: Option<Task>,
}

#[derive(Default)]
struct Epoch {
	targets: BTreeMap<ProviderIndex, Watched>,
	/// Bit i: answered in part i.
	alive: BTreeMap<ProviderIndex, [u8; 5]>,
}

/// The attestor. Dropped, its tests stop.
pub struct Attestor {
	chain: Arc<dyn ChainView>,
	store: Arc<Store>,
	metrics: Arc<Metrics>,
	settings: Settings,
	timing: Timing,
	links: Arc<Links>,
	epochs: Mutex<BTreeMap<EpochIndex, Epoch>>,
	_dispatch: Task,
}

impl Attestor {
	/// Ready to take tasks.
	pub async fn start(
		settings: Settings,
		chain: Arc<dyn ChainView>,
		store: Arc<Store>,
		metrics: Arc<Metrics>,
	) -> Result<Arc<Self>> {
		let timing = chain.timing().await?;
		let (control, incoming) = control::connect(&settings.identity, settings.bind)?;
		let links = Arc::new(Links { bind: settings.bind, control, routes: Mutex::default() });
		let dispatch = Task::spawn("receipts", links.clone().dispatch(incoming));
		let epochs = Mutex::default();
		Ok(Arc::new(Self { chain, store, metrics, settings, timing, links, epochs, _dispatch: dispatch }))
	}

	/// Takes an epoch's tasks. A task replaces an earlier one for the same provider until its test has begun.
	pub fn take_tasks(self: &Arc<Self>, EpochTasks { epoch, first_slot, tasks }: EpochTasks) {
		let mut epochs = lock(&self.epochs);
		let known = epochs.entry(epoch).or_default();
		for task in tasks.into_iter().take(MAX_ENTRIES as usize) {
			let provider = task.provider;
			let target = known.targets.entry(provider).or_insert_with(|| Watched {
				test: None,
				settled: false,
				_liveness: self.watch(epoch, first_slot, &task),
			});
			if !target.settled && task.start_slot.is_some() {
				target.settled = true;
				target.test = self.begin(epoch, first_slot, &task);
			}
		}
		while epochs.len() > KEPT_EPOCHS {
			epochs.pop_first();
		}
	}

	/// Starts the test if its time is known.
	fn begin(
		self: &Arc<Self>,
		epoch: EpochIndex,
		first_slot: u64,
		task: &api::Task<AccountId>,
	) -> Option<Task> {
		let start = slot_begins(first_slot, self.timing.slot_millis, task.start_slot?);
		let provider = task.provider;
		if clock::now() > start.saturating_add(TOO_LATE) {
			tracing::warn!(epoch, provider, "the task came after its T0; not measured");
			return None;
		}
		let order = self.order(epoch, start, task)?;
		let attestor = Arc::downgrade(self);
		let (links, key) = (self.links.clone(), self.settings.probe.clone());
		let metrics = self.metrics.clone();
		Some(Task::spawn("test", async move {
			clock::sleep_until(start.saturating_sub(PREPARE)).await;
			metrics.tests_started.inc();
			tracing::info!(epoch, provider, target = %order.address, "test begins");
			let target = order.target;
			let outcome = measure(order, key, links).await;
			let Some(attestor) = attestor.upgrade() else { return };
			match outcome {
				Ok(outcome) => attestor.conclude(epoch, provider, &target, &outcome),
				Err(error) => tracing::error!(epoch, provider, %error, "test failed on this side"),
			}
		}))
	}

	fn order(&self, epoch: EpochIndex, start: Micros, task: &api::Task<AccountId>) -> Option<Order> {
		let (peer, address) = reached_at(task)?;
		let Some(target_key) = &task.probe_key else {
			tracing::warn!(provider = task.provider, "the target has no probe key on chain; not measured");
			return None;
		};
		Some(Order {
			genesis: self.chain.genesis(),
			epoch,
			kind: wire_kind(task.kind),
			ordinal: task.ordinal,
			target: bytes32(&task.account),
			target_key: bytes32(target_key),
			peer,
			address,
			attestor: bytes32(&self.settings.account),
			down_kbps: task.quota_down_kbps,
			up_kbps: task.quota_up_kbps,
			start,
			window: u64::from(task.window_millis).saturating_mul(MILLI),
		})
	}

	fn conclude(&self, epoch: EpochIndex, provider: ProviderIndex, target: &[u8; 32], outcome: &Outcome) {
		let counter = match (outcome.kind, &outcome.bilateral) {
			(Kind::Unreachable, _) => &self.metrics.tests_unreachable,
			(_, Some(_)) => &self.metrics.tests_measured,
			(_, None) => &self.metrics.tests_failed,
		};
		counter.inc();
		let fault = outcome.fault.map(|fault| fault.to_string());
		tracing::info!(
			epoch,
			provider,
			kind = ?outcome.kind,
			down_kbps = outcome.down_kbps,
			up_kbps = outcome.up_kbps,
			rtt_micros = outcome.rtt,
			loss_pptt = outcome.loss_pptt,
			fault,
			"test ended"
		);
		let entry = entry(provider, outcome, [0; 5]);
		let kept = self.store.put_entry(epoch, &entry).and_then(|()| match &outcome.bilateral {
			Some(bilateral) => self.store.put_bilateral(target, bilateral),
			None => Ok(()),
		});
		if let Err(error) = kept {
			tracing::error!(epoch, provider, %error, "result not kept");
		}
	}

	/// The entries of an epoch with what was seen of liveness since. Complete when every test has ended and, for the
	/// liveness of its last part, the epoch with them.
	pub async fn report(&self, epoch: EpochIndex) -> Result<(bool, Vec<Entry>)> {
		let mut entries = self.store.entries(epoch)?;
		let over = self.chain.clock().await?.epoch > epoch;
		let epochs = lock(&self.epochs);
		let known = epochs.get(&epoch);
		for entry in &mut entries {
			if let Some(alive) = known.and_then(|known| known.alive.get(&entry.provider)) {
				entry.liveness = *alive;
			}
		}
		let running = known.is_some_and(|known| {
			known.targets.values().any(|target| target.test.as_ref().is_some_and(|test| !test.is_finished()))
		});
		Ok((over && !running, entries))
	}

	/// Asks the target once in each part of the epoch, at a time of its own.
	fn watch(
		self: &Arc<Self>,
		epoch: EpochIndex,
		first_slot: u64,
		task: &api::Task<AccountId>,
	) -> Option<Task> {
		let (peer, address) = reached_at(task)?;
		let (provider, key) = (task.provider, bytes32(task.probe_key.as_ref()?));
		let account = bytes32(&task.account);
		let begins = slot_begins(first_slot, self.timing.slot_millis, 0);
		let part = u64::from(self.timing.epoch_slots)
			.saturating_mul(self.timing.slot_millis)
			.saturating_mul(MILLI)
			.checked_div(PARTS.into())
			.unwrap_or(0);
		let (control, attestor) = (self.links.control.clone(), Arc::downgrade(self));
		Some(Task::spawn("liveness", async move {
			for number in 0..PARTS {
				let from = begins.saturating_add(part.saturating_mul(number.into()));
				let until = from.saturating_add(part);
				let at = rand::thread_rng().gen_range(from..from.saturating_add(part / 2).max(from + 1));
				if clock::now() >= until {
					continue;
				}
				clock::sleep_until(at).await;
				// A second try in the part, for a packet that was lost.
				let answered = match ask_time(&control, peer, address, &account, &key).await {
					None if clock::now() < until => ask_time(&control, peer, address, &account, &key).await,
					answer => answer,
				};
				let Some(attestor) = attestor.upgrade() else { return };
				if answered.is_none() {
					tracing::debug!(epoch, provider, part = number, "target did not answer");
					continue;
				}
				let mut epochs = lock(&attestor.epochs);
				if let Some(epoch) = epochs.get_mut(&epoch) {
					set_part(epoch.alive.entry(provider).or_default(), number);
				}
			}
		}))
	}

	/// How far this clock is from the median of the fellows in a committee, in µs; positive when it is fast. None when
	/// fewer than `least` answer.
	pub async fn clock_offset(
		&self,
		fellows: &[(PeerId, SocketAddr, [u8; 32], [u8; 32])],
		least: usize,
	) -> Option<i64> {
		let asks = fellows.iter().map(|(peer, address, account, key)| async move {
			let sent = clock::now();
			let told = ask_time(&self.links.control, *peer, *address, account, key).await?;
			let received = clock::now();
			let middle = sent.saturating_add(received.saturating_sub(sent) / 2);
			Some(i64::try_from(middle).ok()?.saturating_sub(i64::try_from(told).ok()?))
		});
		let mut offsets: Vec<_> = futures::future::join_all(asks).await.into_iter().flatten().collect();
		offsets.sort_unstable();
		(offsets.len() >= least.max(1)).then(|| offsets.get(offsets.len() / 2).copied()).flatten()
	}

	/// What a node's seat needs of this process: the endpoint's prefix and the key.
	pub fn check_seat(&self, seat: &api::SeatInfo<AccountId>) -> Result<(), String> {
		if bytes32(&seat.key) != self.settings.probe.public() {
			return Err(
				"the seat's key on chain is not this probe key; register it, or use the right key file"
					.into(),
			);
		}
		if !measure::is_in_place(prefix(&seat.endpoint), self.settings.bind) {
			return Err(format!(
				"node.bind {} lies outside the seat's address prefix; targets will refuse its probes",
				self.settings.bind
			));
		}
		Ok(())
	}
}

/// The time `peer` tells, if it proves to be `account`.
async fn ask_time(
	control: &Control,
	peer: PeerId,
	address: SocketAddr,
	account: &[u8; 32],
	key: &[u8; 32],
) -> Option<Micros> {
	let nonce: [u8; 16] = rand::thread_rng().gen();
	match control.ask(peer, Some(address), Request::Clock { nonce }).await? {
		Response::Clock { nonce: told, unix_micros, account: by, signature }
			if told == nonce
				&& by == *account
				&& keys::verify(key, &wire::clock_payload(&nonce, unix_micros, account), &signature) =>
		{
			Some(unix_micros)
		}
		_ => None,
	}
}

fn reached_at(task: &api::Task<AccountId>) -> Option<(PeerId, SocketAddr)> {
	let peer = PeerId::from_bytes(&task.peer_id)
		.inspect_err(
			|error| tracing::warn!(provider = task.provider, %error, "the target's PeerId on chain is not one"),
		)
		.ok()?;
	Some((peer, socket_address(&task.endpoint)?))
}

fn set_part(map: &mut [u8; 5], part: u32) {
	if let Some(byte) = map.get_mut((part / 8) as usize) {
		*byte |= 1 << (part % 8);
	}
}

/// What the chain is told of an outcome.
fn entry(provider: ProviderIndex, outcome: &Outcome, liveness: [u8; 5]) -> Entry {
	let mut receipt = [0; 5];
	if let Some(bilateral) = &outcome.bilateral {
		receipt.copy_from_slice(&bilateral.hash()[..5]);
	}
	Entry {
		provider,
		kind: match outcome.kind {
			Kind::Measured => EntryKind::Measured,
			Kind::Limited => EntryKind::Limited,
			Kind::Unreachable => EntryKind::Unreachable,
		},
		down_kbps: outcome.down_kbps,
		up_kbps: outcome.up_kbps,
		rtt_10us: u16::try_from(outcome.rtt / 10).unwrap_or(u16::MAX),
		loss_pptt: outcome.loss_pptt,
		liveness,
		receipt,
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn set_part_should_number_bits_from_the_first_part() {
		let mut map = [0; 5];
		for part in [0, 9, 39, 40] {
			set_part(&mut map, part);
		}
		assert_eq!(map, [1, 2, 0, 0, 0x80]);
	}

	#[test]
	fn entry_should_saturate_and_carry_the_kind() {
		let outcome = Outcome {
			kind: Kind::Limited,
			down_kbps: 7,
			up_kbps: 8,
			rtt: 5_000_000,
			loss_pptt: 9,
			bilateral: None,
			fault: None,
		};
		let entry = entry(3, &outcome, [1; 5]);
		assert_eq!((entry.kind, entry.rtt_10us, entry.receipt), (EntryKind::Limited, u16::MAX, [0; 5]));
	}
}
