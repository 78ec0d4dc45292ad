//! The life of one customer: buys credits, connects, fetches.

use super::{
	files::fetch,
	seen::{Seen, Shared},
	PURCHASE,
};
use crate::{
	chain::{Call, Chain},
	process::{Launch, Process},
};
use anyhow::{ensure, Context, Result};
use rustix::process::Signal;
use std::{net::SocketAddrV4, time::Duration};
use subxt_signer::sr25519::Keypair;
use tokio::{
	io::{AsyncBufReadExt, BufReader},
	process::ChildStdout,
	sync::{mpsc, oneshot},
	task::JoinHandle,
	time::{interval, sleep, timeout, Instant, MissedTickBehavior},
};

/// How often a file is fetched, and how large it is: while a line is measured, that is missing from its estimate.
const EVERY: Duration = Duration::from_secs(10);
const FILE_BYTES: u64 = 64 << 10;
/// How long a file may take. A provider holds customers back while it is measured.
const FETCH_PATIENCE: Duration = Duration::from_secs(40);
/// Between two looks at the chain.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Before a sidecar that has ended is started again: the channel may have expired, on a network that runs for long.
const RESTART: Duration = Duration::from_secs(30);
/// How long the last voucher may take.
const STOP_PATIENCE: Duration = Duration::from_secs(30);
/// How a sidecar ends whose channel is used up or expires; started again, it opens another one.
const USED_UP: i32 = 3;

/// What a customer is asked to do beside what it does by itself.
pub(super) enum Order {
	/// To fetch a file of so many bytes; whether it was the right one.
	Fetch(u64, oneshot::Sender<Result<bool>>),
	/// To pay what was used, and leave.
	Leave(oneshot::Sender<Result<()>>),
}

/// One customer.
pub(super) struct Agent {
	pub(super) number: u8,
	pub(super) keys: Keypair,
	pub(super) launch: Launch,
	pub(super) socks: SocketAddrV4,
	pub(super) files: SocketAddrV4,
	pub(super) chain: Chain,
	pub(super) seen: Shared,
}

/// A customer's sidecar.
struct Sidecar {
	running: Option<Running>,
	/// It is not started earlier.
	not_before: Instant,
}

/// A sidecar that runs, and who reads what it says.
struct Running {
	process: Process,
	heard: JoinHandle<()>,
}

impl Agent {
	/// Lives until it is asked to leave.
	pub(super) async fn live(self, mut orders: mpsc::Receiver<Order>) {
		tokio::select! {
			() = self.buy() => {}
			Some(order) = orders.recv() => return refuse(order),
		}
		let mut ticks = interval(EVERY);
		ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
		let (mut sidecar, mut fetched) = (Sidecar { running: None, not_before: Instant::now() }, 0);
		loop {
			tokio::select! {
				_ = ticks.tick() => {
					if let Err(error) = self.keep(&mut sidecar).await {
						self.seen.lock().trouble = Some(format!("{error:#}"));
					}
					if sidecar.running.is_some() && self.seen.lock().is_connected() {
						// What comes of it is counted.
						let _ = self.fetch(&mut fetched, FILE_BYTES).await;
					}
				}
				order = orders.recv() => match order {
					// An error means that nobody waits for it any more.
					Some(Order::Fetch(bytes, answer)) => drop(answer.send(self.fetch(&mut fetched, bytes).await)),
					Some(Order::Leave(answer)) => return drop(answer.send(leave(sidecar.running).await)),
					None => return,
				}
			}
		}
	}

	/// Returns when the credits are there.
	async fn buy(&self) {
		let mut was_asked = false;
		loop {
			match self.buy_step(&mut was_asked).await {
				Ok(true) => {
					self.seen.lock().has_bought = true;
					return;
				}
				Ok(false) => {}
				Err(error) => self.seen.lock().trouble = Some(format!("buying credits: {error:#}")),
			}
			sleep(LOOK_EVERY).await;
		}
	}

