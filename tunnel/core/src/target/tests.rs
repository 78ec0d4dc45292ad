use super::*;
use crate::wire::Receipt;

const GENESIS: [u8; 32] = [1; 32];
const ME: [u8; 32] = [2; 32];
const START: Micros = 1_000_000_000;
/// T1.
const SECOND: Micros = START + 4_000_000;
const NOW: Micros = START - 3_000_000;
const HOME: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

fn key(n: u8) -> ProbeKeypair {
	ProbeKeypair::from_seed(&[n; 32]).unwrap()
}

fn assignment() -> Assignment {
	let member =
		|n: u8| Member { account: [n; 32], key: key(n).public(), prefix: Some(Prefix::V4([192, 0, 2])) };
	Assignment {
		epoch: 4,
		kind: TestKind::Scheduled,
		ordinal: 0,
		down_kbps: 2_000,
		up_kbps: 1_000,
		window: 3_000_000,
		starts: vec![START],
		committee: vec![member(10), member(11)],
	}
}

fn target() -> Target {
	let config = Config { genesis: GENESIS, account: ME, key: key(2), wireguard: [3; 32], port: 4_000 };
	let mut target = Target::new(config);
	target.set_assignment(Some(assignment()));
	target
}

fn test(attestor: u8) -> Test {
	let (kind, session) = (TestKind::Scheduled, [attestor; 8]);
	Test { genesis: GENESIS, epoch: 4, kind, ordinal: 0, target: ME, attestor: [attestor; 32], session }
}

fn open(test: Test, signer: u8) -> Request {
	let wireguard = [signer; 32];
	let signature = key(signer).sign(&wire::open_payload(&test, &wireguard));
	Request::Open { test, wireguard, signature }
}

fn offer(test: Test, start: Micros, down_kbps: u32, signer: u8) -> Request {
	let (seed_hash, up_kbps, start_millis, window_millis) = ([5; 32], 1_000, start / MILLI, 3_000);
	let payload = wire::offer_payload(&test, &seed_hash, down_kbps, up_kbps, start_millis, window_millis);
	let signature = key(signer).sign(&payload);
	Request::Offer {
		session: test.session,
		seed_hash,
		down_kbps,
		up_kbps,
		start_millis,
		window_millis,
		signature,
	}
}

fn refusal(response: Response) -> Option<Refusal> {
	match response {
		Response::Refuse(refusal) => Some(refusal),
		_ => None,
	}
}

#[test]
fn open_should_let_in_members_only() {
	let mut target = target();
	let ask =
		|target: &mut Target, source, request: Request| refusal(target.handle_request(NOW, source, &request));
	let foreign = Test { genesis: [9; 32], ..test(10) };
	assert_eq!(ask(&mut target, HOME, open(foreign, 10)), Some(Refusal::ForeignGenesis));
	assert_eq!(
		ask(&mut target, HOME, open(Test { target: [9; 32], ..test(10) }, 10)),
		Some(Refusal::NotTheTarget)
	);
	assert_eq!(ask(&mut target, HOME, open(Test { epoch: 5, ..test(10) }, 10)), Some(Refusal::UnknownTest));
	assert_eq!(ask(&mut target, HOME, open(Test { ordinal: 1, ..test(10) }, 10)), Some(Refusal::UnknownTest));
	assert_eq!(ask(&mut target, HOME, open(test(12), 12)), Some(Refusal::NotAMember));
	assert_eq!(ask(&mut target, HOME, open(test(10), 11)), Some(Refusal::BadSignature));
	let elsewhere = "198.51.100.1".parse().unwrap();
	assert_eq!(ask(&mut target, elsewhere, open(test(10), 10)), Some(Refusal::OutsidePrefix));
	assert_eq!((target.sessions(), target.poll()), (0, None));

	assert_eq!(ask(&mut target, "::ffff:192.0.2.99".parse().unwrap(), open(test(10), 10)), None);
	assert_eq!(target.sessions(), 1);
	assert!(
		matches!(target.poll(), Some(Output::AddPeer { address, .. }) if address == Ipv4Addr::new(100, 64, 1, 1))
	);
	assert!(target.is_allowed(&[10; 8], HOME) && !target.is_allowed(&[10; 8], elsewhere));
}

