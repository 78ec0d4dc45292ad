//! What both sides do to each other, case by case.

use super::{pair::*, *};
use crate::{
	session::window::LEAST_BYTES,
	wire::{Refusal, Service},
};

/// Joined, and the first voucher has arrived.
fn begun(line: Line, liar: Liar, seed: u64) -> Pair {
	let mut pair = Pair::new(line, liar, seed);
	pair.run(SECOND);
	pair
}

fn quiet(pair: &mut Pair, duration: Micros) {
	pair.rates = [0, 0];
	pair.run(duration);
}

#[test]
fn honest_pair_should_agree_and_never_throttle_when_nothing_is_lost() {
	for rates in [[10_000, 1_000], [1_000_000, 100_000], [0, 500_000]] {
		let mut pair = begun(GOOD, Liar::Nobody, 1);
		pair.rates = rates;
		pair.run(60 * SECOND);
		assert_eq!((pair.truth.throttled, pair.truth.refused, pair.truth.disputes), (0, 0, 0));
		quiet(&mut pair, 40 * SECOND);
		pair.assert_agreed();
		assert_eq!(pair.truth.seen, pair.earner.as_ref().unwrap().charged().total());
		assert_eq!(pair.truth.throttled, 0);
	}
}

#[test]
fn honest_pair_should_reach_trust_and_pay_behind() {
	let mut pair = begun(GOOD, Liar::Nobody, 2);
	pair.rates = [1_000_000, 0];
	assert!(pair.payer.exposure().bytes >= LEAST_BYTES);
	pair.run(60 * SECOND);
	assert!(pair.earner.as_ref().unwrap().standing().is_trusted);
	assert_eq!(pair.payer.exposure().bytes, 0);
	assert!(pair.earner.as_ref().unwrap().exposure().bytes > 0);
}

#[test]
fn nobody_should_be_throttled_when_a_twentieth_is_lost() {
	for (seed, rates) in (0..6).zip([[1_000_000, 100_000], [100_000, 1_000_000], [20_000, 2_000]].repeat(2)) {
		let line = Line { lost: 50, jitter: 30 * MILLI, delay: 50 * MILLI, ..GOOD };
		let mut pair = begun(line, Liar::Nobody, seed);
		pair.run(5 * SECOND);
		let before = pair.truth;
		pair.rates = rates;
		pair.run(150 * SECOND);
		let truth = pair.truth;
		assert_eq!(
			(truth.throttled - before.throttled, truth.refused, truth.disputes),
			(0, 0, 0),
			"{rates:?}"
		);
		quiet(&mut pair, 60 * SECOND);
		pair.assert_agreed();
		assert_eq!(pair.truth.throttled, before.throttled);
	}
}

#[test]
fn nobody_should_be_throttled_when_a_fast_line_starts_slowly() {
	// The last one is what the largest window is good for over such a line.
	for (delay, fastest) in [(2, 100), (20, 100), (75, 100), (150, 50)] {
		let delay = delay * MILLI;
		for most in [10_000_000, fastest * 1_000_000] {
			let mut pair = begun(Line { delay, ..GOOD }, Liar::Nobody, 3);
			let round_trip = (2 * delay).max(20 * MILLI);
			// As TCP does: twice as much each round trip.
			let mut rate = 15_000 * SECOND / round_trip;
			while rate < most {
				pair.rates = [rate, rate / 50];
				pair.run(round_trip);
				rate *= 2;
			}
			pair.rates = [most, most / 50];
			pair.run(4 * SECOND);
			let truth = pair.truth;
			assert_eq!((truth.throttled, truth.refused, truth.disputes), (0, 0, 0), "{delay} {most}");
			quiet(&mut pair, 40 * SECOND);
			pair.assert_agreed();
		}
	}
}

