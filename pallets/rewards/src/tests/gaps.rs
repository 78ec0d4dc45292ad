//! Regions that closes have missed.

use super::properties::{act, run, Act};
use crate::{mock::*, *};
use closing::MISSED_PER_CLOSE;
use frame_support::traits::fungible::Mutate;
use polkadot_sdk::*;
use proptest::prelude::*;
use weir_primitives::{
	economy::RegionId,
	seams::{
		economy::{Earnings, RegionalPay},
		OnVerdict,
	},
};

fn earned(who: AccountId) -> u128 {
	let Account { owed, vesting, .. } = account(who);
	owed.total() + vesting.pot.locked
}

/// Closes `epoch` with so much for the regions `asked`, and does not ask the others.
fn close_some(epoch: u32, total: u128, asked: &[RegionId]) -> u128 {
	let terms = terms(epoch);
	Rewards::begin(epoch);
	let wanted = asked.iter().map(|region| Rewards::appraise(*region, &terms, 0)).sum();
	let minted = asked.iter().map(|region| Rewards::pay(*region, epoch, total, wanted)).sum();
	Balances::mint_into(&POT, minted).unwrap();
	Rewards::finish(epoch);
	minted
}

fn taken_up() -> Vec<(RegionId, u32, u32)> {
	let taken_up = |event| match event {
		Event::RegionTakenUp { region, from, until } => Some((region, from, until)),
		_ => None,
	};
	events().into_iter().filter_map(taken_up).collect()
}

#[test]
fn region_should_be_paid_again_when_closes_have_missed_it() {
	build_and_execute(|| {
		[ALICE, BOB].into_iter().for_each(|who| serve(who, DE));
		close_running(1_000 * TOKEN);
		// Weights change in epochs that no close pays for, and in the last one before that of the next close.
		Room::set([(1, 10_000), (3, 50_000)].into());
		for _ in 0..3 {
			Epoch::mutate(|epoch| *epoch += 1);
			measure(ALICE, 10_000);
			serve(CAROL, FR);
		}
		Rewards::do_try_state().unwrap();
		assert_eq!(Rewards::begin(START + 4), 10_000 + 50_000 + 50_000);
		assert_eq!(close_running(1_100 * TOKEN), 1_100 * TOKEN);
		assert_eq!([ALICE, BOB, CAROL].map(earned), [600 * TOKEN, 1_000 * TOKEN, 500 * TOKEN]);
		assert_eq!(taken_up(), [(0, START + 1, START + 4), (1, START + 2, START + 4)]);
		Rewards::do_try_state().unwrap();
		// And from then on as if nothing had been.
		assert_eq!(close_running(1_100 * TOKEN), 1_100 * TOKEN);
		assert_eq!([ALICE, BOB, CAROL].map(earned), [700 * TOKEN, 1_500 * TOKEN, 1_000 * TOKEN]);
		assert_eq!(unexpected(), [Expectation::ClosedInOrder; 2]);
	});
}

#[test]
fn one_close_should_make_up_for_a_few_epochs_and_the_next_ones_for_the_rest() {
	build_and_execute(|| {
		Room::set([(1, 50_000), (2, 50_000)].into());
		serve(ALICE, DE);
		serve(BOB, FR);
		close_running(2 * TOKEN);
		let missed = 2 * MISSED_PER_CLOSE + 2;
		for _ in 0..missed {
			let epoch = Epoch::get();
			Epoch::set(epoch + 1);
			[ALICE, BOB].into_iter().for_each(|who| measure(who, 50_000));
			assert_eq!(close_some(epoch, TOKEN, &[1, 2]), TOKEN);
		}
		Rewards::do_try_state().unwrap();
		// What a close does not pay for it does not count.
		assert_eq!(Rewards::begin(Epoch::get()), 50_000);
		assert_eq!(Supplies::<Test>::get(0).unwrap().totals.weight, 50_000);
		let first = START + 1;
		let mut paid = vec![];
		for _ in 0..4 {
			paid.push(close_running(TOKEN));
			Rewards::do_try_state().unwrap();
			measure(ALICE, 50_000);
			measure(BOB, 50_000);
		}
		// As long as it is behind, a region wants nothing, and the others get all there is.
		assert_eq!(paid, [TOKEN; 4]);
		let until = |n| first + n * MISSED_PER_CLOSE;
		assert_eq!(
			taken_up(),
			[(0, first, until(1)), (0, until(1), until(2)), (0, until(2), first + missed + 2)]
		);
		assert_eq!(earned(ALICE), TOKEN + TOKEN);
		assert_eq!(earned(BOB), TOKEN + u128::from(missed) * TOKEN + 2 * TOKEN + TOKEN);
		assert_eq!(unexpected(), [Expectation::ClosedInOrder; 3]);
	});
}

