//! A chain without a network: blocks are built and executed in this process, and every seat is driven by hand.

use crate::*;
use codec::Encode;
use frame_support::dispatch::GetDispatchInfo;
use pallet_proof_of_bandwidth::assignment::Draw;
use sp_consensus_babe::{
	digests::{PreDigest, SecondaryVRFPreDigest},
	make_vrf_transcript, VrfInput, RANDOMNESS_VRF_CONTEXT,
};
use sp_core::crypto::VrfSecret;
use sp_keyring::Sr25519Keyring;
use sp_runtime::{
	traits::{Dispatchable, Header as _},
	BuildStorage, Digest, DigestItem, DispatchResult,
};
use std::collections::BTreeMap;
use weir_math::economy::Ledger;
use weir_primitives::{
	economy::{Price as TokenPrice, Round},
	price::report_payload,
	report::{commit_payload, commitment, entries_root, Entry, EntryKind},
	seams::{economy::Pricing, EpochClock},
	Claim, Endpoint, EpochIndex, ExitClass, LineKind, ProviderIndex, Region, Role, Timing,
};

/// Providers of the story, each with a seat of its own.
pub(crate) const PROVIDERS: [Sr25519Keyring; 8] = [
	Sr25519Keyring::Eve,
	Sr25519Keyring::Ferdie,
	Sr25519Keyring::AliceStash,
	Sr25519Keyring::BobStash,
	Sr25519Keyring::CharlieStash,
	Sr25519Keyring::DaveStash,
	Sr25519Keyring::EveStash,
	Sr25519Keyring::FerdieStash,
];
/// Validators of the local preset.
pub(crate) const VALIDATORS: [Sr25519Keyring; 4] =
	[Sr25519Keyring::Alice, Sr25519Keyring::Bob, Sr25519Keyring::Charlie, Sr25519Keyring::Dave];
/// Those who report the price.
pub(crate) const REPORTERS: [Sr25519Keyring; 3] =
	[Sr25519Keyring::Alice, Sr25519Keyring::Bob, Sr25519Keyring::Charlie];
/// What each provider claims, both ways.
pub(crate) const CLAIM_KBPS: u32 = 20_000;
/// What each provider has bonded.
pub(crate) const BOND: Balance = 1_000 * WEIR;

type Salt = [u8; 32];

/// What an attestor says of a provider: kbps both ways; none for no entry.
pub(crate) type Says<'a> = dyn Fn(Sr25519Keyring, ProviderIndex, EpochIndex) -> Option<u32> + 'a;

/// The genesis state of a preset.
pub(crate) fn genesis(preset: &str) -> sp_io::TestExternalities {
	let json = presets::get_preset(&preset.into()).expect("the preset exists");
	let mut full = serde_json::to_value(RuntimeGenesisConfig::default()).expect("genesis is JSON");
	let patch: serde_json::Value = serde_json::from_slice(&json).expect("presets are JSON");
	merge(&mut full, patch);
	let config: RuntimeGenesisConfig = serde_json::from_value(full).expect("the preset is a genesis");
	config.build_storage().expect("the genesis builds").into()
}

fn merge(into: &mut serde_json::Value, patch: serde_json::Value) {
	match (into, patch) {
		(serde_json::Value::Object(into), serde_json::Value::Object(patch)) => {
			for (key, value) in patch {
				merge(into.entry(key).or_insert(serde_json::Value::Null), value);
			}
		}
		(into, patch) => *into = patch,
	}
}

/// Blocks in a row, each in its own slot.
#[derive(Clone)]
pub(crate) struct Chain {
	slot: u64,
	timing: Timing,
	parent: Hash,
	/// Entries and salts between commit and reveal.
	reports: BTreeMap<(EpochIndex, [u8; 32]), (Vec<Entry>, Salt)>,
	/// Whether no seat hands anything in: not even that it measured nothing.
	silent: bool,
	/// What reporters say that a token is worth; none if they say nothing.
	price: Option<TokenPrice>,
	/// The last round in which they said it.
	priced: Option<Round>,
}

impl Chain {
	pub(crate) fn start() -> Self {
		Self {
			slot: 1_000_000,
			timing: ProofOfBandwidth::timing(),
			parent: System::block_hash(0),
			reports: BTreeMap::new(),
			silent: false,
			price: None,
			priced: None,
		}
	}

	/// From now on reporters say in each round that a token is worth `price`, or nothing.
	pub(crate) fn quote(&mut self, price: Option<TokenPrice>) {
		self.price = price;
	}

