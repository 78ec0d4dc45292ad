//! What the benchmarks begin with: seats, providers, reports, receipts and strikes on a public network.

#![allow(clippy::expect_used, clippy::arithmetic_side_effects)]

use super::*;

pub(super) fn endpoint(n: u32) -> Endpoint {
	let [_, _, high, low] = n.to_be_bytes();
	Endpoint::V4 { addr: [77, high, low, 1], port: 9_700 }
}

pub(super) fn new_key() -> ProbeKey {
	ProbeKey::from(sp_io::crypto::sr25519_generate(SEAT_KEY_TYPE, None))
}

/// Forgets the seats and providers of the genesis state, so that lists are as long as a benchmark says.
pub(super) fn clear<T: Config>() {
	NetworkTiming::<T>::put(Timing::public());
	GenesisTiming::<T>::put(Timing::public());
	SeatCount::<T>::kill();
	let _ = Seats::<T>::clear(u32::MAX, None);
	let _ = SeatOfKey::<T>::clear(u32::MAX, None);
	let _ = SeatOfPrefix::<T>::clear(u32::MAX, None);
	let _ = SeatsInWidePrefix::<T>::clear(u32::MAX, None);
	let _ = SeatsOfOperator::<T>::clear(u32::MAX, None);
	let _ = SeatListState::<T>::clear(u32::MAX, None);
	let _ = SeatListSlots::<T>::clear(u32::MAX, None);
	let _ = SeatListPlaces::<T>::clear(u32::MAX, None);
	let _ = Alarms::<T>::clear(u32::MAX, None);
	let _ = CountryListState::<T>::clear(u32::MAX, None);
	let _ = CountryListSlots::<T>::clear(u32::MAX, None);
	let _ = CountryListPlaces::<T>::clear(u32::MAX, None);
	let _ = ProviderListState::<T>::clear(u32::MAX, None);
	let _ = ProviderListSlots::<T>::clear(u32::MAX, None);
	let _ = ProviderListPlaces::<T>::clear(u32::MAX, None);
}

/// Seats of validators in every tier since epoch 0, and no others.
pub(super) fn seats<T: Config>(count: u32) -> Vec<(T::AccountId, ProbeKey)> {
	seats_on::<T>(Role::Validator, count)
}

/// The same of providers: what they are fined from takes a look at both bonds to find.
pub(super) fn seats_of_providers<T: Config>(count: u32) -> Vec<(T::AccountId, ProbeKey)> {
	let all = seats_on::<T>(Role::Provider, count);
	assert!(all.iter().all(|(who, _)| Pallet::<T>::fined_role(who) == Role::Provider));
	all
}

fn seats_on<T: Config>(role: Role, count: u32) -> Vec<(T::AccountId, ProbeKey)> {
	clear::<T>();
	(0..count)
		.map(|n| {
			let (who, key) = (account::<T::AccountId>("seat", n, 0), new_key());
			T::Bonds::bond_for_benchmark(&who, role);
			Pallet::<T>::seat_at_genesis(&who, &key, &endpoint(n), UPLINK_KBPS, COUNTRY)
				.expect("a fresh seat");
			(who, key)
		})
		.collect()
}

/// A seat in every tier since epoch 0 for `who`, bonded or not, and another one behind it: whoever leaves an index
/// that is not the last one costs the most.
pub(super) fn seat_in_the_middle<T: Config>(who: &T::AccountId) {
	let behind: T::AccountId = account("behind", 0, 0);
	for (n, node) in [(0xfff0, who), (0xfff1, &behind)] {
		let key = ProbeKey::from(sr25519::Public::from_raw(node.using_encoded(blake2_256)));
		Pallet::<T>::seat_at_genesis(node, &key, &endpoint(n), UPLINK_KBPS, COUNTRY).expect("a fresh seat");
	}
}

/// Offences that still count, so that the end of a registration has to queue their review.
pub(super) fn offences() -> Conduct {
	let offences = BoundedVec::truncate_from((1..=KEPT_OFFENCES).collect());
	Conduct { offences, ..Default::default() }
}

