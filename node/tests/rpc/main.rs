//! JSON-RPC of a real node: every method `weir_*` over HTTP, the subscriptions over WebSocket, every error but three, which
//! others there are, and how refused transactions are counted. `Database` takes a broken disk, `TooSlow` and `BlocksSkipped` more blocks than a test
//! has time for: the tests of `src/rpc/weir/subscriptions.rs` have those.

mod channels;
mod economy;
mod measuring;
mod methods;
mod node;
mod stored;
mod subscriptions;

use node::{account, address, assert_refused, call, general, set_storage, signed, Node, PROVIDER};
use polkadot_sdk::*;
use serde_json::{json, Value};
use sp_core::bytes::{from_hex, to_hex};
use sp_keyring::Sr25519Keyring::{Alice, Bob, Eve};

const DOCUMENT: &str = include_str!("../../../docs/openrpc.json");

fn names(list: &Value) -> Vec<&str> {
	list.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect()
}

/// `rpc.discover` answers with the document, and the node has these methods and no others.
async fn assert_described(node: &Node) {
	let document: Value = serde_json::from_str(DOCUMENT).unwrap();
	assert_eq!(node.get("rpc.discover", json!([])).await, document);
	let mut described: Vec<_> = document["methods"]
		.as_array()
		.unwrap()
		.iter()
		.map(|method| method["name"].as_str().unwrap())
		.collect();
	described.sort_unstable();
	let served = node.get("rpc_methods", json!([])).await;
	let mut served: Vec<_> = names(&served["methods"])
		.into_iter()
		.filter(|name| name.starts_with("weir_") || name.starts_with("rpc."))
		.collect();
	served.sort_unstable();
	assert_eq!(served, described);
}

#[tokio::test(flavor = "multi_thread")]
async fn clock_and_seats_should_be_read_at_any_kept_block() {
	let node = Node::start(&[]).await;
	assert_described(&node).await;
	let clock = node.until("weir_clock", json!([]), |clock| clock["block"]["number"] != 0).await;
	let timing = node.get("weir_timing", json!([])).await;
	assert_eq!((&timing["slotMillis"], &timing["epochSlots"]), (&json!(2_000), &json!(30)));
	assert_eq!(clock["timing"], timing);
	let at = clock["block"]["hash"].as_str().unwrap().to_owned();
	assert_eq!(node.get("weir_clock", json!([at])).await, clock);
	assert_eq!(node.get("weir_clock", json!({ "at": at })).await, clock);

	let page = node.get("weir_seats", json!({ "limit": 1, "at": at })).await;
	assert_eq!(page["block"], clock["block"]);
	assert_eq!(page["nextCursor"], Value::Null);
	let seat = node.get("weir_seat", json!([address(Alice), at])).await;
	assert_eq!(page["seats"], json!([seat]));
	assert_eq!(seat["account"], address(Alice));
	assert_eq!(seat["endpoint"], "127.11.0.1:9600");
	assert_eq!(seat["key"], to_hex(&Alice.public().0, false));
	assert_eq!((&seat["operator"], &seat["shortfalls"]), (&Value::Null, &json!(0)));
	// The same account in hex.
	let hex = to_hex(&Alice.public().0, false);
	assert_eq!(node.get("weir_seat", json!([hex, at])).await, seat);
	assert_eq!(node.get("weir_seats", json!([1, 100, at])).await["seats"], json!([]));
	assert_eq!(node.get("weir_tasks", json!([address(Alice), at])).await, json!([]));
	let report = node.get("weir_reportState", json!([0, address(Alice), at])).await;
	assert_eq!(report, json!({ "committed": false, "revealed": false }));
}

