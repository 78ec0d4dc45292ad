//! Dense, versioned lists: who sat at index `i`, and how many indices there were, *as of* an epoch.
//!
//! Committees are drawn over `0..size` by a seed that is known before its epoch, so a list must look the same to
//! everybody for every epoch a report may still name, and it must not move once a seed can be guessed. Hence every
//! change takes effect `maturity` epochs after it was asked for, and an index keeps its previous occupant.
//!
//! * A join appends at the end; a leave moves the last occupant into the hole.
//! * An index changes at most once in [`HISTORY_EPOCHS`] epochs, so one previous occupant answers for every retained
//!   epoch. A change that would come too early waits in a queue, one waiting change per occupant, and is retried by
//!   [`DenseIndex::work`]. The queue is bounded by the number of occupants.
//!
//! # Invariants
//!
//! * **D1** Indices `0..size` each hold an occupant whose latest place is that index.
//! * **D2** Places, sizes and slots carry ascending epochs.
//! * **D3** An occupant whose wish differs from its latest place is queued; whoever is queued is in the queue once, and
//!   nobody else is.

use alloc::{collections::BTreeMap, vec::Vec};
use codec::{Decode, Encode, FullCodec, MaxEncodedLen};
use core::marker::PhantomData;
use polkadot_sdk::*;

use frame_support::{
	storage::{IterableStorageDoubleMap, StorageDoubleMap, StorageMap},
	traits::ConstU32,
	BoundedVec,
};
use scale_info::TypeInfo;
use sp_runtime::traits::Get;
use weir_primitives::EpochIndex;

/// Epochs between two changes of one index, and for which the past is kept.
pub const HISTORY_EPOCHS: EpochIndex = 8;
/// Versions of an occupant's place: enough for a join, two moves and a leave within the history.
pub const PLACE_VERSIONS: u32 = 4;
/// Versions of a list's size: one per epoch of the history and of the longest maturity.
pub const SIZE_VERSIONS: u32 = 16;

/// Why a change of a list was refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DenseIndexError {
	/// The occupant is on the list or on its way.
	AlreadyListed,
	/// The occupant is not on the list, or is leaving.
	NotListed,
	/// The list or an epoch has reached the end of its number type.
	Overflow,
	/// An invariant of the list does not hold.
	Inconsistent,
}

/// What became of a wish.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
	/// It takes effect in this epoch.
	Effective(EpochIndex),
	/// It waits because the index it needs changed too recently.
	Queued,
}

/// A value with the epochs from which its versions hold, ascending.
#[derive(Encode, Decode, MaxEncodedLen, TypeInfo)]
#[scale_info(skip_type_params(N))]
pub struct History<V, N: Get<u32>>(BoundedVec<(EpochIndex, V), N>);

impl<V, N: Get<u32>> Default for History<V, N> {
	fn default() -> Self {
		Self(BoundedVec::new())
	}
}

impl<V: Clone, N: Get<u32>> Clone for History<V, N> {
	fn clone(&self) -> Self {
		Self(self.0.clone())
	}
}

impl<V: PartialEq, N: Get<u32>> PartialEq for History<V, N> {
	fn eq(&self, other: &Self) -> bool {
		self.0.as_slice() == other.0.as_slice()
	}
}

impl<V: Eq, N: Get<u32>> Eq for History<V, N> {}

impl<V: core::fmt::Debug, N: Get<u32>> core::fmt::Debug for History<V, N> {
	fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
		f.debug_list().entries(self.0.iter()).finish()
	}
}

impl<V: Copy, N: Get<u32>> History<V, N> {
	/// The value that holds in `epoch`.
	pub fn at(&self, epoch: EpochIndex) -> Option<V> {
		self.0.iter().rev().find(|(from, _)| *from <= epoch).map(|(_, value)| *value)
	}

	/// The value of the last version, whenever it begins to hold.
	pub fn latest(&self) -> Option<V> {
		self.0.last().map(|(_, value)| *value)
	}

	/// The epoch from which the last version holds.
	pub fn latest_from(&self) -> Option<EpochIndex> {
		self.0.last().map(|(from, _)| *from)
	}

