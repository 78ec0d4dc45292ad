//! The supply ledger adds up whatever happens to it, pays nobody more than was burned, and reproduces published numbers.

use primitive_types::U256;
use proptest::prelude::*;
use weir_math::economy::{
	emission,
	ledger::{Broken, LedgerError, Settlement},
	parameters::MOST_SHARES,
	units::*,
	wide::{mul_div_floor, part_floor, tokens_ceil, tokens_floor, value_floor},
	Ledger, Parameters,
};

const GENESIS: Tokens = 400_000_000 * TOKEN;

fn ledger() -> Ledger {
	Ledger::genesis(GENESIS).unwrap()
}

/// Cents per token as a price.
fn cents(cents: u128) -> Price {
	PRICE_ONE * cents / 100
}

fn low(price: Price) -> Price {
	price / 10_000 * 9_975
}

fn high(price: Price) -> Price {
	price / 10_000 * 10_025
}

fn buy(ledger: &mut Ledger, credits: Credits, price: Price) -> Tokens {
	let tokens = tokens_ceil(credits, price).unwrap();
	ledger.buy(credits, tokens).unwrap();
	tokens
}

fn settle(ledger: &mut Ledger, credits: Credits, price: Price, insurance: Tokens) -> Settlement {
	ledger.settle(credits, &Parameters::default(), price, insurance).unwrap()
}

/// Ten-thousandths of a token.
fn rounded(tokens: Tokens) -> u128 {
	(tokens + TOKEN / 20_000) / (TOKEN / 10_000)
}

#[test]
fn settlement_should_match_the_worked_numbers() {
	// A plan of five dollars bought at four cents, three dollars of it settled: research, economics, section 2.17.
	let rows = [
		(cents(4), 598_504, 76_688, 76_688, 2_244),
		(cents(6), 399_002, 176_439, 176_439, 2_244),
		(PRICE_ONE * 28 / 1_000, 751_880, 0, 0, 1_974),
		(cents(2), 751_880, 0, 0, 1_410),
	];
	for (price, minted, to_buffer, destroyed, provider_dollars) in rows {
		let mut ledger = ledger();
		let burned = buy(&mut ledger, 5 * DOLLAR, low(cents(4)));
		assert_eq!(rounded(burned), 1_253_133);
		let settlement = settle(&mut ledger, 3 * DOLLAR, high(price), 0);
		assert_eq!(rounded(settlement.basis), 751_880);
		assert_eq!(rounded(settlement.minted()), minted, "at {price}");
		assert_eq!(rounded(settlement.to_buffer), to_buffer, "at {price}");
		assert_eq!(rounded(settlement.destroyed), destroyed, "at {price}");
		let dollars = value_floor(settlement.provider, price).unwrap();
		assert_eq!((dollars + 500) / 1_000, provider_dollars, "at {price}");
		assert_eq!(ledger.credits, 2 * DOLLAR);
		ledger.check().unwrap();
	}
}

#[test]
fn need_should_match_the_worked_numbers_when_the_price_fell() {
	for (price, needed, haircut_ppm) in
		[(PRICE_ONE * 28 / 1_000, 855_005, 120_614), (cents(2), 1_197_007, 371_866)]
	{
		let mut ledger = ledger();
		buy(&mut ledger, 5 * DOLLAR, low(cents(4)));
		let settlement = settle(&mut ledger, 3 * DOLLAR, high(price), 0);
		assert_eq!(rounded(settlement.needed), needed);
		assert!(settlement.haircut_ppm.abs_diff(haircut_ppm) <= 2, "{}", settlement.haircut_ppm);
	}
}

