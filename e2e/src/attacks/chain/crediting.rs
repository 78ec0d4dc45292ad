//! A26: credit for what a line carries for its customers. There is none to ask for: the only receipt that makes a test
//! count more afterwards is one of a member of its committee, above what that member reported.

use super::{broken, refusal, refusals, Rule, Trial};
use crate::{
	attacks::{Finding, Scenario},
	blocks::{
		node::Node,
		reports::{authorized, Drawn, Receipt},
		world::{line, World, CLAIM_KBPS},
	},
};
use anyhow::{ensure, Context};
use pallet_proof_of_bandwidth::Call;
use polkadot_sdk::*;
use sp_core::Pair;
use sp_runtime::transaction_validity::InvalidTransaction;
use weir_primitives::{api::Outcome, ProviderIndex};

pub(super) const SCENARIOS: [Scenario; 1] = [Scenario {
	id: "A26-receipts",
	title: "customers sign receipts for a line that was struck",
	run: |()| credit(),
}];

const SEATS: u32 = 60;
/// The line that has a tenth of what it claims.
const SLOW: ProviderIndex = 0;
/// Number of somebody who is neither a provider nor a seat.
const CUSTOMER: u32 = 1_000_000;

/// A slow line has customers sign that it carried a full quota for each of them, and posts that against its strike.
fn credit() -> anyhow::Result<Finding> {
	let mut world = World::new((0..SEATS).map(|n| line(n, true)).collect());
	let says = |test: &Drawn, _: usize| {
		let has = if test.test.provider == SLOW { CLAIM_KBPS / 10 } else { CLAIM_KBPS };
		Some(test.share(has, test.measuring().count()))
	};
	let judged = world.epoch(&says, &|_| true, &|_| true);
	let slow = judged.judged().find(|(test, _)| test.test.provider == SLOW);
	let (test, verdict) = slow.context("the slow line was not judged")?;
	ensure!(verdict.outcome == Outcome::Strike, "the slow line was not struck: {:?}", verdict.reason);
	let member = world.measuring(test).next().context("nobody measured the slow line")?;
	let is_drawn = |node: &Node| test.members.iter().any(|member| member.account == node.account);
	let friend = world.nodes.iter().skip(1).find(|node| !is_drawn(node)).context("all seats were drawn")?;
	let (target, member, friend) =
		(world.nodes[SLOW as usize].clone(), world.nodes[member].clone(), friend.clone());
	let (customer, epoch) = (Node::nth(CUSTOMER), judged.epoch);
	let (quotas, reported) = (test.quotas(), test.share(CLAIM_KBPS / 10, test.measuring().count()));
	let mut trials = Vec::new();
	let mut trial = |name, came_to, has_to| trials.push(Trial { name, came_to: refusal(came_to), has_to });
	world.chain.next(|making| {
		let mut post = |receipt: Receipt| {
			let receipts = vec![receipt].try_into().expect("one receipt");
			making.include(authorized(Call::dispute { provider: SLOW, epoch, receipts }))
		};
		let of = |attestor: &Node, rates| test.receipt(epoch, &target, attestor, rates);
		trial("a receipt of a customer", post(of(&customer, quotas)), Err(broken(Rule::NotAMember)));
		trial("of a seat that was not drawn", post(of(&friend, quotas)), Err(broken(Rule::NotAMember)));
		let mut forged = of(&member, quotas);
		forged.by_attestor = customer.pair.sign(&forged.payload()).0;
		trial("of a customer in a member's name", post(forged), Err(InvalidTransaction::BadProof));
		trial(
			"of a member over what it reported",
			post(of(&member, reported)),
			Err(broken(Rule::NothingUnderReported)),
		);
		trial("of a member over more than it reported", post(of(&member, quotas)), Ok(()));
	});
	refusals("receipts posted against the strike of a line at a tenth of its claim", &trials)
}