	/// From now on no report of a seat reaches the chain.
	pub(crate) fn silence(&mut self) {
		self.silent = true;
	}

	/// A chain on which every provider of the story is registered and has its seat.
	pub(crate) fn with_providers() -> Self {
		let chain = Self::with_lines();
		sit_all();
		chain
	}

	/// A chain on which every provider of the story is registered and in service.
	pub(crate) fn with_lines() -> Self {
		let mut chain = Self::start();
		chain.block(&|_, _, _| None);
		for (n, provider) in PROVIDERS.into_iter().enumerate() {
			join(n as u8, provider).expect("the provider joins");
		}
		chain.until_epoch(1, &|_, _, _| None);
		chain
	}

	/// Who makes the next block: each authority in turn, but for those disabled.
	pub(crate) fn next_author(&self) -> u32 {
		let set = Session::validators();
		let disabled: Vec<_> =
			Session::disabled_validators().into_iter().map(|index| &set[index as usize]).collect();
		let authorities = epoch_of(self.slot + 1).authorities;
		(self.slot + 1..)
			.map(|turn| (turn % authorities.len() as u64) as u32)
			.find(|index| !disabled.contains(&&signer(&authorities[*index as usize].0).to_account_id()))
			.expect("never are all disabled")
	}

	/// The randomness that the next block will bring.
	pub(crate) fn next_randomness(&self) -> [u8; 32] {
		let (signer, input) = vrf(self.next_author(), self.slot + 1);
		signer.pair().make_bytes(RANDOMNESS_VRF_CONTEXT, &input)
	}

	/// Leaves so many slots without a block.
	pub(crate) fn skip(&mut self, slots: u64) {
		self.slot += slots;
	}

	/// Builds one block in the next slot, with what the seats have to say.
	pub(crate) fn block(&mut self, says: &Says) {
		self.block_with(says, || {});
	}

	/// As [`Self::block`], with what `inside` does after the inherents.
	pub(crate) fn block_with(&mut self, says: &Says, inside: impl FnOnce()) {
		let authority_index = self.next_author();
		self.slot += 1;
		let digest = Digest { logs: vec![pre_digest(authority_index, self.slot)] };
		let number = System::block_number() + 1;
		let header = Header::new(number, Default::default(), Default::default(), self.parent, digest);
		Executive::initialize_block(&header);
		let time =
			RuntimeCall::Timestamp(pallet_timestamp::Call::set { now: self.slot * self.timing.slot_millis });
		Executive::apply_extrinsic(UncheckedExtrinsic::new_bare(time))
			.expect("valid")
			.expect("the time is set");
		self.submit_prices();
		self.submit_reports(says);
		inside();
		self.parent = Executive::finalize_block().hash();
	}

	/// Runs until `epoch` begins.
	pub(crate) fn until_epoch(&mut self, epoch: EpochIndex, says: &Says) {
		while ProofOfBandwidth::epoch() < epoch {
			self.block(says);
			check_invariants();
		}
	}

	/// Once a round, as far as the brakes of the chain let it pass.
	fn submit_prices(&mut self) {
		let round = Price::round();
		let Some(price) = self.price.filter(|_| self.priced != Some(round)) else { return };
		self.priced = Some(round);
		for reporter in REPORTERS {
			let who = reporter.to_account_id();
			let payload = report_payload(&System::block_hash(0), round, &who, price);
			let signature = reporter.sign(&payload).into();
			let report = pallet_price::Call::report { round, price, who, signature };
			let _ = Executive::apply_extrinsic(general(report.into()));
		}
	}

	fn submit_reports(&mut self, says: &Says) {
		let (epoch, slot, _) = ProofOfBandwidth::clock();
		let Some(measured) = epoch.checked_sub(1).filter(|_| !self.silent) else { return };
		if slot == self.timing.commit_from {
			for seat in VALIDATORS.into_iter().chain(PROVIDERS) {
				self.commit(seat, measured, says);
			}
		}
		if slot == self.timing.reveal_from {
			for seat in VALIDATORS.into_iter().chain(PROVIDERS) {
				self.reveal(seat, measured);
			}
		}
	}

