//! What bytes over a window are worth, as both sides of a test, the chain and an audit compute it.

/// Bytes over a window as a rate, in kbps rounded down: `bytes · 8,000 ÷ window`. Zero for an empty window; saturating.
pub fn kbps(bytes: u64, window_micros: u64) -> u32 {
	let rate = u128::from(bytes).saturating_mul(8_000).checked_div(u128::from(window_micros)).unwrap_or(0);
	u32::try_from(rate).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn kbps_should_divide_by_the_common_window() {
		// 3.75 MB in 3 s are 10 Mbps.
		assert_eq!(kbps(3_750_000, 3_000_000), 10_000);
		assert_eq!(kbps(0, 3_000_000), 0);
		assert_eq!(kbps(1, 0), 0);
		assert_eq!(kbps(u64::MAX, 1), u32::MAX);
	}
}
