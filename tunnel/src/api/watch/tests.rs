use crate::{
	api::tests::{ask, http, start_for},
	attest::{Attestor, Settings},
	chain::fake::{keypair, seat, Fake},
	store::Store,
};
use libp2p::identity::Keypair;
use std::sync::Arc;
use weir_primitives::{
	api::SeatInfo,
	outage::{OpenAlarm, Watch, Watched},
	sidecar::{to_hex, WatchRequest},
	Endpoint,
};

const NODE: [u8; 32] = [1; 32];
const GENESIS: [u8; 32] = [7; 32];
const TOKEN: &str = "Authorization: Bearer secret\r\n";

fn request() -> WatchRequest {
	let seat = seat(1);
	let watched = Watched {
		provider: 3,
		account: to_hex(&[2; 32]),
		endpoint: Endpoint::V4 { addr: [127, 0, 52, 1], port: 1 },
		peer_id: Keypair::generate_ed25519().public().to_peer_id().to_bytes(),
		down_since: None,
		has_spoken: false,
	};
	WatchRequest {
		genesis: to_hex(&GENESIS),
		node: to_hex(&NODE),
		seat: SeatInfo {
			account: to_hex(&NODE),
			key: seat.key,
			endpoint: seat.endpoint,
			uplink_kbps: seat.uplink_kbps,
			country: seat.country,
			from_epoch: seat.from_epoch,
			score_ppm: seat.score_ppm,
		},
		watch: Watch { epoch: 5, alarm_slot: 9, watched: vec![watched], alarms: vec![] },
	}
}

async fn attestor(folder: &std::path::Path) -> Arc<Attestor> {
	let settings = Settings {
		bind: [127, 0, 51, 1].into(),
		account: NODE.into(),
		probe: keypair(1),
		identity: Keypair::generate_ed25519(),
	};
	let store = Arc::new(Store::open(folder).unwrap());
	Attestor::start(settings, Arc::new(Fake::new([])), store, Arc::default()).await.unwrap()
}

#[tokio::test]
async fn watch_should_be_taken_from_this_node_and_nobody_else() {
	let folder = tempfile::tempdir().unwrap();
	let api = start_for(GENESIS, NODE, Some(attestor(folder.path()).await)).await;
	let post =
		|request: &WatchRequest| http("POST /v1/watch", TOKEN, &serde_json::to_string(request).unwrap());
	let answer = ask(&api, &post(&request())).await;
	assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("{\"sightings\":[]}"), "{answer}");
	let alarm = OpenAlarm {
		provider: 3,
		account: to_hex(&[2; 32]),
		endpoint: Endpoint::RelayOnly,
		peer_id: vec![],
		raised: 1,
		until_slot: 2,
	};
	type Change = Box<dyn Fn(&mut WatchRequest)>;
	let cases: [(Change, &str); 7] = [
		(Box::new(|request| request.genesis = to_hex(&[8; 32])), "foreign genesis"),
		(Box::new(|request| request.node = to_hex(&[2; 32])), "this sidecar is configured for"),
		(Box::new(|request| request.node = "0x12".into()), "not 32 bytes of hex"),
		(Box::new(|request| request.seat.key = seat(2).key), "is not this probe key"),
		(
			Box::new(|request| request.seat.endpoint = Endpoint::V4 { addr: [127, 0, 52, 1], port: 1 }),
			"outside the seat's address prefix",
		),
		(Box::new(|request| request.watch.watched[0].account = "0x".into()), "not 32 bytes of hex"),
		(Box::new(move |request| request.watch.alarms = vec![alarm.clone(); 65]), "more than a seat has"),
	];
	for (change, reason) in cases {
		let mut request = request();
		change(&mut request);
		let answer = ask(&api, &post(&request)).await;
		assert!(answer.starts_with("HTTP/1.1 400") && answer.contains(reason), "{reason}: {answer}");
	}
}

#[tokio::test]
async fn watch_should_be_refused_without_token_shape_or_attestor() {
	let api = start_for(GENESIS, NODE, None).await;
	let body = serde_json::to_string(&request()).unwrap();
	let answer = ask(&api, &http("POST /v1/watch", "", &body)).await;
	assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
	let answer = ask(&api, &http("POST /v1/watch", TOKEN, "{}")).await;
	assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("not a watch request"), "{answer}");
	let answer = ask(&api, &http("POST /v1/watch", TOKEN, &body)).await;
	assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
}
