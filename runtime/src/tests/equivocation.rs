//! Validators that sign twice: from the proof in an extrinsic to the bond.

use super::chain::*;
use crate::*;
use codec::{Decode, Encode};
use frame_support::{
	assert_ok,
	traits::{Get, KeyOwnerProofSystem},
};
use pallet_node_staking::Event as StakingEvent;
use sp_consensus_babe::digests::CompatibleDigestItem;
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};
use sp_runtime::{
	traits::Header as _,
	transaction_validity::{
		InvalidTransaction, TransactionSource, TransactionValidity, TransactionValidityError,
	},
	Digest, DigestItem, DispatchError, DispatchResult, Perbill, TransactionOutcome,
};
use weir_math::economy::slash;
use weir_primitives::{
	seams::{Bonds, EpochClock},
	EpochIndex, Role, SlashReason,
};

/// What a single one of the four local validators loses: (3 · 1 ÷ 4)².
const FRACTION: Perbill = Perbill::from_parts(562_500_000);

fn nothing(_: Sr25519Keyring, _: u32, _: u32) -> Option<u32> {
	None
}

/// A block of the running slot by the authority with this index, sealed by `signer`. Blocks of two `state_root`s are
/// two blocks.
fn sealed(authority_index: u32, signer: Sr25519Keyring, state_root: [u8; 32]) -> Header {
	let digest = Digest { logs: vec![pre_digest(authority_index, *Babe::current_slot())] };
	let parent = System::parent_hash();
	let mut header =
		Header::new(System::block_number(), Default::default(), state_root.into(), parent, digest);
	let signature = signer.sign(header.hash().as_ref());
	header.digest_mut().push(<DigestItem as CompatibleDigestItem>::babe_seal(signature.into()));
	header
}

/// Alice's place in the set.
fn index_of_alice() -> u32 {
	let alice = Sr25519Keyring::Alice.to_account_id();
	Session::validators().iter().position(|who| *who == alice).expect("Alice is in the set") as u32
}

/// Alice's two blocks in the running slot.
fn two_blocks() -> pallet_babe::Call<Runtime> {
	let offender: sp_consensus_babe::AuthorityId = Sr25519Keyring::Alice.public().into();
	let equivocation_proof = Box::new(sp_consensus_babe::EquivocationProof {
		offender: offender.clone(),
		slot: Babe::current_slot(),
		first_header: sealed(index_of_alice(), Sr25519Keyring::Alice, [1; 32]),
		second_header: sealed(index_of_alice(), Sr25519Keyring::Alice, [2; 32]),
	});
	let key_owner_proof =
		Historical::prove((sp_consensus_babe::KEY_TYPE, offender)).expect("Alice is in the session");
	pallet_babe::Call::report_equivocation_unsigned { equivocation_proof, key_owner_proof }
}

/// Alice's two votes in one round of the running set, for two blocks of one height.
fn two_votes(make: fn(Hash) -> (Vec<u8>, Vec<u8>), stage: u8) -> pallet_grandpa::Call<Runtime> {
	const ROUND: u64 = 5;
	let set = Grandpa::current_set_id();
	let voter: sp_consensus_grandpa::AuthorityId = Ed25519Keyring::Alice.public().into();
	let signed = |hash: [u8; 32]| {
		let (vote, message) = make(hash.into());
		let payload = [message, ROUND.encode(), set.encode()].concat();
		[vote, Ed25519Keyring::Alice.sign(&payload).encode()].concat()
	};
	// As it travels: stage, round, voter, both votes with their signatures.
	let bytes = [vec![stage], ROUND.encode(), voter.encode(), signed([1; 32]), signed([2; 32])].concat();
	let equivocation = Decode::decode(&mut &bytes[..]).expect("the layout of the wire");
	let equivocation_proof = Box::new(sp_consensus_grandpa::EquivocationProof::new(set, equivocation));
	let key_owner_proof =
		Historical::prove((sp_consensus_grandpa::KEY_TYPE, voter)).expect("Alice is in the session");
	pallet_grandpa::Call::report_equivocation_unsigned { equivocation_proof, key_owner_proof }
}

/// A vote and the message that is signed for it.
fn prevote(target_hash: Hash) -> (Vec<u8>, Vec<u8>) {
	let vote = sp_consensus_grandpa::Prevote::<Header> { target_hash, target_number: 3 };
	(vote.encode(), sp_consensus_grandpa::Message::<Header>::Prevote(vote).encode())
}

/// A vote and the message that is signed for it.
fn precommit(target_hash: Hash) -> (Vec<u8>, Vec<u8>) {
	let vote = sp_consensus_grandpa::Precommit::<Header> { target_hash, target_number: 3 };
	(vote.encode(), sp_consensus_grandpa::Message::<Header>::Precommit(vote).encode())
}

