//! Counters for `/metrics`, in Prometheus' text format.

use crate::{chain::ChainError, control::Refused, engine::Counters, exit};
use std::{
	collections::BTreeMap,
	fmt::Write,
	sync::{
		atomic::{AtomicU64, Ordering},
		Arc, Mutex, OnceLock, PoisonError,
	},
};
use weir_tunnel_core::dropped::Dropped;

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
	/// Adds one.
	pub fn inc(&self) {
		self.add(1);
	}

	/// Adds so many.
	pub fn add(&self, count: u64) {
		self.0.fetch_add(count, Ordering::Relaxed);
	}

	/// How much it has grown.
	pub fn get(&self) -> u64 {
		self.0.load(Ordering::Relaxed)
	}
}

/// A number that is what it is now.
#[derive(Debug, Default)]
pub struct Gauge(AtomicU64);

impl Gauge {
	/// Replaces it.
	pub fn set(&self, value: u64) {
		self.0.store(value, Ordering::Relaxed);
	}
}

/// How many there are, as a metric.
pub(crate) fn count(number: usize) -> u64 {
	u64::try_from(number).unwrap_or(u64::MAX)
}

/// Numbers that only grow, by names that are found out at run time.
#[derive(Debug, Default)]
pub struct Tally(Mutex<BTreeMap<String, u64>>);

impl Tally {
	/// Names that are counted apart: what an endpoint says must not grow without end.
	const NAMES: usize = 64;

	/// Adds one to the number with this name, or to that of all others.
	pub fn inc(&self, name: &str) {
		let mut numbers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
		let name = if numbers.contains_key(name) || numbers.len() < Self::NAMES { name } else { "others" };
		let number = numbers.entry(name.to_owned()).or_default();
		*number = number.saturating_add(1);
	}

	fn rows(&self) -> Vec<(String, u64)> {
		self.0.lock().unwrap_or_else(PoisonError::into_inner).clone().into_iter().collect()
	}
}

/// What the process counts.
#[derive(Debug, Default)]
pub struct Metrics {
	/// Sessions opened for attestors.
	pub sessions: Counter,
	/// Finals signed as a target.
	pub finals_signed: Counter,
	/// Customers that were let in.
	pub paid_joins: Counter,
	/// Customers whose tunnels are open now.
	pub paid_sessions: Gauge,
	/// Carried towards customers, inner IP layer.
	pub paid_down: Counter,
	/// Carried from customers, inner IP layer.
	pub paid_up: Counter,
	/// 1 if customers are let in.
	pub paid_open: Gauge,
	/// Carried for customers in the running month.
	pub month_bytes: Gauge,
	/// What may be; 0: no bound.
	pub month_cap_bytes: Gauge,
	/// Customers' vouchers on the disk.
	pub vouchers: Counter,
	/// Credits that vouchers were paid on chain.
	pub credits_claimed: Counter,
	/// Tests begun as an attestor.
	pub tests_started: Counter,
	/// Tests that ended with a signed final.
	pub tests_measured: Counter,
	/// Tests of targets that did not answer.
	pub tests_unreachable: Counter,
	/// Tests that ended without a signed final although the target answered.
	pub tests_failed: Counter,
	/// Tests not taken, or dropped, because this clock is off.
	pub tests_abstained: Counter,
	/// Providers watched now.
	pub watched: Gauge,
	/// Of them, those that are down.
	pub watched_down: Gauge,
	/// Reports that a provider is down or up again, told to the node or sent.
	pub outage_reports: Counter,
	/// Votes on alarms, told to the node or sent.
	pub outage_votes: Counter,
	/// Commits and reveals sent.
	pub reports_sent: Counter,
	/// Transactions that the pool of the endpoint's node refused, by the rule they broke.
	pub submissions_refused: Tally,
	/// Requests to the API that were refused, by the HTTP status they were answered with.
	pub api_refused: Tally,
	/// API requests without the right token.
	pub unauthorised: Counter,
	/// Of the provider's device, once there is one.
	pub line: OnceLock<Arc<Counters>>,
	/// What the provider's control plane refused, once there is one.
	pub provider_refused: OnceLock<Arc<Refused>>,
	/// What the attestor's control plane refused, once there is one.
	pub attestor_refused: OnceLock<Arc<Refused>>,
	/// What came out of attestors' tunnels and the provider dropped, once there is one.
	pub provider_dropped: OnceLock<Arc<Dropped>>,
	/// What came out of targets' tunnels and the attestor dropped, once there is one.
	pub attestor_dropped: OnceLock<Arc<Dropped>>,
	/// The provider's exit.
	pub exit: Arc<exit::Status>,
}

