//! What wallets use to act for several accounts or several people.

use crate::*;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
	parameter_types,
	traits::{ConstU32, InstanceFilter},
};
use scale_info::TypeInfo;
use sp_runtime::traits::BlakeTwo256;

/// Deposit for `items` storage items of together `bytes` bytes: a tenth of a token each, and a thousandth.
const fn deposit(items: u32, bytes: u32) -> Balance {
	// Saturating never sets in: both sums are far from the largest balance.
	let (items, bytes) = (items as Balance, bytes as Balance);
	items.saturating_mul(WEIR / 10).saturating_add(bytes.saturating_mul(MILLIWEIR))
}

parameter_types! {
	/// Held for the list of an account's proxies,
	pub const ProxyDepositBase: Balance = deposit(1, 8);
	/// and for each of them.
	pub const ProxyDepositFactor: Balance = deposit(0, 33);
	/// Held for the list of a proxy's announcements,
	pub const AnnouncementDepositBase: Balance = deposit(1, 8);
	/// and for each of them.
	pub const AnnouncementDepositFactor: Balance = deposit(0, 66);
	/// Held while a call waits for signatures,
	pub const MultisigDepositBase: Balance = deposit(1, 88);
	/// and for each signature it needs.
	pub const MultisigDepositFactor: Balance = deposit(0, 32);
}

impl pallet_utility::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type PalletsOrigin = OriginCaller;
	type WeightInfo = pallet_utility::weights::SubstrateWeight<Runtime>;
}

/// What a proxy may do for its principal.
#[derive(
	Copy,
	Clone,
	Eq,
	PartialEq,
	Ord,
	PartialOrd,
	Debug,
	Default,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum ProxyType {
	/// Everything.
	#[default]
	#[codec(index = 0)]
	Any,
	/// Everything that moves no tokens out of the account and burns none of its: bonds, votes, claims.
	#[codec(index = 1)]
	NonTransfer,
	/// Running a node: its registration, its seat, its keys, its claims; no bond and no transfer.
	#[codec(index = 2)]
	Operation,
}

impl InstanceFilter<RuntimeCall> for ProxyType {
	fn filter(&self, call: &RuntimeCall) -> bool {
		match self {
			Self::Any => true,
			Self::NonTransfer => matches!(
				call,
				RuntimeCall::System(_)
					| RuntimeCall::Session(_)
					| RuntimeCall::NodeStaking(_)
					| RuntimeCall::Validators(_)
					| RuntimeCall::Providers(_)
					| RuntimeCall::ProofOfBandwidth(_)
					| RuntimeCall::Price(_)
					| RuntimeCall::Rewards(_)
					| RuntimeCall::Referenda(_)
					| RuntimeCall::ConvictionVoting(_)
					| RuntimeCall::Governance(_)
					| RuntimeCall::Utility(_)
					// It gives tokens back to the account.
					| RuntimeCall::BurnMint(pallet_burn_mint::Call::cancel_request { .. })
					// So do these, and none but the provider is paid.
					| RuntimeCall::Channels(pallet_channels::Call::claim { .. })
					| RuntimeCall::Channels(pallet_channels::Call::close { .. })
					| RuntimeCall::Channels(pallet_channels::Call::close_due { .. })
			),
			Self::Operation => matches!(
				call,
				RuntimeCall::Session(_)
					| RuntimeCall::Validators(_)
					| RuntimeCall::Providers(_)
					| RuntimeCall::ProofOfBandwidth(_)
					| RuntimeCall::Rewards(_)
					| RuntimeCall::Utility(_)
					// What its customers owe it.
					| RuntimeCall::Channels(pallet_channels::Call::claim { .. })
					| RuntimeCall::Channels(pallet_channels::Call::close { .. })
					| RuntimeCall::Channels(pallet_channels::Call::close_due { .. })
					// The key with which the node reports the price.
					| RuntimeCall::Price(pallet_price::Call::set_key { .. })
			),
		}
	}

	fn is_superset(&self, other: &Self) -> bool {
		self == other || matches!((self, other), (Self::Any, _) | (Self::NonTransfer, Self::Operation))
	}
}

impl pallet_proxy::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type Currency = Balances;
	type ProxyType = ProxyType;
	type ProxyDepositBase = ProxyDepositBase;
	type ProxyDepositFactor = ProxyDepositFactor;
	type MaxProxies = ConstU32<32>;
	type WeightInfo = pallet_proxy::weights::SubstrateWeight<Runtime>;
	type MaxPending = ConstU32<32>;
	type CallHasher = BlakeTwo256;
	type AnnouncementDepositBase = AnnouncementDepositBase;
	type AnnouncementDepositFactor = AnnouncementDepositFactor;
	type BlockNumberProvider = System;
}

impl pallet_multisig::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type Currency = Balances;
	type DepositBase = MultisigDepositBase;
	type DepositFactor = MultisigDepositFactor;
	type MaxSignatories = ConstU32<100>;
	type WeightInfo = pallet_multisig::weights::SubstrateWeight<Runtime>;
	type BlockNumberProvider = System;
}
