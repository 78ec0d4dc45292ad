//! What the lab found, and whether it is good enough.

use std::fmt;

/// Median error that honest lines may have, percent (specification, "What it must reach").
pub const MEDIAN_PERCENT: f64 = 5.0;
/// 95th percentile of the error that honest lines may have, percent.
pub const P95_PERCENT: f64 = 10.0;

/// One thing that was looked at.
pub struct Finding {
	/// What was asked.
	pub question: String,
	/// What was seen.
	pub answer: String,
	/// Whether that is as it must be.
	pub is_good: bool,
}

impl fmt::Display for Finding {
	fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
		let word = if self.is_good { "ok" } else { "FAILED" };
		write!(out, "{word:<7} {}: {}", self.question, self.answer)
	}
}

/// The smallest of `values` that at least `percent` of them do not exceed (nearest rank); none of nothing.
pub fn percentile(values: &[f64], percent: usize) -> Option<f64> {
	let mut sorted = values.to_vec();
	sorted.sort_by(f64::total_cmp);
	let rank = (sorted.len() * percent).div_ceil(100);
	sorted.get(rank.max(1) - 1).copied()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn percentile_should_be_the_nearest_rank() {
		let values: Vec<_> = (1..=40).map(f64::from).collect();
		assert_eq!(percentile(&values, 50), Some(20.0));
		assert_eq!(percentile(&values, 95), Some(38.0));
		assert_eq!(percentile(&[7.0], 95), Some(7.0));
		assert_eq!(percentile(&[], 50), None);
	}
}
