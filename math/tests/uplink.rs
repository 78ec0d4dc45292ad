//! Uplinks: who falls short of a tier, and what liars and targets can make of the rule.

use proptest::{collection::vec, prelude::*};
use weir_math::{
	committee::{quota_kbps, trim, TIERS_KBPS},
	estimate::{Kind, Measurement, Member},
	uplink::*,
};

const CLAIM: u32 = 300_000;
/// 25 Mbps each of 15, so that the tier of 25 Mbps is needed.
const QUOTA: u32 = 25_000;
const UPLINK: u32 = 25_000;

fn saw(down_kbps: u32, up_kbps: u32) -> Member {
	let kind = Kind::Measured;
	Member::Reported(Measurement { kind, down_kbps, up_kbps, rtt_10us: 700, loss_pptt: 0, liveness: [0; 5] })
}

/// Fifteen members that saw all of their quota, but for the first ones.
fn committee(first: &[Member]) -> Vec<Member> {
	let mut all = first.to_vec();
	all.resize(15, saw(QUOTA, QUOTA));
	all
}

fn shown(members: &[Member], place: usize, uplink_kbps: u32) -> Option<Showing> {
	Loads::of(members, CLAIM, CLAIM, true).show(&members[place], uplink_kbps)
}

#[test]
fn quota_should_be_what_these_tests_assume() {
	assert_eq!(quota_kbps(CLAIM, 15), QUOTA);
	assert!(TIERS_KBPS.contains(&UPLINK));
}

#[test]
fn member_should_fall_short_below_four_fifths_when_the_line_had_room() {
	for (rate, expected) in [(19_999, Showing::FellShort), (20_000, Showing::Reached)] {
		let members = committee(&[saw(rate, QUOTA)]);
		assert_eq!(shown(&members, 0, UPLINK), Some(expected), "{rate} down");
		let members = committee(&[saw(QUOTA, rate)]);
		assert_eq!(shown(&members, 0, UPLINK), Some(expected), "{rate} up");
	}
}

#[test]
fn nobody_should_fall_short_when_the_verdict_is_not_good() {
	let members = committee(&[saw(0, 0)]);
	let loads = Loads::of(&members, CLAIM, CLAIM, false);
	assert_eq!(loads.show(&members[0], UPLINK), None);
	// But whoever reached its quota has.
	assert_eq!(loads.show(&members[1], UPLINK), Some(Showing::Reached));
}

#[test]
fn line_should_have_room_when_three_quarters_saw_nine_tenths() {
	let short = saw(0, 0);
	assert_eq!(shown(&committee(&[short; 3]), 0, UPLINK), Some(Showing::FellShort));
	assert_eq!(shown(&committee(&[short; 4]), 0, UPLINK), None);
	let nearly = |rate| committee(&[short, saw(rate, rate), saw(rate, rate), saw(rate, rate)]);
	assert_eq!(shown(&nearly(22_500), 0, UPLINK), Some(Showing::FellShort));
	assert_eq!(shown(&nearly(22_499), 0, UPLINK), None);
}

#[test]
fn silent_members_should_count_as_present_and_absent_ones_not() {
	let short = saw(0, 0);
	assert_eq!(
		shown(&committee(&[short, short, short, Member::Absent]), 0, UPLINK),
		Some(Showing::FellShort)
	);
	assert_eq!(shown(&committee(&[short, short, short, Member::Silent]), 0, UPLINK), None);
	assert_eq!(shown(&committee(&[Member::Silent]), 0, UPLINK), None);
	assert_eq!(shown(&committee(&[Member::Absent]), 0, UPLINK), None);
}

#[test]
fn test_should_tell_only_when_the_quota_needs_the_highest_tier_of_the_seat() {
	let members = committee(&[saw(0, 0)]);
	assert_eq!(shown(&members, 0, 50_000), None);
	assert_eq!(shown(&members, 0, 49_999), Some(Showing::FellShort));
	// It has lost the tier it was drawn from.
	assert_eq!(shown(&members, 0, 10_000), None);
	assert_eq!(shown(&members, 0, 4_999), None);
	assert_eq!(shown(&members, 14, 50_000), None);
}

#[test]
fn directions_should_tell_on_their_own() {
	// The smaller one needs no tier above the smallest.
	let members = committee(&[saw(QUOTA, 0), saw(0, 2_500)]);
	let loads = Loads::of(&members, CLAIM, CLAIM / 10, true);
	assert_eq!(loads.show(&members[0], UPLINK), Some(Showing::Reached));
	assert_eq!(loads.show(&members[1], UPLINK), Some(Showing::FellShort));
	assert_eq!(loads.show(&members[0], 5_000), Some(Showing::FellShort));
}

