//! Utilisation, multiplier, gap and floor through the close of epochs.

use super::*;
use crate::{Demands, Regions, MAX_OPEN_EPOCHS};
use frame_support::{assert_ok, assert_storage_noop};
use weir_primitives::seams::economy::RegionalDemand;

/// Credits that pay for all that a weight of 6,000 kbps carries in an epoch: 16.2 GB at 50,000 credits.
const FULL: Credits = 810_000;
const WEIGHT: u128 = 6_000;

fn paid(epoch: EpochIndex, credits: Credits) {
	<Table as RegionalDemand>::paid(&DE, epoch, credits);
}

fn multiplier() -> u32 {
	Table::region(0).unwrap().multiplier
}

/// With six small lines, no gap.
fn peopled() -> ExtBuilder {
	ExtBuilder::with(&[DE, FR])
}

fn proven() -> RegionObserved {
	seen(WEIGHT, LEAST.into())
}

#[test]
fn multiplier_should_follow_average_utilisation() {
	peopled().build_and_execute(|| {
		people(DE, 0, 1_000);
		// The average begins at one half; slope one: 0.05 · 0.5 down in an idle epoch, up in a full one.
		assert_eq!(close(0, proven(), &at(10)), RegionRate { multiplier: 975_000, floor: 0 });
		paid(11, FULL);
		// 0.475 + 0.05 · 0.525
		assert_eq!(close(0, proven(), &at(11)).multiplier, 1_001_250);
		for epoch in 12..400 {
			paid(epoch, FULL);
			close(0, proven(), &at(epoch));
		}
		assert!((1_499_990..=1_500_000).contains(&multiplier()));
		for epoch in 400..800 {
			close(0, proven(), &at(epoch));
		}
		assert_eq!(multiplier(), 500_000);
	});
}

#[test]
fn survey_should_report_what_changed() {
	peopled().build_and_execute(|| {
		people(DE, 0, 1_000);
		let gap = Table::survey(0, &seen(WEIGHT, 250_000), &at(10));
		assert_eq!(gap, 750_000);
		assert_eq!(
			events(),
			vec![Event::TermsChanged {
				id: 0,
				epoch: 10,
				old_multiplier: 1_000_000,
				new_multiplier: 975_000,
				old_gap: 0,
				new_gap: 750_000,
			}]
		);
		let state = Table::region(0).unwrap();
		assert_eq!((state.observed, state.surveyed), (seen(WEIGHT, 250_000), Some(10)));
		assert_eq!(state.utilisation, 475_000_000);
	});
}

#[test]
fn survey_should_work_an_epoch_in_only_once() {
	peopled().build_and_execute(|| {
		people(DE, 0, 1_000);
		let gap = Table::survey(0, &seen(WEIGHT, 0), &at(10));
		paid(9, FULL);
		assert_storage_noop!(assert_eq!(Table::survey(0, &seen(1, 1), &at(10)), gap));
		assert_storage_noop!(assert_eq!(Table::survey(0, &seen(1, 1), &at(9)), gap));
	});
}

#[test]
fn survey_should_take_the_demand_of_its_epoch_and_leave_later_ones() {
	peopled().build_and_execute(|| {
		people(DE, 0, 1_000);
		paid(10, FULL / 2);
		paid(10, FULL / 2);
		paid(11, 5);
		assert_eq!((Table::paid_in(0, 10), Table::paid_in(0, 11), Table::paid_in(1, 10)), (FULL, 5, 0));
		assert_eq!(close(0, proven(), &at(10)).multiplier, 1_025_000);
		assert_eq!((Table::paid_in(0, 10), Table::paid_in(0, 11)), (0, 5));
	});
}

#[test]
fn demand_beyond_the_capacity_should_not_count() {
	peopled().build_and_execute(|| {
		people(DE, 0, 1_000);
		paid(10, Credits::MAX);
		paid(10, Credits::MAX);
		assert_eq!(close(0, proven(), &at(10)).multiplier, 1_025_000);
	});
}

#[test]
fn demand_should_be_dropped_where_no_region_is_open() {
	peopled().build_and_execute(|| {
		assert_storage_noop!(<Table as RegionalDemand>::paid(&CH, 10, FULL));
		paid(9, FULL);
		paid(10, FULL);
		assert_ok!(shut(DE));
		assert_eq!((Table::paid_in(0, 9), Table::paid_in(0, 10)), (FULL, 0), "it was open in epoch 9");
		assert_storage_noop!(paid(10, FULL));
		close(0, proven(), &at(9));
		assert!(!Demands::<Test>::contains_key(0));
	});
}

