//! What the node says when it cannot do what it was told: one line that names the cause, a code that is not 0, and
//! nothing of a secret. All of it is found out before the first block is executed, and only a genesis that is wrong
//! needs a runtime for it.

use codec::Encode;
use serde_json::{json, Value};
use std::{
	ffi::OsStr,
	fs,
	net::TcpListener,
	os::unix::fs::PermissionsExt,
	path::{Path, PathBuf},
	process::{Command, Stdio},
	time::{Duration, Instant},
};
use tempfile::TempDir;

/// What a token file holds, and no output may.
const TOKEN: &str = "5eC4e7token";
/// A node that was refused is long gone by then, on a busy machine and with a runtime to compile first as well.
const PATIENCE: Duration = Duration::from_secs(120);

/// A folder with a chain specification, a token, and a place for data.
struct Desk {
	folder: TempDir,
}

impl Desk {
	fn new() -> Self {
		let desk = Self { folder: tempfile::tempdir().unwrap() };
		desk.write("spec.json", &specification("desk", json!({})).to_string());
		desk.write("token", TOKEN);
		desk
	}

	fn path(&self, name: &str) -> PathBuf {
		self.folder.path().join(name)
	}

	fn write(&self, name: &str, text: &str) {
		fs::write(self.path(name), text).unwrap();
		fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o600)).unwrap();
	}

	/// Runs a node with a sound specification, free ports and an empty folder, but for what `arguments` say.
	fn node(&self, arguments: &[&str]) -> Ended {
		let has = |flag: &str| arguments.iter().any(|argument| argument.split('=').next() == Some(flag));
		let base = format!("--base-path={}", self.path("data").display());
		let chain = format!("--chain={}", self.path("spec.json").display());
		let sound = [
			base.as_str(),
			&chain,
			"--rpc-port=0",
			"--listen-addr=/ip4/127.0.0.1/tcp/0",
			"--prometheus-port=0",
			"--db-storage-threshold=0",
			"--no-mdns",
			"--no-telemetry",
		];
		let sound = sound.into_iter().filter(|argument| !argument.split('=').next().is_some_and(has));
		run(&self.path("output"), sound.chain(arguments.iter().copied()))
	}

	/// The node's one line about `arguments`.
	fn refusal(&self, arguments: &[&str]) -> String {
		self.node(arguments).only_line()
	}

	/// The same with the token file `name`.
	fn refusal_of_token(&self, name: &str) -> String {
		let file = format!("--tunnel-token-file={}", self.path(name).display());
		self.refusal(&["--tunnel-url=http://127.0.0.1:9", "--offchain-worker=always", &file])
	}

	/// The same with a URL.
	fn refusal_of_url(&self, url: &str) -> String {
		let (url, file) =
			(format!("--tunnel-url={url}"), format!("--tunnel-token-file={}", self.path("token").display()));
		self.refusal(&[&url, "--offchain-worker=always", &file])
	}
}

struct Ended {
	succeeded: bool,
	output: String,
}

impl Ended {
	/// The line of the error, among lines of the log.
	fn line(&self) -> String {
		let Self { succeeded, output } = self;
		assert!(!succeeded, "the node accepted it:\n{output}");
		for word in ["panicked", "stack backtrace", "RUST_BACKTRACE", TOKEN] {
			assert!(!output.contains(word), "found {word} in:\n{output}");
		}
		let lines: Vec<_> = output.lines().filter(|line| line.to_lowercase().starts_with("error")).collect();
		assert_eq!(lines.len(), 1, "not one line of error:\n{output}");
		lines[0].to_owned()
	}

	/// The line of the error, and nothing else was said.
	fn only_line(&self) -> String {
		let line = self.line();
		assert_eq!(self.output.trim_end(), line);
		line
	}
}

fn run<'a>(output: &Path, arguments: impl Iterator<Item = &'a str>) -> Ended {
	let file = fs::File::create(output).unwrap();
	let mut child = Command::new(env!("CARGO_BIN_EXE_weir-node"))
		.args(arguments.map(OsStr::new))
		.stdin(Stdio::null())
		.stdout(file.try_clone().unwrap())
		.stderr(file)
		.spawn()
		.unwrap();
	let began = Instant::now();
	let status = loop {
		if let Some(status) = child.try_wait().unwrap() {
			break status;
		}
		if began.elapsed() > PATIENCE {
			child.kill().unwrap();
			child.wait().unwrap();
			panic!("the node still runs:\n{}", fs::read_to_string(output).unwrap());
		}
		std::thread::sleep(Duration::from_millis(20));
	};
	Ended { succeeded: status.success(), output: fs::read_to_string(output).unwrap() }
}

