//! One price out of many reports and a pool, and when there is none.
//!
//! Source: research, economics, section 2.5. Three references stand behind every price: the median of what reporters say,
//! its running average, and the average price of the pool. Buyers get the lowest of them and payees the highest, so that
//! nobody gains by going through both doors; if they disagree, purchases wait.

use super::{
	decimal::in_range,
	parameters::QUOTE_MARGIN,
	units::{Credits, Ppm, Price, Tokens, GRAINS_PER_CREDIT, MILLION},
	wide::{mul_div_ceil, mul_div_floor},
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Most reporters.
pub const MAX_REPORTERS: u32 = 51;
/// A report counts as deviating beyond this distance of the round's median, millionths of it.
pub const DEVIATION: Ppm = 30_000;
/// Of the rounds of an era in which it reported, a reporter may deviate in this part, millionths.
pub const TOLERATED_DEVIATIONS: Ppm = 200_000;
/// Rounds in which a reporter has to have reported for an era to be held against it: fewer prove nothing, since a price that
/// jumps within a round makes half of all honest reports deviate once.
pub const LEAST_JUDGED_ROUNDS: u32 = 20;
/// Of its bond, what a reporter that deviated too often loses, millionths.
pub const DEVIATION_SLASH: Ppm = 10_000;
/// A price that governance posts may be this far from the last one, millionths of it.
pub const POSTED_RANGE: Ppm = 200_000;
/// Sources that are this far from the median of all are dropped, millionths of it.
pub const OUTLIER: Ppm = 50_000;
/// Rounds without a price after which the average has forgotten everything.
const MEMORY_ROUNDS: u32 = 64;
/// What an average keeps of its past in a round, by its half-life in rounds: `10¹² · 2^(-1/n)`, rounded.
const KEEP: [u64; 12] = [
	500_000_000_000,
	707_106_781_187,
	793_700_525_984,
	840_896_415_254,
	870_550_563_296,
	890_898_718_140,
	905_723_664_264,
	917_004_043_205,
	925_874_712_287,
	933_032_991_537,
	938_930_910_662,
	943_874_312_682,
];
const KEEP_UNIT: u128 = 1_000_000_000_000;

/// The middle one of `prices`, or the mean of the two in the middle, rounded down. Sorts them. None of none.
pub fn median(prices: &mut [Price]) -> Option<Price> {
	prices.sort_unstable();
	let upper = *prices.get(prices.len().checked_div(2)?)?;
	if prices.len() % 2 == 1 {
		return Some(upper);
	}
	let lower = *prices.get(prices.len().checked_div(2)?.checked_sub(1)?)?;
	lower.checked_add(upper.checked_sub(lower)?.checked_div(2)?)
}

/// Reports that a price needs of `reporters`: the share, rounded up, and never half of them or fewer. None without
/// reporters, since nothing reaches it then.
pub fn quorum_of(reporters: u32, share: Ppm) -> Option<u32> {
	let needed = mul_div_ceil(u128::from(reporters), u128::from(share), MILLION)?;
	let majority = reporters.checked_div(2)?.checked_add(1)?;
	(reporters > 0).then(|| u32::try_from(needed).unwrap_or(u32::MAX).max(majority))
}

/// Rounds that a report counts for at least before older ones are asked: the oldest that are younger than any request which
/// a purchase at this quote may have waited for.
pub fn fresh_rounds(forward_rounds: u32, report_rounds: u32) -> u32 {
	forward_rounds.saturating_sub(1).clamp(1, report_rounds.max(1))
}

/// How old a report may be to count, in rounds, when reports have these `ages`: `fresh` rounds if a quorum is that young, else
/// as many more as a quorum needs, `valid` at most. None if there is no quorum.
///
/// The youngest quorum counts, not everything that is valid: a purchase waits for reports that are younger than its request,
/// and three reporters of fifteen, each reporting in another round of three, could make it wait for ever.
pub fn age_limit(
	ages: impl Iterator<Item = u32> + Clone,
	fresh: u32,
	valid: u32,
	quorum: u32,
) -> Option<u32> {
	let is_quorum = |limit: &u32| {
		let count = ages.clone().filter(|age| age <= limit).count();
		u32::try_from(count).unwrap_or(u32::MAX) >= quorum
	};
	(fresh..=valid.max(fresh)).find(is_quorum)
}

/// `value`, but at most twice and at least half of `reference`.
fn within_one_step(value: Price, reference: Price) -> Price {
	let (least, most) = (reference.checked_div(2).unwrap_or(0), reference.saturating_mul(2));
	value.clamp(least, most)
}

/// The running average one round on: `median + (ema - median) · 2^(-1/half_life)`.
///
/// In one round a median counts for at most twice and at least half of the average. One false median of a million dollars
/// would otherwise keep the average away from the others for some thirty half-lives, and purchases closed for hours. So, with a
/// half-life of one round, it is a half off at worst, and back within 3 % five rounds later. A true change of the price by more
/// than that takes a few rounds longer, in which purchases wait.
pub fn ema_step(ema: Price, median: Price, half_life_rounds: u32) -> Price {
	let target = within_one_step(median, ema);
	let index = usize::try_from(half_life_rounds.max(1)).unwrap_or(usize::MAX).saturating_sub(1);
	let keep = KEEP.get(index).or(KEEP.last()).copied().unwrap_or_default();
	let kept = |distance: Price| mul_div_floor(distance, keep.into(), KEEP_UNIT).unwrap_or(distance);
	// Never beyond either of the two.
	if ema >= target {
		target.saturating_add(kept(ema.saturating_sub(target)))
	} else {
		target.saturating_sub(kept(target.saturating_sub(ema)))
	}
}

/// The running average `rounds` after the last one: what it forgets is a matter of time, whether or not rounds had a price.
pub fn ema(last: Option<(Price, u32)>, median: Price, half_life_rounds: u32) -> Price {
	match last {
		Some((ema, rounds)) if rounds <= MEMORY_ROUNDS => {
			(0..rounds.max(1)).fold(ema, |ema, _| ema_step(ema, median, half_life_rounds))
		}
		_ => median,
	}
}

/// The price at which a pool holds as much of either side: `credits ÷ tokens`. None without tokens, credits, or a price that
/// counts.
pub fn spot(tokens: Tokens, credits: Credits) -> Option<Price> {
	mul_div_floor(credits, GRAINS_PER_CREDIT, tokens).and_then(|price| in_range(price).ok())
}

/// What a round has seen of the pool so far, one sample a block.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Samples {
	/// Blocks sampled.
	pub blocks: u32,
	/// Of them, those in which the pool had a price,
	pub priced: u32,
	/// and those in which it was deep enough as well.
	pub deep: u32,
	/// Sum of the prices.
	pub sum: u128,
}

