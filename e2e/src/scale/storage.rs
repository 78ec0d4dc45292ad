//! What is stored of a provider, in bytes: keys as the trie has them, and values. The nodes of the trie come on top.
//!
//! All maps of our pallets are summed that have an entry for a provider, its account or its seat. Those that have none are
//! named at the end, each with what it is by; a test tells when a map is neither.

use crate::blocks::{node::Node, Blocks};
use pallet_proof_of_bandwidth as measuring;
use pallet_proof_of_bandwidth::{Leaver, CLASSES, TIERS};
use polkadot_sdk::*;
use std::collections::BTreeMap;
use weir_math::region;
use weir_primitives::{
	seams::{Deposit, EpochClock, ProviderRegistry},
	ProviderIndex, Role,
};
use weir_runtime::{ProofOfBandwidth, Providers, Runtime};

/// Providers that are looked at.
const SAMPLE: u32 = 1_000;

/// What an entry of storage is kept for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Part {
	/// The provider: registration, lists, verdicts.
	Provider,
	/// Outages: recorded ones, and what is open.
	Outages,
	/// Strikes, an escalation, and what they stand on.
	Strikes,
	/// The seat beside it, and its reports.
	Seat,
	/// The account and its bond.
	Account,
}

impl Part {
	/// As written in the table.
	pub fn name(self) -> &'static str {
		match self {
			Self::Provider => "provider",
			Self::Outages => "outages",
			Self::Strikes => "strikes",
			Self::Seat => "seat",
			Self::Account => "account and bond",
		}
	}
}

/// Bytes of keys and values.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Bytes {
	/// Keys.
	pub keys: f64,
	/// Values.
	pub values: f64,
}

