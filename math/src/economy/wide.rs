//! Products of two `u128` divided by a third, with nothing lost between.

use super::units::{Credits, Ppm, Price, Tokens, GRAINS_PER_CREDIT, MILLION};
use primitive_types::U256;

/// `a · b ÷ c` rounded down; none if `c` is zero or the result exceeds a `u128`.
pub fn mul_div_floor(a: u128, b: u128, c: u128) -> Option<u128> {
	// Most products fit, and to divide 256 bits takes ten times as long.
	if let Some(product) = a.checked_mul(b) {
		return product.checked_div(c);
	}
	u128::try_from(U256::from(a).checked_mul(U256::from(b))?.checked_div(c.into())?).ok()
}

/// `a · b ÷ c` rounded up; none if `c` is zero or the result exceeds a `u128`.
pub fn mul_div_ceil(a: u128, b: u128, c: u128) -> Option<u128> {
	if let Some(product) = a.checked_mul(b) {
		return (c > 0).then(|| product.div_ceil(c));
	}
	let product = U256::from(a).checked_mul(U256::from(b))?;
	let (quotient, rest) = (product.checked_div(c.into())?, product.checked_rem(c.into())?);
	let rounded = if rest.is_zero() { quotient } else { quotient.checked_add(U256::one())? };
	u128::try_from(rounded).ok()
}

/// `share` of `amount`, rounded down. Shares above a whole count as a whole.
pub fn part_floor(amount: u128, share: Ppm) -> u128 {
	mul_div_floor(amount, u128::from(share).min(MILLION), MILLION).unwrap_or(amount)
}

/// `share` of `amount`, rounded up. Shares above a whole count as a whole.
pub fn part_ceil(amount: u128, share: Ppm) -> u128 {
	mul_div_ceil(amount, u128::from(share).min(MILLION), MILLION).unwrap_or(amount)
}

/// Grains that `credits` are worth at `price`, rounded up: what a purchase burns. None without a price.
pub fn tokens_ceil(credits: Credits, price: Price) -> Option<Tokens> {
	mul_div_ceil(credits, GRAINS_PER_CREDIT, price)
}

/// Grains that `credits` are worth at `price`, rounded down: what a payout mints. None without a price.
pub fn tokens_floor(credits: Credits, price: Price) -> Option<Tokens> {
	mul_div_floor(credits, GRAINS_PER_CREDIT, price)
}

/// Micro-dollars that `tokens` are worth at `price`, rounded down. None if they exceed a `u128`.
pub fn value_floor(tokens: Tokens, price: Price) -> Option<Credits> {
	mul_div_floor(tokens, price, GRAINS_PER_CREDIT)
}

/// Micro-dollars that `tokens` are worth at `price`, rounded up: what a fee costs in credits. None if they exceed a `u128`.
pub fn value_ceil(tokens: Tokens, price: Price) -> Option<Credits> {
	mul_div_ceil(tokens, price, GRAINS_PER_CREDIT)
}
