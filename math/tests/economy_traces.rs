//! Emission over a million random epochs, and the limit of what comes back: properties 10 to 12.

use primitive_types::U512;
use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use weir_math::economy::{
	emission::*,
	parameters::MOST_LAMBDA,
	units::*,
	wide::{part_floor, value_floor},
	Ledger, Parameters,
};

const GENESIS: Tokens = 400_000_000 * TOKEN;
const EPOCHS: u32 = 1_000_000;

/// What left reserve and bucket in a trace, and what came back, as it was asked for.
#[derive(Default)]
struct Moved {
	minted: Tokens,
	insured: Tokens,
	returned: Tokens,
	recredited: Tokens,
}

impl Moved {
	fn add(&mut self, more: &Self) {
		self.minted += more.minted;
		self.insured += more.insured;
		self.returned += more.returned;
		self.recredited += more.recredited;
	}
}

/// What happens in an epoch beside the schedule. Up to `greed` millionths are minted of what may be.
fn live(
	ledger: &mut Ledger,
	parameters: &Parameters,
	schedule: &Schedule,
	greed: u32,
	rng: &mut ChaCha8Rng,
) -> Moved {
	let mut moved = Moved::default();
	let some = |of: Tokens, rng: &mut ChaCha8Rng| part_floor(of, rng.gen_range(0..=greed));
	for part in [schedule.validators, schedule.attestors, schedule.treasury] {
		let tokens = some(part, rng);
		ledger.emit_reserve(tokens).unwrap();
		moved.minted += tokens;
	}
	let unearned = some(schedule.attestors, rng).min(ledger.emitted).min(ledger.issuance);
	ledger.return_reserve(unearned).unwrap();
	let most = availability_mint(Tokens::MAX, ledger.bucket, schedule.slice, parameters.bucket_slices);
	let paid = some(most, rng);
	ledger.emit_bucket(paid).unwrap();
	moved.minted += paid;
	let forfeited = some(paid, rng).min(ledger.emitted).min(ledger.issuance);
	ledger.give_back(forfeited).unwrap();
	moved.returned = unearned + forfeited;
	if rng.gen_ratio(1, 4) {
		moved.insured = trade(ledger, parameters, schedule, rng);
	}
	if rng.gen_ratio(1, 8) {
		let before = ledger.ever_destroyed();
		ledger.destroy(part_floor(ledger.issuance, rng.gen_range(0..100))).unwrap();
		let gone = ledger.ever_destroyed() - before;
		moved.recredited = ledger.recredit(recredit_limit(GENESIS, parameters).min(gone)).unwrap();
		assert!(moved.recredited <= gone);
	}
	moved
}

/// Somebody buys credits with a thousandth of all tokens at most, and somebody settles some, at any two prices. What insurance
/// minted.
fn trade(ledger: &mut Ledger, parameters: &Parameters, schedule: &Schedule, rng: &mut ChaCha8Rng) -> Tokens {
	let [bought_at, settled_at] = [(); 2].map(|()| PRICE_ONE / 1_000 * rng.gen_range(1..10_000u128));
	let tokens = part_floor(ledger.issuance, rng.gen_range(1..1_000));
	// Refused where too little exists to be worth a credit.
	let _ = ledger.buy(value_floor(tokens, bought_at).unwrap(), tokens);
	let claimed = part_floor(ledger.credits, rng.gen_range(0..=1_000_000));
	let limit = insurance_limit(schedule.slice, parameters);
	let settlement = ledger.settle(claimed, parameters, settled_at, limit).unwrap();
	assert!(settlement.insured <= limit);
	settlement.insured
}

/// A million random epochs: all that was ever minted out of the budget, less what was given back, and what is still in bucket
/// and reserve, are the budget and what was put back, to the grain. Summed up here, apart from the ledger's own sums.
fn run_trace(seed: u64, greed: u32) {
	let mut rng = ChaCha8Rng::seed_from_u64(seed);
	let mut parameters = Parameters {
		bucket_slices: rng.gen_range(0..=3),
		insurance: rng.gen_range(0..=200_000),
		recredit: rng.gen_range(1..=20_000),
		..Default::default()
	};
	let mut ledger = Ledger::genesis(GENESIS).unwrap();
	let budget = SUPPLY_CAP - GENESIS;
	let first = emission(budget, parameters.lambda);
	let mut all = Moved::default();
	let mut long_before = 0;
	for epoch in 0..EPOCHS {
		if rng.gen_ratio(1, 50_000) {
			parameters.lambda = rng.gen_range(parameters.lambda / 4 * 3..=parameters.lambda);
		}
		let schedule = ledger.schedule(&parameters).unwrap();
		assert!(schedule.emission <= first + all.recredited, "epoch {epoch}");
		all.add(&live(&mut ledger, &parameters, &schedule, greed, &mut rng));
		let spent = all.minted + all.insured - all.returned;
		assert_eq!(spent + ledger.bucket + ledger.reserve, budget + all.recredited, "epoch {epoch}");
		assert_eq!(ledger.check(), Ok(()), "epoch {epoch}");
		if epoch == EPOCHS / 10 * 9 {
			long_before = all.minted;
		}
	}
	assert!(all.minted > long_before, "nothing happened any more");
	assert!(all.returned > 0 && all.recredited > 0 && all.insured > 0);
}

#[test]
fn budget_should_hold_over_a_million_random_epochs() {
	run_trace(1, 700_000);
}

#[test]
fn budget_should_hold_over_a_million_random_epochs_that_spend_everything() {
	run_trace(2, 1_000_000);
}

#[test]
fn budget_should_hold_over_a_million_random_epochs_that_fill_the_bucket() {
	run_trace(3, 1_000);
}

proptest! {
	/// Property 10: the limit of what comes back in an epoch is its share of the first emission, rounded down, and only falls
	/// with lambda.
	#[test]
	fn recredit_limit_should_be_its_share_of_the_first_emission(
		genesis in 0..=SUPPLY_CAP, lambda in 1..=MOST_LAMBDA, recredit in 0..=20_000u32,
	) {
		let parameters = Parameters { lambda, recredit, ..Default::default() };
		let limit = recredit_limit(genesis, &parameters);
		let exact = U512::from(SUPPLY_CAP - genesis) * U512::from(lambda) * U512::from(recredit);
		let scale = U512::exp10(24);
		prop_assert!(U512::from(limit) * scale <= exact);
		// Rounded down twice.
		prop_assert!(exact < U512::from(limit + 2) * scale);
		let unfallen = Parameters { lambda: MOST_LAMBDA, ..parameters };
		prop_assert!(limit <= recredit_limit(genesis, &unfallen));
	}
}
