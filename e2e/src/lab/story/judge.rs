//! What the verdicts of the scenarios say.

use super::{liars, Lab, DOWN, KILLED_NODE, KILLED_SIDECAR};
use crate::{
	lab::{
		findings::{percentile, MEDIAN_PERCENT, P95_PERCENT},
		ground,
		plan::{self, COMMITTEE, LIARS},
		weather::weather,
	},
	line::Line,
	load::Strain,
	network::validator_account,
	verdicts::{directions, error_percent, errors_of},
};
use anyhow::{Context, Result};
use std::{fs, ops::Range};
use weir_math::{
	estimate::{lower_bound_loaded, upper_bound},
	schedule::WINDOW_MILLIS,
};
use weir_primitives::api::Outcome;

/// How far measuring itself may be off when a bound is checked, percent.
const MEASURING_PERCENT: f64 = 10.0;
/// Of the tests the accuracy was asked for, three quarters must be undisturbed: with fewer, the machine says more of itself
/// than of lines.
const LEAST_SHARE: (usize, usize) = (3, 4);
/// From the first load of a test to T0, and from there to its last: two windows, what is between them, and a second in
/// which the counts are settled; milliseconds.
const TEST_MILLIS: (u64, u64) = (500, 8_500);
/// Packets of a member in one window, at least, for its share of a full line to be a fair one: fewer, and chance has a
/// part in who loses how many (with a fifth lost, 4.5 % of a share of 100).
const FAIR_PACKETS: u32 = 100;

impl Lab {
	pub(super) fn judge_accuracy(&mut self) {
		println!(
			"\n{:>8} {:>6} {:>7} {:>7} {:>8} {:>10} {:>7} {:>10} {:>7} {:>7} {:>7}",
			"Mbps",
			"epoch",
			"RTT ms",
			"loss %",
			"present",
			"down kbps",
			"error",
			"up kbps",
			"error",
			"busy",
			"stolen"
		);
		let (mut errors, mut disturbed, mut missing) = (Vec::new(), Vec::new(), 0);
		for (number, line) in self.honest() {
			for (day, epoch) in (0..).zip(self.accuracy.clone()) {
				let strain = self.strain(number, epoch);
				let is_disturbed = strain.is_none_or(|strain| strain.disturbs());
				let Some(verdict) = self.verdicts.measured_in(line, epoch) else {
					missing += usize::from(!is_disturbed);
					continue;
				};
				let weather = weather(number, day);
				let [down, up] = errors_of(verdict, line);
				let list = if is_disturbed { &mut disturbed } else { &mut errors };
				list.extend([down.abs(), up.abs()]);
				let Strain { busy, stolen } = strain.unwrap_or(Strain { busy: 100.0, stolen: 0.0 });
				println!(
					"{:>8} {epoch:>6} {:>7} {:>7.2} {:>8} {:>10} {down:>+6.1}% {:>10} {up:>+6.1}% {busy:>6.0}% {stolen:>6.0}%",
					f64::from(line.cap_kbps) / 1_000.0,
					weather.rtt_millis,
					percent(weather.loss_pptt),
					format!("{}/{}", verdict.present, verdict.members),
					verdict.down_kbps,
					verdict.up_kbps,
				);
			}
		}
		println!();
		let (count, overflowed) = (errors.len(), self.delay.overflowed());
		let (set_aside, aside_p95) = (disturbed.len(), percentile(&disturbed, 95).unwrap_or(0.0));
		let median = percentile(&errors, 50).unwrap_or(f64::INFINITY);
		let p95 = percentile(&errors, 95).unwrap_or(f64::INFINITY);
		let is_enough = self.has_measured_enough();
		self.found(
			"error of honest lines, both directions",
			format!(
				"{count} estimates{}, median {median:.1} %, p95 {p95:.1} % (bars {MEDIAN_PERCENT} and {P95_PERCENT} %); \
				{set_aside} more while this machine's processors were full or its host's, p95 {aside_p95:.1} %",
				if is_enough { "" } else { " are too few" },
			),
			median <= MEDIAN_PERCENT && p95 <= P95_PERCENT && is_enough,
		);
		self.found(
			"every undisturbed test of an honest line has an estimate",
			format!("{missing} without; {overflowed} packets too many for the delay line"),
			missing == 0 && overflowed == 0,
		);
	}

	/// Whether so many tests of the accuracy were undisturbed that their errors say something.
	pub(super) fn has_measured_enough(&self) -> bool {
		let (lines, epochs) = (self.honest().count(), self.accuracy.clone());
		let undisturbed = epochs.map(|epoch| self.undisturbed(epoch).count()).sum::<usize>();
		undisturbed * LEAST_SHARE.1 >= lines * self.wanted * LEAST_SHARE.0
	}