#[tokio::test(flavor = "multi_thread")]
async fn seats_and_providers_should_be_shown_with_operators_and_shortfalls() {
	let node = Node::start(&[]).await.with_provider().await;
	let seats = stored::place("ProofOfBandwidth", "Seats", &[stored::blake(Alice)]);
	let bytes = node.get("state_getStorage", json!([to_hex(&seats, false)])).await;
	let mut bytes = from_hex(bytes.as_str().unwrap()).unwrap();
	// A seat ends with its shortfalls: how many, and the epoch of the last test, which has four bytes.
	let count = bytes.len() - 5;
	bytes[count] = 2;
	let (who, index) = PROVIDER;
	let operators = [Alice, who].map(|node| stored::operator(node, Bob));
	node.submit(Alice, set_storage([(seats, bytes)].into_iter().chain(operators).collect())).await;
	let seat =
		node.until("weir_seat", json!([address(Alice)]), |seat| seat["operator"] == address(Bob)).await;
	assert_eq!(seat["shortfalls"], 2);
	assert_eq!(node.get("weir_seats", json!([])).await["seats"], json!([seat]));
	let provider = node.get("weir_provider", json!([index])).await;
	assert_eq!(provider["operator"], address(Bob));
}

#[tokio::test(flavor = "multi_thread")]
async fn provider_should_be_shown_with_terms_and_verdicts() {
	let node = Node::start(&[]).await.with_provider().await;
	let items = [stored::verdicts(), stored::evidence(), stored::commitment(PROVIDER.0, 9)];
	node.submit(Alice, set_storage(items.into_iter().chain(stored::outages()).collect())).await;
	node.until("weir_provider", json!([PROVIDER.1]), |provider| provider["lastVerdict"] != Value::Null).await;
	// All at one block: an epoch may begin meanwhile.
	let at = node.get("weir_clock", json!([])).await["block"]["hash"].clone();
	let provider = node.get("weir_provider", json!([PROVIDER.1, at])).await;
	assert_eq!(provider["region"], "DE-res");
	assert_eq!(provider["endpoint"], "127.1.2.3:9600");
	assert_eq!(provider["claim"], json!({ "downKbps": 20_000, "upKbps": 10_000 }));
	assert_eq!(provider["caps"], json!({ "rateKbps": 15_000, "gbPerMonth": 200, "sessions": 10 }));
	assert_eq!(provider["bond"], "1000000000000000");
	assert_eq!(provider["priceCreditsPerGb"], "50000");
	assert_eq!(provider["admission"], json!({ "state": "pending", "passed": 0 }));
	assert_eq!(provider["exit"], "web");
	assert_eq!(provider["probeKey"], format!("0x{}", "03".repeat(32)));
	assert_eq!((&provider["paused"], &provider["bondSufficient"]), (&json!(false), &json!(true)));
	assert_eq!(provider["operator"], Value::Null);
	let verdict = &provider["lastVerdict"];
	assert_eq!((&verdict["rttMicros"], &verdict["kind"]), (&json!(12_340), &json!("admission")));
	assert_eq!(
		(&verdict["outcome"]["code"], &verdict["outcome"]["name"]),
		(&json!(2), &json!("ClaimLowered"))
	);
	assert_eq!(verdict["reason"]["text"], "0.5 to 0.75 of the claim");
	let past = &provider["pastVerdicts"][0];
	assert_eq!((&verdict["epoch"], &past["epoch"]), (&json!(8), &json!(4)));
	assert_eq!((&past["downKbps"], &past["upKbps"]), (&json!(20_000), &json!(10_000)));
	assert_eq!((&past["kind"], &past["outcome"]["name"]), (&json!("admission"), &json!("Good")));

	let (who, index) = PROVIDER;
	assert_eq!(node.get("weir_provider", json!([address(who), at])).await, provider);
	let of = |region: &str| json!({ "region": region, "at": at });
	for region in ["DE", "DE-res"] {
		assert_eq!(node.get("weir_providers", of(region)).await["providers"], json!([provider]));
	}
	for region in ["DE-host", "NL"] {
		assert_eq!(node.get("weir_providers", of(region)).await["providers"], json!([]));
	}
	let page = node.get("weir_providers", json!([index, 1, null, at])).await;
	assert_eq!((&page["providers"], &page["nextCursor"]), (&json!([provider]), &Value::Null));
	assert_eq!(page["block"]["hash"], at);
	assert_eq!(node.get("weir_providers", json!([index + 1])).await["providers"], json!([]));

	assert_eq!(node.get("weir_targetTest", json!([index, at])).await, Value::Null);
	let assignment = node.get("weir_assignment", json!([0, address(who), at])).await;
	assert_eq!(assignment, json!({ "epoch": 0, "provider": index, "members": [] }));
	let evidence = node.get("weir_evidence", json!([address(who), at])).await;
	let [strike] = evidence.as_array().unwrap().as_slice() else { panic!("one strike, not {evidence}") };
	assert_eq!((&strike["provider"], &strike["epoch"]), (&json!(index), &json!(4)));
	assert_eq!((&strike["kind"], &strike["ordinal"]), (&json!("admission"), &json!(11)));
	assert_eq!(
		(&strike["until"], &strike["slash"], &strike["appealed"]),
		(&json!(100), &Value::Null, &json!(false))
	);
	assert_eq!(strike["members"], json!([]));
	let outages = node.get("weir_outages", json!([address(who), at])).await;
	let past = json!({ "fromSlot": 40, "untilSlot": 50, "regional": true });
	assert_eq!(outages, json!({ "provider": index, "downSinceSlot": 60, "past": [past] }));
	let report = node.get("weir_reportState", json!([9, address(who), at])).await;
	assert_eq!(report, json!({ "committed": true, "revealed": false }));
	let audit = node.get("weir_audit", json!({ "epoch": 0, "account": address(who), "at": at })).await;
	assert_eq!(audit, json!({ "epoch": 0, "positions": [] }));
}

