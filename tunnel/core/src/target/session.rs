//! One member's session with the target.

use super::{Member, Output, Prefix, EARLY, IDLE, LEAST_PERCENT, LINGER};
use crate::{
	cadence::Cadence,
	dropped::Rule,
	keys::{self, ProbeKeypair},
	keystream::{self, Payload},
	pacer::Bucket,
	receipt::Collector,
	second_start, windows_end,
	wire::{
		self,
		data::{Body, Datagram, LOAD_BYTES, MAX_RECEIPTS},
		Bilateral, Receipt, Refusal, Test, PACKET_BYTES, PAYLOAD_BYTES,
	},
	Micros, MILLI, PHASE_GAP,
};
use codec::Encode;
use std::{
	collections::{BTreeMap, VecDeque},
	net::Ipv4Addr,
	ops::Range,
};

/// Receipts that a countersignature may refer to.
const MAX_KEPT: usize = 256;

/// Receipts an ordinary datagram of receipts repeats, the new one included.
pub(crate) const REPEATED: usize = 4;
/// Every so many receipts, all that are not countersigned are repeated.
const REPAIR_EVERY: u32 = 5;

/// How much of the offered load may arrive, in per cent.
const QUOTA_PERCENT: u32 = 110;
/// How much of it may arrive at once: what a queue holds back and then releases must not cost an honest member a packet.
const BURST: Micros = 250 * MILLI;
/// The burst of a slow load.
const LEAST_BURST_BYTES: u64 = 32 * PACKET_BYTES as u64;

/// What an accepted offer began.
struct Running {
	seed_hash: [u8; 32],
	echo_key: [u8; 32],
	start: Micros,
	window: Micros,
	/// Rhythms of phase D and of phase U.
	cadences: [Cadence; 2],
	/// What may still arrive in phase D and in phase U.
	quotas: [Bucket; 2],
	collector: Collector,
	/// End of the open receipt window; none before the first load.
	next_receipt: Option<Micros>,
	/// The last countersignature, or the first receipt.
	countersigned: Option<Micros>,
	/// The last receipts by their windows.
	receipts: BTreeMap<u32, Receipt>,
	/// First window the attestor has not countersigned.
	unsigned_from: u32,
	/// When it countersigned the last one before it.
	believed: Micros,
	/// Packets in the T that the window's receipts cover.
	in_window: u64,
	/// Bytes of the loads taken, less those of the receipts sent.
	credit: usize,
	/// Packets acknowledged in any receipt.
	acknowledged: u64,
	echoed: u64,
	/// What was signed: bytes down, bytes up, signature.
	signed: Option<(u64, u64, [u8; 64])>,
	stopped: bool,
}

impl Running {
	fn ends(&self) -> Micros {
		windows_end(self.start, self.window)
	}

	/// Whether `now` belongs to phase U: from the middle of the gap between the windows on.
	fn is_second(&self, now: Micros) -> bool {
		now >= second_start(self.start, self.window).saturating_sub(PHASE_GAP / 2)
	}

	/// Rhythm of the phase that runs at `now`, and the time it keeps to.
	fn rhythm(&self, now: Micros) -> (Cadence, Micros) {
		let [down, up] = self.cadences;
		if self.is_second(now) {
			(up, second_start(self.start, self.window).saturating_sub(up.lead()))
		} else {
			(down, self.start.saturating_sub(down.lead()))
		}
	}

	/// End of the receipt window that is open at `now`.
	fn receipt_after(&self, now: Micros) -> Micros {
		let (cadence, beat) = self.rhythm(now);
		next_beat(beat, cadence.receipt, now)
	}

	/// Whether a packet that arrives at `now` is in the T that the window's receipts cover.
	fn covers(&self, now: Micros) -> bool {
		let [down, _] = self.cadences;
		let from = self.start.saturating_sub(down.lead());
		now >= from && now < from.saturating_add(self.window)
	}

