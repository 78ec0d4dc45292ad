//! What governance may do to the parameters, and what slashes and bonds come to.

use proptest::prelude::*;
use weir_math::economy::{
	incentive::{availability_rate, slope, BILLION},
	least_weight::{self, MOST_LEAST_WEIGHT, MOST_OPENING, STEP},
	parameters::{
		Broken, ParameterName, MOST_EARNED, MOST_FALL, MOST_LAMBDA, MOST_MOVE, MOST_PRICE_MOVE, MOST_SHARES,
	},
	slash::{
		average_reward, bond_for, covered_kbps, next_rate, split, BOND_EPOCHS, MOST_RATE_MOVE, REPORTER_MOST,
	},
	units::*,
	wide::value_floor,
	Pace, Parameters,
};

use ParameterName as Name;

/// Values for all parameters, each within its bounds, whatever the laws between them say.
fn within_bounds() -> impl Strategy<Value = Parameters> {
	prop::collection::vec(any::<u64>(), Name::ALL.len()).prop_map(|seeds| {
		Name::ALL.iter().zip(seeds).fold(Parameters::default(), |parameters, (name, seed)| {
			let bounds = name.bounds();
			let value = bounds.least + seed % (bounds.most - bounds.least + 1);
			parameters.with(*name, value).expect("within the bounds")
		})
	})
}

/// As [`within_bounds`], with the laws kept.
fn lawful() -> impl Strategy<Value = Parameters> {
	within_bounds().prop_filter_map("breaks a law", |mut parameters| {
		parameters.availability_least = parameters.availability_least.min(parameters.availability_most);
		parameters.quorum = parameters.quorum.max(500_001);
		parameters.check().is_ok().then_some(parameters)
	})
}

fn name() -> impl Strategy<Value = Name> {
	prop::sample::select(Name::ALL.to_vec())
}

#[test]
fn defaults_should_keep_bounds_and_laws() {
	assert_eq!(Parameters::default().check(), Ok(()));
	assert_eq!(Parameters::default().lambda, MOST_LAMBDA);
	let parameters = Parameters::default();
	assert_eq!(Parameters::check_change(&parameters, &parameters, &parameters), Ok(()));
}

#[test]
fn every_parameter_should_be_refused_beyond_its_bounds() {
	for name in Name::ALL {
		let bounds = name.bounds();
		for value in
			[bounds.least.checked_sub(1), Some(bounds.most + 1), Some(u64::MAX)].into_iter().flatten()
		{
			assert_eq!(Parameters::default().with(name, value), Err(Broken::OutOfBounds(name)), "{value}");
		}
		for value in [bounds.least, bounds.most] {
			let parameters = Parameters::default().with(name, value).unwrap();
			assert_eq!(parameters.value(name), value);
			// Nothing else moved.
			assert_eq!(parameters.with(name, Parameters::default().value(name)), Ok(Parameters::default()));
			assert_ne!(parameters.check(), Err(Broken::OutOfBounds(name)));
		}
	}
	let fields = Parameters { spread: 50_001, ..Parameters::default() };
	assert_eq!(fields.check(), Err(Broken::OutOfBounds(Name::Spread)));
	let fields = Parameters { forward_rounds: 0, ..Parameters::default() };
	assert_eq!(fields.check(), Err(Broken::OutOfBounds(Name::ForwardRounds)));
}

