//! How channels end: at once, after a challenge, and when they have expired.

use super::*;
use sp_runtime::DispatchError;

/// The channel is gone, after it paid so much and gave so much back.
fn assert_closed(channel: ChannelId, cause: CloseCause, paid: Credits, returned: Credits) {
	let events = take_events();
	assert_eq!(events.last(), Some(&Event::Closed { channel, cause, paid, returned }), "{events:?}");
	assert!(!Channels::<Test>::contains_key(channel));
	for who in [ALICE, BOB, PROVIDER] {
		assert!(!listed(who).contains(&channel));
	}
	assert!(Closing::<Test>::iter_keys().all(|(_, listed)| listed != channel));
}

#[test]
fn provider_should_close_at_once_without_a_voucher() {
	build_and_execute(|| {
		let channel = open(1_000);
		claim(&[signed_voucher(channel, 400)]);
		assert_ok!(Payments::close(signed(PROVIDER), channel, None));
		assert_closed(channel, CloseCause::Provider, 400, 600);
		assert_eq!((purse(ALICE).free, purse(ALICE).locked), (FUNDS - 400, 0));
	});
}

#[test]
fn provider_should_close_at_once_with_its_last_voucher() {
	build_and_execute(|| {
		let channel = open(1_000);
		claim(&[signed_voucher(channel, 400)]);
		assert_ok!(Payments::close(signed(PROVIDER), channel, Some(signed_voucher(channel, 700))));
		assert_closed(channel, CloseCause::Provider, 700, 300);
		assert_eq!(Till::get().last(), Some(&(vec![(ALICE, 300)], PROVIDER, Some((REGION, 300)))));
	});
}

#[test]
fn nothing_should_come_back_from_a_channel_that_was_used_up() {
	build_and_execute(|| {
		let channel = open(1_000);
		assert_ok!(Payments::close(signed(PROVIDER), channel, Some(signed_voucher(channel, 1_200))));
		assert_closed(channel, CloseCause::Provider, 1_000, 0);
		assert_eq!((purse(ALICE).free, purse(ALICE).locked), (FUNDS - 1_000, 0));
	});
}

/// A claim leaves the account: nobody ends another's by handing in its vouchers.
#[test]
fn emptied_account_should_be_forgotten_when_its_channel_ends_and_no_sooner() {
	build_and_execute(|| {
		let channel = open(FUNDS);
		claim(&[signed_voucher(channel, FUNDS)]);
		assert!(purse(ALICE).left() == 0 && Forgotten::get().is_empty());
		assert_ok!(Payments::close(signed(PROVIDER), channel, None));
		assert_eq!(Forgotten::get(), [ALICE]);
	});
}

#[test]
fn last_voucher_should_be_named_when_it_counts_for_nothing() {
	build_and_execute(|| {
		for (voucher, reason) in [
			(Signer::Ed25519(1).sign(&GENESIS, voucher(0, 700)), VoucherRefusal::BadSignature),
			(signed_voucher(1, 0), VoucherRefusal::NothingNew),
		] {
			let channel = open(1_000);
			take_events();
			assert_ok!(Payments::close(signed(PROVIDER), channel, Some(voucher)));
			let named = Event::VoucherRefused { index: 0, reason };
			let closed = Event::Closed { channel, cause: CloseCause::Provider, paid: 0, returned: 1_000 };
			assert_eq!(take_events(), [named, closed]);
		}
		assert!(Till::get().is_empty());
	});
}

#[test]
fn providers_close_should_change_nothing_when_it_is_refused() {
	build_and_execute(|| {
		let (channel, another) = (open(1_000), open(1_000));
		let close = |channel, last| Payments::close(signed(PROVIDER), channel, last);
		assert_noop!(close(99, None), Error::<Test>::UnknownChannel);
		let of_another = Some(signed_voucher(another, 400));
		assert_noop!(close(channel, of_another), Error::<Test>::UnknownChannel);
		let last = Some(signed_voucher(channel, 400));
		Broken::set(&Refusing { traffic: true, ..Refusing::default() });
		assert_noop!(close(channel, last), DispatchError::Other("traffic"));
		Broken::set(&Refusing { unlock: true, ..Refusing::default() });
		assert_noop!(close(channel, last), DispatchError::Other("unlock"));
		assert_noop!(close(channel, None), DispatchError::Other("unlock"));
	});
}

#[test]
fn close_should_be_refused_to_whom_it_is_none_of_its_business() {
	build_and_execute(|| {
		let channel = open(1_000);
		for who in [BOB, DAVE, OTHER] {
			assert_noop!(Payments::close(signed(who), channel, None), Error::<Test>::NotYours);
		}
		// The payer hands nothing in: what it owes is the provider's to claim.
		let last = Some(signed_voucher(channel, 400));
		assert_noop!(Payments::close(signed(ALICE), channel, last), Error::<Test>::NotYours);
		assert_noop!(Payments::close(signed(ALICE), 99, None), Error::<Test>::UnknownChannel);
	});
}

