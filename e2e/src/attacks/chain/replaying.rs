//! A10: reports and receipts of another epoch, or of another chain.

use super::{broken, refusal, refusals, Rule, Trial};
use crate::{
	attacks::{Finding, Scenario},
	blocks::{
		node::Node,
		reports::{answer_audit, authorized, commit, commit_to, hash_of, reveal, salt, Receipt},
		world::{line, World},
	},
};
use pallet_proof_of_bandwidth::Call;
use polkadot_sdk::*;
use sp_core::{Pair, H256};
use sp_runtime::transaction_validity::InvalidTransaction;
use weir_primitives::{
	report::{commit_payload, commitment, entries_root, Entry},
	EpochIndex,
};
use weir_runtime::{ProofOfBandwidth, UncheckedExtrinsic};

pub(super) const SCENARIOS: [Scenario; 2] = [
	Scenario { id: "A10", title: "reports of another epoch and of another chain", run: |()| reports() },
	Scenario {
		id: "A10-receipts",
		title: "receipts of another epoch and of another chain",
		run: |()| receipts(),
	},
];

const SEATS: u32 = 60;
/// Hash of the first block of a chain that is not this one.
const OTHER_GENESIS: H256 = H256([0xee; 32]);

/// A commit as its seat signs it on another chain.
fn commit_elsewhere(node: &Node, epoch: EpochIndex, hash: H256) -> UncheckedExtrinsic {
	let signature = node.pair.sign(&commit_payload(&OTHER_GENESIS, epoch, &node.account, &hash)).into();
	authorized(Call::commit { epoch, node: node.account.clone(), commitment: hash, signature })
}

fn commitment_elsewhere(node: &Node, epoch: EpochIndex, entries: &[Entry]) -> H256 {
	commitment(&OTHER_GENESIS, epoch, &node.account, &entries_root(entries), &salt(node, epoch))
}

fn reports() -> anyhow::Result<Finding> {
	let mut world = World::new((0..SEATS).map(|n| line(n, true)).collect());
	let says = |test: &crate::blocks::reports::Drawn, _: usize| {
		Some(test.share(test.test.claim.down_kbps, test.measuring().count()))
	};
	let before = world.epoch(&says, &|_| true, &|_| true);
	let (epoch, tests) = world.measure();
	let now = world.reports(epoch, &tests, &says);
	let timing = world.chain.timing();
	let (a, b) = (world.nodes[1].clone(), world.nodes[2].clone());
	let mut trials = Vec::new();
	let mut trial = |name, came_to, has_to| trials.push(Trial { name, came_to: refusal(came_to), has_to });
	let (old, new) = (&before.reports[1].0, &now[1].0);
	world.chain.block_at(epoch + 1, timing.commit_from, |making| {
		let stale = commit(&a, before.epoch, old);
		trial("the commit of the epoch before", making.include(stale), Err(InvalidTransaction::Stale));
		let future = commit(&a, epoch + 1, new);
		trial("a commit of the epoch to come", making.include(future), Err(InvalidTransaction::Future));
		// Its signature is over the former epoch.
		let hash = hash_of(&a, before.epoch, old, &salt(&a, before.epoch));
		let payload = commit_payload(&ProofOfBandwidth::genesis_hash(), before.epoch, &a.account, &hash);
		let relabelled = authorized(Call::commit {
			epoch,
			node: a.account.clone(),
			commitment: hash,
			signature: a.pair.sign(&payload).into(),
		});
		trial(
			"the same with this epoch's number",
			making.include(relabelled),
			Err(InvalidTransaction::BadProof),
		);
		let foreign = commit_elsewhere(&a, epoch, hash_of(&a, epoch, new, &salt(&a, epoch)));
		trial("a commit of another chain", making.include(foreign), Err(InvalidTransaction::BadProof));
		let repeated = commit_to(&a, epoch, hash);
		trial("the former commitment, signed anew", making.include(repeated), Ok(()));
		let elsewhere = commit_to(&b, epoch, commitment_elsewhere(&b, epoch, &now[2].0));
		trial("another chain's commitment, signed here", making.include(elsewhere), Ok(()));
	});
	world.chain.block_at(epoch + 1, timing.reveal_from, |making| {
		let stale = reveal(&a, before.epoch, old);
		trial("the reveal of the epoch before", making.include(stale), Err(InvalidTransaction::Stale));
		let relabelled = Call::reveal {
			epoch,
			node: a.account.clone(),
			entries: old.clone().try_into().expect("few entries"),
			salt: salt(&a, before.epoch),
		};
		trial(
			"the same as this epoch's",
			making.include(authorized(relabelled)),
			Err(InvalidTransaction::BadProof),
		);
		let foreign = reveal(&b, epoch, &now[2].0);
		trial(
			"a reveal under another chain's commitment",
			making.include(foreign),
			Err(InvalidTransaction::BadProof),
		);
	});
	refusals("commits and reveals of an earlier epoch and of another genesis", &trials)
}

