//! Eras: who was too far from the others too often.

use crate::*;

use frame_support::{
	defensive,
	traits::{fungible::hold::Balanced as _, Get, Imbalance},
	weights::WeightMeter,
};
use sp_runtime::{
	traits::{Saturating, Zero},
	Permill,
};
use weir_math::economy::price::{is_slashable, DEVIATION_SLASH};
use weir_primitives::seams::{EpochClock, SlashSink};

impl<T: Config> Pallet<T> {
	/// Ends the era when its epochs are over, and judges reporters whose era has ended, as many as `meter` allows.
	pub(crate) fn judge_reporters(meter: &mut WeightMeter) {
		if meter.try_consume(<T as Config>::WeightInfo::on_idle_base()).is_err() {
			return;
		}
		let now = T::Clock::epoch();
		let mut era = Era::<T>::get();
		if now.saturating_sub(era.from_epoch) >= T::EraEpochs::get() {
			Self::deposit_event(Event::EraEnded { era: era.number, next_from: now });
			era = EraInfo { number: era.number.saturating_add(1), from_epoch: now };
			Era::<T>::put(era);
		}
		while let Some(who) = Self::unjudged(era.number) {
			if meter.try_consume(<T as Config>::WeightInfo::judge_reporter()).is_err() {
				return;
			}
			Self::end_era_of(who, era.number);
		}
	}

	/// Somebody who was not judged since the last era.
	fn unjudged(era: u32) -> Option<T::AccountId> {
		Standings::<T>::get().into_iter().find(|(_, standing)| standing.era < era).map(|(who, _)| who)
	}

	/// Judges `who`, and begins to count anew unless it has left.
	pub(crate) fn end_era_of(who: T::AccountId, era: u32) {
		let ended = Standings::<T>::mutate(|standings| {
			let standing = standings.get_mut(&who)?;
			let ended = *standing;
			if ended.is_active {
				*standing = Standing { is_active: true, era, judged: 0, deviated: 0 };
			} else {
				standings.remove(&who);
			}
			Some(ended)
		});
		if let Some(ended) = ended {
			Self::judge(&who, ended);
		}
	}

	/// Takes a part of the bond of a reporter that deviated too often.
	pub(crate) fn judge(who: &T::AccountId, standing: Standing) {
		let Standing { era, judged, deviated, .. } = standing;
		if !is_slashable(judged, deviated) {
			return;
		}
		let Some(mut reporter) = Reporters::<T>::get(who) else { return };
		let due = Permill::from_parts(DEVIATION_SLASH).mul_ceil(reporter.bond);
		if due.is_zero() {
			return;
		}
		let (credit, missing) = T::Currency::slash(&Self::hold_reason(), who, due);
		if !missing.is_zero() {
			defensive!("less on hold than the bond");
		}
		let amount = credit.peek();
		reporter.bond = reporter.bond.saturating_sub(amount);
		let bond = reporter.bond;
		Reporters::<T>::insert(who, reporter);
		T::SlashSink::receive(credit, None);
		Self::deposit_event(Event::ReporterSlashed { who: who.clone(), era, judged, deviated, amount, bond });
	}
}
