//! Whether a provider can be where it says it is: light in fibre is no faster than 200 km/ms.
//!
//! A target can delay an answer, never advance it. So a member that measures a round-trip time `r` knows the target
//! within `r/2 · 200 km/ms` of itself, hence of its own country. If that is less than [`distance_km`] from its
//! country to the claimed one, then the claim or the member is wrong.
//!
//! **Rule.** A claim is contradicted when at least [`CONTRADICTING_MEMBERS`] members of at least
//! [`CONTRADICTING_OPERATORS`] operators say so. It has passed one proof when it is not, and at least [`FAR_MEMBERS`]
//! far members, see [`is_far`], had the chance and did not. Members whose own region is contradicted, and members
//! without a measurement, do not count at all. It is refuted when a jury of [`JURY_MEMBERS`] or more has drawn, and more
//! than half of it contradict, of at least [`CONTRADICTING_OPERATORS`] operators: half of all that were drawn, so that
//! neither an absence nor a silence makes a majority of a minority.
//!
//! **What an honest provider risks.** From honest members over fibre nothing: the distance is a lower bound, detours
//! and queues only add, and a round-trip time rounded down to 10 µs is short of 1 km, which the table's margin covers.
//! Light in standard fibre does up to 204 km/ms (group index 1.468); those 2 % matter only on a cable that follows the
//! great circle to 2 %. Microwave, hollow fibre and lasers between satellites come close to 300 km/ms: a path over
//! satellites at 550 km could beat the bound beyond 2,200 km, if it were straight and lost no time on the way.
//!
//! **From liars it risks much.** A round-trip time is one member's word: the target signs bytes, not time, so no
//! dispute refutes it. Liars that are, or say they are, far away frame anybody whose committee draws three of them,
//! and operators do not hinder them: at most 1 % of the seats per operator makes a corrupt quarter at least 25
//! operators. With `C` corrupt of `M` seats the chance per test is at most
//!
//! `Σ_{c ≥ m} C(C, c) · C(M − C, k − c) / C(M, k)`
//!
//! For M = 1,000 and β = 0.25, by members needed; the first column is the rule's:
//!
//! | k | m = 3 | m > k/2 | m > 2k/3 |
//! |---|---|---|---|
//! | 5 | 0.10 | 0.10 | 0.015 |
//! | 15 | 0.77 | 0.017 | 1.0·10⁻⁴ |
//! | 31 | 0.99 | 1.1·10⁻³ | 4.2·10⁻⁷ |
//! | 51 | 1.00 | 3.6·10⁻⁵ | 1.8·10⁻¹¹ |
//!
//! Three of 15 hold for β ≤ 0.01 (3·10⁻⁴), not for 0.25, and repeating the test does not help where the chance
//! exceeds one half. So a contradiction is reason to look, or to withhold what a proof would earn, and costs no bond.
//!
//! **What costs a bond** is a claim that [`WRONG_REGION_TESTS`] tests in a row have refuted, [`WRONG_REGION_SLASH_PPB`] of
//! it. Each draws another committee by the seed of its epoch: those after the first are the jury that looks again. A
//! majority of `k` drawn seats takes as many liars in the committee, whatever the others do. But liars that are no majority
//! can withhold: with fewer than two thirds present a test is void, and neither lengthens a row nor ends it. With `a` honest
//! members away, `R = P(c > k/2)` for `c` liars and `E = P(3·(k − a − c) ≥ 2·k)`, a test that counts refutes with a chance of
//!
//! `q = R / (R + E)`
//!
//! at most. For β = 0.25 and any `M` that is at most what independent draws give, largest for the smallest jury:
//!
//! | k | R | q, a = 0 | q, a = 2 | seven in a row, a = 0 | a = 2 |
//! |---|---|---|---|---|---|
//! | 15 | 0.0173 | 0.0199 | 0.0361 | 1.2·10⁻¹² | 8.1·10⁻¹¹ |
//! | 31 | 1.3·10⁻³ | 1.5·10⁻³ | 2.1·10⁻³ | 1.6·10⁻²⁰ | 1.5·10⁻¹⁹ |
//! | 51 | 5.9·10⁻⁵ | 6.3·10⁻⁵ | 7.3·10⁻⁵ | 4.1·10⁻³⁰ | 1.1·10⁻²⁹ |
//!
//! Seven is the least number of tests that keeps a row below 10⁻⁹ for a jury of 15 with two honest members away in each
//! (six: 6.2·10⁻¹¹ with nobody away, 2.2·10⁻⁹ with two; seven with three away: 6.9·10⁻⁹): 100,000 honest lines, tested once
//! a day, see at most 3·10⁻³ of such a row in a year. While the slash waits one more jury is asked. If the line is honest,
//! one that counts takes it back with a chance of 0.96; one that liars void is asked for again in the next epoch. At β = 0.5
//! nothing holds: every second test refutes.
//!
//! *A void test does not end a row*: a spoofer with a quarter of the seats finds the six of 15 that void a test in one
//! committee of seven, and would end most of its rows so.
//!
//! **Silencing.** Liars can contradict members first, which are then no witnesses. If a majority were one of the witnesses
//! alone, few liars would be one as soon as the others are silenced; if the silenced could not refute, liars would keep every
//! spoofer from being refuted. So all that were drawn are counted, and the silenced may refute: the word of an honest one
//! is true, and one that lies about its own place is among the liars that the table counts.
//!
//! **What a liar can do.** A provider that delays every answer is never contradicted and collects proofs; its
//! published round-trip times say so. One that delays the answers of one test in seven is never slashed. One whose far
//! members all sit farther from its true place than the claimed one is not caught either, and one near which less than half
//! of all seats are is contradicted at most. A proof therefore means *not refuted*.

