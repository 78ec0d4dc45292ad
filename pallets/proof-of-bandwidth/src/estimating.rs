//! The estimate cursor: what stands when the reveals have closed becomes estimates and verdicts, a few per block.

use crate::{
	assignment::{Draw, Test},
	epochs::SeatIndices,
	misplacement::Ruling,
	*,
};
use polkadot_sdk::*;

use alloc::vec::Vec;
use frame_support::{pallet_prelude::*, weights::WeightMeter};
use weir_math::{
	estimate::{self, Estimate, Kind, Measurement, Member},
	verdict::{judge, Outcome, Reason},
};
use weir_primitives::{
	api::{TestKind, VerdictRecord},
	report::{Entry, EntryKind},
	seams::{EpochClock, OnVerdict, ProviderRegistry},
	Admission, EpochIndex,
};

/// Changes of the registry that one verdict leads to at most.
const MOST_CHANGES: u64 = 2;

/// What a committee had to say, by place.
pub(crate) struct Heard<AccountId> {
	/// What each member said.
	pub(crate) members: Vec<Member>,
	/// Its node; none where a seat is no longer known.
	pub(crate) nodes: Vec<Option<AccountId>>,
}

impl<AccountId> Heard<AccountId> {
	/// Members with an entry that counts.
	pub(crate) fn reporters(&self) -> impl Iterator<Item = (&AccountId, &Member)> {
		let all = self.nodes.iter().zip(&self.members);
		all.filter_map(|(node, member)| Some((node.as_ref()?, member)))
			.filter(|(_, member)| matches!(member, Member::Reported(_)))
	}
}

impl<T: Config> Pallet<T> {
	/// Moves the cursor as far as `meter` allows, and until the hook's share of a block is used up: the last step may end
	/// beyond it.
	pub(crate) fn estimate(meter: &mut WeightMeter) {
		if meter.try_consume(T::WeightInfo::estimate_open()).is_err() {
			return;
		}
		let Some(mut cursor) = Self::open_cursor() else { return };
		let Some(mut draw) = Draw::<T>::of(cursor.epoch) else {
			// To skip an epoch is to conclude it: the cursor moves on, and an event says so.
			if meter.try_consume(T::WeightInfo::conclude_epoch()).is_err() {
				return;
			}
			cursor.stage = Stage::Done;
			EstimateCursor::<T>::put(cursor);
			Self::deposit_event(Event::EpochSkipped { epoch: cursor.epoch });
			return;
		};
		let share = Self::idle_share();
		while cursor.stage != Stage::Done {
			let step = match cursor.stage {
				Stage::Judge { .. } => Self::weight_of_test(MAX_MEMBERS, MAX_MEMBERS),
				Stage::Audit { .. } => Self::weight_of_audit(),
				Stage::Score { position } if position >= draw.seats_in(SMALLEST_TIER) => {
					T::WeightInfo::conclude_epoch()
				}
				_ => Self::weight_of_score(),
			};
			let is_used_up = !meter.consumed().all_lt(share);
			if is_used_up || !meter.can_consume(step) {
				break;
			}
			let used = Self::advance(&mut cursor, &mut draw);
			meter.consume(used.min(step));
		}
		EstimateCursor::<T>::put(cursor);
	}

	/// The cursor with work to do, if there is any: epochs are judged in order, each when its reveals have closed.
	fn open_cursor() -> Option<Cursor> {
		let cursor = EstimateCursor::<T>::get();
		if let Some(cursor) = cursor.filter(|cursor| cursor.stage != Stage::Done) {
			return Some(cursor);
		}
		let epoch = cursor.map_or(Some(FIRST_TESTED_EPOCH), |cursor| cursor.epoch.checked_add(1))?;
		let passed = Self::epoch().checked_sub(epoch)?;
		let is_due = passed > 1 || (passed == 1 && Self::slot_in_epoch() >= Self::timing().reveal_until);
		let stage = Stage::Judge { class: 0, position: 0 };
		is_due.then_some(Cursor { epoch, stage, tests: 0, voids: 0, strikes: 0 })
	}

