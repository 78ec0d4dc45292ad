//! Bonds, quotes of the last day, the stable path, pots and the close that runs, as JSON. Tokens are in grains.

use super::{
	money::{Quote, Refusal},
	results::Block,
	texts::{Address, Amount, Dollars},
};
use serde::Serialize;
use weir_primitives::{
	economy,
	economy_api::{
		self, BondInfo, BondsInfo, CloseInfo, PoolInfo, PotInfo, PotsInfo, SlashInfo, StablePathInfo,
	},
};
use weir_runtime::AccountId;

result! {
	/// What a claim needs as a bond.
	pub(crate) struct ClaimBond {
		/// The block.
		block: Block,
		/// The smaller direction of the claim, kbps.
		kbps: u32,
		/// What whoever makes the claim now has to have bonded.
		needed: Amount,
		/// What has to stay of it for as long as the claim does. What it does not cover by the rate of the day does not earn.
		lasting: Amount,
		/// Today's rate: bond for each 1,000 kbps.
		per_mbps: Amount,
		/// What has to be bonded whatever the claim.
		least: Amount,
	}
}

impl ClaimBond {
	/// What a claim needs in `block`.
	pub(super) fn new(block: Block, bond: economy_api::ClaimBond) -> Self {
		let economy_api::ClaimBond { kbps, needed, lasting, per_mbps, least } = bond;
		Self {
			block,
			kbps,
			needed: needed.into(),
			lasting: lasting.into(),
			per_mbps: per_mbps.into(),
			least: least.into(),
		}
	}
}

result! {
	/// A part of a bond that is on its way out.
	pub(crate) struct Unbonding {
		/// How much.
		tokens: Amount,
		/// First epoch in which it may be withdrawn.
		free_at: u32,
	}
}

impl From<economy_api::Unbonding> for Unbonding {
	fn from(economy_api::Unbonding { tokens, free_at }: economy_api::Unbonding) -> Self {
		Self { tokens: tokens.into(), free_at }
	}
}

result! {
	/// The bond of an account in one role.
	pub(crate) struct RoleBond {
		/// What counts for the role.
		active: Amount,
		/// What it would have to be for what the account claims if it claimed that now.
		needed: Amount,
		/// What it has to be for as long as the account claims that.
		lasting: Amount,
		/// What is unbonding, in the order in which it becomes free.
		unbonding: Vec<Unbonding>,
		/// Of that, what can be withdrawn now.
		free: Amount,
		/// What the slashes that wait will take, and keep from being withdrawn. May exceed what is there.
		withheld: Amount,
	}
}

impl From<BondInfo> for RoleBond {
	fn from(info: BondInfo) -> Self {
		let BondInfo { active, needed, lasting, unbonding, free, withheld } = info;
		Self {
			active: active.into(),
			needed: needed.into(),
			lasting: lasting.into(),
			unbonding: unbonding.into_iter().map(Unbonding::from).collect(),
			free: free.into(),
			withheld: withheld.into(),
		}
	}
}

result! {
	/// What a bond entitles its account to do.
	#[derive(Copy)]
	pub(crate) enum Role {
		/// Makes and finalises blocks.
		Validator,
		/// Sells the capacity of a line.
		Provider,
	}
}

impl From<weir_primitives::Role> for Role {
	fn from(role: weir_primitives::Role) -> Self {
		match role {
			weir_primitives::Role::Validator => Self::Validator,
			weir_primitives::Role::Provider => Self::Provider,
		}
	}
}

result! {
	/// Why something is to be slashed.
	#[serde(tag = "kind")]
	pub(crate) enum SlashCause {
		/// Two blocks or two votes at one height.
		Equivocation {
			/// Session of the offence.
			session: u32,
		},
		/// An escalation confirmed less than half of the claim.
		FalseClaim {
			/// Epoch that it measured.
			epoch: u32,
			/// Estimate ÷ claim in millionths.
			#[serde(rename = "ratioPpm")]
			ratio_ppm: u32,
		},
		/// A receipt shows other counts than the account reported.
		FalseReport {
			/// Epoch of the test.
			epoch: u32,
			/// Index of the provider it was about.
			provider: u32,
		},
		/// Committee after committee found that it cannot be in the country it claims.
		WrongRegion {
			/// Epoch of the last of those tests.
			epoch: u32,
			/// The country it claimed.
			country: String,
		},
	}
}