/// A chain specification with the first block's storage given as such.
fn specification(id: &str, top: Value) -> Value {
	json!({
		"name": "Desk", "id": id, "chainType": "Local", "bootNodes": [], "telemetryEndpoints": null,
		"protocolId": "desk", "properties": {}, "forkBlocks": null, "badBlocks": null, "lightSyncState": null,
		"codeSubstitutes": {}, "genesis": { "raw": { "top": top, "childrenDefault": {} } },
	})
}

/// The development network's specification in plain form, with the runtime and a change to its genesis.
fn plain_specification(change: impl FnOnce(&mut Value)) -> String {
	let wasm = weir_runtime::WASM_BINARY
		.expect("a genesis is built only by the runtime's Wasm: build without SKIP_WASM_BUILD, as scripts/test.sh does");
	let mut spec: Value = serde_json::from_str(include_str!("../../chain-specs/development.json")).unwrap();
	let genesis = &mut spec["genesis"]["runtimeGenesis"];
	genesis["code"] = hex(wasm).into();
	change(&mut genesis["patch"]);
	spec.to_string()
}

/// A Wasm module that says what version it is and can do nothing: enough for a first block, and quickly compiled.
fn wasm() -> Vec<u8> {
	let mut module = b"\0asm\x01\0\0\0".to_vec();
	module.extend(b"\x05\x03\x01\x00\x01"); // one memory of one page,
	module.extend(b"\x07\x0a\x01\x06memory\x02\x00"); // exported
	let mut section = b"\x0fruntime_version".to_vec();
	section.extend(weir_runtime::VERSION.encode());
	module.push(0);
	let mut length = section.len();
	while length > 0x7f {
		module.push((length & 0x7f) as u8 | 0x80);
		length >>= 7;
	}
	module.push(length as u8);
	module.extend(section);
	module
}

fn hex(bytes: &[u8]) -> String {
	let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
	format!("0x{digits}")
}

#[track_caller]
fn assert_says(line: &str, parts: &[&str]) {
	for part in parts {
		assert!(line.contains(part), "no '{part}' in: {line}");
	}
}

