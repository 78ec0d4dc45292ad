//! What follows when committees refute again and again that a provider is where it says.

use super::*;
use sp_runtime::Perbill;
use weir_math::location::{LocationFinding, JURY_MEMBERS, WRONG_REGION_TESTS};
use weir_primitives::{
	seams::{
		economy::{LineFacts, LineHistory},
		OnProviderChange, OnSlashDecided,
	},
	Admission, SlashReason, Timing,
};

const OWNER: AccountId = 100;
/// From Germany to Japan and back takes light in fibre more than 70 ms.
const TOO_FAST: u16 = 3_000;
const FAR: u16 = 20_000;
const ABROAD: [u8; 2] = *b"JP";
const ELSEWHERE: [u8; 2] = *b"KR";
/// Seats that are no majority of a jury.
const MINORITY: u64 = JURY_MEMBERS as u64 / 2;

fn timing() -> Timing {
	let committee = JURY_MEMBERS;
	let (large_committee, escalation_committee) = (committee, committee);
	Timing { committee, large_committee, escalation_committee, slash_delay_epochs: 4, ..Timing::local() }
}

fn enter(index: ProviderIndex) {
	register(index, OWNER, symmetric(100_000));
	change(index, |facts| {
		facts.region.country = ABROAD;
		facts.admission = Admission::Admitted { since: 0 };
	})
	.unwrap();
}

fn leave(index: ProviderIndex) {
	change(index, |facts| facts.in_service = false).unwrap();
	Registered::mutate(|all| all.remove(&index));
	Pob::provider_left(index, &OWNER);
}

/// A jury's worth of seats in Germany, all of them members of every committee, and a provider that claims to be in Japan.
fn story(test: impl FnOnce()) {
	let chain = ExtBuilder { timing: timing(), seats: JURY_MEMBERS.into(), ..Default::default() };
	chain.build_and_execute(|| {
		enter(0);
		run_to(FIRST_TESTED_EPOCH, 0);
		test();
	});
}

fn measure(rtt_10us: impl Fn(AccountId) -> u16) {
	cycle(|node, task| Some(Entry { rtt_10us: rtt_10us(node), ..honest(task, task.claim)? }));
}

fn refute() {
	measure(|_| TOO_FAST);
}

/// One test less than a row.
fn refute_almost() {
	(1..WRONG_REGION_TESTS).for_each(|_| refute());
}

fn refute_all() {
	(0..WRONG_REGION_TESTS).for_each(|_| refute());
}

fn line() -> LineFacts {
	Pob::line(0).expect("it was tested")
}

fn refutations() -> u8 {
	Pob::misplaced(&OWNER, ABROAD).map_or(0, |misplaced| misplaced.refutations)
}

fn finding() -> Option<LocationFinding> {
	events().into_iter().rev().find_map(|event| match event {
		Event::LocationJudged { finding, .. } => Some(finding),
		_ => None,
	})
}

fn keep(misplaced: Vec<Misplaced>) {
	Conducts::<Runtime>::mutate(OWNER, |stored| {
		stored.get_or_insert_default().misplaced = misplaced.try_into().unwrap();
	});
}

/// As if the slash had been applied.
fn apply(number: u32) {
	DueOf::mutate(|all| all.remove(&number));
}

#[test]
fn spoofer_should_be_slashed_and_banned_when_a_row_of_tests_refutes_it() {
	story(|| {
		for tests in 1..WRONG_REGION_TESTS {
			refute();
			assert_eq!(finding(), Some(LocationFinding::Refuted));
			assert_eq!((refutations(), line().is_refuted, line().banned_until), (tests, true, None));
			assert_eq!(Queued::get(), []);
		}
		refute();
		let (epoch, fraction) = (Pob::epoch() - 1, Perbill::from_percent(30));
		let reason = SlashReason::WrongRegion { epoch, country: ABROAD };
		assert_eq!(Queued::get(), [(OWNER, fraction, reason)]);
		let banned_until = Pob::epoch() + Pob::epochs_in_days(REGION_BAN_DAYS);
		let event = Event::WrongRegionConfirmed {
			provider: 0,
			account: OWNER,
			country: ABROAD,
			fraction,
			slash: 0,
			banned_until,
		};
		assert!(events().contains(&event));
		assert_eq!((line().banned_until, line().proof, refutations()), (Some(banned_until), None, 0));
		let facts = Pob::location_of(0, ABROAD);
		assert_eq!((facts.refuted, facts.contradicted), (Some(epoch), Some(epoch)));
		assert_eq!((facts.refutations, facts.banned_until), (0, Some(banned_until)));
		// It stays in service: it may say where it is.
		assert!(Registered::get()[&0].in_service);
	});
}

