//! Audits: what has to be proven, by whom, and what it costs not to.

use super::{proofs::*, *};
use crate::audits::MAX_PROOFS;
use frame_support::assert_noop;
use sp_runtime::Perbill;
use std::{cell::RefCell, collections::BTreeMap};
use weir_primitives::SlashReason;

const TESTED: EpochIndex = FIRST_TESTED_EPOCH;
/// The epoch in which the audits of [`TESTED`] are answered.
const AUDITED: EpochIndex = TESTED + 2;
/// Enough for every seat to have some twenty entries, so that some are drawn.
const PROVIDERS: u32 = 40;

/// What seats reported, and their sidecars' receipts.
#[derive(Default)]
struct Reported {
	drawer: Drawer,
	entries: RefCell<BTreeMap<AccountId, Vec<Entry>>>,
}

impl Reported {
	/// The seat's proofs of what was drawn, as it would hand them in.
	fn answer(&self, node: AccountId) -> Call<Runtime> {
		let entries = self.entries.borrow()[&node].clone();
		let receipts: Vec<Receipt> = Pob::audited(TESTED, &node)
			.into_iter()
			.map(|position| entries[position as usize])
			.filter(|entry| entry.down_kbps > 0)
			.map(|entry| self.drawer.receipt(TESTED, entry.provider, node))
			.collect();
		call(node, entries, receipts)
	}
}

fn call(node: AccountId, entries: Vec<Entry>, receipts: Vec<Receipt>) -> Call<Runtime> {
	let receipts = receipts.try_into().unwrap();
	Call::answer_audit { epoch: TESTED, node, entries: bounded(entries), salt: SALT, receipts }
}

/// Forty honest lines, measured in [`TESTED`]; `bend` is what seats make of their entries. The clock stands at the
/// reveal window of [`AUDITED`].
fn in_audit_window(bend: impl Fn(AccountId, &mut Entry), test: impl FnOnce(&Reported)) {
	ExtBuilder::default().build_and_execute(|| {
		for index in 0..PROVIDERS {
			register(index, 100 + u64::from(index), symmetric(50_000));
		}
		run_to(TESTED, 0);
		let reported = Reported::default();
		report_with(|node, tasks| {
			let mut entries: Vec<Entry> =
				tasks.iter().map(|task| reported.drawer.measure(node, task, symmetric(50_000))).collect();
			entries.iter_mut().for_each(|entry| bend(node, entry));
			reported.entries.borrow_mut().insert(node, entries.clone());
			Some(entries)
		});
		run_to(AUDITED, opens(Step::Audit));
		test(&reported);
	});
}

/// Seats of which something was drawn, and one of which nothing was.
fn seats() -> (Vec<AccountId>, AccountId) {
	let (drawn, spared): (Vec<AccountId>, Vec<AccountId>) =
		(1..=8).partition(|node| !Pob::audited(TESTED, node).is_empty());
	(drawn, *spared.first().expect("a seat of which nothing was drawn"))
}

fn score(node: AccountId) -> u32 {
	Seats::<Runtime>::get(node).unwrap().score_ppm
}

#[test]
fn audit_should_draw_nothing_before_the_reports_epoch_is_over() {
	ExtBuilder::default().build_and_execute(|| {
		for index in 0..PROVIDERS {
			register(index, 100 + u64::from(index), symmetric(50_000));
		}
		run_to(TESTED, 0);
		report(|_, task| honest(task, symmetric(50_000)));
		assert!((1..=8).all(|node| Pob::audited(TESTED, &node).is_empty()));
		run_to(AUDITED, 0);
		assert!((1..=8).any(|node| !Pob::audited(TESTED, &node).is_empty()));
	});
}

#[test]
fn answer_should_cost_nothing_when_the_receipts_bear_it_out() {
	in_audit_window(
		|_, _| {},
		|reported| {
			let (drawn, spared) = seats();
			for node in &drawn {
				let validity = authorize(&reported.answer(*node)).unwrap();
				assert_eq!(validity.provides.len(), 1);
				let proofs = Pob::audited(TESTED, node).len() as u32;
				submit(reported.answer(*node));
				let event = Event::AuditAnswered { epoch: TESTED, node: *node, proven: proofs };
				System::assert_last_event(event.into());
				assert!(Pob::audited(TESTED, node).is_empty());
				refused_by(&reported.answer(*node), Error::AlreadyProven);
			}
			run_to(AUDITED, 29);
			assert!(events().iter().all(|event| !matches!(event, Event::AuditMissed { .. })));
			// What all of them missed since is the same.
			assert!(drawn.iter().all(|node| score(*node) == score(spared)));
			assert!(Queued::get().is_empty() && Unproven::get().is_empty());
		},
	);
}

