//! How often a reveal has an entry that does not count, and why. The chain says so in an event; a seat is told nothing else.

use crate::{rpc, service::FullClient};
use codec::{Decode, DecodeAll, Encode};
use futures::StreamExt;
use polkadot_sdk::*;
use sc_client_api::BlockchainEvents;
use sc_service::SpawnTaskHandle;
use std::sync::Arc;
use substrate_prometheus_endpoint::{register, CounterVec, Opts, PrometheusError, Registry, U64};
use weir_primitives::{EpochIndex, ProviderIndex};
use weir_runtime::{AccountId, RuntimeEvent};

/// Of the events of Proof-of-Bandwidth, the index of `Revealed`.
const REVEALED: u8 = 8;
/// Blocks that are read when many become final at once: as many as the states a node keeps by default.
const LONGEST_STEP: usize = 256;

/// Why an entry was rejected, as the event has it: the node does not know the pallet's own type, and a test compares.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
enum Rejection {
	NotAssigned,
	Duplicate,
	OutOfRange,
	Barred,
	Busy,
}

/// What `Revealed` says: the epoch, the node, how many entries count, and which do not.
type Revealed = (EpochIndex, AccountId, u32, Vec<(ProviderIndex, Rejection)>);

/// The reasons that an event names, one per entry.
fn reasons(event: &RuntimeEvent) -> Vec<Rejection> {
	let RuntimeEvent::ProofOfBandwidth(event) = event else { return Vec::new() };
	let bytes = event.encode();
	let Some((&REVEALED, mut fields)) = bytes.split_first() else { return Vec::new() };
	let Ok((_, _, _, rejected)) = Revealed::decode_all(&mut fields) else { return Vec::new() };
	rejected.into_iter().map(|(_, why)| why).collect()
}

/// Entries rejected in final blocks, by reason.
struct Rejected(CounterVec<U64>);

impl Rejected {
	fn new(registry: &Registry) -> Result<Self, PrometheusError> {
		let help = "Entries of revealed reports that do not count, by reason, in blocks that became final.";
		let counters = CounterVec::new(Opts::new("weir_entries_rejected_total", help), &["reason"])?;
		Ok(Self(register(counters, registry)?))
	}

	fn count(&self, events: &[RuntimeEvent]) {
		for why in events.iter().flat_map(reasons) {
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

	/// The event of a reveal with such entries.
	fn revealed(rejected: &[Rejection]) -> RuntimeEvent {
		let rejected: Vec<(ProviderIndex, Rejection)> = (0..).zip(rejected.iter().copied()).collect();
		let bytes = (53u8, REVEALED, 4u32, AccountId::from([1; 32]), 7u32, rejected).encode();
		RuntimeEvent::decode_all(&mut &bytes[..]).unwrap()
	}

	#[test]
	fn rejected_entries_should_be_counted_by_reason() {
		let registry = Registry::new();
		let rejected = Rejected::new(&registry).unwrap();
		let all = [
			Rejection::NotAssigned,
			Rejection::Duplicate,
			Rejection::OutOfRange,
			Rejection::Barred,
			Rejection::Busy,
		];
		let block = [revealed(&all), revealed(&[]), revealed(&all[3..])];
		// The pallet calls them the same.
		let said = format!("{:?}", block[0]);
		assert!(said.contains("Revealed"), "{said}");
		for (provider, why) in all.iter().enumerate() {
			assert!(said.contains(&format!("({provider}, {why:?})")), "{said}");
		}
		rejected.count(&block);
		for (why, times) in all.iter().zip([1, 1, 1, 2, 2]) {
			assert_eq!(rejected.0.with_label_values(&[&format!("{why:?}")]).get(), times, "{why:?}");
		}
		let families = registry.gather();
		assert_eq!(families.len(), 1);
		assert_eq!(
			(families[0].get_name(), families[0].get_metric().len()),
			("weir_entries_rejected_total", 5)
		);
	}

	#[test]
	fn nothing_should_be_counted_of_other_events() {
		let opened = (53u8, 0u8, 4u32, [0u8; 32], 7u32, 1u32).encode();
		for bytes in [opened, (53u8, 7u8, 4u32, AccountId::from([1; 32])).encode()] {
			let event = RuntimeEvent::decode_all(&mut &bytes[..]).unwrap();
			assert_eq!(reasons(&event), [], "{event:?}");
		}
		// Another reason than these would not be read: then this list lacks one.
		let bytes = (53u8, REVEALED, 4u32, AccountId::from([1; 32]), 7u32, vec![(0u32, 5u8)]).encode();
		assert!(RuntimeEvent::decode_all(&mut &bytes[..]).is_err());
	}
}
