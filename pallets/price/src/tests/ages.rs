//! Reports of every age in random sequences: which of them count, when purchases wait and why, and that no request is executed
//! by what was said before it. Every quote is compared with what a second account of the reports makes of them.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use weir_primitives::economy::Round;

#[derive(Clone, Debug)]
enum Step {
	/// The reporters whose bits are set say the same.
	Report(u16, Price),
	Blocks(u32),
	Rounds(u32),
	/// Somebody asks for credits.
	Request,
	Pool(u128),
	NoPool,
	Rules {
		forward: u32,
		valid: u32,
		quorum: u32,
		spread: u32,
	},
}

fn price() -> impl Strategy<Value = Price> {
	prop_oneof![
		6 => (99u128..103).prop_map(|percent| WORTH / 100 * percent),
		2 => (90u128..120).prop_map(|percent| WORTH / 100 * percent),
		1 => Just(LOWEST_PRICE),
		1 => Just(HIGHEST_PRICE),
	]
}

fn step() -> impl Strategy<Value = Step> {
	let many = (any::<u16>(), any::<u16>()).prop_map(|(one, other)| one | other);
	prop_oneof![
		6 => (many, price()).prop_map(|(who, price)| Step::Report(who, price)),
		4 => (any::<u16>(), price()).prop_map(|(who, price)| Step::Report(who, price)),
		4 => (1..9u32).prop_map(Step::Blocks),
		6 => (1..3u32).prop_map(Step::Rounds),
		1 => (3..9u32).prop_map(Step::Rounds),
		4 => Just(Step::Request),
		1 => (95..106u128).prop_map(Step::Pool),
		1 => Just(Step::NoPool),
		1 => (1..=6u32, 1..=6u32, 500_001..=1_000_000u32, 10_000..=50_000u32)
			.prop_map(|(forward, valid, quorum, spread)| Step::Rules { forward, valid, quorum, spread }),
	]
}

/// What counts in a round by the last reports of all fifteen.
struct Expected {
	median: Price,
	reports: usize,
	oldest: u32,
}

/// The second account.
#[derive(Default)]
struct Told {
	/// Block and price of everybody's last report.
	reports: BTreeMap<AccountId, (u32, Price)>,
	/// Block and round of requests that wait.
	requests: Vec<(u32, Round)>,
}

impl Told {
	/// The youngest quorum, and all that is no older than the first round in which everybody is younger than every request
	/// that may be due.
	fn expected(&self, round: Round) -> Option<Expected> {
		let Parameters { quorum, forward_rounds, report_rounds, .. } = TestParameters::get();
		let needed = (15 * quorum as usize).div_ceil(1_000_000).max(8);
		let age = |block: u32| round - block / 10;
		let mut ages: Vec<u32> = self.reports.values().map(|(block, _)| age(*block)).collect();
		ages.sort_unstable();
		let of_quorum = *ages.get(needed - 1)?;
		let fresh = forward_rounds.max(2) - 1;
		let oldest_age = of_quorum.max(fresh.min(report_rounds));
		if oldest_age > report_rounds {
			return None;
		}
		let counted: Vec<(u32, Price)> =
			self.reports.values().filter(|(block, _)| age(*block) <= oldest_age).copied().collect();
		let mut prices: Vec<Price> = counted.iter().map(|(_, price)| *price).collect();
		prices.sort_unstable();
		let middle = prices.len() / 2;
		let median =
			if prices.len() % 2 == 1 { prices[middle] } else { (prices[middle - 1] + prices[middle]) / 2 };
		let oldest = counted.iter().map(|(block, _)| *block).min()?;
		Some(Expected { median, reports: counted.len(), oldest })
	}

	fn next_block(&mut self) {
		let before = PriceFeed::round();
		super::next_block();
		let round = PriceFeed::round();
		if round > before {
			self.check_quote(round);
		}
		self.check_gates();
		self.execute();
	}

	/// Property 15: a round that begins has a price exactly if there is a quorum of valid reports, and by these alone.
	fn check_quote(&self, round: Round) {
		let quote = LatestQuote::<Runtime>::get().filter(|quote| quote.round == round);
		let Some(expected) = self.expected(round) else {
			assert_eq!(quote, None);
			assert_eq!(PriceFeed::payout_quote(), Err(GateReason::NoQuorum));
			return;
		};
		let quote = quote.expect("a quorum makes a price");
		assert_eq!(quote.median, expected.median);
		assert_eq!(usize::from(quote.reports), expected.reports);
		assert_eq!(quote.oldest_block, expected.oldest);
		let prices: Vec<Price> =
			[Some(quote.median), Some(quote.ema), quote.twap].into_iter().flatten().collect();
		let (least, most) = (*prices.iter().min().unwrap(), *prices.iter().max().unwrap());
		let is_apart = (most - least) * 1_000_000 > least * u128::from(TestParameters::get().spread);
		assert_eq!(quote.gate, is_apart.then_some(GateReason::Spread));
	}