#[test]
fn long_walk_should_match_the_reference_model() {
	let mut ledger = ledger();
	ledger.reserve -= 1_000_000 * TOKEN;
	ledger.bucket += 1_000_000 * TOKEN;
	let mut price = cents(4);
	let mut state = 12_345u64;
	for i in 0..200 {
		state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
		price = price * (920 + u128::from((state >> 40) % 160)) / 1_000;
		price = match i % 50 {
			41 => price * 3 / 10,
			21 => price * 4,
			_ => price,
		};
		let credits = Credits::from((state >> 20) % 5_000 + 1) * DOLLAR;
		buy(&mut ledger, credits, price * 9_975 / 10_000);
		if i % 4 == 3 {
			let settled = ledger.credits * 6 / 10 / 100 * 100;
			settle(&mut ledger, settled, price * 10_025 / 10_000, 46_254 * TOKEN);
		}
		ledger.check().unwrap();
	}
	assert_eq!(price, 19_386_685_733_516_898);
	// Shares are rounded down one by one here, and together there: grains, not tokens.
	let close = |ours: u128, theirs: u128| assert!(ours.abs_diff(theirs) <= 200, "{ours} {theirs}");
	close(ledger.issuance, 397_465_720_179_284_245_070);
	close(ledger.bucket, 910_888_543_279_322_783);
	close(ledger.basis, 245_860_496_383_622_816);
	close(ledger.buffer, 40_277_030_529_433_624);
	close(ledger.destroyed, 2_337_253_750_523_375_707);
	close(ledger.reminted, 11_102_878_994_231_429_177);
	close(ledger.insured, 89_111_456_720_677_217);
	assert_eq!(ledger.burned, 13_726_270_271_667_861_324);
	assert_eq!(ledger.credits, 4_780_376_300);
}

#[test]
fn buffer_should_pay_before_insurance_and_insurance_only_to_its_limit() {
	let mut ledger = ledger();
	ledger.schedule(&Parameters::default()).unwrap();
	buy(&mut ledger, 200 * DOLLAR, cents(4));
	settle(&mut ledger, 100 * DOLLAR, cents(8), 0);
	let (buffer, bucket) = (ledger.buffer, ledger.bucket);
	assert!(buffer > 0);
	let settlement = settle(&mut ledger, 100 * DOLLAR, cents(1), 100 * TOKEN);
	assert_eq!(settlement.from_buffer, buffer);
	assert!(settlement.insured <= 100 * TOKEN && settlement.insured > 100 * TOKEN - 3);
	assert!(settlement.haircut_ppm > 0);
	assert_eq!(ledger.bucket, bucket - settlement.insured);
	assert_eq!((ledger.credits, ledger.basis, ledger.buffer), (0, 0, 0));
	ledger.check().unwrap();
}

#[test]
fn insurance_should_never_exceed_the_bucket() {
	let mut ledger = ledger();
	buy(&mut ledger, 100 * DOLLAR, cents(4));
	let settlement = settle(&mut ledger, 100 * DOLLAR, cents(1), Tokens::MAX);
	assert_eq!(settlement.insured, 0);
	ledger.check().unwrap();
}

#[test]
fn settlement_should_leave_pending_credits_alone() {
	let mut ledger = ledger();
	buy(&mut ledger, 10 * DOLLAR, cents(4));
	ledger.buy_stable(30 * DOLLAR).unwrap();
	let settlement = settle(&mut ledger, 25 * DOLLAR, cents(4), 0);
	assert_eq!(settlement.credits, 10 * DOLLAR);
	assert_eq!(settlement.basis, 250 * TOKEN);
	assert_eq!((ledger.credits, ledger.basis), (30 * DOLLAR, 0));
	// Nothing is backed, nothing moves.
	let before = ledger;
	assert_eq!(settle(&mut ledger, 15 * DOLLAR, cents(4), 0), Settlement::default());
	assert_eq!(ledger, before);
	ledger.back(20 * DOLLAR, 480 * TOKEN).unwrap();
	assert_eq!(ledger.backed_credits(), 20 * DOLLAR);
	let settlement = settle(&mut ledger, 15 * DOLLAR, cents(4), 0);
	assert_eq!((settlement.credits, settlement.basis), (15 * DOLLAR, 360 * TOKEN));
	ledger.check().unwrap();
}

#[test]
fn settlement_should_move_nothing_when_nothing_was_claimed() {
	let mut ledger = ledger();
	buy(&mut ledger, 10 * DOLLAR, cents(4));
	let before = ledger;
	assert_eq!(settle(&mut ledger, 0, cents(4), TOKEN), Settlement::default());
	assert_eq!(ledger, before);
}

