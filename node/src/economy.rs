//! What a monitor watches of the economy: whether there is a price, and whether the supply adds up.

use crate::service::FullClient;
use futures::StreamExt;
use polkadot_sdk::*;
use sc_client_api::BlockchainEvents;
use sc_service::SpawnTaskHandle;
use sp_api::ProvideRuntimeApi;
use std::sync::Arc;
use substrate_prometheus_endpoint::{register, Gauge, PrometheusError, Registry, F64, U64};
use weir_primitives::{
	economy::{Price, PRICE_ONE},
	economy_api::{EconomyApi, PriceInfo, SupplyInfo},
};
use weir_runtime::Hash;

/// What is shown of the last final block.
struct Gauges {
	price: Gauge<F64>,
	reports: Gauge<U64>,
	purchases_open: Gauge<U64>,
	payouts_open: Gauge<U64>,
	supply_balanced: Gauge<U64>,
}

impl Gauges {
	fn new(registry: &Registry) -> Result<Self, PrometheusError> {
		fn gauge(name: &str, help: &str, registry: &Registry) -> Result<Gauge<U64>, PrometheusError> {
			register(Gauge::new(name, help)?, registry)
		}
		let price = Gauge::new("weir_price_dollars", "Median of the newest quote, dollars per token.")?;
		Ok(Self {
			price: register(price, registry)?,
			reports: gauge("weir_price_reports", "Valid reports behind the newest quote.", registry)?,
			purchases_open: gauge(
				"weir_purchases_open",
				"1 if tokens buy credits, 0 while they wait; weir_price says why.",
				registry,
			)?,
			payouts_open: gauge("weir_payouts_open", "1 if there is a price for payouts.", registry)?,
			supply_balanced: gauge(
				"weir_supply_balanced",
				"1 if the six counters of the supply add up to the cap, and to what exists.",
				registry,
			)?,
		})
	}

	fn show(&self, price: &PriceInfo, supply: &SupplyInfo) {
		if let Some(quote) = &price.quote {
			self.price.set(dollars(quote.median));
			self.reports.set(quote.reports.into());
		}
		self.purchases_open.set((price.purchases_closed.is_none() && !price.paused).into());
		self.payouts_open.set(price.payouts_closed.is_none().into());
		self.supply_balanced.set(supply.balanced.into());
	}
}

/// A price as a monitor draws it. Nothing is decided by it.
fn dollars(price: Price) -> f64 {
	price as f64 / PRICE_ONE as f64
}

fn read(client: &FullClient, at: Hash) -> Result<(PriceInfo, SupplyInfo), sp_api::ApiError> {
	let api = client.runtime_api();
	Ok((api.price(at)?, api.supply(at)?))
}

/// Shows in `registry` what every block says that becomes final from now on. Without one nothing is read. Says so in the log
/// when the supply begins or ceases not to add up: that is a fault of the chain, which no operator can mend alone.
pub(crate) fn watch(
	client: Arc<FullClient>,
	registry: Option<&Registry>,
	spawner: &SpawnTaskHandle,
) -> Result<(), PrometheusError> {
	let Some(registry) = registry else { return Ok(()) };
	let gauges = Gauges::new(registry)?;
	// It executes the runtime, which has no place among tasks that must not block.
	spawner.spawn_blocking("weir-economy", None, async move {
		let mut finality = client.finality_notification_stream();
		let mut balanced = true;
		while let Some(last) = finality.next().await {
			match read(&client, last.hash) {
				Ok((price, supply)) => {
					gauges.show(&price, &supply);
					if balanced && !supply.balanced {
						log::error!(
							"the supply does not add up in block {:?}: tell the developers; weir_supply has the counters",
							last.hash
						);
					}
					balanced = supply.balanced;
				}
				Err(error) => log::debug!("the economy of block {:?} cannot be read: {error}", last.hash),
			}
		}
	});
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;
	use weir_primitives::economy::{GateReason, Quote};

	fn supply(balanced: bool) -> SupplyInfo {
		SupplyInfo {
			cap: 0,
			genesis: 0,
			issuance: 0,
			total_issuance: 0,
			reserve: 0,
			bucket: 0,
			basis: 0,
			buffer: 0,
			destroyed: 0,
			credits: 0,
			pending_credits: 0,
			burned: 0,
			reminted: 0,
			insured: 0,
			emitted: 0,
			recredited: 0,
			balanced,
		}
	}

	fn price(quote: Option<Quote>, closed: Option<GateReason>, paused: bool) -> PriceInfo {
		PriceInfo {
			round: 8,
			round_blocks: 5,
			quote,
			purchases_closed: closed,
			payouts_closed: None,
			lost: false,
			paused,
			reporters: 3,
			quorum: 2,
		}
	}

	#[test]
	fn gauges_should_show_price_gates_and_supply() {
		let gauges = Gauges::new(&Registry::new()).unwrap();
		let quote = Quote {
			round: 8,
			median: PRICE_ONE / 8,
			ema: 1,
			twap: None,
			low: 1,
			high: 1,
			reports: 3,
			oldest_block: 1,
			at_block: 2,
			gate: None,
		};
		gauges.show(&price(Some(quote), None, false), &supply(true));
		assert_eq!((gauges.price.get(), gauges.reports.get()), (0.125, 3));
		let shown = || (gauges.purchases_open.get(), gauges.payouts_open.get(), gauges.supply_balanced.get());
		assert_eq!(shown(), (1, 1, 1));
		gauges.show(&price(Some(quote), Some(GateReason::Spread), false), &supply(false));
		assert_eq!(shown(), (0, 1, 0));
		gauges.show(&price(None, None, true), &supply(true));
		assert_eq!(shown(), (0, 1, 1));
	}
}
