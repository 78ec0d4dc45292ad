//! A node stops before its disk is full: what a database cannot write any more may be lost.

use polkadot_sdk::*;
use sc_service::SpawnEssentialTaskHandle;
use std::{
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

impl DiskParams {
	/// An error if the disk that holds `folder` has less free than it must.
	pub(crate) fn ensure_space(&self, folder: &Path) -> Result<(), String> {
		if self.threshold_mib == 0 {
			return Ok(());
		}
		let free = fs2::available_space(folder)
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
		if self.threshold_mib == 0 {
			return;
		}
		// The end of an essential task ends the node.
		spawner.spawn("disk", None, async move {
			loop {
				tokio::time::sleep(PERIOD).await;
				if let Err(reason) = self.ensure_space(&folder) {
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
}
