//! A payer and an earner over a simulated line that delays, reorders, loses and stops; disks that take their time; and
//! processes that die. After every step the sums are looked at.

use super::*;
use crate::{
	session::window::{LEAST_BYTES, MOST_BYTES},
	wire::{Refusal, Request, Response, Service, Standing, Usage},
};
use std::collections::BTreeMap;

/// One step of the simulation.
pub(super) const STEP: Micros = MILLI;
pub(super) const SECOND: Micros = 1_000 * MILLI;

/// The line and the disks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
	/// One way.
	pub(super) delay: Micros,
	/// Packets and messages are late by up to this.
	pub(super) jitter: Micros,
	/// Packets lost, per mille. Of requests and answers it is segments, which TCP repeats.
	pub(super) lost: u64,
	/// Requests and answers lost with their connection, per mille each.
	pub(super) unasked: u64,
	/// How long it takes to store something.
	pub(super) fsync: Micros,
}

pub(super) const GOOD: Line = Line { delay: 20 * MILLI, jitter: 0, lost: 0, unasked: 0, fsync: 5 * MILLI };

/// Who lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Liar {
	Nobody,
	/// The provider counts so much more, per mille, and concedes nothing.
	OverCounts(u64),
	/// The customer sends no payment any more.
	PaysNothing,
	/// The customer says it got so much less, per mille, and signs no more than that.
	UnderCounts(u64),
}

enum Event {
	Down(u64),
	Up(u64),
	/// With the number of the session of who asks.
	Question(u64, Asked, Request),
	Answer(u64, Asked, Response),
	/// The customer's disk has it.
	Journalled(Journal),
	/// The provider's disk has it; then a question is answered.
	Recorded(Entry, Option<(Asked, Usage)>),
	Join,
}

/// What has moved, whatever either side remembers.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Truth {
	pub(super) served: u64,
	pub(super) seen: u64,
	pub(super) refused: u64,
	pub(super) throttled: u64,
	pub(super) stops: u32,
	pub(super) disputes: u32,
	pub(super) payer_deaths: u64,
	pub(super) earner_deaths: u64,
	pub(super) most_window: u64,
}

pub(super) struct Pair {
	pub(super) now: Micros,
	pub(super) line: Line,
	pub(super) liar: Liar,
	pub(super) is_up: bool,
	/// Bytes per second towards the customer, and from it.
	pub(super) rates: [u64; 2],
	pub(super) payer: Payer,
	pub(super) journal: Journal,
	pub(super) earner: Option<Earner>,
	pub(super) record: Record,
	pub(super) truth: Truth,
	pub(super) has_left: bool,
	credit: [u64; 2],
	events: BTreeMap<(Micros, u64), Event>,
	number: u64,
	/// The session that the customer's process believes to be in, and the one that the provider has opened: each has its own
	/// connection.
	sessions: [u64; 2],
	/// Questions that wait for the provider's disk.
	waiting: Vec<(Asked, Request)>,
	is_recording: bool,
	random: u64,
}

impl Pair {
	pub(super) fn new(line: Line, liar: Liar, seed: u64) -> Self {
		let mut pair = Self {
			now: NOW,
			line,
			liar,
			is_up: true,
			rates: [0, 0],
			payer: Payer::new(NOW, terms(), key(), Journal::default()),
			journal: Journal::default(),
			earner: None,
			record: Record::default(),
			truth: Truth::default(),
			has_left: false,
			credit: [0, 0],
			events: BTreeMap::new(),
			number: 0,
			sessions: [0, 0],
			waiting: vec![],
			is_recording: false,
			random: seed,
		};
		pair.at(0, Event::Join);
		pair
	}

	/// SplitMix64.
	fn draw(&mut self) -> u64 {
		self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
		let mut z = self.random;
		z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
		z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
		z ^ (z >> 31)
	}

	fn at(&mut self, after: Micros, event: Event) {
		self.number += 1;
		self.events.insert((self.now + after, self.number), event);
	}

	/// Over the line: some is lost, some overtakes.
	fn send(&mut self, event: Event) {
		let is_packet = matches!(event, Event::Down(_) | Event::Up(_));
		let lost = if is_packet { self.line.lost } else { self.line.unasked };
		let is_lost = self.draw() % 1_000 < lost;
		let mut late = self.draw() % (self.line.jitter + 1);
		let mut repeated = 200 * MILLI + 2 * self.line.delay;
		while !is_packet && self.draw() % 1_000 < self.line.lost {
			late += repeated;
			repeated *= 2;
		}
		if self.is_up && !is_lost {
			self.at(self.line.delay + late, event);
		}
	}

	pub(super) fn run(&mut self, duration: Micros) {
		let end = self.now + duration;
		while self.now < end {
			self.step();
		}
	}

