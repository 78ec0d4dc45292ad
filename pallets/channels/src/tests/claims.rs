//! Vouchers: what each pays, and why some pay nothing.

use super::*;
use frame_support::dispatch::{GetDispatchInfo, Pays};
use sp_runtime::DispatchError;
use weir_primitives::{
	channel::{Voucher, VoucherSignature},
	seams::economy::PaidTraffic,
};

use VoucherRefusal::*;

/// Hands one voucher in, and returns why it was refused.
fn refusal_of(voucher: SignedVoucher) -> Option<VoucherRefusal> {
	take_events();
	claim(&[voucher]);
	take_outcome().1.first().map(|(_, reason)| *reason)
}

#[test]
fn claim_should_pay_the_provider_out_of_the_channel() {
	build_and_execute(|| {
		let channel = open(1_000);
		take_events();
		let voucher = Voucher { sequence: 9, ..voucher(channel, 400) };
		claim(&[SIGNER.sign(&GENESIS, voucher)]);
		let usage = Usage { bytes_down: 6_000_000, bytes_up: 2_000_000, sequence: 9 };
		assert_eq!(take_events(), [Event::Claimed { channel, credits: 400, paid: 400, left: 600, usage }]);
		assert_eq!(Till::get(), [(vec![(ALICE, 400)], PROVIDER, Some((REGION, 400)))]);
		assert_eq!((funds(channel), record(channel).last), ((400, 600), usage));
		assert_eq!((purse(ALICE).locked, purse(ALICE).paid), (600, 400));
	});
}

#[test]
fn claim_should_be_open_to_anybody_and_pay_nobody_else() {
	build_and_execute(|| {
		let channel = open(1_000);
		assert_ok!(Payments::claim(signed(DAVE), PROVIDER, many(&[signed_voucher(channel, 400)])));
		assert_eq!(Till::get(), [(vec![(ALICE, 400)], PROVIDER, Some((REGION, 400)))]);
	});
}

#[test]
fn claim_should_take_vouchers_of_either_kind_of_key() {
	build_and_execute(|| {
		for signer in [Signer::Sr25519(2), Signer::Ed25519(2)] {
			let channel = open_by(ALICE, Opening { voucher_key: signer.key(), ..opening(1_000) });
			claim(&[signer.sign(&GENESIS, voucher(channel, 400))]);
			assert_eq!(funds(channel), (400, 600));
		}
	});
}

#[test]
fn claim_should_fail_when_nothing_is_handed_in() {
	build_and_execute(|| {
		open(1_000);
		let nothing = || Payments::claim(signed(PROVIDER), PROVIDER, many(&[]));
		assert_noop!(nothing(), Error::<Test>::Empty);
	});
}

#[test]
fn claim_should_take_64_vouchers_and_no_more() {
	build_and_execute(|| {
		let channels: Vec<_> = (0..64).map(|_| open(MIN)).collect();
		let vouchers: Vec<_> = channels.iter().map(|channel| signed_voucher(*channel, 30)).collect();
		claim(&vouchers);
		assert_eq!(Till::get(), [(vec![(ALICE, 30); 64], PROVIDER, Some((REGION, 64 * 30)))]);
		assert!(channels.iter().all(|channel| funds(*channel) == (30, MIN - 30)));
		let beyond = [vouchers, vec![signed_voucher(0, 40)]].concat();
		assert!(pallet::Vouchers::try_from(beyond).is_err());
	});
}

#[test]
fn bad_vouchers_should_be_named_and_the_others_stand() {
	build_and_execute(|| {
		let (first, drained, last) = (open(1_000), open(MIN), open(1_000));
		let others = open_by(ALICE, Opening { provider: OTHER, ..opening(1_000) });
		claim(&[signed_voucher(drained, MIN)]);
		Till::set(&vec![]);
		take_events();
		let dear = Voucher { bytes_up: 0, ..voucher(first, 400) };
		claim(&[
			signed_voucher(first, 300),
			signed_voucher(99, 300),
			signed_voucher(others, 300),
			Signer::Sr25519(2).sign(&GENESIS, voucher(last, 300)),
			SIGNER.sign(&GENESIS, dear),
			signed_voucher(first, 300),
			signed_voucher(drained, MIN + 1),
			signed_voucher(last, 500),
		]);
		let refused = [
			(1, UnknownChannel),
			(2, WrongProvider),
			(3, BadSignature),
			(4, AboveCharge),
			(5, NothingNew),
			(6, Drained),
		];
		assert_eq!(take_outcome(), (vec![300, 500], refused.to_vec()));
		assert_eq!(Till::get(), [(vec![(ALICE, 300), (ALICE, 500)], PROVIDER, Some((REGION, 800)))]);
		assert_eq!(funds(others), (0, 1_000));
	});
}

#[test]
fn till_should_be_left_alone_when_no_voucher_counts() {
	build_and_execute(|| {
		let channel = open(1_000);
		take_events();
		claim(&[signed_voucher(99, 300), signed_voucher(channel, 0)]);
		assert_eq!(take_outcome(), (vec![], vec![(0, UnknownChannel), (1, NothingNew)]));
		assert!(Till::get().is_empty());
	});
}

