//! The attestor: takes tasks from the node beside it or from the chain, runs each test at its time, watches that its
//! targets answer through the epoch, and reports.

mod alone;
mod fellows;
mod liveness;
mod measure;
mod sighting;
mod watching;

pub use alone::run_alone;
pub(crate) use fellows::Checker;
pub use fellows::{judge, ClockCheck, LEAST_ANSWERS, MAX_CLOCK_OFFSET};
pub use watching::WatchOrder;

use crate::{
	chain::{bytes32, prefix, slot_begins, ChainError, ChainView},
	clock,
	control::{self, Control, Incoming},
	metrics::Metrics,
	store::{add_parts, Liveness, Store},
	tasks::{on_disk, Task},
};
use anyhow::Result;
use libp2p::identity::Keypair;
use liveness::keep_for_ever;
use measure::{measure, settle, Order};
use std::{
	collections::BTreeMap,
	net::IpAddr,
	sync::{
		atomic::{AtomicBool, AtomicU64, Ordering},
		Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
	},
	time::Duration,
};
use tokio::sync::{mpsc, watch};
use watching::{Contact, Watcher};
use weir_primitives::{
	api,
	chain::AccountId,
	outage::Sighting,
	report::{Entry, EntryKind, MAX_ENTRIES},
	EpochIndex, ProviderIndex, SlotOffset, Timing,
};
use weir_tunnel_core::{
	dropped::Dropped,
	keys::ProbeKeypair,
	probe::{Kind, Outcome},
	windows_end,
	wire::{Bilateral, Refusal, Response},
	Micros, MILLI,
};

/// A test is prepared this long before T0: greeting, five pings and an offer take less.
const PREPARE: Micros = 5_000 * MILLI;
/// A test that cannot begin before this much of its first window has passed is not begun.
const TOO_LATE: Micros = 500 * MILLI;
/// The check of the clock takes less: three questions of at most five seconds, and a few to the chain.
const CHECK_PATIENCE: Duration = Duration::from_secs(30);
/// A test that is told to stop does so within this.
const STOP_PATIENCE: Duration = Duration::from_secs(5);
/// A target that was heard in the tunnel this recently is alive without being asked: on a slow line under test, the
/// question would cost a part of what is measured.
const HEARD: Micros = 1_000 * MILLI;
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
	stopping: watch::Sender<bool>,
	/// What their tunnels drop.
	dropped: Arc<Dropped>,
}

impl Links {
	/// Returns when the process is about to stop.
	async fn stopped(&self) {
		// The sender lives as long as `self`.
		let _ = self.stopping.subscribe().wait_for(|stopping| *stopping).await;
	}
}

