//! What `weir-tunnel provide init` is told on its command line.

use crate::{
	advice,
	connect::money::{credits, per_gb},
	exit::surroundings,
	provide::{Hours, HoursError},
};
use anyhow::{anyhow, bail, Context, Result};
use clap::{Args, ValueEnum};
use std::{
	net::{IpAddr, SocketAddr},
	path::PathBuf,
};
use weir_math::committee::{MAX_CLAIM_KBPS, MIN_CLAIM_KBPS};
use weir_primitives::{
	chain::{Balance, WEIR},
	Caps, Claim, Endpoint, ExitClass, Kbps, LineKind, Region,
};

/// Digits of a token behind the point.
const DIGITS: usize = 12;
/// The port without a choice.
const PORT: u16 = 40_400;

/// What a guest may reach.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Exit {
	/// Registered providers alone: nothing comes out of your address.
	Relay,
	/// Web pages (ports 80 and 443) and names.
	Web,
	/// Most services, but for the ports that abuse concentrates on.
	Reduced,
	/// Everything but mail (25), Windows shares (135 to 139, 445).
	Open,
}

/// Where a line ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Line {
	/// At home or in an office.
	Residential,
	/// In a data centre.
	Hosting,
}

/// `provide init`
#[derive(Debug, Args)]
pub(crate) struct InitOptions {
	/// What the line carries towards you, Mbit/s: it is measured, and claiming more than it does is punished.
	#[arg(long, value_name = "MBPS")]
	pub(crate) down: String,
	/// What it carries from you, Mbit/s.
	#[arg(long, value_name = "MBPS")]
	pub(crate) up: String,
	/// The country it stands in: two letters.
	#[arg(long, value_name = "COUNTRY")]
	pub(crate) region: String,
	/// What customers pay, dollars per GB (10⁹ bytes).
	#[arg(long, value_name = "DOLLARS")]
	pub(crate) price: String,
	/// Where customers may go.
	#[arg(long, value_enum, default_value = "web")]
	pub(crate) exit: Exit,
	/// The kind of line.
	#[arg(long, value_enum, default_value = "residential")]
	pub(crate) line: Line,
	/// The line's own address and the port (UDP and TCP) that reaches this machine. Default: this machine's public address, if it
	/// has one, and port 40400.
	#[arg(long, value_name = "ADDRESS:PORT")]
	pub(crate) endpoint: Option<SocketAddr>,
	/// Address of this machine to bind to. Default: all.
	#[arg(long, value_name = "ADDRESS")]
	pub(crate) bind: Option<IpAddr>,
	/// Sell no more than this in either direction, Mbit/s. Not below what is claimed.
	#[arg(long, value_name = "MBPS")]
	pub(crate) cap: Option<String>,
	/// Carry no more than this for customers in a calendar month (UTC), 10⁹ bytes.
	#[arg(long, value_name = "GB", default_value = "0")]
	pub(crate) month_gb: u32,
	/// Serve customers in these hours alone, such as 22:00-07:00; may be given several times.
	#[arg(long, value_name = "FROM-UNTIL")]
	pub(crate) hours: Vec<String>,
	/// Time zone of the hours, such as Europe/Berlin.
	#[arg(long, value_name = "ZONE", default_value = "UTC")]
	pub(crate) zone: String,
	/// Customers at once.
	#[arg(long, value_name = "NUMBER", default_value = "64", value_parser = clap::value_parser!(u16).range(1..=4_096))]
	pub(crate) sessions: u16,
	/// Bond so many WEIR. Default: what the claim needs today, and a hundredth more, for the rate moves.
	#[arg(long, value_name = "WEIR")]
	pub(crate) bond: Option<String>,
	/// What the account that claims has for its fees, WEIR: made up when it has less than half.
	#[arg(long, value_name = "WEIR", default_value = "20")]
	pub(crate) claims: String,
	/// File of the account that bonds and owns the registration: one line, a mnemonic or 64 hex digits, mode 0600. It is needed here
	/// once; the sidecar runs without it.
	#[arg(long, value_name = "FILE", required_unless_present = "account")]
	pub(crate) key: Option<PathBuf>,
	/// That account's address, to see the bill without its key.
	#[arg(long, value_name = "ACCOUNT", conflicts_with = "key")]
	pub(crate) account: Option<String>,
	/// WebSocket endpoint of a node; may be given several times.
	#[arg(long, value_name = "URL", default_value = "ws://127.0.0.1:9944")]
	pub(crate) chain: Vec<String>,
	/// Hash of the chain's first block, hex: refuses to work with another chain.
	#[arg(long, value_name = "HASH")]
	pub(crate) genesis: Option<String>,
	/// The configuration file that is written if it is missing.
	#[arg(long, short, value_name = "FILE", default_value = "/etc/weir-tunnel/config.toml")]
	pub(crate) config: PathBuf,
	/// Folder of state and keys.
	#[arg(long, value_name = "DIR", default_value = "/var/lib/weir-tunnel")]
	pub(crate) state: PathBuf,
	/// Loopback address of the interface for pause, resume and metrics.
	#[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9700")]
	pub(crate) api: SocketAddr,
	/// Do it: make keys, write the configuration, bond and register. Without it nothing is sent or written.
	#[arg(long, requires = "key")]
	pub(crate) yes: bool,
}

