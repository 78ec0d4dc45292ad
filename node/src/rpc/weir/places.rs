//! How many subscriptions a connection may hold: each is shown every block of news, which costs the node whatever it costs
//! to ask for it.

use jsonrpsee::ConnectionId;
use std::{
	collections::hash_map::{Entry, HashMap},
	sync::{Mutex, MutexGuard, PoisonError},
};

/// Subscriptions to news that a connection may hold. Who wants more providers than this leaves the filter out.
pub(super) const MAX_SUBSCRIPTIONS: u32 = 32;

/// Subscriptions of each connection that holds any. The server numbers connections by the address it listens on; two
/// with the same number at different addresses share their places.
#[derive(Default)]
pub(super) struct Places(Mutex<HashMap<ConnectionId, u32>>);

impl Places {
	/// Takes a place for one more subscription of the connection; none if it holds as many as it may.
	pub(super) fn take(&self, connection: ConnectionId) -> Option<Place<'_>> {
		let mut held = self.held();
		let count = held.entry(connection).or_default();
		if *count >= MAX_SUBSCRIPTIONS {
			return None;
		}
		*count += 1;
		Some(Place { places: self, connection })
	}

	fn held(&self) -> MutexGuard<'_, HashMap<ConnectionId, u32>> {
		self.0.lock().unwrap_or_else(PoisonError::into_inner)
	}
}

/// A subscription's place, given back with the value.
pub(super) struct Place<'a> {
	places: &'a Places,
	connection: ConnectionId,
}

impl Drop for Place<'_> {
	fn drop(&mut self) {
		if let Entry::Occupied(mut count) = self.places.held().entry(self.connection) {
			if *count.get() > 1 {
				*count.get_mut() -= 1;
			} else {
				count.remove();
			}
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn place_should_be_had_again_when_one_was_given_back() {
		let (places, connection) = (Places::default(), ConnectionId(7));
		let mut taken: Vec<_> = (0..MAX_SUBSCRIPTIONS).map(|_| places.take(connection).unwrap()).collect();
		assert!(places.take(connection).is_none());
		assert!(places.take(ConnectionId(8)).is_some(), "another connection has places of its own");
		taken.pop();
		taken.push(places.take(connection).unwrap());
		assert!(places.take(connection).is_none());
	}

	#[test]
	fn connection_should_be_forgotten_when_it_holds_nothing() {
		let places = Places::default();
		let taken = [7, 7, 8].map(|connection| places.take(ConnectionId(connection)));
		assert_eq!(places.held().len(), 2);
		drop(taken);
		assert!(places.held().is_empty());
	}
}
