//! What the chain knows of this node, beside what its configuration says.

use super::{provider, Report, Verdict};
use crate::{
	attest::{Checker, ClockCheck},
	chain::{bytes32, prefix, socket_address, ChainError, ChainView, Registry},
	clock,
	config::Config,
	control,
	setup::weir,
};
use libp2p::PeerId;
use std::{net::IpAddr, sync::Arc};
use weir_primitives::{
	api::{ProviderInfo, SeatInfo},
	chain::{AccountId, Balance},
	Admission, Endpoint,
};
use weir_tunnel_core::{target::Prefix, wire::Request};

/// The keys this process would use.
#[derive(Clone, Copy, Default)]
pub(super) struct Keys {
	/// Public half of the probe key.
	pub(super) probe: Option<[u8; 32]>,
	/// Of the identity key.
	pub(super) identity: Option<PeerId>,
}

/// Compares clock, registration and seat on chain with this machine, its keys and its configuration.
pub(super) async fn facts(
	config: &Config,
	chain: &Arc<dyn ChainView>,
	registry: Option<&dyn Registry>,
	keys: Keys,
	report: &mut Report,
) {
	block_clock(chain, report).await;
	let Ok(account) = config.account() else { return };
	if config.attest.is_some() {
		fellows_clock(config.node.bind, chain.clone(), account.clone(), report).await;
	}
	match chain.provider(&account).await {
		Ok(Some(found)) => {
			registration(config, &found, keys.identity, report).await;
			provider::probe_key(&found, keys.probe, report);
			provider::seen(&found, registry, report).await;
		}
		Ok(None) if config.provide.is_some() => {
			let detail = "this account is not registered as a provider; register it on chain: `weir-tunnel provide init`";
			report.add("registration", Verdict::Failed, detail);
		}
		Ok(None) => {}
		Err(error) => report.add("registration", Verdict::Failed, error.to_string()),
	}
	if config.attest.is_some() {
		seat(config, chain.seat(&account).await, keys.probe, report);
	}
}

/// Whether this clock agrees with the best block's slot.
async fn block_clock(chain: &Arc<dyn ChainView>, report: &mut Report) {
	let timing = report.result("runtime", chain.timing().await.map_err(Into::into), |timing| {
		format!("slots of {} ms, {} an epoch", timing.slot_millis, timing.epoch_slots)
	});
	let (Some(timing), Ok(now)) = (timing, chain.clock().await) else { return };
	match now.disagrees(&timing, clock::now()) {
		None => report.add(
			"clock",
			Verdict::Ok,
			format!("epoch {}, slot {}; this clock agrees", now.epoch, now.slot),
		),
		Some(millis) => {
			let detail = format!(
				"this clock reads {millis} ms after the start of the best block's slot: set up NTP, or the endpoint is not in \
				 sync"
			);
			report.add("clock", Verdict::Failed, detail);
		}
	}
}

/// Compares this clock with those the attestor would ask in this epoch, if it has tasks.
async fn fellows_clock(bind: IpAddr, chain: Arc<dyn ChainView>, account: AccountId, report: &mut Report) {
	let (Ok(now), Ok(tasks)) = (chain.clock().await, chain.tasks(&account).await) else { return };
	if tasks.is_empty() {
		return;
	}
	let stranger = libp2p::identity::Keypair::generate_ed25519();
	let Ok((control, _incoming)) = control::connect(&stranger, bind) else { return };
	let (asked, check) = Checker { chain, control, account }.ask(now.epoch, &tasks).await;
	let (verdict, detail) = match check {
		ClockCheck::Unknown { answers } => (
			Verdict::Warning,
			format!("{answers} of {asked} others told their time, five are needed; usual in a small network"),
		),
		ClockCheck::Agrees { offset_micros } => {
			(Verdict::Ok, format!("{} ms from the median of up to {asked} others", offset_micros / 1_000))
		}
		ClockCheck::Off { offset_micros } => (
			Verdict::Failed,
			format!("{} ms from the median of up to {asked} others: set up NTP", offset_micros / 1_000),
		),
	};
	report.add("fellows' clocks", verdict, detail);
}

