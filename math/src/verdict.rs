//! What follows from an estimate, over several tests, and what it costs.
//!
//! | ratio | outcome |
//! |---|---|
//! | ≥ 0.9 | good |
//! | 0.75–0.9 | paid as measured |
//! | 0.5–0.75, or below without a majority | paid as measured, claim lowered next epoch |
//! | < 0.5, reached by a majority | strike |
//!
//! Three strikes in five tests lead to one escalation by a fresh committee; only what that confirms costs a bond.

use crate::{
	committee::{MIN_CLAIM_KBPS, MIN_SLASHING_COMMITTEE},
	estimate::{Estimate, Void},
	rate::PackedKbps,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Ratio from which a test is good, millionths.
const GOOD_PPM: u32 = 900_000;
/// Ratio from which a claim stands, millionths.
const CLAIM_STANDS_PPM: u32 = 750_000;
/// Ratio below which a majority makes a strike, millionths.
const STRIKE_PPM: u32 = 500_000;
/// Ratio below which a confirmed claim is slashed at once and jailed, millionths.
const GROSS_PPM: u32 = 250_000;
/// First slash for a ratio below [`GROSS_PPM`], billionths of the bond.
const GROSS_SLASH_PPB: u32 = 50_000_000;
/// First slash for a ratio from there to [`STRIKE_PPM`], billionths of the bond.
const FALSE_CLAIM_SLASH_PPB: u32 = 10_000_000;
/// Slash of an attestor whose report a bilateral receipt contradicts, billionths of the bond.
pub const FALSE_REPORT_SLASH_PPB: u32 = 50_000_000;
/// No slash is larger, billionths of the bond.
const MAX_SLASH_PPB: u32 = 100_000_000;

/// Tests a strike is remembered for.
pub const WINDOW: usize = 5;
/// Strikes among them that lead to an escalation.
pub const STRIKES_TO_ESCALATE: u8 = 3;

/// What follows from one test.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Outcome {
	/// The claim was delivered.
	#[codec(index = 0)]
	Good,
	/// Paid for what was measured; the claim stands.
	#[codec(index = 1)]
	PaidAsMeasured,
	/// Paid for what was measured, which becomes the claim next epoch.
	#[codec(index = 2)]
	ClaimLowered,
	/// Less than half of the claim, says a majority.
	#[codec(index = 3)]
	Strike,
	/// An outage: no pay for the epoch, no strike.
	#[codec(index = 4)]
	Unreachable,
	/// The test did not take place; it is drawn again.
	#[codec(index = 5)]
	Void,
}

/// Why.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Reason {
	/// At least 0.9 of the claim.
	#[codec(index = 0)]
	WithinClaim,
	/// 0.75 to 0.9 of the claim.
	#[codec(index = 1)]
	BelowClaim,
	/// 0.5 to 0.75 of the claim.
	#[codec(index = 2)]
	BelowThreeQuarters,
	/// Below half of the claim, and a majority saw it.
	#[codec(index = 3)]
	BelowHalf,
	/// Below half of the claim, but no majority saw it: a minority may have withheld what it received.
	#[codec(index = 4)]
	BelowHalfWithoutMajority,
	/// A majority got no answer.
	#[codec(index = 5)]
	UnreachableByMajority,
	/// Fewer than two thirds of the committee present.
	#[codec(index = 6)]
	TooFewMembers,
	/// Below half of the claim, but an escalation's committee was too small to slash.
	#[codec(index = 7)]
	CommitteeTooSmall,
	/// Paused, jailed or gone when the test was due.
	#[codec(index = 8)]
	NotInService,
	/// No block revealed when the test was to run, so nobody could measure.
	#[codec(index = 9)]
	NotStarted,
}

impl Reason {
	/// What follows. Every reason has one outcome, so that whoever keeps the reason keeps both.
	pub const fn outcome(self) -> Outcome {
		match self {
			Self::WithinClaim => Outcome::Good,
			Self::BelowClaim => Outcome::PaidAsMeasured,
			Self::BelowThreeQuarters | Self::BelowHalfWithoutMajority | Self::CommitteeTooSmall => {
				Outcome::ClaimLowered
			}
			Self::BelowHalf => Outcome::Strike,
			Self::UnreachableByMajority => Outcome::Unreachable,
			Self::TooFewMembers | Self::NotInService | Self::NotStarted => Outcome::Void,
		}
	}
}

/// What follows from one test of a committee of `k_eff`, and why.
///
/// A strike from an ordinary test leads at most to an escalation, whatever the size of its committee; a strike from an
/// `escalation` slashes, and needs [`MIN_SLASHING_COMMITTEE`] members.
pub fn judge(result: &Result<Estimate, Void>, k_eff: u16, escalation: bool) -> (Outcome, Reason) {
	let reason = reason_for(result, k_eff, escalation);
	(reason.outcome(), reason)
}

fn reason_for(result: &Result<Estimate, Void>, k_eff: u16, escalation: bool) -> Reason {
	let estimate = match result {
		Ok(estimate) => estimate,
		Err(Void::TooFewMembers) => return Reason::TooFewMembers,
	};
	if estimate.unreachable_majority {
		return Reason::UnreachableByMajority;
	}
	match estimate.ratio_ppm {
		GOOD_PPM.. => Reason::WithinClaim,
		CLAIM_STANDS_PPM.. => Reason::BelowClaim,
		STRIKE_PPM.. => Reason::BelowThreeQuarters,
		_ if !estimate.below_half_majority => Reason::BelowHalfWithoutMajority,
		_ if escalation && k_eff < MIN_SLASHING_COMMITTEE => Reason::CommitteeTooSmall,
		_ => Reason::BelowHalf,
	}
}

