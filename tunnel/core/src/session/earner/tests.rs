use super::*;
use crate::session::{tests::*, PAY_EVERY};
use crate::MILLI;

const PACKET: usize = 1_280;
const SECOND: Micros = 1_000 * MILLI;
const WINDOW: u64 = 4 << 20;

fn earner() -> Earner {
	Earner::new(NOW, terms(), voucher_key(), Record::default())
}

/// Lets packets towards the customer pass until one does not, at most `most` bytes of them.
fn serve(earner: &mut Earner, now: Micros, most: u64) -> u64 {
	let before = earner.served().total();
	while earner.served().total() - before + PACKET as u64 <= most {
		if !earner.admit(now, Direction::Down, PACKET) {
			break;
		}
	}
	earner.served().total() - before
}

/// A good voucher for `bytes` in all.
fn voucher_for(bytes: u64, sequence: u64) -> SignedVoucher {
	signed(Voucher {
		channel: CHANNEL,
		bytes_down: bytes,
		bytes_up: 0,
		credits: terms().charge(bytes),
		sequence,
	})
}

fn take(earner: &mut Earner, now: Micros, voucher: &SignedVoucher) {
	let entry = earner.check(voucher).unwrap().expect("a higher one");
	earner.stored(now, entry);
}

fn pay(earner: &mut Earner, now: Micros, bytes: u64) {
	take(earner, now, &voucher_for(bytes, 1));
}

/// A customer that has moved and paid three windows, and nothing ahead.
fn trusted() -> (Earner, Micros) {
	let (mut earner, mut now) = (earner(), NOW);
	for n in 1..=3 {
		pay(&mut earner, now, n * (WINDOW + 100_000));
		// Slowly, so that the window stays the smallest.
		for _ in 0..3_300 {
			now += MILLI;
			earner.admit(now, Direction::Down, PACKET);
		}
	}
	let served = earner.served().total();
	pay(&mut earner, now, served.max(3 * (WINDOW + 100_000)) + 40_000);
	let left = earner.paid_bytes - served;
	serve(&mut earner, now, left);
	assert!(earner.standing().is_trusted);
	assert_eq!((earner.service(), earner.window_bytes), (Service::Full, WINDOW));
	(earner, now)
}

#[test]
fn earner_should_greet_and_throttle_when_nothing_is_paid() {
	let mut earner = earner();
	assert_eq!((earner.service(), earner.standing().allowance_bytes), (Service::Full, GREETING_BYTES));
	let greeted = GREETING_BYTES - GREETING_BYTES % PACKET as u64;
	assert_eq!(serve(&mut earner, NOW, greeted), greeted);
	assert_eq!(earner.service(), Service::Full);
	// Beyond it nothing but the bucket's burst.
	let burst = serve(&mut earner, NOW, WINDOW);
	assert!((1..=15_000).contains(&burst), "{burst}");
	assert_eq!(earner.service(), Service::Throttled);
	assert_eq!(earner.exposure().bytes, greeted + burst);
}

#[test]
fn earner_should_serve_exactly_what_is_paid_at_full_rate() {
	for bytes in [GREETING_BYTES + 7, 1_000_003, 10 * WINDOW] {
		let mut earner = earner();
		pay(&mut earner, NOW, bytes);
		let paid = terms().bytes_for(terms().charge(bytes));
		assert_eq!(earner.standing().allowance_bytes, paid);
		let count = |earner: &mut Earner| (0..).take_while(|_| earner.admit(NOW, Direction::Up, 1)).count();
		serve(&mut earner, NOW, paid - 100);
		let rest = paid - earner.served().total();
		let (before, burst) = (earner.clone(), 15_000);
		assert_eq!(count(&mut earner) as u64, rest + burst);
		assert_eq!(earner.service(), Service::Throttled);
		let Usage { down, up } = earner.charged();
		assert_eq!((down, up), (before.served().down, rest + burst));
	}
}