#[test]
fn settlement_should_fail_without_a_price() {
	let mut ledger = ledger();
	buy(&mut ledger, 10 * DOLLAR, cents(4));
	let before = ledger;
	let failed = ledger.settle(DOLLAR, &Parameters::default(), 0, 0);
	assert_eq!((failed, ledger), (Err(LedgerError::NoPrice), before));
}

#[test]
fn shares_above_a_whole_should_be_refused() {
	let mut ledger = ledger();
	buy(&mut ledger, 10 * DOLLAR, cents(4));
	let before = ledger;
	let greedy = Parameters { provider_share: 1_000_000, attestor_share: 1_000_000, ..Default::default() };
	assert_eq!(ledger.settle(DOLLAR, &greedy, cents(4), 0), Err(LedgerError::Overflow));
	assert_eq!(ledger, before);
}

#[test]
fn settlement_should_destroy_everything_when_no_share_is_minted() {
	let mut ledger = ledger();
	let tokens = buy(&mut ledger, 10 * DOLLAR, cents(4));
	let none = Parameters { provider_share: 0, attestor_share: 0, treasury_share: 0, ..Default::default() };
	let settlement = ledger.settle(10 * DOLLAR, &none, cents(4), 0).unwrap();
	assert_eq!((settlement.minted(), settlement.haircut_ppm), (0, 0));
	assert_eq!(ledger.destroyed + ledger.buffer, tokens);
	ledger.check().unwrap();
}

#[test]
fn genesis_should_refuse_more_than_the_cap() {
	assert_eq!(Ledger::genesis(SUPPLY_CAP + 1), Err(LedgerError::AboveCap));
	assert_eq!(Ledger::genesis(SUPPLY_CAP).unwrap().reserve, 0);
	assert_eq!(Ledger::genesis(0).unwrap().reserve, SUPPLY_CAP);
	Ledger::genesis(0).unwrap().check().unwrap();
}

#[test]
fn sponsored_fee_should_take_its_part_of_the_basis_rounded_up() {
	let mut ledger = ledger();
	ledger.buy(3, 10).unwrap();
	assert_eq!(ledger.sponsor(1), Ok(4));
	assert_eq!((ledger.credits, ledger.basis, ledger.destroyed), (2, 6, 4));
	assert_eq!(ledger.sponsor(3), Err(LedgerError::Credits));
	assert_eq!(ledger.sweep(2), Ok(6));
	assert_eq!((ledger.credits, ledger.basis, ledger.destroyed), (0, 0, 10));
	ledger.check().unwrap();
}

#[test]
fn sweep_should_refuse_credits_that_wait_for_their_tokens() {
	let mut ledger = ledger();
	ledger.buy_stable(10).unwrap();
	ledger.buy(5, 50).unwrap();
	assert_eq!(ledger.sweep(6), Err(LedgerError::Credits));
	assert!(ledger.sweep(5).is_ok());
	ledger.check().unwrap();
}

#[test]
fn lapse_should_give_half_to_the_buffer_and_destroy_the_rest() {
	let mut ledger = ledger();
	ledger.buy(3, 10).unwrap();
	// Of a part of four grains,
	assert_eq!(ledger.lapse(1), Ok(4));
	assert_eq!((ledger.credits, ledger.basis, ledger.buffer, ledger.destroyed), (2, 6, 2, 2));
	// and of three: the odd one is destroyed.
	assert_eq!(ledger.lapse(1), Ok(3));
	assert_eq!((ledger.credits, ledger.basis, ledger.buffer, ledger.destroyed), (1, 3, 3, 4));
	assert_eq!((ledger.lapse(0), ledger.lapse(1)), (Ok(0), Ok(3)));
	assert_eq!((ledger.credits, ledger.basis, ledger.buffer, ledger.destroyed), (0, 0, 4, 6));
	ledger.check().unwrap();
}

