//! # Validators
//!
//! Bonded nodes become the session's validators; offences become slashes.
//!
//! ## Overview
//!
//! * **Candidates.** A node with a sufficient bond as validator and session keys calls [`validate`](Pallet::validate)
//!   to be willing, and [`chill`](Pallet::chill) to stop. Candidates are kept sorted: larger bond first, earlier arrival
//!   first among equals. The list is bounded; when it is full a node with a larger bond displaces the last one.
//!   [`OnBondChange`](weir_primitives::seams::OnBondChange) moves a candidate to its new place, or removes it when its
//!   bond no longer suffices.
//! * **Election.** When a session is planned, the first [`Config::MaxValidators`] candidates that are sufficiently
//!   bonded and have keys are the target. The set moves towards it by at most [`Config::ChurnLimit`] leavers and as
//!   many joiners: offenders leave first, then those no longer willing, then the least bonded. A target below
//!   [`Config::MinValidators`] changes nothing: the set of the session before stays. A validator that must stay longer
//!   than it wishes is in service until it left, so its bond stays where a slash reaches it.
//! * **Sessions.** A set that did not change, with keys that did not change, is reported as unchanged, so that finality
//!   does not change authorities for nothing. Changed keys alone are reported as a new set: the proof that a key
//!   belonged to a validator is made against the root of that session.
//! * **Identification** in offence reports is the account alone ([`IdentificationOf`]). What a slash takes is decided by
//!   the bond when it is queued, and a proof of membership must not depend on a bond that moved since.
//! * **Offences.** For each offender the largest fraction reported for one session is queued as one slash: a larger
//!   later report adds the difference. The offender stops being a candidate, may not return for
//!   [`Config::ExclusionSessions`] sessions, and is disabled as far as the session's strategy allows, again at each
//!   session start while it waits to leave. Offences of sessions more than [`Config::OffenceSessions`] ago are
//!   forgotten with their key proofs.
//!
//! Elections run in the block that changes the session, to which the session pallet charges the whole block weight.
//!
//! ## Invariants
//!
//! 1. Candidates are sorted by rank, and no account is listed twice.
//! 2. A candidate's recorded bond is its active bond, and that bond is sufficient.
//! 3. No candidate is excluded, and no account is excluded twice.
//! 4. A candidate's arrival is below the next one to be given.
//! 5. Offences are recorded for remembered sessions only, with a fraction that is not zero.

#![cfg_attr(not(feature = "std"), no_std)]
#![deny(missing_docs)]
#![cfg_attr(
	not(test),
	deny(
		clippy::unwrap_used,
		clippy::expect_used,
		clippy::indexing_slicing,
		clippy::arithmetic_side_effects
	)
)]

extern crate alloc;

use polkadot_sdk::*;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod election;
mod impls;
#[cfg(test)]
mod mock;
mod offences;
#[cfg(test)]
mod tests;
mod types;
pub mod weights;

pub use impls::{Identification, IdentificationOf};
pub use pallet::*;
pub use types::{Candidate, Departure, Exclusion};
pub use weights::WeightInfo;

