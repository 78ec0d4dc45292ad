//! # Burn and mint
//!
//! Credits are bought by burning tokens and paid out by minting them. A ledger says where every token is.
//!
//! ## Overview
//!
//! The rules are those of [`Ledger`](weir_math::economy::Ledger); this pallet moves tokens and books them, both in one
//! storage layer. Whatever destroys tokens elsewhere hands them to this pallet, which is an `OnUnbalanced`.
//!
//! ### Buying credits
//!
//! A request holds tokens and waits. It is executed at the first quote that is `forward_rounds` rounds younger than the
//! request and stands on no report older than it; its credits cost `⌈credits · 10²⁴ ÷ low price⌉` grains, or the request
//! fails and everything is released. Requests are executed in order, in each round only so many credits: a wrong price
//! costs a bounded amount. While purchases are open they cannot be taken back: nobody waits for a price.
//!
//! The stable path needs no reporters: stable units go into a pot and the credits are there at once, *pending*. Each round
//! spends a slice in the pool, burns what it bought, and backs as many credits. A slice waits if the pool is dearer than the
//! reporters say or, while they say nothing, than it was in the rounds before.
//!
//! ### Closing an epoch
//!
//! An epoch is closed once a quote stands on prices from after its end, or without one when the price is lost. The
//! close runs in `on_idle` and takes as many blocks as it needs; meanwhile claims count for the running epoch.
//!
//! | step | what it does |
//! |---|---|
//! | begin | schedules the emission, takes the price, settles what was claimed as far as it is backed |
//! | rates | divides what was settled among the epochs that claimed it, oldest first; a rate is known once all of its epoch is settled |
//! | survey, appraise, pay | three passes over the regions: utilisation and gaps, what is wanted, what is minted |
//! | shares | validators, attestors, treasury |
//! | finish | puts a part of the destroyed back into the reserve, keeps a summary |
//!
//! A step that fails changes nothing and is tried again in the next block: no epoch is skipped. Parameters that change
//! meanwhile count from the next close on. While the price is lost claims wait, and lines are paid no more than last.
//!
//! ## Invariants
//!
//! 1. The ledger's equations hold ([`Ledger::check`](weir_math::economy::Ledger::check)).
//! 2. The ledger's issuance is the currency's.
//! 3. Balances, locks and claims that are not settled add up to the credits outstanding.
//! 4. Unsettled claims of ended epochs are those carried on, none is older than said, and nothing is settled twice.
//! 5. On hold for credits is what requests may cost; the queue counts requests and credits, accounts list their own.
//! 6. The close that runs is that of the next epoch to close, which has ended, and has minted no more than it may; without a
//!    price it may mint no more than the last that had one.
//! 7. Rates and summaries are of ended epochs.
//! 8. The system knows every account of credits by a reference that is sufficient without tokens.

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

mod accounts;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod closing;
#[cfg(test)]
mod mock;
mod purchases;
mod queries;
mod settlement;
mod sink;
mod stable;
#[cfg(test)]
mod tests;
mod try_state;
pub mod types;
pub mod weights;

pub use pallet::*;
use purchases::MAX_DAY_EPOCHS;
pub use queries::MAX_PAGE;
pub use types::{Close, CreditAccount, EpochClaims, KeptRate, Phase, Queue, Request, RequestFailure};
pub use weights::WeightInfo;

use polkadot_sdk::*;

