//! Whether customers are let in and served: by the hours, by what is left of the month, and by whether the owner has paused.
//! Nobody is cut off without a word: who is inside is told, pays, and is served for two minutes more.

use super::{hours::Hours, month::Month};
use crate::{advice, clock};
use anyhow::{anyhow, Result};
use serde::Serialize;
use std::{
	fs,
	io::ErrorKind,
	path::{Path, PathBuf},
	sync::{Mutex, PoisonError},
	time::Duration,
};
use tokio::sync::watch;
use weir_tunnel_core::Micros;

/// From the word that sessions end until they do: a customer asks every fifteen seconds, and has time to go elsewhere.
pub(super) const GRACE: Micros = 120_000_000;
/// From the end of the last sessions until what they have paid is claimed: their last vouchers are on their way.
pub(super) const LAST_VOUCHERS: Micros = 30_000_000;
/// The task that serves looks four times a second.
const TAKEN: Duration = Duration::from_secs(1);
/// Its name in the state folder. A file, so that it is seen, and so that a restart does not open again what was paused.
const PAUSED: &str = "paused";

/// Why nobody is let in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Why {
	/// The owner has paused.
	Paused,
	/// It is outside `provide.hours`.
	Hours,
	/// `provide.month_gb` is used up, or nearly.
	Month,
}

impl Why {
	/// For the log.
	pub(super) fn text(self) -> &'static str {
		match self {
			Self::Paused => "paused; `weir-tunnel provide resume` ends that",
			Self::Hours => "outside provide.hours",
			Self::Month => "provide.month_gb is used up",
		}
	}
}

/// Where it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Door {
	/// Customers are let in.
	Open,
	/// Nobody is let in any more; who is inside is told, and served until then. Without a time: until the month's cap.
	Ending { why: Why, until: Option<Micros> },
	/// Nobody is inside.
	Closed { why: Why },
}

impl Door {
	/// At the start: nobody is inside who would have to be told.
	pub(super) fn first(now: Micros, hours: &Hours, is_paused: bool, month: &Month) -> Self {
		reason(now, hours, is_paused, month).map_or(Self::Open, |why| Self::Closed { why })
	}

	/// Where it stands at `now`.
	pub(super) fn turn(self, now: Micros, hours: &Hours, is_paused: bool, month: &Month) -> Self {
		let Some(why) = reason(now, hours, is_paused, month) else { return Self::Open };
		if month.is_over() {
			return Self::Closed { why: Why::Month };
		}
		let until = (why != Why::Month).then(|| now.saturating_add(GRACE));
		match self {
			Self::Open => Self::Ending { why, until },
			// The time that was named first stands, whatever comes on top of it.
			Self::Ending { until: Some(named), .. } if now < named => {
				Self::Ending { why, until: Some(named) }
			}
			Self::Ending { until: Some(_), .. } => Self::Closed { why },
			Self::Ending { until: None, .. } => Self::Ending { why, until },
			Self::Closed { .. } => Self::Closed { why },
		}
	}

	pub(super) fn is_open(self) -> bool {
		self == Self::Open
	}

	pub(super) fn is_ending(self) -> bool {
		matches!(self, Self::Ending { .. })
	}

	pub(super) fn closed(self) -> Option<Why> {
		match self {
			Self::Closed { why } => Some(why),
			Self::Open | Self::Ending { .. } => None,
		}
	}
}

/// What keeps customers out, if anything does.
fn reason(now: Micros, hours: &Hours, is_paused: bool, month: &Month) -> Option<Why> {
	if is_paused {
		Some(Why::Paused)
	} else if !hours.is_open(now) {
		Some(Why::Hours)
	} else {
		month.is_nearly_over().then_some(Why::Month)
	}
}

