//! Runtime API of payment channels: how wallet, explorer and sidecar read them. Amounts are in credits unless said otherwise;
//! an epoch of which something is so from its first block on is named as the first one.

use crate::{
	channel::{ChannelId, VoucherKey},
	economy::Credits,
	economy_api::{Earned, FeeInfo},
	types::{EpochIndex, ProbeKey, Region},
};
use alloc::vec::Vec;
use codec::{Codec, Decode, Encode};
use polkadot_sdk::sp_api;
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

pub use weir_math::economy::channel::{LEAST_BOOST_PERCENT, MOST_BOOST_PERCENT};

/// Rows that an answer holds at most, whatever is asked.
pub const MAX_ROWS: u32 = 100;
/// Open channels of a provider that [`ChannelsApi::provider_earnings`] looks at, at most.
pub const COUNTED_CHANNELS: u32 = 4_096;

macro_rules! answer {
	($item:item) => {
		#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
		$item
	};
}

/// Where in its life a channel is. Its vouchers count in all of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub enum ChannelState {
	/// In use.
	#[codec(index = 0)]
	Open,
	/// Payer or customer have asked for its end, and the provider has time to claim what it is owed.
	#[codec(index = 1)]
	Closing,
	/// It has expired, and the provider has time to claim what it is owed.
	#[codec(index = 2)]
	Expired,
	/// Anybody may close it, and an idle block will.
	#[codec(index = 3)]
	Due,
}

answer! {
	/// A channel that is not closed.
	pub struct ChannelInfo<AccountId> {
		/// Its number.
		pub id: ChannelId,
		/// Where in its life it is.
		pub state: ChannelState,
		/// Whose credits are in it, and who gets the rest.
		pub payer: AccountId,
		/// Who uses it: the payer, or whom it was given to.
		pub customer: AccountId,
		/// Who is paid.
		pub provider: AccountId,
		/// Signs its vouchers.
		pub voucher_key: VoucherKey,
		/// Credits per 10⁹ bytes, the boost class worked in. Fixed when it was opened.
		pub price: u64,
		/// Boost class, per cent of the provider's price.
		pub boost: u16,
		/// Blake2-256 of the terms that it was opened under.
		pub terms_hash: [u8; 32],
		/// Where the provider stood then: what is paid counts as demand there, as long as it stands there.
		pub region: Region,
		/// Whether its credits come out of the payer's plan, and what is left goes back there.
		pub from_plan: bool,
		/// All that was ever put in.
		pub deposited: Credits,
		/// All that the provider was paid: a voucher counts from one credit more.
		pub paid: Credits,
		/// What it still holds.
		pub left: Credits,
		/// First epoch in which it is no longer meant to be used.
		pub expiry: EpochIndex,
		/// First epoch in which anybody may close it: a claim of a block before that is safe.
		pub closes_from: EpochIndex,
		/// Bytes towards the customer, by the last voucher that was paid: the customer's word.
		pub bytes_down: u64,
		/// Bytes from the customer, likewise.
		pub bytes_up: u64,
		/// Number of that voucher.
		pub sequence: u64,
	}
}

answer! {
	/// A channel of an account, and which part the account has in it: one at least, and more than one mostly.
	pub struct AccountChannel<AccountId> {
		/// Whether the account pays for it.
		pub pays: bool,
		/// Whether the account uses it.
		pub uses: bool,
		/// Whether the account is paid by it.
		pub provides: bool,
		/// The channel.
		pub channel: ChannelInfo<AccountId>,
	}
}

answer! {
	/// Credits put aside for months of use, as of now. With those in channels they are the account's locked ones.
	pub struct PlanInfo {
		/// Of the running month.
		pub current: Credits,
		/// Of the month before. They are used first.
		pub rolled: Credits,
		/// What was not used in time. It leaves the account when the plan is next touched, by anybody, unless its tokens are
		/// still to be bought: then it is good for another month.
		pub lapsed: Credits,
		/// First epoch of the next month: what is rolled now has lapsed then, and what is current is rolled.
		pub until: EpochIndex,
		/// First epoch in which what is current now has lapsed.
		pub current_until: EpochIndex,
		/// The most that a channel out of it may cost, credits per 10⁹ bytes, the boost class worked in.
		pub most_price: u64,
	}
}

answer! {
	/// What a provider offers now, and what a channel to it has to say when it is opened.
	pub struct OfferInfo {
		/// Credits per 10⁹ bytes.
		pub price: u64,
		/// The boost class that was asked for, per cent.
		pub boost: u16,
		/// Credits per 10⁹ bytes in that class: what a channel opened now would cost for as long as it is open. None if there is no
		/// such class, or it does not fit.
		pub boosted_price: Option<u64>,
		/// Blake2-256 of the SCALE encoding of the registered terms: what `open` has to name.
		pub terms_hash: [u8; 32],
		/// Where it stands.
		pub region: Region,
		/// Signs what the provider agrees to; none if no end can be agreed with it.
		pub probe_key: Option<ProbeKey>,
		/// Whether a channel to it may be opened.
		pub in_service: bool,
		/// The least that a channel is opened or topped up with.
		pub least_credits: Credits,
		/// The running epoch: a channel expires in a later one.
		pub epoch: EpochIndex,
		/// The last epoch in which a channel opened now may expire.
		pub latest_expiry: EpochIndex,
	}
}

answer! {
	/// What the channels to one provider hold.
	pub struct ProviderChannels {
		/// How many are open, whatever their state.
		pub open: u32,
		/// Of how many of these the end has begun: asked for, expired or due.
		pub ending: u32,
		/// What they still hold. Vouchers that were not handed in are a part of it.
		pub left: Credits,
		/// The first epoch in which anybody may close one of them; none without channels. What is owed is claimed before.
		pub first_close: Option<EpochIndex>,
		/// Whether these are all: of more than [`COUNTED_CHANNELS`] the others are not counted.
		pub all_counted: bool,
	}
}

answer! {
	/// What a provider has earned by vouchers, and what may still come.
	pub struct ProviderEarnings {
		/// The running epoch.
		pub epoch: EpochIndex,
		/// Fees in grains, settled: what can be claimed, and what was.
		pub fees: Earned,
		/// Credits that are not converted yet, by the epoch in which they were claimed, and what they come to where the epoch
		/// is settled. The running epoch is among them. At most 100 epochs from the first.
		pub fee_epochs: Vec<FeeInfo>,
		/// The channels to it.
		pub channels: ProviderChannels,
	}
}

sp_api::decl_runtime_apis! {
	/// Reads of payment channels. Answers hold at most [`MAX_ROWS`] rows, whatever is asked.
	#[api_version(1)]
	pub trait ChannelsApi<AccountId> where AccountId: Codec {
		/// A channel that is not closed.
		fn channel(channel: ChannelId) -> Option<ChannelInfo<AccountId>>;
		/// Channels of an account in any part, after the one named, in an order that does not change: not that of their numbers.
		/// One that was opened meanwhile may come before.
		fn channels(who: AccountId, after: Option<ChannelId>, limit: u32) -> Vec<AccountChannel<AccountId>>;
		/// The plan of an account; none if nothing is in it.
		fn plan(who: AccountId) -> Option<PlanInfo>;
		/// What a provider offers in a boost class (per cent, 100 to 300); none if it is not registered.
		fn offer(provider: AccountId, boost: u16) -> Option<OfferInfo>;
		/// What a provider has earned by vouchers, and what its channels hold. Looks at [`COUNTED_CHANNELS`] channels at most.
		fn provider_earnings(provider: AccountId) -> ProviderEarnings;
	}
}