	fn commit(&mut self, seat: Sr25519Keyring, measured: EpochIndex, says: &Says) {
		let node = seat.to_account_id();
		let entries: Vec<_> = (0..PROVIDERS.len() as ProviderIndex)
			.filter(|provider| ProofOfBandwidth::assignment(measured, *provider).contains(&node))
			.filter_map(|provider| Some(entry(provider, says(seat, provider, measured)?)))
			.collect();
		let salt = [measured as u8; 32];
		let genesis = System::block_hash(0);
		let hash = commitment(&genesis, measured, &node, &entries_root(&entries), &salt);
		let signature = seat.sign(&commit_payload(&genesis, measured, &node, &hash)).into();
		let call =
			pallet_proof_of_bandwidth::Call::commit { epoch: measured, node, commitment: hash, signature };
		if self.authorized(call) {
			self.reports.insert((measured, seat.to_raw_public()), (entries, salt));
		}
	}

	fn reveal(&mut self, seat: Sr25519Keyring, measured: EpochIndex) {
		let Some((entries, salt)) = self.reports.remove(&(measured, seat.to_raw_public())) else { return };
		let entries = entries.try_into().expect("few entries");
		let call = pallet_proof_of_bandwidth::Call::reveal {
			epoch: measured,
			node: seat.to_account_id(),
			entries,
			salt,
		};
		assert!(self.authorized(call), "a committed report is revealed");
	}

	/// Applies a call as a fee-less authorised transaction. False if it is refused, as for a seat not on duty.
	fn authorized(&self, call: pallet_proof_of_bandwidth::Call<Runtime>) -> bool {
		matches!(Executive::apply_extrinsic(general(call.into())), Ok(Ok(())))
	}
}

/// A transaction without a signature, as a worker makes it of a call that is authorised by itself.
pub(crate) fn general(call: RuntimeCall) -> UncheckedExtrinsic {
	use frame_system::offchain::CreateAuthorizedTransaction;
	<Runtime as CreateAuthorizedTransaction<RuntimeCall>>::create_authorized_transaction(call)
}

/// The claim of an authority to a slot, with the randomness it brings.
pub(crate) fn pre_digest(authority_index: u32, slot: u64) -> DigestItem {
	let (signer, input) = vrf(authority_index, slot);
	let vrf_signature = signer.pair().vrf_sign(&input.into());
	let pre_digest =
		PreDigest::SecondaryVRF(SecondaryVRFPreDigest { authority_index, slot: slot.into(), vrf_signature });
	DigestItem::PreRuntime(sp_consensus_babe::BABE_ENGINE_ID, pre_digest.encode())
}

/// Who signs the claim of an authority to a slot, and over what.
fn vrf(authority_index: u32, slot: u64) -> (Sr25519Keyring, VrfInput) {
	let epoch = epoch_of(slot);
	let (authority, _) = &epoch.authorities[authority_index as usize];
	(signer(authority), make_vrf_transcript(&epoch.randomness, slot.into(), epoch.epoch_index))
}

/// The epoch of a block in `slot`, as the state before that block foretells it.
fn epoch_of(slot: u64) -> sp_consensus_babe::Epoch {
	let epoch = Babe::current_epoch();
	// The first block sets the slot from which epochs count.
	let begun = *pallet_babe::GenesisSlot::<Runtime>::get() > 0;
	if begun && slot >= *epoch.start_slot + epoch.duration {
		Babe::next_epoch()
	} else {
		epoch
	}
}

/// Whose key an authority is.
fn signer(authority: &sp_consensus_babe::AuthorityId) -> Sr25519Keyring {
	let mut accounts = VALIDATORS.into_iter().chain(PROVIDERS);
	let found = accounts.find(|keyring| *authority == keyring.public().into());
	found.expect("validators of these tests have the keys of their accounts")
}

/// What each member sees of a line of `line_kbps` that serves all that load it evenly: at most what it offers.
pub(crate) fn share(line_kbps: u32, provider: ProviderIndex, epoch: EpochIndex) -> u32 {
	let mut draw = Draw::<Runtime>::of(epoch).expect("a retained epoch");
	let test = draw.test_of(provider).expect("only tests are reported on");
	let members: Vec<_> = draw.members_of(&test).into_iter().flatten().collect();
	let offered = weir_math::committee::quota_kbps(CLAIM_KBPS, members.len() as u16);
	let mut idle = |member: &AccountId| {
		let own = draw.own_run(member);
		*member == test.account || draw.is_busy(own.as_ref(), &test)
	};
	let loading = members.len() - members.iter().filter(|member| idle(member)).count();
	offered.min(line_kbps / loading.max(1) as u32)
}

/// What is reported of so many kbps both ways, without a receipt.
pub(crate) fn entry(provider: ProviderIndex, kbps: u32) -> Entry {
	Entry {
		provider,
		kind: EntryKind::Measured,
		down_kbps: kbps,
		up_kbps: kbps,
		rtt_10us: 1_000,
		loss_pptt: 0,
		liveness: [255; 5],
		receipt: [0; 5],
	}
}

