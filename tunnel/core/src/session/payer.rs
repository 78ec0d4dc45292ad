//! The customer's side of a paid session: it pays what it has counted, half a window after the other.
//!
//! What it owes is the lower one of its own count and what the provider charges. Vouchers are for that and for what is paid
//! ahead: a window, less what the provider serves on credit. So there is always half a window left at the provider when the
//! next voucher is signed. It never signs by what the provider says has moved, but for what may have moved between its last
//! entry in the journal and a crash.

use super::{
	sign_voucher,
	window::{window_bytes, Meter, LEAST_BYTES, START_ROUND_TRIP},
	Direction, Exposure, Terms, GREETING_BYTES, MIB, PAY_EVERY, RESERVE_BYTES,
};
use crate::{
	keys::ProbeKeypair,
	wire::{Refusal, Request, Response, Service, Standing, Usage},
	Micros, MILLI,
};
use codec::{Decode, Encode};
use weir_primitives::{
	channel::{SignedVoucher, Voucher},
	economy::Credits,
};

/// One part of so many of what was counted may differ on both sides: 2 per cent.
const TOLERATED_PART: u64 = 50;
/// Without an answer it asks again after this long, then after twice as long, and so on.
const FIRST_RETRY: Micros = 1_000 * MILLI;
/// It asks again this often at least.
const LAST_RETRY: Micros = 16_000 * MILLI;
/// With a question open, a newer voucher is sent no sooner than this after it: the control plane takes eight requests a
/// second from one prefix.
const PAY_APART: Micros = 125 * MILLI;
/// Who is throttled pays whatever is not paid this often.
const PAY_THROTTLED_EVERY: Micros = 1_000 * MILLI;
/// Due whatever the clock says.
const AT_ONCE: Micros = 0;
/// Who leaves waits no longer for the answer to its last payment.
const GOODBYE: Micros = 8_000 * MILLI;

/// What a customer keeps of a channel on its disk. The default is a channel that was never used.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Encode, Decode)]
pub struct Journal {
	/// What it has counted.
	pub counted: Usage,
	/// The window it went by: no more than that has moved since.
	pub window_bytes: u64,
	/// The newest voucher.
	pub voucher: Option<SignedVoucher>,
}

/// What the driver has to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Order {
	/// Write this in place of what the disk has of the channel, fsync, then call [`Payer::stored`]. If that fails, drop the
	/// payer: nothing was sent.
	Store(Journal),
	/// Send this to the provider, and tell [`Payer::answered`] what comes back.
	Ask(Asked, Request),
	/// The provider has ended the session, and says why if it was not for missing vouchers. Join again, and call
	/// [`Payer::joined`].
	Rejoin(Option<Refusal>),
	/// The channel holds little more than what is signed: put something in and call [`Payer::set_deposited`], or end soon.
	TopUpOrStop,
	/// Nothing more is signed, because of this.
	Dispute(Dispute),
	/// All is paid, or the provider does not answer: send this, and end.
	Leave(Request),
}

/// Why a customer stops signing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Dispute {
	/// The provider counts more than may have been lost on the way.
	#[error(
		"the provider counts {theirs} bytes where {ours} moved: nothing more is paid. Leave, close the channel, and \
		take another provider"
	)]
	OverCounted {
		/// What the provider charges, bytes.
		theirs: u64,
		/// What was counted here, bytes.
		ours: u64,
	},
	/// The provider says it has a higher voucher than this machine has signed.
	#[error(
		"the provider says that it has a voucher for {theirs} credits, the highest one signed here is for {ours}: the \
		channel is in use on another machine, its journal is an old copy, or the provider lies. Nothing more is paid"
	)]
	UnknownVoucher {
		/// Credits of the provider's voucher.
		theirs: Credits,
		/// Credits of one's own.
		ours: Credits,
	},
	/// The provider refuses a voucher that is good.
	#[error("the provider refuses a good voucher: {0}. Leave, and take another one")]
	Refused(Refusal),
}

