//! What wallets, explorers and sidecars ask. Nothing here changes what is stored.

use crate::{Channel, Channels, Config, OfAccount, Pallet, Plans};
use alloc::vec::Vec;
use frame_support::traits::Get;
use polkadot_sdk::*;
use weir_math::economy::channel::{boosted, MAX_LIFE_EPOCHS};
use weir_primitives::{
	channel::ChannelId,
	channels_api::{
		AccountChannel, ChannelInfo, ChannelState, OfferInfo, PlanInfo, ProviderChannels, COUNTED_CHANNELS,
		MAX_ROWS,
	},
	seams::{EpochClock, Offers},
	EpochIndex,
};

impl<T: Config> Pallet<T> {
	/// A channel that is not closed.
	pub fn channel(id: ChannelId) -> Option<ChannelInfo<T::AccountId>> {
		Channels::<T>::get(id).map(|record| info(id, record, T::Clock::epoch()))
	}

	/// Channels of an account in any part, after the one named, as storage has them: at most `limit`, which is at most
	/// [`MAX_ROWS`].
	pub fn channels_of(
		who: &T::AccountId,
		after: Option<ChannelId>,
		limit: u32,
	) -> Vec<AccountChannel<T::AccountId>> {
		let keys = match after {
			Some(after) => {
				OfAccount::<T>::iter_key_prefix_from(who, OfAccount::<T>::hashed_key_for(who, after))
			}
			None => OfAccount::<T>::iter_key_prefix(who),
		};
		let row = |channel: ChannelInfo<T::AccountId>| AccountChannel {
			pays: channel.payer == *who,
			uses: channel.customer == *who,
			provides: channel.provider == *who,
			channel,
		};
		keys.take(limit.min(MAX_ROWS) as usize).filter_map(Self::channel).map(row).collect()
	}

	/// The plan of an account as of now; none if nothing is in it.
	pub fn plan(who: &T::AccountId) -> Option<PlanInfo> {
		let mut held = Plans::<T>::get(who)?;
		let month = T::PlanEpochs::get();
		let lapsed = held.plan.turn(T::Clock::epoch(), month);
		Some(PlanInfo {
			current: held.plan.current,
			rolled: held.plan.rolled,
			lapsed,
			until: held.plan.until,
			// Saturating: an epoch that never comes.
			current_until: held.plan.until.saturating_add(month),
			most_price: held.price,
		})
	}

	/// What a provider offers in a boost class; none if it is not registered.
	pub fn offer(provider: &T::AccountId, boost: u16) -> Option<OfferInfo> {
		let offer = T::Offers::offer(provider)?;
		let epoch = T::Clock::epoch();
		Some(OfferInfo {
			price: offer.price_credits_per_gb,
			boost,
			boosted_price: boosted(offer.price_credits_per_gb, boost),
			terms_hash: offer.terms_hash,
			region: offer.region,
			probe_key: offer.probe_key,
			in_service: offer.in_service,
			least_credits: T::MinDeposit::get(),
			epoch,
			latest_expiry: epoch.saturating_add(MAX_LIFE_EPOCHS),
		})
	}

	/// What the channels to a provider hold, of the first [`COUNTED_CHANNELS`] that name the account in any part.
	pub fn channels_to(provider: &T::AccountId) -> ProviderChannels {
		let now = T::Clock::epoch();
		let mut keys = OfAccount::<T>::iter_key_prefix(provider);
		let none = ProviderChannels { open: 0, ending: 0, left: 0, first_close: None, all_counted: true };
		let counted = keys
			.by_ref()
			.take(COUNTED_CHANNELS as usize)
			.filter_map(Channels::<T>::get)
			.filter(|record| record.provider == *provider)
			.fold(none, |sum, record| ProviderChannels {
				open: sum.open.saturating_add(1),
				ending: sum.ending.saturating_add((state(&record, now) != ChannelState::Open).into()),
				// Saturating: no more than all credits there are.
				left: sum.left.saturating_add(record.funds.left()),
				first_close: sum.first_close.into_iter().chain([record.closes_from]).min(),
				..sum
			});
		ProviderChannels { all_counted: keys.next().is_none(), ..counted }
	}
}

/// Where in its life a channel is.
fn state<AccountId>(record: &Channel<AccountId>, now: EpochIndex) -> ChannelState {
	if now >= record.closes_from {
		ChannelState::Due
	} else if record.is_closing {
		ChannelState::Closing
	} else if now >= record.expiry {
		ChannelState::Expired
	} else {
		ChannelState::Open
	}
}

fn info<AccountId>(id: ChannelId, record: Channel<AccountId>, now: EpochIndex) -> ChannelInfo<AccountId> {
	let (state, left) = (state(&record, now), record.funds.left());
	let Channel {
		payer,
		customer,
		provider,
		voucher_key,
		price,
		boost,
		terms_hash,
		region,
		from_plan,
		funds,
		expiry,
		closes_from,
		is_closing: _,
		last,
	} = record;
	ChannelInfo {
		id,
		state,
		payer,
		customer,
		provider,
		voucher_key,
		price,
		boost,
		terms_hash,
		region,
		from_plan,
		deposited: funds.deposited,
		paid: funds.paid,
		left,
		expiry,
		closes_from,
		bytes_down: last.bytes_down,
		bytes_up: last.bytes_up,
		sequence: last.sequence,
	}
}
