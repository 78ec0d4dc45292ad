//! Properties of regional incentives: 25 to 31 of research, economics, section 5, and that neither nudging nor withholding
//! pays (section 4.4, C2 and C3).

use proptest::prelude::*;
use weir_math::economy::{
	incentive::*,
	parameters::{LEAST_MULTIPLIER, MOST_FALL, MOST_MULTIPLIER},
	units::{Ppm, GIGABYTE, MILLION},
	Parameters,
};

const ENOUGH: Census = Census { nodes: LEAST_NODES, operators: LEAST_OPERATORS, networks: LEAST_NETWORKS };
const BYTES_PER_KBPS: u64 = 2_700_000;

fn parameters() -> Parameters {
	Parameters::default()
}

/// What a region of `capacity` bytes is paid at that utilisation, without a floor.
fn pay(capacity: u128, availability: u64, utilisation: Billionths) -> u128 {
	let p = parameters();
	let k = slope(p.kappa, p.list_price, availability, p.target_utilisation);
	region_want(capacity, availability, multiplier(&ENOUGH, k, utilisation, p.target_utilisation))
}

/// What rounding a multiplier to millionths is worth, and a credit.
fn grain(capacity: u128, availability: u64) -> u128 {
	region_want(capacity, availability, 1) + 2
}

/// Averages that have seen nothing else for long.
fn settled(paid: u128, capacity: u128) -> Demand {
	Demand { paid: paid.min(capacity), capacity }
}

#[test]
fn published_numbers_should_come_out() {
	let p = parameters();
	let slope_at = |availability| slope(p.kappa, p.list_price, availability, p.target_utilisation);
	// Simulated mean of availability pay: slope one, multiplier 0.5 to 1.5.
	assert_eq!(slope_at(8_500), BILLION);
	let m = |k, u| multiplier(&ENOUGH, k, u, p.target_utilisation);
	assert_eq!(m(BILLION, 0), 500_000);
	assert_eq!(m(BILLION, BILLION / 2), 1_000_000);
	assert_eq!(m(BILLION, BILLION), 1_500_000);
	// Least pay: the withholding law binds, multiplier up to 1.9.
	assert_eq!(slope_at(4_000), 1_800_000_000);
	assert_eq!(m(slope_at(4_000), BILLION), 1_900_000);
	// Most pay, rounded down: 8,500 / 15,000.
	assert_eq!(slope_at(15_000), 566_666_666);
	assert_eq!(m(slope_at(15_000), BILLION), 1_283_333);
	assert_eq!(m(slope_at(15_000), 0), 716_666);
	// A home line of 10 Mbps: 27 GB in six hours, at $0.0085.
	assert_eq!(capacity_bytes(10_000, BYTES_PER_KBPS), 27 * GIGABYTE);
	assert_eq!(region_want(27 * GIGABYTE, 8_500, MULTIPLIER_ONE), 229_500);
	// A dollar at $0.05 buys 20 GB.
	assert_eq!(paid_bytes(1_000_000, 50_000), 20 * GIGABYTE);
}

#[test]
fn availability_should_taper_with_fees_between_its_bounds() {
	let rate = |income| availability_rate(15_000, 4_000, 350_000, income);
	assert_eq!(rate(0), 15_000);
	// 18,571.43 credits per GB lower it by 6,500.0005: rounded down.
	assert_eq!(rate(18_571_430_000), 8_499);
	assert_eq!(rate(18_571_428_571), 8_500);
	assert_eq!(rate(1), 14_999);
	assert_eq!(rate(31_428_571_428), 4_000);
	assert_eq!(rate(u64::MAX), 4_000);
}

