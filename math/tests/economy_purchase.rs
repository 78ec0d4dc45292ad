//! A round sells a bounded amount, and the stable asset is spent without moving the pool.

use proptest::prelude::*;
use weir_math::economy::{purchase::*, units::*, wide, Pace, Parameters};

#[test]
fn cap_should_be_its_floor_until_a_day_sold_more() {
	let parameters = Parameters::default();
	let floor = Credits::from(parameters.round_cap);
	let cap = |sold| round_cap(&parameters, sold, Pace::public().rounds_per_day);
	assert_eq!(cap(0), floor);
	// 288 rounds, five times their average.
	assert_eq!(cap(floor * 288 / 5), floor);
	assert_eq!(cap(floor * 288), 5 * floor);
	assert_eq!(round_cap(&parameters, floor, 0), floor);
	assert_eq!(round_cap(&parameters, u128::MAX, 1), floor);
}

#[test]
fn slices_should_be_equal_until_everything_is_spent() {
	let mut pending = 1_200 * DOLLAR;
	let planned = equal_slice(pending);
	let mut rounds = 0;
	while pending > 0 {
		let slice = next_slice(planned, pending, u128::MAX);
		assert_eq!(slice, 100 * DOLLAR);
		pending -= slice;
		rounds += 1;
	}
	assert_eq!(rounds, SLICE_ROUNDS);
}

#[test]
fn slice_should_follow_the_depth_of_the_pool() {
	assert_eq!(next_slice(100 * DOLLAR, 1_000 * DOLLAR, 4_000 * DOLLAR), 10 * DOLLAR);
	assert_eq!(next_slice(100 * DOLLAR, 50 * DOLLAR, 1_000_000 * DOLLAR), 50 * DOLLAR);
	assert_eq!(next_slice(100 * DOLLAR, 50 * DOLLAR, 0), 0);
}

#[test]
fn no_more_should_wait_than_a_day_can_spend() {
	let cap = pending_cap(320_000 * DOLLAR, 288);
	assert_eq!(cap, 230_400 * DOLLAR);
	let (mut pending, mut rounds) = (cap, 0);
	while pending > 0 {
		pending -= next_slice(equal_slice(cap), pending, 320_000 * DOLLAR);
		rounds += 1;
	}
	assert_eq!(rounds, 288);
	assert_eq!((pending_cap(0, 288), pending_cap(u128::MAX, u32::MAX)), (0, u128::MAX));
}

#[test]
fn small_purchases_should_be_spent_a_dollar_at_a_time() {
	assert_eq!(equal_slice(2 * DOLLAR), DOLLAR);
	assert_eq!(equal_slice(u128::MAX), u128::MAX / SLICE_ROUNDS + 1);
}

#[test]
fn slice_should_bring_all_but_a_hundredth() {
	assert_eq!(least_tokens(4 * DOLLAR, PRICE_ONE / 25), Some(99 * TOKEN));
	assert_eq!(least_tokens(DOLLAR, 0), None);
	assert_eq!(least_tokens(u128::MAX, 1), None);
	assert_eq!(least_tokens(u128::MAX, GRAINS_PER_CREDIT), Some(u128::MAX - u128::MAX / 100));
}

#[test]
fn request_should_allow_half_of_its_cost() {
	assert_eq!(least_allowed(100), 50);
	assert_eq!(least_allowed(101), 51);
	// A grain at least, whatever little the credits cost.
	assert_eq!((least_allowed(1), least_allowed(0)), (1, 0));
	assert_eq!(least_allowed(u128::MAX), u128::MAX / 2 + 1);
}

proptest! {
	/// Whoever moves the pool's price before a slice and back after it pays the pool's fee twice: more than the slice
	/// loses. Both in millionths of the pool's stable side, for a price moved by `push` millionths.
	#[test]
	fn moving_the_pool_around_a_slice_should_not_pay(push in 1.000_1f64..100.0) {
		const FEE: f64 = 0.003;
		let slice = f64::from(SLICE_DEPTH) / 1e6;
		let cost = 2.0 * FEE * (push.sqrt() - 1.0);
		// At most what the slice would have brought more at the price from before.
		let gain = slice * (1.0 - 1.0 / push);
		prop_assert!(gain < cost);
	}

	/// A slice is swapped if the pool is at the average, and it is not if the pool is a hundredth dearer: then it waits, and
	/// nothing of it goes to whoever made it dearer. `depth` is the pool's stable side in dollars.
	#[test]
	fn slice_should_go_at_the_average_and_wait_above_it(depth in 25_000..100_000_000u128, part in 1..=1_000_000u32) {
		let average = PRICE_ONE / 25;
		let bought = |tokens: Tokens, stable: Credits, credits: Credits| {
			let paid = credits * 997;
			wide::mul_div_floor(tokens, paid, stable * 1_000 + paid).unwrap()
		};
		let stable = depth * DOLLAR;
		let tokens = depth * 25 * TOKEN;
		let credits = wide::part_floor(next_slice(u128::MAX, u128::MAX, stable), part).max(DOLLAR);
		let least = least_tokens(credits, average).unwrap();
		prop_assert!(bought(tokens, stable, credits) >= least);
		// The product stays, the price is a hundredth higher.
		let (fewer, more) = (tokens * 1_000 / 1_005, stable * 1_005 / 1_000 + 1);
		prop_assert!(bought(fewer, more, credits) < least);
	}

	#[test]
	fn a_slice_should_never_exceed_what_waits(pending in 0..u128::MAX, planned in 0..u128::MAX, stable in 0..u128::MAX) {
		let slice = next_slice(planned, pending, stable);
		prop_assert!(slice <= pending && slice <= planned && slice <= stable / 400 + 1);
	}
}
