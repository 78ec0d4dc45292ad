//! Random sequences beside a second account of what the rules allow: what purchases need (properties 15 to 17), what moves
//! the reserve (10), and that a pause stops purchases and nothing else (44).

use super::*;
use crate::{
	types::{Request, RequestFailure},
	Error, NextClose, RequestQueue, Requests, RequestsOf, RunningClose,
};
use frame_support::{
	storage::{with_storage_layer, with_transaction, TransactionOutcome},
	traits::{
		fungible::Balanced,
		tokens::{Fortitude, Precision, Preservation},
		OnUnbalanced,
	},
	weights::Weight,
};
use proptest::prelude::*;
use sp_runtime::{DispatchError, DispatchResult};
use std::collections::BTreeMap;
use weir_math::economy::{
	emission::recredit_limit,
	units::{HIGHEST_PRICE, LOWEST_PRICE, TOKEN},
	wide::{mul_div_ceil, part_floor},
};
use weir_primitives::{
	economy::GateReason, economy_api::PurchaseRefusal, seams::economy::Supply, EpochIndex,
};

const CUSTOMERS: std::ops::RangeInclusive<AccountId> = ALICE..=CAROL;

/// What somebody may call, or another pallet.
#[derive(Clone, Debug)]
enum Call {
	/// With so many tokens allowed, or as many as are quoted.
	Request(AccountId, Credits, Option<Tokens>),
	Cancel(AccountId, u64),
	BuyStable(AccountId, Credits),
	Lock(AccountId, u32),
	Unlock(AccountId, u32),
	Paid(AccountId, u32),
	ChargeFee(AccountId, Credits),
	Notify(AccountId),
	Sweep(AccountId),
	Destroy(AccountId, Tokens),
	GiveBack(Tokens),
}

#[derive(Clone, Debug)]
enum Step {
	Call(Call),
	Price(u128),
	Gates(Option<GateReason>, bool),
	/// Reports are so many blocks old.
	Age(Option<u32>),
	Pause(bool),
	Cap(u64),
	Want(Vec<u128>),
	/// What is attested, and what nobody earned.
	Work(u32, Tokens, Tokens),
	Blocks(u8),
	Rounds(u8),
	Epoch,
	Epochs(EpochIndex),
}

fn gate() -> impl Strategy<Value = Option<GateReason>> {
	let reasons = [GateReason::NoQuorum, GateReason::Spread, GateReason::Stale];
	prop::option::weighted(0.3, prop::sample::select(reasons.to_vec()))
}

fn call() -> impl Strategy<Value = Call> {
	let who = || CUSTOMERS;
	let credits = || prop_oneof![12 => DOLLAR..2_000 * DOLLAR, 1 => 0..DOLLAR, 2 => 0..20_000 * DOLLAR, 1 => any::<u128>()];
	let part = || 0..=1_000_000u32;
	let allowed =
		prop::option::weighted(0.4, prop_oneof![4 => 0..100_000 * TOKEN, 1 => Just(0), 1 => any::<u128>()]);
	prop_oneof![
		12 => (who(), credits(), allowed).prop_map(|(who, credits, tokens)| Call::Request(who, credits, tokens)),
		2 => (who(), 0..12u64).prop_map(|(who, back)| Call::Cancel(who, back)),
		2 => (who(), credits()).prop_map(|(who, credits)| Call::BuyStable(who, credits)),
		2 => (who(), part()).prop_map(|(who, part)| Call::Lock(who, part)),
		1 => (who(), part()).prop_map(|(who, part)| Call::Unlock(who, part)),
		3 => (who(), part()).prop_map(|(who, part)| Call::Paid(who, part)),
		1 => (who(), credits()).prop_map(|(who, credits)| Call::ChargeFee(who, credits)),
		1 => who().prop_map(Call::Notify),
		1 => who().prop_map(Call::Sweep),
		3 => (who(), prop_oneof![0..500 * TOKEN, 0..200_000 * TOKEN])
			.prop_map(|(who, tokens)| Call::Destroy(who, tokens)),
		1 => (0..1_000 * TOKEN).prop_map(Call::GiveBack),
	]
}

