//! What a committee's reports mean: a trimmed sum that a corrupt minority can bend only within published bounds.
//!
//! Each member of a committee of `k` loads the line with its quota `q = ⌈1.25·claim/k⌉` in one common window. Of the
//! `k′` members present the `t′ = ⌊k′/4⌋` largest rates are cut, and the rest is scaled back:
//! `k′/(k′ − t′) · Σ` of the `k′ − t′` smallest rates, each capped at `q`.
//!
//! **Bounds**, for a line of capacity `C` and `c` corrupt among `k` present, `t = ⌊k/4⌋`:
//!
//! * [`upper_bound`]: whatever the target does with flow priorities and whatever liars leak or invent. Honest rates
//!   add up to at most `C`. For `c ≤ t` the kept sum is at most that of the `k − t` smallest honest rates, hence at most
//!   `C·(k − t)/(k − c)`; for `c > t` it is at most `C + (c − t)·q`.
//! * [`lower_bound`]: a line that shares fairly, liars that withhold their load. Honest members then see
//!   `min(q, C/(k − c))` each, and at least `k − t − c` of them are kept.
//! * [`lower_bound_loaded`]: liars that load the line, countersign every receipt and then deny the rate. Honest members
//!   then see only `min(q, C/k)`. This costs each liar a receipt against it, which a dispute turns into a fine; a liar
//!   that stops countersigning is cut off by the target and falls under [`lower_bound`].
//!
//! **Majority.** The last bound lets fewer than half of a committee push an honest line under half its claim (7 of 15,
//! 20 of 51). So a ratio below half is *reached by a majority* only if at least half of the members present saw less
//! than four fifths of an equal share among the *whole* committee. On an honest line only liars do, hence fewer than
//! half of those present cannot cause a strike.
//!
//! * Four fifths, because a line at a tenth of its claim that serves chosen members to look better gains one member of
//!   15 by it, where one half would give it three.
//! * Of the whole committee, because members may load the line and then not reveal: they leave the sum, and what they
//!   took leaves nobody else below a share among those present.
//! * At least half, because a cheat that has six friends of 15, one member absent and one more served would otherwise
//!   stand at exactly half.
//!
//! The simulator (`sim/`) shows each of the three by what happens without it.

use crate::committee::{quota_kbps, trim, MAX_COMMITTEE};

const CAPACITY: usize = MAX_COMMITTEE as usize;
const MILLION: u64 = 1_000_000;
/// Below this a majority must agree, see the module's documentation.
const HALF_PPM: u32 = 500_000;
/// Equal parts of an epoch in a liveness map.
pub const LIVENESS_PARTS: u8 = 40;

/// How a member's test ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
	/// The target answered.
	Measured,
	/// The target answered; the load stayed at its half step because queues grew.
	Limited,
	/// The target did not answer. Rates count 0, round-trip time and loss do not count.
	Unreachable,
}

/// What one member reports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Measurement {
	/// How the test ended.
	pub kind: Kind,
	/// Rate acknowledged towards the target, kbps.
	pub down_kbps: u32,
	/// Rate acknowledged from the target, kbps.
	pub up_kbps: u32,
	/// Smallest round-trip time, 10 µs.
	pub rtt_10us: u16,
	/// Packets lost at the half load step, per ten thousand.
	pub loss_pptt: u16,
	/// Bit `i % 8`, least significant first, of byte `i / 8`: the target answered in the i-th of 40 parts of the epoch.
	pub liveness: [u8; 5],
}

/// One member of the whole committee.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Member {
	/// Barred by rule, or without a standing reveal: leaves the sum.
	Absent,
	/// Revealed, but no entry for this target: counts 0 everywhere.
	Silent,
	/// Revealed an entry.
	Reported(Measurement),
}