	/// What the attestor may not have yet, a datagram each. Every time the newest receipts, so that a lost datagram costs
	/// nothing; every fifth time all it has not countersigned, the oldest in a second datagram if not all fit one.
	fn unsigned(&self) -> Vec<Vec<Receipt>> {
		let is_repair = self.collector.last().is_some_and(|(window, _)| window % REPAIR_EVERY == 0);
		let depth = if is_repair { MAX_RECEIPTS } else { REPEATED };
		let mut newest = fitting(self.receipts.range(self.unsigned_from..).rev().take(depth));
		newest.reverse();
		if !is_repair {
			return Vec::from_iter((!newest.is_empty()).then_some(newest));
		}
		let Some(first) = newest.first().map(|receipt| receipt.window) else { return Vec::new() };
		let oldest = fitting(self.receipts.range(self.unsigned_from..first));
		[newest, oldest].into_iter().filter(|receipts| !receipts.is_empty()).collect()
	}

	/// Loads are taken from shortly before T0 to shortly after the last window.
	fn takes_loads(&self, now: Micros) -> bool {
		now.saturating_add(EARLY) >= self.start && now < self.ends().saturating_add(EARLY)
	}

	/// Collects a payload of phase D or of phase U, if it is due, offered and new.
	fn collect(&mut self, now: Micros, second: bool, seq: u32, payload: &Payload) -> Result<(), Rule> {
		if self.stopped {
			return Err(Rule::Stopped);
		}
		if !self.takes_loads(now) || second != self.is_second(now) {
			return Err(Rule::WrongTime);
		}
		let [down, up] = &mut self.quotas;
		let quota = if second { up } else { down };
		if !quota.take(now, PACKET_BYTES as usize) {
			return Err(Rule::OverQuota);
		}
		self.collector.insert(seq, payload)?;
		if self.next_receipt.is_none() {
			self.next_receipt = Some(self.receipt_after(now));
		}
		self.in_window = self.in_window.saturating_add(self.covers(now).into());
		self.credit = self.credit.saturating_add(LOAD_BYTES);
		Ok(())
	}
}

