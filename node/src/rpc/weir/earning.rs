//! What accounts earn and what epochs came to, as JSON. Tokens are in grains.

use super::{
	results::Block,
	texts::{Address, Amount, Dollars},
};
use serde::Serialize;
use weir_primitives::economy_api;
use weir_runtime::AccountId;

result! {
	/// What was earned by one cause, grains.
	pub(crate) struct Earned {
		/// Can be claimed now.
		pending: Amount,
		/// Claimed so far.
		paid: Amount,
	}
}

impl From<economy_api::Earned> for Earned {
	fn from(economy_api::Earned { pending, paid }: economy_api::Earned) -> Self {
		Self { pending: pending.into(), paid: paid.into() }
	}
}

result! {
	/// Fees of one epoch that are not paid out yet.
	pub(crate) struct EpochFees {
		/// The epoch.
		epoch: u32,
		/// Credits earned in it.
		credits: Amount,
		/// What they come to, grains; null while the epoch is not settled.
		tokens: Option<Amount>,
	}
}

impl From<economy_api::FeeInfo> for EpochFees {
	fn from(economy_api::FeeInfo { epoch, credits, tokens }: economy_api::FeeInfo) -> Self {
		Self { epoch, credits: credits.into(), tokens: tokens.map(Amount::from) }
	}
}

result! {
	/// Pay that is released over time, grains.
	pub(crate) struct Vesting {
		/// Granted so far.
		granted: Amount,
		/// Still locked.
		locked: Amount,
		/// Released, and can be claimed now.
		releasable: Amount,
		/// Released and claimed so far.
		released: Amount,
		/// Taken back so far: by leaving early, or for fraud.
		forfeited: Amount,
		/// Of what was granted, the coverage floors. The rest is availability pay.
		floor: Amount,
	}
}

impl From<economy_api::VestingInfo> for Vesting {
	fn from(info: economy_api::VestingInfo) -> Self {
		let economy_api::VestingInfo { granted, locked, releasable, released, forfeited, floor } = info;
		Self {
			granted: granted.into(),
			locked: locked.into(),
			releasable: releasable.into(),
			released: released.into(),
			forfeited: forfeited.into(),
			floor: floor.into(),
		}
	}
}

result! {
	/// What a line weighs.
	pub(crate) struct LineWeight {
		/// Number of its region.
		region: u16,
		/// What it weighs in the running epoch: kbps, corrected for quality, after its neighbours were counted.
		weight: Amount,
		/// Whether its location is proven for long enough for bounties and gaps to count it.
		proven: bool,
		/// First epoch in which it weighs nothing unless it is tested again.
		expires: u32,
	}
}

impl From<economy_api::LineInfo> for LineWeight {
	fn from(info: economy_api::LineInfo) -> Self {
		let economy_api::LineInfo { region, weight, proven, expires } = info;
		Self { region, weight: weight.into(), proven, expires }
	}
}

result! {
	/// What the weight of a line is made of: capacity · uptime² · steadiness · latency · reliability · class. In millionths.
	pub(crate) struct Factors {
		/// Capacity that counts, kbps: measured, claimed, and covered by the bond. 0 if it was measured below 8 Mbps.
		capacity_kbps: u32,
		/// Uptime; counts twice.
		uptime_ppm: u32,
		/// Share of hours without a break.
		steadiness_ppm: u32,
		/// By its round-trip times.
		latency_ppm: u32,
		/// By clean days and faults.
		reliability_ppm: u32,
		/// By the kind of its address.
		class_ppm: u32,
	}
}

impl From<economy_api::Factors> for Factors {
	fn from(factors: economy_api::Factors) -> Self {
		let economy_api::Factors { capacity_kbps, uptime, steadiness, latency, reliability, class } = factors;
		Self {
			capacity_kbps,
			uptime_ppm: uptime,
			steadiness_ppm: steadiness,
			latency_ppm: latency,
			reliability_ppm: reliability,
			class_ppm: class,
		}
	}
}

result! {
	/// What an account has earned, by cause.
	pub(crate) struct Rewards {
		/// The block.
		block: Block,
		/// The account.
		account: Address,
		/// The last epoch whose pay is known; null before the first.
		closed: Option<u32>,
		/// Its line; null if it has none that weighs something.
		line: Option<LineWeight>,
		/// What the weight of its line is made of, before its neighbours count; null without a line that was measured.
		factors: Option<Factors>,
		/// What it can claim now, all causes together, grains.
		claimable: Amount,
		/// What that is worth at the newest median, credits; null without a price.
		worth: Option<Amount>,
		/// Availability pay that is liquid at once.
		availability: Earned,
		/// Availability pay that is released over time.
		vesting: Vesting,
		/// Bounties.
		bounties: Earned,
		/// Fees for traffic, as far as they are settled.
		fees: Earned,
		/// Fees not paid out yet, epoch by epoch.
		fee_epochs: Vec<EpochFees>,
		/// For blocks made.
		validating: Earned,
		/// For entries of reports that were accepted.
		attesting: Earned,
	}
}

impl Rewards {
	/// What `account` has earned, as `block` has it.
	pub(super) fn new(block: Block, account: &AccountId, info: economy_api::RewardsInfo) -> Self {
		let economy_api::RewardsInfo {
			closed,
			line,
			factors,
			claimable,
			worth,
			availability,
			vesting,
			bounties,
			fees,
			fee_epochs,
			validating,
			attesting,
		} = info;
		Self {
			block,
			account: Address::from(account),
			closed,
			line: line.map(LineWeight::from),
			factors: factors.map(Factors::from),
			claimable: claimable.into(),
			worth: worth.map(Amount::from),
			availability: availability.into(),
			vesting: vesting.into(),
			bounties: bounties.into(),
			fees: fees.into(),
			fee_epochs: fee_epochs.into_iter().map(EpochFees::from).collect(),
			validating: validating.into(),
			attesting: attesting.into(),
		}
	}
}

