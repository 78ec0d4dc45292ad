//! Who signs what. Each node has one key for everything: its account, its seat, its receipts.

use codec::Encode;
use polkadot_sdk::*;
use sp_core::{sr25519, Pair};
use sp_runtime::generic::Era;
use weir_primitives::{Caps, Claim, Endpoint, ExitClass, Kbps, LineKind, ProbeKey, Region, Role};
use weir_runtime::{
	AccountId, Balance, Nonce, Runtime, RuntimeCall, Signature, SignedPayload, TxExtension,
	UncheckedExtrinsic,
};

/// Wide prefixes (IPv4 /16) that addresses are spread over: as many as are public, rounded down.
pub const WIDE_PREFIXES: u32 = 40_000;
/// Where everybody is who says nothing else.
const REGION: Region = Region { country: *b"DE", kind: LineKind::Residential };
/// Port of every sidecar.
const PORT: u16 = 9_600;

/// An account with its keys and its address.
#[derive(Clone)]
pub struct Node {
	/// Signs everything.
	pub pair: sr25519::Pair,
	/// Its account.
	pub account: AccountId,
	/// Where its sidecar is.
	pub endpoint: Endpoint,
	/// Country that its line claims, and its seat.
	pub country: [u8; 2],
	/// Kind of its line.
	pub kind: LineKind,
}

impl Node {
	/// The `n`-th node, on a prefix of its own: wide prefixes are filled evenly.
	pub fn nth(n: u32) -> Self {
		let mut seed = [0; 32];
		seed[..4].copy_from_slice(&n.to_le_bytes());
		seed[4..12].copy_from_slice(b"weirnode");
		let pair = sr25519::Pair::from_seed(&seed);
		let account = AccountId::from(pair.public().0);
		let endpoint = Endpoint::V4 { addr: address(n), port: PORT };
		Self { pair, account, endpoint, country: REGION.country, kind: REGION.kind }
	}

	/// The same node at another address.
	pub fn at(self, addr: [u8; 4]) -> Self {
		Self { endpoint: Endpoint::V4 { addr, port: PORT }, ..self }
	}

	/// The same node in another country, or so it says.
	pub fn claiming(self, country: [u8; 2]) -> Self {
		Self { country, ..self }
	}

	/// The same node with a line of another kind, or so it says.
	pub fn of_kind(self, kind: LineKind) -> Self {
		Self { kind, ..self }
	}

	/// Where its line is, as it says.
	pub fn region(&self) -> Region {
		Region { country: self.country, kind: self.kind }
	}

	/// Public half of its key, as the protocol registers it.
	pub fn key(&self) -> ProbeKey {
		self.pair.public().into()
	}

	/// What a wallet makes of `call`, immortal and without a tip.
	pub fn signed(&self, nonce: Nonce, call: impl Into<RuntimeCall>) -> UncheckedExtrinsic {
		let (call, extension) = (call.into(), extension(nonce));
		let payload = SignedPayload::new(call.clone(), extension.clone()).expect("its parts can be encoded");
		let signature = Signature::from(payload.using_encoded(|bytes| self.pair.sign(bytes)));
		UncheckedExtrinsic::new_signed(call, self.account.clone().into(), signature, extension)
	}

	/// The bond of a provider.
	pub fn bond(&self, amount: Balance) -> pallet_node_staking::Call<Runtime> {
		pallet_node_staking::Call::bond { role: Role::Provider, amount }
	}

	/// The registration of its line.
	pub fn register(&self, claim: Claim) -> pallet_providers::Call<Runtime> {
		// An identity multihash of a protobuf-encoded Ed25519 key.
		let mut peer_id = vec![0x00, 0x24, 0x08, 0x01, 0x12, 0x20];
		peer_id.extend_from_slice(self.account.as_ref());
		let terms = pallet_providers::Terms {
			endpoint: self.endpoint,
			peer_id: peer_id.try_into().expect("38 bytes"),
			region: self.region(),
			exit: ExitClass::Web,
			price_credits_per_gb: 50_000,
			caps: Caps { rate_kbps: 0, gb_per_month: 0, sessions: 0 },
		};
		pallet_providers::Call::register { claim, terms, probe_key: Some(self.key()) }
	}

	/// The taking of its seat.
	pub fn take_seat(&self, uplink_kbps: Kbps) -> pallet_proof_of_bandwidth::Call<Runtime> {
		let (key, endpoint, country) = (self.key(), self.endpoint, self.country);
		pallet_proof_of_bandwidth::Call::take_seat { key, endpoint, uplink_kbps, country }
	}
}

/// A public address on a /24 of its own.
fn address(n: u32) -> [u8; 4] {
	address_in(n % WIDE_PREFIXES, (n / WIDE_PREFIXES) as u8)
}

/// An address in a /24 of the `wide`-th public /16. There are 193 times 256 of those.
pub fn address_in(wide: u32, narrow: u8) -> [u8; 4] {
	// Blocks of private and reserved addresses are left out by beginning at 24.0 and stepping over 100, 127, 169 to 203.
	let firsts = (24..=223u8).filter(|first| !matches!(first, 100 | 127 | 169 | 172 | 192 | 198 | 203));
	let first = firsts.into_iter().nth((wide / 256) as usize).expect("wide prefixes have 193 first bytes");
	[first, (wide % 256) as u8, narrow, 1]
}

/// What surrounds a transaction that never expires.
fn extension(nonce: Nonce) -> TxExtension {
	(
		frame_system::AuthorizeCall::new(),
		frame_system::CheckNonZeroSender::new(),
		frame_system::CheckSpecVersion::new(),
		frame_system::CheckTxVersion::new(),
		frame_system::CheckGenesis::new(),
		frame_system::CheckMortality::from(Era::Immortal),
		frame_system::CheckNonce::from(nonce),
		frame_system::CheckWeight::new(),
		pallet_transaction_payment::ChargeTransactionPayment::from(0),
		frame_metadata_hash_extension::CheckMetadataHash::new(false),
		frame_system::WeightReclaim::new(),
	)
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::collections::BTreeSet;

	#[test]
	fn nodes_should_each_have_a_public_prefix() {
		let nodes = [0, 1, 255, 256, 39_999, 40_000, 99_999, 1_000_000];
		let prefixes: BTreeSet<_> =
			nodes.iter().map(|n| Endpoint::V4 { addr: address(*n), port: PORT }).collect();
		assert_eq!(prefixes.len(), nodes.len());
		for n in (0..1_100_000).step_by(97) {
			let endpoint = Endpoint::V4 { addr: address(n), port: PORT };
			assert!(endpoint.is_public(), "{endpoint:?}");
		}
	}
}
