//! Watchers, confirmers and the votes on an alarm.

use proptest::prelude::*;
use std::collections::BTreeSet;
use weir_math::{
	outage::{
		candidates, closes, confirmer_permutation, confirms, country_watcher_permutation, decide,
		is_regional, numbers_of, watcher_permutation, Decision, ALARM, CONFIRMERS, COUNTRY_WATCHERS, SPARE,
		WATCHERS,
	},
	permutation::Permutation,
};

const SEED: [u8; 32] = [7; 32];

proptest! {
	#[test]
	fn candidates_should_be_distinct_and_as_many_as_there_are(seats in 0u32..3_000, number: u32) {
		let circle = watcher_permutation(&SEED, seats);
		let drawn: Vec<u32> = candidates(&circle, number, WATCHERS).collect();
		prop_assert_eq!(drawn.len() as u32, seats.min(WATCHERS + SPARE));
		prop_assert_eq!(drawn.iter().collect::<BTreeSet<_>>().len(), drawn.len());
		prop_assert!(drawn.iter().all(|seat| *seat < seats));
	}

	#[test]
	fn numbers_of_should_be_the_inverse_of_candidates(
		seats in 1u32..400, total in 0u32..600, seat in 0u32..500, width in 1u32..8,
	) {
		let circle = country_watcher_permutation(&SEED, 3, seats);
		let expected: Vec<u32> =
			(0..total).filter(|number| candidates(&circle, *number, width).any(|drawn| drawn == seat)).collect();
		prop_assert_eq!(numbers_of(&circle, seat, width, total).collect::<Vec<_>>(), expected);
	}

	#[test]
	fn a_decision_should_need_two_thirds_and_never_be_both(n in 1u32..=CONFIRMERS, down in 0u32..=9, up in 0u32..=9) {
		prop_assume!(down + up <= n);
		let decision = decide(n, down, up);
		match decision {
			Decision::Confirmed => prop_assert!(3 * down >= 2 * n),
			Decision::Dismissed => prop_assert!(3 * (n - up) < 2 * n),
			Decision::Open => prop_assert!(down + up < n),
		}
	}
}

#[test]
fn load_should_be_even_over_consecutive_numbers() {
	let circle = watcher_permutation(&SEED, 1_000);
	let mut load = vec![0u32; 1_000];
	for number in 0..1_000 {
		candidates(&circle, number, WATCHERS)
			.take(WATCHERS as usize)
			.for_each(|seat| load[seat as usize] += 1);
	}
	assert!(load.iter().all(|times| *times == WATCHERS));
}

#[test]
fn nobody_should_serve_without_seats() {
	let none = watcher_permutation(&SEED, 0);
	assert_eq!(candidates(&none, 5, WATCHERS).count(), 0);
	assert_eq!(numbers_of(&none, 0, WATCHERS, 100).count(), 0);
	assert_eq!(decide(0, 0, 0), Decision::Open);
}

#[test]
fn draws_should_not_share_a_domain() {
	let images = |permutation: Permutation| (0..20).map(|x| permutation.forward(x)).collect::<Vec<_>>();
	let draws = [
		images(watcher_permutation(&SEED, 1_000)),
		images(country_watcher_permutation(&SEED, 0, 1_000)),
		images(country_watcher_permutation(&SEED, 1, 1_000)),
		images(confirmer_permutation(&SEED, 0, 1_000)),
		images(confirmer_permutation(&SEED, 1, 1_000)),
		images(confirmer_permutation(&[8; 32], 0, 1_000)),
	];
	assert_eq!(draws.iter().collect::<BTreeSet<_>>().len(), draws.len());
}

#[test]
fn thresholds_should_be_the_specified_ones() {
	assert_eq!((WATCHERS, COUNTRY_WATCHERS, ALARM, CONFIRMERS), (5, 2, 3, 9));
	assert_eq!(confirms(9), 6);
	assert_eq!((confirms(3), confirms(5), confirms(7)), (2, 4, 5));
	assert_eq!((closes(5), closes(4), closes(3)), (3, 3, 2));
	assert_eq!(decide(9, 6, 3), Decision::Confirmed);
	assert_eq!(decide(9, 5, 3), Decision::Open);
	assert_eq!(decide(9, 5, 4), Decision::Dismissed);
}

#[test]
fn a_regional_outage_should_be_a_large_part_of_a_region_and_of_several_operators() {
	// More than 4 providers, more than 5 %, three operators.
	assert!(is_regional(5, 3, 80) && is_regional(5, 3, 99));
	assert!(!is_regional(4, 4, 10) && !is_regional(5, 3, 100) && !is_regional(50, 2, 60));
	assert!(is_regional(51, 3, 1_000) && !is_regional(50, 3, 1_000));
	assert!(is_regional(u32::MAX, u32::MAX, u32::MAX));
}

/// The table in the module's documentation.
#[test]
fn chances_of_liars_should_be_the_published_ones() {
	let binomial = |n: u32, c: u32| (0..c).fold(1.0, |all, i| all * f64::from(n - i) / f64::from(i + 1));
	let at_least = |n: u32, least: u32, beta: f64| -> f64 {
		(least..=n).map(|c| binomial(n, c) * beta.powi(c as i32) * (1.0 - beta).powi((n - c) as i32)).sum()
	};
	let published =
		[(0.10, 0.0086, 5.5e-7, 0.0083), (0.20, 0.058, 1.8e-4, 0.086), (0.25, 0.104, 0.0010, 0.166)];
	for (beta, raised, recorded, dismissed) in published {
		let alarm = at_least(WATCHERS, ALARM, beta);
		let close = |value: f64, to: f64| (value / to - 1.0).abs() < 0.05;
		assert!(close(alarm, raised), "{beta}: {alarm}");
		let confirmed = alarm * at_least(CONFIRMERS, confirms(CONFIRMERS), beta);
		assert!(close(confirmed, recorded), "{beta}: {confirmed}");
		let hidden = at_least(CONFIRMERS, CONFIRMERS - confirms(CONFIRMERS) + 1, beta);
		assert!(close(hidden, dismissed), "{beta}: {hidden}");
	}
}
