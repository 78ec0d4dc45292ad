//! Utilisation, multiplier, coverage floor of a region. Source: research, economics, sections 2.6 and 2.8.
//!
//! In an epoch a region wants `W · a · (m + f)` credits: its weight as gigabytes of capacity, what a gigabyte of capacity
//! is paid, a multiplier that follows utilisation and a coverage floor for regions that are short of proven weight.
//!
//! Two laws bound the multiplier's slope `k`, both held exactly by rounding `k` down:
//!
//! * **Slope law**: `a · k ≤ κ · p`. A gigabyte that an attacker buys of itself at the list price `p` raises the pay of its
//!   region by `κ · p` at most, also if every line there is its own.
//! * **Withholding law**: `k · u* ≤ 0.9`. The pay of a region never falls when its capacity rises.
//!
//! The laws speak of one epoch. For them to hold over time, demand and supply are averaged apart ([`Demand`]): an average
//! of their ratio would remember traffic that was cheap while the region was small and pay it to what comes later.

use super::{
	parameters::{LEAST_MULTIPLIER, MOST_FALL, MOST_MULTIPLIER},
	units::{Credits, Ppm, GIGABYTE, MILLION},
	wide::{mul_div_ceil, mul_div_floor, part_ceil, part_floor},
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// A fraction or a slope in units of 10⁻⁹: millionths are too coarse for slopes.
pub type Billionths = u64;
/// Provider income by fees per gigabyte of capacity and epoch, in millionths of a credit.
pub type FeeIncome = u64;

/// One as [`Billionths`].
pub const BILLION: Billionths = 1_000_000_000;
/// Billionths of billionths in a millionth.
const SCALE: u128 = 1_000_000_000_000;
/// One as a multiplier.
pub const MULTIPLIER_ONE: Ppm = 1_000_000;
/// Part of the newest fee income in its average.
pub const FEE_ALPHA: Ppm = 100_000;
/// Lines below which a region's multiplier is one,
pub const LEAST_NODES: u32 = 6;
/// operators of lines below which it is,
pub const LEAST_OPERATORS: u32 = 3;
/// and networks below which it is.
pub const LEAST_NETWORKS: u32 = 3;
/// Most credits that one region may want, so that the wants of a thousand can be added.
pub const MOST_WANTED: Credits = Credits::MAX >> 10;

/// Bytes that lines of `weight` kbps carry in an epoch. Capped at a `u128`, which no network reaches.
pub fn capacity_bytes(weight: u128, bytes_per_kbps: u64) -> u128 {
	weight.saturating_mul(bytes_per_kbps.into())
}

/// Bytes that `credits` pay at `list_price` credits per gigabyte, rounded down. What was signed does not count: a provider
/// may ask for less than the list price, and traffic at a tenth of a cent must not move pay. Zero without a list price.
pub fn paid_bytes(credits: Credits, list_price: u64) -> u128 {
	match list_price {
		0 => 0,
		// More than a `u128` is more than any capacity.
		price => mul_div_floor(credits, GIGABYTE, price.into()).unwrap_or(u128::MAX),
	}
}

/// The average of fee income after an epoch in which providers earned `earned` credits by fees on `capacity` bytes of
/// capacity: `F + 0.1 · (earned ÷ capacity − F)`, rounded down. It begins at zero, so that availability pay begins at its
/// most. Without capacity nothing was observed.
pub fn fee_income_update(average: FeeIncome, earned: Credits, capacity: u128) -> FeeIncome {
	if capacity == 0 {
		return average;
	}
	let sample = mul_div_floor(earned, GIGABYTE.saturating_mul(MILLION), capacity);
	let sample = sample.and_then(|income| FeeIncome::try_from(income).ok()).unwrap_or(FeeIncome::MAX);
	// Between two `u64`.
	FeeIncome::try_from(approach_down(average.into(), sample.into(), FEE_ALPHA)).unwrap_or(average)
}

/// Availability pay, credits per gigabyte of capacity and epoch: `max(least, most − θ · fee income)`, rounded down.
pub fn availability_rate(most: u64, least: u64, taper: Ppm, fee_income: FeeIncome) -> u64 {
	let fall = part_ceil(fee_income.into(), taper).div_ceil(MILLION);
	most.saturating_sub(u64::try_from(fall).unwrap_or(u64::MAX)).max(least)
}

/// The steepest slope that both laws allow: `k = min(κ · p ÷ a, 0.9 ÷ u*)`, rounded down.
pub fn slope(kappa: Ppm, list_price: u64, availability: u64, target: Ppm) -> Billionths {
	let withholding = u128::from(MOST_FALL)
		.saturating_mul(BILLION.into())
		.checked_div(u128::from(target).max(1))
		.unwrap_or_default();
	// Millionths of κ times a thousand are billionths. Without pay, pay cannot rise: only the second law is left.
	let kappa = u128::from(kappa).saturating_mul(1_000);
	let wash = mul_div_floor(kappa, list_price.into(), availability.into()).unwrap_or(u128::MAX);
	u64::try_from(wash.min(withholding)).unwrap_or(u64::MAX)
}

/// Demand and supply of a region, each averaged over epochs.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Demand {
	/// Average of the paid bytes of an epoch, as far as there was capacity for them.
	pub paid: u128,
	/// Average of the capacity of an epoch in bytes. Zero before the first epoch with capacity.
	pub capacity: u128,
}

