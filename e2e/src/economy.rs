//! What the network earns, pays and prices: followed block by block, and held against its laws.

use crate::{
	chain::{Call, Chain, Holding},
	check::Extent,
	line::Line,
	supply,
	verdicts::Verdicts,
};
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use subxt_signer::sr25519::{dev, Keypair};
use weir_math::economy::wide::{tokens_ceil, value_floor};
use weir_primitives::{
	api::Outcome,
	chain::Balance,
	economy::{Credits, RegionId, Round},
	economy_api::{CreditsInfo, PriceInfo, RegionInfo, RewardsInfo, SupplyInfo},
	EpochIndex,
};

/// What is bought to see that it can be: five dollars.
const PURCHASE: Credits = 5_000_000;
/// Epochs that a claim converts: more than a check lasts.
const CLAIM_EPOCHS: u32 = 64;
/// Faults that are told; the rest are more of the same.
const MOST_FAULTS: usize = 20;

/// What a line has earned for its capacity, claimed or not, free or not.
pub fn availability(rewards: &RewardsInfo) -> Balance {
	let RewardsInfo { availability, vesting, bounties, .. } = rewards;
	[availability.pending, availability.paid, vesting.granted, bounties.pending, bounties.paid].iter().sum()
}

/// What a line has earned for traffic, as far as that is settled.
pub fn fees(rewards: &RewardsInfo) -> Balance {
	rewards.fees.pending.saturating_add(rewards.fees.paid)
}

/// All that an account has claimed so far.
fn claimed(rewards: &RewardsInfo) -> Balance {
	let RewardsInfo { availability, vesting, bounties, fees, validating, attesting, .. } = rewards;
	let causes = [availability, bounties, fees, validating, attesting].map(|earned| earned.paid);
	causes.iter().sum::<Balance>().saturating_add(vesting.released)
}

/// A purchase of credits, as far as it has come.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Purchase {
	/// Tokens do not buy yet.
	Closed,
	/// Asked for; in which block and round is not seen yet.
	Asked { credits: Credits },
	/// Waits for its price.
	Waits { credits: Credits, number: u64, round: Round, executes_from: Round },
	/// Over.
	Done,
}

/// What a buyer has after a block, and the price in it.
struct Bought<'a> {
	number: u64,
	credits: &'a CreditsInfo,
	before: Holding,
	after: Holding,
	price: &'a PriceInfo,
}

impl Purchase {
	/// Takes down what one block shows. What is wrong, in words.
	fn observe(&mut self, block: &Bought) -> Option<String> {
		let Bought { number, credits, .. } = *block;
		match *self {
			Self::Closed | Self::Done => None,
			Self::Asked { credits: before } => {
				if let Some(request) = credits.requests.last() {
					let (round, executes_from) = (request.round, request.executes_from);
					*self = Self::Waits { credits: before, number, round, executes_from };
				}
				None
			}
			Self::Waits { credits: before, .. } if credits.free == before && !credits.requests.is_empty() => {
				None
			}
			Self::Waits { credits: before, number: asked, round, executes_from } => {
				*self = Self::Done;
				let gained = credits.free.saturating_sub(before);
				if gained != PURCHASE {
					return Some(format!("{PURCHASE} credits were asked for, and {gained} bought"));
				}
				block.price_is_wrong(asked, round, executes_from)
			}
		}
	}
}

impl Bought<'_> {
	/// What is wrong with the price of a request that was made in the block `asked`, in `round`.
	fn price_is_wrong(&self, asked: u64, round: Round, executes_from: Round) -> Option<String> {
		let Some(quote) = &self.price.quote else {
			return Some("credits were bought without a price".into());
		};
		if executes_from <= round || quote.round < executes_from {
			return Some(format!("credits asked for in round {round} were bought at round {}", quote.round));
		}
		if u64::from(quote.oldest_block) < asked {
			let oldest = quote.oldest_block;
			return Some(format!(
				"credits asked for in block {asked} were bought by a report of block {oldest}"
			));
		}
		let burned = self.before.total().checked_sub(self.after.total());
		let due = tokens_ceil(PURCHASE, quote.low);
		(burned != due || due.is_none()).then(|| {
			format!("credits cost {burned:?} grains in block {}, and {due:?} are their price", self.number)
		})
	}
}

