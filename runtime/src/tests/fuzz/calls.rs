//! Calls that bytes choose: of our pallets with arguments that may well be right, and any call with any arguments.

use super::super::{chain::*, filters::every_call};
use crate::*;
use arbitrary::{Result, Unstructured};
use codec::{DecodeLimit, Encode};
use configs::pool::{Native, Stable};
use sp_keyring::Sr25519Keyring;
use std::sync::OnceLock;
use weir_math::economy::units::DOLLAR;
use weir_primitives::{
	api::EvidenceInfo,
	economy::Credits,
	outage::{sighting_payload, Sighting, Watch},
	receipt::{Bilateral, TestPart},
	report::{Entry, EntryKind},
	seams::EpochClock,
	Claim, Endpoint, EpochIndex, LineKind, ProviderIndex, Region, Role,
};

/// Accounts without tokens.
const POOR: [Sr25519Keyring; 2] = [Sr25519Keyring::One, Sr25519Keyring::Two];

/// Anybody who has a key.
pub(super) fn someone(bytes: &mut Unstructured) -> Result<Sr25519Keyring> {
	let all: Vec<_> = VALIDATORS.into_iter().chain(PROVIDERS).chain(POOR).collect();
	bytes.choose(&all).copied()
}

/// The account's number in [`PROVIDERS`], or one beyond them.
fn number(who: Sr25519Keyring) -> u8 {
	PROVIDERS.iter().position(|provider| *provider == who).unwrap_or(PROVIDERS.len()) as u8
}

fn amount(bytes: &mut Unstructured) -> Result<Balance> {
	Ok(match bytes.int_in_range(0u8..=7)? {
		0 => 0,
		1 => 1,
		2 => Balance::MAX,
		3 => bytes.arbitrary()?,
		4 => BOND,
		5 => 10_000 * WEIR,
		_ => Balance::from(bytes.arbitrary::<u16>()?) * WEIR / 8,
	})
}

fn role(bytes: &mut Unstructured) -> Result<Role> {
	Ok(if bytes.arbitrary()? { Role::Provider } else { Role::Validator })
}

fn claim(bytes: &mut Unstructured) -> Result<Claim> {
	let mut rate = || -> Result<u32> {
		Ok(match bytes.int_in_range(0u8..=3)? {
			0 => bytes.arbitrary()?,
			_ => u32::from(bytes.arbitrary::<u8>()?) * 1_000,
		})
	};
	Ok(Claim { down_kbps: rate()?, up_kbps: rate()? })
}

/// An epoch near the running one, mostly.
fn epoch(bytes: &mut Unstructured) -> Result<EpochIndex> {
	let back = bytes.int_in_range(0u32..=9)?;
	if back == 9 {
		return bytes.arbitrary();
	}
	Ok((ProofOfBandwidth::epoch() + 2).saturating_sub(back))
}

fn endpoint(bytes: &mut Unstructured) -> Result<Endpoint> {
	Ok(match bytes.int_in_range(0u8..=7)? {
		0 => Endpoint::RelayOnly,
		1 => Endpoint::V6 { addr: bytes.arbitrary()?, port: bytes.arbitrary()? },
		2 => Endpoint::V4 { addr: bytes.arbitrary()?, port: bytes.arbitrary()? },
		_ => Endpoint::V4 { addr: [127, bytes.arbitrary()?, 0, 1], port: 9_600 },
	})
}