#[test]
fn paid_sessions_should_be_none_of_a_targets_business() {
	let (mut target, channel) = (target(), 1);
	let join = wire::Join { genesis: GENESIS, provider: ME, channel, wireguard: [8; 32], at: NOW };
	let signature = weir_primitives::channel::VoucherSignature::Sr25519([9; 64]);
	let counted = wire::Usage::default();
	for request in [
		Request::Join { join, signature },
		Request::Pay { channel, voucher: None, counted },
		Request::Leave { channel },
		Request::Disguise { channel },
	] {
		assert_eq!(refusal(target.handle_request(NOW, HOME, &request)), Some(Refusal::WrongRole));
	}
	assert_eq!((target.sessions(), target.poll()), (0, None));
}

#[test]
fn open_should_answer_again_without_a_second_session_when_repeated() {
	let mut target = target();
	let first = target.handle_request(NOW, HOME, &open(test(10), 10));
	assert_eq!(target.handle_request(NOW, HOME, &open(test(10), 10)), first);
	assert_eq!(target.sessions(), 1);
	// A member that starts over gets a new session; the old peer goes.
	target.handle_request(NOW, HOME, &open(Test { session: [77; 8], ..test(10) }, 10));
	assert_eq!(target.sessions(), 1);
	let outputs: Vec<_> = std::iter::from_fn(|| target.poll()).collect();
	assert!(matches!(
		outputs[..],
		[Output::AddPeer { .. }, Output::RemovePeer { .. }, Output::AddPeer { .. }]
	));
}

#[test]
fn open_should_be_refused_when_session_or_tunnel_key_is_another_members() {
	let mut target = target();
	target.handle_request(NOW, HOME, &open(test(10), 10));
	let first = target.poll();
	let mut ask = |session, wireguard: [u8; 32]| {
		let test = Test { session, ..test(11) };
		let signature = key(11).sign(&wire::open_payload(&test, &wireguard));
		refusal(target.handle_request(NOW, HOME, &Request::Open { test, wireguard, signature }))
	};
	assert_eq!(ask([10; 8], [11; 32]), Some(Refusal::Busy));
	assert_eq!(ask([11; 8], [10; 32]), Some(Refusal::Busy));
	assert_eq!(ask([11; 8], [11; 32]), None);
	// Neither refusal touched the first member's session.
	assert!(matches!(first, Some(Output::AddPeer { session, .. }) if session == [10; 8]));
	assert!(matches!(target.poll(), Some(Output::AddPeer { session, .. }) if session == [11; 8]));
	assert_eq!((target.sessions(), target.poll()), (2, None));
}

#[test]
fn offer_should_be_refused_when_it_differs_from_the_chain() {
	let mut target = target();
	let ask =
		|target: &mut Target, now, request: Request| refusal(target.handle_request(now, HOME, &request));
	assert_eq!(ask(&mut target, NOW, offer(test(10), START, 1_000, 10)), Some(Refusal::UnknownSession));
	ask(&mut target, NOW, open(test(10), 10));
	assert_eq!(ask(&mut target, NOW, offer(test(10), START + MILLI, 1_000, 10)), Some(Refusal::WrongStart));
	assert_eq!(ask(&mut target, NOW, offer(test(10), START, 2_001, 10)), Some(Refusal::WrongLoad));
	assert_eq!(ask(&mut target, NOW, offer(test(10), START, 1_000, 11)), Some(Refusal::BadSignature));
	assert_eq!(
		ask(&mut target, START + 7_000_000, offer(test(10), START, 1_000, 10)),
		Some(Refusal::TooLate)
	);
	target.set_assignment(Some(Assignment { starts: vec![], ..assignment() }));
	assert_eq!(ask(&mut target, NOW, offer(test(10), START, 1_000, 10)), Some(Refusal::NotScheduled));
	target.set_assignment(Some(assignment()));
	assert_eq!(ask(&mut target, NOW, offer(test(10), START, 1_000, 10)), None);
	assert_eq!(ask(&mut target, NOW, offer(test(10), START, 1_000, 10)), None);
}

#[test]
fn open_should_be_refused_when_another_test_runs() {
	let mut target = target();
	target.handle_request(NOW, HOME, &open(test(10), 10));
	target.handle_request(NOW, HOME, &offer(test(10), START, 1_000, 10));
	target.set_assignment(Some(Assignment { ordinal: 1, ..assignment() }));
	let other = Test { ordinal: 1, session: [78; 8], ..test(11) };
	assert_eq!(refusal(target.handle_request(START, HOME, &open(other, 11))), Some(Refusal::Busy));
	assert_eq!(refusal(target.handle_request(START + 7_000_000, HOME, &open(other, 11))), None);
}

