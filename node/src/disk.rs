//! A node stops before its disk is full: what a database cannot write any more may be lost.

use polkadot_sdk::*;
use sc_service::SpawnEssentialTaskHandle;
use std::{
	io,
	path::{Path, PathBuf},
	time::Duration,
};

/// How often the free space is looked at.
const PERIOD: Duration = Duration::from_secs(5);
const BYTES_PER_MIB: u64 = 1 << 20;

/// How much of the disk must stay free.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub(crate) struct DiskParams {
	/// The node does not start, or stops, when the disk of its database has less than this free. 0 switches that off.
	#[arg(long = "db-storage-threshold", value_name = "MiB", default_value_t = 1024)]
	pub(crate) threshold_mib: u64,
}

/// What the disk that holds a folder has free.
fn free_bytes(folder: &Path) -> io::Result<u64> {
	fs2::available_space(folder)
}

impl DiskParams {
	/// An error if the disk that holds `folder` has less free than it must.
	pub(crate) fn ensure_space(&self, folder: &Path) -> Result<(), String> {
		self.ensure_space_by(folder, free_bytes)
	}

	fn ensure_space_by(
		&self,
		folder: &Path,
		free_bytes: impl Fn(&Path) -> io::Result<u64>,
	) -> Result<(), String> {
		if self.threshold_mib == 0 {
			return Ok(());
		}
		let free = free_bytes(folder)
			.map_err(|error| format!("cannot read the free space of {}: {error}", folder.display()))?;
		let (free_mib, least_mib) = (free / BYTES_PER_MIB, self.threshold_mib);
		if free_mib < least_mib {
			return Err(format!(
				"the disk of {} has {free_mib} MiB free and the node needs {least_mib}: make room, or move --base-path \
				to a larger disk (the limit is --db-storage-threshold)",
				folder.display()
			));
		}
		Ok(())
	}

	/// Looks at the disk from time to time and ends the node while its database can still be closed well.
	pub(crate) fn watch(self, folder: PathBuf, spawner: &SpawnEssentialTaskHandle) {
		self.watch_by(folder, spawner, PERIOD, free_bytes);
	}

	fn watch_by(
		self,
		folder: PathBuf,
		spawner: &SpawnEssentialTaskHandle,
		period: Duration,
		free_bytes: impl Fn(&Path) -> io::Result<u64> + Send + 'static,
	) {
		if self.threshold_mib == 0 {
			return;
		}
		// The end of an essential task ends the node.
		spawner.spawn("disk", None, async move {
			loop {
				tokio::time::sleep(period).await;
				if let Err(reason) = self.ensure_space_by(&folder, &free_bytes) {
					log::error!("{reason}");
					return;
				}
			}
		});
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use sc_service::TaskManager;
	use std::sync::{
		atomic::{AtomicU64, Ordering},
		Arc, Mutex,
	};
	use tokio::{runtime::Handle, time::timeout};

	/// What this file has logged.
	struct Lines(Mutex<Vec<String>>);

	static LINES: Lines = Lines(Mutex::new(Vec::new()));

	impl log::Log for Lines {
		fn enabled(&self, of: &log::Metadata) -> bool {
			of.target() == module_path!().trim_end_matches("::tests")
		}

		fn log(&self, record: &log::Record) {
			if self.enabled(record.metadata()) {
				self.0.lock().unwrap().push(record.args().to_string());
			}
		}

		fn flush(&self) {}
	}

	#[test]
	fn space_should_be_refused_when_less_is_free_than_asked_for() {
		let folder = tempfile::tempdir().unwrap();
		let refusal = DiskParams { threshold_mib: u64::MAX }.ensure_space(folder.path()).unwrap_err();
		assert!(refusal.contains("--db-storage-threshold"), "{refusal}");
		assert!(refusal.contains(&folder.path().display().to_string()), "{refusal}");
	}

	#[test]
	fn space_should_do_when_more_is_free_or_nothing_is_asked_for() {
		let folder = tempfile::tempdir().unwrap();
		assert_eq!(DiskParams { threshold_mib: 1 }.ensure_space(folder.path()), Ok(()));
		assert_eq!(DiskParams { threshold_mib: 0 }.ensure_space(Path::new("/nowhere")), Ok(()));
	}

	#[tokio::test]
	async fn node_should_end_with_one_line_when_its_disk_fills_up() {
		log::set_logger(&LINES).unwrap();
		log::set_max_level(log::LevelFilter::Error);
		let mut tasks = TaskManager::new(Handle::current(), None).unwrap();
		let looks = Arc::new(AtomicU64::new(0));
		let seen = looks.clone();
		// A MiB less with each look: 4, 3 and 2 are enough, 1 is not.
		let filling_up = move |_: &Path| Ok((4 - seen.fetch_add(1, Ordering::Relaxed)) * BYTES_PER_MIB);
		let spawner = tasks.spawn_essential_handle();
		DiskParams { threshold_mib: 2 }.watch_by(
			"/data".into(),
			&spawner,
			Duration::from_millis(1),
			filling_up,
		);
		let ended = timeout(Duration::from_secs(60), tasks.future()).await;
		assert!(ended.expect("the node ends").is_err());
		assert_eq!(looks.load(Ordering::Relaxed), 4);
		let lines = LINES.0.lock().unwrap();
		let [line] = lines.as_slice() else { panic!("one line, not {lines:?}") };
		assert!(line.starts_with("the disk of /data has 1 MiB free and the node needs 2: "), "{line}");
		assert_eq!(line.lines().count(), 1);
	}

	#[tokio::test]
	async fn node_should_go_on_when_its_disk_is_not_watched() {
		let mut tasks = TaskManager::new(Handle::current(), None).unwrap();
		let spawner = tasks.spawn_essential_handle();
		let full = |_: &Path| Ok(0);
		DiskParams { threshold_mib: 0 }.watch_by("/data".into(), &spawner, Duration::from_millis(1), full);
		let ended = timeout(Duration::from_millis(100), tasks.future()).await;
		assert!(ended.is_err(), "nothing ended it");
	}
}
