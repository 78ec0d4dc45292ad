//! How reliably a seat attests: an exponentially weighted average of accepted ÷ assigned entries.

/// Score of a new seat, millionths.
pub const START_PPM: u32 = 1_000_000;
/// What is left of an old sample after one epoch, billionths: `2^(−1/28)`, a half-life of 28 epochs.
const KEPT_PPB: u64 = 975_548_642;
const BILLION: u64 = 1_000_000_000;

/// The score after an epoch in which `accepted` of `assigned` entries counted, millionths.
///
/// Unchanged when nothing was assigned. More accepted than assigned counts as all; a score above
/// [`START_PPM`] counts as that.
pub fn update_ppm(score_ppm: u32, assigned: u32, accepted: u32) -> u32 {
	let score = u64::from(score_ppm.min(START_PPM));
	let reached = u64::from(accepted.min(assigned)).saturating_mul(u64::from(START_PPM));
	let Some(sample) = reached.checked_div(u64::from(assigned)) else { return score as u32 };
	// At most 10⁶·10⁹ in each term, rounded to nearest so that the average has no drift.
	let kept = score.saturating_mul(KEPT_PPB);
	let added = sample.saturating_mul(BILLION.saturating_sub(KEPT_PPB));
	(kept.saturating_add(added).saturating_add(BILLION / 2) / BILLION) as u32
}

/// What an audit without a proof costs, millionths.
const UNPROVEN_PPM: u32 = 200_000;

/// The score after an audit that was not answered: 0.2 less, never below 0.
pub fn unproven_ppm(score_ppm: u32) -> u32 {
	score_ppm.min(START_PPM).saturating_sub(UNPROVEN_PPM)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn update_should_halve_when_28_epochs_fail() {
		let failed = (0..28).fold(START_PPM, |score, _| update_ppm(score, 10, 0));
		assert!((499_990..=500_010).contains(&failed), "{failed}");
	}

	#[test]
	fn update_should_keep_the_extremes() {
		assert_eq!(update_ppm(START_PPM, 7, 7), START_PPM);
		assert_eq!(update_ppm(0, 7, 0), 0);
		assert_eq!(update_ppm(u32::MAX, 7, 9), START_PPM);
	}

	#[test]
	fn update_should_change_nothing_when_nothing_was_assigned() {
		assert_eq!(update_ppm(612_345, 0, 0), 612_345);
		assert_eq!(update_ppm(612_345, 0, 5), 612_345);
	}

	#[test]
	fn update_should_settle_at_the_share_when_it_is_constant() {
		let settled = (0..2_000).fold(START_PPM, |score, _| update_ppm(score, 10, 6));
		assert!(settled.abs_diff(600_000) < 30, "{settled}");
	}

	#[test]
	fn update_should_bar_a_seat_after_21_silent_epochs() {
		let after = |epochs| (0..epochs).fold(START_PPM, |score, _| update_ppm(score, 1, 0));
		assert!(after(20) >= 600_000);
		assert!(after(21) < 600_000);
	}

	#[test]
	fn unproven_should_bar_a_full_score_at_the_third_time() {
		assert_eq!(unproven_ppm(unproven_ppm(START_PPM)), 600_000);
		assert_eq!(unproven_ppm(unproven_ppm(unproven_ppm(START_PPM))), 400_000);
		assert_eq!(unproven_ppm(100_000), 0);
		assert_eq!(unproven_ppm(u32::MAX), 800_000);
	}
}
