//! The chain's own basic types, named once for node and runtime.

use polkadot_sdk::{
	sp_core::H256,
	sp_runtime::{
		generic,
		traits::{BlakeTwo256, IdentifyAccount, Verify},
		MultiSignature, OpaqueExtrinsic,
	},
};

/// Height of a block.
pub type BlockNumber = u32;
/// Token amount in grains: 10¹² grains are one token.
pub type Balance = u128;
/// Number of transactions an account has sent.
pub type Nonce = u32;
/// Hash of blocks, extrinsics and storage.
pub type Hash = H256;
/// Any of the three signature schemes a wallet may use.
pub type Signature = MultiSignature;
/// A 32-byte account.
pub type AccountId = <<Signature as Verify>::Signer as IdentifyAccount>::AccountId;
/// Block header.
pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
/// Block whose extrinsics are left undecoded: what the node handles.
pub type OpaqueBlock = generic::Block<Header, OpaqueExtrinsic>;

/// One token in grains.
pub const WEIR: Balance = 1_000_000_000_000;
/// A thousandth of a token in grains.
pub const MILLIWEIR: Balance = 1_000_000_000;
/// Prefix of addresses (SS58).
pub const SS58_PREFIX: u16 = 42;
