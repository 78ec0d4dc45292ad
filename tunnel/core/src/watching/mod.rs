//! Whether watched providers answer, and whether it is they or this line that is silent.
//!
//! Each watched provider is pinged through the epoch, each provider of an open alarm three times. **A lost ping says
//! nothing of a provider unless this line was seen to work meanwhile:** something must have come in from elsewhere
//! between the ping and the end of the patience with it. Whoever is suspected is therefore pinged together with
//! witnesses: others that answered lately. One loss without proof begins the count anew, so that a line that is dead or
//! comes and goes reports nobody, and a process that starts knows nothing.
//!
//! Time is monotonic: a wall clock that is set back would let an old proof look like a new one.

mod alarm;
mod rhythm;
mod witnesses;

pub use alarm::Question;
pub use rhythm::Rhythm;

use crate::{keystream, Micros};
use alarm::Alarm;
use rhythm::{spread, Answers, Losses};
use std::collections::{BTreeMap, VecDeque};
use weir_primitives::ProviderIndex;

/// Providers watched at once, at most.
pub const MAX_WATCHED: usize = 256;
/// Open alarms at once, at most.
pub const MAX_ALARMS: usize = 64;

/// A provider and the way to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Subject<C> {
	/// Where it is asked.
	pub contact: C,
	/// Whether it is so far away from this line's place that its answer proves the line.
	pub is_elsewhere: bool,
}

/// What the driver has to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Output<C> {
	/// Ask the contact, with patience as [`Rhythm`] says; an authenticated answer goes to [`Watching::handle_answer`].
	Ping {
		/// Names the ping.
		number: u64,
		/// Whom to ask.
		contact: C,
	},
	/// A ping was lost: the next one must not wait for what may be a dead connection.
	HangUp(C),
}

/// What is known of a watched provider.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Finding {
	/// Its pings are lost, and it is not this line.
	Down,
	/// It answers.
	Up,
}

struct Watched<C> {
	subject: Subject<C>,
	/// When it was last said that it is to be watched.
	named: Micros,
	/// When the next ping is due, if none is under way.
	next: Micros,
	is_under_way: bool,
	finding: Option<Finding>,
	losses: Losses,
	answers: Answers,
}

impl<C> Watched<C> {
	/// Whether a loss may be about to count, so that this line has to be proven.
	fn is_suspected(&self) -> bool {
		self.answers.count == 0
	}
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Of {
	Watched(ProviderIndex),
	Alarm(ProviderIndex, u32),
	Witness,
}

struct Ping {
	of: Of,
	sent: Micros,
	/// Whether its answer proves this line.
	proves: bool,
}

/// The state of a seat's watch. `C` is how the driver reaches somebody.
pub struct Watching<C> {
	rhythm: Rhythm,
	watched: BTreeMap<ProviderIndex, Watched<C>>,
	alarms: BTreeMap<(ProviderIndex, u32), Alarm<C>>,
	witnesses: Vec<C>,
	/// By number, which ascends with the time of sending.
	pings: BTreeMap<u64, Ping>,
	next_number: u64,
	/// When this line was last seen to work.
	proven: Option<Micros>,
	/// When witnesses were last asked.
	called: Option<Micros>,
	seed: [u8; 32],
	drawn: u32,
	outputs: VecDeque<Output<C>>,
}

impl<C: Clone + PartialEq> Watching<C> {
	/// Watches nobody yet. What is drawn at random follows from `seed`.
	pub fn new(rhythm: Rhythm, seed: [u8; 32]) -> Self {
		Self {
			rhythm,
			watched: BTreeMap::new(),
			alarms: BTreeMap::new(),
			witnesses: Vec::new(),
			pings: BTreeMap::new(),
			next_number: 0,
			proven: None,
			called: None,
			seed,
			drawn: 0,
			outputs: VecDeque::new(),
		}
	}