/// Bytes per map.
pub type Stored = BTreeMap<(Part, &'static str), Bytes>;

/// Sum of a part.
pub fn sum(stored: &Stored, part: Part) -> Bytes {
	stored.iter().filter(|((of, _), _)| *of == part).fold(Bytes::default(), |sum, (_, bytes)| Bytes {
		keys: sum.keys + bytes.keys,
		values: sum.values + bytes.values,
	})
}

/// Mean over some of the providers of a chain, which are `nodes`.
pub fn sampled(chain: &mut Blocks, nodes: &[Node]) -> Stored {
	let step = (nodes.len() as u32 / SAMPLE).max(1) as usize;
	let numbered = nodes.iter().zip(0..);
	mean(numbered.step_by(step).map(|(node, index)| of(chain, index, node)))
}

/// Mean of several.
pub fn mean(stored: impl Iterator<Item = Stored>) -> Stored {
	let (mut mean, mut count) = (Stored::new(), 0.0);
	for stored in stored {
		count += 1.0;
		for (map, bytes) in stored {
			let sum = mean.entry(map).or_default();
			sum.keys += bytes.keys;
			sum.values += bytes.values;
		}
	}
	for bytes in mean.values_mut() {
		bytes.keys /= count;
		bytes.values /= count;
	}
	mean
}

/// Of one provider and its seat.
pub fn of(chain: &mut Blocks, index: ProviderIndex, node: &Node) -> Stored {
	chain.look(|| {
		let mut stored = Stored::new();
		for (part, name, key) in keys(index, node) {
			if let Some(value) = sp_io::storage::get(&key) {
				let bytes = stored.entry((part, name)).or_default();
				bytes.keys += key.len() as f64;
				bytes.values += value.len() as f64;
			}
		}
		stored
	})
}

/// A key under which there may be an entry, what that is kept for, and what it is.
type Key = (Part, &'static str, Vec<u8>);

fn keys(index: ProviderIndex, node: &Node) -> Vec<Key> {
	let mut keys = of_provider(index, node);
	keys.extend(of_outages(index, node));
	keys.extend(of_strikes(index, node));
	keys.extend(of_seat(node));
	keys.extend(of_account(node));
	keys
}

/// Epochs whose records may still be there.
fn epochs() -> impl Iterator<Item = u32> {
	let epoch = ProofOfBandwidth::epoch();
	epoch.saturating_sub(measuring::RETAINED_EPOCHS)..=epoch
}

fn of_provider(index: ProviderIndex, node: &Node) -> Vec<Key> {
	let prefix = node.endpoint.prefix().expect("nodes have addresses");
	let mut keys = Vec::new();
	let mut note = |name, key| keys.push((Part::Provider, name, key));
	note("registration", pallet_providers::Providers::<Runtime>::hashed_key_for(index));
	note("index by account", pallet_providers::IndexOf::<Runtime>::hashed_key_for(&node.account));
	note("index by endpoint", pallet_providers::EndpointOwner::<Runtime>::hashed_key_for(node.endpoint));
	note("lines of its prefix", pallet_providers::PrefixLines::<Runtime>::hashed_key_for(prefix));
	note("where it is", measuring::Locations::<Runtime>::hashed_key_for(index));
	note("target", measuring::Targets::<Runtime>::hashed_key_for(index));
	note("last verdicts", measuring::Verdicts::<Runtime>::hashed_key_for(index));
	for class in 0..CLASSES {
		let place = measuring::ProviderListPlaces::<Runtime>::get(class, index);
		let key = measuring::ProviderListPlaces::<Runtime>::hashed_key_for(class, index);
		note("place in its list", key);
		if let Some(position) = place.and_then(|place| place.index.latest().flatten()) {
			let key = measuring::ProviderListSlots::<Runtime>::hashed_key_for(class, position);
			note("slot of its list", key);
		}
		for (place, waiting) in measuring::ProviderListQueue::<Runtime>::iter_prefix(class) {
			if waiting == index {
				let key = measuring::ProviderListQueue::<Runtime>::hashed_key_for(class, place);
				note("change of its list that waits", key);
			}
		}
	}
	for epoch in epochs() {
		note("entries to be judged", measuring::Filings::<Runtime>::hashed_key_for(epoch, index));
	}
	for (epoch, leaver) in measuring::Leavers::<Runtime>::iter_keys() {
		if leaver == Leaver::Provider(index) {
			note("to be forgotten", measuring::Leavers::<Runtime>::hashed_key_for(epoch, leaver));
		}
	}
	keys
}

fn of_outages(index: ProviderIndex, node: &Node) -> Vec<Key> {
	let mut keys = Vec::new();
	let mut note = |name, key| keys.push((Part::Outages, name, key));
	note("last outages", measuring::Gaps::<Runtime>::hashed_key_for(index));
	note("last false alarm", measuring::Dismissed::<Runtime>::hashed_key_for(index));
	note("open alarm", measuring::Alarms::<Runtime>::hashed_key_for(index));
	for (place, (of, _)) in measuring::Lapses::<Runtime>::iter() {
		if of == index {
			note("end of its alarm", measuring::Lapses::<Runtime>::hashed_key_for(place));
		}
	}
	note("open outage", measuring::Outages::<Runtime>::hashed_key_for(index));
	if let Some(facts) = <Providers as ProviderRegistry<_>>::facts(index) {
		// Nodes here are their own operators.
		let key = measuring::OperatorOutages::<Runtime>::hashed_key_for(facts.region, &node.account);
		note("what its operator has down", key);
	}
	keys
}

fn of_strikes(index: ProviderIndex, node: &Node) -> Vec<Key> {
	let who = &node.account;
	let mut keys = Vec::new();
	let mut note = |name, key| keys.push((Part::Strikes, name, key));
	note("conduct", measuring::Conducts::<Runtime>::hashed_key_for(who));
	for epoch in epochs() {
		note("evidence", measuring::Evidences::<Runtime>::hashed_key_for(index, epoch));
	}
	for (epoch, leaver) in measuring::Leavers::<Runtime>::iter_keys() {
		let is_its_own = match &leaver {
			Leaver::Evidence(of, _) => *of == index,
			Leaver::Conduct(of) => of == who,
			Leaver::Provider(_) | Leaver::Seat(_) => false,
		};
		if is_its_own {
			note("evidence to be forgotten", measuring::Leavers::<Runtime>::hashed_key_for(epoch, leaver));
		}
	}
	for number in pallet_node_staking::SlashesOf::<Runtime>::iter_key_prefix(who) {
		note("slash that waits", pallet_node_staking::Slashes::<Runtime>::hashed_key_for(number));
		let key = pallet_node_staking::SlashesOf::<Runtime>::hashed_key_for(who, number);
		note("slash by account", key);
	}
	keys
}

fn of_seat(node: &Node) -> Vec<Key> {
	let who = &node.account;
	let prefix = node.endpoint.prefix().expect("nodes have addresses");
	let mut keys = Vec::new();
	let mut note = |name, key| keys.push((Part::Seat, name, key));
	note("seat", measuring::Seats::<Runtime>::hashed_key_for(who));
	note("seat by key", measuring::SeatOfKey::<Runtime>::hashed_key_for(node.key()));
	note("seat by prefix", measuring::SeatOfPrefix::<Runtime>::hashed_key_for(prefix));
	note("seats of its operator", measuring::SeatsOfOperator::<Runtime>::hashed_key_for(who));
	for tier in 0..TIERS {
		let place = measuring::SeatListPlaces::<Runtime>::get(tier, who);
		note("places in its tiers", measuring::SeatListPlaces::<Runtime>::hashed_key_for(tier, who));
		if let Some(position) = place.and_then(|place| place.index.latest().flatten()) {
			let key = measuring::SeatListSlots::<Runtime>::hashed_key_for(tier, position);
			note("slots of its tiers", key);
		}
		for (place, waiting) in measuring::SeatListQueue::<Runtime>::iter_prefix(tier) {
			if waiting == *who {
				let key = measuring::SeatListQueue::<Runtime>::hashed_key_for(tier, place);
				note("change of a tier that waits", key);
			}
		}
	}
	if let Some(country) = region::index_of(node.country) {
		let place = measuring::CountryListPlaces::<Runtime>::get(country, who);
		let key = measuring::CountryListPlaces::<Runtime>::hashed_key_for(country, who);
		note("place in its country", key);
		if let Some(position) = place.and_then(|place| place.index.latest().flatten()) {
			let key = measuring::CountryListSlots::<Runtime>::hashed_key_for(country, position);
			note("slot of its country", key);
		}
		for (place, waiting) in measuring::CountryListQueue::<Runtime>::iter_prefix(country) {
			if waiting == *who {
				let key = measuring::CountryListQueue::<Runtime>::hashed_key_for(country, place);
				note("change of its country that waits", key);
			}
		}
	}
	for epoch in epochs() {
		note("reports", measuring::Reports::<Runtime>::hashed_key_for(epoch, who));
		note("missed entries", measuring::Missed::<Runtime>::hashed_key_for(epoch, who));
	}
	for (epoch, leaver) in measuring::Leavers::<Runtime>::iter_keys() {
		if leaver == Leaver::Seat(who.clone()) {
			note("seat to be forgotten", measuring::Leavers::<Runtime>::hashed_key_for(epoch, leaver));
		}
	}
	keys
}

fn of_account(node: &Node) -> Vec<Key> {
	let who = &node.account;
	let mut keys = Vec::new();
	let mut note = |name, key| keys.push((Part::Account, name, key));
	note("bond", pallet_node_staking::Ledgers::<Runtime>::hashed_key_for(who, Role::Provider));
	for what in [Deposit::Alarm, Deposit::Appeal] {
		note("deposits", pallet_node_staking::Deposits::<Runtime>::hashed_key_for(who, what));
	}
	note("its operator", pallet_node_staking::Declarations::<Runtime>::hashed_key_for(who));
	note("nodes it operates", pallet_node_staking::NodesOf::<Runtime>::hashed_key_for(who));
	note("account", frame_system::Account::<Runtime>::hashed_key_for(who));
	note("holds", pallet_balances::Holds::<Runtime>::hashed_key_for(who));
	keys
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::blocks::world::{line, World};
	use polkadot_sdk::frame_support::traits::StorageInfoTrait;
	use std::collections::BTreeSet;
	use weir_runtime::{NodeStaking, Validators};

	/// Maps that are summed, but have entries for a provider only at times, which are found by what they say.
	const AT_TIMES: [&str; 7] = [
		"CountryListQueue",
		"Lapses",
		"Leavers",
		"ProviderListQueue",
		"SeatListQueue",
		"Slashes",
		"SlashesOf",
	];

	/// Maps without an entry for a provider.
	const OF_NO_PROVIDER: [(&str, &str); 11] = [
		("FreeIndexes", "an index of a provider that has left"),
		("RegionCount", "a region"),
		("RegionOutages", "a region"),
		("Epochs", "an epoch"),
		("Groups", "an epoch"),
		("BlockSeeds", "a block"),
		("SeatsInWidePrefix", "a wide prefix, for all seats in it"),
		("SeatListState", "a tier"),
		("CountryListState", "a country"),
		("ProviderListState", "a class"),
		("Offences", "a validator"),
	];

	#[test]
	fn every_map_should_be_summed_when_it_has_entries_for_a_provider() {
		let mut world = World::new((0..5).map(|n| line(n, true)).collect());
		let node = world.nodes[0].clone();
		let summed: BTreeSet<Vec<u8>> = world
			.chain
			.look(|| keys(0, &node))
			.into_iter()
			.map(|(_, _, key)| key.into_iter().take(32).collect())
			.collect();
		let maps = [
			Providers::storage_info(),
			ProofOfBandwidth::storage_info(),
			NodeStaking::storage_info(),
			Validators::storage_info(),
		];
		let mut forgotten = Vec::new();
		for info in maps.concat().into_iter().filter(|info| info.max_values != Some(1)) {
			let name = String::from_utf8(info.storage_name).expect("names are ASCII");
			let is_named = AT_TIMES.contains(&name.as_str())
				|| OF_NO_PROVIDER.iter().any(|(map, _)| *map == name.as_str());
			if is_named == summed.contains(&info.prefix) {
				forgotten.push(name);
			}
		}
		assert_eq!(forgotten, Vec::<String>::new(), "neither summed nor named, or both");
	}

	#[test]
	fn provider_should_have_what_it_was_registered_with() {
		let mut world = World::new((0..5).map(|n| line(n, true)).collect());
		let node = world.nodes[0].clone();
		let stored = of(&mut world.chain, 0, &node);
		for map in ["registration", "index by account", "index by endpoint", "lines of its prefix", "target"]
		{
			assert!(stored[&(Part::Provider, map)].values > 0.0, "{map}");
		}
		assert!(stored[&(Part::Seat, "slot of its country")].values > 0.0);
		assert_eq!(sum(&stored, Part::Outages), Bytes::default());
	}
}
