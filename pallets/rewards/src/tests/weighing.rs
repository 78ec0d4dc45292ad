//! What lines weigh, from when and until when.

use crate::{mock::*, *};
use weir_primitives::{
	api::Outcome,
	outage::Gap,
	seams::{
		economy::{LineFacts, RegionalPay},
		OnProviderChange, OnVerdict,
	},
	Admission, Claim, EpochIndex, OWNER_DELAY_EPOCHS,
};

fn line(who: AccountId) -> Line {
	Lines::<Test>::get(who).unwrap()
}

fn advance(epochs: EpochIndex) {
	Epoch::mutate(|epoch| *epoch += epochs);
}

#[test]
fn line_should_weigh_what_was_measured_when_a_verdict_is_reached() {
	build_and_execute(|| {
		serve(ALICE, DE);
		assert_eq!(weight_of(ALICE), 50_000);
		let until = START - 1 + 16 + 1;
		assert_eq!(
			events(),
			[Event::Weighed {
				who: ALICE,
				provider: 1,
				old: 0,
				new: 50_000,
				region: Some(0),
				from: START,
				until
			}]
		);
		assert_eq!(Places::get()[&1], (DE, 50_000));
		assert_eq!(Rewards::line_of(&ALICE).unwrap().expires, until);
		assert_eq!(Rewards::factors_of(&ALICE).unwrap().weight(), 50_000);
		assert_eq!(line(ALICE).step_at(START - 1).weight, 0);
	});
}

#[test]
fn weight_should_expire_sixteen_epochs_after_the_last_test() {
	build_and_execute(|| {
		serve(ALICE, DE);
		Epoch::set(START - 1 + 16);
		assert_eq!(weight_of(ALICE), 50_000);
		Epoch::set(START - 1 + 17);
		assert_eq!((weight_of(ALICE), Rewards::line_of(&ALICE)), (0, None));
		// The totals follow when they are looked at.
		let totals_in = |epoch| Rewards::totals_in(0, &Supplies::<Test>::get(0).unwrap(), epoch).weight;
		assert_eq!((totals_in(START + 15), totals_in(START + 16)), (50_000, 0));
	});
}

#[test]
fn test_should_renew_a_weight() {
	build_and_execute(|| {
		serve(ALICE, DE);
		advance(10);
		measure(ALICE, 40_000);
		assert_eq!(weight_of(ALICE), 41_000, "four days were clean, no more");
		assert_eq!(line(ALICE).expires(Epoch::get()), START + 10 + 16);
		assert_eq!(line(ALICE).step_at(START + 9).weight, 50_000);
	});
}

#[test]
fn line_should_weigh_nothing_when_something_forbids_it() {
	let cases: [(&str, fn()); 9] = [
		("not admitted", || change(ALICE, |facts| facts.admission = Admission::Pending { passed: 2 })),
		("jailed", || {
			change(ALICE, |facts| {
				facts.admission = Admission::Jailed { until: START + 9 };
				facts.in_service = false;
			})
		}),
		("out of service", || change(ALICE, |facts| facts.in_service = false)),
		("another account", || change(ALICE, |facts| facts.account = BOB)),
		("no bond", || {
			Covered::mutate(|all| all.insert(ALICE, 0));
		}),
		("refuted", || {
			Histories::mutate(|all| all.get_mut(&1).unwrap().is_refuted = true);
		}),
		("banned", || {
			Histories::mutate(|all| all.get_mut(&1).unwrap().banned_until = Some(START + 1));
		}),
		("never measured", || {
			Histories::mutate(|all| all.get_mut(&1).unwrap().last_test = None);
		}),
		("slow", || {
			Histories::mutate(|all| all.get_mut(&1).unwrap().measured = tests(&[7_999; 8]));
		}),
	];
	for (case, forbid) in cases {
		build_and_execute(|| {
			serve(ALICE, DE);
			assert_eq!(weight_of(ALICE), 50_000);
			forbid();
			judge(ALICE, Outcome::Good);
			assert_eq!(weight_of(ALICE), 0, "{case}");
			assert_eq!(Rewards::begin(START), 0, "{case}");
		});
	}
}

#[test]
fn line_should_weigh_nothing_in_a_region_that_the_table_has_not() {
	build_and_execute(|| {
		serve(ALICE, AQ);
		assert_eq!((weight_of(ALICE), Rewards::begin(START)), (0, 0));
		assert_eq!(Rewards::factors_of(&ALICE).unwrap().weight(), 50_000, "that is all that forbids it");
	});
}

