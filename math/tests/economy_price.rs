//! The price: what reporters, a pool and time can make of it, and what they cannot.

use primitive_types::U256;
use proptest::{collection::vec, prelude::*};
use weir_math::economy::{
	decimal::{parse_price, DecimalError},
	parameters::QUOTE_MARGIN,
	price::*,
	units::*,
	wide::{tokens_ceil, tokens_floor, value_ceil},
	Parameters,
};

const CENT: Price = PRICE_ONE / 100;

fn price() -> impl Strategy<Value = Price> {
	// Even over the orders of magnitude, with the ends.
	prop_oneof![
		8 => (9u32..24, 100u128..1_000).prop_map(|(power, digits)| digits * 10u128.pow(power) / 100),
		1 => Just(LOWEST_PRICE),
		1 => Just(HIGHEST_PRICE),
	]
}

fn shuffled(mut prices: Vec<Price>, by: usize) -> Vec<Price> {
	let length = prices.len().max(1);
	prices.rotate_left(by % length);
	prices
}

// Reports.

#[test]
fn median_should_be_the_mean_of_two_when_reports_are_even() {
	assert_eq!(median(&mut []), None);
	assert_eq!(median(&mut [7]), Some(7));
	assert_eq!(median(&mut [10, 1]), Some(5));
	assert_eq!(median(&mut [9, 1, 5]), Some(5));
	assert_eq!(median(&mut [4, 1, 100, 2]), Some(3));
	assert_eq!(median(&mut [u128::MAX, u128::MAX]), Some(u128::MAX));
}

#[test]
fn quorum_should_be_a_majority_whatever_the_share() {
	let share = Parameters::default().quorum;
	for (reporters, quorum) in [(15, 9), (3, 2), (1, 1), (2, 2), (7, 5), (51, 31)] {
		assert_eq!(quorum_of(reporters, share), Some(quorum), "{reporters}");
	}
	assert_eq!(quorum_of(15, 1), Some(8));
	assert_eq!(quorum_of(14, 500_000), Some(8));
	assert_eq!(quorum_of(15, 1_000_000), Some(15));
	assert_eq!(quorum_of(0, share), None);
}

#[test]
fn youngest_quorum_should_count() {
	let limit = |ages: &[u32]| age_limit(ages.iter().copied(), 1, 3, 3);
	assert_eq!(limit(&[1, 1, 1, 2, 3]), Some(1));
	assert_eq!(limit(&[1, 1, 2, 3]), Some(2));
	assert_eq!(limit(&[1, 2, 3]), Some(3));
	// Expired.
	assert_eq!(limit(&[1, 2, 4, 4]), None);
	assert_eq!(limit(&[]), None);
}

#[test]
fn fresh_reports_should_be_younger_than_the_requests_they_price() {
	for (forward, valid, fresh) in [(2, 3, 1), (1, 3, 1), (3, 3, 2), (6, 3, 3), (0, 3, 1), (2, 0, 1)] {
		assert_eq!(fresh_rounds(forward, valid), fresh, "{forward}, {valid}");
	}
	// A request of round r is priced in round r + forward at the earliest: reports of round r + 1 and later are younger.
	for forward in 2..8 {
		for valid in 1..7 {
			let requested = 100;
			let oldest = requested + forward - fresh_rounds(forward, valid);
			assert!(oldest > requested);
		}
	}
}

