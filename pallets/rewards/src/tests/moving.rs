//! Addresses, regions, location proofs, registrations that end and begin again.

use crate::{mock::*, *};
use weir_math::economy::weight::{FIRST_RELIABILITY, MOST_RELIABILITY};
use weir_primitives::{
	api::Outcome,
	economy::RegionRate,
	seams::{
		economy::{LineFacts, RegionalPay},
		OnProviderChange, OnVerdict,
	},
	Admission, Endpoint, EpochIndex, OWNER_DELAY_EPOCHS,
};

const TENURE: EpochIndex = 28;

fn line(who: AccountId) -> Line {
	Lines::<Test>::get(who).unwrap()
}

/// Tested every second epoch up to `epoch`, with a location proof each time.
fn prove_until(who: AccountId, epoch: EpochIndex) {
	while Epoch::get() < epoch {
		Epoch::mutate(|epoch| *epoch += 2);
		let proof = Some(Epoch::get() - 1);
		let facts = LineFacts { proof, ..history(&[50_000; 8]) };
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
fn location_should_be_unproven_when_it_is_refuted_or_no_proof_comes_any_more() {
	build_and_execute(|| {
		serve(ALICE, DE);
		prove_until(ALICE, START + TENURE + 2);
		Histories::mutate(|all| all.get_mut(&1).unwrap().is_refuted = true);
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

/// A test that is contradicted, and not by a majority, brings no new proof.
#[test]
fn location_should_stay_proven_when_a_test_brings_no_new_proof() {
	build_and_execute(|| {
		serve(ALICE, DE);
		prove_until(ALICE, START + TENURE + 2);
		let (weight, since) = (weight_of(ALICE), line(ALICE).proven_since);
		let last = Epoch::get() - 1;
		Epoch::mutate(|epoch| *epoch += 2);
		Histories::mutate(|all| all.insert(1, LineFacts { proof: Some(last), ..history(&[50_000; 8]) }));
		judge(ALICE, Outcome::Good);
		assert!(Rewards::line_of(&ALICE).unwrap().proven);
		assert_eq!(line(ALICE).proven_since, since);
		assert!(weight_of(ALICE) >= weight && weight > 0);
	});
}

/// Until a new proof comes, an old one is no beginning of another tenure.
#[test]
fn refuted_location_should_stay_unproven_when_no_proof_follows() {
	build_and_execute(|| {
		serve(ALICE, DE);
		prove_until(ALICE, START + TENURE + 2);
		let last = Epoch::get() - 1;
		Histories::mutate(|all| all.get_mut(&1).unwrap().is_refuted = true);
		judge(ALICE, Outcome::Good);
		for _ in 0..=TENURE {
			Epoch::mutate(|epoch| *epoch += 1);
			Histories::mutate(|all| all.insert(1, LineFacts { proof: Some(last), ..history(&[50_000; 8]) }));
			judge(ALICE, Outcome::Good);
			assert!(!Rewards::line_of(&ALICE).unwrap().proven);
			assert_eq!(line(ALICE).proven_since, None);
			assert!(weight_of(ALICE) > 0);
		}
	});
}

#[test]
fn tenure_should_begin_anew_when_no_proof_came_for_longer_than_one() {
	for (pause, goes_on) in [(TENURE, true), (TENURE + 1, false)] {
		build_and_execute(|| {
			serve(ALICE, DE);
			prove_until(ALICE, START + 4);
			assert_eq!(line(ALICE).proven_since, Some(START + 2));
			let now = START + 4 + pause;
			Epoch::set(now);
			Histories::mutate(|all| {
				all.insert(1, LineFacts { proof: Some(now - 1), ..history(&[50_000; 8]) })
			});
			judge(ALICE, Outcome::Good);
			let since = if goes_on { START + 2 } else { now };
			assert_eq!(line(ALICE).proven_since, Some(since));
			assert_eq!(Rewards::line_of(&ALICE).unwrap().proven, goes_on);
		});
	}
}

/// On another site of the same region the old proof says nothing, and the tenure goes on with the first new one.
#[test]
fn location_should_be_proven_anew_after_a_move() {
	build_and_execute(|| {
		serve(ALICE, DE);
		prove_until(ALICE, START + TENURE + 2);
		let (moved, since) = (Epoch::get(), line(ALICE).proven_since);
		update(ALICE, |facts| facts.endpoint = endpoint(BOB));
		Epoch::set(moved + 3);
		let prove = |proof| {
			Histories::mutate(|all| all.insert(1, LineFacts { proof: Some(proof), ..history(&[50_000; 8]) }));
			judge(ALICE, Outcome::Good);
			Rewards::line_of(&ALICE).unwrap().proven
		};
		assert!(!prove(moved - 1) && !prove(moved + 1));
		assert!(prove(moved + 2));
		assert_eq!(line(ALICE).proven_since, since);
	});
}

/// Where a line is that was at the other end of a /24, /16 or family.
fn elsewhere() -> [Endpoint; 4] {
	let v4 = |addr| Endpoint::V4 { addr, port: 9_700 };
	let v6 = Endpoint::V6 { addr: [0x20, 0x01, 0x0a, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1], port: 9_700 };
	[v4([45, 1, 7, 2]), v4([45, 1, 8, 1]), v4([99, 1, 7, 1]), v6]
}

#[test]
fn line_should_weigh_nothing_after_a_move_until_a_test_that_goes_by_it() {
	for there in elsewhere() {
		build_and_execute(|| {
			serve(ALICE, DE);
			update(ALICE, |facts| facts.endpoint = there);
			let relocated = Event::Relocated { who: ALICE, provider: 1, tests_from: START + 2 };
			assert!(events().contains(&relocated));
			assert_eq!(OWNER_DELAY_EPOCHS, 2);
			// Tests of the epoch of the move, and of the next one, are of before.
			for epoch in START..START + 3 {
				Epoch::set(epoch);
				measure(ALICE, 50_000);
				assert_eq!((weight_of(ALICE), Places::get().len()), (0, 0), "{there:?} {epoch}");
				assert_eq!(Rewards::begin(epoch), 0);
			}
			Epoch::set(START + 3);
			assert_eq!(weight_of(ALICE), 0, "the test is over, its verdict is not there");
			measure(ALICE, 50_000);
			assert_eq!(weight_of(ALICE), 50_375, "{there:?}: three quarters of a day were clean");
		});
	}
}

#[test]
fn move_should_cost_the_running_epoch_and_nothing_that_is_over() {
	build_and_execute(|| {
		serve(ALICE, DE);
		Epoch::set(START + 1);
		// Before the epoch before is closed.
		update(ALICE, |facts| facts.endpoint = endpoint(BOB));
		close(START, 1_000 * TOKEN);
		assert_eq!(
			(account(ALICE).owed.availability, account(ALICE).vesting.pot.locked),
			(250 * TOKEN, 750 * TOKEN)
		);
		assert_eq!(close_running(1_000 * TOKEN), 0);
		assert_eq!(claim(ALICE), 250 * TOKEN);
	});
}

#[test]
fn line_should_keep_its_weight_when_it_stays_on_its_site() {
	build_and_execute(|| {
		serve(ALICE, DE);
		let before = line(ALICE);
		update(ALICE, |facts| facts.endpoint = Endpoint::V4 { addr: [45, 1, 7, 1], port: 1_234 });
		assert_eq!(line(ALICE), before);
		assert_eq!(weight_of(ALICE), 50_000);
	});
	build_and_execute(|| {
		let v6 = |last| {
			let addr = [0x20, 0x01, 0x0a, 0, 0, 1, 2, last, 0, 0, 0, 0, 0, 0, 0, last];
			Endpoint::V6 { addr, port: 9_700 }
		};
		register(ALICE, DE);
		change(ALICE, |facts| facts.endpoint = v6(1));
		measure(ALICE, 50_000);
		update(ALICE, |facts| facts.endpoint = v6(2));
		assert_eq!(weight_of(ALICE), 50_000);
	});
}

#[test]
fn moving_back_should_be_a_move() {
	build_and_execute(|| {
		serve(ALICE, DE);
		update(ALICE, |facts| facts.endpoint = endpoint(BOB));
		Epoch::set(START + 1);
		update(ALICE, |facts| facts.endpoint = endpoint(ALICE));
		for epoch in START + 1..START + 4 {
			Epoch::set(epoch);
			measure(ALICE, 50_000);
			assert_eq!(weight_of(ALICE), 0, "{epoch}");
		}
		Epoch::set(START + 4);
		measure(ALICE, 50_000);
		assert_eq!(weight_of(ALICE), 50_500, "a day was clean");
	});
}

/// An address of no list that is shown in the last block of each epoch.
#[test]
fn hosting_should_not_be_escaped_by_a_move() {
	build_and_execute(|| {
		HostingEndpoints::set(vec![endpoint(ALICE)]);
		serve(ALICE, DE);
		assert_eq!(weight_of(ALICE), 25_000);
		for epoch in START..START + 40 {
			Epoch::set(epoch);
			update(ALICE, |facts| facts.endpoint = endpoint(ALICE));
			measure(ALICE, 50_000);
			update(ALICE, |facts| facts.endpoint = endpoint(BOB));
			assert_eq!(weight_of(ALICE), 0);
			assert_eq!(Rewards::begin(epoch), 0);
		}
	});
}

/// Whom nobody tells of a move, for the line has announced a pause, it weighs as what it was.
#[test]
fn move_that_nobody_told_of_should_count_from_when_it_is_seen() {
	build_and_execute(|| {
		serve(ALICE, DE);
		change(ALICE, |facts| facts.endpoint = endpoint(BOB));
		assert_eq!(weight_of(ALICE), 50_000);
		Epoch::set(START + 1);
		measure(ALICE, 50_000);
		assert_eq!((weight_of(ALICE), line(ALICE).tests_from), (0, START + 3));
	});
}

#[test]
fn move_out_of_service_should_count_when_it_happens() {
	build_and_execute(|| {
		serve(ALICE, DE);
		change(ALICE, |facts| facts.admission = Admission::Pending { passed: 0 });
		update(ALICE, |facts| facts.endpoint = endpoint(BOB));
		assert_eq!(line(ALICE).tests_from, START + 2);
		Epoch::set(START + 3);
		update(ALICE, |facts| facts.admission = Admission::Admitted { since: 0 });
		assert_eq!(weight_of(ALICE), 0);
		measure(ALICE, 50_000);
		assert_eq!(weight_of(ALICE), 50_375);
	});
}

#[test]
fn line_without_an_address_should_move_with_its_operator() {
	build_and_execute(|| {
		register(ALICE, DE);
		change(ALICE, |facts| facts.endpoint = Endpoint::RelayOnly);
		measure(ALICE, 50_000);
		assert_eq!(weight_of(ALICE), 50_000);
		Operated::mutate(|all| all.insert(ALICE, CAROL));
		judge(ALICE, Outcome::Good);
		assert_eq!((weight_of(ALICE), line(ALICE).tests_from), (0, START + 2));
	});
	build_and_execute(|| {
		serve(ALICE, DE);
		Operated::mutate(|all| all.insert(ALICE, CAROL));
		judge(ALICE, Outcome::Good);
		assert_eq!(weight_of(ALICE), 50_000, "an address is where it was");
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
		assert_eq!((weight_of(ALICE), line(ALICE).tests_from), (0, now + 2), "nothing was measured there");
		prove_until(ALICE, now + 4);
		let step = line(ALICE).step_at(now + 4);
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

/// Each epoch in another region, with its own caps and its own multiplier.
#[test]
fn regions_should_not_be_chosen_by_the_epoch() {
	build_and_execute(|| {
		serve(ALICE, DE);
		for epoch in START..START + 40 {
			Epoch::set(epoch);
			Histories::mutate(|all| all.insert(1, history(&[50_000; 8])));
			update(ALICE, |facts| facts.region = if epoch % 2 == 0 { FR } else { DE });
			assert_eq!(weight_of(ALICE), 0);
			judge(ALICE, Outcome::Good);
			assert_eq!(weight_of(ALICE), 0);
		}
	});
}

#[test]
fn moved_line_should_get_no_part_of_the_floor() {
	build_and_execute(|| {
		RegionRates::set([(1, RegionRate { multiplier: 1_000_000, floor: 1_000_000 })].into());
		serve(ALICE, DE);
		change(ALICE, |facts| facts.region = FR);
		judge(ALICE, Outcome::Good);
		(0..3).for_each(|_| assert_eq!(close_running(3_000 * TOKEN), 0));
		measure(ALICE, 50_000);
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
		assert!(line.step_at(Epoch::get()).weight > 0, "a registration begins where it is");
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

#[test]
fn tests_of_before_a_move_should_say_nothing_of_after_it() {
	for (before, after, weight) in [(50_000, 10_000, 10_075), (10_000, 50_000, 50_375)] {
		build_and_execute(|| {
			register(ALICE, DE);
			measure(ALICE, before);
			assert_eq!(line(ALICE).seen.len(), 1);
			update(ALICE, |facts| facts.endpoint = endpoint(BOB));
			// The verdict on the epoch before is one of before as well.
			judge(ALICE, Outcome::Good);
			assert_eq!((line(ALICE).seen.len(), Rewards::factors_of(&ALICE)), (0, None));
			Epoch::set(START + 3);
			let measured = [vec![(START - 1, before); 7], vec![(START + 2, after)]].concat();
			Histories::mutate(|all| all.insert(1, LineFacts { measured, ..history(&[]) }));
			judge(ALICE, Outcome::Good);
			assert_eq!((weight_of(ALICE), line(ALICE).seen.len()), (weight, 1));
			assert_eq!(Rewards::factors_of(&ALICE).unwrap().weight(), weight);
		});
	}
}

/// Who deregisters and registers at once gets its index back, before anything that was measured is forgotten.
#[test]
fn registration_with_the_same_index_should_have_nothing_of_the_tests_of_the_last_one() {
	build_and_execute(|| {
		serve(ALICE, DE);
		prove_until(ALICE, START + TENURE + 2);
		judge(ALICE, Outcome::Strike);
		let (left, before) = (Epoch::get(), line(ALICE));
		deregister(ALICE);
		let gone = line(ALICE);
		assert_eq!((gone.seen.len(), gone.proven_since, gone.struck), (0, None, None));
		assert_eq!(gone.tests_from, left + 1);
		// What it is known for it keeps.
		assert_eq!((gone.reliability, gone.settled_from), (before.reliability, before.settled_from));
		assert_eq!(gone.reliability.ppm, 975_000);
		register(ALICE, DE);
		Rewards::provider_changed(1, &facts_of(ALICE, DE));
		assert_eq!((weight_of(ALICE), Places::get().len()), (0, 0));
		Epoch::set(left + 2);
		let measured = [vec![(left - 1, 10_000); 7], vec![(left + 1, 50_000)]].concat();
		let facts = LineFacts { measured, proof: Some(left - 1), ..history(&[]) };
		Histories::mutate(|all| all.insert(1, facts));
		judge(ALICE, Outcome::Good);
		// Half a day was clean.
		assert_eq!((weight_of(ALICE), line(ALICE).seen.len()), (49_000, 1));
		assert_eq!(line(ALICE).proven_since, None);
	});
}

/// A pause is no end of a registration.
#[test]
fn line_that_pauses_should_keep_what_was_measured() {
	build_and_execute(|| {
		serve(ALICE, DE);
		change(ALICE, |facts| facts.in_service = false);
		Rewards::provider_left(1, &ALICE);
		assert_eq!((line(ALICE).seen.len(), line(ALICE).tests_from), (1, START - 1));
		update(ALICE, |facts| facts.in_service = true);
		assert_eq!(weight_of(ALICE), 50_000);
	});
}

#[test]
fn first_verdict_on_a_line_should_be_the_first_that_counts() {
	build_and_execute(|| {
		register(ALICE, DE);
		let measured = [vec![(START - 9, 10_000); 7], vec![(START - 1, 50_000)]].concat();
		Histories::mutate(|all| all.insert(1, LineFacts { measured, ..history(&[]) }));
		judge(ALICE, Outcome::Good);
		assert_eq!((weight_of(ALICE), line(ALICE).tests_from), (50_000, START - 1));
	});
}
