use super::*;
use crate::chain::{
	fake::{keypair, task, Fake},
	Clock,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use weir_fuzz::Fuzz;

fn shared() -> Shared {
	shared_for([1; 32], [2; 32], None)
}

fn shared_for(genesis: [u8; 32], account: [u8; 32], attestor: Option<Arc<Attestor>>) -> Shared {
	Shared {
		token: Zeroizing::new("secret".into()),
		genesis,
		account: account.into(),
		attestor: attestor.map_or_else(OnceLock::new, OnceLock::from),
		switch: None,
		metrics: Arc::default(),
	}
}

async fn start() -> Api {
	start_for([1; 32], [2; 32], None).await
}

pub(super) async fn start_for(genesis: [u8; 32], account: [u8; 32], attestor: Option<Arc<Attestor>>) -> Api {
	let shared = shared_for(genesis, account, attestor);
	Api::start(bind("127.0.0.1:0".parse().unwrap()).await.unwrap(), Arc::new(shared)).unwrap()
}

pub(super) async fn ask(api: &Api, request: &str) -> String {
	let mut stream = tokio::net::TcpStream::connect(api.address()).await.unwrap();
	stream.write_all(request.as_bytes()).await.unwrap();
	let mut answer = String::new();
	stream.read_to_string(&mut answer).await.unwrap();
	answer
}

pub(super) fn http(line: &str, headers: &str, body: &str) -> String {
	let length = body.len();
	format!("{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}")
}

#[tokio::test]
async fn requests_should_be_refused_without_the_token() {
	let api = start().await;
	for headers in ["", "Authorization: Bearer wrong\r\n", "Authorization: secret\r\n"] {
		let answer = ask(&api, &http("GET /v1/reports/1", headers, "")).await;
		assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
	}
	let answer = ask(&api, &http("GET /v1/reports/1", "Authorization: Bearer secret\r\n", "")).await;
	assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
	let metrics = ask(&api, &http("GET /metrics", "", "")).await;
	assert!(metrics.contains("weir_tunnel_api_unauthorised_total 3"), "{metrics}");
	assert!(!metrics.contains("secret"));
}

#[tokio::test]
async fn tasks_should_be_refused_when_malformed_or_too_long() {
	let api = start().await;
	let token = "Authorization: Bearer secret\r\n";
	let answer = ask(&api, &http("POST /v1/tasks", token, "{}")).await;
	assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("not a tasks request"), "{answer}");
	let long = " ".repeat(MAX_BODY_BYTES + 1);
	let answer = ask(&api, &http("POST /v1/tasks", token, &long)).await;
	assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
	let metrics = ask(&api, &http("GET /metrics", "", "")).await;
	for row in ["{status=\"400\"} 1", "{status=\"413\"} 1"] {
		assert!(metrics.contains(&format!("weir_tunnel_api_refused_total{row}")), "{row}: {metrics}");
	}
	assert!(!metrics.contains("{status=\"200\"}"), "{metrics}");
}

#[tokio::test]
async fn bind_should_fail_when_the_address_is_not_loopback() {
	let error = bind("0.0.0.0:0".parse().unwrap()).await.unwrap_err();
	assert!(error.to_string().contains("not a loopback address"));
}

/// A request that is whole is answered by then.
const PATIENCE: std::time::Duration = std::time::Duration::from_millis(50);

#[tokio::test]
async fn fuzz_requests_should_be_answered_and_the_next_one_too() {
	let api = start().await;
	let (address, token) = (api.address(), "Authorization: Bearer secret\r\n");
	let samples = [
		http("POST /v1/tasks", token, "{\"tasks\":[]}"),
		http("POST /v1/watch", token, "{\"watch\":{}}"),
		http("GET /v1/reports/7", token, ""),
		http("GET /v1/receipts/7/0102030405,0102030405", token, ""),
		http("GET /metrics", "", ""),
	];
	let words =
		["\r\n", "\r\n\r\n", "Transfer-Encoding: chunked\r\n", "%2f", "..", "HTTP/2.0", "Bearer ", "-1"];
	let served = tokio::task::spawn_blocking(move || {
		let run = Fuzz::new("requests", 100).samples(samples).words(words).longest(1_024);
		let ran = run.run(|request| {
			use std::io::{Read, Write};
			let mut stream = std::net::TcpStream::connect(address).expect("it listens");
			let mut answer = vec![0; 16_384];
			// The server may hang up while more is being sent, and waits for more where something is missing.
			let _ = stream.write_all(request);
			stream.set_read_timeout(Some(PATIENCE)).expect("a time");
			let length = stream.read(&mut answer).unwrap_or(0);
			answer.truncate(length);
			let status = answer.split(|byte| *byte == b' ').nth(1).unwrap_or_default().to_vec();
			let status = String::from_utf8_lossy(&status).into_owned();
			assert_ne!(status, "500", "{}", String::from_utf8_lossy(request));
			[status]
		});
		ran.seen
	});
	let statuses = served.await.unwrap();
	for status in ["200", "400", "503"] {
		assert!(statuses.contains_key(status), "{status} never came: {statuses:?}");
	}
}

