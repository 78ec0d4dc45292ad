//! The configuration file (TOML). Every error names the file, the key and the reason.

use crate::{
	advice,
	connect::{account, credits, Budget},
	engine::Caps,
	exit::Wanted,
	provide::{Hours, HoursError},
};
use anyhow::{anyhow, Context, Result};
use serde::{Deserialize, Serialize};
use std::{
	net::{IpAddr, Ipv4Addr, SocketAddr},
	path::{Path, PathBuf},
	str::FromStr,
};
use weir_primitives::chain::AccountId;

/// Endpoints that are compared at most.
pub const MAX_ENDPOINTS: usize = 8;
/// Paid sessions at once, at most: each is a WireGuard peer.
pub const MAX_SESSIONS: usize = 4_096;
/// Resolvers that guests' names are looked up with, at most.
pub const MAX_RESOLVERS: usize = 4;

/// The whole file.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
	/// Who and where this node is.
	pub node: Node,
	/// How the chain is reached.
	#[serde(default)]
	pub chain: Chain,
	/// The provider role.
	pub provide: Option<Provide>,
	/// The attestor role.
	pub attest: Option<Attest>,
	/// The loopback HTTP interface.
	pub api: Option<Api>,
}

/// `[node]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
	/// Account on chain: an address or 32 bytes of hex.
	pub account: String,
	/// Folder of the state, and of the keys unless they are named.
	pub state: PathBuf,
	/// Address sockets are bound to. Default: all.
	#[serde(default = "any_address")]
	pub bind: IpAddr,
	/// The control plane's identity. Default: identity.key in the state folder.
	pub identity_key: Option<PathBuf>,
	/// The probe key. Default: probe.key in the state folder.
	pub probe_key: Option<PathBuf>,
}

fn any_address() -> IpAddr {
	Ipv4Addr::UNSPECIFIED.into()
}

/// `[chain]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Chain {
	/// WebSocket endpoints. The first that is not behind is used; what they have finalised is compared.
	#[serde(default = "local_endpoint")]
	pub endpoints: Vec<String>,
	/// Hash of the first block, hex: refuses to work with another chain.
	pub genesis: Option<String>,
}

impl Default for Chain {
	fn default() -> Self {
		Self { endpoints: local_endpoint(), genesis: None }
	}
}

fn local_endpoint() -> Vec<String> {
	vec!["ws://127.0.0.1:9944".into()]
}

/// `[provide]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Provide {
	/// UDP and TCP port, as registered on chain.
	pub port: u16,
	/// Cap from this node, kbps; 0: none.
	#[serde(default)]
	pub egress_kbps: u32,
	/// Cap towards this node, kbps; 0: none.
	#[serde(default)]
	pub ingress_kbps: u32,
	/// Paid sessions at once.
	#[serde(default = "some_sessions")]
	pub sessions: usize,
	/// File of the account that claims vouchers. Without it no paid session is served.
	pub claim_key: Option<PathBuf>,
	/// Resolvers that guests' names are looked up with; none: the system's.
	#[serde(default)]
	pub resolver: Vec<IpAddr>,
	/// Paid traffic in a calendar month (UTC), 10⁹ bytes; 0: no bound.
	#[serde(default)]
	pub month_gb: u64,
	/// How guests reach the Internet.
	#[serde(default)]
	pub exit: Wanted,
	/// Hours of the day in which customers are let in, such as `22:00-07:00`; none: always.
	#[serde(default)]
	pub hours: Vec<String>,
	/// Time zone of the hours.
	#[serde(default = "utc")]
	pub zone: String,
	/// Whether the router is asked to map the port, if there is one.
	#[serde(default = "yes")]
	pub map_port: bool,
	/// How it is reached through another provider, if its router lets nobody in.
	pub relay: Option<Relay>,
}

fn utc() -> String {
	"UTC".into()
}

/// `[provide.relay]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Relay {
	/// File of the account whose credits pay for it.
	pub key: PathBuf,
	/// Through this provider: an address or 32 bytes of hex. Default: the one at whose address this one is registered, or any.
	pub provider: Option<String>,
	/// The most that its traffic may cost, dollars per 10⁹ bytes.
	#[serde(default = "ten_cents")]
	pub max_price: String,
	/// What a channel to it is opened with, dollars.
	#[serde(default = "a_dollar")]
	pub deposit: String,
}

fn yes() -> bool {
	true
}

fn ten_cents() -> String {
	"0.10".into()
}

