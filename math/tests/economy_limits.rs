//! Property 42: at the ends of 128 bits, and at prices of a billionth to a million dollars, every formula is what 512 bits
//! say it is, or says that it does not fit. Nothing panics, and no counter stops at its end unseen.

use primitive_types::U512;
use proptest::prelude::*;
use weir_math::economy::{
	accrual::{Accrued, Pay, Step, Totals, SCALE},
	decimal::in_range,
	emission::{
		availability_mint, coverage_budget, emission, insurance_limit, split as split_emission, Schedule,
		LAMBDA_ONE,
	},
	groups::{block_cap, network_cap, Group},
	ledger::{LedgerError, Settlement},
	parameters::MOST_SHARES,
	price::{ema_step, median, quote, spot, twap, Average, Samples},
	purchase::{equal_slice, least_tokens, next_slice, pending_cap, round_cap},
	slash::{average_reward, bond_for, covered_kbps, next_rate, split},
	units::*,
	vesting::Pot,
	weight,
	wide::*,
	Ledger, Parameters,
};

/// Numbers of every length, and the ends.
fn number() -> impl Strategy<Value = u128> {
	let ends = [0, 1, SUPPLY_CAP, u64::MAX.into(), u128::MAX - 1, u128::MAX];
	prop_oneof![
		4 => (any::<u128>(), 0u32..=128).prop_map(|(value, shift)| value.checked_shr(shift).unwrap_or(0)),
		1 => prop::sample::select(ends.to_vec()),
	]
}

/// Prices of every size that counts, and both ends.
fn price() -> impl Strategy<Value = Price> {
	prop_oneof![
		8 => (9..=23u32, 1_000..10_000u128).prop_map(|(size, digits)| 10u128.pow(size) / 1_000 * digits),
		1 => Just(LOWEST_PRICE),
		1 => Just(HIGHEST_PRICE),
	]
}

fn share() -> impl Strategy<Value = Ppm> {
	prop_oneof![Just(0), 0..=1_000_000u32, Just(1_000_000), Just(u32::MAX)]
}

/// As a number of 128 bits, if it is one.
fn fits(value: U512) -> Option<u128> {
	(value <= U512::from(u128::MAX)).then(|| value.as_u128())
}

fn floor(a: u128, b: u128, c: u128) -> Option<u128> {
	(c > 0).then(|| fits(U512::from(a) * U512::from(b) / U512::from(c))).flatten()
}

fn ceil(a: u128, b: u128, c: u128) -> Option<u128> {
	let up = |c: u128| (U512::from(a) * U512::from(b) + U512::from(c - 1)) / U512::from(c);
	(c > 0).then(|| fits(up(c))).flatten()
}

/// A ledger that adds up, with counters of any size.
fn ledger() -> impl Strategy<Value = Ledger> {
	let parts = prop::collection::vec(prop_oneof![Just(0), 0..=SUPPLY_CAP, 0..=SUPPLY_CAP / 1_000], 5);
	(parts, number(), number()).prop_map(|(parts, credits, pending)| {
		let mut left = SUPPLY_CAP;
		let mut take = |index: usize| {
			let part = left.min(parts[index]);
			left -= part;
			part
		};
		let [basis, buffer, destroyed, bucket, reserve] = [take(0), take(1), take(2), take(3), take(4)];
		let burned = basis + buffer + destroyed;
		let credits = credits.max(1);
		Ledger {
			genesis: left + burned,
			issuance: left,
			reserve,
			bucket,
			basis,
			buffer,
			destroyed,
			credits,
			pending_credits: pending.min(credits),
			burned,
			..Default::default()
		}
	})
}

fn parameters() -> impl Strategy<Value = Parameters> {
	(600_000..=850_000u32, 0..=50_000u32, 0..=50_000u32, 0..=1_000_000u32, 0..=500_000u32).prop_map(
		|(provider, attestor_share, treasury_share, buffer_target, buffer_fill)| {
			let provider_share = provider.min(MOST_SHARES - attestor_share - treasury_share);
			Parameters {
				provider_share,
				attestor_share,
				treasury_share,
				buffer_target,
				buffer_fill,
				..Default::default()
			}
		},
	)
}