/// A call of our pallets, or one that moves tokens.
pub(super) fn ours(bytes: &mut Unstructured, signer: Sr25519Keyring) -> Result<RuntimeCall> {
	use pallet_node_staking::Call as Staking;
	use pallet_proof_of_bandwidth::Call as Measuring;
	use pallet_providers::Call as Registry;
	let key = || signer.public().into();
	Ok(match bytes.int_in_range(0u8..=48)? {
		0 => Staking::bond { role: role(bytes)?, amount: amount(bytes)? }.into(),
		1 => Staking::bond_more { role: role(bytes)?, amount: amount(bytes)? }.into(),
		2 | 3 => Staking::unbond { role: role(bytes)?, amount: amount(bytes)? }.into(),
		4 => Staking::withdraw { role: role(bytes)? }.into(),
		5 => pallet_validators::Call::validate {}.into(),
		6 => pallet_validators::Call::chill {}.into(),
		7 => match (registration(number(signer), signer), bytes.arbitrary()?) {
			(Registry::register { terms, probe_key, .. }, true) => {
				Registry::register { claim: claim(bytes)?, terms, probe_key }.into()
			}
			(register, _) => register.into(),
		},
		8 | 9 => Registry::set_claim { claim: claim(bytes)? }.into(),
		10 => Registry::pause {}.into(),
		11 => Registry::resume {}.into(),
		12 => Registry::deregister {}.into(),
		13 => Registry::set_probe_key { key: bytes.choose(&PROVIDERS)?.public().into() }.into(),
		14 => Registry::revoke_probe_key {}.into(),
		15 => {
			let changes =
				pallet_providers::TermsUpdate { endpoint: Some(endpoint(bytes)?), ..Default::default() };
			Registry::update { changes }.into()
		}
		16 => {
			let uplink_kbps = u32::from(bytes.arbitrary::<u8>()?) * 500;
			let country = *bytes.choose(&[*b"DE", *b"FR", *b"ZZ"])?;
			Measuring::take_seat { key: key(), endpoint: endpoint(bytes)?, uplink_kbps, country }.into()
		}
		17 => Measuring::leave_seat {}.into(),
		18 => Measuring::set_seat_key { key: someone(bytes)?.public().into() }.into(),
		19 => Measuring::request_test {}.into(),
		20 => Measuring::appeal { epoch: epoch(bytes)? }.into(),
		21 | 22 => dispute(bytes)?,
		23 => {
			let (epoch, node) = (epoch(bytes)?, someone(bytes)?.to_account_id());
			let entries = entries(bytes)?.try_into().unwrap_or_default();
			Measuring::reveal { epoch, node, entries, salt: [epoch as u8; 32] }.into()
		}
		24 => {
			let (epoch, node) = (epoch(bytes)?, someone(bytes)?.to_account_id());
			let entries = entries(bytes)?.try_into().unwrap_or_default();
			let receipts = Default::default();
			Measuring::answer_audit { epoch, node, entries, salt: [epoch as u8; 32], receipts }.into()
		}
		25 => {
			let operator = bytes.arbitrary::<bool>()?.then_some(someone(bytes)?.to_account_id());
			Staking::set_operator { operator }.into()
		}
		26 => Staking::accept_node { node: someone(bytes)?.to_account_id() }.into(),
		27 => Staking::release_node { node: someone(bytes)?.to_account_id() }.into(),
		28..=31 => sighting(bytes)?,
		32..=45 => of_the_economy(bytes, signer)?,
		_ => {
			let (dest, value) = (someone(bytes)?.to_account_id().into(), amount(bytes)?);
			pallet_balances::Call::transfer_allow_death { dest, value }.into()
		}
	})
}

/// Credits, as many as somebody might buy.
fn credits(bytes: &mut Unstructured) -> Result<Credits> {
	Ok(match bytes.int_in_range(0u8..=7)? {
		0 => bytes.arbitrary()?,
		1 => 0,
		_ => Credits::from(bytes.arbitrary::<u16>()?) * DOLLAR / 16,
	})
}

/// A call that moves tokens, credits or the stable asset.
fn of_the_economy(bytes: &mut Unstructured, signer: Sr25519Keyring) -> Result<RuntimeCall> {
	use pallet_asset_conversion::Call as Trading;
	use pallet_burn_mint::Call as Buying;
	use pallet_price::Call as Reporting;
	use pallet_regions::Call as Regional;
	let account = signer.to_account_id();
	let (native, stable) = (Box::new(Native::get()), Box::new(Stable::get()));
	let region = Region {
		country: *bytes.choose(&[*b"DE", *b"NL", *b"AQ"])?,
		kind: *bytes.choose(&[LineKind::Residential, LineKind::Hosting])?,
	};
	Ok(match bytes.int_in_range(0u8..=17)? {
		of @ 0..=2 => {
			let (credits, max_tokens) = (credits(bytes)?, amount(bytes)?);
			// Most amounts are less than the half of what credits cost: two in three are twice that, at four cents.
			let enough = credits.saturating_mul(2 * WEIR / 40_000);
			let max_tokens = if of == 0 { max_tokens } else { enough };
			Buying::request_credits { credits, max_tokens }.into()
		}
		3 => Buying::cancel_request { id: bytes.int_in_range(0..=9)? }.into(),
		4 | 5 => Buying::buy_with_stable { credits: credits(bytes)? }.into(),
		6 => Buying::notify_inactive { who: someone(bytes)?.to_account_id() }.into(),
		7 => Buying::sweep { who: someone(bytes)?.to_account_id() }.into(),
		8 | 9 => {
			let limit = u32::from(bytes.arbitrary::<u8>()?) / 3;
			pallet_rewards::Call::claim { who: someone(bytes)?.to_account_id(), limit }.into()
		}
		10 => Reporting::join { key: someone(bytes)?.public().into() }.into(),
		11 => Reporting::leave {}.into(),
		12 => Reporting::withdraw {}.into(),
		13 => {
			let until = epoch(bytes)?;
			Regional::post_bounty { region, amount: amount(bytes)?, rate: amount(bytes)?, until }.into()
		}
		14 => Regional::reclaim_bounty { region, bounty: bytes.int_in_range(0..=3)? }.into(),
		15 | 16 => {
			let mut path = vec![native, stable];
			if bytes.arbitrary()? {
				path.reverse();
			}
			let amount_in = match path.first().map(|side| **side == Native::get()) {
				Some(true) => amount(bytes)?,
				_ => credits(bytes)?,
			};
			let keep_alive = bytes.arbitrary()?;
			let send_to = account;
			Trading::swap_exact_tokens_for_tokens { path, amount_in, amount_out_min: 1, send_to, keep_alive }
				.into()
		}
		_ => Trading::add_liquidity {
			asset1: native,
			asset2: stable,
			amount1_desired: amount(bytes)?,
			amount2_desired: credits(bytes)?,
			amount1_min: 0,
			amount2_min: 0,
			mint_to: account,
		}
		.into(),
	})
}

