//! Opening channels, putting more into them, and keeping them longer.

use super::*;
use sp_runtime::DispatchError;
use weir_math::economy::channel::{Funds, MAX_LIFE_EPOCHS};

fn listed_in(epoch: EpochIndex) -> Vec<ChannelId> {
	Closing::<Test>::iter_key_prefix(epoch).collect()
}

#[test]
fn open_should_lock_credits_and_fix_the_terms() {
	build_and_execute(|| {
		let expiry = START + 50;
		assert_eq!(open(1_000), 0);
		let event = Event::Opened {
			channel: 0,
			payer: ALICE,
			customer: ALICE,
			provider: PROVIDER,
			credits: 1_000,
			price: PRICE,
			expiry,
		};
		assert_eq!(take_events(), [event]);
		let expected = Channel {
			payer: ALICE,
			customer: ALICE,
			provider: PROVIDER,
			voucher_key: SIGNER.key(),
			price: PRICE,
			boost: 100,
			terms_hash: TERMS,
			region: REGION,
			from_plan: false,
			funds: Funds { deposited: 1_000, paid: 0 },
			expiry,
			closes_from: expiry + 4,
			is_closing: false,
			last: Usage::default(),
		};
		assert_eq!(record(0), expected);
		assert_eq!((purse(ALICE).free, purse(ALICE).locked), (FUNDS - 1_000, 1_000));
		assert_eq!((listed(ALICE), listed(PROVIDER), listed(BOB)), (vec![0], vec![0], vec![]));
		assert_eq!((listed_in(expiry + 4), NextId::<Test>::get()), (vec![0], 1));
		// Opened for anybody, nothing is paid.
		assert!(Till::get().is_empty());
	});
}

#[test]
fn open_should_fail_when_the_deposit_is_below_the_minimum() {
	build_and_execute(|| {
		for credits in [0, MIN - 1] {
			assert_noop!(Payments::open(signed(ALICE), opening(credits)), Error::<Test>::BelowMinimum);
		}
		open(MIN);
	});
}

#[test]
fn open_should_fail_when_it_expires_too_early_or_too_late() {
	build_and_execute(|| {
		let until = |expiry| Opening { expiry, ..opening(MIN) };
		for expiry in [0, START - 1, START, START + MAX_LIFE_EPOCHS + 1, EpochIndex::MAX] {
			assert_noop!(Payments::open(signed(ALICE), until(expiry)), Error::<Test>::InvalidExpiry);
		}
		assert_ok!(Payments::open(signed(ALICE), until(START + 1)));
		assert_ok!(Payments::open(signed(ALICE), until(START + MAX_LIFE_EPOCHS)));
	});
}

#[test]
fn open_should_fail_when_the_provider_is_not_in_service() {
	build_and_execute(|| {
		change_listing(PROVIDER, |listing| listing.in_service = false);
		assert_noop!(Payments::open(signed(ALICE), opening(MIN)), Error::<Test>::NotInService);
		unregister(PROVIDER);
		assert_noop!(Payments::open(signed(ALICE), opening(MIN)), Error::<Test>::NotInService);
		let nobody = Opening { provider: DAVE, ..opening(MIN) };
		assert_noop!(Payments::open(signed(ALICE), nobody), Error::<Test>::NotInService);
	});
}

#[test]
fn open_should_fail_when_the_terms_are_not_those_agreed_to() {
	build_and_execute(|| {
		let seen = opening(MIN);
		change_listing(PROVIDER, |listing| listing.terms = [8; 32]);
		assert_noop!(Payments::open(signed(ALICE), seen.clone()), Error::<Test>::TermsChanged);
		assert_ok!(Payments::open(signed(ALICE), Opening { terms_hash: [8; 32], ..seen }));
	});
}

#[test]
fn open_should_fail_when_there_is_no_such_boost() {
	build_and_execute(|| {
		let boosted = |boost| Opening { boost, ..opening(MIN) };
		for boost in [0, 1, 99, 301, u16::MAX] {
			assert_noop!(Payments::open(signed(ALICE), boosted(boost)), Error::<Test>::InvalidBoost);
		}
		change_listing(PROVIDER, |listing| listing.price = u64::MAX / 2);
		assert_noop!(Payments::open(signed(ALICE), boosted(300)), Error::<Test>::InvalidBoost);
		assert_ok!(Payments::open(signed(ALICE), boosted(200)));
	});
}

