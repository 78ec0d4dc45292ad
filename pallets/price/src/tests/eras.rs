//! Eras: who is slashed, and who is not.

use super::*;
use frame_support::weights::Weight;

fn end_era() {
	Epoch::mutate(|epoch| *epoch += ERA);
	next_block();
}

#[test]
fn deviating_reporter_should_lose_one_per_cent_at_the_end_of_the_era() {
	ExtBuilder::default().build_and_execute(|| {
		let before = all_tokens();
		for round in 0..100 {
			all_report(1..=14, WORTH);
			// In 21 of 100 rounds.
			report(15, if round % 5 == 0 || round == 1 { WORTH * 104 / 100 } else { WORTH });
			next_round();
		}
		assert_eq!(standing(15), Some(Standing { is_active: true, era: 0, judged: 100, deviated: 21 }));
		Epoch::set(ERA - 1);
		next_block();
		assert_eq!(on_hold(15), BOND);
		Epoch::set(ERA);
		next_block();
		assert_eq!(on_hold(15), BOND - BOND / 100);
		assert_eq!(Balances::free_balance(SINK), FUNDS + BOND / 100);
		let slashed = Event::ReporterSlashed {
			who: 15,
			era: 0,
			judged: 100,
			deviated: 21,
			amount: BOND / 100,
			bond: BOND - BOND / 100,
		};
		let slashes: Vec<_> =
			events().into_iter().filter(|event| matches!(event, Event::ReporterSlashed { .. })).collect();
		assert_eq!(slashes, vec![slashed]);
		// All begin anew.
		for who in 1..=15 {
			assert_eq!(standing(who), Some(Standing { is_active: true, era: 1, judged: 0, deviated: 0 }));
		}
		assert_eq!(all_tokens(), before);
	});
}

#[test]
fn reporter_should_not_be_slashed_when_it_deviates_in_a_fifth_of_rounds() {
	ExtBuilder::default().build_and_execute(|| {
		for round in 0..100 {
			all_report(1..=14, WORTH);
			report(15, if round % 5 == 0 { HIGHEST_PRICE } else { WORTH * 103 / 100 });
			next_round();
		}
		assert_eq!(standing(15).unwrap().deviated, 20);
		end_era();
		assert_eq!(on_hold(15), BOND);
	});
}

#[test]
fn silent_reporter_should_lose_nothing() {
	ExtBuilder::default().build_and_execute(|| {
		rounds_of(100, 1..=14, WORTH);
		assert_eq!(standing(15), Some(Standing { is_active: true, era: 0, judged: 0, deviated: 0 }));
		end_era();
		assert_eq!(on_hold(15), BOND);
	});
}

/// Silence in other rounds does not hide what was said in some.
#[test]
fn rare_liar_should_be_slashed() {
	ExtBuilder::default().build_and_execute(|| {
		for round in 0..100 {
			all_report(1..=14, WORTH);
			if round % 4 == 0 {
				report(15, WORTH * 2);
			}
			next_round();
		}
		assert_eq!(standing(15).map(|standing| (standing.judged, standing.deviated)), Some((25, 25)));
		end_era();
		assert_eq!(on_hold(15), BOND - BOND / 100);
	});
}

#[test]
fn jump_should_slash_nobody_who_reported_before_it() {
	ExtBuilder::default().build_and_execute(|| {
		rounds_of(30, 1..=15, WORTH);
		// Within one round: seven before it, eight after it.
		all_report(1..=7, WORTH);
		all_report(8..=15, WORTH / 2);
		next_round();
		assert_eq!(standing(1).unwrap().deviated, 1);
		rounds_of(30, 1..=15, WORTH / 2);
		end_era();
		assert!((1..=15).all(|who| on_hold(who) == BOND));
	});
}

#[test]
fn rounds_without_a_price_should_not_be_judged() {
	ExtBuilder::default().build_and_execute(|| {
		rounds_of(30, 1..=8, WORTH);
		assert_eq!(standing(1).unwrap().judged, 0);
	});
}

#[test]
fn reporter_that_left_should_be_judged_with_its_era() {
	ExtBuilder::default().build_and_execute(|| {
		for _ in 0..30 {
			all_report(1..=14, WORTH);
			report(15, WORTH * 2);
			next_round();
		}
		assert_ok!(PriceFeed::leave(signed(15)));
		assert_eq!(on_hold(15), BOND);
		end_era();
		assert_eq!(on_hold(15), BOND - BOND / 100);
		assert_eq!(standing(15), None);
		Epoch::set(UNBONDING);
		assert_ok!(PriceFeed::withdraw(signed(15)));
		assert_eq!(events().last(), Some(&Event::BondReleased { who: 15, amount: BOND - BOND / 100 }));
	});
}

/// An era may be longer than the unbonding time, and the hook may never have had room: nobody leaves unjudged.
#[test]
fn reporter_should_be_judged_before_its_bond_is_released() {
	ExtBuilder::default().build_and_execute(|| {
		Idle::set(Weight::zero());
		for _ in 0..30 {
			all_report(1..=14, WORTH);
			report(15, WORTH * 2);
			next_round();
		}
		assert_ok!(PriceFeed::leave(signed(15)));
		Epoch::set(UNBONDING);
		assert_ok!(PriceFeed::withdraw(signed(15)));
		assert_eq!(events().last(), Some(&Event::BondReleased { who: 15, amount: BOND - BOND / 100 }));
		assert_eq!((on_hold(15), standing(15)), (0, None));
	});
}

#[test]
fn judgement_should_go_on_over_blocks() {
	ExtBuilder::default().build_and_execute(|| {
		let step = <() as WeightInfo>::on_idle_base().saturating_add(<() as WeightInfo>::judge_reporter());
		Epoch::set(ERA);
		Idle::set(<() as WeightInfo>::on_idle_base());
		next_block();
		assert_eq!(Era::<Runtime>::get(), EraInfo { number: 1, from_epoch: ERA });
		let judged = || Standings::<Runtime>::get().values().filter(|standing| standing.era == 1).count();
		assert_eq!(judged(), 0);
		Idle::set(step);
		for block in 1..=15 {
			next_block();
			assert_eq!(judged(), block);
		}
		Idle::set(Weight::zero());
		next_block();
	});
}

#[test]
fn bond_should_run_out_without_an_error() {
	ExtBuilder::default().reporters(3).build_and_execute(|| {
		// What a long life of lies leaves.
		Reporters::<Runtime>::mutate_extant(3, |reporter| reporter.bond = 1);
		use frame_support::traits::fungible::MutateHold;
		assert_ok!(Balances::release(
			&PriceFeed::hold_reason(),
			&3,
			BOND - 1,
			frame_support::traits::tokens::Precision::Exact
		));
		for _ in 0..2 {
			for _ in 0..30 {
				all_report(1..=2, WORTH);
				report(3, WORTH * 2);
				next_round();
			}
			end_era();
			assert_eq!(on_hold(3), 0);
			PriceFeed::do_try_state().unwrap();
		}
		assert_ok!(PriceFeed::leave(signed(3)));
		Epoch::mutate(|epoch| *epoch += UNBONDING);
		assert_ok!(PriceFeed::withdraw(signed(3)));
	});
}
