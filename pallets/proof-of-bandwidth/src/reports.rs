//! Commit and reveal.

use crate::{
	assignment::{Draw, Test},
	audits::AUDIT_DELAY,
	epochs::SeatIndices,
	*,
};
use polkadot_sdk::*;

use alloc::{collections::BTreeMap, vec::Vec};
use codec::{Decode, Encode};
use frame_support::{dispatch::DispatchResult, ensure, pallet_prelude::*, weights::Weight};
use frame_system::pallet_prelude::BlockNumberFor;
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
use weir_math::{committee::MAX_CLAIM_KBPS, schedule::Run};
use weir_primitives::{
	report::{commit_payload, commitment, entries_root, Entry, EntryKind},
	seams::EpochClock,
	EpochIndex, Kbps, Prefix, ProbeSignature, SlotOffset,
};

/// Separates the pool tags of this pallet from all others.
pub const TAG_PREFIX: &str = "ProofOfBandwidth";
/// Reported rates beyond the largest claim by more than a fifth were not measured.
const MAX_RATE_KBPS: Kbps = MAX_CLAIM_KBPS + MAX_CLAIM_KBPS / 4;
const MAX_LOSS_PPTT: u16 = 10_000;

/// The two steps of a report.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Step {
	/// Committing to it.
	Commit,
	/// Revealing it.
	Reveal,
	/// Proving what an audit has drawn of it.
	Audit,
}

impl Step {
	/// Epochs from the measured one to the one in which the step is taken.
	fn delay(self) -> EpochIndex {
		match self {
			Self::Commit | Self::Reveal => 1,
			Self::Audit => AUDIT_DELAY,
		}
	}
}

/// A member that reports, as its entries are checked.
struct Reporter<'a, AccountId> {
	node: &'a AccountId,
	prefix: Option<Prefix>,
	/// Its index in each tier.
	indices: Vec<Option<u32>>,
	own_run: Option<Run>,
}

impl<T: Config> Pallet<T> {
	/// Hash of the first block, which every signature binds.
	pub fn genesis_hash() -> H256 {
		let hash = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
		let mut bytes = [0u8; 32];
		bytes.iter_mut().zip(hash.as_ref()).for_each(|(to, from)| *to = *from);
		H256(bytes)
	}

	/// Slots `(from, until)` in which a step is taken.
	pub fn window_of(step: Step) -> (SlotOffset, SlotOffset) {
		let timing = Self::timing();
		match step {
			Step::Commit => (timing.commit_from, timing.commit_until),
			Step::Reveal | Step::Audit => (timing.reveal_from, timing.reveal_until),
		}
	}

	pub(crate) fn ensure_open(step: Step, epoch: EpochIndex) -> DispatchResult {
		let reported = Self::epoch().checked_sub(step.delay()).filter(|last| *last >= FIRST_TESTED_EPOCH);
		ensure!(reported == Some(epoch), Error::<T>::WrongEpoch);
		let (from, until) = Self::window_of(step);
		ensure!((from..until).contains(&Self::slot_in_epoch()), Error::<T>::WindowClosed);
		Ok(())
	}

	/// Whether `node` had to measure in `epoch`.
	pub fn is_on_duty(epoch: EpochIndex, node: &T::AccountId) -> bool {
		SeatIndices::<T>::place_at(SMALLEST_TIER, node, epoch).is_some()
	}

	/// The seat whose key signs `node`'s commitment for `epoch`, if it may make one now.
	fn committing_seat(epoch: EpochIndex, node: &T::AccountId) -> Result<Seat, DispatchError> {
		Self::ensure_open(Step::Commit, epoch)?;
		let seat = Seats::<T>::get(node).ok_or(Error::<T>::NoSeat)?;
		ensure!(Self::is_on_duty(epoch, node), Error::<T>::NotOnDuty);
		ensure!(!Reports::<T>::contains_key(epoch, node), Error::<T>::AlreadyCommitted);
		Ok(seat)
	}

	fn check_reveal(epoch: EpochIndex, node: &T::AccountId) -> Result<Report, DispatchError> {
		Self::ensure_open(Step::Reveal, epoch)?;
		let report = Reports::<T>::get(epoch, node).ok_or(Error::<T>::NotCommitted)?;
		ensure!(report.revealed.is_none(), Error::<T>::AlreadyRevealed);
		Ok(report)
	}

	pub(crate) fn authorize_commit(
		_: TransactionSource,
		epoch: &EpochIndex,
		node: &T::AccountId,
		hash: &H256,
		signature: &ProbeSignature,
	) -> TransactionValidityWithRefund {
		Self::ensure_timely(Step::Commit, *epoch)?;
		let seat = Self::committing_seat(*epoch, node).map_err(invalid)?;
		let payload = commit_payload(&Self::genesis_hash(), *epoch, node, hash);
		if !seat.key.verify(&payload, signature) {
			return Err(InvalidTransaction::BadProof.into());
		}
		Self::validity(Step::Commit, *epoch, node)
	}

	pub(crate) fn authorize_reveal(
		_: TransactionSource,
		epoch: &EpochIndex,
		node: &T::AccountId,
		entries: &Entries,
		salt: &[u8; 32],
	) -> TransactionValidityWithRefund {
		Self::ensure_timely(Step::Reveal, *epoch)?;
		let report = Self::check_reveal(*epoch, node).map_err(invalid)?;
		let root = entries_root(entries);
		if commitment(&Self::genesis_hash(), *epoch, node, &root, salt) != report.commitment {
			return Err(InvalidTransaction::BadProof.into());
		}
		Self::validity(Step::Reveal, *epoch, node)
	}