#[test]
fn earner_should_throttle_to_64_kbps_and_to_the_reserve() {
	let (mut earner, mut now) = (earner(), NOW);
	serve(&mut earner, now, WINDOW);
	let served = earner.served().total();
	for _ in 0..1_000 {
		now += 10 * MILLI;
		earner.admit(now, Direction::Down, PACKET);
	}
	let rate = (earner.served().total() - served) * 8 / 10_000;
	assert!((60..=THROTTLED_KBPS.into()).contains(&rate), "{rate} kbps");
	// Without an end of the session, not more than the reserve passes.
	for _ in 0..20_000 {
		now += 10 * MILLI;
		earner.admit(now, Direction::Down, PACKET);
	}
	let unpaid = earner.served().total();
	assert!(
		(GREETING_BYTES + RESERVE_BYTES - PACKET as u64..=GREETING_BYTES + RESERVE_BYTES).contains(&unpaid)
	);
}

#[test]
fn reserve_should_suffice_for_the_throttled_rate_until_the_stop() {
	let missing = LATE + 2 * UNPAID;
	assert!(u64::from(THROTTLED_KBPS) * missing / 8_000 + 15_000 <= RESERVE_BYTES);
}

#[test]
fn earner_should_restore_service_when_the_voucher_comes_late() {
	let (mut earner, now) = (earner(), NOW);
	serve(&mut earner, now, WINDOW);
	earner.handle_timeout(now + LATE);
	assert_eq!((earner.service(), earner.misses), (Service::Throttled, 1));
	pay(&mut earner, now + 3 * SECOND, WINDOW);
	assert_eq!((earner.service(), earner.timeout()), (Service::Full, None));
	assert!(earner.admit(now + 3 * SECOND, Direction::Down, 60_000));
}

#[test]
fn earner_should_stay_throttled_when_too_little_is_paid() {
	let mut earner = earner();
	serve(&mut earner, NOW, WINDOW);
	earner.handle_timeout(NOW + LATE);
	let served = earner.served().total();
	pay(&mut earner, NOW + 3 * SECOND, served - 41_000);
	assert_eq!((earner.service(), earner.misses), (Service::Throttled, 1));
	// It has paid something: the next miss is counted from then.
	assert_eq!(earner.timeout(), Some(NOW + 3 * SECOND + UNPAID));
}

#[test]
fn earner_should_stop_after_three_misses_and_take_vouchers_all_the_same() {
	let mut earner = earner();
	serve(&mut earner, NOW, WINDOW);
	for (due, service) in [
		(LATE, Service::Throttled),
		(LATE + UNPAID, Service::Throttled),
		(LATE + 2 * UNPAID, Service::Stopped),
	] {
		assert_eq!(earner.timeout(), Some(NOW + due));
		earner.handle_timeout(NOW + due - 1);
		assert_ne!(earner.service(), Service::Stopped);
		earner.handle_timeout(NOW + due);
		assert_eq!(earner.service(), service);
	}
	assert_eq!(earner.timeout(), None);
	let now = NOW + 100 * SECOND;
	assert!(!earner.admit(now, Direction::Down, 1));
	pay(&mut earner, now, WINDOW);
	assert!(!earner.admit(now, Direction::Down, 1));
	let standing = earner.standing();
	assert_eq!((standing.service, standing.allowance_bytes), (Service::Stopped, 0));
	assert_eq!((standing.credits, earner.exposure()), (terms().charge(WINDOW), Exposure::default()));
	// Who joins again is served what is paid for.
	let mut again = Earner::new(now, terms(), voucher_key(), *earner.entry().record());
	assert_eq!(again.service(), Service::Full);
	assert!(again.admit(now, Direction::Down, 1));
}

#[test]
fn earner_should_count_one_miss_when_the_clock_jumps() {
	let mut earner = earner();
	serve(&mut earner, NOW, WINDOW);
	earner.handle_timeout(NOW + 1_000 * UNPAID);
	assert_eq!(earner.misses, 1);
	assert_eq!(earner.timeout(), Some(NOW + 1_001 * UNPAID));
}