/// What is wished for.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Wish {
	pub(crate) claim: Claim,
	pub(crate) endpoint: Endpoint,
	pub(crate) region: Region,
	pub(crate) exit: ExitClass,
	/// Credits per 10⁹ bytes.
	pub(crate) price: u64,
	pub(crate) caps: Caps,
	/// Grains, if it is not what is needed.
	pub(crate) bond: Option<Balance>,
	/// Grains of the account that claims.
	pub(crate) claims: Balance,
}

impl InitOptions {
	/// Reads what was typed; an error names the option.
	pub(crate) fn wish(&self) -> Result<Wish> {
		let claim = Claim { down_kbps: claimed(&self.down, "--down")?, up_kbps: claimed(&self.up, "--up")? };
		let cap = self.cap.as_deref().map(kbps).transpose().context("--cap")?;
		if cap.is_some_and(|cap| cap < claim.largest_kbps()) {
			bail!(
				"--cap: is below what is claimed, and the line would be measured as slow as the cap; claim less with --down and --up"
			);
		}
		let country = crate::connect::choice::country(&self.region).context("--region")?;
		let kind = match self.line {
			Line::Residential => LineKind::Residential,
			Line::Hosting => LineKind::Hosting,
		};
		let price = credits(&self.price).context("--price")?;
		match Hours::parse(&self.hours, &self.zone) {
			Ok(_) => {}
			Err(HoursError::Spans(reason)) => bail!("--hours: {reason}"),
			Err(HoursError::Zone(reason)) => bail!("--zone: {reason}"),
		}
		if !self.api.ip().is_loopback() {
			bail!("--api: {} is not a loopback address", self.api);
		}
		Ok(Wish {
			claim,
			endpoint: self.endpoint()?,
			region: Region { country, kind },
			exit: match self.exit {
				Exit::Relay => ExitClass::Relay,
				Exit::Web => ExitClass::Web,
				Exit::Reduced => ExitClass::Reduced,
				Exit::Open => ExitClass::Open,
			},
			price: u64::try_from(price).map_err(|_| anyhow!("--price: too much"))?,
			caps: Caps { rate_kbps: cap.unwrap_or(0), gb_per_month: self.month_gb, sessions: self.sessions },
			bond: self.bond.as_deref().map(tokens).transpose().context("--bond")?,
			claims: tokens(&self.claims).context("--claims")?,
		})
	}

	fn endpoint(&self) -> Result<Endpoint> {
		if let Some(endpoint) = self.endpoint {
			if endpoint.port() == 0 {
				bail!("--endpoint: port 0 reaches nobody; name the port that reaches this machine");
			}
			return Ok(at(endpoint));
		}
		let own = surroundings::discover().context("the addresses of this machine")?;
		let of = |ip: IpAddr| at((ip, PORT).into());
		let mut public: Vec<_> = own.iter().map(|net| net.addr()).filter(|ip| of(*ip).is_public()).collect();
		// Most customers and committees speak IPv4.
		public.sort_by_key(|ip| ip.is_ipv6());
		let found = public.first().copied().map(of);
		found.context(
			"--endpoint: this machine has no public address; name the line's own (your router's, as others see it) and the port that \
			 the router forwards to this machine, such as --endpoint 203.0.113.7:40400",
		)
	}
}

fn at(address: SocketAddr) -> Endpoint {
	let port = address.port();
	match address.ip() {
		IpAddr::V4(ip) => Endpoint::V4 { addr: ip.octets(), port },
		IpAddr::V6(ip) => Endpoint::V6 { addr: ip.octets(), port },
	}
}

fn claimed(text: &str, option: &'static str) -> Result<Kbps> {
	let kbps = kbps(text).context(option)?;
	if !(MIN_CLAIM_KBPS..=MAX_CLAIM_KBPS).contains(&kbps) {
		bail!("{option}: must be from {} to {} Mbit/s", MIN_CLAIM_KBPS / 1_000, MAX_CLAIM_KBPS / 1_000);
	}
	Ok(kbps)
}

/// A decimal number as a whole number of its `digits`-th parts: nothing is rounded.
fn decimal(text: &str, digits: usize) -> Option<u128> {
	let (whole, part) = text.split_once('.').unwrap_or((text, ""));
	let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
	if whole.is_empty() || !are_digits(whole) || !are_digits(part) || part.len() > digits {
		return None;
	}
	// Zeros at the end, where the part is shorter.
	format!("{whole}{part:0<digits$}").parse().ok()
}

