//! What the runtime API answers.

use crate::{
	types::{Close, Phase},
	Accounts, Config, Error, NextClose, Pallet, RequestQueue, Requests, RequestsOf, StableSpending,
	Summaries, SupplyLedger,
};
use alloc::vec::Vec;
use frame_support::traits::{fungible::Inspect, Get};
use polkadot_sdk::*;
use sp_runtime::DispatchError;
use weir_math::economy::{ledger::Ledger, parameters::LEAST_PURCHASE, purchase, units::SUPPLY_CAP};
use weir_primitives::{
	economy::{Credits, GateReason},
	economy_api::{
		CloseInfo, ClosePhase, CloseProgress, CreditsInfo, EpochSummary, Page, PoolInfo, PurchaseQuote,
		PurchaseRefusal, RequestInfo, SliceWait, StablePathInfo, SupplyInfo,
	},
	seams::{
		economy::{Pricing, StablePool},
		EpochClock,
	},
	EpochIndex,
};

/// Rows a page holds at most.
pub const MAX_PAGE: u32 = 100;

impl<T: Config> Pallet<T> {
	/// The ledger.
	pub fn ledger() -> Ledger {
		SupplyLedger::<T>::get()
	}

	/// The ledger's counters, and whether they add up and agree with the currency.
	pub fn supply() -> SupplyInfo {
		let ledger = Self::ledger();
		let total_issuance = T::Currency::total_issuance();
		SupplyInfo {
			cap: SUPPLY_CAP,
			genesis: ledger.genesis,
			issuance: ledger.issuance,
			total_issuance,
			reserve: ledger.reserve,
			bucket: ledger.bucket,
			basis: ledger.basis,
			buffer: ledger.buffer,
			destroyed: ledger.destroyed,
			credits: ledger.credits,
			pending_credits: ledger.pending_credits,
			burned: ledger.burned,
			reminted: ledger.reminted,
			insured: ledger.insured,
			emitted: ledger.emitted,
			recredited: ledger.recredited,
			balanced: ledger.issuance == total_issuance && ledger.check().is_ok(),
		}
	}

	/// What `credits` cost at the newest quote, by the rule by which requests are executed, or why they cannot be bought now. A
	/// request that allows as much as is quoted, or `least` where nothing is, is refused for no other reason than those named
	/// here, unless its account has not so many tokens, or as many requests as it may (`TooManyRequests`).
	pub fn quote(credits: Credits) -> PurchaseQuote {
		let quote = T::Pricing::purchase_quote().and_then(|quote| {
			// A price of zero is none.
			if quote.low > 0 {
				Ok(quote)
			} else {
				Err(GateReason::Stale)
			}
		});
		let queue = RequestQueue::<T>::get();
		let round_cap = Self::round_cap();
		let refusal = if T::PurchasesPaused::get() {
			Some(PurchaseRefusal::Paused)
		} else if credits < LEAST_PURCHASE {
			Some(PurchaseRefusal::TooLittle)
		} else if credits > round_cap {
			Some(PurchaseRefusal::TooMuch)
		} else if Self::newest_quote().is_none() {
			Some(PurchaseRefusal::NeverPriced)
		} else if queue.count >= T::MaxRequests::get() {
			Some(PurchaseRefusal::QueueFull)
		} else {
			quote.as_ref().err().map(|reason| PurchaseRefusal::Gate(*reason))
		};
		PurchaseQuote {
			credits,
			tokens: quote.as_ref().ok().and_then(|quote| Self::cost_of(credits, quote)),
			price: quote.ok().map(|quote| quote.low),
			refusal,
			executes_from: Self::executes_from(T::Pricing::round()),
			round_cap,
			queued: queue.credits,
			least: Self::least_allowed(credits).ok(),
		}
	}

	/// Credits of an account, and its requests for more.
	pub fn credits_of(who: &T::AccountId) -> CreditsInfo {
		let account = Accounts::<T>::get(who);
		CreditsInfo {
			free: account.as_ref().map(|account| account.balance).unwrap_or_default(),
			locked: account.as_ref().map(|account| account.locked).unwrap_or_default(),
			last_used: account.as_ref().map(|account| account.last_used),
			sweep: account.and_then(|account| account.sweep_from),
			requests: Self::requests_of(who),
		}
	}