/// What a verdict makes of a claim in one direction, kbps: what was `measured` of it, but never more than it is, and not
/// below the least claim.
pub fn lowered_kbps(claim_kbps: u32, measured_kbps: u32) -> u32 {
	claim_kbps.min(measured_kbps.max(MIN_CLAIM_KBPS))
}

/// A claim in six bytes: down, up.
type PackedClaim = (PackedKbps, PackedKbps);

/// One remembered test. A line is struck rarely and changes its claim rarely: only then is there more to remember.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct RememberedTest {
	/// Its epoch, if it was a strike, by which a dispute takes it back.
	struck_in: Option<u32>,
	/// The claim it was held against; none for that of the test before.
	claim: Option<PackedClaim>,
}

/// The last five tests of one bond account, oldest first, each with the claim it was held against. Belongs to the
/// account, not to its registration: registering anew does not clear it.
#[derive(
	Clone, Copy, Default, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct StrikeWindow {
	tests: [Option<RememberedTest>; WINDOW],
}

impl StrikeWindow {
	/// Remembers the test of `epoch` and forgets the one five before it. Void and outage tests are not pushed. Claims are
	/// exact up to [`PackedKbps::MAX_KBPS`].
	pub fn push(&mut self, epoch: u32, strike: bool, claim_down_kbps: u32, claim_up_kbps: u32) {
		let claim: PackedClaim = (claim_down_kbps.into(), claim_up_kbps.into());
		let is_new = self.tests.iter().rev().flatten().find_map(|test| test.claim) != Some(claim);
		let test = RememberedTest { struck_in: strike.then_some(epoch), claim: is_new.then_some(claim) };
		if let Some(free) = self.tests.iter_mut().find(|slot| slot.is_none()) {
			*free = Some(test);
			return;
		}
		self.tests.rotate_left(1);
		if let [Some(oldest), .., last] = &mut self.tests {
			let forgotten = last.replace(test);
			// Its claim is that of the next test, if that has none of its own.
			oldest.claim = oldest.claim.or(forgotten.and_then(|test| test.claim));
		}
	}

	/// Takes back the strike of `epoch`, which a dispute refuted. False if none is remembered.
	pub fn forgive(&mut self, epoch: u32) -> bool {
		let struck = self.tests.iter_mut().flatten().find(|test| test.struck_in == Some(epoch));
		struck.map(|test| test.struck_in = None).is_some()
	}

	/// Strikes among the remembered tests.
	pub fn strikes(&self) -> u8 {
		// At most WINDOW.
		self.tests.iter().flatten().filter(|test| test.struck_in.is_some()).count() as u8
	}

	/// Whether an escalation is due.
	pub fn should_escalate(&self) -> bool {
		self.strikes() >= STRIKES_TO_ESCALATE
	}

	/// Largest claim per direction (down, up) among the remembered tests, kbps: what an escalation is judged against.
	pub fn highest_claim(&self) -> (u32, u32) {
		self.tests
			.iter()
			.flatten()
			.filter_map(|test| test.claim)
			.fold((0, 0), |(down, up), claim| (u32::from(claim.0).max(down), u32::from(claim.1).max(up)))
	}

	/// Whether no test is remembered.
	pub fn is_empty(&self) -> bool {
		self.tests.iter().all(Option::is_none)
	}

	/// Forgets every test.
	pub fn clear(&mut self) {
		*self = Self::default();
	}
}

/// What an escalation costs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sanction {
	/// Nothing: it did not confirm the strikes.
	None,
	/// The claim is reset to what was measured and the epoch's pay is void.
	ResetClaim,
	/// The same, and a part of the bond.
	Slash {
		/// Part of the bond, billionths.
		parts_per_billion: u32,
		/// Whether the provider is also jailed.
		jail: bool,
	},
}

/// What an escalation of `ratio_ppm` costs, if it `agreed` with the strikes, after `earlier_offences` in 180 days.
///
/// Below 0.25: 5 % and jail. From 0.25 to 0.5: nothing of the bond the first time, then 1 %. Each doubles per repeat, up
/// to 10 %.
pub fn sanction(ratio_ppm: u32, agreed: bool, earlier_offences: u8) -> Sanction {
	if !agreed || ratio_ppm >= STRIKE_PPM {
		return Sanction::None;
	}
	if ratio_ppm < GROSS_PPM {
		return Sanction::Slash { parts_per_billion: doubled(GROSS_SLASH_PPB, earlier_offences), jail: true };
	}
	match earlier_offences.checked_sub(1) {
		None => Sanction::ResetClaim,
		Some(repeats) => {
			Sanction::Slash { parts_per_billion: doubled(FALSE_CLAIM_SLASH_PPB, repeats), jail: false }
		}
	}
}

fn doubled(first_ppb: u32, repeats: u8) -> u32 {
	2u32.saturating_pow(u32::from(repeats)).saturating_mul(first_ppb).min(MAX_SLASH_PPB)
}
