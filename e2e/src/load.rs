//! How strained the machine is that carries a whole network: while its processors are full, or while the host of a virtual
//! machine gives them to others, packets and receipts wait for them and not for a line, and what is then measured is the
//! machine.

use anyhow::{Context, Result};
use std::{
	collections::BTreeMap,
	fmt, fs,
	sync::{Arc, Mutex, PoisonError},
	thread,
	time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use weir_primitives::EpochIndex;

/// Between two looks.
const EVERY: Duration = Duration::from_millis(250);
/// Looks that are judged together: a second of a full machine is too long for a receipt.
const TOGETHER: usize = 4;

/// The machine has come to rest when nothing has disturbed it for so long.
const CALM: Duration = Duration::from_secs(5);
/// How long to wait for that at most.
const PATIENCE: Duration = Duration::from_secs(60);

/// From this share in use on, a second was one of a full machine.
const FULL_PERCENT: f64 = 96.0;
/// From this share taken away on, a second was not this machine's: a fifth of it is many receipts long.
const STOLEN_PERCENT: f64 = 20.0;

/// Processor time since the machine started, in ticks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Times {
	all: u64,
	idle: u64,
	/// Given to other machines by the host.
	stolen: u64,
}

/// What a stretch of time asked of the processors: shares of the worst second of each, percent.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Strain {
	/// In use, by others as well.
	pub busy: f64,
	/// Taken away by the host.
	pub stolen: f64,
}

impl Strain {
	/// Whether what was measured then may be the machine.
	pub fn disturbs(&self) -> bool {
		self.busy > FULL_PERCENT || self.stolen > STOLEN_PERCENT
	}

	fn or_worse(self, other: Self) -> Self {
		Self { busy: self.busy.max(other.busy), stolen: self.stolen.max(other.stolen) }
	}
}

impl fmt::Display for Strain {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "{:.0} % in use, {:.0} % taken away by the host", self.busy, self.stolen)
	}
}

/// What epoch after epoch asked of the processors.
pub struct Epochs {
	load: Load,
	seen_until_millis: u64,
	worst: BTreeMap<EpochIndex, Strain>,
}

impl Epochs {
	/// Begins to watch.
	///
	/// # Errors
	///
	/// When the system does not tell what its processors do.
	pub fn watch() -> Result<Self> {
		Ok(Self { load: Load::watch()?, seen_until_millis: now_millis()?, worst: BTreeMap::new() })
	}

	/// Counts what was since the last time as the epoch's that runs now. To be asked every few seconds: a second is judged
	/// as a whole, so that one across two calls is not.
	pub fn count(&mut self, epoch: EpochIndex) -> Result<()> {
		let now = now_millis()?;
		if let Some(strain) = self.load.worst(self.seen_until_millis, now) {
			let worst = self.worst.entry(epoch).or_insert(strain);
			*worst = worst.or_worse(strain);
		}
		self.seen_until_millis = now;
		Ok(())
	}

	/// The epochs of which a second was disturbed, each with the worst of it.
	pub fn disturbed(&self) -> impl Iterator<Item = (EpochIndex, Strain)> + '_ {
		self.worst.iter().filter(|(_, strain)| strain.disturbs()).map(|(epoch, strain)| (*epoch, *strain))
	}
}

/// A look: when, in milliseconds since the Unix epoch, and what the processors had done until then.
type Look = (u64, Times);

/// Watches the processors until the process ends.
#[derive(Clone)]
pub struct Load(Arc<Mutex<Vec<Look>>>);

impl Load {
	/// Begins to watch.
	pub fn watch() -> Result<Self> {
		let load = Self(Arc::default());
		load.look()?;
		let watching = load.clone();
		thread::Builder::new().name("load".into()).spawn(move || loop {
			thread::sleep(EVERY);
			if let Err(error) = watching.look() {
				return eprintln!("the machine's load is no longer known: {error:#}");
			}
		})?;
		Ok(load)
	}

	fn look(&self) -> Result<()> {
		let times = times(&fs::read_to_string("/proc/stat")?)?;
		let now = now_millis()?;
		self.0.lock().unwrap_or_else(PoisonError::into_inner).push((now, times));
		Ok(())
	}

	/// The worst second between two times; none without looks.
	pub fn worst(&self, from_millis: u64, until_millis: u64) -> Option<Strain> {
		let looks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
		worst(&looks, from_millis, until_millis)
	}

