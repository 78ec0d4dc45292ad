//! Misplacement: what follows when committee after committee finds that a provider cannot be in the country it claims.
//!
//! A test whose committee refutes the claim by its majority counts against the account in that country; a test that
//! measured something and did not ends the row, whatever it found. Void tests, and those that got no answer, do neither: a
//! line that is not there shows nothing. When [`WRONG_REGION_TESTS`] in a row have refuted it a slash is queued, for
//! [`REGION_BAN_DAYS`] no line of the account weighs anything in that country, and the row starts anew.
//!
//! Each test has its own committee, drawn by the seed of its epoch, so that the later ones are the jury on what the first
//! found. One more is asked while the slash waits: the provider owes a test from the next epoch on, and may ask for further
//! ones. The first that measures something and does not refute takes the slash back, and its ban with it; one that an earlier
//! slash brought, which was applied, stays. Committees that refute meanwhile add nothing: one slash at a time.
//!
//! All of it is kept with the account ([`Conduct`]): neither another registration nor a move to another country and back
//! shortens it. A test is judged by the country that was claimed when it was drawn, so that nobody escapes a verdict by a
//! move before it.

use crate::{assignment::Test, *};
use polkadot_sdk::*;

use codec::{Decode, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_runtime::Perbill;
use weir_math::location::{WRONG_REGION_SLASH_PPB, WRONG_REGION_TESTS};
use weir_primitives::{
	seams::{EpochClock, QueuedSlashes, SlashQueue},
	EpochIndex, ProviderIndex, Role, SlashReason,
};

/// What committees made of an account's claim to be in a country, since it was refuted there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Misplaced {
	/// The country.
	pub country: [u8; 2],
	/// Tests in a row that refuted it, since the last slash.
	pub refutations: u8,
	/// Epoch of the last of them.
	pub last: EpochIndex,
	/// Number of the last slash, until it is taken back or a test that refutes nothing finds it decided.
	pub slash: Option<u32>,
	/// First epoch in which the account's lines may weigh something there.
	pub banned_until: Option<EpochIndex>,
	/// The same of the last slash but one, which was applied: what is left of the ban when the last one is taken back.
	pub earned_until: Option<EpochIndex>,
}

impl Misplaced {
	/// A country of which nothing is kept yet.
	pub(crate) fn new(country: [u8; 2]) -> Self {
		Self { country, refutations: 0, last: 0, slash: None, banned_until: None, earned_until: None }
	}

	/// First epoch in which none of it counts any more, a row being remembered for so many epochs.
	pub(crate) fn ends(&self, remembered: EpochIndex) -> EpochIndex {
		let row = (self.refutations > 0).then(|| self.last.saturating_add(remembered).saturating_add(1));
		row.max(self.banned_until).unwrap_or(0)
	}
}

/// What a test decided of where a provider is, beyond the record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ruling {
	/// It was the last of a row: a slash is queued.
	Slashed,
	/// It took a slash back that waited.
	Spared,
}

impl<T: Config> Pallet<T> {
	/// What is kept of the account in a country.
	pub(crate) fn misplaced(who: &T::AccountId, country: [u8; 2]) -> Option<Misplaced> {
		Conducts::<T>::get(who)?.misplaced.iter().find(|misplaced| misplaced.country == country).copied()
	}

	/// First epoch in which a line of the account may weigh something in the country; none if it may.
	pub(crate) fn banned_until(who: &T::AccountId, country: [u8; 2]) -> Option<EpochIndex> {
		Self::misplaced(who, country).and_then(|misplaced| Self::running_ban(&misplaced))
	}

	/// The end of a ban that is not over.
	pub(crate) fn running_ban(misplaced: &Misplaced) -> Option<EpochIndex> {
		misplaced.banned_until.filter(|until| *until > Self::epoch())
	}

	/// Counts a test that refuted what the provider claims.
	pub(crate) fn note_refuted(test: &Test<T::AccountId>, epoch: EpochIndex) -> Option<Ruling> {
		let mut conduct = Conducts::<T>::get(&test.account).unwrap_or_default();
		let mut misplaced = Self::take_misplaced(&mut conduct, test.country);
		misplaced.last = epoch;
		let mut ruling = None;
		if misplaced.slash.and_then(T::Slashes::due_of).is_none() {
			misplaced.slash = None;
			misplaced.refutations = misplaced.refutations.saturating_add(1).min(WRONG_REGION_TESTS);
			if misplaced.refutations >= WRONG_REGION_TESTS {
				ruling = Self::condemn(test, &mut misplaced);
			}
		}
		// There is room, unless slashes wait in all other countries: a row that begins meanwhile is not kept.
		let _ = conduct.misplaced.try_push(misplaced);
		Conducts::<T>::insert(&test.account, conduct);
		ruling
	}

