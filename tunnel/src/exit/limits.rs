//! How much guests may have of the host.

use nix::sys::resource::{getrlimit, Resource};
use std::{collections::HashMap, net::Ipv4Addr, time::Duration};
use tokio::time::Instant;

/// For so long it is known that a guest was at a destination.
pub(super) const REMEMBERED: Duration = Duration::from_secs(60);

/// How much of the host's guests may take together, and each of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Limits {
	/// Connections of one guest at once, TCP and UDP.
	pub flows_per_guest: usize,
	/// Of all. Each is a socket of the host.
	pub flows_total: usize,
	/// Connections that a guest may begin in a second, on average.
	pub new_flows_per_second: u32,
	/// And at once.
	pub new_flows_burst: u32,
	/// Connections to ports of mail submission that a guest may begin in a minute; twice as many at once.
	pub mail_flows_per_minute: u32,
	/// Destinations that a guest may go to in a second, on average, if it was at none of them in the last minute. What looks
	/// for open hosts goes to thousands.
	pub new_destinations_per_second: u32,
	/// And at once.
	pub new_destinations_burst: u32,
	/// Buffers and waiting packets of one guest, bytes.
	pub bytes_per_guest: usize,
	/// Of all.
	pub bytes_total: usize,
}

impl Default for Limits {
	fn default() -> Self {
		Self {
			flows_per_guest: 512,
			flows_total: 8_192,
			new_flows_per_second: 100,
			new_flows_burst: 300,
			mail_flows_per_minute: 30,
			new_destinations_per_second: 20,
			new_destinations_burst: 500,
			bytes_per_guest: 32 << 20,
			bytes_total: 512 << 20,
		}
	}
}

impl Limits {
	/// These, with no more flows than this process may have sockets. Half of its files stay for the rest of it: without one
	/// left it would reach neither the chain nor its disk.
	pub fn within_open_files(self) -> Self {
		let files = getrlimit(Resource::RLIMIT_NOFILE).map_or(1_024, |(soft, _)| soft);
		let files = usize::try_from(files).unwrap_or(usize::MAX);
		Self { flows_total: self.flows_total.min(files / 2), ..self }
	}
}

/// So many at once, and one more after each interval.
#[derive(Clone, Debug)]
pub(super) struct Allowance {
	interval: Duration,
	/// When it is full: as many intervals after now as were taken and have not come back.
	full_at: Instant,
	depth: Duration,
}

impl Allowance {
	/// `burst` at once, and `count` in every `period`.
	pub(super) fn new(now: Instant, burst: u32, count: u32, period: Duration) -> Self {
		let interval = period / count.max(1);
		Self { interval, full_at: now, depth: interval.saturating_mul(burst.max(1)) }
	}

	/// Takes one, if it is there.
	pub(super) fn take(&mut self, now: Instant) -> bool {
		let full_at = self.full_at.max(now) + self.interval;
		let is_there = full_at.saturating_duration_since(now) <= self.depth;
		if is_there {
			self.full_at = full_at;
		}
		is_there
	}
}

/// Destinations of one guest, so that who looks for open hosts is told from who uses some. They are forgotten after a minute
/// and named to nobody.
#[derive(Debug)]
pub(super) struct Destinations {
	/// When it was last there.
	seen: HashMap<Ipv4Addr, Instant>,
	new: Allowance,
	room: usize,
}

impl Destinations {
	pub(super) fn new(now: Instant, limits: &Limits) -> Self {
		let Limits { new_destinations_per_second: rate, new_destinations_burst: burst, .. } = *limits;
		// As many as it may go to before the first is forgotten.
		let room = u64::from(rate).saturating_mul(REMEMBERED.as_secs()).saturating_add(burst.into());
		let room = usize::try_from(room).unwrap_or(usize::MAX);
		let new = Allowance::new(now, burst, rate, Duration::from_secs(1));
		Self { seen: HashMap::new(), new, room }
	}

	/// Whether the guest may go there.
	pub(super) fn admit(&mut self, now: Instant, destination: Ipv4Addr) -> bool {
		let is_recent = |at: &Instant| now.saturating_duration_since(*at) < REMEMBERED;
		let is_known = self.seen.get(&destination).is_some_and(is_recent);
		if !is_known && !self.new.take(now) {
			return false;
		}
		if self.seen.len() >= self.room {
			self.seen.retain(|_, at| is_recent(at));
		}
		self.seen.insert(destination, now);
		true
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[tokio::test]
	async fn allowance_should_give_its_burst_and_then_its_rate() {
		let now = Instant::now();
		let mut allowance = Allowance::new(now, 300, 100, Duration::from_secs(1));
		assert_eq!((0..1_000).filter(|_| allowance.take(now)).count(), 300);
		let later = now + Duration::from_secs(2);
		assert_eq!((0..1_000).filter(|_| allowance.take(later)).count(), 200);
		let much_later = now + Duration::from_secs(3_600);
		assert_eq!((0..1_000).filter(|_| allowance.take(much_later)).count(), 300);
	}

	#[tokio::test]
	async fn destinations_should_be_bounded_when_they_are_new() {
		let limits =
			Limits { new_destinations_burst: 10, new_destinations_per_second: 1, ..Limits::default() };
		let now = Instant::now();
		let mut destinations = Destinations::new(now, &limits);
		let nth = |n: u32| Ipv4Addr::from(0x0808_0000 + n);
		assert_eq!((0..100).filter(|n| destinations.admit(now, nth(*n))).count(), 10);
		assert!((0..100).all(|_| destinations.admit(now, nth(3))), "it was there already");
		let later = now + Duration::from_secs(65);
		assert_eq!((0..100).filter(|n| destinations.admit(later, nth(*n))).count(), 10);
		assert!(destinations.seen.len() <= 70);
	}

	#[test]
	fn flows_should_leave_half_of_the_files_to_the_process() {
		let limits = Limits { flows_total: usize::MAX, ..Limits::default() }.within_open_files();
		let (soft, _) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
		assert_eq!(limits.flows_total as u64, soft / 2);
	}
}
