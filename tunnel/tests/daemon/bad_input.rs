//! What bad input gets, from the real binary: one line that says what is wrong and what to do, and exit code 1; or, of
//! what comes from the network, nothing but a line in the log.

use crate::support::{
	blocks, end_of, end_with, free_port, http, sidecar, taken_port, Endpoint, Running, Setup, TOKEN,
};
use rand::{Rng, RngCore, SeedableRng};
use std::{
	io::Write,
	net::{TcpListener, TcpStream, UdpSocket},
	os::unix::fs::PermissionsExt,
	process::Stdio,
	time::Duration,
};
use weir_tunnel::{clock, store::Store};

const NOBODY: &str = "ws://127.0.0.1:1";

fn provide(port: u16) -> String {
	format!("[provide]\nport = {port}\n")
}

#[test]
fn check_should_name_file_key_and_reason_when_the_configuration_is_malformed() {
	let setup = Setup::new();
	let good = std::fs::read_to_string(setup.config(&[NOBODY.into()], &provide(40_400))).unwrap();
	let file = setup.path("config.toml");
	for (from, to, expected) in [
		(
			"port = 40400",
			"port = 70000",
			"line 8: provide.port: invalid value: integer `70000`, expected u16",
		),
		("port = 40400", "prot = 40400", "line 8: provide: unknown field `prot`, expected one of"),
		("port = 40400", "", "line 7: provide: missing field `port`"),
		("[provide]", "[provide", "line 7: "),
		("ws://127.0.0.1:1", "http://127.0.0.1:1", "chain.endpoints: http://127.0.0.1:1 is not of the form"),
		("0x1111", "0x11", "node.account: "),
	] {
		std::fs::write(&file, good.replacen(from, to, 1)).unwrap();
		for command in ["check", "run", "doctor"] {
			let ended = end_with(command, &file);
			let expected = format!("{}: {expected}", file.display());
			assert!(ended.reason().starts_with(&expected), "{expected}: {ended:?}");
			assert_eq!(ended.out, "");
		}
	}
	std::fs::write(&file, b"\xff\xfe").unwrap();
	assert!(end_with("check", &file).reason().contains("config.toml: cannot be read: it is damaged"));
	let missing = end_with("check", &setup.path("nowhere.toml"));
	assert!(missing.reason().contains("nowhere.toml: cannot be read: it does not exist"));
	std::fs::write(&file, &good).unwrap();
	assert_eq!(end_with("check", &file).status.code(), Some(0));
	assert_eq!(end_of(&["check", "--confg", "x"]).status.code(), Some(2));
}

#[test]
fn run_should_say_how_to_make_a_key_or_token_when_it_is_missing_or_unusable() {
	let setup = Setup::new();
	let tables = format!("[attest]\n{}", setup.api(free_port()));
	let config = setup.config(&[NOBODY.into()], &tables);
	let run = || end_with("run", &config);
	let key = setup.path("state").join("probe.key");
	let secret = std::fs::read_to_string(&key).unwrap();
	std::fs::remove_file(&key).unwrap();
	let advice = format!("weir-tunnel key generate --folder {}", setup.path("state").display());
	assert!(run().reason().contains("probe.key: missing; ") && run().reason().contains(&advice));
	// Half a key: nothing of it is shown.
	let half = &secret[..20];
	std::fs::write(&key, half).unwrap();
	std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
	assert!(run().reason().contains("expected 64 hex digits") && !run().err.contains(half));
	std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
	assert!(run().reason().contains("mode 0644 lets others read it; run `chmod 600 "));
	std::fs::remove_file(&key).unwrap();
	assert_eq!(
		end_of(&["key", "generate", "--folder", setup.path("state").to_str().unwrap()]).status.code(),
		Some(0)
	);
	std::fs::remove_file(setup.path("token")).unwrap();
	assert!(run().reason().contains("token: missing; put one line of random text there, mode 0600"));
	setup.secret("token", "two\nlines");
	assert!(run().reason().contains("token: expected one line") && !run().err.contains("lines"));
}

#[test]
fn run_should_name_the_address_when_a_port_is_in_use() {
	let setup = Setup::new();
	let (udp, tcp) = taken_port();
	let port = tcp.local_addr().unwrap().port();
	let said = |protocol, key| {
		format!("{protocol} 127.0.0.1:{port} is in use by another program; stop it, or choose another {key}")
	};
	let provider = setup.config(&[NOBODY.into()], &provide(port));
	assert_eq!(end_with("run", &provider).reason(), said("UDP", "provide.port"));
	drop(udp);
	assert_eq!(end_with("run", &provider).reason(), said("TCP", "provide.port"));
	let attestor = setup.config(&[NOBODY.into()], &format!("[attest]\n{}", setup.api(port)));
	assert_eq!(end_with("run", &attestor).reason(), said("TCP", "api.listen"));

	let text = std::fs::read_to_string(setup.config(&[NOBODY.into()], &provide(free_port()))).unwrap();
	std::fs::write(setup.path("config.toml"), text.replace("\"127.0.0.1\"", "\"192.0.2.1\"")).unwrap();
	let ended = end_with("run", &setup.path("config.toml"));
	assert!(ended.reason().contains("192.0.2.1 is not an address of this machine"), "{ended:?}");
}

