//! Every test runs once, in time, and about as many in each group.

use proptest::prelude::*;
use weir_math::{committee::ListKind, schedule::*, timing::GROUPS, Timing};

const KINDS: [ListKind; 3] = [ListKind::Test, ListKind::Admission, ListKind::Escalation];

fn group_of(rho: &[[u8; 32]], turn: Turn) -> u32 {
	(0..GROUPS).find(|group| runs_in_group(&rho[*group as usize], *group, turn)).unwrap()
}

fn randomness(epoch: u8) -> Vec<[u8; 32]> {
	(0..GROUPS as u8).map(|group| [epoch.wrapping_mul(31) ^ group.wrapping_mul(7); 32]).collect()
}

#[test]
fn every_group_should_run_an_equal_share() {
	const TURNS: u32 = 48_000;
	let rho = randomness(1);
	// The SCALE encoding of an IPv4 prefix: a zero and three bytes.
	let of_prefix = |n: u32| Turn::of_prefix(&[5; 32], &[0, (n >> 16) as u8, (n >> 8) as u8, n as u8]);
	let turns: [Vec<Turn>; 2] = [
		(0..TURNS).map(|ordinal| Turn::of_ordinal(ListKind::Test, 0, ordinal)).collect(),
		(0..TURNS).map(of_prefix).collect(),
	];
	for turns in turns {
		let mut counts = [0u32; GROUPS as usize];
		for turn in turns {
			counts[group_of(&rho, turn) as usize] += 1;
		}
		let expected = f64::from(TURNS / GROUPS);
		let statistic: f64 =
			counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum();
		// 23 degrees of freedom: five deviations above the mean.
		assert!(statistic < 23.0 + 5.0 * 46f64.sqrt(), "{statistic}: {counts:?}");
	}
}

#[test]
fn prefixes_should_be_drawn_anew_with_each_seed() {
	let rho = randomness(3);
	let group = |seed: u16, prefix: u8| {
		let mut bytes = [0; 32];
		bytes[..2].copy_from_slice(&seed.to_le_bytes());
		group_of(&rho, Turn::of_prefix(&bytes, &[0, 23, 1, prefix]))
	};
	let equal = (0..4_800).filter(|seed| group(*seed, 1) == group(*seed, 2)).count();
	// 200 expected, standard deviation 14.
	assert!((130..270).contains(&equal), "{equal}");
}

#[test]
fn groups_of_two_lists_should_be_unrelated() {
	let rho = randomness(2);
	let equal = (0..4_800)
		.filter(|ordinal| {
			let group = |kind| group_of(&rho, Turn::of_ordinal(kind, 0, *ordinal));
			group(ListKind::Test) == group(ListKind::Admission)
		})
		.count();
	// 200 expected, standard deviation 14.
	assert!((130..270).contains(&equal), "{equal}");
}

#[test]
fn last_group_should_run_what_is_left_and_none_should_follow() {
	for ordinal in 0..100 {
		let of_prefix = Turn::of_prefix(&[6; 32], &[0, 23, 1, ordinal as u8]);
		for turn in [Turn::of_ordinal(ListKind::Test, 0, ordinal), of_prefix] {
			assert!(runs_in_group(&[ordinal as u8; 32], GROUPS - 1, turn));
			assert!(!runs_in_group(&[ordinal as u8; 32], GROUPS, turn));
		}
	}
}

#[test]
fn starts_should_lie_between_the_lead_and_the_end_of_the_epoch() {
	for timing in [Timing::public(), Timing::local()] {
		for group in 0..GROUPS {
			let first = timing.measure_from + group * timing.group_slots;
			for kind in KINDS {
				for (class, ordinal) in [(0, 0), (1, 5), (0, 147), (1, 1_000_003), (0, u32::MAX)] {
					let slot = start_slot(&timing, group, Turn::of_ordinal(kind, class, ordinal));
					assert!(slot >= first + timing.lead_slots, "a test starts before its group is known");
					assert!(slot < first + timing.lead_slots + timing.group_slots);
					assert!(slot < timing.epoch_slots);
				}
			}
		}
	}
}

