//! Methods beside `weir_*` that wallets and operators call, as docs/operators.md names them.

use crate::{
	names,
	node::{account, Node},
};
use codec::{Decode, Encode};
use polkadot_sdk::*;
use serde_json::{json, Value};
use sp_core::bytes::{from_hex, to_hex};
use sp_keyring::Sr25519Keyring::{Bob, Eve};
use sp_runtime::traits::OpaqueKeys;
use weir_runtime::SessionKeys;

/// Of the specification that supersedes the older methods.
const NEW: [&str; 16] = [
	"chainHead_v1_body",
	"chainHead_v1_call",
	"chainHead_v1_continue",
	"chainHead_v1_follow",
	"chainHead_v1_header",
	"chainHead_v1_stopOperation",
	"chainHead_v1_storage",
	"chainHead_v1_unfollow",
	"chainHead_v1_unpin",
	"chainSpec_v1_chainName",
	"chainSpec_v1_genesisHash",
	"chainSpec_v1_properties",
	"transactionWatch_v1_submitAndWatch",
	"transactionWatch_v1_unwatch",
	"transaction_v1_broadcast",
	"transaction_v1_stop",
];
/// Of the same, on archive nodes alone.
const ARCHIVE: [&str; 8] = [
	"archive_v1_body",
	"archive_v1_call",
	"archive_v1_finalizedHeight",
	"archive_v1_genesisHash",
	"archive_v1_hashByHeight",
	"archive_v1_header",
	"archive_v1_storage",
	"archive_v1_storageDiff",
];
/// The older ones that wallets, explorers and our documents use.
const LEGACY: [&str; 29] = [
	"author_hasSessionKeys",
	"author_insertKey",
	"author_pendingExtrinsics",
	"author_rotateKeys",
	"author_rotateKeysWithOwner",
	"author_submitAndWatchExtrinsic",
	"author_submitExtrinsic",
	"babe_epochAuthorship",
	"chain_getBlock",
	"chain_getBlockHash",
	"chain_getFinalizedHead",
	"chain_getHeader",
	"chain_subscribeFinalizedHeads",
	"chain_subscribeNewHeads",
	"grandpa_proveFinality",
	"grandpa_roundState",
	"payment_queryFeeDetails",
	"payment_queryInfo",
	"state_call",
	"state_getKeysPaged",
	"state_getMetadata",
	"state_getRuntimeVersion",
	"state_getStorage",
	"state_queryStorageAt",
	"state_subscribeStorage",
	"system_accountNextIndex",
	"system_chain",
	"system_health",
	"system_properties",
];

async fn served(node: &Node) -> Value {
	node.get("rpc_methods", json!([])).await["methods"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn methods_of_both_generations_should_be_served_and_the_archives_by_archives() {
	let node = Node::start(&["--state-pruning=archive", "--blocks-pruning=archive"]).await;
	let methods = served(&node).await;
	for method in NEW.iter().chain(&ARCHIVE).chain(&LEGACY) {
		assert!(names(&methods).contains(method), "no {method}");
	}
	let genesis = node.get("chain_getBlockHash", json!([0])).await;
	assert_eq!(genesis.as_str().map(str::len), Some(66), "{genesis}");
	for method in ["chainSpec_v1_genesisHash", "archive_v1_genesisHash"] {
		assert_eq!(node.get(method, json!([])).await, genesis);
	}
	assert_eq!(
		node.get("chainSpec_v1_chainName", json!([])).await,
		node.get("system_chain", json!([])).await
	);
}

#[tokio::test(flavor = "multi_thread")]
async fn session_keys_should_be_made_with_the_proof_of_their_owner() {
	let node = Node::start(&[]).await;
	let methods = served(&node).await;
	for method in NEW.iter().chain(&LEGACY) {
		assert!(names(&methods).contains(method), "no {method}");
	}
	assert!(!names(&methods).iter().any(|method| method.starts_with("archive_")), "of a node that prunes");

	let owner = account(Eve).encode();
	let generated = node.get("author_rotateKeysWithOwner", json!([to_hex(&owner, false)])).await;
	let bytes = |what: &str| from_hex(generated[what].as_str().unwrap()).unwrap();
	let (keys, proof) = (bytes("keys"), bytes("proof"));
	let session_keys = SessionKeys::decode(&mut &keys[..]).unwrap();
	assert_eq!(session_keys.encode(), keys);
	assert!(session_keys.ownership_proof_is_valid(&owner, &proof));
	assert!(!session_keys.ownership_proof_is_valid(&account(Bob).encode(), &proof));
	// Their secrets are in the node's keystore, and each call makes others.
	assert_eq!(node.get("author_hasSessionKeys", json!([to_hex(&keys, false)])).await, true);
	let again = node.get("author_rotateKeysWithOwner", json!([to_hex(&owner, false)])).await;
	assert_ne!(again["keys"], generated["keys"]);
}
