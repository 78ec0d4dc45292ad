//! # Regions
//!
//! What a gigabyte of capacity is worth in each region, and what neighbours weigh together.
//!
//! ## Overview
//!
//! Governance keeps a table of regions. When an epoch is closed, rewards asks region by region what it is worth
//! ([`RegionalTerms`]): demand that was paid for and the weight that stood ready make its utilisation, utilisation its
//! multiplier, missing proven weight its coverage floor. The formulas are [`incentive`]'s; this pallet keeps what they go
//! by.
//!
//! ### Changes of the table
//!
//! What is opened, closed or asked of a region moves pay everywhere, because coverage floors share one budget. Except for
//! genesis, it is announced and takes effect after its notice, within a window and bounds ([`least_weight`]).
//!
//! ### Demand
//!
//! Burn-mint reports what vouchers paid ([`RegionalDemand`]). It waits here, epoch by epoch, for the close of its epoch.
//! Traffic in a region that is not open is settled like any other and moves nothing here.
//!
//! ### The price is lost
//!
//! Demand and supply are averaged on, for they are known. Multipliers and floors stay what they were, except that a region
//! that has grown gets no more out of its floor than before, and that too small a sample still makes a multiplier one.
//!
//! ### Paused, closed
//!
//! A region that the emergency track has paused has no floor and no multiplier above one; its lines stay, and what they earn
//! is theirs. The same goes, in epochs from the closure on, for what is left in a closed region until its lines are placed
//! again: nobody can be in one. A region that is opened again has its old number, and its averages begin anew. Hence there are
//! never more numbers than there are countries and kinds of lines.
//!
//! ### Neighbours
//!
//! Rewards places each line it weighs ([`Placement`]). Lines on one address, in one block of addresses, in one network have
//! caps together: [`groups`]. Only the line that is placed changes its weight, so placing is constant work; its neighbours
//! follow when they are placed the next time. The same placements count the lines, operators and networks of a region:
//! below a minimum of each its multiplier is one.
//!
//! ### Bounties
//!
//! Anybody may set tokens aside for lines with long location proofs in a region: a rate per thousand kbps of proven weight
//! and epoch, up to a last epoch. The tokens stay in the sponsor's account, on hold, until an epoch is paid. What is left goes
//! back when the last epoch is paid, or the last one in which the region was open. When a region has as many bounties as it
//! may, a larger one takes the place of the smallest: places cannot be kept from others cheaply.
//!
//! ## Invariants
//!
//! Checked by [`Pallet::do_try_state`]:
//!
//! 1. `Regions` and `IdOf` are inverse to each other, numbers are dense, and there are at most `MaxRegions`.
//! 2. A placed line is in a region of the table, weighs something by itself, and no level lets through more than the one
//!    before.
//! 3. `Sites`, `Blocks`, `Networks`, `OperatorLines` and `Counts` are exactly what follows from `Lines`; no group is empty.
//! 4. No site weighs more than the node cap, no block more than four of them.
//! 5. Multipliers lie in [0.5, 3], with their floors at most at 3; average demand is at most average capacity.
//! 6. Epochs of waiting demand rise, and belong to regions that were open in them.
//! 7. What a sponsor has on hold is exactly what is left of its bounties; none is empty; numbers are not used twice.
//! 8. At most `MaxHosting` prefixes are listed, each a real prefix.
//! 9. No more is asked of a region than may be; what was asked before is in order, and over; no two values of a window are
//!    too far from each other, the present one of an open region included.
//! 10. Changes wait in order, none longer than its notice, one per region, not too many, and each may be.
//!
//! [`RegionalTerms`]: weir_primitives::seams::economy::RegionalTerms
//! [`RegionalDemand`]: weir_primitives::seams::economy::RegionalDemand
//! [`Placement`]: weir_primitives::seams::economy::Placement
//! [`incentive`]: weir_math::economy::incentive
//! [`groups`]: weir_math::economy::groups
//! [`least_weight`]: weir_math::economy::least_weight

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
mod bounties;
mod changes;
mod impls;
#[cfg(test)]
mod mock;
mod places;
mod queries;
mod terms;
#[cfg(test)]
mod tests;
mod try_state;
pub mod types;
pub mod weights;