fn step() -> impl Strategy<Value = Step> {
	let price = prop_oneof![12 => PRICE / 4..PRICE * 4, 1 => Just(0), 1 => Just(LOWEST_PRICE), 1 => Just(HIGHEST_PRICE)];
	prop_oneof![
		16 => call().prop_map(Step::Call),
		2 => price.prop_map(Step::Price),
		2 => (gate(), any::<bool>()).prop_map(|(gate, lost)| Step::Gates(gate, lost)),
		3 => prop::option::weighted(0.7, 0..6u32).prop_map(Step::Age),
		1 => prop::bool::weighted(0.3).prop_map(Step::Pause),
		1 => (100..20_000u64).prop_map(Step::Cap),
		1 => prop::collection::vec(0..5_000u128, 0..5).prop_map(Step::Want),
		1 => (0..=1_000_000u32, 0..2_000 * TOKEN, 0..2_000 * TOKEN).prop_map(|(part, v, a)| Step::Work(part, v, a)),
		6 => (1..4u8).prop_map(Step::Blocks),
		6 => (1..4u8).prop_map(Step::Rounds),
		3 => Just(Step::Epoch),
		1 => (1..40u32).prop_map(Step::Epochs),
	]
}

fn account(who: AccountId) -> crate::types::CreditAccount {
	Accounts::<Test>::get(who).unwrap_or_default()
}

fn enact(call: &Call) -> DispatchResult {
	with_storage_layer(|| match *call {
		Call::Request(who, credits, tokens) => {
			let quoted = BurnMint::quote(credits).tokens.unwrap_or(200_000 * TOKEN);
			BurnMint::request_credits(signed(who), credits, tokens.unwrap_or(quoted))
		}
		Call::Cancel(who, back) => {
			let id = RequestQueue::<Test>::get().tail.saturating_sub(back);
			BurnMint::cancel_request(signed(who), id)
		}
		Call::BuyStable(who, credits) => BurnMint::buy_with_stable(signed(who), credits),
		Call::Lock(who, part) => BurnMint::lock(&who, part_floor(account(who).balance, part)),
		Call::Unlock(who, part) => BurnMint::unlock(&who, part_floor(account(who).locked, part)),
		Call::Paid(who, part) => {
			BurnMint::paid(&who, &PROVIDER, &REGION, part_floor(account(who).locked, part)).map(|_| ())
		}
		Call::ChargeFee(who, credits) => BurnMint::charge_fee(&who, credits).map(|_| ()),
		Call::Notify(who) => BurnMint::notify_inactive(signed(BOB), who),
		Call::Sweep(who) => BurnMint::sweep(signed(BOB), who),
		Call::Destroy(who, tokens) => {
			Balances::withdraw(&who, tokens, Precision::Exact, Preservation::Preserve, Fortitude::Polite)
				.map(BurnMint::on_unbalanced)
		}
		Call::GiveBack(tokens) => BurnMint::give_back(&REWARDS, tokens),
	})
}

/// What moves no token and no credit: time, prices, and what others say.
fn set(step: &Step) {
	match step.clone() {
		Step::Price(price) => market(|market| market.price = price),
		Step::Gates(gate, is_lost) => market(|market| {
			market.purchases = gate;
			market.payouts = gate.filter(|gate| *gate != GateReason::Spread);
			market.is_lost = is_lost && market.payouts.is_some();
		}),
		Step::Age(age) => {
			let block = System::block_number() as u32;
			market(|market| market.oldest_block = age.map(|age| block.saturating_sub(age)));
		}
		Step::Pause(paused) => Paused::set(&paused),
		Step::Cap(dollars) => {
			TestParameters::set(&Parameters { round_cap: dollars * 1_000_000, ..parameters() })
		}
		Step::Want(wants) => want(&wants),
		Step::Work(attested, validators, attestors) => work(|work| {
			work.attested = attested;
			work.idle = (validators, attestors);
		}),
		Step::Epochs(epochs) => Epoch::set(&(Epoch::get() + epochs)),
		_ => {}
	}
}

