//! Subscriptions of a real node, over WebSocket: what is sent, to how many, and what is said instead.

use crate::{
	node::{address, assert_refused, set_storage, Node, PATIENCE, PROVIDER},
	stored::{foreign_events, outage_events, verdict_events},
};
use jsonrpsee::{
	client_transport::ws::{Url, WsTransportClientBuilder},
	core::{
		client::{ReceivedMessage, Subscription, SubscriptionClientT, TransportReceiverT, TransportSenderT},
		ClientError,
	},
	rpc_params,
	ws_client::{WsClient, WsClientBuilder},
};
use polkadot_sdk::*;
use serde_json::{json, Value};
use sp_keyring::Sr25519Keyring::Alice;
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};

/// Subscriptions to verdicts and outages that docs/rpc.md grants a connection.
const PLACES: usize = 32;

pub(crate) async fn connect(node: &Node) -> WsClient {
	WsClientBuilder::default().build(node.ws()).await.unwrap()
}

/// Asks for a subscription to `what`: `Verdicts` or `Outages`.
pub(crate) async fn ask(
	client: &WsClient,
	what: &str,
	provider: Value,
	blocks: Value,
) -> Result<Subscription<Value>, ClientError> {
	let (begin, end) = (format!("weir_subscribe{what}"), format!("weir_unsubscribe{what}"));
	client.subscribe(&begin, rpc_params![provider, blocks], &end).await
}

async fn follow(client: &WsClient, what: &str, provider: Value, blocks: Value) -> Subscription<Value> {
	ask(client, what, provider, blocks).await.unwrap()
}

async fn next(subscription: &mut Subscription<Value>) -> Value {
	let item = timeout(PATIENCE, subscription.next()).await;
	item.expect("news in time").expect("no end").expect("no error")
}

/// Asserts that the block that was sent is the one the chain has at that height.
async fn assert_of_the_chain(node: &Node, shown: &Value) {
	let number = &shown["block"]["number"];
	assert_eq!(node.get("chain_getBlockHash", json!([number])).await, shown["block"]["hash"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn verdicts_should_reach_subscribers_of_best_and_finalized_blocks() {
	let node = Node::start(&[]).await.with_provider().await;
	let client = connect(&node).await;
	let (who, index) = PROVIDER;
	let mut finalized = follow(&client, "Verdicts", Value::Null, Value::Null).await;
	let mut best = follow(&client, "Verdicts", json!(index), json!("best")).await;
	let mut by_account = follow(&client, "Verdicts", json!(address(who)), json!("finalized")).await;

	node.submit(Alice, set_storage(vec![verdict_events()])).await;
	let shown = next(&mut best).await;
	assert_eq!(next(&mut finalized).await, shown);
	assert_eq!(next(&mut by_account).await, shown);
	assert_of_the_chain(&node, &shown).await;
	assert_eq!(shown["verdicts"][0]["provider"], index);
	assert_eq!(shown["verdicts"][0]["account"], address(who));
	assert_eq!(shown["verdicts"][0]["verdict"]["outcome"]["name"], "ClaimLowered");
	assert_eq!(
		(&shown["verdicts"][0]["revised"], &shown["verdicts"][1]["revised"]),
		(&json!(false), &json!(true))
	);
	finalized.unsubscribe().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn outages_should_reach_subscribers_of_best_and_finalized_blocks() {
	let node = Node::start(&[]).await.with_provider().await;
	let client = connect(&node).await;
	let (who, index) = PROVIDER;
	let mut finalized = follow(&client, "Outages", Value::Null, Value::Null).await;
	let mut best = follow(&client, "Outages", json!(index), json!("best")).await;
	let mut by_account = follow(&client, "Outages", json!(address(who)), json!("finalized")).await;

	// A block with verdicts alone is none of theirs: the first they hear of is the one after it.
	let mut verdicts = follow(&client, "Verdicts", Value::Null, Value::Null).await;
	node.submit(Alice, set_storage(vec![verdict_events()])).await;
	let before = next(&mut verdicts).await["block"]["number"].as_u64();
	node.submit(Alice, set_storage(vec![outage_events()])).await;
	let shown = next(&mut best).await;
	assert_eq!(next(&mut finalized).await, shown);
	assert_eq!(next(&mut by_account).await, shown);
	assert_of_the_chain(&node, &shown).await;
	assert!(shown["block"]["number"].as_u64() > before, "{shown}");
	let outage = |until: Value, regional: Value| {
		json!({
			"provider": index, "account": address(who), "fromSlot": 40, "untilSlot": until, "regional": regional,
		})
	};
	assert_eq!(shown["outages"], json!([outage(Value::Null, Value::Null), outage(json!(50), json!(true))]));
	finalized.unsubscribe().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn subscription_should_be_refused_when_the_connection_has_no_place_left() {
	let node = Node::start(&[]).await;
	let client = connect(&node).await;
	let mut held = Vec::new();
	for what in ["Verdicts", "Outages"].into_iter().cycle().take(PLACES) {
		held.push(follow(&client, what, Value::Null, Value::Null).await);
	}
	for what in ["Verdicts", "Outages"] {
		let answer = ask(&client, what, Value::Null, Value::Null).await;
		assert_refused(answer, (20_012, "TooManySubscriptions", &format!("holds {PLACES}")), what);
	}
	// Another connection has places of its own, and a place that is given back is there again.
	follow(&connect(&node).await, "Outages", Value::Null, Value::Null).await;
	held.pop().unwrap().unsubscribe().await.unwrap();
	let began = Instant::now();
	while let Err(error) = ask(&client, "Outages", Value::Null, Value::Null).await {
		assert!(began.elapsed() < PATIENCE, "{error}");
		sleep(Duration::from_millis(50)).await;
	}
}

/// What the node says next, word for word.
async fn hear(receiver: &mut impl TransportReceiverT) -> Value {
	loop {
		let message = timeout(PATIENCE, receiver.receive()).await.expect("a message in time");
		if let ReceivedMessage::Text(text) = message.unwrap() {
			return serde_json::from_str(&text).unwrap();
		}
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn subscriber_should_be_told_and_let_go_when_events_are_of_another_release() {
	let node = Node::start(&[]).await.with_provider().await;
	// The usual client keeps the error to itself with which a subscription ends.
	let url = Url::parse(&node.ws()).unwrap();
	let (mut sender, mut receiver) = WsTransportClientBuilder::default().build(url).await.unwrap();
	let request =
		json!({ "jsonrpc": "2.0", "id": 1, "method": "weir_subscribeOutages", "params": [null, "best"] });
	sender.send(request.to_string()).await.unwrap();
	let subscription = hear(&mut receiver).await["result"].clone();
	assert!(subscription.is_string());

	node.submit(Alice, set_storage(vec![foreign_events()])).await;
	let told = hear(&mut receiver).await;
	assert_eq!((&told["method"], &told["params"]["subscription"]), (&json!("weir_outage"), &subscription));
	let error = &told["params"]["error"];
	assert_eq!((&error["code"], &error["data"]), (&json!(20_011), &json!("UnreadableBlock")));
	assert!(error["message"].as_str().unwrap().contains("subscribe again"), "{error}");

	// Who subscribes again is served; the one that was let go hears nothing more.
	let client = connect(&node).await;
	let mut again = follow(&client, "Outages", Value::Null, json!("best")).await;
	node.submit(Alice, set_storage(vec![outage_events()])).await;
	assert_eq!(next(&mut again).await["outages"][0]["provider"], PROVIDER.1);
	assert!(timeout(Duration::from_secs(2), receiver.receive()).await.is_err(), "and sent nothing more");
}