/// kbit/s of Mbit/s.
fn kbps(text: &str) -> Result<Kbps> {
	decimal(text, 3)
		.and_then(|kbps| kbps.try_into().ok())
		.ok_or_else(|| anyhow!("{}: expected Mbit/s, such as 100 or 2.5", advice::one_line(text)))
}

/// Grains of WEIR.
fn tokens(text: &str) -> Result<Balance> {
	decimal(text, DIGITS)
		.ok_or_else(|| anyhow!("{}: expected WEIR, such as 1000 or 2.5", advice::one_line(text)))
}

/// Grains as WEIR, with as many digits as there are, four at most; rounded up.
pub(crate) fn weir(grains: Balance) -> String {
	const PARTS: Balance = 10_000;
	let parts = grains.div_ceil(WEIR / PARTS);
	let (whole, part) = (parts / PARTS, parts % PARTS);
	let digits = format!("{part:04}");
	let digits = digits.trim_end_matches('0');
	let point = if digits.is_empty() { "" } else { "." };
	format!("{whole}{point}{digits} WEIR")
}

/// A line's terms in words.
pub(crate) fn in_words(wish: &Wish) -> String {
	let Region { country, kind } = wish.region;
	let country: String = country.iter().copied().map(char::from).collect();
	let kind = match kind {
		LineKind::Residential => "residential",
		LineKind::Hosting => "hosting",
	};
	let exit = match wish.exit {
		ExitClass::Relay => "relay",
		ExitClass::Web => "web",
		ExitClass::Reduced => "reduced",
		ExitClass::Open => "open",
	};
	format!("{country} {kind}, exit {exit}, {}", per_gb(wish.price))
}

#[cfg(test)]
pub(super) mod tests {
	use super::*;
	use clap::Parser;

	#[derive(Parser)]
	struct Command {
		#[command(flatten)]
		options: InitOptions,
	}

	/// With arguments after those of an ordinary line.
	pub(in super::super) fn options(arguments: &[&str]) -> InitOptions {
		let line =
			["init", "--down", "100", "--up", "40.5", "--region", "de", "--price", "0.05", "--key", "k"];
		let endpoint = ["--endpoint", "203.0.113.7:40400"];
		let arguments = line.iter().chain(&endpoint).chain(arguments);
		Command::try_parse_from(arguments).unwrap_or_else(|error| panic!("{error}")).options
	}

	#[test]
	fn wish_should_be_what_was_typed() {
		let wish = options(&["--month-gb", "500", "--cap", "200", "--exit", "open"]).wish().unwrap();
		assert_eq!(wish.claim, Claim { down_kbps: 100_000, up_kbps: 40_500 });
		assert_eq!(wish.endpoint, Endpoint::V4 { addr: [203, 0, 113, 7], port: 40_400 });
		assert_eq!(wish.caps, Caps { rate_kbps: 200_000, gb_per_month: 500, sessions: 64 });
		assert_eq!(
			(wish.price, wish.exit, wish.bond, wish.claims),
			(50_000, ExitClass::Open, None, 20 * WEIR)
		);
		assert_eq!(in_words(&wish), "DE residential, exit open, $0.05 per GB");
	}

	#[test]
	fn wish_should_name_the_option_when_it_is_malformed() {
		for (arguments, said) in [
			(&["--cap", "99"][..], "--cap: is below what is claimed"),
			(&["--cap", "fast"], "--cap: fast: expected Mbit/s"),
			(&["--hours", "22-7"], "--hours: 22-7: expected hours"),
			(&["--zone", "Europe/Nowhere"], "--zone: "),
			(&["--bond", "1e3"], "--bond: 1e3: expected WEIR"),
			(&["--claims", "0.0000000000001"], "--claims: "),
			(&["--api", "192.0.2.1:9700"], "--api: 192.0.2.1:9700 is not a loopback address"),
		] {
			let error = format!("{:#}", options(arguments).wish().unwrap_err());
			assert!(error.starts_with(said), "{error}");
		}
		let mut slow = options(&[]);
		slow.up = "0.9".into();
		assert!(slow.wish().unwrap_err().to_string().starts_with("--up: must be from 1 to 1000 Mbit/s"));
		slow.endpoint = Some("203.0.113.7:0".parse().unwrap());
		slow.up = "1".into();
		assert!(slow.wish().unwrap_err().to_string().contains("port 0 reaches nobody"));
	}

	#[test]
	fn weir_should_be_rounded_up_and_have_no_digits_without_need() {
		for (grains, text) in [
			(0, "0 WEIR"),
			(1, "0.0001 WEIR"),
			(1_000 * WEIR, "1000 WEIR"),
			(WEIR / 2, "0.5 WEIR"),
			(1_234_560_000_001, "1.2346 WEIR"),
		] {
			assert_eq!(weir(grains), text);
		}
	}
}
