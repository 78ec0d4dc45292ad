//! Payment channels on the real runtime, by signed transactions: credits in, vouchers, tokens out. After every block each
//! law holds.

use super::{chain::*, fees::signed};
use crate::*;
use codec::Encode;
use configs::economy_reads::provider_earnings;
use frame_support::{
	assert_noop, assert_ok, dispatch::GetDispatchInfo, weights::constants::WEIGHT_REF_TIME_PER_MILLIS,
};
use pallet_channels::{CloseCause, Error, Event, Opening, Usage, MAX_VOUCHERS};
use sp_core::Pair;
use sp_keyring::{
	Ed25519Keyring,
	Sr25519Keyring::{self, Bob, Dave, One, Two},
};
use sp_runtime::{generic::Era, traits::Dispatchable, DispatchResult};
use weir_math::economy::{
	channel::{charge, CHALLENGE_EPOCHS, GRACE_EPOCHS},
	units::{DOLLAR, PRICE_ONE},
	wide::{tokens_ceil, value_floor},
};
use weir_primitives::{
	channel::{
		close_payload, voucher_payload, ChannelId, SignedVoucher, Voucher, VoucherKey, VoucherRefusal,
		VoucherSignature,
	},
	channels_api::{ChannelInfo, ChannelState},
	economy::{Credits, Price as TokenPrice},
	economy_api::FeeInfo,
	seams::{
		economy::{CreditAccounts, SettlementRates},
		EpochClock,
	},
	EpochIndex, LineKind, ProviderIndex, Region,
};

type Payments = pallet_channels::Call<Runtime>;

const FOUR_CENTS: TokenPrice = PRICE_ONE / 25;
/// Who buys credits.
const CUSTOMER: Sr25519Keyring = One;
/// Who gets a gift.
const FRIEND: Sr25519Keyring = Two;
/// Who is paid. Its probe key is that of its account.
const PROVIDER: Sr25519Keyring = PROVIDERS[0];
const HOME: Region = Region { country: *b"DE", kind: LineKind::Residential };
const BOUGHT: Credits = 100 * DOLLAR;
/// Epochs of a plan's month on a local network.
const MONTH: EpochIndex = 8;

/// Everybody delivers what it claims.
fn good(_: Sr25519Keyring, provider: ProviderIndex, epoch: EpochIndex) -> Option<u32> {
	Some(share(CLAIM_KBPS + 1_000, provider, epoch))
}

fn block(chain: &mut Chain) {
	chain.block(&good);
	check_invariants();
}

/// Goes on until it is so, for at most so many blocks.
fn until(chain: &mut Chain, most: u32, what: &str, is_so: impl Fn() -> bool) {
	for _ in 0..most {
		if is_so() {
			return;
		}
		block(chain);
	}
	assert!(is_so(), "{what} within {most} blocks");
}

/// Makes a block with a signed transaction in it. What it came to.
fn send(chain: &mut Chain, signer: Sr25519Keyring, call: impl Into<RuntimeCall>) -> DispatchResult {
	let mut outcome = None;
	chain.block_with(&good, || {
		let nonce = System::account_nonce(signer.to_account_id());
		outcome = Some(Executive::apply_extrinsic(signed(signer, nonce, Era::Immortal, call)));
	});
	check_invariants();
	outcome.expect("it was applied").expect("it is valid")
}

/// What channels did in the last block.
fn events() -> Vec<Event<Runtime>> {
	let events = System::events().into_iter();
	events
		.filter_map(|record| match record.event {
			RuntimeEvent::Channels(event) => Some(event),
			_ => None,
		})
		.collect()
}

