//! What a line weighs, and that pay summed up lazily is the pay of every epoch.

use proptest::prelude::*;
use std::collections::BTreeMap;
use weir_math::economy::{
	accrual::{settle, Accrued, Book, Forgotten, Pay, Step, Totals},
	units::{SUPPLY_CAP, TOKEN},
	weight::*,
};

const MBPS: u32 = 1_000;

/// 50 Mbps, measured as claimed, seen alive always, at 50 ms.
fn line() -> Line {
	Line {
		measured_kbps: 50 * MBPS,
		claimed_kbps: 50 * MBPS,
		covered_kbps: 50 * MBPS,
		uptime: 1_000_000,
		steadiness: 1_000_000,
		rtt_10us: REFERENCE_RTT_10US,
		reliability: FIRST_RELIABILITY,
		is_hosting: false,
	}
}

#[test]
fn steady_line_should_weigh_more_than_a_fast_one_that_resets_hourly() {
	let steady = Line { uptime: 990_000, steadiness: 970_000, ..line() };
	let restless = Line {
		measured_kbps: 1_000 * MBPS,
		claimed_kbps: 1_000 * MBPS,
		covered_kbps: 1_000 * MBPS,
		uptime: 967_000,
		steadiness: 0,
		..line()
	};
	// Research, economics, 2.7: 47.5 and 11.7 Mbps.
	assert_eq!((steady.weight() + 50) / 100, 475);
	assert_eq!((restless.weight() + 50) / 100, 117);
}

#[test]
fn weight_should_be_what_each_factor_says() {
	assert_eq!(line().weight(), 50_000);
	assert_eq!(Line { measured_kbps: 40 * MBPS, ..line() }.weight(), 40_000);
	assert_eq!(Line { claimed_kbps: 30 * MBPS, ..line() }.weight(), 30_000);
	assert_eq!(Line { covered_kbps: 20 * MBPS, ..line() }.weight(), 20_000);
	assert_eq!(Line { covered_kbps: 0, ..line() }.weight(), 0);
	assert_eq!(Line { uptime: 500_000, ..line() }.weight(), 12_500);
	assert_eq!(Line { steadiness: 0, ..line() }.weight(), 2_500);
	assert_eq!(Line { rtt_10us: 500_000, ..line() }.weight(), 35_000);
	assert_eq!(Line { rtt_10us: 1, ..line() }.weight(), 55_000);
	assert_eq!(Line { reliability: 2_000_000, ..line() }.weight(), 62_500);
	assert_eq!(Line { reliability: 0, ..line() }.weight(), 45_000);
	assert_eq!(Line { is_hosting: true, ..line() }.weight(), 25_000);
	let huge = u32::MAX;
	let most = Line { measured_kbps: huge, claimed_kbps: huge, covered_kbps: huge, ..line() };
	assert_eq!(most.weight(), 250_000);
}

#[test]
fn line_should_weigh_nothing_when_it_was_measured_below_eight_mbps() {
	let slow = |measured_kbps| Line { measured_kbps, ..line() }.weight();
	assert_eq!((slow(7_999), slow(8_000)), (0, 8_000));
}

#[test]
fn lower_quintile_should_be_a_rank_of_the_last_eight() {
	assert_eq!(lower_quintile(&[]), None);
	assert_eq!(lower_quintile(&[7]), Some(7));
	assert_eq!(lower_quintile(&[5, 4, 3, 2, 9]), Some(2));
	assert_eq!(lower_quintile(&[5, 4, 3, 2, 9, 1]), Some(2));
	assert_eq!(lower_quintile(&[8, 7, 6, 5, 4, 3, 2, 1]), Some(2));
	// The first two are too old to count.
	assert_eq!(lower_quintile(&[0, 0, 8, 7, 6, 5, 4, 3, 9, 1]), Some(3));
	assert_eq!(upper_median(&[]), None);
	assert_eq!(upper_median(&[3, 1]), Some(3));
	assert_eq!(upper_median(&[3, 1, 2]), Some(2));
}

