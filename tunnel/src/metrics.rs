//! Counters for `/metrics`, in Prometheus' text format.

use crate::engine::Counters;
use std::{
	fmt::Write,
	sync::{
		atomic::{AtomicU64, Ordering},
		Arc, OnceLock,
	},
};

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
	/// Adds one.
	pub fn inc(&self) {
		self.0.fetch_add(1, Ordering::Relaxed);
	}

	fn get(&self) -> u64 {
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

/// What the process counts.
#[derive(Debug, Default)]
pub struct Metrics {
	/// Sessions opened for attestors.
	pub sessions: Counter,
	/// Control-plane requests refused.
	pub refused: Counter,
	/// Finals signed as a target.
	pub finals_signed: Counter,
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
	/// API requests without the right token.
	pub unauthorised: Counter,
	/// Of the provider's device, once there is one.
	pub line: OnceLock<Arc<Counters>>,
}

impl Metrics {
	/// As text.
	pub fn render(&self) -> String {
		let mut text = String::new();
		let line = self.line.get();
		let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
		let rows = [
			("sessions_total", "Sessions opened for attestors.", self.sessions.get()),
			("requests_refused_total", "Control-plane requests refused.", self.refused.get()),
			("finals_signed_total", "Finals signed as a target.", self.finals_signed.get()),
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
		];
		let gauges = [
			("watched_providers", "Providers watched.", load(&self.watched.0)),
			("watched_providers_down", "Watched providers that are down.", load(&self.watched_down.0)),
		];
		let counters = rows.into_iter().map(|row| (row, "counter"));
		for ((name, help, value), kind) in counters.chain(gauges.into_iter().map(|row| (row, "gauge"))) {
			let _ = writeln!(text, "# HELP weir_tunnel_{name} {help}\n# TYPE weir_tunnel_{name} {kind}\nweir_tunnel_{name} {value}");
		}
		text
	}
}
