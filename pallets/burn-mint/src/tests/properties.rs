//! Random sequences of every call, seam and hook: the invariants hold after each step, and only what may mint mints.

use super::*;
use crate::{KeptRate, NextClose, Rates, RequestQueue, Requests};
use frame_support::{
	traits::{
		fungible::{Balanced, Mutate},
		tokens::{Fortitude, Precision, Preservation},
		OnUnbalanced,
	},
	weights::Weight,
};
use proptest::prelude::*;
use weir_math::economy::{
	units::{HIGHEST_PRICE, LOWEST_PRICE, PRICE_ONE, TOKEN},
	wide::mul_div_floor,
};
use weir_primitives::{economy::GateReason, seams::economy::Supply, EpochIndex};

#[derive(Clone, Debug)]
enum Step {
	Request(AccountId, Credits, Tokens),
	Cancel(AccountId, u64),
	BuyStable(AccountId, Credits),
	/// Of what is free, millionths.
	Lock(AccountId, u32),
	/// Of what is locked, millionths.
	Unlock(AccountId, u32),
	/// Of what is locked, millionths.
	Paid(AccountId, u32),
	/// Of what each of all has locked, millionths; whether the provider still stands somewhere.
	PaidByMany(u32, bool),
	/// Of what is locked, millionths.
	Lapse(AccountId, u32),
	ChargeFee(AccountId, Credits),
	Notify(AccountId),
	Sweep(AccountId),
	Destroy(AccountId, Tokens),
	Transfer(AccountId, AccountId, Tokens),
	GiveBack(Tokens),
	Price(u128),
	/// What the newest quote said, and the pool's average.
	Known(Option<u128>, Option<u128>),
	/// How far the tour of accounts lags behind.
	Lag(Option<u32>),
	Gates(Option<GateReason>, Option<GateReason>, bool),
	Pause(bool),
	Pool(bool, Credits),
	Want(Vec<u128>, bool),
	Work(u32, Tokens, Tokens),
	Weight(u128),
	Cap(u64),
	Blocks(u8, u64),
	Rounds(u8),
	Epochs(u8),
	Year,
}

fn gate() -> impl Strategy<Value = Option<GateReason>> {
	prop_oneof![
		4 => Just(None),
		1 => Just(Some(GateReason::NoQuorum)),
		1 => Just(Some(GateReason::Spread)),
		1 => Just(Some(GateReason::Stale)),
	]
}

fn price() -> impl Strategy<Value = u128> {
	prop_oneof![
		6 => PRICE / 4..PRICE * 4,
		1 => Just(LOWEST_PRICE),
		1 => Just(HIGHEST_PRICE),
		1 => Just(0),
		1 => LOWEST_PRICE..PRICE_ONE,
	]
}

