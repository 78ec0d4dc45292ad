//! What the hook charges for what it does.

use super::*;
use frame_support::{
	traits::Hooks,
	weights::{Weight, WeightMeter},
};

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
fn idle_hook_should_never_use_more_than_its_share() {
	ExtBuilder::default().build_and_execute(|| {
		for index in 0..20 {
			register(index, 100 + u64::from(index), symmetric(100_000));
		}
		run_to(FIRST_TESTED_EPOCH + 1, 18);
		let block = <<Runtime as frame_system::Config>::BlockWeights as frame_support::traits::Get<
			frame_system::limits::BlockWeights,
		>>::get();
		let share = block.max_block / estimating::IDLE_SHARE;
		for _ in 0..8 {
			Slot::set(Slot::get() + 1);
			let used = Pob::on_idle(0, Weight::MAX);
			assert!(used.all_lte(share), "{used:?} of {share:?}");
			assert!(used.any_gt(Weight::zero()));
		}
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
		let verdict_of = |k| Weights::estimate_test(k) + Weights::note_members(k) + LISTENING;
		let needed = Weights::estimate_open() + verdict_of(MAX_MEMBERS);
		let mut meter = WeightMeter::with_limit(needed - Weight::from_parts(1, 0));
		Pob::estimate(&mut meter);
		assert!(Heard::get().is_empty());
		assert_eq!(meter.consumed(), Weights::estimate_open());
		let mut meter = WeightMeter::with_limit(needed);
		Pob::estimate(&mut meter);
		assert_eq!(Heard::get().len(), 1);
		assert!(meter.consumed().all_gte(Weights::estimate_open() + verdict_of(5)));
	});
}

#[test]
#[should_panic(expected = "exceeds the hook's share of a block")]
fn integrity_test_should_panic_when_a_step_never_fits_its_share() {
	ExtBuilder::default().build_and_execute(|| {
		// Blocks of 100 ms, of which the hook may use 10.
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