/// Which question an answer belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Asked {
	number: u64,
	at: Micros,
	counted: Usage,
	credits: Credits,
}

/// The customer's side of a channel, through all of its sessions in one process. See the [module](self).
///
/// After each call a driver does what [`Self::poll`] says until that is nothing, and calls it again at
/// [`Self::timeout`].
#[derive(Clone)]
pub struct Payer {
	terms: Terms,
	key: ProbeKeypair,
	counted: Usage,
	/// How much may have moved since the journal was written: of a payer that has not joined since it was read.
	journal_lags: Option<u64>,
	meter: Meter,
	round_trip: Option<Micros>,
	window_bytes: u64,
	signed: Option<SignedVoucher>,
	/// What `signed` pays for.
	signed_bytes: u64,
	signed_at: Micros,
	/// Given out to be stored.
	storing: Option<SignedVoucher>,
	/// What the provider said last, and by how much its count was below one's own: lost, or throttled.
	standing: Option<Standing>,
	lost: Usage,
	is_joined: bool,
	rejoin: Option<Option<Refusal>>,
	/// The newest question, and when it is asked again; none if it was answered.
	asking: Option<Micros>,
	asked_at: Micros,
	asked: u64,
	/// Credits of the voucher that was sent last.
	sent: Credits,
	attempts: u32,
	/// The newest question that was answered.
	heard: u64,
	dispute: Option<Dispute>,
	has_told_dispute: bool,
	has_told_top_up: bool,
	leaving: Option<Micros>,
	has_left: bool,
}

impl Payer {
	/// A channel whose vouchers `key` signs. `journal` is what the disk has of it. It does nothing before
	/// [`Self::joined`].
	pub fn new(now: Micros, terms: Terms, key: ProbeKeypair, journal: Journal) -> Self {
		let Journal { counted, window_bytes: window, voucher: signed } = journal;
		// Who has paid nothing was served next to nothing.
		let lag = if signed.is_some() { window.max(LEAST_BYTES) } else { GREETING_BYTES + RESERVE_BYTES };
		Self {
			terms,
			key,
			counted,
			journal_lags: Some(lag),
			meter: Meter::new(now),
			round_trip: None,
			window_bytes: window_bytes(0, START_ROUND_TRIP),
			signed_bytes: terms.bytes_for(signed.map_or(0, |signed| signed.voucher.credits)),
			signed,
			signed_at: now,
			storing: None,
			standing: None,
			lost: Usage::default(),
			is_joined: false,
			rejoin: None,
			asking: None,
			asked_at: now,
			asked: 0,
			sent: 0,
			attempts: 0,
			heard: 0,
			dispute: None,
			has_told_dispute: false,
			has_told_top_up: false,
			leaving: None,
			has_left: false,
		}
	}

	/// The provider has let this customer in.
	pub fn joined(&mut self, now: Micros, standing: &Standing) {
		if let Some(lag) = self.journal_lags {
			let missing = beyond(&standing.charged, &self.counted);
			if missing.total() <= lag.saturating_add(tolerance(self.counted.total())) {
				let down = missing.down.min(lag);
				let up = missing.up.min(lag.saturating_sub(down));
				self.counted.down = self.counted.down.saturating_add(down);
				self.counted.up = self.counted.up.saturating_add(up);
				self.journal_lags = None;
			}
		}
		self.is_joined = true;
		self.rejoin = None;
		(self.asking, self.attempts, self.asked_at, self.sent) = (None, 0, now, 0);
		// Answers to what was asked in the session before are of no use now.
		self.heard = self.asked;
		(self.dispute, self.has_told_dispute) = (None, false);
		self.hear(standing, self.counted);
	}

	/// Counts an inner IP packet; whether [`Self::poll`] has something to do now. For every packet: it compares numbers
	/// and allocates nothing.
	pub fn count(&mut self, now: Micros, direction: Direction, bytes: usize) -> bool {
		let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
		let count = match direction {
			Direction::Down => &mut self.counted.down,
			Direction::Up => &mut self.counted.up,
		};
		*count = count.saturating_add(bytes);
		if self.meter.count(now, bytes) {
			self.measure();
		}
		self.may_sign() && self.unsigned_bytes() >= self.window_bytes / 2
	}

