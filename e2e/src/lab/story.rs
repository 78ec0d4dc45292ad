//! The scenarios in their order, on one network, because joining it takes four epochs: accuracy while a liar is found
//! out, corrupt attestors, killed processes, an outage, lost finality, a node that joins late.

mod judge;
mod newcomer;
mod outage;

use crate::{
	chain::Chain,
	lab::{
		delay::DelayLine,
		findings::Finding,
		ground,
		liar::Lie,
		plan::{self, net, LIARS},
		weather::{weather, Weather, RTTS_MILLIS},
	},
	line::Line,
	load::Load,
	network::{Network, Programs},
	process::Process,
	verdicts::Verdicts,
};
use anyhow::Result;
use judge::{percent, shares_fairly};
use std::{
	collections::BTreeMap,
	ops::Range,
	path::{Path, PathBuf},
	time::{Duration, SystemTime, UNIX_EPOCH},
};
use weir_math::timing::Timing;

/// Epochs in which accuracy is measured so that each line meets every round-trip time, and all lines every loss.
pub const ALL_WEATHERS: u32 = RTTS_MILLIS.len() as u32;
/// When in an epoch its weather begins: after the last test of the one before, before the first of its own is opened.
const WEATHER_MILLIS: u64 = 1_500;
/// The chain tests nobody earlier: the lists are empty before (docs/protocol.md).
const FIRST_TESTED_EPOCH: u32 = 3;
/// Slot in which all tests of an epoch have begun.
const STARTED_SLOT: u32 = 30;
/// Slot in which all tests of an epoch are over, and verdicts on the epoch before are there and finalised, with some reserve.
const VERDICTS_SLOT: u32 = 33;
/// Epochs that may be added to a scenario because this machine was disturbed.
const MOST_REPEATS: u32 = 3;
/// The same for the accuracy, which needs the most of undisturbed time.
const MOST_ACCURACY_REPEATS: usize = 6;
/// Lines to be judged at least when attestors deny.
const LEAST_DENIED: usize = 3;
/// The weather of every line while it is not accuracy that is asked for.
const MILD: Weather = Weather { rtt_millis: 20, loss_pptt: 0 };
/// Slot in which processes are killed, and how long they stay down: after the reveals of the epoch before, which another
/// scenario needs whole, and until before the epoch's end.
const KILL_SLOT: u32 = 23;
const DOWN: Duration = Duration::from_secs(20);
/// A test whose T0 is this many slots past is over, and its entry in the journal: both windows, what lies between them,
/// and the settling.
const TEST_SLOTS: u32 = 6;
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
	load: Load,
	liars: Vec<Process>,
	clock: Clock,
	/// Epochs of the accuracy so far, and how many undisturbed ones are wanted.
	accuracy: Range<u32>,
	wanted: usize,
	verdicts: Verdicts,
	/// When each test was: T0 by line and epoch, milliseconds since the Unix epoch.
	starts: BTreeMap<(usize, u32), u64>,
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

	/// When a slot begins, in milliseconds since the Unix epoch.
	fn millis(&self, epoch: u32, slot: u32) -> u64 {
		let slots = u64::from(epoch) * u64::from(self.timing.epoch_slots) + u64::from(slot);
		self.origin_millis + slots * self.timing.slot_millis
	}

	fn millis_until(&self, epoch: u32, slot: u32) -> Result<u64> {
		let now = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
		Ok(self.millis(epoch, slot).saturating_sub(now))
	}
}

impl Lab {
	/// Builds the machines and brings the network into service, to measure accuracy in `epochs` of them. Delays swing by
	/// `jitter_percent` of themselves to each side.
	pub async fn start(folder: &Path, epochs: u32, jitter_percent: u32, say: impl Fn(&str)) -> Result<Self> {
		let programs = Programs::beside_this()?;
		programs.clear(folder)?;
		let (delay, load) = (DelayLine::start()?, Load::watch()?);
		delay.set_jitter(jitter_percent);
		ground::prepare()?;
		let plan = plan::plan(&programs, folder)?;
		plan::order(folder, &[])?;
		let liars = plan::start_liars(&plan)?;
		let network = Network::start(programs, plan, say).await?;
		let clock = Clock::read(&network.chain).await?;
		let (now, _, _) = network.chain.clock().await?;
		let first = FIRST_TESTED_EPOCH.max(now + clock.timing.maturity_epochs);
		let (accuracy, wanted) = (first..first, usize::try_from(epochs)?);
		let (verdicts, starts, findings) = (Verdicts::default(), BTreeMap::new(), Vec::new());
		let folder = folder.into();
		Ok(Self { folder, network, delay, load, liars, clock, accuracy, wanted, verdicts, starts, findings })
	}

