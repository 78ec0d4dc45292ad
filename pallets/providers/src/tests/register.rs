use crate::{mock::*, Error, Event, NextIndex, PeerId, Terms};
use polkadot_sdk::{
	frame_support::{assert_noop, assert_ok},
	*,
};
use weir_primitives::{
	seams::{Bonds, OnBondChange, ProviderRegistry, RoleDuty},
	Admission, Claim, Endpoint, LineKind, Prefix, ProviderIndex, Region, Role,
};

/// Registers ALICE with `terms`, bonded for 100/50 Mbps.
fn register_with(terms: Terms) -> sp_runtime::DispatchResult {
	bond(ALICE, 50_000);
	Providers::register(signed(ALICE), mbps(100, 50), terms, None)
}

#[track_caller]
fn refused(terms: Terms, error: Error<Test>) {
	bond(ALICE, 50_000);
	assert_noop!(Providers::register(signed(ALICE), mbps(100, 50), terms, None), error);
}

#[test]
fn register_should_fail_when_every_index_is_taken() {
	ExtBuilder::default().build_and_execute(|| {
		NextIndex::<Test>::put(ProviderIndex::MAX);
		refused(terms(1), Error::NoIndexLeft);
		NextIndex::<Test>::kill();
	});
}

#[test]
fn register_should_store_facts_when_bonded() {
	ExtBuilder::default().build_and_execute(|| {
		bond(ALICE, 50_000);
		assert_ok!(Providers::register(signed(ALICE), mbps(100, 50), terms(1), Some(key(1))));

		let facts = Providers::facts_at(0, START + 1).unwrap();
		assert_eq!(facts.account, ALICE);
		assert_eq!(facts.claim, mbps(100, 50));
		assert_eq!(facts.endpoint, terms(1).endpoint);
		assert_eq!(facts.region, terms(1).region);
		assert_eq!(facts.probe_key, Some(key(1)));
		assert_eq!(facts.admission, Admission::Pending { passed: 0 });
		assert!(facts.in_service);
		assert_eq!(Providers::index_of(&ALICE), Some(0));
		assert!(emitted(Event::Registered {
			index: 0,
			who: ALICE,
			claim: mbps(100, 50),
			terms: terms(1),
			probe_key: Some(key(1)),
		}));
		assert_eq!(last_event(), Event::EnteredService { index: 0, from: START + 1 });
		assert_eq!(take_changes(), [Change::Changed(0, facts)]);
	});
}

#[test]
fn register_should_enter_service_next_epoch() {
	ExtBuilder::default().build_and_execute(|| {
		let index = register(ALICE);

		assert!(!Providers::facts(index).unwrap().in_service);
		advance(1);
		assert!(Providers::facts(index).unwrap().in_service);
	});
}

#[test]
fn register_should_number_densely_when_several_register() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!([ALICE, BOB, CAROL].map(register), [0, 1, 2]);
	});
}

#[test]
fn register_should_fail_when_account_is_registered() {
	ExtBuilder::default().build_and_execute(|| {
		register(ALICE);
		assert_noop!(
			Providers::register(signed(ALICE), mbps(100, 50), terms(9), None),
			Error::<Test>::AlreadyRegistered
		);
	});
}

#[test]
fn register_should_fail_when_bond_does_not_cover_claim() {
	ExtBuilder::default().build_and_execute(|| {
		bond(ALICE, 49_999);
		assert_noop!(
			Providers::register(signed(ALICE), mbps(100, 50), terms(1), None),
			Error::<Test>::InsufficientBond
		);
		assert_eq!(take_changes(), []);
	});
}

#[test]
fn register_should_fail_when_claim_is_out_of_range() {
	ExtBuilder::default().build_and_execute(|| {
		bond(ALICE, 2_000_000);
		let attempt = |down_kbps, up_kbps| {
			Providers::register(signed(ALICE), Claim { down_kbps, up_kbps }, terms(1), None)
		};
		assert_noop!(attempt(100_000, 999), Error::<Test>::ClaimTooLow);
		assert_noop!(attempt(999, 100_000), Error::<Test>::ClaimTooLow);
		assert_noop!(attempt(1_000_001, 100_000), Error::<Test>::ClaimTooHigh);
		assert_noop!(attempt(100_000, 1_000_001), Error::<Test>::ClaimTooHigh);
		assert_ok!(attempt(1_000_000, 1_000));
	});
}

#[test]
fn register_should_fail_when_port_is_zero() {
	ExtBuilder::default().build_and_execute(|| {
		refused(Terms { endpoint: v4([45, 0, 0, 1], 0), ..terms(1) }, Error::ZeroPort);
	});
}

