//! Six counters that always add up to the cap, and everything that may move them.
//!
//! ```text
//! I + R + D + B + Z + X == S_max
//! I == genesis + emitted + insured + reminted - burned
//! reminted + B + Z + X + recredited == burned
//! C == 0  =>  B == 0         C_pending <= C
//! ```
//!
//! R, D, B, Z and X are numbers, no balances. Every operation applies completely, or returns an error and changes nothing.
//! Source: research, economics, sections 2.2 to 2.4 and 2.6; the pending credits are a decision of the design.

use super::{
	emission::{self, Schedule, BUCKET_SLICES},
	parameters::Parameters,
	units::{Credits, Ppm, Price, Tokens, GRAINS_PER_CREDIT, MILLION, SUPPLY_CAP},
	wide::{mul_div_ceil, mul_div_floor, part_floor},
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// The supply ledger.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase"))]
pub struct Ledger {
	/// Tokens at genesis.
	pub genesis: Tokens,
	/// `I`: tokens that exist.
	pub issuance: Tokens,
	/// `R`: what no epoch has released yet.
	pub reserve: Tokens,
	/// `D`: released for availability pay, not minted.
	pub bucket: Tokens,
	/// `B`: burned tokens whose credits are outstanding.
	pub basis: Tokens,
	/// `Z`: burned tokens that help out when the basis is too small.
	pub buffer: Tokens,
	/// `X`: gone.
	pub destroyed: Tokens,
	/// `C`: credits outstanding.
	pub credits: Credits,
	/// The part of them that was sold for the stable asset and has no tokens in the basis yet.
	pub pending_credits: Credits,
	/// Ever burned.
	pub burned: Tokens,
	/// Ever minted out of basis and buffer.
	pub reminted: Tokens,
	/// Ever minted out of the bucket for fees.
	pub insured: Tokens,
	/// Ever minted out of reserve and bucket, less what was given back.
	pub emitted: Tokens,
	/// Ever put back from the destroyed into the reserve.
	pub recredited: Tokens,
}

/// What one settlement moved.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase"))]
pub struct Settlement {
	/// Credits that were settled: at most those with tokens in the basis.
	pub credits: Credits,
	/// Tokens that the providers' and others' share was worth.
	pub needed: Tokens,
	/// Minted for providers.
	pub provider: Tokens,
	/// Minted for attestors.
	pub attestor: Tokens,
	/// Minted for the treasury.
	pub treasury: Tokens,
	/// What left the basis with the credits.
	pub basis: Tokens,
	/// Of it, what went into the buffer,
	pub to_buffer: Tokens,
	/// and what was destroyed.
	pub destroyed: Tokens,
	/// Minted out of the buffer.
	pub from_buffer: Tokens,
	/// Minted out of the bucket.
	pub insured: Tokens,
	/// The part of the need that nothing paid for, the same for all.
	pub haircut_ppm: Ppm,
}

impl Settlement {
	/// Everything that was minted.
	pub fn minted(&self) -> Tokens {
		// Parts of one mint that fitted into a u128.
		self.provider.saturating_add(self.attestor).saturating_add(self.treasury)
	}
}

/// Why an operation of the ledger did not happen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LedgerError {
	/// A counter would leave the range of its type.
	Overflow,
	/// More than the cap at genesis.
	AboveCap,
	/// More tokens than exist.
	Issuance,
	/// More than the reserve holds.
	Reserve,
	/// More than the bucket holds.
	Bucket,
	/// More credits than are outstanding and backed by the basis.
	Credits,
	/// More credits than wait for tokens.
	Pending,
	/// More than was ever emitted.
	Emitted,
	/// Credits without tokens, or tokens without credits.
	Empty,
	/// A price of zero.
	NoPrice,
}

/// Which equation does not hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Broken {
	/// The six counters do not add up to the cap.
	Cap,
	/// What exists is not what was minted less what was burned.
	Issuance,
	/// What was burned is not accounted for.
	Burned,
	/// Tokens in the basis without a credit outstanding.
	Basis,
	/// More pending credits than credits.
	Pending,
}

use LedgerError::Overflow;

fn add(counter: &mut u128, amount: u128) -> Result<(), LedgerError> {
	*counter = counter.checked_add(amount).ok_or(Overflow)?;
	Ok(())
}

