//! What costs a bond, in random lives of a line (property 40): neither absence nor tests without a result ever do, nor do
//! strikes that are fewer than three in five, nor the first false claim that is not a gross one; and an outage of a region
//! is nobody's fault.

use super::{
	outages::{break_down, watched},
	*,
};
use proptest::prelude::*;
use weir_math::verdict::Outcome;
use weir_primitives::{api::TestKind, seams::economy::LineHistory, Admission};

const LINE: ProviderIndex = 0;
const OWNER: AccountId = 100;
const CLAIM: Kbps = 100_000;

/// How an epoch finds the line.
#[derive(Clone, Copy, Debug)]
enum Day {
	/// It carries so many hundredths of what it claims, more than half of it.
	Carries(u32),
	/// Nobody reaches it.
	Away,
	/// Nobody reports on anything.
	Unheard,
	/// It carries so many hundredths, from a quarter to a half.
	Short(u32),
}

/// Days of which so many, beside nine others, find it short.
fn day(short: u32) -> impl Strategy<Value = Day> {
	prop_oneof![
		4 => (52..=100u32).prop_map(Day::Carries),
		3 => Just(Day::Away),
		2 => Just(Day::Unheard),
		short => (27..=48u32).prop_map(Day::Short),
	]
}

/// Lives of the many, and of those who lie.
fn days() -> impl Strategy<Value = Vec<Day>> {
	prop_oneof![prop::collection::vec(day(5), 1..16), prop::collection::vec(day(40), 10..16)]
}

fn live(day: Day) {
	let carries = |percent: u32| {
		cycle(|_, task| honest(task, symmetric(task.claim.down_kbps / 100 * percent)));
	};
	match day {
		Day::Carries(percent) | Day::Short(percent) => carries(percent),
		Day::Away => cycle(|_, task| Some(unreachable(task.provider))),
		Day::Unheard => cycle_with(|_, _| None),
	}
}

/// The rules by which strikes lead to an escalation, and what follows from that.
#[derive(Default)]
struct Conduct {
	/// Of the last tests that measured something, whether each was a strike.
	tests: Vec<bool>,
	/// Confirmed false claims.
	confirmed: usize,
	opened: usize,
}

impl Conduct {
	fn note(&mut self, day: Day, events: &[Event<Runtime>]) {
		for event in events {
			match event {
				Event::VerdictReached { provider: LINE, verdict, .. } => self.note_verdict(day, verdict),
				Event::EscalationOpened { .. } => {
					let last = &self.tests[self.tests.len().saturating_sub(5)..];
					let strikes = last.iter().filter(|strike| **strike).count();
					assert!(strikes >= 3, "escalated for {:?}", self.tests);
					self.opened += 1;
				}
				Event::FalseClaimConfirmed { slash, .. } => {
					self.confirmed += 1;
					self.tests.clear();
					assert_eq!(slash.is_some(), self.confirmed > 1);
				}
				Event::EscalationRefuted { .. } => self.tests.clear(),
				Event::EscalationLapsed { .. } => self.tests.clear(),
				_ => {}
			}
		}
		assert!(self.confirmed <= self.opened);
		assert_eq!(Queued::get().len(), self.confirmed.saturating_sub(1), "who was fined, and when");
		assert!(!matches!(Registered::get()[&LINE].admission, Admission::Jailed { .. }));
	}

	fn note_verdict(&mut self, day: Day, verdict: &VerdictRecord) {
		let is_strike = verdict.outcome == Outcome::Strike;
		match day {
			Day::Carries(_) => assert!(!is_strike, "{verdict:?}"),
			Day::Short(_) => assert!(is_strike, "{verdict:?}"),
			Day::Away => assert_eq!(verdict.outcome, Outcome::Unreachable),
			Day::Unheard => assert_eq!(verdict.outcome, Outcome::Void),
		}
		// An escalation is none of the five, and absence says nothing.
		let is_counted = verdict.kind != TestKind::Escalation;
		if is_counted && !matches!(verdict.outcome, Outcome::Unreachable | Outcome::Void) {
			self.tests.push(is_strike);
		}
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(48))]

	#[test]
	fn bond_should_only_be_fined_for_a_second_false_claim(days in days()) {
		ExtBuilder::default().seats(8).build_and_execute(|| {
			register(LINE, OWNER, symmetric(CLAIM));
			run_to(FIRST_TESTED_EPOCH, 0);
			let mut conduct = Conduct::default();
			for day in days {
				System::reset_events();
				// What was lowered is claimed again.
				if Registered::get()[&LINE].claim.down_kbps < CLAIM / 4 {
					change(LINE, |facts| facts.claim = symmetric(CLAIM)).unwrap();
				}
				live(day);
				conduct.note(day, &events());
			}
		});
	}

	/// Whatever part of a region goes down together, in whatever order: no line is struck or fined for having been away, and
	/// it is the region's outage exactly where more than four are, of at least so many operators.
	#[test]
	fn lines_that_go_down_together_should_not_be_struck(
		order in Just((0..6u32).collect::<Vec<_>>()).prop_shuffle(), count in 1..=6usize, epochs in 1..4u32,
	) {
		watched(6, || {
			let down = &order[..count];
			down.iter().for_each(|provider| break_down(*provider));
			for _ in 0..epochs {
				cycle(|_, task| match down.contains(&task.provider) {
					true => Some(unreachable(task.provider)),
					false => honest(task, task.claim),
				});
				for provider in 0..6 {
					let who = Registered::get()[&provider].account;
					assert_eq!(Pob::strikes(&who), 0);
					let outcome = last_verdict(provider).outcome;
					let is_down = down.contains(&provider);
					assert_eq!(outcome, if is_down { Outcome::Unreachable } else { Outcome::Good });
					let is_excused = Pob::line(provider).is_some_and(|line| line.is_excused);
					assert_eq!(is_excused, is_down && count >= 5, "{provider} with {count} down");
				}
				assert!(Queued::get().is_empty());
				assert!(!events().iter().any(|event| matches!(event, Event::EscalationOpened { .. })));
			}
		});
	}
}
