//! Two namespaces and a link.

use anyhow::{ensure, Context, Result};
use std::{fs, process::Command};

/// Names of the namespaces.
pub(crate) const SIDES: [&str; 2] = ["customer", "provider"];
/// Their addresses on the link.
pub(crate) const LINK: [&str; 2] = ["10.9.0.1", "10.9.0.2"];
/// Their addresses inside the tunnel, of customers' network.
pub(crate) const INNER: [&str; 2] = ["100.96.0.2", "100.96.0.1"];

/// Makes them, in a network namespace that must be this process's own.
pub(crate) fn prepare() -> Result<()> {
	// Two lines of headings, and the loopback.
	let devices = fs::read_to_string("/proc/self/net/dev")?.lines().count().saturating_sub(2);
	ensure!(
		devices == 1,
		"this network namespace has {devices} devices and is not the lab's: use scripts/lab.sh"
	);
	fs::create_dir_all("/run/netns")?;
	run("mount -t tmpfs weir-throughput /run/netns")?;
	for side in SIDES {
		run(&format!("ip netns add {side}"))?;
		run(&format!("ip -n {side} link set lo up"))?;
	}
	let [customer, provider] = SIDES;
	run(&format!("ip -n {customer} link add eth0 type veth peer name eth0 netns {provider}"))?;
	for (side, address) in SIDES.iter().zip(LINK) {
		run(&format!("ip -n {side} address add {address}/24 dev eth0"))?;
		run(&format!("ip -n {side} link set eth0 up mtu 1500"))?;
	}
	Ok(())
}

/// Runs a command of words.
pub(crate) fn run(line: &str) -> Result<()> {
	let mut words = line.split_whitespace();
	let program = words.next().context("no command")?;
	let output = Command::new(program).args(words).output().with_context(|| format!("starting {program}"))?;
	let said = String::from_utf8_lossy(&output.stderr);
	ensure!(output.status.success(), "{line}: {}", said.trim());
	Ok(())
}

/// A command in a namespace.
pub(crate) fn inside(side: &str, program: &str) -> Command {
	let mut command = Command::new("ip");
	command.args(["netns", "exec", side, program]);
	command
}
