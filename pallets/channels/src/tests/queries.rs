//! What wallets and sidecars are told.

use super::*;
use weir_math::economy::channel::{closes_from, CHALLENGE_EPOCHS, GRACE_EPOCHS, MAX_LIFE_EPOCHS};
use weir_primitives::channels_api::{
	ChannelInfo, ChannelState, OfferInfo, PlanInfo, ProviderChannels, COUNTED_CHANNELS, MAX_ROWS,
};

fn told(channel: ChannelId) -> ChannelInfo<AccountId> {
	Payments::channel(channel).unwrap()
}

#[test]
fn channel_should_be_told_as_long_as_it_is_not_closed() {
	build_and_execute(|| {
		let channel = open_by(ALICE, Opening { boost: 150, ..opening(1_000) });
		let new = ChannelInfo {
			id: channel,
			state: ChannelState::Open,
			payer: ALICE,
			customer: ALICE,
			provider: PROVIDER,
			voucher_key: SIGNER.key(),
			price: 75_000,
			boost: 150,
			terms_hash: TERMS,
			region: REGION,
			from_plan: false,
			deposited: 1_000,
			paid: 0,
			left: 1_000,
			expiry: START + 50,
			closes_from: START + 50 + GRACE_EPOCHS,
			bytes_down: 0,
			bytes_up: 0,
			sequence: 0,
		};
		assert_eq!(told(channel), new);
		claim(&[signed_voucher(channel, 400)]);
		let said = voucher(channel, 400);
		let claimed = ChannelInfo {
			paid: 400,
			left: 600,
			bytes_down: said.bytes_down,
			bytes_up: said.bytes_up,
			sequence: 1,
			..new
		};
		assert_eq!(told(channel), claimed);
		assert_eq!(Payments::channel(channel + 1), None);
		assert_ok!(Payments::close(signed(PROVIDER), channel, None));
		assert_eq!(Payments::channel(channel), None);
	});
}

#[test]
fn state_should_be_told_as_claims_come_to_an_end() {
	build_and_execute(|| {
		let (expiring, closing) = (open(1_000), open(1_000));
		assert_ok!(Payments::close(signed(ALICE), closing, None));
		let (expiry, end) = (START + 50, START + 1 + CHALLENGE_EPOCHS);
		for (epoch, state) in
			[(START, ChannelState::Closing), (end - 1, ChannelState::Closing), (end, ChannelState::Due)]
		{
			enter(epoch);
			assert_eq!(told(closing).state, state, "in {epoch}");
		}
		for (epoch, state) in [
			(expiry - 1, ChannelState::Open),
			(expiry, ChannelState::Expired),
			(closes_from(expiry) - 1, ChannelState::Expired),
			(closes_from(expiry), ChannelState::Due),
		] {
			enter(epoch);
			assert_eq!(told(expiring).state, state, "in {epoch}");
		}
	});
}

#[test]
fn channels_should_be_told_page_by_page_with_the_part_one_has_in_them() {
	build_and_execute(|| {
		let (own, gift) = (open(1_000), open_gift(1_000));
		let others = open_by(BOB, Opening { provider: OTHER, ..opening(1_000) });
		let all = |who| {
			let (mut all, mut after) = (vec![], None);
			while let [row] = &Payments::channels_of(&who, after, 1)[..] {
				assert_eq!(row.channel, told(row.channel.id));
				all.push((row.channel.id, (row.pays, row.uses, row.provides)));
				after = Some(row.channel.id);
			}
			// As one page says it.
			let page = Payments::channels_of(&who, None, 9);
			assert!(page.iter().map(|row| row.channel.id).eq(all.iter().map(|(id, _)| *id)));
			all.sort();
			all
		};
		assert_eq!(all(ALICE), [(own, (true, true, false)), (gift, (true, false, false))]);
		assert_eq!(all(BOB), [(gift, (false, true, false)), (others, (true, true, false))]);
		assert_eq!(all(PROVIDER), [(own, (false, false, true)), (gift, (false, false, true))]);
		assert_eq!(all(OTHER), [(others, (false, false, true))]);
		assert!(all(DAVE).is_empty() && Payments::channels_of(&ALICE, None, 0).is_empty());
	});
}

#[test]
fn page_should_never_be_longer_than_the_longest() {
	build_and_execute(|| {
		for _ in 0..MAX_ROWS + 1 {
			open(MIN);
		}
		let page = Payments::channels_of(&ALICE, None, u32::MAX);
		assert_eq!(page.len(), MAX_ROWS as usize);
		let last = page.last().map(|row| row.channel.id);
		assert_eq!(Payments::channels_of(&ALICE, last, u32::MAX).len(), 1);
	});
}

#[test]
fn page_should_go_on_after_a_channel_that_was_closed_meanwhile() {
	build_and_execute(|| {
		for _ in 0..3 {
			open(MIN);
		}
		let all: Vec<_> = Payments::channels_of(&ALICE, None, 9).iter().map(|row| row.channel.id).collect();
		assert_ok!(Payments::close(signed(PROVIDER), all[1], None));
		let rest = Payments::channels_of(&ALICE, Some(all[1]), 9);
		assert!(rest.iter().map(|row| row.channel.id).eq([all[2]]));
	});
}