	/// Property 17: every refusal has its reason, and what is asked says the same as what is done.
	fn check_gates(&self) {
		let latest = LatestQuote::<Runtime>::get();
		let running = latest.filter(|quote| quote.round == PriceFeed::round());
		let reason = match running {
			Some(quote) => quote.gate,
			None if PriceFeed::round() == 0 => Some(GateReason::Stale),
			None => Some(GateReason::NoQuorum),
		};
		assert_eq!(PriceFeed::purchases_closed(), reason);
		assert_eq!(PriceFeed::purchase_quote(), reason.map_or_else(|| Ok(running.unwrap()), Err));
		// Payouts do not wait for references to agree.
		let payouts = reason.filter(|reason| *reason != GateReason::Spread);
		assert_eq!(PriceFeed::payouts_closed(), payouts);
		assert_eq!(PriceFeed::payout_quote(), payouts.map_or_else(|| Ok(running.unwrap()), Err));
		let since = System::block_number() as u32 - latest.map_or(0, |quote| quote.at_block);
		let is_lost = running.is_none() && since > 50;
		assert_eq!((PriceFeed::is_lost(), PriceFeed::is_price_lost()), (is_lost, is_lost));
	}

	/// Property 16: executes the requests that are due by the rule of purchases. None is priced by a report that its author
	/// could have seen, and none waits that all reports are younger than.
	fn execute(&mut self) {
		let Ok(quote) = PriceFeed::purchase_quote() else { return };
		let forward = TestParameters::get().forward_rounds;
		let formed = quote.at_block;
		let counted_ages = PriceFeed::round_of(formed) - PriceFeed::round_of(quote.oldest_block);
		assert!(counted_ages >= 1, "a report of the round that it prices");
		self.requests.retain(|(block, round)| {
			let is_due = quote.round >= round + forward && quote.oldest_block > *block;
			assert!(!is_due || formed > *block);
			!is_due
		});
	}

	fn run(&mut self, step: &Step) {
		match *step {
			Step::Report(bits, price) => {
				for who in (1..=15).filter(|who| bits >> (who - 1) & 1 == 1) {
					if dispatch(report_of(who, price)).is_ok() {
						self.reports.insert(who, (System::block_number() as u32, price));
					}
				}
			}
			Step::Blocks(blocks) => (0..blocks).for_each(|_| self.next_block()),
			Step::Rounds(rounds) => {
				for _ in 0..rounds {
					let round = PriceFeed::round();
					while PriceFeed::round() == round {
						self.next_block();
					}
				}
			}
			Step::Request => self.requests.push((System::block_number() as u32, PriceFeed::round())),
			Step::Pool(percent) => Reserves::set(Some((POOL.0, POOL.1 / 100 * percent))),
			Step::NoPool => Reserves::set(None),
			Step::Rules { forward: forward_rounds, valid: report_rounds, quorum, spread } => {
				TestParameters::set(Parameters {
					forward_rounds,
					report_rounds,
					quorum,
					spread,
					..Parameters::default()
				});
			}
		}
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(48))]

	/// Properties 15, 16 and 17.
	#[test]
	fn quotes_should_stand_on_the_youngest_quorum_whatever_the_ages(
		steps in prop::collection::vec(step(), 1..80),
	) {
		ExtBuilder::default().build_and_execute(|| {
			let mut told = Told::default();
			for step in steps {
				told.run(&step);
				PriceFeed::do_try_state().unwrap();
			}
			// With everybody back, nobody waits for longer than the rules say.
			Reserves::set(None);
			TestParameters::set(Parameters::default());
			for _ in 0..80 {
				if told.requests.is_empty() {
					break;
				}
				told.run(&Step::Report(u16::MAX, WORTH));
				told.run(&Step::Rounds(1));
			}
			assert_eq!(told.requests, vec![]);
		});
	}

	/// Property 16, the other side: as long as a quorum reports in every round, whatever the others do, every request is
	/// executed in the first round that the rules allow, or the second where they ask for no delay.
	#[test]
	fn requests_should_be_executed_in_time_while_a_quorum_reports(
		forward in 1..=6u32, valid in 1..=6u32,
		rounds in prop::collection::vec((0..9u32, any::<u16>(), 0..9u32), 1..30),
	) {
		ExtBuilder::default().build_and_execute(|| {
			TestParameters::set(Parameters {
				forward_rounds: forward, report_rounds: valid, ..Parameters::default()
			});
			let mut told = Told::default();
			for (early, others, late) in rounds {
				told.run(&Step::Report(0x1ff, WORTH));
				told.run(&Step::Blocks(early.min(4)));
				told.run(&Step::Request);
				told.run(&Step::Report(others, WORTH));
				told.run(&Step::Blocks(late.min(4)));
				told.run(&Step::Rounds(1));
				let now = PriceFeed::round();
				let oldest = told.requests.iter().map(|(_, round)| *round).min();
				assert!(oldest.is_none_or(|round| round + forward.max(2) > now), "{oldest:?} in {now}");
			}
		});
	}
}
