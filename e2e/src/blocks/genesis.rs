//! The state a chain begins with.

use crate::blocks::node::Node;
use pallet_proof_of_bandwidth::Targets;
use polkadot_sdk::*;
use sp_core::{ed25519, storage::Storage, Pair};
use sp_runtime::{traits::Dispatchable, BuildStorage};
use std::collections::BTreeSet;
use weir_primitives::{
	economy::{LineWeight, Pace, Parameters},
	seams::{OnProviderChange, ProviderRegistry},
	Admission, Claim, Kbps, LineKind, Region, Role, Timing,
};
use weir_runtime::{
	apis::BABE_GENESIS_EPOCH_CONFIG,
	configs::{
		accounts::{ExistentialDeposit, RewardsPot, StablePot, TreasuryAccount},
		economy::ReporterBond,
		measuring::{MinBondPerMbps, MinProviderBond},
	},
	AccountId, BabeConfig, Balance, BalancesConfig, GovernanceConfig, NodeStakingConfig, PriceConfig,
	ProofOfBandwidth, ProofOfBandwidthConfig, Providers, ProvidersConfig, RegionsConfig, Runtime,
	RuntimeCall, RuntimeGenesisConfig, RuntimeOrigin, SessionConfig, SessionKeys, ValidatorsConfig, WEIR,
};

/// Authors have numbers of their own, beyond those of any provider.
const FIRST_AUTHOR: u32 = 3_000_000;
/// So have those who report the price,
const FIRST_REPORTER: u32 = 3_100_000;
/// as many as a public network has.
const REPORTERS: u32 = 15;
/// What an author has bonded.
const AUTHOR_BOND: Balance = 100_000 * WEIR;
/// What everybody has beside a bond: for fees and deposits. There are no more than 10⁹ tokens for all.
const SPARE: Balance = 1_000 * WEIR;
/// What an account has that begins with tokens only.
const FUND: Balance = 10_000 * WEIR;
/// Proven weight that each region of homes should have, kbps: 250 small lines. Data centres come without being asked for.
const LEAST_WEIGHT: LineWeight = 2_500_000;

/// A provider that is admitted, and holds a seat, when the chain begins.
#[derive(Clone)]
pub struct Line {
	/// Who sells it.
	pub node: Node,
	/// What it claims.
	pub claim: Claim,
	/// Whether its tests of admission are over.
	pub admitted: bool,
	/// Uplink its seat declares, kbps; none without a seat.
	pub uplink_kbps: Option<Kbps>,
}

/// What a chain begins with.
#[derive(Clone)]
pub struct Genesis {
	/// Timing of the network.
	pub timing: Timing,
	/// Number of those who make blocks.
	pub authors: u32,
	/// Accounts with tokens and nothing else.
	pub funded: Vec<Node>,
	/// Providers, in the order of their indices.
	pub lines: Vec<Line>,
}

impl Genesis {
	/// Who makes blocks. None of them holds a seat.
	pub fn authors(&self) -> Vec<Node> {
		(0..self.authors).map(|n| Node::nth(FIRST_AUTHOR + n)).collect()
	}

	/// Who reports the price, if somebody does.
	pub fn reporters() -> Vec<Node> {
		(0..REPORTERS).map(|n| Node::nth(FIRST_REPORTER + n)).collect()
	}

	/// Tokens that stand behind a claim: behind the smaller direction of it.
	pub fn bond_of(claim: &Claim) -> Balance {
		let mbps = Balance::from(claim.effective_kbps().div_ceil(1_000));
		let (per_mbps, least) = (MinBondPerMbps::get(), MinProviderBond::get());
		(mbps * per_mbps).max(least)
	}

	fn balances(&self, authors: &[Node], reporters: &[Node]) -> Vec<(AccountId, Balance)> {
		let authors = authors.iter().map(|author| (author, AUTHOR_BOND + SPARE));
		let reporters = reporters.iter().map(|reporter| (reporter, ReporterBond::get() + SPARE));
		let lines = self.lines.iter().map(|line| (&line.node, Self::bond_of(&line.claim) + SPARE));
		let funded = self.funded.iter().map(|node| (node, FUND));
		let people = authors.chain(reporters).chain(lines).chain(funded);
		let people = people.map(|(node, tokens)| (node.account.clone(), tokens));
		let pots = [RewardsPot::get(), StablePot::get(), TreasuryAccount::get()];
		people.chain(pots.map(|pot| (pot, ExistentialDeposit::get()))).collect()
	}

