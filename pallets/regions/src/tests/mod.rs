//! Tests by topic; every one ends in the invariants.

mod bounties;
mod changes;
mod orders;
mod places;
mod properties;
mod table;
mod terms;

use crate::{mock::*, Event};
use frame_support::{traits::Hooks, weights::Weight};
use polkadot_sdk::*;
use sp_runtime::DispatchResult;
use weir_math::economy::units::PRICE_ONE;
use weir_primitives::{
	economy::{CloseTerms, Credits, LineWeight, Placed, RegionId, RegionObserved, RegionRate},
	seams::economy::{Placement, RegionalTerms},
	Endpoint, EpochIndex, ProviderIndex, Region,
};

/// Availability pay in tests: the slope is exactly one with the default parameters.
pub(crate) const PAY: u64 = 8_500;

pub(crate) fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

pub(crate) fn governance() -> RuntimeOrigin {
	signed(GOVERNANCE)
}

/// Opens a region at once, as when its notice is over.
pub(crate) fn open(region: Region) -> DispatchResult {
	Table::do_open_region(region, LEAST)
}

/// Closes a region at once, as when its notice is over.
pub(crate) fn shut(region: Region) -> DispatchResult {
	Table::do_close_region(&region)
}

/// Begins an epoch, as its first block does. Returns what the hook cost.
pub(crate) fn enter(epoch: EpochIndex) -> Weight {
	Epoch::set(epoch);
	let number = System::block_number() + 1;
	System::set_block_number(number);
	Table::on_initialize(number)
}

/// Epochs between an announcement and its effect.
pub(crate) fn notice() -> EpochIndex {
	TestPace::get().takes_effect(0)
}

/// The events of this pallet since the last call.
pub(crate) fn events() -> Vec<Event<Test>> {
	let all = System::events().into_iter().filter_map(|record| match record.event {
		RuntimeEvent::Table(event) => Some(event),
		_ => None,
	});
	let ours = all.collect();
	System::reset_events();
	ours
}

pub(crate) fn v4(b: u8, c: u8, d: u8) -> Endpoint {
	Endpoint::V4 { addr: [9, b, c, d], port: 7_000 }
}

pub(crate) fn place(
	provider: ProviderIndex,
	operator: AccountId,
	region: Region,
	endpoint: Endpoint,
	raw: LineWeight,
) -> Placed {
	<Table as Placement<AccountId>>::place(provider, &operator, &region, &endpoint, raw)
}

/// Six lines of `raw` of three operators in six networks: enough for a multiplier. Providers from `first` on.
pub(crate) fn people(region: Region, first: ProviderIndex, raw: LineWeight) {
	for n in 0..6u8 {
		place(first + u32::from(n), 500 + u64::from(n % 3), region, v4(n, 1, 1), raw);
	}
}

pub(crate) fn at(epoch: EpochIndex) -> CloseTerms {
	CloseTerms { epoch, price: Some(PRICE_ONE), availability: PAY, coverage_budget: Credits::MAX >> 1 }
}

pub(crate) fn seen(weight: u128, proven: u128) -> RegionObserved {
	RegionObserved { weight, proven }
}

/// Surveys and rates one region alone, as a close does.
pub(crate) fn close(id: RegionId, observed: RegionObserved, terms: &CloseTerms) -> RegionRate {
	let gap = Table::survey(id, &observed, terms);
	Table::rate(id, &observed, terms, gap.into())
}
