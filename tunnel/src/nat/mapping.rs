//! A port that the router maps when it is asked: by PCP, NAT-PMP, or UPnP.

use anyhow::{bail, Context, Result};
use crab_nat::{
	natpmp, GatewayAddress, InternetProtocol, PortMapping, PortMappingOptions, PortMappingType, TimeoutConfig,
};
use igd_next::{search_gateway, Gateway, PortMappingProtocol, SearchOptions};
use std::{
	net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
	num::NonZeroU16,
	time::Duration,
};
use tokio::sync::watch;

/// Asked for. A router that restarts may forget it sooner, so that it is renewed long before.
const LIFETIME_SECONDS: u32 = 3_600;
const RENEW_EVERY: Duration = Duration::from_secs(600);
/// After a failure it is tried again so much later.
const AGAIN: Duration = Duration::from_secs(600);
/// How long a router is waited for.
const PATIENCE: TimeoutConfig =
	TimeoutConfig { initial_timeout: Duration::from_millis(250), max_retries: 3, max_retry_timeout: None };
const UPNP_PATIENCE: Duration = Duration::from_secs(3);
/// All of it, so that no router keeps a provider waiting.
const AT_MOST: Duration = Duration::from_secs(20);

/// What was mapped, and by what.
enum Mapping {
	Pcp(Box<[PortMapping; 2]>),
	Upnp(Gateway),
}

/// How mapping went.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Mapped {
	/// It was not tried to the end yet.
	#[default]
	Trying,
	/// The router does not.
	No,
	/// This address is ours.
	At(SocketAddr),
}

/// The router and our address towards it.
fn gateway() -> Result<(Ipv4Addr, Ipv4Addr)> {
	// Of this thread: it may be in another namespace than the process.
	let routes = std::fs::read_to_string("/proc/thread-self/net/route").context("routes cannot be read")?;
	let gateway = gateway_in(&routes).context("there is no default route")?;
	let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
	socket.connect((gateway, 9))?;
	match socket.local_addr()?.ip() {
		IpAddr::V4(own) => Ok((gateway, own)),
		IpAddr::V6(_) => bail!("the router is not reached by IPv4"),
	}
}

/// The default router in the kernel's table.
fn gateway_in(routes: &str) -> Option<Ipv4Addr> {
	routes.lines().skip(1).find_map(|line| {
		let mut columns = line.split_whitespace().skip(1);
		let (destination, gateway) = (columns.next()?, columns.next()?);
		// Memory order: the first byte is the last of the number.
		let gateway = u32::from_str_radix(gateway, 16).ok()?.to_le_bytes();
		(destination == "00000000" && gateway != [0; 4]).then(|| gateway.into())
	})
}

fn other(protocol: InternetProtocol) -> PortMappingProtocol {
	match protocol {
		InternetProtocol::Udp => PortMappingProtocol::UDP,
		InternetProtocol::Tcp => PortMappingProtocol::TCP,
	}
}

const BOTH: [InternetProtocol; 2] = [InternetProtocol::Udp, InternetProtocol::Tcp];

/// One external port for both, by PCP or NAT-PMP.
async fn by_pcp(gateway: Ipv4Addr, own: Ipv4Addr, port: NonZeroU16) -> Result<(Mapping, SocketAddr)> {
	let ask = async |protocol, external| {
		let options = PortMappingOptions {
			external_port: Some(external),
			lifetime_seconds: Some(LIFETIME_SECONDS),
			timeout_config: Some(PATIENCE),
		};
		PortMapping::new(gateway.into(), own.into(), protocol, port, options).await
	};
	let udp = ask(InternetProtocol::Udp, port).await?;
	let external = udp.external_port();
	let tcp = ask(InternetProtocol::Tcp, external).await?;
	if tcp.external_port() != external {
		let _ = (udp.try_drop().await, tcp.try_drop().await);
		bail!("the router maps UDP and TCP to different ports");
	}
	let ip = match udp.mapping_type() {
		PortMappingType::Pcp { external_ip, .. } => external_ip.to_canonical(),
		PortMappingType::NatPmp => {
			natpmp::external_address(GatewayAddress::from(gateway), Some(PATIENCE)).await?.into()
		}
	};
	Ok((Mapping::Pcp(Box::new([udp, tcp])), SocketAddr::new(ip, external.get())))
}

/// The same port for both, by UPnP. Blocks.
fn by_upnp(own: Ipv4Addr, port: u16) -> Result<(Mapping, SocketAddr)> {
	let options = SearchOptions {
		bind_addr: (own, 0).into(),
		timeout: Some(UPNP_PATIENCE),
		..SearchOptions::default()
	};
	let gateway = search_gateway(options)?;
	add_by_upnp(&gateway, own, port)?;
	let external = SocketAddr::new(gateway.get_external_ip()?, port);
	Ok((Mapping::Upnp(gateway), external))
}

