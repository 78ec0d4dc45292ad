//! What the chain says of each provider, beside what is true.

use crate::{
	chain::Provider,
	line::Line,
	verdicts::{error_percent, Verdicts},
};
use std::fmt::Write;
use weir_primitives::{api::VerdictRecord, chain::WEIR, Admission, LineKind};

/// Share of the epoch's parts with a majority of answers, in percent.
fn availability_percent(verdict: &VerdictRecord) -> f64 {
	f64::from(verdict.alive_parts) / 40.0 * 100.0
}

/// The table, one row per line.
pub fn render(epoch: u32, slot: u32, lines: &[Line], providers: &[Provider], verdicts: &Verdicts) -> String {
	let mut text = format!("epoch {epoch}, slot {slot}\n");
	let _ = writeln!(
		text,
		"{:<10} {:<7} {:>9} {:>9} {:>9} {:>7} {:>6}  {:<44} {:>7} {:>10}",
		"provider", "region", "claim", "true cap", "estimate", "error", "avail", "verdict", "strikes", "bond"
	);
	for line in lines {
		let Some(provider) = providers.iter().find(|provider| provider.account == line.account()) else {
			let _ = writeln!(text, "{:<10} not registered yet", line.name);
			continue;
		};
		let kind = match provider.region.kind {
			LineKind::Residential => "res",
			LineKind::Hosting => "host",
		};
		let region = format!("{}-{kind}", String::from_utf8_lossy(&provider.region.country));
		let (estimate, error, availability) = match verdicts.measured(line).last() {
			Some(verdict) => (
				mbps(verdict.down_kbps.min(verdict.up_kbps)),
				format!("{:.1} %", error_percent(verdict, line)),
				format!("{:.0} %", availability_percent(verdict)),
			),
			None => ("-".into(), "-".into(), "-".into()),
		};
		let _ = writeln!(
			text,
			"{:<10} {:<7} {:>9} {:>9} {:>9} {:>7} {:>6}  {:<44} {:>7} {:>10}",
			line.name,
			region,
			mbps(provider.claim.effective_kbps()),
			mbps(line.cap_kbps),
			estimate,
			error,
			availability,
			verdict_text(provider),
			provider.strikes,
			provider.bond / WEIR,
		);
	}
	text
}

fn verdict_text(provider: &Provider) -> String {
	let admission = match provider.admission {
		Admission::Pending { passed } => format!("admission {passed}/3"),
		Admission::Admitted { .. } => "admitted".into(),
		Admission::Jailed { until } => format!("jailed until epoch {until}"),
	};
	match provider.last_verdict {
		Some(verdict) => format!("{:?}: {:?} ({admission})", verdict.outcome, verdict.reason),
		None => format!("none yet ({admission})"),
	}
}

fn mbps(kbps: u32) -> String {
	format!("{:.2} M", f64::from(kbps) / 1_000.0)
}
