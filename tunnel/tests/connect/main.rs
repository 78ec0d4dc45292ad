//! A customer and a provider in one process on loopback addresses: real WireGuard, control plane, userspace exit and SOCKS, against a
//! chain that is a struct.

// Shared with tests/sessions, which uses more of them.
#[allow(dead_code)]
mod chain;
#[allow(dead_code)]
mod lab;

use chain::LabChain;
use lab::{fetch, hash, until, Files, Lab, BYTES, NAME};
use std::{sync::Arc, time::Duration};
use weir_math::economy::channel::charge;
use weir_primitives::{channel::SignedVoucher, economy::Credits};
use weir_tunnel::{
	connect::{journal::Journal, Connection, Ending, Phase},
	store::Store,
};
use weir_tunnel_core::wire::Usage;

/// What a customer paid and counted, from its disk.
fn customers_books(lab: &Lab) -> (Usage, SignedVoucher) {
	let journal = Journal::open(&lab.customer_state(), chain::GENESIS).unwrap();
	let kept = journal.all().unwrap();
	assert_eq!(kept.len(), 1, "one channel, one key");
	(kept[0].1.paid.counted, kept[0].1.paid.voucher.expect("a voucher"))
}

/// What the provider served, and the voucher it has, from its disk.
async fn providers_books(lab: &Lab) -> (Usage, SignedVoucher) {
	let state = lab.provider_state();
	until("the provider's state is closed", || Store::open(&state).is_ok()).await;
	let kept = Store::open(&state).unwrap().kept().unwrap();
	assert_eq!(kept.len(), 1, "one channel");
	let record = kept.into_values().next().unwrap().record;
	(record.served, record.voucher.expect("a voucher"))
}

async fn connected(connection: &Connection) {
	let status = connection.status();
	until("connected", || status.borrow().phase == Phase::Connected).await;
}

