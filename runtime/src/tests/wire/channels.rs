//! Calls and reads of payment channels, as tools encode and decode them.

use super::{account, api_of, call, key, region};
use crate::*;
use pallet_channels::{Call, Opening};
use weir_primitives::{
	channel::{SignedVoucher, Voucher, VoucherKey, VoucherSignature},
	channels_api::{
		runtime_decl_for_channels_api::ChannelsApi, AccountChannel, ChannelInfo, ChannelState, OfferInfo,
		PlanInfo, ProviderChannels, ProviderEarnings,
	},
	economy_api::{Earned, FeeInfo},
};

const API: &str = "ChannelsApi";

fn signed(signature: VoucherSignature) -> SignedVoucher {
	let voucher = Voucher {
		channel: 258,
		bytes_down: 1_000_000_000,
		bytes_up: 234_567_890,
		credits: 61_729,
		sequence: 3,
	};
	SignedVoucher { voucher, signature }
}

pub(super) fn calls() -> Vec<String> {
	let opening = Opening {
		provider: account(7),
		credits: 5_000_000,
		voucher_key: VoucherKey::Ed25519([4; 32]),
		expiry: 70,
		boost: 150,
		terms_hash: [5; 32],
		from_plan: true,
	};
	let by_sr25519 = signed(VoucherSignature::Sr25519([9; 64]));
	let by_ed25519 = signed(VoucherSignature::Ed25519([10; 64]));
	let vouchers = vec![by_sr25519, by_ed25519].try_into().expect("two vouchers");
	let signature = sp_core::sr25519::Signature::from_raw([9; 64]).into();
	vec![
		call(Call::open { opening: opening.clone() }),
		call(Call::open_for { customer: account(8), opening }),
		call(Call::top_up { channel: 258, credits: 5_000_000 }),
		call(Call::extend { channel: 258, expiry: 80 }),
		call(Call::claim { provider: account(7), vouchers }),
		call(Call::close { channel: 258, last: Some(by_ed25519) }),
		call(Call::close_agreed { channel: 258, credits: 61_729, signature }),
		call(Call::close_due { channel: 258 }),
		call(Call::subscribe { credits: 5_000_000 }),
		call(Call::lapse_plan { who: account(7) }),
	]
}

fn channel() -> ChannelInfo<AccountId> {
	ChannelInfo {
		id: 258,
		state: ChannelState::Closing,
		payer: account(6),
		customer: account(8),
		provider: account(7),
		voucher_key: VoucherKey::Sr25519([4; 32]),
		price: 75_000,
		boost: 150,
		terms_hash: [5; 32],
		region: region(),
		from_plan: true,
		deposited: 1,
		paid: 2,
		left: 3,
		expiry: 70,
		closes_from: 25,
		bytes_down: 4,
		bytes_up: 5,
		sequence: 6,
	}
}

pub(super) fn apis() -> Vec<String> {
	let row = AccountChannel { pays: true, uses: false, provides: true, channel: channel() };
	let plan =
		PlanInfo { current: 1, rolled: 2, lapsed: 3, until: 40, current_until: 70, most_price: 50_000 };
	let offer = OfferInfo {
		price: 50_000,
		boost: 150,
		boosted_price: Some(75_000),
		terms_hash: [5; 32],
		region: region(),
		probe_key: Some(key(3)),
		in_service: true,
		least_credits: 10_000,
		epoch: 20,
		latest_expiry: 380,
	};
	let earnings = ProviderEarnings {
		epoch: 20,
		fees: Earned { pending: 1, paid: 2 },
		fee_epochs: vec![FeeInfo { epoch: 19, credits: 3, tokens: Some(4) }],
		channels: ProviderChannels { open: 5, ending: 6, left: 7, first_close: Some(25), all_counted: true },
	};
	vec![
		api_of(API, "channel", Runtime::channel, 258, Some(channel())),
		api_of(
			API,
			"channels",
			|(who, after, limit)| Runtime::channels(who, after, limit),
			(account(7), Some(258), 100),
			vec![row],
		),
		api_of(API, "plan", Runtime::plan, account(7), Some(plan)),
		api_of(API, "offer", |(who, boost)| Runtime::offer(who, boost), (account(7), 150), Some(offer)),
		api_of(API, "provider_earnings", Runtime::provider_earnings, account(7), earnings),
	]
}
