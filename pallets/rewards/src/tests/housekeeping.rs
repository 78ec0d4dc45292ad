//! The tour of all accounts, and what is removed.

use crate::{mock::*, *};
use frame_support::{
	assert_noop, assert_ok,
	traits::{fungible::Mutate, Get, Hooks},
	weights::Weight,
};
use polkadot_sdk::*;
use weir_math::economy::{groups::Site, vesting::Pot};
use weir_primitives::seams::{economy::Earnings, OnVerdict};

/// Whether there is an account.
fn is_kept(who: AccountId) -> bool {
	Accounts::<Test>::contains_key(who)
}

/// The running epoch is closed, with nothing for anybody.
fn close_idle() {
	close_running(0);
	Rewards::share(Epoch::get() - 1, 0, 0);
}

/// Gives fees of `epoch` a rate in the close of the running epoch.
fn close_with_rate(epoch: u32, credits: u128, tokens: u128) {
	settle_fees(epoch, credits, tokens);
	close_idle();
}

/// Forgets rates as whoever keeps them does: known for longer than the history, and everybody has been credited by them.
fn forget_rates(known_since: &[(u32, u32)]) {
	let last = Rewards::last_closed().unwrap();
	for (epoch, since) in known_since {
		let is_old = since + TestPace::get().history_epochs <= last;
		if is_old && Rewards::settled_until().is_some_and(|settled| settled >= *since) {
			Settled::mutate(|all| all.remove(epoch));
		}
	}
}

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
		let of = |fees| housekeeping::Effort { fees, ..Default::default() };
		assert_eq!([next(), next(), next()], [64, 64, 22].map(of));
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

#[test]
fn tour_should_take_as_many_accounts_as_its_share_of_a_block_holds() {
	build_and_execute(|| {
		(1..=200).for_each(Rewards::note_author);
		close_running(0);
		Rewards::share(START, 2_000, 0);
		Balances::mint_into(&POT, 2_000).unwrap();
		let is_settled = |who: &AccountId| Accounts::<Test>::get(who).unwrap().owed.authoring == 10;
		let settled = || (1..=200).filter(is_settled).count();
		let share = <<Test as frame_system::Config>::BlockWeights as frame_support::traits::Get<
			frame_system::limits::BlockWeights,
		>>::get()
		.max_block
		.saturating_div(housekeeping::IDLE_SHARE);
		let mut per_block = vec![];
		while Rewards::running_tour().is_some() {
			let before = settled();
			assert!(idle().all_lte(share));
			per_block.push(settled() - before);
		}
		assert_eq!(settled(), 200);
		assert!(per_block[0] > 20 && per_block.len() > 2, "{per_block:?}");
		assert_eq!(Rewards::settled_until(), Some(START));
	});
}

#[test]
fn account_never_settled_for_longer_than_the_history_should_get_its_fees() {
	build_and_execute(|| {
		let history = TestPace::get().history_epochs;
		assert_ok!(Rewards::earned(&ALICE, START, 10));
		assert_ok!(Rewards::earned(&ALICE, START, 5));
		close_with_rate(START, 15, 450);
		assert_ok!(Rewards::earned(&ALICE, START + 1, 10));
		close_with_rate(START + 1, 10, 100);
		let rates = [(START, START), (START + 1, START + 1)];
		// No block has any weight left, for far longer than the history.
		for _ in 0..2 * history {
			close_idle();
			forget_rates(&rates);
		}
		assert_eq!((Settled::get().len(), Rewards::settled_until()), (2, None));
		assert_eq!(account(ALICE).owed.fees, 550);
		while Rewards::running_tour().is_some() {
			idle();
		}
		close_idle();
		forget_rates(&rates);
		assert_eq!(Settled::get().len(), 0);
		assert_eq!(claim(ALICE), 550);
		// Later ones do not wait for those either.
		let now = Epoch::get();
		assert_ok!(Rewards::earned(&ALICE, now, 10));
		close_with_rate(now, 10, 70);
		assert_eq!(claim(ALICE), 70);
	});
}

