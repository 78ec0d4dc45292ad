//! Who watches a provider and who confirms an alarm about it: computed, never stored.

use crate::{
	assignment::Draw,
	epochs::{CountryIndices, SeatIndices},
	*,
};
use polkadot_sdk::*;

use alloc::vec::Vec;
use frame_support::traits::Get;
use weir_math::{
	outage::{
		self, candidates, confirmer_permutation, country_watcher_permutation, numbers_of,
		watcher_permutation, CONFIRMERS, COUNTRY_WATCHERS, MIN_COUNTRY_SEATS, WATCHERS,
	},
	permutation::Permutation,
	region,
};
use weir_primitives::{
	outage::{AlarmSlot, OpenAlarm, Watch, Watched},
	seams::{EpochClock, ProviderFacts, ProviderRegistry},
	EpochIndex, Prefix, ProviderIndex,
};

/// Providers a seat is told to watch at most.
const MAX_WATCHED: usize = 256;
/// Alarms a seat is told of at most.
const MAX_ALARMS: usize = 64;

/// A provider as its watchers see it.
pub(crate) struct Sight<AccountId> {
	pub(crate) provider: ProviderIndex,
	pub(crate) account: AccountId,
	pub(crate) prefix: Option<Prefix>,
	/// The number of the country that its tests go by: nobody chooses its watchers by a move in the epoch.
	pub(crate) country: Option<u8>,
	/// Its number among all listed providers: those of lower classes stand before it.
	number: u32,
}

impl<T: Config> Draw<T> {
	/// The provider as its watchers see it in this epoch; none if no test could be drawn for it, or if it has said that it
	/// leaves: its outage ended with that, and nobody would see the end of another one.
	pub(crate) fn sight_of(&self, provider: ProviderIndex) -> Option<Sight<T::AccountId>> {
		let target = Targets::<T>::get(provider)?;
		let stays = |terms: &Terms| terms.standing != Standing::Out;
		let terms = target.terms.at(self.epoch).filter(stays)?;
		target.terms.latest().filter(stays)?;
		let (class, position) = self.position_of(provider, None)?;
		let before = (0..class).fold(0u32, |sum, lower| sum.saturating_add(self.providers_in(lower)));
		T::Registry::facts(provider).filter(|facts| facts.account == target.account)?;
		Some(Sight {
			provider,
			account: target.account,
			prefix: terms.prefix,
			country: region::index_of(terms.country),
			number: before.saturating_add(position),
		})
	}

	/// The provider with this number among all listed ones.
	fn provider_numbered(&self, number: u32) -> Option<ProviderIndex> {
		let mut position = number;
		for class in 0..CLASSES {
			let size = self.providers_in(class);
			match position.checked_sub(size) {
				None => return self.provider_at(class, position),
				Some(rest) => position = rest,
			}
		}
		None
	}

	fn country_circle(&self, country: u8) -> Option<Permutation> {
		let seats = CountryIndices::<T>::size_at(country, self.epoch);
		let has_enough = seats >= MIN_COUNTRY_SEATS;
		has_enough.then(|| country_watcher_permutation(self.seed(), country, seats))
	}

	fn watcher_circle(&self) -> Permutation {
		watcher_permutation(self.seed(), self.seats_in(SMALLEST_TIER))
	}

	/// The seats that watch a provider: up to two of its country, the others from all.
	pub(crate) fn watchers_of(&self, sight: &Sight<T::AccountId>) -> Vec<T::AccountId> {
		let mut watchers = Vec::new();
		if let Some((country, circle)) =
			sight.country.and_then(|country| Some((country, self.country_circle(country)?)))
		{
			let seats = candidates(&circle, sight.number, COUNTRY_WATCHERS)
				.filter_map(|seat| CountryIndices::<T>::occupant_within(country, seat, self.epoch));
			self.take(sight, seats, COUNTRY_WATCHERS, &[], &mut watchers);
		}
		let circle = self.watcher_circle();
		let seats = candidates(&circle, sight.number, WATCHERS)
			.filter_map(|seat| SeatIndices::<T>::occupant_within(SMALLEST_TIER, seat, self.epoch));
		self.take(sight, seats, WATCHERS, &[], &mut watchers);
		watchers
	}