/// What a liar had earned when the pay of its strike's epoch was known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Struck {
	epoch: EpochIndex,
	earned: (Balance, Balance),
	latest: EpochIndex,
}

/// What was seen of the economy so far.
pub struct Economy {
	/// The next block to look at.
	next: u64,
	buyer: Keypair,
	buyer_had: Holding,
	purchase: Purchase,
	has_claimed: bool,
	struck: BTreeMap<[u8; 32], Struck>,
	faults: Vec<String>,
	price: Option<PriceInfo>,
	supply: Option<SupplyInfo>,
	regions: Vec<RegionInfo<[u8; 32]>>,
	rewards: BTreeMap<[u8; 32], RewardsInfo>,
}

impl Default for Economy {
	fn default() -> Self {
		Self {
			next: 0,
			buyer: dev::eve(),
			buyer_had: Holding::default(),
			purchase: Purchase::Closed,
			has_claimed: false,
			struck: BTreeMap::new(),
			faults: Vec::new(),
			price: None,
			supply: None,
			regions: Vec::new(),
			rewards: BTreeMap::new(),
		}
	}
}

impl Economy {
	/// Looks at every block that became final since the last time, and at what the lines have earned by the last one.
	pub async fn follow(&mut self, chain: &Chain, lines: &[Line]) -> Result<()> {
		let finalized = chain.finalized().await?;
		while self.next <= finalized {
			self.look_at(chain, self.next).await.with_context(|| format!("reading block {}", self.next))?;
			self.next += 1;
		}
		let last = chain.block_hash(finalized).await?;
		self.regions = chain.regions(&last).await?;
		for line in lines {
			let account = line.account();
			self.rewards.insert(account, chain.rewards(&last, &account).await?);
		}
		Ok(())
	}

	async fn look_at(&mut self, chain: &Chain, number: u64) -> Result<()> {
		let block = chain.block_hash(number).await?;
		let (supply, price) = (chain.supply(&block).await?, chain.price(&block).await?);
		for law in supply::broken(&supply, chain.total_issuance(&block).await?) {
			self.tell(format!("block {number}: {law}"));
		}
		if self.purchase != Purchase::Done {
			let buyer = self.buyer.public_key().0;
			let (credits, after) =
				(chain.credits(&block, &buyer).await?, chain.holding(&block, &buyer).await?);
			let seen = Bought { number, credits: &credits, before: self.buyer_had, after, price: &price };
			let fault = self.purchase.observe(&seen);
			self.buyer_had = after;
			fault.into_iter().for_each(|fault| self.tell(fault));
		}
		(self.supply, self.price) = (Some(supply), Some(price));
		Ok(())
	}

	/// Buys credits once tokens buy them, and claims for an honest line once there is something to claim.
	pub async fn act(&mut self, chain: &Chain, lines: &[Line]) -> Result<()> {
		let last = chain.block_hash(chain.finalized().await?).await?;
		let is_open =
			self.price.as_ref().is_some_and(|price| price.purchases_closed.is_none() && !price.paused);
		if self.purchase == Purchase::Closed && is_open {
			let quote = chain.quote(&last, PURCHASE).await?;
			let tokens = quote.tokens.context("purchases are open, and credits have no price")?;
			let credits = chain.credits(&last, &self.buyer.public_key().0).await?.free;
			// The price moves by less than a tenth until then.
			let call = Call::request_credits(PURCHASE, tokens.saturating_add(tokens / 10));
			chain.submit(&self.buyer, &call).await.context("asking for credits")?;
			self.purchase = Purchase::Asked { credits };
		}
		let earner = lines.iter().find(|line| {
			let rewards = self.rewards.get(&line.account());
			line.is_honest() && rewards.is_some_and(|rewards| rewards.claimable > 0)
		});
		if let Some(line) = earner.filter(|_| !self.has_claimed) {
			self.claim(chain, line).await.with_context(|| format!("{} claims", line.name))?;
		}
		Ok(())
	}

