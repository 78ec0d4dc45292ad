//! # Price
//!
//! What a token is worth, in a way that nobody who can buy and be paid at it gains by bending it.
//!
//! ## Overview
//!
//! Time is cut into **rounds** of `Pace::round_blocks` blocks. With the first block of each a price is formed of three
//! references: the median of what reporters say, its running average, and the average price of the pool of tokens and the
//! stable asset. Purchases get the lowest of them and payouts the highest, each a quarter of a per cent further out. Every
//! formula is in `weir_math::economy::price`.
//!
//! * **Reports.** Governance adds reporters ([`Pallet::add_reporter`]); one that was added bonds and hands in its key
//!   ([`Pallet::join`]). Its node's off-chain worker ([`offchain`]) looks the price up in several places and
//!   [reports](Pallet::report) the median, once a round. Reports are kept by the SDK's oracle pallet, which asks this one who
//!   may feed it and how reports combine.
//! * **Which reports count.** The youngest quorum: first those of the last `forward_rounds - 1` rounds, so that a purchase
//!   is not priced by anything older than its request, then older ones, up to `report_rounds` rounds. The quorum is a share
//!   of all reporters that governance added, whether or not they have joined: few of many never set a price.
//! * **The pool.** Its reserves are read with each block's first hook, before anybody can trade in it. What a round saw
//!   becomes one average, and `twap_rounds` averages one reference. A pool that is too shallow has no say. While nobody
//!   reports, that reference is still there for what buys tokens in the pool itself.
//! * **Gates.** Nothing is priced without a quorum; token purchases wait while the references disagree. Every refusal has a
//!   [`GateReason`]. [`Pallet::purchases_closed`] and [`Pallet::payouts_closed`] answer from the same function as the quotes.
//! * **Conduct.** A reporter that was more than 3 % off the median in more than a fifth of the rounds of an era in which it
//!   reported loses 1 % of its bond. Silence costs it nothing but pay, which is the treasury's matter: reporters are paid by
//!   its spending, by what [`Standings`] and the events say.
//! * **Leaving.** A bond is free `Pace::reporter_unbonding_epochs` after its reporter has left, and within reach of the
//!   judgement of its last era until then.
//! * **Without a price.** After `Pace::lost_blocks` the price counts as lost, and after `Pace::gone_blocks` governance may
//!   [post](Pallet::post_price) one within 20 % of the last. Payouts use it, purchases never, and the next quorum ends it.
//!
//! The oracle's own combined value never expires and takes part in nothing. Its call checks neither range nor round, so that
//! the runtime must not offer it.
//!
//! ## Invariants
//!
//! 1. Reporters that were added are sorted and distinct. An active one was added, has bonded, and has not left; every bonded
//!    one that has not left is active.
//! 2. What an account has on hold as a reporter is its bond, and nobody else has anything.
//! 3. The keys of active reporters point back at them, one each.
//! 4. The oracle holds reports of active reporters only (but for its own account), of blocks that have been.
//! 5. The latest quote is the newest of those kept; its prices enclose its references, and it stands on reports that are no
//!    younger than itself.
//! 6. A round has sampled no more blocks than it has, and of them no more are priced or deep than there are.
//! 7. Nobody has deviated in more rounds than were judged, nor is counted in an era that has not begun.
//! 8. A posted price is newer than the latest quote by more than `Pace::gone_blocks`.
//!
//! [`GateReason`]: weir_primitives::economy::GateReason

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
mod eras;
pub mod json;
#[cfg(test)]
mod mock;
pub mod offchain;
mod reporters;
mod reports;
mod rounds;
#[cfg(test)]
mod tests;
mod try_state;
pub mod types;
pub mod weights;

pub use pallet::*;
pub use reports::FreshMedian;
pub use types::*;
pub use weights::WeightInfo;

