use super::*;
use proptest::prelude::*;
use weir_primitives::channel::Voucher;

fn test() -> Test {
	Test {
		genesis: [0xa0; 32],
		epoch: 0x01020304,
		kind: TestKind::Admission,
		ordinal: 5,
		target: [0xa1; 32],
		attestor: [0xa2; 32],
		session: [0xa3; 8],
	}
}

fn repeat(byte: &str, count: usize) -> String {
	byte.repeat(count)
}

fn test_hex() -> String {
	repeat("a0", 32)
		+ "04030201"
		+ "01" + "05000000"
		+ &repeat("a1", 32)
		+ &repeat("a2", 32)
		+ &repeat("a3", 8)
}

fn check<M: DecodeAll + Encode + PartialEq + std::fmt::Debug>(message: M, golden: &str) {
	let bytes = encode(&message);
	assert_eq!(hex::encode(&bytes), golden, "{message:?}");
	assert_eq!(decode::<M>(&bytes).unwrap(), message);
}

#[test]
fn requests_should_match_the_golden_vectors() {
	let (session, s) = ([0xa3; 8], repeat("a3", 8));
	let (signature, g) = ([0xff; 64], repeat("ff", 64));
	check(Request::Clock { nonce: [7; 16] }, &("0200".to_owned() + &repeat("07", 16)));
	check(
		Request::Open { test: test(), wireguard: [8; 32], signature },
		&("0201".to_owned() + &test_hex() + &repeat("08", 32) + &g),
	);
	check(
		Request::Offer {
			session,
			seed_hash: [9; 32],
			down_kbps: 0x11,
			up_kbps: 0x12,
			start_millis: 0x0102030405060708,
			window_millis: 3_000,
			signature,
		},
		&("0202".to_owned()
			+ &s + &repeat("09", 32)
			+ "11000000"
			+ "12000000"
			+ "0807060504030201"
			+ "b80b0000"
			+ &g),
	);
	// 3 and 4 were never published, 6 was version 1's.
	assert_eq!(decode::<Request>(&[2, 3]), Err(WireError::Malformed));
	assert_eq!(decode::<Request>(&[2, 4]), Err(WireError::Malformed));
	check(
		Request::Finish { session, down_bytes: 1, up_bytes: 2, signature },
		&("0205".to_owned() + &s + "0100000000000000" + "0200000000000000" + &g),
	);
	assert_eq!(decode::<Request>(&[2, 6]), Err(WireError::Malformed));
	check(
		Request::Settle { session, seed: [0x0e; 32], signature },
		&("0207".to_owned() + &s + &repeat("0e", 32) + &g),
	);
}

fn join() -> Join {
	Join {
		genesis: [0xa0; 32],
		provider: [0xa1; 32],
		channel: 258,
		wireguard: [8; 32],
		at: 0x0102030405060708,
	}
}

fn join_hex() -> String {
	repeat("a0", 32) + &repeat("a1", 32) + "0201000000000000" + &repeat("08", 32) + "0807060504030201"
}

fn standing() -> Standing {
	Standing {
		charged: Usage { down: 0x11, up: 0x12 },
		credits: 0x13,
		sequence: 0x14,
		allowance_bytes: 0x15,
		window_bytes: 0x16,
		is_trusted: true,
		service: Service::Throttled,
	}
}

fn standing_hex() -> String {
	let number = |byte: &str| byte.to_owned() + &repeat("00", 7);
	number("11")
		+ &number("12")
		+ &number("13")
		+ &repeat("00", 8)
		+ &number("14")
		+ &number("15")
		+ &number("16")
		+ "01" + "01"
}

