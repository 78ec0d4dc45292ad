//! The provider's side of a paid session: it serves what is paid for, and a window on credit to whom it trusts.
//!
//! What limits service are three lines in bytes, all counted since the channel was opened; [`Earner::admit`] compares the
//! count with them and nothing else. Whoever joins again finds the same lines.
//!
//! | up to | it is served |
//! |---|---|
//! | what is paid (at least [`GREETING_BYTES`]) + the credit + what is conceded | at full rate |
//! | [`RESERVE_BYTES`] more | at [`THROTTLED_KBPS`] |
//!
//! The credit of a trusted customer is a window without the reserve, so that it never gets more than a window unpaid. Nor
//! is more than the largest window served that no entry on the disk knows of.

use super::{
	window::{window_bytes, Meter, MOST_BYTES, START_ROUND_TRIP},
	Direction, Exposure, Terms, GOOD_WINDOWS, GREETING_BYTES, LATE, MIB, MOST_MISSES, RESERVE_BYTES,
	THROTTLED_KBPS, UNPAID,
};
use crate::{
	pacer::Bucket,
	wire::{Refusal, Service, Standing, Usage},
	Micros,
};
use codec::{Decode, Encode};
use weir_math::economy::channel::{Funds, Refusal as Unpayable};
use weir_primitives::{
	channel::{SignedVoucher, VoucherKey},
	economy::Credits,
};

/// A provider concedes this part of its count at most, beside a MiB.
const CONCEDED_PART: u64 = 16;

/// What the provider keeps of a channel on its disk, whoever is joined. The default is a channel that nobody has used.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Encode, Decode)]
pub struct Record {
	/// What was served.
	pub served: Usage,
	/// Of it, what counts as lost on the way.
	pub conceded_bytes: u64,
	/// Windows that were paid in time, one after the other.
	pub good_windows: u8,
	/// The highest voucher.
	pub voucher: Option<SignedVoucher>,
}

/// A record that has to be on the disk before the earner goes by it: [`Earner::stored`]. One at a time: the next one is to be
/// made when this one was stored or given up, for it knows only of vouchers that count already.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry(Record);

impl Entry {
	/// What is to be written in place of the channel's earlier record.
	pub fn record(&self) -> &Record {
		&self.0
	}
}

/// The provider's side of one session. See the [module](self).
///
/// A driver answers [`crate::wire::Request::Pay`] so:
///
/// ```text
/// if let Some(entry) = earner.check(&voucher)? {    refuse with the reason
///     write entry.record(), fsync                   refuse with DiskFull, and forget the entry
///     earner.stored(now, entry);
/// }
/// earner.counted(now, counted);
/// answer with earner.standing()
/// ```
#[derive(Clone, Debug)]
pub struct Earner {
	terms: Terms,
	key: VoucherKey,
	record: Record,
	/// What the record on the disk says was served.
	recorded_bytes: u64,
	/// What counts as lost each way: the record has the sum.
	conceded: Usage,
	/// The customer's count, as it said in this session.
	told: Usage,
	meter: Meter,
	round_trip: Micros,
	window_bytes: u64,
	/// What was charged when the running window began.
	window_from: u64,
	/// Bytes that the highest voucher pays for, of what the channel holds.
	paid_bytes: u64,
	lines: Lines,
	bucket: Bucket,
	/// When the customer first wanted more than its allowance, or has paid last since then.
	late_since: Option<Micros>,
	/// Since when something is unpaid without a newer voucher.
	unpaid_since: Option<Micros>,
	misses: u8,
	missed_at: Micros,
}

/// Bytes up to which is served, as one's own count has them.
#[derive(Clone, Copy, Default, Debug)]
struct Lines {
	/// All that is paid for or conceded.
	paid: u64,
	full: u64,
	throttled: u64,
	recorded: u64,
}

impl Earner {
	/// A session of a channel whose vouchers `key` signs. `record` is what the disk has of the channel.
	pub fn new(now: Micros, terms: Terms, key: VoucherKey, record: Record) -> Self {
		let down = record.conceded_bytes.min(record.served.down);
		let mut earner = Self {
			terms,
			key,
			record,
			recorded_bytes: record.served.total(),
			// What is lost is lost towards the customer, until it says otherwise.
			conceded: Usage { down, up: record.conceded_bytes.saturating_sub(down) },
			told: Usage::default(),
			meter: Meter::new(now),
			round_trip: START_ROUND_TRIP,
			window_bytes: window_bytes(0, START_ROUND_TRIP),
			window_from: 0,
			paid_bytes: 0,
			lines: Lines::default(),
			bucket: Bucket::new(now, THROTTLED_KBPS),
			late_since: None,
			unpaid_since: None,
			misses: 0,
			missed_at: now,
		};
		earner.window_from = earner.charged().total();
		earner.refresh(now);
		earner
	}

