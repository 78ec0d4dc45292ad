//! Random transactions on the real runtime, block by block, and bytes where transactions are expected.
//!
//! Bytes choose where a chain stands, what seats report, which slots stay empty, and which calls come from whom. A
//! transaction goes the way it goes on a node: the pool is asked, and what it takes is applied. After every
//! transaction every token of the cap is accounted for, and issuance is what the accounts hold. After every block hold as well:
//! all invariants of our pallets; a block's weight is no more than it may be; issuance is what events say; nothing happened
//! that was not expected; nothing panicked.

mod calls;
mod ledger;
mod payments;
mod scene;

use super::{chain::*, filters::name};
use crate::*;
use arbitrary::Unstructured;
use codec::{Decode, DecodeLimit, Encode};
use frame_support::weights::Weight;
use frame_support::{
	dispatch::GetDispatchInfo,
	storage::{with_transaction, TransactionOutcome},
	traits::{Get, UnfilteredDispatchable},
};
use scene::{scenes, Scene};
use sp_io::hashing::blake2_256;
use sp_keyring::Sr25519Keyring;
use sp_runtime::{
	transaction_validity::{
		InvalidTransaction, TransactionSource, TransactionValidity, TransactionValidityError,
	},
	DispatchError,
};
use weir_fuzz::Fuzz;
use weir_math::economy::units::PRICE_ONE;
use weir_primitives::{economy::Price as TokenPrice, EpochIndex, ProviderIndex};

/// Depth to which the runtime decodes transactions.
const DEPTH: u32 = frame_support::MAX_EXTRINSIC_DEPTH;
/// Transactions in a block at most.
const MOST_TRANSACTIONS: u8 = 6;

/// Calls of ours that go well in a test run, beside those that the scenes are made of. Others do as bytes have it: they
/// need one of a few accounts at one of a few moments, another call before them, or more epochs than a test run plays.
const GO_WELL: [(&str, &str); 25] = [
	("Channels", "open"),
	("Channels", "claim"),
	("Channels", "close"),
	("BurnMint", "request_credits"),
	("BurnMint", "buy_with_stable"),
	("Rewards", "claim"),
	("AssetConversion", "swap_exact_tokens_for_tokens"),
	("NodeStaking", "bond"),
	("NodeStaking", "bond_more"),
	("NodeStaking", "unbond"),
	("NodeStaking", "set_operator"),
	("Validators", "chill"),
	("Providers", "update"),
	("Providers", "set_claim"),
	("Providers", "pause"),
	("Providers", "set_probe_key"),
	("Providers", "revoke_probe_key"),
	("ProofOfBandwidth", "take_seat"),
	("ProofOfBandwidth", "leave_seat"),
	("ProofOfBandwidth", "set_seat_key"),
	("ProofOfBandwidth", "answer_audit"),
	("ProofOfBandwidth", "dispute"),
	("ProofOfBandwidth", "appeal"),
	("ProofOfBandwidth", "request_test"),
	("ProofOfBandwidth", "report_down"),
];

/// A call, by its pallet and name, and what came of it.
type Saw = ((&'static str, &'static str), Came);

/// What came of a call: taken, an error of a pallet, another one, or refused by the pool.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Came {
	Well,
	Failed(u8, u8),
	FailedOtherwise,
	Refused(u8),
	NotValid,
}

impl From<DispatchError> for Came {
	fn from(error: DispatchError) -> Self {
		match error {
			DispatchError::Module(error) => Self::Failed(error.index, error.error[0]),
			_ => Self::FailedOtherwise,
		}
	}
}

impl From<TransactionValidityError> for Came {
	fn from(error: TransactionValidityError) -> Self {
		match error {
			TransactionValidityError::Invalid(InvalidTransaction::Custom(code)) => Self::Refused(code),
			_ => Self::NotValid,
		}
	}
}

/// What the pool says of a transaction on the current head, which stays as it is.
fn pool(transaction: &UncheckedExtrinsic) -> TransactionValidity {
	with_transaction(|| {
		let source = TransactionSource::External;
		let validity = Executive::validate_transaction(source, transaction.clone(), Hash::default());
		TransactionOutcome::Rollback(Ok::<_, DispatchError>(validity))
	})
	.expect("storage has room for a transaction")
}

/// Hands a transaction to the pool, and to the block if the pool takes it.
fn submit(transaction: UncheckedExtrinsic) -> Came {
	if let Err(refused) = pool(&transaction) {
		return refused.into();
	}
	match Executive::apply_extrinsic(transaction) {
		Ok(Ok(())) => Came::Well,
		Ok(Err(error)) => error.into(),
		Err(TransactionValidityError::Invalid(InvalidTransaction::ExhaustsResources)) => Came::NotValid,
		Err(error) => panic!("the pool took what the block refuses: {error:?}"),
	}
}