#[tokio::test(flavor = "multi_thread")]
async fn request_should_be_refused_with_code_and_advice_when_it_is_wrong() {
	let node = Node::start(&["--state-pruning=2"]).await;
	let unknown = format!("0x{}", "11".repeat(32));
	for (method, params) in [
		("weir_provider", json!(["Alice"])),
		("weir_seat", json!(["0x12"])),
		("weir_reportState", json!([1, "12pJ8mCnLH1Ce8jwGwuhdfkzW5eYvYL9oqUDzG8cRnHhbGNd"])),
	] {
		node.assert_refuses(method, params, 20_000, "NotAnAccount", "SS58").await;
	}
	for (method, params) in [
		("weir_provider", json!([address(Eve)])),
		("weir_provider", json!([7])),
		("weir_targetTest", json!([address(Eve)])),
		("weir_assignment", json!([1, 7])),
		("weir_evidence", json!([7])),
		("weir_outages", json!([7])),
	] {
		node.assert_refuses(method, params, 20_001, "UnknownProvider", "weir_providers").await;
	}
	for method in ["weir_seat", "weir_tasks"] {
		node.assert_refuses(method, json!([address(Bob)]), 20_002, "UnknownSeat", "weir_seats").await;
	}
	for (method, params) in [
		("weir_clock", json!([unknown])),
		("weir_timing", json!([unknown])),
		("weir_providers", json!([0, 1, null, unknown])),
		("weir_provider", json!([0, unknown])),
		("weir_seats", json!([0, 1, unknown])),
		("weir_seat", json!([address(Alice), unknown])),
		("weir_assignment", json!([0, 0, unknown])),
		("weir_tasks", json!([address(Alice), unknown])),
		("weir_targetTest", json!([0, unknown])),
		("weir_reportState", json!([0, address(Alice), unknown])),
		("weir_evidence", json!([0, unknown])),
		("weir_outages", json!([0, unknown])),
		("weir_audit", json!([0, address(Alice), unknown])),
	] {
		node.assert_refuses(method, params, 20_003, "UnknownBlock", &unknown).await;
	}
	for (method, limit) in [("weir_providers", 0), ("weir_providers", 101), ("weir_seats", 101)] {
		node.assert_refuses(method, json!([0, limit]), 20_005, "PageSize", "from 1 to 100").await;
	}
	for region in ["XX", "DE-home", "de"] {
		node.assert_refuses("weir_providers", json!({ "region": region }), 20_006, "NotARegion", "DE-res")
			.await;
	}
	let client = subscriptions::connect(&node).await;
	for what in ["Verdicts", "Outages"] {
		for (provider, error) in [
			(json!(7), (20_001, "UnknownProvider", "weir_providers")),
			(json!("Eve"), (20_000, "NotAnAccount", "SS58")),
		] {
			let answer = subscriptions::ask(&client, what, provider, Value::Null).await;
			assert_refused(answer, error, what);
		}
	}
	// A state that the node had and has no more.
	let first = node.until("chain_getBlockHash", json!([1]), |hash| hash.is_string()).await;
	node.until("weir_clock", json!([]), |clock| clock["block"]["number"].as_u64() > Some(10)).await;
	node.assert_refuses("weir_clock", json!([first]), 20_004, "PrunedState", "--state-pruning").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_should_be_counted_by_the_rule_they_broke_when_the_pool_refuses_them() {
	let node = Node::start_with_metrics().await;
	let remark = call([0, 0], vec![1u8]);
	let future_epoch = (1_000u32, account(Alice), [0u8; 32], [0u8; 64]);
	let foreign = weir_runtime::Hash::repeat_byte(7);
	for (transaction, rule) in [
		(general(call([53, 6], (0u32, 0u32, Vec::<u8>::new()))), "WrongReceiptCount"),
		(general(call([53, 3], future_epoch)), "Future"),
		(signed(Alice, 0, foreign, remark), "BadProof"),
	] {
		assert!(node.send(transaction).await.is_err(), "{rule}");
		let shown = node.metrics().await;
		let is_counted = |line: &str| {
			line.starts_with("weir_pool_refused_total{")
				&& line.contains(&format!("rule=\"{rule}\""))
				&& line.ends_with(" 1")
		};
		assert!(shown.lines().any(is_counted), "no {rule} in {shown}");
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn request_should_be_refused_when_the_runtime_of_the_block_does_not_answer() {
	let node = Node::start(&[]).await;
	let clock = node.until("weir_clock", json!([]), |clock| clock["block"]["number"] != 0).await;
	let code = (b":code".to_vec(), b"no Wasm".to_vec());
	let (key, size) = (to_hex(&code.0, false), code.1.len());
	node.submit(Alice, set_storage(vec![code])).await;
	node.until("state_getStorageSize", json!([key]), |shown| *shown == json!(size)).await;
	let refusal = (20_007, "Runtime", "ask a node of that release");
	for (method, params) in [
		("weir_clock", json!([])),
		("weir_timing", json!([])),
		("weir_providers", json!([])),
		("weir_provider", json!([0])),
		("weir_seats", json!([])),
		("weir_seat", json!([address(Alice)])),
		("weir_assignment", json!([0, 0])),
		("weir_tasks", json!([address(Alice)])),
		("weir_targetTest", json!([0])),
		("weir_reportState", json!([0, address(Alice)])),
		("weir_evidence", json!([0])),
		("weir_outages", json!([0])),
		("weir_audit", json!([0, address(Alice)])),
		("weir_price", json!([])),
		("weir_reporters", json!([])),
		("weir_supply", json!([])),
		("weir_quote", json!([1])),
		("weir_regions", json!([])),
		("weir_region", json!(["DE-res"])),
		("weir_rewards", json!([address(Alice)])),
		("weir_credits", json!([address(Alice)])),
		("weir_epochSummaries", json!([])),
		("weir_parameters", json!([])),
	] {
		assert_refused(node.ask(method, params).await, refusal, method);
	}
	let client = subscriptions::connect(&node).await;
	for what in ["Verdicts", "Outages"] {
		let answer = subscriptions::ask(&client, what, json!(0), Value::Null).await;
		assert_refused(answer, refusal, what);
	}
	// The blocks before have the runtime that they had.
	assert_eq!(node.get("weir_clock", json!([clock["block"]["hash"]])).await, clock);
}
