//! The state of the first block, or in one line why there is none.
//!
//! The SDK answers with all of the genesis, or with a backtrace of the runtime, and names no file that has to be mended.

use polkadot_sdk::*;
use sp_core::storage::Storage;

/// Builds the state that `spec` begins with. `chain` is what `--chain` calls it, for the error.
pub(crate) fn build(spec: &dyn sc_service::ChainSpec, chain: &str) -> Result<Storage, String> {
	spec.as_storage_builder().build_storage().map_err(|error| refusal(chain, &error))
}

/// What to say of a genesis that ended with the SDK's `error`.
pub(crate) fn refusal(chain: &str, error: &str) -> String {
	let reason = reason(error);
	format!(
		"--chain {chain}: its genesis is wrong: {reason}; mend it there, or export the specification anew"
	)
}

fn reason(error: &str) -> &str {
	if let Some((reason, _genesis)) = error.split_once(" for blob:\n") {
		return without_place(reason.strip_prefix("Invalid JSON blob: ").unwrap_or(reason));
	}
	if error.starts_with("wasm call error ") {
		return "the runtime refuses it, and says why before this line";
	}
	error
}

/// Without line and column: they are of the text that the SDK made of the file, which nobody has seen.
fn without_place(reason: &str) -> &str {
	match reason.rsplit_once(" at line ") {
		Some((words, place)) if place.split(" column ").all(|number| number.parse::<usize>().is_ok()) => {
			words
		}
		_ => reason,
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn reason_should_leave_out_genesis_and_place_when_a_key_is_wrong() {
		let error = "Invalid JSON blob: unknown field `balance`, expected `balances` at line 3 column 14 for blob:\n{\n  \
			\"balances\": { \"balance\": [] }\n}";
		assert_eq!(reason(error), "unknown field `balance`, expected `balances`");
		assert_eq!(reason("no place for blob:\n{}"), "no place");
		assert_eq!(reason("stands at line up for blob:\n{}"), "stands at line up");
	}

	#[test]
	fn reason_should_be_the_sdks_when_it_is_short_already() {
		let error = "Error parsing embedded file: expected value at line 1 column 2";
		assert_eq!(reason(error), error);
	}

	#[test]
	fn refusal_should_name_the_chain_and_what_to_do_without_a_backtrace() {
		let trap = "wasm call error Execution aborted due to trap: wasm trap: wasm `unreachable` instruction executed\n\
			WASM backtrace:\nerror while executing at wasm backtrace:\n    0: 0x1234 - weir_runtime.wasm!rust_begin_unwind";
		let refusal = refusal("weir.json", trap);
		assert!(
			refusal.starts_with("--chain weir.json: its genesis is wrong: the runtime refuses it"),
			"{refusal}"
		);
		assert!(refusal.contains("mend it") && !refusal.contains("backtrace"), "{refusal}");
	}
}
