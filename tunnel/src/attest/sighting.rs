//! What a seat without a full node says of the providers it watches: at every block, to the chain.

use super::{Attestor, WatchOrder};
use crate::chain::prefix;
use anyhow::Result;
use std::sync::Arc;
use weir_primitives::{
	chain::Hash,
	outage::{sighting_payload, Sighting, Watch},
	ProviderIndex,
};

/// Slots between two attempts to have the same thing included.
const RETRY_SLOTS: u64 = 3;

pub(super) struct Speaker {
	attestor: Arc<Attestor>,
	/// What was sent, and the number of the slot in which.
	sent: Vec<(ProviderIndex, Sighting, u64)>,
}

impl Speaker {
	pub(super) fn new(attestor: Arc<Attestor>) -> Self {
		Self { attestor, sent: vec![] }
	}

	/// Takes the watch from the chain, and says what there is to say. One word that is not taken holds up no other.
	pub(super) async fn at_block(&mut self) -> Result<()> {
		let (attestor, node) = (self.attestor.clone(), &self.attestor.settings.account);
		let (chain, clock) = (&attestor.chain, self.attestor.chain.clock().await?);
		let mut watch = chain.watch(node).await?;
		let seat = chain.seat(node).await?.filter(|seat| attestor.check_seat(seat).is_ok());
		if seat.is_none() {
			// Nobody would believe this key.
			watch = Watch { watched: vec![], alarms: vec![], ..watch };
		}
		let here = seat.and_then(|seat| prefix(&seat.endpoint));
		let slot = clock.first_slot.saturating_add(clock.slot.into());
		self.sent.retain(|(.., at)| slot < at.saturating_add(RETRY_SLOTS));
		for (provider, sighting) in attestor.watch(WatchOrder { here, watch }) {
			if self.sent.iter().any(|(of, what, _)| (*of, *what) == (provider, sighting)) {
				continue;
			}
			self.sent.push((provider, sighting, slot));
			let payload = sighting_payload(&Hash::from(chain.genesis()), provider, node, &sighting);
			let signature = attestor.settings.probe.sign(&payload);
			match chain.say(provider, node, sighting, signature).await {
				Ok(()) => tracing::info!(provider, ?sighting, "sighting sent"),
				Err(error) => {
					tracing::warn!(provider, ?sighting, %error, "sighting not taken");
					attestor.metrics.note_refusal(&error.into());
				}
			}
		}
		Ok(())
	}
}
