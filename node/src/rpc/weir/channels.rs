//! Payment channels, plans, and what providers offer and earn, as JSON. Amounts are in credits unless said otherwise.

use super::{
	earning::{Earned, EpochFees},
	results::{key, Block},
	texts::{Address, Amount, Hex, RegionName},
};
use serde::Serialize;
use weir_primitives::{
	channel::{self, ChannelId},
	channels_api::{self, AccountChannel, ChannelInfo, OfferInfo, PlanInfo, ProviderChannels},
};
use weir_runtime::AccountId;

result! {
	/// Where in its life a channel is. Its vouchers count in all of them.
	#[derive(Copy)]
	pub(crate) enum ChannelState {
		/// In use.
		Open,
		/// Payer or customer have asked for its end, and the provider has time to claim what it is owed.
		Closing,
		/// It has expired, and the provider has time to claim what it is owed.
		Expired,
		/// Anybody may close it, and an idle block will.
		Due,
	}
}

impl From<channels_api::ChannelState> for ChannelState {
	fn from(state: channels_api::ChannelState) -> Self {
		match state {
			channels_api::ChannelState::Open => Self::Open,
			channels_api::ChannelState::Closing => Self::Closing,
			channels_api::ChannelState::Expired => Self::Expired,
			channels_api::ChannelState::Due => Self::Due,
		}
	}
}

result! {
	/// Kind of the key that signs vouchers.
	#[derive(Copy)]
	pub(crate) enum KeyKind {
		/// Schnorrkel on Ristretto25519, signing context `substrate`.
		Sr25519,
		/// Ed25519.
		Ed25519,
	}
}

result! {
	/// Key that signs the vouchers of a channel.
	pub(crate) struct VoucherKey {
		/// Its kind.
		kind: KeyKind,
		/// Its public half.
		key: Hex,
	}
}

impl From<channel::VoucherKey> for VoucherKey {
	fn from(key: channel::VoucherKey) -> Self {
		match key {
			channel::VoucherKey::Sr25519(key) => Self { kind: KeyKind::Sr25519, key: Hex::of(key) },
			channel::VoucherKey::Ed25519(key) => Self { kind: KeyKind::Ed25519, key: Hex::of(key) },
		}
	}
}

result! {
	/// A channel that is not closed.
	pub(crate) struct Channel {
		/// Its number.
		id: ChannelId,
		/// Where in its life it is.
		state: ChannelState,
		/// Whose credits are in it, and who gets the rest.
		payer: Address,
		/// Who uses it: the payer, or whom it was given to.
		customer: Address,
		/// Who is paid.
		provider: Address,
		/// Signs its vouchers.
		voucher_key: VoucherKey,
		/// Credits per 10⁹ bytes, the boost class worked in. Fixed when it was opened.
		price: Amount,
		/// Boost class, per cent of the provider's price.
		boost_percent: u16,
		/// Blake2-256 of the terms that it was opened under.
		terms_hash: Hex,
		/// Where the provider stood then: what is paid counts as demand there, as long as it stands there.
		region: RegionName,
		/// Whether its credits come out of the payer's plan, and what is left goes back there.
		from_plan: bool,
		/// All that was ever put in.
		deposited: Amount,
		/// All that the provider was paid: a voucher counts from one credit more.
		paid: Amount,
		/// What it still holds.
		left: Amount,
		/// First epoch in which it is no longer meant to be used.
		expiry: u32,
		/// First epoch in which anybody may close it: what is claimed before is safe.
		closes_from: u32,
		/// Bytes towards the customer, by the last voucher that was paid: the customer's word.
		bytes_down: Amount,
		/// Bytes from the customer, likewise.
		bytes_up: Amount,
		/// Number of that voucher.
		sequence: Amount,
	}
}

