//! Price, supply and credits, as JSON.

use super::{
	results::Block,
	texts::{Address, Amount, Dollars, Hex},
};
use serde::Serialize;
use weir_primitives::{
	economy::{self, GateReason},
	economy_api::{
		CreditsInfo, PriceInfo, PurchaseQuote, PurchaseRefusal, ReporterInfo, RequestInfo, SliceWait,
		SupplyInfo,
	},
};
use weir_runtime::AccountId;

result! {
	/// Why something has to wait or is refused, for machines and for people.
	pub(crate) struct Refusal {
		/// Its name.
		name: &'static str,
		/// What it means, in English.
		text: &'static str,
	}
}

impl From<GateReason> for Refusal {
	fn from(reason: GateReason) -> Self {
		let (name, text) = match reason {
			GateReason::NoQuorum => ("NoQuorum", "too few reporters have reported lately"),
			GateReason::Spread => {
				("Spread", "median, running average and pool differ by more than the parameters allow")
			}
			GateReason::Stale => ("Stale", "no round has been priced yet, or rounds have stopped"),
		};
		Self { name, text }
	}
}

impl From<PurchaseRefusal> for Refusal {
	fn from(refusal: PurchaseRefusal) -> Self {
		let (name, text) = match refusal {
			PurchaseRefusal::Gate(reason) => return reason.into(),
			PurchaseRefusal::Paused => {
				("Paused", "the emergency track has paused purchases; a pause ends by itself")
			}
			PurchaseRefusal::TooLittle => ("TooLittle", "less than a dollar (1,000,000 credits)"),
			PurchaseRefusal::TooMuch => ("TooMuch", "more than one round takes: ask for it in parts"),
			PurchaseRefusal::QueueFull => {
				("QueueFull", "as many requests wait as may: ask again in a later round")
			}
			PurchaseRefusal::NeverPriced => {
				("NeverPriced", "there never was a price: requests are taken once there is one")
			}
		};
		Self { name, text }
	}
}

impl From<SliceWait> for Refusal {
	fn from(wait: SliceWait) -> Self {
		let (name, text) = match wait {
			SliceWait::NoPool => ("NoPool", "there is no pool, or nothing in it"),
			SliceWait::PoolTooShallow => ("PoolTooShallow", "the pool is too shallow for a slice"),
			SliceWait::PricesDisagree => ("PricesDisagree", "median, running average and pool disagree"),
			SliceWait::NoPoolAverage => {
				("NoPoolAverage", "nobody reports, and the pool has no average of rounds that are over")
			}
			SliceWait::NoPrice => ("NoPrice", "a price of zero is none"),
			SliceWait::Refused => (
				"Refused",
				"the pool refused: mostly because it gives less than 99 % of what the slice is worth",
			),
		};
		Self { name, text }
	}
}

result! {
	/// The price of one round. Prices are dollars per token.
	pub(crate) struct Quote {
		/// The round that it begins.
		round: u32,
		/// Median of the valid reports.
		median: Dollars,
		/// Running average of the medians.
		ema: Dollars,
		/// Average price of the pool; null if the pool is too shallow to count.
		twap: Option<Dollars>,
		/// What buyers' tokens count for.
		low: Dollars,
		/// What payees are paid at.
		high: Dollars,
		/// Valid reports that it stands on.
		reports: u16,
		/// Height of the block of the oldest of them.
		oldest_block: u32,
		/// Height of the block in which it was formed.
		at_block: u32,
		/// Why purchases with tokens wait at this quote; null if they do not.
		gate: Option<Refusal>,
	}
}

impl From<economy::Quote> for Quote {
	fn from(quote: economy::Quote) -> Self {
		let economy::Quote { round, median, ema, twap, low, high, reports, oldest_block, at_block, gate } =
			quote;
		Self {
			round,
			median: median.into(),
			ema: ema.into(),
			twap: twap.map(Dollars::from),
			low: low.into(),
			high: high.into(),
			reports,
			oldest_block,
			at_block,
			gate: gate.map(Refusal::from),
		}
	}
}

