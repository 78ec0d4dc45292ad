//! # Rewards
//!
//! What lines, validators and attestors have earned, and when they get it.
//!
//! ## Overview
//!
//! All pay lies in one account, [`Config::Pot`], into which the close of an epoch mints ([`RegionalPay`], [`Earnings`]), and
//! leaves it by [`claim`](Pallet::claim), which anybody may call for anybody and nothing pauses.
//!
//! * **Weights** ([`lines`]). A verdict says what a line carries; `weir_math::economy::weight` says what it weighs. The
//!   weight counts from the epoch in which the verdict is reached until `pace.weight_epochs` after the last test that
//!   measured something. An outage found by a test, and a strike, earn nothing in the epoch in which they are found. A
//!   verdict that a dispute revised changes the weight from then on: what was paid stays paid.
//! * **Accrual** ([`totals`], [`closing`]). Weights are summed by region and epoch. Each close adds what a unit of weight
//!   has earned to a running sum, and a line gets its weight times the difference of two sums, whenever it is settled:
//!   before its weight changes, when it claims, and by a tour of all accounts in `on_idle`. Weights that end are taken
//!   out of the sums of their region by one entry per region and epoch. A close may come epochs later: until then the sums
//!   of each epoch are kept. An epoch that no close ever paid for in a region is closed there, without pay, by the next one
//!   that does.
//! * **Vesting** ([`accounts`]). Of availability pay a part is liquid at once; the rest, and coverage floors, go into a
//!   pot, half of which is released per half-life. Deregistering before the first half-life is over costs half of what is
//!   locked; a slash for a false claim or for a wrong region that is applied costs all of it. So does the second fine for a
//!   false report within [`accounts::REPEAT_DAYS`], with the pay for entries that are not paid yet; the first one may be an
//!   accident. What is forfeited goes back into the bucket it was minted from.
//! * **Fees and points** ([`earnings`]). Credits earned by vouchers are kept by epoch and converted at the epoch's rate once
//!   there is one; so are blocks made and entries accepted. Entries on the tests of an epoch count when the audits of them
//!   are over: in the epoch after the one in which they were scored.
//! * **Forgetting** ([`housekeeping`]). Once an epoch, and as far as blocks have room, a tour settles every account for all
//!   that is closed. What it has settled everybody for may be forgotten, and accounts are dropped of which nothing is needed
//!   any more.
//! * **Moving.** A line on another site (an IPv4 address, an IPv6 /56, the operator of lines that are reached through others
//!   only) or in another region than before weighs nothing, from the epoch on in which that is seen, until a test of an
//!   epoch [`OWNER_DELAY_EPOCHS`] later has measured something. What it earned in epochs that are over stands. A line that
//!   changes its region starts anew beside: no coverage floor, first reliability, no proven location, for `tenure_epochs`. A
//!   first registration is paid the floor from its first day; it is locked.
//! * **Locations.** What a majority of a committee refuted weighs nothing until a test no longer refutes it, and its proofs
//!   begin anew; what is banned from its country weighs nothing until a verdict after the ban.
//!
//! ## Invariants
//!
//! Checked by [`Pallet::do_try_state`]:
//!
//! 1. The pot holds its existential deposit and what all accounts together may ever claim.
//! 2. The totals of a region are the sum of the weights of its lines, in their epoch or, if that is closed, in the first one
//!    that is not.
//! 3. What is scheduled is the sum of all steps to come, and nothing is scheduled for an epoch that totals have reached, or
//!    beyond the horizon.
//! 4. The totals of an epoch that is not closed are no less than the weights that lines still claim of it.
//! 5. Steps of a line ascend, and the last one weighs nothing.
//! 6. What was granted is locked, released or forfeited; coverage floors are a part of it.
//! 7. A queue counts the epochs of which something waits, and begins no later than the first of them. Nothing waits for an
//!    account that is not there.
//! 8. Sums of a region are kept for every epoch from the first that is not pruned up to its last closed one.
//! 9. The work of an epoch without a share is that of its points.
//!
//! [`RegionalPay`]: weir_primitives::seams::economy::RegionalPay
//! [`Earnings`]: weir_primitives::seams::economy::Earnings
//! [`OWNER_DELAY_EPOCHS`]: weir_primitives::OWNER_DELAY_EPOCHS

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

