//! Chains that have come so far: what happens next depends on what happened before, and to get there takes time.

use super::{super::chain::*, calls, ledger};
use crate::*;
use pallet_proof_of_bandwidth::{
	audits::AUDIT_DELAY, Alarms, Call, Entries, Evidences, GenesisTiming, NetworkTiming,
};
use sp_core::storage::StateVersion;
use sp_keyring::Sr25519Keyring;
use weir_math::{
	economy::units::PRICE_ONE,
	outage::{confirms, ALARM, CONFIRMERS_DELAY},
};
use weir_primitives::{
	outage::Sighting,
	receipt::TestPart,
	report::{commit_payload, commitment, entries_root, Entry, MAX_ENTRIES},
	seams::EpochClock,
	EpochIndex, ProviderIndex, SlotOffset, Timing,
};

/// The provider that delivers a tenth of its claim from [`LIES_FROM`] on.
const LIAR: ProviderIndex = 7;
const LIES_FROM: EpochIndex = 6;
/// The provider that its watchers lose.
const LOST: ProviderIndex = 0;
/// A slot past the verdicts on the epoch before.
const JUDGED: SlotOffset = 20;
/// An epoch before which all that a story waits for has happened.
const LAST: EpochIndex = 24;

/// A node of the trie: its key, its bytes and how often it is referred to.
type Node = (Vec<u8>, (Vec<u8>, i32));

/// A chain as it stands.
pub(super) struct Scene {
	pub(super) chain: Chain,
	/// What answers the audit that is open, if one is: the chain has no receipts.
	pub(super) answer: Option<RuntimeCall>,
	nodes: Vec<Node>,
	root: Hash,
}

impl Scene {
	fn of(mut externalities: sp_io::TestExternalities, chain: Chain) -> Self {
		externalities.commit_all().expect("no transaction is open");
		let (nodes, root) = externalities.into_raw_snapshot();
		Self { chain, answer: None, nodes, root }
	}

	/// All providers in service, and none with a seat. Slashes wait as long as on a public network: a local one leaves no
	/// time for an appeal.
	fn first() -> Self {
		let mut externalities = genesis(presets::LOCAL);
		let chain = externalities.execute_with(|| {
			let slash_delay_epochs = Timing::public().slash_delay_epochs;
			let timing = Timing { slash_delay_epochs, ..Timing::local() };
			NetworkTiming::<Runtime>::put(timing);
			GenesisTiming::<Runtime>::put(timing);
			let mut chain = Chain::with_lines();
			chain.quote(Some(PRICE_ONE / 25));
			chain
		});
		Self::of(externalities, chain)
	}

	/// Where `go` leads from here.
	fn then(&self, go: impl FnOnce(&mut Chain)) -> Self {
		let (mut externalities, mut chain) = (self.externalities(), self.chain.clone());
		externalities.execute_with(|| go(&mut chain));
		Self::of(externalities, chain)
	}

	/// Its state, to go on with.
	pub(super) fn externalities(&self) -> sp_io::TestExternalities {
		sp_io::TestExternalities::from_raw_snapshot(self.nodes.clone(), self.root, StateVersion::V1)
	}
}

/// One story at several of its turns, and what could have come of it otherwise.
pub(super) fn scenes() -> Vec<Scene> {
	let joined = Scene::first();
	let seated = joined.then(|_| sit_all());
	let in_admission = seated.then(|chain| until_slot(chain, 4, JUDGED));
	let admitted = in_admission.then(|chain| until_slot(chain, 7, JUDGED));
	// With strikes that can be disputed, with a slash that can be appealed against, and on the eve of it.
	let struck = admitted.then(|chain| until_slot(chain, 9, JUDGED));
	let slashed = struck
		.then(|chain| until(chain, || Evidences::<Runtime>::iter_values().any(|kept| kept.slash.is_some())));
	let on_the_eve = slashed.then(|chain| {
		let due = ProofOfBandwidth::epoch() + ProofOfBandwidth::timing().slash_delay_epochs;
		until_slot(chain, due - 1, JUDGED)
	});
	let alarmed = admitted.then(raise);
	let doubted = alarmed.then(|chain| vote(chain, false));
	let dismissed = doubted.then(dismiss);
	let down = alarmed.then(|chain| {
		vote(chain, true);
		see_again(chain);
	});
	let mut answer = None;
	let audited = admitted.then(|chain| answer = Some(owe_proofs(chain)));
	let audited = Scene { answer, ..audited };
	let story = [joined, seated, in_admission, admitted, struck, slashed, on_the_eve];
	story.into_iter().chain([alarmed, doubted, dismissed, down, audited]).collect()
}

/// What seats see of a provider.
fn seen(_: Sr25519Keyring, provider: ProviderIndex, epoch: EpochIndex) -> Option<u32> {
	let lies = provider == LIAR && epoch >= LIES_FROM;
	Some(share(if lies { CLAIM_KBPS / 10 } else { CLAIM_KBPS + 1_000 }, provider, epoch))
}

/// Goes on until it is so.
fn until(chain: &mut Chain, is_so: impl Fn() -> bool) {
	while !is_so() {
		assert!(ProofOfBandwidth::epoch() < LAST, "what the story waits for does not come");
		chain.block(&seen);
		check_invariants();
	}
}

fn until_slot(chain: &mut Chain, epoch: EpochIndex, slot: SlotOffset) {
	until(chain, || (ProofOfBandwidth::epoch(), ProofOfBandwidth::slot_in_epoch()) >= (epoch, slot));
}

