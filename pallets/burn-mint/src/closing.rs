//! The close of an epoch, step by step over as many blocks as it takes. Order: research, economics, section 2.16.

use crate::{
	settlement::MAX_FORGOTTEN,
	types::{Close, EpochStart, Phase, Surprise},
	Carried, Config, DestroyedMark, Error, Event, FeeIncome, FirstUnsettled, LastPriced, NextClose, Pallet,
	RunningClose, RunningEpoch, Summaries, SupplyLedger, WeightInfo,
};
use frame_support::{
	ensure,
	storage::with_storage_layer,
	traits::{fungible::Inspect, Get},
	weights::{Weight, WeightMeter},
};
use polkadot_sdk::*;
use sp_runtime::{DispatchError, DispatchResult};
use weir_math::economy::{
	emission::{availability_mint, coverage_budget, recredit_limit, wanted_tokens},
	incentive,
	ledger::{Ledger, Settlement},
	wide::part_floor,
};
use weir_primitives::{
	economy::{CloseTerms, Parameters, Price, RegionId, Tokens},
	economy_api::EpochSummary,
	seams::{
		economy::{Earnings, OnEpochPaid, Pricing, RegionalPay},
		EpochClock,
	},
	EpochIndex,
};

/// There is no price to close at yet.
pub(crate) struct TooEarly;

