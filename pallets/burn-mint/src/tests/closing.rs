//! The close of an epoch: when it begins, in which order it runs, what it mints, and that it always ends.

use super::*;
use crate::{types::Surprise, LastPriced, NextClose, Phase, RunningClose, Summaries, WeightInfo};
use frame_support::{
	traits::{fungible::Mutate, tokens::Preservation},
	weights::Weight,
};
use weir_math::economy::{
	emission::{emission, recredit_limit, split, Schedule},
	units::{SUPPLY_CAP, TOKEN},
	wide::{tokens_floor, value_floor},
};
use weir_primitives::{
	economy::{GateReason, RegionId},
	economy_api::EpochSummary,
	seams::economy::{Pricing, RegionalPay},
	EpochIndex,
};

const HIGH: u128 = PRICE / 10_000 * 10_025;

fn schedule() -> Schedule {
	split(emission(ledger().reserve, parameters().lambda))
}

fn summary(epoch: EpochIndex) -> EpochSummary {
	Summaries::<Test>::get(epoch).unwrap()
}

fn lose_price() {
	market(|market| {
		market.is_lost = true;
		market.payouts = Some(GateReason::Stale);
		market.purchases = Some(GateReason::Stale);
	});
}

fn calls() -> Vec<(u8, RegionId)> {
	regions(|regions| core::mem::take(&mut regions.calls))
}

#[test]
fn close_should_wait_for_the_end_of_the_epoch_and_a_price_from_after_it() {
	ExtBuilder::default().build_and_execute(|| {
		run_rounds(10);
		assert_eq!(NextClose::<Test>::get(), 0);
		begin_epoch();
		run_round();
		assert_eq!((NextClose::<Test>::get(), RunningClose::<Test>::exists()), (0, false));
		run_round();
		assert_eq!(NextClose::<Test>::get(), 1);
		run_rounds(10);
		assert_eq!(NextClose::<Test>::get(), 1);
	});
}

#[test]
fn close_should_wait_without_a_price_until_it_is_lost() {
	ExtBuilder::default().build_and_execute(|| {
		market(|market| market.payouts = Some(GateReason::NoQuorum));
		end_epoch();
		run_rounds(5);
		assert_eq!(NextClose::<Test>::get(), 0);
		market(|market| market.is_lost = true);
		run_block(Weight::MAX);
		assert_eq!((NextClose::<Test>::get(), summary(0).price), (1, None));
	});
}

#[test]
fn close_should_wait_when_the_price_is_zero() {
	ExtBuilder::default().build_and_execute(|| {
		market(|market| market.price = 0);
		end_epoch();
		assert_eq!(NextClose::<Test>::get(), 0);
		market(|market| market.price = PRICE);
		run_block(Weight::MAX);
		assert_eq!(NextClose::<Test>::get(), 1);
	});
}

#[test]
fn close_should_mint_what_the_schedule_and_the_regions_say() {
	ExtBuilder::default().build_and_execute(|| {
		want(&[100, 0, 300]);
		let due = schedule();
		end_epoch();
		let wanted = tokens_floor(400 * DOLLAR, HIGH).unwrap();
		let paid = regions(|regions| regions.paid.clone());
		assert_eq!(paid.values().sum::<Tokens>(), paid[&(0, 0)] + paid[&(0, 2)]);
		assert!(paid[&(0, 2)].abs_diff(3 * paid[&(0, 0)]) <= 3);
		let availability = paid.values().sum::<Tokens>();
		assert!(availability <= wanted && wanted - availability <= 3);
		assert_eq!(ledger().bucket, due.slice - availability);
		let others = due.validators + due.attestors + due.treasury;
		assert_eq!(ledger().emitted, availability + others);
		assert_eq!(free(REWARDS), ED + availability + due.validators + due.attestors);
		assert_eq!(free(TREASURY), ED + due.treasury);
		assert_eq!(WorkMock::get().shares, vec![(0, due.validators, due.attestors)]);
		assert_eq!(regions(|regions| regions.heard.clone()), vec![(0, availability, 1_000_000)]);
		let expected = EpochSummary {
			epoch: 0,
			closed_at: System::block_number() as u32,
			price: Some(HIGH),
			settled: 0,
			fees: 0,
			attestor_fees: 0,
			treasury_fees: 0,
			haircut: 0,
			destroyed: 0,
			scheduled: due.emission,
			availability_rate: parameters().availability_most,
			wanted: 400 * DOLLAR,
			availability,
			validators: due.validators,
			attestors: due.attestors,
			treasury: due.treasury,
			recredited: 0,
			weight: 1_000_000,
			destroyed_in_all: 0,
		};
		assert_eq!(summary(0), expected);
		assert!(emitted(Event::EpochClosed { summary: expected }));
	});
}

