//! Clock and providers, as JSON. Every type is made from the one the runtime answers with, by naming all of its fields:
//! what is added there is either shown or left out on purpose.

use super::{
	texts::{Address, Amount, Hex, PeerId, RegionName, Socket},
	verdicts::{Verdict, VerdictSummary},
};
use serde::Serialize;
use weir_primitives::{
	api::{self, ProviderInfo},
	ProbeKey,
};
use weir_runtime::{AccountId, Balance, BlockNumber, Hash};

result! {
	/// A block.
	pub(crate) struct Block {
		/// Its hash.
		hash: Hex,
		/// Its height.
		number: BlockNumber,
	}
}

impl Block {
	/// The block with this hash and height.
	pub(super) fn new(hash: Hash, number: BlockNumber) -> Self {
		Self { hash: Hex::of(hash), number }
	}
}

result! {
	/// Lengths of slots, epochs and phases. Phases count slots from the first slot of an epoch.
	pub(crate) struct Timing {
		/// Length of a slot in milliseconds.
		slot_millis: u64,
		/// Slots in an epoch.
		epoch_slots: u32,
		/// First slot in which commits for the previous epoch are taken.
		commit_from: u32,
		/// First slot in which they no longer are.
		commit_until: u32,
		/// First slot in which reveals for the previous epoch are taken.
		reveal_from: u32,
		/// First slot in which they no longer are; estimates begin.
		reveal_until: u32,
		/// First slot of the first of the 24 slot groups in which tests run.
		measure_from: u32,
		/// Slots in one group.
		group_slots: u32,
		/// Slots at least between the first slot of a group and the start of its tests.
		lead_slots: u32,
		/// Epochs between joining a list and being drawn from it.
		maturity_epochs: u32,
		/// Epochs between queueing a slash and applying it.
		slash_delay_epochs: u32,
		/// Epochs before what a validator unbonds is free; a provider waits for three quarters of them, rounded up.
		unbonding_epochs: u32,
		/// One in this many admitted providers is tested each epoch.
		test_every: u32,
		/// Committee size for a claim up to 500 Mbps.
		committee: u16,
		/// Committee size for a claim up to 1 Gbps.
		large_committee: u16,
		/// Committee size of an escalation.
		escalation_committee: u16,
		/// Slots of an alarm slot, in which the watchers of a provider must agree to raise an alarm.
		alarm_slots: u16,
		/// Slots from the block that draws the confirmers of an alarm to the end of their votes.
		confirm_slots: u16,
	}
}

impl From<weir_primitives::Timing> for Timing {
	#[rustfmt::skip]
	fn from(timing: weir_primitives::Timing) -> Self {
		let weir_primitives::Timing {
			slot_millis, epoch_slots, commit_from, commit_until, reveal_from, reveal_until, measure_from, group_slots,
			lead_slots, maturity_epochs, slash_delay_epochs, unbonding_epochs, test_every, committee, large_committee,
			escalation_committee, alarm_slots, confirm_slots,
		} = timing;
		Self {
			slot_millis, epoch_slots, commit_from, commit_until, reveal_from, reveal_until, measure_from, group_slots,
			lead_slots, maturity_epochs, slash_delay_epochs, unbonding_epochs, test_every, committee, large_committee,
			escalation_committee, alarm_slots, confirm_slots,
		}
	}
}

result! {
	/// The running epoch and where in it the block lies.
	pub(crate) struct Clock {
		/// The block.
		pub(super) block: Block,
		/// The running epoch.
		pub(super) epoch: u32,
		/// Slots since the first slot of the epoch.
		pub(super) slot_in_epoch: u32,
		/// Number of the first slot of the epoch: slot n of the epoch begins (firstSlot + n)·slotMillis ms after 1970.
		pub(super) first_slot: u64,
		/// Lengths of slots, epochs and phases.
		pub(super) timing: Timing,
	}
}

result! {
	/// What a line is said to do.
	pub(crate) struct Claim {
		/// Towards the provider, kbps.
		down_kbps: u32,
		/// From the provider, kbps.
		up_kbps: u32,
	}
}

impl From<weir_primitives::Claim> for Claim {
	fn from(weir_primitives::Claim { down_kbps, up_kbps }: weir_primitives::Claim) -> Self {
		Self { down_kbps, up_kbps }
	}
}