#[test]
fn earner_should_give_credit_when_three_windows_were_paid_in_time() {
	let mut earner = earner();
	pay(&mut earner, NOW, 3 * WINDOW);
	// One voucher for three windows is one window paid in time.
	serve(&mut earner, NOW, 2 * WINDOW);
	pay(&mut earner, NOW, 4 * WINDOW);
	assert_eq!(earner.record.good_windows, 1);
	pay(&mut earner, NOW, 5 * WINDOW);
	assert_eq!(earner.record.good_windows, 1, "nothing has moved");

	let (mut earner, now) = trusted();
	let (served, paid) = (earner.served().total(), earner.paid_bytes);
	let credit = WINDOW - RESERVE_BYTES;
	assert_eq!(earner.standing().allowance_bytes, paid + credit - served);
	// So much and the burst at once; no more than the window with all of the reserve.
	let mut now = now;
	let at_once = serve(&mut earner, now, 2 * WINDOW);
	assert!((credit..=credit + 15_000 + PACKET as u64).contains(&at_once), "{at_once}");
	for _ in 0..20_000 {
		now += 10 * MILLI;
		earner.admit(now, Direction::Down, 64);
	}
	assert!(earner.served().total() <= paid + WINDOW);
	assert!(earner.exposure().bytes <= WINDOW && earner.exposure().bytes > WINDOW - 64);
	assert!(earner.exposure().credits <= terms().charge(WINDOW));
}

#[test]
fn earner_should_take_the_trust_away_when_a_window_is_missed() {
	let (mut earner, now) = trusted();
	serve(&mut earner, now, 2 * WINDOW);
	let due = earner.timeout().unwrap();
	assert_eq!(due, now + LATE);
	earner.handle_timeout(due);
	assert!(!earner.standing().is_trusted);
	assert_eq!((earner.service(), earner.record.good_windows), (Service::Throttled, 0));
	// It pays what it owes, and is served no more than it pays.
	let served = earner.served().total();
	pay(&mut earner, due, served + 40_000);
	assert_eq!(earner.service(), Service::Full);
	assert!(earner.standing().allowance_bytes < 80_000);
}

#[test]
fn late_voucher_should_cost_no_trust_when_it_comes_within_two_seconds() {
	let (mut earner, now) = trusted();
	serve(&mut earner, now, 2 * WINDOW);
	assert_eq!(earner.service(), Service::Throttled);
	let late = now + LATE - 1;
	earner.handle_timeout(late);
	let served = earner.served().total();
	pay(&mut earner, late, served);
	earner.handle_timeout(late + LATE);
	assert_eq!((earner.service(), earner.standing().is_trusted), (Service::Full, true));
}

#[test]
fn earner_should_count_a_miss_when_something_stays_unpaid_for_30_s() {
	let (mut earner, now) = trusted();
	let served = earner.served().total();
	assert_eq!(earner.timeout(), None, "all is paid");
	while earner.charged().total() <= earner.paid_bytes {
		assert!(earner.admit(now, Direction::Down, PACKET));
	}
	assert_eq!(earner.timeout(), Some(now + UNPAID));
	// Another voucher for a part of it, and it has 30 s more.
	serve(&mut earner, now, 200_000);
	pay(&mut earner, now + 20 * SECOND, served + 100_000);
	assert_eq!(earner.timeout(), Some(now + 20 * SECOND + UNPAID));
	earner.handle_timeout(now + 20 * SECOND + UNPAID);
	assert_eq!((earner.service(), earner.standing().is_trusted), (Service::Throttled, false));
}

#[test]
fn greeting_should_be_paid_within_30_s() {
	let mut earner = earner();
	assert!(earner.admit(NOW, Direction::Up, PACKET));
	assert_eq!(earner.timeout(), Some(NOW + UNPAID));
	earner.handle_timeout(NOW + UNPAID);
	assert_eq!(earner.service(), Service::Throttled);
	const { assert!(PAY_EVERY < UNPAID) };
}

#[test]
fn idle_customer_should_never_miss_a_window() {
	let mut earner = earner();
	assert_eq!(earner.timeout(), None);
	earner.handle_timeout(NOW + 1_000 * UNPAID);
	assert_eq!(earner.service(), Service::Full);
}

#[test]
fn voucher_should_be_refused_when_it_is_foreign_or_above_its_charge() {
	let earner = earner();
	let good = voucher_for(WINDOW, 1);
	assert_eq!(earner.check(&good).unwrap().unwrap().record().voucher, Some(good));
	let says = good.voucher;
	let other = ProbeKeypair::from_seed(&[8; 32]).unwrap();
	let refused = [
		signed(Voucher { channel: CHANNEL + 1, ..says }),
		sign_voucher(&key(), &[0xa1; 32], says),
		sign_voucher(&other, &GENESIS, says),
		SignedVoucher { voucher: Voucher { credits: says.credits - 1, ..says }, ..good },
		signed(Voucher { credits: says.credits + 1, ..says }),
		signed(Voucher { bytes_down: u64::MAX, bytes_up: u64::MAX, credits: u128::MAX, ..says }),
	];
	for voucher in refused {
		assert_eq!(earner.check(&voucher), Err(Refusal::BadVoucher), "{voucher:?}");
	}
}

