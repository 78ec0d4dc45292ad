//! What a node's off-chain worker and the sidecar beside it say to each other: JSON over HTTP on the loopback.
//!
//! `POST {url}/v1/tasks` with a [`TasksRequest`]; any 2xx answer is a yes, its body is not read. Requests for one epoch
//! add up: a task replaces an earlier one for the same provider, and a start slot that was unknown becomes known. A
//! body never exceeds [`MAX_BODY_BYTES`]; what does not fit follows with the next block.
//!
//! `GET {url}/v1/reports/{epoch}` answers with a [`ReportResponse`].
//!
//! `GET {url}/v1/receipts/{epoch}/{prefix},{prefix}…` answers with a [`ReceiptsResponse`]: the bilateral receipts whose hashes
//! begin like this, as entries carry it, ten hex digits each; 404 if one is missing.
//!
//! `POST {url}/v1/watch` with a [`WatchRequest`], with each block: whom the seat watches, at most [`WATCHED_PER_REQUEST`] of
//! them at once and the others with the next blocks, and all alarms it is asked about. Who was in no request for an
//! alarm slot is no longer watched. The answer is a [`WatchResponse`] on those in the request.
//!
//! The node keeps the URL, as plain UTF-8 without a trailing slash, in the persistent off-chain database under
//! [`URL_KEY`]. The database and the worker's HTTP client log values and headers at debug level, so the bearer token
//! of the sidecar is in neither: the URL is that of a forwarder on the loopback, run by the node, which adds the token.
//! It answers 502 for a sidecar that it cannot reach and 504 for one that does not answer in time; a sidecar itself
//! answers neither.

use crate::{
	api::{SeatInfo, Task},
	outage::{Sighting, Watch},
	report::Entry,
	EpochIndex, ProviderIndex,
};
use alloc::{format, string::String, vec::Vec};
use serde::{Deserialize, Serialize};

/// Key of the sidecar's URL in the persistent off-chain database.
pub const URL_KEY: &[u8] = b"weir::tunnel-url";
/// Path tasks are posted to.
pub const TASKS_PATH: &str = "/v1/tasks";
/// Path reports are fetched under, followed by `/` and the epoch.
pub const REPORTS_PATH: &str = "/v1/reports";
/// Path receipts are fetched under, followed by `/`, the epoch, `/` and the prefixes.
pub const RECEIPTS_PATH: &str = "/v1/receipts";
/// Path the watch is posted to.
pub const WATCH_PATH: &str = "/v1/watch";
/// Providers in one watch request. With as many alarms they fit the body, however long their fields are.
pub const WATCHED_PER_REQUEST: usize = 64;
/// Bytes a body may have in either direction.
pub const MAX_BODY_BYTES: usize = 65_536;

/// Tasks of the node's seat in an epoch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TasksRequest {
	/// Hash of the first block, as hex with `0x`.
	pub genesis: String,
	/// Epoch of the tasks.
	pub epoch: EpochIndex,
	/// Length of a slot in milliseconds.
	pub slot_millis: u64,
	/// Number of the epoch's first slot since the Unix epoch: it begins `slot_millis` times this many milliseconds
	/// after it.
	pub epoch_first_slot: u64,
	/// The node's account, as hex with `0x`.
	pub node: String,
	/// The seat the tasks are for.
	pub seat: SeatInfo<String>,
	/// Tasks that are new or changed, and as many others as fit. Accounts are hex with `0x`.
	pub tasks: Vec<Task<String>>,
}

/// Whether a report is complete.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReportState {
	/// Measurements are still running.
	Pending,
	/// Every task has ended.
	Ready,
}

/// What the sidecar measured in an epoch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReportResponse {
	/// The epoch.
	pub epoch: EpochIndex,
	/// Whether the entries are complete.
	pub state: ReportState,
	/// One entry per provider, at most `report::MAX_ENTRIES`.
	pub entries: Vec<Entry>,
}

/// Receipts an audit asks for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReceiptsResponse {
	/// The epoch.
	pub epoch: EpochIndex,
	/// SCALE of each bilateral receipt as hex with `0x`, in the order in which they were asked for.
	pub receipts: Vec<String>,
}

/// What the node's seat has to look at now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WatchRequest {
	/// Hash of the first block, as hex with `0x`.
	pub genesis: String,
	/// The node's account, as hex with `0x`.
	pub node: String,
	/// The seat that watches.
	pub seat: SeatInfo<String>,
	/// Whom it watches, and what it is asked. Accounts are hex with `0x`.
	pub watch: Watch<String>,
}

/// What the sidecar has seen that the chain does not know yet.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WatchResponse {
	/// What to say, each with the provider it is about; at most 64.
	pub sightings: Vec<(ProviderIndex, Sighting)>,
}

/// Bytes of hex that begins with `0x`; none if it is not.
pub fn from_hex(hex: &str) -> Option<Vec<u8>> {
	let digits = hex.strip_prefix("0x")?.as_bytes();
	let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
	let mut bytes = Vec::new();
	for pair in digits.chunks(2) {
		let [high, low] = *pair else { return None };
		bytes.push(digit(high)?.checked_shl(4)? | digit(low)?);
	}
	Some(bytes)
}

/// Bytes as lower-case hex with `0x`.
pub fn to_hex(bytes: &[u8]) -> String {
	bytes.iter().fold(String::from("0x"), |hex, byte| format!("{hex}{byte:02x}"))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn hex_should_be_lower_case_and_padded() {
		assert_eq!(to_hex(&[0, 10, 255]), "0x000aff");
		assert_eq!(to_hex(&[]), "0x");
		assert_eq!(from_hex("0x000aff"), Some(vec![0, 10, 255]));
		assert_eq!(from_hex("0x000AFF"), Some(vec![0, 10, 255]));
		for wrong in ["", "000a", "0x0", "0x0g", "0x+1"] {
			assert_eq!(from_hex(wrong), None, "{wrong}");
		}
	}
}
