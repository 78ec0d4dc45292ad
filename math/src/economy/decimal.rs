//! A price as text, without floats.

use super::units::{Price, HIGHEST_PRICE, LOWEST_PRICE};
use core::fmt;

/// Longest text that is read, bytes.
pub const LONGEST_DECIMAL: usize = 64;
/// Digits of an exponent.
const EXPONENT_DIGITS: usize = 3;
/// Decimals of a [`Price`].
const PRICE_DECIMALS: i32 = 18;
/// Mantissas below this take another digit.
const ROOM: u128 = 1_000_000_000_000_000_000_000_000_000_000_000_000;

/// Why a text is no price.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DecimalError {
	/// There is no text.
	Empty,
	/// More than [`LONGEST_DECIMAL`] bytes.
	TooLong,
	/// Not a number as JSON writes it.
	NotANumber,
	/// Begins with a minus.
	Negative,
	/// The exponent has more than three digits.
	ExponentTooLong,
	/// Less than a billionth of a dollar, which zero is, too.
	TooLow,
	/// More than a million dollars.
	TooHigh,
}

impl fmt::Display for DecimalError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::Empty => "the price is empty",
			Self::TooLong => "the price has more than 64 characters",
			Self::NotANumber => "the price is not a decimal number",
			Self::Negative => "the price is negative",
			Self::ExponentTooLong => "the exponent of the price has more than three digits",
			Self::TooLow => "the price is zero, or below a billionth of a dollar",
			Self::TooHigh => "the price is above a million dollars",
		})
	}
}

/// Takes the digits at the beginning of `text`.
fn split_digits(text: &[u8]) -> (&[u8], &[u8]) {
	let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
	text.split_at_checked(digits).unwrap_or((text, &[]))
}

/// Reads dollars per token, written as a JSON number: `0.0412`, `41.2e-3`. What is below 10⁻¹⁸ dollars is cut off.
///
/// Between [`LOWEST_PRICE`] and [`HIGHEST_PRICE`] every text has one price, and a larger number never a lower one.
pub fn parse_price(text: &[u8]) -> Result<Price, DecimalError> {
	if text.is_empty() {
		return Err(DecimalError::Empty);
	}
	if text.len() > LONGEST_DECIMAL {
		return Err(DecimalError::TooLong);
	}
	let is_negative = text.first() == Some(&b'-');
	let (whole, rest) = split_digits(if is_negative { text.get(1..).unwrap_or_default() } else { text });
	// JSON has no number that begins with a point, or with a zero that other digits follow.
	if whole.is_empty() || (whole.first() == Some(&b'0') && whole.len() > 1) {
		return Err(DecimalError::NotANumber);
	}
	let (fraction, rest) = match rest.split_first() {
		Some((b'.', rest)) => split_digits(rest),
		_ => (Default::default(), rest),
	};
	let has_point = text.contains(&b'.');
	if has_point && fraction.is_empty() {
		return Err(DecimalError::NotANumber);
	}
	let exponent = parse_exponent(rest)?;
	if is_negative {
		return Err(DecimalError::Negative);
	}
	price_of(whole, fraction, exponent)
}

/// Reads `e-3` and the like; nothing is an exponent of zero.
fn parse_exponent(text: &[u8]) -> Result<i32, DecimalError> {
	let Some((sign, rest)) = text.split_first() else { return Ok(0) };
	if !matches!(sign, b'e' | b'E') {
		return Err(DecimalError::NotANumber);
	}
	let (is_negative, digits) = match rest.split_first() {
		Some((b'-', digits)) => (true, digits),
		Some((b'+', digits)) => (false, digits),
		_ => (false, rest),
	};
	if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
		return Err(DecimalError::NotANumber);
	}
	if digits.len() > EXPONENT_DIGITS {
		return Err(DecimalError::ExponentTooLong);
	}
	// Three digits: far from the end of the type.
	let value = digits.iter().fold(0i32, |sum, digit| {
		sum.saturating_mul(10).saturating_add(i32::from(digit.saturating_sub(b'0')))
	});
	Ok(if is_negative { value.saturating_neg() } else { value })
}

/// `whole.fraction · 10^exponent` dollars.
fn price_of(whole: &[u8], fraction: &[u8], exponent: i32) -> Result<Price, DecimalError> {
	let mut mantissa = 0u128;
	// The price is `mantissa · 10^power`. With at most 64 digits and a three-digit exponent nothing here saturates.
	let mut power = exponent.saturating_add(PRICE_DECIMALS);
	for (digit, is_fraction) in
		whole.iter().map(|digit| (digit, false)).chain(fraction.iter().map(|digit| (digit, true)))
	{
		let has_room = mantissa < ROOM;
		if has_room {
			mantissa = mantissa.saturating_mul(10).saturating_add(u128::from(digit.saturating_sub(b'0')));
		}
		// A digit that is read behind the point makes the mantissa count for less; one that is not read before it, for more.
		power = match (has_room, is_fraction) {
			(true, true) => power.saturating_sub(1),
			(false, false) => power.saturating_add(1),
			_ => power,
		};
	}
	if mantissa == 0 {
		return Err(DecimalError::TooLow);
	}
	let scale = 10u128.checked_pow(power.unsigned_abs());
	let price = if power < 0 {
		scale.and_then(|scale| mantissa.checked_div(scale)).unwrap_or(0)
	} else {
		scale.and_then(|scale| mantissa.checked_mul(scale)).unwrap_or(Price::MAX)
	};
	in_range(price)
}

/// Whether a price counts.
pub fn in_range(price: Price) -> Result<Price, DecimalError> {
	if price < LOWEST_PRICE {
		return Err(DecimalError::TooLow);
	}
	if price > HIGHEST_PRICE {
		return Err(DecimalError::TooHigh);
	}
	Ok(price)
}