#[test]
fn availability_pay_should_never_exceed_the_slice_and_two_more() {
	ExtBuilder::default().build_and_execute(|| {
		// The bucket fills for ten epochs.
		want(&[0]);
		for _ in 0..10 {
			end_epoch();
		}
		want(&[1_000_000_000]);
		let slice = schedule().slice;
		end_epoch();
		let paid = summary(10).availability;
		assert!(paid <= 3 * slice && paid + 3 > 3 * slice, "{paid} {slice}");
	});
}

#[test]
fn passes_should_run_over_all_regions_one_after_the_other() {
	ExtBuilder::default().build_and_execute(|| {
		want(&[1, 2, 3]);
		regions(|regions| regions.gaps = [(0, 10), (2, 5)].into());
		end_epoch();
		let expected: Vec<_> = (1..=3u8).flat_map(|pass| (0..3).map(move |region| (pass, region))).collect();
		assert_eq!(calls(), expected);
		let (gaps, framed, terms) =
			regions(|regions| (regions.told_gaps.clone(), regions.framed.clone(), regions.terms.unwrap()));
		assert_eq!(gaps, vec![15; 3]);
		assert_eq!(framed, vec![(true, 0), (false, 0)]);
		assert_eq!((terms.epoch, terms.price), (0, Some(HIGH)));
		let budget = value_floor(schedule_of_first() * 15 / 100, HIGH).unwrap();
		assert_eq!(terms.coverage_budget, budget);
	});
}

fn schedule_of_first() -> Tokens {
	split(emission(SUPPLY_CAP - ledger().genesis, parameters().lambda)).slice
}

#[test]
fn close_should_end_without_regions() {
	ExtBuilder::default().build_and_execute(|| {
		want(&[]);
		TotalWeight::set(&0);
		end_epoch();
		assert_eq!((NextClose::<Test>::get(), summary(0).availability), (1, 0));
	});
}

#[test]
fn close_should_end_with_512_regions_in_blocks_with_little_room() {
	ExtBuilder::default().build_and_execute(|| {
		want(&[7; 512]);
		end_epoch_slowly(Weight::from_parts(3_000_000_000, u64::MAX));
		assert_eq!(calls().len(), 3 * 512);
		let paid: Tokens = regions(|regions| regions.paid.values().sum());
		assert_eq!(paid, summary(0).availability);
		assert!(paid > 0);
	});
}

/// Ends an epoch in blocks that leave `weight`. Returns how many it took.
fn end_epoch_slowly(weight: Weight) -> u32 {
	let epoch = NextClose::<Test>::get();
	Epoch::set(&(Epoch::get() + 1));
	run_block(Weight::zero());
	market(|market| market.round += FORWARD);
	for block in 1..20_000 {
		run_block(weight);
		if NextClose::<Test>::get() > epoch {
			return block;
		}
	}
	panic!("the close does not end");
}

#[test]
fn close_should_come_to_the_same_however_many_blocks_it_takes() {
	let outcome = |weight: Weight| {
		let mut result = None;
		ExtBuilder::default().build_and_execute(|| {
			buy(ALICE, 100 * DOLLAR);
			pay(ALICE, 40 * DOLLAR);
			want(&[5, 0, 9, 11]);
			let blocks = end_epoch_slowly(weight);
			result = Some((blocks, ledger(), EpochSummary { closed_at: 0, ..summary(0) }));
		});
		result.unwrap()
	};
	let (at_once, ledger, summary) = outcome(Weight::MAX);
	// Less than two of the dearest steps at a time.
	let step = BurnMint::largest_step();
	let (in_steps, other_ledger, other_summary) = outcome(step + step / 8);
	assert_eq!(at_once, 1);
	assert!(in_steps > 5, "{in_steps}");
	assert_eq!((ledger, summary), (other_ledger, other_summary));
}

