//! How much of the reserve an epoch releases, and to whom. Source: research, economics, section 2.6.

use super::{
	parameters::Parameters,
	units::{Credits, Ppm, Price, Tokens, MILLION, SUPPLY_CAP},
	wide::{mul_div_floor, part_floor, tokens_floor, value_floor},
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Of an epoch's emission, what goes into the availability bucket.
pub const PROVIDER_SLICE: Ppm = 650_000;
/// Of an epoch's emission, what block authors get.
pub const VALIDATOR_PART: Ppm = 150_000;
/// Of an epoch's emission, what attestors get if every entry was accepted.
pub const ATTESTOR_PART: Ppm = 100_000;
/// Of an epoch's emission, what the treasury gets.
pub const TREASURY_PART: Ppm = 100_000;
/// Slices that the bucket holds at most; what is beyond goes back to the reserve.
pub const BUCKET_SLICES: u128 = 365;
/// What `Parameters::lambda` is a part of.
pub const LAMBDA_ONE: u128 = 1_000_000_000_000_000_000;

const _: () = assert!(PROVIDER_SLICE + VALIDATOR_PART + ATTESTOR_PART + TREASURY_PART == MILLION as Ppm);

/// What one epoch's emission is meant for, grains. The parts add up to the emission.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Schedule {
	/// Everything: `R · λ`.
	pub emission: Tokens,
	/// What went into the availability bucket.
	pub slice: Tokens,
	/// What block authors get.
	pub validators: Tokens,
	/// What attestors get at most.
	pub attestors: Tokens,
	/// What the treasury gets.
	pub treasury: Tokens,
}

/// `R · λ`, rounded down. Never more than the reserve.
pub fn emission(reserve: Tokens, lambda: u64) -> Tokens {
	mul_div_floor(reserve, u128::from(lambda).min(LAMBDA_ONE), LAMBDA_ONE).unwrap_or(0)
}

/// Splits an emission. Every part is rounded down but the slice, which takes what is left: it stays unminted.
pub fn split(emission: Tokens) -> Schedule {
	let validators = part_floor(emission, VALIDATOR_PART);
	let attestors = part_floor(emission, ATTESTOR_PART);
	let treasury = part_floor(emission, TREASURY_PART);
	// The parts are rounded down from shares below a whole, so they never exceed it.
	let slice = emission.saturating_sub(validators).saturating_sub(attestors).saturating_sub(treasury);
	Schedule { emission, slice, validators, attestors, treasury }
}

/// What availability pay mints: `min(want, D, (1 + K) · slice)`.
pub fn availability_mint(want: Tokens, bucket: Tokens, slice: Tokens, bucket_slices: u32) -> Tokens {
	// A limit beyond a u128 is no limit.
	want.min(bucket).min(slice.saturating_mul(u128::from(bucket_slices).saturating_add(1)))
}

/// What destroyed tokens may put back into the reserve per epoch: a share of the first epoch's emission.
pub fn recredit_limit(genesis: Tokens, parameters: &Parameters) -> Tokens {
	part_floor(emission(SUPPLY_CAP.saturating_sub(genesis), parameters.lambda), parameters.recredit)
}

/// What insurance may mint for fees of an epoch: a share of its provider slice.
pub fn insurance_limit(slice: Tokens, parameters: &Parameters) -> Tokens {
	part_floor(slice, parameters.insurance)
}

/// What coverage floors of an epoch may cost together: a share of the slice's value.
pub fn coverage_budget(slice: Tokens, price: Price, parameters: &Parameters) -> Credits {
	// Only a price far beyond the highest one exceeds a u128, and then the floors cost nothing rather than anything.
	value_floor(part_floor(slice, parameters.coverage), price).unwrap_or(0)
}

/// Tokens that regions want for `want` credits at the payout price. While the price is lost, `last`: what was minted for
/// availability in the last epoch that was closed at a price, the scheduled slice at most, and where the pool has an `average`
/// (units of 10⁻¹⁸ dollars per token) no more than `want` is worth at it, rounded down.
///
/// The research's fallback is the slice, whatever was paid before (economics, sections 2.5 and 2.16). Then who keeps the price
/// from being formed is paid more for its lines wherever regions want less than the slice. So an epoch without a price never
/// mints more than the last one that had one, and before the first nothing. As many tokens are more dollars where the token has
/// risen since: hence the pool's average, which can only lower them, so that who moves the pool gains nothing by it. What is
/// not minted stays in the bucket.
pub fn wanted_tokens(
	want: Credits,
	price: Option<Price>,
	slice: Tokens,
	last: Tokens,
	average: Option<Price>,
) -> Tokens {
	// Wanting more than a u128 is wanting everything: what else there is limits it. A price of zero is none.
	let worth = |price| tokens_floor(want, price).unwrap_or(Tokens::MAX);
	match price {
		Some(price) => worth(price),
		None => slice.min(last).min(average.map_or(Tokens::MAX, worth)),
	}
}
