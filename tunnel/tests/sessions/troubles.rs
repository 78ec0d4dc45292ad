//! A chain that is away while a session runs: its node was killed, or its runtime upgraded to what this version does not know.

use super::{
	chain::{self, PRICE},
	lab::{fetch, hash, until, Files, Lab, NAME},
	remote::{ChainServer, Mood},
	roles::{take, CustomerPlace, ProviderPlace},
};
use std::time::Duration;
use weir_primitives::{channel::VoucherKey, economy::Credits};
use weir_tunnel::{
	chain::Opening,
	connect::{journal::Journal, Connection, Ending, Phase},
};

async fn connected(connection: &Connection) {
	let status = connection.status();
	until("connected", || status.borrow().phase == Phase::Connected).await;
}

/// Puts a channel of so many credits there, which the customer can sign for.
fn open(server: &ChainServer, lab: &Lab, place: &CustomerPlace, credits: Credits) -> VoucherKey {
	let journal = Journal::open(place.state.as_ref(), chain::GENESIS).unwrap();
	let voucher_key = journal.new_key(place.provider).unwrap();
	let opening = Opening {
		provider: lab.provider_account(),
		credits,
		voucher_key,
		expiry: 200,
		boost: 100,
		terms_hash: [5; 32],
		from_plan: false,
	};
	server.chain.open_for(place.account().id(), &opening);
	voucher_key
}

#[tokio::test(flavor = "multi_thread")]
async fn session_should_go_on_while_the_chain_is_away_or_upgraded_and_be_settled_later() {
	let lab = Lab::in_network(50, 10).await;
	let server = ChainServer::of(&[&lab]).await;
	let files = Files::start(lab.server()).await;
	let provider = ProviderPlace::of(&lab, &server).provide(server.remote()).await;
	let mut connection = CustomerPlace::of(&lab, &server, 1).connect(server.remote()).await.unwrap();
	connected(&connection).await;
	let (socks, status) = (connection.socks(), connection.status());
	for mood in [Mood::Up, Mood::Down, Mood::Upgraded, Mood::Up] {
		server.feel(mood);
		// Some looks at the chain.
		tokio::time::sleep(Duration::from_millis(1_500)).await;
		let received = fetch(socks, NAME, files.port(), 0, 6 << 20).await.unwrap();
		assert_eq!(hash(&received), hash(&Files::content(0, 6 << 20)), "{mood:?}");
		assert_eq!(status.borrow().phase, Phase::Connected, "{mood:?}");
	}
	let stopped = connection.stop().await;
	assert!(matches!(stopped.ending, Ending::Asked), "{stopped:?}");
	provider.stop().await;
	assert_eq!(server.chain.paid(), stopped.hops[0].spent);
	assert!(stopped.hops[0].bytes > 24 << 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn session_should_be_bounded_by_its_channel_while_the_chain_is_away() {
	let lab = Lab::in_network(51, 10).await;
	let server = ChainServer::of(&[&lab]).await;
	let files = Files::start(lab.server()).await;
	let provider = ProviderPlace::of(&lab, &server).provide(server.remote()).await;
	let place = CustomerPlace::of(&lab, &server, 1);
	let credits: Credits = 1_200;
	open(&server, &lab, &place, credits);
	let mut connection = place.connect(server.remote()).await.unwrap();
	connected(&connection).await;
	server.feel(Mood::Down);
	let bytes = u64::try_from(credits * 1_000_000_000 / u128::from(PRICE)).unwrap();
	let received = take(connection.socks(), files.port(), 0, 2 * bytes).await;
	assert!(received > bytes / 2 && received <= bytes + (512 << 10), "{received} of {bytes}");
	let stopped = tokio::time::timeout(Duration::from_secs(60), connection.ended()).await.expect("it ends");
	let Ending::UsedUp(reason) = &stopped.ending else { panic!("{stopped:?}") };
	assert!(
		reason.contains("run the same command again") && reason.contains("channels top-up 1"),
		"{reason}"
	);
	assert!(stopped.hops[0].spent <= credits);
	server.feel(Mood::Up);
	provider.stop().await;
	assert!(
		server.chain.paid() <= credits && server.chain.paid() >= credits * 9 / 10,
		"{}",
		server.chain.paid()
	);
}

#[tokio::test(flavor = "multi_thread")]
async fn provider_should_claim_what_it_is_owed_when_the_chain_was_away_at_its_end() {
	let lab = Lab::in_network(52, 10).await;
	let server = ChainServer::of(&[&lab]).await;
	let files = Files::start(lab.server()).await;
	let place = ProviderPlace::of(&lab, &server);
	let provider = place.provide(server.remote()).await;
	let mut connection = CustomerPlace::of(&lab, &server, 1).connect(server.remote()).await.unwrap();
	connected(&connection).await;
	fetch(connection.socks(), NAME, files.port(), 0, 1 << 20).await.unwrap();
	server.feel(Mood::Down);
	let stopped = connection.stop().await;
	assert!(matches!(stopped.ending, Ending::Asked), "{stopped:?}");
	provider.stop().await;
	assert_eq!(server.chain.paid(), 0, "nobody could be asked");
	server.feel(Mood::Up);
	let provider = place.provide(server.remote()).await;
	until("it has claimed", || server.chain.paid() == stopped.hops[0].spent).await;
	provider.stop().await;
}