#[test]
fn demand_should_wait_in_bounded_many_epochs_and_none_be_lost() {
	peopled().build_and_execute(|| {
		let epochs = 10..10 + 3 * MAX_OPEN_EPOCHS;
		epochs.clone().for_each(|epoch| paid(epoch, 1));
		// Also what comes late.
		paid(3, 1);
		let waiting = Demands::<Test>::get(0);
		assert_eq!(waiting.len() as u32, MAX_OPEN_EPOCHS);
		assert_eq!(waiting.iter().map(|demand| demand.credits).sum::<Credits>(), epochs.count() as u128 + 1);
	});
}

/// (30)
#[test]
fn multiplier_should_be_one_below_the_minimum_sample() {
	peopled().build_and_execute(|| {
		people(DE, 0, 1_000);
		assert_eq!(close(0, proven(), &at(10)).multiplier, 975_000);
		// Five lines.
		place(5, 502, DE, v4(5, 1, 1), 0);
		assert_eq!(close(0, proven(), &at(11)).multiplier, 1_000_000);
		// Six lines of two operators.
		place(5, 501, DE, v4(5, 1, 1), 1_000);
		place(2, 501, DE, v4(2, 1, 1), 1_000);
		assert_eq!(close(0, proven(), &at(12)).multiplier, 1_000_000);
		// Six lines of three operators in two networks.
		(0..6u8).for_each(|n| {
			place(u32::from(n), 500 + u64::from(n % 3), DE, v4(n % 2, n, 1), 1_000);
		});
		assert_eq!(close(0, proven(), &at(13)).multiplier, 1_000_000);
		// And again enough of each.
		people(DE, 0, 1_000);
		assert!(close(0, proven(), &at(14)).multiplier < 975_000, "utilisation was followed all along");
	});
}

#[test]
fn floor_should_lift_a_region_without_proven_weight_to_three() {
	peopled().build_and_execute(|| {
		people(DE, 0, 1_000);
		let rate = close(0, seen(WEIGHT, 0), &at(10));
		assert_eq!(rate, RegionRate { multiplier: 975_000, floor: 2_025_000 });
		assert_eq!(Table::region(0).unwrap().rate, rate);
		assert_eq!(close(0, seen(WEIGHT, 750_000), &at(11)).floor, 1_500_000 - multiplier());
		assert_eq!(close(0, proven(), &at(12)).floor, 0);
	});
}

#[test]
fn floors_should_share_the_budget_by_their_gaps() {
	peopled().build_and_execute(|| {
		let (de, fr) = (seen(WEIGHT, 0), seen(WEIGHT, 500_000));
		// A multiplier of one costs 16.2 GB · 8,500 = 137,700 credits.
		let terms = CloseTerms { coverage_budget: 137_700, ..at(10) };
		let gaps = u64::from(Table::survey(0, &de, &terms)) + u64::from(Table::survey(1, &fr, &terms));
		assert_eq!(gaps, 1_500_000);
		assert_eq!(Table::rate(0, &de, &terms, gaps).floor, 666_666);
		assert_eq!(Table::rate(1, &fr, &terms, gaps).floor, 333_333);
	});
}

#[test]
fn empty_region_should_not_take_part_of_the_budget() {
	peopled().build_and_execute(|| {
		assert_eq!(Table::survey(0, &seen(0, 0), &at(10)), 0);
		let state = Table::region(0).unwrap();
		assert_eq!(
			(state.gap, state.counted_gap),
			(1_000_000, 0),
			"it lacks all, but there is nobody to pay"
		);
		assert_eq!(Table::rate(0, &seen(0, 0), &at(10), 0), RegionRate { multiplier: 1_000_000, floor: 0 });
		assert_eq!(state.demand, Default::default(), "its average has not begun");
	});
}

#[test]
fn region_without_a_least_weight_should_have_no_floor() {
	ExtBuilder::asking(&[DE], 0).build_and_execute(|| {
		assert_eq!(close(0, seen(WEIGHT, 0), &at(10)).floor, 0);
	});
}

#[test]
fn paused_region_should_have_neither_floor_nor_a_multiplier_above_one() {
	peopled().build_and_execute(|| {
		people(DE, 0, 1_000);
		paid(10, FULL);
		PausedRegions::set(vec![0]);
		assert_eq!(Table::survey(0, &seen(WEIGHT, 0), &at(10)), 0);
		assert_eq!(
			Table::rate(0, &seen(WEIGHT, 0), &at(10), 5),
			RegionRate { multiplier: 1_000_000, floor: 0 }
		);
		assert_eq!(multiplier(), 1_025_000, "what demand says is kept for later");
		// Lines stay, and are placed as ever.
		assert_eq!(place(0, ALICE, DE, v4(0, 1, 1), 2_000).weight, 2_000);
		PausedRegions::set(vec![]);
		let rate = close(0, seen(WEIGHT, 0), &at(11));
		assert!(rate.floor > 0);
		// A pause that comes between survey and rate holds too.
		Table::survey(0, &seen(WEIGHT, 0), &at(12));
		PausedRegions::set(vec![0]);
		assert_eq!(Table::rate(0, &seen(WEIGHT, 0), &at(12), 1_000_000).floor, 0);
	});
}