impl From<ChannelInfo<AccountId>> for Channel {
	fn from(info: ChannelInfo<AccountId>) -> Self {
		let ChannelInfo {
			id,
			state,
			payer,
			customer,
			provider,
			voucher_key,
			price,
			boost,
			terms_hash,
			region,
			from_plan,
			deposited,
			paid,
			left,
			expiry,
			closes_from,
			bytes_down,
			bytes_up,
			sequence,
		} = info;
		Self {
			id,
			state: state.into(),
			payer: Address::from(&payer),
			customer: Address::from(&customer),
			provider: Address::from(&provider),
			voucher_key: voucher_key.into(),
			price: price.into(),
			boost_percent: boost,
			terms_hash: Hex::of(terms_hash),
			region: region.into(),
			from_plan,
			deposited: deposited.into(),
			paid: paid.into(),
			left: left.into(),
			expiry,
			closes_from,
			bytes_down: bytes_down.into(),
			bytes_up: bytes_up.into(),
			sequence: sequence.into(),
		}
	}
}

result! {
	/// A channel of an account, and which part the account has in it: one at least.
	pub(crate) struct ChannelRow {
		/// Whether the account pays for it.
		pays: bool,
		/// Whether the account uses it.
		uses: bool,
		/// Whether the account is paid by it.
		provides: bool,
		/// The channel.
		channel: Channel,
	}
}

impl From<AccountChannel<AccountId>> for ChannelRow {
	fn from(row: AccountChannel<AccountId>) -> Self {
		let AccountChannel { pays, uses, provides, channel } = row;
		Self { pays, uses, provides, channel: channel.into() }
	}
}

result! {
	/// One page of the channels of an account.
	pub(crate) struct ChannelPage {
		/// The block whose state the page shows.
		block: Block,
		/// The rows, in an order that does not change: not that of their numbers.
		channels: Vec<ChannelRow>,
		/// What to ask the next page with; null at the end.
		next_cursor: Option<ChannelId>,
	}
}

impl ChannelPage {
	/// The rows in `block` when `limit` were asked for.
	pub(super) fn new(block: Block, rows: Vec<AccountChannel<AccountId>>, limit: u32) -> Self {
		let is_full = rows.len() >= limit as usize;
		let next_cursor = rows.last().map(|row| row.channel.id).filter(|_| is_full);
		Self { block, channels: rows.into_iter().map(ChannelRow::from).collect(), next_cursor }
	}
}

result! {
	/// Credits put aside for months of use, as of the block. With those in channels they are the account's locked ones.
	pub(crate) struct Plan {
		/// The block.
		block: Block,
		/// The account.
		account: Address,
		/// Of the running month.
		current: Amount,
		/// Of the month before. They are used first.
		rolled: Amount,
		/// What was not used in time. It leaves the account when the plan is next touched (`lapsePlan`, by anybody), unless its
		/// tokens are still to be bought: then it is good for another month.
		lapsed: Amount,
		/// First epoch of the next month: what is rolled now has lapsed then, and what is current is rolled.
		until: u32,
		/// First epoch in which what is current now has lapsed.
		current_until: u32,
		/// The most that a channel out of it may cost, credits per 10⁹ bytes, the boost class worked in.
		most_price: Amount,
	}
}

impl Plan {
	/// The plan of `account` in `block`.
	pub(super) fn new(block: Block, account: &AccountId, info: PlanInfo) -> Self {
		let PlanInfo { current, rolled, lapsed, until, current_until, most_price } = info;
		Self {
			block,
			account: Address::from(account),
			current: current.into(),
			rolled: rolled.into(),
			lapsed: lapsed.into(),
			until,
			current_until,
			most_price: most_price.into(),
		}
	}
}

result! {
	/// What a provider offers, and what a channel to it has to say when it is opened.
	pub(crate) struct Offer {
		/// The block.
		block: Block,
		/// The provider.
		provider: Address,
		/// Where it stands.
		region: RegionName,
		/// Credits per 10⁹ bytes.
		price: Amount,
		/// The boost class that was asked for, per cent.
		boost_percent: u16,
		/// Credits per 10⁹ bytes in that class: what a channel opened now costs for as long as it is open. Null if that does not fit.
		boosted_price: Option<Amount>,
		/// Blake2-256 of the registered terms: what `open` has to name.
		terms_hash: Hex,
		/// Signs what the provider agrees to (sr25519); null if no end can be agreed with it.
		probe_key: Option<Hex>,
		/// Whether a channel to it may be opened.
		in_service: bool,
		/// The least that a channel is opened or topped up with.
		least_credits: Amount,
		/// The running epoch: a channel expires in a later one.
		epoch: u32,
		/// The last epoch in which a channel opened now may expire.
		latest_expiry: u32,
	}
}

