//! Child processes: started with a log file, stopped politely, never left behind.

use crate::site::Site;
use anyhow::{Context, Result};
use rustix::process::{kill_process, Pid, Signal};
use std::{
	ffi::OsString,
	fs::{self, File},
	path::{Path, PathBuf},
	process::Stdio,
	time::Duration,
};
use tokio::process::{Child, Command};

/// How long a process may take to end by itself.
const PATIENCE: Duration = Duration::from_secs(10);
/// Lines of a log shown when its process ends too early.
const LOG_TAIL_LINES: usize = 15;

/// A running child. Dropped, it is killed; [`Process::stop`] lets it clean up first.
pub struct Process {
	name: String,
	log: PathBuf,
	child: Child,
}

impl Process {
	/// Starts `program` at `site` with both outputs in `log`.
	pub fn start(
		name: &str,
		site: &Site,
		program: &Path,
		arguments: &[OsString],
		log: &Path,
	) -> Result<Self> {
		let output = File::options()
			.create(true)
			.append(true)
			.open(log)
			.with_context(|| format!("opening {}", log.display()))?;
		let (starter, prefix) = site.command(program);
		let child = Command::new(starter)
			.args(prefix)
			.args(arguments)
			.stdin(Stdio::null())
			.stdout(output.try_clone()?)
			.stderr(output)
			.kill_on_drop(true)
			.spawn()
			.with_context(|| format!("starting {name} ({})", program.display()))?;
		Ok(Self { name: name.into(), log: log.into(), child })
	}

	/// Its process number while it runs.
	pub fn id(&self) -> Option<u32> {
		self.child.id()
	}

	/// An error with the end of its log if it has ended.
	pub fn ensure_running(&mut self) -> Result<()> {
		let Some(status) = self.child.try_wait()? else { return Ok(()) };
		let log = fs::read_to_string(&self.log).unwrap_or_default();
		let lines: Vec<_> = log.lines().collect();
		let tail = lines[lines.len().saturating_sub(LOG_TAIL_LINES)..].join("\n  ");
		anyhow::bail!("{} ended with {status}; the end of {}:\n  {tail}", self.name, self.log.display())
	}

	/// Kills it: it has no time to clean up.
	pub async fn kill(mut self) -> Result<()> {
		self.child.kill().await.with_context(|| format!("killing {}", self.name))
	}

	/// Asks it to end, and kills it if it does not.
	pub async fn stop(mut self) -> Result<()> {
		if let Some(pid) = process_id(self.child.id()) {
			kill_process(pid, Signal::TERM).with_context(|| format!("stopping {}", self.name))?;
		}
		if tokio::time::timeout(PATIENCE, self.child.wait()).await.is_err() {
			self.child.kill().await?;
		}
		Ok(())
	}
}

fn process_id(number: Option<u32>) -> Option<Pid> {
	Pid::from_raw(number?.try_into().ok()?)
}

/// Kills what an interrupted run left: processes of `programs` that were started with `folder` in their arguments.
pub fn end_leftovers(programs: &[&Path], folder: &Path) -> Result<usize> {
	let marker = folder.to_string_lossy().into_owned();
	let mut ended = 0;
	for entry in fs::read_dir("/proc")?.flatten() {
		let number = entry.file_name().to_str().and_then(|name| name.parse().ok());
		let Some(pid) = process_id(number) else { continue };
		let Ok(program) = fs::read_link(entry.path().join("exe")) else { continue };
		let arguments = fs::read(entry.path().join("cmdline")).unwrap_or_default();
		if programs.iter().any(|known| *known == program)
			&& String::from_utf8_lossy(&arguments).contains(&marker)
		{
			kill_process(pid, Signal::KILL)?;
			ended += 1;
		}
	}
	Ok(ended)
}