#[test]
fn messages_of_paid_sessions_should_match_the_golden_vectors() {
	let g = repeat("ff", 64);
	let signature = VoucherSignature::Ed25519([0xff; 64]);
	check(Request::Join { join: join(), signature }, &("0208".to_owned() + &join_hex() + "01" + &g));
	let counted = Usage { down: 1, up: 2 };
	let counts = "0100000000000000".to_owned() + "0200000000000000";
	check(
		Request::Pay { channel: 258, voucher: None, counted },
		&("0209".to_owned() + "0201000000000000" + "00" + &counts),
	);
	let voucher = Voucher { channel: 258, bytes_down: 3, bytes_up: 4, credits: 5, sequence: 6 };
	let signed = SignedVoucher { voucher, signature: VoucherSignature::Sr25519([0xff; 64]) };
	let voucher_hex = "0201000000000000".to_owned()
		+ "0300000000000000"
		+ "0400000000000000"
		+ "05000000000000000000000000000000"
		+ "0600000000000000"
		+ "00" + &g;
	check(
		Request::Pay { channel: 258, voucher: Some(signed), counted },
		&("0209".to_owned() + "0201000000000000" + "01" + &voucher_hex + &counts),
	);
	check(Request::Leave { channel: 258 }, &("020a".to_owned() + "0201000000000000"));
	check(Request::Disguise { channel: 258 }, &("020c".to_owned() + "0201000000000000"));
	let disguise = Disguise { key: [7; 32], first_port: 258, ports: 3 };
	check(Response::Disguise(disguise), &("0209".to_owned() + &repeat("07", 32) + "020103"));
	let joined = Joined {
		wireguard: [8; 32],
		port: 0x1234,
		gateway: [100, 64, 0, 1],
		address: [100, 96, 1, 2],
		mtu: 1_280,
		standing: standing(),
	};
	check(
		Response::Joined(joined),
		&("0206".to_owned()
			+ &repeat("08", 32)
			+ "3412" + "64400001"
			+ "64600102"
			+ "0005" + &standing_hex()),
	);
	check(Response::Standing(standing()), &("0207".to_owned() + &standing_hex()));
	let services = [Service::Full, Service::Throttled, Service::Stopped, Service::Ending];
	for (index, service) in services.into_iter().enumerate() {
		check(service, &format!("02{index:02x}"));
	}
	assert_eq!(decode::<Service>(&[2, 4]), Err(WireError::Malformed));
}

#[test]
fn questions_for_the_address_should_match_the_golden_vectors() {
	check(Request::address(), &("020b".to_owned() + &repeat("00", 104)));
	check(Request::Address { fill: [7; 104] }, &("020b".to_owned() + &repeat("07", 104)));
	let seen = |text: &str| Response::address(text.parse().unwrap());
	check(seen("198.51.100.7:4660"), "020800c63364073412");
	check(
		seen("[2001:db8::1]:4660"),
		&("020801".to_owned() + "20010db8" + &repeat("00", 11) + "01" + "3412"),
	);
	// An IPv4 address is one, however the socket shows it.
	assert_eq!(seen("[::ffff:198.51.100.7]:4660"), seen("198.51.100.7:4660"));
	let Response::Address { ip, .. } = seen("[2001:db8::1]:1") else { panic!("another answer") };
	assert_eq!(std::net::IpAddr::from(ip), "2001:db8::1".parse::<std::net::IpAddr>().unwrap());
	assert_eq!(decode::<Response>(&[2, 8, 2, 0, 0]), Err(WireError::Malformed));
	// Shorter than it has to be, so that the answer would be longer.
	assert_eq!(decode::<Request>(&[&[2, 11][..], &[0; 103]].concat()), Err(WireError::Malformed));
}

#[test]
fn messages_of_providers_behind_routers_should_match_the_golden_vectors() {
	let reach = Request::Reach { channel: 258, provider: [0xa1; 32], port: 0x1234, signature: [0xff; 64] };
	let channel = "0201000000000000";
	check(reach, &format!("020d{channel}{}3412{}", repeat("a1", 32), repeat("ff", 64)));
	check(Request::Punch { channel: 258, token: [7; 16] }, &format!("020e{channel}{}", repeat("07", 16)));
	check(Response::Reached { port: 0x1234 }, "020a3412");
	check(Response::Punch { address: [9; 16], port: 0x1234 }, &format!("020b{}3412", repeat("09", 16)));
}

#[test]
fn responses_should_match_the_golden_vectors() {
	let (signature, g) = ([0xff; 64], repeat("ff", 64));
	check(
		Response::Clock { nonce: [7; 16], unix_micros: 1, account: [0xa1; 32], signature },
		&("0200".to_owned() + &repeat("07", 16) + "0100000000000000" + &repeat("a1", 32) + &g),
	);
	check(
		Response::Opened {
			wireguard: [8; 32],
			port: 0x1234,
			target_address: [100, 64, 0, 1],
			attestor_address: [100, 64, 1, 2],
		},
		&("0201".to_owned() + &repeat("08", 32) + "3412" + "64400001" + "64400102"),
	);
	check(Response::Accept, "0202");
	check(Response::Noted, "0204");
	check(Response::Final { signature }, &("0205".to_owned() + &g));
}

