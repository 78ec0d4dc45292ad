//! Watchers against providers that are a control plane and nothing else. With the fake chain's alarm slots of ten seconds a
//! silent provider is down after some eight.

use super::*;
use crate::{
	attest::{sighting::Speaker, Attestor},
	chain::{
		fake::{keypair, seat, Fake},
		ChainError, Clock,
	},
	control,
	store::Store,
};
use libp2p::identity::Keypair;
use tokio::sync::mpsc;
use weir_primitives::{
	chain::Hash,
	outage::{sighting_payload, Watched},
};
use weir_tunnel_core::{
	keys,
	wire::{Request, Response},
};

const NODE: [u8; 32] = [1; 32];
const ALARM_SLOT: u64 = 9;

/// Answers the question for the time, and signs nothing: whoever watches goes by the identity.
struct Provider {
	identity: Keypair,
	address: [u8; 4],
	port: u16,
	served: Option<(Control, Task)>,
}

impl Provider {
	async fn start(address: [u8; 4]) -> Self {
		let port =
			std::net::TcpListener::bind((IpAddr::from(address), 0)).unwrap().local_addr().unwrap().port();
		let mut provider = Self { identity: Keypair::generate_ed25519(), address, port, served: None };
		provider.serve().await;
		provider
	}

	async fn serve(&mut self) {
		let (control, mut incoming): (_, mpsc::Receiver<control::Incoming>) =
			control::serve(&self.identity, self.address.into(), self.port).await.unwrap();
		let answer = Task::spawn("provider", async move {
			while let Some(asked) = incoming.recv().await {
				let Request::Clock { nonce } = asked.request else { continue };
				let (unix_micros, account, signature) = (0, [2; 32], [0; 64]);
				let _ = asked.reply.send(Response::Clock { nonce, unix_micros, account, signature });
			}
		});
		self.served = Some((control, answer));
	}

	fn watched(&self, provider: ProviderIndex) -> Watched<AccountId> {
		Watched {
			provider,
			account: [2; 32].into(),
			endpoint: Endpoint::V4 { addr: self.address, port: self.port },
			peer_id: self.identity.public().to_peer_id().to_bytes(),
			down_since: None,
			has_spoken: false,
		}
	}
}

fn watch(watched: Vec<Watched<AccountId>>) -> Watch<AccountId> {
	Watch { epoch: 5, alarm_slot: ALARM_SLOT, watched, alarms: vec![] }
}

fn alarm(of: &Watched<AccountId>, until_slot: u64) -> OpenAlarm<AccountId> {
	let Watched { provider, account, endpoint, peer_id, .. } = of.clone();
	OpenAlarm { provider, account, endpoint, peer_id, raised: 77, until_slot }
}

async fn attestor(chain: Arc<Fake>, folder: &std::path::Path) -> Arc<Attestor> {
	let settings = Settings {
		bind: [127, 0, 51, 1].into(),
		account: NODE.into(),
		probe: keypair(1),
		identity: Keypair::generate_ed25519(),
	};
	let store = Arc::new(Store::open(folder).unwrap());
	Attestor::start(settings, chain, store, Arc::default()).await.unwrap()
}

fn order(watch: Watch<AccountId>) -> WatchOrder {
	WatchOrder { here: Some(Prefix::of([127, 0, 51, 1].into())), watch }
}

type Sightings = Vec<(ProviderIndex, Sighting)>;

/// Says whom to watch every 200 ms, as blocks would, until something is seen that `is`.
async fn until(attestor: &Attestor, watch: &Watch<AccountId>, is: impl Fn(&Sightings) -> bool) -> Sightings {
	for _ in 0..100 {
		let sightings = attestor.watch(order(watch.clone()));
		if is(&sightings) {
			return sightings;
		}
		tokio::time::sleep(Duration::from_millis(200)).await;
	}
	panic!("not within 20 s");
}

#[tokio::test]
async fn watch_should_tell_who_fell_silent_whose_place_another_took_and_who_came_back() {
	let folder = tempfile::tempdir().unwrap();
	let attestor = attestor(Arc::new(Fake::new([])), folder.path()).await;
	let (mut falls, stays) = (Provider::start([127, 0, 63, 1]).await, Provider::start([127, 0, 64, 1]).await);
	// Where it is registered somebody answers, but not it.
	let stranger = Keypair::generate_ed25519().public().to_peer_id().to_bytes();
	let replaced = Watched { peer_id: stranger, ..stays.watched(5) };
	let all = || vec![falls.watched(3), stays.watched(4), replaced.clone()];
	let down = |provider| (provider, Sighting::Down { alarm_slot: ALARM_SLOT });
	let seen = until(&attestor, &watch(all()), |seen| !seen.is_empty()).await;
	assert_eq!(seen, [down(5)]);
	let watches = all();
	falls.served = None;
	let seen = until(&attestor, &watch(watches.clone()), |seen| seen.len() > 1).await;
	assert_eq!(seen, [down(3), down(5)]);
	let text = attestor.metrics.render();
	for line in ["watched_providers 3", "watched_providers_down 2", "outage_reports_total 2"] {
		assert!(text.contains(&format!("weir_tunnel_{line}\n")), "{text}");
	}
	// What the chain has heard is not said again, and alarms are voted on.
	let heard: Vec<_> =
		watches.iter().map(|watched| Watched { has_spoken: true, ..watched.clone() }).collect();
	let until_slot = clock::now() / 1_000_000 + 12;
	let alarms = vec![alarm(&heard[0], until_slot), alarm(&heard[1], until_slot)];
	let asked = Watch { alarms, ..watch(heard) };
	let vote = |provider, is_down| (provider, Sighting::Confirm { raised: 77, is_down });
	assert_eq!(until(&attestor, &asked, |seen| seen.len() > 1).await, [vote(3, true), vote(4, false)]);
	// It comes back, with the same identity.
	falls.serve().await;
	let recorded = Watched { down_since: Some(1), ..watches[0].clone() };
	let seen = until(&attestor, &watch(vec![recorded]), |seen| !seen.is_empty()).await;
	assert_eq!(seen, [(3, Sighting::Up { alarm_slot: ALARM_SLOT })]);
	assert!(attestor.metrics.render().contains("weir_tunnel_outage_votes_total 2\n"));
}

