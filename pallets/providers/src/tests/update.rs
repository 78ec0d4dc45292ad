use crate::{mock::*, EndpointOwner, Error, Event, PrefixLines, Terms, TermsUpdate};
use polkadot_sdk::frame_support::{assert_noop, assert_ok};
use weir_primitives::{seams::ProviderRegistry, Caps, Endpoint, ExitClass, LineKind, Prefix, Region};

fn to_relay() -> TermsUpdate {
	TermsUpdate { endpoint: Some(Endpoint::RelayOnly), ..Default::default() }
}

#[test]
fn update_should_change_what_is_given_and_keep_the_rest() {
	ExtBuilder::default().build_and_execute(|| {
		let index = in_service(ALICE);
		take_changes();
		let changes = TermsUpdate {
			price_credits_per_gb: Some(70_000),
			exit: Some(ExitClass::Open),
			..Default::default()
		};
		assert_ok!(Providers::update(signed(ALICE), changes));

		let new = Terms { price_credits_per_gb: 70_000, exit: ExitClass::Open, ..terms(1) };
		assert_eq!(stored(index).terms, new);
		assert_eq!(last_event(), Event::Updated { index, old: terms(1), new });
		assert_eq!(take_changes(), []);
	});
}

#[test]
fn update_should_change_every_term_when_all_are_given() {
	ExtBuilder::default().build_and_execute(|| {
		let index = in_service(ALICE);
		let new = Terms {
			endpoint: Endpoint::V6 { addr: [0x2a; 16], port: 7 },
			peer_id: ed25519_peer_id(77),
			region: Region { country: *b"FR", kind: LineKind::Hosting },
			exit: ExitClass::Relay,
			price_credits_per_gb: MIN_PRICE,
			caps: Caps { rate_kbps: 5_000, gb_per_month: 100, sessions: 10 },
		};
		let changes = TermsUpdate {
			endpoint: Some(new.endpoint),
			peer_id: Some(new.peer_id.clone()),
			region: Some(new.region),
			exit: Some(new.exit),
			price_credits_per_gb: Some(new.price_credits_per_gb),
			caps: Some(new.caps),
		};
		assert_ok!(Providers::update(signed(ALICE), changes));
		assert_eq!(stored(index).terms, new);
	});
}

#[test]
fn update_should_tell_of_another_region() {
	ExtBuilder::default().build_and_execute(|| {
		let index = in_service(ALICE);
		take_changes();
		let region = Region { country: *b"FR", kind: LineKind::Hosting };
		assert_ok!(Providers::update(
			signed(ALICE),
			TermsUpdate { region: Some(region), ..Default::default() }
		));
		let facts = Providers::facts(index).unwrap();
		assert_eq!(facts.region, region);
		assert_eq!(take_changes(), [Change::Changed(index, facts)]);
	});
}

#[test]
fn update_should_move_place_and_tell_lists_when_endpoint_changes() {
	ExtBuilder::default().build_and_execute(|| {
		let index = in_service(ALICE);
		take_changes();
		let endpoint = v4([46, 0, 0, 1], 9);
		assert_ok!(Providers::update(
			signed(ALICE),
			TermsUpdate { endpoint: Some(endpoint), ..Default::default() }
		));

		assert_eq!(EndpointOwner::<Test>::get(terms(1).endpoint), None);
		assert_eq!(EndpointOwner::<Test>::get(endpoint), Some(index));
		assert!(!PrefixLines::<Test>::contains_key(Prefix::V4([45, 0, 1])));
		assert_eq!(PrefixLines::<Test>::get(Prefix::V4([46, 0, 0])).into_inner(), vec![index]);
		assert!(Providers::facts(index).unwrap().in_service);
		assert_eq!(take_changes(), [Change::Changed(index, Providers::facts(index).unwrap())]);
	});
}

#[test]
fn update_should_accept_another_port_when_own_prefix_is_full() {
	ExtBuilder::default().build_and_execute(|| {
		for host in 1..=MAX_PER_PREFIX as u8 {
			let who = u64::from(host);
			bond(who, 50_000);
			let terms = Terms { endpoint: v4([45, 0, 9, host], 1), ..terms(host) };
			assert_ok!(Providers::register(signed(who), mbps(100, 50), terms, None));
		}
		let changes = TermsUpdate { endpoint: Some(v4([45, 0, 9, 1], 2)), ..Default::default() };
		assert_ok!(Providers::update(signed(ALICE), changes));
	});
}

#[test]
fn update_should_fail_when_endpoint_is_taken() {
	ExtBuilder::default().build_and_execute(|| {
		register(ALICE);
		register(BOB);
		let changes = TermsUpdate { endpoint: Some(terms(2).endpoint), ..Default::default() };
		assert_noop!(Providers::update(signed(ALICE), changes), Error::<Test>::EndpointTaken);
	});
}

#[test]
fn update_should_fail_when_nothing_changes() {
	ExtBuilder::default().build_and_execute(|| {
		register(ALICE);
		assert_noop!(Providers::update(signed(ALICE), TermsUpdate::default()), Error::<Test>::NothingChanges);
		let same = TermsUpdate { endpoint: Some(terms(1).endpoint), ..Default::default() };
		assert_noop!(Providers::update(signed(ALICE), same), Error::<Test>::NothingChanges);
	});
}

#[test]
fn update_should_fail_when_account_is_not_registered() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Providers::update(signed(ALICE), to_relay()), Error::<Test>::NotRegistered);
	});
}

#[test]
fn update_should_check_terms_by_the_rules_of_registration() {
	ExtBuilder::default().build_and_execute(|| {
		register(ALICE);
		let price = TermsUpdate { price_credits_per_gb: Some(MAX_PRICE + 1), ..Default::default() };
		assert_noop!(Providers::update(signed(ALICE), price), Error::<Test>::PriceTooHigh);
		let loopback = TermsUpdate { endpoint: Some(v4([127, 0, 0, 1], 1)), ..Default::default() };
		assert_noop!(Providers::update(signed(ALICE), loopback), Error::<Test>::PrivateEndpoint);
	});
}

#[test]
fn update_should_fail_when_relay_only_would_escape_tests() {
	ExtBuilder::default().build_and_execute(|| {
		in_service(ALICE);
		assert_noop!(Providers::update(signed(ALICE), to_relay()), Error::<Test>::InService);
		assert_ok!(Providers::pause(signed(ALICE)));
		advance(2);
		// The verdicts on the epoch before are still to come.
		assert_noop!(Providers::update(signed(ALICE), to_relay()), Error::<Test>::InService);
		advance(1);
		assert_ok!(Providers::update(signed(ALICE), to_relay()));
		assert!(!EndpointOwner::<Test>::contains_key(terms(1).endpoint));
	});
}

#[test]
fn update_should_enter_service_next_epoch_when_relay_only_becomes_direct() {
	ExtBuilder::default().build_and_execute(|| {
		bond(ALICE, 50_000);
		let relayed = Terms { endpoint: Endpoint::RelayOnly, ..terms(1) };
		assert_ok!(Providers::register(signed(ALICE), mbps(100, 50), relayed, None));
		advance(3);
		let changes = TermsUpdate { endpoint: Some(terms(1).endpoint), ..Default::default() };
		assert_ok!(Providers::update(signed(ALICE), changes));

		assert!(!Providers::facts(0).unwrap().in_service);
		assert_eq!(last_event(), Event::EnteredService { index: 0, from: START + 4 });
		advance(1);
		assert!(Providers::facts(0).unwrap().in_service);
		assert!(!Providers::facts_at(0, START + 3).unwrap().in_service);
	});
}
