//! Rules, routes and addresses, as wg-quick has them: what carries our mark goes by the line, all else into the tunnel, and routes to
//! single networks of the line stay (the firewall decides whether they may be used).

use super::{mark::MARK, tool::Tool};
use anyhow::{Context, Result};
use std::{
	net::{Ipv4Addr, SocketAddr},
	path::Path,
	sync::{
		atomic::{AtomicBool, Ordering},
		Mutex, PoisonError,
	},
};

/// The routing table with the route into the tunnel.
const TABLE: u32 = 22_373;
/// Of the rules, one after the other: nodes of the chain, single networks, everything else.
const ORDER: [u32; 3] = [20_610, 20_620, 20_630];
/// More rules than that of one order are not ours.
const MOST_RULES: usize = 64;
/// Has the mark of an answer looked at where reverse paths are checked.
const VALID_MARK: &str = "/proc/sys/net/ipv4/conf/all/src_valid_mark";

/// The routes of one device.
pub(crate) struct Routing {
	tun: String,
	chain: Vec<SocketAddr>,
	inner: Mutex<Option<Ipv4Addr>>,
	has_set_valid_mark: AtomicBool,
}

async fn ip(command: &str) -> Result<()> {
	let arguments = command.split_whitespace().collect::<Vec<_>>();
	Tool::Ip.run(&arguments, "").await.with_context(|| format!("`ip {command}`"))
}

/// Removes rules and routes, whoever has left them.
pub(super) async fn clear() {
	for family in ["-4", "-6"] {
		for order in ORDER {
			for _ in 0..MOST_RULES {
				if ip(&format!("{family} rule del pref {order}")).await.is_err() {
					break;
				}
			}
		}
	}
	// There may be none.
	let _ = ip(&format!("-4 route flush table {TABLE}")).await;
}

impl Routing {
	pub(super) fn new(tun: &str, chain: &[SocketAddr]) -> Self {
		let (inner, has_set_valid_mark) = (Mutex::default(), AtomicBool::new(false));
		Self { tun: tun.into(), chain: chain.into(), inner, has_set_valid_mark }
	}

	/// Sends everything into the tunnel. Until it has an address, that is nowhere.
	pub(super) async fn set_up(&self) -> Result<()> {
		clear().await;
		let [nodes, networks, rest] = ORDER;
		ip(&format!("-4 route replace unreachable default metric 9999 table {TABLE}")).await?;
		for address in &self.chain {
			let (family, ip_, port) =
				(if address.is_ipv4() { "-4" } else { "-6" }, address.ip(), address.port());
			ip(&format!("{family} rule add pref {nodes} to {ip_} ipproto tcp dport {port} lookup main"))
				.await?;
		}
		ip(&format!("-4 rule add pref {networks} lookup main suppress_prefixlength 0")).await?;
		ip(&format!("-4 rule add pref {rest} not fwmark {MARK:#x} lookup {TABLE}")).await?;
		// IPv6 is not carried: the device has no address of it, not even one of its own.
		let _ = ip(&format!("link set dev {} addrgenmode none", self.tun)).await;
		ip(&format!("link set dev {} up", self.tun)).await?;
		self.see_marks(Path::new(VALID_MARK));
		Ok(())
	}

	/// Where reverse paths are not checked it does not matter whether that may be set.
	fn see_marks(&self, setting: &Path) {
		match std::fs::read_to_string(setting) {
			Ok(value) if value.trim() == "0" => match std::fs::write(setting, "1") {
				Ok(()) => self.has_set_valid_mark.store(true, Ordering::Relaxed),
				Err(error) => tracing::debug!(%error, "src_valid_mark not set"),
			},
			_ => {}
		}
	}

	/// Gives the device its address, instead of an earlier one.
	pub(super) async fn address(&self, address: Ipv4Addr, mtu: u16) -> Result<()> {
		let tun = &self.tun;
		ip(&format!("link set dev {tun} mtu {mtu}")).await?;
		let before = self.inner.lock().unwrap_or_else(PoisonError::into_inner).replace(address);
		if before != Some(address) {
			// First the new one: without any the device loses its routes.
			ip(&format!("-4 address replace {address}/32 dev {tun}")).await?;
			if let Some(before) = before {
				ip(&format!("-4 address del {before}/32 dev {tun}")).await?;
			}
		}
		self.keep().await
	}

	/// The way into the tunnel, if it has an address.
	pub(super) async fn keep(&self) -> Result<()> {
		if self.inner.lock().unwrap_or_else(PoisonError::into_inner).is_none() {
			return Ok(());
		}
		ip(&format!("-4 route replace default dev {} metric 1 table {TABLE}", self.tun)).await
	}

	/// As they were.
	pub(super) async fn restore(&self) {
		clear().await;
		if self.has_set_valid_mark.load(Ordering::Relaxed) {
			if let Err(error) = std::fs::write(VALID_MARK, "0") {
				tracing::debug!(%error, "src_valid_mark not set back");
			}
		}
	}
}