proptest! {
	/// Property 14.
	#[test]
	fn seven_of_fifteen_should_not_move_the_median_out_of_the_honest_range(
		honest in vec(price(), 8),
		liars in vec(any::<u128>(), 0..=7),
		by in 0usize..15,
	) {
		let (least, most) = (*honest.iter().min().unwrap(), *honest.iter().max().unwrap());
		let mut all = shuffled(honest.into_iter().chain(liars).collect(), by);
		let median = median(&mut all).unwrap();
		prop_assert!((least..=most).contains(&median));
	}

	/// The same for any number of reporters, as long as most of those that report are honest.
	#[test]
	fn minority_should_not_move_the_median_out_of_the_honest_range(
		honest in vec(price(), 1..=51),
		liars in vec(any::<u128>(), 0..=25),
	) {
		prop_assume!(liars.len() < honest.len());
		let (least, most) = (*honest.iter().min().unwrap(), *honest.iter().max().unwrap());
		let mut all: Vec<_> = liars.into_iter().chain(honest).collect();
		prop_assert!((least..=most).contains(&median(&mut all).unwrap()));
	}

	#[test]
	fn median_should_not_depend_on_the_order(prices in vec(price(), 1..=51), by in 0usize..51) {
		let mut turned = shuffled(prices.clone(), by);
		let mut prices = prices;
		prop_assert_eq!(median(&mut prices), median(&mut turned));
	}

	#[test]
	fn median_should_rise_with_every_report(prices in vec(price(), 1..=51), which in 0usize..51, more in price()) {
		let mut higher = prices.clone();
		let which = which % prices.len();
		higher[which] = higher[which].saturating_add(more);
		prop_assert!(median(&mut higher) >= median(&mut prices.clone()));
	}

	#[test]
	fn half_should_never_be_a_quorum(reporters in 1u32..=51, share in 0u32..=2_000_000) {
		let quorum = quorum_of(reporters, share).unwrap();
		prop_assert!(quorum * 2 > reporters);
	}

	#[test]
	fn age_limit_should_be_the_least_with_a_quorum(
		ages in vec(0u32..8, 0..20),
		fresh in 1u32..4,
		more in 0u32..4,
		quorum in 1u32..12,
	) {
		let valid = fresh + more;
		let count = |limit: u32| ages.iter().filter(|age| **age <= limit).count() as u32;
		match age_limit(ages.iter().copied(), fresh, valid, quorum) {
			Some(limit) => {
				prop_assert!((fresh..=valid).contains(&limit) && count(limit) >= quorum);
				prop_assert!(limit == fresh || count(limit - 1) < quorum);
			}
			None => prop_assert!(count(valid) < quorum),
		}
	}
}

// The running average.

#[test]
fn average_should_forget_half_in_a_half_life() {
	for half_life in 1..=12 {
		let mut average = 4 * CENT;
		for _ in 0..half_life {
			average = ema_step(average, 8 * CENT, half_life);
		}
		let error = average.abs_diff(6 * CENT);
		assert!(error < CENT / 1_000_000, "{half_life}: {average}");
	}
	// Beyond the table: as the longest one.
	assert_eq!(ema_step(CENT, 2 * CENT, 99), ema_step(CENT, 2 * CENT, 12));
	assert_eq!(ema_step(CENT, 2 * CENT, 0), ema_step(CENT, 2 * CENT, 1));
}

#[test]
fn false_median_of_a_million_dollars_should_not_close_purchases_for_hours() {
	let closed = |lie: Price, half_life: u32| {
		let mut average = ema_step(4 * CENT, lie, half_life);
		let mut closed = 0;
		while !quote(4 * CENT, average, None, Parameters::default().spread).unwrap().is_open {
			average = ema_step(average, 4 * CENT, half_life);
			closed += 1;
		}
		closed
	};
	assert_eq!((closed(HIGHEST_PRICE, 1), closed(LOWEST_PRICE, 1)), (5, 4));
	assert_eq!((closed(HIGHEST_PRICE, 2), closed(LOWEST_PRICE, 2)), (7, 5));
}

#[test]
fn average_should_catch_up_when_rounds_had_no_price() {
	let mut average = 4 * CENT;
	for _ in 0..10 {
		average = ema_step(average, 2 * CENT, 2);
	}
	assert_eq!(ema(Some((4 * CENT, 10)), 2 * CENT, 2), average);
	assert_eq!(ema(Some((4 * CENT, 65)), 2 * CENT, 2), 2 * CENT);
	assert_eq!(ema(None, 2 * CENT, 2), 2 * CENT);
	// Never less than one step.
	assert_eq!(ema(Some((4 * CENT, 0)), 2 * CENT, 2), ema_step(4 * CENT, 2 * CENT, 2));
}

