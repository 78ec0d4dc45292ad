//! A watcher on a simulated line. Contacts are names; time runs in steps of what is due.

use super::{witnesses::WITNESSES, *};
use crate::MILLI;
use proptest::prelude::*;

const SECOND: Micros = 1_000 * MILLI;
const PUBLIC: Micros = 600 * SECOND;
const LOCAL: Micros = 20 * SECOND;
const ROUND_TRIP: Micros = 50 * MILLI;
/// When TCP tries, after a ping was sent: a short break of the line delays an answer and does not take it away.
const ATTEMPTS: [Micros; 3] = [0, SECOND, 3 * SECOND];

type Name = &'static str;
/// Whether what is named works at a time.
type World = Box<dyn Fn(Name, Micros) -> bool>;

struct Sim {
	watching: Watching<Name>,
	now: Micros,
	world: World,
	/// Answers on their way.
	answers: BTreeMap<Micros, Vec<u64>>,
	sent: Vec<(Micros, Name)>,
	most_under_way: usize,
}

/// The name under which a [`World`] is asked for the watcher's own line.
const LINE: Name = "line";

impl Sim {
	fn new(alarm_slot: Micros, world: impl Fn(Name, Micros) -> bool + 'static) -> Self {
		Self::with(alarm_slot, [1; 32], Box::new(world))
	}

	fn with(alarm_slot: Micros, seed: [u8; 32], world: World) -> Self {
		let watching = Watching::new(Rhythm::of(alarm_slot), seed);
		let (answers, sent) = (BTreeMap::new(), vec![]);
		Self { watching, now: 1_000 * SECOND, world, answers, sent, most_under_way: 0 }
	}

	fn name(&mut self, watched: &[(ProviderIndex, Name)]) {
		for (provider, contact) in watched {
			self.watching.name(self.now, *provider, elsewhere(contact));
		}
	}

	/// Runs until `until`, naming `watched` every two seconds.
	fn run(&mut self, watched: &[(ProviderIndex, Name)], until: Micros) {
		let mut named = self.now;
		self.name(watched);
		while self.now < until {
			self.watching.handle_timeout(self.now);
			self.act();
			self.most_under_way = self.most_under_way.max(self.watching.pings.len());
			let next =
				[self.watching.timeout(), self.answers.keys().next().copied(), Some(named + 2 * SECOND)];
			let next = next.into_iter().flatten().min().unwrap();
			self.now = next.clamp(self.now, until);
			let later = self.answers.split_off(&(self.now + 1));
			for (_, numbers) in std::mem::replace(&mut self.answers, later) {
				numbers.into_iter().for_each(|number| self.watching.handle_answer(self.now, number));
			}
			if self.now >= named + 2 * SECOND {
				named = self.now;
				self.name(watched);
			}
		}
	}

	fn act(&mut self) {
		while let Some(output) = self.watching.poll() {
			let Output::Ping { number, contact } = output else { continue };
			self.sent.push((self.now, contact));
			let works = |at: &Micros| (self.world)(LINE, *at) && (self.world)(contact, *at);
			let arrival = ATTEMPTS.iter().map(|after| self.now + after).find(works);
			if let Some(at) = arrival {
				self.answers.entry(at + ROUND_TRIP).or_default().push(number);
			}
		}
	}

	fn finding(&self, provider: ProviderIndex) -> Option<Finding> {
		self.watching.finding(self.now, provider)
	}

	/// Runs for `span` and asserts that the provider is never said to be down.
	fn never_down(&mut self, watched: &[(ProviderIndex, Name)], span: Micros) {
		let until = self.now + span;
		while self.now < until {
			let next = self.now + SECOND;
			self.run(watched, next);
			for (provider, _) in watched {
				assert_ne!(self.finding(*provider), Some(Finding::Down), "after {} s", self.now / SECOND);
			}
		}
	}

	fn question(&self, contact: Name, span: Micros) -> Question<Name> {
		Question { provider: 9, raised: 77, subject: elsewhere(contact), until: self.now + span }
	}
}

fn elsewhere(contact: Name) -> Subject<Name> {
	Subject { contact, is_elsewhere: true }
}

