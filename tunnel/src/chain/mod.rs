//! What the sidecar reads of the chain and writes to it.

mod account;
mod client;
mod directory;
pub mod endpoints;
#[cfg(test)]
pub(crate) mod fake;
mod payments;
mod registry;
mod rules;
mod signed;
mod silence;
mod submission;
mod survey;

pub use account::Account;
pub use client::Client;
pub use directory::{providers, Directory};
pub use payments::{find_channel, Ended, Handed, Opening, Payments, MAX_VOUCHERS};
pub use registry::{Holding, PriceRange, Registry, RegistryCall, Terms, TermsUpdate};
pub(crate) use silence::Silence;
pub use survey::Answer;

use async_trait::async_trait;
use codec::Encode;
use tokio::sync::{broadcast, watch};
use weir_primitives::{
	api::{EvidenceInfo, ProviderInfo, SeatInfo, TargetTest, Task},
	chain::{AccountId, Balance},
	outage::{Sighting, Watch},
	report::Entry,
	Endpoint, EpochIndex, ProviderIndex, SlotOffset, Timing,
};
use weir_tunnel_core::{target::Prefix, wire::Bilateral, Micros, MILLI};

/// Where the chain's clock stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Clock {
	/// Running epoch.
	pub epoch: EpochIndex,
	/// Slots since its first.
	pub slot: SlotOffset,
	/// Number of its first slot since the Unix epoch.
	pub first_slot: u64,
}

impl Clock {
	/// When a slot of the running epoch begins.
	pub fn begins(&self, timing: &Timing, slot: SlotOffset) -> Micros {
		slot_begins(self.first_slot, timing.slot_millis, slot)
	}

	/// Milliseconds from the start of the best block's slot to `now`, if they say that this clock or the endpoint is off:
	/// a block is made and travels within its slot, and two more slots may be empty. None as well before the first
	/// epoch has begun.
	pub fn disagrees(&self, timing: &Timing, now: Micros) -> Option<i64> {
		let begins = self.begins(timing, self.slot);
		let until = self.begins(timing, self.slot.saturating_add(3));
		let off = self.first_slot > 0 && !(begins..until).contains(&now);
		let millis = |micros: Micros| i64::try_from(micros / MILLI).unwrap_or(i64::MAX);
		off.then(|| millis(now).saturating_sub(millis(begins)))
	}
}

/// When the `slot`-th slot after `first_slot` begins.
pub fn slot_begins(first_slot: u64, slot_millis: u64, slot: SlotOffset) -> Micros {
	first_slot.saturating_add(slot.into()).saturating_mul(slot_millis).saturating_mul(MILLI)
}

/// Why the chain did not answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ChainError {
	/// No endpoint is connected.
	#[error("no chain endpoint is reachable")]
	Offline,
	/// An endpoint does not answer.
	#[error("chain endpoint {url} does not answer as a Weir node does: {reason}; start the node, or correct chain.endpoints")]
	Unreachable {
		/// The endpoint.
		url: String,
		/// What failed.
		reason: String,
	},
	/// The endpoint failed.
	#[error("chain endpoint: {0}")]
	Rpc(String),
	/// The pool of the endpoint's node refuses a transaction.
	#[error("the node's pool refuses {call}: {rule}")]
	Refused {
		/// The call.
		call: &'static str,
		/// The rule that it breaks, by its name in the runtime, or what the pool says.
		rule: String,
	},
	/// A signed call is in a finalised block and has failed.
	#[error("{call} failed: {rule}: {advice}")]
	Failed {
		/// The call.
		call: &'static str,
		/// The rule that it breaks, by pallet and name in the runtime, or what else stopped it.
		rule: String,
		/// What to do about it.
		advice: &'static str,
	},
	/// A signed call was in no finalised block before its time was over. It cannot be in a later one.
	#[error("{0} was in no finalised block in time and is void; look whether the endpoint's node is in sync, then try again")]
	NotIncluded(&'static str),
	/// A signed call was sent, and what became of it is not known.
	#[error("what became of {0} is not known: the chain could not be asked; look at the account before it is tried again")]
	Unknown(&'static str),
	/// The runtime answers in another shape than this version knows.
	#[error("the runtime's {0} is not what this version of weir-tunnel knows; upgrade it")]
	Incompatible(&'static str),
	/// The chain is not the configured one.
	#[error(
		"foreign genesis: {url} serves chain 0x{found}, expected is 0x{expected}; correct chain.genesis, or name another \
		 node in chain.endpoints"
	)]
	ForeignGenesis {
		/// The endpoint.
		url: String,
		/// Its first block, hex.
		found: String,
		/// The configured one, or without one that of the first endpoint, hex.
		expected: String,
	},
	/// Endpoints have finalised different blocks.
	#[error(
		"chain endpoints disagree: block {number} is finalised as 0x{ones} at {one} and is 0x{others} at {other}; nothing \
		 is measured until they agree: remove the one on the wrong chain from chain.endpoints"
	)]
	Split {
		/// Height of the block.
		number: u64,
		/// An endpoint.
		one: String,
		/// Its block, hex.
		ones: String,
		/// Another endpoint.
		other: String,
		/// Its block, hex.
		others: String,
	},
}

