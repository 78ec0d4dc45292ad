//! How channels end.

use crate::{
	types::{CloseCause, Payment},
	Channel, Channels, Closing, Config, Error, Event, OfAccount, Pallet, SweptUntil, WeightInfo,
};
use frame_support::{
	ensure,
	storage::with_storage_layer,
	traits::Get,
	weights::{Weight, WeightMeter},
};
use polkadot_sdk::*;
use sp_runtime::{DispatchError, DispatchResult};
use weir_math::economy::channel::challenge_until;
use weir_primitives::{
	channel::{verify_close, ChannelId, SignedVoucher},
	economy::Credits,
	seams::{economy::CreditAccounts, EpochClock, Offers},
	EpochIndex, ProbeSignature,
};

/// The hook uses at most one part in this many of a block.
const IDLE_SHARE: u64 = 40;
/// Epochs that a block leaves behind at most. Weight ends it earlier: this only bounds the loop.
const EPOCHS_PER_BLOCK: u32 = 256;

impl<T: Config> Pallet<T> {
	/// Relations between constants.
	pub(crate) fn check_constants() {
		assert!(T::MinDeposit::get() > 0, "a channel without credits would take a place for nothing");
		assert!(T::PlanEpochs::get() > 0, "a plan would lapse in the epoch in which it was bought");
		let least = T::WeightInfo::sweep_epoch().saturating_add(Self::weight_of_sweeping_one());
		assert!(least.all_lte(Self::idle_share()), "no block would have room to close a channel");
		assert!(least.ref_time() > 0, "nothing would bound what a block closes");
	}

	/// What the hook uses of a block at most.
	pub(crate) fn idle_share() -> Weight {
		T::BlockWeights::get().max_block.saturating_div(IDLE_SHARE)
	}

	pub(crate) fn do_close(
		who: &T::AccountId,
		channel: ChannelId,
		last: Option<SignedVoucher>,
	) -> DispatchResult {
		let record = Channels::<T>::get(channel).ok_or(Error::<T>::UnknownChannel)?;
		if record.provider == *who {
			return with_storage_layer(|| {
				if let Some(last) = last {
					ensure!(last.voucher.channel == channel, Error::<T>::UnknownChannel);
					Self::apply_last(who, &last)?;
				}
				Self::finish(channel, CloseCause::Provider)
			});
		}
		ensure!(record.payer == *who || record.customer == *who, Error::<T>::NotYours);
		ensure!(last.is_none(), Error::<T>::NotYours);
		ensure!(!record.is_closing, Error::<T>::IsClosing);
		Self::begin_challenge(channel, record);
		Ok(())
	}

	/// A last voucher that counts for nothing does not keep the provider from leaving: it is named, and the channel ends.
	fn apply_last(provider: &T::AccountId, last: &SignedVoucher) -> DispatchResult {
		match Self::apply_one(provider, &Self::genesis(), last) {
			Ok(payment) => Self::pay_out(provider, &[payment]),
			Err(reason) => {
				Self::deposit_event(Event::VoucherRefused { index: 0, reason });
				Ok(())
			}
		}
	}

	fn begin_challenge(channel: ChannelId, mut record: Channel<T::AccountId>) {
		// A channel that is about to be closed anyway is not kept longer by asking for it.
		let from = challenge_until(T::Clock::epoch()).min(record.closes_from);
		record.is_closing = true;
		Self::move_close(channel, &mut record, from);
		let closes_from = record.closes_from;
		Channels::<T>::insert(channel, record);
		Self::deposit_event(Event::CloseRequested { channel, closes_from });
	}

