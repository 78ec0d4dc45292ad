//! Availability pay of epochs, and closes that come late.

use crate::{mock::*, *};
use frame_support::traits::fungible::Inspect;
use polkadot_sdk::*;
use weir_primitives::{api::Outcome, economy::RegionRate, seams::economy::RegionalPay};

fn earned(who: AccountId) -> u128 {
	account(who).owed.availability + account(who).vesting.pot.locked
}

#[test]
fn lines_should_be_paid_by_what_they_weigh() {
	build_and_execute(|| {
		serve(ALICE, DE);
		register(BOB, DE);
		measure(BOB, 25_000);
		serve(CAROL, FR);
		assert_eq!(close_running(1_250 * TOKEN), 1_250 * TOKEN);
		assert_eq!([ALICE, BOB, CAROL].map(earned), [500 * TOKEN, 250 * TOKEN, 500 * TOKEN]);
		assert_eq!(Rewards::last_closed(), Some(START));
	});
}

#[test]
fn regions_should_be_paid_by_what_they_want() {
	build_and_execute(|| {
		RegionRates::set([(1, RegionRate { multiplier: 2_000_000, floor: 1_000_000 })].into());
		serve(ALICE, DE);
		serve(BOB, FR);
		assert_eq!(close_running(4_000 * TOKEN), 4_000 * TOKEN);
		assert_eq!([ALICE, BOB].map(earned), [1_000 * TOKEN, 3_000 * TOKEN]);
		// A quarter of what the multiplier pays is liquid, nothing of the floor.
		assert_eq!(account(BOB).owed.availability, 500 * TOKEN);
		// The floor is counted by itself, beside three quarters of the rest.
		assert_eq!([ALICE, BOB].map(|who| account(who).vesting.floor), [0, 1_000 * TOKEN]);
		assert_eq!([ALICE, BOB].map(|who| account(who).vesting.granted), [750 * TOKEN, 2_500 * TOKEN]);
	});
}

#[test]
fn nobody_should_be_paid_when_nobody_weighs_anything() {
	build_and_execute(|| {
		assert_eq!(close_running(1_000 * TOKEN), 0);
		serve(ALICE, DE);
		Epoch::set(START + 40);
		(START + 1..START + 40).for_each(|epoch| {
			let minted = close(epoch, TOKEN);
			assert_eq!(minted > 0, epoch <= START + 16, "{epoch}");
		});
		assert_eq!(close(START + 40, TOKEN), 0);
		assert_eq!(unexpected(), []);
	});
}

#[test]
fn nothing_should_be_minted_when_nothing_is_offered() {
	build_and_execute(|| {
		serve(ALICE, DE);
		assert_eq!(close_running(0), 0);
		// Not wanted by anybody, and yet closed.
		Epoch::set(START + 2);
		assert_eq!(Rewards::pay(0, START + 1, TOKEN, 0), 0);
		assert_eq!(Rewards::pay(1, START + 1, TOKEN, 0), 0);
		Rewards::finish(START + 1);
		assert_eq!(close_running(TOKEN), TOKEN);
		assert_eq!(earned(ALICE), TOKEN);
		assert_eq!(unexpected(), []);
	});
}

#[test]
fn number_without_a_region_should_be_nothing() {
	build_and_execute(|| {
		serve(ALICE, DE);
		let terms = terms(START);
		assert_eq!(Rewards::survey(400, &terms), 0);
		assert_eq!(Rewards::appraise(400, &terms, 0), 0);
		assert_eq!(Rewards::pay(400, START, TOKEN, 1), 0);
		assert_eq!(unexpected(), []);
	});
}

#[test]
fn close_should_stand_when_it_is_asked_for_twice_or_out_of_order() {
	build_and_execute(|| {
		serve(ALICE, DE);
		Epoch::set(START + 3);
		assert_eq!(close(START, TOKEN), TOKEN);
		assert_eq!(close(START, TOKEN), 0);
		// The one between is made up for, and cannot be closed any more.
		assert_eq!(close(START + 2, TOKEN), TOKEN);
		assert_eq!(close(START + 1, TOKEN), 0);
		assert_eq!(unexpected(), [Expectation::ClosedInOrder; 3]);
		assert_eq!(earned(ALICE), 2 * TOKEN);
	});
}

