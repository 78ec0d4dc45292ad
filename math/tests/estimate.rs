//! The estimator against liars that see everything before they speak.

use proptest::prelude::*;
use rand::{seq::SliceRandom, Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use weir_math::{
	committee::{quota_kbps, trim},
	estimate::*,
};

const TRIALS: u32 = 100_000;

fn report(down_kbps: u32, up_kbps: u32) -> Measurement {
	Measurement {
		kind: Kind::Measured,
		down_kbps,
		up_kbps,
		rtt_10us: 2_000,
		loss_pptt: 10,
		liveness: [0xff; 5],
	}
}

fn measured(rate_kbps: u32) -> Member {
	Member::Reported(report(rate_kbps, rate_kbps))
}

fn estimate_of(rates: &[u32], claim_kbps: u32) -> Estimate {
	let members: Vec<Member> = rates.iter().map(|rate| measured(*rate)).collect();
	estimate(&members, claim_kbps, claim_kbps).unwrap()
}

/// Splits `total` among `flows` in one of several unfair ways.
fn unfair_split(rng: &mut ChaCha8Rng, total: u32, flows: usize) -> Vec<u32> {
	let style = rng.gen_range(0..4);
	let served = rng.gen_range(1..=flows);
	let mut weights: Vec<f64> = (0..flows)
		.map(|flow| match style {
			0 => 1.0,
			1 => rng.gen::<f64>(),
			2 => -rng.gen::<f64>().ln(),
			_ => f64::from(u8::from(flow < served)),
		})
		.collect();
	weights.shuffle(rng);
	let sum: f64 = weights.iter().sum::<f64>().max(f64::MIN_POSITIVE);
	weights.iter().map(|weight| (f64::from(total) * weight / sum) as u32).collect()
}

/// What each flow gets of a line that shares max-min fairly.
fn fair_split(capacity: u32, loads: &[u32]) -> Vec<u32> {
	let mut order: Vec<usize> = (0..loads.len()).collect();
	order.sort_unstable_by_key(|flow| loads[*flow]);
	let mut left = capacity;
	let mut rates = vec![0; loads.len()];
	for (served, flow) in order.iter().enumerate() {
		rates[*flow] = loads[*flow].min(left / (loads.len() - served) as u32);
		left -= rates[*flow];
	}
	rates
}

/// A liar's number, chosen after seeing the honest ones.
fn lie(rng: &mut ChaCha8Rng, honest: &[u32], quota: u32) -> u32 {
	match rng.gen_range(0..6) {
		0 => u32::MAX,
		1 => quota,
		2 => 0,
		3 => honest.iter().copied().max().unwrap_or(0),
		4 => honest.choose(rng).map_or(1, |rate| rate.saturating_add(1)),
		_ => rng.gen_range(0..=quota.saturating_mul(2)),
	}
}

#[derive(Default)]
struct Tally {
	violations: u32,
	voids: u32,
	closest_above: f64,
	closest_below: f64,
}

/// One trial: an unfair target downwards, a fair line upwards, the same liars in both.
fn trial(rng: &mut ChaCha8Rng, k: u16, tally: &mut Tally) {
	let claim = rng.gen_range(1_000..=1_000_000);
	let quota = quota_kbps(claim, k);
	let absent = if rng.gen() { 0 } else { rng.gen_range(0..=k / 3 + 1) };
	let present = k - absent;
	let corrupt = rng.gen_range(0..=present);
	let honest = present - corrupt;
	let capacity = rng.gen_range(0..=claim + claim / 4);

	// A target that knows its friends may spend nothing on them.
	let flows = if rng.gen() { honest } else { present }.max(1);
	let mut down = unfair_split(rng, capacity, flows.into());
	down.truncate(honest.into());

	let style = rng.gen_range(0..3);
	let loads: Vec<u32> = (0..present)
		.map(|member| match style {
			_ if member < honest => quota,
			0 => 0,
			1 => quota,
			_ => rng.gen_range(0..=quota),
		})
		.collect();
	let mut up = fair_split(capacity, &loads);
	up.truncate(honest.into());

	let mut members: Vec<Member> =
		down.iter().zip(&up).map(|(down, up)| Member::Reported(report(*down, *up))).collect();
	let same = rng.gen_bool(0.5).then(|| (lie(rng, &down, quota), lie(rng, &up, quota)));
	for _ in 0..corrupt {
		let (down, up) = same.unwrap_or_else(|| (lie(rng, &down, quota), lie(rng, &up, quota)));
		members.push(match rng.gen_range(0..10) {
			0 => Member::Silent,
			1 => Member::Reported(Measurement { kind: Kind::Unreachable, ..report(down, up) }),
			2 => Member::Reported(Measurement { kind: Kind::Limited, ..report(down, up) }),
			_ => Member::Reported(report(down, up)),
		});
	}
	members.resize(k.into(), Member::Absent);
	members.shuffle(rng);

	let Ok(result) = estimate(&members, claim, claim) else {
		assert!(3 * present < 2 * k || present == 0, "void with {present} of {k} present");
		tally.voids += 1;
		return;
	};
	let highest = upper_bound(present, corrupt, quota, capacity);
	let lowest = if style == 0 {
		lower_bound(present, corrupt, quota, capacity)
	} else {
		lower_bound_loaded(present, corrupt, quota, capacity)
	};
	let (shown, kept) = (u64::from(result.down_kbps), u64::from(result.up_kbps));
	tally.violations += u32::from(shown > highest) + u32::from(kept < lowest);
	if highest > 1_000 {
		tally.closest_above = tally.closest_above.max(shown as f64 / highest as f64);
	}
	if kept > 1_000 {
		tally.closest_below = tally.closest_below.max(lowest as f64 / kept as f64);
	}
}

#[test]
fn liars_should_never_leave_the_bounds() {
	for k in [9, 15, 31, 51] {
		let mut rng = ChaCha8Rng::seed_from_u64(k.into());
		let mut tally = Tally::default();
		(0..TRIALS).for_each(|_| trial(&mut rng, k, &mut tally));
		println!(
			"bounds k={k}: {TRIALS} trials, {} violations, {} void, closest {:.3} of the upper and {:.3} of the lower bound",
			tally.violations, tally.voids, tally.closest_above, tally.closest_below,
		);
		assert_eq!(tally.violations, 0, "k = {k}");
		// A bound nobody comes near would not be tested by this.
		assert!(tally.closest_above > 0.99 && tally.closest_below > 0.99, "k = {k}");
	}
}

#[test]
fn bounds_should_be_attained() {
	for k in [9u16, 15, 31, 51] {
		for corrupt in 0..=trim(k) {
			// Divisible by everything in question, so that no rounding blurs the equality.
			let honest = u32::from(k - corrupt);
			let capacity = honest * u32::from(k - trim(k)) * 12;
			let claim = capacity;
			let quota = quota_kbps(claim, k);
			let share = capacity / honest;
			let rates: Vec<u32> =
				(0..k).map(|member| if member < corrupt { u32::MAX } else { share }).collect();
			if share <= quota {
				let shown = estimate_of(&rates, claim).down_kbps;
				assert_eq!(
					u64::from(shown),
					upper_bound(k, corrupt, quota, capacity),
					"k = {k}, c = {corrupt}"
				);
			}
			let denied: Vec<u32> =
				(0..k).map(|member| if member < corrupt { 0 } else { share.min(quota) }).collect();
			let shown = estimate_of(&denied, claim).down_kbps;
			assert_eq!(u64::from(shown), lower_bound(k, corrupt, quota, capacity), "k = {k}, c = {corrupt}");
		}
	}
}

/// The published table for k = 9, in hundredths of the claim: honest line with liars that withhold, a tenth, a half.
#[test]
fn bounds_should_match_the_published_table() {
	let claim = 1_000_000u32;
	// The derivation's quota, which the ceiling of a seat's uplink does not cut.
	let quota = claim.div_ceil(36) * 5;
	let hundredths = |kbps: u64| (kbps + 5_000) / 10_000;
	for (corrupt, lower, tenth, half) in [
		(0, 100, 10, 50),
		(1, 96, 11, 56),
		(2, 89, 13, 64),
		(3, 71, 31, 82),
		(4, 54, 49, 100),
		(5, 36, 66, 118),
		(7, 0, 102, 125),
	] {
		assert_eq!(hundredths(lower_bound(9, corrupt, quota, claim)), lower, "c = {corrupt}");
		assert_eq!(hundredths(upper_bound(9, corrupt, quota, claim / 10)), tenth, "c = {corrupt}");
		assert_eq!(hundredths(upper_bound(9, corrupt, quota, claim / 2)), half, "c = {corrupt}");
	}
}

#[test]
fn liars_that_load_and_deny_should_bend_more_than_those_that_withhold() {
	let claim = 90_000;
	let quota = quota_kbps(claim, 15);
	assert!(lower_bound(15, 7, quota, claim) * 2 > claim.into());
	assert!(lower_bound_loaded(15, 7, quota, claim) * 2 < claim.into());
	for corrupt in 0..=15 {
		assert!(lower_bound_loaded(15, corrupt, quota, claim) <= lower_bound(15, corrupt, quota, claim));
	}
}

#[test]
fn bounds_should_be_zero_without_members() {
	assert_eq!(
		[upper_bound(0, 0, 10, 10), lower_bound(0, 0, 10, 10), lower_bound_loaded(0, 0, 10, 10)],
		[0; 3]
	);
	assert_eq!(lower_bound(9, 9, 10, 10), 0);
	assert_eq!(lower_bound(9, u16::MAX, 10, 10), 0);
}

proptest! {
	#[test]
	fn estimate_should_never_fall_when_a_rate_rises(
		rates in proptest::collection::vec(0u32..60_000, 1..52), which: prop::sample::Index, more: u32, claim in 1_000u32..1_000_000,
	) {
		let before = estimate_of(&rates, claim);
		let mut raised = rates.clone();
		let rate = which.get_mut(&mut raised[..]);
		*rate = rate.saturating_add(more);
		let after = estimate_of(&raised, claim);
		prop_assert!(after.down_kbps >= before.down_kbps);
		prop_assert!(after.ratio_ppm >= before.ratio_ppm);
	}

	#[test]
	fn estimate_should_ignore_the_order_of_members(
		rates in proptest::collection::vec(0u32..60_000, 1..52), turn: usize, claim in 1_000u32..1_000_000,
	) {
		let mut turned = rates.clone();
		turned.rotate_left(turn % rates.len());
		prop_assert_eq!(estimate_of(&rates, claim), estimate_of(&turned, claim));
	}

	#[test]
	fn estimate_should_survive_any_input(
		rates in proptest::collection::vec((0u8..5, any::<u32>(), any::<u32>(), any::<u16>()), 0..70), down: u32, up: u32,
	) {
		let members: Vec<Member> = rates.into_iter().map(|(sort, down, up, rtt_10us)| match sort {
			0 => Member::Absent,
			1 => Member::Silent,
			2 => Member::Reported(Measurement { kind: Kind::Unreachable, rtt_10us, ..report(down, up) }),
			3 => Member::Reported(Measurement { kind: Kind::Limited, rtt_10us, ..report(down, up) }),
			_ => Member::Reported(Measurement { rtt_10us, ..report(down, up) }),
		}).collect();
		if let Ok(result) = estimate(&members, down, up) {
			prop_assert!(result.present >= 1 && result.present <= 51 && result.alive_parts <= 40);
			prop_assert!(result.down_kbps <= 51 * 50_000 && result.up_kbps <= 51 * 50_000);
		}
	}

	/// Members of an honest line see at least four fifths of their share: then no minority makes a strike.
	#[test]
	fn minority_should_never_reach_a_majority_below_half(
		k in 3u16..=51, claim in 10_000u32..1_000_000, seed: u64,
	) {
		let mut rng = ChaCha8Rng::seed_from_u64(seed);
		let share = quota_kbps(claim, k).min(claim.div_ceil(k.into()));
		let corrupt = rng.gen_range(0..k.div_ceil(2));
		let rates: Vec<u32> = (0..k)
			.map(|member| if member < corrupt { rng.gen_range(0..=share) } else { rng.gen_range((share * 4).div_ceil(5)..=share) })
			.collect();
		prop_assert!(!estimate_of(&rates, claim).below_half_majority);
	}
}

#[test]
fn absent_members_should_leave_the_sum_and_silent_ones_count_zero() {
	// Quota 8,334 of a claim of 100,000 among 15; everyone sees an equal share of a full line.
	let full = [measured(6_667); 15];
	assert_eq!(estimate(&full, 100_000, 100_000).unwrap().down_kbps, 100_005);

	let mut fewer = full;
	fewer[..5].fill(Member::Absent);
	let result = estimate(&fewer, 100_000, 100_000).unwrap();
	assert_eq!((result.present, result.down_kbps), (10, 66_670));
	// Ten quotas are less than the claim: 66,670 of 83,340.
	assert_eq!(result.ratio_ppm, 799_976);

	let mut silent = full;
	silent[..5].fill(Member::Silent);
	let result = estimate(&silent, 100_000, 100_000).unwrap();
	// Twelve kept: five zeros and seven shares.
	assert_eq!((result.present, result.down_kbps), (15, 6_667 * 7 * 15 / 12));
}

#[test]
fn test_should_be_void_when_a_third_is_missing() {
	let mut members = [measured(5_000); 15];
	members[..5].fill(Member::Absent);
	assert!(estimate(&members, 60_000, 60_000).is_ok());
	members[5] = Member::Absent;
	assert_eq!(estimate(&members, 60_000, 60_000), Err(Void::TooFewMembers));
	assert_eq!(estimate(&[], 60_000, 60_000), Err(Void::TooFewMembers));
	assert_eq!(estimate(&[Member::Absent], 60_000, 60_000), Err(Void::TooFewMembers));
}

#[test]
fn ratio_should_be_that_of_the_worse_direction() {
	let members = [Member::Reported(report(4_000, 1_000)); 5];
	let result = estimate(&members, 20_000, 10_000).unwrap();
	assert_eq!((result.down_kbps, result.up_kbps, result.ratio_ppm), (20_000, 5_000, 500_000));
	assert_eq!(estimate(&members, 20_000, 0).unwrap().ratio_ppm, 1_000_000);
}

#[test]
fn ratio_should_follow_what_few_seats_could_offer() {
	// Eight seats of 50 Mbps cannot fill a gigabit: the line is judged by the 400 Mbps they offered.
	let result = estimate(&[measured(50_000); 8], 1_000_000, 1_000_000).unwrap();
	assert_eq!((result.down_kbps, result.ratio_ppm), (400_000, 1_000_000));
}

#[test]
fn medians_should_come_from_members_that_got_an_answer() {
	let with = |kind, rtt_10us, loss_pptt| {
		Member::Reported(Measurement { kind, rtt_10us, loss_pptt, ..report(1, 1) })
	};
	let members = [
		with(Kind::Measured, 300, 1),
		with(Kind::Limited, 100, 9),
		with(Kind::Measured, 200, 5),
		with(Kind::Measured, 400, 7),
		with(Kind::Unreachable, 60_000, 10_000),
		Member::Silent,
		Member::Absent,
	];
	let result = estimate(&members, 10_000, 10_000).unwrap();
	assert_eq!((result.rtt_10us, result.loss_pptt), (200, 5));
	let nobody = estimate(&[Member::Silent; 3], 10_000, 10_000).unwrap();
	assert_eq!((nobody.rtt_10us, nobody.loss_pptt), (0, 0));
}

#[test]
fn liveness_should_count_the_parts_a_majority_saw() {
	let saw = |liveness| Member::Reported(Measurement { liveness, ..report(1, 1) });
	let members = [
		saw([0b0000_0011, 0, 0, 0, 0x80]),
		saw([0b0000_0001, 0, 0, 0, 0x80]),
		saw([0b0000_0111, 0, 0, 0, 0x80]),
		Member::Silent,
		Member::Silent,
	];
	// Part 0 and part 39 by three of five; parts 1 and 2 by fewer.
	assert_eq!(estimate(&members, 10_000, 10_000).unwrap().alive_parts, 2);
	assert_eq!(estimate(&[measured(1); 5], 10_000, 10_000).unwrap().alive_parts, 40);
}

#[test]
fn outage_should_need_more_than_half_of_the_present() {
	let dark = Member::Reported(Measurement { kind: Kind::Unreachable, ..report(9, 9) });
	let unreachable = |dark_ones: usize| {
		let mut members = [measured(2_000); 6];
		members[..dark_ones].fill(dark);
		estimate(&members, 10_000, 10_000).unwrap().unreachable_majority
	};
	assert!(!unreachable(3) && unreachable(4));
}

#[test]
fn majority_below_half_should_not_be_reached_when_absent_members_took_their_share() {
	// An honest line of 100 Mbps, loaded by all 15; three do not reveal, and six of the twelve others deny.
	let share = 100_000 / 15;
	let mut members = [measured(share); 15];
	members[..3].fill(Member::Absent);
	members[3..8].fill(measured(0));
	assert!(!estimate(&members, 100_000, 100_000).unwrap().below_half_majority);
	members[8] = measured(0);
	assert!(estimate(&members, 100_000, 100_000).unwrap().below_half_majority);
}

#[test]
fn majority_below_half_should_be_reached_by_half_of_those_present() {
	// A line at a tenth of its claim: six friends, one member served, one absent, and seven that saw nothing.
	let quota = quota_kbps(100_000, 15);
	let mut members = [measured(0); 15];
	members[0] = Member::Absent;
	members[1..7].fill(measured(quota));
	members[7] = measured(6_000);
	let result = estimate(&members, 100_000, 100_000).unwrap();
	assert!(result.ratio_ppm < 500_000 && result.below_half_majority, "{result:?}");
}

#[test]
fn majority_below_half_should_be_reached_by_a_false_claim() {
	for k in [5u16, 7, 15, 31, 51] {
		let share = 100_000 / u32::from(k);
		// A tenth of the claim for everyone, and the same served to a few members only.
		let evenly = vec![share / 10; k.into()];
		assert!(estimate_of(&evenly, 100_000).below_half_majority);
		let favoured: Vec<u32> = (0..k).map(|member| if member < k / 10 { share } else { 0 }).collect();
		assert!(estimate_of(&favoured, 100_000).below_half_majority);
		assert!(!estimate_of(&vec![share; k.into()], 100_000).below_half_majority);
	}
}
