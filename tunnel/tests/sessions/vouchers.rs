//! How many vouchers one core verifies: the provider's whole check, from the bytes on the wire to what is to be stored.

use super::extent;
use codec::{Decode, Encode};
use libp2p::identity::Keypair;
use std::time::Duration;
use weir_math::economy::channel::Funds;
use weir_primitives::{
	channel::{voucher_payload, SignedVoucher, Voucher, VoucherKey, VoucherSignature},
	economy::Credits,
};
use weir_tunnel_core::{
	keys::ProbeKeypair,
	session::{sign_voucher, Earner, Record, Terms},
	wire::{self, Request, Usage},
};

const GENESIS: [u8; 32] = [7; 32];
const CHANNEL: u64 = 9;
/// The bar of the specification.
const PER_SECOND: f64 = 5_000.0;

/// Time that this thread had on a core.
fn on_core() -> Duration {
	let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
	// After the name, which may hold anything: fields 14 and 15 are hundredths of a second.
	let fields = stat.rsplit_once(')').unwrap().1.split_whitespace();
	let ticks: u64 = fields.skip(11).take(2).map(|field| field.parse::<u64>().unwrap()).sum();
	Duration::from_millis(ticks * 10)
}

fn requests(sign: impl Fn(Voucher) -> SignedVoucher) -> Vec<Vec<u8>> {
	let voucher = |n: u64| Voucher {
		channel: CHANNEL,
		bytes_down: n * 1_000_000,
		bytes_up: 0,
		credits: Credits::from(n),
		sequence: n,
	};
	let request = |n| Request::Pay {
		channel: CHANNEL,
		voucher: Some(sign(voucher(n))),
		counted: Usage { down: n * 1_000_000, up: 0 },
	};
	(1..=extent(5_000, 50_000)).map(|n| wire::encode(&request(n))).collect()
}

/// Vouchers per second on one core.
fn measure(key: VoucherKey, requests: &[Vec<u8>]) -> f64 {
	let funds = Funds { deposited: Credits::from(u32::MAX), paid: 0 };
	let terms = Terms { genesis: GENESIS, channel: CHANNEL, price_per_gb: 1_000, funds };
	let earner = Earner::new(0, terms, key, Record::default());
	let began = on_core();
	for bytes in requests {
		let Request::Pay { voucher: Some(voucher), .. } = wire::decode(bytes).unwrap() else { panic!() };
		let entry = earner.check(&voucher).unwrap().expect("a higher one");
		assert_eq!(Record::decode(&mut &entry.record().encode()[..]).unwrap().voucher, Some(voucher));
	}
	requests.len() as f64 / (on_core() - began).max(Duration::from_millis(10)).as_secs_f64()
}

#[test]
fn core_should_verify_5_000_vouchers_a_second() {
	let pair = ProbeKeypair::from_seed(&[3; 32]).unwrap();
	let sr25519 = requests(|voucher| sign_voucher(&pair, &GENESIS, voucher));
	let signing = Keypair::generate_ed25519();
	let ed25519 = requests(|voucher| {
		let signature = signing.sign(&voucher_payload(&GENESIS, &voucher)).unwrap();
		SignedVoucher { voucher, signature: VoucherSignature::Ed25519(signature.try_into().unwrap()) }
	});
	let public = signing.public().try_into_ed25519().unwrap().to_bytes();
	for (name, key, requests) in [
		("sr25519", VoucherKey::Sr25519(pair.public()), sr25519),
		("ed25519", VoucherKey::Ed25519(public), ed25519),
	] {
		let mut rates: Vec<_> = (0..5).map(|_| measure(key, &requests)).collect();
		rates.sort_by(f64::total_cmp);
		println!(
			"{name}: {:.0} vouchers a second on one core ({:.0} to {:.0})",
			rates[2], rates[0], rates[4]
		);
		assert!(rates[2] >= PER_SECOND, "{name}: {rates:?}");
	}
}