#[test]
fn missed_parts_should_each_break_a_window_until_all_are_broken() {
	assert_eq!(seen_uptime(&[]), (1_000_000, 1_000_000));
	assert_eq!(seen_uptime(&[40, 40]), (1_000_000, 1_000_000));
	assert_eq!(seen_uptime(&[40, 30]), (875_000, 500_000));
	assert_eq!(seen_uptime(&[38]), (950_000, 666_666));
	assert_eq!(seen_uptime(&[0]), (0, 0));
	assert_eq!(seen_uptime(&[u8::MAX]), (1_000_000, 1_000_000));
}

#[test]
fn recorded_outages_should_count_within_the_last_28_epochs() {
	let slots = 3_600;
	let span = 28 * 3_600;
	let now = 1_000_000;
	assert_eq!(recorded_uptime(&[], now, slots), (1_000_000, 1_000_000));
	// Half of the time, every window of it.
	let half = recorded_uptime(&[(now - span / 2, now)], now, slots);
	assert_eq!(half.0, 500_000);
	assert!((490_000..=500_000).contains(&half.1), "{half:?}");
	// What is older does not count, and what reaches in counts from there.
	assert_eq!(recorded_uptime(&[(0, now - span)], now, slots).0, 1_000_000);
	assert_eq!(recorded_uptime(&[(0, now - span / 2)], now, slots).0, 500_000);
	// A short one breaks its window.
	let short = recorded_uptime(&[(now - 100, now - 90)], now, slots);
	assert!(short.0 > 999_800 && short.1 < 1_000_000, "{short:?}");
	assert_eq!(recorded_uptime(&[(0, u64::MAX)], u64::MAX, u32::MAX).0, 0);
	assert_eq!(recorded_uptime(&[(0, 10)], 10, 0), (1_000_000, 1_000_000));
}

#[test]
fn reliability_should_grow_by_the_day_and_fall_by_the_fault() {
	let new = Reliability::new(10);
	assert_eq!(new.clean(18, 16, 4), Reliability { ppm: 1_020_000, at: 18 });
	// Time in which nobody measured counts no further than a weight lasts.
	assert_eq!(new.clean(1_000, 16, 4), Reliability { ppm: 1_040_000, at: 1_000 });
	assert_eq!(new.fault(20), Reliability { ppm: 900_000, at: 20 });
	assert_eq!(new.fault(20).fault(21).ppm, LEAST_RELIABILITY);
	assert_eq!(new.fault(20).forgiven(FAULT).ppm, FIRST_RELIABILITY);
	// A line that has moved waits.
	assert_eq!(Reliability::new(38).clean(30, 16, 4), Reliability::new(38));
	let old = (0..1_000).fold(new, |now, epoch| now.clean(10 + epoch, 16, 4));
	assert_eq!(old.ppm, MOST_RELIABILITY);
}