#[test]
fn plan_should_be_told_as_of_now() {
	build_and_execute(|| {
		assert_eq!(Payments::plan(&ALICE), None);
		assert_ok!(Payments::subscribe(signed(ALICE), 1_000));
		let plan = |current, rolled, lapsed, months| PlanInfo {
			current,
			rolled,
			lapsed,
			until: START + months * MONTH,
			current_until: START + (months + 1) * MONTH,
			most_price: PRICE,
		};
		assert_eq!(Payments::plan(&ALICE), Some(plan(1_000, 0, 0, 1)));
		enter(START + MONTH);
		assert_eq!(Payments::plan(&ALICE), Some(plan(0, 1_000, 0, 2)));
		// What has lapsed is the account's until somebody touches it.
		enter(START + 2 * MONTH);
		assert_eq!(Payments::plan(&ALICE), Some(plan(0, 0, 1_000, 3)));
		assert_eq!((Plans::<Test>::get(ALICE).unwrap().plan.current, purse(ALICE).locked), (1_000, 1_000));
		assert_ok!(Payments::lapse_plan(signed(DAVE), ALICE));
		assert_eq!((Payments::plan(&ALICE), purse(ALICE).locked), (None, 0));
	});
}

#[test]
fn offer_should_be_what_a_channel_can_be_opened_by() {
	build_and_execute(|| {
		change_listing(PROVIDER, |listing| listing.price = 33_333);
		let offer = OfferInfo {
			price: 33_333,
			boost: 101,
			boosted_price: Some(33_667),
			terms_hash: TERMS,
			region: REGION,
			probe_key: Some(probe_key(PROVIDER)),
			in_service: true,
			least_credits: MIN,
			epoch: START,
			latest_expiry: START + MAX_LIFE_EPOCHS,
		};
		assert_eq!(Payments::offer(&PROVIDER, 101), Some(offer.clone()));
		let taken = Opening {
			credits: offer.least_credits,
			boost: offer.boost,
			terms_hash: offer.terms_hash,
			expiry: offer.latest_expiry,
			..opening(0)
		};
		let channel = open_by(ALICE, taken.clone());
		assert_eq!(Some(told(channel).price), offer.boosted_price);
		let late = Opening { expiry: offer.latest_expiry + 1, ..taken.clone() };
		assert_noop!(Payments::open(signed(ALICE), late), Error::<Test>::InvalidExpiry);
		let little = Opening { credits: offer.least_credits - 1, ..taken };
		assert_noop!(Payments::open(signed(ALICE), little), Error::<Test>::BelowMinimum);
	});
}

#[test]
fn offer_should_say_what_is_not_to_be_had() {
	build_and_execute(|| {
		for boost in [0, 99, 301, u16::MAX] {
			let offer = Payments::offer(&PROVIDER, boost).unwrap();
			assert_eq!((offer.price, offer.boost, offer.boosted_price), (PRICE, boost, None));
		}
		change_listing(PROVIDER, |listing| {
			listing.price = u64::MAX;
			listing.in_service = false;
			listing.has_key = false;
		});
		let offer = Payments::offer(&PROVIDER, 100).unwrap();
		assert_eq!((offer.boosted_price, offer.in_service, offer.probe_key), (Some(u64::MAX), false, None));
		assert_eq!(Payments::offer(&PROVIDER, 101).unwrap().boosted_price, None);
		assert_eq!(Payments::offer(&DAVE, 100), None);
	});
}

#[test]
fn channels_to_a_provider_should_be_counted_with_what_they_hold() {
	build_and_execute(|| {
		let none = ProviderChannels { open: 0, ending: 0, left: 0, first_close: None, all_counted: true };
		assert_eq!(Payments::channels_to(&PROVIDER), none);
		let (first, second) = (open(1_000), open(500));
		open_by(BOB, Opening { provider: OTHER, ..opening(1_000) });
		// One that the provider itself uses with another pays it nothing.
		assert_ok!(Payments::open_for(signed(BOB), PROVIDER, Opening { provider: OTHER, ..opening(700) }));
		claim(&[signed_voucher(first, 400)]);
		let expected = ProviderChannels {
			open: 2,
			left: 1_100,
			first_close: Some(START + 50 + GRACE_EPOCHS),
			..none.clone()
		};
		assert_eq!(Payments::channels_to(&PROVIDER), expected);
		assert_ok!(Payments::close(signed(ALICE), second, None));
		let first_close = Some(START + 1 + CHALLENGE_EPOCHS);
		assert_eq!(Payments::channels_to(&PROVIDER), ProviderChannels { ending: 1, first_close, ..expected });
		for channel in [first, second] {
			assert_ok!(Payments::close(signed(PROVIDER), channel, None));
		}
		assert_eq!(Payments::channels_to(&PROVIDER), none);
	});
}

#[test]
fn no_more_channels_should_be_counted_than_the_bound() {
	build_and_execute(|| {
		let most = Credits::from(COUNTED_CHANNELS);
		for _ in 0..most {
			open(MIN);
		}
		let counted = Payments::channels_to(&PROVIDER);
		assert_eq!((counted.open, counted.left, counted.all_counted), (COUNTED_CHANNELS, most * MIN, true));
		open(MIN);
		let counted = Payments::channels_to(&PROVIDER);
		assert_eq!((counted.open, counted.left, counted.all_counted), (COUNTED_CHANNELS, most * MIN, false));
	});
}
