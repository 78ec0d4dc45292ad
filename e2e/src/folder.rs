//! The folder of a network's data and logs: one process has it at a time, and nothing but such a folder is ever emptied.

use anyhow::{bail, ensure, Context, Result};
use std::{
	ffi::OsString,
	fs::{self, File, TryLockError},
	path::{self, Path, PathBuf},
};

/// File that makes a folder one that may be emptied. It stays when the rest is removed, which may be interrupted.
const MARKER: &str = ".weir-data";
/// What folders of earlier versions hold, which have no marker: those of a network, and those of attacks alone.
const EARLIER_MARKERS: [&str; 2] = ["alice.token", "attacks/0"];

/// `folder` as programs are told of it and found again by it, wherever that is asked.
pub fn absolute(folder: &Path) -> Result<PathBuf> {
	let whole = path::absolute(folder).with_context(|| format!("the folder \"{}\"", folder.display()))?;
	// Without a slash at its end, which a name that is made of it would follow.
	Ok(whole.components().collect())
}

/// Keeps `folder` for this process as long as the file is open: another one may not empty it meanwhile.
pub fn lock(folder: &Path) -> Result<File> {
	let path = lock_file(folder);
	if let Some(parent) = path.parent() {
		fs::create_dir_all(parent).with_context(|| format!("creating {}", parent.display()))?;
	}
	// A file that is there already is not emptied: it may be somebody else's (Cargo.lock).
	let file = File::options()
		.write(true)
		.create(true)
		.truncate(false)
		.open(&path)
		.with_context(|| format!("opening {}", path.display()))?;
	match file.try_lock() {
		Ok(()) => Ok(file),
		Err(TryLockError::WouldBlock) => bail!(
			"a network with its data in {} is running: stop it, or name another folder with --data",
			folder.display()
		),
		Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("locking {}", path.display())),
	}
}

fn lock_file(folder: &Path) -> PathBuf {
	let mut name = OsString::from(folder);
	name.push(".lock");
	name.into()
}

/// Makes `folder` one for data that may be removed. Fails if it holds anything else.
pub fn claim(folder: &Path) -> Result<()> {
	fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
	let is_ours = [MARKER].iter().chain(&EARLIER_MARKERS).any(|name| folder.join(name).exists());
	let mut entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
	ensure!(
		is_ours || entries.next().is_none(),
		"{} would be emptied, and holds no network's data: name another folder with --data, or empty it yourself",
		folder.display()
	);
	let marker = folder.join(MARKER);
	fs::write(&marker, "A network has its data in this folder, which is emptied at each start.\n")
		.with_context(|| format!("writing {}", marker.display()))
}

/// Removes what `folder` holds, and makes it if it is not there. Fails if it holds anything but such data.
pub fn empty(folder: &Path) -> Result<()> {
	claim(folder)?;
	for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
		let entry = entry?;
		if entry.file_name() == MARKER {
			continue;
		}
		let (path, is_folder) = (entry.path(), entry.file_type()?.is_dir());
		let removed = if is_folder { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
		removed.with_context(|| format!("removing {}", path.display()))?;
	}
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::time::{Duration, Instant};

	#[test]
	fn folder_should_be_kept_for_one_process_at_a_time() {
		let base = tempfile::tempdir().unwrap();
		let folder = base.path().join("network");
		let kept = lock(&folder).unwrap();
		let error = lock(&folder).unwrap_err().to_string();
		assert!(error.contains("is running") && error.contains("--data"), "{error}");
		drop(kept);
		// A child that another test starts has it too until it becomes another program.
		let begun = Instant::now();
		while lock(&folder).is_err() {
			assert!(begun.elapsed() < Duration::from_secs(10), "still kept");
			std::thread::yield_now();
		}
	}

	#[test]
	fn locks_should_differ_when_names_of_folders_differ_after_a_dot() {
		let base = tempfile::tempdir().unwrap();
		let _kept = lock(&base.path().join("a.1")).unwrap();
		assert!(lock(&base.path().join("a.2")).is_ok());
	}

	#[test]
	fn lock_should_leave_what_is_in_a_file_of_its_name() {
		let base = tempfile::tempdir().unwrap();
		let file = base.path().join("Cargo.lock");
		fs::write(&file, "version = 4\n").unwrap();
		lock(&base.path().join("Cargo")).unwrap();
		assert_eq!(fs::read_to_string(&file).unwrap(), "version = 4\n");
	}

	#[test]
	fn folder_should_be_absolute_and_end_without_a_slash() {
		let here = std::env::current_dir().unwrap();
		assert_eq!(absolute(Path::new("./a/")).unwrap().into_os_string(), here.join("a").into_os_string());
		assert!(absolute(Path::new("")).is_err());
	}

	#[test]
	fn folder_should_be_refused_and_left_alone_when_it_holds_something_else() {
		let base = tempfile::tempdir().unwrap();
		let letter = base.path().join("letter");
		fs::write(&letter, "dear").unwrap();
		for refused in [claim(base.path()), empty(base.path())] {
			let error = refused.unwrap_err().to_string();
			assert!(error.contains(base.path().to_str().unwrap()) && error.contains("--data"), "{error}");
		}
		assert_eq!(fs::read_dir(base.path()).unwrap().count(), 1);
		assert_eq!(fs::read_to_string(&letter).unwrap(), "dear");
	}

	#[test]
	fn folder_should_be_emptied_when_it_is_new_or_its_own() {
		let base = tempfile::tempdir().unwrap();
		let folder = base.path().join("deep/network");
		for _ in 0..2 {
			empty(&folder).unwrap();
			let left = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name());
			assert_eq!(left.collect::<Vec<_>>(), [MARKER]);
			fs::create_dir_all(folder.join("alice/chains")).unwrap();
			fs::write(folder.join("alice.log"), "said").unwrap();
		}
	}

	#[test]
	fn folder_should_be_emptied_when_an_earlier_version_filled_it() {
		for marker in EARLIER_MARKERS {
			let base = tempfile::tempdir().unwrap();
			fs::create_dir_all(base.path().join(marker)).unwrap();
			fs::write(base.path().join("alice.log"), "said").unwrap();
			empty(base.path()).unwrap();
			assert!(!base.path().join(marker).exists() && !base.path().join("alice.log").exists());
		}
	}
}