#[test]
fn voucher_should_be_refused_for_the_first_reason_that_holds() {
	build_and_execute(|| {
		let channel = open(MIN);
		let others = open_by(ALICE, Opening { provider: OTHER, ..opening(MIN) });
		claim(&[signed_voucher(channel, MIN)]);
		let stranger = Signer::Ed25519(3);
		let free = |channel, credits| Voucher { bytes_down: 0, bytes_up: 0, ..voucher(channel, credits) };
		assert_eq!(refusal_of(stranger.sign(&GENESIS, free(99, 0))), Some(UnknownChannel));
		assert_eq!(refusal_of(stranger.sign(&GENESIS, free(others, 0))), Some(WrongProvider));
		assert_eq!(refusal_of(stranger.sign(&GENESIS, free(channel, 1))), Some(BadSignature));
		assert_eq!(refusal_of(SIGNER.sign(&GENESIS, free(channel, 1))), Some(AboveCharge));
		assert_eq!(refusal_of(signed_voucher(channel, MIN)), Some(NothingNew));
		assert_eq!(refusal_of(signed_voucher(channel, MIN + 1)), Some(Drained));
	});
}

#[test]
fn voucher_should_be_refused_when_it_was_signed_for_another_chain() {
	build_and_execute(|| {
		let channel = open(1_000);
		let elsewhere = SIGNER.sign(&[70; 32], voucher(channel, 400));
		assert_eq!(refusal_of(elsewhere), Some(BadSignature));
		assert_eq!(funds(channel), (0, 1_000));
	});
}

#[test]
fn voucher_should_be_refused_when_it_was_signed_for_another_channel() {
	build_and_execute(|| {
		// Both have the same key.
		let (used, unused) = (open(1_000), open(1_000));
		let mut moved = signed_voucher(used, 400);
		moved.voucher.channel = unused;
		assert_eq!(refusal_of(moved), Some(BadSignature));
		assert_eq!(funds(unused), (0, 1_000));
	});
}

#[test]
fn voucher_should_be_refused_when_a_number_of_it_was_changed() {
	build_and_execute(|| {
		let channel = open(1_000);
		let signed = signed_voucher(channel, 400);
		let voucher = signed.voucher;
		for voucher in [
			Voucher { bytes_down: voucher.bytes_down + 1, ..voucher },
			Voucher { bytes_up: voucher.bytes_up + 1, ..voucher },
			Voucher { credits: 399, ..voucher },
			Voucher { sequence: 2, ..voucher },
		] {
			assert_eq!(refusal_of(SignedVoucher { voucher, ..signed }), Some(BadSignature));
		}
	});
}

#[test]
fn voucher_should_be_refused_when_its_key_or_kind_is_another() {
	build_and_execute(|| {
		let channel = open(1_000);
		let voucher = voucher(channel, 400);
		for signer in [Signer::Sr25519(2), Signer::Ed25519(1)] {
			assert_eq!(refusal_of(signer.sign(&GENESIS, voucher)), Some(BadSignature));
		}
		let VoucherSignature::Sr25519(bytes) = SIGNER.sign(&GENESIS, voucher).signature else {
			unreachable!("the kind of the key");
		};
		let signature = VoucherSignature::Ed25519(bytes);
		assert_eq!(refusal_of(SignedVoucher { voucher, signature }), Some(BadSignature));
	});
}

#[test]
fn voucher_should_cost_at_most_what_its_bytes_do_rounded_up() {
	build_and_execute(|| {
		let channel = open(1_000);
		// A thousandth of the published example: 61.7 credits.
		let used = |credits| Voucher { channel, bytes_down: 1_234_568, bytes_up: 1, credits, sequence: 0 };
		assert_eq!(refusal_of(SIGNER.sign(&GENESIS, used(63))), Some(AboveCharge));
		assert_eq!(refusal_of(SIGNER.sign(&GENESIS, used(62))), None);
		assert_eq!(funds(channel), (62, 938));
		let all = Voucher { bytes_down: u64::MAX, bytes_up: u64::MAX, ..used(Credits::MAX) };
		assert_eq!(refusal_of(SIGNER.sign(&GENESIS, all)), Some(AboveCharge));
	});
}

#[test]
fn boosted_channel_should_pay_more_for_the_same_bytes() {
	build_and_execute(|| {
		let channel = open_by(ALICE, Opening { boost: 300, ..opening(1_000) });
		let boosted = |credits| SIGNER.sign(&GENESIS, Voucher { credits, ..voucher(channel, 100) });
		assert_eq!(refusal_of(boosted(301)), Some(AboveCharge));
		assert_eq!(refusal_of(boosted(300)), None);
		assert_eq!(funds(channel), (300, 700));
	});
}