result! {
	/// The token's price, and what is priced at it.
	pub(crate) struct Price {
		/// The block.
		block: Block,
		/// The running round.
		round: u32,
		/// Blocks of a round.
		round_blocks: u32,
		/// The newest quote there is, whether or not anything is priced at it now; null before the first.
		quote: Option<Quote>,
		/// Why purchases with tokens wait; null while they are open.
		purchases_closed: Option<Refusal>,
		/// Why payouts wait; null while there is a price for them.
		payouts_closed: Option<Refusal>,
		/// Whether there has been no price for so long that epochs are closed without one.
		lost: bool,
		/// Whether the emergency track has paused purchases.
		paused: bool,
		/// Reporters that governance has added.
		reporters: u32,
		/// Valid reports that a quote needs.
		quorum: u32,
	}
}

impl Price {
	/// The price in `block`.
	pub(super) fn new(block: Block, info: PriceInfo) -> Self {
		let PriceInfo {
			round,
			round_blocks,
			quote,
			purchases_closed,
			payouts_closed,
			lost,
			paused,
			reporters,
			quorum,
		} = info;
		Self {
			block,
			round,
			round_blocks,
			quote: quote.map(Quote::from),
			purchases_closed: purchases_closed.map(Refusal::from),
			payouts_closed: payouts_closed.map(Refusal::from),
			lost,
			paused,
			reporters,
			quorum,
		}
	}
}

result! {
	/// A reporter of prices.
	pub(crate) struct Reporter {
		/// Its account.
		account: Address,
		/// Whether governance has added it: then it counts for the quorum, whether or not it reports.
		added: bool,
		/// Whether its reports count: it was added, has bonded, and has not left.
		active: bool,
		/// Signs its reports (sr25519); null before it has bonded.
		key: Option<Hex>,
		/// What is on hold, grains.
		bond: Amount,
		/// Of one that has left, the first epoch in which its bond is free.
		free_at: Option<u32>,
		/// What it reported last, dollars per token; null before its first report.
		last_price: Option<Dollars>,
		/// Height of the block of that report.
		last_block: Option<u32>,
		/// Priced rounds of the running era in which it reported.
		rounds: u32,
		/// In how many of these it was too far from the median.
		deviations: u32,
	}
}

impl From<ReporterInfo<AccountId>> for Reporter {
	fn from(info: ReporterInfo<AccountId>) -> Self {
		let ReporterInfo {
			account,
			added,
			active,
			key,
			bond,
			free_at,
			last_price,
			last_block,
			rounds,
			deviations,
		} = info;
		Self {
			account: Address::from(&account),
			added,
			active,
			key: key.map(Hex::of),
			bond: bond.into(),
			free_at,
			last_price: last_price.map(Dollars::from),
			last_block,
			rounds,
			deviations,
		}
	}
}

result! {
	/// The supply ledger. issuance + reserve + bucket + basis + buffer + destroyed is the cap, after every transaction.
	/// Tokens are in grains; 10¹² grains are one token.
	pub(crate) struct Supply {
		/// The block.
		block: Block,
		/// The cap.
		cap: Amount,
		/// What the first block began with.
		genesis: Amount,
		/// Tokens that exist, as the ledger counts them.
		issuance: Amount,
		/// Tokens that exist, as balances add up to.
		total_issuance: Amount,
		/// What emission has not scheduled yet.
		reserve: Amount,
		/// Scheduled and not minted.
		bucket: Amount,
		/// Burned for credits that are outstanding.
		basis: Amount,
		/// Burned, kept for days on which the basis is worth too little.
		buffer: Amount,
		/// Burned for good.
		destroyed: Amount,
		/// The six together.
		sum: Amount,
		/// Credits outstanding.
		credits: Amount,
		/// Of these, bought with the stable asset whose tokens are not burned yet.
		pending_credits: Amount,
		/// Burned since the first block.
		burned: Amount,
		/// Minted for paid traffic since the first block.
		reminted: Amount,
		/// Minted for paid traffic out of the bucket since the first block.
		insured: Amount,
		/// Minted by emission since the first block.
		emitted: Amount,
		/// Moved from the destroyed back into the reserve since the first block.
		recredited: Amount,
		/// Whether all of it adds up: the six to the cap, both counts of what exists, and every law of the ledger.
		balanced: bool,
	}
}