impl From<weir_primitives::SlashReason> for SlashCause {
	fn from(reason: weir_primitives::SlashReason) -> Self {
		use weir_primitives::SlashReason;
		match reason {
			SlashReason::Equivocation { session } => Self::Equivocation { session },
			SlashReason::FalseClaim { epoch, ratio_ppm } => Self::FalseClaim { epoch, ratio_ppm },
			SlashReason::FalseReport { epoch, provider } => Self::FalseReport { epoch, provider },
			SlashReason::WrongRegion { epoch, country } => {
				Self::WrongRegion { epoch, country: String::from_utf8_lossy(&country).into_owned() }
			}
		}
	}
}

result! {
	/// A slash that waits.
	pub(crate) struct Slash {
		/// Its number.
		id: u32,
		/// Which bond it takes from.
		role: Role,
		/// What it takes.
		tokens: Amount,
		/// What part that was of the bond when it was queued, in millionths.
		fraction_ppm: u32,
		/// Why.
		cause: SlashCause,
		/// First epoch in which it applies, unless it is cancelled or such slashes are paused.
		due: u32,
		/// Who brought the evidence, and gets a part.
		reporter: Option<Address>,
	}
}

impl From<SlashInfo<AccountId>> for Slash {
	fn from(info: SlashInfo<AccountId>) -> Self {
		let SlashInfo { id, role, tokens, fraction, reason, due, reporter } = info;
		Self {
			id,
			role: role.into(),
			tokens: tokens.into(),
			fraction_ppm: fraction,
			cause: reason.into(),
			due,
			reporter: reporter.as_ref().map(Address::from),
		}
	}
}

result! {
	/// The bonds of an account, and what is about to be taken from them.
	pub(crate) struct Bonds {
		/// The block.
		block: Block,
		/// The account.
		account: Address,
		/// The running epoch.
		epoch: u32,
		/// As a provider.
		provider: RoleBond,
		/// As a validator.
		validator: RoleBond,
		/// What the active bond as a provider covers by today's rate, kbps: no more of a line earns.
		covered_kbps: u32,
		/// Slashes that wait, by their numbers, at most 100.
		slashes: Vec<Slash>,
	}
}

impl Bonds {
	/// The bonds of `account` in `block`.
	pub(super) fn new(block: Block, account: &AccountId, info: BondsInfo<AccountId>) -> Self {
		let BondsInfo { epoch, provider, validator, covered, slashes } = info;
		Self {
			block,
			account: Address::from(account),
			epoch,
			provider: provider.into(),
			validator: validator.into(),
			covered_kbps: covered,
			slashes: slashes.into_iter().map(Slash::from).collect(),
		}
	}
}

result! {
	/// The last prices.
	pub(crate) struct QuoteList {
		/// The block.
		block: Block,
		/// The quotes, newest first. A round without a price has none.
		quotes: Vec<Quote>,
	}
}

impl QuoteList {
	/// The last prices in `block`.
	pub(super) fn new(block: Block, quotes: Vec<economy::Quote>) -> Self {
		Self { block, quotes: quotes.into_iter().map(Quote::from).collect() }
	}
}

result! {
	/// What the pool holds.
	pub(crate) struct PoolReserves {
		/// Tokens.
		tokens: Amount,
		/// Units of the stable asset, which are worth a credit each.
		stable: Amount,
	}
}

impl From<PoolInfo> for PoolReserves {
	fn from(PoolInfo { tokens, stable }: PoolInfo) -> Self {
		Self { tokens: tokens.into(), stable: stable.into() }
	}
}

result! {
	/// Credits for the stable asset: what can be bought, and how far what was bought is backed.
	pub(crate) struct StablePath {
		/// The block.
		block: Block,
		/// The running round.
		round: u32,
		/// The pool; null without one.
		pool: Option<PoolReserves>,
		/// Its average price over the last rounds that are over, dollars per token; null if it has none.
		average: Option<Dollars>,
		/// Whether the emergency track has paused purchases.
		paused: bool,
		/// Credits that can be bought now.
		limit: Amount,
		/// Credits that were bought and wait for their tokens.
		pending: Amount,
		/// What the next slice spends, units of the stable asset.
		slice: Amount,
		/// Round in which a slice was last tried; null before the first.
		tried: Option<u32>,
		/// Why that one was not spent; null if it was, or nothing waits.
		waits: Option<Refusal>,
	}
}

