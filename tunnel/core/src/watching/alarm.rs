//! An open alarm: three pings of its own, and what a confirmer says by them.

use super::{Rhythm, Subject};
use crate::Micros;
use weir_primitives::ProviderIndex;

/// Lost pings after which a confirmer says that a provider is down.
const PINGS: u32 = 3;

/// An alarm this seat is asked about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question<C> {
	/// The provider.
	pub provider: ProviderIndex,
	/// Number of the block that raised the alarm.
	pub raised: u32,
	/// Whom to ping.
	pub subject: Subject<C>,
	/// A vote that is not ready by then comes too late.
	pub until: Micros,
}

/// What is known of it.
pub(super) struct Alarm<C> {
	pub(super) subject: Subject<C>,
	until: Micros,
	/// Between two pings.
	gap: Micros,
	next: Micros,
	under_way: u32,
	lost: u32,
	pub(super) is_down: Option<bool>,
}

impl<C> Alarm<C> {
	pub(super) fn new(now: Micros, subject: Subject<C>, until: Micros, rhythm: &Rhythm) -> Self {
		let left = until.saturating_sub(now).saturating_sub(rhythm.patience());
		let gap = rhythm.hurried().min(left / u64::from(PINGS));
		Self { subject, until, gap, next: now, under_way: 0, lost: 0, is_down: None }
	}

	/// When its next ping is due; none if no further one is of use.
	pub(super) fn due(&self, rhythm: &Rhythm) -> Option<Micros> {
		let is_open = self.is_down.is_none() && self.under_way.saturating_add(self.lost) < PINGS;
		(is_open && self.next.saturating_add(rhythm.patience()) <= self.until).then_some(self.next)
	}

	pub(super) fn send(&mut self, now: Micros) {
		self.under_way = self.under_way.saturating_add(1);
		self.next = now.saturating_add(self.gap);
	}

	/// Once answered, it is up, whatever was lost before.
	pub(super) fn take_answer(&mut self) {
		self.is_down = Some(false);
	}

	/// A loss counts only if this line was proven; another ping takes the place of one that does not.
	pub(super) fn lose(&mut self, is_proven: bool) {
		self.under_way = self.under_way.saturating_sub(1);
		if is_proven {
			self.lost = self.lost.saturating_add(1);
		}
		if self.lost >= PINGS {
			self.is_down = self.is_down.or(Some(true));
		}
	}
}
