//! Several datagrams in one call: the kernel cuts what leaves (UDP_SEGMENT) and joins what comes (UDP_GRO), and so passes its
//! network stack once for all of them.

use gotatun::packet::Packet;
use nix::{
	cmsg_space,
	sys::socket::{
		recvmsg, sendmsg, ControlMessage, ControlMessageOwned, MsgFlags, SockaddrLike, SockaddrStorage,
	},
};
use std::{
	io::{self, IoSlice, IoSliceMut},
	net::SocketAddr,
	os::fd::AsRawFd,
};
use tokio::{io::Interest, net::UdpSocket};

/// What the kernel hands over or takes at once, at most.
pub(super) const MOST_BYTES: usize = 65_535;
/// The same without headers, which are the longer ones of IPv6.
const MOST_PAYLOAD: usize = MOST_BYTES - 48;
/// Datagrams that the kernel cuts at once, as older ones limit it.
const MOST_SEGMENTS: usize = 64;
/// Runs that are looked through for one that a datagram continues: a batch of hundreds of peers must not cost its square.
const LOOK_BACK: usize = 16;

/// Datagrams to one destination that leave as one: all of one size, but the last may be shorter.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Run {
	to: SocketAddr,
	size: usize,
	bytes: usize,
	is_closed: bool,
	/// Their places in the batch.
	pub(super) members: Vec<usize>,
}

/// Sorts a batch into runs. Those to one destination keep their order.
pub(super) fn runs(packets: &[(Packet, SocketAddr)]) -> Vec<Run> {
	let mut runs: Vec<Run> = Vec::new();
	for (place, (packet, to)) in packets.iter().enumerate() {
		let size = packet.len();
		let run = runs.iter_mut().rev().take(LOOK_BACK).find(|run| run.to == *to);
		let run = run.filter(|run| {
			!run.is_closed
				&& (1..=run.size).contains(&size)
				&& run.bytes + size <= MOST_PAYLOAD
				&& run.members.len() < MOST_SEGMENTS
		});
		match run {
			Some(run) => {
				run.members.push(place);
				run.bytes += size;
				run.is_closed = size < run.size;
			}
			None => runs.push(Run { to: *to, size, bytes: size, is_closed: false, members: vec![place] }),
		}
	}
	runs
}

/// Sends a run as one.
pub(super) async fn send(socket: &UdpSocket, run: &Run, packets: &[(Packet, SocketAddr)]) -> io::Result<()> {
	let members = run.members.iter().filter_map(|place| packets.get(*place));
	let parts: Vec<IoSlice<'_>> = members.map(|(packet, _)| IoSlice::new(packet)).collect();
	let to = SockaddrStorage::from(run.to);
	let size = u16::try_from(run.size).map_err(|_| io::ErrorKind::InvalidInput)?;
	let sent = socket.async_io(Interest::WRITABLE, || {
		let cut = [ControlMessage::UdpGsoSegments(&size)];
		Ok(sendmsg(socket.as_raw_fd(), &parts, &cut, MsgFlags::MSG_DONTWAIT, Some(&to))?)
	});
	sent.await.map(drop)
}

/// What the kernel handed over at once.
pub(super) struct Received {
	/// Bytes in all.
	pub(super) length: usize,
	/// Size of each datagram; the last may be shorter.
	pub(super) segment: usize,
	pub(super) source: SocketAddr,
}

/// Receives what is there, without waiting.
pub(super) fn receive(socket: &UdpSocket, scratch: &mut [u8]) -> io::Result<Received> {
	let mut parts = [IoSliceMut::new(scratch)];
	let mut control = cmsg_space!(i32);
	let flags = MsgFlags::MSG_DONTWAIT;
	let received = recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut parts, Some(&mut control), flags)?;
	let source = received.address.as_ref().and_then(address).ok_or(io::ErrorKind::InvalidData)?;
	let length = received.bytes;
	let joined = received.cmsgs()?.find_map(|message| match message {
		ControlMessageOwned::UdpGroSegments(size) => usize::try_from(size).ok(),
		_ => None,
	});
	let segment = joined.filter(|size| *size > 0).unwrap_or(length);
	Ok(Received { length, segment, source })
}

fn address(storage: &SockaddrStorage) -> Option<SocketAddr> {
	match storage.family()? {
		nix::sys::socket::AddressFamily::Inet => Some(SocketAddr::V4((*storage.as_sockaddr_in()?).into())),
		nix::sys::socket::AddressFamily::Inet6 => Some(SocketAddr::V6((*storage.as_sockaddr_in6()?).into())),
		_ => None,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;
	use std::collections::HashMap;

	fn batch(sizes: &[(u16, usize)]) -> Vec<(Packet, SocketAddr)> {
		let packet = |(port, size): &(u16, usize)| {
			(Packet::copy_from(&vec![0; *size][..]), SocketAddr::from(([127, 0, 0, 1], *port)))
		};
		sizes.iter().map(packet).collect()
	}

	fn members(sizes: &[(u16, usize)]) -> Vec<Vec<usize>> {
		runs(&batch(sizes)).into_iter().map(|run| run.members).collect()
	}

	#[test]
	fn datagrams_should_leave_as_one_when_they_go_to_one_place_and_have_one_size() {
		assert_eq!(members(&[(1, 100), (1, 100), (1, 50), (1, 50)]), [vec![0, 1, 2], vec![3]]);
		assert_eq!(members(&[(1, 100), (2, 100), (1, 100), (2, 90)]), [vec![0, 2], vec![1, 3]]);
		assert_eq!(members(&[(1, 50), (1, 100), (1, 100)]), [vec![0], vec![1, 2]]);
		assert_eq!(members(&[(1, 0), (1, 0)]), [vec![0], vec![1]], "an empty one cannot be cut out");
		assert_eq!(runs(&batch(&[(1, 100); 65])).len(), 2);
		assert_eq!(runs(&batch(&[(1, 9_000); 8])).len(), 2);
	}

	proptest! {
		#[test]
		fn runs_should_keep_every_datagram_and_the_order_to_each_destination(
			sizes in prop::collection::vec((1u16..40, prop_oneof![0usize..4, 1_400usize..1_403]), 0..200)
		) {
			let packets = batch(&sizes);
			let mut left: HashMap<SocketAddr, Vec<usize>> = HashMap::new();
			for run in runs(&packets) {
				prop_assert!(run.members.len() <= MOST_SEGMENTS && run.bytes <= MOST_PAYLOAD);
				let lengths: Vec<usize> = run.members.iter().map(|place| packets[*place].0.len()).collect();
				let (last, full) = lengths.split_last().unwrap();
				prop_assert!(full.iter().all(|length| *length == run.size) && *last <= run.size);
				prop_assert!(run.members.iter().all(|place| packets[*place].1 == run.to));
				left.entry(run.to).or_default().extend(run.members);
			}
			for (to, places) in &left {
				let expected = (0..packets.len()).filter(|place| packets[*place].1 == *to);
				prop_assert_eq!(places, &expected.collect::<Vec<_>>());
			}
			prop_assert_eq!(left.values().map(Vec::len).sum::<usize>(), packets.len());
		}
	}
}