#[test]
fn boost_should_be_worked_into_the_price_rounded_up() {
	build_and_execute(|| {
		change_listing(PROVIDER, |listing| listing.price = 33_333);
		for (boost, price) in [(100, 33_333), (101, 33_667), (150, 50_000), (300, 99_999)] {
			let channel = open_by(ALICE, Opening { boost, ..opening(MIN) });
			assert_eq!((record(channel).price, record(channel).boost), (price, boost));
		}
	});
}

#[test]
fn open_should_fail_when_the_account_has_not_so_many_credits() {
	build_and_execute(|| {
		let open = |who, credits| Payments::open(signed(who), opening(credits));
		assert_noop!(open(ALICE, FUNDS + 1), DispatchError::Other("free"));
		assert_noop!(open(DAVE, MIN), DispatchError::Other("free"));
		assert_ok!(open(ALICE, FUNDS));
	});
}

#[test]
fn open_should_fail_when_there_are_no_numbers_left() {
	build_and_execute(|| {
		NextId::<Test>::put(u64::MAX);
		assert_noop!(Payments::open(signed(ALICE), opening(MIN)), Error::<Test>::Overflow);
	});
}

#[test]
fn numbers_should_never_be_used_again() {
	build_and_execute(|| {
		for expected in 0..3 {
			assert_eq!(open(MIN), expected);
			assert_ok!(Payments::close(signed(PROVIDER), expected, None));
		}
		assert_eq!(open(MIN), 3);
	});
}

#[test]
fn terms_should_stay_when_the_provider_changes_them() {
	build_and_execute(|| {
		let channel = open(1_000);
		change_listing(PROVIDER, |listing| (listing.price, listing.terms) = (10 * PRICE, [8; 32]));
		assert_ok!(Payments::top_up(signed(ALICE), channel, MIN));
		assert_ok!(Payments::extend(signed(ALICE), channel, START + 60));
		assert_eq!((record(channel).price, record(channel).terms_hash), (PRICE, TERMS));
		// And it pays by the old price: a credit more is one too many.
		let mut dear = voucher(channel, 100);
		dear.credits = 101;
		claim(&[SIGNER.sign(&GENESIS, dear), signed_voucher(channel, 100)]);
		take_events();
		assert_eq!(funds(channel), (100, 1_000));
	});
}

#[test]
fn gift_should_be_paid_by_one_and_used_by_another() {
	build_and_execute(|| {
		let channel = open_gift(1_000);
		assert!(matches!(take_events()[..], [Event::Opened { payer: ALICE, customer: BOB, .. }]));
		assert_eq!((purse(ALICE).locked, purse(BOB).locked), (1_000, 0));
		assert_eq!([ALICE, BOB, PROVIDER].map(listed), [vec![channel], vec![channel], vec![channel]]);
		claim(&[signed_voucher(channel, 300)]);
		assert_eq!((purse(ALICE).paid, purse(BOB).paid), (300, 0));
		// It is the payer's to fill and to keep.
		assert_noop!(Payments::top_up(signed(BOB), channel, MIN), Error::<Test>::NotYours);
		assert_noop!(Payments::extend(signed(BOB), channel, START + 60), Error::<Test>::NotYours);
		assert_ok!(Payments::close(signed(PROVIDER), channel, None));
		assert_eq!((purse(ALICE).free, purse(BOB).free), (FUNDS - 300, FUNDS));
		assert!([ALICE, BOB, PROVIDER].map(listed).concat().is_empty());
	});
}

#[test]
fn top_up_should_add_to_the_channel() {
	build_and_execute(|| {
		let channel = open(1_000);
		claim(&[signed_voucher(channel, 400)]);
		take_events();
		assert_ok!(Payments::top_up(signed(ALICE), channel, 500));
		assert_eq!(take_events(), [Event::ToppedUp { channel, credits: 500, deposited: 1_500 }]);
		assert_eq!((funds(channel), purse(ALICE).locked), ((400, 1_100), 1_100));
	});
}