	async fn claim(&mut self, chain: &Chain, line: &Line) -> Result<()> {
		let account = line.account();
		let included = chain.include(&line.keys, &Call::claim(account, CLAIM_EPOCHS)).await?;
		let parent = chain.parent(&included.block).await?;
		let (before, after) =
			(chain.holding(&parent, &account).await?, chain.holding(&included.block, &account).await?);
		let paid = claimed(&chain.rewards(&included.block, &account).await?)
			.checked_sub(claimed(&chain.rewards(&parent, &account).await?));
		let arrived = after.total().saturating_add(included.fee).checked_sub(before.total());
		if paid != arrived || paid.is_none_or(|paid| paid == 0) {
			self.tell(format!("{}: {paid:?} grains were paid, and {arrived:?} arrived", line.name));
		}
		self.has_claimed = true;
		Ok(())
	}

	/// Holds what liars earn against when they were struck.
	pub fn watch_liars(&mut self, lines: &[Line], verdicts: &Verdicts) {
		for line in lines.iter().filter(|line| !line.is_honest()) {
			let strike = verdicts.of(line).find(|verdict| verdict.outcome == Outcome::Strike);
			let (Some(strike), Some(rewards)) = (strike, self.rewards.get(&line.account())) else { continue };
			// What it earned before the verdict is known once the epoch that was measured is closed.
			let Some(closed) = rewards.closed.filter(|closed| *closed >= strike.epoch) else { continue };
			let earned = (availability(rewards), fees(rewards));
			let struck = Struck { epoch: closed, earned, latest: closed };
			let struck = self.struck.entry(line.account()).or_insert(struck);
			struck.latest = closed;
			if earned.0 > struck.earned.0 || earned.1 > struck.earned.1 {
				let fault = format!(
					"{}: struck in epoch {}, and paid for a later one: {earned:?} grains after {:?}",
					line.name, strike.epoch, struck.earned
				);
				struck.earned = earned;
				self.tell(fault);
			}
		}
	}

	fn tell(&mut self, fault: String) {
		if self.faults.len() < MOST_FAULTS {
			self.faults.push(fault);
		}
	}

	/// What was wrong so far.
	pub fn faults(&self) -> &[String] {
		&self.faults
	}

	/// What is still to be seen.
	pub fn missing(&self, extent: Extent, lines: &[Line]) -> Vec<String> {
		let mut missing = Vec::new();
		if self.purchase != Purchase::Done {
			missing.push("no credits were bought with tokens".to_owned());
		}
		if extent == Extent::Whole {
			if !self.has_claimed {
				missing.push("no honest provider has claimed what it earned".to_owned());
			}
			for line in lines.iter().filter(|line| !line.is_honest()) {
				let is_known = |struck: &Struck| struck.latest > struck.epoch;
				if !self.struck.get(&line.account()).is_some_and(is_known) {
					missing.push(format!("no epoch after the strike of {} is closed", line.name));
				}
			}
		}
		missing
	}

	/// Blocks that were looked at.
	pub fn blocks(&self) -> u64 {
		self.next
	}

	/// The price after the last of them.
	pub fn price(&self) -> Option<&PriceInfo> {
		self.price.as_ref()
	}

	/// The supply after the last of them.
	pub fn supply(&self) -> Option<&SupplyInfo> {
		self.supply.as_ref()
	}

	/// What a line has earned.
	pub fn rewards(&self, line: &Line) -> Option<&RewardsInfo> {
		self.rewards.get(&line.account())
	}