	pub(super) fn step(&mut self) {
		self.now += STEP;
		while let Some(entry) = self.events.first_entry().filter(|entry| entry.key().0 <= self.now) {
			let event = entry.remove();
			self.handle(event);
			self.check();
		}
		self.traffic();
		if let Some(earner) = &mut self.earner {
			let before = earner.service();
			earner.handle_timeout(self.now);
			self.truth.stops += u32::from(before != Service::Stopped && earner.service() == Service::Stopped);
			self.truth.throttled += u64::from(earner.service() != Service::Full);
			if earner.entry_is_due() && !self.is_recording {
				let entry = earner.entry();
				self.is_recording = true;
				self.at(self.line.fsync, Event::Recorded(entry, None));
			}
		}
		self.pay();
		self.check();
	}

	fn traffic(&mut self) {
		for way in [0, 1] {
			self.credit[way] += self.rates[way] * STEP / 1_000;
			let packet = (self.rates[way] / 100).clamp(1_280, 60_000);
			while self.credit[way] >= packet * 1_000 {
				self.credit[way] -= packet * 1_000;
				if way == 0 {
					if self.admit(Direction::Down, packet) {
						self.send(Event::Down(packet));
					}
				} else {
					self.payer.count(self.now, Direction::Up, packet as usize);
					self.truth.seen += packet;
					self.send(Event::Up(packet));
				}
			}
		}
	}

	/// Asks the earner, and looks at what it would lose.
	fn admit(&mut self, direction: Direction, bytes: u64) -> bool {
		let Some(earner) = &mut self.earner else { return false };
		let standing = earner.standing();
		if !earner.admit(self.now, direction, bytes as usize) {
			self.truth.refused += 1;
			return false;
		}
		self.truth.served += bytes;
		let paid = earner.voucher().map_or(0, |signed| terms().bytes_for(signed.voucher.credits));
		let conceded = earner.served().total() - earner.charged().total();
		let credit = if standing.is_trusted { standing.window_bytes } else { RESERVE_BYTES };
		let served = earner.served().total();
		assert!(
			served <= paid.max(GREETING_BYTES) + conceded + credit,
			"{served} served, {paid} paid, {conceded} conceded, {credit} on credit"
		);
		assert!(served - self.record.served.total() <= MOST_BYTES, "the disk knows nothing of it");
		true
	}

	fn handle(&mut self, event: Event) {
		match event {
			Event::Down(bytes) => {
				self.payer.count(self.now, Direction::Down, bytes as usize);
				self.truth.seen += bytes;
			}
			Event::Up(bytes) => {
				self.admit(Direction::Up, bytes);
			}
			Event::Question(session, asked, request) if session == self.sessions[1] => {
				self.waiting.push((asked, request));
				self.answer();
			}
			Event::Answer(session, asked, response) if session == self.sessions[0] => {
				self.payer.answered(self.now, asked, Some(&response));
			}
			Event::Question(..) | Event::Answer(..) => {}
			Event::Journalled(journal) => {
				self.journal = journal;
				self.payer.stored();
			}
			Event::Recorded(entry, asked) => {
				let credits = |record: &Record| record.voucher.map_or(0, |signed| signed.voucher.credits);
				assert!(credits(entry.record()) >= credits(&self.record), "vouchers only rise");
				self.record = *entry.record();
				self.is_recording = false;
				let Some(earner) = &mut self.earner else { return };
				earner.stored(self.now, entry);
				if let Some((asked, counted)) = asked {
					self.stand(asked, counted);
				}
				self.answer();
			}
			Event::Join => self.join(),
		}
	}

	/// What a driver of the earner does with a question: one after the other.
	fn answer(&mut self) {
		while !self.is_recording && !self.waiting.is_empty() {
			let (asked, request) = self.waiting.remove(0);
			let Request::Pay { voucher, counted, .. } = request else { panic!("{request:?}") };
			let Some(earner) = &mut self.earner else {
				self.send(Event::Answer(self.sessions[1], asked, Response::Refuse(Refusal::NotJoined)));
				continue;
			};
			let checked = voucher.map_or(Ok(None), |voucher| earner.check(&voucher));
			match checked.expect("an honest voucher") {
				None => self.stand(asked, counted),
				Some(entry) => {
					self.is_recording = true;
					self.at(self.line.fsync, Event::Recorded(entry, Some((asked, counted))));
				}
			}
		}
	}

	fn stand(&mut self, asked: Asked, mut counted: Usage) {
		let Some(earner) = &mut self.earner else { return };
		if let Liar::UnderCounts(per_mille) = self.liar {
			counted.down -= counted.total() * per_mille / 1_000;
		}
		earner.counted(self.now, counted);
		let standing = self.says();
		self.send(Event::Answer(self.sessions[1], asked, Response::Standing(standing)));
	}

	fn says(&self) -> Standing {
		let earner = self.earner.as_ref().expect("joined");
		let mut standing = earner.standing();
		if let Liar::OverCounts(per_mille) = self.liar {
			let served = earner.served();
			standing.charged = Usage { down: served.down + served.total() * per_mille / 1_000, ..served };
		}
		standing
	}