	/// The seats that are asked about an alarm that `watchers` raised, drawn by the randomness of a later block.
	pub(crate) fn confirmers_of(
		&self,
		sight: &Sight<T::AccountId>,
		randomness: &[u8; 32],
		watchers: &[T::AccountId],
	) -> Vec<T::AccountId> {
		let circle = confirmer_permutation(randomness, sight.provider, self.seats_in(SMALLEST_TIER));
		let beside = u32::try_from(watchers.len()).unwrap_or(u32::MAX);
		let seats = candidates(&circle, 0, CONFIRMERS.saturating_add(beside))
			.filter_map(|seat| SeatIndices::<T>::occupant_within(SMALLEST_TIER, seat, self.epoch));
		let mut confirmers = Vec::new();
		self.take(sight, seats, CONFIRMERS, watchers, &mut confirmers);
		confirmers
	}

	/// Adds seats that may say something of the provider, each once, up to `most` in all.
	fn take(
		&self,
		sight: &Sight<T::AccountId>,
		seats: impl Iterator<Item = T::AccountId>,
		most: u32,
		except: &[T::AccountId],
		taken: &mut Vec<T::AccountId>,
	) {
		for node in seats {
			if taken.len() >= most as usize {
				return;
			}
			let line = (&sight.account, sight.prefix);
			let may_speak = !taken.contains(&node)
				&& !except.contains(&node)
				&& Seats::<T>::get(&node)
					.is_some_and(|seat| !self.bars_from(line, (&node, seat.endpoint.prefix())));
			if may_speak {
				taken.push(node);
			}
		}
	}

	/// Providers that `node` watches, at most [`MAX_WATCHED`].
	fn watched_by(&self, node: &T::AccountId) -> Vec<Sight<T::AccountId>> {
		let Some(seat) = Seats::<T>::get(node) else { return Vec::new() };
		let total = (0..CLASSES).fold(0u32, |sum, class| sum.saturating_add(self.providers_in(class)));
		let country = region::index_of(seat.country).and_then(|country| {
			let index = CountryIndices::<T>::place_at(country, node, self.epoch)?;
			Some((self.country_circle(country)?, index))
		});
		let near =
			country.iter().flat_map(|(circle, index)| numbers_of(circle, *index, COUNTRY_WATCHERS, total));
		let circle = self.watcher_circle();
		let index = SeatIndices::<T>::place_at(SMALLEST_TIER, node, self.epoch);
		let far = index.into_iter().flat_map(|index| numbers_of(&circle, index, WATCHERS, total));
		let mut numbers: Vec<u32> = near.chain(far).take(MAX_WATCHED.saturating_mul(2)).collect();
		numbers.sort_unstable();
		numbers.dedup();
		numbers
			.into_iter()
			.filter_map(|number| self.sight_of(self.provider_numbered(number)?))
			.filter(|sight| self.watchers_of(sight).contains(node))
			.take(MAX_WATCHED)
			.collect()
	}
}

impl<T: Config> Pallet<T> {
	/// The running alarm slot.
	pub fn alarm_slot() -> AlarmSlot {
		T::CurrentSlot::get().checked_div(u64::from(Self::timing().alarm_slots)).unwrap_or(0)
	}

	/// Seats that watch a provider in the running epoch.
	pub fn watchers(provider: ProviderIndex) -> Vec<T::AccountId> {
		let Some(draw) = Draw::<T>::of(Self::epoch()) else { return Vec::new() };
		draw.sight_of(provider).map_or_else(Vec::new, |sight| draw.watchers_of(&sight))
	}

