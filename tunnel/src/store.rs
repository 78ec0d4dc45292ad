//! What must survive a restart: entries and salts before they are committed to, and bilateral receipts.

use anyhow::{Context, Result};
use codec::{Decode, Encode};
use redb::{Database, ReadableDatabase, TableDefinition, TableError};
use std::path::Path;
use weir_primitives::{report::Entry, EpochIndex, ProviderIndex};
use weir_tunnel_core::wire::Bilateral;

/// (epoch, provider) → entry.
const ENTRIES: TableDefinition<(u32, u32), &[u8]> = TableDefinition::new("entries-v1");
/// epoch → salt and the entries as committed.
const COMMITTED: TableDefinition<u32, &[u8]> = TableDefinition::new("committed-v1");
type BilateralKey = (u32, &'static [u8; 32], &'static [u8; 8]);
/// (epoch, the other side's account, session) → bilateral receipt.
const BILATERALS: TableDefinition<BilateralKey, &[u8]> = TableDefinition::new("bilaterals-v1");
/// Epochs kept: an escalation can be disputed for four.
const KEPT_EPOCHS: u32 = 8;

/// What a node committed to.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Committed {
	/// Hides the entries until they are revealed.
	pub salt: [u8; 32],
	/// The entries in the order of the root.
	pub entries: Vec<Entry>,
}

/// The database. Every write is on disk when it returns.
pub struct Store(Database);

impl Store {
	/// Opens or creates `folder`/state.redb.
	pub fn open(folder: &Path) -> Result<Self> {
		std::fs::create_dir_all(folder)
			.with_context(|| format!("{}: cannot be created", folder.display()))?;
		let path = folder.join("state.redb");
		let database = Database::create(&path).with_context(|| {
			format!("{}: cannot be opened (disk full, or another weir-tunnel runs?)", path.display())
		})?;
		Ok(Self(database))
	}

	/// Stores an entry, replacing an earlier one for the same provider.
	pub fn put_entry(&self, epoch: EpochIndex, entry: &Entry) -> Result<()> {
		let transaction = self.0.begin_write()?;
		transaction.open_table(ENTRIES)?.insert((epoch, entry.provider), &entry.encode()[..])?;
		transaction.commit().context("state: not written (disk full?)")
	}

	/// The entries of an epoch, by provider.
	pub fn entries(&self, epoch: EpochIndex) -> Result<Vec<Entry>> {
		let transaction = self.0.begin_read()?;
		let table = match transaction.open_table(ENTRIES) {
			Err(TableError::TableDoesNotExist(_)) => return Ok(vec![]),
			table => table?,
		};
		let mut entries = vec![];
		for row in table.range((epoch, ProviderIndex::MIN)..=(epoch, ProviderIndex::MAX))? {
			entries.push(Entry::decode(&mut row?.1.value()).context("state: damaged entry")?);
		}
		Ok(entries)
	}

	/// Stores what is about to be committed to, once: a second call returns the first's.
	pub fn commit_once(&self, epoch: EpochIndex, committed: Committed) -> Result<Committed> {
		if let Some(known) = self.committed(epoch)? {
			return Ok(known);
		}
		let transaction = self.0.begin_write()?;
		transaction.open_table(COMMITTED)?.insert(epoch, &committed.encode()[..])?;
		transaction.commit().context("state: not written (disk full?)")?;
		Ok(committed)
	}

	/// What was committed to in an epoch.
	pub fn committed(&self, epoch: EpochIndex) -> Result<Option<Committed>> {
		let transaction = self.0.begin_read()?;
		let table = match transaction.open_table(COMMITTED) {
			Err(TableError::TableDoesNotExist(_)) => return Ok(None),
			table => table?,
		};
		table
			.get(epoch)?
			.map(|row| Committed::decode(&mut row.value()).context("state: damaged report"))
			.transpose()
	}

	/// Stores a bilateral receipt under the other side's account.
	pub fn put_bilateral(&self, other: &[u8; 32], bilateral: &Bilateral) -> Result<()> {
		let transaction = self.0.begin_write()?;
		let key = (bilateral.test.epoch, other, &bilateral.test.session);
		transaction.open_table(BILATERALS)?.insert(key, &bilateral.encode()[..])?;
		transaction.commit().context("state: not written (disk full?)")
	}

