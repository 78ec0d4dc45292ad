//! What somebody who runs it relies on: the supervisor is told, every command speaks JSON, pause and resume work.

use crate::support::{blocks, free_port, http, sidecar, Ended, Endpoint, Running, Setup, TOKEN};
use serde_json::Value;
use std::{
	os::unix::net::UnixDatagram,
	time::{Duration, Instant},
};

/// What is said in JSON on stdout, a value a line.
fn json(ended: &Ended) -> Vec<Value> {
	let values = ended.out.lines().map(serde_json::from_str);
	values.collect::<Result<_, _>>().unwrap_or_else(|error| panic!("{error}: {ended:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn supervisor_should_be_told_when_it_is_ready_and_when_it_stops() {
	let (setup, endpoint) = (Setup::new(), Endpoint::start(blocks(9, 9, 0)).await);
	let config = setup.config(&[endpoint.url()], &format!("[provide]\nport = {}\n", free_port()));
	let socket = UnixDatagram::bind(setup.path("notify")).unwrap();
	socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
	let told = || {
		let mut room = [0; 256];
		let length = socket.recv(&mut room).unwrap();
		String::from_utf8(room[..length].to_vec()).unwrap()
	};
	tokio::task::block_in_place(|| {
		let mut command = sidecar(&["run", "--config", config.to_str().unwrap()]);
		command.env("NOTIFY_SOCKET", setup.path("notify"));
		let running = Running::start(command);
		assert_eq!(told(), "STATUS=waiting for the chain\n");
		assert_eq!(told(), "READY=1\nSTATUS=ready\n");
		let ended = running.terminate();
		assert_eq!(ended.status.code(), Some(0), "{ended:?}");
		assert!(told().starts_with("STOPPING=1\n"));
	});
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_should_speak_json_when_it_is_told_to() {
	let (setup, endpoint) = (Setup::new(), Endpoint::start(blocks(9, 9, 0)).await);
	let tables = format!("[provide]\nport = {}\n{}", free_port(), setup.api(free_port()));
	let config = setup.config(&[endpoint.url()], &tables);
	let (config, state) = (config.to_str().unwrap(), setup.path("state"));
	let (state, missing) = (state.to_str().unwrap(), setup.path("missing"));
	let missing = missing.to_str().unwrap();
	let url = endpoint.url();
	let line = [
		"--down",
		"100",
		"--up",
		"40",
		"--region",
		"DE",
		"--price",
		"0.05",
		"--endpoint",
		"203.0.113.7:40400",
	];
	let init = [&["provide", "init", "--key", missing, "--chain", &url][..], &line].concat();
	for (arguments, code, key) in [
		(&["check", "--config", config][..], 0, "ok"),
		(&["doctor", "--config", config], 1, "verdict"),
		(&["key", "show", "--folder", state], 0, "peer_id"),
		(&["key", "generate", "--folder", state], 1, "error"),
		(&["run", "--config", missing], 1, "error"),
		(&["provide", "--config", missing], 1, "error"),
		(&["attest", "--config", missing], 1, "error"),
		(&["provide", "pause", "--config", config], 1, "error"),
		(&["provide", "resume", "--config", config], 1, "error"),
		(&init, 1, "error"),
		(&["connect", "--key", missing], 1, "error"),
		(&["channels", "list", "--key", missing], 1, "error"),
		(&["channels", "close", "7", "--key", missing], 1, "error"),
		(&["channels", "top-up", "7", "0.5", "--key", missing], 1, "error"),
	] {
		let arguments = [&["--json"], arguments].concat();
		let ended = tokio::task::block_in_place(|| Running::start(sidecar(&arguments)).ended());
		let values = json(&ended);
		let value = values.last().unwrap_or_else(|| panic!("{arguments:?} says nothing: {ended:?}"));
		let first = if value.is_array() { &value[0] } else { value };
		assert!(!first[key].is_null(), "{arguments:?}: no {key} in {first}");
		assert_eq!(ended.status.code(), Some(code), "{arguments:?}: {ended:?}");
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn pause_should_stand_over_a_restart_until_resume() {
	let (setup, endpoint) = (Setup::new(), Endpoint::start(blocks(9, 9, 0)).await);
	setup.secret("claim.key", &"5".repeat(64));
	let api = free_port();
	let tables = format!(
		"[provide]\nport = {}\nclaim_key = \"{}\"\n{}",
		free_port(),
		setup.path("claim.key").display(),
		setup.api(api)
	);
	let config = setup.config(&[endpoint.url()], &tables);
	let config = config.to_str().unwrap();
	let command = |command: &str| {
		let ended = Running::start(sidecar(&["--json", "provide", command, "--config", config])).ended();
		json(&ended).remove(0)
	};
	let standing = || {
		let header = format!("Authorization: Bearer {TOKEN}\r\n");
		let began = Instant::now();
		// It serves customers a moment after it is ready.
		loop {
			let (status, body) = http(([127, 0, 0, 1], api).into(), "GET /v1/provider", &header, "");
			if status == 200 {
				return serde_json::from_str::<Value>(&body).unwrap();
			}
			assert!(began.elapsed() < Duration::from_secs(10), "{status} {body}");
			std::thread::sleep(Duration::from_millis(50));
		}
	};
	tokio::task::block_in_place(|| {
		let alone = command("pause");
		assert!(alone["error"].as_str().unwrap().contains("no sidecar answers at 127.0.0.1:"), "{alone}");
		let mut running = Running::start(sidecar(&["run", "--config", config]));
		running.wait_for("ready");
		assert_eq!(standing()["service"], "open");
		let paused = command("pause");
		assert_eq!((&paused["service"], &paused["why"]), (&"ending".into(), &"paused".into()), "{paused}");
		assert_eq!(running.terminate().status.code(), Some(0));
		let mut running = Running::start(sidecar(&["run", "--config", config]));
		running.wait_for("ready");
		let still = standing();
		assert_eq!((&still["service"], &still["paused"]), (&"closed".into(), &true.into()), "{still}");
		assert_eq!(command("resume")["service"], "open");
		let (status, text) = http(([127, 0, 0, 1], api).into(), "GET /metrics", "", "");
		assert!(status == 200 && text.contains("weir_tunnel_paid_open 1\n"), "{text}");
		assert_eq!(running.terminate().status.code(), Some(0));
	});
}
