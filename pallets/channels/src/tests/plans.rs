//! Credits put aside for a month: what they buy, when they roll, and when they lapse.

use super::*;
use sp_runtime::{DispatchError, DispatchResult};
use types::Subscription;
use weir_math::economy::channel::Plan;

/// Current and rolled credits, and the first epoch of the next month.
fn plan_of(who: AccountId) -> Option<(Credits, Credits, EpochIndex)> {
	let Subscription { plan: Plan { current, rolled, until }, .. } = Plans::<Test>::get(who)?;
	Some((current, rolled, until))
}

fn price_of(who: AccountId) -> u64 {
	Plans::<Test>::get(who).unwrap().price
}

fn subscribe(credits: Credits) {
	assert_ok!(Payments::subscribe(signed(ALICE), credits));
}

fn from_plan(credits: Credits) -> Opening<AccountId> {
	Opening { from_plan: true, ..opening(credits) }
}

fn lapse() -> DispatchResult {
	Payments::lapse_plan(signed(DAVE), ALICE)
}

#[test]
fn subscribe_should_lock_credits_for_a_month() {
	build_and_execute(|| {
		subscribe(1_000);
		let until = START + MONTH;
		assert_eq!(take_events(), [Event::Subscribed { who: ALICE, credits: 1_000, until }]);
		assert_eq!((plan_of(ALICE), price_of(ALICE)), (Some((1_000, 0, until)), PRICE));
		assert_eq!((purse(ALICE).free, purse(ALICE).locked), (FUNDS - 1_000, 1_000));
		enter(START + 10);
		subscribe(500);
		assert_eq!(take_events(), [Event::Subscribed { who: ALICE, credits: 500, until }]);
		assert_eq!(plan_of(ALICE), Some((1_500, 0, until)));
	});
}

#[test]
fn subscribe_should_change_nothing_when_it_is_refused() {
	build_and_execute(|| {
		let subscribe = |who, credits| Payments::subscribe(signed(who), credits);
		for credits in [0, MIN - 1] {
			assert_noop!(subscribe(ALICE, credits), Error::<Test>::BelowMinimum);
		}
		assert_noop!(subscribe(ALICE, FUNDS + 1), DispatchError::Other("free"));
		assert_noop!(subscribe(DAVE, MIN), DispatchError::Other("free"));
	});
}

#[test]
fn plan_should_buy_at_the_highest_list_price_it_was_bought_at() {
	build_and_execute(|| {
		subscribe(1_000);
		set_list_price(PRICE + 1_000);
		assert_eq!(price_of(ALICE), PRICE);
		subscribe(1_000);
		assert_eq!(price_of(ALICE), PRICE + 1_000);
		// What was bought before is worth no less for it.
		set_list_price(PRICE - 1_000);
		subscribe(1_000);
		assert_eq!(price_of(ALICE), PRICE + 1_000);
	});
}

#[test]
fn channel_should_be_opened_out_of_a_plan() {
	build_and_execute(|| {
		subscribe(1_000);
		let channel = open_by(ALICE, from_plan(600));
		assert!(record(channel).from_plan);
		assert_eq!(plan_of(ALICE), Some((400, 0, START + MONTH)));
		// They stay locked, and nothing else is.
		assert_eq!((purse(ALICE).free, purse(ALICE).locked), (FUNDS - 1_000, 1_000));
		claim(&[signed_voucher(channel, 500)]);
		assert_eq!((purse(ALICE).locked, purse(ALICE).paid), (500, 500));
		assert_ok!(Payments::top_up(signed(ALICE), channel, 300));
		assert_eq!((funds(channel), plan_of(ALICE)), ((500, 400), Some((100, 0, START + MONTH))));
		// With its last credit the plan is gone.
		assert_ok!(Payments::top_up(signed(ALICE), channel, 100));
		assert_eq!((plan_of(ALICE), purse(ALICE).locked), (None, 500));
	});
}

#[test]
fn channel_should_not_be_opened_or_filled_beyond_the_plan() {
	build_and_execute(|| {
		let open = |opening| Payments::open(signed(ALICE), opening);
		assert_noop!(open(from_plan(MIN)), Error::<Test>::NoPlan);
		subscribe(1_000);
		assert_noop!(open(from_plan(1_001)), Error::<Test>::PlanTooSmall);
		assert_noop!(open(Opening { boost: 101, ..from_plan(MIN) }), Error::<Test>::AbovePlanPrice);
		change_listing(OTHER, |listing| listing.price = PRICE + 1);
		let dear = Opening { provider: OTHER, ..from_plan(MIN) };
		assert_noop!(open(dear), Error::<Test>::AbovePlanPrice);
		// A plan is its owner's.
		assert_noop!(Payments::open(signed(BOB), from_plan(MIN)), Error::<Test>::NoPlan);

		let channel = open_by(ALICE, from_plan(800));
		let top_up = |credits| Payments::top_up(signed(ALICE), channel, credits);
		assert_noop!(top_up(201), Error::<Test>::PlanTooSmall);
		assert_ok!(top_up(200));
		assert_noop!(top_up(MIN), Error::<Test>::NoPlan);
		// A plan that begins anew does so at the price of then.
		set_list_price(PRICE - 1);
		subscribe(MIN);
		assert_noop!(top_up(MIN), Error::<Test>::AbovePlanPrice);
	});
}

