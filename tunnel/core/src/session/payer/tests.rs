use super::*;
use crate::session::tests::*;
use crate::session::Funds;

const SECOND: Micros = 1_000 * MILLI;
const WINDOW: u64 = LEAST_BYTES;

/// What a provider says that has the payer's newest voucher and counts `charged` bytes.
fn standing(payer: &Payer, charged: u64) -> Standing {
	let voucher = payer.voucher().map(|signed| signed.voucher);
	Standing {
		charged: Usage {
			down: charged - charged.min(payer.counted().up),
			up: charged.min(payer.counted().up),
		},
		credits: voucher.map_or(0, |voucher| voucher.credits),
		sequence: voucher.map_or(0, |voucher| voucher.sequence),
		allowance_bytes: 0,
		window_bytes: WINDOW,
		is_trusted: false,
		service: Service::Full,
	}
}

/// The provider says it now.
fn hear(standing: Standing, payer: &mut Payer) {
	let counted = payer.counted();
	payer.hear(&standing, counted);
}

fn new(journal: Journal) -> Payer {
	Payer::new(NOW, terms(), key(), journal)
}

/// Stores and sends whatever is due; what was sent.
fn run(payer: &mut Payer, now: Micros) -> Vec<(Asked, Request)> {
	let mut sent = vec![];
	for _ in 0..20 {
		match payer.poll(now) {
			Some(Order::Store(_)) => payer.stored(),
			Some(Order::Ask(asked, request)) => sent.push((asked, request)),
			Some(other) => panic!("{other:?}"),
			None => return sent,
		}
	}
	panic!("there is always something to do");
}

/// Pays whatever is due and has it acknowledged by a provider that counts the same.
fn pay(payer: &mut Payer, now: Micros) -> Vec<Option<SignedVoucher>> {
	let mut paid = vec![];
	for (asked, request) in run(payer, now) {
		let Request::Pay { voucher, .. } = request else { panic!("{request:?}") };
		paid.push(voucher);
		let standing = standing(payer, payer.counted().total());
		payer.answered(now, asked, Some(&Response::Standing(standing)));
	}
	paid
}

fn trust(payer: &mut Payer, now: Micros, window_bytes: u64) {
	let standing = Standing { is_trusted: true, window_bytes, ..standing(payer, payer.counted().total()) };
	hear(standing, payer);
	assert_eq!(run(payer, now), vec![]);
}

/// Has joined and paid a window ahead.
fn joined() -> Payer {
	let mut payer = new(Journal::default());
	payer.joined(NOW, &standing(&payer, 0));
	assert_eq!(pay(&mut payer, NOW).len(), 1);
	payer
}

fn signed_for(payer: &Payer) -> u64 {
	payer.voucher().map_or(0, |signed| signed.voucher.bytes_down + signed.voucher.bytes_up)
}

/// Counts slowly, so that the window stays the smallest.
fn count(payer: &mut Payer, now: &mut Micros, bytes: u64) -> bool {
	let mut is_due = false;
	for part in (0..bytes).step_by(100_000) {
		*now += 100 * MILLI;
		is_due |= payer.count(*now, Direction::Down, (bytes - part).min(100_000) as usize);
	}
	is_due
}

#[test]
fn payer_should_do_nothing_before_it_has_joined() {
	let mut payer = new(Journal::default());
	assert!(!payer.count(NOW, Direction::Up, 100 << 20));
	assert_eq!((payer.poll(NOW + 100 * SECOND), payer.timeout()), (None, None));
}

#[test]
fn payer_should_store_its_voucher_before_it_sends_it() {
	let mut payer = new(Journal::default());
	payer.joined(NOW, &standing(&payer, 0));
	let Some(Order::Store(journal)) = payer.poll(NOW) else { panic!("nothing to store") };
	let voucher = journal.voucher.unwrap();
	assert!(voucher.verify(&GENESIS, &voucher_key()));
	assert_eq!(
		voucher.voucher,
		Voucher {
			channel: CHANNEL,
			bytes_down: WINDOW,
			bytes_up: 0,
			credits: terms().charge(WINDOW),
			sequence: 1
		}
	);
	// However long that takes, only the standing is asked for.
	assert_eq!((payer.poll(NOW), payer.voucher()), (None, None));
	let Some(Order::Ask(_, request)) = payer.poll(NOW + PAY_EVERY) else { panic!("nothing to ask") };
	assert_eq!(request, Request::Pay { channel: CHANNEL, voucher: None, counted: Usage::default() });
	payer.stored();
	let Some(Order::Ask(_, request)) = payer.poll(NOW + PAY_EVERY + SECOND) else { panic!("not sent") };
	let counted = Usage::default();
	assert_eq!(request, Request::Pay { channel: CHANNEL, voucher: Some(voucher), counted });
}

