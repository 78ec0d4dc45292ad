//! System, time, and what brakes the chain.

use super::*;
use crate::*;
use frame_support::{
	derive_impl,
	dispatch::DispatchClass,
	parameter_types,
	traits::{ConstU32, Contains, InsideBoth, NeverEnsureOrigin},
	weights::{
		constants::{BlockExecutionWeight, ExtrinsicBaseWeight, ParityDbWeight, WEIGHT_REF_TIME_PER_MILLIS},
		Weight,
	},
};
use frame_system::limits::{BlockLength, BlockWeights};
use sp_runtime::{traits::AccountIdLookup, Perbill};

/// Bytes a block may hold.
const MAX_BLOCK_BYTES: u32 = 5 * 1024 * 1024;
/// Share of a block that ordinary transactions may fill; the rest is for operational ones and hooks.
const NORMAL_DISPATCH_RATIO: Perbill = Perbill::from_percent(75);
/// What `on_initialize` may take on average.
const AVERAGE_ON_INITIALIZE_RATIO: Perbill = Perbill::from_percent(10);
/// Computation allowed per block on a network of 6 s slots.
const MAX_BLOCK_MILLIS: u64 = 2_000;

parameter_types! {
	/// Version of this runtime.
	pub const Version: sp_version::RuntimeVersion = VERSION;
	/// Blocks whose hashes are kept: a transaction may be mortal for as many at most.
	pub const BlockHashCount: BlockNumber = 4096;
	/// Prefix of addresses.
	pub const Ss58Prefix: u16 = SS58_PREFIX;
	/// Bytes of a block by class of transaction.
	pub RuntimeBlockLength: BlockLength = BlockLength::builder()
		.max_length(MAX_BLOCK_BYTES)
		.modify_max_length_for_class(DispatchClass::Normal, |length| {
			*length = NORMAL_DISPATCH_RATIO.mul_floor(MAX_BLOCK_BYTES)
		})
		.build();
}

/// A share of a weight, rounded down.
pub(super) fn part_of(weight: Weight, share: Perbill) -> Weight {
	Weight::from_parts(share.mul_floor(weight.ref_time()), share.mul_floor(weight.proof_size()))
}

/// A third of a slot, at most two seconds: a short preset must not author blocks it cannot import in time.
pub struct RuntimeBlockWeights;

impl Get<BlockWeights> for RuntimeBlockWeights {
	fn get() -> BlockWeights {
		let millis = (SlotMillis::get() / 3).min(MAX_BLOCK_MILLIS);
		let maximum = Weight::from_parts(WEIGHT_REF_TIME_PER_MILLIS.saturating_mul(millis), u64::MAX);
		let normal = part_of(maximum, NORMAL_DISPATCH_RATIO);
		BlockWeights::builder()
			.base_block(BlockExecutionWeight::get())
			.for_class(DispatchClass::all(), |weights| weights.base_extrinsic = ExtrinsicBaseWeight::get())
			.for_class(DispatchClass::Normal, |weights| weights.max_total = Some(normal))
			.for_class(DispatchClass::Operational, |weights| {
				weights.max_total = Some(maximum);
				weights.reserved = Some(maximum.saturating_sub(normal));
			})
			.avg_block_initialization(AVERAGE_ON_INITIALIZE_RATIO)
			.build_or_panic()
	}
}

#[derive_impl(frame_system::config_preludes::SolochainDefaultConfig)]
impl frame_system::Config for Runtime {
	type BaseCallFilter = InsideBoth<laws::Lawful, InsideBoth<SafeMode, TxPause>>;
	type Block = Block;
	type BlockWeights = RuntimeBlockWeights;
	type BlockLength = RuntimeBlockLength;
	type AccountId = AccountId;
	type Lookup = AccountIdLookup<AccountId, ()>;
	type Nonce = Nonce;
	type Hash = Hash;
	type BlockHashCount = BlockHashCount;
	type DbWeight = ParityDbWeight;
	type Version = Version;
	type AccountData = pallet_balances::AccountData<Balance>;
	type SystemWeightInfo = frame_system::weights::SubstrateWeight<Runtime>;
	type ExtensionsWeightInfo = frame_system::SubstrateExtensionsWeight<Runtime>;
	type SS58Prefix = Ss58Prefix;
	type MaxConsumers = ConstU32<128>;
	type MultiBlockMigrator = MultiBlockMigrations;
}

impl pallet_timestamp::Config for Runtime {
	type Moment = u64;
	type OnTimestampSet = Babe;
	type MinimumPeriod = HalfSlotMillis;
	type WeightInfo = pallet_timestamp::weights::SubstrateWeight<Runtime>;
}