	/// Makes `value` hold from `from` on, replacing every version that would begin then or later, and forgets what no
	/// epoch from `horizon` on can see. False, and nothing changed, if the versions still needed leave no room.
	pub fn set(&mut self, from: EpochIndex, value: V, horizon: EpochIndex) -> bool {
		let mut kept: Vec<(EpochIndex, V)> =
			self.0.iter().filter(|(begin, _)| *begin < from).copied().collect();
		kept.push((from, value));
		match kept.split_off(first_seen(&kept, horizon)).try_into() {
			Ok(versions) => {
				self.0 = versions;
				true
			}
			Err(_) => false,
		}
	}

	/// Forgets what no epoch from `horizon` on can see.
	pub fn forget(&mut self, horizon: EpochIndex) {
		let first = first_seen(&self.0, horizon);
		self.0.drain(..first);
	}

	/// Whether the epochs ascend.
	pub fn is_sorted(&self) -> bool {
		self.0.iter().zip(self.0.iter().skip(1)).all(|((a, _), (b, _))| a < b)
	}

	/// The versions, oldest first.
	pub fn iter(&self) -> impl Iterator<Item = &(EpochIndex, V)> {
		self.0.iter()
	}
}

/// Position of the first of these versions that an epoch from `horizon` on can see.
fn first_seen<V>(versions: &[(EpochIndex, V)], horizon: EpochIndex) -> usize {
	versions.iter().rposition(|(begin, _)| *begin <= horizon).unwrap_or(0)
}

/// One index of a list.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Slot<Occupant> {
	/// Who sits here from `from` on.
	pub occupant: Occupant,
	/// First epoch of the occupant.
	pub from: EpochIndex,
	/// Who sat here before, for the [`HISTORY_EPOCHS`] epochs before `from`.
	pub previous: Option<Occupant>,
}

/// Where an occupant sits, and what it wishes.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Place {
	/// Index, or none while not on the list.
	pub index: History<Option<u32>, ConstU32<PLACE_VERSIONS>>,
	/// Whether the occupant shall be on the list.
	pub wanted: bool,
	/// Whether the occupant waits in the queue.
	pub queued: bool,
}

/// Size of a list and the ends of its queue.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct ListState {
	/// Number of indices.
	pub size: History<u32, ConstU32<SIZE_VERSIONS>>,
	/// Sequence number of the first waiting change.
	pub head: u32,
	/// Sequence number the next waiting change gets.
	pub tail: u32,
}

/// The storage behind a family of lists, each known by a byte.
pub trait Lists {
	/// Who sits at an index.
	type Occupant: FullCodec + Clone + Ord;
	/// Size and queue ends.
	type State: StorageMap<u8, ListState, Query = ListState>;
	/// Occupants by index.
	type Slots: StorageDoubleMap<u8, u32, Slot<Self::Occupant>, Query = Option<Slot<Self::Occupant>>>;
	/// Places by occupant.
	type Places: IterableStorageDoubleMap<u8, Self::Occupant, Place, Query = Option<Place>>;
	/// Waiting occupants by sequence number.
	type Queue: StorageDoubleMap<u8, u32, Self::Occupant, Query = Option<Self::Occupant>>;
}

/// The moment of a change: the running epoch and how many epochs changes take.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
	/// Running epoch.
	pub now: EpochIndex,
	/// Epochs until a change takes effect; 0 only at genesis.
	pub maturity: EpochIndex,
}

impl Moment {
	fn effective(&self) -> Result<EpochIndex, DenseIndexError> {
		self.now.checked_add(self.maturity).ok_or(DenseIndexError::Overflow)
	}

	fn horizon(&self) -> EpochIndex {
		self.now.saturating_sub(HISTORY_EPOCHS)
	}
}

/// A family of dense indices over the storage `L`.
pub struct DenseIndex<L>(PhantomData<L>);

impl<L: Lists> DenseIndex<L> {
	/// Number of indices in `epoch`.
	pub fn size_at(list: u8, epoch: EpochIndex) -> u32 {
		L::State::get(list).size.at(epoch).unwrap_or(0)
	}

	/// Who sits at `index` in `epoch`; none beyond the size and outside the history.
	pub fn occupant_at(list: u8, index: u32, epoch: EpochIndex) -> Option<L::Occupant> {
		if index >= Self::size_at(list, epoch) {
			return None;
		}
		Self::occupant_within(list, index, epoch)
	}