#[test]
fn fee_income_should_begin_at_zero_and_follow_a_tenth_at_a_time() {
	// 75 % of $0.05 on half of the capacity: 18,750 credits per GB.
	let earned = 18_750;
	let first = fee_income_update(0, earned, GIGABYTE);
	assert_eq!(first, 1_875_000_000);
	assert_eq!(fee_income_update(first, 0, 0), first, "without capacity nothing was observed");
	let settled = (0..400).fold(first, |average, _| fee_income_update(average, earned, GIGABYTE));
	assert!(settled <= 18_750_000_000 && 18_750_000_000 - settled < 20);
	let gone = (0..400).fold(settled, |average, _| fee_income_update(average, 0, GIGABYTE));
	assert_eq!(gone, 0);
	assert!(fee_income_update(u64::MAX, u128::MAX, 1) == u64::MAX);
}

#[test]
fn average_should_begin_at_the_target_so_that_the_first_epoch_counts_as_any_other() {
	let p = parameters();
	let after =
		|paid| Demand::default().after(paid, 1_000_000_000, p.utilisation_alpha, p.target_utilisation);
	let utilisation = |paid| after(paid).utilisation(1_000_000_000, p.target_utilisation);
	assert_eq!(utilisation(0), 475_000_000);
	assert_eq!(utilisation(500_000_000), 500_000_000);
	assert_eq!(utilisation(1_000_000_000), 525_000_000);
	assert_eq!(utilisation(u128::MAX), 525_000_000, "paid bytes beyond the capacity do not count");
	// A region that never had capacity is neither busy nor idle.
	assert_eq!(Demand::default().utilisation(0, p.target_utilisation), 500_000_000);
	assert_eq!(Demand::default().after(5, 0, p.utilisation_alpha, p.target_utilisation), Demand::default());
}

#[test]
fn gap_should_be_what_is_missing() {
	assert_eq!(gap(0, 100), 1_000_000);
	assert_eq!(gap(25, 100), 750_000);
	assert_eq!(gap(100, 100), 0);
	assert_eq!(gap(u128::MAX, 100), 0);
	assert_eq!(gap(0, 0), 0);
	assert_eq!(gap(2, 3), 333_333);
}

#[test]
fn floor_should_lift_an_empty_region_to_three_as_far_as_its_budget_reaches() {
	let capacity = 1_000 * GIGABYTE;
	let floor = |gap, gaps, budget| coverage_floor(1_000_000, gap, gaps, budget, capacity, 10_000);
	assert_eq!(floor(1_000_000, 1_000_000, u128::MAX), 2_000_000);
	assert_eq!(floor(250_000, 250_000, u128::MAX), 500_000);
	assert_eq!(floor(0, 1, u128::MAX), 0);
	// One above costs 10 dollars: half of 10 dollars lift by a half.
	assert_eq!(floor(1_000_000, 2_000_000, 10_000_000), 500_000);
	assert_eq!(floor(1_000_000, 2_000_000, 9_999_999), 499_999);
	assert_eq!(coverage_floor(3_000_000, 1_000_000, 1_000_000, u128::MAX, capacity, 10_000), 0);
	assert_eq!(coverage_floor(500_000, 1_000_000, 1_000_000, u128::MAX, 0, 10_000), 0, "nobody to pay");
	assert_eq!(coverage_floor(1_000_000, 1_000_000, 1_000_000, 0, capacity, 0), 2_000_000, "costs nothing");
	assert_eq!(coverage_floor(1_000_000, 1_000_000, 1_000_000, u128::MAX, u128::MAX, u64::MAX), 0);
}

#[test]
fn kept_floor_should_cost_no_more_when_capacity_grows() {
	assert_eq!(kept_floor(900_000, 100, 100), 900_000);
	assert_eq!(kept_floor(900_000, 100, 50), 900_000);
	assert_eq!(kept_floor(900_000, 100, 300), 300_000);
	assert_eq!(kept_floor(900_000, 0, 300), 0);
}

/// (30)
#[test]
fn guards_should_force_one_when_any_count_is_below_its_minimum() {
	let small = [
		Census { nodes: LEAST_NODES - 1, ..ENOUGH },
		Census { operators: LEAST_OPERATORS - 1, ..ENOUGH },
		Census { networks: LEAST_NETWORKS - 1, ..ENOUGH },
		Census::default(),
	];
	for census in small {
		for utilisation in [0, BILLION / 4, BILLION] {
			assert_eq!(multiplier(&census, 1_800_000_000, utilisation, 500_000), MULTIPLIER_ONE);
		}
	}
	assert_ne!(multiplier(&ENOUGH, 1_800_000_000, BILLION, 500_000), MULTIPLIER_ONE);
}

