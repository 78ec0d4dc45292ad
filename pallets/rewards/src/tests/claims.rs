//! How earners get what they have earned.

use crate::{mock::*, *};
use frame_support::{
	assert_noop, assert_ok,
	dispatch::GetDispatchInfo,
	traits::fungible::{Inspect, Mutate},
};
use polkadot_sdk::*;
use sp_runtime::TokenError;
use weir_primitives::seams::economy::Earnings;

fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

/// Alice has earned by every cause.
fn earn_all() {
	Bounties::set([(0, 77 * TOKEN)].into());
	serve(ALICE, DE);
	Lines::<Test>::mutate(ALICE, |line| {
		let line = line.as_mut().unwrap();
		(line.proven_since, line.proof) = (Some(START - 28), Some(START - 2));
	});
	Histories::mutate(|all| all.get_mut(&1).unwrap().proof = Some(START - 1));
	judge(ALICE, weir_primitives::api::Outcome::Good);
	<Rewards as weir_primitives::seams::OnVerdict<_>>::attested(&ALICE, START - 1, 5, 5);
	assert_ok!(Rewards::earned(&ALICE, START, 1_000));
	close_running(1_000 * TOKEN);
	Rewards::note_author(ALICE);
	settle_fees(START, 2_000, 66 * TOKEN);
	close_running(0);
	assert_eq!(Rewards::share(START + 1, 5 * TOKEN, 3 * TOKEN), (0, 0));
	Balances::mint_into(&POT, 8 * TOKEN).unwrap();
}

#[test]
fn claim_should_pay_by_every_cause() {
	build_and_execute(|| {
		earn_all();
		let expected = Causes {
			availability: 250 * TOKEN,
			vested: 0,
			// Each of the two closes drew it.
			bounty: 154 * TOKEN,
			fees: 33 * TOKEN,
			authoring: 5 * TOKEN,
			attestation: 3 * TOKEN,
		};
		assert_eq!(account(ALICE).owed, expected);
		assert_eq!(claim(ALICE), expected.total());
		assert_eq!(account(ALICE).paid, expected);
		assert_eq!(account(ALICE).owed, Causes::default());
		let claimed = Event::Claimed { who: ALICE, paid: expected, locked: 750 * TOKEN };
		assert_eq!(events().pop(), Some(claimed));
	});
}

#[test]
fn stranger_should_be_able_to_claim_for_somebody() {
	build_and_execute(|| {
		earn_all();
		assert_ok!(Rewards::claim(signed(STRANGER), ALICE, 8));
		assert_eq!(Balances::balance(&STRANGER), 0);
		assert_eq!(Balances::balance(&ALICE), 445 * TOKEN);
	});
}

#[test]
fn second_claim_should_pay_nothing() {
	build_and_execute(|| {
		earn_all();
		claim(ALICE);
		let before = (account(ALICE), Lines::<Test>::get(ALICE), events().len());
		assert_eq!(claim(ALICE), 0);
		assert_eq!(before, (account(ALICE), Lines::<Test>::get(ALICE), events().len()));
	});
}

#[test]
fn claim_should_fail_when_nothing_was_ever_earned_or_the_limit_is_out_of_range() {
	build_and_execute(|| {
		assert_noop!(Rewards::claim(signed(ALICE), ALICE, 1), Error::<Test>::NothingEarned);
		earn_all();
		for limit in [0, MAX_CLAIM_EPOCHS + 1, u32::MAX] {
			assert_noop!(Rewards::claim(signed(ALICE), ALICE, limit), Error::<Test>::LimitOutOfRange);
		}
		assert_noop!(Rewards::claim(RuntimeOrigin::none(), ALICE, 1), sp_runtime::DispatchError::BadOrigin);
	});
}

#[test]
fn claim_should_fail_and_change_nothing_when_the_account_gets_less_than_it_needs_to_exist() {
	build_and_execute(|| {
		assert_ok!(Rewards::earned(&ALICE, START, 10));
		settle_fees(START, 10, ED - 1);
		Epoch::set(START + 1);
		assert_noop!(Rewards::claim(signed(BOB), ALICE, 1), TokenError::BelowMinimum);
		assert_ok!(Rewards::earned(&ALICE, START + 1, 10));
		settle_fees(START + 1, 10, 1);
		Epoch::set(START + 2);
		assert_ok!(Rewards::claim(signed(BOB), ALICE, 2));
		assert_eq!(Balances::balance(&ALICE), ED);
	});
}

#[test]
fn claim_should_cost_by_the_epochs_it_looked_at() {
	build_and_execute(|| {
		for epoch in 0..5 {
			Epoch::set(START + epoch);
			assert_ok!(Rewards::earned(&ALICE, START + epoch, 10));
		}
		(0..5).for_each(|epoch| settle_fees(START + epoch, 10, TOKEN));
		Epoch::set(START + 9);
		let call = Call::<Test>::claim { who: ALICE, limit: 3 };
		let weighed = Rewards::claim(signed(BOB), ALICE, 3).unwrap().actual_weight.unwrap();
		assert_eq!(weighed, <() as WeightInfo>::claim(3, 0));
		assert!(weighed.all_lt(call.get_dispatch_info().call_weight));
		assert_eq!(claim(ALICE), 2 * TOKEN);
	});
}

/// 23.
#[test]
fn order_of_claims_should_not_matter() {
	let run = |order: [AccountId; 3]| {
		let mut got = vec![];
		build_and_execute(|| {
			for who in [ALICE, BOB, CAROL] {
				register(who, DE);
				measure(who, 10_000 + 7 * who as u32);
				assert_ok!(Rewards::earned(&who, START, 10 + u128::from(who)));
				Rewards::note_author(who);
			}
			close_running(1_000_003);
			settle_fees(START, 100, 1_000_003);
			Rewards::share(START, 1_000, 0);
			Balances::mint_into(&POT, 1_000).unwrap();
			order.into_iter().for_each(|who| {
				claim(who);
			});
			got = [ALICE, BOB, CAROL].map(|who| (Balances::balance(&who), account(who))).to_vec();
		});
		got
	};
	let first = run([ALICE, BOB, CAROL]);
	assert_eq!(first, run([CAROL, ALICE, BOB]));
	assert_eq!(first, run([BOB, CAROL, ALICE]));
}

#[test]
fn query_should_say_what_a_claim_pays() {
	build_and_execute(|| {
		earn_all();
		idle();
		Epoch::set(START + 60);
		let expected = account(ALICE).owed;
		assert!(expected.vested > 0);
		// Looking changes nothing.
		let root = sp_io::storage::root(sp_runtime::StateVersion::V1);
		assert_eq!(account(ALICE).owed, expected);
		assert_eq!(root, sp_io::storage::root(sp_runtime::StateVersion::V1));
		assert_eq!(claim(ALICE), expected.total());
		assert_eq!(Rewards::account(&STRANGER), None);
	});
}
