//! How a probe ends: with a final that both sides signed, by a refusal, or for want of an answer.

use super::*;

impl Probe {
	pub(super) fn finish(&mut self) {
		let [down, up] = &self.phases;
		let (test, down_bytes, up_bytes) = (self.config.test, down.bytes, up.bytes);
		let payload = wire::finish_payload(&test, &self.seed_hash, down_bytes, up_bytes);
		let signature = self.config.key.sign(&payload);
		let request = Request::Finish { session: test.session, down_bytes, up_bytes, signature };
		self.outputs.push_back(Output::Request(Ticket::Finish, request));
		self.state = State::Finishing(None);
	}

	pub(super) fn sign(&mut self, now: Micros, by_target: [u8; 64]) {
		let [down, up] = &self.phases;
		let (test, seed_hash, down_bytes, up_bytes) =
			(self.config.test, self.seed_hash, down.bytes, up.bytes);
		let payload = wire::final_payload(&test, &seed_hash, down_bytes, up_bytes);
		if !keys::verify(&self.config.target_key, &payload, &by_target) {
			self.dropped.count(Rule::BadFinal);
			self.state = State::Finishing(Some(now.saturating_add(RETRY)));
			return;
		}
		let by_attestor = self.config.key.sign(&payload);
		let bilateral = Bilateral { test, seed_hash, down_bytes, up_bytes, by_target, by_attestor };
		let fault = self.receipt_fault.map(Fault::Receipt);
		self.conclude(Some(bilateral), fault);
	}

	pub(super) fn refuse(&mut self, now: Micros, refusal: Refusal) {
		self.refused = Some(refusal);
		let next = Some(now.saturating_add(RETRY));
		match self.state {
			// The target started anew. It has not seen this session, and the test's keys and counters are unused.
			State::Offering(None) if refusal == Refusal::UnknownSession && now < self.contact_until() => {
				self.state = State::Opening(next)
			}
			State::Opening(None) if refusal.is_passing() => self.state = State::Opening(next),
			State::Offering(None) if refusal.is_passing() => self.state = State::Offering(next),
			State::Opening(None) | State::Offering(None) | State::Finishing(None) => {
				self.conclude(None, Some(Fault::Refused(refusal)));
			}
			_ => {}
		}
	}

	/// Ends before the load: unreachable if nothing ever answered.
	pub(super) fn give_up(&mut self) {
		let fault = match self.refused {
			Some(refusal) => Fault::Refused(refusal),
			None if matches!(self.state, State::Offering(_)) => Fault::NotSigned,
			None => Fault::Silent,
		};
		self.conclude(None, Some(fault));
	}

	pub(super) fn conclude(&mut self, bilateral: Option<Bilateral>, fault: Option<Fault>) {
		let limited = self.phases.iter().any(|phase| phase.limited);
		let rate = |bytes: fn(&Bilateral) -> u64| {
			bilateral.as_ref().map_or(0, |b| kbps(bytes(b), self.config.window))
		};
		let settle = bilateral.as_ref().map(|bilateral| Request::Settle {
			session: self.config.test.session,
			seed: self.config.seed,
			signature: bilateral.by_attestor,
		});
		let outcome = Outcome {
			kind: match fault {
				Some(Fault::Silent) => Kind::Unreachable,
				_ if limited => Kind::Limited,
				_ => Kind::Measured,
			},
			down_kbps: rate(|b| b.down_bytes),
			up_kbps: rate(|b| b.up_bytes),
			rtt: self.rtt.unwrap_or(0),
			loss_pptt: self.loss_pptt(),
			bilateral,
			settle,
			fault,
		};
		self.outputs.push_back(Output::Done(Box::new(outcome)));
		self.state = State::Done;
	}

	fn loss_pptt(&self) -> u16 {
		let half = || self.phases.iter().flat_map(|phase| phase.half.clone());
		let sent = u32::try_from(half().count()).unwrap_or(u32::MAX);
		let lost = u32::try_from(half().filter(|seq| !self.verifier.is_acknowledged(*seq)).count())
			.unwrap_or(u32::MAX);
		let part = u64::from(lost).saturating_mul(10_000).checked_div(sent.into()).unwrap_or(0);
		u16::try_from(part).unwrap_or(u16::MAX)
	}
}