/// Compares what both sides and the chain have at the end. `most_lost` is what may have moved without the other's seeing it.
async fn assert_books(lab: &Lab, chain: &LabChain, carried: u64, most_lost: u64) {
	let ((ours, voucher), (theirs, received)) = (customers_books(lab), providers_books(lab).await);
	assert_eq!(voucher, received, "both have the same last voucher");
	assert!(ours.total() >= carried, "{ours:?} of {carried}");
	let differ = ours.total().abs_diff(theirs.total());
	assert!(differ <= most_lost, "customer {ours:?}, provider {theirs:?}");
	// No more is signed than was counted, but for what was paid ahead; and no less than is owed.
	let signed = voucher.voucher;
	let owed = charge(ours.total().min(theirs.total()).saturating_sub(most_lost), 0, chain::PRICE).unwrap();
	let most = charge(ours.total() + (64 << 20), 0, chain::PRICE).unwrap();
	assert!((owed..=most).contains(&signed.credits), "{signed:?} for {ours:?}");
	assert_eq!(chain.channels(), 1);
	let paid: Credits = chain.paid();
	assert_eq!(paid, signed.credits, "the provider has claimed all of it when it stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn customer_should_fetch_by_name_and_pay_for_what_both_sides_count() {
	let lab = Lab::new(190).await;
	let chain = Arc::new(LabChain::new(&lab));
	let files = Files::start(lab.server()).await;
	let provider = lab.provide(chain.clone()).await;
	let mut connection = lab.connect(chain.clone()).await.unwrap();
	connected(&connection).await;

	let socks = connection.socks();
	let received = fetch(socks, NAME, files.port(), 0, BYTES).await.unwrap();
	assert_eq!(hash(&received), hash(&Files::content(0, BYTES)));
	// By address as well, and only where the exit lets it out.
	let again = fetch(socks, &lab.server().to_string(), files.port(), 7, 1_000).await.unwrap();
	assert_eq!(again, Files::content(7, 1_000));
	assert_eq!(fetch(socks, "169.254.169.254", 80, 0, 1).await, Err(5), "the exit refuses");
	assert_eq!(fetch(socks, "nowhere.example.org", 80, 0, 1).await, Err(4), "no such name");
	assert_eq!(fetch(socks, "2001:db8::1", 80, 0, 1).await, Err(8), "no IPv6");

	tokio::time::sleep(Duration::from_millis(1_500)).await;
	let status = connection.status().borrow().clone();
	assert!(status.run_bytes > BYTES && status.rtt_micros.is_some(), "{status:?}");
	assert!(status.exposure_bytes <= 64 << 20 && status.left < chain::DEPOSIT, "{status:?}");

	let stopped = connection.stop().await;
	assert!(matches!(stopped.ending, Ending::Asked), "{stopped:?}");
	assert_eq!(fetch(socks, NAME, files.port(), 0, 1).await, Err(3), "no way around the tunnel");
	drop(connection);
	provider.stop().await;
	assert_eq!(stopped.hops[0].left, chain::DEPOSIT - chain.paid());
	assert_books(&lab, &chain, BYTES, 1 << 20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn customer_should_fetch_and_pay_when_its_line_is_disguised() {
	let lab = Lab::new(195).await;
	let chain = Arc::new(LabChain::new(&lab));
	let files = Files::start(lab.server()).await;
	let provider = lab.provide(chain.clone()).await;
	let mut connection = lab.connect_disguised(chain.clone()).await.unwrap();
	connected(&connection).await;
	let received = fetch(connection.socks(), NAME, files.port(), 0, BYTES / 4).await.unwrap();
	assert_eq!(hash(&received), hash(&Files::content(0, BYTES / 4)));
	let stopped = connection.stop().await;
	assert!(matches!(stopped.ending, Ending::Asked), "{stopped:?}");
	drop(connection);
	provider.stop().await;
	assert_books(&lab, &chain, BYTES / 4, 1 << 20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn channel_should_go_on_when_the_provider_is_killed_in_a_transfer_and_comes_back() {
	let lab = Lab::new(200).await;
	let chain = Arc::new(LabChain::new(&lab));
	let files = Files::start(lab.server()).await;
	let provider = lab.provide(chain.clone()).await;
	let mut connection = lab.connect(chain.clone()).await.unwrap();
	connected(&connection).await;

	let socks = connection.socks();
	let (progress, mut received) = tokio::sync::watch::channel(0u64);
	let port = files.port();
	let transfer = tokio::spawn(async move { lab::fetch_some(socks, NAME, port, 0, BYTES, progress).await });
	received.wait_for(|bytes| *bytes > BYTES / 4).await.unwrap();
	let voucher_before = connection.status().borrow().spent;
	// As by kill -9: nothing is said, written or claimed any more.
	drop(provider);
	let first = tokio::time::timeout(Duration::from_secs(60), transfer).await.expect("it breaks").unwrap();
	assert!((first.len() as u64) < BYTES, "the transfer did not break");
	let status = connection.status();
	until("it is seen to be gone", || status.borrow().phase == Phase::Reconnecting).await;
	assert_eq!(fetch(socks, NAME, port, 0, 1).await, Err(3), "nothing goes around the tunnel");

	let provider = lab.provide(chain.clone()).await;
	connected(&connection).await;
	let from = first.len() as u64;
	let rest = fetch(socks, NAME, port, from, BYTES - from).await.unwrap();
	let whole = [first, rest].concat();
	assert_eq!(hash(&whole), hash(&Files::content(0, BYTES)));

	let stopped = connection.stop().await;
	assert!(matches!(stopped.ending, Ending::Asked), "{stopped:?}");
	drop(connection);
	provider.stop().await;
	assert!(chain.paid() > voucher_before, "the vouchers of before count, and go on");
	// What the provider had not written down when it was killed.
	assert_books(&lab, &chain, BYTES, 8 << 20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn channel_should_be_used_again_by_the_next_run_and_no_other_opened() {
	let lab = Lab::new(210).await;
	let chain = Arc::new(LabChain::new(&lab));
	let files = Files::start(lab.server()).await;
	let provider = lab.provide(chain.clone()).await;
	for run in 0..2 {
		// The second one draws its provider by region: that of the open channel.
		let mut connection = match run {
			0 => lab.connect(chain.clone()).await.unwrap(),
			_ => lab.connect_anywhere(chain.clone()).await.unwrap(),
		};
		connected(&connection).await;
		let received = fetch(connection.socks(), NAME, files.port(), 0, 100_000).await.unwrap();
		assert_eq!(received, Files::content(0, 100_000));
		let stopped = connection.stop().await;
		assert!(matches!(stopped.ending, Ending::Asked), "{stopped:?}");
		assert!((100_000..400_000).contains(&stopped.hops[0].bytes), "of this run alone: {stopped:?}");
	}
	provider.stop().await;
	assert_books(&lab, &chain, 200_000, 1 << 20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn customer_should_go_through_two_providers_and_pay_each() {
	let (entry, exit) = (Lab::in_network(1, 230).await, Lab::in_network(2, 235).await);
	let chain = Arc::new(LabChain::of(&[&entry, &exit]));
	let files = Files::start(exit.server()).await;
	let providers = [entry.provide(chain.clone()).await, exit.provide(chain.clone()).await];
	let mut connection = exit.connect_behind_another(chain.clone()).await.unwrap();
	connected(&connection).await;

	let bytes = BYTES / 4;
	// The name is known to the resolver of the exit alone.
	let received = fetch(connection.socks(), NAME, files.port(), 0, bytes).await.unwrap();
	assert_eq!(hash(&received), hash(&Files::content(0, bytes)));
	let hop = connection.status().borrow().hop.clone();
	assert!(hop.starts_with("NL ") && hop.contains(" > DE "), "{hop}");

	let stopped = connection.stop().await;
	assert!(matches!(stopped.ending, Ending::Asked), "{stopped:?}");
	let [first, last] = stopped.hops[..] else { panic!("{stopped:?}") };
	assert!(last.bytes > bytes, "{last:?}");
	// The first one carries the second one's WireGuard and control plane.
	assert!(first.bytes > last.bytes / 100 * 103, "{stopped:?}");
	for provider in providers {
		provider.stop().await;
	}
	assert_eq!(chain.channels(), 2);
	let spent = [first.spent, last.spent];
	assert_eq!([&entry, &exit].map(|lab| chain.paid_to(&lab.provider_account())), spent);
	assert!(spent[1] >= charge(bytes, 0, chain::PRICE).unwrap(), "{stopped:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tunnel_should_come_back_when_its_first_provider_does() {
	let (entry, exit) = (Lab::in_network(3, 240).await, Lab::in_network(4, 245).await);
	let chain = Arc::new(LabChain::of(&[&entry, &exit]));
	let files = Files::start(exit.server()).await;
	let (first, last) = (entry.provide(chain.clone()).await, exit.provide(chain.clone()).await);
	let mut connection = exit.connect_behind_another(chain.clone()).await.unwrap();
	connected(&connection).await;
	drop(first);
	let (status, socks) = (connection.status(), connection.socks());
	// Whoever wants something notices that it is gone.
	let _ = fetch(socks, NAME, files.port(), 0, 1_000).await;
	until("it is seen to be gone", || status.borrow().phase == Phase::Reconnecting).await;
	let first = entry.provide(chain.clone()).await;
	connected(&connection).await;
	assert_eq!(fetch(socks, NAME, files.port(), 0, 1_000).await, Ok(Files::content(0, 1_000)));
	connection.stop().await;
	first.stop().await;
	last.stop().await;
	assert_eq!(chain.channels(), 2, "the same channels go on");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_should_be_paid_when_the_provider_does_not_answer() {
	let lab = Lab::new(220).await;
	let chain = Arc::new(LabChain::new(&lab));
	for anywhere in [false, true] {
		let connection = match anywhere {
			false => lab.connect(chain.clone()).await,
			true => lab.connect_anywhere(chain.clone()).await,
		};
		let stopped = connection.unwrap().ended().await;
		let Ending::Failed(error) = stopped.ending else { panic!("{stopped:?}") };
		let error = format!("{error:#}");
		assert!(error.contains("does not answer") && error.lines().count() == 1, "{error}");
	}
	assert_eq!(chain.channels(), 0);
}
