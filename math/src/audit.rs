//! Which entries of a report an attestor has to prove.
//!
//! Of each [`ONE_IN`] entries in the order of a report one place is drawn; a last part with fewer entries may find its
//! place empty. So every entry is drawn with a chance of 1/64, and whoever knows how many entries a report has
//! knows how many proofs are owed.
//!
//! The seed must not be known before reports are committed to: it hashes the block randomness of all slot groups of the
//! epoch in which they were.

use crate::schedule::leading_word;
use blake2::{digest::consts::U32, Blake2b, Digest};

const SEED_TAG: &[u8] = b"weir/audit-seed/v1";
const DRAW_TAG: &[u8] = b"weir/audit/v1";
/// One entry in this many is audited.
pub const ONE_IN: u32 = 64;
/// Proofs that a report of 256 entries can owe.
pub const MAX_PROOFS: u32 = 4;

/// Seed of the audits of an epoch's reports, from the recorded randomness of the slot groups of the epoch after it:
/// `blake2b-256(tag ‖ (group ‖ ρ)…)`, ascending by group.
pub fn seed<'a>(groups: impl IntoIterator<Item = (u8, &'a [u8; 32])>) -> [u8; 32] {
	let hasher =
		groups.into_iter().fold(Blake2b::<U32>::new().chain_update(SEED_TAG), |hasher, (group, rho)| {
			hasher.chain_update([group]).chain_update(rho)
		});
	hasher.finalize().into()
}

/// Positions of the audited entries in the report of `node` (its account as bytes), ascending. In part `p` of 64
/// entries: `blake2b-256(tag ‖ seed ‖ p ‖ node) mod 64`, the first eight bytes taken as a little-endian number.
pub fn positions<'a>(seed: &'a [u8; 32], node: &'a [u8], entries: u32) -> impl Iterator<Item = u32> + 'a {
	(0..entries.div_ceil(ONE_IN).min(MAX_PROOFS)).filter_map(move |part| {
		let hash = Blake2b::<U32>::new()
			.chain_update(DRAW_TAG)
			.chain_update(seed)
			.chain_update(part.to_le_bytes())
			.chain_update(node)
			.finalize();
		// Below 64.
		let place = leading_word(&hash).checked_rem(u64::from(ONE_IN)).unwrap_or(0) as u32;
		let position = part.saturating_mul(ONE_IN).saturating_add(place);
		(position < entries).then_some(position)
	})
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn positions_should_draw_one_entry_in_64() {
		for entries in [1u32, 4, 63, 64, 65, 200, 256] {
			let mut drawn = vec![0u32; entries as usize];
			let seeds = 20_000u32;
			for n in 0..seeds {
				let mut seed = [7; 32];
				seed[..4].copy_from_slice(&n.to_le_bytes());
				for position in positions(&seed, b"node", entries) {
					drawn[position as usize] += 1;
				}
			}
			// Mean 312.5, standard deviation 17.5: six of them either way.
			assert!(drawn.iter().all(|count| (207..=418).contains(count)), "{entries}: {drawn:?}");
		}
	}

	#[test]
	fn positions_should_ascend_and_depend_on_seed_and_node() {
		let all: Vec<u32> = positions(&[1; 32], b"a", 256).collect();
		assert_eq!(all.len(), MAX_PROOFS as usize);
		assert!(all.windows(2).all(|pair| pair[0] < pair[1]));
		assert_ne!(all, positions(&[2; 32], b"a", 256).collect::<Vec<_>>());
		assert_ne!(all, positions(&[1; 32], b"b", 256).collect::<Vec<_>>());
		assert_eq!(positions(&[1; 32], b"a", 0).count(), 0);
	}

	#[test]
	fn seed_should_change_with_every_group() {
		let (a, b) = ([1; 32], [2; 32]);
		let base = seed([(0, &a), (3, &b)]);
		assert_ne!(base, seed([(0, &a)]));
		assert_ne!(base, seed([(0, &a), (4, &b)]));
		assert_ne!(base, seed([(0, &b), (3, &b)]));
		assert_eq!(base, seed([(0, &a), (3, &b)]));
	}
}
