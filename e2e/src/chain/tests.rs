//! What is encoded here by hand is what the runtime decodes: `runtime/golden/wire.txt`, pinned by the runtime's tests.

use super::*;
use weir_primitives::{chain::WEIR, LineKind};

fn line(kind: &str, name: &str) -> Vec<&'static str> {
	include_str!("../../../runtime/golden/wire.txt")
		.lines()
		.map(|line| line.split(' ').collect::<Vec<_>>())
		.find(|line| line[..2] == [kind, name])
		.unwrap_or_else(|| panic!("runtime/golden/wire.txt has no {kind} {name}"))
}

fn assert_call(name: &str, Call(bytes): &Call) {
	assert_eq!(hex::encode(bytes), line("call", name)[3], "{name}");
}

/// The second column of an answer, and what it decodes to.
fn answer<T: Decode>(function: &str, arguments: impl Encode) -> (Vec<u8>, T) {
	let golden = line("api", function);
	assert_eq!(golden[2].trim_start_matches('-'), hex::encode(arguments.encode()), "{function}");
	let bytes = hex::decode(golden[3]).unwrap();
	let answer = T::decode(&mut &bytes[..]).unwrap();
	(bytes, answer)
}

fn key() -> ProbeKey {
	ProbeKey::try_from([3; 32].as_slice()).unwrap()
}

const ENDPOINT: Endpoint = Endpoint::V4 { addr: [127, 1, 2, 3], port: 9_600 };

#[test]
fn calls_should_be_encoded_as_the_runtime_decodes_them() {
	let transfer = Call::transfer([1; 32], 2_000 * WEIR);
	let bond = Call::bond(Role::Provider, 1_000 * WEIR);
	assert_call("Balances.transfer_keep_alive", &transfer);
	assert_call("NodeStaking.bond", &bond);
	assert_call("Utility.batch_all", &Call::batch(&[transfer, bond]));
	let claim = Claim { down_kbps: 20_000, up_kbps: 10_000 };
	let region = Region { country: *b"DE", kind: LineKind::Hosting };
	assert_call("Providers.register", &Call::register(claim, ENDPOINT, &[2; 38], region, 50_000, key()));
	assert_call("ProofOfBandwidth.take_seat", &Call::take_seat(key(), ENDPOINT, 20_000, *b"DE"));
}

#[test]
fn answers_should_be_decoded_as_the_runtime_encodes_them() {
	let (bytes, clock) = answer::<(EpochIndex, SlotOffset, u64)>("ProofOfBandwidthApi_clock", ());
	assert_eq!(clock.encode(), bytes);
	let german = RegionFilter { country: Some(*b"DE"), kind: None };
	let (bytes, page) = answer::<Page<Provider>>("ProofOfBandwidthApi_providers", (0u32, 100u32, german));
	assert_eq!(page.rows[0].account, [7; 32]);
	assert_eq!(page.encode(), bytes);
}
