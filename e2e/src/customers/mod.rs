//! Who pays for traffic: customers that buy credits, go out through providers' lines, and fetch files there. Each has an account
//! and a sidecar of its own.

mod agent;
mod books;
mod files;
mod seen;

pub use files::FileServer;
pub use seen::{Seen, Status};

use crate::{chain::Chain, hot::Hot, line::Line, network::Network};
use agent::{Agent, Order};
use anyhow::{bail, ensure, Context, Result};
use books::{Account, Credited};
use futures::future::join_all;
use seen::Shared;
use std::{collections::BTreeSet, net::SocketAddrV4, time::Duration};
use tokio::{
	sync::{mpsc, oneshot},
	task::JoinHandle,
	time::{sleep, timeout, Instant},
};
use weir_math::timing::{Timing, GROUPS};
use weir_primitives::{channels_api::AccountChannel, economy::Credits, SlotOffset};

/// What each buys: two dollars.
const PURCHASE: Credits = 2_000_000;
/// Files that each has to have fetched before the story is complete.
const FILES: u32 = 5;
/// The file that is fetched at the end.
const LARGE_BYTES: u64 = 2_000_000;
/// A test whose T0 is this many slots past is over: both windows, what lies between them, and the settling.
const TEST_SLOTS: u32 = 6;
/// Slots that the large file may take.
const LARGE_SLOTS: u32 = 2;
/// How long a moment may be waited for in which no customer's provider is measured: some epochs.
const QUIET_PATIENCE: Duration = Duration::from_secs(240);
/// How long claims that were filed may take until they are final.
const CLAIMED_PATIENCE: Duration = Duration::from_secs(60);
/// How long customers may take to leave when nobody looks at what comes of it.
const STOP_PATIENCE: Duration = Duration::from_secs(10);
/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A customer as it is planned.
pub struct Customer {
	/// Name in table and logs.
	pub name: String,
	/// Its account.
	pub hot: Hot,
	/// Number of the line that it goes out through.
	pub line: usize,
	/// Through how many lines, that one included.
	pub hops: u8,
	/// Where its proxy listens.
	pub socks: SocketAddrV4,
	number: u8,
}

impl Customer {
	/// The `number`-th customer, who goes out through the line `line`, the last of `hops`.
	pub fn new(number: u8, line: usize, hops: u8, socks: SocketAddrV4) -> Result<Self> {
		let name = format!("customer{}", number + 1);
		Ok(Self { hot: Hot::new(&format!("//{name}"))?, name, line, hops, socks, number })
	}
}

/// A customer that lives.
struct Living {
	name: String,
	account: [u8; 32],
	/// Name of its last provider, and how many it goes through.
	provider: String,
	hops: u8,
	seen: Shared,
	orders: mpsc::Sender<Order>,
	life: JoinHandle<()>,
	/// Its channels as the chain last showed them.
	channels: Vec<AccountChannel<[u8; 32]>>,
}

impl Drop for Living {
	fn drop(&mut self) {
		self.life.abort();
	}
}

/// A row of the table.
pub struct Row<'a> {
	/// Its name.
	pub name: &'a str,
	/// Its last provider's.
	pub provider: &'a str,
	/// How many it goes through.
	pub hops: u8,
	/// What was seen of it.
	pub seen: Seen,
	/// Credits that its channels have paid.
	pub claimed: Credits,
	/// Credits that they hold.
	pub left: Credits,
}

/// The customers of a network. Dropped, they end.
pub struct Customers(Vec<Living>);

impl Customers {
	/// Has the customers of a network do what they do.
	pub fn start(network: &Network) -> Result<Self> {
		let living = |customer: &Customer| {
			let files = network.files().context("there are customers, and no files for them")?;
			let (seen, line) = (Shared::default(), &network.lines()[customer.line]);
			let agent = Agent {
				number: customer.number,
				keys: customer.hot.keys.clone(),
				launch: network.customer(customer)?,
				socks: customer.socks,
				files,
				chain: network.chain.clone(),
				seen: seen.clone(),
			};
			let (orders, ordered) = mpsc::channel(1);
			Ok(Living {
				name: customer.name.clone(),
				account: customer.hot.account(),
				provider: line.name.clone(),
				hops: customer.hops,
				seen,
				orders,
				life: tokio::spawn(agent.live(ordered)),
				channels: Vec::new(),
			})
		};
		network.customers().iter().map(living).collect::<Result<_>>().map(Self)
	}

