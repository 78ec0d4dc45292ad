//! What the customer's machine puts on the wire, as seen from the other end of its cable.

use super::ground::CUSTOMER_MAC;
use nix::sys::{
	socket::{recv, setsockopt, socket, sockopt, AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType},
	time::TimeVal,
};
use std::{
	collections::BTreeMap,
	fs::File,
	net::{Ipv4Addr, Ipv6Addr},
	os::fd::AsRawFd,
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc, Mutex,
	},
	thread::JoinHandle,
};

/// In every datagram that programs send: nobody may see it.
pub(crate) const SECRET: &[u8] = b"weir-leaks-secret";
/// Where a node of the chain is.
pub(crate) const NODE: (Ipv4Addr, u16) = (Ipv4Addr::new(198, 51, 100, 1), 9_944);
/// The provider's port.
pub(crate) const PORT: u16 = 9_600;

/// Where the customer may send.
#[derive(Clone, Default)]
struct Allowed {
	entries: Vec<Ipv4Addr>,
	lan: bool,
}

type Tally = BTreeMap<String, u64>;

/// Listens until it is dropped.
pub(crate) struct Wire {
	seen: Arc<Mutex<Tally>>,
	allowed: Arc<Mutex<Allowed>>,
	stop: Arc<AtomicBool>,
	thread: Option<JoinHandle<()>>,
}

/// Makes this thread one of a namespace.
pub(crate) fn enter(namespace: &str) {
	let file = File::open(format!("/run/netns/{namespace}")).unwrap();
	nix::sched::setns(file, nix::sched::CloneFlags::CLONE_NEWNET).unwrap();
}

impl Wire {
	/// At the customer's router. `entries` are providers it may talk to.
	pub(crate) fn tap(namespace: &str, entries: &[Ipv4Addr]) -> Self {
		let (seen, stop) = (Arc::new(Mutex::new(Tally::new())), Arc::new(AtomicBool::new(false)));
		let allowed = Arc::new(Mutex::new(Allowed { entries: entries.to_vec(), lan: false }));
		let namespace = namespace.to_owned();
		let (tally, may, stopped) = (seen.clone(), allowed.clone(), stop.clone());
		let thread = std::thread::spawn(move || {
			enter(&namespace);
			let socket =
				socket(AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::EthAll)
					.unwrap();
			setsockopt(&socket, sockopt::RcvBufForce, &(64 << 20)).unwrap();
			setsockopt(&socket, sockopt::ReceiveTimeout, &TimeVal::new(0, 100_000)).unwrap();
			let mut buffer = vec![0; 1 << 16];
			while !stopped.load(Ordering::Relaxed) {
				let Ok(length) = recv(socket.as_raw_fd(), &mut buffer, MsgFlags::empty()) else { continue };
				let frame = &buffer[..length];
				if frame.get(6..12) == Some(&CUSTOMER_MAC[..]) {
					let kind = kind_of(frame, &may.lock().unwrap());
					*tally.lock().unwrap().entry(kind).or_default() += 1;
				}
			}
		});
		Self { seen, allowed, stop, thread: Some(thread) }
	}

	/// From now on the customer may talk to these providers alone, and to the local network perhaps.
	pub(crate) fn allow(&self, entries: &[Ipv4Addr], lan: bool) {
		*self.allowed.lock().unwrap() = Allowed { entries: entries.to_vec(), lan };
	}

	/// What was seen since the last look, by kinds.
	pub(crate) fn look(&self) -> Tally {
		std::mem::take(&mut self.seen.lock().unwrap())
	}
}

impl Drop for Wire {
	fn drop(&mut self) {
		self.stop.store(true, Ordering::Relaxed);
		if let Some(thread) = self.thread.take() {
			let _ = thread.join();
		}
	}
}

/// Whether packets of a kind are outside of the tunnel.
pub(crate) fn is_leak(kind: &str) -> bool {
	kind.starts_with("LEAK")
}