async fn registration(
	config: &Config,
	registered: &ProviderInfo<AccountId, Balance>,
	identity: Option<PeerId>,
	report: &mut Report,
) {
	let admission = match registered.admission {
		Admission::Pending { passed } => format!("admission pending, {passed} tests passed"),
		Admission::Admitted { since } => format!("admitted since epoch {since}"),
		Admission::Jailed { until } => format!("jailed until epoch {until}"),
	};
	let (verdict, fix) = match registered.in_service {
		true => (Verdict::Ok, ""),
		false if !registered.bond_sufficient => (
			Verdict::Failed,
			"; out of service: the bond no longer covers the claim: `weir-tunnel provide init` adds to it",
		),
		false if registered.paused => {
			(Verdict::Failed, "; out of service: paused on chain: `weir-tunnel provide resume --key FILE`")
		}
		false
			if matches!(registered.admission, Admission::Pending { passed: 0 })
				&& registered.last_verdict.is_none() =>
		{
			(Verdict::Warning, "; new: in service from the next epoch on")
		}
		false => (Verdict::Failed, "; out of service: wait for the next epoch, or until the jail ends"),
	};
	let detail = format!(
		"provider {}, {}/{} kbps claimed, bond {}, {admission}{fix}",
		registered.index,
		registered.claim.down_kbps,
		registered.claim.up_kbps,
		weir(registered.bond)
	);
	report.add("registration", verdict, detail);
	match identity.map(|identity| identity.to_bytes() == registered.peer_id) {
		None => {}
		Some(true) => report.add("PeerId", Verdict::Ok, "as registered"),
		Some(false) => {
			let detail = "differs from the registered one: update the registration or use its key file";
			report.add("PeerId", Verdict::Failed, detail);
		}
	}
	if let (Some(provide), Some(port)) = (&config.provide, registered.endpoint.port()) {
		if provide.port != port {
			let detail = format!("provide.port is {}, registered is {port}: make them equal", provide.port);
			report.add("registered port", Verdict::Failed, detail);
		}
	}
	reach_control(config, &registered.peer_id, &registered.endpoint, report).await;
	if let Some(last) = &registered.last_verdict {
		let (verdict, detail) = provider::after_test(last);
		report.add("last test", verdict, detail);
	}
}

fn seat(
	config: &Config,
	seat: Result<Option<SeatInfo<AccountId>>, ChainError>,
	probe: Option<[u8; 32]>,
	report: &mut Report,
) {
	let seat = match seat {
		Ok(Some(seat)) => seat,
		Ok(None) => return report.add("seat", Verdict::Failed, "this node has no seat; take one on chain"),
		Err(error) => return report.add("seat", Verdict::Failed, error.to_string()),
	};
	let detail = format!(
		"from epoch {}, uplink {} kbps, score {} ppm",
		seat.from_epoch, seat.uplink_kbps, seat.score_ppm
	);
	report.add("seat", Verdict::Ok, detail);
	if probe.is_some_and(|probe| probe != bytes32(&seat.key)) {
		let detail = "the seat's key on chain is not this probe key: register it (setSeatKey), or use the right key file";
		report.add("seat key", Verdict::Failed, detail);
	}
	let bind = config.node.bind;
	if !bind.is_unspecified() && prefix(&seat.endpoint).is_some_and(|seat| seat != Prefix::of(bind)) {
		let detail =
			format!("node.bind {bind} lies outside the seat's prefix; targets will refuse its probes");
		report.add("seat address", Verdict::Failed, detail);
	}
}

