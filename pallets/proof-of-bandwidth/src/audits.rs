//! Audits: of every 64 entries one has to be proven by its bilateral receipt.
//!
//! The draw is that of [`weir_math::audit`]. Reports of epoch e are committed to and revealed in e + 1; the randomness of
//! the slot groups of e + 1 decides what is drawn, so that nobody knows it before that epoch ends; proofs are due in the
//! reveal window of e + 2. Anyone may hand them in: the signatures are the proof. Nothing is kept for it but the
//! commitment, whose preimage comes with the proofs.

use crate::{
	assignment::Draw,
	epochs::SeatIndices,
	receipts::{Proofs, ReceiptOf},
	reports::Step,
	*,
};
use polkadot_sdk::*;

use alloc::vec::Vec;
use codec::Encode;
use frame_support::{dispatch::DispatchResult, ensure, weights::Weight};
use sp_runtime::{
	transaction_validity::{InvalidTransaction, TransactionSource, TransactionValidityWithRefund},
	DispatchError,
};
use weir_math::audit;
use weir_primitives::{
	report::{commitment, entries_root, Entry},
	seams::{EpochClock, OnVerdict},
	EpochIndex, SlashReason,
};

/// Epochs from the measured one to the one in which its audits are answered.
pub const AUDIT_DELAY: EpochIndex = 2;
/// Proofs a report can owe.
pub const MAX_PROOFS: u32 = audit::MAX_PROOFS;

/// A report, and a receipt for each of its entries that has to be proven.
struct Answer<'a, T: Config> {
	report: Report,
	proofs: Vec<(&'a Entry, &'a ReceiptOf<T>)>,
}

impl<T: Config> Pallet<T> {
	/// Positions in the report of `node` on `epoch` that have to be proven; none before the epoch of the report is over.
	pub fn audited(epoch: EpochIndex, node: &T::AccountId) -> Vec<u32> {
		let reported = epoch.saturating_add(1);
		let revealed = Reports::<T>::get(epoch, node).and_then(|report| report.revealed);
		match revealed.filter(|revealed| reported < Self::epoch() && !revealed.proven) {
			Some(revealed) => Self::drawn(&Groups::<T>::get(reported), node, &revealed),
			None => Vec::new(),
		}
	}

	fn drawn(groups: &GroupSeeds, node: &T::AccountId, revealed: &Revealed) -> Vec<u32> {
		let seed = audit::seed(groups.iter().map(|(group, rho)| (*group, rho)));
		node.using_encoded(|node| audit::positions(&seed, node, u32::from(revealed.entries)).collect())
	}

