//! What the runtime API reads. Pages are bounded; nothing here changes state.

use crate::{
	assignment::{Draw, Test},
	epochs::SeatIndices,
	*,
};
use polkadot_sdk::*;

use alloc::vec::Vec;
use weir_math::{committee::quota_kbps, schedule::window_millis};
use weir_primitives::{
	api::{CommitteeMember, EvidenceInfo, Page, SeatInfo, SeatRecord, TargetTest, Task},
	seams::{EpochClock, Operators, ProviderRegistry, QueuedSlashes},
	EpochIndex, ProviderIndex, SlotOffset,
};

/// Rows of a page.
pub const MAX_PAGE: u32 = 100;

impl<T: Config> Pallet<T> {
	/// Running epoch, slot in it, and the number of its first slot.
	pub fn clock() -> (EpochIndex, SlotOffset, u64) {
		let epoch = Self::epoch();
		let first_slot = Epochs::<T>::get(epoch)
			.map_or_else(<T::EpochStart as frame_support::traits::Get<u64>>::get, |record| record.first_slot);
		(epoch, Self::slot_in_epoch(), first_slot)
	}

	/// Tasks of the node's seat in the running epoch.
	pub fn tasks(node: &T::AccountId) -> Vec<Task<T::AccountId>> {
		let Some(mut draw) = Draw::<T>::of(Self::epoch()) else { return Vec::new() };
		let tests = draw.tests_for(node);
		tests.iter().filter_map(|test| Self::task(&draw, test)).collect()
	}

	fn task(draw: &Draw<T>, test: &Test<T::AccountId>) -> Option<Task<T::AccountId>> {
		let facts = T::Registry::facts_at(test.provider, draw.epoch)?;
		let members = test.committee.members;
		Some(Task {
			provider: test.provider,
			account: test.account.clone(),
			endpoint: facts.endpoint,
			peer_id: T::Registry::peer_id(test.provider),
			probe_key: facts.probe_key,
			claim: test.claim,
			kind: test.kind,
			ordinal: test.ordinal,
			members,
			quota_down_kbps: quota_kbps(test.claim.down_kbps, members),
			quota_up_kbps: quota_kbps(test.claim.up_kbps, members),
			window_millis: window_millis(&draw.timing, test.ordinal),
			start_slot: draw.start_of(test),
		})
	}

	/// The test the provider has to answer in the running epoch.
	pub fn target_test(provider: &T::AccountId) -> Option<TargetTest<T::AccountId>> {
		let mut draw = Draw::<T>::of(Self::epoch())?;
		let test = draw.test_of(T::Registry::index_of(provider)?)?;
		let committee = draw
			.members_of(&test)
			.into_iter()
			.flatten()
			.filter_map(|account| {
				let Seat { key, endpoint, .. } = Seats::<T>::get(&account)?;
				let barred = draw.bars(&test, &account, endpoint.prefix());
				(!barred).then_some(CommitteeMember { account, key, endpoint })
			})
			.collect();
		let members = test.committee.members;
		Some(TargetTest {
			epoch: draw.epoch,
			kind: test.kind,
			ordinal: test.ordinal,
			quota_down_kbps: quota_kbps(test.claim.down_kbps, members),
			quota_up_kbps: quota_kbps(test.claim.up_kbps, members),
			window_millis: window_millis(&draw.timing, test.ordinal),
			start_slot: draw.start_of(&test),
			committee,
		})
	}

	/// Nodes drawn to measure `provider` in a retained epoch, by place.
	pub fn assignment(epoch: EpochIndex, provider: ProviderIndex) -> Vec<T::AccountId> {
		let Some(mut draw) = Draw::<T>::of(epoch) else { return Vec::new() };
		let Some(test) = draw.held_test_of(provider) else { return Vec::new() };
		draw.members_of(&test).into_iter().flatten().collect()
	}

	/// The node's seat.
	pub fn seat(node: &T::AccountId) -> Option<SeatInfo<T::AccountId>> {
		Seats::<T>::get(node).map(|seat| shown(node, seat))
	}

	/// The node's seat with what is recorded of it.
	pub fn seat_record(node: &T::AccountId) -> Option<SeatRecord<T::AccountId>> {
		let seat = Seats::<T>::get(node)?;
		let (operator, shortfalls) = (Self::operator(node), seat.shortfalls.count());
		Some(SeatRecord { seat: shown(node, seat), operator, shortfalls })
	}

	/// Who operates the node in the running epoch; none if it is its own operator.
	pub fn operator(node: &T::AccountId) -> Option<T::AccountId> {
		Some(T::Operators::operator_at(node, Self::epoch())).filter(|operator| operator != node)
	}

	/// Seats that may be drawn now, from position `start` of the smallest tier.
	pub fn seats(start: u32, count: u32) -> Page<SeatRecord<T::AccountId>> {
		let epoch = Self::epoch();
		let size = SeatIndices::<T>::size_at(SMALLEST_TIER, epoch);
		let end = start.saturating_add(count.min(MAX_PAGE)).min(size);
		let rows = (start..end)
			.filter_map(|index| SeatIndices::<T>::occupant_within(SMALLEST_TIER, index, epoch))
			.filter_map(|node| Self::seat_record(&node))
			.collect();
		Page { rows, next: Some(end).filter(|next| *next < size) }
	}

	/// Whether the node's commitment for `epoch` stands, and whether it was revealed.
	pub fn report_state(epoch: EpochIndex, node: &T::AccountId) -> (bool, bool) {
		let report = Reports::<T>::get(epoch, node);
		(report.is_some(), report.is_some_and(|report| report.revealed.is_some()))
	}

	/// Strikes of a provider that can be disputed.
	pub fn evidence(who: &T::AccountId) -> Vec<EvidenceInfo<T::AccountId>> {
		let Some(provider) = T::Registry::index_of(who) else { return Vec::new() };
		// A strike that can be disputed is among the last verdicts, unless it was appealed against.
		let epochs: Vec<EpochIndex> =
			Evidences::<T>::iter_key_prefix(provider).take(KEPT_VERDICTS as usize).collect();
		let disputable = |epoch| {
			let evidence = Self::disputable(provider, epoch).ok()?;
			let committee = Self::committee_of(&evidence);
			let members = committee.into_iter().zip(&evidence.voices).filter_map(|(node, voice)| {
				let (down_kbps, up_kbps) = voice.rates()?;
				Some((node?, down_kbps, up_kbps))
			});
			Some(EvidenceInfo {
				provider,
				epoch,
				kind: evidence.verdict.kind,
				ordinal: evidence.ordinal,
				window_millis: window_millis(&Self::timing(), evidence.ordinal),
				until: evidence.until,
				slash: evidence.slash,
				due: evidence.slash.and_then(T::Slashes::due_of),
				appealed: evidence.appealed,
				members: members.collect(),
			})
		};
		epochs.into_iter().filter_map(disputable).collect()
	}

	/// Strikes among the last five tests of a bond account.
	pub fn strikes(who: &T::AccountId) -> u8 {
		Conducts::<T>::get(who).map_or(0, |conduct| conduct.window.strikes())
	}
}

/// The seat of `node` as others see it.
fn shown<AccountId: Clone>(node: &AccountId, seat: Seat) -> SeatInfo<AccountId> {
	let Seat { key, endpoint, uplink_kbps, country, from_epoch, score_ppm, .. } = seat;
	SeatInfo { account: node.clone(), key, endpoint, uplink_kbps, country, from_epoch, score_ppm }
}