#[test]
fn bounds_should_be_those_of_the_specification() {
	let bounds = |name: Name| (name.bounds().least, name.bounds().most);
	assert_eq!(bounds(Name::ProviderShare), (600_000, 850_000));
	assert_eq!((bounds(Name::AttestorShare), bounds(Name::TreasuryShare)), ((0, 50_000), (0, 50_000)));
	assert_eq!(bounds(Name::Kappa), (0, 200_000));
	assert_eq!((bounds(Name::BufferTarget), bounds(Name::BufferFill)), ((0, 1_000_000), (0, 500_000)));
	assert_eq!((bounds(Name::Insurance), bounds(Name::BucketSlices)), ((0, 200_000), (0, 3)));
	assert_eq!((bounds(Name::Coverage), bounds(Name::TenureEpochs)), ((0, 250_000), (14, 112)));
	let day = u64::from(Pace::public().epochs_per_day);
	assert_eq!(bounds(Name::VestLiquid), (100_000, 500_000));
	assert_eq!(bounds(Name::VestHalfLifeEpochs), (30 * day, 120 * day));
	assert_eq!((bounds(Name::Recredit), bounds(Name::Spread)), ((0, 20_000), (10_000, 50_000)));
	assert_eq!(bounds(Name::TargetUtilisation), (300_000, 700_000));
	assert_eq!(bounds(Name::UtilisationAlpha), (20_000, 200_000));
	// Minutes, in rounds of 50 blocks of 6 s.
	let minutes = |name: Name| {
		let round = u64::from(Pace::public().round_blocks) * 6 / 60;
		(bounds(name).0 * round, bounds(name).1 * round)
	};
	assert_eq!((minutes(Name::ForwardRounds), minutes(Name::ReportRounds)), ((5, 30), (5, 30)));
	assert_eq!((minutes(Name::EmaHalfLifeRounds), minutes(Name::TwapRounds)), ((5, 60), (5, 60)));
	assert_eq!((MOST_SHARES, MOST_EARNED, MOST_MOVE, MOST_PRICE_MOVE), (880_000, 950_000, 250_000, 100_000));
}

#[test]
fn check_should_name_the_law_that_is_broken() {
	let laws = [
		(
			Parameters {
				provider_share: 800_000,
				attestor_share: 40_000,
				treasury_share: 40_001,
				kappa: 0,
				..Parameters::default()
			},
			Broken::SharesAboveMost,
		),
		(Parameters { kappa: 170_001, ..Parameters::default() }, Broken::EarningsAboveMost),
		(Parameters { provider_share: 750_001, ..Parameters::default() }, Broken::EarningsAboveMost),
		(Parameters { attestor_share: 30_001, ..Parameters::default() }, Broken::EarningsAboveMost),
		(Parameters { availability_least: 15_001, ..Parameters::default() }, Broken::LeastAboveMost),
		(Parameters { quorum: 500_000, ..Parameters::default() }, Broken::QuorumNotAMajority),
	];
	for (parameters, law) in laws {
		assert_eq!(parameters.check(), Err(law));
	}
	let edge = Parameters { quorum: 500_001, availability_least: 15_000, ..Parameters::default() };
	assert_eq!(edge.check(), Ok(()));
}

#[test]
fn change_should_be_limited_to_a_quarter_and_the_list_price_to_a_tenth() {
	let now = Parameters::default();
	let change = |name, value| now.with(name, value).and_then(|to| Parameters::check_change(&now, &now, &to));
	assert_eq!(change(Name::ListPrice, 55_000), Ok(()));
	assert_eq!(change(Name::ListPrice, 45_000), Ok(()));
	assert_eq!(change(Name::ListPrice, 55_001), Err(Broken::TooFast(Name::ListPrice)));
	assert_eq!(change(Name::ListPrice, 44_999), Err(Broken::TooFast(Name::ListPrice)));
	assert_eq!(change(Name::AvailabilityMost, 18_750), Ok(()));
	assert_eq!(change(Name::AvailabilityMost, 18_751), Err(Broken::TooFast(Name::AvailabilityMost)));
	assert_eq!(change(Name::AvailabilityMost, 11_249), Err(Broken::TooFast(Name::AvailabilityMost)));
	// A quarter of two rounds is none: counts may move by one.
	assert_eq!(change(Name::ForwardRounds, 3), Ok(()));
	assert_eq!(change(Name::ForwardRounds, 4), Err(Broken::TooFast(Name::ForwardRounds)));
	assert_eq!(change(Name::BucketSlices, 0), Err(Broken::TooFast(Name::BucketSlices)));
}

