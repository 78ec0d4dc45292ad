//! A network that measures, as a node shows it: committees, tasks, audits, and lists of more than one page.

use crate::{
	node::{address, join, set_storage, sit, Node, PROVIDER},
	stored::{report, running_epoch},
};
use polkadot_sdk::*;
use serde_json::{json, Value};
use sp_core::bytes::to_hex;
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Ferdie};

/// Seats with the second numbers of their addresses. Alice has hers from the beginning.
const SEATS: [(Sr25519Keyring, u8); 3] = [(Alice, 11), (Bob, 12), (Charlie, 13)];
/// Late enough for whoever joins in the first minutes to be drawn.
const EPOCH: u32 = 9;
/// The last epoch whose audits are drawn.
const AUDITED: u32 = EPOCH - 2;
/// Entries of a report of which four are drawn, whatever the randomness: one of each 64.
const ENTRIES: u16 = 256;

/// Three seats and two providers, of which tests are drawn, and a block of that epoch.
async fn measuring() -> (Node, Value) {
	let node = Node::start(&[]).await.with_provider().await;
	for (seat, n) in &SEATS[1..] {
		node.submit(*seat, sit(*seat, *n)).await;
	}
	node.submit(Ferdie, join(2)).await;
	for (seat, _) in SEATS {
		node.until("weir_seat", json!([address(seat)]), |_| true).await;
	}
	node.until("weir_provider", json!([1]), |_| true).await;
	// Far from the end of the epoch, which would be another one's beginning.
	node.until("weir_clock", json!([]), |clock| clock["slotInEpoch"].as_u64() < Some(15)).await;
	node.submit(Alice, set_storage(vec![running_epoch(EPOCH), report(Alice, AUDITED, ENTRIES)])).await;
	node.until("weir_tasks", json!([address(Alice)]), |tasks| *tasks != json!([])).await;
	let clock = node.get("weir_clock", json!([])).await;
	assert_eq!(clock["epoch"], EPOCH);
	(node, clock["block"]["hash"].clone())
}

/// All rows of a list, asked for one by one.
async fn rows(node: &Node, method: &str, rows: &str, at: &Value) -> Vec<Value> {
	let (mut all, mut cursor) = (Vec::new(), Value::Null);
	loop {
		let page = node.get(method, json!({ "cursor": cursor, "limit": 1, "at": at })).await;
		assert_eq!(page["block"]["hash"], *at);
		let [row] = page[rows].as_array().unwrap().as_slice() else { panic!("one row, not {page}") };
		all.push(row.clone());
		cursor = page["nextCursor"].clone();
		if cursor.is_null() {
			return all;
		}
		assert_eq!(cursor, all.len(), "the next page begins behind this one");
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn committees_tasks_audits_and_pages_should_be_shown_where_tests_are_drawn() {
	let (node, at) = measuring().await;
	let (who, index) = PROVIDER;

	let seats = rows(&node, "weir_seats", "seats", &at).await;
	assert_eq!(json!(seats), node.get("weir_seats", json!({ "at": at })).await["seats"]);
	let mut seated: Vec<_> = seats.iter().map(|seat| seat["account"].clone()).collect();
	assert_eq!(seated.remove(0), address(Alice));
	seated.sort_by_key(Value::to_string);
	let mut others = [address(Bob), address(Charlie)];
	others.sort();
	assert_eq!(json!(seated), json!(others));
	let providers = rows(&node, "weir_providers", "providers", &at).await;
	assert_eq!(json!(providers), node.get("weir_providers", json!({ "at": at })).await["providers"]);
	let accounts: Vec<_> = providers.iter().map(|provider| provider["account"].clone()).collect();
	assert_eq!(json!(accounts), json!([address(who), address(Ferdie)]));

	let test = node.get("weir_targetTest", json!([address(who), at])).await;
	assert_eq!((&test["epoch"], &test["kind"]), (&json!(EPOCH), &json!("admission")));
	// Five quarters of 20/10 Mbps, by three.
	assert_eq!((&test["quotaDownKbps"], &test["quotaUpKbps"]), (&json!(8_334), &json!(4_167)));
	assert_eq!(test["windowMillis"], 3_000);
	let committee = test["committee"].as_array().unwrap();
	assert_eq!(committee.len(), SEATS.len());
	for (seat, n) in SEATS {
		let member = json!({
			"account": address(seat), "key": to_hex(&seat.to_raw_public(), false), "endpoint": format!("127.{n}.0.1:9600"),
		});
		assert!(committee.contains(&member), "no {member} in {test}");
	}

	let assignment = node.get("weir_assignment", json!([EPOCH, index, at])).await;
	let members: Vec<_> = committee.iter().map(|member| member["account"].clone()).collect();
	assert_eq!(assignment, json!({ "epoch": EPOCH, "provider": index, "members": members }));

	for (seat, _) in SEATS {
		let tasks = node.get("weir_tasks", json!([address(seat), at])).await;
		let tasks = tasks.as_array().unwrap();
		assert_eq!(tasks.len(), providers.len());
		let task = tasks.iter().find(|task| task["provider"] == index).expect("the one of the test");
		let expected = json!({
			"provider": index,
			"account": address(who),
			"endpoint": "127.1.2.3:9600",
			"peerId": providers[0]["peerId"],
			"probeKey": format!("0x{}", "03".repeat(32)),
			"claim": { "downKbps": 20_000, "upKbps": 10_000 },
			"kind": "admission",
			"ordinal": test["ordinal"],
			"members": SEATS.len(),
			"quotaDownKbps": 8_334,
			"quotaUpKbps": 4_167,
			"windowMillis": 3_000,
			"startSlot": test["startSlot"],
		});
		assert_eq!(*task, expected);
	}

	let audit = node.get("weir_audit", json!([AUDITED, address(Alice), at])).await;
	assert_eq!(audit["epoch"], AUDITED);
	let positions: Vec<u64> =
		audit["positions"].as_array().unwrap().iter().map(|position| position.as_u64().unwrap()).collect();
	let parts: Vec<_> = positions.iter().map(|position| position / 64).collect();
	assert_eq!(parts, [0, 1, 2, 3], "{audit}");
	let of_another = node.get("weir_audit", json!([AUDITED, address(Bob), at])).await;
	assert_eq!(of_another, json!({ "epoch": AUDITED, "positions": [] }));
}