#[test]
fn payer_should_sign_again_when_half_a_window_has_moved() {
	let (mut payer, mut now) = (joined(), NOW);
	let rounded = payer.signed_bytes - WINDOW;
	assert!(!count(&mut payer, &mut now, WINDOW / 2 + rounded - 1));
	assert_eq!(pay(&mut payer, now), vec![]);
	assert!(count(&mut payer, &mut now, 1));
	let [Some(second)] = pay(&mut payer, now)[..] else { panic!("no voucher") };
	assert_eq!((second.voucher.sequence, signed_for(&payer)), (2, 3 * WINDOW / 2 + rounded));
	assert_eq!(second.voucher.credits, terms().charge(signed_for(&payer)));
}

#[test]
fn payer_should_pay_less_than_that_after_15_s_and_ask_when_there_is_nothing() {
	let (mut payer, mut now) = (joined(), NOW);
	count(&mut payer, &mut now, 300_000);
	assert_eq!(payer.timeout(), Some(NOW + PAY_EVERY));
	assert_eq!(pay(&mut payer, NOW + PAY_EVERY - 1), vec![]);
	let [Some(_)] = pay(&mut payer, NOW + PAY_EVERY)[..] else { panic!("no voucher") };
	assert_eq!(signed_for(&payer), WINDOW + 300_000);
	assert_eq!(payer.timeout(), Some(NOW + 2 * PAY_EVERY));
	assert_eq!(pay(&mut payer, NOW + 2 * PAY_EVERY), vec![None]);
}

#[test]
fn payer_should_pay_no_window_ahead_when_it_is_trusted() {
	let (mut payer, mut now) = (joined(), NOW);
	trust(&mut payer, now, WINDOW);
	// What was paid ahead is used first, and half a window of the credit.
	let signed = payer.signed_bytes;
	assert!(!count(&mut payer, &mut now, signed - 1));
	assert_eq!(payer.exposure().bytes, 0);
	assert!(count(&mut payer, &mut now, WINDOW / 2 + 1));
	assert_eq!(run(&mut payer, now).len(), 1);
	assert_eq!(signed_for(&payer), payer.counted().total());
	assert_eq!(payer.exposure(), Exposure::default());
}

#[test]
fn payer_should_pay_the_rest_ahead_when_the_credit_is_smaller_than_its_window() {
	let (mut payer, mut now) = (joined(), NOW);
	trust(&mut payer, now, WINDOW - 1_000_000);
	let signed = payer.signed_bytes;
	count(&mut payer, &mut now, signed + WINDOW / 2 - 1_000_000);
	run(&mut payer, now);
	assert_eq!(signed_for(&payer), payer.counted().total() + 1_000_000);
}

#[test]
fn payer_should_pay_ahead_again_when_trust_is_lost() {
	let (mut payer, mut now) = (joined(), NOW);
	trust(&mut payer, now, WINDOW);
	let signed = payer.signed_bytes;
	count(&mut payer, &mut now, signed);
	let standing = Standing { service: Service::Throttled, ..standing(&payer, payer.counted().total()) };
	hear(standing, &mut payer);
	assert_eq!(pay(&mut payer, now).len(), 1);
	assert_eq!(signed_for(&payer), payer.counted().total() + WINDOW);
}

#[test]
fn payer_should_pay_every_second_when_it_is_throttled() {
	let (mut payer, mut now) = (joined(), NOW);
	count(&mut payer, &mut now, 100_000);
	let throttled = Standing { service: Service::Throttled, ..standing(&payer, 100_000) };
	hear(throttled, &mut payer);
	assert_eq!(payer.timeout(), Some(NOW + SECOND));
	let [Some(_)] = pay(&mut payer, NOW + SECOND)[..] else { panic!("no voucher") };
}