impl Metrics {
	/// As text.
	pub fn render(&self) -> String {
		let mut text = String::new();
		let line = self.line.get();
		let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
		let rows = [
			("sessions_total", "Sessions opened for attestors.", self.sessions.get()),
			("finals_signed_total", "Finals signed as a target.", self.finals_signed.get()),
			("paid_joins_total", "Customers that were let in.", self.paid_joins.get()),
			("paid_down_bytes_total", "Carried towards customers, inner IP layer.", self.paid_down.get()),
			("paid_up_bytes_total", "Carried from customers, inner IP layer.", self.paid_up.get()),
			("vouchers_total", "Customers' vouchers on the disk.", self.vouchers.get()),
			(
				"credits_claimed_total",
				"Credits that vouchers were paid on chain.",
				self.credits_claimed.get(),
			),
			("tests_started_total", "Tests begun as an attestor.", self.tests_started.get()),
			("tests_measured_total", "Tests that ended with a signed final.", self.tests_measured.get()),
			(
				"tests_unreachable_total",
				"Tests of targets that did not answer.",
				self.tests_unreachable.get(),
			),
			(
				"tests_failed_total",
				"Tests without a signed final although the target answered.",
				self.tests_failed.get(),
			),
			(
				"tests_abstained_total",
				"Tests not taken because this clock is off.",
				self.tests_abstained.get(),
			),
			(
				"outage_reports_total",
				"Reports that a provider is down or up again.",
				self.outage_reports.get(),
			),
			("outage_votes_total", "Votes on alarms about providers.", self.outage_votes.get()),
			("reports_sent_total", "Commits and reveals sent.", self.reports_sent.get()),
			("api_unauthorised_total", "API requests without the right token.", self.unauthorised.get()),
			("line_received_bytes_total", "Received, IP layer.", line.map_or(0, |l| load(&l.received_bytes))),
			("line_sent_bytes_total", "Sent, IP layer.", line.map_or(0, |l| load(&l.sent_bytes))),
			("line_dropped_packets_total", "Dropped by a cap.", line.map_or(0, |l| load(&l.dropped_packets))),
			// Before those they are among, so that there are never more of them.
			(
				"line_opened_packets_total",
				"Packets that WireGuard opened.",
				line.map_or(0, |l| load(&l.opened_packets)),
			),
			(
				"line_sealed_packets_total",
				"Packets handed to WireGuard to be opened.",
				line.map_or(0, |l| load(&l.sealed_packets)),
			),
		];
		let gauges = [
			("paid_sessions", "Customers whose tunnels are open.", load(&self.paid_sessions.0)),
			("paid_open", "1 if customers are let in.", load(&self.paid_open.0)),
			("month_bytes", "Carried for customers in the running month.", load(&self.month_bytes.0)),
			("month_cap_bytes", "What may be carried in it; 0: no bound.", load(&self.month_cap_bytes.0)),
			("watched_providers", "Providers watched.", load(&self.watched.0)),
			("watched_providers_down", "Watched providers that are down.", load(&self.watched_down.0)),
		];
		let counters = rows.into_iter().map(|row| (row, "counter"));
		for ((name, help, value), kind) in counters.chain(gauges.into_iter().map(|row| (row, "gauge"))) {
			let _ = writeln!(text, "# HELP weir_tunnel_{name} {help}\n# TYPE weir_tunnel_{name} {kind}\nweir_tunnel_{name} {value}");
		}
		self.render_refused(&mut text);
		self.render_exit(&mut text);
		text
	}