/// Quotes that are kept: a day of them.
pub const KEPT_QUOTES: u32 = 288;

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
	use frame_system::{offchain::CreateAuthorizedTransaction, pallet_prelude::*};
	use weir_math::economy::{
		pace::MAX_TWAP_ROUNDS,
		price::{Average, Samples, MAX_REPORTERS},
	};
	use weir_primitives::{
		economy::{GateReason, Pace, Parameters, Price, Quote, Round},
		price::{ReporterKey, ReporterSignature},
		seams::{
			economy::{Pricing, StablePool},
			EpochClock, SlashSink,
		},
		EpochIndex,
	};

	/// Token amount in grains.
	pub type BalanceOf<T> =
		<<T as Config>::Currency as fungible::Inspect<<T as frame_system::Config>::AccountId>>::Balance;
	/// Accounts, as many as there may be reporters.
	pub type Accounts<T> = BoundedVec<<T as frame_system::Config>::AccountId, ConstU32<MAX_REPORTERS>>;
	/// Standings by account.
	pub type StandingsOf<T> =
		BoundedBTreeMap<<T as frame_system::Config>::AccountId, Standing, ConstU32<MAX_REPORTERS>>;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// Requires `frame_system::AuthorizeCall` among the runtime's transaction extensions, and an oracle pallet that is fed by
	/// this one alone.
	#[pallet::config]
	pub trait Config:
		CreateAuthorizedTransaction<Call<Self>>
		+ pallet_oracle::Config<
			OracleKey = Feed,
			OracleValue = Price,
			Time = BlockTime<Self>,
			Members = Pallet<Self>,
			CombineData = FreshMedian<Self>,
		> + polkadot_sdk::frame_system::Config<RuntimeEvent: From<Event<Self>>>
	{
		/// The token that is bonded.
		type Currency: fungible::Mutate<Self::AccountId>
			+ fungible::Balanced<Self::AccountId>
			+ fungible::hold::Mutate<Self::AccountId, Reason: From<HoldReason>>
			+ fungible::hold::Balanced<Self::AccountId>;

		/// The pool of tokens and the stable asset.
		type Pool: StablePool<Self::AccountId>;

		/// Lengths of this network.
		type Pace: Get<Pace>;

		/// What governance may move.
		type Parameters: Get<Parameters>;

		/// The running epoch.
		type Clock: EpochClock;

		/// Receives what slashes take.
		type SlashSink: SlashSink<Self::AccountId, Credit<Self::AccountId, Self::Currency>>;

		/// May add and remove reporters.
		type ReporterOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// May post a price when there has been none for long.
		type PostOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// Bond of a reporter.
		#[pallet::constant]
		type ReporterBond: Get<BalanceOf<Self>>;

		/// Epochs of an era.
		#[pallet::constant]
		type EraEpochs: Get<EpochIndex>;

		/// Pool priority of a report in the first block of its round.
		#[pallet::constant]
		type BasePriority: Get<TransactionPriority>;

		/// Weights of calls and hooks.
		type WeightInfo: WeightInfo;
	}

	/// Why tokens are on hold.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// Bonded, or unbonding, as a reporter of the price.
		#[codec(index = 0)]
		ReporterBond,
	}

	/// Who may be a reporter, in rising order.
	#[pallet::storage]
	pub type Admitted<T: Config> = StorageValue<_, Accounts<T>, ValueQuery>;

	/// Who has bonded as a reporter, those whose bond is not released yet included.
	#[pallet::storage]
	pub type Reporters<T: Config> =
		StorageMap<_, Blake2_128Concat, T::AccountId, Reporter<BalanceOf<T>>, OptionQuery>;

	/// Active reporter by key.
	#[pallet::storage]
	pub type ReporterOfKey<T: Config> =
		StorageMap<_, Blake2_128Concat, ReporterKey, T::AccountId, OptionQuery>;

	/// How reporters do. Those whose `is_active` is set are the ones whose reports count.
	#[pallet::storage]
	pub type Standings<T: Config> = StorageValue<_, StandingsOf<T>, ValueQuery>;

	/// The running era.
	#[pallet::storage]
	pub type Era<T> = StorageValue<_, EraInfo, ValueQuery>;

	/// The last round that has begun.
	#[pallet::storage]
	pub type LastRound<T> = StorageValue<_, Round, ValueQuery>;

	/// The quote of the last round that had one.
	#[pallet::storage]
	pub type LatestQuote<T> = StorageValue<_, Quote, OptionQuery>;

	/// The last quotes, by their rounds modulo [`KEPT_QUOTES`].
	#[pallet::storage]
	pub type Quotes<T> = StorageMap<_, Twox64Concat, Round, Quote, OptionQuery>;

	/// What the running round has seen of the pool.
	#[pallet::storage]
	pub type PoolSamples<T> = StorageValue<_, Samples, ValueQuery>;

	/// The pool's averages of the last rounds, the newest last; none for a round in which it had no price.
	#[pallet::storage]
	pub type PoolAverages<T> =
		StorageValue<_, BoundedVec<Option<Average>, ConstU32<MAX_TWAP_ROUNDS>>, ValueQuery>;

	/// The price that governance posted, until there is one again.
	#[pallet::storage]
	pub type Posted<T> = StorageValue<_, PostedPrice, OptionQuery>;

	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Reporters that were added and have joined: account and key. Bonded from their balances.
		pub reporters: Vec<(T::AccountId, ReporterKey)>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			for (who, key) in &self.reporters {
				let joined = Pallet::<T>::do_add_reporter(who.clone())
					.and_then(|()| Pallet::<T>::do_join(who.clone(), key.clone()));
				if let Err(error) = joined {
					panic!("genesis reporter {who:?}: {error:?}");
				}
			}
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An account may be a reporter.
		ReporterAdded {
			/// Account.
			who: T::AccountId,
			/// How many there may be now.
			reporters: u32,
		},
		/// An account may no longer be a reporter.
		ReporterRemoved {
			/// Account.
			who: T::AccountId,
			/// How many there may be now.
			reporters: u32,
		},
		/// A reporter has bonded: its reports count.
		ReporterJoined {
			/// Account.
			who: T::AccountId,
			/// Its key.
			key: ReporterKey,
			/// What is on hold.
			bond: BalanceOf<T>,
		},
		/// A reporter has left: its reports no longer count.
		ReporterLeft {
			/// Account.
			who: T::AccountId,
			/// First epoch in which its bond is free.
			free_at: EpochIndex,
		},
		/// The bond of a reporter that had left was released.
		BondReleased {
			/// Account.
			who: T::AccountId,
			/// How much.
			amount: BalanceOf<T>,
		},
		/// A reporter has another key.
		KeySet {
			/// Account.
			who: T::AccountId,
			/// The key before.
			old: ReporterKey,
			/// The key now.
			new: ReporterKey,
		},
		/// A round has a price.
		RoundPriced {
			/// The price, and why purchases wait if they do.
			quote: Quote,
		},
		/// A round has no price.
		RoundNotPriced {
			/// The round.
			round: Round,
			/// Why.
			reason: GateReason,
			/// Reports that are valid.
			reports: u32,
			/// Reports that are needed; none if there are no reporters.
			quorum: Option<u32>,
		},
		/// A reporter was too far from the median too often.
		ReporterSlashed {
			/// Account.
			who: T::AccountId,
			/// The era.
			era: u32,
			/// Priced rounds in which it reported.
			judged: u32,
			/// Of them, those in which it was too far from the median.
			deviated: u32,
			/// What was taken.
			amount: BalanceOf<T>,
			/// Its bond now.
			bond: BalanceOf<T>,
		},
		/// An era is over; its reporters are judged with the next blocks.
		EraEnded {
			/// The era.
			era: u32,
			/// First epoch of the next one.
			next_from: EpochIndex,
		},
		/// Governance posted a price, for payouts only.
		PricePosted {
			/// The price before: posted, or the median of the last quote.
			old: Price,
			/// The price now.
			new: Price,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The account may be a reporter already.
		AlreadyAdded,
		/// The account may not be a reporter.
		NotAdded,
		/// There may be 51 reporters, those that have left and are not judged yet included.
		TooManyReporters,
		/// The account is a reporter already.
		AlreadyJoined,
		/// The account was a reporter before, and its bond is not released yet.
		StillUnbonding,
		/// The account is no reporter.
		NotAReporter,
		/// Another reporter uses the key.
		KeyTaken,
		/// The bond is not free yet.
		BondNotFree,
		/// The reporter has not left.
		NotLeaving,
		/// Reports are for the running round.
		WrongRound,
		/// The reporter has reported in this round.
		AlreadyReported,
		/// A price is between a billionth of a dollar and a million dollars.
		PriceOutOfRange,
		/// There is a price, or was one lately.
		PriceNotGone,
		/// There never was a price, so that there is nothing to compare with.
		NoLastPrice,
		/// A posted price is within 20 % of the last one that was formed.
		TooFarFromLast,
		/// The number of an epoch does not fit its type.
		Overflow,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			Self::begin_block()
		}

		fn on_idle(_: BlockNumberFor<T>, remaining: Weight) -> Weight {
			let mut meter = WeightMeter::with_limit(remaining);
			Self::judge_reporters(&mut meter);
			meter.consumed()
		}

		fn offchain_worker(_: BlockNumberFor<T>) {
			Self::serve_reporters();
		}

		fn integrity_test() {
			assert!(T::EraEpochs::get() > 0, "an era could never run");
			assert!(T::ReporterBond::get() > BalanceOf::<T>::default(), "a reporter could bond nothing");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call(weight = <T as Config>::WeightInfo)]
	impl<T: Config> Pallet<T> {
		/// Lets `who` be a reporter. It counts for the quorum from now on.
		///
		/// Only [`Config::ReporterOrigin`]. Fails with [`Error::AlreadyAdded`] or [`Error::TooManyReporters`].
		#[pallet::call_index(0)]
		pub fn add_reporter(origin: OriginFor<T>, who: T::AccountId) -> DispatchResult {
			T::ReporterOrigin::ensure_origin(origin)?;
			Self::do_add_reporter(who)
		}

		/// No longer lets `who` be a reporter. If it is one, it leaves.
		///
		/// Only [`Config::ReporterOrigin`]. Fails with [`Error::NotAdded`].
		#[pallet::call_index(1)]
		pub fn remove_reporter(origin: OriginFor<T>, who: T::AccountId) -> DispatchResult {
			T::ReporterOrigin::ensure_origin(origin)?;
			Self::do_remove_reporter(who)
		}

		/// Puts the signer's bond on hold and makes it a reporter whose reports are signed by `key`.
		///
		/// Fails with [`Error::NotAdded`], [`Error::AlreadyJoined`], [`Error::StillUnbonding`], [`Error::KeyTaken`],
		/// [`Error::TooManyReporters`], or when the account cannot hold the bond.
		#[pallet::call_index(2)]
		pub fn join(origin: OriginFor<T>, key: ReporterKey) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_join(who, key)
		}

		/// Ends the signer's reports. Its bond is free after the unbonding time.
		///
		/// Fails with [`Error::NotAReporter`] or [`Error::Overflow`].
		#[pallet::call_index(3)]
		pub fn leave(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_leave(who)
		}

		/// Releases the bond of the signer, who has left.
		///
		/// Fails with [`Error::NotAReporter`], [`Error::NotLeaving`] or [`Error::BondNotFree`].
		#[pallet::call_index(4)]
		pub fn withdraw(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_withdraw(who)
		}

		/// Replaces the signer's key at once.
		///
		/// Fails with [`Error::NotAReporter`] or [`Error::KeyTaken`].
		#[pallet::call_index(5)]
		pub fn set_key(origin: OriginFor<T>, key: ReporterKey) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_set_key(who, key)
		}

		/// Reports that a token is worth `price` in the running `round`, once per reporter and round. Fee-less: `signature`
		/// is the reporter key's over `weir_primitives::price::report_payload`.
		#[pallet::call_index(6)]
		#[pallet::authorize(Self::authorize_report)]
		pub fn report(
			origin: OriginFor<T>,
			round: Round,
			price: Price,
			who: T::AccountId,
			signature: ReporterSignature,
		) -> DispatchResult {
			ensure_authorized(origin)?;
			// Verified when the call was authorised.
			let _ = signature;
			Self::do_report(round, price, who)
		}

		/// Posts a price for payouts, when there has been none for `Pace::gone_blocks`. The next quorum ends it.
		///
		/// Only [`Config::PostOrigin`]. Fails with [`Error::NoLastPrice`], [`Error::PriceNotGone`] or
		/// [`Error::TooFarFromLast`].
		#[pallet::call_index(7)]
		pub fn post_price(origin: OriginFor<T>, price: Price) -> DispatchResult {
			T::PostOrigin::ensure_origin(origin)?;
			Self::do_post_price(price)
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// Why token purchases wait; none while they are open.
		pub fn purchases_closed() -> Option<GateReason> {
			<Self as Pricing>::purchase_quote().err()
		}

		/// Why payouts wait; none while there is a price for them.
		pub fn payouts_closed() -> Option<GateReason> {
			<Self as Pricing>::payout_quote().err()
		}

		/// Whether there has been no usable price for so long that epochs are closed without one.
		pub fn is_price_lost() -> bool {
			<Self as Pricing>::is_lost()
		}

		/// The quote of `round`, if it had one and that is still kept.
		pub fn quote_of(round: Round) -> Option<Quote> {
			Quotes::<T>::get(Self::place_of(round)).filter(|quote| quote.round == round)
		}

		/// Reports that a price needs; none if there are no reporters.
		pub fn quorum() -> Option<u32> {
			Self::needed_reports()
		}

		/// What `who` reported last, if it is active, and in which block.
		pub fn last_report(who: T::AccountId) -> Option<(Price, u32)> {
			pallet_oracle::RawValues::<T>::get(who, Feed::Token)
				.map(|report| (report.value, report.timestamp))
		}
	}
}