impl StablePath {
	/// The stable path in `block`.
	pub(super) fn new(block: Block, info: StablePathInfo) -> Self {
		let StablePathInfo { round, pool, average, paused, limit, pending, slice, tried, waits } = info;
		Self {
			block,
			round,
			pool: pool.map(PoolReserves::from),
			average: average.map(Dollars::from),
			paused,
			limit: limit.into(),
			pending: pending.into(),
			slice: slice.into(),
			tried,
			waits: waits.map(Refusal::from),
		}
	}
}

result! {
	/// An account that nobody has a key of.
	pub(crate) struct Pot {
		/// The account.
		account: Address,
		/// Its tokens.
		tokens: Amount,
		/// Its units of the stable asset.
		stable: Amount,
	}
}

impl From<PotInfo<AccountId>> for Pot {
	fn from(PotInfo { account, tokens, stable }: PotInfo<AccountId>) -> Self {
		Self { account: Address::from(&account), tokens: tokens.into(), stable: stable.into() }
	}
}

result! {
	/// The treasury and the pots.
	pub(crate) struct Pots {
		/// The block.
		block: Block,
		/// What governance spends.
		treasury: Pot,
		/// What the track `economics` may still spend of it in this window.
		small_spend_left: Amount,
		/// Pay that was minted and not claimed, locked pay included, and bounties that were drawn.
		rewards: Pot,
		/// The stable asset that has not bought tokens yet.
		stable: Pot,
	}
}

impl Pots {
	/// The pots in `block`.
	pub(super) fn new(block: Block, info: PotsInfo<AccountId>) -> Self {
		let PotsInfo { treasury, small_spend_left, rewards, stable } = info;
		Self {
			block,
			treasury: treasury.into(),
			small_spend_left: small_spend_left.into(),
			rewards: rewards.into(),
			stable: stable.into(),
		}
	}
}

result! {
	/// What the close of an epoch does next. The three passes run over all regions.
	#[derive(Copy)]
	pub(crate) enum ClosePhase {
		/// Divides what was settled among the epochs that claimed it.
		Rates,
		/// Looks at what regions used and lack.
		Survey,
		/// Adds up what regions want.
		Appraise,
		/// Pays them.
		Pay,
		/// Pays validators, attestors and the treasury.
		Shares,
		/// Puts a part of the destroyed back into the reserve, and keeps the summary.
		Finish,
	}
}

impl From<economy_api::ClosePhase> for ClosePhase {
	fn from(phase: economy_api::ClosePhase) -> Self {
		use economy_api::ClosePhase;
		match phase {
			ClosePhase::Rates => Self::Rates,
			ClosePhase::Survey => Self::Survey,
			ClosePhase::Appraise => Self::Appraise,
			ClosePhase::Pay => Self::Pay,
			ClosePhase::Shares => Self::Shares,
			ClosePhase::Finish => Self::Finish,
		}
	}
}

result! {
	/// A close that runs.
	pub(crate) struct CloseProgress {
		/// What payees are paid at, dollars per token; null if the price is lost.
		price: Option<Dollars>,
		/// What it does next.
		phase: ClosePhase,
		/// The next number of that phase: an epoch while it divides, a region in its three passes, else 0.
		next: u32,
		/// One more than the largest number of a region.
		regions: u32,
	}
}

impl From<economy_api::CloseProgress> for CloseProgress {
	fn from(progress: economy_api::CloseProgress) -> Self {
		let economy_api::CloseProgress { price, phase, next, regions } = progress;
		Self { price: price.map(Dollars::from), phase: phase.into(), next, regions }
	}
}

result! {
	/// How far epochs are closed.
	pub(crate) struct CloseState {
		/// The block.
		block: Block,
		/// The next epoch to close: all before it are closed.
		epoch: u32,
		/// The running epoch.
		running: u32,
		/// Whether the next one is over and waits for a price formed after its end.
		waits_for_price: bool,
		/// How far its close is; null while none runs.
		progress: Option<CloseProgress>,
	}
}