// The macro's own lookups of pallet names: a runtime without this pallet does not call it.
#[allow(clippy::expect_used)]
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use crate::types::{EpochStart, Spending, Surprise};
	use frame_support::{pallet_prelude::*, traits::fungible};
	use frame_system::pallet_prelude::*;
	use weir_math::economy::{emission::Schedule, incentive, ledger::Settlement, Ledger};
	use weir_primitives::{
		economy::*,
		economy_api::EpochSummary,
		seams::{economy::*, EpochClock},
		EpochIndex,
	};

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: polkadot_sdk::frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// The token.
		type Currency: fungible::Inspect<Self::AccountId, Balance = Tokens>
			+ fungible::Mutate<Self::AccountId>
			+ fungible::Balanced<Self::AccountId>
			+ fungible::MutateHold<Self::AccountId, Reason: From<HoldReason>>;

		/// The token's price.
		type Pricing: Pricing;

		/// Where the stable asset buys tokens.
		type StablePool: StablePool<Self::AccountId>;

		/// Availability pay by region.
		type RegionalPay: RegionalPay;

		/// Told what was paid in a region.
		type RegionalDemand: RegionalDemand;

		/// Told what providers, validators and attestors earned.
		type Earnings: Earnings<Self::AccountId>;

		/// Told what an epoch's availability pay came to.
		type OnEpochPaid: OnEpochPaid;

		/// The parameters of the economy.
		type Parameters: Get<Parameters>;

		/// How long things last.
		type Pace: Get<Pace>;

		/// The running epoch.
		type Clock: EpochClock;

		/// Whether the emergency track has paused purchases. Claims and exits are never paused.
		type PurchasesPaused: Get<bool>;

		/// Holds what was minted and not claimed yet.
		type RewardsPot: Get<Self::AccountId>;

		/// Holds the stable asset of purchases until it is spent.
		type StablePot: Get<Self::AccountId>;

		/// Gets the treasury's shares.
		type Treasury: Get<Self::AccountId>;

		/// Requests that may wait at once.
		#[pallet::constant]
		type MaxRequests: Get<u32>;

		/// Requests of one account that may wait at once.
		#[pallet::constant]
		type MaxRequestsPerAccount: Get<u32>;

		/// Requests that a block looks at.
		#[pallet::constant]
		type MaxRequestsPerBlock: Get<u32>;

		/// Weights of the calls and hooks.
		type WeightInfo: WeightInfo;
	}

	/// Why tokens are on hold.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// Put up for credits that were requested.
		#[codec(index = 0)]
		CreditRequest,
	}

	/// Where every token up to the cap is.
	#[pallet::storage]
	pub type SupplyLedger<T: Config> = StorageValue<_, Ledger, ValueQuery>;

	/// Credits by account.
	#[pallet::storage]
	pub type Accounts<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, CreditAccount>;

	/// Requests by number.
	#[pallet::storage]
	pub type Requests<T: Config> = StorageMap<_, Twox64Concat, u64, Request<T::AccountId>>;

	/// The numbers between which requests wait.
	#[pallet::storage]
	pub type RequestQueue<T: Config> = StorageValue<_, Queue, ValueQuery>;

	/// Numbers of an account's requests, oldest first.
	#[pallet::storage]
	pub type RequestsOf<T: Config> =
		StorageMap<_, Blake2_128Concat, T::AccountId, BoundedVec<u64, T::MaxRequestsPerAccount>, ValueQuery>;

	/// Credits sold for tokens at the price of one round.
	#[pallet::storage]
	pub type RoundSales<T: Config> = StorageValue<_, (Round, Credits), ValueQuery>;

	/// Credits sold for tokens in the epochs of the trailing day, oldest first.
	#[pallet::storage]
	pub type DaySales<T: Config> =
		StorageValue<_, BoundedVec<(EpochIndex, Credits), ConstU32<MAX_DAY_EPOCHS>>, ValueQuery>;

	/// How the stable asset in the pot is spent.
	#[pallet::storage]
	pub type StableSpending<T: Config> = StorageValue<_, Spending, ValueQuery>;

	/// Claims that are not settled, by the epoch of the claim.
	#[pallet::storage]
	pub type Claims<T: Config> = StorageMap<_, Twox64Concat, EpochIndex, EpochClaims, ValueQuery>;

	/// Claimed credits of closed epochs that wait for their settlement.
	#[pallet::storage]
	pub type Carried<T: Config> = StorageValue<_, Credits, ValueQuery>;

	/// The oldest epoch whose claims may be unsettled.
	#[pallet::storage]
	pub type FirstUnsettled<T: Config> = StorageValue<_, EpochIndex, ValueQuery>;

	/// What claims were converted at, by the epoch of the claim.
	#[pallet::storage]
	pub type Rates<T: Config> = StorageMap<_, Twox64Concat, EpochIndex, KeptRate>;

	/// The oldest epoch whose rate may be kept.
	#[pallet::storage]
	pub type FirstRate<T: Config> = StorageValue<_, EpochIndex, ValueQuery>;

	/// Where the running epoch began.
	#[pallet::storage]
	pub type RunningEpoch<T: Config> = StorageValue<_, EpochStart, ValueQuery>;

	/// The next epoch to close.
	#[pallet::storage]
	pub type NextClose<T: Config> = StorageValue<_, EpochIndex, ValueQuery>;

	/// The close that runs.
	#[pallet::storage]
	pub type RunningClose<T: Config> = StorageValue<_, Close>;

	/// Average income of providers by fees, millionths of a credit per gigabyte of capacity and epoch.
	#[pallet::storage]
	pub type FeeIncome<T: Config> = StorageValue<_, incentive::FeeIncome, ValueQuery>;

	/// Everything that was ever destroyed, as of the last close.
	#[pallet::storage]
	pub type DestroyedMark<T: Config> = StorageValue<_, Tokens, ValueQuery>;

	/// What closed epochs came to, as far as they are kept.
	#[pallet::storage]
	pub type Summaries<T: Config> = StorageMap<_, Twox64Concat, EpochIndex, EpochSummary>;

	/// What availability pay minted in the last epoch that was closed at a price.
	#[pallet::storage]
	pub type LastPriced<T: Config> = StorageValue<_, Tokens, ValueQuery>;

	/// Takes what exists from the currency: it must be built after everything that has balances.
	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		#[serde(skip)]
		#[doc(hidden)]
		pub _config: core::marker::PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			let built = Pallet::<T>::build_ledger();
			built.unwrap_or_else(|error| panic!("the supply ledger cannot begin: {error}"));
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// Credits were requested, and tokens put on hold.
		CreditsRequested {
			/// Number of the request.
			id: u64,
			/// Who asks.
			who: T::AccountId,
			/// Credits asked for.
			credits: Credits,
			/// Tokens on hold.
			max_tokens: Tokens,
			/// First round at whose price it is executed.
			from_round: Round,
		},
		/// A request was executed.
		CreditsBought {
			/// Number of the request.
			id: u64,
			/// Who asked.
			who: T::AccountId,
			/// Credits bought.
			credits: Credits,
			/// Tokens burned.
			tokens: Tokens,
			/// What they counted for.
			price: Price,
			/// Free credits of the account now.
			balance: Credits,
		},
		/// A request was not executed. Its tokens were released.
		RequestFailed {
			/// Number of the request.
			id: u64,
			/// Who asked.
			who: T::AccountId,
			/// Credits asked for.
			credits: Credits,
			/// Why.
			reason: RequestFailure,
		},
		/// A request was taken back. Its tokens were released.
		RequestCancelled {
			/// Number of the request.
			id: u64,
			/// Who asked.
			who: T::AccountId,
		},
		/// Credits were bought for the stable asset.
		StableCreditsBought {
			/// Who.
			who: T::AccountId,
			/// Credits bought.
			credits: Credits,
			/// Free credits of the account now.
			balance: Credits,
		},
		/// A slice of the stable asset was spent, and what it bought was burned.
		SliceSpent {
			/// Credits that are backed now.
			credits: Credits,
			/// Tokens burned.
			tokens: Tokens,
			/// Credits that still wait for theirs.
			pending: Credits,
		},
		/// A slice was not spent in this round.
		SliceDeferred {
			/// Round.
			round: Round,
			/// Why.
			error: DispatchError,
		},
		/// Credits went into a lock, or left it.
		LockChanged {
			/// Whose.
			who: T::AccountId,
			/// Locked credits until now.
			old: Credits,
			/// Locked credits now.
			new: Credits,
			/// Free credits now.
			balance: Credits,
		},
		/// Locked credits were paid for traffic.
		TrafficPaid {
			/// Who paid.
			customer: T::AccountId,
			/// Who earned it.
			provider: T::AccountId,
			/// Epoch at whose rate the provider is paid.
			epoch: EpochIndex,
			/// Credits.
			credits: Credits,
		},
		/// A fee was paid with credits, whose part of the basis was destroyed.
		FeeCharged {
			/// Who paid.
			who: T::AccountId,
			/// Credits.
			credits: Credits,
			/// Tokens destroyed.
			tokens: Tokens,
		},
		/// Credits were not used for so long that they may be swept, unless they are used.
		InactivityNoticed {
			/// Whose.
			who: T::AccountId,
			/// Free credits.
			credits: Credits,
			/// First epoch in which they may be swept.
			from: EpochIndex,
		},
		/// Unused credits were swept, and their part of the basis destroyed.
		CreditsSwept {
			/// Whose.
			who: T::AccountId,
			/// How many.
			credits: Credits,
			/// Tokens destroyed.
			tokens: Tokens,
		},
		/// The close of an epoch began.
		CloseBegun {
			/// The epoch.
			epoch: EpochIndex,
			/// What payees are paid at; none if the price is lost.
			price: Option<Price>,
			/// What the epoch released.
			schedule: Schedule,
			/// What was settled.
			settlement: Settlement,
			/// Claimed credits that wait.
			carried: Credits,
		},
		/// All claims of an epoch are settled.
		RateSet {
			/// The epoch.
			epoch: EpochIndex,
			/// What they were converted at.
			rate: SettlementRate,
		},
		/// A step of a close failed and is tried again.
		CloseHalted {
			/// The epoch.
			epoch: EpochIndex,
			/// Why.
			error: DispatchError,
		},
		/// An epoch is closed.
		EpochClosed {
			/// What it came to.
			summary: EpochSummary,
		},
		/// Forfeited pay went back into the bucket.
		GivenBack {
			/// Out of which account.
			from: T::AccountId,
			/// How much.
			tokens: Tokens,
		},
		/// What another pallet did is not what the ledger expects of it.
		Unexpected {
			/// What.
			what: Surprise,
			/// How many tokens it is about.
			tokens: Tokens,
		},
		/// Locked credits were good for a time that is over.
		CreditsLapsed {
			/// Whose.
			who: T::AccountId,
			/// How many.
			credits: Credits,
			/// Their part of the basis: half of it backs insurance, the rest was destroyed.
			tokens: Tokens,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The emergency track has paused purchases.
		PurchasesPaused,
		/// Less than a dollar's worth of credits.
		BelowLeastPurchase,
		/// More credits than a round sells: ask for them in parts.
		AboveRoundCap,
		/// A request must allow some tokens.
		NoTokensAllowed,
		/// As many requests wait as may.
		QueueFull,
		/// As many requests of the account wait as may.
		TooManyRequests,
		/// No request with this number waits.
		NoSuchRequest,
		/// The request is another account's.
		NotYourRequest,
		/// Requests are taken back only while purchases are closed.
		PurchasesOpen,
		/// There is no pool, or nothing in it.
		NoPool,
		/// With these, more credits would wait than the pool can back within a day.
		BeyondPool,
		/// The pool is too shallow for a slice.
		PoolTooShallow,
		/// The prices disagree: the slice waits.
		PricesDisagree,
		/// An amount of zero changes nothing.
		ZeroAmount,
		/// The account has fewer free credits.
		InsufficientCredits,
		/// The account has fewer locked credits.
		InsufficientLock,
		/// The account has no free credits.
		NoCredits,
		/// The credits were used lately.
		StillActive,
		/// The notice was given already.
		AlreadyNoticed,
		/// No notice was given, or the credits were used since.
		NotNoticed,
		/// The notice has not run out.
		NoticeRuns,
		/// The sum does not fit its type.
		Overflow,
		/// More tokens than the cap.
		AboveCap,
		/// More tokens than exist.
		AboveIssuance,
		/// More tokens than the reserve holds.
		AboveReserve,
		/// More tokens than the bucket holds.
		AboveBucket,
		/// More credits than have tokens in the basis: the others wait for theirs.
		NotBacked,
		/// More credits than wait for their tokens.
		NotPending,
		/// More tokens than were emitted.
		AboveEmitted,
		/// Credits without tokens, or tokens without credits.
		NothingBooked,
		/// A price of zero is none.
		NoPrice,
		/// Nobody reports, and the pool has no average of rounds that are over: the slice waits.
		NoPoolAverage,
		/// There never was a price to measure a request by.
		NeverPriced,
		/// A request must allow half of what its credits cost at the newest price.
		BelowHalfOfCost,
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Requests `credits` for at most `max_tokens`, which are put on hold until the price is known.
		///
		/// Fails with [`Error::PurchasesPaused`], [`Error::BelowLeastPurchase`], [`Error::AboveRoundCap`],
		/// [`Error::NoTokensAllowed`], [`Error::NeverPriced`], [`Error::BelowHalfOfCost`], [`Error::QueueFull`],
		/// [`Error::TooManyRequests`], or for want of tokens.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::request_credits().saturating_add(T::Pricing::weight()))]
		pub fn request_credits(
			origin: OriginFor<T>,
			#[pallet::compact] credits: Credits,
			#[pallet::compact] max_tokens: Tokens,
		) -> DispatchResult {
			Self::do_request(ensure_signed(origin)?, credits, max_tokens)
		}

		/// Takes the signer's request back while purchases are closed.
		///
		/// Fails with [`Error::NoSuchRequest`], [`Error::NotYourRequest`] or [`Error::PurchasesOpen`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::cancel_request().saturating_add(T::Pricing::weight()))]
		pub fn cancel_request(origin: OriginFor<T>, #[pallet::compact] id: u64) -> DispatchResult {
			Self::do_cancel(ensure_signed(origin)?, id)
		}

		/// Buys `credits` for as many units of the stable asset.
		///
		/// Fails with [`Error::PurchasesPaused`], [`Error::BelowLeastPurchase`], [`Error::NoPool`],
		/// [`Error::BeyondPool`], or for want of units.
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::buy_with_stable())]
		pub fn buy_with_stable(origin: OriginFor<T>, #[pallet::compact] credits: Credits) -> DispatchResult {
			Self::do_buy_with_stable(ensure_signed(origin)?, credits)
		}

		/// Gives notice that the unused credits of `who` may be swept. Any use of them cancels it.
		///
		/// Fails with [`Error::NoCredits`], [`Error::AlreadyNoticed`] or [`Error::StillActive`].
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::notify_inactive())]
		pub fn notify_inactive(origin: OriginFor<T>, who: T::AccountId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_notify_inactive(who)
		}

		/// Sweeps the unused free credits of `who` after the notice. Their part of the basis is destroyed.
		///
		/// Fails with [`Error::NoCredits`], [`Error::NotNoticed`], [`Error::NoticeRuns`] or [`Error::NotBacked`].
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::sweep())]
		pub fn sweep(origin: OriginFor<T>, who: T::AccountId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_sweep(who)
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			Self::note_epoch();
			T::WeightInfo::on_initialize()
		}

		fn on_idle(_: BlockNumberFor<T>, remaining: Weight) -> Weight {
			Self::work_on(remaining)
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