#[test]
fn refusals_and_kinds_should_match_the_golden_vectors() {
	use Refusal::*;
	let refusals = [
		UnknownVersion,
		Malformed,
		ForeignGenesis,
		NotTheTarget,
		UnknownTest,
		NotAMember,
		BadSignature,
		OutsidePrefix,
		NotScheduled,
		WrongStart,
		WrongLoad,
		TooLate,
		UnknownSession,
		Busy,
		BytesMismatch,
		WrongSeed,
		WrongRole,
		UnknownChannel,
		ChannelEnding,
		StaleJoin,
		NotJoined,
		BadVoucher,
		Overdrawn,
		Full,
		NotServing,
		DiskFull,
	];
	for (index, refusal) in refusals.into_iter().enumerate() {
		check(Response::Refuse(refusal), &format!("0203{index:02x}"));
	}
	assert_eq!(decode::<Response>(&[2, 3, 26]), Err(WireError::Malformed));
	let kinds = [TestKind::Scheduled, TestKind::Admission, TestKind::Escalation];
	for (index, kind) in kinds.into_iter().enumerate() {
		check(kind, &format!("02{index:02x}"));
	}
}

#[test]
fn bilateral_should_match_the_golden_vector() {
	let bilateral = Bilateral {
		test: test(),
		seed_hash: [9; 32],
		down_bytes: 1,
		up_bytes: 2,
		by_target: [0xfe; 64],
		by_attestor: [0xff; 64],
	};
	let counts = "0100000000000000".to_owned() + "0200000000000000";
	let hex = test_hex() + &repeat("09", 32) + &counts + &repeat("fe", 64) + &repeat("ff", 64);
	assert_eq!((hex::encode(bilateral.encode()), hex.len()), (hex, 2 * 289));
	assert_eq!(hex::encode(bilateral.prefix()), golden::BILATERAL_PREFIX);
}

#[test]
fn signed_payloads_should_match_the_golden_vectors() {
	let t = test_hex();
	let hex = |bytes: Vec<u8>| hex::encode(bytes);
	let domain = |name: &str| hex::encode(name) + &repeat("00", 16 - name.len());
	assert_eq!(hex(open_payload(&test(), &[8; 32])), domain("weir/open/v1") + &t + &repeat("08", 32));
	assert_eq!(
		hex(offer_payload(&test(), &[9; 32], 1, 2, 3, 4)),
		domain("weir/offer/v1")
			+ &t + &repeat("09", 32)
			+ "01000000"
			+ "02000000"
			+ "0300000000000000"
			+ "04000000"
	);
	assert_eq!(
		hex(countersign_payload(&test(), 3, &[0x0d; 32])),
		domain("weir/receipt/v1") + &t + "03000000" + &repeat("0d", 32)
	);
	assert_eq!(
		hex(finish_payload(&test(), &[9; 32], 1, 2)),
		domain("weir/finish/v1") + &t + &repeat("09", 32) + "0100000000000000" + "0200000000000000"
	);
	assert_eq!(
		hex(final_payload(&test(), &[9; 32], 1, 2)),
		domain("weir/final/v1") + &t + &repeat("09", 32) + "0100000000000000" + "0200000000000000"
	);
	assert_eq!(
		hex(clock_payload(&[7; 16], 1, &[0xa1; 32])),
		domain("weir/clock/v1") + &repeat("07", 16) + "0100000000000000" + &repeat("a1", 32)
	);
	assert_eq!(hex(join_payload(&join())), domain("weir/join/v1") + &join_hex());
}

#[test]
fn decode_should_fail_when_version_length_or_rest_is_wrong() {
	assert_eq!(decode::<Response>(&[1, 2]), Err(WireError::UnknownVersion(1)));
	assert_eq!(decode::<Response>(&[]), Err(WireError::Malformed));
	assert_eq!(decode::<Response>(&[2, 2, 0]), Err(WireError::Malformed));
	assert_eq!(decode::<Response>(&[2, 9]), Err(WireError::Malformed));
	assert_eq!(
		decode::<Request>(&vec![2; MAX_MESSAGE_BYTES + 1]),
		Err(WireError::Oversized(MAX_MESSAGE_BYTES + 1))
	);
}

proptest! {
	#[test]
	fn decode_should_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), kind in 0u8..13) {
		let _ = decode::<Request>(&bytes);
		let _ = decode::<Response>(&bytes);
		let mut bytes = bytes;
		bytes.insert(0, kind);
		bytes.insert(0, VERSION);
		let _ = decode::<Request>(&bytes);
		let _ = decode::<Response>(&bytes);
	}
}
