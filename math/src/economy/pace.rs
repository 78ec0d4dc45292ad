//! How long the economy's rounds are and how long its things last: genesis state, so that one runtime serves every
//! network.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Rounds that the running average of the pool's price may span at most.
pub const MAX_TWAP_ROUNDS: u32 = 16;
/// Changes of parameters that a window may see at most, given their notice.
pub const MAX_CHANGES: u32 = 8;
/// Days for which the emergency track may pause something,
pub const PAUSE_DAYS: u32 = 3;
/// and days after that in which it may not pause the same again.
pub const COOL_DOWN_DAYS: u32 = 7;

/// The economy's clock. A **round** is the time between two prices.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase", deny_unknown_fields))]
pub struct Pace {
	/// Blocks of a price round.
	pub round_blocks: u32,
	/// Blocks without a usable price after which the fallback of emission begins.
	pub lost_blocks: u32,
	/// Blocks without a usable price after which governance may post one.
	pub gone_blocks: u32,
	/// Epochs of a day.
	pub epochs_per_day: u32,
	/// Rounds of a day.
	pub rounds_per_day: u32,
	/// Bytes that a line of one kbps carries in an epoch: `125 · seconds of an epoch`.
	pub bytes_per_kbps: u64,
	/// Epochs after its last test in which a weight still counts.
	pub weight_epochs: u32,
	/// Epochs for which rates, prices and pay per weight are kept.
	pub history_epochs: u32,
	/// Epochs without use after which credits may be swept,
	pub sweep_epochs: u32,
	/// and epochs between the notice of a sweep and the sweep.
	pub notice_epochs: u32,
	/// Epochs before a reporter's bond is free.
	pub reporter_unbonding_epochs: u32,
	/// Epochs between the proposal of a change of parameters and its effect.
	pub change_notice_epochs: u32,
	/// Epochs in which parameters move by a quarter at most.
	pub change_window_epochs: u32,
}

impl Pace {
	/// Public networks: blocks of 6 s, rounds of 5 minutes, epochs of 6 h.
	pub const fn public() -> Self {
		Self {
			round_blocks: 50,
			lost_blocks: 1_200,
			gone_blocks: 100_800,
			epochs_per_day: 4,
			rounds_per_day: 288,
			bytes_per_kbps: 2_700_000,
			weight_epochs: 16,
			history_epochs: 360,
			sweep_epochs: 1_461,
			notice_epochs: 28,
			reporter_unbonding_epochs: 112,
			change_notice_epochs: 28,
			change_window_epochs: 112,
		}
	}

	/// `development` and `local`: blocks of 2 s, rounds of 10 s, epochs of 60 s.
	pub const fn local() -> Self {
		Self {
			round_blocks: 5,
			lost_blocks: 120,
			gone_blocks: 1_200,
			epochs_per_day: 4,
			rounds_per_day: 24,
			bytes_per_kbps: 7_500,
			weight_epochs: 16,
			history_epochs: 360,
			sweep_epochs: 1_461,
			notice_epochs: 28,
			reporter_unbonding_epochs: 16,
			change_notice_epochs: 2,
			change_window_epochs: 8,
		}
	}

	/// Whether every length is at least one and each wait longer than what it waits for.
	pub fn is_valid(&self) -> bool {
		let lengths = [
			self.round_blocks,
			self.epochs_per_day,
			self.rounds_per_day,
			self.weight_epochs,
			self.sweep_epochs,
			self.notice_epochs,
			self.reporter_unbonding_epochs,
			self.change_notice_epochs,
		];
		lengths.iter().all(|length| *length > 0)
			&& self.bytes_per_kbps > 0
			&& self.round_blocks < self.lost_blocks
			&& self.lost_blocks < self.gone_blocks
			&& self.weight_epochs < self.history_epochs
			&& self.change_notice_epochs < self.change_window_epochs
			&& self
				.change_window_epochs
				.checked_div(self.change_notice_epochs)
				.is_some_and(|all| all < MAX_CHANGES)
	}

	/// First epoch in which a change counts that is announced in epoch `now`: the running epoch has passed in part, hence
	/// the notice begins with the next one.
	pub fn takes_effect(&self, now: u32) -> u32 {
		// Saturating: an epoch that never comes is the safe side.
		now.saturating_add(self.change_notice_epochs).saturating_add(1)
	}

	/// Whether what was in force before epoch `until`, and not in it, limits what may be in force in `epoch`: whether a window
	/// that ends with `epoch` holds some of it.
	pub fn is_in_window(&self, until: u32, epoch: u32) -> bool {
		// Saturating: to be remembered for longer is the safe side.
		until.saturating_add(self.change_window_epochs) > epoch
	}

	/// Epochs after which a pause ends by itself.
	pub fn pause_epochs(&self) -> u32 {
		// Saturating: a pause that is cut short is safe.
		self.epochs_per_day.saturating_mul(PAUSE_DAYS)
	}

	/// Epochs after the end of a pause in which the same may not be paused again.
	pub fn cool_down_epochs(&self) -> u32 {
		// Saturating: without end is the safe side.
		self.epochs_per_day.saturating_mul(COOL_DOWN_DAYS)
	}
}
