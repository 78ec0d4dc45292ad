//! The scenarios in their order, on one network, because joining it takes four epochs: accuracy while a liar is found
//! out, corrupt attestors, killed processes, lost finality.

use crate::{
	chain::Chain,
	lab::{
		delay::DelayLine,
		findings::{percentile, Finding, MEDIAN_PERCENT, P95_PERCENT},
		ground,
		liar::Lie,
		plan::{self, net, COMMITTEE, LIARS},
		weather::{weather, Weather, RTTS_MILLIS},
	},
	line::Line,
	network::{Network, Programs},
	process::Process,
};
use anyhow::{ensure, Context, Result};
use std::{
	collections::BTreeMap,
	fs,
	path::{Path, PathBuf},
	time::{Duration, SystemTime, UNIX_EPOCH},
};
use weir_math::{
	committee::{quota_kbps, trim},
	estimate::{lower_bound_loaded, upper_bound},
	timing::Timing,
};
use weir_primitives::api::{Outcome, VerdictRecord};

/// Epochs in which accuracy is measured: each line meets every round-trip time once.
const ACCURACY_EPOCHS: u32 = RTTS_MILLIS.len() as u32;
/// When in an epoch its weather begins: after the last test of the one before, before the first of its own is opened.
const WEATHER_MILLIS: u64 = 1_500;
/// Slot in which verdicts on the epoch before are there and finalised, with some reserve.
const VERDICTS_SLOT: u32 = 33;
/// The weather of every line while it is not accuracy that is asked for.
const MILD: Weather = Weather { rtt_millis: 20, loss_pptt: 0 };
/// How far measuring itself may be off when a bound is checked, percent.
const MEASURING_PERCENT: f64 = 10.0;
/// Slot in which processes are killed, and how long they stay down.
const KILL_SLOT: u32 = 4;
const DOWN: Duration = Duration::from_secs(20);
/// Validator whose node is killed, and validator whose sidecar is; neither lies, neither is the one we ask.
const KILLED_NODE: usize = 2;
const KILLED_SIDECAR: usize = 3;
/// How long finality must stand still with half of the validators down.
const STANDSTILL: Duration = Duration::from_secs(24);
/// How long finality may take to come back.
const RECOVERY_PATIENCE: Duration = Duration::from_secs(90);

/// A running lab.
pub struct Lab {
	folder: PathBuf,
	network: Network,
	delay: DelayLine,
	liars: Vec<Process>,
	clock: Clock,
	verdicts: BTreeMap<(usize, u32), VerdictRecord>,
	findings: Vec<Finding>,
}

/// The epochs of the network in wall-clock time.
struct Clock {
	timing: Timing,
	/// Beginning of epoch 0, had it been as long as the others; milliseconds since the Unix epoch.
	origin_millis: u64,
}

impl Clock {
	async fn read(chain: &Chain) -> Result<Self> {
		let timing = chain.timing().await?;
		let (epoch, _, first_slot) = chain.clock().await?;
		let epochs = u64::from(epoch) * u64::from(timing.epoch_slots);
		Ok(Self { timing, origin_millis: (first_slot - epochs) * timing.slot_millis })
	}

	fn millis_until(&self, epoch: u32, slot: u32) -> Result<u64> {
		let slots = u64::from(epoch) * u64::from(self.timing.epoch_slots) + u64::from(slot);
		let now = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
		Ok((self.origin_millis + slots * self.timing.slot_millis).saturating_sub(now))
	}
}

impl Lab {
	/// Builds the machines and brings the network into service.
	pub async fn start(folder: &Path, say: impl Fn(&str)) -> Result<Self> {
		let programs = Programs::beside_this()?;
		programs.clear(folder)?;
		let delay = DelayLine::start()?;
		ground::prepare()?;
		let plan = plan::plan(&programs, folder)?;
		plan::order(folder, &[])?;
		let liars = plan::start_liars(&plan)?;
		let network = Network::start(programs, plan, say).await?;
		let clock = Clock::read(&network.chain).await?;
		let (verdicts, findings) = (BTreeMap::new(), Vec::new());
		Ok(Self { folder: folder.into(), network, delay, liars, clock, verdicts, findings })
	}

