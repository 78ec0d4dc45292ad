//! What the runtime API shows of providers.

use super::chain::*;
use crate::*;
use pallet_node_staking::{Declaration, Declarations};
use weir_primitives::{
	api::{Announced, ProviderInfo, RegionFilter},
	seams::EpochClock,
	Claim,
};

#[test]
fn provider_should_be_shown_with_what_it_announced() {
	genesis(presets::LOCAL).execute_with(|| {
		let _chain = Chain::with_providers();
		let who = PROVIDERS[0].to_account_id();
		let shown = || configs::measuring::provider(&who).expect("registered");
		let before = shown();
		assert_eq!((&before.next_claim, &before.next_paused, before.paused), (&None, &None, false));
		assert!(before.bond_sufficient);

		let lower = Claim { down_kbps: CLAIM_KBPS / 2, up_kbps: CLAIM_KBPS };
		Providers::set_claim(RuntimeOrigin::signed(who.clone()), lower).expect("a claim may be lowered");
		Providers::pause(RuntimeOrigin::signed(who.clone())).expect("it is not paused");
		let epoch = ProofOfBandwidth::epoch();
		let next_claim = Some(Announced { from_epoch: epoch + 1, value: lower });
		let next_paused = Some(Announced { from_epoch: epoch + 2, value: true });
		assert_eq!(shown(), ProviderInfo { next_claim, next_paused, ..before });
	});
}

#[test]
fn provider_should_be_shown_with_its_operator_when_that_counts() {
	genesis(presets::LOCAL).execute_with(|| {
		let _chain = Chain::with_providers();
		let (who, operator) = (PROVIDERS[0].to_account_id(), PROVIDERS[1].to_account_id());
		let shown = || configs::measuring::provider(&who).expect("registered").operator;
		assert_eq!(shown(), None);
		let epoch = ProofOfBandwidth::epoch();
		for (since, expected) in [(epoch + 1, None), (epoch, Some(operator.clone()))] {
			let declared = Declaration { operator: Some(operator.clone()), since, ..Default::default() };
			Declarations::<Runtime>::insert(&who, declared);
			assert_eq!(shown(), expected);
		}
	});
}

#[test]
fn providers_should_be_found_by_index_and_region() {
	genesis(presets::LOCAL).execute_with(|| {
		let _chain = Chain::with_providers();
		let page = |regions| configs::measuring::providers(0, 100, regions);
		let all = page(RegionFilter::default());
		assert_eq!((all.rows.len(), all.next), (PROVIDERS.len(), None));
		for row in &all.rows {
			assert_eq!(configs::measuring::provider_at(row.index).as_ref(), Some(row));
			let regions = RegionFilter { country: Some(row.region.country), kind: Some(row.region.kind) };
			assert!(page(regions).rows.contains(row));
		}
		let elsewhere = RegionFilter { country: Some(*b"AQ"), kind: None };
		assert!(page(elsewhere).rows.is_empty());
		assert_eq!(configs::measuring::provider_at(PROVIDERS.len() as u32), None);
	});
}