	/// What the dearest step of the cursor weighs.
	pub(crate) fn weight_of_dearest_step() -> Weight {
		Self::weight_of_test(MAX_MEMBERS, MAX_MEMBERS)
			.max(Self::weight_of_audit())
			.max(Self::weight_of_score())
			.max(T::WeightInfo::conclude_epoch())
	}

	/// What it costs at most to reach a verdict of `members`, to note something new of `noted` of them, and to tell of it.
	pub(crate) fn weight_of_test(members: u32, noted: u32) -> Weight {
		Self::weight_of_ruling(members, noted).saturating_add(T::OnVerdict::weight())
	}

	/// The same without telling of the verdict, but with what the registry tells of what follows from it.
	pub(crate) fn weight_of_ruling(members: u32, noted: u32) -> Weight {
		T::WeightInfo::estimate_test(members)
			.saturating_add(T::WeightInfo::note_members(members, noted))
			.saturating_add(Self::weight_of_telling())
	}

	/// What the registry's telling costs at most after a verdict, new or revised. It changes twice: a lower claim and another
	/// admission after an escalation, or what was taken given back and what the revised verdict says instead. What the
	/// benchmarks measure of that on a whole runtime is counted twice.
	pub(crate) fn weight_of_telling() -> Weight {
		T::Registry::change_weight().saturating_mul(MOST_CHANGES)
	}

	/// What it costs at most to score a seat, and to tell of it.
	pub(crate) fn weight_of_score() -> Weight {
		T::WeightInfo::score_seat_dismissing().saturating_add(T::OnVerdict::attestor_weight())
	}

	/// Takes one step and returns its weight. One that only moves the cursor on costs as much as one that finds nothing.
	pub(crate) fn advance(cursor: &mut Cursor, draw: &mut Draw<T>) -> Weight {
		match cursor.stage {
			Stage::Judge { class, .. } if class >= CLASSES => {
				cursor.stage = Stage::Audit { position: 0 };
				T::WeightInfo::estimate_skip()
			}
			Stage::Judge { class, position } if position >= draw.providers_in(class) => {
				cursor.stage = Stage::Judge { class: class.saturating_add(1), position: 0 };
				T::WeightInfo::estimate_skip()
			}
			Stage::Judge { class, position } => {
				cursor.stage = Stage::Judge { class, position: position.saturating_add(1) };
				Self::judge_position(cursor, draw, class, position)
			}
			Stage::Audit { position } if position >= Self::audited_seats(draw.epoch) => {
				cursor.stage = Stage::Score { position: 0 };
				T::WeightInfo::estimate_skip()
			}
			Stage::Audit { position } => {
				cursor.stage = Stage::Audit { position: position.saturating_add(1) };
				Self::audit_position(draw, position)
			}
			Stage::Score { position } if position >= draw.seats_in(SMALLEST_TIER) => {
				let Cursor { epoch, tests, voids, strikes, .. } = *cursor;
				cursor.stage = Stage::Done;
				Self::deposit_event(Event::EpochConcluded { epoch, tests, voids, strikes });
				T::WeightInfo::conclude_epoch()
			}
			Stage::Score { position } => {
				cursor.stage = Stage::Score { position: position.saturating_add(1) };
				Self::score_position(draw.epoch, position)
			}
			Stage::Done => Weight::zero(),
		}
	}

	fn judge_position(cursor: &mut Cursor, draw: &mut Draw<T>, class: u8, position: u32) -> Weight {
		let test = draw.provider_at(class, position).and_then(|provider| draw.test_of(provider));
		// A provider in two lists has its test from one of them, and the verdict on that one may be what makes it
		// look as if the other were meant.
		let is_judged = |test: &Test<T::AccountId>| {
			Verdicts::<T>::get(test.provider).is_some_and(|verdicts| verdicts.last().epoch == draw.epoch)
		};
		let Some(test) = test.filter(|test| test.class == class && !is_judged(test)) else {
			// Beyond what a provider without a test costs: its place in each list, and its verdicts.
			let read = T::DbWeight::get().reads(u64::from(CLASSES).saturating_add(1));
			return T::WeightInfo::estimate_skip().saturating_add(read);
		};
		Self::judge_test(cursor, draw, &test)
	}

