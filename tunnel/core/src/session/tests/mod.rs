//! What all tests of paid sessions share, and both sides against each other.

mod cases;
mod pair;

pub(super) use crate::keys::ProbeKeypair;
pub(super) use crate::session::{sign_voucher, Exposure, Terms};
pub(super) use weir_primitives::channel::{SignedVoucher, Voucher, VoucherKey};

use super::*;
use crate::wire::Join;
use proptest::prelude::*;

pub(super) const NOW: Micros = 1_800_000_000_000_000;
pub(super) const GENESIS: [u8; 32] = [0xa0; 32];
pub(super) const CHANNEL: u64 = 258;

pub(super) fn key() -> ProbeKeypair {
	ProbeKeypair::from_seed(&[7; 32]).unwrap()
}

pub(super) fn voucher_key() -> VoucherKey {
	VoucherKey::Sr25519(key().public())
}

/// A channel with five dollars at five cents per GB.
pub(super) fn terms() -> Terms {
	let funds = Funds { deposited: 5_000_000, paid: 0 };
	Terms { genesis: GENESIS, channel: CHANNEL, price_per_gb: 50_000, funds }
}

pub(super) fn signed(voucher: Voucher) -> SignedVoucher {
	sign_voucher(&key(), &GENESIS, voucher)
}

#[test]
fn join_should_verify_by_the_channels_key_only() {
	let join = Join { genesis: GENESIS, provider: [1; 32], channel: CHANNEL, wireguard: [2; 32], at: NOW };
	let signature = sign_join(&key(), &join);
	assert!(voucher_key().verify(&join_payload(&join), &signature));
	let others = [
		Join { genesis: [0xa1; 32], ..join },
		Join { provider: [2; 32], ..join },
		Join { channel: CHANNEL + 1, ..join },
		Join { wireguard: [3; 32], ..join },
		Join { at: NOW + 1, ..join },
	];
	for other in others {
		assert!(!voucher_key().verify(&join_payload(&other), &signature), "{other:?}");
	}
}

proptest! {
	#[test]
	fn bytes_for_should_be_the_most_that_credits_pay(credits in any::<u64>(), price in 1..u64::MAX) {
		let terms = Terms { price_per_gb: price, ..terms() };
		let bytes = terms.bytes_for(credits.into());
		prop_assert!(terms.charge(bytes) <= credits.into());
		if let Some(more) = bytes.checked_add(1) {
			prop_assert!(terms.charge(more) > credits.into());
		}
	}

	#[test]
	fn charge_should_pay_for_all_its_bytes(bytes in any::<u64>(), price in 1..u64::MAX) {
		let terms = Terms { price_per_gb: price, ..terms() };
		prop_assert!(terms.bytes_for(terms.charge(bytes)) >= bytes);
	}
}
