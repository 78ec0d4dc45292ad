//! What is looked at before a node starts, so that what is wrong is one line, and at once.
//!
//! Left to itself the SDK would take a random port for JSON-RPC, and go on without peers or metrics, when their ports
//! are taken.

use crate::cli::Cli;
use polkadot_sdk::*;
use sc_network::{
	config::{NodeKeyConfig, Secret},
	multiaddr::Protocol,
	Multiaddr,
};
use sc_service::Configuration;
use std::{
	fs,
	io::ErrorKind,
	net::{IpAddr, SocketAddr, TcpListener, UdpSocket},
};

/// An error for the first thing that would keep the node from running as it was told to.
pub(crate) fn check(cli: &Cli, config: &Configuration) -> Result<(), String> {
	if cli.sidecar.tunnel_url.is_some() && !config.offchain_worker.enabled {
		return Err(
			"--tunnel-url: it is the off-chain worker that measures, and it is off: add --validator, \
			or --offchain-worker always"
				.into(),
		);
	}
	let has_prices = !cli.prices.price_source.is_empty() || cli.prices.price_sources_file.is_some();
	if has_prices && !config.offchain_worker.enabled {
		return Err(
			"price sources: it is the off-chain worker that reports, and it is off: add --validator, or \
			--offchain-worker always, or leave --price-source out"
				.into(),
		);
	}
	listeners(cli, config).iter().try_for_each(Listener::ensure_free)?;
	ensure_writable(config)?;
	ensure_network_key(&config.network.node_key)?;
	cli.disk.ensure_space(&config.data_path)
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Transport {
	Tcp,
	Udp,
}

/// A socket the node is going to open.
#[derive(PartialEq, Eq, Debug)]
struct Listener {
	/// What to change if it cannot.
	flag: &'static str,
	transport: Transport,
	address: SocketAddr,
	/// A machine may lack it, as it may lack IPv6.
	optional: bool,
}

impl Listener {
	fn ensure_free(&self) -> Result<(), String> {
		let Self { flag, transport, address, optional } = self;
		let bound = match transport {
			Transport::Tcp => TcpListener::bind(address).map(drop),
			Transport::Udp => UdpSocket::bind(address).map(drop),
		};
		match bound {
			Ok(()) => Ok(()),
			Err(error) if error.kind() == ErrorKind::AddrInUse => Err(format!(
				"port in use: another program listens on {address}; stop it, or choose with {flag}"
			)),
			Err(_) if *optional => Ok(()),
			Err(error) => Err(format!("cannot listen on {address}: {error}; choose with {flag}")),
		}
	}
}

fn listeners(cli: &Cli, config: &Configuration) -> Vec<Listener> {
	// Who describes endpoints one by one may ask for a random port; nobody else gets one.
	let described = !cli.run.rpc_params.experimental_rpc_endpoint.is_empty();
	let rpc = config.rpc.addr.iter().flatten().filter(|endpoint| !(described && endpoint.retry_random_port));
	let rpc = rpc.map(|endpoint| Listener {
		flag: if described { "--experimental-rpc-endpoint" } else { "--rpc-port" },
		transport: Transport::Tcp,
		address: endpoint.listen_addr,
		optional: endpoint.is_optional,
	});
	let metrics = config.prometheus_config.iter().map(|prometheus| Listener {
		flag: "--prometheus-port",
		transport: Transport::Tcp,
		address: prometheus.port,
		optional: false,
	});
	let peers =
		config.network.listen_addresses.iter().filter_map(socket).map(|(transport, address)| Listener {
			flag: "--port or --listen-addr",
			transport,
			address,
			optional: address.is_ipv6() && address.ip().is_unspecified(),
		});
	rpc.chain(peers).chain(metrics).collect()
}

/// The socket of a multiaddress; none for one that names no IP address.
fn socket(address: &Multiaddr) -> Option<(Transport, SocketAddr)> {
	let mut parts = address.iter();
	let ip: IpAddr = match parts.next()? {
		Protocol::Ip4(ip) => ip.into(),
		Protocol::Ip6(ip) => ip.into(),
		_ => return None,
	};
	match parts.next()? {
		Protocol::Tcp(port) => Some((Transport::Tcp, (ip, port).into())),
		Protocol::Udp(port) => Some((Transport::Udp, (ip, port).into())),
		_ => None,
	}
}

fn ensure_writable(config: &Configuration) -> Result<(), String> {
	let probe = config.data_path.join(".writable");
	fs::create_dir_all(&config.data_path)
		.and_then(|()| fs::write(&probe, []))
		.and_then(|()| fs::remove_file(&probe))
		.map_err(|error| {
			format!(
				"--base-path {}: cannot write there: {error}; give the folder to the user that runs the node, or choose \
				another",
				config.base_path.path().display()
			)
		})
}

/// Refuses a damaged key before the SDK does: its own words name neither the file nor what to do.
fn ensure_network_key(key: &NodeKeyConfig) -> Result<(), String> {
	let NodeKeyConfig::Ed25519(Secret::File(path)) = key else { return Ok(()) };
	// One that is not there is made when the network starts; to ask for it would make it now.
	if matches!(path.try_exists(), Ok(false)) {
		return Ok(());
	}
	let place = path.display();
	match key.clone().into_keypair() {
		Ok(_) => Ok(()),
		Err(error) if error.kind() == ErrorKind::InvalidData => Err(format!(
			"the network key at {place} is damaged: restore it from a backup, or make another with \
			'weir-node key generate-node-key --file {place}' (other nodes then know this one by another name)"
		)),
		Err(error) => Err(format!(
			"the network key at {place} cannot be read: {error}; give the file to the user that runs the node, or name \
			another with --node-key-file"
		)),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn listener(transport: Transport, address: SocketAddr, optional: bool) -> Listener {
		Listener { flag: "--port", transport, address, optional }
	}

	#[test]
	fn socket_should_be_read_from_a_multiaddress() {
		let read = |text: &str| socket(&text.parse().unwrap());
		assert_eq!(read("/ip4/0.0.0.0/tcp/30333/ws"), Some((Transport::Tcp, ([0, 0, 0, 0], 30_333).into())));
		let v6 = "[::]:30333".parse().unwrap();
		assert_eq!(read("/ip6/::/udp/30333/webrtc-direct"), Some((Transport::Udp, v6)));
		assert_eq!(read("/dns/example.org/tcp/30333"), None);
	}

	#[test]
	fn listener_should_be_refused_when_its_port_is_in_use() {
		let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
		let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
		for taken in [
			listener(Transport::Tcp, tcp.local_addr().unwrap(), false),
			listener(Transport::Tcp, tcp.local_addr().unwrap(), true),
			listener(Transport::Udp, udp.local_addr().unwrap(), false),
		] {
			let refusal = taken.ensure_free().unwrap_err();
			assert!(refusal.starts_with("port in use") && refusal.contains("--port"), "{refusal}");
		}
	}

	#[test]
	fn network_key_should_be_refused_when_damaged() {
		let folder = tempfile::tempdir().unwrap();
		let file = folder.path().join("key");
		let key = NodeKeyConfig::Ed25519(Secret::File(file.clone()));
		let hex = "0f".repeat(32);
		for sound in [vec![7_u8; 32], hex.clone().into_bytes()] {
			fs::write(&file, sound).unwrap();
			assert_eq!(ensure_network_key(&key), Ok(()));
		}
		// Neither is hex with the end of a line taken, nor with a prefix.
		let texts: [&str; 4] =
			[&hex[2..], &format!("{hex}\n"), &format!("0x{}", &hex[2..]), &"no".repeat(32)];
		let texts = texts.map(|text| text.as_bytes().to_vec());
		for damaged in [vec![], vec![7_u8; 31]].into_iter().chain(texts) {
			fs::write(&file, damaged).unwrap();
			let refusal = ensure_network_key(&key).unwrap_err();
			assert!(refusal.contains("is damaged") && refusal.contains(file.to_str().unwrap()), "{refusal}");
		}
	}

	#[test]
	fn network_key_should_not_be_made_when_missing() {
		let folder = tempfile::tempdir().unwrap();
		let file = folder.path().join("key");
		assert_eq!(ensure_network_key(&NodeKeyConfig::Ed25519(Secret::File(file.clone()))), Ok(()));
		assert!(!file.exists());
	}

	#[test]
	fn network_key_should_be_refused_when_it_cannot_be_read() {
		let folder = tempfile::tempdir().unwrap();
		let key = NodeKeyConfig::Ed25519(Secret::File(folder.path().into()));
		let refusal = ensure_network_key(&key).unwrap_err();
		assert!(refusal.contains("cannot be read") && refusal.contains("--node-key-file"), "{refusal}");
	}

	#[test]
	fn listener_should_do_without_an_address_of_this_machine_only_when_optional() {
		let foreign = "192.0.2.1:40000".parse().unwrap();
		assert!(listener(Transport::Tcp, foreign, false).ensure_free().is_err());
		assert_eq!(listener(Transport::Tcp, foreign, true).ensure_free(), Ok(()));
	}
}
