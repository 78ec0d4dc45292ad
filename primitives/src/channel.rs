//! What customers and providers of a payment channel sign. Versioned by [`VOUCHER_DOMAIN`] and [`CLOSE_DOMAIN`];
//! docs/protocol.md describes the bytes and the tests below pin them.

use crate::{economy::Credits, ProbeKey, ProbeSignature};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::{
	sp_core::{ed25519, sr25519},
	sp_io::crypto::{ed25519_verify, sr25519_verify},
	sp_runtime::app_crypto::RuntimeAppPublic,
};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use weir_math::economy::channel::Refusal;

/// Separates vouchers from every other signature of the protocol, and one version from the next.
pub const VOUCHER_DOMAIN: &[u8; 16] = b"weir/voucher/v1\0";
/// Separates agreed closes from every other signature of the protocol, and one version from the next.
pub const CLOSE_DOMAIN: &[u8; 16] = b"weir/close/v1\0\0\0";

/// Number of a payment channel. Numbers rise and are never used again, so that no voucher of an old channel pays out of a
/// new one.
pub type ChannelId = u64;

macro_rules! channel_type {
	($item:item) => {
		#[derive(
			Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
		)]
		$item
	};
}

channel_type! {
	/// Public half of the key that signs the vouchers of a channel.
	#[derive(Serialize, Deserialize)]
	pub enum VoucherKey {
		/// An sr25519 key.
		#[codec(index = 0)]
		Sr25519([u8; 32]),
		/// An ed25519 key.
		#[codec(index = 1)]
		Ed25519([u8; 32]),
	}
}

channel_type! {
	/// Signature by a [`VoucherKey`] of the same kind.
	pub enum VoucherSignature {
		/// By an sr25519 key.
		#[codec(index = 0)]
		Sr25519([u8; 64]),
		/// By an ed25519 key.
		#[codec(index = 1)]
		Ed25519([u8; 64]),
	}
}

impl VoucherKey {
	/// Whether `signature` is this key's over `payload`. Never if they are of different kinds, or either is malformed.
	pub fn verify(&self, payload: &[u8], signature: &VoucherSignature) -> bool {
		match (*self, *signature) {
			(Self::Sr25519(key), VoucherSignature::Sr25519(signature)) => sr25519_verify(
				&sr25519::Signature::from_raw(signature),
				payload,
				&sr25519::Public::from_raw(key),
			),
			(Self::Ed25519(key), VoucherSignature::Ed25519(signature)) => ed25519_verify(
				&ed25519::Signature::from_raw(signature),
				payload,
				&ed25519::Public::from_raw(key),
			),
			_ => false,
		}
	}
}

channel_type! {
	/// What a customer owes its provider. Every count runs from the opening of the channel.
	pub struct Voucher {
		/// The channel.
		pub channel: ChannelId,
		/// Inner IP bytes towards the customer.
		pub bytes_down: u64,
		/// Inner IP bytes from the customer.
		pub bytes_up: u64,
		/// Credits earned: the only number that is money.
		pub credits: Credits,
		/// Number of the voucher in its channel.
		pub sequence: u64,
	}
}

channel_type! {
	/// A voucher with its signature.
	pub struct SignedVoucher {
		/// What is owed.
		pub voucher: Voucher,
		/// Signature of the channel's key over [`voucher_payload`].
		pub signature: VoucherSignature,
	}
}

impl SignedVoucher {
	/// Whether `key` signed it for the chain whose first block has the hash `genesis`.
	pub fn verify(&self, genesis: &[u8; 32], key: &VoucherKey) -> bool {
		key.verify(&voucher_payload(genesis, &self.voucher), &self.signature)
	}
}

channel_type! {
	/// Why a channel pays nothing for a voucher. The reasons are looked for in this order.
	pub enum VoucherRefusal {
		/// There is no such channel, or none any more.
		#[codec(index = 0)]
		UnknownChannel,
		/// The channel is another provider's.
		#[codec(index = 1)]
		WrongProvider,
		/// The channel's key did not sign it for this chain.
		#[codec(index = 2)]
		BadSignature,
		/// It asks for more credits than its bytes cost.
		#[codec(index = 3)]
		AboveCharge,
		/// It asks for no more credits than the channel has paid.
		#[codec(index = 4)]
		NothingNew,
		/// The channel holds nothing any more.
		#[codec(index = 5)]
		Drained,
	}
}

impl From<Refusal> for VoucherRefusal {
	fn from(refusal: Refusal) -> Self {
		match refusal {
			Refusal::AboveCharge => Self::AboveCharge,
			Refusal::NothingNew => Self::NothingNew,
			Refusal::Drained => Self::Drained,
		}
	}
}

/// What the channel's key signs: it binds domain, genesis and the whole voucher.
pub fn voucher_payload(genesis: &[u8; 32], voucher: &Voucher) -> Vec<u8> {
	(VOUCHER_DOMAIN, genesis, voucher).encode()
}