fn entries(bytes: &mut Unstructured) -> Result<Vec<Entry>> {
	let kinds = [EntryKind::Measured, EntryKind::Limited, EntryKind::Unreachable];
	(0..bytes.int_in_range(0u8..=4)?)
		.map(|_| {
			Ok(Entry {
				provider: u32::from(bytes.int_in_range(0u8..=9)?),
				kind: *bytes.choose(&kinds)?,
				down_kbps: u32::from(bytes.arbitrary::<u16>()?),
				up_kbps: u32::from(bytes.arbitrary::<u16>()?),
				rtt_10us: bytes.arbitrary()?,
				loss_pptt: bytes.arbitrary()?,
				liveness: bytes.arbitrary()?,
				receipt: [0; 5],
			})
		})
		.collect()
}

/// What a seat sees of a provider, mostly one that it watches or is asked about.
fn sighting(bytes: &mut Unstructured) -> Result<RuntimeCall> {
	let seer = someone(bytes)?;
	let node = seer.to_account_id();
	let Watch { alarm_slot, watched, alarms, .. } = ProofOfBandwidth::watch(&node);
	let is_down = bytes.arbitrary()?;
	let (provider, sighting) = match (bytes.choose(&alarms), bytes.int_in_range(0u8..=3)?) {
		(Ok(alarm), 1..) => (alarm.provider, Sighting::Confirm { raised: alarm.raised, is_down }),
		_ => {
			let provider = match bytes.choose(&watched) {
				Ok(watched) => watched.provider,
				Err(_) => bytes.int_in_range(0u32..=9)?,
			};
			let down = Sighting::Down { alarm_slot };
			(provider, if is_down { down } else { Sighting::Up { alarm_slot } })
		}
	};
	Ok(said(seer, provider, sighting))
}

/// What the seat of `seer` says of a provider, signed.
pub(super) fn said(seer: Sr25519Keyring, provider: ProviderIndex, sighting: Sighting) -> RuntimeCall {
	use pallet_proof_of_bandwidth::Call as Measuring;
	let node = seer.to_account_id();
	let payload = sighting_payload(&System::block_hash(0), provider, &node, &sighting);
	let signature = seer.sign(&payload).into();
	let call = match sighting {
		Sighting::Down { alarm_slot } => Measuring::report_down { provider, node, alarm_slot, signature },
		Sighting::Up { alarm_slot } => Measuring::report_up { provider, node, alarm_slot, signature },
		Sighting::Confirm { raised, is_down } => {
			Measuring::confirm { provider, node, raised, is_down, signature }
		}
	};
	call.into()
}

