//! Outages: watchers report, confirmers vote, a majority of watchers closes.
//!
//! A report costs its watcher a deposit until the alarm is decided: it comes back unless the confirmers see the provider
//! where the watcher did not. Whoever raised such an alarm is not heard about this provider for the rest of the epoch,
//! so that a majority of corrupt watchers gets one draw of confirmers and not one in each alarm slot. An alarm that is
//! not raised in its slot, or on which too few vote, lapses and costs nobody.

use crate::{assignment::Draw, watching::Sight, *};
use polkadot_sdk::*;

use frame_support::{
	dispatch::DispatchResult,
	ensure,
	pallet_prelude::*,
	weights::{Weight, WeightMeter},
};
use sp_application_crypto::RuntimeAppPublic;
use sp_runtime::{
	traits::UniqueSaturatedInto,
	transaction_validity::{InvalidTransaction, TransactionValidityWithRefund, ValidTransaction},
	DispatchError,
};
use weir_math::{
	outage::{closes, decide, is_regional, Decision, ALARM, MIN_CONFIRMERS},
	timing::MAX_CONFIRM_SLOTS,
};
use weir_primitives::{
	outage::{sighting_payload, AlarmSlot, Gap, Sighting},
	seams::{Deposit, Deposits, EpochClock, Operators, ProviderRegistry},
	EpochIndex, ProbeSignature, ProviderIndex, Region,
};

/// Blocks whose randomness is remembered: more than any vote on an alarm takes.
pub(crate) const REMEMBERED_BLOCKS: u32 = 64;
const _: () = assert!(MAX_CONFIRM_SLOTS as u32 + weir_math::outage::CONFIRMERS_DELAY < REMEMBERED_BLOCKS);
/// Alarms that are over and are looked at in a block.
const LAPSES_PER_BLOCK: u32 = 8;
/// Blocks for which a report stays in the pool.
const LONGEVITY: u64 = 8;

/// What a watcher's or confirmer's word stands on.
pub(crate) struct Sighted<T: Config> {
	draw: Draw<T>,
	sight: Sight<T::AccountId>,
	/// Who else may say the same.
	peers: alloc::vec::Vec<T::AccountId>,
}

impl<T: Config> Pallet<T> {
	/// Remembers the randomness of a block that may draw confirmers. At the end of the block, because it is not there
	/// before.
	pub(crate) fn record_randomness() {
		let height = Self::height();
		let is_asked = LastRaised::<T>::get()
			.is_some_and(|raised| height.saturating_sub(raised) <= weir_math::outage::CONFIRMERS_DELAY);
		if is_asked {
			BlockSeeds::<T>::insert(Self::ring_place(height), (height, T::BlockRandomness::get()));
		}
	}

	/// The randomness of a recent block after an alarm.
	pub(crate) fn randomness_of(height: u32) -> Option<[u8; 32]> {
		let (of, randomness) = BlockSeeds::<T>::get(Self::ring_place(height))?;
		(of == height).then_some(randomness)
	}

	fn ring_place(height: u32) -> u8 {
		u8::try_from(height.checked_rem(REMEMBERED_BLOCKS).unwrap_or(0)).unwrap_or(0)
	}

	fn height() -> u32 {
		frame_system::Pallet::<T>::block_number().unique_saturated_into()
	}

	/// First slot in which votes on an alarm no longer count.
	pub(crate) fn votes_end(raised: &Raised<T::AccountId>) -> u64 {
		let length = u64::from(Self::timing().confirm_slots);
		raised.slot.saturating_add(u64::from(weir_math::outage::CONFIRMERS_DELAY)).saturating_add(length)
	}

	/// Whether an alarm can no longer become an outage.
	pub(crate) fn is_over(alarm: &Alarm<T::AccountId>) -> bool {
		match &alarm.raised {
			Some(raised) => T::CurrentSlot::get() >= Self::votes_end(raised),
			None => alarm.alarm_slot != Self::alarm_slot(),
		}
	}

	/// Whether `node` raised an alarm about the provider in this epoch that was dismissed.
	pub(crate) fn is_silenced(node: &T::AccountId, provider: ProviderIndex, epoch: EpochIndex) -> bool {
		Dismissed::<T>::get(provider).is_some_and(|(of, who)| of == epoch && who.contains(node))
	}

	/// The provider as seen by `node`, one of its watchers.
	fn check_watcher(provider: ProviderIndex, node: &T::AccountId) -> Result<Sighted<T>, DispatchError> {
		ensure!(Seats::<T>::contains_key(node), Error::<T>::NoSeat);
		let draw = Draw::<T>::of(Self::epoch()).ok_or(Error::<T>::NotWatched)?;
		let sight = draw.sight_of(provider).ok_or(Error::<T>::NotWatched)?;
		let peers = draw.watchers_of(&sight);
		ensure!(peers.contains(node), Error::<T>::NotAWatcher);
		Ok(Sighted { draw, sight, peers })
	}

