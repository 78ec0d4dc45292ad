//! When a test runs, for how long, and when a seat submits.
//!
//! The measuring part of an epoch has [`GROUPS`] slot groups. Block randomness ρ recorded at the first block of group j
//! decides which of the tests not yet run do so in that group; those left run in the last one. So nobody, the target
//! included, knows a test's time before its group begins, and every group expects equally many.

use crate::{
	committee::{ListKind, CLASSES},
	timing::{Timing, GROUPS},
};
use blake2::{digest::consts::U32, Blake2b, Digest};
use codec::{Decode, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

const TAG: &[u8] = b"weir/schedule/v1";
const PREFIX_TAG: &[u8] = b"prefix";
/// One ordinal in this many is a long test.
pub const LONG_EVERY: u32 = 16;
/// Window of a test, milliseconds.
pub const WINDOW_MILLIS: u32 = 3_000;
/// Window of a long test, milliseconds: it outlasts token buckets that a short one does not.
const LONG_WINDOW_MILLIS: u32 = 20_000;
/// What must remain of the epoch after the last T0 for long tests to be held: two windows, their ramps and as much
/// again for their receipts.
const LONG_TEST_MILLIS: u64 = 60_000;
/// Lists of tests: three kinds in each class.
const LISTS: u64 = 3 * CLASSES as u64;
/// Stands for the kind of list in the turn of a prefix.
const PREFIX_KIND: u8 = 3;
/// What a line carries of a test before T0, milliseconds: the ramp, half of the longest time between two receipts, and
/// the most a member begins early for its distance.
const LEAD_IN_MILLIS: u64 = 225 + 100 + 100;
/// What it carries beside the two windows after T0, milliseconds: the gap between them, and the most a member ends late
/// for its distance.
const LEAD_OUT_MILLIS: u64 = 1_000 + 100;

/// When a test runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Run {
	/// Slot group whose first block revealed it.
	pub group: u8,
	/// Slot of the epoch at whose start T0 falls.
	pub start_slot: u32,
	/// Window of each of its two phases, milliseconds.
	pub window_millis: u32,
}

impl Run {
	/// Whether one block reveals both runs and both load their lines at the same time: from 425 ms before T0 until
	/// 1,100 ms and two windows after it.
	///
	/// Runs of other groups never collide. The later of two reveals may come when the earlier test has begun, so that
	/// nobody could act on it; and where a group is shorter than a test, as on a local network, the neighbouring groups
	/// would take so many members out that tests fail.
	pub fn collides(&self, other: &Self, slot_millis: u64) -> bool {
		let begin = |run: &Self| u64::from(run.start_slot).saturating_mul(slot_millis);
		let load = |run: &Self| {
			let windows = u64::from(run.window_millis).saturating_mul(2);
			windows.saturating_add(LEAD_IN_MILLIS).saturating_add(LEAD_OUT_MILLIS)
		};
		let ends_before =
			|first: &Self, second: &Self| begin(first).saturating_add(load(first)) <= begin(second);
		self.group == other.group && !ends_before(self, other) && !ends_before(other, self)
	}
}

/// First eight bytes as a little-endian number.
pub(crate) fn leading_word(hash: &[u8]) -> u64 {
	hash.iter().take(8).rev().fold(0, |word, byte| (word << 8) | u64::from(*byte))
}

/// What decides when a test runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Turn {
	kind: u8,
	class: u8,
	ordinal: u32,
}

impl Turn {
	/// The turn of a test alone: its place in its list.
	pub const fn of_ordinal(kind: ListKind, class: u8, ordinal: u32) -> Self {
		Self { kind: kind.tag(), class, ordinal }
	}

	/// The turn of all tests of an epoch whose targets have the address prefix in common: they may be one line under
	/// several names, which shows itself once to tests that run at the same time, and to others each time anew. In the
	/// place of the list stands 3, in that of the ordinal `blake2b-256(tag ‖ "prefix" ‖ seed ‖ prefix)`, its first four
	/// bytes taken as a little-endian number, with the epoch's `seed` and the prefix in SCALE.
	pub fn of_prefix(seed: &[u8; 32], prefix: &[u8]) -> Self {
		let hash = Blake2b::<U32>::new()
			.chain_update(TAG)
			.chain_update(PREFIX_TAG)
			.chain_update(seed)
			.chain_update(prefix)
			.finalize();
		// The lower half of the word.
		Self { kind: PREFIX_KIND, class: 0, ordinal: leading_word(&hash) as u32 }
	}
}