/// A network at work on which a token is worth four cents and the customer has bought credits.
fn with_credits(test: impl FnOnce(&mut Chain)) {
	genesis(presets::LOCAL).execute_with(|| {
		let mut chain = Chain::with_providers();
		chain.quote(Some(FOUR_CENTS));
		let open = || Price::purchases_closed().is_none() && Price::payouts_closed().is_none();
		until(&mut chain, 40, "there is a price", open);
		let max_tokens = tokens_ceil(BOUGHT, FOUR_CENTS / 2).expect("a price");
		let request = pallet_burn_mint::Call::request_credits { credits: BOUGHT, max_tokens };
		assert_ok!(send(&mut chain, CUSTOMER, request));
		until(&mut chain, 40, "the credits are bought", || free(CUSTOMER) == BOUGHT);
		test(&mut chain);
	});
}

fn free(who: Sr25519Keyring) -> Credits {
	BurnMint::free(&who.to_account_id())
}

fn locked(who: Sr25519Keyring) -> Credits {
	BurnMint::locked(&who.to_account_id())
}

/// What opens a channel of so many credits for ten epochs, by what the runtime's API says.
fn opening(credits: Credits) -> Opening<AccountId> {
	let provider = PROVIDER.to_account_id();
	let offer = Channels::offer(&provider, 100).expect("it is registered");
	assert!(offer.in_service && credits >= offer.least_credits && offer.region == HOME);
	let voucher_key = VoucherKey::Sr25519(Dave.to_raw_public());
	let (terms_hash, expiry) = (offer.terms_hash, offer.epoch + 10);
	Opening { provider, credits, voucher_key, expiry, boost: offer.boost, terms_hash, from_plan: false }
}

fn open(chain: &mut Chain, opening: Opening<AccountId>) -> ChannelId {
	let channel = pallet_channels::NextId::<Runtime>::get();
	assert_ok!(send(chain, CUSTOMER, Payments::open { opening }));
	channel
}

fn told(channel: ChannelId) -> ChannelInfo<AccountId> {
	Channels::channel(channel).expect("it is open")
}

fn genesis_hash() -> [u8; 32] {
	System::block_hash(0).0
}

/// So many credits' worth of bytes.
fn voucher(channel: ChannelId, credits: Credits) -> Voucher {
	let bytes = u64::try_from(credits).expect("few") * 1_000_000_000 / told(channel).price;
	assert!(charge(bytes, 0, told(channel).price).is_some_and(|due| due >= credits), "{bytes} bytes");
	Voucher { channel, bytes_down: bytes - 7, bytes_up: 7, credits, sequence: 3 }
}

fn by_sr25519(voucher: Voucher) -> SignedVoucher {
	let signature = Dave.sign(&voucher_payload(&genesis_hash(), &voucher));
	SignedVoucher { voucher, signature: VoucherSignature::Sr25519(signature.0) }
}

fn claim(vouchers: &[SignedVoucher]) -> Payments {
	let vouchers = vouchers.to_vec().try_into().expect("few vouchers");
	Payments::claim { provider: PROVIDER.to_account_id(), vouchers }
}

fn refused(index: u32, reason: VoucherRefusal) -> Event<Runtime> {
	Event::VoucherRefused { index, reason }
}