#[tokio::test]
async fn fuzz_tasks_should_be_taken_of_this_chain_node_and_seat_alone() {
	let folder = tempfile::tempdir().unwrap();
	let settings = crate::attest::Settings {
		bind: [127, 0, 57, 1].into(),
		account: [2; 32].into(),
		probe: keypair(1),
		identity: libp2p::identity::Keypair::generate_ed25519(),
	};
	let clock = Clock { epoch: 5, slot: 1, first_slot: 1 };
	let store = Arc::new(crate::store::Store::open(folder.path()).unwrap());
	let chain = Arc::new(Fake::new([clock]));
	let attestor = Attestor::start(settings, chain, store, Arc::default()).await.unwrap();
	let shared = shared();
	let hex = |byte: u8| to_hex(&[byte; 32]);
	let one = task(Some(3));
	let request = TasksRequest {
		genesis: hex(1),
		epoch: 5,
		slot_millis: 2_000,
		epoch_first_slot: 1,
		node: hex(2),
		seat: api::SeatInfo {
			account: hex(2),
			key: codec::Decode::decode(&mut &keypair(1).public()[..]).unwrap(),
			endpoint: weir_primitives::Endpoint::V4 { addr: [127, 0, 57, 9], port: 1 },
			uplink_kbps: 5_000,
			country: *b"DE",
			from_epoch: 3,
			score_ppm: 1_000_000,
		},
		tasks: vec![api::Task {
			provider: one.provider,
			account: hex(2),
			endpoint: one.endpoint,
			peer_id: one.peer_id,
			probe_key: one.probe_key,
			claim: one.claim,
			kind: one.kind,
			ordinal: one.ordinal,
			members: one.members,
			quota_down_kbps: one.quota_down_kbps,
			quota_up_kbps: one.quota_up_kbps,
			window_millis: one.window_millis,
			start_slot: one.start_slot,
		}],
	};
	let words = ["null", "-1", "4294967295", "\"0x\"", "[]", "{}", "\"RelayOnly\""];
	let run = Fuzz::new("tasks", 10_000).samples([serde_json::to_vec(&request).unwrap()]).words(words);
	let ran = run.longest(4_096).run(|body| {
		let Ok(request) = serde_json::from_slice::<TasksRequest>(body) else { return [None] };
		let (genesis, node) = (request.genesis.clone(), request.node.clone());
		let read = read_tasks(&shared, &attestor, request);
		if let Ok(read) = &read {
			assert!(genesis.ends_with(&hex(1)[2..]) && node.ends_with(&hex(2)[2..]));
			assert!(read.tasks.len() <= MAX_ENTRIES as usize);
		}
		[Some(read.is_ok())]
	});
	for saw in [None, Some(false), Some(true)] {
		assert!(ran.count(&saw) > 0, "{saw:?} never came");
	}
}

#[test]
fn description_should_be_of_what_is_served_and_nothing_else() {
	let description: serde_json::Value = serde_json::from_str(DESCRIPTION).unwrap();
	let (guarded, open) = (guarded(), open());
	let served = |routes: &Routes, is_guarded: bool| {
		let rows =
			routes.served.iter().map(|(method, path)| (path.clone(), (*method).to_owned(), is_guarded));
		rows.collect::<std::collections::BTreeSet<_>>()
	};
	let mut described = std::collections::BTreeSet::new();
	for (path, methods) in description["paths"].as_object().unwrap() {
		for (method, operation) in methods.as_object().unwrap() {
			let is_guarded = operation["security"].as_array().is_none_or(|schemes| !schemes.is_empty());
			let answers = operation["responses"].as_object().unwrap();
			assert_eq!(is_guarded, answers.contains_key("401"), "{method} {path}");
			let parameters = operation["parameters"].as_array().map_or(0, Vec::len);
			assert_eq!(parameters, path.matches('{').count(), "{method} {path}");
			assert!(
				operation["operationId"].is_string() && operation["summary"].is_string(),
				"{method} {path}"
			);
			described.insert((path.clone(), method.clone(), is_guarded));
		}
	}
	let all: std::collections::BTreeSet<_> = &served(&guarded, true) | &served(&open, false);
	assert_eq!(described, all);
	// Every reference leads somewhere.
	for reference in DESCRIPTION.split("\"$ref\": \"#").skip(1) {
		let pointer = reference.split('"').next().unwrap();
		assert!(description.pointer(pointer).is_some(), "{pointer}");
	}
}

#[tokio::test]
async fn description_should_be_served_without_a_token() {
	let api = start().await;
	let answer = ask(&api, &http("GET /openapi.json", "", "")).await;
	assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"openapi\": \"3.1.0\""), "{answer}");
}
