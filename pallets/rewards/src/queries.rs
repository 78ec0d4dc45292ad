//! What the runtime API reads. Nothing here changes what is stored.

use crate::{earnings::converted, *};

use alloc::vec::Vec;
use weir_math::economy::weight::Factors;
use weir_primitives::{
	economy::{Credits, Tokens},
	economy_api::LineInfo,
	seams::economy::{LineHistory, SettlementRates},
	EpochIndex,
};

/// Epochs of fees that a query shows.
pub const SHOWN_EPOCHS: u32 = 100;

impl<T: Config> Pallet<T> {
	/// The last epoch that was closed.
	pub fn last_closed() -> Option<EpochIndex> {
		LastClosed::<T>::get()
	}

	/// What an account has earned as a claim of it now would find it: of at most 64 epochs its fees and its points each.
	pub fn account(who: &T::AccountId) -> Option<Account> {
		let mut account = Accounts::<T>::get(who)?;
		let known = account;
		if let Some(mut line) = Lines::<T>::get(who) {
			// The events of a query go nowhere.
			let _ = Self::settle_line(&mut line, &mut account);
		}
		let fees: Tokens = Self::fee_epochs(who)
			.into_iter()
			.take(MAX_CLAIM_EPOCHS as usize)
			.filter_map(|(_, _, tokens)| tokens)
			.fold(0, Tokens::saturating_add);
		account.owed.fees = account.owed.fees.saturating_add(fees);
		for (_, points) in Self::open_points(who, &known.points) {
			account.owed.authoring = account.owed.authoring.saturating_add(points.0);
			account.owed.attestation = account.owed.attestation.saturating_add(points.1);
		}
		Self::release(&mut account);
		Some(account)
	}

	/// Points that can be converted: their epochs, and what they come to, for blocks and for entries.
	fn open_points(who: &T::AccountId, queue: &Queue) -> Vec<(EpochIndex, (Tokens, Tokens))> {
		let Some(last) = LastShared::<T>::get().filter(|_| queue.open > 0) else { return Vec::new() };
		(queue.from..=last)
			.take(MAX_CLAIM_EPOCHS as usize)
			.filter_map(|epoch| {
				let points = PointsOf::<T>::get(who, epoch)?;
				Some((epoch, Shares::<T>::get(epoch).unwrap_or_default().of(&points)))
			})
			.collect()
	}

	/// Fees that are not converted yet, at most 100 epochs from the first: epoch, credits, and what they come to if the epoch
	/// is settled.
	pub fn fee_epochs(who: &T::AccountId) -> Vec<(EpochIndex, Credits, Option<Tokens>)> {
		let Some(queue) = Accounts::<T>::get(who).map(|account| account.fees).filter(|queue| queue.open > 0)
		else {
			return Vec::new();
		};
		(queue.from..=Self::now())
			.take(SHOWN_EPOCHS as usize)
			.filter_map(|epoch| {
				let credits = Fees::<T>::get(who, epoch)?;
				Some((epoch, credits, T::Rates::rate(epoch).map(|rate| converted(credits, &rate))))
			})
			.collect()
	}

	/// Where the line of an account stands; none if it weighs nothing.
	pub fn line_of(who: &T::AccountId) -> Option<LineInfo> {
		let now = Self::now();
		let line = Lines::<T>::get(who)?;
		let step = line.step_at(now);
		(step.weight > 0).then(|| LineInfo {
			region: step.region,
			weight: step.weight,
			proven: step.proven,
			expires: line.expires(now),
		})
	}

	/// What the line of an account would weigh before its neighbours count, and what that is made of, if it were weighed
	/// now.
	pub fn factors_of(who: &T::AccountId) -> Option<Factors> {
		let line = Lines::<T>::get(who)?;
		let facts = Self::registered(who, line.index)?;
		let facts = Self::serving(who, line.index, Self::now()).map_or(facts, |serving| serving.facts);
		Self::factors(&line, &T::History::line(line.index)?, &facts)
	}
}
