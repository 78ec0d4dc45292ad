//! What a run is asked for, and the shares and claims it goes through.

use weir_math::{
	committee::{class_of, size, MAX_CLAIM_KBPS},
	Timing,
};

/// Shares of corrupt seats.
pub const BETAS: [f64; 7] = [0.0, 0.05, 0.10, 0.15, 0.20, 0.25, 0.33];
/// Position in [`BETAS`] of the share the bars are set for.
pub const BAR_BETA: usize = 4;
/// Fewest providers: an escalation's committees must not take up a large part of the seats.
pub const MIN_PROVIDERS: u32 = 500;
/// Attempts after which an escalation without a result lapses (docs/protocol.md, section 12).
pub const ESCALATION_ATTEMPTS: u32 = 8;
/// Epochs from one attempt to the next (docs/protocol.md, section 12).
pub const ESCALATION_EVERY: u32 = 2;
/// Standard deviation of honest shares that makes estimates read as low as in the lab, see [`crate::line`].
pub const LAB_NOISE: f64 = 0.09;
/// Largest claim measured by a committee of the smaller size, kbps.
const SMALL_CLAIM_KBPS: u32 = 500_000;

/// How an honest member comes to be absent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Absence {
	/// Barred, busy or switched off: it neither loads the line nor reports.
	Away,
	/// It loads the line, but its report never stands on the chain.
	Unrevealed,
}

/// What a run is asked for.
#[derive(Clone, Debug)]
pub struct Config {
	/// Providers; each holds one seat.
	pub providers: u32,
	/// From which every draw follows.
	pub seed: u64,
	/// Epochs in which a quarter of the providers is tested each.
	pub epochs: u32,
	/// Chance that an honest member is absent from a committee.
	pub absent: f64,
	/// What honest absent members do.
	pub absence: Absence,
	/// Standard deviation of an honest member's share of a line, of the share; 0 shares exactly.
	pub noise: f64,
	/// Draws of noise from which the chances of a committee's ends are taken.
	pub noise_draws: u32,
	/// Committees drawn per size to compare capture with exact sums.
	pub committees: u32,
	/// Targets for whom seeds are ground.
	pub grinds: u32,
	/// Random adversaries per committee size set on the bounds.
	pub bound_trials: u32,
}

impl Config {
	/// The run of `providers` for `epochs`, everything else as published.
	pub fn new(providers: u32, seed: u64, epochs: u32) -> Self {
		Self {
			providers,
			seed,
			epochs,
			absent: 0.1,
			absence: Absence::Away,
			noise: 0.0,
			noise_draws: 100,
			committees: providers.saturating_mul(10),
			grinds: providers / 5,
			bound_trials: providers.max(10_000),
		}
	}
}

/// A claim, and the committees that judge it on a public network.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Class {
	/// Number of the class.
	pub number: u8,
	/// Claim per direction, kbps.
	pub claim_kbps: u32,
	/// Members of an ordinary committee.
	pub k: u16,
	/// Members of an escalation's committee.
	pub escalation_k: u16,
}

/// Both classes, each at its largest claim.
pub fn classes() -> [Class; 2] {
	let timing = Timing::public();
	[SMALL_CLAIM_KBPS, MAX_CLAIM_KBPS].map(|claim_kbps| {
		let number = class_of(claim_kbps).unwrap_or_default();
		Class {
			number,
			claim_kbps,
			k: size(&timing, number, false),
			escalation_k: size(&timing, number, true),
		}
	})
}

/// Corrupt seats among `seats` at a share of `beta`, to the nearest.
pub fn corrupt_seats(seats: u32, beta: f64) -> u32 {
	(f64::from(seats) * beta).round() as u32
}