#[test]
fn rate_that_is_set_while_a_tour_runs_should_not_count_as_settled() {
	build_and_execute(|| {
		[ALICE, BOB].into_iter().for_each(|who| Rewards::earned(&who, START, 10).unwrap());
		close_idle();
		let first = Rewards::settle_next(Rewards::running_tour().unwrap());
		assert_eq!(first.fees, 1);
		let visited = CurrentTour::<Test>::get().unwrap().last.unwrap();
		// The rate of the first epoch comes with the close of the second one.
		close_with_rate(START, 20, 200);
		while CurrentTour::<Test>::get().is_some_and(|tour| !tour.is_over) {
			idle_of_tour();
		}
		assert_eq!(Rewards::settled_until(), Some(START));
		assert_eq!(Accounts::<Test>::get(visited).unwrap().owed.fees, 0);
		idle();
		assert_eq!(Rewards::settled_until(), Some(START + 1));
		assert_eq!(Accounts::<Test>::get(visited).unwrap().owed.fees, 100);
	});
}

/// One step of the running tour.
fn idle_of_tour() {
	Rewards::settle_next(Rewards::running_tour().unwrap());
}

#[test]
fn nothing_should_count_as_settled_before_everything_of_everybody_is() {
	build_and_execute(|| {
		for epoch in START..START + 200 {
			assert_ok!(Rewards::earned(&ALICE, epoch, 1));
			close_idle();
		}
		(START..START + 200).for_each(|epoch| settle_fees(epoch, 1, 1));
		close_idle();
		for _ in 0..4 {
			assert_eq!(Rewards::settled_until(), None);
			idle_of_tour();
		}
		assert_eq!(account(ALICE).fees.open, 0);
		idle_of_tour();
		assert_eq!(Rewards::settled_until(), Some(START + 200));
	});
}

#[test]
fn fees_without_a_rate_should_wait_while_the_tour_goes_on() {
	build_and_execute(|| {
		assert_ok!(Rewards::earned(&ALICE, START, 10));
		// Not backed yet: carried for longer than the history lasts.
		(0..400).for_each(|_| close_idle());
		idle();
		assert_eq!(Rewards::settled_until(), Some(START + 399));
		close_with_rate(START, 10, 100);
		forget_rates(&[(START, START + 400)]);
		assert_eq!(claim(ALICE), 100);
	});
}

/// Bob has made a block, was paid for it and has claimed. Nothing else is known of him.
fn paid_bob() {
	Rewards::note_author(BOB);
	close_running(0);
	Rewards::share(START, 1_000, 0);
	Balances::mint_into(&POT, 1_000).unwrap();
	assert_eq!(claim(BOB), 1_000);
}

/// Epochs pass, each with a tour.
fn pass(epochs: u32) {
	for _ in 0..epochs {
		close_idle();
		idle();
	}
}

#[test]
fn account_should_be_dropped_when_its_past_can_no_longer_be_asked_for() {
	build_and_execute(|| {
		paid_bob();
		let history = TestPace::get().history_epochs;
		pass(history);
		assert_eq!(account(BOB).paid.authoring, 1_000);
		pass(1);
		assert!(!is_kept(BOB));
		let paid = Causes { authoring: 1_000, ..Default::default() };
		assert!(events().contains(&Event::AccountDropped { who: BOB, paid }));
		assert_noop!(Rewards::claim(RuntimeOrigin::signed(BOB), BOB, 1), Error::<Test>::NothingEarned);
		// Who comes back begins with an empty account.
		Rewards::note_author(BOB);
		assert_eq!(account(BOB).paid, Causes::default());
		let epoch = Epoch::get();
		close_running(0);
		Rewards::share(epoch, 50, 0);
		Balances::mint_into(&POT, 50).unwrap();
		assert_eq!(claim(BOB), 50);
	});
}

#[test]
fn account_that_was_never_paid_should_be_dropped_when_its_entries_are_over() {
	build_and_execute(|| {
		<Rewards as OnVerdict<_>>::attested(&BOB, START - 1, 10, 0);
		// Its entries count in the next epoch, which is not shared yet.
		pass(1);
		assert!(is_kept(BOB));
		pass(1);
		assert!(!is_kept(BOB));
		// Nothing is found of somebody who is not there.
		Rewards::unproven(&BOB, START - 1);
		assert!(!is_kept(BOB));
	});
}

