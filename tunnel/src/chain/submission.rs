//! Calls, encoded: the fee-less ones of the measuring protocol, and the signed ones of payment channels. Those of a provider's
//! registration are in `registry`.

use super::Opening;
use codec::{Compact, Encode};
use subxt::ext::{scale_encode, scale_type_resolver};
use weir_primitives::{
	chain::AccountId,
	channel::{ChannelId, SignedVoucher},
	economy::Credits,
	outage::Sighting,
	report::Entry,
	EpochIndex, ProviderIndex,
};
use weir_tunnel_core::wire::Bilateral;

/// The measuring protocol's pallet.
pub(super) const MEASURING: &str = "ProofOfBandwidth";
/// The pallet of payment channels.
pub(super) const CHANNELS: &str = "Channels";

/// A call.
pub(super) struct Submission {
	pub(super) pallet: &'static str,
	pub(super) call: &'static str,
	pub(super) fields: &'static [&'static str],
	pub(super) arguments: Vec<u8>,
}

impl Submission {
	pub(super) fn commit(epoch: EpochIndex, node: &AccountId, hash: [u8; 32], signature: [u8; 64]) -> Self {
		let fields = &["epoch", "node", "commitment", "signature"];
		Self { pallet: MEASURING, call: "commit", fields, arguments: (epoch, node, hash, signature).encode() }
	}

	pub(super) fn reveal(epoch: EpochIndex, node: &AccountId, entries: &[Entry], salt: [u8; 32]) -> Self {
		let fields = &["epoch", "node", "entries", "salt"];
		Self { pallet: MEASURING, call: "reveal", fields, arguments: (epoch, node, entries, salt).encode() }
	}

	pub(super) fn answer_audit(
		epoch: EpochIndex,
		node: &AccountId,
		entries: &[Entry],
		salt: [u8; 32],
		receipts: &[Bilateral],
	) -> Self {
		let fields = &["epoch", "node", "entries", "salt", "receipts"];
		let arguments = (epoch, node, entries, salt, receipts).encode();
		Self { pallet: MEASURING, call: "answer_audit", fields, arguments }
	}

	pub(super) fn dispute(provider: ProviderIndex, epoch: EpochIndex, receipts: &[Bilateral]) -> Self {
		let fields = &["provider", "epoch", "receipts"];
		Self { pallet: MEASURING, call: "dispute", fields, arguments: (provider, epoch, receipts).encode() }
	}

	pub(super) fn open(opening: &Opening) -> Self {
		Self { pallet: CHANNELS, call: "open", fields: &["opening"], arguments: opening.encode() }
	}

	pub(super) fn top_up(channel: ChannelId, credits: Credits) -> Self {
		let arguments = (Compact(channel), Compact(credits)).encode();
		Self { pallet: CHANNELS, call: "top_up", fields: &["channel", "credits"], arguments }
	}

	pub(super) fn close(channel: ChannelId, last: Option<&SignedVoucher>) -> Self {
		let arguments = (Compact(channel), last).encode();
		Self { pallet: CHANNELS, call: "close", fields: &["channel", "last"], arguments }
	}

	pub(super) fn claim(provider: &AccountId, vouchers: &[SignedVoucher]) -> Self {
		let arguments = (provider, vouchers).encode();
		Self { pallet: CHANNELS, call: "claim", fields: &["provider", "vouchers"], arguments }
	}

	pub(super) fn sighting(
		provider: ProviderIndex,
		node: &AccountId,
		sighting: Sighting,
		signature: [u8; 64],
	) -> Self {
		let said = &["provider", "node", "alarm_slot", "signature"];
		match sighting {
			Sighting::Down { alarm_slot } => {
				let arguments = (provider, node, alarm_slot, signature).encode();
				Self { pallet: MEASURING, call: "report_down", fields: said, arguments }
			}
			Sighting::Up { alarm_slot } => {
				let arguments = (provider, node, alarm_slot, signature).encode();
				Self { pallet: MEASURING, call: "report_up", fields: said, arguments }
			}
			Sighting::Confirm { raised, is_down } => {
				let fields = &["provider", "node", "raised", "is_down", "signature"];
				let arguments = (provider, node, raised, is_down, signature).encode();
				Self { pallet: MEASURING, call: "confirm", fields, arguments }
			}
		}
	}
}

/// Call data that is encoded already.
pub(super) struct Encoded(pub(super) Vec<u8>);

impl scale_encode::EncodeAsFields for Encoded {
	fn encode_as_fields_to<R: scale_type_resolver::TypeResolver>(
		&self,
		_: &mut dyn scale_encode::FieldIter<'_, R::TypeId>,
		_: &R,
		out: &mut Vec<u8>,
	) -> Result<(), scale_encode::Error> {
		out.extend_from_slice(&self.0);
		Ok(())
	}
}
