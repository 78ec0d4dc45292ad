//! Becoming a validator of a running network: a bond, session keys with the proof that they are one's own, candidacy.

use super::chain::*;
use crate::*;
use codec::{Decode, Encode};
use frame_support::{assert_noop, assert_ok};
use sp_keyring::Sr25519Keyring::{self, Eve, Ferdie};
use sp_keystore::{testing::MemoryKeystore, KeystoreExt};
use sp_runtime::DispatchResult;
use sp_session::OpaqueGeneratedSessionKeys;
use weir_primitives::Role;

type SessionError = pallet_session::Error<Runtime>;

fn nothing(_: Sr25519Keyring, _: u32, _: u32) -> Option<u32> {
	None
}

/// The second session of the local network, in which Eve has the least bond of a validator, and her node a keystore.
fn with_bond(test: impl FnOnce(&mut Chain)) {
	let mut ext = genesis(presets::LOCAL);
	ext.register_extension(KeystoreExt::new(MemoryKeystore::new()));
	ext.execute_with(|| {
		let mut chain = Chain::start();
		chain.until_epoch(1, &nothing);
		let amount = configs::measuring::MinValidatorBond::get();
		assert_ok!(dispatch(Eve, pallet_node_staking::Call::bond { role: Role::Validator, amount }));
		test(&mut chain);
	});
}

/// Session keys and the proof for `owner`, asked of the runtime as `author_rotateKeysWithOwner` does. The secret is
/// Eve's: blocks of these tests are made with secrets of known accounts.
fn generate(owner: Sr25519Keyring) -> (SessionKeys, Vec<u8>) {
	let arguments = (owner.to_account_id().encode(), Some(b"//Eve".to_vec())).encode();
	let answer = api::dispatch("SessionKeys_generate_session_keys", &arguments).expect("the function exists");
	let OpaqueGeneratedSessionKeys { keys, proof } =
		Decode::decode(&mut &answer[..]).expect("the answer of its second version");
	(SessionKeys::decode(&mut &keys[..]).expect("keys of this runtime"), proof)
}

fn set_keys(who: Sr25519Keyring, keys: SessionKeys, proof: Vec<u8>) -> DispatchResult {
	dispatch(who, pallet_session::Call::<Runtime>::set_keys { keys, proof })
}

fn validate(who: Sr25519Keyring) -> DispatchResult {
	dispatch(who, pallet_validators::Call::validate {})
}

#[test]
fn account_should_validate_two_sessions_after_it_asked_to() {
	with_bond(|chain| {
		let eve = Eve.to_account_id();
		let (keys, proof) = generate(Eve);
		assert_ok!(set_keys(Eve, keys.clone(), proof));
		assert_ok!(validate(Eve));
		let asked = Session::current_index();

		chain.until_epoch(asked + 1, &nothing);
		assert!(!Session::validators().contains(&eve), "the next set is planned already");
		assert!(Session::queued_keys().contains(&(eve.clone(), keys.clone())));

		chain.until_epoch(asked + 2, &nothing);
		let set = Session::validators();
		assert_eq!(set.len(), VALIDATORS.len() + 1);
		let index = set.iter().position(|who| *who == eve).expect("Eve is in the set") as u32;
		assert!(Babe::current_epoch().authorities.contains(&(keys.babe, 1)));
		assert!(Grandpa::grandpa_authorities().contains(&(keys.grandpa, 1)));
		assert!(AuthorityDiscovery::authorities().contains(&keys.authority_discovery));
		while chain.next_author() != index {
			chain.block(&nothing);
		}
		chain.block_with(&nothing, || assert_eq!(Authorship::author(), Some(eve)));
		check_invariants();
	});
}

#[test]
fn session_keys_should_be_refused_without_the_proof_of_their_owner() {
	with_bond(|_| {
		let (keys, proof) = generate(Eve);
		let (same_keys, of_another) = generate(Ferdie);
		assert_eq!(keys, same_keys);
		assert_noop!(set_keys(Eve, keys.clone(), Vec::new()), SessionError::InvalidProof);
		assert_noop!(set_keys(Eve, keys.clone(), of_another), SessionError::InvalidProof);
		// Nor can whoever sees the proof in the pool register the keys as its own.
		assert_noop!(set_keys(Ferdie, keys, proof), SessionError::InvalidProof);
		assert_noop!(validate(Eve), pallet_validators::Error::<Runtime>::NoSessionKeys);
	});
}
