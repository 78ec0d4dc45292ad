//! The task that keeps time: answers attestors and drives the target. Customers' packets are none of its business.

use super::WAITING;
use crate::{
	clock,
	control::{Control, Incoming},
	engine::{Engine, Inbound},
	metrics::Metrics,
	nat::Behind,
	store::Store,
	tasks::{on_disk, Task},
};
use futures::{future::BoxFuture, stream::FuturesUnordered, FutureExt, StreamExt};
use std::{collections::HashMap, net::Ipv4Addr, ops::Range, sync::Arc};
use tokio::sync::{mpsc, oneshot, watch};
use weir_tunnel_core::{
	target::{Assignment, Output, Target, ADDRESS},
	wire::{Bilateral, Refusal, Request, Response},
	Micros,
};

/// A customer's WireGuard peer that comes or goes: the device is the serving task's.
pub(super) enum PeerChange {
	/// Accept it.
	Add {
		/// Its x25519 key.
		wireguard: [u8; 32],
		/// Its only inner address.
		address: Ipv4Addr,
		/// Told whether it is accepted.
		done: oneshot::Sender<bool>,
	},
	/// Forget it.
	Remove {
		/// Its x25519 key.
		wireguard: [u8; 32],
	},
	/// Say where it is.
	Find {
		/// Its x25519 key.
		wireguard: [u8; 32],
		/// Told where its packets come from.
		done: oneshot::Sender<Option<std::net::SocketAddr>>,
	},
}

/// What comes from others.
#[allow(clippy::large_enum_variant)]
pub(super) enum Arrival {
	/// None: the control plane has ended.
	Request(Option<Incoming>),
	/// None: the device has ended.
	Datagram(Option<Inbound>),
}

impl Arrival {
	/// Of requests and datagrams that wait either by chance, so that no flood of one keeps the other waiting.
	pub(super) async fn next(
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

pub(super) struct Serving {
	/// Where the provider stands.
	pub(super) behind: Arc<Behind>,
	pub(super) target: Target,
	pub(super) engine: Engine,
	/// The control plane, which ends with it.
	pub(super) control: Control,
	pub(super) _clock: Task,
	pub(super) store: Arc<Store>,
	pub(super) metrics: Arc<Metrics>,
	/// WireGuard key of each session's attestor.
	pub(super) sessions: HashMap<[u8; 8], [u8; 32]>,
	/// Epoch of the last test known.
	pub(super) epoch: Option<u32>,
	/// Tells what is being measured.
	pub(super) measuring: watch::Sender<Option<Range<Micros>>>,
	/// Refusals that were told of since: logs must not be filled from outside.
	pub(super) refusals: Vec<Refusal>,
	/// Bilateral receipts that are to be kept before the answer goes out.
	pub(super) settled: Vec<Bilateral>,
	/// Customers' WireGuard peers that come and go.
	pub(super) peers: mpsc::Receiver<PeerChange>,
	/// Answers that wait for the disk, at most [`WAITING`].
	pub(super) answers: FuturesUnordered<BoxFuture<'static, ()>>,
}

impl Serving {
	pub(super) async fn run(
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
				Some(change) = self.peers.recv() => self.change_peer(change).await,
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

	pub(super) async fn assign(&mut self, known: Option<Assignment>) {
		let epoch = known.as_ref().map(|assignment| assignment.epoch);
		if epoch.is_some() && self.epoch != epoch {
			self.epoch = epoch;
			self.refusals.clear();
		}
		let committee = known.iter().flat_map(|assignment| &assignment.committee);
		self.control.expect(committee.filter_map(|member| member.prefix).collect()).await;
		self.target.set_assignment(known);
	}

	async fn change_peer(&mut self, change: PeerChange) {
		match change {
			PeerChange::Add { wireguard, address, done } => {
				let added = self.engine.add_peer(wireguard, address, None).await;
				if let Err(error) = &added {
					tracing::warn!(%error, "customer's session not opened");
				}
				// Whoever asked may no longer wait.
				let _ = done.send(added.is_ok());
			}
			PeerChange::Remove { wireguard } => self.engine.remove_peer(wireguard).await,
			PeerChange::Find { wireguard, done } => {
				// Whoever asked may no longer wait.
				let _ = done.send(self.engine.endpoint_of(wireguard).await);
			}
		}
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
		let mut response = match self.check_tunnel(&request).await {
			Ok(()) => self.target.handle_request(clock::now(), source, &request),
			Err(refusal) => Response::Refuse(refusal),
		};
		match &mut response {
			// By a relay or a router's port.
			Response::Opened { port, .. } => *port = self.behind.port(*port),
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