const BOTH: [(ProviderIndex, Name); 2] = [(1, "a"), (2, "b")];

#[test]
fn provider_should_be_down_when_its_pings_are_lost_and_others_are_answered() {
	for (alarm_slot, within) in [(PUBLIC, 300 * SECOND), (LOCAL, 14 * SECOND)] {
		let falls = 1_100 * SECOND;
		let mut sim = Sim::new(alarm_slot, move |name, at| name != "a" || at < falls);
		sim.run(&BOTH, falls);
		assert_eq!((sim.finding(1), sim.finding(2)), (Some(Finding::Up), Some(Finding::Up)));
		// Not before a quarter of the alarm slot.
		sim.never_down(&BOTH, alarm_slot / 4);
		sim.run(&BOTH, falls + within);
		assert_eq!((sim.finding(1), sim.finding(2)), (Some(Finding::Down), Some(Finding::Up)));
		assert_eq!(sim.watching.counts(sim.now), (2, 1));
	}
}

#[test]
fn provider_should_be_up_when_two_pings_are_answered_again() {
	let mut sim = Sim::new(PUBLIC, |name, at| name != "a" || at > 1_700 * SECOND);
	sim.run(&BOTH, 1_690 * SECOND);
	assert_eq!(sim.finding(1), Some(Finding::Down));
	sim.run(&BOTH, 1_701 * SECOND);
	let answered = |sim: &Sim| sim.watching.watched[&1].answers.count;
	while answered(&sim) == 0 {
		let next = sim.now + SECOND;
		sim.run(&BOTH, next);
	}
	// One answer is neither.
	assert_eq!(sim.finding(1), None);
	while answered(&sim) == 1 {
		let next = sim.now + SECOND;
		sim.run(&BOTH, next);
	}
	assert_eq!(sim.finding(1), Some(Finding::Up));
	assert!(sim.now < 1_800 * SECOND, "asked more often while it is not certain");
}

#[test]
fn nobody_should_be_down_when_this_line_is_dead() {
	let dies = 1_300 * SECOND;
	let mut sim = Sim::new(PUBLIC, move |name, at| name != LINE || at < dies);
	sim.run(&BOTH, dies);
	sim.never_down(&BOTH, 3_600 * SECOND);
	assert_eq!((sim.finding(1), sim.finding(2)), (None, None));
}

#[test]
fn down_should_be_taken_back_when_this_line_dies_too() {
	let mut sim = Sim::new(PUBLIC, |name, at| match name {
		"a" => at < 1_100 * SECOND,
		LINE => at < 1_500 * SECOND,
		_ => true,
	});
	sim.run(&BOTH, 1_490 * SECOND);
	assert_eq!(sim.finding(1), Some(Finding::Down));
	sim.run(&BOTH, 1_600 * SECOND);
	assert_eq!(sim.finding(1), None);
}

#[test]
fn nobody_should_be_down_when_this_line_comes_and_goes() {
	for (works, span) in [(10, 20), (40, 100), (70, 140), (299, 600)] {
		let mut sim =
			Sim::new(PUBLIC, move |name, at| name != LINE || (at / SECOND).rem_euclid(span) < works);
		sim.never_down(&BOTH, 3_600 * SECOND);
	}
}

#[test]
fn provider_should_not_be_down_when_it_comes_and_goes_within_a_quarter_of_an_alarm_slot() {
	let mut sim = Sim::new(PUBLIC, |name, at| name != "a" || (at / SECOND).rem_euclid(160) > 100);
	sim.never_down(&BOTH, 3_600 * SECOND);
}

#[test]
fn restart_should_report_nobody_before_it_has_lost_pings_of_its_own() {
	// The provider is down already, and this line not up yet.
	let mut sim = Sim::new(LOCAL, |name, at| name != "a" && (name != LINE || at > 1_030 * SECOND));
	sim.never_down(&BOTH, 30 * SECOND + LOCAL / 4);
	sim.run(&BOTH, 1_050 * SECOND);
	assert_eq!(sim.finding(1), Some(Finding::Down));
}

