//! What is answered instead of a result. Codes are 20000 to 20099 and are not reused.

use jsonrpsee::types::ErrorObjectOwned;
use polkadot_sdk::{sp_api, sp_blockchain};
use std::fmt;
use weir_primitives::channels_api::{LEAST_BOOST_PERCENT, MOST_BOOST_PERCENT};
use weir_runtime::Hash;

/// Code of the first error.
const BASE: i32 = 20_000;

/// Why there is no answer, and what to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Error {
	/// The text names no account.
	NotAnAccount(String),
	/// No provider has this account or index.
	UnknownProvider(String),
	/// The account has no seat.
	UnknownSeat(String),
	/// The node does not know the block.
	UnknownBlock(Hash),
	/// The node knows the block, but not the state after it.
	PrunedState(Hash),
	/// A page of that many rows is not served; how many are at most.
	PageSize(u32, u32),
	/// The text names no region.
	NotARegion(String),
	/// The runtime's API did not answer.
	Runtime(String),
	/// The database did not answer.
	Database(String),
	/// The subscriber reads more slowly than blocks come.
	TooSlow,
	/// The node took over many blocks at once, so that not all of them can be shown.
	BlocksSkipped,
	/// The node cannot read what happened in a block.
	UnreadableBlock(Hash),
	/// The connection holds as many subscriptions as it may.
	TooManySubscriptions,
	/// The table of regions does not have this one.
	UnknownRegion(String),
	/// The text is no amount.
	NotAnAmount(String),
	/// No channel with this number is open.
	UnknownChannel(u64),
	/// There is no boost class of so many per cent.
	NotABoost(u16),
}

impl Error {
	/// One of each, for descriptions.
	#[cfg(test)]
	pub(super) fn samples() -> Vec<Self> {
		let (text, hash) = (|| "…".to_owned(), Hash::zero());
		vec![
			Self::NotAnAccount(text()),
			Self::UnknownProvider(text()),
			Self::UnknownSeat(text()),
			Self::UnknownBlock(hash),
			Self::PrunedState(hash),
			Self::PageSize(0, super::server::MAX_PAGE),
			Self::NotARegion(text()),
			Self::Runtime(text()),
			Self::Database(text()),
			Self::TooSlow,
			Self::BlocksSkipped,
			Self::UnreadableBlock(hash),
			Self::TooManySubscriptions,
			Self::UnknownRegion(text()),
			Self::NotAnAmount(text()),
			Self::UnknownChannel(0),
			Self::NotABoost(0),
		]
	}

	/// Its code and its name for machines.
	pub(super) fn code(&self) -> (i32, &'static str) {
		let (offset, name) = match self {
			Self::NotAnAccount(_) => (0, "NotAnAccount"),
			Self::UnknownProvider(_) => (1, "UnknownProvider"),
			Self::UnknownSeat(_) => (2, "UnknownSeat"),
			Self::UnknownBlock(_) => (3, "UnknownBlock"),
			Self::PrunedState(_) => (4, "PrunedState"),
			Self::PageSize(..) => (5, "PageSize"),
			Self::NotARegion(_) => (6, "NotARegion"),
			Self::Runtime(_) => (7, "Runtime"),
			Self::Database(_) => (8, "Database"),
			Self::TooSlow => (9, "TooSlow"),
			Self::BlocksSkipped => (10, "BlocksSkipped"),
			Self::UnreadableBlock(_) => (11, "UnreadableBlock"),
			Self::TooManySubscriptions => (12, "TooManySubscriptions"),
			Self::UnknownRegion(_) => (13, "UnknownRegion"),
			Self::NotAnAmount(_) => (14, "NotAnAmount"),
			Self::UnknownChannel(_) => (15, "UnknownChannel"),
			Self::NotABoost(_) => (16, "NotABoost"),
		};
		(BASE + offset, name)
	}
}

