//! Whether the keystore holds what a validator works with.

use polkadot_sdk::*;
use sp_core::crypto::key_types::{BABE, GRANDPA};
use sp_keystore::KeystorePtr;

/// Says so in the log if a validator cannot make blocks or vote. It starts all the same, as its keys are made over its
/// own JSON-RPC.
pub(crate) fn warn_of_missing(keystore: &KeystorePtr) {
	if let Some(warning) = warning(keystore) {
		log::warn!("{warning}");
	}
}

fn warning(keystore: &KeystorePtr) -> Option<String> {
	let blocks = keystore.sr25519_public_keys(BABE).is_empty().then_some("babe");
	let votes = keystore.ed25519_public_keys(GRANDPA).is_empty().then_some("gran");
	let missing: Vec<_> = blocks.into_iter().chain(votes).collect();
	(!missing.is_empty()).then(|| {
		format!(
			"no {} key in the keystore: this validator cannot do its part; call author_rotateKeysWithOwner(<account>) on \
			this node, then session.setKeys(keys, proof) from that account",
			missing.join(" and no ")
		)
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::sync::Arc;

	#[test]
	fn warning_should_name_what_is_missing_and_what_to_do() {
		let keystore: KeystorePtr = Arc::new(sc_keystore::LocalKeystore::in_memory());
		let both = warning(&keystore).unwrap();
		assert!(both.starts_with("no babe and no gran key in the keystore"), "{both}");
		assert!(both.contains("author_rotateKeysWithOwner") && both.contains("session.setKeys"), "{both}");
		keystore.sr25519_generate_new(BABE, Some("//Alice")).unwrap();
		let votes = warning(&keystore).unwrap();
		assert!(votes.starts_with("no gran key in the keystore"), "{votes}");
	}

	#[test]
	fn warning_should_not_be_given_when_both_keys_are_there() {
		let keystore: KeystorePtr = Arc::new(sc_keystore::LocalKeystore::in_memory());
		keystore.sr25519_generate_new(BABE, Some("//Alice")).unwrap();
		keystore.ed25519_generate_new(GRANDPA, Some("//Alice")).unwrap();
		assert_eq!(warning(&keystore), None);
	}
}