result! {
	/// Limits that a provider sets itself; 0 means none.
	pub(crate) struct Caps {
		/// Rate it sells at most, kbps.
		rate_kbps: u32,
		/// Volume it sells at most per calendar month, in 10⁹ bytes.
		gb_per_month: u32,
		/// Sessions at once.
		sessions: u16,
	}
}

impl From<weir_primitives::Caps> for Caps {
	fn from(caps: weir_primitives::Caps) -> Self {
		let weir_primitives::Caps { rate_kbps, gb_per_month, sessions } = caps;
		Self { rate_kbps, gb_per_month, sessions }
	}
}

result! {
	/// What a provider lets out of its exit.
	#[derive(Copy)]
	pub(crate) enum Exit {
		/// Only to registered providers.
		Relay,
		/// Web ports and the provider's own DNS.
		Web,
		/// The ports of well-known services, in the style of Tor's reduced exit policy.
		Reduced,
		/// Everything but the ports that are always closed.
		Open,
	}
}

impl From<weir_primitives::ExitClass> for Exit {
	fn from(class: weir_primitives::ExitClass) -> Self {
		use weir_primitives::ExitClass;
		match class {
			ExitClass::Relay => Self::Relay,
			ExitClass::Web => Self::Web,
			ExitClass::Reduced => Self::Reduced,
			ExitClass::Open => Self::Open,
		}
	}
}

result! {
	/// Where a provider stands with the protocol.
	#[derive(Copy)]
	#[serde(tag = "state")]
	pub(crate) enum Admission {
		/// Tested every epoch; earns nothing until enough tests have passed.
		Pending {
			/// Tests passed so far, each in another epoch.
			passed: u8,
		},
		/// Tested by lot.
		Admitted {
			/// First epoch that counts.
			since: u32,
		},
		/// Slashed for a false claim: not tested, not paid, no sessions.
		Jailed {
			/// First epoch of a new admission.
			until: u32,
		},
	}
}

impl From<weir_primitives::Admission> for Admission {
	fn from(admission: weir_primitives::Admission) -> Self {
		use weir_primitives::Admission;
		match admission {
			Admission::Pending { passed } => Self::Pending { passed },
			Admission::Admitted { since } => Self::Admitted { since },
			Admission::Jailed { until } => Self::Jailed { until },
		}
	}
}

result! {
	/// Kind of a test.
	#[derive(Copy)]
	pub(crate) enum TestKind {
		/// Drawn by lot among the admitted.
		Scheduled,
		/// Every epoch before admission.
		Admission,
		/// By a fresh, larger committee after three strikes.
		Escalation,
	}
}

impl From<api::TestKind> for TestKind {
	fn from(kind: api::TestKind) -> Self {
		match kind {
			api::TestKind::Scheduled => Self::Scheduled,
			api::TestKind::Admission => Self::Admission,
			api::TestKind::Escalation => Self::Escalation,
		}
	}
}

result! {
	/// A change that was announced and does not count yet.
	#[cfg_attr(test, schemars(rename = "Announced{Value}"))]
	pub(crate) struct Announced<Value> {
		/// First epoch in which it counts.
		from_epoch: u32,
		/// What counts from then on.
		value: Value,
	}
}

/// What was announced, if anything was, as JSON.
fn announced<From, Into>(
	change: Option<api::Announced<From>>,
	into: impl FnOnce(From) -> Into,
) -> Option<Announced<Into>> {
	let api::Announced { from_epoch, value } = change?;
	Some(Announced { from_epoch, value: into(value) })
}

/// A public key (sr25519) as JSON.
pub(super) fn key(key: &ProbeKey) -> Hex {
	Hex::of(key)
}

result! {
	/// What round-trip times say of where a provider is, since it claims the country it claims. A contradiction is a reason
	/// to look: three members that lie suffice for one. To refute takes more than half of a committee.
	pub(crate) struct Location {
		/// Epochs in which at least five far members did not contradict.
		proofs: u16,
		/// The last one; null without one.
		last_proof: Option<u32>,
		/// The last epoch in which at least three members contradicted; null without one.
		contradicted: Option<u32>,
		/// The epoch of the last test that measured something, if more than half of its committee refuted the claim; else null.
		refuted: Option<u32>,
		/// Tests in a row that refuted it, of whichever line the account had there, since the last slash for that. Seven cost a
		/// part of the bond.
		refutations: u8,
		/// First epoch in which lines of the account may weigh something in that country; null if nothing forbids it.
		banned_until: Option<u32>,
	}
}

