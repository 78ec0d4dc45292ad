//! Payment channels of a development network, as a node shows them from the opening to the end.

use crate::node::{account, address, call, Node, PROVIDER};
use codec::{Compact, Encode};
use polkadot_sdk::*;
use serde_json::{json, Value};
use sp_core::bytes::{from_hex, to_hex};
use sp_keyring::Sr25519Keyring::{self, Bob, Ferdie, One};
use weir_primitives::channel::{voucher_payload, SignedVoucher, Voucher, VoucherKey, VoucherSignature};

/// Buys, and pays for what others use.
const PAYER: Sr25519Keyring = Bob;
/// Signs vouchers.
const SIGNER: Sr25519Keyring = One;
/// Ten dollars.
const BOUGHT: u128 = 10_000_000;
const DEPOSIT: u128 = 4_000_000;
const PLAN: u128 = 1_000_000;

/// What opens a channel by the terms that the node has shown.
fn opening(offer: &Value) -> impl Encode {
	let terms: [u8; 32] = from_hex(offer["termsHash"].as_str().unwrap()).unwrap().try_into().unwrap();
	let (boost, expiry) = (offer["boostPercent"].as_u64().unwrap(), offer["latestExpiry"].as_u64().unwrap());
	let key = VoucherKey::Sr25519(SIGNER.to_raw_public());
	let (boost, expiry) = (u16::try_from(boost).unwrap(), u32::try_from(expiry).unwrap());
	(account(PROVIDER.0), DEPOSIT, key, expiry, boost, terms, false)
}

/// A voucher of so many bytes each way and what they cost at 75,000 credits per 10⁹.
async fn voucher(node: &Node, channel: u64, bytes: u64) -> SignedVoucher {
	let credits = (u128::from(bytes) * 2 * 75_000).div_ceil(1_000_000_000);
	let voucher = Voucher { channel, bytes_down: bytes, bytes_up: bytes, credits, sequence: 1 };
	let genesis = node.get("chain_getBlockHash", json!([0])).await;
	let genesis: [u8; 32] = from_hex(genesis.as_str().unwrap()).unwrap().try_into().unwrap();
	let signature = VoucherSignature::Sr25519(SIGNER.sign(&voucher_payload(&genesis, &voucher)).0);
	SignedVoucher { voucher, signature }
}

