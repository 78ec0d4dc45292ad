//! What is stored of a provider, in bytes: keys as the trie has them, and values. The nodes of the trie come on top.

use crate::blocks::{node::Node, Blocks};
use pallet_proof_of_bandwidth as measuring;
use pallet_proof_of_bandwidth::{CLASSES, TIERS};
use polkadot_sdk::*;
use std::collections::BTreeMap;
use weir_primitives::{seams::EpochClock, ProviderIndex, Role};
use weir_runtime::{ProofOfBandwidth, Runtime};

/// Providers that are looked at.
const SAMPLE: u32 = 1_000;

/// What an entry of storage is kept for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Part {
	/// The provider: registration, lists, verdicts.
	Provider,
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

/// Mean over some of the `providers` of a chain.
pub fn sampled(chain: &mut Blocks, providers: u32) -> Stored {
	let step = (providers / SAMPLE).max(1) as usize;
	mean((0..providers).step_by(step).map(|index| of(chain, index, &Node::nth(index))))
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
		let mut note = |part, name, key: Vec<u8>| {
			if let Some(value) = sp_io::storage::get(&key) {
				let bytes = stored.entry((part, name)).or_default();
				bytes.keys += key.len() as f64;
				bytes.values += value.len() as f64;
			}
		};
		let who = &node.account;
		let prefix = node.endpoint.prefix().expect("nodes have addresses");
		let epoch = ProofOfBandwidth::epoch();
		let epochs = epoch.saturating_sub(measuring::RETAINED_EPOCHS)..=epoch;

		note(Part::Provider, "providers", pallet_providers::Providers::<Runtime>::hashed_key_for(index));
		note(Part::Provider, "index by account", pallet_providers::IndexOf::<Runtime>::hashed_key_for(who));
		let owner = pallet_providers::EndpointOwner::<Runtime>::hashed_key_for(node.endpoint);
		note(Part::Provider, "index by endpoint", owner);
		note(
			Part::Provider,
			"lines of its prefix",
			pallet_providers::PrefixLines::<Runtime>::hashed_key_for(prefix),
		);
		note(Part::Provider, "where it is", measuring::Locations::<Runtime>::hashed_key_for(index));
		note(Part::Provider, "last outages", measuring::Gaps::<Runtime>::hashed_key_for(index));
		note(Part::Provider, "targets", measuring::Targets::<Runtime>::hashed_key_for(index));
		note(Part::Provider, "last verdicts", measuring::Verdicts::<Runtime>::hashed_key_for(index));
		for class in 0..CLASSES {
			let place = measuring::ProviderListPlaces::<Runtime>::get(class, index);
			note(
				Part::Provider,
				"place in its list",
				measuring::ProviderListPlaces::<Runtime>::hashed_key_for(class, index),
			);
			if let Some(position) = place.and_then(|place| place.index.latest().flatten()) {
				note(
					Part::Provider,
					"slot of its list",
					measuring::ProviderListSlots::<Runtime>::hashed_key_for(class, position),
				);
			}
		}
		for epoch in epochs.clone() {
			note(
				Part::Provider,
				"entries to be judged",
				measuring::Filings::<Runtime>::hashed_key_for(epoch, index),
			);
			note(Part::Strikes, "evidence", measuring::Evidences::<Runtime>::hashed_key_for(index, epoch));
		}
		note(Part::Strikes, "conduct", measuring::Conducts::<Runtime>::hashed_key_for(who));

		note(Part::Seat, "seats", measuring::Seats::<Runtime>::hashed_key_for(who));
		note(Part::Seat, "seat by key", measuring::SeatOfKey::<Runtime>::hashed_key_for(node.key()));
		note(Part::Seat, "seat by prefix", measuring::SeatOfPrefix::<Runtime>::hashed_key_for(prefix));
		for tier in 0..TIERS {
			let place = measuring::SeatListPlaces::<Runtime>::get(tier, who);
			note(
				Part::Seat,
				"places in its tiers",
				measuring::SeatListPlaces::<Runtime>::hashed_key_for(tier, who),
			);
			if let Some(position) = place.and_then(|place| place.index.latest().flatten()) {
				let key = measuring::SeatListSlots::<Runtime>::hashed_key_for(tier, position);
				note(Part::Seat, "slots of its tiers", key);
			}
		}
		for epoch in epochs {
			note(Part::Seat, "reports", measuring::Reports::<Runtime>::hashed_key_for(epoch, who));
			note(Part::Seat, "missed entries", measuring::Missed::<Runtime>::hashed_key_for(epoch, who));
		}

		let ledger = pallet_node_staking::Ledgers::<Runtime>::hashed_key_for(who, Role::Provider);
		note(Part::Account, "bond", ledger);
		note(Part::Account, "account", frame_system::Account::<Runtime>::hashed_key_for(who));
		note(Part::Account, "holds", pallet_balances::Holds::<Runtime>::hashed_key_for(who));
		stored
	})
}
