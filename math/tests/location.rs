//! Locations: the table against places everybody can look up, the rule against physics and against liars.

use proptest::{collection::vec, prelude::*, sample::select};
use weir_math::{
	estimate::{estimate, Kind, Measurement, Member},
	location::*,
	region::is_assigned,
};

/// Capitals, then towns far from theirs: latitude and longitude in hundredths of a degree.
#[rustfmt::skip]
const PLACES: &[(&[u8; 2], i32, i32)] = &[
	(b"AR", -3460, -5838), (b"AT", 4821, 1637), (b"AU", -3528, 14913), (b"BD", 2381, 9041),
	(b"BE", 5085, 435), (b"BG", 4270, 2332), (b"BO", -1650, -6815), (b"BR", -1579, -4788),
	(b"CA", 4542, -7570), (b"CD", -433, 1531), (b"CH", 4695, 745), (b"CL", -3345, -7067),
	(b"CN", 3990, 11641), (b"CO", 471, -7407), (b"CU", 2311, -8237), (b"CV", 1493, -2351),
	(b"CY", 3517, 3337), (b"CZ", 5008, 1444), (b"DE", 5252, 1341), (b"DK", 5568, 1257),
	(b"DZ", 3675, 306), (b"EC", -18, -7847), (b"EG", 3004, 3124), (b"ES", 4042, -370),
	(b"ET", 902, 3875), (b"FI", 6017, 2494), (b"FJ", -1814, 17844), (b"FR", 4886, 235),
	(b"GB", 5151, -13), (b"GR", 3798, 2373), (b"HU", 4750, 1904), (b"ID", -621, 10685),
	(b"IE", 5335, -626), (b"IN", 2861, 7721), (b"IR", 3569, 5139), (b"IS", 6415, -2194),
	(b"IT", 4190, 1250), (b"JP", 3568, 13969), (b"KE", -129, 3682), (b"KR", 3757, 12698),
	(b"KZ", 5117, 7143), (b"LK", 693, 7986), (b"MA", 3402, -684), (b"MG", -1888, 4751),
	(b"MN", 4789, 10691), (b"MX", 1943, -9913), (b"MU", -2016, 5750), (b"NG", 908, 740),
	(b"NL", 5237, 490), (b"NO", 5991, 1075), (b"NZ", -4129, 17478), (b"PE", -1205, -7704),
	(b"PG", -944, 14718), (b"PH", 1460, 12098), (b"PL", 5223, 2101), (b"PT", 3872, -914),
	(b"RU", 5576, 3762), (b"SE", 5933, 1807), (b"SG", 129, 10385), (b"TO", -2114, -17520),
	(b"UA", 5045, 3052), (b"US", 3891, -7704), (b"VN", 2103, 10585), (b"ZA", -2575, 2819),
	// Hanga Roa, Puerto Ayora, Kastellorizo, Kinmen, Las Palmas, Ponta Delgada, Honolulu, San Juan, Longyearbyen.
	(b"CL", -2715, -10943), (b"EC", -74, -9031), (b"GR", 3615, 2959), (b"TW", 2443, 11832),
	(b"ES", 2812, -1543), (b"PT", 3774, -2567), (b"US", 2131, -15786), (b"US", 1847, -6611), (b"NO", 7822, 1563),
	// Saint-Denis (Réunion), Nouméa, Papeete, Port Blair, Kaliningrad, Petropavlovsk-Kamchatsky, Simferopol, Ceuta.
	(b"FR", -2088, 5545), (b"FR", -2228, 16646), (b"FR", -1754, -14957), (b"IN", 1167, 9276),
	(b"RU", 5471, 2051), (b"RU", 5304, 15865), (b"RU", 4495, 3410), (b"ES", 3589, -532),
];

/// Great circle on the sphere of the earth's mean radius, km.
fn haversine_km(a: (i32, i32), b: (i32, i32)) -> f64 {
	let radians = |hundredths: i32| (f64::from(hundredths) / 100.0).to_radians();
	let (lat_a, lat_b) = (radians(a.0), radians(b.0));
	let half = |angle: f64| (angle / 2.0).sin().powi(2);
	let square = half(lat_b - lat_a) + lat_a.cos() * lat_b.cos() * half(radians(b.1) - radians(a.1));
	2.0 * 6371.0 * square.sqrt().min(1.0).asin()
}

