//! Worst cases of the calls and of the sweep: payer, customer and provider are three accounts, credits come out of a plan of
//! which others lapse, and every voucher is of a channel and a payer of its own. What the till does with payments weighs what
//! it says itself.

use crate::{
	types::Subscription, Call, Channel, Channels, CloseCause, Closing, Config, NextId, Opening, Pallet,
	Plans, SweptUntil, WeightInfo, MAX_VOUCHERS,
};
use alloc::vec::Vec;
use frame_benchmarking::v2::*;
use frame_support::{dispatch::RawOrigin, traits::Get, weights::WeightMeter};
use polkadot_sdk::*;
use sp_core::{crypto::KeyTypeId, sr25519};
use sp_io::crypto::{sr25519_generate, sr25519_sign};
use weir_math::economy::channel::{Funds, Plan, LEAST_BOOST_PERCENT, MAX_LIFE_EPOCHS};
use weir_primitives::{
	channel::{voucher_payload, ChannelId, SignedVoucher, Voucher, VoucherKey, VoucherSignature},
	economy::Credits,
	seams::{economy::CreditAccounts, EpochClock, Offers},
	EpochIndex,
};

/// Keys that benchmarks sign with. Of the two kinds, theirs takes longer to check.
const KEY_TYPE: KeyTypeId = KeyTypeId(*b"wchn");

/// What is put into a channel, and what a plan has of each kind.
fn amount<T: Config>() -> Credits {
	T::MinDeposit::get().saturating_mul(10)
}

fn now<T: Config>() -> EpochIndex {
	T::Clock::epoch()
}

/// The `n`-th payer, with so many free credits.
fn payer<T: Config>(n: u32, credits: Credits) -> T::AccountId {
	let who: T::AccountId = account("payer", n, 0);
	if credits > 0 {
		T::Credits::fund_for_benchmark(&who, credits);
	}
	who
}

fn provider<T: Config>() -> T::AccountId {
	let who: T::AccountId = account("provider", 0, 0);
	if T::Offers::offer(&who).is_none() {
		T::Offers::offer_for_benchmark(&who, 0);
	}
	who
}

/// Gives `who` a plan in which, beside what it has, one amount rolls with the next use and another one lapses.
fn overdue<T: Config>(who: &T::AccountId) {
	let (amount, before) = (amount::<T>(), left_of_plan::<T>(who));
	let both = amount.saturating_mul(2);
	T::Credits::fund_for_benchmark(who, both);
	assert!(T::Credits::lock(who, both).is_ok());
	let plan = Plan { current: before.saturating_add(amount), rolled: amount, until: now::<T>() };
	Plans::<T>::insert(who, Subscription { plan, price: u64::MAX });
}

fn left_of_plan<T: Config>(who: &T::AccountId) -> Credits {
	Plans::<T>::get(who).map(|held| held.plan.left()).unwrap_or_default()
}

fn opening<T: Config>(key: &sr25519::Public, from_plan: bool) -> Opening<T::AccountId> {
	let provider = provider::<T>();
	let offer = T::Offers::offer(&provider).unwrap_or_else(|| panic!("it was just registered"));
	Opening {
		provider,
		credits: amount::<T>(),
		voucher_key: VoucherKey::Sr25519(key.0),
		expiry: now::<T>().saturating_add(10),
		boost: LEAST_BOOST_PERCENT,
		terms_hash: offer.terms_hash,
		from_plan,
	}
}

fn new_key() -> sr25519::Public {
	sr25519_generate(KEY_TYPE, None)
}

/// A channel that `payer` has opened for somebody else to use.
fn open<T: Config>(payer: &T::AccountId, key: &sr25519::Public, from_plan: bool) -> ChannelId {
	let channel = NextId::<T>::get();
	let opened = Pallet::<T>::do_open(payer.clone(), account("customer", 0, 0), opening::<T>(key, from_plan));
	assert!(opened.is_ok(), "{opened:?}");
	channel
}

/// A channel out of a plan, to which its rest goes back when something else of it lapses.
fn open_from_plan<T: Config>(key: &sr25519::Public) -> (T::AccountId, ChannelId) {
	let payer = payer::<T>(0, 0);
	overdue::<T>(&payer);
	let channel = open::<T>(&payer, key, true);
	overdue::<T>(&payer);
	(payer, channel)
}

fn sign<T: Config>(key: &sr25519::Public, channel: ChannelId, credits: Credits) -> SignedVoucher {
	let voucher = Voucher { channel, bytes_down: u64::MAX, bytes_up: u64::MAX, credits, sequence: 1 };
	let signature = sr25519_sign(KEY_TYPE, key, &voucher_payload(&Pallet::<T>::genesis(), &voucher))
		.unwrap_or_else(|| panic!("the key was generated in this keystore"));
	SignedVoucher { voucher, signature: VoucherSignature::Sr25519(signature.0) }
}