/// C3: self-traffic on top of honest demand, by a group with any part of the region.
#[test]
fn nudging_should_never_pay() {
	let p = parameters();
	let capacity = 100_000 * GIGABYTE;
	for availability in [4_000, 6_000, 8_500, 12_000, 15_000] {
		for own_percent in [10, 25, 50, 100u128] {
			for before in 0..100u128 {
				for added in 1..=100 - before {
					let u = |percent: u128| (BILLION as u128 * percent / 100) as Billionths;
					let (honest, nudged) = (
						pay(capacity, availability, u(before)),
						pay(capacity, availability, u(before + added)),
					);
					let gain = (nudged.saturating_sub(honest)) * own_percent / 100;
					let price = capacity / GIGABYTE * u128::from(p.list_price) * added / 100;
					let burned = 1_000_000 - p.provider_share - p.attestor_share;
					let cost = price * u128::from(burned) / MILLION;
					assert!(
						gain < cost,
						"a {availability}, own {own_percent} %, {before} + {added} %: {gain} >= {cost}"
					);
				}
			}
		}
	}
}

/// C2: a group hides part of its capacity for ever, and nobody comes instead. Demand and what it pays stay.
#[test]
fn withholding_should_never_pay() {
	let p = parameters();
	let whole = 100_000 * GIGABYTE;
	for availability in [4_000, 6_000, 8_500, 12_000, 15_000] {
		for own_percent in [10, 25, 50, 75, 100u128] {
			for demand_percent in [5, 10, 20, 30, 40, 44, 50, 54, 60, 70, 85, 100u128] {
				let paid = whole * demand_percent / 100;
				let fees = |served: u128| {
					served / GIGABYTE * u128::from(p.list_price) * u128::from(p.provider_share) / MILLION
				};
				// What the group gets of all when `hidden` fiftieths of its capacity are away.
				let income = |hidden: u128| {
					let own = whole * own_percent / 100 * (50 - hidden) / 50;
					let left = whole - whole * own_percent / 100 * hidden / 50;
					if left == 0 {
						return 0;
					}
					let utilisation = settled(paid, left).utilisation(left, p.target_utilisation);
					let all = pay(left, availability, utilisation) + fees(paid.min(left));
					all * (own / GIGABYTE) / (left / GIGABYTE)
				};
				let honest = income(0);
				for hidden in 1..=50 {
					let slack = grain(whole, availability);
					assert!(
						income(hidden) <= honest + slack,
						"a {availability}, own {own_percent} %, demand {demand_percent} %, hidden {hidden}/50"
					);
				}
			}
		}
	}
}

/// What the laws are for: a slope twice as steep can be nudged at a profit by whoever owns the region.
#[test]
fn slope_twice_as_steep_would_pay_for_nudging() {
	let p = parameters();
	let (capacity, availability) = (100_000 * GIGABYTE, 8_500);
	let k = 2 * slope(p.kappa, p.list_price, availability, p.target_utilisation);
	let pay = |utilisation| {
		let multiplier = multiplier(&ENOUGH, k, utilisation, p.target_utilisation);
		region_want(capacity, availability, multiplier)
	};
	let gain = pay(BILLION * 3 / 4) - pay(BILLION / 2);
	let price = capacity / GIGABYTE / 4 * u128::from(p.list_price);
	assert!(gain > price * u128::from(1_000_000 - p.provider_share - p.attestor_share) / MILLION);
}