impl Supply {
	/// The ledger in `block`.
	pub(super) fn new(block: Block, info: SupplyInfo) -> Self {
		let SupplyInfo {
			cap,
			genesis,
			issuance,
			total_issuance,
			reserve,
			bucket,
			basis,
			buffer,
			destroyed,
			credits,
			pending_credits,
			burned,
			reminted,
			insured,
			emitted,
			recredited,
			balanced,
		} = info;
		// A sum that no u128 holds is no cap either.
		let sum = [issuance, reserve, bucket, basis, buffer, destroyed]
			.into_iter()
			.fold(0, |sum: u128, part| sum.saturating_add(part));
		Self {
			block,
			cap: cap.into(),
			genesis: genesis.into(),
			issuance: issuance.into(),
			total_issuance: total_issuance.into(),
			reserve: reserve.into(),
			bucket: bucket.into(),
			basis: basis.into(),
			buffer: buffer.into(),
			destroyed: destroyed.into(),
			sum: sum.into(),
			credits: credits.into(),
			pending_credits: pending_credits.into(),
			burned: burned.into(),
			reminted: reminted.into(),
			insured: insured.into(),
			emitted: emitted.into(),
			recredited: recredited.into(),
			balanced,
		}
	}
}

result! {
	/// What credits cost. A request is executed at the price of a later round, so that this is an estimate.
	pub(crate) struct Cost {
		/// The block.
		block: Block,
		/// Credits that were asked for.
		credits: Amount,
		/// Grains that they would burn at the price of the running round; null while tokens buy nothing.
		tokens: Option<Amount>,
		/// The price that `tokens` stands on, dollars per token.
		price: Option<Dollars>,
		/// Why tokens cannot buy them now; null if they can.
		refusal: Option<Refusal>,
		/// First round at whose price a request made now is executed.
		executes_from: u32,
		/// Credits that purchases of a round may come to.
		round_cap: Amount,
		/// Credits that others wait for.
		queued: Amount,
		/// Grains that a request made now must allow at least (`maxTokens`): half of what the credits cost at the newest
		/// price, however old. Null before the first price, or if no balance reaches it.
		least: Option<Amount>,
	}
}

impl Cost {
	/// The quote in `block`.
	pub(super) fn new(block: Block, quote: PurchaseQuote) -> Self {
		let PurchaseQuote { credits, tokens, price, refusal, executes_from, round_cap, queued, least } =
			quote;
		Self {
			block,
			credits: credits.into(),
			tokens: tokens.map(Amount::from),
			price: price.map(Dollars::from),
			refusal: refusal.map(Refusal::from),
			executes_from,
			round_cap: round_cap.into(),
			queued: queued.into(),
			least: least.map(Amount::from),
		}
	}
}

result! {
	/// A request for credits that waits for its price.
	pub(crate) struct Request {
		/// Its number: by it, it is taken back (`cancelRequest`) while purchases are closed.
		id: u64,
		/// Credits asked for.
		credits: Amount,
		/// Grains that it may cost at most, on hold until then.
		max_tokens: Amount,
		/// Round in which it was made.
		round: u32,
		/// First round at whose price it is executed.
		executes_from: u32,
	}
}

impl From<RequestInfo> for Request {
	fn from(info: RequestInfo) -> Self {
		let RequestInfo { id, credits, max_tokens, round, executes_from } = info;
		Self { id, credits: credits.into(), max_tokens: max_tokens.into(), round, executes_from }
	}
}

result! {
	/// Credits of an account. One is a micro-dollar.
	pub(crate) struct CreditAccount {
		/// The block.
		block: Block,
		/// The account.
		account: Address,
		/// Free to spend.
		free: Amount,
		/// In locks of payment channels.
		locked: Amount,
		/// Last epoch in which they moved; null if they never did.
		last_used: Option<u32>,
		/// Epoch from which they may be swept, if notice of that was given.
		sweep: Option<u32>,
		/// Requests that wait, oldest first.
		requests: Vec<Request>,
	}
}

