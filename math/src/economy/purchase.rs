//! How many credits a round may sell for tokens, and how the stable asset is spent. Source: research, economics,
//! section 2.3.

use super::{
	parameters::{Parameters, ROUND_CAP_MULTIPLE},
	units::{Credits, Ppm, Price, Tokens, DOLLAR},
	wide::{mul_div_ceil, mul_div_floor, part_ceil, part_floor, tokens_floor},
};

/// Rounds over which the stable asset of a purchase is spent, unless the pool is too shallow for it.
pub const SLICE_ROUNDS: u128 = 12;
/// Of the pool's stable side, what one slice may be at most: less than what the pool takes of a swap, so that moving the
/// pool's price before a slice, and back after it, costs more than the slice loses by it.
pub const SLICE_DEPTH: Ppm = 2_500;
/// Of what a slice should buy at the reference price, what it may miss at most.
pub const SLIPPAGE: Ppm = 10_000;
/// Least slice, unless less is left: smaller ones are mostly rounding.
pub const LEAST_SLICE: Credits = DOLLAR;

/// Of what its credits cost, what a request has to put on hold at least: one that means it allows more than all of it, and
/// places in the queue should cost what they keep from others.
pub const LEAST_ALLOWED: Ppm = 500_000;

/// Tokens that a request has to allow at least when its credits cost `cost` now, rounded up.
pub fn least_allowed(cost: Tokens) -> Tokens {
	part_ceil(cost, LEAST_ALLOWED)
}

/// Credits that may be sold for tokens in a round: five times the average round of the trailing day, and never less than
/// the parameter.
pub fn round_cap(parameters: &Parameters, sold_in_a_day: Credits, rounds_per_day: u32) -> Credits {
	let average = mul_div_floor(sold_in_a_day, ROUND_CAP_MULTIPLE, rounds_per_day.into());
	// No average, or one beyond a u128, is none to go by.
	average.unwrap_or(0).max(parameters.round_cap.into())
}

/// What each round spends of `pending` credits' worth of the stable asset: equal slices, from the last purchase on.
pub fn equal_slice(pending: Credits) -> Credits {
	mul_div_ceil(pending, 1, SLICE_ROUNDS).unwrap_or(0).max(LEAST_SLICE)
}

/// What the next slice spends: what is planned, if that much is left and the pool is deep enough for it.
pub fn next_slice(planned: Credits, pending: Credits, pool_stable: Credits) -> Credits {
	planned.min(pending).min(part_floor(pool_stable, SLICE_DEPTH))
}

/// Credits that may wait for their tokens: what the slices of a day can spend in a pool of that depth. Claims are settled in
/// order, so what waits here keeps providers waiting.
pub fn pending_cap(pool_stable: Credits, rounds_per_day: u32) -> Credits {
	// Beyond a u128 is no limit.
	part_floor(pool_stable, SLICE_DEPTH).saturating_mul(rounds_per_day.into())
}

/// Tokens that a slice of `credits` has to bring: what it is worth at `price` less the slippage. `price` is one that the pool
/// of the moment has no part in: the reporters' median, or while there is none the pool's own average over rounds that are
/// over. None without a price.
pub fn least_tokens(credits: Credits, price: Price) -> Option<Tokens> {
	// The slippage is less than a whole.
	tokens_floor(credits, price).map(|tokens| tokens.saturating_sub(part_floor(tokens, SLIPPAGE)))
}
