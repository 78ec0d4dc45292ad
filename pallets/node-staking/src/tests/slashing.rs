//! The slash queue, its end and its appeal.

use super::*;
use crate::{Error, Event, FirstSlash, Ledgers, NextSlash, Slashes, WeightInfo, HEAVY_SLASH};
use frame_support::{
	assert_noop, assert_ok,
	traits::{
		fungible::{Balanced, Inspect},
		Hooks,
	},
	weights::Weight,
};
use sp_runtime::{traits::BadOrigin, Perbill};
use weir_math::economy::units::GRAINS_PER_CREDIT;
use weir_primitives::{
	seams::{SlashQueue, SlashSink},
	Role::{Provider, Validator},
};

fn queue(who: AccountId, percent: u32) -> u32 {
	NodeStaking::queue_slash(&who, Provider, Perbill::from_percent(percent), LIE).unwrap()
}

fn with_bond(amount: Balance) -> ExtBuilder {
	ExtBuilder::default().bond(ALICE, Provider, amount)
}

#[test]
fn queue_slash_should_record_fraction_base_and_due_epoch() {
	with_bond(1_001).build_and_execute(|| {
		assert_ok!(NodeStaking::unbond(signed(ALICE), Provider, 500));
		assert_eq!(queue(ALICE, 5), 0);
		System::assert_last_event(
			Event::SlashQueued {
				id: 0,
				who: ALICE,
				role: Provider,
				fraction: Perbill::from_percent(5),
				amount: 51,
				reason: LIE,
				due: 10 + DELAY,
				reporter: None,
			}
			.into(),
		);
		let pending = NodeStaking::pending_slashes(ALICE);
		assert_eq!(pending.iter().map(|(id, slash)| (*id, slash.amount)).collect::<Vec<_>>(), vec![(0, 51)]);
		assert_eq!(held(ALICE, Provider), 1_001);
	});
}

#[test]
fn queue_slash_should_fail_when_there_is_nothing_to_take() {
	with_bond(1_000).build_and_execute(|| {
		let slash = |who, role, fraction| NodeStaking::queue_slash(&who, role, fraction, LIE);
		let five = Perbill::from_percent(5);
		assert_noop!(slash(BOB, Provider, five), Error::<Test>::NothingToSlash);
		assert_noop!(slash(ALICE, Validator, five), Error::<Test>::NothingToSlash);
		assert_noop!(slash(ALICE, Provider, Perbill::zero()), Error::<Test>::ZeroFraction);
		NextSlash::<Test>::put(u32::MAX);
		assert_noop!(slash(ALICE, Provider, five), Error::<Test>::SlashNumbersExhausted);
		NextSlash::<Test>::put(0);
	});
}

#[test]
fn slash_should_apply_when_due_and_not_before() {
	with_bond(1_000).build_and_execute(|| {
		queue(ALICE, 5);
		enter(9 + DELAY);
		assert_eq!(held(ALICE, Provider), 1_000);
		enter(10 + DELAY);
		assert_eq!((held(ALICE, Provider), active(ALICE, Provider)), (950, 950));
		System::assert_last_event(
			Event::SlashApplied { id: 0, who: ALICE, role: Provider, amount: 50, taken: 50, active: 950 }
				.into(),
		);
		assert_eq!(BondChanges::get(), vec![(ALICE, Provider)]);
		assert_eq!(Decided::get(), vec![(ALICE, true)]);
		assert!(NodeStaking::pending_slashes(ALICE).is_empty());
	});
}

#[test]
fn slash_should_leave_the_other_role_alone() {
	with_bond(1_000).bond(ALICE, Validator, 2_000).build_and_execute(|| {
		queue(ALICE, 100);
		enter(10 + DELAY);
		assert_eq!((held(ALICE, Provider), held(ALICE, Validator)), (0, 2_000));
		assert!(!Ledgers::<Test>::contains_key(ALICE, Provider));
	});
}

