//! What governance may move, and within which bounds. Defaults and bounds: research, economics, section 2.15.
//!
//! * [`Parameters::check`]: whether every value is within its bounds and the laws between them hold.
//! * [`Parameters::check_change`]: whether they may become others. Against each value of the past window a parameter
//!   moves by a quarter at most, the list price by a tenth; `lambda` only falls.
//!
//! Two laws need no check, because the multiplier's slope is derived from the parameters and not one of them
//! ([`incentive`](super::incentive)): `a_eff · k ≤ kappa · list price`, and `k · u* ≤` [`MOST_FALL`].

use super::{
	pace::MAX_TWAP_ROUNDS,
	units::{Credits, Ppm, DOLLAR, MILLION},
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Every parameter of the economy, moved together so that the laws between them can be checked.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase", deny_unknown_fields))]
pub struct Parameters {
	/// Of settled credits, what providers get.
	pub provider_share: Ppm,
	/// Of settled credits, what attestors get.
	pub attestor_share: Ppm,
	/// Of settled credits, what the treasury gets.
	pub treasury_share: Ppm,
	/// Most that an attacker's own traffic may move availability pay, as a share of the traffic's price.
	pub kappa: Ppm,
	/// Of the outstanding basis, what the buffer holds at most.
	pub buffer_target: Ppm,
	/// Of a surplus, what may go into the buffer.
	pub buffer_fill: Ppm,
	/// Of an epoch's provider slice, what insurance may mint for fees.
	pub insurance: Ppm,
	/// Slices that availability pay may take out of the bucket beyond the scheduled one.
	pub bucket_slices: u32,
	/// Part of the reserve that an epoch releases, in units of 10⁻¹⁸. May only fall.
	pub lambda: u64,
	/// Availability pay without fees, credits per gigabyte of capacity and epoch.
	pub availability_most: u64,
	/// Availability pay that fees do not lower further, credits per gigabyte of capacity and epoch.
	pub availability_least: u64,
	/// Of the fee income per gigabyte of capacity, what availability pay falls by.
	pub taper: Ppm,
	/// Of a provider slice's value, what coverage floors may cost.
	pub coverage: Ppm,
	/// Epochs of location proofs before a weight counts as proven.
	pub tenure_epochs: u32,
	/// Of availability pay, what is liquid at once.
	pub vest_liquid: Ppm,
	/// Epochs in which half of a vesting pot is released.
	pub vest_half_life_epochs: u32,
	/// Utilisation at which a region's multiplier is one.
	pub target_utilisation: Ppm,
	/// Part of the newest utilisation in its average.
	pub utilisation_alpha: Ppm,
	/// Of the first epoch's emission, what destroyed tokens may put back into the reserve per epoch.
	pub recredit: Ppm,
	/// List price, credits per gigabyte.
	pub list_price: u64,
	/// Distance of highest and lowest reference price at which token purchases wait.
	pub spread: Ppm,
	/// Rounds between a request for credits and the price it gets.
	pub forward_rounds: u32,
	/// Rounds in which a report is valid.
	pub report_rounds: u32,
	/// Part of reporters that must have reported. More than half.
	pub quorum: Ppm,
	/// Rounds in which the average of prices forgets half.
	pub ema_half_life_rounds: u32,
	/// Rounds over which the pool's price is averaged.
	pub twap_rounds: u32,
	/// Least credits on the pool's stable side for its price to count.
	pub least_depth: u64,
	/// Credits that purchases of a round may come to, whatever the trailing average.
	pub round_cap: u64,
}

impl Default for Parameters {
	fn default() -> Self {
		Self {
			provider_share: 750_000,
			attestor_share: 30_000,
			treasury_share: 20_000,
			kappa: 170_000,
			buffer_target: 600_000,
			buffer_fill: 500_000,
			insurance: 100_000,
			bucket_slices: 2,
			lambda: MOST_LAMBDA,
			availability_most: 15_000,
			availability_least: 4_000,
			taper: 350_000,
			coverage: 150_000,
			tenure_epochs: 28,
			vest_liquid: 250_000,
			vest_half_life_epochs: 240,
			target_utilisation: 500_000,
			utilisation_alpha: 50_000,
			recredit: 10_000,
			list_price: 50_000,
			spread: 30_000,
			forward_rounds: 2,
			report_rounds: 3,
			quorum: 600_000,
			ema_half_life_rounds: 1,
			twap_rounds: 5,
			least_depth: 25_000_000_000,
			round_cap: 10_000_000_000,
		}
	}
}

/// Least credits that can be bought at once: a dollar.
pub const LEAST_PURCHASE: Credits = DOLLAR;
/// Purchases of a round may come to this many times the average round of the trailing day.
pub const ROUND_CAP_MULTIPLE: u128 = 5;
/// Distance of both prices from the references, millionths of them: a quarter of a per cent.
pub const QUOTE_MARGIN: Ppm = 2_500;
/// Of a settled credit, at most this is earned by anybody, the multiplier included.
pub const MOST_EARNED: Ppm = 950_000;
/// Lowest multiplier of a region.
pub const LEAST_MULTIPLIER: Ppm = 500_000;
/// Highest multiplier of a region, its coverage floor included.
pub const MOST_MULTIPLIER: Ppm = 3_000_000;
/// Most of the multiplier's fall from the target utilisation to an idle region.
pub const MOST_FALL: Ppm = 900_000;
/// Most of a settled credit that is minted again.
pub const MOST_SHARES: Ppm = 880_000;
/// What emission begins with: half of the reserve in four years of 1,461 epochs, in units of 10⁻¹⁸.
pub const MOST_LAMBDA: u64 = 118_601_313_426_447;
/// Part of a value of the past window by which a parameter may differ from it.
pub const MOST_MOVE: Ppm = 250_000;
/// The same for the list price.
pub const MOST_PRICE_MOVE: Ppm = 100_000;
/// Parameters that there are.
pub const PARAMETERS: usize = 28;

macro_rules! rule {
	($item:item) => {
		#[derive(
			Clone,
			Copy,
			PartialEq,
			Eq,
			PartialOrd,
			Ord,
			Debug,
			Encode,
			Decode,
			DecodeWithMemTracking,
			MaxEncodedLen,
			TypeInfo,
		)]
		#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
		#[cfg_attr(feature = "serde", serde(rename_all = "camelCase"))]
		$item
	};
}

