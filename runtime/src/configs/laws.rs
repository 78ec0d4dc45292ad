//! # Laws
//!
//! Calls that nobody may make, in whatever they are wrapped: they would move tokens past the ledger, prices past their
//! rules, or the stable asset past its issuer. The pallet has no state and no call: it checks with every build that the
//! runtime refuses them. At genesis it gives the accounts that hold tokens for others a reference by which they stay and
//! the existential deposit, and the treasury what nobody else was given.
//!
//! Root passes every filter of the SDK, so that there is no way to call as Root but through
//! [`enact`](pallet_governance::Call::enact), which takes only what [`Enactable`](super::governance::Enactable) lists,
//! and, where the preset names a key, through `sudo`, whose own calls meet this filter with what they hold. What Root
//! writes into storage by hand is outside the law: only a network with `sudo` can do that.

use super::accounts::{RewardsPot, StablePot, TreasuryAccount};
use crate::*;
use alloc::{boxed::Box, vec, vec::Vec};
use frame_support::traits::{Contains, Get};

pub use pallet::*;

// The macro looks up its own name with `expect`: a runtime without this pallet does not call it.
#[allow(clippy::expect_used)]
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use frame_support::{pallet_prelude::*, traits::fungible};
	use frame_system::pallet_prelude::BlockNumberFor;

	#[pallet::pallet]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config:
		polkadot_sdk::frame_system::Config<AccountId = AccountId, RuntimeCall = RuntimeCall>
	{
		/// The token.
		type Currency: fungible::Mutate<AccountId, Balance = Balance>;

		/// Accounts that hold tokens for others, and must never be reaped nor be too empty to receive.
		type Pots: Get<Vec<AccountId>>;

		/// Gets the tokens of the genesis that nobody else was given.
		type Treasury: Get<AccountId>;

		/// A call of each kind that the laws forbid.
		type Forbidden: Get<Vec<RuntimeCall>>;
	}

	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Whole tokens that there are altogether. Those that nobody was given are the treasury's. Zero: as many as were
		/// given.
		pub issuance: u64,
		/// The runtime.
		#[serde(skip)]
		pub runtime: PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			use fungible::{Inspect, Mutate};
			let least = T::Currency::minimum_balance();
			for pot in T::Pots::get() {
				polkadot_sdk::frame_system::Pallet::<T>::inc_providers(&pot);
				let missing = least.saturating_sub(T::Currency::balance(&pot));
				if missing > 0 && T::Currency::mint_into(&pot, least).is_err() {
					panic!("{pot:?} holds tokens for others");
				}
			}
			if self.issuance > 0 {
				let given = T::Currency::total_issuance();
				let left =
					Balance::from(self.issuance).checked_mul(WEIR).and_then(|all| all.checked_sub(given));
				let Some(left) = left else { panic!("more than {} tokens were given", self.issuance) };
				if let Err(error) = T::Currency::mint_into(&T::Treasury::get(), left) {
					panic!("what is left is the treasury's: {error:?}");
				}
			}
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			for call in T::Forbidden::get() {
				assert!(!T::BaseCallFilter::contains(&call), "{call:?} is forbidden");
				let calls = vec![call];
				let batch = pallet_utility::Call::batch { calls }.into();
				assert!(!T::BaseCallFilter::contains(&batch), "{batch:?} is forbidden");
			}
		}
	}
}

impl pallet::Config for Runtime {
	type Currency = Balances;
	type Treasury = TreasuryAccount;
	type Pots = Pots;
	type Forbidden = Forbidden;
}

/// The treasury, and what waits for claims and for purchases.
pub struct Pots;

impl Get<Vec<AccountId>> for Pots {
	fn get() -> Vec<AccountId> {
		vec![TreasuryAccount::get(), RewardsPot::get(), StablePot::get()]
	}
}

/// A call of each kind that nobody may make.
pub struct Forbidden;

impl Get<Vec<RuntimeCall>> for Forbidden {
	fn get() -> Vec<RuntimeCall> {
		use pallet_asset_conversion::Call as Trading;
		use pallet_assets::Call as Asset;
		use pallet_balances::{AdjustmentDirection, Call as Money};
		let pot = || Address::from(RewardsPot::get());
		let (id, native, stable) =
			(super::pool::STABLE, Box::new(super::pool::Native::get()), Box::new(super::pool::Stable::get()));
		let owned: [pallet_assets::Call<Runtime>; 8] = [
			Asset::create { id, admin: pot(), min_balance: 1 },
			Asset::force_create { id, owner: pot(), is_sufficient: true, min_balance: 1 },
			Asset::start_destroy { id },
			Asset::force_transfer { id, source: pot(), dest: pot(), amount: 1 },
			Asset::freeze_asset { id },
			Asset::freeze { id, who: pot() },
			Asset::set_team { id, issuer: pot(), admin: pot(), freezer: pot() },
			Asset::transfer_ownership { id, owner: pot() },
		];
		let others: [RuntimeCall; 9] = [
			Money::burn { value: 1, keep_alive: true }.into(),
			Money::force_set_balance { who: pot(), new_free: 0 }.into(),
			Money::force_adjust_total_issuance { direction: AdjustmentDirection::Increase, delta: 1 }.into(),
			Money::force_unreserve { who: pot(), amount: 1 }.into(),
			Money::force_transfer { source: pot(), dest: pot(), value: 1 }.into(),
			Trading::create_pool { asset1: native.clone(), asset2: stable.clone() }.into(),
			Trading::touch { asset1: native, asset2: stable }.into(),
			// The older way of spending: of its call, the SDK says that it is deprecated.
			#[allow(deprecated)]
			pallet_treasury::Call::spend_local { amount: 1, beneficiary: pot() }.into(),
			pallet_safe_mode::Call::force_slash_deposit { account: RewardsPot::get(), block: 0 }.into(),
		];
		let owned = owned.into_iter().map(RuntimeCall::from);
		owned.chain(others).collect()
	}
}

