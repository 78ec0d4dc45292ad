//! The system's own tools. They speak to every kernel and every version of the rule language, and need nothing to be linked.

use anyhow::{anyhow, bail, Context, Result};
use std::{process::Stdio, time::Duration};
use tokio::{io::AsyncWriteExt, process::Command};

/// None of them takes so long.
const PATIENCE: Duration = Duration::from_secs(10);

/// A tool.
#[derive(Clone, Copy)]
pub(super) enum Tool {
	/// nftables.
	Nft,
	/// iproute2.
	Ip,
	/// systemd-resolved.
	Resolvectl,
}

impl Tool {
	fn name(self) -> &'static str {
		match self {
			Self::Nft => "nft",
			Self::Ip => "ip",
			Self::Resolvectl => "resolvectl",
		}
	}

	fn package(self) -> &'static str {
		match self {
			Self::Nft => "nftables",
			Self::Ip => "iproute2",
			Self::Resolvectl => "systemd-resolved",
		}
	}

	/// Fails if it is not installed.
	pub(super) async fn check(self) -> Result<()> {
		let arguments: &[&str] = match self {
			Self::Nft => &["--version"],
			Self::Ip => &["-Version"],
			Self::Resolvectl => &["status"],
		};
		self.run(arguments, "").await
	}

	/// Runs it with `input`; an error says what it says, in one line.
	pub(super) async fn run(self, arguments: &[&str], input: &str) -> Result<()> {
		let name = self.name();
		// A service may have a shorter path than where administrators' tools are.
		let path = std::env::var("PATH").unwrap_or_default();
		let mut child = Command::new(name)
			.args(arguments)
			.env("PATH", format!("{path}:/usr/sbin:/sbin"))
			.env("LC_ALL", "C")
			.stdin(Stdio::piped())
			.stdout(Stdio::null())
			.stderr(Stdio::piped())
			.kill_on_drop(true)
			.spawn()
			.map_err(|error| match error.kind() {
				std::io::ErrorKind::NotFound => {
					anyhow!("`{name}` is missing; install the package {}", self.package())
				}
				_ => anyhow!("`{name}` cannot be run: {error}"),
			})?;
		let mut stdin = child.stdin.take().context("its input")?;
		let talk = async {
			// What it did not want to read it says on stderr.
			let _ = stdin.write_all(input.as_bytes()).await;
			drop(stdin);
			child.wait_with_output().await
		};
		let output = tokio::time::timeout(PATIENCE, talk).await;
		let output = output.map_err(|_| anyhow!("`{name}` did not end within 10 s"))??;
		if !output.status.success() {
			let said = String::from_utf8_lossy(&output.stderr);
			let first = said.lines().find(|line| !line.trim().is_empty()).unwrap_or("it does not say why");
			bail!("`{name}`: {}", first.trim());
		}
		Ok(())
	}
}