/// A call that customers make by themselves, and what has to be true of its answer.
fn check_answer(call: &Call) {
	let Call::Request(who, credits, tokens) = *call else {
		let _ = enact(call);
		return;
	};
	let quote = BurnMint::quote(credits);
	let ids = RequestsOf::<Test>::get(who).len();
	let answer = enact(call);
	let refused = |error: Error<Test>| Err(DispatchError::from(error));
	match quote.refusal {
		Some(PurchaseRefusal::Paused) => assert_eq!(answer, refused(Error::PurchasesPaused)),
		Some(PurchaseRefusal::TooLittle) => assert_eq!(answer, refused(Error::BelowLeastPurchase)),
		Some(PurchaseRefusal::TooMuch) => assert_eq!(answer, refused(Error::AboveRoundCap)),
		// What is allowed is asked for before the place in the queue is.
		Some(PurchaseRefusal::QueueFull) if tokens.is_none() && quote.tokens.is_some() => {
			assert_eq!(answer, refused(Error::QueueFull));
		}
		Some(PurchaseRefusal::QueueFull) => assert!(answer.is_err()),
		_ if ids == 4 && tokens.is_none() && quote.tokens.is_some() => {
			assert_eq!(answer, refused(Error::TooManyRequests));
		}
		None if tokens.is_none() && free(who) > quote.tokens.unwrap() + ED => assert_eq!(answer, Ok(())),
		// While a gate is closed requests wait behind it; those that cannot succeed are refused by name.
		_ => {}
	}
	if let Err(error) = answer {
		assert!(matches!(error, DispatchError::Module(_) | DispatchError::Token(_)), "{error:?}");
	}
}

/// The second account.
#[derive(Default)]
struct Watcher {
	/// Requests that wait, as they were made.
	waiting: BTreeMap<u64, Request<AccountId>>,
	/// Credits sold in a round.
	sold: (u32, Credits),
	/// What was ever destroyed when an epoch was closed last.
	mark: Tokens,
}

impl Watcher {
	/// Everybody has credits.
	fn begin() -> Self {
		CUSTOMERS.for_each(|who| buy(who, 500 * DOLLAR));
		Self { sold: (Prices::get().round, 500 * DOLLAR), ..Self::default() }
	}

	fn note(&mut self) {
		self.waiting = Requests::<Test>::iter().collect();
	}

	fn run(&mut self, step: &Step) {
		match step {
			Step::Call(call) => {
				let reserve = ledger().reserve;
				check_answer(call);
				assert_eq!(ledger().reserve, reserve, "{call:?} moved the reserve");
			}
			Step::Blocks(blocks) => (0..*blocks).for_each(|_| self.block(|| ())),
			Step::Rounds(rounds) => {
				for _ in 0..*rounds {
					self.block(|| market(|market| market.round += 1));
				}
			}
			Step::Epoch => {
				self.block(|| Epoch::set(&(Epoch::get() + 1)));
				for _ in 0..FORWARD {
					self.block(|| market(|market| market.round += 1));
				}
			}
			_ => set(step),
		}
		self.note();
	}

	fn block(&mut self, begin: impl FnOnce()) {
		self.note();
		begin();
		take_events();
		let (before, was_closing) = (ledger(), RunningClose::<Test>::get().is_some());
		run_block(Weight::MAX);
		assert!(!was_closing && RunningClose::<Test>::get().is_none(), "a close takes one such block");
		let events = take_events();
		self.check_purchases(&events);
		self.check_reserve(&before, &events);
	}

