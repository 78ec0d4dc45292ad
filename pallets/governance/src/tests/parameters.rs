//! Changes of parameters: who, how far, when, and what is refused.

use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok, BoundedVec};
use sp_runtime::{traits::BadOrigin, DispatchError};
use weir_math::economy::parameters::{
	Broken,
	ParameterName::{self, *},
	MOST_LAMBDA, PARAMETERS,
};
use weir_primitives::economy;

fn refused(changes: &[(ParameterName, u64)], broken: Broken) {
	assert_noop!(propose(changes), Error::<Test>::Broken(Rule(broken)));
}

fn value(name: ParameterName) -> u64 {
	Governance::parameters().value(name)
}

/// Proposes, and waits until it is in force.
fn change(name: ParameterName, new: u64) {
	assert_ok!(propose(&[(name, new)]));
	run_to(Epoch::get() + NOTICE);
	assert_eq!(value(name), new);
}

#[test]
fn change_should_take_effect_after_its_notice_and_not_before() {
	ExtBuilder::default().build_and_execute(|| {
		let old = economy::Parameters::default();
		let new = economy::Parameters { list_price: 55_000, spread: 25_000, ..old };
		assert_ok!(propose(&[(ListPrice, 55_000), (Spread, 25_000)]));
		let at = START + NOTICE;
		System::assert_last_event(Event::ChangeProposed { old, new, at }.into());
		assert_eq!(Governance::pending_change(), Some(Change { new, at }));
		// 28 full epochs, that is seven days.
		run_to(at - 1);
		assert_eq!(Governance::parameters(), old);
		let waiting = enter(at - 1);
		let changing = enter(at);
		assert_eq!(Governance::parameters(), new);
		System::assert_last_event(Event::ParametersChanged { old, new }.into());
		assert_eq!(
			(waiting, changing),
			(<() as WeightInfo>::on_initialize(), <() as WeightInfo>::take_effect())
		);
		assert_eq!(Governance::pending_change(), None);
		assert_eq!(enter(at), <() as WeightInfo>::on_initialize());
	});
}

#[test]
fn change_should_take_effect_late_when_its_epoch_had_no_block() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(propose(&[(ListPrice, 55_000)]));
		enter(START + NOTICE + 7);
		assert_eq!(value(ListPrice), 55_000);
		assert_eq!(
			PastParameters::<Test>::get().to_vec(),
			[Past { parameters: economy::Parameters::default(), until: START + NOTICE + 7 }]
		);
	});
}

#[test]
fn only_the_economics_track_should_propose_and_cancel() {
	ExtBuilder::default().build_and_execute(|| {
		let changes: Changes = BoundedVec::truncate_from(vec![(ListPrice, 55_000)]);
		let others =
			[as_(Origin::Emergency), as_(Origin::Upgrade), RuntimeOrigin::root(), RuntimeOrigin::signed(1)];
		for origin in others {
			assert_noop!(Governance::propose_parameters(origin.clone(), changes.clone()), BadOrigin);
			assert_noop!(Governance::cancel_change(origin), BadOrigin);
		}
		assert_ok!(Governance::propose_parameters(as_(Origin::Economics), changes));
		assert_ok!(Governance::cancel_change(as_(Origin::Economics)));
	});
}

#[test]
fn proposal_should_be_refused_when_it_says_nothing_or_twice() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(propose(&[]), Error::<Test>::NothingChanges);
		assert_noop!(propose(&[(ListPrice, 50_000)]), Error::<Test>::NothingChanges);
		assert_noop!(propose(&[(ListPrice, 51_000), (ListPrice, 50_000)]), Error::<Test>::NamedTwice);
	});
}

#[test]
fn proposal_should_be_refused_with_the_name_of_the_law_it_breaks() {
	ExtBuilder::default().build_and_execute(|| {
		refused(&[(Kappa, 175_000)], Broken::EarningsAboveMost);
		refused(
			&[(ProviderShare, 800_000), (AttestorShare, 37_500), (TreasuryShare, 25_000), (Kappa, 160_000)],
			Broken::EarningsAboveMost,
		);
		refused(&[(Quorum, 500_000)], Broken::QuorumNotAMajority);
		refused(&[(AvailabilityMost, 12_000), (AvailabilityLeast, 12_001)], Broken::LeastAboveMost);
		refused(&[(Lambda, MOST_LAMBDA + 1)], Broken::OutOfBounds(Lambda));
		for name in ParameterName::ALL {
			refused(&[(name, name.bounds().most + 1)], Broken::OutOfBounds(name));
			refused(&[(name, u64::MAX)], Broken::OutOfBounds(name));
		}
		// What a wallet shows: the pallet's error, then the rule, then the parameter.
		let error = propose(&[(Spread, 50_001)]).unwrap_err();
		let DispatchError::Module(error) = error else { panic!("{error:?}") };
		assert_eq!((error.error, error.message), ([0, 0, 20, 0], Some("Broken")));
	});
	let wide = economy::Parameters { kappa: 0, provider_share: 800_000, ..Default::default() };
	ExtBuilder::default().parameters(wide).build_and_execute(|| {
		refused(&[(ProviderShare, 830_001)], Broken::SharesAboveMost);
		assert_ok!(propose(&[(ProviderShare, 830_000)]));
	});
}

#[test]
fn proposal_should_be_refused_beyond_a_quarter_or_a_tenth_of_the_price() {
	ExtBuilder::default().build_and_execute(|| {
		refused(&[(ListPrice, 55_001)], Broken::TooFast(ListPrice));
		refused(&[(ListPrice, 44_999)], Broken::TooFast(ListPrice));
		refused(&[(RoundCap, 12_500_000_001)], Broken::TooFast(RoundCap));
		refused(&[(TenureEpochs, 36)], Broken::TooFast(TenureEpochs));
		assert_ok!(propose(&[(ListPrice, 55_000), (RoundCap, 12_500_000_000), (TenureEpochs, 35)]));
	});
}

