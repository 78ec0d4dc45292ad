//! Layer A: what a dollar of credit costs at prices of one minute, and whether a round trip through purchase, own traffic
//! and settlement ever pays.

use super::{
	market::{Shock, DAY, MINUTES, OUTAGE},
	oracle::{watch, Attack, Quote, Watched, ROUND},
};
use rayon::prelude::*;
use weir_math::economy::{
	units::{DOLLAR, TOKEN},
	wide::{part_floor, tokens_ceil, tokens_floor},
	Parameters,
};

/// Minutes before the averages have settled.
const WARM_UP: usize = 60;
/// Minutes of an epoch.
const EPOCH: usize = 360;
/// Epochs for which an attacker may wait for a better price.
const PATIENCE: usize = 4;
/// What a round trip begins with, credits: a million dollars, so that rounding says nothing.
const STAKE: u128 = 1_000_000 * DOLLAR;

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Case {
	/// What it is called.
	pub name: &'static str,
	/// What the price does.
	pub shock: Shock,
	/// Who misleads the oracle.
	pub attack: Attack,
	/// Whether purchases must stay open: not where reporters are too few or most of them lie.
	pub stays_open: bool,
}

const fn case(name: &'static str, shock: Shock) -> Case {
	Case { name, shock, attack: Attack { liars: 0, lie: 0.0, push: 0.0 }, stays_open: true }
}

const fn liars(name: &'static str, liars: usize) -> Case {
	let attack = Attack { liars, lie: 0.5, push: 0.0 };
	Case { name, shock: Shock::Calm, attack, stays_open: liars < 8 }
}

/// All rows, in the order of the research.
pub const CASES: [Case; 12] = [
	case("calm", Shock::Calm),
	case("-50 % in a day", Shock::Bear),
	case("+50 % in a day", Shock::Bull),
	case("+100 % in a day", Shock::Double),
	case("-30 % at once", Shock::Fall),
	case("+30 % at once", Shock::Rise),
	case("±15 % every 2 h", Shock::Whipsaw),
	case("12 h outage in a crash", Shock::Outage),
	liars("4 of 15 lie +50 %", 4),
	liars("7 of 15 lie +50 %", 7),
	liars("8 of 15 lie +50 %", 8),
	Case { attack: Attack { liars: 0, lie: 0.0, push: 0.5 }, ..case("pool +50 % for 10 min", Shock::Calm) },
];

/// How far the value given up for a dollar of credit is from a dollar, for everybody that asked while the price was due in
/// time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spread {
	/// Median.
	pub p50: f64,
	/// 95th percentile.
	pub p95: f64,
	/// 99th percentile.
	pub p99: f64,
	/// The most.
	pub most: f64,
}

/// What became of one case.
#[derive(Clone, Debug)]
pub struct Peg {
	/// The case.
	pub case: Case,
	/// Errors of all seeds together.
	pub error: Spread,
	/// The largest 99th percentile of one seed.
	pub worst_p99: f64,
	/// Part of the minutes in which a request is executed by the first price it may get.
	pub open: f64,
	/// The same, without the minutes of an outage.
	pub open_outside: f64,
	/// The largest error if requests were priced at once.
	pub instant: f64,
	/// Minutes that the request which waited longest had to wait.
	pub longest_wait: usize,
}

/// What one seed found.
#[derive(Default)]
struct Found {
	errors: Vec<f64>,
	open: usize,
	open_outside: usize,
	outside: usize,
	minutes: usize,
	instant: f64,
	longest_wait: usize,
}

/// First price that a request of `minute` may get by its round: the chain's `forward_rounds` later.
fn due(minute: usize, parameters: &Parameters) -> usize {
	minute / ROUND + parameters.forward_rounds as usize
}