/// The rules of a settlement in 512 bits.
fn settled(
	before: &Ledger,
	credits: Credits,
	p: &Parameters,
	price: Price,
	limit: Tokens,
) -> (Ledger, Settlement) {
	let wide = |number: u128| U512::from(number);
	let base = before.credits - before.pending_credits;
	let credits = credits.min(base);
	if credits == 0 {
		return (*before, Settlement::default());
	}
	let shares = [p.provider_share, p.attestor_share, p.treasury_share].map(u128::from);
	let rho: u128 = shares.iter().sum();
	let basis = fits(wide(before.basis) * wide(credits) / wide(base)).unwrap();
	let need = wide(credits) * wide(rho) * U512::exp10(18) / wide(price);
	let available = wide(basis) + wide(before.buffer) + wide(limit.min(before.bucket));
	let paid = need.min(available);
	let [provider, attestor, treasury] = shares.map(|share| fits(paid * wide(share) / wide(rho)).unwrap());
	let minted = provider + attestor + treasury;
	let from_basis = minted.min(basis);
	let from_buffer = (minted - from_basis).min(before.buffer);
	let insured = minted - from_basis - from_buffer;
	let (surplus, left) = (basis - from_basis, before.basis - basis);
	let most = fits(wide(left) * wide(p.buffer_target.into()) / wide(MILLION)).unwrap();
	let part = fits(wide(surplus) * wide(p.buffer_fill.into()) / wide(MILLION)).unwrap();
	let to_buffer = part.min(most.saturating_sub(before.buffer - from_buffer));
	let haircut = if need.is_zero() { U512::zero() } else { (need - paid) * wide(MILLION) / need };
	let settlement = Settlement {
		credits,
		needed: fits(need).unwrap_or(u128::MAX),
		provider,
		attestor,
		treasury,
		basis,
		to_buffer,
		destroyed: surplus - to_buffer,
		from_buffer,
		insured,
		haircut_ppm: haircut.as_u32(),
	};
	let after = Ledger {
		issuance: before.issuance + minted,
		bucket: before.bucket - insured,
		basis: left,
		buffer: before.buffer - from_buffer + to_buffer,
		destroyed: before.destroyed + settlement.destroyed,
		credits: before.credits - credits,
		reminted: before.reminted + from_basis + from_buffer,
		insured: before.insured + insured,
		..*before
	};
	(after, settlement)
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(4_096))]

	/// What credits cost, what they are paid as, and what tokens are worth.
	#[test]
	fn conversions_should_be_exact_or_refused(amount in number(), price in prop_oneof![price(), number()], part in share()) {
		prop_assert_eq!(tokens_ceil(amount, price), ceil(amount, GRAINS_PER_CREDIT, price));
		prop_assert_eq!(tokens_floor(amount, price), floor(amount, GRAINS_PER_CREDIT, price));
		prop_assert_eq!(value_floor(amount, price), floor(amount, price, GRAINS_PER_CREDIT));
		prop_assert_eq!(value_ceil(amount, price), ceil(amount, price, GRAINS_PER_CREDIT));
		let of = u128::from(part.min(1_000_000));
		prop_assert_eq!(Some(part_floor(amount, part)), floor(amount, of, MILLION));
		prop_assert_eq!(Some(part_ceil(amount, part)), ceil(amount, of, MILLION));
	}

	/// A purchase at any price burns exactly what it costs, or nothing happens.
	#[test]
	fn purchases_should_be_exact_or_refused(before in ledger(), credits in number(), price in price()) {
		let mut after = before;
		let Some(cost) = tokens_ceil(credits, price) else {
			prop_assert!(U512::from(credits) * U512::exp10(24) > U512::from(u128::MAX) * U512::from(price) - U512::from(price));
			return Ok(());
		};
		let bought = after.buy(credits, cost);
		let expected = if credits == 0 {
			Err(LedgerError::Empty)
		} else if cost > before.issuance {
			Err(LedgerError::Issuance)
		} else if before.credits.checked_add(credits).is_none() {
			Err(LedgerError::Overflow)
		} else {
			Ok(())
		};
		prop_assert_eq!(bought, expected);
		let moved = if bought.is_ok() { (cost, credits) } else { (0, 0) };
		let whole = Ledger {
			issuance: before.issuance - moved.0,
			basis: before.basis + moved.0,
			burned: before.burned + moved.0,
			credits: before.credits + moved.1,
			..before
		};
		prop_assert_eq!(after, whole);
		prop_assert_eq!(after.check(), Ok(()));
	}

	/// A settlement of anything at any price, to the grain.
	#[test]
	fn settlements_should_be_exact(
		before in ledger(), credits in number(), p in parameters(), price in prop_oneof![9 => price(), 1 => number()],
		limit in number(),
	) {
		prop_assume!(price > 0);
		let mut after = before;
		let settlement = after.settle(credits, &p, price, limit);
		let (expected, moved) = settled(&before, credits, &p, price, limit);
		prop_assert_eq!(settlement, Ok(moved));
		prop_assert_eq!(after, expected);
		prop_assert_eq!(after.check(), Ok(()));
	}

	/// Bought at one of all prices and settled at another: nothing that is burned gets lost, and nothing is refused.
	#[test]
	fn credits_should_be_settled_however_far_the_price_has_moved(
		bought in price(), settled in price(), tokens in 1..=SUPPLY_CAP / 2,
	) {
		let mut ledger = Ledger::genesis(SUPPLY_CAP / 2).unwrap();
		ledger.schedule(&Parameters::default()).unwrap();
		let credits = value_floor(tokens, bought).unwrap();
		prop_assume!(credits > 0);
		let cost = tokens_ceil(credits, bought).unwrap();
		ledger.buy(credits, cost).unwrap();
		let settlement = ledger.settle(credits, &Parameters::default(), settled, 0).unwrap();
		prop_assert_eq!((ledger.credits, ledger.basis), (0, 0));
		prop_assert_eq!(settlement.minted() + ledger.buffer + ledger.destroyed, cost);
		prop_assert!(settled > bought || settlement.minted() + 3 >= part_floor(cost, 800_000));
	}

	/// Fees in credits and sweeps take their part of the basis, rounded up, or are refused.
	#[test]
	fn retired_credits_should_take_their_part_exactly(before in ledger(), credits in number()) {
		let mut after = before;
		let taken = after.sponsor(credits);
		if credits > before.credits - before.pending_credits {
			prop_assert_eq!((taken, after), (Err(LedgerError::Credits), before));
		} else {
			let part = if credits == 0 { 0 } else { ceil(before.basis, credits, before.credits).unwrap() };
			prop_assert_eq!(taken, Ok(part));
			prop_assert_eq!((after.basis, after.credits), (before.basis - part, before.credits - credits));
			prop_assert_eq!(after.check(), Ok(()));
		}
	}

	/// Emission takes parts of what there is.
	#[test]
	fn emission_should_be_exact_at_the_limits(
		reserve in number(), lambda in any::<u64>(), want in number(), bucket in number(), slice in number(),
		slices in prop_oneof![0..=3u32, any::<u32>()], price in price(), p in parameters(),
	) {
		let released = emission(reserve, lambda);
		prop_assert_eq!(Some(released), floor(reserve, u128::from(lambda).min(LAMBDA_ONE), LAMBDA_ONE));
		let Schedule { emission, slice: of_providers, validators, attestors, treasury } = split_emission(released);
		let parts = [of_providers, validators, attestors, treasury].map(U512::from);
		prop_assert_eq!(parts.into_iter().fold(U512::zero(), |sum, part| sum + part), U512::from(emission));
		let most = U512::from(slice) * U512::from(u64::from(slices) + 1);
		let minted = U512::from(want).min(bucket.into()).min(most);
		prop_assert_eq!(U512::from(availability_mint(want, bucket, slice, slices)), minted);
		prop_assert_eq!(Some(insurance_limit(slice, &p)), floor(slice, p.insurance.into(), MILLION));
		let budget = floor(part_floor(slice, p.coverage), price, GRAINS_PER_CREDIT).unwrap_or(0);
		prop_assert_eq!(coverage_budget(slice, price, &p), budget);
	}

	/// What a weight has earned is exact for all tokens there are, however they come and for however little weight.
	#[test]
	fn accrued_pay_should_be_exact(
		offers in prop::collection::vec(0..=SUPPLY_CAP / 20, 1..20),
		weights in prop::collection::vec(prop_oneof![Just(1), 1..300_000u64, Just(u64::MAX)], 20),
		own in prop_oneof![Just(1), 1..300_000u64],
	) {
		let (mut accrued, mut exact, mut paid_out) = (Accrued::default(), U512::zero(), 0u128);
		for (offered, others) in offers.iter().zip(weights) {
			let weight = u128::from(others) + u128::from(own);
			let totals = Totals { weight, floor: 0, proven: 0 };
			let (next, paid) = accrued.paid(&Pay { availability: *offered, floor: 0, bounty: 0 }, &totals);
			let more = U512::from(*offered) * U512::from(SCALE) / U512::from(weight);
			exact += more;
			prop_assert_eq!(U512::from(next.availability), exact);
			let whole = (more * U512::from(weight) + U512::from(SCALE - 1)) / U512::from(SCALE);
			prop_assert_eq!(U512::from(paid.availability), whole);
			paid_out += paid.availability;
			accrued = next;
		}
		let step = Step { weight: own, ..Step::none(0) };
		let earned = Accrued::default().earned(&accrued, &step).availability;
		prop_assert_eq!(U512::from(earned), exact * U512::from(own) / U512::from(SCALE));
		prop_assert!(earned <= paid_out && paid_out <= offers.iter().sum());
	}

	/// A pot of any size releases all of itself and no more, at any time.
	#[test]
	fn pots_should_keep_every_grain(
		locked in number(), at in any::<u32>(), now in any::<u32>(), half_life in any::<u32>(), more in number(), part in share(),
	) {
		let mut pot = Pot { locked, at };
		let released = pot.release(now, half_life);
		prop_assert_eq!(released.checked_add(pot.locked), Some(locked));
		let before = pot;
		match pot.grant(now, half_life, more) {
			Some(released) => prop_assert_eq!(
				U512::from(released) + U512::from(pot.locked),
				U512::from(before.locked) + U512::from(more)
			),
			None => {
				prop_assert_eq!(pot, before);
				prop_assert!(before.locked.checked_add(more).is_none());
			}
		}
		let before = pot.locked;
		let taken = pot.forfeit(part);
		prop_assert_eq!(Some(taken), ceil(before, u128::from(part.min(1_000_000)), MILLION));
		prop_assert_eq!(pot.locked + taken, before);
	}

	/// Bonds and slashes: exact, or the largest number where no balance reaches that far.
	#[test]
	fn bonds_and_slashes_should_be_exact(
		amount in number(), rate in number(), kbps in any::<u32>(), price in prop::option::of(prop_oneof![price(), number()]),
		weight in number(), average in number(), bounds in (number(), number()),
	) {
		let parts = split(amount, price);
		let sum = [parts.destroyed, parts.reporter, parts.treasury].map(U512::from);
		prop_assert_eq!(sum.into_iter().fold(U512::zero(), |sum, part| sum + part), U512::from(amount));
		prop_assert!(parts.reporter < parts.destroyed || amount == 0);
		prop_assert_eq!(bond_for(kbps, rate), ceil(kbps.into(), rate, 1_000).unwrap_or(u128::MAX));
		let covered = floor(amount, 1_000, rate).map_or(u32::MAX, |kbps| u32::try_from(kbps).unwrap_or(u32::MAX));
		prop_assert_eq!(covered_kbps(amount, rate), covered);
		let next = average_reward(average, amount, weight);
		let newest = floor(amount, 1_000, weight);
		prop_assert!(next <= average.max(newest.unwrap_or(0)));
		let (least, most) = (bounds.0.min(bounds.1), bounds.0.max(bounds.1));
		let moved = next_rate(rate, average, least, most);
		prop_assert!((least..=most).contains(&moved));
	}

	/// The price: references of any size give a price that encloses them, or none.
	#[test]
	fn prices_should_enclose_their_references_or_be_refused(
		reports in prop::collection::vec(prop_oneof![price(), number()], 0..52), ema in prop_oneof![price(), number()],
		average in prop::option::of(prop_oneof![price(), number()]), half_life in any::<u32>(), spread in any::<u32>(),
		reserves in prop::collection::vec(prop::option::of((number(), number())), 0..20), depth in number(),
	) {
		let mut sorted = reports.clone();
		let middle = median(&mut sorted);
		prop_assert_eq!(middle.is_none(), reports.is_empty());
		if let Some(middle) = middle {
			prop_assert!((sorted[0]..=sorted[sorted.len() - 1]).contains(&middle));
			let next = ema_step(ema, middle, half_life);
			prop_assert!((ema.min(middle)..=ema.max(middle)).contains(&next));
			let references: Vec<Price> = [Some(middle), Some(ema), average].into_iter().flatten().collect();
			let (least, most) = (*references.iter().min().unwrap(), *references.iter().max().unwrap());
			match quote(middle, ema, average, spread) {
				Some(quotation) => {
					prop_assert_eq!(Some(quotation.low), floor(least, 997_500, MILLION));
					prop_assert_eq!(Some(quotation.high), ceil(most, 1_002_500, MILLION));
					let distance = U512::from(most - least) * U512::from(MILLION);
					prop_assert_eq!(quotation.is_open, distance <= U512::from(least) * U512::from(spread));
				}
				None => prop_assert!(references.iter().any(|price| in_range(*price).is_err())),
			}
		}
		let mut samples = Samples::default();
		let last = average.and_then(|price| in_range(price).ok()).map(|price| Average { price, is_deep: true });
		for reserves in reserves {
			samples.add(reserves, depth, last);
			if let Some((tokens, credits)) = reserves {
				let expected = floor(credits, GRAINS_PER_CREDIT, tokens).filter(|price| in_range(*price).is_ok());
				prop_assert_eq!(spot(tokens, credits), expected);
			}
		}
		if let Some(average) = samples.average() {
			prop_assert!(average.price <= 2 * HIGHEST_PRICE && average.price >= LOWEST_PRICE / 2);
			let averages = vec![Some(average); 16];
			prop_assert_eq!(twap(&averages, 16), average.is_deep.then_some(average.price));
		}
	}

	/// Caps and slices of purchases.
	#[test]
	fn caps_and_slices_should_stay_within_what_there_is(
		sold in number(), rounds in any::<u32>(), pending in number(), pool in number(), planned in number(), price in price(),
	) {
		let p = Parameters::default();
		prop_assert_eq!(round_cap(&p, sold, rounds), floor(sold, 5, rounds.into()).unwrap_or(0).max(p.round_cap.into()));
		prop_assert!(equal_slice(pending) >= pending / 12);
		let slice = next_slice(planned, pending, pool);
		prop_assert!(slice <= planned && slice <= pending && slice <= pool / 400);
		let day = U512::from(pool / 400) * U512::from(rounds);
		prop_assert!(U512::from(pending_cap(pool, rounds)) <= day + U512::from(rounds));
		match (least_tokens(pending, price), tokens_floor(pending, price)) {
			(Some(least), Some(fair)) => prop_assert_eq!(fair - least, fair / 100),
			(least, fair) => prop_assert_eq!(least, fair),
		}
	}

	/// Groups and weights.
	#[test]
	fn weights_should_stay_within_their_caps(
		offered in number(), taken in number(), own in any::<u64>(), cap in number(),
		kbps in (any::<u32>(), any::<u32>(), any::<u32>()), parts in (any::<u32>(), any::<u32>(), any::<u32>()), rtt in any::<u32>(),
	) {
		let group = Group { lines: 1, offered, weight: taken };
		let weighs = group.share(own, cap);
		prop_assert!(weighs <= own && u128::from(weighs) <= cap.saturating_sub(taken));
		prop_assert!(network_cap(offered, own) >= block_cap(own));
		let line = weight::Line {
			measured_kbps: kbps.0,
			claimed_kbps: kbps.1,
			covered_kbps: kbps.2,
			uptime: parts.0,
			steadiness: parts.1,
			rtt_10us: rtt,
			reliability: parts.2,
			is_hosting: false,
		};
		prop_assert!(line.weight() <= u64::from(weight::NODE_CAP_KBPS) * 11 * 125 / 1_000);
	}
}