#[test]
fn chain_should_be_refused_with_file_and_reason_when_the_file_is_wrong() {
	let desk = Desk::new();
	let file = desk.path("wrong.json").display().to_string();
	let refusal = |text: &str| {
		desk.write("wrong.json", text);
		desk.refusal(&[&format!("--chain={file}")])
	};
	assert_says(&refusal("{ \"name\": 3"), &[&file, "line 1"]);
	assert_says(&refusal(r#"{ "genesis": { "raw": {} } }"#), &[&file, "missing field `name`"]);
	let mut spec = specification("desk", json!({}));
	spec["genesis"] = json!({ "runtimeGenesis": { "patch": {} } });
	assert_says(&refusal(&spec.to_string()), &[&file, "`genesis.runtimeGenesis.code`", "export-chain-spec"]);
	spec["genesis"] = Value::Null;
	assert_says(&refusal(&spec.to_string()), &[&file, "field `genesis`"]);
}

#[test]
fn chain_should_be_refused_when_there_is_no_such_file() {
	let line = Desk::new().refusal(&["--chain=nowhere.json"]);
	assert_says(&line, &["--chain nowhere.json", "neither dev, local nor staging", "No such file"]);
}

/// Where the first state has the validators: `Session`, `Validators`.
const VALIDATORS: &str = "0xcec5070d609dd3497f72bde07fc96ba088dcde934c658227ee1dfafcd6e16903";

#[test]
fn network_should_be_refused_by_name_and_by_file_when_it_has_no_validators() {
	let desk = Desk::new();
	let mut plain: Value = serde_json::from_str(include_str!("../../chain-specs/staging.json")).unwrap();
	plain["genesis"]["runtimeGenesis"]["code"] = hex(&wasm()).into();
	desk.write("plain.json", &plain.to_string());
	desk.write("raw.json", &specification("weir_staging", json!({ VALIDATORS: "0x00" })).to_string());
	let files = ["plain.json", "raw.json"].map(|file| desk.path(file).display().to_string());
	for chain in ["staging"].into_iter().chain(files.iter().map(String::as_str)) {
		let line = desk.refusal(&[&format!("--chain={chain}")]);
		assert_says(&line, &[chain, "no session keys", "docs/governance.md", "--chain local"]);
	}
	assert!(!desk.path("data").exists(), "nothing is made for a network that is not run");
}

#[test]
fn network_should_not_be_refused_for_its_name_when_it_has_validators() {
	let desk = Desk::new();
	let one = format!("0x04{}", "01".repeat(32));
	desk.write("staging.json", &specification("weir_staging", json!({ VALIDATORS: one })).to_string());
	// The next thing that is missing.
	let chain = format!("--chain={}", desk.path("staging.json").display());
	assert_says(&desk.refusal(&[&chain, "--validator"]), &["no network key at"]);
}

#[test]
fn token_file_should_be_refused_when_nobody_or_everybody_can_use_it() {
	let desk = Desk::new();
	assert_says(
		&desk.refusal_of_token("nowhere"),
		&["--tunnel-token-file", "nowhere", "No such file", "openssl"],
	);
	fs::set_permissions(desk.path("token"), fs::Permissions::from_mode(0o640)).unwrap();
	assert_says(&desk.refusal_of_token("token"), &["others may read it", "640", "chmod 600"]);
	desk.write("empty", " \n");
	assert_says(&desk.refusal_of_token("empty"), &["it is empty", "openssl"]);
	desk.write("lines", &format!("{TOKEN}\n{TOKEN}\n"));
	assert_says(&desk.refusal_of_token("lines"), &["characters no header may carry"]);
}

#[test]
fn tunnel_flags_should_be_refused_when_one_is_missing() {
	let desk = Desk::new();
	let line = desk.refusal(&["--tunnel-url=http://127.0.0.1:9"]);
	assert_says(&line, &["--tunnel-url needs --tunnel-token-file"]);
	let line = desk.refusal(&[&format!("--tunnel-token-file={}", desk.path("token").display())]);
	assert_says(&line, &["--tunnel-token-file needs --tunnel-url"]);
}

#[test]
fn tunnel_url_should_be_refused_when_it_is_no_plain_loopback_address() {
	let desk = Desk::new();
	for url in ["no url", "127.0.0.1:9", "https://127.0.0.1:9", "http://127.0.0.1", "http://127.0.0.1:9/path"]
	{
		assert_says(&desk.refusal_of_url(url), &["--tunnel-url", "must look like http://127.0.0.1:9700"]);
	}
	for url in ["http://192.0.2.1:9", "http://[2001:db8::1]:9", "http://example.org:9"] {
		assert_says(&desk.refusal_of_url(url), &["--tunnel-url", "is no loopback address"]);
	}
	// With a password that must not be repeated.
	assert_says(&desk.refusal_of_url(&format!("http://me:{TOKEN}@127.0.0.1:9")), &["must look like"]);
}

#[test]
fn tunnel_url_should_be_refused_when_the_offchain_worker_is_off() {
	let desk = Desk::new();
	let file = format!("--tunnel-token-file={}", desk.path("token").display());
	let line = desk.refusal(&["--tunnel-url=http://127.0.0.1:9", &file]);
	assert_says(&line, &["the off-chain worker", "--validator", "--offchain-worker always"]);
}

/// Three price sources, of which the second one has a key in its URL.
const SOURCES: [&str; 3] = [
	"--price-source=https://a.example/t#/last",
	"--price-source=https://b.example/t?key=5eC4e7token#/last",
	"--price-source=https://c.example/t#/last",
];

#[test]
fn price_sources_should_be_refused_by_number_without_their_urls_when_wrong() {
	let desk = Desk::new();
	let with = |sources: &[&str]| desk.refusal(&[&["--offchain-worker=always"], sources].concat());
	assert_says(&with(&SOURCES[..2]), &["2 price sources", "3 to 16", "--price-source"]);
	let twice = [SOURCES[0], SOURCES[1], SOURCES[1]];
	assert_says(&with(&twice), &["--price-source 3", "its URL is given before"]);
	for (wrong, says) in [
		("https://b.example/5eC4e7token", "must look like https://example.org/ticker#/last"),
		("http://b.example/5eC4e7token#/last", "on the loopback"),
		("https://me:5eC4e7token@b.example/#/last", "must look like"),
		("https://b.example/5eC4e7token#last", "begins with a slash"),
	] {
		let wrong = format!("--price-source={wrong}");
		assert_says(&with(&[SOURCES[0], &wrong, SOURCES[2]]), &["--price-source 2: ", says]);
	}
}

#[test]
fn price_sources_file_should_be_refused_with_the_source_that_is_wrong() {
	let desk = Desk::new();
	let file = format!("--price-sources-file={}", desk.path("sources").display());
	let refusal = || desk.refusal(&["--offchain-worker=always", &file]);
	assert_says(&refusal(), &["--price-sources-file", "sources: No such file", "URL#POINTER"]);
	desk.write("sources", "; none yet\n\n");
	assert_says(&refusal(), &["0 price sources", "3 to 16"]);
	desk.write("sources", "; three\nhttps://a.example#/p\nhttps://b.example#/p\nhttps://c.example\n");
	assert_says(&refusal(), &["--price-sources-file", "source 3: it must look like"]);
	let both = desk.node(&["--offchain-worker=always", &file, SOURCES[0]]);
	assert!(!both.succeeded && both.output.contains("cannot be used with"), "{}", both.output);
}

#[test]
fn price_sources_should_be_refused_when_the_offchain_worker_is_off() {
	let line = Desk::new().refusal(&SOURCES);
	assert_says(&line, &["price sources", "the off-chain worker", "--validator", "--offchain-worker always"]);
}

#[test]
fn ports_should_be_refused_when_in_use() {
	let desk = Desk::new();
	let taken = TcpListener::bind("127.0.0.1:0").unwrap();
	let (address, port) = (taken.local_addr().unwrap().to_string(), taken.local_addr().unwrap().port());
	for (argument, flag) in [
		(format!("--rpc-port={port}"), "--rpc-port"),
		(format!("--prometheus-port={port}"), "--prometheus-port"),
		(format!("--listen-addr=/ip4/127.0.0.1/tcp/{port}"), "--listen-addr"),
	] {
		assert_says(&desk.refusal(&[&argument]), &["port in use", &address, flag]);
	}
}

#[test]
fn base_path_should_be_refused_when_nothing_can_be_written_there() {
	let desk = Desk::new();
	let file = desk.path("token").display().to_string();
	let line = desk.refusal(&[&format!("--base-path={file}")]);
	assert_says(&line, &["--base-path", &file, "cannot write there", "choose another"]);
}

#[test]
fn base_path_should_be_refused_when_its_disk_is_full() {
	let desk = Desk::new();
	let line = desk.refusal(&[&format!("--db-storage-threshold={}", u64::MAX)]);
	assert_says(&line, &["MiB free", "make room", &desk.path("data").display().to_string()]);
}

#[test]
fn validator_should_be_refused_when_it_has_no_network_key() {
	let line = Desk::new().refusal(&["--validator"]);
	assert_says(&line, &["no network key at", "weir-node key generate-node-key"]);
}

#[test]
fn database_should_be_refused_when_it_holds_another_chain() {
	let desk = Desk::new();
	let code = hex(&wasm());
	desk.write("spec.json", &specification("desk", json!({ "0x3a636f6465": code })).to_string());
	desk.write(
		"other.json",
		&specification("desk", json!({ "0x3a636f6465": code, "0x01": "0x02" })).to_string(),
	);
	// The module has no runtime API, so this ends once the first block is stored.
	let first = desk.node(&[]).line();
	assert!(!first.contains("foreign genesis"), "{first}");
	let line = desk.node(&[&format!("--chain={}", desk.path("other.json").display())]).line();
	assert_says(&line, &["foreign genesis", "paritydb", "--base-path", "weir-node purge-chain"]);
	// Its own chain is still welcome.
	assert_eq!(desk.node(&[]).line(), first);
}

#[test]
fn genesis_should_be_refused_with_file_and_reason_when_it_is_wrong() {
	let desk = Desk::new();
	let file = desk.path("spec.json").display().to_string();
	let says = format!("--chain {file}: its genesis is wrong: ");
	desk.write("spec.json", &specification("desk", json!({ "no hex": "0x" })).to_string());
	assert_says(&desk.node(&[]).line(), &[&says, "mend it there"]);
	desk.write("spec.json", &plain_specification(|patch| patch["proofOfBandwith"] = json!({})));
	let ended = desk.node(&[]);
	assert_says(&ended.line(), &[&format!("{says}unknown field `proofOfBandwith`, expected one of")]);
	// Neither the genesis nor its place in a text that nobody has seen.
	for word in ["blob", "5Grwva", " column "] {
		assert!(!ended.output.contains(word), "found {word} in:\n{}", ended.output);
	}
	let delay = |patch: &mut Value| patch["proofOfBandwidth"]["timing"]["unbondingEpochs"] = json!(0);
	desk.write("spec.json", &plain_specification(delay));
	let Ended { succeeded, output } = desk.node(&[]);
	assert!(!succeeded && !output.contains("backtrace"), "{output}");
	assert_says(&output, &["invalid timing: Delay", &format!("{says}the runtime refuses it")]);
}

#[test]
fn network_key_should_be_refused_without_its_content_when_damaged() {
	let desk = Desk::new();
	let says = |file: &str| format!("the network key at {file} is damaged: restore it");
	let file = desk.path("token").display().to_string();
	let line = desk.refusal(&[&format!("--node-key-file={file}")]);
	let remedy = format!("'weir-node key generate-node-key --file {file}'");
	assert_says(&line, &[&says(&file), &remedy]);
	let folder = desk.path("data/chains/desk/network");
	fs::create_dir_all(&folder).unwrap();
	let file = folder.join("secret_ed25519");
	fs::write(&file, []).unwrap();
	assert_says(&desk.refusal(&[]), &[&says(&file.display().to_string())]);
	assert_says(&desk.refusal(&["--validator"]), &[&says(&file.display().to_string())]);
}
