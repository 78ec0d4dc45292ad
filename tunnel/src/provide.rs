//! The target's side of tests: drives `weir_tunnel_core::target` with a WireGuard device, the control plane and the
//! chain's view of which test is due.

use crate::{
	chain::{bytes32, prefix, slot_begins, wire_kind, ChainView},
	clock,
	control::{self, Control, Incoming},
	engine::{Caps, Counters, Engine, Inbound},
	metrics::Metrics,
	store::Store,
	tasks::Task,
};
use anyhow::{Context, Result};
use libp2p::{identity::Keypair, PeerId};
use std::{collections::HashMap, net::IpAddr, sync::Arc};
use tokio::sync::{mpsc, watch};
use weir_primitives::{api::TargetTest, chain::AccountId};
use weir_tunnel_core::{
	keys::ProbeKeypair,
	target::{self, Assignment, Member, Output, Target, ADDRESS},
	wire::{Refusal, Request, Response},
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

/// A running provider. Dropped, it stops.
pub struct Provider {
	port: u16,
	counters: Arc<Counters>,
	serving: watch::Receiver<()>,
	_tasks: [Task; 2],
}

impl Provider {
	/// Binds both ports and serves until dropped.
	pub async fn start(
		settings: Settings,
		chain: Arc<dyn ChainView>,
		store: Arc<Store>,
		metrics: Arc<Metrics>,
	) -> Result<Self> {
		let Settings { bind, port, caps, account, probe, identity } = settings;
		let (engine, inbound) = Engine::start(bind, port, caps).await.context("provide")?;
		let port = engine.port();
		let (control, incoming) = control::serve(&identity, bind, port).await.context("provide")?;
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
			control,
			store,
			metrics,
			sessions: HashMap::new(),
		};
		tracing::info!(%bind, port, ?caps, "provider listens on UDP and TCP");
		let follow = Task::spawn("target tests", follow_tests(chain, account, assignments));
		let (alive, watched) = watch::channel(());
		let serve = Task::spawn("provider", async move {
			serving.run(inbound, incoming, assignment).await;
			drop(alive);
		});
		Ok(Self { port, counters, serving: watched, _tasks: [follow, serve] })
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

/// Asks the chain at every block which test is due.
async fn follow_tests(
	chain: Arc<dyn ChainView>,
	account: AccountId,
	tests: watch::Sender<Option<Assignment>>,
) {
	let mut heads = chain.heads();
	let mut timing = None;
	loop {
		if timing.is_none() {
			timing =
				chain.timing().await.inspect_err(|error| tracing::warn!(%error, "timing not known")).ok();
		}
		let answers = tokio::join!(chain.target_test(&account), chain.clock());
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
	control: Control,
	store: Arc<Store>,
	metrics: Arc<Metrics>,
	/// WireGuard key and control-plane identity of each session's attestor.
	sessions: HashMap<[u8; 8], ([u8; 32], PeerId)>,
}

impl Serving {
	async fn run(
		mut self,
		mut inbound: mpsc::Receiver<Inbound>,
		mut incoming: mpsc::Receiver<Incoming>,
		mut assignment: watch::Receiver<Option<Assignment>>,
	) {
		loop {
			let due = self.target.timeout();
			let mut opener = None;
			tokio::select! {
				// In this order: a receipt that is due does not wait behind datagrams.
				biased;
				() = clock::sleep_until_some(due) => self.target.handle_timeout(clock::now()),
				changed = assignment.changed() => {
					if changed.is_err() {
						return;
					}
					let known = assignment.borrow_and_update().clone();
					self.target.set_assignment(known);
				},
				Some(request) = incoming.recv() => opener = self.answer(request).await,
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
					return;
				},
				else => return,
			}
			self.drain(opener).await;
		}
	}

	/// Answers a request; returns who opened a session.
	async fn answer(&mut self, Incoming { peer, source, request, reply }: Incoming) -> Option<PeerId> {
		let mut response = None;
		// Requests come from the seat's prefix, and so must the tunnel's packets.
		if let Request::Offer { session, .. } = &request {
			if let Some((key, _)) = self.sessions.get(session) {
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
		let opener = matches!(response, Response::Opened { .. }).then_some(peer);
		if let (Some(_), Request::Open { test, .. }) = (opener, &request) {
			// A repeated request may come over a new connection.
			if let Some(session) = self.sessions.get_mut(&test.session) {
				session.1 = peer;
			}
			// The peer must be known before the answer lets it speak.
			self.drain(opener).await;
		}
		let _ = reply.send(response);
		opener
	}

	async fn drain(&mut self, opener: Option<PeerId>) {
		while let Some(output) = self.target.poll() {
			match output {
				Output::Datagram { address, bytes } => self.engine.send(ADDRESS, address, &bytes),
				Output::Receipt { session, receipt } => {
					if let Some((_, peer)) = self.sessions.get(&session) {
						self.control.tell(*peer, Request::Receipt { session, receipt });
					}
				}
				Output::AddPeer { session, wireguard, address } => {
					if let Err(error) = self.engine.add_peer(wireguard, address, None).await {
						tracing::warn!(%error, "session not opened");
						self.target.forget(&session);
					} else if let Some(peer) = opener {
						self.metrics.sessions.inc();
						self.sessions.insert(session, (wireguard, peer));
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
					if let Err(error) = self.store.put_bilateral(&bilateral.test.attestor, &bilateral) {
						tracing::error!(%error, "receipt not kept");
					}
				}
			}
		}
	}
}