	/// Judges a test, and returns what that cost.
	pub(crate) fn judge_test(cursor: &mut Cursor, draw: &mut Draw<T>, test: &Test<T::AccountId>) -> Weight {
		let (verdict, heard) = Self::verdict_on(draw, test);
		if verdict.outcome == Outcome::Strike {
			Self::keep_evidence(test, &verdict, &heard.members);
		}
		let (noted, ruling) = Self::note_members(test, &verdict, &heard);
		cursor.tests = cursor.tests.saturating_add(1);
		match verdict.outcome {
			Outcome::Void => cursor.voids = cursor.voids.saturating_add(1),
			Outcome::Strike => cursor.strikes = cursor.strikes.saturating_add(1),
			_ => {}
		}
		let (forgot, told) = Self::publish(test, verdict);
		if ruling == Some(Ruling::Slashed) {
			// After what the verdict let it off, or this would be let off too.
			Self::owe_another_test(test.provider);
		}
		let members = u32::from(test.committee.members);
		if forgot || ruling.is_some() || !is_routine(&verdict) {
			// The first to be told brings the line up to date: not always the one that says what it used.
			return Self::weight_of_test(members, noted);
		}
		// A committee has at most 51 members.
		let reporters = u32::try_from(heard.reporters().count()).unwrap_or(members);
		T::WeightInfo::estimate_routine(reporters, members.saturating_sub(reporters), noted)
			.saturating_add(told)
	}

	/// Notes what a test that was held shows beyond its verdict. Returns of how many seats that is new, and what it decided
	/// of where the provider is.
	pub(crate) fn note_members(
		test: &Test<T::AccountId>,
		verdict: &VerdictRecord,
		heard: &Heard<T::AccountId>,
	) -> (u32, Option<Ruling>) {
		if verdict.outcome == Outcome::Void {
			return (0, None);
		}
		let noted = Self::note_uplinks(test, verdict, heard);
		(noted, Self::note_location(test, verdict, heard))
	}

	/// Turns what the committee filed into a verdict.
	pub(crate) fn verdict_on(
		draw: &mut Draw<T>,
		test: &Test<T::AccountId>,
	) -> (VerdictRecord, Heard<T::AccountId>) {
		let filed = Filings::<T>::take(draw.epoch, test.provider);
		let in_service = T::Registry::facts(test.provider).is_some_and(|facts| {
			let is_jailed = matches!(facts.admission, Admission::Jailed { .. });
			facts.account == test.account && (test.is_appeal || !is_jailed)
		});
		let started = draw.was_started(test);
		let heard = Self::gather(draw, test, &filed, started && in_service);
		let size = test.committee.members;
		let present = heard.members.iter().filter(|member| !matches!(member, Member::Absent)).count();
		let result = estimate::estimate(&heard.members, test.claim.down_kbps, test.claim.up_kbps);
		let (outcome, reason) = match (in_service, started) {
			(true, true) => judge(&result, size, test.kind == TestKind::Escalation),
			(true, false) => (Outcome::Void, Reason::NotStarted),
			(false, _) => (Outcome::Void, Reason::NotInService),
		};
		let mut verdict = VerdictRecord {
			epoch: draw.epoch,
			kind: test.kind,
			claim: test.claim,
			down_kbps: 0,
			up_kbps: 0,
			ratio_ppm: 0,
			members: size,
			// A committee has at most 51 members.
			present: u16::try_from(present).unwrap_or(u16::MAX),
			rtt_10us: 0,
			loss_pptt: 0,
			alive_parts: 0,
			outcome,
			reason,
		};
		if let (Ok(estimate), true) = (result, started && in_service) {
			let Estimate { down_kbps, up_kbps, ratio_ppm, rtt_10us, loss_pptt, alive_parts, .. } = estimate;
			verdict =
				VerdictRecord { down_kbps, up_kbps, ratio_ppm, rtt_10us, loss_pptt, alive_parts, ..verdict };
		}
		(verdict, heard)
	}