/// Whether the registered endpoint answers, when this sidecar is running.
async fn reach_control(config: &Config, peer: &[u8], endpoint: &Endpoint, report: &mut Report) {
	let (Ok(peer), Some(address)) = (PeerId::from_bytes(peer), socket_address(endpoint)) else { return };
	let stranger = libp2p::identity::Keypair::generate_ed25519();
	let Ok((control, _incoming)) = control::connect(&stranger, config.node.bind) else { return };
	match control.ask(peer, Some(address), Request::Clock { nonce: [0; 16] }).await {
		Some(_) => report.add(
			"control plane",
			Verdict::Ok,
			format!("{address} answers with the registered identity"),
		),
		None => {
			let detail = format!(
				"{address} does not answer with the registered identity: start the sidecar, forward the port, or register the \
				 endpoint it has"
			);
			report.add("control plane", Verdict::Warning, detail);
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		chain::{
			fake::{self, keypair, task, Fake},
			Clock,
		},
		tasks::Task,
	};
	use libp2p::identity::Keypair;
	use std::{net::TcpListener, path::Path};
	use weir_tunnel_core::{target, MILLI};

	fn config(bind: [u8; 4], port: u16) -> Config {
		let text = format!(
			r#"
			[node]
			account = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
			state = "/var/lib/weir-tunnel"
			bind = "{}"
			[chain]
			endpoints = ["ws://127.0.0.1:9944"]
			[provide]
			port = {port}
			[attest]
			mode = "alone"
		"#,
			IpAddr::from(bind)
		);
		Config::parse(Path::new("x.toml"), &text).unwrap()
	}

	/// What is said of a provider, named checks alone.
	async fn said(config: &Config, chain: Fake, keys: Keys) -> Vec<(&'static str, Verdict, String)> {
		let mut report = Report::default();
		let chain: Arc<dyn ChainView> = Arc::new(chain);
		facts(config, &chain, None, keys, &mut report).await;
		report.0.into_iter().map(|check| (check.name, check.verdict, check.detail)).collect()
	}

	fn of<'a>(said: &'a [(&'static str, Verdict, String)], name: &str) -> Option<(Verdict, &'a str)> {
		said.iter().find(|(known, ..)| *known == name).map(|(_, verdict, detail)| (*verdict, &detail[..]))
	}

	fn chain() -> Fake {
		// A clock of before the first block says nothing of this one.
		Fake::new([Clock { epoch: 5, slot: 1, first_slot: 0 }])
	}

	#[tokio::test]
	async fn registration_should_be_as_the_keys_and_the_configuration_say() {
		let (identity, bind) = (Keypair::generate_ed25519(), [127, 0, 63, 1]);
		let port = TcpListener::bind((IpAddr::from(bind), 0)).unwrap().local_addr().unwrap().port();
		let registered = || {
			let mut provider = fake::provider(&identity.public().to_peer_id());
			provider.endpoint = Endpoint::V4 { addr: bind, port };
			provider
		};
		let keys = Keys { probe: None, identity: Some(identity.public().to_peer_id()) };

		let fake = chain();
		*fake.provider.lock().unwrap() = Some(registered());
		let silent = said(&config(bind, port), fake, keys).await;
		let (verdict, detail) = of(&silent, "registration").unwrap();
		assert!(verdict == Verdict::Ok && detail.contains("admitted since epoch 3"), "{detail}");
		assert_eq!(of(&silent, "PeerId"), Some((Verdict::Ok, "as registered")));
		assert_eq!(of(&silent, "registered port"), None);
		let (verdict, detail) = of(&silent, "control plane").unwrap();
		assert!(verdict == Verdict::Warning && detail.contains("does not answer"), "{detail}");
		let (verdict, detail) = of(&silent, "last test").unwrap();
		assert!(verdict == Verdict::Ok && detail.starts_with("epoch 4: 3900/3800 kbps measured"), "{detail}");

		let (_serving, mut incoming) = control::serve(&identity, bind.into(), port).await.unwrap();
		let _answers = Task::spawn("answers", async move {
			while let Some(asked) = incoming.recv().await {
				let _ = asked.reply.send(weir_tunnel_core::wire::Response::Noted);
			}
		});
		let fake = chain();
		*fake.provider.lock().unwrap() = Some(registered());
		let served = said(&config(bind, port), fake, keys).await;
		assert_eq!(of(&served, "control plane").unwrap().0, Verdict::Ok, "{served:?}");

		let fake = chain();
		let mut jailed = registered();
		(jailed.in_service, jailed.admission) = (false, Admission::Jailed { until: 99 });
		*fake.provider.lock().unwrap() = Some(jailed);
		let stranger = Keypair::generate_ed25519().public().to_peer_id();
		let keys = Keys { identity: Some(stranger), ..keys };
		let jailed = said(&config(bind, port.wrapping_add(1).max(1)), fake, keys).await;
		let (verdict, detail) = of(&jailed, "registration").unwrap();
		assert!(
			verdict == Verdict::Failed && detail.contains("jailed until epoch 99; out of service"),
			"{detail}"
		);
		let (verdict, detail) = of(&jailed, "PeerId").unwrap();
		assert!(verdict == Verdict::Failed && detail.contains("update the registration"), "{detail}");
		let (verdict, detail) = of(&jailed, "registered port").unwrap();
		assert!(verdict == Verdict::Failed && detail.contains(&port.to_string()), "{detail}");

		let (verdict, detail) = {
			let absent = said(&config(bind, port), chain(), keys).await;
			let (verdict, detail) = of(&absent, "registration").unwrap();
			(verdict, detail.to_owned())
		};
		assert!(verdict == Verdict::Failed && detail.contains("register it on chain"), "{detail}");
	}

	#[tokio::test]
	async fn seat_should_have_this_key_and_this_prefix() {
		let mine = Keys { probe: Some(keypair(1).public()), identity: None };
		let with_seat = || {
			let fake = chain();
			*fake.seat.lock().unwrap() = Some(fake::seat(1));
			fake
		};
		let good = said(&config([127, 0, 51, 9], 1), with_seat(), mine).await;
		let (verdict, detail) = of(&good, "seat").unwrap();
		assert!(verdict == Verdict::Ok && detail.contains("uplink 50000 kbps"), "{detail}");
		assert_eq!((of(&good, "seat key"), of(&good, "seat address")), (None, None));

		let other = Keys { probe: Some(keypair(2).public()), identity: None };
		let bad = said(&config([127, 0, 52, 9], 1), with_seat(), other).await;
		let (verdict, detail) = of(&bad, "seat key").unwrap();
		assert!(verdict == Verdict::Failed && detail.contains("setSeatKey"), "{detail}");
		let (verdict, detail) = of(&bad, "seat address").unwrap();
		assert!(verdict == Verdict::Failed && detail.contains("127.0.52.9"), "{detail}");

		let none = said(&config([127, 0, 51, 9], 1), chain(), mine).await;
		let (verdict, detail) = of(&none, "seat").unwrap();
		assert!(verdict == Verdict::Failed && detail.contains("take one on chain"), "{detail}");
	}

	#[tokio::test]
	async fn clock_should_be_that_of_the_best_block() {
		let timing = Fake::new([]).timing().await.unwrap();
		let slot_now = clock::now() / (timing.slot_millis * MILLI);
		for (behind, expected) in [(0, Verdict::Ok), (60, Verdict::Failed)] {
			let fake = Fake::new([Clock { epoch: 5, slot: 1, first_slot: slot_now - behind - 1 }]);
			let said = said(&config([127, 0, 51, 9], 1), fake, Keys::default()).await;
			let (verdict, detail) = of(&said, "clock").unwrap();
			assert_eq!(verdict, expected, "{detail}");
		}
	}

	/// What is said of this clock when `count` targets tell a time `skew_micros` from it.
	async fn clock_verdict(net: u8, count: u8, skew_micros: i64) -> Vec<(Verdict, String)> {
		let chain = Fake::new([Clock { epoch: 5, slot: 1, first_slot: 1 }]);
		let mut others = vec![];
		for n in 1..=count {
			let (identity, address) = (Keypair::generate_ed25519(), [127, 0, net, n]);
			let port = TcpListener::bind((IpAddr::from(address), 0)).unwrap().local_addr().unwrap().port();
			let (serving, mut incoming) = control::serve(&identity, address.into(), port).await.unwrap();
			let config = target::Config {
				genesis: [7; 32],
				account: [100 + n; 32],
				key: keypair(2),
				wireguard: [0; 32],
				port,
			};
			others.push(Task::spawn("clock answers", async move {
				let _serving = serving;
				while let Some(asked) = incoming.recv().await {
					let Request::Clock { nonce } = asked.request else { continue };
					let now = clock::now().saturating_add_signed(skew_micros);
					let _ = asked.reply.send(config.tell_time(now, &nonce));
				}
			}));
			let mut task = task(None);
			task.account = [100 + n; 32].into();
			task.endpoint = Endpoint::V4 { addr: address, port };
			task.peer_id = identity.public().to_peer_id().to_bytes();
			chain.tasks.lock().unwrap().push(task);
		}
		let mut report = Report::default();
		fellows_clock([127, 0, 59, 1].into(), Arc::new(chain), [1; 32].into(), &mut report).await;
		report.0.into_iter().map(|check| (check.verdict, check.detail)).collect()
	}

	#[tokio::test]
	async fn fellows_clock_should_say_when_this_clock_is_off_or_too_few_answer() {
		assert_eq!(clock_verdict(60, 0, 0).await, vec![]);
		assert_eq!(clock_verdict(60, 5, 0).await[0].0, Verdict::Ok);
		let (verdict, detail) = clock_verdict(61, 5, -300_000).await.remove(0);
		assert!(verdict == Verdict::Failed && detail.contains("set up NTP"), "{detail}");
		let (verdict, detail) = clock_verdict(62, 4, -300_000).await.remove(0);
		assert!(verdict == Verdict::Warning && detail.starts_with("4 of 4 others"), "{detail}");
	}
}
