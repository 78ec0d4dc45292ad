//! Buying credits for tokens: requests, their queue, and their execution at a price nobody knew.

use crate::{
	types::{Queue, Request, RequestFailure},
	Config, DaySales, Error, Event, HoldReason, Pallet, RequestQueue, Requests, RequestsOf, RoundSales,
	WeightInfo,
};
use frame_support::{
	ensure,
	storage::with_storage_layer,
	traits::{
		fungible::{InspectHold, MutateHold},
		tokens::{Fortitude, Precision},
		Get,
	},
	weights::WeightMeter,
};
use polkadot_sdk::*;
use sp_runtime::{traits::UniqueSaturatedInto, DispatchError, DispatchResult};
use weir_math::economy::{parameters::LEAST_PURCHASE, purchase, wide::tokens_ceil};
use weir_primitives::{
	economy::{Credits, Quote, Round, Tokens},
	seams::{economy::Pricing, EpochClock},
};

/// Epochs that a day may have at most.
pub(crate) const MAX_DAY_EPOCHS: u32 = 32;

pub(crate) type HoldReasonOf<T> =
	<<T as Config>::Currency as InspectHold<<T as frame_system::Config>::AccountId>>::Reason;

impl<T: Config> Pallet<T> {
	/// The reason under which tokens of requests are on hold.
	pub(crate) fn hold_reason() -> HoldReasonOf<T> {
		HoldReason::CreditRequest.into()
	}

	/// Tokens that `credits` burn at a quote; none if no balance reaches that.
	pub(crate) fn cost_of(credits: Credits, quote: &Quote) -> Option<Tokens> {
		tokens_ceil(credits, quote.low)
	}

	/// The quote at which requests are executed now; none while purchases are closed.
	pub(crate) fn open_quote() -> Option<Quote> {
		if T::PurchasesPaused::get() {
			return None;
		}
		// A price of zero is none.
		T::Pricing::purchase_quote().ok().filter(|quote| quote.low > 0)
	}

	/// Credits that the purchases of a round may come to.
	pub fn round_cap() -> Credits {
		let pace = T::Pace::get();
		let now = T::Clock::epoch();
		let sold = DaySales::<T>::get()
			.iter()
			.filter(|(epoch, _)| epoch.saturating_add(pace.epochs_per_day) > now)
			.fold(0, |sum: Credits, (_, credits)| sum.saturating_add(*credits));
		purchase::round_cap(&T::Parameters::get(), sold, pace.rounds_per_day)
	}

	/// First round at whose price a request of `round` is executed.
	pub(crate) fn executes_from(round: Round) -> Round {
		round.saturating_add(T::Parameters::get().forward_rounds)
	}

	/// The newest quote, whether or not anything is executed at it; none if there never was one.
	pub(crate) fn newest_quote() -> Option<Quote> {
		// A price of zero is none.
		T::Pricing::last_quote().filter(|quote| quote.low > 0)
	}

	/// Tokens that a request for `credits` has to allow at least: half of what they cost at the newest quote, open or not,
	/// however old. So that a place in the queue costs something, and nobody fills it with requests that cannot succeed.
	pub fn least_allowed(credits: Credits) -> Result<Tokens, Error<T>> {
		let quote = Self::newest_quote().ok_or(Error::<T>::NeverPriced)?;
		// No balance reaches what has no cost.
		Self::cost_of(credits, &quote).map(purchase::least_allowed).ok_or(Error::<T>::BelowHalfOfCost)
	}

	pub(crate) fn block_number() -> u32 {
		frame_system::Pallet::<T>::block_number().unique_saturated_into()
	}

	pub(crate) fn do_request(who: T::AccountId, credits: Credits, max_tokens: Tokens) -> DispatchResult {
		ensure!(!T::PurchasesPaused::get(), Error::<T>::PurchasesPaused);
		ensure!(credits >= LEAST_PURCHASE, Error::<T>::BelowLeastPurchase);
		ensure!(credits <= Self::round_cap(), Error::<T>::AboveRoundCap);
		ensure!(max_tokens > 0, Error::<T>::NoTokensAllowed);
		ensure!(max_tokens >= Self::least_allowed(credits)?, Error::<T>::BelowHalfOfCost);
		let mut queue = RequestQueue::<T>::get();
		ensure!(queue.count < T::MaxRequests::get(), Error::<T>::QueueFull);
		let id = queue.tail;
		let mut ids = RequestsOf::<T>::get(&who);
		ids.try_push(id).map_err(|_| Error::<T>::TooManyRequests)?;
		T::Currency::hold(&Self::hold_reason(), &who, max_tokens)?;
		RequestsOf::<T>::insert(&who, ids);
		queue.tail = id.checked_add(1).ok_or(Error::<T>::Overflow)?;
		queue.count = queue.count.checked_add(1).ok_or(Error::<T>::Overflow)?;
		queue.credits = queue.credits.checked_add(credits).ok_or(Error::<T>::Overflow)?;
		RequestQueue::<T>::put(queue);
		let round = T::Pricing::round();
		let request = Request { who: who.clone(), credits, max_tokens, round, block: Self::block_number() };
		Requests::<T>::insert(id, request);
		let from_round = Self::executes_from(round);
		Self::deposit_event(Event::CreditsRequested { id, who, credits, max_tokens, from_round });
		Ok(())
	}

