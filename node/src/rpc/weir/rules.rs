//! The parameters of the economy, as JSON. Shares are in millionths.

use super::{
	results::Block,
	texts::{Amount, RegionName},
};
use serde::Serialize;
use weir_primitives::{
	economy,
	economy_api::{BrakeInfo, ParametersInfo, Paused, PendingChange, PendingRegion},
};

result! {
	/// What governance may move.
	pub(crate) struct Parameters {
		/// Of settled credits, what providers get.
		provider_share_ppm: u32,
		/// Of settled credits, what attestors get.
		attestor_share_ppm: u32,
		/// Of settled credits, what the treasury gets.
		treasury_share_ppm: u32,
		/// Most that an attacker's own traffic may move availability pay, as a share of the traffic's price.
		kappa_ppm: u32,
		/// Of the outstanding basis, what the buffer holds at most.
		buffer_target_ppm: u32,
		/// Of a surplus, what may go into the buffer.
		buffer_fill_ppm: u32,
		/// Of an epoch's provider slice, what insurance may mint for fees.
		insurance_ppm: u32,
		/// Slices that availability pay may take out of the bucket beyond the scheduled one.
		bucket_slices: u32,
		/// Part of the reserve that an epoch releases, in units of 10⁻¹⁸. May only fall.
		lambda: Amount,
		/// Availability pay without fees, credits per gigabyte of capacity and epoch.
		availability_most: Amount,
		/// Availability pay that fees do not lower further, credits per gigabyte of capacity and epoch.
		availability_least: Amount,
		/// Of the fee income per gigabyte of capacity, what availability pay falls by.
		taper_ppm: u32,
		/// Of a provider slice's value, what coverage floors may cost.
		coverage_ppm: u32,
		/// Epochs of location proofs before a weight counts as proven.
		tenure_epochs: u32,
		/// Of availability pay, what is liquid at once.
		vest_liquid_ppm: u32,
		/// Epochs in which half of a vesting pot is released.
		vest_half_life_epochs: u32,
		/// Utilisation at which a region's multiplier is one.
		target_utilisation_ppm: u32,
		/// Part of the newest utilisation in its average.
		utilisation_alpha_ppm: u32,
		/// Of the first epoch's emission, what destroyed tokens may put back into the reserve per epoch.
		recredit_ppm: u32,
		/// List price, credits per gigabyte.
		list_price: Amount,
		/// Distance of highest and lowest reference price at which token purchases wait.
		spread_ppm: u32,
		/// Rounds between a request for credits and the price it gets.
		forward_rounds: u32,
		/// Rounds in which a report is valid.
		report_rounds: u32,
		/// Part of reporters that must have reported. More than half.
		quorum_ppm: u32,
		/// Rounds in which the average of prices forgets half.
		ema_half_life_rounds: u32,
		/// Rounds over which the pool's price is averaged.
		twap_rounds: u32,
		/// Least credits on the pool's stable side for its price to count.
		least_depth: Amount,
		/// Credits that purchases of a round may come to, whatever the trailing average.
		round_cap: Amount,
	}
}

impl From<economy::Parameters> for Parameters {
	fn from(values: economy::Parameters) -> Self {
		let economy::Parameters {
			provider_share,
			attestor_share,
			treasury_share,
			kappa,
			buffer_target,
			buffer_fill,
			insurance,
			bucket_slices,
			lambda,
			availability_most,
			availability_least,
			taper,
			coverage,
			tenure_epochs,
			vest_liquid,
			vest_half_life_epochs,
			target_utilisation,
			utilisation_alpha,
			recredit,
			list_price,
			spread,
			forward_rounds,
			report_rounds,
			quorum,
			ema_half_life_rounds,
			twap_rounds,
			least_depth,
			round_cap,
		} = values;
		Self {
			provider_share_ppm: provider_share,
			attestor_share_ppm: attestor_share,
			treasury_share_ppm: treasury_share,
			kappa_ppm: kappa,
			buffer_target_ppm: buffer_target,
			buffer_fill_ppm: buffer_fill,
			insurance_ppm: insurance,
			bucket_slices,
			lambda: lambda.into(),
			availability_most: availability_most.into(),
			availability_least: availability_least.into(),
			taper_ppm: taper,
			coverage_ppm: coverage,
			tenure_epochs,
			vest_liquid_ppm: vest_liquid,
			vest_half_life_epochs,
			target_utilisation_ppm: target_utilisation,
			utilisation_alpha_ppm: utilisation_alpha,
			recredit_ppm: recredit,
			list_price: list_price.into(),
			spread_ppm: spread,
			forward_rounds,
			report_rounds,
			quorum_ppm: quorum,
			ema_half_life_rounds,
			twap_rounds,
			least_depth: least_depth.into(),
			round_cap: round_cap.into(),
		}
	}
}