#[test]
fn banned_line_should_weigh_something_by_the_first_verdict_after_the_ban() {
	build_and_execute(|| {
		serve(ALICE, DE);
		let ban = |until| Histories::mutate(|all| all.get_mut(&1).unwrap().banned_until = until);
		ban(Some(START + 2));
		judge(ALICE, Outcome::Good);
		assert_eq!((weight_of(ALICE), Places::get().len()), (0, 0), "nor does it take room");
		advance(1);
		measure(ALICE, 50_000);
		ban(Some(START + 2));
		judge(ALICE, Outcome::Good);
		assert_eq!(weight_of(ALICE), 0);
		advance(1);
		assert_eq!(weight_of(ALICE), 0);
		judge(ALICE, Outcome::Good);
		assert_eq!(weight_of(ALICE), 50_250);
	});
}

#[test]
fn line_should_weigh_the_least_of_tests_claim_and_bond() {
	build_and_execute(|| {
		serve(ALICE, DE);
		Covered::mutate(|all| all.insert(ALICE, 30_000));
		judge(ALICE, Outcome::Good);
		assert_eq!(weight_of(ALICE), 30_000);
		change(ALICE, |facts| facts.claim.up_kbps = 20_000);
		judge(ALICE, Outcome::Good);
		assert_eq!(weight_of(ALICE), 20_000);
		// Two bad tests of eight count.
		let measured = tests(&[50_000, 50_000, 9_000, 50_000, 12_000, 50_000, 50_000, 50_000]);
		Histories::mutate(|all| all.get_mut(&1).unwrap().measured = measured);
		judge(ALICE, Outcome::Good);
		assert_eq!(weight_of(ALICE), 12_000);
	});
}

#[test]
fn line_should_weigh_what_its_neighbours_leave() {
	build_and_execute(|| {
		Room::mutate(|room| room.insert(1, 12_345));
		serve(ALICE, DE);
		assert_eq!((weight_of(ALICE), Places::get()[&1].1), (12_345, 50_000));
		Room::mutate(|room| room.insert(1, 0));
		judge(ALICE, Outcome::Good);
		assert_eq!((weight_of(ALICE), Places::get()[&1].1), (0, 50_000));
	});
}

#[test]
fn hosting_should_weigh_half_when_claimed_or_listed() {
	build_and_execute(|| {
		serve(ALICE, CH);
		assert_eq!(weight_of(ALICE), 25_000);
		HostingEndpoints::set(vec![endpoint(BOB)]);
		serve(BOB, DE);
		assert_eq!(weight_of(BOB), 25_000);
	});
}

#[test]
fn weight_should_begin_with_the_admission() {
	build_and_execute(|| {
		register(ALICE, DE);
		change(ALICE, |facts| facts.admission = Admission::Admitted { since: START + 1 });
		measure(ALICE, 50_000);
		assert_eq!(weight_of(ALICE), 0);
		advance(1);
		assert_eq!(weight_of(ALICE), 50_000);
		assert_eq!((Rewards::begin(START), Rewards::begin(START + 1)), (0, 50_000));
	});
}

#[test]
fn weight_should_end_with_service_when_a_pause_is_announced() {
	build_and_execute(|| {
		serve(ALICE, DE);
		PausedFrom::mutate(|all| all.insert(1, START + OWNER_DELAY_EPOCHS));
		Rewards::provider_left(1, &ALICE);
		for (epoch, weight) in [(START, 50_000), (START + 1, 50_000), (START + 2, 0)] {
			Epoch::set(epoch);
			assert_eq!(weight_of(ALICE), weight, "{epoch}");
			assert_eq!(Rewards::begin(epoch), u128::from(weight), "{epoch}");
		}
		// The tour takes it away from its neighbours.
		assert!(Places::get().contains_key(&1));
		idle();
		assert!(!Places::get().contains_key(&1));
	});
}

#[test]
fn weight_should_come_back_when_a_pause_is_taken_back() {
	build_and_execute(|| {
		serve(ALICE, DE);
		let expires = line(ALICE).expires(START);
		PausedFrom::mutate(|all| all.insert(1, START + OWNER_DELAY_EPOCHS));
		Rewards::provider_left(1, &ALICE);
		assert_eq!(line(ALICE).expires(START), START + 2);
		PausedFrom::mutate(|all| all.clear());
		Rewards::provider_changed(1, &facts_of(ALICE, DE));
		assert_eq!(line(ALICE).expires(START), expires);
	});
}

#[test]
fn weight_should_end_at_once_when_a_line_leaves_service() {
	build_and_execute(|| {
		serve(ALICE, DE);
		change(ALICE, |facts| facts.in_service = false);
		Rewards::provider_left(1, &ALICE);
		assert_eq!(weight_of(ALICE), 0);
		assert!(Places::get().is_empty());
	});
}

