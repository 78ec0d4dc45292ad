//! What bilateral receipts prove.

use crate::{audits::MAX_PROOFS, *};

use frame_support::{traits::ConstU32, BoundedVec};
use sp_application_crypto::RuntimeAppPublic;
use weir_math::{rate::kbps, schedule::window_millis};
use weir_primitives::{
	receipt::Bilateral, seams::ProviderRegistry, EpochIndex, Kbps, ProbeKey, ProbeSignature, ProviderIndex,
};

use polkadot_sdk::*;

const MICROS_PER_MILLI: u64 = 1_000;

/// A bilateral receipt of this runtime.
pub type ReceiptOf<T> = Bilateral<<T as frame_system::Config>::AccountId>;
/// What proves a report: at most one receipt for each entry an audit can draw.
pub type Proofs<T> = BoundedVec<ReceiptOf<T>, ConstU32<MAX_PROOFS>>;
/// What a dispute posts: at most one receipt per member.
pub type Posted<T> = BoundedVec<ReceiptOf<T>, ConstU32<MAX_MEMBERS>>;

impl<T: Config> Pallet<T> {
	/// Rates down and up that a receipt shows, kbps. Its window follows from its ordinal.
	pub(crate) fn rates_of(receipt: &ReceiptOf<T>) -> (Kbps, Kbps) {
		let millis = window_millis(&Self::timing(), receipt.test.ordinal);
		let micros = u64::from(millis).saturating_mul(MICROS_PER_MILLI);
		(kbps(receipt.down_bytes, micros), kbps(receipt.up_bytes, micros))
	}

	/// Whether the receipt is of `attestor`'s part of the test of `target` in `epoch`, on this chain. There is one test
	/// of a provider in an epoch.
	pub(crate) fn is_about(
		receipt: &ReceiptOf<T>,
		epoch: EpochIndex,
		target: &T::AccountId,
		attestor: &T::AccountId,
	) -> bool {
		let test = &receipt.test;
		test.genesis == Self::genesis_hash().0
			&& test.epoch == epoch
			&& test.target == *target
			&& test.attestor == *attestor
	}

	/// Whether both have signed, each with a key it had in the epoch of the test or has had since. The dearest of all
	/// checks, hence the last.
	pub(crate) fn is_signed(receipt: &ReceiptOf<T>, provider: ProviderIndex) -> bool {
		let payload = receipt.payload();
		let signed = |keys: &[ProbeKey], signature: [u8; 64]| {
			let signature = ProbeSignature::from(sp_core::sr25519::Signature::from_raw(signature));
			keys.iter().any(|key| key.verify(&payload, &signature))
		};
		let epoch = receipt.test.epoch;
		signed(&T::Registry::receipt_keys(provider, epoch), receipt.by_target)
			&& signed(&Self::seat_keys(&receipt.test.attestor, epoch), receipt.by_attestor)
	}
}
