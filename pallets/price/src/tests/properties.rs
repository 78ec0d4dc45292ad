//! Random call sequences: the invariants hold after each step, no token appears or vanishes, and whatever is priced is priced
//! by the rules.

use super::*;
use frame_support::weights::Weight;
use proptest::prelude::*;
use sp_runtime::traits::Dispatchable;

#[derive(Clone, Debug)]
enum Step {
	Add(AccountId),
	Remove(AccountId),
	Join(AccountId, AccountId),
	Leave(AccountId),
	Withdraw(AccountId),
	SetKey(AccountId, AccountId),
	Report(AccountId, Price, bool),
	AllReport(Price),
	Post(Price),
	Pool(u128, u128),
	Drain,
	Blocks(u32),
	Rounds(u32),
	Epochs(u32),
	Idle(u64),
	Quorum(u32),
}

fn price() -> impl Strategy<Value = Price> {
	prop_oneof![
		6 => (95u128..106).prop_map(|percent| WORTH / 100 * percent),
		1 => Just(0),
		1 => Just(LOWEST_PRICE),
		1 => Just(HIGHEST_PRICE),
		1 => any::<u128>(),
	]
}

fn step() -> impl Strategy<Value = Step> {
	let who = 1..=9u64;
	prop_oneof![
		1 => who.clone().prop_map(Step::Add),
		1 => who.clone().prop_map(Step::Remove),
		2 => (who.clone(), who.clone()).prop_map(|(who, key)| Step::Join(who, key)),
		1 => who.clone().prop_map(Step::Leave),
		2 => who.clone().prop_map(Step::Withdraw),
		1 => (who.clone(), who.clone()).prop_map(|(who, key)| Step::SetKey(who, key)),
		8 => (who, price(), any::<bool>()).prop_map(|(who, price, through)| Step::Report(who, price, through)),
		8 => price().prop_map(Step::AllReport),
		1 => price().prop_map(Step::Post),
		1 => (0..2_000_000u128, 0..100_000u128).prop_map(|(tokens, dollars)| Step::Pool(tokens, dollars)),
		1 => Just(Step::Drain),
		4 => (1..12u32).prop_map(Step::Blocks),
		8 => (1..4u32).prop_map(Step::Rounds),
		1 => Just(Step::Rounds(25)),
		1 => (1..120u32).prop_map(Step::Epochs),
		1 => (0..4_000_000_000u64).prop_map(Step::Idle),
		1 => (1..=1_000_000u32).prop_map(Step::Quorum),
	]
}

fn run(step: Step) {
	// Refusals are part of the sequence: what matters is the state they leave.
	let _ = match step {
		Step::Add(who) => PriceFeed::add_reporter(signed(COUNCIL), who),
		Step::Remove(who) => PriceFeed::remove_reporter(signed(COUNCIL), who),
		Step::Join(who, of) => PriceFeed::join(signed(who), key(of)),
		Step::Leave(who) => PriceFeed::leave(signed(who)),
		Step::Withdraw(who) => PriceFeed::withdraw(signed(who)),
		Step::SetKey(who, of) => PriceFeed::set_key(signed(who), key(of)),
		Step::Report(who, price, through) => {
			let call = report_of(who, price);
			// Also without the pool's check, which a block's author might leave out.
			if !through || validity(&call).is_ok() {
				let _ = RuntimeCall::from(call).dispatch(frame_system::RawOrigin::Authorized.into());
			}
			Ok(())
		}
		Step::AllReport(price) => {
			for who in 1..=9 {
				let _ = dispatch(report_of(who, price));
			}
			Ok(())
		}
		Step::Post(price) => PriceFeed::post_price(signed(ROOM), price),
		Step::Pool(tokens, dollars) => {
			Reserves::set(Some((tokens * TOKEN, dollars * DOLLAR)));
			Ok(())
		}
		Step::Drain => {
			Reserves::set(None);
			Ok(())
		}
		Step::Blocks(count) => {
			(0..count).for_each(|_| next_block());
			Ok(())
		}
		Step::Rounds(count) => {
			for _ in 0..count {
				next_round();
			}
			Ok(())
		}
		Step::Epochs(count) => {
			Epoch::mutate(|epoch| *epoch += count);
			Ok(())
		}
		Step::Idle(ref_time) => {
			Idle::set(Weight::from_parts(ref_time, u64::MAX));
			Ok(())
		}
		Step::Quorum(quorum) => {
			TestParameters::set(Parameters { quorum, ..Parameters::default() });
			Ok(())
		}
	};
}

/// Properties 13, 15 and 17, of whatever state. `needed` reports if a quote was just formed.
fn check_prices(needed: Option<u32>) {
	assert_eq!(PriceFeed::purchases_closed(), PriceFeed::purchase_quote().err());
	let payout = PriceFeed::payout_quote();
	if let Ok(quote) = PriceFeed::purchase_quote() {
		assert_eq!(payout, Ok(quote), "what buys also pays");
		assert_eq!((quote.gate, quote.round), (None, PriceFeed::round()));
		let age = PriceFeed::round() - PriceFeed::round_of(quote.oldest_block);
		assert!((1..=3).contains(&age));
		assert!(quote.low <= quote.median && quote.median <= quote.high);
		let prices = [Some(quote.median), Some(quote.ema), quote.twap];
		let (least, most) = (prices.iter().flatten().min().unwrap(), prices.iter().flatten().max().unwrap());
		assert!(most * 100 <= least * 103);
		assert!(needed.is_none_or(|needed| u32::from(quote.reports) >= needed));
	}
	if let Ok(quote) = payout {
		assert!(quote.low > 0 && quote.low <= quote.high);
	}
	// A quote of reporters is the newest there is; a posted one is none of theirs.
	if let Some(quote) = payout.ok().filter(|quote| quote.reports > 0) {
		assert_eq!(PriceFeed::last_quote(), Some(quote));
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(64))]

	#[test]
	fn invariants_should_hold_after_any_sequence(steps in prop::collection::vec(step(), 1..80)) {
		ExtBuilder::default().reporters(5).build_and_execute(|| {
			let tokens = all_tokens();
			for step in steps {
				let (quorum, before) = (PriceFeed::quorum(), LatestQuote::<Runtime>::get());
				run(step);
				PriceFeed::do_try_state().unwrap();
				let is_new = LatestQuote::<Runtime>::get() != before;
				check_prices(is_new.then(|| quorum.expect("nothing is priced without reporters")));
				assert_eq!(all_tokens(), tokens);
			}
		});
	}

	/// Property 14 on the chain: whatever seven of fifteen report, and whenever, quotes stand on what the others said.
	#[test]
	fn seven_liars_should_not_move_quotes(
		rounds in prop::collection::vec(
			(prop::collection::vec(98u128..=102, 8), prop::collection::vec(prop::option::of(price()), 7)),
			1..12,
		),
	) {
		ExtBuilder::default().build_and_execute(|| {
			Reserves::set(None);
			for (honest, lies) in rounds {
				let honest: Vec<Price> = honest.into_iter().map(|percent| WORTH / 100 * percent).collect();
				for (who, price) in HONEST.zip(&honest) {
					report(who, *price);
				}
				for (who, lie) in LIARS.zip(lies) {
					if let Some(price) = lie {
						let _ = dispatch(report_of(who, price));
					}
				}
				next_round();
				if let Ok(quote) = PriceFeed::payout_quote() {
					// With fewer than nine of this round older ones count, too: honest ones like these.
					assert!(quote.median >= WORTH / 100 * 98 && quote.median <= WORTH / 100 * 102, "{quote:?}");
				}
			}
		});
	}
}
