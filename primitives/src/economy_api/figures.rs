//! Bonds, brakes, the stable path, pots, and the close that runs.

use crate::{
	economy::{Credits, Ppm, Price, Round, Tokens},
	types::{EpochIndex, Kbps, Region, Role, SlashReason},
};
use alloc::vec::Vec;
use codec::{Decode, Encode};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

answer! {
	/// What a claim needs, grains.
	pub struct ClaimBond {
		/// The smaller direction of the claim.
		pub kbps: Kbps,
		/// What whoever makes the claim now has to have bonded.
		pub needed: Tokens,
		/// What has to stay of it for as long as the claim does: the same by the lowest rate there may be. What it does not
		/// cover by the rate of the day does not earn.
		pub lasting: Tokens,
		/// Today's rate: bond for each 1,000 kbps.
		pub per_mbps: Tokens,
		/// What has to be bonded whatever the claim.
		pub least: Tokens,
	}
}

answer! {
	/// A part of a bond that is on its way out.
	pub struct Unbonding {
		/// How much, grains.
		pub tokens: Tokens,
		/// First epoch in which it may be withdrawn.
		pub free_at: EpochIndex,
	}
}

answer! {
	/// The bond of an account in one role, grains.
	pub struct BondInfo {
		/// What counts for the role.
		pub active: Tokens,
		/// What it would have to be for what the account claims if it claimed that now.
		pub needed: Tokens,
		/// What it has to be for as long as the account claims that.
		pub lasting: Tokens,
		/// What is unbonding, in the order in which it becomes free.
		pub unbonding: Vec<Unbonding>,
		/// Of that, what can be withdrawn now.
		pub free: Tokens,
		/// What the slashes that wait will take, and keep from being withdrawn. May exceed what is there.
		pub withheld: Tokens,
	}
}

answer! {
	/// A slash that waits.
	pub struct SlashInfo<AccountId> {
		/// Its number.
		pub id: u32,
		/// Which bond it takes from.
		pub role: Role,
		/// What it takes, grains.
		pub tokens: Tokens,
		/// What part of the bond that was when it was queued.
		pub fraction: Ppm,
		/// Why.
		pub reason: SlashReason,
		/// First epoch in which it applies, unless it is cancelled or such slashes are paused.
		pub due: EpochIndex,
		/// Who brought the evidence, and gets a part.
		pub reporter: Option<AccountId>,
	}
}

answer! {
	/// The bonds of an account, and what is about to be taken from them.
	pub struct BondsInfo<AccountId> {
		/// The running epoch.
		pub epoch: EpochIndex,
		/// As a provider.
		pub provider: BondInfo,
		/// As a validator.
		pub validator: BondInfo,
		/// What the active bond as a provider covers by today's rate: no more of a line earns.
		pub covered: Kbps,
		/// Slashes that wait, by their numbers, at most 100.
		pub slashes: Vec<SlashInfo<AccountId>>,
	}
}

/// What the emergency track may pause.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub enum Paused {
	/// Purchases of credits.
	#[codec(index = 0)]
	Purchases,
	/// Slashes of 30 % and more: they wait.
	#[codec(index = 1)]
	Slashes,
	/// A region: no coverage floor there, and no multiplier above one.
	#[codec(index = 2)]
	Region(Region),
}

answer! {
	/// A brake that is on.
	pub struct BrakeInfo {
		/// What is paused.
		pub what: Paused,
		/// First epoch in which it is not any more.
		pub until: EpochIndex,
	}
}

answer! {
	/// What the pool holds.
	pub struct PoolInfo {
		/// Tokens, grains.
		pub tokens: Tokens,
		/// The stable asset, credits' worth.
		pub stable: Credits,
	}
}

/// Why the stable asset in the pot waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub enum SliceWait {
	/// There is no pool, or nothing in it.
	#[codec(index = 0)]
	NoPool,
	/// The pool is too shallow for a slice.
	#[codec(index = 1)]
	PoolTooShallow,
	/// Median, running average and pool disagree.
	#[codec(index = 2)]
	PricesDisagree,
	/// Nobody reports, and the pool has no average of rounds that are over.
	#[codec(index = 3)]
	NoPoolAverage,
	/// A price of zero is none.
	#[codec(index = 4)]
	NoPrice,
	/// The pool or the ledger refused: mostly because the pool gives less than 99 % of what the slice is worth.
	#[codec(index = 5)]
	Refused,
}

answer! {
	/// Credits for the stable asset: what may be bought, and how far what was bought is backed.
	pub struct StablePathInfo {
		/// The running round.
		pub round: Round,
		/// The pool; none without one.
		pub pool: Option<PoolInfo>,
		/// Its average price over the last rounds that are over; none if it has none.
		pub average: Option<Price>,
		/// Whether the emergency track has paused purchases.
		pub paused: bool,
		/// Credits that can be bought now.
		pub limit: Credits,
		/// Credits that were bought and wait for their tokens.
		pub pending: Credits,
		/// What the next slice spends, credits' worth.
		pub slice: Credits,
		/// Round in which a slice was last tried.
		pub tried: Option<Round>,
		/// Why that one was not spent; none if it was, or nothing waits.
		pub waits: Option<SliceWait>,
	}
}

answer! {
	/// An account without a key.
	pub struct PotInfo<AccountId> {
		/// The account.
		pub account: AccountId,
		/// Its tokens, grains.
		pub tokens: Tokens,
		/// Its units of the stable asset.
		pub stable: Credits,
	}
}

answer! {
	/// Accounts that nobody has a key of.
	pub struct PotsInfo<AccountId> {
		/// What governance spends.
		pub treasury: PotInfo<AccountId>,
		/// What the track of the economy may still spend of it in this window, grains.
		pub small_spend_left: Tokens,
		/// Pay that was minted and not claimed, locked pay included, and bounties that were drawn.
		pub rewards: PotInfo<AccountId>,
		/// The stable asset that has not bought tokens yet.
		pub stable: PotInfo<AccountId>,
	}
}

/// What the close of an epoch does next. The three passes run over all regions.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub enum ClosePhase {
	/// Divides what was settled among the epochs that claimed it.
	#[codec(index = 0)]
	Rates,
	/// Looks at what regions used and lack.
	#[codec(index = 1)]
	Survey,
	/// Adds up what regions want.
	#[codec(index = 2)]
	Appraise,
	/// Pays them.
	#[codec(index = 3)]
	Pay,
	/// Pays validators, attestors and the treasury.
	#[codec(index = 4)]
	Shares,
	/// Recredits, and keeps the summary.
	#[codec(index = 5)]
	Finish,
}

answer! {
	/// A close that runs.
	pub struct CloseProgress {
		/// What payees are paid at; none if the price is lost.
		pub price: Option<Price>,
		/// What it does next.
		pub phase: ClosePhase,
		/// The next number of that phase: an epoch while it divides, a region in its three passes, else 0.
		pub next: u32,
		/// One more than the largest number of a region.
		pub regions: u32,
	}
}

answer! {
	/// How far epochs are closed.
	pub struct CloseInfo {
		/// The next epoch to close: all before it are closed.
		pub epoch: EpochIndex,
		/// The running epoch.
		pub running: EpochIndex,
		/// Whether the next one is over and waits for a price formed after its end.
		pub waits_for_price: bool,
		/// How far its close is; none while none runs.
		pub progress: Option<CloseProgress>,
	}
}
