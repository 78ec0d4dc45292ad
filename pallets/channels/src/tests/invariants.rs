//! What each invariant says when it is broken.

use super::*;
use frame_support::storage::{with_transaction, TransactionOutcome};
use sp_runtime::DispatchError;
use weir_math::economy::channel::{Funds, Plan};

/// Asserts that the invariant is named after this change, which is undone.
fn breaks(invariant: &'static str, change: impl FnOnce()) {
	let undone = with_transaction(|| {
		change();
		assert_eq!(Payments::do_try_state(), Err(invariant.into()));
		TransactionOutcome::Rollback(Ok::<_, DispatchError>(()))
	});
	undone.unwrap();
	assert_eq!(Payments::do_try_state(), Ok(()));
}

fn change(channel: ChannelId, change: impl FnOnce(&mut Channel<AccountId>)) {
	Channels::<Test>::mutate_extant(channel, change);
}

fn put_plan(until: EpochIndex, credits: Credits) {
	let plan = Plan { current: credits, rolled: 0, until };
	Plans::<Test>::insert(ALICE, types::Subscription { plan, price: PRICE });
}

#[test]
fn try_state_should_name_what_is_broken() {
	build_and_execute(|| {
		let channel = open_gift(1_000);
		assert_ok!(Payments::subscribe(signed(ALICE), 500));
		breaks("1: a channel has paid more than was put in", || {
			change(channel, |record| record.funds = Funds { deposited: 1_000, paid: 1_001 });
		});
		let locks = "2: locked credits are not those of channels and plan";
		breaks(locks, || change(channel, |record| record.funds.paid = 1));
		breaks(locks, || put_plan(START + MONTH, 499));
		breaks(locks, || Plans::<Test>::remove(ALICE));
		for who in [ALICE, BOB, PROVIDER] {
			breaks("3: a channel is not listed with its accounts", || {
				OfAccount::<Test>::remove(who, channel)
			});
		}
		breaks("3: an account lists a channel that is not there", || {
			OfAccount::<Test>::insert(DAVE, channel, ());
		});
		breaks("3: a channel is not listed where it closes", || {
			change(channel, |record| record.closes_from += 1);
		});
		breaks("3: an epoch lists a channel that is not there", || {
			Closing::<Test>::insert(START + 55, channel, ());
		});
		breaks("4: a channel has a number that was not given out", || NextId::<Test>::put(channel));
		breaks("4: a channel closes in an epoch that was swept", || SweptUntil::<Test>::put(START + 55));
		breaks("5: an empty plan", || put_plan(START + MONTH, 0));
		breaks("5: a plan ends later than a month from now", || put_plan(START + MONTH + 1, 500));
	});
}

/// Credits that nobody's channel or plan holds are as wrong as too few.
#[test]
fn try_state_should_fail_when_somebody_has_credits_locked_for_nothing() {
	build_and_execute(|| {
		open(1_000);
		let lock_one = |who: AccountId| {
			let mut purses = Purses::get();
			let purse = purses.get_mut(&who).unwrap();
			purse.locked += 1;
			purse.free -= 1;
			Purses::set(&purses);
		};
		breaks("2: locked credits are not those of channels and plan", || lock_one(ALICE));
		// Who has neither channel nor plan.
		breaks("2: credits are locked for no channel and no plan", || lock_one(CAROL));
	});
}