#[test]
fn register_should_fail_when_endpoint_is_private_on_public_network() {
	ExtBuilder::default().build_and_execute(|| {
		for addr in [[10, 0, 0, 1], [127, 0, 0, 1], [192, 168, 1, 1], [169, 254, 0, 1], [100, 64, 0, 1]] {
			refused(Terms { endpoint: v4(addr, 1), ..terms(1) }, Error::PrivateEndpoint);
		}
		let mut loopback = [0; 16];
		loopback[15] = 1;
		refused(
			Terms { endpoint: Endpoint::V6 { addr: loopback, port: 1 }, ..terms(1) },
			Error::PrivateEndpoint,
		);
	});
}

#[test]
fn register_should_accept_private_endpoint_when_genesis_allows() {
	ExtBuilder::default().allow_private_endpoints().build_and_execute(|| {
		assert_ok!(register_with(Terms { endpoint: v4([127, 0, 0, 1], 1), ..terms(1) }));
	});
}

#[test]
fn register_should_fail_when_address_is_not_unicast_even_if_private_is_allowed() {
	ExtBuilder::default().allow_private_endpoints().build_and_execute(|| {
		let mut multicast = [0; 16];
		multicast[0] = 0xff;
		for endpoint in [
			v4([0, 0, 0, 0], 1),
			v4([224, 0, 0, 1], 1),
			v4([255, 255, 255, 255], 1),
			Endpoint::V6 { addr: [0; 16], port: 1 },
			Endpoint::V6 { addr: multicast, port: 1 },
		] {
			refused(Terms { endpoint, ..terms(1) }, Error::NotUnicast);
		}
	});
}

#[test]
fn register_should_fail_when_endpoint_is_taken() {
	ExtBuilder::default().build_and_execute(|| {
		register(BOB);
		refused(Terms { endpoint: terms(BOB as u8).endpoint, ..terms(1) }, Error::EndpointTaken);
	});
}

#[test]
fn register_should_accept_another_port_of_a_taken_address() {
	ExtBuilder::default().build_and_execute(|| {
		register(BOB);
		assert_ok!(register_with(Terms { endpoint: v4([45, 0, BOB as u8, 1], 1_000), ..terms(1) }));
	});
}

#[test]
fn register_should_fail_when_prefix_is_full() {
	ExtBuilder::default().build_and_execute(|| {
		for host in 1..=MAX_PER_PREFIX as u8 {
			let who = 100 + u64::from(host);
			bond(who, 50_000);
			let terms = Terms { endpoint: v4([45, 0, 9, host], 1), ..terms(host) };
			assert_ok!(Providers::register(signed(who), mbps(100, 50), terms, None));
		}
		assert_eq!(crate::PrefixLines::<Test>::get(Prefix::V4([45, 0, 9])).len(), MAX_PER_PREFIX as usize);
		refused(Terms { endpoint: v4([45, 0, 9, 200], 1), ..terms(1) }, Error::PrefixFull);
	});
}

#[test]
fn register_should_accept_both_multihash_forms_of_peer_id() {
	ExtBuilder::default().build_and_execute(|| {
		let hashed = [vec![0x12, 0x20], vec![9; 32]].concat();
		assert_ok!(register_with(Terms { peer_id: PeerId::truncate_from(hashed), ..terms(1) }));
		bond(BOB, 50_000);
		assert_ok!(Providers::register(signed(BOB), mbps(100, 50), terms(2), None));
	});
}

#[test]
fn register_should_fail_when_peer_id_is_malformed() {
	ExtBuilder::default().build_and_execute(|| {
		let ed25519 = ed25519_peer_id(1).into_inner();
		let malformed = [
			vec![],
			ed25519[..37].to_vec(),
			[ed25519.clone(), vec![0]].concat(),
			[vec![0x01], ed25519[1..].to_vec()].concat(),
			[vec![0x00, 0x24, 0x08, 0x02], ed25519[4..].to_vec()].concat(),
			[vec![0x12, 0x20], vec![9; 31]].concat(),
			[vec![0x13, 0x20], vec![9; 32]].concat(),
		];
		for bytes in malformed {
			refused(Terms { peer_id: PeerId::truncate_from(bytes), ..terms(1) }, Error::InvalidPeerId);
		}
	});
}

#[test]
fn register_should_fail_when_country_is_not_assigned() {
	ExtBuilder::default().build_and_execute(|| {
		for country in [*b"ZZ", *b"de", *b"00"] {
			let region = Region { country, kind: LineKind::Hosting };
			refused(Terms { region, ..terms(1) }, Error::InvalidRegion);
		}
	});
}

#[test]
fn register_should_fail_when_price_is_out_of_bounds() {
	ExtBuilder::default().build_and_execute(|| {
		refused(Terms { price_credits_per_gb: MIN_PRICE - 1, ..terms(1) }, Error::PriceTooLow);
		refused(Terms { price_credits_per_gb: MAX_PRICE + 1, ..terms(1) }, Error::PriceTooHigh);
		assert_ok!(register_with(Terms { price_credits_per_gb: MAX_PRICE, ..terms(1) }));
	});
}