#[test]
fn lone_provider_should_be_down_only_when_something_else_proves_this_line() {
	let alone = [(1, "a")];
	let mut sim = Sim::new(LOCAL, |name, _| name != "a");
	sim.never_down(&alone, 100 * SECOND);
	// Witnesses that are not watched do.
	sim.watching.set_witnesses(vec!["a", "w"]);
	sim.run(&alone, 1_130 * SECOND);
	assert_eq!(sim.finding(1), Some(Finding::Down));
	assert!(sim.sent.iter().any(|(_, name)| *name == "w"));
	// And so does whatever else came in.
	let mut sim = Sim::new(LOCAL, |name, _| name != "a");
	for _ in 0..30 {
		let next = sim.now + SECOND;
		sim.run(&alone, next);
		sim.watching.handle_proof(sim.now);
	}
	assert_eq!(sim.finding(1), Some(Finding::Down));
}

#[test]
fn answers_from_this_lines_own_place_should_prove_nothing() {
	let mut sim = Sim::new(LOCAL, |name, _| name != "a");
	for _ in 0..60 {
		let next = sim.now + SECOND;
		sim.run(&[(1, "a")], next);
		sim.watching.name(sim.now, 2, Subject { contact: "b", is_elsewhere: false });
	}
	assert_eq!((sim.finding(1), sim.finding(2)), (None, Some(Finding::Up)));
}

#[test]
fn losses_should_be_forgotten_when_the_provider_moves() {
	let mut sim = Sim::new(LOCAL, |name, _| name != "a");
	sim.run(&BOTH, 1_030 * SECOND);
	assert_eq!(sim.finding(1), Some(Finding::Down));
	sim.watching.name(sim.now, 1, elsewhere("c"));
	assert_eq!(sim.finding(1), None);
}

#[test]
fn provider_should_be_left_alone_when_it_is_named_no_more() {
	let mut sim = Sim::new(LOCAL, |_, _| true);
	sim.run(&BOTH, 1_010 * SECOND);
	sim.run(&BOTH[1..], 1_031 * SECOND);
	assert_eq!(sim.watching.counts(sim.now).0, 1);
	let asked = sim.sent.len();
	sim.run(&BOTH[1..], 1_060 * SECOND);
	assert!(sim.sent[asked..].iter().all(|(_, name)| *name == "b"));
}

#[test]
fn finding_should_be_none_when_it_is_old() {
	let mut sim = Sim::new(LOCAL, |_, _| true);
	sim.run(&BOTH, 1_030 * SECOND);
	assert_eq!(sim.finding(1), Some(Finding::Up));
	assert_eq!(sim.watching.finding(sim.now + 10 * SECOND, 1), None);
}

#[test]
fn vote_should_be_down_after_three_lost_pings_and_up_after_one_answer() {
	for (alarm_slot, left) in [(PUBLIC, 160 * SECOND), (LOCAL, 8 * SECOND)] {
		for works in [false, true] {
			let mut sim = Sim::new(alarm_slot, move |name, _| name != "x" || works);
			let question = sim.question("x", left);
			let until = question.until;
			sim.watching.set_witnesses(vec!["w"]);
			sim.watching.ask(sim.now, vec![question.clone()]);
			assert_eq!(sim.watching.vote(9, 77), None);
			sim.run(&[], until);
			assert_eq!(sim.watching.vote(9, 77), Some(!works), "{left}");
			let asked = |sim: &Sim| sim.sent.iter().filter(|(_, name)| *name == "x").count();
			assert_eq!(asked(&sim), if works { 1 } else { 3 });
			// It stays, and is asked no more.
			sim.watching.ask(sim.now, vec![question]);
			sim.run(&[], until + 60 * SECOND);
			assert_eq!((sim.watching.vote(9, 77), asked(&sim)), (Some(!works), if works { 1 } else { 3 }));
			sim.watching.ask(sim.now, vec![]);
			assert_eq!(sim.watching.vote(9, 77), None);
		}
	}
}