/// The pool's average price in a round.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Average {
	/// Mean of the samples.
	pub price: Price,
	/// Whether the pool was deep enough in most blocks of the round.
	pub is_deep: bool,
}

impl Samples {
	/// Adds what the pool held at the start of a block; none if there is no pool. A sample counts for at most twice and at
	/// least half of `last`, the average of the round before: whoever leaves the pool skewed for one block moves the average
	/// by no more than that block's part of the rounds it is made of.
	pub fn add(&mut self, reserves: Option<(Tokens, Credits)>, least_depth: Credits, last: Option<Average>) {
		self.blocks = self.blocks.saturating_add(1);
		let Some((tokens, credits)) = reserves else { return };
		let Some(price) = spot(tokens, credits) else { return };
		// A shallow pool's price is no yardstick.
		let price = match last {
			Some(Average { price: last, is_deep: true }) => within_one_step(price, last),
			_ => price,
		};
		// A sum of 2³² of the highest prices is far from the end of its type.
		self.sum = self.sum.saturating_add(price);
		self.priced = self.priced.saturating_add(1);
		self.deep = self.deep.saturating_add(u32::from(credits >= least_depth));
	}

	/// The average of the round; none without a priced block.
	pub fn average(&self) -> Option<Average> {
		let price = self.sum.checked_div(u128::from(self.priced))?;
		Some(Average { price, is_deep: self.deep > self.blocks.saturating_sub(self.deep) })
	}
}