result! {
	/// The clock of the economy. A round is the time between two prices.
	pub(crate) struct Pace {
		/// Blocks of a price round.
		round_blocks: u32,
		/// Blocks without a usable price after which the fallback of emission begins.
		lost_blocks: u32,
		/// Blocks without a usable price after which governance may post one.
		gone_blocks: u32,
		/// Epochs of a day.
		epochs_per_day: u32,
		/// Price rounds of a day.
		rounds_per_day: u32,
		/// Bytes that a line of one kbps carries in an epoch: `125 · seconds of an epoch`.
		bytes_per_kbps: Amount,
		/// Epochs after its last test in which a weight still counts.
		weight_epochs: u32,
		/// Epochs for which rates, prices and pay per weight are kept.
		history_epochs: u32,
		/// Epochs without use after which credits may be swept,
		sweep_epochs: u32,
		/// and epochs between the notice of a sweep and the sweep.
		notice_epochs: u32,
		/// Epochs before a reporter's bond is free.
		reporter_unbonding_epochs: u32,
		/// Epochs between the proposal of a change of parameters and its effect.
		change_notice_epochs: u32,
		/// Epochs in which parameters move by a quarter at most.
		change_window_epochs: u32,
	}
}

impl From<economy::Pace> for Pace {
	fn from(values: economy::Pace) -> Self {
		let economy::Pace {
			round_blocks,
			lost_blocks,
			gone_blocks,
			epochs_per_day,
			rounds_per_day,
			bytes_per_kbps,
			weight_epochs,
			history_epochs,
			sweep_epochs,
			notice_epochs,
			reporter_unbonding_epochs,
			change_notice_epochs,
			change_window_epochs,
		} = values;
		Self {
			round_blocks,
			lost_blocks,
			gone_blocks,
			epochs_per_day,
			rounds_per_day,
			bytes_per_kbps: bytes_per_kbps.into(),
			weight_epochs,
			history_epochs,
			sweep_epochs,
			notice_epochs,
			reporter_unbonding_epochs,
			change_notice_epochs,
			change_window_epochs,
		}
	}
}

result! {
	/// A change of parameters that was announced.
	pub(crate) struct Change {
		/// First epoch in which it counts.
		from_epoch: u32,
		/// The parameters as they will be.
		parameters: Parameters,
	}
}

impl From<PendingChange> for Change {
	fn from(change: PendingChange) -> Self {
		let PendingChange { parameters, from_epoch } = change;
		Self { from_epoch, parameters: parameters.into() }
	}
}

result! {
	/// A change of the table of regions that was announced.
	pub(crate) struct RegionChange {
		/// Country and kind of line.
		region: RegionName,
		/// Proven weight it should have from then on, kbps; null if it is closed then.
		least_weight: Option<Amount>,
		/// First epoch in which it is so.
		from_epoch: u32,
	}
}

impl From<PendingRegion> for RegionChange {
	fn from(change: PendingRegion) -> Self {
		let PendingRegion { region, least_weight, from_epoch } = change;
		Self { region: region.into(), least_weight: least_weight.map(Amount::from), from_epoch }
	}
}

result! {
	/// What a brake of the emergency track stops.
	#[derive(Copy)]
	pub(crate) enum Braked {
		/// Purchases of credits.
		Purchases,
		/// Slashes of 30 % and more: they wait.
		Slashes,
		/// A region: no coverage floor there, and no multiplier above one.
		Region,
	}
}