#[test]
fn close_should_do_nothing_in_blocks_with_nothing_left() {
	ExtBuilder::default().build_and_execute(|| {
		begin_epoch();
		market(|market| market.round += FORWARD);
		for _ in 0..10 {
			run_block(Weight::zero());
		}
		assert!(!RunningClose::<Test>::exists());
		let base = <() as crate::WeightInfo>::on_idle_base();
		run_block(base);
		assert!(!RunningClose::<Test>::exists());
	});
}

#[test]
fn close_should_take_a_quarter_of_a_block_at_most() {
	ExtBuilder::default().build_and_execute(|| {
		want(&[1; 512]);
		begin_epoch();
		market(|market| market.round += FORWARD);
		let block = System::block_number() + 1;
		System::set_block_number(block);
		let used = <BurnMint as frame_support::traits::Hooks<u64>>::on_idle(block, Weight::MAX);
		assert!(used.all_lte(BurnMint::idle_limit()));
		assert!(RunningClose::<Test>::exists());
	});
}

#[test]
fn no_more_than_last_should_be_paid_when_the_price_is_lost() {
	ExtBuilder::default().build_and_execute(|| {
		want(&[100, 300]);
		end_epoch();
		let last = summary(0).availability;
		assert!(last > 0 && last < schedule().slice / 2);
		// Whatever is wanted, and however long it lasts: nobody gains by keeping the price from being formed.
		want(&[1_000_000, 3_000_000]);
		lose_price();
		for epoch in 1..6 {
			let due = schedule();
			end_epoch();
			let summary = summary(epoch);
			assert_eq!((summary.price, summary.settled, summary.scheduled), (None, 0, due.emission));
			assert!(summary.availability <= last && summary.availability + 2 > last, "{summary:?}");
		}
		let terms = regions(|regions| regions.terms.unwrap());
		assert_eq!((terms.price, terms.coverage_budget), (None, 0));
		assert_eq!(LastPriced::<Test>::get(), last);
	});
}

#[test]
fn no_more_dollars_than_wanted_should_be_paid_at_the_pools_average_when_the_price_is_lost() {
	ExtBuilder::default().build_and_execute(|| {
		want(&[100, 300]);
		end_epoch();
		let last = summary(0).availability;
		lose_price();
		// The token has risen: the same dollars are fewer tokens.
		market(|market| market.average = Some(4 * HIGH));
		end_epoch();
		let paid = summary(1).availability;
		assert!(paid <= last / 4 && paid + 4 > last / 4, "{paid} of {last}");
		// It has fallen, or the pool has no average: as many tokens as last.
		for average in [Some(HIGH / 4), None] {
			market(|market| market.average = average);
			end_epoch();
			let paid = summary(NextClose::<Test>::get() - 1).availability;
			assert!(paid <= last && paid + 2 > last, "{paid} of {last}");
		}
		assert_eq!(LastPriced::<Test>::get(), last);
	});
}

#[test]
fn step_that_asks_for_the_pools_average_should_be_charged_for_it() {
	ExtBuilder::default().build_and_execute(|| {
		let weight = |next| BurnMint::step_weight(&Phase::Appraise { next }, 3);
		let close_region = <() as WeightInfo>::close_region();
		assert_eq!(weight(3), close_region + <Feed as Pricing>::weight());
		assert_eq!(weight(2), close_region + <Pay as RegionalPay>::step_weight());
	});
}

#[test]
fn scheduled_slice_should_be_paid_at_most_when_the_price_is_lost() {
	ExtBuilder::default().build_and_execute(|| {
		want(&[0]);
		for _ in 0..3 {
			end_epoch();
		}
		want(&[1_000_000_000, 3_000_000_000]);
		end_epoch();
		lose_price();
		let due = schedule();
		assert!(summary(3).availability > 2 * due.slice);
		end_epoch();
		let paid = summary(4).availability;
		assert!(paid <= due.slice && paid + 2 > due.slice, "{paid} of {}", due.slice);
	});
}

#[test]
fn nothing_should_be_paid_for_availability_before_the_first_price() {
	ExtBuilder::default().build_and_execute(|| {
		want(&[1, 3]);
		lose_price();
		let due = schedule();
		end_epoch();
		assert_eq!((summary(0).availability, summary(0).validators), (0, due.validators));
		// It waits in the bucket for epochs with a price.
		assert_eq!(ledger().bucket, due.slice);
	});
}

