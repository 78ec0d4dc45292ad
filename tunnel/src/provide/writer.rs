//! Vouchers on their way to the disk. Those that come while others are written go together with the next write.

use crate::{
	store::{Carried, Kept, Store},
	tasks::{on_disk, Task},
};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};
use weir_primitives::channel::ChannelId;

/// What is written at once, at most, and what waits.
const AT_ONCE: usize = 256;

struct Write {
	channel: ChannelId,
	kept: Kept,
	carried: Carried,
	done: oneshot::Sender<bool>,
}

/// Writes what is kept of channels. Cloned freely; it ends with the last clone.
#[derive(Clone)]
pub(super) struct Writer {
	writes: mpsc::Sender<Write>,
	_task: Arc<Task>,
}

impl Writer {
	pub(super) fn start(store: Arc<Store>) -> Self {
		let (writes, waiting) = mpsc::channel(AT_ONCE);
		Self { writes, _task: Arc::new(Task::spawn("vouchers", write(store, waiting))) }
	}

	/// Whether it is on the disk now. Of one channel, the caller waits for the last write before the next one.
	pub(super) async fn put(&self, channel: ChannelId, kept: Kept, carried: Carried) -> bool {
		let (done, answer) = oneshot::channel();
		self.writes.send(Write { channel, kept, carried, done }).await.is_ok()
			&& answer.await.unwrap_or(false)
	}
}

async fn write(store: Arc<Store>, mut waiting: mpsc::Receiver<Write>) {
	let mut is_failing = false;
	loop {
		let mut batch = Vec::new();
		if waiting.recv_many(&mut batch, AT_ONCE).await == 0 {
			return;
		}
		let rows: Vec<_> = batch.iter().map(|write| (write.channel, write.kept)).collect();
		// Counts only rise, but for a month's first.
		let carried =
			batch.iter().map(|write| write.carried).max_by_key(|carried| (carried.month, carried.bytes));
		let store = store.clone();
		let written = on_disk(move || store.put_kept(&rows, carried.unwrap_or_default())).await;
		match &written {
			Ok(()) if is_failing => tracing::info!("vouchers can be stored again"),
			// Said once: customers ask again and again.
			Err(error) if !is_failing => {
				tracing::error!(
					error = format!("{error:#}"),
					"vouchers cannot be stored; nothing is served on them"
				);
			}
			_ => {}
		}
		is_failing = written.is_err();
		for write in batch {
			// Whoever asked may no longer wait.
			let _ = write.done.send(written.is_ok());
		}
	}
}