fn assigned() -> Vec<[u8; 2]> {
	(0..=u16::MAX).map(u16::to_be_bytes).filter(|code| is_assigned(*code)).collect()
}

fn code_of(text: &str) -> [u8; 2] {
	text.as_bytes().try_into().unwrap()
}

/// What a committee too small to be a jury finds.
fn found(members: &[Witness<u32>], claimed: [u8; 2]) -> LocationFinding {
	found_by(members, JURY_MEMBERS - 1, claimed)
}

fn found_by(members: &[Witness<u32>], drawn: u16, claimed: [u8; 2]) -> LocationFinding {
	judge_location(members, drawn, claimed).finding
}

/// So many members that contradict a claim of Germany, each of an operator of its own.
fn against(count: u32) -> Vec<Witness<u32>> {
	(0..count).map(|operator| witness(operator, b"JP", 500)).collect()
}

fn witness(operator: u32, country: &[u8; 2], rtt_10us: u16) -> Witness<u32> {
	Witness { operator, country: *country, rtt_10us, contradicted: false }
}

#[test]
fn distance_should_be_symmetric_and_zero_at_home_for_all_codes() {
	let codes = assigned();
	for a in &codes {
		assert_eq!(distance_km(*a, *a), 0);
		for b in &codes {
			assert_eq!(distance_km(*a, *b), distance_km(*b, *a), "{a:?} {b:?}");
		}
	}
}

#[test]
fn distance_should_never_exceed_that_of_two_places_in_the_countries() {
	for (a, lat_a, lon_a) in PLACES {
		for (b, lat_b, lon_b) in PLACES {
			let apart = haversine_km((*lat_a, *lon_a), (*lat_b, *lon_b));
			assert!(f64::from(distance_km(**a, **b)) <= apart, "{a:?} {b:?}: {apart}");
		}
	}
}

#[test]
fn distance_should_be_zero_between_neighbours() {
	let neighbours =
		"DE-FR GB-IE US-CA US-MX US-RU NO-RU IT-VA ZA-LS CN-TW FR-BR FR-SR ES-MA DK-SE CU-US CY-TR SG-MY";
	for pair in neighbours.split(' ') {
		let (a, b) = pair.split_once('-').unwrap();
		assert_eq!(distance_km(code_of(a), code_of(b)), 0, "{pair}");
	}
}

#[test]
fn distance_should_be_zero_when_a_territory_is_part_of_both() {
	for (country, parts) in [
		(b"FI", "AX"),
		(b"FR", "BL GF GP MF MQ NC PF PM RE TF WF YT"),
		(b"NL", "AW BQ CW SX"),
		(b"NO", "SJ BV"),
		(b"US", "AS GU MP PR UM VI"),
		(b"CN", "HK MO TW"),
		(b"AU", "CX CC"),
		(b"NZ", "TK"),
		(b"MA", "EH"),
	] {
		for part in parts.split(' ') {
			assert_eq!(distance_km(*country, code_of(part)), 0, "{part}");
		}
	}
}

#[test]
fn distance_should_be_close_to_the_map_between_continents() {
	// From one border to the other, read off a globe.
	for (a, b, at_least, at_most) in [
		(b"DE", b"JP", 7_000, 9_500),
		(b"ES", b"NZ", 14_000, 19_000),
		(b"GB", b"SG", 7_000, 11_000),
		(b"DE", b"ZA", 6_500, 8_800),
		(b"IE", b"KR", 7_000, 9_500),
		(b"PL", b"KE", 4_500, 6_900),
		(b"CA", b"ZA", 8_000, 12_500),
		(b"AR", b"JP", 14_000, 18_400),
		(b"IN", b"BR", 9_000, 13_500),
		(b"US", b"AU", 1_500, 5_000),
		(b"DE", b"US", 3_500, 7_000),
		(b"DE", b"GB", 100, 500),
	] {
		let apart = distance_km(*a, *b);
		assert!((at_least..=at_most).contains(&apart), "{a:?} {b:?}: {apart}");
	}
}

#[test]
fn every_assigned_code_should_be_far_from_another() {
	// A code without territory in the data would be at distance 0 from all.
	for code in assigned() {
		assert!(assigned().into_iter().any(|other| is_far(distance_km(code, other))), "{code:?}");
	}
}

