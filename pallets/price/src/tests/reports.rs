//! Reports: who may make which, and once.

use super::*;
use codec::{Decode, Encode};
use pallet_oracle::DataFeeder;
use sp_core::{Pair, H256};
use sp_runtime::{
	traits::BadOrigin,
	transaction_validity::{InvalidTransaction, TransactionValidityError},
};
use weir_primitives::price::report_payload;

fn refusal(call: &Call<Runtime>) -> String {
	match validity(call) {
		Err(TransactionValidityError::Invalid(InvalidTransaction::Custom(code))) => {
			format!("{:?}", Error::<Runtime>::decode(&mut &[code][..]).unwrap())
		}
		Err(TransactionValidityError::Invalid(other)) => format!("{other:?}"),
		other => panic!("{other:?}"),
	}
}

#[test]
fn report_should_be_kept_by_the_oracle() {
	ExtBuilder::default().build_and_execute(|| {
		report(1, WORTH);
		assert_eq!(PriceFeed::last_report(1), Some((WORTH, 1)));
		// One is no quorum, so that there is nothing to see.
		assert_eq!(Oracle::get(&Feed::Token), None);
	});
}

#[test]
fn oracle_should_show_the_median_of_a_quorum_with_the_age_of_its_oldest_report() {
	ExtBuilder::default().build_and_execute(|| {
		all_report(1..=8, WORTH);
		assert_eq!(Oracle::get(&Feed::Token), None);
		next_block();
		report(9, 2 * WORTH);
		let shown = Oracle::get(&Feed::Token).unwrap();
		assert_eq!((shown.value, shown.timestamp), (WORTH, 1));
	});
}

#[test]
fn report_should_be_valid_until_its_round_ends() {
	ExtBuilder::default().build_and_execute(|| {
		next_block();
		next_block();
		let call = report_of(1, WORTH);
		let valid = validity(&call).unwrap();
		// Block 3 is the fourth of ten.
		assert_eq!((valid.priority, valid.longevity), (1_003, 7));
		assert!(valid.propagate && valid.requires.is_empty());
		assert_eq!(valid.provides, vec![("WeirPrice", (0u32, 1u64)).encode()]);
		// Another report of the round has the same tag, so that the pool holds one of them.
		assert_eq!(validity(&report_of(1, 2 * WORTH)).unwrap().provides, valid.provides);
		let round = next_round();
		assert_eq!(refusal(&call), "Stale");
		let early = Call::report {
			round: round + 1,
			price: WORTH,
			who: 1,
			signature: signature(round + 1, 1, WORTH),
		};
		assert_eq!(refusal(&early), "Future");
	});
}

#[test]
fn second_report_of_a_round_should_be_refused() {
	ExtBuilder::default().build_and_execute(|| {
		let first = report_of(1, WORTH);
		report(1, WORTH);
		assert_eq!(refusal(&first), "AlreadyReported");
		assert_eq!(refusal(&report_of(1, 2 * WORTH)), "AlreadyReported");
		assert_noop!(dispatch(first.clone()), Error::<Runtime>::AlreadyReported);
		// Replayed in the next round it is of another one.
		next_round();
		assert_eq!(refusal(&first), "Stale");
		assert_noop!(dispatch(first), Error::<Runtime>::WrongRound);
		report(1, WORTH);
	});
}

#[test]
fn report_should_be_refused_when_it_is_not_the_reporters() {
	ExtBuilder::default().build_and_execute(|| {
		// A stranger, with its own key.
		assert_eq!(refusal(&report_of(20, WORTH)), "NotAReporter");
		// Somebody else's name, price or round under a signature.
		let round = PriceFeed::round();
		let signed = signature(round, 1, WORTH);
		for (who, price) in [(2, WORTH), (1, 2 * WORTH)] {
			let call = Call::report { round, price, who, signature: signed.clone() };
			assert_eq!(refusal(&call), "BadProof");
		}
		let other_round =
			Call::report { round, price: WORTH, who: 1, signature: signature(round + 1, 1, WORTH) };
		assert_eq!(refusal(&other_round), "BadProof");
		// One that has left.
		let left = report_of(3, WORTH);
		assert_ok!(PriceFeed::leave(signed_by(3)));
		assert_eq!(refusal(&left), "NotAReporter");
	});
}

fn signed_by(who: AccountId) -> RuntimeOrigin {
	signed(who)
}

#[test]
fn report_of_another_chain_should_be_refused() {
	ExtBuilder::default().build_and_execute(|| {
		let payload = report_payload(&H256([7; 32]), 0, &1u64, WORTH);
		let signature = pair(1).sign(&payload).into();
		assert_eq!(refusal(&Call::report { round: 0, price: WORTH, who: 1, signature }), "BadProof");
	});
}

#[test]
fn report_should_be_refused_when_its_price_does_not_count() {
	ExtBuilder::default().build_and_execute(|| {
		for price in [0, 1, LOWEST_PRICE - 1, HIGHEST_PRICE + 1, Price::MAX] {
			assert_eq!(refusal(&report_of(1, price)), "PriceOutOfRange", "{price}");
			assert_noop!(dispatch(report_of(1, price)), Error::<Runtime>::PriceOutOfRange);
		}
		report(1, LOWEST_PRICE);
		report(2, HIGHEST_PRICE);
	});
}

#[test]
fn report_should_need_authorisation() {
	ExtBuilder::default().build_and_execute(|| {
		let round = PriceFeed::round();
		let proof = signature(round, 1, WORTH);
		for origin in [signed(1), RuntimeOrigin::root(), RuntimeOrigin::none()] {
			assert_noop!(PriceFeed::report(origin, round, WORTH, 1, proof.clone()), BadOrigin);
		}
	});
}

/// What a root origin feeds the oracle with has no voice, nor has what a member fed it with behind this pallet's back, if it
/// is no price.
#[test]
fn prices_should_not_hear_who_feeds_the_oracle_otherwise() {
	ExtBuilder::default().build_and_execute(|| {
		all_report(1..=8, WORTH);
		assert_ok!(<Oracle as DataFeeder<_, _, _>>::feed_value(None, Feed::Token, WORTH));
		assert_ok!(<Oracle as DataFeeder<_, _, _>>::feed_value(Some(9), Feed::Token, 0));
		assert_eq!(Oracle::get(&Feed::Token), None);
		next_round();
		assert_eq!(PriceFeed::payout_quote(), Err(GateReason::NoQuorum));
	});
}