mod table;

pub use table::distance_km;

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Members that contradict a claim together.
pub const CONTRADICTING_MEMBERS: usize = 3;
/// Operators those members must belong to, and those that refute: one operator alone proves nothing.
pub const CONTRADICTING_OPERATORS: usize = 2;
/// Far members that make an epoch without contradiction a proof.
pub const FAR_MEMBERS: usize = 5;
/// From here on a member is far, km.
///
/// It contradicts with less than 10 ms. A nearer one would have to measure less than two access lines commonly take
/// without any distance between them, so that its silence is no evidence.
pub const FAR_KM: u32 = 1_000;

/// Members of the smallest committee whose majority refutes: that of a public network's tests.
pub const JURY_MEMBERS: u16 = 15;
/// Tests in a row that refute a claim before it costs a bond.
pub const WRONG_REGION_TESTS: u8 = 7;
/// Part of the bond that it costs, parts per billion: research, economics, section 2.10, level 3.
pub const WRONG_REGION_SLASH_PPB: u32 = 300_000_000;

/// Speed of light in fibre, km per ms.
const FIBRE_KM_PER_MILLI: u32 = 200;
/// Parts of 10 µs in the there and back of 1 ms.
const PARTS_PER_ROUND_TRIP_MILLI: u32 = 200;

/// What one member of a committee has to say about where the target is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Witness<Operator> {
	/// Who owns the member.
	pub operator: Operator,
	/// Country of the member's own region, ISO 3166-1 alpha-2.
	pub country: [u8; 2],
	/// Smallest round-trip time to the target, 10 µs; 0 and `u16::MAX` (saturated) are no measurement.
	pub rtt_10us: u16,
	/// Whether the member's own region stands contradicted.
	pub contradicted: bool,
}

/// What a committee's round-trip times mean for a claimed region.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum LocationFinding {
	/// The target cannot be where it claims, if the members that say so speak the truth.
	#[codec(index = 0)]
	Contradicted,
	/// Not contradicted, though enough members were in a position to: one passed location proof.
	#[codec(index = 1)]
	Proven,
	/// Not contradicted, and too few members were in a position to.
	#[codec(index = 2)]
	Inconclusive,
	/// Contradicted by more than half of all members of a jury.
	#[codec(index = 3)]
	Refuted,
}

