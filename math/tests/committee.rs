//! Everyone who asks who measures whom gets the same answer.

use proptest::prelude::*;
use std::collections::BTreeSet;
use weir_math::{committee::*, permutation::Permutation, Timing};

fn kind() -> impl Strategy<Value = ListKind> {
	prop_oneof![Just(ListKind::Test), Just(ListKind::Admission), Just(ListKind::Escalation)]
}

fn assert_views_agree(seats: &Permutation, k: u16, ordinals: u32) {
	let mut tasks = vec![Vec::new(); seats.len() as usize];
	for ordinal in 0..ordinals {
		let committee: Vec<u32> = members(seats, ordinal, k).collect();
		assert_eq!(committee.len(), seats.len().min(k.into()) as usize);
		assert_eq!(committee.iter().collect::<BTreeSet<_>>().len(), committee.len());
		for (place, seat) in committee.iter().enumerate() {
			assert_eq!(member_place(seats, *seat, ordinal, k), Some(place as u16));
			tasks[*seat as usize].push(ordinal);
		}
		for seat in (0..seats.len()).filter(|seat| !committee.contains(seat)) {
			assert_eq!(member_place(seats, seat, ordinal, k), None);
		}
	}
	for (seat, expected) in tasks.iter().enumerate() {
		let listed: Vec<u32> = ordinals_of(seats, seat as u32, k, ordinals).collect();
		assert_eq!(&listed, expected, "seat {seat} of {} in {ordinals} committees of {k}", seats.len());
	}
	let loads = tasks.iter().map(Vec::len);
	if let (Some(least), Some(most)) = (loads.clone().min(), loads.max()) {
		assert!(most - least <= 1, "a seat serves {most} times, another {least}");
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(400))]

	#[test]
	fn views_of_an_assignment_should_agree(
		seed: [u8; 32], kind in kind(), class in 0..CLASSES, tier in 0u8..4,
		seats in 1u32..120, k in 1u16..=60, ordinals in 0u32..60,
	) {
		assert_views_agree(&seat_permutation(&seed, kind, class, tier, seats), k, ordinals);
	}

	#[test]
	fn views_of_an_assignment_should_agree_when_ordinals_are_large(
		seed: [u8; 32], seats in 1u32..=u32::MAX, k in 1u16..=51, ordinal: u32,
	) {
		let seats = seat_permutation(&seed, ListKind::Test, 1, 2, seats);
		let committee: Vec<u32> = members(&seats, ordinal, k).collect();
		prop_assert_eq!(committee.len(), seats.len().min(k.into()) as usize);
		for (place, seat) in committee.iter().enumerate() {
			prop_assert_eq!(member_place(&seats, *seat, ordinal, k), Some(place as u16));
		}
	}

	#[test]
	fn tests_drawn_should_be_the_share_asked_for(seed: [u8; 32], n in 1u32..3_000, every in 1u32..20) {
		let tested = (0..n)
			.filter(|position| is_tested(ordinal(&seed, ListKind::Test, 0, *position, n).unwrap(), n, every))
			.count();
		prop_assert_eq!(tested as u32, n.div_ceil(every));
	}

	#[test]
	fn quotas_should_offer_a_quarter_more_than_the_claim_until_the_uplinks_end(
		claim in MIN_CLAIM_KBPS..=MAX_CLAIM_KBPS, k in 1u16..=MAX_COMMITTEE,
	) {
		let quota = u64::from(quota_kbps(claim, k));
		let k = u64::from(k);
		let wanted = u64::from(claim) * 5;
		prop_assert!(quota == 50_000 || (quota * k * 4 >= wanted && (quota - 1) * k * 4 < wanted));
		prop_assert!(quota <= 50_000);
	}

	#[test]
	fn tier_and_size_should_never_ask_more_than_an_uplink(
		claim in MIN_CLAIM_KBPS..=MAX_CLAIM_KBPS, k in 1u16..=MAX_COMMITTEE, mut seats: [u8; 4],
	) {
		// A seat is in each tier it covers, so that tiers shrink upwards.
		seats.sort_unstable_by(|a, b| b.cmp(a));
		let seats = seats.map(u32::from);
		match tier_and_size(claim, k, seats) {
			Some((tier, size)) => {
				let tier = usize::from(tier);
				prop_assert!(quota_kbps(claim, size) <= TIERS_KBPS[tier]);
				prop_assert_eq!(u32::from(size), seats[tier].min(k.into()));
				for lower in 0..tier {
					let lower_size = seats[lower].min(k.into()) as u16;
					prop_assert!(lower_size == 0 || quota_kbps(claim, lower_size) > TIERS_KBPS[lower]);
				}
			},
			None => prop_assert_eq!(seats[3], 0),
		}
	}
}