#[test]
fn customer_should_be_throttled_then_stopped_when_it_pays_no_more() {
	for (paid_for, is_trusted) in [(3, false), (60, true)] {
		let mut pair = begun(GOOD, Liar::Nobody, 4);
		pair.rates = [1_000_000, 50_000];
		pair.run(paid_for * SECOND);
		assert_eq!(pair.earner.as_ref().unwrap().standing().is_trusted, is_trusted);
		pair.liar = Liar::PaysNothing;
		let mut saw = vec![];
		let mut most_unpaid = 0;
		for _ in 0..120_000 {
			pair.step();
			let earner = pair.earner.as_ref().unwrap();
			if saw.last() != Some(&earner.service()) {
				saw.push(earner.service());
			}
			most_unpaid = most_unpaid.max(earner.exposure().bytes);
		}
		assert_eq!(saw, [Service::Full, Service::Throttled, Service::Stopped]);
		assert!(most_unpaid <= LEAST_BYTES && most_unpaid > RESERVE_BYTES / 2, "{most_unpaid}");
		let served = pair.truth.served;
		pair.run(10 * SECOND);
		assert_eq!(pair.truth.served, served);
		// It pays after all, and joins again.
		pair.liar = Liar::Nobody;
		pair.run(40 * SECOND);
		assert!(pair.truth.served > served + 5_000_000);
		quiet(&mut pair, 40 * SECOND);
		pair.assert_agreed();
	}
}

#[test]
fn provider_should_be_found_out_when_it_counts_three_per_cent_more() {
	let mut pair = begun(GOOD, Liar::OverCounts(30), 5);
	pair.rates = [1_000_000, 100_000];
	let mut steps = 0;
	while pair.truth.disputes == 0 {
		pair.step();
		steps += 1;
		assert!(steps < 60_000, "never found out");
	}
	let credits = pair.journal.voucher.unwrap().voucher.credits;
	pair.run(150 * SECOND);
	assert_eq!(pair.journal.voucher.unwrap().voucher.credits, credits);
	assert!(pair.truth.stops > 0);
	assert!(matches!(pair.payer.dispute(), Some(Dispute::OverCounted { .. })));
	// It was paid for what was seen, and what was paid ahead.
	assert!(terms().bytes_for(credits) <= pair.truth.seen + LEAST_BYTES);
}

#[test]
fn customer_should_save_no_more_than_is_conceded_when_it_counts_less() {
	for per_mille in [50, 500] {
		let mut pair = begun(GOOD, Liar::UnderCounts(per_mille), 6);
		pair.rates = [1_000_000, 0];
		pair.run(60 * SECOND);
		let earner = pair.earner.as_ref().unwrap();
		let conceded = earner.served().total() - earner.charged().total();
		let most = earner.served().total() / 16 + MIB;
		assert!(conceded <= most && conceded > most / 2, "{conceded} of {most}");
	}
}

#[test]
fn leaving_should_settle_to_the_byte() {
	let mut pair = begun(GOOD, Liar::Nobody, 7);
	pair.rates = [1_000_000, 50_000];
	pair.run(61 * SECOND);
	quiet(&mut pair, SECOND);
	let now = pair.now;
	pair.payer.leave(now);
	pair.run(SECOND);
	assert!(pair.has_left);
	let earner = pair.earner.as_ref().unwrap();
	assert_eq!(earner.served().total(), pair.truth.seen);
	let voucher = earner.voucher().unwrap().voucher;
	assert_eq!(voucher.bytes_down + voucher.bytes_up, pair.truth.seen);
	assert_eq!((earner.exposure(), pair.payer.exposure()), (Exposure::default(), Exposure::default()));
}

#[test]
fn session_should_go_on_when_the_line_stops_for_a_while() {
	let mut pair = begun(GOOD, Liar::Nobody, 8);
	pair.rates = [500_000, 50_000];
	pair.run(40 * SECOND);
	for seconds in [1, 5, 20, 50, 130] {
		pair.is_up = false;
		// Nobody sends for long into a line that does not answer.
		pair.run(SECOND);
		pair.rates = [0, 0];
		pair.run((seconds - 1) * SECOND);
		pair.is_up = true;
		pair.run(20 * SECOND);
		pair.rates = [500_000, 50_000];
		let before = pair.truth.served;
		pair.run(30 * SECOND);
		assert!(pair.truth.served - before > 14_000_000, "after {seconds} s: {:?}", pair.truth);
	}
	quiet(&mut pair, 40 * SECOND);
	pair.assert_agreed();
}