	/// Watches a provider, until it has not been named again for an alarm slot. At another contact nothing is known of it
	/// any more. Beyond [`MAX_WATCHED`] it takes the place of whom it has been longest since, or nobody's.
	pub fn name(&mut self, now: Micros, provider: ProviderIndex, subject: Subject<C>) {
		if let Some(known) = self.watched.get_mut(&provider).filter(|known| known.subject == subject) {
			known.named = now;
			return;
		}
		if self.watched.len() >= MAX_WATCHED && !self.watched.contains_key(&provider) {
			let oldest = self.watched.iter().min_by_key(|(_, known)| known.named);
			let Some(oldest) = oldest.filter(|(_, known)| known.named < now).map(|(provider, _)| *provider)
			else {
				return;
			};
			self.forget(oldest);
		}
		let watched = Watched {
			subject,
			named: now,
			next: now.saturating_add(self.draw(self.rhythm.period())),
			is_under_way: false,
			finding: None,
			losses: Losses::default(),
			answers: Answers::default(),
		};
		self.forget(provider);
		self.watched.insert(provider, watched);
	}

	fn forget(&mut self, provider: ProviderIndex) {
		self.watched.remove(&provider);
		self.pings.retain(|_, ping| ping.of != Of::Watched(provider));
	}

	/// Takes the open alarms, of which at most [`MAX_ALARMS`] are looked at; what is not among them is closed.
	pub fn ask(&mut self, now: Micros, questions: Vec<Question<C>>) {
		let mut open = BTreeMap::new();
		for Question { provider, raised, subject, until } in questions.into_iter().take(MAX_ALARMS) {
			let key = (provider, raised);
			let known = self.alarms.remove(&key).filter(|known| known.subject == subject);
			let alarm = known.unwrap_or_else(|| Alarm::new(now, subject, until, &self.rhythm));
			open.insert(key, alarm);
		}
		self.alarms = open;
		let alarms = &self.alarms;
		self.pings.retain(|_, ping| match ping.of {
			Of::Alarm(provider, raised) => alarms.contains_key(&(provider, raised)),
			Of::Watched(_) | Of::Witness => true,
		});
	}

	/// Something came in that only a working line lets in.
	pub fn handle_proof(&mut self, now: Micros) {
		self.proven = self.proven.max(Some(now));
	}

	/// A ping was answered by whom it was sent to. After the patience with it, that is no answer any more.
	pub fn handle_answer(&mut self, now: Micros, number: u64) {
		let Some(Ping { of, sent, proves }) = self.pings.remove(&number) else { return };
		if proves {
			self.handle_proof(now);
		}
		match of {
			Of::Watched(provider) => {
				let Some(watched) = self.watched.get_mut(&provider) else { return };
				watched.losses = Losses::default();
				watched.answers.count_one(now);
				if watched.answers.are_enough() {
					watched.finding = Some(Finding::Up);
				}
				let is_settled = watched.finding == Some(Finding::Up);
				self.plan(provider, sent, now, is_settled);
			}
			Of::Alarm(provider, raised) => {
				if let Some(alarm) = self.alarms.get_mut(&(provider, raised)) {
					alarm.take_answer();
				}
			}
			Of::Witness => {}
		}
	}

	/// Ends the patience with pings and sends those that are due.
	pub fn handle_timeout(&mut self, now: Micros) {
		let patience = self.rhythm.patience();
		while let Some(ping) =
			self.pings.first_entry().filter(|ping| ping.get().sent.saturating_add(patience) <= now)
		{
			let ping = ping.remove();
			self.lose(now, ping);
		}
		let kept = self.rhythm.alarm_slot();
		let is_over = |watched: &Watched<C>| now.saturating_sub(watched.named) > kept;
		let over = self.watched.iter().filter(|(_, watched)| is_over(watched)).map(|(provider, _)| *provider);
		over.collect::<Vec<_>>().into_iter().for_each(|provider| self.forget(provider));
		let due = |watched: &Watched<C>| !watched.is_under_way && watched.next <= now;
		let providers =
			self.watched.iter().filter(|(_, watched)| due(watched)).map(|(provider, _)| *provider);
		for provider in providers.collect::<Vec<_>>() {
			let Some(watched) = self.watched.get_mut(&provider) else { continue };
			watched.is_under_way = true;
			let subject = watched.subject.clone();
			self.ping(now, Of::Watched(provider), subject);
		}
		let rhythm = self.rhythm;
		let is_due = |alarm: &Alarm<C>| alarm.due(&rhythm).is_some_and(|due| due <= now);
		let alarms = self.alarms.iter().filter(|(_, alarm)| is_due(alarm)).map(|(key, _)| *key);
		for (provider, raised) in alarms.collect::<Vec<_>>() {
			let Some(alarm) = self.alarms.get_mut(&(provider, raised)) else { continue };
			alarm.send(now);
			let subject = alarm.subject.clone();
			self.ping(now, Of::Alarm(provider, raised), subject);
		}
		if self.witnesses_due().is_some_and(|due| due <= now) {
			self.call_witnesses(now);
		}
	}

