//! A chain of this pallet alone, with a clock, a market, credits and a till that tests set and read.

#![allow(unreachable_pub, reason = "what a runtime plugs into a Config may not be private")]

use crate::{self as pallet_channels, *};
use alloc::{collections::BTreeMap, vec::Vec};
use codec::{Decode, Encode};
use frame_support::{derive_impl, ensure, parameter_types, traits::Hooks, weights::Weight};
use sp_core::{ed25519, sr25519, Pair};
use sp_runtime::{BuildStorage, DispatchError, DispatchResult};
use weir_primitives::{
	channel::{
		close_payload, voucher_payload, ChannelId, SignedVoucher, Voucher, VoucherKey, VoucherSignature,
	},
	economy::{Credits, Parameters, Tokens},
	seams::{
		economy::{CreditAccounts, PaidTraffic},
		EpochClock, Offer, Offers,
	},
	EpochIndex, LineKind, ProbeKey, ProbeSignature, Region, SlotOffset,
};

pub(crate) type AccountId = u64;

pub(crate) const ALICE: AccountId = 1;
pub(crate) const BOB: AccountId = 2;
pub(crate) const CAROL: AccountId = 3;
/// Somebody without credits.
pub(crate) const DAVE: AccountId = 4;
pub(crate) const PROVIDER: AccountId = 10;
/// Another provider.
pub(crate) const OTHER: AccountId = 11;
/// What each account with credits begins with.
pub(crate) const FUNDS: Credits = 1_000_000;
pub(crate) const MIN: Credits = 100;
pub(crate) const START: EpochIndex = 20;
/// Epochs of a plan's month.
pub(crate) const MONTH: EpochIndex = 30;
/// What every provider asks for unless a test says otherwise: the list price.
pub(crate) const PRICE: u64 = 50_000;
/// Bytes of which a credit is the price.
pub(crate) const BYTES_PER_CREDIT: u64 = 20_000;
pub(crate) const TERMS: [u8; 32] = [7; 32];
/// What the system puts in the place of the first block's hash.
pub(crate) const GENESIS: [u8; 32] = [69; 32];
pub(crate) const REGION: Region = Region { country: *b"DE", kind: LineKind::Residential };

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system,
		Payments: pallet_channels,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = frame_system::mocking::MockBlock<Test>;
}

/// Credits of an account, and where those went that it has no more.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub(crate) struct Purse {
	pub(crate) free: Credits,
	pub(crate) locked: Credits,
	/// What providers got.
	pub(crate) paid: Credits,
	pub(crate) lapsed: Credits,
}

impl Purse {
	/// What it has.
	pub(crate) fn left(&self) -> Credits {
		self.free + self.locked
	}

	/// All that it ever was given.
	pub(crate) fn all(&self) -> Credits {
		self.left() + self.paid + self.lapsed
	}
}

/// What a provider offers.
#[derive(Clone, Encode, Decode)]
pub(crate) struct Listing {
	pub(crate) price: u64,
	pub(crate) terms: [u8; 32],
	pub(crate) region: Region,
	pub(crate) has_key: bool,
	pub(crate) in_service: bool,
}

impl Default for Listing {
	fn default() -> Self {
		Self { price: PRICE, terms: TERMS, region: REGION, has_key: true, in_service: true }
	}
}

/// What refuses to do its work.
#[derive(Clone, Copy, Default, Encode, Decode)]
pub(crate) struct Refusing {
	pub(crate) traffic: bool,
	pub(crate) lapse: bool,
	pub(crate) unlock: bool,
}

/// One call of the till: who paid how much, to whom, and what of it counts where.
pub(crate) type Payment = (Vec<(AccountId, Credits)>, AccountId, Option<(Region, Credits)>);

// In storage, so that it is rolled back with everything else.
parameter_types! {
	pub storage Epoch: EpochIndex = START;
	pub storage TestParameters: Parameters = Parameters { list_price: PRICE, ..Parameters::default() };
	pub const MinDeposit: Credits = MIN;
	pub const PlanEpochs: EpochIndex = MONTH;
	pub(crate) storage Purses: BTreeMap<AccountId, Purse> =
		[ALICE, BOB, CAROL].map(|who| (who, Purse { free: FUNDS, ..Purse::default() })).into();
	pub(crate) storage Market: BTreeMap<AccountId, Listing> = [PROVIDER, OTHER].map(|who| (who, Listing::default())).into();
	pub(crate) storage Till: Vec<Payment> = Vec::new();
	/// Whose accounts were empty when a channel ended.
	pub(crate) storage Forgotten: Vec<AccountId> = Vec::new();
	pub(crate) storage Broken: Refusing = Refusing::default();
}

