//! Properties 32 to 35: what vouchers are paid, out of what; and when the credits of a plan lapse.

use primitive_types::U256;
use proptest::prelude::*;
use weir_math::economy::{channel::*, units::*};

/// Five cents per gigabyte.
const PRICE: u64 = 50_000;

/// `⌈(down + up) · price ÷ 10⁹⌉` by 256 bits.
fn exact(down: u64, up: u64, price: u64) -> U256 {
	let product = (U256::from(down) + U256::from(up)) * U256::from(price);
	(product + U256::from(GIGABYTE - 1)) / U256::from(GIGABYTE)
}

/// Numbers of every length, and the ends.
fn word() -> impl Strategy<Value = u64> {
	prop_oneof![
		4 => (any::<u64>(), 0u32..=64).prop_map(|(value, shift)| value.checked_shr(shift).unwrap_or(0)),
		1 => prop::sample::select(vec![0, 1, u64::MAX - 1, u64::MAX]),
	]
}

fn wide() -> impl Strategy<Value = u128> {
	prop_oneof![
		4 => (any::<u128>(), 0u32..=128).prop_map(|(value, shift)| value.checked_shr(shift).unwrap_or(0)),
		1 => prop::sample::select(vec![0, 1, u128::MAX - 1, u128::MAX]),
	]
}

/// Claims, and keeps what was paid.
fn pay(funds: &mut Funds, credits: Credits, charge: Credits) -> Result<Credits, Refusal> {
	let payable = funds.claim(credits, charge)?;
	funds.paid += payable;
	Ok(payable)
}

fn funds(deposited: Credits) -> Funds {
	Funds { deposited, paid: 0 }
}

#[test]
fn charge_should_match_the_published_example() {
	assert_eq!(charge(1_234_567_890, 0, PRICE), Some(61_729));
	assert_eq!(charge(1_000_000_000, 234_567_890, PRICE), Some(61_729));
	assert_eq!(charge(1_000_000_000, 0, PRICE), Some(50_000));
	// One byte more is begun.
	assert_eq!(charge(1_000_000_000, 1, PRICE), Some(50_001));
	assert_eq!((charge(0, 0, u64::MAX), charge(u64::MAX, u64::MAX, 0)), (Some(0), Some(0)));
}

#[test]
fn charge_should_be_exact_when_bytes_and_price_are_at_their_ends() {
	let all = charge(u64::MAX, u64::MAX, u64::MAX).unwrap();
	assert_eq!(U256::from(all), exact(u64::MAX, u64::MAX, u64::MAX));
	assert_eq!(all, 680_564_733_841_876_926_852_962_238_569);
}

#[test]
fn boost_should_cost_its_share_rounded_up() {
	assert_eq!(boosted(PRICE, 100), Some(50_000));
	assert_eq!(boosted(PRICE, 150), Some(75_000));
	assert_eq!(boosted(PRICE, 300), Some(150_000));
	assert_eq!((boosted(1, 101), boosted(0, 300)), (Some(2), Some(0)));
	assert_eq!(boosted(u64::MAX, 100), Some(u64::MAX));
}

#[test]
fn boost_should_be_refused_when_there_is_no_such_class() {
	for percent in [0, 1, 99, 301, u16::MAX] {
		assert_eq!(boosted(PRICE, percent), None, "{percent}");
	}
}

#[test]
fn boost_should_be_refused_when_its_price_does_not_fit() {
	assert_eq!(boosted(u64::MAX / 3, 300), Some(u64::MAX));
	assert_eq!(boosted(u64::MAX / 3 + 1, 300), None);
	assert_eq!(boosted(u64::MAX, 101), None);
}

#[test]
fn voucher_should_be_refused_for_the_first_reason_that_holds() {
	let used = Funds { deposited: 100, paid: 40 };
	assert_eq!(used.claim(50, 49), Err(Refusal::AboveCharge));
	assert_eq!(used.claim(40, 39), Err(Refusal::AboveCharge));
	assert_eq!(used.claim(40, 40), Err(Refusal::NothingNew));
	assert_eq!(used.claim(0, 0), Err(Refusal::NothingNew));
	assert_eq!(used.claim(41, 41), Ok(1));
	let empty = Funds { deposited: 100, paid: 100 };
	assert_eq!(empty.claim(101, 100), Err(Refusal::AboveCharge));
	assert_eq!(empty.claim(100, 100), Err(Refusal::NothingNew));
	assert_eq!(empty.claim(101, 101), Err(Refusal::Drained));
	assert_eq!(funds(0).claim(1, 1), Err(Refusal::Drained));
}

