//! # Channels
//!
//! Credits set aside for a provider, and paid out by vouchers that never had to touch the chain one by one.
//!
//! ## Overview
//!
//! * **Opening.** [`open`](Pallet::open) locks credits of the payer in a channel to a provider in service, at the provider's
//!   price times the boost class; [`open_for`](Pallet::open_for) gives it to somebody else to use. The opener names the
//!   hash of the terms it saw, so that it never agrees to others. Price, boost class and source are fixed from then on.
//!   [`top_up`](Pallet::top_up) and [`extend`](Pallet::extend) any time before its end is asked for.
//! * **Vouchers.** A [`Voucher`](weir_primitives::channel::Voucher) says what the channel has used since it was opened, signed
//!   by its voucher key. Only its credits are money, the highest wins, and they may not be above what its bytes cost
//!   ([`charge`](weir_math::economy::channel::charge)). Bytes and sequence are the customer's word.
//! * **Claiming.** [`claim`](Pallet::claim) takes up to [`MAX_VOUCHERS`] vouchers of one provider, in any order, as often as
//!   one likes, from anybody: they pay nobody else. A voucher that counts for nothing is named with the reason, and the
//!   others stand. A channel pays at most what it holds: a voucher above that is paid in part.
//! * **Closing.** By the provider, at once. By agreement, at once: payer or customer hand in what the provider's key signed
//!   ([`close_payload`](weir_primitives::channel::close_payload)). By payer or customer alone, after
//!   [`CHALLENGE_EPOCHS`](weir_math::economy::channel::CHALLENGE_EPOCHS) whole epochs in which the provider may claim more.
//!   By anybody, [`GRACE_EPOCHS`](weir_math::economy::channel::GRACE_EPOCHS) after it expired; idle blocks do that too. The
//!   rest goes back to the payer, untaxed. Until a channel is closed its vouchers count.
//! * **Plans.** [`subscribe`](Pallet::subscribe) puts credits aside for a month of use. What a month leaves is good for one
//!   more; what that leaves lapses: half of it backs insurance, half is destroyed. Credits whose tokens are still to be bought
//!   cannot lapse: they are good for another month. Channels out of a plan cost at most the highest list price it was bought
//!   at, and give their rest back to it.
//!
//! No payment and no end can be paused. No call needs a token: fees may be paid in credits.
//!
//! ## Invariants
//!
//! Checked by [`Pallet::do_try_state`]:
//!
//! 1. No channel has paid more than was put in.
//! 2. What a payer's channels hold and its plan are its locked credits, and nobody else has any.
//! 3. Each channel is listed with its payer, its customer and its provider, and where it closes, and nothing else is.
//! 4. Ids below [`NextId`] only; epochs before [`SweptUntil`] list no channel.
//! 5. No plan is empty, and none ends later than a month from now.

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
mod claims;
mod closing;
#[cfg(test)]
mod mock;
mod opening;
mod plans;
mod queries;
#[cfg(test)]
mod tests;
mod try_state;
pub mod types;
pub mod weights;

pub use pallet::*;
pub use types::{Channel, CloseCause, Opening, Usage};
pub use weights::WeightInfo;

use polkadot_sdk::*;

/// Vouchers that one call takes.
pub const MAX_VOUCHERS: u32 = 64;