/// What makes a departure dear: the target is still followed, the account has a seat and offences. Its strikes are
/// over, or it could not deregister.
pub(crate) fn encumber<T: Config>(index: ProviderIndex, who: &T::AccountId) {
	// By then every list has rested, and a leave takes effect at once.
	set_clock::<T>(TESTED, 1);
	if !Targets::<T>::contains_key(index) {
		let mut terms = dense_index::History::default();
		let out =
			Terms { claim: CLAIM, standing: Standing::Out, prefix: None, shared: false, country: COUNTRY };
		assert!(terms.set(0, out, 0));
		Targets::<T>::insert(index, Target { account: who.clone(), terms, escalation: None });
	}
	alarms::outage::<T>(index, who);
	Conducts::<T>::insert(who, offences());
	seat_in_the_middle::<T>(who);
}

pub(super) fn set_clock<T: Config>(epoch: EpochIndex, slot: SlotOffset) {
	T::BenchmarkHelper::set_clock(epoch, slot);
	Pallet::<T>::record_epoch();
	Pallet::<T>::record_group();
}

/// Providers under an escalation, which no lack of seats puts off, each on a prefix with others: what decides its turn
/// costs a hash more. The clock ends in the last slot of [`TESTED`].
pub(super) fn providers<T: Config>(accounts: impl IntoIterator<Item = T::AccountId>) -> Vec<ProviderIndex> {
	set_clock::<T>(1, 1);
	let indices: Vec<ProviderIndex> =
		(0..).zip(accounts).map(|(n, who)| T::Registry::register_for_benchmark(&who, n, CLAIM)).collect();
	for provider in &indices {
		Targets::<T>::mutate_extant(provider, |target| {
			target.escalation =
				Some(Escalation { due: TESTED, claim: CLAIM, attempts: 0, cause: Cause::Strikes });
			let terms = target.terms.latest().expect("it is followed");
			assert!(target.terms.set(1, Terms { shared: true, ..terms }, 1));
		});
	}
	let timing = Pallet::<T>::timing();
	set_clock::<T>(TESTED, timing.measure_from);
	set_clock::<T>(TESTED, timing.epoch_slots.saturating_sub(1));
	// The randomness of the last group decides every test that is left.
	Groups::<T>::mutate(TESTED, |groups| groups.try_push((23, [1; 32])))
		.expect("one group of twenty-four is there");
	indices
}

/// All epochs before `epoch` were judged.
pub(super) fn judged_before<T: Config>(epoch: EpochIndex) {
	let (stage, epoch) = (Stage::Done, epoch.saturating_sub(1));
	EstimateCursor::<T>::put(Cursor { epoch, stage, tests: 0, voids: 0, strikes: 0 });
}

pub(super) fn open<T: Config>(step: Step) {
	set_clock::<T>(TESTED + 1, Pallet::<T>::window_of(step).0);
}

pub(super) fn entry(provider: ProviderIndex) -> Entry {
	Entry {
		provider,
		kind: EntryKind::Measured,
		down_kbps: 6_000,
		up_kbps: 6_000,
		rtt_10us: 1_000,
		loss_pptt: 0,
		liveness: [0xff; 5],
		receipt: [0; 5],
	}
}

/// As many seats as the committee has members, so that each seat measures every provider. The reporting one is a
/// provider too, whose own test each entry is compared with.
pub(super) fn report<T: Config>(
	n: u32,
) -> (T::AccountId, ProbeKey, BoundedVec<Entry, ConstU32<MAX_ENTRIES>>) {
	let all = seats::<T>(MAX_MEMBERS);
	let (who, key) = all.into_iter().next().expect("a committee has members");
	let strangers = (0..n).map(|n| account("provider", n, 1));
	let mut indices = providers::<T>(strangers.chain([who.clone()]));
	indices.pop();
	let entries: Vec<Entry> = indices.into_iter().map(entry).collect();
	(who, key, entries.try_into().expect("as many as fit"))
}

pub(super) fn hash_of<T: Config>(who: &T::AccountId, entries: &[Entry]) -> H256 {
	commitment(&Pallet::<T>::genesis_hash(), TESTED, who, &entries_root(entries), &SALT)
}