	/// Honest shaped lines whose test of an epoch the machine did not disturb.
	pub(super) fn undisturbed(&self, epoch: u32) -> impl Iterator<Item = (usize, &Line)> {
		self.honest()
			.filter(move |(number, _)| self.strain(*number, epoch).is_some_and(|strain| !strain.disturbs()))
	}

	/// What the machine was asked during the test of a line; none if it had none.
	fn strain(&self, number: usize, epoch: u32) -> Option<Strain> {
		let start = self.starts.get(&(number, epoch))?;
		self.load.worst(start - TEST_MILLIS.0, start + TEST_MILLIS.1)
	}

	/// Whether the machine disturbed the test of a line.
	pub(super) fn was_disturbed(&self, number: usize, epoch: u32) -> bool {
		self.strain(number, epoch).is_some_and(|strain| strain.disturbs())
	}

	pub(super) fn judge_inflation(&mut self, epoch: u32) -> Result<()> {
		let lies = self.lies_told(epoch)?;
		let mut worst = None;
		let mut measured = 0;
		for (_, line) in self.shaped() {
			let Some(verdict) = self.verdicts.measured_in(line, epoch) else {
				continue;
			};
			measured += 1;
			for (quota, seen) in directions(verdict) {
				let bound = upper_bound(verdict.present, liars(), quota, line.cap_kbps) as f64;
				keep_worst(&mut worst, f64::from(seen) / bound, (seen, line.cap_kbps, bound));
			}
		}
		self.found(
			"two attestors that invent stay within the upper bound",
			format!("{lies} entries invented, {measured} lines judged; {}", nearest(&worst)),
			lies > 0 && worst.is_some_and(|(ratio, _)| ratio <= 1.0),
		);
		Ok(())
	}

	/// Honest lines that a denying member bends by what its part is, in the epochs whose tests of them were undisturbed.
	pub(super) fn denials(&self, epochs: Range<u32>) -> impl Iterator<Item = (u32, &Line)> {
		epochs.flat_map(move |epoch| {
			self.undisturbed(epoch)
				.filter(|(_, line)| shares_fairly(line))
				.map(move |(_, line)| (epoch, line))
		})
	}

	pub(super) fn judge_denial(&mut self, epochs: Range<u32>) -> Result<()> {
		let lies = epochs.clone().map(|epoch| self.lies_told(epoch)).sum::<Result<usize>>()?;
		let in_epochs = |line| {
			let verdicts = &self.verdicts;
			epochs.clone().filter_map(move |epoch| verdicts.measured_in(line, epoch))
		};
		let struck = self
			.honest()
			.flat_map(|(_, line)| in_epochs(line))
			.filter(|verdict| verdict.outcome == Outcome::Strike)
			.count();
		let mut worst = None;
		let (mut judged, mut bent) = (0, 0);
		for (epoch, line) in self.denials(epochs.clone()) {
			let Some(verdict) = self.verdicts.measured_in(line, epoch) else {
				continue;
			};
			judged += 1;
			bent += u32::from(errors_of(verdict, line).iter().any(|error| *error < -MEASURING_PERCENT));
			for (quota, seen) in directions(verdict) {
				let bound = lower_bound_loaded(verdict.present, liars(), quota, line.cap_kbps) as f64;
				keep_worst(&mut worst, bound / f64::from(seen.max(1)), (seen, line.cap_kbps, bound));
			}
		}
		let most = 1.0 / (1.0 - MEASURING_PERCENT / 100.0);
		self.found(
			"two attestors that deny stay within the lower bound, and nobody is struck for it",
			format!(
				"{lies} entries denied in {} epochs, {bent} of {judged} undisturbed estimates bent, {struck} struck; {}",
				epochs.len(),
				nearest(&worst)
			),
			lies > 0 && bent > 0 && struck == 0 && worst.is_some_and(|(ratio, _)| ratio <= most),
		);
		Ok(())
	}

	/// Entries the liars changed for `epoch`, as far as their logs say; each report may have been asked for often.
	fn lies_told(&self, epoch: u32) -> Result<usize> {
		let marker = format!("epoch {epoch}: ");
		let told = |liar: &usize| {
			let log = fs::read_to_string(plan::liar_log(&self.folder, *liar))?;
			let counts =
				log.lines().filter_map(|line| line.strip_prefix(&marker)?.split(' ').nth(2)?.parse().ok());
			anyhow::Ok(counts.max().unwrap_or(0usize))
		};
		LIARS.iter().map(told).sum()
	}

