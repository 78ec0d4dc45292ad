//! Benchmarks of every call and of what follows a bond, each with the change of the lists it can cause. Helpers store a provider in the state a
//! call needs, because the state behind it may take epochs to come about.

use crate::{impls::later, pallet::*, PeerId, Registration, RegistrationOf, Terms, TermsUpdate, Versioned};
use frame_benchmarking::v2::*;
use frame_support::{dispatch::RawOrigin, traits::Get};
use polkadot_sdk::*;
use sp_core::sr25519;
use weir_math::committee::{MAX_CLAIM_KBPS, MIN_CLAIM_KBPS};
use weir_primitives::{
	seams::{Bonds, EpochClock, OnBondChange, OnProviderChange},
	Admission, Caps, Claim, Endpoint, ExitClass, LineKind, ProbeKey, ProviderIndex, Region, Role,
};

const LARGEST: Claim = Claim { down_kbps: MAX_CLAIM_KBPS, up_kbps: MAX_CLAIM_KBPS };
const SMALLEST: Claim = Claim { down_kbps: MIN_CLAIM_KBPS, up_kbps: MIN_CLAIM_KBPS };

/// The `n`-th test address: public, one a /24, from 20.0.0.1 on.
fn address(n: u32) -> Endpoint {
	let [_, high, middle, low] = n.to_be_bytes();
	Endpoint::V4 { addr: [20u8.saturating_add(high & 0x3f), middle, low, 1], port: 51_820 }
}

fn key(seed: u8) -> ProbeKey {
	sr25519::Public::from_raw([seed; 32]).into()
}

fn terms<T: Config>(endpoint: Endpoint) -> Terms {
	let header = [0x00, 0x24, 0x08, 0x01, 0x12, 0x20];
	Terms {
		endpoint,
		peer_id: PeerId::truncate_from(header.into_iter().chain([7; 32]).collect()),
		region: Region { country: *b"DE", kind: LineKind::Residential },
		exit: ExitClass::Web,
		price_credits_per_gb: T::MinPriceCreditsPerGb::get(),
		caps: Caps { rate_kbps: 0, gb_per_month: 0, sessions: 0 },
	}
}

/// Writes a registration as if it had been in service for long, without telling anyone. Free indexes stay free, so
/// that successive calls number their providers successively.
fn insert<T: Config>(
	who: &T::AccountId,
	endpoint: Endpoint,
	claim: Claim,
) -> (ProviderIndex, RegistrationOf<T>) {
	let index = NextIndex::<T>::mutate(|next| {
		let index = *next;
		*next = next.saturating_add(1);
		index
	});
	let lines = endpoint.prefix().map(|prefix| {
		PrefixLines::<T>::mutate(prefix, |lines| {
			lines.try_push(index).expect("a prefix holds a provider and its neighbour");
			lines.len()
		})
	});
	EndpointOwner::<T>::insert(endpoint, index);
	IndexOf::<T>::insert(who, index);
	let registration = Registration {
		bonded: Versioned::new(true),
		shared: Versioned::new(lines.is_some_and(|lines| lines > 1)),
		..Registration::new(who.clone(), claim, terms::<T>(endpoint), Some(key(1)))
	};
	Providers::<T>::insert(index, &registration);
	(index, registration)
}

/// Puts a provider in service and lists it.
fn list<T: Config>(who: &T::AccountId, endpoint: Endpoint, claim: Claim) -> ProviderIndex {
	let (index, mut registration) = insert::<T>(who, endpoint, claim);
	registration.listed = true;
	Providers::<T>::insert(index, &registration);
	T::OnProviderChange::provider_changed(index, &registration.facts_at(T::Clock::epoch()));
	index
}

/// Puts a bonded provider in service at the `n`-th test address and lists it.
pub(crate) fn register<T: Config>(who: &T::AccountId, n: u32, claim: Claim) -> ProviderIndex {
	let index = list::<T>(who, address(n), claim);
	T::Bonds::bond_for_benchmark(who, Role::Provider);
	index
}

/// Another port of an address.
fn beside(endpoint: Endpoint) -> Endpoint {
	match endpoint {
		Endpoint::V4 { addr, port } => Endpoint::V4 { addr, port: port.saturating_add(1) },
		Endpoint::V6 { addr, port } => Endpoint::V6 { addr, port: port.saturating_add(1) },
		Endpoint::RelayOnly => Endpoint::RelayOnly,
	}
}

/// A listed provider on the prefix of `endpoint`, for which something changes when another comes or goes.
fn neighbour<T: Config>(seed: u32, endpoint: Endpoint) -> ProviderIndex {
	list::<T>(&account("neighbour", seed, 0), beside(endpoint), LARGEST)
}

/// Tells whoever stays on a prefix that it is shared.
fn share<T: Config>(index: ProviderIndex) {
	change::<T>(index, |registration| registration.shared = Versioned::new(true));
}

fn is_shared<T: Config>(index: ProviderIndex) -> Option<bool> {
	Providers::<T>::get(index).map(|registration| *registration.shared.latest())
}

