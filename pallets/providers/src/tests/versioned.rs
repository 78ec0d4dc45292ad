use crate::{Versioned, MAX_STEPS};

#[test]
fn at_should_return_value_of_every_epoch_when_change_is_pending() {
	let mut value = Versioned::new('a');
	value.set(5, 6, 'b');

	assert_eq!([4, 5, 6, 7].map(|epoch| *value.at(epoch)), ['a', 'a', 'b', 'b']);
	assert_eq!(*value.latest(), 'b');
	assert_eq!(value.pending(5).map(|step| step.from), Some(6));
	assert_eq!(value.pending(6), None);
}

#[test]
fn set_should_replace_later_steps_when_announced_again() {
	let mut value = Versioned::new('a');
	value.set(5, 7, 'b');
	value.set(5, 6, 'c');

	assert_eq!([5, 6, 7].map(|epoch| *value.at(epoch)), ['a', 'c', 'c']);
}

#[test]
fn set_should_cancel_pending_change_when_value_returns() {
	let mut value = Versioned::new('a');
	value.set(5, 7, 'b');
	value.set(6, 6, 'a');

	assert_eq!([5, 6, 7].map(|epoch| *value.at(epoch)), ['a', 'a', 'a']);
	assert_eq!(value.pending(6), None);
}

#[test]
fn set_until_pending_should_end_with_announcement_of_equal_value() {
	let mut value = Versioned::new('a');
	value.set(5, 6, 'a');
	value.set_until_pending(5, 'b');

	assert_eq!([4, 5, 6].map(|epoch| *value.at(epoch)), ['a', 'b', 'a']);
}

#[test]
fn set_should_keep_previous_epoch_when_every_epoch_brings_a_change() {
	let mut value = Versioned::new(0);
	for now in 1..20 {
		value.set(now, now, 10 * now);
		value.set(now, now + 1, 10 * now + 1);
		value.set(now, now + 2, 10 * now + 2);
		let before = if now == 1 { 0 } else { 10 * (now - 1) };

		assert_eq!(*value.at(now - 1), before, "epoch {now}");
		assert_eq!(
			[now, now + 1, now + 2].map(|epoch| *value.at(epoch)),
			[0, 1, 2].map(|ahead| 10 * now + ahead)
		);
		assert_eq!(value.steps().len(), MAX_STEPS as usize);
	}
}

#[test]
fn set_should_forget_oldest_when_steps_lie_too_far_ahead() {
	let mut value = Versioned::new('a');
	for (from, next) in [(6, 'b'), (7, 'c'), (8, 'd'), (9, 'e')] {
		value.set(5, from, next);
	}

	assert_eq!(value.steps().len(), MAX_STEPS as usize);
	assert_eq!([6, 7, 8, 9].map(|epoch| *value.at(epoch)), ['b', 'c', 'd', 'e']);
}

#[test]
fn set_until_pending_should_keep_announced_change() {
	let mut value = Versioned::new('a');
	value.set(5, 6, 'b');
	value.set_until_pending(5, 'c');

	assert_eq!([4, 5, 6].map(|epoch| *value.at(epoch)), ['a', 'c', 'b']);
}
