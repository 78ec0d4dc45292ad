use super::*;
use crate::{
	chain::{
		fake::{provider, Bank, Fake},
		Clock,
	},
	store::{Carried, Kept},
};
use libp2p::PeerId;
use tokio::sync::watch;
use weir_primitives::{
	channel::{Voucher, VoucherKey},
	channels_api::ChannelState,
};
use weir_tunnel_core::{
	keys::ProbeKeypair,
	session::{sign_voucher, Record},
};

const PROVIDER: [u8; 32] = [2; 32];
const PRICE: u64 = 1_000_000_000;

fn key(n: u8) -> ProbeKeypair {
	ProbeKeypair::from_seed(&[n; 32]).unwrap()
}

/// Claims of a provider, and the chain they go to.
struct Office {
	bank: Arc<Bank>,
	facts: Arc<Facts>,
	owed: Arc<Owed>,
	store: Arc<Store>,
	metrics: Arc<Metrics>,
	changed: watch::Sender<Option<std::ops::Range<u64>>>,
	_folder: tempfile::TempDir,
}

impl Office {
	async fn open() -> Self {
		let folder = tempfile::tempdir().unwrap();
		let slot = clock::now() / 1_000_000;
		let chain = Arc::new(Fake::new([Clock { epoch: 5, slot: 0, first_slot: slot }]));
		*chain.provider.lock().unwrap() = Some(provider(&PeerId::random()));
		let bank = Arc::new(Bank::default());
		bank.books().epoch = 5;
		let facts = Arc::new(Facts::new(chain, bank.clone(), PROVIDER.into()));
		let (changed, measured) = watch::channel(None);
		let follow = tokio::spawn(facts.clone().follow(measured));
		let mut heard = facts.changed();
		tokio::time::timeout(Duration::from_secs(5), heard.changed()).await.unwrap().unwrap();
		follow.abort();
		let store = Arc::new(Store::open(folder.path()).unwrap());
		let (owed, metrics) = Default::default();
		Self { bank, facts, owed, store, metrics, changed, _folder: folder }
	}

	/// A channel of a credit a byte, with the key of this number.
	fn channel(&self, n: u8, credits: Credits) -> ChannelId {
		self.bank.put(&PROVIDER.into(), VoucherKey::Sr25519(key(n).public()), PRICE, credits)
	}

	fn owe(&self, n: u8, channel: ChannelId, credits: u64) -> SignedVoucher {
		let voucher =
			Voucher { channel, bytes_down: credits, bytes_up: 0, credits: credits.into(), sequence: 1 };
		let signed = sign_voucher(&key(n), &[7; 32], voucher);
		self.owed.add(signed);
		signed
	}

	fn claims(&self) -> Claims {
		let account = Account::of(subxt_signer::sr25519::dev::alice());
		let (facts, owed) = (self.facts.clone(), self.owed.clone());
		Claims::new(account, facts, owed, self.store.clone(), self.metrics.clone())
	}

	fn claimed(&self) -> Vec<Vec<(ChannelId, Credits)>> {
		let of = |signed: &SignedVoucher| (signed.voucher.channel, signed.voucher.credits);
		self.bank.books().claims.iter().map(|batch| batch.iter().map(of).collect()).collect()
	}
}

#[tokio::test]
async fn claim_should_wait_for_a_tenth_of_the_channel() {
	let office = Office::open().await;
	let channel = office.channel(1, 1_000);
	let mut claims = office.claims();
	office.owe(1, channel, 99);
	assert!(claims.file_due().await);
	assert_eq!(office.claimed(), Vec::<Vec<_>>::new());
	office.owe(1, channel, 100);
	assert!(claims.file_due().await);
	assert_eq!(office.claimed(), [[(channel, 100)]]);
	assert_eq!(office.metrics.credits_claimed.get(), 100);
	// The next tenth is one of its own, and what is paid is not claimed again.
	office.owe(1, channel, 199);
	assert!(claims.file_due().await);
	office.owe(1, channel, 200);
	assert!(claims.file_due().await && claims.file_due().await);
	assert_eq!(office.claimed(), [[(channel, 100)], [(channel, 200)]]);
	assert_eq!(office.metrics.credits_claimed.get(), 200);
	drop(office.changed);
}

