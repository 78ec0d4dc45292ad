//! Hands news to subscribers. A subscription is what it shows of a block: a function like [`verdicts`].

use super::{
	error::Error,
	news::{BlockNews, Step},
	outages::{BlockOutages, ProviderOutage},
	results::Block,
	verdicts::{BlockVerdicts, ProviderVerdict},
};
use jsonrpsee::{
	types::ErrorObjectOwned, PendingSubscriptionSink, SubscriptionCloseResponse, SubscriptionMessage,
};
use serde::Serialize;
use tokio::sync::broadcast::{error::RecvError, Receiver};
use weir_runtime::AccountId;

/// Sends what `show` makes of each block until the subscriber leaves or cannot be served any more. Nothing is buffered
/// beside the news themselves, which are bounded, and the connection's own buffer.
pub(super) async fn serve<T: Serialize>(
	pending: PendingSubscriptionSink,
	mut news: Receiver<Step>,
	show: impl Fn(&BlockNews) -> Option<T>,
) -> SubscriptionCloseResponse {
	let Ok(sink) = pending.accept().await else { return SubscriptionCloseResponse::None };
	loop {
		let step = tokio::select! {
			() = sink.closed() => return SubscriptionCloseResponse::None,
			step = news.recv() => step,
		};
		let blocks = match step {
			Ok(Ok(blocks)) => blocks,
			Ok(Err(error)) => return last_words(error),
			Err(RecvError::Lagged(_)) => return last_words(Error::TooSlow),
			Err(RecvError::Closed) => return SubscriptionCloseResponse::None,
		};
		for item in blocks.iter().filter_map(&show) {
			let Ok(message) = SubscriptionMessage::from_json(&item) else {
				return SubscriptionCloseResponse::None;
			};
			if sink.send(message).await.is_err() {
				return SubscriptionCloseResponse::None;
			}
		}
	}
}

/// Tells the subscriber why nothing more comes.
fn last_words(error: Error) -> SubscriptionCloseResponse {
	SubscriptionMessage::from_json(&ErrorObjectOwned::from(error))
		.map_or(SubscriptionCloseResponse::None, SubscriptionCloseResponse::NotifErr)
}

/// The verdicts of a block, or those on `account` alone; nothing if there are none.
pub(super) fn verdicts(block: &BlockNews, account: Option<&AccountId>) -> Option<BlockVerdicts> {
	let verdicts: Vec<_> = block
		.verdicts
		.iter()
		.filter(|concluded| account.is_none_or(|account| *account == concluded.account))
		.map(ProviderVerdict::from)
		.collect();
	(!verdicts.is_empty()).then(|| BlockVerdicts { block: Block::new(block.hash, block.number), verdicts })
}

/// The outages of a block, or those of `account` alone; nothing if there are none.
pub(super) fn outages(block: &BlockNews, account: Option<&AccountId>) -> Option<BlockOutages> {
	let outages: Vec<_> = block
		.outages
		.iter()
		.filter(|change| account.is_none_or(|account| *account == change.account))
		.map(ProviderOutage::from)
		.collect();
	(!outages.is_empty()).then(|| BlockOutages { block: Block::new(block.hash, block.number), outages })
}

#[cfg(test)]
mod tests {
	use super::*;
	use jsonrpsee::RpcModule;
	use polkadot_sdk::sp_blockchain;
	use serde_json::{json, Value};
	use std::sync::Arc;
	use tokio::sync::{broadcast::Sender, mpsc::Receiver};
	use weir_primitives::{
		api::{Outcome, Reason, TestKind, VerdictRecord},
		outage::Gap,
		Claim,
	};
	use weir_runtime::{
		configs::measuring::{Concluded, OutageChange},
		Hash,
	};

	fn record() -> VerdictRecord {
		VerdictRecord {
			epoch: 4,
			kind: TestKind::Scheduled,
			claim: Claim { down_kbps: 20_000, up_kbps: 10_000 },
			down_kbps: 19_000,
			up_kbps: 9_500,
			ratio_ppm: 950_000,
			members: 15,
			present: 14,
			rtt_10us: 700,
			loss_pptt: 60,
			alive_parts: 39,
			outcome: Outcome::Good,
			reason: Reason::WithinClaim,
		}
	}

	/// A block with a verdict on each of the providers `0` and `1`, the second one revised.
	fn block(number: u32) -> BlockNews {
		let verdict = |provider: u8, revised| Concluded {
			provider: provider.into(),
			account: AccountId::from([provider; 32]),
			verdict: record(),
			revised,
		};
		let verdicts = vec![verdict(0, false), verdict(1, true)];
		let gap = Gap { from_slot: 40, until_slot: 50, is_regional: true };
		let outage = |provider: u8, gap| OutageChange {
			provider: provider.into(),
			account: AccountId::from([provider; 32]),
			from_slot: 40,
			gap,
		};
		let outages = vec![outage(0, None), outage(1, Some(gap))];
		BlockNews { hash: Hash::repeat_byte(number as u8), number, verdicts, outages }
	}

	fn step(numbers: impl IntoIterator<Item = u32>) -> Step {
		Ok(Arc::new(numbers.into_iter().map(block).collect()))
	}