#[test]
fn top_up_should_change_nothing_when_it_is_refused() {
	build_and_execute(|| {
		let channel = open(1_000);
		let top_up = |who, channel, credits| Payments::top_up(signed(who), channel, credits);
		assert_noop!(top_up(ALICE, channel, MIN - 1), Error::<Test>::BelowMinimum);
		assert_noop!(top_up(ALICE, channel + 1, MIN), Error::<Test>::UnknownChannel);
		for who in [BOB, PROVIDER] {
			assert_noop!(top_up(who, channel, MIN), Error::<Test>::NotYours);
		}
		assert_noop!(top_up(ALICE, channel, FUNDS), DispatchError::Other("free"));
		assert_noop!(top_up(ALICE, channel, Credits::MAX), Error::<Test>::Overflow);
		assert_ok!(Payments::close(signed(ALICE), channel, None));
		assert_noop!(top_up(ALICE, channel, MIN), Error::<Test>::IsClosing);
	});
}

#[test]
fn extend_should_move_where_the_channel_closes() {
	build_and_execute(|| {
		let channel = open(1_000);
		take_events();
		assert_ok!(Payments::extend(signed(ALICE), channel, START + 60));
		assert_eq!(take_events(), [Event::Extended { channel, old: START + 50, new: START + 60 }]);
		assert_eq!((record(channel).expiry, record(channel).closes_from), (START + 60, START + 64));
		assert_eq!((listed_in(START + 54), listed_in(START + 64)), (vec![], vec![channel]));
		enter(START + 63);
		assert_noop!(Payments::close_due(signed(BOB), channel), Error::<Test>::NotDue);
		enter(START + 64);
		assert_ok!(Payments::close_due(signed(BOB), channel));
	});
}

#[test]
fn extend_should_change_nothing_when_it_is_refused() {
	build_and_execute(|| {
		let channel = open(1_000);
		let extend = |who, channel, expiry| Payments::extend(signed(who), channel, expiry);
		for expiry in [0, START + 49, START + 50, START + MAX_LIFE_EPOCHS + 1] {
			assert_noop!(extend(ALICE, channel, expiry), Error::<Test>::InvalidExpiry);
		}
		assert_noop!(extend(ALICE, channel + 1, START + 60), Error::<Test>::UnknownChannel);
		for who in [BOB, PROVIDER] {
			assert_noop!(extend(who, channel, START + 60), Error::<Test>::NotYours);
		}
		assert_ok!(Payments::close(signed(ALICE), channel, None));
		assert_noop!(extend(ALICE, channel, START + 60), Error::<Test>::IsClosing);
	});
}

#[test]
fn expired_channel_should_live_on_when_it_is_extended() {
	build_and_execute(|| {
		let channel = open(1_000);
		enter(START + 54);
		let extend = |expiry| Payments::extend(signed(ALICE), channel, expiry);
		assert_noop!(extend(START + 54), Error::<Test>::InvalidExpiry);
		assert_ok!(extend(START + 55));
		assert_ok!(Payments::top_up(signed(ALICE), channel, MIN));
		assert_noop!(Payments::close_due(signed(BOB), channel), Error::<Test>::NotDue);
		assert_eq!(record(channel).closes_from, START + 59);
	});
}

#[test]
fn every_call_should_need_a_signature() {
	build_and_execute(|| {
		open(1_000);
		for origin in [RuntimeOrigin::none(), RuntimeOrigin::root()] {
			let origin = || origin.clone();
			let bad = DispatchError::BadOrigin;
			assert_noop!(Payments::open(origin(), opening(MIN)), bad);
			assert_noop!(Payments::open_for(origin(), BOB, opening(MIN)), bad);
			assert_noop!(Payments::top_up(origin(), 0, MIN), bad);
			assert_noop!(Payments::extend(origin(), 0, START + 60), bad);
			assert_noop!(Payments::claim(origin(), PROVIDER, many(&[signed_voucher(0, 1)])), bad);
			assert_noop!(Payments::close(origin(), 0, None), bad);
			assert_noop!(Payments::close_agreed(origin(), 0, 1, agreement(PROVIDER, 0, 1)), bad);
			assert_noop!(Payments::close_due(origin(), 0), bad);
			assert_noop!(Payments::subscribe(origin(), MIN), bad);
			assert_noop!(Payments::lapse_plan(origin(), ALICE), bad);
		}
	});
}
