//! The wall clock as the protocol counts it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};
use weir_tunnel_core::Micros;

/// No sleep is longer without a look at the clock. The timer below counts on regardless of it; but a clock may be set, on a
/// machine without one that keeps time while it is off even by hours, and a machine may be suspended.
const STEP: Duration = Duration::from_secs(1);

/// Microseconds since the Unix epoch.
pub fn now() -> Micros {
	let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
	Micros::try_from(since.as_micros()).unwrap_or(Micros::MAX)
}

/// Sleeps until `at`; returns at once if it has passed. A clock that is set meanwhile is noticed within a second, so that the
/// caller may wake after `at` by any amount.
pub async fn sleep_until(at: Micros) {
	sleep_by(now, at).await;
}

/// [`sleep_until`], by the clock `now`.
async fn sleep_by(now: impl Fn() -> Micros, at: Micros) {
	loop {
		let left = Duration::from_micros(at.saturating_sub(now()));
		tokio::time::sleep(left.min(STEP)).await;
		if now() >= at {
			return;
		}
	}
}

/// Sleeps until `at`; forever without one.
pub async fn sleep_until_some(at: Option<Micros>) {
	match at {
		Some(at) => sleep_until(at).await,
		None => std::future::pending().await,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::time::Instant;

	/// A clock at `before`, set to `after` a tenth of a second from now.
	fn set_soon(before: Micros, after: Micros) -> impl Fn() -> Micros {
		let began = Instant::now();
		move || if began.elapsed() < Duration::from_millis(100) { before } else { after }
	}

	#[tokio::test]
	async fn sleep_by_should_wake_when_the_clock_is_set_beyond_the_time() {
		const HOUR: Micros = 3_600_000_000;
		let slept = sleep_by(set_soon(0, 2 * HOUR), HOUR);
		tokio::time::timeout(Duration::from_secs(5), slept).await.expect("it notices");
	}

	#[tokio::test]
	async fn sleep_by_should_sleep_on_when_the_clock_is_set_back() {
		let slept = sleep_by(set_soon(1_000_000, 0), 1_200_000);
		assert!(tokio::time::timeout(Duration::from_millis(1_500), slept).await.is_err());
	}

	#[tokio::test]
	async fn sleep_until_should_end_at_the_time_and_at_once_after_it() {
		let (began, at) = (Instant::now(), now() + 50_000);
		sleep_until(at).await;
		assert!(now() >= at);
		sleep_until(0).await;
		assert!(began.elapsed() < Duration::from_secs(1));
	}
}