#[test]
fn overdraft_should_be_paid_in_part_and_the_rest_after_a_top_up() {
	let mut channel = funds(100);
	assert_eq!(pay(&mut channel, 150, 200), Ok(100));
	assert_eq!((channel.left(), pay(&mut channel, 150, 200)), (0, Err(Refusal::Drained)));
	channel.deposited += 70;
	assert_eq!(pay(&mut channel, 150, 200), Ok(50));
	assert_eq!((channel.left(), channel.paid), (20, 150));
}

#[test]
fn agreed_close_should_pay_no_more_than_is_held_and_nothing_twice() {
	let used = Funds { deposited: 100, paid: 40 };
	assert_eq!((used.payable(39), used.payable(40), used.payable(70)), (0, 0, 30));
	assert_eq!((used.payable(100), used.payable(u128::MAX)), (60, 60));
}

#[test]
fn funds_should_pay_nothing_when_more_is_paid_than_deposited() {
	let broken = Funds { deposited: 1, paid: 2 };
	assert_eq!((broken.left(), broken.payable(3), broken.claim(3, 3)), (0, 0, Err(Refusal::Drained)));
}

#[test]
fn channel_should_close_after_four_whole_epochs() {
	// It was meant to be used until epoch 9: 10 to 13 are its grace.
	assert_eq!(closes_from(10), 14);
	// Epoch 10 may be about to end: 11 to 14 are the challenge.
	assert_eq!(challenge_until(10), 15);
	assert_eq!((closes_from(u32::MAX - 3), challenge_until(u32::MAX - 4)), (u32::MAX, u32::MAX));
	assert_eq!((closes_from(u32::MAX), challenge_until(u32::MAX)), (u32::MAX, u32::MAX));
}

const PERIOD: u32 = 120;

fn plan(current: Credits, rolled: Credits) -> Plan {
	Plan { current, rolled, until: 1_000 }
}

/// What is left of 7 current and 5 rolled credits in `now`: current, rolled, next period, lapsed.
fn turned(now: u32) -> (Credits, Credits, u32, Credits) {
	let mut turned = plan(7, 5);
	let lapsed = turned.turn(now, PERIOD);
	(turned.current, turned.rolled, turned.until, lapsed)
}

#[test]
fn plan_should_roll_once_and_lapse_then() {
	assert_eq!(turned(0), (7, 5, 1_000, 0));
	assert_eq!(turned(999), (7, 5, 1_000, 0));
	// The first boundary,
	assert_eq!(turned(1_000), (0, 7, 1_120, 5));
	assert_eq!(turned(1_119), (0, 7, 1_120, 5));
	// the second,
	assert_eq!(turned(1_120), (0, 0, 1_240, 12));
	// and any number of them.
	assert_eq!(turned(1_000 + 30 * PERIOD - 1), (0, 0, 1_000 + 30 * PERIOD, 12));
	assert_eq!(turned(1_000 + 30 * PERIOD), (0, 0, 1_000 + 31 * PERIOD, 12));
}

#[test]
fn plan_should_not_turn_twice_in_a_period() {
	let mut twice = plan(7, 5);
	assert_eq!(twice.turn(1_003, PERIOD), 5);
	assert_eq!((twice.turn(1_003, PERIOD), twice.turn(1_119, PERIOD)), (0, 0));
	// Nor when time runs backwards.
	assert_eq!((twice.turn(0, PERIOD), twice), (0, Plan { current: 0, rolled: 7, until: 1_120 }));
	assert_eq!(twice.turn(1_120, PERIOD), 7);
}

#[test]
fn plan_should_spend_first_what_lapses_first() {
	let mut spent = plan(7, 5);
	assert_eq!((spent.spend(3), spent), (Some(()), plan(7, 2)));
	assert_eq!((spent.spend(4), spent), (Some(()), plan(5, 0)));
	assert_eq!((spent.spend(5), spent.spend(0), spent), (Some(()), Some(()), plan(0, 0)));
}

#[test]
fn plan_should_keep_all_when_more_is_asked_than_it_holds() {
	let mut kept = plan(7, 5);
	assert_eq!((kept.spend(13), kept.spend(u128::MAX), kept), (None, None, plan(7, 5)));
	let mut full = plan(u128::MAX, u128::MAX);
	assert_eq!((full.put_back(1), full), (None, plan(u128::MAX, u128::MAX)));
	assert_eq!((full.spend(u128::MAX), full), (Some(()), plan(u128::MAX, 0)));
}

