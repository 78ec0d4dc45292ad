//! The account of probe traffic.

use weir_math::Timing;
use weir_sim::traffic::{bars, member, provider, text, Bytes, Day, Line, CLAIMS_KBPS, MOST, PAID_FROM_KBPS};

fn alone(claim_kbps: u32) -> Day {
	provider(&Timing::public(), &Line::with_room(claim_kbps, false))
}

fn shared(claim_kbps: u32) -> Day {
	provider(&Timing::public(), &Line::with_room(claim_kbps, true))
}

/// Within a part of a thousand.
fn assert_near(found: f64, expected: f64) {
	assert!((found / expected - 1.0).abs() < 1e-3, "{found} instead of {expected}");
}

#[test]
fn load_should_be_one_test_a_day_at_five_quarters_of_the_claim() {
	// Fifteen windows of 3 s and one of 20 s, each with 180 ms around it: 4.2425 s in the mean. 50 Mbps are 6.25 MB/s.
	let Bytes { down, up } = alone(50_000).load;
	assert_near(up, 4.2425 * 6.25e6 * 1.25);
	// Echoes need what they echo.
	assert_near(down, 2.0 * up);
}

#[test]
fn line_on_a_shared_prefix_should_carry_four_times_the_tests_and_no_more_watching() {
	let (alone, shared) = (alone(10_000), shared(10_000));
	for (once, often) in
		[(alone.load, shared.load), (alone.talk, shared.talk), (alone.liveness, shared.liveness)]
	{
		assert_near(often.down, 4.0 * once.down);
		assert_near(often.up, 4.0 * once.up);
	}
	assert_eq!((alone.watch, alone.clock), (shared.watch, shared.clock));
}

#[test]
fn line_should_carry_no_more_load_than_it_can() {
	let timing = Timing::public();
	let with = |capacity_kbps| {
		let line = Line { claim_kbps: 10_000, capacity_kbps, is_on_shared_prefix: false };
		provider(&timing, &line).load
	};
	// A committee offers a quarter more than the claim.
	assert_near(with(12_500).down, 1.25 * with(10_000).down);
	assert_near(with(12_500).up, 1.25 * with(10_000).up);
	assert_near(with(100_000).down, with(12_600).down);
	assert_eq!(with(10_000), provider(&timing, &Line::exact(10_000, false)).load);
}

#[test]
fn watching_should_cost_every_line_the_same() {
	let days = CLAIMS_KBPS.map(alone);
	assert!(days.iter().all(|day| (day.watch, day.clock) == (days[0].watch, days[0].clock)));
	// Five watchers, a question a minute, on a connection that rests open between two.
	let Bytes { down, up } = days[0].watch;
	assert_near(down / 7_200.0, 357.0 + 216.0);
	assert_near(up / 7_200.0, 543.0 + 216.0);
}

#[test]
fn member_should_send_what_its_targets_receive() {
	for claim_kbps in [10_000, 500_000] {
		// One test a day of a provider; of a seat fifteen, each of which is a fifteenth of a provider's.
		let (line, seat) = (alone(claim_kbps), member(&Timing::public(), claim_kbps));
		for (here, there) in [
			(seat.load, line.load),
			(seat.talk, line.talk),
			(seat.watch, line.watch),
			(seat.liveness, line.liveness),
			(seat.clock, line.clock),
		] {
			assert_near(here.up, there.down);
			assert_near(here.down, there.up);
		}
	}
}

#[test]
fn bars_should_be_set_for_lines_that_are_paid_and_judge_the_worse_direction() {
	let timing = Timing::public();
	let bars = bars(&timing);
	let paid = || CLAIMS_KBPS.into_iter().filter(|claim_kbps| *claim_kbps >= PAID_FROM_KBPS);
	assert_eq!(bars.len(), 2 * paid().count());
	let days = paid().map(alone).chain(paid().map(shared));
	for ((bar, day), claim_kbps) in bars.iter().zip(days).zip(paid().chain(paid())) {
		let Bytes { down, up } = day.total().parts(claim_kbps);
		assert_eq!(bar.met, down <= MOST && up <= MOST, "{bar:?}");
	}
}

#[test]
fn bars_should_be_met_when_tests_are_rare_and_lines_fast() {
	let timing = Timing { test_every: 40, ..Timing::public() };
	let is_met = |asks: &str| bars(&timing).into_iter().find(|bar| bar.asks.contains(asks)).unwrap().met;
	assert!(is_met("1000 Mbps, prefix alone"));
	assert!(!is_met("1000 Mbps, prefix shared"));
}

#[test]
fn text_should_have_a_row_for_each_line_and_the_seat() {
	let text = text(&Timing::public());
	let rows = |start: &str| text.lines().filter(|line| line.starts_with(start)).count();
	for claim_kbps in CLAIMS_KBPS {
		for prefix in ["alone", "shared"] {
			assert_eq!(rows(&format!("| {} | {prefix} |", claim_kbps / 1_000)), 1);
		}
	}
	assert_eq!(rows("| 500 | 3.75 |"), 1);
}
