//! What other pallets ask.

use crate::{Brake, Config, Pallet, Parameters};
use core::marker::PhantomData;
use frame_support::traits::{Contains, Get};
use polkadot_sdk::*;
use weir_primitives::economy::{self, RegionId};

impl<T: Config> Get<economy::Parameters> for Pallet<T> {
	fn get() -> economy::Parameters {
		Parameters::<T>::get()
	}
}

impl<T: Config> Get<economy::Pace> for Pallet<T> {
	fn get() -> economy::Pace {
		Self::the_pace()
	}
}

/// Whether purchases of credits are paused.
pub struct PurchasesPaused<T>(PhantomData<T>);

impl<T: Config> Get<bool> for PurchasesPaused<T> {
	fn get() -> bool {
		Pallet::<T>::pause_of(Brake::Purchases).is_some()
	}
}

/// Whether heavy slashes are paused.
pub struct SlashesPaused<T>(PhantomData<T>);

impl<T: Config> Get<bool> for SlashesPaused<T> {
	fn get() -> bool {
		Pallet::<T>::pause_of(Brake::Slashes).is_some()
	}
}

/// The regions that are paused.
pub struct RegionPaused<T>(PhantomData<T>);

impl<T: Config> Contains<RegionId> for RegionPaused<T> {
	fn contains(region: &RegionId) -> bool {
		Pallet::<T>::pause_of(Brake::Region(*region)).is_some()
	}
}