#[test]
fn rest_of_a_channel_should_go_back_to_the_plan() {
	build_and_execute(|| {
		subscribe(1_000);
		let channel = open_by(ALICE, from_plan(600));
		enter(START + 10);
		assert_ok!(Payments::close(signed(PROVIDER), channel, Some(signed_voucher(channel, 200))));
		assert_eq!(plan_of(ALICE), Some((800, 0, START + MONTH)));
		assert_eq!((purse(ALICE).free, purse(ALICE).locked), (FUNDS - 1_000, 800));
	});
}

#[test]
fn rest_of_a_channel_should_begin_a_month_when_the_plan_is_gone() {
	build_and_execute(|| {
		subscribe(1_000);
		let channel = open_by(ALICE, from_plan(1_000));
		assert_eq!(plan_of(ALICE), None);
		enter(START + 10);
		set_list_price(PRICE + 7);
		assert_ok!(Payments::close(signed(PROVIDER), channel, Some(signed_voucher(channel, 200))));
		assert_eq!((plan_of(ALICE), price_of(ALICE)), (Some((800, 0, START + 10 + MONTH)), PRICE + 7));
	});
}

#[test]
fn plan_should_stay_gone_when_nothing_is_left_of_its_channel() {
	build_and_execute(|| {
		subscribe(1_000);
		let channel = open_by(ALICE, from_plan(1_000));
		assert_ok!(Payments::close(signed(PROVIDER), channel, Some(signed_voucher(channel, 1_000))));
		assert_eq!((plan_of(ALICE), purse(ALICE).locked), (None, 0));
	});
}

#[test]
fn gift_out_of_a_plan_should_give_its_rest_back_to_the_payers() {
	build_and_execute(|| {
		subscribe(1_000);
		assert_ok!(Payments::open_for(signed(ALICE), BOB, from_plan(600)));
		assert_ok!(Payments::close(signed(BOB), 0, None));
		enter(START + 5);
		assert_ok!(Payments::close_due(signed(DAVE), 0));
		assert_eq!((plan_of(ALICE), plan_of(BOB)), (Some((1_000, 0, START + MONTH)), None));
	});
}

#[test]
fn unused_credits_should_roll_one_month_and_lapse_then() {
	build_and_execute(|| {
		assert_noop!(lapse(), Error::<Test>::NoPlan);
		subscribe(1_000);
		for epoch in [START, START + MONTH - 1] {
			enter(epoch);
			assert_noop!(lapse(), Error::<Test>::NotDue);
		}
		take_events();
		enter(START + MONTH);
		assert_ok!(lapse());
		assert_eq!((plan_of(ALICE), take_events()), (Some((0, 1_000, START + 2 * MONTH)), vec![]));
		subscribe(300);
		enter(START + 2 * MONTH - 1);
		assert_noop!(lapse(), Error::<Test>::NotDue);
		take_events();
		enter(START + 2 * MONTH);
		assert_ok!(lapse());
		assert_eq!(take_events(), [Event::PlanLapsed { who: ALICE, credits: 1_000 }]);
		assert_eq!(plan_of(ALICE), Some((0, 300, START + 3 * MONTH)));
		let Purse { locked, lapsed, .. } = purse(ALICE);
		assert_eq!((locked, lapsed), (300, 1_000));
		// Nobody touched it for long.
		enter(START + 7 * MONTH + 3);
		assert_ok!(lapse());
		assert_eq!((plan_of(ALICE), purse(ALICE).locked, purse(ALICE).lapsed), (None, 0, 1_300));
	});
}

#[test]
fn plan_should_spend_first_what_lapses_first() {
	build_and_execute(|| {
		subscribe(1_000);
		enter(START + MONTH);
		subscribe(500);
		assert_eq!(plan_of(ALICE), Some((500, 1_000, START + 2 * MONTH)));
		let first = open_by(ALICE, from_plan(700));
		assert_eq!(plan_of(ALICE), Some((500, 300, START + 2 * MONTH)));
		open_by(ALICE, from_plan(400));
		assert_eq!(plan_of(ALICE), Some((400, 0, START + 2 * MONTH)));
		// What comes back counts to the month in which it does.
		assert_ok!(Payments::close(signed(PROVIDER), first, None));
		assert_eq!(plan_of(ALICE), Some((1_100, 0, START + 2 * MONTH)));
	});
}

