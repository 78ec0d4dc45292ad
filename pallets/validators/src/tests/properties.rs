//! Random sequences of calls, offences and sessions.

use super::*;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
	Validate(AccountId),
	Chill(AccountId),
	Bond(AccountId, Balance),
	Keys(AccountId, u64),
	Purge(AccountId),
	Offend(u32, Vec<AccountId>, u32),
	Rotate,
}

fn step() -> impl Strategy<Value = Step> {
	let who = 1..=12u64;
	prop_oneof![
		4 => who.clone().prop_map(Step::Validate),
		2 => who.clone().prop_map(Step::Chill),
		4 => (who.clone(), 50..2_000u128).prop_map(|(who, bond)| Step::Bond(who, bond)),
		3 => (who.clone(), 0..100u64).prop_map(|(who, seed)| Step::Keys(who, seed)),
		1 => who.clone().prop_map(Step::Purge),
		1 => (0..12u32, prop::collection::vec(who, 1..3), 1..=100u32)
			.prop_map(|(back, offenders, percent)| Step::Offend(back, offenders, percent)),
		5 => Just(Step::Rotate),
	]
}

fn run(step: Step) {
	match step {
		// Refusals are part of the sequence: what matters is the state they leave.
		Step::Validate(who) => {
			let _ = Validators::validate(RuntimeOrigin::signed(who));
		}
		Step::Chill(who) => {
			let _ = Validators::chill(RuntimeOrigin::signed(who));
		}
		Step::Bond(who, bond) => set_bond(who, bond),
		Step::Keys(who, seed) => pallet_session::NextKeys::<Test>::insert(who, keys(seed)),
		// The session drops a member that purged its keys by itself; the bounds below are the election's.
		Step::Purge(who) if !Validators::is_in_a_set(&who) => pallet_session::NextKeys::<Test>::remove(who),
		Step::Purge(_) => {}
		Step::Offend(back, offenders, percent) => {
			let session = pallet_session::CurrentIndex::<Test>::get().saturating_sub(back);
			offend(session, &offenders, percent);
		}
		Step::Rotate => rotate_within_bounds(),
	}
}

fn rotate_within_bounds() {
	let old = planned();
	rotate(1);
	let new = planned();
	let missing = |from: &[AccountId], of: &[AccountId]| from.iter().filter(|who| !of.contains(who)).count();
	assert!(missing(&old, &new) <= ChurnLimit::get() as usize, "{old:?} -> {new:?}");
	assert!(missing(&new, &old) <= ChurnLimit::get() as usize, "{old:?} -> {new:?}");
	assert!(new.len() >= MinValidators::get() as usize && new.len() <= MaxValidators::get() as usize);
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(96))]

	#[test]
	fn invariants_and_bounds_should_hold_after_any_sequence(steps in prop::collection::vec(step(), 1..100)) {
		ExtBuilder::default().build_and_execute(|| {
			for step in steps {
				run(step);
				Validators::do_try_state().unwrap();
			}
		});
	}

	#[test]
	fn set_should_reach_the_most_bonded_when_nothing_else_changes(bonds in prop::collection::vec(50..2_000u128, 12)) {
		ExtBuilder::default().build_and_execute(|| {
			for (who, bond) in (1..).zip(bonds) {
				if candidates().contains(&who) {
					set_bond(who, bond);
				} else {
					prepare(who, bond);
					let _ = Validators::validate(RuntimeOrigin::signed(who));
				}
			}
			rotate(MaxValidators::get());
			let mut expected: Vec<_> = candidates().into_iter().take(MaxValidators::get() as usize).collect();
			if expected.len() >= MinValidators::get() as usize {
				let mut set = planned();
				set.sort_unstable();
				expected.sort_unstable();
				assert_eq!(set, expected);
			}
		});
	}
}