	/// The next thing to do; none until more happens or [`Self::timeout`] is due.
	pub fn poll(&mut self, now: Micros) -> Option<Order> {
		if self.has_left {
			return None;
		}
		if let Some(dispute) = self.dispute.filter(|_| !self.has_told_dispute) {
			self.has_told_dispute = true;
			return Some(Order::Dispute(dispute));
		}
		if let Some(why) = self.rejoin.take() {
			return Some(Order::Rejoin(why));
		}
		if self.signs_at().is_some_and(|due| due <= now) {
			return Some(Order::Store(self.sign(now)));
		}
		if self.is_short() && !self.has_told_top_up {
			self.has_told_top_up = true;
			return Some(Order::TopUpOrStop);
		}
		if self.is_joined && self.asks_at().is_some_and(|due| due <= now) {
			return Some(self.ask(now));
		}
		if self.leaves_at().is_some_and(|due| due <= now) {
			self.has_left = true;
			return Some(Order::Leave(Request::Leave { channel: self.terms.channel }));
		}
		None
	}

	/// When [`Self::poll`] has something to do, if nothing happens before.
	pub fn timeout(&self) -> Option<Micros> {
		if self.has_left {
			return None;
		}
		let asks = if self.is_joined { self.asks_at() } else { None };
		[self.signs_at(), asks, self.leaves_at()].into_iter().flatten().min()
	}

	/// What [`Order::Store`] gave out is on the disk: now its voucher may be sent.
	pub fn stored(&mut self) {
		if let Some(signed) = self.storing.take() {
			self.signed_bytes = self.terms.bytes_for(signed.voucher.credits);
			self.signed = Some(signed);
		}
	}

	/// What came back; none if nothing did.
	pub fn answered(&mut self, now: Micros, asked: Asked, response: Option<&Response>) {
		// Answers may overtake each other, and a session may have ended between.
		if asked.number <= self.heard || !self.is_joined {
			return;
		}
		match response {
			Some(Response::Standing(standing)) => {
				self.heard = asked.number;
				let took = now.saturating_sub(asked.at);
				let average = |before: Micros| before.saturating_mul(7).saturating_add(took) / 8;
				self.round_trip = Some(self.round_trip.map_or(took, average));
				self.measure();
				// A provider that goes on without the voucher is asked as often as one that is silent.
				if asked.number == self.asked && standing.credits >= asked.credits {
					(self.asking, self.attempts) = (None, 0);
				}
				self.hear(standing, asked.counted);
			}
			Some(Response::Refuse(refusal)) => self.refused(*refusal),
			// Asked again when it is due.
			_ => {}
		}
	}

	/// All that was ever put into the channel, as the chain says now.
	pub fn set_deposited(&mut self, deposited: Credits) {
		self.has_told_top_up &= deposited <= self.terms.funds.deposited;
		self.terms.funds.deposited = deposited;
	}

	/// Pays what is owed and no more, then [`Order::Leave`] comes. Count nothing more.
	pub fn leave(&mut self, now: Micros) {
		self.leaving.get_or_insert(now);
	}

	/// What is to be on the disk when the driver ends without [`Self::leave`].
	pub fn journal(&self) -> Journal {
		let voucher = self.storing.or(self.signed);
		Journal { counted: self.counted, window_bytes: self.window_bytes, voucher }
	}

	/// What was counted here.
	pub fn counted(&self) -> Usage {
		self.counted
	}

	/// Bytes that are owed: what was counted, and no more than the provider charges.
	pub fn owed_bytes(&self) -> u64 {
		beyond(&self.counted, &self.lost).total()
	}

	/// The newest voucher that is stored.
	pub fn voucher(&self) -> Option<&SignedVoucher> {
		self.signed.as_ref()
	}

