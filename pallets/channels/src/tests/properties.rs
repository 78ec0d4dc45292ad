//! Properties 32 to 35 under random sequences of all calls: what is locked is what was paid and what comes back, a charge is
//! what its bytes cost however many vouchers said so, the highest voucher wins, and nothing comes back before its time.
//!
//! A model of a few lines says what every voucher is to pay, without the code that pays it.

use super::*;
use proptest::prelude::*;
use sp_runtime::DispatchResult;
use std::collections::BTreeMap;
use weir_primitives::channel::Voucher;

const SIGNERS: [Signer; 3] = [Signer::Sr25519(1), Signer::Ed25519(1), Signer::Sr25519(2)];
const PAYERS: [AccountId; 3] = [ALICE, BOB, CAROL];

/// A channel: of those that are open, one after the other, or by its number, open or not.
#[derive(Clone, Copy, Debug)]
enum Which {
	Open(usize),
	Number(ChannelId),
}

/// Somebody, by what it has to do with a channel.
#[derive(Clone, Copy, Debug)]
enum Part {
	Payer,
	Customer,
	Provider,
	Stranger,
}

/// What a voucher says, and how it is signed.
#[derive(Clone, Debug)]
struct Said {
	channel: Which,
	credits: Credits,
	/// Credits' worth of bytes that it says more, or fewer.
	bytes: i8,
	/// None: that of the channel.
	signer: Option<usize>,
	is_of_this_chain: bool,
}

#[derive(Clone, Debug)]
enum Step {
	Open {
		payer: usize,
		customer: Option<AccountId>,
		other: bool,
		credits: Credits,
		signer: usize,
		life: u32,
		boost: u16,
		from_plan: bool,
	},
	TopUp(Part, Which, Credits),
	Extend(Part, Which, u32),
	/// By the provider of the channel of the first voucher, or by another.
	Claim(bool, Vec<Said>),
	/// The vouchers that were signed last.
	Replay(bool),
	Close(Part, Which, Option<Said>),
	/// In thousandths of what was put in, and whether the provider has signed it.
	CloseAgreed(Part, Which, u32, bool),
	CloseDue(Which),
	Subscribe(AccountId, Credits),
	LapsePlan(AccountId),
	Epochs(u32),
	Idle,
	/// Price, whether in service, whether registered.
	Offer(bool, u64, bool, bool),
	ListPrice(u64),
	Refuse(bool, bool),
}

fn which() -> impl Strategy<Value = Which> {
	prop_oneof![12 => (0..100usize).prop_map(Which::Open), 1 => (0..40u64).prop_map(Which::Number)]
}

fn part() -> impl Strategy<Value = Part> {
	prop_oneof![
		8 => Just(Part::Payer),
		3 => Just(Part::Customer),
		2 => Just(Part::Provider),
		1 => Just(Part::Stranger),
	]
}

fn credits() -> impl Strategy<Value = Credits> {
	prop_oneof![16 => MIN..2_000u128, 1 => 0..MIN, 1 => 0..2 * FUNDS]
}

fn said() -> impl Strategy<Value = Said> {
	let signer = prop_oneof![12 => Just(None), 1 => (0..SIGNERS.len()).prop_map(Some)];
	let bytes = prop_oneof![12 => Just(0), 1 => -3..3i8];
	let is_of_this_chain = prop::bool::weighted(0.95);
	let credits = prop_oneof![8 => 0..2_000u128, 1 => 0..20_000u128];
	(which(), credits, bytes, signer, is_of_this_chain).prop_map(
		|(channel, credits, bytes, signer, is_of_this_chain)| Said {
			channel,
			credits,
			bytes,
			signer,
			is_of_this_chain,
		},
	)
}

fn opening_step() -> impl Strategy<Value = Step> {
	let customer = prop::option::weighted(0.3, prop::sample::select(vec![ALICE, BOB, CAROL, DAVE, PROVIDER]));
	let life = prop_oneof![12 => 1..40u32, 1 => 0..400u32];
	let boost = prop_oneof![8 => Just(100), 2 => 100..=300u16, 1 => any::<u16>()];
	let terms = (credits(), 0..SIGNERS.len(), life, boost, prop::bool::weighted(0.3));
	(0..PAYERS.len(), customer, any::<bool>(), terms).prop_map(
		|(payer, customer, other, (credits, signer, life, boost, from_plan))| Step::Open {
			payer,
			customer,
			other,
			credits,
			signer,
			life,
			boost,
			from_plan,
		},
	)
}

