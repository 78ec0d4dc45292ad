//! The target's side of tests: drives `weir_tunnel_core::target` with a WireGuard device, the control plane and the
//! chain's view of which test is due.

use crate::{
	chain::{bytes32, prefix, slot_begins, wire_kind, ChainView},
	clock,
	control::{self, Control, Incoming},
	engine::{Caps, Counters, Engine, Inbound},
	metrics::Metrics,
	store::Store,
	tasks::{on_disk, Task},
};
use anyhow::Result;
use futures::{future::BoxFuture, stream::FuturesUnordered, FutureExt, StreamExt};
use libp2p::identity::Keypair;
use std::{collections::HashMap, net::IpAddr, sync::Arc, time::Duration};
use tokio::sync::{mpsc, oneshot, watch};
use weir_primitives::{api::TargetTest, chain::AccountId};
use weir_tunnel_core::{
	keys::ProbeKeypair,
	target::{self, Assignment, Member, Output, Target, ADDRESS},
	wire::{Bilateral, Refusal, Request, Response},
	MILLI,
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
	_follow: Task,
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
		let config = target::Config {
			genesis: chain.genesis(),
			account: bytes32(&account),
			key: probe,
			wireguard: engine.public(),
			port,
		};
		let (assignments, assignment) = watch::channel(None);
		let counters = engine.counters();
		let serving = Serving {
			target: Target::new(config),
			engine,
			_control: control,
			store: store.clone(),
			metrics,
			sessions: HashMap::new(),
			signed: Vec::new(),
			answers: FuturesUnordered::new(),
		};
		tracing::info!(%bind, port, ?caps, "provider listens on UDP and TCP");
		let follow = Task::spawn("target tests", follow_tests(chain, account, store, assignments));
		let (alive, watched) = watch::channel(());
		let (stop, stopped) = oneshot::channel();
		let serve = Task::spawn("provider", async move {
			serving.run(inbound, incoming, assignment, stopped).await;
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

/// Asks the chain at every block which test is due, and once per epoch forgets old receipts.
async fn follow_tests(
	chain: Arc<dyn ChainView>,
	account: AccountId,
	store: Arc<Store>,
	tests: watch::Sender<Option<Assignment>>,
) {
	let mut heads = chain.heads();
	let mut timing = None;
	let mut pruned = None;
	loop {
		if timing.is_none() {
			timing =
				chain.timing().await.inspect_err(|error| tracing::warn!(%error, "timing not known")).ok();
		}
		let answers = tokio::join!(chain.target_test(&account), chain.clock());
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
					let changed = *known != test;
					if changed {
						tracing::info!(epoch = clock.epoch, due = test.is_some(), "target test");
						*known = test;
					}
					changed
				});
			}
			(None, _) => {}
			(_, (Err(error), _) | (_, Err(error))) => tracing::warn!(%error, "target test not known"),
		}
		if heads.changed().await.is_err() {
			return;
		}
	}
}

fn assignment(test: TargetTest<AccountId>, first_slot: u64, slot_millis: u64) -> Assignment {
	let member = |member: &weir_primitives::api::CommitteeMember<AccountId>| Member {
		account: bytes32(&member.account),
		key: bytes32(&member.key),
		prefix: prefix(&member.endpoint),
	};
	Assignment {
		epoch: test.epoch,
		kind: wire_kind(test.kind),
		ordinal: test.ordinal,
		down_kbps: test.quota_down_kbps,
		up_kbps: test.quota_up_kbps,
		window: u64::from(test.window_millis).saturating_mul(MILLI),
		start: test.start_slot.map(|slot| slot_begins(first_slot, slot_millis, slot)),
		committee: test.committee.iter().map(member).collect(),
	}
}

struct Serving {
	target: Target,
	engine: Engine,
	/// Ends the control plane with it.
	_control: Control,
	store: Arc<Store>,
	metrics: Arc<Metrics>,
	/// WireGuard key of each session's attestor.
	sessions: HashMap<[u8; 8], [u8; 32]>,
	/// Finals that are to be kept before the answer goes out.
	signed: Vec<Bilateral>,
	/// Answers that wait for the disk.
	answers: FuturesUnordered<BoxFuture<'static, ()>>,
}

impl Serving {
	async fn run(
		mut self,
		mut inbound: mpsc::Receiver<Inbound>,
		mut incoming: mpsc::Receiver<Incoming>,
		mut assignment: watch::Receiver<Option<Assignment>>,
		mut stopped: oneshot::Receiver<()>,
	) {
		loop {
			let due = self.target.timeout();
			tokio::select! {
				// In this order: a receipt that is due does not wait behind datagrams.
				biased;
				() = clock::sleep_until_some(due) => self.target.handle_timeout(clock::now()),
				_ = &mut stopped => break,
				changed = assignment.changed() => {
					if changed.is_err() {
						break;
					}
					let known = assignment.borrow_and_update().clone();
					self.target.set_assignment(known);
				},
				request = incoming.recv() => match request {
					Some(request) => self.answer(request).await,
					None => {
						tracing::error!("the control plane failed; the provider cannot serve");
						break;
					},
				},
				Some(()) = self.answers.next(), if !self.answers.is_empty() => {},
				Some(Inbound { at, source, bytes }) = inbound.recv() => {
					self.target.handle_datagram(at, source, &bytes);
					while let Ok(Inbound { at, source, bytes }) = inbound.try_recv() {
						self.target.handle_datagram(at, source, &bytes);
						if self.target.timeout().is_some_and(|due| due <= at) {
							break;
						}
					}
				},
				() = self.engine.failed() => {
					tracing::error!("the WireGuard device failed; the provider cannot serve");
					break;
				},
				else => break,
			}
			self.drain().await;
		}
		while self.answers.next().await.is_some() {}
		self.engine.stop().await;
	}

	async fn answer(&mut self, Incoming { peer, source, request, reply }: Incoming) {
		let mut response = None;
		// Requests come from the seat's prefix, and so must the tunnel's packets.
		if let Request::Offer { session, .. } = &request {
			if let Some(key) = self.sessions.get(session) {
				let endpoint = self.engine.endpoint_of(*key).await;
				if endpoint.is_some_and(|endpoint| !self.target.is_allowed(session, endpoint.ip())) {
					response = Some(Response::Refuse(Refusal::OutsidePrefix));
				}
			}
		}
		let response = response.unwrap_or_else(|| self.target.handle_request(clock::now(), source, &request));
		if let Response::Refuse(refusal) = &response {
			self.metrics.refused.inc();
			tracing::info!(%peer, %source, %refusal, "request refused");
		}
		// A new WireGuard peer must be known before the answer lets it speak, and a final kept before it is handed out.
		self.drain().await;
		let (signed, store) = (std::mem::take(&mut self.signed), self.store.clone());
		let answer = async move {
			for bilateral in signed {
				let store = store.clone();
				let kept = on_disk(move || store.put_bilateral(&bilateral.test.attestor, &bilateral));
				if let Err(error) = kept.await {
					tracing::error!(%error, "receipt not on disk yet; kept in memory until the next write");
				}
			}
			// Whoever asked may no longer wait.
			let _ = reply.send(response);
		};
		// Not awaited here: packets go on while the disk works.
		self.answers.push(answer.boxed());
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
					self.engine.remove_peer(wireguard).await;
				}
				Output::Stopped { session } => {
					tracing::warn!(
						session = hex::encode(session),
						"countersignatures are missing; session stopped"
					);
				}
				Output::Signed(bilateral) => {
					self.metrics.finals_signed.inc();
					self.signed.push(*bilateral);
				}
			}
		}
	}
}