// The macro looks up its own name with `expect`: a runtime without this pallet does not call it.
#[allow(clippy::expect_used)]
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use alloc::vec::Vec;
	use frame_support::{pallet_prelude::*, traits::tokens::Balance};
	use frame_system::pallet_prelude::*;
	use pallet_session::historical;
	use sp_runtime::Perbill;
	use sp_staking::SessionIndex;
	use weir_primitives::seams::{Bonds, SlashQueue};

	/// A candidate of this runtime.
	pub type CandidateOf<T> = Candidate<<T as frame_system::Config>::AccountId, <T as Config>::Balance>;
	/// The sorted candidates of this runtime.
	pub type CandidatesOf<T> = BoundedVec<CandidateOf<T>, <T as Config>::MaxCandidates>;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config:
		polkadot_sdk::frame_system::Config<RuntimeEvent: From<Event<Self>>>
		+ pallet_session::Config<ValidatorId = <Self as frame_system::Config>::AccountId>
		+ historical::Config<FullIdentification = Identification>
	{
		/// Token amount.
		type Balance: Balance;

		/// The bonds candidates stand on.
		type Bonds: Bonds<Self::AccountId, Balance = Self::Balance>;

		/// Where slashes for offences wait.
		type Slashes: SlashQueue<Self::AccountId>;

		/// Most validators in a session.
		#[pallet::constant]
		type MaxValidators: Get<u32>;

		/// Fewest validators a new set may have; with fewer the old set stays.
		#[pallet::constant]
		type MinValidators: Get<u32>;

		/// Most candidates at once.
		#[pallet::constant]
		type MaxCandidates: Get<u32>;

		/// Most validators that leave, and that join, from one session to the next.
		#[pallet::constant]
		type ChurnLimit: Get<u32>;

		/// Sessions for which an offender may not be a candidate: at least until its slash is decided.
		#[pallet::constant]
		type ExclusionSessions: Get<SessionIndex>;

		/// Sessions after its own in which an offence can still be reported: fewer than a bond takes to be free, so that
		/// nothing is reported that can no longer be slashed.
		#[pallet::constant]
		type OffenceSessions: Get<SessionIndex>;

		/// Weights of this pallet's calls and hooks.
		type WeightInfo: WeightInfo;
	}

	/// The willing, in the order of election.
	#[pallet::storage]
	pub type Candidates<T: Config> = StorageValue<_, CandidatesOf<T>, ValueQuery>;

	/// The arrival the next candidate gets.
	#[pallet::storage]
	pub type NextArrival<T: Config> = StorageValue<_, u64, ValueQuery>;

	/// Offenders that may not be candidates for now.
	#[pallet::storage]
	pub type Excluded<T: Config> =
		StorageValue<_, BoundedVec<Exclusion<T::AccountId>, T::MaxCandidates>, ValueQuery>;

	/// The largest fraction queued as slash, by session of the offence and offender. Bounded: only a session's
	/// validators can be reported for it, and a session is forgotten after [`Config::OffenceSessions`].
	#[pallet::storage]
	pub type Offences<T: Config> =
		StorageDoubleMap<_, Twox64Concat, SessionIndex, Blake2_128Concat, T::AccountId, Perbill, OptionQuery>;

	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Initial candidates in the order of their arrival. Each needs a bond and session keys at genesis.
		pub candidates: Vec<T::AccountId>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			for who in &self.candidates {
				if let Err(error) = Pallet::<T>::admit(who) {
					panic!("genesis candidate {who:?}: {error:?}");
				}
			}
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A node became a candidate.
		CandidateAdded {
			/// Its account.
			who: T::AccountId,
			/// Its active bond.
			bond: T::Balance,
		},
		/// A candidate's bond, and with it its place, changed.
		CandidateMoved {
			/// Its account.
			who: T::AccountId,
			/// Its bond before.
			old_bond: T::Balance,
			/// Its bond now.
			bond: T::Balance,
		},
		/// A node is no candidate any more.
		CandidateRemoved {
			/// Its account.
			who: T::AccountId,
			/// Why.
			departure: Departure,
		},
		/// A set was planned that differs from the one before.
		SetPlanned {
			/// Session it is planned for.
			session: SessionIndex,
			/// Its size.
			validators: u32,
			/// How many joined.
			joined: u32,
			/// How many left.
			left: u32,
		},
		/// Too few candidates: the set stays as it is.
		SetKept {
			/// Session that keeps it.
			session: SessionIndex,
			/// How many candidates were eligible.
			eligible: u32,
		},
		/// An offence was reported and its slash queued.
		OffenceRecorded {
			/// The offender.
			who: T::AccountId,
			/// Session of the offence.
			session: SessionIndex,
			/// Largest fraction recorded before, for this session.
			old_fraction: Perbill,
			/// Largest fraction now.
			fraction: Perbill,
		},
		/// An offence was reported, but its slash could not be queued.
		OffenceNotSlashed {
			/// The offender.
			who: T::AccountId,
			/// Session of the offence.
			session: SessionIndex,
			/// Why.
			error: DispatchError,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// A candidate needs a bond as validator of at least the minimum.
		InsufficientBond,
		/// A candidate needs session keys.
		NoSessionKeys,
		/// The account is a candidate already.
		AlreadyCandidate,
		/// The account is no candidate.
		NotCandidate,
		/// The list is full of candidates with at least this bond.
		OutbidByAll,
		/// The account offended and may not be a candidate yet.
		StillExcluded,
		/// The count of arrivals is used up.
		ArrivalsExhausted,
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Makes the caller a candidate.
		///
		/// Fails with [`Error::AlreadyCandidate`], [`Error::StillExcluded`], [`Error::InsufficientBond`],
		/// [`Error::NoSessionKeys`] or [`Error::OutbidByAll`].
		#[pallet::call_index(0)]
		#[pallet::weight(<T as Config>::WeightInfo::validate())]
		pub fn validate(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_validate(&who)
		}

		/// Ends the caller's candidacy. It leaves the set when the next session is planned, as churn allows.
		///
		/// Fails with [`Error::NotCandidate`].
		#[pallet::call_index(1)]
		#[pallet::weight(<T as Config>::WeightInfo::chill())]
		pub fn chill(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_chill(&who)
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// The candidates in the order of election.
		pub fn candidates() -> Vec<CandidateOf<T>> {
			Candidates::<T>::get().into_inner()
		}

		/// First session in which the offender `who` may be a candidate again; none if it may now.
		pub fn excluded_until(who: T::AccountId) -> Option<SessionIndex> {
			Self::exclusion(&who).map(|exclusion| exclusion.until)
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			let (min, max) = (T::MinValidators::get(), T::MaxValidators::get());
			assert!(min > 0, "a session needs a validator");
			assert!(min <= max, "no set could be planned");
			assert!(max <= T::MaxCandidates::get(), "the set could never be full");
			assert!(T::ChurnLimit::get() > 0, "no validator could ever leave or join");
			assert!(
				T::ExclusionSessions::get() <= T::OffenceSessions::get(),
				"an offence would be forgotten before its offender may return"
			);
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}
}
