//! The last outages of a provider, in six or seven bytes each.

use polkadot_sdk::*;

use alloc::vec::Vec;
use codec::{Compact, Decode, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;
use weir_primitives::outage::Gap;

/// Outages kept of a provider.
pub const KEPT_GAPS: u32 = 8;

/// The last outages that are over, oldest first.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct LastGaps(BoundedVec<PackedGap, ConstU32<KEPT_GAPS>>);

/// An outage that is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
struct PackedGap {
	/// Number of its first slot. Slots count from 1970: of a second each, they fit until 2106.
	from_slot: u32,
	/// Slots it lasted, twice, and one more if it was regional.
	span: Compact<u32>,
}

impl PackedGap {
	/// What does not fit is as large as it can be.
	fn of(gap: &Gap) -> Self {
		const LONGEST: u32 = u32::MAX >> 1;
		let short = |slots: u64| u32::try_from(slots).unwrap_or(u32::MAX);
		let lasted = short(gap.until_slot.saturating_sub(gap.from_slot)).min(LONGEST);
		let span = Compact((lasted << 1) | u32::from(gap.is_regional));
		Self { from_slot: short(gap.from_slot), span }
	}

	fn gap(self) -> Gap {
		let (from_slot, Compact(span)) = (u64::from(self.from_slot), self.span);
		let until_slot = from_slot.saturating_add(u64::from(span >> 1));
		Gap { from_slot, until_slot, is_regional: span & 1 == 1 }
	}
}

impl LastGaps {
	/// Adds the newest one; the oldest gives way to it.
	pub fn push(&mut self, gap: &Gap) {
		if self.0.is_full() {
			self.0.remove(0);
		}
		// Room was just made.
		let _ = self.0.try_push(PackedGap::of(gap));
	}

	/// All of them, oldest first.
	pub fn to_vec(&self) -> Vec<Gap> {
		self.0.iter().map(|packed| packed.gap()).collect()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn gap(from_slot: u64, slots: u64, is_regional: bool) -> Gap {
		Gap { from_slot, until_slot: from_slot + slots, is_regional }
	}

	#[test]
	fn gaps_should_be_as_they_were_in_six_bytes() {
		let gaps = [gap(295_000_000, 600, false), gap(296_000_000, 0, true), gap(297_000_000, 8_191, true)];
		let mut last = LastGaps::default();
		gaps.iter().for_each(|gap| last.push(gap));
		assert_eq!(last.to_vec(), gaps);
		assert_eq!(last.encode().len(), 1 + 6 + 5 + 6);
	}

	#[test]
	fn oldest_should_give_way_when_there_are_eight() {
		let mut last = LastGaps::default();
		(0..10).for_each(|n| last.push(&gap(n, 1, false)));
		let from: Vec<u64> = last.to_vec().iter().map(|gap| gap.from_slot).collect();
		assert_eq!(from, (2..10).collect::<Vec<_>>());
	}

	#[test]
	fn gaps_beyond_all_numbers_should_be_as_long_as_can_be() {
		let mut last = LastGaps::default();
		last.push(&gap(1, u64::MAX - 1, true));
		last.push(&gap(u64::MAX, 0, false));
		assert_eq!(
			last.to_vec(),
			[gap(1, u64::from(u32::MAX >> 1), true), gap(u64::from(u32::MAX), 0, false)]
		);
	}
}