/// The price that executes a request of `minute`, and its round: open, and of reports that are no older than the request.
fn executing(watched: &Watched, minute: usize, parameters: &Parameters) -> Option<(usize, Quote)> {
	let first = due(minute, parameters);
	let open = |quote: &Quote| quote.is_open && quote.oldest >= minute;
	let rounds = watched.quotes.iter().enumerate().skip(first);
	rounds.filter_map(|(round, quote)| quote.map(|quote| (round, quote))).find(|(_, quote)| open(quote))
}

fn percentile(sorted: &[f64], part: f64) -> f64 {
	let place = ((part * sorted.len() as f64) as usize).min(sorted.len().saturating_sub(1));
	sorted.get(place).copied().unwrap_or_default()
}

fn spread(errors: &mut [f64]) -> Spread {
	errors.sort_unstable_by(f64::total_cmp);
	Spread {
		p50: percentile(errors, 0.5),
		p95: percentile(errors, 0.95),
		p99: percentile(errors, 0.99),
		most: percentile(errors, 1.0),
	}
}

fn one(case: &Case, parameters: &Parameters, seed: u64) -> Found {
	let watched = watch(case.shock, &case.attack, parameters, seed);
	let mut found = Found::default();
	// As many minutes at the end as the longest of the jumps keeps purchases closed.
	for minute in WARM_UP..MINUTES - WARM_UP {
		let is_outside =
			!(case.shock == Shock::Outage && (DAY - 2 * ROUND..DAY + OUTAGE + ROUND).contains(&minute));
		found.minutes += 1;
		found.outside += usize::from(is_outside);
		let market = watched.path[minute];
		if let Some(now) = watched.quotes[minute / ROUND].filter(|quote| quote.is_open) {
			found.instant = found.instant.max((market / now.low - 1.0).abs());
		}
		match executing(&watched, minute, parameters) {
			Some((round, quote)) if round == due(minute, parameters) => {
				found.open += 1;
				found.open_outside += usize::from(is_outside);
				found.errors.push((market / quote.low - 1.0).abs());
			}
			Some((round, _)) => found.longest_wait = found.longest_wait.max(round * ROUND - minute),
			None => {}
		}
	}
	found
}

/// Runs all cases, `seeds` times each.
pub fn run(seeds: u64, parameters: &Parameters) -> Vec<Peg> {
	let rows = CASES.par_iter().map(|case| {
		let found: Vec<Found> = (1..=seeds).into_par_iter().map(|seed| one(case, parameters, seed)).collect();
		let sum = |count: fn(&Found) -> usize| found.iter().map(count).sum::<usize>() as f64;
		let open = sum(|found| found.open) / sum(|found| found.minutes);
		let open_outside = sum(|found| found.open_outside) / sum(|found| found.outside);
		let instant = found.iter().map(|found| found.instant).fold(0.0, f64::max);
		let longest_wait = found.iter().map(|found| found.longest_wait).max().unwrap_or_default();
		let (mut worst_p99, mut errors) = (0.0f64, Vec::new());
		for mut one in found {
			worst_p99 = worst_p99.max(spread(&mut one.errors).p99);
			errors.append(&mut one.errors);
		}
		let error = spread(&mut errors);
		Peg { case: *case, error, worst_p99, open, open_outside, instant, longest_wait }
	});
	rows.collect()
}

/// Shocks in which round trips are tried.
pub const TRIPS: [(&str, Shock); 7] = [
	("calm", Shock::Calm),
	("-50 % in a day", Shock::Bear),
	("+100 % in a day", Shock::Double),
	("-30 % at once", Shock::Fall),
	("+30 % at once", Shock::Rise),
	("±15 % every 2 h", Shock::Whipsaw),
	("12 h outage in a crash", Shock::Outage),
];

