//! What is stored of a channel.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use weir_math::economy::channel::{Funds, Plan};
use weir_primitives::{
	channel::{SignedVoucher, VoucherKey, VoucherRefusal},
	economy::Credits,
	EpochIndex, Region,
};

/// What the opener of a channel asks for.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Opening<AccountId> {
	/// Who is paid: a provider in service.
	pub provider: AccountId,
	/// Credits put into the channel.
	pub credits: Credits,
	/// Signs the vouchers.
	pub voucher_key: VoucherKey,
	/// First epoch in which the channel is no longer meant to be used.
	pub expiry: EpochIndex,
	/// Boost class, per cent of the provider's price, 100 to 300.
	pub boost: u16,
	/// Blake2-256 of the terms that the opener agreed to: what the chain says now must be the same.
	pub terms_hash: [u8; 32],
	/// Whether the credits come out of the payer's plan, and what is left goes back there.
	pub from_plan: bool,
}

/// A channel. Its terms never change.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Channel<AccountId> {
	/// Whose credits are in it, and who gets the rest.
	pub payer: AccountId,
	/// Who uses it: the payer, or whom it was given to. May end it as the payer may.
	pub customer: AccountId,
	/// Who is paid.
	pub provider: AccountId,
	/// Signs the vouchers.
	pub voucher_key: VoucherKey,
	/// Credits per 10⁹ bytes, the boost class worked in.
	pub price: u64,
	/// Boost class, per cent.
	pub boost: u16,
	/// The terms that it was opened under.
	pub terms_hash: [u8; 32],
	/// Where the provider stood then: what is paid counts for no other region.
	pub region: Region,
	/// Whether what is left goes back into the payer's plan.
	pub from_plan: bool,
	/// What was put in and what was paid out.
	pub funds: Funds,
	/// First epoch in which it is no longer meant to be used.
	pub expiry: EpochIndex,
	/// First epoch in which anybody may close it.
	pub closes_from: EpochIndex,
	/// Whether payer or customer have asked for its end.
	pub is_closing: bool,
	/// The last voucher that paid something. What it says of bytes is the customer's word.
	pub last: Usage,
}

/// What a voucher says beside money. The chain does not go by it.
#[derive(
	Clone, Copy, PartialEq, Eq, Default, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Usage {
	/// Bytes towards the customer since the channel was opened.
	pub bytes_down: u64,
	/// Bytes from the customer.
	pub bytes_up: u64,
	/// Number of the voucher.
	pub sequence: u64,
}

impl From<&SignedVoucher> for Usage {
	fn from(signed: &SignedVoucher) -> Self {
		let voucher = &signed.voucher;
		Self { bytes_down: voucher.bytes_down, bytes_up: voucher.bytes_up, sequence: voucher.sequence }
	}
}

/// Why a channel was closed.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum CloseCause {
	/// The provider wanted no more.
	#[codec(index = 0)]
	Provider,
	/// Both agreed on what was owed.
	#[codec(index = 1)]
	Agreed,
	/// Payer or customer asked for it, and the provider had its time.
	#[codec(index = 2)]
	Challenged,
	/// It expired.
	#[codec(index = 3)]
	Expired,
}

/// What is paid out of a channel at once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Payment<AccountId> {
	/// Who pays.
	pub payer: AccountId,
	/// How much.
	pub credits: Credits,
	/// The channel's region.
	pub region: Region,
}

/// What a batch of vouchers came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Batch<AccountId> {
	/// What they pay, one entry for each that pays.
	pub payments: alloc::vec::Vec<Payment<AccountId>>,
	/// Which vouchers count for nothing, and why.
	pub refused: alloc::vec::Vec<(u32, VoucherRefusal)>,
}

/// Credits put aside, and what channels out of them may cost.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Subscription {
	/// The credits.
	pub plan: Plan,
	/// Highest list price at which credits were put aside, credits per 10⁹ bytes.
	pub price: u64,
}
