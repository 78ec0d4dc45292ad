//! Who may do what everybody else may not: those who hold tokens, by referenda on three tracks, each of which ends in an
//! origin of its own.
//!
//! | track | origin | may |
//! |---|---|---|
//! | `root` | Upgrade | brake the chain, cancel slashes and referenda, choose reporters, spend, have [`Enactable`] calls made as Root |
//! | `economics` | Economics | move parameters within their bounds, open and close regions, post a price when there is none, spend a small budget |
//! | `emergency` | Emergency | pause purchases, heavy slashes or a region, for a while |
//!
//! No track ends in Root itself, which passes every filter. `sudo` has a key in the development preset alone.

use super::{
	accounts::{FormerImbalances, StableIssuer, TreasuryAccount, TreasuryPalletId},
	pool::STABLE,
	system::{part_of, RuntimeBlockWeights, SafeModeDuration},
	tokens, EpochSlots,
};
use crate::*;
use alloc::borrow::Cow;
use frame_support::{
	parameter_types,
	traits::{
		fungible::{HoldConsideration, Mutate},
		tokens::{Pay, PaymentStatus, Preservation, UnityAssetBalanceConversion},
		AsEnsureOriginWithArg, ConstU32, Contains, EitherOf, EqualPrivilegeOnly, LinearStoragePrice,
	},
	weights::Weight,
};
use frame_system::{EnsureRoot, EnsureSigned, EnsureWithSuccess, RawOrigin};
use pallet_governance::{EnsureEconomics, EnsureEmergency, EnsureUpgrade};
use pallet_referenda::{Curve, Track, TrackInfo, TracksInfo};
use sp_core::Get;
use sp_runtime::{str_array, traits::IdentityLookup, DispatchError, FixedI64, Perbill, Permill};
use weir_primitives::economy::RegionId;

/// Passes every filter: `sudo`, and what [`Enactable`] lists.
pub type Root = EnsureRoot<AccountId>;
/// Who decides on the chain itself.
pub type Upgrade = EitherOf<Root, EnsureUpgrade>;
/// The same, for a day at a time.
pub type UpgradeForADay = EnsureWithSuccess<Upgrade, AccountId, SafeModeDuration>;
/// Who moves what the economy may be tuned by.
pub type Economics = EitherOf<Root, EnsureEconomics>;
/// Who brakes the economy.
pub type Emergency = EitherOf<Root, EnsureEmergency>;
/// Who spends what is the treasury's. [`Economics`] is not among them: an origin cannot count what is spent, so that its
/// budget is kept by [`spend_small`](pallet_governance::Call::spend_small).
pub type SpendOrigin = EnsureWithSuccess<Upgrade, AccountId, AnySpend>;

parameter_types! {
	/// Regions that may be listed at most: each country twice, and some that are split.
	pub const MaxRegions: RegionId = 512;
}

impl pallet_governance::Config for Runtime {
	type RuntimeCall = RuntimeCall;
	type Clock = ProofOfBandwidth;
	type EconomicsOrigin = Economics;
	type EmergencyOrigin = Emergency;
	type UpgradeOrigin = Upgrade;
	type EnactableCalls = Enactable;
	type MaxRegions = MaxRegions;
	type Paymaster = FromTreasury;
	type SmallSpend = SmallSpend;
	type WeightInfo = pallet_governance::weights::SubstrateWeight<Runtime>;
}

/// What a referendum on the `root` track may have done as Root, because the SDK asks for Root itself. None of these moves
/// what is somebody's, or writes storage by hand.
pub struct Enactable;

impl Contains<RuntimeCall> for Enactable {
	fn contains(call: &RuntimeCall) -> bool {
		match call {
			RuntimeCall::System(frame_system::Call::authorize_upgrade { .. }) => true,
			RuntimeCall::Utility(pallet_utility::Call::dispatch_as { as_origin, call }) => {
				is_of_the_issuer(as_origin, call)
			}
			_ => false,
		}
	}
}

/// Whether the call is one by which the issuer of the stable asset issues it, or takes back its own.
fn is_of_the_issuer(origin: &OriginCaller, call: &RuntimeCall) -> bool {
	use pallet_assets::Call as Asset;
	let issuer = StableIssuer::get();
	let OriginCaller::system(RawOrigin::Signed(who)) = origin else { return false };
	*who == issuer
		&& matches!(
			call,
			RuntimeCall::Assets(Asset::mint { id: STABLE, .. } | Asset::transfer { id: STABLE, .. })
		)
}

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

