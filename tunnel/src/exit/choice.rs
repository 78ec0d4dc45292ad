//! Which exit there is, and why.

use super::{counters::Counters, kernel};
use anyhow::{bail, Result};
use serde::{Deserialize, Serialize};
use std::{
	net::IpAddr,
	sync::{Arc, Mutex, PoisonError},
};

/// Which exit the configuration asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Wanted {
	/// The kernel's where it can be had.
	#[default]
	Auto,
	/// The kernel's, or none.
	Kernel,
	/// The one in this process.
	Userspace,
}

/// Which exit there is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
	/// Packets go through the kernel.
	Kernel,
	/// Connections end in this process.
	Userspace,
}

impl Kind {
	/// Its name in metrics and the configuration.
	pub const fn name(self) -> &'static str {
		match self {
			Self::Kernel => "kernel",
			Self::Userspace => "userspace",
		}
	}
}

/// An exit, and why it is that one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Choice {
	/// Which.
	pub kind: Kind,
	/// Why, in words.
	pub reason: String,
}

/// Chooses for a provider that is bound to `bind`. Fails if what is asked for cannot be had.
pub fn choose(wanted: Wanted, bind: IpAddr) -> Result<Choice> {
	let (missing, hindrance) = match wanted {
		Wanted::Userspace => (None, None),
		_ => match kernel::missing(bind) {
			None => (None, kernel::hindrance()),
			missing => (missing, None),
		},
	};
	decide(wanted, missing, hindrance)
}

fn decide(wanted: Wanted, missing: Option<String>, hindrance: Option<String>) -> Result<Choice> {
	let choice = |kind, reason: String| Ok(Choice { kind, reason });
	match (wanted, missing, hindrance) {
		(Wanted::Userspace, ..) => choice(Kind::Userspace, "provide.exit = \"userspace\"".into()),
		(Wanted::Kernel, Some(missing), _) => {
			bail!("provide.exit = \"kernel\": {missing}; mend that, or set it to \"auto\" or \"userspace\"")
		}
		(Wanted::Kernel, None, Some(hindrance)) => choice(Kind::Kernel, hindrance),
		(Wanted::Kernel, None, None) => choice(Kind::Kernel, "provide.exit = \"kernel\"".into()),
		(Wanted::Auto, Some(reason), _) | (Wanted::Auto, None, Some(reason)) => {
			choice(Kind::Userspace, reason)
		}
		(Wanted::Auto, None, None) => choice(Kind::Kernel, "everything that it needs is there".into()),
	}
}

/// What metrics show of the exit: which it is, and what it counts. It outlives every exit that is opened.
#[derive(Debug, Default)]
pub struct Status {
	choice: Mutex<Option<Choice>>,
	counters: Arc<Counters>,
}

impl Status {
	/// What every exit counts in.
	pub fn counters(&self) -> Arc<Counters> {
		self.counters.clone()
	}

	/// The exit that is open, if one is.
	pub fn choice(&self) -> Option<Choice> {
		self.choice.lock().unwrap_or_else(PoisonError::into_inner).clone()
	}

	pub(crate) fn set(&self, choice: Choice) {
		let mut known = self.choice.lock().unwrap_or_else(PoisonError::into_inner);
		if known.as_ref() != Some(&choice) {
			tracing::info!(exit = choice.kind.name(), reason = choice.reason, "exit is chosen");
			*known = Some(choice);
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn auto_should_take_the_kernel_when_nothing_is_in_the_way() {
		let reason = |text: &str| Some(text.to_owned());
		let kind = |missing, hindrance| decide(Wanted::Auto, missing, hindrance).unwrap().kind;
		assert_eq!(kind(None, None), Kind::Kernel);
		assert_eq!(kind(reason("no nft"), None), Kind::Userspace);
		assert_eq!(kind(None, reason("a firewall")), Kind::Userspace);
		assert_eq!(decide(Wanted::Auto, reason("no nft"), None).unwrap().reason, "no nft");
	}

	#[test]
	fn kernel_should_be_refused_when_something_is_missing() {
		let error = decide(Wanted::Kernel, Some("no nft".into()), None).unwrap_err().to_string();
		assert!(error.starts_with("provide.exit = \"kernel\": no nft; ") && error.lines().count() == 1);
		// Others' rules are others' to change.
		let hindered = decide(Wanted::Kernel, None, Some("a firewall".into())).unwrap();
		assert_eq!((hindered.kind, &hindered.reason[..]), (Kind::Kernel, "a firewall"));
		assert_eq!(decide(Wanted::Userspace, None, None).unwrap().kind, Kind::Userspace);
	}

	#[test]
	fn auto_should_stay_in_userspace_when_guests_are_of_the_loopback() {
		let choice = choose(Wanted::Auto, "127.0.21.1".parse().unwrap()).unwrap();
		assert_eq!(choice.kind, Kind::Userspace, "{}", choice.reason);
	}
}