	/// When [`Self::handle_timeout`] is due next.
	pub fn timeout(&self) -> Option<Micros> {
		let lost = self.pings.values().next().map(|ping| ping.sent.saturating_add(self.rhythm.patience()));
		let pings = self.watched.values().filter(|watched| !watched.is_under_way).map(|watched| watched.next);
		let alarms = self.alarms.values().filter_map(|alarm| alarm.due(&self.rhythm));
		pings.chain(alarms).chain(lost).chain(self.witnesses_due()).min()
	}

	/// What the driver has to do next.
	pub fn poll(&mut self) -> Option<Output<C>> {
		self.outputs.pop_front()
	}

	/// What is known of a watched provider now; none if nothing is, or it is too long ago.
	pub fn finding(&self, now: Micros, provider: ProviderIndex) -> Option<Finding> {
		let watched = self.watched.get(&provider)?;
		let (counts, at) = match watched.finding? {
			Finding::Down => (self.rhythm.is_down(&watched.losses), watched.losses.last),
			Finding::Up => (watched.answers.are_enough(), watched.answers.last),
		};
		let is_fresh = now.saturating_sub(at) <= self.rhythm.stale();
		watched.finding.filter(|_| counts && is_fresh)
	}

	/// Whether the provider of an alarm is down; none if it is not known yet.
	pub fn vote(&self, provider: ProviderIndex, raised: u32) -> Option<bool> {
		self.alarms.get(&(provider, raised))?.is_down
	}

	/// How many are watched, and how many of them are down.
	pub fn counts(&self, now: Micros) -> (usize, usize) {
		let is_down = |provider| self.finding(now, provider) == Some(Finding::Down);
		(self.watched.len(), self.watched.keys().filter(|provider| is_down(**provider)).count())
	}

	fn ping(&mut self, now: Micros, of: Of, Subject { contact, is_elsewhere }: Subject<C>) {
		let number = self.next_number;
		self.next_number = number.wrapping_add(1);
		self.pings.insert(number, Ping { of, sent: now, proves: is_elsewhere });
		self.outputs.push_back(Output::Ping { number, contact });
	}

	fn lose(&mut self, now: Micros, Ping { of, sent, .. }: Ping) {
		let is_proven = self.is_proven_since(sent);
		match of {
			Of::Watched(provider) => {
				let Some(watched) = self.watched.get_mut(&provider) else { return };
				watched.answers = Answers::default();
				if is_proven {
					watched.losses.count_one(sent, now);
				} else {
					watched.losses = Losses::default();
				}
				if self.rhythm.is_down(&watched.losses) {
					watched.finding = Some(Finding::Down);
				}
				self.outputs.push_back(Output::HangUp(watched.subject.contact.clone()));
				self.plan(provider, sent, now, false);
			}
			Of::Alarm(provider, raised) => {
				let Some(alarm) = self.alarms.get_mut(&(provider, raised)) else { return };
				alarm.lose(is_proven);
				self.outputs.push_back(Output::HangUp(alarm.subject.contact.clone()));
			}
			Of::Witness => {}
		}
	}

	fn is_proven_since(&self, sent: Micros) -> bool {
		self.proven.is_some_and(|at| at >= sent)
	}

	/// The next ping: after a period, or half of one while it is not known how the provider is.
	fn plan(&mut self, provider: ProviderIndex, sent: Micros, now: Micros, is_settled: bool) {
		let every = if is_settled { self.rhythm.period() } else { self.rhythm.hurried() };
		let gaps = spread(every);
		let gap = gaps.start.saturating_add(self.draw(gaps.end.saturating_sub(gaps.start)));
		if let Some(watched) = self.watched.get_mut(&provider) {
			watched.is_under_way = false;
			watched.next = sent.saturating_add(gap).max(now);
		}
	}

	/// A number below `end`, or 0.
	fn draw(&mut self, end: u64) -> u64 {
		let mut word = [0; 8];
		keystream::apply(&self.seed, self.drawn, &mut word);
		self.drawn = self.drawn.wrapping_add(1);
		u64::from_le_bytes(word).checked_rem(end).unwrap_or(0)
	}
}

#[cfg(test)]
mod tests;
