//! Chains that have come so far: what happens next depends on what happened before, and to get there takes time.

use super::super::chain::*;
use crate::*;
use sp_core::storage::StateVersion;
use sp_keyring::Sr25519Keyring;
use weir_primitives::{EpochIndex, ProviderIndex};

/// The provider that delivers a tenth of its claim from [`LIES_FROM`] on.
const LIAR: ProviderIndex = 7;
const LIES_FROM: EpochIndex = 6;
/// Epochs at whose beginning a scene stands: before the first test, in admission, with all admitted, with strikes that
/// can be disputed, and with the escalation, the slash that waits and the jail that followed.
const BEGINNINGS: [EpochIndex; 6] = [1, 4, 7, 9, 11, 12];

/// A node of the trie: its key, its bytes and how often it is referred to.
type Node = (Vec<u8>, (Vec<u8>, i32));

/// A chain as it stands.
pub(super) struct Scene {
	pub(super) chain: Chain,
	nodes: Vec<Node>,
	root: Hash,
}

impl Scene {
	fn of(mut externalities: sp_io::TestExternalities, chain: Chain) -> Self {
		externalities.commit_all().expect("no transaction is open");
		let (nodes, root) = externalities.into_raw_snapshot();
		Self { chain, nodes, root }
	}

	/// Its state, to go on with.
	pub(super) fn externalities(&self) -> sp_io::TestExternalities {
		sp_io::TestExternalities::from_raw_snapshot(self.nodes.clone(), self.root, StateVersion::V1)
	}
}

/// One story, at several of its turns.
pub(super) fn scenes() -> Vec<Scene> {
	let says = |_: Sr25519Keyring, provider: ProviderIndex, epoch: EpochIndex| {
		let lies = provider == LIAR && epoch >= LIES_FROM;
		Some(share(if lies { CLAIM_KBPS / 10 } else { CLAIM_KBPS + 1_000 }, provider, epoch))
	};
	let mut externalities = genesis(presets::LOCAL);
	let chain = externalities.execute_with(Chain::with_providers);
	let mut scenes = vec![Scene::of(externalities, chain)];
	for epoch in BEGINNINGS {
		let (mut externalities, mut chain) = match scenes.last() {
			Some(last) => (last.externalities(), last.chain.clone()),
			None => return scenes,
		};
		externalities.execute_with(|| {
			chain.until_epoch(epoch, &says);
			// Past the verdicts on the epoch before.
			for _ in 0..20 {
				chain.block(&says);
			}
		});
		scenes.push(Scene::of(externalities, chain));
	}
	scenes
}