	pub(crate) fn do_cancel(who: T::AccountId, id: u64) -> DispatchResult {
		let request = Requests::<T>::get(id).ok_or(Error::<T>::NoSuchRequest)?;
		ensure!(request.who == who, Error::<T>::NotYourRequest);
		ensure!(Self::open_quote().is_none(), Error::<T>::PurchasesOpen);
		Self::take_back(id, &request)
	}

	pub(crate) fn take_back(id: u64, request: &Request<T::AccountId>) -> DispatchResult {
		Self::dequeue(id, request)?;
		T::Currency::release(&Self::hold_reason(), &request.who, request.max_tokens, Precision::Exact)?;
		Self::deposit_event(Event::RequestCancelled { id, who: request.who.clone() });
		Ok(())
	}

	/// Executes what waits, oldest first, as far as the quote, the cap of the round and the block allow. Once the round is sold
	/// out, only what is too dear still leaves.
	pub(crate) fn execute_requests(meter: &mut WeightMeter) {
		let Queue { head, tail, .. } = RequestQueue::<T>::get();
		let asking = T::WeightInfo::quote_requests().saturating_add(T::Pricing::weight());
		if head >= tail || meter.try_consume(asking).is_err() {
			return;
		}
		let quote = Self::open_quote();
		for looked in 1..=T::MaxRequestsPerBlock::get() {
			let Queue { head, tail, .. } = RequestQueue::<T>::get();
			if head >= tail || meter.try_consume(T::WeightInfo::execute_request()).is_err() {
				return;
			}
			let Some(request) = Requests::<T>::get(head) else {
				// A cancelled one.
				RequestQueue::<T>::mutate(|queue| queue.head = head.saturating_add(1));
				continue;
			};
			let Some(quote) = quote.as_ref().filter(|quote| Self::is_due(&request, quote)) else { return };
			let Some(outcome) = Self::outcome_of(&request, quote) else {
				let left = T::MaxRequestsPerBlock::get().saturating_sub(looked);
				return Self::drop_too_dear(left, quote, meter);
			};
			Self::conclude(head, &request, quote, outcome);
		}
	}

	/// Looks at up to `left` requests behind the one that waits for the next round, and lets those fail that are too dear. It
	/// goes on where it stopped in an earlier block, whatever the round, and begins anew in the block after it came to the
	/// end: so that none is looked at twice before every other one was.
	fn drop_too_dear(left: u32, quote: &Quote, meter: &mut WeightMeter) {
		let Queue { head, tail, scanned, .. } = RequestQueue::<T>::get();
		let mut id = scanned.max(head.saturating_add(1));
		for _ in 0..left {
			if id >= tail {
				id = 0;
				break;
			}
			if meter.try_consume(T::WeightInfo::execute_request()).is_err() {
				break;
			}
			// None if it left before.
			if let Some(request) = Requests::<T>::get(id) {
				if !Self::is_due(&request, quote) {
					// Nor is any behind it.
					id = 0;
					break;
				}
				if let Some(Err(reason @ RequestFailure::TooDear { .. })) = Self::outcome_of(&request, quote)
				{
					Self::conclude(id, &request, quote, Err(reason));
				}
			}
			id = id.saturating_add(1);
		}
		if id != scanned {
			RequestQueue::<T>::mutate(|queue| queue.scanned = id);
		}
	}

	/// Whether the quote is young enough for the request: formed late enough, on no report from before it. A report of the
	/// request's own block does not count either: the block's author chose which of the two comes first.
	fn is_due(request: &Request<T::AccountId>, quote: &Quote) -> bool {
		quote.round >= Self::executes_from(request.round) && quote.oldest_block > request.block
	}