fn take(counter: &mut u128, amount: u128, error: LedgerError) -> Result<(), LedgerError> {
	*counter = counter.checked_sub(amount).ok_or(error)?;
	Ok(())
}

impl Ledger {
	/// The ledger of a chain that begins with `issuance` tokens: all others are in the reserve.
	pub fn genesis(issuance: Tokens) -> Result<Self, LedgerError> {
		let reserve = SUPPLY_CAP.checked_sub(issuance).ok_or(LedgerError::AboveCap)?;
		Ok(Self { genesis: issuance, issuance, reserve, ..Self::default() })
	}

	/// Credits that have tokens in the basis: `C - C_pending`, the base of settlements.
	pub fn backed_credits(&self) -> Credits {
		// Pending credits are part of the credits (checked by `check`).
		self.credits.saturating_sub(self.pending_credits)
	}

	/// Everything that was ever destroyed, put back or not. Only rises.
	pub fn ever_destroyed(&self) -> Tokens {
		// Both are parts of what was burned.
		self.destroyed.saturating_add(self.recredited)
	}

	/// `tokens` were burned for `credits`.
	pub fn buy(&mut self, credits: Credits, tokens: Tokens) -> Result<(), LedgerError> {
		if credits == 0 || tokens == 0 {
			return Err(LedgerError::Empty);
		}
		let mut next = *self;
		next.burn(tokens)?;
		add(&mut next.basis, tokens)?;
		add(&mut next.credits, credits)?;
		*self = next;
		Ok(())
	}

	/// `credits` were sold for the stable asset. They wait for tokens.
	pub fn buy_stable(&mut self, credits: Credits) -> Result<(), LedgerError> {
		if credits == 0 {
			return Err(LedgerError::Empty);
		}
		let mut next = *self;
		add(&mut next.credits, credits)?;
		add(&mut next.pending_credits, credits)?;
		*self = next;
		Ok(())
	}

	/// `tokens` were bought for the stable asset of `credits` that waited, and burned.
	pub fn back(&mut self, credits: Credits, tokens: Tokens) -> Result<(), LedgerError> {
		if credits == 0 || tokens == 0 {
			return Err(LedgerError::Empty);
		}
		let mut next = *self;
		take(&mut next.pending_credits, credits, LedgerError::Pending)?;
		next.burn(tokens)?;
		add(&mut next.basis, tokens)?;
		*self = next;
		Ok(())
	}

	/// `tokens` were burned for nothing.
	pub fn destroy(&mut self, tokens: Tokens) -> Result<(), LedgerError> {
		let mut next = *self;
		next.burn(tokens)?;
		add(&mut next.destroyed, tokens)?;
		*self = next;
		Ok(())
	}

