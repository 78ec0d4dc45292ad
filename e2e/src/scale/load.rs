//! What the seats report of an epoch: every line delivers what it claims, evenly to all that load it, and is as far away as it
//! says.

use crate::blocks::{
	node::Node,
	reports::{drawn, Receipt},
	Blocks,
};
use std::collections::HashMap;
use weir_math::location::distance_km;
use weir_primitives::{report::Entry, EpochIndex};
use weir_runtime::AccountId;

/// Round-trip time of two access lines, 10 µs.
const ACCESS_10US: u32 = 1_000;

/// Reports on one epoch, by number of the node.
pub struct Reports {
	/// Measured epoch.
	pub epoch: EpochIndex,
	/// Tests of that epoch.
	pub tests: u32,
	/// Entries of each node, with the receipts behind them.
	pub of: Vec<(Vec<Entry>, Vec<Receipt>)>,
}

impl Reports {
	/// The reports of those nodes that are `wanted`.
	pub fn on(
		chain: &mut Blocks,
		epoch: EpochIndex,
		nodes: &[Node],
		numbers: &HashMap<AccountId, u32>,
		wanted: impl Fn(u32) -> bool,
	) -> Self {
		chain.look(|| {
			let tests = drawn(epoch, 0..nodes.len() as u32);
			let mut of = vec![(Vec::new(), Vec::new()); nodes.len()];
			for test in &tests {
				let target = &nodes[test.test.provider as usize];
				let rates = test.share(test.test.claim.largest_kbps(), test.measuring().count());
				for account in test.measuring() {
					let Some(number) = numbers.get(account).copied().filter(|number| wanted(*number)) else {
						continue;
					};
					let attestor = &nodes[number as usize];
					let (mut entry, receipt) = test.measured(epoch, target, attestor, rates);
					entry.rtt_10us = round_trip_10us(target, attestor);
					let (entries, receipts) = &mut of[number as usize];
					entries.push(entry);
					receipts.push(receipt);
				}
			}
			Self { epoch, tests: tests.len() as u32, of }
		})
	}

	/// Entries in all reports.
	pub fn entries(&self) -> u32 {
		self.of.iter().map(|(entries, _)| entries.len() as u32).sum()
	}
}

/// What a round trip between them takes, 10 µs: half as long again as light in fibre needs, and what two access lines add.
fn round_trip_10us(one: &Node, other: &Node) -> u16 {
	// There and back, light in fibre comes 1 km far in 10 µs.
	let way = distance_km(one.country, other.country) * 3 / 2;
	u16::try_from(ACCESS_10US + way).unwrap_or(u16::MAX - 1)
}
