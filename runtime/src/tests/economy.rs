//! The bandwidth economy on the real runtime: after every block each token of the cap is accounted for.

use super::chain::*;
use crate::*;
use configs::{
	accounts::StablePot,
	pool::{Pool, STABLE},
};
use frame_support::{assert_noop, assert_ok};
use pallet_burn_mint::Event as Minting;
use pallet_governance::Origin as Decision;
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, One};
use sp_runtime::traits::Dispatchable;
use weir_math::economy::{
	units::{DOLLAR, PRICE_ONE},
	wide::{tokens_ceil, value_floor},
	Parameters,
};
use weir_primitives::{
	economy::{Credits, GateReason, Price as TokenPrice, Quote, Tokens},
	seams::{
		economy::{CreditAccounts, PaidTraffic, Pricing, SettlementRates, StablePool},
		EpochClock,
	},
	EpochIndex, LineKind, ProviderIndex, Region, Role,
};

/// What a token is worth in the pool at genesis.
const FOUR_CENTS: TokenPrice = PRICE_ONE / 25;
/// Who buys.
const CUSTOMER: Sr25519Keyring = One;
/// Where all providers of the tests are.
const HOME: Region = Region { country: *b"DE", kind: LineKind::Residential };

/// Everybody delivers what it claims.
fn good(_: Sr25519Keyring, provider: ProviderIndex, epoch: EpochIndex) -> Option<u32> {
	Some(share(CLAIM_KBPS + 1_000, provider, epoch))
}

/// A block, after which every law holds.
fn block(chain: &mut Chain) {
	chain.block(&good);
	check_invariants();
}

/// Goes on until it is so, for at most so many blocks.
fn until(chain: &mut Chain, most: u32, what: &str, is_so: impl Fn() -> bool) {
	for _ in 0..most {
		if is_so() {
			return;
		}
		block(chain);
	}
	assert!(is_so(), "{what} within {most} blocks");
}

fn minting() -> Vec<Minting<Runtime>> {
	let events = System::events().into_iter();
	events
		.filter_map(|record| match record.event {
			RuntimeEvent::BurnMint(event) => Some(event),
			_ => None,
		})
		.collect()
}

fn free(who: Sr25519Keyring) -> Balance {
	Balances::free_balance(who.to_account_id())
}

/// A network at work whose reporters say that a token is worth four cents.
fn with_price() -> Chain {
	let mut chain = Chain::with_providers();
	chain.quote(Some(FOUR_CENTS));
	let open = || Price::purchases_closed().is_none() && Price::payouts_closed().is_none();
	until(&mut chain, 40, "there is a price", open);
	chain
}

/// Asks for credits, and waits until they are bought. Returns the quote at which they were, and what they burned.
fn buy(chain: &mut Chain, credits: Credits) -> (Quote, Tokens) {
	let max_tokens = tokens_ceil(credits, FOUR_CENTS / 2).expect("a price");
	assert_ok!(dispatch(CUSTOMER, pallet_burn_mint::Call::request_credits { credits, max_tokens }));
	for _ in 0..40 {
		block(chain);
		let bought = minting().into_iter().find_map(|event| match event {
			Minting::CreditsBought { tokens, price, .. } => Some((price, tokens)),
			Minting::RequestFailed { reason, .. } => panic!("the request failed: {reason:?}"),
			_ => None,
		});
		if let Some((price, tokens)) = bought {
			let quote = pallet_price::LatestQuote::<Runtime>::get().expect("it was priced");
			assert_eq!(price, quote.low);
			return (quote, tokens);
		}
	}
	panic!("credits were never bought");
}

#[test]
fn purchase_should_be_priced_after_it_was_asked_for() {
	genesis(presets::LOCAL).execute_with(|| {
		let mut chain = with_price();
		let (asked, block, before) = (Price::round(), System::block_number(), free(CUSTOMER));
		let (quote, tokens) = buy(&mut chain, 100 * DOLLAR);
		assert!(quote.round >= asked + Parameters::default().forward_rounds, "{quote:?} after {asked}");
		assert!(quote.oldest_block >= block, "no report was older than the request");
		assert_eq!(quote.median, FOUR_CENTS);
		assert!(quote.low < FOUR_CENTS && quote.low > FOUR_CENTS / 100 * 99);
		assert_eq!(tokens, tokens_ceil(100 * DOLLAR, quote.low).expect("a price"));
		assert_eq!(before - free(CUSTOMER), tokens, "what was on hold beyond it is free again");
		let ledger = ledger();
		assert_eq!((ledger.basis, ledger.credits), (tokens, 100 * DOLLAR));
		assert_eq!(BurnMint::free(&CUSTOMER.to_account_id()), 100 * DOLLAR);
	});
}