rule! {
	/// One of the [`Parameters`] by name.
	pub enum ParameterName {
		/// [`Parameters::provider_share`]
		#[codec(index = 0)]
		ProviderShare,
		/// [`Parameters::attestor_share`]
		#[codec(index = 1)]
		AttestorShare,
		/// [`Parameters::treasury_share`]
		#[codec(index = 2)]
		TreasuryShare,
		/// [`Parameters::kappa`]
		#[codec(index = 3)]
		Kappa,
		/// [`Parameters::buffer_target`]
		#[codec(index = 4)]
		BufferTarget,
		/// [`Parameters::buffer_fill`]
		#[codec(index = 5)]
		BufferFill,
		/// [`Parameters::insurance`]
		#[codec(index = 6)]
		Insurance,
		/// [`Parameters::bucket_slices`]
		#[codec(index = 7)]
		BucketSlices,
		/// [`Parameters::lambda`]
		#[codec(index = 8)]
		Lambda,
		/// [`Parameters::availability_most`]
		#[codec(index = 9)]
		AvailabilityMost,
		/// [`Parameters::availability_least`]
		#[codec(index = 10)]
		AvailabilityLeast,
		/// [`Parameters::taper`]
		#[codec(index = 11)]
		Taper,
		/// [`Parameters::coverage`]
		#[codec(index = 12)]
		Coverage,
		/// [`Parameters::tenure_epochs`]
		#[codec(index = 13)]
		TenureEpochs,
		/// [`Parameters::vest_liquid`]
		#[codec(index = 14)]
		VestLiquid,
		/// [`Parameters::vest_half_life_epochs`]
		#[codec(index = 15)]
		VestHalfLifeEpochs,
		/// [`Parameters::target_utilisation`]
		#[codec(index = 16)]
		TargetUtilisation,
		/// [`Parameters::utilisation_alpha`]
		#[codec(index = 17)]
		UtilisationAlpha,
		/// [`Parameters::recredit`]
		#[codec(index = 18)]
		Recredit,
		/// [`Parameters::list_price`]
		#[codec(index = 19)]
		ListPrice,
		/// [`Parameters::spread`]
		#[codec(index = 20)]
		Spread,
		/// [`Parameters::forward_rounds`]
		#[codec(index = 21)]
		ForwardRounds,
		/// [`Parameters::report_rounds`]
		#[codec(index = 22)]
		ReportRounds,
		/// [`Parameters::quorum`]
		#[codec(index = 23)]
		Quorum,
		/// [`Parameters::ema_half_life_rounds`]
		#[codec(index = 24)]
		EmaHalfLifeRounds,
		/// [`Parameters::twap_rounds`]
		#[codec(index = 25)]
		TwapRounds,
		/// [`Parameters::least_depth`]
		#[codec(index = 26)]
		LeastDepth,
		/// [`Parameters::round_cap`]
		#[codec(index = 27)]
		RoundCap,
	}
}