#[test]
fn credits_in_a_channel_should_not_lapse() {
	build_and_execute(|| {
		subscribe(1_000);
		let channel = open_by(ALICE, from_plan(600));
		enter(START + 2 * MONTH);
		assert_ok!(Payments::close(signed(PROVIDER), channel, None));
		// What had stayed in the plan has.
		assert_eq!(plan_of(ALICE), Some((600, 0, START + 3 * MONTH)));
		assert_eq!(purse(ALICE).lapsed, 400);
	});
}

#[test]
fn every_use_should_turn_the_plan() {
	let uses: [fn(ChannelId) -> DispatchResult; 4] = [
		|_| Payments::subscribe(signed(ALICE), MIN),
		|channel| Payments::close(signed(PROVIDER), channel, None),
		|channel| Payments::top_up(signed(ALICE), channel, MIN),
		|_| Payments::open(signed(ALICE), from_plan(MIN)),
	];
	for usage in uses {
		build_and_execute(|| {
			subscribe(1_000);
			let channel = open_by(ALICE, from_plan(200));
			enter(START + MONTH);
			subscribe(1_000);
			enter(START + 2 * MONTH);
			take_events();
			assert_ok!(usage(channel));
			assert_eq!(take_events()[0], Event::PlanLapsed { who: ALICE, credits: 800 });
			let (_, rolled, until) = plan_of(ALICE).unwrap();
			assert!(until == START + 3 * MONTH && rolled >= 900);
		});
	}
}

#[test]
fn refused_use_should_not_make_a_plan_lapse() {
	build_and_execute(|| {
		subscribe(1_000);
		enter(START + 2 * MONTH);
		// All of it has lapsed by now, but nobody said so.
		assert_noop!(Payments::open(signed(ALICE), from_plan(MIN)), Error::<Test>::NoPlan);
		assert_ok!(lapse());
		assert_eq!(purse(ALICE).lapsed, 1_000);
	});
}

#[test]
fn plan_should_begin_anew_when_all_of_it_has_lapsed_said_or_not() {
	let mut began = Vec::new();
	for is_said in [true, false] {
		build_and_execute(|| {
			set_list_price(2 * PRICE);
			subscribe(1_000);
			set_list_price(PRICE);
			enter(START + 3 * MONTH - 1);
			if is_said {
				assert_ok!(lapse());
			}
			subscribe(500);
			assert_eq!(purse(ALICE).lapsed, 1_000);
			began.push(Plans::<Test>::get(ALICE).map(|held| (held.plan, held.price)));
		});
	}
	let anew = Plan { current: 500, rolled: 0, until: START + 4 * MONTH - 1 };
	assert_eq!(began, [Some((anew, PRICE)); 2]);
}

#[test]
fn rest_of_a_channel_should_go_on_buying_at_its_price() {
	build_and_execute(|| {
		set_list_price(2 * PRICE);
		change_listing(PROVIDER, |listing| listing.price = 2 * PRICE);
		subscribe(1_000);
		let channel = open_by(ALICE, from_plan(1_000));
		set_list_price(PRICE);
		assert_ok!(Payments::close(signed(PROVIDER), channel, None));
		open_by(ALICE, from_plan(1_000));
	});
}

/// Credits bought for the stable asset may still wait for their tokens: burn-mint refuses to let them lapse.
#[test]
fn channel_should_close_when_the_rest_of_its_plan_cannot_lapse_yet() {
	build_and_execute(|| {
		subscribe(1_000);
		let channel = open_by(ALICE, from_plan(600));
		enter(START + 2 * MONTH);
		Broken::set(&Refusing { lapse: true, ..Refusing::default() });
		take_events();
		idle(frame_support::weights::Weight::MAX);
		let closed = Event::Closed { channel, cause: CloseCause::Expired, paid: 0, returned: 600 };
		assert_eq!(take_events(), [closed]);
		// Good for a month more,
		assert_eq!(plan_of(ALICE), Some((600, 400, START + 3 * MONTH)));
		assert_eq!((purse(ALICE).locked, purse(ALICE).lapsed), (1_000, 0));
		Broken::set(&Refusing::default());
		assert_noop!(lapse(), Error::<Test>::NotDue);
		// and no longer.
		enter(START + 3 * MONTH);
		assert_ok!(lapse());
		assert_eq!((plan_of(ALICE), purse(ALICE).lapsed), (Some((0, 600, START + 4 * MONTH)), 400));
	});
}
