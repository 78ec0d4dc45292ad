//! Several chain endpoints behind real JSON-RPC: the best one is used, and none when they disagree.

use crate::support::{blocks, Endpoint};
use codec::Encode;
use std::time::Duration;
use weir_tunnel::chain::{ChainError, ChainView, Client};

const EVERY: Duration = Duration::from_millis(200);

/// Makes the endpoint tell an epoch that says who answered.
fn tell(endpoint: &Endpoint, epoch: u32) {
	endpoint.says.lock().unwrap().runtime.insert("clock", (epoch, 7u32, 1_000u64).encode());
}

async fn two(one: Vec<[u8; 32]>, other: Vec<[u8; 32]>) -> (Endpoint, Endpoint, Client) {
	let (one, other) = (Endpoint::start(one).await, Endpoint::start(other).await);
	tell(&one, 1);
	tell(&other, 2);
	let client = Client::connect_comparing(&[one.url(), other.url()], None, EVERY).await.unwrap();
	(one, other, client)
}

async fn until(what: &str, client: &Client, mut is: impl FnMut(&Result<u32, ChainError>) -> bool) {
	for _ in 0..150 {
		if is(&client.clock().await.map(|clock| clock.epoch)) {
			return;
		}
		tokio::time::sleep(Duration::from_millis(100)).await;
	}
	panic!("not within 15 s: {what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn client_should_leave_an_endpoint_when_it_lags() {
	let (one, other, client) = two(blocks(10, 0, 0), blocks(12, 0, 0)).await;
	// Two behind is nothing.
	assert_eq!(client.clock().await.unwrap().epoch, 1);
	other.says.lock().unwrap().finalised = blocks(20, 0, 0);
	until("the better one is used", &client, |answer| matches!(answer, Ok(2))).await;
	// It stays with it when the first one catches up, and returns when the second one is gone.
	one.says.lock().unwrap().finalised = blocks(20, 0, 0);
	tokio::time::sleep(3 * EVERY).await;
	assert_eq!(client.clock().await.unwrap().epoch, 2);
	other.stop().await;
	until("the first one is used", &client, |answer| matches!(answer, Ok(1))).await;
	let mut heads = client.heads();
	heads.mark_unchanged();
	tokio::time::timeout(Duration::from_secs(10), heads.changed()).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn client_should_use_none_when_finalised_blocks_differ_until_they_agree() {
	let (one, other, client) = two(blocks(10, 0, 0), blocks(10, 0, 0)).await;
	assert!(client.agreement().is_ok());
	one.says.lock().unwrap().finalised = blocks(14, 9, 1);
	other.says.lock().unwrap().finalised = blocks(12, 9, 2);
	until("nothing is used", &client, |answer| matches!(answer, Err(ChainError::Split { number: 11, .. })))
		.await;
	assert!(matches!(client.agreement(), Err(ChainError::Split { .. })));
	other.says.lock().unwrap().finalised = blocks(15, 9, 1);
	until("one is used again", &client, Result::is_ok).await;
	assert!(client.agreement().is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn client_should_reconnect_when_all_endpoints_were_gone() {
	let one = Endpoint::start(blocks(10, 0, 0)).await;
	let client = Client::connect_comparing(&[one.url()], Some(one.genesis()), EVERY).await.unwrap();
	let address = one.address;
	one.stop().await;
	until("offline", &client, |answer| matches!(answer, Err(ChainError::Offline))).await;
	// Offline is no disagreement: a node beside this process may still give tasks.
	assert!(client.agreement().is_ok());
	let _again = Endpoint::start_at(address, blocks(11, 0, 0)).await;
	until("connected again", &client, Result::is_ok).await;
}
