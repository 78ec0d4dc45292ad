//! The ladders, rung by rung.

use codec::{Decode, Encode, MaxEncodedLen};
use proptest::prelude::*;
use weir_math::{
	committee::{MAX_CLAIM_KBPS, MIN_CLAIM_KBPS},
	estimate::{Estimate, Void},
	rate::PackedKbps,
	verdict::*,
};

fn estimated(ratio_ppm: u32) -> Estimate {
	Estimate {
		down_kbps: ratio_ppm,
		up_kbps: ratio_ppm,
		ratio_ppm,
		present: 15,
		rtt_10us: 2_000,
		loss_pptt: 3,
		alive_parts: 40,
		unreachable_majority: false,
		below_half_majority: ratio_ppm < 500_000,
	}
}

#[test]
fn judge_should_follow_the_ladder() {
	for (ratio_ppm, expected) in [
		(1_250_000, (Outcome::Good, Reason::WithinClaim)),
		(900_000, (Outcome::Good, Reason::WithinClaim)),
		(899_999, (Outcome::PaidAsMeasured, Reason::BelowClaim)),
		(750_000, (Outcome::PaidAsMeasured, Reason::BelowClaim)),
		(749_999, (Outcome::ClaimLowered, Reason::BelowThreeQuarters)),
		(500_000, (Outcome::ClaimLowered, Reason::BelowThreeQuarters)),
		(499_999, (Outcome::Strike, Reason::BelowHalf)),
		(0, (Outcome::Strike, Reason::BelowHalf)),
	] {
		for escalation in [false, true] {
			assert_eq!(judge(&Ok(estimated(ratio_ppm)), 15, escalation), expected, "{ratio_ppm}");
		}
	}
}

#[test]
fn judge_should_not_strike_when_no_majority_saw_it() {
	let unsupported = Estimate { below_half_majority: false, ..estimated(100_000) };
	for escalation in [false, true] {
		let verdict = judge(&Ok(unsupported), 51, escalation);
		assert_eq!(verdict, (Outcome::ClaimLowered, Reason::BelowHalfWithoutMajority));
	}
}

#[test]
fn judge_should_not_slash_when_the_committee_is_small() {
	let lie = Ok(estimated(100_000));
	assert_eq!(judge(&lie, 6, true), (Outcome::ClaimLowered, Reason::CommitteeTooSmall));
	assert_eq!(judge(&lie, 7, true), (Outcome::Strike, Reason::BelowHalf));
	assert_eq!(judge(&lie, 5, false), (Outcome::Strike, Reason::BelowHalf));
}

#[test]
fn judge_should_call_an_outage_when_a_majority_was_not_answered() {
	let outage = Estimate { unreachable_majority: true, ..estimated(0) };
	assert_eq!(judge(&Ok(outage), 15, false), (Outcome::Unreachable, Reason::UnreachableByMajority));
	assert_eq!(judge(&Ok(outage), 3, true), (Outcome::Unreachable, Reason::UnreachableByMajority));
}

#[test]
fn judge_should_void_when_too_few_were_present() {
	assert_eq!(judge(&Err(Void::TooFewMembers), 15, false), (Outcome::Void, Reason::TooFewMembers));
}

#[test]
fn reasons_that_are_no_estimate_should_void_the_test() {
	for reason in [Reason::TooFewMembers, Reason::NotInService, Reason::NotStarted] {
		assert_eq!(reason.outcome(), Outcome::Void);
	}
}

#[test]
fn sanctions_should_follow_the_ladder() {
	let slash = |percent: u32, jail| Sanction::Slash { parts_per_billion: percent * 10_000_000, jail };
	for (ratio_ppm, earlier, expected) in [
		(0, 0, slash(5, true)),
		(249_999, 0, slash(5, true)),
		(249_999, 1, slash(10, true)),
		(249_999, 2, slash(10, true)),
		(249_999, 255, slash(10, true)),
		(250_000, 0, Sanction::ResetClaim),
		(499_999, 0, Sanction::ResetClaim),
		(250_000, 1, slash(1, false)),
		(250_000, 2, slash(2, false)),
		(250_000, 3, slash(4, false)),
		(250_000, 4, slash(8, false)),
		(250_000, 5, slash(10, false)),
		(499_999, 255, slash(10, false)),
		(500_000, 9, Sanction::None),
		(1_000_000, 9, Sanction::None),
	] {
		assert_eq!(sanction(ratio_ppm, true, earlier), expected, "{ratio_ppm} after {earlier}");
		assert_eq!(sanction(ratio_ppm, false, earlier), Sanction::None);
	}
}

