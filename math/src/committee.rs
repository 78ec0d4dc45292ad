//! Who is tested in an epoch, by whom, at which load. Computed from the epoch's seed, never stored.
//!
//! Two permutations make an assignment. One maps a list's positions (providers) to *ordinals*; the other maps seats
//! to places on a circle of `M`. The committee of ordinal `i` is the arc of `k` places from `i·k`: seat `s` belongs iff
//! `(π(s) − i·k) mod M < k`. So a committee has exactly `min(k, M)` distinct members, and over consecutive ordinals no
//! seat serves more than once more than another.

use crate::{permutation::Permutation, timing::Timing};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Uplinks a seat can be listed under, kbps. A seat is listed in each tier it covers.
pub const TIERS_KBPS: [u32; 4] = [5_000, 10_000, 25_000, TOP_TIER_KBPS];
/// The largest uplink a seat is asked for, kbps.
const TOP_TIER_KBPS: u32 = 50_000;
/// Largest claim per direction, kbps.
pub const MAX_CLAIM_KBPS: u32 = 1_000_000;
/// Smallest claim per direction, kbps.
pub const MIN_CLAIM_KBPS: u32 = 1_000;
/// Largest claim of class 0, kbps.
const CLASS_0_KBPS: u32 = 500_000;
const ABOVE_CLASS_0_KBPS: u32 = CLASS_0_KBPS + 1;
/// Members of the largest committee.
pub const MAX_COMMITTEE: u16 = 51;
/// A result of fewer members may lower a claim, never slash.
pub const MIN_SLASHING_COMMITTEE: u16 = 7;
/// Classes of claims: 0 up to 500 Mbps, 1 up to 1 Gbps.
pub const CLASSES: u8 = 2;

/// Which list a test was drawn from.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ListKind {
	/// Admitted providers, a share of which is tested each epoch.
	#[codec(index = 0)]
	Test,
	/// Providers before admission, tested every epoch.
	#[codec(index = 1)]
	Admission,
	/// Providers with three strikes, tested once by a fresh and larger committee.
	#[codec(index = 2)]
	Escalation,
}

impl ListKind {
	/// The byte that stands for the kind in hashes, equal to its encoding.
	pub const fn tag(self) -> u8 {
		match self {
			Self::Test => 0,
			Self::Admission => 1,
			Self::Escalation => 2,
		}
	}
}

/// What a permutation orders.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Draw {
	/// Positions in a list of providers.
	Ordinals,
	/// Seats listed in a tier of [`TIERS_KBPS`].
	Seats {
		/// Number of the tier.
		tier: u8,
	},
}

/// The permutation domain of a draw: no two draws of an epoch share one.
pub const fn domain_of(draw: Draw, kind: ListKind, class: u8) -> [u8; 4] {
	match draw {
		Draw::Ordinals => [0, kind.tag(), class, 0],
		Draw::Seats { tier } => [1, kind.tag(), class, tier],
	}
}

/// Class of a provider whose larger direction claims `largest_claim_kbps`; none above [`MAX_CLAIM_KBPS`].
pub const fn class_of(largest_claim_kbps: u32) -> Option<u8> {
	match largest_claim_kbps {
		0..=CLASS_0_KBPS => Some(0),
		ABOVE_CLASS_0_KBPS..=MAX_CLAIM_KBPS => Some(1),
		_ => None,
	}
}

/// Committee size k for a class, before it is limited by the number of seats.
pub const fn size(timing: &Timing, class: u8, escalation: bool) -> u16 {
	match (escalation, class) {
		(true, _) => timing.escalation_committee,
		(false, 0) => timing.committee,
		(false, _) => timing.large_committee,
	}
}

/// Load each of `k` members offers, kbps: `⌈1.25·claim/k⌉`, so that the line stays full when members are missing.
///
/// Never more than the top tier's uplink: where seats are few, the committee offers less than the claim and the ratio
/// is taken against what it offered. 0 without members.
pub fn quota_kbps(claim_kbps: u32, k: u16) -> u32 {
	let offered = u64::from(claim_kbps).saturating_mul(5);
	let shares = u64::from(k).saturating_mul(4);
	if shares == 0 {
		return 0;
	}
	offered.div_ceil(shares).min(u64::from(TOP_TIER_KBPS)) as u32
}

/// Number of the smallest tier whose uplink covers `quota_kbps`; none if no tier does.
pub fn tier_for(quota_kbps: u32) -> Option<u8> {
	TIERS_KBPS.iter().zip(0u8..).find(|(uplink, _)| **uplink >= quota_kbps).map(|(_, tier)| tier)
}

