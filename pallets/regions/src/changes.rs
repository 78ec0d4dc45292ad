//! Changes of the table: announced, taken back, or in force after their notice.
//!
//! They take effect in the first block of an epoch, `pace.change_notice_epochs` full epochs after they were announced, after
//! the same check again, unless they are cancelled. One change per region waits at a time, `MAX_PENDING` in all, `MAX_MOVES`
//! of which open or close a region. A least weight moves by a quarter at most against each one of the window; a region that
//! was closed within the window is opened again as if it had not been. What is paid for an epoch goes by the table of that
//! epoch, although its close begins after the changes of the next one.

use crate::{
	pallet::*,
	types::{Change, PastWeight, PendingChange},
	RegionState, WeightInfo, CHANGES_PER_BLOCK, MAX_MOVES,
};
use alloc::vec::Vec;
use frame_support::{defensive, ensure, BoundedVec};
use polkadot_sdk::*;
use sp_runtime::{traits::Get, DispatchResult, Weight};
use weir_math::economy::least_weight::{self, Broken};
use weir_primitives::{
	economy::{LineWeight, RegionId},
	seams::EpochClock,
	EpochIndex, Region,
};

impl<T: Config> Pallet<T> {
	/// Checks a change as of the epoch in which it would take effect, and puts it behind those that wait.
	pub(crate) fn do_announce(region: Region, change: Change) -> DispatchResult {
		let mut pending = Pending::<T>::get();
		ensure!(pending.iter().all(|other| other.region != region), Error::<T>::ChangePending);
		let at = T::Pace::get().takes_effect(T::Clock::epoch());
		let ahead = match change {
			Change::Open { .. } => Self::new_regions(&pending),
			_ => 0,
		};
		Self::check_change(&region, &change, at, ahead)?;
		let moves = pending.iter().filter(|other| other.change.moves_the_table()).count();
		let is_room = !change.moves_the_table() || moves < MAX_MOVES;
		ensure!(is_room, Error::<T>::TooManyPending);
		pending.try_push(PendingChange { region, change, at }).map_err(|_| Error::<T>::TooManyPending)?;
		Pending::<T>::put(pending);
		Self::deposit_event(Event::ChangeAnnounced { region, change, at });
		Ok(())
	}

	pub(crate) fn do_cancel_change(region: &Region) -> DispatchResult {
		let mut pending = Pending::<T>::get();
		let place = pending.iter().position(|waiting| waiting.region == *region);
		let place = place.ok_or(Error::<T>::NoChangePending)?;
		let PendingChange { region, change, at } = pending.remove(place);
		Pending::<T>::put(pending);
		Self::deposit_event(Event::ChangeCancelled { region, change, at });
		Ok(())
	}

	/// Regions that waiting changes add to the table.
	fn new_regions(pending: &[PendingChange]) -> RegionId {
		let opens = pending.iter().filter(|waiting| matches!(waiting.change, Change::Open { .. }));
		let new = opens.filter(|waiting| !IdOf::<T>::contains_key(waiting.region)).count();
		// At most as many as may come and go at once.
		RegionId::try_from(new).unwrap_or(RegionId::MAX)
	}

	/// Whether the table may be changed so in epoch `at`, with `ahead` regions that were not in it opened before.
	pub(crate) fn check_change(
		region: &Region,
		change: &Change,
		at: EpochIndex,
		ahead: RegionId,
	) -> Result<(), Error<T>> {
		match change {
			Change::Open { least_weight } => {
				let id = Self::id_to_open(region, ahead)?;
				Self::check_least_weight(Self::past_weights(id, at), *least_weight)
			}
			Change::Close => Self::open_state(region).map(|_| ()).ok_or(Error::<T>::NotOpen),
			Change::LeastWeight { new } => {
				let (id, state) = Self::open_state(region).ok_or(Error::<T>::NotOpen)?;
				ensure!(state.least_weight != *new, Error::<T>::NothingChanges);
				let past = Self::past_weights(id, at).into_iter().chain([state.least_weight]);
				Self::check_least_weight(past, *new)
			}
		}
	}

	fn check_least_weight(
		past: impl IntoIterator<Item = LineWeight>,
		new: LineWeight,
	) -> Result<(), Error<T>> {
		least_weight::check(past, new).map_err(|broken| match broken {
			Broken::OutOfBounds => Error::<T>::OutOfBounds,
			Broken::TooFast => Error::<T>::TooFast,
		})
	}

	/// What was asked of a region within the window before `at`, and no longer is.
	pub(crate) fn past_weights(id: RegionId, at: EpochIndex) -> Vec<LineWeight> {
		let (past, pace) = (PastWeights::<T>::get(id), T::Pace::get());
		let limiting = past.iter().filter(|past| pace.is_in_window(past.until, at));
		limiting.map(|past| past.least_weight).collect()
	}

	/// What was asked of a region in `epoch`, as far as the window knows it, else what is asked of it now: an epoch is closed
	/// after the first block of the next one, in which changes take effect.
	pub(crate) fn asked_in(id: RegionId, state: &RegionState, epoch: EpochIndex) -> LineWeight {
		let past = PastWeights::<T>::get(id);
		let then = past.iter().find(|past| (past.from..past.until).contains(&epoch));
		then.map_or(state.least_weight, |past| past.least_weight)
	}

	/// Remembers for the window what was asked of a region until now.
	pub(crate) fn remember(id: RegionId, state: &RegionState) -> DispatchResult {
		let (now, pace) = (T::Clock::epoch(), T::Pace::get());
		PastWeights::<T>::try_mutate(id, |past| {
			past.retain(|past| pace.is_in_window(past.until, now));
			let old = PastWeight { least_weight: state.least_weight, from: state.since, until: now };
			past.try_push(old).map_err(|_| {
				defensive!("a window saw more changes than its notice allows");
				Error::<T>::TooManyChanges.into()
			})
		})
	}

	/// Puts what is due into force, a few changes at a time. Returns what that cost.
	pub(crate) fn take_effect() -> Weight {
		let now = T::Clock::epoch();
		let pending = Pending::<T>::get();
		// In the order of their epochs: the first are due first.
		let is_due = |waiting: &&PendingChange| waiting.at <= now;
		let due = pending.iter().take(CHANGES_PER_BLOCK as usize).take_while(is_due).count();
		if due == 0 {
			return T::WeightInfo::on_initialize();
		}
		let later: Vec<_> = pending.iter().skip(due).copied().collect();
		Pending::<T>::put(BoundedVec::truncate_from(later));
		for PendingChange { region, change, .. } in pending.into_iter().take(due) {
			if let Err(why) = Self::change(region, change, now) {
				Self::deposit_event(Event::ChangeDropped { region, change, why });
			}
		}
		T::WeightInfo::take_effect(u32::try_from(due).unwrap_or(CHANGES_PER_BLOCK))
	}

	/// Changes the table, if it still may be.
	fn change(region: Region, change: Change, now: EpochIndex) -> DispatchResult {
		Self::check_change(&region, &change, now, 0)?;
		match change {
			Change::Open { least_weight } => Self::do_open_region(region, least_weight),
			Change::Close => Self::do_close_region(&region),
			Change::LeastWeight { new } => Self::do_set_least_weight(&region, new),
		}
	}
}
