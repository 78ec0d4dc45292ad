//! Regions, as JSON: what they use, what they lack, what they pay.

use super::{
	results::Block,
	texts::{Address, Amount, RegionName},
};
use serde::Serialize;
use weir_primitives::economy_api::{BountyInfo, RegionInfo};
use weir_runtime::AccountId;

result! {
	/// Tokens that somebody set aside for proven lines in a region.
	pub(crate) struct Bounty {
		/// Its number.
		id: u32,
		/// Who set it aside.
		sponsor: Address,
		/// What is left of it, grains.
		left: Amount,
		/// Grains for a thousand kbps of proven weight and epoch.
		rate: Amount,
		/// Last epoch in which it pays.
		until: u32,
	}
}

impl From<BountyInfo<AccountId>> for Bounty {
	fn from(info: BountyInfo<AccountId>) -> Self {
		let BountyInfo { id, sponsor, left, rate, until } = info;
		Self { id, sponsor: Address::from(&sponsor), left: left.into(), rate: rate.into(), until }
	}
}

result! {
	/// A region. Shares are in millionths; weights are kbps, corrected for quality.
	pub(crate) struct RegionRow {
		/// Its number.
		id: u16,
		/// Country and kind of line.
		region: RegionName,
		/// Whether lines are placed in it.
		open: bool,
		/// Whether the emergency track has paused it.
		paused: bool,
		/// Running average of what was paid for ÷ what could be carried.
		utilisation_ppm: u32,
		/// What availability pay was multiplied by in the last closed epoch.
		multiplier_ppm: u32,
		/// Coverage floor in that epoch, added to the multiplier and vested in full.
		floor_ppm: u32,
		/// What it lacked of the proven weight it should have.
		gap_ppm: u32,
		/// Weight of all its unexpired lines.
		weight: Amount,
		/// The part of it with long enough location proofs.
		proven: Amount,
		/// Proven weight it should have.
		least_weight: Amount,
		/// Lines that weigh something.
		nodes: u32,
		/// Operators of them.
		operators: u32,
		/// Networks of them: IPv4 /16 and IPv6 /32.
		networks: u32,
		/// Credits claimed for its traffic in the running epoch.
		paid: Amount,
		/// What is set aside for it beside emission.
		bounties: Vec<Bounty>,
	}
}

impl From<RegionInfo<AccountId>> for RegionRow {
	fn from(info: RegionInfo<AccountId>) -> Self {
		let RegionInfo {
			id,
			region,
			open,
			paused,
			utilisation,
			multiplier,
			floor,
			gap,
			weight,
			proven,
			least_weight,
			nodes,
			operators,
			networks,
			paid,
			bounties,
		} = info;
		Self {
			id,
			region: region.into(),
			open,
			paused,
			utilisation_ppm: utilisation,
			multiplier_ppm: multiplier,
			floor_ppm: floor,
			gap_ppm: gap,
			weight: weight.into(),
			proven: proven.into(),
			least_weight: least_weight.into(),
			nodes,
			operators,
			networks,
			paid: paid.into(),
			bounties: bounties.into_iter().map(Bounty::from).collect(),
		}
	}
}

result! {
	/// One page of regions.
	pub(crate) struct RegionPage {
		/// The block whose state the page shows.
		pub(super) block: Block,
		/// The rows, in the order of their numbers.
		pub(super) regions: Vec<RegionRow>,
		/// What to ask the next page with; null at the end.
		pub(super) next_cursor: Option<u32>,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::to_value;
	use weir_primitives::{LineKind, Region};

	#[test]
	fn region_should_be_shown_with_its_rates_and_bounties() {
		let sponsor = AccountId::from([3; 32]);
		let info = RegionInfo {
			id: 4,
			region: Region { country: *b"BR", kind: LineKind::Residential },
			open: true,
			paused: false,
			utilisation: 250_000,
			multiplier: 1_100_000,
			floor: 900_000,
			gap: 600_000,
			weight: 90_000,
			proven: 1_000,
			least_weight: 2_500_000,
			nodes: 9,
			operators: 4,
			networks: 5,
			paid: 1_200_000,
			bounties: vec![BountyInfo { id: 2, sponsor: sponsor.clone(), left: 7, rate: 1, until: 99 }],
		};
		let shown = to_value(RegionRow::from(info)).unwrap();
		assert_eq!((&shown["region"], &shown["multiplierPpm"]), (&"BR-res".into(), &1_100_000.into()));
		assert_eq!((&shown["weight"], &shown["leastWeight"]), (&"90000".into(), &"2500000".into()));
		assert_eq!(shown["bounties"][0]["sponsor"], to_value(Address::from(&sponsor)).unwrap());
		assert_eq!(
			(&shown["bounties"][0]["left"], &shown["bounties"][0]["until"]),
			(&"7".into(), &99.into())
		);
	}
}