#[test]
fn honest_line_should_never_be_refuted_when_those_who_frame_it_are_a_minority() {
	story(|| {
		for _ in 0..3 * WRONG_REGION_TESTS {
			measure(|node| if node <= MINORITY { TOO_FAST } else { FAR });
			assert_eq!(finding(), Some(LocationFinding::Contradicted));
			assert!(!line().is_refuted);
		}
		assert_eq!((Queued::get(), Pob::misplaced(&OWNER, ABROAD)), (vec![], None));
	});
}

#[test]
fn minority_should_not_refute_when_nobody_else_gets_an_answer() {
	story(|| {
		for _ in 0..WRONG_REGION_TESTS {
			cycle(|node, task| match node <= MINORITY {
				true => Some(Entry { rtt_10us: TOO_FAST, ..honest(task, task.claim)? }),
				false => Some(unreachable(task.provider)),
			});
			assert_eq!(finding(), Some(LocationFinding::Contradicted));
		}
		assert_eq!((refutations(), Queued::get()), (0, vec![]));
	});
}

#[test]
fn row_should_end_when_a_test_measures_and_does_not_refute() {
	type Measured = fn(AccountId) -> u16;
	let others: [Measured; 3] = [
		|_| FAR,
		|node| if node <= MINORITY { TOO_FAST } else { FAR },
		|node| if node <= 2 { TOO_FAST } else { 0 },
	];
	story(|| {
		for other in others {
			refute_almost();
			assert_eq!(refutations(), WRONG_REGION_TESTS - 1);
			measure(other);
			assert_eq!((refutations(), line().is_refuted), (0, false));
			assert_eq!(Pob::misplaced(&OWNER, ABROAD), None);
		}
		assert_eq!(Queued::get(), []);
	});
}

#[test]
fn row_should_go_on_over_tests_that_measured_nothing() {
	story(|| {
		refute_almost();
		cycle(|_, task| Some(unreachable(task.provider)));
		cycle_with(|_, _| None);
		assert_eq!((refutations(), line().is_refuted), (WRONG_REGION_TESTS - 1, true));
		refute();
		assert_eq!(Queued::get().len(), 1);
	});
}

#[test]
fn slash_and_ban_should_be_taken_back_when_a_later_test_does_not_refute() {
	story(|| {
		refute_all();
		assert!(line().banned_until.is_some());
		measure(|_| FAR);
		assert_eq!((Cancelled::get(), line().banned_until), (vec![0], None));
		assert!(events().contains(&Event::RegionBanLifted { account: OWNER, country: ABROAD }));
		assert_eq!(Pob::misplaced(&OWNER, ABROAD), None);
		refute_almost();
		assert_eq!((refutations(), Queued::get().len()), (WRONG_REGION_TESTS - 1, 1));
	});
}

#[test]
fn ban_should_stay_when_the_slash_was_applied_before_a_proof() {
	story(|| {
		refute_all();
		let banned_until = line().banned_until;
		apply(0);
		measure(|_| FAR);
		assert_eq!((Cancelled::get(), line().banned_until), (vec![], banned_until));
		assert_eq!((line().is_refuted, line().proof), (false, Some(Pob::epoch() - 1)));
	});
}

fn was_lifted() -> bool {
	events().contains(&Event::RegionBanLifted { account: OWNER, country: ABROAD })
}

#[test]
fn ban_of_an_applied_slash_should_stay_when_the_next_slash_is_taken_back() {
	story(|| {
		refute_all();
		let earned = line().banned_until;
		apply(0);
		for number in 1..3 {
			refute_all();
			assert_eq!(Queued::get().len(), number + 1);
			assert!(line().banned_until > earned);
			measure(|_| FAR);
			assert_eq!(Cancelled::get().last(), Some(&(number as u32)));
			assert_eq!((line().banned_until, was_lifted()), (earned, false));
		}
	});
}

#[test]
fn ban_should_be_lifted_when_the_one_of_an_applied_slash_is_over() {
	story(|| {
		let now = Pob::epoch();
		let banned = |earned| Misplaced {
			banned_until: Some(now + 90),
			earned_until: Some(earned),
			..Misplaced::new(ABROAD)
		};
		let cancel = || Pob::slash_cancelled(&OWNER, &SlashReason::WrongRegion { epoch: 3, country: ABROAD });
		keep(vec![banned(now + 1)]);
		cancel();
		assert_eq!((Pob::banned_until(&OWNER, ABROAD), was_lifted()), (Some(now + 1), false));
		keep(vec![banned(now)]);
		cancel();
		assert_eq!((Pob::misplaced(&OWNER, ABROAD), was_lifted()), (None, true));
	});
}