fn is_authorised_by_itself(call: &RuntimeCall) -> bool {
	use pallet_proof_of_bandwidth::Call as Measuring;
	matches!(
		call,
		RuntimeCall::ProofOfBandwidth(
			Measuring::commit { .. }
				| Measuring::reveal { .. }
				| Measuring::answer_audit { .. }
				| Measuring::dispute { .. }
				| Measuring::report_down { .. }
				| Measuring::report_up { .. }
				| Measuring::confirm { .. }
		) | RuntimeCall::Price(pallet_price::Call::report { .. })
	)
}

/// One transaction by whomever the bytes choose, or by somebody of whom one is due; `answer` is to the audit that is open.
fn transact(bytes: &mut Unstructured, answer: Option<&RuntimeCall>) -> arbitrary::Result<Saw> {
	let kind = bytes.int_in_range(0u8..=31)?;
	if kind == 0 {
		let call = calls::by_root(bytes)?;
		let at = name(&call);
		let came = call.dispatch_bypass_filter(RuntimeOrigin::root());
		return Ok((at, came.map_or_else(|failed| failed.error.into(), |_| Came::Well)));
	}
	let someone = calls::someone(bytes)?;
	let due = match kind {
		16..=23 => calls::due(bytes, answer)?,
		24..=31 => Some(payments::due(bytes, someone)?),
		_ => None,
	};
	let (signer, call) = match (due, kind) {
		(Some(due), _) => due,
		(None, 10..=15) => (someone, calls::any(bytes, someone)?),
		(None, _) => (someone, calls::ours(bytes, someone)?),
	};
	let at = name(&call);
	let transaction = match kind {
		1 => UncheckedExtrinsic::new_bare(call),
		2 => general(call),
		_ if is_authorised_by_itself(&call) => general(call),
		_ => {
			let nonce = System::account_nonce(signer.to_account_id());
			super::fees::signed(signer, nonce, generic::Era::Immortal, call)
		}
	};
	Ok((at, submit(transaction)))
}

/// What every seat says in the next block: the mood of a block.
fn says(mood: u8) -> impl Fn(Sr25519Keyring, ProviderIndex, EpochIndex) -> Option<u32> {
	move |seat, provider, epoch| {
		let line = match mood % 4 {
			// A line that cheats.
			1 if provider.is_multiple_of(3) => CLAIM_KBPS / 10,
			_ => CLAIM_KBPS + 1_000,
		};
		let odd = seat.to_raw_public()[0].wrapping_add(mood) % 4;
		match mood % 4 {
			2 if odd == 0 => Some(0),
			3 if odd < 2 => None,
			_ => Some(share(line, provider, epoch)),
		}
	}
}

/// What reporters say in the next block, if they say anything: mostly what the pool says, too.
fn price(mood: u8) -> Option<TokenPrice> {
	match mood / 4 % 16 {
		0 => None,
		1 => Some(PRICE_ONE / 24),
		2 => Some(PRICE_ONE / 20),
		_ => Some(PRICE_ONE / 25),
	}
}

/// What holds after every block.
fn check(issuance: &mut Balance) {
	check_invariants();
	let events: Vec<RuntimeEvent> = System::events().into_iter().map(|record| record.event).collect();
	let limit = <Runtime as frame_system::Config>::BlockWeights::get().max_block;
	// Session charges a whole block for a change of sessions, so that nothing else is taken into it; the other hooks'
	// weight comes on top.
	let charged = if events.iter().any(is_new_session) { limit } else { Weight::zero() };
	let used = System::block_weight().total().ref_time();
	let allowed = limit.saturating_add(charged).ref_time();
	assert!(used <= allowed, "a block of {used}, {allowed} allowed");
	let now = Balances::total_issuance();
	assert_eq!(now, ledger::issuance_after(*issuance, &events), "tokens made or lost unsaid, in {events:#?}");
	*issuance = now;
	for event in events {
		assert!(!is_unexpected(&event), "{event:?}");
	}
}

fn is_new_session(event: &RuntimeEvent) -> bool {
	matches!(event, RuntimeEvent::Session(pallet_session::Event::NewSession { .. }))
}

