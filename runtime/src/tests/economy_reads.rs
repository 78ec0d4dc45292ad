//! What the runtime API shows of the economy.

use super::chain::genesis;
use crate::{configs::economy_reads, *};
use frame_support::{assert_noop, assert_ok, traits::fungibles::Mutate as _};
use sp_keyring::Sr25519Keyring::{Alice, Bob, Charlie, Eve, Ferdie};
use sp_runtime::Perbill;
use weir_math::economy::parameters::ParameterName;
use weir_primitives::{
	economy::{GateReason, Parameters, Quote, PRICE_ONE},
	economy_api::{
		BrakeInfo, CloseInfo, Paused, PendingChange, PendingRegion, PoolInfo, RewardsInfo, SlashInfo,
		Unbonding,
	},
	seams::{EpochClock, SlashQueue},
	LineKind, Region, Role, SlashReason,
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
fn reporters_should_be_shown_until_their_bond_is_released() {
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

		// It is judged, and its bond stays locked.
		pallet_price::Standings::<Runtime>::mutate(|standings| standings.remove(&charlie.account));
		let judged = of(Charlie).expect("its bond is not released yet");
		assert_eq!((judged.bond, judged.free_at), (alice.bond, charlie.free_at));
		assert!(judged.free_at.is_some() && judged.rounds == 0);
		pallet_price::Reporters::<Runtime>::remove(&charlie.account);
		assert_eq!(of(Charlie), None);
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
		let vesting = pallet_rewards::Vesting { granted: 8 * WEIR, floor: 6 * WEIR, ..Default::default() };
		let account = pallet_rewards::Account { owed, paid, vesting, ..Default::default() };
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
		assert_eq!((vesting.granted, vesting.floor), (8 * WEIR, 6 * WEIR));
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
		assert!(before.pending_regions.is_empty());
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

#[test]
fn regions_should_be_shown_with_what_was_announced() {
	genesis(presets::LOCAL).execute_with(|| {
		System::set_block_number(1);
		let governs = || RuntimeOrigin::from(pallet_governance::Origin::Economics);
		let region = |country: &[u8; 2]| Region { country: *country, kind: LineKind::Residential };
		let (new, asked, closed) = (region(b"FR"), region(b"DE"), region(b"NL"));
		assert_ok!(Regions::open_region(governs(), new, 7));
		assert_ok!(Regions::set_least_weight(governs(), asked, 41_000));
		assert_ok!(Regions::close_region(governs(), closed));
		let shown = economy_reads::parameters();
		let from_epoch = ProofOfBandwidth::epoch() + shown.pace.change_notice_epochs + 1;
		let expected = [(new, Some(7)), (asked, Some(41_000)), (closed, None)]
			.map(|(region, least_weight)| PendingRegion { region, least_weight, from_epoch });
		assert_eq!(shown.pending_regions, expected);
		let row = economy_reads::region(asked).expect("it is open");
		assert_eq!((row.open, row.least_weight), (true, 40_000), "as it is now");
	});
}

#[test]
fn brakes_should_be_shown_until_the_epoch_in_which_they_are_off() {
	genesis(presets::LOCAL).execute_with(|| {
		System::set_block_number(1);
		let shown = economy_reads::parameters();
		assert_eq!((shown.brakes, shown.safe_mode_until), (vec![], None));
		let row = economy_reads::regions(1, 1).rows.remove(0);
		assert_ok!(Governance::pause_region(emergency(), row.id));
		assert_ok!(Governance::pause_slashes(emergency()));
		assert_ok!(Governance::pause_purchases(emergency()));
		// A number that no region has stops nothing.
		assert_ok!(Governance::pause_region(emergency(), 511));
		pallet_safe_mode::EnteredUntil::<Runtime>::put(77);
		let until = ProofOfBandwidth::epoch() + shown.pace.pause_epochs();
		let brakes = |whats: &[Paused]| -> Vec<_> {
			whats.iter().map(|what| BrakeInfo { what: *what, until }).collect()
		};
		let shown = economy_reads::parameters();
		let region = Paused::Region(row.region);
		assert_eq!(shown.brakes, brakes(&[Paused::Purchases, Paused::Slashes, region]));
		assert_eq!(shown.safe_mode_until, Some(77));
		// What was ended is kept, and is no brake that is on.
		assert_ok!(Governance::resume(emergency(), pallet_governance::Brake::Slashes));
		assert_eq!(economy_reads::parameters().brakes, brakes(&[Paused::Purchases, region]));
	});
}

#[test]
fn quotes_should_be_those_of_the_last_rounds_newest_first() {
	genesis(presets::LOCAL).execute_with(|| {
		let length = economy_reads::price().round_blocks;
		assert!(economy_reads::quotes(u32::MAX).is_empty());
		for round in 100..=400u32 {
			if round != 399 {
				pallet_price::Quotes::<Runtime>::insert(round % pallet_price::KEPT_QUOTES, quote(round));
			}
		}
		System::set_block_number(400 * length);
		let rounds =
			|count| -> Vec<_> { economy_reads::quotes(count).iter().map(|quote| quote.round).collect() };
		// The round without one has none of an older round in its place either.
		assert_eq!(rounds(3), [400, 398, 397]);
		let all = rounds(u32::MAX);
		assert_eq!((all.len(), all.first(), all.last()), (287, Some(&400), Some(&113)));
		assert!(rounds(0).is_empty());
	});
}

#[test]
fn bonds_should_be_shown_with_what_unbonds_and_what_slashes_will_take() {
	genesis(presets::LOCAL).execute_with(|| {
		System::set_block_number(1);
		let who = Eve.to_account_id();
		let nothing = economy_reads::bonds(&who);
		assert_eq!((nothing.provider.active, nothing.covered, nothing.slashes.len()), (0, 0, 0));
		assert!(economy_reads::bonds(&Alice.to_account_id()).validator.active > 0);

		let bond = 10 * nothing.provider.needed;
		assert_ok!(NodeStaking::bond(RuntimeOrigin::signed(who.clone()), Role::Provider, bond));
		let reason = SlashReason::FalseClaim { epoch: 0, ratio_ppm: 100_000 };
		let id = NodeStaking::queue_slash(&who, Role::Provider, Perbill::from_percent(30), reason);
		let id = id.expect("there is a bond");
		assert_ok!(NodeStaking::unbond(RuntimeOrigin::signed(who.clone()), Role::Provider, bond / 2));

		let shown = economy_reads::bonds(&who);
		let free_at = shown.epoch + ProofOfBandwidth::timing().provider_unbonding_epochs();
		assert_eq!(shown.provider.active, bond - bond / 2);
		assert_eq!(shown.provider.unbonding, [Unbonding { tokens: bond / 2, free_at }]);
		assert_eq!((shown.provider.free, shown.provider.withheld), (0, 3 * bond / 10));
		assert!(shown.covered > 0 && shown.validator.active == 0);
		let due = shown.epoch + ProofOfBandwidth::timing().slash_delay_epochs;
		let (role, tokens, fraction) = (Role::Provider, 3 * bond / 10, 300_000);
		let slash = SlashInfo { id, role, tokens, fraction, reason, due, reporter: None };
		assert_eq!(shown.slashes, [slash]);
	});
}

#[test]
fn bond_of_a_claim_should_be_the_one_that_bonding_asks_for() {
	genesis(presets::LOCAL).execute_with(|| {
		let least = economy_reads::claim_bond(0);
		assert_eq!((least.needed, least.lasting), (least.least, least.least));
		let fast = economy_reads::claim_bond(1_000_000);
		assert_eq!((fast.needed, fast.lasting), (1_000 * fast.per_mbps, 1_000 * fast.per_mbps));
		let bond =
			|tokens| NodeStaking::bond(RuntimeOrigin::signed(Ferdie.to_account_id()), Role::Provider, tokens);
		assert_noop!(bond(least.needed - 1), pallet_node_staking::Error::<Runtime>::BelowMinimum);
		assert_ok!(bond(least.needed));
	});
}

#[test]
fn pots_and_stable_path_should_show_where_a_purchase_is() {
	genesis(presets::LOCAL).execute_with(|| {
		System::set_block_number(1);
		let who = Eve.to_account_id();
		let (pots, path) = (economy_reads::pots(), BurnMint::stable_path());
		let pool = PoolInfo { tokens: presets::POOL_TOKENS, stable: presets::POOL_CREDITS };
		assert_eq!((path.pool, path.pending, path.waits), (Some(pool), 0, None));
		assert!(path.limit > 10_000_000 && pots.stable.stable == 0);
		assert_eq!(pots.small_spend_left, configs::governance::SmallSpend::get());

		let before = Assets::balance(configs::pool::STABLE, &who);
		assert_ok!(Assets::mint_into(configs::pool::STABLE, &who, 10_000_000));
		assert_ok!(BurnMint::buy_with_stable(RuntimeOrigin::signed(who.clone()), 10_000_000));
		assert_ok!(Balances::transfer_allow_death(
			RuntimeOrigin::signed(who.clone()),
			pots.treasury.account.clone().into(),
			5 * WEIR
		));
		let (then, after) = (economy_reads::pots(), BurnMint::stable_path());
		assert_eq!((after.pending, after.limit), (10_000_000, path.limit - 10_000_000));
		assert_eq!((then.stable.stable, then.treasury.tokens - pots.treasury.tokens), (10_000_000, 5 * WEIR));
		assert_eq!(then.rewards, pots.rewards);
		assert_eq!(Assets::balance(configs::pool::STABLE, &who), before);
	});
}

#[test]
fn close_should_wait_for_the_first_epoch() {
	genesis(presets::LOCAL).execute_with(|| {
		System::set_block_number(1);
		let expected = CloseInfo { epoch: 0, running: 0, waits_for_price: false, progress: None };
		assert_eq!(BurnMint::close_info(), expected);
	});
}
