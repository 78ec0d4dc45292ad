//! Those who hold tokens decide: from the vote to what it changes.

use super::{chain::*, filters::name};
use crate::*;
use codec::Encode;
use configs::governance::{Tracks, ECONOMICS_TRACK, EMERGENCY_TRACK, ROOT_TRACK};
use frame_support::{
	assert_noop, assert_ok,
	traits::{schedule::DispatchTime, Bounded, OriginTrait},
};
use pallet_conviction_voting::{AccountVote, Call as Voting, Conviction, Vote};
use pallet_governance::Origin as Decision;
use pallet_referenda::{Call as Poll, ReferendumInfo, TracksInfo};
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Dave, Eve, One};
use weir_math::economy::units::DOLLAR;
use weir_primitives::seams::EpochClock;

fn nothing(_: Sr25519Keyring, _: u32, _: u32) -> Option<u32> {
	None
}

/// Puts `call` to the vote of a track, and lets four of five say yes.
fn put_to_the_vote(decision: Decision, call: impl Into<RuntimeCall>) -> u32 {
	let index = pallet_referenda::ReferendumCount::<Runtime>::get();
	let proposal = Bounded::Inline(call.into().encode().try_into().expect("a short call"));
	let (origin, enactment_moment) = (Box::new(decision.into()), DispatchTime::After(1));
	assert_ok!(dispatch(Alice, Poll::submit { proposal_origin: origin, proposal, enactment_moment }));
	assert_ok!(dispatch(Alice, Poll::place_decision_deposit { index }));
	for (voter, aye) in [(Bob, true), (Charlie, true), (Dave, true), (Eve, true), (One, false)] {
		let vote = Vote { aye, conviction: Conviction::Locked1x };
		let vote = AccountVote::Standard { vote, balance: 500_000 * WEIR };
		assert_ok!(dispatch(voter, Voting::vote { poll_index: index, vote }));
	}
	index
}

/// Goes on until the referendum is approved and its call was made.
fn until_enacted(chain: &mut Chain, index: u32) {
	let is_on = || {
		let info = pallet_referenda::ReferendumInfoFor::<Runtime>::get(index).expect("it was submitted");
		match info {
			ReferendumInfo::Ongoing(_) => true,
			ReferendumInfo::Approved(..) => false,
			other => panic!("it was not approved: {other:?}"),
		}
	};
	for _ in 0..4_000 {
		if !is_on() {
			break;
		}
		chain.block(&nothing);
		check_supply();
	}
	assert!(!is_on(), "four of five said yes");
	let mut results = Vec::new();
	for _ in 0..400 {
		results.extend(System::events().into_iter().filter_map(|record| match record.event {
			RuntimeEvent::Scheduler(pallet_scheduler::Event::Dispatched { result, id: Some(_), .. }) => {
				Some(result)
			}
			_ => None,
		}));
		// The referendum's own alarms are scheduled without a name.
		if !results.is_empty() {
			assert_eq!(results, vec![Ok(())]);
			return;
		}
		chain.block(&nothing);
	}
	panic!("it was never enacted");
}

#[test]
fn no_track_should_end_in_an_origin_that_passes_every_filter() {
	genesis(presets::LOCAL).execute_with(|| {
		let track = |origin: RuntimeOrigin| Tracks::track_for(origin.caller());
		assert_eq!(track(Decision::Upgrade.into()), Ok(ROOT_TRACK));
		assert_eq!(track(Decision::Economics.into()), Ok(ECONOMICS_TRACK));
		assert_eq!(track(Decision::Emergency.into()), Ok(EMERGENCY_TRACK));
		for other in
			[RuntimeOrigin::root(), RuntimeOrigin::none(), RuntimeOrigin::signed(Bob.to_account_id())]
		{
			assert_eq!(track(other), Err(()));
		}
		assert_eq!(Tracks::check_integrity(), Ok(()));
		for track in Tracks::tracks() {
			let info = &track.info;
			let waits = [info.prepare_period, info.decision_period, info.confirm_period];
			assert!(waits.iter().all(|wait| *wait > 0), "{waits:?}");
			assert!(info.confirm_period <= info.decision_period);
		}
	});
}

#[test]
fn waits_of_referenda_should_be_days_on_a_public_network() {
	genesis(presets::STAGING).execute_with(|| {
		let days: Vec<_> = Tracks::tracks().map(|track| track.info.decision_period / 14_400).collect();
		assert_eq!(days, [28, 14, 1]);
	});
}

#[test]
fn emergency_should_pause_purchases_and_nothing_that_is_somebodys() {
	genesis(presets::LOCAL).execute_with(|| {
		let mut chain = Chain::start();
		chain.block(&nothing);
		let pause = pallet_governance::Call::pause_purchases {};
		assert_noop!(dispatch(Alice, pause.clone()), sp_runtime::DispatchError::BadOrigin);
		let index = put_to_the_vote(Decision::Emergency, pause);
		until_enacted(&mut chain, index);

		let buy = pallet_burn_mint::Call::buy_with_stable { credits: 5 * DOLLAR };
		let paused: sp_runtime::DispatchError = pallet_burn_mint::Error::<Runtime>::PurchasesPaused.into();
		assert_noop!(dispatch(Eve, buy.clone()), paused);
		let request = pallet_burn_mint::Call::request_credits { credits: DOLLAR, max_tokens: WEIR };
		assert_noop!(dispatch(Eve, request), paused);
		// It ends by itself.
		let ends = ProofOfBandwidth::epoch() + weir_math::economy::Pace::local().pause_epochs() + 1;
		chain.until_epoch(ends, &nothing);
		assert_ok!(dispatch(Eve, buy));
	});
}

