//! What a voucher is worth, what a channel still holds, and when the credits of a plan lapse. Research, economics, section
//! 2.12.
//!
//! A channel locks credits for one provider, and its vouchers say how many of them the provider has earned. Every count in a
//! voucher runs from the opening of the channel: rounding never adds up, and the highest voucher alone is money, however
//! many there were, in whichever order and how often they come.

use super::{
	units::{Credits, GIGABYTE},
	wide::mul_div_ceil,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// What the lowest boost class costs, per cent of the provider's price: no boost at all.
pub const LEAST_BOOST_PERCENT: u16 = 100;
/// What the highest boost class costs, per cent of the provider's price.
pub const MOST_BOOST_PERCENT: u16 = 300;
/// Whole epochs between the wish of a payer or a customer to close and the close: claims still count.
pub const CHALLENGE_EPOCHS: u32 = 4;
/// Whole epochs from the expiry of a channel on in which claims still count.
pub const GRACE_EPOCHS: u32 = 4;
/// Epochs from now to the expiry of a channel at most.
pub const MAX_LIFE_EPOCHS: u32 = 360;

const PERCENT: u128 = 100;

/// Credits per gigabyte in a boost class, rounded up. None if there is no such class or the price exceeds a `u64`.
pub fn boosted(price_per_gb: u64, boost_percent: u16) -> Option<u64> {
	if !(LEAST_BOOST_PERCENT..=MOST_BOOST_PERCENT).contains(&boost_percent) {
		return None;
	}
	mul_div_ceil(price_per_gb.into(), boost_percent.into(), PERCENT)?.try_into().ok()
}

/// Credits that all bytes of a channel cost at `price_per_gb`, rounded up once: `⌈(down + up) · price ÷ 10⁹⌉`. None if they
/// exceed a `u128`, which bytes and prices of 64 bits never do.
pub fn charge(bytes_down: u64, bytes_up: u64, price_per_gb: u64) -> Option<Credits> {
	let bytes = u128::from(bytes_down).checked_add(bytes_up.into())?;
	mul_div_ceil(bytes, price_per_gb.into(), GIGABYTE)
}

/// First epoch in which anybody may close a channel that expires in `expiry`, the first epoch in which it is not meant to be
/// used: [`GRACE_EPOCHS`] later. Until then claims count.
pub fn closes_from(expiry: u32) -> u32 {
	// Saturating: an epoch that never comes is the safe side.
	expiry.saturating_add(GRACE_EPOCHS)
}

/// First epoch in which a channel is over that its payer or customer wants to close in `now`: [`CHALLENGE_EPOCHS`] after the
/// next epoch has begun, for the rest of `now` may be a moment. Until then claims count.
pub fn challenge_until(now: u32) -> u32 {
	// Saturating: an epoch that never comes is the safe side.
	now.saturating_add(1).saturating_add(CHALLENGE_EPOCHS)
}

/// Why a channel pays nothing for a voucher.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
	/// It asks for more credits than its bytes cost.
	AboveCharge,
	/// It asks for no more credits than were paid.
	NothingNew,
	/// The channel holds nothing any more.
	Drained,
}

/// Credits of a channel. Never less was deposited than is paid.
#[derive(
	Clone, Copy, PartialEq, Eq, Default, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Funds {
	/// All that was ever put into it.
	pub deposited: Credits,
	/// All that the provider was paid out of it.
	pub paid: Credits,
}

impl Funds {
	/// What it still holds.
	pub fn left(&self) -> Credits {
		// Saturates never: no more is paid than was deposited.
		self.deposited.saturating_sub(self.paid)
	}

	/// What is still to be paid of `credits` in all: at most what the channel holds, for an overdraft is paid in part, and
	/// nothing if as much was paid already.
	pub fn payable(&self, credits: Credits) -> Credits {
		// Saturating: of fewer credits than were paid nothing is left to pay.
		credits.min(self.deposited).saturating_sub(self.paid)
	}

	/// What a voucher of `credits` in all is paid now, never zero; `charge` is what its bytes cost. The refusals are looked
	/// for in the order of [`Refusal`].
	pub fn claim(&self, credits: Credits, charge: Credits) -> Result<Credits, Refusal> {
		if credits > charge {
			return Err(Refusal::AboveCharge);
		}
		if credits <= self.paid {
			return Err(Refusal::NothingNew);
		}
		match self.payable(credits) {
			0 => Err(Refusal::Drained),
			payable => Ok(payable),
		}
	}
}

/// Credits bought for a period. What is not used in it rolls into the next one, and lapses at the end of that.
#[derive(
	Clone, Copy, PartialEq, Eq, Default, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Plan {
	/// Credits of the running period.
	pub current: Credits,
	/// Credits of the period before.
	pub rolled: Credits,
	/// First epoch of the next period.
	pub until: u32,
}

impl Plan {
	/// What it holds. Saturating: no more than all credits there are.
	pub fn left(&self) -> Credits {
		self.current.saturating_add(self.rolled)
	}

	/// Brings it to the period that runs in `now`, and returns the credits that have lapsed. Periods are `period` epochs
	/// long, and at least one. Where one ends, what had rolled lapses and what was current rolls; once two have ended
	/// nothing is left.
	pub fn turn(&mut self, now: u32, period: u32) -> Credits {
		let Some(late) = now.checked_sub(self.until) else { return 0 };
		let period = period.max(1);
		let rolled = if late < period { self.current } else { 0 };
		let lapsed = self.left().saturating_sub(rolled);
		let begun = now.saturating_sub(late.checked_rem(period).unwrap_or(0));
		// Saturating: an epoch that never comes.
		*self = Self { current: 0, rolled, until: begun.saturating_add(period) };
		lapsed
	}

	/// Takes `credits` out of it, first those that lapse first. None if it holds less: then it keeps all.
	#[must_use]
	pub fn spend(&mut self, credits: Credits) -> Option<()> {
		// Saturating: what had rolled may be enough, and may be more.
		self.current = self.current.checked_sub(credits.saturating_sub(self.rolled))?;
		self.rolled = self.rolled.saturating_sub(credits);
		Some(())
	}

	/// Puts `credits` back that were taken out and not needed, as credits of the running period: what was in a channel
	/// counts as used. None if that exceeds a number's end: then nothing changes.
	#[must_use]
	pub fn put_back(&mut self, credits: Credits) -> Option<()> {
		self.current = self.current.checked_add(credits)?;
		Some(())
	}
}
