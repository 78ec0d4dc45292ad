//! Lines, their neighbours, and the census.

use super::*;
use crate::{Counts, Lines};
use frame_support::assert_ok;
use weir_math::economy::incentive::Census;

fn census(id: RegionId) -> (u32, u32, u32) {
	let Census { nodes, operators, networks } = Table::census(id);
	(nodes, operators, networks)
}

fn weight(provider: ProviderIndex) -> LineWeight {
	Table::line(provider).unwrap().2
}

#[test]
fn lone_line_should_weigh_what_it_measured_up_to_the_node_cap() {
	ExtBuilder::with(&[DE]).build_and_execute(|| {
		assert_eq!(place(1, ALICE, DE, v4(1, 1, 1), 50_000), Placed { region: Some(0), weight: 50_000 });
		assert_eq!(place(1, ALICE, DE, v4(1, 1, 1), 300_000).weight, NODE_CAP);
		assert_eq!(place(1, ALICE, DE, v4(1, 1, 1), LineWeight::MAX).weight, NODE_CAP);
		assert_eq!(census(0), (1, 1, 1));
	});
}

#[test]
fn line_should_weigh_nothing_where_no_region_is_open() {
	ExtBuilder::with(&[DE]).build_and_execute(|| {
		place(1, ALICE, DE, v4(1, 1, 1), 50_000);
		assert_eq!(place(1, ALICE, FR, v4(1, 1, 1), 50_000), Placed { region: None, weight: 0 });
		assert_eq!(Table::line(1), None, "it does not stand where it stood");
		assert_eq!(census(0), (0, 0, 0));

		place(1, ALICE, DE, v4(1, 1, 1), 50_000);
		assert_ok!(shut(DE));
		assert_eq!(census(0), (1, 1, 1), "what stands there stays until it is placed again");
		assert_eq!(place(1, ALICE, DE, v4(1, 1, 1), 50_000), Placed { region: None, weight: 0 });
		assert_eq!(census(0), (0, 0, 0));
	});
}

#[test]
fn zero_weight_should_take_a_line_away_from_where_it_stood() {
	ExtBuilder::with(&[DE, FR]).build_and_execute(|| {
		place(1, ALICE, DE, v4(1, 1, 1), 50_000);
		// Whoever has left is placed without an address, and by whatever name.
		let placed = place(1, BOB, FR, Endpoint::RelayOnly, 0);
		assert_eq!(placed, Placed { region: Some(1), weight: 0 });
		assert_eq!((census(0), census(1)), ((0, 0, 0), (0, 0, 0)));
		assert_eq!(Lines::<Test>::iter().count(), 0);
		assert_eq!(Counts::<Test>::iter().count(), 0);
		assert_eq!(place(9, BOB, DE, v4(1, 1, 1), 0), Placed { region: Some(0), weight: 0 });
	});
}

#[test]
fn neighbours_should_share_one_node_cap_per_address() {
	ExtBuilder::with(&[DE, FR]).build_and_execute(|| {
		assert_eq!(place(1, ALICE, DE, v4(1, 1, 1), 200_000).weight, 200_000);
		// The first still weighs what it did: there is room for 50,000.
		assert_eq!(place(2, BOB, DE, v4(1, 1, 1), 200_000).weight, 50_000);
		assert_eq!(place(1, ALICE, DE, v4(1, 1, 1), 200_000).weight, 125_000);
		assert_eq!(place(2, BOB, DE, v4(1, 1, 1), 200_000).weight, 125_000);
		// Another region's name does not make it another address.
		assert_eq!(place(3, CAROL, FR, v4(1, 1, 1), 100_000).weight, 0);
	});
}

#[test]
fn neighbours_should_share_four_node_caps_per_block() {
	ExtBuilder::with(&[DE]).build_and_execute(|| {
		for _ in 0..4 {
			for n in 0..8 {
				place(u32::from(n), ALICE, DE, v4(1, 1, n), NODE_CAP);
			}
		}
		assert!((0..8).all(|n| weight(n) == NODE_CAP / 2));
	});
}

#[test]
fn network_should_weigh_a_fifth_of_a_large_region() {
	ExtBuilder::with(&[DE]).build_and_execute(|| {
		for _ in 0..6 {
			for n in 0..100 {
				let at = if n < 40 { v4(1, n, 1) } else { v4(n, 1, 1) };
				place(u32::from(n), ALICE, DE, at, NODE_CAP);
			}
		}
		assert!((0..40).all(|n| weight(n) == NODE_CAP / 2));
		assert!((40..100).all(|n| weight(n) == NODE_CAP));
		assert_eq!(census(0), (100, 1, 61));
	});
}

#[test]
fn relayed_lines_should_share_one_node_cap_by_operator() {
	ExtBuilder::with(&[DE, FR]).build_and_execute(|| {
		place(1, ALICE, DE, Endpoint::RelayOnly, 200_000);
		assert_eq!(place(2, ALICE, FR, Endpoint::RelayOnly, 200_000).weight, 50_000);
		assert_eq!(place(3, BOB, DE, Endpoint::RelayOnly, 200_000).weight, 200_000);
		assert_eq!((census(0), census(1)), ((2, 2, 1), (1, 1, 1)));
		// With its operator it changes its site.
		assert_eq!(place(3, ALICE, DE, Endpoint::RelayOnly, 200_000).weight, 0);
		assert_eq!(census(0), (2, 1, 1));
	});
}

#[test]
fn relayed_lines_of_many_operators_should_share_four_node_caps() {
	ExtBuilder::with(&[DE, FR]).build_and_execute(|| {
		for n in 0..50 {
			place(n, ALICE, DE, v4(n as u8, 1, 1), NODE_CAP);
		}
		for _ in 0..4 {
			for n in 100..140 {
				let region = if n % 2 == 0 { DE } else { FR };
				place(n, u64::from(n), region, Endpoint::RelayOnly, NODE_CAP);
			}
		}
		assert_eq!((100..140).map(weight).sum::<LineWeight>(), 4 * NODE_CAP);
		assert!((100..140).all(|n| weight(n) == NODE_CAP / 10));
	});
}

#[test]
fn census_should_count_operators_and_networks_once() {
	ExtBuilder::with(&[DE, FR]).build_and_execute(|| {
		place(1, ALICE, DE, v4(1, 1, 1), 1);
		place(2, ALICE, DE, v4(1, 9, 1), 1);
		place(3, BOB, DE, v4(2, 1, 1), 1);
		assert_eq!(census(0), (3, 2, 2));
		// Same network, other region: counted there too.
		place(4, BOB, FR, v4(2, 1, 2), 1);
		assert_eq!((census(0), census(1)), ((3, 2, 2), (1, 1, 1)));
		// It moves: region, operator and address at once.
		place(3, ALICE, FR, v4(3, 1, 1), 1);
		assert_eq!((census(0), census(1)), ((2, 1, 1), (2, 2, 2)));
	});
}

#[test]
fn line_should_leave_its_room_to_its_neighbours() {
	ExtBuilder::with(&[DE]).build_and_execute(|| {
		place(1, ALICE, DE, v4(1, 1, 1), NODE_CAP);
		assert_eq!(place(2, BOB, DE, v4(1, 1, 1), NODE_CAP).weight, 0);
		place(1, ALICE, DE, v4(1, 1, 1), 0);
		assert_eq!(place(2, BOB, DE, v4(1, 1, 1), NODE_CAP).weight, NODE_CAP);
	});
}