fn a_dollar() -> String {
	"1.00".into()
}

impl Relay {
	/// What may be spent.
	pub(crate) fn budget(&self) -> Result<Budget> {
		let most_price = credits(&self.max_price).context("max_price")?;
		let most_price = u64::try_from(most_price).map_err(|_| anyhow!("max_price: too much"))?;
		Ok(Budget { deposit: credits(&self.deposit).context("deposit")?, most_price })
	}

	/// Through whom.
	pub(crate) fn by(&self) -> Result<Option<AccountId>> {
		self.provider.as_deref().map(account).transpose().context("provider")
	}
}

fn some_sessions() -> usize {
	64
}

impl Provide {
	/// When customers are let in.
	pub fn hours(&self) -> Result<Hours, HoursError> {
		Hours::parse(&self.hours, &self.zone)
	}

	/// Both caps.
	pub fn caps(&self) -> Caps {
		Caps { ingress_kbps: self.ingress_kbps, egress_kbps: self.egress_kbps }
	}
}

/// Who gives the tasks and reports the results.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AttestMode {
	/// The node beside this process, through the API.
	#[default]
	Node,
	/// This process.
	Alone,
}

/// `[attest]`
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Attest {
	/// Who gives the tasks and reports the results.
	#[serde(default)]
	pub mode: AttestMode,
}

/// `[api]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Api {
	/// Loopback address and port.
	pub listen: SocketAddr,
	/// File with the bearer token, mode 0600.
	pub token_file: PathBuf,
}

impl Config {
	/// Reads and checks a file.
	pub fn load(path: &Path) -> Result<Self> {
		let text = std::fs::read_to_string(path).map_err(|error| {
			anyhow!("{}: cannot be read: {} ({error})", path.display(), advice::file(&error))
		})?;
		Self::parse(path, &text)
	}

	pub(crate) fn parse(path: &Path, text: &str) -> Result<Self> {
		let config: Self =
			toml::from_str(text).map_err(|error| anyhow!("{}: {}", path.display(), explain(text, &error)))?;
		config.check().map_err(|(key, reason)| anyhow!("{}: {key}: {reason}", path.display()))?;
		Ok(config)
	}

	fn check(&self) -> Result<(), (&'static str, String)> {
		self.account().map_err(|error| ("node.account", error.to_string()))?;
		self.genesis().map_err(|error| ("chain.genesis", error.to_string()))?;
		check_endpoints(&self.chain.endpoints).map_err(|error| ("chain.endpoints", error))?;
		if self.provide.as_ref().is_some_and(|provide| provide.port == 0) {
			return Err(("provide.port", "must be the registered port, not 0".into()));
		}
		if self.provide.as_ref().is_some_and(|provide| !(1..=MAX_SESSIONS).contains(&provide.sessions)) {
			return Err(("provide.sessions", format!("must be from 1 to {MAX_SESSIONS}")));
		}
		if self.provide.as_ref().is_some_and(|provide| provide.resolver.len() > MAX_RESOLVERS) {
			return Err(("provide.resolver", format!("more than {MAX_RESOLVERS}; name the best of them")));
		}
		match self.provide.as_ref().map(Provide::hours) {
			Some(Err(HoursError::Spans(reason))) => return Err(("provide.hours", reason)),
			Some(Err(HoursError::Zone(reason))) => return Err(("provide.zone", reason)),
			Some(Ok(_)) | None => {}
		}
		if let Some(relay) = self.provide.as_ref().and_then(|provide| provide.relay.as_ref()) {
			let checked = relay.budget().and_then(|_| relay.by());
			checked.map_err(|error| ("provide.relay", format!("{error:#}")))?;
		}
		if let Some(api) = self.api.as_ref().filter(|api| !api.listen.ip().is_loopback()) {
			return Err(("api.listen", format!("{} is not a loopback address", api.listen)));
		}
		if self.attest.is_some_and(|attest| attest.mode == AttestMode::Node) && self.api.is_none() {
			return Err((
				"attest.mode",
				"\"node\" needs an [api] table, by which the node gives its tasks".into(),
			));
		}
		Ok(())
	}

	/// The node's account.
	pub fn account(&self) -> Result<AccountId> {
		AccountId::from_str(&self.node.account).map_err(|error| {
			let given = advice::one_line(&self.node.account);
			anyhow!("{given} is neither an address nor 32 bytes of hex ({error})")
		})
	}