/// Dispatches as a signed call would be.
pub(crate) fn dispatch(signer: Sr25519Keyring, call: impl Into<RuntimeCall>) -> DispatchResult {
	let call = call.into();
	assert!(call.get_dispatch_info().total_weight().any_gt(Default::default()), "every call has a weight");
	call.dispatch(RuntimeOrigin::signed(signer.to_account_id())).map(|_| ()).map_err(|error| error.error)
}

fn endpoint(n: u8) -> Endpoint {
	Endpoint::V4 { addr: [127, n + 21, 0, 1], port: 9_600 }
}

/// The registration of the `n`-th provider.
pub(crate) fn registration(n: u8, provider: Sr25519Keyring) -> pallet_providers::Call<Runtime> {
	pallet_providers::Call::register {
		claim: Claim { down_kbps: CLAIM_KBPS, up_kbps: CLAIM_KBPS },
		terms: pallet_providers::Terms {
			endpoint: endpoint(n),
			peer_id: peer_id(n),
			region: Region { country: *b"DE", kind: LineKind::Residential },
			exit: ExitClass::Web,
			price_credits_per_gb: 50_000,
			caps: weir_primitives::Caps { rate_kbps: 0, gb_per_month: 0, sessions: 0 },
		},
		probe_key: Some(provider.public().into()),
	}
}

/// Bonds and registers the `n`-th provider.
pub(crate) fn join(n: u8, provider: Sr25519Keyring) -> DispatchResult {
	dispatch(provider, pallet_node_staking::Call::bond { role: Role::Provider, amount: BOND })?;
	dispatch(provider, registration(n, provider))
}

/// Takes the `n`-th provider's seat, once it is in service.
pub(crate) fn sit(n: u8, provider: Sr25519Keyring) -> DispatchResult {
	let (key, endpoint) = (provider.public().into(), endpoint(n));
	dispatch(
		provider,
		pallet_proof_of_bandwidth::Call::take_seat { key, endpoint, uplink_kbps: 10_000, country: *b"DE" },
	)
}

/// Takes the seat of every provider of the story.
pub(crate) fn sit_all() {
	for (n, provider) in PROVIDERS.into_iter().enumerate() {
		sit(n as u8, provider).expect("the provider takes its seat");
	}
}

/// An identity multihash of a protobuf-encoded Ed25519 key.
fn peer_id(n: u8) -> pallet_providers::PeerId {
	let mut bytes = vec![0x00, 0x24, 0x08, 0x01, 0x12, 0x20];
	bytes.extend([n; 32]);
	bytes.try_into().expect("38 bytes")
}

/// The supply ledger.
pub(crate) fn ledger() -> Ledger {
	BurnMint::ledger()
}

/// Checks the numbered invariants of all pallets of ours, and the laws of the supply.
pub(crate) fn check_invariants() {
	NodeStaking::do_try_state().expect("invariants of node-staking");
	Validators::do_try_state().expect("invariants of validators");
	Providers::do_try_state().expect("invariants of providers");
	ProofOfBandwidth::do_try_state().expect("invariants of proof-of-bandwidth");
	Governance::do_try_state().expect("invariants of governance");
	Price::do_try_state().expect("invariants of price");
	Regions::do_try_state().expect("invariants of regions");
	Rewards::do_try_state().expect("invariants of rewards");
	BurnMint::do_try_state().expect("invariants of burn-mint");
	Channels::do_try_state().expect("invariants of channels");
	check_emptied();
	check_supply();
}

/// Checks that an account without credits is kept only as long as vouchers may have emptied it.
fn check_emptied() {
	let payers: Vec<_> =
		pallet_channels::Channels::<Runtime>::iter_values().map(|channel| channel.payer).collect();
	for (who, account) in pallet_burn_mint::Accounts::<Runtime>::iter() {
		assert!(account.balance + account.locked > 0 || payers.contains(&who), "{who:?} is kept for nothing");
	}
}

/// Checks that every token of the cap is accounted for, and that what exists is what accounts hold.
pub(crate) fn check_supply() {
	let ledger = ledger();
	assert_eq!(ledger.check(), Ok(()), "{ledger:?}");
	assert_eq!(ledger.issuance, Balances::total_issuance(), "the ledger's issuance is that of the balances");
	let held: Balance = frame_system::Account::<Runtime>::iter_values()
		.map(|account| account.data.free + account.data.reserved)
		.sum();
	assert_eq!(held, ledger.issuance, "issuance is what the accounts hold");
}
