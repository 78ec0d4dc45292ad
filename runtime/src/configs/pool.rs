//! The stable asset, and the pool in which it meets the token.

use super::*;
use crate::*;
use alloc::vec;
use frame_support::{
	parameter_types,
	traits::{
		fungible::{Balanced as _, NativeFromLeft, NativeOrWithId, UnionOf},
		fungibles,
		tokens::Preservation,
		ConstU128, ConstU32, NeverEnsureOrigin, OnUnbalanced,
	},
	weights::Weight,
	PalletId,
};
use pallet_asset_conversion::{AccountIdConverter, PoolLocator as _, Swap, WeightInfo as _, WithFirstAsset};
use sp_core::U256;
use sp_runtime::{DispatchError, DispatchResult, Permill};
use weir_primitives::{
	economy::{Credits, Tokens},
	seams::economy::StablePool,
};

/// Number of an asset.
pub type AssetId = u32;
/// The token, or an asset by its number.
pub type AssetKind = NativeOrWithId<AssetId>;
/// Both sides of a pool, the token first.
pub type PoolId = (AssetKind, AssetKind);

/// The asset whose unit is a micro-dollar.
pub const STABLE: AssetId = 1;
/// Digits of the stable asset behind the point.
pub const STABLE_DECIMALS: u8 = 6;

/// Assets that people hold.
pub type AssetsInstance = ();
/// Shares of pools.
pub type SharesInstance = frame_support::instances::Instance2;

parameter_types! {
	/// What the accounts of pools derive from.
	pub const PoolPalletId: PalletId = PalletId(*b"weir/amm");
	/// The token as a side of the pool.
	pub const Native: AssetKind = NativeOrWithId::Native;
	/// The stable asset as a side of the pool.
	pub const Stable: AssetKind = NativeOrWithId::WithId(STABLE);
	/// What a swap leaves in the pool: small beside the slippage that a purchase by the stable path may have.
	pub const SwapFee: Permill = Permill::from_parts(3_000);
	/// What a pool of its own could take at most.
	pub const MaxSwapFee: Permill = Permill::from_parts(5_000);
	/// Shares are taken back in full.
	pub const NoWithdrawalFee: Permill = Permill::zero();
}

/// The token and all assets as one set.
pub type NativeAndAssets = UnionOf<Balances, Assets, NativeFromLeft, AssetKind, AccountId>;

impl pallet_assets::Config<AssetsInstance> for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type Balance = Balance;
	type RemoveItemsLimit = ConstU32<1_000>;
	type AssetId = AssetId;
	type AssetIdParameter = AssetId;
	type ReserveData = ();
	type Currency = Balances;
	// The stable asset is there from genesis, and no other comes.
	type CreateOrigin = NeverEnsureOrigin<AccountId>;
	type ForceOrigin = governance::Root;
	type AssetDeposit = ConstU128<WEIR>;
	type AssetAccountDeposit = ConstU128<WEIR>;
	type MetadataDepositBase = ConstU128<WEIR>;
	type MetadataDepositPerByte = ConstU128<MILLIWEIR>;
	type ApprovalDeposit = ConstU128<WEIR>;
	type StringLimit = ConstU32<50>;
	type Freezer = ();
	type Holder = ();
	type Extra = ();
	type CallbackHandle = ();
	type AssetIdAllocator = ();
	type WeightInfo = pallet_assets::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = ();
}

impl pallet_assets::Config<SharesInstance> for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type Balance = Balance;
	type RemoveItemsLimit = ConstU32<1_000>;
	type AssetId = AssetId;
	type AssetIdParameter = AssetId;
	type ReserveData = ();
	type Currency = Balances;
	// Shares are created by the pool's pallet itself.
	type CreateOrigin = NeverEnsureOrigin<AccountId>;
	type ForceOrigin = NeverEnsureOrigin<()>;
	type AssetDeposit = ConstU128<0>;
	type AssetAccountDeposit = ConstU128<0>;
	type MetadataDepositBase = ConstU128<0>;
	type MetadataDepositPerByte = ConstU128<0>;
	type ApprovalDeposit = ConstU128<WEIR>;
	type StringLimit = ConstU32<50>;
	type Freezer = ();
	type Holder = ();
	type Extra = ();
	type CallbackHandle = ();
	type AssetIdAllocator = ();
	type WeightInfo = pallet_assets::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = ();
}