/// The chain as the roles see it: the seam that tests replace.
#[async_trait]
pub trait ChainView: Send + Sync + 'static {
	/// Hash of the first block.
	fn genesis(&self) -> [u8; 32];
	/// Changes with every best block.
	fn heads(&self) -> watch::Receiver<u64>;
	/// Hashes of new blocks, those beside the best one included.
	fn blocks(&self) -> broadcast::Receiver<[u8; 32]>;
	/// Changes whenever the endpoint in use learns that more has become final: nobody can make that up who is cut off from
	/// the network, unless two thirds of its validators are with him.
	fn finalised(&self) -> watch::Receiver<u64>;
	/// Fails while the chain's endpoints disagree on what is final: nothing may be measured then.
	fn agreement(&self) -> Result<(), ChainError> {
		Ok(())
	}
	/// Timing of the network.
	async fn timing(&self) -> Result<Timing, ChainError>;
	/// Where the clock stands.
	async fn clock(&self) -> Result<Clock, ChainError>;
	/// Tasks of the node's seat in the running epoch.
	async fn tasks(&self, node: &AccountId) -> Result<Vec<Task<AccountId>>, ChainError>;
	/// The test the provider has to answer in the running epoch, as the block `at` has it, or the best one.
	async fn target_test(
		&self,
		provider: &AccountId,
		at: Option<[u8; 32]>,
	) -> Result<Option<TargetTest<AccountId>>, ChainError>;
	/// The node's seat.
	async fn seat(&self, node: &AccountId) -> Result<Option<SeatInfo<AccountId>>, ChainError>;
	/// The node's registration.
	async fn provider(
		&self,
		node: &AccountId,
	) -> Result<Option<ProviderInfo<AccountId, Balance>>, ChainError>;
	/// Whether the node's commitment for `epoch` stands, and whether it was revealed.
	async fn report_state(&self, epoch: EpochIndex, node: &AccountId) -> Result<(bool, bool), ChainError>;
	/// Positions in the node's report on `epoch` that an audit has drawn and that are not proven yet.
	async fn audited(&self, epoch: EpochIndex, node: &AccountId) -> Result<Vec<u32>, ChainError>;
	/// Strikes of the provider that can be disputed.
	async fn evidence(&self, provider: &AccountId) -> Result<Vec<EvidenceInfo<AccountId>>, ChainError>;
	/// What the node's seat has to look at now.
	async fn watch(&self, node: &AccountId) -> Result<Watch<AccountId>, ChainError>;
	/// Says what the node's seat has seen of a provider.
	async fn say(
		&self,
		provider: ProviderIndex,
		node: &AccountId,
		sighting: Sighting,
		signature: [u8; 64],
	) -> Result<(), ChainError>;
	/// Proves what an audit has drawn.
	async fn answer_audit(
		&self,
		epoch: EpochIndex,
		node: &AccountId,
		entries: &[Entry],
		salt: [u8; 32],
		receipts: &[Bilateral],
	) -> Result<(), ChainError>;
	/// Posts receipts against a strike.
	async fn dispute(
		&self,
		provider: ProviderIndex,
		epoch: EpochIndex,
		receipts: &[Bilateral],
	) -> Result<(), ChainError>;
	/// Nodes assigned to measure a provider in an epoch.
	async fn assignment(&self, epoch: EpochIndex, provider: u32) -> Result<Vec<AccountId>, ChainError>;
	/// Commits to a report.
	async fn commit(
		&self,
		epoch: EpochIndex,
		node: &AccountId,
		hash: [u8; 32],
		signature: [u8; 64],
	) -> Result<(), ChainError>;
	/// Reveals it.
	async fn reveal(
		&self,
		epoch: EpochIndex,
		node: &AccountId,
		entries: &[Entry],
		salt: [u8; 32],
	) -> Result<(), ChainError>;
}

/// The 32 bytes of an account, key or hash.
pub fn bytes32(value: &impl Encode) -> [u8; 32] {
	value.using_encoded(|bytes| bytes.try_into().unwrap_or_default())
}

/// A socket address; none for a node reached through a relay.
pub fn socket_address(endpoint: &Endpoint) -> Option<std::net::SocketAddr> {
	match *endpoint {
		Endpoint::V4 { addr, port } => Some((addr, port).into()),
		Endpoint::V6 { addr, port } => Some((addr, port).into()),
		Endpoint::RelayOnly => None,
	}
}

/// The place a seat's probes come from.
pub fn prefix(endpoint: &Endpoint) -> Option<Prefix> {
	socket_address(endpoint).map(|address| Prefix::of(address.ip()))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn disagrees_should_tell_how_far_when_the_clock_is_outside_the_slot_and_two_more() {
		let (timing, clock) = (Timing::local(), Clock { epoch: 4, slot: 7, first_slot: 1_000 });
		let slot = timing.slot_millis * MILLI;
		let begins = 1_007 * slot;
		assert_eq!(clock.disagrees(&timing, begins), None);
		assert_eq!(clock.disagrees(&timing, begins + 3 * slot - 1), None);
		assert_eq!(clock.disagrees(&timing, begins + 3 * slot), Some(6_000));
		assert_eq!(clock.disagrees(&timing, begins - 5 * MILLI), Some(-5));
		assert_eq!(Clock { first_slot: 0, ..clock }.disagrees(&timing, begins), None);
	}
}