	/// The configured genesis.
	pub fn genesis(&self) -> Result<Option<[u8; 32]>> {
		self.chain.genesis.as_deref().map(genesis).transpose()
	}

	/// File of the control plane's identity.
	pub fn identity_key(&self) -> PathBuf {
		self.node.identity_key.clone().unwrap_or_else(|| self.node.state.join("identity.key"))
	}

	/// File of the probe key.
	pub fn probe_key(&self) -> PathBuf {
		self.node.probe_key.clone().unwrap_or_else(|| self.node.state.join("probe.key"))
	}
}

/// Fails unless the names of endpoints are well formed, and neither too few nor too many; an error says why.
pub(crate) fn check_endpoints(endpoints: &[String]) -> Result<(), String> {
	if endpoints.is_empty() {
		return Err("at least one is needed".into());
	}
	if endpoints.len() > MAX_ENDPOINTS {
		return Err(format!("more than {MAX_ENDPOINTS}; name the best of them"));
	}
	for (number, endpoint) in endpoints.iter().enumerate() {
		let rest = endpoint.strip_prefix("ws://").or_else(|| endpoint.strip_prefix("wss://"));
		if rest.is_none_or(|rest| rest.is_empty() || rest.starts_with(['/', ':'])) {
			let endpoint = advice::one_line(endpoint);
			return Err(format!("{endpoint} is not of the form ws://host:port or wss://host:port"));
		}
		// Compared with itself, an endpoint always agrees.
		if endpoints.iter().take(number).any(|earlier| earlier == endpoint) {
			return Err(format!("{} is named twice", advice::one_line(endpoint)));
		}
	}
	Ok(())
}

/// A hash of a first block from its hex.
pub(crate) fn genesis(text: &str) -> Result<[u8; 32]> {
	let mut genesis = [0; 32];
	hex::decode_to_slice(text.trim_start_matches("0x"), &mut genesis)
		.map_err(|error| anyhow!("{}: not 32 bytes of hex ({error})", advice::one_line(text)))?;
	Ok(genesis)
}

/// Line, key and reason in one line; the parser's own text is a drawing of several.
fn explain(text: &str, error: &toml::de::Error) -> String {
	let line = error.span().map(|span| {
		let before = text.bytes().take(span.start).filter(|byte| *byte == b'\n').count();
		format!("line {}: ", before.saturating_add(1))
	});
	// Only the reader of values knows the path of keys, and only the reader of text knows the line.
	let values = toml::from_str::<toml::Table>(text).ok().and_then(|table| table.try_into::<Config>().err());
	let key = values.and_then(|error| {
		let text = error.to_string();
		let key = text.lines().find_map(|line| line.strip_prefix("in `")?.strip_suffix('`'));
		key.map(|key| format!("{key}: "))
	});
	let reason = advice::one_line(error.message());
	format!("{}{}{reason}", line.unwrap_or_default(), key.unwrap_or_default())
}

#[cfg(test)]
mod tests {
	use super::*;
	use weir_fuzz::Fuzz;

	const GOOD: &str = r#"
		[node]
		account = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
		state = "/var/lib/weir-tunnel"
		bind = "127.0.1.1"
		[chain]
		endpoints = ["ws://127.0.0.1:9944"]
		[provide]
		port = 40400
		ingress_kbps = 10000
		[attest]
		mode = "node"
		[api]
		listen = "127.0.0.1:9700"
		token_file = "/etc/weir-tunnel/token"
	"#;

	fn error(text: &str) -> String {
		Config::parse(Path::new("/etc/weir.toml"), text).map(|_| ()).unwrap_err().to_string()
	}

	#[test]
	fn example_should_be_valid() {
		Config::parse(Path::new("example.toml"), include_str!("../example.toml")).unwrap();
	}

	#[test]
	fn parse_should_fill_in_defaults() {
		let config = Config::parse(Path::new("x"), GOOD).unwrap();
		assert_eq!(config.provide.as_ref().unwrap().caps(), Caps { ingress_kbps: 10_000, egress_kbps: 0 });
		let provide = config.provide.as_ref().unwrap();
		assert_eq!((provide.sessions, provide.month_gb, &provide.claim_key), (64, 0, &None));
		assert_eq!(config.probe_key(), PathBuf::from("/var/lib/weir-tunnel/probe.key"));
		assert_eq!(
			hex::encode(config.account().unwrap()),
			"d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d"
		);
	}