	/// Waits until the machine has come to rest, or no longer than a minute.
	pub fn wait_for_calm(&self) {
		let begun = Instant::now();
		while begun.elapsed() < PATIENCE {
			thread::sleep(CALM);
			let looks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
			let Some((last, _)) = looks.last() else { continue };
			let first = last.saturating_sub(CALM.as_millis() as u64);
			if worst(&looks, first, *last).is_some_and(|strain| !strain.disturbs()) {
				return;
			}
		}
	}
}

fn worst(looks: &[Look], from_millis: u64, until_millis: u64) -> Option<Strain> {
	let within: Vec<_> = looks.iter().filter(|(at, _)| (from_millis..=until_millis).contains(at)).collect();
	let second = |pair: &[&Look]| {
		let (first, last) = (pair.first()?.1, pair.last()?.1);
		let of = |part: fn(&Times) -> u64| part(&last).saturating_sub(part(&first)) as f64;
		let all = of(|times| times.all);
		(all > 0.0).then(|| Strain {
			busy: 100.0 * (1.0 - of(|times| times.idle) / all),
			stolen: 100.0 * of(|times| times.stolen) / all,
		})
	};
	within.windows(TOGETHER + 1).filter_map(second).reduce(Strain::or_worse)
}

fn now_millis() -> Result<u64> {
	Ok(u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?)
}

/// Reads the first line of /proc/stat (proc_stat(5)): user, nice, system, idle, iowait, irq, softirq, steal, and guests,
/// which are counted as user already.
fn times(stat: &str) -> Result<Times> {
	let line = stat
		.lines()
		.next()
		.and_then(|line| line.strip_prefix("cpu "))
		.context("no line of all processors")?;
	let ticks: Vec<u64> = line.split_whitespace().take(8).map(str::parse).collect::<Result<_, _>>()?;
	let idle = ticks.iter().skip(3).take(2).sum();
	Ok(Times { all: ticks.iter().sum(), idle, stolen: ticks.get(7).copied().unwrap_or(0) })
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn times_should_count_waiting_for_disks_as_idle_and_guests_once() {
		let times = times("cpu  10 1 5 100 7 2 3 4 50 60\ncpu0 1 1 1 1\n").unwrap();
		assert_eq!(times, Times { all: 132, idle: 107, stolen: 4 });
	}

	#[test]
	fn times_should_be_an_error_when_the_file_is_another() {
		assert!(super::times("intr 5\n").is_err());
		assert!(super::times("cpu  a b\n").is_err());
	}

	#[test]
	fn worst_should_be_of_the_worst_second_between_two_times() {
		// Idle half of the time, but for the second from 2,000 on, of which the host takes a third.
		let within = |n: u64| if n > 8 { (n - 8).min(4) } else { 0 };
		let times = |n: u64| Times { all: n * 60, idle: n * 30 - within(n) * 30, stolen: within(n) * 20 };
		let looks: Vec<Look> = (0..40).map(|n| (n * 250, times(n))).collect();
		let strain = worst(&looks, 0, 10_000).unwrap();
		assert!((strain.busy - 100.0).abs() < 0.1 && (strain.stolen - 33.3).abs() < 0.1, "{strain:?}");
		assert!(strain.disturbs());
		let strain = worst(&looks, 0, 1_500).unwrap();
		assert_eq!(strain, Strain { busy: 50.0, stolen: 0.0 });
		assert!(!strain.disturbs());
		assert_eq!(worst(&looks, 5_000, 5_500), None);
	}

	#[test]
	fn strain_should_disturb_when_the_host_takes_a_fifth() {
		assert!(Strain { busy: 60.0, stolen: 21.0 }.disturbs());
		assert!(!Strain { busy: 96.0, stolen: 20.0 }.disturbs());
	}

	#[test]
	fn epochs_should_name_those_of_which_a_second_was_disturbed() {
		let load = Load(Arc::default());
		let mut epochs = Epochs { load: load.clone(), seen_until_millis: 0, worst: BTreeMap::new() };
		// Eight seconds until now, of which the host takes a third of the first half.
		let now = now_millis().unwrap();
		let look =
			|n: u64| (now - 8_000 + n * 250, Times { all: n * 60, idle: n * 30, stolen: n.min(16) * 20 });
		load.0.lock().unwrap().extend((0..=16).map(look));
		epochs.count(7).unwrap();
		load.0.lock().unwrap().extend((17..=32).map(look));
		epochs.seen_until_millis = now - 4_000;
		epochs.count(8).unwrap();
		let disturbed: Vec<_> = epochs.disturbed().collect();
		assert_eq!(disturbed.len(), 1, "{disturbed:?}");
		assert_eq!(disturbed[0].0, 7);
		assert_eq!(disturbed[0].1.to_string(), "50 % in use, 33 % taken away by the host");
	}
}