/// Blocks of so many hours, by the pace of this network: an epoch is a quarter of a day on a public one.
pub struct Hours<const COUNT: u32>;

impl<const COUNT: u32> Get<BlockNumber> for Hours<COUNT> {
	fn get() -> BlockNumber {
		let pace: weir_primitives::economy::Pace = Governance::get();
		let of_a_day = EpochSlots::get().saturating_mul(pace.epochs_per_day.into());
		let blocks = of_a_day.saturating_mul(COUNT.into()) / 24;
		// No wait is longer than block numbers reach, and none is no wait.
		BlockNumber::try_from(blocks).unwrap_or(BlockNumber::MAX).max(1)
	}
}

/// Hours of a day.
const DAY: u32 = 24;

parameter_types! {
	/// Held while a referendum is on.
	pub const SubmissionDeposit: Balance = tokens(100);
	/// Held while a referendum of the `root` track is decided,
	pub const RootDeposit: Balance = tokens(100_000);
	/// of the `economics` track,
	pub const EconomicsDeposit: Balance = tokens(10_000);
	/// of the `emergency` track: lost if the referendum is killed as an abuse.
	pub const EmergencyDeposit: Balance = tokens(20_000);
	/// What the treasury may spend by decisions of the `economics` track, all those of 28 days together.
	pub const SmallSpend: Balance = tokens(100_000);
	/// There is no limit to what it may by one of the `root` track.
	pub const AnySpend: Balance = Balance::MAX;
	/// The treasury keeps what it has.
	pub const NoBurn: Permill = Permill::zero();
}

/// Number of a track.
pub type TrackId = u16;
/// The track of [`Upgrade`].
pub const ROOT_TRACK: TrackId = 0;
/// The track of [`Economics`].
pub const ECONOMICS_TRACK: TrackId = 1;
/// The track of [`Emergency`].
pub const EMERGENCY_TRACK: TrackId = 2;

const fn percent(share: u128) -> FixedI64 {
	FixedI64::from_rational(share, 100)
}

/// What referenda must reach, from the first day of their decision to the last.
const ROOT_APPROVAL: Curve = Curve::make_reciprocal(4, 28, percent(80), percent(50), percent(100));
const ROOT_SUPPORT: Curve = Curve::make_linear(28, 28, percent(1), percent(50));
const ECONOMICS_APPROVAL: Curve = Curve::make_linear(14, 14, percent(50), percent(100));
const ECONOMICS_SUPPORT: Curve = Curve::make_reciprocal(3, 14, percent(5), percent(1), percent(25));
const EMERGENCY_APPROVAL: Curve = Curve::make_linear(1, 1, percent(66), percent(100));
const EMERGENCY_SUPPORT: Curve = Curve::make_linear(1, 1, percent(2), percent(20));

/// The three tracks, with waits by the pace of this network.
pub struct Tracks;

impl TracksInfo<Balance, BlockNumber> for Tracks {
	type Id = TrackId;
	type RuntimeOrigin = OriginCaller;

