//! What a customer is shown: one line every second on a terminal, or one JSON object.

use super::money::{bits_per_second, bytes, dollars};
use serde::Serialize;
use std::{
	io::{IsTerminal, Write},
	time::Duration,
};
use tokio::sync::watch;
use weir_primitives::{channel::ChannelId, economy::Credits};
use weir_tunnel_core::Micros;

/// Between two lines.
const EVERY: Duration = Duration::from_secs(1);

/// Where a connection stands.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
	/// A channel is looked for or opened.
	#[default]
	Paying,
	/// The provider is asked to let us in.
	Joining,
	/// Traffic goes through.
	Connected,
	/// It went away, and is asked again. Meanwhile nothing goes through, and nothing goes elsewhere.
	Reconnecting,
	/// The last voucher is on its way.
	Leaving,
}

/// What is known of a connection.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize)]
pub struct Status {
	/// Where it stands.
	pub phase: Phase,
	/// The provider: country and account.
	pub hop: String,
	/// The channel that pays.
	pub channel: Option<ChannelId>,
	/// Credits per 10⁹ bytes.
	pub price: u64,
	/// Inner bytes towards us since the channel was opened.
	pub bytes_down: u64,
	/// Inner bytes from us likewise.
	pub bytes_up: u64,
	/// Of both, those of this run.
	pub run_bytes: u64,
	/// What they came to per second, bits.
	pub down_bits_per_second: u64,
	/// From us likewise.
	pub up_bits_per_second: u64,
	/// Round trip to the provider's control plane; none before it has answered.
	pub rtt_micros: Option<Micros>,
	/// Credits that the vouchers of the channel say in all.
	pub spent: Credits,
	/// Of these, of this run.
	pub run_spent: Credits,
	/// What is lost if the provider vanishes now: paid ahead and not carried yet.
	pub exposure_bytes: u64,
	/// What it costs.
	pub exposure_credits: Credits,
	/// Credits that no voucher has yet.
	pub left: Credits,
	/// Whether the provider serves a window on credit.
	pub trusted: bool,
	/// Programs' connections that are open.
	pub connections: usize,
	/// What the user had better know, in one line.
	pub note: Option<String>,
}

impl Status {
	/// One line for a terminal.
	pub fn line(&self) -> String {
		let phase = match self.phase {
			Phase::Paying => "opening a channel",
			Phase::Joining => "joining",
			Phase::Connected => "connected",
			Phase::Reconnecting => "NO TUNNEL, reconnecting",
			Phase::Leaving => "leaving",
		};
		let rtt = self.rtt_micros.map_or_else(|| "-".into(), |rtt| format!("{} ms", rtt.div_ceil(1_000)));
		format!(
			"{phase}  {hop}  down {down}  up {up}  RTT {rtt}  used {used}  spent {spent}  at risk {risk} ({cost})  left {left}",
			hop = self.hop,
			down = bits_per_second(self.down_bits_per_second),
			up = bits_per_second(self.up_bits_per_second),
			used = bytes(self.run_bytes),
			spent = dollars(self.run_spent),
			risk = bytes(self.exposure_bytes),
			cost = dollars(self.exposure_credits),
			left = dollars(self.left),
		)
	}
}

/// The two ends of an address, which is as much as anybody reads.
pub(crate) fn short(account: &str) -> String {
	let (Some(head), Some(tail)) = (account.get(..6), account.get(account.len().saturating_sub(4)..)) else {
		return account.into();
	};
	format!("{head}…{tail}")
}

/// Shows a status every second until it ends: as JSON on stdout, or as a line on stderr that is written over if that is a
/// terminal. Elsewhere the log says what changes.
pub(crate) async fn show(status: watch::Receiver<Status>, json: bool) {
	let is_terminal = std::io::stderr().is_terminal();
	let mut widest = 0;
	// An error says that whoever has the other end is gone.
	while status.has_changed().is_ok() {
		let now = status.borrow().clone();
		if json {
			if let Ok(text) = serde_json::to_string(&now) {
				// A reader that has gone away is no failure of the tunnel.
				let _ = writeln!(std::io::stdout(), "{text}");
			}
		} else if is_terminal {
			let line = now.line();
			widest = line.chars().count().max(widest);
			let _ = write!(std::io::stderr(), "\r{line:<widest$}");
		}
		tokio::time::sleep(EVERY).await;
	}
	if is_terminal && !json {
		let _ = writeln!(std::io::stderr());
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn line_should_show_rate_cost_and_exposure() {
		let status = Status {
			phase: Phase::Connected,
			hop: "DE 5Grwva…utQY".into(),
			run_bytes: 1_200_000_000,
			down_bits_per_second: 12_300_000,
			rtt_micros: Some(23_400),
			run_spent: 60_000,
			exposure_bytes: 4_194_304,
			exposure_credits: 210,
			left: 440_000,
			..Status::default()
		};
		assert_eq!(
			status.line(),
			"connected  DE 5Grwva…utQY  down 12.3 Mbit/s  up 0 bit/s  RTT 24 ms  used 1.20 GB  spent $0.06  at risk 4.19 MB \
			 ($0.00021)  left $0.44"
		);
		let json = serde_json::to_value(&status).unwrap();
		assert_eq!((&json["phase"], &json["exposure_credits"]), (&"connected".into(), &210.into()));
	}

	#[test]
	fn line_should_say_loudly_when_there_is_no_tunnel() {
		let status = Status { phase: Phase::Reconnecting, ..Status::default() };
		assert!(status.line().starts_with("NO TUNNEL") && status.line().contains("RTT -"));
	}

	#[test]
	fn short_should_keep_both_ends() {
		assert_eq!(short("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"), "5Grwva…utQY");
		assert_eq!(short("5Gr"), "5Gr");
	}
}
