//! The target's side of tests: drives `weir_tunnel_core::target` with a WireGuard device, the control plane and the
//! chain's view of which test is due.

use crate::{
	chain::{bytes32, prefix, slot_begins, ChainView},
	clock,
	contest::contest_strikes,
	control::{self, Control, Incoming},
	engine::{Caps, Counters, Engine, Inbound},
	metrics::Metrics,
	store::Store,
	tasks::{on_disk, Task},
};
use anyhow::Result;
use futures::{future::BoxFuture, stream::FuturesUnordered, FutureExt, StreamExt};
use libp2p::identity::Keypair;
use std::{collections::HashMap, net::IpAddr, ops::Range, sync::Arc, time::Duration};
use tokio::sync::{
	broadcast::error::RecvError,
	mpsc::{self, error::TrySendError},
	oneshot, watch,
};
use weir_primitives::{api::TargetTest, chain::AccountId};
use weir_tunnel_core::{
	keys::ProbeKeypair,
	target::{self, Assignment, Member, Output, Target, ADDRESS},
	wire::{Bilateral, Refusal, Request, Response},
	Micros, MILLI,
};

/// What the role needs.
pub struct Settings {
	/// Address to bind.
	pub bind: IpAddr,
	/// UDP and TCP port; the registered one.
	pub port: u16,
	/// Caps of the line.
	pub caps: Caps,
	/// The provider's account.
	pub account: AccountId,
	/// Signs finals.
	pub probe: ProbeKeypair,
	/// The control plane's identity.
	pub identity: Keypair,
}

/// Requests that wait for the serving task, and answers that wait for the disk.
const WAITING: usize = 256;
/// Times at which a test may begin, by branches of the chain: two blocks of one slot make a second one.
const MAX_STARTS: usize = 4;
/// Before T0 the line is left alone for this long: no block changes T0 any more.
const QUIET: Micros = 500 * MILLI;
/// A process that stops waits this long for the device to end.
const STOP_PATIENCE: Duration = Duration::from_secs(5);

/// A provider whose ports are bound; it does not answer yet.
pub struct Bound {
	settings: Settings,
	engine: Engine,
	inbound: mpsc::Receiver<Inbound>,
	control: Control,
	incoming: mpsc::Receiver<Incoming>,
}

/// A running provider. Dropped, it stops.
pub struct Provider {
	port: u16,
	counters: Arc<Counters>,
	serving: watch::Receiver<()>,
	stop: oneshot::Sender<()>,
	serve: Task,
	_follow: [Task; 2],
}

impl Bound {
	/// Binds both ports: a port in use shows before the chain is waited for.
	pub async fn bind(settings: Settings) -> Result<Self> {
		let (engine, inbound) = Engine::start(settings.bind, settings.port, settings.caps).await?;
		let (control, incoming) = control::serve(&settings.identity, settings.bind, engine.port()).await?;
		Ok(Self { settings, engine, inbound, control, incoming })
	}

