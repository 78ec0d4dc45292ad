//! The two programs that set up networks, and the kernel's switches. What they do, they do in the network namespace of the
//! thread that calls.

use anyhow::{bail, Context, Result};
use serde_json::Value;
use std::{
	env, fs,
	io::Write,
	path::{Path, PathBuf},
	process::{Command, Stdio},
};

/// Where a system keeps what users have no use for, if a service's PATH leaves it out.
const SYSTEM: [&str; 3] = ["/usr/sbin", "/sbin", "/usr/local/sbin"];

/// Where a program is.
pub(super) fn find(program: &str) -> Option<PathBuf> {
	let path = env::var_os("PATH").unwrap_or_default();
	let folders = env::split_paths(&path).chain(SYSTEM.map(PathBuf::from));
	folders.map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Loads rules, all or none of them.
pub(super) fn nft(rules: &str) -> Result<()> {
	run("nft", &["-f", "-"], Some(rules)).map(drop)
}

/// What nft says to a question.
pub(super) fn ask_nft(arguments: &[&str]) -> Result<Value> {
	json("nft", &[&["-j"], arguments].concat())
}

/// Changes links, addresses and routes, one line each; ends at the first that fails.
pub(super) fn ip(lines: &str) -> Result<()> {
	run("ip", &["-batch", "-"], Some(lines)).map(drop)
}

/// What `ip` says to a question.
pub(super) fn ask_ip(arguments: &[&str]) -> Result<Value> {
	json("ip", &[&["-j"], arguments].concat())
}

fn json(program: &str, arguments: &[&str]) -> Result<Value> {
	let text = run(program, arguments, None)?;
	if text.trim().is_empty() {
		// So says `ip` when there is nothing.
		return Ok(Value::Array(vec![]));
	}
	serde_json::from_str(&text).with_context(|| format!("{program} answers no JSON: a newer one is needed"))
}

fn run(program: &str, arguments: &[&str], input: Option<&str>) -> Result<String> {
	let file = find(program).with_context(|| format!("{program} is not installed"))?;
	let mut command = Command::new(file);
	command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
	command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
	let mut child = command.spawn().with_context(|| format!("{program} cannot be started"))?;
	if let (Some(input), Some(mut stdin)) = (input, child.stdin.take()) {
		// One that ends before it has read everything says why.
		let _ = stdin.write_all(input.as_bytes());
	}
	let output = child.wait_with_output().with_context(|| format!("{program} cannot be waited for"))?;
	if !output.status.success() {
		let said = String::from_utf8_lossy(&output.stderr);
		// The line it objects to would follow, with addresses.
		let first = said.lines().next().unwrap_or("it says nothing");
		bail!("{program} fails: {}", crate::advice::one_line(first));
	}
	String::from_utf8(output.stdout).with_context(|| format!("{program} answers no text"))
}

/// Sets one of the kernel's switches below `/proc/sys/net`.
pub(super) fn set(switch: &str, value: &str) -> Result<()> {
	let file = Path::new("/proc/sys/net").join(switch);
	fs::write(&file, value).with_context(|| {
		format!(
			"{} cannot be set; a service manager may keep /proc/sys read-only (systemd: ProtectKernelTunables=no)",
			file.display()
		)
	})
}

/// One of them as it is; none if the kernel has none of that name.
pub(super) fn get(switch: &str) -> Option<String> {
	let text = fs::read_to_string(Path::new("/proc/sys/net").join(switch)).ok()?;
	Some(text.trim().to_owned())
}
