//! Who may do what everybody else may not. Until referenda exist the only authority is `sudo`, which has a key in the
//! development preset alone: every origin below is therefore unreachable on other networks.

use super::{
	system::{part_of, RuntimeBlockWeights, SafeModeDuration},
	tokens,
};
use crate::*;
use frame_support::{
	parameter_types,
	traits::{fungible::HoldConsideration, ConstU32, EqualPrivilegeOnly, LinearStoragePrice},
	weights::Weight,
};
use frame_system::{EnsureRoot, EnsureRootWithSuccess};
use sp_core::Get;
use sp_runtime::Perbill;

/// The highest authority.
pub type Root = EnsureRoot<AccountId>;
/// The highest authority, for a day at a time.
pub type RootForADay = EnsureRootWithSuccess<AccountId, SafeModeDuration>;

impl pallet_sudo::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type WeightInfo = pallet_sudo::weights::SubstrateWeight<Runtime>;
}

parameter_types! {
	/// Held for noting a preimage: 10 tokens,
	pub const PreimageBaseDeposit: Balance = tokens(10);
	/// and for each of its bytes a thousandth of a token.
	pub const PreimageByteDeposit: Balance = MILLIWEIR;
	/// Why it is held.
	pub const PreimageHoldReason: RuntimeHoldReason = RuntimeHoldReason::Preimage(pallet_preimage::HoldReason::Preimage);
	/// What scheduled calls may take of a block: half.
	pub MaximumSchedulerWeight: Weight = part_of(RuntimeBlockWeights::get().max_block, Perbill::from_percent(50));
}

impl pallet_preimage::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_preimage::weights::SubstrateWeight<Runtime>;
	type Currency = Balances;
	type ManagerOrigin = Root;
	type Consideration = HoldConsideration<
		AccountId,
		Balances,
		PreimageHoldReason,
		LinearStoragePrice<PreimageBaseDeposit, PreimageByteDeposit, Balance>,
	>;
}

impl pallet_scheduler::Config for Runtime {
	type RuntimeOrigin = RuntimeOrigin;
	type RuntimeEvent = RuntimeEvent;
	type PalletsOrigin = OriginCaller;
	type RuntimeCall = RuntimeCall;
	type MaximumWeight = MaximumSchedulerWeight;
	type ScheduleOrigin = Root;
	type OriginPrivilegeCmp = EqualPrivilegeOnly;
	type MaxScheduledPerBlock = ConstU32<50>;
	type WeightInfo = pallet_scheduler::weights::SubstrateWeight<Runtime>;
	type Preimages = Preimage;
	type BlockNumberProvider = System;
}
