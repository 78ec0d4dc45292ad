//! The clock of a network: genesis state, so that one runtime serves every network.

use crate::committee::MAX_COMMITTEE;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Slot groups in the measuring part of an epoch.
pub const GROUPS: u32 = 24;
/// Slots the votes on an alarm may take at most: so long the randomness that drew the voters is kept.
pub const MAX_CONFIRM_SLOTS: u16 = 48;

/// Everything periodic. Epochs are counted in sessions, phases in slots since the epoch's first slot.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase", deny_unknown_fields))]
pub struct Timing {
	/// Length of a slot in milliseconds.
	pub slot_millis: u64,
	/// Slots in an epoch.
	pub epoch_slots: u32,
	/// First slot in which commits for the previous epoch are taken.
	pub commit_from: u32,
	/// First slot in which they no longer are.
	pub commit_until: u32,
	/// First slot in which reveals for the previous epoch are taken.
	pub reveal_from: u32,
	/// First slot in which they no longer are; estimates begin.
	pub reveal_until: u32,
	/// First slot of the first of the [`GROUPS`] slot groups.
	pub measure_from: u32,
	/// Slots in one group.
	pub group_slots: u32,
	/// Slots between the group's first slot and T0 at least, so that the block that revealed it has arrived.
	pub lead_slots: u32,
	/// Epochs between joining a list and being drawn from it, and between a leave and its effect.
	pub maturity_epochs: u32,
	/// Epochs between queueing a slash and applying it.
	pub slash_delay_epochs: u32,
	/// Epochs before what a validator unbonds is free. A provider waits for three quarters of them:
	/// [`Timing::provider_unbonding_epochs`].
	pub unbonding_epochs: u32,
	/// One in this many admitted providers is tested each epoch.
	pub test_every: u32,
	/// Committee size for a claim up to 500 Mbps.
	pub committee: u16,
	/// Committee size for a claim up to 1 Gbps.
	pub large_committee: u16,
	/// Committee size of an escalation.
	pub escalation_committee: u16,
	/// Slots of an alarm slot, in which the watchers of a provider must agree to raise an alarm.
	pub alarm_slots: u16,
	/// Slots from the block that draws the confirmers of an alarm to the end of their votes.
	pub confirm_slots: u16,
}

/// Which relation of [`Timing`] does not hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TimingError {
	/// Slots shorter than a second or longer than a minute.
	SlotLength,
	/// The commit window has fewer than 6 slots or begins in the block that changes the session.
	CommitWindow,
	/// The reveal window has fewer than 8 slots or overlaps the commit window.
	RevealWindow,
	/// No slots remain for the estimates, or the measuring part does not fit the epoch.
	EpochTooShort,
	/// A delay of zero epochs, or a provider's unbonding shorter than a strike can take to become a slash.
	Delay,
	/// A committee below 5 or above [`MAX_COMMITTEE`], or not growing with what is at stake.
	Committee,
	/// An alarm slot shorter than 10 slots or longer than an epoch, or votes on an alarm of fewer than 5 slots or more
	/// than [`MAX_CONFIRM_SLOTS`].
	Alarm,
}

impl Timing {
	/// Public networks: 3,600 slots of 6 s (6 h).
	pub const fn public() -> Self {
		Self {
			slot_millis: 6_000,
			epoch_slots: 3_600,
			commit_from: 2,
			commit_until: 600,
			reveal_from: 600,
			reveal_until: 2_400,
			measure_from: 10,
			group_slots: 148,
			lead_slots: 3,
			maturity_epochs: 3,
			slash_delay_epochs: 4,
			unbonding_epochs: 112,
			test_every: 4,
			committee: 15,
			large_committee: 31,
			escalation_committee: 51,
			alarm_slots: 100,
			confirm_slots: 30,
		}
	}

