//! Vouchers in, credits out.

use crate::{
	types::{Batch, Payment},
	Channels, Config, Error, Event, Pallet, Usage, WeightInfo, MAX_VOUCHERS,
};
use alloc::vec::Vec;
use frame_support::{
	dispatch::{DispatchResultWithPostInfo, Pays, PostDispatchInfo},
	ensure,
	storage::with_storage_layer,
	weights::Weight,
};
use frame_system::pallet_prelude::BlockNumberFor;
use polkadot_sdk::*;
use sp_runtime::{traits::Zero, DispatchResult};
use weir_math::economy::channel::charge;
use weir_primitives::{
	channel::{SignedVoucher, VoucherRefusal},
	economy::Credits,
	seams::{economy::PaidTraffic, Offers},
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_claim(
		provider: &T::AccountId,
		vouchers: &[SignedVoucher],
	) -> DispatchResultWithPostInfo {
		ensure!(!vouchers.is_empty(), Error::<T>::Empty);
		with_storage_layer(|| {
			let batch = Self::apply(provider, vouchers);
			for (index, reason) in &batch.refused {
				Self::deposit_event(Event::VoucherRefused { index: *index, reason: *reason });
			}
			Self::pay_out(provider, &batch.payments)
		})?;
		// What is refused costs the signature that had to be checked: nothing is given back for it.
		Ok(PostDispatchInfo { actual_weight: None, pays_fee: Pays::Yes })
	}

	/// Works vouchers into their channels. What they come to is still to be paid.
	pub(crate) fn apply(provider: &T::AccountId, vouchers: &[SignedVoucher]) -> Batch<T::AccountId> {
		let genesis = Self::genesis();
		let mut batch = Batch { payments: Default::default(), refused: Default::default() };
		for (index, signed) in (0u32..).zip(vouchers) {
			match Self::apply_one(provider, &genesis, signed) {
				Ok(payment) => batch.payments.push(payment),
				Err(reason) => batch.refused.push((index, reason)),
			}
		}
		batch
	}

	/// Returns what this voucher pays.
	pub(crate) fn apply_one(
		provider: &T::AccountId,
		genesis: &[u8; 32],
		signed: &SignedVoucher,
	) -> Result<Payment<T::AccountId>, VoucherRefusal> {
		let channel = signed.voucher.channel;
		let mut record = Channels::<T>::get(channel).ok_or(VoucherRefusal::UnknownChannel)?;
		if record.provider != *provider {
			return Err(VoucherRefusal::WrongProvider);
		}
		if !signed.verify(genesis, &record.voucher_key) {
			return Err(VoucherRefusal::BadSignature);
		}
		let usage = Usage::from(signed);
		// Bytes and prices of 64 bits never cost more than fits: without that nothing would be above the charge.
		let due = charge(usage.bytes_down, usage.bytes_up, record.price).unwrap_or_default();
		let credits = record.funds.claim(signed.voucher.credits, due)?;
		record.funds.paid = record.funds.paid.saturating_add(credits);
		record.last = usage;
		let (paid, left) = (record.funds.paid, record.funds.left());
		let payment = Payment { payer: record.payer.clone(), credits, region: record.region };
		Channels::<T>::insert(channel, record);
		Self::deposit_event(Event::Claimed { channel, credits, paid, left, usage });
		Ok(payment)
	}

	/// Has the credits leave the locks of who pays them. They count as demand where the provider stood when the channel was
	/// opened, if it still stands there: one that moved for a claim would have others' credits raise what is paid elsewhere.
	pub(crate) fn pay_out(provider: &T::AccountId, payments: &[Payment<T::AccountId>]) -> DispatchResult {
		if payments.is_empty() {
			return Ok(());
		}
		let region = T::Offers::offer(provider).map(|offer| offer.region);
		let at_home = payments.iter().filter(|payment| Some(payment.region) == region);
		// Saturating: their sum is what the till adds up, and refuses if it does not fit.
		let demand = at_home.fold(0, |sum: Credits, payment| sum.saturating_add(payment.credits));
		let owed: Vec<_> = payments.iter().map(|payment| (payment.payer.clone(), payment.credits)).collect();
		let demand = region.as_ref().map(|region| (region, demand)).filter(|(_, credits)| *credits > 0);
		T::Traffic::paid_by_many(&owed, provider, demand).map(|_| ())
	}

	/// Hash of the chain's first block: part of everything that is signed.
	pub(crate) fn genesis() -> [u8; 32] {
		let hash = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
		let mut bytes = [0u8; 32];
		bytes.iter_mut().zip(hash.as_ref()).for_each(|(to, from)| *to = *from);
		bytes
	}

	/// What so many vouchers weigh at most, the credits they move included.
	pub(crate) fn weight_of_claim(vouchers: u32) -> Weight {
		let vouchers = vouchers.min(MAX_VOUCHERS);
		T::WeightInfo::claim(vouchers).saturating_add(T::Traffic::weight_of_many(vouchers))
	}

	/// What the last payment of a channel and its end weigh at most, by a voucher or as agreed.
	pub(crate) fn weight_of_close() -> Weight {
		T::WeightInfo::close().saturating_add(T::Traffic::weight())
	}
}
