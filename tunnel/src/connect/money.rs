//! Dollars as people write them, and credits as the chain counts them: a credit is a micro-dollar.

use anyhow::{anyhow, Result};
use weir_primitives::economy::Credits;

/// Digits behind the point that count.
const DIGITS: usize = 6;
const CREDITS_PER_DOLLAR: Credits = 1_000_000;

/// Credits of an amount in dollars, such as `0.50`: nothing is rounded.
pub(crate) fn credits(text: &str) -> Result<Credits> {
	let refused = || {
		anyhow!(
			"{}: expected dollars, such as 0.50, with six digits behind the point at most",
			crate::advice::one_line(text)
		)
	};
	let (whole, part) = text.split_once('.').unwrap_or((text, ""));
	let are_digits = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
	if whole.is_empty() || !are_digits(whole) || !are_digits(part) || part.len() > DIGITS {
		return Err(refused());
	}
	let whole = whole.parse::<u64>().map_err(|_| refused())?;
	let part = format!("{part:0<DIGITS$}").parse::<Credits>().map_err(|_| refused())?;
	Credits::from(whole)
		.checked_mul(CREDITS_PER_DOLLAR)
		.and_then(|credits| credits.checked_add(part))
		.ok_or_else(refused)
}

/// Credits as dollars: two digits behind the point, and more where there are more, as many as six.
pub(crate) fn dollars(credits: Credits) -> String {
	let (whole, part) = (credits / CREDITS_PER_DOLLAR, credits % CREDITS_PER_DOLLAR);
	let digits = format!("{part:0DIGITS$}");
	let kept = digits.trim_end_matches('0').len().max(2);
	format!("${whole}.{}", digits.get(..kept).unwrap_or(&digits))
}

/// A price as dollars per 10⁹ bytes.
pub(crate) fn per_gb(price: u64) -> String {
	format!("{} per GB", dollars(price.into()))
}

/// Bytes with three digits and a decimal unit.
pub(crate) fn bytes(bytes: u64) -> String {
	scaled(bytes, ["B", "kB", "MB", "GB", "TB"])
}

/// Bits per second likewise.
pub(crate) fn bits_per_second(bits: u64) -> String {
	scaled(bits, ["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"])
}

fn scaled(number: u64, [unit, rest @ ..]: [&'static str; 5]) -> String {
	let (mut scale, mut name) = (1u64, unit);
	for larger in rest {
		if number / scale < 1_000 {
			break;
		}
		(scale, name) = (scale.saturating_mul(1_000), larger);
	}
	let (whole, part) = (number / scale, number % scale);
	// Below a thousand of the unit, so that a thousandth of it is a whole number from the second unit on.
	match (scale, whole) {
		(1, _) => format!("{whole} {name}"),
		(_, 0..=9) => format!("{whole}.{:02} {name}", part / (scale / 100)),
		(_, 10..=99) => format!("{whole}.{} {name}", part / (scale / 10)),
		_ => format!("{whole} {name}"),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn credits_should_be_exact_or_refused() {
		for (text, expected) in
			[("0.50", 500_000), ("0.5", 500_000), ("3", 3_000_000), ("0.000001", 1), ("12.", 12_000_000)]
		{
			assert_eq!(credits(text).unwrap(), expected, "{text}");
		}
		for text in
			["", ".", ".5", "-1", "+1", "0.0000001", "1e3", "$1", "1,5", "99999999999999999999", "1.2.3"]
		{
			let error = credits(text).unwrap_err().to_string();
			assert!(error.contains("expected dollars"), "{text}: {error}");
		}
	}

	#[test]
	fn dollars_should_have_as_many_digits_as_there_are_cents_or_parts() {
		for (credits, expected) in [
			(0, "$0.00"),
			(500_000, "$0.50"),
			(1, "$0.000001"),
			(1_234_560, "$1.23456"),
			(2_000_000, "$2.00"),
		] {
			assert_eq!(dollars(credits), expected);
		}
		assert_eq!(per_gb(50_000), "$0.05 per GB");
	}

	#[test]
	fn bytes_should_have_three_digits_and_a_unit() {
		for (number, expected) in [
			(0, "0 B"),
			(999, "999 B"),
			(1_000, "1.00 kB"),
			(4_194_304, "4.19 MB"),
			(12_345_678, "12.3 MB"),
			(999_999_999, "999 MB"),
			(1_000_000_000, "1.00 GB"),
			(u64::MAX, "18446744 TB"),
		] {
			assert_eq!(bytes(number), expected);
		}
		assert_eq!(bits_per_second(12_345_678), "12.3 Mbit/s");
	}
}