	fn tracks() -> impl Iterator<Item = Cow<'static, Track<TrackId, Balance, BlockNumber>>> {
		let root = TrackInfo {
			name: str_array("root"),
			max_deciding: 1,
			decision_deposit: RootDeposit::get(),
			prepare_period: Hours::<{ 2 * DAY }>::get(),
			decision_period: Hours::<{ 28 * DAY }>::get(),
			confirm_period: Hours::<{ 2 * DAY }>::get(),
			min_enactment_period: Hours::<{ 2 * DAY }>::get(),
			min_approval: ROOT_APPROVAL,
			min_support: ROOT_SUPPORT,
		};
		let economics = TrackInfo {
			name: str_array("economics"),
			max_deciding: 10,
			decision_deposit: EconomicsDeposit::get(),
			prepare_period: Hours::<DAY>::get(),
			decision_period: Hours::<{ 14 * DAY }>::get(),
			confirm_period: Hours::<DAY>::get(),
			min_enactment_period: Hours::<DAY>::get(),
			min_approval: ECONOMICS_APPROVAL,
			min_support: ECONOMICS_SUPPORT,
		};
		let emergency = TrackInfo {
			name: str_array("emergency"),
			max_deciding: 5,
			decision_deposit: EmergencyDeposit::get(),
			prepare_period: Hours::<1>::get(),
			decision_period: Hours::<DAY>::get(),
			confirm_period: Hours::<1>::get(),
			min_enactment_period: Hours::<0>::get(),
			min_approval: EMERGENCY_APPROVAL,
			min_support: EMERGENCY_SUPPORT,
		};
		[(ROOT_TRACK, root), (ECONOMICS_TRACK, economics), (EMERGENCY_TRACK, emergency)]
			.into_iter()
			.map(|(id, info)| Cow::Owned(Track { id, info }))
	}

	fn track_for(origin: &OriginCaller) -> Result<TrackId, ()> {
		let OriginCaller::Governance(origin) = origin else { return Err(()) };
		Ok(match origin {
			pallet_governance::Origin::Upgrade => ROOT_TRACK,
			pallet_governance::Origin::Economics => ECONOMICS_TRACK,
			pallet_governance::Origin::Emergency => EMERGENCY_TRACK,
		})
	}
}

impl pallet_referenda::Config for Runtime {
	type RuntimeCall = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_referenda::weights::SubstrateWeight<Runtime>;
	type Scheduler = Scheduler;
	type Currency = Balances;
	type SubmitOrigin = AsEnsureOriginWithArg<EnsureSigned<AccountId>>;
	type CancelOrigin = Upgrade;
	type KillOrigin = Upgrade;
	type Slash = FormerImbalances;
	type Votes = Balance;
	type Tally = pallet_conviction_voting::TallyOf<Runtime>;
	type SubmissionDeposit = SubmissionDeposit;
	type MaxQueued = ConstU32<100>;
	type UndecidingTimeout = Hours<{ 14 * DAY }>;
	type AlarmInterval = ConstU32<1>;
	type Tracks = Tracks;
	type Preimages = Preimage;
	type BlockNumberProvider = System;
}

impl pallet_conviction_voting::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_conviction_voting::weights::SubstrateWeight<Runtime>;
	type Currency = Balances;
	type Polls = Referenda;
	type MaxTurnout = frame_support::traits::tokens::currency::ActiveIssuanceOf<Balances, AccountId>;
	type MaxVotes = ConstU32<128>;
	type VoteLockingPeriod = Hours<{ 7 * DAY }>;
	type BlockNumberProvider = System;
	type VotingHooks = ();
}

/// Pays out of the treasury, which always keeps the existential deposit: what is below it could not be received either.
pub struct FromTreasury;

impl Pay for FromTreasury {
	type Balance = Balance;
	type Beneficiary = AccountId;
	type AssetKind = ();
	type Id = ();
	type Error = DispatchError;

	fn pay(who: &AccountId, _: (), amount: Balance) -> Result<(), DispatchError> {
		Balances::transfer(&TreasuryAccount::get(), who, amount, Preservation::Preserve).map(|_| ())
	}

	fn check_payment(_: ()) -> PaymentStatus {
		PaymentStatus::Success
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn ensure_successful(_: &AccountId, _: (), amount: Balance) {
		frame_support::assert_ok!(Balances::mint_into(&TreasuryAccount::get(), amount));
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn ensure_concluded(_: ()) {}
}

impl pallet_treasury::Config for Runtime {
	type Currency = Balances;
	type RejectOrigin = Upgrade;
	type RuntimeEvent = RuntimeEvent;
	type SpendPeriod = Hours<DAY>;
	type Burn = NoBurn;
	type PalletId = TreasuryPalletId;
	// Nothing is burned; if ever something were, the ledger would hear of it.
	type BurnDestination = FormerImbalances;
	type WeightInfo = pallet_treasury::weights::SubstrateWeight<Runtime>;
	type SpendFunds = ();
	type MaxApprovals = ConstU32<1>;
	type SpendOrigin = SpendOrigin;
	type AssetKind = ();
	type Beneficiary = AccountId;
	type BeneficiaryLookup = IdentityLookup<AccountId>;
	type Paymaster = FromTreasury;
	type BalanceConverter = UnityAssetBalanceConversion;
	type PayoutPeriod = Hours<{ 30 * DAY }>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = ();
	type BlockNumberProvider = System;
}
