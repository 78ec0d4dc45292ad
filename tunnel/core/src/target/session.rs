//! One member's session with the target.

use super::{Member, Output, Prefix, EARLY, IDLE, LEAST_PERCENT, LINGER, MISSING};
use crate::{
	keys,
	keystream::{self, Payload},
	receipt::Collector,
	second_start,
	wire::{self, Refusal, Response, Test, PACKET_BYTES},
	Micros, RECEIPT_EVERY,
};
use std::{
	collections::{BTreeMap, VecDeque},
	net::Ipv4Addr,
};

/// Digests of sent receipts that a countersignature may refer to.
const MAX_DIGESTS: usize = 256;

/// What an accepted offer began.
struct Running {
	seed_hash: [u8; 32],
	echo_key: [u8; 32],
	start: Micros,
	window: Micros,
	collector: Collector,
	/// End of the open receipt window; none before the first load.
	next_receipt: Option<Micros>,
	/// The last countersignature, or the first receipt.
	countersigned: Option<Micros>,
	digests: BTreeMap<u32, [u8; 32]>,
	/// Packets in [T0, T0 + T].
	in_window: u64,
	/// Packets acknowledged in any receipt.
	acknowledged: u64,
	echoed: u64,
	stopped: bool,
}

impl Running {
	fn ends(&self) -> Micros {
		second_start(self.start, self.window).saturating_add(self.window)
	}

	/// Loads are taken from shortly before T0 to shortly after the last window.
	fn takes_loads(&self, now: Micros) -> bool {
		!self.stopped && now.saturating_add(EARLY) >= self.start && now < self.ends().saturating_add(EARLY)
	}
}

pub(super) struct Session {
	pub(super) test: Test,
	pub(super) wireguard: [u8; 32],
	pub(super) address: Ipv4Addr,
	pub(super) key: [u8; 32],
	pub(super) prefix: Option<Prefix>,
	pub(super) expires: Micros,
	running: Option<Box<Running>>,
}

impl Session {
	pub(super) fn new(
		now: Micros,
		test: Test,
		wireguard: [u8; 32],
		address: Ipv4Addr,
		member: &Member,
	) -> Self {
		let Member { key, prefix, .. } = *member;
		Self { test, wireguard, address, key, prefix, expires: now.saturating_add(IDLE), running: None }
	}

	pub(super) fn is_running(&self, now: Micros) -> bool {
		self.running.as_ref().is_some_and(|running| now < running.ends())
	}

	pub(super) fn seed_hash(&self) -> Option<[u8; 32]> {
		self.running.as_ref().map(|running| running.seed_hash)
	}

	pub(super) fn timeout(&self) -> Micros {
		let receipt =
			self.running.as_ref().filter(|running| !running.stopped).and_then(|running| running.next_receipt);
		receipt.unwrap_or(Micros::MAX).min(self.expires)
	}

	/// Accepts an offer; the same one again changes nothing.
	pub(super) fn accept(
		&mut self,
		start: Micros,
		window: Micros,
		seed_hash: &[u8; 32],
	) -> Result<(), Refusal> {
		if let Some(running) = &self.running {
			return if running.seed_hash == *seed_hash { Ok(()) } else { Err(Refusal::Busy) };
		}
		let running = Running {
			seed_hash: *seed_hash,
			echo_key: keystream::echo_key(seed_hash, &self.test.session),
			start,
			window,
			collector: Collector::new(&self.test, seed_hash),
			next_receipt: None,
			countersigned: None,
			digests: BTreeMap::new(),
			in_window: 0,
			acknowledged: 0,
			echoed: 0,
			stopped: false,
		};
		self.expires = running.ends().saturating_add(LINGER);
		self.running = Some(Box::new(running));
		Ok(())
	}

	/// Collects a payload. Whether it was new and in time.
	pub(super) fn take_load(&mut self, now: Micros, seq: u32, payload: &Payload) -> bool {
		let Some(running) = self.running.as_mut().filter(|running| running.takes_loads(now)) else {
			return false;
		};
		if !running.collector.insert(seq, payload) {
			return false;
		}
		// Windows end at T0 + n · 50 ms, so that the common window holds whole ones.
		running.next_receipt.get_or_insert_with(|| next_boundary(running.start, now));
		if now >= running.start && now < running.start.saturating_add(running.window) {
			running.in_window = running.in_window.saturating_add(1);
		}
		true
	}

