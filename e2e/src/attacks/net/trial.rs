//! One test of one provider by a committee of real sidecars, over real lines.

use super::{
	chain::{OneTest, Party, EPOCH, PROVIDER, SLOT_MILLIS},
	machine::Machine,
	Bench,
};
use anyhow::{anyhow, Context, Result};
use std::{
	collections::BTreeSet,
	fs,
	net::Ipv4Addr,
	path::{Path, PathBuf},
	sync::Arc,
	thread,
	time::Duration,
};
use weir_math::estimate::{estimate, Estimate, Kind, Measurement, Member};
use weir_primitives::{
	report::{Entry, EntryKind},
	Claim, Endpoint,
};
use weir_tunnel::{
	attest::{self, Attestor, EpochTasks},
	clock, engine, keys,
	metrics::Metrics,
	provide::{self, Bound, Provider},
	store::Store,
};
use weir_tunnel_core::{keys::ProbeKeypair, target, wire::Bilateral, Micros, MILLI};

/// Port of every provider.
pub const PORT: u16 = 9_600;
/// From the beginning of a trial to its T0: sidecars start, greet and agree meanwhile.
const LEAD: Micros = 4_000 * MILLI;
/// How long after its second window a member may take to give up a target that is silent, and some more.
const PATIENCE: Micros = 14_000 * MILLI;
/// Between two looks at what members found.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What one party needs to run.
#[derive(Clone)]
pub struct Side {
	/// What others know of it.
	pub party: Party,
	/// Where it keeps its keys and what it found.
	pub folder: PathBuf,
	/// Its probe key.
	pub probe: ProbeKeypair,
}

impl Side {
	fn new(folder: &Path, number: u8, address: Ipv4Addr, port: u16) -> Result<Self> {
		let folder = folder.join(number.to_string());
		fs::create_dir_all(&folder)?;
		keys::write_seed(&folder.join("identity.key"), &[number; 32])?;
		keys::write_seed(&folder.join("probe.key"), &[number | 0x80; 32])?;
		let probe = keys::load_probe(&folder.join("probe.key"))?;
		let identity = keys::load_identity(&folder.join("identity.key"))?;
		let key = codec::Decode::decode(&mut &probe.public()[..])?;
		let endpoint = Endpoint::V4 { addr: address.octets(), port };
		let peer_id = identity.public().to_peer_id().to_bytes();
		Ok(Self { party: Party { account: [number; 32], key, peer_id, endpoint }, folder, probe })
	}

	/// Where its identity on the control plane is kept.
	pub fn identity_file(&self) -> PathBuf {
		self.folder.join("identity.key")
	}
}

/// A test that is about to happen.
pub struct Trial {
	/// The chain that holds it.
	pub chain: Arc<OneTest>,
	/// The provider's side.
	pub target: Side,
	members: Vec<(Arc<Machine>, Side)>,
	idle: BTreeSet<usize>,
}

/// What a trial asks.
#[derive(Clone, Copy)]
pub struct Terms {
	/// What the provider claims, kbps: down, up.
	pub claim_kbps: (u32, u32),
	/// T in milliseconds.
	pub window_millis: u32,
}

impl Terms {
	/// An ordinary test of a claim that is the same both ways.
	pub fn short(claim_kbps: u32) -> Self {
		Self { claim_kbps: (claim_kbps, claim_kbps), window_millis: 3_000 }
	}
}

impl Trial {
	/// A test of the provider registered at `address`, by `members`, in a few seconds from now.
	pub fn new(bench: &Bench, address: Ipv4Addr, terms: Terms, members: &[Arc<Machine>]) -> Result<Self> {
		let now = clock::now() / (SLOT_MILLIS * MILLI);
		let lead = u32::try_from(LEAD / (SLOT_MILLIS * MILLI))?;
		Self::at((now, lead), bench, address, terms, members)
	}

	/// The same at the T0 of another one.
	pub fn beside(&self, bench: &Bench, address: Ipv4Addr, terms: Terms) -> Result<Self> {
		let machines: Vec<_> = self.members.iter().map(|(machine, _)| machine.clone()).collect();
		Self::at(self.chain.slots, bench, address, terms, &machines)
	}

	fn at(
		slots: (u64, u32),
		bench: &Bench,
		address: Ipv4Addr,
		Terms { claim_kbps: (down_kbps, up_kbps), window_millis }: Terms,
		members: &[Arc<Machine>],
	) -> Result<Self> {
		let folder = bench.folder();
		let target = Side::new(&folder, 1, address, PORT)?;
		let member = |(number, machine): (u8, &Arc<Machine>)| {
			Ok((machine.clone(), Side::new(&folder, number, machine.address, 1)?))
		};
		let members = (2u8..).zip(members).map(member).collect::<Result<Vec<_>>>()?;
		let parties = members.iter().map(|(_, side)| side.party.clone()).collect();
		let claim = Claim { down_kbps, up_kbps };
		let chain = OneTest::new(claim, window_millis, slots, target.party.clone(), parties);
		Ok(Self { chain: Arc::new(chain), target, members, idle: BTreeSet::new() })
	}

