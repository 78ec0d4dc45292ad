//! The kill switch of `connect --tun` (Linux): what may leave this machine beside the tunnel.
//!
//! * `rules`: the one nftables table, as text. `routing`: rules, routes and addresses.
//! * `names`: where programs ask for names. `tool`: `nft`, `ip` and `resolvectl`, which do it.
//! * `mark`: what our own outer sockets are known by.
//!
//! The kernel keeps the table: it stands when this process is killed, and until a clean stop or `weir-tunnel firewall clear`. Every
//! change replaces all of it in one transaction, so that there is no moment without rules. A table that an earlier process left is
//! taken over the same way.

mod mark;
mod names;
mod routing;
mod rules;
mod tool;

pub(crate) use mark::outer_mark;
pub(crate) use routing::Routing;
pub(crate) use rules::Rules;

use anyhow::{bail, Context, Result};
use names::Names;
use std::{
	net::Ipv4Addr,
	os::{
		linux::net::SocketAddrExt,
		unix::net::{SocketAddr as UnixAddr, UnixListener},
	},
};
use tool::Tool;

/// Name of the one that holds the kill switch, in the abstract namespace: each network namespace has its own, and it is free when
/// the process is gone.
const HOLDER: &[u8] = b"weir-tunnel/kill-switch";
/// CAP_NET_ADMIN's bit.
const NET_ADMIN: u32 = 12;

/// Held by the one process that may change the kill switch.
pub(crate) struct Held(#[allow(dead_code, reason = "held")] UnixListener);

impl Held {
	/// Fails while another process has it.
	pub(crate) fn take() -> Result<Self> {
		let name = UnixAddr::from_abstract_name(HOLDER).context("a name for the kill switch")?;
		match UnixListener::bind_addr(&name) {
			Ok(listener) => Ok(Self(listener)),
			Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
				bail!("another `weir-tunnel connect --tun` has the kill switch; stop it first")
			}
			Err(error) => Err(error).context("the kill switch cannot be held"),
		}
	}
}

/// Fails with what is missing on this machine.
pub(crate) async fn check() -> Result<()> {
	let status = tokio::fs::read_to_string("/proc/self/status").await.context("/proc/self/status")?;
	if !may_change_networks(&status) {
		bail!(
			"--tun needs root or CAP_NET_ADMIN; run it as root, or leave --tun away and set programs to the proxy of --socks, which \
			 needs no privilege"
		);
	}
	if !std::path::Path::new("/dev/net/tun").exists() {
		bail!("--tun: this kernel has no TUN device (/dev/net/tun); load the module `tun`, or use --socks alone");
	}
	for tool in [Tool::Nft, Tool::Ip] {
		tool.check().await?;
	}
	Ok(())
}

/// Whether a process of this /proc/…/status has CAP_NET_ADMIN.
fn may_change_networks(status: &str) -> bool {
	let mask = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
	let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
	mask.is_some_and(|mask| mask >> NET_ADMIN & 1 == 1)
}

/// Whether the table stands.
pub(crate) async fn stands() -> bool {
	Tool::Nft.run(&["list", "table", "inet", rules::TABLE], "").await.is_ok()
}

/// The table, the routes and the resolver of one process.
pub(crate) struct Firewall {
	rules: Rules,
	routing: Routing,
	names: Names,
}

impl Firewall {
	/// Replaces whatever stands. From now on nothing leaves that the rules do not name, whatever becomes of this process.
	pub(crate) async fn lock(rules: Rules, resolver: Ipv4Addr) -> Result<Self> {
		let names = Names::find(&rules.tun, resolver).await;
		let routing = Routing::new(&rules.tun, &rules.chain);
		let this = Self { rules, routing, names };
		this.apply().await?;
		mark::set();
		Ok(this)
	}

	/// Routes and resolver, when the device is there.
	pub(crate) async fn route(&self) -> Result<()> {
		self.routing.set_up().await?;
		self.names.set().await
	}

	async fn apply(&self) -> Result<()> {
		Tool::Nft.run(&["-f", "-"], &self.rules.script()).await.context("the kill switch was not set")
	}

	/// Changes what the rules name; the former ones stand if that fails.
	pub(crate) async fn change(&mut self, change: impl FnOnce(&mut Rules)) -> Result<()> {
		let before = self.rules.clone();
		change(&mut self.rules);
		if self.rules == before {
			return Ok(());
		}
		let applied = self.apply().await;
		if applied.is_err() {
			self.rules = before;
		}
		applied
	}

	/// Gives the device its address and packet size, and the routes to it.
	pub(crate) async fn address(&mut self, address: Ipv4Addr, mtu: u16) -> Result<()> {
		self.change(|rules| rules.inner = Some(address)).await?;
		self.routing.address(address, mtu).await
	}

	/// Sets again what others have changed meanwhile: a firewall that flushes all tables, a DHCP client that names its resolver.
	pub(crate) async fn keep(&self) -> Result<()> {
		if !stands().await {
			self.apply().await?;
			tracing::warn!("something on this machine has removed the kill switch; it is set again");
		}
		self.routing.keep().await?;
		self.names.keep().await
	}

	/// Leaves the machine as it was found.
	pub(crate) async fn unlock(&self) -> Result<()> {
		self.routing.restore().await;
		self.names.restore().await?;
		remove().await
	}
}

/// Removes what a process that was killed has left: resolver, routes, and the table last.
pub(crate) async fn clear() -> Result<bool> {
	let _held = Held::take()?;
	Tool::Nft.check().await?;
	let stood = stands().await;
	routing::clear().await;
	let restored = names::restore_left().await?;
	remove().await?;
	Ok(stood || restored)
}

async fn remove() -> Result<()> {
	Tool::Nft.run(&["-f", "-"], &rules::removal()).await.context("the kill switch was not removed")
}

#[cfg(test)]
mod tests {
	use super::may_change_networks;

	#[test]
	fn privilege_should_be_read_from_the_effective_set() {
		let status = |mask: &str| format!("Name:\tx\nCapPrm:\t000001ffffffffff\nCapEff:\t{mask}\n");
		assert!(may_change_networks(&status("000001ffffffffff")));
		assert!(may_change_networks(&status("0000000000001000")));
		assert!(!may_change_networks(&status("0000000000000000")));
		assert!(!may_change_networks(&status("0000000000002fff")));
		assert!(!may_change_networks("Name:\tx\n"));
	}
}