impl CreditAccount {
	/// Credits of `account` in `block`.
	pub(super) fn new(block: Block, account: &AccountId, info: CreditsInfo) -> Self {
		let CreditsInfo { free, locked, last_used, sweep, requests } = info;
		Self {
			block,
			account: Address::from(account),
			free: free.into(),
			locked: locked.into(),
			last_used,
			sweep,
			requests: requests.into_iter().map(Request::from).collect(),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::to_value;
	use weir_primitives::economy_api::SupplyInfo;

	fn block() -> Block {
		Block::new(Default::default(), 7)
	}

	fn supply() -> SupplyInfo {
		SupplyInfo {
			cap: 100,
			genesis: 40,
			issuance: 30,
			total_issuance: 30,
			reserve: 20,
			bucket: 10,
			basis: 25,
			buffer: 5,
			destroyed: 10,
			credits: 9,
			pending_credits: 1,
			burned: 50,
			reminted: 10,
			insured: 0,
			emitted: 30,
			recredited: 0,
			balanced: true,
		}
	}

	#[test]
	fn supply_should_be_shown_with_the_sum_of_its_six_parts() {
		let shown = to_value(Supply::new(block(), supply())).unwrap();
		assert_eq!((&shown["sum"], &shown["cap"]), (&"100".into(), &"100".into()));
		assert_eq!((&shown["balanced"], &shown["block"]["number"]), (&true.into(), &7.into()));
		let broken = SupplyInfo { issuance: u128::MAX, balanced: false, ..supply() };
		let shown = to_value(Supply::new(block(), broken)).unwrap();
		assert_eq!(shown["sum"], u128::MAX.to_string());
		assert_eq!(shown["balanced"], false);
	}

	#[test]
	fn price_should_be_shown_in_dollars_with_the_reason_of_a_closed_gate() {
		let quote = economy::Quote {
			round: 8,
			median: 40_000_000_000_000_000,
			ema: 41_000_000_000_000_000,
			twap: None,
			low: 39_900_000_000_000_000,
			high: 41_102_500_000_000_000,
			reports: 3,
			oldest_block: 30,
			at_block: 40,
			gate: Some(GateReason::Spread),
		};
		let info = PriceInfo {
			round: 9,
			round_blocks: 5,
			quote: Some(quote),
			purchases_closed: Some(GateReason::Spread),
			payouts_closed: None,
			lost: false,
			paused: false,
			reporters: 3,
			quorum: 2,
		};
		let shown = to_value(Price::new(block(), info)).unwrap();
		assert_eq!(shown["quote"]["median"], "0.04");
		assert_eq!(shown["quote"]["high"], "0.0411025");
		assert_eq!(shown["quote"]["twap"], serde_json::Value::Null);
		assert_eq!(shown["purchasesClosed"]["name"], "Spread");
		assert_eq!(shown["payoutsClosed"], serde_json::Value::Null);
	}

	#[test]
	fn cost_should_be_shown_with_the_reason_when_there_is_no_price() {
		let quote = PurchaseQuote {
			credits: 5_000_000,
			tokens: None,
			price: None,
			refusal: Some(PurchaseRefusal::Gate(GateReason::NoQuorum)),
			executes_from: 12,
			round_cap: 10_000_000_000,
			queued: 0,
			least: Some(62_500_000_000_000),
		};
		let shown = to_value(Cost::new(block(), quote)).unwrap();
		assert_eq!(shown["least"], "62500000000000");
		assert_eq!((&shown["tokens"], &shown["price"]), (&serde_json::Value::Null, &serde_json::Value::Null));
		assert_eq!(shown["refusal"]["name"], "NoQuorum");
		assert_eq!((&shown["credits"], &shown["executesFrom"]), (&"5000000".into(), &12.into()));
	}
}
