//! Child processes: started with a log file, stopped politely, never left behind.

use crate::site::Site;
use anyhow::{ensure, Context, Result};
use rustix::{
	io::Errno,
	process::{kill_process, Pid, Signal},
};
use std::{
	ffi::{OsStr, OsString},
	fs::{self, File},
	os::unix::ffi::OsStrExt,
	path::{Path, PathBuf},
	process::{ExitStatus, Stdio},
	time::{Duration, Instant},
};
use tokio::process::{Child, ChildStdout, Command};

/// How long a process may take to end by itself.
const PATIENCE: Duration = Duration::from_secs(10);
/// Lines of a log shown when its process ends too early.
const LOG_TAIL_LINES: usize = 15;

/// A program as it is started, if need be again.
pub struct Launch {
	/// What it is called.
	pub name: String,
	/// Where.
	pub site: Site,
	/// Which program.
	pub program: PathBuf,
	/// What it is told.
	pub arguments: Vec<OsString>,
	/// File of its standard error.
	pub log: PathBuf,
}

impl Launch {
	/// Starts it. What it says on its standard output is for the caller, who has to read it.
	pub fn start(&self) -> Result<(Process, ChildStdout)> {
		let Self { name, site, program, arguments, log } = self;
		let mut process = Process::spawn(name, site, program, arguments, log, Stdio::piped())?;
		let output = process.child.stdout.take().with_context(|| format!("{name} has no output"))?;
		Ok((process, output))
	}
}

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
		let output = open_log(log)?;
		Self::spawn(name, site, program, arguments, log, output.into())
	}

	fn spawn(
		name: &str,
		site: &Site,
		program: &Path,
		arguments: &[OsString],
		log: &Path,
		output: Stdio,
	) -> Result<Self> {
		let (starter, prefix) = site.command(program);
		let threads = site.threads.map(|threads| ("TOKIO_WORKER_THREADS", threads.to_string()));
		let child = Command::new(starter)
			.envs(threads)
			.args(prefix)
			.args(arguments)
			.stdin(Stdio::null())
			.stdout(output)
			.stderr(open_log(log)?)
			.kill_on_drop(true)
			.spawn()
			.with_context(|| format!("starting {name} ({})", program.display()))?;
		Ok(Self { name: name.into(), log: log.into(), child })
	}

	/// Its process number while it runs.
	pub fn id(&self) -> Option<u32> {
		self.child.id()
	}

	/// How it has ended, if it has.
	pub fn exited(&mut self) -> Result<Option<ExitStatus>> {
		Ok(self.child.try_wait()?)
	}

	/// An error with the end of its log if it has ended.
	pub fn ensure_running(&mut self) -> Result<()> {
		let Some(status) = self.exited()? else { return Ok(()) };
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
	pub async fn stop(self) -> Result<()> {
		self.end(Signal::TERM, PATIENCE).await.map(drop)
	}

	/// Asks it by `signal` to end, and kills it if it has not after `patience`; how it ended by itself.
	pub async fn end(mut self, signal: Signal, patience: Duration) -> Result<Option<ExitStatus>> {
		if let Some(pid) = process_id(self.child.id()) {
			kill_process(pid, signal).with_context(|| format!("stopping {}", self.name))?;
		}
		match tokio::time::timeout(patience, self.child.wait()).await {
			Ok(status) => Ok(Some(status?)),
			Err(_) => {
				self.child.kill().await?;
				Ok(None)
			}
		}
	}
}

fn open_log(log: &Path) -> Result<File> {
	let opened = File::options().create(true).append(true).open(log);
	opened.with_context(|| format!("opening {}", log.display()))
}

fn process_id(number: Option<u32>) -> Option<Pid> {
	Pid::from_raw(number?.try_into().ok()?)
}

/// Kills what an interrupted run left: processes of `programs` that were told of a path in `folder`, which is absolute.
/// Returns when they are gone, for they hold ports and files; says how many they were.
pub fn end_leftovers(programs: &[&Path], folder: &Path) -> Result<usize> {
	let mut left = Vec::new();
	for entry in fs::read_dir("/proc")?.flatten() {
		let number = entry.file_name().to_str().and_then(|name| name.parse().ok());
		let Some(pid) = process_id(number) else { continue };
		let Ok(program) = fs::read_link(entry.path().join("exe")) else { continue };
		let arguments = fs::read(entry.path().join("cmdline")).unwrap_or_default();
		if programs.iter().any(|known| is_build_of(known, &program))
			&& arguments.split(|byte| *byte == 0).any(|argument| names_path_in(folder, argument))
		{
			match kill_process(pid, Signal::KILL) {
				// It ended by itself.
				Ok(()) | Err(Errno::SRCH) => left.push(entry.path()),
				Err(error) => return Err(error).with_context(|| format!("ending process {number:?}")),
			}
		}
	}
	let begun = Instant::now();
	while left.iter().any(|process| process.join("exe").exists()) {
		ensure!(begun.elapsed() < PATIENCE, "processes that an earlier run left do not end: {left:?}");
		std::thread::sleep(Duration::from_millis(50));
	}
	Ok(left.len())
}