result! {
	/// What one epoch came to. Tokens are in grains.
	pub(crate) struct EpochSummary {
		/// The epoch.
		epoch: u32,
		/// Height of the block in which it was closed.
		closed_at: u32,
		/// What payees were paid at, dollars per token; null if there was no price.
		price: Option<Dollars>,
		/// Credits settled.
		settled: Amount,
		/// Minted for providers' fees.
		fees: Amount,
		/// Minted for attestors out of fees.
		attestor_fees: Amount,
		/// Minted for the treasury out of fees.
		treasury_fees: Amount,
		/// What was missing of what fees should have been worth, in millionths.
		haircut_ppm: u32,
		/// Destroyed by settlement.
		destroyed: Amount,
		/// What the schedule released.
		scheduled: Amount,
		/// Availability pay, credits per gigabyte of capacity.
		availability_rate: Amount,
		/// What all regions wanted, credits.
		wanted: Amount,
		/// Availability pay minted.
		availability: Amount,
		/// Minted for validators.
		validators: Amount,
		/// Minted for attestors.
		attestors: Amount,
		/// Minted for the treasury.
		treasury: Amount,
		/// Moved from the destroyed back into the reserve.
		recredited: Amount,
		/// Weight of all regions.
		weight: Amount,
		/// Everything that was destroyed since the close before this one: by settlement, and of fees, slashes and dust.
		destroyed_in_all: Amount,
	}
}

impl From<economy_api::EpochSummary> for EpochSummary {
	fn from(summary: economy_api::EpochSummary) -> Self {
		let economy_api::EpochSummary {
			epoch,
			closed_at,
			price,
			settled,
			fees,
			attestor_fees,
			treasury_fees,
			haircut,
			destroyed,
			scheduled,
			availability_rate,
			wanted,
			availability,
			validators,
			attestors,
			treasury,
			recredited,
			weight,
			destroyed_in_all,
		} = summary;
		Self {
			epoch,
			closed_at,
			price: price.map(Dollars::from),
			settled: settled.into(),
			fees: fees.into(),
			attestor_fees: attestor_fees.into(),
			treasury_fees: treasury_fees.into(),
			haircut_ppm: haircut,
			destroyed: destroyed.into(),
			scheduled: scheduled.into(),
			availability_rate: availability_rate.into(),
			wanted: wanted.into(),
			availability: availability.into(),
			validators: validators.into(),
			attestors: attestors.into(),
			treasury: treasury.into(),
			recredited: recredited.into(),
			weight: weight.into(),
			destroyed_in_all: destroyed_in_all.into(),
		}
	}
}

result! {
	/// One page of closed epochs.
	pub(crate) struct EpochSummaryPage {
		/// The block whose state the page shows.
		pub(super) block: Block,
		/// The rows, oldest first.
		pub(super) epochs: Vec<EpochSummary>,
		/// What to ask the next page with; null at the end.
		pub(super) next_cursor: Option<u32>,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::{json, to_value};

	#[test]
	fn rewards_should_be_shown_by_cause() {
		let earned = |pending, paid| economy_api::Earned { pending, paid };
		let info = economy_api::RewardsInfo {
			closed: Some(11),
			line: Some(economy_api::LineInfo { region: 2, weight: 9_500, proven: false, expires: 26 }),
			factors: Some(economy_api::Factors {
				capacity_kbps: 9_000,
				uptime: 990_000,
				..Default::default()
			}),
			claimable: 15,
			worth: Some(1),
			availability: earned(1, 2),
			vesting: economy_api::VestingInfo {
				granted: 90,
				locked: 60,
				releasable: 20,
				released: 10,
				forfeited: 0,
				floor: 40,
			},
			bounties: earned(0, 3),
			fees: earned(4, 5),
			fee_epochs: vec![economy_api::FeeInfo { epoch: 12, credits: 700, tokens: None }],
			validating: earned(6, 0),
			attesting: earned(0, 7),
		};
		let account = AccountId::from([1; 32]);
		let shown = to_value(Rewards::new(Block::new(Default::default(), 3), &account, info)).unwrap();
		let of = |pending: &str, paid: &str| json!({ "pending": pending, "paid": paid });
		assert_eq!(shown["availability"], of("1", "2"));
		assert_eq!(shown["bounties"], of("0", "3"));
		assert_eq!(shown["fees"], of("4", "5"));
		assert_eq!(shown["validating"], of("6", "0"));
		assert_eq!(shown["attesting"], of("0", "7"));
		assert_eq!(shown["feeEpochs"], json!([{ "epoch": 12, "credits": "700", "tokens": null }]));
		assert_eq!((&shown["vesting"]["locked"], &shown["vesting"]["floor"]), (&json!("60"), &json!("40")));
		assert_eq!(shown["line"], json!({ "region": 2, "weight": "9500", "proven": false, "expires": 26 }));
		assert_eq!(
			(&shown["factors"]["capacityKbps"], &shown["factors"]["uptimePpm"]),
			(&json!(9_000), &json!(990_000))
		);
		assert_eq!((&shown["claimable"], &shown["closed"]), (&json!("15"), &json!(11)));
	}
}