#[test]
fn slash_should_split_between_the_ledger_and_the_treasury() {
	with_bond(1_001).build_and_execute(|| {
		let issuance = Balances::total_issuance();
		queue(ALICE, 10);
		enter(10 + DELAY);
		// 101 tokens: a fifth to the treasury, rounded down; nobody reported it.
		assert_eq!((Destroyed::get(), Balances::balance(&TREASURY)), (81, 20));
		assert_eq!(Balances::total_issuance(), issuance - 81);
	});
}

#[test]
fn slash_should_pay_its_reporter_as_far_as_fifty_dollars_go() {
	let rows = [
		// What a grain is worth, micro-dollars; what the reporter gets of 1,000.
		(Some(1), 200),
		(Some(250_000), 200),
		(Some(500_000), 100),
		(Some(100_000_000), 0),
		(None, 0),
	];
	for (micro_dollars, expected) in rows {
		with_bond(1_000).build_and_execute(|| {
			PayoutPrice::set(micro_dollars.map(|micro| micro * GRAINS_PER_CREDIT));
			let reason = SlashReason::Equivocation { session: 3 };
			let all = Perbill::from_percent(100);
			assert_ok!(NodeStaking::queue_reported_slash(&ALICE, Provider, all, reason, Some(&BOB)));
			let before = Balances::balance(&BOB);
			enter(10 + DELAY);
			assert_eq!(Balances::balance(&BOB) - before, expected);
			assert_eq!((Destroyed::get(), Balances::balance(&TREASURY)), (800 - expected, 200));
		});
	}
}

#[test]
fn queue_slash_should_know_no_reporter_who_reports_itself() {
	with_bond(1_000).build_and_execute(|| {
		let five = Perbill::from_percent(5);
		assert_ok!(NodeStaking::queue_reported_slash(&ALICE, Provider, five, LIE, Some(&ALICE)));
		assert_ok!(NodeStaking::queue_reported_slash(&ALICE, Provider, five, LIE, Some(&BOB)));
		let reporters: Vec<_> = (0..2).map(|id| Slashes::<Test>::get(id).unwrap().reporter).collect();
		assert_eq!(reporters, [None, Some(BOB)]);
	});
}

#[test]
fn sink_should_destroy_what_no_account_can_take() {
	ExtBuilder::default().build_and_execute(|| {
		let issuance = Balances::total_issuance();
		PayoutPrice::set(Some(GRAINS_PER_CREDIT));
		// A fifth is less than the existential deposit of accounts that do not exist.
		let credit = <Balances as Balanced<_>>::issue(20);
		assert_eq!(Balances::total_issuance(), issuance + 20);
		TestSink::receive(credit, Some(&999));
		assert_eq!((Balances::total_issuance(), Destroyed::get()), (issuance, 20));
		assert_eq!((Balances::balance(&TREASURY), Balances::balance(&999)), (0, 0));
		TestSink::receive(<Balances as Balanced<_>>::issue(0), None);
		assert_eq!(Destroyed::get(), 20);
	});
}

#[test]
fn heavy_slashes_should_wait_while_paused_and_withhold_what_they_take() {
	with_bond(1_000).bond(BOB, Provider, 1_000).build_and_execute(|| {
		assert_ok!(NodeStaking::unbond(signed(ALICE), Provider, 1_000));
		Epoch::set(10 + UNBONDING);
		// The light one ahead is applied; the heavy one waits, and the light one behind it with it.
		queue(BOB, 29);
		queue(ALICE, 30);
		queue(BOB, 10);
		Paused::set(true);
		enter(10 + UNBONDING + DELAY);
		assert_eq!((held(BOB, Provider), held(ALICE, Provider)), (710, 1_000));
		assert_ok!(NodeStaking::withdraw(signed(ALICE), Provider));
		assert_eq!(held(ALICE, Provider), 300);
		idle();
		assert_eq!(FirstSlash::<Test>::get(), 1);
		Paused::set(false);
		idle();
		assert_eq!((held(BOB, Provider), held(ALICE, Provider)), (610, 0));
		assert_eq!(FirstSlash::<Test>::get(), 3);
	});
}