	fn check_down(
		provider: ProviderIndex,
		node: &T::AccountId,
		alarm_slot: AlarmSlot,
	) -> Result<(), DispatchError> {
		ensure!(alarm_slot == Self::alarm_slot(), Error::<T>::WrongAlarmSlot);
		ensure!(!Outages::<T>::contains_key(provider), Error::<T>::DownAlready);
		if let Some(alarm) = Alarms::<T>::get(provider).filter(|alarm| !Self::is_over(alarm)) {
			ensure!(alarm.raised.is_none(), Error::<T>::AlarmRaised);
			ensure!(!alarm.reporters.contains(node), Error::<T>::SaidAlready);
		}
		ensure!(!Self::is_silenced(node, provider, Self::epoch()), Error::<T>::AlarmDismissed);
		ensure!(T::Deposits::can_hold(node, Deposit::Alarm), Error::<T>::NoDeposit);
		Self::check_watcher(provider, node).map(|_| ())
	}

	fn check_up(
		provider: ProviderIndex,
		node: &T::AccountId,
		alarm_slot: AlarmSlot,
	) -> Result<(Outage<T::AccountId>, Sighted<T>), DispatchError> {
		ensure!(alarm_slot == Self::alarm_slot(), Error::<T>::WrongAlarmSlot);
		let outage = Outages::<T>::get(provider).ok_or(Error::<T>::NotDown)?;
		ensure!(!outage.voted_in(Self::epoch()).contains(node), Error::<T>::SaidAlready);
		Ok((outage, Self::check_watcher(provider, node)?))
	}

	fn check_confirm(
		provider: ProviderIndex,
		node: &T::AccountId,
		raised_in: u32,
	) -> Result<(Alarm<T::AccountId>, Sighted<T>), DispatchError> {
		let alarm = Alarms::<T>::get(provider).ok_or(Error::<T>::NoAlarm)?;
		let raised = alarm.raised.as_ref().filter(|raised| raised.block == raised_in);
		let raised = raised.ok_or(Error::<T>::NoAlarm)?;
		ensure!(!Self::is_over(&alarm), Error::<T>::VotesClosed);
		ensure!(!raised.has_voted(node), Error::<T>::SaidAlready);
		// Of the epoch in which it was raised, so that the same seats are asked throughout.
		let draw = Draw::<T>::of(raised.epoch).ok_or(Error::<T>::NotWatched)?;
		let sight = draw.sight_of(provider).ok_or(Error::<T>::NotWatched)?;
		let peers = Self::confirmers_of(&draw, &sight, &alarm).ok_or(Error::<T>::ConfirmersUnknown)?;
		ensure!(peers.contains(node), Error::<T>::NotAConfirmer);
		Ok((alarm, Sighted { draw, sight, peers }))
	}

	/// Authorises what a seat says: the rules first, the signature last.
	pub(crate) fn authorize_sighting(
		provider: ProviderIndex,
		node: &T::AccountId,
		sighting: Sighting,
		signature: &ProbeSignature,
	) -> TransactionValidityWithRefund {
		let checked = match sighting {
			Sighting::Down { alarm_slot } => Self::check_down(provider, node, alarm_slot),
			Sighting::Up { alarm_slot } => Self::check_up(provider, node, alarm_slot).map(|_| ()),
			Sighting::Confirm { raised, .. } => Self::check_confirm(provider, node, raised).map(|_| ()),
		};
		checked.map_err(reports::invalid)?;
		let payload = sighting_payload(&Self::genesis_hash(), provider, node, &sighting);
		let is_signed = Seats::<T>::get(node).is_some_and(|seat| seat.key.verify(&payload, signature));
		if !is_signed {
			return Err(InvalidTransaction::BadProof.into());
		}
		// A confirmer changes its mind by another vote in the place of the first, as long as neither is in a block.
		let about = match sighting {
			Sighting::Down { alarm_slot } | Sighting::Up { alarm_slot } => alarm_slot,
			Sighting::Confirm { raised, .. } => u64::from(raised),
		};
		let kind = matches!(sighting, Sighting::Confirm { .. });
		ValidTransaction::with_tag_prefix(reports::TAG_PREFIX)
			.priority(T::BasePriority::get())
			.and_provides((b"sighting", kind, provider, about, node))
			.longevity(LONGEVITY)
			.propagate(true)
			.build()
			.map(|validity| (validity, Weight::zero()))
	}