#[test]
fn vote_should_be_none_when_this_line_is_dead_or_time_is_short() {
	let mut sim = Sim::new(LOCAL, |name, _| name != LINE);
	sim.watching.set_witnesses(vec!["w"]);
	let question = sim.question("x", 60 * SECOND);
	sim.watching.ask(sim.now, vec![question]);
	sim.run(&[], 1_100 * SECOND);
	assert_eq!(sim.watching.vote(9, 77), None);
	let mut sim = Sim::new(LOCAL, |name, _| name != "x");
	sim.watching.set_witnesses(vec!["w"]);
	let question = sim.question("x", 2 * SECOND);
	sim.watching.ask(sim.now, vec![question]);
	sim.run(&[], 1_100 * SECOND);
	assert_eq!(sim.watching.vote(9, 77), None);
	assert!(sim.sent.iter().all(|(_, name)| *name != "x"), "no ping whose loss would come too late");
}

#[test]
fn vote_should_wait_for_losses_that_count_when_this_line_comes_back_in_time() {
	let mut sim = Sim::new(PUBLIC, |name, at| name != "x" && (name != LINE || at > 1_040 * SECOND));
	sim.watching.set_witnesses(vec!["w"]);
	let question = sim.question("x", 170 * SECOND);
	sim.watching.ask(sim.now, vec![question]);
	sim.run(&[], 1_170 * SECOND);
	assert_eq!(sim.watching.vote(9, 77), Some(true));
	assert!(sim.sent.iter().filter(|(_, name)| *name == "x").count() > 3);
}

#[test]
fn watch_should_stay_bounded_whatever_it_is_given() {
	let mut sim = Sim::new(LOCAL, |name, _| name == LINE);
	for provider in 0..1_000 {
		sim.watching.name(sim.now, provider, elsewhere("a"));
	}
	let question = sim.question("x", 60 * SECOND);
	sim.watching.ask(sim.now, (0..1_000).map(|raised| Question { raised, ..question.clone() }).collect());
	sim.watching.set_witnesses(vec!["w"; 1_000]);
	assert_eq!((sim.watching.watched.len(), sim.watching.alarms.len()), (MAX_WATCHED, MAX_ALARMS));
	// Those of another epoch take the places of the old ones.
	sim.watching.name(sim.now + 1, 5_000, elsewhere("b"));
	assert!(sim.watching.watched.contains_key(&5_000));
	assert_eq!(sim.watching.watched.len(), MAX_WATCHED);
	sim.run(&[], 1_019 * SECOND);
	assert!(sim.most_under_way >= MAX_WATCHED);
	assert!(sim.most_under_way <= MAX_WATCHED + 3 * MAX_ALARMS + 5 * WITNESSES, "{}", sim.most_under_way);
	let extreme = Question { until: Micros::MAX, ..question };
	let mut sim = Sim::new(Micros::MAX, |_, _| true);
	sim.now = Micros::MAX - 10;
	sim.watching.ask(sim.now, vec![extreme]);
	sim.name(&BOTH);
	sim.watching.handle_timeout(Micros::MAX);
}

#[test]
fn answers_nobody_waits_for_should_be_ignored() {
	let mut sim = Sim::new(LOCAL, |name, _| name != "a");
	sim.run(&BOTH, 1_030 * SECOND);
	sim.watching.handle_answer(sim.now, 0);
	sim.watching.handle_answer(sim.now, u64::MAX);
	assert_eq!(sim.finding(1), Some(Finding::Down));
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(64))]

	/// Whatever this line does: a provider that answers whenever it is reached is never down, for its ping and those of
	/// the witnesses share the line's fate.
	#[test]
	fn provider_that_answers_should_never_be_down(
		seed: [u8; 32],
		breaks in proptest::collection::vec((4_000u64..120_000, 5_000u64..240_000), 20),
	) {
		let mut spans = vec![];
		let mut at = 1_000 * SECOND;
		for (dead, works) in breaks {
			spans.push(at..at + dead * MILLI);
			at += (dead + works) * MILLI;
		}
		let end = at;
		let world: World = Box::new(move |name, at| name != LINE || !spans.iter().any(|span| span.contains(&at)));
		let mut sim = Sim::with(PUBLIC, seed, world);
		let span = end - sim.now;
		sim.never_down(&BOTH, span);
	}
}
