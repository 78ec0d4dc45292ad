//! What this pallet stores.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::sp_runtime::DispatchError;
use scale_info::TypeInfo;
use weir_math::economy::{
	emission::Schedule,
	ledger::{LedgerError, Settlement},
};
use weir_primitives::{
	economy::{CloseTerms, Credits, Parameters, Price, RegionId, Round, SettlementRate, Tokens},
	EpochIndex,
};

macro_rules! stored_type {
	($item:item) => {
		#[derive(
			Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
		)]
		$item
	};
}

stored_type! {
	/// Credits of an account.
	#[derive(Default)]
	pub struct CreditAccount {
		/// Free to spend.
		pub balance: Credits,
		/// In locks of payment channels.
		pub locked: Credits,
		/// Last epoch in which they moved.
		pub last_used: EpochIndex,
		/// First epoch in which the free ones may be swept, if notice of that was given.
		pub sweep_from: Option<EpochIndex>,
	}
}

impl CreditAccount {
	/// Whether there is not a credit in it, free or locked.
	pub fn is_empty(&self) -> bool {
		self.balance == 0 && self.locked == 0
	}
}

stored_type! {
	/// A request for credits that waits for its price.
	pub struct Request<AccountId> {
		/// Who asks, and has the tokens on hold.
		pub who: AccountId,
		/// Credits asked for.
		pub credits: Credits,
		/// Tokens on hold: what they may cost at most.
		pub max_tokens: Tokens,
		/// Round in which it was made.
		pub round: Round,
		/// Block in which it was made.
		pub block: u32,
	}
}

stored_type! {
	/// The requests that wait, between two numbers. A cancelled one leaves a hole.
	#[derive(Copy, Default)]
	pub struct Queue {
		/// The oldest number that may still wait.
		pub head: u64,
		/// The next number.
		pub tail: u64,
		/// Requests that wait.
		pub count: u32,
		/// Credits that they ask for.
		pub credits: Credits,
		/// The number to look at next for what is too dear, behind a request that waits for the next round. Up to the head: the
		/// first one behind it.
		pub scanned: u64,
	}
}

stored_type! {
	/// Why a request was not executed. Its tokens were released.
	#[derive(Copy)]
	pub enum RequestFailure {
		/// The credits cost more than the request allows.
		#[codec(index = 0)]
		TooDear {
			/// What they cost; none if that exceeds every balance.
			tokens: Option<Tokens>,
		},
		/// A round does not sell that many credits any more.
		#[codec(index = 1)]
		AboveRoundCap,
		/// The tokens could not be burned, or the ledger refused.
		#[codec(index = 2)]
		Refused {
			/// Why.
			error: DispatchError,
		},
	}
}

stored_type! {
	/// What nobody should ever see.
	#[derive(Copy)]
	pub enum Surprise {
		/// More tokens were destroyed than the ledger says exist: they are not booked.
		#[codec(index = 0)]
		DestroyedBeyondIssuance,
		/// Regions were to get more than their total: this much of it was not minted.
		#[codec(index = 1)]
		PayBeyondTotal,
	}
}

stored_type! {
	/// How the stable asset in the pot is spent.
	#[derive(Copy, Default)]
	pub struct Spending {
		/// What each round spends, credits' worth.
		pub slice: Credits,
		/// Round in which a slice was last tried.
		pub round: Option<Round>,
		/// Why that one was not spent; none if it was.
		pub deferred: Option<DispatchError>,
	}
}

stored_type! {
	/// The claims of one epoch, and what was minted for them so far.
	#[derive(Copy, Default)]
	pub struct EpochClaims {
		/// Credits claimed.
		pub credits: Credits,
		/// The part of them that is settled.
		pub settled: Credits,
		/// Minted for providers.
		pub provider_tokens: Tokens,
		/// Minted for attestors.
		pub attestor_tokens: Tokens,
		/// Minted for the treasury.
		pub treasury_tokens: Tokens,
	}
}