	/// As [`Self::occupant_at`], for a caller that knows that `index` is below the size of `epoch`: one read.
	pub fn occupant_within(list: u8, index: u32, epoch: EpochIndex) -> Option<L::Occupant> {
		let slot = L::Slots::get(list, index)?;
		if epoch >= slot.from {
			return Some(slot.occupant);
		}
		slot.previous.filter(|_| slot.from.saturating_sub(epoch) <= HISTORY_EPOCHS)
	}

	/// Index of `who` in `epoch`.
	pub fn place_at(list: u8, who: &L::Occupant, epoch: EpochIndex) -> Option<u32> {
		L::Places::get(list, who)?.index.at(epoch).flatten()
	}

	/// Whether `who` shall be on the list.
	pub fn is_wanted(list: u8, who: &L::Occupant) -> bool {
		L::Places::get(list, who).is_some_and(|place| place.wanted)
	}

	/// Whether any epoch from `since` on, the future included, sees `who` on the list, or a change of it waits.
	pub fn is_seen_since(list: u8, who: &L::Occupant, since: EpochIndex) -> bool {
		let Some(place) = L::Places::get(list, who) else { return false };
		place.wanted
			|| place.queued
			|| place.index.at(since).flatten().is_some()
			|| place.index.iter().any(|(from, index)| *from > since && index.is_some())
	}

	/// Number of waiting changes.
	pub fn queue_len(list: u8) -> u32 {
		let state = L::State::get(list);
		state.tail.wrapping_sub(state.head)
	}

	/// Asks for `who` to join the end of the list.
	pub fn join(list: u8, who: &L::Occupant, moment: Moment) -> Result<Change, DenseIndexError> {
		let mut place = L::Places::get(list, who).unwrap_or_default();
		if place.wanted {
			return Err(DenseIndexError::AlreadyListed);
		}
		place.wanted = true;
		Self::settle(list, who, place, moment)
	}

	/// Asks for `who` to leave the list.
	pub fn leave(list: u8, who: &L::Occupant, moment: Moment) -> Result<Change, DenseIndexError> {
		let mut place = L::Places::get(list, who).ok_or(DenseIndexError::NotListed)?;
		if !place.wanted {
			return Err(DenseIndexError::NotListed);
		}
		place.wanted = false;
		Self::settle(list, who, place, moment)
	}

	/// Retries up to `steps` waiting changes, each once, and returns how many were looked at.
	///
	/// # Errors
	///
	/// The last failure: [`DenseIndexError::Overflow`] or [`DenseIndexError::Inconsistent`]. A change that failed waits
	/// on, behind all others.
	pub fn work(list: u8, steps: u32, moment: Moment) -> Result<u32, DenseIndexError> {
		let todo = Self::queue_len(list).min(steps);
		let mut outcome = Ok(todo);
		for _ in 0..todo {
			let mut state = L::State::get(list);
			let who = L::Queue::take(list, state.head);
			state.head = state.head.wrapping_add(1);
			L::State::insert(list, state);
			let Some(who) = who else { continue };
			let mut place = L::Places::get(list, &who).unwrap_or_default();
			place.queued = false;
			if let Err(error) = Self::settle(list, &who, place, moment) {
				// Nothing was stored: its place still says that it waits.
				Self::enqueue(list, &who);
				outcome = Err(error);
			}
		}
		outcome
	}

	/// Drops the record of an occupant that no epoch from `since` on can see. True if nothing is left of it.
	pub fn forget(list: u8, who: &L::Occupant, since: EpochIndex) -> bool {
		if Self::is_seen_since(list, who, since) {
			return false;
		}
		L::Places::remove(list, who);
		true
	}

	fn settle(
		list: u8,
		who: &L::Occupant,
		mut place: Place,
		moment: Moment,
	) -> Result<Change, DenseIndexError> {
		let from = moment.effective()?;
		let listed = place.index.latest().flatten();
		let done = match (place.wanted, listed) {
			(true, None) => Self::append(list, who, &mut place, from, moment)?,
			(false, Some(index)) => Self::vacate(list, who, &mut place, index, from, moment)?,
			// An earlier wish that still waits was taken back.
			_ => true,
		};
		let change = match (done, place.queued) {
			(true, _) => Change::Effective(place.index.latest_from().unwrap_or(from)),
			(false, true) => Change::Queued,
			(false, false) => {
				place.queued = true;
				Self::enqueue(list, who);
				Change::Queued
			}
		};
		L::Places::insert(list, who, place);
		Ok(change)
	}