/// What the reports of one committee mean.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Estimate {
	/// Capacity towards the target, kbps.
	pub down_kbps: u32,
	/// Capacity from the target, kbps.
	pub up_kbps: u32,
	/// Estimate ÷ min(claim, sum of the quotas present), millionths; the smaller of both directions.
	pub ratio_ppm: u32,
	/// Members present, k′.
	pub present: u16,
	/// Median (the lower one of an even number) of the round-trip times of those that got an answer, 10 µs; 0 if none.
	pub rtt_10us: u16,
	/// Median of their losses, per ten thousand.
	pub loss_pptt: u16,
	/// Parts of the epoch (of 40) in which more than half of the members present saw the target alive.
	pub alive_parts: u8,
	/// More than half of the members present found the target unreachable.
	pub unreachable_majority: bool,
	/// A direction is below half, and at least half of the members present saw less than four fifths of an equal share
	/// among the whole committee.
	pub below_half_majority: bool,
}

/// Why there is no estimate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Void {
	/// Fewer than two thirds of the committee present, or no committee.
	TooFewMembers,
}

/// Concludes a test from the whole committee, `k_eff` long; members beyond [`MAX_COMMITTEE`] are not looked at.
///
/// A direction with a claim of 0 is fully delivered.
pub fn estimate(members: &[Member], claim_down_kbps: u32, claim_up_kbps: u32) -> Result<Estimate, Void> {
	let committee = members.get(..CAPACITY).unwrap_or(members);
	// At most MAX_COMMITTEE, like every count below.
	let k = committee.len() as u16;
	let present = count(committee, |member| *member != Member::Absent);
	if present == 0 || present.saturating_mul(3) < k.saturating_mul(2) {
		return Err(Void::TooFewMembers);
	}

	let down = direction(committee, claim_down_kbps, k, |report| report.down_kbps);
	let up = direction(committee, claim_up_kbps, k, |report| report.up_kbps);
	let answered = || committee.iter().filter_map(answer);
	let unreachable =
		|member: &Member| matches!(member, Member::Reported(report) if report.kind == Kind::Unreachable);
	let alive_parts = (0..LIVENESS_PARTS).filter(|part| {
		let alive =
			|member: &Member| matches!(member, Member::Reported(report) if is_alive(&report.liveness, *part));
		is_majority(count(committee, alive), present)
	});
	Ok(Estimate {
		down_kbps: down.estimate_kbps,
		up_kbps: up.estimate_kbps,
		ratio_ppm: down.ratio_ppm.min(up.ratio_ppm),
		present,
		rtt_10us: median(answered().map(|report| report.rtt_10us)),
		loss_pptt: median(answered().map(|report| report.loss_pptt)),
		alive_parts: alive_parts.count() as u8,
		unreachable_majority: is_majority(count(committee, unreachable), present),
		below_half_majority: down.is_below_half_by_majority || up.is_below_half_by_majority,
	})
}

/// Most that `k` present members, `corrupt` of them liars, can be made to show for a line of `capacity_kbps`, kbps.
pub fn upper_bound(k: u16, corrupt: u16, quota_kbps: u32, capacity_kbps: u32) -> u64 {
	let trimmed = trim(k);
	let (sum, kept) = if corrupt <= trimmed {
		(u64::from(capacity_kbps), k.saturating_sub(corrupt))
	} else {
		let invented = u64::from(quota_kbps).saturating_mul(u64::from(corrupt.saturating_sub(trimmed)));
		(u64::from(capacity_kbps).saturating_add(invented), k.saturating_sub(trimmed))
	};
	let offered = u64::from(quota_kbps).saturating_mul(u64::from(k));
	scaled(sum, k, kept).min(offered)
}

/// Least that `k` present members show for a line of `capacity_kbps` that shares fairly, when `corrupt` of them
/// withhold their load and report anything, kbps.
pub fn lower_bound(k: u16, corrupt: u16, quota_kbps: u32, capacity_kbps: u32) -> u64 {
	least(k, corrupt, quota_kbps, capacity_kbps, k.saturating_sub(corrupt))
}

/// The same when `corrupt` of them load the line fully and deny it: each leaves the target a receipt against itself.
pub fn lower_bound_loaded(k: u16, corrupt: u16, quota_kbps: u32, capacity_kbps: u32) -> u64 {
	least(k, corrupt, quota_kbps, capacity_kbps, k)
}

