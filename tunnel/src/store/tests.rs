use super::*;
use redb::{backends::InMemoryBackend, StorageBackend};
use std::sync::{
	atomic::{AtomicBool, Ordering},
	Arc,
};
use weir_fuzz::Fuzz;
use weir_primitives::report::EntryKind;
use weir_tunnel_core::wire::{Test, TestKind};

fn entry(provider: u32, down_kbps: u32) -> Entry {
	let (kind, liveness, receipt) = (EntryKind::Measured, [0; 5], [0; 5]);
	Entry { provider, kind, down_kbps, up_kbps: 0, rtt_10us: 0, loss_pptt: 0, liveness, receipt }
}

fn bilateral(epoch: u32) -> Bilateral {
	let test = Test {
		genesis: [0; 32],
		epoch,
		kind: TestKind::Scheduled,
		ordinal: 0,
		target: [1; 32],
		attestor: [2; 32],
		session: [3; 8],
	};
	Bilateral {
		test,
		seed_hash: [0; 32],
		down_bytes: 1,
		up_bytes: 2,
		by_target: [0; 64],
		by_attestor: [0; 64],
	}
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
fn open_should_fail_with_a_reason_when_the_file_is_something_else() {
	let folder = tempfile::tempdir().unwrap();
	std::fs::write(folder.path().join("state.redb"), [7; 9_000]).unwrap();
	let error = Store::open(folder.path()).map(|_| ()).unwrap_err().to_string();
	assert!(error.contains("state.redb") && error.contains("move it away"), "{error}");
}

#[test]
fn prune_should_forget_epochs_that_are_over() {
	let folder = tempfile::tempdir().unwrap();
	let store = Store::open(folder.path()).unwrap();
	store.put_bilateral(&[2; 32], &bilateral(3)).unwrap();
	store.put_entry(3, &entry(1, 1)).unwrap();
	let committed = Committed { salt: [7; 32], entries: vec![entry(1, 1)] };
	store.commit_once(3, committed).unwrap();
	store.put_entry(4, &entry(1, 4)).unwrap();
	let held = |epoch| {
		let (entries, bilaterals) =
			(store.entries(epoch).unwrap().len(), store.bilaterals(epoch).unwrap().len());
		(entries, store.committed(epoch).unwrap().is_some(), bilaterals)
	};
	store.prune(3 + KEPT_EPOCHS).unwrap();
	assert_eq!((held(3), held(4)), ((1, true, 1), (1, false, 0)));
	store.prune(4 + KEPT_EPOCHS).unwrap();
	assert_eq!((held(3), held(4)), ((0, false, 0), (1, false, 0)));
}

#[test]
fn prune_should_stop_at_its_bound_when_very_much_is_over() {
	let folder = tempfile::tempdir().unwrap();
	let store = Store::open(folder.path()).unwrap();
	let many = u32::try_from(PRUNED_AT_ONCE).unwrap() + 1;
	store
		.write(|transaction| {
			let mut table = transaction.open_table(ENTRIES)?;
			for provider in 0..many {
				table.insert((1, provider), &entry(provider, 1).encode()[..])?;
			}
			Ok(())
		})
		.unwrap();
	store.prune(100).unwrap();
	assert_eq!(store.entries(1).unwrap(), vec![entry(many - 1, 1)]);
	store.prune(100).unwrap();
	assert_eq!(store.entries(1).unwrap(), vec![]);
}

/// A disk that can be full.
#[derive(Debug)]
struct Disk {
	content: Arc<InMemoryBackend>,
	full: Arc<AtomicBool>,
}

impl Disk {
	fn check(&self) -> io::Result<()> {
		match self.full.load(Ordering::SeqCst) {
			true => Err(io::ErrorKind::StorageFull.into()),
			false => Ok(()),
		}
	}
}

impl StorageBackend for Disk {
	fn len(&self) -> io::Result<u64> {
		self.content.len()
	}

	fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
		self.content.read(offset, out)
	}

	fn set_len(&self, len: u64) -> io::Result<()> {
		self.check()?;
		self.content.set_len(len)
	}

	fn sync_data(&self) -> io::Result<()> {
		self.check()?;
		self.content.sync_data()
	}

	fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
		self.check()?;
		self.content.write(offset, data)
	}
}

/// A store on a disk in memory that is full while `full` says so.
pub(crate) fn on_disk_that_fills(full: Arc<AtomicBool>) -> Store {
	let content = Arc::new(InMemoryBackend::new());
	let open = move || {
		let (content, full) = (content.clone(), full.clone());
		Database::builder().create_with_backend(Disk { content, full })
	};
	Store::open_by("state.redb".into(), Box::new(open)).unwrap()
}

#[test]
fn results_should_wait_and_be_written_when_a_full_disk_has_space_again() {
	let (content, full) = (Arc::new(InMemoryBackend::new()), Arc::new(AtomicBool::new(false)));
	let disk = (content.clone(), full.clone());
	let open = move || {
		let (content, full) = disk.clone();
		Database::builder().create_with_backend(Disk { content, full })
	};
	let store = Store::open_by("state.redb".into(), Box::new(open)).unwrap();
	store.put_entry(4, &entry(1, 1)).unwrap();
	full.store(true, Ordering::SeqCst);
	for provider in [2, 3] {
		let error = store.put_entry(4, &entry(provider, 1)).unwrap_err().to_string();
		assert!(error.starts_with("state.redb: ") && error.contains("free some space"), "{error}");
		assert_eq!(error.lines().count(), 1);
	}
	assert!(store.put_bilateral(&[2; 32], &bilateral(4)).is_err());
	// Nothing may be committed to that is not on disk.
	assert!(store.commit_once(4, Committed { salt: [7; 32], entries: vec![] }).is_err());
	full.store(false, Ordering::SeqCst);
	store.put_entry(4, &entry(4, 1)).unwrap();
	drop(store);
	let again = Store::open_by(
		"state.redb".into(),
		Box::new(move || {
			Database::builder().create_with_backend(Disk { content: content.clone(), full: full.clone() })
		}),
	)
	.unwrap();
	assert_eq!(again.entries(4).unwrap(), (1..=4).map(|provider| entry(provider, 1)).collect::<Vec<_>>());
	assert_eq!(again.bilaterals(4).unwrap(), vec![bilateral(4)]);
	assert_eq!(again.committed(4).unwrap(), None);
}