	/// All scenarios. What they found comes with each as it is there.
	pub async fn run(mut self, say: impl Fn(&str)) -> Result<Vec<Finding>> {
		self.measure_accuracy(&say).await?;
		let inflated = self.accuracy.end;
		plan::order(&self.folder, &[(inflated, Lie::Inflate)])?;
		self.until(inflated, 0).await?;
		say(&format!("epoch {inflated}: two attestors report whatever was asked for"));
		tokio::time::sleep(Duration::from_millis(WEATHER_MILLIS)).await;
		self.set_weather(|_| MILD)?;
		self.until_tested(inflated).await?;
		self.judge_accuracy();

		let mut denied = inflated + 1..inflated + 1;
		let mut orders = vec![(inflated, Lie::Inflate)];
		while self.denials(denied.clone()).count() < LEAST_DENIED && denied.len() <= MOST_REPEATS as usize {
			let epoch = denied.end;
			denied.end += 1;
			orders.push((epoch, Lie::Deny));
			plan::order(&self.folder, &orders)?;
			self.until(epoch, 0).await?;
			say(&format!("epoch {epoch}: two attestors deny what they loaded"));
			self.until_tested(epoch).await?;
			if denied.len() == 1 {
				self.judge_inflation(inflated)?;
			}
		}

		let (killed, measured) = self.until_measured(denied.end).await?;
		say(&format!("epoch {killed}: a validator and another one's sidecar are killed"));
		self.kill_and_return().await?;
		self.note_starts(killed).await?;
		self.until(killed, VERDICTS_SLOT).await?;
		self.judge_denial(denied)?;
		self.judge_liar(inflated)?;
		self.until(killed + 1, VERDICTS_SLOT).await?;
		self.judge_return(killed, &measured).await?;
		say("a provider is killed");
		self.lose_a_provider().await?;
		say("half of the validators are killed");
		self.lose_finality().await?;
		self.let_a_newcomer_in().await?;
		self.judge_honesty();
		self.network.stop().await?;
		futures::future::try_join_all(self.liars.into_iter().map(Process::stop)).await?;
		Ok(self.findings)
	}

	/// Measures in as many epochs as asked for, and in some more where the machine was disturbed.
	async fn measure_accuracy(&mut self, say: impl Fn(&str)) -> Result<()> {
		for day in 0u32.. {
			let epoch = self.accuracy.end;
			self.until(epoch, 0).await?;
			say(&format!("epoch {epoch}: measuring {}", self.sky(day)));
			tokio::time::sleep(Duration::from_millis(WEATHER_MILLIS)).await;
			self.set_weather(|line| weather(line, day))?;
			self.until_tested(epoch).await?;
			self.accuracy.end += 1;
			let repeats = self.accuracy.len().saturating_sub(self.wanted);
			let is_over = self.accuracy.len() >= self.wanted
				&& (self.has_measured_enough() || repeats >= MOST_ACCURACY_REPEATS);
			if is_over {
				break;
			}
		}
		Ok(())
	}

	/// Waits until the slot in which processes are killed, in the first epoch from `epoch` on in which a line was measured
	/// undisturbed by then. The epoch, and the lines that were measured.
	async fn until_measured(&mut self, mut epoch: u32) -> Result<(u32, Vec<usize>)> {
		let last = epoch + MOST_REPEATS;
		loop {
			self.until(epoch, KILL_SLOT).await?;
			self.note_starts(epoch).await?;
			let measured = self.measured_by(KILL_SLOT).await?;
			if epoch == last || measured.iter().any(|number| !self.was_disturbed(*number, epoch)) {
				return Ok((epoch, measured));
			}
			epoch += 1;
		}
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
			self.verdicts.collect(&self.network.chain.providers().await?);
			match self.clock.millis_until(epoch, slot)? {
				0 => return Ok(()),
				left => tokio::time::sleep(Duration::from_millis(left.min(2_000))).await,
			}
		}
	}

	/// Waits until all tests of an epoch are over, and notes when they were.
	async fn until_tested(&mut self, epoch: u32) -> Result<()> {
		self.until(epoch, STARTED_SLOT).await?;
		self.note_starts(epoch).await?;
		self.until(epoch, VERDICTS_SLOT).await
	}

	fn set_weather(&self, of: impl Fn(usize) -> Weather) -> Result<()> {
		for (number, line) in self.shaped() {
			self.delay.set_rtt(net(line), of(number).rtt_millis);
		}
		ground::set_loss(of(0).loss_pptt)
	}

	/// Notes when the tests of the running epoch were.
	async fn note_starts(&mut self, epoch: u32) -> Result<()> {
		let mut starts = Vec::new();
		for (number, line) in self.network.lines().iter().enumerate() {
			let slot = self.network.chain.test_start(&line.account()).await?;
			starts.extend(slot.map(|slot| ((number, epoch), self.clock.millis(epoch, slot))));
		}
		self.starts.extend(starts);
		Ok(())
	}

	fn sky(&self, day: u32) -> String {
		let rtts: Vec<_> =
			self.shaped().map(|(number, _)| weather(number, day).rtt_millis.to_string()).collect();
		format!("with RTTs of {} ms and {:.2} % loss", rtts.join(", "), percent(weather(0, day).loss_pptt))
	}

	/// The lines behind shaped links, with their numbers.
	fn shaped(&self) -> impl Iterator<Item = (usize, &Line)> {
		self.network.lines().iter().enumerate().filter(|(_, line)| !line.attests)
	}

	fn honest(&self) -> impl Iterator<Item = (usize, &Line)> {
		self.shaped().filter(|(_, line)| line.is_honest())
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

	/// Honest lines whose tests of the running epoch are over by `slot`: all members have them in their journals. Fast
	/// enough to show a missing entry.
	async fn measured_by(&self, slot: u32) -> Result<Vec<usize>> {
		let mut measured = Vec::new();
		let honest = self.network.lines().iter().enumerate().filter(|(_, line)| line.is_honest());
		for (number, line) in honest.filter(|(_, line)| shares_fairly(line)) {
			let start = self.network.chain.test_start(&line.account()).await?;
			if start.is_some_and(|start| start + TEST_SLOTS <= slot) {
				measured.push(number);
			}
		}
		Ok(measured)
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
}

/// How many lie.
fn liars() -> u16 {
	LIARS.len() as u16
}
