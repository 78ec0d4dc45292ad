//! Bilateral receipts as the sidecars of tests leave them.

use super::*;
use std::{cell::RefCell, collections::BTreeMap};
use weir_primitives::receipt::{Bilateral, TestPart};

pub(crate) type Receipt = Bilateral<AccountId>;

/// A receipt of the task's window that shows these rates, signed by both.
pub(crate) fn receipt(
	epoch: EpochIndex,
	task: &Task<AccountId>,
	attestor: AccountId,
	(down_kbps, up_kbps): (Kbps, Kbps),
) -> Receipt {
	let test = TestPart {
		genesis: Pob::genesis_hash().0,
		epoch,
		kind: task.kind,
		ordinal: task.ordinal,
		target: task.account,
		attestor,
		session: attestor.to_le_bytes(),
	};
	sign(Bilateral {
		test,
		seed_hash: [9; 32],
		// A kbps is a bit per millisecond.
		down_bytes: u64::from(down_kbps) * u64::from(task.window_millis) / 8,
		up_bytes: u64::from(up_kbps) * u64::from(task.window_millis) / 8,
		by_target: [0; 64],
		by_attestor: [0; 64],
	})
}

/// The receipt, signed by its target and its attestor.
pub(crate) fn sign(receipt: Receipt) -> Receipt {
	let payload = receipt.payload();
	let by_target = pair(receipt.test.target).sign(&payload).0;
	let by_attestor = pair(receipt.test.attestor).sign(&payload).0;
	Bilateral { by_target, by_attestor, ..receipt }
}

/// What all sidecars keep.
#[derive(Default)]
pub(crate) struct Drawer(RefCell<BTreeMap<(EpochIndex, ProviderIndex, AccountId), Receipt>>);

impl Drawer {
	/// The truth on a line of this capacity, with its receipt kept.
	pub(crate) fn measure(&self, node: AccountId, task: &Task<AccountId>, capacity: Claim) -> Entry {
		let entry = honest(task, capacity).expect("an entry");
		let receipt = receipt(Pob::epoch(), task, node, (entry.down_kbps, entry.up_kbps));
		let prefix = receipt.prefix();
		self.0.borrow_mut().insert((Pob::epoch(), task.provider, node), receipt);
		Entry { receipt: prefix, ..entry }
	}

	pub(crate) fn receipt(&self, epoch: EpochIndex, provider: ProviderIndex, node: AccountId) -> Receipt {
		self.find(epoch, provider, node).expect("a receipt")
	}

	pub(crate) fn find(
		&self,
		epoch: EpochIndex,
		provider: ProviderIndex,
		node: AccountId,
	) -> Option<Receipt> {
		self.0.borrow().get(&(epoch, provider, node)).cloned()
	}
}