	/// Seats asked about the alarm about a provider, if one is raised and has drawn them.
	pub fn confirmers(provider: ProviderIndex) -> Vec<T::AccountId> {
		let asked = || {
			let alarm = Alarms::<T>::get(provider)?;
			let draw = Draw::<T>::of(alarm.raised.as_ref()?.epoch)?;
			Self::confirmers_of(&draw, &draw.sight_of(provider)?, &alarm)
		};
		asked().unwrap_or_default()
	}

	/// Seats asked about a raised alarm; none before the block that draws them is over.
	pub(crate) fn confirmers_of(
		draw: &Draw<T>,
		sight: &Sight<T::AccountId>,
		alarm: &Alarm<T::AccountId>,
	) -> Option<Vec<T::AccountId>> {
		let raised = alarm.raised.as_ref()?;
		let randomness = Self::randomness_of(raised.block.saturating_add(outage::CONFIRMERS_DELAY))?;
		Some(draw.confirmers_of(sight, &randomness, &alarm.reporters))
	}

	/// What the node's seat has to look at now.
	pub fn watch(node: &T::AccountId) -> Watch<T::AccountId> {
		let epoch = Self::epoch();
		let alarm_slot = Self::alarm_slot();
		let Some(draw) = Draw::<T>::of(epoch) else {
			return Watch { epoch, alarm_slot, watched: Vec::new(), alarms: Vec::new() };
		};
		let watched = draw.watched_by(node).into_iter().filter_map(|sight| {
			let ProviderFacts { endpoint, .. } = T::Registry::facts_at(sight.provider, epoch)?;
			let down = Outages::<T>::get(sight.provider);
			Some(Watched {
				provider: sight.provider,
				endpoint,
				peer_id: T::Registry::peer_id(sight.provider),
				down_since: down.as_ref().map(|outage| outage.from_slot),
				has_spoken: Self::has_spoken(node, sight.provider, epoch, down.as_ref()),
				account: sight.account,
			})
		});
		Watch { epoch, alarm_slot, watched: watched.collect(), alarms: Self::alarms_for(node, epoch) }
	}

	fn has_spoken(
		node: &T::AccountId,
		provider: ProviderIndex,
		epoch: EpochIndex,
		down: Option<&Outage<T::AccountId>>,
	) -> bool {
		match down {
			Some(outage) => outage.voted_in(epoch).contains(node),
			None => {
				// One that is over waits to be cleared, longer where many are, and holds up no new one.
				let alarm = Alarms::<T>::get(provider).filter(|alarm| !Self::is_over(alarm));
				// A raised alarm is the confirmers' matter.
				alarm.is_some_and(|alarm| alarm.raised.is_some() || alarm.reporters.contains(node))
					|| Self::is_silenced(node, provider, epoch)
			}
		}
	}

	/// Alarms the node is asked about and has not voted on. Reads each open alarm: for callers off the chain.
	fn alarms_for(node: &T::AccountId, epoch: EpochIndex) -> Vec<OpenAlarm<T::AccountId>> {
		let open = |(provider, alarm): (ProviderIndex, Alarm<T::AccountId>)| {
			let raised = alarm.raised.as_ref().filter(|raised| !raised.has_voted(node))?;
			let until_slot = Self::votes_end(raised);
			let draw = Draw::<T>::of(raised.epoch)?;
			let sight = draw.sight_of(provider).filter(|_| T::CurrentSlot::get() < until_slot)?;
			let asked = Self::confirmers_of(&draw, &sight, &alarm)?.contains(node);
			let facts = T::Registry::facts_at(provider, epoch).filter(|_| asked)?;
			Some(OpenAlarm {
				provider,
				account: sight.account,
				endpoint: facts.endpoint,
				peer_id: T::Registry::peer_id(provider),
				raised: raised.block,
				until_slot,
			})
		};
		Alarms::<T>::iter().filter_map(open).take(MAX_ALARMS).collect()
	}
}
