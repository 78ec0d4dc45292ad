//! A provider that is watched, an alarm about it, and its outage, each as dear as it gets.

use super::*;
use alloc::collections::BTreeMap;
use sp_runtime::traits::Saturating;
use weir_math::outage::{ALARM, CONFIRMERS, CONFIRMERS_DELAY, MIN_COUNTRY_SEATS, WATCHERS};
use weir_primitives::outage::{sighting_payload, Gap, Sighting};

/// A listed provider, and the seats around it with their keys: enough for watchers of its own country.
pub(super) struct Watched<T: Config> {
	pub(super) provider: ProviderIndex,
	keys: BTreeMap<T::AccountId, ProbeKey>,
}

impl<T: Config> Watched<T> {
	pub(super) fn new() -> Self {
		let keys: BTreeMap<_, _> = seats::<T>(MIN_COUNTRY_SEATS).into_iter().collect();
		keys.keys().for_each(T::Deposits::fund_for_benchmark);
		let target: T::AccountId = account("provider", 0, 1);
		let provider = providers::<T>([target]).into_iter().next().expect("there is one");
		Self { provider, keys }
	}

	fn draw() -> Draw<T> {
		Draw::<T>::of(TESTED).expect("a recorded epoch")
	}

	pub(super) fn watchers(&self) -> Vec<T::AccountId> {
		let draw = Self::draw();
		let watchers = draw.watchers_of(&draw.sight_of(self.provider).expect("it is listed"));
		assert_eq!(watchers.len() as u32, WATCHERS);
		watchers
	}

	/// What a watcher says now.
	pub(super) fn signed(&self, node: &T::AccountId, sighting: Sighting) -> ProbeSignature {
		let payload = sighting_payload(&Pallet::<T>::genesis_hash(), self.provider, node, &sighting);
		self.keys[node].sign(&payload).expect("the key was generated in this keystore")
	}

	/// All but one of the reports that raise an alarm; returns who is to make the last one.
	pub(super) fn almost_raised(&self) -> T::AccountId {
		let watchers = self.watchers();
		let (before, rest) = watchers.split_at(ALARM as usize - 1);
		for node in before {
			Pallet::<T>::do_report_down(self.provider, node.clone(), Pallet::<T>::alarm_slot())
				.expect("a watcher may report");
		}
		rest.first().expect("five watchers").clone()
	}

	/// As many alarm slots later, nothing of what was reported counts.
	pub(super) fn let_it_pass() {
		let timing = Pallet::<T>::timing();
		let slot = timing.epoch_slots.saturating_sub(1);
		let next = slot.saturating_add(u32::from(timing.alarm_slots) + u32::from(timing.confirm_slots) + 2);
		T::BenchmarkHelper::set_clock(TESTED, next);
	}

	/// A raised alarm, whose confirmers are drawn.
	pub(super) fn raise(&self) -> Vec<T::AccountId> {
		let last = self.almost_raised();
		Pallet::<T>::do_report_down(self.provider, last, Pallet::<T>::alarm_slot()).expect("it may report");
		for _ in 0..CONFIRMERS_DELAY {
			let next = frame_system::Pallet::<T>::block_number().saturating_add(1u32.into());
			frame_system::Pallet::<T>::set_block_number(next);
			Pallet::<T>::record_randomness();
		}
		let draw = Self::draw();
		let alarm = Alarms::<T>::get(self.provider).expect("just raised");
		let sight = draw.sight_of(self.provider).expect("it is listed");
		let confirmers = Pallet::<T>::confirmers_of(&draw, &sight, &alarm).expect("they are drawn");
		assert_eq!(confirmers.len() as u32, CONFIRMERS);
		confirmers
	}

	pub(super) fn raised_in(&self) -> u32 {
		let alarm = Alarms::<T>::get(self.provider).expect("an alarm");
		alarm.raised.expect("a raised one").block
	}

	/// All votes but the one that decides; returns whose that is.
	pub(super) fn almost_decided(&self, is_down: bool, votes: usize) -> T::AccountId {
		let confirmers = self.raise();
		let (before, rest) = confirmers.split_at(votes);
		for node in before {
			Pallet::<T>::do_confirm(self.provider, node.clone(), self.raised_in(), is_down)
				.expect("a confirmer may vote");
		}
		rest.first().expect("nine confirmers").clone()
	}

	/// An outage that the next watcher ends, and seven before it.
	pub(super) fn almost_back(&self) -> T::AccountId {
		let last = self.almost_decided(true, 5);
		Pallet::<T>::do_confirm(self.provider, last, self.raised_in(), true).expect("it may vote");
		fill_gaps::<T>(self.provider);
		let watchers = self.watchers();
		for node in &watchers[..2] {
			Pallet::<T>::do_report_up(self.provider, node.clone(), Pallet::<T>::alarm_slot())
				.expect("a watcher may report");
		}
		watchers[2].clone()
	}
}

/// An outage of the provider, recorded and not over.
pub(super) fn outage<T: Config>(provider: ProviderIndex, who: &T::AccountId) {
	let Some(facts) = T::Registry::facts(provider) else { return };
	let (region, account) = (facts.region, who.clone());
	Outages::<T>::insert(
		provider,
		Outage { operator: account.clone(), account, from_slot: 1, region, up: Default::default(), epoch: 0 },
	);
	OperatorOutages::<T>::insert(region, who, 1);
	RegionOutages::<T>::insert(region, RegionState { down: 1, operators: 1, ..Default::default() });
}

/// As many outages as are kept of a provider, all over.
pub(super) fn fill_gaps<T: Config>(provider: ProviderIndex) {
	let gap = Gap { from_slot: 1, until_slot: 2, is_regional: false };
	Gaps::<T>::mutate(provider, |gaps| (0..KEPT_GAPS).for_each(|_| gaps.push(&gap)));
}