/// Why demand and supply are averaged apart, and why an average begins at the target: an average of ratios that begins at
/// its first sample pays several times what self-traffic costs, once capacity comes after it.
#[test]
fn average_of_ratios_would_pay_for_pumping_a_small_region() {
	let p = parameters();
	let (availability, small, large) = (8_500, 1_000 * GIGABYTE, 100_000 * GIGABYTE);
	let k = slope(p.kappa, p.list_price, availability, p.target_utilisation);
	let cost = 40 * small / GIGABYTE * u128::from(p.list_price);
	let supply = |epoch| if epoch < 40 { small } else { large };
	let paid = |epoch: u32, wash: bool| if wash && epoch < 40 { small } else { 0 };
	let pay_at = |capacity, utilisation| {
		region_want(capacity, availability, multiplier(&ENOUGH, k, utilisation, p.target_utilisation))
	};

	let ratios = |wash| {
		let (mut average, mut total) = (None::<u64>, 0u128);
		for epoch in 0..600 {
			let ratio = if paid(epoch, wash) > 0 { BILLION } else { 0 };
			let before = average.unwrap_or(ratio);
			let now = (before * (1_000_000 - u64::from(p.utilisation_alpha))
				+ ratio * u64::from(p.utilisation_alpha))
				/ 1_000_000;
			average = Some(now);
			total += pay_at(supply(epoch), now);
		}
		total
	};
	let apart = |wash| {
		let (mut demand, mut total) = (Demand::default(), 0u128);
		for epoch in 0..600 {
			let capacity = supply(epoch);
			demand = demand.after(paid(epoch, wash), capacity, p.utilisation_alpha, p.target_utilisation);
			total += pay_at(capacity, demand.utilisation(capacity, p.target_utilisation));
		}
		total
	};
	assert!(ratios(true) - ratios(false) > 3 * cost);
	assert!(
		apart(true) - apart(false) <= cost * u128::from(p.kappa) / MILLION + 600 * grain(large, availability)
	);
}

