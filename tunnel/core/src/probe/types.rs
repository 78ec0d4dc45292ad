//! What goes into a test and what comes out of it.

use crate::{
	keys::ProbeKeypair,
	receipt::ReceiptError,
	wire::{Bilateral, Refusal, Request, Test},
	Micros,
};

/// What the attestor knows before it starts.
#[derive(Clone)]
pub struct Config {
	/// Which test.
	pub test: Test,
	/// Signs for the attestor.
	pub key: ProbeKeypair,
	/// Verifies the target's receipts, as registered on chain.
	pub target_key: [u8; 32],
	/// Of the payload: 32 random bytes, used once.
	pub seed: [u8; 32],
	/// The attestor's x25519 key for this session.
	pub wireguard: [u8; 32],
	/// Load towards the target, kbps.
	pub down_kbps: u32,
	/// Load to be echoed, kbps.
	pub up_kbps: u32,
	/// T0.
	pub start: Micros,
	/// T.
	pub window: Micros,
}

/// Which request an answer belongs to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Ticket {
	/// [`Request::Open`].
	Open,
	/// [`Request::Offer`].
	Offer,
	/// [`Request::Finish`].
	Finish,
}

/// What the driver has to do.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(clippy::large_enum_variant)]
pub enum Output {
	/// Ask the target on the control plane and pass the answer, or its absence, to [`super::Probe::handle_response`].
	Request(Ticket, Request),
	/// Bring up WireGuard towards the target.
	Tunnel {
		/// The target's x25519 key.
		wireguard: [u8; 32],
		/// The target's UDP port.
		port: u16,
		/// The target inside the tunnel.
		target_address: [u8; 4],
		/// The attestor inside the tunnel.
		attestor_address: [u8; 4],
	},
	/// Send through the tunnel.
	Datagram(Vec<u8>),
	/// The test is over. Always the last output.
	Done(Box<Outcome>),
}

/// What kind of result a test had.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
	/// The target answered.
	Measured,
	/// Measured, with the load kept at its half step.
	Limited,
	/// No handshake or greeting within ten seconds.
	Unreachable,
}

/// Why a test ended before its time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Fault {
	/// No answer on the control plane or in the tunnel.
	#[error("no handshake or greeting within 10 s")]
	Silent,
	/// The target refused.
	#[error("refused: {0}")]
	Refused(Refusal),
	/// A receipt that payloads do not bear out.
	#[error("receipt not believed: {0}")]
	Receipt(ReceiptError),
	/// The target did not sign the final.
	#[error("the target did not sign the final")]
	NotSigned,
}

/// The result.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
	/// What kind.
	pub kind: Kind,
	/// Rate towards the target, kbps. 0 unless the target signed the final.
	pub down_kbps: u32,
	/// Rate from the target, kbps. 0 unless the target signed the final.
	pub up_kbps: u32,
	/// Minimum round-trip time; 0 without one.
	pub rtt: Micros,
	/// Packets of the half steps that were not acknowledged, per ten thousand.
	pub loss_pptt: u16,
	/// The final with both signatures. To be kept first; then [`Self::settle`] goes to the target.
	pub bilateral: Option<Bilateral>,
	/// What the target is to be sent once this outcome is on disk: the attestor's signature under the final. Whoever
	/// reports less than a final with both signatures says is fined, so that no crash may come between.
	pub settle: Option<Request>,
	/// What went wrong, if anything did.
	pub fault: Option<Fault>,
}
