//! Rounds: sampling the pool, forming the price, and when there is none.

use crate::*;

use alloc::vec::Vec;
use frame_support::{dispatch::DispatchResult, ensure, traits::Get, weights::Weight};
use weir_math::economy::{
	pace::MAX_TWAP_ROUNDS,
	price::{self, deviates, ema, may_post, median, twap, MAX_REPORTERS},
};
use weir_primitives::{
	economy::{GateReason, Price, Quote, Round},
	seams::economy::{Pricing, StablePool},
};

impl<T: Config> Pallet<T> {
	/// Number of the running block.
	pub(crate) fn block() -> u32 {
		block_number::<T>(frame_system::Pallet::<T>::block_number())
	}

	/// The round that a block belongs to.
	pub fn round_of(block: u32) -> Round {
		block.checked_div(T::Pace::get().round_blocks).unwrap_or(block)
	}

	/// Blocks of the running round that have begun before this one, and those that are left with it.
	pub(crate) fn place_in_round() -> (u32, u32) {
		let length = T::Pace::get().round_blocks;
		let passed = Self::block().checked_rem(length).unwrap_or(0);
		(passed, length.saturating_sub(passed))
	}

	/// Where the quote of `round` is kept.
	pub(crate) fn place_of(round: Round) -> u32 {
		round.checked_rem(KEPT_QUOTES).unwrap_or(0)
	}

	/// What a block begins with. Whether it begins a round is asked of the last one that did, so that none is lost with a
	/// block in which this hook did not run.
	pub(crate) fn begin_block() -> Weight {
		let mut weight = <T as Config>::WeightInfo::sample_pool();
		let round = <Self as Pricing>::round();
		if round > LastRound::<T>::get() {
			let reporters = Self::begin_round(round);
			weight = weight.saturating_add(<T as Config>::WeightInfo::begin_round(reporters));
		}
		Self::sample_pool();
		weight
	}

	/// Reads the pool before anybody can trade in it.
	pub(crate) fn sample_pool() {
		let least_depth = T::Parameters::get().least_depth.into();
		let last = PoolAverages::<T>::get().last().copied().flatten();
		PoolSamples::<T>::mutate(|samples| samples.add(T::Pool::reserves(), least_depth, last));
	}

	/// Prices the round that begins. Returns how many reporters were asked.
	pub(crate) fn begin_round(round: Round) -> u32 {
		LastRound::<T>::put(round);
		Self::close_samples();
		let mut standings = Standings::<T>::get();
		let asked = u32::try_from(standings.len()).unwrap_or(MAX_REPORTERS);
		let reports = Self::reports_at(round, &standings);
		let counted = Self::counted(&reports);
		let quote = counted.as_ref().and_then(|counted| Self::form_quote(round, counted));
		let Some(quote) = quote else {
			let valid = T::Parameters::get().report_rounds;
			let valid = reports.iter().filter(|report| report.age <= valid).count();
			Self::deposit_event(Event::RoundNotPriced {
				round,
				reason: GateReason::NoQuorum,
				reports: u32::try_from(valid).unwrap_or(u32::MAX),
				quorum: Self::needed_reports(),
			});
			return asked;
		};
		for report in reports.iter().filter(|report| report.age == 1) {
			if let Some(standing) = standings.get_mut(&report.who) {
				standing.judged = standing.judged.saturating_add(1);
				let deviated = u32::from(deviates(report.price, quote.median));
				standing.deviated = standing.deviated.saturating_add(deviated);
			}
		}
		Standings::<T>::put(standings);
		Posted::<T>::kill();
		LatestQuote::<T>::put(quote);
		Quotes::<T>::insert(Self::place_of(round), quote);
		Self::deposit_event(Event::RoundPriced { quote });
		asked
	}

	/// Turns what the last round saw of the pool into an average.
	fn close_samples() {
		let average = PoolSamples::<T>::take().average();
		PoolAverages::<T>::mutate(|averages| {
			if averages.len() >= MAX_TWAP_ROUNDS as usize {
				averages.remove(0);
			}
			// Room was just made.
			let _ = averages.try_push(average);
		});
	}