#[test]
fn highest_voucher_should_win_in_any_order() {
	let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
	for order in orders {
		for at_once in [true, false] {
			build_and_execute(|| {
				let channel = open(1_000);
				let vouchers = order.map(|n| signed_voucher(channel, [200, 300, 700][n]));
				if at_once {
					claim(&vouchers);
				} else {
					vouchers.iter().for_each(|voucher| claim(&[*voucher]));
				}
				assert_eq!((funds(channel), purse(ALICE).paid), ((700, 300), 700), "{order:?}");
			});
		}
	}
}

#[test]
fn voucher_should_pay_nothing_when_it_is_replayed() {
	build_and_execute(|| {
		let channel = open(1_000);
		let vouchers = [signed_voucher(channel, 200), signed_voucher(channel, 700)];
		claim(&vouchers);
		let before = (record(channel), purse(ALICE), Till::get());
		take_events();
		claim(&[vouchers, vouchers].concat());
		let refused = (0..4).map(|index| (index, NothingNew)).collect();
		assert_eq!(take_outcome(), (vec![], refused));
		assert_eq!((record(channel), purse(ALICE), Till::get()), before);
	});
}

#[test]
fn overdraft_should_be_paid_in_part_and_the_rest_after_a_top_up_by_the_same_voucher() {
	build_and_execute(|| {
		let channel = open(1_000);
		let voucher = signed_voucher(channel, 1_300);
		assert_eq!(refusal_of(voucher), None);
		assert_eq!(funds(channel), (1_000, 0));
		assert_eq!(refusal_of(voucher), Some(Drained));
		assert_ok!(Payments::top_up(signed(ALICE), channel, 500));
		assert_eq!(refusal_of(voucher), None);
		assert_eq!(funds(channel), (1_300, 200));
		assert_eq!(refusal_of(voucher), Some(NothingNew));
		let paid: Vec<_> = Till::get().into_iter().map(|(payments, ..)| payments).collect();
		assert_eq!(paid, [vec![(ALICE, 1_000)], vec![(ALICE, 300)]]);
	});
}

#[test]
fn bytes_and_sequence_should_be_the_customers_word() {
	build_and_execute(|| {
		let channel = open(1_000);
		let many = Voucher { sequence: 7, bytes_down: u64::MAX, ..voucher(channel, 300) };
		let fewer = Voucher { sequence: 3, ..voucher(channel, 400) };
		claim(&[SIGNER.sign(&GENESIS, many), SIGNER.sign(&GENESIS, fewer)]);
		assert_eq!((funds(channel), record(channel).last.sequence), ((400, 600), 3));
		// What pays nothing says nothing.
		claim(&[SIGNER.sign(&GENESIS, many)]);
		assert_eq!(record(channel).last.sequence, 3);
	});
}

#[test]
fn claim_should_change_nothing_when_the_till_refuses() {
	build_and_execute(|| {
		let channel = open(1_000);
		Broken::set(&Refusing { traffic: true, ..Refusing::default() });
		let claim = || Payments::claim(signed(PROVIDER), PROVIDER, many(&[signed_voucher(channel, 400)]));
		assert_noop!(claim(), DispatchError::Other("traffic"));
	});
}

#[test]
fn provider_should_be_paid_when_it_is_not_in_service_any_more() {
	build_and_execute(|| {
		let channel = open(1_000);
		change_listing(PROVIDER, |listing| listing.in_service = false);
		claim(&[signed_voucher(channel, 300)]);
		unregister(PROVIDER);
		claim(&[signed_voucher(channel, 400)]);
		let expected =
			[(vec![(ALICE, 300)], PROVIDER, Some((REGION, 300))), (vec![(ALICE, 100)], PROVIDER, None)];
		assert_eq!(Till::get(), expected);
	});
}

#[test]
fn claim_should_count_where_the_provider_stood_when_the_channel_was_opened_if_it_still_does() {
	build_and_execute(|| {
		let elsewhere = weir_primitives::Region { country: *b"FR", ..REGION };
		let (old, move_to) =
			(open(1_000), |region| change_listing(PROVIDER, |listing| listing.region = region));
		move_to(elsewhere);
		let new = open(1_000);
		claim(&[signed_voucher(old, 100), signed_voucher(new, 200)]);
		claim(&[signed_voucher(old, 300)]);
		move_to(REGION);
		claim(&[signed_voucher(old, 400), signed_voucher(new, 300)]);
		let demand: Vec<_> = Till::get().into_iter().map(|(.., demand)| demand).collect();
		assert_eq!(demand, [Some((elsewhere, 200)), None, Some((REGION, 100))]);
	});
}

#[test]
fn claim_should_weigh_by_the_number_of_its_vouchers() {
	build_and_execute(|| {
		let channel = open(1_000);
		let weight = |count: u32| {
			let vouchers = many(&vec![signed_voucher(channel, 400); count as usize]);
			let info = Call::<Test>::claim { provider: PROVIDER, vouchers }.get_dispatch_info();
			assert_eq!(info.pays_fee, Pays::Yes);
			info.call_weight
		};
		for count in [1, 2, 64] {
			let due = <()>::claim(count).saturating_add(Traffic::weight_of_many(count));
			assert_eq!(weight(count), due);
		}
		assert!(weight(64).ref_time() > weight(1).ref_time());
	});
}