#[test]
fn unreachable_line_should_earn_nothing_in_that_epoch_alone() {
	build_and_execute(|| {
		serve(ALICE, DE);
		advance(1);
		judge(ALICE, Outcome::Unreachable);
		assert_eq!(weight_of(ALICE), 0);
		advance(1);
		// One of two tests found nobody: half of the uptime, squared, and half of the windows.
		assert_eq!(weight_of(ALICE), 6_250);
		assert_eq!((Rewards::begin(START), Rewards::begin(START + 1)), (50_000, 0));
	});
}

#[test]
fn void_epoch_should_stay_void_when_another_verdict_is_reached_in_it() {
	build_and_execute(|| {
		serve(ALICE, DE);
		advance(1);
		judge(ALICE, Outcome::Strike);
		judge(ALICE, Outcome::Good);
		assert_eq!(weight_of(ALICE), 0);
		advance(1);
		assert!(weight_of(ALICE) > 0);
	});
}

#[test]
fn strike_should_cost_reliability_until_a_dispute_refutes_it() {
	build_and_execute(|| {
		serve(ALICE, DE);
		advance(1);
		judge(ALICE, Outcome::Strike);
		assert_eq!(line(ALICE).reliability.ppm, 900_000);
		let refuted = record(Outcome::Good);
		Rewards::revised(&ALICE, 1, refuted.epoch, &refuted);
		assert_eq!(line(ALICE).reliability.ppm, 1_000_000);
		assert_eq!(weight_of(ALICE), 50_000, "in the same epoch nothing is lost");
	});
}

#[test]
fn revised_verdict_should_change_the_weight_from_then_on() {
	build_and_execute(|| {
		serve(ALICE, DE);
		close_running(50_000 * TOKEN);
		Histories::mutate(|all| all.get_mut(&1).unwrap().measured = tests(&[10_000; 8]));
		let still = record(Outcome::Strike);
		Rewards::revised(&ALICE, 1, still.epoch, &still);
		assert_eq!(weight_of(ALICE), 10_000);
		// What was earned before it is not touched.
		assert_eq!(account(ALICE).owed.availability, 12_500 * TOKEN);
		// Of somebody else, or of another line, it is no news.
		Rewards::revised(&BOB, 1, still.epoch, &still);
		Rewards::revised(&ALICE, 7, still.epoch, &still);
		assert_eq!(weight_of(ALICE), 10_000);
		assert_eq!(Lines::<Test>::get(BOB), None);
	});
}

#[test]
fn void_test_should_change_nothing() {
	build_and_execute(|| {
		serve(ALICE, DE);
		advance(1);
		let before = line(ALICE);
		judge(ALICE, Outcome::Void);
		assert_eq!(line(ALICE), before);
		register(BOB, DE);
		judge(BOB, Outcome::Void);
		assert_eq!(Lines::<Test>::get(BOB), None);
	});
}

#[test]
fn outage_of_the_region_should_cost_nobody() {
	build_and_execute(|| {
		serve(ALICE, DE);
		advance(1);
		let slot = u64::from(Epoch::get()) * 3_600;
		let gap = |is_regional| Gap { from_slot: slot - 20_000, until_slot: slot, is_regional };
		Histories::mutate(|all| {
			let history = all.get_mut(&1).unwrap();
			*history = LineFacts { is_excused: true, gaps: vec![gap(true)], ..mock::history(&[50_000; 8]) };
		});
		judge(ALICE, Outcome::Unreachable);
		assert_eq!(weight_of(ALICE), 50_000);
		// Its own does.
		Histories::mutate(|all| all.get_mut(&1).unwrap().gaps = vec![gap(false)]);
		judge(ALICE, Outcome::Good);
		assert!((10_000..40_000).contains(&weight_of(ALICE)), "{}", weight_of(ALICE));
		// And one that is not over counts until now.
		Histories::mutate(|all| {
			let history = all.get_mut(&1).unwrap();
			*history = LineFacts { down_since: Some(0), ..mock::history(&[50_000; 8]) };
		});
		judge(ALICE, Outcome::Good);
		assert_eq!(weight_of(ALICE), 0);
	});
}

#[test]
fn verdict_on_nobody_should_do_nothing() {
	build_and_execute(|| {
		judge(ALICE, Outcome::Good);
		assert_eq!((Lines::<Test>::get(ALICE), events()), (None, vec![]));
		Rewards::provider_left(1, &ALICE);
		Rewards::provider_changed(1, &facts_of(ALICE, DE));
		assert_eq!(Lines::<Test>::iter().count(), 0);
	});
}

#[test]
fn weight_should_stay_within_the_horizon_when_the_pace_is_slower() {
	build_and_execute(|| {
		TestPace::mutate(|pace| pace.weight_epochs = 1_000);
		serve(ALICE, DE);
		assert_eq!(line(ALICE).expires(START), START - 1 + HORIZON);
	});
}