fn any_line() -> impl Strategy<Value = Line> {
	(
		0..400_000u32,
		0..400_000u32,
		0..400_000u32,
		0..1_100_000u32,
		0..1_100_000u32,
		0..70_000u32,
		0..1_500_000u32,
		any::<bool>(),
	)
		.prop_map(
			|(
				measured_kbps,
				claimed_kbps,
				covered_kbps,
				uptime,
				steadiness,
				rtt_10us,
				reliability,
				is_hosting,
			)| {
				Line {
					measured_kbps,
					claimed_kbps,
					covered_kbps,
					uptime,
					steadiness,
					rtt_10us,
					reliability,
					is_hosting,
				}
			},
		)
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(2_000))]

	/// 22.
	#[test]
	fn no_better_input_should_lower_a_weight(line in any_line(), more in 1..100_000u32) {
		let weight = line.weight();
		let better = [
			Line { measured_kbps: line.measured_kbps + more, ..line },
			Line { claimed_kbps: line.claimed_kbps + more, ..line },
			Line { covered_kbps: line.covered_kbps + more, ..line },
			Line { uptime: line.uptime + more, ..line },
			Line { steadiness: line.steadiness + more, ..line },
			Line { rtt_10us: line.rtt_10us.saturating_sub(more), ..line },
			Line { reliability: line.reliability + more, ..line },
			Line { is_hosting: false, ..line },
		];
		for better in better {
			prop_assert!(better.weight() >= weight, "{better:?}");
		}
		prop_assert!(weight <= 250_000 * 11 / 8);
	}

	/// 22, for what the inputs are made of.
	#[test]
	fn no_better_test_should_lower_what_it_counts_for(
		mut alive in prop::collection::vec(0..=40u8, 1..9),
		mut estimates in prop::collection::vec(any::<u32>(), 1..9),
		place in any::<prop::sample::Index>(),
	) {
		let before = (seen_uptime(&alive), lower_quintile(&estimates));
		let alive_place = place.index(alive.len());
		alive[alive_place] = (alive[alive_place] + 1).min(40);
		let estimate = place.index(estimates.len());
		estimates[estimate] = estimates[estimate].saturating_add(1_000);
		let after = (seen_uptime(&alive), lower_quintile(&estimates));
		prop_assert!(after.0.0 >= before.0.0 && after.0.1 >= before.0.1 && after.1 >= before.1);
	}

	#[test]
	fn longer_outages_should_not_raise_uptime(
		from in 0..200_000u64, length in 0..50_000u64, more in 1..50_000u64, now in 200_000..400_000u64,
	) {
		let short = recorded_uptime(&[(from, from + length)], now, 3_600);
		let long = recorded_uptime(&[(from, from + length + more)], now, 3_600);
		prop_assert!(long.0 <= short.0 && long.1 <= short.1);
	}
}

/// What regions have accrued, kept in maps.
#[derive(Default)]
struct Kept {
	open: BTreeMap<u16, u32>,
	sums: BTreeMap<(u16, u32), Accrued>,
	first: u32,
}

impl Book for Kept {
	fn open_epoch(&self, region: u16) -> Option<u32> {
		Some(self.open.get(&region).copied().unwrap_or(self.first))
	}
	fn accrued(&self, region: u16, epoch: Option<u32>) -> Option<Accrued> {
		match epoch.filter(|epoch| *epoch >= self.first) {
			None => Some(Accrued::default()),
			Some(epoch) => self.sums.get(&(region, epoch)).copied(),
		}
	}
}

/// One change of a line: (line, epochs until then, region, weight, floor, proven, epochs until it expires).
type Change = (usize, u32, u16, u64, bool, bool, u32);

const LINES: usize = 5;
const REGIONS: u16 = 3;
const FIRST: u32 = 7;

fn change() -> impl Strategy<Value = Change> {
	let weight = prop_oneof![4 => 0..300_000u64, 1 => Just(u64::MAX)];
	(0..LINES, 0..4u32, 0..REGIONS, weight, any::<bool>(), any::<bool>(), 1..18u32)
}

