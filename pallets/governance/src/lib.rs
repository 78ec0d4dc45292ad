//! # Governance
//!
//! The economy's parameters, their bounds and laws, and who may move them.
//!
//! ## Overview
//!
//! * **Parameters.** [`Parameters`] is one struct, read by every pallet of the economy through `Get`. Bounds and laws are in
//!   [`weir_math::economy::parameters`]: they are code, and only another runtime changes them.
//! * **Pace.** [`Pace`] says how long rounds, windows and notices are on this network. It is genesis state without a setter.
//! * **Changes.** [`propose_parameters`](Pallet::propose_parameters) names what is to change. It is checked at once, against
//!   bounds, laws and all values of the window that ends when it takes effect, and refused with the rule it breaks
//!   ([`Error::Broken`]). It takes effect in the first block of an epoch, `pace.change_notice_epochs` full epochs later, after
//!   the same check again, unless [`cancel_change`](Pallet::cancel_change) comes first. One change waits at a time.
//! * **Windows.** No two values of a parameter that were in force within `pace.change_window_epochs` of each other differ by
//!   more than a quarter of the older one, the list price by more than a tenth; `lambda` only falls. What was replaced within
//!   the window is remembered for that.
//! * **Emergency.** Token purchases, heavy slashes or a region can be paused for three days at most. A pause ends by itself
//!   and cannot be prolonged: the same may be paused again a week after it ended. Nothing else can be paused, and nothing
//!   can be minted, priced or moved by it. Others ask [`PurchasesPaused`], [`SlashesPaused`] and [`RegionPaused`].
//! * **Enacting.** [`enact`](Pallet::enact) dispatches one call as root, if [`Config::EnactableCalls`] lists it. Root passes
//!   every filter of calls; a referendum that were root itself could therefore break the laws of the ledger.
//! * **Small spends.** [`spend_small`](Pallet::spend_small) pays out of the treasury what the track of the economy decided on:
//!   [`Config::SmallSpend`] within a window at most, however many decisions, batches or beneficiaries there are. What was
//!   spent is counted where it is paid, and nowhere else does this track reach the treasury.
//! * **Origins.** [`Origin`] has one variant per track of referenda; [`EnsureEconomics`], [`EnsureEmergency`] and
//!   [`EnsureUpgrade`] ask for them.
//!
//! ## Invariants
//!
//! Checked by [`Pallet::do_try_state`]:
//!
//! 1. The pace equals its genesis copy and is valid.
//! 2. The parameters keep their bounds and laws.
//! 3. Replaced parameters are in the order in which they were replaced, no later than now, and keep bounds and laws;
//!    between any two of them, and between them and the present ones, within a window, no parameter moved too far, and
//!    `lambda` never rose.
//! 4. The change that waits takes effect in an epoch to come, at most one notice from now, and may.
//! 5. No pause lasts longer than three days from now, and only regions of the table are paused.
//! 6. Small spends are remembered in the order of their epochs, none of them to come, and no window holds more than its
//!    budget.

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

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod impls;
#[cfg(test)]
mod mock;
mod origins;
mod seams;
#[cfg(test)]
mod tests;
mod try_state;
mod types;
pub mod weights;

pub use origins::{EnsureEconomics, EnsureEmergency, EnsureUpgrade};
pub use pallet::*;
pub use seams::{PurchasesPaused, RegionPaused, SlashesPaused};
pub use types::{Brake, Change, Dropped, Past, Rule, Spent};
pub use weights::WeightInfo;

use polkadot_sdk::*;

/// Epochs of a window that may see small spends.
pub const MAX_SPENDS: u32 = 32;

