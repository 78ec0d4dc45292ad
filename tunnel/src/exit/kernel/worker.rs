//! A thread that does one thing after the other in one network namespace.

use anyhow::{anyhow, Context, Result};
use nix::{
	sched::{unshare, CloneFlags},
	unistd::gettid,
};
use std::{
	path::PathBuf,
	process,
	sync::mpsc::{self, SyncSender},
	thread,
	time::Duration,
};

/// What waits for the thread at most. What is asked again and again is dropped above that.
const WAITING: usize = 1_024;
/// A job of a few commands takes a tenth of a second.
const PATIENCE: Duration = Duration::from_secs(20);

type Job = Box<dyn FnOnce() + Send>;

/// The thread. It ends when this is dropped and its last job is done; a namespace of its own ends with it, as soon as no
/// socket is open in it.
pub(super) struct Worker {
	jobs: SyncSender<Job>,
	namespace: PathBuf,
}

impl Worker {
	/// A thread in the namespace of the thread that calls.
	pub(super) fn here(name: &str) -> Result<Self> {
		Self::start(name, || Ok(()))
	}

	/// A thread in a network namespace of its own, which has nothing but a loopback that is down. No name is bound to it: when
	/// this process is killed it is gone, with every device in it.
	pub(super) fn apart(name: &str) -> Result<Self> {
		Self::start(name, || unshare(CloneFlags::CLONE_NEWNET).context("a network namespace cannot be made"))
	}

	fn start(name: &str, enter: impl FnOnce() -> Result<()> + Send + 'static) -> Result<Self> {
		let (jobs, work) = mpsc::sync_channel::<Job>(WAITING);
		let (ready, entered) = mpsc::sync_channel(1);
		let thread = thread::Builder::new().name(name.into()).spawn(move || {
			let namespace =
				enter().map(|()| PathBuf::from(format!("/proc/{}/task/{}/ns/net", process::id(), gettid())));
			let is_entered = namespace.is_ok();
			if ready.send(namespace).is_ok() && is_entered {
				work.into_iter().for_each(|job| job());
			}
		});
		thread.context("a thread cannot be started")?;
		let namespace = entered.recv().context("the thread ended")??;
		Ok(Self { jobs, namespace })
	}

	/// Where its namespace is found, by processes that may.
	pub(super) fn namespace(&self) -> &PathBuf {
		&self.namespace
	}

	/// Does something there and waits for it.
	pub(super) fn run<T: Send + 'static>(
		&self,
		work: impl FnOnce() -> Result<T> + Send + 'static,
	) -> Result<T> {
		let (tell, told) = mpsc::sync_channel(1);
		let job = Box::new(move || {
			// Whoever waits may have given up.
			let _ = tell.send(work());
		});
		self.jobs.try_send(job).map_err(|_| anyhow!("a thread of the exit has too much to do"))?;
		told.recv_timeout(PATIENCE).context("a thread of the exit does not answer")?
	}

	/// Does something there, some time. False if there is no room for it.
	pub(super) fn begin(&self, work: impl FnOnce() + Send + 'static) -> bool {
		self.jobs.try_send(Box::new(work)).is_ok()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn worker_should_do_its_jobs_in_order_on_one_thread() {
		let worker = Worker::here("worker").unwrap();
		let first = worker.run(|| Ok(gettid())).unwrap();
		assert_ne!(first, gettid());
		let (tell, told) = mpsc::channel();
		for n in 0..100 {
			let tell = tell.clone();
			assert!(worker.begin(move || tell.send(n).unwrap()));
		}
		assert_eq!(worker.run(|| Ok(gettid())).unwrap(), first);
		assert!(told.try_iter().eq(0..100));
		assert!(worker
			.run(|| Err::<(), _>(anyhow!("so it is")))
			.unwrap_err()
			.to_string()
			.contains("so it is"));
	}
}