/// Tier and effective size `k_eff = min(k, M)` of a committee, given the seats listed in each tier.
///
/// The smallest tier that covers the quota *of the committee it can seat*: a tier with fewer than `k` seats asks more
/// of each. None if no tier with a seat does.
pub fn tier_and_size(claim_kbps: u32, k: u16, seats_in_tier: [u32; 4]) -> Option<(u8, u16)> {
	TIERS_KBPS.iter().zip(seats_in_tier).zip(0u8..).find_map(|((uplink, seats), tier)| {
		let size = u16::try_from(seats).map_or(k, |seats| seats.min(k));
		(size > 0 && quota_kbps(claim_kbps, size) <= *uplink).then_some((tier, size))
	})
}

/// Reports cut from the top of `k`: `⌊k/4⌋`.
pub const fn trim(k: u16) -> u16 {
	k / 4
}

/// Permutation from the `n` positions of a class's list of providers to ordinals. Every [`ListKind`] permutes the same
/// positions in its own way. A position is taken before any seed it is permuted by is known: none is worth choosing.
pub fn ordinal_permutation(seed: &[u8; 32], kind: ListKind, class: u8, n: u32) -> Permutation {
	Permutation::new(seed, &domain_of(Draw::Ordinals, kind, class), n)
}

/// Ordinal of one position, see [`ordinal_permutation`]; none if `position >= n`.
pub fn ordinal(seed: &[u8; 32], kind: ListKind, class: u8, position: u32, n: u32) -> Option<u32> {
	ordinal_permutation(seed, kind, class, n).forward(position)
}

/// Whether an ordinal of a list of `n` is tested when one in `test_every` is: `ordinal < ⌈n/test_every⌉`.
pub fn is_tested(ordinal: u32, n: u32, test_every: u32) -> bool {
	test_every > 0 && ordinal < n.div_ceil(test_every)
}

/// Permutation from the `seats` listed in a tier to places on the circle.
pub fn seat_permutation(seed: &[u8; 32], kind: ListKind, class: u8, tier: u8, seats: u32) -> Permutation {
	Permutation::new(seed, &domain_of(Draw::Seats { tier }, kind, class), seats)
}

/// Place of the arc's first member: `i·k mod M`.
fn first_place(seats: &Permutation, ordinal: u32, k: u16) -> Option<u64> {
	u64::from(ordinal).checked_mul(u64::from(k))?.checked_rem(u64::from(seats.len()))
}

/// The committee of `ordinal` in the order of its places: exactly `min(k, M)` distinct seats.
pub fn members(seats: &Permutation, ordinal: u32, k: u16) -> impl Iterator<Item = u32> + '_ {
	let first = first_place(seats, ordinal, k).unwrap_or(0);
	let circle = u64::from(seats.len());
	(0..circle.min(u64::from(k))).filter_map(move |place| {
		let on_circle = first.checked_add(place)?.checked_rem(circle)?;
		seats.inverse(on_circle.try_into().ok()?)
	})
}

/// Place of `seat` in the committee of `ordinal`, `0..min(k, M)`; none if it does not belong.
pub fn member_place(seats: &Permutation, seat: u32, ordinal: u32, k: u16) -> Option<u16> {
	let circle = u64::from(seats.len());
	let on_circle = u64::from(seats.forward(seat)?);
	let first = first_place(seats, ordinal, k)?;
	let place = on_circle.checked_add(circle)?.checked_sub(first)?.checked_rem(circle)?;
	u16::try_from(place).ok().filter(|place| *place < k)
}

/// All ordinals below `ordinals` whose committee contains `seat`, ascending; work proportional to their number.
pub fn ordinals_of(seats: &Permutation, seat: u32, k: u16, ordinals: u32) -> impl Iterator<Item = u32> {
	let circle = u64::from(seats.len());
	let size = u64::from(k);
	// Unrolled, the seat sits at p, p + M, p + 2M …, and of any k consecutive places one is a multiple of k: each turn of
	// the circle finds it in exactly one committee, number ⌊place/k⌋. With fewer than k seats every committee has it.
	let (start, step) =
		if size >= circle { (0, size) } else { (u64::from(seats.forward(seat).unwrap_or(0)), circle) };
	let belongs = seat < seats.len() && size > 0;
	core::iter::successors(belongs.then_some(start), move |place| place.checked_add(step))
		.map_while(move |place| place.checked_div(size)?.try_into().ok())
		.take_while(move |ordinal: &u32| *ordinal < ordinals)
}