fn step() -> impl Strategy<Value = Step> {
	let payer = prop::sample::select(PAYERS.to_vec());
	let often = prop::bool::weighted(0.9);
	let seldom = prop::bool::weighted(0.1);
	prop_oneof![
		10 => opening_step(),
		4 => (part(), which(), credits()).prop_map(|(who, which, credits)| Step::TopUp(who, which, credits)),
		2 => (part(), which(), 1..60u32).prop_map(|(who, which, life)| Step::Extend(who, which, life)),
		12 => (seldom, prop::collection::vec(said(), 0..6)).prop_map(|(wrong, said)| Step::Claim(wrong, said)),
		2 => any::<bool>().prop_map(Step::Replay),
		2 => (part(), which(), prop::option::weighted(0.3, said()))
			.prop_map(|(who, which, last)| Step::Close(who, which, last)),
		1 => (part(), which(), 0..1_100u32, often)
			.prop_map(|(who, which, part, is_signed)| Step::CloseAgreed(who, which, part, is_signed)),
		3 => which().prop_map(Step::CloseDue),
		4 => (payer.clone(), credits()).prop_map(|(who, credits)| Step::Subscribe(who, credits)),
		1 => payer.prop_map(Step::LapsePlan),
		4 => prop_oneof![6 => 1..4u32, 1 => 1..MONTH].prop_map(Step::Epochs),
		2 => Just(Step::Idle),
		1 => (any::<bool>(), PRICE / 2..PRICE * 3 / 2, often, often)
			.prop_map(|(other, price, serves, exists)| Step::Offer(other, price, serves, exists)),
		1 => (PRICE / 2..2 * PRICE).prop_map(Step::ListPrice),
		1 => (seldom, seldom).prop_map(|(till, lapse)| Step::Refuse(till, lapse)),
	]
}

/// A channel as its events tell it, and what it is to have paid.
#[derive(Clone, Debug)]
struct Known {
	payer: AccountId,
	customer: AccountId,
	provider: AccountId,
	signer: Signer,
	price: u64,
	deposited: Credits,
	paid: Credits,
	expiry: EpochIndex,
	/// When payer or customer asked for its end.
	asked: Option<EpochIndex>,
}

/// What the voucher pays, by the rules alone.
fn due(
	channels: &BTreeMap<ChannelId, Known>,
	provider: AccountId,
	handed: &Handed,
) -> Result<Credits, VoucherRefusal> {
	let Voucher { channel, bytes_down, bytes_up, credits, .. } = handed.signed.voucher;
	let known = channels.get(&channel).ok_or(VoucherRefusal::UnknownChannel)?;
	if known.provider != provider {
		return Err(VoucherRefusal::WrongProvider);
	}
	if handed.signer != known.signer || !handed.is_of_this_chain {
		return Err(VoucherRefusal::BadSignature);
	}
	let cost = (u128::from(bytes_down) + u128::from(bytes_up)) * u128::from(known.price);
	if credits > cost.div_ceil(1_000_000_000) {
		return Err(VoucherRefusal::AboveCharge);
	}
	if credits <= known.paid {
		return Err(VoucherRefusal::NothingNew);
	}
	match credits.min(known.deposited) - known.paid {
		0 => Err(VoucherRefusal::Drained),
		due => Ok(due),
	}
}

/// A voucher, and what is known of its signature.
#[derive(Clone)]
struct Handed {
	signed: SignedVoucher,
	signer: Signer,
	is_of_this_chain: bool,
}

#[derive(Default)]
struct Model {
	channels: BTreeMap<ChannelId, Known>,
	/// Everything that was ever signed.
	handed: Vec<Handed>,
	/// The key of the channel that is being opened.
	signer: Option<Signer>,
}

impl Model {
	fn number(&self, which: Which) -> ChannelId {
		match which {
			Which::Number(channel) => channel,
			Which::Open(nth) => {
				let nth = nth.checked_rem(self.channels.len()).unwrap_or_default();
				self.channels.keys().nth(nth).copied().unwrap_or_default()
			}
		}
	}