fn mode(path: &Path) -> u32 {
	fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn open_should_keep_others_out_and_correct_what_lets_them_in() {
	let parent = tempfile::tempdir().unwrap();
	let folder = parent.path().join("state");
	let file = folder.join(FILE);
	drop(Store::open(&folder).unwrap());
	assert_eq!((mode(&folder), mode(&file)), (0o700, 0o600));
	fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
	fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
	let store = Store::open(&folder).unwrap();
	store.put_entry(4, &entry(1, 1)).unwrap();
	assert_eq!((mode(&folder), mode(&file)), (0o700, 0o600));
}

#[test]
fn add_liveness_should_add_to_what_is_there_and_be_pruned_with_its_epoch() {
	let folder = tempfile::tempdir().unwrap();
	let store = Store::open(folder.path()).unwrap();
	assert_eq!(store.liveness(4).unwrap(), BTreeMap::new());
	store.add_liveness(4, &BTreeMap::from([(1, [1, 0, 0, 0, 0]), (2, [0, 0, 0, 0, 9])])).unwrap();
	store.add_liveness(4, &BTreeMap::from([(1, [6, 0, 0, 0, 8])])).unwrap();
	store.add_liveness(5, &BTreeMap::from([(1, [1; 5])])).unwrap();
	drop(store);
	let store = Store::open(folder.path()).unwrap();
	let expected = BTreeMap::from([(1, [7, 0, 0, 0, 8]), (2, [0, 0, 0, 0, 9])]);
	assert_eq!(store.liveness(4).unwrap(), expected);
	store.prune(5 + KEPT_EPOCHS).unwrap();
	assert_eq!((store.liveness(4).unwrap().len(), store.liveness(5).unwrap().len()), (0, 1));
}

/// Asserts that what was read is what stands at the beginning of these bytes.
fn assert_written<T: Encode>(read: &T, bytes: &[u8]) {
	assert!(bytes.starts_with(&read.encode()));
}

/// Whether something was read. Asserts that it is called damaged if not.
fn is_read<T>(read: &Result<T>) -> bool {
	if let Err(error) = read {
		assert!(error.to_string().starts_with("state: damaged"), "{error}");
	}
	read.is_ok()
}

#[test]
fn fuzz_state_should_be_read_as_it_was_written_or_called_damaged() {
	let open = || Database::builder().create_with_backend(InMemoryBackend::new());
	let store = Store::open_by("state.redb".into(), Box::new(open)).unwrap();
	let committed = Committed { salt: [7; 32], entries: vec![entry(1, 1), entry(2, 2)] };
	let samples = [
		(0u8, entry(1, 1)).encode(),
		(1u8, committed).encode(),
		(2u8, bilateral(4)).encode(),
		(3u8, [1u8, 2, 4, 8, 16]).encode(),
	];
	let ran = Fuzz::new("state", 2_000).samples(samples).longest(1_024).run(|bytes| {
		let Some((table, value)) = bytes.split_first() else { return [None] };
		let table = table % 4;
		store
			.write(|transaction| {
				match table {
					0 => {
						transaction.open_table(ENTRIES)?.insert((4u32, 1u32), value)?;
					}
					1 => {
						transaction.open_table(COMMITTED)?.insert(4u32, value)?;
					}
					2 => {
						let key = (4u32, &[2u8; 32], &[3u8; 8]);
						transaction.open_table(BILATERALS)?.insert(key, value)?;
					}
					_ => {
						transaction.open_table(LIVENESS)?.insert((4u32, 1u32), value)?;
					}
				}
				Ok(())
			})
			.unwrap();
		let is_read = match table {
			0 => {
				let entries = store.entries(4);
				entries.iter().flatten().for_each(|entry| assert_written(entry, value));
				is_read(&entries)
			}
			1 => {
				let committed = store.committed(4);
				committed.iter().flatten().for_each(|committed| assert_written(committed, value));
				// A salt that cannot be read is not replaced: another one may be committed to already.
				let other = Committed { salt: [8; 32], entries: vec![] };
				let again = store.commit_once(4, other);
				assert_eq!(again.ok(), committed.as_ref().ok().cloned().flatten());
				is_read(&committed)
			}
			2 => {
				let bilaterals = store.bilaterals(4);
				bilaterals.iter().flatten().for_each(|bilateral| assert_written(bilateral, value));
				is_read(&bilaterals)
			}
			_ => {
				let parts = store.liveness(4).unwrap()[&1];
				let written = Liveness::try_from(value);
				assert_eq!(parts, written.unwrap_or_default(), "of another length, it is nothing");
				written.is_ok()
			}
		};
		[Some((table, is_read))]
	});
	for table in 0..4 {
		for is_read in [true, false] {
			assert!(ran.count(&Some((table, is_read))) > 0, "{table} {is_read}: {:?}", ran.seen);
		}
	}
}