/// Receipts of what a provider's test of [`TESTED`] showed these attestors, signed with the last of all keys that count.
pub(super) fn receipts<T: Config>(
	provider: ProviderIndex,
	attestors: &[(T::AccountId, ProbeKey)],
) -> Vec<ReceiptOf<T>> {
	let mut draw = Draw::<T>::of(TESTED).expect("a recorded epoch");
	let test = draw.test_of(provider).expect("it is tested");
	let keys: Vec<ProbeKey> = (0..5).map(|_| new_key()).collect();
	let target_key = keys.last().expect("there are five").clone();
	T::Registry::set_receipt_keys_for_benchmark(provider, keys);
	let raw = |key: &ProbeKey, payload: &Vec<u8>| {
		let signature = key.sign(payload).expect("the key was generated in this keystore");
		<[u8; 64]>::try_from(AsRef::<[u8]>::as_ref(&signature)).expect("sr25519")
	};
	let receipt = |(node, key): &(T::AccountId, ProbeKey)| {
		// The key it measured with was replaced four times since.
		Seats::<T>::mutate_extant(node, |seat| {
			seat.key = new_key();
			[key.clone(), new_key(), new_key(), new_key()]
				.into_iter()
				.for_each(|former| seat.former_keys.retire(former, TESTED));
		});
		let mut receipt = ReceiptOf::<T> {
			test: TestPart {
				genesis: Pallet::<T>::genesis_hash().0,
				epoch: TESTED,
				kind: test.kind,
				ordinal: test.ordinal,
				target: test.account.clone(),
				attestor: node.clone(),
				session: [0; 8],
			},
			seed_hash: [0; 32],
			down_bytes: 100_000_000,
			up_bytes: 100_000_000,
			by_target: [0; 64],
			by_attestor: [0; 64],
		};
		let payload = receipt.payload();
		receipt.by_target = raw(&target_key, &payload);
		receipt.by_attestor = raw(key, &payload);
		receipt
	};
	attestors.iter().map(receipt).collect()
}

/// An answer to an audit that has drawn `r` entries with receipts, and more without, of a full report.
pub(super) fn audited<T: Config>(
	r: u32,
) -> (T::AccountId, BoundedVec<Entry, ConstU32<MAX_ENTRIES>>, Vec<ReceiptOf<T>>) {
	let all = seats_of_providers::<T>(MAX_MEMBERS);
	let seat = all.into_iter().next().expect("a committee has members");
	let indices = providers::<T>((0..audits::MAX_PROOFS).map(|n| account("provider", n, 1)));
	set_clock::<T>(TESTED + 1, Pallet::<T>::timing().measure_from);
	set_clock::<T>(TESTED + 2, Pallet::<T>::window_of(Step::Audit).0);
	let revealed = Revealed { entries: MAX_ENTRIES as u16, ..Default::default() };
	let report = Report { commitment: H256::zero(), revealed: Some(revealed) };
	Reports::<T>::insert(TESTED, &seat.0, report);
	let drawn = Pallet::<T>::audited(TESTED, &seat.0);
	assert_eq!(drawn.len() as u32, audits::MAX_PROOFS);
	let silent = |provider| Entry { down_kbps: 0, up_kbps: 0, receipt: [0; 5], ..entry(provider) };
	let mut entries: Vec<Entry> = (1_000..1_000 + MAX_ENTRIES).map(silent).collect();
	let mut proofs = Vec::new();
	for (position, provider) in drawn.into_iter().zip(indices).take(r as usize) {
		// Other counts than the receipt's: the dearest answer.
		entries[position as usize] = Entry { receipt: [1; 5], ..entry(provider) };
		proofs.extend(receipts::<T>(provider, &[seat.clone()]));
	}
	let entries: BoundedVec<_, _> = entries.try_into().expect("as many as fit");
	let commitment = hash_of::<T>(&seat.0, &entries);
	let revealed = Some(Revealed { entries: MAX_ENTRIES as u16, ..Default::default() });
	Reports::<T>::insert(TESTED, &seat.0, Report { commitment, revealed });
	(seat.0, entries, proofs)
}