proptest! {
	#[test]
	fn average_should_stay_between_what_it_was_and_the_median(
		last in price(), median in price(), half_life in 1u32..=12, rounds in 1u32..200,
	) {
		let now = ema(Some((last, rounds)), median, half_life);
		prop_assert!(now >= last.min(median) && now <= last.max(median));
	}

	#[test]
	fn average_should_rise_with_median_and_past(
		last in price(), median in price(), more in price(), half_life in 1u32..=12,
	) {
		prop_assert!(ema_step(last, median + more, half_life) >= ema_step(last, median, half_life));
		prop_assert!(ema_step(last + more, median, half_life) >= ema_step(last, median, half_life));
	}

	#[test]
	fn one_round_should_at_most_double_or_halve_the_average(
		last in price(), median in any::<u128>(), half_life in 1u32..=12,
	) {
		let now = ema_step(last, median, half_life);
		prop_assert!(now >= last / 2 && now <= last * 2);
	}
}

// The pool.

#[test]
fn spot_should_be_refused_when_a_side_is_empty_or_the_price_absurd() {
	assert_eq!(spot(1_000 * TOKEN, 40 * DOLLAR), Some(4 * CENT));
	assert_eq!(spot(0, 40 * DOLLAR), None);
	assert_eq!(spot(1_000 * TOKEN, 0), None);
	assert_eq!(spot(1, DOLLAR), None);
	assert_eq!(spot(SUPPLY_CAP, 1), None);
	assert_eq!(spot(1, u128::MAX), None);
	assert_eq!(spot(TOKEN, 1_000_000 * DOLLAR), Some(HIGHEST_PRICE));
	assert_eq!(spot(1_000 * TOKEN, 1), Some(LOWEST_PRICE));
}

/// A pool of 50,000 dollars at four cents.
const POOL: Option<(Tokens, Credits)> = Some((1_250_000 * TOKEN, 50_000 * DOLLAR));
const DEPTH: Credits = 25_000 * DOLLAR;

fn round_of(samples: &[Option<(Tokens, Credits)>], last: Option<Average>) -> Option<Average> {
	let mut round = Samples::default();
	for reserves in samples {
		round.add(*reserves, DEPTH, last);
	}
	round.average()
}

fn deep(price: Price) -> Option<Average> {
	Some(Average { price, is_deep: true })
}

#[test]
fn round_should_average_its_blocks() {
	assert_eq!(round_of(&[], None), None);
	assert_eq!(round_of(&[None; 3], None), None);
	assert_eq!(round_of(&[POOL; 50], None), deep(4 * CENT));
	let dearer = Some((1_250_000 * TOKEN, 100_000 * DOLLAR));
	assert_eq!(round_of(&[POOL, dearer], None), deep(6 * CENT));
}

#[test]
fn shallow_pool_should_have_no_say() {
	let shallow = Some((25_000 * TOKEN, 1_000 * DOLLAR));
	let averages = [round_of(&[shallow; 50], None); 6];
	assert_eq!(averages[0], Some(Average { price: 4 * CENT, is_deep: false }));
	assert_eq!(twap(&averages, 6), None);
	// Half of the blocks are not most of them.
	assert!(!round_of(&[POOL, shallow], None).unwrap().is_deep);
	assert!(round_of(&[POOL, POOL, shallow], None).unwrap().is_deep);
	// A block without a pool is no deep one either.
	assert!(!round_of(&[POOL, None], None).unwrap().is_deep);
}

#[test]
fn drained_pool_should_lose_its_say_with_the_next_round() {
	let mut averages = vec![deep(4 * CENT); 6];
	assert_eq!(twap(&averages, 6), Some(4 * CENT));
	averages.push(round_of(&[Some((TOKEN, 0)); 50], deep(4 * CENT)));
	assert_eq!(averages[6], None);
	assert_eq!(twap(&averages, 6), None);
}

#[test]
fn pool_should_count_again_when_most_rounds_are_deep() {
	let mut averages = vec![None; 6];
	for round in 0..6 {
		averages.push(deep(4 * CENT));
		assert_eq!(twap(&averages, 6), (round >= 3).then_some(4 * CENT), "{round}");
	}
	// A young chain has few rounds.
	assert_eq!(twap(&[deep(CENT)], 6), Some(CENT));
	assert_eq!(twap(&[], 6), None);
	// Zero rounds are one.
	assert_eq!(twap(&[deep(CENT), deep(3 * CENT)], 0), Some(3 * CENT));
}