	/// The side of a member, which does not measure as a sidecar does: what it does instead is for the scenario to say.
	pub fn take_member(&mut self, place: usize) -> Option<(Arc<Machine>, Side)> {
		self.idle.insert(place);
		self.members.get(place).cloned()
	}

	/// The side of a member.
	pub fn side(&self, place: usize) -> Option<Side> {
		self.members.get(place).map(|(_, side)| side.clone())
	}

	/// Runs the sidecar of an honest provider on `machine`.
	pub fn provide(&self, machine: &Machine) -> Result<Provider> {
		self.provide_at(machine, machine.bind)
	}

	/// The same at another address of the machine.
	pub fn provide_at(&self, machine: &Machine, bind: Ipv4Addr) -> Result<Provider> {
		let settings = provide::Settings {
			bind: bind.into(),
			port: PORT,
			caps: engine::Caps::default(),
			account: self.target.party.account.into(),
			probe: self.target.probe.clone(),
			identity: keys::load_identity(&self.target.identity_file())?,
		};
		let (chain, store) = (self.chain.clone(), Arc::new(Store::open(&self.target.folder)?));
		machine.run(async move {
			Ok(Bound::bind(settings).await?.serve(chain, store, Arc::new(Metrics::default()), None))
		})?
	}

	/// What the target's core has to know.
	pub fn target_config(&self, wireguard: [u8; 32]) -> target::Config {
		target::Config {
			genesis: super::chain::GENESIS,
			account: self.target.party.account,
			key: self.target.probe.clone(),
			wireguard,
			port: PORT,
		}
	}

	/// Has the members measure, and waits for what they find.
	pub fn measure(&self) -> Result<Found> {
		let measuring = self.members.iter().enumerate().filter(|(place, _)| !self.idle.contains(place));
		let mut attestors = Vec::new();
		for (place, (machine, side)) in measuring {
			let store = Arc::new(Store::open(&side.folder)?);
			attestors.push((place, machine, self.attest(machine, side, store.clone())?, store));
		}
		let last = self.chain.start() + 2 * self.chain.window() + PATIENCE;
		let mut entries = vec![None; self.members.len()];
		let mut receipts = Vec::new();
		while clock::now() < last && attestors.iter().any(|(place, ..)| entries[*place].is_none()) {
			thread::sleep(LOOK_EVERY);
			for (place, _, _, store) in &attestors {
				entries[*place] = store.entries(EPOCH)?.into_iter().find(|entry| entry.provider == PROVIDER);
			}
		}
		for (_, machine, attestor, store) in attestors {
			machine.run(async move { attestor.stop().await })?;
			receipts.extend(store.bilaterals(EPOCH)?);
		}
		Ok(Found { claim: self.chain.claim, entries, receipts })
	}

	fn attest(&self, machine: &Machine, side: &Side, store: Arc<Store>) -> Result<Arc<Attestor>> {
		let settings = attest::Settings {
			bind: machine.bind.into(),
			account: side.party.account.into(),
			probe: side.probe.clone(),
			identity: keys::load_identity(&side.identity_file())?,
		};
		let tasks =
			EpochTasks { epoch: EPOCH, first_slot: self.chain.slots.0, tasks: vec![self.chain.task()] };
		let chain = self.chain.clone();
		machine.run(async move {
			let attestor = Attestor::start(settings, chain, store, Arc::new(Metrics::default())).await?;
			attestor.take_tasks(tasks);
			Ok::<_, anyhow::Error>(attestor)
		})?
	}
}

/// What a committee found.
#[derive(Clone)]
pub struct Found {
	claim: Claim,
	/// An entry of each member, none of one that has nothing to say.
	pub entries: Vec<Option<Entry>>,
	/// The receipts that members hold.
	pub receipts: Vec<Bilateral>,
}

impl Found {
	/// What the chain would make of it, were all of it revealed.
	pub fn estimate(&self) -> Result<Estimate> {
		let member =
			|entry: &Option<Entry>| entry.map_or(Member::Silent, |entry| Member::Reported(of(&entry)));
		let members: Vec<_> = self.entries.iter().map(member).collect();
		estimate(&members, self.claim.down_kbps, self.claim.up_kbps)
			.map_err(|void| anyhow!("the test is void: {void:?}"))
	}

	/// The estimates down and up, kbps.
	pub fn kbps(&self) -> Result<[u32; 2]> {
		self.estimate().map(|estimate| [estimate.down_kbps, estimate.up_kbps])
	}

	/// How many entries are of a kind.
	pub fn count(&self, kind: EntryKind) -> usize {
		self.entries.iter().flatten().filter(|entry| entry.kind == kind).count()
	}

	/// The entry of a member.
	pub fn entry(&self, place: usize) -> Result<Entry> {
		self.entries.get(place).copied().flatten().with_context(|| format!("member {place} found nothing"))
	}
}

fn of(entry: &Entry) -> Measurement {
	let Entry { down_kbps, up_kbps, rtt_10us, loss_pptt, liveness, .. } = *entry;
	let kind = match entry.kind {
		EntryKind::Measured => Kind::Measured,
		EntryKind::Limited => Kind::Limited,
		EntryKind::Unreachable => Kind::Unreachable,
	};
	Measurement { kind, down_kbps, up_kbps, rtt_10us, loss_pptt, liveness }
}
