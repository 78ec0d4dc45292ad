//! Operators across the pallets: declared with the bonds, followed by the seats.

use super::chain::*;
use crate::*;
use frame_support::{assert_noop, assert_ok};
use pallet_node_staking::Call as Staking;
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, One};
use sp_runtime::DispatchResult;
use weir_primitives::seams::{EpochClock, Operators};

type Error = pallet_proof_of_bandwidth::Error<Runtime>;

fn ask(node: Sr25519Keyring, operator: Sr25519Keyring) -> DispatchResult {
	dispatch(node, Staking::set_operator { operator: Some(operator.to_account_id()) })
}

fn accept(operator: Sr25519Keyring, node: Sr25519Keyring) -> DispatchResult {
	dispatch(operator, Staking::accept_node { node: node.to_account_id() })
}

#[test]
fn operator_should_have_its_share_of_seats_and_no_more() {
	genesis(presets::LOCAL).execute_with(|| {
		let mut chain = Chain::start();
		chain.block(&|_, _, _| None);
		let provider = PROVIDERS[0];
		assert_ok!(join(0, provider));
		chain.until_epoch(1, &|_, _, _| None);
		// A validator with a seat, and an account with nothing.
		assert_ok!(ask(Bob, Alice));
		assert_noop!(accept(Alice, Bob), Error::OperatorFull);
		assert_ok!(ask(Bob, One));
		assert_ok!(accept(One, Bob));
		assert_ok!(ask(Charlie, One));
		assert_noop!(accept(One, Charlie), Error::OperatorFull);
		// A node without a seat counts for nothing until it takes one.
		assert_ok!(ask(provider, One));
		assert_ok!(accept(One, provider));
		assert_noop!(sit(0, provider), Error::OperatorFull);
		let (bob, one) = (Bob.to_account_id(), One.to_account_id());
		let matured = ProofOfBandwidth::epoch() + ProofOfBandwidth::timing().maturity_epochs;
		assert_eq!(NodeStaking::operator_at(&bob, matured - 1), bob);
		assert_eq!(NodeStaking::operator_at(&bob, matured), one);
		check_invariants();
	});
}