impl CloseState {
	/// How far epochs are closed in `block`.
	pub(super) fn new(block: Block, info: CloseInfo) -> Self {
		let CloseInfo { epoch, running, waits_for_price, progress } = info;
		Self { block, epoch, running, waits_for_price, progress: progress.map(CloseProgress::from) }
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::{json, to_value};
	use weir_primitives::SlashReason;

	fn block() -> Block {
		Block::new(Default::default(), 7)
	}

	#[test]
	fn bonds_should_be_shown_by_role_with_the_slashes_that_wait() {
		let bond = |active| BondInfo {
			active,
			needed: 5,
			lasting: 4,
			unbonding: vec![economy_api::Unbonding { tokens: 3, free_at: 90 }],
			free: 2,
			withheld: 1,
		};
		let reporter = AccountId::from([2; 32]);
		let slash = |id, reason| SlashInfo {
			id,
			role: weir_primitives::Role::Provider,
			tokens: 6,
			fraction: 300_000,
			reason,
			due: 8,
			reporter: Some(reporter.clone()),
		};
		let slashes = vec![
			slash(1, SlashReason::Equivocation { session: 3 }),
			slash(2, SlashReason::FalseClaim { epoch: 4, ratio_ppm: 100_000 }),
			slash(3, SlashReason::FalseReport { epoch: 5, provider: 9 }),
			slash(4, SlashReason::WrongRegion { epoch: 6, country: *b"BR" }),
		];
		let info = BondsInfo { epoch: 7, provider: bond(10), validator: bond(20), covered: 9_000, slashes };
		let account = AccountId::from([1; 32]);
		let shown = to_value(Bonds::new(block(), &account, info)).unwrap();
		let expected = json!({
			"active": "10",
			"needed": "5",
			"lasting": "4",
			"unbonding": [{ "tokens": "3", "freeAt": 90 }],
			"free": "2",
			"withheld": "1",
		});
		assert_eq!((&shown["provider"], &shown["validator"]["active"]), (&expected, &json!("20")));
		assert_eq!((&shown["coveredKbps"], &shown["epoch"]), (&json!(9_000), &json!(7)));
		let causes: Vec<_> = (0..4).map(|place| shown["slashes"][place]["cause"].clone()).collect();
		let expected = [
			json!({ "kind": "equivocation", "session": 3 }),
			json!({ "kind": "falseClaim", "epoch": 4, "ratioPpm": 100_000 }),
			json!({ "kind": "falseReport", "epoch": 5, "provider": 9 }),
			json!({ "kind": "wrongRegion", "epoch": 6, "country": "BR" }),
		];
		assert_eq!(causes, expected);
		let first = &shown["slashes"][0];
		assert_eq!((&first["role"], &first["fractionPpm"]), (&json!("provider"), &json!(300_000)));
		assert_eq!(first["reporter"], to_value(Address::from(&reporter)).unwrap());
	}

	#[test]
	fn stable_path_should_be_shown_with_the_reason_of_a_slice_that_waits() {
		let info = StablePathInfo {
			round: 9,
			pool: Some(PoolInfo { tokens: 100, stable: 4 }),
			average: Some(40_000_000_000_000_000),
			paused: false,
			limit: 11,
			pending: 12,
			slice: 1,
			tried: Some(9),
			waits: Some(economy_api::SliceWait::PoolTooShallow),
		};
		let shown = to_value(StablePath::new(block(), info)).unwrap();
		assert_eq!((&shown["pool"]["stable"], &shown["average"]), (&json!("4"), &json!("0.04")));
		assert_eq!((&shown["limit"], &shown["pending"]), (&json!("11"), &json!("12")));
		assert_eq!(shown["waits"]["name"], "PoolTooShallow");
	}

	#[test]
	fn close_should_be_shown_with_its_phase() {
		let progress = economy_api::CloseProgress {
			price: None,
			phase: economy_api::ClosePhase::Appraise,
			next: 3,
			regions: 512,
		};
		let info = CloseInfo { epoch: 4, running: 5, waits_for_price: false, progress: Some(progress) };
		let shown = to_value(CloseState::new(block(), info)).unwrap();
		let expected = json!({ "price": null, "phase": "appraise", "next": 3, "regions": 512 });
		assert_eq!((&shown["progress"], &shown["waitsForPrice"]), (&expected, &json!(false)));
	}

	#[test]
	fn pots_should_be_shown_with_their_accounts() {
		let pot = |n| PotInfo { account: AccountId::from([n; 32]), tokens: n.into(), stable: 0 };
		let info = PotsInfo { treasury: pot(1), small_spend_left: 5, rewards: pot(2), stable: pot(3) };
		let shown = to_value(Pots::new(block(), info)).unwrap();
		assert_eq!((&shown["treasury"]["tokens"], &shown["smallSpendLeft"]), (&json!("1"), &json!("5")));
		let account = to_value(Address::from(&AccountId::from([3; 32]))).unwrap();
		assert_eq!((&shown["stable"]["account"], &shown["rewards"]["tokens"]), (&account, &json!("2")));
	}
}