/// The step of a line that holds in an epoch.
fn at(steps: &[Step], epoch: u32) -> Step {
	steps.iter().rev().find(|step| step.from <= epoch).copied().unwrap_or(Step::none(epoch))
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(400))]

	/// 20 and 23: touched whenever, closed as late as may be, in parts or at once: every line gets what paying each epoch
	/// would have given it, but for the grains that do not divide, once per touch.
	#[test]
	fn lazy_pay_should_be_the_pay_of_every_epoch(
		changes in prop::collection::vec(change(), 1..40),
		offers in prop::collection::vec((0..SUPPLY_CAP / 100, 0..SUPPLY_CAP / 100, 0..TOKEN), 8),
		lags in prop::collection::vec(0..30u32, 8),
		touched_too in prop::collection::vec(0..LINES, 0..30),
	) {
		// The whole history of every line, and what is left to settle of it.
		let mut history = vec![Vec::<Step>::new(); LINES];
		let mut steps = history.clone();
		let mut kept = Kept { first: FIRST, ..Default::default() };
		let mut lazy = vec![Pay::default(); LINES];
		let mut touches = [0u128; LINES];
		let mut eager = vec![Pay::default(); LINES];
		let mut minted = Pay::default();
		let mut now = FIRST;
		let mut next_close = FIRST;
		let offers: Vec<Pay> =
			offers.iter().map(|&(availability, floor, bounty)| Pay { availability, floor, bounty }).collect();
		let mut touched_too = touched_too.into_iter();

		for (number, (line, wait, region, weight, floor, proven, lasts)) in changes.into_iter().enumerate() {
			now += wait;
			let lag = lags[number % lags.len()];
			while next_close + 1 + lag <= now {
				for region in 0..REGIONS {
					let lines: Vec<Step> = history.iter().map(|steps| at(steps, next_close)).collect();
					let of_region = |step: &&Step| step.weight > 0 && step.region == region;
					let totals = lines.iter().filter(of_region).fold(Totals::default(), |all, step| all.with(step.into()));
					let offered = offers[(next_close as usize + usize::from(region)) % offers.len()];
					let before = kept.accrued(region, next_close.checked_sub(1)).unwrap();
					let (after, paid) = before.paid(&offered, &totals);
					prop_assert!(paid.availability <= offered.availability);
					prop_assert!(paid.floor <= offered.floor && paid.bounty <= offered.bounty);
					minted = minted.with(paid);
					for (line, step) in lines.iter().enumerate().filter(|(_, step)| of_region(step)) {
						eager[line] = eager[line].with(before.earned(&after, step));
					}
					kept.sums.insert((region, next_close), after);
					kept.open.insert(region, next_close + 1);
				}
				next_close += 1;
			}
			for touched in [Some(line), touched_too.next()].into_iter().flatten() {
				let (pay, done) = settle(&mut steps[touched], &kept).unwrap();
				steps[touched].drain(..done);
				lazy[touched] = lazy[touched].with(pay);
				touches[touched] += 1;
				// Nothing is paid twice.
				prop_assert_eq!(settle(&mut steps[touched], &kept), Ok((Pay::default(), 0)));
			}
			for steps in [&mut history[line], &mut steps[line]] {
				steps.retain(|step| step.from < now);
				steps.push(Step { from: now, region, weight, floor, proven });
				steps.push(Step::none(now + lasts));
			}
		}
		for line in 0..LINES {
			let (pay, _) = settle(&mut steps[line], &kept).unwrap();
			lazy[line] = lazy[line].with(pay);
			// A step that was cut before it was settled is one more rounding.
			let difference = lazy[line].total().abs_diff(eager[line].total());
			let epochs = u128::from(next_close - FIRST);
			prop_assert!(difference <= 3 * (epochs + touches[line] + 1), "{difference}");
			prop_assert!(lazy[line].total() >= eager[line].total(), "sums round less often than epochs");
		}
		let all = lazy.iter().fold(Pay::default(), |all, pay| all.with(*pay));
		prop_assert!(all.availability <= minted.availability);
		prop_assert!(all.floor <= minted.floor && all.bounty <= minted.bounty);
	}

	/// 19 and 42, for one region: what is accrued is never more than was minted, and less by a grain per line at most.
	#[test]
	fn lines_should_get_all_that_was_minted_but_a_grain_each(
		weights in prop::collection::vec(prop_oneof![0..300_000u64, Just(u64::MAX)], 1..20),
		offered in 0..=SUPPLY_CAP,
	) {
		let steps: Vec<Step> =
			weights.iter().map(|&weight| Step { from: 0, region: 0, weight, floor: true, proven: true }).collect();
		let totals = steps.iter().fold(Totals::default(), |all, step| all.with(step.into()));
		let offered = Pay { availability: offered, floor: 0, bounty: 0 };
		let (after, paid) = Accrued::default().paid(&offered, &totals);
		let earned: u128 = steps.iter().map(|step| Accrued::default().earned(&after, step).availability).sum();
		prop_assert!(earned <= paid.availability && paid.availability <= offered.availability);
		prop_assert!(paid.availability - earned <= weights.len() as u128 + 1);
	}

	#[test]
	fn totals_should_be_what_is_in_them(steps in prop::collection::vec((any::<u64>(), any::<bool>(), any::<bool>()), 0..20)) {
		let steps: Vec<Step> =
			steps.into_iter().map(|(weight, floor, proven)| Step { from: 0, region: 0, weight, floor, proven }).collect();
		let all = steps.iter().fold(Totals::default(), |all, step| all.with(step.into()));
		let none = steps.iter().try_fold(all, |all, step| all.without(step.into()));
		prop_assert_eq!(none, Some(Totals::default()));
	}

	#[test]
	fn joined_steps_should_weigh_no_more_than_either(
		a in (0..3u16, 0..10u64, any::<bool>(), any::<bool>()), b in (0..3u16, 0..10u64, any::<bool>(), any::<bool>()),
	) {
		let step = |from, (region, weight, floor, proven)| Step { from, region, weight, floor, proven };
		let (a, b) = (step(1, a), step(5, b));
		let joined = a.joined(&b);
		prop_assert_eq!(joined.from, 1);
		for other in [a, b] {
			prop_assert!(Totals::from(&other).without((&joined).into()).is_some());
			prop_assert!(joined.weight == 0 || joined.region == other.region);
		}
	}
}