impl LocationFinding {
	/// Whether members that suffice for it speak against the claim.
	pub fn is_against(self) -> bool {
		matches!(self, Self::Contradicted | Self::Refuted)
	}
}

/// A finding, and how many members stand on either side of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LocationJudgement {
	/// What is found.
	pub finding: LocationFinding,
	/// Members that contradict the claim, of those that count: all, where it is refuted.
	pub contradicting: u16,
	/// Far members that had the chance and do not.
	pub supporting: u16,
}

/// Farthest a target can be from a member, km: `rtt/2 · 200 km/ms`. None without a measurement.
pub fn reach_km(rtt_10us: u16) -> Option<u32> {
	let is_measured = rtt_10us != 0 && rtt_10us != u16::MAX;
	is_measured.then(|| u32::from(rtt_10us).saturating_mul(FIBRE_KM_PER_MILLI) / PARTS_PER_ROUND_TRIP_MILLI)
}

/// Whether a round-trip time is too short for a distance; a path exactly as long as the bound is possible.
pub fn is_contradicted_by(rtt_10us: u16, distance_km: u32) -> bool {
	reach_km(rtt_10us).is_some_and(|reach_km| reach_km < distance_km)
}

/// Whether a member at this distance would have noticed a false claim, see [`FAR_KM`].
pub fn is_far(distance_km: u32) -> bool {
	distance_km >= FAR_KM
}

/// Judges a claimed country by what the members of one committee measured, of which `drawn` were drawn: those that are
/// no witnesses included.
///
/// A far member that contradicts does not count towards the proof it speaks against, even when it is alone.
pub fn judge_location<Operator: PartialEq>(
	members: &[Witness<Operator>],
	drawn: u16,
	claimed: [u8; 2],
) -> LocationJudgement {
	let contradicts = |member: &&Witness<Operator>| {
		is_contradicted_by(member.rtt_10us, distance_km(member.country, claimed))
	};
	let credible =
		|| members.iter().filter(|member| !member.contradicted && reach_km(member.rtt_10us).is_some());
	let all_against = || members.iter().filter(contradicts);
	let against = || credible().filter(contradicts);
	let silent = credible().filter(|member| !contradicts(member));
	let far = silent.filter(|member| is_far(distance_km(member.country, claimed))).count();
	let (majority, contradicting) = (all_against().count(), against().count());
	let (finding, contradicting) = if is_refuting(majority, drawn) && are_of_enough_operators(all_against()) {
		(LocationFinding::Refuted, majority)
	} else if contradicting >= CONTRADICTING_MEMBERS && are_of_enough_operators(against()) {
		(LocationFinding::Contradicted, contradicting)
	} else if far >= FAR_MEMBERS {
		(LocationFinding::Proven, contradicting)
	} else {
		(LocationFinding::Inconclusive, contradicting)
	};
	let count = |members: usize| u16::try_from(members).unwrap_or(u16::MAX);
	LocationJudgement { finding, contradicting: count(contradicting), supporting: count(far) }
}

/// Whether so many of a committee are a majority that refutes.
fn is_refuting(against: usize, drawn: u16) -> bool {
	drawn >= JURY_MEMBERS && against > usize::from(drawn / 2)
}

/// Whether the members belong to [`CONTRADICTING_OPERATORS`] or more: one differs from the first.
fn are_of_enough_operators<'a, Operator: PartialEq + 'a>(
	mut members: impl Iterator<Item = &'a Witness<Operator>>,
) -> bool {
	const { assert!(CONTRADICTING_OPERATORS == 2) };
	members.next().is_some_and(|first| members.any(|member| member.operator != first.operator))
}
