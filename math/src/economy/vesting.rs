//! A pot that is released exponentially: half of what is in it per half-life, computed when it is touched. Research,
//! economics, section 2.7.

use super::{
	units::{Ppm, Tokens},
	wide::{mul_div_ceil, part_ceil},
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// One in the fractions below.
const ONE: u128 = 1 << 64;
/// Half-lives after which nothing is left: of all tokens there are, less than a grain.
const LAST_HALF_LIFE: u32 = 96;
/// Of a pot, what leaving early costs.
pub const EARLY_EXIT: Ppm = 500_000;

/// `2^(−2⁻ᵏ)` for k = 1 … 40, in units of 2⁻⁶⁴, rounded up.
const ROOTS: [u64; 40] = [
	0xb504f333f9de6485,
	0xd744fccad69d6af5,
	0xeac0c6e7dd24392f,
	0xf5257d152486cc2d,
	0xfa83b2db722a033b,
	0xfd3e0c0cf486c175,
	0xfe9e115c7b8f884c,
	0xff4ecb59511ec8a6,
	0xffa756521c8daed2,
	0xffd3a751c0f7e10c,
	0xffe9d2b2f7db2756,
	0xfff4e91bff1b8c3e,
	0xfffa747ea0040665,
	0xfffd3a3b7814eb54,
	0xfffe9d1cc60ddab2,
	0xffff4e8e25879bfb,
	0xffffa7470363f452,
	0xffffd3a37dda0314,
	0xffffe9d1bdf703af,
	0xfffff4e8debe025f,
	0xfffffa746f4fa151,
	0xfffffd3a37a3f8b1,
	0xfffffe9d1bd1065b,
	0xffffff4e8de845ae,
	0xffffffa746f41377,
	0xffffffd3a37a05e4,
	0xffffffe9d1bd01fc,
	0xfffffff4e8de80c1,
	0xfffffffa746f4051,
	0xfffffffd3a37a025,
	0xfffffffe9d1bd012,
	0xffffffff4e8de809,
	0xffffffffa746f405,
	0xffffffffd3a37a03,
	0xffffffffe9d1bd02,
	0xfffffffff4e8de81,
	0xfffffffffa746f41,
	0xfffffffffd3a37a1,
	0xfffffffffe9d1bd1,
	0xffffffffff4e8de9,
];

/// `2^(−epochs ÷ half_life)` in units of 2⁻⁶⁴, rounded up; zero after [`LAST_HALF_LIFE`] half-lives.
fn left_after(epochs: u32, half_life: u32) -> u128 {
	let half_life = half_life.max(1);
	let halvings = epochs.checked_div(half_life).unwrap_or(0);
	if halvings >= LAST_HALF_LIFE {
		return 0;
	}
	let mut rest = u64::from(epochs.checked_rem(half_life).unwrap_or(0));
	let mut left = ONE;
	// The rest of a half-life as a binary fraction, cut off: that leaves more, never less.
	for root in ROOTS {
		rest = rest.saturating_mul(2);
		if let Some(beyond) = rest.checked_sub(half_life.into()) {
			rest = beyond;
			left = mul_div_ceil(left, root.into(), ONE).unwrap_or(left);
		}
	}
	mul_div_ceil(left, 1, 1u128.checked_shl(halvings).unwrap_or(u128::MAX)).unwrap_or(left)
}

/// Tokens that are released over time.
#[derive(
	Clone, Copy, PartialEq, Eq, Default, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Pot {
	/// Still locked as of `at`.
	pub locked: Tokens,
	/// The epoch up to which it was released.
	pub at: u32,
}

impl Pot {
	/// What of it is still locked in `now`, rounded up.
	pub fn locked_in(&self, now: u32, half_life: u32) -> Tokens {
		let left = left_after(now.saturating_sub(self.at), half_life);
		mul_div_ceil(self.locked, left, ONE).unwrap_or(self.locked).min(self.locked)
	}

	/// Releases what is due in `now`: never more than the exact value. As long as that is not a grain, time goes on
	/// running, so that whoever touches a small pot often does not keep it locked.
	pub fn release(&mut self, now: u32, half_life: u32) -> Tokens {
		let locked = self.locked_in(now, half_life);
		let released = self.locked.saturating_sub(locked);
		if released > 0 || self.locked == 0 {
			*self = Self { locked, at: self.at.max(now) };
		}
		released
	}

	/// Adds to it in `now` and releases what was due until then. None if that exceeds a number's end.
	pub fn grant(&mut self, now: u32, half_life: u32, tokens: Tokens) -> Option<Tokens> {
		let mut pot = *self;
		let released = pot.release(now, half_life);
		*self = Self { locked: pot.locked.checked_add(tokens)?, at: pot.at.max(now) };
		Some(released)
	}

	/// Takes `share` of what is locked out of it, rounded up.
	pub fn forfeit(&mut self, share: Ppm) -> Tokens {
		let taken = part_ceil(self.locked, share).min(self.locked);
		self.locked = self.locked.saturating_sub(taken);
		taken
	}
}