	/// Which exit is open, and what it did and refused: how much of each, and never where to.
	fn render_exit(&self, text: &mut String) {
		let Some(exit::Choice { kind, reason }) = self.exit.choice() else { return };
		let counters = self.exit.counters();
		let name = "weir_tunnel_exit";
		let (kind, reason) = (kind.name(), reason.escape_default());
		let _ = writeln!(
			text,
			"# HELP {name}_info The exit that is open, and why it is that one.\n# TYPE {name}_info gauge\n\
			{name}_info{{exit=\"{kind}\",reason=\"{reason}\"}} 1\n\
			# HELP {name}_flows Connections of customers.\n# TYPE {name}_flows gauge\n{name}_flows {}\n\
			# HELP {name}_events_total What the exit did for customers, and refused them.\n\
			# TYPE {name}_events_total counter",
			counters.flows()
		);
		for (event, count) in counters.rows() {
			let _ = writeln!(text, "{name}_events_total{{event=\"{event}\"}} {count}");
		}
	}

	/// Whether customers are let in, and what the month has come to.
	pub fn tell_door(&self, is_open: bool, month_bytes: u64, month_cap_bytes: Option<u64>) {
		self.paid_open.set(is_open.into());
		self.month_bytes.set(month_bytes);
		self.month_cap_bytes.set(month_cap_bytes.unwrap_or(0));
	}

	/// Counts a transaction that a pool refused, if that is the error.
	pub fn note_refusal(&self, error: &anyhow::Error) {
		if let Some(ChainError::Refused { rule, .. }) = error.downcast_ref() {
			self.submissions_refused.inc(rule);
		}
	}

	/// One row for each role that runs and each rule, so that a rule that was never broken has a row as well.
	fn render_refused(&self, text: &mut String) {
		let name = "weir_tunnel_requests_refused_total";
		let help = "Control-plane requests, answers and connections refused, by the rule they broke.";
		let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} counter");
		for (role, refused) in [("provide", &self.provider_refused), ("attest", &self.attestor_refused)] {
			for (rule, count) in refused.get().iter().flat_map(|refused| refused.rows()) {
				let _ = writeln!(text, "{name}{{role=\"{role}\",rule=\"{rule}\"}} {count}");
			}
		}
		let name = "weir_tunnel_datagrams_refused_total";
		let help = "Datagrams and finals of tests that were dropped, by the rule they broke.";
		let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} counter");
		for (role, dropped) in [("provide", &self.provider_dropped), ("attest", &self.attestor_dropped)] {
			for (rule, count) in dropped.get().iter().flat_map(|dropped| dropped.rows()) {
				let _ = writeln!(text, "{name}{{role=\"{role}\",rule=\"{rule}\"}} {count}");
			}
		}
		let help = "Transactions that the pool of the node refused, by the rule they broke.";
		render_tally(text, "submissions_refused_total", help, "rule", &self.submissions_refused);
		let help = "API requests refused, by the HTTP status they were answered with.";
		render_tally(text, "api_refused_total", help, "status", &self.api_refused);
	}
}

