//! Property 24, and that nothing is released before its time.

use proptest::prelude::*;
use weir_math::economy::{
	units::{SUPPLY_CAP, TOKEN},
	vesting::{Pot, EARLY_EXIT},
};

const HALF_LIFE: u32 = 240;

fn pot(locked: u128) -> Pot {
	Pot { locked, at: 1_000 }
}

#[test]
fn half_should_be_released_per_half_life() {
	let mut half = pot(1_000 * TOKEN);
	assert_eq!(half.release(1_000 + HALF_LIFE, HALF_LIFE), 500 * TOKEN);
	assert_eq!(half.release(1_000 + 2 * HALF_LIFE, HALF_LIFE), 250 * TOKEN);
	assert_eq!(half, Pot { locked: 250 * TOKEN, at: 1_480 });
	let mut quarter = pot(1_000 * TOKEN);
	// 2^(−1/4) = 0.840896415253714…
	assert_eq!(quarter.release(1_060, HALF_LIFE), 1_000 * TOKEN - 840_896_415_253_715);
	assert_eq!(pot(TOKEN).locked_in(1_000 + 96 * HALF_LIFE, HALF_LIFE), 0);
	assert_eq!(pot(SUPPLY_CAP).locked_in(u32::MAX, 1), 0);
}

#[test]
fn nothing_should_be_released_when_no_time_has_passed() {
	let mut same = pot(TOKEN);
	assert_eq!(same.release(1_000, HALF_LIFE), 0);
	// Nor when it runs backwards.
	assert_eq!(same.release(7, HALF_LIFE), 0);
	assert_eq!(same, pot(TOKEN));
}

#[test]
fn small_pot_should_be_released_however_often_it_is_touched() {
	let mut small = pot(100);
	let released: u128 = (1_001..=1_000 + 20 * HALF_LIFE).map(|now| small.release(now, HALF_LIFE)).sum();
	assert!(released >= 98, "{released}");
	assert_eq!(released + small.locked, 100);
}

#[test]
fn early_exit_should_cost_half_rounded_up() {
	let mut leaving = pot(101);
	assert_eq!(leaving.forfeit(EARLY_EXIT), 51);
	assert_eq!(leaving.forfeit(1_000_000), 50);
	assert_eq!((leaving.forfeit(1_000_000), leaving.locked), (0, 0));
}

/// `2^x` for the exact value that a release may not exceed.
fn exact(locked: u128, epochs: u32, half_life: u32) -> f64 {
	locked as f64 * (1.0 - (-f64::from(epochs) / f64::from(half_life)).exp2())
}

#[derive(Clone, Debug)]
enum Act {
	Release(u32),
	Grant(u32, u128),
	Forfeit(u32),
}

fn act() -> impl Strategy<Value = Act> {
	prop_oneof![
		(0..400u32).prop_map(Act::Release),
		(0..400u32, 0..SUPPLY_CAP / 1_000).prop_map(|(wait, tokens)| Act::Grant(wait, tokens)),
		(0..=1_000_000u32).prop_map(Act::Forfeit),
	]
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(1_000))]

	/// 24.
	#[test]
	fn released_locked_and_forfeited_should_be_what_was_granted(
		acts in prop::collection::vec(act(), 1..60), half_life in 1..600u32,
	) {
		let (mut vested, mut now) = (Pot::default(), 0u32);
		let (mut granted, mut released, mut forfeited) = (0u128, 0u128, 0u128);
		for act in acts {
			match act {
				Act::Release(wait) => {
					now += wait;
					released += vested.release(now, half_life);
				}
				Act::Grant(wait, tokens) => {
					now += wait;
					released += vested.grant(now, half_life, tokens).unwrap();
					granted += tokens;
				}
				Act::Forfeit(share) => forfeited += vested.forfeit(share),
			}
			prop_assert_eq!(released + vested.locked + forfeited, granted);
			// A look says what a touch would leave.
			prop_assert!(vested.locked_in(now, half_life) <= vested.locked);
		}
	}

	#[test]
	fn release_should_never_exceed_the_exact_value(
		locked in 0..=SUPPLY_CAP, epochs in 0..10_000u32, half_life in 1..600u32,
	) {
		let mut vested = Pot { locked, at: 5 };
		let released = vested.release(5 + epochs, half_life) as f64;
		let exact = exact(locked, epochs, half_life);
		// Within what a float can tell, and no more than a few parts in 10¹¹ below.
		prop_assert!(released <= exact * (1.0 + 1e-12) + 1.0, "{released} {exact}");
		prop_assert!(released + 65.0 >= exact - locked as f64 * 1e-11, "{released} {exact}");
	}

	/// Whoever touches a pot in between releases no more, and hardly less.
	#[test]
	fn touches_between_should_not_release_more(
		locked in 1..=SUPPLY_CAP, waits in prop::collection::vec(0..300u32, 1..20), half_life in 1..600u32,
	) {
		let mut often = Pot { locked, at: 0 };
		let mut now = 0;
		let released: u128 = waits.iter().map(|wait| { now += wait; often.release(now, half_life) }).sum();
		let once = Pot { locked, at: 0 }.release(now, half_life);
		let slack = locked / 10_000_000_000 + 100 * waits.len() as u128;
		prop_assert!(released <= once + slack, "{released} {once}");
		prop_assert!(once <= released + slack, "{released} {once}");
	}

	#[test]
	fn later_should_never_release_less(locked in 0..=SUPPLY_CAP, epochs in 0..5_000u32, half_life in 1..600u32) {
		let vested = Pot { locked, at: 0 };
		prop_assert!(vested.locked_in(epochs + 1, half_life) <= vested.locked_in(epochs, half_life));
		prop_assert!(vested.locked_in(epochs, half_life) <= locked);
	}
}