	/// Serves until dropped or stopped.
	pub fn serve(self, chain: Arc<dyn ChainView>, store: Arc<Store>, metrics: Arc<Metrics>) -> Provider {
		let Self { settings, engine, inbound, control, incoming } = self;
		let Settings { bind, caps, account, probe, .. } = settings;
		let port = engine.port();
		let _ = metrics.provider_refused.set(control.refused());
		let config = target::Config {
			genesis: chain.genesis(),
			account: bytes32(&account),
			key: probe,
			wireguard: engine.public(),
			port,
		};
		let (assignments, assignment) = watch::channel(None);
		let (measuring, measured) = watch::channel(None);
		let (counters, dropped) = (engine.counters(), engine.dropped());
		let _ = metrics.provider_dropped.set(dropped.clone());
		let (others, requests) = mpsc::channel(WAITING);
		let clock = Task::spawn("clock answers", tell_time(incoming, config.clone(), others));
		let serving = Serving {
			target: Target::new(config).counting_in(dropped),
			engine,
			control,
			_clock: clock,
			store: store.clone(),
			metrics,
			sessions: HashMap::new(),
			epoch: None,
			measuring,
			refusals: Vec::new(),
			settled: Vec::new(),
			answers: FuturesUnordered::new(),
		};
		tracing::info!(%bind, port, ?caps, "provider listens on UDP and TCP");
		let follow = [
			Task::spawn(
				"disputes",
				contest_strikes(chain.clone(), account.clone(), store.clone(), serving.metrics.clone()),
			),
			Task::spawn("target tests", follow_tests(chain, account, store, assignments, measured)),
		];
		let (alive, watched) = watch::channel(());
		let (stop, stopped) = oneshot::channel();
		let serve = Task::spawn("provider", async move {
			serving.run(inbound, requests, assignment, stopped).await;
			drop(alive);
		});
		Provider { port, counters, serving: watched, stop, serve, _follow: follow }
	}
}

impl Provider {
	/// Ends the device in an orderly way.
	pub async fn stop(self) {
		// An error means that it has stopped already.
		let _ = self.stop.send(());
		self.serve.finish(STOP_PATIENCE).await;
	}

	/// The port it listens on.
	pub fn port(&self) -> u16 {
		self.port
	}

	/// Returns when it can no longer serve.
	pub async fn failed(&self) {
		// The sender sends nothing: what ends the wait is that it is gone.
		let _ = self.serving.clone().changed().await;
	}

	/// Counters of its device.
	pub fn counters(&self) -> Arc<Counters> {
		self.counters.clone()
	}
}

/// Asks the chain at every best block which test is due, at every other one when it begins there, but while the line is
/// measured; and once per epoch forgets old receipts.
async fn follow_tests(
	chain: Arc<dyn ChainView>,
	account: AccountId,
	store: Arc<Store>,
	tests: watch::Sender<Option<Assignment>>,
	mut measured: watch::Receiver<Option<Range<Micros>>>,
) {
	let (mut heads, mut blocks) = (chain.heads(), chain.blocks());
	let mut timing = None;
	let mut pruned = None;
	// The block to ask, none for the best one.
	let mut at = None;
	loop {
		loop {
			let now = clock::now();
			let Some(until) = measured_until(&measured.borrow_and_update(), now) else { break };
			// Not until the clock says so: if it is set back, that is long after the measurement.
			let rest = Duration::from_micros(until.saturating_sub(now));
			tokio::select! {
				() = tokio::time::sleep(rest) => {}
				// Its members may have left for the T0 of another branch.
				changed = measured.changed() => if changed.is_err() { return },
			}
			// The best block knows what those before it said.
			at = None;
			blocks = blocks.resubscribe();
		}
		if timing.is_none() {
			timing =
				chain.timing().await.inspect_err(|error| tracing::warn!(%error, "timing not known")).ok();
		}
		let answers = tokio::join!(chain.target_test(&account, at), chain.clock());
		if let Some(epoch) =
			answers.1.as_ref().ok().map(|clock| clock.epoch).filter(|epoch| pruned != Some(*epoch))
		{
			pruned = Some(epoch);
			let store = store.clone();
			if let Err(error) = on_disk(move || store.prune(epoch)).await {
				tracing::warn!(error = format!("{error:#}"), "old records not removed");
			}
		}
		match (&timing, answers) {
			(Some(timing), (Ok(test), Ok(clock))) => {
				let test = test
					.filter(|test| test.epoch == clock.epoch)
					.map(|test| assignment(test, clock.first_slot, timing.slot_millis));
				tests.send_if_modified(|known| {
					let next = if at.is_none() { merge(test, known) } else { add_branch(test, known) };
					let changed = *known != next;
					if changed {
						let starts = next.as_ref().map_or(0, |test| test.starts.len());
						tracing::info!(epoch = clock.epoch, due = next.is_some(), starts, "target test");
						*known = next;
					}
					changed
				});
			}
			(None, _) => {}
			// A node forgets what the losers of a fork said as soon as it is decided.
			(_, (Err(error), _)) if at.is_some() => tracing::debug!(%error, "block not known any more"),
			(_, (Err(error), _) | (_, Err(error))) => tracing::warn!(%error, "target test not known"),
		}
		at = tokio::select! {
			// The best block first: what others say is added to it.
			biased;
			changed = heads.changed() => match changed {
				Ok(()) => None,
				Err(_) => return,
			},
			block = blocks.recv() => match block {
				Ok(block) => Some(block),
				Err(RecvError::Lagged(_)) => None,
				Err(RecvError::Closed) => return,
			},
		};
	}
}