#[test]
fn nothing_should_be_paid_when_nothing_is_wanted() {
	ExtBuilder::default().build_and_execute(|| {
		want(&[1, 1]);
		end_epoch();
		assert!(LastPriced::<Test>::get() > 0);
		calls();
		want(&[0, 0]);
		lose_price();
		end_epoch();
		assert_eq!(summary(1).availability, 0);
		assert_eq!(calls().into_iter().filter(|(pass, _)| *pass == 3).count(), 2);
	});
}

#[test]
fn pay_should_be_clamped_when_regions_take_more_than_there_is() {
	ExtBuilder::default().build_and_execute(|| {
		want(&[1, 1]);
		regions(|regions| regions.is_greedy = true);
		end_epoch();
		let total = summary(0).availability;
		assert_eq!(total, tokens_floor(2 * DOLLAR, HIGH).unwrap());
		assert!(emitted(Event::Unexpected { what: Surprise::PayBeyondTotal, tokens: total }));
	});
}

#[test]
fn attestors_should_be_paid_for_what_was_accepted_and_the_rest_stay_in_the_reserve() {
	ExtBuilder::default().build_and_execute(|| {
		want(&[0]);
		work(|work| work.attested = 400_000);
		let (due, reserve) = (schedule(), ledger().reserve);
		end_epoch();
		let attestors = due.attestors * 4 / 10;
		assert_eq!(summary(0).attestors, attestors);
		assert_eq!(ledger().reserve, reserve - due.slice - due.validators - due.treasury - attestors);
	});
}

#[test]
fn shares_that_nobody_can_claim_should_leave_the_pot() {
	ExtBuilder::default().build_and_execute(|| {
		buy(ALICE, 100 * DOLLAR);
		pay(ALICE, 100 * DOLLAR);
		want(&[0]);
		// Nobody worked.
		work(|work| work.idle = (Tokens::MAX, Tokens::MAX));
		let (due, before) = (schedule(), ledger());
		end_epoch();
		let summary = summary(0);
		assert_eq!((summary.validators, summary.attestors, summary.treasury), (0, 0, due.treasury));
		assert!(summary.attestor_fees > 0);
		// Emission is back in the reserve, and attestors' part of the fees is gone.
		assert_eq!(ledger().emitted, due.treasury);
		let recredited = summary.recredited;
		assert_eq!(ledger().reserve, before.reserve - due.slice - due.treasury + recredited);
		assert_eq!(ledger().ever_destroyed(), summary.destroyed + summary.attestor_fees);
		assert_eq!(free(REWARDS), ED + summary.fees);
	});
}

#[test]
fn recredit_should_be_what_was_destroyed_up_to_its_limit() {
	ExtBuilder::default().build_and_execute(|| {
		want(&[0]);
		let limit = recredit_limit(ledger().genesis, &parameters());
		let destroy = |tokens: Tokens| {
			use frame_support::traits::{fungible::Balanced, tokens::*, OnUnbalanced};
			let credit = Balances::withdraw(
				&ALICE,
				tokens,
				Precision::Exact,
				Preservation::Preserve,
				Fortitude::Polite,
			)
			.unwrap();
			<BurnMint as OnUnbalanced<_>>::on_unbalanced(credit);
		};
		destroy(limit / 2);
		end_epoch();
		assert_eq!(summary(0).recredited, limit / 2);
		destroy(limit * 5);
		end_epoch();
		assert_eq!(summary(1).recredited, limit);
		// What an epoch left is not put back by later ones.
		end_epoch();
		assert_eq!(summary(2).recredited, 0);
		assert_eq!(ledger().destroyed, 4 * limit);
	});
}

#[test]
fn epochs_should_be_closed_in_order_when_closes_lag() {
	ExtBuilder::default().build_and_execute(|| {
		buy(ALICE, 100 * DOLLAR);
		market(|market| market.payouts = Some(GateReason::NoQuorum));
		for _ in 0..5 {
			pay(ALICE, DOLLAR);
			end_epoch();
		}
		assert_eq!(NextClose::<Test>::get(), 0);
		market(|market| market.payouts = None);
		for epoch in 0..5 {
			assert_eq!(NextClose::<Test>::get(), epoch);
			run_block(Weight::MAX);
			assert_eq!(summary(epoch).settled, DOLLAR);
		}
		run_block(Weight::MAX);
		assert_eq!(NextClose::<Test>::get(), 5);
	});
}