#[tokio::test]
async fn claim_should_not_wait_when_the_channel_ends_or_the_process_has_started() {
	let office = Office::open().await;
	let (closing, expiring, left) =
		(office.channel(1, 1_000), office.channel(2, 1_000), office.channel(3, 1_000));
	{
		let mut books = office.bank.books();
		books.channels.get_mut(&closing).unwrap().state = ChannelState::Closing;
		books.channels.get_mut(&expiring).unwrap().expiry = 6;
	}
	office.owe(3, left, 1);
	let mut claims = office.claims();
	office.owe(1, closing, 1);
	office.owe(2, expiring, 1);
	let quiet = office.channel(4, 1_000);
	office.owe(4, quiet, 1);
	assert!(claims.file_due().await && claims.file_due().await);
	assert_eq!(office.claimed(), [[(closing, 1), (expiring, 1), (left, 1)]]);
	// And when it stops.
	let (stop, stopped) = oneshot::channel();
	stop.send(()).unwrap();
	tokio::time::timeout(Duration::from_secs(5), claims.run(stopped)).await.unwrap();
	assert_eq!(office.claimed().last().unwrap(), &[(quiet, 1)]);
}

#[tokio::test]
async fn claims_should_be_of_64_vouchers_at_most_and_go_on_when_some_are_refused() {
	let office = Office::open().await;
	for n in 0..70 {
		let channel = office.channel(n, 1_000);
		// Of one, the chain knows another key.
		office.owe(if n == 3 { 99 } else { n }, channel, 500);
	}
	let mut claims = office.claims();
	assert!(claims.file_due().await);
	assert_eq!(office.claimed().iter().map(Vec::len).collect::<Vec<_>>(), [64, 6]);
	assert_eq!(office.metrics.credits_claimed.get(), 69 * 500);
	// What was refused is not sent again and again.
	assert!(claims.file_due().await);
	assert_eq!(office.claimed().len(), 2);
}

#[tokio::test]
async fn voucher_for_more_than_there_was_should_be_claimed_again_when_the_channel_is_topped_up() {
	let office = Office::open().await;
	let channel = office.channel(1, 100);
	office.owe(1, channel, 150);
	let mut claims = office.claims();
	assert!(claims.file_due().await && claims.file_due().await);
	assert_eq!((office.claimed().len(), office.metrics.credits_claimed.get()), (1, 100));
	{
		let mut books = office.bank.books();
		let info = books.channels.get_mut(&channel).unwrap();
		(info.deposited, info.left) = (200, 100);
	}
	office.facts.fetch(channel).await.unwrap();
	assert!(claims.file_due().await);
	assert_eq!((office.claimed().len(), office.metrics.credits_claimed.get()), (2, 150));
}

#[tokio::test]
async fn channel_should_be_forgotten_when_the_chain_has_closed_it_and_not_when_it_is_silent() {
	let office = Office::open().await;
	let channel = office.channel(1, 1_000);
	let voucher = Some(office.owe(1, channel, 500));
	let kept = Kept { joined: 1, record: Record { voucher, ..Record::default() } };
	office.store.put_kept(&[(channel, kept)], Carried::default()).unwrap();
	let mut claims = office.claims();
	office.bank.books().is_offline = true;
	assert!(!claims.file_due().await, "it is tried again");
	assert_eq!(office.store.kept().unwrap().len(), 1);
	{
		let mut books = office.bank.books();
		books.is_offline = false;
		books.channels.remove(&channel);
	}
	assert!(claims.file_due().await);
	assert!(office.store.kept().unwrap().is_empty() && office.owed.vouchers().is_empty());
}