/// The best return, in dollars per dollar less one, of buying credits, spending them on oneself and selling what is minted,
/// with every minute as the beginning. Each is the best of all seeds.
#[derive(Clone, Copy, Debug)]
pub struct RoundTrip {
	/// What the price does.
	pub name: &'static str,
	/// By the chain's rules, what is paid being limited by the shares alone: basis and buffer could only pay less. The tokens
	/// that are burned count at the market price of the last minute in which the attacker could still have sold them: that of
	/// the request, or, where purchases were closed in between, the last one before they opened.
	pub chain: f64,
	/// The same, the tokens counted at the price of the request even if it could be withdrawn later,
	pub asked: f64,
	/// and at that of the minute in which they are burned: whoever has asked just before a fall has been insured against it,
	/// which nobody can know.
	pub hindsight: f64,
	/// Everything at one running average of an hour, with the same shares.
	pub one_sided: f64,
	/// The same with everything minted again: a vault.
	pub vault: f64,
	/// A price that is known an hour before it applies.
	pub announced: f64,
}

fn trip(name: &'static str, shock: Shock, parameters: &Parameters, seed: u64) -> RoundTrip {
	let watched = watch(shock, &Attack::default(), parameters, seed);
	let path = &watched.path;
	let rho = parameters.provider_share + parameters.attestor_share + parameters.treasury_share;
	let share = f64::from(rho) / 1e6;
	let weight = 1.0 - 0.5f64.powf(1.0 / 60.0);
	let mut running = path[0];
	let average: Vec<f64> = path
		.iter()
		.map(|price| {
			running += weight * (price - running);
			running
		})
		.collect();
	let least = f64::NEG_INFINITY;
	let mut best = RoundTrip {
		name,
		chain: least,
		asked: least,
		hindsight: least,
		one_sided: least,
		vault: least,
		announced: least,
	};
	let wait = parameters.forward_rounds as usize * ROUND;
	for minute in WARM_UP..MINUTES - 2 * EPOCH - 2 * wait {
		if let Some((round, quote)) = executing(&watched, minute, parameters) {
			let at = round * ROUND;
			// A request can be withdrawn while purchases are closed.
			let decided = if round == due(minute, parameters) { minute } else { at - 1 };
			// Whoever owned every provider and attestor and the treasury would get this.
			let burned = tokens_ceil(STAKE, quote.exact.0).unwrap_or(u128::MAX) as f64 / TOKEN as f64;
			let earned = part_floor(STAKE, rho);
			for epoch in 1..=PATIENCE + 1 {
				// Claims count in the epoch after, which closes `forward_rounds` into the next.
				let close = (at / EPOCH + epoch) * EPOCH + wait;
				let Some(paid) = watched.quotes.get(close / ROUND).copied().flatten() else { continue };
				let minted = tokens_floor(earned, paid.exact.1).unwrap_or(u128::MAX) as f64 / TOKEN as f64;
				let worth = minted * path[close];
				best.chain = best.chain.max(worth / (burned * path[decided]) - 1.0);
				best.asked = best.asked.max(worth / (burned * path[minute]) - 1.0);
				best.hindsight = best.hindsight.max(worth / (burned * path[at]) - 1.0);
			}
		}
		for later in [1, 30, 60, 360] {
			let end = minute + later;
			let value = average[minute] / path[minute] * path[end] / average[end];
			best.one_sided = best.one_sided.max(share * value - 1.0);
			best.vault = best.vault.max(value - 1.0);
		}
		best.announced = best.announced.max(path[minute - 60] / path[minute] - 1.0);
	}
	best
}

/// Tries every minute as the beginning of a round trip, on the paths of `seeds` seeds.
pub fn round_trips(seeds: u64, parameters: &Parameters) -> Vec<RoundTrip> {
	let rows = TRIPS.par_iter().map(|(name, shock)| {
		let trips = (1..=seeds).into_par_iter().map(|seed| trip(name, *shock, parameters, seed));
		let better = |a: RoundTrip, b: RoundTrip| RoundTrip {
			name: a.name,
			chain: a.chain.max(b.chain),
			asked: a.asked.max(b.asked),
			hindsight: a.hindsight.max(b.hindsight),
			one_sided: a.one_sided.max(b.one_sided),
			vault: a.vault.max(b.vault),
			announced: a.announced.max(b.announced),
		};
		trips.reduce_with(better)
	});
	rows.flatten().collect()
}