	/// A channel by its number, and who plays that part in it.
	fn whose(&self, part: Part, which: Which) -> (AccountId, ChannelId) {
		let channel = self.number(which);
		let who = match (part, self.channels.get(&channel)) {
			(Part::Payer, Some(known)) => known.payer,
			(Part::Customer, Some(known)) => known.customer,
			(Part::Provider, Some(known)) => known.provider,
			_ => DAVE,
		};
		(who, channel)
	}

	fn sign(&mut self, said: &Said) -> Handed {
		let channel = self.number(said.channel);
		let known = self.channels.get(&channel);
		let price = u128::from(known.map_or(PRICE, |known| known.price)).max(1);
		let worth = said.credits.saturating_add_signed(said.bytes.into());
		let bytes = u64::try_from((worth * 1_000_000_000).div_ceil(price)).unwrap();
		let own = known.map_or(SIGNER, |known| known.signer);
		let signer = said.signer.map_or(own, |n| SIGNERS[n]);
		let voucher = Voucher {
			channel,
			bytes_down: bytes / 3,
			bytes_up: bytes - bytes / 3,
			credits: said.credits,
			sequence: self.handed.len() as u64,
		};
		let genesis = if said.is_of_this_chain { GENESIS } else { [70; 32] };
		let signed = signer.sign(&genesis, voucher);
		let handed = Handed { signed, signer, is_of_this_chain: said.is_of_this_chain };
		self.handed.push(handed.clone());
		handed
	}

	/// What a batch is to come to: credits of each voucher that counts, and the others by their place.
	fn outcome(&self, provider: AccountId, batch: &[Handed]) -> (Vec<Credits>, Vec<(u32, VoucherRefusal)>) {
		let mut channels = self.channels.clone();
		let (mut paid, mut refused) = (vec![], vec![]);
		for (index, handed) in (0..).zip(batch) {
			match due(&channels, provider, handed) {
				Ok(credits) => {
					channels.get_mut(&handed.signed.voucher.channel).unwrap().paid += credits;
					paid.push(credits);
				}
				Err(reason) => refused.push((index, reason)),
			}
		}
		(paid, refused)
	}

	/// Follows an event, and judges it.
	fn note(&mut self, event: &Event<Test>) {
		let now = Epoch::get();
		match *event {
			Event::Opened { channel, payer, customer, provider, credits, price, expiry } => {
				let signer = self.signer.expect("a channel is opened by its call");
				let (deposited, paid, asked) = (credits, 0, None);
				let known =
					Known { payer, customer, provider, signer, price, deposited, paid, expiry, asked };
				assert!(self.channels.insert(channel, known).is_none());
			}
			Event::ToppedUp { channel, credits, deposited } => {
				let known = self.channels.get_mut(&channel).unwrap();
				known.deposited += credits;
				assert_eq!(known.deposited, deposited);
			}
			Event::Extended { channel, old, new } => {
				let known = self.channels.get_mut(&channel).unwrap();
				assert_eq!((known.expiry, known.asked), (old, None));
				known.expiry = new;
			}
			Event::Claimed { channel, credits, paid, left, .. } => {
				let known = self.channels.get_mut(&channel).unwrap();
				known.paid += credits;
				assert_eq!((known.paid, known.deposited), (paid, paid + left));
			}
			Event::CloseRequested { channel, .. } => {
				let known = self.channels.get_mut(&channel).unwrap();
				assert_eq!(known.asked.replace(now), None);
			}
			Event::Closed { channel, cause, paid, returned } => {
				let known = self.channels.remove(&channel).unwrap();
				// 35: never more than was put in, and not before its time.
				assert_eq!(paid + returned, known.deposited);
				assert!(paid == known.paid || (paid > known.paid && cause == CloseCause::Agreed));
				let expired = now >= known.expiry + 4;
				match cause {
					CloseCause::Provider | CloseCause::Agreed => {}
					CloseCause::Challenged => assert!(expired || now > known.asked.unwrap() + 4),
					CloseCause::Expired => assert!(expired && known.asked.is_none()),
				}
			}
			_ => {}
		}
	}