#[test]
fn nobody_should_be_paid_where_nobody_weighs_anything() {
	let offered = Pay { availability: TOKEN, floor: TOKEN, bounty: TOKEN };
	let (after, paid) = Accrued::default().paid(&offered, &Totals::default());
	assert_eq!((after, paid), (Accrued::default(), Pay::default()));
}

#[test]
fn all_tokens_for_one_unit_of_weight_should_not_overflow() {
	let one = Step { weight: 1, ..Step::none(0) };
	let offered = Pay { availability: SUPPLY_CAP, ..Default::default() };
	let (after, paid) = Accrued::default().paid(&offered, &Totals::from(&one));
	assert_eq!(paid, offered);
	assert_eq!(Accrued::default().earned(&after, &one), offered);
}

#[test]
fn settle_should_change_nothing_when_a_sum_is_forgotten() {
	let kept = Kept { open: BTreeMap::from([(0, 20)]), first: 10, ..Default::default() };
	let mut steps = [Step { weight: 5, ..Step::none(12) }, Step::none(15)];
	let before = steps;
	assert_eq!(settle(&mut steps, &kept), Err(Forgotten));
	assert_eq!(steps, before);
}

#[test]
fn settle_should_wait_for_the_first_step_that_is_not_closed() {
	let sum = |availability| Accrued { availability, ..Default::default() };
	let sums = BTreeMap::from([((1, 10), sum(1_000_000_000_000)), ((1, 11), sum(3_000_000_000_000))]);
	let kept = Kept { open: BTreeMap::from([(1, 12)]), sums, first: 10 };
	let step = Step { from: 10, region: 1, weight: 7, floor: false, proven: false };
	// A step that weighs nothing waits for nobody.
	let mut steps = vec![Step::none(3), step, Step { from: 14, ..step }, Step::none(20)];
	let (pay, done) = settle(&mut steps, &kept).unwrap();
	assert_eq!((pay.total(), done), (21, 1));
	assert_eq!(steps[1].from, 12);
	let mut over = vec![step, Step::none(11), Step { from: 14, ..step }];
	assert_eq!(settle(&mut over, &kept).unwrap(), (Pay { availability: 7, ..Default::default() }, 2));
}
