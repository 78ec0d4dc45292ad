//! What is stored of a registration.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;
use weir_primitives::{
	keys::FormerKeys, seams::ProviderFacts, Admission, Caps, Claim, Endpoint, EpochIndex, ExitClass,
	ProbeKey, Region,
};

/// Dated changes a [`Versioned`] value holds: changes lie at most [`OWNER_DELAY_EPOCHS`](weir_primitives::OWNER_DELAY_EPOCHS)
/// ahead, so that the running and the next two epochs may each bring one.
pub const MAX_STEPS: u32 = 3;

/// A libp2p PeerId as multihash bytes.
pub type PeerId = BoundedVec<u8, ConstU32<64>>;

/// A value from an epoch on.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Step<V> {
	/// First epoch in which it counts.
	pub from: EpochIndex,
	/// The value.
	pub value: V,
}

/// A value that can be read as of the previous, the running and every later epoch. Announcing a change is one write;
/// nothing runs when it takes effect.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Versioned<V> {
	base: V,
	steps: BoundedVec<Step<V>, ConstU32<MAX_STEPS>>,
}

impl<V: Clone> Versioned<V> {
	/// `value`, in all epochs.
	pub fn new(value: V) -> Self {
		Self { base: value, steps: BoundedVec::new() }
	}

	/// The value as of `epoch`, exact from the epoch before the last change was announced.
	pub fn at(&self, epoch: EpochIndex) -> &V {
		self.steps.iter().rev().find(|step| step.from <= epoch).map_or(&self.base, |step| &step.value)
	}

	/// The value announced last, whether or not it counts already.
	pub fn latest(&self) -> &V {
		self.steps.last().map_or(&self.base, |step| &step.value)
	}

	/// The change that does not count yet in epoch `now`.
	pub fn pending(&self, now: EpochIndex) -> Option<&Step<V>> {
		self.steps.last().filter(|step| step.from > now)
	}

	/// The dated changes, oldest first.
	pub fn steps(&self) -> &[Step<V>] {
		&self.steps
	}

	/// In epoch `now`, announces `value` from the epoch `from ≥ now` on. It replaces what was announced for `from`
	/// and later.
	pub fn set(&mut self, now: EpochIndex, from: EpochIndex, value: V) {
		let mut kept =
			core::mem::take(&mut self.steps).into_iter().filter(|step| step.from < from).peekable();
		// Verdicts look back one epoch: what counted before the previous one is no longer asked for.
		while let Some(step) = kept.next_if(|step| step.from < now) {
			self.base = step.value;
		}
		let mut kept: Vec<_> = kept.collect();
		// Kept even if equal to what counts until then: whatever is set meanwhile ends with it.
		kept.push(Step { from, value });
		// Empty unless `from` lies further ahead than any rule says; the newest are the ones that must stay.
		let surplus = kept.len().saturating_sub(MAX_STEPS as usize);
		for step in kept.drain(..surplus) {
			self.base = step.value;
		}
		self.steps = BoundedVec::truncate_from(kept);
	}

	/// In epoch `now`, sets what counts until the pending change, which stays.
	pub fn set_until_pending(&mut self, now: EpochIndex, value: V) {
		let pending = self.pending(now).cloned();
		self.set(now, now, value);
		if let Some(step) = pending {
			self.set(now, step.from, step.value);
		}
	}
}

/// Where a line is reached and what it is sold for.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Terms {
	/// Where the sidecar is reached.
	pub endpoint: Endpoint,
	/// Identity of the control plane. Not unique: a copied one only fails its handshake.
	pub peer_id: PeerId,
	/// Country and kind of line.
	pub region: Region,
	/// What the exit lets out.
	pub exit: ExitClass,
	/// Price in credits (micro-dollars) per 10⁹ bytes.
	pub price_credits_per_gb: u64,
	/// Limits the provider sets itself.
	pub caps: Caps,
}