	/// What the provider said last.
	pub fn standing(&self) -> Option<&Standing> {
		self.standing.as_ref()
	}

	/// Why nothing is signed now.
	pub fn dispute(&self) -> Option<Dispute> {
		self.dispute
	}

	/// The window that is paid ahead, bytes.
	pub fn window_bytes(&self) -> u64 {
		self.window_bytes
	}

	/// What the customer would lose if the provider vanished now.
	pub fn exposure(&self) -> Exposure {
		let counted = self.counted.total();
		let signed = self.signed.map(|signed| signed.voucher);
		let bytes = signed.map_or(0, |voucher| voucher.bytes_down.saturating_add(voucher.bytes_up));
		Exposure {
			bytes: bytes.saturating_sub(counted),
			credits: self.signed_credits().saturating_sub(self.terms.charge(counted)),
		}
	}

	fn signed_credits(&self) -> Credits {
		self.signed.map_or(0, |signed| signed.voucher.credits)
	}

	/// What the provider has on its disk, as it says.
	fn acknowledged(&self) -> Credits {
		self.standing.map_or(0, |standing| standing.credits)
	}

	/// Whether there is a voucher that the provider does not have.
	fn has_news(&self) -> bool {
		self.dispute.is_none() && self.signed_credits() > self.acknowledged()
	}

	fn may_sign(&self) -> bool {
		self.is_joined && self.storing.is_none() && self.dispute.is_none() && !self.has_left
	}

	/// Bytes to be paid for in all, as far as the channel holds them.
	fn target_bytes(&self) -> u64 {
		self.wanted_bytes().min(self.terms.bytes_for(self.terms.funds.deposited))
	}

	fn wanted_bytes(&self) -> u64 {
		let credit = self.standing.filter(|standing| standing.is_trusted).map_or(0, |s| s.window_bytes);
		let ahead = if self.leaving.is_some() { 0 } else { self.window_bytes.saturating_sub(credit) };
		self.owed_bytes().saturating_add(ahead)
	}

	fn unsigned_bytes(&self) -> u64 {
		self.target_bytes().saturating_sub(self.signed_bytes)
	}

	/// Whether the channel holds less than a window more than what is owed.
	fn is_short(&self) -> bool {
		let needed = self.owed_bytes().saturating_add(self.window_bytes);
		self.is_joined && self.leaving.is_none() && needed > self.terms.bytes_for(self.terms.funds.deposited)
	}

	/// When the next voucher is due; none if there is nothing to sign.
	fn signs_at(&self) -> Option<Micros> {
		let unsigned = self.unsigned_bytes();
		if unsigned == 0 || !self.may_sign() {
			return None;
		}
		let is_throttled = self.standing.is_some_and(|standing| !standing.service.is_full());
		if unsigned >= self.window_bytes / 2 || self.leaving.is_some() {
			return Some(AT_ONCE);
		}
		Some(self.signed_at.saturating_add(if is_throttled { PAY_THROTTLED_EVERY } else { PAY_EVERY }))
	}

	/// Whether there is a voucher that was not sent yet.
	fn has_unsent(&self) -> bool {
		self.has_news() && self.signed_credits() > self.sent
	}

	/// When the provider is asked next: at once if there is news, and while it does not answer, later and later.
	fn asks_at(&self) -> Option<Micros> {
		match self.asking {
			Some(again_at) if self.has_unsent() => {
				Some(again_at.min(self.asked_at.saturating_add(PAY_APART)))
			}
			Some(again_at) => Some(again_at),
			None if self.has_news() => Some(AT_ONCE),
			None => Some(self.asked_at.saturating_add(PAY_EVERY)),
		}
	}

	/// When to leave: once the last voucher has arrived, or too long after.
	fn leaves_at(&self) -> Option<Micros> {
		let since = self.leaving?;
		let is_waiting = self.storing.is_some() || self.has_news() || self.signs_at().is_some();
		Some(if self.is_joined && is_waiting { since.saturating_add(GOODBYE) } else { AT_ONCE })
	}