#[test]
fn lower_tier_should_be_the_next_one_below() {
	for (uplink, lower) in [
		(4_999, None),
		(5_000, None),
		(9_999, None),
		(10_000, Some(5_000)),
		(49_999, Some(10_000)),
		(1_000_000, Some(25_000)),
	] {
		assert_eq!(lower_tier_kbps(uplink), lower, "{uplink}");
	}
}

#[test]
fn shortfalls_should_count_epochs_in_a_row() {
	let mut shortfalls = Shortfalls::default();
	for epoch in [3, 3, 4, 9] {
		assert!(!shortfalls.are_enough());
		shortfalls.note(epoch, Showing::FellShort);
	}
	assert!(shortfalls.are_enough());
	assert_eq!(shortfalls.count(), 3);
	shortfalls.note(9, Showing::Reached);
	assert_eq!(shortfalls.count(), 0);
	shortfalls.note(9, Showing::FellShort);
	assert_eq!(shortfalls.count(), 0);
	shortfalls.note(10, Showing::FellShort);
	assert_eq!(shortfalls.count(), 1);
}

fn any_member() -> impl Strategy<Value = Member> {
	prop_oneof![
		1 => Just(Member::Absent),
		1 => Just(Member::Silent),
		6 => (0u32..60_000, 0u32..60_000).prop_map(|(down, up)| saw(down, up)),
	]
}

fn showing() -> impl Strategy<Value = Showing> {
	prop_oneof![Just(Showing::Reached), Just(Showing::FellShort)]
}

proptest! {
	/// A target, or whoever reports, can name a quarter of those present per direction.
	#[test]
	fn those_that_fall_short_should_be_at_most_a_quarter_per_direction(
		members in vec(any_member(), 0..52),
		(down, up) in (1_000u32..1_000_000, 1_000u32..1_000_000),
		uplink in 0u32..60_000,
	) {
		let loads = Loads::of(&members, down, up, true);
		let present = members.iter().filter(|member| **member != Member::Absent).count();
		let short = members.iter().filter(|member| loads.show(member, uplink) == Some(Showing::FellShort)).count();
		prop_assert!(short <= 2 * usize::from(trim(present as u16)), "{short} of {present}");
	}

	/// Whatever the others report.
	#[test]
	fn member_that_reached_its_quota_should_never_fall_short(
		others in vec(any_member(), 14),
		down in QUOTA * 4 / 5..60_000,
		up in QUOTA * 4 / 5..60_000,
		good: bool,
	) {
		let mut members = vec![saw(down, up)];
		members.extend(others);
		let loads = Loads::of(&members, CLAIM, CLAIM, good);
		prop_assert_eq!(loads.show(&members[0], UPLINK), Some(Showing::Reached));
	}

	/// A line of its claim, shared with a tenth of noise, and fewer than three quarters of liars.
	#[test]
	fn liars_should_name_nobody_on_a_line_without_room(
		honest in vec((900u32..1_100, 900u32..1_100), 4..15),
		lie in any_member(),
	) {
		let share = CLAIM / 15;
		let mut members: Vec<Member> =
			honest.iter().map(|(down, up)| saw(share * down / 1_000, share * up / 1_000)).collect();
		let liars = 15 - members.len();
		members.resize(15, lie);
		let present = members.iter().filter(|member| **member != Member::Absent).count() as u16;
		prop_assume!(liars < usize::from(present - trim(present)));
		let loads = Loads::of(&members, CLAIM, CLAIM, true);
		for member in &members[..honest.len()] {
			prop_assert_ne!(loads.show(member, UPLINK), Some(Showing::FellShort));
		}
	}

	#[test]
	fn shortfalls_should_not_depend_on_the_order_within_an_epoch(
		(epochs, shuffled) in vec(vec(showing(), 0..4), 0..6).prop_flat_map(|epochs| {
			let shuffled: Vec<_> = epochs.iter().map(|epoch| Just(epoch.clone()).prop_shuffle()).collect();
			(Just(epochs), shuffled)
		}),
	) {
		let run = |epochs: &[Vec<Showing>]| {
			let mut shortfalls = Shortfalls::default();
			for (epoch, tests) in (1u32..).zip(epochs) {
				tests.iter().for_each(|showing| shortfalls.note(epoch, *showing));
			}
			shortfalls.count()
		};
		prop_assert_eq!(run(&epochs), run(&shuffled));
	}

	/// One test in each epoch that it passes protects a seat for ever.
	#[test]
	fn seat_should_keep_its_tier_when_it_reaches_one_quota_in_each_epoch(
		epochs in vec(vec(showing(), 0..6), 0..20),
		place in any::<prop::sample::Index>(),
	) {
		let mut shortfalls = Shortfalls::default();
		for (epoch, mut tests) in (1u32..).zip(epochs) {
			tests.insert(place.index(tests.len() + 1), Showing::Reached);
			tests.iter().for_each(|showing| shortfalls.note(epoch, *showing));
			prop_assert!(!shortfalls.are_enough());
			prop_assert_eq!(shortfalls.count(), 0);
		}
	}
}