#[test]
fn pool_skewed_for_a_block_should_move_its_average_by_two_fifths_of_a_per_cent() {
	let rounds = Parameters::default().twap_rounds;
	let skewed = Some((TOKEN, 1_000_000 * DOLLAR));
	let mut samples = vec![POOL; 50];
	samples[17] = skewed;
	let before = vec![deep(4 * CENT); rounds as usize - 1];
	let with = |newest| twap(&[before.as_slice(), &[newest]].concat(), rounds).unwrap();
	let moved = with(round_of(&samples, deep(4 * CENT)));
	assert!(moved > 4 * CENT && moved <= 4 * CENT + 4 * CENT / 250, "{moved}");
	assert!(quote(4 * CENT, 4 * CENT, Some(moved), 30_000).unwrap().is_open);
	// Held over a minute it closes purchases, and does no more.
	samples[..10].fill(skewed);
	let held = with(round_of(&samples, deep(4 * CENT)));
	assert!(!quote(4 * CENT, 4 * CENT, Some(held), 30_000).unwrap().is_open);
}

#[test]
fn shallow_past_should_not_hold_back_a_pool_that_became_deep() {
	let absurd = Some(Average { price: HIGHEST_PRICE, is_deep: false });
	assert_eq!(round_of(&[POOL; 50], absurd), deep(4 * CENT));
}

proptest! {
	#[test]
	fn pool_should_average_within_its_samples(
		reserves in vec((1..SUPPLY_CAP, 1..1_000_000_000 * DOLLAR), 1..60),
	) {
		let samples: Vec<_> = reserves.iter().map(|pair| Some(*pair)).collect();
		let spots: Vec<_> = reserves.iter().filter_map(|(tokens, credits)| spot(*tokens, *credits)).collect();
		match round_of(&samples, None) {
			Some(Average { price, .. }) => {
				prop_assert!(price >= *spots.iter().min().unwrap() && price <= *spots.iter().max().unwrap());
			}
			None => prop_assert!(spots.is_empty()),
		}
	}

	#[test]
	fn average_of_rounds_should_lie_between_those_that_count(
		averages in vec(prop::option::of((price(), any::<bool>())), 0..16),
		rounds in 1u32..=16,
	) {
		let averages: Vec<_> =
			averages.into_iter().map(|average| average.map(|(price, is_deep)| Average { price, is_deep })).collect();
		if let Some(price) = twap(&averages, rounds) {
			let from = averages.len().saturating_sub(rounds as usize);
			let counted: Vec<_> =
				averages[from..].iter().flatten().filter(|average| average.is_deep).map(|average| average.price).collect();
			prop_assert!(price >= *counted.iter().min().unwrap() && price <= *counted.iter().max().unwrap());
			prop_assert!(counted.len() * 2 > averages.len() - from);
		}
	}
}

// Both prices.

#[test]
fn quote_should_be_a_quarter_of_a_per_cent_off_the_references() {
	let quotation = quote(400, 400, None, 30_000);
	assert_eq!(quotation, None, "below what counts");
	let Quotation { low, high, is_open } =
		quote(4 * CENT, 41 * CENT / 10, Some(39 * CENT / 10), 60_000).unwrap();
	assert_eq!(low, 39 * CENT / 10 * 9_975 / 10_000);
	assert_eq!(high, 41 * CENT / 10 * 10_025 / 10_000);
	assert!(is_open);
}

#[test]
fn purchases_should_wait_above_the_spread_and_not_at_it() {
	let is_open = |most: Price| quote(100 * CENT, most, None, 30_000).unwrap().is_open;
	assert!(is_open(103 * CENT));
	assert!(!is_open(103 * CENT + 1));
}

#[test]
fn quote_should_hold_at_both_ends_of_what_counts() {
	for end in [LOWEST_PRICE, HIGHEST_PRICE] {
		let Quotation { low, high, is_open } = quote(end, end, Some(end), 30_000).unwrap();
		assert!(low > 0 && low < end && high > end && is_open);
		// The largest sums there are still come out as tokens, or as none, never as something else.
		assert!(tokens_ceil(DOLLAR, low).is_some() && tokens_floor(u64::MAX.into(), high).is_some());
	}
	assert_eq!(quote(LOWEST_PRICE - 1, CENT, None, 30_000), None);
	assert_eq!(quote(CENT, HIGHEST_PRICE + 1, None, 30_000), None);
	assert_eq!(quote(CENT, CENT, Some(0), 30_000), None);
}