pub use pallet::*;
pub use types::{
	Bounty, Change, Count, EpochDemand, Line, PastWeight, PendingChange, RegionState, CHANGES_PER_BLOCK,
	MAX_MOVES, MAX_OPEN_EPOCHS, MAX_PENDING, MAX_PREFIXES_PER_CALL,
};
pub use weights::WeightInfo;

use polkadot_sdk::*;

/// A bounty as this pallet stores it.
pub type BountyOf<T> = Bounty<<T as frame_system::Config>::AccountId>;
/// A placed line as this pallet stores it.
pub type LineOf<T> = Line<<T as frame_system::Config>::AccountId>;

// The macro's own lookups of pallet names: a runtime without this pallet does not call it.
#[allow(clippy::expect_used)]
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use alloc::vec::Vec;
	use frame_support::{
		pallet_prelude::*,
		traits::{fungible, Contains},
	};
	use frame_system::pallet_prelude::*;
	use weir_math::economy::{
		groups::{Block, Group, Network, Site},
		pace::MAX_CHANGES,
	};
	use weir_primitives::{
		economy::{LineWeight, Pace, Parameters, Ppm, RegionId, Tokens},
		seams::EpochClock,
		EpochIndex, ProviderIndex, Region,
	};

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: polkadot_sdk::frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// The token that bounties are paid in.
		type Currency: fungible::Mutate<Self::AccountId, Balance = Tokens>
			+ fungible::hold::Mutate<Self::AccountId, Balance = Tokens, Reason: From<HoldReason>>;

		/// Keeps the table of regions and the list of hosting prefixes.
		type RegionOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// The running epoch.
		type Clock: EpochClock;

		/// The clock of the economy.
		type Pace: Get<Pace>;

		/// The parameters of the economy.
		type Parameters: Get<Parameters>;

		/// Regions that the emergency track has paused.
		type Paused: Contains<RegionId>;

		/// Where bounties are paid to: the account that rewards pays from.
		type RewardsPot: Get<Self::AccountId>;

		/// What the lines on one address weigh together at most.
		#[pallet::constant]
		type NodeCap: Get<LineWeight>;

		/// Regions that the table holds, closed ones included.
		#[pallet::constant]
		type MaxRegions: Get<RegionId>;

		/// Hosting prefixes that may be listed.
		#[pallet::constant]
		type MaxHosting: Get<u32>;

		/// Bounties that a region may have at once.
		#[pallet::constant]
		type MaxBounties: Get<u32>;

		/// Smallest bounty.
		#[pallet::constant]
		type MinBounty: Get<Tokens>;

		/// Epochs that a bounty lasts at most, its first one included.
		#[pallet::constant]
		type MaxBountyEpochs: Get<EpochIndex>;

		/// Weights of the calls and of what other pallets ask.
		type WeightInfo: WeightInfo;
	}

	/// Why tokens are on hold.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// Set aside for the lines of a region.
		#[codec(index = 0)]
		Bounty,
	}

	/// The table of regions, closed ones included.
	#[pallet::storage]
	pub type Regions<T: Config> = CountedStorageMap<_, Twox64Concat, RegionId, RegionState>;

	/// Number of a region of the table.
	#[pallet::storage]
	pub type IdOf<T: Config> = StorageMap<_, Twox64Concat, Region, RegionId>;

	/// What stands in a region.
	#[pallet::storage]
	pub type Counts<T: Config> = StorageMap<_, Twox64Concat, RegionId, Count, ValueQuery>;

	/// Demand of epochs that are not closed yet, oldest first.
	#[pallet::storage]
	pub type Demands<T: Config> =
		StorageMap<_, Twox64Concat, RegionId, BoundedVec<EpochDemand, ConstU32<MAX_OPEN_EPOCHS>>, ValueQuery>;

	/// The lines that weigh something, where they were placed.
	#[pallet::storage]
	pub type Lines<T: Config> = StorageMap<_, Twox64Concat, ProviderIndex, LineOf<T>>;

	/// Lines on one subscriber's addresses.
	#[pallet::storage]
	pub type Sites<T: Config> = StorageMap<_, Blake2_128Concat, Site, Group, ValueQuery>;

	/// Lines in one block of addresses.
	#[pallet::storage]
	pub type Blocks<T: Config> = StorageMap<_, Blake2_128Concat, Block, Group, ValueQuery>;

	/// Lines of a region in one network.
	#[pallet::storage]
	pub type Networks<T: Config> =
		StorageDoubleMap<_, Twox64Concat, RegionId, Blake2_128Concat, Network, Group, ValueQuery>;

	/// Lines of a region by their operator.
	#[pallet::storage]
	pub type OperatorLines<T: Config> =
		StorageDoubleMap<_, Twox64Concat, RegionId, Blake2_128Concat, T::AccountId, u32, ValueQuery>;

	/// What is set aside for a region, oldest first.
	#[pallet::storage]
	pub type Bounties<T: Config> =
		StorageMap<_, Twox64Concat, RegionId, BoundedVec<BountyOf<T>, T::MaxBounties>, ValueQuery>;

	/// The last epoch that the bounties of a region paid for. Unknown while it has none.
	#[pallet::storage]
	pub type BountiesPaidFor<T: Config> = StorageMap<_, Twox64Concat, RegionId, EpochIndex>;

	/// Number of the next bounty.
	#[pallet::storage]
	pub type NextBounty<T: Config> = StorageValue<_, u32, ValueQuery>;

	/// Networks of hosting providers: IPv4 /16, IPv6 /32.
	#[pallet::storage]
	pub type Hosting<T: Config> = CountedStorageMap<_, Blake2_128Concat, Network, ()>;

	/// Changes of the table that were announced, in the order in which they take effect.
	#[pallet::storage]
	pub type Pending<T: Config> =
		StorageValue<_, BoundedVec<PendingChange, ConstU32<MAX_PENDING>>, ValueQuery>;

	/// Least weights of a region that were replaced and still limit changes, the oldest first.
	#[pallet::storage]
	pub type PastWeights<T: Config> =
		StorageMap<_, Twox64Concat, RegionId, BoundedVec<PastWeight, ConstU32<MAX_CHANGES>>, ValueQuery>;

	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Open regions, each with the proven weight it should have.
		pub regions: Vec<(Region, LineWeight)>,
		/// Networks of hosting providers.
		pub hosting: Vec<Network>,
		#[serde(skip)]
		#[doc(hidden)]
		pub _config: core::marker::PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			for (region, least_weight) in &self.regions {
				if let Err(error) = Pallet::<T>::do_open_region(*region, *least_weight) {
					panic!("genesis region {region:?}: {error:?}");
				}
			}
			if let Err(error) = Pallet::<T>::do_list_hosting(&self.hosting) {
				panic!("genesis list of hosting prefixes: {error:?}");
			}
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A region was opened: lines may be placed in it.
		RegionOpened {
			/// Its number.
			id: RegionId,
			/// Country and kind of line.
			region: Region,
			/// Proven weight it should have.
			least_weight: LineWeight,
		},
		/// A region was closed: no line is placed in it any more.
		RegionClosed {
			/// Its number.
			id: RegionId,
			/// Country and kind of line.
			region: Region,
		},
		/// The proven weight that a region should have was changed.
		LeastWeightChanged {
			/// Its number.
			id: RegionId,
			/// Until now.
			old: LineWeight,
			/// From now on.
			new: LineWeight,
		},
		/// Networks were listed as those of hosting providers.
		HostingListed {
			/// Which ones.
			prefixes: Vec<Network>,
		},
		/// Networks were taken off the list of hosting providers.
		HostingUnlisted {
			/// Which ones.
			prefixes: Vec<Network>,
		},
		/// A region's multiplier or gap changed when an epoch was closed.
		TermsChanged {
			/// Its number.
			id: RegionId,
			/// The epoch.
			epoch: EpochIndex,
			/// Multiplier until now, millionths.
			old_multiplier: Ppm,
			/// Multiplier from now on, millionths.
			new_multiplier: Ppm,
			/// What it lacked of its least proven weight, millionths.
			old_gap: Ppm,
			/// What it lacks now, millionths.
			new_gap: Ppm,
		},
		/// Tokens were set aside for a region.
		BountyPosted {
			/// The region's number.
			id: RegionId,
			/// The bounty's number.
			bounty: u32,
			/// Whose tokens they are.
			sponsor: T::AccountId,
			/// How many.
			amount: Tokens,
			/// Grains for a thousand kbps of proven weight and epoch.
			rate: Tokens,
			/// Last epoch in which it pays.
			until: EpochIndex,
		},
		/// A region's bounties paid for an epoch.
		BountiesPaid {
			/// The region's number.
			id: RegionId,
			/// For which epoch.
			epoch: EpochIndex,
			/// How much together.
			amount: Tokens,
		},
		/// What was left of a bounty was released to its sponsor.
		BountyReturned {
			/// The region's number.
			id: RegionId,
			/// The bounty's number.
			bounty: u32,
			/// Whose tokens they are.
			sponsor: T::AccountId,
			/// How many.
			amount: Tokens,
		},
		/// A bounty's tokens would not move, or a count did not hold what it should. Should never happen.
		Unexpected {
			/// What.
			what: types::Unexpected,
		},
		/// A change of the table was announced.
		ChangeAnnounced {
			/// Country and kind of line.
			region: Region,
			/// What is to change.
			change: Change,
			/// First epoch in which it counts.
			at: EpochIndex,
		},
		/// A change was taken back before it took effect.
		ChangeCancelled {
			/// Country and kind of line.
			region: Region,
			/// What would have changed.
			change: Change,
			/// When.
			at: EpochIndex,
		},
		/// A change was dropped when it was to take effect: it was allowed when it was announced, and no longer is.
		ChangeDropped {
			/// Country and kind of line.
			region: Region,
			/// What would have changed.
			change: Change,
			/// What forbids it.
			why: DispatchError,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The region's country is not an assigned ISO 3166-1 alpha-2 code.
		InvalidRegion,
		/// The region is open already.
		AlreadyOpen,
		/// The table has no open region of this name.
		NotOpen,
		/// The table has no region of this name.
		UnknownRegion,
		/// The table is full.
		TooManyRegions,
		/// The call would change nothing.
		NothingChanges,
		/// What it names is no prefix of addresses.
		NotAPrefix,
		/// The prefix is listed already.
		AlreadyListed,
		/// The prefix is not listed.
		NotListed,
		/// The list of hosting prefixes is full.
		TooManyPrefixes,
		/// The bounty is below the smallest one.
		BountyTooSmall,
		/// The bounty would pay nothing.
		ZeroRate,
		/// The bounty's last epoch is over.
		AlreadyOver,
		/// The bounty would last too long.
		BountyTooLong,
		/// The region has as many bounties as it may, none of them smaller.
		NoPlaceLeft,
		/// The region has no bounty of this number.
		UnknownBounty,
		/// The bounty has epochs to pay.
		StillRunning,
		/// Every number of a bounty is taken.
		NoNumberLeft,
		/// A change of this region waits already: it takes effect or is cancelled first.
		ChangePending,
		/// No change of this region waits.
		NoChangePending,
		/// As many changes wait as may.
		TooManyPending,
		/// More than may be asked of a region, or of one that is opened.
		OutOfBounds,
		/// Farther from a value of the past window than one window may take it.
		TooFast,
		/// The window has seen more changes of this region than can be remembered.
		TooManyChanges,
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

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Announces that a region is opened, or a closed one opened again. `least_weight` is the proven weight in kbps
		/// below which its coverage floor begins; zero for no floor. It takes effect after the notice.
		///
		/// ## Errors
		/// `InvalidRegion`, `AlreadyOpen`, `TooManyRegions`, `OutOfBounds`, `TooFast`, `ChangePending`, `TooManyPending`.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::open_region())]
		pub fn open_region(origin: OriginFor<T>, region: Region, least_weight: LineWeight) -> DispatchResult {
			T::RegionOrigin::ensure_origin(origin)?;
			Self::do_announce(region, Change::Open { least_weight })
		}

		/// Announces that a region is closed, after the notice. Its bounties can be reclaimed once the epoch before is paid;
		/// its lines weigh nothing from the next time on that they are placed.
		///
		/// ## Errors
		/// `NotOpen`, `ChangePending`, `TooManyPending`.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::close_region())]
		pub fn close_region(origin: OriginFor<T>, region: Region) -> DispatchResult {
			T::RegionOrigin::ensure_origin(origin)?;
			Self::do_announce(region, Change::Close)
		}

		/// Announces another proven weight in kbps below which the region's coverage floor begins; zero for no floor. It
		/// takes effect after the notice.
		///
		/// ## Errors
		/// `NotOpen`, `NothingChanges`, `OutOfBounds`, `TooFast`, `ChangePending`, `TooManyPending`.
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::set_least_weight())]
		pub fn set_least_weight(
			origin: OriginFor<T>,
			region: Region,
			least_weight: LineWeight,
		) -> DispatchResult {
			T::RegionOrigin::ensure_origin(origin)?;
			Self::do_announce(region, Change::LeastWeight { new: least_weight })
		}

		/// Lists networks as those of hosting providers: all of them or, upon an error, none.
		///
		/// ## Errors
		/// `NotAPrefix`, `AlreadyListed`, `TooManyPrefixes`.
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::list_hosting(prefixes.len() as u32))]
		pub fn list_hosting(
			origin: OriginFor<T>,
			prefixes: BoundedVec<Network, ConstU32<MAX_PREFIXES_PER_CALL>>,
		) -> DispatchResult {
			T::RegionOrigin::ensure_origin(origin)?;
			Self::do_list_hosting(&prefixes)
		}

		/// Takes networks off the list of hosting providers: all of them or, upon an error, none.
		///
		/// ## Errors
		/// `NotListed`.
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::unlist_hosting(prefixes.len() as u32))]
		pub fn unlist_hosting(
			origin: OriginFor<T>,
			prefixes: BoundedVec<Network, ConstU32<MAX_PREFIXES_PER_CALL>>,
		) -> DispatchResult {
			T::RegionOrigin::ensure_origin(origin)?;
			Self::do_unlist_hosting(&prefixes)
		}

		/// Sets `amount` grains of the sender aside for lines with long location proofs in the region. Each epoch from
		/// the running one to `until` pays `rate` grains for a thousand kbps of proven weight, as long as there is
		/// something left. In a region with as many bounties as it may have, one that is over is returned for this one,
		/// else the smallest if it is smaller.
		///
		/// ## Errors
		/// `NotOpen`, `BountyTooSmall`, `ZeroRate`, `AlreadyOver`, `BountyTooLong`, `NoPlaceLeft`, `NoNumberLeft`; those of
		/// a hold.
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::post_bounty())]
		pub fn post_bounty(
			origin: OriginFor<T>,
			region: Region,
			amount: Tokens,
			rate: Tokens,
			until: EpochIndex,
		) -> DispatchResult {
			let sponsor = ensure_signed(origin)?;
			Self::do_post_bounty(sponsor, &region, amount, rate, until)
		}

		/// Releases what is left of a bounty to its sponsor: once its last epoch was paid, which in a closed region is the
		/// last one it was open in, or, should epochs not be closed any more, as many later as weights last. Anybody may.
		///
		/// ## Errors
		/// `UnknownRegion`, `UnknownBounty`, `StillRunning`.
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::reclaim_bounty())]
		pub fn reclaim_bounty(origin: OriginFor<T>, region: Region, bounty: u32) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_reclaim_bounty(&region, bounty)
		}

		/// Takes back the change of a region that waits.
		///
		/// ## Errors
		/// `NoChangePending`.
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::cancel_change())]
		pub fn cancel_change(origin: OriginFor<T>, region: Region) -> DispatchResult {
			T::RegionOrigin::ensure_origin(origin)?;
			Self::do_cancel_change(&region)
		}
	}
}
