//! The bond that a kbps needs: it follows what a kbps earns.
//!
//! What a new claim needs follows what is paid ([`OnEpochPaid`]), between [`Config::MinBondPerMbps`] and
//! [`Config::MaxBondPerMbps`], by a twentieth a day at most. A bond that was enough stays enough for its claim: the lasting
//! minimum is the one by the floor. What it covers by today's rate is [`Bonds::covered_kbps`], and no more of a line earns.
//!
//! [`Bonds::covered_kbps`]: weir_primitives::seams::Bonds::covered_kbps

use crate::{types::BondRate, BalanceOf, Config, Event, Ledgers, Pallet, Rate, WeightInfo};
use frame_support::weights::Weight;
use polkadot_sdk::*;
use sp_runtime::traits::Get;
use weir_math::economy::slash::{average_reward, bond_for, covered_kbps, next_rate};
use weir_primitives::{
	economy::Tokens,
	seams::{economy::OnEpochPaid, EpochClock, RoleDuty},
	EpochIndex, Kbps, Role,
};

impl<T: Config> Pallet<T> {
	/// Bond that a new claim needs for each 1,000 kbps today: what is stored, within floor and ceiling.
	pub fn rate_per_mbps() -> BalanceOf<T> {
		Rate::<T>::get().per_mbps.max(T::MinBondPerMbps::get()).min(T::MaxBondPerMbps::get())
	}

	/// The lasting minimum of an active bond in `role` with a claim of `claimed_kbps`: a provider needs
	/// max(`MinProviderBond`, ⌈`MinBondPerMbps` · kbps ÷ 1,000⌉), a validator `MinValidatorBond`.
	pub fn minimum_for(role: Role, claimed_kbps: Kbps) -> BalanceOf<T> {
		Self::minimum_at(role, claimed_kbps, T::MinBondPerMbps::get())
	}

	/// What a new bond in `role` with a claim of `claimed_kbps` has to be: the same by today's rate.
	pub fn new_minimum_for(role: Role, claimed_kbps: Kbps) -> BalanceOf<T> {
		Self::minimum_at(role, claimed_kbps, Self::rate_per_mbps())
	}

	fn minimum_at(role: Role, claimed_kbps: Kbps, per_mbps: BalanceOf<T>) -> BalanceOf<T> {
		match role {
			Role::Validator => T::MinValidatorBond::get(),
			Role::Provider => T::MinProviderBond::get().max(bond_for(claimed_kbps, per_mbps)),
		}
	}

	/// The lasting minimum for what `who` claims now.
	pub fn minimum_of(who: &T::AccountId, role: Role) -> BalanceOf<T> {
		Self::minimum_for(role, T::Duty::claimed_kbps(who, role))
	}

	/// What `who` would have to bond for what it claims now if the claim were new.
	pub fn new_minimum_of(who: &T::AccountId, role: Role) -> BalanceOf<T> {
		Self::new_minimum_for(role, T::Duty::claimed_kbps(who, role))
	}

	/// What the active bond of a provider covers by today's rate, kbps.
	pub(crate) fn do_covered_kbps(who: &T::AccountId) -> Kbps {
		let active = Ledgers::<T>::get(who, Role::Provider).map(|ledger| ledger.active).unwrap_or_default();
		covered_kbps(active, Self::rate_per_mbps())
	}
}

impl<T: Config> OnEpochPaid for Pallet<T> {
	/// Works the reward into its average. The rate follows once in a day of the running clock, however many epochs are
	/// closed in it.
	fn epoch_paid(_: EpochIndex, tokens: Tokens, weight: u128) {
		let now = T::Clock::epoch();
		let BondRate { per_mbps, reward, moved_in } = Rate::<T>::get();
		let reward = average_reward(reward, tokens, weight);
		// Saturating: a rate that never moves again is safe.
		if now < moved_in.saturating_add(T::Pace::get().epochs_per_day) {
			Rate::<T>::put(BondRate { per_mbps, reward, moved_in });
			return;
		}
		let old = Self::rate_per_mbps();
		let new = next_rate(old, reward, T::MinBondPerMbps::get(), T::MaxBondPerMbps::get());
		Rate::<T>::put(BondRate { per_mbps: new, reward, moved_in: now });
		if new != old {
			Self::deposit_event(Event::BondRateChanged { old, new, reward });
		}
	}

	fn weight() -> Weight {
		T::WeightInfo::epoch_paid()
	}
}