#[test]
fn voucher_should_change_nothing_when_it_is_old() {
	let mut earner = earner();
	let (low, high) = (voucher_for(WINDOW, 1), voucher_for(2 * WINDOW, 2));
	let first = earner.check(&low).unwrap().unwrap();
	take(&mut earner, NOW, &high);
	for old in [&low, &high, &voucher_for(2 * WINDOW, 3)] {
		assert_eq!(earner.check(old), Ok(None));
	}
	// Its entry was made before the higher one was stored.
	let before = format!("{earner:?}");
	earner.stored(NOW, first);
	assert_eq!(format!("{earner:?}"), before);
	assert_eq!(earner.voucher(), Some(&high));
}

#[test]
fn voucher_should_count_only_when_it_is_stored() {
	let mut earner = earner();
	let before = format!("{earner:?}");
	let entry: Entry = earner.check(&voucher_for(WINDOW, 1)).unwrap().unwrap();
	assert_eq!(format!("{earner:?}"), before);
	assert_eq!((earner.standing().credits, earner.standing().sequence), (0, 0));
	earner.stored(NOW, entry);
	assert_eq!((earner.standing().credits, earner.standing().sequence), (terms().charge(WINDOW), 1));
}

#[test]
fn voucher_should_be_worth_what_the_channel_holds() {
	let mut funds = Funds { deposited: 1_000, paid: 0 };
	let terms = Terms { funds, ..terms() };
	let mut earner = Earner::new(NOW, terms, voucher_key(), Record::default());
	take(&mut earner, NOW, &voucher_for(10 * WINDOW, 1));
	assert_eq!(earner.standing().allowance_bytes, terms.bytes_for(1_000));
	// More of the same pays nothing more.
	assert_eq!(earner.check(&voucher_for(11 * WINDOW, 2)), Err(Refusal::Overdrawn));
	funds.deposited = 1_500;
	earner.set_funds(NOW, funds);
	assert_eq!(earner.standing().allowance_bytes, terms.bytes_for(1_500));
	funds.deposited = 1_000_000;
	earner.set_funds(NOW, funds);
	assert_eq!(earner.standing().allowance_bytes, terms.bytes_for(terms.charge(10 * WINDOW)));
	assert!(earner.check(&voucher_for(11 * WINDOW, 2)).unwrap().is_some());
}

#[test]
fn earner_should_go_by_what_the_chain_has_paid_when_its_disk_was_lost() {
	let funds = Funds { paid: terms().charge(WINDOW), ..terms().funds };
	let earner = Earner::new(NOW, Terms { funds, ..terms() }, voucher_key(), Record::default());
	assert!(earner.standing().allowance_bytes >= WINDOW);
	assert_eq!(earner.check(&voucher_for(WINDOW, 1)), Ok(None));
	assert!(earner.check(&voucher_for(WINDOW + 40_000, 1)).unwrap().is_some());
}

#[test]
fn earner_should_concede_what_was_lost_up_to_a_bound() {
	let mut earner = earner();
	pay(&mut earner, NOW, 100 << 20);
	serve(&mut earner, NOW, 60 << 20);
	assert!(earner.admit(NOW, Direction::Up, 1_000));
	let served = earner.served();
	let told = |lost| Usage { down: served.down - lost, ..served };
	for (lost, conceded) in [
		(0, 0),
		(3 << 20, 3 << 20),
		(30 << 20, served.total() / 16 + (1 << 20)),
		// What was on its way has arrived.
		(1, 1),
	] {
		earner.told = Usage::default();
		earner.counted(NOW, told(lost));
		assert_eq!(earner.charged(), Usage { down: served.down - conceded, ..served });
	}
	// An older count arrives late.
	earner.counted(NOW, told(100));
	assert_eq!(earner.charged().total(), served.total() - 1);
	// A customer that counts more is conceded nothing.
	earner.counted(NOW, Usage { down: u64::MAX, up: u64::MAX });
	assert_eq!(earner.charged(), served);
}

