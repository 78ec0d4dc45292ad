//! Outages, as JSON: those of one provider, and those that begin and end.

use super::{results::Block, texts::Address};
use serde::Serialize;
use weir_primitives::{outage::Gap, ProviderIndex};
use weir_runtime::configs::measuring::OutageChange;

result! {
	/// An outage that is over. Slot n begins n·slotMillis ms after 1970.
	pub(crate) struct PastOutage {
		/// Number of the slot in which a watcher first reported it.
		from_slot: u64,
		/// Number of the slot in which it ended.
		until_slot: u64,
		/// Whether so much of the region was down that it costs nobody.
		regional: bool,
	}
}

impl From<&Gap> for PastOutage {
	fn from(Gap { from_slot, until_slot, is_regional }: &Gap) -> Self {
		Self { from_slot: *from_slot, until_slot: *until_slot, regional: *is_regional }
	}
}

result! {
	/// When a provider was down.
	pub(crate) struct Outages {
		/// Index of the provider.
		provider: u32,
		/// Number of the slot since which it is down; null if it is not.
		down_since_slot: Option<u64>,
		/// Its last outages, oldest first, at most eight.
		past: Vec<PastOutage>,
	}
}

impl Outages {
	/// What the chain says of the provider.
	pub(super) fn new(provider: ProviderIndex, (down_since_slot, past): (Option<u64>, Vec<Gap>)) -> Self {
		Self { provider, down_since_slot, past: past.iter().map(PastOutage::from).collect() }
	}
}

result! {
	/// An outage that was recorded, or is over.
	pub(crate) struct ProviderOutage {
		/// Index of the provider.
		provider: u32,
		/// Account of the provider.
		account: Address,
		/// Number of the slot in which a watcher first reported it.
		from_slot: u64,
		/// Number of the slot in which it ended; null while it lasts.
		until_slot: Option<u64>,
		/// Whether it costs nobody; null while it lasts.
		regional: Option<bool>,
	}
}

impl From<&OutageChange> for ProviderOutage {
	fn from(OutageChange { provider, account, from_slot, gap }: &OutageChange) -> Self {
		Self {
			provider: *provider,
			account: Address::from(account),
			from_slot: *from_slot,
			until_slot: gap.map(|gap| gap.until_slot),
			regional: gap.map(|gap| gap.is_regional),
		}
	}
}

result! {
	/// Outages that begin or end in one block.
	pub(crate) struct BlockOutages {
		/// The block.
		pub(super) block: Block,
		/// The outages, in the order of what happened, at least one.
		pub(super) outages: Vec<ProviderOutage>,
	}
}
