//! What reporters say, and which of it counts.

use crate::*;

use alloc::vec::Vec;
use core::marker::PhantomData;
use frame_support::{dispatch::DispatchResult, ensure, traits::Get, weights::Weight};
use frame_system::pallet_prelude::BlockNumberFor;
use pallet_oracle::{CombineData, DataFeeder, TimestampedValue};
use sp_application_crypto::RuntimeAppPublic;
use sp_core::H256;
use sp_runtime::{
	traits::Zero,
	transaction_validity::{
		InvalidTransaction, TransactionSource, TransactionValidityError, TransactionValidityWithRefund,
		ValidTransaction,
	},
	DispatchError,
};
use weir_math::economy::{
	decimal::in_range,
	price::{age_limit, fresh_rounds, median, quorum_of},
};
use weir_primitives::{
	economy::{Price, Round},
	price::{report_payload, ReporterSignature},
	seams::economy::Pricing,
};

/// Separates the pool tags of this pallet from all others.
pub(crate) const TAG_PREFIX: &str = "WeirPrice";

impl<T: Config> Pallet<T> {
	/// Hash of the first block, which every signature binds.
	pub fn genesis_hash() -> H256 {
		let hash = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
		let mut bytes = [0u8; 32];
		bytes.iter_mut().zip(hash.as_ref()).for_each(|(to, from)| *to = *from);
		H256(bytes)
	}

	/// The round in which `who` has reported last.
	pub(crate) fn reported_in(who: &T::AccountId) -> Option<Round> {
		pallet_oracle::RawValues::<T>::get(who, Feed::Token).map(|report| Self::round_of(report.timestamp))
	}

	/// The reporter whose key signs a report, if it may make one now.
	fn check_report(
		round: Round,
		price: Price,
		who: &T::AccountId,
	) -> Result<Reporter<BalanceOf<T>>, DispatchError> {
		ensure!(round == <Self as Pricing>::round(), Error::<T>::WrongRound);
		ensure!(in_range(price).is_ok(), Error::<T>::PriceOutOfRange);
		let reporter = Self::active(who)?;
		ensure!(Self::reported_in(who) != Some(round), Error::<T>::AlreadyReported);
		Ok(reporter)
	}

	pub(crate) fn authorize_report(
		_: TransactionSource,
		round: &Round,
		price: &Price,
		who: &T::AccountId,
		signature: &ReporterSignature,
	) -> TransactionValidityWithRefund {
		// Tells what will be valid from what no longer is, so that the pool keeps the first.
		let now = <Self as Pricing>::round();
		if *round > now {
			return Err(InvalidTransaction::Future.into());
		}
		if *round < now {
			return Err(InvalidTransaction::Stale.into());
		}
		let reporter = Self::check_report(*round, *price, who).map_err(invalid)?;
		let payload = report_payload(&Self::genesis_hash(), *round, who, *price);
		if !reporter.key.verify(&payload, signature) {
			return Err(InvalidTransaction::BadProof.into());
		}
		let (passed, left) = Self::place_in_round();
		ValidTransaction::with_tag_prefix(TAG_PREFIX)
			// The closer the end of the round, the sooner: a retry replaces the attempt before it.
			.priority(T::BasePriority::get().saturating_add(passed.into()))
			.and_provides((round, who))
			.longevity(u64::from(left).max(1))
			.propagate(true)
			.build()
			.map(|validity| (validity, Weight::zero()))
	}

	pub(crate) fn do_report(round: Round, price: Price, who: T::AccountId) -> DispatchResult {
		Self::check_report(round, price, &who)?;
		<pallet_oracle::Pallet<T> as DataFeeder<_, _, _>>::feed_value(Some(who), Feed::Token, price)
	}

	/// Reports that a price needs: a share of everybody who may be a reporter.
	pub(crate) fn needed_reports() -> Option<u32> {
		let admitted = Admitted::<T>::decode_len().unwrap_or(0);
		quorum_of(u32::try_from(admitted).unwrap_or(u32::MAX), T::Parameters::get().quorum)
	}

	/// Reports of active reporters as `round` sees them, one each at most, whatever their age. Those of others never count:
	/// not that of the oracle's own account, by which a root origin may feed it.
	pub(crate) fn reports_at(round: Round, standings: &StandingsOf<T>) -> Vec<Report<T::AccountId>> {
		standings
			.iter()
			.filter(|(_, standing)| standing.is_active)
			.filter_map(|(who, _)| {
				let report = pallet_oracle::RawValues::<T>::get(who, Feed::Token)?;
				let price = in_range(report.value).ok()?;
				let age = round.checked_sub(Self::round_of(report.timestamp))?;
				Some(Report { who: who.clone(), price, block: report.timestamp, age })
			})
			.collect()
	}

	/// Of `reports`, those that count: the youngest quorum. None if there is no quorum of valid ones.
	pub(crate) fn counted(reports: &[Report<T::AccountId>]) -> Option<Vec<&Report<T::AccountId>>> {
		let parameters = T::Parameters::get();
		let fresh = fresh_rounds(parameters.forward_rounds, parameters.report_rounds);
		let ages = reports.iter().map(|report| report.age);
		let limit = age_limit(ages, fresh, parameters.report_rounds, Self::needed_reports()?)?;
		Some(reports.iter().filter(|report| report.age <= limit).collect())
	}
}

/// How the oracle combines reports: the median of the youngest quorum, dated by its oldest report; nothing without a quorum.
///
/// What the oracle then holds is for the eye. Prices are formed anew with each round, because the oracle never forgets.
pub struct FreshMedian<T>(PhantomData<T>);

impl<T: Config> CombineData<Feed, TimestampedValue<Price, u32>> for FreshMedian<T> {
	/// Ignores `values`, among which one of the oracle's own account may be.
	fn combine_data(
		_: &Feed,
		_: Vec<TimestampedValue<Price, u32>>,
		_: Option<TimestampedValue<Price, u32>>,
	) -> Option<TimestampedValue<Price, u32>> {
		let reports = Pallet::<T>::reports_at(<Pallet<T> as Pricing>::round(), &Standings::<T>::get());
		let counted = Pallet::<T>::counted(&reports)?;
		let mut prices: Vec<Price> = counted.iter().map(|report| report.price).collect();
		let timestamp = counted.iter().map(|report| report.block).min()?;
		median(&mut prices).map(|value| TimestampedValue { value, timestamp })
	}
}

/// What the pool is told of a broken rule: a code per error, in their order.
fn invalid(error: DispatchError) -> TransactionValidityError {
	let code = match error {
		DispatchError::Module(error) => error.error.first().copied().unwrap_or(u8::MAX),
		_ => u8::MAX,
	};
	InvalidTransaction::Custom(code).into()
}
