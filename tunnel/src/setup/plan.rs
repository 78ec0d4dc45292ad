//! What is left to do on chain, by what is there already. No I/O: what was done by a run that did not come to its end is not
//! done again.

use super::wish::{weir, Wish};
use crate::chain::{Holding, PriceRange, RegistryCall, Terms, TermsUpdate};
use anyhow::{bail, Result};
use weir_primitives::{
	api::ProviderInfo,
	chain::{AccountId, Balance},
	economy_api::{BondsInfo, ClaimBond},
};

/// The part of a bond that is added to what is needed: the rate may move until the transaction is in a block.
const HEADROOM: Balance = 100;

/// The public halves of a node's keys; zeros where a dry run has none yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Keys {
	pub(super) peer_id: Vec<u8>,
	pub(super) probe: [u8; 32],
	/// The account that claims.
	pub(super) claims: [u8; 32],
}

impl Keys {
	/// As long as real ones, so that they cost as much to register.
	pub(super) fn unknown() -> Self {
		let peer_id = [&[0x00, 0x24, 0x08, 0x01, 0x12, 0x20][..], &[0; 32]].concat();
		Self { peer_id, probe: [0; 32], claims: [0; 32] }
	}
}

/// What the chain has.
pub(super) struct Found {
	pub(super) bonds: BondsInfo<AccountId>,
	/// What the wished claim needs.
	pub(super) needed: ClaimBond,
	pub(super) provider: Option<ProviderInfo<AccountId, Balance>>,
	/// What the owner has.
	pub(super) owner: Holding,
	/// What the account that claims has.
	pub(super) claims: Holding,
	pub(super) prices: PriceRange,
}

/// What is to be sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Plan {
	pub(super) calls: Vec<RegistryCall>,
	/// Grains that are bonded by it.
	pub(super) bond: Balance,
	/// Grains that go to the account that claims.
	pub(super) claims: Balance,
}

/// Plans what leads from `found` to `wish`.
pub(super) fn plan(wish: &Wish, keys: &Keys, found: &Found) -> Result<Plan> {
	let PriceRange { least, most } = found.prices;
	if !(least..=most).contains(&wish.price) {
		use crate::connect::money::per_gb;
		bail!("--price: must be from {} to {}", per_gb(least), per_gb(most));
	}
	let mut calls = Vec::new();
	let bond = bond(wish, found)?;
	if bond > 0 {
		let has_bond = found.bonds.provider.active > 0;
		calls.push(if has_bond { RegistryCall::BondMore(bond) } else { RegistryCall::Bond(bond) });
	}
	let terms = Terms {
		endpoint: wish.endpoint,
		peer_id: keys.peer_id.clone(),
		region: wish.region,
		exit: wish.exit,
		price: wish.price,
		caps: wish.caps,
	};
	match &found.provider {
		None => {
			calls.push(RegistryCall::Register { claim: wish.claim, terms, probe_key: keys.probe });
		}
		Some(known) => {
			let changes = changes(terms, known);
			if changes != TermsUpdate::default() {
				calls.push(RegistryCall::Update(changes));
			}
			let claim = known.next_claim.as_ref().map_or(known.claim, |next| next.value);
			if claim != wish.claim {
				calls.push(RegistryCall::SetClaim(wish.claim));
			}
			let key = known
				.next_probe_key
				.as_ref()
				.map_or_else(|| known.probe_key.clone(), |next| next.value.clone());
			if key.is_none_or(|key| crate::chain::bytes32(&key) != keys.probe) {
				calls.push(RegistryCall::SetProbeKey(keys.probe));
			}
		}
	}
	// Not at every start: it lives of what it was given.
	let has = found.claims.usable;
	let claims = if has < wish.claims / 2 { wish.claims.saturating_sub(has) } else { 0 };
	if claims > 0 {
		calls.push(RegistryCall::Transfer { to: keys.claims, amount: claims });
	}
	Ok(Plan { calls, bond, claims })
}

/// What has to be bonded on top of what is.
fn bond(wish: &Wish, found: &Found) -> Result<Balance> {
	let (active, needed) = (found.bonds.provider.active, found.needed.needed);
	let is_claimed = found.provider.as_ref().is_some_and(|known| {
		let claim = known.next_claim.as_ref().map_or(known.claim, |next| next.value);
		wish.claim.is_within(&claim)
	});
	// What was enough when it was bonded stays enough.
	let least = if is_claimed { found.needed.lasting } else { needed };
	let wished = match wish.bond {
		Some(wished) if wished < least => {
			bail!("--bond: {} are not enough for this claim, which needs {}", weir(wished), weir(least))
		}
		Some(wished) => wished,
		None if active >= least => active,
		None => needed.saturating_add(needed / HEADROOM),
	};
	Ok(wished.saturating_sub(active))
}

/// The terms that are other than registered.
fn changes(wished: Terms, known: &ProviderInfo<AccountId, Balance>) -> TermsUpdate {
	TermsUpdate {
		endpoint: (wished.endpoint != known.endpoint).then_some(wished.endpoint),
		peer_id: (wished.peer_id != known.peer_id).then_some(wished.peer_id),
		region: (wished.region != known.region).then_some(wished.region),
		exit: (wished.exit != known.exit).then_some(wished.exit),
		price: (wished.price != known.price_credits_per_gb).then_some(wished.price),
		caps: (wished.caps != known.caps).then_some(wished.caps),
	}
}

#[cfg(test)]
pub(super) mod tests {
	use super::{super::wish::tests::options, *};
	use weir_primitives::{chain::WEIR, economy_api::BondInfo, Claim};

