//! The one line that a failed command ends with.

use polkadot_sdk::*;
use sc_service::Error as ServiceError;

/// What went wrong and, where the SDK's words do not say it, what to do.
pub(crate) fn line(error: &sc_cli::Error) -> String {
	let text = match error {
		// Ours: the kind of error that carried the words says nothing to who reads them.
		sc_cli::Error::Input(text) => text.clone(),
		sc_cli::Error::Service(ServiceError::Other(text)) if text.starts_with("Essential task") => {
			"a part that the node cannot do without has ended; the log above says which and why".into()
		}
		sc_cli::Error::Service(ServiceError::Other(text)) => text.clone(),
		sc_cli::Error::Service(ServiceError::Application(error)) => error.to_string(),
		sc_cli::Error::NetworkKeyNotFound(path) => format!(
			"no network key at {}: other nodes know a validator by it, so make one that lasts: \
			'weir-node key generate-node-key' with this --chain and --base-path",
			path.display()
		),
		other => other.to_string(),
	};
	text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn line_should_be_one_and_say_what_to_do_when_the_network_key_is_missing() {
		let line = line(&sc_cli::Error::NetworkKeyNotFound("/var/lib/weir/secret".into()));
		assert!(line.starts_with("no network key at /var/lib/weir/secret: "), "{line}");
		assert!(line.contains("key generate-node-key"), "{line}");
		assert!(!line.contains('\n'), "{line}");
	}

	#[test]
	fn line_should_leave_out_the_kind_of_error_when_the_words_are_ours() {
		assert_eq!(line(&"no such thing".into()), "no such thing");
		assert_eq!(line(&sc_cli::Error::Service("no such\nthing".into())), "no such thing");
	}
}