#[test]
fn line_should_be_measured_when_most_of_the_committee_has_come() {
	let mut target = target();
	let other_start = START + 3_000_000;
	target.set_assignment(Some(Assignment { starts: vec![START, other_start], ..assignment() }));
	let mut come = |member: u8, start| {
		target.handle_request(NOW, HOME, &open(test(member), member));
		let answer = target.handle_request(NOW, HOME, &offer(test(member), start, 1_000, member));
		assert_eq!(refusal(answer), None);
		target.measurement()
	};
	assert_eq!(come(10, other_start), None, "one of two may follow a branch that nobody else does");
	assert_eq!(come(11, START), None);
	target.forget(&test(10).session);
	let again = Test { session: [77; 8], ..test(10) };
	target.handle_request(NOW, HOME, &open(again, 10));
	target.handle_request(NOW, HOME, &offer(again, START, 1_000, 10));
	assert_eq!(target.measurement(), Some(START..SECOND + 3_000_000));
	target.set_assignment(None);
	assert_eq!(target.measurement(), None);
}

#[test]
fn datagrams_should_be_dropped_without_a_session_and_loads_without_an_offer() {
	let mut target = target();
	let address = Ipv4Addr::new(100, 64, 1, 1);
	let load = |seq| Datagram { session: [10; 8], number: seq, body: Body::EchoLoad(&[7; 1_200]) }.encode();
	target.handle_datagram(START, address, &load(0));
	target.handle_request(NOW, HOME, &open(test(10), 10));
	target.poll();
	target.handle_datagram(START, address, &load(0));
	assert_eq!(target.poll(), None);
	target.handle_request(NOW, HOME, &offer(test(10), START, 1_000, 10));
	// From another inner address, before its phase, twice: nothing. Once in time: one echo of the same length.
	target.handle_datagram(SECOND, Ipv4Addr::new(100, 64, 1, 2), &load(0));
	target.handle_datagram(START - 2_000_000, address, &load(0));
	target.handle_datagram(SECOND - 500_001, address, &load(0));
	assert_eq!(target.poll(), None);
	target.handle_datagram(SECOND - 500_000, address, &load(0));
	target.handle_datagram(SECOND, address, &load(0));
	assert!(matches!(target.poll(), Some(Output::Datagram { bytes, .. }) if bytes.len() == load(0).len()));
	assert_eq!(target.poll(), None);
}

/// A datagram of the first member's session.
fn datagram(number: u32, body: Body<'_>) -> Vec<u8> {
	Datagram { session: [10; 8], number, body }.encode()
}

fn countersignature(window: u32, digest: [u8; 32], signer: u8) -> Vec<u8> {
	let signature = key(signer).sign(&wire::countersign_payload(&test(10), window, &digest));
	datagram(window, Body::Countersign { digest, signature })
}