#[test]
fn credits_paid_for_traffic_should_become_tokens_of_those_who_carried_it() {
	genesis(presets::LOCAL).execute_with(|| {
		let mut chain = with_price();
		buy(&mut chain, 100 * DOLLAR);
		let (customer, provider) = (CUSTOMER.to_account_id(), PROVIDERS[0].to_account_id());
		let paid = 60 * DOLLAR;
		assert_ok!(BurnMint::lock(&customer, paid));
		let epoch = BurnMint::paid(&customer, &provider, &HOME, paid).expect("it was locked");
		assert_eq!(epoch, ProofOfBandwidth::epoch());
		check_invariants();
		let (basis, destroyed) = (ledger().basis, ledger().destroyed);
		until(&mut chain, 120, "the epoch is settled", || BurnMint::rate(epoch).is_some());

		let rate = BurnMint::rate(epoch).expect("it is");
		let summary = pallet_burn_mint::Summaries::<Runtime>::get(epoch);
		until(&mut chain, 60, "the epoch is closed", || {
			pallet_burn_mint::NextClose::<Runtime>::get() > epoch
		});
		let summary = summary.or(pallet_burn_mint::Summaries::<Runtime>::get(epoch)).expect("it is closed");
		let price = summary.price.expect("it was closed at a price");
		assert!(price > FOUR_CENTS, "payees are paid at the high price");
		assert_eq!((rate.credits, summary.haircut), (paid, 0));
		// To the micro-dollar, in their favour who do not get it.
		let worth = |tokens| value_floor(tokens, price).expect("a price");
		assert!((45 * DOLLAR - 1..=45 * DOLLAR).contains(&worth(rate.provider_tokens)), "{rate:?}");
		assert!(worth(rate.attestor_tokens) <= 60 * DOLLAR * 3 / 100);
		assert!(worth(rate.treasury_tokens) <= 60 * DOLLAR * 2 / 100);
		let after = ledger();
		assert_eq!(after.credits, 40 * DOLLAR);
		let left = basis * 40 / 100;
		assert!(after.basis.abs_diff(left) <= 1, "{} of {basis}", after.basis);
		assert!(after.destroyed + after.buffer > destroyed, "a part is nobody's");

		let before = Balances::free_balance(&provider);
		let claim = pallet_rewards::Call::claim { who: provider.clone(), limit: 64 };
		assert_ok!(dispatch(Bob, claim));
		check_invariants();
		let gained = Balances::free_balance(&provider) - before;
		assert!(gained >= rate.provider_tokens, "{gained} for {}", rate.provider_tokens);
		let account = pallet_rewards::Accounts::<Runtime>::get(&provider).expect("it has earned");
		assert_eq!(account.paid.fees, rate.provider_tokens);
	});
}

#[test]
fn lines_validators_and_attestors_should_be_paid_out_of_the_emission() {
	genesis(presets::LOCAL).execute_with(|| {
		let mut chain = with_price();
		until(&mut chain, 600, "eight epochs are closed", || {
			pallet_burn_mint::NextClose::<Runtime>::get() >= 8
		});
		let before = ledger();
		assert!(before.emitted > 0);
		let (mut lines, mut blocks, mut entries) = (0, 0, 0);
		for who in VALIDATORS.into_iter().chain(PROVIDERS).map(Sr25519Keyring::to_account_id) {
			let claim = pallet_rewards::Call::claim { who: who.clone(), limit: 64 };
			if pallet_rewards::Accounts::<Runtime>::contains_key(&who) {
				assert_ok!(dispatch(Bob, claim));
				check_invariants();
			}
			let paid = pallet_rewards::Accounts::<Runtime>::get(&who).unwrap_or_default().paid;
			lines += paid.availability;
			blocks += paid.authoring;
			entries += paid.attestation;
		}
		assert!(lines > 0 && blocks > 0 && entries > 0, "{lines}, {blocks}, {entries}");
		assert!(before.bucket > 0, "what nobody needed is kept for later");
		assert_eq!(ledger(), before, "a claim moves tokens that exist");
	});
}