	/// What each member of the committee has to say, by place. A member that a rule bars or whose reveal does not
	/// stand is absent; one that revealed without this target counts as having measured nothing. Whoever owed an entry
	/// to a test that was `held` is noted.
	fn gather(
		draw: &mut Draw<T>,
		test: &Test<T::AccountId>,
		filed: &Results,
		held: bool,
	) -> Heard<T::AccountId> {
		let nodes = draw.members_of(test);
		let draw = &*draw;
		let run = draw.run_of(test);
		let voice = |(place, node): (u8, &Option<T::AccountId>)| {
			if let Some(filed) = filed.iter().find(|filed| filed.place == place) {
				return Member::Reported(measurement(&filed.entry));
			}
			let Some(node) = node else { return Member::Absent };
			let Some(seat) = Seats::<T>::get(node) else { return Member::Absent };
			let revealed = Reports::<T>::get(draw.epoch, node).and_then(|report| report.revealed);
			let own = revealed.as_ref().and_then(|revealed| revealed.own_run.as_ref());
			let busy = run.zip(own).is_some_and(|(run, own)| draw.collide(&run, own));
			if busy || draw.bars(test, node, seat.endpoint.prefix()) {
				return Member::Absent;
			}
			if held {
				Missed::<T>::mutate(draw.epoch, node, |missed| *missed = missed.saturating_add(1));
			}
			match revealed {
				Some(_) => Member::Silent,
				None => Member::Absent,
			}
		};
		let members = (0u8..).zip(&nodes).map(voice).collect();
		Heard { members, nodes }
	}

	/// Returns whether what an earlier strike stood on was forgotten for it, and what telling cost.
	fn publish(test: &Test<T::AccountId>, verdict: VerdictRecord) -> (bool, Weight) {
		let (provider, account) = (test.provider, test.account.clone());
		let forgot = Self::remember(provider, verdict);
		Self::deposit_event(Event::VerdictReached { provider, account, verdict });
		Self::discipline(test, &verdict);
		let told = T::OnVerdict::verdict(&test.account, provider, verdict.epoch, &verdict);
		(forgot, told)
	}

	fn score_position(epoch: EpochIndex, position: u32) -> Weight {
		let Some(node) = SeatIndices::<T>::occupant_within(SMALLEST_TIER, position, epoch) else {
			return T::WeightInfo::score_seat();
		};
		let revealed = Reports::<T>::get(epoch, &node).and_then(|report| report.revealed);
		let (accepted, measured) =
			revealed.map_or((0, 0), |revealed| (u32::from(revealed.accepted), u32::from(revealed.measured)));
		let missed = Missed::<T>::take(epoch, &node);
		let assigned = accepted.saturating_add(u32::from(missed));
		let mut dismissed = false;
		let mut told = Weight::zero();
		if assigned > 0 {
			dismissed = Self::score_seat(&node, assigned, accepted).dismissed;
			// A seat that saw nothing keeps its score, or targets could take it; but it is not paid for that.
			T::OnVerdict::attested(&node, epoch, assigned, measured);
			told = T::OnVerdict::attestor_weight();
		}
		let scored = if Self::review_uplink(&node) || dismissed {
			T::WeightInfo::score_seat_dismissing()
		} else {
			T::WeightInfo::score_seat()
		};
		scored.saturating_add(told)
	}
}

/// Whether a verdict as such changes nothing but the record of the provider.
fn is_routine(verdict: &VerdictRecord) -> bool {
	let leaves_all = match verdict.outcome {
		Outcome::Good | Outcome::PaidAsMeasured | Outcome::Void | Outcome::Unreachable => true,
		Outcome::ClaimLowered | Outcome::Strike => false,
	};
	leaves_all && verdict.kind == TestKind::Scheduled
}

fn measurement(entry: &Entry) -> Measurement {
	Measurement {
		kind: match entry.kind {
			EntryKind::Measured => Kind::Measured,
			EntryKind::Limited => Kind::Limited,
			EntryKind::Unreachable => Kind::Unreachable,
		},
		down_kbps: entry.down_kbps,
		up_kbps: entry.up_kbps,
		rtt_10us: entry.rtt_10us,
		loss_pptt: entry.loss_pptt,
		liveness: entry.liveness,
	}
}
