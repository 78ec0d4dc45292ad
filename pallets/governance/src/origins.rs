//! Who may do what the tracks of referenda decide.

use crate::Origin;
use frame_support::traits::{EnsureOrigin, OriginTrait};
use polkadot_sdk::*;

macro_rules! ensures {
	($($(#[$doc:meta])* $name:ident: $variant:ident,)*) => {
		$(
			$(#[$doc])*
			pub struct $name;

			impl<O: OriginTrait + From<Origin>> EnsureOrigin<O> for $name
			where
				for<'a> &'a O::PalletsOrigin: TryInto<&'a Origin>,
			{
				type Success = ();

				fn try_origin(origin: O) -> Result<(), O> {
					if matches!(origin.caller().try_into(), Ok(Origin::$variant)) {
						Ok(())
					} else {
						Err(origin)
					}
				}

				#[cfg(feature = "runtime-benchmarks")]
				fn try_successful_origin() -> Result<O, ()> {
					Ok(Origin::$variant.into())
				}
			}
		)*
	};
}

ensures! {
	/// The track that moves parameters.
	EnsureEconomics: Economics,
	/// The track that pauses.
	EnsureEmergency: Emergency,
	/// The track that has listed calls dispatched as root.
	EnsureUpgrade: Upgrade,
}