/// The ledger's sink for a fee that is paid in the token or in an asset. Only tokens are the ledger's.
pub struct SetupFees;

impl OnUnbalanced<fungibles::Credit<AccountId, NativeAndAssets>> for SetupFees {
	fn on_nonzero_unbalanced(amount: fungibles::Credit<AccountId, NativeAndAssets>) {
		let (asset, value) = (amount.asset(), amount.peek());
		// Of either, what nobody holds leaves the issuance. As many tokens enter it anew, for a moment: this kind does not become
		// the one that the ledger takes.
		drop(amount);
		if asset == Native::get() {
			accounts::LedgerSink::on_unbalanced(Balances::issue(value));
		}
	}
}

/// Finds a pool by its sides, of which one is the token.
pub type Locator = WithFirstAsset<Native, AccountId, AssetKind, AccountIdConverter<PoolPalletId, PoolId>>;

/// The account that holds what is in the pool.
pub fn pool_account() -> Option<AccountId> {
	Locator::pool_address(&Native::get(), &Stable::get()).ok()
}

impl pallet_asset_conversion::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type Balance = Balance;
	type HigherPrecisionBalance = U256;
	type AssetKind = AssetKind;
	type Assets = NativeAndAssets;
	type PoolId = PoolId;
	type PoolLocator = Locator;
	type PoolAssetId = AssetId;
	type PoolAssets = PoolAssets;
	type LPFee = SwapFee;
	type AdminOrigin = NeverEnsureOrigin<()>;
	type MaxSwapFee = MaxSwapFee;
	// Nobody sets up a pool after genesis, so that there is no fee for it. If there were one, the ledger would hear of it.
	type PoolSetupFee = ConstU128<0>;
	type PoolSetupFeeAsset = Native;
	type PoolSetupFeeTarget = SetupFees;
	type LiquidityWithdrawalFee = NoWithdrawalFee;
	type MintMinLiquidity = ConstU128<100>;
	type MaxSwapPathLength = ConstU32<2>;
	type PalletId = PoolPalletId;
	type WeightInfo = pallet_asset_conversion::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = pallet_asset_conversion::NativeOrWithIdFactory<AssetId>;
}

/// The pool as our pallets see it.
pub struct Pool;

impl StablePool<AccountId> for Pool {
	fn reserves() -> Option<(Tokens, Credits)> {
		AssetConversion::get_reserves(Native::get(), Stable::get()).ok()
	}

	fn transfer(from: &AccountId, to: &AccountId, credits: Credits) -> DispatchResult {
		let keep = Preservation::Expendable;
		<Assets as fungibles::Mutate<AccountId>>::transfer(STABLE, from, to, credits, keep).map(|_| ())
	}

	fn swap(who: &AccountId, credits: Credits, least: Tokens) -> Result<Tokens, DispatchError> {
		let path = vec![Stable::get(), Native::get()];
		// The pool takes no zero for a limit.
		let least = (least > 0).then_some(least);
		let (from, to) = (who.clone(), who.clone());
		<AssetConversion as Swap<AccountId>>::swap_exact_tokens_for_tokens(
			from, path, credits, least, to, false,
		)
	}

	fn swap_weight() -> Weight {
		pallet_asset_conversion::weights::SubstrateWeight::<Runtime>::swap_exact_tokens_for_tokens(2)
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn fund_for_benchmark(who: &AccountId, credits: Credits) {
		use frame_support::{assert_ok, traits::fungible::Mutate};
		// The preset has the pool. It is deepened, so that a swap of so much slips little.
		let Some(pool) = pool_account() else { return };
		let deep = credits.saturating_mul(1_000);
		for to in [who, &pool] {
			let amount = if to == who { credits } else { deep };
			assert_ok!(<Assets as fungibles::Mutate<AccountId>>::mint_into(STABLE, to, amount));
		}
		assert_ok!(Balances::mint_into(&pool, deep.saturating_mul(25_000_000)));
	}
}
