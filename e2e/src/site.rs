//! Where a machine of the network is: in which network namespace, at which addresses and ports.

use std::{ffi::OsString, net::Ipv4Addr, path::Path};

/// Port of every sidecar: each has an address of its own.
pub const SIDECAR_PORT: u16 = 9_600;

/// A machine, real or pretended.
#[derive(Clone, Debug)]
pub struct Site {
	/// Network namespace of its processes; none: the one this program is in.
	pub namespace: Option<String>,
	/// Address of its sidecar.
	pub address: Ipv4Addr,
	/// Address of its node, if it runs one.
	pub node_address: Ipv4Addr,
	/// Ports of its node and of what connects node and sidecar.
	pub ports: Ports,
	/// Worker threads of each of its programs; none: as many as there are processors.
	pub threads: Option<u8>,
}

/// Ports that must differ between machines that share an address.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
	/// JSON-RPC.
	pub rpc: u16,
	/// Peer to peer.
	pub p2p: u16,
	/// Prometheus.
	pub prometheus: u16,
	/// The sidecar's interface for its node.
	pub api: u16,
	/// Where the node looks for that interface: another port if something stands between them.
	pub tunnel: u16,
}

impl Ports {
	/// The usual ports plus `offset`.
	pub const fn with_offset(offset: u16) -> Self {
		let api = 9_700 + offset;
		Self { rpc: 9_944 + offset, p2p: 30_333 + offset, prometheus: 9_615 + offset, api, tunnel: api }
	}
}

impl Site {
	/// URL of its node's JSON-RPC.
	pub fn rpc_url(&self) -> String {
		format!("ws://{}:{}", self.node_address, self.ports.rpc)
	}

	/// What starts `program` there.
	pub fn command(&self, program: &Path) -> (OsString, Vec<OsString>) {
		match &self.namespace {
			None => (program.into(), Vec::new()),
			Some(name) => {
				let prefix = ["netns", "exec", name.as_str()].map(OsString::from);
				("ip".into(), prefix.into_iter().chain([program.into()]).collect())
			}
		}
	}
}
