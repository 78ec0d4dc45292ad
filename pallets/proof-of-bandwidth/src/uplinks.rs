//! Uplinks: a seat that does not carry what its tier has to loses the tier.
//!
//! Nobody measures a declared uplink; but where a line had room, what one member shows less than the others is its own
//! doing. The rule and its bounds are in [`weir_math::uplink`]. Tests of an epoch only note what they showed; what
//! follows is decided when the seats are scored, once all tests of the epoch were judged.

use crate::{assignment::Test, epochs::SeatIndices, estimating::Heard, *};

use weir_math::uplink::{lower_tier_kbps, Loads, Showing};
use weir_primitives::api::{Outcome, VerdictRecord};

impl<T: Config> Pallet<T> {
	/// Notes what a test shows of the uplinks of those that measured. Returns of how many it is new.
	pub(crate) fn note_uplinks(
		test: &Test<T::AccountId>,
		verdict: &VerdictRecord,
		heard: &Heard<T::AccountId>,
	) -> u32 {
		let mut noted = 0u32;
		let is_good = verdict.outcome == Outcome::Good;
		let loads = Loads::of(&heard.members, test.claim.down_kbps, test.claim.up_kbps, is_good);
		for (node, report) in heard.reporters() {
			let Some(mut seat) = Seats::<T>::get(node) else { continue };
			let Some(showing) = loads.show(report, seat.uplink_kbps) else { continue };
			let before = seat.shortfalls;
			seat.shortfalls.note(verdict.epoch, showing);
			let shortfalls = seat.shortfalls.count();
			if seat.shortfalls != before {
				Seats::<T>::insert(node, seat);
				noted = noted.saturating_add(1);
			}
			if showing == Showing::FellShort && shortfalls > before.count() {
				let (who, epoch, provider) = (node.clone(), verdict.epoch, test.provider);
				Self::deposit_event(Event::SeatFellShort { who, epoch, provider, shortfalls });
			}
		}
		noted
	}

	/// Takes the highest tier from a seat that fell short of it in enough epochs; one that has no lower tier is
	/// dismissed. Returns whether it came to that.
	pub(crate) fn review_uplink(who: &T::AccountId) -> bool {
		let due = |seat: &Seat| !seat.leaving && seat.shortfalls.are_enough();
		let Some(mut seat) = Seats::<T>::get(who).filter(due) else { return false };
		let from = seat.uplink_kbps;
		let Some(to) = lower_tier_kbps(from) else {
			let score_ppm = seat.score_ppm;
			Self::retire(who, seat, DISMISSAL_EPOCHS);
			let reason = Dismissal::FellShort;
			Self::deposit_event(Event::SeatDismissed { who: who.clone(), score_ppm, reason });
			return true;
		};
		seat.uplink_kbps = to;
		seat.shortfalls = Default::default();
		Seats::<T>::insert(who, seat);
		let kept = Self::tiers_of(to).count();
		for tier in Self::tiers_of(from).skip(kept) {
			if SeatIndices::<T>::leave(tier, who, Self::moment()).is_err() {
				Self::deposit_event(Event::Unexpected { expectation: Expectation::ListChanged });
			}
		}
		Self::deposit_event(Event::SeatTierDropped { who: who.clone(), from, to });
		true
	}
}
