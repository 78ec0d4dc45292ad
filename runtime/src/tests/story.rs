//! Register → admission → cheat → strikes → escalation → slash, and what happens to the honest beside it.

use super::chain::*;
use crate::*;
use pallet_node_staking::Event as StakingEvent;
use sp_keyring::Sr25519Keyring;
use weir_primitives::{
	api::{Outcome, Reason, VerdictRecord},
	seams::{Bonds, EpochClock},
	Admission, ProviderIndex, Role,
};

const LIAR: ProviderIndex = 7;

fn bond_of(provider: Sr25519Keyring) -> Balance {
	NodeStaking::active_bond(&provider.to_account_id(), Role::Provider)
}

#[test]
fn liar_should_be_slashed_and_the_honest_left_alone() {
	genesis(presets::LOCAL).execute_with(|| {
		let mut chain = Chain::with_providers();
		let issuance = Balances::total_issuance();
		// The liar claims 20 Mbps and delivers 2.
		let says = |_: Sr25519Keyring, provider: ProviderIndex, epoch: u32| {
			Some(share(if provider == LIAR { CLAIM_KBPS / 10 } else { CLAIM_KBPS + 1_000 }, provider, epoch))
		};
		let mut slashed_in = None;
		while ProofOfBandwidth::epoch() < 12 && slashed_in.is_none() {
			chain.block(&says);
			check_invariants();
			slashed_in = System::events()
				.iter()
				.any(|record| {
					matches!(record.event, RuntimeEvent::NodeStaking(StakingEvent::SlashApplied { .. }))
				})
				.then(ProofOfBandwidth::epoch);
		}
		assert!(slashed_in.is_some(), "the liar is slashed within twelve epochs");
		assert_eq!(bond_of(PROVIDERS[LIAR as usize]), BOND - BOND / 20, "five percent");
		let liar =
			configs::measuring::provider(&PROVIDERS[LIAR as usize].to_account_id()).expect("registered");
		assert!(matches!(liar.admission, Admission::Jailed { .. }), "jailed: {:?}", liar.admission);
		for honest in &PROVIDERS[..LIAR as usize] {
			let honest = configs::measuring::provider(&honest.to_account_id()).expect("registered");
			assert_eq!(honest.bond, BOND);
			assert_eq!(honest.strikes, 0);
			assert!(
				matches!(honest.admission, Admission::Admitted { .. }),
				"admitted: {:?}",
				honest.admission
			);
			// Whoever is drawn for its own line, or while its own is tested, is absent; with two such of five the test
			// is void and held again.
			let (good, other): (Vec<VerdictRecord>, Vec<VerdictRecord>) =
				honest.verdicts.into_iter().partition(|verdict| verdict.outcome == Outcome::Good);
			assert!(good.len() >= 3);
			assert!(other.iter().all(|verdict| verdict.reason == Reason::TooFewMembers), "{other:?}");
		}
		let burned = issuance - Balances::total_issuance();
		assert_eq!(burned, BOND / 40, "half of the slash is burned, the other half in the treasury");
		assert_eq!(Balances::free_balance(configs::accounts::TreasuryAccount::get()), BOND / 40);
	});
}

#[test]
fn honest_node_should_keep_its_bond_when_as_many_liars_as_are_trimmed_grief_it() {
	genesis(presets::LOCAL).execute_with(|| {
		let mut chain = Chain::with_providers();
		// One of five: what the estimate trims. It reports 0 of everybody.
		let says = |seat: Sr25519Keyring, provider: ProviderIndex, epoch: u32| {
			if seat == Sr25519Keyring::Bob {
				return Some(0);
			}
			// The line is loaded beyond its claim, so the others' shares grow when one takes none.
			Some(share(CLAIM_KBPS * 5 / 4, provider, epoch))
		};
		chain.until_epoch(10, &says);
		for honest in PROVIDERS {
			let honest = configs::measuring::provider(&honest.to_account_id()).expect("registered");
			assert_eq!(honest.bond, BOND);
			assert_eq!(honest.strikes, 0, "{:?}", honest.verdicts);
		}
	});
}

#[test]
fn nobody_should_be_struck_when_no_report_arrives() {
	genesis(presets::LOCAL).execute_with(|| {
		let mut chain = Chain::with_providers();
		chain.until_epoch(8, &|_, _, _| None);
		for provider in PROVIDERS {
			let provider = configs::measuring::provider(&provider.to_account_id()).expect("registered");
			assert_eq!(provider.bond, BOND);
		}
	});
}