#[test]
fn close_should_end_with_the_parameters_it_began_with() {
	ExtBuilder::default().build_and_execute(|| {
		want(&[1_000_000_000]);
		let slice = schedule().slice;
		begin_epoch();
		market(|market| market.round += FORWARD);
		run_block(BurnMint::largest_step());
		assert!(RunningClose::<Test>::exists());
		TestParameters::set(&Parameters { bucket_slices: 0, recredit: 0, ..parameters() });
		run_block(Weight::MAX);
		// Only the slice was in the bucket; the copy is what counts.
		assert_eq!(NextClose::<Test>::get(), 1);
		assert!(summary(0).availability + 2 > slice);
	});
}

#[test]
fn region_that_is_opened_during_a_close_should_wait_for_the_next() {
	ExtBuilder::default().build_and_execute(|| {
		want(&[1, 1, 1]);
		begin_epoch();
		market(|market| market.round += FORWARD);
		run_block(BurnMint::largest_step());
		assert!(RunningClose::<Test>::exists());
		Bound::set(&9);
		run_block(Weight::MAX);
		assert!(calls().iter().all(|(_, region)| *region < 3));
	});
}

#[test]
fn step_that_fails_should_be_tried_again() {
	ExtBuilder::default().build_and_execute(|| {
		// A pot that is gone cannot take less than the existential deposit.
		let all = free(REWARDS);
		<Balances as Mutate<_>>::transfer(&REWARDS, &ALICE, all, Preservation::Expendable).unwrap();
		Bound::set(&1);
		regions(|regions| regions.wants = [(0, 1)].into());
		end_epoch();
		let close = RunningClose::<Test>::get().unwrap();
		assert_eq!(close.phase, Phase::Pay { next: 0 });
		assert!(take_events().iter().any(|event| matches!(event, Event::CloseHalted { epoch: 0, .. })));
		assert!(regions(|regions| regions.paid.is_empty()));
		<Balances as Mutate<_>>::transfer(&ALICE, &REWARDS, ED, Preservation::Preserve).unwrap();
		run_block(Weight::MAX);
		assert_eq!(NextClose::<Test>::get(), 1);
	});
}

#[test]
fn fee_income_should_lower_availability_pay() {
	ExtBuilder::default().build_and_execute(|| {
		buy(ALICE, 9_000 * DOLLAR);
		pay(ALICE, 9_000 * DOLLAR);
		// A gigabyte of capacity earns as much as availability pay is at most, many times over.
		TotalWeight::set(&10);
		end_epoch();
		assert_eq!(summary(0).availability_rate, parameters().availability_least);
		// While the price is lost the average stands still.
		let income = crate::FeeIncome::<Test>::get();
		lose_price();
		end_epoch();
		assert_eq!(crate::FeeIncome::<Test>::get(), income);
	});
}

#[test]
fn summaries_should_be_kept_for_the_history() {
	ExtBuilder::default().build_and_execute(|| {
		want(&[0]);
		let history = TestPace::get().history_epochs;
		for _ in 0..history + 3 {
			end_epoch();
		}
		assert_eq!(Summaries::<Test>::iter().count(), history as usize);
		assert!(Summaries::<Test>::get(2).is_none() && Summaries::<Test>::get(3).is_some());
	});
}

#[test]
fn pause_should_stop_purchases_but_no_claim_and_no_close() {
	ExtBuilder::default().build_and_execute(|| {
		buy(ALICE, 100 * DOLLAR);
		assert_ok!(BurnMint::lock(&ALICE, 50 * DOLLAR));
		Paused::set(&true);
		// Claims, exits and closes go on.
		assert_ok!(BurnMint::paid(&ALICE, &PROVIDER, &REGION, 20 * DOLLAR));
		assert_ok!(BurnMint::unlock(&ALICE, 30 * DOLLAR));
		assert_ok!(BurnMint::lock(&ALICE, TOKEN / TOKEN));
		want(&[1]);
		end_epoch();
		assert_eq!(summary(0).settled, 20 * DOLLAR);
		assert!(summary(0).availability > 0);
	});
}