	/// `development` and `local`: a whole story in ten minutes (30 slots of 2 s).
	pub const fn local() -> Self {
		Self {
			slot_millis: 2_000,
			epoch_slots: 30,
			commit_from: 2,
			commit_until: 9,
			reveal_from: 9,
			reveal_until: 19,
			measure_from: 1,
			group_slots: 1,
			lead_slots: 2,
			maturity_epochs: 3,
			slash_delay_epochs: 1,
			unbonding_epochs: 16,
			test_every: 1,
			committee: 5,
			large_committee: 5,
			escalation_committee: 7,
			alarm_slots: 10,
			confirm_slots: 8,
		}
	}

	/// Epochs before what a provider unbonds is free: three quarters of a validator's, rounded up. An equivocation can be
	/// proved for as long as old signatures can mislead a node that comes back; what a provider does is judged within a few
	/// epochs.
	pub const fn provider_unbonding_epochs(&self) -> u32 {
		self.unbonding_epochs.saturating_sub(self.unbonding_epochs / 4)
	}

	/// Checks the relations every network must keep (specification, "Epochs and time").
	pub fn validate(&self) -> Result<(), TimingError> {
		let width = |from: u32, until: u32| until.saturating_sub(from);
		if !(1_000..=60_000).contains(&self.slot_millis) {
			return Err(TimingError::SlotLength);
		}
		if self.commit_from < 1 || width(self.commit_from, self.commit_until) < 6 {
			return Err(TimingError::CommitWindow);
		}
		if self.reveal_from < self.commit_until || width(self.reveal_from, self.reveal_until) < 8 {
			return Err(TimingError::RevealWindow);
		}
		let last_start = self
			.group_slots
			.checked_mul(GROUPS)
			.and_then(|slots| slots.checked_add(self.measure_from))
			.and_then(|slots| slots.checked_add(self.lead_slots));
		if self.group_slots == 0
			|| self.epoch_slots <= self.reveal_until
			|| last_start.is_none_or(|slot| slot > self.epoch_slots)
		{
			return Err(TimingError::EpochTooShort);
		}
		// Strike, escalation and delay must end before the bond is free: a provider's is the first to be.
		let story = self.slash_delay_epochs.checked_add(8);
		if self.maturity_epochs == 0
			|| self.slash_delay_epochs == 0
			|| self.test_every == 0
			|| story.is_none_or(|epochs| self.provider_unbonding_epochs() < epochs)
		{
			return Err(TimingError::Delay);
		}
		if self.committee < 5
			|| self.large_committee < self.committee
			|| self.escalation_committee < self.large_committee
			|| self.escalation_committee > MAX_COMMITTEE
		{
			return Err(TimingError::Committee);
		}
		if self.alarm_slots < 10
			|| u32::from(self.alarm_slots) > self.epoch_slots
			|| !(5..=MAX_CONFIRM_SLOTS).contains(&self.confirm_slots)
		{
			return Err(TimingError::Alarm);
		}
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use codec::{Decode, Encode};

	#[test]
	fn presets_should_be_valid() {
		assert_eq!(Timing::public().validate(), Ok(()));
		assert_eq!(Timing::local().validate(), Ok(()));
	}

	#[test]
	fn phases_should_have_the_specified_lengths() {
		let public = Timing::public();
		assert_eq!(public.slot_millis * u64::from(public.epoch_slots), 6 * 3_600 * 1_000);
		assert_eq!(public.commit_until, public.epoch_slots / 6);
		assert_eq!(public.reveal_until - public.reveal_from, public.epoch_slots / 2);
		let local = Timing::local();
		assert_eq!((local.commit_from, local.commit_until - 1), (2, 8));
		assert_eq!((local.reveal_from, local.reveal_until - 1), (9, 18));
		let minutes = |slots: u16| u64::from(slots) * public.slot_millis / 60_000;
		assert_eq!((minutes(public.alarm_slots), minutes(public.confirm_slots)), (10, 3));
		// Maturity, three admission tests, an escalation and the delay of its slash within ten minutes.
		let epochs = u64::from(local.maturity_epochs + 3 + 2 + local.slash_delay_epochs);
		assert!(epochs * u64::from(local.epoch_slots) * local.slot_millis <= 600_000);
	}

	#[test]
	fn validate_should_name_the_broken_relation() {
		type Change = fn(&mut Timing);
		let cases: [(Change, TimingError); 26] = [
			(|t| t.slot_millis = 999, TimingError::SlotLength),
			(|t| t.slot_millis = 60_001, TimingError::SlotLength),
			(|t| t.commit_from = 0, TimingError::CommitWindow),
			(|t| t.commit_until = t.commit_from + 5, TimingError::CommitWindow),
			(|t| t.commit_until = 0, TimingError::CommitWindow),
			(|t| t.reveal_from = t.commit_until - 1, TimingError::RevealWindow),
			(|t| t.reveal_until = t.reveal_from + 7, TimingError::RevealWindow),
			(|t| t.epoch_slots = t.reveal_until, TimingError::EpochTooShort),
			(|t| t.group_slots = 0, TimingError::EpochTooShort),
			(|t| t.group_slots = 150, TimingError::EpochTooShort),
			(|t| t.group_slots = u32::MAX, TimingError::EpochTooShort),
			(|t| t.measure_from = u32::MAX, TimingError::EpochTooShort),
			(|t| t.lead_slots = 39, TimingError::EpochTooShort),
			(|t| t.maturity_epochs = 0, TimingError::Delay),
			(|t| t.slash_delay_epochs = 0, TimingError::Delay),
			(|t| t.unbonding_epochs = t.slash_delay_epochs + 7, TimingError::Delay),
			(|t| t.unbonding_epochs = 14, TimingError::Delay),
			(|t| t.test_every = 0, TimingError::Delay),
			(|t| t.committee = 4, TimingError::Committee),
			(|t| t.large_committee = t.committee - 1, TimingError::Committee),
			(|t| t.escalation_committee = t.large_committee - 1, TimingError::Committee),
			(|t| t.escalation_committee = MAX_COMMITTEE + 1, TimingError::Committee),
			(|t| t.alarm_slots = 9, TimingError::Alarm),
			(|t| t.alarm_slots = 3_601, TimingError::Alarm),
			(|t| t.confirm_slots = 4, TimingError::Alarm),
			(|t| t.confirm_slots = MAX_CONFIRM_SLOTS + 1, TimingError::Alarm),
		];
		for (number, (change, error)) in cases.into_iter().enumerate() {
			let mut timing = Timing::public();
			change(&mut timing);
			assert_eq!(timing.validate(), Err(error), "case {number}");
		}
	}

	#[test]
	fn provider_should_wait_for_three_quarters_of_what_a_validator_does() {
		let days = |timing: &Timing, epochs: u32| {
			u64::from(epochs) * u64::from(timing.epoch_slots) * timing.slot_millis / 86_400_000
		};
		let public = Timing::public();
		assert_eq!(days(&public, public.unbonding_epochs), 28);
		assert_eq!(days(&public, public.provider_unbonding_epochs()), 21);
		assert_eq!(Timing::local().provider_unbonding_epochs(), 12);
		for (validator, provider) in [(0, 0), (1, 1), (3, 3), (4, 3), (15, 12), (u32::MAX, 3_221_225_472)] {
			let timing = Timing { unbonding_epochs: validator, ..public };
			assert_eq!(timing.provider_unbonding_epochs(), provider, "{validator}");
		}
	}

	#[test]
	fn provider_should_stay_within_reach_until_a_strike_is_a_slash() {
		// Eleven of fourteen are one too few, twelve of fifteen are as many as the delay of four and eight more.
		let timing = |unbonding_epochs| Timing { unbonding_epochs, ..Timing::public() };
		assert_eq!(timing(14).validate(), Err(TimingError::Delay));
		assert_eq!(timing(15).validate(), Ok(()));
	}

	#[test]
	fn encoding_should_stay() {
		let bytes = Timing::local().encode();
		assert_eq!(bytes.len(), Timing::max_encoded_len());
		assert_eq!(bytes[..16], [0xd0, 7, 0, 0, 0, 0, 0, 0, 30, 0, 0, 0, 2, 0, 0, 0]);
		assert_eq!(bytes[bytes.len() - 10..], [5, 0, 5, 0, 7, 0, 10, 0, 8, 0]);
		assert_eq!(Timing::decode(&mut &bytes[..]), Ok(Timing::local()));
	}
}