fn change<T: Config>(index: ProviderIndex, f: impl FnOnce(&mut RegistrationOf<T>)) {
	Providers::<T>::mutate(index, |registration| {
		if let Some(registration) = registration {
			f(registration);
		}
	});
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn register() {
		let caller: T::AccountId = whitelisted_caller();
		// The bond that covers the claim, a free index to reuse, and somebody on the same prefix.
		let (index, registration) = insert::<T>(&caller, address(0), LARGEST);
		T::Bonds::bond_for_benchmark(&caller, Role::Provider);
		Pallet::<T>::remove(index, &registration);
		let other = neighbour::<T>(0, address(0));

		#[extrinsic_call]
		_(RawOrigin::Signed(caller.clone()), LARGEST, terms::<T>(address(0)), Some(key(1)));

		assert!(IndexOf::<T>::contains_key(caller));
		assert_eq!(is_shared::<T>(other), Some(true));
	}

	#[benchmark]
	fn update() {
		let caller: T::AccountId = whitelisted_caller();
		let index = super::register::<T>(&caller, 0, LARGEST);
		share::<T>(index);
		// One stays behind, and one is there already.
		let endpoint = Endpoint::V6 { addr: [0x2a; 16], port: 51_820 };
		let (left, met) = (neighbour::<T>(0, address(0)), neighbour::<T>(1, endpoint));
		let new = Terms {
			endpoint,
			exit: ExitClass::Open,
			price_credits_per_gb: T::MaxPriceCreditsPerGb::get(),
			caps: Caps { rate_kbps: 1, gb_per_month: 1, sessions: 1 },
			..terms::<T>(address(0))
		};
		let changes = TermsUpdate {
			endpoint: Some(new.endpoint),
			peer_id: Some(new.peer_id.clone()),
			region: Some(new.region),
			exit: Some(new.exit),
			price_credits_per_gb: Some(new.price_credits_per_gb),
			caps: Some(new.caps),
		};

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), changes);

		assert_eq!(Providers::<T>::get(index).map(|registration| registration.terms), Some(new));
		assert_eq!((is_shared::<T>(left), is_shared::<T>(met)), (Some(false), Some(true)));
	}

	#[benchmark]
	fn set_claim() {
		let caller: T::AccountId = whitelisted_caller();
		let index = super::register::<T>(&caller, 0, LARGEST);
		change::<T>(index, |registration| {
			registration.claim = Versioned::new(SMALLEST);
			registration.admission = Versioned::new(Admission::Admitted { since: 0 });
		});

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), LARGEST);

		assert_eq!(
			Providers::<T>::get(index).map(|registration| *registration.claim.latest()),
			Some(LARGEST)
		);
	}

	#[benchmark]
	fn pause() {
		let caller: T::AccountId = whitelisted_caller();
		let index = super::register::<T>(&caller, 0, LARGEST);

		#[extrinsic_call]
		_(RawOrigin::Signed(caller));

		assert_eq!(Providers::<T>::get(index).map(|registration| *registration.paused.latest()), Some(true));
	}

	#[benchmark]
	fn resume() {
		let caller: T::AccountId = whitelisted_caller();
		let (index, _) = insert::<T>(&caller, address(0), LARGEST);
		T::Bonds::bond_for_benchmark(&caller, Role::Provider);
		// Paused, after a jail term, and once under-bonded.
		change::<T>(index, |registration| {
			registration.paused = Versioned::new(true);
			registration.admission = Versioned::new(Admission::Jailed { until: T::Clock::epoch() });
			registration.bonded = Versioned::new(false);
			registration.listed = false;
		});

		#[extrinsic_call]
		_(RawOrigin::Signed(caller));

		assert_eq!(Providers::<T>::get(index).map(|registration| registration.listed), Some(true));
	}

	#[benchmark]
	fn deregister() {
		let caller: T::AccountId = whitelisted_caller();
		let (index, _) = insert::<T>(&caller, address(0), LARGEST);
		let other = neighbour::<T>(0, address(0));
		change::<T>(index, |registration| {
			registration.paused = Versioned::new(true);
			registration.admission = Versioned::new(Admission::Jailed { until: 0 });
			registration.shared = Versioned::new(true);
		});
		T::OnProviderChange::encumber_for_benchmark(index, &caller);

		#[extrinsic_call]
		_(RawOrigin::Signed(caller));

		assert!(!Providers::<T>::contains_key(index));
		assert_eq!(is_shared::<T>(other), Some(false));
	}

	#[benchmark]
	fn set_probe_key() {
		let caller: T::AccountId = whitelisted_caller();
		let (index, _) = insert::<T>(&caller, address(0), LARGEST);
		let now = T::Clock::epoch();
		change::<T>(index, |registration| registration.probe_key.set(now, later(now, 1), Some(key(2))));

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), key(3));

		let stored =
			Providers::<T>::get(index).and_then(|registration| registration.probe_key.latest().clone());
		assert_eq!(stored, Some(key(3)));
	}

	#[benchmark]
	fn revoke_probe_key() {
		let caller: T::AccountId = whitelisted_caller();
		let (index, _) = insert::<T>(&caller, address(0), LARGEST);

		#[extrinsic_call]
		_(RawOrigin::Signed(caller));

		let stored =
			Providers::<T>::get(index).and_then(|registration| registration.probe_key.latest().clone());
		assert_eq!(stored, None);
	}

	/// A bond that no longer covers the claim, and no longer a seat.
	#[benchmark]
	fn bond_changed() {
		let who: T::AccountId = account("provider", 0, 0);
		let index = list::<T>(&who, address(0), LARGEST);
		T::OnProviderChange::encumber_for_benchmark(index, &who);

		#[block]
		{
			Pallet::<T>::bond_changed(&who, Role::Provider);
		}

		assert_eq!(Providers::<T>::get(index).map(|registration| registration.listed), Some(false));
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::ExtBuilder::default().build(), crate::mock::Test);
}