parameter_types! {
	/// What migrations over several blocks may take of one: four fifths.
	pub MigrationsMaxServiceWeight: Weight = part_of(RuntimeBlockWeights::get().max_block, Perbill::from_percent(80));
}

impl pallet_migrations::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type Migrations = ();
	type CursorMaxLen = ConstU32<65_536>;
	type IdentifierMaxLen = ConstU32<256>;
	type MigrationStatusHandler = ();
	type FailedMigrationHandler = frame_support::migrations::FreezeChainOnFailedMigration;
	type MaxServiceWeight = MigrationsMaxServiceWeight;
	type WeightInfo = pallet_migrations::weights::SubstrateWeight<Runtime>;
}

parameter_types! {
	/// A day of blocks on a public network.
	pub const SafeModeDuration: BlockNumber = 14_400;
	/// The brake cannot be bought,
	pub const NoDeposit: Option<Balance> = None;
	/// so that there is no deposit to give back.
	pub const NoRelease: Option<BlockNumber> = None;
}

/// Calls that no brake may stop: blocks must go on, misbehaviour must be reportable, and everybody must be able to
/// leave with what is theirs and to replace a key that is in the wrong hands. Reports of measurements go on too: what
/// was measured is judged in the next epoch whether or not it could be handed in, and the honest would pay for that.
/// So does what is said of outages: who was down before the brake would stay so to its end, and what workers say again
/// and again, free of charge, would fail in every block. So do reports of the price, without which nobody is paid. What was
/// earned or approved can be claimed, what was deposited comes back, and those who hold tokens can decide on the brake itself.
///
/// What was not approved yet may not be spent: neither by the treasury's own call nor by that of governance.
///
/// A bond may be held by several people or through a proxy. Calls made for others pass whatever they hold, because what
/// they hold meets the filter again: with a new origin (multisig, proxy) or that of the caller (utility).
pub struct NeverStopped;

impl Contains<RuntimeCall> for NeverStopped {
	fn contains(call: &RuntimeCall) -> bool {
		if matches!(call, RuntimeCall::Governance(pallet_governance::Call::spend_small { .. })) {
			return false;
		}
		matches!(
			call,
			RuntimeCall::System(_)
				| RuntimeCall::Timestamp(_)
				| RuntimeCall::Babe(_)
				| RuntimeCall::Grandpa(_)
				| RuntimeCall::Session(_)
				| RuntimeCall::SafeMode(_)
				| RuntimeCall::TxPause(_)
				| RuntimeCall::Sudo(_)
				| RuntimeCall::Utility(_)
				| RuntimeCall::Proxy(_)
				| RuntimeCall::Multisig(_)
				| RuntimeCall::Referenda(_)
				| RuntimeCall::ConvictionVoting(_)
				| RuntimeCall::Governance(_)
				| RuntimeCall::Rewards(pallet_rewards::Call::claim { .. })
				| RuntimeCall::BurnMint(pallet_burn_mint::Call::cancel_request { .. })
				| RuntimeCall::Channels(pallet_channels::Call::claim { .. })
				| RuntimeCall::Channels(pallet_channels::Call::close { .. })
				| RuntimeCall::Channels(pallet_channels::Call::close_agreed { .. })
				| RuntimeCall::Channels(pallet_channels::Call::close_due { .. })
				| RuntimeCall::Price(pallet_price::Call::leave { .. })
				| RuntimeCall::Price(pallet_price::Call::withdraw { .. })
				| RuntimeCall::Price(pallet_price::Call::set_key { .. })
				| RuntimeCall::Price(pallet_price::Call::report { .. })
				| RuntimeCall::Regions(pallet_regions::Call::reclaim_bounty { .. })
				| RuntimeCall::Treasury(pallet_treasury::Call::payout { .. })
				| RuntimeCall::Treasury(pallet_treasury::Call::check_status { .. })
				| RuntimeCall::AssetConversion(pallet_asset_conversion::Call::remove_liquidity { .. })
				| RuntimeCall::Assets(pallet_assets::Call::cancel_approval { .. })
				| RuntimeCall::Preimage(pallet_preimage::Call::unnote_preimage { .. })
				| RuntimeCall::NodeStaking(pallet_node_staking::Call::unbond { .. })
				| RuntimeCall::NodeStaking(pallet_node_staking::Call::withdraw { .. })
				| RuntimeCall::Validators(pallet_validators::Call::chill { .. })
				| RuntimeCall::Providers(pallet_providers::Call::pause { .. })
				| RuntimeCall::Providers(pallet_providers::Call::deregister { .. })
				| RuntimeCall::Providers(pallet_providers::Call::set_probe_key { .. })
				| RuntimeCall::Providers(pallet_providers::Call::revoke_probe_key { .. })
				| RuntimeCall::ProofOfBandwidth(pallet_proof_of_bandwidth::Call::leave_seat { .. })
				| RuntimeCall::ProofOfBandwidth(pallet_proof_of_bandwidth::Call::set_seat_key { .. })
				| RuntimeCall::ProofOfBandwidth(pallet_proof_of_bandwidth::Call::commit { .. })
				| RuntimeCall::ProofOfBandwidth(pallet_proof_of_bandwidth::Call::reveal { .. })
				| RuntimeCall::ProofOfBandwidth(pallet_proof_of_bandwidth::Call::answer_audit { .. })
				| RuntimeCall::ProofOfBandwidth(pallet_proof_of_bandwidth::Call::dispute { .. })
				| RuntimeCall::ProofOfBandwidth(pallet_proof_of_bandwidth::Call::appeal { .. })
				| RuntimeCall::ProofOfBandwidth(pallet_proof_of_bandwidth::Call::report_down { .. })
				| RuntimeCall::ProofOfBandwidth(pallet_proof_of_bandwidth::Call::confirm { .. })
				| RuntimeCall::ProofOfBandwidth(pallet_proof_of_bandwidth::Call::report_up { .. })
		)
	}
}