/// When the measurement that runs at `now` is over. Nothing is asked meanwhile: the answers would come over the line that is
/// measured, and on a slow one be a part of it that shows. Only what the committee has come for counts: a T0 of a branch
/// that nobody follows must not keep the provider from learning the other one.
fn measured_until(measurement: &Option<Range<Micros>>, now: Micros) -> Option<Micros> {
	let Range { start, end } = measurement.clone()?;
	(start.saturating_sub(QUIET)..end).contains(&now).then_some(end)
}

/// What the best block says, with the T0s of other branches that are known of the same test.
fn merge(best: Option<Assignment>, known: &Option<Assignment>) -> Option<Assignment> {
	let mut test = best?;
	if let Some(known) = known.as_ref().filter(|known| is_same(known, &test)) {
		let others = known.starts.iter().filter(|start| !test.starts.contains(start)).copied();
		test.starts = test.starts.iter().copied().chain(others).take(MAX_STARTS).collect();
	}
	Some(test)
}

/// What is known, with the T0 of a block of another branch if that has the same test.
fn add_branch(branch: Option<Assignment>, known: &Option<Assignment>) -> Option<Assignment> {
	let mut test = known.clone()?;
	if let Some(branch) = branch.filter(|branch| is_same(branch, &test)) {
		let new = branch.starts.into_iter().filter(|start| !test.starts.contains(start)).collect::<Vec<_>>();
		let room = MAX_STARTS.saturating_sub(new.len());
		test.starts.truncate(room);
		test.starts.extend(new);
	}
	Some(test)
}

fn is_same(one: &Assignment, other: &Assignment) -> bool {
	let of = |test: &Assignment| (test.epoch, test.kind, test.ordinal, test.window);
	of(one) == of(other)
}

fn assignment(test: TargetTest<AccountId>, first_slot: u64, slot_millis: u64) -> Assignment {
	let member = |member: &weir_primitives::api::CommitteeMember<AccountId>| Member {
		account: bytes32(&member.account),
		key: bytes32(&member.key),
		prefix: prefix(&member.endpoint),
	};
	let start = test.start_slot.map(|slot| slot_begins(first_slot, slot_millis, slot));
	Assignment {
		epoch: test.epoch,
		kind: test.kind,
		ordinal: test.ordinal,
		down_kbps: test.quota_down_kbps,
		up_kbps: test.quota_up_kbps,
		window: u64::from(test.window_millis).saturating_mul(MILLI),
		starts: Vec::from_iter(start),
		committee: test.committee.iter().map(member).collect(),
	}
}

/// Answers `Clock`, which is anybody's and costs a signature, beside the task that keeps time; hands on the rest.
async fn tell_time(
	mut incoming: mpsc::Receiver<Incoming>,
	config: target::Config,
	others: mpsc::Sender<Incoming>,
) {
	while let Some(asked) = incoming.recv().await {
		if let Request::Clock { nonce } = &asked.request {
			// Whoever asked may no longer wait.
			let _ = asked.reply.send(config.tell_time(clock::now(), nonce));
		} else if let Err(TrySendError::Closed(_)) = others.try_send(asked) {
			// When it was only full, there is no answer.
			return;
		}
	}
}