#[tokio::test]
async fn watch_should_leave_alone_whom_this_process_cannot_reach() {
	let folder = tempfile::tempdir().unwrap();
	let attestor = attestor(Arc::new(Fake::new([])), folder.path()).await;
	let peer_id = Keypair::generate_ed25519().public().to_peer_id().to_bytes();
	let of = |provider, account: [u8; 32], endpoint, peer_id: &[u8]| Watched {
		provider,
		account: account.into(),
		endpoint,
		peer_id: peer_id.to_vec(),
		down_since: None,
		has_spoken: false,
	};
	let (v4, v6) = (Endpoint::V4 { addr: [127, 0, 65, 1], port: 1 }, Endpoint::V6 { addr: [1; 16], port: 1 });
	let unreachable = vec![
		of(1, [2; 32], v6, &peer_id),
		of(2, [2; 32], Endpoint::RelayOnly, &peer_id),
		of(3, [2; 32], v4, &[1, 2, 3]),
		of(4, NODE, v4, &peer_id),
	];
	let alarms = unreachable.iter().map(|watched| alarm(watched, u64::MAX)).collect();
	attestor.watch(order(Watch { alarms, ..watch(unreachable) }));
	assert!(attestor.metrics.render().contains("weir_tunnel_watched_providers 0\n"));
	assert_eq!(lock(&attestor.watcher.shared.watching).timeout(), None);
	attestor.watch(order(watch(vec![of(5, [2; 32], v4, &peer_id)])));
	assert!(attestor.metrics.render().contains("weir_tunnel_watched_providers 1\n"));
}

#[tokio::test]
async fn attestor_alone_should_say_what_it_sees_once_and_sign_it() {
	let folder = tempfile::tempdir().unwrap();
	let provider = Provider::start([127, 0, 66, 1]).await;
	let chain = Arc::new(Fake::new([Clock { epoch: 5, slot: 3, first_slot: 90 }]));
	let recorded = Watched { down_since: Some(1), ..provider.watched(3) };
	*chain.watch.lock().unwrap() = Some(watch(vec![recorded]));
	let attestor = attestor(chain.clone(), folder.path()).await;
	let mut speaker = Speaker::new(attestor.clone());
	let said = || chain.said.lock().unwrap().clone();
	// Without a seat, or with another key's, nobody would believe it.
	for other in [None, Some(seat(2))] {
		*chain.seat.lock().unwrap() = other;
		speaker.at_block().await.unwrap();
		assert_eq!(attestor.watcher.shared.metrics.render().matches("watched_providers 0").count(), 1);
	}
	*chain.seat.lock().unwrap() = Some(seat(1));
	for _ in 0..50 {
		speaker.at_block().await.unwrap();
		tokio::time::sleep(Duration::from_millis(100)).await;
	}
	// Often in one slot, and once said.
	let [(3, sighting, signature)] = said()[..] else { panic!("{:?}", said()) };
	assert_eq!(sighting, Sighting::Up { alarm_slot: ALARM_SLOT });
	let payload = sighting_payload(&Hash::from([7; 32]), 3, &AccountId::from(NODE), &sighting);
	assert!(keys::verify(&keypair(1).public(), &payload, &signature));
	// Three slots later it is not in a block yet.
	*chain.clocks.lock().unwrap() = [Clock { epoch: 5, slot: 6, first_slot: 90 }].into();
	speaker.at_block().await.unwrap();
	assert_eq!(said().len(), 2);
}

#[tokio::test]
async fn sighting_should_be_counted_by_the_rule_it_broke_when_the_pool_refuses_it() {
	let folder = tempfile::tempdir().unwrap();
	let provider = Provider::start([127, 0, 67, 1]).await;
	let chain = Arc::new(Fake::new([Clock { epoch: 5, slot: 3, first_slot: 90 }]));
	let recorded = Watched { down_since: Some(1), ..provider.watched(3) };
	*chain.watch.lock().unwrap() = Some(watch(vec![recorded]));
	*chain.seat.lock().unwrap() = Some(seat(1));
	*chain.refusal.lock().unwrap() =
		Some(ChainError::Refused { call: "report_up", rule: "NotAWatcher".into() });
	let attestor = attestor(chain.clone(), folder.path()).await;
	let mut speaker = Speaker::new(attestor.clone());
	for _ in 0..50 {
		speaker.at_block().await.unwrap();
		tokio::time::sleep(Duration::from_millis(100)).await;
	}
	assert_eq!(chain.said.lock().unwrap().len(), 1);
	let text = attestor.metrics.render();
	let row = "weir_tunnel_submissions_refused_total{rule=\"NotAWatcher\"} 1";
	assert!(text.lines().any(|line| line == row), "{text}");
}