	fn requests_of(who: &T::AccountId) -> Vec<RequestInfo> {
		let request = |id: u64| {
			let request = Requests::<T>::get(id)?;
			Some(RequestInfo {
				id,
				credits: request.credits,
				max_tokens: request.max_tokens,
				round: request.round,
				executes_from: Self::executes_from(request.round),
			})
		};
		RequestsOf::<T>::get(who).into_iter().filter_map(request).collect()
	}

	/// Summaries of closed epochs from `start`, oldest first, as far as they are kept.
	pub fn epoch_summaries(start: EpochIndex, count: u32) -> Page<EpochSummary> {
		let end = NextClose::<T>::get();
		let oldest = end.saturating_sub(T::Pace::get().history_epochs);
		let mut epochs = start.max(oldest)..end;
		let rows =
			epochs.by_ref().take(count.min(MAX_PAGE) as usize).filter_map(Summaries::<T>::get).collect();
		Page { rows, next: Some(epochs.start).filter(|next| *next < end) }
	}

	/// The next epoch to close, and where its close stands if it runs.
	pub fn next_close() -> (EpochIndex, Option<Close>) {
		(NextClose::<T>::get(), crate::RunningClose::<T>::get())
	}

	/// How far epochs are closed.
	pub fn close_info() -> CloseInfo {
		let (epoch, close) = Self::next_close();
		let running = T::Clock::epoch();
		let is_due = close.is_none() && running > epoch;
		CloseInfo {
			epoch,
			running,
			waits_for_price: is_due && Self::closing_price(epoch, &T::Parameters::get()).is_err(),
			progress: close.as_ref().map(progress_of),
		}
	}

	/// What the stable path takes now, and how far what it took is backed.
	pub fn stable_path() -> StablePathInfo {
		let pool = T::StablePool::reserves().map(|(tokens, stable)| PoolInfo { tokens, stable });
		let paused = T::PurchasesPaused::get();
		let room = Self::stable_room().filter(|room| *room >= LEAST_PURCHASE && !paused);
		let pending = SupplyLedger::<T>::get().pending_credits;
		let spending = StableSpending::<T>::get();
		let depth = pool.as_ref().map_or(0, |pool| pool.stable);
		StablePathInfo {
			round: T::Pricing::round(),
			average: T::Pricing::pool_average(),
			paused,
			limit: room.unwrap_or(0),
			pending,
			slice: purchase::next_slice(spending.slice, pending, depth),
			tried: spending.round,
			waits: spending.deferred.filter(|_| pending > 0).map(Self::wait_of),
			pool,
		}
	}

	/// The rule that kept a slice from being spent.
	fn wait_of(error: DispatchError) -> SliceWait {
		[
			(Error::<T>::NoPool, SliceWait::NoPool),
			(Error::<T>::PoolTooShallow, SliceWait::PoolTooShallow),
			(Error::<T>::PricesDisagree, SliceWait::PricesDisagree),
			(Error::<T>::NoPoolAverage, SliceWait::NoPoolAverage),
			(Error::<T>::NoPrice, SliceWait::NoPrice),
		]
		.into_iter()
		.find_map(|(rule, wait)| (DispatchError::from(rule) == error).then_some(wait))
		.unwrap_or(SliceWait::Refused)
	}
}

/// Where a close stands, without what it has added up.
fn progress_of(close: &Close) -> CloseProgress {
	let (phase, next) = match close.phase {
		Phase::Rates { next } => (ClosePhase::Rates, next),
		Phase::Survey { next } => (ClosePhase::Survey, next.into()),
		Phase::Appraise { next } => (ClosePhase::Appraise, next.into()),
		Phase::Pay { next } => (ClosePhase::Pay, next.into()),
		Phase::Shares => (ClosePhase::Shares, 0),
		Phase::Finish => (ClosePhase::Finish, 0),
	};
	CloseProgress { price: close.price(), phase, next, regions: close.bound.into() }
}