/// What comes from others.
#[allow(clippy::large_enum_variant)]
enum Arrival {
	/// None: the control plane has ended.
	Request(Option<Incoming>),
	/// None: the device has ended.
	Datagram(Option<Inbound>),
}

impl Arrival {
	/// Of requests and datagrams that wait either by chance, so that no flood of one keeps the other waiting.
	async fn next(
		requests: &mut mpsc::Receiver<Incoming>,
		inbound: &mut mpsc::Receiver<Inbound>,
		takes_requests: bool,
	) -> Self {
		tokio::select! {
			request = requests.recv(), if takes_requests => Self::Request(request),
			datagram = inbound.recv() => Self::Datagram(datagram),
		}
	}
}

struct Serving {
	target: Target,
	engine: Engine,
	/// The control plane, which ends with it.
	control: Control,
	_clock: Task,
	store: Arc<Store>,
	metrics: Arc<Metrics>,
	/// WireGuard key of each session's attestor.
	sessions: HashMap<[u8; 8], [u8; 32]>,
	/// Epoch of the last test known.
	epoch: Option<u32>,
	/// Tells what is being measured.
	measuring: watch::Sender<Option<Range<Micros>>>,
	/// Refusals that were told of since: logs must not be filled from outside.
	refusals: Vec<Refusal>,
	/// Bilateral receipts that are to be kept before the answer goes out.
	settled: Vec<Bilateral>,
	/// Answers that wait for the disk, at most [`WAITING`].
	answers: FuturesUnordered<BoxFuture<'static, ()>>,
}

impl Serving {
	async fn run(
		mut self,
		mut inbound: mpsc::Receiver<Inbound>,
		mut requests: mpsc::Receiver<Incoming>,
		mut assignment: watch::Receiver<Option<Assignment>>,
		mut stopped: oneshot::Receiver<()>,
	) {
		loop {
			let now = clock::now();
			// Not left to the timer below, which may need a turn of the runtime that a flood delays.
			if self.target.timeout().is_some_and(|due| due <= now) {
				self.target.handle_timeout(now);
				self.drain().await;
			}
			let due = self.target.timeout();
			let takes_requests = self.answers.len() < WAITING;
			tokio::select! {
				// In this order: neither a receipt nor an answer that is due waits behind what others send.
				biased;
				() = clock::sleep_until_some(due) => {},
				_ = &mut stopped => break,
				changed = assignment.changed() => {
					if changed.is_err() {
						break;
					}
					let known = assignment.borrow_and_update().clone();
					self.assign(known).await;
				},
				Some(()) = self.answers.next(), if !self.answers.is_empty() => {},
				() = self.engine.failed() => {
					tracing::error!("the WireGuard device failed; the provider cannot serve");
					break;
				},
				arrival = Arrival::next(&mut requests, &mut inbound, takes_requests) => match arrival {
					Arrival::Request(Some(request)) => self.answer(request).await,
					Arrival::Request(None) => {
						tracing::error!("the control plane failed; the provider cannot serve");
						break;
					},
					Arrival::Datagram(Some(Inbound { at, source, bytes })) => {
						self.target.handle_datagram(at, source, &bytes);
						while let Ok(Inbound { at, source, bytes }) = inbound.try_recv() {
							self.target.handle_datagram(at, source, &bytes);
							if self.target.timeout().is_some_and(|due| due <= at) {
								break;
							}
						}
					},
					Arrival::Datagram(None) => {
						tracing::error!("the WireGuard device ended; the provider cannot serve");
						break;
					},
				},
			}
			self.drain().await;
		}
		while self.answers.next().await.is_some() {}
		self.engine.stop().await;
	}