	fn sign(&mut self, now: Micros) -> Journal {
		let target = self.target_bytes();
		let last = self.signed.map(|signed| signed.voucher);
		let (down, up, sequence) =
			last.map_or((0, 0, 0), |last| (last.bytes_down, last.bytes_up, last.sequence));
		// What is paid ahead counts as down. Each number only rises; saturating: the last one was for fewer bytes.
		let bytes_up = self.counted.up.min(target.saturating_sub(down)).max(up);
		let voucher = Voucher {
			channel: self.terms.channel,
			bytes_down: target.saturating_sub(bytes_up),
			bytes_up,
			credits: self.terms.charge(target),
			sequence: sequence.saturating_add(1),
		};
		self.signed_at = now;
		self.storing = Some(sign_voucher(&self.key, &self.terms.genesis, voucher));
		self.journal()
	}

	fn ask(&mut self, now: Micros) -> Order {
		let pause = FIRST_RETRY.checked_shl(self.attempts).unwrap_or(LAST_RETRY).min(LAST_RETRY);
		if !self.has_unsent() || self.asking.is_none() {
			self.attempts = self.attempts.saturating_add(1).min(8);
		}
		self.asking = Some(now.saturating_add(pause));
		self.asked_at = now;
		self.asked = self.asked.saturating_add(1);
		let voucher = self.signed.filter(|_| self.has_news());
		let credits = voucher.map_or(0, |signed| signed.voucher.credits);
		self.sent = self.sent.max(credits);
		let asked = Asked { number: self.asked, at: now, counted: self.counted, credits };
		let request = Request::Pay { channel: self.terms.channel, voucher, counted: self.counted };
		Order::Ask(asked, request)
	}

	fn measure(&mut self) {
		self.window_bytes = window_bytes(self.meter.rate(), self.round_trip.unwrap_or(START_ROUND_TRIP));
	}

	/// Takes what the provider says to a question that was asked when so much was counted.
	fn hear(&mut self, standing: &Standing, counted: Usage) {
		let ours = self.counted.total();
		let over = beyond(&standing.charged, &self.counted).total();
		self.standing = Some(*standing);
		self.lost = beyond(&counted, &standing.charged);
		if standing.service == Service::Stopped {
			self.end(None);
		}
		let found = if over > tolerance(ours) {
			Some(Dispute::OverCounted { theirs: ours.saturating_add(over), ours })
		} else if standing.credits > self.signed_credits() {
			Some(Dispute::UnknownVoucher { theirs: standing.credits, ours: self.signed_credits() })
		} else {
			None
		};
		// A refusal stands until the next session; what was late on the way may still arrive.
		if !matches!(self.dispute, Some(Dispute::Refused(_))) {
			self.has_told_dispute &= found.is_some();
			self.dispute = found;
		}
	}

	fn refused(&mut self, refusal: Refusal) {
		match refusal {
			Refusal::BadVoucher => {
				(self.asking, self.attempts) = (None, 0);
				(self.dispute, self.has_told_dispute) = (Some(Dispute::Refused(refusal)), false);
			}
			Refusal::NotJoined | Refusal::UnknownChannel | Refusal::ChannelEnding | Refusal::NotServing => {
				self.end(Some(refusal))
			}
			// Asked again when it is due.
			_ => {}
		}
	}

	fn end(&mut self, why: Option<Refusal>) {
		self.is_joined = false;
		self.rejoin = self.leaving.is_none().then_some(why);
	}
}

/// By how much one count is above the other, each way for itself: what was lost one way makes up for nothing.
fn beyond(count: &Usage, other: &Usage) -> Usage {
	Usage { down: count.down.saturating_sub(other.down), up: count.up.saturating_sub(other.up) }
}

/// How much of a count may differ on both sides.
fn tolerance(bytes: u64) -> u64 {
	(bytes / TOLERATED_PART).max(MIB)
}

#[cfg(test)]
mod tests;