#[test]
fn concession_should_be_taken_from_both_directions() {
	let mut earner = earner();
	for _ in 0..10 {
		assert!(earner.admit(NOW, Direction::Up, 1_000));
	}
	assert!(earner.admit(NOW, Direction::Down, 300));
	for (down, up) in [(0, 8_000), (0, 9_000), (100, 9_000)] {
		earner.counted(NOW, Usage { down, up });
		assert_eq!(earner.charged(), Usage { down, up });
	}
	// What was lost one way makes up for nothing of the other.
	earner.counted(NOW, Usage { down: 200, up: 90_000 });
	assert_eq!(earner.charged(), Usage { down: 200, up: 10_000 });
}

#[test]
fn earner_should_serve_nothing_more_when_the_disk_does_not_keep_up() {
	let mut earner = earner();
	pay(&mut earner, NOW, 10 * MOST_BYTES);
	assert!(!earner.entry_is_due());
	serve(&mut earner, NOW, WINDOW / 2 + 2_000);
	assert!(earner.entry_is_due());
	let kept = *earner.entry().record();
	let most = MOST_BYTES - MOST_BYTES % PACKET as u64;
	serve(&mut earner, NOW, 2 * MOST_BYTES);
	assert_eq!(earner.served().total(), most);
	assert!(!earner.admit(NOW, Direction::Down, PACKET));
	// It is not the customer's fault.
	assert_eq!((earner.service(), earner.timeout()), (Service::Full, None));
	earner.stored(NOW, earner.entry());
	assert!(earner.admit(NOW, Direction::Down, PACKET) && !earner.entry_is_due());
	// The provider's process dies: it has served no more than the largest window of which it knows nothing.
	let again = Earner::new(NOW, terms(), voucher_key(), kept);
	assert!(again.served().total() + most >= earner.served().total() - PACKET as u64);
}

#[test]
fn joining_again_should_bring_nothing_that_is_not_paid() {
	let (mut earner, mut now) = (earner(), NOW);
	for _ in 0..10 {
		for _ in 0..20_000 {
			now += 10 * MILLI;
			earner.admit(now, Direction::Down, PACKET);
			earner.handle_timeout(now);
		}
		assert_eq!(earner.service(), Service::Stopped);
		earner = Earner::new(now, terms(), voucher_key(), *earner.entry().record());
	}
	assert!(earner.served().total() <= GREETING_BYTES + RESERVE_BYTES);
}

#[test]
fn record_should_keep_trust_counts_and_the_voucher() {
	let (mut earner, now) = trusted();
	earner.counted(now, Usage { down: earner.served().total() - 5_000, up: 0 });
	let bytes = earner.entry().record().encode();
	let record = Record::decode(&mut &bytes[..]).unwrap();
	let again = Earner::new(now, terms(), voucher_key(), record);
	assert_eq!(again.standing(), earner.standing());
	assert!(again.standing().is_trusted && again.charged().total() == earner.served().total() - 5_000);
}

#[test]
fn earner_should_serve_without_vouchers_when_the_price_is_zero() {
	let terms = Terms { price_per_gb: 0, ..terms() };
	let mut earner = Earner::new(NOW, terms, voucher_key(), Record::default());
	let most = 3 * WINDOW - 3 * WINDOW % PACKET as u64;
	assert_eq!(serve(&mut earner, NOW, most), most);
	assert_eq!((earner.service(), earner.exposure()), (Service::Full, Exposure::default()));
}

#[test]
fn window_should_grow_with_rate_and_round_trip() {
	let (mut earner, mut now) = (earner(), NOW);
	pay(&mut earner, NOW, 100 << 20);
	for _ in 0..100 {
		now += 10 * MILLI;
		serve(&mut earner, now, 200_000);
		earner.stored(now, earner.entry());
	}
	let near = earner.standing().window_bytes;
	// 20 MB/s for 700 ms, but for what does not fill a packet.
	assert!((13_900_000..=14_000_000).contains(&near), "{near}");
	earner.set_round_trip(now, 600 * MILLI);
	assert!(earner.standing().window_bytes > 2 * near);
}
