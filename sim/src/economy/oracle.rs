//! Reporters and the pool, and what the chain's price formulas make of them, round by round.

use super::{
	market::{Shock, MINUTES},
	random::{normal, random, Use},
};
use weir_math::economy::{
	price::{age_limit, ema, fresh_rounds, median, quorum_of, quote, twap, Average, Samples},
	units::{Price, Tokens, DOLLAR, PRICE_ONE, TOKEN},
	Parameters,
};

/// Minutes of a price round.
pub const ROUND: usize = 5;
/// Reporters.
pub const REPORTERS: usize = 15;
/// Of them, those that are silent in an outage.
const SILENT: usize = 12;
/// Blocks of a minute.
const BLOCKS: u32 = 10;
/// Standard deviation of an honest report.
const NOISE: f64 = 0.002;
/// Tokens in the pool: far deeper than it must be.
const POOL: Tokens = 10_000_000 * TOKEN;
/// Part of its distance from the market that arbitrage takes from the pool in a minute.
const ARBITRAGE: f64 = 0.5;

/// Who misleads the oracle.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Attack {
	/// Reporters that lie,
	pub liars: usize,
	/// and by which part of the price.
	pub lie: f64,
	/// By which part of the price the pool is pushed, for ten minutes.
	pub push: f64,
}

/// Minutes in which the pool is pushed.
const PUSHED: std::ops::Range<usize> = 2_000..2_010;

/// The price of a round.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Quote {
	/// What buyers' tokens count for, dollars.
	pub low: f64,
	/// What payees are paid at, dollars.
	pub high: f64,
	/// Whether purchases are open.
	pub is_open: bool,
	/// Minute of the oldest report that it stands on.
	pub oldest: usize,
	/// The same prices as the chain has them.
	pub exact: (Price, Price),
}

/// A market and what the chain saw of it.
pub struct Watched {
	/// The market's price, minute by minute.
	pub path: Vec<f64>,
	/// The chain's price, round by round; none where reports were too few.
	pub quotes: Vec<Option<Quote>>,
}

/// Dollars as the chain has a price.
pub fn price(dollars: f64) -> Price {
	(dollars * PRICE_ONE as f64) as Price
}

/// The chain's price in dollars.
pub fn dollars(price: Price) -> f64 {
	price as f64 / PRICE_ONE as f64
}

/// Draws a path and prices every round of it. A round's price is formed at its beginning, of what was reported before.
pub fn watch(shock: Shock, attack: &Attack, parameters: &Parameters, seed: u64) -> Watched {
	let path = shock.path(&mut random(seed, Use::Path));
	let mut noise = random(seed, Use::Reports);
	let needed = quorum_of(REPORTERS as u32, parameters.quorum).unwrap_or(u32::MAX);
	let fresh = fresh_rounds(parameters.forward_rounds, parameters.report_rounds);
	// Reports and the minute of each.
	let mut reports: [Option<(Price, usize)>; REPORTERS] = [None; REPORTERS];
	let mut average: Option<(Price, usize)> = None;
	let mut pool = 1.0f64;
	let (mut samples, mut rounds): (Samples, Vec<Option<Average>>) = (Samples::default(), Vec::new());
	let mut quotes = Vec::with_capacity(MINUTES / ROUND);
	for (minute, market) in path.iter().enumerate() {
		if minute % ROUND == 0 {
			let round = minute / ROUND;
			if round > 0 {
				rounds.push(samples.average());
				samples = Samples::default();
			}
			let age = |at: usize| (round - at / ROUND) as u32;
			let ages = reports.iter().flatten().map(|(_, at)| age(*at));
			let limit = age_limit(ages, fresh, parameters.report_rounds, needed);
			let counted = |limit: u32| reports.iter().flatten().filter(move |(_, at)| age(*at) <= limit);
			quotes.push(limit.and_then(|limit| {
				let mut values: Vec<Price> = counted(limit).map(|(value, _)| *value).collect();
				let middle = median(&mut values)?;
				let last = average.map(|(value, at)| (value, (round - at) as u32));
				let smooth = ema(last, middle, parameters.ema_half_life_rounds);
				average = Some((smooth, round));
				let pool = twap(&rounds, parameters.twap_rounds);
				let found = quote(middle, smooth, pool, parameters.spread)?;
				let oldest = counted(limit).map(|(_, at)| *at).min()?;
				Some(Quote {
					low: dollars(found.low),
					high: dollars(found.high),
					is_open: found.is_open,
					oldest,
					exact: (found.low, found.high),
				})
			}));
		}
		for (number, report) in reports.iter_mut().enumerate() {
			let is_silent = shock.silences(minute) && number < SILENT;
			if (minute + number) % ROUND == 0 && !is_silent {
				let lie = if number < attack.liars { 1.0 + attack.lie } else { 1.0 };
				let seen = market * normal(&mut noise, 0.0, NOISE).exp() * lie;
				*report = Some((price(seen), minute));
			}
		}
		let push = if PUSHED.contains(&minute) { 1.0 + attack.push } else { 1.0 };
		pool += (market * push - pool) * ARBITRAGE;
		let reserves = Some((POOL, (pool * (POOL / TOKEN) as f64 * DOLLAR as f64) as u128));
		let last = rounds.last().copied().flatten();
		(0..BLOCKS).for_each(|_| samples.add(reserves, parameters.least_depth.into(), last));
	}
	Watched { path, quotes }
}
