use super::*;

#[test]
fn attempts_should_wait_longer_and_longer_and_begin_anew_after_a_good_session() {
	let mut attempts = Attempts::default();
	let pauses = (0..20).map(|_| attempts.pause()).collect::<Vec<_>>();
	assert!(pauses[0] < Duration::from_millis(100), "a session that broke is taken up at once");
	let (least, most) = BACKOFF;
	for (n, pause) in (0..).zip(&pauses[1..]) {
		let expected = least.saturating_mul(1 << n.min(6)).min(most);
		assert!(*pause >= expected.mul_f64(0.5) && *pause <= expected.mul_f64(1.5), "{n}: {pause:?}");
	}
}

#[test]
fn refusal_should_end_it_when_nothing_can_come_of_asking_again() {
	for refusal in Refusal::all() {
		let mut attempts = Attempts::default();
		let mut refused = || attempts.refused(refusal, 9);
		match refused() {
			Ok(note) => assert!(note.starts_with("the provider refuses: "), "{note}"),
			Err(Ending::UsedUp(text)) => {
				assert_eq!(refusal, Refusal::ChannelEnding);
				assert!(text.contains("channels close 9"), "{text}");
			}
			Err(Ending::Failed(error)) => assert!(error.to_string().contains("channels close 9"), "{error}"),
			Err(other) => panic!("{refusal:?}: {other:?}"),
		}
	}
	for refusal in [Refusal::UnknownChannel, Refusal::StaleJoin] {
		let mut attempts = Attempts::default();
		for n in 1..MOST_REFUSED {
			assert!(attempts.refused(refusal, 9).is_ok(), "{n}");
		}
		assert!(matches!(attempts.refused(refusal, 9), Err(Ending::Failed(_))));
		// A provider that let us in meanwhile knows the channel.
		attempts.joined();
		assert!(attempts.refused(refusal, 9).is_ok());
	}
	let mut attempts = Attempts::default();
	for _ in 0..100 {
		assert!(attempts.refused(Refusal::Full, 9).is_ok(), "there may be room at any time");
	}
}

#[test]
fn every_reason_to_stay_outside_should_say_what_to_do_in_one_line() {
	for outside in [
		Outside::Silent,
		Outside::Refused(Refusal::WrongRole),
		Outside::Refused(Refusal::NotServing),
		Outside::Odd("an answer to another question"),
	] {
		let error = why_outside(outside).to_string();
		assert!(error.contains("take another") && error.lines().count() == 1, "{error}");
	}
}
