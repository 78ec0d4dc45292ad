//! # Providers
//!
//! Who sells bandwidth, where, on which terms, with which keys.
//!
//! ## Overview
//!
//! An account with a sufficient bond registers one line: what it claims ([`Claim`]), where it is reached, what it lets
//! out, at which price ([`Terms`]) and the key that signs its receipts. The measuring protocol reads the registry
//! through [`ProviderRegistry`](weir_primitives::seams::ProviderRegistry), records where a provider stands and lowers
//! claims; this pallet tells it through [`OnProviderChange`] who may be drawn for tests.
//!
//! ### In service
//!
//! Tests are due while a provider is registered, sufficiently bonded, not paused, not jailed and reached directly. A
//! relay-only registration is accepted, so that the line has its index and terms, but it is never in service until
//! relaying exists. A missing probe key does *not* end service: revoking the key must not be a way around a test.
//!
//! ### Changes that wait
//!
//! What a verdict depends on is kept as a [`Versioned`] value: the value, and up to three dated changes. It is evaluated
//! *as of an epoch*, so a change for a later epoch costs one write when it is announced and nothing when it takes
//! effect: no queue, no hook, no loop. The value of the previous epoch stays readable, because verdicts on epoch e
//! are reached in e + 1 ([`ProviderRegistry::facts_at`](weir_primitives::seams::ProviderRegistry::facts_at)).
//!
//! | change | takes effect |
//! |---|---|
//! | claim lowered, by the owner or by a verdict | next epoch |
//! | claim raised | next epoch, with a new admission; the bond must cover it at once |
//! | pause | [`OWNER_DELAY_EPOCHS`](weir_primitives::OWNER_DELAY_EPOCHS) later |
//! | registration, resume, bond back above its minimum | next epoch, so that no test of the running one falls due late |
//! | probe key set | next epoch; the old one signs until then, at most three in 8 epochs: what they signed may be asked for |
//! | probe key revoked | at once: it may be in the wrong hands |
//! | a verdict refuted by a dispute | next epoch: claim and standing are what they were |
//! | terms | at once: a line whose address changed is unreachable at the old one anyway; reached directly instead of by relay: in service next epoch |
//! | jail, bond below its minimum | at once |
//!
//! A provider leaves by pausing, and deregisters once it was out of service for the whole previous epoch: leaving
//! at once would be a way around the tests of the running epoch and the verdicts on the last.
//!
//! ### Indexes
//!
//! Every registration has a dense index. A freed one goes to the end of a queue, and its head is handed out again as
//! soon as [`OnProviderChange::is_needed`] says that no fact refers to it; until then a new index is opened. Hence
//! the indexes ever opened are at most the registrations plus what is still needed at the busiest moment.
//!
//! ## Invariants
//!
//! Checked by [`Pallet::do_try_state`]:
//!
//! 1. `IndexOf` and `Providers` are inverse to each other.
//! 2. Every index below `NextIndex` is either registered or queued as free, and no other index is.
//! 3. `EndpointOwner` holds exactly the endpoints of the registrations that are reached directly.
//! 4. `PrefixLines` holds exactly the registrations of each prefix, between 1 and `MaxPerPrefix`, each of which knows
//!    whether it is alone there; `RegionCount` counts those of each region.
//! 5. Every claim and all terms keep the rules they were checked against, and a line is direct if and only if it has
//!    an address.
//! 6. Steps of a versioned value have rising epochs, and none lies further ahead than
//!    [`OWNER_DELAY_EPOCHS`](weir_primitives::OWNER_DELAY_EPOCHS).
//! 7. A registration is listed with [`OnProviderChange`] if and only if it is bonded, not jailed, reached directly,
//!    and neither paused nor about to be.
//! 8. Of a registration whose jail term runs, no admission is pending: only the term ends a jail, and the protocol, which ends
//!    the term.
//!
//! [`Claim`]: weir_primitives::Claim
//! [`OnProviderChange`]: weir_primitives::seams::OnProviderChange
//! [`OnProviderChange::is_needed`]: weir_primitives::seams::OnProviderChange::is_needed

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

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod impls;
#[cfg(test)]
mod mock;
mod seams;
#[cfg(test)]
mod tests;
mod try_state;
pub mod types;
pub mod weights;

pub use pallet::*;
pub use types::{PeerId, Registration, Step, Terms, TermsUpdate, Versioned, MAX_STEPS};
pub use weights::WeightInfo;

use polkadot_sdk::*;
use weir_primitives::EpochIndex;