	/// Settles `credits`, as far as they are backed: their part of the basis leaves it, the shares are minted at
	/// `price_high` out of it, then out of the buffer, then out of the bucket up to `insurance_limit`. What is left of the
	/// basis goes into the buffer and into nothing. Without credits nothing moves.
	///
	/// ```text
	/// b     = B · c ÷ (C - C_pending)
	/// need  = c · rho ÷ P_hi
	/// if need <= b: s = b - need, dZ = min(fill · s, max(0, target · (B - b) - Z)), X += s - dZ
	/// else:         Z pays first, then insurance
	/// ```
	pub fn settle(
		&mut self,
		credits: Credits,
		parameters: &Parameters,
		price_high: Price,
		insurance_limit: Tokens,
	) -> Result<Settlement, LedgerError> {
		if price_high == 0 {
			return Err(LedgerError::NoPrice);
		}
		let base = self.backed_credits();
		let credits = credits.min(base);
		if credits == 0 {
			return Ok(Settlement::default());
		}
		let shares = [parameters.provider_share, parameters.attestor_share, parameters.treasury_share];
		// Three 32-bit numbers.
		let rho = shares.iter().fold(0u128, |sum, share| sum.saturating_add(u128::from(*share))).min(MILLION);
		let basis = mul_div_floor(self.basis, credits, base).ok_or(Overflow)?;
		// A need beyond a u128 is paid as far as there is anything.
		let scaled = rho.checked_mul(GRAINS_PER_CREDIT / MILLION).ok_or(Overflow)?;
		let needed = mul_div_floor(credits, scaled, price_high).unwrap_or(Tokens::MAX);
		let insurance = insurance_limit.min(self.bucket);
		let available =
			basis.checked_add(self.buffer).and_then(|sum| sum.checked_add(insurance)).ok_or(Overflow)?;
		let paid = needed.min(available);
		let part = |share: Ppm| mul_div_floor(paid, share.into(), rho).unwrap_or(0);
		let mut settlement = Settlement {
			credits,
			needed,
			provider: part(parameters.provider_share),
			attestor: part(parameters.attestor_share),
			treasury: part(parameters.treasury_share),
			basis,
			haircut_ppm: haircut(needed, paid),
			..Settlement::default()
		};
		// Shares above a whole would make the parts exceed what is there.
		let minted = settlement.minted();
		if minted > paid {
			return Err(Overflow);
		}
		let from_basis = minted.min(basis);
		let beyond_basis = minted.saturating_sub(from_basis);
		settlement.from_buffer = beyond_basis.min(self.buffer);
		settlement.insured = beyond_basis.saturating_sub(settlement.from_buffer);

		let mut next = *self;
		take(&mut next.credits, credits, LedgerError::Credits)?;
		take(&mut next.basis, basis, LedgerError::Empty)?;
		take(&mut next.buffer, settlement.from_buffer, LedgerError::Empty)?;
		take(&mut next.bucket, settlement.insured, LedgerError::Bucket)?;
		let surplus = basis.saturating_sub(from_basis);
		let room = part_floor(next.basis, parameters.buffer_target).saturating_sub(next.buffer);
		settlement.to_buffer = part_floor(surplus, parameters.buffer_fill).min(room);
		settlement.destroyed = surplus.saturating_sub(settlement.to_buffer);
		add(&mut next.buffer, settlement.to_buffer)?;
		add(&mut next.destroyed, settlement.destroyed)?;
		add(&mut next.issuance, minted)?;
		add(&mut next.reminted, from_basis.saturating_add(settlement.from_buffer))?;
		add(&mut next.insured, settlement.insured)?;
		*self = next;
		Ok(settlement)
	}

	/// Releases an epoch's emission: the providers' slice goes from the reserve into the bucket, and what the bucket holds
	/// beyond its most goes back. The other parts stay in the reserve until [`Self::emit_reserve`].
	pub fn schedule(&mut self, parameters: &Parameters) -> Result<Schedule, LedgerError> {
		let schedule = emission::split(emission::emission(self.reserve, parameters.lambda));
		let mut next = *self;
		take(&mut next.reserve, schedule.slice, LedgerError::Reserve)?;
		add(&mut next.bucket, schedule.slice)?;
		let most = schedule.slice.checked_mul(BUCKET_SLICES).ok_or(Overflow)?;
		let overflow = next.bucket.saturating_sub(most);
		take(&mut next.bucket, overflow, LedgerError::Bucket)?;
		add(&mut next.reserve, overflow)?;
		*self = next;
		Ok(schedule)
	}

	/// Mints out of the reserve.
	pub fn emit_reserve(&mut self, tokens: Tokens) -> Result<(), LedgerError> {
		let mut next = *self;
		take(&mut next.reserve, tokens, LedgerError::Reserve)?;
		add(&mut next.issuance, tokens)?;
		add(&mut next.emitted, tokens)?;
		*self = next;
		Ok(())
	}

	/// Puts tokens that were emitted out of the reserve, and that nobody earned, back into it.
	pub fn return_reserve(&mut self, tokens: Tokens) -> Result<(), LedgerError> {
		let mut next = *self;
		take(&mut next.issuance, tokens, LedgerError::Issuance)?;
		take(&mut next.emitted, tokens, LedgerError::Emitted)?;
		add(&mut next.reserve, tokens)?;
		*self = next;
		Ok(())
	}

	/// Mints out of the bucket.
	pub fn emit_bucket(&mut self, tokens: Tokens) -> Result<(), LedgerError> {
		let mut next = *self;
		take(&mut next.bucket, tokens, LedgerError::Bucket)?;
		add(&mut next.issuance, tokens)?;
		add(&mut next.emitted, tokens)?;
		*self = next;
		Ok(())
	}