/// Receipts with both signatures against a strike that can be disputed, if there is one: both sides were honest with each
/// other, and the attestor was not with the chain.
fn dispute(bytes: &mut Unstructured) -> Result<RuntimeCall> {
	let struck: Vec<EvidenceInfo<AccountId>> = PROVIDERS
		.into_iter()
		.flat_map(|provider| ProofOfBandwidth::evidence(&provider.to_account_id()))
		.collect();
	let Ok(evidence) = bytes.choose(&struck) else {
		let (provider, epoch) = (bytes.int_in_range(0u32..=9)?, epoch(bytes)?);
		let call = pallet_proof_of_bandwidth::Call::dispute { provider, epoch, receipts: Default::default() };
		return Ok(call.into());
	};
	let account = configs::measuring::provider_at(evidence.provider).map(|info| info.account);
	let count = bytes.int_in_range(0..=evidence.members.len())?;
	let mut receipts = Vec::new();
	for (attestor, down_kbps, _) in evidence.members.iter().take(count) {
		let shown = down_kbps.saturating_add(u32::from(bytes.arbitrary::<u16>()?));
		let counted = u64::from(shown) * u64::from(evidence.window_millis) / 8;
		let test = TestPart {
			genesis: System::block_hash(0).0,
			epoch: evidence.epoch,
			kind: evidence.kind,
			ordinal: evidence.ordinal,
			target: account.clone().unwrap_or_else(|| attestor.clone()),
			attestor: attestor.clone(),
			session: [0; 8],
		};
		receipts.push(receipt(test, counted));
	}
	let receipts = receipts.try_into().unwrap_or_default();
	let (provider, epoch) = (evidence.provider, evidence.epoch);
	Ok(pallet_proof_of_bandwidth::Call::dispute { provider, epoch, receipts }.into())
}

/// What target and attestor have signed of a test with so many bytes both ways.
pub(super) fn receipt(test: TestPart<AccountId>, counted: u64) -> Bilateral<AccountId> {
	let unsigned = Bilateral {
		test,
		seed_hash: [0; 32],
		down_bytes: counted,
		up_bytes: counted,
		by_target: [0; 64],
		by_attestor: [0; 64],
	};
	let payload = unsigned.payload();
	let sign = |who: &AccountId| {
		Sr25519Keyring::from_account_id(who).map_or([0; 64], |signer| signer.sign(&payload).0)
	};
	Bilateral {
		by_target: sign(&unsigned.test.target),
		by_attestor: sign(&unsigned.test.attestor),
		..unsigned
	}
}

/// Something that somebody may do on the chain as it stands.
enum Due<'a> {
	/// To say something of a provider with an alarm or an outage.
	Say(ProviderIndex, Sighting),
	/// To take a seat.
	Sit,
	/// To appeal against the slash that the escalation of this epoch queued.
	Appeal(EpochIndex),
	/// To answer an audit, which takes receipts that the chain does not have.
	Answer(&'a RuntimeCall),
}

/// A call that is due, and who may make it: the right account at the right moment is more than chance finds in a test run.
/// `answer` is the one to the open audit, if the scene has one. None if nothing is due.
pub(super) fn due(
	bytes: &mut Unstructured,
	answer: Option<&RuntimeCall>,
) -> Result<Option<(Sr25519Keyring, RuntimeCall)>> {
	use pallet_proof_of_bandwidth::{Alarms, Call as Measuring, Evidences, Outages, Seats};
	let (is_down, alarm_slot) = (bytes.arbitrary()?, ProofOfBandwidth::alarm_slot());
	let alarms = Alarms::<Runtime>::iter().filter_map(|(provider, alarm)| {
		let sighting = Sighting::Confirm { raised: alarm.raised?.block, is_down };
		Some((provider, sighting, ProofOfBandwidth::confirmers(provider)))
	});
	let outages = Outages::<Runtime>::iter_keys()
		.map(|provider| (provider, Sighting::Up { alarm_slot }, ProofOfBandwidth::watchers(provider)));
	let words = alarms.chain(outages).flat_map(|(provider, sighting, seers)| {
		seers.into_iter().map(move |seer| (seer, Due::Say(provider, sighting)))
	});
	let appeals = Evidences::<Runtime>::iter()
		.filter(|(_, _, evidence)| evidence.slash.is_some() && !evidence.appealed)
		.map(|(_, epoch, evidence)| (evidence.account, Due::Appeal(epoch)));
	let seats = VALIDATORS
		.into_iter()
		.chain(PROVIDERS)
		.map(Sr25519Keyring::to_account_id)
		.filter(|node| !Seats::<Runtime>::contains_key(node))
		.map(|node| (node, Due::Sit));
	// Anybody may hand it in.
	let answers = answer.map(|answer| (VALIDATORS[0].to_account_id(), Due::Answer(answer)));
	let all: Vec<_> = words.chain(appeals).chain(seats).chain(answers).collect();
	let Ok((who, what)) = bytes.choose(&all) else { return Ok(None) };
	let Some(who) = Sr25519Keyring::from_account_id(who) else { return Ok(None) };
	let call: RuntimeCall = match what {
		Due::Say(provider, sighting) => said(who, *provider, *sighting),
		Due::Sit => {
			let endpoint = Endpoint::V4 { addr: [127, bytes.arbitrary()?, 0, 1], port: 9_600 };
			let uplink_kbps = bytes.int_in_range(4u32..=21)? * 1_000;
			Measuring::take_seat { key: who.public().into(), endpoint, uplink_kbps, country: *b"DE" }.into()
		}
		Due::Appeal(epoch) => Measuring::appeal { epoch: *epoch }.into(),
		Due::Answer(answer) => answered(bytes, answer)?,
	};
	Ok(Some((who, call)))
}

