//! The clock: timing, epochs, slot groups. Everything here is O(1) per block.

use crate::{
	dense_index::{DenseIndex, Lists, Moment},
	*,
};
use polkadot_sdk::*;

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};
use weir_math::timing::GROUPS;
use weir_primitives::{seams::EpochClock, EpochIndex, ProviderIndex, SlotOffset, Timing};

/// Seats by uplink tier.
pub struct SeatLists<T>(PhantomData<T>);

impl<T: Config> Lists for SeatLists<T> {
	type Occupant = T::AccountId;
	type State = SeatListState<T>;
	type Slots = SeatListSlots<T>;
	type Places = SeatListPlaces<T>;
	type Queue = SeatListQueue<T>;
}

/// Seats by country, each known by its number (`weir_math::region::index_of`).
pub struct CountryLists<T>(PhantomData<T>);

impl<T: Config> Lists for CountryLists<T> {
	type Occupant = T::AccountId;
	type State = CountryListState<T>;
	type Slots = CountryListSlots<T>;
	type Places = CountryListPlaces<T>;
	type Queue = CountryListQueue<T>;
}

/// Providers by claim class.
pub struct ProviderLists<T>(PhantomData<T>);

impl<T: Config> Lists for ProviderLists<T> {
	type Occupant = ProviderIndex;
	type State = ProviderListState<T>;
	type Slots = ProviderListSlots<T>;
	type Places = ProviderListPlaces<T>;
	type Queue = ProviderListQueue<T>;
}

/// Dense indices of seats.
pub type SeatIndices<T> = DenseIndex<SeatLists<T>>;
/// Dense indices of seats within a country.
pub type CountryIndices<T> = DenseIndex<CountryLists<T>>;
/// Dense indices of providers.
pub type ProviderIndices<T> = DenseIndex<ProviderLists<T>>;

impl<T: Config> Get<Timing> for Pallet<T> {
	fn get() -> Timing {
		NetworkTiming::<T>::get().unwrap_or(Timing::public())
	}
}

impl<T: Config> EpochClock for Pallet<T> {
	fn epoch() -> EpochIndex {
		T::SessionIndex::get()
	}

	fn slot_in_epoch() -> SlotOffset {
		let passed = T::CurrentSlot::get().saturating_sub(T::EpochStart::get());
		SlotOffset::try_from(passed).unwrap_or(SlotOffset::MAX)
	}
}

impl<T: Config> Pallet<T> {
	/// Timing of this network.
	pub fn timing() -> Timing {
		<Self as Get<Timing>>::get()
	}

	/// The running epoch and the number of epochs after which a change takes effect.
	pub(crate) fn moment() -> Moment {
		Moment { now: Self::epoch(), maturity: Self::timing().maturity_epochs }
	}

	/// Epochs in a number of days, at least one.
	pub(crate) fn epochs_in_days(days: u32) -> EpochIndex {
		let timing = Self::timing();
		let epoch_millis = timing.slot_millis.saturating_mul(u64::from(timing.epoch_slots)).max(1);
		let millis = u64::from(days).saturating_mul(86_400_000);
		EpochIndex::try_from(millis.div_ceil(epoch_millis)).unwrap_or(EpochIndex::MAX).max(1)
	}

	/// Records a new epoch, and returns what this and [`Self::record_group`] cost in a block.
	pub(crate) fn record_epoch() -> Weight {
		let epoch = Self::epoch();
		if CurrentProgress::<T>::get().is_none_or(|progress| progress.epoch != epoch) {
			Self::open_epoch(epoch);
		}
		T::WeightInfo::on_initialize()
	}

	/// Records the first block of each slot group. At the end of the block, because its randomness is not there
	/// before: earlier, what the block reveals would be its parent's, which everybody knows.
	pub(crate) fn record_group() {
		let epoch = Self::epoch();
		let Some(mut progress) = CurrentProgress::<T>::get().filter(|progress| progress.epoch == epoch)
		else {
			return;
		};
		let timing = Self::timing();
		let measuring = Self::slot_in_epoch().checked_sub(timing.measure_from);
		let Some(group) = measuring.and_then(|passed| passed.checked_div(timing.group_slots)) else { return };
		if group < GROUPS && group >= u32::from(progress.next_group) {
			// Below 24, as just checked.
			let group = u8::try_from(group).unwrap_or(u8::MAX);
			Groups::<T>::mutate(epoch, |groups| {
				// At most one per group, ascending, so that the bound cannot be reached twice.
				let _ = groups.try_push((group, T::BlockRandomness::get()));
			});
			progress.next_group = group.saturating_add(1);
			CurrentProgress::<T>::put(progress);
		}
	}

	fn open_epoch(epoch: EpochIndex) {
		let record = EpochRecord {
			seed: T::Seed::get(),
			first_slot: T::EpochStart::get(),
			seats: core::array::from_fn(|tier| SeatIndices::<T>::size_at(tier as u8, epoch)),
			providers: core::array::from_fn(|class| ProviderIndices::<T>::size_at(class as u8, epoch)),
		};
		Self::deposit_event(Event::EpochOpened {
			epoch,
			seed: record.seed,
			seats: record.seats.first().copied().unwrap_or(0),
			providers: record.providers.iter().fold(0, |sum, size| sum.saturating_add(*size)),
		});
		Epochs::<T>::insert(epoch, record);
		// Sessions are numbered without gaps, so one removal per epoch keeps the bound.
		if let Some(forgotten) = epoch.checked_sub(RETAINED_EPOCHS).and_then(|oldest| oldest.checked_sub(1)) {
			Epochs::<T>::remove(forgotten);
			Groups::<T>::remove(forgotten);
		}
		CurrentProgress::<T>::put(Progress { epoch, next_group: 0 });
	}

	/// Writes the timing twice and seats the first measurers. Panics on an invalid configuration: it must not start.
	pub(crate) fn build_genesis(config: &GenesisConfig<T>) {
		if let Err(error) = config.timing.validate() {
			panic!("invalid timing: {error:?}");
		}
		assert!(
			config.timing.maturity_epochs < dense_index::HISTORY_EPOCHS,
			"the maturity exceeds the history of the lists"
		);
		NetworkTiming::<T>::put(config.timing);
		GenesisTiming::<T>::put(config.timing);
		PrivateEndpointsAllowed::<T>::put(config.allow_private_endpoints);
		for (who, key, endpoint, uplink_kbps, country) in &config.seats {
			if let Err(error) = Self::seat_at_genesis(who, key, endpoint, *uplink_kbps, *country) {
				panic!("invalid genesis seat {who:?}: {error:?}");
			}
		}
	}
}