	/// Whether a packet may pass. If so it is counted. For every packet of the customer: it compares numbers and allocates
	/// nothing.
	pub fn admit(&mut self, now: Micros, direction: Direction, bytes: usize) -> bool {
		let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
		let served = self.record.served.total().saturating_add(bytes);
		if self.is_stopped() || served > self.lines.recorded {
			return false;
		}
		if served > self.lines.full {
			self.late_since.get_or_insert(now);
		}
		let is_full = self.misses == 0 && served <= self.lines.full;
		let may_pass = is_full || (served <= self.lines.throttled && self.takes(now, bytes));
		if !may_pass {
			return false;
		}
		let count = match direction {
			Direction::Down => &mut self.record.served.down,
			Direction::Up => &mut self.record.served.up,
		};
		*count = count.saturating_add(bytes);
		if served > self.lines.paid {
			self.unpaid_since.get_or_insert(now);
		}
		if self.meter.count(now, bytes) {
			self.measure(now);
		}
		true
	}

	/// What has to be on the disk before `voucher` counts; none if it is no higher than the one that does. It changes
	/// nothing.
	///
	/// The refusals are those of the chain, in its order: [`Refusal::BadVoucher`] of one that is not signed by the
	/// channel's key for this channel and chain or asks for more than its bytes cost, [`Refusal::Overdrawn`] of one that the
	/// channel has nothing left for. One for more than the channel holds is worth what it holds.
	pub fn check(&self, voucher: &SignedVoucher) -> Result<Option<Entry>, Refusal> {
		if self.record.voucher.as_ref() == Some(voucher) {
			return Ok(None);
		}
		let says = &voucher.voucher;
		if says.channel != self.terms.channel || !voucher.verify(&self.terms.genesis, &self.key) {
			return Err(Refusal::BadVoucher);
		}
		let charge =
			weir_math::economy::channel::charge(says.bytes_down, says.bytes_up, self.terms.price_per_gb);
		let funds = Funds { paid: self.paid(), ..self.terms.funds };
		match funds.claim(says.credits, charge.ok_or(Refusal::BadVoucher)?) {
			Ok(_) => Ok(Some(Entry(Record { voucher: Some(*voucher), ..self.record }))),
			Err(Unpayable::AboveCharge) => Err(Refusal::BadVoucher),
			Err(Unpayable::NothingNew) => Ok(None),
			Err(Unpayable::Drained) => Err(Refusal::Overdrawn),
		}
	}

	/// What is to be on the disk now: when [`Self::entry_is_due`], and when the session ends.
	pub fn entry(&self) -> Entry {
		Entry(self.record)
	}

	/// Whether so much was served since the last entry that another one should be written. Once the largest window was,
	/// nothing is served until it is.
	pub fn entry_is_due(&self) -> bool {
		self.record.served.total().saturating_sub(self.recorded_bytes) >= self.window_bytes / 2
	}

	/// The entry is on the disk: its voucher counts if it is the highest.
	pub fn stored(&mut self, now: Micros, entry: Entry) {
		self.recorded_bytes = self.recorded_bytes.max(entry.0.served.total());
		let credits = |voucher: &Option<SignedVoucher>| voucher.map_or(0, |signed| signed.voucher.credits);
		let is_higher = credits(&entry.0.voucher) > credits(&self.record.voucher);
		if is_higher {
			self.record.voucher = entry.0.voucher;
			self.unpaid_since = self.unpaid_since.map(|_| now);
			self.late_since = self.late_since.map(|_| now);
			self.missed_at = now;
		}
		self.refresh(now);
		if is_higher {
			self.end_window(now);
		}
	}

	/// The customer says what it has counted, with each payment. What did not arrive is conceded, up to a bound. So is
	/// what is still on its way, until the customer counts again.
	pub fn counted(&mut self, now: Micros, counted: Usage) {
		// Messages may overtake each other.
		self.told = Usage { down: self.told.down.max(counted.down), up: self.told.up.max(counted.up) };
		let served = self.record.served;
		let most = (served.total() / CONCEDED_PART).saturating_add(MIB);
		// Saturating: what a customer has counted and was not served, as what was throttled, makes up for nothing.
		let down = served.down.saturating_sub(self.told.down).min(most);
		let up = served.up.saturating_sub(self.told.up).min(most.saturating_sub(down));
		self.conceded = Usage { down, up };
		self.record.conceded_bytes = self.conceded.total();
		self.refresh(now);
	}

	/// What the chain says the channel holds now, after it was topped up or has paid.
	pub fn set_funds(&mut self, now: Micros, funds: Funds) {
		self.terms.funds = funds;
		self.refresh(now);
	}

	/// How long the customer's answers take, if the driver can tell.
	pub fn set_round_trip(&mut self, now: Micros, round_trip: Micros) {
		self.round_trip = round_trip;
		self.measure(now);
	}