#[test]
fn credits_should_become_tokens_of_the_provider_by_vouchers() {
	with_credits(|chain| {
		let provider = PROVIDER.to_account_id();
		let opening = opening(20 * DOLLAR);
		let channel = open(chain, opening.clone());
		assert_eq!((free(CUSTOMER), locked(CUSTOMER)), (80 * DOLLAR, 20 * DOLLAR));
		let ChannelInfo { state, price, expiry, .. } = told(channel);
		assert_eq!((state, price, expiry), (ChannelState::Open, 50_000, opening.expiry));

		// Past the close of the epoch before, so that the whole of it is this channel's.
		let epoch = ProofOfBandwidth::epoch() + 1;
		chain.until_epoch(epoch, &good);
		let (low, high) =
			(by_sr25519(voucher(channel, 5 * DOLLAR)), by_sr25519(voucher(channel, 12 * DOLLAR)));
		let forged = SignedVoucher { voucher: Voucher { credits: 19 * DOLLAR, ..high.voucher }, ..high };
		assert_ok!(send(chain, PROVIDER, claim(&[low, forged, high, low])));
		let (paid, left) = (12 * DOLLAR, 8 * DOLLAR);
		let claimed = |credits, paid, left, by: &SignedVoucher| Event::Claimed {
			channel,
			credits,
			paid,
			left,
			usage: Usage::from(by),
		};
		let mut expected = vec![
			claimed(5 * DOLLAR, 5 * DOLLAR, 15 * DOLLAR, &low),
			claimed(7 * DOLLAR, paid, left, &high),
			refused(1, VoucherRefusal::BadSignature),
			refused(3, VoucherRefusal::NothingNew),
		];
		let mut found = events();
		for events in [&mut expected, &mut found] {
			events.sort_by_key(Encode::encode);
		}
		assert_eq!(found, expected);
		assert_eq!((told(channel).paid, told(channel).left, locked(CUSTOMER)), (paid, left, left));
		let earned = provider_earnings(&provider);
		assert_eq!(earned.fee_epochs, [FeeInfo { epoch, credits: paid, tokens: None }]);
		assert_eq!((earned.channels.open, earned.channels.left, earned.epoch), (1, left, epoch));
		let region = configs::economy_reads::region(HOME).expect("it is in the table");
		assert_eq!(region.paid, paid);

		until(chain, 120, "the epoch is closed", || pallet_burn_mint::NextClose::<Runtime>::get() > epoch);
		let rate = BurnMint::rate(epoch).expect("it is settled");
		assert_eq!(rate.credits, paid);
		let summary = pallet_burn_mint::Summaries::<Runtime>::get(epoch).expect("it is closed");
		let worth =
			value_floor(rate.provider_tokens, summary.price.expect("there was one")).expect("a price");
		assert!((9 * DOLLAR - 1..=9 * DOLLAR).contains(&worth), "three quarters: {worth}");
		let earned = provider_earnings(&provider);
		assert_eq!(earned.fee_epochs, [FeeInfo { epoch, credits: paid, tokens: Some(rate.provider_tokens) }]);
		assert_eq!((earned.fees.pending, earned.fees.paid), (rate.provider_tokens, 0));

		let before = Balances::free_balance(&provider);
		assert_ok!(send(chain, Bob, pallet_rewards::Call::claim { who: provider.clone(), limit: 64 }));
		let earned = provider_earnings(&provider);
		assert_eq!((earned.fees.pending, earned.fees.paid), (0, rate.provider_tokens));
		assert!(earned.fee_epochs.is_empty());
		assert!(Balances::free_balance(&provider) - before >= rate.provider_tokens);

		let last = Some(by_sr25519(voucher(channel, 13 * DOLLAR)));
		assert_ok!(send(chain, PROVIDER, Payments::close { channel, last }));
		let cause = CloseCause::Provider;
		assert_eq!(
			events().last(),
			Some(&Event::Closed { channel, cause, paid: 13 * DOLLAR, returned: 7 * DOLLAR })
		);
		assert_eq!((free(CUSTOMER), locked(CUSTOMER)), (87 * DOLLAR, 0));
		assert_eq!((Channels::channel(channel), provider_earnings(&provider).channels.open), (None, 0));
	});
}

#[test]
fn overdraft_should_be_paid_in_part_and_a_voucher_beyond_its_bytes_not_at_all() {
	with_credits(|chain| {
		let channel = open(chain, opening(2 * DOLLAR));
		let honest = voucher(channel, 3 * DOLLAR);
		let dear = by_sr25519(Voucher { credits: 3 * DOLLAR + 1, ..honest });
		assert_ok!(send(chain, PROVIDER, claim(&[dear])));
		assert_eq!(events(), [refused(0, VoucherRefusal::AboveCharge)]);
		assert_ok!(send(chain, PROVIDER, claim(&[by_sr25519(honest)])));
		assert_eq!((told(channel).paid, told(channel).left), (2 * DOLLAR, 0));
		// What it could not pay it pays when there is more.
		assert_ok!(send(chain, CUSTOMER, Payments::top_up { channel, credits: 5 * DOLLAR }));
		assert_ok!(send(chain, PROVIDER, claim(&[by_sr25519(honest)])));
		assert_eq!((told(channel).paid, told(channel).left), (3 * DOLLAR, 4 * DOLLAR));
	});
}