#[test]
fn run_should_name_the_state_folder_when_another_process_uses_it() {
	let setup = Setup::new();
	let _store = Store::open(&setup.path("state")).unwrap();
	let ended = end_with("run", &setup.config(&[NOBODY.into()], &provide(free_port())));
	assert!(
		ended.reason().contains("state.redb: another weir-tunnel uses this state folder; stop it"),
		"{ended:?}"
	);
}

/// The sidecar with no byte left for files, as on a full disk; its output is a pipe and not limited.
fn without_space(arguments: &[&str]) -> (Option<i32>, String) {
	let mut command = std::process::Command::new("sh");
	// The signal that would end the process is ignored, so that writing fails as it does on a full disk.
	command.args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\""]);
	command.arg(env!("CARGO_BIN_EXE_weir-tunnel")).args(arguments);
	let output = command.stdin(Stdio::null()).output().unwrap();
	(output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn key_generate_should_say_so_and_leave_nothing_when_the_disk_is_full() {
	let folder = tempfile::tempdir().unwrap();
	let folder = folder.path().join("keys");
	let (code, err) = without_space(&["key", "generate", "--folder", folder.to_str().unwrap()]);
	assert_eq!((code, err.lines().count()), (Some(1), 1), "{err}");
	assert!(
		err.contains("identity.key: cannot be written: the disk is full") && err.contains("free some space"),
		"{err}"
	);
	assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
	// And when there is space, the same command works.
	assert_eq!(end_of(&["key", "generate", "--folder", folder.to_str().unwrap()]).status.code(), Some(0));
}

#[test]
fn run_should_say_so_when_the_disk_is_full() {
	let setup = Setup::new();
	let config = setup.config(&[NOBODY.into()], &provide(free_port()));
	let (code, err) = without_space(&["run", "--config", config.to_str().unwrap()]);
	assert_eq!((code, err.lines().count()), (Some(1), 1), "{err}");
	assert!(err.contains("state.redb: cannot be opened: the disk is full"), "{err}");
}

#[test]
fn check_should_fail_in_one_line_when_its_output_cannot_be_written() {
	let setup = Setup::new();
	let config = setup.config(&[NOBODY.into()], &provide(40_400));
	let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
	let output = sidecar(&["check", "--config", config.to_str().unwrap()]).stdout(full).output().unwrap();
	let err = String::from_utf8(output.stderr).unwrap();
	assert_eq!((output.status.code(), err.lines().count()), (Some(1), 1), "{err}");
	assert!(err.contains("standard output: not written: the disk is full"), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn run_should_name_both_chains_when_the_genesis_is_foreign() {
	let (setup, endpoint) = (Setup::new(), Endpoint::start(blocks(9, 0, 0)).await);
	let config = setup.config(&[endpoint.url()], &provide(free_port()));
	let text = std::fs::read_to_string(&config).unwrap();
	let other = "ab".repeat(32);
	std::fs::write(&config, text.replace("[chain]", &format!("[chain]\ngenesis = \"0x{other}\""))).unwrap();
	let expected = format!(
		"foreign genesis: {} serves chain 0x{}, expected is 0x{other}; correct chain.genesis, or name another node in chain.endpoints",
		endpoint.url(),
		hex::encode(endpoint.genesis()),
	);
	let ended = tokio::task::block_in_place(|| end_with("run", &config));
	assert_eq!(ended.reason(), expected);
	let ended = tokio::task::block_in_place(|| end_with("doctor", &config));
	assert_eq!(ended.status.code(), Some(1));
	assert!(ended.out.contains(&format!("FAILED   chain endpoint: {expected}")), "{ended:?}");

	// Two endpoints of different chains, none configured.
	let foreign = Endpoint::start(blocks(9, 0, 1)).await;
	let config = setup.config(&[endpoint.url(), foreign.url()], &provide(free_port()));
	let ended = tokio::task::block_in_place(|| end_with("run", &config));
	assert!(ended.reason().starts_with(&format!("foreign genesis: {} serves", foreign.url())), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn run_should_not_start_when_endpoints_disagree_on_a_finalised_block() {
	let setup = Setup::new();
	let (one, other) = (Endpoint::start(blocks(9, 5, 1)).await, Endpoint::start(blocks(12, 5, 2)).await);
	let config = setup.config(&[one.url(), other.url()], &provide(free_port()));
	tokio::task::block_in_place(|| {
		let mut running = Running::start(sidecar(&["run", "--config", config.to_str().unwrap()]));
		let line = running.wait_for("chain endpoints disagree");
		assert!(line.contains(" ERROR ") && line.contains("block 8 is finalised as 0x"), "{line}");
		assert!(line.contains(&one.url()) && line.contains(&other.url()), "{line}");
		let ended = running.terminate();
		assert_eq!(ended.status.code(), Some(0));
		assert!(!ended.err.contains("cli: ready"), "{ended:?}");
		let doctor = end_with("doctor", &config);
		assert_eq!(doctor.status.code(), Some(1));
		assert!(doctor.out.contains("FAILED   chain endpoints: chain endpoints disagree"), "{doctor:?}");
	});
}

#[tokio::test(flavor = "multi_thread")]
async fn run_should_say_so_when_the_endpoint_is_no_node_and_name_no_secret_of_its_address() {
	let (setup, listener) = (Setup::new(), TcpListener::bind("127.0.0.1:0").unwrap());
	let address = listener.local_addr().unwrap();
	std::thread::spawn(move || {
		for stream in listener.incoming() {
			let _ = stream.unwrap().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
		}
	});
	let config = setup.config(&[format!("ws://user:hidden@{address}/hidden")], &provide(free_port()));
	tokio::task::block_in_place(|| {
		let mut running = Running::start(sidecar(&["run", "--config", config.to_str().unwrap()]));
		let line = running.wait_for("chain not reachable; trying again");
		assert!(
			line.contains(&format!("chain endpoint ws://{address} does not answer as a Weir node does")),
			"{line}"
		);
		assert!(line.contains("start the node, or correct chain.endpoints"), "{line}");
		let ended = running.terminate();
		assert_eq!(ended.status.code(), Some(0), "{ended:?}");
		assert!(!ended.err.contains("hidden"), "{ended:?}");
		let doctor = end_with("doctor", &config);
		assert!(
			doctor.out.contains("FAILED   chain endpoint: ") && !doctor.out.contains("hidden"),
			"{doctor:?}"
		);
	});
}

#[tokio::test(flavor = "multi_thread")]
async fn node_should_be_told_when_its_token_is_wrong_and_the_token_is_never_logged() {
	let (setup, endpoint, port) = (Setup::new(), Endpoint::start(blocks(9, 0, 0)).await, free_port());
	let config = setup.config(&[endpoint.url()], &format!("[attest]\n{}", setup.api(port)));
	tokio::task::block_in_place(|| {
		let mut running = Running::start(sidecar(&["run", "--config", config.to_str().unwrap()]));
		running.wait_for("cli: ready");
		let address = ([127, 0, 0, 1], port).into();
		let bearer = |token: &str| format!("Authorization: Bearer {token}\r\n");
		let (status, body) = http(address, "POST /v1/tasks", &bearer("wrong-guess"), "{}");
		let reason = "wrong token; node and sidecar must be given the same token file";
		assert_eq!((status, body.as_str()), (401, reason));
		let line = running.wait_for(reason);
		assert!(line.contains(" WARN "), "{line}");
		let (status, body) = http(address, "POST /v1/tasks", &bearer(TOKEN), "{}");
		assert!(status == 400 && body.contains("node and sidecar must be of one version"), "{body}");
		// Another version of the interface is another path.
		assert_eq!(http(address, "POST /v2/tasks", &bearer(TOKEN), "{}").0, 404);
		let ended = running.terminate();
		assert_eq!(ended.status.code(), Some(0));
		assert!(!ended.err.contains(TOKEN) && !ended.err.contains("wrong-guess"), "{ended:?}");
	});
}

#[tokio::test(flavor = "multi_thread")]
async fn run_and_doctor_should_say_so_when_the_clock_is_off() {
	let setup = Setup::new();
	let endpoint = Endpoint::start_with(blocks(9, 0, 0), clock::now() - 600_000_000).await;
	let config = setup.config(&[endpoint.url()], &provide(free_port()));
	tokio::task::block_in_place(|| {
		let mut running = Running::start(sidecar(&["run", "--config", config.to_str().unwrap()]));
		let line = running.wait_for("clock off");
		assert!(line.contains("after the start of the best block's slot; set up NTP"), "{line}");
		assert_eq!(running.terminate().status.code(), Some(0));
		let doctor = end_with("doctor", &config);
		assert_eq!(doctor.status.code(), Some(1));
		assert!(doctor.out.contains("FAILED   clock: this clock reads 60"), "{doctor:?}");
	});
}

#[tokio::test(flavor = "multi_thread")]
async fn run_should_say_upgrade_when_the_runtime_answers_in_another_shape() {
	let (setup, endpoint) = (Setup::new(), Endpoint::start(blocks(9, 0, 0)).await);
	endpoint.says.lock().unwrap().runtime.insert("timing", vec![1, 2, 3]);
	let tables = "[attest]\nmode = \"alone\"\n";
	let config = setup.config(&[endpoint.url()], tables);
	let ended = tokio::task::block_in_place(|| end_with("attest", &config));
	let last = ended.err.lines().last().unwrap();
	assert_eq!(
		(ended.status.code(), last),
		(Some(1), "error: the runtime's timing is not what this version of weir-tunnel knows; upgrade it")
	);
}

#[tokio::test(flavor = "multi_thread")]
async fn run_should_go_on_when_the_network_sends_noise() {
	let (setup, endpoint) = (Setup::new(), Endpoint::start(blocks(9, 0, 0)).await);
	let (line, api) = (free_port(), free_port());
	let tables = format!("{}[attest]\nmode = \"node\"\n{}", provide(line), setup.api(api));
	let config = setup.config(&[endpoint.url()], &tables);
	let mut random = rand::rngs::StdRng::seed_from_u64(7);
	let mut noise = || {
		let mut bytes = vec![0; random.gen_range(0..1_500)];
		random.fill_bytes(&mut bytes);
		bytes
	};
	let mut running = tokio::task::block_in_place(|| {
		let mut running = Running::start(sidecar(&["run", "--config", config.to_str().unwrap()]));
		running.wait_for("cli: ready");
		running
	});
	// The WireGuard port: noise, and noise that begins as each kind of WireGuard message does, at its length.
	let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
	for round in 0..4_000 {
		let mut bytes = noise();
		let (kind, length) = [(1, 148), (2, 92), (3, 64), (4, 1_312), (0, bytes.len())][round % 5];
		if kind > 0 {
			bytes.resize(length, 7);
			bytes[..4].copy_from_slice(&[kind, 0, 0, 0]);
		}
		socket.send_to(&bytes, ("127.0.0.1", line)).unwrap();
	}
	// The control plane and the API: noise, with and without what a peer says first.
	for round in 0..60 {
		for (port, first) in
			[(line, &b"\x13/multistream/1.0.0\n"[..]), (api, &b"POST /v1/tasks HTTP/1.1\r\n"[..])]
		{
			let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
			// The other side may have hung up.
			let _ = stream.write_all(if round % 2 == 0 { first } else { b"" });
			let _ = stream.write_all(&noise());
		}
	}
	// The chain endpoint: answers of any bytes.
	for _ in 0..30 {
		for answer in endpoint.says.lock().unwrap().runtime.values_mut() {
			*answer = noise();
		}
		tokio::time::sleep(Duration::from_millis(100)).await;
	}
	tokio::task::block_in_place(|| {
		assert!(running.is_running(), "{}", running.err());
		let address = ([127, 0, 0, 1], api).into();
		let (status, metrics) = http(address, "GET /metrics", "", "");
		assert_eq!(status, 200);
		// What came in on the line was seen, so the noise did reach the device.
		let counted = |what: &str| {
			let name = format!("weir_tunnel_line_{what}_total ");
			metrics.lines().find_map(|line| line.strip_prefix(&name)).unwrap().parse::<u64>().unwrap()
		};
		assert!(counted("received_bytes") > 100_000, "{metrics}");
		// Nothing of it could be opened, and that shows.
		assert!(counted("sealed_packets") > 0 && counted("opened_packets") == 0, "{metrics}");
		// TCP of the control plane still answers a peer's first words.
		assert!(running.err().contains("upgrade it"), "{}", running.err());
		let ended = running.terminate();
		assert_eq!(ended.status.code(), Some(0), "{ended:?}");
		assert!(!ended.err.contains("panicked"), "{ended:?}");
	});
	endpoint.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn run_should_end_without_an_error_line_when_it_is_told_to() {
	let (setup, endpoint) = (Setup::new(), Endpoint::start(blocks(9, 0, 0)).await);
	let tables = format!("{}[attest]\nmode = \"alone\"\n", provide(free_port()));
	let config = setup.config(&[endpoint.url()], &tables);
	tokio::task::block_in_place(|| {
		for _ in 0..3 {
			let mut running = Running::start(sidecar(&["run", "--config", config.to_str().unwrap()]));
			running.wait_for("cli: ready");
			let ended = running.terminate();
			assert_eq!(ended.status.code(), Some(0), "{ended:?}");
			assert!(!ended.err.contains(" ERROR ") && !ended.err.contains("\u{1b}["), "{ended:?}");
		}
	});
}