impl Demand {
	/// The averages after an epoch with `paid` bytes on `capacity` bytes. Paid bytes beyond the capacity do not count.
	///
	/// The first epoch with capacity begins the averages *at the target*: whatever was paid in it counts by `alpha`, as
	/// in any other. Would it begin them alone, its traffic would count `1 ÷ alpha` times and be worth buying of oneself.
	pub fn after(self, paid: u128, capacity: u128, alpha: Ppm, target: Ppm) -> Self {
		let paid = paid.min(capacity);
		let before =
			if self.capacity > 0 { self } else { Self { paid: part_floor(capacity, target), capacity } };
		Self {
			paid: approach_down(before.paid, paid, alpha),
			capacity: approach_up(before.capacity, capacity, alpha),
		}
	}

	/// Utilisation of a region that has `capacity` bytes now, at most one: average demand over average capacity; where
	/// capacity has grown, its distance from `target` shrunk by average over present capacity. The target if there never was
	/// capacity. Rounded towards less pay.
	///
	/// At constant capacity this is the average of the ratio. Where capacity grows, the distance is spread over all of it,
	/// hence a paid byte never moves more pay than the slope law grants it, however capacity moves afterwards. To divide by
	/// the larger capacity would do that as well, but answers supply at once: in plants whose supply comes late it swings.
	pub fn utilisation(&self, capacity: u128, target: Ppm) -> Billionths {
		let target = u64::from(target).saturating_mul(1_000).min(BILLION);
		let Some(ratio) = mul_div_floor(self.paid, BILLION.into(), self.capacity) else { return target };
		let ratio = u64::try_from(ratio).unwrap_or(BILLION).min(BILLION);
		let whole = capacity.max(self.capacity);
		// No more than the distance itself, for the average is no more than the whole.
		let shrunk = |distance: u64, divide: fn(u128, u128, u128) -> Option<u128>| {
			divide(distance.into(), self.capacity, whole)
				.map_or(distance, |part| u64::try_from(part).unwrap_or(distance))
		};
		match ratio.checked_sub(target) {
			Some(above) => target.saturating_add(shrunk(above, mul_div_floor)),
			None => target.saturating_sub(shrunk(target.saturating_sub(ratio), mul_div_ceil)),
		}
	}
}

/// What a region's multiplier rests on.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Census {
	/// Lines with weight.
	pub nodes: u32,
	/// Operators of these lines.
	pub operators: u32,
	/// Networks that these lines are in: IPv4 /16, IPv6 /32.
	pub networks: u32,
}

impl Census {
	/// Whether utilisation of the region means something.
	pub fn is_sample(&self) -> bool {
		self.nodes >= LEAST_NODES && self.operators >= LEAST_OPERATORS && self.networks >= LEAST_NETWORKS
	}
}