impl Offer {
	/// What `provider` offers in `block`.
	pub(super) fn new(block: Block, provider: &AccountId, info: OfferInfo) -> Self {
		let OfferInfo {
			price,
			boost,
			boosted_price,
			terms_hash,
			region,
			probe_key,
			in_service,
			least_credits,
			epoch,
			latest_expiry,
		} = info;
		Self {
			block,
			provider: Address::from(provider),
			region: region.into(),
			price: price.into(),
			boost_percent: boost,
			boosted_price: boosted_price.map(Amount::from),
			terms_hash: Hex::of(terms_hash),
			probe_key: probe_key.as_ref().map(key),
			in_service,
			least_credits: least_credits.into(),
			epoch,
			latest_expiry,
		}
	}
}

result! {
	/// What the channels to a provider hold.
	pub(crate) struct ChannelSum {
		/// How many are open, whatever their state.
		open: u32,
		/// Of how many of these the end has begun: asked for, expired or due.
		ending: u32,
		/// What they still hold. Vouchers that were not handed in are a part of it.
		left: Amount,
		/// The first epoch in which anybody may close one of them; null without channels. What is owed is claimed before.
		first_close: Option<u32>,
		/// Whether these are all: of more than 4,096 the others are not counted, and `weir_channels` shows them.
		all_counted: bool,
	}
}

impl From<ProviderChannels> for ChannelSum {
	fn from(channels: ProviderChannels) -> Self {
		let ProviderChannels { open, ending, left, first_close, all_counted } = channels;
		Self { open, ending, left: left.into(), first_close, all_counted }
	}
}

result! {
	/// What a provider has earned by vouchers, and what may still come.
	pub(crate) struct ProviderEarnings {
		/// The block.
		block: Block,
		/// The provider.
		provider: Address,
		/// The running epoch.
		epoch: u32,
		/// Fees as far as they are settled, grains.
		fees: Earned,
		/// Fees not paid out yet, by the epoch in which they were claimed, the running one included. At most 100 epochs from the
		/// first.
		fee_epochs: Vec<EpochFees>,
		/// The channels to it.
		channels: ChannelSum,
	}
}

