//! What must survive a restart: entries and salts before they are committed to, bilateral receipts, and what customers
//! have paid.

mod vouchers;

pub use vouchers::{Carried, Kept};

use crate::advice;
use anyhow::{anyhow, Context, Result};
use codec::{Decode, Encode};
use redb::{
	Database, DatabaseError, Key, ReadableDatabase, StorageError, Table, TableDefinition, TableError,
};
use std::{
	collections::{BTreeMap, VecDeque},
	fs::{self, DirBuilder, File, OpenOptions},
	io,
	os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
	path::{Path, PathBuf},
	sync::{Mutex, MutexGuard, PoisonError},
};
use weir_primitives::{report::Entry, EpochIndex, ProviderIndex};
use weir_tunnel_core::wire::Bilateral;

/// The database's name in its folder.
pub const FILE: &str = "state.redb";
/// (epoch, provider) → entry.
const ENTRIES: TableDefinition<(u32, u32), &[u8]> = TableDefinition::new("entries-v1");
/// epoch → salt and the entries as committed.
const COMMITTED: TableDefinition<u32, &[u8]> = TableDefinition::new("committed-v1");
type BilateralKey = (u32, &'static [u8; 32], &'static [u8; 8]);
/// (epoch, the other side's account, session) → bilateral receipt.
const BILATERALS: TableDefinition<BilateralKey, &[u8]> = TableDefinition::new("bilaterals-v1");
/// (epoch, provider) → parts of the epoch in which the provider answered.
const LIVENESS: TableDefinition<(u32, u32), &[u8]> = TableDefinition::new("liveness-v1");
/// Epochs kept: an escalation can be disputed for four.
const KEPT_EPOCHS: u32 = 8;
/// Records removed from a table at once, so that a folder that was never pruned costs no long transaction.
const PRUNED_AT_ONCE: usize = 4_096;
/// Records that wait in memory while the disk takes none.
const WAITING: usize = 1_024;

/// Parts of an epoch in which a provider answered, a bit each.
pub type Liveness = [u8; 5];

/// Adds the parts of `more`.
pub fn add_parts(to: &mut Liveness, more: &Liveness) {
	to.iter_mut().zip(more).for_each(|(to, more)| *to |= more);
}

/// What a node committed to.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Committed {
	/// Hides the entries until they are revealed.
	pub salt: [u8; 32],
	/// The entries in the order of the root.
	pub entries: Vec<Entry>,
}

/// A record on its way to the disk.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Record {
	Entry(EpochIndex, Entry),
	Bilateral([u8; 32], Box<Bilateral>),
}

/// Opens the database anew: after a failed write that is the only way on.
type Opener = Box<dyn Fn() -> Result<Database, DatabaseError> + Send + Sync>;