#[test]
fn account_should_be_kept_when_anything_of_it_is_needed() {
	type Change = fn();
	let with = |change: fn(&mut Account)| {
		Accounts::<Test>::mutate(BOB, |account| change(account.as_mut().unwrap()));
	};
	let needed: [(&str, Change); 8] = [
		("nothing", || {}),
		("owed", || Rewards::with_account(&BOB, |account| account.owed.fees = 5)),
		("locked", || {
			let locked = 100 * TOKEN;
			Balances::mint_into(&POT, locked).unwrap();
			Rewards::with_account(&BOB, |account| {
				(account.vesting.pot, account.vesting.granted) = (Pot { locked, at: Epoch::get() }, locked);
			});
		}),
		("fees", || Rewards::earned(&BOB, Epoch::get(), 5).unwrap()),
		("points", || {
			// Of an epoch that is not shared.
			Rewards::with_account(&BOB, |account| account.points.push(5_000));
			PointsOf::<Test>::insert(BOB, 5_000, Points { blocks: 1, entries: 0 });
			Works::<Test>::insert(5_000, Work { blocks: 1, ..Default::default() });
		}),
		("registered", || register(BOB, DE)),
		("line", || {
			let mut line = Line::new(2, DE, Site::V4([45, 2, 7, 1]), Epoch::get());
			line.settled_from = 5_000;
			Lines::<Test>::insert(BOB, line);
		}),
		("fined", || {
			Rewards::with_account(&BOB, |account| {
				account.fined = Some(Fined { epoch: 1, at: Epoch::get() + 9 })
			});
		}),
	];
	for (what, change) in needed {
		build_and_execute(|| {
			paid_bob();
			change();
			Balances::mint_into(&POT, 5).unwrap();
			with(|account| account.changed = START);
			pass(TestPace::get().history_epochs + 3);
			assert_eq!(is_kept(BOB), what != "nothing", "{what}");
		});
	}
}

#[test]
fn fine_should_be_remembered_for_as_long_as_it_counts() {
	build_and_execute(|| {
		let fine = |epoch| {
			let reason = weir_primitives::SlashReason::FalseReport { epoch, provider: 1 };
			<Rewards as weir_primitives::seams::OnSlashDecided<_>>::slash_applied(&BOB, &reason);
		};
		fine(START);
		pass(360);
		assert!(is_kept(BOB));
		pass(1);
		assert!(!is_kept(BOB));
	});
}

#[test]
fn last_grains_of_a_pot_should_be_free_when_its_owner_has_left() {
	build_and_execute(|| {
		TestParameters::mutate(|p| p.vest_half_life_epochs = 2);
		serve(ALICE, DE);
		close_running(1_000);
		Rewards::share(START, 0, 0);
		let left = |epochs| {
			pass(epochs);
			claim(ALICE);
			Rewards::do_try_state().unwrap();
			account(ALICE).vesting.pot.locked
		};
		let grains: Vec<_> = (0..8).map(|_| left(2)).collect();
		assert!(grains.is_sorted_by(|a, b| a > b) && grains[6] < ED, "{grains:?}");
		// The last one takes years, for whoever is registered.
		assert_eq!(left(150), 1);
		deregister(ALICE);
		let locked = account(ALICE).vesting.pot.locked;
		pass(1);
		assert_eq!(account(ALICE).owed.vested, locked);
		assert_eq!(left(40), 0);
		let history = TestPace::get().history_epochs;
		pass(history + 1);
		assert!(!is_kept(ALICE));
	});
}

#[test]
fn line_without_room_should_stay_among_its_neighbours_until_it_expires() {
	build_and_execute(|| {
		Room::set([(1, 0)].into());
		serve(ALICE, DE);
		assert_eq!(weight_of(ALICE), 0);
		for epoch in START..START + 16 {
			Epoch::set(epoch);
			idle();
			assert_eq!(Places::get().get(&1), Some(&(DE, 50_000)), "{epoch}");
		}
		Epoch::set(START + 16);
		idle();
		assert!(Places::get().is_empty());
		assert_eq!(Lines::<Test>::get(ALICE).unwrap().raw, 0);
	});
}