proptest! {
	/// Property 13, and the same for the other references.
	#[test]
	fn quote_should_enclose_its_references(
		median in price(), ema in price(), twap in prop::option::of(price()), spread in 0u32..=50_000,
	) {
		let Quotation { low, high, is_open } = quote(median, ema, twap, spread).unwrap();
		for reference in [Some(median), Some(ema), twap].into_iter().flatten() {
			prop_assert!(low <= reference && reference <= high);
		}
		let references = || [Some(median), Some(ema), twap].into_iter().flatten();
		let (least, most) = (references().min().unwrap(), references().max().unwrap());
		let wide = |price: Price, share: u128| U256::from(price) * U256::from(share);
		prop_assert_eq!(is_open, wide(most, 1_000_000) <= wide(least, 1_000_000 + u128::from(spread)));
		// Never nearer than the margin: rounding is on the ledger's side.
		prop_assert!(wide(low, 1_000_000) <= wide(least, u128::from(1_000_000 - QUOTE_MARGIN)));
		prop_assert!(wide(high, 1_000_000) >= wide(most, u128::from(1_000_000 + QUOTE_MARGIN)));
	}

	/// Whoever buys and is paid at one quote has less than before.
	#[test]
	fn round_trip_should_lose_by_the_margin(
		median in price(), ema in price(), credits in 1_000_000u128..1_000_000_000_000,
	) {
		let Quotation { low, high, .. } = quote(median, ema, None, 30_000).unwrap();
		prop_assert!(tokens_floor(credits, high).unwrap() < tokens_ceil(credits, low).unwrap());
	}

	/// A fee counted at the high price is worth no less in credits at any price of the quote, and who buys these credits burns no
	/// less than the fee.
	#[test]
	fn fee_should_cost_no_less_in_credits_than_in_tokens(
		median in price(), ema in price(), fee in 1u128..1_000_000 * TOKEN,
	) {
		let Quotation { low, high, .. } = quote(median, ema, None, 30_000).unwrap();
		let credits = value_ceil(fee, high).unwrap();
		for price in [low, median, ema, high] {
			prop_assert!(credits >= value_ceil(fee, price).unwrap());
		}
		prop_assert!(tokens_ceil(credits, low).unwrap() >= fee);
	}

	#[test]
	fn another_reference_should_only_widen_the_quote(median in price(), ema in price(), twap in price()) {
		let without = quote(median, ema, None, 30_000).unwrap();
		let with = quote(median, ema, Some(twap), 30_000).unwrap();
		prop_assert!(with.low <= without.low && with.high >= without.high);
		prop_assert!(without.is_open || !with.is_open);
	}
}

// Conduct.

#[test]
fn report_should_deviate_beyond_three_per_cent() {
	assert!(!deviates(103 * CENT, 100 * CENT) && !deviates(97 * CENT, 100 * CENT));
	assert!(deviates(103 * CENT + 1, 100 * CENT) && deviates(97 * CENT - 1, 100 * CENT));
	assert!(deviates(0, CENT) && deviates(u128::MAX, CENT) && deviates(1, 0));
}

#[test]
fn reporter_should_be_slashed_beyond_a_fifth_of_the_rounds_it_reported_in() {
	assert!(!is_slashable(0, 0));
	assert!(!is_slashable(2_016, 403));
	assert!(is_slashable(2_016, 404));
	assert!(!is_slashable(20, 4) && is_slashable(20, 5));
	// Too few to say.
	assert!(!is_slashable(19, 19));
	// Silence does not thin out lies: one that reports rarely and lies then is caught.
	assert!(is_slashable(100, 100));
	assert!(is_slashable(u32::MAX, u32::MAX));
}

