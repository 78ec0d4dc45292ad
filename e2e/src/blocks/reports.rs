//! Who measures whom, as the chain draws it, and the transactions that say what was measured, or seen.

use crate::blocks::node::Node;
use codec::Encode;
use pallet_proof_of_bandwidth::{
	assignment::{Draw, Test},
	Call, Seats,
};
use polkadot_sdk::*;
use sp_core::{Pair, H256};
use sp_io::hashing::blake2_256;
use std::collections::HashMap;
use weir_math::schedule::{submit_offset, window_millis, Run};
use weir_primitives::{
	outage::{sighting_payload, Sighting},
	receipt::{Bilateral, TestPart},
	report::{commit_payload, commitment, entries_root, Entry, EntryKind},
	EpochIndex, Kbps, Prefix, ProviderIndex, SlotOffset, Timing,
};
use weir_runtime::{AccountId, ProofOfBandwidth, Runtime, UncheckedExtrinsic};

/// A receipt of the runtime.
pub type Receipt = Bilateral<AccountId>;
/// What makes a commitment unguessable.
pub type Salt = [u8; 32];

/// A member of a committee.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member {
	/// Who it is.
	pub account: AccountId,
	/// Whether a rule keeps it from measuring: its own line, its prefix, or its own test at the same time.
	pub excused: bool,
}

/// A test with its committee.
#[derive(Clone, Debug)]
pub struct Drawn {
	/// The test.
	pub test: Test<AccountId>,
	/// Its committee by place.
	pub members: Vec<Member>,
}

impl Drawn {
	/// Members that measure.
	pub fn measuring(&self) -> impl Iterator<Item = &AccountId> {
		self.members.iter().filter(|member| !member.excused).map(|member| &member.account)
	}

	/// Load that each member offers towards the target and from it, kbps.
	pub fn quotas(&self) -> (Kbps, Kbps) {
		let quota = |kbps| weir_math::committee::quota_kbps(kbps, self.test.committee.members);
		(quota(self.test.claim.down_kbps), quota(self.test.claim.up_kbps))
	}

	/// What each of `loading` members sees of a line of `kbps` both ways that serves all that load it evenly.
	pub fn share(&self, kbps: Kbps, loading: usize) -> (Kbps, Kbps) {
		let share = kbps / (loading.max(1) as Kbps);
		let (down, up) = self.quotas();
		(down.min(share), up.min(share))
	}

	/// The report of a member that measured these rates, and what both signed for it.
	pub fn measured(
		&self,
		epoch: EpochIndex,
		target: &Node,
		attestor: &Node,
		rates: (Kbps, Kbps),
	) -> (Entry, Receipt) {
		let receipt = self.receipt(epoch, target, attestor, rates);
		let shown = rates_of(&receipt);
		(Entry { receipt: receipt.prefix(), ..entry(self.test.provider, shown) }, receipt)
	}

	/// A receipt of these rates, or of the nearest that bytes can show, with both signatures.
	pub fn receipt(
		&self,
		epoch: EpochIndex,
		target: &Node,
		attestor: &Node,
		(down, up): (Kbps, Kbps),
	) -> Receipt {
		let window = u64::from(window_millis(&ProofOfBandwidth::timing(), self.test.ordinal));
		// Rates are rounded down: a byte more than the exact number shows the rate again.
		let bytes = |kbps: Kbps| (u64::from(kbps) * window).div_ceil(8);
		let test = TestPart {
			genesis: ProofOfBandwidth::genesis_hash().0,
			epoch,
			kind: self.test.kind,
			ordinal: self.test.ordinal,
			target: target.account.clone(),
			attestor: attestor.account.clone(),
			session: [7; 8],
		};
		let unsigned = Bilateral {
			test,
			seed_hash: [9; 32],
			down_bytes: bytes(down),
			up_bytes: bytes(up),
			by_target: [0; 64],
			by_attestor: [0; 64],
		};
		let payload = unsigned.payload();
		let sign = |node: &Node| node.pair.sign(&payload).0;
		Bilateral { by_target: sign(target), by_attestor: sign(attestor), ..unsigned }
	}
}

/// Rates that a receipt shows, as the chain reads them, kbps.
fn rates_of(receipt: &Receipt) -> (Kbps, Kbps) {
	let micros = u64::from(window_millis(&ProofOfBandwidth::timing(), receipt.test.ordinal)) * 1_000;
	(weir_math::rate::kbps(receipt.down_bytes, micros), weir_math::rate::kbps(receipt.up_bytes, micros))
}

/// An entry without a receipt.
pub fn entry(provider: ProviderIndex, (down_kbps, up_kbps): (Kbps, Kbps)) -> Entry {
	Entry {
		provider,
		kind: EntryKind::Measured,
		down_kbps,
		up_kbps,
		rtt_10us: 1_000,
		loss_pptt: 0,
		liveness: [255; 5],
		receipt: [0; 5],
	}
}

