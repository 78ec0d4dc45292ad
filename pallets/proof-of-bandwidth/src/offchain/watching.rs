//! The worker's part in the watch: each block it tells the sidecar whom the seat watches and which alarms it is asked
//! about, signs what the sidecar has seen, and submits it.
//!
//! The seat's key signs nothing that the chain did not ask for: a sighting of another provider, alarm slot or alarm is
//! the sidecar's fault, and the whole answer is dropped.

use super::{call, sidecar_url, with_hex_node, Trouble, LOCK_MILLIS, LOG_TARGET, RETRY_SLOTS};
use crate::*;
use polkadot_sdk::*;

use alloc::{format, string::String, vec, vec::Vec};
use codec::{Decode, Encode};
use frame_support::traits::Get;
use frame_system::offchain::{CreateAuthorizedTransaction, SubmitTransaction};
use sp_application_crypto::RuntimeAppPublic;
use sp_core::offchain::Duration;
use sp_runtime::offchain::{
	http,
	storage::StorageValueRef,
	storage_lock::{StorageLock, Time},
};
use weir_primitives::{
	api::SeatInfo,
	outage::{sighting_payload, OpenAlarm, Sighting, Watch, Watched},
	sidecar::{to_hex, WatchRequest, WatchResponse, WATCHED_PER_REQUEST, WATCH_PATH},
	ProbeKey, ProviderIndex,
};

/// Sightings in one answer.
const MAX_SIGHTINGS: usize = 64;

/// What the worker remembers of the watch between blocks and restarts.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub struct Watchbook {
	/// The place among the watched at which the next request begins, for those that do not fit one.
	pub next: u32,
	/// Sightings submitted lately, each with the number of the slot.
	pub sent: Vec<(ProviderIndex, Sighting, u64)>,
}

impl<T: Config> Pallet<T> {
	/// Does one thing to watch for the local seat, if there is one that watches or is asked.
	pub(crate) fn watch_for_local_seat() -> Result<(), Trouble> {
		let Some(url) = sidecar_url() else { return Ok(()) };
		// Measuring tells why there is no seat.
		let Some((key, node)) = Self::local_seat(ProbeKey::all()) else { return Ok(()) };
		let lock_key = [b"weir::watch-lock::", node.encode().as_slice()].concat();
		let mut lock = StorageLock::<Time>::with_deadline(&lock_key, Duration::from_millis(LOCK_MILLIS));
		let Ok(_guard) = lock.try_lock() else { return Ok(()) };
		let book_key = [b"weir::watch::", node.encode().as_slice()].concat();
		let storage = StorageValueRef::persistent(&book_key);
		let stored = storage.get::<Watchbook>().ok().flatten().unwrap_or_default();
		let mut book = stored.clone();
		let outcome = Self::watch_step(&url, &key, &node, &mut book);
		if book != stored {
			storage.set(&book);
		}
		outcome
	}

	fn watch_step(
		url: &str,
		key: &ProbeKey,
		node: &T::AccountId,
		book: &mut Watchbook,
	) -> Result<(), Trouble> {
		let mut watch = Self::watch(node);
		let Some(seat) = Self::seat(node) else { return Ok(()) };
		if watch.watched.is_empty() && watch.alarms.is_empty() {
			return Ok(());
		}
		choose_part(&mut watch, book);
		let sightings = Self::post_watch(url, node, &seat, &watch)?;
		if !sightings.iter().all(|(provider, sighting)| is_asked(&watch, *provider, sighting)) {
			return Err(Trouble::Malformed(String::from("a sighting nobody asked for")));
		}
		let slot = T::CurrentSlot::get();
		book.sent.retain(|(.., sent)| slot < sent.saturating_add(RETRY_SLOTS.into()));
		let mut outcome = Ok(());
		for (provider, sighting) in sightings {
			if book.sent.iter().any(|(of, what, _)| (*of, *what) == (provider, sighting)) {
				continue;
			}
			// Taken or not, not again with the next block.
			book.sent.push((provider, sighting, slot));
			outcome = outcome.and(Self::submit_sighting(key, node, provider, sighting));
		}
		outcome
	}

	fn post_watch(
		url: &str,
		node: &T::AccountId,
		seat: &SeatInfo<T::AccountId>,
		watch: &Watch<T::AccountId>,
	) -> Result<Vec<(ProviderIndex, Sighting)>, Trouble> {
		let request = WatchRequest {
			genesis: to_hex(Self::genesis_hash().as_bytes()),
			node: node.using_encoded(to_hex),
			seat: with_hex_node(seat),
			watch: with_hex_accounts(watch),
		};
		let body = serde_json::to_vec(&request)?;
		let answer = call(http::Request::post(&format!("{url}{WATCH_PATH}"), vec![body]))?;
		let response: WatchResponse = serde_json::from_slice(&answer)?;
		if response.sightings.len() > MAX_SIGHTINGS {
			return Err(Trouble::Malformed(format!("{} sightings", response.sightings.len())));
		}
		Ok(response.sightings)
	}