#[test]
fn payer_should_owe_no_more_than_is_charged() {
	let (mut payer, mut now) = (joined(), NOW);
	count(&mut payer, &mut now, 500_000);
	// 100,000 bytes were counted here alone; what moves after the question is owed in full.
	hear(standing(&payer, 400_000), &mut payer);
	count(&mut payer, &mut now, 50_000);
	assert_eq!((payer.counted().total(), payer.owed_bytes()), (550_000, 450_000));
	// A provider that charges more than was counted is paid what was counted.
	hear(standing(&payer, 600_000), &mut payer);
	assert_eq!((payer.owed_bytes(), payer.dispute()), (550_000, None));
}

#[test]
fn payer_should_never_sign_more_than_the_channel_holds() {
	let funds = Funds { deposited: terms().charge(WINDOW) + 50, paid: 0 };
	let mut payer = Payer::new(NOW, Terms { funds, ..terms() }, key(), Journal::default());
	payer.joined(NOW, &standing(&payer, 0));
	assert_eq!(pay(&mut payer, NOW).len(), 1);
	let mut now = NOW;
	let mut asked = 0;
	for _ in 0..40 {
		count(&mut payer, &mut now, WINDOW / 10);
		while let Some(order) = payer.poll(now) {
			match order {
				Order::Store(_) => payer.stored(),
				Order::TopUpOrStop => asked += 1,
				Order::Ask(asked, _) => {
					let standing = standing(&payer, payer.counted().total());
					payer.answered(now, asked, Some(&Response::Standing(standing)));
				}
				other => panic!("{other:?}"),
			}
		}
	}
	assert_eq!((payer.signed_credits(), asked), (funds.deposited, 1));
	assert!(!payer.has_news());
	payer.set_deposited(funds.deposited + 500);
	assert!(matches!(payer.poll(now), Some(Order::Store(_))));
	payer.stored();
	assert_eq!(payer.signed_credits(), funds.deposited + 500);
	assert_eq!(payer.poll(now), Some(Order::TopUpOrStop));
}

#[test]
fn payer_should_ask_again_later_and_later_when_nobody_answers() {
	let mut payer = new(Journal::default());
	payer.joined(NOW, &standing(&payer, 0));
	let first = run(&mut payer, NOW);
	assert_eq!(first.len(), 1);
	payer.answered(NOW, first[0].0, None);
	payer.answered(NOW, first[0].0, Some(&Response::Refuse(Refusal::DiskFull)));
	payer.answered(NOW, first[0].0, Some(&Response::Noted));
	let mut now = NOW;
	for seconds in [1, 2, 4, 8, 16, 16] {
		assert_eq!(payer.timeout().map(|due| due.min(NOW + 100 * SECOND)), Some(now + seconds * SECOND));
		now += seconds * SECOND;
		assert_eq!(run(&mut payer, now).len(), 1, "after {seconds} s");
	}
}

#[test]
fn payer_should_not_wait_for_an_answer_when_more_is_due() {
	let mut payer = joined();
	let half = WINDOW as usize / 2;
	assert!(payer.count(NOW, Direction::Down, half + 30_000));
	assert_eq!(run(&mut payer, NOW).len(), 1);
	assert!(payer.count(NOW, Direction::Down, half + 30_000));
	assert_eq!(run(&mut payer, NOW), vec![]);
	let (newest, soon) = (*payer.voucher().unwrap(), NOW + 125 * MILLI);
	assert_eq!(payer.timeout(), Some(soon));
	let sent = run(&mut payer, soon);
	assert!(matches!(sent[..], [(_, Request::Pay { voucher: Some(voucher), .. })] if voucher == newest));
	// Two questions are open: the last one is repeated as if it were the second try.
	assert_eq!(payer.timeout(), Some(soon + 2 * SECOND));
}