prop_compose! {
	fn lawful()(
		kappa in 0..=200_000u32,
		list_price in prop_oneof![1..1_000u64, 1_000..=10_000_000u64, Just(u64::MAX)],
		availability in prop_oneof![0..10u64, 10..=1_000_000u64, Just(u64::MAX)],
		target in 300_000..=700_000u32,
	) -> (Ppm, u64, u64, Ppm) {
		(kappa, list_price, availability, target)
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(512))]

	/// (26) exactly, and no slope beyond is lawful.
	#[test]
	fn slope_should_be_the_steepest_that_keeps_both_laws((kappa, price, availability, target) in lawful()) {
		let k = u128::from(slope(kappa, price, availability, target));
		let (kappa, price) = (u128::from(kappa), u128::from(price));
		let (availability, target) = (u128::from(availability), u128::from(target));
		let keeps_slope = |k: u128| availability * k <= kappa * price * 1_000;
		let keeps_withholding = |k: u128| k * target <= u128::from(MOST_FALL) * u128::from(BILLION);
		prop_assert!(keeps_slope(k) && keeps_withholding(k));
		prop_assert!(!(keeps_slope(k + 1) && keeps_withholding(k + 1)));
	}

	/// (25)
	#[test]
	fn multiplier_and_floor_should_stay_within_their_bounds(
		(nodes, operators, networks) in (0..20u32, 0..20u32, 0..20u32),
		k in any::<u64>(), utilisation in any::<u64>(), target in any::<u32>(),
		gap in 0..=1_000_000u32, others in any::<u64>(), budget in any::<u128>(),
		capacity in any::<u128>(), availability in any::<u64>(),
	) {
		let census = Census { nodes, operators, networks };
		let m = multiplier(&census, k, utilisation, target);
		prop_assert!((LEAST_MULTIPLIER..=MOST_MULTIPLIER).contains(&m));
		let gaps = others.saturating_add(gap.into());
		let f = coverage_floor(m, gap, gaps, budget, capacity, availability);
		prop_assert!(m + f <= MOST_MULTIPLIER);
	}

	/// A busier region never has a lower multiplier.
	#[test]
	fn multiplier_should_rise_with_utilisation(
		(kappa, price, availability, target) in lawful(), low in 0..=BILLION, high in 0..=BILLION,
	) {
		let k = slope(kappa, price, availability, target);
		let (low, high) = (low.min(high), low.max(high));
		prop_assert!(multiplier(&ENOUGH, k, low, target) <= multiplier(&ENOUGH, k, high, target));
	}

	/// (27) but for the millionth that a multiplier is rounded to.
	#[test]
	fn pay_should_not_fall_when_capacity_rises(
		demand in 0..1_000_000u128, small in 1..1_000_000u128, more in 0..1_000_000u128,
		availability in 4_000..=15_000u64,
	) {
		let p = parameters();
		let (paid, small) = (demand * GIGABYTE, small * GIGABYTE);
		let large = small + more * GIGABYTE;
		let at = |capacity| {
			let utilisation = settled(paid, capacity).utilisation(capacity, p.target_utilisation);
			pay(capacity, availability, utilisation)
		};
		prop_assert!(at(small) <= at(large) + grain(large, availability));
	}

	/// (27) in the epoch itself: lines that come for one epoch never take pay from the region.
	#[test]
	fn pay_should_not_fall_when_capacity_comes_for_an_epoch(
		paid in 0..1_000_000u128, usual in 1..1_000_000u128, now in 1..1_000_000u128, more in 0..1_000_000u128,
		availability in 4_000..=15_000u64,
	) {
		let p = parameters();
		let demand = settled(paid * GIGABYTE, usual * GIGABYTE);
		let at = |gigabytes: u128| {
			let capacity = gigabytes * GIGABYTE;
			pay(capacity, availability, demand.utilisation(capacity, p.target_utilisation))
		};
		prop_assert!(at(now) <= at(now + more) + grain((now + more) * GIGABYTE, availability));
	}

	/// (27) for all lawful parameters and demand of any age: what a region gets by its multiplier never falls when its capacity
	/// rises, in the epoch or for good.
	#[test]
	fn pay_should_not_fall_when_capacity_rises_for_any_lawful_parameters(
		(kappa, list_price, target) in (0..=200_000u32, 1_000..=10_000_000u64, 300_000..=700_000u32),
		availability in 100..=150_000u64,
		epochs in prop::collection::vec((0..1_000_000u128, 1..1_000_000u128), 1..20), alpha in 20_000..=200_000u32,
		now in 1..1_000_000u128, more in 0..1_000_000u128,
	) {
		let k = slope(kappa, list_price, availability, target);
		let demand = epochs.iter().fold(Demand::default(), |demand, (paid, capacity)| {
			demand.after(paid * GIGABYTE, capacity * GIGABYTE, alpha, target)
		});
		let paid_at = |demand: &Demand, gigabytes: u128| {
			let capacity = gigabytes * GIGABYTE;
			let m = multiplier(&ENOUGH, k, demand.utilisation(capacity, target), target);
			region_want(capacity, availability, m)
		};
		let slack = grain((now + more) * GIGABYTE, availability);
		prop_assert!(paid_at(&demand, now) <= paid_at(&demand, now + more) + slack);
		// For good: demand stays, capacity is what it is in its average.
		let kept = |gigabytes: u128| settled(demand.paid, gigabytes * GIGABYTE);
		prop_assert!(paid_at(&kept(now), now) <= paid_at(&kept(now + more), now + more) + slack);
	}

	/// (27) with the coverage floor: lines without proofs never take pay from their region, whatever its budget.
	#[test]
	fn pay_and_floor_should_not_fall_when_unproven_capacity_comes(
		availability in 100..=150_000u64, gap in 0..=1_000_000u32, others in 0..3_000_000u64,
		budget in prop_oneof![0..1_000_000u128, 0..1_000_000_000_000u128, Just(u128::MAX / 2)],
		paid in 0..1_000_000u128, usual in 1..1_000_000u128, now in 1..1_000_000u128, more in 0..1_000_000u128,
	) {
		let p = parameters();
		let k = slope(p.kappa, p.list_price, availability, p.target_utilisation);
		let demand = settled(paid * GIGABYTE, usual * GIGABYTE);
		let gaps = u64::from(gap) + others;
		let both = |gigabytes: u128| {
			let capacity = gigabytes * GIGABYTE;
			let m = multiplier(&ENOUGH, k, demand.utilisation(capacity, p.target_utilisation), p.target_utilisation);
			let f = coverage_floor(m, gap, gaps, budget, capacity, availability);
			region_want(capacity, availability, m) + region_want(capacity, availability, f)
		};
		// Multiplier and floor are each rounded to a millionth.
		prop_assert!(both(now) <= both(now + more) + 2 * grain((now + more) * GIGABYTE, availability));
	}

	/// (27) where it ends: proven lines that come close the gap, and with it the floor. Of what a region gets it loses no more
	/// than that: what the multiplier pays does not fall.
	#[test]
	fn region_should_lose_no_more_than_its_floor_when_proven_capacity_comes(
		availability in 100..=150_000u64, least in 1..2_000_000u64, proven in 0..2_000_000u128,
		unproven in 0..1_000_000u128, more in 0..1_000_000u128, budget in 0..1_000_000_000_000u128,
		demand in 0..1_000_000u128,
	) {
		let p = parameters();
		let k = slope(p.kappa, p.list_price, availability, p.target_utilisation);
		let parts = |proven: u128| {
			let capacity = (proven + unproven).max(1) * GIGABYTE;
			let utilisation = settled(demand * GIGABYTE, capacity).utilisation(capacity, p.target_utilisation);
			let m = multiplier(&ENOUGH, k, utilisation, p.target_utilisation);
			let gap = gap(proven, least);
			let f = coverage_floor(m, gap, gap.into(), budget, capacity, availability);
			(region_want(capacity, availability, m), region_want(capacity, availability, f))
		};
		let ((before, floor), (after, left)) = (parts(proven), parts(proven + more));
		let slack = grain((proven + unproven + more).max(1) * GIGABYTE, availability);
		prop_assert!(before <= after + slack);
		let lost = (before + floor).saturating_sub(after + left);
		prop_assert!(lost <= floor.min(budget) + slack);
	}

	/// (27) and (30): where a region becomes large enough to have a multiplier, its pay falls by half at most, and only if it is
	/// used less than the target.
	#[test]
	fn pay_should_fall_by_half_at_most_where_a_region_becomes_a_sample(
		availability in 100..=150_000u64, capacity in 1..1_000_000u128, more in 0..1_000_000u128,
		utilisation in 0..=BILLION,
	) {
		let p = parameters();
		let k = slope(p.kappa, p.list_price, availability, p.target_utilisation);
		let few = Census { nodes: LEAST_NODES - 1, ..ENOUGH };
		let wants = |census: &Census, capacity: u128| {
			let m = multiplier(census, k, utilisation, p.target_utilisation);
			region_want(capacity * GIGABYTE, availability, m)
		};
		let (before, after) = (wants(&few, capacity), wants(&ENOUGH, capacity + more));
		prop_assert!(before <= 2 * after + 2);
		let is_busy = utilisation >= u64::from(p.target_utilisation) * 1_000;
		prop_assert!(!is_busy || before <= after);
	}

	/// (28) Whatever the region's capacity does before and after: what one's own traffic adds to availability pay, over all
	/// epochs that it is remembered, is at most κ of its list price.
	#[test]
	fn self_traffic_should_never_move_more_pay_than_kappa_of_its_price(
		epochs in prop::collection::vec((1..100_000u128, 0..120u128), 1..40),
		from in 0..40usize, length in 1..40usize, part in 1..=100u128,
		later in 1..1_000_000u128, availability in 4_000..=15_000u64,
	) {
		let p = parameters();
		let run = |wash: bool| {
			let (mut demand, mut total, mut cost) = (Demand::default(), 0u128, 0u128);
			// Long enough that nothing of it is left in the average.
			let quiet = (later, 0u128);
			let tail = core::iter::repeat_n(&quiet, 700);
			for (epoch, (gigabytes, percent)) in epochs.iter().chain(tail).enumerate() {
				let capacity = gigabytes * GIGABYTE;
				let mut paid = capacity * percent / 100;
				if wash && epoch < epochs.len() && (from..from + length).contains(&epoch) {
					let added = capacity * part / 100;
					paid += added;
					cost += added / GIGABYTE * u128::from(p.list_price);
				}
				demand = demand.after(paid, capacity, p.utilisation_alpha, p.target_utilisation);
				let utilisation = demand.utilisation(capacity, p.target_utilisation);
				total += pay(capacity, availability, utilisation);
			}
			(total, cost)
		};
		let ((washed, cost), (honest, _)) = (run(true), run(false));
		// A multiplier is rounded to a millionth in every epoch.
		let slack: u128 = epochs.iter().map(|(gigabytes, _)| grain(gigabytes * GIGABYTE, availability)).sum::<u128>()
			+ 700 * grain(later * GIGABYTE, availability);
		let most = cost * u128::from(p.kappa) / MILLION;
		prop_assert!(washed.saturating_sub(honest) <= most + slack, "{washed} - {honest} > {most} + {slack}");
	}

	/// (29)
	#[test]
	fn floors_should_cost_no_more_than_their_budget(
		regions in prop::collection::vec(
			(LEAST_MULTIPLIER..=MOST_MULTIPLIER, 0..=1_000_000u32, any::<u64>()), 1..64,
		),
		budget in prop_oneof![0..1_000u128, 0..1_000_000_000_000u128, any::<u128>()],
		availability in prop_oneof![0..100u64, 4_000..=15_000u64],
	) {
		let gaps: u64 = regions.iter().map(|(_, gap, _)| u64::from(*gap)).sum();
		let spent = regions.iter().fold(0u128, |spent, (multiplier, gap, capacity)| {
			let capacity = u128::from(*capacity);
			let floor = coverage_floor(*multiplier, *gap, gaps, budget, capacity, availability);
			spent.saturating_add(region_want(capacity, availability, floor))
		});
		prop_assert!(spent <= budget);
	}

	/// (42) for what this module computes: every input has an answer.
	#[test]
	fn nothing_should_overflow_at_the_limits(
		a in any::<u128>(), b in any::<u128>(), c in any::<u64>(), d in any::<u64>(), e in any::<u32>(), f in any::<u32>(),
	) {
		for (a, b) in [(a, b), (u128::MAX, b), (a, u128::MAX), (u128::MAX, u128::MAX), (0, 0)] {
			let demand = Demand { paid: a, capacity: b }.after(b, a, e, f);
			prop_assert!(demand.utilisation(a, f) <= BILLION || f > 1_000_000);
			prop_assert!(region_want(a, c, e) <= MOST_WANTED);
			prop_assert!(gap(a, c) <= 1_000_000);
			prop_assert!(kept_floor(e, a, b) <= e);
			let _ = (capacity_bytes(a, c), paid_bytes(a, c), slope(e, c, d, f), slope(0, 0, 0, 0));
			prop_assert!(availability_rate(c, d, e, c) >= d);
			prop_assert!(a > 0 || fee_income_update(c, a, b) <= c);
		}
	}

	/// An average lies between what it was and what came.
	#[test]
	fn average_should_stay_between_what_it_was_and_what_came(
		paid in any::<u64>(), capacity in 1..=u64::MAX, next_paid in any::<u64>(), next in 1..=u64::MAX, alpha in 0..=1_000_000u32,
	) {
		let (paid, capacity) = (u128::from(paid.min(capacity)), u128::from(capacity));
		let (next_paid, next) = (u128::from(next_paid.min(next)), u128::from(next));
		let after = Demand { paid, capacity }.after(next_paid, next, alpha, 500_000);
		prop_assert!((paid.min(next_paid)..=paid.max(next_paid)).contains(&after.paid));
		prop_assert!((capacity.min(next)..=capacity.max(next)).contains(&after.capacity));
	}
}