/// Honest members of a line shared by `sharing` flows, of which all but the trimmed and the denied are kept.
fn least(k: u16, corrupt: u16, quota_kbps: u32, capacity_kbps: u32, sharing: u16) -> u64 {
	let share = capacity_kbps.checked_div(u32::from(sharing)).unwrap_or(0).min(quota_kbps);
	let kept = k.saturating_sub(trim(k));
	let honest_kept = u64::from(kept.saturating_sub(corrupt));
	scaled(u64::from(share).saturating_mul(honest_kept), k, kept)
}

/// `sum·k/kept`, 0 if nothing is kept. Saturating: a sum is at most 51 quotas of 32 bits.
fn scaled(sum: u64, k: u16, kept: u16) -> u64 {
	sum.saturating_mul(u64::from(k)).checked_div(u64::from(kept)).unwrap_or(0)
}

/// One direction's conclusion.
struct Direction {
	estimate_kbps: u32,
	ratio_ppm: u32,
	is_below_half_by_majority: bool,
}

fn direction(committee: &[Member], claim_kbps: u32, k: u16, rate_of: fn(&Measurement) -> u32) -> Direction {
	let quota = quota_kbps(claim_kbps, k);
	let capped = |member: &Member| match member {
		Member::Absent => None,
		Member::Silent => Some(0),
		Member::Reported(report) if report.kind == Kind::Unreachable => Some(0),
		Member::Reported(report) => Some(rate_of(report).min(quota)),
	};
	let mut buffer = [0u32; CAPACITY];
	let rates = collect(&mut buffer, committee.iter().filter_map(capped));
	rates.sort_unstable();

	let present = rates.len() as u16;
	let kept = present.saturating_sub(trim(present));
	let sum: u64 = rates.iter().take(usize::from(kept)).map(|rate| u64::from(*rate)).sum();
	// At most k′ quotas of 50 Mbps.
	let estimate = scaled(sum, present, kept);
	let due = u64::from(quota).saturating_mul(u64::from(present)).min(u64::from(claim_kbps));
	let ratio_ppm = estimate.saturating_mul(MILLION).checked_div(due).unwrap_or(MILLION) as u32;

	// rate < ⅘ · min(claim, q·k) ÷ k, without the divisions.
	let shares = u64::from(quota).saturating_mul(u64::from(k)).min(u64::from(claim_kbps)).saturating_mul(4);
	let parts = u64::from(k).saturating_mul(5);
	let below = rates.iter().filter(|rate| u64::from(**rate).saturating_mul(parts) < shares).count() as u16;
	Direction {
		estimate_kbps: estimate as u32,
		ratio_ppm,
		is_below_half_by_majority: ratio_ppm < HALF_PPM && below.saturating_mul(2) >= present,
	}
}

fn answer(member: &Member) -> Option<&Measurement> {
	match member {
		Member::Reported(report) if report.kind != Kind::Unreachable => Some(report),
		_ => None,
	}
}

fn is_alive(liveness: &[u8; 5], part: u8) -> bool {
	liveness.get(usize::from(part / 8)).is_some_and(|byte| (byte >> (part % 8)) & 1 == 1)
}

fn is_majority(members: u16, present: u16) -> bool {
	members.saturating_mul(2) > present
}

fn count(committee: &[Member], condition: impl Fn(&Member) -> bool) -> u16 {
	committee.iter().filter(|member| condition(member)).count() as u16
}

fn median(values: impl Iterator<Item = u16>) -> u16 {
	let mut buffer = [0u16; CAPACITY];
	let values = collect(&mut buffer, values);
	values.sort_unstable();
	values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or(0)
}

/// Fills the buffer from the front and returns the part that was filled.
fn collect<T>(buffer: &mut [T; CAPACITY], values: impl Iterator<Item = T>) -> &mut [T] {
	let filled = buffer.iter_mut().zip(values).map(|(slot, value)| *slot = value).count();
	buffer.get_mut(..filled).unwrap_or_default()
}