#[test]
fn slash_for_a_wrong_region_should_be_heavy_enough_to_be_paused() {
	let fraction = Perbill::from_parts(weir_math::location::WRONG_REGION_SLASH_PPB);
	assert!(fraction >= HEAVY_SLASH);
	with_bond(1_000).build_and_execute(|| {
		let reason = SlashReason::WrongRegion { epoch: 9, country: *b"JP" };
		assert_ok!(NodeStaking::queue_slash(&ALICE, Provider, fraction, reason));
		Paused::set(true);
		enter(10 + DELAY);
		assert_eq!(held(ALICE, Provider), 1_000);
		Paused::set(false);
		idle();
		assert_eq!(held(ALICE, Provider), 700);
	});
}

#[test]
fn paused_slash_should_still_be_cancelled() {
	with_bond(1_000).build_and_execute(|| {
		let id = queue(ALICE, 100);
		Paused::set(true);
		enter(10 + DELAY);
		assert_ok!(NodeStaking::cancel_slash(signed(APPEALS), id));
		Paused::set(false);
		idle();
		assert_eq!((held(ALICE, Provider), FirstSlash::<Test>::get()), (1_000, 1));
	});
}

#[test]
fn slash_should_keep_its_amount_when_the_node_unbonds_afterwards() {
	with_bond(1_000).build_and_execute(|| {
		queue(ALICE, 10);
		assert_ok!(NodeStaking::unbond(signed(ALICE), Provider, 900));
		enter(10 + DELAY);
		assert_eq!((held(ALICE, Provider), active(ALICE, Provider)), (900, 0));
	});
}

#[test]
fn slash_should_take_the_active_bond_first_and_then_the_last_chunks() {
	with_bond(1_000).build_and_execute(|| {
		assert_ok!(NodeStaking::unbond(signed(ALICE), Provider, 300));
		enter(11);
		assert_ok!(NodeStaking::unbond(signed(ALICE), Provider, 400));
		queue(ALICE, 80);
		enter(11 + DELAY);
		let ledger = Ledgers::<Test>::get(ALICE, Provider).unwrap();
		let chunks: Vec<_> = ledger.chunks.iter().map(|chunk| (chunk.amount, chunk.free_at)).collect();
		assert_eq!((ledger.active, chunks), (0, vec![(200, 10 + UNBONDING)]));
	});
}

#[test]
fn slash_should_take_what_is_left_when_slashes_exceed_the_bond() {
	with_bond(1_000).build_and_execute(|| {
		queue(ALICE, 70);
		queue(ALICE, 70);
		enter(10 + DELAY);
		System::assert_last_event(
			Event::SlashApplied { id: 1, who: ALICE, role: Provider, amount: 700, taken: 300, active: 0 }
				.into(),
		);
		assert!(!Ledgers::<Test>::contains_key(ALICE, Provider));
	});
}

#[test]
fn withdraw_should_leave_what_queued_slashes_will_take() {
	with_bond(1_000).build_and_execute(|| {
		assert_ok!(NodeStaking::unbond(signed(ALICE), Provider, 1_000));
		Epoch::set(10 + UNBONDING);
		queue(ALICE, 30);
		assert_ok!(NodeStaking::withdraw(signed(ALICE), Provider));
		assert_eq!(held(ALICE, Provider), 300);
		assert_noop!(NodeStaking::withdraw(signed(ALICE), Provider), Error::<Test>::WithheldForSlashes);
		enter(10 + UNBONDING + DELAY);
		assert!(!Ledgers::<Test>::contains_key(ALICE, Provider));
		assert_eq!(Balances::balance(&ALICE), FUNDS - 300);
	});
}

#[test]
fn withdraw_should_count_the_active_bond_as_cover_when_slashes_are_queued() {
	with_bond(1_000).build_and_execute(|| {
		assert_ok!(NodeStaking::unbond(signed(ALICE), Provider, 400));
		Epoch::set(10 + UNBONDING);
		queue(ALICE, 60);
		assert_ok!(NodeStaking::withdraw(signed(ALICE), Provider));
		assert_eq!(held(ALICE, Provider), 600);
	});
}