#[test]
fn lapse_should_refuse_credits_that_wait_for_their_tokens() {
	let mut ledger = ledger();
	ledger.buy_stable(10).unwrap();
	ledger.buy(5, 50).unwrap();
	let before = ledger;
	assert_eq!((ledger.lapse(6), ledger), (Err(LedgerError::Credits), before));
	// Five of fifteen.
	assert_eq!(ledger.lapse(5), Ok(17));
	assert_eq!((ledger.credits, ledger.pending_credits, ledger.buffer, ledger.destroyed), (10, 10, 8, 9));
	ledger.check().unwrap();
}

#[test]
fn lapsed_credits_should_help_to_pay_when_the_price_falls() {
	let mut ledger = ledger();
	buy(&mut ledger, 200 * DOLLAR, cents(4));
	ledger.lapse(100 * DOLLAR).unwrap();
	let buffer = ledger.buffer;
	let settlement = settle(&mut ledger, 100 * DOLLAR, cents(2), 0);
	assert_eq!((settlement.from_buffer, ledger.buffer), (buffer, 0));
	ledger.check().unwrap();
}

#[test]
fn recredit_should_move_at_most_what_is_destroyed() {
	let mut ledger = ledger();
	ledger.destroy(70).unwrap();
	assert_eq!(ledger.recredit(50), Ok(50));
	assert_eq!(ledger.recredit(50), Ok(20));
	assert_eq!(ledger.recredit(50), Ok(0));
	assert_eq!((ledger.destroyed, ledger.recredited, ledger.ever_destroyed()), (0, 70, 70));
	ledger.check().unwrap();
}

#[test]
fn forfeited_pay_should_return_to_the_bucket_but_never_more_than_was_emitted() {
	let mut ledger = ledger();
	let schedule = ledger.schedule(&Parameters::default()).unwrap();
	ledger.emit_bucket(schedule.slice).unwrap();
	let before = ledger;
	assert_eq!(ledger.give_back(schedule.slice + 1), Err(LedgerError::Emitted));
	assert_eq!(ledger, before);
	ledger.give_back(schedule.slice).unwrap();
	assert_eq!((ledger.bucket, ledger.issuance, ledger.emitted), (schedule.slice, GENESIS, 0));
	ledger.check().unwrap();
}

#[test]
fn unearned_pay_should_return_to_the_reserve() {
	let mut ledger = ledger();
	ledger.emit_reserve(10 * TOKEN).unwrap();
	let before = ledger;
	assert_eq!(ledger.return_reserve(10 * TOKEN + 1), Err(LedgerError::Emitted));
	assert_eq!(ledger, before);
	ledger.return_reserve(4 * TOKEN).unwrap();
	assert_eq!((ledger.reserve, ledger.emitted), (SUPPLY_CAP - GENESIS - 6 * TOKEN, 6 * TOKEN));
	ledger.check().unwrap();
}

#[test]
fn check_should_name_the_broken_equation() {
	let mut bought = ledger();
	buy(&mut bought, 10 * DOLLAR, cents(4));
	let broken = |change: &dyn Fn(&mut Ledger)| {
		let mut ledger = bought;
		change(&mut ledger);
		ledger.check()
	};
	assert_eq!(broken(&|_| ()), Ok(()));
	assert_eq!(broken(&|ledger| ledger.issuance += 1), Err(Broken::Cap));
	assert_eq!(broken(&|ledger| ledger.reserve = u128::MAX), Err(Broken::Cap));
	assert_eq!(broken(&|ledger| ledger.emitted += 1), Err(Broken::Issuance));
	assert_eq!(
		broken(&|ledger| {
			ledger.recredited += 1;
		}),
		Err(Broken::Burned)
	);
	assert_eq!(broken(&|ledger| ledger.credits = 0), Err(Broken::Basis));
	assert_eq!(broken(&|ledger| ledger.pending_credits = ledger.credits + 1), Err(Broken::Pending));
}

#[derive(Clone, Debug)]
enum Step {
	Buy(Credits, Price),
	BuyRaw(Credits, Tokens),
	BuyStable(Credits),
	Back(Credits, Tokens),
	Destroy(Tokens),
	Settle(u32, Price, Tokens),
	Schedule,
	EmitReserve(Tokens),
	EmitBucket(Tokens),
	GiveBack(Tokens),
	ReturnReserve(Tokens),
	Recredit(Tokens),
	Sweep(Credits),
	Sponsor(Credits),
	Lapse(Credits),
}