	fn form_quote(round: Round, counted: &[&Report<T::AccountId>]) -> Option<Quote> {
		let parameters = T::Parameters::get();
		let mut prices: Vec<Price> = counted.iter().map(|report| report.price).collect();
		let median = median(&mut prices)?;
		let last = LatestQuote::<T>::get().map(|last| (last.ema, round.saturating_sub(last.round)));
		let ema = ema(last, median, parameters.ema_half_life_rounds);
		let twap = twap(&PoolAverages::<T>::get(), parameters.twap_rounds);
		let quotation = price::quote(median, ema, twap, parameters.spread)?;
		Some(Quote {
			round,
			median,
			ema,
			twap,
			low: quotation.low,
			high: quotation.high,
			reports: u16::try_from(counted.len()).unwrap_or(u16::MAX),
			oldest_block: counted.iter().map(|report| report.block).min()?,
			at_block: Self::block(),
			gate: (!quotation.is_open).then_some(GateReason::Spread),
		})
	}

	/// The quote of the running round, or why there is none.
	fn running_quote() -> Result<Quote, GateReason> {
		let round = <Self as Pricing>::round();
		match LatestQuote::<T>::get().filter(|quote| quote.round == round) {
			Some(quote) => Ok(quote),
			// It has begun, and found too few reports.
			None if round > 0 && LastRound::<T>::get() == round => Err(GateReason::NoQuorum),
			None => Err(GateReason::Stale),
		}
	}

	/// The posted price as a quote that purchases do not get.
	fn posted_quote() -> Option<Quote> {
		let PostedPrice { price, at_block } = Posted::<T>::get()?;
		let quotation = price::quote(price, price, None, T::Parameters::get().spread)?;
		Some(Quote {
			round: <Self as Pricing>::round(),
			median: price,
			ema: price,
			twap: None,
			low: quotation.low,
			high: quotation.high,
			reports: 0,
			oldest_block: at_block,
			at_block,
			gate: Some(GateReason::NoQuorum),
		})
	}

	/// Blocks since the last quote was formed; since the first block if there never was one.
	fn blocks_without_price() -> u32 {
		let last = LatestQuote::<T>::get().map_or(0, |quote| quote.at_block);
		Self::block().saturating_sub(last)
	}

	pub(crate) fn do_post_price(price: Price) -> DispatchResult {
		let last = LatestQuote::<T>::get().ok_or(Error::<T>::NoLastPrice)?.median;
		ensure!(Self::blocks_without_price() > T::Pace::get().gone_blocks, Error::<T>::PriceNotGone);
		// Of the last price that was formed, not of the last one posted: twice a fifth would be almost half.
		ensure!(may_post(price, last), Error::<T>::TooFarFromLast);
		let old = Posted::<T>::get().map_or(last, |posted| posted.price);
		Posted::<T>::put(PostedPrice { price, at_block: Self::block() });
		Self::deposit_event(Event::PricePosted { old, new: price });
		Ok(())
	}
}

impl<T: Config> Pricing for Pallet<T> {
	fn round() -> Round {
		Self::round_of(Self::block())
	}

	fn purchase_quote() -> Result<Quote, GateReason> {
		let quote = Self::running_quote()?;
		quote.gate.map_or(Ok(quote), Err)
	}

	fn payout_quote() -> Result<Quote, GateReason> {
		Self::running_quote().or_else(|reason| Self::posted_quote().ok_or(reason))
	}

	fn is_lost() -> bool {
		Self::payout_quote().is_err() && Self::blocks_without_price() > T::Pace::get().lost_blocks
	}

	fn last_quote() -> Option<Quote> {
		LatestQuote::<T>::get()
	}

	fn pool_average() -> Option<Price> {
		twap(&PoolAverages::<T>::get(), T::Parameters::get().twap_rounds)
	}

	fn weight() -> Weight {
		<T as Config>::WeightInfo::ask_quote()
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn quote_for_benchmark(price: Price) {
		let round = <Self as Pricing>::round();
		let quotation = price::quote(price, price, None, T::Parameters::get().spread);
		let Some(price::Quotation { low, high, .. }) = quotation else { return };
		let at_block = Self::block();
		let quote = Quote {
			round,
			median: price,
			ema: price,
			twap: None,
			low,
			high,
			reports: 1,
			oldest_block: at_block.saturating_sub(1),
			at_block,
			gate: None,
		};
		LatestQuote::<T>::put(quote);
		Quotes::<T>::insert(Self::place_of(round), quote);
	}
}