#[test]
fn datagrams_should_be_counted_by_the_rule_they_broke_when_they_are_dropped() {
	let dropped = Arc::<Dropped>::default();
	let mut target = target().counting_in(dropped.clone());
	let address = Ipv4Addr::new(100, 64, 1, 1);
	let payload = [7; 1_200];
	let load = |seq| datagram(seq, Body::Load(&payload));
	// The rules that a datagram has broken.
	let broken = |target: &mut Target, now, source, bytes: &[u8]| {
		let before: Vec<_> = dropped.rows().collect();
		target.handle_datagram(now, source, bytes);
		let risen = dropped.rows().zip(before).filter(|(after, before)| after.1 > before.1);
		risen.map(|(after, _)| after.0).collect::<Vec<_>>()
	};
	let longer = [load(0), vec![0]].concat();
	let other_version = [vec![2], load(0).split_off(1)].concat();
	for malformed in [&longer, &other_version, &load(0)[..1_000].to_vec(), &Vec::new()] {
		assert_eq!(broken(&mut target, START, address, malformed), ["Malformed"]);
	}
	assert_eq!(broken(&mut target, START, address, &load(0)), ["UnknownSession"]);
	target.handle_request(NOW, HOME, &open(test(10), 10));
	let elsewhere = Ipv4Addr::new(100, 64, 1, 2);
	assert_eq!(broken(&mut target, START, elsewhere, &load(0)), ["ForeignSource"]);
	let echo = datagram(0, Body::Echo(&payload));
	assert_eq!(broken(&mut target, START, address, &echo), ["WrongKind"]);
	for early in [load(0), countersignature(0, [0; 32], 10)] {
		assert_eq!(broken(&mut target, START, address, &early), ["NotOffered"]);
	}

	target.handle_request(NOW, HOME, &offer(test(10), START, 1_000, 10));
	assert_eq!(broken(&mut target, START - 2_000_000, address, &load(0)), ["WrongTime"]);
	let of_phase_u = datagram(0, Body::EchoLoad(&payload));
	assert_eq!(broken(&mut target, START, address, &of_phase_u), ["WrongTime"]);
	assert!(broken(&mut target, START, address, &load(0)).is_empty());
	assert_eq!(broken(&mut target, START, address, &load(0)), ["Replayed"]);
	assert_eq!(broken(&mut target, START, address, &load(1 << 20)), ["OutOfRange"]);

	let at = START + 300_000;
	target.handle_timeout(at);
	let sent = std::iter::from_fn(|| target.poll()).find_map(|output| match output {
		Output::Datagram { bytes, .. } => Some(bytes),
		_ => None,
	});
	let sent = sent.expect("a receipt");
	let Some(Datagram { body: Body::Receipts(sent), .. }) = data::decode(&sent) else {
		panic!("no receipts")
	};
	let digest = data::receipts(sent).unwrap()[0].digest;
	for unknown in [countersignature(1, digest, 10), countersignature(0, [0; 32], 10)] {
		assert_eq!(broken(&mut target, at, address, &unknown), ["UnknownReceipt"]);
	}
	assert_eq!(broken(&mut target, at, address, &countersignature(0, digest, 11)), ["BadSignature"]);
	let good = countersignature(0, digest, 10);
	assert!(broken(&mut target, at, address, &good).is_empty());
	let late = START + 2_500_000;
	assert_eq!(broken(&mut target, late, address, &good), ["StaleCountersignature"]);

	// As many as may arrive at once, and eight more.
	let flood: Vec<_> = (100..140).flat_map(|seq| broken(&mut target, late, address, &load(seq))).collect();
	assert_eq!(flood, ["OverQuota"; 8]);
	target.handle_timeout(late);
	assert_eq!(broken(&mut target, late, address, &load(200)), ["Stopped"]);
}

#[test]
fn target_should_stop_when_countersignatures_are_missing() {
	let mut target = target();
	target.handle_request(NOW, HOME, &open(test(10), 10));
	target.handle_request(NOW, HOME, &offer(test(10), START, 1_000, 10));
	let address = Ipv4Addr::new(100, 64, 1, 1);
	let mut stopped = None;
	for step in 0..200u32 {
		let now = START + u64::from(step) * 10_000;
		let load = Datagram { session: [10; 8], number: step, body: Body::Load(&[7; 1_200]) }.encode();
		target.handle_datagram(now, address, &load);
		target.handle_timeout(now);
		while let Some(output) = target.poll() {
			if matches!(output, Output::Stopped { .. }) {
				stopped.get_or_insert(now - START);
			}
			assert!(stopped.is_none() || !matches!(output, Output::Datagram { .. }));
		}
	}
	let stopped = stopped.unwrap();
	assert!((1_000_000..=1_350_000).contains(&stopped), "{stopped}");
}

/// Loads a target for three seconds and countersigns, every 10 ms, what is chosen of its receipts. When it stopped.
fn stopped_after(choose: fn(&[Receipt]) -> Option<&Receipt>) -> Option<Micros> {
	let mut target = target();
	target.handle_request(NOW, HOME, &open(test(10), 10));
	target.handle_request(NOW, HOME, &offer(test(10), START, 1_000, 10));
	let address = Ipv4Addr::new(100, 64, 1, 1);
	let send = |target: &mut Target, now, number, body| {
		target.handle_datagram(now, address, &Datagram { session: [10; 8], number, body }.encode());
	};
	let mut receipts: Vec<Receipt> = vec![];
	for step in 0..300u32 {
		let now = START + u64::from(step) * 10_000;
		send(&mut target, now, step, Body::Load(&[7; 1_200]));
		target.handle_timeout(now);
		while let Some(output) = target.poll() {
			match output {
				Output::Stopped { .. } => return Some(now - START),
				Output::Datagram { bytes, .. } => {
					let Some(Datagram { body: Body::Receipts(sent), .. }) = data::decode(&bytes) else {
						continue;
					};
					for receipt in data::receipts(sent).unwrap() {
						if receipt.window as usize == receipts.len() {
							receipts.push(receipt);
						}
					}
				}
				_ => {}
			}
		}
		if let Some(Receipt { window, digest, .. }) = choose(&receipts) {
			let signature = key(10).sign(&wire::countersign_payload(&test(10), *window, digest));
			send(&mut target, now, *window, Body::Countersign { digest: *digest, signature });
		}
	}
	None
}

