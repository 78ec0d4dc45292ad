//! Operators: of all seats, those of one operator stay a small share.
//!
//! Who operates a node is what the node and its operator both say ([`Operators`]); a node that says nothing is its own
//! operator. So the share limits those that declare what they own. What a declaration is for stands in the protocol's
//! documentation.

use crate::*;
use polkadot_sdk::*;

use frame_support::{dispatch::DispatchResult, ensure, weights::Weight};
use weir_primitives::seams::{OnOperatorChange, Operators};

/// One seat in this many may be the same operator's (1 %).
const OPERATOR_SHARE: u32 = 100;

impl<T: Config> Pallet<T> {
	/// Whether the operator may have one more seat when there are `total`.
	pub(crate) fn ensure_operator_share(operator: &T::AccountId, total: u32) -> DispatchResult {
		let share = total.checked_div(OPERATOR_SHARE).unwrap_or(0).max(1);
		ensure!(SeatsOfOperator::<T>::get(operator) < share, Error::<T>::OperatorFull);
		Ok(())
	}

	/// Counts a seat for the operator of its node.
	pub(crate) fn count_for_operator(who: &T::AccountId) {
		Self::add_seat_of(&T::Operators::operator_of(who));
	}

	/// No longer counts a seat for the operator of its node.
	pub(crate) fn uncount_for_operator(who: &T::AccountId) {
		Self::remove_seat_of(&T::Operators::operator_of(who));
	}

	fn add_seat_of(operator: &T::AccountId) {
		SeatsOfOperator::<T>::mutate(operator, |seats| *seats = seats.saturating_add(1));
	}

	fn remove_seat_of(operator: &T::AccountId) {
		SeatsOfOperator::<T>::mutate_exists(operator, |seats| {
			*seats = seats.and_then(|seats| seats.checked_sub(1)).filter(|seats| *seats > 0);
		});
	}
}

impl<T: Config> OnOperatorChange<T::AccountId> for Pallet<T> {
	/// The seat of the node counts for its new operator at once, so that it cannot be over its share when the change takes
	/// effect; another seat in its old place has to mature first.
	fn operator_changed(node: &T::AccountId, old: &T::AccountId, new: &T::AccountId) -> DispatchResult {
		if !Seats::<T>::contains_key(node) {
			return Ok(());
		}
		// Whoever is on its own again has one seat.
		if new != node {
			Self::ensure_operator_share(new, SeatCount::<T>::get())?;
		}
		Self::remove_seat_of(old);
		Self::add_seat_of(new);
		Ok(())
	}

	fn weight() -> Weight {
		T::WeightInfo::operator_changed()
	}
}
