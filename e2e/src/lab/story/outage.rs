//! A provider that is gone for a while: watchers notice, confirmers look again, and watchers see it come back.

use super::Lab;
use anyhow::{Context, Result};
use std::time::Duration;
use tokio::time::{sleep, Instant};
use weir_primitives::ProviderIndex;

/// The line that is gone: an honest one.
const GONE: usize = 2;
/// How long the chain may take to know of it, and of its return, in alarm slots: the watchers need most of one for their
/// pings, their reports and the votes have to get into blocks, and an alarm that did not make it is raised anew.
const PATIENCE_ALARM_SLOTS: u32 = 6;

impl Lab {
	/// Kills a provider until that is recorded as an outage, and starts it until the outage is over.
	pub(super) async fn lose_a_provider(&mut self) -> Result<()> {
		let account = self.network.lines()[GONE].account();
		let rows = self.network.chain.providers().await?;
		let provider =
			rows.iter().find(|row| row.account == account).context("the line is registered")?.index;
		let (_, before) = self.network.chain.outages(provider).await?;
		self.network.kill_provider(GONE).await?;
		let recorded = self.seconds_until(provider, |down| down.is_some()).await?;
		self.network.start_provider(GONE)?;
		let closed = self.seconds_until(provider, |down| down.is_none()).await?;
		let (_, gaps) = self.network.chain.outages(provider).await?;
		let said =
			|seconds: Option<u64>| seconds.map_or("never".into(), |seconds| format!("after {seconds} s"));
		self.found(
			"a provider that is gone is recorded as down, and as back",
			format!("recorded {}, closed {}", said(recorded), said(closed)),
			recorded.is_some() && closed.is_some() && gaps.len() > before.len(),
		);
		Ok(())
	}

	/// Seconds until `is_so` of what the chain has on the provider's outages; none if it does not become so.
	async fn seconds_until(
		&self,
		provider: ProviderIndex,
		is_so: impl Fn(Option<u64>) -> bool,
	) -> Result<Option<u64>> {
		let timing = &self.clock.timing;
		let slots = PATIENCE_ALARM_SLOTS * u32::from(timing.alarm_slots);
		let patience = Duration::from_millis(u64::from(slots) * timing.slot_millis);
		let begun = Instant::now();
		while begun.elapsed() < patience {
			let (down, _) = self.network.chain.outages(provider).await?;
			if is_so(down) {
				return Ok(Some(begun.elapsed().as_secs()));
			}
			sleep(Duration::from_secs(1)).await;
		}
		Ok(None)
	}
}