/// What was drawn of a report has to be proven by the receipts of that test on this chain.
fn receipts() -> anyhow::Result<Finding> {
	let mut world = World::new((0..SEATS).map(|n| line(n, true)).collect());
	let says = |test: &crate::blocks::reports::Drawn, _: usize| {
		Some(test.share(test.test.claim.down_kbps, test.measuring().count()))
	};
	let first = world.epoch(&says, &|_| true, &|_| true);
	// Nobody answers yet, so that what is drawn of the first epoch can be answered below.
	let (second, _) = world.measure();
	let timing = world.chain.timing();
	let nodes = world.nodes.clone();
	let drawn = world.chain.look(|| {
		(0..nodes.len()).find_map(|n| {
			let drawn = ProofOfBandwidth::audited(first.epoch, &nodes[n].account);
			drawn.first().map(|position| (n, *position as usize))
		})
	});
	let (n, position) = drawn.ok_or_else(|| anyhow::anyhow!("no entry was drawn"))?;
	let (entries, signed) = &first.reports[n];
	let proof = &signed[position];
	let target = &nodes[entries[position].provider as usize];
	let resigned = |change: &dyn Fn(&mut Receipt)| {
		let mut receipt = proof.clone();
		change(&mut receipt);
		let payload = receipt.payload();
		receipt.by_target = target.pair.sign(&payload).0;
		receipt.by_attestor = nodes[n].pair.sign(&payload).0;
		receipt
	};
	let mut trials = Vec::new();
	let mut trial = |name, came_to, has_to| trials.push(Trial { name, came_to: refusal(came_to), has_to });
	world.chain.block_at(second + 1, timing.reveal_from, |making| {
		let mut answer =
			|receipt: Receipt| making.include(answer_audit(&nodes[n], first.epoch, entries, vec![receipt]));
		let foreign = || Err(broken(Rule::ForeignReceipt));
		trial(
			"a receipt of another chain",
			answer(resigned(&|receipt| receipt.test.genesis = OTHER_GENESIS.0)),
			foreign(),
		);
		trial("of another epoch", answer(resigned(&|receipt| receipt.test.epoch += 1)), foreign());
		trial(
			"of another attestor",
			answer(resigned(&|receipt| receipt.test.attestor = nodes[(n + 1) % nodes.len()].account.clone())),
			foreign(),
		);
		trial(
			"the same counts of another session",
			answer(resigned(&|receipt| receipt.test.session = [8; 8])),
			foreign(),
		);
		let mut forged = proof.clone();
		forged.by_target = forged.by_attestor;
		trial("without the target's signature", answer(forged), foreign());
		trial("the receipt itself", answer(proof.clone()), Ok(()));
		trial("the receipt once more", answer(proof.clone()), Err(broken(Rule::AlreadyProven)));
	});
	refusals("proofs of an audit by receipts that are not of it", &trials)
}
