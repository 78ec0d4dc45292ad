//! How a slash is split, and how large a bond must be. Research, economics, section 2.10.
//!
//! A bond per kbps follows what a kbps earns, in tokens on both sides, so that no price is asked: it is worth
//! [`BOND_EPOCHS`] epochs of the average reward, moves by [`MOST_RATE_MOVE`] a day at most and stays between a floor and a
//! ceiling. Rates are grains per 1,000 kbps here, rewards grains per 1,000 units of weight and epoch.

use super::{
	units::{Credits, Ppm, Price, Tokens, DOLLAR, MILLION},
	wide::{mul_div_ceil, mul_div_floor, part_floor, tokens_floor},
};

/// Of a slash, what whoever reported the offence gets at most.
pub const REPORTER_SHARE: Ppm = 200_000;
/// What a reporter gets at most, whatever the slash.
pub const REPORTER_MOST: Credits = 50 * DOLLAR;
/// Of a slash, what the treasury gets. All that nobody gets is destroyed.
pub const TREASURY_SHARE: Ppm = 200_000;

/// Epochs of reward that a bond is worth.
pub const BOND_EPOCHS: u128 = 80;
/// Part of the newest reward in its average: about five days.
pub const REWARD_ALPHA: Ppm = 50_000;
/// Part of itself by which the rate moves in a day at most.
pub const MOST_RATE_MOVE: Ppm = 50_000;

/// Kbps, and units of weight, that rates and rewards are per.
const THOUSAND: u128 = 1_000;

/// Where the tokens of a slash go. The parts are all of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Split {
	/// What is destroyed: more than half.
	pub destroyed: Tokens,
	/// What the reporter gets.
	pub reporter: Tokens,
	/// What the treasury gets.
	pub treasury: Tokens,
}

/// Splits a slash of `amount`. `price`: what tokens are worth, if somebody reported the offence; without a price the
/// reporter's limit is unknown, and nothing is paid.
///
/// The reporter's part is less than the destroyed part, so that reporting oneself never launders a bond.
pub fn split(amount: Tokens, price: Option<Price>) -> Split {
	let limit = price.and_then(|price| tokens_floor(REPORTER_MOST, price)).unwrap_or(0);
	let reporter = part_floor(amount, REPORTER_SHARE).min(limit);
	let treasury = part_floor(amount, TREASURY_SHARE);
	// Saturates never: both shares together are less than a half.
	let destroyed = amount.saturating_sub(reporter).saturating_sub(treasury);
	Split { destroyed, reporter, treasury }
}

/// Grains that a claim of `kbps` needs at `rate`, rounded up. More than any balance if it does not fit.
pub fn bond_for(kbps: u32, rate: Tokens) -> Tokens {
	mul_div_ceil(kbps.into(), rate, THOUSAND).unwrap_or(Tokens::MAX)
}

/// Kbps that `bond` covers at `rate`, rounded down; all if nothing is asked for.
pub fn covered_kbps(bond: Tokens, rate: Tokens) -> u32 {
	mul_div_floor(bond, THOUSAND, rate).and_then(|kbps| u32::try_from(kbps).ok()).unwrap_or(u32::MAX)
}

/// The average reward after an epoch in which `tokens` were paid for `weight` altogether, rounded down. An epoch without
/// weight says nothing.
pub fn average_reward(average: Tokens, tokens: Tokens, weight: u128) -> Tokens {
	let Some(newest) = mul_div_floor(tokens, THOUSAND, weight) else { return average };
	let (new, old) = (part_floor(newest, REWARD_ALPHA), part_floor(average, OLD_ALPHA));
	// Saturates never: the parts of two amounts are at most the larger one.
	new.saturating_add(old)
}

/// Part of the average so far in the new one.
const OLD_ALPHA: Ppm = MILLION as Ppm - REWARD_ALPHA;

/// The rate of the next day: towards [`BOND_EPOCHS`] times the average `reward`, by [`MOST_RATE_MOVE`] of `rate` (at least
/// a grain) at most, and never outside `least..=most`.
pub fn next_rate(rate: Tokens, reward: Tokens, least: Tokens, most: Tokens) -> Tokens {
	// Saturating: what no balance reaches is limited by the move and the ceiling.
	let target = reward.saturating_mul(BOND_EPOCHS);
	let step = part_floor(rate, MOST_RATE_MOVE).max(1);
	let moved = target.max(rate.saturating_sub(step)).min(rate.saturating_add(step));
	moved.max(least).min(most)
}