fn price() -> impl Strategy<Value = Price> {
	prop_oneof![
		Just(LOWEST_PRICE),
		Just(HIGHEST_PRICE),
		Just(1),
		Just(u128::MAX),
		LOWEST_PRICE..HIGHEST_PRICE,
		PRICE_ONE / 1_000..PRICE_ONE * 10
	]
}

fn tokens() -> impl Strategy<Value = Tokens> {
	prop_oneof![Just(0), Just(1), Just(u128::MAX), Just(SUPPLY_CAP), 0..SUPPLY_CAP, 0..1_000 * TOKEN]
}

fn credits() -> impl Strategy<Value = Credits> {
	prop_oneof![Just(0), Just(1), Just(u128::MAX), 0..u128::MAX, 0..1_000_000 * DOLLAR]
}

fn step() -> impl Strategy<Value = Step> {
	prop_oneof![
		4 => (1..1_000_000 * DOLLAR, price()).prop_map(|(credits, price)| Step::Buy(credits, price)),
		1 => (credits(), tokens()).prop_map(|(credits, tokens)| Step::BuyRaw(credits, tokens)),
		2 => credits().prop_map(Step::BuyStable),
		2 => (credits(), tokens()).prop_map(|(credits, tokens)| Step::Back(credits, tokens)),
		1 => tokens().prop_map(Step::Destroy),
		4 => (0..=1_000_000u32, price(), tokens()).prop_map(|(part, price, most)| Step::Settle(part, price, most)),
		2 => Just(Step::Schedule),
		1 => tokens().prop_map(Step::EmitReserve),
		1 => tokens().prop_map(Step::EmitBucket),
		1 => tokens().prop_map(Step::GiveBack),
		1 => tokens().prop_map(Step::ReturnReserve),
		1 => tokens().prop_map(Step::Recredit),
		1 => credits().prop_map(Step::Sweep),
		1 => credits().prop_map(Step::Sponsor),
		1 => credits().prop_map(Step::Lapse),
	]
}

/// Whether the step was applied.
fn apply(ledger: &mut Ledger, step: &Step) -> bool {
	match *step {
		Step::Buy(credits, price) => {
			tokens_ceil(credits, price).is_some_and(|tokens| ledger.buy(credits, tokens).is_ok())
		}
		Step::BuyRaw(credits, tokens) => ledger.buy(credits, tokens).is_ok(),
		Step::BuyStable(credits) => ledger.buy_stable(credits).is_ok(),
		Step::Back(credits, tokens) => ledger.back(credits.min(ledger.pending_credits), tokens).is_ok(),
		Step::Destroy(tokens) => ledger.destroy(tokens).is_ok(),
		Step::Settle(part, price, most) => {
			let credits = part_floor(ledger.credits, part);
			ledger.settle(credits, &Parameters::default(), price, most).is_ok()
		}
		Step::Schedule => ledger.schedule(&Parameters::default()).is_ok(),
		Step::EmitReserve(tokens) => ledger.emit_reserve(tokens).is_ok(),
		Step::EmitBucket(tokens) => ledger.emit_bucket(tokens).is_ok(),
		Step::GiveBack(tokens) => ledger.give_back(tokens).is_ok(),
		Step::ReturnReserve(tokens) => ledger.return_reserve(tokens).is_ok(),
		Step::Recredit(tokens) => ledger.recredit(tokens).is_ok(),
		Step::Sweep(credits) => ledger.sweep(credits).is_ok(),
		Step::Sponsor(credits) => ledger.sponsor(credits).is_ok(),
		Step::Lapse(credits) => ledger.lapse(credits).is_ok(),
	}
}

/// What an epoch puts into the bucket, by the published shares.
fn slice_of(reserve: Tokens, lambda: u64) -> Tokens {
	let emission = (U256::from(reserve) * U256::from(lambda) / U256::exp10(18)).as_u128();
	emission - emission * 15 / 100 - 2 * (emission / 10)
}

