//! Emission takes a part of what is left, and defers what is not earned.

use proptest::prelude::*;
use weir_math::economy::{
	emission::*,
	units::*,
	wide::{part_floor, tokens_floor},
	Ledger, Parameters,
};

const GENESIS: Tokens = 400_000_000 * TOKEN;
const EPOCHS_OF_A_YEAR: usize = 1_461;

/// Runs an epoch in which everything is minted that may be.
fn spend(ledger: &mut Ledger, parameters: &Parameters) -> Schedule {
	let schedule = ledger.schedule(parameters).unwrap();
	ledger.emit_reserve(schedule.validators + schedule.attestors + schedule.treasury).unwrap();
	let minted = availability_mint(Tokens::MAX, ledger.bucket, schedule.slice, parameters.bucket_slices);
	ledger.emit_bucket(minted).unwrap();
	schedule
}

#[test]
fn first_epoch_should_release_what_was_published() {
	let first = emission(SUPPLY_CAP - GENESIS, Parameters::default().lambda);
	assert_eq!(first / TOKEN, 71_160);
	assert_eq!(recredit_limit(GENESIS, &Parameters::default()), first / 100);
}

#[test]
fn cumulative_emission_should_match_the_published_curve() {
	let mut ledger = Ledger::genesis(GENESIS).unwrap();
	// Hundred thousands of tokens after one, two, four and eight years.
	for (years, published) in [(1, 955), (1, 1_757), (2, 3_000), (4, 4_500)] {
		for _ in 0..years * EPOCHS_OF_A_YEAR {
			spend(&mut ledger, &Parameters::default());
		}
		let emitted = (ledger.emitted + TOKEN * 50_000) / (TOKEN * 100_000);
		assert!(emitted.abs_diff(published) <= 1, "{emitted} instead of {published}");
	}
}

#[test]
fn bucket_should_never_hold_more_than_its_slices_when_nothing_is_wanted() {
	let mut ledger = Ledger::genesis(GENESIS).unwrap();
	for _ in 0..1_000 {
		let schedule = ledger.schedule(&Parameters::default()).unwrap();
		assert!(ledger.bucket <= schedule.slice * BUCKET_SLICES);
		ledger.check().unwrap();
	}
	// It is full, so the reserve stands still but for the other parts, which nobody took.
	let before = ledger;
	let schedule = ledger.schedule(&Parameters::default()).unwrap();
	assert!(ledger.bucket > schedule.slice * (BUCKET_SLICES - 1));
	assert!(ledger.reserve.abs_diff(before.reserve) < schedule.slice);
}

#[test]
fn pay_should_stay_within_the_scheduled_and_two_more_slices() {
	let slice = 100;
	assert_eq!(availability_mint(50, 1_000, slice, 2), 50);
	assert_eq!(availability_mint(5_000, 1_000, slice, 2), 300);
	assert_eq!(availability_mint(5_000, 200, slice, 2), 200);
	assert_eq!(availability_mint(5_000, 1_000, slice, 0), 100);
	assert_eq!(availability_mint(u128::MAX, u128::MAX, u128::MAX, u32::MAX), u128::MAX);
}

#[test]
fn regions_should_want_what_was_paid_last_when_the_price_is_lost() {
	assert_eq!(wanted_tokens(5, None, 77, 76, None), 76);
	// Never more than the slice, and nothing where nothing was ever paid at a price.
	assert_eq!(wanted_tokens(5, None, 77, 78, None), 77);
	assert_eq!(wanted_tokens(u128::MAX, None, 77, 0, None), 0);
	assert_eq!(wanted_tokens(DOLLAR, Some(PRICE_ONE), 77, 3, None), TOKEN);
}

#[test]
fn regions_should_want_no_more_than_it_is_worth_at_the_pools_average_when_the_price_is_lost() {
	let wanted = |want, slice, last, average| wanted_tokens(want, None, slice, last, Some(average));
	// Ten times the price since: a tenth of the tokens.
	assert_eq!(wanted(DOLLAR, 9 * TOKEN, TOKEN, 10 * PRICE_ONE), TOKEN / 10);
	assert_eq!(wanted(DOLLAR, 9 * TOKEN, TOKEN, 3 * PRICE_ONE), TOKEN / 3, "rounded down");
	// A token that has fallen raises nothing, whatever the pool says.
	assert_eq!(wanted(DOLLAR, 9 * TOKEN, TOKEN, PRICE_ONE / 10), TOKEN);
	assert_eq!(wanted(DOLLAR, 9 * TOKEN, 10 * TOKEN, 1), 9 * TOKEN);
	assert_eq!(wanted(u128::MAX, 77, 76, 1), 76);
	assert_eq!(wanted(DOLLAR, 77, 76, 0), 76, "a price of zero is none");
	assert_eq!(wanted(0, 77, 76, PRICE_ONE), 0);
	// With a price the pool has no say.
	assert_eq!(wanted_tokens(DOLLAR, Some(PRICE_ONE), 77, 3, Some(10 * PRICE_ONE)), TOKEN);
}