#[test]
fn oldest_steps_should_become_one_when_closes_are_many_epochs_late() {
	build_and_execute(|| {
		for epoch in 0..60 {
			Epoch::set(START + epoch);
			register(ALICE, DE);
			measure(ALICE, 20_000 + 100 * (epoch % 7));
		}
		assert!(line(ALICE).steps.len() <= MAX_STEPS as usize);
		let now = weight_of(ALICE);
		assert!(now > 0);
		Epoch::set(START + 60);
		(START..START + 60).for_each(|epoch| {
			close(epoch, 1_000 * TOKEN);
		});
		let claimed = claim(ALICE) + account(ALICE).vesting.pot.locked;
		// Some of what nobody can tell any more is nobody's, but never more than there is.
		assert!((30_000..60_000).contains(&(claimed / TOKEN)), "{}", claimed / TOKEN);
		assert_eq!(unexpected(), []);
	});
}

#[test]
fn refuted_strike_should_give_back_what_it_took_and_no_more() {
	build_and_execute(|| {
		serve(ALICE, DE);
		Epoch::mutate(|epoch| *epoch += 1);
		judge(ALICE, Outcome::Strike);
		Epoch::mutate(|epoch| *epoch += 1);
		// At the least there is, another one takes nothing.
		judge(ALICE, Outcome::Strike);
		assert_eq!(line(ALICE).reliability.ppm, 900_000);
		let refuted = record(Outcome::Good);
		for epoch in [refuted.epoch, refuted.epoch, refuted.epoch - 1] {
			Rewards::revised(&ALICE, 1, epoch, &refuted);
			assert_eq!(line(ALICE).reliability.ppm, 900_000, "{epoch}");
		}
	});
}

/// The bond of what is no longer claimed is free at once.
#[test]
fn lowered_claim_should_lower_the_weight_at_once() {
	let claim = |kbps| Claim { down_kbps: kbps, up_kbps: kbps };
	for (from, kbps, weight) in
		[(1, 30_000, 30_000), (2, 30_000, 30_000), (3, 30_000, 50_000), (1, 90_000, 50_000)]
	{
		build_and_execute(|| {
			register(ALICE, DE);
			measure(ALICE, 90_000);
			assert_eq!(weight_of(ALICE), 50_000);
			ClaimFrom::mutate(|all| all.insert(1, (START + from, claim(kbps))));
			Rewards::provider_changed(1, &facts_of(ALICE, DE));
			assert_eq!(weight_of(ALICE), weight, "{kbps} from {from}");
			assert_eq!(Rewards::factors_of(&ALICE).unwrap().weight(), weight);
		});
	}
}

/// What it costs, of how many steps and of how many epochs that totals roll through.
fn cost(who: AccountId) -> frame_support::weights::Weight {
	Histories::mutate(|all| all.insert(who as u32, mock::history(&[50_000; 8])));
	let record = record(Outcome::Good);
	Rewards::verdict(&who, who as u32, record.epoch, &record)
}

#[test]
fn verdict_should_cost_by_the_epochs_that_totals_roll_through() {
	build_and_execute(|| {
		register(ALICE, DE);
		assert_eq!(cost(ALICE), <() as WeightInfo>::verdict(1, 0));
		advance(5);
		assert_eq!(cost(ALICE), <() as WeightInfo>::verdict(1, 5));
		assert_eq!(cost(ALICE), <() as WeightInfo>::verdict(1, 0));
		// Nothing is scheduled for longer than that.
		advance(30);
		assert_eq!(cost(ALICE), <() as WeightInfo>::verdict(1, HORIZON));
		assert!(cost(ALICE).all_lte(<Rewards as OnVerdict<_>>::weight()));
	});
}

#[test]
fn verdict_should_cost_all_steps_when_a_sum_is_forgotten() {
	build_and_execute(|| {
		serve(ALICE, DE);
		for kbps in [40_000, 30_000] {
			advance(1);
			measure(ALICE, kbps);
		}
		(START..START + 2).for_each(|epoch| {
			close(epoch, TOKEN);
		});
		assert_eq!(line(ALICE).steps.len(), 4);
		let sum = Sums::<Test>::take(0, START).unwrap();
		assert_eq!(cost(ALICE), <() as WeightInfo>::verdict(4, 0));
		assert_eq!(unexpected(), [Expectation::SumsKept]);
		// Nothing was lost by it.
		Sums::<Test>::insert(0, START, sum);
		assert_eq!(cost(ALICE), <() as WeightInfo>::verdict(3, 0));
		let Account { owed, vesting, .. } = account(ALICE);
		let earned = owed.availability + vesting.pot.locked;
		assert!((2 * TOKEN - 2..=2 * TOKEN).contains(&earned), "{earned}: a grain at most for each step");
	});
}
