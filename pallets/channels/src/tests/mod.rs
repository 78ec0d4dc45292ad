//! Tests by topic; every one ends in the invariants.

mod claims;
mod closing;
mod invariants;
mod opening;
mod plans;
mod properties;
mod queries;
mod sweeping;

use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok};
use weir_primitives::{
	channel::{ChannelId, SignedVoucher, VoucherRefusal},
	economy::Credits,
	EpochIndex,
};

pub(crate) fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

/// Opens a channel for its payer.
pub(crate) fn open_by(payer: AccountId, opening: Opening<AccountId>) -> ChannelId {
	let channel = NextId::<Test>::get();
	assert_ok!(Payments::open(signed(payer), opening));
	channel
}

/// Opens a channel of so many credits of Alice for fifty epochs.
pub(crate) fn open(credits: Credits) -> ChannelId {
	open_by(ALICE, opening(credits))
}

/// The same for Bob to use.
pub(crate) fn open_gift(credits: Credits) -> ChannelId {
	let channel = NextId::<Test>::get();
	assert_ok!(Payments::open_for(signed(ALICE), BOB, opening(credits)));
	channel
}

pub(crate) fn record(channel: ChannelId) -> Channel<AccountId> {
	Channels::<Test>::get(channel).unwrap()
}

/// Credits that a channel has paid, and that it still holds.
pub(crate) fn funds(channel: ChannelId) -> (Credits, Credits) {
	let funds = record(channel).funds;
	(funds.paid, funds.left())
}

pub(crate) fn many(vouchers: &[SignedVoucher]) -> pallet::Vouchers {
	vouchers.to_vec().try_into().unwrap()
}

/// The provider hands vouchers in.
pub(crate) fn claim(vouchers: &[SignedVoucher]) {
	assert_ok!(Payments::claim(signed(PROVIDER), PROVIDER, many(vouchers)));
}

/// This pallet's events since the last time.
pub(crate) fn take_events() -> Vec<Event<Test>> {
	let events = System::events()
		.into_iter()
		.filter_map(|record| match record.event {
			RuntimeEvent::Payments(event) => Some(event),
			_ => None,
		})
		.collect();
	System::reset_events();
	events
}

/// Credits paid by each voucher that counted since the last time, and which did not for what reason.
pub(crate) fn take_outcome() -> (Vec<Credits>, Vec<(u32, VoucherRefusal)>) {
	let (mut paid, mut refused) = (vec![], vec![]);
	for event in take_events() {
		match event {
			Event::Claimed { credits, .. } => paid.push(credits),
			Event::VoucherRefused { index, reason } => refused.push((index, reason)),
			_ => {}
		}
	}
	(paid, refused)
}

pub(crate) fn enter(epoch: EpochIndex) {
	Epoch::set(&epoch);
}

/// Channels that are listed with an account.
pub(crate) fn listed(who: AccountId) -> Vec<ChannelId> {
	let mut channels: Vec<_> = OfAccount::<Test>::iter_key_prefix(who).collect();
	channels.sort();
	channels
}
