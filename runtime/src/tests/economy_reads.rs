//! What the runtime API shows of the economy.

use super::chain::genesis;
use crate::{configs::economy_reads, *};
use frame_support::assert_ok;
use sp_keyring::Sr25519Keyring::{Alice, Bob, Charlie, Eve};
use weir_math::economy::parameters::ParameterName;
use weir_primitives::{
	economy::{GateReason, Parameters, Quote, PRICE_ONE},
	economy_api::{PendingChange, RewardsInfo},
	LineKind, Region,
};

fn quote(round: u32) -> Quote {
	Quote {
		round,
		median: PRICE_ONE / 25,
		ema: PRICE_ONE / 25,
		twap: None,
		low: PRICE_ONE / 26,
		high: PRICE_ONE / 24,
		reports: 2,
		oldest_block: 1,
		at_block: 1,
		gate: None,
	}
}

fn emergency() -> RuntimeOrigin {
	pallet_governance::Origin::Emergency.into()
}

#[test]
fn price_should_be_shown_with_its_gates_and_pauses() {
	genesis(presets::LOCAL).execute_with(|| {
		System::set_block_number(1);
		let shown = economy_reads::price();
		assert_eq!((shown.round, shown.round_blocks, shown.quote), (0, 5, None));
		assert_eq!(
			(shown.purchases_closed, shown.payouts_closed),
			(Some(GateReason::Stale), Some(GateReason::Stale))
		);
		assert_eq!((shown.reporters, shown.quorum, shown.paused, shown.lost), (3, 2, false, false));

		pallet_price::LatestQuote::<Runtime>::put(quote(0));
		assert_ok!(Governance::pause_purchases(emergency()));
		let shown = economy_reads::price();
		assert_eq!((shown.quote, shown.paused), (Some(quote(0)), true));
		assert_eq!((shown.purchases_closed, shown.payouts_closed), (None, None));
	});
}

#[test]
fn reporters_should_be_shown_until_they_are_judged() {
	genesis(presets::LOCAL).execute_with(|| {
		System::set_block_number(1);
		let of = |who: sp_keyring::Sr25519Keyring| {
			economy_reads::reporters().into_iter().find(|reporter| reporter.account == who.to_account_id())
		};
		assert_eq!(economy_reads::reporters().len(), 3);
		let alice = of(Alice).expect("a reporter of the preset");
		assert_eq!((alice.added, alice.active, alice.key), (true, true, Some(Alice.public().0)));
		assert_eq!((alice.bond, alice.free_at), (configs::economy::ReporterBond::get(), None));

		assert_ok!(Price::leave(RuntimeOrigin::signed(Bob.to_account_id())));
		let bob = of(Bob).expect("it was added");
		assert_eq!((bob.added, bob.active, bob.bond), (true, false, alice.bond));
		assert!(bob.free_at.is_some());

		assert_ok!(Price::remove_reporter(
			pallet_governance::Origin::Upgrade.into(),
			Charlie.to_account_id()
		));
		let charlie = of(Charlie).expect("its last era is not judged yet");
		assert_eq!((charlie.added, charlie.active), (false, false));
		assert_eq!(economy_reads::price().reporters, 2);
	});
}

#[test]
fn regions_should_be_shown_page_by_page() {
	genesis(presets::LOCAL).execute_with(|| {
		let all = economy_reads::regions(0, 100);
		assert!(all.rows.len() >= 8 && all.next.is_none(), "{all:?}");
		let (mut start, mut rows) = (0, Vec::new());
		loop {
			let page = economy_reads::regions(start, 3);
			assert!(page.rows.len() <= 3);
			rows.extend(page.rows);
			let Some(next) = page.next else { break };
			start = next;
		}
		assert_eq!(rows, all.rows);
		for row in &all.rows {
			assert_eq!(economy_reads::region(row.region).as_ref(), Some(row));
			assert!(row.open && !row.paused);
			assert_eq!((row.multiplier, row.floor, row.weight, row.nodes), (1_000_000, 0, 0, 0));
		}
		assert!(economy_reads::regions(u32::MAX, 100).rows.is_empty());
		assert_eq!(economy_reads::regions(0, 0).next, None);
		assert_eq!(economy_reads::region(Region { country: *b"AQ", kind: LineKind::Hosting }), None);

		System::set_block_number(1);
		let row = &all.rows[1];
		assert_ok!(Governance::pause_region(emergency(), row.id));
		assert!(economy_reads::region(row.region).is_some_and(|region| region.paused));
	});
}

#[test]
fn rewards_should_be_shown_by_cause_and_worth_the_newest_median() {
	genesis(presets::LOCAL).execute_with(|| {
		let who = Eve.to_account_id();
		let nothing = economy_reads::rewards(&who);
		assert_eq!((nothing.claimable, nothing.worth, &nothing.line), (0, None, &None));

		let owed = pallet_rewards::Causes {
			availability: WEIR,
			vested: 2 * WEIR,
			bounty: 3 * WEIR,
			fees: 4 * WEIR,
			authoring: 5 * WEIR,
			attestation: 10 * WEIR,
		};
		let paid = pallet_rewards::Causes { fees: 7, vested: 9, ..Default::default() };
		let account = pallet_rewards::Account { owed, paid, ..Default::default() };
		pallet_rewards::Accounts::<Runtime>::insert(&who, account);
		pallet_price::LatestQuote::<Runtime>::put(quote(0));
		let RewardsInfo {
			claimable,
			worth,
			availability,
			vesting,
			bounties,
			fees,
			validating,
			attesting,
			..
		} = economy_reads::rewards(&who);
		// A dollar for twenty-five tokens.
		assert_eq!((claimable, worth), (25 * WEIR, Some(1_000_000)));
		assert_eq!((availability.pending, vesting.releasable, vesting.released), (WEIR, 2 * WEIR, 9));
		assert_eq!((bounties.pending, fees.pending, fees.paid), (3 * WEIR, 4 * WEIR, 7));
		assert_eq!((validating.pending, attesting.pending), (5 * WEIR, 10 * WEIR));
	});
}

#[test]
fn parameters_should_be_shown_with_what_was_announced() {
	genesis(presets::LOCAL).execute_with(|| {
		System::set_block_number(1);
		let before = economy_reads::parameters();
		assert_eq!((before.parameters, before.pending), (Parameters::default(), None));
		let changes = vec![(ParameterName::ListPrice, 52_000)].try_into().expect("one change");
		assert_ok!(Governance::propose_parameters(pallet_governance::Origin::Economics.into(), changes));
		let shown = economy_reads::parameters();
		let parameters = Parameters { list_price: 52_000, ..before.parameters };
		let from_epoch = before.pace.change_notice_epochs;
		assert_eq!((shown.parameters, shown.pace), (before.parameters, before.pace));
		assert!(
			matches!(shown.pending, Some(PendingChange { parameters: new, from_epoch: at }) if new == parameters && at >= from_epoch)
		);
	});
}