#[test]
fn plan_should_count_what_is_put_back_to_the_running_period() {
	let mut back = plan(7, 5);
	assert_eq!((back.spend(6), back.put_back(4), back), (Some(()), Some(()), plan(10, 0)));
	assert_eq!((back.turn(1_000, PERIOD), back.rolled), (0, 10));
}

#[test]
fn plan_should_not_panic_at_the_end_of_time() {
	let mut last = Plan { current: 7, rolled: 5, until: u32::MAX };
	assert_eq!(last.turn(u32::MAX - 1, u32::MAX), 0);
	assert_eq!((last.turn(u32::MAX, u32::MAX), last.until, last.rolled), (5, u32::MAX, 7));
	// A period of nothing is one epoch.
	let mut short = Plan { current: 7, rolled: 5, until: 0 };
	assert_eq!((short.turn(0, 0), short), (5, Plan { current: 0, rolled: 7, until: 1 }));
	assert_eq!((short.turn(u32::MAX, 0), short.until), (7, u32::MAX));
}

/// Period by period.
fn walked(mut plan: Plan, now: u32, period: u32) -> (Plan, Credits) {
	let mut lapsed = 0;
	while plan.until <= now {
		lapsed += plan.rolled;
		plan = Plan { current: 0, rolled: plan.current, until: plan.until + period };
	}
	(plan, lapsed)
}

#[derive(Clone, Debug)]
enum Act {
	TopUp(Credits),
	/// Credits, and what the bytes cost.
	Claim(Credits, Credits),
}

