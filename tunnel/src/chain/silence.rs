//! A chain that is away for a while is said once, and once when it is back.

use super::ChainError;

/// What was said of a chain that did not answer.
#[derive(Default)]
pub(crate) struct Silence {
	/// The newest reason that was logged.
	said: Option<String>,
}

impl Silence {
	/// Logs a reason that is another one than the last, with what it means; and an answer after it.
	pub(crate) fn hear<T>(&mut self, answer: &Result<T, ChainError>, meaning: &str) {
		match answer {
			Ok(_) => {
				if self.said.take().is_some() {
					tracing::info!("the chain answers again");
				}
			}
			Err(error) => {
				let reason = error.to_string();
				if self.said.as_ref() != Some(&reason) {
					tracing::warn!(reason, "the chain does not answer; {meaning}");
					self.said = Some(reason);
				}
			}
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn silence_should_remember_one_reason_until_there_is_an_answer() {
		let mut silence = Silence::default();
		for (answer, said) in [
			(Err(ChainError::Offline), true),
			(Err(ChainError::Offline), true),
			(Err(ChainError::Incompatible("channel")), true),
			(Ok(()), false),
		] {
			silence.hear(&answer, "it goes on");
			assert_eq!(silence.said.is_some(), said, "{answer:?}");
		}
		silence.hear(&Err::<(), _>(ChainError::Offline), "it goes on");
		assert!(silence.said.is_some_and(|reason| reason.contains("no chain endpoint")));
	}
}