/// A block with these calls, which are authorised by themselves and go well.
fn block_of(chain: &mut Chain, calls: impl FnOnce() -> Vec<RuntimeCall>) {
	chain.block_with(&seen, || {
		for call in calls() {
			assert_eq!(Executive::apply_extrinsic(general(call)), Ok(Ok(())));
		}
	});
}

/// What the first `count` of these seats say of [`LOST`].
fn said(seers: &[AccountId], count: u32, sighting: Sighting) -> Vec<RuntimeCall> {
	let keys = seers.iter().filter_map(Sr25519Keyring::from_account_id);
	keys.take(count as usize).map(|seer| calls::said(seer, LOST, sighting)).collect()
}

/// Watchers raise an alarm about [`LOST`], and its confirmers are drawn.
fn raise(chain: &mut Chain) {
	block_of(chain, || {
		let sighting = Sighting::Down { alarm_slot: ProofOfBandwidth::alarm_slot() };
		said(&ProofOfBandwidth::watchers(LOST), ALARM, sighting)
	});
	for _ in 0..CONFIRMERS_DELAY {
		chain.block(&seen);
	}
}

/// Confirmers vote on that: so many as make it an outage, or all but one of those that dismiss it.
fn vote(chain: &mut Chain, is_down: bool) {
	block_of(chain, || {
		let alarm = Alarms::<Runtime>::get(LOST).and_then(|alarm| alarm.raised);
		let raised = alarm.expect("an alarm was raised").block;
		let confirmers = ProofOfBandwidth::confirmers(LOST);
		let needed = confirms(confirmers.len() as u32);
		let count = if is_down { needed } else { confirmers.len() as u32 - needed };
		said(&confirmers, count, Sighting::Confirm { raised, is_down })
	});
}

/// One of its watchers gets answers from [`LOST`] again.
fn see_again(chain: &mut Chain) {
	block_of(chain, || {
		let sighting = Sighting::Up { alarm_slot: ProofOfBandwidth::alarm_slot() };
		said(&ProofOfBandwidth::watchers(LOST), 1, sighting)
	});
}

/// The vote that is missing for a dismissal, which costs the watchers what the rules say.
fn dismiss(chain: &mut Chain) {
	let mut issuance = Balances::total_issuance();
	block_of(chain, || {
		let alarm = Alarms::<Runtime>::get(LOST).and_then(|alarm| alarm.raised).expect("an alarm was raised");
		let mut left = ProofOfBandwidth::confirmers(LOST);
		left.retain(|seer| !alarm.up.contains(seer));
		said(&left, 1, Sighting::Confirm { raised: alarm.block, is_down: false })
	});
	super::check(&mut issuance);
	let forfeited =
		System::events().into_iter().filter(|record| ledger::is_alarm_forfeited(&record.event)).count();
	assert_eq!(forfeited, ALARM as usize, "deposits lost to a dismissed alarm");
}

/// A validator reports on its tests of the running epoch, with the receipts' hashes, and goes on until it has to prove what
/// was drawn: a full report, each entry many times, because of a short one mostly nothing is. Returns the proof.
fn owe_proofs(chain: &mut Chain) -> RuntimeCall {
	let (attestor, salt) = (VALIDATORS[0], [0; 32]);
	let (epoch, node) = (ProofOfBandwidth::epoch(), attestor.to_account_id());
	let (genesis, timing) = (ProofOfBandwidth::genesis_hash(), ProofOfBandwidth::timing());
	let measured: Vec<_> = ProofOfBandwidth::tasks(&node)
		.into_iter()
		.map(|task| {
			let test = TestPart {
				genesis: genesis.0,
				epoch,
				kind: task.kind,
				ordinal: task.ordinal,
				target: task.account,
				attestor: node.clone(),
				session: [0; 8],
			};
			let kbps = task.quota_down_kbps;
			let receipt = calls::receipt(test, u64::from(kbps) * u64::from(task.window_millis) / 8);
			(Entry { receipt: receipt.prefix(), ..entry(task.provider, kbps) }, receipt)
		})
		.collect();
	let entries = measured.iter().map(|(entry, _)| *entry).cycle().take(MAX_ENTRIES as usize);
	let entries: Entries = entries.collect::<Vec<_>>().try_into().expect("as many as there is room for");
	let commitment = commitment(&genesis, epoch, &node, &entries_root(&entries), &salt);
	let signature = attestor.sign(&commit_payload(&genesis, epoch, &node, &commitment)).into();
	until_slot(chain, epoch + 1, 0);
	// Past the slot in which every seat would commit to a report without receipts.
	chain.skip(timing.commit_from.into());
	block_of(chain, || vec![Call::commit { epoch, node: node.clone(), commitment, signature }.into()]);
	until_slot(chain, epoch + 1, timing.reveal_from);
	block_of(chain, || {
		vec![Call::reveal { epoch, node: node.clone(), entries: entries.clone(), salt }.into()]
	});
	until_slot(chain, epoch + AUDIT_DELAY, timing.reveal_from - 1);
	let drawn = ProofOfBandwidth::audited(epoch, &node).into_iter();
	let receipts: Vec<_> =
		drawn.map(|position| measured[position as usize % measured.len()].1.clone()).collect();
	assert!(!receipts.is_empty(), "something was drawn");
	let receipts = receipts.try_into().expect("as many as are drawn at most");
	Call::answer_audit { epoch, node, entries, salt, receipts }.into()
}