fn funds<T: Config>(channel: ChannelId) -> Option<Funds> {
	Channels::<T>::get(channel).map(|Channel { funds, .. }| funds)
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn open() {
		let payer = payer::<T>(0, 0);
		overdue::<T>(&payer);
		overdue::<T>(&payer);
		let (before, channel) = (left_of_plan::<T>(&payer), NextId::<T>::get());
		let opening = opening::<T>(&new_key(), true);
		#[extrinsic_call]
		open_for(RawOrigin::Signed(payer.clone()), account("customer", 0, 0), opening);
		assert_eq!(funds::<T>(channel), Some(Funds { deposited: amount::<T>(), paid: 0 }));
		let spent_and_lapsed = amount::<T>().saturating_mul(2);
		assert_eq!(left_of_plan::<T>(&payer), before.saturating_sub(spent_and_lapsed));
	}

	#[benchmark]
	fn top_up() {
		let (payer, channel) = open_from_plan::<T>(&new_key());
		overdue::<T>(&payer);
		let before = left_of_plan::<T>(&payer);
		#[extrinsic_call]
		_(RawOrigin::Signed(payer.clone()), channel, amount::<T>());
		let both = amount::<T>().saturating_mul(2);
		assert_eq!(funds::<T>(channel), Some(Funds { deposited: both, paid: 0 }));
		assert_eq!(left_of_plan::<T>(&payer), before.saturating_sub(both));
	}

	#[benchmark]
	fn extend() {
		let payer = payer::<T>(0, amount::<T>());
		let channel = super::open::<T>(&payer, &new_key(), false);
		let expiry = now::<T>().saturating_add(MAX_LIFE_EPOCHS);
		#[extrinsic_call]
		_(RawOrigin::Signed(payer), channel, expiry);
		let is_moved = |record: Channel<T::AccountId>| {
			record.expiry == expiry && Closing::<T>::contains_key(record.closes_from, channel)
		};
		assert!(Channels::<T>::get(channel).is_some_and(is_moved));
	}

	/// Without what the till does with the payments.
	#[benchmark]
	fn claim(n: Linear<1, MAX_VOUCHERS>) {
		let (amount, provider) = (amount::<T>(), provider::<T>());
		let payers: Vec<_> = (0..n).map(|payer| super::payer::<T>(payer, amount)).collect();
		let vouchers: Vec<_> = payers
			.iter()
			.map(|payer| {
				let key = new_key();
				let channel = super::open::<T>(payer, &key, false);
				sign::<T>(&key, channel, amount)
			})
			.collect();
		let batch;
		let offer;
		#[block]
		{
			batch = Pallet::<T>::apply(&provider, &vouchers);
			offer = T::Offers::offer(&provider);
		}
		assert!(offer.is_some() && batch.refused.is_empty());
		assert_eq!(batch.payments.len(), n as usize);
		assert!(batch.payments.iter().zip(&payers).all(|(paid, payer)| paid.payer == *payer));
		assert!(batch.payments.iter().all(|paid| paid.credits == amount));
		assert!(vouchers
			.iter()
			.all(|signed| funds::<T>(signed.voucher.channel)
				== Some(Funds { deposited: amount, paid: amount })));
		assert!(Pallet::<T>::pay_out(&provider, &batch.payments).is_ok());
	}

	/// By the provider with a last voucher, without what the till does with the payment. An agreed close asks for the offer
	/// before it checks a signature, and does nothing else that this does not.
	#[benchmark]
	fn close() {
		let (key, part) = (new_key(), T::MinDeposit::get());
		let (payer, channel) = open_from_plan::<T>(&key);
		let (provider, last) = (provider::<T>(), sign::<T>(&key, channel, part));
		let before = left_of_plan::<T>(&payer);
		let agreed;
		let payment;
		let offer;
		let closed;
		#[block]
		{
			agreed = T::Offers::offer(&provider);
			payment = Pallet::<T>::apply_one(&provider, &Pallet::<T>::genesis(), &last);
			offer = T::Offers::offer(&provider);
			closed = Pallet::<T>::finish(channel, CloseCause::Provider);
		}
		assert!(agreed.is_some() && agreed == offer);
		assert!(payment.is_ok_and(|paid| paid.payer == payer && paid.credits == part) && closed.is_ok());
		assert_eq!(funds::<T>(channel), None);
		// An amount less the part came back, and an amount lapsed.
		assert_eq!(left_of_plan::<T>(&payer), before.saturating_sub(part));
	}

	#[benchmark]
	fn close_due() {
		let (payer, channel) = open_from_plan::<T>(&new_key());
		Channels::<T>::mutate_extant(channel, |record| {
			Pallet::<T>::move_close(channel, record, now::<T>());
		});
		let before = left_of_plan::<T>(&payer);
		#[extrinsic_call]
		_(RawOrigin::Signed(whitelisted_caller()), channel);
		assert_eq!(funds::<T>(channel), None);
		// As much came back as lapsed.
		assert_eq!(left_of_plan::<T>(&payer), before);
	}

	#[benchmark]
	fn subscribe() {
		let payer = payer::<T>(0, amount::<T>());
		overdue::<T>(&payer);
		let before = left_of_plan::<T>(&payer);
		#[extrinsic_call]
		_(RawOrigin::Signed(payer.clone()), amount::<T>());
		// As much was bought as lapsed.
		assert_eq!(left_of_plan::<T>(&payer), before);
		assert_eq!(T::Credits::locked(&payer), before);
	}

	#[benchmark]
	fn lapse_plan() {
		// All of it, and with it the account.
		let payer = payer::<T>(0, 0);
		overdue::<T>(&payer);
		Plans::<T>::mutate_extant(&payer, |held| {
			held.plan = Plan { current: 0, rolled: held.plan.left(), ..held.plan };
		});
		#[extrinsic_call]
		_(RawOrigin::Signed(whitelisted_caller()), payer.clone());
		assert_eq!(left_of_plan::<T>(&payer), 0);
		assert_eq!(T::Credits::locked(&payer), 0);
	}

	/// One in which no channel closes.
	#[benchmark]
	fn sweep_epoch() {
		let payer = payer::<T>(0, amount::<T>());
		super::open::<T>(&payer, &new_key(), false);
		let epoch = now::<T>();
		SweptUntil::<T>::put(epoch);
		#[block]
		{
			Pallet::<T>::sweep(&mut WeightMeter::with_limit(T::WeightInfo::sweep_epoch()));
		}
		assert_eq!(SweptUntil::<T>::get(), epoch.saturating_add(1));
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::with_keystore(), crate::mock::Test);
}