	/// `invented` is the epoch whose reports were, which has a bound of its own.
	pub(super) fn judge_liar(&mut self, invented: u32) -> Result<()> {
		let (_, line) = self.shaped().find(|(_, line)| !line.is_honest()).context("the lab has no liar")?;
		let (cap, claim) = (line.cap_kbps, line.claim_kbps);
		let measured = || self.verdicts.measured(line).filter(|verdict| verdict.epoch != invented);
		let strikes: Vec<_> = measured()
			.filter(|verdict| verdict.outcome == Outcome::Strike)
			.map(|verdict| verdict.epoch)
			.collect();
		let largest = measured().map(|verdict| verdict.down_kbps.max(verdict.up_kbps)).max().unwrap_or(0);
		let is_bounded = f64::from(largest) <= f64::from(cap) * (1.0 + MEASURING_PERCENT / 100.0);
		self.found(
			format!("a line of {cap} kbps that claims {claim} is struck"),
			format!("struck for epochs {strikes:?}; no estimate above {largest} kbps"),
			strikes.len() >= 3 && is_bounded,
		);
		Ok(())
	}

	/// Reports of whoever was killed must be on the chain, and hold what was measured before: without two of nine entries
	/// an estimate would be a quarter too low.
	pub(super) async fn judge_return(&mut self, epoch: u32, measured: &[usize]) -> Result<()> {
		let mut revealed = 0;
		for number in [KILLED_NODE, KILLED_SIDECAR] {
			let (_, is_revealed) = self.network.chain.report_state(epoch, &validator_account(number)).await?;
			revealed += u32::from(is_revealed);
		}
		let verdict = |line| self.verdicts.measured_in(line, epoch);
		let is_right =
			|line| verdict(line).is_some_and(|verdict| error_percent(verdict, line) <= P95_PERCENT);
		let lines = self.network.lines();
		let measured: Vec<_> =
			measured.iter().filter(|number| !self.was_disturbed(**number, epoch)).collect();
		let right = measured.iter().filter(|number| is_right(&lines[***number])).count();
		let is_struck = |line| verdict(line).is_some_and(|verdict| verdict.outcome == Outcome::Strike);
		let struck = self.honest().filter(|(_, line)| is_struck(line)).count();
		let (whole, seconds) = (measured.len(), DOWN.as_secs());
		self.found(
			format!("a validator and a sidecar killed mid-epoch and back after {seconds} s lose no report"),
			format!(
				"{revealed} of 2 reports revealed; {right} of {whole} lines measured undisturbed before the kill have an \
				estimate within {P95_PERCENT} %; {struck} struck"
			),
			revealed == 2 && whole > 0 && right == whole && struck == 0,
		);
		Ok(())
	}

	/// Whatever disturbed the machine: it bends an estimate, but takes no half of it.
	pub(super) fn judge_honesty(&mut self) {
		let mut struck = Vec::new();
		for line in self.network.lines().iter().filter(|line| line.is_honest()) {
			let strikes = self.verdicts.of(line).filter(|verdict| verdict.outcome == Outcome::Strike);
			struck.extend(strikes.map(|verdict| format!("{} in epoch {}", line.name, verdict.epoch)));
		}
		let answer = if struck.is_empty() { "nobody".into() } else { struck.join(", ") };
		self.found("honest lines struck in all that", answer, struck.is_empty());
	}
}

/// An estimate near its bound: how near, and the estimate, the line's cap and the bound, all in kbps.
type Near = (f64, (u32, u32, f64));

fn keep_worst(worst: &mut Option<Near>, ratio: f64, of: (u32, u32, f64)) {
	if worst.is_none_or(|(known, _)| ratio > known) {
		*worst = Some((ratio, of));
	}
}

fn nearest(worst: &Option<Near>) -> String {
	worst.map_or("no verdict to judge".into(), |(_, (seen, cap_kbps, bound))| {
		format!("nearest to it {seen} kbps of {} Mbps, bound {bound:.0}", f64::from(cap_kbps) / 1_000.0)
	})
}

/// Whether members that load `line` get enough packets through for equal shares.
pub(super) fn shares_fairly(line: &Line) -> bool {
	let kbits = u64::from(ground::PROBE_BYTES) * 8 * u64::from(FAIR_PACKETS) * u64::from(COMMITTEE);
	u64::from(line.cap_kbps.min(line.claim_kbps)) * u64::from(WINDOW_MILLIS) >= kbits
}

pub(super) fn percent(per_ten_thousand: u32) -> f64 {
	f64::from(per_ten_thousand) / 100.0
}