/// The terms to change; what is `None` stays.
#[derive(
	Clone, PartialEq, Eq, Default, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct TermsUpdate {
	/// Where the sidecar is reached.
	pub endpoint: Option<Endpoint>,
	/// Identity of the control plane.
	pub peer_id: Option<PeerId>,
	/// Country and kind of line.
	pub region: Option<Region>,
	/// What the exit lets out.
	pub exit: Option<ExitClass>,
	/// Price in credits (micro-dollars) per 10⁹ bytes.
	pub price_credits_per_gb: Option<u64>,
	/// Limits the provider sets itself.
	pub caps: Option<Caps>,
}

impl TermsUpdate {
	/// `terms` with the changes.
	pub fn apply(self, terms: &Terms) -> Terms {
		Terms {
			endpoint: self.endpoint.unwrap_or(terms.endpoint),
			peer_id: self.peer_id.unwrap_or_else(|| terms.peer_id.clone()),
			region: self.region.unwrap_or(terms.region),
			exit: self.exit.unwrap_or(terms.exit),
			price_credits_per_gb: self.price_credits_per_gb.unwrap_or(terms.price_credits_per_gb),
			caps: self.caps.unwrap_or(terms.caps),
		}
	}
}

/// A registered line.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Registration<AccountId> {
	/// The bonded account.
	pub account: AccountId,
	/// What it claims.
	pub claim: Versioned<Claim>,
	/// Where and on which terms.
	pub terms: Terms,
	/// Signs its receipts.
	pub probe_key: Versioned<Option<ProbeKey>>,
	/// Signed them before.
	pub former_keys: FormerKeys,
	/// Where it stands with the protocol.
	pub admission: Versioned<Admission>,
	/// Whether its owner stopped it.
	pub paused: Versioned<bool>,
	/// Whether it is reached without a relay.
	pub direct: Versioned<bool>,
	/// Whether its bond covers its claim; true from the epoch after it was found to.
	pub bonded: Versioned<bool>,
	/// Whether other registrations have its address prefix.
	pub shared: Versioned<bool>,
	/// Whether the lists tests are drawn from hold it.
	pub listed: bool,
}

impl<AccountId: Clone> Registration<AccountId> {
	/// A line at the start of its admission: not known to be bonded, not listed yet.
	pub fn new(account: AccountId, claim: Claim, terms: Terms, probe_key: Option<ProbeKey>) -> Self {
		Self {
			account,
			claim: Versioned::new(claim),
			direct: Versioned::new(terms.endpoint != Endpoint::RelayOnly),
			terms,
			probe_key: Versioned::new(probe_key),
			former_keys: FormerKeys::default(),
			admission: Versioned::new(Admission::Pending { passed: 0 }),
			paused: Versioned::new(false),
			bonded: Versioned::new(false),
			shared: Versioned::new(false),
			listed: false,
		}
	}

	/// Whether tests are due in `epoch`.
	pub fn in_service_at(&self, epoch: EpochIndex) -> bool {
		*self.bonded.at(epoch)
			&& !*self.paused.at(epoch)
			&& !matches!(self.admission.at(epoch), Admission::Jailed { .. })
			&& *self.direct.at(epoch)
	}

	/// Whether tests are due once every announced change counts.
	pub fn is_due(&self) -> bool {
		self.in_service_at(EpochIndex::MAX)
	}

	/// What the measuring protocol reads, as of `epoch`. Endpoint and region change at once and have no history.
	pub fn facts_at(&self, epoch: EpochIndex) -> ProviderFacts<AccountId> {
		ProviderFacts {
			account: self.account.clone(),
			claim: *self.claim.at(epoch),
			endpoint: self.terms.endpoint,
			region: self.terms.region,
			probe_key: self.probe_key.at(epoch).clone(),
			admission: *self.admission.at(epoch),
			in_service: self.in_service_at(epoch),
			shared: *self.shared.at(epoch),
		}
	}
}
