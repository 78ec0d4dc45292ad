//! What the hook charges for what it does.

use super::*;
use crate::assignment::Draw;
use frame_support::{
	traits::Hooks,
	weights::{Weight, WeightMeter},
};

use weir_primitives::{
	api::{Outcome, TestKind},
	seams::OnProviderChange,
};

const CLAIM: Kbps = 100_000;

type Weights = <Runtime as Config>::WeightInfo;

/// The cursor after all tests were judged and all seats scored, with nothing left but to conclude.
fn before_the_conclusion(test: impl FnOnce(Cursor)) {
	ExtBuilder::default().build_and_execute(|| {
		register(0, 100, symmetric(100_000));
		run_to(FIRST_TESTED_EPOCH, 0);
		cycle(|_, task| honest(task, symmetric(100_000)));
		let done = EstimateCursor::<Runtime>::get().unwrap();
		assert_eq!(done.stage, Stage::Done);
		System::reset_events();
		let cursor = Cursor { stage: Stage::Score { position: 8 }, ..done };
		EstimateCursor::<Runtime>::put(cursor);
		test(cursor);
	});
}

fn is_concluded() -> bool {
	events().iter().any(|event| matches!(event, Event::EpochConcluded { .. }))
}

#[test]
fn conclusion_should_wait_when_its_weight_is_not_there() {
	before_the_conclusion(|cursor| {
		let needed = Weights::estimate_open() + Weights::conclude_epoch();
		let mut meter = WeightMeter::with_limit(needed - Weight::from_parts(1, 0));
		Pob::estimate(&mut meter);
		assert_eq!(EstimateCursor::<Runtime>::get(), Some(cursor));
		assert_eq!(meter.consumed(), Weights::estimate_open());
		assert!(!is_concluded());
		let mut meter = WeightMeter::with_limit(needed);
		Pob::estimate(&mut meter);
		assert!(is_concluded());
		assert_eq!(meter.consumed(), needed);
	});
}

#[test]
fn queues_should_be_left_alone_when_there_is_no_weight_to_look_at_them() {
	ExtBuilder::default().build_and_execute(|| {
		run_to(2, 0);
		// Its indices rest until epoch 8.
		Pob::leave_seat(RuntimeOrigin::signed(3)).unwrap();
		let waiting = || (0..TIERS).map(epochs::SeatIndices::<Runtime>::queue_len).sum::<u32>();
		assert_eq!(waiting(), 4);
		Epoch::set(8);
		let mut meter = WeightMeter::with_limit(Weights::look_at_queues() - Weight::from_parts(1, 0));
		Pob::work_queues(&mut meter);
		assert_eq!((waiting(), meter.consumed()), (4, Weight::zero()));
		let two = Weights::look_at_queues() + Weights::work_queue() * 2;
		let mut meter = WeightMeter::with_limit(two);
		Pob::work_queues(&mut meter);
		assert_eq!((waiting(), meter.consumed()), (2, two));
		Epoch::set(2);
	});
}

#[test]
fn idle_hook_should_use_up_its_share_and_end_with_the_step_that_does() {
	ExtBuilder::default().build_and_execute(|| {
		for index in 0..20 {
			register(index, 100 + u64::from(index), symmetric(100_000));
		}
		run_to(FIRST_TESTED_EPOCH, 0);
		report(|_, task| honest(task, symmetric(100_000)));
		run_to(FIRST_TESTED_EPOCH + 1, 18);
		let (share, limit) = (Pob::idle_share(), Pob::idle_limit());
		let is_done = || EstimateCursor::<Runtime>::get().is_some_and(|cursor| cursor.stage == Stage::Done);
		let mut blocks = 0;
		while !is_done() {
			Slot::set(Slot::get() + 1);
			let used = Pob::on_idle(0, Weight::MAX);
			assert!(used.all_lte(limit), "{used:?} of {limit:?}");
			assert!(is_done() || used.any_gte(share), "{used:?} of {share:?}");
			blocks += 1;
		}
		assert!(blocks > 1, "the share is large enough for all tests: nothing was seen");
	});
}

#[test]
fn idle_hook_should_not_begin_what_does_not_fit_into_the_block() {
	ExtBuilder::default().build_and_execute(|| {
		register(0, 100, symmetric(100_000));
		run_to(FIRST_TESTED_EPOCH + 1, 18);
		Slot::set(Slot::get() + 1);
		let room = Pob::idle_share() / 2;
		assert!(Pob::on_idle(0, room).all_lte(room));
	});
}