	/// Properties 15 and 16: what was executed was due, at an open price that is younger than all it waited for.
	fn check_purchases(&mut self, events: &[Event<Test>]) {
		let Market { price, round, purchases, oldest_block, .. } = Prices::get();
		let oldest = oldest_block.unwrap_or(System::block_number() as u32);
		let is_open = purchases.is_none() && !Paused::get() && price > 0;
		let low = price / 10_000 * 9_975 + price % 10_000 * 9_975 / 10_000;
		let cap = BurnMint::round_cap();
		let mut concluded = 0;
		for event in events {
			let (id, outcome) = match event {
				Event::CreditsBought { id, tokens, price: at, .. } => (id, Ok((*tokens, *at))),
				Event::RequestFailed { id, reason, .. } => (id, Err(*reason)),
				_ => continue,
			};
			concluded += 1;
			let request = self.waiting.remove(id).expect("it waited");
			assert!(is_open, "concluded while purchases were closed: {event:?}");
			assert!(round >= request.round + FORWARD && oldest > request.block, "too early: {event:?}");
			let cost = mul_div_ceil(request.credits, 10u128.pow(24), low);
			match outcome {
				Ok((tokens, at)) => {
					assert_eq!((Some(tokens), at), (cost, low));
					assert!(tokens <= request.max_tokens);
					let sold = if self.sold.0 == round { self.sold.1 } else { 0 };
					self.sold = (round, sold + request.credits);
					assert!(self.sold.1 <= cap.max(BurnMint::round_cap()));
				}
				Err(RequestFailure::TooDear { tokens }) => {
					assert_eq!(tokens, cost);
					assert!(cost.is_none_or(|cost| cost > request.max_tokens));
				}
				Err(RequestFailure::AboveRoundCap) => assert!(request.credits > cap),
				Err(reason) => panic!("{reason:?} is no reason that a customer can do something about"),
			}
		}
		// Nor does anything wait that is due, but for a round or a block that is full.
		let head = Requests::<Test>::get(RequestQueue::<Test>::get().head).filter(|_| concluded == 0);
		if let Some(request) = head.filter(|_| is_open) {
			let is_due = round >= request.round + FORWARD && oldest > request.block;
			let sold = if self.sold.0 == round { self.sold.1 } else { 0 };
			assert!(!is_due || request.credits > BurnMint::round_cap() - sold, "{request:?} waits");
		}
	}

	/// Property 10: a block moves the reserve by the slice, what the bucket cannot hold, the shares that were earned, and what
	/// comes back of what was destroyed since the last close, up to its limit.
	fn check_reserve(&mut self, before: &Ledger, events: &[Event<Test>]) {
		let mut reserve = before.reserve;
		for event in events {
			match event {
				Event::CloseBegun { schedule, .. } => {
					let held = before.bucket + schedule.slice;
					reserve = reserve - schedule.slice + held.saturating_sub(365 * schedule.slice);
				}
				Event::EpochClosed { summary } => {
					let gone = ledger().ever_destroyed() - self.mark;
					self.mark = ledger().ever_destroyed();
					let limit = recredit_limit(before.genesis, &parameters());
					assert_eq!(summary.recredited, gone.min(limit), "{gone} destroyed, limit {limit}");
					let shares = summary.validators + summary.attestors + summary.treasury;
					reserve = reserve - shares + summary.recredited;
				}
				_ => {}
			}
		}
		assert_eq!(ledger().reserve, reserve);
	}
}

/// What comes of a call or a block, and the state after it, while purchases are paused or not. Nothing of it stays.
fn outcome<R>(paused: bool, act: impl FnOnce() -> R) -> (R, Vec<u8>) {
	let was = Paused::get();
	with_transaction(|| {
		Paused::set(&paused);
		let result = act();
		BurnMint::do_try_state().unwrap();
		Paused::set(&was);
		let root = sp_io::storage::root(sp_runtime::StateVersion::V1);
		TransactionOutcome::Rollback(Ok::<_, DispatchError>((result, root)))
	})
	.unwrap()
}

