//! How often a reveal has an entry that does not count, and why. The chain says so in an event; a seat is told nothing else.

use crate::{rpc, service::FullClient};
use futures::StreamExt;
use polkadot_sdk::*;
use sc_client_api::BlockchainEvents;
use sc_service::SpawnTaskHandle;
use std::sync::Arc;
use substrate_prometheus_endpoint::{register, CounterVec, Opts, PrometheusError, Registry, U64};
use weir_runtime::{configs::measuring, RuntimeEvent};

/// Blocks that are read when many become final at once: as many as the states a node keeps by default.
const LONGEST_STEP: usize = 256;

/// Entries rejected in final blocks, by reason.
struct Rejected(CounterVec<U64>);

impl Rejected {
	fn new(registry: &Registry) -> Result<Self, PrometheusError> {
		let help = "Entries of revealed reports that do not count, by reason, in blocks that became final.";
		let counters = CounterVec::new(Opts::new("weir_entries_rejected_total", help), &["reason"])?;
		Ok(Self(register(counters, registry)?))
	}

	fn count(&self, events: &[RuntimeEvent]) {
		for (_, why) in events.iter().flat_map(measuring::rejected) {
			self.0.with_label_values(&[&format!("{why:?}")]).inc();
		}
	}
}

/// Counts in `registry` what every block says that becomes final from now on. Without one nothing is read.
pub(crate) fn watch(
	client: Arc<FullClient>,
	registry: Option<&Registry>,
	spawner: &SpawnTaskHandle,
) -> Result<(), PrometheusError> {
	let Some(registry) = registry else { return Ok(()) };
	let rejected = Rejected::new(registry)?;
	// It reads the database, which has no place among tasks that must not block.
	spawner.spawn_blocking("weir-rejected", None, async move {
		let mut finality = client.finality_notification_stream();
		while let Some(last) = finality.next().await {
			let before = last.tree_route.iter().rev().take(LONGEST_STEP);
			for hash in before.chain([&last.hash]) {
				match rpc::events(&client, *hash) {
					Some(events) => rejected.count(&events),
					None => log::debug!(
						"the events of block {hash:?} cannot be read; its rejected entries are not counted"
					),
				}
			}
		}
	});
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;
	use codec::{DecodeAll, Encode};
	use weir_primitives::ProviderIndex;
	use weir_runtime::AccountId;

	const REASONS: [&str; 5] = ["NotAssigned", "Duplicate", "OutOfRange", "Barred", "Busy"];

	/// The event of a reveal with entries rejected for such reasons, from its bytes: those must stay what they are.
	fn revealed(rejected: &[u8]) -> RuntimeEvent {
		let rejected: Vec<(ProviderIndex, u8)> = (0..).zip(rejected.iter().copied()).collect();
		let bytes = (53u8, 8u8, 4u32, AccountId::from([1; 32]), 7u32, rejected).encode();
		RuntimeEvent::decode_all(&mut &bytes[..]).unwrap()
	}

	#[test]
	fn rejected_entries_should_be_counted_by_reason() {
		let registry = Registry::new();
		let rejected = Rejected::new(&registry).unwrap();
		let committed = (53u8, 7u8, 4u32, AccountId::from([1; 32])).encode();
		let other = RuntimeEvent::decode_all(&mut &committed[..]).unwrap();
		rejected.count(&[revealed(&[0, 1, 2, 3, 4]), revealed(&[]), other, revealed(&[3, 4])]);
		for (why, times) in REASONS.iter().zip([1, 1, 1, 2, 2]) {
			assert_eq!(rejected.0.with_label_values(&[why]).get(), times, "{why}");
		}
		let families = registry.gather();
		assert_eq!(families.len(), 1);
		assert_eq!(
			(families[0].get_name(), families[0].get_metric().len()),
			("weir_entries_rejected_total", REASONS.len())
		);
	}
}
