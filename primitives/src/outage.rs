//! What watchers and confirmers of a provider sign. Versioned by [`OUTAGE_DOMAIN`]; docs/protocol.md describes the bytes
//! and the tests below pin them.

use crate::{EpochIndex, ProviderIndex};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::sp_core::H256;
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Separates these signatures from every other of the protocol, and one version from the next.
pub const OUTAGE_DOMAIN: &[u8; 16] = b"weir/outage/v1\0\0";

/// Number of an alarm slot: the slot's number divided by the length of an alarm slot.
pub type AlarmSlot = u64;

/// What a seat says of a provider, and about which moment.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub enum Sighting {
	/// A watcher has lost its pings.
	#[codec(index = 0)]
	Down {
		/// The alarm slot it reports in.
		alarm_slot: AlarmSlot,
	},
	/// A watcher gets answers again.
	#[codec(index = 1)]
	Up {
		/// The alarm slot it reports in.
		alarm_slot: AlarmSlot,
	},
	/// A confirmer has looked.
	#[codec(index = 2)]
	Confirm {
		/// Number of the block that raised the alarm.
		raised: u32,
		/// Whether it, too, got no answer.
		is_down: bool,
	},
}

/// What the seat key signs: it binds domain, genesis, provider, node, and the alarm slot or the alarm.
pub fn sighting_payload<AccountId: Encode>(
	genesis: &H256,
	provider: ProviderIndex,
	node: &AccountId,
	sighting: &Sighting,
) -> Vec<u8> {
	(OUTAGE_DOMAIN, genesis, provider, node, sighting).encode()
}

/// An outage that is over.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub struct Gap {
	/// Number of the slot in which the first watcher reported it.
	pub from_slot: u64,
	/// Number of the slot in which it ended.
	pub until_slot: u64,
	/// Whether so much of the region was gone that it costs nobody.
	pub is_regional: bool,
}

/// Whom a seat watches, and what is known of it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub struct Watched<AccountId> {
	/// The provider.
	pub provider: ProviderIndex,
	/// Its account.
	pub account: AccountId,
	/// Where it is reached.
	pub endpoint: crate::Endpoint,
	/// Its control-plane identity: a libp2p PeerId as multihash bytes.
	pub peer_id: Vec<u8>,
	/// Number of the slot since which it is recorded as down; none if it is not.
	pub down_since: Option<u64>,
	/// Whether the seat need not say anything more: it has reported in this alarm slot, an alarm is raised already, it has
	/// said that the provider is back, or raised an alarm in this epoch that was dismissed.
	pub has_spoken: bool,
}

/// An alarm a seat is asked about.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub struct OpenAlarm<AccountId> {
	/// The provider.
	pub provider: ProviderIndex,
	/// Its account.
	pub account: AccountId,
	/// Where it is reached.
	pub endpoint: crate::Endpoint,
	/// Its control-plane identity: a libp2p PeerId as multihash bytes.
	pub peer_id: Vec<u8>,
	/// Number of the block that raised it.
	pub raised: u32,
	/// Number of the first slot in which votes no longer count.
	pub until_slot: u64,
}

/// What a seat has to look at now.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub struct Watch<AccountId> {
	/// The epoch whose watchers these are.
	pub epoch: EpochIndex,
	/// The running alarm slot.
	pub alarm_slot: AlarmSlot,
	/// Whom it watches for the epoch, at most 256.
	pub watched: Vec<Watched<AccountId>>,
	/// Alarms it is to confirm or not and has not voted on, at most 64.
	pub alarms: Vec<OpenAlarm<AccountId>>,
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn payload_should_hold_what_is_published() {
		let of = |sighting| sighting_payload(&H256([0xa0; 32]), 7, &[0xa2u8; 32], &sighting);
		let begin = [OUTAGE_DOMAIN.as_slice(), &[0xa0; 32], &[7, 0, 0, 0], &[0xa2; 32]].concat();
		let published = [
			(Sighting::Down { alarm_slot: 258 }, &[0, 2, 1, 0, 0, 0, 0, 0, 0][..]),
			(Sighting::Up { alarm_slot: 258 }, &[1, 2, 1, 0, 0, 0, 0, 0, 0]),
			(Sighting::Confirm { raised: 259, is_down: true }, &[2, 3, 1, 0, 0, 1]),
			(Sighting::Confirm { raised: 259, is_down: false }, &[2, 3, 1, 0, 0, 0]),
		];
		for (sighting, end) in published {
			assert_eq!(of(sighting), [&begin, end].concat());
		}
	}
}
