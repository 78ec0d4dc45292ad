//! The Weir sidecar as a library: what the binary runs and the tests drive.
//!
//! * [`engine`]: WireGuard in userspace. [`control`]: the control plane. [`chain`]: the chain.
//! * [`tun`]: the kernel's packets, for those who have no SOCKS in between.
//! * [`exit`]: the way from the tunnel to the Internet. [`net`]: TCP and UDP over inner packets.
//! * [`provide`]: the target's side of tests. [`attest`]: the attestor's.
//! * [`connect`]: the customer's side of paid tunnels, and [`socks`] in front of it.
//! * `firewall`: the kill switch of `connect --tun`.
//! * [`nat`]: providers behind routers.
//! * [`api`], [`metrics`]: the loopback interface. [`store`]: what survives a restart.
//! * `setup`: how an account becomes a provider.
//! * [`config`], [`keys`], [`run`], [`doctor`], [`cli`]: the process. [`advice`]: what its errors say.

pub mod advice;
pub mod api;
pub mod attest;
pub mod chain;
pub mod cli;
pub mod clock;
pub mod config;
pub mod connect;
mod contest;
pub mod control;
pub mod doctor;
pub mod engine;
pub mod exit;
mod firewall;
pub mod keys;
pub mod metrics;
pub mod nat;
pub mod net;
pub mod provide;
pub mod run;
pub(crate) mod setup;
pub mod socks;
pub mod store;
pub mod tasks;
pub mod tun;
