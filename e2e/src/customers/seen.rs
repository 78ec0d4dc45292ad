//! What a customer has come to, as far as it was seen.

use serde::Deserialize;
use std::{
	collections::BTreeMap,
	sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use weir_primitives::{channel::ChannelId, economy::Credits};

/// What a customer's sidecar says of itself, as far as it is shown here.
#[derive(Clone, PartialEq, Eq, Default, Debug, Deserialize)]
pub struct Status {
	/// Where the connection stands.
	pub phase: String,
	/// Inner bytes towards the customer since the channel was opened.
	pub bytes_down: u64,
	/// From it, likewise.
	pub bytes_up: u64,
	/// Credits that the vouchers of the channel say in all.
	pub spent: u64,
}

/// What it says at its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
struct Ended {
	channel: ChannelId,
	spent: u64,
}

/// What a customer has come to.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Seen {
	/// Whether its credits are there.
	pub has_bought: bool,
	/// What its sidecar said last.
	pub status: Option<Status>,
	/// Credits that its vouchers say in all, by what its sidecars said when they ended.
	pub signed: BTreeMap<ChannelId, Credits>,
	/// Files that were the right ones.
	pub right: u32,
	/// Files of another content.
	pub wrong: u32,
	/// Files that did not come.
	pub failed: u32,
	/// What went wrong last, and may pass.
	pub trouble: Option<String>,
	/// Why its sidecar has ended by itself, which it should not.
	pub end: Option<String>,
}

impl Seen {
	/// Takes down what a sidecar says in one line.
	pub(super) fn hear(&mut self, line: &str) {
		let Ok(said) = serde_json::from_str::<serde_json::Value>(line) else {
			self.trouble = Some(format!("its sidecar says {line}"));
			return;
		};
		if let Some(error) = said["error"].as_str() {
			self.trouble = Some(error.into());
		} else if let Ok(hops) = Vec::<Ended>::deserialize(&said["ended"]) {
			for ended in hops {
				// It says what was signed in its own run.
				let signed = self.signed.entry(ended.channel).or_default();
				*signed = signed.saturating_add(ended.spent.into());
			}
			// The last voucher is newer than the last status.
			let signed = self.signed.values().sum::<Credits>();
			if let Some(status) = &mut self.status {
				status.spent = status.spent.max(signed.try_into().unwrap_or(u64::MAX));
			}
		} else if let Ok(status) = Status::deserialize(&said) {
			self.status = Some(status);
		}
	}

	/// Takes down what came of a file.
	pub(super) fn fetched(&mut self, fetched: &anyhow::Result<bool>) {
		match fetched {
			Ok(true) => self.right += 1,
			Ok(false) => self.wrong += 1,
			Err(error) => {
				self.failed += 1;
				self.trouble = Some(format!("{error:#}"));
			}
		}
	}

	/// Whether programs can go out.
	pub(super) fn is_connected(&self) -> bool {
		self.status.as_ref().is_some_and(|status| status.phase == "connected")
	}

	/// Where it stands, in a word.
	pub fn state(&self) -> &str {
		match &self.status {
			Some(status) => &status.phase,
			None if self.end.is_some() => "ended",
			None if self.has_bought => "starting",
			None => "buying",
		}
	}
}

/// What a customer has come to, as several tasks see it.
#[derive(Clone, Default)]
pub(super) struct Shared(Arc<Mutex<Seen>>);

impl Shared {
	pub(super) fn lock(&self) -> MutexGuard<'_, Seen> {
		self.0.lock().unwrap_or_else(PoisonError::into_inner)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use anyhow::anyhow;

	#[test]
	fn lines_of_a_sidecar_should_be_understood() {
		let mut seen = Seen { has_bought: true, ..Seen::default() };
		assert_eq!(seen.state(), "starting");
		seen.hear(
			r#"{"phase":"connected","hop":"DE 5G…","channel":3,"bytes_down":70,"bytes_up":8,"spent":210,"left":9,"note":null}"#,
		);
		assert!(seen.is_connected());
		let status = Status { phase: "connected".into(), bytes_down: 70, bytes_up: 8, spent: 210 };
		assert_eq!(seen.status.as_ref(), Some(&status));
		seen.hear(r#"{"ended":[{"channel":3,"bytes":78,"spent":210,"left":9}]}"#);
		// Started once more, and with another channel.
		seen.hear(r#"{"ended":[{"channel":3,"bytes":1,"spent":5,"left":4}]}"#);
		seen.hear(r#"{"ended":[{"channel":4,"bytes":1,"spent":1,"left":4}]}"#);
		assert_eq!(seen.signed, BTreeMap::from([(3, 215), (4, 1)]));
		assert_eq!((seen.status.as_ref(), &seen.trouble), (Some(&Status { spent: 216, ..status }), &None));
		seen.hear(r#"{"error":"no credits"}"#);
		assert_eq!(seen.trouble.as_deref(), Some("no credits"));
		seen.hear("thread panicked");
		assert!(seen.trouble.is_some_and(|trouble| trouble.contains("thread panicked")));
	}

	#[test]
	fn files_should_be_counted_by_what_came_of_them() {
		let mut seen = Seen::default();
		for fetched in [Ok(true), Ok(false), Ok(true), Err(anyhow!("no tunnel"))] {
			seen.fetched(&fetched);
		}
		assert_eq!((seen.right, seen.wrong, seen.failed), (2, 1, 1));
		assert_eq!(seen.trouble.as_deref(), Some("no tunnel"));
	}
}