#[test]
fn starts_should_use_every_slot_of_a_group_equally() {
	let timing = Timing::public();
	let mut counts = vec![0; timing.group_slots as usize];
	for ordinal in 0..timing.group_slots * 3 {
		let slot = start_slot(&timing, 4, Turn::of_ordinal(ListKind::Admission, 1, ordinal));
		counts[(slot - timing.measure_from - timing.lead_slots - 4 * timing.group_slots) as usize] += 1;
	}
	assert!(counts.iter().all(|count| *count == 3));
}

#[test]
fn one_test_in_sixteen_should_be_long_where_the_epoch_holds_it() {
	let (public, local) = (Timing::public(), Timing::local());
	assert_eq!((0..1_600).filter(|ordinal| is_long(*ordinal)).count(), 100);
	assert_eq!([0, 1, 15, 16].map(|ordinal| window_millis(&public, ordinal)), [20_000, 3_000, 3_000, 20_000]);
	assert_eq!([0, 1, 15, 16].map(|ordinal| window_millis(&local, ordinal)), [3_000; 4]);
}

proptest! {
	#[test]
	fn starts_of_prefixes_should_lie_between_the_lead_and_the_end_of_the_epoch(
		seed: [u8; 32], v4: [u8; 3], v6: [u8; 6], group in 0..GROUPS,
	) {
		let encoded = [[&[0], v4.as_slice()].concat(), [&[1], v6.as_slice()].concat()];
		for timing in [Timing::public(), Timing::local()] {
			let first = timing.measure_from + group * timing.group_slots + timing.lead_slots;
			for prefix in &encoded {
				let slot = start_slot(&timing, group, Turn::of_prefix(&seed, prefix));
				prop_assert!(slot >= first && slot < first + timing.group_slots);
				prop_assert!(slot < timing.epoch_slots);
			}
		}
	}

	#[test]
	fn submissions_should_leave_room_for_retries(
		from in 0u32..10_000, width in 1u32..5_000, hash: [u8; 32],
	) {
		let window = (from, from + width);
		let slot = submit_offset(window, &hash);
		prop_assert!(slot < submit_until(window));
		let rest = (width / 4).max((width / 2).min(8));
		prop_assert!(slot >= from && slot + rest < from + width);
	}

	#[test]
	fn submissions_should_fall_on_the_first_slot_when_the_window_is_empty(from: u32, until: u32, hash: [u8; 32]) {
		prop_assume!(until <= from);
		prop_assert_eq!(submit_offset((from, until), &hash), from);
	}
}

fn run(group: u8, start_slot: u32, window_millis: u32) -> Run {
	Run { group, start_slot, window_millis }
}

#[test]
fn runs_should_collide_while_both_load_their_lines() {
	// A short test loads its line for 7.525 s: two slots of 6 s, four of 2 s.
	for (slot_millis, slots) in [(6_000, 2), (2_000, 4)] {
		let first = run(3, 100, 3_000);
		for apart in 0..slots {
			assert!(
				first.collides(&run(3, 100 + apart, 3_000), slot_millis),
				"{apart} slots of {slot_millis} ms"
			);
		}
		assert!(!first.collides(&run(3, 100 + slots, 3_000), slot_millis));
	}
	// A long one for 41.525 s, from its own T0 on: only the earlier test's length counts.
	assert!(run(3, 100, 20_000).collides(&run(3, 106, 3_000), 6_000));
	assert!(!run(3, 100, 20_000).collides(&run(3, 107, 3_000), 6_000));
	assert!(!run(3, 100, 3_000).collides(&run(3, 102, 20_000), 6_000));
}

#[test]
fn runs_of_two_groups_should_not_collide() {
	assert!(!run(3, 100, 3_000).collides(&run(4, 100, 3_000), 2_000));
}

proptest! {
	#[test]
	fn collision_should_be_mutual(a in 0u32..200, b in 0u32..200, long in any::<bool>(), slot_millis in 1_000u64..60_000) {
		let (first, second) = (run(0, a, if long { 20_000 } else { 3_000 }), run(0, b, 3_000));
		prop_assert_eq!(first.collides(&second, slot_millis), second.collides(&first, slot_millis));
		prop_assert!(first.collides(&first, slot_millis));
	}
}
