//! What governance may ask of a region: the proven weight below which its coverage floor begins
//! ([`gap`](super::incentive::gap)). Law 5 holds for it as for the parameters.
//!
//! Bounds: research, economics, section 2.8, names 250 small nodes as the default. It is what a region may be opened with at
//! most, so that nobody opens one with a gap that it could never close. The most that it may come to, window by window, is
//! two orders of magnitude above that, as for parameters. Zero asks for nothing.

use super::{
	parameters::{allowance, MOST_MOVE},
	units::Weight,
};

/// What a region may be opened with at most, kbps: 250 small nodes of 10 Mbps.
pub const MOST_OPENING: Weight = 2_500_000;
/// What may be asked of a region at most, kbps.
pub const MOST_LEAST_WEIGHT: Weight = 250_000_000;
/// What it may move by in a window even where a quarter of it is less, kbps: a twentieth of [`MOST_OPENING`], so that zero
/// is no trap.
pub const STEP: Weight = MOST_OPENING / 20;

/// The rule that a least weight would break.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Broken {
	/// More than a region may be opened with, or may be asked for at all.
	OutOfBounds,
	/// Farther from a value of the past window than one window may take it.
	TooFast,
}

/// Whether `new` kbps may be asked of a region for which `past` was asked within the past window, now included. A region
/// for which nothing was asked in it, because it was not open, is opened with [`MOST_OPENING`] at most.
pub fn check(past: impl IntoIterator<Item = Weight>, new: Weight) -> Result<(), Broken> {
	let mut past = past.into_iter().peekable();
	let most = if past.peek().is_none() { MOST_OPENING } else { MOST_LEAST_WEIGHT };
	if new > most {
		return Err(Broken::OutOfBounds);
	}
	if past.any(|past| past.abs_diff(new) > allowance(past, MOST_MOVE, STEP)) {
		return Err(Broken::TooFast);
	}
	Ok(())
}