	/// What the request burns, or why it fails; none if it has to wait for the next round. The price comes before the round's
	/// cap: what is too dear leaves at once, and keeps nobody waiting.
	pub(crate) fn outcome_of(
		request: &Request<T::AccountId>,
		quote: &Quote,
	) -> Option<Result<Tokens, RequestFailure>> {
		let cost = Self::cost_of(request.credits, quote);
		let Some(tokens) = cost.filter(|tokens| *tokens <= request.max_tokens) else {
			return Some(Err(RequestFailure::TooDear { tokens: cost }));
		};
		let sold = Self::sold_in(quote.round);
		let cap = Self::round_cap();
		if request.credits > cap.saturating_sub(sold) {
			// The cap has fallen since: no round would ever sell that much.
			return (request.credits > cap).then_some(Err(RequestFailure::AboveRoundCap));
		}
		Some(Ok(tokens))
	}

	/// Executes the request or lets it fail; in either case it leaves the queue, and what it does not burn is released.
	pub(crate) fn conclude(
		id: u64,
		request: &Request<T::AccountId>,
		quote: &Quote,
		outcome: Result<Tokens, RequestFailure>,
	) {
		let executed = outcome.and_then(|tokens| {
			with_storage_layer(|| Self::buy(id, request, quote, tokens))
				.map_err(|error| RequestFailure::Refused { error })
		});
		let Err(reason) = executed else { return };
		let failed = with_storage_layer(|| {
			Self::dequeue(id, request)?;
			T::Currency::release(
				&Self::hold_reason(),
				&request.who,
				request.max_tokens,
				Precision::BestEffort,
			)
		});
		if let Err(error) = failed {
			// Nothing that is on hold can fail to be released; the queue goes on if it does.
			frame_support::defensive!("a failed request stays", error);
			RequestQueue::<T>::mutate(|queue| {
				if queue.head == id {
					queue.head = id.saturating_add(1);
				}
			});
		}
		let (who, credits) = (request.who.clone(), request.credits);
		Self::deposit_event(Event::RequestFailed { id, who, credits, reason });
	}

	fn buy(id: u64, request: &Request<T::AccountId>, quote: &Quote, tokens: Tokens) -> DispatchResult {
		let Request { who, credits, max_tokens, .. } = request;
		Self::dequeue(id, request)?;
		// By force: what is on hold for credits is burned for them, whatever else the account has frozen.
		let reason = Self::hold_reason();
		T::Currency::burn_held(&reason, who, tokens, Precision::Exact, Fortitude::Force)?;
		let rest = max_tokens.checked_sub(tokens).ok_or(Error::<T>::Overflow)?;
		if rest > 0 {
			T::Currency::release(&reason, who, rest, Precision::Exact)?;
		}
		Self::book(|ledger| ledger.buy(*credits, tokens))?;
		Self::note_sale(quote.round, *credits)?;
		let balance = Self::add_credits(who, *credits)?;
		Self::deposit_event(Event::CreditsBought {
			id,
			who: who.clone(),
			credits: *credits,
			tokens,
			price: quote.low,
			balance,
		});
		Ok(())
	}

	/// Takes the request out of the queue.
	pub(crate) fn dequeue(id: u64, request: &Request<T::AccountId>) -> Result<(), DispatchError> {
		Requests::<T>::remove(id);
		RequestsOf::<T>::mutate_exists(&request.who, |ids| {
			if let Some(all) = ids {
				all.retain(|other| *other != id);
			}
			if ids.as_ref().is_some_and(|all| all.is_empty()) {
				*ids = None;
			}
		});
		RequestQueue::<T>::try_mutate(|queue| {
			queue.count = queue.count.checked_sub(1).ok_or(Error::<T>::Overflow)?;
			queue.credits = queue.credits.checked_sub(request.credits).ok_or(Error::<T>::Overflow)?;
			if queue.head == id {
				queue.head = id.checked_add(1).ok_or(Error::<T>::Overflow)?;
			}
			Ok(())
		})
	}

	/// Credits sold at the price of `round` so far.
	fn sold_in(round: Round) -> Credits {
		let (of, sold) = RoundSales::<T>::get();
		if of == round {
			sold
		} else {
			0
		}
	}

	fn note_sale(round: Round, credits: Credits) -> DispatchResult {
		let sold = Self::sold_in(round).checked_add(credits).ok_or(Error::<T>::Overflow)?;
		RoundSales::<T>::put((round, sold));
		let now = T::Clock::epoch();
		DaySales::<T>::try_mutate(|sales| {
			match sales.last_mut() {
				Some((epoch, sold)) if *epoch == now => {
					*sold = sold.checked_add(credits).ok_or(Error::<T>::Overflow)?;
				}
				_ => {
					if sales.len() >= MAX_DAY_EPOCHS as usize {
						sales.remove(0);
					}
					sales.try_push((now, credits)).map_err(|_| Error::<T>::Overflow)?;
				}
			}
			Ok(())
		})
	}
}