pub mod accounts;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
pub mod closing;
pub mod earnings;
pub mod housekeeping;
pub mod lines;
#[cfg(test)]
mod mock;
pub mod queries;
#[cfg(test)]
mod tests;
pub mod totals;
mod try_state;
pub mod types;
pub mod weights;

pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

use polkadot_sdk::*;

// The macro looks up its own name with `expect`: a runtime without this pallet does not call it.
#[allow(clippy::expect_used)]
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use frame_support::{
		pallet_prelude::*,
		traits::fungible::{Inspect, Mutate},
		weights::WeightMeter,
	};
	use frame_system::pallet_prelude::*;
	use weir_math::economy::accrual::{Accrued, Pay, Totals};
	use weir_primitives::{
		economy::{Credits, LineWeight, Pace, Parameters, RegionId, Tokens},
		seams::{
			economy::{LineHistory, Placement, RegionalTerms, SettlementRates, Supply as SupplyLedger},
			Bonds, EpochClock, Operators, ProviderRegistry,
		},
		EpochIndex, ProviderIndex,
	};

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: polkadot_sdk::frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// The token.
		type Currency: Inspect<Self::AccountId, Balance = Tokens> + Mutate<Self::AccountId>;
		/// Account that holds all pay until it is claimed. It holds the existential deposit beside, from the first block on.
		type Pot: Get<Self::AccountId>;
		/// The protocol's clock.
		type Clock: EpochClock;
		/// The economy's clock.
		type Pace: Get<Pace>;
		/// What governance may move.
		type Parameters: Get<Parameters>;
		/// Who sells bandwidth.
		type Registry: ProviderRegistry<Self::AccountId>;
		/// Who operates which nodes.
		type Operators: Operators<Self::AccountId>;
		/// What bonds cover.
		type Bonds: Bonds<Self::AccountId>;
		/// What was measured.
		type History: LineHistory;
		/// Where lines stand.
		type Placement: Placement<Self::AccountId>;
		/// What regions are worth.
		type Terms: RegionalTerms;
		/// What fees were converted at.
		type Rates: SettlementRates;
		/// Takes forfeited pay back.
		type Supply: SupplyLedger<Self::AccountId>;
		/// Weights of calls, listeners and hooks.
		type WeightInfo: WeightInfo;
	}

	/// What accounts have earned.
	#[pallet::storage]
	pub type Accounts<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Account, OptionQuery>;

	/// The lines of accounts.
	#[pallet::storage]
	pub type Lines<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Line, OptionQuery>;

	/// What the lines of a region weigh.
	#[pallet::storage]
	pub type Supplies<T> = StorageMap<_, Twox64Concat, RegionId, Supply, OptionQuery>;

	/// Sums of the weights of a region from an epoch on until the next one that is kept, for epochs that are over and not
	/// closed.
	#[pallet::storage]
	pub type Checkpoints<T> =
		StorageDoubleMap<_, Twox64Concat, RegionId, Twox64Concat, EpochIndex, Totals, OptionQuery>;

	/// Weights that begin or end with an epoch to come, by epoch and region.
	#[pallet::storage]
	pub type Scheduled<T> =
		StorageDoubleMap<_, Twox64Concat, EpochIndex, Twox64Concat, RegionId, Change, ValueQuery>;

	/// What a unit of weight has earned up to a closed epoch and in it, by region and epoch.
	#[pallet::storage]
	pub type Sums<T> =
		StorageDoubleMap<_, Twox64Concat, RegionId, Twox64Concat, EpochIndex, Accrued, OptionQuery>;

	/// What regions want of the epoch that is being closed.
	#[pallet::storage]
	pub type Wants<T> = StorageMap<_, Twox64Concat, RegionId, Want, OptionQuery>;

	/// What was paid so far of the epoch that is being closed.
	#[pallet::storage]
	pub type PaidOut<T> = StorageValue<_, Pay, ValueQuery>;

	/// Credits earned by vouchers and not converted, by account and epoch.
	#[pallet::storage]
	pub type Fees<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Twox64Concat, EpochIndex, Credits, OptionQuery>;

	/// Work not converted, by account and epoch.
	#[pallet::storage]
	pub type PointsOf<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Twox64Concat, EpochIndex, Points, OptionQuery>;

	/// Work of epochs that have no share yet.
	#[pallet::storage]
	pub type Works<T> = StorageMap<_, Twox64Concat, EpochIndex, Work, ValueQuery>;

	/// What work was paid, by epoch.
	#[pallet::storage]
	pub type Shares<T> = StorageMap<_, Twox64Concat, EpochIndex, Share, OptionQuery>;

	/// Last epoch whose work has a share.
	#[pallet::storage]
	pub type LastShared<T> = StorageValue<_, EpochIndex, OptionQuery>;

	/// Last epoch that was closed.
	#[pallet::storage]
	pub type LastClosed<T> = StorageValue<_, EpochIndex, OptionQuery>;

	/// The running tour of all accounts, or the last one.
	#[pallet::storage]
	pub type CurrentTour<T: Config> = StorageValue<_, Tour<T::AccountId>, OptionQuery>;

	/// Last closed epoch up to which every account was settled: for all pay of lines, all work and all fees that were known
	/// when it was closed.
	#[pallet::storage]
	pub type SettledUntil<T> = StorageValue<_, EpochIndex, OptionQuery>;

	/// What was removed.
	#[pallet::storage]
	pub type PrunedUntil<T> = StorageValue<_, Pruned, ValueQuery>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A line weighs something else.
		Weighed {
			/// Its account.
			who: T::AccountId,
			/// Its index.
			provider: ProviderIndex,
			/// What it weighed in this epoch so far.
			old: LineWeight,
			/// What it weighs.
			new: LineWeight,
			/// The region that counts it, if it weighs something.
			region: Option<RegionId>,
			/// First epoch in which it weighs that.
			from: EpochIndex,
			/// First epoch in which it weighs nothing any more.
			until: EpochIndex,
		},
		/// A line is in another region than before, and starts anew.
		Moved {
			/// Its account.
			who: T::AccountId,
			/// Its index.
			provider: ProviderIndex,
			/// Where it was.
			old: weir_primitives::Region,
			/// Where it is.
			new: weir_primitives::Region,
			/// First epoch in which the coverage floor pays for it again.
			from: EpochIndex,
		},
		/// What a line earned in closed epochs was credited to its account.
		Accrued {
			/// Whose.
			who: T::AccountId,
			/// What it earned.
			pay: Pay,
			/// Of it, what was locked.
			locked: Tokens,
		},
		/// Pay left the pot.
		Claimed {
			/// To whom.
			who: T::AccountId,
			/// How much, by what it was earned with.
			paid: Causes,
			/// What is still locked.
			locked: Tokens,
		},
		/// Locked pay went back into the bucket, or all that was left of an account.
		Forfeited {
			/// Whose.
			who: T::AccountId,
			/// How much.
			tokens: Tokens,
			/// What is still locked.
			locked: Tokens,
			/// Why.
			cause: ForfeitCause,
		},
		/// A region was paid.
		RegionPaid {
			/// Its number.
			region: RegionId,
			/// For this epoch.
			epoch: EpochIndex,
			/// What was minted and moved into the pot for it.
			pay: Pay,
			/// What its lines weighed.
			totals: Totals,
		},
		/// Availability pay of an epoch is known.
		EpochPaid {
			/// The epoch.
			epoch: EpochIndex,
			/// What all regions got.
			pay: Pay,
		},
		/// Validators and attestors were paid for an epoch.
		WorkPaid {
			/// The epoch.
			epoch: EpochIndex,
			/// What, and for how much work.
			share: Share,
		},
		/// The pay for an attestor's entries is void.
		AttestationVoided {
			/// The attestor.
			who: T::AccountId,
			/// The epoch whose tests they are on.
			epoch: EpochIndex,
			/// How many of its entries.
			entries: u32,
		},
		/// Entries were found unproven when they had been paid for already.
		AttestationKept {
			/// The attestor.
			who: T::AccountId,
			/// The epoch whose tests they are on.
			epoch: EpochIndex,
		},
		/// Something that should not happen happened.
		Unexpected {
			/// What should hold.
			expectation: Expectation,
		},
		/// Entries that were not paid yet no longer count, because of a repeated false report.
		EntriesForfeited {
			/// The attestor.
			who: T::AccountId,
			/// How many of its entries.
			entries: u32,
		},
		/// Closes had missed a region. These epochs are closed for it now, and nothing was paid in them.
		RegionTakenUp {
			/// Its number.
			region: RegionId,
			/// The first of them.
			from: EpochIndex,
			/// The first one after them.
			until: EpochIndex,
		},
		/// Nothing of an account was needed any more.
		AccountDropped {
			/// Whose.
			who: T::AccountId,
			/// All that it was ever paid.
			paid: Causes,
		},
		/// A line is on another site or in another region than before. It weighs nothing until it was measured there.
		Relocated {
			/// Its account.
			who: T::AccountId,
			/// Its index.
			provider: ProviderIndex,
			/// First epoch whose tests count for it.
			tests_from: EpochIndex,
		},
	}

	/// Why pay was forfeited.
	#[derive(
		Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
	)]
	pub enum ForfeitCause {
		/// The provider deregistered early.
		#[codec(index = 0)]
		EarlyExit,
		/// It was slashed for a false claim.
		#[codec(index = 1)]
		FalseClaim,
		/// It was fined for false reports on tests of two epochs.
		#[codec(index = 2)]
		FalseReports,
		/// It was slashed for a region in which its line is not.
		#[codec(index = 3)]
		WrongRegion,
		/// So little was left of somebody who has gone that it could not even be paid.
		#[codec(index = 4)]
		Unpayable,
	}

	/// What should hold.
	#[derive(
		Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
	)]
	pub enum Expectation {
		/// Sums that unsettled steps need are kept.
		#[codec(index = 0)]
		SumsKept,
		/// What is taken out of totals is in them.
		#[codec(index = 1)]
		TotalsHold,
		/// Regions are paid for one epoch after the other.
		#[codec(index = 2)]
		ClosedInOrder,
		/// Each epoch's work is shared once, one epoch after the other.
		#[codec(index = 3)]
		SharedInOrder,
		/// Forfeited pay is taken back.
		#[codec(index = 4)]
		GivenBack,
		/// Something waits where a queue says so.
		#[codec(index = 5)]
		QueueHolds,
		/// A pot takes what is granted.
		#[codec(index = 6)]
		Granted,
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The account has never earned anything, or nothing for so long that it was forgotten.
		NothingEarned,
		/// A claim converts at least one epoch and at most 64.
		LimitOutOfRange,
		/// Credits or points exceed what their number holds.
		Overflow,
		/// The epoch has a rate already: what is earned now belongs to a later one.
		EpochSettled,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		/// The author of the block is noted by whoever knows it, once per block: what that costs is accounted for here.
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			T::WeightInfo::note_author()
		}

		fn on_idle(_: BlockNumberFor<T>, remaining: Weight) -> Weight {
			let mut meter = WeightMeter::with_limit(remaining.min(Self::idle_share()));
			Self::idle(&mut meter);
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

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Pays `who` everything it has earned and may have by now: availability pay, what its pot has released, bounties,
		/// and of at most `limit` epochs each its fees and its shares for blocks and entries. Anybody may call it.
		///
		/// ## Errors
		/// `NothingEarned`, `LimitOutOfRange`; those of the token, if the account does not exist and gets less than it needs to.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::claim(*limit, *limit))]
		pub fn claim(origin: OriginFor<T>, who: T::AccountId, limit: u32) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			let (fees, points) = Self::do_claim(&who, limit)?;
			Ok(Some(T::WeightInfo::claim(fees, points)).into())
		}
	}
}