	/// The bilateral receipts of an epoch.
	pub fn bilaterals(&self, epoch: EpochIndex) -> Result<Vec<Bilateral>> {
		let transaction = self.0.begin_read()?;
		let table = match transaction.open_table(BILATERALS) {
			Err(TableError::TableDoesNotExist(_)) => return Ok(vec![]),
			table => table?,
		};
		let mut bilaterals = vec![];
		for row in table.range((epoch, &[0; 32], &[0; 8])..=(epoch, &[0xff; 32], &[0xff; 8]))? {
			bilaterals.push(Bilateral::decode(&mut row?.1.value()).context("state: damaged receipt")?);
		}
		Ok(bilaterals)
	}

	/// Forgets what can no longer be revealed, audited or disputed.
	pub fn prune(&self, epoch: EpochIndex) -> Result<()> {
		let oldest = epoch.saturating_sub(KEPT_EPOCHS);
		let transaction = self.0.begin_write()?;
		transaction.open_table(ENTRIES)?.retain(|(at, _), _| at >= oldest)?;
		transaction.open_table(COMMITTED)?.retain(|at, _| at >= oldest)?;
		transaction.open_table(BILATERALS)?.retain(|(at, _, _), _| at >= oldest)?;
		transaction.commit().context("state: not written (disk full?)")
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use weir_primitives::report::EntryKind;
	use weir_tunnel_core::wire::{Test, TestKind};

	fn entry(provider: u32, down_kbps: u32) -> Entry {
		let (kind, liveness, receipt) = (EntryKind::Measured, [0; 5], [0; 5]);
		Entry { provider, kind, down_kbps, up_kbps: 0, rtt_10us: 0, loss_pptt: 0, liveness, receipt }
	}

	#[test]
	fn store_should_keep_entries_and_salts_when_reopened() {
		let folder = tempfile::tempdir().unwrap();
		let store = Store::open(folder.path()).unwrap();
		assert_eq!(store.entries(4).unwrap(), vec![]);
		store.put_entry(4, &entry(9, 1)).unwrap();
		store.put_entry(4, &entry(2, 2)).unwrap();
		store.put_entry(4, &entry(9, 3)).unwrap();
		store.put_entry(5, &entry(1, 1)).unwrap();
		let committed = Committed { salt: [7; 32], entries: store.entries(4).unwrap() };
		store.commit_once(4, committed.clone()).unwrap();
		drop(store);
		let store = Store::open(folder.path()).unwrap();
		assert_eq!(store.entries(4).unwrap(), vec![entry(2, 2), entry(9, 3)]);
		// The first salt stands, whatever comes later.
		let other = Committed { salt: [8; 32], entries: vec![] };
		assert_eq!(store.commit_once(4, other).unwrap(), committed);
	}

	#[test]
	fn open_should_fail_with_a_reason_when_another_process_holds_it() {
		let folder = tempfile::tempdir().unwrap();
		let _store = Store::open(folder.path()).unwrap();
		let error = Store::open(folder.path()).map(|_| ()).unwrap_err().to_string();
		assert!(error.contains("another weir-tunnel"), "{error}");
	}

	#[test]
	fn prune_should_forget_epochs_that_are_over() {
		let folder = tempfile::tempdir().unwrap();
		let store = Store::open(folder.path()).unwrap();
		let test = Test {
			genesis: [0; 32],
			epoch: 3,
			kind: TestKind::Scheduled,
			ordinal: 0,
			target: [1; 32],
			attestor: [2; 32],
			session: [3; 8],
		};
		let bilateral = Bilateral {
			test,
			seed_hash: [0; 32],
			down_bytes: 1,
			up_bytes: 2,
			by_target: [0; 64],
			by_attestor: [0; 64],
		};
		store.put_bilateral(&[2; 32], &bilateral).unwrap();
		store.put_entry(3, &entry(1, 1)).unwrap();
		store.prune(11).unwrap();
		assert_eq!((store.entries(3).unwrap().len(), store.bilaterals(3).unwrap()), (1, vec![bilateral]));
		store.prune(12).unwrap();
		assert_eq!((store.entries(3).unwrap().len(), store.bilaterals(3).unwrap().len()), (0, 0));
	}
}
