//! When the story of the local network is complete, and whether it went as it should.

use crate::{
	chain::Provider,
	line::Line,
	verdicts::{error_percent, Verdicts},
};
use weir_primitives::{api::Outcome, chain::Balance};

/// Verdicts an honest provider needs before it is judged here.
pub const VERDICTS: usize = 3;
/// How far an honest estimate may be from the cap, in percent.
pub const TOLERANCE_PERCENT: f64 = 10.0;

/// What is still missing. Empty: the story is complete.
pub fn missing(lines: &[Line], providers: &[Provider], verdicts: &Verdicts) -> Vec<String> {
	let mut missing = Vec::new();
	for line in lines {
		let Some(provider) = find(line, providers) else {
			missing.push(format!("{} is not registered", line.name));
			continue;
		};
		let measured = verdicts.measured(line).count();
		if line.is_honest() && measured < VERDICTS {
			missing.push(format!("{} has {measured} of {VERDICTS} verdicts", line.name));
		}
		if !line.is_honest() && provider.bond >= line.bond {
			missing.push(format!("{} has its whole bond", line.name));
		}
	}
	missing
}

/// What went wrong. Empty: everything is as it should be.
pub fn faults(lines: &[Line], providers: &[Provider], verdicts: &Verdicts) -> Vec<String> {
	let mut faults = Vec::new();
	for line in lines.iter().filter(|line| line.is_honest()) {
		let Some(provider) = find(line, providers) else { continue };
		for verdict in verdicts.measured(line) {
			let error = error_percent(verdict, line);
			if error > TOLERANCE_PERCENT {
				faults.push(format!(
					"{}: epoch {} estimated {} kbps down and {} up, {error:.1} % from its cap of {} kbps",
					line.name, verdict.epoch, verdict.down_kbps, verdict.up_kbps, line.cap_kbps
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

#[cfg(test)]
mod tests {
	use super::*;
	use crate::verdicts::tests::{line, verdict};
	use weir_primitives::{api::VerdictRecord, Admission, Caps, ExitClass};

	fn provider(line: &Line, last_verdict: Option<VerdictRecord>, bond: Balance) -> Provider {
		Provider {
			index: 0,
			account: line.account(),
			claim: line.claim(),
			endpoint: line.endpoint(),
			peer_id: Vec::new(),
			region: line.region(),
			exit: ExitClass::Web,
			price_credits_per_gb: 0,
			caps: Caps { rate_kbps: 0, gb_per_month: 0, sessions: 0 },
			probe_key: None,
			admission: Admission::Pending { passed: 0 },
			paused: false,
			in_service: true,
			next_claim: None,
			next_probe_key: None,
			next_admission: None,
			next_paused: None,
			bond,
			bond_sufficient: true,
			strikes: 0,
			last_verdict,
			past_verdicts: Vec::new(),
			location: Default::default(),
		}
	}

	/// What is missing and what is wrong when the chain has shown one after the other.
	fn judge(line: Line, shown: &[VerdictRecord], bond: Balance) -> (Vec<String>, Vec<String>) {
		let mut verdicts = Verdicts::default();
		let lines = [line];
		let mut last = vec![provider(&lines[0], None, bond)];
		for shown in shown {
			last = vec![provider(&lines[0], Some(*shown), bond)];
			verdicts.collect(&last);
		}
		(missing(&lines, &last, &verdicts), faults(&lines, &last, &verdicts))
	}

	fn three() -> Vec<VerdictRecord> {
		(1..=3).map(|epoch| verdict(epoch, 10_000, 9_500, 9_800)).collect()
	}

	#[test]
	fn story_should_be_complete_when_an_honest_line_has_three_verdicts() {
		let honest = line(10_000, 10_000);
		let bond = honest.bond;
		assert_eq!(judge(honest, &three(), bond), (vec![], vec![]));
		let honest = line(10_000, 10_000);
		let (missing, faults) = judge(honest, &three()[..2], bond);
		assert_eq!((missing, faults), (vec!["provider1 has 2 of 3 verdicts".to_owned()], vec![]));
	}

	#[test]
	fn faults_should_be_remembered_when_the_chain_no_longer_shows_them() {
		let honest = line(10_000, 10_000);
		let bond = honest.bond;
		let mut early = three();
		early[0] = VerdictRecord { outcome: Outcome::Strike, ..verdict(1, 10_000, 4_000, 9_800) };
		let (_, faults) = judge(honest, &early, bond);
		assert_eq!(faults.len(), 2, "{faults:?}");
		assert!(faults[0].contains("60.0 % from its cap") && faults[1].contains("struck in epoch 1"));
	}

	#[test]
	fn faults_should_name_estimates_above_the_line_and_lost_bonds() {
		let honest = line(10_000, 10_000);
		let bond = honest.bond - 1;
		let mut high = three();
		high[2].up_kbps = 12_500;
		let (_, faults) = judge(honest, &high, bond);
		assert_eq!(faults.len(), 2, "{faults:?}");
		assert!(faults[0].contains("25.0 % from its cap") && faults[1].contains("lost 1 of its bond"));
	}

	#[test]
	fn story_should_wait_for_the_slash_of_a_liar() {
		let bond = line(2_000, 20_000).bond;
		assert_eq!(judge(line(2_000, 20_000), &[], bond).0, ["provider1 has its whole bond"]);
		assert_eq!(judge(line(2_000, 20_000), &[], bond - 1), (vec![], vec![]));
	}
}