	/// When [`Self::handle_timeout`] is due.
	pub fn timeout(&self) -> Option<Micros> {
		if self.is_stopped() {
			return None;
		}
		if self.misses > 0 {
			return Some(self.missed_at.saturating_add(UNPAID));
		}
		let late = self.late_since.map(|since| since.saturating_add(LATE));
		let unpaid = self.unpaid_since.map(|since| since.saturating_add(UNPAID));
		late.into_iter().chain(unpaid).min()
	}

	/// Counts a missed window if one is due. Look at [`Self::service`] afterwards: who is stopped has no tunnel any more.
	pub fn handle_timeout(&mut self, now: Micros) {
		if self.timeout().is_none_or(|due| due > now) {
			return;
		}
		self.misses = self.misses.saturating_add(1);
		self.missed_at = now;
		self.record.good_windows = 0;
		self.window_from = self.charged().total();
		self.refresh(now);
	}

	/// What becomes of the customer's packets.
	pub fn service(&self) -> Service {
		if self.is_stopped() {
			Service::Stopped
		} else if self.misses > 0 || self.late_since.is_some() {
			Service::Throttled
		} else {
			Service::Full
		}
	}

	/// What the customer is told.
	pub fn standing(&self) -> Standing {
		let voucher = self.record.voucher.map(|signed| signed.voucher);
		let left = self.lines.full.saturating_sub(self.record.served.total());
		Standing {
			charged: self.charged(),
			credits: voucher.map_or(0, |voucher| voucher.credits),
			sequence: voucher.map_or(0, |voucher| voucher.sequence),
			allowance_bytes: if self.misses == 0 { left } else { 0 },
			window_bytes: self.window_bytes,
			is_trusted: self.is_trusted(),
			service: self.service(),
		}
	}

	/// What was served: one's own count.
	pub fn served(&self) -> Usage {
		self.record.served
	}

	/// What the customer has to pay: what was served, but for what is conceded.
	pub fn charged(&self) -> Usage {
		let Usage { down, up } = self.record.served;
		Usage { down: down.saturating_sub(self.conceded.down), up: up.saturating_sub(self.conceded.up) }
	}

	/// The highest voucher on the disk.
	pub fn voucher(&self) -> Option<&SignedVoucher> {
		self.record.voucher.as_ref()
	}

	/// What the provider would lose if the customer vanished now.
	pub fn exposure(&self) -> Exposure {
		let charged = self.charged().total();
		Exposure {
			bytes: charged.saturating_sub(self.paid_bytes),
			credits: self.terms.charge(charged).saturating_sub(self.paid()),
		}
	}

	/// What the provider has earned: the highest voucher as far as the channel holds it, or what the chain has paid.
	fn paid(&self) -> Credits {
		let Funds { deposited, paid } = self.terms.funds;
		self.record.voucher.map_or(0, |signed| signed.voucher.credits).min(deposited).max(paid)
	}

	fn is_trusted(&self) -> bool {
		self.record.good_windows >= GOOD_WINDOWS
	}

	fn is_stopped(&self) -> bool {
		self.misses >= MOST_MISSES
	}

	/// Takes a packet's tokens of the throttled rate.
	fn takes(&mut self, now: Micros, bytes: u64) -> bool {
		self.bucket.take(now, usize::try_from(bytes).unwrap_or(usize::MAX))
	}

	/// Whether all is paid.
	fn is_paid(&self) -> bool {
		self.charged().total() <= self.paid_bytes
	}

	/// Ends the running window if it has moved and is paid.
	fn end_window(&mut self, now: Micros) {
		let charged = self.charged().total();
		let has_moved = charged.saturating_sub(self.window_from) >= self.window_bytes;
		if has_moved && self.is_paid() && self.misses == 0 {
			self.record.good_windows = self.record.good_windows.saturating_add(1).min(GOOD_WINDOWS);
			self.window_from = charged;
			self.refresh(now);
		}
	}

	fn measure(&mut self, now: Micros) {
		let window = window_bytes(self.meter.rate(), self.round_trip);
		if window != self.window_bytes {
			self.window_bytes = window;
			self.refresh(now);
		}
	}

	/// Draws the lines anew, and ends what is over: lateness, and the misses of who has paid.
	fn refresh(&mut self, now: Micros) {
		let served = self.record.served.total();
		let conceded = self.record.conceded_bytes;
		self.paid_bytes = self.terms.bytes_for(self.paid());
		let credit = if self.is_trusted() { self.window_bytes.saturating_sub(RESERVE_BYTES) } else { 0 };
		let full = self.paid_bytes.max(GREETING_BYTES).saturating_add(credit).saturating_add(conceded);
		self.lines = Lines {
			paid: self.paid_bytes.saturating_add(conceded),
			full,
			throttled: full.saturating_add(RESERVE_BYTES),
			recorded: self.recorded_bytes.saturating_add(MOST_BYTES),
		};
		if served < full {
			self.late_since = None;
		}
		if !self.is_paid() {
			self.unpaid_since.get_or_insert(now);
			return;
		}
		self.unpaid_since = None;
		if !self.is_stopped() {
			self.misses = 0;
		}
	}
}

#[cfg(test)]
mod tests;
