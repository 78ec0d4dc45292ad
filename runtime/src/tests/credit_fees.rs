//! Fees out of credits: a customer who has bought some needs no token.

use super::{
	chain::*,
	fees::{paid_by, signed, signed_with_tip},
	filters::{every_call, name},
};
use crate::*;
use codec::Encode;
use configs::{accounts::ExistentialDeposit, fees::CustomerCalls, pool::STABLE};
use frame_support::{
	assert_ok,
	dispatch::GetDispatchInfo,
	storage::{with_transaction_unchecked, TransactionOutcome},
	traits::Contains,
};
use pallet_burn_mint::Event as Minting;
use pallet_governance::Origin as Decision;
use sp_keyring::Sr25519Keyring::{self, Bob, One};
use sp_runtime::{
	generic::Era,
	traits::Dispatchable,
	transaction_validity::{InvalidTransaction, TransactionSource, TransactionValidityError},
	ApplyExtrinsicResult,
};
use std::collections::BTreeSet;
use weir_math::economy::{
	units::{DOLLAR, PRICE_ONE},
	wide::{mul_div_ceil, tokens_ceil, value_ceil},
};
use weir_primitives::{
	economy::{Credits, Price as TokenPrice, Quote, Tokens},
	seams::economy::{CreditAccounts, PaidTraffic, Pricing},
	LineKind, Region,
};

const FOUR_CENTS: TokenPrice = PRICE_ONE / 25;
const CUSTOMER: Sr25519Keyring = One;
const BOUGHT: Credits = 100 * DOLLAR;
const HOME: Region = Region { country: *b"DE", kind: LineKind::Residential };

type Purchases = pallet_burn_mint::Call<Runtime>;

fn nothing(_: Sr25519Keyring, _: u32, _: u32) -> Option<u32> {
	None
}

fn customer() -> AccountId {
	CUSTOMER.to_account_id()
}

/// A block, after which every law holds.
fn block(chain: &mut Chain) {
	chain.block(&nothing);
	check_invariants();
}

/// Goes on until it is so.
fn until(chain: &mut Chain, what: &str, is_so: impl Fn() -> bool) {
	for _ in 0..60 {
		if is_so() {
			return;
		}
		block(chain);
	}
	panic!("{what} within 60 blocks");
}

/// A network with a price, on which the customer has bought credits and has sent one transaction.
fn with_credits(test: impl FnOnce(&mut Chain)) {
	genesis(presets::LOCAL).execute_with(|| {
		let mut chain = Chain::start();
		chain.quote(Some(FOUR_CENTS));
		until(&mut chain, "there is a price", || Price::purchases_closed().is_none());
		let max_tokens = tokens_ceil(BOUGHT, FOUR_CENTS / 2).expect("a price");
		let request = Purchases::request_credits { credits: BOUGHT, max_tokens };
		chain.block_with(&nothing, || {
			assert_eq!(apply(signed(CUSTOMER, 0, Era::Immortal, request)), Ok(Ok(())));
		});
		until(&mut chain, "the credits are bought", || BurnMint::free(&customer()) == BOUGHT);
		test(&mut chain);
	});
}

/// The same after the customer has given all its tokens away.
fn without_tokens(test: impl FnOnce(&mut Chain)) {
	with_credits(|chain| {
		let all = pallet_balances::Call::transfer_all { dest: Bob.to_account_id().into(), keep_alive: false };
		assert_ok!(dispatch(CUSTOMER, all));
		assert_eq!((Balances::free_balance(customer()), System::providers(&customer())), (0, 0));
		check_invariants();
		test(chain);
	});
}

fn apply(transaction: UncheckedExtrinsic) -> ApplyExtrinsicResult {
	Executive::apply_extrinsic(transaction)
}

/// What the pool of a node says, whose head is the last block.
fn validate(transaction: UncheckedExtrinsic) -> Result<(), TransactionValidityError> {
	with_transaction_unchecked(|| {
		let parent = Hash::default();
		let validity = Executive::validate_transaction(TransactionSource::External, transaction, parent);
		TransactionOutcome::Rollback(validity.map(|_| ()))
	})
}