/// Calls within calls that are looked into. Deeper ones are refused: each level is dispatched by itself and looked
/// through again, so that without a limit a small transaction could cost much.
pub const DEEPEST: u32 = 8;

/// Calls that keep the laws.
pub struct Lawful;

impl Contains<RuntimeCall> for Lawful {
	fn contains(call: &RuntimeCall) -> bool {
		holds(call, DEEPEST)
	}
}

/// Whether a call keeps the laws, and all that it holds down to `depth` levels.
fn holds(call: &RuntimeCall, depth: u32) -> bool {
	if !keeps_laws(call) {
		return false;
	}
	let inner = held(call);
	inner.is_empty()
		|| depth.checked_sub(1).is_some_and(|depth| inner.into_iter().all(|call| holds(call, depth)))
}

/// Whether a call keeps the laws, whatever it holds.
fn keeps_laws(call: &RuntimeCall) -> bool {
	use pallet_asset_conversion::Call as Trading;
	use pallet_assets::Call as Asset;
	use pallet_balances::Call as Money;
	match call {
		// Tokens come and go by the ledger alone, and nobody moves another's.
		RuntimeCall::Balances(call) => matches!(
			call,
			Money::transfer_allow_death { .. }
				| Money::transfer_keep_alive { .. }
				| Money::transfer_all { .. }
				| Money::upgrade_accounts { .. }
		),
		// There is one asset. Its team and its terms stay, nobody freezes it, and its issuer mints.
		RuntimeCall::Assets(call) => matches!(
			call,
			Asset::transfer { .. }
				| Asset::transfer_keep_alive { .. }
				| Asset::transfer_all { .. }
				| Asset::approve_transfer { .. }
				| Asset::cancel_approval { .. }
				| Asset::transfer_approved { .. }
				| Asset::mint { .. }
				| Asset::burn { .. }
		),
		// There is one pool, with the fee of the genesis.
		RuntimeCall::AssetConversion(call) => matches!(
			call,
			Trading::add_liquidity { .. }
				| Trading::remove_liquidity { .. }
				| Trading::swap_exact_tokens_for_tokens { .. }
				| Trading::swap_tokens_for_exact_tokens { .. }
		),
		// Spends are approved and paid out. The older way beside that mints first and pays afterwards.
		RuntimeCall::Treasury(call) => matches!(
			call,
			pallet_treasury::Call::spend { .. }
				| pallet_treasury::Call::payout { .. }
				| pallet_treasury::Call::check_status { .. }
				| pallet_treasury::Call::void_spend { .. }
		),
		// It would burn tokens, and no sink would hear of it.
		RuntimeCall::SafeMode(call) => !matches!(call, pallet_safe_mode::Call::force_slash_deposit { .. }),
		_ => true,
	}
}

/// The calls that a call makes.
fn held(call: &RuntimeCall) -> Vec<&RuntimeCall> {
	use pallet_multisig::Call as Many;
	use pallet_proxy::Call as Delegate;
	use pallet_scheduler::Call as Later;
	use pallet_sudo::Call as Master;
	use pallet_utility::Call as Several;
	match call {
		RuntimeCall::Utility(call) => match call {
			Several::batch { calls } | Several::batch_all { calls } | Several::force_batch { calls } => {
				calls.iter().collect()
			}
			Several::as_derivative { call, .. }
			| Several::dispatch_as { call, .. }
			| Several::dispatch_as_fallible { call, .. }
			| Several::with_weight { call, .. } => vec![call],
			Several::if_else { main, fallback } => vec![main, fallback],
			_ => Vec::new(),
		},
		RuntimeCall::Proxy(Delegate::proxy { call, .. } | Delegate::proxy_announced { call, .. }) => {
			vec![call]
		}
		RuntimeCall::Multisig(Many::as_multi_threshold_1 { call, .. } | Many::as_multi { call, .. }) => {
			vec![call]
		}
		RuntimeCall::Sudo(
			Master::sudo { call } | Master::sudo_unchecked_weight { call, .. } | Master::sudo_as { call, .. },
		) => vec![call],
		RuntimeCall::Scheduler(
			Later::schedule { call, .. }
			| Later::schedule_named { call, .. }
			| Later::schedule_after { call, .. }
			| Later::schedule_named_after { call, .. },
		) => vec![call],
		RuntimeCall::Governance(pallet_governance::Call::enact { call }) => vec![call],
		_ => Vec::new(),
	}
}