result! {
	/// A brake that is on.
	pub(crate) struct Brake {
		/// What it stops.
		what: Braked,
		/// Which region, if it is one.
		region: Option<RegionName>,
		/// First epoch in which it is off.
		until_epoch: u32,
	}
}

impl From<BrakeInfo> for Brake {
	fn from(BrakeInfo { what, until }: BrakeInfo) -> Self {
		let (what, region) = match what {
			Paused::Purchases => (Braked::Purchases, None),
			Paused::Slashes => (Braked::Slashes, None),
			Paused::Region(region) => (Braked::Region, Some(region.into())),
		};
		Self { what, region, until_epoch: until }
	}
}

result! {
	/// The rules of the economy that are not code.
	pub(crate) struct Rules {
		/// The block.
		block: Block,
		/// The clock, fixed by the first block.
		pace: Pace,
		/// The parameters in force.
		parameters: Parameters,
		/// What was announced; null if nothing is to change.
		pending: Option<Change>,
		/// Regions that will be opened, closed or asked for another weight.
		pending_regions: Vec<RegionChange>,
		/// Brakes of the emergency track that are on.
		brakes: Vec<Brake>,
		/// Last block in which only those calls are taken that nobody may stop; null while the brake of the chain is off.
		safe_mode_until: Option<u32>,
	}
}

impl Rules {
	/// The rules in `block`.
	pub(super) fn new(block: Block, info: ParametersInfo) -> Self {
		let ParametersInfo { pace, parameters, pending, pending_regions, brakes, safe_mode_until } = info;
		Self {
			block,
			pace: pace.into(),
			parameters: parameters.into(),
			pending: pending.map(Change::from),
			pending_regions: pending_regions.into_iter().map(RegionChange::from).collect(),
			brakes: brakes.into_iter().map(Brake::from).collect(),
			safe_mode_until,
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::{json, to_value, Value};
	use weir_primitives::{LineKind, Region};

	#[test]
	fn rules_should_be_shown_with_what_was_announced() {
		let parameters = economy::Parameters::default();
		let dearer = economy::Parameters { list_price: 55_000, ..parameters };
		let pending = Some(PendingChange { parameters: dearer, from_epoch: 40 });
		let region = Region { country: *b"BR", kind: LineKind::Residential };
		let asked = PendingRegion { region, least_weight: Some(2_500_000), from_epoch: 41 };
		let closed = PendingRegion { least_weight: None, ..asked.clone() };
		let pending_regions = vec![asked, closed];
		let brakes = [Paused::Purchases, Paused::Slashes, Paused::Region(region)];
		let brakes = brakes.map(|what| BrakeInfo { what, until: 44 }).into();
		let info = ParametersInfo {
			pace: economy::Pace::public(),
			parameters,
			pending,
			pending_regions,
			brakes,
			safe_mode_until: Some(9),
		};
		let shown = to_value(Rules::new(Block::new(Default::default(), 1), info)).unwrap();
		assert_eq!(shown["parameters"]["providerSharePpm"], 750_000);
		assert_eq!(shown["parameters"]["lambda"], "118601313426447");
		assert_eq!(shown["pace"]["roundBlocks"], 50);
		assert_eq!(shown["pending"]["fromEpoch"], 40);
		assert_eq!(shown["pending"]["parameters"]["listPrice"], "55000");
		let regions = &shown["pendingRegions"];
		assert_eq!(
			(&regions[0]["region"], &regions[0]["leastWeight"]),
			(&"BR-res".into(), &"2500000".into())
		);
		assert_eq!((&regions[1]["leastWeight"], &regions[1]["fromEpoch"]), (&Value::Null, &41.into()));
		let expected = json!([
			{ "what": "purchases", "region": null, "untilEpoch": 44 },
			{ "what": "slashes", "region": null, "untilEpoch": 44 },
			{ "what": "region", "region": "BR-res", "untilEpoch": 44 },
		]);
		assert_eq!((&shown["brakes"], &shown["safeModeUntil"]), (&expected, &9.into()));
	}
}
