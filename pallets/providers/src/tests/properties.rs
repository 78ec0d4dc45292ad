//! Random call sequences: the invariants hold after every step, lists follow, and no call rewrites the previous epoch.

use crate::{mock::*, pallet, Terms, TermsUpdate};
use polkadot_sdk::{sp_runtime::DispatchResult, *};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use weir_primitives::{
	seams::{Bonds, ProviderFacts, ProviderRegistry, RoleDuty},
	Admission, Claim, Endpoint, Role,
};

const ACCOUNTS: u64 = 6;

#[derive(Clone, Debug)]
enum Op {
	Register { who: u64, claim: Claim, endpoint: Endpoint },
	Move { who: u64, endpoint: Endpoint },
	SetClaim { who: u64, claim: Claim },
	Pause(u64),
	Resume(u64),
	Deregister(u64),
	SetKey(u64, u8),
	RevokeKey(u64),
	Bond(u64, u32),
	LowerClaim(u32, Claim),
	SetAdmission(u32, Admission),
	Reinstate(u32, Option<Claim>, Admission),
	SetNeeded(u32, bool),
	Advance(u32),
}

fn claims() -> impl Strategy<Value = Claim> {
	(0u32..60, 0u32..60).prop_map(|(down, up)| mbps(down, up))
}

fn endpoints() -> impl Strategy<Value = Endpoint> {
	prop_oneof![
		6 => (0u8..2, 0u8..5, 1u16..3).prop_map(|(prefix, host, port)| v4([45, 0, prefix, host], port)),
		1 => Just(Endpoint::RelayOnly),
	]
}

fn admissions() -> impl Strategy<Value = Admission> {
	prop_oneof![
		(0u8..3).prop_map(|passed| Admission::Pending { passed }),
		(START..START + 20).prop_map(|since| Admission::Admitted { since }),
		(START..START + 20).prop_map(|until| Admission::Jailed { until }),
	]
}

fn ops() -> impl Strategy<Value = Op> {
	let who = 0..ACCOUNTS;
	let index = 0u32..ACCOUNTS as u32;
	prop_oneof![
		4 => (who.clone(), claims(), endpoints())
			.prop_map(|(who, claim, endpoint)| Op::Register { who, claim, endpoint }),
		2 => (who.clone(), endpoints()).prop_map(|(who, endpoint)| Op::Move { who, endpoint }),
		3 => (who.clone(), claims()).prop_map(|(who, claim)| Op::SetClaim { who, claim }),
		3 => who.clone().prop_map(Op::Pause),
		3 => who.clone().prop_map(Op::Resume),
		3 => who.clone().prop_map(Op::Deregister),
		1 => (who.clone(), 0u8..4).prop_map(|(who, seed)| Op::SetKey(who, seed)),
		1 => who.clone().prop_map(Op::RevokeKey),
		3 => (who, 0u32..80_000).prop_map(|(who, amount)| Op::Bond(who, amount)),
		2 => (index.clone(), claims()).prop_map(|(index, claim)| Op::LowerClaim(index, claim)),
		2 => (index.clone(), admissions()).prop_map(|(index, admission)| Op::SetAdmission(index, admission)),
		2 => (index.clone(), prop::option::of((1u32..60).prop_map(|rate| mbps(rate, rate))), admissions())
			.prop_map(|(index, claim, admission)| Op::Reinstate(index, claim, admission)),
		1 => (index, any::<bool>()).prop_map(|(index, needed)| Op::SetNeeded(index, needed)),
		5 => (1u32..3).prop_map(Op::Advance),
	]
}

