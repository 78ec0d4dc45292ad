//! Calls that are dispatched as root, and those that are not.

use crate::{mock::*, *};
use frame_support::{
	assert_noop, assert_ok,
	dispatch::{DispatchClass, GetDispatchInfo},
	traits::EnsureOrigin,
};
use frame_system::Call as System_;
use sp_core::H256;
use sp_runtime::traits::BadOrigin;

fn listed() -> RuntimeCall {
	System_::authorize_upgrade_without_checks { code_hash: H256::repeat_byte(7) }.into()
}

fn enact(call: RuntimeCall) -> frame_support::dispatch::DispatchResultWithPostInfo {
	Governance::enact(as_(Origin::Upgrade), Box::new(call))
}

#[test]
fn listed_call_should_be_dispatched_as_root() {
	ExtBuilder::default().build_and_execute(|| {
		let post = enact(listed()).unwrap();
		assert_eq!(
			System::authorized_upgrade().map(|upgrade| *upgrade.code_hash()),
			Some(H256::repeat_byte(7))
		);
		System::assert_last_event(Event::Enacted.into());
		let own = <() as WeightInfo>::enact();
		assert_eq!(post.actual_weight, Some(own + listed().get_dispatch_info().call_weight));
		let info = RuntimeCall::from(Call::enact { call: Box::new(listed()) }).get_dispatch_info();
		assert_eq!(info.call_weight, own + listed().get_dispatch_info().call_weight);
		assert_eq!(info.class, listed().get_dispatch_info().class);
		assert_eq!(info.class, DispatchClass::Operational);
	});
}

#[test]
fn call_should_be_refused_when_not_listed() {
	ExtBuilder::default().build_and_execute(|| {
		let calls: [RuntimeCall; 3] = [
			System_::set_storage { items: vec![(b"key".to_vec(), b"value".to_vec())] }.into(),
			System_::remark { remark: vec![] }.into(),
			Call::enact { call: Box::new(listed()) }.into(),
		];
		for call in calls {
			assert_noop!(enact(call), Error::<Test>::CallNotListed);
		}
	});
}

#[test]
fn enacted_call_should_fail_as_it_does_and_leave_nothing() {
	ExtBuilder::default().build_and_execute(|| {
		let call = System_::apply_authorized_upgrade { code: vec![1, 2, 3] };
		let failed = enact(call.into()).unwrap_err();
		assert_eq!(failed.error, frame_system::Error::<Test>::NothingAuthorized.into());
		assert!(failed.post_info.actual_weight.is_some());
		assert!(System::events().is_empty());
	});
}

#[test]
fn only_the_upgrade_track_should_enact() {
	ExtBuilder::default().build_and_execute(|| {
		let others =
			[as_(Origin::Economics), as_(Origin::Emergency), RuntimeOrigin::root(), RuntimeOrigin::signed(1)];
		for origin in others {
			assert_noop!(Governance::enact(origin, Box::new(listed())), BadOrigin);
		}
		assert_ok!(enact(listed()));
	});
}

#[test]
fn each_origin_should_be_its_own_alone() {
	let origins = [Origin::Economics, Origin::Emergency, Origin::Upgrade];
	let passes = |origin: Origin| {
		let origin: RuntimeOrigin = origin.into();
		[
			EnsureEconomics::ensure_origin(origin.clone()).is_ok(),
			EnsureEmergency::ensure_origin(origin.clone()).is_ok(),
			EnsureUpgrade::ensure_origin(origin).is_ok(),
		]
	};
	assert_eq!(origins.map(passes), [[true, false, false], [false, true, false], [false, false, true]]);
	let refused = <EnsureUpgrade as EnsureOrigin<RuntimeOrigin>>::try_origin(RuntimeOrigin::root());
	assert!(refused.is_err_and(|origin| frame_system::ensure_root(origin).is_ok()));
}