#[test]
fn old_countersignatures_should_not_keep_a_session_when_they_are_replayed() {
	assert_eq!(stopped_after(|receipts| receipts.last()), None);
	// The first receipt comes after 25 ms. Patience is 1,250 ms, and the last one may be repeated for as long.
	let stopped = stopped_after(|receipts| receipts.first()).unwrap();
	assert!((2_500_000..=2_650_000).contains(&stopped), "{stopped}");
	// Older ones than the last gain nothing: those of the first second, in turn.
	let stopped = stopped_after(|receipts| match receipts.len() {
		0..20 => receipts.last(),
		late => receipts.get(late % 18),
	});
	assert!(stopped.is_some_and(|at| (2_175_000..=2_300_000).contains(&at)), "{stopped:?}");
}

#[test]
fn receipts_should_not_outweigh_the_loads() {
	let mut target = target();
	target.handle_request(NOW, HOME, &open(test(10), 10));
	target.handle_request(NOW, HOME, &offer(test(10), START, 1_000, 10));
	let load = Datagram { session: [10; 8], number: 0, body: Body::Load(&[7; 1_200]) }.encode();
	target.handle_datagram(START, Ipv4Addr::new(100, 64, 1, 1), &load);
	(0..200).for_each(|step| target.handle_timeout(START + step * 10_000));
	let sent: Vec<_> = std::iter::from_fn(|| target.poll())
		.filter_map(|output| match output {
			Output::Datagram { bytes, .. } => Some(bytes.len()),
			_ => None,
		})
		.collect();
	let total: usize = sent.iter().sum();
	assert!(sent.len() > 3 && total <= load.len(), "{total} bytes in {} datagrams", sent.len());
}

#[test]
fn final_should_not_be_signed_when_counts_exceed_what_was_received() {
	let mut target = target();
	target.handle_request(NOW, HOME, &open(test(10), 10));
	target.handle_request(NOW, HOME, &offer(test(10), START, 1_000, 10));
	let finish = |down_bytes, up_bytes| {
		let signature = key(10).sign(&wire::finish_payload(&test(10), &[5; 32], down_bytes, up_bytes));
		Request::Finish { session: [10; 8], down_bytes, up_bytes, signature }
	};
	assert_eq!(refusal(target.handle_request(START, HOME, &finish(1_308, 0))), Some(Refusal::BytesMismatch));
	assert_eq!(refusal(target.handle_request(START, HOME, &finish(0, 1_308))), Some(Refusal::BytesMismatch));
	assert!(matches!(target.handle_request(START, HOME, &finish(0, 0)), Response::Final { .. }));
}

#[test]
fn final_should_not_be_signed_when_counts_are_far_below_what_was_received() {
	let mut target = target();
	target.handle_request(NOW, HOME, &open(test(10), 10));
	target.handle_request(NOW, HOME, &offer(test(10), START, 1_000, 10));
	for step in 0..100u32 {
		let now = START + u64::from(step) * 10_000;
		let load = Datagram { session: [10; 8], number: step, body: Body::Load(&[7; 1_200]) }.encode();
		target.handle_datagram(now, Ipv4Addr::new(100, 64, 1, 1), &load);
		target.handle_timeout(now);
	}
	let finish = |packets: u64| {
		let down_bytes = packets * 1_308;
		let signature = key(10).sign(&wire::finish_payload(&test(10), &[5; 32], down_bytes, 0));
		Request::Finish { session: [10; 8], down_bytes, up_bytes: 0, signature }
	};
	// 100 in the window, of which two receipts' worth may have fallen on its other side.
	let at = START + 1_000_000;
	assert_eq!(refusal(target.handle_request(at, HOME, &finish(71))), Some(Refusal::BytesMismatch));
	assert!(matches!(target.handle_request(at, HOME, &finish(75)), Response::Final { .. }));
}

