//! The provider: is measured by committees, and serves customers.
//!
//! * `serving`: the task that keeps time. It drives `weir_tunnel_core::target` with a WireGuard device and the control plane.
//!   `follow`: which test is due.
//! * `customers`: everything of customers, in tasks of their own. `guests`: their sessions. `writer`: vouchers on the
//!   disk. `claims`: vouchers on the chain. `facts`: what the chain says of channels. `outlet`: where
//!   their packets go. `month`: the data cap. `hours`, `doors`: when they are let in.

mod claims;
mod customers;
mod doors;
mod facts;
mod follow;
mod guests;
mod hours;
mod month;
mod outlet;
mod serving;
mod writer;

pub use doors::{Standing, Switch, Why};
pub use facts::Registration;
pub use hours::{Hours, HoursError};
pub use outlet::{chosen_exit, OpenExit, Outlet, Way};

use crate::{
	chain::{bytes32, Account, ChainView, Payments},
	clock,
	contest::contest_strikes,
	control::{self, Control, Incoming},
	engine::{Caps, Counters, Engine, Inbound},
	metrics::Metrics,
	nat::{self, Behind, Reaching, Standpoint},
	store::Store,
	tasks::Task,
};
use anyhow::Result;
use customers::{Customers, CLAIM_PATIENCE};
use follow::follow_tests;
use futures::stream::FuturesUnordered;
use libp2p::identity::Keypair;
use serving::Serving;
use std::{collections::HashMap, net::IpAddr, sync::Arc, time::Duration};
use tokio::sync::{
	mpsc::{self, error::TrySendError},
	oneshot, watch,
};
use weir_primitives::chain::AccountId;
use weir_tunnel_core::{
	keys::ProbeKeypair,
	target::{self, Target},
	wire::{Refusal, Request, Response},
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
/// Packets of the exit that wait for customers' tunnels.
const PACKETS: usize = 4_096;
/// A process that stops waits this long for the device to end, and for what customers have paid to be on the disk.
const STOP_PATIENCE: Duration = Duration::from_secs(5);
/// Connections by a relay that wait for the control plane.
const RELAYED: usize = 16;

/// What the provider needs to serve customers.
pub struct Paid {
	/// Where their channels are.
	pub payments: Arc<dyn Payments>,
	/// Claims what they pay. Any account may: it needs no more than what fees cost.
	pub claim: Account,
	/// Sessions at once.
	pub sessions: usize,
	/// 10⁹ bytes in a calendar month; 0: no bound.
	pub month_gb: u64,
	/// When they are let in.
	pub hours: Hours,
	/// By which the owner pauses.
	pub switch: Arc<Switch>,
	/// Opens the exit; what comes back goes to the sender.
	pub exit: OpenExit,
}

/// A provider whose ports are bound; it does not answer yet.
pub struct Bound {
	settings: Settings,
	engine: Engine,
	inbound: mpsc::Receiver<Inbound>,
	from_guests: mpsc::Receiver<Vec<u8>>,
	control: Control,
	incoming: mpsc::Receiver<Incoming>,
	behind: Arc<Behind>,
	reaching: Option<Reaching>,
}

/// A running provider. Dropped, it stops.
pub struct Provider {
	port: u16,
	counters: Arc<Counters>,
	serving: watch::Receiver<()>,
	stop: oneshot::Sender<()>,
	serve: Task,
	customers: Option<(oneshot::Sender<()>, Task)>,
	standpoint: watch::Receiver<Standpoint>,
	_follow: [Task; 2],
	_reached: Option<Task>,
}

impl Bound {
	/// Binds both ports: a port in use shows before the chain is waited for.
	pub async fn bind(settings: Settings) -> Result<Self> {
		let (engine, inbound, from_guests) =
			Engine::start_serving(settings.bind, settings.port, settings.caps).await?;
		let (to_control, relayed) = mpsc::channel(RELAYED);
		let behind = Behind::new(engine.side(), settings.bind, to_control);
		let (identity, bind, port) = (&settings.identity, settings.bind, engine.port());
		let (control, incoming) = control::serve_and_take(identity, bind, port, relayed).await?;
		Ok(Self { settings, engine, inbound, from_guests, control, incoming, behind, reaching: None })
	}

	/// Looks how its routers translate, and is reached by them or through another provider.
	pub fn reached_by(self, reaching: Reaching) -> Self {
		Self { reaching: Some(reaching), ..self }
	}

	/// Serves until dropped or stopped; without `paid` nobody but attestors.
	pub fn serve(
		self,
		chain: Arc<dyn ChainView>,
		store: Arc<Store>,
		metrics: Arc<Metrics>,
		paid: Option<Paid>,
	) -> Provider {
		let Self { settings, engine, inbound, from_guests, control, incoming, behind, reaching } = self;
		let Settings { bind, caps, account, probe, identity, .. } = settings;
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
		let (ask_guests, guest_requests) = mpsc::channel(WAITING);
		let (change_peers, peers) = mpsc::channel(WAITING);
		let clock = Task::spawn("clock answers", hand_out(incoming, config.clone(), others, ask_guests));
		let customers = paid.map(|paid| {
			let (stop, stopped) = oneshot::channel();
			let customers = Customers {
				paid,
				chain: chain.clone(),
				store: store.clone(),
				metrics: metrics.clone(),
				account: account.clone(),
				target: config.clone(),
				peers: change_peers,
				to_guests: engine.packet_sender(),
				disguise: engine.disguise(),
				behind: behind.clone(),
				measured: measured.clone(),
			};
			let serving = customers.serve(guest_requests, from_guests, stopped);
			(stop, Task::spawn("customers", serving))
		});
		let standpoint = behind.standpoint();
		let reached = reaching.map(|reaching| {
			let (behind, account) = (behind.clone(), account.clone());
			Task::spawn("reached", nat::run(nat::Parts { reaching, behind, account, identity, port }))
		});
		let serving = Serving {
			behind,
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
			peers,
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
		Provider {
			port,
			counters,
			serving: watched,
			stop,
			serve,
			customers,
			standpoint,
			_follow: follow,
			_reached: reached,
		}
	}
}

impl Provider {
	/// Ends customers' sessions, claims what they have paid, and ends the device, in an orderly way.
	pub async fn stop(self) {
		if let Some((stop, customers)) = self.customers {
			// An error means that it has stopped already.
			let _ = stop.send(());
			customers.finish(STOP_PATIENCE.saturating_add(CLAIM_PATIENCE)).await;
		}
		// An error means that it has stopped already.
		let _ = self.stop.send(());
		self.serve.finish(STOP_PATIENCE).await;
	}

	/// The port it listens on.
	pub fn port(&self) -> u16 {
		self.port
	}

	/// How its routers translate, and how customers get to it.
	pub fn standpoint(&self) -> watch::Receiver<Standpoint> {
		self.standpoint.clone()
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

/// Answers `Clock`, which is anybody's and costs a signature, beside the task that keeps time; hands on the rest.
async fn hand_out(
	mut incoming: mpsc::Receiver<Incoming>,
	config: target::Config,
	others: mpsc::Sender<Incoming>,
	customers: mpsc::Sender<Incoming>,
) {
	while let Some(asked) = incoming.recv().await {
		match &asked.request {
			Request::Clock { nonce } => {
				// Whoever asked may no longer wait.
				let _ = asked.reply.send(config.tell_time(clock::now(), nonce));
			}
			Request::Join { .. }
			| Request::Pay { .. }
			| Request::Leave { .. }
			| Request::Disguise { .. }
			| Request::Reach { .. }
			| Request::Punch { .. } => {
				// When it is only full, there is no answer.
				if let Err(TrySendError::Closed(asked)) = customers.try_send(asked) {
					let _ = asked.reply.send(Response::Refuse(Refusal::NotServing));
				}
			}
			_ => {
				if let Err(TrySendError::Closed(_)) = others.try_send(asked) {
					return;
				}
			}
		}
	}
}

#[cfg(test)]
mod tests;