#[test]
fn silence_should_cost_score_and_pay_of_the_drawn_alone() {
	in_audit_window(
		|_, _| {},
		|_| {
			let (drawn, spared) = seats();
			run_to(AUDITED, 29);
			for node in &drawn {
				assert!(events().contains(&Event::AuditMissed {
					epoch: TESTED,
					node: *node,
					score_ppm: FULL_SCORE_PPM - 200_000
				}));
			}
			assert_eq!(Unproven::get(), drawn.iter().map(|node| (*node, TESTED)).collect::<Vec<_>>());
			assert!(score(spared) > FULL_SCORE_PPM - 200_000);
			assert!(Queued::get().is_empty());
		},
	);
}

#[test]
fn answer_should_be_refused_outside_its_window() {
	in_audit_window(
		|_, _| {},
		|reported| {
			let (drawn, _) = seats();
			let call = reported.answer(drawn[0]);
			run_to(AUDITED, Pob::window_of(Step::Audit).1);
			assert_eq!(refused(&call), InvalidTransaction::Stale);
			assert_noop!(dispatch(call.clone()), Error::<Runtime>::WindowClosed);
			run_to(AUDITED + 1, opens(Step::Audit));
			assert_eq!(refused(&call), InvalidTransaction::Stale);
			assert_noop!(dispatch(call), Error::<Runtime>::WrongEpoch);
		},
	);
}

#[test]
fn answer_should_wait_for_its_window() {
	ExtBuilder::default().build_and_execute(|| {
		for index in 0..PROVIDERS {
			register(index, 100 + u64::from(index), symmetric(50_000));
		}
		run_to(TESTED, 0);
		report(|_, task| honest(task, symmetric(50_000)));
		assert_eq!(refused(&call(1, vec![], vec![])), InvalidTransaction::Future);
		run_to(AUDITED, opens(Step::Audit) - 1);
		assert_eq!(refused(&call(1, vec![], vec![])), InvalidTransaction::Future);
	});
}

#[test]
fn answer_should_be_refused_when_the_report_was_not_revealed() {
	ExtBuilder::default().build_and_execute(|| {
		run_to(TESTED + 1, opens(Step::Commit));
		submit(commit_call(TESTED, 1, &[]));
		run_to(AUDITED, opens(Step::Audit));
		let answer = call(1, vec![], vec![]);
		refused_by(&answer, Error::NotRevealed);
		assert_noop!(dispatch(answer), Error::<Runtime>::NotRevealed);
	});
}

#[test]
fn answer_should_be_refused_when_it_is_not_the_report() {
	in_audit_window(
		|_, _| {},
		|reported| {
			let (drawn, spared) = seats();
			let node = drawn[0];
			let entries = reported.entries.borrow()[&node].clone();
			let Call::answer_audit { receipts, .. } = reported.answer(node) else { panic!() };
			let receipts = receipts.into_inner();
			refused_by(&reported.answer(spared), Error::NotAudited);
			refused_by(&call(99, entries.clone(), receipts.clone()), Error::NotCommitted);
			refused_by(&call(node, entries[1..].to_vec(), receipts.clone()), Error::NotTheReport);
			refused_by(&call(node, entries.clone(), vec![]), Error::WrongReceiptCount);
			let mut other = entries.clone();
			other[0].loss_pptt += 1;
			assert_eq!(refused(&call(node, other, receipts.clone())), InvalidTransaction::BadProof);
			let wrong_salt = Call::answer_audit {
				epoch: TESTED,
				node,
				entries: bounded(entries),
				salt: [8; 32],
				receipts: receipts.try_into().unwrap(),
			};
			assert_eq!(refused(&wrong_salt), InvalidTransaction::BadProof);
		},
	);
}

