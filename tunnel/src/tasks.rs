//! Tasks with a name that end with whoever started them.

use anyhow::{Context, Result};
use std::{future::Future, time::Duration};
use tokio::{sync::watch, task::JoinHandle};

/// Does `work` on the disk away from the tasks that keep time: on a slow disk a write takes as long as a part of a test.
pub async fn on_disk<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
	tokio::task::spawn_blocking(work).await.context("work on the disk")?
}

/// A spawned task; dropped, it is aborted.
#[derive(Debug)]
pub struct Task {
	name: &'static str,
	handle: JoinHandle<()>,
	/// Closed when the work is over, however it ended.
	over: watch::Receiver<()>,
}

impl Task {
	/// Starts `work` under a name for the logs.
	pub fn spawn(name: &'static str, work: impl Future<Output = ()> + Send + 'static) -> Self {
		let (running, over) = watch::channel(());
		let handle = tokio::spawn(async move {
			let _running = running;
			work.await;
		});
		Self { name, handle, over }
	}

	/// Whether it has ended.
	pub fn is_finished(&self) -> bool {
		self.handle.is_finished()
	}

	/// Returns when it has ended, by a panic as well.
	pub async fn ended(&self) {
		// Nothing is ever sent: what ends the wait is that the sender is gone.
		let _ = self.over.clone().changed().await;
	}

	/// Waits until it has ended by itself; after `patience` it is aborted.
	pub async fn finish(mut self, patience: Duration) {
		match tokio::time::timeout(patience, &mut self.handle).await {
			Ok(Ok(())) => {}
			Ok(Err(error)) => tracing::error!(task = self.name, %error, "task failed"),
			Err(_) => tracing::warn!(task = self.name, "task did not end in time"),
		}
	}
}

impl Drop for Task {
	fn drop(&mut self) {
		if !self.handle.is_finished() {
			tracing::debug!(task = self.name, "task ended");
		}
		self.handle.abort();
	}
}
