//! Pay per unit of weight, summed up epoch by epoch, so that nobody has to loop over lines. Research, economics, section
//! 2.9.
//!
//! Each region keeps, for each closed epoch e, what one unit of weight has earned up to and including e, scaled by
//! [`SCALE`]: [`Accrued`]. A line is a few [`Step`]s, each the weight from an epoch on; the last one is the zero after its
//! last test expires. What it earned in the closed epochs of a step is its weight times the difference of two sums.
//!
//! Nothing overflows: all tokens there are, scaled, for one unit of weight, are 10²¹ · 10¹² < 2¹²⁸.

use super::{
	units::{Tokens, Weight},
	wide::{mul_div_ceil, mul_div_floor},
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Grains per unit of weight are kept in units of 10⁻¹² grains.
pub const SCALE: u128 = 1_000_000_000_000;

macro_rules! accrual_type {
	($item:item) => {
		#[derive(
			Clone,
			Copy,
			PartialEq,
			Eq,
			Default,
			Debug,
			Encode,
			Decode,
			DecodeWithMemTracking,
			MaxEncodedLen,
			TypeInfo,
		)]
		#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
		$item
	};
}

accrual_type! {
	/// What a line weighs from an epoch on.
	pub struct Step {
		/// First epoch.
		pub from: u32,
		/// Number of its region. Without meaning if it weighs nothing.
		pub region: u16,
		/// Its weight.
		pub weight: Weight,
		/// Whether the coverage floor pays for it.
		pub floor: bool,
		/// Whether its location is proven for long enough.
		pub proven: bool,
	}
}

impl Step {
	/// Nothing, from `from` on.
	pub const fn none(from: u32) -> Self {
		Self { from, region: 0, weight: 0, floor: false, proven: false }
	}

	/// Whether both weigh the same in every respect.
	pub fn weighs_as(&self, other: &Self) -> bool {
		let any_from = Self { from: other.from, ..*self };
		any_from == *other || (self.weight == 0 && other.weight == 0)
	}

	/// One step instead of this and the `next` one: no more than either of them.
	pub fn joined(&self, next: &Self) -> Self {
		if self.region != next.region || self.weight.min(next.weight) == 0 {
			return Self::none(self.from);
		}
		Self {
			weight: self.weight.min(next.weight),
			floor: self.floor && next.floor,
			proven: self.proven && next.proven,
			..*self
		}
	}
}

accrual_type! {
	/// Sums of the weights of a region.
	pub struct Totals {
		/// Of all lines.
		pub weight: u128,
		/// Of those that the coverage floor pays for.
		pub floor: u128,
		/// Of those whose location is proven.
		pub proven: u128,
	}
}

impl From<&Step> for Totals {
	fn from(step: &Step) -> Self {
		let weight = u128::from(step.weight);
		Self {
			weight,
			floor: if step.floor { weight } else { 0 },
			proven: if step.proven { weight } else { 0 },
		}
	}
}

impl Totals {
	/// Both together. Saturating: 2³² lines of the largest weight are far below the end.
	pub fn with(self, other: Self) -> Self {
		Self {
			weight: self.weight.saturating_add(other.weight),
			floor: self.floor.saturating_add(other.floor),
			proven: self.proven.saturating_add(other.proven),
		}
	}

	/// Without what is in it. None if it is not.
	pub fn without(self, other: Self) -> Option<Self> {
		Some(Self {
			weight: self.weight.checked_sub(other.weight)?,
			floor: self.floor.checked_sub(other.floor)?,
			proven: self.proven.checked_sub(other.proven)?,
		})
	}
}

accrual_type! {
	/// What one unit of weight has earned, in grains times [`SCALE`].
	pub struct Accrued {
		/// Availability pay.
		pub availability: u128,
		/// Coverage floor.
		pub floor: u128,
		/// Bounties.
		pub bounty: u128,
	}
}

accrual_type! {
	/// Tokens by what they are for.
	pub struct Pay {
		/// Availability pay.
		pub availability: Tokens,
		/// Coverage floor.
		pub floor: Tokens,
		/// Bounties.
		pub bounty: Tokens,
	}
}

impl Pay {
	/// All of it. Saturating: no more than all tokens there are.
	pub fn total(&self) -> Tokens {
		self.availability.saturating_add(self.floor).saturating_add(self.bounty)
	}