fn is_unexpected(event: &RuntimeEvent) -> bool {
	matches!(
		event,
		RuntimeEvent::ProofOfBandwidth(pallet_proof_of_bandwidth::Event::Unexpected { .. })
			| RuntimeEvent::Balances(pallet_balances::Event::Unexpected(..))
			| RuntimeEvent::Regions(pallet_regions::Event::Unexpected { .. })
			| RuntimeEvent::Rewards(pallet_rewards::Event::Unexpected { .. })
			| RuntimeEvent::BurnMint(
				pallet_burn_mint::Event::Unexpected { .. } | pallet_burn_mint::Event::CloseHalted { .. }
			)
	)
}

/// Blocks as the bytes say, until there are none left.
fn play(scene: &Scene, bytes: &mut Unstructured) -> Vec<Saw> {
	let mut saw = Vec::new();
	scene.externalities().execute_with(|| {
		let mut chain = scene.chain.clone();
		let mut issuance = Balances::total_issuance();
		while !bytes.is_empty() {
			let (skipped, mood) = bytes.arbitrary::<(u8, u8)>().unwrap_or_default();
			// Most slots have a block; now and then most of an epoch has none.
			chain.skip(match skipped {
				0..=199 => 0,
				200..=239 => u64::from(skipped - 199) / 8,
				_ => u64::from(skipped - 239) * 2,
			});
			chain.quote(price(mood));
			chain.block_with(&says(mood), || {
				let count = bytes.int_in_range(0..=MOST_TRANSACTIONS).unwrap_or_default();
				for _ in 0..count {
					let Ok(seen) = transact(bytes, scene.answer.as_ref()) else { break };
					saw.push(seen);
					check_supply();
				}
			});
			check(&mut issuance);
		}
	});
	saw
}

/// Noise for each scene, twice, so that a run comes to all of them: now and then noise soon brakes the chain.
fn samples(scenes: &[Scene]) -> impl Iterator<Item = Vec<u8>> {
	let scenes = scenes.len() as u8;
	(0..2 * scenes).map(move |sample| {
		let scene = sample % scenes;
		let parts = if sample < scenes { 0..16 } else { 16..32 };
		let noise = parts.flat_map(|part| blake2_256(&[scene, part]));
		core::iter::once(scene).chain(noise).collect()
	})
}

#[test]
fn fuzz_runtime_should_keep_its_promises_whatever_is_called() {
	let scenes = scenes();
	let ran = Fuzz::new("runtime", 120).samples(samples(&scenes)).longest(2_048).run(|bytes| {
		let mut bytes = Unstructured::new(bytes);
		let scene = bytes.int_in_range(0..=scenes.len() - 1).unwrap_or_default();
		play(&scenes[scene], &mut bytes)
	});
	for call in GO_WELL {
		let came: Vec<_> = ran.seen.iter().filter(|(saw, _)| saw.0 == call).collect();
		assert!(ran.count(&(call, Came::Well)) > 0, "{call:?} never went well: {came:?}");
	}
}

#[test]
fn fuzz_transactions_should_be_decoded_and_refused_without_panic() {
	#[derive(PartialEq, Eq, Hash, Debug)]
	enum Saw {
		Nothing,
		Valid,
		Not(Came),
	}
	let mut externalities = genesis(presets::LOCAL);
	let samples: Vec<Vec<u8>> = externalities.execute_with(|| {
		Chain::start().block(&|_, _, _| None);
		let signer = PROVIDERS[0];
		let signed = super::fees::signed(signer, 0, generic::Era::Immortal, registration(0, signer));
		let commit = pallet_proof_of_bandwidth::Call::leave_seat {};
		[signed, general(commit.into())].map(|transaction| transaction.encode()).into()
	});
	externalities.commit_all().expect("no transaction is open");
	let externalities = std::cell::RefCell::new(externalities);
	let ran = Fuzz::new("transactions", 3_000).samples(samples).longest(1_024).run(|bytes| {
		let read = UncheckedExtrinsic::decode_all_with_depth_limit(DEPTH, &mut &bytes[..]);
		let Ok(transaction) = read else { return [Saw::Nothing] };
		assert_eq!(transaction.encode(), bytes, "two encodings of one transaction");
		let again = UncheckedExtrinsic::decode(&mut &bytes[..]).expect("read once, read again");
		assert_eq!(again.encode(), bytes);
		externalities.borrow_mut().execute_with(|| {
			let _ = transaction.function.get_dispatch_info();
			match pool(&transaction) {
				Ok(_) => [Saw::Valid],
				Err(refused) => [Saw::Not(refused.into())],
			}
		})
	});
	assert!(ran.count(&Saw::Nothing) > 0, "{:?}", ran.seen);
	assert!(ran.count(&Saw::Valid) > 0, "{:?}", ran.seen);
	assert!(ran.count(&Saw::Not(Came::NotValid)) > 0, "{:?}", ran.seen);
}