#[test]
fn answer_should_be_refused_when_a_receipt_is_of_another_test_chain_or_hand() {
	in_audit_window(
		|_, _| {},
		|reported| {
			let (drawn, _) = seats();
			let node = drawn[0];
			let entries = reported.entries.borrow()[&node].clone();
			let Call::answer_audit { receipts, .. } = reported.answer(node) else { panic!() };
			assert!(receipts.len() <= MAX_PROOFS as usize);
			let with = |bend: &dyn Fn(&mut Receipt)| {
				let mut receipts = receipts.clone().into_inner();
				bend(&mut receipts[0]);
				call(node, entries.clone(), receipts)
			};
			type Bend = fn(&mut Receipt);
			let foreign: [Bend; 5] = [
				|receipt| receipt.test.genesis = [7; 32],
				|receipt| receipt.test.epoch -= 1,
				|receipt| receipt.test.target += 1,
				|receipt| receipt.test.attestor += 1,
				// Signed anew: not the receipt that was reported, though it says the same.
				|receipt| *receipt = sign(receipt.clone()),
			];
			for bend in foreign {
				refused_by(&with(&bend), Error::ForeignReceipt);
			}
			let unsigned: [Bend; 3] = [
				|receipt| receipt.down_bytes += 375,
				|receipt| {
					receipt.down_bytes += 375;
					receipt.by_target = sign(receipt.clone()).by_target;
				},
				|receipt| {
					receipt.down_bytes += 375;
					receipt.by_attestor = sign(receipt.clone()).by_attestor;
				},
			];
			for bend in unsigned {
				assert_eq!(refused(&with(&bend)), InvalidTransaction::BadProof);
			}
		},
	);
}

#[test]
fn answer_should_not_decode_with_more_receipts_than_can_be_drawn() {
	use codec::{Decode, Encode};
	in_audit_window(
		|_, _| {},
		|reported| {
			let (drawn, _) = seats();
			let node = drawn[0];
			let entries = reported.entries.borrow()[&node].clone();
			let Call::answer_audit { receipts, .. } = reported.answer(node) else { panic!() };
			let receipts = |count: u32| vec![receipts[0].clone(); count as usize];
			let bytes = |count| (5u8, TESTED, node, entries.clone(), SALT, receipts(count)).encode();
			let most = Call::<Runtime>::decode(&mut &bytes(MAX_PROOFS)[..]);
			assert_eq!(most.as_ref(), Ok(&call(node, entries.clone(), receipts(MAX_PROOFS))));
			assert!(Call::<Runtime>::decode(&mut &bytes(MAX_PROOFS + 1)[..]).is_err());
		},
	);
}

#[test]
fn answer_should_cost_a_part_of_the_bond_when_a_receipt_shows_other_counts() {
	// Everybody says one kbps more than was signed.
	in_audit_window(
		|_, entry| entry.down_kbps += 1,
		|reported| {
			let (drawn, _) = seats();
			let node = drawn[0];
			let first = Pob::audited(TESTED, &node)[0];
			let provider = reported.entries.borrow()[&node][first as usize].provider;
			// Whoever holds the receipts may hand them in.
			submit(reported.answer(node));
			let reason = SlashReason::FalseReport { epoch: TESTED, provider };
			assert_eq!(Queued::get()[0], (node, Perbill::from_percent(5), reason));
			assert!(events().contains(&Event::FalseReportProven { epoch: TESTED, node, provider }));
		},
	);
}

#[test]
fn answer_should_need_no_receipt_where_nothing_was_measured() {
	in_audit_window(
		|_, entry| *entry = Entry { receipt: [0; 5], ..unreachable(entry.provider) },
		|reported| {
			let (drawn, _) = seats();
			for node in drawn {
				submit(reported.answer(node));
				System::assert_last_event(Event::AuditAnswered { epoch: TESTED, node, proven: 0 }.into());
			}
		},
	);
}

#[test]
fn answer_should_be_taken_under_a_key_that_was_replaced_since() {
	in_audit_window(
		|_, _| {},
		|reported| {
			let (drawn, _) = seats();
			let node = drawn[0];
			let answer = reported.answer(node);
			Pob::set_seat_key(frame_system::RawOrigin::Signed(node).into(), key(77)).unwrap();
			submit(answer);
		},
	);
}
