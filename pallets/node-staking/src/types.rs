//! What the pallet stores.

use crate::Config;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
	traits::fungible, CloneNoBound, DebugNoBound, DefaultNoBound, EqNoBound, PartialEqNoBound,
};
use polkadot_sdk::*;
use scale_info::TypeInfo;
use sp_runtime::{traits::Zero, BoundedVec, Perbill};
use weir_primitives::{economy::Tokens, EpochIndex, Role, SlashReason};

/// Most rows a view returns.
pub const MAX_VIEW_ROWS: usize = 100;
/// Slashes of at least this fraction can be paused: research, economics, section 2.10, levels 3 and 4.
pub const HEAVY_SLASH: Perbill = Perbill::from_percent(30);

/// Token amount in grains.
pub type BalanceOf<T> =
	<<T as Config>::Currency as fungible::Inspect<<T as frame_system::Config>::AccountId>>::Balance;
/// A queued slash of this runtime.
pub type QueuedSlashOf<T> = QueuedSlash<<T as frame_system::Config>::AccountId, BalanceOf<T>>;

/// Tokens on their way out of a bond.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Chunk<Balance> {
	/// Amount, never zero.
	pub amount: Balance,
	/// First epoch in which it may be withdrawn.
	pub free_at: EpochIndex,
}

/// Why tokens could not be put aside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UnbondError {
	/// More than the active bond.
	ExceedsActive,
	/// As many chunks as a ledger holds.
	TooManyChunks,
}

/// The bond of one account in one role.
#[derive(
	CloneNoBound,
	PartialEqNoBound,
	EqNoBound,
	DebugNoBound,
	DefaultNoBound,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
#[scale_info(skip_type_params(T))]
#[codec(mel_bound(T: Config))]
pub struct Ledger<T: Config> {
	/// What counts for the role.
	pub active: BalanceOf<T>,
	/// What is unbonding, in the order in which it becomes free; one chunk per epoch.
	pub chunks: BoundedVec<Chunk<BalanceOf<T>>, T::MaxUnbondingChunks>,
	/// Sum of the queued slashes against this bond. May exceed what is left.
	pub pending: BalanceOf<T>,
}

impl<T: Config> Ledger<T> {
	/// What is unbonding, free or not.
	pub fn unbonding(&self) -> BalanceOf<T> {
		// Saturates never: the parts are on hold together, so their sum is a balance.
		self.chunks.iter().fold(Zero::zero(), |sum: BalanceOf<T>, chunk| sum.saturating_add(chunk.amount))
	}

	/// Everything a slash can reach: active and unbonding.
	pub fn total(&self) -> BalanceOf<T> {
		self.active.saturating_add(self.unbonding())
	}

	/// Whether nothing is bonded and no slash waits.
	pub fn is_empty(&self) -> bool {
		self.total().is_zero() && self.pending.is_zero()
	}

	/// Moves `amount` from the active bond to the chunk that becomes free at `free_at`.
	pub fn unbond(&mut self, amount: BalanceOf<T>, free_at: EpochIndex) -> Result<(), UnbondError> {
		if amount > self.active {
			return Err(UnbondError::ExceedsActive);
		}
		match self.chunks.iter_mut().find(|chunk| chunk.free_at == free_at) {
			Some(chunk) => chunk.amount = chunk.amount.saturating_add(amount),
			None => {
				self.chunks.try_push(Chunk { amount, free_at }).map_err(|_| UnbondError::TooManyChunks)?
			}
		}
		self.active = self.active.saturating_sub(amount);
		Ok(())
	}

	/// What of the bond is free in epoch `now`, whether or not queued slashes withhold it.
	pub fn free(&self, now: EpochIndex) -> BalanceOf<T> {
		self.chunks
			.iter()
			.filter(|chunk| chunk.free_at <= now)
			.fold(Zero::zero(), |sum: BalanceOf<T>, chunk| sum.saturating_add(chunk.amount))
	}

	/// Takes out what is free in epoch `now`, but leaves as much as the queued slashes will take.
	pub fn withdraw(&mut self, now: EpochIndex) -> BalanceOf<T> {
		let allowance = self.total().saturating_sub(self.pending);
		let mut freed: BalanceOf<T> = Zero::zero();
		for chunk in self.chunks.iter_mut().filter(|chunk| chunk.free_at <= now) {
			let part = chunk.amount.min(allowance.saturating_sub(freed));
			chunk.amount = chunk.amount.saturating_sub(part);
			freed = freed.saturating_add(part);
		}
		self.chunks.retain(|chunk| !chunk.amount.is_zero());
		freed
	}

	/// Takes `amount` away: from the active bond first, then from the chunks that become free last, so that a node
	/// that prepared its exit gains nothing by it.
	pub fn take(&mut self, amount: BalanceOf<T>) {
		let part = amount.min(self.active);
		self.active = self.active.saturating_sub(part);
		let mut rest = amount.saturating_sub(part);
		for chunk in self.chunks.iter_mut().rev() {
			let part = rest.min(chunk.amount);
			chunk.amount = chunk.amount.saturating_sub(part);
			rest = rest.saturating_sub(part);
		}
		self.chunks.retain(|chunk| !chunk.amount.is_zero());
	}
}

/// What a node says of its operator. None of an operator: the node is its own.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Declaration<AccountId> {
	/// Who operates it from `since` on.
	pub operator: Option<AccountId>,
	/// First epoch of the operator; 0 if there was never another.
	pub since: EpochIndex,
	/// Who operated it before.
	pub previous: Option<AccountId>,
	/// Whom it asks to be its operator.
	pub asked: Option<AccountId>,
}

impl<AccountId> Default for Declaration<AccountId> {
	fn default() -> Self {
		Self { operator: None, since: 0, previous: None, asked: None }
	}
}

impl<AccountId> Declaration<AccountId> {
	/// Who operates the node in `epoch`, back to 8 epochs ago.
	pub fn at(&self, epoch: EpochIndex) -> Option<&AccountId> {
		let operator = if epoch >= self.since { &self.operator } else { &self.previous };
		operator.as_ref()
	}

	/// Whether it says nothing, and never said anything that took effect.
	pub fn is_empty(&self) -> bool {
		self.since == 0 && self.operator.is_none() && self.asked.is_none()
	}
}

/// A slash that waits.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct QueuedSlash<AccountId, Balance> {
	/// Whose bond.
	pub who: AccountId,
	/// Which of its bonds.
	pub role: Role,
	/// What it takes: `fraction` of everything bonded when it was queued, rounded up.
	pub amount: Balance,
	/// The fraction that was asked for.
	pub fraction: Perbill,
	/// Why.
	pub reason: SlashReason,
	/// First epoch in which it applies.
	pub due: EpochIndex,
	/// Who brought the evidence, and gets its part.
	pub reporter: Option<AccountId>,
}

/// What the bond per kbps is, and what it follows.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct BondRate {
	/// Bond for each 1,000 kbps, grains. Zero before the first day: the floor counts.
	pub per_mbps: Tokens,
	/// Average reward of an epoch for each 1,000 units of weight, grains.
	pub reward: Tokens,
	/// Epoch in which the rate was last set.
	pub moved_in: EpochIndex,
}