	fn submit_sighting(
		key: &ProbeKey,
		node: &T::AccountId,
		provider: ProviderIndex,
		sighting: Sighting,
	) -> Result<(), Trouble> {
		let payload = sighting_payload(&Self::genesis_hash(), provider, node, &sighting);
		let signature = key.sign(&payload).ok_or(Trouble::NotSigned)?;
		let node = node.clone();
		let call = match sighting {
			Sighting::Down { alarm_slot } => Call::<T>::report_down { provider, node, alarm_slot, signature },
			Sighting::Up { alarm_slot } => Call::<T>::report_up { provider, node, alarm_slot, signature },
			Sighting::Confirm { raised, is_down } => {
				Call::<T>::confirm { provider, node, raised, is_down, signature }
			}
		};
		let transaction =
			<T as CreateAuthorizedTransaction<Call<T>>>::create_authorized_transaction(call.clone().into());
		SubmitTransaction::<T, Call<T>>::submit_transaction(transaction)
			.map_err(|()| Self::why_not_submitted(&call))?;
		log::info!(target: LOG_TARGET, "provider {provider}: {sighting:?} submitted");
		Ok(())
	}
}

/// Leaves as many of the watched as fit a request, others with each block.
fn choose_part<AccountId>(watch: &mut Watch<AccountId>, book: &mut Watchbook) {
	let all = watch.watched.len();
	if all <= WATCHED_PER_REQUEST {
		book.next = 0;
		return;
	}
	let from = (book.next as usize).checked_rem(all).unwrap_or(0);
	watch.watched.rotate_left(from);
	watch.watched.truncate(WATCHED_PER_REQUEST);
	let next = from.saturating_add(WATCHED_PER_REQUEST).checked_rem(all).unwrap_or(0);
	book.next = u32::try_from(next).unwrap_or(0);
}

/// Whether the chain asks the seat for this word now.
fn is_asked<AccountId>(watch: &Watch<AccountId>, provider: ProviderIndex, sighting: &Sighting) -> bool {
	let reports = |of: &u64, is_recorded: bool| {
		*of == watch.alarm_slot
			&& watch.watched.iter().any(|watched| {
				watched.provider == provider
					&& !watched.has_spoken
					&& watched.down_since.is_some() == is_recorded
			})
	};
	match sighting {
		Sighting::Down { alarm_slot } => reports(alarm_slot, false),
		Sighting::Up { alarm_slot } => reports(alarm_slot, true),
		Sighting::Confirm { raised, .. } => {
			watch.alarms.iter().any(|alarm| (alarm.provider, alarm.raised) == (provider, *raised))
		}
	}
}

fn with_hex_accounts<AccountId: Encode>(watch: &Watch<AccountId>) -> Watch<String> {
	let watched = watch.watched.iter().map(|watched| Watched {
		provider: watched.provider,
		account: watched.account.using_encoded(to_hex),
		endpoint: watched.endpoint,
		peer_id: watched.peer_id.clone(),
		down_since: watched.down_since,
		has_spoken: watched.has_spoken,
	});
	let alarms = watch.alarms.iter().map(|alarm| OpenAlarm {
		provider: alarm.provider,
		account: alarm.account.using_encoded(to_hex),
		endpoint: alarm.endpoint,
		peer_id: alarm.peer_id.clone(),
		raised: alarm.raised,
		until_slot: alarm.until_slot,
	});
	Watch {
		epoch: watch.epoch,
		alarm_slot: watch.alarm_slot,
		watched: watched.collect(),
		alarms: alarms.collect(),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn watch(watched: u32) -> Watch<u64> {
		let watched = (0..watched).map(|provider| Watched {
			provider,
			account: 1,
			endpoint: weir_primitives::Endpoint::RelayOnly,
			peer_id: vec![],
			down_since: (provider % 2 == 1).then_some(5),
			has_spoken: provider > 1,
		});
		Watch { epoch: 4, alarm_slot: 9, watched: watched.collect(), alarms: vec![] }
	}

	#[test]
	fn choose_part_should_come_to_everybody_when_they_do_not_fit_a_request() {
		let mut book = Watchbook::default();
		let mut seen = Vec::new();
		for _ in 0..4 {
			let mut part = watch(200);
			choose_part(&mut part, &mut book);
			assert_eq!(part.watched.len(), WATCHED_PER_REQUEST);
			seen.extend(part.watched.into_iter().map(|watched| watched.provider));
		}
		assert_eq!(seen[..200], (0..200).collect::<Vec<_>>());
		assert_eq!((seen[200], book.next), (0, 56));
		let mut few = watch(64);
		choose_part(&mut few, &mut book);
		assert_eq!((few.watched.len(), book.next), (64, 0));
	}

	#[test]
	fn is_asked_should_admit_only_what_the_chain_waits_for() {
		let mut asked = watch(4);
		asked.alarms.push(OpenAlarm {
			provider: 8,
			account: 1,
			endpoint: weir_primitives::Endpoint::RelayOnly,
			peer_id: vec![],
			raised: 70,
			until_slot: 99,
		});
		let (down, up) = (Sighting::Down { alarm_slot: 9 }, Sighting::Up { alarm_slot: 9 });
		let confirm = |raised| Sighting::Confirm { raised, is_down: true };
		for (provider, sighting) in [(0, down), (1, up), (8, confirm(70))] {
			assert!(is_asked(&asked, provider, &sighting), "{sighting:?}");
		}
		for (provider, sighting) in [
			(0, up),
			(1, down),
			(2, down),
			(3, up),
			(5, down),
			(0, Sighting::Down { alarm_slot: 8 }),
			(1, Sighting::Up { alarm_slot: 10 }),
			(8, down),
			(8, confirm(71)),
			(0, confirm(70)),
		] {
			assert!(!is_asked(&asked, provider, &sighting), "{provider} {sighting:?}");
		}
	}
}