	/// A region by its number.
	pub fn region(&self, id: RegionId) -> Option<&RegionInfo<[u8; 32]>> {
		self.regions.iter().find(|region| region.id == id)
	}

	/// The region of a line.
	pub fn region_of(&self, line: &Line) -> Option<&RegionInfo<[u8; 32]>> {
		self.regions.iter().find(|region| region.region == line.region())
	}

	/// What `tokens` are worth at the newest median.
	pub fn worth(&self, tokens: Balance) -> Option<Credits> {
		value_floor(tokens, self.price.as_ref()?.quote.as_ref()?.median)
	}
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;
	use crate::verdicts::tests::{line, verdict};
	use weir_primitives::{
		api::VerdictRecord,
		economy::{Quote, PRICE_ONE},
		economy_api::{Earned, RequestInfo, VestingInfo},
	};

	pub(crate) fn rewards(closed: Option<EpochIndex>, liquid: Balance, locked: Balance) -> RewardsInfo {
		let none = || Earned { pending: 0, paid: 0 };
		RewardsInfo {
			closed,
			line: None,
			factors: None,
			claimable: liquid,
			worth: None,
			availability: Earned { pending: liquid, paid: 0 },
			vesting: VestingInfo {
				granted: locked,
				locked,
				releasable: 0,
				released: 0,
				forfeited: 0,
				floor: 0,
			},
			bounties: none(),
			fees: none(),
			fee_epochs: Vec::new(),
			validating: none(),
			attesting: none(),
		}
	}

	pub(crate) fn price(round: Round, oldest_block: u32) -> PriceInfo {
		let quote = Quote {
			round,
			median: PRICE_ONE / 25,
			ema: PRICE_ONE / 25,
			twap: None,
			low: PRICE_ONE / 25,
			high: PRICE_ONE / 25,
			reports: 3,
			oldest_block,
			at_block: oldest_block + 3,
			gate: None,
		};
		PriceInfo {
			round,
			round_blocks: 5,
			quote: Some(quote),
			purchases_closed: None,
			payouts_closed: None,
			lost: false,
			paused: false,
			reporters: 3,
			quorum: 2,
		}
	}

	fn credits(free: Credits, request: Option<Round>) -> CreditsInfo {
		let requests = request.map(|round| RequestInfo {
			id: 1,
			credits: PURCHASE,
			max_tokens: 200,
			round,
			executes_from: round + 2,
		});
		CreditsInfo {
			free,
			locked: 0,
			last_used: None,
			sweep: None,
			requests: requests.into_iter().collect(),
		}
	}

	/// What is wrong with a purchase asked for in block 20 and round 4 when this is shown in block 33, and whether it is over.
	fn bought(shown: CreditsInfo, price: PriceInfo, cost: Balance) -> (Option<String>, bool) {
		let mut purchase = Purchase::Asked { credits: 7 };
		let had = Holding { free: 1_000_000_000_000_000, reserved: 5 };
		let asked = credits(7, Some(4));
		let seen = |number, credits, after, price| Bought { number, credits, before: had, after, price };
		assert_eq!(purchase.observe(&seen(20, &asked, had, &price)), None);
		assert!(matches!(purchase, Purchase::Waits { number: 20, round: 4, executes_from: 6, .. }));
		let after = Holding { free: had.free - cost, reserved: 5 };
		let fault = purchase.observe(&seen(33, &shown, after, &price));
		(fault, purchase == Purchase::Done)
	}

	/// Five dollars at four cents.
	const COST: Balance = 125_000_000_000_000;

	#[test]
	fn purchase_should_be_right_at_the_forward_price() {
		assert_eq!(bought(credits(7 + PURCHASE, None), price(6, 25), COST), (None, true));
		assert_eq!(bought(credits(7, Some(4)), price(6, 25), 0), (None, false));
	}

