//! Opening channels, and putting more into them.

use crate::{Channel, Channels, Closing, Config, Error, Event, NextId, OfAccount, Opening, Pallet, Usage};
use frame_support::{ensure, storage::with_storage_layer, traits::Get};
use polkadot_sdk::*;
use sp_runtime::DispatchResult;
use weir_math::economy::channel::{boosted, closes_from, Funds, MAX_LIFE_EPOCHS};
use weir_primitives::{
	channel::ChannelId,
	economy::Credits,
	seams::{economy::CreditAccounts, EpochClock, Offers},
	EpochIndex,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_open(
		payer: T::AccountId,
		customer: T::AccountId,
		opening: Opening<T::AccountId>,
	) -> DispatchResult {
		let Opening { provider, credits, voucher_key, expiry, boost, terms_hash, from_plan } = opening;
		ensure!(credits >= T::MinDeposit::get(), Error::<T>::BelowMinimum);
		Self::check_expiry(expiry)?;
		let offer = T::Offers::offer(&provider).ok_or(Error::<T>::NotInService)?;
		ensure!(offer.in_service, Error::<T>::NotInService);
		ensure!(offer.terms_hash == terms_hash, Error::<T>::TermsChanged);
		let price = boosted(offer.price_credits_per_gb, boost).ok_or(Error::<T>::InvalidBoost)?;

		let channel = NextId::<T>::get();
		let next = channel.checked_add(1).ok_or(Error::<T>::Overflow)?;
		with_storage_layer(|| {
			if from_plan {
				Self::take_from_plan(&payer, credits, price)?;
			} else {
				T::Credits::lock(&payer, credits)?;
			}
			NextId::<T>::put(next);
			let record = Channel {
				payer: payer.clone(),
				customer: customer.clone(),
				provider: provider.clone(),
				voucher_key,
				price,
				boost,
				terms_hash,
				region: offer.region,
				from_plan,
				funds: Funds { deposited: credits, paid: 0 },
				expiry,
				closes_from: closes_from(expiry),
				is_closing: false,
				last: Usage::default(),
			};
			for who in [&payer, &customer, &provider] {
				OfAccount::<T>::insert(who, channel, ());
			}
			Closing::<T>::insert(record.closes_from, channel, ());
			Channels::<T>::insert(channel, record);
			Self::deposit_event(Event::Opened { channel, payer, customer, provider, credits, price, expiry });
			Ok(())
		})
	}

	pub(crate) fn do_top_up(payer: &T::AccountId, channel: ChannelId, credits: Credits) -> DispatchResult {
		ensure!(credits >= T::MinDeposit::get(), Error::<T>::BelowMinimum);
		let mut record = Self::running(payer, channel)?;
		let deposited = record.funds.deposited.checked_add(credits).ok_or(Error::<T>::Overflow)?;
		with_storage_layer(|| {
			if record.from_plan {
				Self::take_from_plan(payer, credits, record.price)?;
			} else {
				T::Credits::lock(payer, credits)?;
			}
			record.funds.deposited = deposited;
			Channels::<T>::insert(channel, record);
			Self::deposit_event(Event::ToppedUp { channel, credits, deposited });
			Ok(())
		})
	}

	pub(crate) fn do_extend(payer: &T::AccountId, channel: ChannelId, expiry: EpochIndex) -> DispatchResult {
		let mut record = Self::running(payer, channel)?;
		let old = record.expiry;
		ensure!(expiry > old, Error::<T>::InvalidExpiry);
		Self::check_expiry(expiry)?;
		record.expiry = expiry;
		Self::move_close(channel, &mut record, closes_from(expiry));
		Channels::<T>::insert(channel, record);
		Self::deposit_event(Event::Extended { channel, old, new: expiry });
		Ok(())
	}

	/// Lists the channel under another epoch in which anybody may close it.
	pub(crate) fn move_close(channel: ChannelId, record: &mut Channel<T::AccountId>, from: EpochIndex) {
		Closing::<T>::remove(record.closes_from, channel);
		record.closes_from = from;
		Closing::<T>::insert(from, channel, ());
	}

	/// A channel of the payer whose end nobody has asked for.
	fn running(payer: &T::AccountId, channel: ChannelId) -> Result<Channel<T::AccountId>, Error<T>> {
		let record = Channels::<T>::get(channel).ok_or(Error::<T>::UnknownChannel)?;
		ensure!(record.payer == *payer, Error::<T>::NotYours);
		ensure!(!record.is_closing, Error::<T>::IsClosing);
		Ok(record)
	}

	fn check_expiry(expiry: EpochIndex) -> Result<(), Error<T>> {
		let now = T::Clock::epoch();
		let is_late = expiry > now.saturating_add(MAX_LIFE_EPOCHS);
		ensure!(expiry > now && !is_late, Error::<T>::InvalidExpiry);
		Ok(())
	}
}
