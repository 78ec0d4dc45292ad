//! Regions, location proofs, registrations that end and begin again.

use crate::{mock::*, *};
use weir_math::economy::weight::{FIRST_RELIABILITY, MOST_RELIABILITY};
use weir_primitives::{api::Outcome, economy::RegionRate, seams::OnVerdict, EpochIndex};

const TENURE: EpochIndex = 28;

fn line(who: AccountId) -> Line {
	Lines::<Test>::get(who).unwrap()
}

/// Tested every second epoch up to `epoch`, with a location proof each time.
fn prove_until(who: AccountId, epoch: EpochIndex) {
	while Epoch::get() < epoch {
		Epoch::mutate(|epoch| *epoch += 2);
		let proof = Some(Epoch::get() - 1);
		let facts = weir_primitives::seams::economy::LineFacts { proof, ..history(&[50_000; 8]) };
		Histories::mutate(|all| all.insert(who as u32, facts));
		judge(who, Outcome::Good);
	}
}

#[test]
fn location_should_be_proven_when_proofs_have_passed_for_a_tenure() {
	build_and_execute(|| {
		serve(ALICE, DE);
		prove_until(ALICE, START + TENURE);
		assert!(!Rewards::line_of(&ALICE).unwrap().proven, "the first proof came later than the line");
		prove_until(ALICE, START + TENURE + 2);
		assert!(Rewards::line_of(&ALICE).unwrap().proven);
		let totals = Supplies::<Test>::get(0).unwrap().totals;
		assert_eq!((totals.weight, totals.proven), (weight_of(ALICE).into(), weight_of(ALICE).into()));
	});
}

#[test]
fn location_should_be_unproven_when_it_is_contradicted_or_no_proof_comes_any_more() {
	build_and_execute(|| {
		serve(ALICE, DE);
		prove_until(ALICE, START + TENURE + 2);
		Histories::mutate(|all| all.get_mut(&1).unwrap().is_contradicted = true);
		judge(ALICE, Outcome::Good);
		assert_eq!((weight_of(ALICE), line(ALICE).proven_since), (0, None));
		prove_until(ALICE, START + 2 * TENURE + 2);
		assert!(!Rewards::line_of(&ALICE).unwrap().proven);
		prove_until(ALICE, START + 2 * TENURE + 4);
		assert!(Rewards::line_of(&ALICE).unwrap().proven);
		// A proof that is too long ago is none.
		Epoch::mutate(|epoch| *epoch += TENURE + 1);
		Histories::mutate(|all| all.get_mut(&1).unwrap().last_test = Some(Epoch::get() - 1));
		judge(ALICE, Outcome::Good);
		assert!(!Rewards::line_of(&ALICE).unwrap().proven);
	});
}

#[test]
fn first_registration_should_be_paid_the_floor_from_its_first_day() {
	build_and_execute(|| {
		serve(ALICE, DE);
		assert!(line(ALICE).step_at(START).floor);
		assert_eq!(Supplies::<Test>::get(0).unwrap().totals.floor, 50_000);
	});
}

#[test]
fn moved_line_should_start_anew_for_a_tenure() {
	build_and_execute(|| {
		serve(ALICE, DE);
		prove_until(ALICE, START + 120);
		assert_eq!(line(ALICE).reliability.ppm, MOST_RELIABILITY);
		let now = Epoch::get();
		change(ALICE, |facts| facts.region = FR);
		judge(ALICE, Outcome::Good);
		let moved = Event::Moved { who: ALICE, provider: 1, old: DE, new: FR, from: now + TENURE };
		assert!(events().contains(&moved));
		let step = line(ALICE).step_at(now);
		assert_eq!((step.region, step.weight, step.floor, step.proven), (1, 50_000, false, false));
		assert_eq!(line(ALICE).reliability.ppm, FIRST_RELIABILITY);
		assert_eq!(Supplies::<Test>::get(0).unwrap().totals, Default::default());
		assert_eq!(Supplies::<Test>::get(1).unwrap().totals.weight, 50_000);
		// Reliability does not grow meanwhile, and the floor comes back after it.
		prove_until(ALICE, now + TENURE - 2);
		assert_eq!(line(ALICE).reliability.ppm, FIRST_RELIABILITY);
		assert!(!line(ALICE).step_at(Epoch::get()).floor);
		prove_until(ALICE, now + TENURE);
		assert!(line(ALICE).step_at(Epoch::get()).floor);
	});
}

#[test]
fn moved_line_should_get_no_part_of_the_floor() {
	build_and_execute(|| {
		RegionRates::set([(1, RegionRate { multiplier: 1_000_000, floor: 1_000_000 })].into());
		serve(ALICE, DE);
		change(ALICE, |facts| facts.region = FR);
		judge(ALICE, Outcome::Good);
		serve(BOB, FR);
		// Both weigh the same; three parts, of which one is Bob's floor.
		close_running(3_000 * TOKEN);
		let of = |who| (account(who).owed.availability, account(who).vesting.pot.locked);
		assert_eq!(of(ALICE), (250 * TOKEN, 750 * TOKEN));
		assert_eq!(of(BOB), (250 * TOKEN, 1_750 * TOKEN));
	});
}

#[test]
fn coming_back_in_another_region_should_be_a_move() {
	build_and_execute(|| {
		serve(ALICE, DE);
		Epoch::mutate(|epoch| *epoch += 2);
		deregister(ALICE);
		assert_eq!((weight_of(ALICE), Places::get().len()), (0, 0));
		Epoch::mutate(|epoch| *epoch += 2);
		let facts = facts_of(ALICE, FR);
		Registered::mutate(|all| all.insert(9, facts));
		Histories::mutate(|all| all.insert(9, history(&[50_000; 8])));
		let record = record(Outcome::Good);
		Rewards::verdict(&ALICE, 9, record.epoch, &record);
		let line = line(ALICE);
		assert_eq!((line.index, line.region, line.seen.len()), (9, FR, 1));
		assert!(!line.step_at(Epoch::get()).floor);
		assert_eq!(Places::get().keys().copied().collect::<Vec<_>>(), [9]);
	});
}

#[test]
fn line_should_be_forgotten_a_tenure_after_it_left() {
	build_and_execute(|| {
		serve(ALICE, DE);
		Epoch::mutate(|epoch| *epoch += 2);
		deregister(ALICE);
		let left = Epoch::get();
		for epoch in START..left + TENURE {
			Epoch::set(epoch.max(left) + 1);
			close(epoch, 100 * TOKEN);
			idle();
			assert_eq!(
				Lines::<Test>::contains_key(ALICE),
				Epoch::get() <= START + TENURE,
				"{}",
				Epoch::get()
			);
		}
		assert_eq!(claim(ALICE) + account(ALICE).vesting.pot.locked + GivenBack::get(), 200 * TOKEN);
	});
}

#[test]
fn old_line_should_be_taken_away_when_an_account_is_told_of_with_another_index() {
	build_and_execute(|| {
		serve(ALICE, DE);
		// Nobody told of a departure.
		Registered::mutate(|all| all.remove(&1));
		Registered::mutate(|all| all.insert(9, facts_of(ALICE, DE)));
		Histories::mutate(|all| all.insert(9, history(&[30_000; 8])));
		let record = record(Outcome::Good);
		Rewards::verdict(&ALICE, 9, record.epoch, &record);
		assert_eq!(weight_of(ALICE), 30_000);
		assert_eq!(Places::get().keys().copied().collect::<Vec<_>>(), [9]);
	});
}