pub(crate) fn purse(who: AccountId) -> Purse {
	Purses::get().get(&who).copied().unwrap_or_default()
}

fn change_purse(
	who: AccountId,
	change: impl FnOnce(&mut Purse) -> Result<(), DispatchError>,
) -> DispatchResult {
	let mut purses = Purses::get();
	change(purses.entry(who).or_default())?;
	Purses::set(&purses);
	Ok(())
}

pub(crate) fn change_listing(who: AccountId, change: impl FnOnce(&mut Listing)) {
	let mut market = Market::get();
	change(market.entry(who).or_default());
	Market::set(&market);
}

/// The provider is registered no more.
pub(crate) fn unregister(who: AccountId) {
	let mut market = Market::get();
	market.remove(&who);
	Market::set(&market);
}

pub(crate) fn set_list_price(list_price: u64) {
	TestParameters::set(&Parameters { list_price, ..TestParameters::get() });
}

pub struct Clock;
impl EpochClock for Clock {
	fn epoch() -> EpochIndex {
		Epoch::get()
	}
	fn slot_in_epoch() -> SlotOffset {
		0
	}
}

pub struct Providers;
impl Offers<AccountId> for Providers {
	fn offer(provider: &AccountId) -> Option<Offer> {
		let listing = Market::get().remove(provider)?;
		Some(Offer {
			price_credits_per_gb: listing.price,
			terms_hash: listing.terms,
			region: listing.region,
			probe_key: listing.has_key.then(|| probe_key(*provider)),
			in_service: listing.in_service,
		})
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn offer_for_benchmark(who: &AccountId, _: u32) -> Offer {
		change_listing(*who, |_| ());
		Self::offer(who).unwrap()
	}
}

pub struct Accounts;
impl CreditAccounts<AccountId> for Accounts {
	fn free(who: &AccountId) -> Credits {
		purse(*who).free
	}
	fn locked(who: &AccountId) -> Credits {
		purse(*who).locked
	}
	fn lock(who: &AccountId, credits: Credits) -> DispatchResult {
		change_purse(*who, |purse| {
			purse.free = purse.free.checked_sub(credits).ok_or("free")?;
			purse.locked += credits;
			Ok(())
		})
	}
	fn unlock(who: &AccountId, credits: Credits) -> DispatchResult {
		ensure!(credits > 0, "zero");
		ensure!(!Broken::get().unlock, "unlock");
		change_purse(*who, |purse| {
			purse.locked = purse.locked.checked_sub(credits).ok_or("locked")?;
			purse.free += credits;
			Ok(())
		})
	}
	fn forget_empty(who: &AccountId) {
		if purse(*who).left() == 0 {
			let mut forgotten = Forgotten::get();
			forgotten.push(*who);
			Forgotten::set(&forgotten);
		}
	}
	fn all_locked() -> Credits {
		Purses::get().values().map(|purse| purse.locked).sum()
	}
	fn lapse(who: &AccountId, credits: Credits) -> Result<Tokens, DispatchError> {
		ensure!(credits > 0, "zero");
		change_purse(*who, |purse| {
			purse.locked = purse.locked.checked_sub(credits).ok_or("locked")?;
			purse.lapsed += credits;
			Ok(())
		})?;
		// What it has done by then is to be undone.
		ensure!(!Broken::get().lapse, "lapse");
		Ok(credits)
	}
	fn charge_fee(_: &AccountId, _: Credits) -> Result<Tokens, DispatchError> {
		Err(DispatchError::Unavailable)
	}
	#[cfg(feature = "runtime-benchmarks")]
	fn fund_for_benchmark(who: &AccountId, credits: Credits) {
		change_purse(*who, |purse| {
			purse.free += credits;
			Ok(())
		})
		.unwrap();
	}
}

pub struct Traffic;
impl PaidTraffic<AccountId> for Traffic {
	fn paid_by_many(
		payments: &[(AccountId, Credits)],
		provider: &AccountId,
		demand: Option<(&Region, Credits)>,
	) -> Result<EpochIndex, DispatchError> {
		ensure!(!payments.is_empty(), "zero");
		for (who, credits) in payments {
			ensure!(*credits > 0, "zero");
			change_purse(*who, |purse| {
				purse.locked = purse.locked.checked_sub(*credits).ok_or("locked")?;
				purse.paid += credits;
				Ok(())
			})?;
		}
		let mut till = Till::get();
		till.push((payments.to_vec(), *provider, demand.map(|(region, credits)| (*region, credits))));
		Till::set(&till);
		// What it has done by then is to be undone.
		ensure!(!Broken::get().traffic, "traffic");
		Ok(Epoch::get())
	}
	fn weight_of_many(payments: u32) -> Weight {
		Weight::from_parts(1_000, 10).saturating_mul(payments.into())
	}
}

impl Config for Test {
	type Clock = Clock;
	type Offers = Providers;
	type Credits = Accounts;
	type Traffic = Traffic;
	type Parameters = TestParameters;
	type MinDeposit = MinDeposit;
	type PlanEpochs = PlanEpochs;
	type WeightInfo = ();
}

/// Signs vouchers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Signer {
	Sr25519(u8),
	Ed25519(u8),
}