#[test]
fn window_should_escalate_when_three_of_five_are_strikes() {
	let mut window = StrikeWindow::default();
	assert!(window.is_empty());
	for (strike, strikes, due) in [
		(true, 1, false),
		(false, 1, false),
		(true, 2, false),
		(false, 2, false),
		(true, 3, true),
		// The first strike leaves as the sixth test enters.
		(false, 2, false),
		(true, 3, true),
	] {
		window.push(7, strike, 10_000, 5_000);
		assert_eq!((window.strikes(), window.should_escalate()), (strikes, due));
	}
	window.clear();
	assert_eq!(window, StrikeWindow::default());
}

#[test]
fn forgive_should_take_back_the_strike_of_that_epoch_alone() {
	let mut window = StrikeWindow::default();
	(4..7).for_each(|epoch| window.push(epoch, true, 10_000, 5_000));
	window.push(7, false, 10_000, 5_000);
	assert!(!window.forgive(3) && !window.forgive(7));
	assert!(window.forgive(5));
	assert_eq!((window.strikes(), window.should_escalate()), (2, false));
	assert!(!window.forgive(5));
}

#[test]
fn highest_claim_should_take_each_direction_by_itself_and_forget_with_the_test() {
	let mut window = StrikeWindow::default();
	assert_eq!(window.highest_claim(), (0, 0));
	window.push(1, true, 100_000, 1_000);
	window.push(2, false, 20_000, 30_000);
	assert_eq!(window.highest_claim(), (100_000, 30_000));
	(3..7).for_each(|epoch| window.push(epoch, false, 10_000, 10_000));
	assert_eq!(window.highest_claim(), (20_000, 30_000));
}

/// Claims of few values, so that one often is that of the test before, and of any.
fn claimed_kbps() -> impl Strategy<Value = u32> {
	prop_oneof![3 => Just(0), 3 => Just(40_000), 1 => 0..=PackedKbps::MAX_KBPS]
}

proptest! {
	#[test]
	fn window_should_equal_a_list_of_its_last_five(
		tests in proptest::collection::vec((any::<bool>(), claimed_kbps(), claimed_kbps()), 0..20)
	) {
		let mut window = StrikeWindow::default();
		for (epoch, (strike, down, up)) in (1..).zip(&tests) {
			window.push(epoch, *strike, *down, *up);
		}
		let last = &tests[tests.len().saturating_sub(WINDOW)..];
		prop_assert_eq!(usize::from(window.strikes()), last.iter().filter(|test| test.0).count());
		let highest = |claim: fn(&(bool, u32, u32)) -> u32| last.iter().map(claim).max().unwrap_or(0);
		prop_assert_eq!(window.highest_claim(), (highest(|test| test.1), highest(|test| test.2)));
		let bytes = window.encode();
		prop_assert!(bytes.len() <= StrikeWindow::max_encoded_len());
		prop_assert_eq!(StrikeWindow::decode(&mut &bytes[..]).unwrap(), window);
	}
}

#[test]
fn stored_types_should_keep_their_encoding() {
	assert_eq!(
		[
			Outcome::Good,
			Outcome::PaidAsMeasured,
			Outcome::ClaimLowered,
			Outcome::Strike,
			Outcome::Unreachable,
			Outcome::Void
		]
		.encode(),
		[0, 1, 2, 3, 4, 5]
	);
	assert_eq!(Reason::WithinClaim.encode(), [0]);
	assert_eq!(Reason::NotInService.encode(), [8]);
	let mut window = StrikeWindow::default();
	assert_eq!(window.encode(), [0; 5]);
	window.push(3, true, 1, 2);
	window.push(4, false, 1, 2);
	let struck: [u8; 13] = [1, 1, 3, 0, 0, 0, 1, 1, 0, 0, 2, 0, 0];
	assert_eq!(window.encode(), [&struck[..], &[1, 0, 0], &[0; 3]].concat());
	assert_eq!(StrikeWindow::max_encoded_len(), 65);
}

#[test]
fn window_should_take_few_bytes_when_there_was_no_strike_and_no_other_claim() {
	let mut window = StrikeWindow::default();
	(1..20).for_each(|epoch| window.push(epoch, false, 1_000_000, 200_000));
	assert_eq!(window.encoded_size(), 21);
	assert_eq!(window.highest_claim(), (1_000_000, 200_000));
}

proptest! {
	#[test]
	fn claim_should_become_what_was_measured_and_never_rise(
		claim in MIN_CLAIM_KBPS..=MAX_CLAIM_KBPS,
		measured in prop_oneof![0..2 * MIN_CLAIM_KBPS, any::<u32>()],
		again in any::<u32>(),
	) {
		let lowered = lowered_kbps(claim, measured);
		prop_assert!((MIN_CLAIM_KBPS..=claim).contains(&lowered));
		if (MIN_CLAIM_KBPS..=claim).contains(&measured) {
			prop_assert_eq!(lowered, measured);
		}
		// The same verdict twice is the same as once, and the order of two does not matter.
		prop_assert_eq!(lowered_kbps(lowered, measured), lowered);
		prop_assert_eq!(lowered_kbps(lowered, again), lowered_kbps(lowered_kbps(claim, again), measured));
	}
}
