//! What can be paused, for how long, and by whom.

use crate::{mock::*, *};
use frame_support::{
	assert_noop, assert_ok,
	traits::{Contains, Get},
};
use sp_runtime::{traits::BadOrigin, DispatchResult};
use weir_primitives::EpochIndex;

/// Three days in epochs.
const PAUSE: EpochIndex = 12;
/// A week.
const COOL_DOWN: EpochIndex = 28;

fn pause(brake: Brake) -> DispatchResult {
	let origin = as_(Origin::Emergency);
	match brake {
		Brake::Purchases => Governance::pause_purchases(origin),
		Brake::Slashes => Governance::pause_slashes(origin),
		Brake::Region(region) => Governance::pause_region(origin, region),
	}
}

fn resume(brake: Brake) -> DispatchResult {
	Governance::resume(as_(Origin::Emergency), brake)
}

fn is_paused(brake: Brake) -> bool {
	match brake {
		Brake::Purchases => PurchasesPaused::<Test>::get(),
		Brake::Slashes => SlashesPaused::<Test>::get(),
		Brake::Region(region) => RegionPaused::<Test>::contains(&region),
	}
}

const ALL: [Brake; 4] = [Brake::Purchases, Brake::Slashes, Brake::Region(0), Brake::Region(REGIONS - 1)];

#[test]
fn pause_should_end_by_itself_after_three_days() {
	for brake in ALL {
		ExtBuilder::default().build_and_execute(|| {
			assert!(!is_paused(brake));
			assert_ok!(pause(brake));
			System::assert_last_event(Event::Paused { brake, until: START + PAUSE }.into());
			// One brake is one thing.
			assert!(ALL.iter().all(|other| is_paused(*other) == (*other == brake)));
			run_to(START + PAUSE - 1);
			assert!(is_paused(brake));
			assert_eq!(Governance::paused_until(brake), Some(START + PAUSE));
			run_to(START + PAUSE);
			assert!(!is_paused(brake));
			assert_eq!(Governance::paused_until(brake), None);
			assert_noop!(resume(brake), Error::<Test>::NotPaused);
		});
	}
}

#[test]
fn pause_should_not_be_prolonged_nor_repeated_within_a_week_of_its_end() {
	for brake in ALL {
		ExtBuilder::default().build_and_execute(|| {
			assert_ok!(pause(brake));
			assert_noop!(pause(brake), Error::<Test>::AlreadyPaused);
			run_to(START + PAUSE - 1);
			assert_noop!(pause(brake), Error::<Test>::AlreadyPaused);
			run_to(START + PAUSE);
			assert_noop!(pause(brake), Error::<Test>::CoolingDown);
			run_to(START + PAUSE + COOL_DOWN - 1);
			assert_noop!(pause(brake), Error::<Test>::CoolingDown);
			run_to(START + PAUSE + COOL_DOWN);
			assert_ok!(pause(brake));
		});
	}
}

#[test]
fn resume_should_end_a_pause_and_begin_the_week() {
	for brake in ALL {
		ExtBuilder::default().build_and_execute(|| {
			assert_noop!(resume(brake), Error::<Test>::NotPaused);
			assert_ok!(pause(brake));
			run_to(START + 2);
			assert_ok!(resume(brake));
			System::assert_last_event(Event::Resumed { brake, until: START + PAUSE }.into());
			assert!(!is_paused(brake));
			assert_noop!(resume(brake), Error::<Test>::NotPaused);
			assert_noop!(pause(brake), Error::<Test>::CoolingDown);
			run_to(START + 2 + COOL_DOWN);
			assert_ok!(pause(brake));
		});
	}
}

#[test]
fn only_the_emergency_track_should_pause_and_resume() {
	ExtBuilder::default().build_and_execute(|| {
		let others =
			[as_(Origin::Economics), as_(Origin::Upgrade), RuntimeOrigin::root(), RuntimeOrigin::signed(1)];
		assert_ok!(pause(Brake::Region(1)));
		for origin in others {
			assert_noop!(Governance::pause_purchases(origin.clone()), BadOrigin);
			assert_noop!(Governance::pause_slashes(origin.clone()), BadOrigin);
			assert_noop!(Governance::pause_region(origin.clone(), 0), BadOrigin);
			assert_noop!(Governance::resume(origin, Brake::Region(1)), BadOrigin);
		}
	});
}

#[test]
fn region_should_have_a_number_of_the_table() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(pause(Brake::Region(REGIONS)), Error::<Test>::NoSuchRegion);
		assert_noop!(resume(Brake::Region(REGIONS)), Error::<Test>::NotPaused);
	});
}