#[test]
fn lambda_should_only_fall() {
	let now = Parameters { lambda: MOST_LAMBDA / 2, ..Parameters::default() };
	let higher = Parameters { lambda: now.lambda + 1, ..now };
	let past = Parameters::default();
	assert_eq!(Parameters::check_change(&now, &now, &higher), Err(Broken::LambdaRises));
	// Not even back to what it was within the window.
	assert_eq!(Parameters::check_change(&past, &now, &past), Err(Broken::LambdaRises));
	let lower = Parameters { lambda: now.lambda - now.lambda / 4, ..now };
	assert_eq!(Parameters::check_change(&now, &now, &lower), Ok(()));
	let lower = Parameters { lambda: lower.lambda - 1, ..now };
	assert_eq!(Parameters::check_change(&now, &now, &lower), Err(Broken::TooFast(Name::Lambda)));
}

#[test]
fn zero_should_not_be_a_trap() {
	for name in Name::ALL {
		let bounds = name.bounds();
		if bounds.least == 0 && name != Name::Quorum {
			assert!(name.allowance(0) > 0, "{name:?} could never leave zero");
			assert!(name.allowance(0) <= bounds.most / 3 || bounds.most == 3, "{name:?} leaps from zero");
		}
		// From the lower end, and from the upper one, the parameter moves.
		if name != Name::Lambda && name != Name::Quorum {
			assert!(name.allowance(bounds.least) > 0, "{name:?} is stuck at its least");
			assert!(name.allowance(bounds.most) > 0, "{name:?} is stuck at its most");
		}
	}
}

#[test]
fn presets_of_the_pace_should_be_valid_and_pauses_end() {
	for pace in [Pace::public(), Pace::local()] {
		assert!(pace.is_valid());
		assert_eq!((pace.pause_epochs(), pace.cool_down_epochs()), (12, 28));
	}
	// A window of more changes than are remembered.
	let pace = Pace { change_notice_epochs: 14, change_window_epochs: 112, ..Pace::public() };
	assert!(!pace.is_valid());
	assert!(!Pace { change_notice_epochs: 0, ..Pace::public() }.is_valid());
}

#[test]
fn change_should_take_effect_after_full_epochs_of_notice_and_count_for_a_window() {
	let pace = Pace { change_notice_epochs: 28, change_window_epochs: 112, ..Pace::public() };
	assert_eq!((pace.takes_effect(10), pace.takes_effect(u32::MAX)), (39, u32::MAX));
	assert!(pace.is_in_window(10, 121) && !pace.is_in_window(10, 122));
}

#[test]
fn least_weight_should_move_by_a_quarter_within_its_bounds() {
	use least_weight::{check, Broken::*};
	assert_eq!(check([1_000_000], 1_250_000), Ok(()));
	assert_eq!(check([1_000_000], 1_250_001), Err(TooFast));
	assert_eq!(check([1_000_000], 750_000), Ok(()));
	assert_eq!(check([1_000_000], 749_999), Err(TooFast));
	assert_eq!(check([1_000_000, 1_250_000], 800_000), Err(TooFast), "every value of the window counts");
	assert_eq!(check([MOST_LEAST_WEIGHT], MOST_LEAST_WEIGHT + 1), Err(OutOfBounds));
	assert_eq!(check([MOST_LEAST_WEIGHT], MOST_LEAST_WEIGHT), Ok(()));
	assert_eq!(check([0], STEP), Ok(()), "zero is no trap");
	assert_eq!(check([0], STEP + 1), Err(TooFast));
	assert_eq!(check([STEP], 0), Ok(()));
	assert_eq!(check([u64::MAX], u64::MAX), Err(OutOfBounds));
}

#[test]
fn region_should_be_opened_with_a_bounded_least_weight() {
	use least_weight::{check, Broken::*};
	for (weight, expected) in [(0, Ok(())), (MOST_OPENING, Ok(())), (MOST_OPENING + 1, Err(OutOfBounds))] {
		assert_eq!(check([], weight), expected);
	}
	// One that was open within the window goes on from there.
	assert_eq!(check([2 * MOST_OPENING], 2 * MOST_OPENING), Ok(()));
	assert_eq!(check([2 * MOST_OPENING], MOST_OPENING), Err(TooFast));
}