	/// All scenarios. What they found comes with each as it is there.
	pub async fn run(mut self, say: impl Fn(&str)) -> Result<Vec<Finding>> {
		let (now, _, _) = self.network.chain.clock().await?;
		let first = now + self.clock.timing.maturity_epochs;
		let (inflated, denied) = (first + ACCURACY_EPOCHS, first + ACCURACY_EPOCHS + 1);
		plan::order(&self.folder, &[(inflated, Lie::Inflate), (denied, Lie::Deny)])?;

		for epoch in first..inflated {
			self.until(epoch, 0).await?;
			say(&format!("epoch {epoch}: measuring {}", self.sky(epoch)));
			tokio::time::sleep(Duration::from_millis(WEATHER_MILLIS)).await;
			self.set_weather(|line| weather(line, epoch))?;
		}
		self.until(inflated, 0).await?;
		say(&format!("epoch {inflated}: two attestors report whatever was asked for"));
		tokio::time::sleep(Duration::from_millis(WEATHER_MILLIS)).await;
		self.set_weather(|_| MILD)?;
		self.until(inflated, VERDICTS_SLOT).await?;
		self.judge_accuracy(first..inflated);
		self.until(denied, 0).await?;
		say(&format!("epoch {denied}: two attestors deny what they loaded"));
		self.until(denied, VERDICTS_SLOT).await?;
		self.judge_inflation(inflated)?;

		let killed = denied + 1;
		self.until(killed, KILL_SLOT).await?;
		say(&format!("epoch {killed}: a validator and another one's sidecar are killed"));
		self.kill_and_return().await?;
		self.until(killed, VERDICTS_SLOT).await?;
		self.judge_denial(denied)?;
		self.judge_liar()?;
		self.until(killed + 1, VERDICTS_SLOT).await?;
		self.judge_return(killed);
		say("half of the validators are killed");
		self.lose_finality().await?;
		self.judge_honesty();
		self.network.stop().await?;
		futures::future::try_join_all(self.liars.into_iter().map(Process::stop)).await?;
		Ok(self.findings)
	}

	fn found(&mut self, question: impl Into<String>, answer: String, is_good: bool) {
		let finding = Finding { question: question.into(), answer, is_good };
		println!("{finding}");
		self.findings.push(finding);
	}

	/// Waits until a slot, collecting verdicts on the way.
	async fn until(&mut self, epoch: u32, slot: u32) -> Result<()> {
		loop {
			self.network.ensure_running()?;
			self.liars.iter_mut().try_for_each(Process::ensure_running)?;
			self.collect().await?;
			match self.clock.millis_until(epoch, slot)? {
				0 => return Ok(()),
				left => tokio::time::sleep(Duration::from_millis(left.min(2_000))).await,
			}
		}
	}

	async fn collect(&mut self) -> Result<()> {
		let providers = self.network.chain.providers().await?;
		for (number, line) in self.network.lines().iter().enumerate() {
			let verdicts = providers.iter().filter(|row| row.account == line.account());
			for verdict in verdicts.flat_map(|row| &row.verdicts) {
				self.verdicts.insert((number, verdict.epoch), *verdict);
			}
		}
		Ok(())
	}

	fn set_weather(&self, of: impl Fn(usize) -> Weather) -> Result<()> {
		for (number, line) in self.shaped() {
			self.delay.set_rtt(net(line), of(number).rtt_millis);
		}
		ground::set_loss(of(0).loss_pptt)
	}

	fn sky(&self, epoch: u32) -> String {
		let rtts: Vec<_> =
			self.shaped().map(|(number, _)| weather(number, epoch).rtt_millis.to_string()).collect();
		format!("with RTTs of {} ms and {:.2} % loss", rtts.join(", "), percent(weather(0, epoch).loss_pptt))
	}

	/// The lines behind shaped links, with their numbers.
	fn shaped(&self) -> impl Iterator<Item = (usize, &Line)> {
		self.network.lines().iter().enumerate().filter(|(_, line)| !line.attests)
	}

	fn honest(&self) -> impl Iterator<Item = (usize, &Line)> {
		self.shaped().filter(|(_, line)| line.is_honest())
	}