#[test]
fn verdict_should_wait_when_the_weight_of_its_listener_is_not_there() {
	ExtBuilder::default().build_and_execute(|| {
		register(0, 100, symmetric(100_000));
		run_to(FIRST_TESTED_EPOCH, 0);
		report(|_, task| honest(task, symmetric(100_000)));
		run_to(FIRST_TESTED_EPOCH + 1, 18);
		Slot::set(Slot::get() + 1);
		let needed = Weights::estimate_open() + Pob::weight_of_test(MAX_MEMBERS, MAX_MEMBERS);
		let mut meter = WeightMeter::with_limit(needed - Weight::from_parts(1, 0));
		Pob::estimate(&mut meter);
		assert!(Heard::get().is_empty());
		assert_eq!(meter.consumed(), Weights::estimate_open());
		let mut meter = WeightMeter::with_limit(needed);
		Pob::estimate(&mut meter);
		assert_eq!(Heard::get().len(), 1);
		assert!(meter.consumed().all_gte(Weights::estimate_open() + Pob::weight_of_test(5, 0)));
	});
}

#[test]
#[should_panic(expected = "exceeds the hook's share of a block")]
fn integrity_test_should_panic_when_a_step_never_fits_its_share() {
	ExtBuilder::default().build_and_execute(|| {
		// Blocks of 100 ms, of which the hook may use a sixteenth.
		BlockRefTime::set(BlockRefTime::get() / 10);
		Pob::integrity_test();
	});
}

#[test]
fn sweep_should_charge_for_what_it_removes() {
	ExtBuilder::default().build_and_execute(|| {
		run_to(9, 0);
		let swept = Swept::<Runtime>::get();
		let mut meter = WeightMeter::new();
		Pob::sweep(&mut meter);
		assert_eq!(meter.consumed(), Weights::sweep(0));
		// A report of an epoch that nobody asks for any more.
		EstimateCursor::<Runtime>::mutate(|cursor| cursor.as_mut().unwrap().epoch = 8);
		Swept::<Runtime>::put(Sweep { reports: 4, ..swept });
		let mut meter = WeightMeter::new();
		Pob::sweep(&mut meter);
		assert_eq!(meter.consumed(), Weights::sweep_reports(0));
		assert_eq!(Swept::<Runtime>::get().reports, 5);
	});
}

/// The cursor at the first test of an epoch after the one in which a provider was admitted, with entries by `measure`.
fn before_a_test(
	standing: Standing,
	measure: impl Fn(AccountId, &Task<AccountId>) -> Option<Entry>,
	test: impl FnOnce(&mut Cursor, &mut Draw<Runtime>),
) {
	ExtBuilder::default().build_and_execute(|| {
		register(0, 100, symmetric(CLAIM));
		run_to(FIRST_TESTED_EPOCH - 1, 0);
		Pob::change_standing(0, FIRST_TESTED_EPOCH, Standing::Pending, standing);
		run_to(FIRST_TESTED_EPOCH, 0);
		report(measure);
		run_to(FIRST_TESTED_EPOCH + 1, Pob::timing().reveal_until - 1);
		let stage = Stage::Judge { class: 0, position: 0 };
		let mut cursor = Cursor { epoch: FIRST_TESTED_EPOCH, stage, tests: 0, voids: 0, strikes: 0 };
		let mut draw = Draw::of(FIRST_TESTED_EPOCH).unwrap();
		while draw.providers_in(match cursor.stage {
			Stage::Judge { class, .. } => class,
			_ => panic!(),
		}) == 0
		{
			Pob::advance(&mut cursor, &mut draw);
		}
		test(&mut cursor, &mut draw);
		assert_eq!(cursor.tests, 1);
	});
}

#[test]
fn test_without_consequences_should_cost_less_than_a_slash() {
	let honest = |_, task: &Task<AccountId>| honest(task, symmetric(CLAIM));
	before_a_test(Standing::Owing, honest, |cursor, draw| {
		let used = Pob::advance(cursor, draw);
		let verdict = last_verdict(0);
		assert_eq!((verdict.kind, verdict.outcome), (TestKind::Scheduled, Outcome::Good));
		let members = u32::from(verdict.members);
		assert_eq!(used, Weights::estimate_routine(members, 0, 0) + LISTENED);
		assert!(used.all_lte(Pob::weight_of_test(members, 0)));
	});
}

#[test]
fn members_that_say_nothing_should_be_charged_for() {
	let mute = |node: AccountId, task: &Task<AccountId>| {
		honest(task, symmetric(CLAIM)).filter(|_| !node.is_multiple_of(5))
	};
	before_a_test(Standing::Owing, mute, |cursor, draw| {
		let used = Pob::advance(cursor, draw);
		let verdict = last_verdict(0);
		assert!(!matches!(verdict.outcome, Outcome::ClaimLowered | Outcome::Strike), "{verdict:?}");
		let silent = Missed::<Runtime>::iter_prefix(FIRST_TESTED_EPOCH).count() as u32;
		let reporters = u32::from(verdict.members) - silent;
		assert_eq!(used, Weights::estimate_routine(reporters, silent, 0) + LISTENED);
	});
}