#[test]
fn country_should_not_give_way_when_its_slash_waits() {
	story(|| {
		let now = Pob::epoch();
		let queued = |number| DueOf::mutate(|all| _ = all.insert(number, now + 40));
		let banned = |country, slash| Misplaced {
			slash: Some(slash),
			banned_until: Some(now + 50 + slash),
			..Misplaced::new(country)
		};
		let kept = |country: &[u8; 2]| Pob::misplaced(&OWNER, *country).is_some();
		let all = (0..).zip([*b"AR", *b"BR", *b"CL", *b"DK"]);
		let all: Vec<_> = all.map(|(slash, country)| banned(country, slash)).collect();
		// Two wait, the others were applied.
		queued(0);
		queued(2);
		keep(all.clone());
		refute();
		assert_eq!([b"AR", b"BR", b"CL", b"DK", &ABROAD].map(kept), [true, false, true, true, true]);
		(0..4).for_each(queued);
		keep(all.clone());
		refute();
		assert_eq!([b"AR", b"BR", b"CL", b"DK", &ABROAD].map(kept), [true, true, true, true, false]);
		assert!(line().is_refuted);
		apply(3);
		refute();
		assert_eq!([b"AR", b"BR", b"CL", b"DK", &ABROAD].map(kept), [true, true, true, false, true]);
	});
}

#[test]
fn one_slash_should_be_queued_for_a_row_while_it_waits() {
	story(|| {
		refute_all();
		refute_all();
		assert_eq!((Queued::get().len(), refutations()), (1, 0));
		let banned_until = line().banned_until;
		apply(0);
		refute_almost();
		assert_eq!(Queued::get().len(), 1);
		refute();
		assert_eq!(Queued::get().len(), 2);
		assert!(line().banned_until > banned_until);
	});
}

#[test]
fn another_committee_should_be_asked_before_the_slash_is_due() {
	story(|| {
		refute_all();
		let standing = |epoch| Targets::<Runtime>::get(0).unwrap().terms.at(epoch).unwrap().standing;
		let now = Pob::epoch();
		assert_eq!((standing(now), standing(now + 1)), (Standing::Admitted, Standing::Owing));
		// The verdict on the running epoch does not pay for it, that on the next one does, in time.
		refute();
		assert_eq!(standing(now + 2), Standing::Owing);
		measure(|_| FAR);
		assert_eq!(standing(now + 3), Standing::Admitted);
		assert!(Pob::epoch() < DueOf::get()[&0]);
		assert_eq!(Cancelled::get(), [0]);
	});
}

#[test]
fn row_should_be_tried_again_when_the_slash_cannot_be_queued() {
	story(|| {
		refute_almost();
		SlashQueueFull::set(true);
		refute();
		refute();
		assert!(events().contains(&Event::Unexpected { expectation: Expectation::SlashQueued }));
		assert_eq!((refutations(), line().banned_until), (WRONG_REGION_TESTS, None));
		SlashQueueFull::set(false);
		refute();
		assert_eq!((Queued::get().len(), line().banned_until.is_some()), (1, true));
	});
}

#[test]
fn ban_should_hold_for_the_country_alone_and_outlast_a_move_away_and_back() {
	story(|| {
		refute_all();
		apply(0);
		let banned_until = line().banned_until;
		change(0, |facts| facts.region.country = ELSEWHERE).unwrap();
		assert_eq!((line().banned_until, line().is_refuted), (None, false));
		run_to(Pob::epoch() + 2, 0);
		measure(|_| FAR);
		assert_eq!(line().proof, Some(Pob::epoch() - 1));
		change(0, |facts| facts.region.country = ABROAD).unwrap();
		assert!(banned_until.is_some());
		assert_eq!(line().banned_until, banned_until);
	});
}

#[test]
fn ban_and_row_should_outlast_the_registration() {
	story(|| {
		refute_all();
		apply(0);
		refute_almost();
		let misplaced = Pob::misplaced(&OWNER, ABROAD).unwrap();
		leave(0);
		run_to(Pob::epoch() + 12, 0);
		assert!(!Locations::<Runtime>::contains_key(0));
		enter(1);
		assert_eq!(Pob::misplaced(&OWNER, ABROAD), Some(misplaced));
		assert_eq!(Pob::location_of(1, ABROAD).banned_until, misplaced.banned_until);
		run_to(Pob::epoch() + 3, 0);
		refute();
		assert_eq!(Queued::get().len(), 2);
	});
}

#[test]
fn test_should_be_judged_by_the_country_that_was_claimed_when_it_was_drawn() {
	story(|| {
		for tests in 1..WRONG_REGION_TESTS {
			report(|_, task| Some(Entry { rtt_10us: TOO_FAST, ..honest(task, task.claim)? }));
			// At home for the verdict alone.
			change(0, |facts| facts.region.country = COUNTRY).unwrap();
			run_to(Pob::epoch(), Pob::timing().epoch_slots - 1);
			change(0, |facts| facts.region.country = ABROAD).unwrap();
			assert_eq!((refutations(), line().is_refuted), (tests, true));
		}
		refute();
		assert_eq!(Queued::get().len(), 1);
	});
}