#[test]
fn distance_should_be_zero_when_a_code_is_not_assigned() {
	for code in [*b"XX", *b"jp", [0, 0], [255, 255]] {
		assert_eq!(distance_km(code, *b"NZ"), 0);
		assert_eq!(distance_km(*b"NZ", code), 0);
	}
}

#[test]
fn contradiction_should_begin_just_below_the_distance() {
	// 10 ms there and back are 1,000 km of fibre.
	assert_eq!(reach_km(1_000), Some(1_000));
	assert!(is_contradicted_by(999, 1_000));
	assert!(!is_contradicted_by(1_000, 1_000));
	assert!(!is_contradicted_by(1_001, 1_000));
	assert!(!is_contradicted_by(1, 0));
	assert!(is_contradicted_by(65_534, 65_535));
}

#[test]
fn contradiction_should_need_a_measurement() {
	for rtt_10us in [0, u16::MAX] {
		assert_eq!(reach_km(rtt_10us), None);
		assert!(!is_contradicted_by(rtt_10us, u32::MAX));
	}
}

#[test]
fn far_should_begin_at_its_threshold() {
	assert!(!is_far(FAR_KM - 1));
	assert!(is_far(FAR_KM));
}

#[test]
fn judge_should_contradict_when_three_members_of_two_operators_do() {
	let near_japan = [witness(1, b"KR", 800), witness(1, b"JP", 500), witness(2, b"JP", 900)];
	assert_eq!(found(&near_japan, *b"DE"), LocationFinding::Contradicted);
	assert_eq!(found(&near_japan[..2], *b"DE"), LocationFinding::Inconclusive);
	assert_eq!(found(&near_japan, *b"JP"), LocationFinding::Inconclusive);
}

#[test]
fn judge_should_not_contradict_when_one_operator_owns_all_who_do() {
	let members = [witness(7, b"JP", 500); 15];
	assert_eq!(found(&members, *b"DE"), LocationFinding::Inconclusive);
}

#[test]
fn judge_should_count_the_operators_of_contradicting_members_only() {
	let mut members = vec![witness(7, b"JP", 500); 3];
	members.extend([witness(8, b"JP", 30_000), witness(9, b"DE", 500), witness(10, b"JP", 0)]);
	assert_eq!(found(&members, *b"DE"), LocationFinding::Inconclusive);
}

#[test]
fn judge_should_not_listen_when_a_member_is_itself_contradicted() {
	let mut members = [witness(1, b"JP", 500), witness(2, b"JP", 500), witness(3, b"JP", 500)];
	members[1].contradicted = true;
	assert_eq!(found(&members, *b"DE"), LocationFinding::Inconclusive);
	let mut far = [witness(1, b"JP", 25_000); 5];
	assert_eq!(found(&far, *b"DE"), LocationFinding::Proven);
	far[4].contradicted = true;
	assert_eq!(found(&far, *b"DE"), LocationFinding::Inconclusive);
}

#[test]
fn judge_should_prove_when_five_far_members_are_silent() {
	let mut members = vec![witness(1, b"JP", 25_000); 4];
	// Neither near members, nor far ones without a measurement, nor those that disagree make the fifth.
	members.extend([witness(2, b"FR", 900), witness(3, b"JP", 0), witness(4, b"JP", u16::MAX)]);
	members.extend([witness(5, b"JP", 100), witness(6, b"JP", 100)]);
	assert_eq!(found(&members, *b"DE"), LocationFinding::Inconclusive);
	members.push(witness(1, b"BR", 20_000));
	assert_eq!(found(&members, *b"DE"), LocationFinding::Proven);
	members.push(witness(6, b"JP", 100));
	assert_eq!(found(&members, *b"DE"), LocationFinding::Contradicted);
}

#[test]
fn judge_should_count_the_members_on_either_side() {
	let mut members = vec![witness(1, b"JP", 25_000); 6];
	members.extend([witness(2, b"JP", 100), witness(3, b"FR", 900), witness(4, b"JP", 0)]);
	let judgement = judge_location(&members, 9, *b"DE");
	let finding = LocationFinding::Proven;
	assert_eq!(judgement, LocationJudgement { finding, contradicting: 1, supporting: 6 });
}

#[test]
fn judge_should_be_inconclusive_without_members() {
	assert_eq!(found(&[], *b"DE"), LocationFinding::Inconclusive);
}