/// What the pool makes of an extrinsic. It initialises a block for that, which is undone.
fn validity(source: TransactionSource, extrinsic: &UncheckedExtrinsic) -> TransactionValidity {
	frame_support::storage::with_transaction(|| {
		let validity = Executive::validate_transaction(source, extrinsic.clone(), System::parent_hash());
		TransactionOutcome::Rollback(Ok::<_, DispatchError>(validity))
	})
	.expect("there is room for a transaction")
}

fn bond_of(who: Sr25519Keyring) -> Balance {
	NodeStaking::active_bond(&who.to_account_id(), Role::Validator)
}

/// Reports what `equivocate` makes, and follows it until the bond has paid.
fn equivocation_should_cost_the_bond<C: Into<RuntimeCall>>(equivocate: impl Fn() -> C) {
	genesis(presets::LOCAL).execute_with(|| {
		let alice = Sr25519Keyring::Alice.to_account_id();
		let mut chain = Chain::start();
		chain.until_epoch(2, &nothing);
		let session = Session::current_index();
		// Another one makes the block with the report: Alice is disabled at its end.
		let index = index_of_alice();
		while chain.next_author() == index {
			chain.block(&nothing);
		}
		let (bond, burned) = (bond_of(Sr25519Keyring::Alice), ledger().burned);
		let others: Balance = VALIDATORS[1..].iter().map(|who| bond_of(*who)).sum();

		let report = UncheckedExtrinsic::new_bare(equivocate().into());
		// Only who makes a block brings such a report: the network does not carry it.
		assert_eq!(validity(TransactionSource::External, &report), Err(InvalidTransaction::Call.into()));
		assert!(validity(TransactionSource::Local, &report).is_ok());
		chain.block_with(&nothing, || {
			assert_eq!(Executive::apply_extrinsic(report.clone()), Ok(Ok(())));
			let stale = TransactionValidityError::Invalid(InvalidTransaction::Stale);
			assert_eq!(Executive::apply_extrinsic(report), Err(stale), "an offence is reported once");
		});
		check_invariants();
		let queued = NodeStaking::pending_slashes(alice.clone());
		let [(_, slash)] = &queued[..] else { panic!("one slash is queued: {queued:?}") };
		let due = ProofOfBandwidth::epoch() + ProofOfBandwidth::timing().slash_delay_epochs;
		assert_eq!((slash.fraction, slash.due), (FRACTION, due));
		assert_eq!(slash.reason, SlashReason::Equivocation { session });
		assert_eq!(slash.amount, FRACTION * bond);
		assert_eq!(bond_of(Sr25519Keyring::Alice), bond, "it waits");
		assert!(!Validators::is_candidate(&alice));
		assert_eq!(Session::disabled_validators(), vec![index]);

		chain.until_epoch(due, &nothing);
		while bond_of(Sr25519Keyring::Alice) == bond && ProofOfBandwidth::epoch() == due {
			chain.block(&nothing);
			check_invariants();
		}
		let taken = slash.amount;
		assert_eq!(bond_of(Sr25519Keyring::Alice), bond - taken);
		let applied = System::events().into_iter().any(|record| {
			matches!(record.event, RuntimeEvent::NodeStaking(StakingEvent::SlashApplied { taken: t, .. }) if t == taken)
		});
		assert!(applied, "in the block that took it");
		let treasury = slash::split(taken, None).treasury;
		assert_eq!(ledger().burned - burned, taken - treasury, "nothing is lost or made");
		assert_eq!(VALIDATORS[1..].iter().map(|who| bond_of(*who)).sum::<Balance>(), others);
		chain.until_epoch(due + 2, &nothing);
		assert!(!Session::validators().contains(&alice), "out of the set");
	});
}

#[test]
fn two_blocks_in_a_slot_should_cost_the_bond() {
	equivocation_should_cost_the_bond(two_blocks);
}

#[test]
fn two_prevotes_in_a_round_should_cost_the_bond() {
	equivocation_should_cost_the_bond(|| two_votes(prevote, 0));
}

#[test]
fn two_precommits_in_a_round_should_cost_the_bond() {
	equivocation_should_cost_the_bond(|| two_votes(precommit, 1));
}

#[test]
fn report_should_be_refused_when_the_seal_is_not_the_offenders() {
	genesis(presets::LOCAL).execute_with(|| {
		let mut chain = Chain::start();
		chain.until_epoch(1, &nothing);
		chain.block_with(&nothing, || {
			let pallet_babe::Call::report_equivocation_unsigned { mut equivocation_proof, key_owner_proof } =
				two_blocks()
			else {
				panic!("a report");
			};
			equivocation_proof.second_header = sealed(index_of_alice(), Sr25519Keyring::Bob, [2; 32]);
			let call =
				pallet_babe::Call::report_equivocation_unsigned { equivocation_proof, key_owner_proof };
			let error = pallet_babe::Error::<Runtime>::InvalidEquivocationProof;
			assert_eq!(
				Executive::apply_extrinsic(UncheckedExtrinsic::new_bare(call.into())),
				Ok(Err(error.into()))
			);
		});
		assert!(NodeStaking::pending_slashes(Sr25519Keyring::Alice.to_account_id()).is_empty());
	});
}