#[test]
fn offers_should_be_taken_at_the_t0_of_any_branch() {
	let mut target = target();
	let other = START + 2_000_000;
	target.set_assignment(Some(Assignment { starts: vec![START, other], ..assignment() }));
	for (member, start) in [(10, START), (11, other)] {
		target.handle_request(NOW, HOME, &open(test(member), member));
		let offered = target.handle_request(NOW, HOME, &offer(test(member), start, 1_000, member));
		assert_eq!(offered, Response::Accept);
	}
	target.handle_request(NOW, HOME, &open(Test { session: [12; 8], ..test(10) }, 10));
	let third = offer(Test { session: [12; 8], ..test(10) }, other + 2_000_000, 1_000, 10);
	assert_eq!(refusal(target.handle_request(NOW, HOME, &third)), Some(Refusal::WrongStart));
}

#[test]
fn final_should_be_signed_once_and_kept_when_the_attestor_signs_it_too() {
	let mut target = target();
	target.handle_request(NOW, HOME, &open(test(10), 10));
	let seed_hash = keystream::seed_hash(&[6; 32]);
	let Request::Offer { start_millis, window_millis, down_kbps, up_kbps, .. } =
		offer(test(10), START, 1_000, 10)
	else {
		panic!("no offer")
	};
	let payload = wire::offer_payload(&test(10), &seed_hash, down_kbps, up_kbps, start_millis, window_millis);
	let signature = key(10).sign(&payload);
	let session = [10; 8];
	let offer =
		Request::Offer { session, seed_hash, down_kbps, up_kbps, start_millis, window_millis, signature };
	assert_eq!(target.handle_request(NOW, HOME, &offer), Response::Accept);
	let load = Datagram { session, number: 0, body: Body::Load(&[7; 1_200]) }.encode();
	target.handle_datagram(START, Ipv4Addr::new(100, 64, 1, 1), &load);
	target.handle_timeout(START + 1_000_000);
	let finish = |down_bytes| {
		let signature = key(10).sign(&wire::finish_payload(&test(10), &seed_hash, down_bytes, 0));
		Request::Finish { session, down_bytes, up_bytes: 0, signature }
	};
	let settle = |seed: u8, down_bytes| {
		let signature = key(10).sign(&wire::final_payload(&test(10), &seed_hash, down_bytes, 0));
		Request::Settle { session, seed: [seed; 32], signature }
	};
	let at = START + 1_000_000;
	// Nothing is signed yet.
	assert_eq!(refusal(target.handle_request(at, HOME, &settle(6, 0))), Some(Refusal::UnknownSession));
	let signed = target.handle_request(at, HOME, &finish(1_308));
	assert!(matches!(signed, Response::Final { .. }));
	assert_eq!(target.handle_request(at, HOME, &finish(1_308)), signed);
	assert_eq!(refusal(target.handle_request(at, HOME, &finish(0))), Some(Refusal::BytesMismatch));
	assert_eq!(refusal(target.handle_request(at, HOME, &settle(5, 1_308))), Some(Refusal::WrongSeed));
	assert_eq!(refusal(target.handle_request(at, HOME, &settle(6, 0))), Some(Refusal::BadSignature));
	while target.poll().is_some() {}
	assert_eq!(target.handle_request(at, HOME, &settle(6, 1_308)), Response::Noted);
	let Some(Output::Settled(bilateral)) = target.poll() else { panic!("nothing to keep") };
	assert_eq!((bilateral.down_bytes, bilateral.up_bytes), (1_308, 0));
	for (key, signature) in
		[(key(10).public(), &bilateral.by_attestor), (key(2).public(), &bilateral.by_target)]
	{
		assert!(keys::verify(&key, &bilateral.payload(), signature));
	}
	assert_eq!(refusal(target.handle_request(at, HOME, &settle(6, 1_308))), Some(Refusal::UnknownSession));
}

#[test]
fn sessions_should_be_forgotten_when_they_expire() {
	let mut target = target();
	target.handle_request(NOW, HOME, &open(test(10), 10));
	let at = target.timeout().unwrap();
	target.handle_timeout(at);
	assert_eq!((target.sessions(), target.timeout()), (0, None));
}
