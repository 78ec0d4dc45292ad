//! Tasks with a name that end with whoever started them.

use std::future::Future;
use tokio::task::JoinHandle;

/// A spawned task; dropped, it is aborted.
#[derive(Debug)]
pub struct Task {
	name: &'static str,
	handle: JoinHandle<()>,
}

impl Task {
	/// Starts `work` under a name for the logs.
	pub fn spawn(name: &'static str, work: impl Future<Output = ()> + Send + 'static) -> Self {
		Self { name, handle: tokio::spawn(work) }
	}

	/// Whether it has ended.
	pub fn is_finished(&self) -> bool {
		self.handle.is_finished()
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