	/// Both together. Saturating: no more than all tokens there are.
	pub fn with(self, other: Self) -> Self {
		Self {
			availability: self.availability.saturating_add(other.availability),
			floor: self.floor.saturating_add(other.floor),
			bounty: self.bounty.saturating_add(other.bounty),
		}
	}
}

/// What `tokens` are for each unit of `weight`, rounded down. Zero for nobody.
fn per_weight(tokens: Tokens, weight: u128) -> u128 {
	mul_div_floor(tokens, SCALE, weight).unwrap_or_default()
}

/// Accrued pay of a whole region, rounded up: a line may be paid for many epochs at once, and parts of a grain add up.
/// What was offered is a whole number of grains, so that this is never more.
fn of_region(weight: u128, from: u128, until: u128) -> Tokens {
	mul_div_ceil(weight, until.saturating_sub(from), SCALE).unwrap_or_default()
}

/// Accrued pay of a line, rounded down.
fn of_line(weight: u128, from: u128, until: u128) -> Tokens {
	// Both factors together are no more than all tokens, scaled.
	mul_div_floor(weight, until.saturating_sub(from), SCALE).unwrap_or_default()
}

impl Accrued {
	/// With `offered` paid for an epoch in which these were the totals, and what of it was paid: the rest is nobody's, for
	/// there is no weight or it does not divide.
	pub fn paid(self, offered: &Pay, totals: &Totals) -> (Self, Pay) {
		let next = Self {
			availability: self.availability.saturating_add(per_weight(offered.availability, totals.weight)),
			floor: self.floor.saturating_add(per_weight(offered.floor, totals.floor)),
			bounty: self.bounty.saturating_add(per_weight(offered.bounty, totals.proven)),
		};
		let paid = Pay {
			availability: of_region(totals.weight, self.availability, next.availability),
			floor: of_region(totals.floor, self.floor, next.floor),
			bounty: of_region(totals.proven, self.bounty, next.bounty),
		};
		(next, paid)
	}

	/// What a step earned between two sums.
	pub fn earned(&self, until: &Self, step: &Step) -> Pay {
		let Totals { weight, floor, proven } = step.into();
		Pay {
			availability: of_line(weight, self.availability, until.availability),
			floor: of_line(floor, self.floor, until.floor),
			bounty: of_line(proven, self.bounty, until.bounty),
		}
	}
}

/// What the regions have accrued.
pub trait Book {
	/// First epoch of the region that is not closed yet; none if the region is not known.
	fn open_epoch(&self, region: u16) -> Option<u32>;
	/// What a unit of weight had earned when `epoch` was closed; none if that is not known. Zero before the region's first
	/// epoch.
	fn accrued(&self, region: u16, epoch: Option<u32>) -> Option<Accrued>;
}

/// Nobody knows any more what a weight earned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Forgotten;

/// What the closed epochs of `steps` came to, each counted once: steps that are over and closed are no longer needed, and
/// of the first that is not the closed part is cut off. Returns the pay and how many steps are done with. If a sum is
/// forgotten nothing changes.
pub fn settle(steps: &mut [Step], book: &impl Book) -> Result<(Pay, usize), Forgotten> {
	let mut pay = Pay::default();
	let mut cut = None;
	let mut done = 0usize;
	for (place, step) in steps.iter().enumerate() {
		let end = steps.get(place.saturating_add(1)).map(|next| next.from);
		if step.weight == 0 {
			// Nothing to wait for.
			if end.is_none() {
				break;
			}
			done = done.saturating_add(1);
			continue;
		}
		let open = book.open_epoch(step.region).ok_or(Forgotten)?;
		let until = end.map_or(open, |end| end.min(open));
		if until > step.from {
			let before = book.accrued(step.region, step.from.checked_sub(1)).ok_or(Forgotten)?;
			let after = book.accrued(step.region, until.checked_sub(1)).ok_or(Forgotten)?;
			pay = pay.with(before.earned(&after, step));
		}
		if end != Some(until) {
			cut = Some((place, step.from.max(until)));
			break;
		}
		done = done.saturating_add(1);
	}
	if let Some((place, from)) = cut {
		if let Some(step) = steps.get_mut(place) {
			step.from = from;
		}
	}
	Ok((pay, done))
}