#[tokio::test(flavor = "multi_thread")]
async fn channel_should_be_shown_from_its_opening_to_its_end() {
	let node = Node::start(&[]).await.with_provider().await;
	let (provider, index) = PROVIDER;
	let offer = node.until("weir_offer", json!([index, 150]), |offer| offer["inService"] == true).await;
	assert_eq!((&offer["price"], &offer["boostedPrice"]), (&json!("50000"), &json!("75000")));
	assert_eq!((&offer["provider"], &offer["region"]), (&json!(address(provider)), &json!("DE-res")));
	assert_eq!(offer["probeKey"], format!("0x{}", "03".repeat(32)));
	assert_eq!(offer["latestExpiry"], offer["epoch"].as_u64().unwrap() + 360);
	let at = offer["block"]["hash"].clone();
	let same = node.get("weir_offer", json!([address(provider), null, at])).await;
	assert_eq!((&same["boostPercent"], &same["boostedPrice"]), (&json!(100), &json!("50000")));

	node.submit(PAYER, call([59, 2], Compact(BOUGHT))).await;
	let has = |credits: &Value| credits["free"] == BOUGHT.to_string();
	node.until("weir_credits", json!([address(PAYER)]), has).await;
	assert_eq!(node.get("weir_plan", json!([address(PAYER)])).await, Value::Null);
	node.submit(PAYER, call([60, 8], Compact(PLAN))).await;
	let plan = node.until("weir_plan", json!([address(PAYER)]), |plan| *plan != Value::Null).await;
	assert_eq!(
		(&plan["current"], &plan["rolled"], &plan["lapsed"], &plan["mostPrice"]),
		(&json!(PLAN.to_string()), &json!("0"), &json!("0"), &json!("50000"))
	);
	node.submit(PAYER, call([60, 1], (account(Ferdie), opening(&offer)))).await;
	let channel = node.until("weir_channel", json!([0]), |_| true).await;
	assert_eq!((&channel["id"], &channel["state"]), (&json!(0), &json!("open")));
	let parts = [PAYER, Ferdie, provider].map(|who| json!(address(who)));
	assert_eq!([&channel["payer"], &channel["customer"], &channel["provider"]], parts.each_ref());
	assert_eq!((&channel["price"], &channel["boostPercent"]), (&json!("75000"), &json!(150)));
	let key = to_hex(&SIGNER.to_raw_public(), false);
	assert_eq!(channel["voucherKey"], json!({ "kind": "sr25519", "key": key }));
	assert_eq!((&channel["termsHash"], &channel["expiry"]), (&offer["termsHash"], &offer["latestExpiry"]));
	let credits = node.get("weir_credits", json!([address(PAYER)])).await;
	assert_eq!(credits["locked"], (DEPOSIT + PLAN).to_string());
	for (who, part) in [(PAYER, "pays"), (Ferdie, "uses"), (provider, "provides")] {
		let page = node.get("weir_channels", json!([address(who), null, 100])).await;
		assert_eq!(page["channels"].as_array().map(Vec::len), Some(1), "{page}");
		let row = &page["channels"][0];
		let parts = ["pays", "uses", "provides"].map(|one| row[one] == true);
		assert_eq!(parts, ["pays", "uses", "provides"].map(|one| one == part), "{page}");
		assert_eq!((&row["channel"], &page["nextCursor"]), (&channel, &Value::Null));
	}
	let full = node.get("weir_channels", json!([address(PAYER), null, 1])).await;
	assert_eq!(full["nextCursor"], 0);
	let rest = node.get("weir_channels", json!([address(PAYER), full["nextCursor"], 1])).await;
	assert_eq!((&rest["channels"], &rest["nextCursor"]), (&json!([]), &Value::Null));

	let earned = node.get("weir_providerEarnings", json!([index])).await;
	assert_eq!((&earned["channels"]["open"], &earned["feeEpochs"]), (&json!(1), &json!([])));
	let voucher = voucher(&node, 0, 20_000_000).await;
	node.submit(PAYER, call([60, 4], (account(provider), vec![voucher]))).await;
	let paid = node.until("weir_channel", json!([0]), |channel| channel["paid"] != "0").await;
	assert_eq!((&paid["paid"], &paid["left"]), (&json!("3000"), &json!((DEPOSIT - 3_000).to_string())));
	assert_eq!((&paid["bytesDown"], &paid["sequence"]), (&json!("20000000"), &json!("1")));
	let earned = node.get("weir_providerEarnings", json!([address(provider)])).await;
	assert_eq!(earned["feeEpochs"][0]["credits"], "3000");
	let left = json!((DEPOSIT - 3_000).to_string());
	assert_eq!((&earned["channels"]["left"], &earned["channels"]["allCounted"]), (&left, &json!(true)));

	node.submit(Ferdie, call([60, 5], (Compact(0u64), None::<SignedVoucher>))).await;
	let closing = node.until("weir_channel", json!([0]), |channel| channel["state"] == "closing").await;
	assert!(closing["closesFrom"].as_u64() < closing["expiry"].as_u64(), "{closing}");
	node.submit(provider, call([60, 5], (Compact(0u64), None::<SignedVoucher>))).await;
	let none = json!([]);
	node.until("weir_channels", json!([address(PAYER)]), |page| page["channels"] == none).await;
	node.assert_refuses("weir_channel", json!([0]), 20_015, "UnknownChannel", "channels.Closed").await;
	let credits = node.get("weir_credits", json!([address(PAYER)])).await;
	assert_eq!(credits["locked"], PLAN.to_string());
}
