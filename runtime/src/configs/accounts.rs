//! Balances and the price of a transaction.

use super::*;
use crate::*;
use frame_support::{
	derive_impl, parameter_types,
	traits::{
		fungible::{Balanced, Credit},
		ConstU8, OnUnbalanced,
	},
	weights::{
		constants::ExtrinsicBaseWeight, ConstantMultiplier, WeightToFeeCoefficient, WeightToFeeCoefficients,
		WeightToFeePolynomial,
	},
	PalletId,
};
use pallet_transaction_payment::{FungibleAdapter, Multiplier, TargetedFeeAdjustment};
use smallvec::smallvec;
use sp_runtime::{traits::AccountIdConversion, FixedPointNumber, Perbill, Perquintill};

parameter_types! {
	/// The smallest balance an account may hold: a thousandth of a token.
	pub const ExistentialDeposit: Balance = MILLIWEIR;
	/// Price of a byte of transaction: a millionth of a token.
	pub const TransactionByteFee: Balance = MILLIWEIR / 1_000;
	/// What the treasury's account derives from.
	pub const TreasuryPalletId: PalletId = PalletId(*b"weir/trs");
	/// Keyless account that holds what the treasury will spend once governance exists.
	pub TreasuryAccount: AccountId = TreasuryPalletId::get().into_account_truncating();
	/// Fullness of blocks at which prices stay: fuller ones raise them.
	pub const TargetBlockFullness: Perquintill = Perquintill::from_percent(25);
	/// How fast prices follow.
	pub AdjustmentVariable: Multiplier = Multiplier::saturating_from_rational(1, 100_000);
	/// The least that prices may fall to.
	pub MinimumMultiplier: Multiplier = Multiplier::saturating_from_rational(1, 10);
	/// The most that they may rise to.
	pub MaximumMultiplier: Multiplier = Multiplier::saturating_from_integer(1_000);
}

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
	type DustRemoval = ToTreasury;
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

/// Credits the treasury's pot.
pub struct ToTreasury;

impl OnUnbalanced<Credit<AccountId, Balances>> for ToTreasury {
	fn on_nonzero_unbalanced(amount: Credit<AccountId, Balances>) {
		// Fails only below the existential deposit; the rest is then burned with the credit's drop.
		let _ = Balances::resolve(&TreasuryAccount::get(), amount);
	}
}

/// Fees and tips go to whoever authored the block; without one, to the treasury.
pub struct ToAuthor;

impl OnUnbalanced<Credit<AccountId, Balances>> for ToAuthor {
	fn on_nonzero_unbalanced(amount: Credit<AccountId, Balances>) {
		match Authorship::author() {
			Some(author) => {
				if let Err(rest) = Balances::resolve(&author, amount) {
					ToTreasury::on_nonzero_unbalanced(rest);
				}
			}
			None => ToTreasury::on_nonzero_unbalanced(amount),
		}
	}
}

impl pallet_transaction_payment::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type OnChargeTransaction = FungibleAdapter<Balances, ToAuthor>;
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
	type WeightInfo = pallet_transaction_payment::weights::SubstrateWeight<Runtime>;
}