#[test]
fn payer_should_not_be_hurried_when_the_provider_goes_on_without_its_voucher() {
	let mut payer = new(Journal::default());
	let nothing = standing(&payer, 0);
	payer.joined(NOW, &nothing);
	let mut asked = 0;
	for now in (NOW..NOW + 30 * SECOND).step_by(10_000) {
		for (question, _) in run(&mut payer, now) {
			asked += 1;
			payer.answered(now, question, Some(&Response::Standing(nothing)));
		}
	}
	assert_eq!(asked, 5, "at 0, 1, 3, 7 and 15 s");
}

#[test]
fn answer_should_be_passed_over_when_a_newer_one_is_known() {
	let mut payer = joined();
	let mut now = NOW;
	count(&mut payer, &mut now, WINDOW);
	let first = run(&mut payer, now);
	now += SECOND;
	let again = run(&mut payer, now);
	let newer = standing(&payer, WINDOW);
	payer.answered(now, again[0].0, Some(&Response::Standing(newer)));
	let older = Standing { charged: Usage { down: WINDOW / 2, up: 0 }, credits: 0, ..newer };
	payer.answered(now, first[0].0, Some(&Response::Standing(older)));
	assert_eq!(payer.standing(), Some(&newer));
	// Nor does an answer to an earlier session count.
	count(&mut payer, &mut now, WINDOW);
	let before = run(&mut payer, now);
	payer.joined(now, &standing(&payer, 2 * WINDOW));
	let expected = payer.standing().copied();
	payer.answered(now, before[0].0, Some(&Response::Refuse(Refusal::NotJoined)));
	assert_eq!((payer.standing().copied(), payer.poll(now)), (expected, None));
}

#[test]
fn payer_should_stop_signing_when_more_is_charged_than_may_be_lost() {
	for (ours, tolerated) in [(10 << 20, 1 << 20), (100 << 20, 2 << 20)] {
		let (mut payer, mut now) = (joined(), NOW);
		let mut moved = 0;
		while moved < ours {
			count(&mut payer, &mut now, WINDOW / 4);
			pay(&mut payer, now);
			moved += WINDOW / 4;
		}
		let theirs = ours + tolerated;
		hear(standing(&payer, theirs), &mut payer);
		assert_eq!((payer.dispute(), payer.poll(now)), (None, None));
		hear(standing(&payer, theirs + 1), &mut payer);
		let dispute = Dispute::OverCounted { theirs: theirs + 1, ours };
		assert_eq!(payer.poll(now), Some(Order::Dispute(dispute)));
		assert!(!count(&mut payer, &mut now, 10 * WINDOW));
		let asked = run(&mut payer, now);
		assert!(matches!(asked[..], [(_, Request::Pay { voucher: None, .. })]), "{asked:?}");
		// What was still on its way has arrived: it goes on.
		hear(standing(&payer, theirs), &mut payer);
		assert!(payer.dispute().is_none() && matches!(payer.poll(now), Some(Order::Store(_))));
	}
}

#[test]
fn payer_should_stop_signing_when_the_provider_has_a_voucher_it_did_not_sign() {
	let mut payer = joined();
	let ours = payer.signed_credits();
	let standing = Standing { credits: ours + 1, ..standing(&payer, 0) };
	hear(standing, &mut payer);
	let dispute = Dispute::UnknownVoucher { theirs: ours + 1, ours };
	assert_eq!(payer.poll(NOW), Some(Order::Dispute(dispute)));
	assert!(!payer.count(NOW, Direction::Down, 100 << 20));
}

#[test]
fn payer_should_stop_signing_when_a_good_voucher_is_refused() {
	let mut payer = new(Journal::default());
	let nothing = standing(&payer, 0);
	payer.joined(NOW, &nothing);
	let asked = run(&mut payer, NOW);
	payer.answered(NOW, asked[0].0, Some(&Response::Refuse(Refusal::BadVoucher)));
	let dispute = Dispute::Refused(Refusal::BadVoucher);
	assert_eq!(payer.poll(NOW), Some(Order::Dispute(dispute)));
	assert_eq!(payer.poll(NOW), None);
	// It does not change its mind within the session.
	let later = run(&mut payer, NOW + PAY_EVERY);
	payer.answered(NOW + PAY_EVERY, later[0].0, Some(&Response::Standing(nothing)));
	assert_eq!(payer.dispute(), Some(dispute));
	payer.joined(NOW + PAY_EVERY, &nothing);
	assert_eq!(payer.dispute(), None);
}