	/// Whether the credits are there. Asks for them once, when tokens buy them.
	async fn buy_step(&self, was_asked: &mut bool) -> Result<bool> {
		let chain = &self.chain;
		let last = chain.block_hash(chain.finalized().await?).await?;
		if chain.credits(&last, &self.keys.public_key().0).await?.free >= PURCHASE {
			return Ok(true);
		}
		let price = chain.price(&last).await?;
		if *was_asked || price.purchases_closed.is_some() || price.paused {
			return Ok(false);
		}
		let tokens = chain.quote(&last, PURCHASE).await?.tokens;
		let tokens = tokens.context("purchases are open, and credits have no price")?;
		// Never twice, whatever becomes of the call: what is bought is counted.
		*was_asked = true;
		// The price moves by less than a tenth until then.
		let call = Call::request_credits(PURCHASE, tokens.saturating_add(tokens / 10));
		chain.submit(&self.keys, &call).await?;
		Ok(false)
	}

	/// Starts the sidecar, and again if it has ended.
	async fn keep(&self, sidecar: &mut Sidecar) -> Result<()> {
		if let Some(Running { process, .. }) = &mut sidecar.running {
			let Some(status) = process.exited()? else { return Ok(()) };
			if status.code() != Some(USED_UP) {
				let end = process.ensure_running().err().map(|error| error.to_string());
				self.seen.lock().end = end;
			}
			if let Some(Running { heard, .. }) = sidecar.running.take() {
				// It ends with what it reads.
				let _ = heard.await;
			}
			self.seen.lock().status = None;
			sidecar.not_before = Instant::now() + RESTART;
		}
		if Instant::now() < sidecar.not_before {
			return Ok(());
		}
		let (process, output) = self.launch.start()?;
		let heard = tokio::spawn(hear(output, self.seen.clone()));
		sidecar.running = Some(Running { process, heard });
		Ok(())
	}

	/// Fetches the next file.
	async fn fetch(&self, fetched: &mut u32, bytes: u64) -> Result<bool> {
		*fetched += 1;
		let number = u64::from(self.number) << 32 | u64::from(*fetched);
		let file = timeout(FETCH_PATIENCE, fetch(self.socks, self.files, number, bytes)).await;
		let file = file.unwrap_or_else(|_| {
			Err(anyhow::anyhow!("a file of {bytes} bytes did not come in {} s", FETCH_PATIENCE.as_secs()))
		});
		self.seen.lock().fetched(&file);
		file
	}
}

/// Before there is anything to do it with.
fn refuse(order: Order) {
	const REASON: &str = "it has bought no credits yet";
	// An error means that nobody waits for it any more.
	match order {
		Order::Fetch(_, answer) => drop(answer.send(Err(anyhow::anyhow!(REASON)))),
		Order::Leave(answer) => drop(answer.send(Ok(()))),
	}
}

/// Reads what a sidecar says until it ends.
async fn hear(output: ChildStdout, seen: Shared) {
	let mut lines = BufReader::new(output).lines();
	while let Ok(Some(line)) = lines.next_line().await {
		seen.lock().hear(&line);
	}
}

/// Has the sidecar sign its last voucher, and reads its last word.
async fn leave(running: Option<Running>) -> Result<()> {
	let Some(Running { process, heard }) = running else { return Ok(()) };
	let status = process.end(Signal::INT, STOP_PATIENCE).await?;
	let status = status.with_context(|| format!("it has not left within {} s", STOP_PATIENCE.as_secs()))?;
	timeout(STOP_PATIENCE, heard).await.context("its output does not end")??;
	ensure!(status.success(), "it left with {status}");
	Ok(())
}

impl Seen {
	/// What a customer still lacks before the story is complete.
	pub(super) fn lacks(&self, files: u32) -> Option<String> {
		let trouble =
			self.trouble.as_ref().map(|trouble| format!(" (last trouble: {trouble})")).unwrap_or_default();
		if !self.has_bought {
			return Some(format!("no credits{trouble}"));
		}
		(self.right < files).then(|| format!("{} of {files} files{trouble}", self.right))
	}
}