/// Whether a frame goes to the local network, and asks it for no name.
fn is_local(frame: &[u8]) -> bool {
	let packet = &frame[14..];
	let is_v4 = frame[12..14] == [8, 0] && packet.len() >= 24;
	let is_near = |to: &[u8]| matches!(to, [192, 168, 77, _] | [224, 0, 0, _]);
	is_v4 && is_near(&packet[16..20]) && ![[0, 53], [3, 85]].iter().any(|port| packet[22..24] == *port)
}

/// What a frame of the customer's is.
fn kind_of(frame: &[u8], Allowed { entries, lan }: &Allowed) -> String {
	let packet = &frame[14..];
	if *lan && is_local(frame) {
		return "local network".into();
	}
	if packet.windows(SECRET.len()).any(|part| part == SECRET) {
		return "LEAK in clear text".into();
	}
	match (u16::from_be_bytes([frame[12], frame[13]]), packet) {
		(0x0806, _) => "ARP".into(),
		(0x0800, packet) if packet.len() >= 20 => {
			let to = Ipv4Addr::new(packet[16], packet[17], packet[18], packet[19]);
			let rest = &packet[usize::from(packet[0] & 15) * 4..];
			let port = rest.get(2..4).map_or(0, |port| u16::from_be_bytes([port[0], port[1]]));
			match packet[9] {
				17 if entries.contains(&to) && port == PORT => "WireGuard to the entry".into(),
				6 if entries.contains(&to) && port == PORT => "control plane to the entry".into(),
				6 if (to, port) == NODE => "node of the chain".into(),
				protocol => format!("LEAK IPv4 protocol {protocol} to {to}:{port}"),
			}
		}
		(0x86dd, packet) if packet.len() >= 40 => {
			let to = Ipv6Addr::from(<[u8; 16]>::try_from(&packet[24..40]).unwrap());
			match (packet[6], packet.get(40)) {
				(58, Some(133 | 135 | 136)) if packet[7] == 255 => "IPv6 neighbour discovery".into(),
				(protocol, _) => format!("LEAK IPv6 protocol {protocol} to {to}"),
			}
		}
		(kind, _) => format!("LEAK of type {kind:#06x}"),
	}
}

#[test]
fn frames_should_be_told_apart_by_where_they_go() {
	let entry = Ipv4Addr::new(198, 51, 100, 2);
	let mut allowed = Allowed { entries: vec![entry], lan: false };
	let frame = |protocol: u8, to: [u8; 4], port: u16, payload: &[u8]| {
		let mut frame =
			[&[0; 12][..], &[8, 0], &[0x45], &[0; 19], &[0, 9], &port.to_be_bytes(), &[0; 4], payload]
				.concat();
		frame[14 + 9] = protocol;
		frame[14 + 16..14 + 20].copy_from_slice(&to);
		frame
	};
	let kind = |protocol, to, port, payload: &[u8], allowed: &Allowed| {
		kind_of(&frame(protocol, to, port, payload), allowed)
	};
	assert_eq!(kind(17, entry.octets(), PORT, b"sealed", &allowed), "WireGuard to the entry");
	assert!(is_leak(&kind(17, entry.octets(), PORT, SECRET, &allowed)), "in clear text");
	assert!(is_leak(&kind(17, entry.octets(), 53, b"", &allowed)), "another port of the entry");
	assert!(is_leak(&kind(17, [9, 9, 9, 9], 53, b"", &allowed)));
	assert!(!is_leak(&kind(6, NODE.0.octets(), NODE.1, b"", &allowed)));
	assert!(is_leak(&kind(17, NODE.0.octets(), NODE.1, b"", &allowed)));
	assert!(is_leak(&kind(17, [192, 168, 77, 9], 80, b"", &allowed)));
	allowed.lan = true;
	assert!(!is_leak(&kind(17, [192, 168, 77, 9], 80, b"", &allowed)));
	for port in [53, 853] {
		assert!(is_leak(&kind(17, [192, 168, 77, 1], port, b"", &allowed)), "names");
	}
}
