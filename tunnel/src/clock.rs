//! The wall clock as the protocol counts it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};
use weir_tunnel_core::Micros;

/// Microseconds since the Unix epoch.
pub fn now() -> Micros {
	let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
	Micros::try_from(since.as_micros()).unwrap_or(Micros::MAX)
}

/// Sleeps until `at`; returns at once if it has passed.
pub async fn sleep_until(at: Micros) {
	tokio::time::sleep(Duration::from_micros(at.saturating_sub(now()))).await;
}

/// Sleeps until `at`; forever without one.
pub async fn sleep_until_some(at: Option<Micros>) {
	match at {
		Some(at) => sleep_until(at).await,
		None => std::future::pending().await,
	}
}