#[test]
fn posted_price_should_be_within_a_fifth_of_the_last() {
	assert!(may_post(120 * CENT, 100 * CENT) && may_post(80 * CENT, 100 * CENT));
	assert!(!may_post(120 * CENT + 1, 100 * CENT) && !may_post(80 * CENT - 1, 100 * CENT));
	assert!(!may_post(HIGHEST_PRICE + 1, HIGHEST_PRICE) && !may_post(LOWEST_PRICE - 1, LOWEST_PRICE));
}

// A reporter's sources.

#[test]
fn sources_should_agree_when_a_majority_is_near() {
	let agreed = |answers: &[Price], sources| agreed(&mut answers.to_vec(), sources);
	assert_eq!(agreed(&[100 * CENT, 101 * CENT, 102 * CENT], 3), Some(101 * CENT));
	// One lies, whichever way.
	assert_eq!(agreed(&[100 * CENT, 102 * CENT, 900 * CENT], 3), Some(101 * CENT));
	assert_eq!(agreed(&[100 * CENT, 102 * CENT, CENT], 3), Some(101 * CENT));
	// One is missing.
	assert_eq!(agreed(&[100 * CENT, 102 * CENT], 3), Some(101 * CENT));
	// One is missing and one lies.
	assert_eq!(agreed(&[100 * CENT, 900 * CENT], 3), None);
	assert_eq!(agreed(&[100 * CENT], 3), None);
	assert_eq!(agreed(&[100 * CENT], 1), None);
	assert_eq!(agreed(&[], 3), None);
	assert_eq!(agreed(&[0, 0], 3), Some(0));
	// Half is no majority.
	assert_eq!(agreed(&[100 * CENT, 100 * CENT], 4), None);
	assert_eq!(answers_needed(3), 2);
	assert_eq!(answers_needed(4), 3);
	assert_eq!(answers_needed(16), 9);
}

proptest! {
	/// Fewer liars than half of the answers cannot bring a reporter further off than the honest sources are.
	#[test]
	fn minority_of_sources_should_not_move_the_answer_out_of_the_honest_range(
		honest in vec(95u128..=105, 2..=8),
		liars in vec(price(), 0..=7),
	) {
		prop_assume!(liars.len() < honest.len());
		let sources = honest.len() + liars.len();
		let honest: Vec<_> = honest.into_iter().map(|percent| percent * CENT).collect();
		let (least, most) = (*honest.iter().min().unwrap(), *honest.iter().max().unwrap());
		let mut all: Vec<_> = liars.into_iter().chain(honest).collect();
		if let Some(price) = agreed(&mut all, sources) {
			// A liar within the tolerance counts, and so what it can do is bounded by it.
			prop_assert!(price >= least - least / 20 - 1 && price <= most + most / 20 + 1);
		}
	}

	#[test]
	fn answers_should_be_near_each_other_when_they_agree(mut answers in vec(price(), 0..=16), sources in 1usize..=16) {
		let all = answers.clone();
		if let Some(price) = agreed(&mut answers, sources) {
			let middle = median(&mut all.clone()).unwrap();
			prop_assert!(!is_off(price, middle, OUTLIER));
			let near = all.iter().filter(|answer| !is_off(**answer, middle, OUTLIER)).count();
			prop_assert!(near >= answers_needed(sources));
		}
	}
}

// Prices as text.

#[test]
fn decimals_should_be_read_exactly() {
	let read = |text: &str| parse_price(text.as_bytes());
	for (text, price) in [
		("1", PRICE_ONE),
		("0.04", 4 * CENT),
		("4e-2", 4 * CENT),
		("4E-02", 4 * CENT),
		("0.4e-1", 4 * CENT),
		("400e-4", 4 * CENT),
		("0.00004E+3", 4 * CENT),
		("1000000", HIGHEST_PRICE),
		("1e6", HIGHEST_PRICE),
		("1000000.000", HIGHEST_PRICE),
		("0.000000001", LOWEST_PRICE),
		("1e-9", LOWEST_PRICE),
		("0.041234567890123456", 41_234_567_890_123_456),
		// What is below a quintillionth is cut off.
		("0.0412345678901234569", 41_234_567_890_123_456),
		("0.99999999999999999999999999999999999999999999999999", PRICE_ONE - 1),
		("100000000000000000000000000000000000000000000000000e-50", PRICE_ONE),
		("0.00000000000000000000000000000000000000000000000001e50", PRICE_ONE),
	] {
		assert_eq!(read(text), Ok(price), "{text}");
	}
}

