//! What an offence costs, and for how long.

use super::*;
use crate::{Departure, Error, Event, Offences};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::{DispatchError, Perbill};
use sp_staking::offence::{OffenceDetails, OnOffenceHandler};
use weir_primitives::SlashReason;

fn percent(percent: u32) -> Perbill {
	Perbill::from_percent(percent)
}

#[test]
fn offence_should_queue_a_slash_and_end_the_candidacy() {
	ExtBuilder::default().build_and_execute(|| {
		rotate(2);
		offend(1, &[2], 9);
		assert_eq!(Queued::get(), vec![(2, percent(9), SlashReason::Equivocation { session: 1 })]);
		assert_eq!(candidates(), vec![1, 3, 4]);
		System::assert_has_event(Event::CandidateRemoved { who: 2, departure: Departure::Offended }.into());
		System::assert_has_event(
			Event::OffenceRecorded { who: 2, session: 1, old_fraction: percent(0), fraction: percent(9) }
				.into(),
		);
	});
}

#[test]
fn offence_should_name_who_reported_it() {
	ExtBuilder::default().build_and_execute(|| {
		rotate(2);
		offend(1, &[2], 9);
		let details = [OffenceDetails { offender: (3, ()), reporters: vec![7, 8] }];
		Validators::on_offence(&details, &[percent(9)], 1);
		assert_eq!(Reporters::get(), vec![None, Some(7)]);
	});
}

#[test]
fn offence_should_cost_only_the_difference_when_reported_again_with_more() {
	ExtBuilder::default().build_and_execute(|| {
		offend(0, &[2], 9);
		offend(0, &[2, 3], 36);
		offend(0, &[2, 3], 36);
		offend(0, &[2], 9);
		let slashes: Vec<_> = Queued::get().into_iter().map(|(who, fraction, _)| (who, fraction)).collect();
		assert_eq!(slashes, vec![(2, percent(9)), (2, percent(27)), (3, percent(36))]);
	});
}

#[test]
fn offence_should_cost_again_when_in_another_session() {
	ExtBuilder::default().build_and_execute(|| {
		rotate(1);
		offend(0, &[2], 9);
		offend(1, &[2], 9);
		assert_eq!(Queued::get().len(), 2);
	});
}

#[test]
fn offence_should_be_ignored_when_its_session_is_forgotten() {
	ExtBuilder::default().build_and_execute(|| {
		rotate(OffenceSessions::get() + 1);
		offend(0, &[2], 9);
		assert!(Queued::get().is_empty());
		assert_eq!(candidates(), vec![1, 2, 3, 4]);
		offend(1, &[2], 9);
		assert_eq!(Queued::get().len(), 1);
		rotate(1);
		assert_eq!(Offences::<Test>::iter().count(), 0);
	});
}

#[test]
fn offence_should_disable_until_the_offender_left_the_set() {
	ExtBuilder::default().build_and_execute(|| {
		rotate(1);
		join(5, 1_000);
		rotate(1);
		// Planned with the offender already, and as a changed set: nobody is disabled at its start.
		offend(2, &[2], 9);
		assert_eq!(Session::disabled_validators(), vec![1]);
		rotate(1);
		assert_eq!(Session::validators(), vec![1, 2, 3, 4, 5]);
		assert_eq!(Session::disabled_validators(), vec![1]);
		assert_eq!(planned(), vec![1, 3, 4, 5]);
		rotate(1);
		assert!(Session::disabled_validators().is_empty());
		assert_eq!(Session::validators(), vec![1, 3, 4, 5]);
	});
}

#[test]
fn offender_should_leave_before_others_when_churn_is_short() {
	ExtBuilder::default().build_and_execute(|| {
		for who in 5..=8 {
			join(who, 500);
		}
		rotate(1);
		chill(1);
		chill(2);
		offend(0, &[4], 9);
		rotate(1);
		assert_eq!(planned(), vec![2, 3, 5, 6, 7, 8]);
	});
}

#[test]
fn offender_should_stay_out_until_its_exclusion_ends() {
	ExtBuilder::default().build_and_execute(|| {
		offend(0, &[2], 9);
		let validate = || Validators::validate(RuntimeOrigin::signed(2));
		assert_eq!(Validators::excluded_until(2), Some(ExclusionSessions::get()));
		rotate(ExclusionSessions::get() - 1);
		assert_noop!(validate(), Error::<Test>::StillExcluded);
		rotate(1);
		assert_eq!(Validators::excluded_until(2), None);
		assert_ok!(validate());
		// A known offence that comes up again with a later accomplice excludes nobody twice.
		offend(0, &[2, 3], 9);
		assert_eq!(candidates(), vec![1, 4, 2]);
	});
}

#[test]
fn offender_should_be_excluded_when_there_is_nothing_to_slash() {
	ExtBuilder::default().build_and_execute(|| {
		QueueFails::set(true);
		offend(0, &[2], 9);
		assert_eq!(candidates(), vec![1, 3, 4]);
		System::assert_has_event(
			Event::OffenceNotSlashed { who: 2, session: 0, error: DispatchError::Unavailable }.into(),
		);
		assert_eq!(Offences::<Test>::iter().count(), 0);
	});
}

#[test]
fn set_should_be_kept_with_its_offender_when_too_few_remain() {
	ExtBuilder::default().build_and_execute(|| {
		chill(4);
		offend(0, &[3], 9);
		rotate(3);
		assert_eq!(Session::validators(), vec![1, 2, 3, 4]);
		assert_eq!(Session::disabled_validators(), vec![2]);
	});
}

#[test]
fn exclusion_that_ends_first_should_give_way_when_the_list_is_full() {
	ExtBuilder::default().build_and_execute(|| {
		for who in 10..10 + u64::from(MaxCandidates::get()) {
			offend(0, &[who], 9);
		}
		rotate(1);
		offend(0, &[1], 9);
		assert_eq!(Validators::excluded_until(10), None);
		assert!(Validators::excluded_until(11).is_some() && Validators::excluded_until(1).is_some());
	});
}