	/// Collects a payload of phase U and re-keys it.
	pub(super) fn take_echo_load(&mut self, now: Micros, seq: u32, payload: &Payload) -> Option<Payload> {
		if !self.take_load(now, seq, payload) {
			return None;
		}
		let running = self.running.as_mut()?;
		let mut echo = *payload;
		keystream::apply(&running.echo_key, seq, &mut echo);
		running.echoed = running.echoed.saturating_add(1);
		Some(echo)
	}

	/// Closes the receipt window that is due; stops when countersignatures are missing.
	pub(super) fn tick(&mut self, now: Micros, outputs: &mut VecDeque<Output>) {
		let session = self.test.session;
		let Some(running) = self.running.as_mut().filter(|running| !running.stopped) else { return };
		let Some(due) = running.next_receipt.filter(|due| now >= *due) else { return };
		if running.countersigned.is_some_and(|at| now >= at.saturating_add(MISSING)) {
			running.stopped = true;
			outputs.push_back(Output::Stopped { session });
			return;
		}
		let receipt = running.collector.close();
		running.acknowledged = running.collector.packets().into();
		running.digests.insert(receipt.window, receipt.digest);
		if running.digests.len() > MAX_DIGESTS {
			running.digests.pop_first();
		}
		running.countersigned.get_or_insert(now);
		// A stall closes one window, not many.
		running.next_receipt = Some(next_boundary(running.start, due.max(now)));
		if now >= running.ends().saturating_add(EARLY) {
			running.next_receipt = None;
			running.stopped = true;
		}
		outputs.push_back(Output::Receipt { session, receipt });
	}

	pub(super) fn countersign(
		&mut self,
		now: Micros,
		window: u32,
		digest: &[u8; 32],
		signature: &[u8; 64],
	) -> Result<Response, Refusal> {
		let (test, key) = (self.test, self.key);
		let running = self.running.as_mut().ok_or(Refusal::UnknownSession)?;
		if running.digests.get(&window) != Some(digest) {
			return Err(Refusal::BytesMismatch);
		}
		if !keys::verify(&key, &wire::countersign_payload(&test, window, digest), signature) {
			return Err(Refusal::BadSignature);
		}
		running.countersigned = Some(now);
		Ok(Response::Noted)
	}

	/// H(seed), if the attestor's counts are ones to sign: never more than was acknowledged and echoed, never much less
	/// than arrived in the window. Echoes may have been lost behind this target, so that up has no lower bound here.
	pub(super) fn check_counts(&self, down: u64, up: u64) -> Result<[u8; 32], Refusal> {
		let running = self.running.as_ref().ok_or(Refusal::UnknownSession)?;
		let bytes = |packets: u64| packets.saturating_mul(PACKET_BYTES.into());
		// Two receipts may fall on either side of the window's edges.
		let edge =
			running.in_window.saturating_mul(2 * RECEIPT_EVERY).checked_div(running.window).unwrap_or(0);
		let least = bytes(running.in_window.saturating_sub(edge)).saturating_mul(LEAST_PERCENT) / 100;
		let most = bytes(running.acknowledged);
		if down > most || up > bytes(running.echoed) || (down < least && !running.stopped_early()) {
			return Err(Refusal::BytesMismatch);
		}
		Ok(running.seed_hash)
	}
}

impl Running {
	/// Whether the target itself stopped before the first window was over.
	fn stopped_early(&self) -> bool {
		self.stopped && self.next_receipt.is_some_and(|next| next < self.start.saturating_add(self.window))
	}
}

/// The first of start + n · 50 ms (n may be negative) after `now`.
fn next_boundary(start: Micros, now: Micros) -> Micros {
	let phase = start % RECEIPT_EVERY;
	let past = now.saturating_add(RECEIPT_EVERY).saturating_sub(phase) % RECEIPT_EVERY;
	now.saturating_add(RECEIPT_EVERY).saturating_sub(past)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn next_boundary_should_share_the_phase_of_t0() {
		let start = 1_000_007;
		for now in [900_000, 1_000_006, 1_000_007, 1_000_008, 1_049_999, 1_050_007, 7_777_777] {
			let next = next_boundary(start, now);
			assert!(next > now && next - now <= RECEIPT_EVERY, "{now} {next}");
			assert_eq!(next % RECEIPT_EVERY, start % RECEIPT_EVERY, "{now}");
		}
	}
}