#[test]
fn decimals_should_be_refused_by_name() {
	let read = |text: &str| parse_price(text.as_bytes());
	for (text, error) in [
		("", DecimalError::Empty),
		("0", DecimalError::TooLow),
		("0.0", DecimalError::TooLow),
		("0e999", DecimalError::TooLow),
		("9.99e-10", DecimalError::TooLow),
		("1e-999", DecimalError::TooLow),
		("1000000.000000000000000001", DecimalError::TooHigh),
		("1e7", DecimalError::TooHigh),
		("1e999", DecimalError::TooHigh),
		("-1", DecimalError::Negative),
		("-0", DecimalError::Negative),
		("1e1000", DecimalError::ExponentTooLong),
		("1e-0000", DecimalError::ExponentTooLong),
		("1e", DecimalError::NotANumber),
		("1e+", DecimalError::NotANumber),
		("1e+-2", DecimalError::NotANumber),
		("1e2.5", DecimalError::NotANumber),
		("1.", DecimalError::NotANumber),
		("1.e2", DecimalError::NotANumber),
		(".5", DecimalError::NotANumber),
		("+1", DecimalError::NotANumber),
		("01", DecimalError::NotANumber),
		("00", DecimalError::NotANumber),
		("1 ", DecimalError::NotANumber),
		(" 1", DecimalError::NotANumber),
		("1,5", DecimalError::NotANumber),
		("1.2.3", DecimalError::NotANumber),
		("0x10", DecimalError::NotANumber),
		("NaN", DecimalError::NotANumber),
		("Infinity", DecimalError::NotANumber),
		("null", DecimalError::NotANumber),
		("-", DecimalError::NotANumber),
		("١", DecimalError::NotANumber),
	] {
		assert_eq!(read(text), Err(error), "{text:?}");
	}
	assert_eq!(read(&"1".repeat(65)), Err(DecimalError::TooLong));
	assert_eq!(read(&"9".repeat(64)), Err(DecimalError::TooHigh));
}

proptest! {
	#[test]
	fn price_should_survive_being_written_down(price in price(), shift in 0u32..=18) {
		let scale = 10u128.pow(shift);
		let text = format!("{}.{:0width$}e{}", price / scale, price % scale, i64::from(shift) - 18, width = shift as usize);
		let text = if shift == 0 { format!("{price}e-18") } else { text };
		prop_assert_eq!(parse_price(text.as_bytes()), Ok(price));
		let plain = format!("{}.{:018}", price / PRICE_ONE, price % PRICE_ONE);
		prop_assert_eq!(parse_price(plain.as_bytes()), Ok(price));
	}

	#[test]
	fn any_text_should_be_a_price_that_counts_or_an_error(text in vec(any::<u8>(), 0..80)) {
		if let Ok(price) = parse_price(&text) {
			prop_assert!((LOWEST_PRICE..=HIGHEST_PRICE).contains(&price));
		}
	}

	#[test]
	fn any_number_should_be_a_price_that_counts_or_an_error(text in "-?[0-9]{1,40}(\\.[0-9]{0,25})?([eE][+-]?[0-9]{0,4})?") {
		if let Ok(price) = parse_price(text.as_bytes()) {
			prop_assert!((LOWEST_PRICE..=HIGHEST_PRICE).contains(&price));
			// The float next to it is near.
			let float: f64 = text.parse().unwrap();
			prop_assert!((price as f64 / 1e18 / float - 1.0).abs() < 1e-8);
		}
	}

	#[test]
	fn larger_numbers_should_never_be_lower_prices(whole in 0u32..1_000, a in "[0-9]{1,30}", b in "[0-9]{1,30}") {
		let (a, b) = (format!("{whole}.{a}"), format!("{whole}.{b}"));
		let (low, high) = if a <= b { (a, b) } else { (b, a) };
		if let (Ok(low), Ok(high)) = (parse_price(low.as_bytes()), parse_price(high.as_bytes())) {
			prop_assert!(low <= high);
		}
	}
}
