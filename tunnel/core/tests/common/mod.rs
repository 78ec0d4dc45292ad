//! One member and one target of one test, as the tests of hostile input see them.

use std::net::{IpAddr, Ipv4Addr};
use weir_tunnel_core::{
	keys::ProbeKeypair,
	probe::{self, Probe},
	target::{self, Assignment, Member, Target},
	wire::{Test, TestKind},
	Micros,
};

/// T0.
pub(crate) const START: Micros = 1_700_000_000_000_000;
/// When the member begins.
pub(crate) const BEGIN: Micros = START - 2_000_000;
/// Of the member's payload.
pub(crate) const SEED: [u8; 32] = [6; 32];
/// Where the member's requests come from.
pub(crate) const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));
/// Where its datagrams come from.
pub(crate) const INNER: Ipv4Addr = Ipv4Addr::new(100, 64, 1, 1);
/// The member's session.
pub(crate) const SESSION: [u8; 8] = [4; 8];

/// The key of node `n`: 2 is the target, 3 the member.
pub(crate) fn key(n: u8) -> ProbeKeypair {
	ProbeKeypair::from_seed(&[n; 32]).unwrap()
}

/// The member's part of the test.
pub(crate) fn test() -> Test {
	let (kind, session) = (TestKind::Scheduled, SESSION);
	Test { genesis: [1; 32], epoch: 4, kind, ordinal: 0, target: [2; 32], attestor: [3; 32], session }
}

/// What the chain says of the test.
pub(crate) fn assignment() -> Assignment {
	Assignment {
		epoch: 4,
		kind: TestKind::Scheduled,
		ordinal: 0,
		down_kbps: 1_000,
		up_kbps: 1_000,
		window: 3_000_000,
		starts: vec![START],
		committee: vec![Member { account: [3; 32], key: key(3).public(), prefix: None }],
	}
}

/// The target, which knows of the test.
pub(crate) fn target() -> Target {
	let config =
		target::Config { genesis: [1; 32], account: [2; 32], key: key(2), wireguard: [8; 32], port: 1 };
	let mut target = Target::new(config);
	target.set_assignment(Some(assignment()));
	target
}

/// The member's side of the test.
pub(crate) fn probe() -> Probe {
	let config = probe::Config {
		test: test(),
		key: key(3),
		target_key: key(2).public(),
		seed: SEED,
		wireguard: [9; 32],
		down_kbps: 1_000,
		up_kbps: 1_000,
		start: START,
		window: 3_000_000,
	};
	Probe::new(BEGIN, config)
}