	pub(crate) fn do_report_down(
		provider: ProviderIndex,
		node: T::AccountId,
		alarm_slot: AlarmSlot,
	) -> DispatchResult {
		Self::check_down(provider, &node, alarm_slot)?;
		T::Deposits::hold(&node, Deposit::Alarm)?;
		let mut alarm = match Alarms::<T>::get(provider) {
			Some(alarm) if !Self::is_over(&alarm) => alarm,
			old => {
				if let Some(old) = old {
					Self::lapse(provider, old);
				}
				Self::open_alarm(provider, alarm_slot)
			}
		};
		// At most five watchers, each once; an epoch that changes in the middle brings others.
		alarm.reporters.try_push(node.clone()).map_err(|_| Error::<T>::AlarmRaised)?;
		Self::deposit_event(Event::DownReported { provider, node });
		if alarm.reporters.len() >= ALARM as usize {
			let block = Self::height();
			alarm.raised = Some(Raised::new(block, T::CurrentSlot::get(), Self::epoch()));
			LastRaised::<T>::put(block);
			Self::deposit_event(Event::AlarmRaised { provider, block });
		}
		Alarms::<T>::insert(provider, alarm);
		Ok(())
	}

	fn open_alarm(provider: ProviderIndex, alarm_slot: AlarmSlot) -> Alarm<T::AccountId> {
		let timing = Self::timing();
		let next = alarm_slot.saturating_add(1).saturating_mul(u64::from(timing.alarm_slots));
		let votes =
			u64::from(timing.confirm_slots).saturating_add(u64::from(weir_math::outage::CONFIRMERS_DELAY));
		let (head, tail) = LapseBounds::<T>::get();
		Lapses::<T>::insert(tail, (provider, next.saturating_add(votes)));
		LapseBounds::<T>::put((head, tail.wrapping_add(1)));
		Alarm { alarm_slot, since_slot: T::CurrentSlot::get(), reporters: Default::default(), raised: None }
	}

	pub(crate) fn do_confirm(
		provider: ProviderIndex,
		node: T::AccountId,
		raised_in: u32,
		is_down: bool,
	) -> DispatchResult {
		let (mut alarm, sighted) = Self::check_confirm(provider, &node, raised_in)?;
		let Some(raised) = alarm.raised.as_mut() else { return Err(Error::<T>::NoAlarm.into()) };
		let votes = if is_down { &mut raised.down } else { &mut raised.up };
		votes.try_push(node.clone()).map_err(|_| Error::<T>::SaidAlready)?;
		let count = |votes: usize| u32::try_from(votes).unwrap_or(u32::MAX);
		let (down, up) = (count(raised.down.len()), count(raised.up.len()));
		let confirmers = count(sighted.peers.len());
		Self::deposit_event(Event::AlarmVoted { provider, node, is_down });
		let decision = match confirmers {
			0..MIN_CONFIRMERS => Decision::Open,
			_ => decide(confirmers, down, up),
		};
		match decision {
			Decision::Open => Alarms::<T>::insert(provider, alarm),
			Decision::Confirmed => {
				Alarms::<T>::remove(provider);
				alarm.reporters.iter().for_each(|who| T::Deposits::release(who, Deposit::Alarm));
				Self::record_outage(sighted.sight, alarm.since_slot)?;
			}
			Decision::Dismissed => {
				Alarms::<T>::remove(provider);
				alarm.reporters.iter().for_each(|who| T::Deposits::forfeit(who, Deposit::Alarm));
				Dismissed::<T>::insert(provider, (sighted.draw.epoch, alarm.reporters));
				Self::deposit_event(Event::AlarmDismissed { provider });
			}
		}
		Ok(())
	}

	pub(crate) fn do_report_up(
		provider: ProviderIndex,
		node: T::AccountId,
		alarm_slot: AlarmSlot,
	) -> DispatchResult {
		let (mut outage, sighted) = Self::check_up(provider, &node, alarm_slot)?;
		outage.vote_up(sighted.draw.epoch, node.clone()).map_err(|_| Error::<T>::SaidAlready)?;
		Self::deposit_event(Event::UpReported { provider, node });
		let watchers = u32::try_from(sighted.peers.len()).unwrap_or(u32::MAX);
		if outage.up.len() >= closes(watchers) as usize {
			Self::close_outage(provider, outage);
		} else {
			Outages::<T>::insert(provider, outage);
		}
		Ok(())
	}

	/// Gives back the deposits of an alarm that came to nothing.
	fn lapse(provider: ProviderIndex, alarm: Alarm<T::AccountId>) {
		Alarms::<T>::remove(provider);
		alarm.reporters.iter().for_each(|who| T::Deposits::release(who, Deposit::Alarm));
		if alarm.raised.is_some() {
			Self::deposit_event(Event::AlarmLapsed { provider });
		}
	}