/// Who gets what the treasury spends.
fn payee() -> AccountId {
	[9; 32].into()
}

/// A spend by the treasury's own call.
fn of_the_treasury(amount: Balance) -> RuntimeCall {
	let (asset_kind, beneficiary) = (Box::new(()), Box::new(payee()));
	pallet_treasury::Call::spend { asset_kind, amount, beneficiary, valid_from: None }.into()
}

/// A spend out of the budget of the economics track.
fn small_spend(tokens: Balance) -> RuntimeCall {
	pallet_governance::Call::spend_small { beneficiary: payee(), amount: tokens * WEIR }.into()
}

#[test]
fn economics_should_spend_its_budget_once_in_a_window_however_it_is_asked() {
	genesis(presets::LOCAL).execute_with(|| {
		use sp_runtime::{traits::Dispatchable, DispatchError};
		let mut chain = Chain::start();
		chain.block(&nothing);
		let decide = |call: RuntimeCall| {
			let result = call.dispatch(Decision::Economics.into());
			result.map(|_| ()).map_err(|failed| failed.error)
		};
		let batch =
			|calls: Vec<RuntimeCall>| RuntimeCall::from(pallet_utility::Call::<Runtime>::batch_all { calls });
		let exceeded: DispatchError = pallet_governance::Error::<Runtime>::BudgetExceeded.into();

		assert_eq!(decide(batch(vec![small_spend(60_000), small_spend(60_000)])), Err(exceeded));
		assert_eq!(Balances::free_balance(payee()), 0, "all or nothing");
		assert_eq!(decide(batch(vec![small_spend(60_000), small_spend(40_000)])), Ok(()));
		assert_eq!(Balances::free_balance(payee()), 100_000 * WEIR);
		check_supply();

		let ends = ProofOfBandwidth::epoch() + weir_math::economy::Pace::local().change_window_epochs;
		chain.until_epoch(ends, &nothing);
		assert_eq!(decide(small_spend(1)), Err(exceeded));
		chain.until_epoch(ends + 1, &nothing);
		assert_eq!(decide(small_spend(100_000)), Ok(()));
		assert_eq!(Balances::free_balance(payee()), 200_000 * WEIR);
		check_invariants();
	});
}

#[test]
fn region_should_be_opened_by_a_decision_when_its_notice_is_over() {
	genesis(presets::LOCAL).execute_with(|| {
		use sp_runtime::traits::Dispatchable;
		let mut chain = Chain::start();
		chain.block(&nothing);
		let region =
			weir_primitives::Region { country: *b"FR", kind: weir_primitives::LineKind::Residential };
		let is_open = || configs::economy_reads::region(region).is_some_and(|row| row.open);
		let open = pallet_regions::Call::open_region { region, least_weight: 1 };
		assert_ok!(RuntimeCall::from(open).dispatch(Decision::Economics.into()));
		let at = ProofOfBandwidth::epoch() + weir_math::economy::Pace::local().change_notice_epochs + 1;
		chain.until_epoch(at - 1, &nothing);
		assert!(!is_open());
		chain.until_epoch(at, &nothing);
		assert!(is_open());
		check_invariants();
	});
}

#[test]
fn decision_should_not_reach_beyond_its_track() {
	genesis(presets::LOCAL).execute_with(|| {
		use sp_runtime::traits::Dispatchable;
		let refused = |decision: Decision, call: RuntimeCall| {
			let result = call.clone().dispatch(decision.into());
			assert_eq!(
				result.map_err(|failed| failed.error),
				Err(sp_runtime::DispatchError::BadOrigin),
				"{:?}",
				name(&call)
			);
		};
		let enter: RuntimeCall = pallet_safe_mode::Call::force_enter {}.into();
		let add = pallet_price::Call::add_reporter { who: Dave.to_account_id() };
		let cancel = pallet_node_staking::Call::cancel_slash { id: 0 };
		for decision in [Decision::Economics, Decision::Emergency] {
			refused(decision, enter.clone());
			refused(decision, add.clone().into());
			refused(decision, cancel.clone().into());
		}
		refused(Decision::Economics, pallet_governance::Call::pause_purchases {}.into());
		refused(Decision::Economics, of_the_treasury(1));
		refused(Decision::Emergency, small_spend(1));
		refused(Decision::Upgrade, small_spend(1));
		let region =
			weir_primitives::Region { country: *b"FR", kind: weir_primitives::LineKind::Residential };
		let open = pallet_regions::Call::open_region { region, least_weight: 1 };
		refused(Decision::Emergency, open.clone().into());
		assert_ok!(RuntimeCall::from(open).dispatch(Decision::Economics.into()));
		assert_ok!(enter.dispatch(Decision::Upgrade.into()));
	});
}
