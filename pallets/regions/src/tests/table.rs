//! The table of regions and the list of hosting prefixes.

use super::*;
use crate::{Error, Regions};
use frame_support::{assert_noop, assert_ok, BoundedVec};
use sp_runtime::DispatchError::BadOrigin;
use weir_math::economy::{groups::Network, least_weight::MOST_LEAST_WEIGHT};
use weir_primitives::LineKind;

const NOWHERE: Region = Region { country: *b"ZZ", kind: LineKind::Residential };

fn list(prefixes: &[Network]) -> DispatchResult {
	Table::list_hosting(governance(), BoundedVec::truncate_from(prefixes.to_vec()))
}

fn unlist(prefixes: &[Network]) -> DispatchResult {
	Table::unlist_hosting(governance(), BoundedVec::truncate_from(prefixes.to_vec()))
}

#[test]
fn open_region_should_number_regions_in_their_order() {
	ExtBuilder::with(&[DE]).build_and_execute(|| {
		assert_ok!(Table::do_open_region(FR, 7));
		assert_eq!(events(), vec![Event::RegionOpened { id: 1, region: FR, least_weight: 7 }]);
		assert_eq!((Table::id_of(&DE), Table::id_of(&FR), Table::id_of(&CH)), (Some(0), Some(1), None));
		assert_eq!(Table::bound(), 2);
		assert_eq!(Table::region(1).map(|state| (state.open, state.least_weight)), Some((true, 7)));
	});
}

#[test]
fn open_region_should_refuse_what_is_no_country() {
	ExtBuilder::default().build_and_execute(|| {
		let lower_case = Region { country: *b"de", ..DE };
		for region in [NOWHERE, lower_case] {
			assert_noop!(open(region), Error::<Test>::InvalidRegion);
			assert_noop!(Table::open_region(governance(), region, LEAST), Error::<Test>::InvalidRegion);
		}
	});
}

#[test]
fn open_region_should_refuse_an_open_one_and_a_full_table() {
	ExtBuilder::with(&[DE]).build_and_execute(|| {
		MaxRegions::set(2);
		assert_noop!(open(DE), Error::<Test>::AlreadyOpen);
		assert_noop!(Table::open_region(governance(), DE, LEAST), Error::<Test>::AlreadyOpen);
		assert_ok!(open(FR));
		assert_noop!(open(CH), Error::<Test>::TooManyRegions);
		assert_noop!(Table::open_region(governance(), CH, LEAST), Error::<Test>::TooManyRegions);
	});
}

#[test]
fn table_should_hold_every_country_and_kind() {
	ExtBuilder::default().build_and_execute(|| {
		let codes = (b'A'..=b'Z').flat_map(|first| (b'A'..=b'Z').map(move |second| [first, second]));
		let regions = codes.flat_map(|country| {
			[LineKind::Residential, LineKind::Hosting].map(|kind| Region { country, kind })
		});
		let opened = regions.filter(|region| region.is_valid()).filter(|region| open(*region).is_ok());
		assert_eq!(opened.count(), 498);
		assert_eq!(Table::bound(), 498);
		assert_eq!(Table::regions(490, 100).len(), 8);
		assert_eq!(Table::regions(500, 100).len(), 0);
	});
}

#[test]
fn closed_region_should_keep_its_number_for_when_it_is_opened_again() {
	ExtBuilder::with(&[DE, FR]).build_and_execute(|| {
		assert_ok!(shut(DE));
		assert_eq!(events(), vec![Event::RegionClosed { id: 0, region: DE }]);
		assert_eq!((Table::id_of(&DE), Table::bound()), (None, 2));
		assert_noop!(shut(DE), Error::<Test>::NotOpen);
		assert_noop!(Table::close_region(governance(), DE), Error::<Test>::NotOpen);
		assert_noop!(Table::close_region(governance(), CH), Error::<Test>::NotOpen);

		assert_ok!(open(CH));
		assert_ok!(Table::do_open_region(DE, LEAST + 5));
		assert_eq!((Table::id_of(&DE), Table::id_of(&CH)), (Some(0), Some(2)));
		assert_eq!(Table::region(0).map(|state| state.least_weight), Some(LEAST + 5));
	});
}

#[test]
fn region_opened_again_should_have_forgotten_its_utilisation_but_no_epoch() {
	ExtBuilder::with(&[DE]).build_and_execute(|| {
		people(DE, 0, 1_000);
		close(0, seen(6_000, 0), &at(9));
		assert_ne!(Table::region(0).map(|state| state.multiplier), Some(1_000_000));
		assert_ok!(shut(DE));
		assert_ok!(open(DE));
		let state = Table::region(0).unwrap();
		assert_eq!((state.multiplier, state.demand), (1_000_000, Default::default()));
		let before = Regions::<Test>::get(0);
		Table::survey(0, &seen(6_000, 0), &at(9));
		assert_eq!(Regions::<Test>::get(0), before, "epoch 9 was surveyed before");
	});
}