#[test]
fn judge_should_refute_when_more_than_half_of_a_jury_contradict() {
	for drawn in JURY_MEMBERS..=51 {
		let half = u32::from(drawn / 2);
		assert_eq!(found_by(&against(half), drawn, *b"DE"), LocationFinding::Contradicted, "{drawn}");
		let judgement = judge_location(&against(half + 1), drawn, *b"DE");
		let (finding, contradicting) = (LocationFinding::Refuted, half as u16 + 1);
		assert_eq!(judgement, LocationJudgement { finding, contradicting, supporting: 0 }, "{drawn}");
	}
}

#[test]
fn judge_should_not_refute_when_the_committee_is_too_small_for_a_jury() {
	let all = against(u32::from(JURY_MEMBERS) - 1);
	assert_eq!(found_by(&all, JURY_MEMBERS - 1, *b"DE"), LocationFinding::Contradicted);
}

#[test]
fn judge_should_not_refute_when_one_operator_owns_the_majority() {
	let all = [witness(7, b"JP", 500); 15];
	assert_eq!(found_by(&all, 15, *b"DE"), LocationFinding::Inconclusive);
}

#[test]
fn majority_should_be_one_of_all_that_were_drawn() {
	// Seven measure, the eight others are absent, got no answer or are silenced.
	let mut members = against(7);
	assert_eq!(found_by(&members, 15, *b"DE"), LocationFinding::Contradicted);
	members.extend([witness(20, b"DE", 0); 4]);
	members.extend([Witness { contradicted: true, ..witness(30, b"BR", 20_000) }; 4]);
	assert_eq!(found_by(&members, 15, *b"DE"), LocationFinding::Contradicted);
}

#[test]
fn silenced_members_should_refute_but_not_contradict() {
	let silenced: Vec<_> =
		against(8).into_iter().map(|member| Witness { contradicted: true, ..member }).collect();
	assert_eq!(found_by(&silenced, 15, *b"DE"), LocationFinding::Refuted);
	assert_eq!(found_by(&silenced[1..], 15, *b"DE"), LocationFinding::Inconclusive);
}

#[test]
fn finding_should_be_against_when_it_contradicts_or_refutes() {
	use LocationFinding::*;
	assert_eq!(
		[Contradicted, Proven, Inconclusive, Refuted].map(LocationFinding::is_against),
		[true, false, false, true]
	);
}

/// Chance that at least `needed` of `k` independent draws are corrupt, one quarter of all being so.
fn chance_of_corrupt(k: u64, needed: u64) -> f64 {
	let choose = |c: u64| (1..=c).map(|i| (k - c + i) as f64 / i as f64).product::<f64>();
	(needed..=k).map(|c| choose(c) * 0.25f64.powi(c as i32) * 0.75f64.powi((k - c) as i32)).sum()
}

/// The same of more than half of them.
fn chance_of_a_corrupt_jury(k: u64) -> f64 {
	chance_of_corrupt(k, k / 2 + 1)
}

/// Liars that void a test of `k` by withholding, `away` honest members being away: fewer than two thirds are present.
fn liars_that_void(k: u64, away: u64) -> u64 {
	(0..=k - away).find(|liars| 3 * (k - away - liars) < 2 * k).unwrap()
}

/// Chance that a test refutes an honest line, of those that lengthen a row or end it, where liars void what they can.
fn chance_to_lengthen(k: u64, away: u64, at_least: impl Fn(u64) -> f64) -> f64 {
	let refutes = at_least(k / 2 + 1);
	refutes / (refutes + 1.0 - at_least(liars_that_void(k, away)))
}

#[test]
fn liars_should_void_a_test_as_published_and_no_fewer() {
	assert_eq!([0, 2, 3].map(|away| liars_that_void(15, away)), [6, 4, 3]);
	for (k, away) in [(15, 0), (15, 2), (31, 2), (51, 0)] {
		let needed = liars_that_void(k, away);
		let is_void = |liars: u64| {
			let absent = (away + liars) as usize;
			let line = Measurement {
				kind: Kind::Measured,
				down_kbps: 1_000,
				up_kbps: 1_000,
				rtt_10us: 1_000,
				loss_pptt: 0,
				liveness: [0xff; 5],
			};
			let members: Vec<_> = (0..k as usize)
				.map(|member| if member < absent { Member::Absent } else { Member::Reported(line) })
				.collect();
			estimate(&members, 1_000, 1_000).is_err()
		};
		assert_eq!((is_void(needed - 1), is_void(needed)), (false, true), "k = {k}, {away} away");
	}
}

