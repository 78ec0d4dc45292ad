//! Signed transactions as a wallet makes them, and who gets what they cost.

use super::chain::*;
use crate::*;
use codec::Encode;
use sp_keyring::Sr25519Keyring;
use sp_runtime::{
	generic::{Era, Preamble},
	transaction_validity::{InvalidTransaction, TransactionValidityError},
	ApplyExtrinsicResult,
};
use weir_primitives::{seams::Bonds, Role};

/// Blocks a transaction lives.
const PERIOD: u64 = 8;

/// What surrounds a transaction without a tip and without a metadata hash.
pub(crate) fn extension(nonce: Nonce, era: Era) -> TxExtension {
	extension_with_tip(nonce, era, 0)
}

fn extension_with_tip(nonce: Nonce, era: Era, tip: Balance) -> TxExtension {
	(
		frame_system::AuthorizeCall::new(),
		frame_system::CheckNonZeroSender::new(),
		frame_system::CheckSpecVersion::new(),
		frame_system::CheckTxVersion::new(),
		frame_system::CheckGenesis::new(),
		frame_system::CheckMortality::from(era),
		frame_system::CheckNonce::from(nonce),
		frame_system::CheckWeight::new(),
		pallet_transaction_payment::ChargeTransactionPayment::from(tip),
		frame_metadata_hash_extension::CheckMetadataHash::new(false),
		frame_system::WeightReclaim::new(),
	)
}

/// What a wallet makes of a call.
pub(crate) fn signed(
	signer: Sr25519Keyring,
	nonce: Nonce,
	era: Era,
	call: impl Into<RuntimeCall>,
) -> UncheckedExtrinsic {
	signed_with(signer, extension(nonce, era), call)
}

/// What a wallet makes of a call when it offers a tip.
pub(crate) fn signed_with_tip(
	signer: Sr25519Keyring,
	nonce: Nonce,
	tip: Balance,
	call: impl Into<RuntimeCall>,
) -> UncheckedExtrinsic {
	signed_with(signer, extension_with_tip(nonce, Era::Immortal, tip), call)
}

fn signed_with(
	signer: Sr25519Keyring,
	extension: TxExtension,
	call: impl Into<RuntimeCall>,
) -> UncheckedExtrinsic {
	let call = call.into();
	let payload = SignedPayload::new(call.clone(), extension.clone()).expect("its birth block is known");
	let signature = Signature::from(payload.using_encoded(|bytes| signer.sign(bytes)));
	UncheckedExtrinsic::new_signed(call, signer.to_account_id().into(), signature, extension)
}

/// The era of what is signed now, while a block is made: born with the one before, whose hash wallets know.
fn mortal() -> Era {
	Era::mortal(PERIOD, u64::from(System::block_number()) - 1)
}

fn free(who: &AccountId) -> Balance {
	Balances::free_balance(who)
}

fn refused(why: InvalidTransaction) -> ApplyExtrinsicResult {
	Err(TransactionValidityError::Invalid(why))
}

/// What was paid for transactions of an account in the running block: fees, then tips.
pub(crate) fn paid_by(account: &AccountId) -> (Balance, Balance) {
	use pallet_transaction_payment::Event::TransactionFeePaid;
	let events = System::events().into_iter();
	let paid = events.filter_map(|record| match record.event {
		RuntimeEvent::TransactionPayment(TransactionFeePaid { who, actual_fee, tip }) if who == *account => {
			Some((actual_fee - tip, tip))
		}
		_ => None,
	});
	paid.fold((0, 0), |(fees, tips), (fee, tip)| (fees + fee, tips + tip))
}

#[test]
fn provider_should_register_by_signed_transactions_whose_fees_are_destroyed() {
	genesis(presets::LOCAL).execute_with(|| {
		let mut chain = Chain::start();
		chain.block(&|_, _, _| None);
		let provider = PROVIDERS[0];
		let account = provider.to_account_id();
		let before = free(&account);
		let (destroyed, mut paid) = (ledger().destroyed, 0);
		let bond = pallet_node_staking::Call::bond { role: Role::Provider, amount: BOND };
		chain.block_with(&|_, _, _| None, || {
			let author = Authorship::author().expect("a block has one");
			let author_before = free(&author);
			let transaction = signed(provider, 0, mortal(), bond.clone());
			assert_eq!(
				Executive::apply_extrinsic(signed(provider, 1, mortal(), bond.clone())),
				refused(InvalidTransaction::Future)
			);
			assert_eq!(Executive::apply_extrinsic(transaction.clone()), Ok(Ok(())));
			assert_eq!(Executive::apply_extrinsic(transaction), refused(InvalidTransaction::Stale));
			assert_eq!(
				Executive::apply_extrinsic(signed(provider, 1, mortal(), registration(0, provider))),
				Ok(Ok(()))
			);
			assert_eq!(free(&author), author_before, "a fee is nobody's");
			paid = paid_by(&account).0;
		});
		assert!(paid >= 2 * MILLIWEIR, "two transactions for {paid}");
		assert_eq!(ledger().destroyed - destroyed, paid);
		check_supply();
		assert_eq!(
			before - free(&account),
			BOND + paid,
			"the bond is on hold, the fee is gone, nothing else"
		);
		assert_eq!(System::account_nonce(&account), 2);
		assert_eq!(NodeStaking::active_bond(&account, Role::Provider), BOND);
		let registered = configs::measuring::provider(&account).expect("registered");
		assert_eq!((registered.bond, registered.index), (BOND, 0));
	});
}

#[test]
fn transaction_should_be_refused_when_its_era_is_over_or_its_signature_is_not_the_senders() {
	genesis(presets::LOCAL).execute_with(|| {
		let mut chain = Chain::start();
		chain.block(&|_, _, _| None);
		let provider = PROVIDERS[0];
		let bond = pallet_node_staking::Call::bond { role: Role::Provider, amount: BOND };
		let mut late = None;
		chain.block_with(&|_, _, _| None, || late = Some(signed(provider, 0, mortal(), bond.clone())));
		for _ in 0..PERIOD {
			chain.block(&|_, _, _| None);
		}
		chain.block_with(&|_, _, _| None, || {
			let late = late.expect("it was signed");
			assert_eq!(Executive::apply_extrinsic(late), refused(InvalidTransaction::BadProof));

			let others = signed(PROVIDERS[1], 0, mortal(), bond.clone());
			let Preamble::Signed(_, signature, extension) = others.preamble else { panic!("it is signed") };
			let name = provider.to_account_id().into();
			let forged = UncheckedExtrinsic::new_signed(others.function, name, signature, extension);
			assert_eq!(Executive::apply_extrinsic(forged), refused(InvalidTransaction::BadProof));

			let own = signed(provider, 0, mortal(), bond);
			assert_eq!(Executive::apply_extrinsic(own), Ok(Ok(())));
		});
	});
}