#[test]
fn old_and_foreign_vouchers_should_change_nothing() {
	let mut pair = begun(GOOD, Liar::Nobody, 9);
	pair.rates = [1_000_000, 0];
	let mut sent = vec![];
	for _ in 0..20 {
		pair.run(2 * SECOND);
		sent.push(pair.journal.voucher.unwrap());
	}
	quiet(&mut pair, 40 * SECOND);
	let earner = pair.earner.clone().unwrap();
	let other = ProbeKeypair::from_seed(&[9; 32]).unwrap();
	for old in sent {
		assert_eq!(earner.check(&old), Ok(None));
		let foreign = sign_voucher(&other, &GENESIS, old.voucher);
		assert_eq!(earner.check(&foreign), Err(Refusal::BadVoucher));
	}
	pair.assert_agreed();
}

#[test]
fn crash_of_either_side_should_cost_a_window_at_most() {
	for seed in 0..8 {
		let mut pair = begun(Line { jitter: 10 * MILLI, ..GOOD }, Liar::Nobody, seed);
		pair.rates = [1_500_000, 100_000];
		for round in 0..6 {
			// Not at the same moment of a payment each time.
			pair.run(7 * SECOND + (seed * 6 + round) * 37 * MILLI);
			if (seed + round) % 2 == 0 {
				pair.kill_payer();
			} else {
				pair.kill_earner();
			}
		}
		pair.run(30 * SECOND);
		assert_eq!(pair.truth.disputes, 0, "{:?}", pair.truth);
		quiet(&mut pair, 40 * SECOND);
		pair.assert_agreed();
	}
}

#[test]
fn crash_at_any_step_of_a_payment_should_lose_no_voucher() {
	// A payment takes some fifty steps of a millisecond: question, disk, answer.
	for step in 0..120 {
		for is_payer in [true, false] {
			let mut pair = begun(GOOD, Liar::Nobody, 10);
			pair.rates = [3_000_000, 0];
			pair.run(SECOND + step * 8 * MILLI);
			if is_payer {
				pair.kill_payer();
			} else {
				pair.kill_earner();
			}
			let kept = pair.record.voucher.unwrap().voucher.credits;
			pair.run(2 * SECOND);
			assert!(pair.record.voucher.unwrap().voucher.credits >= kept);
			quiet(&mut pair, 33 * SECOND);
			pair.assert_agreed();
		}
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(48))]

	/// The sums hold after every step ([`Pair::step`]), whatever happens, and in the end both sides agree.
	#[test]
	fn sums_should_hold_whatever_happens(
		seed in any::<u64>(),
		delay in 1..200u64,
		jitter in 0..200u64,
		lost in 0..50u64,
		unasked in 0..300u64,
		fsync in 0..100u64,
		script in proptest::collection::vec((0..8u8, 0..15_000u64, 0..2_000_000u64), 1..12),
	) {
		let line =
			Line { delay: delay * MILLI, jitter: jitter * MILLI, lost, unasked, fsync: fsync * MILLI };
		let mut pair = Pair::new(line, Liar::Nobody, seed);
		for (what, millis, rate) in script {
			match what {
				0 => pair.is_up = false,
				1 => pair.kill_payer(),
				2 => pair.kill_earner(),
				3 => pair.rates = [0, 0],
				4 => pair.rates = [rate / 10, rate],
				_ => pair.rates = [rate, rate / 10],
			}
			pair.run(millis * MILLI);
			pair.is_up = true;
		}
		quiet(&mut pair, SECOND);
		pair.line = GOOD;
		pair.run(100 * SECOND);
		// What is lost beyond what is conceded stays between them; nobody pays for it.
		let earner = pair.earner.as_ref().unwrap();
		let conceded = earner.entry().record().conceded_bytes;
		if conceded < earner.served().total() / 16 + MIB {
			pair.assert_agreed();
		} else {
			prop_assert!(earner.charged().total() >= pair.payer.owed_bytes());
		}
	}
}