rule! {
	/// The rule that parameters, or a change of them, would break.
	pub enum Broken {
		/// A value outside the bounds of its parameter.
		#[codec(index = 0)]
		OutOfBounds(ParameterName),
		/// Farther from a value of the past window than one window may take it.
		#[codec(index = 1)]
		TooFast(ParameterName),
		/// Providers, attestors and treasury together would get more than [`MOST_SHARES`] of what is settled.
		#[codec(index = 2)]
		SharesAboveMost,
		/// Fees, attestation and kappa together would exceed [`MOST_EARNED`]: paying oneself could pay.
		#[codec(index = 3)]
		EarningsAboveMost,
		/// The least availability pay would exceed the most.
		#[codec(index = 4)]
		LeastAboveMost,
		/// Half of the reporters, or fewer, would make a price.
		#[codec(index = 5)]
		QuorumNotAMajority,
		/// The part of the reserve that an epoch releases would rise.
		#[codec(index = 6)]
		LambdaRises,
	}
}

/// What one parameter may be, and how far it may move.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
	/// The least it may be.
	pub least: u64,
	/// The most it may be.
	pub most: u64,
	/// What it may move by in a window even where the part of it that it may move by is less, so that small counts and
	/// zero are no traps.
	pub step: u64,
}

impl ParameterName {
	/// All of them, in the order of their fields.
	pub const ALL: [Self; PARAMETERS] = [
		Self::ProviderShare,
		Self::AttestorShare,
		Self::TreasuryShare,
		Self::Kappa,
		Self::BufferTarget,
		Self::BufferFill,
		Self::Insurance,
		Self::BucketSlices,
		Self::Lambda,
		Self::AvailabilityMost,
		Self::AvailabilityLeast,
		Self::Taper,
		Self::Coverage,
		Self::TenureEpochs,
		Self::VestLiquid,
		Self::VestHalfLifeEpochs,
		Self::TargetUtilisation,
		Self::UtilisationAlpha,
		Self::Recredit,
		Self::ListPrice,
		Self::Spread,
		Self::ForwardRounds,
		Self::ReportRounds,
		Self::Quorum,
		Self::EmaHalfLifeRounds,
		Self::TwapRounds,
		Self::LeastDepth,
		Self::RoundCap,
	];