#[test]
fn pause_that_ends_between_the_passes_should_not_exceed_the_budget() {
	peopled().build_and_execute(|| {
		let terms = CloseTerms { coverage_budget: 137_700, ..at(10) };
		PausedRegions::set(vec![0]);
		let gaps = Table::survey(0, &seen(WEIGHT, 0), &terms) + Table::survey(1, &seen(WEIGHT, 0), &terms);
		PausedRegions::set(vec![]);
		assert_eq!(Table::rate(0, &seen(WEIGHT, 0), &terms, gaps.into()).floor, 0);
		assert_eq!(Table::rate(1, &seen(WEIGHT, 0), &terms, gaps.into()).floor, 1_000_000);
	});
}

#[test]
fn closed_region_should_be_held_back_like_a_paused_one() {
	peopled().build_and_execute(|| {
		people(DE, 0, 1_000);
		for epoch in 10..14 {
			paid(epoch, FULL);
			close(0, proven(), &at(epoch));
		}
		assert_ok!(shut(DE));
		assert_eq!(close(0, seen(WEIGHT, 0), &at(14)), RegionRate { multiplier: 1_000_000, floor: 0 });
		assert!(multiplier() > 1_000_000);
	});
}

#[test]
fn lost_price_should_leave_multiplier_and_floor_as_they_were() {
	peopled().build_and_execute(|| {
		people(DE, 0, 1_000);
		let rate = close(0, seen(WEIGHT, 0), &at(10));
		let lost = |epoch| CloseTerms { price: None, coverage_budget: 0, ..at(epoch) };
		paid(11, FULL);
		assert_eq!(close(0, seen(WEIGHT, 900_000), &lost(11)), rate);
		assert_eq!(Table::region(0).unwrap().utilisation, 501_250_000, "demand is followed on");
		// Twice the weight gets no more out of the floor.
		let grown = close(0, seen(2 * WEIGHT, 0), &lost(12));
		assert_eq!(grown, RegionRate { multiplier: rate.multiplier, floor: rate.floor / 2 });
		// The sample is too small now.
		place(0, 500, DE, v4(0, 1, 1), 0);
		assert_eq!(close(0, seen(WEIGHT, 0), &lost(13)).multiplier, 1_000_000);
	});
}

#[test]
fn number_without_a_region_should_be_worth_nothing() {
	peopled().build_and_execute(|| {
		assert_storage_noop!(assert_eq!(Table::survey(7, &proven(), &at(10)), 0));
		assert_storage_noop!({
			assert_eq!(Table::rate(7, &proven(), &at(10), 1), RegionRate { multiplier: 0, floor: 0 });
		});
		assert_storage_noop!(assert_eq!(Table::draw_bounty(7, 10, 1), 0));
	});
}

/// (31)
#[test]
fn order_of_regions_should_change_nothing() {
	let regions = [DE, FR, CH];
	let run = |order: [RegionId; 3]| {
		let mut outcome = vec![];
		ExtBuilder::with(&regions).build_and_execute(|| {
			regions.iter().zip([0, 10, 20]).for_each(|(region, first)| people(*region, first, 10_000));
			let seen_of = |id: RegionId| seen(60_000 * (u128::from(id) + 1), 300_000 * u128::from(id));
			let terms = CloseTerms { coverage_budget: 5_000_000, ..at(10) };
			let gaps = order.iter().map(|id| u64::from(Table::survey(*id, &seen_of(*id), &terms))).sum();
			for id in order.iter().rev() {
				Table::rate(*id, &seen_of(*id), &terms, gaps);
			}
			outcome = (0..3).map(|id| Regions::<Test>::get(id).unwrap()).collect();
		});
		outcome
	};
	assert_eq!(run([0, 1, 2]), run([2, 0, 1]));
	assert_eq!(run([0, 1, 2]), run([1, 2, 0]));
}

#[test]
fn limits_of_the_numbers_should_have_answers() {
	peopled().build_and_execute(|| {
		people(DE, 0, LineWeight::MAX);
		let everything = seen(u128::MAX, u128::MAX);
		paid(10, Credits::MAX);
		let terms = CloseTerms { availability: u64::MAX, coverage_budget: u128::MAX, ..at(10) };
		close(0, everything, &terms);
		close(0, seen(u128::MAX, 0), &CloseTerms { epoch: u32::MAX - 1, ..terms });
		close(0, seen(1, 0), &CloseTerms { epoch: u32::MAX, availability: 0, ..terms });
	});
}
