use super::{plan::tests as plans, wish::tests::options, *};
use crate::chain::{fake::Fake, ChainError, Clock, Holding, PriceRange};
use async_trait::async_trait;
use std::{
	path::Path,
	sync::{
		atomic::{AtomicBool, AtomicU64, Ordering},
		Arc, Mutex,
	},
};
use weir_primitives::{
	chain::WEIR,
	economy_api::{BondsInfo, ClaimBond},
	outage::Gap,
	Kbps, ProviderIndex,
};

/// A chain that does what it is told, or dies in the middle.
struct Office {
	fake: Fake,
	active: Mutex<Balance>,
	usable: Mutex<Balance>,
	claims: Mutex<Balance>,
	sent: Mutex<Vec<Vec<String>>>,
	/// What comes is lost, as when this machine goes down.
	is_down: AtomicBool,
	/// Transactions that wait in the pool.
	waiting: AtomicU64,
}

fn owner() -> Account {
	Account::of(subxt_signer::sr25519::dev::alice())
}

impl Office {
	fn new(usable: Balance) -> Self {
		Self {
			fake: Fake::new([Clock { epoch: 5, slot: 0, first_slot: 0 }]),
			active: Mutex::new(0),
			usable: Mutex::new(usable),
			claims: Mutex::new(0),
			sent: Mutex::default(),
			is_down: AtomicBool::new(false),
			waiting: AtomicU64::new(0),
		}
	}

	fn sent(&self) -> Vec<Vec<String>> {
		self.sent.lock().unwrap().clone()
	}
}

#[async_trait]
impl Registry for Office {
	async fn claim_bond(&self, _: Kbps) -> Result<ClaimBond, ChainError> {
		Ok(plans::needed())
	}

	async fn bonds(&self, _: &AccountId) -> Result<BondsInfo<AccountId>, ChainError> {
		Ok(plans::bonds(*self.active.lock().unwrap()))
	}

	async fn holding(&self, who: &AccountId) -> Result<Holding, ChainError> {
		let usable = if who == owner().id() { &self.usable } else { &self.claims };
		Ok(Holding { nonce: 0, usable: *usable.lock().unwrap() })
	}

	async fn next_nonce(&self, _: &AccountId) -> Result<u64, ChainError> {
		let is_waiting = |waiting: u64| waiting.checked_sub(1);
		Ok(self.waiting.fetch_update(Ordering::SeqCst, Ordering::SeqCst, is_waiting).unwrap_or(0))
	}

	async fn prices(&self) -> Result<PriceRange, ChainError> {
		Ok(PriceRange { least: 1_000, most: 100_000_000 })
	}

	async fn fee(&self, calls: &[RegistryCall]) -> Result<Balance, ChainError> {
		Ok(WEIR / 100 * calls.len() as Balance)
	}

	async fn claim_fee(&self) -> Result<Balance, ChainError> {
		Ok(WEIR / 100)
	}

	async fn outages(&self, _: ProviderIndex) -> Result<(Option<u64>, Vec<Gap>), ChainError> {
		Ok((None, vec![]))
	}

	async fn submit(&self, by: &Account, calls: &[RegistryCall]) -> Result<(), ChainError> {
		assert_eq!(by.id(), owner().id());
		if self.is_down.load(Ordering::SeqCst) {
			return Err(ChainError::Offline);
		}
		self.sent.lock().unwrap().push(calls.iter().map(RegistryCall::name).collect());
		for call in calls {
			match call {
				RegistryCall::Bond(amount) | RegistryCall::BondMore(amount) => {
					*self.active.lock().unwrap() += amount;
					*self.usable.lock().unwrap() -= amount;
				}
				RegistryCall::Register { claim, terms, probe_key } => {
					let mut provider = crate::chain::fake::provider(&libp2p::PeerId::random());
					provider.peer_id = terms.peer_id.clone();
					provider.probe_key = Some(codec::Decode::decode(&mut &probe_key[..]).unwrap());
					(provider.claim, provider.endpoint, provider.region) =
						(*claim, terms.endpoint, terms.region);
					(provider.exit, provider.caps) = (terms.exit, terms.caps);
					provider.price_credits_per_gb = terms.price;
					*self.fake.provider.lock().unwrap() = Some(provider);
				}
				RegistryCall::Transfer { amount, .. } => *self.claims.lock().unwrap() += amount,
				other => panic!("{other:?}"),
			}
		}
		Ok(())
	}
}

