//! What the off-chain worker of a seat hands to the pool a second time, because the first did not get into a block.

use super::chain::*;
use crate::*;
use codec::Encode;
use frame_support::storage::{with_transaction, TransactionOutcome};
use frame_system::offchain::CreateAuthorizedTransaction;
use pallet_proof_of_bandwidth::{Call, Error, Reports, FIRST_TESTED_EPOCH};
use sp_runtime::{
	transaction_validity::{InvalidTransaction, TransactionSource, ValidTransaction},
	DispatchError,
};
use weir_primitives::seams::EpochClock;

/// What a worker submits on the current head.
fn transaction(call: Call<Runtime>) -> UncheckedExtrinsic {
	<Runtime as CreateAuthorizedTransaction<Call<Runtime>>>::create_authorized_transaction(call.into())
}

/// What the pool learns of a transaction on the current head, which stays as it is.
fn validity(transaction: &UncheckedExtrinsic) -> ValidTransaction {
	let validity = with_transaction(|| {
		let source = TransactionSource::External;
		let validity = Executive::validate_transaction(source, transaction.clone(), Hash::default());
		TransactionOutcome::Rollback(Ok::<_, DispatchError>(validity))
	});
	validity.expect("storage has room for a transaction").expect("the transaction is valid")
}

#[test]
fn reveal_should_have_other_bytes_and_replace_the_first_when_repeated() {
	genesis(presets::LOCAL).execute_with(|| {
		let mut chain = Chain::start();
		let (node, measured) = (VALIDATORS[0].to_account_id(), FIRST_TESTED_EPOCH);
		let timing = ProofOfBandwidth::timing();
		while (ProofOfBandwidth::epoch(), ProofOfBandwidth::slot_in_epoch())
			< (measured + 1, timing.reveal_from)
		{
			chain.block(&|_, _, _| None);
		}
		// As if the reveal that this block carried had not arrived.
		Reports::<Runtime>::mutate(measured, &node, |report| {
			report.as_mut().expect("committed").revealed = None;
		});
		let reveal =
			Call::reveal { epoch: measured, node, entries: Default::default(), salt: [measured as u8; 32] };

		let first = transaction(reveal.clone());
		let first_validity = validity(&first);
		chain.block(&|_, _, _| None);
		let again = transaction(reveal.clone());
		assert_ne!(again.encode(), first.encode(), "the pool would take it for the one it has");
		let again_validity = validity(&again);
		assert_eq!(again_validity.provides, first_validity.provides);
		assert!(again_validity.priority > first_validity.priority);
		// The era takes nothing from the window.
		let left = timing.reveal_until - ProofOfBandwidth::slot_in_epoch();
		assert_eq!(again_validity.longevity, u64::from(left));
		// What was sent first is as good as before.
		assert_eq!(validity(&first).longevity, u64::from(left));

		chain.block_with(&|_, _, _| None, || {
			assert_eq!(Executive::apply_extrinsic(again), Ok(Ok(())));
			let DispatchError::Module(revealed) = Error::<Runtime>::AlreadyRevealed.into() else {
				panic!("an error of a pallet")
			};
			let refusal = InvalidTransaction::Custom(revealed.error[0]);
			assert_eq!(Executive::apply_extrinsic(first), Err(refusal.into()));
		});
		check_invariants();
	});
}

#[test]
fn era_should_begin_with_a_block_that_every_head_knows() {
	genesis(presets::LOCAL).execute_with(|| {
		let mut chain = Chain::start();
		for _ in 0..3 {
			chain.block(&|_, _, _| None);
			let extension = <Runtime as CreateAuthorizedTransaction<Call<Runtime>>>::create_extension();
			let number = System::block_number();
			let generic::Era::Mortal(..) = extension.5 .0 else { panic!("{:?}", extension.5) };
			// As seen from this block, its siblings, and what is built on either.
			for seen_from in [number, number + 1, number + 100] {
				assert_eq!(extension.5 .0.birth(seen_from.into()), u64::from(number - 1));
			}
			assert!(frame_system::BlockHash::<Runtime>::contains_key(number - 1));
		}
	});
}