/// The database. Every write that succeeds is on disk when it returns. Entries and receipts that could not be written
/// wait in memory and go with the next write.
pub struct Store {
	path: PathBuf,
	open: Opener,
	/// None after a write failed, until it could be opened again.
	database: Mutex<Option<Database>>,
	waiting: Mutex<VecDeque<Record>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
	mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store {
	/// Opens or creates `folder`/state.redb. Only their owner may look into either: what is not revealed yet must not be
	/// copied.
	pub fn open(folder: &Path) -> Result<Self> {
		make_private(folder).map_err(|error| {
			anyhow!(
				"{}: cannot be made a folder of mode 0700: {} ({error})",
				folder.display(),
				advice::file(&error)
			)
		})?;
		let path = folder.join(FILE);
		let file = path.clone();
		Self::open_by(path, Box::new(move || Database::builder().create_file(open_private(&file)?)))
	}

	fn open_by(path: PathBuf, open: Opener) -> Result<Self> {
		let database = open().map_err(|error| not_opened(&path, error))?;
		Ok(Self { path, open, database: Mutex::new(Some(database)), waiting: Mutex::default() })
	}

	/// Runs `work` on the database; opens it anew if an earlier failure demands that.
	pub(crate) fn with<T>(&self, work: impl Fn(&Database) -> Result<T, redb::Error>) -> Result<T> {
		let mut held = lock(&self.database);
		let mut result = held.as_ref().map(&work);
		if matches!(result, None | Some(Err(redb::Error::PreviousIo))) {
			// Closed first: the file is locked while it is open.
			*held = None;
			let database = (self.open)().map_err(|error| not_opened(&self.path, error))?;
			result = Some(work(held.insert(database)));
		}
		match result {
			Some(Ok(value)) => Ok(value),
			Some(Err(redb::Error::Io(error))) => {
				Err(anyhow!("{}: not written: {} ({error})", self.path.display(), advice::file(&error)))
			}
			Some(Err(error)) => Err(anyhow!("{}: {error}", self.path.display())),
			None => Err(anyhow!("{}: not open", self.path.display())),
		}
	}

	pub(crate) fn write(
		&self,
		work: impl Fn(&redb::WriteTransaction) -> Result<(), redb::Error>,
	) -> Result<()> {
		self.with(|database| {
			let transaction = database.begin_write()?;
			work(&transaction)?;
			Ok(transaction.commit()?)
		})
	}

	/// Stores an entry, replacing an earlier one for the same provider. On an error it waits in memory.
	pub fn put_entry(&self, epoch: EpochIndex, entry: &Entry) -> Result<()> {
		self.put(Record::Entry(epoch, *entry))
	}

	/// Stores a bilateral receipt under the other side's account. On an error it waits in memory.
	pub fn put_bilateral(&self, other: &[u8; 32], bilateral: &Bilateral) -> Result<()> {
		self.put(Record::Bilateral(*other, Box::new(bilateral.clone())))
	}

	fn put(&self, record: Record) -> Result<()> {
		let mut waiting = lock(&self.waiting);
		if waiting.len() >= WAITING {
			waiting.pop_front();
		}
		waiting.push_back(record);
		self.write(|transaction| {
			let mut entries = transaction.open_table(ENTRIES)?;
			let mut bilaterals = transaction.open_table(BILATERALS)?;
			for record in waiting.iter() {
				match record {
					Record::Entry(epoch, entry) => {
						entries.insert((*epoch, entry.provider), &entry.encode()[..])?;
					}
					Record::Bilateral(other, bilateral) => {
						let key = (bilateral.test.epoch, other, &bilateral.test.session);
						bilaterals.insert(key, &bilateral.encode()[..])?;
					}
				}
			}
			Ok(())
		})?;
		waiting.clear();
		Ok(())
	}

	/// The entries of an epoch, by provider, those that wait for the disk included.
	pub fn entries(&self, epoch: EpochIndex) -> Result<Vec<Entry>> {
		let stored = self.with(|database| {
			let transaction = database.begin_read()?;
			let table = match transaction.open_table(ENTRIES) {
				Err(TableError::TableDoesNotExist(_)) => return Ok(vec![]),
				table => table?,
			};
			let rows = table.range((epoch, ProviderIndex::MIN)..=(epoch, ProviderIndex::MAX))?;
			rows.map(|row| Ok(row?.1.value().to_vec())).collect::<Result<Vec<_>, redb::Error>>()
		})?;
		let decode = |bytes: Vec<u8>| Entry::decode(&mut &bytes[..]).context("state: damaged entry");
		let mut entries = stored.into_iter().map(decode).collect::<Result<Vec<_>>>()?;
		for record in lock(&self.waiting).iter() {
			if let Record::Entry(of, entry) = record {
				if *of == epoch {
					entries.retain(|known| known.provider != entry.provider);
					entries.push(*entry);
				}
			}
		}
		entries.sort_by_key(|entry| entry.provider);
		Ok(entries)
	}

	/// Stores what is about to be committed to, once: a second call returns the first's.
	pub fn commit_once(&self, epoch: EpochIndex, committed: Committed) -> Result<Committed> {
		if let Some(known) = self.committed(epoch)? {
			return Ok(known);
		}
		self.write(|transaction| {
			transaction.open_table(COMMITTED)?.insert(epoch, &committed.encode()[..])?;
			Ok(())
		})?;
		Ok(committed)
	}

	/// What was committed to in an epoch.
	pub fn committed(&self, epoch: EpochIndex) -> Result<Option<Committed>> {
		let stored = self.with(|database| {
			let transaction = database.begin_read()?;
			let table = match transaction.open_table(COMMITTED) {
				Err(TableError::TableDoesNotExist(_)) => return Ok(None),
				table => table?,
			};
			Ok(table.get(epoch)?.map(|row| row.value().to_vec()))
		})?;
		stored.map(|bytes| Committed::decode(&mut &bytes[..]).context("state: damaged report")).transpose()
	}

	/// Adds parts of an epoch in which providers answered.
	pub fn add_liveness(&self, epoch: EpochIndex, seen: &BTreeMap<ProviderIndex, Liveness>) -> Result<()> {
		self.write(|transaction| {
			let mut table = transaction.open_table(LIVENESS)?;
			for (provider, parts) in seen {
				let mut all = *parts;
				if let Some(known) = redb::ReadableTable::get(&table, (epoch, *provider))? {
					add_parts(&mut all, &Liveness::try_from(known.value()).unwrap_or_default());
				}
				table.insert((epoch, *provider), &all[..])?;
			}
			Ok(())
		})
	}

	/// Parts of an epoch in which providers answered, as far as they are on disk.
	pub fn liveness(&self, epoch: EpochIndex) -> Result<BTreeMap<ProviderIndex, Liveness>> {
		self.with(|database| {
			let transaction = database.begin_read()?;
			let table = match transaction.open_table(LIVENESS) {
				Err(TableError::TableDoesNotExist(_)) => return Ok(BTreeMap::new()),
				table => table?,
			};
			let rows = table.range((epoch, ProviderIndex::MIN)..=(epoch, ProviderIndex::MAX))?;
			rows.map(|row| {
				let (key, parts) = row?;
				Ok((key.value().1, Liveness::try_from(parts.value()).unwrap_or_default()))
			})
			.collect()
		})
	}

	/// The bilateral receipts of an epoch.
	pub fn bilaterals(&self, epoch: EpochIndex) -> Result<Vec<Bilateral>> {
		let stored = self.with(|database| {
			let transaction = database.begin_read()?;
			let table = match transaction.open_table(BILATERALS) {
				Err(TableError::TableDoesNotExist(_)) => return Ok(vec![]),
				table => table?,
			};
			let rows = table.range((epoch, &[0; 32], &[0; 8])..=(epoch, &[0xff; 32], &[0xff; 8]))?;
			rows.map(|row| Ok(row?.1.value().to_vec())).collect::<Result<Vec<_>, redb::Error>>()
		})?;
		let decode = |bytes: Vec<u8>| Bilateral::decode(&mut &bytes[..]).context("state: damaged receipt");
		stored.into_iter().map(decode).collect()
	}

	/// The bilateral receipts of an epoch whose hashes begin like this, in this order; none if one is missing.
	pub fn receipts(&self, epoch: EpochIndex, prefixes: &[[u8; 5]]) -> Result<Option<Vec<Bilateral>>> {
		let all = self.bilaterals(epoch)?;
		let find = |prefix: &[u8; 5]| all.iter().find(|receipt| receipt.prefix() == *prefix).cloned();
		Ok(prefixes.iter().map(find).collect())
	}

	/// Forgets what can no longer be revealed, audited or disputed in the running `epoch`. Of a folder that holds very
	/// much of it, the rest goes with the next calls.
	pub fn prune(&self, epoch: EpochIndex) -> Result<()> {
		let oldest = epoch.saturating_sub(KEPT_EPOCHS);
		self.write(|transaction| {
			remove_first(&mut transaction.open_table(ENTRIES)?, |(at, _)| at < oldest)?;
			remove_first(&mut transaction.open_table(COMMITTED)?, |at| at < oldest)?;
			remove_first(&mut transaction.open_table(LIVENESS)?, |(at, _)| at < oldest)?;
			remove_first(&mut transaction.open_table(BILATERALS)?, |(at, _, _)| at < oldest)
		})
	}
}

/// Removes records from the front, oldest epoch first, while they are `over`, up to a bound.
fn remove_first<K: Key + 'static>(
	table: &mut Table<'_, K, &'static [u8]>,
	over: impl Fn(K::SelfType<'_>) -> bool,
) -> Result<(), redb::Error> {
	for _ in 0..PRUNED_AT_ONCE {
		let done = match redb::ReadableTable::first(table)? {
			Some((key, _)) => !over(key.value()),
			None => true,
		};
		if done {
			break;
		}
		table.pop_first()?;
	}
	Ok(())
}

/// Makes a folder that only its owner may look into; of one that is there, takes what others may.
fn make_private(folder: &Path) -> io::Result<()> {
	DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
	let mut permissions = fs::metadata(folder)?.permissions();
	if permissions.mode() & 0o077 == 0 {
		return Ok(());
	}
	permissions.set_mode(0o700);
	fs::set_permissions(folder, permissions)
}

/// Opens or makes a file that only its owner may read, whatever the umask says or an earlier version left.
fn open_private(path: &Path) -> io::Result<File> {
	let file =
		OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
	let mut permissions = file.metadata()?.permissions();
	if permissions.mode() & 0o077 != 0 {
		permissions.set_mode(0o600);
		file.set_permissions(permissions)?;
	}
	Ok(file)
}

fn not_opened(path: &Path, error: DatabaseError) -> anyhow::Error {
	let path = path.display();
	match error {
		DatabaseError::DatabaseAlreadyOpen => anyhow!(
			"{path}: another weir-tunnel uses this state folder; stop it, or give this one a node.state of its own"
		),
		DatabaseError::Storage(StorageError::Io(error)) if error.kind() == io::ErrorKind::InvalidData => {
			anyhow!("{path}: is no state of weir-tunnel ({error}); move it away")
		}
		DatabaseError::Storage(StorageError::Io(error)) => {
			anyhow!("{path}: cannot be opened: {} ({error})", advice::file(&error))
		}
		error => anyhow!("{path}: cannot be opened ({error}); restore it, or move it away"),
	}
}

#[cfg(test)]
pub(crate) mod tests;