fn unpaid() -> TransactionValidityError {
	InvalidTransaction::Payment.into()
}

fn buy_with_stable() -> UncheckedExtrinsic {
	let nonce = System::account_nonce(customer());
	signed(CUSTOMER, nonce, Era::Immortal, Purchases::buy_with_stable { credits: 10 * DOLLAR })
}

fn fee_of(transaction: &UncheckedExtrinsic) -> Balance {
	TransactionPayment::compute_fee(transaction.encoded_size() as u32, &transaction.get_dispatch_info(), 0)
}

fn quote() -> Quote {
	Price::purchase_quote().expect("there is a price")
}

/// Credits that were charged to the customer in the running block, and the tokens that were destroyed with them.
fn charged() -> Vec<(Credits, Tokens)> {
	let events = System::events().into_iter();
	events
		.filter_map(|record| match record.event {
			RuntimeEvent::BurnMint(Minting::FeeCharged { who, credits, tokens }) if who == customer() => {
				Some((credits, tokens))
			}
			_ => None,
		})
		.collect()
}

#[test]
fn customer_without_tokens_should_pay_with_credits() {
	without_tokens(|chain| {
		assert_eq!(System::account_nonce(customer()), 1, "it outlives the tokens");
		chain.block_with(&nothing, || {
			let author = Authorship::author().expect("a block has one");
			let (before, earned) = (ledger(), Balances::free_balance(&author));
			let transaction = buy_with_stable();
			let fee = fee_of(&transaction);
			assert_eq!(apply(transaction.clone()), Ok(Ok(())));

			let after = ledger();
			let charged = charged();
			let (credits, tokens) = charged[0];
			assert_eq!((charged.len(), paid_by(&customer())), (1, (fee, 0)));
			assert_eq!(credits, value_ceil(fee, quote().high).expect("it fits"));
			assert_eq!(BurnMint::free(&customer()), BOUGHT - credits + 10 * DOLLAR);
			assert_eq!(tokens, mul_div_ceil(before.basis, credits, before.credits).expect("it fits"));
			assert_eq!((before.basis - after.basis, after.destroyed - before.destroyed), (tokens, tokens));
			assert_eq!(after.credits, before.credits - credits + 10 * DOLLAR);
			assert_eq!((after.issuance, Balances::free_balance(&author)), (before.issuance, earned));
			check_invariants();

			assert_eq!(System::account_nonce(customer()), 2);
			assert_eq!(apply(transaction), Err(InvalidTransaction::Stale.into()));
			assert_eq!((Balances::free_balance(customer()), System::providers(&customer())), (0, 0));
		});
		block(chain);
	});
}

#[test]
fn fee_in_credits_should_be_worth_no_less_than_in_tokens() {
	without_tokens(|chain| {
		let mut quotes = BTreeSet::new();
		// Within the spread, so that purchases stay open.
		for percent in [100, 101, 99] {
			chain.quote(Some(FOUR_CENTS / 100 * percent));
			for _ in 0..12 {
				chain.block_with(&nothing, || {
					// The block that begins an epoch is full of what that takes.
					if ProofOfBandwidth::clock().1 == 0 {
						return;
					}
					let (transaction, quote) = (buy_with_stable(), quote());
					let fee = fee_of(&transaction);
					quotes.insert((quote.low, quote.high));
					assert_eq!(apply(transaction), Ok(Ok(())));
					let (credits, _) = charged()[0];
					for price in [quote.low, quote.median, quote.ema, quote.high] {
						assert!(credits >= value_ceil(fee, price).expect("it fits"), "at {price}");
					}
					let cost = tokens_ceil(credits, quote.low).expect("a price");
					assert!(cost >= fee, "{cost} burned for a fee of {fee}");
				});
				check_invariants();
			}
		}
		assert!(quotes.len() > 3, "{quotes:?}");
	});
}