/// Every test of an epoch that is over, or whose starts are all known.
pub fn drawn(epoch: EpochIndex, providers: impl Iterator<Item = ProviderIndex>) -> Vec<Drawn> {
	let Some(mut draw) = Draw::<Runtime>::of(epoch) else { return Vec::new() };
	let tests: Vec<_> = providers.filter_map(|provider| draw.test_of(provider)).collect();
	let runs: HashMap<AccountId, Run> =
		tests.iter().filter_map(|test| Some((test.account.clone(), draw.run_of(test)?))).collect();
	let mut prefixes: HashMap<AccountId, Option<Prefix>> = HashMap::new();
	let mut with_members = |test: Test<AccountId>| {
		let accounts: Vec<_> = draw.members_of(&test).into_iter().flatten().collect();
		let members = accounts.into_iter().map(|account| {
			let prefix = *prefixes
				.entry(account.clone())
				.or_insert_with(|| Seats::<Runtime>::get(&account).and_then(|seat| seat.endpoint.prefix()));
			let excused = draw.bars(&test, &account, prefix) || draw.is_busy(runs.get(&account), &test);
			Member { account, excused }
		});
		Drawn { members: members.collect(), test }
	};
	tests.into_iter().map(&mut with_members).collect()
}

/// The salt of a node's report. Anybody could compute it here, and nobody on a real network.
pub fn salt(node: &Node, epoch: EpochIndex) -> Salt {
	(b"salt", &node.account, epoch).using_encoded(blake2_256)
}

/// What a node commits to.
pub fn hash_of(node: &Node, epoch: EpochIndex, entries: &[Entry], salt: &Salt) -> H256 {
	commitment(&ProofOfBandwidth::genesis_hash(), epoch, &node.account, &entries_root(entries), salt)
}

/// The transaction that commits to `entries`.
pub fn commit(node: &Node, epoch: EpochIndex, entries: &[Entry]) -> UncheckedExtrinsic {
	let hash = hash_of(node, epoch, entries, &salt(node, epoch));
	commit_to(node, epoch, hash)
}

/// The transaction that commits to `hash`, signed by the seat.
pub fn commit_to(node: &Node, epoch: EpochIndex, hash: H256) -> UncheckedExtrinsic {
	let payload = commit_payload(&ProofOfBandwidth::genesis_hash(), epoch, &node.account, &hash);
	let signature = node.pair.sign(&payload).into();
	authorized(Call::commit { epoch, node: node.account.clone(), commitment: hash, signature })
}

/// The transaction that reveals `entries`.
pub fn reveal(node: &Node, epoch: EpochIndex, entries: &[Entry]) -> UncheckedExtrinsic {
	let entries = entries.to_vec().try_into().expect("a report has at most 256 entries");
	authorized(Call::reveal { epoch, node: node.account.clone(), entries, salt: salt(node, epoch) })
}

/// The transaction that proves what was drawn of a report.
pub fn answer_audit(
	node: &Node,
	epoch: EpochIndex,
	entries: &[Entry],
	receipts: Vec<Receipt>,
) -> UncheckedExtrinsic {
	let entries = entries.to_vec().try_into().expect("a report has at most 256 entries");
	let receipts = receipts.try_into().expect("at most four are drawn");
	let salt = salt(node, epoch);
	authorized(Call::answer_audit { epoch, node: node.account.clone(), entries, salt, receipts })
}

/// The transaction that says what a seat has seen of a provider.
pub fn say(node: &Node, provider: ProviderIndex, sighting: Sighting) -> UncheckedExtrinsic {
	let payload = sighting_payload(&ProofOfBandwidth::genesis_hash(), provider, &node.account, &sighting);
	let signature = node.pair.sign(&payload).into();
	let node = node.account.clone();
	authorized(match sighting {
		Sighting::Down { alarm_slot } => Call::report_down { provider, node, alarm_slot, signature },
		Sighting::Up { alarm_slot } => Call::report_up { provider, node, alarm_slot, signature },
		Sighting::Confirm { raised, is_down } => Call::confirm { provider, node, raised, is_down, signature },
	})
}

/// A fee-less transaction, as nodes make them.
pub fn authorized(call: Call<Runtime>) -> UncheckedExtrinsic {
	use frame_system::offchain::CreateAuthorizedTransaction;
	<Runtime as CreateAuthorizedTransaction<Call<Runtime>>>::create_authorized_transaction(call.into())
}

/// Slots in which a node's worker commits to its report on `epoch` and reveals it.
pub fn slots_of(timing: &Timing, node: &Node, epoch: EpochIndex) -> (SlotOffset, SlotOffset) {
	let hash = (&node.account, epoch).using_encoded(blake2_256);
	let at = |window| submit_offset(window, &hash);
	(at((timing.commit_from, timing.commit_until)), at((timing.reveal_from, timing.reveal_until)))
}