	/// Its bounds. Research, economics, section 2.15; where that names none, two orders of magnitude around the default.
	/// The step is a twentieth of the upper bound for shares that may be zero, one for counts, nothing for the rest.
	pub const fn bounds(self) -> Bounds {
		let (least, most, step) = match self {
			Self::ProviderShare => (600_000, 850_000, 0),
			Self::AttestorShare | Self::TreasuryShare => (0, 50_000, 2_500),
			Self::Kappa => (0, 200_000, 10_000),
			Self::BufferTarget => (0, 1_000_000, 50_000),
			Self::BufferFill => (0, 500_000, 25_000),
			Self::Insurance => (0, 200_000, 10_000),
			Self::BucketSlices => (0, 3, 1),
			Self::Lambda => (1, MOST_LAMBDA, 0),
			Self::AvailabilityMost => (1_000, 150_000, 0),
			Self::AvailabilityLeast => (100, 100_000, 0),
			Self::Taper => (0, 1_000_000, 50_000),
			Self::Coverage => (0, 250_000, 12_500),
			Self::TenureEpochs => (14, 112, 1),
			Self::VestLiquid => (100_000, 500_000, 0),
			Self::VestHalfLifeEpochs => (120, 480, 1),
			Self::TargetUtilisation => (300_000, 700_000, 0),
			Self::UtilisationAlpha => (20_000, 200_000, 0),
			Self::Recredit => (0, 20_000, 1_000),
			Self::ListPrice => (1_000, 10_000_000, 0),
			Self::Spread => (10_000, 50_000, 0),
			Self::ForwardRounds | Self::ReportRounds => (1, 6, 1),
			// Its lower bound is a law of its own.
			Self::Quorum => (0, 1_000_000, 0),
			Self::EmaHalfLifeRounds | Self::TwapRounds => (1, 12, 1),
			Self::LeastDepth => (1_000_000_000, 100_000_000_000_000, 0),
			Self::RoundCap => (100_000_000, 1_000_000_000_000, 0),
		};
		Bounds { least, most, step }
	}

	/// How far from `past` the parameter may be within a window of it, rounded down.
	pub fn allowance(self, past: u64) -> u64 {
		let share = if self == Self::ListPrice { MOST_PRICE_MOVE } else { MOST_MOVE };
		allowance(past, share, self.bounds().step)
	}
}

/// How far from `past` what governance moves may be within a window of it: `share` of it (at most all of it), rounded down,
/// or `step`, if that is more.
pub fn allowance(past: u64, share: Ppm, step: u64) -> u64 {
	// A part of a value is at most the value.
	let part = super::wide::part_floor(past.into(), share);
	u64::try_from(part).unwrap_or(past).max(step)
}

const _: () = {
	assert!(
		ParameterName::TwapRounds.bounds().most <= MAX_TWAP_ROUNDS as u64,
		"the average spans too many rounds"
	);
	assert!(
		ParameterName::RoundCap.bounds().least as u128 >= LEAST_PURCHASE,
		"the least purchase exceeds the cap"
	);
	assert!(MOST_SHARES <= MOST_EARNED, "what is minted again may pay an attacker");
};

impl Parameters {
	/// The value of one of them.
	pub fn value(&self, name: ParameterName) -> u64 {
		match name {
			ParameterName::ProviderShare => self.provider_share.into(),
			ParameterName::AttestorShare => self.attestor_share.into(),
			ParameterName::TreasuryShare => self.treasury_share.into(),
			ParameterName::Kappa => self.kappa.into(),
			ParameterName::BufferTarget => self.buffer_target.into(),
			ParameterName::BufferFill => self.buffer_fill.into(),
			ParameterName::Insurance => self.insurance.into(),
			ParameterName::BucketSlices => self.bucket_slices.into(),
			ParameterName::Lambda => self.lambda,
			ParameterName::AvailabilityMost => self.availability_most,
			ParameterName::AvailabilityLeast => self.availability_least,
			ParameterName::Taper => self.taper.into(),
			ParameterName::Coverage => self.coverage.into(),
			ParameterName::TenureEpochs => self.tenure_epochs.into(),
			ParameterName::VestLiquid => self.vest_liquid.into(),
			ParameterName::VestHalfLifeEpochs => self.vest_half_life_epochs.into(),
			ParameterName::TargetUtilisation => self.target_utilisation.into(),
			ParameterName::UtilisationAlpha => self.utilisation_alpha.into(),
			ParameterName::Recredit => self.recredit.into(),
			ParameterName::ListPrice => self.list_price,
			ParameterName::Spread => self.spread.into(),
			ParameterName::ForwardRounds => self.forward_rounds.into(),
			ParameterName::ReportRounds => self.report_rounds.into(),
			ParameterName::Quorum => self.quorum.into(),
			ParameterName::EmaHalfLifeRounds => self.ema_half_life_rounds.into(),
			ParameterName::TwapRounds => self.twap_rounds.into(),
			ParameterName::LeastDepth => self.least_depth,
			ParameterName::RoundCap => self.round_cap,
		}
	}