#[test]
fn only_calls_of_customers_should_be_paid_for_with_credits() {
	let listed: Vec<_> = every_call().iter().filter(|call| CustomerCalls::contains(call)).map(name).collect();
	let (channels, others): (Vec<_>, Vec<_>) =
		listed.into_iter().partition(|(pallet, _)| *pallet == "Channels");
	assert_eq!(others, [("BurnMint", "cancel_request"), ("BurnMint", "buy_with_stable")]);
	let all = every_call().iter().map(name).filter(|(pallet, _)| *pallet == "Channels").count();
	assert!(all >= 10 && channels.len() == all, "all calls of channels: {channels:?}");
	without_tokens(|chain| {
		let purchase = || Purchases::buy_with_stable { credits: 10 * DOLLAR };
		let refused: [RuntimeCall; 4] = [
			frame_system::Call::remark { remark: vec![1] }.into(),
			Purchases::sweep { who: Bob.to_account_id() }.into(),
			Purchases::request_credits { credits: DOLLAR, max_tokens: 100 * WEIR }.into(),
			pallet_utility::Call::batch_all { calls: vec![purchase().into()] }.into(),
		];
		let nonce = System::account_nonce(customer());
		let refused = refused.map(|call| signed(CUSTOMER, nonce, Era::Immortal, call));
		let tipped = signed_with_tip(CUSTOMER, nonce, 1, purchase());
		for transaction in refused.into_iter().chain([tipped]) {
			assert_eq!(validate(transaction.clone()), Err(unpaid()));
			chain.block_with(&nothing, || {
				assert_eq!(apply(transaction), Err(unpaid()));
				assert!(charged().is_empty());
			});
		}
		assert_eq!(BurnMint::free(&customer()), BOUGHT);
		check_invariants();
	});
}

#[test]
fn tokens_should_pay_as_long_as_there_are_enough() {
	with_credits(|chain| {
		let before = Balances::free_balance(customer());
		chain.block_with(&nothing, || {
			let transaction = buy_with_stable();
			let fee = fee_of(&transaction);
			assert_eq!(apply(transaction), Ok(Ok(())));
			assert_eq!(before - Balances::free_balance(customer()), fee);
			assert!(charged().is_empty());
		});
		assert_eq!(BurnMint::free(&customer()), BOUGHT + 10 * DOLLAR);

		// Less than a fee beyond the existential deposit, which a fee may not touch.
		let value = Balances::free_balance(customer()) - ExistentialDeposit::get() - 1;
		let rest = pallet_balances::Call::transfer_keep_alive { dest: Bob.to_account_id().into(), value };
		assert_ok!(dispatch(CUSTOMER, rest));
		chain.block_with(&nothing, || {
			assert_eq!(apply(buy_with_stable()), Ok(Ok(())));
			assert_eq!(charged().len(), 1);
		});
		assert_eq!(Balances::free_balance(customer()), ExistentialDeposit::get() + 1);
		check_invariants();
	});
}

#[test]
fn credits_should_pay_no_fee_without_a_price() {
	without_tokens(|chain| {
		chain.quote(None);
		until(chain, "the price is gone", || Price::purchases_closed().is_some());
		// More than a round.
		for _ in 0..12 {
			assert_eq!(validate(buy_with_stable()), Err(unpaid()));
			chain.block_with(&nothing, || assert_eq!(apply(buy_with_stable()), Err(unpaid())));
			check_invariants();
		}
		assert_eq!((BurnMint::free(&customer()), System::account_nonce(customer())), (BOUGHT, 1));
		chain.quote(Some(FOUR_CENTS));
		until(chain, "there is a price", || Price::purchases_closed().is_none());
		chain.block_with(&nothing, || assert_eq!(apply(buy_with_stable()), Ok(Ok(()))));
		check_invariants();
	});
}

#[test]
fn pool_should_take_what_credits_pay_for_before_any_block_of_a_round() {
	without_tokens(|chain| {
		let first = <Price as Pricing>::round();
		while <Price as Pricing>::round() < first + 3 {
			assert_eq!(validate(buy_with_stable()), Ok(()), "after block {}", System::block_number());
			block(chain);
		}
	});
}