impl From<api::LocationFacts> for Location {
	fn from(facts: api::LocationFacts) -> Self {
		let api::LocationFacts { proofs, last_proof, contradicted, refuted, refutations, banned_until } =
			facts;
		Self { proofs, last_proof, contradicted, refuted, refutations, banned_until }
	}
}

result! {
	/// A registered provider.
	pub(crate) struct Provider {
		/// Index of the provider: tests and reports name it by this. It may pass to another after this one has left.
		index: u32,
		/// The bonded account.
		account: Address,
		/// The region it says it is in.
		region: RegionName,
		/// Where its sidecar is reached; null if through another provider.
		endpoint: Option<Socket>,
		/// Identity of its control plane.
		peer_id: Option<PeerId>,
		/// Signs its receipts (sr25519).
		probe_key: Option<Hex>,
		/// What it lets out of its exit.
		exit: Exit,
		/// Price in credits (micro-dollars) per 10⁹ bytes.
		price_credits_per_gb: Amount,
		/// Limits it sets itself.
		caps: Caps,
		/// What it claims.
		claim: Claim,
		/// Where it stands.
		admission: Admission,
		/// Whether its owner stopped it.
		paused: bool,
		/// Whether tests are due: bonded, not paused, not jailed, reached directly.
		in_service: bool,
		/// The claim to come.
		next_claim: Option<Announced<Claim>>,
		/// The key to come; a null value for none.
		next_probe_key: Option<Announced<Option<Hex>>>,
		/// Where it will stand.
		next_admission: Option<Announced<Admission>>,
		/// The pause to come, or its end.
		next_paused: Option<Announced<bool>>,
		/// Active bond in grains; 10¹² grains are one token.
		bond: Amount,
		/// Whether the bond covers what it claims or has announced to claim.
		bond_sufficient: bool,
		/// Strikes among its last five tests.
		strikes: u8,
		/// The last verdict on it.
		last_verdict: Option<Verdict>,
		/// What stays of those before, oldest first, at most seven.
		past_verdicts: Vec<VerdictSummary>,
		/// What is known of where it is.
		location: Location,
		/// Who operates it in the epoch of the block, as both have declared; null if it is its own operator.
		operator: Option<Address>,
	}
}

impl From<ProviderInfo<AccountId, Balance>> for Provider {
	fn from(info: ProviderInfo<AccountId, Balance>) -> Self {
		let ProviderInfo {
			index,
			account,
			claim,
			endpoint,
			peer_id,
			region,
			exit,
			price_credits_per_gb,
			caps,
			probe_key,
			admission,
			paused,
			in_service,
			next_claim,
			next_probe_key,
			next_admission,
			next_paused,
			bond,
			bond_sufficient,
			strikes,
			last_verdict,
			past_verdicts,
			location,
			operator,
		} = info;
		Self {
			index,
			account: Address::from(&account),
			region: region.into(),
			endpoint: Socket::of(&endpoint),
			peer_id: PeerId::of(&peer_id),
			probe_key: probe_key.as_ref().map(key),
			exit: exit.into(),
			price_credits_per_gb: price_credits_per_gb.into(),
			caps: caps.into(),
			claim: claim.into(),
			admission: admission.into(),
			paused,
			in_service,
			next_claim: announced(next_claim, Claim::from),
			next_probe_key: announced(next_probe_key, |new| new.as_ref().map(key)),
			next_admission: announced(next_admission, Admission::from),
			next_paused: announced(next_paused, |paused| paused),
			bond: bond.into(),
			bond_sufficient,
			strikes,
			last_verdict: last_verdict.as_ref().map(Verdict::from),
			past_verdicts: past_verdicts.into_iter().map(VerdictSummary::from).collect(),
			location: location.into(),
			operator: operator.as_ref().map(Address::from),
		}
	}
}

result! {
	/// One page of providers.
	pub(crate) struct ProviderPage {
		/// The block whose state the page shows.
		pub(super) block: Block,
		/// The rows, in the order of their indexes.
		pub(super) providers: Vec<Provider>,
		/// What to ask the next page with; null at the end.
		pub(super) next_cursor: Option<u32>,
	}
}