#[test]
fn late_closes_should_pay_for_what_lines_weighed_then() {
	build_and_execute(|| {
		serve(ALICE, DE);
		serve(BOB, DE);
		Epoch::set(START + 3);
		measure(ALICE, 30_000);
		Epoch::set(START + 5);
		deregister(BOB);
		Epoch::set(START + 40);
		measure(ALICE, 20_000);
		let mut paid = vec![];
		for epoch in START..START + 40 {
			paid.push((Rewards::begin(epoch), close(epoch, 1_000 * TOKEN)));
			Rewards::do_try_state().unwrap();
		}
		let weighed: Vec<u128> = paid.iter().map(|(weight, _)| *weight).collect();
		assert_eq!(weighed[..3], [100_000; 3]);
		assert!(weighed[3..5].iter().all(|weight| *weight > 80_000));
		assert!(weighed[5..19].iter().all(|weight| (30_000..32_000).contains(weight)), "{weighed:?}");
		assert!(weighed[19..].iter().all(|weight| *weight == 0), "{weighed:?}");
		let minted: u128 = paid.iter().map(|(_, minted)| *minted).sum();
		let total = earned(ALICE) + earned(BOB) + GivenBack::get();
		assert!(total <= minted && minted - total <= 200, "{total} {minted}");
		// Three epochs in halves, two by weight.
		assert!(earned(BOB) + GivenBack::get() > 2_600 * TOKEN);
	});
}

#[test]
fn weight_of_an_epoch_should_stand_while_it_is_closed() {
	build_and_execute(|| {
		serve(ALICE, DE);
		serve(BOB, FR);
		Epoch::set(START + 1);
		let terms = terms(START);
		assert_eq!(Rewards::begin(START), 100_000);
		measure(ALICE, 10_000);
		(0..3).for_each(|region| {
			Rewards::survey(region, &terms);
		});
		change(BOB, |facts| facts.in_service = false);
		judge(BOB, Outcome::Good);
		let wanted = (0..3).map(|region| Rewards::appraise(region, &terms, 0)).sum();
		serve(CAROL, DE);
		let minted: u128 = (0..3)
			.map(|region| {
				measure(ALICE, 10_000 + 1_000 * u32::from(region));
				Rewards::pay(region, START, 1_000 * TOKEN, wanted)
			})
			.sum();
		frame_support::assert_ok!(Balances::force_set_balance(RuntimeOrigin::root(), POT, ED + minted));
		Rewards::finish(START);
		assert_eq!(minted, 1_000 * TOKEN);
		assert_eq!([ALICE, BOB, CAROL].map(earned), [500 * TOKEN, 500 * TOKEN, 0]);
	});
}

#[test]
fn largest_weights_should_be_paid_without_overflow() {
	build_and_execute(|| {
		Room::set([(1, u64::MAX), (2, u64::MAX), (3, 1)].into());
		[ALICE, BOB, CAROL].into_iter().for_each(|who| serve(who, DE));
		let all = weir_math::economy::units::SUPPLY_CAP;
		let minted = close_running(all);
		// Some of so large a weight's pay does not divide.
		assert!(minted <= all && minted >= all - all / 1_000_000);
		let got: u128 = [ALICE, BOB, CAROL].map(earned).iter().sum();
		assert!(got <= minted && minted - got <= 4, "{got} {minted}");
		assert_eq!(unexpected(), []);
	});
}

#[test]
fn bounty_should_be_drawn_for_proven_weight_and_be_liquid() {
	build_and_execute(|| {
		Bounties::set([(0, 90 * TOKEN)].into());
		serve(ALICE, DE);
		serve(BOB, DE);
		Lines::<Test>::mutate(ALICE, |line| {
			let line = line.as_mut().unwrap();
			(line.proven_since, line.proof) = (Some(START - 28), Some(START - 2));
		});
		Histories::mutate(|all| all.get_mut(&1).unwrap().proof = Some(START - 1));
		judge(ALICE, Outcome::Good);
		close_running(0);
		assert_eq!(account(ALICE).owed.bounty, 90 * TOKEN);
		assert_eq!((account(ALICE).owed.total(), account(BOB).owed.total()), (90 * TOKEN, 0));
		// Every region is asked, also those where nothing is proven.
		assert_eq!(Drawn::get(), [(0, START, 50_000), (1, START, 0), (2, START, 0)]);
		assert_eq!(claim(ALICE), 90 * TOKEN);
	});
}

#[test]
fn total_weight_should_be_that_of_all_regions() {
	build_and_execute(|| {
		serve(ALICE, DE);
		serve(BOB, FR);
		serve(CAROL, CH);
		assert_eq!(Rewards::begin(START), 125_000);
		assert_eq!(Rewards::begin(START - 1), 0);
	});
}

#[test]
fn pot_should_hold_what_is_pending_and_hardly_more() {
	build_and_execute(|| {
		for who in 1..=7 {
			register(who, TABLE[who as usize % 3]);
			measure(who, 9_000 + 1_000 * who as u32);
		}
		for round in 0..50u128 {
			close_running(1_000_003 * (round + 1));
		}
		let dust = Rewards::pot_balance() - Rewards::pending_of_all().unwrap();
		// A grain per region and close, and one per line.
		assert!(dust <= 3 * 50 + 7, "{dust}");
		assert!(Balances::balance(&POT) > ED);
	});
}