impl fmt::Display for Error {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::NotAnAccount(text) => write!(
				f,
				"'{text}' is no account of this network: give an address (SS58 with prefix {}) or 0x and 64 hex digits",
				weir_runtime::SS58_PREFIX
			),
			Self::UnknownProvider(who) => write!(
				f,
				"no provider {who} is registered in this state: look for it with weir_providers"
			),
			Self::UnknownSeat(who) => {
				write!(f, "{who} has no seat in this state: look for it with weir_seats")
			}
			Self::UnknownBlock(hash) => write!(
				f,
				"this node does not know the block {hash:?}: leave 'at' out for the best block, or take a hash from \
				chain_getBlockHash"
			),
			Self::PrunedState(hash) => write!(
				f,
				"this node no longer has the state of block {hash:?}: ask a newer block, or a node with --state-pruning \
				archive"
			),
			Self::PageSize(limit, most) => write!(
				f,
				"a page cannot have {limit} rows: give a limit from 1 to {most}, and follow nextCursor where there is one"
			),
			Self::NotARegion(text) => write!(
				f,
				"'{text}' is no region: give an assigned ISO 3166-1 alpha-2 code in upper case, alone (DE) or with a kind \
				of line (DE-res, DE-host)"
			),
			Self::Runtime(error) => write!(
				f,
				"the runtime did not answer ({error}): if the block is of another release, ask a node of that release"
			),
			Self::Database(error) => write!(f, "the node's database did not answer ({error}): see the node's log"),
			Self::TooSlow => f.write_str("blocks came faster than they were read: subscribe again, and read faster"),
			Self::BlocksSkipped => f.write_str(
				"the node took over too many blocks at once to show each: subscribe again, and read what was missed from \
				weir_provider",
			),
			Self::UnreadableBlock(hash) => write!(
				f,
				"the events of block {hash:?} cannot be read: its state is gone, or its runtime is of another release; \
				subscribe again, at a node of that release"
			),
			Self::TooManySubscriptions => write!(
				f,
				"this connection holds {} subscriptions to verdicts and outages: end one of them, or leave 'provider' out \
				to hear of all providers in one",
				super::places::MAX_SUBSCRIPTIONS
			),
			Self::UnknownRegion(region) => {
				write!(f, "the table has no region {region} in this state: look for it with weir_regions")
			}
			Self::NotAnAmount(text) => write!(
				f,
				"'{text}' is no amount of credits: give micro-dollars as a whole number, or as text of digits only"
			),
			Self::UnknownChannel(channel) => write!(
				f,
				"no channel {channel} is open in this state: it was closed (the event channels.Closed says how), or there \
				never was one; look for those of an account with weir_channels"
			),
			Self::NotABoost(percent) => write!(
				f,
				"{percent} is no boost class: give per cent of the provider's price, from {LEAST_BOOST_PERCENT} to \
				{MOST_BOOST_PERCENT}"
			),
		}
	}
}

impl From<Error> for ErrorObjectOwned {
	fn from(error: Error) -> Self {
		let (code, name) = error.code();
		ErrorObjectOwned::owned(code, error.to_string(), Some(name))
	}
}

impl From<sp_blockchain::Error> for Error {
	fn from(error: sp_blockchain::Error) -> Self {
		Self::Database(error.to_string())
	}
}

impl From<sp_api::ApiError> for Error {
	fn from(error: sp_api::ApiError) -> Self {
		Self::Runtime(error.to_string())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::collections::BTreeSet;

	#[test]
	fn codes_should_be_distinct_and_in_the_documented_range() {
		let samples = Error::samples();
		let codes: BTreeSet<_> = samples.iter().map(|error| error.code().0).collect();
		let names: BTreeSet<_> = samples.iter().map(|error| error.code().1).collect();
		assert_eq!((codes.len(), names.len()), (samples.len(), samples.len()));
		assert!(codes.iter().all(|code| (BASE..BASE + 100).contains(code)));
	}
}