impl ProviderEarnings {
	/// What `provider` has earned, as `block` has it.
	pub(super) fn new(block: Block, provider: &AccountId, info: channels_api::ProviderEarnings) -> Self {
		let channels_api::ProviderEarnings { epoch, fees, fee_epochs, channels } = info;
		Self {
			block,
			provider: Address::from(provider),
			epoch,
			fees: fees.into(),
			fee_epochs: fee_epochs.into_iter().map(EpochFees::from).collect(),
			channels: channels.into(),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::{json, to_value, Value};
	use weir_primitives::{economy_api, LineKind, Region};

	fn block() -> Block {
		Block::new(Default::default(), 7)
	}

	fn account(n: u8) -> AccountId {
		[n; 32].into()
	}

	fn info(id: ChannelId) -> ChannelInfo<AccountId> {
		ChannelInfo {
			id,
			state: channels_api::ChannelState::Closing,
			payer: account(1),
			customer: account(2),
			provider: account(3),
			voucher_key: channel::VoucherKey::Ed25519([4; 32]),
			price: 75_000,
			boost: 150,
			terms_hash: [5; 32],
			region: Region { country: *b"DE", kind: LineKind::Residential },
			from_plan: true,
			deposited: 1_000,
			paid: 400,
			left: 600,
			expiry: 70,
			closes_from: 25,
			bytes_down: u64::MAX,
			bytes_up: 6,
			sequence: 8,
		}
	}

	#[test]
	fn channel_should_be_shown_with_its_key_and_no_digit_lost() {
		let shown = to_value(Channel::from(info(9))).unwrap();
		assert_eq!((&shown["id"], &shown["state"]), (&json!(9), &json!("closing")));
		let key = format!("0x{}", "04".repeat(32));
		assert_eq!(shown["voucherKey"], json!({ "kind": "ed25519", "key": key }));
		assert_eq!((&shown["price"], &shown["boostPercent"]), (&json!("75000"), &json!(150)));
		assert_eq!(
			(&shown["deposited"], &shown["paid"], &shown["left"]),
			(&json!("1000"), &json!("400"), &json!("600"))
		);
		assert_eq!((&shown["bytesDown"], &shown["bytesUp"]), (&json!(u64::MAX.to_string()), &json!("6")));
		assert_eq!((&shown["expiry"], &shown["closesFrom"]), (&json!(70), &json!(25)));
		let parts = ["payer", "customer", "provider"].map(|part| shown[part].clone());
		assert_eq!(parts, [1, 2, 3].map(|n| to_value(Address::from(&account(n))).unwrap()));
	}

	#[test]
	fn page_should_name_the_next_one_when_it_is_full() {
		let row = |id| AccountChannel { pays: true, uses: false, provides: false, channel: info(id) };
		let page = |ids: &[ChannelId], limit| {
			let rows = ids.iter().map(|id| row(*id)).collect();
			to_value(ChannelPage::new(block(), rows, limit)).unwrap()
		};
		let full = page(&[12, 5], 2);
		assert_eq!((&full["nextCursor"], &full["channels"][1]["channel"]["id"]), (&json!(5), &json!(5)));
		assert_eq!(
			(&full["channels"][0]["pays"], &full["channels"][0]["uses"]),
			(&json!(true), &json!(false))
		);
		assert_eq!(page(&[12, 5], 3)["nextCursor"], Value::Null);
		assert_eq!(page(&[], 1)["nextCursor"], Value::Null);
	}

	#[test]
	fn plan_and_offer_should_be_shown_in_credits() {
		let plan =
			PlanInfo { current: 1, rolled: 2, lapsed: 3, until: 40, current_until: 70, most_price: 50_000 };
		let shown = to_value(Plan::new(block(), &account(1), plan)).unwrap();
		assert_eq!(
			(&shown["current"], &shown["rolled"], &shown["lapsed"]),
			(&json!("1"), &json!("2"), &json!("3"))
		);
		assert_eq!((&shown["until"], &shown["currentUntil"]), (&json!(40), &json!(70)));
		assert_eq!(shown["mostPrice"], "50000");

		let offer = OfferInfo {
			price: 50_000,
			boost: 150,
			boosted_price: Some(75_000),
			terms_hash: [5; 32],
			region: Region { country: *b"DE", kind: LineKind::Residential },
			probe_key: None,
			in_service: true,
			least_credits: 10_000,
			epoch: 20,
			latest_expiry: 380,
		};
		let shown = to_value(Offer::new(block(), &account(3), offer)).unwrap();
		assert_eq!((&shown["price"], &shown["boostedPrice"]), (&json!("50000"), &json!("75000")));
		assert_eq!(
			(&shown["termsHash"], &shown["probeKey"]),
			(&json!(format!("0x{}", "05".repeat(32))), &Value::Null)
		);
		assert_eq!((&shown["region"], &shown["latestExpiry"]), (&json!("DE-res"), &json!(380)));
	}

	#[test]
	fn earnings_should_be_shown_with_what_channels_still_hold() {
		let info = channels_api::ProviderEarnings {
			epoch: 12,
			fees: economy_api::Earned { pending: 4, paid: 5 },
			fee_epochs: vec![economy_api::FeeInfo { epoch: 12, credits: 700, tokens: None }],
			channels: ProviderChannels { open: 3, ending: 1, left: 9, first_close: None, all_counted: true },
		};
		let shown = to_value(ProviderEarnings::new(block(), &account(3), info)).unwrap();
		assert_eq!(shown["fees"], json!({ "pending": "4", "paid": "5" }));
		assert_eq!(shown["feeEpochs"], json!([{ "epoch": 12, "credits": "700", "tokens": null }]));
		let channels = json!({ "open": 3, "ending": 1, "left": "9", "firstClose": null, "allCounted": true });
		assert_eq!(shown["channels"], channels);
	}
}