impl<T: Config> Pallet<T> {
	/// Begins the ledger with what exists, and makes sure that no pot can be reaped.
	pub(crate) fn build_ledger() -> Result<(), &'static str> {
		let issuance = T::Currency::total_issuance();
		let ledger = Ledger::genesis(issuance).map_err(|_| "more tokens than the cap")?;
		SupplyLedger::<T>::put(ledger);
		if issuance == 0 {
			return Ok(());
		}
		for pot in [T::RewardsPot::get(), T::StablePot::get(), T::Treasury::get()] {
			ensure!(
				T::Currency::balance(&pot) >= T::Currency::minimum_balance(),
				"a pot has less than the existential deposit"
			);
		}
		for pot in [T::RewardsPot::get(), T::StablePot::get()] {
			frame_system::Pallet::<T>::inc_providers(&pot);
		}
		Ok(())
	}

	/// Relations between the constants of a runtime.
	pub(crate) fn check_constants() {
		assert!(T::MaxRequests::get() > 0, "no request could wait");
		assert!(T::MaxRequestsPerAccount::get() > 0, "no account could have a request");
		assert!(T::MaxRequestsPerBlock::get() > 0, "no request would ever be executed");
		let pots = [T::RewardsPot::get(), T::StablePot::get(), T::Treasury::get()];
		let [rewards, stable, treasury] = &pots;
		assert!(rewards != stable && rewards != treasury && stable != treasury, "two pots share an account");
		assert!(
			Self::largest_step().all_lte(Self::idle_limit()),
			"a step of a close would never fit into a block"
		);
	}

	/// What a block spends on this pallet at most: a quarter, so that the close of an epoch crowds nobody out.
	pub(crate) fn idle_limit() -> Weight {
		T::BlockWeights::get().max_block.checked_div(4).unwrap_or_default()
	}

	/// Does what waits as far as the rest of a block allows. Returns what that weighs.
	pub(crate) fn work_on(remaining: Weight) -> Weight {
		let mut meter = WeightMeter::with_limit(remaining.min(Self::idle_limit()));
		if meter.try_consume(T::WeightInfo::on_idle_base()).is_ok() {
			Self::execute_requests(&mut meter);
			Self::spend_slice(&mut meter);
			Self::close_epochs(&mut meter);
		}
		meter.consumed()
	}

	/// Notes the round in which an epoch begins.
	pub(crate) fn note_epoch() {
		let epoch = T::Clock::epoch();
		if RunningEpoch::<T>::get().epoch != epoch {
			RunningEpoch::<T>::put(EpochStart { epoch, round: T::Pricing::round() });
		}
	}

	/// The largest weight that one step needs at once.
	pub(crate) fn largest_step() -> Weight {
		let phases = [
			Phase::Rates { next: 0 },
			Phase::Survey { next: 0 },
			Phase::Appraise { next: 0 },
			Phase::Shares,
			Phase::Finish,
		];
		phases
			.iter()
			.map(|phase| Self::step_weight(phase, 0))
			.fold(Self::begin_weight(), |most, weight| most.max(weight))
			.saturating_add(T::WeightInfo::on_idle_base())
	}

	fn begin_weight() -> Weight {
		// Asked for the price, and whether it is lost.
		T::WeightInfo::close_begin()
			.saturating_add(T::RegionalPay::frame_weight())
			.saturating_add(T::Pricing::weight().saturating_mul(2))
	}

	/// What a step weighs where there are `bound` regions.
	pub(crate) fn step_weight(phase: &Phase, bound: RegionId) -> Weight {
		match phase {
			Phase::Rates { .. } => T::WeightInfo::close_rate(),
			// The last one asks for the pool's average.
			Phase::Appraise { next } if *next >= bound => {
				T::WeightInfo::close_region().saturating_add(T::Pricing::weight())
			}
			Phase::Survey { .. } | Phase::Appraise { .. } | Phase::Pay { .. } => {
				T::WeightInfo::close_region().saturating_add(T::RegionalPay::step_weight())
			}
			// Asked once and told once.
			Phase::Shares => {
				T::WeightInfo::close_shares().saturating_add(T::Earnings::weight().saturating_mul(2))
			}
			Phase::Finish => T::WeightInfo::close_finish(MAX_FORGOTTEN)
				.saturating_add(T::RegionalPay::frame_weight())
				.saturating_add(T::OnEpochPaid::weight())
				.saturating_add(T::Earnings::weight()),
		}
	}

	/// Goes on with the close of the next epoch as far as the block allows.
	pub(crate) fn close_epochs(meter: &mut WeightMeter) {
		let mut running = RunningClose::<T>::get();
		if running.is_none() {
			running = Self::begin_next(meter);
		}
		let Some(mut close) = running else { return };
		while meter.try_consume(Self::step_weight(&close.phase, close.bound)).is_ok() {
			// A copy, so that a step that fails changes nothing here either.
			let mut next = close;
			match with_storage_layer(|| Self::step(&mut next)) {
				Ok(true) => close = next,
				Ok(false) => {
					RunningClose::<T>::kill();
					return;
				}
				Err(error) => {
					Self::deposit_event(Event::CloseHalted { epoch: close.epoch(), error });
					break;
				}
			}
		}
		RunningClose::<T>::put(close);
	}

	/// Begins the close of the next epoch if it has ended and there is a price to close at.
	fn begin_next(meter: &mut WeightMeter) -> Option<Close> {
		let epoch = NextClose::<T>::get();
		if T::Clock::epoch() <= epoch || meter.try_consume(Self::begin_weight()).is_err() {
			return None;
		}
		let parameters = T::Parameters::get();
		let price = Self::closing_price(epoch, &parameters).ok()?;
		match with_storage_layer(|| Self::begin(epoch, parameters, price)) {
			Ok(close) => Some(close),
			Err(error) => {
				Self::deposit_event(Event::CloseHalted { epoch, error });
				None
			}
		}
	}

	/// The price to close `epoch` at: one that is formed far enough after its end. None if the price is lost.
	pub(crate) fn closing_price(
		epoch: EpochIndex,
		parameters: &Parameters,
	) -> Result<Option<Price>, TooEarly> {
		let running = RunningEpoch::<T>::get();
		let due = if running.epoch == epoch.saturating_add(1) {
			running.round.saturating_add(parameters.forward_rounds)
		} else {
			// It ended at least an epoch ago: every quote that is good now is younger.
			0
		};
		match T::Pricing::payout_quote() {
			// A price of zero is none.
			Ok(quote) if quote.high > 0 && quote.round >= due => Ok(Some(quote.high)),
			_ if T::Pricing::is_lost() => Ok(None),
			_ => Err(TooEarly),
		}
	}

	pub(crate) fn begin(
		epoch: EpochIndex,
		parameters: Parameters,
		price: Option<Price>,
	) -> Result<Close, DispatchError> {
		let weight = T::RegionalPay::begin(epoch);
		let schedule = Self::book(|ledger| ledger.schedule(&parameters))?;
		let settlement = Self::settle(epoch, &parameters, price, schedule.slice)?;
		if price.is_some() {
			Self::note_income(&settlement, &parameters, weight);
		}
		let Parameters { availability_most, availability_least, taper, .. } = parameters;
		let income = FeeIncome::<T>::get();
		let availability = incentive::availability_rate(availability_most, availability_least, taper, income);
		let coverage_budget =
			price.map(|price| coverage_budget(schedule.slice, price, &parameters)).unwrap_or(0);
		let carried = Carried::<T>::get();
		Self::deposit_event(Event::CloseBegun { epoch, price, schedule, settlement, carried });
		let phase = if settlement.credits > 0 {
			Phase::Rates { next: FirstUnsettled::<T>::get() }
		} else {
			Phase::Survey { next: 0 }
		};
		Ok(Close {
			phase,
			parameters,
			terms: CloseTerms { epoch, price, availability, coverage_budget },
			schedule,
			settlement,
			undivided: settlement.credits,
			bound: T::RegionalPay::bound(),
			weight,
			gaps: 0,
			wanted: 0,
			total: 0,
			availability: 0,
			validators: 0,
			attestors: 0,
			treasury: 0,
		})
	}

	fn note_income(settlement: &Settlement, parameters: &Parameters, weight: u128) {
		let earned = part_floor(settlement.credits, parameters.provider_share);
		let capacity = incentive::capacity_bytes(weight, T::Pace::get().bytes_per_kbps);
		FeeIncome::<T>::mutate(|average| {
			*average = incentive::fee_income_update(*average, earned, capacity);
		});
	}

	/// One step. Returns whether there is another.
	fn step(close: &mut Close) -> Result<bool, DispatchError> {
		match close.phase {
			Phase::Rates { next } => Self::divide(close, next)?,
			Phase::Survey { next } if next < close.bound => {
				let gap = T::RegionalPay::survey(next, &close.terms);
				close.gaps = close.gaps.checked_add(gap.into()).ok_or(Error::<T>::Overflow)?;
				close.phase = Phase::Survey { next: following(next) };
			}
			Phase::Survey { .. } => close.phase = Phase::Appraise { next: 0 },
			Phase::Appraise { next } if next < close.bound => {
				let wanted = T::RegionalPay::appraise(next, &close.terms, close.gaps);
				close.wanted = close.wanted.checked_add(wanted).ok_or(Error::<T>::Overflow)?;
				close.phase = Phase::Appraise { next: following(next) };
			}
			Phase::Appraise { .. } => {
				close.total = Self::total_of(close);
				close.phase = Phase::Pay { next: 0 };
			}
			Phase::Pay { next } if next < close.bound => {
				Self::pay_region(close, next)?;
				close.phase = Phase::Pay { next: following(next) };
			}
			Phase::Pay { .. } => close.phase = Phase::Shares,
			Phase::Shares => {
				Self::pay_shares(close)?;
				close.phase = Phase::Finish;
			}
			Phase::Finish => {
				Self::finish(close)?;
				return Ok(false);
			}
		}
		Ok(true)
	}

	/// What availability pay may mint in all regions together.
	pub(crate) fn total_of(close: &Close) -> Tokens {
		if close.wanted == 0 {
			return 0;
		}
		let (slice, price) = (close.schedule.slice, close.price());
		let average = if price.is_none() { T::Pricing::pool_average() } else { None };
		let want = wanted_tokens(close.wanted, price, slice, LastPriced::<T>::get(), average);
		let bucket = SupplyLedger::<T>::get().bucket;
		availability_mint(want, bucket, slice, close.parameters.bucket_slices)
	}

	fn pay_region(close: &mut Close, region: RegionId) -> DispatchResult {
		let asked = T::RegionalPay::pay(region, close.epoch(), close.total, close.wanted);
		Self::mint_pay(close, asked)
	}

	pub(crate) fn mint_pay(close: &mut Close, asked: Tokens) -> DispatchResult {
		// What regions get never exceeds the total.
		let minted = asked.min(close.total.saturating_sub(close.availability));
		if minted < asked {
			let tokens = asked.saturating_sub(minted);
			Self::deposit_event(Event::Unexpected { what: Surprise::PayBeyondTotal, tokens });
		}
		Self::mint_for(&T::RewardsPot::get(), minted)?;
		Self::book(|ledger| ledger.emit_bucket(minted))?;
		close.availability = close.availability.checked_add(minted).ok_or(Error::<T>::Overflow)?;
		Ok(())
	}

	/// Mints the other parts of the emission. What validators and attestors cannot claim leaves the pot again: emission goes
	/// back to the reserve, and attestors' part of the fees is destroyed.
	pub(crate) fn pay_shares(close: &mut Close) -> DispatchResult {
		let epoch = close.epoch();
		let pot = T::RewardsPot::get();
		let validators = close.schedule.validators;
		let attestors = part_floor(close.schedule.attestors, T::Earnings::attested(epoch));
		let treasury = close.schedule.treasury;
		let for_pot = validators.checked_add(attestors).ok_or(Error::<T>::Overflow)?;
		Self::mint_for(&pot, for_pot)?;
		Self::mint_for(&T::Treasury::get(), treasury)?;
		let emitted = for_pot.checked_add(treasury).ok_or(Error::<T>::Overflow)?;
		Self::book(|ledger| ledger.emit_reserve(emitted))?;

		let fees = close.settlement.attestor;
		let of_attestors = attestors.checked_add(fees).ok_or(Error::<T>::Overflow)?;
		let (idle_validators, idle_attestors) = T::Earnings::share(epoch, validators, of_attestors);
		let idle_validators = idle_validators.min(validators);
		let idle_emission = idle_attestors.min(attestors);
		let idle_fees = idle_attestors.saturating_sub(idle_emission).min(fees);
		let returned = idle_validators.checked_add(idle_emission).ok_or(Error::<T>::Overflow)?;
		let idle = returned.checked_add(idle_fees).ok_or(Error::<T>::Overflow)?;
		if idle > 0 {
			Self::burn_of(&pot, idle)?;
			Self::book(|ledger| {
				ledger.return_reserve(returned)?;
				ledger.destroy(idle_fees)
			})?;
		}
		// No part is returned that was not given.
		close.validators = validators.saturating_sub(idle_validators);
		close.attestors = attestors.saturating_sub(idle_emission);
		close.treasury = treasury;
		Ok(())
	}

	pub(crate) fn finish(close: &Close) -> DispatchResult {
		let epoch = close.epoch();
		let ledger = SupplyLedger::<T>::get();
		let since_last = ledger.ever_destroyed().saturating_sub(DestroyedMark::<T>::get());
		let limit = recredit_limit(ledger.genesis, &close.parameters).min(since_last);
		let recredited = Self::book(|ledger| ledger.recredit(limit))?;
		DestroyedMark::<T>::put(ledger.ever_destroyed());
		if close.price().is_some() {
			LastPriced::<T>::put(close.availability);
		}

		T::RegionalPay::finish(epoch);
		T::OnEpochPaid::epoch_paid(epoch, close.availability, close.weight);
		if Carried::<T>::get() == 0 {
			FirstUnsettled::<T>::put(epoch.saturating_add(1));
		}
		Self::forget_rates(epoch);
		let summary = Self::summary_of(close, recredited, since_last);
		Summaries::<T>::insert(epoch, summary);
		if let Some(oldest) = epoch.checked_sub(T::Pace::get().history_epochs) {
			Summaries::<T>::remove(oldest);
		}
		NextClose::<T>::put(epoch.checked_add(1).ok_or(Error::<T>::Overflow)?);
		Self::deposit_event(Event::EpochClosed { summary });
		Ok(())
	}

	fn summary_of(close: &Close, recredited: Tokens, destroyed_in_all: Tokens) -> EpochSummary {
		EpochSummary {
			epoch: close.epoch(),
			closed_at: Self::block_number(),
			price: close.price(),
			settled: close.settlement.credits,
			fees: close.settlement.provider,
			attestor_fees: close.settlement.attestor,
			treasury_fees: close.settlement.treasury,
			haircut: close.settlement.haircut_ppm,
			destroyed: close.settlement.destroyed,
			scheduled: close.schedule.emission,
			availability_rate: close.terms.availability,
			wanted: close.wanted,
			availability: close.availability,
			validators: close.validators,
			attestors: close.attestors,
			treasury: close.treasury,
			recredited,
			weight: close.weight,
			destroyed_in_all,
		}
	}
}

/// Numbers of regions end far below the end of their type.
fn following(region: RegionId) -> RegionId {
	region.saturating_add(1)
}