/// The last session in which Alice validates.
const LAST_SESSION: EpochIndex = 3;

fn unbond(amount: Balance) {
	assert_ok!(dispatch(
		Sr25519Keyring::Alice,
		pallet_node_staking::Call::unbond { role: Role::Validator, amount }
	));
}

fn withdraw() -> DispatchResult {
	dispatch(Sr25519Keyring::Alice, pallet_node_staking::Call::withdraw { role: Role::Validator })
}

/// Alice signs twice in the last session she serves in, and takes her bond out as early as she can: all but the minimum
/// while she still serves, the rest in the session after. Returns what can be reported of her.
fn sign_twice_and_leave(chain: &mut Chain) -> [UncheckedExtrinsic; 2] {
	let alice = Sr25519Keyring::Alice.to_account_id();
	// The set is planned a session ahead.
	chain.until_epoch(LAST_SESSION - 1, &nothing);
	assert_ok!(dispatch(Sr25519Keyring::Alice, pallet_validators::Call::chill {}));
	chain.until_epoch(LAST_SESSION, &nothing);
	assert!(Session::validators().contains(&alice));
	let reports: [RuntimeCall; 2] = [two_blocks().into(), two_votes(prevote, 0).into()];
	let minimum = configs::measuring::MinValidatorBond::get();
	unbond(bond_of(Sr25519Keyring::Alice) - minimum);
	chain.until_epoch(LAST_SESSION + 1, &nothing);
	assert!(!Session::validators().contains(&alice));
	unbond(minimum);
	reports.map(UncheckedExtrinsic::new_bare)
}

/// Sessions after its own in which an offence is remembered.
fn window() -> EpochIndex {
	<Runtime as pallet_validators::Config>::OffenceSessions::get()
}

#[test]
fn equivocation_should_cost_the_whole_bonds_share_when_reported_in_the_last_session_of_the_window() {
	genesis(presets::LOCAL).execute_with(|| {
		let bond = bond_of(Sr25519Keyring::Alice);
		let mut chain = Chain::start();
		let reports = sign_twice_and_leave(&mut chain);
		chain.until_epoch(LAST_SESSION + window(), &nothing);
		let nothing_free = pallet_node_staking::Error::<Runtime>::NothingFree;
		assert_eq!(withdraw(), Err(nothing_free.into()), "all that stood behind the offence is still there");
		chain.block_with(&nothing, || {
			for report in reports {
				assert_eq!(Executive::apply_extrinsic(report), Ok(Ok(())));
			}
		});
		let queued = NodeStaking::pending_slashes(Sr25519Keyring::Alice.to_account_id());
		let [(_, slash)] = &queued[..] else { panic!("one slash for one session: {queued:?}") };
		assert_eq!(slash.amount, FRACTION * bond);

		let free = Balances::free_balance(Sr25519Keyring::Alice.to_account_id());
		let unbonding = ProofOfBandwidth::timing().unbonding_epochs;
		chain.until_epoch(LAST_SESSION + 1 + unbonding, &nothing);
		assert_ok!(withdraw());
		let released = Balances::free_balance(Sr25519Keyring::Alice.to_account_id()) - free;
		assert_eq!(released, bond - slash.amount);
		let ledger = NodeStaking::ledger(Sr25519Keyring::Alice.to_account_id(), Role::Validator);
		assert!(ledger.is_none(), "it was paid from the bond");
	});
}

#[test]
fn equivocation_should_be_refused_when_its_window_is_over() {
	genesis(presets::LOCAL).execute_with(|| {
		let mut chain = Chain::start();
		let reports = sign_twice_and_leave(&mut chain);
		chain.until_epoch(LAST_SESSION + window() + 1, &nothing);
		chain.block_with(&nothing, || {
			for report in reports {
				let unproven = TransactionValidityError::Invalid(InvalidTransaction::BadProof);
				assert_eq!(Executive::apply_extrinsic(report), Err(unproven));
			}
		});
		assert!(NodeStaking::pending_slashes(Sr25519Keyring::Alice.to_account_id()).is_empty());
	});
}

#[test]
fn window_of_reports_should_end_before_a_bond_is_free() {
	for preset in presets::names() {
		genesis(preset.as_ref()).execute_with(|| {
			let timing = ProofOfBandwidth::timing();
			assert!(window() > 0);
			assert!(
				window() + timing.slash_delay_epochs <= timing.unbonding_epochs,
				"{preset:?}: {}",
				window()
			);
			let slots = u64::from(window()) * u64::from(timing.epoch_slots);
			assert_eq!(configs::consensus::ReportLongevity::get(), slots);
			// Each session of the window may begin a set, and a report needs its own and the one before it.
			let sets = <Runtime as pallet_grandpa::Config>::MaxSetIdSessionEntries::get();
			assert_eq!(sets, u64::from(window()) + 2);
		});
	}
}