	/// Reads what the chain says of their channels.
	pub async fn follow(&mut self, chain: &Chain) -> Result<()> {
		let last = chain.block_hash(chain.finalized().await?).await?;
		for customer in &mut self.0 {
			customer.channels = chain.channels(&last, &customer.account).await?;
		}
		Ok(())
	}

	/// An error if a sidecar has ended that should run.
	pub fn ensure_running(&self) -> Result<()> {
		let ended = self.0.iter().find_map(|customer| customer.seen.lock().end.clone());
		ended.map_or(Ok(()), |end| bail!("{end}"))
	}

	/// A row for each.
	pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
		self.0.iter().map(|customer| {
			let paying = || customer.channels.iter().filter(|row| row.pays).map(|row| &row.channel);
			Row {
				name: &customer.name,
				provider: &customer.provider,
				hops: customer.hops,
				seen: customer.seen.lock().clone(),
				claimed: paying().map(|channel| channel.paid).sum(),
				left: paying().map(|channel| channel.left).sum(),
			}
		})
	}

	/// What is still to be seen.
	pub fn missing(&self) -> Vec<String> {
		let lacks = |row: Row| row.seen.lacks(FILES).map(|what| format!("{} has {what}", row.name));
		self.rows().filter_map(lacks).collect()
	}

	/// What was wrong so far.
	pub fn faults(&self) -> Vec<String> {
		self.rows().filter_map(|row| wrong(row.name, &row.seen)).collect()
	}

	/// The end of the story: one of them fetches more while its provider is not measured, all leave, their providers claim, and
	/// everything has to add up. What does not.
	pub async fn settle(&mut self, network: &mut Network, say: impl Fn(&str)) -> Result<Vec<String>> {
		let mut faults = Vec::new();
		say("a customer fetches a larger file while no provider of its is measured");
		match self.fetch_large(&network.chain).await? {
			// One of another content is counted among its files.
			Ok(_) => {}
			Err(error) => faults.push(format!("a file of {LARGE_BYTES} bytes did not come: {error:#}")),
		}
		say("customers leave, and their providers claim");
		let left = join_all(self.0.iter().map(|customer| customer.order(Order::Leave))).await;
		for (customer, left) in self.0.iter().zip(left) {
			if let Err(error) = left.and_then(|left| left) {
				faults.push(format!("{}: {error:#}", customer.name));
			}
		}
		let providers = self.providers();
		let of = |(_, line): &(usize, &Line)| providers.contains(&line.account());
		let lines: Vec<_> = network.lines().iter().enumerate().filter(of).map(|(number, _)| number).collect();
		network.end_providers(&lines).await?;
		let begun = Instant::now();
		loop {
			let unsettled = self.broken(&network.chain, network.lines()).await?;
			if unsettled.is_empty() || begun.elapsed() > CLAIMED_PATIENCE {
				faults.extend(unsettled);
				break;
			}
			sleep(LOOK_EVERY).await;
		}
		self.follow(&network.chain).await?;
		faults.extend(self.faults());
		Ok(faults)
	}

	/// Accounts of all that customers have channels to.
	fn providers(&self) -> BTreeSet<[u8; 32]> {
		self.0.iter().flat_map(|customer| customer.providers()).collect()
	}

	/// What came of a large file through the most lines, none of which is measured.
	async fn fetch_large(&self, chain: &Chain) -> Result<Result<bool>> {
		let (timing, begun) = (chain.timing().await?, Instant::now());
		loop {
			let (_, slot, _) = chain.clock().await?;
			let most =
				self.0.iter().max_by_key(|customer| customer.hops).context("there are no customers")?;
			let mut is_all_quiet = true;
			for provider in most.providers() {
				is_all_quiet &= is_quiet(&timing, slot, chain.test_start(&provider).await?);
			}
			if is_all_quiet {
				return most.order(|answer| Order::Fetch(LARGE_BYTES, answer)).await;
			}
			ensure!(
				begun.elapsed() < QUIET_PATIENCE,
				"a customer's providers were measured all the time for {} s",
				QUIET_PATIENCE.as_secs()
			);
			sleep(LOOK_EVERY).await;
		}
	}

	/// What does not add up now.
	async fn broken(&self, chain: &Chain, lines: &[Line]) -> Result<Vec<String>> {
		let last = chain.block_hash(chain.finalized().await?).await?;
		let mut accounts = Vec::new();
		for customer in &self.0 {
			let signed = customer.seen.lock().signed.clone();
			accounts.push(Account {
				name: customer.name.clone(),
				signed,
				credits: chain.credits(&last, &customer.account).await?,
				channels: chain.channels(&last, &customer.account).await?,
			});
		}
		let mut providers = Vec::new();
		for account in self.providers() {
			let name = lines.iter().find(|line| line.account() == account);
			providers.push(Credited {
				name: name.map_or_else(|| hex::encode(account), |line| line.name.clone()),
				account,
				earnings: chain.earnings(&last, &account).await?,
			});
		}
		let hops = self.0.iter().map(|customer| usize::from(customer.hops)).collect::<Vec<_>>();
		Ok(books::broken(&accounts, &providers, &hops))
	}

	/// Has those leave who still live, as far as that is soon done.
	pub async fn stop(self) {
		let living = self.0.iter().filter(|customer| !customer.life.is_finished());
		// Who does not leave is ended with the value.
		let _ = timeout(STOP_PATIENCE, join_all(living.map(|customer| customer.order(Order::Leave)))).await;
	}
}

