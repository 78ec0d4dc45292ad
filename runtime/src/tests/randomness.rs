//! What a block reveals.

use super::chain::{genesis, Chain};
use crate::*;
use pallet_proof_of_bandwidth::Groups;

#[test]
fn slot_group_should_get_the_randomness_of_its_own_first_block() {
	genesis(presets::LOCAL).execute_with(|| {
		let mut chain = Chain::start();
		chain.block(&|_, _, _| None);
		assert!(Groups::<Runtime>::get(0).is_empty());
		// Groups of one slot, from the second slot on.
		for group in 0..4u8 {
			let own = chain.next_randomness();
			let of_the_parent = pallet_babe::AuthorVrfRandomness::<Runtime>::get();
			assert!(of_the_parent.is_some_and(|known| known != own));
			chain.block(&|_, _, _| None);
			assert_eq!(Groups::<Runtime>::get(0).last(), Some(&(group, own)));
		}
	});
}