	/// These with another value for one of them.
	///
	/// Fails with [`Broken::OutOfBounds`] only, and always if the value is outside its bounds.
	pub fn with(mut self, name: ParameterName, value: u64) -> Result<Self, Broken> {
		let Bounds { least, most, .. } = name.bounds();
		if value < least || value > most {
			return Err(Broken::OutOfBounds(name));
		}
		let narrow = || u32::try_from(value).map_err(|_| Broken::OutOfBounds(name));
		match name {
			ParameterName::ProviderShare => self.provider_share = narrow()?,
			ParameterName::AttestorShare => self.attestor_share = narrow()?,
			ParameterName::TreasuryShare => self.treasury_share = narrow()?,
			ParameterName::Kappa => self.kappa = narrow()?,
			ParameterName::BufferTarget => self.buffer_target = narrow()?,
			ParameterName::BufferFill => self.buffer_fill = narrow()?,
			ParameterName::Insurance => self.insurance = narrow()?,
			ParameterName::BucketSlices => self.bucket_slices = narrow()?,
			ParameterName::Lambda => self.lambda = value,
			ParameterName::AvailabilityMost => self.availability_most = value,
			ParameterName::AvailabilityLeast => self.availability_least = value,
			ParameterName::Taper => self.taper = narrow()?,
			ParameterName::Coverage => self.coverage = narrow()?,
			ParameterName::TenureEpochs => self.tenure_epochs = narrow()?,
			ParameterName::VestLiquid => self.vest_liquid = narrow()?,
			ParameterName::VestHalfLifeEpochs => self.vest_half_life_epochs = narrow()?,
			ParameterName::TargetUtilisation => self.target_utilisation = narrow()?,
			ParameterName::UtilisationAlpha => self.utilisation_alpha = narrow()?,
			ParameterName::Recredit => self.recredit = narrow()?,
			ParameterName::ListPrice => self.list_price = value,
			ParameterName::Spread => self.spread = narrow()?,
			ParameterName::ForwardRounds => self.forward_rounds = narrow()?,
			ParameterName::ReportRounds => self.report_rounds = narrow()?,
			ParameterName::Quorum => self.quorum = narrow()?,
			ParameterName::EmaHalfLifeRounds => self.ema_half_life_rounds = narrow()?,
			ParameterName::TwapRounds => self.twap_rounds = narrow()?,
			ParameterName::LeastDepth => self.least_depth = value,
			ParameterName::RoundCap => self.round_cap = value,
		}
		Ok(self)
	}

	/// Whether every value is within its bounds and the laws between them hold. Names the first rule that is broken.
	pub fn check(&self) -> Result<(), Broken> {
		for name in ParameterName::ALL {
			let (value, Bounds { least, most, .. }) = (self.value(name), name.bounds());
			if value < least || value > most {
				return Err(Broken::OutOfBounds(name));
			}
		}
		let sum = |shares: [Ppm; 3]| shares.iter().map(|share| u128::from(*share)).sum::<u128>();
		if sum([self.provider_share, self.attestor_share, self.treasury_share]) > MOST_SHARES.into() {
			return Err(Broken::SharesAboveMost);
		}
		if sum([self.provider_share, self.attestor_share, self.kappa]) > MOST_EARNED.into() {
			return Err(Broken::EarningsAboveMost);
		}
		if self.availability_least > self.availability_most {
			return Err(Broken::LeastAboveMost);
		}
		if u128::from(self.quorum).saturating_mul(2) <= MILLION {
			return Err(Broken::QuorumNotAMajority);
		}
		Ok(())
	}

	/// Whether parameters that are `now`, and were `from` within the past window, may become `to`.
	pub fn check_change(from: &Self, now: &Self, to: &Self) -> Result<(), Broken> {
		to.check()?;
		if to.lambda > now.lambda {
			return Err(Broken::LambdaRises);
		}
		for name in ParameterName::ALL {
			let past = from.value(name);
			if to.value(name).abs_diff(past) > name.allowance(past) {
				return Err(Broken::TooFast(name));
			}
		}
		Ok(())
	}
}
