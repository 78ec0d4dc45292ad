//! Hours of the day in which customers are served.

use crate::advice;
use jiff::{tz::TimeZone, Timestamp};
use weir_tunnel_core::Micros;

/// Spans a day may have.
const MAX_SPANS: usize = 8;
const DAY: u16 = 24 * 60;
const MINUTE: Micros = 60_000_000;
/// A change of hours is looked for so far ahead: a day, and one that a zone's summer time makes longer.
const AHEAD: u16 = 26 * 60;

/// Minutes of a day from its midnight: from the first on, until the second, which may lie behind midnight.
type Span = (u16, u16);

/// Hours by the clock of a time zone; without any, all day.
#[derive(Clone, PartialEq, Debug)]
pub struct Hours {
	spans: Vec<Span>,
	zone: TimeZone,
}

impl Default for Hours {
	fn default() -> Self {
		Self { spans: vec![], zone: TimeZone::UTC }
	}
}

impl Hours {
	/// From texts such as `22:00-07:00`, by the clock of a zone of the IANA's database. An error says which of both is wrong.
	pub fn parse(spans: &[String], zone: &str) -> Result<Self, HoursError> {
		if spans.len() > MAX_SPANS {
			return Err(HoursError::Spans(format!("more than {MAX_SPANS} spans")));
		}
		let spans = spans.iter().map(|text| span(text)).collect::<Result<_, _>>()?;
		let zone = match zone {
			"UTC" => TimeZone::UTC,
			zone => TimeZone::get(zone).map_err(|_| {
				HoursError::Zone(format!(
					"{}: no time zone of this system; name one such as Europe/Berlin (package tzdata), or UTC",
					advice::one_line(zone)
				))
			})?,
		};
		Ok(Self { spans, zone })
	}

	/// Whether customers are served at `now`.
	pub fn is_open(&self, now: Micros) -> bool {
		let minute = self.minute_of_day(now);
		let is_in = |(from, until): &Span| match from < until {
			true => (*from..*until).contains(&minute),
			false => minute >= *from || minute < *until,
		};
		self.spans.is_empty() || self.spans.iter().any(is_in)
	}

	/// When that changes next; none if it does not within a day.
	pub fn changes_at(&self, now: Micros) -> Option<Micros> {
		let is_open = self.is_open(now);
		let begins = now - now % MINUTE;
		(1..=AHEAD)
			.map(|minutes| begins.saturating_add(MINUTE.saturating_mul(minutes.into())))
			.find(|at| self.is_open(*at) != is_open)
	}

	fn minute_of_day(&self, now: Micros) -> u16 {
		let micros = i64::try_from(now).unwrap_or(i64::MAX);
		// A clock beyond what calendars hold is no clock; midnight is as good as any hour then.
		let Ok(at) = Timestamp::from_microsecond(micros) else { return 0 };
		let time = self.zone.to_datetime(at).time();
		let part = |number: i8| u16::try_from(number).unwrap_or(0);
		part(time.hour()).saturating_mul(60).saturating_add(part(time.minute()))
	}
}

/// What is wrong with hours.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum HoursError {
	/// A span.
	Spans(String),
	/// The zone.
	Zone(String),
}

fn span(text: &str) -> Result<Span, HoursError> {
	let refused = || {
		HoursError::Spans(format!(
			"{}: expected hours such as 22:00-07:00, by a clock of 24 hours",
			advice::one_line(text)
		))
	};
	let (from, until) = text.split_once('-').ok_or_else(refused)?;
	let (from, until) = (time(from).ok_or_else(refused)?, time(until).ok_or_else(refused)?);
	// From a time to the same one would be all day or never.
	(from != until && from < DAY).then_some((from, until % DAY)).ok_or_else(refused).and_then(|span| {
		// From midnight to midnight is all day, which has no need of a span.
		(span.0 != span.1).then_some(span).ok_or_else(refused)
	})
}

