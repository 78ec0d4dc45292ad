//! The sidecar without I/O: what both sides of a bandwidth test say, count and sign.
//!
//! Everything here is a function of its arguments. Time is an argument ([`Micros`]), datagrams and messages are byte
//! slices, randomness is a seed: a test drives an attestor against a target over a simulated line and gets the same
//! result every time, but for the bytes of signatures, which sr25519 randomises.
//!
//! * [`scramble`], [`hopping`]: WireGuard's messages without what gives them away.
//! * [`wire`]: the bytes, on the control plane and inside the tunnel.
//! * [`hops`]: which providers a customer goes through.
//! * [`keys`]: sr25519 as the chain verifies it.
//! * [`keystream`]: the payload, addressed by sequence number, and its re-keyed echo.
//! * [`cadence`]: how often receipts and countersignatures are due.
//! * [`cost`]: what a test and a question weigh on the line.
//! * [`receipt`]: what the target acknowledges and the attestor recomputes.
//! * [`pacer`]: when the next packet leaves; token buckets for a line's cap.
//! * [`probe`]: the attestor's side of a test.
//! * [`target`]: the target's side.
//! * [`session`]: both sides of a session that a customer pays for.
//! * [`customer`]: what that customer decides while it lasts.
//! * [`dropped`]: what either side drops inside the tunnel, counted by the rule that was broken.
//! * [`watching`]: whether providers answer, through the epoch and when an alarm is to be confirmed.
//!
//! # A test
//!
//! ```text
//! attestor                                   target
//!   Open {test, WireGuard key, signature} ──▶  committee, key and address prefix checked
//!   ◀── Opened {WireGuard key, port, inner addresses}
//!   ═══ WireGuard handshake ═══
//!   Hello ──▶ ◀── Welcome,  5 × Ping ──▶ ◀── Pong          RTT = the minimum
//!   Offer {H(seed), loads, T0, window} ──▶     T0 and loads compared with the chain's
//!   ◀── Accept
//!   Load: 10 %, 50 %, 100 % ──▶               phase D: only receipts come back
//!   ◀── receipts every 50 to 200 ms          a countersignature for every fifth ──▶
//!   EchoLoad: 10 %, 50 %, 100 % ──▶ ◀── Echo  phase U, one second after D: payloads return re-keyed
//!   Finish {bytes down, bytes up, signature} ──▶
//!   ◀── Final {signature}                    the result is on disk before the attestor signs the final, too
//!   Settle {seed, signature} ──▶
//! ```
//!
//! With s = min(minRTT / 2, 100 ms) and the window T, the rate towards the target is what receipts that arrive within
//! [T0 + s, T0 + T + s] acknowledge, divided by T; the rate from the target is what echoes that arrive within
//! [T1 + s, T1 + T + s] carry, divided by T, with T1 = T0 + T + 1 s. Every packet of a load or echo counts
//! [`wire::PACKET_BYTES`]: the outer IPv4 datagram, so that a rate is the capacity of the line at the IP layer
//! (RFC 9097) and not of what the tunnel leaves of it.

#![deny(missing_docs)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing))]

pub mod cadence;
pub mod cost;
pub mod customer;
pub mod dropped;
pub mod hopping;
pub mod hops;
pub mod keys;
pub mod keystream;
pub mod pacer;
pub mod probe;
pub mod receipt;
pub mod scramble;
pub mod session;
pub mod target;
pub mod watching;
pub mod wire;

/// Microseconds since the Unix epoch.
pub type Micros = u64;

/// A thousand microseconds.
pub const MILLI: Micros = 1_000;

/// Length of the ramp before a window.
pub const RAMP: Micros = 250 * MILLI;
/// Between the end of phase D's window and the start of phase U's.
pub const PHASE_GAP: Micros = 1_000 * MILLI;
/// A queue that adds more than this at the half step keeps the load at that step.
pub const QUEUE_LIMIT: Micros = 90 * MILLI;
/// Without a handshake or greeting for this long a target is unreachable.
pub const CONTACT_TIMEOUT: Micros = 10_000 * MILLI;
/// The window shift s never exceeds this.
pub const MAX_SHIFT: Micros = 100 * MILLI;
/// A connection of the control plane without a request for this long is closed: longer than watchers pause between two
/// pings, each of which would have to dial again.
pub const IDLE_CLOSE: Micros = 90_000 * MILLI;
/// Others that a seat compares its clock with in an epoch, at most.
pub const CLOCK_FELLOWS: usize = 15;
/// Questions for the time to each of them. The first one pays for the connection; the quickest answer counts.
pub const CLOCK_QUESTIONS: usize = 3;

/// Start of phase U's window: T1 = T0 + T + 1 s.
pub const fn second_start(start: Micros, window: Micros) -> Micros {
	start.saturating_add(window).saturating_add(PHASE_GAP)
}

/// End of phase U's window, and with it of the test: T1 + T.
pub const fn windows_end(start: Micros, window: Micros) -> Micros {
	second_start(start, window).saturating_add(window)
}

pub use weir_math::rate::kbps;

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn second_start_should_leave_one_second_between_windows() {
		assert_eq!(second_start(1_000_000, 3_000_000), 5_000_000);
	}

	#[test]
	fn windows_end_should_be_the_end_of_the_second_window() {
		assert_eq!(windows_end(1_000_000, 3_000_000), 8_000_000);
	}
}