#[test]
fn last_credit_should_stay_so_that_a_transaction_cannot_be_repeated() {
	without_tokens(|chain| {
		chain.block_with(&nothing, || {
			let spend = |credits| BurnMint::charge_fee(&customer(), credits).map(|_| ());
			let transaction = buy_with_stable();
			let fee = value_ceil(fee_of(&transaction), quote().high).expect("it fits");
			assert_ok!(spend(BurnMint::free(&customer()) - fee - 1));
			let without_another = with_transaction_unchecked(|| {
				assert_ok!(spend(1));
				TransactionOutcome::Rollback(apply(transaction.clone()))
			});
			assert_eq!(without_another, Err(unpaid()));

			// One that is locked is enough.
			assert_ok!(BurnMint::lock(&customer(), 1));
			assert_eq!(apply(transaction.clone()), Ok(Ok(())));
			assert_eq!(
				(BurnMint::free(&customer()), charged().pop().map(|paid| paid.0)),
				(10 * DOLLAR, Some(fee))
			);
			assert_eq!(apply(transaction), Err(InvalidTransaction::Stale.into()));
			assert_ok!(BurnMint::unlock(&customer(), 1));
			check_invariants();
		});
	});
}

#[test]
fn nonce_should_not_be_lost_when_all_of_the_stable_asset_buys_the_first_credits() {
	without_tokens(|_| {
		let keep = 20 * DOLLAR;
		let amount = Assets::balance(STABLE, customer()) - keep;
		let target = Address::from(Bob.to_account_id());
		assert_ok!(dispatch(CUSTOMER, pallet_assets::Call::transfer { id: STABLE, target, amount }));
		assert_ok!(BurnMint::lock(&customer(), BOUGHT));
		assert_ok!(BurnMint::paid(&customer(), &PROVIDERS[0].to_account_id(), &HOME, BOUGHT));
		BurnMint::forget_empty(&customer());
		assert_eq!((System::sufficients(&customer()), System::account_nonce(customer())), (1, 1));
		// As a proxy would for it, who pays the fee.
		assert_ok!(dispatch(CUSTOMER, Purchases::buy_with_stable { credits: keep }));
		assert_eq!((Assets::balance(STABLE, customer()), BurnMint::free(&customer())), (0, keep));
		assert_eq!((System::sufficients(&customer()), System::account_nonce(customer())), (1, 1));
		check_invariants();
	});
}

#[test]
fn request_should_be_taken_back_for_credits_when_it_holds_all_tokens() {
	with_credits(|chain| {
		let max_tokens = Balances::free_balance(customer()) - ExistentialDeposit::get();
		assert_ok!(dispatch(CUSTOMER, Purchases::request_credits { credits: 5 * DOLLAR, max_tokens }));
		let id = pallet_burn_mint::RequestsOf::<Runtime>::get(customer())[0];
		let pause: RuntimeCall = pallet_governance::Call::pause_purchases {}.into();
		assert_ok!(pause.dispatch(Decision::Emergency.into()));
		chain.block_with(&nothing, || {
			let cancel = signed(CUSTOMER, 1, Era::Immortal, Purchases::cancel_request { id });
			assert_eq!(apply(cancel), Ok(Ok(())));
			assert_eq!(charged().len(), 1);
		});
		assert_eq!(Balances::free_balance(customer()), max_tokens + ExistentialDeposit::get());
		check_invariants();
	});
}

#[test]
fn account_should_be_forgotten_when_its_credits_and_tokens_are_gone() {
	without_tokens(|chain| {
		let amount = Assets::balance(STABLE, customer());
		let target = Address::from(Bob.to_account_id());
		assert_ok!(dispatch(CUSTOMER, pallet_assets::Call::transfer { id: STABLE, target, amount }));
		assert_ok!(BurnMint::lock(&customer(), BOUGHT));
		assert!(System::account_exists(&customer()));
		assert_ok!(BurnMint::paid(&customer(), &PROVIDERS[0].to_account_id(), &HOME, BOUGHT));
		// As long as the channel is open that paid it.
		assert!(System::account_exists(&customer()));
		BurnMint::forget_empty(&customer());
		assert!(!System::account_exists(&customer()));
		assert_eq!(validate(buy_with_stable()), Err(unpaid()));
		chain.block_with(&nothing, || assert_eq!(apply(buy_with_stable()), Err(unpaid())));
		check_invariants();
	});
}