	#[test]
	fn errors_should_name_file_key_and_reason_in_one_line() {
		for (from, to, expected) in [
			("5Grwva", "5Grwvb", "node.account: 5Grwvb"),
			(
				"account = \"5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY\"",
				"",
				"line 2: node: missing field `account`",
			),
			("bind = \"127.0.1.1\"", "bind = \"localhost\"", "line 5: node.bind: invalid IP address"),
			("\"ws://127.0.0.1:9944\"", "\"http://x\"", "chain.endpoints: http://x is not of the form"),
			("\"ws://127.0.0.1:9944\"", "\"ws://\"", "chain.endpoints: ws:// is not of the form"),
			("\"ws://127.0.0.1:9944\"", "", "chain.endpoints: at least one is needed"),
			("\"ws://127.0.0.1:9944\"", "\"ws://a\", \"ws://a\"", "chain.endpoints: ws://a is named twice"),
			("[chain]", "[chain]\ngenesis = \"0x12\"", "chain.genesis: 0x12: not 32 bytes of hex"),
			("port = 40400", "port = 0", "provide.port: must be the registered port"),
			("port = 40400", "port = 40400\nsessions = 0", "provide.sessions: must be from 1 to 4096"),
			("port = 40400", "port = 40400\nresolver = [\"dns\"]", "line 10: provide.resolver: invalid IP"),
			(
				"port = 40400",
				"port = 40400\nresolver = [\"::1\", \"::2\", \"::3\", \"::4\", \"::5\"]",
				"provide.resolver: more than 4",
			),
			("port = 40400", "port = 40400\nexit = \"tor\"", "line 10: provide.exit: unknown variant `tor`"),
			(
				"port = 40400",
				"port = 40400\nrelay = { key = \"k\", max_price = \"cheap\" }",
				"provide.relay: max_price: ",
			),
			(
				"port = 40400",
				"port = 40400\nrelay = { key = \"k\", provider = \"5Grwvb\" }",
				"provide.relay: provider: 5Grwvb",
			),
			("port = 40400", "prot = 40400", "line 9: provide: unknown field `prot`"),
			("port = 40400", "port = 70000", "line 9: provide.port: invalid value"),
			("port = 40400", "port = \"a\\nb\"", "line 9: provide.port: invalid type"),
			("mode = \"node\"", "mode = \"both\"", "line 12: attest.mode: unknown variant `both`"),
			("127.0.0.1:9700", "0.0.0.0:9700", "api.listen: 0.0.0.0:9700 is not a loopback address"),
			("[api]", "[apis]", "line 13: unknown field `apis`"),
			("[provide]", "[provide", "line 8: "),
		] {
			let error = error(&GOOD.replace(from, to));
			assert!(error.starts_with(&format!("/etc/weir.toml: {expected}")), "{error}");
			assert_eq!(error.lines().count(), 1, "{error}");
		}
		let without_api = GOOD.split("[api]").next().unwrap();
		assert!(error(without_api).starts_with("/etc/weir.toml: attest.mode: \"node\" needs an [api] table"));
		let many = (0..9).map(|n| format!("\"ws://host{n}\"")).collect::<Vec<_>>().join(",");
		assert!(
			error(&GOOD.replace("\"ws://127.0.0.1:9944\"", &many)).contains("chain.endpoints: more than 8")
		);
	}

	#[test]
	fn fuzz_configuration_should_be_read_or_refused_in_one_line() {
		let words = [
			"[node]",
			"\n",
			"=",
			"\"",
			"\"\"\"",
			"[[",
			"{",
			"0x",
			"1e9",
			"inf",
			"1979-05-27",
			"\\u0000",
			"port",
		];
		let ran = Fuzz::new("configuration", 4_000)
			.samples([GOOD, include_str!("../example.toml")])
			.words(words)
			.longest(2_048)
			.run(|bytes| {
				let Ok(text) = std::str::from_utf8(bytes) else { return [None] };
				match Config::parse(Path::new("x.toml"), text) {
					Ok(config) => {
						assert!(config.account().is_ok() && config.genesis().is_ok());
						assert!((1..=MAX_ENDPOINTS).contains(&config.chain.endpoints.len()));
						[Some(true)]
					}
					Err(error) => {
						let error = error.to_string();
						assert!(error.starts_with("x.toml: ") && error.lines().count() == 1, "{error}");
						[Some(false)]
					}
				}
			});
		assert!(ran.count(&Some(true)) > 0 && ran.count(&Some(false)) > 0, "{:?}", ran.seen);
	}
}
