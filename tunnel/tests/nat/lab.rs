//! Providers and a customer in namespaces: WireGuard, control plane, exits and channels as they are, a chain that is a struct.

use super::{
	chain::{LabChain, DEPOSIT, PRICE},
	kit,
	net::Machine,
};
use std::{
	net::{Ipv4Addr, SocketAddr},
	path::PathBuf,
	sync::Arc,
};
use subxt_signer::sr25519::Keypair as Signer;
use tokio::sync::mpsc;
use weir_primitives::{chain::AccountId, Endpoint};
use weir_tunnel::{
	chain::Account,
	connect::{Budget, Connection, Settings, Whom},
	engine::Caps,
	exit::{Exit, Limits, Policy, Resolver},
	keys,
	metrics::Metrics,
	nat::{Reaching, Relaying},
	provide::{self, Bound, Outlet, Paid, Provider},
	store::Store,
};

/// A provider to be: its files, and what is registered of it.
pub(crate) struct Lab {
	folder: tempfile::TempDir,
	number: u8,
	bind: Ipv4Addr,
	port: u16,
	registered: SocketAddr,
}

struct LabExit(Exit);

impl Outlet for LabExit {
	fn take(&mut self, packet: Vec<u8>) {
		self.0.take(packet);
	}

	fn forget(&mut self, guest: Ipv4Addr) {
		self.0.forget(guest);
	}
}

fn account(number: u8) -> Account {
	Account::of(Signer::from_secret_key([number; 32]).unwrap())
}

pub(crate) fn budget() -> Budget {
	Budget { deposit: DEPOSIT, most_price: PRICE }
}

impl Lab {
	/// Bound to `bind`:`port`, and registered where customers are to come.
	pub(crate) fn new(number: u8, bind: Ipv4Addr, port: u16, registered: SocketAddr) -> Self {
		let folder = tempfile::tempdir().unwrap();
		keys::write_seed(&folder.path().join("identity.key"), &[number; 32]).unwrap();
		keys::write_seed(&folder.path().join("probe.key"), &[number + 1; 32]).unwrap();
		Self { folder, number, bind, port, registered }
	}

	fn state(&self) -> PathBuf {
		self.folder.path().to_owned()
	}

	pub(crate) fn provider_account(&self) -> AccountId {
		[self.number; 32].into()
	}

	pub(crate) fn country(&self) -> [u8; 2] {
		*b"DE"
	}

	pub(crate) fn endpoint(&self) -> Endpoint {
		let SocketAddr::V4(at) = self.registered else { panic!("IPv4") };
		Endpoint::V4 { addr: at.ip().octets(), port: at.port() }
	}

	pub(crate) fn peer_id(&self) -> Vec<u8> {
		let identity = keys::load_identity(&self.state().join("identity.key")).unwrap();
		identity.public().to_peer_id().to_bytes()
	}

	/// The provider, on its machine; `reached`: it may buy a way in, and if
	/// that is true ask its router for a port. The metrics are of what it carries.
	pub(crate) fn provide(
		&self,
		on: &Machine,
		chain: &Arc<LabChain>,
		reached: Option<bool>,
	) -> (Provider, Arc<Metrics>) {
		let (state, chain, number) = (self.state(), chain.clone(), self.number);
		let settings = provide::Settings {
			bind: self.bind.into(),
			port: self.port,
			caps: Caps::default(),
			account: self.provider_account(),
			probe: keys::load_probe(&state.join("probe.key")).unwrap(),
			identity: keys::load_identity(&state.join("identity.key")).unwrap(),
		};
		on.run(async move {
			let open = move |registered: provide::Registration, to_guests: mpsc::Sender<Vec<u8>>| {
				let policy = Policy::new(registered.exit, vec![], [], vec!["127.0.0.0/8".parse()?]);
				let nowhere = Resolver::new(vec!["127.0.0.1:53".parse()?])?;
				let exit = Exit::start(policy, Limits::default(), nowhere, to_guests);
				Ok(Box::new(LabExit(exit)) as Box<dyn Outlet>)
			};
			let metrics = Arc::<Metrics>::default();
			let payments = chain.clone();
			let paid = Paid {
				payments,
				claim: account(9),
				sessions: 8,
				month_gb: 0,
				hours: Default::default(),
				switch: Arc::new(provide::Switch::open(&state)),
				exit: Box::new(open),
			};
			let store = Arc::new(Store::open(&state).unwrap());
			let mut bound = Bound::bind(settings).await.unwrap();
			if let Some(maps) = reached {
				let (payer, state) = (account(number + 2), state.join("relay"));
				let relay = Some(Relaying { payer, budget: budget(), by: None, state });
				bound = bound.reached_by(Reaching { market: chain.clone(), maps, relay });
			}
			(bound.serve(chain, store, metrics.clone(), Some(paid)), metrics)
		})
	}

	/// A customer of the provider.
	pub(crate) fn connect(&self, on: &Machine, chain: &Arc<LabChain>) -> Connection {
		let settings = Settings {
			whom: Whom::Account(self.provider_account()),
			hops: 1,
			is_disguised: false,
			budget: budget(),
			socks: ([127, 0, 0, 1], 0).into(),
			socks_open: false,
			state: self.state().join("customer"),
		};
		let (chain, payer) = (chain.clone(), account(self.number + 3));
		on.run(async move { Connection::start(settings, chain, payer).await.unwrap() })
	}
}

/// Fetches through the proxy of a customer's machine, and says how many milliseconds that took.
pub(crate) fn fetch(on: &Machine, socks: SocketAddr, port: u16, from: u64, bytes: u64) -> u128 {
	let (received, took) = on.run(async move {
		let began = std::time::Instant::now();
		let received = kit::fetch(socks, &SERVER.to_string(), port, from, bytes).await.unwrap();
		(received, began.elapsed().as_millis())
	});
	assert_eq!(kit::hash(&received), kit::hash(&kit::Files::content(from, bytes)));
	took
}

/// On the machine of the provider behind routers.
pub(crate) const SERVER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 77);