#[test]
fn coverage_budget_should_be_its_share_of_the_slice_in_dollars() {
	// 15 % of a thousand tokens at four cents.
	assert_eq!(coverage_budget(1_000 * TOKEN, PRICE_ONE / 25, &Parameters::default()), 6 * DOLLAR);
	assert_eq!(coverage_budget(u128::MAX, u128::MAX, &Parameters::default()), 0);
}

#[test]
fn insurance_should_be_its_share_of_the_slice() {
	assert_eq!(insurance_limit(1_009, &Parameters::default()), 100);
}

/// Property 11: a million epochs in which everything is taken that may be never exceed the budget.
#[test]
fn budget_should_hold_over_a_million_epochs() {
	let parameters = Parameters::default();
	let mut ledger = Ledger::genesis(GENESIS).unwrap();
	let mut largest = u128::MAX;
	for epoch in 0..1_000_000u32 {
		// Every tenth epoch spends nothing: what it leaves is deferred.
		let schedule = if epoch % 10 == 0 {
			ledger.schedule(&parameters).unwrap()
		} else {
			spend(&mut ledger, &parameters)
		};
		assert!(schedule.emission <= largest);
		largest = schedule.emission.max(1);
		assert!(ledger.emitted + ledger.bucket <= SUPPLY_CAP - GENESIS);
	}
	ledger.check().unwrap();
	assert_eq!(ledger.emitted + ledger.bucket + ledger.reserve, SUPPLY_CAP - GENESIS);
}

proptest! {
	/// Whoever keeps the price from being formed is paid no more than before, however long it lasts.
	#[test]
	fn epochs_without_a_price_should_mint_no_more_than_the_last_one_with_one(
		epochs in prop::collection::vec(
			(
				0..10_000_000_000_000u128,
				prop::option::weighted(0.5, 1..=HIGHEST_PRICE),
				prop::option::weighted(0.5, 1..=HIGHEST_PRICE),
			),
			1..60,
		),
	) {
		let parameters = Parameters::default();
		let mut ledger = Ledger::genesis(GENESIS).unwrap();
		let mut last = 0;
		for (want, price, average) in epochs {
			let slice = ledger.schedule(&parameters).unwrap().slice;
			let wanted = wanted_tokens(want, price, slice, last, average);
			let minted = availability_mint(wanted, ledger.bucket, slice, parameters.bucket_slices);
			ledger.emit_bucket(minted).unwrap();
			if price.is_some() {
				last = minted;
			} else {
				prop_assert!(minted <= last && minted <= slice);
				let worth = average.and_then(|average| tokens_floor(want, average));
				prop_assert!(worth.is_none_or(|worth| minted <= worth));
			}
			prop_assert_eq!(ledger.check(), Ok(()));
		}
	}

	/// Properties 10 and 12: the reserve falls except by what overflows and what is put back, and no epoch releases more
	/// than the first one but for that.
	#[test]
	fn emission_should_only_fall_but_for_recredits(
		lambdas in prop::collection::vec(0..=1_000_000_000_000_000_000u64, 1..40),
		destroyed in prop::collection::vec(0..1_000_000 * TOKEN, 40),
		wanted in prop::collection::vec(0..1_000_000 * TOKEN, 40),
	) {
		let mut parameters = Parameters::default();
		let mut ledger = Ledger::genesis(GENESIS).unwrap();
		let mut lambdas = lambdas;
		// Governance may only lower it.
		lambdas.sort_unstable_by(|a, b| b.cmp(a));
		let first = emission(ledger.reserve, lambdas[0]);
		let mut recredited = 0;
		for (index, lambda) in lambdas.iter().enumerate() {
			parameters.lambda = *lambda;
			let before = ledger;
			let schedule = ledger.schedule(&parameters).unwrap();
			prop_assert!(schedule.emission <= first + recredited);
			prop_assert_eq!(
				schedule.slice + schedule.validators + schedule.attestors + schedule.treasury,
				schedule.emission
			);
			// The slice leaves it, and no more comes back than what the bucket cannot hold.
			let overflow = (before.bucket + schedule.slice).saturating_sub(schedule.slice * BUCKET_SLICES);
			prop_assert_eq!(ledger.reserve, before.reserve - schedule.slice + overflow);
			prop_assert!(ledger.bucket <= schedule.slice * BUCKET_SLICES);
			ledger.emit_reserve(schedule.validators).unwrap();
			ledger
				.emit_bucket(availability_mint(wanted[index], ledger.bucket, schedule.slice, parameters.bucket_slices))
				.unwrap();
			if ledger.destroy(destroyed[index]).is_ok() {
				let reserve = ledger.reserve;
				let back = ledger.recredit(recredit_limit(GENESIS, &parameters).min(destroyed[index])).unwrap();
				prop_assert!(back <= destroyed[index] && back <= part_floor(first, parameters.recredit));
				prop_assert_eq!(ledger.reserve, reserve + back);
				recredited += back;
			}
			prop_assert_eq!(ledger.check(), Ok(()));
		}
	}
}
