//! Pallet configuration, one file per concern.

pub mod accounts;
pub mod consensus;
pub mod economy;
pub mod economy_reads;
pub mod fees;
pub mod governance;
// The pallet's macro writes items without documentation.
#[allow(missing_docs)]
pub mod laws;
pub mod measuring;
pub mod pool;
pub mod system;
pub mod wallets;

use crate::{Balance, NodeStaking, ProofOfBandwidth, WEIR};
use polkadot_sdk::*;
use sp_core::Get;
use weir_primitives::Timing;

/// A number of tokens, in grains.
const fn tokens(count: u32) -> Balance {
	// Saturating never sets in: 2³² tokens are far from the largest balance.
	(count as Balance).saturating_mul(WEIR)
}

/// Timing of this network: genesis state, so that one Wasm serves every network.
pub struct NetworkTiming;

impl Get<Timing> for NetworkTiming {
	fn get() -> Timing {
		ProofOfBandwidth::timing()
	}
}

/// Slots in an epoch, as BABE asks for it.
pub struct EpochSlots;

impl Get<u64> for EpochSlots {
	fn get() -> u64 {
		NetworkTiming::get().epoch_slots.into()
	}
}

/// Length of a slot in milliseconds.
pub struct SlotMillis;

impl Get<u64> for SlotMillis {
	fn get() -> u64 {
		NetworkTiming::get().slot_millis
	}
}

/// Half a slot: BABE's slot duration is twice the timestamp's minimum period.
pub struct HalfSlotMillis;

impl Get<u64> for HalfSlotMillis {
	fn get() -> u64 {
		NetworkTiming::get().slot_millis / 2
	}
}

/// The queue of slashes, as other pallets name it.
pub type Slashes = NodeStaking;