#[test]
fn cancelled_slash_should_lift_the_ban_of_its_country_alone() {
	story(|| {
		let banned_until = Some(Pob::epoch() + 90);
		let banned = |country| Misplaced { banned_until, ..Misplaced::new(country) };
		keep(vec![banned(ABROAD), banned(ELSEWHERE)]);
		let cancel = |reason| Pob::slash_cancelled(&OWNER, &reason);
		cancel(SlashReason::FalseClaim { epoch: 3, ratio_ppm: 1 });
		cancel(SlashReason::WrongRegion { epoch: 3, country: COUNTRY });
		assert_eq!(Pob::banned_until(&OWNER, ABROAD), banned_until);
		cancel(SlashReason::WrongRegion { epoch: 3, country: ABROAD });
		assert_eq!(Pob::misplaced(&OWNER, ABROAD), None);
		assert_eq!(Pob::banned_until(&OWNER, ELSEWHERE), banned_until);
		Pob::slash_applied(&OWNER, &SlashReason::WrongRegion { epoch: 3, country: ELSEWHERE });
		assert_eq!(Pob::banned_until(&OWNER, ELSEWHERE), banned_until);
	});
}

#[test]
fn oldest_row_should_give_way_before_any_ban_when_a_fifth_country_comes() {
	story(|| {
		let now = Pob::epoch();
		let banned = |country, until| Misplaced { banned_until: Some(until), ..Misplaced::new(country) };
		let row = |country, last| Misplaced { refutations: 1, last, ..Misplaced::new(country) };
		keep(vec![banned(*b"AR", now + 50), row(*b"BR", 2), row(*b"CL", 1), banned(*b"DK", now + 40)]);
		refute();
		let kept = |country: &[u8; 2]| Pob::misplaced(&OWNER, *country).is_some();
		assert_eq!([b"AR", b"BR", b"CL", b"DK", &ABROAD].map(kept), [true, true, false, true, true]);
		keep([*b"AR", *b"BR", *b"CL", *b"DK"].map(|country| banned(country, now + 50)).to_vec());
		Conducts::<Runtime>::mutate_extant(OWNER, |conduct| {
			conduct.misplaced[2].banned_until = Some(now + 40)
		});
		refute();
		assert_eq!([b"AR", b"BR", b"CL", b"DK", &ABROAD].map(kept), [true, true, false, true, true]);
	});
}

#[test]
fn what_is_over_should_be_forgotten_with_the_next_test() {
	story(|| {
		let now = Pob::epoch();
		let remembered = Pob::epochs_in_days(OFFENCE_DAYS);
		let over = Misplaced { banned_until: Some(now + 1), ..Misplaced::new(*b"AR") };
		let row = Misplaced { refutations: 3, last: now, ..Misplaced::new(ABROAD) };
		keep(vec![over, row]);
		assert_eq!(Pob::banned_until(&OWNER, *b"AR"), Some(now + 1));
		refute();
		assert_eq!((Pob::misplaced(&OWNER, *b"AR"), refutations()), (None, 4));
		assert_eq!((row.ends(remembered), over.ends(remembered)), (now + remembered + 1, now + 1));
	});
}

#[test]
fn ban_should_end_and_be_forgotten_when_its_time_is_over() {
	story(|| {
		let until = Pob::epoch() + 6;
		keep(vec![Misplaced { banned_until: Some(until), ..Misplaced::new(ABROAD) }]);
		leave(0);
		assert_eq!(Conducts::<Runtime>::get(OWNER).unwrap().review, Some(until));
		run_to(until - 1, 29);
		assert_eq!(Pob::banned_until(&OWNER, ABROAD), Some(until));
		run_to(until, 0);
		assert_eq!(Pob::banned_until(&OWNER, ABROAD), None);
		run_to(until + 1, 0);
		assert_eq!(Conducts::<Runtime>::get(OWNER), None);
	});
}

#[test]
fn committee_that_is_no_jury_should_refute_nothing() {
	let timing = Timing { committee: JURY_MEMBERS - 1, large_committee: JURY_MEMBERS - 1, ..timing() };
	let chain = ExtBuilder { timing, seats: JURY_MEMBERS.into(), ..Default::default() };
	chain.build_and_execute(|| {
		enter(0);
		run_to(FIRST_TESTED_EPOCH, 0);
		refute_all();
		assert_eq!(finding(), Some(LocationFinding::Contradicted));
		assert_eq!((refutations(), Queued::get()), (0, vec![]));
	});
}