fn step() -> impl Strategy<Value = Step> {
	let who = ALICE..=CAROL;
	let credits = || prop_oneof![6 => DOLLAR..200 * DOLLAR, 1 => 0..DOLLAR, 1 => 0..20_000 * DOLLAR, 1 => any::<u128>()];
	let tokens =
		|| prop_oneof![4 => 0..10_000 * TOKEN, 1 => 0..FUNDS * 2, 1 => 0..ED * 2, 1 => Just(Tokens::MAX)];
	let spending = (who.clone(), credits());
	let part = (who.clone(), prop_oneof![9 => 0..=1_000_000u32, 1 => Just(2_000_000)]);
	prop_oneof![
		5 => (spending.clone(), tokens()).prop_map(|((who, credits), tokens)| Step::Request(who, credits, tokens)),
		1 => (who.clone(), 0..20u64).prop_map(|(who, id)| Step::Cancel(who, id)),
		3 => spending.clone().prop_map(|(who, credits)| Step::BuyStable(who, credits)),
		4 => part.clone().prop_map(|(who, part)| Step::Lock(who, part)),
		1 => part.clone().prop_map(|(who, part)| Step::Unlock(who, part)),
		1 => part.clone().prop_map(|(who, part)| Step::Lapse(who, part)),
		2 => (part.clone(), any::<bool>()).prop_map(|((_, part), stands)| Step::PaidByMany(part, stands)),
		6 => part.prop_map(|(who, part)| Step::Paid(who, part)),
		1 => spending.prop_map(|(who, credits)| Step::ChargeFee(who, credits)),
		1 => who.clone().prop_map(Step::Notify),
		1 => who.clone().prop_map(Step::Sweep),
		1 => (who.clone(), tokens()).prop_map(|(who, tokens)| Step::Destroy(who, tokens)),
		1 => (who.clone(), 1..=200u64, tokens()).prop_map(|(from, to, tokens)| Step::Transfer(from, to, tokens)),
		1 => tokens().prop_map(Step::GiveBack),
		3 => price().prop_map(Step::Price),
		1 => (prop::option::of(price()), prop::option::of(price())).prop_map(|(last, average)| Step::Known(last, average)),
		1 => prop::option::of(0..30u32).prop_map(Step::Lag),
		2 => (gate(), gate(), any::<bool>()).prop_map(|(purchases, payouts, lost)| Step::Gates(purchases, payouts, lost)),
		1 => any::<bool>().prop_map(Step::Pause),
		1 => (any::<bool>(), 0..2 * POOL_STABLE).prop_map(|(exists, stable)| Step::Pool(exists, stable)),
		2 => (prop::collection::vec(0..5_000u128, 0..6), any::<bool>()).prop_map(|(wants, greedy)| Step::Want(wants, greedy)),
		1 => (0..=1_000_000u32, tokens(), tokens()).prop_map(|(attested, v, a)| Step::Work(attested, v, a)),
		1 => prop_oneof![Just(0), Just(u128::MAX), 0..10_000_000u128].prop_map(Step::Weight),
		1 => prop_oneof![Just(1), 1..20_000_000_000u64].prop_map(Step::Cap),
		4 => (1..4u8, 0..5_000_000_000u64).prop_map(|(blocks, weight)| Step::Blocks(blocks, weight)),
		6 => (1..4u8).prop_map(Step::Rounds),
		4 => (1..3u8).prop_map(Step::Epochs),
		1 => Just(Step::Year),
	]
}

fn locked_of(who: AccountId) -> Credits {
	Accounts::<Test>::get(who).map(|account| account.locked).unwrap_or_default()
}

fn part_of(credits: Credits, part: u32) -> Credits {
	mul_div_floor(credits, part.into(), 1_000_000).unwrap()
}

fn run(step: &Step) {
	// Refusals are part of the sequence: what matters is the state they leave. Extrinsics leave none of a failed one.
	let _ = frame_support::storage::with_storage_layer(|| match *step {
		Step::Request(who, credits, tokens) => BurnMint::request_credits(signed(who), credits, tokens),
		Step::Cancel(who, id) => BurnMint::cancel_request(signed(who), id),
		Step::BuyStable(who, credits) => BurnMint::buy_with_stable(signed(who), credits),
		Step::Lock(who, part) => BurnMint::lock(&who, part_of(credits_of(who), part)),
		Step::Unlock(who, part) => BurnMint::unlock(&who, part_of(locked_of(who), part)),
		Step::Paid(who, part) => {
			BurnMint::paid(&who, &PROVIDER, &REGION, part_of(locked_of(who), part)).map(|_| ())
		}
		Step::PaidByMany(part, stands) => {
			let payments: Vec<_> = (ALICE..=CAROL)
				.map(|who| (who, part_of(locked_of(who), part)))
				.filter(|(_, paid)| *paid > 0)
				.collect();
			let all: Credits = payments.iter().map(|(_, paid)| paid).sum();
			let demand = stands.then_some((&REGION, all));
			BurnMint::paid_by_many(&payments, &PROVIDER, demand).map(|_| ())
		}
		Step::Lapse(who, part) => BurnMint::lapse(&who, part_of(locked_of(who), part)).map(|_| ()),
		Step::ChargeFee(who, credits) => BurnMint::charge_fee(&who, credits).map(|_| ()),
		Step::Notify(who) => BurnMint::notify_inactive(signed(ALICE), who),
		Step::Sweep(who) => BurnMint::sweep(signed(ALICE), who),
		Step::Destroy(who, tokens) => {
			Balances::withdraw(&who, tokens, Precision::Exact, Preservation::Expendable, Fortitude::Polite)
				.map(BurnMint::on_unbalanced)
		}
		Step::Transfer(from, to, tokens) => {
			<Balances as Mutate<_>>::transfer(&from, &to, tokens, Preservation::Expendable).map(|_| ())
		}
		Step::GiveBack(tokens) => BurnMint::give_back(&REWARDS, tokens),
		_ => Ok(()),
	});
	match step.clone() {
		Step::Price(price) => market(|market| market.price = price),
		Step::Known(last, average) => market(|market| (market.last, market.average) = (last, average)),
		Step::Lag(lag) => work(|work| work.lag = lag),
		Step::Gates(purchases, payouts, is_lost) => market(|market| {
			market.purchases = purchases.or(payouts);
			market.payouts = payouts;
			market.is_lost = is_lost && payouts.is_some();
		}),
		Step::Pause(paused) => Paused::set(&paused),
		Step::Pool(exists, stable) => {
			HasPool::set(&exists);
			set_stable(POOL, stable);
		}
		Step::Want(wants, is_greedy) => {
			want(&wants);
			regions(|regions| regions.is_greedy = is_greedy);
		}
		Step::Work(attested, validators, attestors) => work(|work| {
			work.attested = attested;
			work.idle = (validators, attestors);
		}),
		Step::Weight(weight) => TotalWeight::set(&weight),
		Step::Cap(round_cap) => TestParameters::set(&Parameters { round_cap, ..parameters() }),
		Step::Blocks(blocks, weight) => {
			for _ in 0..blocks {
				run_block(Weight::from_parts(weight, u64::MAX));
			}
		}
		Step::Rounds(rounds) => run_rounds(rounds.into()),
		Step::Epochs(epochs) => {
			for _ in 0..epochs {
				end_epoch();
			}
		}
		Step::Year => Epoch::set(&(Epoch::get() + 31)),
		_ => {}
	}
}

