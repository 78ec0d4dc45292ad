//! When the story of the local network is complete, and whether it went as it should.

use crate::{
	chain::Provider,
	line::Line,
	table::{error_percent, estimate_kbps},
};
use weir_primitives::{
	api::{Outcome, VerdictRecord},
	chain::Balance,
};

/// Verdicts an honest provider needs before it is judged here.
pub const VERDICTS: usize = 3;
/// How far an honest estimate may be from the cap, in percent.
pub const TOLERANCE_PERCENT: f64 = 10.0;

/// What is still missing. Empty: the story is complete.
pub fn missing(lines: &[Line], providers: &[Provider]) -> Vec<String> {
	let mut missing = Vec::new();
	for line in lines {
		let Some(provider) = find(line, providers) else {
			missing.push(format!("{} is not registered", line.name));
			continue;
		};
		if line.is_honest() && measured(provider).count() < VERDICTS {
			missing.push(format!("{} has {} of {VERDICTS} verdicts", line.name, measured(provider).count()));
		}
		if !line.is_honest() && provider.bond >= line.bond {
			missing.push(format!("{} has its whole bond", line.name));
		}
	}
	missing
}

/// What went wrong. Empty: everything is as it should be.
pub fn faults(lines: &[Line], providers: &[Provider]) -> Vec<String> {
	let mut faults = Vec::new();
	for line in lines.iter().filter(|line| line.is_honest()) {
		let Some(provider) = find(line, providers) else { continue };
		for verdict in measured(provider) {
			let error = error_percent(verdict, line);
			if error > TOLERANCE_PERCENT {
				faults.push(format!(
					"{}: epoch {} estimated {} kbps, {error:.1} % from its cap of {} kbps",
					line.name,
					verdict.epoch,
					estimate_kbps(verdict),
					line.cap_kbps
				));
			}
			if verdict.outcome == Outcome::Strike {
				faults.push(format!("{}: honest, and struck in epoch {}", line.name, verdict.epoch));
			}
		}
		if provider.bond < line.bond {
			faults.push(format!("{}: honest, and lost {} of its bond", line.name, lost(line, provider)));
		}
	}
	faults
}

fn lost(line: &Line, provider: &Provider) -> Balance {
	line.bond.saturating_sub(provider.bond)
}

fn find<'a>(line: &Line, providers: &'a [Provider]) -> Option<&'a Provider> {
	providers.iter().find(|provider| provider.account == line.account())
}

fn measured(provider: &Provider) -> impl Iterator<Item = &VerdictRecord> {
	provider
		.verdicts
		.iter()
		.filter(|verdict| !matches!(verdict.outcome, Outcome::Void | Outcome::Unreachable))
}
