//! Balances, the price of a transaction, and what becomes of tokens that nobody gets: the ledger counts every one of them.

use super::*;
use crate::*;
use frame_support::{
	derive_impl, parameter_types,
	traits::{
		fungible::{Balanced, Credit},
		ConstU8, Imbalance, OnUnbalanced,
	},
	weights::{
		constants::ExtrinsicBaseWeight, ConstantMultiplier, Weight, WeightToFeeCoefficient,
		WeightToFeeCoefficients, WeightToFeePolynomial,
	},
	PalletId,
};
use pallet_balances::NegativeImbalance;
use pallet_transaction_payment::{Multiplier, TargetedFeeAdjustment};
use smallvec::smallvec;
use sp_runtime::{traits::AccountIdConversion, FixedPointNumber, Perbill, Perquintill};

parameter_types! {
	/// The smallest balance an account may hold: a thousandth of a token.
	pub const ExistentialDeposit: Balance = MILLIWEIR;
	/// Price of a byte of transaction: a millionth of a token.
	pub const TransactionByteFee: Balance = MILLIWEIR / 1_000;
	/// What the treasury's account derives from.
	pub const TreasuryPalletId: PalletId = PalletId(*b"weir/trs");
	/// What the account derives from that holds pay until it is claimed.
	pub const RewardsPalletId: PalletId = PalletId(*b"weir/rwd");
	/// What the account derives from that holds the stable asset until it has bought tokens.
	pub const StablePalletId: PalletId = PalletId(*b"weir/stb");
	/// What the account derives from that may mint the stable asset.
	pub const IssuerPalletId: PalletId = PalletId(*b"weir/iss");
	/// Keyless account that holds what the treasury spends, and the shares of the pool.
	pub TreasuryAccount: AccountId = TreasuryPalletId::get().into_account_truncating();
	/// Keyless account that holds pay until it is claimed.
	pub RewardsPot: AccountId = RewardsPalletId::get().into_account_truncating();
	/// Keyless account that holds the stable asset until it has bought tokens.
	pub StablePot: AccountId = StablePalletId::get().into_account_truncating();
	/// Keyless account that may mint the stable asset: governance acts for it.
	pub StableIssuer: AccountId = IssuerPalletId::get().into_account_truncating();
	/// Fullness of blocks at which prices stay: fuller ones raise them.
	pub const TargetBlockFullness: Perquintill = Perquintill::from_percent(25);
	/// How fast prices follow.
	pub AdjustmentVariable: Multiplier = Multiplier::saturating_from_rational(1, 100_000);
	/// The least that prices may fall to.
	pub MinimumMultiplier: Multiplier = Multiplier::saturating_from_rational(1, 10);
	/// The most that they may rise to.
	pub MaximumMultiplier: Multiplier = Multiplier::saturating_from_integer(1_000);
}

/// Tokens that were taken from somebody and belong to nobody yet.
pub type Loose = Credit<AccountId, Balances>;

/// Destroys tokens, and counts them as destroyed: plugged into every hook that may be the last to hold some.
pub type LedgerSink = BurnMint;

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Runtime {
	type Balance = Balance;
	type ExistentialDeposit = ExistentialDeposit;
	type AccountStore = System;
	type WeightInfo = pallet_balances::weights::SubstrateWeight<Runtime>;
	type MaxLocks = frame_support::traits::ConstU32<50>;
	type MaxReserves = frame_support::traits::ConstU32<50>;
	type MaxFreezes = frame_support::traits::VariantCountOf<RuntimeFreezeReason>;
	type RuntimeHoldReason = RuntimeHoldReason;
	type RuntimeFreezeReason = RuntimeFreezeReason;
	type FreezeIdentifier = RuntimeFreezeReason;
	type DustRemoval = LedgerSink;
	type DoneSlashHandler = ();
}

/// Price of the base weight of an extrinsic: a hundredth of a token.
const BASE_PRICE: Balance = 10 * MILLIWEIR;

/// An extrinsic's base weight costs a hundredth of a token, everything else in proportion.
pub struct WeightToFee;

impl WeightToFeePolynomial for WeightToFee {
	type Balance = Balance;

	fn polynomial() -> WeightToFeeCoefficients<Balance> {
		// A constant above zero.
		let weight = Balance::from(ExtrinsicBaseWeight::get().ref_time());
		smallvec![WeightToFeeCoefficient {
			degree: 1,
			negative: false,
			coeff_frac: Perbill::from_rational(BASE_PRICE.checked_rem(weight).unwrap_or_default(), weight),
			coeff_integer: BASE_PRICE.checked_div(weight).unwrap_or_default(),
		}]
	}
}

/// Tips go to whoever authored the block. What no author can take is destroyed.
pub struct ToAuthor;

impl OnUnbalanced<Loose> for ToAuthor {
	fn on_nonzero_unbalanced(amount: Loose) {
		let rest = match Authorship::author() {
			Some(author) => Balances::resolve(&author, amount).err(),
			None => Some(amount),
		};
		if let Some(rest) = rest {
			LedgerSink::on_unbalanced(rest);
		}
	}
}

/// Fees are destroyed, tips go to the author.
pub struct FeesAndTips;

impl OnUnbalanced<Loose> for FeesAndTips {
	/// The fee comes first, then the tip. Kept apart here, for by default they would be merged.
	fn on_unbalanceds(mut parts: impl Iterator<Item = Loose>) {
		if let Some(fee) = parts.next() {
			LedgerSink::on_unbalanced(fee);
		}
		parts.for_each(ToAuthor::on_unbalanced);
	}

	fn on_nonzero_unbalanced(amount: Loose) {
		LedgerSink::on_unbalanced(amount);
	}
}

/// The ledger's sink for pallets that know only the older kind of loose tokens.
pub struct FormerImbalances;

impl OnUnbalanced<NegativeImbalance<Runtime>> for FormerImbalances {
	fn on_nonzero_unbalanced(amount: NegativeImbalance<Runtime>) {
		let value = amount.peek();
		// The older kind does not become the newer one: it leaves the issuance, and as much enters it anew, for a moment.
		drop(amount);
		LedgerSink::on_unbalanced(Balances::issue(value));
	}
}

/// What charging for a transaction costs. In tokens: the ledger, the author and its account as well. In credits: the quote with
/// its round and pace, the credits, the epoch and the ledger, after the tokens were found not to be enough.
pub struct ChargingWeight;

impl pallet_transaction_payment::WeightInfo for ChargingWeight {
	fn charge_transaction_payment() -> Weight {
		type Charging = pallet_transaction_payment::weights::SubstrateWeight<Runtime>;
		let sinks = <Runtime as frame_system::Config>::DbWeight::get().reads_writes(7, 2);
		Charging::charge_transaction_payment().saturating_add(sinks)
	}
}

impl pallet_transaction_payment::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type OnChargeTransaction = fees::TokensOrCredits;
	type OperationalFeeMultiplier = ConstU8<5>;
	type WeightToFee = WeightToFee;
	type LengthToFee = ConstantMultiplier<Balance, TransactionByteFee>;
	type FeeMultiplierUpdate = TargetedFeeAdjustment<
		Self,
		TargetBlockFullness,
		AdjustmentVariable,
		MinimumMultiplier,
		MaximumMultiplier,
	>;
	type WeightInfo = ChargingWeight;
}