/// The pool's average price over the last `rounds` of `averages`, the newest last. None, and thus without a say, unless the
/// pool is deep enough in the newest round and was in most of them.
pub fn twap(averages: &[Option<Average>], rounds: u32) -> Option<Price> {
	let rounds = usize::try_from(rounds).unwrap_or(usize::MAX).max(1);
	let window = averages.get(averages.len().saturating_sub(rounds)..)?;
	let deep = || window.iter().flatten().filter(|average| average.is_deep);
	let is_deep_now = matches!(window.last(), Some(Some(Average { is_deep: true, .. })));
	let count = deep().count();
	if !is_deep_now || count <= window.len().saturating_sub(count) {
		return None;
	}
	// Sixteen at most of at most 10²⁴.
	let sum = deep().fold(0u128, |sum, average| sum.saturating_add(average.price));
	sum.checked_div(u128::try_from(count).ok()?)
}

/// What a round is priced at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quotation {
	/// The lowest reference less the margin, rounded down.
	pub low: Price,
	/// The highest reference and the margin, rounded up.
	pub high: Price,
	/// Whether the references agree well enough for purchases.
	pub is_open: bool,
}

/// Both prices of a round out of its references. Purchases wait if the highest exceeds the lowest by more than `spread`.
/// None if a reference is no price that counts.
pub fn quote(median: Price, ema: Price, twap: Option<Price>, spread: Ppm) -> Option<Quotation> {
	let references = [Some(median), Some(ema), twap];
	if !references.iter().flatten().all(|price| in_range(*price).is_ok()) {
		return None;
	}
	let least = *references.iter().flatten().min()?;
	let most = *references.iter().flatten().max()?;
	let margin = u128::from(QUOTE_MARGIN);
	Some(Quotation {
		low: mul_div_floor(least, MILLION.checked_sub(margin)?, MILLION)?,
		high: mul_div_ceil(most, MILLION.checked_add(margin)?, MILLION)?,
		is_open: is_within(most, least, spread),
	})
}

/// Whether `most` exceeds `least` by `share` of `least` at most.
fn is_within(most: Price, least: Price, share: Ppm) -> bool {
	let allowed = mul_div_floor(least, u128::from(share), MILLION);
	allowed.is_some_and(|allowed| most.saturating_sub(least) <= allowed)
}

/// Whether `price` is more than `share` of `reference` away from it.
pub fn is_off(price: Price, reference: Price, share: Ppm) -> bool {
	mul_div_floor(reference, u128::from(share), MILLION)
		.is_none_or(|allowed| price.abs_diff(reference) > allowed)
}

/// Whether a report is held against its reporter: more than 3 % off the median of its round.
pub fn deviates(report: Price, median: Price) -> bool {
	is_off(report, median, DEVIATION)
}

/// Whether a reporter that deviated in `deviated` of the `judged` rounds of an era in which it reported is slashed. Rounds
/// without a report are not counted: silence costs pay and nothing else, and does not thin out lies.
pub fn is_slashable(judged: u32, deviated: u32) -> bool {
	let tolerated = u64::from(judged).saturating_mul(TOLERATED_DEVIATIONS.into());
	judged >= LEAST_JUDGED_ROUNDS && u64::from(deviated).saturating_mul(1_000_000) > tolerated
}

/// Whether governance may post `price` when `last` was the last one that was formed.
pub fn may_post(price: Price, last: Price) -> bool {
	in_range(price).is_ok() && !is_off(price, last, POSTED_RANGE)
}

/// Answers that a reporter needs of its `sources`: a majority of them, and never fewer than two.
pub fn answers_needed(sources: usize) -> usize {
	sources.checked_div(2).unwrap_or(0).saturating_add(1).max(2)
}

/// What a reporter makes of the answers of its `sources`: the median of those that are not more than 5 % off the median of
/// all. None if fewer are left than [`answers_needed`]. Sorts them.
pub fn agreed(answers: &mut [Price], sources: usize) -> Option<Price> {
	let middle = median(answers)?;
	// Sorted, so that the ones that are kept are neighbours.
	let below =
		answers.iter().take_while(|price| **price < middle && is_off(**price, middle, OUTLIER)).count();
	let above = answers.iter().rev().take_while(|price| is_off(**price, middle, OUTLIER)).count();
	let kept = answers.get_mut(below..)?;
	let end = kept.len().checked_sub(above)?;
	let kept = kept.get_mut(..end)?;
	if kept.len() < answers_needed(sources) {
		return None;
	}
	median(kept)
}
