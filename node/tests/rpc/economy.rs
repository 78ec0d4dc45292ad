//! The economy of a development network, as a node shows it: with a price and without one, and what is refused.

use crate::{
	assert_described,
	node::{account, address, call, Node},
};
use codec::Compact;
use polkadot_sdk::*;
use serde_json::{json, Value};
use sp_keyring::Sr25519Keyring::{Alice, Eve};
use std::net::SocketAddr;
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::TcpListener,
};

/// What a token is worth in these tests, dollars.
const DOLLARS: &str = "0.04";
/// Five dollars.
const CREDITS: u128 = 5_000_000;

/// Serves the price to whoever asks, until the test is over.
async fn price_source() -> SocketAddr {
	let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
	let address = listener.local_addr().unwrap();
	tokio::spawn(async move {
		loop {
			let Ok((mut stream, _)) = listener.accept().await else { return };
			tokio::spawn(async move {
				let mut request = [0; 4_096];
				let _ = stream.read(&mut request).await;
				let body = format!("{{\"price\":{DOLLARS}}}");
				let answer = format!(
					"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
					body.len()
				);
				let _ = stream.write_all(answer.as_bytes()).await;
			});
		}
	});
	address
}

fn amount(value: &Value) -> u128 {
	value.as_str().unwrap_or_else(|| panic!("an amount, not {value}")).parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn economy_should_be_shown_and_say_why_there_is_no_price() {
	let node = Node::start(&[]).await;
	assert_described(&node).await;
	let price = node.until("weir_price", json!([]), |price| price["block"]["number"] != 0).await;
	let at = price["block"]["hash"].clone();
	assert_eq!(
		(&price["quote"], &price["lost"], &price["paused"]),
		(&Value::Null, &json!(false), &json!(false))
	);
	for gate in ["purchasesClosed", "payoutsClosed"] {
		let name = price[gate]["name"].as_str().unwrap();
		assert!(["NoQuorum", "Stale"].contains(&name), "{price}");
	}
	assert_eq!((&price["reporters"], &price["quorum"]), (&json!(3), &json!(2)));

	let reporters = node.get("weir_reporters", json!([at])).await;
	let reporters = reporters.as_array().unwrap();
	assert_eq!(reporters.len(), 3);
	let alice = reporters.iter().find(|reporter| reporter["account"] == address(Alice)).unwrap();
	assert_eq!(
		(&alice["added"], &alice["active"], &alice["lastPrice"]),
		(&json!(true), &json!(true), &Value::Null)
	);
	assert!(amount(&alice["bond"]) > 0);

	let supply = node.get("weir_supply", json!([at])).await;
	assert_eq!((&supply["balanced"], &supply["cap"]), (&json!(true), &json!("1000000000000000000000")));
	assert_eq!(supply["sum"], supply["cap"]);
	assert_eq!(supply["issuance"], supply["totalIssuance"]);

	let cost = node.get("weir_quote", json!({ "credits": CREDITS.to_string(), "at": at })).await;
	assert_eq!((&cost["tokens"], &cost["price"]), (&Value::Null, &Value::Null));
	// Nothing says yet what a request has to allow.
	assert_eq!(cost["refusal"]["name"], "NeverPriced");
	assert_eq!(node.get("weir_quote", json!([CREDITS as u64, at])).await, cost);
	assert_eq!(node.get("weir_quote", json!([999_999, at])).await["refusal"]["name"], "TooLittle");
	let huge = node.get("weir_quote", json!([u128::MAX.to_string(), at])).await;
	assert_eq!(huge["refusal"]["name"], "TooMuch");

	let page = node.get("weir_regions", json!({ "at": at })).await;
	let regions = page["regions"].as_array().unwrap();
	let german = regions.iter().find(|region| region["region"] == "DE-res").expect("a region of the preset");
	assert_eq!(
		(&german["open"], &german["multiplierPpm"], &german["floorPpm"]),
		(&json!(true), &json!(1_000_000), &json!(0))
	);
	assert_eq!(node.get("weir_region", json!(["DE-res", at])).await, *german);
	let first = node.get("weir_regions", json!([0, 1, at])).await;
	assert_eq!((&first["regions"], &first["nextCursor"]), (&json!([regions[0]]), &json!(1)));
	assert_eq!(node.get("weir_regions", json!([60_000, 1, at])).await["regions"], json!([]));

	let rewards = node.get("weir_rewards", json!([address(Eve), at])).await;
	assert_eq!((&rewards["line"], &rewards["claimable"]), (&Value::Null, &json!("0")));
	assert_eq!((&rewards["vesting"]["locked"], &rewards["fees"]["paid"]), (&json!("0"), &json!("0")));
	let credits = node.get("weir_credits", json!([address(Eve), at])).await;
	assert_eq!(
		(&credits["free"], &credits["locked"], &credits["requests"]),
		(&json!("0"), &json!("0"), &json!([]))
	);
	let summaries = node.get("weir_epochSummaries", json!({ "at": at })).await;
	assert_eq!((&summaries["epochs"], &summaries["nextCursor"]), (&json!([]), &Value::Null));
	let rules = node.get("weir_parameters", json!([at])).await;
	assert_eq!((&rules["pace"]["roundBlocks"], &rules["pending"]), (&json!(5), &Value::Null));
	assert_eq!(rules["parameters"]["providerSharePpm"], 750_000);
	assert_eq!(rules["parameters"]["listPrice"], "50000");
	assert_eq!((&rules["brakes"], &rules["safeModeUntil"]), (&json!([]), &Value::Null));
	figures_should_be_shown(&node, &at).await;
}

/// Bonds, quotes, stable path, pots and close of the block.
async fn figures_should_be_shown(node: &Node, at: &Value) {
	let quotes = node.get("weir_quotes", json!([288, at])).await;
	assert_eq!((&quotes["quotes"], &quotes["block"]["hash"]), (&json!([]), at));
	let claim = node.get("weir_claimBond", json!([10_000, at])).await;
	assert_eq!((&claim["kbps"], &claim["needed"]), (&json!(10_000), &claim["lasting"]));
	assert!(amount(&claim["needed"]) >= 10 * amount(&claim["perMbps"]), "{claim}");
	let bonds = node.get("weir_bonds", json!([address(Alice), at])).await;
	assert!(amount(&bonds["validator"]["active"]) > 0, "{bonds}");
	assert_eq!((&bonds["provider"]["unbonding"], &bonds["slashes"]), (&json!([]), &json!([])));
	let path = node.get("weir_stablePath", json!([at])).await;
	assert_eq!(
		(&path["pending"], &path["waits"], &path["paused"]),
		(&json!("0"), &Value::Null, &json!(false))
	);
	assert!(amount(&path["pool"]["stable"]) > 0 && amount(&path["limit"]) > 1_000_000, "{path}");
	let pots = node.get("weir_pots", json!([at])).await;
	for pot in ["treasury", "rewards", "stable"] {
		assert!(amount(&pots[pot]["tokens"]) > 0, "{pots}");
	}
	let close = node.get("weir_close", json!([at])).await;
	assert_eq!((&close["epoch"], &close["progress"]), (&json!(0), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn credits_should_be_bought_at_the_price_that_the_node_reports() {
	let source = price_source().await;
	let sources = ["a", "b", "c"].map(|name| format!("--price-source=http://{source}/{name}#/price"));
	let node = Node::start(&sources.each_ref().map(String::as_str)).await;
	let price = node.until("weir_price", json!([]), |price| price["purchasesClosed"] == Value::Null).await;
	assert_eq!((&price["quote"]["median"], &price["quote"]["ema"]), (&json!(DOLLARS), &json!(DOLLARS)));
	assert_eq!(price["quote"]["low"], "0.0399");
	let quotes = node.get("weir_quotes", json!([1, price["block"]["hash"]])).await;
	assert_eq!(quotes["quotes"], json!([price["quote"]]));

	let cost =
		node.until("weir_quote", json!([CREDITS.to_string()]), |cost| cost["refusal"] == Value::Null).await;
	// Five dollars at 0.0399 dollars a token, rounded up to a grain.
	let tokens = (CREDITS * 1_000_000_000_000_000_000 * 1_000_000).div_ceil(39_900_000_000_000_000);
	assert_eq!(amount(&cost["tokens"]), tokens);
	node.submit(Eve, call([59, 0], (Compact(CREDITS), Compact(tokens + tokens / 10)))).await;
	let waiting =
		node.until("weir_credits", json!([address(Eve)]), |credits| credits["requests"] != json!([])).await;
	let request = &waiting["requests"][0];
	assert_eq!((amount(&request["credits"]), amount(&request["maxTokens"])), (CREDITS, tokens + tokens / 10));
	let from = request["executesFrom"].as_u64().unwrap();
	assert!(from > request["round"].as_u64().unwrap(), "{request}");
	let bought = node.until("weir_credits", json!([address(Eve)]), |credits| credits["free"] != "0").await;
	assert_eq!((amount(&bought["free"]), &bought["requests"]), (CREDITS, &json!([])));
	let at = bought["block"]["hash"].clone();
	assert!(node.get("weir_price", json!([at])).await["round"].as_u64().unwrap() >= from);
	let supply = node.get("weir_supply", json!([at])).await;
	assert_eq!((&supply["credits"], &supply["balanced"]), (&json!(CREDITS.to_string()), &json!(true)));
	assert_eq!((amount(&supply["basis"]), &supply["sum"]), (tokens, &supply["cap"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn epochs_should_be_summed_up_when_they_are_closed() {
	let source = price_source().await;
	let sources = ["a", "b", "c"].map(|name| format!("--price-source=http://{source}/{name}#/price"));
	let node = Node::start(&sources.each_ref().map(String::as_str)).await;
	let page = node.until("weir_epochSummaries", json!([]), |page| page["epochs"] != json!([])).await;
	let epoch = &page["epochs"][0];
	assert_eq!(
		(&epoch["epoch"], &epoch["settled"], &epoch["haircutPpm"]),
		(&json!(0), &json!("0"), &json!(0))
	);
	assert_eq!(epoch["price"], "0.0401");
	assert!(amount(&epoch["scheduled"]) > 0 && amount(&epoch["treasury"]) > 0, "{epoch}");
	assert!(amount(&epoch["destroyedInAll"]) >= amount(&epoch["destroyed"]), "{epoch}");
	let at = page["block"]["hash"].clone();
	assert_eq!(node.get("weir_supply", json!([at])).await["balanced"], true);
	// The one validator made every block.
	let rewards = node.get("weir_rewards", json!([address(Alice), at])).await;
	assert_eq!(rewards["closed"], 0);
	assert_eq!(rewards["validating"]["pending"], epoch["validators"]);
	assert_eq!(rewards["claimable"], epoch["validators"]);
	assert!(amount(&rewards["worth"]) > 0, "{rewards}");
	node.submit(Eve, call([57, 0], (account(Alice), 64u32))).await;
	let claimed = |rewards: &Value| rewards["validating"]["paid"] != "0";
	let rewards = node.until("weir_rewards", json!([address(Alice)]), claimed).await;
	assert!(amount(&rewards["validating"]["paid"]) >= amount(&epoch["validators"]), "{rewards}");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_about_the_economy_should_be_refused_with_code_and_advice_when_wrong() {
	let node = Node::start(&[]).await;
	let unknown = format!("0x{}", "11".repeat(32));
	for (method, params) in [
		("weir_price", json!([unknown])),
		("weir_reporters", json!([unknown])),
		("weir_supply", json!([unknown])),
		("weir_quote", json!([1, unknown])),
		("weir_regions", json!([0, 1, unknown])),
		("weir_region", json!(["DE-res", unknown])),
		("weir_rewards", json!([address(Eve), unknown])),
		("weir_credits", json!([address(Eve), unknown])),
		("weir_epochSummaries", json!([0, 1, unknown])),
		("weir_parameters", json!([unknown])),
		("weir_quotes", json!([1, unknown])),
		("weir_claimBond", json!([1, unknown])),
		("weir_bonds", json!([address(Eve), unknown])),
		("weir_stablePath", json!([unknown])),
		("weir_pots", json!([unknown])),
		("weir_close", json!([unknown])),
		("weir_channel", json!([0, unknown])),
		("weir_channels", json!([address(Eve), 0, 1, unknown])),
		("weir_plan", json!([address(Eve), unknown])),
		("weir_offer", json!([0, 100, unknown])),
		("weir_providerEarnings", json!([address(Eve), unknown])),
	] {
		node.assert_refuses(method, params, 20_003, "UnknownBlock", &unknown).await;
	}
	for limit in [0, 289] {
		node.assert_refuses("weir_quotes", json!([limit]), 20_005, "PageSize", "from 1 to 288").await;
	}
	for method in [
		"weir_rewards",
		"weir_credits",
		"weir_bonds",
		"weir_channels",
		"weir_plan",
		"weir_offer",
		"weir_providerEarnings",
	] {
		node.assert_refuses(method, json!(["Eve"]), 20_000, "NotAnAccount", "SS58").await;
	}
	for method in ["weir_regions", "weir_epochSummaries"] {
		node.assert_refuses(method, json!([0, 101]), 20_005, "PageSize", "from 1 to 100").await;
	}
	for region in ["DE", "XX-res", "de-res"] {
		node.assert_refuses("weir_region", json!([region]), 20_006, "NotARegion", "DE-res").await;
	}
	node.assert_refuses(
		"weir_channels",
		json!([address(Eve), null, 101]),
		20_005,
		"PageSize",
		"from 1 to 100",
	)
	.await;
	node.assert_refuses("weir_channel", json!([7]), 20_015, "UnknownChannel", "weir_channels").await;
	for boost in [0, 99, 301] {
		node.assert_refuses("weir_offer", json!([0, boost]), 20_016, "NotABoost", "from 100 to 300").await;
	}
	for method in ["weir_offer", "weir_providerEarnings"] {
		node.assert_refuses(method, json!([9]), 20_001, "UnknownProvider", "weir_providers").await;
	}
	node.assert_refuses("weir_offer", json!([address(Eve)]), 20_001, "UnknownProvider", "weir_providers")
		.await;
	node.assert_refuses("weir_region", json!(["AQ-host"]), 20_013, "UnknownRegion", "weir_regions").await;
	for credits in ["", "five", "-1", "1.5"] {
		node.assert_refuses("weir_quote", json!([credits]), 20_014, "NotAnAmount", "micro-dollars").await;
	}
}
