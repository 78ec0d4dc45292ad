//! Epochs, slot groups and genesis.

use super::*;
use weir_primitives::Timing;

#[test]
fn on_initialize_should_record_each_epoch_once() {
	ExtBuilder::default().build_and_execute(|| {
		run_to(2, 5);
		let record = Epochs::<Runtime>::get(2).unwrap();
		assert_eq!(record.seed, <Runtime as Config>::Seed::get());
		assert_eq!(record.first_slot, 60);
		assert_eq!(record.seats, [8; 4]);
		let opened =
			events().into_iter().filter(|event| matches!(event, Event::EpochOpened { epoch: 2, .. })).count();
		assert_eq!(opened, 1);
	});
}

#[test]
fn on_finalize_should_record_the_first_block_of_each_group() {
	ExtBuilder::default().build_and_execute(|| {
		run_to(1, 4);
		let rho = <Runtime as Config>::BlockRandomness::get();
		assert_eq!(Groups::<Runtime>::get(1).last(), Some(&(3, rho)));
		run_to(1, 29);
		assert_eq!(Groups::<Runtime>::get(1).len(), 24);
	});
}

#[test]
fn group_should_stay_unknown_until_its_first_block_ends() {
	ExtBuilder::default().build_and_execute(|| {
		use frame_support::{traits::Hooks, weights::Weight};
		run_to(1, 4);
		let of_the_parent = <Runtime as Config>::BlockRandomness::get();
		Slot::set(Slot::get() + 1);
		assert_eq!(Pob::on_initialize(0), <Runtime as Config>::WeightInfo::on_initialize());
		Pob::on_idle(0, Weight::MAX);
		assert_eq!(Groups::<Runtime>::get(1).last(), Some(&(3, of_the_parent)));
		RandomnessOf::set(Slot::get());
		Pob::on_finalize(0);
		let own = <Runtime as Config>::BlockRandomness::get();
		assert_ne!(own, of_the_parent);
		assert_eq!(Groups::<Runtime>::get(1).last(), Some(&(4, own)));
	});
}

#[test]
fn on_finalize_should_leave_out_groups_without_a_block() {
	ExtBuilder::default().build_and_execute(|| {
		run_to(1, 2);
		Slot::set(Slot::get() + 5);
		next_slot();
		let groups: Vec<u8> = Groups::<Runtime>::get(1).iter().map(|(group, _)| *group).collect();
		assert_eq!(groups, vec![0, 1, 7]);
	});
}

#[test]
fn epochs_should_be_forgotten_after_eight() {
	ExtBuilder::default().build_and_execute(|| {
		run_to(12, 3);
		let mut epochs: Vec<u32> = Epochs::<Runtime>::iter_keys().collect();
		epochs.sort_unstable();
		assert_eq!(epochs, (4..=12).collect::<Vec<_>>());
	});
}

#[test]
fn timing_should_be_public_when_unset() {
	sp_io::TestExternalities::default().execute_with(|| assert_eq!(Pob::timing(), Timing::public()));
}

#[test]
fn timing_should_fail_try_state_when_changed() {
	ExtBuilder::default().build().execute_with(|| {
		NetworkTiming::<Runtime>::put(Timing::public());
		assert!(Pob::do_try_state().is_err());
	});
}

#[test]
#[should_panic(expected = "invalid timing")]
fn genesis_should_panic_when_the_timing_is_invalid() {
	let timing = Timing { commit_until: 3, ..Timing::local() };
	ExtBuilder { timing, ..Default::default() }.build();
}

#[test]
#[should_panic(expected = "the maturity exceeds the history")]
fn genesis_should_panic_when_the_maturity_outlasts_the_history() {
	let timing = Timing { maturity_epochs: 8, ..Timing::local() };
	ExtBuilder { timing, ..Default::default() }.build();
}

#[test]
fn days_should_be_counted_in_epochs() {
	ExtBuilder { timing: Timing::public(), ..Default::default() }.build_and_execute(|| {
		assert_eq!(Pob::epochs_in_days(7), 28);
		assert_eq!(Pob::epochs_in_days(180), 720);
	});
}

#[test]
fn on_idle_should_stay_within_its_share() {
	ExtBuilder::default().build_and_execute(|| {
		use frame_support::{traits::Hooks, weights::Weight};
		run_to(1, 1);
		let weights: frame_system::limits::BlockWeights =
			<Runtime as frame_system::Config>::BlockWeights::get();
		let share = weights.max_block.saturating_div(10);
		assert!(Pob::on_idle(0, Weight::MAX).all_lte(share));
		assert_eq!(Pob::on_idle(0, Weight::zero()), Weight::zero());
	});
}