/// Minutes of `hh:mm`, 24:00 among them.
fn time(text: &str) -> Option<u16> {
	let (hours, minutes) = text.trim().split_once(':')?;
	let number = |digits: &str, length: std::ops::RangeInclusive<usize>| {
		let are_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
		(length.contains(&digits.len()) && are_digits).then(|| digits.parse::<u16>().ok()).flatten()
	};
	let (hours, minutes) = (number(hours, 1..=2)?, number(minutes, 2..=2)?);
	let time = hours.checked_mul(60)?.checked_add(minutes)?;
	(minutes < 60 && time <= DAY).then_some(time)
}

#[cfg(test)]
mod tests {
	use super::*;

	/// 1 January 2026, 00:00 UTC.
	const NEW_YEAR: Micros = 1_767_225_600_000_000;
	/// 1 July 2026, 00:00 UTC.
	const JULY: Micros = 1_782_864_000_000_000;

	fn hours(spans: &[&str], zone: &str) -> Hours {
		let spans: Vec<_> = spans.iter().map(|span| (*span).to_owned()).collect();
		Hours::parse(&spans, zone).unwrap()
	}

	fn at(hour: u64, minute: u64) -> Micros {
		NEW_YEAR + (hour * 60 + minute) * MINUTE
	}

	#[test]
	fn hours_should_be_open_from_the_first_minute_until_the_last_over_midnight_too() {
		let night = hours(&["22:00-07:00", "12:30-13:00"], "UTC");
		for (hour, minute, is_open) in [
			(0, 0, true),
			(6, 59, true),
			(7, 0, false),
			(12, 29, false),
			(12, 30, true),
			(13, 0, false),
			(21, 59, false),
			(22, 0, true),
			(23, 59, true),
		] {
			assert_eq!(night.is_open(at(hour, minute)), is_open, "{hour}:{minute}");
		}
		assert!(hours(&[], "UTC").is_open(at(3, 0)));
		assert!(hours(&["20:00-24:00"], "UTC").is_open(at(23, 59)));
		assert!(!hours(&["20:00-24:00"], "UTC").is_open(at(0, 0)));
	}

	#[test]
	fn hours_should_go_by_the_zone_and_its_summer_time() {
		let berlin = hours(&["08:00-09:00"], "Europe/Berlin");
		// One hour ahead of UTC in winter, two in summer.
		assert!(berlin.is_open(NEW_YEAR + 7 * 60 * MINUTE) && !berlin.is_open(NEW_YEAR + 6 * 60 * MINUTE));
		assert!(berlin.is_open(JULY + 6 * 60 * MINUTE) && !berlin.is_open(JULY + 7 * 60 * MINUTE));
	}

	#[test]
	fn changes_at_should_be_the_next_minute_in_which_it_is_otherwise() {
		let night = hours(&["22:00-07:00"], "UTC");
		assert_eq!(night.changes_at(at(6, 59) + 1), Some(at(7, 0)));
		assert_eq!(night.changes_at(at(7, 0)), Some(at(22, 0)));
		assert_eq!(hours(&[], "UTC").changes_at(at(7, 0)), None);
	}

	#[test]
	fn parse_should_refuse_what_is_no_span_or_no_zone() {
		for text in [
			"",
			"22:00",
			"22-7",
			"22:00-22:00",
			"25:00-07:00",
			"22:60-07:00",
			"24:00-07:00",
			"-1:00-07:00",
			"00:00-24:00",
		] {
			let error = Hours::parse(&[text.to_owned()], "UTC").unwrap_err();
			let HoursError::Spans(said) = error else { panic!("{text}: {error:?}") };
			assert!(said.contains("expected hours such as 22:00-07:00"), "{said}");
		}
		let error = Hours::parse(&[], "Europe/Nowhere").unwrap_err();
		assert!(matches!(error, HoursError::Zone(said) if said.contains("no time zone of this system")));
		assert!(matches!(Hours::parse(&vec!["1:00-2:00".into(); 9], "UTC"), Err(HoursError::Spans(_))));
	}
}