	/// Ends the row of a provider that a test measured and did not refute, and takes the slash back that waits for it.
	pub(crate) fn note_unrefuted(test: &Test<T::AccountId>) -> Option<Ruling> {
		let (who, country) = (&test.account, test.country);
		Self::misplaced(who, country)
			.filter(|misplaced| misplaced.refutations > 0 || misplaced.slash.is_some())?;
		let mut slash = None;
		Self::change_misplaced(who, country, |misplaced| {
			misplaced.refutations = 0;
			slash = misplaced.slash.take();
		});
		let waiting = slash.filter(|number| T::Slashes::due_of(*number).is_some())?;
		// Which lifts the ban, see `slash_cancelled`.
		if T::Slashes::cancel_slash(waiting).is_err() {
			Self::deposit_event(Event::Unexpected { expectation: Expectation::SlashCancelled });
		}
		Some(Ruling::Spared)
	}

	/// Queues the slash of a full row, and bans the account.
	fn condemn(test: &Test<T::AccountId>, misplaced: &mut Misplaced) -> Option<Ruling> {
		let (provider, account, country) = (test.provider, test.account.clone(), test.country);
		let fraction = Perbill::from_parts(WRONG_REGION_SLASH_PPB);
		let reason = SlashReason::WrongRegion { epoch: misplaced.last, country };
		let Ok(slash) = T::Slashes::queue_slash(&account, Role::Provider, fraction, reason) else {
			// The row stays full: the next test tries again.
			Self::deposit_event(Event::Unexpected { expectation: Expectation::SlashQueued });
			return None;
		};
		let banned_until = Self::epoch().saturating_add(Self::epochs_in_days(REGION_BAN_DAYS));
		misplaced.refutations = 0;
		misplaced.slash = Some(slash);
		// No slash waits, so that a ban which runs is of one that was applied.
		misplaced.earned_until = Self::running_ban(misplaced);
		misplaced.banned_until = Some(banned_until);
		Self::deposit_event(Event::WrongRegionConfirmed {
			provider,
			account,
			country,
			fraction,
			slash,
			banned_until,
		});
		Some(Ruling::Slashed)
	}

	/// Lets the next committee look again before a slash is due: nobody chose the epoch.
	pub(crate) fn owe_another_test(provider: ProviderIndex) {
		let next = Self::epoch().saturating_add(1);
		Self::change_standing(provider, next, Standing::Admitted, Standing::Owing);
	}

	/// Ends row and ban of an account in a country: its slash was taken back. A ban that came with an earlier slash, which
	/// was applied, stays.
	pub(crate) fn lift_ban(who: &T::AccountId, country: [u8; 2]) {
		let mut is_lifted = false;
		Self::change_misplaced(who, country, |misplaced| {
			let left = misplaced.earned_until.filter(|until| *until > Self::epoch());
			is_lifted = misplaced.banned_until.is_some() && left.is_none();
			*misplaced = Misplaced { banned_until: left, ..Misplaced::new(country) };
		});
		if is_lifted {
			Self::deposit_event(Event::RegionBanLifted { account: who.clone(), country });
		}
	}

	/// Changes what is kept of the account in a country, if anything is, and forgets what counts no more.
	fn change_misplaced(who: &T::AccountId, country: [u8; 2], change: impl FnOnce(&mut Misplaced)) {
		Conducts::<T>::mutate_extant(who, |conduct| {
			if let Some(misplaced) = conduct.misplaced.iter_mut().find(|known| known.country == country) {
				change(misplaced);
			}
			Self::forget_misplaced(conduct);
		});
	}

	/// Takes what is kept of a country, and makes room for it where no slash waits.
	fn take_misplaced(conduct: &mut Conduct, country: [u8; 2]) -> Misplaced {
		Self::forget_misplaced(conduct);
		let kept = &mut conduct.misplaced;
		if let Some(place) = kept.iter().position(|known| known.country == country) {
			return kept.remove(place);
		}
		if kept.is_full() {
			// What is least of a loss: a row before a ban, the oldest of either.
			let is_decided = |known: &Misplaced| known.slash.and_then(T::Slashes::due_of).is_none();
			let decided = (0..).zip(kept.iter()).filter(|(_, known)| is_decided(known));
			let least = decided.min_by_key(|(_, known)| (known.banned_until, known.last));
			if let Some((place, _)) = least {
				kept.remove(place);
			}
		}
		Misplaced::new(country)
	}

	fn forget_misplaced(conduct: &mut Conduct) {
		let (now, remembered) = (Self::epoch(), Self::epochs_in_days(OFFENCE_DAYS));
		conduct.misplaced.retain(|known| known.ends(remembered) > now);
	}
}