fn add_by_upnp(gateway: &Gateway, own: Ipv4Addr, port: u16) -> Result<()> {
	for protocol in BOTH {
		gateway.add_port(other(protocol), port, (own, port).into(), LIFETIME_SECONDS, "weir-tunnel")?;
	}
	Ok(())
}

/// Maps `port`; an error says why no way worked.
async fn map(port: u16) -> Result<(Mapping, Ipv4Addr, SocketAddr)> {
	let (gateway, own) = gateway()?;
	let number = NonZeroU16::new(port).context("no port")?;
	let by_pcp = match by_pcp(gateway, own, number).await {
		Ok((mapping, external)) => return Ok((mapping, own, external)),
		Err(error) => error,
	};
	let by_upnp = tokio::task::spawn_blocking(move || by_upnp(own, port)).await?;
	match by_upnp {
		Ok((mapping, external)) => Ok((mapping, own, external)),
		Err(error) => bail!("neither PCP nor NAT-PMP ({by_pcp:#}), nor UPnP ({error:#})"),
	}
}

impl Mapping {
	/// Asks for the same again.
	async fn renew(self, own: Ipv4Addr, port: u16) -> Result<Self> {
		match self {
			Self::Pcp(mut both) => {
				let before = both.each_ref().map(PortMapping::external_port);
				for mapping in both.iter_mut() {
					mapping.renew().await?;
				}
				if before != both.each_ref().map(PortMapping::external_port) {
					bail!("the router has changed the port");
				}
				Ok(Self::Pcp(both))
			}
			Self::Upnp(gateway) => {
				let renewed = tokio::task::spawn_blocking(move || {
					add_by_upnp(&gateway, own, port)?;
					Ok::<_, anyhow::Error>(gateway)
				});
				Ok(Self::Upnp(renewed.await??))
			}
		}
	}
}

/// Whether others see us where the router says that we are: else another router is before it.
fn is_ours(external: SocketAddr, seen: IpAddr) -> bool {
	external.ip().to_canonical() == seen.to_canonical()
}

/// Keeps `port` mapped while others see us at `seen`, and tells how that goes.
pub(crate) async fn keep(port: u16, seen: IpAddr, tell: watch::Sender<Mapped>) {
	let mut said = false;
	loop {
		let mapped = match tokio::time::timeout(AT_MOST, map(port)).await {
			Ok(Ok((mapping, own, external))) if is_ours(external, seen) => Ok((mapping, own, external)),
			Ok(Ok((.., external))) => {
				Err(format!("the router is behind another one: it is {}", external.ip()))
			}
			Ok(Err(error)) => Err(format!("{error:#}")),
			Err(_) => Err("the router takes too long".into()),
		};
		match mapped {
			Ok((mut mapping, own, external)) => {
				tell.send_replace(Mapped::At(external));
				tracing::info!(%external, "the router has mapped a port");
				said = false;
				loop {
					tokio::time::sleep(RENEW_EVERY).await;
					mapping = match mapping.renew(own, port).await {
						Ok(mapping) => mapping,
						Err(error) => {
							tracing::warn!(
								error = format!("{error:#}"),
								"the router does not map the port any more"
							);
							break;
						}
					};
				}
				// At once: it may have restarted.
				continue;
			}
			Err(reason) => {
				tell.send_replace(Mapped::No);
				if !std::mem::replace(&mut said, true) {
					tracing::info!(reason, "the router maps no port");
				}
			}
		}
		tokio::time::sleep(AGAIN).await;
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn gateway_should_be_that_of_the_default_route() {
		let table = "Iface\tDestination\tGateway\tFlags\n\
		             eth0\t0000010A\t00000000\t0001\n\
		             eth0\t00000000\t0100010A\t0003\n";
		assert_eq!(gateway_in(table), Some([10, 1, 0, 1].into()));
		for none in ["", "Iface\n", "Iface\neth0\t00000000\t00000000\n", "Iface\neth0\t00000000\tx\n"] {
			assert_eq!(gateway_in(none), None, "{none}");
		}
	}

	#[test]
	fn mapping_should_be_ours_where_others_see_us() {
		let external = "203.0.113.1:7".parse().unwrap();
		assert!(is_ours(external, "203.0.113.1".parse().unwrap()));
		assert!(is_ours(external, "::ffff:203.0.113.1".parse().unwrap()));
		assert!(!is_ours("10.0.0.2:7".parse().unwrap(), "203.0.113.1".parse().unwrap()));
	}
}