#[test]
fn stable_asset_should_buy_credits_at_once_and_tokens_slice_by_slice() {
	genesis(presets::LOCAL).execute_with(|| {
		let mut chain = with_price();
		let customer = CUSTOMER.to_account_id();
		let before = Assets::balance(STABLE, &customer);
		let (pool_tokens, pool_stable) = Pool::reserves().expect("there is a pool");
		assert_ok!(dispatch(CUSTOMER, pallet_burn_mint::Call::buy_with_stable { credits: 500 * DOLLAR }));
		check_invariants();
		assert_eq!(BurnMint::free(&customer), 500 * DOLLAR);
		assert_eq!(before - Assets::balance(STABLE, &customer), 500 * DOLLAR);
		assert_eq!((ledger().pending_credits, ledger().basis), (500 * DOLLAR, 0));
		assert_eq!(Assets::balance(STABLE, StablePot::get()), 500 * DOLLAR);

		until(&mut chain, 2_000, "the pot is spent", || ledger().pending_credits == 0);
		assert_eq!(Assets::balance(STABLE, StablePot::get()), 0);
		let bought = ledger().basis;
		let at_once = tokens_ceil(500 * DOLLAR, FOUR_CENTS).expect("a price");
		assert!(bought < at_once && bought > at_once / 100 * 99, "{bought} of {at_once}");
		let (left_tokens, left_stable) = Pool::reserves().expect("there is a pool");
		assert_eq!((pool_tokens - left_tokens, left_stable - pool_stable), (bought, 500 * DOLLAR));
	});
}

#[test]
fn stable_path_should_go_on_when_nobody_reports_the_price() {
	genesis(presets::LOCAL).execute_with(|| {
		let mut chain = with_price();
		chain.quote(None);
		until(&mut chain, 60, "the price is stale", || Price::purchases_closed().is_some());
		assert_ok!(dispatch(CUSTOMER, pallet_burn_mint::Call::buy_with_stable { credits: 20 * DOLLAR }));
		until(&mut chain, 2_000, "the pot is spent", || ledger().pending_credits == 0);
		assert!(ledger().basis > 0);
	});
}

/// Swaps all of `amount` in the pool.
fn swap(path: [configs::pool::AssetKind; 2], amount: u128) {
	let call = pallet_asset_conversion::Call::swap_exact_tokens_for_tokens {
		path: path.map(Box::new).to_vec(),
		amount_in: amount,
		amount_out_min: 1,
		send_to: CUSTOMER.to_account_id(),
		keep_alive: false,
	};
	assert_ok!(dispatch(CUSTOMER, call));
	check_invariants();
}

#[test]
fn stable_path_should_wait_when_nobody_reports_and_the_pool_is_bought_up() {
	use configs::pool::{Native, Stable};
	genesis(presets::LOCAL).execute_with(|| {
		let mut chain = with_price();
		chain.quote(None);
		until(&mut chain, 60, "the price is stale", || Price::purchases_closed().is_some());
		assert_ok!(dispatch(CUSTOMER, pallet_burn_mint::Call::buy_with_stable { credits: 20 * DOLLAR }));
		let spent = || minting().into_iter().any(|event| matches!(event, Minting::SliceSpent { .. }));
		until(&mut chain, 20, "a slice is spent", spent);
		let (pending, held) = (ledger().pending_credits, free(CUSTOMER));
		// Five thousand dollars make the pool 3 % dearer: what the round before saw is what counts.
		swap([Stable::get(), Native::get()], 5_000 * DOLLAR);
		let bought = free(CUSTOMER) - held;
		let waits = || minting().into_iter().any(|event| matches!(event, Minting::SliceDeferred { .. }));
		until(&mut chain, 20, "a slice waits", waits);
		assert_eq!(ledger().pending_credits, pending);
		swap([Native::get(), Stable::get()], bought);
		until(&mut chain, 2_000, "the pot is spent", || ledger().pending_credits == 0);
	});
}

#[test]
fn request_should_be_taken_back_while_there_is_no_price_only() {
	genesis(presets::LOCAL).execute_with(|| {
		let mut chain = with_price();
		let before = free(CUSTOMER);
		// Past the reports of the running round.
		block(&mut chain);
		let request = pallet_burn_mint::Call::request_credits { credits: 5 * DOLLAR, max_tokens: 500 * WEIR };
		assert_ok!(dispatch(CUSTOMER, request));
		let cancel = pallet_burn_mint::Call::cancel_request { id: 0 };
		assert_noop!(dispatch(CUSTOMER, cancel.clone()), pallet_burn_mint::Error::<Runtime>::PurchasesOpen);
		chain.quote(None);
		let executed = || !pallet_burn_mint::Requests::<Runtime>::contains_key(0);
		until(&mut chain, 60, "purchases close", || Price::purchases_closed().is_some() || executed());
		assert!(!executed(), "no quote is younger than the request");
		assert_ok!(dispatch(CUSTOMER, cancel));
		check_invariants();
		assert_eq!(free(CUSTOMER), before);
	});
}