	pub(in super::super) fn bond_of(active: Balance) -> BondInfo {
		BondInfo { active, needed: 0, lasting: 0, unbonding: vec![], free: 0, withheld: 0 }
	}

	pub(in super::super) fn bonds(active: Balance) -> BondsInfo<AccountId> {
		BondsInfo { epoch: 5, provider: bond_of(active), validator: bond_of(0), covered: 0, slashes: vec![] }
	}

	pub(in super::super) fn needed() -> ClaimBond {
		ClaimBond {
			kbps: 40_500,
			needed: 1_000 * WEIR,
			lasting: 700 * WEIR,
			per_mbps: 10 * WEIR,
			least: 500 * WEIR,
		}
	}

	fn found(active: Balance) -> Found {
		Found {
			bonds: bonds(active),
			needed: needed(),
			provider: None,
			owner: Holding { nonce: 0, usable: 5_000 * WEIR },
			claims: Holding::default(),
			prices: PriceRange { least: 1_000, most: 100_000_000 },
		}
	}

	fn keys() -> Keys {
		Keys { peer_id: vec![4; 38], probe: [5; 32], claims: [6; 32] }
	}

	fn wish(arguments: &[&str]) -> Wish {
		options(arguments).wish().unwrap()
	}

	/// As the chain has what a plan registered.
	fn registered(wish: &Wish) -> ProviderInfo<AccountId, Balance> {
		let mut provider = crate::chain::fake::provider(&libp2p::PeerId::random());
		provider.peer_id = keys().peer_id;
		provider.probe_key = Some(codec::Decode::decode(&mut &keys().probe[..]).unwrap());
		(provider.claim, provider.endpoint, provider.region) = (wish.claim, wish.endpoint, wish.region);
		(provider.exit, provider.price_credits_per_gb, provider.caps) = (wish.exit, wish.price, wish.caps);
		provider
	}

	fn names(plan: &Plan) -> Vec<String> {
		plan.calls.iter().map(RegistryCall::name).collect()
	}

	#[test]
	fn plan_should_bond_register_and_fund_at_first_and_nothing_afterwards() {
		let wish = wish(&[]);
		let first = plan(&wish, &keys(), &found(0)).unwrap();
		assert_eq!(names(&first), ["NodeStaking.bond", "Providers.register", "Balances.transfer_keep_alive"]);
		assert_eq!((first.bond, first.claims), (1_010 * WEIR, 20 * WEIR));
		let mut after = found(1_010 * WEIR);
		after.provider = Some(registered(&wish));
		after.claims.usable = 10 * WEIR;
		assert_eq!(plan(&wish, &keys(), &after).unwrap().calls, []);
		// The rate has risen since: what is bonded stays enough.
		after.needed.needed = 2_000 * WEIR;
		assert_eq!(plan(&wish, &keys(), &after).unwrap().calls, []);
		after.needed.lasting = 1_500 * WEIR;
		assert_eq!(names(&plan(&wish, &keys(), &after).unwrap()), ["NodeStaking.bond_more"]);
	}

	#[test]
	fn plan_should_send_what_is_left_when_part_of_it_is_done() {
		let wish = wish(&[]);
		let bonded = plan(&wish, &keys(), &found(400 * WEIR)).unwrap();
		assert_eq!(bonded.calls[0], RegistryCall::BondMore(610 * WEIR));
		let bonded = plan(&wish, &keys(), &found(1_000 * WEIR)).unwrap();
		assert_eq!(names(&bonded), ["Providers.register", "Balances.transfer_keep_alive"]);
	}

	#[test]
	fn plan_should_change_only_what_is_other_than_registered() {
		let before = wish(&[]);
		let mut found = found(1_010 * WEIR);
		found.provider = Some(registered(&before));
		found.claims.usable = 20 * WEIR;
		let dearer = Wish { price: 60_000, ..before.clone() };
		let expected = TermsUpdate { price: Some(60_000), ..TermsUpdate::default() };
		assert_eq!(plan(&dearer, &keys(), &found).unwrap().calls, [RegistryCall::Update(expected)]);
		let slower = Wish { claim: Claim { down_kbps: 50_000, up_kbps: 40_500 }, ..before.clone() };
		assert_eq!(plan(&slower, &keys(), &found).unwrap().calls, [RegistryCall::SetClaim(slower.claim)]);
		let faster = Wish { claim: Claim { down_kbps: 200_000, up_kbps: 90_000 }, ..before.clone() };
		found.needed.needed = 3_000 * WEIR;
		let plan_of_faster = plan(&faster, &keys(), &found).unwrap();
		assert_eq!(names(&plan_of_faster), ["NodeStaking.bond_more", "Providers.set_claim"]);
		assert_eq!(plan_of_faster.bond, 2_020 * WEIR);
		let other = Keys { probe: [7; 32], ..keys() };
		assert_eq!(plan(&before, &other, &found).unwrap().calls, [RegistryCall::SetProbeKey([7; 32])]);
	}

	#[test]
	fn plan_should_refuse_a_bond_that_is_too_small_and_a_price_out_of_range() {
		let small = plan(&wish(&["--bond", "999"]), &keys(), &found(0)).unwrap_err().to_string();
		assert_eq!(small, "--bond: 999 WEIR are not enough for this claim, which needs 1000 WEIR");
		let large = plan(&wish(&["--bond", "4000"]), &keys(), &found(0)).unwrap();
		assert_eq!(large.bond, 4_000 * WEIR);
		let cheap = Wish { price: 999, ..wish(&[]) };
		let error = plan(&cheap, &keys(), &found(0)).unwrap_err().to_string();
		assert_eq!(error, "--price: must be from $0.001 per GB to $100.00 per GB");
	}
}