/// Whether an argument, or what it sets an option to, is `folder` or a path in it.
fn names_path_in(folder: &Path, argument: &[u8]) -> bool {
	let value = argument.splitn(2, |byte| *byte == b'=').last().unwrap_or(argument);
	[argument, value].iter().any(|text| Path::new(OsStr::from_bytes(text)).starts_with(folder))
}

/// Whether a running program is `known`, or what `known` was before it was built anew.
fn is_build_of(known: &Path, running: &Path) -> bool {
	let running = running.to_string_lossy();
	Path::new(running.strip_suffix(" (deleted)").unwrap_or(&running)) == known
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn programs_should_be_known_when_they_were_built_anew() {
		let known = Path::new("/target/release/weir-node");
		assert!(is_build_of(known, known));
		assert!(is_build_of(known, Path::new("/target/release/weir-node (deleted)")));
		assert!(!is_build_of(known, Path::new("/target/debug/weir-node")));
	}

	#[test]
	fn arguments_should_be_known_only_when_they_name_a_path_in_the_folder() {
		let knows = |argument: &str| names_path_in(Path::new("/cache/local"), argument.as_bytes());
		for known in ["/cache/local", "/cache/local/alice", "--base-path=/cache/local/alice"] {
			assert!(knows(known), "{known}");
		}
		for other in ["local", "--chain=local", "/cache/local-b/alice", "--data=/x/cache/local/alice", ""] {
			assert!(!knows(other), "{other}");
		}
		assert!(names_path_in(Path::new("/a=b/local"), b"/a=b/local/config.toml"));
	}

	/// How a shell that runs `script`, and says so, ends when it is interrupted.
	async fn interrupted(script: &str, patience: Duration) -> Option<ExitStatus> {
		use tokio::io::{AsyncBufReadExt, BufReader};
		let folder = tempfile::tempdir().unwrap();
		let launch = Launch {
			name: "shell".into(),
			site: crate::verdicts::tests::line(1_000, 1_000).site,
			program: "/bin/sh".into(),
			arguments: vec!["-c".into(), script.into()],
			log: folder.path().join("shell.log"),
		};
		let (mut process, output) = launch.start().unwrap();
		let mut lines = BufReader::new(output).lines();
		assert_eq!(lines.next_line().await.unwrap().as_deref(), Some("ready"));
		assert_eq!(process.exited().unwrap(), None);
		process.end(Signal::INT, patience).await.unwrap()
	}

	#[tokio::test]
	async fn end_should_tell_a_process_that_ends_by_itself_from_one_that_is_killed() {
		let polite = "trap 'exit 3' INT; echo ready; while :; do sleep 0.05; done";
		let status = interrupted(polite, Duration::from_secs(20)).await;
		assert_eq!(status.and_then(|status| status.code()), Some(3));
		let deaf = "trap '' INT; echo ready; exec sleep 60";
		assert_eq!(interrupted(deaf, Duration::from_millis(200)).await, None);
	}

	#[test]
	fn leftovers_should_be_ended_and_gone() {
		let folder = tempfile::tempdir().unwrap();
		let sleep = fs::canonicalize("/bin/sleep").unwrap();
		// The folder as its name, for sleep takes no other argument.
		let mut child = {
			use std::os::unix::process::CommandExt;
			std::process::Command::new(&sleep).arg0(folder.path()).arg("60").spawn().unwrap()
		};
		// Its arguments are there a moment after it is.
		let arguments = format!("/proc/{}/cmdline", child.id());
		while fs::read(&arguments).unwrap().is_empty() {
			std::thread::yield_now();
		}
		// Whoever started it must take notice, or it stays as a zombie, which has no program any more.
		let waiter = std::thread::spawn(move || child.wait());
		assert_eq!(end_leftovers(&[&sleep], folder.path()).unwrap(), 1);
		assert!(!waiter.join().unwrap().unwrap().success());
		assert_eq!(end_leftovers(&[&sleep], folder.path()).unwrap(), 0);
	}
}
