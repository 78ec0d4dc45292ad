//! A paid session: who owes what, when it is paid, and what becomes of a customer that does not pay.
//!
//! * [`Payer`]: the customer's side. It counts, signs vouchers, and stops signing when the provider counts too much.
//! * [`Earner`]: the provider's side. It admits packets as far as they are paid for, and throttles, then stops.
//! * [`window`](mod@window): how much may move between two payments.
//!
//! Times are compared with each other only, and should be those of a clock that nobody sets.
//!
//! Every number runs from the opening of the channel, so that a new session, a lost message or a crash changes no sum.
//! Neither side lets its memory run ahead of its disk: the payer gives a voucher out to be stored
//! ([`Order::Store`]) before it gives it out to be sent, and the earner counts one only when it is told that it is stored
//! ([`Earner::check`], then [`Earner::stored`]).
//!
//! ```text
//! customer                                   provider
//!   Join {channel, WireGuard key, signature} ──▶   one live session for each channel
//!   ◀── Joined {keys, addresses, standing}         64 KiB are served before anything is paid
//!   Pay {voucher: a window ahead, counted} ──▶     checked, stored, counted
//!   ◀── Standing {charged, credits, …}
//!   ═══ packets, both count them ═══
//!   Pay … ──▶ ◀── Standing                         every half a window, or every 15 s
//!   Leave ──▶                                      after the voucher for all that was counted
//! ```
//!
//! # Who loses what
//!
//! Until it is trusted, a customer has paid for a window ahead, and can lose that. After [`GOOD_WINDOWS`] windows that were
//! paid in time it is served a window on credit, and the provider can lose that. A provider concedes what its customer says
//! was lost on the way, up to a sixteenth of all and a MiB: it is what a dishonest customer can save. A dishonest provider can get
//! no more than the customer has counted, but for the window ahead; packets that nobody asked for count, too.

pub mod earner;
pub mod payer;
pub mod window;

pub use earner::{Earner, Entry, Record};
pub use payer::{Asked, Dispute, Journal, Order, Payer};

use crate::{
	keys::ProbeKeypair,
	wire::{join_payload, Join},
	Micros, MILLI,
};
use weir_math::economy::{channel, units::GIGABYTE, wide};
use weir_primitives::{
	channel::{voucher_payload, ChannelId, SignedVoucher, Voucher, VoucherSignature},
	economy::Credits,
};

pub use weir_math::economy::channel::Funds;

/// Served to whoever has joined before anything is paid, once in a channel's life: enough to look up a name and to see
/// that the exit answers. It is part of what the first voucher pays.
pub const GREETING_BYTES: u64 = 64 << 10;
/// What a customer that has not paid is throttled to.
pub const THROTTLED_KBPS: u32 = 64;
/// What a throttled customer gets at most without paying: [`THROTTLED_KBPS`] from the first packet that is late until the
/// session is stopped, and a burst.
pub const RESERVE_BYTES: u64 = 512 << 10;
/// How late a voucher may be and cost no trust: a segment of the control plane may have been lost on the way.
pub const LATE: Micros = 2_000 * MILLI;
/// How long something may stay unpaid, and how long one missed window lasts.
pub const UNPAID: Micros = 30_000 * MILLI;
/// After this long a customer pays whatever is not paid, and asks how the channel stands.
pub const PAY_EVERY: Micros = 15_000 * MILLI;
/// Windows that have to be paid in time before one is served on credit.
pub const GOOD_WINDOWS: u8 = 3;
/// Missed windows, one after the other, after which nothing is served.
pub const MOST_MISSES: u8 = 3;

/// One MiB: on both sides, what may differ whatever the rest says.
const MIB: u64 = 1 << 20;

/// Which way a packet goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
	/// Towards the customer.
	Down,
	/// From the customer.
	Up,
}

/// The channel that pays for a session, from the chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Terms {
	/// Hash of the chain's first block.
	pub genesis: [u8; 32],
	/// The channel.
	pub channel: ChannelId,
	/// Credits per 10⁹ bytes, boost included.
	pub price_per_gb: u64,
	/// What was put into it, and what the chain has paid out of it.
	pub funds: Funds,
}

impl Terms {
	/// What `bytes` in all cost, as the chain has it.
	pub fn charge(&self, bytes: u64) -> Credits {
		// None only of more than 64 bits of bytes.
		channel::charge(bytes, 0, self.price_per_gb).unwrap_or(Credits::MAX)
	}

	/// The most bytes that cost no more than `credits`. Whatever is free of charge is paid for without end.
	pub fn bytes_for(&self, credits: Credits) -> u64 {
		let bytes = wide::mul_div_floor(credits, GIGABYTE, self.price_per_gb.into());
		bytes.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(u64::MAX)
	}
}

/// What one side would lose if the other one vanished now.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Exposure {
	/// Served and not paid, or paid and not served.
	pub bytes: u64,
	/// What they cost.
	pub credits: Credits,
}

/// The voucher, signed by the channel's key for the chain whose first block has the hash `genesis`.
pub fn sign_voucher(key: &ProbeKeypair, genesis: &[u8; 32], voucher: Voucher) -> SignedVoucher {
	let signature = VoucherSignature::Sr25519(key.sign(&voucher_payload(genesis, &voucher)));
	SignedVoucher { voucher, signature }
}

/// The channel's signature under a join: what [`crate::wire::Request::Join`] carries.
pub fn sign_join(key: &ProbeKeypair, join: &Join) -> VoucherSignature {
	VoucherSignature::Sr25519(key.sign(&join_payload(join)))
}

#[cfg(test)]
mod tests;