#[test]
fn steps_should_add_up_within_a_window_and_begin_anew_after_it() {
	ExtBuilder::default().build_and_execute(|| {
		change(ListPrice, 53_000);
		let first = Epoch::get();
		change(ListPrice, 55_000);
		// The price of a window ago still limits: a tenth above 50,000.
		refused(&[(ListPrice, 55_001)], Broken::TooFast(ListPrice));
		// It limits what takes effect before the window has passed it,
		run_to(first + WINDOW - NOTICE - 1);
		refused(&[(ListPrice, 55_001)], Broken::TooFast(ListPrice));
		// and no longer what takes effect after.
		run_to(first + WINDOW - NOTICE);
		refused(&[(ListPrice, 58_301)], Broken::TooFast(ListPrice));
		change(ListPrice, 58_300);
	});
}

#[test]
fn swing_should_count_against_every_value_of_the_window() {
	ExtBuilder::default().build_and_execute(|| {
		change(AvailabilityMost, 18_000);
		// Within a quarter of what it was before, but not of what it is.
		refused(&[(AvailabilityMost, 13_499)], Broken::TooFast(AvailabilityMost));
		assert_ok!(propose(&[(AvailabilityMost, 13_500)]));
	});
}

#[test]
fn lambda_should_never_rise() {
	ExtBuilder::default().build_and_execute(|| {
		let lower = MOST_LAMBDA / 10 * 9;
		change(Lambda, lower);
		refused(&[(Lambda, lower + 1)], Broken::LambdaRises);
		run_to(Epoch::get() + 10 * WINDOW);
		refused(&[(Lambda, MOST_LAMBDA)], Broken::LambdaRises);
		change(Lambda, lower - lower / 4);
	});
}

#[test]
fn shares_should_leave_zero_and_counts_should_move_by_one() {
	let parameters = economy::Parameters { insurance: 0, bucket_slices: 0, ..Default::default() };
	ExtBuilder::default().parameters(parameters).build_and_execute(|| {
		refused(&[(Insurance, 10_001)], Broken::TooFast(Insurance));
		refused(&[(BucketSlices, 2)], Broken::TooFast(BucketSlices));
		assert_ok!(propose(&[(Insurance, 10_000), (BucketSlices, 1)]));
	});
}

#[test]
fn second_proposal_should_wait_for_the_first() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(propose(&[(ListPrice, 55_000)]));
		assert_noop!(propose(&[(Spread, 25_000)]), Error::<Test>::ChangePending);
		let new = Governance::pending_change().unwrap().new;
		assert_ok!(Governance::cancel_change(as_(Origin::Economics)));
		System::assert_last_event(Event::ChangeCancelled { new, at: START + NOTICE }.into());
		assert_noop!(Governance::cancel_change(as_(Origin::Economics)), Error::<Test>::NoChangePending);
		assert_ok!(propose(&[(Spread, 25_000)]));
		run_to(START + NOTICE);
		// What was taken back never came, and what was not named did not move.
		assert_eq!((value(ListPrice), value(Spread)), (50_000, 25_000));
	});
}

#[test]
fn change_should_be_dropped_when_it_is_no_longer_allowed() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(propose(&[(Kappa, 160_000), (ListPrice, 55_000)]));
		// Another runtime found the past to be narrower.
		let new = Governance::pending_change().unwrap().new;
		Parameters::<Test>::mutate(|parameters| parameters.list_price = 48_000);
		enter(START + NOTICE);
		let why = Dropped::Broken(Broken::TooFast(ListPrice));
		System::assert_last_event(Event::ChangeDropped { new, why }.into());
		assert_eq!((value(Kappa), value(ListPrice)), (170_000, 48_000));
		assert_eq!(Governance::pending_change(), None);
	});
}

#[test]
fn past_should_be_forgotten_when_the_window_has_passed() {
	ExtBuilder::default().build_and_execute(|| {
		for step in 0..12 {
			change(UtilisationAlpha, 50_000 + step % 2 * 1_000 + 500);
			assert!(PastParameters::<Test>::get().len() <= 4);
		}
		run_to(Epoch::get() + WINDOW);
		change(UtilisationAlpha, 52_000);
		assert_eq!(PastParameters::<Test>::get().len(), 1);
	});
}

#[test]
fn shortest_notice_should_never_fill_the_memory() {
	let pace =
		economy::Pace { change_notice_epochs: 15, change_window_epochs: 119, ..economy::Pace::public() };
	assert!(pace.is_valid());
	ExtBuilder::default().pace(pace).build_and_execute(|| {
		for step in 0..20u64 {
			assert_ok!(propose(&[(Spread, 30_000 + step % 2 + 1)]));
			run_to(Epoch::get() + 16);
			assert_eq!(value(Spread), 30_001 + step % 2);
		}
	});
}

#[test]
fn every_parameter_should_be_movable_by_its_name() {
	assert_eq!(ParameterName::ALL.len(), PARAMETERS);
	for name in ParameterName::ALL {
		ExtBuilder::default().build_and_execute(|| {
			let old = value(name);
			let new = if old > name.bounds().least { old - 1 } else { old + 1 };
			assert!(name.allowance(old) > 0);
			change(name, new);
			// Nothing else moved.
			assert_eq!(Governance::parameters().with(name, old), Ok(economy::Parameters::default()));
		});
	}
}