	/// 32: all that a payer ever had is free, locked, paid or lapsed, and what is locked is what its channels hold and its plan.
	fn check(&self) {
		for who in PAYERS {
			let purse = purse(who);
			assert_eq!(purse.all(), FUNDS);
			let held: Credits = self
				.channels
				.values()
				.filter(|known| known.payer == who)
				.map(|known| known.deposited - known.paid)
				.sum();
			let plan = Plans::<Test>::get(who).map_or(0, |held| held.plan.left());
			assert_eq!(purse.locked, held + plan);
		}
		assert_eq!(Channels::<Test>::iter_keys().count(), self.channels.len());
		for (channel, known) in &self.channels {
			let record = record(*channel);
			assert_eq!((record.funds.deposited, record.funds.paid), (known.deposited, known.paid));
			assert_eq!((record.payer, record.customer), (known.payer, known.customer));
			assert_eq!((record.price, record.expiry), (known.price, known.expiry));
		}
	}
}

fn one_of_two(is_other: bool) -> AccountId {
	if is_other {
		OTHER
	} else {
		PROVIDER
	}
}

/// The provider of the channel of the first voucher, or one that is wrong for it.
fn provider_of(model: &Model, batch: &[Handed], is_wrong: bool) -> AccountId {
	let known = batch.first().and_then(|handed| model.channels.get(&handed.signed.voucher.channel));
	let provider = known.map_or(PROVIDER, |known| known.provider);
	one_of_two((provider == OTHER) != is_wrong)
}

fn open_as(model: &mut Model, step: &Step) -> DispatchResult {
	let Step::Open { payer, customer, other, credits, signer, life, boost, from_plan } = *step else {
		unreachable!("by its caller");
	};
	model.signer = Some(SIGNERS[signer]);
	let opening = Opening {
		provider: one_of_two(other),
		voucher_key: SIGNERS[signer].key(),
		expiry: Epoch::get() + life,
		boost,
		from_plan,
		..opening(credits)
	};
	match customer {
		Some(customer) => Payments::open_for(signed(PAYERS[payer]), customer, opening),
		None => Payments::open(signed(PAYERS[payer]), opening),
	}
}

/// What the vouchers of the running step came to.
fn told() -> (Vec<Credits>, Vec<(u32, VoucherRefusal)>) {
	System::events().into_iter().fold((vec![], vec![]), |mut all, record| {
		match record.event {
			RuntimeEvent::Payments(Event::Claimed { credits, .. }) => all.0.push(credits),
			RuntimeEvent::Payments(Event::VoucherRefused { index, reason }) => all.1.push((index, reason)),
			_ => {}
		}
		all
	})
}

/// Hands vouchers in, and compares what they came to with what they are to.
fn claim_as(model: &Model, provider: AccountId, batch: &[Handed]) -> DispatchResult {
	let vouchers: Vec<_> = batch.iter().map(|handed| handed.signed).collect();
	let expected = model.outcome(provider, batch);
	let before = Till::get().len();
	let result = Payments::claim(signed(DAVE), provider, many(&vouchers));
	if batch.is_empty() {
		assert_eq!(result.map_err(|error| error.error), Err(Error::<Test>::Empty.into()));
		return Err(Error::<Test>::Empty.into());
	}
	if Broken::get().traffic && !expected.0.is_empty() {
		return result.map(|_| ()).map_err(|error| error.error);
	}
	assert_ok!(result);
	assert_eq!(told(), expected);
	// One call of the till for all of them, or none.
	assert_eq!(Till::get().len() - before, usize::from(!expected.0.is_empty()));
	Ok(())
}