/// An attestor asks, and answers nothing.
async fn refuse_all(mut incoming: mpsc::Receiver<Incoming>) {
	while let Some(Incoming { reply, .. }) = incoming.recv().await {
		// Whoever asked may no longer wait.
		let _ = reply.send(Response::Refuse(Refusal::WrongRole));
	}
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
	mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One target of an epoch.
struct Target {
	/// The way to it, if there is one.
	contact: Option<Contact>,
	test: Option<Task>,
	/// Slot of the T0 for which the test was begun or could not be.
	start_slot: Option<SlotOffset>,
	/// Whether the target has agreed to that T0.
	agreed: Arc<AtomicBool>,
	/// When it was last heard in the tunnel.
	heard: Arc<AtomicU64>,
	_liveness: Option<Task>,
}

#[derive(Default)]
struct Epoch {
	targets: BTreeMap<ProviderIndex, Target>,
	/// Bit i: answered in part i.
	alive: BTreeMap<ProviderIndex, Liveness>,
	/// Whether there is more in it than on disk.
	unsaved: bool,
	/// Whether this clock is right, once there are tasks.
	clock: Option<Clock>,
}

/// The check of this clock in an epoch; none until it has ended.
struct Clock {
	check: watch::Receiver<Option<ClockCheck>>,
	_task: Task,
}

type Checked = watch::Receiver<Option<ClockCheck>>;

/// Whether a target was heard in the tunnel of a test just now.
fn is_recent(heard: &AtomicU64) -> bool {
	heard.load(Ordering::Relaxed).saturating_add(HEARD) >= clock::now()
}

/// Whether a check that has ended found this clock off.
fn is_off(check: &Checked) -> bool {
	matches!(*check.borrow(), Some(ClockCheck::Off { .. }))
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
	watcher: Watcher,
	/// Lives as long as the control plane.
	refuse: Task,
	keep: OnceLock<Task>,
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
		let _ = metrics.attestor_refused.set(control.refused());
		let dropped = Arc::<Dropped>::default();
		let _ = metrics.attestor_dropped.set(dropped.clone());
		let stopping = watch::channel(false).0;
		let links = Arc::new(Links { bind: settings.bind, control, stopping, dropped });
		let (epochs, refuse) = (Mutex::default(), Task::spawn("control plane", refuse_all(incoming)));
		let keep = OnceLock::new();
		let attestor = Arc::new_cyclic(|attestor: &Weak<Self>| {
			let attestor = attestor.clone();
			let is_heard =
				move |provider| attestor.upgrade().is_some_and(|attestor| attestor.hears(provider));
			let watcher =
				Watcher::start(&settings, &timing, &*chain, links.control.clone(), metrics.clone(), is_heard);
			Self { chain, store, metrics, settings, timing, links, epochs, watcher, refuse, keep }
		});
		let _ = attestor.keep.set(Task::spawn("liveness to disk", keep_for_ever(Arc::downgrade(&attestor))));
		Ok(attestor)
	}

	/// Ends all tests in an orderly way and takes no more.
	pub async fn stop(&self) {
		self.links.stopping.send_replace(true);
		self.keep_liveness().await;
		let epochs = std::mem::take(&mut *lock(&self.epochs));
		let targets = epochs.into_values().flat_map(|epoch| epoch.targets.into_values());
		let tests = targets.filter_map(|target| Some(target.test?.finish(STOP_PATIENCE)));
		futures::future::join_all(tests).await;
	}

	/// Takes an epoch's tasks. Forks of the chain have T0s of their own, and a test may begin before they are one again: it
	/// ends when the chain has another T0 or none any more, and begins anew when there is one. To stay with the old one would
	/// be to measure while the other members do not: each of them would see more of the line than its share. Only when its
	/// loads are over it stands, for the target is about to hold a receipt of it.
	pub fn take_tasks(self: &Arc<Self>, EpochTasks { epoch, first_slot, tasks }: EpochTasks) {
		if tasks.is_empty() || *self.links.stopping.borrow() {
			return;
		}
		let mut epochs = lock(&self.epochs);
		let known = epochs.entry(epoch).or_default();
		let clock = known.clock.get_or_insert_with(|| self.check_clock(epoch, tasks.clone()));
		for task in tasks.into_iter().take(MAX_ENTRIES as usize) {
			let provider = task.provider;
			let target = known.targets.entry(provider).or_insert_with(|| {
				let heard = Arc::<AtomicU64>::default();
				let contact = Contact::of(provider, &task.account, &task.peer_id, &task.endpoint);
				let liveness = self.ask_through_epoch(epoch, first_slot, &task, heard.clone());
				let (test, start_slot, agreed) = (None, None, Arc::default());
				Target { contact, test, start_slot, agreed, heard, _liveness: liveness }
			});
			if task.start_slot == target.start_slot {
				continue;
			}
			let has_loaded = target.start_slot.is_some_and(|slot| {
				let start = slot_begins(first_slot, self.timing.slot_millis, slot);
				target.agreed.load(Ordering::Relaxed) && clock::now() >= windows_end(start, window(&task))
			});
			if has_loaded {
				continue;
			}
			if target.start_slot.is_some() {
				tracing::info!(
					epoch,
					provider,
					"the T0 of the test was one of a fork; the chain has another or none yet"
				);
			}
			(target.start_slot, target.agreed) = (task.start_slot, Arc::default());
			let (heard, agreed) = (target.heard.clone(), target.agreed.clone());
			target.test = self.begin(epoch, first_slot, &task, heard, agreed, clock.check.clone());
		}
		while epochs.len() > KEPT_EPOCHS {
			epochs.pop_first();
		}
	}

	/// Returns when the control plane has ended: nobody can be asked any more.
	pub async fn failed(&self) {
		self.refuse.ended().await;
	}

	/// Once per epoch: forgets old records, and compares this clock with others'.
	fn check_clock(&self, epoch: EpochIndex, tasks: Vec<api::Task<AccountId>>) -> Clock {
		let (told, check) = watch::channel(None);
		let (chain, control) = (self.chain.clone(), self.links.control.clone());
		let checker = Checker { chain, control, account: self.settings.account.clone() };
		let store = self.store.clone();
		let task = Task::spawn("clock check", async move {
			// The chain's epoch and not the one in the request: a wrong number there must cost no records.
			let pruned = match checker.chain.clock().await {
				Ok(now) => on_disk(move || store.prune(now.epoch)).await,
				Err(error) => Err(error.into()),
			};
			if let Err(error) = pruned {
				tracing::warn!(error = format!("{error:#}"), "old records not removed");
			}
			told.send_replace(Some(checker.check(epoch, &tasks).await));
		});
		Clock { check, _task: task }
	}

	/// Starts the test if its time is known.
	fn begin(
		self: &Arc<Self>,
		epoch: EpochIndex,
		first_slot: u64,
		task: &api::Task<AccountId>,
		heard: Arc<AtomicU64>,
		agreed: Arc<AtomicBool>,
		mut check: Checked,
	) -> Option<Task> {
		let start = slot_begins(first_slot, self.timing.slot_millis, task.start_slot?);
		let provider = task.provider;
		if clock::now() > start.saturating_add(TOO_LATE) {
			tracing::warn!(epoch, provider, "the task came after its T0; not measured");
			return None;
		}
		let order = Order { agreed, ..self.order(epoch, start, task, heard)? };
		let attestor = Arc::downgrade(self);
		let (links, key, chain) = (self.links.clone(), self.settings.probe.clone(), self.chain.clone());
		let metrics = self.metrics.clone();
		Some(Task::spawn("test", async move {
			tokio::select! {
				() = clock::sleep_until(start.saturating_sub(PREPARE)) => {}
				() = links.stopped() => return,
			}
			// A clock that is set, or a machine that is resumed, wakes this late. The target would refuse, and be reported as one
			// that has no line.
			if clock::now() > start.saturating_add(TOO_LATE) {
				tracing::warn!(epoch, provider, "this process woke after the T0; not measured");
				return;
			}
			if let Err(error) = chain.agreement() {
				tracing::error!(epoch, provider, %error, "not measured");
				return;
			}
			if is_off(&check) {
				metrics.tests_abstained.inc();
				return;
			}
			metrics.tests_started.inc();
			tracing::info!(epoch, provider, target = %order.address, "test begins");
			let outcome = measure(order.clone(), key, links.clone()).await;
			let Some(attestor) = attestor.upgrade() else { return };
			// The check may take longer than the time until the test begins.
			let _ = tokio::time::timeout(CHECK_PATIENCE, check.wait_for(Option::is_some)).await;
			match outcome {
				Ok(Some(_)) if is_off(&check) => metrics.tests_abstained.inc(),
				Ok(Some(mut outcome)) => {
					let settlement = outcome.settle.take();
					let kept = attestor.conclude(epoch, provider, order.target, outcome).await;
					if let Some(request) = settlement.filter(|_| kept) {
						settle(&order, &links, request).await;
					}
				}
				Ok(None) => tracing::info!(epoch, provider, "test stopped with the process"),
				Err(error) => {
					tracing::error!(
						epoch,
						provider,
						error = format!("{error:#}"),
						"test failed on this side"
					);
				}
			}
		}))
	}

	fn order(
		&self,
		epoch: EpochIndex,
		start: Micros,
		task: &api::Task<AccountId>,
		heard: Arc<AtomicU64>,
	) -> Option<Order> {
		let Contact { account, peer, address, .. } =
			Contact::of(task.provider, &task.account, &task.peer_id, &task.endpoint)?;
		let Some(target_key) = &task.probe_key else {
			tracing::warn!(provider = task.provider, "the target has no probe key on chain; not measured");
			return None;
		};
		Some(Order {
			genesis: self.chain.genesis(),
			epoch,
			kind: task.kind,
			ordinal: task.ordinal,
			target: account,
			target_key: bytes32(target_key),
			peer,
			address,
			attestor: bytes32(&self.settings.account),
			down_kbps: task.quota_down_kbps,
			up_kbps: task.quota_up_kbps,
			start,
			window: window(task),
			heard,
			agreed: Arc::default(),
		})
	}

	/// Keeps what a test found. Whether it is on disk.
	async fn conclude(
		&self,
		epoch: EpochIndex,
		provider: ProviderIndex,
		target: [u8; 32],
		outcome: Outcome,
	) -> bool {
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
		let store = self.store.clone();
		let kept = on_disk(move || {
			// Both, whatever becomes of the first: what cannot be written waits.
			let entry_kept = store.put_entry(epoch, &entry(provider, &outcome, [0; 5]));
			let receipt_kept = outcome.bilateral.map(|bilateral| store.put_bilateral(&target, &bilateral));
			receipt_kept.unwrap_or(entry_kept)
		});
		let kept = kept.await;
		if let Err(error) = &kept {
			tracing::error!(epoch, provider, %error, "result not on disk yet; kept in memory until the next write");
		}
		self.keep_liveness().await;
		kept.is_ok()
	}

	/// The entries of an epoch with what was seen of liveness since. Complete when every test has ended and, for the
	/// liveness of its last part, the epoch with them.
	pub async fn report(&self, epoch: EpochIndex) -> Result<(bool, Vec<Entry>)> {
		let store = self.store.clone();
		let (mut entries, stored) =
			on_disk(move || Ok((store.entries(epoch)?, store.liveness(epoch)?))).await?;
		let over = self.chain.clock().await?.epoch > epoch;
		let epochs = lock(&self.epochs);
		let known = epochs.get(&epoch);
		for entry in &mut entries {
			let seen = known.and_then(|known| known.alive.get(&entry.provider));
			// Of both, for a restart forgets what is not on disk, and a disk may be full.
			for parts in stored.get(&entry.provider).into_iter().chain(seen) {
				add_parts(&mut entry.liveness, parts);
			}
		}
		let running = known.is_some_and(|known| {
			known.targets.values().any(|target| target.test.as_ref().is_some_and(|test| !test.is_finished()))
		});
		Ok((over && !running, entries))
	}

	/// Receipts that prove entries, by the beginnings of their hashes; none if one is missing.
	pub async fn receipts(
		&self,
		epoch: EpochIndex,
		prefixes: Vec<[u8; 5]>,
	) -> Result<Option<Vec<Bilateral>>> {
		let store = self.store.clone();
		on_disk(move || store.receipts(epoch, &prefixes)).await
	}

	/// Whether a test hears the provider in its tunnel.
	fn hears(&self, provider: ProviderIndex) -> bool {
		let epochs = lock(&self.epochs);
		epochs
			.values()
			.filter_map(|epoch| epoch.targets.get(&provider))
			.any(|target| is_recent(&target.heard))
	}

	/// Takes whom the seat watches and which alarms it is asked about. What it has to say of them, votes first.
	pub fn watch(&self, order: WatchOrder) -> Vec<(ProviderIndex, Sighting)> {
		let targets = lock(&self.epochs)
			.last_key_value()
			.map(|(_, epoch)| epoch.targets.values().filter_map(|target| target.contact.clone()).collect());
		self.watcher.take(order, targets.unwrap_or_default())
	}

	/// Fails while nothing may be measured because the chain's endpoints disagree.
	pub fn agreement(&self) -> Result<(), ChainError> {
		self.chain.agreement()
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

/// Length of a window of a task's test.
fn window(task: &api::Task<AccountId>) -> Micros {
	Micros::from(task.window_millis).saturating_mul(MILLI)
}

/// What the chain is told of an outcome.
fn entry(provider: ProviderIndex, outcome: &Outcome, liveness: [u8; 5]) -> Entry {
	let receipt = outcome.bilateral.as_ref().map_or([0; 5], Bilateral::prefix);
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
mod tests;