#[test]
fn payer_should_wait_four_whole_epochs_in_which_the_provider_claims_more() {
	build_and_execute(|| {
		let channel = open(1_000);
		claim(&[signed_voucher(channel, 100)]);
		take_events();
		assert_ok!(Payments::close(signed(ALICE), channel, None));
		assert_eq!(take_events(), [Event::CloseRequested { channel, closes_from: START + 5 }]);
		assert_noop!(Payments::close(signed(ALICE), channel, None), Error::<Test>::IsClosing);
		for epoch in 0..5 {
			enter(START + epoch);
			assert_noop!(Payments::close_due(signed(DAVE), channel), Error::<Test>::NotDue);
			idle(frame_support::weights::Weight::MAX);
			let credits = 200 + 100 * Credits::from(epoch);
			claim(&[signed_voucher(channel, credits)]);
			assert_eq!((funds(channel).0, purse(ALICE).free), (credits, FUNDS - 1_000));
		}
		enter(START + 5);
		// Until somebody closes it, it pays.
		claim(&[signed_voucher(channel, 700)]);
		assert_ok!(Payments::close_due(signed(DAVE), channel));
		assert_closed(channel, CloseCause::Challenged, 700, 300);
		assert_eq!((purse(ALICE).free, purse(ALICE).locked), (FUNDS - 700, 0));
		assert_noop!(Payments::close_due(signed(DAVE), channel), Error::<Test>::UnknownChannel);
	});
}

#[test]
fn customer_of_a_gift_should_close_it_as_its_payer_may() {
	for who in [ALICE, BOB] {
		build_and_execute(|| {
			let channel = open_gift(1_000);
			assert_ok!(Payments::close(signed(who), channel, None));
			for again in [ALICE, BOB] {
				assert_noop!(Payments::close(signed(again), channel, None), Error::<Test>::IsClosing);
			}
			enter(START + 5);
			assert_ok!(Payments::close_due(signed(DAVE), channel));
			assert_closed(channel, CloseCause::Challenged, 0, 1_000);
			assert_eq!((purse(ALICE).free, purse(BOB).free), (FUNDS, FUNDS));
		});
	}
}

#[test]
fn challenge_should_not_keep_a_channel_longer_than_its_grace() {
	build_and_execute(|| {
		let channel = open(1_000);
		enter(START + 52);
		take_events();
		assert_ok!(Payments::close(signed(ALICE), channel, None));
		assert_eq!(take_events(), [Event::CloseRequested { channel, closes_from: START + 54 }]);
		// Nor bring one back that is due.
		let channel = open_by(ALICE, Opening { expiry: START + 53, ..opening(1_000) });
		enter(START + 60);
		take_events();
		assert_ok!(Payments::close(signed(ALICE), channel, None));
		assert_eq!(take_events(), [Event::CloseRequested { channel, closes_from: START + 57 }]);
		assert_ok!(Payments::close_due(signed(DAVE), channel));
	});
}

#[test]
fn provider_should_end_a_challenge_at_once() {
	build_and_execute(|| {
		let channel = open(1_000);
		assert_ok!(Payments::close(signed(ALICE), channel, None));
		assert_ok!(Payments::close(signed(PROVIDER), channel, Some(signed_voucher(channel, 700))));
		assert_closed(channel, CloseCause::Provider, 700, 300);
	});
}

#[test]
fn agreed_close_should_pay_what_was_agreed_and_return_the_rest_at_once() {
	for who in [ALICE, BOB] {
		build_and_execute(|| {
			let channel = open_gift(1_000);
			claim(&[signed_voucher(channel, 400)]);
			let signature = agreement(PROVIDER, channel, 650);
			assert_ok!(Payments::close_agreed(signed(who), channel, 650, signature));
			assert_closed(channel, CloseCause::Agreed, 650, 350);
			assert_eq!(Till::get().last(), Some(&(vec![(ALICE, 250)], PROVIDER, Some((REGION, 250)))));
			assert_eq!((purse(ALICE).free, purse(ALICE).locked), (FUNDS - 650, 0));
		});
	}
}

