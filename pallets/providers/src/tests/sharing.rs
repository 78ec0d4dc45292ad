//! Lines on one prefix know of each other.

use crate::{mock::*, Event, TermsUpdate};
use polkadot_sdk::frame_support::assert_ok;
use weir_primitives::{seams::ProviderRegistry, Endpoint, ProviderIndex};

/// Registers `who` as the `host`-th of a prefix that only these tests use.
fn beside(who: AccountId, host: u8) -> ProviderIndex {
	bond(who, 50_000);
	let terms = crate::Terms { endpoint: v4([45, 0, 9, host], 1), ..terms(host) };
	assert_ok!(Providers::register(signed(who), mbps(100, 50), terms, None));
	Providers::registration(&who).unwrap().0
}

fn move_to(who: AccountId, endpoint: Endpoint) {
	let changes = TermsUpdate { endpoint: Some(endpoint), ..Default::default() };
	assert_ok!(Providers::update(signed(who), changes));
}

fn is_shared(index: ProviderIndex) -> (bool, bool) {
	let at = |epoch| Providers::facts_at(index, epoch).unwrap().shared;
	(at(Epoch::get()), at(Epoch::get() + 1))
}

#[test]
fn line_should_be_shared_from_the_next_epoch_when_another_comes_to_its_prefix() {
	ExtBuilder::default().build_and_execute(|| {
		let first = beside(1, 1);
		advance(1);
		assert_eq!(is_shared(first), (false, false));
		take_changes();

		let second = beside(2, 2);
		assert_eq!(is_shared(first), (false, true));
		assert_eq!(is_shared(second), (false, true));
		let from = Epoch::get() + 1;
		assert!(emitted(Event::SharingChanged { index: first, shared: true, from }));
		assert!(emitted(Event::SharingChanged { index: second, shared: true, from }));
		let facts = Providers::facts_at(first, from).unwrap();
		assert!(take_changes().contains(&Change::Changed(first, facts)), "the lists are told");
	});
}

#[test]
fn line_should_be_alone_again_when_the_last_neighbour_leaves() {
	ExtBuilder::default().build_and_execute(|| {
		let [first, second, third] = [1, 2, 3].map(|n| beside(n, n as u8));
		advance(1);
		assert_eq!([first, second, third].map(is_shared), [(true, true); 3]);
		take_changes();

		move_to(3, v4([46, 0, 0, 1], 1));
		assert_eq!([first, second, third].map(is_shared), [(true, true), (true, true), (true, false)]);
		assert_eq!(take_changes().len(), 1, "nothing changes for the two that stay");

		move_to(1, v4([46, 0, 1, 1], 1));
		assert_eq!([first, second].map(is_shared), [(true, false); 2]);
		assert_eq!(take_changes().len(), 2);
	});
}

#[test]
fn line_should_be_shared_while_its_neighbour_pauses_and_alone_when_it_deregisters() {
	ExtBuilder::default().build_and_execute(|| {
		let (first, _) = (beside(1, 1), beside(2, 2));
		advance(1);
		assert_ok!(Providers::pause(signed(2)));
		advance(4);
		assert_eq!(is_shared(first), (true, true));
		assert_ok!(Providers::deregister(signed(2)));
		assert_eq!(is_shared(first), (true, false));
	});
}

#[test]
fn paused_line_should_be_shared_when_it_comes_back_to_a_neighbour() {
	ExtBuilder::default().build_and_execute(|| {
		let first = beside(1, 1);
		advance(1);
		assert_ok!(Providers::pause(signed(1)));
		advance(4);
		take_changes();
		beside(2, 2);
		let of_first = |change: &Change| matches!(change, Change::Changed(index, _) if *index == first);
		assert!(!take_changes().iter().any(of_first), "it is on no list");
		advance(1);
		assert_ok!(Providers::resume(signed(1)));
		assert!(
			matches!(&take_changes()[..], [Change::Changed(index, facts)] if *index == first && facts.shared)
		);
	});
}

#[test]
fn another_port_should_change_nothing_for_neighbours() {
	ExtBuilder::default().build_and_execute(|| {
		let (first, second) = (beside(1, 1), beside(2, 2));
		advance(1);
		take_changes();
		move_to(2, v4([45, 0, 9, 2], 7));
		assert_eq!([first, second].map(is_shared), [(true, true); 2]);
		assert_eq!(take_changes().len(), 1, "the one that moved");
	});
}

#[test]
fn line_should_not_be_shared_when_it_goes_by_relay_only() {
	ExtBuilder::default().build_and_execute(|| {
		let (first, second) = (beside(1, 1), beside(2, 2));
		assert_ok!(Providers::pause(signed(2)));
		advance(4);
		move_to(2, Endpoint::RelayOnly);
		assert_eq!([first, second].map(is_shared), [(true, false); 2]);
	});
}