	/// What [`Self::lapse_alarms`] costs at most.
	pub(crate) fn weight_of_lapses() -> Weight {
		let lapses = T::WeightInfo::lapse_alarm().saturating_mul(u64::from(LAPSES_PER_BLOCK));
		T::DbWeight::get().reads(2).saturating_add(lapses)
	}

	/// Ends alarms that are over, in the order in which they began.
	pub(crate) fn lapse_alarms(meter: &mut WeightMeter) {
		if meter.try_consume(T::DbWeight::get().reads(2)).is_err() {
			return;
		}
		let (mut head, tail) = LapseBounds::<T>::get();
		let before = head;
		for _ in 0..LAPSES_PER_BLOCK {
			let due = Lapses::<T>::get(head).filter(|(_, end)| head != tail && T::CurrentSlot::get() >= *end);
			let Some((provider, _)) = due else { break };
			if meter.try_consume(T::WeightInfo::lapse_alarm()).is_err() {
				break;
			}
			Lapses::<T>::remove(head);
			head = head.wrapping_add(1);
			// A later alarm about the same provider has an end of its own.
			if let Some(alarm) = Alarms::<T>::get(provider).filter(|alarm| Self::is_over(alarm)) {
				Self::lapse(provider, alarm);
			}
		}
		if head != before {
			LapseBounds::<T>::put((head, tail));
		}
	}

	fn record_outage(sight: Sight<T::AccountId>, from_slot: u64) -> DispatchResult {
		let Sight { provider, account, .. } = sight;
		let facts = T::Registry::facts(provider).ok_or(Error::<T>::NotWatched)?;
		let region = facts.region;
		let operator = T::Operators::operator_of(&account);
		Self::deposit_event(Event::OutageRecorded { provider, account: account.clone(), from_slot });
		Self::count_outage(region, &operator, Count::One);
		let up = Default::default();
		Outages::<T>::insert(provider, Outage { account, operator, from_slot, region, up, epoch: 0 });
		Ok(())
	}

	/// Ends an outage: a majority of watchers sees the provider again, or it is no longer in service.
	pub(crate) fn close_outage(provider: ProviderIndex, outage: Outage<T::AccountId>) {
		let until_slot = T::CurrentSlot::get();
		let Outage { account, operator, from_slot, region, .. } = outage;
		let state = RegionOutages::<T>::get(region);
		let is_regional = state.last_regional_slot.is_some_and(|last| last >= from_slot) || state.is_regional;
		Outages::<T>::remove(provider);
		let gap = Gap { from_slot, until_slot, is_regional };
		Gaps::<T>::mutate(provider, |gaps| gaps.push(&gap));
		Self::count_outage(region, &operator, Count::Less);
		Self::deposit_event(Event::OutageClosed { provider, account, gap });
	}

	/// Ends the outage of a provider that leaves service or is jailed: nobody watches it any more.
	pub(crate) fn stop_watching(provider: ProviderIndex) {
		if let Some(outage) = Outages::<T>::get(provider) {
			Self::close_outage(provider, outage);
		}
	}

	/// Keeps count of what is down in a region, and notes when that is more than its providers answer for.
	fn count_outage(region: Region, operator: &T::AccountId, change: Count) {
		let of_operator = OperatorOutages::<T>::get(region, operator);
		let now = change.apply(of_operator);
		match now {
			0 => OperatorOutages::<T>::remove(region, operator),
			now => OperatorOutages::<T>::insert(region, operator, now),
		}
		let mut state = RegionOutages::<T>::get(region);
		state.down = change.apply(state.down);
		if (of_operator == 0) != (now == 0) {
			state.operators = change.apply(state.operators);
		}
		let was_regional = state.is_regional;
		state.is_regional = is_regional(state.down, state.operators, T::Registry::count_in(&region));
		if was_regional || state.is_regional {
			state.last_regional_slot = Some(T::CurrentSlot::get());
		}
		if state.is_regional && !was_regional {
			let RegionState { down, operators, .. } = state;
			Self::deposit_event(Event::RegionalOutage { region, down, operators });
		}
		if state.down == 0 {
			RegionOutages::<T>::remove(region);
		} else {
			RegionOutages::<T>::insert(region, state);
		}
	}

	/// Since when a provider is recorded as down, and its last outages.
	pub fn outages(provider: ProviderIndex) -> (Option<u64>, alloc::vec::Vec<Gap>) {
		let down = Outages::<T>::get(provider).map(|outage| outage.from_slot);
		(down, Gaps::<T>::get(provider).to_vec())
	}
}

/// One more or one less.
#[derive(Clone, Copy)]
enum Count {
	One,
	Less,
}

impl Count {
	fn apply(self, count: u32) -> u32 {
		match self {
			Self::One => count.saturating_add(1),
			Self::Less => count.saturating_sub(1),
		}
	}
}