#[test]
fn set_least_weight_should_replace_it_in_open_regions_only() {
	ExtBuilder::with(&[DE]).build_and_execute(|| {
		assert_ok!(Table::do_set_least_weight(&DE, LEAST + 1));
		assert_eq!(events(), vec![Event::LeastWeightChanged { id: 0, old: LEAST, new: LEAST + 1 }]);
		assert_noop!(Table::set_least_weight(governance(), DE, LEAST + 1), Error::<Test>::NothingChanges);
		assert_noop!(Table::set_least_weight(governance(), FR, 1), Error::<Test>::NotOpen);
		assert_ok!(shut(DE));
		assert_noop!(Table::set_least_weight(governance(), DE, LEAST), Error::<Test>::NotOpen);
	});
}

#[test]
fn table_should_be_kept_by_governance_alone() {
	ExtBuilder::with(&[DE]).build_and_execute(|| {
		for origin in [signed(ALICE), RuntimeOrigin::none()] {
			assert_noop!(Table::open_region(origin.clone(), FR, 1), BadOrigin);
			assert_noop!(Table::close_region(origin.clone(), DE), BadOrigin);
			assert_noop!(Table::set_least_weight(origin.clone(), DE, 1), BadOrigin);
			assert_noop!(Table::cancel_change(origin.clone(), DE), BadOrigin);
			assert_noop!(Table::list_hosting(origin.clone(), Default::default()), BadOrigin);
			assert_noop!(Table::unlist_hosting(origin, Default::default()), BadOrigin);
		}
	});
}

#[test]
fn hosting_should_be_known_by_network() {
	let v6 = |third| Endpoint::V6 { addr: [32, 1, third, 8, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5], port: 1 };
	let is_hosting = <Table as Placement<AccountId>>::is_hosting;
	ExtBuilder::default().hosting(&[Network::V4([9, 1])]).build_and_execute(|| {
		assert_ok!(list(&[Network::V6([32, 1, 7, 8])]));
		assert_eq!(events(), vec![Event::HostingListed { prefixes: vec![Network::V6([32, 1, 7, 8])] }]);
		assert!(is_hosting(&v4(1, 200, 3)) && !is_hosting(&v4(2, 1, 1)));
		assert!(is_hosting(&v6(7)) && !is_hosting(&v6(6)));
		assert!(!is_hosting(&Endpoint::RelayOnly));
		assert_ok!(unlist(&[Network::V4([9, 1])]));
		assert_eq!(events(), vec![Event::HostingUnlisted { prefixes: vec![Network::V4([9, 1])] }]);
		assert!(!is_hosting(&v4(1, 200, 3)));
	});
}

#[test]
fn list_hosting_should_take_all_or_nothing() {
	let prefix = |n| Network::V4([9, n]);
	ExtBuilder::default().hosting(&[prefix(1)]).build_and_execute(|| {
		assert_noop!(list(&[prefix(2), Network::Relayed]), Error::<Test>::NotAPrefix);
		assert_noop!(list(&[prefix(2), prefix(1)]), Error::<Test>::AlreadyListed);
		assert_noop!(list(&[prefix(2), prefix(2)]), Error::<Test>::AlreadyListed);
		assert_noop!(list(&[2, 3, 4, 5, 6].map(prefix)), Error::<Test>::TooManyPrefixes);
		assert_ok!(list(&[2, 3, 4, 5].map(prefix)));
		assert_noop!(unlist(&[prefix(2), prefix(9)]), Error::<Test>::NotListed);
		assert_noop!(unlist(&[prefix(2), prefix(2)]), Error::<Test>::NotListed);
	});
}

#[test]
#[should_panic(expected = "OutOfBounds")]
fn genesis_should_refuse_to_ask_more_than_may_be() {
	ExtBuilder::asking(&[DE], MOST_LEAST_WEIGHT + 1).build();
}

#[test]
fn genesis_should_open_regions_at_once_with_any_valid_weight() {
	ExtBuilder::asking(&[DE, FR], MOST_LEAST_WEIGHT).build_and_execute(|| {
		assert_eq!((Table::id_of(&FR), Table::pending_changes()), (Some(1), vec![]));
	});
}

#[test]
#[should_panic(expected = "genesis region")]
fn genesis_should_refuse_a_region_twice() {
	ExtBuilder::with(&[DE, DE]).build();
}