	/// Puts tokens that were emitted and forfeited back into the bucket.
	pub fn give_back(&mut self, tokens: Tokens) -> Result<(), LedgerError> {
		let mut next = *self;
		take(&mut next.issuance, tokens, LedgerError::Issuance)?;
		take(&mut next.emitted, tokens, LedgerError::Emitted)?;
		add(&mut next.bucket, tokens)?;
		*self = next;
		Ok(())
	}

	/// Puts at most `limit` of the destroyed tokens back into the reserve. Returns how many.
	pub fn recredit(&mut self, limit: Tokens) -> Result<Tokens, LedgerError> {
		let tokens = limit.min(self.destroyed);
		let mut next = *self;
		take(&mut next.destroyed, tokens, LedgerError::Issuance)?;
		add(&mut next.reserve, tokens)?;
		add(&mut next.recredited, tokens)?;
		*self = next;
		Ok(tokens)
	}

	/// Takes credits that nobody used out of circulation, and destroys their part of the basis. Returns that part.
	pub fn sweep(&mut self, credits: Credits) -> Result<Tokens, LedgerError> {
		self.retire(credits)
	}

	/// Takes credits out of circulation that were good for a time that is over. Half of their part of the basis, rounded down,
	/// backs insurance, the rest is destroyed (research, economics, section 2.12). Returns that part.
	pub fn lapse(&mut self, credits: Credits) -> Result<Tokens, LedgerError> {
		let mut next = *self;
		let tokens = next.retire(credits)?;
		let half = tokens / 2;
		take(&mut next.destroyed, half, LedgerError::Issuance)?;
		add(&mut next.buffer, half)?;
		*self = next;
		Ok(tokens)
	}

	/// Takes the credits of a fee out of circulation, and destroys their part of the basis: `B -= ⌈B · f ÷ C⌉`. Returns
	/// that part.
	pub fn sponsor(&mut self, credits: Credits) -> Result<Tokens, LedgerError> {
		self.retire(credits)
	}

	/// Whether every equation holds.
	pub fn check(&self) -> Result<(), Broken> {
		let sum = |parts: &[u128]| parts.iter().try_fold(0u128, |sum, part| sum.checked_add(*part));
		let six = [self.issuance, self.reserve, self.bucket, self.basis, self.buffer, self.destroyed];
		if sum(&six) != Some(SUPPLY_CAP) {
			return Err(Broken::Cap);
		}
		let minted = sum(&[self.genesis, self.emitted, self.insured, self.reminted]);
		if minted.is_none() || minted != self.issuance.checked_add(self.burned) {
			return Err(Broken::Issuance);
		}
		if sum(&[self.reminted, self.basis, self.buffer, self.destroyed, self.recredited])
			!= Some(self.burned)
		{
			return Err(Broken::Burned);
		}
		if self.credits == 0 && self.basis != 0 {
			return Err(Broken::Basis);
		}
		if self.pending_credits > self.credits {
			return Err(Broken::Pending);
		}
		Ok(())
	}

	/// Only credits that are backed: the pending ones are still owed their tokens.
	fn retire(&mut self, credits: Credits) -> Result<Tokens, LedgerError> {
		if credits > self.backed_credits() {
			return Err(LedgerError::Credits);
		}
		if credits == 0 {
			return Ok(0);
		}
		let basis = mul_div_ceil(self.basis, credits, self.credits).ok_or(Overflow)?;
		let mut next = *self;
		take(&mut next.credits, credits, LedgerError::Credits)?;
		take(&mut next.basis, basis, LedgerError::Empty)?;
		add(&mut next.destroyed, basis)?;
		*self = next;
		Ok(basis)
	}

	fn burn(&mut self, tokens: Tokens) -> Result<(), LedgerError> {
		take(&mut self.issuance, tokens, LedgerError::Issuance)?;
		add(&mut self.burned, tokens)
	}
}

/// The part of the need that was not paid, millionths rounded down.
fn haircut(needed: Tokens, paid: Tokens) -> Ppm {
	mul_div_floor(needed.saturating_sub(paid), MILLION, needed)
		.and_then(|share| Ppm::try_from(share).ok())
		.unwrap_or(0)
}