/// What the provider's probe key signs to close `channel` at once for `credits` in all: it binds domain, genesis, channel and
/// credits.
pub fn close_payload(genesis: &[u8; 32], channel: ChannelId, credits: Credits) -> Vec<u8> {
	(CLOSE_DOMAIN, genesis, channel, credits).encode()
}

/// Whether the provider's `key` signed that `channel` closes at once for `credits` in all.
pub fn verify_close(
	genesis: &[u8; 32],
	channel: ChannelId,
	credits: Credits,
	key: &ProbeKey,
	signature: &ProbeSignature,
) -> bool {
	key.verify(&close_payload(genesis, channel, credits), signature)
}

#[cfg(test)]
mod tests {
	use super::*;
	use polkadot_sdk::sp_core::Pair;

	const GENESIS: [u8; 32] = [0xa0; 32];
	const VOUCHER: Voucher = Voucher {
		channel: 258,
		bytes_down: 1_000_000_000,
		bytes_up: 234_567_890,
		credits: 61_729,
		sequence: 3,
	};
	const ENCODED: [u8; 48] = [
		2, 1, 0, 0, 0, 0, 0, 0, // channel
		0, 202, 154, 59, 0, 0, 0, 0, // bytes down
		210, 56, 251, 13, 0, 0, 0, 0, // bytes up
		33, 241, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // credits
		3, 0, 0, 0, 0, 0, 0, 0, // sequence
	];
	// Computed from the bytes above without this code, for the secret key of 32 nines.
	const ED25519_KEY: [u8; 32] = [
		253, 23, 36, 56, 90, 160, 199, 91, 100, 251, 120, 205, 96, 47, 161, 217, 145, 253, 235, 247, 107, 19,
		197, 142, 215, 2, 234, 200, 53, 233, 246, 24,
	];
	const ED25519_SIGNATURE: [u8; 64] = [
		214, 137, 236, 79, 163, 184, 103, 115, 184, 109, 131, 249, 166, 74, 234, 120, 129, 181, 196, 123, 59,
		240, 51, 29, 95, 53, 24, 55, 186, 96, 116, 234, 62, 33, 155, 200, 102, 170, 175, 85, 63, 33, 184,
		157, 84, 153, 171, 178, 217, 159, 245, 252, 163, 251, 174, 4, 143, 82, 18, 9, 104, 114, 61, 3,
	];

	fn sr25519_pair(seed: u8) -> sr25519::Pair {
		sr25519::Pair::from_seed(&[seed; 32])
	}

	fn ed25519_pair(seed: u8) -> ed25519::Pair {
		ed25519::Pair::from_seed(&[seed; 32])
	}

	/// The voucher by a key of either kind, for [`GENESIS`].
	fn signed(voucher: Voucher) -> [(VoucherKey, SignedVoucher); 2] {
		let payload = voucher_payload(&GENESIS, &voucher);
		let (sr25519, ed25519) = (sr25519_pair(1), ed25519_pair(1));
		let by_sr25519 = VoucherSignature::Sr25519(sr25519.sign(&payload).0);
		let by_ed25519 = VoucherSignature::Ed25519(ed25519.sign(&payload).0);
		[
			(VoucherKey::Sr25519(sr25519.public().0), SignedVoucher { voucher, signature: by_sr25519 }),
			(VoucherKey::Ed25519(ed25519.public().0), SignedVoucher { voucher, signature: by_ed25519 }),
		]
	}

	#[test]
	fn voucher_should_encode_as_published() {
		assert_eq!(VOUCHER.encode(), ENCODED);
		let payload = [b"weir/voucher/v1\0".as_slice(), &[0xa0; 32], &ENCODED].concat();
		assert_eq!(voucher_payload(&GENESIS, &VOUCHER), payload);
		for (signature, end) in [
			(VoucherSignature::Sr25519([6; 64]), [&[0][..], &[6; 64]].concat()),
			(VoucherSignature::Ed25519([7; 64]), [&[1][..], &[7; 64]].concat()),
		] {
			let bytes = [&ENCODED[..], &end].concat();
			assert_eq!(SignedVoucher { voucher: VOUCHER, signature }.encode(), bytes);
			assert_eq!(bytes.len(), SignedVoucher::max_encoded_len());
		}
		assert_eq!(SignedVoucher::max_encoded_len(), 113);
	}

	#[test]
	fn voucher_key_should_encode_as_published() {
		assert_eq!(VoucherKey::Sr25519([8; 32]).encode(), [&[0][..], &[8; 32]].concat());
		assert_eq!(VoucherKey::Ed25519([9; 32]).encode(), [&[1][..], &[9; 32]].concat());
	}