impl EpochClaims {
	/// Credits that wait for their settlement.
	pub fn unsettled(&self) -> Credits {
		// Only claimed credits are settled.
		self.credits.saturating_sub(self.settled)
	}

	/// The rate of the epoch, once everything is settled.
	pub fn rate(&self) -> SettlementRate {
		SettlementRate {
			credits: self.credits,
			provider_tokens: self.provider_tokens,
			attestor_tokens: self.attestor_tokens,
			treasury_tokens: self.treasury_tokens,
		}
	}
}

stored_type! {
	/// A rate, and since when it is known.
	#[derive(Copy)]
	pub struct KeptRate {
		/// The rate.
		pub rate: SettlementRate,
		/// The epoch whose close completed it.
		pub since: EpochIndex,
	}
}

stored_type! {
	/// First round of the running epoch.
	#[derive(Copy, Default)]
	pub struct EpochStart {
		/// The epoch.
		pub epoch: EpochIndex,
		/// The round in which it began.
		pub round: Round,
	}
}

stored_type! {
	/// Where the close of an epoch stands.
	#[derive(Copy)]
	pub enum Phase {
		/// What was settled is divided among the epochs that claimed it.
		#[codec(index = 0)]
		Rates {
			/// The next epoch.
			next: EpochIndex,
		},
		/// What regions used and lack.
		#[codec(index = 1)]
		Survey {
			/// The next region.
			next: RegionId,
		},
		/// What regions want.
		#[codec(index = 2)]
		Appraise {
			/// The next region.
			next: RegionId,
		},
		/// What regions get.
		#[codec(index = 3)]
		Pay {
			/// The next region.
			next: RegionId,
		},
		/// What validators, attestors and the treasury get.
		#[codec(index = 4)]
		Shares,
		/// What the destroyed put back, and the summary.
		#[codec(index = 5)]
		Finish,
	}
}

stored_type! {
	/// The close of an epoch while it runs.
	#[derive(Copy)]
	pub struct Close {
		/// Where it stands.
		pub phase: Phase,
		/// The parameters with which it began: it ends with them.
		pub parameters: Parameters,
		/// By what pay is computed in every region.
		pub terms: CloseTerms,
		/// What the epoch released.
		pub schedule: Schedule,
		/// What was settled.
		pub settlement: Settlement,
		/// Settled credits that are not divided among their epochs yet.
		pub undivided: Credits,
		/// One more than the largest number of a region when it began.
		pub bound: RegionId,
		/// Weight of all regions.
		pub weight: u128,
		/// Sum of what regions lack.
		pub gaps: u64,
		/// Sum of what regions want.
		pub wanted: Credits,
		/// What availability pay may mint.
		pub total: Tokens,
		/// What it has minted.
		pub availability: Tokens,
		/// What validators got,
		pub validators: Tokens,
		/// and attestors,
		pub attestors: Tokens,
		/// and the treasury.
		pub treasury: Tokens,
	}
}

impl Close {
	/// The epoch that is closed.
	pub fn epoch(&self) -> EpochIndex {
		self.terms.epoch
	}

	/// What payees are paid at; none if the price is lost.
	pub fn price(&self) -> Option<Price> {
		self.terms.price
	}
}

impl<T> From<LedgerError> for crate::Error<T> {
	fn from(error: LedgerError) -> Self {
		match error {
			LedgerError::Overflow => Self::Overflow,
			LedgerError::AboveCap => Self::AboveCap,
			LedgerError::Issuance => Self::AboveIssuance,
			LedgerError::Reserve => Self::AboveReserve,
			LedgerError::Bucket => Self::AboveBucket,
			LedgerError::Credits => Self::NotBacked,
			LedgerError::Pending => Self::NotPending,
			LedgerError::Emitted => Self::AboveEmitted,
			LedgerError::Empty => Self::NothingBooked,
			LedgerError::NoPrice => Self::NoPrice,
		}
	}
}