#[test]
fn slash_should_be_split_as_specified() {
	let one = PRICE_ONE;
	// 100 tokens at a dollar: the reporter gets its fifth.
	let parts = split(100 * TOKEN, Some(one));
	assert_eq!((parts.destroyed, parts.reporter, parts.treasury), (60 * TOKEN, 20 * TOKEN, 20 * TOKEN));
	// 1,000 tokens at a dollar: fifty dollars at most, the rest is destroyed.
	let parts = split(1_000 * TOKEN, Some(one));
	assert_eq!((parts.destroyed, parts.reporter, parts.treasury), (750 * TOKEN, 50 * TOKEN, 200 * TOKEN));
	// Nobody reported it, or nobody knows what fifty dollars are.
	let parts = split(1_000 * TOKEN, None);
	assert_eq!((parts.destroyed, parts.reporter, parts.treasury), (800 * TOKEN, 0, 200 * TOKEN));
	assert_eq!(split(1_000 * TOKEN, Some(0)), parts);
	let parts = split(4, Some(one));
	assert_eq!((parts.destroyed, parts.reporter, parts.treasury), (4, 0, 0));
}

#[test]
fn bond_should_be_worth_eighty_epochs_of_pay_once_the_average_is_there() {
	// 100 tokens an epoch for 1 Gbps of weight: a tenth of a token for each Mbps.
	let (pay, weight) = (100 * TOKEN, 1_000_000);
	let (mut reward, mut rate) = (0, TOKEN);
	for epoch in 1..=1_000u32 {
		reward = average_reward(reward, pay, weight);
		if epoch.is_multiple_of(4) {
			rate = next_rate(rate, reward, TOKEN, 1_000 * TOKEN);
		}
	}
	let wanted = 8 * TOKEN;
	assert!(rate <= wanted && rate > wanted / 1_000 * 999, "{rate}");
	assert_eq!(bond_for(10_000, wanted), 80 * TOKEN);
	assert_eq!(covered_kbps(80 * TOKEN, wanted), 10_000);
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(512))]

	/// Properties 4 and 26: what keeps the bounds and passes the check keeps every law, as sums say by themselves.
	#[test]
	fn check_should_hold_exactly_when_the_laws_do(parameters in within_bounds()) {
		let shares = parameters.provider_share + parameters.attestor_share + parameters.treasury_share;
		let earned = parameters.provider_share + parameters.attestor_share + parameters.kappa;
		let lawful = shares <= 880_000
			&& earned <= 950_000
			&& parameters.availability_least <= parameters.availability_most
			&& parameters.quorum > 500_000;
		prop_assert_eq!(parameters.check().is_ok(), lawful);
	}

	/// Property 26: whatever governance makes of the parameters, and whatever fees come to, the slope keeps both laws.
	#[test]
	fn slope_should_keep_its_laws_for_all_lawful_parameters(parameters in lawful(), fees in any::<u64>()) {
		let availability = availability_rate(
			parameters.availability_most,
			parameters.availability_least,
			parameters.taper,
			fees,
		);
		prop_assert!(availability >= parameters.availability_least && availability <= parameters.availability_most);
		let k = slope(parameters.kappa, parameters.list_price, availability, parameters.target_utilisation);
		let (k, one) = (u128::from(k), u128::from(BILLION));
		prop_assert!(u128::from(availability) * k * MILLION
			<= u128::from(parameters.kappa) * u128::from(parameters.list_price) * one);
		prop_assert!(k * u128::from(parameters.target_utilisation) <= u128::from(MOST_FALL) * one);
	}

	/// A change that is allowed moves nothing by more than a quarter, the list price by more than a tenth, but for the
	/// least steps; and no step is refused that keeps all this.
	#[test]
	fn change_should_be_allowed_exactly_within_its_limits(
		past in lawful(),
		name in name(),
		numerator in 0..3_000_000u64,
	) {
		let value = u128::from(past.value(name)) * u128::from(numerator) / 1_000_000;
		let Ok(to) = past.with(name, u64::try_from(value).unwrap_or(u64::MAX)) else { return Ok(()) };
		let (old, new) = (past.value(name), to.value(name));
		let part = if name == Name::ListPrice { 10 } else { 4 };
		let near = old.abs_diff(new) <= (old / part).max(name.bounds().step);
		let expected = match to.check() {
			Err(broken) => Err(broken),
			Ok(()) if name == Name::Lambda && new > old => Err(Broken::LambdaRises),
			Ok(()) if !near => Err(Broken::TooFast(name)),
			Ok(()) => Ok(()),
		};
		prop_assert_eq!(Parameters::check_change(&past, &past, &to), expected);
	}

	/// Property 39.
	#[test]
	fn slash_should_split_exactly_and_pay_the_reporter_less_than_is_destroyed(
		amount in 1..=SUPPLY_CAP,
		price in prop::option::of(LOWEST_PRICE..=HIGHEST_PRICE),
	) {
		let parts = split(amount, price);
		prop_assert_eq!(parts.destroyed + parts.reporter + parts.treasury, amount);
		prop_assert!(parts.reporter < parts.destroyed);
		prop_assert!(parts.destroyed * 5 >= amount * 3);
		prop_assert!(parts.treasury * 5 <= amount);
		match price {
			Some(price) => prop_assert!(value_floor(parts.reporter, price).unwrap() <= REPORTER_MOST),
			None => prop_assert_eq!(parts.reporter, 0),
		}
	}

	/// A bond covers exactly the claims that it suffices for.
	#[test]
	fn cover_should_be_the_largest_claim_that_the_bond_suffices_for(
		bond in 0..=SUPPLY_CAP,
		rate in 1..=SUPPLY_CAP,
	) {
		let covered = covered_kbps(bond, rate);
		prop_assert!(bond_for(covered, rate) <= bond);
		if covered < u32::MAX {
			prop_assert!(bond_for(covered + 1, rate) > bond);
		}
	}

	/// The rate stays within floor and ceiling, moves by a twentieth at most, and only towards what it should be.
	#[test]
	fn rate_should_move_slowly_and_stay_within_its_bounds(
		rewards in prop::collection::vec((0..=SUPPLY_CAP, 0..=u128::from(u64::MAX)), 1..60),
		least in 1..=1_000 * TOKEN,
		room in 1..=1_000_000 * TOKEN,
	) {
		let most = least + room;
		let (mut rate, mut reward) = (least, 0);
		for (tokens, weight) in rewards {
			reward = average_reward(reward, tokens, weight);
			let next = next_rate(rate, reward, least, most);
			let step = (rate * u128::from(MOST_RATE_MOVE) / MILLION).max(1);
			prop_assert!(next >= least && next <= most && next.abs_diff(rate) <= step);
			let target = reward.saturating_mul(BOND_EPOCHS);
			let is_towards = if target >= rate { next >= rate } else { next <= rate };
			prop_assert!(is_towards, "from {rate} to {next}, not towards {target}");
			rate = next;
		}
	}

	/// Nobody moves the average beyond the largest thing that was paid.
	#[test]
	fn average_should_stay_below_its_largest_sample(
		rewards in prop::collection::vec((0..=SUPPLY_CAP, 0..1_000_000u128), 0..40),
	) {
		let (mut average, mut largest) = (0, 0);
		for (tokens, weight) in rewards {
			average = average_reward(average, tokens, weight);
			largest = largest.max((tokens * 1_000).checked_div(weight).unwrap_or(0));
			prop_assert!(average <= largest);
		}
	}
}

#[test]
fn formulas_should_not_overflow_at_the_limits_of_their_types() {
	let max = u128::MAX;
	assert_eq!(split(max, Some(max)).destroyed, max - max / 5);
	assert_eq!(bond_for(u32::MAX, max), max);
	assert_eq!((covered_kbps(max, 1), covered_kbps(0, max), covered_kbps(max, 0)), (u32::MAX, 0, u32::MAX));
	assert_eq!(average_reward(7, max, 0), 7);
	assert_eq!(average_reward(7, max, 1), 7, "what does not fit says nothing");
	assert_eq!(next_rate(max, max, 1, max), max);
}