fn rates() -> Vec<(EpochIndex, KeptRate)> {
	Rates::<Test>::iter().collect()
}

/// What the request of a step has to allow.
fn least_of(step: &Step) -> Option<Tokens> {
	match step {
		Step::Request(_, credits, _) => BurnMint::least_allowed(*credits).ok(),
		_ => None,
	}
}

/// Whether a step runs hooks: only these may mint.
fn runs_blocks(step: &Step) -> bool {
	matches!(step, Step::Blocks(..) | Step::Rounds(_) | Step::Epochs(_))
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(160))]

	#[test]
	fn invariants_should_hold_after_any_sequence(steps in prop::collection::vec(step(), 1..80)) {
		ExtBuilder::default().build_and_execute(|| {
			for step in &steps {
				let before = ledger();
				let (rates, least) = (rates(), least_of(step));
				let tail = RequestQueue::<Test>::get().tail;
				run(step);
				if let Err(broken) = BurnMint::do_try_state() {
					panic!("{broken:?} after {step:?}");
				}
				let after = ledger();
				assert!(runs_blocks(step) || after.issuance <= before.issuance, "{step:?} minted");
				assert!(after.ever_destroyed() >= before.ever_destroyed());
				let request = Requests::<Test>::get(tail);
				assert!(request.is_none_or(|request| Some(request.max_tokens) >= least), "{step:?}");
				let market = Prices::get();
				if market.purchases.is_some_and(|gate| gate == GateReason::Spread || market.average.is_none()) {
					assert!(after.pending_credits >= before.pending_credits, "{step:?} spent a slice");
				}
				for (epoch, kept) in rates.into_iter().filter(|(epoch, _)| !Rates::<Test>::contains_key(epoch)) {
					let closed = NextClose::<Test>::get() - 1;
					assert!(kept.since + TestPace::get().history_epochs <= closed, "rate {epoch} is young");
					let lag = WorkMock::get().lag.expect("somebody is settled");
					assert!(kept.since + lag <= closed, "rate {epoch} is owed");
				}
				assert_eq!(pallet_balances::TotalIssuance::<Test>::get(), after.issuance);
				// The stable asset of everything that waits is in the pot.
				assert!(stable_of(POT) >= after.pending_credits);
			}
			// Whatever happened, the chain finds back: every epoch is closed.
			market(|market| {
				market.price = PRICE;
				market.purchases = None;
				market.payouts = None;
				market.is_lost = false;
				(market.last, market.average) = (Some(PRICE), Some(PRICE));
			});
			Paused::set(&false);
			HasPool::set(&true);
			set_stable(POOL, POOL_STABLE);
			regions(|regions| regions.is_greedy = false);
			end_epoch();
			for _ in 0..2 * Epoch::get() {
				run_block(Weight::MAX);
			}
			assert_eq!(NextClose::<Test>::get(), Epoch::get());
		});
	}
}