fn call(model: &mut Model, step: &Step) -> DispatchResult {
	match step.clone() {
		Step::Open { .. } => open_as(model, step),
		Step::TopUp(part, which, credits) => {
			let (who, channel) = model.whose(part, which);
			Payments::top_up(signed(who), channel, credits)
		}
		Step::Extend(part, which, life) => {
			let (who, channel) = model.whose(part, which);
			Payments::extend(signed(who), channel, Epoch::get() + life)
		}
		Step::Claim(is_wrong, said) => {
			let batch: Vec<_> = said.iter().map(|said| model.sign(said)).collect();
			claim_as(model, provider_of(model, &batch, is_wrong), &batch)
		}
		Step::Replay(is_wrong) => {
			let batch: Vec<_> = model.handed.iter().rev().take(64).cloned().collect();
			claim_as(model, provider_of(model, &batch, is_wrong), &batch)
		}
		Step::Close(part, which, last) => {
			let (who, channel) = model.whose(part, which);
			let last = last.map(|said| model.sign(&Said { channel: Which::Number(channel), ..said }));
			let expected = match last.as_ref().map(|last| due(&model.channels, who, last)) {
				None => (vec![], vec![]),
				Some(Ok(credits)) => (vec![credits], vec![]),
				Some(Err(reason)) => (vec![], vec![(0, reason)]),
			};
			Payments::close(signed(who), channel, last.map(|last| last.signed))?;
			assert_eq!(told(), expected);
			Ok(())
		}
		Step::CloseAgreed(part, which, thousandths, is_signed) => {
			let (who, channel) = model.whose(part, which);
			let known = model.channels.get(&channel);
			let (provider, deposited) =
				known.map_or((PROVIDER, 1_000), |known| (known.provider, known.deposited));
			let credits = deposited * Credits::from(thousandths) / 1_000;
			let signature = agreement(if is_signed { provider } else { DAVE }, channel, credits);
			Payments::close_agreed(signed(who), channel, credits, signature)
		}
		Step::CloseDue(which) => Payments::close_due(signed(DAVE), model.number(which)),
		Step::Subscribe(who, credits) => Payments::subscribe(signed(who), credits),
		Step::LapsePlan(who) => Payments::lapse_plan(signed(DAVE), who),
		Step::Epochs(epochs) => {
			enter(Epoch::get() + epochs);
			Ok(())
		}
		Step::Idle => {
			idle(frame_support::weights::Weight::MAX);
			Ok(())
		}
		Step::Offer(other, price, serves, exists) => {
			let who = one_of_two(other);
			change_listing(who, |listing| (listing.price, listing.in_service) = (price, serves));
			if !exists {
				unregister(who);
			}
			Ok(())
		}
		Step::ListPrice(price) => {
			set_list_price(price);
			Ok(())
		}
		Step::Refuse(traffic, lapse) => {
			Broken::set(&Refusing { traffic, lapse, unlock: false });
			Ok(())
		}
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(192))]

	#[test]
	fn properties_should_hold_after_any_sequence(steps in prop::collection::vec(step(), 1..80)) {
		build_and_execute(|| {
			let mut model = Model::default();
			for step in &steps {
				take_events();
				// Refusals are part of the sequence: what matters is the state they leave. Calls leave none of a failed one.
				let _ = frame_support::storage::with_storage_layer(|| call(&mut model, step));
				for event in take_events() {
					model.note(&event);
				}
				model.check();
				if let Err(broken) = Payments::do_try_state() {
					panic!("{broken:?} after {step:?}");
				}
			}
			// Whatever happened, everybody gets its rest.
			Broken::set(&Refusing::default());
			enter(Epoch::get() + 500);
			for _ in 0..40 {
				idle(frame_support::weights::Weight::MAX);
			}
			take_events().iter().for_each(|event| model.note(event));
			model.check();
			assert!(model.channels.is_empty() && Closing::<Test>::iter_keys().next().is_none());
		});
	}

	/// 33 and 34: however many vouchers there were, in whichever order, batches and copies they come, and whichever of the
	/// earlier ones are lost, the channel pays what all bytes cost.
	#[test]
	fn channel_should_pay_what_its_bytes_cost_however_they_were_claimed(
		steps in prop::collection::vec((1..50_000_000u64, 0..50_000_000u64), 1..8),
		price in 1..200_000u64,
		order in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 0..20),
	) {
		build_and_execute(|| {
			change_listing(PROVIDER, |listing| listing.price = price);
			let channel = open(500_000);
			let (mut down, mut up, mut vouchers) = (0u64, 0u64, vec![]);
			for (sequence, (more_down, more_up)) in (0..).zip(steps) {
				(down, up) = (down + more_down, up + more_up);
				let credits = (u128::from(down + up) * u128::from(price)).div_ceil(1_000_000_000);
				let voucher = Voucher { channel, bytes_down: down, bytes_up: up, credits, sequence };
				vouchers.push(SIGNER.sign(&GENESIS, voucher));
			}
			let last = *vouchers.last().unwrap();
			let mut batch = vec![];
			for (which, ends) in order {
				batch.push(*which.get(&vouchers));
				if ends {
					claim(&batch);
					batch.clear();
				}
			}
			batch.push(last);
			claim(&batch);
			assert_eq!(record(channel).funds.paid, last.voucher.credits);
			assert_eq!(purse(ALICE).paid, last.voucher.credits);
		});
	}
}