	fn judge_accuracy(&mut self, epochs: std::ops::Range<u32>) {
		println!(
			"\n{:>8} {:>6} {:>7} {:>7} {:>8} {:>10} {:>7} {:>10} {:>7}",
			"Mbps", "epoch", "RTT ms", "loss %", "present", "down kbps", "error", "up kbps", "error"
		);
		let (mut errors, mut missing) = (Vec::new(), 0);
		for (number, line) in self.honest() {
			for epoch in epochs.clone() {
				let Some(verdict) =
					self.verdicts.get(&(number, epoch)).filter(|verdict| is_measured(verdict))
				else {
					missing += 1;
					continue;
				};
				let weather = weather(number, epoch);
				// A committee sees no more than it offers, which is little for a claim that was lowered.
				let offered = quota_kbps(verdict.claim.effective_kbps(), verdict.members)
					.saturating_mul(verdict.members.into());
				let truth = line.cap_kbps.min(offered);
				let [down, up] = [verdict.down_kbps, verdict.up_kbps].map(|kbps| error(kbps, truth));
				errors.extend([down.abs(), up.abs()]);
				println!(
					"{:>8} {epoch:>6} {:>7} {:>7.2} {:>8} {:>10} {down:>+6.1}% {:>10} {up:>+6.1}%",
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
		let median = percentile(&errors, 50).unwrap_or(f64::INFINITY);
		let p95 = percentile(&errors, 95).unwrap_or(f64::INFINITY);
		self.found(
			"error of honest lines, both directions",
			format!("{count} estimates, median {median:.1} %, p95 {p95:.1} % (bars {MEDIAN_PERCENT} and {P95_PERCENT} %)"),
			median <= MEDIAN_PERCENT && p95 <= P95_PERCENT,
		);
		self.found(
			"every test of an honest line has an estimate",
			format!("{missing} without; {overflowed} packets too many for the delay line"),
			missing == 0 && overflowed == 0,
		);
	}

	fn judge_inflation(&mut self, epoch: u32) -> Result<()> {
		let lies = self.lies_told(epoch)?;
		let mut worst: Option<(f64, String)> = None;
		let mut measured = 0;
		for (number, line) in self.shaped() {
			let Some(verdict) = self.verdicts.get(&(number, epoch)).filter(|verdict| is_measured(verdict))
			else {
				continue;
			};
			measured += 1;
			let quota = quota_kbps(verdict.claim.effective_kbps(), verdict.members);
			let bound = upper_bound(verdict.present, liars(), quota, line.cap_kbps) as f64;
			let seen = f64::from(verdict.down_kbps.max(verdict.up_kbps));
			let text =
				format!("{} kbps of {} Mbps, bound {bound:.0}", seen, f64::from(line.cap_kbps) / 1_000.0);
			keep_worst(&mut worst, seen / bound, text);
		}
		let (ratio, text) = worst.context("no verdict on the epoch of invented reports")?;
		self.found(
			"two attestors that invent stay within the upper bound",
			format!("{lies} entries invented, {measured} lines judged; nearest to it {text}"),
			lies > 0 && ratio <= 1.0 + MEASURING_PERCENT / 100.0,
		);
		Ok(())
	}

	fn judge_denial(&mut self, epoch: u32) -> Result<()> {
		let lies = self.lies_told(epoch)?;
		let mut worst: Option<(f64, String)> = None;
		let (mut bent, mut struck) = (0, 0);
		for (number, line) in self.honest() {
			let Some(verdict) = self.verdicts.get(&(number, epoch)).filter(|verdict| is_measured(verdict))
			else {
				continue;
			};
			let quota = quota_kbps(verdict.claim.effective_kbps(), verdict.members);
			let bound = lower_bound_loaded(verdict.present, liars(), quota, line.cap_kbps) as f64;
			let seen = f64::from(verdict.down_kbps.min(verdict.up_kbps));
			bent += u32::from(seen < 0.9 * f64::from(line.cap_kbps));
			struck += u32::from(verdict.outcome == Outcome::Strike);
			let text =
				format!("{} kbps of {} Mbps, bound {bound:.0}", seen, f64::from(line.cap_kbps) / 1_000.0);
			keep_worst(&mut worst, bound / seen.max(1.0), text);
		}
		let (ratio, text) = worst.context("no verdict on the epoch of denied reports")?;
		self.found(
			"two attestors that deny stay within the lower bound, and nobody is struck for it",
			format!("{lies} entries denied, {bent} estimates bent, {struck} struck; nearest to it {text}"),
			lies > 0 && bent > 0 && struck == 0 && ratio <= 1.0 / (1.0 - MEASURING_PERCENT / 100.0),
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

	fn judge_liar(&mut self) -> Result<()> {
		let (number, line) =
			self.shaped().find(|(_, line)| !line.is_honest()).context("the lab has no liar")?;
		let (cap, claim) = (line.cap_kbps, line.claim_kbps);
		let measured: Vec<_> = self
			.verdicts
			.iter()
			.filter(|((of, _), verdict)| *of == number && is_measured(verdict))
			.map(|((_, epoch), verdict)| (*epoch, verdict.outcome, verdict.down_kbps.min(verdict.up_kbps)))
			.collect();
		let strikes: Vec<_> = measured
			.iter()
			.filter(|(_, outcome, _)| *outcome == Outcome::Strike)
			.map(|(epoch, ..)| *epoch)
			.collect();
		let largest = measured.iter().map(|(.., kbps)| *kbps).max().unwrap_or(0);
		self.found(
			format!("a line of {cap} kbps that claims {claim} is struck"),
			format!("struck for epochs {strikes:?}; no estimate above {largest} kbps"),
			strikes.len() >= 3,
		);
		Ok(())
	}

	async fn kill_and_return(&mut self) -> Result<()> {
		let before = self.network.chain.finalized().await?;
		self.network.kill_node(KILLED_NODE).await?;
		self.network.kill_sidecar(KILLED_SIDECAR).await?;
		tokio::time::sleep(DOWN).await;
		let finalized = self.network.chain.finalized().await? - before;
		self.network.start_node(KILLED_NODE)?;
		self.network.start_sidecar(KILLED_SIDECAR)?;
		let seconds = DOWN.as_secs();
		self.found(
			"the chain finalises with one of four validators down",
			format!("{finalized} blocks in {seconds} s"),
			finalized >= seconds / 8,
		);
		Ok(())
	}

	/// All members of the committees that measured in the epoch of the kill must have reported: journals survived.
	fn judge_return(&mut self, epoch: u32) {
		let verdicts: Vec<_> =
			self.honest().filter_map(|(number, _)| self.verdicts.get(&(number, epoch)).copied()).collect();
		let expected = self.honest().count();
		let whole = verdicts.iter().filter(|verdict| verdict.present == verdict.members).count();
		let struck = verdicts.iter().filter(|verdict| verdict.outcome == Outcome::Strike).count();
		let (count, seconds) = (verdicts.len(), DOWN.as_secs());
		self.found(
			format!("a validator and a sidecar killed mid-epoch and back after {seconds} s lose no report"),
			format!("{count} of {expected} lines judged, {whole} by whole committees, {struck} struck"),
			count == expected && whole == count && struck == 0,
		);
	}

	async fn lose_finality(&mut self) -> Result<()> {
		for number in [KILLED_NODE, KILLED_SIDECAR] {
			self.network.kill_node(number).await?;
		}
		// Votes under way may still complete a round.
		tokio::time::sleep(Duration::from_secs(6)).await;
		let (stood, best) = self.heights().await?;
		tokio::time::sleep(STANDSTILL).await;
		let (still, grown) = self.heights().await?;
		self.found(
			"finality stands still with two of four validators down",
			format!(
				"{} finalised and {} authored in {} s",
				still - stood,
				grown - best,
				STANDSTILL.as_secs()
			),
			still == stood && grown > best,
		);
		let (_, target) = self.heights().await?;
		for number in [KILLED_NODE, KILLED_SIDECAR] {
			self.network.start_node(number)?;
		}
		let begun = tokio::time::Instant::now();
		while self.heights().await?.0 < target && begun.elapsed() < RECOVERY_PATIENCE {
			tokio::time::sleep(Duration::from_millis(500)).await;
		}
		let (finalized, seconds) = (self.heights().await?.0, begun.elapsed().as_secs());
		self.found(
			"finality comes back with them",
			format!("everything authored meanwhile was final {seconds} s after their start"),
			finalized >= target,
		);
		Ok(())
	}

	/// Heights of the last finalised and of the best block.
	async fn heights(&self) -> Result<(u64, u64)> {
		Ok((self.network.chain.finalized().await?, self.network.chain.best().await?))
	}

	fn judge_honesty(&mut self) {
		let lines = self.network.lines();
		let struck: Vec<_> = self
			.verdicts
			.iter()
			.filter(|((number, _), verdict)| lines[*number].is_honest() && verdict.outcome == Outcome::Strike)
			.map(|((number, epoch), _)| format!("{} in epoch {epoch}", lines[*number].name))
			.collect();
		let answer = if struck.is_empty() { "nobody".into() } else { struck.join(", ") };
		self.found("honest lines struck in all that", answer, struck.is_empty());
	}
}

/// How many lie.
fn liars() -> u16 {
	LIARS.len() as u16
}

fn keep_worst(worst: &mut Option<(f64, String)>, ratio: f64, text: String) {
	if worst.as_ref().is_none_or(|(known, _)| ratio > *known) {
		*worst = Some((ratio, text));
	}
}

fn is_measured(verdict: &VerdictRecord) -> bool {
	!matches!(verdict.outcome, Outcome::Void | Outcome::Unreachable)
}

/// Signed error of an estimate, percent of the truth.
fn error(kbps: u32, truth_kbps: u32) -> f64 {
	(f64::from(kbps) / f64::from(truth_kbps) - 1.0) * 100.0
}

fn percent(per_ten_thousand: u32) -> f64 {
	f64::from(per_ten_thousand) / 100.0
}

/// The committees of the lab outvote its liars: otherwise the scenarios would show nothing.
pub fn check_plan() -> Result<()> {
	ensure!(liars() <= trim(COMMITTEE), "more liars than a committee of {COMMITTEE} trims");
	Ok(())
}
