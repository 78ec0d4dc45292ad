//! Members whose own line is under test at the same time.

use super::*;
use crate::assignment::Draw;
use weir_math::schedule::Run;
use weir_primitives::api::TestKind;

/// Holds a seat, and owns the line with index 0.
const MEMBER: AccountId = 1;
const OWN: ProviderIndex = 0;
const LINES: ProviderIndex = 60;
const CLAIM: Kbps = 20_000;

fn run_of(epoch: EpochIndex, provider: ProviderIndex) -> Option<Run> {
	let mut draw = Draw::<Runtime>::of(epoch)?;
	let test = draw.test_of(provider)?;
	draw.run_of(&test)
}

/// Lines that [`MEMBER`] is drawn to measure in `epoch` while its own is tested.
fn missed_by_member(epoch: EpochIndex) -> Vec<ProviderIndex> {
	let own = run_of(epoch, OWN).expect("it has started");
	(1..LINES)
		.filter(|line| Pob::assignment(epoch, *line).contains(&MEMBER))
		.filter(|line| run_of(epoch, *line).is_some_and(|run| run.collides(&own, 2_000)))
		.collect()
}

fn score_of_member() -> u32 {
	Pob::seat(&MEMBER).unwrap().score_ppm
}

/// The score after an epoch in which nothing was missed.
fn all_delivered(score_ppm: u32) -> u32 {
	weir_math::score::update_ppm(score_ppm, 1, 1)
}

/// Opens an escalation of the own line in every epoch that is prepared.
fn escalate() {
	let claim = symmetric(CLAIM);
	Targets::<Runtime>::mutate_extant(OWN, |target| {
		target.escalation = Some(Escalation { due: Pob::epoch(), claim, attempts: 0, cause: Cause::Strikes });
	});
}

/// Runs to the last slot of the first epoch in which the member is busy for a line, and hands over that line and the
/// tasks the member had in the epoch's first slot.
fn when_busy(prepare: fn(), test: impl FnOnce(EpochIndex, ProviderIndex, Vec<ProviderIndex>)) {
	ExtBuilder::default().build_and_execute(|| {
		register(OWN, MEMBER, symmetric(CLAIM));
		for line in 1..LINES {
			register(line, 100 + u64::from(line), symmetric(CLAIM));
		}
		for epoch in FIRST_TESTED_EPOCH..FIRST_TESTED_EPOCH + 40 {
			run_to(epoch, 0);
			prepare();
			let first = Pob::tasks(&MEMBER).iter().map(|task| task.provider).collect();
			run_to(epoch, 29);
			if let [line, ..] = missed_by_member(epoch)[..] {
				return test(epoch, line, first);
			}
		}
		panic!("in forty epochs no two tests met");
	});
}

#[test]
fn tasks_should_lose_a_test_when_it_meets_the_one_of_the_own_line() {
	when_busy(
		|| {},
		|epoch, line, first| {
			assert!(first.contains(&line), "nobody knew before");
			let tasks = Pob::tasks(&MEMBER);
			assert!(tasks.iter().all(|task| task.provider != line));
			// All others stay, and have a start.
			assert_eq!(tasks.len(), first.len() - missed_by_member(epoch).len());
			assert!(!tasks.is_empty() && tasks.iter().all(|task| task.start_slot.is_some()));
			// The target keeps it on its list, whose order numbers the tunnels.
			assert!(Pob::assignment(epoch, line).contains(&MEMBER));
			let account = 100 + u64::from(line);
			let committee = Pob::target_test(&account).unwrap().committee;
			assert!(committee.iter().any(|member| member.account == MEMBER));
		},
	);
}

#[test]
fn busy_member_should_be_absent_without_losing_score() {
	when_busy(
		|| {},
		|epoch, line, _| {
			let score = score_of_member();
			cycle(|_, task| honest(task, symmetric(CLAIM)));
			let verdict = last_verdict(line);
			assert_eq!((verdict.epoch, verdict.members, verdict.present), (epoch, 5, 4));
			assert_eq!(score_of_member(), all_delivered(score));
		},
	);
}

#[test]
fn reveal_should_reject_an_entry_when_the_member_was_busy() {
	when_busy(
		|| {},
		|epoch, line, first| {
			let entries: Vec<Entry> = first.into_iter().map(entry).collect();
			let missed = missed_by_member(epoch);
			run_to(epoch + 1, opens(Step::Commit));
			submit(commit_call(epoch, MEMBER, &entries));
			run_to(epoch + 1, opens(Step::Reveal));
			submit(reveal_call(epoch, MEMBER, &entries));
			let rejected: Vec<_> = entries
				.iter()
				.filter(|entry| missed.contains(&entry.provider))
				.map(|entry| (entry.provider, Rejection::Busy))
				.collect();
			let accepted = (entries.len() - rejected.len()) as u32;
			let rejected = rejected.try_into().unwrap();
			System::assert_last_event(Event::Revealed { epoch, node: MEMBER, accepted, rejected }.into());
			assert!(Filings::<Runtime>::get(epoch, line).is_empty());
		},
	);
}

#[test]
fn member_should_stay_excused_when_its_own_escalation_is_closed_first() {
	when_busy(escalate, |epoch, line, _| {
		let (score, own) = (score_of_member(), run_of(epoch, OWN));
		// The own line is judged before the others, and its escalation ends with that.
		cycle(|_, task| honest(task, symmetric(CLAIM)));
		assert_eq!(last_verdict(OWN).kind, TestKind::Escalation);
		assert_eq!(Targets::<Runtime>::get(OWN).unwrap().escalation, None);
		assert_ne!(run_of(epoch, OWN), own, "what is computed now is another test");
		let verdict = last_verdict(line);
		assert_eq!((verdict.epoch, verdict.present), (epoch, 4));
		assert_eq!(score_of_member(), all_delivered(score));
	});
}

#[test]
fn busy_member_should_lose_score_when_it_does_not_reveal() {
	when_busy(
		|| {},
		|epoch, line, _| {
			let score = score_of_member();
			cycle_with(|node, tasks| {
				let entries = tasks.iter().filter_map(|task| honest(task, symmetric(CLAIM))).collect();
				(node != MEMBER).then_some(entries)
			});
			let verdict = last_verdict(line);
			assert_eq!((verdict.epoch, verdict.present), (epoch, 4));
			assert!(score_of_member() < score);
		},
	);
}