#[test]
fn gift_should_be_used_by_another_and_come_back_to_whom_it_was_paid_by() {
	with_credits(|chain| {
		let key = Ed25519Keyring::Two;
		let opening = Opening { voucher_key: VoucherKey::Ed25519(key.public().0), ..opening(10 * DOLLAR) };
		let channel = pallet_channels::NextId::<Runtime>::get();
		let customer = FRIEND.to_account_id();
		assert_ok!(send(chain, CUSTOMER, Payments::open_for { customer, opening }));
		assert_eq!((locked(CUSTOMER), locked(FRIEND), free(FRIEND)), (10 * DOLLAR, 0, 0));
		let refused = send(chain, FRIEND, Payments::top_up { channel, credits: DOLLAR });
		assert_eq!(refused, Err(Error::<Runtime>::NotYours.into()));

		assert_ok!(send(chain, FRIEND, Payments::close { channel, last: None }));
		let closes_from = ProofOfBandwidth::epoch() + 1 + CHALLENGE_EPOCHS;
		assert_eq!(events(), [Event::CloseRequested { channel, closes_from }]);
		assert_eq!((told(channel).state, told(channel).closes_from), (ChannelState::Closing, closes_from));
		let early = send(chain, Bob, Payments::close_due { channel });
		assert_eq!(early, Err(Error::<Runtime>::NotDue.into()));

		// In the last epoch of the challenge a voucher still counts, whoever hands it in.
		chain.until_epoch(closes_from - 1, &good);
		let voucher = voucher(channel, 4 * DOLLAR);
		let signature = key.pair().sign(&voucher_payload(&genesis_hash(), &voucher));
		let signed = SignedVoucher { voucher, signature: VoucherSignature::Ed25519(signature.0) };
		assert_ok!(send(chain, Bob, claim(&[signed])));
		assert_eq!(told(channel).paid, 4 * DOLLAR);
		until(chain, 40, "an idle block closes it", || Channels::channel(channel).is_none());
		assert_eq!(ProofOfBandwidth::epoch(), closes_from);
		let cause = CloseCause::Challenged;
		let closed = Event::Closed { channel, cause, paid: 4 * DOLLAR, returned: 6 * DOLLAR };
		assert_eq!(events(), [closed]);
		assert_eq!((free(CUSTOMER), locked(CUSTOMER)), (96 * DOLLAR, 0));
	});
}

#[test]
fn channel_should_be_closed_by_an_idle_block_when_its_grace_is_over() {
	with_credits(|chain| {
		let expiry = ProofOfBandwidth::epoch() + 2;
		let channel = open(chain, Opening { expiry, ..opening(10 * DOLLAR) });
		chain.until_epoch(expiry + GRACE_EPOCHS - 1, &good);
		assert_eq!(told(channel).state, ChannelState::Expired);
		assert_ok!(send(chain, PROVIDER, claim(&[by_sr25519(voucher(channel, DOLLAR))])));
		assert_eq!(told(channel).paid, DOLLAR);
		until(chain, 40, "an idle block closes it", || Channels::channel(channel).is_none());
		assert_eq!(ProofOfBandwidth::epoch(), expiry + GRACE_EPOCHS);
		let cause = CloseCause::Expired;
		assert_eq!(events(), [Event::Closed { channel, cause, paid: DOLLAR, returned: 9 * DOLLAR }]);
		assert_eq!(free(CUSTOMER), 99 * DOLLAR);
	});
}