#[test]
fn payer_should_join_again_when_the_session_has_ended() {
	for refusal in [Refusal::NotJoined, Refusal::UnknownChannel, Refusal::ChannelEnding, Refusal::NotServing]
	{
		let mut payer = new(Journal::default());
		payer.joined(NOW, &standing(&payer, 0));
		let asked = run(&mut payer, NOW);
		payer.answered(NOW, asked[0].0, Some(&Response::Refuse(refusal)));
		assert_eq!(payer.poll(NOW), Some(Order::Rejoin(Some(refusal))));
		assert_eq!((payer.poll(NOW + 100 * SECOND), payer.timeout()), (None, None));
		// The voucher that did not arrive is sent again.
		let before = Standing { credits: 0, sequence: 0, ..standing(&payer, 0) };
		payer.joined(NOW + 100 * SECOND, &before);
		let [Some(_)] = pay(&mut payer, NOW + 100 * SECOND)[..] else { panic!("no voucher") };
	}
	let mut payer = joined();
	hear(Standing { service: Service::Stopped, ..standing(&payer, 0) }, &mut payer);
	assert_eq!(payer.poll(NOW), Some(Order::Rejoin(None)));
}

/// What the disk has of a customer that has counted 10 MiB and paid a window ahead.
fn journal() -> Journal {
	let counted = Usage { down: 9 << 20, up: 1 << 20 };
	let bytes = counted.total() + WINDOW;
	let voucher = Voucher {
		channel: CHANNEL,
		bytes_down: bytes - counted.up,
		bytes_up: counted.up,
		credits: terms().charge(bytes),
		sequence: 7,
	};
	Journal { counted, window_bytes: WINDOW, voucher: Some(signed(voucher)) }
}

#[test]
fn payer_should_go_on_from_the_providers_count_after_a_crash() {
	let ours = journal().counted.total();
	for (theirs, counted) in [
		(ours - 500_000, ours),
		(ours + WINDOW / 3, ours + WINDOW / 3),
		(ours + WINDOW, ours + WINDOW),
		// Within the tolerance, but paid no further than what may have moved.
		(ours + WINDOW + (1 << 20), ours + WINDOW),
	] {
		let mut payer = new(journal());
		payer.joined(NOW, &standing(&payer, theirs));
		assert_eq!((payer.counted().total(), payer.dispute()), (counted, None));
		assert_eq!(payer.owed_bytes(), counted.min(theirs));
		// Only the first time: from then on it has counted itself.
		payer.joined(NOW, &standing(&payer, theirs + WINDOW / 2));
		assert_eq!(payer.counted().total(), counted);
	}
	let mut payer = new(journal());
	let theirs = ours + WINDOW + (1 << 20) + 1;
	payer.joined(NOW, &standing(&payer, theirs));
	assert_eq!(payer.dispute(), Some(Dispute::OverCounted { theirs, ours }));
	assert_eq!(payer.counted().total(), ours);
}

#[test]
fn payer_should_not_take_over_a_window_when_it_has_paid_nothing() {
	let mut payer = new(Journal::default());
	payer.joined(NOW, &standing(&payer, 1_000_000));
	assert_eq!(payer.counted().total(), GREETING_BYTES + RESERVE_BYTES);
	let mut payer = new(Journal::default());
	payer.joined(NOW, &standing(&payer, 2 << 20));
	assert!(matches!(payer.dispute(), Some(Dispute::OverCounted { .. })));
}

#[test]
fn payer_should_send_what_it_had_signed_before_a_crash() {
	let journal = journal();
	let mut payer = new(journal);
	let before = Standing { credits: 5, sequence: 1, ..standing(&payer, journal.counted.total()) };
	payer.joined(NOW, &before);
	let sent = run(&mut payer, NOW);
	let [(_, Request::Pay { voucher: Some(voucher), .. })] = sent[..] else { panic!("{sent:?}") };
	assert_eq!(Some(voucher), journal.voucher);
}

