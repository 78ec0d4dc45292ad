//! Why a provider finds a join stale: whose clock is off, and what to do.

use super::{
	session::{Asker, Purse},
	Hop, Market,
};
use crate::clock;
use anyhow::anyhow;
use rand::Rng;
use weir_tunnel_core::{
	wire::{Request, Response},
	Micros, MILLI,
};

/// A provider takes joins that its clock finds so far off; protocol.md.
const FRESH: Micros = 60_000 * MILLI;
const SECOND: Micros = 1_000 * MILLI;

/// What the clocks say.
#[derive(Clone, Copy, Debug)]
struct Clocks {
	/// This machine's.
	here: Micros,
	/// When the last join was signed, which no later one may say less than.
	joined: Micros,
	/// The provider's; none if it was not asked.
	there: Option<Micros>,
	/// By how much this machine's is after the chain's, milliseconds; none if it agrees, or the chain does not answer.
	after_chain: Option<i64>,
}

/// What is wrong, if a clock is.
pub(super) async fn why_stale(chain: &dyn Market, hop: &Hop, is_first: bool) -> Option<anyhow::Error> {
	// Behind other hops it is not asked: it would see where the customer is.
	let there = if is_first { ask(hop).await } else { None };
	let after_chain = match (chain.timing().await, chain.clock().await) {
		(Ok(timing), Ok(now)) => now.disagrees(&timing, clock::now()),
		_ => None,
	};
	let joined = last_join(&hop.purse);
	told(Clocks { here: clock::now(), joined, there, after_chain })
}

fn last_join(purse: &Purse) -> Micros {
	purse.journal.of(&purse.voucher_key()).ok().flatten().map_or(0, |kept| kept.joined_at)
}

/// The provider's clock, to within a round trip.
async fn ask(hop: &Hop) -> Option<Micros> {
	let nonce = rand::thread_rng().gen();
	let asker = Asker::new(&hop.provider, None).ok()?;
	match asker.ask(Request::Clock { nonce }).await.0 {
		Some(Response::Clock { nonce: again, unix_micros, .. }) if again == nonce => Some(unix_micros),
		_ => None,
	}
}

fn told(clocks: Clocks) -> Option<anyhow::Error> {
	let Clocks { here, joined, there, after_chain } = clocks;
	let off = |one: Micros, other: Micros| {
		let seconds = one.abs_diff(other).div_ceil(SECOND);
		format!("{seconds} s {}", if one > other { "ahead of" } else { "behind" })
	};
	let is_off_chain = after_chain.is_some_and(|millis| millis.unsigned_abs().saturating_mul(MILLI) > FRESH);
	match there {
		Some(there) if there.abs_diff(here) > FRESH => {
			let off = off(here, there);
			Some(match is_off_chain {
				true => anyhow!(
					"this machine's clock is {off} the provider's, and the chain's says the same: set up NTP, then run the same command again"
				),
				false => anyhow!(
					"this machine's clock is {off} the provider's, and no other clock says that this machine's is wrong: take another \
					 provider, or set up NTP here if others refuse as well"
				),
			})
		}
		None if is_off_chain => {
			let millis = after_chain.unwrap_or_default();
			let seconds = millis.unsigned_abs().div_ceil(1_000);
			let side = if millis > 0 { "ahead of" } else { "behind" };
			Some(anyhow!(
				"this machine's clock is {seconds} s {side} the chain's, and the provider finds our joins stale: set up NTP, then run the \
				 same command again"
			))
		}
		_ if joined > here.saturating_add(FRESH) => Some(anyhow!(
			"this machine's clock was {off} what it is now when it joined last, and a provider takes no join that says less: run \
			 the same command again in {wait} s, or open another channel with --state and an empty folder",
			off = off(joined, here),
			wait = joined.saturating_sub(here).saturating_sub(FRESH).div_ceil(SECOND)
		)),
		_ => None,
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const NOW: Micros = 1_700_000_000 * SECOND;
	const TEN_MINUTES: Micros = 600 * SECOND;

	fn says(there: Option<Micros>, after_chain: Option<i64>, joined: Micros) -> Option<String> {
		told(Clocks { here: NOW, joined, there, after_chain }).map(|error| error.to_string())
	}

	#[test]
	fn clock_should_be_named_that_is_off_and_by_how_much() {
		for (there, after_chain, words) in [
			(Some(NOW - TEN_MINUTES), Some(600_000), ["600 s ahead of the provider's", "set up NTP, then"]),
			(Some(NOW + TEN_MINUTES), Some(-600_000), ["600 s behind the provider's", "set up NTP, then"]),
			(Some(NOW - TEN_MINUTES), None, ["600 s ahead of the provider's", "take another provider"]),
			(Some(NOW + TEN_MINUTES), Some(4_000), ["600 s behind the provider's", "take another provider"]),
			(None, Some(-600_000), ["600 s behind the chain's", "set up NTP, then"]),
		] {
			let said = says(there, after_chain, NOW).unwrap();
			assert!(words.iter().all(|word| said.contains(word)) && said.lines().count() == 1, "{said}");
		}
	}

	#[test]
	fn user_should_be_told_how_long_to_wait_when_the_clock_was_ahead_before() {
		let said = says(Some(NOW), None, NOW + TEN_MINUTES).unwrap();
		assert!(said.contains("600 s ahead of what it is now") && said.contains("again in 540 s"), "{said}");
	}

	#[test]
	fn nothing_should_be_said_of_clocks_that_agree() {
		assert_eq!(says(Some(NOW + 59 * SECOND), Some(3_000), NOW), None);
		assert_eq!(says(None, None, NOW), None);
	}
}