#[test]
fn cancel_slash_should_free_what_it_withheld() {
	with_bond(1_000).build_and_execute(|| {
		assert_ok!(NodeStaking::unbond(signed(ALICE), Provider, 1_000));
		Epoch::set(10 + UNBONDING);
		let id = queue(ALICE, 100);
		assert_noop!(NodeStaking::withdraw(signed(ALICE), Provider), Error::<Test>::WithheldForSlashes);
		assert_ok!(NodeStaking::cancel_slash(signed(APPEALS), id));
		System::assert_last_event(
			Event::SlashCancelled { id, who: ALICE, role: Provider, amount: 1_000 }.into(),
		);
		assert_eq!(Decided::get(), vec![(ALICE, false)]);
		assert_ok!(NodeStaking::withdraw(signed(ALICE), Provider));
		assert_eq!(Balances::balance(&ALICE), FUNDS);
	});
}

#[test]
fn cancel_slash_should_fail_when_not_allowed_or_not_queued() {
	with_bond(1_000).build_and_execute(|| {
		let id = queue(ALICE, 5);
		assert_noop!(NodeStaking::cancel_slash(signed(ALICE), id), BadOrigin);
		assert_noop!(NodeStaking::cancel_slash(signed(APPEALS), id + 1), Error::<Test>::NoSuchSlash);
		enter(10 + DELAY);
		assert_noop!(NodeStaking::cancel_slash(signed(APPEALS), id), Error::<Test>::NoSuchSlash);
	});
}

#[test]
fn on_idle_should_step_over_cancelled_slashes() {
	with_bond(1_000).build_and_execute(|| {
		let ids = [queue(ALICE, 1), queue(ALICE, 2), queue(ALICE, 3)];
		assert_ok!(NodeStaking::cancel_slash(signed(APPEALS), ids[1]));
		enter(10 + DELAY);
		assert_eq!(held(ALICE, Provider), 960);
		assert_eq!(FirstSlash::<Test>::get(), 3);
	});
}

#[test]
fn on_idle_should_stop_at_its_bound_and_resume() {
	with_bond(1_000).build_and_execute(|| {
		for _ in 0..=MaxSlashesPerBlock::get() {
			queue(ALICE, 1);
		}
		enter(10 + DELAY);
		assert_eq!((held(ALICE, Provider), FirstSlash::<Test>::get()), (970, 3));
		idle();
		assert_eq!((held(ALICE, Provider), FirstSlash::<Test>::get()), (960, 4));
	});
}

#[test]
fn on_idle_should_do_no_more_than_the_weight_allows() {
	with_bond(1_000).build_and_execute(|| {
		queue(ALICE, 1);
		queue(ALICE, 1);
		Epoch::set(10 + DELAY);
		let base = <() as WeightInfo>::on_idle_base();
		// Who follows the bond and the slash is paid for as well.
		let apply = <() as WeightInfo>::apply_slash() + FOLLOWING + DECIDING;
		let one = base.saturating_add(apply);
		let short = one.saturating_sub(Weight::from_parts(1, 0));
		assert_eq!(NodeStaking::on_idle(1, Weight::zero()), Weight::zero());
		assert_eq!(NodeStaking::on_idle(1, short), base);
		assert_eq!(Slashes::<Test>::iter().count(), 2);
		assert_eq!(NodeStaking::on_idle(1, one), one);
		assert_eq!(Slashes::<Test>::iter().count(), 1);
	});
}

#[test]
fn bond_should_survive_a_slash_of_everything_and_be_renewed() {
	with_bond(1_000).build_and_execute(|| {
		queue(ALICE, 100);
		enter(10 + DELAY);
		assert_noop!(NodeStaking::bond_more(signed(ALICE), Provider, 1), Error::<Test>::NotBonded);
		assert_ok!(NodeStaking::bond(signed(ALICE), Provider, 500));
		assert_eq!(held(ALICE, Provider), 500);
	});
}