	#[test]
	fn close_should_encode_as_published() {
		let end = [2, 1, 0, 0, 0, 0, 0, 0, 33, 241, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
		let payload = [b"weir/close/v1\0\0\0".as_slice(), &[0xa0; 32], &end].concat();
		assert_eq!(close_payload(&GENESIS, 258, 61_729), payload);
	}

	#[test]
	fn refusals_should_encode_as_published() {
		let refusals = [
			VoucherRefusal::UnknownChannel,
			VoucherRefusal::WrongProvider,
			VoucherRefusal::BadSignature,
			Refusal::AboveCharge.into(),
			Refusal::NothingNew.into(),
			Refusal::Drained.into(),
		];
		assert_eq!(refusals.map(|refusal| refusal.encode()).concat(), [0, 1, 2, 3, 4, 5]);
	}

	#[test]
	fn voucher_should_verify_when_another_implementation_signed_it() {
		assert_eq!(ed25519_pair(9).public().0, ED25519_KEY);
		let signature = VoucherSignature::Ed25519(ED25519_SIGNATURE);
		let signed = SignedVoucher { voucher: VOUCHER, signature };
		assert!(signed.verify(&GENESIS, &VoucherKey::Ed25519(ED25519_KEY)));
	}

	#[test]
	fn voucher_should_verify_for_its_chain_only() {
		for (key, signed) in signed(VOUCHER) {
			assert!(signed.verify(&GENESIS, &key));
			assert!(!signed.verify(&[0xa1; 32], &key));
		}
	}

	#[test]
	fn voucher_should_not_verify_when_a_number_of_it_was_changed() {
		for (key, signed) in signed(VOUCHER) {
			for voucher in [
				Voucher { channel: 259, ..VOUCHER },
				Voucher { bytes_down: 1_000_000_001, ..VOUCHER },
				Voucher { bytes_up: 234_567_891, ..VOUCHER },
				Voucher { credits: 61_730, ..VOUCHER },
				Voucher { sequence: 4, ..VOUCHER },
			] {
				assert!(!SignedVoucher { voucher, ..signed }.verify(&GENESIS, &key), "{voucher:?}");
			}
		}
	}

	#[test]
	fn voucher_should_not_verify_by_another_key() {
		let [(sr25519, by_sr25519), (ed25519, by_ed25519)] = signed(VOUCHER);
		let others = [
			VoucherKey::Sr25519(sr25519_pair(2).public().0),
			VoucherKey::Ed25519(ed25519_pair(2).public().0),
			// Nobody has these.
			VoucherKey::Sr25519([0xff; 32]),
			VoucherKey::Ed25519([0xff; 32]),
		];
		for key in others.iter().chain([&ed25519]) {
			assert!(!by_sr25519.verify(&GENESIS, key), "{key:?}");
		}
		for key in others.iter().chain([&sr25519]) {
			assert!(!by_ed25519.verify(&GENESIS, key), "{key:?}");
		}
	}

	#[test]
	fn voucher_should_not_verify_when_its_signature_names_another_kind() {
		let [(sr25519, by_sr25519), (ed25519, by_ed25519)] = signed(VOUCHER);
		let (VoucherSignature::Sr25519(first), VoucherSignature::Ed25519(second)) =
			(by_sr25519.signature, by_ed25519.signature)
		else {
			unreachable!("the kinds of `signed`");
		};
		for (signature, key) in
			[(VoucherSignature::Ed25519(first), sr25519), (VoucherSignature::Sr25519(second), ed25519)]
		{
			assert!(!SignedVoucher { voucher: VOUCHER, signature }.verify(&GENESIS, &key));
		}
	}

	#[test]
	fn close_should_verify_for_its_chain_channel_credits_and_key_only() {
		let (pair, other) = (sr25519_pair(3), sr25519_pair(4));
		let signature = ProbeSignature::from(pair.sign(&close_payload(&GENESIS, 258, 61_729)));
		let verifies = |genesis: [u8; 32], channel, credits, pair: &sr25519::Pair| {
			verify_close(&genesis, channel, credits, &ProbeKey::from(pair.public()), &signature)
		};
		assert!(verifies(GENESIS, 258, 61_729, &pair));
		assert!(!verifies([0xa1; 32], 258, 61_729, &pair));
		assert!(!verifies(GENESIS, 259, 61_729, &pair));
		assert!(!verifies(GENESIS, 258, 61_730, &pair));
		assert!(!verifies(GENESIS, 258, 61_729, &other));
	}

	#[test]
	fn close_should_not_verify_when_a_voucher_was_signed() {
		let pair = sr25519_pair(3);
		let signature = ProbeSignature::from(pair.sign(&voucher_payload(&GENESIS, &VOUCHER)));
		assert!(!verify_close(&GENESIS, 258, 61_729, &ProbeKey::from(pair.public()), &signature));
	}
}