/// What arrives of a load of `kbps`: as much as was offered, with room for what queues do to it.
fn quota(kbps: u32) -> Bucket {
	let most = u64::from(kbps).saturating_mul(QUOTA_PERCENT.into()).div_ceil(100);
	Bucket::holding(0, u32::try_from(most).unwrap_or(u32::MAX), BURST, LEAST_BURST_BYTES)
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

	/// From T0 until the end of the last window; none before an offer was accepted, or when the session has stopped.
	pub(super) fn windows(&self) -> Option<Range<Micros>> {
		let running = self.running.as_ref().filter(|running| !running.stopped)?;
		Some(running.start..running.ends())
	}

	pub(super) fn is_running(&self, now: Micros) -> bool {
		self.running.as_ref().is_some_and(|running| now < running.ends())
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
		[down_kbps, up_kbps]: [u32; 2],
	) -> Result<(), Refusal> {
		if let Some(running) = &self.running {
			return if running.seed_hash == *seed_hash { Ok(()) } else { Err(Refusal::Busy) };
		}
		let running = Running {
			seed_hash: *seed_hash,
			echo_key: keystream::echo_key(seed_hash, &self.test.session),
			start,
			window,
			cadences: [Cadence::down(down_kbps), Cadence::up(up_kbps)],
			quotas: [quota(down_kbps), quota(up_kbps)],
			collector: Collector::new(&self.test, seed_hash),
			next_receipt: None,
			countersigned: None,
			receipts: BTreeMap::new(),
			unsigned_from: 0,
			believed: 0,
			in_window: 0,
			credit: 0,
			acknowledged: 0,
			echoed: 0,
			signed: None,
			stopped: false,
		};
		self.expires = running.ends().saturating_add(LINGER);
		self.running = Some(Box::new(running));
		Ok(())
	}

	/// Collects a payload of phase D.
	pub(super) fn take_load(&mut self, now: Micros, seq: u32, payload: &Payload) -> Result<(), Rule> {
		self.running.as_mut().ok_or(Rule::NotOffered)?.collect(now, false, seq, payload)
	}

	/// Collects a payload of phase U and re-keys it.
	pub(super) fn take_echo_load(
		&mut self,
		now: Micros,
		seq: u32,
		payload: &Payload,
	) -> Result<Payload, Rule> {
		let running = self.running.as_mut().ok_or(Rule::NotOffered)?;
		running.collect(now, true, seq, payload)?;
		let mut echo = *payload;
		keystream::apply(&running.echo_key, seq, &mut echo);
		running.echoed = running.echoed.saturating_add(1);
		Ok(echo)
	}

	/// Closes the receipt window that is due; stops when countersignatures are missing.
	pub(super) fn tick(&mut self, now: Micros, outputs: &mut VecDeque<Output>) {
		let session = self.test.session;
		let Some(running) = self.running.as_mut().filter(|running| !running.stopped) else { return };
		let Some(due) = running.next_receipt.filter(|due| now >= *due) else { return };
		let (cadence, _) = running.rhythm(now);
		if running.countersigned.is_some_and(|at| now >= at.saturating_add(cadence.patience())) {
			running.stopped = true;
			outputs.push_back(Output::Stopped { session });
			return;
		}
		let receipt = running.collector.close();
		running.acknowledged = running.collector.packets().into();
		running.receipts.insert(receipt.window, receipt);
		if running.receipts.len() > MAX_KEPT {
			running.receipts.pop_first();
		}
		running.countersigned.get_or_insert(now);
		// A stall closes one window, not many.
		running.next_receipt = Some(running.receipt_after(due.max(now)));
		if now >= running.ends().saturating_add(EARLY) {
			running.next_receipt = None;
			running.stopped = true;
		}
		let address = self.address;
		for receipts in running.unsigned() {
			let bytes = Datagram { session, number: 0, body: Body::Receipts(&receipts.encode()) }.encode();
			// They answer no datagram of their length: loads pay for them, so that few packets do not fetch many.
			let Some(rest) = running.credit.checked_sub(bytes.len()) else { break };
			running.credit = rest;
			outputs.push_back(Output::Datagram { address, bytes });
		}
	}

	/// Takes a countersignature of a receipt that is newer than the last countersigned one, or of that one again where a full
	/// line may have kept newer ones from the attestor: as long as a countersignature is waited for, and in phase U, whose
	/// echoes leave receipts no room and are what counts. Anything else changes nothing, so that no old countersignature
	/// keeps a session alive.
	pub(super) fn countersign(
		&mut self,
		now: Micros,
		window: u32,
		digest: &[u8; 32],
		signature: &[u8; 64],
	) -> Result<(), Rule> {
		let running = self.running.as_mut().ok_or(Rule::NotOffered)?;
		let (cadence, _) = running.rhythm(now);
		let is_new = window >= running.unsigned_from;
		let is_last = window.saturating_add(1) == running.unsigned_from;
		let may_repeat = running.is_second(now) || now < running.believed.saturating_add(cadence.patience());
		if !(is_new || is_last && may_repeat) {
			return Err(Rule::StaleCountersignature);
		}
		if running.receipts.get(&window).is_none_or(|receipt| receipt.digest != *digest) {
			return Err(Rule::UnknownReceipt);
		}
		if !keys::verify(&self.key, &wire::countersign_payload(&self.test, window, digest), signature) {
			return Err(Rule::BadSignature);
		}
		running.countersigned = Some(now);
		if is_new {
			running.unsigned_from = window.saturating_add(1);
			running.believed = now;
		}
		Ok(())
	}

	/// H(seed), if the attestor's counts are ones to sign: never more than was acknowledged and echoed, never much less
	/// than arrived in the window. Echoes may have been lost behind this target, so that up has no lower bound here.
	pub(super) fn check_counts(&self, down: u64, up: u64) -> Result<[u8; 32], Refusal> {
		let running = self.running.as_ref().ok_or(Refusal::UnknownSession)?;
		let bytes = |packets: u64| packets.saturating_mul(PACKET_BYTES.into());
		// Two receipts may fall on either side of the window's edges.
		let [Cadence { receipt, .. }, _] = running.cadences;
		let edge = running
			.in_window
			.saturating_mul(receipt.saturating_mul(2))
			.checked_div(running.window)
			.unwrap_or(0);
		let least = bytes(running.in_window.saturating_sub(edge)).saturating_mul(LEAST_PERCENT) / 100;
		let most = bytes(running.acknowledged);
		if down > most || up > bytes(running.echoed) || (down < least && !running.stopped_early()) {
			return Err(Refusal::BytesMismatch);
		}
		Ok(running.seed_hash)
	}
}