#[test]
fn chance_to_slash_an_honest_line_should_be_as_published() {
	// The table in the module's documentation, to its two digits.
	let is_near = |exact: f64, published: f64| (exact / published - 1.0).abs() < 0.05;
	let row = |k, away, tests| chance_to_lengthen(k, away, |needed| chance_of_corrupt(k, needed)).powi(tests);
	for (k, one, alone, with_two, row_alone, row_with_two) in [
		(15, 0.0173, 0.0199, 0.0361, 1.2e-12, 8.1e-11),
		(31, 1.3e-3, 1.5e-3, 2.1e-3, 1.6e-20, 1.5e-19),
		(51, 5.9e-5, 6.3e-5, 7.3e-5, 4.1e-30, 1.1e-29),
	] {
		assert!(is_near(chance_of_a_corrupt_jury(k), one), "k = {k}");
		for (away, tests, published) in
			[(0, 1, alone), (2, 1, with_two), (0, 7, row_alone), (2, 7, row_with_two)]
		{
			let exact = row(k, away, tests);
			assert!(is_near(exact, published), "k = {k}, {away} away, {tests} tests: {exact:.2e}");
		}
	}
	for (away, tests, published) in [(0, 6, 6.2e-11), (2, 6, 2.2e-9), (3, 7, 6.9e-9)] {
		let exact = row(15, away, tests);
		assert!(is_near(exact, published), "{away} away, {tests} tests: {exact:.2e}");
	}
	// No jury is worse than the smallest, and the row is as long as it has to be.
	let (smallest, tests) = (u64::from(JURY_MEMBERS), i32::from(WRONG_REGION_TESTS));
	for away in [0, 2] {
		assert!((smallest..=51).all(|k| row(k, away, 1) <= row(smallest, away, 1)), "{away} away");
		assert!(row(smallest, away, tests) < 1e-9, "{away} away");
	}
	assert!(row(smallest, 2, tests - 1) > 1e-9);
	// Drawing from finitely many seats only helps.
	for k in [15, 31, 51] {
		let independent = chance_of_a_corrupt_jury(k);
		for seats in (k..400).chain([4_000]) {
			let among = |needed| chance_among(seats, k, needed);
			assert!(among(k / 2 + 1) < independent, "{k} of {seats}");
			for away in [0, 2] {
				assert!(chance_to_lengthen(k, away, among) < row(k, away, 1), "{k} of {seats}, {away} away");
			}
		}
	}
}

/// Chance that at least `needed` of `k` seats drawn from 1,000 are among 250 corrupt ones.
fn chance_of_liars(k: u64, needed: u64) -> f64 {
	chance_among(1_000, k, needed)
}

/// The same of `seats`, one quarter of which is corrupt.
fn chance_among(seats: u64, k: u64, needed: u64) -> f64 {
	let corrupt = seats / 4;
	let ln_factorial = |n: u64| (2..=n).map(|i| (i as f64).ln()).sum::<f64>();
	let ln_choose = |n: u64, k: u64| ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k);
	(needed..=k.min(corrupt))
		.filter(|liars| k - liars <= seats - corrupt)
		.map(|liars| {
			let ways = ln_choose(corrupt, liars) + ln_choose(seats - corrupt, k - liars);
			(ways - ln_choose(seats, k)).exp()
		})
		.sum()
}

#[test]
fn chance_to_frame_should_be_as_published() {
	// The table in the module's documentation, to its two digits.
	for (k, rule, majority, two_thirds) in [
		(5, 0.10, 0.10, 0.015),
		(15, 0.77, 0.017, 1.0e-4),
		(31, 0.99, 1.1e-3, 4.2e-7),
		(51, 1.00, 3.6e-5, 1.8e-11),
	] {
		let needed = CONTRADICTING_MEMBERS as u64;
		for (needed, published) in [(needed, rule), (k / 2 + 1, majority), (2 * k / 3 + 1, two_thirds)] {
			let exact = chance_of_liars(k, needed);
			assert!((exact / published - 1.0).abs() < 0.05, "k = {k}, m = {needed}: {exact:.2e}");
		}
	}
}

fn code() -> impl Strategy<Value = [u8; 2]> {
	prop_oneof![select(assigned()), any::<[u8; 2]>()]
}

prop_compose! {
	fn any_witness()(operator in 0u32..4, country in code(), rtt_10us: u16, contradicted: bool) -> Witness<u32> {
		Witness { operator, country, rtt_10us, contradicted }
	}
}