/// Signs those of channels that tests open.
pub(crate) const SIGNER: Signer = Signer::Sr25519(1);

impl Signer {
	pub(crate) fn key(self) -> VoucherKey {
		match self {
			Self::Sr25519(seed) => VoucherKey::Sr25519(sr25519::Pair::from_seed(&[seed; 32]).public().0),
			Self::Ed25519(seed) => VoucherKey::Ed25519(ed25519::Pair::from_seed(&[seed; 32]).public().0),
		}
	}

	pub(crate) fn sign(self, genesis: &[u8; 32], voucher: Voucher) -> SignedVoucher {
		let payload = voucher_payload(genesis, &voucher);
		let signature = match self {
			Self::Sr25519(seed) => {
				VoucherSignature::Sr25519(sr25519::Pair::from_seed(&[seed; 32]).sign(&payload).0)
			}
			Self::Ed25519(seed) => {
				VoucherSignature::Ed25519(ed25519::Pair::from_seed(&[seed; 32]).sign(&payload).0)
			}
		};
		SignedVoucher { voucher, signature }
	}
}

fn probe_pair(provider: AccountId) -> sr25519::Pair {
	sr25519::Pair::from_seed(&[100 + provider as u8; 32])
}

pub(crate) fn probe_key(provider: AccountId) -> ProbeKey {
	probe_pair(provider).public().into()
}

/// What the provider signs to agree to an end.
pub(crate) fn agreement(provider: AccountId, channel: ChannelId, credits: Credits) -> ProbeSignature {
	probe_pair(provider).sign(&close_payload(&GENESIS, channel, credits)).into()
}

/// A voucher of so many credits, for as many bytes as they cost.
pub(crate) fn voucher(channel: ChannelId, credits: Credits) -> Voucher {
	let bytes = u64::try_from(credits).unwrap() * BYTES_PER_CREDIT;
	Voucher { channel, bytes_down: bytes / 4 * 3, bytes_up: bytes / 4, credits, sequence: 1 }
}

/// The same by the key of the channels that tests open.
pub(crate) fn signed_voucher(channel: ChannelId, credits: Credits) -> SignedVoucher {
	SIGNER.sign(&GENESIS, voucher(channel, credits))
}

/// What opens a channel of so many credits for fifty epochs.
pub(crate) fn opening(credits: Credits) -> Opening<AccountId> {
	Opening {
		provider: PROVIDER,
		credits,
		voucher_key: SIGNER.key(),
		expiry: Epoch::get() + 50,
		boost: 100,
		terms_hash: TERMS,
		from_plan: false,
	}
}

/// What the hook does when so much of a block is left. Returns what it used.
pub(crate) fn idle(remaining: Weight) -> Weight {
	let used = Payments::on_idle(System::block_number(), remaining);
	assert!(used.all_lte(remaining), "{used} of {remaining}");
	used
}

pub(crate) fn new_test_ext() -> sp_io::TestExternalities {
	let storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
	let mut ext = sp_io::TestExternalities::from(storage);
	// Events are not kept in the genesis block.
	ext.execute_with(|| System::set_block_number(1));
	ext
}

/// Runs the test, then checks the invariants.
pub(crate) fn build_and_execute(test: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		test();
		Payments::do_try_state().unwrap();
	});
}

/// A chain with a keystore, for benchmarks as tests.
#[cfg(feature = "runtime-benchmarks")]
pub(crate) fn with_keystore() -> sp_io::TestExternalities {
	let mut ext = new_test_ext();
	ext.register_extension(sp_keystore::KeystoreExt::new(sp_keystore::testing::MemoryKeystore::new()));
	ext
}
