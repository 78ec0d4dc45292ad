//! What idle blocks close, and how much of them it takes.

use super::*;
use frame_support::{
	traits::{Get, Hooks},
	weights::Weight,
};

fn weight_of(epochs: u64, channels: u64) -> Weight {
	let epochs = <()>::sweep_epoch().saturating_mul(epochs);
	epochs.saturating_add(Payments::weight_of_sweeping_one().saturating_mul(channels))
}

/// All epochs up to the running one are behind the sweep.
fn catch_up() {
	idle(Weight::MAX);
	assert_eq!(SweptUntil::<Test>::get(), Epoch::get() + 1);
}

fn count() -> usize {
	Channels::<Test>::iter_keys().count()
}

fn share() -> Weight {
	let max =
		<<Test as frame_system::Config>::BlockWeights as Get<frame_system::limits::BlockWeights>>::get();
	max.max_block / 40
}

#[test]
fn idle_should_close_what_is_due_and_nothing_else() {
	build_and_execute(|| {
		let (expired, challenged, running) = (open(1_000), open(1_000), open(1_000));
		assert_ok!(Payments::extend(signed(ALICE), running, START + 60));
		enter(START + 49);
		assert_ok!(Payments::close(signed(ALICE), challenged, None));
		enter(START + 53);
		catch_up();
		assert_eq!(count(), 3);
		take_events();
		enter(START + 54);
		catch_up();
		let mut causes: Vec<_> = take_events()
			.into_iter()
			.map(|event| match event {
				Event::Closed { channel, cause, returned: 1_000, .. } => (channel, cause),
				_ => panic!("{event:?}"),
			})
			.collect();
		causes.sort_by_key(|(channel, _)| *channel);
		assert_eq!(causes, [(expired, CloseCause::Expired), (challenged, CloseCause::Challenged)]);
		assert_eq!((count(), purse(ALICE).locked), (1, 1_000));
		enter(START + 64);
		catch_up();
		assert_eq!((count(), purse(ALICE).free), (0, FUNDS));
	});
}

#[test]
fn idle_should_close_as_many_as_its_weight_allows() {
	build_and_execute(|| {
		catch_up();
		for _ in 0..5 {
			open(1_000);
		}
		enter(START + 54);
		// 53 epochs in which nothing closes, the one in which all do, and two of these.
		let most = weight_of(54, 2);
		assert_eq!(idle(most), most);
		assert_eq!((count(), SweptUntil::<Test>::get()), (3, START + 54));
		Payments::do_try_state().unwrap();
		// One less than what another one needs.
		let less = weight_of(1, 1).saturating_sub(Weight::from_parts(1, 0));
		assert_eq!(idle(less), weight_of(1, 0));
		assert_eq!(idle(weight_of(1, 1)), weight_of(1, 1));
		assert_eq!((count(), SweptUntil::<Test>::get()), (2, START + 54));
		// The rest, and the look at the next epoch.
		assert_eq!(idle(Weight::MAX), weight_of(2, 2));
		assert_eq!((count(), SweptUntil::<Test>::get()), (0, START + 55));
	});
}

#[test]
fn idle_should_do_nothing_when_a_block_has_no_weight_left() {
	build_and_execute(|| {
		open(1_000);
		enter(START + 54);
		let too_little = <()>::sweep_epoch().saturating_sub(Weight::from_parts(1, 0));
		for weight in [Weight::zero(), Weight::from_parts(1_000, 1_000), too_little] {
			assert_eq!(idle(weight), Weight::zero());
		}
		assert_eq!((count(), SweptUntil::<Test>::get()), (1, 0));
	});
}

#[test]
fn idle_should_stay_within_its_share_and_go_on_in_the_next_block() {
	build_and_execute(|| {
		for _ in 0..200 {
			open(MIN);
		}
		enter(START + 54);
		let mut blocks = 0;
		while count() > 0 {
			let before = count();
			assert!(idle(Weight::MAX).all_lte(share()));
			assert!(count() < before);
			blocks += 1;
			assert!(blocks < 50);
		}
		assert!(blocks > 1);
		assert_eq!((purse(ALICE).free, Closing::<Test>::iter_keys().count()), (FUNDS, 0));
	});
}

#[test]
fn sweep_should_catch_up_with_a_chain_that_is_old() {
	build_and_execute(|| {
		enter(5_000);
		let mut blocks = 0;
		while SweptUntil::<Test>::get() <= 5_000 {
			let before = SweptUntil::<Test>::get();
			assert!(idle(Weight::MAX).all_lte(share()));
			let swept = SweptUntil::<Test>::get() - before;
			assert!(swept > 0 && swept <= 256, "{swept}");
			blocks += 1;
		}
		assert!(blocks < 100);
		// Channels are listed after it.
		open(1_000);
		catch_up();
	});
}

// Where debug assertions are on, the broken expectation also stops the program.
#[test]
#[cfg_attr(debug_assertions, should_panic(expected = "a channel that is due does not close"))]
fn channel_should_be_tried_again_in_the_next_epoch_when_it_does_not_close() {
	build_and_execute(|| {
		let stuck = open(1_000);
		enter(START + 54);
		Broken::set(&Refusing { unlock: true, ..Refusing::default() });
		catch_up();
		assert_eq!((count(), record(stuck).closes_from), (1, START + 55));
		Payments::do_try_state().unwrap();
		// Nobody else is kept waiting, and the provider is still paid.
		claim(&[signed_voucher(stuck, 400)]);
		Broken::set(&Refusing::default());
		enter(START + 55);
		take_events();
		catch_up();
		let closed = Event::Closed { channel: stuck, cause: CloseCause::Expired, paid: 400, returned: 600 };
		assert_eq!(take_events(), [closed]);
	});
}

#[test]
fn constants_should_fit_each_other() {
	build_and_execute(|| {
		<Payments as Hooks<u64>>::integrity_test();
	});
}