/// The strike of a test, as if it had been held in `epoch`.
pub(super) fn strike<T: Config>(test: &Test<T::AccountId>, epoch: EpochIndex) -> VerdictRecord {
	VerdictRecord {
		epoch,
		kind: test.kind,
		claim: test.claim,
		down_kbps: 0,
		up_kbps: 0,
		ratio_ppm: 0,
		members: test.committee.members,
		present: test.committee.members,
		rtt_10us: 0,
		loss_pptt: 0,
		alive_parts: 0,
		outcome: Outcome::Strike,
		reason: Reason::BelowHalf,
	}
}

/// What that strike stands on: nobody had an entry.
pub(super) fn keep_evidence<T: Config>(test: &Test<T::AccountId>, epoch: EpochIndex) {
	let voices: Vec<Member> = (0..test.committee.members).map(|_| Member::Silent).collect();
	Pallet::<T>::keep_evidence(test, &strike::<T>(test, epoch), &voices);
}

/// As many strikes as verdicts are kept, in a row up to the one of epoch `last`.
pub(super) fn remember_strikes<T: Config>(test: &Test<T::AccountId>, last: EpochIndex) {
	for epochs in (0..KEPT_VERDICTS).rev() {
		Pallet::<T>::remember(test.provider, strike::<T>(test, last - epochs));
	}
}

/// A provider slashed by an escalation of `k` members, all of which have denied what they signed.
pub(super) fn struck<T: Config>(k: u32) -> (ProviderIndex, T::AccountId, Vec<ReceiptOf<T>>) {
	let all = seats_of_providers::<T>(k);
	let target: T::AccountId = account("provider", 0, 1);
	let provider = providers::<T>([target.clone()]).into_iter().next().expect("there is one");
	let receipts = receipts::<T>(provider, &all);
	let mut draw = Draw::<T>::of(TESTED).expect("a recorded epoch");
	let test = draw.test_of(provider).expect("it is tested");
	set_clock::<T>(TESTED + 1, Pallet::<T>::timing().reveal_until);
	keep_evidence::<T>(&test, TESTED);
	remember_strikes::<T>(&test, TESTED);
	let verdict = strike::<T>(&test, TESTED);
	Pallet::<T>::discipline(&test, &verdict);
	(provider, target, receipts)
}

pub(super) fn cursor(stage: Stage) -> Cursor {
	Cursor { epoch: TESTED, stage, tests: 0, voids: 0, strikes: 0 }
}

/// A seat that owed nine entries, and the cursor before it.
pub(super) fn to_score<T: Config>() -> (T::AccountId, Cursor) {
	let (who, _, _) = report::<T>(1);
	let revealed = Some(Revealed::default());
	Reports::<T>::insert(TESTED, &who, Report { commitment: H256::zero(), revealed });
	Missed::<T>::insert(TESTED, &who, 9);
	(who, cursor(Stage::Score { position: 0 }))
}

/// A seat that has proven nothing of a report with `entries`, and the cursor before it.
pub(super) fn to_audit<T: Config>(entries: u16) -> (T::AccountId, Cursor) {
	let (who, _, _) = report::<T>(1);
	let revealed = Some(Revealed { entries, ..Default::default() });
	Reports::<T>::insert(TESTED - 1, &who, Report { commitment: H256::zero(), revealed });
	Epochs::<T>::insert(TESTED - 1, Epochs::<T>::get(TESTED).expect("a recorded epoch"));
	(who, cursor(Stage::Audit { position: 0 }))
}

/// Makes the members of a test the dearest witnesses of where it is: a majority refutes the region, and each but three has
/// an operator and a line of its own whose region stands contradicted.
pub(super) fn witnesses<T: Config>(all: &[(T::AccountId, ProbeKey)], lines: &[ProviderIndex]) {
	PrivateEndpointsAllowed::<T>::kill();
	// Not the target's, which would bar them.
	let operator: T::AccountId = account("operator", 0, 2);
	for (who, _) in all.iter().take((all.len() / 2 + 1).max(3)) {
		Seats::<T>::mutate_extant(who, |seat| seat.country = *b"NZ");
	}
	for ((who, _), line) in all.iter().zip(lines).skip(3) {
		T::Operators::declare_for_benchmark(who, &operator);
		let facts = Found { contradicted: Some(1), ..Default::default() };
		let country = T::Registry::facts(*line).expect("it is registered").region.country;
		Locations::<T>::insert(line, Located { country, facts });
	}
}