impl Living {
	/// Accounts of those to whom it has channels.
	fn providers(&self) -> impl Iterator<Item = [u8; 32]> + '_ {
		self.channels.iter().filter(|row| row.pays).map(|row| row.channel.provider)
	}

	/// Has it do something, and waits for what comes of it. An error if it lives no more.
	async fn order<T>(&self, order: impl FnOnce(oneshot::Sender<T>) -> Order) -> Result<T> {
		let gone = || format!("{} lives no more", self.name);
		let (answer, answered) = oneshot::channel();
		self.orders.send(order(answer)).await.ok().with_context(gone)?;
		answered.await.ok().with_context(gone)
	}
}

/// What was wrong with the files of a customer.
fn wrong(name: &str, seen: &Seen) -> Option<String> {
	let Seen { right, wrong, .. } = *seen;
	(wrong > 0).then(|| format!("{name}: {wrong} of {} files had another content", right + wrong))
}

/// Whether a line of which the chain shows `start` in `slot` is not measured before a large file is there. What is shown is
/// final, and some slots old: the first test of the next epoch is as many slots off.
fn is_quiet(timing: &Timing, slot: SlotOffset, start: Option<SlotOffset>) -> bool {
	let last_start = timing.measure_from + timing.group_slots * GROUPS + timing.lead_slots;
	let quiet_from = match start {
		Some(start) => start.saturating_add(TEST_SLOTS),
		// It may still be tested, or will not be.
		None => last_start,
	};
	slot >= quiet_from && slot.saturating_add(LARGE_SLOTS) < timing.epoch_slots
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn line_should_be_quiet_only_between_its_test_and_the_next_epoch() {
		let timing = Timing::local();
		let quiet = |start| {
			(0..timing.epoch_slots).filter(|slot| is_quiet(&timing, *slot, start)).collect::<Vec<_>>()
		};
		assert_eq!(quiet(Some(10)), (16..28).collect::<Vec<_>>());
		assert_eq!(quiet(Some(25)), [] as [u32; 0]);
		// Whoever has not been shown a test by then has none.
		assert_eq!(quiet(None), [27]);
	}

	#[test]
	fn customers_should_lack_credits_and_then_files() {
		let lacks = |seen: &Seen| seen.lacks(FILES);
		let mut seen = Seen::default();
		assert_eq!(lacks(&seen).as_deref(), Some("no credits"));
		(seen.has_bought, seen.right, seen.trouble) = (true, 4, Some("no tunnel".into()));
		assert_eq!(lacks(&seen).as_deref(), Some("4 of 5 files (last trouble: no tunnel)"));
		seen.right = 5;
		assert_eq!(lacks(&seen), None);
	}

	#[test]
	fn files_of_another_content_should_be_a_fault_and_missing_ones_none() {
		let seen = Seen { right: 6, failed: 3, ..Seen::default() };
		assert_eq!(wrong("customer1", &seen), None);
		let fault = wrong("customer1", &Seen { wrong: 1, ..seen });
		assert_eq!(fault.as_deref(), Some("customer1: 1 of 7 files had another content"));
	}
}