	/// What the receipts have to prove, if they are the right ones.
	fn check_audit<'a>(
		epoch: EpochIndex,
		node: &T::AccountId,
		entries: &'a [Entry],
		receipts: &'a [ReceiptOf<T>],
	) -> Result<Answer<'a, T>, DispatchError> {
		Self::ensure_open(Step::Audit, epoch)?;
		let report = Reports::<T>::get(epoch, node).ok_or(Error::<T>::NotCommitted)?;
		let revealed = report.revealed.as_ref().ok_or(Error::<T>::NotRevealed)?;
		ensure!(!revealed.proven, Error::<T>::AlreadyProven);
		let drawn = Self::drawn(&Groups::<T>::get(epoch.saturating_add(1)), node, revealed);
		ensure!(!drawn.is_empty(), Error::<T>::NotAudited);
		ensure!(entries.len() == usize::from(revealed.entries), Error::<T>::NotTheReport);
		let owed: Vec<&Entry> = drawn
			.iter()
			.filter_map(|position| entries.get(*position as usize))
			.filter(|entry| needs_proof(entry))
			.collect();
		ensure!(owed.len() == receipts.len(), Error::<T>::WrongReceiptCount);
		let proofs: Vec<_> = owed.into_iter().zip(receipts).collect();
		for (entry, receipt) in &proofs {
			let target = Targets::<T>::get(entry.provider).ok_or(Error::<T>::ForeignReceipt)?;
			ensure!(Self::is_about(receipt, epoch, &target.account, node), Error::<T>::ForeignReceipt);
			// Other counts are a proof, too. The same counts under another signature are no answer to this draw.
			let is_equal = Self::rates_of(receipt) == (entry.down_kbps, entry.up_kbps);
			ensure!(!is_equal || receipt.prefix() == entry.receipt, Error::<T>::ForeignReceipt);
		}
		Ok(Answer { report, proofs })
	}

	pub(crate) fn authorize_audit(
		_: TransactionSource,
		epoch: &EpochIndex,
		node: &T::AccountId,
		entries: &Entries,
		salt: &[u8; 32],
		receipts: &Proofs<T>,
	) -> TransactionValidityWithRefund {
		Self::ensure_timely(Step::Audit, *epoch)?;
		let Answer { report, proofs } =
			Self::check_audit(*epoch, node, entries, receipts).map_err(reports::invalid)?;
		let root = entries_root(entries);
		if commitment(&Self::genesis_hash(), *epoch, node, &root, salt) != report.commitment
			|| !proofs.iter().all(|(entry, receipt)| Self::is_signed(receipt, entry.provider))
		{
			return Err(InvalidTransaction::BadProof.into());
		}
		Self::validity(Step::Audit, *epoch, node)
	}

	pub(crate) fn do_answer_audit(
		epoch: EpochIndex,
		node: T::AccountId,
		entries: &[Entry],
		receipts: &[ReceiptOf<T>],
	) -> DispatchResult {
		let Answer { mut report, proofs } = Self::check_audit(epoch, &node, entries, receipts)?;
		let mut proven = 0u32;
		for (entry, receipt) in proofs {
			if Self::rates_of(receipt) == (entry.down_kbps, entry.up_kbps) {
				proven = proven.saturating_add(1);
			} else {
				let provider = entry.provider;
				Self::deposit_event(Event::FalseReportProven { epoch, node: node.clone(), provider });
				Self::fine(&node, SlashReason::FalseReport { epoch, provider });
			}
		}
		if let Some(revealed) = report.revealed.as_mut() {
			revealed.proven = true;
		}
		Reports::<T>::insert(epoch, &node, report);
		Self::deposit_event(Event::AuditAnswered { epoch, node, proven });
		Ok(())
	}

	/// Notes that the seat at `position` of the epoch before the draw's has not proven what it owed by now.
	pub(crate) fn audit_position(draw: &Draw<T>, position: u32) -> Weight {
		match Self::unproven_at(draw, position) {
			None => T::WeightInfo::audit_seat(),
			Some((epoch, node)) => {
				let Scored { score_ppm, .. } = Self::score_unproven(&node);
				T::OnVerdict::unproven(&node, epoch);
				Self::deposit_event(Event::AuditMissed { epoch, node, score_ppm });
				Self::weight_of_audit()
			}
		}
	}

	/// What it costs at most to look at the audit of a seat.
	pub(crate) fn weight_of_audit() -> Weight {
		T::WeightInfo::audit_seat_dismissing().saturating_add(T::OnVerdict::attestor_weight())
	}

	fn unproven_at(draw: &Draw<T>, position: u32) -> Option<(EpochIndex, T::AccountId)> {
		let epoch = draw.epoch.checked_sub(1)?;
		let node = SeatIndices::<T>::occupant_within(SMALLEST_TIER, position, epoch)?;
		let revealed = Reports::<T>::get(epoch, &node)?.revealed.filter(|revealed| !revealed.proven)?;
		(!Self::drawn(draw.groups(), &node, &revealed).is_empty()).then_some((epoch, node))
	}

	/// Seats that reported on the epoch before `epoch`.
	pub(crate) fn audited_seats(epoch: EpochIndex) -> u32 {
		let record = epoch.checked_sub(1).filter(|before| *before >= FIRST_TESTED_EPOCH);
		record.and_then(Epochs::<T>::get).and_then(|record| record.seats.first().copied()).unwrap_or(0)
	}
}

/// Whether there is a receipt to show: nothing was signed where nothing was measured.
fn needs_proof(entry: &Entry) -> bool {
	entry.down_kbps > 0 || entry.up_kbps > 0 || entry.receipt != [0; 5]
}