#[test]
fn agreed_close_should_pay_anything_from_what_was_paid_to_all_of_it() {
	build_and_execute(|| {
		for (credits, payments) in [(400, 1), (1_000, 2)] {
			let channel = open(1_000);
			claim(&[signed_voucher(channel, 400)]);
			let agree = |credits| {
				let signature = agreement(PROVIDER, channel, credits);
				Payments::close_agreed(signed(ALICE), channel, credits, signature)
			};
			for wrong in [0, 399, 1_001, Credits::MAX] {
				assert_noop!(agree(wrong), Error::<Test>::InvalidAmount);
			}
			assert_ok!(agree(credits));
			assert_closed(channel, CloseCause::Agreed, credits, 1_000 - credits);
			assert_eq!(Till::get().len(), payments);
			Till::set(&vec![]);
		}
	});
}

#[test]
fn agreed_close_should_need_the_providers_word_for_this_channel_and_amount() {
	build_and_execute(|| {
		let (channel, another) = (open(1_000), open(1_000));
		let close = |signature| Payments::close_agreed(signed(ALICE), channel, 650, signature);
		for signature in [
			agreement(OTHER, channel, 650),
			agreement(PROVIDER, another, 650),
			agreement(PROVIDER, channel, 651),
		] {
			assert_noop!(close(signature), Error::<Test>::BadSignature);
		}
		assert_ok!(close(agreement(PROVIDER, channel, 650)));
	});
}

#[test]
fn agreed_close_should_change_nothing_when_it_is_refused() {
	build_and_execute(|| {
		let channel = open(1_000);
		let word = || agreement(PROVIDER, channel, 650);
		let close = |who, channel| Payments::close_agreed(signed(who), channel, 650, word());
		assert_noop!(close(ALICE, 99), Error::<Test>::UnknownChannel);
		for who in [BOB, PROVIDER] {
			assert_noop!(close(who, channel), Error::<Test>::NotYours);
		}
		Broken::set(&Refusing { traffic: true, ..Refusing::default() });
		assert_noop!(close(ALICE, channel), DispatchError::Other("traffic"));
		Broken::set(&Refusing::default());
		change_listing(PROVIDER, |listing| listing.has_key = false);
		assert_noop!(close(ALICE, channel), Error::<Test>::NoProviderKey);
		unregister(PROVIDER);
		assert_noop!(close(ALICE, channel), Error::<Test>::NoProviderKey);
	});
}

#[test]
fn agreed_close_should_end_a_challenge() {
	build_and_execute(|| {
		let channel = open(1_000);
		assert_ok!(Payments::close(signed(ALICE), channel, None));
		let signature = agreement(PROVIDER, channel, 650);
		assert_ok!(Payments::close_agreed(signed(ALICE), channel, 650, signature));
		assert_closed(channel, CloseCause::Agreed, 650, 350);
	});
}

#[test]
fn expired_channel_should_pay_for_four_epochs_more_and_then_return_the_rest() {
	build_and_execute(|| {
		let channel = open(1_000);
		for epoch in 49..54 {
			enter(START + epoch);
			assert_noop!(Payments::close_due(signed(DAVE), channel), Error::<Test>::NotDue);
			idle(frame_support::weights::Weight::MAX);
			claim(&[signed_voucher(channel, 10 * Credits::from(epoch))]);
		}
		enter(START + 54);
		assert_ok!(Payments::close_due(signed(DAVE), channel));
		assert_closed(channel, CloseCause::Expired, 530, 470);
		assert_eq!((purse(ALICE).free, purse(ALICE).locked), (FUNDS - 530, 0));
	});
}

#[test]
fn voucher_should_pay_nothing_when_its_channel_is_closed() {
	build_and_execute(|| {
		let channel = open(1_000);
		assert_ok!(Payments::close(signed(PROVIDER), channel, None));
		// The next has another number.
		let next = open(1_000);
		take_events();
		claim(&[signed_voucher(channel, 400)]);
		assert_eq!(take_outcome(), (vec![], vec![(0, VoucherRefusal::UnknownChannel)]));
		assert_eq!(funds(next), (0, 1_000));
	});
}

/// There is no brake on money: a provider that is gone is paid, and payers get the rest.
#[test]
fn money_should_come_out_when_the_provider_is_gone() {
	build_and_execute(|| {
		let channels = [open(1_000), open(1_000), open(1_000)];
		unregister(PROVIDER);
		channels.iter().for_each(|channel| claim(&[signed_voucher(*channel, 100)]));
		assert_ok!(Payments::close(signed(PROVIDER), channels[0], Some(signed_voucher(channels[0], 200))));
		assert_ok!(Payments::close(signed(ALICE), channels[1], None));
		enter(START + 54);
		assert_ok!(Payments::close_due(signed(DAVE), channels[1]));
		assert_ok!(Payments::close_due(signed(DAVE), channels[2]));
		assert_eq!((purse(ALICE).paid, purse(ALICE).locked), (400, 0));
	});
}