proptest! {
	/// A path from place to place is at least the great circle, light in it at most 200 km/ms.
	#[test]
	fn honest_provider_should_never_be_contradicted_when_members_are_honest(
		provider in select(PLACES),
		members in vec((select(PLACES), 0u16..10_000, 1.0f64..3.0), 0..51),
	) {
		let measured: Vec<_> = members
			.iter()
			.zip(0u32..)
			.map(|((member, queue_10us, detour), operator)| {
				let km = haversine_km((member.1, member.2), (provider.1, provider.2)) * detour;
				witness(operator, member.0, (km as u16).saturating_add(*queue_10us))
			})
			.collect();
		for member in &measured {
			prop_assert!(!is_contradicted_by(member.rtt_10us, distance_km(member.country, *provider.0)));
		}
		prop_assert_ne!(found(&measured, *provider.0), LocationFinding::Contradicted);
	}

	#[test]
	fn judge_should_not_depend_on_the_order(
		(members, shuffled) in vec(any_witness(), 0..16).prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
		claimed in code(),
	) {
		prop_assert_eq!(found(&members, claimed), found(&shuffled, claimed));
	}

	/// No delay a target adds can turn its answer into evidence against it.
	#[test]
	fn delay_should_never_contradict(
		members in vec(any_witness(), 0..16),
		claimed in code(),
		delay_10us in 0u16..20_000,
	) {
		let delayed: Vec<_> = members
			.iter()
			.map(|member| match member.rtt_10us {
				0 => *member,
				rtt_10us => Witness { rtt_10us: rtt_10us.saturating_add(delay_10us), ..*member },
			})
			.collect();
		if found(&members, claimed) != LocationFinding::Contradicted {
			prop_assert_ne!(found(&delayed, claimed), LocationFinding::Contradicted);
		}
	}

	/// Whatever they say, wherever they say they are, whomever they silenced, and whoever else is absent: liars that are no
	/// majority of the drawn never refute an honest provider.
	#[test]
	fn minority_should_never_refute_an_honest_provider(
		provider in select(PLACES),
		liars in vec(any_witness(), 0..=25),
		honest in vec((select(PLACES), 0u16..10_000, any::<bool>(), any::<bool>()), 26),
		absent in 0u16..=25,
	) {
		let honest = honest.iter().zip(10u32..).map(|((member, queue_10us, contradicted, measured), operator)| {
			let km = haversine_km((member.1, member.2), (provider.1, provider.2));
			let rtt_10us = if *measured { (km.ceil() as u16).saturating_add(*queue_10us) } else { 0 };
			Witness { contradicted: *contradicted, ..witness(operator, member.0, rtt_10us) }
		});
		let drawn = (2 * liars.len() as u16).max(JURY_MEMBERS) + absent;
		let present = usize::from(drawn) - liars.len() - usize::from(absent);
		let members: Vec<_> = liars.iter().copied().chain(honest.take(present)).collect();
		prop_assert_ne!(found_by(&members, drawn, *provider.0), LocationFinding::Refuted);
	}

	/// Whatever the rest says, as many honest members as make a majority refute a spoofer that they are close enough to.
	#[test]
	fn honest_majority_should_refute_when_it_is_close_enough(
		drawn in JURY_MEMBERS..=51,
		others in vec(any_witness(), 0..25),
		silenced: bool,
	) {
		let majority = u32::from(drawn / 2) + 1;
		let honest = against(majority).into_iter().map(|member| Witness { contradicted: silenced, ..member });
		let rest = usize::from(drawn) - majority as usize;
		let members: Vec<_> = others.into_iter().take(rest).chain(honest).collect();
		prop_assert_eq!(found_by(&members, drawn, *b"DE"), LocationFinding::Refuted);
	}

	/// Whatever the others say, fewer than three members never contradict.
	#[test]
	fn two_liars_should_never_contradict(
		liars in vec(any_witness(), 0..CONTRADICTING_MEMBERS),
		claimed in code(),
		honest in vec((code(), 21_000u16..u16::MAX), 0..14),
	) {
		let mut members = liars;
		members.extend(honest.iter().zip(10u32..).map(|((country, rtt), operator)| witness(operator, country, *rtt)));
		prop_assert_ne!(found(&members, claimed), LocationFinding::Contradicted);
	}
}
