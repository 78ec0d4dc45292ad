//! A node that joins late.

use super::Lab;
use crate::chain::Chain;
use anyhow::Result;
use std::{fs, time::Duration};
use tokio::time::{sleep, Instant};

/// How long it may take from its start until it has what was final then.
const PATIENCE: Duration = Duration::from_secs(90);
/// What a node says when it has the state of a block whose finality was proven to it, instead of all blocks up to it.
const WARPED: &str = "State sync is complete";

impl Lab {
	/// A node without data proves to itself what is final, and takes that state alone.
	pub(super) async fn let_a_newcomer_in(&mut self) -> Result<()> {
		let target = self.network.chain.finalized().await?;
		let mut newcomer = self.network.start_newcomer()?;
		let begun = Instant::now();
		let mut height = 0;
		while height < target && begun.elapsed() < PATIENCE {
			sleep(Duration::from_millis(500)).await;
			newcomer.process.ensure_running()?;
			// It answers some time after its start.
			if let Ok(chain) = Chain::connect(&newcomer.site.rpc_url()).await {
				height = chain.finalized().await?;
			}
		}
		let seconds = begun.elapsed().as_secs();
		newcomer.process.stop().await?;
		let has_warped = fs::read_to_string(&newcomer.log)?.contains(WARPED);
		let how = if has_warped { "by warp sync" } else { "without warp sync" };
		self.found(
			"a new node takes the chain by warp sync",
			format!("{target} blocks were final when it began; it was at {height} after {seconds} s, {how}"),
			has_warped && height >= target,
		);
		Ok(())
	}
}
