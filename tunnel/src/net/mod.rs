//! TCP and UDP in userspace, over channels of inner IPv4 packets.
//!
//! * [`Stack`]: the customer's end. Its [`Stream`]s are what a SOCKS server hands on.
//! * `connection`: one TCP connection, whoever drives it; the exit's end is driven in [`crate::exit`].
//! * `budget`: memory of many connections, within one bound.
//! * `doors`: connections that others begin, of a provider that is reached through another one.
//! * `dns`: messages of the DNS. `packet`: inner packets that belong to no connection.
//!
//! Each connection has a smoltcp `Interface` with one socket of its own. smoltcp asks all sockets of an interface for every
//! packet, so that one interface for all would cost a flow more, the more flows there are; and a flow that ends takes with
//! it whatever it had.

pub(crate) mod budget;
pub(crate) mod connection;
mod datagrams;
pub(crate) mod dns;
pub(crate) mod doors;
pub(crate) mod packet;
mod stack;
mod stream;
#[cfg(test)]
mod tests;

pub use datagrams::{DatagramReceiver, DatagramSender};
pub(crate) use doors::{DoorSender, Opened};
pub use stack::Stack;
pub use stream::Stream;

use std::{
	net::Ipv4Addr,
	sync::{Mutex, MutexGuard, PoisonError},
};

/// The exit's end of the tunnel, and its resolver.
pub const GATEWAY: Ipv4Addr = Ipv4Addr::new(100, 64, 0, 1);
/// Largest inner packet: below it every IPv6 path carries the outer one unfragmented.
pub const MTU: u16 = 1_280;
/// Where DNS is asked, over UDP and TCP.
pub(crate) const DNS_PORT: u16 = 53;

/// What `mutex` holds, whether or not somebody panicked with it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
	mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