#[test]
fn line_that_left_while_its_region_was_missed_should_be_settled() {
	build_and_execute(|| {
		serve(ALICE, DE);
		serve(BOB, DE);
		close_running(2 * TOKEN);
		Epoch::mutate(|epoch| *epoch += 2);
		deregister(ALICE);
		Epoch::mutate(|epoch| *epoch += 1);
		assert_eq!(close_running(3 * TOKEN), 3 * TOKEN);
		// Half of what it has locked was given back.
		assert_eq!(earned(ALICE) + GivenBack::get(), TOKEN);
		assert_eq!(earned(BOB), 4 * TOKEN);
		Rewards::touch(&ALICE, 1);
		assert!(Lines::<Test>::get(ALICE).unwrap().steps.iter().all(|step| step.weight == 0));
	});
}

#[test]
fn bounty_should_not_be_drawn_for_epochs_that_were_missed() {
	build_and_execute(|| {
		serve(ALICE, DE);
		close_running(0);
		Epoch::mutate(|epoch| *epoch += 3);
		Drawn::set(vec![]);
		close_running(0);
		assert_eq!(Drawn::get(), [(0, START + 4, 0), (1, START + 4, 0), (2, START + 4, 0)]);
	});
}

#[test]
fn work_of_an_epoch_that_was_missed_should_be_for_nothing() {
	build_and_execute(|| {
		Rewards::note_author(ALICE);
		<Rewards as OnVerdict<_>>::attested(&BOB, START - 1, 10, 5);
		close_running(0);
		assert_eq!(Rewards::share(START, 100, 0), (0, 0));
		Balances::mint_into(&POT, 100).unwrap();
		// The next epoch is never shared.
		Rewards::note_author(ALICE);
		Rewards::note_author(BOB);
		Epoch::mutate(|epoch| *epoch += 1);
		Rewards::note_author(BOB);
		close_running(0);
		assert_eq!(Rewards::share(START + 2, 70, 0), (0, 0));
		Balances::mint_into(&POT, 70).unwrap();
		Rewards::do_try_state().unwrap();
		assert_eq!(claim(ALICE), 100);
		Rewards::do_try_state().unwrap();
		assert_eq!(claim(BOB), 70);
		assert_eq!(PointsOf::<Test>::iter().count(), 0);
		// What nobody was paid for is forgotten with the epoch.
		assert_eq!(Works::<Test>::get(START + 1), Work { blocks: 0, assigned: 10, accepted: 0 });
		TestPace::mutate(|pace| pace.history_epochs = 17);
		Epoch::set(START + 30);
		(START + 3..START + 30).for_each(|epoch| {
			close(epoch, 0);
			Rewards::share(epoch, 0, 0);
		});
		(0..200).for_each(|_| {
			idle();
		});
		assert!(PrunedUntil::<Test>::get().epoch > START + 1);
		assert!(!Works::<Test>::contains_key(START + 1));
	});
}

#[test]
fn sums_should_be_kept_as_long_as_a_region_is_behind() {
	build_and_execute(|| {
		TestPace::mutate(|pace| pace.history_epochs = 17);
		serve(ALICE, DE);
		serve(BOB, FR);
		close_running(2 * TOKEN);
		Rewards::share(START, 0, 0);
		for _ in 0..60 {
			let epoch = Epoch::get();
			Epoch::set(epoch + 1);
			close_some(epoch, TOKEN, &[1, 2]);
			Rewards::share(epoch, 0, 0);
			(0..10).for_each(|_| {
				idle();
			});
		}
		Rewards::do_try_state().unwrap();
		assert!(Sums::<Test>::contains_key(0, START) && Sums::<Test>::contains_key(1, START));
		for _ in 0..12 {
			close_running(TOKEN);
			Rewards::share(Epoch::get() - 1, 0, 0);
			Rewards::do_try_state().unwrap();
		}
		idle();
		// It was paid in the first epoch only: by the time it was taken up, its line had expired.
		assert_eq!(earned(ALICE), TOKEN);
		assert_eq!(earned(BOB), TOKEN + 15 * TOKEN);
		(0..200).for_each(|_| {
			idle();
		});
		assert!(!Sums::<Test>::contains_key(0, START));
		assert!(unexpected().iter().all(|of| *of == Expectation::ClosedInOrder));
	});
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(128))]

	/// Whatever closes miss, the invariants hold, and everybody has what the others have paid.
	#[test]
	fn missed_epochs_should_cost_nothing_but_their_own_pay(
		acts in prop::collection::vec(prop_oneof![6 => act(), 1 => Just(Act::Miss)], 1..150),
		history in 17..40u32,
		tenure in 1..12u32,
	) {
		run(acts, history, tenure)?;
	}
}

/// Its gap would take from the floors of others what nobody is paid.
#[test]
fn gap_should_not_count_when_its_region_is_not_paid() {
	build_and_execute(|| {
		serve(ALICE, DE);
		Epoch::set(START + MISSED_PER_CLOSE + 2);
		let gap = |epoch| Rewards::survey(0, &terms(epoch));
		assert_eq!(gap(START + MISSED_PER_CLOSE), 1);
		assert_eq!(gap(START + MISSED_PER_CLOSE + 1), 0);
	});
}