impl Session {
	/// Signs the final, once: asked again for the same counts it answers the same, so that there is one final of a
	/// session.
	pub(super) fn sign(&mut self, key: &ProbeKeypair, down: u64, up: u64) -> Result<[u8; 64], Refusal> {
		let running = self.running.as_mut().ok_or(Refusal::UnknownSession)?;
		if let Some((known_down, known_up, signature)) = running.signed {
			return if (down, up) == (known_down, known_up) {
				Ok(signature)
			} else {
				Err(Refusal::BytesMismatch)
			};
		}
		let signature = key.sign(&wire::final_payload(&self.test, &running.seed_hash, down, up));
		running.signed = Some((down, up, signature));
		Ok(signature)
	}

	/// The bilateral receipt with `by_attestor`, which is not verified; none before a final was signed.
	pub(super) fn bilateral(&self, by_attestor: [u8; 64]) -> Option<Bilateral> {
		let Running { seed_hash, signed, .. } = self.running.as_deref()?;
		let (down_bytes, up_bytes, by_target) = (*signed)?;
		Some(Bilateral {
			test: self.test,
			seed_hash: *seed_hash,
			down_bytes,
			up_bytes,
			by_target,
			by_attestor,
		})
	}
}

impl Running {
	/// Whether the target itself stopped before the first window was over.
	fn stopped_early(&self) -> bool {
		self.stopped && self.next_receipt.is_some_and(|next| next < self.start.saturating_add(self.window))
	}
}

/// As many receipts as one datagram carries.
fn fitting<'a>(receipts: impl Iterator<Item = (&'a u32, &'a Receipt)>) -> Vec<Receipt> {
	// One byte for the length of the vector.
	let mut room = PAYLOAD_BYTES.saturating_sub(1);
	receipts
		.map(|(_, receipt)| receipt)
		.take(MAX_RECEIPTS)
		.map_while(|receipt| {
			room = room.checked_sub(receipt.encoded_size())?;
			Some(receipt.clone())
		})
		.collect()
}

/// The first of beat + n · every (n may be negative) after `now`.
fn next_beat(beat: Micros, every: Micros, now: Micros) -> Micros {
	let phase = beat.checked_rem(every).unwrap_or(0);
	let past = now.saturating_add(every).saturating_sub(phase).checked_rem(every).unwrap_or(0);
	now.saturating_add(every).saturating_sub(past)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn next_beat_should_keep_time() {
		let beat = 1_000_007;
		for every in [50_000, 100_000, 250_000] {
			for now in [900_000, 1_000_006, 1_000_007, 1_000_008, 1_049_999, 1_050_007, 7_777_777] {
				let next = next_beat(beat, every, now);
				assert!(next > now && next - now <= every, "{now} {next}");
				assert_eq!(next % every, beat % every, "{now}");
			}
		}
	}
}