#[test]
fn channel_should_close_at_once_when_the_provider_has_signed_what_it_came_to() {
	with_credits(|chain| {
		let channel = open(chain, opening(10 * DOLLAR));
		assert_ok!(send(chain, PROVIDER, claim(&[by_sr25519(voucher(channel, 2 * DOLLAR))])));
		let agreed = |who: Sr25519Keyring, signed: Credits, credits| {
			let signature = who.sign(&close_payload(&genesis_hash(), channel, signed)).into();
			Payments::close_agreed { channel, credits, signature }
		};
		let too_little = send(chain, CUSTOMER, agreed(PROVIDER, 3 * DOLLAR, 2 * DOLLAR));
		assert_eq!(too_little, Err(Error::<Runtime>::BadSignature.into()));
		let by_itself = send(chain, CUSTOMER, agreed(CUSTOMER, 2 * DOLLAR, 2 * DOLLAR));
		assert_eq!(by_itself, Err(Error::<Runtime>::BadSignature.into()));
		let others = send(chain, FRIEND, agreed(PROVIDER, 3 * DOLLAR, 3 * DOLLAR));
		assert_eq!(others, Err(Error::<Runtime>::NotYours.into()));
		assert_ok!(send(chain, CUSTOMER, agreed(PROVIDER, 3 * DOLLAR, 3 * DOLLAR)));
		let cause = CloseCause::Agreed;
		assert_eq!(events(), [Event::Closed { channel, cause, paid: 3 * DOLLAR, returned: 7 * DOLLAR }]);
		assert_eq!((free(CUSTOMER), locked(CUSTOMER)), (97 * DOLLAR, 0));
		let credits: Credits =
			provider_earnings(&PROVIDER.to_account_id()).fee_epochs.iter().map(|fees| fees.credits).sum();
		assert_eq!(credits, 3 * DOLLAR);
	});
}

#[test]
fn channel_should_be_opened_and_ended_without_a_token() {
	with_credits(|chain| {
		let all = pallet_balances::Call::transfer_all { dest: Bob.to_account_id().into(), keep_alive: false };
		assert_ok!(dispatch(CUSTOMER, all));
		assert_eq!(Balances::free_balance(CUSTOMER.to_account_id()), 0);
		let channel = open(chain, opening(10 * DOLLAR));
		let fee = 90 * DOLLAR - free(CUSTOMER);
		assert!((1..DOLLAR / 10).contains(&fee), "{fee}");
		assert_ok!(send(chain, CUSTOMER, Payments::close { channel, last: None }));
		let last = Some(by_sr25519(voucher(channel, DOLLAR)));
		assert_ok!(send(chain, PROVIDER, Payments::close { channel, last }));
		assert_eq!((Channels::channel(channel), locked(CUSTOMER)), (None, 0));
		assert!((98 * DOLLAR..99 * DOLLAR - fee).contains(&free(CUSTOMER)));
		assert_eq!(Balances::free_balance(CUSTOMER.to_account_id()), 0);
	});
}