fn render_tally(text: &mut String, name: &str, help: &str, label: &str, tally: &Tally) {
	let _ = writeln!(text, "# HELP weir_tunnel_{name} {help}\n# TYPE weir_tunnel_{name} counter");
	for (value, count) in tally.rows() {
		// As Prometheus wants it between quotes.
		let value = value.escape_default();
		let _ = writeln!(text, "weir_tunnel_{name}{{{label}=\"{value}\"}} {count}");
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use anyhow::Context;
	use weir_tunnel_core::dropped::Rule;

	#[test]
	fn refusals_should_be_shown_by_role_and_rule() {
		let metrics = Metrics::default();
		assert!(metrics.provider_refused.set(Arc::default()).is_ok());
		let dropped = Arc::<Dropped>::default();
		dropped.count(Rule::Replayed);
		assert!(metrics.provider_dropped.set(dropped).is_ok());
		let refused = |rule: &str| -> anyhow::Error {
			ChainError::Refused { call: "commit", rule: rule.into() }.into()
		};
		for error in
			[refused("NotOnDuty"), refused("NotOnDuty"), refused("a \"rule\""), ChainError::Offline.into()]
		{
			metrics.note_refusal(&Err::<(), _>(error).context("commit").unwrap_err());
		}
		let text = metrics.render();
		for row in [
			"weir_tunnel_requests_refused_total{role=\"provide\",rule=\"NotAMember\"} 0",
			"weir_tunnel_requests_refused_total{role=\"provide\",rule=\"Oversized\"} 0",
			"weir_tunnel_datagrams_refused_total{role=\"provide\",rule=\"Replayed\"} 1",
			"weir_tunnel_datagrams_refused_total{role=\"provide\",rule=\"Malformed\"} 0",
			"weir_tunnel_submissions_refused_total{rule=\"NotOnDuty\"} 2",
			"weir_tunnel_submissions_refused_total{rule=\"a \\\"rule\\\"\"} 1",
		] {
			assert!(text.lines().any(|line| line == row), "no {row} in {text}");
		}
		assert!(!text.contains("role=\"attest\""), "that role does not run");
	}

	/// Names in code spans of the section "Metrics" of the handbook, first column of its table.
	fn documented() -> std::collections::BTreeSet<String> {
		let handbook = include_str!("../../docs/sidecar.md");
		let section = handbook.split("\n## Metrics\n").nth(1).unwrap().split("\n## ").next().unwrap();
		let rows = section.split("\nRules that are not answered").next().unwrap().lines();
		let cells = rows.filter_map(|row| row.strip_prefix("| `")?.split(" | ").next());
		let names = cells.flat_map(|cell| cell.split(", ").map(|name| name.trim_matches('`').to_owned()));
		// Without labels.
		names.map(|name| name.split('{').next().unwrap().to_owned()).collect()
	}

	#[test]
	fn handbook_should_name_what_is_served_and_nothing_else() {
		let customer = crate::connect::metrics::render(&Default::default());
		let text = Metrics::default().render() + &customer;
		let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE weir_tunnel_"));
		let mut served = std::collections::BTreeSet::new();
		for line in types {
			let (name, kind) = line.split_once(' ').unwrap();
			assert_eq!(name.ends_with("_total"), kind == "counter", "{name}");
			assert!(served.insert(name.to_owned()), "{name} is there twice");
		}
		let documented = documented();
		assert!(served.is_subset(&documented), "not in docs/sidecar.md: {:?}", &served - &documented);
		// Those of an exit have no rows before one is open.
		let gone: Vec<_> = documented.difference(&served).filter(|name| !name.starts_with("exit_")).collect();
		assert!(gone.is_empty(), "only in docs/sidecar.md: {gone:?}");
	}

	#[test]
	fn exit_should_be_shown_when_it_is_open() {
		let metrics = Metrics::default();
		assert!(!metrics.render().contains("weir_tunnel_exit"));
		let reason = "no \"nft\"".to_owned();
		metrics.exit.set(exit::Choice { kind: exit::Kind::Userspace, reason });
		let text = metrics.render();
		for row in [
			"weir_tunnel_exit_info{exit=\"userspace\",reason=\"no \\\"nft\\\"\"} 1",
			"weir_tunnel_exit_flows 0",
			"weir_tunnel_exit_events_total{event=\"DeniedAddress\"} 0",
		] {
			assert!(text.lines().any(|line| line == row), "no {row} in {text}");
		}
	}

	#[test]
	fn tally_should_stay_bounded_when_names_are_many() {
		let tally = Tally::default();
		for n in 0..1_000 {
			tally.inc(&n.to_string());
		}
		assert_eq!(tally.rows().len(), Tally::NAMES + 1);
		assert_eq!(tally.rows().iter().map(|(_, count)| count).sum::<u64>(), 1_000);
	}
}
