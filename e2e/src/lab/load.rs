//! How busy the machine is that carries the whole lab: while its processors are full, packets and receipts wait for
//! them and not for a line, and what is then measured is the machine.

use anyhow::{Context, Result};
use std::{
	fs,
	sync::{Arc, Mutex, PoisonError},
	thread,
	time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Between two looks.
const EVERY: Duration = Duration::from_millis(250);
/// Looks that are judged together: a second of a full machine is too long for a receipt.
const TOGETHER: usize = 4;

/// Processor time since the machine started, in ticks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Times {
	all: u64,
	idle: u64,
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
		let now = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
		self.0.lock().unwrap_or_else(PoisonError::into_inner).push((now, times));
		Ok(())
	}

	/// Share of the processors in use in the busiest second between two times, percent; none without looks.
	pub fn busiest(&self, from_millis: u64, until_millis: u64) -> Option<f64> {
		let looks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
		busiest(&looks, from_millis, until_millis)
	}
}

fn busiest(looks: &[Look], from_millis: u64, until_millis: u64) -> Option<f64> {
	let within: Vec<_> = looks.iter().filter(|(at, _)| (from_millis..=until_millis).contains(at)).collect();
	let busy = |pair: &[&Look]| {
		let (first, last) = (pair.first()?.1, pair.last()?.1);
		let (all, idle) = (last.all.saturating_sub(first.all), last.idle.saturating_sub(first.idle));
		(all > 0).then(|| 100.0 * (1.0 - idle as f64 / all as f64))
	};
	within.windows(TOGETHER + 1).filter_map(busy).max_by(f64::total_cmp)
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
	Ok(Times { all: ticks.iter().sum(), idle })
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn times_should_count_waiting_for_disks_as_idle_and_guests_once() {
		let times = times("cpu  10 1 5 100 7 2 3 4 50 60\ncpu0 1 1 1 1\n").unwrap();
		assert_eq!(times, Times { all: 132, idle: 107 });
	}

	#[test]
	fn times_should_be_an_error_when_the_file_is_another() {
		assert!(super::times("intr 5\n").is_err());
		assert!(super::times("cpu  a b\n").is_err());
	}

	#[test]
	fn busiest_should_be_the_worst_second_between_two_times() {
		// Idle half of the time, but for the second from 2,000 on.
		let idle = |n: u64| n * 25 - if n > 8 { 25 * (n - 8).min(4) } else { 0 };
		let looks: Vec<Look> = (0..40).map(|n| (n * 250, Times { all: n * 50, idle: idle(n) })).collect();
		assert_eq!(busiest(&looks, 0, 10_000), Some(100.0));
		assert_eq!(busiest(&looks, 0, 1_500), Some(50.0));
		assert_eq!(busiest(&looks, 5_000, 5_500), None);
	}
}