/// Property 44 in whatever state.
fn check_pause(call: &Call) {
	match call {
		Call::Request(..) | Call::BuyStable(..) => {
			let (refused, root) = outcome(true, || enact(call));
			assert_eq!(refused, Err(Error::<Test>::PurchasesPaused.into()));
			assert_eq!(root, outcome(true, || ()).1);
		}
		Call::Cancel(..) => {}
		_ => assert_eq!(outcome(true, || enact(call)), outcome(false, || enact(call)), "{call:?}"),
	}
	// Every request can be taken back, and brings back all of its tokens.
	for (id, request) in Requests::<Test>::iter() {
		let held_before = held(request.who);
		let (back, _) = outcome(true, || {
			BurnMint::cancel_request(signed(request.who), id).map(|()| held_before - held(request.who))
		});
		assert_eq!(back, Ok(request.max_tokens));
	}
	// Where nobody waits for a purchase, an epoch that ends is closed in the same way, to the last grain.
	if RequestQueue::<Test>::get().count == 0 {
		let close = || {
			end_epoch();
			NextClose::<Test>::get()
		};
		assert_eq!(outcome(true, close), outcome(false, close));
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(96))]

	/// Properties 10, 15, 16 and 17.
	#[test]
	fn purchases_and_reserve_should_follow_their_rules_in_any_sequence(
		steps in prop::collection::vec(step(), 1..80),
	) {
		ExtBuilder::default().build_and_execute(|| {
			let mut watcher = Watcher::begin();
			for step in &steps {
				watcher.run(step);
				BurnMint::do_try_state().unwrap();
			}
		});
	}

	/// Property 44.
	#[test]
	fn pause_should_stop_purchases_and_nothing_else_in_any_state(
		steps in prop::collection::vec((step(), call()), 1..40),
	) {
		ExtBuilder::default().build_and_execute(|| {
			let mut watcher = Watcher::begin();
			for (step, call) in &steps {
				watcher.run(step);
				check_pause(call);
			}
		});
	}

	/// Property 7: at one price, however purchases and claims are split over customers, rounds and epochs, providers get at most
	/// their share of the tokens that were burned for what they carried, and all of it but for grains.
	#[test]
	fn providers_should_get_their_share_of_what_was_burned_and_no_more(
		epochs in prop::collection::vec(
			(prop::collection::vec((CUSTOMERS, DOLLAR..3_000 * DOLLAR), 0..4), prop::collection::vec((CUSTOMERS, 0..=1_000_000u32), 0..5)),
			1..12,
		),
		price in PRICE / 4..PRICE * 4,
	) {
		ExtBuilder::default().build_and_execute(|| {
			market(|market| market.price = price);
			let (mut claimed, mut parts) = (0, 0);
			for (purchases, claims) in &epochs {
				for (who, credits) in purchases {
					let tokens = BurnMint::quote(*credits).tokens.unwrap();
					assert_ok!(BurnMint::request_credits(signed(*who), *credits, tokens));
					run_rounds(FORWARD);
				}
				for (who, part) in claims {
					let credits = part_floor(account(*who).balance, *part);
					if credits > 0 {
						pay(*who, credits);
						claimed += credits;
						parts += 1;
					}
				}
				end_epoch();
				BurnMint::do_try_state().unwrap();
			}
			let ledger = ledger();
			let provided: Tokens = crate::Rates::<Test>::iter_values().map(|kept| kept.rate.provider_tokens).sum();
			let bought = ledger.credits + claimed;
			if bought > 0 {
				let share = claimed * u128::from(parameters().provider_share);
				let most = weir_math::economy::wide::mul_div_floor(ledger.burned, share, bought * 1_000_000).unwrap();
				// They are bought at the low price and settled at the high one, which are half a per cent apart.
				assert!(provided <= most, "{provided} of {most}");
				assert!(provided + 3 * epochs.len() as u128 >= most / 10_025 * 9_975 - parts * most / 1_000_000_000);
			}
		});
	}
}