#[test]
fn line_in_no_region_should_leave_its_place() {
	build_and_execute(|| {
		serve(ALICE, AQ);
		idle();
		assert!(Places::get().is_empty());
		assert_eq!(Lines::<Test>::get(ALICE).unwrap().raw, 0);
	});
}

/// So much is owed to Carol, of whom the token knows nothing, and so much locked.
fn owe_carol(owed: u128, locked: u128) {
	Balances::mint_into(&POT, owed + locked).unwrap();
	Rewards::with_account(&CAROL, |account| {
		account.owed.fees = owed;
		(account.vesting.pot.locked, account.vesting.granted) = (locked, locked);
	});
}

#[test]
fn grains_that_nobody_could_be_paid_should_go_back() {
	build_and_execute(|| {
		owe_carol(5, ED - 6);
		let history = TestPace::get().history_epochs;
		pass(history);
		assert!(is_kept(CAROL));
		assert_eq!(GivenBack::get(), 0);
		pass(1);
		assert!(!is_kept(CAROL));
		assert_eq!(GivenBack::get(), ED - 1);
		let cause = ForfeitCause::Unpayable;
		assert!(events().contains(&Event::Forfeited { who: CAROL, tokens: ED - 1, locked: 0, cause }));
		assert!(events().contains(&Event::AccountDropped { who: CAROL, paid: Causes::default() }));
	});
}

#[test]
fn grains_should_be_kept_when_somebody_could_still_be_paid() {
	type Change = fn();
	let kept: [(&str, Change); 6] = [
		("enough to exist", || owe_carol(5, ED - 5)),
		("an account of the token", || {
			Balances::mint_into(&CAROL, ED).unwrap();
			owe_carol(5, 0);
		}),
		("registered", || {
			register(CAROL, DE);
			owe_carol(5, 0);
		}),
		("fees", || {
			owe_carol(5, 0);
			Rewards::earned(&CAROL, Epoch::get(), 5).unwrap();
		}),
		("fined", || {
			owe_carol(5, 0);
			Rewards::with_account(&CAROL, |account| account.fined = Some(Fined { epoch: 1, at: START + 9 }));
			Accounts::<Test>::mutate(CAROL, |account| account.as_mut().unwrap().changed = START);
		}),
		("the ledger refuses", || {
			LedgerRefuses::set(true);
			owe_carol(5, 0);
		}),
	];
	for (what, change) in kept {
		build_and_execute(|| {
			change();
			pass(TestPace::get().history_epochs + 3);
			assert!(is_kept(CAROL), "{what}");
			assert_eq!(GivenBack::get(), 0, "{what}");
		});
	}
}

#[test]
fn nothing_should_be_charged_for_what_is_not_removed() {
	build_and_execute(|| {
		TestPace::mutate(|pace| pace.history_epochs = 20);
		serve(ALICE, DE);
		close_running(TOKEN);
		Epoch::set(START + 60);
		SettledUntil::<Test>::put(START + 50);
		// The region has been missed since.
		let pruned = Pruned { epoch: START, region: 0 };
		PrunedUntil::<Test>::put(pruned);
		let mut meter = frame_support::weights::WeightMeter::new();
		Rewards::prune(&mut meter);
		let db: frame_support::weights::RuntimeDbWeight = <Test as frame_system::Config>::DbWeight::get();
		assert_eq!(meter.consumed(), db.reads(5));
		assert_eq!(PrunedUntil::<Test>::get(), pruned);
		// Once it no longer is, its first sum goes.
		(START + 1..START + 60).for_each(|epoch| {
			close(epoch, 0);
		});
		Rewards::prune(&mut meter);
		assert!(<()>::prune(housekeeping::SUMS_PER_BLOCK).all_lte(meter.consumed()));
		assert_eq!(PrunedUntil::<Test>::get().epoch, START + 1);
	});
}
