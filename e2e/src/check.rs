//! When the story of the local network is complete, and whether it went as it should.

use crate::{
	chain::Provider,
	line::Line,
	verdicts::{error_percent, Verdicts},
};
use clap::ValueEnum;
use weir_primitives::{api::Outcome, chain::Balance};

/// Verdicts an honest provider needs before the whole story is judged.
const VERDICTS: usize = 3;
/// How far an honest estimate may be from the cap, in percent.
pub const TOLERANCE_PERCENT: f64 = 10.0;

/// How much of the story is waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Extent {
	/// Each honest provider was measured right once, the liar struck once, and nobody honest.
	First,
	/// Each honest provider has three verdicts, all of them right, and the liar is slashed.
	Whole,
}

impl Extent {
	/// How it went when nothing is missing and nothing is wrong.
	pub const fn told(self) -> &'static str {
		match self {
			Self::First => {
				"every honest provider was measured within 10 % of its cap, none was struck, the liar was; credits were \
				bought at the price of a later round; the supply added up in every block; customers fetched their files \
				through providers' lines"
			}
			Self::Whole => {
				"every honest estimate is within 10 % of its cap, nobody honest was struck, the liar was slashed and earned \
				nothing after its strike; what was claimed arrived; credits were bought at the price of a later round; the \
				supply added up in every block; customers fetched their files through providers' lines, which were paid what \
				the vouchers say, to the credit"
			}
		}
	}

	/// What an honest provider still lacks.
	fn lacks(self, line: &Line, verdicts: &Verdicts) -> Option<String> {
		let mut measured = verdicts.measured(line);
		match self {
			Self::First => {
				let is_right = measured.any(|verdict| error_percent(verdict, line) <= TOLERANCE_PERCENT);
				(!is_right).then(|| format!("no estimate within {TOLERANCE_PERCENT} % of its cap"))
			}
			Self::Whole => {
				let count = measured.count();
				(count < VERDICTS).then(|| format!("{count} of {VERDICTS} verdicts"))
			}
		}
	}

	/// What a liar still has.
	fn spares(self, line: &Line, provider: &Provider, verdicts: &Verdicts) -> Option<&'static str> {
		match self {
			Self::First => {
				let is_struck = verdicts.of(line).any(|verdict| verdict.outcome == Outcome::Strike);
				(!is_struck).then_some("a clean record")
			}
			Self::Whole => (provider.bond >= line.bond).then_some("its whole bond"),
		}
	}
}

/// What is still missing. Empty: the story is complete.
pub fn missing(extent: Extent, lines: &[Line], providers: &[Provider], verdicts: &Verdicts) -> Vec<String> {
	let mut missing = Vec::new();
	for line in lines {
		let Some(provider) = find(line, providers) else {
			missing.push(format!("{} is not registered", line.name));
			continue;
		};
		let has = match line.is_honest() {
			true => extent.lacks(line, verdicts),
			false => extent.spares(line, provider, verdicts).map(Into::into),
		};
		missing.extend(has.map(|what| format!("{} has {what}", line.name)));
	}
	missing
}

/// What went wrong. Empty: everything is as it should be.
pub fn faults(extent: Extent, lines: &[Line], providers: &[Provider], verdicts: &Verdicts) -> Vec<String> {
	let mut faults = Vec::new();
	for line in lines.iter().filter(|line| line.is_honest()) {
		let Some(provider) = find(line, providers) else { continue };
		for verdict in verdicts.measured(line) {
			let error = error_percent(verdict, line);
			if extent == Extent::Whole && error > TOLERANCE_PERCENT {
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
			operator: None,
		}
	}

	/// What the whole story lacks and what is wrong when the chain has shown one after the other.
	fn judge(line: Line, shown: &[VerdictRecord], bond: Balance) -> (Vec<String>, Vec<String>) {
		judge_to(Extent::Whole, line, shown, bond)
	}

	fn judge_to(
		extent: Extent,
		line: Line,
		shown: &[VerdictRecord],
		bond: Balance,
	) -> (Vec<String>, Vec<String>) {
		let mut verdicts = Verdicts::default();
		let lines = [line];
		let mut last = vec![provider(&lines[0], None, bond)];
		for shown in shown {
			last = vec![provider(&lines[0], Some(*shown), bond)];
			verdicts.collect(&last);
		}
		(missing(extent, &lines, &last, &verdicts), faults(extent, &lines, &last, &verdicts))
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
	fn first_part_should_wait_for_an_estimate_that_is_right() {
		let bond = line(10_000, 10_000).bond;
		let first = |shown: &[VerdictRecord]| judge_to(Extent::First, line(10_000, 10_000), shown, bond);
		let (low, right) = (verdict(1, 10_000, 8_900, 9_800), verdict(2, 10_000, 9_500, 9_800));
		let missing = vec!["provider1 has no estimate within 10 % of its cap".to_owned()];
		assert_eq!(first(&[]), (missing.clone(), vec![]));
		assert_eq!(first(&[low]), (missing, vec![]));
		assert_eq!(first(&[low, right]), (vec![], vec![]));
		let struck = VerdictRecord { outcome: Outcome::Strike, ..low };
		assert_eq!(first(&[struck, right]).1, ["provider1: honest, and struck in epoch 1"]);
	}

	#[test]
	fn first_part_should_wait_for_a_strike_of_the_liar() {
		let liar = || line(2_000, 20_000);
		let bond = liar().bond;
		let good = verdict(1, 20_000, 2_000, 2_000);
		let struck = VerdictRecord { outcome: Outcome::Strike, ..good };
		let first = |shown| judge_to(Extent::First, liar(), &[shown], bond).0;
		assert_eq!(first(good), ["provider1 has a clean record"]);
		assert!(first(struck).is_empty());
	}

	#[test]
	fn story_should_wait_for_the_slash_of_a_liar() {
		let bond = line(2_000, 20_000).bond;
		assert_eq!(judge(line(2_000, 20_000), &[], bond).0, ["provider1 has its whole bond"]);
		assert_eq!(judge(line(2_000, 20_000), &[], bond - 1), (vec![], vec![]));
	}
}