	async fn assign(&mut self, known: Option<Assignment>) {
		let epoch = known.as_ref().map(|assignment| assignment.epoch);
		if epoch.is_some() && self.epoch != epoch {
			self.epoch = epoch;
			self.refusals.clear();
		}
		let committee = known.iter().flat_map(|assignment| &assignment.committee);
		self.control.expect(committee.filter_map(|member| member.prefix).collect()).await;
		self.target.set_assignment(known);
	}

	/// Requests come from the seat's prefix, and so must the tunnel's packets. WireGuard follows a peer that moves, so
	/// that this is asked before the load and again before its counts are signed.
	async fn check_tunnel(&mut self, request: &Request) -> Result<(), Refusal> {
		let (Request::Offer { session, .. } | Request::Finish { session, .. }) = request else {
			return Ok(());
		};
		// A session that is not known is the target's to refuse.
		let Some(key) = self.sessions.get(session) else { return Ok(()) };
		match self.engine.endpoint_of(*key).await {
			Some(endpoint) if self.target.is_allowed(session, endpoint.ip()) => Ok(()),
			Some(_) => Err(Refusal::OutsidePrefix),
			// No handshake yet, so nothing to compare: an attestor greets in the tunnel before it offers.
			None => Err(Refusal::UnknownSession),
		}
	}

	async fn answer(&mut self, Incoming { peer, source, request, reply }: Incoming) {
		let response = match self.check_tunnel(&request).await {
			Ok(()) => self.target.handle_request(clock::now(), source, &request),
			Err(refusal) => Response::Refuse(refusal),
		};
		match response {
			Response::Accept => self.tell_measurement(),
			Response::Final { .. } => {
				self.metrics.finals_signed.inc();
			}
			_ => {}
		}
		if let Response::Refuse(refusal) = &response {
			if self.refusals.contains(refusal) {
				tracing::debug!(%peer, %source, %refusal, "request refused");
			} else {
				self.refusals.push(*refusal);
				tracing::info!(%peer, %source, %refusal, "request refused");
			}
		}
		// A new WireGuard peer must be known before the answer lets it speak, and a receipt kept before it is confirmed.
		self.drain().await;
		let (settled, store) = (std::mem::take(&mut self.settled), self.store.clone());
		if settled.is_empty() {
			// Whoever asked may no longer wait.
			let _ = reply.send(response);
			return;
		}
		let answer = async move {
			for bilateral in settled {
				let store = store.clone();
				let kept = on_disk(move || store.put_bilateral(&bilateral.test.attestor, &bilateral));
				if let Err(error) = kept.await {
					tracing::error!(%error, "receipt not on disk yet; kept in memory until the next write");
				}
			}
			let _ = reply.send(response);
		};
		// Not awaited here: packets go on while the disk works.
		self.answers.push(answer.boxed());
	}

	fn tell_measurement(&self) {
		let now = self.target.measurement();
		self.measuring.send_if_modified(|known| {
			let changed = *known != now;
			*known = now;
			changed
		});
	}

	async fn drain(&mut self) {
		while let Some(output) = self.target.poll() {
			match output {
				Output::Datagram { address, bytes } => self.engine.send(ADDRESS, address, &bytes),
				Output::AddPeer { session, wireguard, address } => {
					if let Err(error) = self.engine.add_peer(wireguard, address, None).await {
						tracing::warn!(%error, "session not opened");
						self.target.forget(&session);
					} else {
						self.metrics.sessions.inc();
						self.sessions.insert(session, wireguard);
					}
				}
				Output::RemovePeer { session, wireguard } => {
					self.sessions.remove(&session);
					self.tell_measurement();
					self.engine.remove_peer(wireguard).await;
				}
				Output::Stopped { session } => {
					tracing::warn!(
						session = hex::encode(session),
						"countersignatures are missing; session stopped"
					);
				}
				Output::Settled(bilateral) => self.settled.push(*bilateral),
			}
		}
	}
}

#[cfg(test)]
mod tests;