/// Rows a page holds at most.
pub const MAX_PAGE: u32 = 100;
/// Indexes a page looks at at most.
pub const MAX_PAGE_SCAN: u32 = 1_000;

/// The registration as this pallet stores it.
pub type RegistrationOf<T> = Registration<<T as frame_system::Config>::AccountId>;

// The macro's own lookups of pallet names: a runtime without this pallet does not call it.
#[allow(clippy::expect_used)]
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use frame_support::pallet_prelude::*;
	use frame_system::pallet_prelude::*;
	use weir_primitives::{
		seams::{Bonds, EpochClock, OnProviderChange},
		Admission, Claim, Endpoint, Prefix, ProbeKey, ProviderIndex, Region,
	};

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: polkadot_sdk::frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// The protocol's clock.
		type Clock: EpochClock;

		/// Bonds of providers. Sufficiency follows the claim this pallet reports through
		/// [`RoleDuty`](weir_primitives::seams::RoleDuty).
		type Bonds: Bonds<Self::AccountId>;

		/// Told who may be drawn for tests.
		type OnProviderChange: OnProviderChange<Self::AccountId>;

		/// Registrations one IPv4 /24 or IPv6 /48 may hold.
		#[pallet::constant]
		type MaxPerPrefix: Get<u32>;

		/// Lowest price in credits (micro-dollars) per 10⁹ bytes.
		#[pallet::constant]
		type MinPriceCreditsPerGb: Get<u64>;

		/// Highest price in credits (micro-dollars) per 10⁹ bytes.
		#[pallet::constant]
		type MaxPriceCreditsPerGb: Get<u64>;

		/// Weights of the calls.
		type WeightInfo: WeightInfo;
	}

	/// The registrations by index.
	#[pallet::storage]
	pub type Providers<T: Config> = CountedStorageMap<_, Twox64Concat, ProviderIndex, RegistrationOf<T>>;

	/// Index of a registered account.
	#[pallet::storage]
	pub type IndexOf<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, ProviderIndex>;

	/// The lowest index never handed out.
	#[pallet::storage]
	pub type NextIndex<T: Config> = StorageValue<_, ProviderIndex, ValueQuery>;

	/// Freed indexes with their last account, by position in the queue.
	#[pallet::storage]
	pub type FreeIndexes<T: Config> = StorageMap<_, Twox64Concat, u64, (ProviderIndex, T::AccountId)>;

	/// Positions of the first entry of [`FreeIndexes`] and of the one after its last.
	#[pallet::storage]
	pub type FreeQueue<T: Config> = StorageValue<_, (u64, u64), ValueQuery>;

	/// Who occupies an address and port.
	#[pallet::storage]
	pub type EndpointOwner<T: Config> = StorageMap<_, Blake2_128Concat, Endpoint, ProviderIndex>;

	/// Registrations that have an address prefix, in the order in which they came.
	#[pallet::storage]
	pub type PrefixLines<T: Config> =
		StorageMap<_, Blake2_128Concat, Prefix, BoundedVec<ProviderIndex, T::MaxPerPrefix>, ValueQuery>;

	/// Registrations per region.
	#[pallet::storage]
	pub type RegionCount<T: Config> = StorageMap<_, Twox64Concat, Region, u32, ValueQuery>;

	/// Whether private and loopback endpoints may register: genesis state without a setter.
	#[pallet::storage]
	pub type AllowPrivateEndpoints<T: Config> = StorageValue<_, bool, ValueQuery>;

	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Whether private and loopback endpoints may register. False on every public network.
		pub allow_private_endpoints: bool,
		#[serde(skip)]
		#[doc(hidden)]
		pub _config: core::marker::PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			AllowPrivateEndpoints::<T>::put(self.allow_private_endpoints);
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A line was registered. Its admission begins.
		Registered {
			/// Its index.
			index: ProviderIndex,
			/// Its account.
			who: T::AccountId,
			/// What it claims.
			claim: Claim,
			/// Where and on which terms.
			terms: Terms,
			/// Signs its receipts.
			probe_key: Option<ProbeKey>,
		},
		/// Terms changed.
		Updated {
			/// Whose.
			index: ProviderIndex,
			/// Terms until now.
			old: Terms,
			/// Terms from now on.
			new: Terms,
		},
		/// The owner lowered its claim.
		ClaimLowered {
			/// Whose.
			index: ProviderIndex,
			/// Claim announced last.
			old: Claim,
			/// Claim announced now.
			new: Claim,
			/// First epoch in which `new` counts.
			from: EpochIndex,
		},
		/// The owner raised at least one direction of its claim. A new admission begins with it.
		ClaimRaised {
			/// Whose.
			index: ProviderIndex,
			/// Claim announced last.
			old: Claim,
			/// Claim announced now.
			new: Claim,
			/// First epoch in which `new` counts.
			from: EpochIndex,
		},
		/// A verdict lowered the claim.
		ClaimLoweredByVerdict {
			/// Whose.
			index: ProviderIndex,
			/// Claim announced last.
			old: Claim,
			/// Claim that follows from the verdict.
			new: Claim,
			/// First epoch in which `new` counts.
			from: EpochIndex,
		},
		/// A verdict that had lowered the claim was refuted.
		ClaimReinstated {
			/// Whose.
			index: ProviderIndex,
			/// Claim announced last.
			old: Claim,
			/// The claim from before the verdict.
			new: Claim,
			/// First epoch in which `new` counts.
			from: EpochIndex,
		},
		/// Where the provider stands changed.
		AdmissionChanged {
			/// Whose.
			index: ProviderIndex,
			/// Until `from`.
			old: Admission,
			/// From `from` on.
			new: Admission,
			/// First epoch in which `new` counts.
			from: EpochIndex,
		},
		/// The provider will not be tested from the epoch on.
		Paused {
			/// Who.
			index: ProviderIndex,
			/// First epoch without tests.
			from: EpochIndex,
		},
		/// The provider takes tests again.
		Resumed {
			/// Who.
			index: ProviderIndex,
			/// First epoch without what kept it out of service.
			from: EpochIndex,
		},
		/// The bond no longer covers the claim, or does so again.
		BondSufficiencyChanged {
			/// Whose.
			index: ProviderIndex,
			/// Whether it did.
			old: bool,
			/// Whether it does.
			new: bool,
			/// First epoch in which that counts.
			from: EpochIndex,
		},
		/// The provider entered service: it goes into the lists tests are drawn from.
		EnteredService {
			/// Who.
			index: ProviderIndex,
			/// First epoch in service.
			from: EpochIndex,
		},
		/// The provider leaves service.
		LeftService {
			/// Who.
			index: ProviderIndex,
			/// First epoch out of service.
			from: EpochIndex,
		},
		/// A probe key was announced.
		ProbeKeySet {
			/// Whose.
			index: ProviderIndex,
			/// Key announced last; it signs until `from`.
			old: Option<ProbeKey>,
			/// The new key.
			new: ProbeKey,
			/// First epoch in which `new` signs.
			from: EpochIndex,
		},
		/// The probe key, and any announced one, is void at once.
		ProbeKeyRevoked {
			/// Whose.
			index: ProviderIndex,
			/// Key announced last.
			old: ProbeKey,
		},
		/// A registration ended.
		Deregistered {
			/// Its index, free from now on.
			index: ProviderIndex,
			/// Its account.
			who: T::AccountId,
		},
		/// Another registration came to the address prefix of one that was alone there, or the last other one left. Lines
		/// that share a prefix are tested together, and in every epoch.
		SharingChanged {
			/// Whose.
			index: ProviderIndex,
			/// Whether others have its prefix.
			shared: bool,
			/// First epoch in which the registry goes by it; tests of a line in service do from the one after.
			from: EpochIndex,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The account has a registration already.
		AlreadyRegistered,
		/// No registration with this account or index.
		NotRegistered,
		/// A direction of the claim is below the protocol's minimum.
		ClaimTooLow,
		/// A direction of the claim is above the protocol's ceiling.
		ClaimTooHigh,
		/// The active bond does not cover the claim.
		InsufficientBond,
		/// The port is 0.
		ZeroPort,
		/// The address is unspecified, multicast or reserved.
		NotUnicast,
		/// The address cannot be reached from the whole Internet, and this network demands it.
		PrivateEndpoint,
		/// Another registration has this address and port.
		EndpointTaken,
		/// The address prefix holds as many registrations as it may.
		PrefixFull,
		/// The peer id is neither an inlined ed25519 key nor a SHA-256 hash in multihash form.
		InvalidPeerId,
		/// The region's country is not an assigned ISO 3166-1 alpha-2 code.
		InvalidRegion,
		/// The price is below the minimum.
		PriceTooLow,
		/// The price is above the maximum.
		PriceTooHigh,
		/// The call would change nothing.
		NothingChanges,
		/// The provider is paused, or will be.
		AlreadyPaused,
		/// Neither a pause nor a jail nor a small bond keeps the provider out of service.
		NothingToResume,
		/// The jail term has not ended.
		Jailed,
		/// The provider is in service, or was in the previous epoch: it has to pause first.
		InService,
		/// Open strikes, an escalation or a running test refer to the registration.
		StillNeeded,
		/// There is no probe key.
		NoProbeKey,
		/// Every index is taken.
		NoIndexLeft,
		/// Three keys were replaced within 8 epochs, and receipts they signed may still be asked for.
		TooManyKeys,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(T::MaxPerPrefix::get() > 0, "MaxPerPrefix of 0 would refuse every direct endpoint");
			assert!(
				T::MinPriceCreditsPerGb::get() <= T::MaxPriceCreditsPerGb::get(),
				"no price lies between MinPriceCreditsPerGb and MaxPriceCreditsPerGb"
			);
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Registers the sender's line, in service from the next epoch on. Its active bond as provider must cover
		/// `claim`.
		///
		/// `claim` is in kbps; both directions lie between the protocol's minimum and ceiling. `probe_key` signs
		/// receipts from now on; without one no measurement can be confirmed.
		///
		/// ## Errors
		/// `AlreadyRegistered`, `InsufficientBond`, and the rules of claim, endpoint, peer id, region and price.
		#[pallet::call_index(0)]
		#[pallet::weight(Pallet::<T>::with_followers(T::WeightInfo::register(), 2))]
		pub fn register(
			origin: OriginFor<T>,
			claim: Claim,
			terms: Terms,
			probe_key: Option<ProbeKey>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_register(who, claim, terms, probe_key)
		}

		/// Changes the terms that are given, at once; the others stay.
		///
		/// ## Errors
		/// `NotRegistered`, `NothingChanges`, the rules of endpoint, peer id, region and price, and `InService` when
		/// the endpoint would become relay-only.
		#[pallet::call_index(1)]
		#[pallet::weight(Pallet::<T>::with_followers(T::WeightInfo::update(), 3))]
		pub fn update(origin: OriginFor<T>, changes: TermsUpdate) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_update(who, changes)
		}

		/// Announces another claim for the next epoch. If a direction is higher than announced last, a new admission
		/// begins with it and the bond must cover it now.
		///
		/// ## Errors
		/// `NotRegistered`, `NothingChanges`, `ClaimTooLow`, `ClaimTooHigh`; `InsufficientBond` for a raise.
		#[pallet::call_index(2)]
		#[pallet::weight(Pallet::<T>::with_followers(T::WeightInfo::set_claim(), 1))]
		pub fn set_claim(origin: OriginFor<T>, claim: Claim) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_set_claim(who, claim)
		}

		/// Stops tests from the epoch after the next on.
		///
		/// ## Errors
		/// `NotRegistered`, `AlreadyPaused`.
		#[pallet::call_index(3)]
		#[pallet::weight(Pallet::<T>::with_followers(T::WeightInfo::pause(), 1))]
		pub fn pause(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_pause(who)
		}

		/// Ends whatever keeps the provider out of service from the next epoch on: a pause (one that has not taken
		/// effect never does), a jail whose term is over (a new admission begins), a bond that was too small and no
		/// longer is.
		///
		/// ## Errors
		/// `NotRegistered`, `NothingToResume`, `Jailed`, `InsufficientBond`.
		#[pallet::call_index(4)]
		#[pallet::weight(Pallet::<T>::with_followers(T::WeightInfo::resume(), 1))]
		pub fn resume(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_resume(who)
		}

		/// Ends the registration, if it was out of service in this epoch and the previous one. The bond can be
		/// unbonded afterwards.
		///
		/// ## Errors
		/// `NotRegistered`, `InService`, `Jailed`, `StillNeeded`.
		#[pallet::call_index(5)]
		#[pallet::weight(Pallet::<T>::with_followers(T::WeightInfo::deregister(), 2))]
		pub fn deregister(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_deregister(who)
		}

		/// Announces the key that signs receipts from the next epoch on. The old one signs until then.
		///
		/// ## Errors
		/// `NotRegistered`, `NothingChanges`, `TooManyKeys`.
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::set_probe_key())]
		pub fn set_probe_key(origin: OriginFor<T>, key: ProbeKey) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_set_probe_key(who, key)
		}

		/// Voids the probe key at once, and any announced one. Tests stay due.
		///
		/// ## Errors
		/// `NotRegistered`, `NoProbeKey`.
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::revoke_probe_key())]
		pub fn revoke_probe_key(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_revoke_probe_key(who)
		}
	}
}
