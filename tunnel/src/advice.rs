//! What to do about an error of the system, in the words of one line.

use anyhow::anyhow;
use std::{io, net::SocketAddr};

/// What to do when a file cannot be read or written.
pub fn file(error: &io::Error) -> &'static str {
	match error.kind() {
		io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
			"the disk is full or the file-size limit is reached; free some space"
		}
		io::ErrorKind::PermissionDenied => {
			"this user may not; run as the owner of the file, or change its owner"
		}
		io::ErrorKind::ReadOnlyFilesystem => {
			"the disk is mounted read-only, often after an error of it: look at the kernel's log, then check \
			 or replace it"
		}
		io::ErrorKind::NotFound => "it does not exist; correct the path",
		io::ErrorKind::InvalidData => "it is damaged, or not what this program wrote; move it away",
		_ => "look at the path and its disk",
	}
}

/// One line for a socket that cannot be bound; `key` of the configuration chooses its port, if one does.
pub fn bind(protocol: &str, address: SocketAddr, key: Option<&str>, error: &io::Error) -> anyhow::Error {
	let port = key.map_or_else(String::new, |key| format!(", or choose another {key}"));
	match error.kind() {
		io::ErrorKind::AddrInUse => {
			anyhow!("{protocol} {address} is in use by another program; stop it{port}")
		}
		io::ErrorKind::AddrNotAvailable => anyhow!(
			"{protocol} {address} cannot be bound: {} is not an address of this machine; correct it in the configuration",
			address.ip()
		),
		io::ErrorKind::PermissionDenied => {
			anyhow!("{protocol} {address} cannot be bound: ports below 1024 need a privilege; choose another")
		}
		_ => anyhow!("{protocol} {address} cannot be bound: {error}"),
	}
}

/// A text as one line: line breaks and other control characters are shown, not obeyed.
pub fn one_line(text: &str) -> String {
	let mut line = String::with_capacity(text.len());
	for character in text.trim_end().chars() {
		if character.is_control() {
			line.extend(character.escape_default());
		} else {
			line.push(character);
		}
	}
	line
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn one_line_should_show_line_breaks_when_a_text_has_them() {
		assert_eq!(one_line("a\nb\u{1b}[31m \n"), "a\\nb\\u{1b}[31m");
	}

	#[test]
	fn file_should_say_that_the_disk_is_full_when_it_is() {
		for kind in [io::ErrorKind::StorageFull, io::ErrorKind::FileTooLarge] {
			assert!(file(&kind.into()).contains("free some space"));
		}
	}

	#[test]
	fn file_should_send_to_the_disk_and_not_to_the_owner_when_it_is_read_only() {
		let advice = file(&io::ErrorKind::ReadOnlyFilesystem.into());
		assert!(advice.contains("read-only") && !advice.contains("owner"), "{advice}");
		assert!(file(&io::ErrorKind::PermissionDenied.into()).contains("owner"));
	}

	#[test]
	fn bind_should_name_address_and_key_when_the_port_is_taken() {
		let error = io::ErrorKind::AddrInUse.into();
		let error = bind("UDP", ([127, 0, 0, 1], 7).into(), Some("provide.port"), &error);
		assert_eq!(
			error.to_string(),
			"UDP 127.0.0.1:7 is in use by another program; stop it, or choose another provide.port"
		);
	}
}