	fn enqueue(list: u8, who: &L::Occupant) {
		L::State::mutate(list, |state| {
			L::Queue::insert(list, state.tail, who);
			state.tail = state.tail.wrapping_add(1);
		});
	}

	fn may_change(slot: &Slot<L::Occupant>, from: EpochIndex) -> bool {
		from.checked_sub(slot.from).is_some_and(|passed| passed >= HISTORY_EPOCHS)
	}

	fn append(
		list: u8,
		who: &L::Occupant,
		place: &mut Place,
		from: EpochIndex,
		moment: Moment,
	) -> Result<bool, DenseIndexError> {
		let mut state = L::State::get(list);
		let index = state.size.latest().unwrap_or(0);
		let size = index.checked_add(1).ok_or(DenseIndexError::Overflow)?;
		let before = L::Slots::get(list, index);
		if before.as_ref().is_some_and(|slot| !Self::may_change(slot, from)) {
			return Ok(false);
		}
		if !place.index.set(from, Some(index), moment.horizon()) {
			return Ok(false);
		}
		if !state.size.set(from, size, moment.horizon()) {
			return Err(DenseIndexError::Inconsistent);
		}
		let previous = before.map(|slot| slot.occupant);
		L::Slots::insert(list, index, Slot { occupant: who.clone(), from, previous });
		L::State::insert(list, state);
		Ok(true)
	}

	fn vacate(
		list: u8,
		who: &L::Occupant,
		place: &mut Place,
		index: u32,
		from: EpochIndex,
		moment: Moment,
	) -> Result<bool, DenseIndexError> {
		let mut state = L::State::get(list);
		let last =
			state.size.latest().and_then(|size| size.checked_sub(1)).ok_or(DenseIndexError::Inconsistent)?;
		let mut left = place.clone();
		if !left.index.set(from, None, moment.horizon()) {
			return Ok(false);
		}
		if !state.size.set(from, last, moment.horizon()) {
			return Err(DenseIndexError::Inconsistent);
		}
		if index != last {
			let hole = L::Slots::get(list, index).ok_or(DenseIndexError::Inconsistent)?;
			let mover = L::Slots::get(list, last).ok_or(DenseIndexError::Inconsistent)?.occupant;
			let mut moved = L::Places::get(list, &mover).ok_or(DenseIndexError::Inconsistent)?;
			if !Self::may_change(&hole, from) || !moved.index.set(from, Some(index), moment.horizon()) {
				return Ok(false);
			}
			L::Places::insert(list, &mover, moved);
			L::Slots::insert(list, index, Slot { occupant: mover, from, previous: Some(who.clone()) });
		}
		*place = left;
		L::State::insert(list, state);
		Ok(true)
	}

	/// Checks D1 to D3 for one list.
	///
	/// # Errors
	///
	/// Names the first that does not hold.
	pub fn check(list: u8) -> Result<(), &'static str> {
		let state = L::State::get(list);
		if !state.size.is_sorted() {
			return Err("D2: sizes out of order");
		}
		for index in 0..state.size.latest().unwrap_or(0) {
			let slot = L::Slots::get(list, index).ok_or("D1: an index below the size is empty")?;
			let place = L::Places::get(list, &slot.occupant).ok_or("D1: an occupant has no place")?;
			if place.index.latest().flatten() != Some(index) {
				return Err("D1: an occupant's place is elsewhere");
			}
		}
		let mut waiting: BTreeMap<L::Occupant, u32> = BTreeMap::new();
		let mut seq = state.head;
		while seq != state.tail {
			let who = L::Queue::get(list, seq).ok_or("D3: the queue has a gap")?;
			let entries = waiting.entry(who).or_default();
			*entries = entries.saturating_add(1);
			seq = seq.wrapping_add(1);
		}
		for (who, place) in L::Places::iter_prefix(list) {
			if !place.index.is_sorted() {
				return Err("D2: places out of order");
			}
			if place.wanted != place.index.latest().flatten().is_some() && !place.queued {
				return Err("D3: a wish is not queued");
			}
			if waiting.remove(&who).unwrap_or(0) != u32::from(place.queued) {
				return Err("D3: an occupant does not wait once as it says");
			}
		}
		if !waiting.is_empty() {
			return Err("D3: an occupant without a place is queued");
		}
		Ok(())
	}
}
