//! Paid traffic of a calendar month, against the cap of the provider's own line.

use weir_tunnel_core::Micros;

const DAY: Micros = 86_400_000_000;
const GIGABYTE: u64 = 1_000_000_000;
/// The last part of a month's cap, a gigabyte at most.
const REST: u64 = 50;

/// Months since the year 0, as a calendar counts them (UTC).
pub(super) fn month_of(now: Micros) -> u32 {
	// The civil calendar from days, by eras of 400 years that begin on 1 March.
	let days = (now / DAY).saturating_add(719_468);
	let (era, day) = (days / 146_097, days % 146_097);
	let year =
		day.saturating_sub(day / 1_460).saturating_add(day / 36_524).saturating_sub(day / 146_096) / 365;
	let day =
		day.saturating_sub(year.saturating_mul(365).saturating_add(year / 4).saturating_sub(year / 100));
	let month = day.saturating_mul(5).saturating_add(2) / 153;
	// From March on: January and February are the eleventh and twelfth of the year before.
	let months = era
		.saturating_mul(400)
		.saturating_add(year)
		.saturating_mul(12)
		.saturating_add(month)
		.saturating_add(2);
	u32::try_from(months).unwrap_or(u32::MAX)
}

/// What was carried in the running month.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Month {
	/// Its number.
	pub(super) number: u32,
	/// Inner IP bytes, both directions.
	pub(super) bytes: u64,
	/// Bytes that may be carried in it; none: no bound.
	cap: Option<u64>,
}

impl Month {
	/// A month of which `bytes` are carried already.
	pub(super) fn new(number: u32, bytes: u64, cap_gb: u64) -> Self {
		Self { number, bytes, cap: (cap_gb > 0).then(|| cap_gb.saturating_mul(GIGABYTE)) }
	}

	/// Counts what was carried.
	pub(super) fn carry(&mut self, bytes: u64) {
		self.bytes = self.bytes.saturating_add(bytes);
	}

	/// Begins the next month if it has come. A clock that is set back begins none.
	pub(super) fn turn(&mut self, now: Micros) {
		let number = month_of(now);
		if number > self.number {
			(self.number, self.bytes) = (number, 0);
		}
	}

	/// Bytes that may be carried in it, if that is bounded.
	pub(super) fn cap(&self) -> Option<u64> {
		self.cap
	}

	/// Whether so little is left that nobody new is let in: what is left is for those who are inside.
	pub(super) fn is_nearly_over(&self) -> bool {
		self.cap.is_some_and(|cap| self.bytes.saturating_add((cap / REST).min(GIGABYTE)) >= cap)
	}

	/// Whether nothing may be carried any more.
	pub(super) fn is_over(&self) -> bool {
		self.cap.is_some_and(|cap| self.bytes >= cap)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn month_of_should_be_the_calendars() {
		// Computed by `date -u`.
		for (seconds, year, month) in [
			(0u64, 1970, 1),
			(951_782_399, 2000, 2),
			(951_868_799, 2000, 2),
			(951_868_800, 2000, 3),
			(1_709_164_800, 2024, 2),
			(1_709_251_200, 2024, 3),
			(1_767_225_599, 2025, 12),
			(1_767_225_600, 2026, 1),
			(4_102_444_800, 2100, 1),
		] {
			assert_eq!(month_of(seconds * 1_000_000), year * 12 + month - 1, "{seconds}");
		}
	}

	#[test]
	fn month_should_be_over_at_its_cap_until_the_next_one_begins() {
		let january = 1_767_225_600_000_000;
		let mut month = Month::new(month_of(january), 900_000_000, 1);
		month.carry(99_999_999);
		assert!(!month.is_over());
		month.carry(1);
		assert!(month.is_over());
		month.turn(january - DAY);
		assert!(month.is_over());
		month.turn(january + 31 * DAY);
		assert_eq!((month.is_over(), month.bytes), (false, 0));
		let mut unbounded = Month::new(month_of(january), 0, 0);
		unbounded.carry(u64::MAX);
		assert!(!unbounded.is_over());
	}
}