impl pallet_safe_mode::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type WhitelistedCalls = NeverStopped;
	type EnterDuration = SafeModeDuration;
	type ExtendDuration = SafeModeDuration;
	// Nobody may buy a halt of the chain.
	type EnterDepositAmount = NoDeposit;
	type ExtendDepositAmount = NoDeposit;
	type ForceEnterOrigin = governance::UpgradeForADay;
	type ForceExtendOrigin = governance::UpgradeForADay;
	type ForceExitOrigin = governance::Upgrade;
	type ForceDepositOrigin = NeverEnsureOrigin<()>;
	type ReleaseDelay = NoRelease;
	type Notify = ();
	type WeightInfo = pallet_safe_mode::weights::SubstrateWeight<Runtime>;
}

/// The same calls by name, as tx-pause sees them.
pub struct NeverPaused;

impl Contains<pallet_tx_pause::RuntimeCallNameOf<Runtime>> for NeverPaused {
	fn contains(name: &pallet_tx_pause::RuntimeCallNameOf<Runtime>) -> bool {
		let name = (name.0.as_slice(), name.1.as_slice());
		if matches!(name, (b"Governance", b"spend_small")) {
			return false;
		}
		matches!(
			name,
			(
				b"System"
					| b"Timestamp" | b"Babe"
					| b"Grandpa" | b"Session"
					| b"SafeMode" | b"TxPause"
					| b"Sudo" | b"Utility"
					| b"Proxy" | b"Multisig"
					| b"Referenda" | b"ConvictionVoting"
					| b"Governance",
				_
			) | (b"Rewards", b"claim")
				| (b"BurnMint", b"cancel_request")
				| (b"Channels", b"claim" | b"close" | b"close_agreed" | b"close_due")
				| (b"Price", b"leave" | b"withdraw" | b"set_key" | b"report")
				| (b"Regions", b"reclaim_bounty")
				| (b"Treasury", b"payout" | b"check_status")
				| (b"AssetConversion", b"remove_liquidity")
				| (b"Assets" | b"PoolAssets", b"cancel_approval")
				| (b"Preimage", b"unnote_preimage")
				| (b"NodeStaking", b"unbond" | b"withdraw")
				| (b"Validators", b"chill")
				| (b"Providers", b"pause" | b"deregister" | b"set_probe_key" | b"revoke_probe_key")
				| (
					b"ProofOfBandwidth",
					b"leave_seat"
						| b"set_seat_key" | b"commit"
						| b"reveal" | b"answer_audit"
						| b"dispute" | b"appeal"
						| b"report_down" | b"confirm"
						| b"report_up"
				)
		)
	}
}

impl pallet_tx_pause::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type PauseOrigin = governance::Upgrade;
	type UnpauseOrigin = governance::Upgrade;
	type WhitelistedCalls = NeverPaused;
	type MaxNameLen = ConstU32<256>;
	type WeightInfo = pallet_tx_pause::weights::SubstrateWeight<Runtime>;
}
