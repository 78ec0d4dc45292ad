//! Ends the connections of one guest, by the kernel's list of them (ctnetlink). No crate speaks it, and the program
//! `conntrack` is seldom installed; it is two messages.

use anyhow::{ensure, Context, Result};
use nix::{
	errno::Errno,
	sys::{
		socket::{
			bind, recv, send, setsockopt, socket, sockopt::ReceiveTimeout, AddressFamily, MsgFlags,
			NetlinkAddr, SockFlag, SockProtocol, SockType,
		},
		time::{TimeVal, TimeValLike},
	},
};
use std::{
	net::Ipv4Addr,
	os::fd::{AsRawFd, OwnedFd},
};

/// Header of a netlink message, and that of netfilter after it.
const HEADERS: usize = 20;
/// Header of an attribute.
const ATTRIBUTE: usize = 4;
/// NFNL_SUBSYS_CTNETLINK, with IPCTNL_MSG_CT_GET and IPCTNL_MSG_CT_DELETE.
const GET: u16 = 1 << 8 | 1;
const DELETE: u16 = 1 << 8 | 2;
/// NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP.
const REQUEST: u16 = 1;
const ACKNOWLEDGE: u16 = 4;
const DUMP: u16 = 0x300;
/// NLMSG_ERROR and NLMSG_DONE.
const ERROR: u16 = 2;
const DONE: u16 = 3;
/// CTA_TUPLE_ORIG, in it CTA_TUPLE_IP, in it CTA_IP_V4_SRC.
const ORIGINAL: u16 = 1;
const ADDRESSES: u16 = 1;
const SOURCE: u16 = 1;
/// What says of a type that it is nested or in the network's order.
const FLAGS: u16 = 0xc000;
const NESTED: u16 = 0x8000;
/// AF_INET.
const IPV4: u8 = 2;
/// More than the kernel puts into one answer.
const ROOM: usize = 64 << 10;

/// Ends every connection that `guest` began, in the namespace of the thread that calls. How many there were.
pub(super) fn forget(guest: Ipv4Addr) -> Result<usize> {
	let socket = open().context("the kernel's list of connections cannot be read")?;
	let tuples = tuples_of(&socket, guest)?;
	for tuple in &tuples {
		say(&socket, DELETE, REQUEST | ACKNOWLEDGE, tuple)?;
		hear(&socket, |_, _| {})?;
	}
	Ok(tuples.len())
}

fn open() -> nix::Result<OwnedFd> {
	let netfilter = SockProtocol::NetlinkNetFilter;
	let socket = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, netfilter)?;
	bind(socket.as_raw_fd(), &NetlinkAddr::new(0, 0))?;
	// The kernel answers at once, if it does.
	setsockopt(&socket, ReceiveTimeout, &TimeVal::seconds(2))?;
	Ok(socket)
}

fn say(socket: &OwnedFd, kind: u16, flags: u16, body: &[u8]) -> Result<()> {
	let length = u32::try_from(HEADERS.saturating_add(body.len()))?;
	let mut message = Vec::with_capacity(HEADERS.saturating_add(body.len()));
	message.extend(length.to_ne_bytes());
	message.extend(kind.to_ne_bytes());
	message.extend(flags.to_ne_bytes());
	// Number and sender, of which the kernel makes nothing here; then family, version, and a resource that is none.
	message.extend([0; 8]);
	message.extend([IPV4, 0, 0, 0]);
	message.extend(body);
	send(socket.as_raw_fd(), &message, MsgFlags::empty())?;
	Ok(())
}

/// Takes what the kernel says until it has said all of it.
fn hear(socket: &OwnedFd, mut each: impl FnMut(u16, &[u8])) -> Result<()> {
	let mut room = vec![0; ROOM];
	loop {
		let length = recv(socket.as_raw_fd(), &mut room, MsgFlags::empty())?;
		let mut rest = room.get(..length).unwrap_or_default();
		while let Some((kind, body, next)) = message(rest) {
			match kind {
				DONE => return Ok(()),
				ERROR => {
					let code = body.first_chunk().map_or(0, |code| i32::from_ne_bytes(*code));
					let errno = Errno::from_raw(code.saturating_neg());
					// One that has just ended by itself is gone as well.
					let is_gone = code == 0 || errno == Errno::ENOENT;
					ensure!(is_gone, "the kernel's list of connections: {errno}");
					return Ok(());
				}
				_ => each(kind, body),
			}
			rest = next;
		}
	}
}

/// The first message, and what follows it: its type, and what comes after netlink's header.
fn message(bytes: &[u8]) -> Option<(u16, &[u8], &[u8])> {
	let length = usize::try_from(u32::from_ne_bytes(*bytes.first_chunk()?)).ok()?;
	let kind = u16::from_ne_bytes(*bytes.get(4..)?.first_chunk()?);
	let body = bytes.get(16..length)?;
	Some((kind, body, bytes.get(length.next_multiple_of(4)..).unwrap_or_default()))
}

/// The attribute of a type among these, with its header.
fn attribute(mut bytes: &[u8], wanted: u16) -> Option<&[u8]> {
	loop {
		let length = usize::from(u16::from_ne_bytes(*bytes.first_chunk()?));
		let kind = u16::from_ne_bytes(*bytes.get(2..)?.first_chunk()?) & !FLAGS;
		let whole = bytes.get(..length).filter(|whole| whole.len() >= ATTRIBUTE)?;
		if kind == wanted {
			return Some(whole);
		}
		bytes = bytes.get(length.next_multiple_of(4)..)?;
	}
}

/// What is in the attribute of a type among these.
fn within(bytes: &[u8], wanted: u16) -> Option<&[u8]> {
	attribute(bytes, wanted)?.get(ATTRIBUTE..)
}

/// What tells each connection of the guest's, as the kernel wants to be told again.
fn tuples_of(socket: &OwnedFd, guest: Ipv4Addr) -> Result<Vec<Vec<u8>>> {
	say(socket, GET, REQUEST | DUMP, &[])?;
	let mut tuples = vec![];
	hear(socket, |kind, body| {
		// After netfilter's header.
		let attributes = body.get(4..).filter(|_| kind & 0xff00 == GET & 0xff00).unwrap_or_default();
		let Some(original) = attribute(attributes, ORIGINAL) else { return };
		let source = within(original.get(ATTRIBUTE..).unwrap_or_default(), ADDRESSES)
			.and_then(|addresses| within(addresses, SOURCE));
		if source == Some(&guest.octets()) {
			let mut tuple = original.to_vec();
			if let Some(kind) = tuple.get_mut(2..4) {
				kind.copy_from_slice(&(ORIGINAL | NESTED).to_ne_bytes());
			}
			tuples.push(tuple);
		}
	})?;
	Ok(tuples)
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn attributes_should_be_found_behind_others() {
		let bytes = [8, 0, 2, 0x80, 1, 2, 3, 4, 5, 0, 1, 0x80, 9, 0, 0, 0, 4, 0, 7, 0];
		assert_eq!(within(&bytes, 2), Some(&[1, 2, 3, 4][..]));
		assert_eq!(within(&bytes, 1), Some(&[9][..]));
		assert_eq!(within(&bytes, 7), Some(&[][..]));
		assert_eq!(within(&bytes, 3), None);
		assert_eq!(within(&[0, 0, 1, 0], 1), None, "none is shorter than its header");
	}

	proptest! {
		#[test]
		fn readers_should_end_whatever_they_read(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
			let _ = (attribute(&bytes, 1), message(&bytes));
		}
	}
}
