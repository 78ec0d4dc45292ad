//! What a test writes into the state of a node so that there is something to read.

use crate::node::{account, PROVIDER};
use codec::{Compact, Decode, Encode};
use polkadot_sdk::*;
use sp_io::hashing::{blake2_128, twox_128, twox_64};
use sp_keyring::Sr25519Keyring;
use weir_primitives::{
	api::{Outcome, Reason, TestKind, VerdictRecord},
	outage::Gap,
	Claim, LineKind, Region,
};
use weir_runtime::{
	configs::measuring::{self, Concluded, OutageChange},
	AccountId, RuntimeEvent,
};

/// Where something is stored, and what.
pub(crate) type Item = (Vec<u8>, Vec<u8>);

/// Events of Proof-of-Bandwidth, by their indices: a verdict, one that was revised, an outage, and its end.
const REACHED: u8 = 9;
const REVISED: u8 = 19;
const RECORDED: u8 = 29;
const CLOSED: u8 = 33;
/// An outage that is over.
const GAP: Gap = Gap { from_slot: 40, until_slot: 50, is_regional: true };

/// Where a pallet stores what it has at `keys`, of which each comes with its hash.
pub(crate) fn place(pallet: &str, name: &str, keys: &[Vec<u8>]) -> Vec<u8> {
	let prefix = [twox_128(pallet.as_bytes()), twox_128(name.as_bytes())].concat();
	[prefix, keys.concat()].concat()
}

/// A key with its hash, as maps have it whose keys nobody chooses.
fn twox(key: u32) -> Vec<u8> {
	let key = key.encode();
	[twox_64(&key).to_vec(), key].concat()
}

/// An account with its hash, as maps have it.
pub(crate) fn blake(who: Sr25519Keyring) -> Vec<u8> {
	let key = account(who).encode();
	[blake2_128(&key).to_vec(), key].concat()
}

fn record() -> VerdictRecord {
	VerdictRecord {
		epoch: 4,
		kind: TestKind::Admission,
		claim: Claim { down_kbps: 20_000, up_kbps: 10_000 },
		down_kbps: 13_000,
		up_kbps: 9_000,
		ratio_ppm: 650_000,
		members: 5,
		present: 4,
		rtt_10us: 1_234,
		loss_pptt: 60,
		alive_parts: 39,
		outcome: Outcome::ClaimLowered,
		reason: Reason::BelowThreeQuarters,
	}
}

fn event(variant: u8, fields: impl Encode) -> RuntimeEvent {
	RuntimeEvent::decode(&mut &(53u8, variant, fields).encode()[..]).unwrap()
}

/// The events of a block in which these happened.
fn events(events: Vec<RuntimeEvent>) -> Item {
	let records: Vec<_> = events
		.into_iter()
		.map(|event| {
			let phase = frame_system::Phase::Initialization;
			frame_system::EventRecord::<_, weir_runtime::Hash> { phase, event, topics: vec![] }
		})
		.collect();
	(place("System", "Events", &[]), records.encode())
}

/// The events of a block in which a test of the provider was concluded, and concluded anew after a dispute.
pub(crate) fn verdict_events() -> Item {
	let (who, provider) = PROVIDER;
	let concluded = [(REACHED, false), (REVISED, true)].map(|(variant, revised)| {
		let event = event(variant, (provider, account(who), record()));
		let concluded = Concluded { provider, account: account(who), verdict: record(), revised };
		assert_eq!(measuring::concluded(event.clone()), Some(concluded));
		event
	});
	events(concluded.into())
}

/// The events of a block in which an outage of the provider was recorded and was over.
pub(crate) fn outage_events() -> Item {
	let (who, provider) = PROVIDER;
	let recorded = event(RECORDED, (provider, account(who), GAP.from_slot));
	let closed = event(CLOSED, (provider, account(who), GAP));
	for (event, gap) in [(&recorded, None), (&closed, Some(GAP))] {
		let change = OutageChange { provider, account: account(who), from_slot: GAP.from_slot, gap };
		assert_eq!(measuring::outage(event), Some(change));
	}
	events(vec![recorded, closed])
}

/// The events of a block as another release may have written them: a list of one, whose phase does not exist here.
pub(crate) fn foreign_events() -> Item {
	(place("System", "Events", &[]), vec![u8::MAX].encode())
}

/// The last verdicts on the provider: the newest one, and what stays of one four epochs before.
pub(crate) fn verdicts() -> Item {
	let (down, up): ([u8; 3], [u8; 3]) = ([0x20, 0x4e, 0], [0x10, 0x27, 0]);
	let past = (Compact(4u32), TestKind::Admission, down, up, Reason::WithinClaim);
	let newest = VerdictRecord { epoch: 8, ..record() };
	(place("ProofOfBandwidth", "Verdicts", &[twox(PROVIDER.1)]), (newest, vec![past]).encode())
}

/// What the verdict of epoch 4 on the provider stands on: nobody's word.
pub(crate) fn evidence() -> Item {
	let (list, class, ordinal, committee) = (1u8, 0u8, 11u32, (0u8, 5u16));
	let (voices, until, before, slash, appealed) = (Vec::<u8>::new(), 100u32, 0u8, None::<u32>, false);
	let test = (list, class, ordinal, committee);
	let value = (account(PROVIDER.0), record(), test, voices, until, before, slash, appealed);
	(place("ProofOfBandwidth", "Evidences", &[twox(PROVIDER.1), twox(record().epoch)]), value.encode())
}

/// An outage of the provider since slot 60, and one that is over.
pub(crate) fn outages() -> [Item; 2] {
	let who = account(PROVIDER.0);
	let region = Region { country: *b"DE", kind: LineKind::Residential };
	let lasting = (who.clone(), who, 60u64, region, Vec::<AccountId>::new(), 0u32);
	let place = |name| place("ProofOfBandwidth", name, &[twox(PROVIDER.1)]);
	// As the chain keeps it: the first slot, and the slots it lasted, twice, and one more for a regional one.
	let gap = (GAP.from_slot as u32, Compact((GAP.until_slot - GAP.from_slot) as u32 * 2 + 1));
	[(place("Outages"), lasting.encode()), (place("Gaps"), vec![gap].encode())]
}

/// A commitment to a report on `epoch` that is not revealed.
pub(crate) fn commitment(who: Sr25519Keyring, epoch: u32) -> Item {
	(place("ProofOfBandwidth", "Reports", &[twox(epoch), blake(who)]), ([8u8; 32], None::<u8>).encode())
}

/// A report of so many entries on `epoch`, revealed and not proven.
pub(crate) fn report(who: Sr25519Keyring, epoch: u32, entries: u16) -> Item {
	let (proven, own_run) = (false, None::<u8>);
	// Accepted, measured, in the report.
	let revealed = (entries, entries, entries, proven, own_run);
	(place("ProofOfBandwidth", "Reports", &[twox(epoch), blake(who)]), ([8u8; 32], Some(revealed)).encode())
}

/// The running epoch. The clock within it stays where it is.
pub(crate) fn running_epoch(epoch: u32) -> Item {
	(place("Session", "CurrentIndex", &[]), epoch.encode())
}

/// `operator` as the node's since ever.
pub(crate) fn operator(node: Sr25519Keyring, operator: Sr25519Keyring) -> Item {
	let (since, none) = (0u32, None::<AccountId>);
	let declared = (Some(account(operator)), since, none.clone(), none);
	(place("NodeStaking", "Declarations", &[blake(node)]), declared.encode())
}