// The macro's own lookups of pallet names: a runtime without this pallet does not call it.
#[allow(clippy::expect_used)]
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use frame_support::{dispatch::DispatchResultWithPostInfo, pallet_prelude::*, weights::WeightMeter};
	use frame_system::pallet_prelude::*;
	use weir_primitives::{
		channel::{ChannelId, SignedVoucher, VoucherRefusal},
		economy::{Credits, Parameters},
		seams::{
			economy::{CreditAccounts, PaidTraffic},
			EpochClock, Offers,
		},
		EpochIndex, ProbeSignature,
	};

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// Vouchers of one call.
	pub type Vouchers = BoundedVec<SignedVoucher, ConstU32<MAX_VOUCHERS>>;

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: polkadot_sdk::frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// The running epoch.
		type Clock: EpochClock;

		/// What providers offer.
		type Offers: Offers<Self::AccountId>;

		/// Credits of accounts.
		type Credits: CreditAccounts<Self::AccountId>;

		/// Told what was paid.
		type Traffic: PaidTraffic<Self::AccountId>;

		/// The parameters of the economy: the list price.
		type Parameters: Get<Parameters>;

		/// The least that a channel is opened or topped up with, credits: it takes a place in everybody's state.
		#[pallet::constant]
		type MinDeposit: Get<Credits>;

		/// Epochs of a plan's month.
		type PlanEpochs: Get<EpochIndex>;

		/// Weights of this pallet's calls and hook.
		type WeightInfo: WeightInfo;
	}

	/// The number of the next channel. None is used twice.
	#[pallet::storage]
	pub type NextId<T> = StorageValue<_, ChannelId, ValueQuery>;

	/// Open channels.
	#[pallet::storage]
	pub type Channels<T: Config> = StorageMap<_, Twox64Concat, ChannelId, Channel<T::AccountId>, OptionQuery>;

	/// Channels by the accounts that have to do with them: payer, customer and provider.
	#[pallet::storage]
	pub type OfAccount<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Twox64Concat, ChannelId, (), OptionQuery>;

	/// Channels by the first epoch in which anybody may close them.
	#[pallet::storage]
	pub type Closing<T: Config> =
		StorageDoubleMap<_, Twox64Concat, EpochIndex, Twox64Concat, ChannelId, (), OptionQuery>;

	/// First epoch of which channels may still have to be closed.
	#[pallet::storage]
	pub type SweptUntil<T> = StorageValue<_, EpochIndex, ValueQuery>;

	/// Credits put aside for a month, by whom they belong to.
	#[pallet::storage]
	pub type Plans<T: Config> =
		StorageMap<_, Blake2_128Concat, T::AccountId, types::Subscription, OptionQuery>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A channel was opened.
		Opened {
			/// Its number.
			channel: ChannelId,
			/// Whose credits are in it.
			payer: T::AccountId,
			/// Who uses it.
			customer: T::AccountId,
			/// Who is paid.
			provider: T::AccountId,
			/// Credits in it.
			credits: Credits,
			/// Credits per 10⁹ bytes, the boost class worked in.
			price: u64,
			/// First epoch in which it is no longer meant to be used.
			expiry: EpochIndex,
		},
		/// Credits were put into a channel.
		ToppedUp {
			/// Its number.
			channel: ChannelId,
			/// How many.
			credits: Credits,
			/// All that was ever put in.
			deposited: Credits,
		},
		/// A channel expires later.
		Extended {
			/// Its number.
			channel: ChannelId,
			/// When it would have expired.
			old: EpochIndex,
			/// When it does.
			new: EpochIndex,
		},
		/// A voucher was paid.
		Claimed {
			/// Number of the channel.
			channel: ChannelId,
			/// Credits paid by this voucher.
			credits: Credits,
			/// Credits that the channel has paid in all.
			paid: Credits,
			/// Credits that it still holds.
			left: Credits,
			/// What the customer says of bytes.
			usage: Usage,
		},
		/// A voucher counts for nothing. The others of the call stand.
		VoucherRefused {
			/// Its place in the call, from zero.
			index: u32,
			/// Why.
			reason: VoucherRefusal,
		},
		/// Payer or customer want the channel to end. Until `closes_from` the provider may claim what it is owed.
		CloseRequested {
			/// Its number.
			channel: ChannelId,
			/// First epoch in which anybody may close it.
			closes_from: EpochIndex,
		},
		/// A channel was closed.
		Closed {
			/// Its number.
			channel: ChannelId,
			/// Why.
			cause: CloseCause,
			/// Credits that it paid in all.
			paid: Credits,
			/// Credits that went back to the payer, or into its plan.
			returned: Credits,
		},
		/// Credits were put aside for a month of use.
		Subscribed {
			/// Whose.
			who: T::AccountId,
			/// How many.
			credits: Credits,
			/// First epoch in which those of this month are those of the last.
			until: EpochIndex,
		},
		/// Credits of a plan were not used in time: half of their tokens back insurance, half are destroyed.
		PlanLapsed {
			/// Whose.
			who: T::AccountId,
			/// How many.
			credits: Credits,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// There is no such channel.
		UnknownChannel,
		/// The account has nothing to say about this channel.
		NotYours,
		/// The account does not provide a line in service.
		NotInService,
		/// The provider's terms are not those that were agreed to: ask for them again.
		TermsChanged,
		/// The boost class is not between 100 and 300 per cent, or the price does not fit.
		InvalidBoost,
		/// The channel would expire in no epoch to come, later than it may, or not later than it does.
		InvalidExpiry,
		/// Less than the least that is put into a channel or a plan.
		BelowMinimum,
		/// Payer or customer have asked for the channel's end.
		IsClosing,
		/// It cannot be closed by anybody yet.
		NotDue,
		/// The provider has no key that could have agreed.
		NoProviderKey,
		/// That is not the provider's signature.
		BadSignature,
		/// Less than the channel has paid, or more than was put in.
		InvalidAmount,
		/// Nothing was handed in.
		Empty,
		/// The account has no plan.
		NoPlan,
		/// The plan has not enough left.
		PlanTooSmall,
		/// The provider asks for more than the list price that the plan was bought at.
		AbovePlanPrice,
		/// Too large a number.
		Overflow,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_idle(_: BlockNumberFor<T>, remaining: Weight) -> Weight {
			let mut meter = WeightMeter::with_limit(remaining.min(Self::idle_share()));
			Self::sweep(&mut meter);
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
		/// Opens a channel to a provider, and locks credits in it.
		///
		/// Fails with [`Error::BelowMinimum`], [`Error::InvalidExpiry`], [`Error::NotInService`], [`Error::TermsChanged`],
		/// [`Error::InvalidBoost`], [`Error::NoPlan`], [`Error::PlanTooSmall`], [`Error::AbovePlanPrice`], or if the account
		/// has not so many credits.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::open())]
		pub fn open(origin: OriginFor<T>, opening: Opening<T::AccountId>) -> DispatchResult {
			let payer = ensure_signed(origin)?;
			Self::do_open(payer.clone(), payer, opening)
		}

		/// Opens a channel for somebody else to use. What it does not use comes back to whom it was paid by.
		///
		/// Fails as [`Self::open`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::open())]
		pub fn open_for(
			origin: OriginFor<T>,
			customer: T::AccountId,
			opening: Opening<T::AccountId>,
		) -> DispatchResult {
			let payer = ensure_signed(origin)?;
			Self::do_open(payer, customer, opening)
		}

		/// Puts more credits into a channel, from where the first came.
		///
		/// Only its payer. Fails with [`Error::UnknownChannel`], [`Error::NotYours`], [`Error::IsClosing`],
		/// [`Error::BelowMinimum`], or if there are not so many credits.
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::top_up())]
		pub fn top_up(
			origin: OriginFor<T>,
			#[pallet::compact] channel: ChannelId,
			#[pallet::compact] credits: Credits,
		) -> DispatchResult {
			let payer = ensure_signed(origin)?;
			Self::do_top_up(&payer, channel, credits)
		}

		/// Lets a channel expire later.
		///
		/// Only its payer. Fails with [`Error::UnknownChannel`], [`Error::NotYours`], [`Error::IsClosing`] or
		/// [`Error::InvalidExpiry`].
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::extend())]
		pub fn extend(
			origin: OriginFor<T>,
			#[pallet::compact] channel: ChannelId,
			#[pallet::compact] expiry: EpochIndex,
		) -> DispatchResult {
			let payer = ensure_signed(origin)?;
			Self::do_extend(&payer, channel, expiry)
		}

		/// Has the provider paid by vouchers of its channels. Anybody may hand them in.
		///
		/// A voucher that counts for nothing is named by [`Event::VoucherRefused`]; the others stand. Fails with
		/// [`Error::Empty`].
		#[pallet::call_index(4)]
		#[pallet::weight(Pallet::<T>::weight_of_claim(vouchers.len() as u32))]
		pub fn claim(
			origin: OriginFor<T>,
			provider: T::AccountId,
			vouchers: Vouchers,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::do_claim(&provider, &vouchers)
		}

		/// Ends a channel. The provider ends it at once, with its last voucher if it has one. Payer and customer begin a
		/// challenge, in which the provider may claim what it is owed, and hand nothing in.
		///
		/// Fails with [`Error::UnknownChannel`], [`Error::NotYours`] or [`Error::IsClosing`].
		#[pallet::call_index(5)]
		#[pallet::weight(Pallet::<T>::weight_of_close())]
		pub fn close(
			origin: OriginFor<T>,
			#[pallet::compact] channel: ChannelId,
			last: Option<SignedVoucher>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_close(&who, channel, last)
		}

		/// Ends a channel at once, which then has paid `credits` in all: the provider's key has signed that.
		///
		/// Only payer and customer. Fails with [`Error::UnknownChannel`], [`Error::NotYours`], [`Error::NoProviderKey`],
		/// [`Error::BadSignature`] or [`Error::InvalidAmount`].
		#[pallet::call_index(6)]
		#[pallet::weight(Pallet::<T>::weight_of_close())]
		pub fn close_agreed(
			origin: OriginFor<T>,
			#[pallet::compact] channel: ChannelId,
			#[pallet::compact] credits: Credits,
			signature: ProbeSignature,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_close_agreed(&who, channel, credits, &signature)
		}

		/// Closes a channel whose challenge or grace is over. Anybody may.
		///
		/// Fails with [`Error::UnknownChannel`] or [`Error::NotDue`].
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::close_due())]
		pub fn close_due(origin: OriginFor<T>, #[pallet::compact] channel: ChannelId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_close_due(channel)
		}

		/// Puts credits aside for a month of use, beside what is left of earlier months.
		///
		/// Fails with [`Error::BelowMinimum`], or if the account has not so many credits.
		#[pallet::call_index(8)]
		#[pallet::weight(T::WeightInfo::subscribe())]
		pub fn subscribe(origin: OriginFor<T>, #[pallet::compact] credits: Credits) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_subscribe(&who, credits)
		}

		/// Has the credits of a plan lapse that were not used in time. Anybody may.
		///
		/// Fails with [`Error::NoPlan`] or [`Error::NotDue`].
		#[pallet::call_index(9)]
		#[pallet::weight(T::WeightInfo::lapse_plan())]
		pub fn lapse_plan(origin: OriginFor<T>, who: T::AccountId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_lapse_plan(&who)
		}
	}
}