/// As many wrong countries as are kept, each with a ban: the last is `country`.
pub(super) fn misplaced(country: [u8; 2]) -> BoundedVec<Misplaced, ConstU32<KEPT_COUNTRIES>> {
	let all = [*b"AR", *b"AU", *b"BR", country];
	let banned_until = Some(TESTED + 1_000);
	let kept = |country| Misplaced {
		refutations: WRONG_REGION_TESTS - 1,
		last: TESTED - 1,
		banned_until,
		..Misplaced::new(country)
	};
	BoundedVec::truncate_from(all.map(kept).to_vec())
}

/// Makes the test the last that its account's row lacks.
pub(super) fn almost_misplaced<T: Config>(test: &Test<T::AccountId>) {
	Conducts::<T>::insert(&test.account, Conduct { misplaced: misplaced(test.country), ..offences() });
}

/// Entries of `reporters` members of `k` with their quota, of which `noted` show something new about their uplinks: a
/// quarter of these fell short.
pub(super) fn file_quotas<T: Config>(
	draw: &mut Draw<T>,
	test: &mut assignment::Test<T::AccountId>,
	reporters: u32,
	noted: u32,
) {
	let k = u32::from(test.committee.members);
	let claim_kbps = UPLINK_KBPS * k * 4 / 5;
	test.claim = Claim { down_kbps: claim_kbps, up_kbps: claim_kbps };
	let short = noted / 4;
	let filed = |place: u32| {
		let down_kbps = if place < short { UPLINK_KBPS * 3 / 4 } else { UPLINK_KBPS };
		Filed { place: place as u8, entry: Entry { down_kbps, up_kbps: UPLINK_KBPS, ..entry(test.provider) } }
	};
	let results = Results::truncate_from((0..reporters).map(filed).collect());
	Filings::<T>::insert(TESTED, test.provider, results);
	// What an earlier test of the epoch showed of the others is nothing new.
	for node in draw.members_of(test).into_iter().skip(noted as usize).flatten() {
		Seats::<T>::mutate_extant(node, |seat| seat.shortfalls.note(TESTED, Showing::Reached));
	}
	set_clock::<T>(TESTED + 1, Pallet::<T>::timing().reveal_until);
}

pub(super) fn sign_commit<T: Config>(who: &T::AccountId, key: &ProbeKey) -> (H256, ProbeSignature) {
	let hash = hash_of::<T>(who, &[]);
	let payload = commit_payload(&Pallet::<T>::genesis_hash(), TESTED, who, &hash);
	(hash, key.sign(&payload).expect("the key was generated in this keystore"))
}

/// Makes `epoch` the running one, and gives the provider as much history as is kept: of a fast line that is down since now.
pub(crate) fn fill_history<T: Config>(provider: ProviderIndex, epoch: EpochIndex) {
	set_clock::<T>(epoch - 1, 1);
	set_clock::<T>(epoch, 1);
	let Some(facts) = T::Registry::facts(provider) else { return };
	let verdict = |epoch| VerdictRecord {
		epoch,
		kind: TestKind::Scheduled,
		claim: facts.claim,
		down_kbps: facts.claim.down_kbps,
		up_kbps: facts.claim.up_kbps,
		ratio_ppm: 1_000_000,
		members: 15,
		present: 15,
		rtt_10us: 5_000,
		loss_pptt: 0,
		alive_parts: 40,
		outcome: Outcome::Good,
		reason: Reason::WithinClaim,
	};
	for epochs in (1..=KEPT_VERDICTS).rev() {
		Pallet::<T>::remember(provider, verdict(epoch - epochs));
	}
	alarms::fill_gaps::<T>(provider);
	alarms::outage::<T>(provider, &facts.account);
	Outages::<T>::mutate_extant(provider, |outage| outage.from_slot = T::CurrentSlot::get());
	let location = Found { proofs: 1, last_proof: Some(epoch - 1), ..Default::default() };
	Locations::<T>::insert(provider, Located { country: facts.region.country, facts: location });
}
