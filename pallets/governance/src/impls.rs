//! What the calls and the hook do.

use crate::{
	Brake, Change, Config, Dropped, Error, Event, Pace, Pallet, Parameters, Past, PastParameters, Pauses,
	Pending, Rule, SmallSpends, Spent, WeightInfo,
};
use frame_support::{
	defensive,
	dispatch::{DispatchErrorWithPostInfo, DispatchResultWithPostInfo, GetDispatchInfo, PostDispatchInfo},
	ensure,
	traits::{tokens::Pay, Get},
	weights::Weight,
};
use polkadot_sdk::*;
use sp_runtime::{traits::Dispatchable, DispatchResult};
use weir_math::economy::parameters::{Broken, ParameterName};
use weir_primitives::{
	economy::{self, Tokens},
	seams::EpochClock,
	EpochIndex,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn the_pace() -> economy::Pace {
		Pace::<T>::get().unwrap_or(economy::Pace::public())
	}

	pub(crate) fn do_propose_parameters(changes: &[(ParameterName, u64)]) -> DispatchResult {
		ensure!(!Pending::<T>::exists(), Error::<T>::ChangePending);
		let old = Parameters::<T>::get();
		let broken = |rule| Error::<T>::Broken(Rule(rule));
		let mut new = old;
		for (place, (name, value)) in changes.iter().enumerate() {
			let earlier = changes.iter().take(place);
			ensure!(earlier.into_iter().all(|(other, _)| other != name), Error::<T>::NamedTwice);
			new = new.with(*name, *value).map_err(broken)?;
		}
		ensure!(new != old, Error::<T>::NothingChanges);
		let at = Self::the_pace().takes_effect(T::Clock::epoch());
		Self::check_change(&new, at).map_err(broken)?;
		Pending::<T>::put(Change { new, at });
		Self::deposit_event(Event::ChangeProposed { old, new, at });
		Ok(())
	}

	pub(crate) fn do_cancel_change() -> DispatchResult {
		let Change { new, at } = Pending::<T>::take().ok_or(Error::<T>::NoChangePending)?;
		Self::deposit_event(Event::ChangeCancelled { new, at });
		Ok(())
	}

	/// Whether the parameters may become `new` in epoch `at`: measured against all that were in force in the window before.
	pub(crate) fn check_change(new: &economy::Parameters, at: EpochIndex) -> Result<(), Broken> {
		let now = Parameters::<T>::get();
		let pace = Self::the_pace();
		for past in PastParameters::<T>::get().iter().filter(|past| past.limits(at, &pace)) {
			economy::Parameters::check_change(&past.parameters, &now, new)?;
		}
		economy::Parameters::check_change(&now, &now, new)
	}

	/// Puts the change that waits into force, if it is its epoch. Returns what that cost.
	pub(crate) fn take_effect() -> Weight {
		let Some(Change { new, at }) = Pending::<T>::get() else { return T::WeightInfo::on_initialize() };
		let now = T::Clock::epoch();
		if now < at {
			return T::WeightInfo::on_initialize();
		}
		Pending::<T>::kill();
		Self::deposit_event(match Self::change(new, now) {
			Ok(old) => Event::ParametersChanged { old, new },
			Err(why) => Event::ChangeDropped { new, why },
		});
		T::WeightInfo::take_effect()
	}

	/// Replaces the parameters, and remembers for the window what they were.
	fn change(new: economy::Parameters, now: EpochIndex) -> Result<economy::Parameters, Dropped> {
		Self::check_change(&new, now).map_err(Dropped::Broken)?;
		let old = Parameters::<T>::get();
		let pace = Self::the_pace();
		let mut past = PastParameters::<T>::get();
		past.retain(|past| past.limits(now, &pace));
		if past.try_push(Past { parameters: old, until: now }).is_err() {
			defensive!("a window saw more changes than its notice allows");
			return Err(Dropped::TooManyChanges);
		}
		PastParameters::<T>::put(past);
		Parameters::<T>::put(new);
		Ok(old)
	}

	/// First epoch in which something is no longer paused; none if it is not paused.
	pub(crate) fn pause_of(brake: Brake) -> Option<EpochIndex> {
		Pauses::<T>::get(brake).filter(|until| T::Clock::epoch() < *until)
	}

	pub(crate) fn do_pause(brake: Brake) -> DispatchResult {
		let (now, pace) = (T::Clock::epoch(), Self::the_pace());
		if let Some(ended) = Pauses::<T>::get(brake) {
			ensure!(now >= ended, Error::<T>::AlreadyPaused);
			// Saturating: not to be paused again is the safe side.
			ensure!(now >= ended.saturating_add(pace.cool_down_epochs()), Error::<T>::CoolingDown);
		}
		// The running epoch counts in full: a pause is never longer than it may be.
		let until = now.saturating_add(pace.pause_epochs());
		Pauses::<T>::insert(brake, until);
		Self::deposit_event(Event::Paused { brake, until });
		Ok(())
	}

	pub(crate) fn do_resume(brake: Brake) -> DispatchResult {
		let until = Self::pause_of(brake).ok_or(Error::<T>::NotPaused)?;
		Pauses::<T>::insert(brake, T::Clock::epoch());
		Self::deposit_event(Event::Resumed { brake, until });
		Ok(())
	}

	/// What the track of the economy may still spend now.
	pub(crate) fn left_to_spend() -> Tokens {
		let (now, pace) = (T::Clock::epoch(), Self::the_pace());
		let spent = SmallSpends::<T>::get();
		let spent = spent.iter().filter(|spent| spent.limits(now, &pace));
		// Saturating: whoever spent more than the budget has nothing left.
		spent.fold(T::SmallSpend::get(), |left, spent| left.saturating_sub(spent.amount))
	}

	pub(crate) fn do_spend_small(beneficiary: T::AccountId, amount: Tokens) -> DispatchResult {
		ensure!(amount > 0, Error::<T>::NothingToSpend);
		let left = Self::left_to_spend().checked_sub(amount).ok_or(Error::<T>::BudgetExceeded)?;
		Self::note_spent(amount)?;
		T::Paymaster::pay(&beneficiary, (), amount)?;
		Self::deposit_event(Event::SmallSpendPaid { beneficiary, amount, left });
		Ok(())
	}

	/// Remembers for the window that `amount` was spent now.
	fn note_spent(amount: Tokens) -> DispatchResult {
		let (now, pace) = (T::Clock::epoch(), Self::the_pace());
		SmallSpends::<T>::try_mutate(|spent| {
			spent.retain(|spent| spent.limits(now, &pace));
			if let Some(of_now) = spent.iter_mut().find(|spent| spent.epoch == now) {
				// At most the budget together.
				of_now.amount = of_now.amount.saturating_add(amount);
				return Ok(());
			}
			spent.try_push(Spent { amount, epoch: now }).map_err(|_| Error::<T>::TooManySpends.into())
		})
	}

	pub(crate) fn dispatch_as_root(call: <T as Config>::RuntimeCall) -> DispatchResultWithPostInfo {
		let info = call.get_dispatch_info();
		let with_base = |post: PostDispatchInfo| PostDispatchInfo {
			actual_weight: Some(T::WeightInfo::enact().saturating_add(post.calc_actual_weight(&info))),
			..post
		};
		match call.dispatch(frame_system::RawOrigin::Root.into()) {
			Ok(post) => {
				Self::deposit_event(Event::Enacted);
				Ok(with_base(post))
			}
			Err(DispatchErrorWithPostInfo { post_info, error }) => {
				Err(DispatchErrorWithPostInfo { post_info: with_base(post_info), error })
			}
		}
	}
}