#[test]
fn purchases_should_wait_and_payouts_go_on_when_pool_and_reporters_disagree() {
	genesis(presets::LOCAL).execute_with(|| {
		let mut chain = with_price();
		chain.quote(Some(FOUR_CENTS / 100 * 120));
		until(&mut chain, 60, "the prices disagree", || {
			Price::purchases_closed() == Some(GateReason::Spread)
		});
		assert_eq!(Price::payouts_closed(), None);
		let closed = pallet_burn_mint::NextClose::<Runtime>::get();
		until(&mut chain, 200, "epochs are closed", || {
			pallet_burn_mint::NextClose::<Runtime>::get() > closed + 1
		});
	});
}

#[test]
fn epochs_should_be_closed_by_the_schedule_when_the_price_is_lost() {
	genesis(presets::LOCAL).execute_with(|| {
		let mut chain = Chain::with_providers();
		until(&mut chain, 400, "the price is lost", Price::is_lost);
		let closed = pallet_burn_mint::NextClose::<Runtime>::get();
		until(&mut chain, 200, "epochs are closed", || {
			pallet_burn_mint::NextClose::<Runtime>::get() > closed + 2
		});
		let summary = pallet_burn_mint::Summaries::<Runtime>::get(closed + 1).expect("it is closed");
		assert_eq!((summary.price, summary.settled), (None, 0));
		assert!(summary.scheduled > 0 && ledger().emitted > 0);
		// There never was a price by which lines could be paid: their slices wait.
		assert!(summary.availability == 0 && ledger().bucket > 0);
	});
}

#[test]
fn lines_should_be_paid_no_more_than_before_when_the_price_is_lost() {
	genesis(presets::LOCAL).execute_with(|| {
		let mut chain = with_price();
		let next = pallet_burn_mint::NextClose::<Runtime>::get;
		let earned = |epoch| {
			pallet_burn_mint::Summaries::<Runtime>::get(epoch).is_some_and(|summary| summary.availability > 0)
		};
		until(&mut chain, 900, "lines are paid", || next().checked_sub(1).is_some_and(earned));
		chain.quote(None);
		until(&mut chain, 400, "the price is lost", Price::is_lost);
		let closed = next();
		until(&mut chain, 300, "epochs are closed", || next() > closed + 3);
		let summaries: Vec<_> = (0..next()).filter_map(pallet_burn_mint::Summaries::<Runtime>::get).collect();
		let last = summaries.iter().rev().find(|summary| summary.price.is_some()).expect("there was a price");
		assert!(last.availability > 0);
		let lost: Vec<_> = summaries.iter().filter(|summary| summary.epoch > last.epoch).collect();
		assert!(lost.len() >= 3);
		for summary in lost {
			assert!(summary.price.is_none() && summary.wanted > 0);
			let paid = summary.availability;
			assert!(paid > 0 && paid <= last.availability, "{paid} after {}", last.availability);
		}
	});
}

// Property 44.
#[test]
fn pauses_should_stop_purchases_but_no_claim_refund_or_unbonding() {
	genesis(presets::LOCAL).execute_with(|| {
		let mut chain = with_price();
		let request = pallet_burn_mint::Call::request_credits { credits: 5 * DOLLAR, max_tokens: 500 * WEIR };
		assert_ok!(dispatch(CUSTOMER, request.clone()));
		let closed = pallet_burn_mint::NextClose::<Runtime>::get();
		let pause: RuntimeCall = pallet_governance::Call::pause_purchases {}.into();
		assert_ok!(pause.dispatch(Decision::Emergency.into()));
		let enter: RuntimeCall = pallet_safe_mode::Call::force_enter {}.into();
		assert_ok!(enter.dispatch(Decision::Upgrade.into()));
		assert_noop!(dispatch(CUSTOMER, request), frame_system::Error::<Runtime>::CallFiltered);
		until(&mut chain, 200, "epochs are closed under every brake", || {
			pallet_burn_mint::NextClose::<Runtime>::get() > closed + 2
		});

		let before = free(CUSTOMER);
		assert_ok!(dispatch(CUSTOMER, pallet_burn_mint::Call::cancel_request { id: 0 }));
		assert_eq!(free(CUSTOMER) - before, 500 * WEIR);
		// Who makes blocks has earned something.
		let who = Alice.to_account_id();
		let held = Balances::free_balance(&who);
		assert_ok!(dispatch(Bob, pallet_rewards::Call::claim { who: who.clone(), limit: 64 }));
		assert!(Balances::free_balance(&who) > held);
		let unbond = pallet_node_staking::Call::unbond { role: Role::Validator, amount: WEIR };
		assert_ok!(dispatch(Alice, unbond));
		assert_ok!(dispatch(Bob, pallet_price::Call::leave {}));
		check_invariants();
	});
}