	#[test]
	fn purchase_should_be_wrong_at_another_price_or_of_another_amount() {
		let is_told = |shown, price, cost, told: &str| {
			let (fault, is_over) = bought(shown, price, cost);
			assert!(is_over && fault.as_ref().is_some_and(|fault| fault.contains(told)), "{fault:?}");
		};
		is_told(credits(7 + PURCHASE, None), price(6, 25), COST - 1, "are their price");
		is_told(credits(7 + PURCHASE, None), price(5, 25), COST, "were bought at round 5");
		is_told(credits(7 + PURCHASE, None), price(6, 19), COST, "by a report of block 19");
		is_told(credits(7, None), price(6, 25), 0, "and 0 bought");
		let unpriced = PriceInfo { quote: None, ..price(6, 25) };
		is_told(credits(7 + PURCHASE, None), unpriced, COST, "without a price");
	}

	/// What is told when the chain shows a struck liar like this, one after the other.
	fn liar(shown: &[RewardsInfo]) -> (Vec<String>, Vec<String>) {
		let line = line(2_000, 20_000);
		let lines = [line];
		let strike = VerdictRecord { outcome: Outcome::Strike, ..verdict(5, 20_000, 2_000, 2_000) };
		let verdicts = Verdicts::with(&lines[0], &[strike]);
		let mut economy = Economy { has_claimed: true, purchase: Purchase::Done, ..Default::default() };
		for rewards in shown {
			economy.rewards.insert(lines[0].account(), rewards.clone());
			economy.watch_liars(&lines, &verdicts);
		}
		(economy.missing(Extent::Whole, &lines), economy.faults)
	}

	#[test]
	fn liar_should_be_watched_until_an_epoch_after_its_strike_is_closed() {
		let missing = vec!["no epoch after the strike of provider1 is closed".to_owned()];
		assert_eq!(liar(&[rewards(None, 0, 0)]), (missing.clone(), vec![]));
		assert_eq!(liar(&[rewards(Some(4), 3, 3), rewards(Some(5), 4, 4)]), (missing, vec![]));
		assert_eq!(liar(&[rewards(Some(5), 4, 4), rewards(Some(6), 4, 4)]), (vec![], vec![]));
		// What was taken back is no pay.
		assert_eq!(liar(&[rewards(Some(5), 4, 4), rewards(Some(6), 0, 4)]), (vec![], vec![]));
	}

	#[test]
	fn liar_should_be_a_fault_when_it_is_paid_for_an_epoch_after_its_strike() {
		let (_, faults) = liar(&[rewards(Some(5), 4, 4), rewards(Some(6), 4, 5), rewards(Some(7), 4, 5)]);
		assert_eq!(faults.len(), 1, "{faults:?}");
		assert!(faults[0].contains("provider1: struck in epoch 5"), "{faults:?}");
	}

	#[test]
	fn claims_should_be_waited_for_in_the_whole_story_alone() {
		let lines = [line(10_000, 10_000)];
		let economy = Economy { purchase: Purchase::Done, ..Default::default() };
		assert_eq!(economy.missing(Extent::First, &lines), Vec::<String>::new());
		assert_eq!(economy.missing(Extent::Whole, &lines), ["no honest provider has claimed what it earned"]);
		let closed = Economy { has_claimed: true, ..Default::default() };
		assert_eq!(closed.missing(Extent::First, &lines), ["no credits were bought with tokens"]);
	}

	#[test]
	fn claims_should_count_every_cause() {
		let earned = |paid| Earned { pending: 100, paid };
		let shown = RewardsInfo {
			availability: earned(1),
			bounties: earned(10),
			fees: earned(100),
			validating: earned(1_000),
			attesting: earned(10_000),
			vesting: VestingInfo { released: 100_000, ..rewards(None, 0, 0).vesting },
			..rewards(None, 0, 0)
		};
		assert_eq!(claimed(&shown), 111_111);
	}
}