	/// A new session takes the place of the old one, whose last entry is written first.
	fn join(&mut self) {
		if let Some(earner) = self.earner.take() {
			self.record = *earner.entry().record();
		}
		// Whatever was being written for the old session is not heard of any more.
		self.events.retain(|_, event| !matches!(event, Event::Recorded(..)));
		(self.is_recording, self.waiting) = (false, vec![]);
		self.sessions = [self.sessions[0] + 1; 2];
		self.earner = Some(Earner::new(self.now, terms(), voucher_key(), self.record));
		let standing = self.says();
		self.payer.joined(self.now, &standing);
	}

	/// What a driver of the payer does.
	fn pay(&mut self) {
		for orders in 0.. {
			assert!(orders < 20, "there is always something to do");
			let Some(order) = self.payer.poll(self.now) else { break };
			match order {
				Order::Store(journal) => {
					let voucher = journal.voucher.expect("a new one").voucher;
					let counted = self.payer.counted().total();
					assert!(
						voucher.bytes_down + voucher.bytes_up <= counted + self.payer.window_bytes(),
						"more is signed than was counted, and a window"
					);
					if let Some(last) = self.journal.voucher.map(|signed| signed.voucher) {
						assert!(voucher.credits > last.credits && voucher.sequence == last.sequence + 1);
						assert!(voucher.bytes_down >= last.bytes_down && voucher.bytes_up >= last.bytes_up);
					}
					self.at(self.line.fsync, Event::Journalled(journal));
				}
				Order::Ask(asked, request) => {
					let Request::Pay { voucher, .. } = &request else { panic!("{request:?}") };
					let credits = |signed: &SignedVoucher| signed.voucher.credits;
					assert!(
						voucher.as_ref().map_or(0, credits)
							<= self.journal.voucher.as_ref().map_or(0, credits)
					);
					if self.liar != Liar::PaysNothing {
						self.send(Event::Question(self.sessions[0], asked, request));
					}
				}
				Order::Rejoin(_) => {
					let (asks, again) = (2 * self.line.delay, 200 * MILLI);
					self.at(asks + again, Event::Join);
				}
				Order::Dispute(_) => self.truth.disputes += 1,
				Order::TopUpOrStop => panic!("there is enough in it"),
				Order::Leave(_) => self.has_left = true,
			}
		}
	}

	/// The customer's process dies and starts anew.
	pub(super) fn kill_payer(&mut self) {
		self.events.retain(|_, event| !matches!(event, Event::Journalled(_) | Event::Join | Event::Down(_)));
		self.payer = Payer::new(self.now, terms(), key(), self.journal);
		self.truth.payer_deaths += 1;
		self.sessions[0] += 1;
		self.at(300 * MILLI, Event::Join);
	}

	/// The provider's process dies and starts anew. Its customer finds out when it asks.
	pub(super) fn kill_earner(&mut self) {
		self.events.retain(|_, event| !matches!(event, Event::Recorded(..) | Event::Up(_)));
		(self.earner, self.is_recording, self.waiting) = (None, false, vec![]);
		self.truth.earner_deaths += 1;
	}

	/// What holds at any time.
	fn check(&mut self) {
		let credits = |voucher: Option<&SignedVoucher>| voucher.map_or(0, |signed| signed.voucher.credits);
		let journalled = credits(self.journal.voucher.as_ref());
		assert!(credits(self.payer.voucher()) <= journalled, "memory runs ahead of the customer's disk");
		assert!(credits(self.record.voucher.as_ref()) <= journalled, "the provider has what was not stored");
		let mut window = self.payer.window_bytes().max(LEAST_BYTES);
		if let Some(earner) = &self.earner {
			assert!(
				credits(earner.voucher()) <= credits(self.record.voucher.as_ref()),
				"memory runs ahead of the provider's disk"
			);
			window = window.max(earner.standing().window_bytes);
		}
		self.truth.most_window = self.truth.most_window.max(window);
		let Truth { served, seen, most_window, payer_deaths, earner_deaths, .. } = self.truth;
		let signed = terms().bytes_for(journalled);
		// The customer: what it has paid and not got.
		let tolerated = (seen / 50).max(MIB);
		let most = seen + (1 + payer_deaths) * most_window + tolerated;
		assert!(signed <= most, "{signed} signed, {seen} seen: {:?}", self.truth);
		// The provider: what it has served and was not paid, nor conceded.
		let paid = terms().bytes_for(credits(self.record.voucher.as_ref()));
		let conceded = served / 16 + MIB;
		let most = paid + conceded + GREETING_BYTES + (1 + earner_deaths) * most_window;
		assert!(served <= most, "{served} served, {paid} paid: {:?}", self.truth);
	}

	/// Whether both sides mean the same sum, and it is paid.
	pub(super) fn assert_agreed(&self) {
		let earner = self.earner.as_ref().expect("joined");
		assert_eq!(earner.charged().total(), self.payer.owed_bytes(), "{:?}", self.truth);
		assert_eq!(earner.exposure(), Exposure::default(), "{:?}", self.truth);
		assert_eq!(earner.voucher(), self.payer.voucher());
		assert_eq!((earner.service(), self.payer.dispute()), (Service::Full, None));
	}
}