#[test]
fn journal_should_keep_everything() {
	let journal = journal();
	let payer = new(journal);
	let bytes = payer.journal().encode();
	assert_eq!(Journal::decode(&mut &bytes[..]).unwrap(), journal);
	assert_eq!(payer.exposure().bytes, WINDOW);
}

#[test]
fn leaving_should_pay_exactly_what_is_owed() {
	let (mut payer, mut now) = (joined(), NOW);
	trust(&mut payer, now, WINDOW);
	let signed = payer.signed_bytes;
	count(&mut payer, &mut now, signed + 123_456);
	payer.leave(now);
	let Some(Order::Store(_)) = payer.poll(now) else { panic!("no last voucher") };
	payer.stored();
	assert_eq!(signed_for(&payer), payer.counted().total());
	let Some(Order::Ask(asked, _)) = payer.poll(now) else { panic!("not sent") };
	// It waits for the answer.
	assert_eq!(payer.poll(now), None);
	let standing = standing(&payer, payer.counted().total());
	payer.answered(now, asked, Some(&Response::Standing(standing)));
	assert_eq!(payer.poll(now), Some(Order::Leave(Request::Leave { channel: CHANNEL })));
	assert_eq!((payer.poll(now + 100 * SECOND), payer.timeout()), (None, None));
}

#[test]
fn leaving_should_sign_nothing_when_enough_is_paid_ahead() {
	let (mut payer, mut now) = (joined(), NOW);
	count(&mut payer, &mut now, 1_000_000);
	payer.leave(now);
	assert_eq!(payer.poll(now), Some(Order::Leave(Request::Leave { channel: CHANNEL })));
	assert_eq!(signed_for(&payer), WINDOW);
}

#[test]
fn leaving_should_give_up_when_the_provider_is_silent() {
	let (mut payer, mut now) = (joined(), NOW);
	trust(&mut payer, now, WINDOW);
	let signed = payer.signed_bytes;
	count(&mut payer, &mut now, signed + 123_456);
	payer.leave(now);
	let mut orders = vec![];
	for later in (now..=now + GOODBYE).step_by(100_000) {
		while let Some(order) = payer.poll(later) {
			if let Order::Store(_) = order {
				payer.stored();
			}
			orders.push((later, order));
		}
	}
	let (at, last) = orders.pop().unwrap();
	assert_eq!((at, last), (now + GOODBYE, Order::Leave(Request::Leave { channel: CHANNEL })));
}

#[test]
fn leaving_should_not_join_again() {
	let mut payer = joined();
	payer.leave(NOW);
	payer.end(Some(Refusal::NotJoined));
	assert!(matches!(payer.poll(NOW), Some(Order::Leave(_))));
}

#[test]
fn every_number_of_a_voucher_should_only_rise() {
	let (mut payer, mut now) = (joined(), NOW);
	let mut last = payer.voucher().unwrap().voucher;
	for n in 0..60u64 {
		let direction = if n % 7 < 4 { Direction::Up } else { Direction::Down };
		for _ in 0..10 {
			now += 100 * MILLI;
			payer.count(now, direction, 150_000);
		}
		// Trust comes and goes.
		let said = Standing { is_trusted: n % 3 == 0, ..standing(&payer, payer.counted().total()) };
		hear(said, &mut payer);
		let before = payer.voucher().copied();
		run(&mut payer, now);
		let next = payer.voucher().unwrap().voucher;
		assert!(next.bytes_down >= last.bytes_down && next.bytes_up >= last.bytes_up);
		let is_another = payer.voucher().copied() != before;
		assert_eq!(next.credits > last.credits, is_another);
		assert_eq!(next.sequence, last.sequence + u64::from(is_another));
		assert!(next.credits <= terms().charge(next.bytes_down + next.bytes_up));
		last = next;
	}
	assert!(last.sequence > 15, "{last:?}");
}

#[test]
fn payer_should_sign_nothing_when_the_price_is_zero() {
	let mut payer = Payer::new(NOW, Terms { price_per_gb: 0, ..terms() }, key(), Journal::default());
	payer.joined(NOW, &standing(&payer, 0));
	assert!(!payer.count(NOW, Direction::Down, 100 << 20));
	assert_eq!((payer.poll(NOW), payer.exposure()), (None, Exposure::default()));
}
