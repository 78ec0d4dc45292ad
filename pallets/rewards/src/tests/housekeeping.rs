//! The tour of all accounts, and what is removed.

use crate::{mock::*, *};
use frame_support::{assert_ok, traits::Hooks, weights::Weight};
use polkadot_sdk::*;
use weir_primitives::seams::economy::Earnings;

#[test]
fn tour_should_settle_everybody() {
	build_and_execute(|| {
		(1..=9).for_each(|who| serve(who, DE));
		assert_ok!(Rewards::earned(&ALICE, START, 10));
		Rewards::note_author(BOB);
		close_running(9_000 * TOKEN);
		settle_fees(START, 10, 500);
		Rewards::share(START, 0, 0);
		let is_settled = |who: &AccountId| Accounts::<Test>::get(who).unwrap().owed.availability > 0;
		assert_eq!((1..=9).filter(is_settled).count(), 0);
		idle();
		assert_eq!((1..=9).filter(is_settled).count(), housekeeping::ACCOUNTS_PER_BLOCK as usize);
		(0..3).for_each(|_| {
			idle();
		});
		assert_eq!((1..=9).filter(is_settled).count(), 9);
		assert_eq!(Accounts::<Test>::get(ALICE).unwrap().owed.fees, 500);
		assert_eq!(Accounts::<Test>::get(BOB).unwrap().points.open, 0);
		assert_eq!(SettledUntil::<Test>::get(), Some(START));
	});
}

#[test]
fn nothing_should_happen_when_a_block_has_no_weight_left() {
	build_and_execute(|| {
		serve(ALICE, DE);
		close_running(TOKEN);
		assert_eq!(Rewards::on_idle(1, Weight::zero()), Weight::zero());
		assert!(
			Rewards::on_idle(1, Weight::from_parts(1_000, 1_000)).all_lte(Weight::from_parts(1_000, 1_000))
		);
		assert_eq!(CurrentTour::<Test>::get(), None);
		assert_eq!(Accounts::<Test>::get(ALICE).unwrap().owed.availability, 0);
	});
}

#[test]
fn idle_should_stay_within_its_share() {
	build_and_execute(|| {
		(1..=9).for_each(|who| serve(who, DE));
		let max = <<Test as frame_system::Config>::BlockWeights as frame_support::traits::Get<
			frame_system::limits::BlockWeights,
		>>::get()
		.max_block;
		assert!(idle().all_lte(max.saturating_div(housekeeping::IDLE_SHARE)));
	});
}

#[test]
fn account_should_stay_next_as_long_as_it_has_more() {
	build_and_execute(|| {
		for epoch in 0..150 {
			Epoch::set(START + epoch);
			assert_ok!(Rewards::earned(&ALICE, START + epoch, 1));
		}
		(0..150).for_each(|epoch| settle_fees(START + epoch, 1, 1));
		Epoch::set(START + 150);
		let next = || Rewards::settle_next(Rewards::running_tour().unwrap());
		assert_eq!([next(), next(), next()], [(64, 0), (64, 0), (22, 0)]);
		assert_eq!(CurrentTour::<Test>::get().unwrap().last, Some(ALICE));
		assert_eq!(Accounts::<Test>::get(ALICE).unwrap().owed.fees, 150);
	});
}

#[test]
fn old_sums_should_go_when_everybody_was_settled_and_not_before() {
	build_and_execute(|| {
		TestPace::mutate(|pace| pace.history_epochs = 20);
		serve(ALICE, DE);
		Rewards::note_author(BOB);
		for epoch in START..START + 60 {
			Epoch::set(epoch + 1);
			close(epoch, TOKEN);
			Rewards::share(epoch, 0, 0);
		}
		// Nobody has been settled: all of them may be asked for.
		let mut meter = frame_support::weights::WeightMeter::new();
		(0..200).for_each(|_| Rewards::prune(&mut meter));
		assert!(Sums::<Test>::contains_key(0, START));
		Rewards::do_try_state().unwrap();
		(0..400).for_each(|_| {
			idle();
			Rewards::do_try_state().unwrap();
		});
		// One tour in an epoch.
		assert_eq!(idle(), idle());
		assert_eq!(Rewards::running_tour(), None);
		assert!(!Sums::<Test>::contains_key(0, START));
		assert!(!Shares::<Test>::contains_key(START));
		let first = Epoch::get() - 20;
		assert_eq!(PrunedUntil::<Test>::get().epoch, first);
		assert!(Sums::<Test>::contains_key(0, first) && Shares::<Test>::contains_key(first));
		// Sixteen epochs were paid, in full.
		assert_eq!(claim(ALICE) + account(ALICE).vesting.pot.locked, 16 * TOKEN);
		// And whoever comes now is paid as well.
		serve(CAROL, DE);
		close_running(TOKEN);
		assert_eq!(account(CAROL).owed.availability, TOKEN / 4);
		assert_eq!(unexpected(), []);
	});
}

#[test]
fn expired_line_should_leave_its_place() {
	build_and_execute(|| {
		serve(ALICE, DE);
		Epoch::set(START + 15);
		idle();
		assert!(Places::get().contains_key(&1));
		Epoch::set(START + 16);
		idle();
		assert!(Places::get().is_empty());
		assert_eq!(Lines::<Test>::get(ALICE).unwrap().raw, 0);
	});
}