#[test]
fn verdict_and_dispute_should_be_charged_for_what_the_registry_tells() {
	use frame_support::dispatch::GetDispatchInfo;
	let ruling = Weights::estimate_test(5) + Weights::note_members(5, 2);
	assert_eq!(Pob::weight_of_ruling(5, 2), ruling + TELLING * 2);
	assert_eq!(Pob::weight_of_test(5, 2), ruling + TELLING * 2 + LISTENING);
	let call = Call::<Runtime>::dispute { provider: 0, epoch: 1, receipts: Default::default() };
	assert_eq!(call.get_dispatch_info().call_weight, Weights::dispute(0) + TELLING * 2 + LISTENING);
	assert_eq!(<Pob as OnProviderChange<AccountId>>::weight(), Weights::follow_provider());
}

#[test]
fn test_with_consequences_should_cost_as_much_as_the_dearest() {
	before_a_test(
		Standing::Owing,
		|_, task| honest(task, symmetric(CLAIM / 10)),
		|cursor, draw| {
			let used = Pob::advance(cursor, draw);
			let verdict = last_verdict(0);
			assert_eq!(verdict.outcome, Outcome::Strike);
			assert_eq!(used, Pob::weight_of_test(u32::from(verdict.members), 0));
		},
	);
	let honest = |_, task: &Task<AccountId>| honest(task, symmetric(CLAIM));
	before_a_test(Standing::Pending, honest, |cursor, draw| {
		let used = Pob::advance(cursor, draw);
		let verdict = last_verdict(0);
		assert_eq!((verdict.kind, verdict.outcome), (TestKind::Admission, Outcome::Good));
		assert_eq!(used, Pob::weight_of_test(u32::from(verdict.members), 0));
	});
}

#[test]
fn seats_should_be_charged_for_what_became_of_them() {
	let honest = |_, task: &Task<AccountId>| honest(task, symmetric(CLAIM));
	before_a_test(Standing::Owing, honest, |cursor, draw| {
		Pob::advance(cursor, draw);
		let dismissed = draw_seat(0);
		Seats::<Runtime>::mutate_extant(dismissed, |seat| seat.score_ppm = 0);
		// Nobody revealed anything, so that each seat owes what it was assigned.
		let _ = Reports::<Runtime>::clear_prefix(FIRST_TESTED_EPOCH, u32::MAX, None);
		Missed::<Runtime>::insert(FIRST_TESTED_EPOCH, dismissed, 9);
		cursor.stage = Stage::Score { position: 0 };
		// Whoever was assigned something is told of, and only that is charged for.
		Attested::set(Vec::new());
		assert_eq!(Pob::advance(cursor, draw), Weights::score_seat_dismissing() + LISTENING_TO_ATTESTORS);
		assert!(Seats::<Runtime>::get(dismissed).unwrap().leaving);
		assert_eq!(Attested::get(), [(dismissed, FIRST_TESTED_EPOCH, 9, 0)]);
		Missed::<Runtime>::remove(FIRST_TESTED_EPOCH, draw_seat(1));
		assert_eq!(Pob::advance(cursor, draw), Weights::score_seat());
		assert_eq!(Attested::get().len(), 1);
	});
}

fn draw_seat(position: u32) -> AccountId {
	epochs::SeatIndices::<Runtime>::occupant_within(SMALLEST_TIER, position, FIRST_TESTED_EPOCH).unwrap()
}

#[test]
fn clearing_should_go_on_while_the_cursor_works() {
	ExtBuilder::default().build_and_execute(|| {
		for index in 0..20 {
			register(index, 100 + u64::from(index), symmetric(CLAIM));
		}
		run_to(9, 0);
		let cursor = EstimateCursor::<Runtime>::get().unwrap();
		EstimateCursor::<Runtime>::put(Cursor { epoch: 8, stage: Stage::Score { position: 0 }, ..cursor });
		Swept::<Runtime>::mutate(|swept| swept.reports = 4);
		let step = Weights::estimate_open() + Pob::weight_of_score();
		let mut meter = WeightMeter::with_limit(Pob::weight_of_housekeeping() + step);
		Pob::idle(&mut meter);
		assert_eq!(Swept::<Runtime>::get().reports, 5);
		let stage = EstimateCursor::<Runtime>::get().unwrap().stage;
		assert!(matches!(stage, Stage::Score { position: 1.. } | Stage::Done), "{stage:?}");
	});
}