#[test]
fn register_should_stay_out_of_service_when_relay_only() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(register_with(Terms { endpoint: Endpoint::RelayOnly, ..terms(1) }));
		bond(BOB, 50_000);
		let relayed = Terms { endpoint: Endpoint::RelayOnly, ..terms(2) };
		assert_ok!(Providers::register(signed(BOB), mbps(100, 50), relayed, None));
		advance(5);

		assert!(!Providers::facts(0).unwrap().in_service);
		assert!(!Providers::facts(1).unwrap().in_service);
		assert_eq!(take_changes(), []);
	});
}

#[test]
fn register_should_reuse_index_when_nothing_refers_to_it() {
	ExtBuilder::default().build_and_execute(|| {
		let freed = register(ALICE);
		register(BOB);
		assert_ok!(Providers::deregister(signed(ALICE)));

		assert_eq!(register(CAROL), freed);
		assert_eq!(register(ALICE), 2);
	});
}

#[test]
fn register_should_open_new_index_while_freed_one_is_needed() {
	ExtBuilder::default().build_and_execute(|| {
		let freed = register(ALICE);
		assert_ok!(Providers::deregister(signed(ALICE)));
		Needed::mutate(|needed| needed.insert(freed));

		assert_eq!(register(BOB), 1);
		Needed::mutate(|needed| needed.remove(&freed));
		assert_eq!(register(CAROL), freed);
	});
}

#[test]
fn role_duty_should_follow_registration() {
	ExtBuilder::default().build_and_execute(|| {
		assert!(!Providers::in_service(&ALICE, Role::Provider));
		assert_eq!(Providers::claimed_kbps(&ALICE, Role::Provider), 0);
		register(ALICE);

		assert!(<Providers as RoleDuty<_>>::in_service(&ALICE, Role::Provider));
		assert_eq!(Providers::claimed_kbps(&ALICE, Role::Provider), 50_000);
		assert!(!<Providers as RoleDuty<_>>::in_service(&ALICE, Role::Validator));
		assert_eq!(Providers::claimed_kbps(&ALICE, Role::Validator), 0);
		assert!(OneUnitPerKbps::is_sufficient(&ALICE, Role::Provider));
		Providers::bond_changed(&ALICE, Role::Validator);
	});
}

#[test]
fn page_should_hold_rows_in_order_and_skip_freed_indexes() {
	ExtBuilder::default().build_and_execute(|| {
		for who in [ALICE, BOB, CAROL, 4] {
			register(who);
		}
		assert_ok!(Providers::deregister(signed(BOB)));
		let page = |start, count| {
			let page = Providers::page(start, count, |_| true);
			(page.rows.into_iter().map(|row| row.0).collect::<Vec<_>>(), page.next)
		};

		assert_eq!(page(0, 10), (vec![0, 2, 3], None));
		assert_eq!(page(0, 2), (vec![0, 2], Some(3)));
		assert_eq!(page(3, 10), (vec![3], None));
		assert_eq!(page(4, 10), (vec![], None));
		assert_eq!(page(0, 0), (vec![], Some(0)));
		assert_eq!(page(u32::MAX, u32::MAX), (vec![], None));
		assert_eq!(Providers::page(2, 1, |_| true).rows[0].1.account, CAROL);
	});
}

#[test]
fn page_should_hold_only_what_is_wanted() {
	ExtBuilder::default().build_and_execute(|| {
		for who in [ALICE, BOB, CAROL, 4] {
			register(who);
		}
		let of = |wanted: &[_]| {
			let page = Providers::page(0, 1, |registration| wanted.contains(&registration.account));
			(page.rows.into_iter().map(|row| row.0).collect::<Vec<_>>(), page.next)
		};

		assert_eq!(of(&[BOB, 4]), (vec![1], Some(2)));
		assert_eq!(of(&[4]), (vec![3], None));
		assert_eq!(of(&[]), (vec![], None));
	});
}

#[test]
fn page_should_end_where_it_may_look_no_further() {
	ExtBuilder::default().build_and_execute(|| {
		register(ALICE);
		NextIndex::<Test>::put(2_500);
		let page = |start| Providers::page(start, 10, |_| true);

		assert_eq!((page(0).rows.len(), page(0).next), (1, Some(1_000)));
		assert_eq!((page(1_000).rows.len(), page(1_000).next), (0, Some(2_000)));
		assert_eq!((page(2_000).rows.len(), page(2_000).next), (0, None));
		// Only to look at: the indexes in between are neither registered nor free.
		NextIndex::<Test>::put(1);
	});
}

#[test]
fn page_should_hold_at_most_a_hundred_rows() {
	ExtBuilder::default().build_and_execute(|| {
		for who in 1..=120 {
			register(who);
		}
		let page = |start| Providers::page(start, u32::MAX, |_| true);
		assert_eq!((page(0).rows.len(), page(0).next), (100, Some(100)));
		assert_eq!((page(100).rows.len(), page(100).next), (20, None));
	});
}