// The macro's own lookups of pallet names: a runtime without this pallet does not call it.
#[allow(clippy::expect_used)]
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use alloc::boxed::Box;
	use frame_support::{
		dispatch::{GetDispatchInfo, PostDispatchInfo},
		pallet_prelude::*,
		traits::{tokens::Pay, Contains},
	};
	use frame_system::pallet_prelude::*;
	use sp_runtime::traits::Dispatchable;
	use weir_math::economy::{
		pace::MAX_CHANGES,
		parameters::{ParameterName, PARAMETERS},
	};
	use weir_primitives::{
		economy::{self, RegionId, Tokens},
		seams::EpochClock,
		EpochIndex,
	};

	/// New values of parameters, by name.
	pub type Changes = BoundedVec<(ParameterName, u64), ConstU32<{ PARAMETERS as u32 }>>;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: polkadot_sdk::frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// Calls of the runtime.
		type RuntimeCall: Parameter
			+ Dispatchable<RuntimeOrigin = Self::RuntimeOrigin, PostInfo = PostDispatchInfo>
			+ GetDispatchInfo
			+ From<frame_system::Call<Self>>;

		/// The running epoch.
		type Clock: EpochClock;

		/// May propose and cancel changes of the parameters.
		type EconomicsOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// May pause, and end a pause.
		type EmergencyOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// May have listed calls dispatched as root.
		type UpgradeOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// The calls that [`Pallet::enact`] dispatches. Must not list one that dispatches another call which it is given, and
		/// none that moves tokens past the supply ledger.
		type EnactableCalls: Contains<<Self as Config>::RuntimeCall>;

		/// One more than the largest number that a region may have.
		#[pallet::constant]
		type MaxRegions: Get<RegionId>;

		/// Pays out of the treasury.
		type Paymaster: Pay<
			Balance = Tokens,
			Beneficiary = Self::AccountId,
			AssetKind = (),
			Error = DispatchError,
		>;

		/// What may be spent out of it within a window by [`Pallet::spend_small`].
		#[pallet::constant]
		type SmallSpend: Get<Tokens>;

		/// Weights of this pallet's calls and hook.
		type WeightInfo: WeightInfo;
	}

	/// What a track of referenda may do.
	#[pallet::origin]
	#[derive(
		Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
	)]
	pub enum Origin {
		/// Moves parameters within bounds and laws.
		#[codec(index = 0)]
		Economics,
		/// Pauses, for three days.
		#[codec(index = 1)]
		Emergency,
		/// Has listed calls dispatched as root, such as the authorisation of another runtime.
		#[codec(index = 2)]
		Upgrade,
	}

	/// The parameters in force.
	#[pallet::storage]
	pub type Parameters<T> = StorageValue<_, economy::Parameters, ValueQuery>;

	/// The pace of this network. Unset: `Pace::public()`.
	#[pallet::storage]
	pub type Pace<T> = StorageValue<_, economy::Pace, OptionQuery>;

	/// The pace as genesis had it: there is no setter, and this copy shows it.
	#[pallet::storage]
	pub type GenesisPace<T> = StorageValue<_, economy::Pace, OptionQuery>;

	/// Parameters that were replaced and still limit changes, the oldest first.
	#[pallet::storage]
	pub type PastParameters<T> = StorageValue<_, BoundedVec<Past, ConstU32<MAX_CHANGES>>, ValueQuery>;

	/// The change that waits.
	#[pallet::storage]
	pub type Pending<T> = StorageValue<_, Change, OptionQuery>;

	/// First epoch in which something is, or was, no longer paused. Kept when it is over, so that it cannot be prolonged.
	#[pallet::storage]
	pub type Pauses<T> = StorageMap<_, Twox64Concat, Brake, EpochIndex, OptionQuery>;

	/// What was spent by [`Pallet::spend_small`] and still counts, the oldest first.
	#[pallet::storage]
	pub type SmallSpends<T> = StorageValue<_, BoundedVec<Spent, ConstU32<MAX_SPENDS>>, ValueQuery>;

	#[pallet::genesis_config]
	pub struct GenesisConfig<T: Config> {
		/// The parameters that the network begins with.
		pub parameters: economy::Parameters,
		/// The pace of the network.
		pub pace: economy::Pace,
		#[doc(hidden)]
		#[serde(skip)]
		pub _config: core::marker::PhantomData<T>,
	}

	impl<T: Config> Default for GenesisConfig<T> {
		fn default() -> Self {
			Self {
				parameters: economy::Parameters::default(),
				pace: economy::Pace::public(),
				_config: core::marker::PhantomData,
			}
		}
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			if let Err(broken) = self.parameters.check() {
				panic!("invalid parameters: {broken:?}");
			}
			assert!(self.pace.is_valid(), "invalid pace");
			Parameters::<T>::put(self.parameters);
			Pace::<T>::put(self.pace);
			GenesisPace::<T>::put(self.pace);
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A change of parameters was announced.
		ChangeProposed {
			/// The parameters now.
			old: economy::Parameters,
			/// The parameters then.
			new: economy::Parameters,
			/// First epoch in which they are in force.
			at: EpochIndex,
		},
		/// A change was taken back before it took effect.
		ChangeCancelled {
			/// What the parameters would have become.
			new: economy::Parameters,
			/// When.
			at: EpochIndex,
		},
		/// A change took effect.
		ParametersChanged {
			/// The parameters before.
			old: economy::Parameters,
			/// The parameters from now on.
			new: economy::Parameters,
		},
		/// A change was dropped when it was to take effect: it was allowed when it was proposed, and no longer is.
		ChangeDropped {
			/// What the parameters would have become.
			new: economy::Parameters,
			/// What forbids it.
			why: Dropped,
		},
		/// Something was paused.
		Paused {
			/// What.
			brake: Brake,
			/// First epoch in which it is not any more.
			until: EpochIndex,
		},
		/// A pause was ended before its time.
		Resumed {
			/// What was paused.
			brake: Brake,
			/// When it would have ended by itself.
			until: EpochIndex,
		},
		/// A listed call was dispatched as root.
		Enacted,
		/// The track of the economy spent something out of the treasury.
		SmallSpendPaid {
			/// Who got it.
			beneficiary: T::AccountId,
			/// How much, grains.
			amount: Tokens,
			/// What it may still spend in this window.
			left: Tokens,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The parameters would break this rule.
		Broken(Rule),
		/// One parameter is named twice.
		NamedTwice,
		/// The parameters are like that already.
		NothingChanges,
		/// A change waits already: it takes effect or is cancelled first.
		ChangePending,
		/// No change waits.
		NoChangePending,
		/// It is paused already.
		AlreadyPaused,
		/// The last pause of the same ended too short a time ago.
		CoolingDown,
		/// It is not paused.
		NotPaused,
		/// No region can have this number.
		NoSuchRegion,
		/// The call is not one of those that may be enacted.
		CallNotListed,
		/// Nothing is to be spent.
		NothingToSpend,
		/// More than what is left of the window's budget.
		BudgetExceeded,
		/// As many epochs of the window as can be remembered saw small spends.
		TooManySpends,
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Announces new values of parameters. They take effect together, after the notice.
		///
		/// Only [`Config::EconomicsOrigin`]. Fails with [`Error::ChangePending`], [`Error::NamedTwice`],
		/// [`Error::NothingChanges`], or [`Error::Broken`] with the rule.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::propose_parameters())]
		pub fn propose_parameters(origin: OriginFor<T>, changes: Changes) -> DispatchResult {
			T::EconomicsOrigin::ensure_origin(origin)?;
			Self::do_propose_parameters(&changes)
		}

		/// Takes back the change that waits.
		///
		/// Only [`Config::EconomicsOrigin`]. Fails with [`Error::NoChangePending`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::cancel_change())]
		pub fn cancel_change(origin: OriginFor<T>) -> DispatchResult {
			T::EconomicsOrigin::ensure_origin(origin)?;
			Self::do_cancel_change()
		}

		/// Pauses purchases of credits.
		///
		/// Only [`Config::EmergencyOrigin`]. Fails with [`Error::AlreadyPaused`] or [`Error::CoolingDown`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::pause())]
		pub fn pause_purchases(origin: OriginFor<T>) -> DispatchResult {
			T::EmergencyOrigin::ensure_origin(origin)?;
			Self::do_pause(Brake::Purchases)
		}

		/// Lets heavy slashes wait in their queue.
		///
		/// Only [`Config::EmergencyOrigin`]. Fails with [`Error::AlreadyPaused`] or [`Error::CoolingDown`].
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::pause())]
		pub fn pause_slashes(origin: OriginFor<T>) -> DispatchResult {
			T::EmergencyOrigin::ensure_origin(origin)?;
			Self::do_pause(Brake::Slashes)
		}

		/// Pauses a region.
		///
		/// Only [`Config::EmergencyOrigin`]. Fails with [`Error::NoSuchRegion`], [`Error::AlreadyPaused`] or
		/// [`Error::CoolingDown`].
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::pause())]
		pub fn pause_region(origin: OriginFor<T>, region: RegionId) -> DispatchResult {
			T::EmergencyOrigin::ensure_origin(origin)?;
			ensure!(region < T::MaxRegions::get(), Error::<T>::NoSuchRegion);
			Self::do_pause(Brake::Region(region))
		}

		/// Ends a pause before its time.
		///
		/// Only [`Config::EmergencyOrigin`]. Fails with [`Error::NotPaused`].
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::resume())]
		pub fn resume(origin: OriginFor<T>, brake: Brake) -> DispatchResult {
			T::EmergencyOrigin::ensure_origin(origin)?;
			Self::do_resume(brake)
		}

		/// Dispatches a listed call as root.
		///
		/// Only [`Config::UpgradeOrigin`]. Fails with [`Error::CallNotListed`], or as the call does.
		#[pallet::call_index(6)]
		#[pallet::weight({
			let info = call.get_dispatch_info();
			(T::WeightInfo::enact().saturating_add(info.call_weight), info.class)
		})]
		pub fn enact(
			origin: OriginFor<T>,
			call: Box<<T as Config>::RuntimeCall>,
		) -> DispatchResultWithPostInfo {
			T::UpgradeOrigin::ensure_origin(origin)?;
			ensure!(T::EnactableCalls::contains(&call), Error::<T>::CallNotListed);
			Self::dispatch_as_root(*call)
		}

		/// Pays `amount` grains out of the treasury: at most [`Config::SmallSpend`] within a window, all such spends
		/// together.
		///
		/// Only [`Config::EconomicsOrigin`]. Fails with [`Error::NothingToSpend`], [`Error::BudgetExceeded`],
		/// [`Error::TooManySpends`], or as the transfer does.
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::spend_small())]
		pub fn spend_small(
			origin: OriginFor<T>,
			beneficiary: T::AccountId,
			#[pallet::compact] amount: Tokens,
		) -> DispatchResult {
			T::EconomicsOrigin::ensure_origin(origin)?;
			Self::do_spend_small(beneficiary, amount)
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// The parameters in force.
		pub fn parameters() -> economy::Parameters {
			Parameters::<T>::get()
		}

		/// The pace of this network.
		pub fn pace() -> economy::Pace {
			Self::the_pace()
		}

		/// The change that waits.
		pub fn pending_change() -> Option<Change> {
			Pending::<T>::get()
		}

		/// First epoch in which something is no longer paused; none if it is not paused.
		pub fn paused_until(brake: Brake) -> Option<EpochIndex> {
			Self::pause_of(brake)
		}

		/// What the track of the economy may still spend out of the treasury in this window, grains.
		pub fn small_spend_left() -> Tokens {
			Self::left_to_spend()
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			Self::take_effect()
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
