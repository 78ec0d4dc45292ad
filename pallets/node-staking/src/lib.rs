//! # Node staking
//!
//! Bonds, unbonding, and slashes that wait and can be appealed.
//!
//! ## Overview
//!
//! A node bonds tokens in a [`Role`]. Each role has its own hold reason and its own ledger, so that what a node does as
//! a provider never costs its bond as a validator. The bond stays in the account, on hold.
//!
//! * **Bonding.** [`bond`](Pallet::bond) needs at least the minimum of the role; a provider's grows with its claim.
//!   [`bond_more`](Pallet::bond_more) adds to it.
//! * **Rate.** What a new claim needs per kbps follows what a kbps earns (`rate.rs`).
//! * **Unbonding.** [`unbond`](Pallet::unbond) moves tokens to a chunk that is free `timing.unbonding_epochs` later, a
//!   provider's `timing.provider_unbonding_epochs()`; [`withdraw`](Pallet::withdraw) releases what is free. While the role is
//!   in use (registered or a candidate) the active bond may not fall below its minimum.
//! * **Slashing.** A slash takes a fraction of everything bonded in the role when it is queued. It waits for
//!   `timing.slash_delay_epochs` epochs, in which it can be cancelled, and is applied whatever its node does meanwhile
//!   (`impls.rs`).
//! * **Deposits.** What the measuring protocol is asked for by a provider needs a deposit, which is given back or taken as
//!   a slash is ([`Deposits`](weir_primitives::seams::Deposits)), or has a price.
//! * **Operators.** A node that belongs to somebody who runs several says so, and its operator agrees (`operators.rs`).
//!
//! ## Invariants
//!
//! Listed and checked by [`Pallet::do_try_state`].
//!
//! [`Role`]: weir_primitives::Role

#![cfg_attr(not(feature = "std"), no_std)]
#![deny(missing_docs)]
#![cfg_attr(
	not(test),
	deny(
		clippy::unwrap_used,
		clippy::expect_used,
		clippy::indexing_slicing,
		clippy::arithmetic_side_effects
	)
)]

extern crate alloc;

use polkadot_sdk::*;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod deposits;
mod impls;
#[cfg(test)]
mod mock;
mod operators;
mod rate;
mod sink;
#[cfg(test)]
mod tests;
mod types;
pub mod weights;

pub use pallet::*;
pub use sink::SplitSink;
pub use types::{
	BalanceOf, BondRate, Chunk, Declaration, Ledger, QueuedSlash, QueuedSlashOf, HEAVY_SLASH, MAX_VIEW_ROWS,
};
pub use weights::WeightInfo;