	/// What a subscriber to the verdicts on provider 1 is sent, over a connection that holds `buffer` messages.
	async fn subscriber(news: &Sender<Step>, buffer: usize) -> Receiver<String> {
		let mut module = RpcModule::new(news.clone());
		module
			.register_subscription("sub", "verdicts", "unsub", |_, pending, news, _| async move {
				let account = AccountId::from([1; 32]);
				serve(pending, news.subscribe(), |block| verdicts(block, Some(&account))).await
			})
			.unwrap();
		let request = r#"{"jsonrpc":"2.0","id":1,"method":"sub","params":[]}"#;
		module.raw_json_request(request, buffer).await.unwrap().1
	}

	async fn next(messages: &mut Receiver<String>) -> Value {
		let message: Value = serde_json::from_str(&messages.recv().await.unwrap()).unwrap();
		assert_eq!(message["method"], "verdicts");
		message["params"].clone()
	}

	#[tokio::test]
	async fn subscriber_should_get_the_verdicts_it_asked_for_in_the_order_of_blocks() {
		let news = Sender::new(8);
		let mut messages = subscriber(&news, 8).await;
		news.send(step([3, 4])).unwrap();
		news.send(step([5])).unwrap();
		for number in 3..6 {
			let item = &next(&mut messages).await["result"];
			assert_eq!(item["block"]["number"], number);
			assert_eq!(item["verdicts"].as_array().map(Vec::len), Some(1));
			assert_eq!(item["verdicts"][0]["provider"], 1);
			assert_eq!(item["verdicts"][0]["verdict"]["outcome"]["name"], "Good");
			assert_eq!(item["verdicts"][0]["revised"], true);
		}
	}

	#[tokio::test]
	async fn subscriber_should_be_told_and_let_go_when_it_reads_too_slowly() {
		let news = Sender::new(2);
		let mut messages = subscriber(&news, 1).await;
		for number in 0..20 {
			news.send(step([number])).unwrap();
			tokio::task::yield_now().await;
		}
		let mut blocks = 0;
		let error = loop {
			let params = next(&mut messages).await;
			if params["error"].is_object() {
				break params["error"].clone();
			}
			assert_eq!(params["result"]["block"]["number"], blocks, "none is left out before the error");
			blocks += 1;
		};
		assert!(blocks < 20, "all blocks arrived, so it was not slow");
		assert_eq!((&error["code"], &error["data"]), (&json!(20_009), &json!("TooSlow")));
		assert_eq!(news.receiver_count(), 0, "it is served no more");
		assert!(messages.try_recv().is_err(), "and sent nothing more");
	}

	#[tokio::test]
	async fn subscriber_should_be_told_and_let_go_when_blocks_are_skipped() {
		let news = Sender::new(2);
		let mut messages = subscriber(&news, 4).await;
		news.send(Err(Error::BlocksSkipped)).unwrap();
		assert_eq!(next(&mut messages).await["error"]["code"], 20_010);
		assert_eq!(news.receiver_count(), 0, "it is served no more");
		assert!(messages.try_recv().is_err(), "and sent nothing more");
	}

	#[tokio::test]
	async fn subscriber_should_be_told_and_let_go_when_the_database_does_not_answer() {
		let news = Sender::new(2);
		let mut messages = subscriber(&news, 4).await;
		let error = sp_blockchain::Error::Backend("a header cannot be read".into());
		news.send(Err(Error::from(error))).unwrap();
		let error = &next(&mut messages).await["error"];
		assert_eq!((&error["code"], &error["data"]), (&json!(20_008), &json!("Database")));
		let said = error["message"].as_str().unwrap();
		assert!(said.contains("a header cannot be read") && said.contains("see the node's log"), "{said}");
		assert_eq!(news.receiver_count(), 0, "it is served no more");
		assert!(messages.try_recv().is_err(), "and sent nothing more");
	}

	#[tokio::test]
	async fn subscription_should_end_when_the_connection_does() {
		let news = Sender::new(2);
		let messages = subscriber(&news, 4).await;
		assert_eq!(news.receiver_count(), 1);
		drop(messages);
		while news.receiver_count() > 0 {
			tokio::task::yield_now().await;
		}
	}

	#[test]
	fn outages_should_be_shown_as_they_begin_and_as_they_end() {
		let shown = serde_json::to_value(outages(&block(1), None)).unwrap();
		let [begun, ended] = [&shown["outages"][0], &shown["outages"][1]];
		assert_eq!(
			(&begun["fromSlot"], &begun["untilSlot"], &begun["regional"]),
			(&json!(40), &Value::Null, &Value::Null)
		);
		assert_eq!(
			(&ended["fromSlot"], &ended["untilSlot"], &ended["regional"]),
			(&json!(40), &json!(50), &json!(true))
		);
		assert_eq!(outages(&block(1), Some(&AccountId::from([2; 32]))), None);
		let one = outages(&block(1), Some(&AccountId::from([1; 32])));
		assert_eq!(one.map(|shown| shown.outages.len()), Some(1));
	}

	#[test]
	fn block_should_not_be_shown_when_it_has_no_verdict_on_the_provider() {
		assert_eq!(verdicts(&block(1), Some(&AccountId::from([2; 32]))), None);
		assert_eq!(verdicts(&block(1), None).map(|shown| shown.verdicts.len()), Some(2));
	}
}