/// What the loopback interface shows of a provider that serves customers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Standing {
	/// `open`, `ending` or `closed`.
	pub service: &'static str,
	/// Why it is not open.
	pub why: Option<Why>,
	/// When sessions that run end, or hours begin or end; microseconds since the Unix epoch.
	pub until: Option<Micros>,
	/// Whether the owner has paused.
	pub paused: bool,
	/// Sessions that are open.
	pub sessions: usize,
	/// Inner IP bytes carried in the running month (UTC), both directions.
	pub month_bytes: u64,
	/// Bytes that may be carried in it; none: no bound.
	pub month_cap_bytes: Option<u64>,
}

/// What is shared between the task that serves customers and the loopback interface.
pub struct Switch {
	file: PathBuf,
	state: Mutex<(bool, Option<Standing>)>,
	shown: watch::Sender<()>,
}

impl Switch {
	/// As an earlier process left it in this state folder.
	pub fn open(folder: &Path) -> Self {
		let file = folder.join(PAUSED);
		let is_paused = file.exists();
		Self { file, state: Mutex::new((is_paused, None)), shown: watch::channel(()).0 }
	}

	fn state(&self) -> std::sync::MutexGuard<'_, (bool, Option<Standing>)> {
		self.state.lock().unwrap_or_else(PoisonError::into_inner)
	}

	/// Whether the owner has paused.
	pub fn is_paused(&self) -> bool {
		self.state().0
	}

	/// Pauses or resumes; on the disk when it returns.
	pub fn set(&self, paused: bool) -> Result<()> {
		let mut state = self.state();
		let done = match paused {
			true => fs::write(
				&self.file,
				"by `weir-tunnel provide pause`; `weir-tunnel provide resume` ends it\n",
			),
			false => match fs::remove_file(&self.file) {
				Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
				done => done,
			},
		};
		done.map_err(|error| {
			anyhow!("{}: cannot be changed: {} ({error})", self.file.display(), advice::file(&error))
		})?;
		if state.0 != paused {
			tracing::info!(paused, "told to pause or resume");
		}
		state.0 = paused;
		Ok(())
	}

	/// Waits until the task that serves customers has gone by what was set last, if it runs.
	pub async fn taken(&self) {
		let mut shown = self.shown.subscribe();
		let twice = async {
			// The first one may have been on its way before.
			for _ in 0..2 {
				let _ = shown.changed().await;
			}
		};
		let _ = tokio::time::timeout(TAKEN, twice).await;
	}

	/// How the provider stands; none before it serves customers.
	pub fn standing(&self) -> Option<Standing> {
		let state = self.state();
		let (paused, standing) = &*state;
		standing.clone().map(|standing| Standing { paused: *paused, ..standing })
	}

	/// What the interface is to show from now on.
	pub(super) fn show(&self, door: Door, hours: &Hours, month: &Month, sessions: usize) {
		let (service, why, until) = match door {
			Door::Open => ("open", None, hours.changes_at(clock::now())),
			Door::Ending { why, until } => ("ending", Some(why), until),
			Door::Closed { why: Why::Hours } => ("closed", Some(Why::Hours), hours.changes_at(clock::now())),
			Door::Closed { why } => ("closed", Some(why), None),
		};
		let mut state = self.state();
		state.1 = Some(Standing {
			service,
			why,
			until,
			paused: state.0,
			sessions,
			month_bytes: month.bytes,
			month_cap_bytes: month.cap(),
		});
		drop(state);
		self.shown.send_replace(());
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	/// 1 January 2026, 12:00 UTC.
	const NOON: Micros = 1_767_268_800_000_000;
	const HOUR: Micros = 3_600_000_000;

	fn noon() -> Hours {
		Hours::parse(&["11:00-13:00".into()], "UTC").unwrap()
	}

	fn month(bytes: u64) -> Month {
		Month::new(1, bytes, 100)
	}

	#[test]
	fn door_should_warn_for_two_minutes_and_close_when_the_hours_end_and_open_when_they_begin() {
		let (hours, fresh) = (noon(), month(0));
		let turn = |door: Door, now| door.turn(now, &hours, false, &fresh);
		let open = Door::first(NOON, &hours, false, &fresh);
		assert!(open.is_open() && turn(open, NOON + HOUR - 1).is_open());
		let end = NOON + HOUR;
		let ending = turn(open, end);
		assert_eq!(ending, Door::Ending { why: Why::Hours, until: Some(end + GRACE) });
		assert_eq!(turn(ending, end + GRACE - 1), ending);
		let closed = turn(ending, end + GRACE);
		assert_eq!(closed.closed(), Some(Why::Hours));
		assert_eq!(turn(closed, end + 2 * HOUR), closed);
		assert!(turn(closed, NOON + 23 * HOUR).is_open());
		// Nobody is inside at the start: there is nobody to warn.
		assert_eq!(Door::first(end, &hours, false, &fresh).closed(), Some(Why::Hours));
	}

	#[test]
	fn door_should_open_again_at_once_when_a_pause_ends_before_its_time() {
		let (hours, fresh) = (Hours::default(), month(0));
		let ending = Door::Open.turn(NOON, &hours, true, &fresh);
		assert_eq!(ending, Door::Ending { why: Why::Paused, until: Some(NOON + GRACE) });
		assert!(ending.turn(NOON + 1, &hours, false, &fresh).is_open());
		assert_eq!(ending.turn(NOON + GRACE, &hours, true, &fresh).closed(), Some(Why::Paused));
	}

	#[test]
	fn door_should_keep_the_time_that_was_named_when_another_reason_comes() {
		let (hours, fresh) = (noon(), month(0));
		let ending = Door::Open.turn(NOON + HOUR - 1, &hours, true, &fresh);
		let still = ending.turn(NOON + HOUR, &hours, false, &fresh);
		assert_eq!(still, Door::Ending { why: Why::Hours, until: Some(NOON + HOUR - 1 + GRACE) });
	}

	#[test]
	fn door_should_warn_near_the_months_cap_and_close_at_it() {
		let hours = Hours::default();
		let turn = |door: Door, bytes| door.turn(NOON, &hours, false, &month(bytes));
		assert!(turn(Door::Open, 98_999_999_999).is_open());
		let ending = turn(Door::Open, 99_000_000_000);
		assert_eq!(ending, Door::Ending { why: Why::Month, until: None });
		// No clock ends it: what is left of the month is theirs.
		assert_eq!(ending.turn(NOON + 100 * HOUR, &hours, false, &month(99_000_000_000)), ending);
		assert_eq!(turn(ending, 100_000_000_000).closed(), Some(Why::Month));
		assert_eq!(turn(Door::Open, 100_000_000_000).closed(), Some(Why::Month));
		// Paused meanwhile: from then on there is a time.
		let paused = ending.turn(NOON, &hours, true, &month(99_000_000_000));
		assert_eq!(paused, Door::Ending { why: Why::Paused, until: Some(NOON + GRACE) });
	}

	#[test]
	fn switch_should_be_as_it_was_left_when_the_process_starts_again() {
		let folder = tempfile::tempdir().unwrap();
		let switch = Switch::open(folder.path());
		assert!(!switch.is_paused() && switch.standing().is_none());
		switch.set(true).unwrap();
		switch.set(true).unwrap();
		let again = Switch::open(folder.path());
		again.show(Door::Open, &Hours::default(), &month(5), 2);
		let standing = again.standing().unwrap();
		assert!(standing.paused && standing.month_cap_bytes == Some(100_000_000_000), "{standing:?}");
		again.set(false).unwrap();
		again.set(false).unwrap();
		assert!(!Switch::open(folder.path()).is_paused());
		let missing = Switch::open(&folder.path().join("missing"));
		assert!(missing.set(true).unwrap_err().to_string().contains("paused: cannot be changed"));
		assert!(!missing.is_paused(), "what is not on the disk does not count");
	}
}