fn act() -> impl Strategy<Value = Act> {
	prop_oneof![
		1 => (0..1_000_000u128).prop_map(Act::TopUp),
		4 => (0..3_000_000u128, 0..3_000_000u128).prop_map(|(credits, charge)| Act::Claim(credits, charge)),
		1 => (wide(), wide()).prop_map(|(credits, charge)| Act::Claim(credits, charge)),
	]
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(2_000))]

	/// 33: it equals the formula,
	#[test]
	fn charge_should_be_the_formula(down in word(), up in word(), price in word()) {
		prop_assert_eq!(U256::from(charge(down, up, price).unwrap()), exact(down, up, price));
	}

	/// never falls,
	#[test]
	fn charge_should_never_fall(
		down in word(), up in word(), price in word(), more in (word(), word(), word()),
	) {
		let (far_down, far_up) = (down.saturating_add(more.0), up.saturating_add(more.1));
		prop_assert!(charge(down, up, price) <= charge(far_down, far_up, price));
		prop_assert!(charge(down, up, price) <= charge(down, up, price.saturating_add(more.2)));
	}

	/// and does not depend on how many vouchers there were, nor on which of them were claimed.
	#[test]
	fn paid_should_be_the_charge_of_all_bytes_however_many_vouchers_said_so(
		steps in prop::collection::vec((0..5_000_000_000u64, 0..5_000_000_000u64, any::<bool>()), 1..40),
		price in 1..1_000_000u64,
	) {
		let (mut down, mut up, mut channel) = (0, 0, funds(u128::MAX));
		let last = steps.len() - 1;
		for (number, (more_down, more_up, is_claimed)) in steps.into_iter().enumerate() {
			(down, up) = (down + more_down, up + more_up);
			let charge = charge(down, up, price).unwrap();
			if is_claimed || number == last {
				let paid = pay(&mut channel, charge, charge);
				prop_assert!(paid.is_ok() || paid == Err(Refusal::NothingNew));
				prop_assert_eq!(channel.paid, charge);
			}
		}
		prop_assert_eq!(U256::from(channel.paid), exact(down, up, price));
	}

	/// 34: in any order the highest wins, and none is paid twice.
	#[test]
	fn highest_voucher_should_win_in_any_order(
		vouchers in prop::collection::vec((0..1_000_000u128, 0..1_000_000u128), 1..64),
		deposited in 0..1_500_000u128,
	) {
		let mut channel = funds(deposited);
		for (credits, charge) in &vouchers {
			let before = channel;
			let paid = pay(&mut channel, *credits, *charge);
			prop_assert_eq!(channel.paid - before.paid, paid.unwrap_or(0));
			prop_assert_ne!(paid, Ok(0));
		}
		let valid = vouchers.iter().filter(|(credits, charge)| credits <= charge);
		let highest = valid.map(|(credits, _)| *credits).max().unwrap_or(0);
		prop_assert_eq!(channel.paid, highest.min(deposited));
		for (credits, charge) in vouchers {
			prop_assert!(channel.claim(credits, charge).is_err());
		}
	}

	/// 32 and 35: what was deposited is paid or comes back, whatever is claimed.
	#[test]
	fn deposit_should_be_what_is_paid_and_what_is_left(acts in prop::collection::vec(act(), 1..60)) {
		let (mut channel, mut deposited, mut claimed) = (Funds::default(), 0, 0);
		for act in acts {
			match act {
				Act::TopUp(credits) => {
					channel.deposited += credits;
					deposited += credits;
				}
				Act::Claim(credits, charge) => {
					let paid = pay(&mut channel, credits, charge).unwrap_or(0);
					prop_assert!(paid == 0 || credits <= charge);
					claimed += paid;
				}
			}
			prop_assert!(claimed <= deposited);
			prop_assert_eq!((channel.deposited, channel.paid), (deposited, claimed));
			prop_assert_eq!(channel.paid + channel.left(), deposited);
		}
	}

	/// An agreed close pays as a voucher of the same credits would, if that were no error.
	#[test]
	fn agreed_close_should_pay_as_a_voucher_would(deposited in wide(), paid in wide(), credits in wide()) {
		let channel = Funds { deposited, paid: paid.min(deposited) };
		prop_assert_eq!(channel.payable(credits), channel.claim(credits, u128::MAX).unwrap_or(0));
		prop_assert!(channel.payable(credits) <= channel.left());
	}

	#[test]
	fn boost_should_be_the_smallest_price_that_covers_it(price in word(), percent in any::<u16>()) {
		let is_class = (LEAST_BOOST_PERCENT..=MOST_BOOST_PERCENT).contains(&percent);
		let hundredfold = u128::from(price) * u128::from(percent);
		match boosted(price, percent) {
			Some(boosted) => {
				let boosted = u128::from(boosted) * 100;
				prop_assert!(is_class && boosted >= hundredfold && boosted - hundredfold < 100);
			}
			None => prop_assert!(!is_class || hundredfold > u128::from(u64::MAX) * 100),
		}
	}

	#[test]
	fn turn_should_be_a_walk_from_period_to_period(
		current in 0..u128::MAX / 2, rolled in 0..u128::MAX / 2, until in 0..5_000u32, now in 0..10_000u32,
		period in 1..500u32,
	) {
		let mut turned = Plan { current, rolled, until };
		let walked = walked(turned, now, period);
		let lapsed = turned.turn(now, period);
		prop_assert_eq!((turned, lapsed), walked);
	}

	#[test]
	fn plan_should_lose_nothing_but_what_lapses(
		acts in prop::collection::vec((0..200u32, 0..1_000u128, any::<bool>()), 1..60), bought in 0..1_000_000u128,
	) {
		let mut plan = Plan { current: bought, rolled: 0, until: PERIOD };
		let (mut now, mut lapsed, mut spent) = (0, 0, 0);
		for (wait, credits, is_spent) in acts {
			now += wait;
			lapsed += plan.turn(now, PERIOD);
			prop_assert!(now < plan.until && plan.until - now <= PERIOD);
			if is_spent {
				spent += plan.spend(credits).map_or(0, |()| credits);
			} else {
				let back = credits.min(spent);
				plan.put_back(back).unwrap();
				spent -= back;
			}
			prop_assert_eq!(plan.left() + lapsed + spent, bought);
		}
	}

	#[test]
	fn nothing_should_panic_at_any_number(
		amounts in (wide(), wide(), wide(), wide()), epochs in (any::<u32>(), any::<u32>(), any::<u32>()),
	) {
		let (a, b, c, d) = amounts;
		let channel = Funds { deposited: a, paid: b };
		let paid = channel.claim(c, d);
		prop_assert!(paid.map_or(true, |paid| paid > 0 && paid <= channel.left()));
		let mut plan = Plan { current: a, rolled: b, until: epochs.0 };
		let _ = plan.turn(epochs.1, epochs.2);
		let _ = (plan.put_back(c), plan.spend(d), plan.left());
		prop_assert!(closes_from(epochs.0) >= epochs.0 && challenge_until(epochs.1) >= epochs.1);
	}
}
