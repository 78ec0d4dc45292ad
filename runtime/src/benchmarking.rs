//! What `scripts/weights.sh` measures.

use crate::*;
use alloc::{string::String, vec::Vec};
use frame_benchmarking::{define_benchmarks, BenchmarkBatch, BenchmarkConfig, BenchmarkList};
use frame_support::traits::{StorageInfo, StorageInfoTrait, WhitelistedStorageKeys};
use weir_primitives::{EpochIndex, SlotOffset};

define_benchmarks!(
	[pallet_node_staking, NodeStaking]
	[pallet_validators, Validators]
	[pallet_providers, Providers]
	[pallet_proof_of_bandwidth, ProofOfBandwidth]
	[pallet_governance, Governance]
	[pallet_price, Price]
	[pallet_regions, Regions]
	[pallet_rewards, Rewards]
	[pallet_burn_mint, BurnMint]
	[pallet_channels, Channels]
);

/// All benchmarks, and the storage they touch.
pub(crate) fn metadata(extra: bool) -> (Vec<BenchmarkList>, Vec<StorageInfo>) {
	let mut list = Vec::<BenchmarkList>::new();
	list_benchmarks!(list, extra);
	(list, AllPalletsWithSystem::storage_info())
}

/// Runs the benchmarks that `config` names.
pub(crate) fn dispatch(config: BenchmarkConfig) -> Result<Vec<BenchmarkBatch>, String> {
	let whitelist = AllPalletsWithSystem::whitelisted_storage_keys();
	let mut batches = Vec::<BenchmarkBatch>::new();
	let params = (&config, &whitelist);
	add_benchmarks!(params, batches);
	Ok(batches)
}

/// Sets sessions and slots for benchmarks of the measuring protocol.
pub struct Clock;

impl pallet_proof_of_bandwidth::BenchmarkHelper for Clock {
	fn set_clock(epoch: EpochIndex, slot: SlotOffset) {
		use frame_support::traits::Get;
		const GENESIS_SLOT: u64 = 1_000_000;
		let first = u64::from(epoch).saturating_mul(configs::EpochSlots::get()).saturating_add(GENESIS_SLOT);
		pallet_session::CurrentIndex::<Runtime>::put(epoch);
		pallet_babe::GenesisSlot::<Runtime>::put(sp_consensus_babe::Slot::from(GENESIS_SLOT));
		pallet_babe::EpochIndex::<Runtime>::put(u64::from(epoch));
		pallet_babe::CurrentSlot::<Runtime>::put(sp_consensus_babe::Slot::from(
			first.saturating_add(slot.into()),
		));
	}
}