/// Runs it in a folder; what it says.
async fn init(folder: &Path, office: &Office, arguments: &[&str], json: bool) -> Result<Vec<String>> {
	let mut options = options(arguments);
	(options.config, options.state) = (folder.join("etc/config.toml"), folder.join("state"));
	let said = Arc::new(Mutex::new(vec![]));
	let say = |line: String| {
		said.lock().unwrap().push(line);
		Ok(())
	};
	let chain = Chain { registry: office, view: &office.fake };
	run(&options, &options.wish()?, &Owner::Key(Box::new(owner())), chain, json, say).await?;
	let said = said.lock().unwrap().clone();
	Ok(said)
}

#[tokio::test]
async fn init_should_show_the_bill_and_touch_nothing_without_yes() {
	let (folder, office) = (tempfile::tempdir().unwrap(), Office::new(1_500 * WEIR));
	let said = init(folder.path(), &office, &[], false).await.unwrap();
	for line in [
		"claim          100 Mbit/s down, 40.5 Mbit/s up",
		"registration   DE residential, exit web, $0.05 per GB, at 203.0.113.7:40400",
		"caps           rate none, month none, sessions 64",
		"  NodeStaking.bond               1010 WEIR",
		"fee            0.03 WEIR",
		"in all         1030.03 WEIR",
		"Nothing was sent or written. The same with --yes does it.",
	] {
		assert!(said.iter().any(|known| known == line), "no {line:?} in {said:#?}");
	}
	assert_eq!((office.sent(), std::fs::read_dir(folder.path()).unwrap().count()), (vec![], 0));
	let json = init(folder.path(), &office, &[], true).await.unwrap();
	let value: Value = serde_json::from_str(&json[0]).unwrap();
	assert_eq!((&value["bond"], &value["missing"]), (&"1010000000000000".into(), &"0".into()));
	assert_eq!(value["files"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn init_should_register_once_however_often_it_is_run_and_wherever_it_died() {
	let (folder, office) = (tempfile::tempdir().unwrap(), Office::new(1_500 * WEIR));
	office.is_down.store(true, Ordering::SeqCst);
	let error = init(folder.path(), &office, &["--yes"], false).await.unwrap_err();
	assert!(error.to_string().contains("no chain endpoint is reachable"), "{error}");
	let key = || std::fs::read(folder.path().join("state/probe.key")).unwrap();
	let made = key();
	office.is_down.store(false, Ordering::SeqCst);
	// What an earlier run has sent is waited for.
	office.waiting.store(1, Ordering::SeqCst);
	let said = init(folder.path(), &office, &["--yes"], false).await.unwrap();
	assert!(said.iter().any(|line| line.starts_with("registered as provider 3")), "{said:#?}");
	let first = ["NodeStaking.bond", "Providers.register", "Balances.transfer_keep_alive"];
	assert_eq!(office.sent(), [first.map(str::to_owned).to_vec()]);
	assert_eq!(office.waiting.load(Ordering::SeqCst), 0);
	let again = init(folder.path(), &office, &["--yes"], false).await.unwrap();
	assert!(again.iter().any(|line| line == "nothing was left to send"), "{again:#?}");
	assert_eq!((office.sent().len(), key()), (1, made));
	let dry = init(folder.path(), &office, &[], false).await.unwrap();
	assert!(dry.iter().any(|line| line.starts_with("sends          nothing")), "{dry:#?}");
}

#[tokio::test]
async fn init_should_leave_nothing_behind_when_the_account_has_too_little() {
	let (folder, office) = (tempfile::tempdir().unwrap(), Office::new(1_000 * WEIR));
	let error = init(folder.path(), &office, &["--yes"], false).await.unwrap_err().to_string();
	assert!(
		error.contains("has 1000 WEIR free, and 1030.03 WEIR are needed; send 30.03 WEIR to it"),
		"{error}"
	);
	assert_eq!((office.sent(), std::fs::read_dir(folder.path()).unwrap().count()), (vec![], 0));
}