fn apply(op: Op) -> DispatchResult {
	match op {
		Op::Register { who, claim, endpoint } => {
			Providers::register(signed(who), claim, Terms { endpoint, ..terms(1) }, None)
		}
		Op::Move { who, endpoint } => {
			Providers::update(signed(who), TermsUpdate { endpoint: Some(endpoint), ..Default::default() })
		}
		Op::SetClaim { who, claim } => Providers::set_claim(signed(who), claim),
		Op::Pause(who) => Providers::pause(signed(who)),
		Op::Resume(who) => Providers::resume(signed(who)),
		Op::Deregister(who) => Providers::deregister(signed(who)),
		Op::SetKey(who, seed) => Providers::set_probe_key(signed(who), key(seed)),
		Op::RevokeKey(who) => Providers::revoke_probe_key(signed(who)),
		Op::Bond(who, amount) => {
			bond(who, amount);
			Ok(())
		}
		Op::LowerClaim(index, claim) => Providers::lower_claim(index, claim),
		Op::SetAdmission(index, admission) => Providers::set_admission(index, admission),
		Op::Reinstate(index, claim, admission) => Providers::reinstate(index, claim, admission),
		Op::SetNeeded(index, needed) => {
			Needed::mutate(|set| if needed { set.insert(index) } else { set.remove(&index) });
			Ok(())
		}
		Op::Advance(_) => Ok(()),
	}
}

/// What may not change once its epoch is over. Endpoint and region change at once.
fn history(facts: ProviderFacts<u64>) -> impl PartialEq + std::fmt::Debug {
	(facts.account, facts.claim, facts.probe_key, facts.admission, facts.in_service)
}

fn facts_of_all(epoch: u32) -> BTreeMap<u32, ProviderFacts<u64>> {
	pallet::Providers::<Test>::iter_keys()
		.map(|index| (index, Providers::facts_at(index, epoch).unwrap()))
		.collect()
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(128))]

	#[test]
	fn calls_should_keep_invariants_lists_and_history(ops in prop::collection::vec(ops(), 1..100)) {
		ExtBuilder::default().build().execute_with(|| -> Result<(), TestCaseError> {
			let mut listed = BTreeSet::new();
			let mut last_epoch = BTreeMap::new();
			for op in ops {
				if let Op::Advance(epochs) = op {
					advance(epochs);
					// The previous epoch has just ended, so this is how it went.
					last_epoch = facts_of_all(Epoch::get() - 1);
				}
				let root = sp_io::storage::root(Default::default());
				let outcome = apply(op.clone());
				if let (Op::Register { who, .. }, Ok(())) = (&op, &outcome) {
					last_epoch.remove(&Providers::index_of(who).unwrap());
				}
				if outcome.is_err() {
					prop_assert_eq!(&root, &sp_io::storage::root(Default::default()), "{:?} failed but wrote", op);
				}
				for change in take_changes() {
					match change {
						Change::Changed(index, facts) => {
							prop_assert!(facts.in_service);
							listed.insert(index);
						},
						Change::Left(index, _) => {
							listed.remove(&index);
						},
						Change::Leaving(index, _) => {
							prop_assert!(!listed.contains(&index));
							let serves = |epoch| Providers::facts_at(index, epoch).unwrap().in_service;
							prop_assert!(serves(Epoch::get()) || serves(Epoch::get() + 1));
						},
					}
				}

				Providers::do_try_state().map_err(|error| TestCaseError::fail(format!("{op:?}: {error:?}")))?;
				let records = pallet::Providers::<Test>::iter().collect::<BTreeMap<_, _>>();
				let expected = records.iter().filter(|row| row.1.listed).map(|row| *row.0).collect::<BTreeSet<_>>();
				prop_assert_eq!(&listed, &expected);
				last_epoch.retain(|index, facts| records.get(index).is_some_and(|record| record.account == facts.account));
				for (index, before) in &last_epoch {
					let after = Providers::facts_at(*index, Epoch::get() - 1).unwrap();
					prop_assert_eq!(history(before.clone()), history(after), "{:?} rewrote history", &op);
				}
				for record in records.values() {
					let claimed = Providers::claimed_kbps(&record.account, Role::Provider);
					prop_assert!(claimed >= record.claim.at(Epoch::get()).effective_kbps());
					prop_assert!(claimed >= record.claim.latest().effective_kbps());
					if *record.bonded.latest() {
						prop_assert!(OneUnitPerKbps::is_sufficient(&record.account, Role::Provider));
					}
				}
			}
			Ok(())
		})?;
	}
}
