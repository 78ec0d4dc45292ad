//! What is paid, and what is written down of it.

use super::{Done, Guests, Job, Payment, Reply};
use crate::store::Kept;
use futures::FutureExt;
use weir_primitives::channel::ChannelId;
use weir_tunnel_core::{
	session::Entry,
	wire::{Refusal, Response, Service},
	Micros,
};

impl Guests {
	/// Checks a payment; `is_topped` if the chain was asked what the channel holds.
	pub(super) fn pay(
		&mut self,
		now: Micros,
		channel: ChannelId,
		payment: Box<Payment>,
		is_topped: bool,
	) -> Option<Job> {
		let carried = self.carried();
		let Some(session) = self.session_of(channel, &payment.peer) else {
			return self.refuse(channel, payment.reply, Refusal::NotJoined);
		};
		session.heard_at = now;
		let Some(voucher) = payment.voucher else { return self.settle(now, channel, *payment) };
		match session.earner.check(&voucher) {
			Ok(None) => self.settle(now, channel, *payment),
			Ok(Some(entry)) => {
				let joined = self.parts.kept.get(&channel).map_or(0, |kept| kept.joined);
				let kept = Kept { joined, record: *entry.record() };
				let writer = self.parts.writer.clone();
				Some(
					async move {
						let is_kept = writer.put(channel, kept, carried).await;
						Done::Paid { payment, entry, is_kept }
					}
					.boxed(),
				)
			}
			// More may have been put in than this side knows of.
			Err(Refusal::Overdrawn) if !is_topped => {
				let facts = self.parts.facts.clone();
				Some(
					async move {
						let info = facts.fetch(channel).await.ok().flatten().map(Box::new);
						Done::Topped { payment, info }
					}
					.boxed(),
				)
			}
			Err(refusal) => self.refuse(channel, payment.reply, refusal),
		}
	}

	/// Goes by a voucher that is on the disk, or refuses it.
	pub(super) fn paid(
		&mut self,
		now: Micros,
		channel: ChannelId,
		payment: Payment,
		entry: Entry,
		is_kept: bool,
	) -> Option<Job> {
		if !is_kept {
			return self.refuse(channel, payment.reply, Refusal::DiskFull);
		}
		if let Some(kept) = self.parts.kept.get_mut(&channel) {
			kept.record.voucher = entry.record().voucher;
		}
		if let Some(signed) = entry.record().voucher {
			self.parts.owed.add(signed);
		}
		self.parts.metrics.vouchers.inc();
		if let Some(session) = self.session(channel) {
			session.earner.stored(now, entry);
		}
		self.settle(now, channel, payment)
	}

	/// Answers how the channel stands.
	pub(super) fn settle(&mut self, now: Micros, channel: ChannelId, payment: Payment) -> Option<Job> {
		let is_ending = self.door.is_ending();
		let Some(session) = self.session_of(channel, &payment.peer) else {
			return self.refuse(channel, payment.reply, Refusal::NotJoined);
		};
		session.earner.counted(now, payment.counted);
		let mut standing = session.earner.standing();
		if !session.is_open {
			(standing.service, standing.allowance_bytes) = (Service::Stopped, 0);
		} else if is_ending && standing.service == Service::Full {
			standing.service = Service::Ending;
		}
		// Whoever asked may no longer wait.
		let _ = payment.reply.send(Response::Standing(standing));
		None
	}

	/// Ends a session and has it written down.
	pub(super) fn end(&mut self, channel: ChannelId, reply: Option<Reply>) -> Option<Job> {
		self.close(channel);
		self.remove(channel);
		let (kept, carried) = (self.parts.kept.get(&channel).copied()?, self.carried());
		let writer = self.parts.writer.clone();
		Some(
			async move {
				writer.put(channel, kept, carried).await;
				Done::Ended { reply }
			}
			.boxed(),
		)
	}

	/// Has a count written down, unless the channel's turn is somebody else's.
	pub(super) fn record(&mut self, channel: ChannelId, entry: Entry) {
		if self.busy.contains_key(&channel) {
			return;
		}
		let joined = self.parts.kept.get(&channel).map_or(0, |kept| kept.joined);
		let kept = Kept { joined, record: *entry.record() };
		let (writer, carried) = (self.parts.writer.clone(), self.carried());
		let job = async move {
			let is_kept = writer.put(channel, kept, carried).await;
			Done::Recorded { entry, is_kept }
		};
		self.pursue(channel, Some(job.boxed()));
	}
}