/// The multiplier: `clamp(1 + k · (u − u*), 0.5, 3)`, rounded down; one if the region is too small to tell.
pub fn multiplier(census: &Census, slope: Billionths, utilisation: Billionths, target: Ppm) -> Ppm {
	if !census.is_sample() {
		return MULTIPLIER_ONE;
	}
	let target = u64::from(target).saturating_mul(1_000);
	let (slope, distance) = (u128::from(slope), u128::from(utilisation.abs_diff(target)));
	let one = u128::from(MULTIPLIER_ONE);
	// Two `u64` multiplied fit.
	let turn = slope.saturating_mul(distance);
	let line = if utilisation >= target {
		one.saturating_add(turn.checked_div(SCALE).unwrap_or_default())
	} else {
		one.saturating_sub(turn.div_ceil(SCALE))
	};
	u32::try_from(line).unwrap_or(MOST_MULTIPLIER).clamp(LEAST_MULTIPLIER, MOST_MULTIPLIER)
}

/// Which part of its least weight a region lacks in proven weight: `max(0, 1 − proven ÷ least)`, rounded down. A region
/// without a least weight lacks nothing.
pub fn gap(proven: u128, least: u64) -> Ppm {
	let missing = u128::from(least).saturating_sub(proven);
	// At most a million.
	mul_div_floor(missing, MILLION, least.into()).and_then(|gap| Ppm::try_from(gap).ok()).unwrap_or_default()
}

/// The coverage floor on top of `multiplier`: `min(max(0, min(3, 1 + 2 · gap) − m), budget · gap ÷ gaps ÷ (W · a))`, rounded
/// down. `gaps` is the sum of all gaps, `capacity` that of the region in bytes. The floors of all regions together never
/// cost more than `budget` credits. None without capacity: there is nobody to pay.
pub fn coverage_floor(
	multiplier: Ppm,
	gap: Ppm,
	gaps: u64,
	budget: Credits,
	capacity: u128,
	availability: u64,
) -> Ppm {
	if capacity == 0 || gap == 0 {
		return 0;
	}
	let goal = MULTIPLIER_ONE.saturating_add(gap.saturating_mul(2)).min(MOST_MULTIPLIER);
	let wished = goal.saturating_sub(multiplier);
	// A sum is never below one of its parts.
	let share = mul_div_floor(budget, gap.into(), u128::from(gaps).max(gap.into())).unwrap_or_default();
	// What a multiplier of one costs, rounded up; what exceeds a `u128` no budget covers.
	match mul_div_ceil(capacity, availability.into(), GIGABYTE) {
		Some(0) => wished,
		Some(base) => mul_div_floor(share, MILLION, base)
			.map_or(wished, |afforded| wished.min(Ppm::try_from(afforded).unwrap_or(Ppm::MAX))),
		None => 0,
	}
}

/// The floor of an epoch whose price is unknown: what it was, or less where the region has grown from `then` to `now`
/// bytes of capacity, so that it costs no more than it did. Rounded down.
pub fn kept_floor(floor: Ppm, then: u128, now: u128) -> Ppm {
	if now <= then {
		return floor;
	}
	mul_div_floor(floor.into(), then, now).and_then(|kept| Ppm::try_from(kept).ok()).unwrap_or_default()
}

/// Credits that a region wants in an epoch: `W · a · rate`, rounded down and at most [`MOST_WANTED`]. `rate` is the
/// multiplier and the floor together.
pub fn region_want(capacity: u128, availability: u64, rate: Ppm) -> Credits {
	let rate = u128::from(availability).saturating_mul(rate.into());
	mul_div_floor(capacity, rate, GIGABYTE.saturating_mul(MILLION)).unwrap_or(MOST_WANTED).min(MOST_WANTED)
}

/// `from + alpha · (to − from)`, rounded down.
fn approach_down(from: u128, to: u128, alpha: Ppm) -> u128 {
	if to >= from {
		from.saturating_add(part_floor(to.saturating_sub(from), alpha))
	} else {
		from.saturating_sub(part_ceil(from.saturating_sub(to), alpha))
	}
}

/// `from + alpha · (to − from)`, rounded up.
fn approach_up(from: u128, to: u128, alpha: Ppm) -> u128 {
	if to >= from {
		from.saturating_add(part_ceil(to.saturating_sub(from), alpha))
	} else {
		from.saturating_sub(part_floor(from.saturating_sub(to), alpha))
	}
}