/// Whether a test that has not run in an earlier group runs in `group`:
/// `blake2b-256(tag ‖ ρ ‖ kind ‖ class ‖ ordinal) mod (24 − group) = 0` by its turn, the first eight bytes taken as a
/// little-endian number. Always true in the last group, never after it.
pub fn runs_in_group(rho: &[u8; 32], group: u32, turn: Turn) -> bool {
	let hash = Blake2b::<U32>::new()
		.chain_update(TAG)
		.chain_update(rho)
		.chain_update([turn.kind, turn.class])
		.chain_update(turn.ordinal.to_le_bytes())
		.finalize();
	let groups_left = u64::from(GROUPS.saturating_sub(group));
	leading_word(&hash).checked_rem(groups_left) == Some(0)
}

/// Slot of the epoch at whose start T0 falls, for a test that runs in `group`: the group's first slot, the lead, and a
/// slot of the group in turn by ordinal. The lists begin at different slots of the group, so that equal ordinals of
/// two lists do not meet. Below `epoch_slots` for every timing that [`Timing::validate`] accepts.
pub fn start_slot(timing: &Timing, group: u32, turn: Turn) -> u32 {
	// Saturating throughout: a validated timing keeps every sum below `epoch_slots`.
	let list = u32::from(turn.kind).saturating_mul(u32::from(CLASSES)).saturating_add(u32::from(turn.class));
	let list_offset = u64::from(list).saturating_mul(u64::from(timing.group_slots)) / LISTS;
	let slots = u64::from(turn.ordinal).saturating_add(list_offset);
	let within = slots.checked_rem(u64::from(timing.group_slots)).unwrap_or(0) as u32;
	group
		.min(GROUPS.saturating_sub(1))
		.saturating_mul(timing.group_slots)
		.saturating_add(timing.measure_from)
		.saturating_add(timing.lead_slots)
		.saturating_add(within)
}

/// Whether the ordinal is drawn for a long test: one in sixteen.
pub const fn is_long(ordinal: u32) -> bool {
	ordinal.is_multiple_of(LONG_EVERY)
}

/// Length of the measured window, milliseconds: 3,000, or 20,000 for a long test. Where the epoch ends too soon after
/// the last T0 to hold a long test, as on a local network, every test is short.
pub fn window_millis(timing: &Timing, ordinal: u32) -> u32 {
	let starts_end = timing
		.group_slots
		.saturating_mul(GROUPS)
		.saturating_add(timing.measure_from)
		.saturating_add(timing.lead_slots);
	let tail_millis =
		u64::from(timing.epoch_slots.saturating_sub(starts_end)).saturating_mul(timing.slot_millis);
	if is_long(ordinal) && tail_millis >= LONG_TEST_MILLIS {
		LONG_WINDOW_MILLIS
	} else {
		WINDOW_MILLIS
	}
}

/// Slots kept for two retries, each with a slot to spare, in a window that is long enough.
const RETRY_SLOTS: u32 = 8;

/// First slot of the window `(first, first after)` in which no seat submits for the first time. The last quarter is for
/// the way into a block and for retries; of a short window as much as they need, up to half.
pub fn submit_until((from, until): (u32, u32)) -> u32 {
	let width = until.saturating_sub(from);
	let rest = (width / 4).max(RETRY_SLOTS.min(width / 2));
	from.saturating_add(width.saturating_sub(rest))
}

/// Slot at which a seat submits in a window, drawn by a hash of seat and epoch from those before [`submit_until`]. The
/// first one if the window is empty.
pub fn submit_offset(window: (u32, u32), seat_hash: &[u8; 32]) -> u32 {
	let (from, _) = window;
	let spread = u64::from(submit_until(window).saturating_sub(from));
	let offset = leading_word(seat_hash).checked_rem(spread).unwrap_or(0);
	// Below the end of the window, which is a number of this type.
	from.saturating_add(offset as u32)
}
