//! Whether a member's uplink carries what its tier has to.
//!
//! A seat declares its uplink; nobody measures it. But each test asks its members for a load, and a member that shows
//! less of it than the others do on a line that had room has said something about its own line.
//!
//! **Rule.** A test tells something about a member only in the directions whose quota needs the highest tier the
//! member's seat is in: more than the next lower tier covers, and no more than its own. There the member
//!
//! * *reached* it with four fifths of its quota in all such directions, whatever others saw;
//! * *fell short* with less in one in which the line had room;
//! * showed nothing otherwise.
//!
//! **The line had room** if the verdict is good and at least `k′ − ⌊k′/4⌋` of the `k′` members present saw nine tenths of
//! the quota or more. A line of exactly its claim leaves an equal share of four fifths (the quotas add up to 1.25 of the
//! claim), and says nothing about anybody.
//!
//! **What liars and targets can do.**
//!
//! * Nobody is named by what others report alone: whoever reports four fifths is safe.
//! * On a line without room no fewer than `k′ − ⌊k′/4⌋` liars make it look as if it had some: three quarters of those
//!   present.
//! * A target can starve whom it likes. At most `⌊k′/4⌋` members per direction fall short in one test, and the target
//!   has to serve all the others for it, at nine tenths of their quotas: it cannot pass for less than its claim.
//!
//! So a hostile target names up to a quarter of its committee at no cost, and one test must not decide anything.
//! [`Shortfalls`] counts *epochs* in which a member fell short without reaching its quota once, in a row. A member with
//! `n` telling tests per epoch, a share `h` of them by hostile targets, loses its tier in three given epochs with a
//! chance of at most `h³ⁿ`: for h = 0.25 that is 1.6 % for n = 1, 2·10⁻⁴ for n = 2, 10⁻⁹ for n = 5.

use crate::{
	committee::{quota_kbps, trim, TIERS_KBPS},
	estimate::Member,
};
use codec::{Decode, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Epochs in a row in which a seat may fall short before it loses its tier.
pub const SHORTFALLS: u8 = 3;

/// What a test shows of a member's uplink.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Showing {
	/// It carries what its tier has to.
	Reached,
	/// It does not, although the line had room.
	FellShort,
}

/// One direction of a test.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Load {
	quota_kbps: u32,
	had_room: bool,
}

/// What a test asked of each member, and whether its line had room for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Loads {
	down: Load,
	up: Load,
}

impl Loads {
	/// The loads of a test from its whole committee, by the claim in both directions and whether its verdict is good.
	pub fn of(members: &[Member], claim_down_kbps: u32, claim_up_kbps: u32, is_good: bool) -> Self {
		let k = u16::try_from(members.len()).unwrap_or(u16::MAX);
		let present = members.iter().filter(|member| **member != Member::Absent).count();
		let served = present.saturating_sub(usize::from(trim(u16::try_from(present).unwrap_or(u16::MAX))));
		let load = |claim_kbps, rate: fn((u32, u32)) -> u32| {
			let quota_kbps = quota_kbps(claim_kbps, k);
			let full =
				|member: &&Member| rates(member).is_some_and(|rates| is_part(rate(rates), quota_kbps, 9, 10));
			let had_room = is_good && present > 0 && members.iter().filter(full).count() >= served;
			Load { quota_kbps, had_room }
		};
		Self { down: load(claim_down_kbps, |rates| rates.0), up: load(claim_up_kbps, |rates| rates.1) }
	}

	/// What the test shows of a member whose seat declares this uplink; none if it shows nothing.
	pub fn show(&self, member: &Member, uplink_kbps: u32) -> Option<Showing> {
		let (down_kbps, up_kbps) = rates(member)?;
		let (lower_kbps, own_kbps) = tier_of(uplink_kbps)?;
		let telling = || {
			[(self.down, down_kbps), (self.up, up_kbps)]
				.into_iter()
				.filter(|(load, _)| load.quota_kbps > lower_kbps && load.quota_kbps <= own_kbps)
				.map(|(load, rate_kbps)| (is_part(rate_kbps, load.quota_kbps, 4, 5), load.had_room))
		};
		telling().next()?;
		if telling().all(|(reached, _)| reached) {
			Some(Showing::Reached)
		} else {
			telling().any(|(reached, had_room)| !reached && had_room).then_some(Showing::FellShort)
		}
	}
}

/// The tier below the highest one an uplink covers, and that one, kbps; 0 below the smallest. None below all tiers.
fn tier_of(uplink_kbps: u32) -> Option<(u32, u32)> {
	let covered = || TIERS_KBPS.into_iter().rev().filter(move |tier| *tier <= uplink_kbps);
	Some((covered().nth(1).unwrap_or(0), covered().next()?))
}

/// The uplink of the tier below the highest one an uplink covers, kbps; none in the smallest.
pub fn lower_tier_kbps(uplink_kbps: u32) -> Option<u32> {
	tier_of(uplink_kbps).map(|(lower, _)| lower).filter(|lower| *lower > 0)
}

fn rates(member: &Member) -> Option<(u32, u32)> {
	match member {
		Member::Reported(report) => Some((report.down_kbps, report.up_kbps)),
		Member::Absent | Member::Silent => None,
	}
}

/// Whether a rate is at least `parts` of `of` equal parts of the quota.
fn is_part(rate_kbps: u32, quota_kbps: u32, parts: u64, of: u64) -> bool {
	u64::from(rate_kbps).saturating_mul(of) >= u64::from(quota_kbps).saturating_mul(parts)
}

/// Epochs in a row in which a member fell short and never reached its quota. What it depends on is which tests an epoch
/// had, not in which order they are judged.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Shortfalls {
	/// How many.
	count: u8,
	/// The last epoch with a test that showed anything.
	epoch: u32,
}

impl Shortfalls {
	/// Works in what a test of `epoch` showed. Epochs come in order.
	pub fn note(&mut self, epoch: u32, showing: Showing) {
		match showing {
			Showing::Reached => self.count = 0,
			Showing::FellShort if epoch > self.epoch => self.count = self.count.saturating_add(1),
			Showing::FellShort => {}
		}
		self.epoch = epoch;
	}

	/// The last epoch with a test that showed anything; 0 if none did.
	pub fn epoch(&self) -> u32 {
		self.epoch
	}

	/// Epochs counted.
	pub fn count(&self) -> u8 {
		self.count
	}

	/// Whether the seat has lost its tier.
	pub fn are_enough(&self) -> bool {
		self.count >= SHORTFALLS
	}
}