/// A price of any size that counts: as many of a thousandth of a cent as of a thousand dollars.
fn any_price() -> impl Strategy<Value = Price> {
	(9..=24u32, 1_000..10_000u128)
		.prop_map(|(size, digits)| (10u128.pow(size) / 1_000 * digits).clamp(LOWEST_PRICE, HIGHEST_PRICE))
}

/// Shares that governance may choose.
fn shares() -> impl Strategy<Value = Parameters> {
	(600_000..=850_000u32, 0..=50_000u32, 0..=50_000u32).prop_map(
		|(provider, attestor_share, treasury_share)| {
			let provider_share = provider.min(MOST_SHARES - attestor_share - treasury_share);
			Parameters { provider_share, attestor_share, treasury_share, ..Default::default() }
		},
	)
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(1_024))]

	/// Properties 1, 4, 5, 6 and 42: every equation after every operation, at every price and size; what fails changes
	/// nothing; and only emission, settlement and insurance raise what exists.
	#[test]
	fn every_equation_should_hold_after_any_operations(
		genesis in prop_oneof![Just(0), Just(SUPPLY_CAP), 0..=SUPPLY_CAP],
		steps in prop::collection::vec(step(), 1..60),
	) {
		let mut ledger = Ledger::genesis(genesis).unwrap();
		for step in &steps {
			let before = ledger;
			let applied = apply(&mut ledger, step);
			prop_assert_eq!(ledger.check(), Ok(()), "{:?}", step);
			prop_assert!(applied || ledger == before, "{:?} failed and changed the ledger", step);
			let remade = ledger.reminted + ledger.basis + ledger.buffer + ledger.destroyed;
			prop_assert!(remade <= ledger.burned);
			if ledger.issuance > before.issuance {
				prop_assert!(matches!(step, Step::Settle(..) | Step::EmitReserve(_) | Step::EmitBucket(_)));
				let minted = |ledger: &Ledger| ledger.emitted + ledger.insured + ledger.reminted;
				prop_assert_eq!(ledger.issuance - before.issuance, minted(&ledger) - minted(&before));
			}
			// What was emitted, and what still may be, never exceeds the budget but by what came back from the destroyed.
			prop_assert_eq!(
				ledger.emitted + ledger.insured + ledger.bucket + ledger.reserve,
				SUPPLY_CAP - genesis + ledger.recredited
			);
			prop_assert!(ledger.ever_destroyed() >= before.ever_destroyed());
		}
	}

	/// Property 7: at one price nobody gets more for traffic than its share of what was paid, nor more than was burned.
	#[test]
	fn buying_and_settling_should_never_pay_more_than_the_share(
		others in prop::collection::vec((1..500_000 * DOLLAR, PRICE_ONE / 100..PRICE_ONE * 10), 0..5),
		credits in DOLLAR..1_000_000 * DOLLAR,
		price in PRICE_ONE / 100..PRICE_ONE * 10,
	) {
		let mut ledger = ledger();
		for (credits, price) in others {
			buy(&mut ledger, credits, price);
		}
		ledger.schedule(&Parameters::default()).unwrap();
		let burned = buy(&mut ledger, credits, price);
		let minted = settle(&mut ledger, credits, price, Tokens::MAX).minted();
		prop_assert!(minted <= burned);
		prop_assert!(value_floor(minted, price).unwrap() <= credits * 800_000 / 1_000_000);
	}

	/// Property 7 of providers alone, for all shares, sizes and prices: in however many parts credits are settled at the
	/// price of their purchase, providers get at most their share of the tokens that were burned for them and of the
	/// dollars that were paid, whoever else bought at whatever price. If nobody did, they get all of it.
	#[test]
	fn providers_should_get_their_share_of_what_was_burned_and_no_more(
		others in prop::collection::vec((1..GENESIS / 8, any_price()), 0..4),
		tokens in 1..GENESIS / 8,
		price in any_price(),
		parts in prop::collection::vec(0..=1_000_000u32, 1..5),
		parameters in shares(),
	) {
		let mut ledger = ledger();
		let is_alone = others.is_empty();
		for (tokens, price) in others {
			buy(&mut ledger, value_floor(tokens, price).unwrap().max(1), price.max(LOWEST_PRICE * 1_000_000));
		}
		ledger.schedule(&Parameters::default()).unwrap();
		let credits = value_floor(tokens, price).unwrap();
		prop_assume!(credits > 0);
		let burned = buy(&mut ledger, credits, price);
		let share = u128::from(parameters.provider_share);
		let (mut left, mut settled, mut provided, mut minted) = (credits, 0, 0, 0);
		for part in parts {
			let claimed = part_floor(left, part);
			let settlement = ledger.settle(claimed, &parameters, price, Tokens::MAX).unwrap();
			prop_assert_eq!(settlement.credits, claimed);
			left -= claimed;
			settled += claimed;
			provided += settlement.provider;
			minted += settlement.minted();
			let of_burned = mul_div_floor(burned, settled * share, credits * MILLION).unwrap();
			prop_assert!(provided <= of_burned, "{provided} of {of_burned}");
			prop_assert!(value_floor(provided, price).unwrap() <= part_floor(settled, parameters.provider_share));
			prop_assert!(minted <= burned);
			// Two roundings down, each by less than a grain.
			let owed = part_floor(tokens_floor(claimed, price).unwrap(), parameters.provider_share);
			prop_assert!(!is_alone || settlement.provider + 2 >= owed, "{settlement:?}, {owed}");
			prop_assert!(!is_alone || (settlement.haircut_ppm, settlement.insured, settlement.from_buffer) == (0, 0, 0));
		}
		prop_assert_eq!(ledger.check(), Ok(()));
	}

	/// Property 10, exactly: of all operations only four move the reserve. An epoch takes its slice and brings back what the
	/// bucket has beyond 365 of them; shares are minted, and come back if nobody earned them; and what was destroyed comes
	/// back up to the limit.
	#[test]
	fn reserve_should_move_by_nothing_but_what_is_named(
		genesis in prop_oneof![Just(0), Just(SUPPLY_CAP), 0..=SUPPLY_CAP],
		steps in prop::collection::vec((step(), 0..3u32), 1..60),
	) {
		let mut ledger = Ledger::genesis(genesis).unwrap();
		for (step, empty_epochs) in &steps {
			for step in std::iter::repeat_n(&Step::Schedule, *empty_epochs as usize * 150).chain([step]) {
				let before = ledger;
				let applied = apply(&mut ledger, step);
				let expected = match *step {
					Step::Schedule => {
						let slice = slice_of(before.reserve, Parameters::default().lambda);
						let overflow = (before.bucket + slice).saturating_sub(365 * slice);
						before.reserve - slice + overflow
					}
					Step::EmitReserve(tokens) if applied => before.reserve - tokens,
					Step::ReturnReserve(tokens) if applied => before.reserve + tokens,
					Step::Recredit(limit) => before.reserve + limit.min(before.destroyed),
					_ => before.reserve,
				};
				prop_assert_eq!(ledger.reserve, expected, "{:?}", step);
			}
		}
	}

	/// Property 8, first half: two purchases burn at least what one does.
	#[test]
	fn splitting_a_purchase_should_not_be_cheaper(
		first in 1..u64::MAX as u128, second in 1..u64::MAX as u128, price in LOWEST_PRICE..HIGHEST_PRICE,
	) {
		let split = tokens_ceil(first, price).unwrap() + tokens_ceil(second, price).unwrap();
		prop_assert!(split >= tokens_ceil(first + second, price).unwrap());
	}

	/// Property 8, second half: settling in parts pays no more than at once, but for a grain per part and share.
	#[test]
	fn splitting_a_settlement_should_not_pay_more(
		bought in prop::collection::vec((DOLLAR..500_000 * DOLLAR, PRICE_ONE / 100..PRICE_ONE), 1..4),
		parts in prop::collection::vec(1u128..1_000 * DOLLAR, 2..6),
		price in PRICE_ONE / 500..PRICE_ONE * 5,
		insurance in 0..50_000 * TOKEN,
		bought_at in PRICE_ONE / 100..PRICE_ONE,
	) {
		let mut once = ledger();
		once.schedule(&Parameters::default()).unwrap();
		for (credits, price) in bought {
			buy(&mut once, credits, price);
		}
		buy(&mut once, parts.iter().sum(), bought_at);
		let mut often = once;
		let whole = settle(&mut once, parts.iter().sum(), price, insurance);
		let (mut paid, mut left) = (0, insurance);
		for part in &parts {
			let settlement = settle(&mut often, *part, price, left);
			left -= settlement.insured;
			paid += settlement.minted();
		}
		prop_assert!(paid <= whole.minted() + 3 * parts.len() as u128, "{paid} {}", whole.minted());
	}

	/// Property 9: the higher the low price, the fewer tokens burn; the higher the high price, the fewer are minted.
	#[test]
	fn tokens_should_fall_when_prices_rise(
		credits in 1..1_000_000_000 * DOLLAR,
		lower in LOWEST_PRICE..HIGHEST_PRICE,
		more in 0..HIGHEST_PRICE,
	) {
		let (cheap, dear) = (tokens_ceil(credits, lower).unwrap(), tokens_ceil(credits, lower + more).unwrap());
		prop_assert!(dear <= cheap);
		let mut at_lower = ledger();
		at_lower.buy(credits, SUPPLY_CAP / 10).unwrap();
		let mut at_higher = at_lower;
		let low = settle(&mut at_lower, credits / 2, lower, 0);
		let high = settle(&mut at_higher, credits / 2, lower + more, 0);
		prop_assert!(high.provider <= low.provider && high.attestor <= low.attestor);
		prop_assert!(high.treasury <= low.treasury && high.haircut_ppm <= low.haircut_ppm);
	}

	/// Every provider gets its part of what was minted for all: the parts never exceed it.
	#[test]
	fn parts_of_a_settlement_should_add_up(
		credits in 1..u128::MAX, tokens in 1..GENESIS, price in price(), insurance in tokens(),
		shares in (0..900_000u32, 0..50_000u32, 0..50_000u32),
	) {
		let parameters = Parameters {
			provider_share: shares.0, attestor_share: shares.1, treasury_share: shares.2, ..Default::default()
		};
		let mut ledger = ledger();
		ledger.schedule(&parameters).unwrap();
		ledger.buy(credits, tokens).unwrap();
		let settlement = ledger.settle(credits, &parameters, price, insurance).unwrap();
		let minted = settlement.provider + settlement.attestor + settlement.treasury;
		prop_assert_eq!(minted, settlement.minted());
		prop_assert!(minted <= settlement.needed);
		prop_assert!(minted <= settlement.basis + settlement.from_buffer + settlement.insured);
		prop_assert_eq!(
			settlement.basis + settlement.from_buffer + settlement.insured,
			minted + settlement.to_buffer + settlement.destroyed
		);
		prop_assert!(settlement.haircut_ppm <= 1_000_000);
		prop_assert_eq!(ledger.check(), Ok(()));
	}
}

#[test]
fn nothing_should_be_settled_beyond_the_largest_numbers() {
	// Property 42: the largest amounts of a u128 at the lowest and the highest price.
	for price in [1, LOWEST_PRICE, PRICE_ONE, HIGHEST_PRICE, u128::MAX] {
		let mut ledger = Ledger::genesis(SUPPLY_CAP).unwrap();
		ledger.buy(u128::MAX, SUPPLY_CAP).unwrap();
		assert_eq!(ledger.buy_stable(1), Err(LedgerError::Overflow));
		let settlement = ledger.settle(u128::MAX, &Parameters::default(), price, u128::MAX).unwrap();
		assert_eq!(settlement.credits, u128::MAX);
		assert!(settlement.minted() <= SUPPLY_CAP);
		ledger.check().unwrap();
	}
	assert_eq!(emission::wanted_tokens(u128::MAX, Some(1), 0, 0, None), u128::MAX);
}