	pub(crate) fn do_close_agreed(
		who: &T::AccountId,
		channel: ChannelId,
		credits: Credits,
		signature: &ProbeSignature,
	) -> DispatchResult {
		let mut record = Channels::<T>::get(channel).ok_or(Error::<T>::UnknownChannel)?;
		ensure!(record.payer == *who || record.customer == *who, Error::<T>::NotYours);
		let offer = T::Offers::offer(&record.provider);
		let key = offer.and_then(|offer| offer.probe_key).ok_or(Error::<T>::NoProviderKey)?;
		let may_be = record.funds.paid..=record.funds.deposited;
		ensure!(may_be.contains(&credits), Error::<T>::InvalidAmount);
		let is_agreed = verify_close(&Self::genesis(), channel, credits, &key, signature);
		ensure!(is_agreed, Error::<T>::BadSignature);
		let due = credits.saturating_sub(record.funds.paid);
		with_storage_layer(|| {
			if due > 0 {
				record.funds.paid = credits;
				let (payer, provider) = (record.payer.clone(), record.provider.clone());
				let payment = Payment { payer, credits: due, region: record.region };
				Channels::<T>::insert(channel, record);
				Self::pay_out(&provider, &[payment])?;
			}
			Self::finish(channel, CloseCause::Agreed)
		})
	}

	pub(crate) fn do_close_due(channel: ChannelId) -> DispatchResult {
		let record = Channels::<T>::get(channel).ok_or(Error::<T>::UnknownChannel)?;
		ensure!(T::Clock::epoch() >= record.closes_from, Error::<T>::NotDue);
		Self::finish(channel, Self::cause_of(&record))
	}

	fn cause_of(record: &Channel<T::AccountId>) -> CloseCause {
		if record.is_closing {
			CloseCause::Challenged
		} else {
			CloseCause::Expired
		}
	}

	/// Gives the rest back, and forgets the channel.
	pub(crate) fn finish(channel: ChannelId, cause: CloseCause) -> DispatchResult {
		with_storage_layer::<_, DispatchError, _>(|| {
			let record = Channels::<T>::take(channel).ok_or(Error::<T>::UnknownChannel)?;
			for who in [&record.payer, &record.customer, &record.provider] {
				OfAccount::<T>::remove(who, channel);
			}
			Closing::<T>::remove(record.closes_from, channel);
			let (paid, returned) = (record.funds.paid, record.funds.left());
			if returned == 0 {
				T::Credits::forget_empty(&record.payer);
			} else if record.from_plan {
				Self::give_to_plan(&record.payer, returned, record.price)?;
			} else {
				T::Credits::unlock(&record.payer, returned)?;
			}
			Self::deposit_event(Event::Closed { channel, cause, paid, returned });
			Ok(())
		})
	}

	/// Closes what is due, oldest first.
	pub(crate) fn sweep(meter: &mut WeightMeter) {
		let now = T::Clock::epoch();
		for _ in 0..EPOCHS_PER_BLOCK {
			if meter.try_consume(T::WeightInfo::sweep_epoch()).is_err() {
				return;
			}
			let epoch = SweptUntil::<T>::get();
			if epoch > now {
				return;
			}
			// One walk over the epoch: to ask for its first again and again would pass all that this block has removed.
			for channel in Closing::<T>::iter_key_prefix(epoch) {
				if meter.try_consume(Self::weight_of_sweeping_one()).is_err() {
					return;
				}
				Self::close_or_postpone(channel, now);
			}
			SweptUntil::<T>::put(epoch.saturating_add(1));
		}
	}

	/// What closing a channel and finding the next one weigh at most.
	pub(crate) fn weight_of_sweeping_one() -> Weight {
		T::WeightInfo::close_due().saturating_add(T::WeightInfo::sweep_epoch())
	}

	/// The list must not be stuck on a channel that does not close: it is tried again in the next epoch.
	fn close_or_postpone(channel: ChannelId, now: EpochIndex) {
		let Err(error) = Self::do_close_due(channel) else { return };
		Channels::<T>::mutate_extant(channel, |record| {
			Self::move_close(channel, record, now.saturating_add(1));
		});
		frame_support::defensive!("a channel that is due does not close", error);
	}
}
