//! Who is asked for a sign of life, so that a loss is not taken for another's fault.

use super::{Of, Ping, Subject, Watched, Watching};
use crate::Micros;

/// Others that may be asked for a sign of life and are not watched, at most.
const MAX_WITNESSES: usize = 32;
/// Witnesses that are asked together.
pub(super) const WITNESSES: usize = 3;

impl<C: Clone + PartialEq> Watching<C> {
	/// Others that may be asked for a sign of life, all of them elsewhere.
	pub fn set_witnesses(&mut self, witnesses: Vec<C>) {
		self.witnesses = witnesses;
		self.witnesses.truncate(MAX_WITNESSES);
	}

	/// When witnesses are to be asked: with a ping of somebody suspected, if nothing has proven this line since.
	pub(super) fn witnesses_due(&self) -> Option<Micros> {
		let is_doubtful = |ping: &&Ping| match ping.of {
			Of::Watched(provider) => self.watched.get(&provider).is_some_and(Watched::is_suspected),
			Of::Alarm(..) => true,
			Of::Witness => false,
		};
		let sent = self.pings.values().rev().find(is_doubtful)?.sent;
		if self.is_proven_since(sent) || self.called.is_some_and(|called| called >= sent) {
			return None;
		}
		let pause = self.called.map_or(0, |called| called.saturating_add(self.rhythm.patience() / 4));
		Some(sent.max(pause))
	}

	pub(super) fn call_witnesses(&mut self, now: Micros) {
		self.called = Some(now);
		for contact in self.choose_witnesses() {
			self.ping(now, Of::Witness, Subject { contact, is_elsewhere: true });
		}
	}

	/// Those that answered last, else the others that are known; from a random place on.
	fn choose_witnesses(&mut self) -> Vec<C> {
		let doubted = |contact: &C| {
			let of_watched = self.watched.values().filter(|watched| watched.is_suspected());
			let of_watched = of_watched.map(|watched| &watched.subject.contact);
			let of_alarms = self.alarms.values().map(|alarm| &alarm.subject.contact);
			of_watched.chain(of_alarms).any(|other| other == contact)
		};
		let watched = self.watched.values().filter(|watched| watched.subject.is_elsewhere);
		let watched = watched.map(|watched| &watched.subject.contact).filter(|contact| !doubted(contact));
		let others = self.witnesses.iter().filter(|contact| !doubted(contact));
		let (watched, others): (Vec<C>, Vec<C>) = (watched.cloned().collect(), others.cloned().collect());
		let mut chosen = Vec::new();
		for known in [watched, others] {
			let from = usize::try_from(self.draw(known.len() as u64)).unwrap_or(0);
			let missing = WITNESSES.saturating_sub(chosen.len());
			chosen.extend(known.iter().cycle().skip(from).take(missing.min(known.len())).cloned());
		}
		chosen
	}
}
