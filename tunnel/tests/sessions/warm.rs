//! From the start of a customer whose channel is funded to the first byte from a server.

use super::{
	extent,
	lab::{dial, Files, Lab, NAME},
	links::SlowLine,
	remote::ChainServer,
	roles::{CustomerPlace, ProviderPlace},
};
use std::{
	net::{Ipv4Addr, SocketAddr},
	sync::Arc,
	time::{Duration, Instant},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use weir_primitives::Endpoint;
use weir_tunnel::connect::Ending;

/// The bar of the specification.
const BAR: Duration = Duration::from_secs(1);

/// Starts a customer again and again. `round_trip` lies between it and its first provider, and between two providers.
async fn measure(network: u8, hops: u8, round_trip: Duration, runs: usize) -> Vec<Duration> {
	let (entry, exit) = (Lab::in_network(network, 40).await, Lab::in_network(network + 1, 50).await);
	let server = ChainServer::of(&[&entry, &exit]).await;
	let files = Files::start(exit.server()).await;
	let mut lines = vec![];
	for (number, lab) in [&entry, &exit].into_iter().enumerate() {
		if !round_trip.is_zero() {
			let front = Ipv4Addr::new(127, network + number as u8, 60, 1);
			let (listen, to) = ((front, lab.port()), (lab.provider_address(), lab.port()));
			lines.push(SlowLine::start(listen.into(), to.into(), round_trip / 2).await);
			let endpoint = Endpoint::V4 { addr: front.octets(), port: lab.port() };
			server.register(lab.provider_account(), endpoint);
		}
	}
	let chain = server.remote();
	let providers = [
		ProviderPlace::of(&entry, &server).provide(chain.clone()).await,
		ProviderPlace::of(&exit, &server).provide(chain.clone()).await,
	];
	let place = CustomerPlace::of(&exit, &server, hops);
	let mut times = vec![];
	// The first one opens the channels.
	for _ in 0..=runs {
		let began = Instant::now();
		let mut connection = place.connect(Arc::clone(&chain)).await.unwrap();
		first_byte(connection.socks(), files.port()).await;
		times.push(began.elapsed());
		let stopped = connection.stop().await;
		assert!(matches!(stopped.ending, Ending::Asked), "{stopped:?}");
	}
	assert_eq!(server.chain.channels(), usize::from(hops), "channels are used again");
	for provider in providers {
		provider.stop().await;
	}
	times.remove(0);
	times.sort();
	times
}

/// As soon as the proxy lets anybody through.
async fn first_byte(socks: SocketAddr, port: u16) {
	for _ in 0..20_000 {
		if let Ok(mut stream) = dial(socks, NAME, port).await {
			stream.write_u64(0).await.unwrap();
			stream.write_u64(1).await.unwrap();
			assert_eq!(stream.read_u8().await.unwrap(), Files::content(0, 1)[0]);
			return;
		}
		tokio::time::sleep(Duration::from_millis(2)).await;
	}
	panic!("no first byte");
}

#[tokio::test(flavor = "multi_thread")]
async fn first_byte_should_come_within_a_second_when_the_channel_is_funded() {
	let runs = extent(5, 100);
	for (network, hops, round_trip) in [(20, 1, 0), (22, 2, 0), (24, 1, 40), (26, 2, 40)] {
		let times = measure(network, hops, Duration::from_millis(round_trip), runs).await;
		let at = |part: usize| times[(times.len() - 1) * part / 100];
		println!(
			"{hops} hops, {round_trip} ms of round trip each: median {} ms, p95 {}, most {} ({runs} starts)",
			at(50).as_millis(),
			at(95).as_millis(),
			at(100).as_millis()
		);
		if round_trip == 0 || hops == 1 {
			assert!(at(50) <= BAR, "{hops} hops, {round_trip} ms: {times:?}");
		}
	}
}
