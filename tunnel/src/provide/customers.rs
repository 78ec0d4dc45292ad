//! The tasks that serve customers, from what an earlier process left on the disk to the last claim.

use super::{
	claims::{Claims, Owed},
	facts::Facts,
	guests::{Config, Guests, Inlets, Parts},
	month::{month_of, Month},
	serving::PeerChange,
	writer::Writer,
	Paid, PACKETS,
};
use crate::{
	chain::ChainView,
	clock,
	control::Incoming,
	engine::PacketSender,
	metrics::Metrics,
	nat::Behind,
	store::Store,
	tasks::{on_disk, Task},
};
use std::{ops::Range, sync::Arc, time::Duration};
use tokio::sync::{mpsc, oneshot, watch};
use weir_primitives::chain::AccountId;
use weir_tunnel_core::{target, wire::Disguise, Micros};

/// A process that stops waits this long for the pool of a node to have its last claims. They are filed again after a restart.
pub(super) const CLAIM_PATIENCE: Duration = Duration::from_secs(10);

/// What customers are served with.
pub(super) struct Customers {
	pub(super) paid: Paid,
	pub(super) chain: Arc<dyn ChainView>,
	pub(super) store: Arc<Store>,
	pub(super) metrics: Arc<Metrics>,
	pub(super) account: AccountId,
	/// Who the provider is.
	pub(super) target: target::Config,
	pub(super) peers: mpsc::Sender<PeerChange>,
	pub(super) to_guests: PacketSender,
	/// How a session is disguised.
	pub(super) disguise: Disguise,
	pub(super) behind: Arc<Behind>,
	pub(super) measured: watch::Receiver<Option<Range<Micros>>>,
}

impl Customers {
	/// Serves until it is stopped; then writes down what sessions came to, and claims.
	pub(super) async fn serve(
		self,
		requests: mpsc::Receiver<Incoming>,
		from_guests: mpsc::Receiver<Vec<u8>>,
		stopped: oneshot::Receiver<()>,
	) {
		let Self {
			paid,
			chain,
			store,
			metrics,
			account,
			target,
			peers,
			to_guests,
			disguise,
			behind,
			measured,
		} = self;
		let month = month_of(clock::now());
		let disk = store.clone();
		let (kept, bytes) = match on_disk(move || Ok((disk.kept()?, disk.carried(month)?))).await {
			Ok(read) => read,
			Err(error) => {
				tracing::error!(
					error = format!("{error:#}"),
					"paid channels cannot be read; no customer is served"
				);
				return;
			}
		};
		let owed = Arc::<Owed>::default();
		kept.values().filter_map(|kept| kept.record.voucher).for_each(|signed| owed.add(signed));
		let facts = Arc::new(Facts::new(chain, paid.payments, account));
		let _follow = Task::spawn("channel facts", facts.clone().follow(measured));
		let (stop_claims, claims_stopped) = oneshot::channel();
		let claims = Claims::new(paid.claim, facts.clone(), owed.clone(), store.clone(), metrics.clone());
		let claims = Task::spawn("claims", claims.run(claims_stopped));
		let (to_outlet, from_outlet) = mpsc::channel(PACKETS);
		let parts = Parts {
			config: Config {
				genesis: target.genesis,
				account: target.account,
				wireguard: target.wireguard,
				port: target.port,
				disguise,
				sessions: paid.sessions,
			},
			facts,
			writer: Writer::start(store),
			owed,
			metrics,
			peers,
			to_guests,
			to_outlet: to_outlet.clone(),
			behind,
			open_outlet: Box::new(move |registered| (paid.exit)(registered, to_outlet.clone())),
			kept: kept.into_iter().collect(),
			month: Month::new(month, bytes, paid.month_gb),
			hours: paid.hours,
			switch: paid.switch,
		};
		tracing::info!(sessions = paid.sessions, "customers are served");
		Guests::new(parts).run(Inlets { requests, from_guests, from_outlet, stopped }).await;
		// An error means that it has ended already.
		let _ = stop_claims.send(());
		claims.finish(CLAIM_PATIENCE).await;
	}
}

#[cfg(test)]
mod tests;