#[test]
fn plan_should_pay_for_channels_and_lapse_when_it_is_not_used() {
	with_credits(|chain| {
		let account = CUSTOMER.to_account_id();
		let plan = || Channels::plan(&account).expect("there is one");
		assert_ok!(send(chain, CUSTOMER, Payments::subscribe { credits: 30 * DOLLAR }));
		let end = plan().until;
		assert_eq!((end, plan().most_price), (ProofOfBandwidth::epoch() + MONTH, 50_000));
		let opening = |boost| Opening { from_plan: true, boost, ..opening(10 * DOLLAR) };
		let dear = send(chain, CUSTOMER, Payments::open { opening: opening(101) });
		assert_eq!(dear, Err(Error::<Runtime>::AbovePlanPrice.into()));
		let channel = open(chain, opening(100));
		assert_eq!((plan().current, locked(CUSTOMER)), (20 * DOLLAR, 30 * DOLLAR));
		let last = Some(by_sr25519(voucher(channel, 4 * DOLLAR)));
		assert_ok!(send(chain, PROVIDER, Payments::close { channel, last }));
		assert_eq!(
			(plan().current, locked(CUSTOMER), free(CUSTOMER)),
			(26 * DOLLAR, 26 * DOLLAR, 70 * DOLLAR)
		);

		chain.until_epoch(end, &good);
		assert_eq!((plan().current, plan().rolled, plan().lapsed), (0, 26 * DOLLAR, 0));
		chain.until_epoch(end + MONTH, &good);
		assert_eq!((plan().current, plan().rolled, plan().lapsed), (0, 0, 26 * DOLLAR));
		let before = ledger();
		assert_ok!(dispatch(Bob, Payments::lapse_plan { who: account.clone() }));
		check_invariants();
		let after = ledger();
		assert_eq!((Channels::plan(&account), locked(CUSTOMER)), (None, 0));
		assert_eq!(before.credits - after.credits, 26 * DOLLAR);
		let (buffered, destroyed) = (after.buffer - before.buffer, after.destroyed - before.destroyed);
		assert_eq!(buffered + destroyed, before.basis - after.basis);
		assert!(
			destroyed > 0 && (destroyed == buffered || destroyed == buffered + 1),
			"{buffered}, {destroyed}"
		);
	});
}

// Property 44, of channels.
#[test]
fn provider_should_be_paid_and_channels_end_when_the_chain_is_braked() {
	with_credits(|chain| {
		let channels = [(); 4].map(|()| open(chain, opening(10 * DOLLAR)));
		let [first, second, third, fourth] = channels;
		assert_ok!(send(chain, FRIEND, claim(&[by_sr25519(voucher(first, DOLLAR))])));
		let stopped = [
			Payments::open { opening: opening(DOLLAR) },
			Payments::top_up { channel: first, credits: DOLLAR },
			Payments::subscribe { credits: DOLLAR },
		];
		let enter: RuntimeCall = pallet_safe_mode::Call::force_enter {}.into();
		assert_ok!(enter.dispatch(pallet_governance::Origin::Upgrade.into()));
		for call in stopped {
			assert_noop!(dispatch(CUSTOMER, call), frame_system::Error::<Runtime>::CallFiltered);
		}
		assert_ok!(send(chain, PROVIDER, claim(&[by_sr25519(voucher(second, 2 * DOLLAR))])));
		let last = Some(by_sr25519(voucher(first, 3 * DOLLAR)));
		assert_ok!(send(chain, PROVIDER, Payments::close { channel: first, last }));
		let signature = PROVIDER.sign(&close_payload(&genesis_hash(), second, 4 * DOLLAR)).into();
		assert_ok!(send(
			chain,
			CUSTOMER,
			Payments::close_agreed { channel: second, credits: 4 * DOLLAR, signature }
		));
		assert_ok!(send(chain, CUSTOMER, Payments::close { channel: third, last: None }));
		let idle = || Channels::channel(third).is_none();
		until(chain, 400, "idle blocks close what is due", idle);
		assert_ok!(send(chain, PROVIDER, Payments::close { channel: fourth, last: None }));
		assert_eq!((free(CUSTOMER), locked(CUSTOMER)), (BOUGHT - 7 * DOLLAR, 0));
	});
}

#[test]
fn largest_claim_should_fit_the_bar() {
	let one = SignedVoucher {
		voucher: Voucher { channel: 0, bytes_down: 0, bytes_up: 0, credits: 0, sequence: 0 },
		signature: VoucherSignature::Sr25519([0; 64]),
	};
	let largest: RuntimeCall = claim(&vec![one; MAX_VOUCHERS as usize]).into();
	let weight = largest.get_dispatch_info().call_weight;
	assert!(weight.ref_time() <= 15 * WEIGHT_REF_TIME_PER_MILLIS, "{weight}");
}