#[test]
fn committees_should_be_empty_without_seats_or_members() {
	let none = seat_permutation(&[1; 32], ListKind::Test, 0, 0, 0);
	assert_eq!(members(&none, 3, 15).count(), 0);
	assert_eq!(member_place(&none, 0, 3, 15), None);
	assert_eq!(ordinals_of(&none, 0, 15, 100).count(), 0);
	let some = seat_permutation(&[1; 32], ListKind::Test, 0, 0, 9);
	assert_eq!(members(&some, 3, 0).count(), 0);
	assert_eq!(ordinals_of(&some, 2, 0, 100).count(), 0);
	assert_eq!(ordinals_of(&some, 9, 5, 100).count(), 0);
	assert_eq!(member_place(&some, 9, 0, 5), None);
}

#[test]
fn ordinals_of_should_end_when_the_number_space_does() {
	let seats = seat_permutation(&[2; 32], ListKind::Test, 0, 0, u32::MAX);
	let listed: Vec<u32> = ordinals_of(&seats, 77, 51, u32::MAX).collect();
	assert_eq!(listed.len(), 51);
	assert!(listed.iter().all(|ordinal| member_place(&seats, 77, *ordinal, 51).is_some()));
}

#[test]
fn domains_should_differ_when_the_draw_does() {
	let kinds = [ListKind::Test, ListKind::Admission, ListKind::Escalation];
	let draws = (0..4).map(|tier| Draw::Seats { tier }).chain([Draw::Ordinals]);
	let domains: Vec<_> = draws
		.flat_map(|draw| {
			kinds
				.into_iter()
				.flat_map(move |kind| (0..CLASSES).map(move |class| domain_of(draw, kind, class)))
		})
		.collect();
	assert_eq!(domains.iter().collect::<BTreeSet<_>>().len(), domains.len());
	assert_eq!(domains.len(), 5 * 3 * 2);
}

#[test]
fn classes_and_sizes_should_follow_the_specification() {
	assert_eq!([0, 1_000, 500_000].map(class_of), [Some(0); 3]);
	assert_eq!([500_001, 1_000_000].map(class_of), [Some(1); 2]);
	assert_eq!([1_000_001, u32::MAX].map(class_of), [None; 2]);
	let (public, local) = (Timing::public(), Timing::local());
	assert_eq!([size(&public, 0, false), size(&public, 1, false), size(&public, 1, true)], [15, 31, 51]);
	assert_eq!([size(&local, 0, false), size(&local, 1, false), size(&local, 0, true)], [5, 5, 7]);
	assert_eq!([15, 31, 51, 5, 3].map(trim), [3, 7, 12, 1, 0]);
}

#[test]
fn quotas_and_tiers_should_follow_the_specification() {
	assert_eq!(quota_kbps(500_000, 15), 41_667);
	assert_eq!(quota_kbps(1_000_000, 31), 40_323);
	assert_eq!(quota_kbps(1_000_000, 51), 24_510);
	assert_eq!(quota_kbps(10_000, 5), 2_500);
	assert_eq!(quota_kbps(1_000_000, 8), 50_000);
	assert_eq!(quota_kbps(u32::MAX, 1), 50_000);
	assert_eq!(quota_kbps(1_000, 0), 0);
	let tiers = [0, 5_000, 5_001, 10_000, 25_000, 25_001, 50_000, 50_001].map(tier_for);
	assert_eq!(tiers, [Some(0), Some(0), Some(1), Some(1), Some(2), Some(3), Some(3), None]);
}

#[test]
fn tier_should_rise_when_few_seats_must_offer_more() {
	// 51 members would offer 2.5 Mbps each, seven must offer 17.9.
	assert_eq!(tier_and_size(100_000, 51, [60, 60, 60, 60]), Some((0, 51)));
	assert_eq!(tier_and_size(100_000, 51, [7, 7, 7, 7]), Some((2, 7)));
	assert_eq!(tier_and_size(100_000, 51, [0; 4]), None);
	assert_eq!(tier_and_size(1_000_000, 15, [9, 9, 9, 0]), None);
	assert_eq!(tier_and_size(1_000_000, 15, [9, 9, 9, 2]), Some((3, 2)));
}

#[test]
fn is_tested_should_round_up_and_refuse_a_zero_rate() {
	assert!(is_tested(0, 1, 4) && !is_tested(1, 4, 4) && is_tested(1, 5, 4));
	assert!(!is_tested(0, 0, 4) && !is_tested(0, 10, 0));
}