	/// Tells what will be valid from what no longer is, so that the pool keeps the first.
	pub(crate) fn ensure_timely(step: Step, epoch: EpochIndex) -> Result<(), TransactionValidityError> {
		let now = Self::epoch();
		let (from, until) = Self::window_of(step);
		let slot = Self::slot_in_epoch();
		let reported_in = epoch.checked_add(step.delay()).ok_or(InvalidTransaction::Future)?;
		if now < reported_in || (now == reported_in && slot < from) {
			return Err(InvalidTransaction::Future.into());
		}
		if now > reported_in || slot >= until {
			return Err(InvalidTransaction::Stale.into());
		}
		Ok(())
	}

	pub(crate) fn validity(
		step: Step,
		epoch: EpochIndex,
		node: &T::AccountId,
	) -> TransactionValidityWithRefund {
		let (from, until) = Self::window_of(step);
		let slot = Self::slot_in_epoch();
		ValidTransaction::with_tag_prefix(TAG_PREFIX)
			// The closer the deadline, the sooner: a retry replaces the attempt before it.
			.priority(T::BasePriority::get().saturating_add(u64::from(slot.saturating_sub(from))))
			.and_provides((epoch, step, node))
			// At most one block per slot, so that it expires with the window or earlier.
			.longevity(u64::from(until.saturating_sub(slot)).max(1))
			.propagate(true)
			.build()
			.map(|validity| (validity, Weight::zero()))
	}

	/// Stores a commitment. Whether the seat may make it was decided when the call was authorised, with nothing in between.
	/// This is the call of which a network makes the most, so that nothing is asked twice.
	pub(crate) fn do_commit(epoch: EpochIndex, node: T::AccountId, hash: H256) -> DispatchResult {
		ensure!(!Reports::<T>::contains_key(epoch, &node), Error::<T>::AlreadyCommitted);
		Reports::<T>::insert(epoch, &node, Report { commitment: hash, revealed: None });
		Self::deposit_event(Event::Committed { epoch, node });
		Ok(())
	}

	pub(crate) fn do_reveal(epoch: EpochIndex, node: T::AccountId, entries: Entries) -> DispatchResult {
		let mut report = Self::check_reveal(epoch, &node)?;
		let mut draw = Draw::<T>::of(epoch).ok_or(Error::<T>::WrongEpoch)?;
		let member = Reporter {
			node: &node,
			prefix: Seats::<T>::get(&node).and_then(|seat| seat.endpoint.prefix()),
			indices: (0..TIERS).map(|tier| SeatIndices::<T>::place_at(tier, &node, epoch)).collect(),
			own_run: draw.own_run(&node),
		};
		// At most 256.
		let count = u16::try_from(entries.len()).unwrap_or(u16::MAX);
		let mut seen = BTreeMap::new();
		let mut rejected = Rejections::default();
		let (mut accepted, mut measured) = (0u16, 0u16);
		for entry in entries {
			let provider = entry.provider;
			let found = entry.down_kbps > 0 || entry.up_kbps > 0;
			let verdict = match seen.insert(provider, ()) {
				Some(()) => Err(Rejection::Duplicate),
				None => Self::file(&mut draw, &member, entry),
			};
			match verdict {
				Ok(()) => {
					accepted = accepted.saturating_add(1);
					measured = measured.saturating_add(u16::from(found));
				}
				// As many as entries at most, which have the same bound.
				Err(rejection) => drop(rejected.try_push((provider, rejection))),
			}
		}
		let own_run = member.own_run;
		report.revealed = Some(Revealed { accepted, measured, entries: count, proven: false, own_run });
		Reports::<T>::insert(epoch, &node, report);
		Self::deposit_event(Event::Revealed { epoch, node, accepted: u32::from(accepted), rejected });
		Ok(())
	}

	fn file(draw: &mut Draw<T>, member: &Reporter<T::AccountId>, entry: Entry) -> Result<(), Rejection> {
		ensure!(is_plausible(&entry), Rejection::OutOfRange);
		let test: Test<T::AccountId> = draw.test_of(entry.provider).ok_or(Rejection::NotAssigned)?;
		let seat = member.indices.get(usize::from(test.committee.tier)).copied().flatten();
		let seat = seat.ok_or(Rejection::NotAssigned)?;
		let place = draw.place_in(&test, seat).ok_or(Rejection::NotAssigned)?;
		ensure!(!draw.bars(&test, member.node, member.prefix), Rejection::Barred);
		ensure!(!draw.is_busy(member.own_run.as_ref(), &test), Rejection::Busy);
		let place = u8::try_from(place).map_err(|_| Rejection::NotAssigned)?;
		Filings::<T>::mutate(draw.epoch, entry.provider, |filed| {
			ensure!(filed.iter().all(|other| other.place != place), Rejection::Duplicate);
			filed.try_push(Filed { place, entry }).map_err(|_| Rejection::NotAssigned)
		})
	}
}

/// Whether a measurement can yield the entry.
fn is_plausible(entry: &Entry) -> bool {
	let rates_fit = entry.down_kbps <= MAX_RATE_KBPS && entry.up_kbps <= MAX_RATE_KBPS;
	let silent = entry.down_kbps == 0 && entry.up_kbps == 0;
	rates_fit && entry.loss_pptt <= MAX_LOSS_PPTT && (entry.kind != EntryKind::Unreachable || silent)
}

/// What the pool is told of a broken rule: a code per error, in their order.
pub(crate) fn invalid(error: DispatchError) -> TransactionValidityError {
	let code = match error {
		DispatchError::Module(error) => error.error.first().copied().unwrap_or(u8::MAX),
		_ => u8::MAX,
	};
	InvalidTransaction::Custom(code).into()
}