/// The answer to an audit, now and then with a receipt of other counts: signed by both, which costs who reported these, or
/// by nobody.
fn answered(bytes: &mut Unstructured, answer: &RuntimeCall) -> Result<RuntimeCall> {
	let mut answer = answer.clone();
	if let RuntimeCall::ProofOfBandwidth(pallet_proof_of_bandwidth::Call::answer_audit { receipts, .. }) =
		&mut answer
	{
		for known in receipts.iter_mut() {
			match bytes.int_in_range(0u8..=15)? {
				0 => *known = receipt(known.test.clone(), bytes.arbitrary::<u32>()?.into()),
				1 => known.up_bytes = bytes.arbitrary()?,
				_ => {}
			}
		}
	}
	Ok(answer)
}

/// Whether a chain of tests goes on after the call. Keys of the session must be those of the accounts in
/// [`VALIDATORS`], for their signatures are made here.
fn is_played(call: &RuntimeCall) -> bool {
	!matches!(call, RuntimeCall::Session(_))
}

/// Any call of the runtime, with arguments that the bytes have spoiled, alone or in others.
pub(super) fn any(bytes: &mut Unstructured, signer: Sr25519Keyring) -> Result<RuntimeCall> {
	static KNOWN: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
	let known = KNOWN.get_or_init(|| every_call().iter().map(Encode::encode).collect());
	let mut encoded = bytes.choose(known)?.clone();
	for _ in 0..bytes.int_in_range(0u8..=4)? {
		let at = bytes.choose_index(encoded.len())?.max(2);
		match bytes.int_in_range(0u8..=3)? {
			0 => {
				let who = someone(bytes)?.to_raw_public();
				encoded.iter_mut().skip(at).zip(who).for_each(|(to, from)| *to = from);
			}
			1 => {
				let call = ours(bytes, signer)?.encode();
				encoded.splice(at.min(encoded.len()).., call);
			}
			_ => {
				let byte = bytes.arbitrary()?;
				encoded.get_mut(at).into_iter().for_each(|to| *to = byte);
			}
		}
	}
	encoded.extend([0; 64]);
	let call = RuntimeCall::decode_with_depth_limit(super::DEPTH, &mut &encoded[..]).ok();
	match call.filter(is_played) {
		Some(call) => wrapped(bytes, call),
		None => ours(bytes, signer),
	}
}

fn wrapped(bytes: &mut Unstructured, call: RuntimeCall) -> Result<RuntimeCall> {
	Ok(match bytes.int_in_range(0u8..=7)? {
		0 => pallet_utility::Call::batch { calls: vec![call.clone(), call] }.into(),
		1 => pallet_utility::Call::batch_all { calls: vec![call] }.into(),
		2 => {
			let real = someone(bytes)?.to_account_id().into();
			pallet_proxy::Call::proxy { real, force_proxy_type: None, call: Box::new(call) }.into()
		}
		_ => call,
	})
}

/// A call of whoever governs.
pub(super) fn by_root(bytes: &mut Unstructured) -> Result<RuntimeCall> {
	let name = |text: &str| text.as_bytes().to_vec().try_into().unwrap_or_default();
	let full_name = (name("Providers"), name("register"));
	Ok(match bytes.int_in_range(0u8..=9)? {
		0 => pallet_safe_mode::Call::force_enter {}.into(),
		1 | 2 => pallet_safe_mode::Call::force_exit {}.into(),
		3 => pallet_tx_pause::Call::pause { full_name }.into(),
		4 => pallet_tx_pause::Call::unpause { ident: full_name }.into(),
		5 => pallet_governance::Call::pause_purchases {}.into(),
		6 => pallet_price::Call::remove_reporter { who: someone(bytes)?.to_account_id() }.into(),
		7 => pallet_price::Call::add_reporter { who: someone(bytes)?.to_account_id() }.into(),
		_ => pallet_node_staking::Call::cancel_slash { id: bytes.int_in_range(0u32..=9)? }.into(),
	})
}