	/// The regions that its lines are in.
	fn regions(&self) -> Vec<(Region, LineWeight)> {
		let regions: BTreeSet<_> = self.lines.iter().map(|line| line.node.region()).collect();
		let least = |region: &Region| match region.kind {
			LineKind::Residential => LEAST_WEIGHT,
			LineKind::Hosting => 0,
		};
		regions.into_iter().map(|region| (region, least(&region))).collect()
	}

	/// The state. Bonds, registrations, seats and admissions are made by the pallets themselves, without signatures.
	pub(crate) fn storage(&self) -> Storage {
		let (authors, reporters) = (self.authors(), Self::reporters());
		let bonds =
			authors.iter().map(|author| (author.account.clone(), Role::Validator, AUTHOR_BOND)).chain(
				self.lines
					.iter()
					.map(|line| (line.node.account.clone(), Role::Provider, Self::bond_of(&line.claim))),
			);
		let seats = self.lines.iter().filter_map(|line| {
			let Node { account, endpoint, country, .. } = &line.node;
			Some((account.clone(), line.node.key(), *endpoint, line.uplink_kbps?, *country))
		});
		let config = RuntimeGenesisConfig {
			balances: BalancesConfig { balances: self.balances(&authors, &reporters), ..Default::default() },
			governance: GovernanceConfig {
				parameters: Parameters::default(),
				pace: Pace::public(),
				..Default::default()
			},
			regions: RegionsConfig { regions: self.regions(), ..Default::default() },
			price: PriceConfig {
				reporters: reporters
					.iter()
					.map(|reporter| (reporter.account.clone(), reporter.pair.public().into()))
					.collect(),
			},
			babe: BabeConfig { epoch_config: BABE_GENESIS_EPOCH_CONFIG, ..Default::default() },
			node_staking: NodeStakingConfig { bonds: bonds.collect() },
			validators: ValidatorsConfig {
				candidates: authors.iter().map(|author| author.account.clone()).collect(),
			},
			session: SessionConfig {
				keys: authors
					.iter()
					.map(|author| (author.account.clone(), author.account.clone(), session_keys(author)))
					.collect(),
				..Default::default()
			},
			providers: ProvidersConfig { allow_private_endpoints: false, ..Default::default() },
			proof_of_bandwidth: ProofOfBandwidthConfig {
				timing: self.timing,
				allow_private_endpoints: false,
				seats: seats.collect(),
			},
			..Default::default()
		};
		let mut storage = config.build_storage().expect("the genesis builds");
		sp_state_machine::BasicExternalities::execute_with_storage(&mut storage, || {
			self.lines.iter().zip(0..).for_each(|(line, index)| enter(line, index));
		});
		storage
	}
}

/// Registers a line, and admits it if it shall be.
fn enter(line: &Line, index: u32) {
	let call = RuntimeCall::from(line.node.register(line.claim));
	call.dispatch(RuntimeOrigin::signed(line.node.account.clone())).expect("the line is registered");
	if line.admitted {
		let admission = Admission::Admitted { since: 0 };
		<Providers as ProviderRegistry<_>>::set_admission(index, admission).expect("the line is admitted");
		// Verdicts admit, and the protocol follows its own; here there was none, and nothing that it could have followed before.
		Targets::<Runtime>::remove(index);
		let facts = <Providers as ProviderRegistry<_>>::facts_at(index, 1).expect("it is registered");
		<ProofOfBandwidth as OnProviderChange<_>>::provider_changed(index, &facts);
	}
}

fn session_keys(author: &Node) -> SessionKeys {
	let finality = ed25519::Pair::from_seed_slice(author.account.as_ref()).expect("32 bytes are a seed");
	SessionKeys {
		babe: author.pair.public().into(),
		grandpa: finality.public().into(),
		authority_discovery: author.pair.public().into(),
	}
}