// The macro looks up its own name with `expect`: a runtime without this pallet does not call it.
#[allow(clippy::expect_used)]
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use alloc::vec::Vec;
	use frame_support::{
		pallet_prelude::*,
		traits::fungible::{self, Credit},
		weights::WeightMeter,
	};
	use frame_system::pallet_prelude::*;
	use sp_runtime::Perbill;
	use weir_primitives::{
		economy::{Pace, Tokens},
		seams::{Deposit, EpochClock, OnBondChange, OnOperatorChange, OnSlashDecided, RoleDuty, SlashSink},
		EpochIndex, Kbps, Role, SlashReason,
	};

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: polkadot_sdk::frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// The token that is bonded.
		type Currency: fungible::Inspect<Self::AccountId, Balance = Tokens>
			+ fungible::Mutate<Self::AccountId>
			+ fungible::Balanced<Self::AccountId>
			+ fungible::hold::Mutate<Self::AccountId, Reason: From<HoldReason>>
			+ fungible::hold::Balanced<Self::AccountId>;

		/// Delays of this network.
		type Timing: Get<weir_primitives::Timing>;

		/// The running epoch.
		type Clock: EpochClock;

		/// Knows which roles are in use, and what a provider claims.
		type Duty: RoleDuty<Self::AccountId>;

		/// Told when an active bond changed.
		type OnBondChange: OnBondChange<Self::AccountId>;

		/// Told when a queued slash was applied or cancelled.
		type OnSlashDecided: OnSlashDecided<Self::AccountId>;

		/// Told when a node gets another operator; may refuse it.
		type OnOperatorChange: OnOperatorChange<Self::AccountId>;

		/// Receives what slashes take.
		type SlashSink: SlashSink<Self::AccountId, Credit<Self::AccountId, Self::Currency>>;

		/// How long a day is.
		type Pace: Get<Pace>;

		/// Whether slashes of [`HEAVY_SLASH`] and more wait. Nothing is released meanwhile that they will take.
		type HeavySlashesPaused: Get<bool>;

		/// May cancel a queued slash.
		type CancelOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// Least bond of a validator.
		#[pallet::constant]
		type MinValidatorBond: Get<BalanceOf<Self>>;

		/// Least bond of a provider, whatever it claims.
		#[pallet::constant]
		type MinProviderBond: Get<BalanceOf<Self>>;

		/// Least bond of a provider for each 1,000 kbps it claims, if that is more than its least bond: the floor of the
		/// rate.
		#[pallet::constant]
		type MinBondPerMbps: Get<BalanceOf<Self>>;

		/// Most that a new claim needs for each 1,000 kbps, whatever a kbps earns.
		#[pallet::constant]
		type MaxBondPerMbps: Get<BalanceOf<Self>>;

		/// Deposit of an appeal against a slash.
		#[pallet::constant]
		type AppealDeposit: Get<BalanceOf<Self>>;

		/// Deposit of a watcher's report that a provider is down.
		#[pallet::constant]
		type AlarmDeposit: Get<BalanceOf<Self>>;

		/// Price of a test that a provider asks for.
		#[pallet::constant]
		type TestPrice: Get<BalanceOf<Self>>;

		/// Chunks a ledger holds, that is epochs in which a node unbonded and has not withdrawn yet.
		#[pallet::constant]
		type MaxUnbondingChunks: Get<u32>;

		/// Slashes applied in one block at most.
		#[pallet::constant]
		type MaxSlashesPerBlock: Get<u32>;

		/// Weights of this pallet's calls and hooks.
		type WeightInfo: WeightInfo;
	}

	/// Why tokens are on hold.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// Bonded, or unbonding, as a validator.
		#[codec(index = 0)]
		ValidatorBond,
		/// Bonded, or unbonding, as a provider.
		#[codec(index = 1)]
		ProviderBond,
		/// Put up for something the measuring protocol was asked for.
		#[codec(index = 2)]
		Deposit,
	}

	/// The bonds of an account, by role.
	#[pallet::storage]
	pub type Ledgers<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Twox64Concat, Role, Ledger<T>, OptionQuery>;

	/// The slashes that wait, by number.
	#[pallet::storage]
	pub type Slashes<T: Config> = StorageMap<_, Twox64Concat, u32, QueuedSlashOf<T>, OptionQuery>;

	/// Numbers of the slashes that wait against an account.
	#[pallet::storage]
	pub type SlashesOf<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Twox64Concat, u32, (), OptionQuery>;

	/// Deposits of an account, by what they are for: how many, and their sum.
	#[pallet::storage]
	pub type Deposits<T: Config> = StorageDoubleMap<
		_,
		Blake2_128Concat,
		T::AccountId,
		Twox64Concat,
		Deposit,
		(u32, BalanceOf<T>),
		OptionQuery,
	>;

	/// What nodes say of their operators.
	#[pallet::storage]
	pub type Declarations<T: Config> =
		StorageMap<_, Blake2_128Concat, T::AccountId, Declaration<T::AccountId>, OptionQuery>;

	/// Nodes of an operator, announced ones included.
	#[pallet::storage]
	pub type NodesOf<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, u32, ValueQuery>;

	/// The bond that a new claim needs for each 1,000 kbps, and what it follows.
	#[pallet::storage]
	pub type Rate<T: Config> = StorageValue<_, BondRate, ValueQuery>;

	/// The oldest number that may still be queued: all before it are decided.
	#[pallet::storage]
	pub type FirstSlash<T: Config> = StorageValue<_, u32, ValueQuery>;

	/// The number the next slash gets.
	#[pallet::storage]
	pub type NextSlash<T: Config> = StorageValue<_, u32, ValueQuery>;

	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Initial bonds: account, role, amount in grains.
		pub bonds: Vec<(T::AccountId, Role, BalanceOf<T>)>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			for (who, role, amount) in &self.bonds {
				if let Err(error) = Pallet::<T>::bond_at_genesis(who, *role, *amount) {
					panic!("genesis bond of {who:?} as {role:?}: {error:?}");
				}
			}
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// Tokens were added to a bond.
		Bonded {
			/// Account.
			who: T::AccountId,
			/// Role.
			role: Role,
			/// What was added.
			amount: BalanceOf<T>,
			/// The active bond now.
			active: BalanceOf<T>,
		},
		/// Tokens left the active bond.
		Unbonding {
			/// Account.
			who: T::AccountId,
			/// Role.
			role: Role,
			/// What left.
			amount: BalanceOf<T>,
			/// The active bond now.
			active: BalanceOf<T>,
			/// First epoch in which it may be withdrawn.
			free_at: EpochIndex,
		},
		/// Free tokens were released to their account.
		Withdrawn {
			/// Account.
			who: T::AccountId,
			/// Role.
			role: Role,
			/// What was released.
			amount: BalanceOf<T>,
			/// Bonded or unbonding still.
			left: BalanceOf<T>,
		},
		/// A slash was queued.
		SlashQueued {
			/// Its number.
			id: u32,
			/// Whose bond.
			who: T::AccountId,
			/// Role.
			role: Role,
			/// Fraction that was asked for.
			fraction: Perbill,
			/// What it will take.
			amount: BalanceOf<T>,
			/// Why.
			reason: SlashReason,
			/// First epoch in which it applies.
			due: EpochIndex,
			/// Who brought the evidence, and gets its part.
			reporter: Option<T::AccountId>,
		},
		/// A slash took tokens.
		SlashApplied {
			/// Its number.
			id: u32,
			/// Whose bond.
			who: T::AccountId,
			/// Role.
			role: Role,
			/// What it was to take.
			amount: BalanceOf<T>,
			/// What it took.
			taken: BalanceOf<T>,
			/// The active bond now.
			active: BalanceOf<T>,
		},
		/// A slash was cancelled.
		SlashCancelled {
			/// Its number.
			id: u32,
			/// Whose bond.
			who: T::AccountId,
			/// Role.
			role: Role,
			/// What it would have taken.
			amount: BalanceOf<T>,
		},
		/// A deposit was put up.
		DepositHeld {
			/// Account.
			who: T::AccountId,
			/// For what.
			what: Deposit,
			/// How much.
			amount: BalanceOf<T>,
		},
		/// A deposit was given back.
		DepositReleased {
			/// Account.
			who: T::AccountId,
			/// For what.
			what: Deposit,
			/// How much.
			amount: BalanceOf<T>,
		},
		/// A deposit was taken.
		DepositForfeited {
			/// Account.
			who: T::AccountId,
			/// For what.
			what: Deposit,
			/// How much.
			amount: BalanceOf<T>,
		},
		/// New claims need another bond.
		BondRateChanged {
			/// For each 1,000 kbps until now.
			old: BalanceOf<T>,
			/// For each 1,000 kbps from now on.
			new: BalanceOf<T>,
			/// Average reward of an epoch for each 1,000 units of weight.
			reward: BalanceOf<T>,
		},
		/// A test was paid for.
		TestPaid {
			/// Account.
			who: T::AccountId,
			/// How much.
			amount: BalanceOf<T>,
		},
		/// A node asks an account to be its operator; or it no longer does, or was declined.
		OperatorAsked {
			/// The node.
			node: T::AccountId,
			/// Who is asked.
			operator: Option<T::AccountId>,
		},
		/// A node gets another operator.
		OperatorChanged {
			/// The node.
			node: T::AccountId,
			/// Its operator so far; none: itself.
			old: Option<T::AccountId>,
			/// Its operator from then on; none: itself.
			new: Option<T::AccountId>,
			/// First epoch in which it counts.
			since: EpochIndex,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The account has an active bond in this role: add to it instead.
		AlreadyBonded,
		/// The account has no active bond in this role.
		NotBonded,
		/// A bond must reach the minimum of its role.
		BelowMinimum,
		/// While the role is in use, what stays must reach the minimum for what is claimed.
		BelowMinimumInService,
		/// What stays active must be nothing or reach the minimum of the role.
		RemainderTooSmall,
		/// More than the active bond.
		ExceedsActiveBond,
		/// An amount of zero changes nothing.
		ZeroAmount,
		/// Withdraw what is free before unbonding in one more epoch.
		TooManyChunks,
		/// No unbonded tokens are free yet.
		NothingFree,
		/// All that is free is withheld for queued slashes.
		WithheldForSlashes,
		/// A slash needs something bonded to take from.
		NothingToSlash,
		/// A slash of a zero fraction takes nothing.
		ZeroFraction,
		/// No slash with this number is queued.
		NoSuchSlash,
		/// The queue's numbers are used up.
		SlashNumbersExhausted,
		/// The sum does not fit a balance.
		Overflow,
		/// Only an account with an active bond is a node.
		NotANode,
		/// A node that declares nothing is its own operator.
		OwnOperator,
		/// That is what the node says already.
		NothingChanges,
		/// The node does not ask the signer to be its operator.
		NotAsked,
		/// The signer has an operator itself.
		HasOperator,
		/// The node is the operator of others.
		IsOperator,
		/// The signer is not the node's operator, nor asked to be.
		NotYourNode,
		/// The last change of operator took effect less than 8 epochs ago, or has not yet.
		OperatorChanging,
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Bonds `amount` in `role`.
		///
		/// Fails with [`Error::AlreadyBonded`], [`Error::BelowMinimum`], or when the account cannot hold that much.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::bond().saturating_add(T::OnBondChange::weight()))]
		pub fn bond(
			origin: OriginFor<T>,
			role: Role,
			#[pallet::compact] amount: BalanceOf<T>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_bond(&who, role, amount)
		}

		/// Adds `amount` to the active bond in `role`.
		///
		/// Fails with [`Error::ZeroAmount`], [`Error::NotBonded`], or when the account cannot hold that much.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::bond_more().saturating_add(T::OnBondChange::weight()))]
		pub fn bond_more(
			origin: OriginFor<T>,
			role: Role,
			#[pallet::compact] amount: BalanceOf<T>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_bond_more(&who, role, amount)
		}

		/// Puts `amount` of the active bond aside: free after the unbonding time, slashable until withdrawn.
		///
		/// Fails with [`Error::ZeroAmount`], [`Error::NotBonded`], [`Error::ExceedsActiveBond`],
		/// [`Error::BelowMinimumInService`], [`Error::RemainderTooSmall`] or [`Error::TooManyChunks`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::unbond().saturating_add(T::OnBondChange::weight()))]
		pub fn unbond(
			origin: OriginFor<T>,
			role: Role,
			#[pallet::compact] amount: BalanceOf<T>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_unbond(&who, role, amount)
		}

		/// Releases what is free, but for what queued slashes will take.
		///
		/// Fails with [`Error::NothingFree`] or [`Error::WithheldForSlashes`].
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::withdraw())]
		pub fn withdraw(origin: OriginFor<T>, role: Role) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_withdraw(&who, role)
		}

		/// Cancels the queued slash with number `id`.
		///
		/// Only [`Config::CancelOrigin`]. Fails with [`Error::NoSuchSlash`].
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::cancel_slash().saturating_add(T::OnSlashDecided::weight()))]
		pub fn cancel_slash(origin: OriginFor<T>, #[pallet::compact] id: u32) -> DispatchResult {
			T::CancelOrigin::ensure_origin(origin)?;
			Self::do_cancel_slash(id)
		}

		/// Asks `operator` to be the operator of the signer's node, in place of a former request; or, with none, ends
		/// request and operator.
		///
		/// Fails with [`Error::NotANode`], [`Error::OwnOperator`], [`Error::NothingChanges`] or
		/// [`Error::OperatorChanging`].
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::set_operator().saturating_add(T::OnOperatorChange::weight()))]
		pub fn set_operator(origin: OriginFor<T>, operator: Option<T::AccountId>) -> DispatchResult {
			let node = ensure_signed(origin)?;
			Self::do_set_operator(node, operator)
		}

		/// Makes the signer the operator of `node`, which asks for it.
		///
		/// Fails with [`Error::NotAsked`], [`Error::HasOperator`], [`Error::IsOperator`], [`Error::OperatorChanging`], or
		/// when [`Config::OnOperatorChange`] refuses.
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::accept_node().saturating_add(T::OnOperatorChange::weight()))]
		pub fn accept_node(origin: OriginFor<T>, node: T::AccountId) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::do_accept_node(operator, node)
		}

		/// Lets go of `node`, which the signer operates, or declines its request.
		///
		/// Fails with [`Error::NotYourNode`] or [`Error::OperatorChanging`].
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::release_node().saturating_add(T::OnOperatorChange::weight()))]
		pub fn release_node(origin: OriginFor<T>, node: T::AccountId) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::do_release_node(operator, node)
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// The bond of `who` in `role`.
		pub fn ledger(who: T::AccountId, role: Role) -> Option<Ledger<T>> {
			Ledgers::<T>::get(who, role)
		}

		/// The least active bond `who` needs in `role` for what it claims now, by today's rate, in grains. One that was
		/// enough when it was bonded stays enough; what it no longer covers does not earn.
		pub fn minimum_bond(who: T::AccountId, role: Role) -> BalanceOf<T> {
			Self::new_minimum_of(&who, role)
		}

		/// Bond that a new claim needs for each 1,000 kbps today, in grains.
		pub fn bond_per_mbps() -> BalanceOf<T> {
			Self::rate_per_mbps()
		}

		/// What the active bond of `who` as a provider covers by today's rate, kbps.
		pub fn covered(who: T::AccountId) -> Kbps {
			Self::do_covered_kbps(&who)
		}

		/// What `node` says of its operator.
		pub fn declaration(node: T::AccountId) -> Option<Declaration<T::AccountId>> {
			Declarations::<T>::get(node)
		}

		/// The slashes queued against `who` with their numbers, at most [`MAX_VIEW_ROWS`].
		pub fn pending_slashes(who: T::AccountId) -> Vec<(u32, QueuedSlashOf<T>)> {
			SlashesOf::<T>::iter_key_prefix(&who)
				.take(MAX_VIEW_ROWS)
				.filter_map(|id| Slashes::<T>::get(id).map(|slash| (id, slash)))
				.collect()
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_idle(_: BlockNumberFor<T>, remaining: Weight) -> Weight {
			let mut meter = WeightMeter::with_limit(remaining);
			Self::apply_due_slashes(&mut meter);
			meter.consumed()
		}

		fn integrity_test() {
			Self::check_constants();
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}
}
