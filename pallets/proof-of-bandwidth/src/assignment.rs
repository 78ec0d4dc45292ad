//! Who measures whom: computed from an epoch's record, never stored.

use crate::{
	epochs::{ProviderIndices, SeatIndices},
	*,
};

use alloc::{collections::BTreeMap, vec::Vec};
use codec::{Decode, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use weir_math::{
	committee::{self, ListKind},
	permutation::Permutation,
	schedule::{self, Run, Turn},
	timing::GROUPS,
};
use weir_primitives::{
	api::TestKind,
	seams::{Operators, ProviderRegistry},
	Claim, EpochIndex, Prefix, ProviderIndex, SlotOffset, Timing,
};

/// Entries per epoch a seat is expected to make at most, so that a reveal has room for the unexpected ones.
const EXPECTED_ENTRIES: u64 = 200;

/// The seats a test's committee is drawn from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Committee {
	/// Uplink tier.
	pub tier: u8,
	/// Members k.
	pub members: u16,
}

/// One test of an epoch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Test<AccountId> {
	/// The provider.
	pub provider: ProviderIndex,
	/// Its account.
	pub account: AccountId,
	/// Seats of this prefix or of the other address family may not measure it.
	pub prefix: Option<Prefix>,
	/// What it is measured against.
	pub claim: Claim,
	/// What the test is for.
	pub kind: TestKind,
	/// The list its ordinal and committee are drawn from.
	pub list: ListKind,
	/// Class of the list.
	pub class: u8,
	/// Ordinal in the list.
	pub ordinal: u32,
	/// Its committee.
	pub committee: Committee,
	/// Whether a provider asked for it against a slash, so that it is held while its jail runs.
	pub is_appeal: bool,
	/// Whether it runs together with those of the lines on its prefix.
	pub shared: bool,
	/// Where the provider says it is.
	pub country: [u8; 2],
}

/// An epoch's draw: its record and the permutations made from it so far.
pub struct Draw<T: Config> {
	/// The epoch.
	pub epoch: EpochIndex,
	/// Timing of the network.
	pub timing: Timing,
	record: EpochRecord,
	groups: GroupSeeds,
	ordinals: BTreeMap<(ListKind, u8), Permutation>,
	seats: BTreeMap<(ListKind, u8, u8), Permutation>,
	_config: core::marker::PhantomData<T>,
}

impl<T: Config> Draw<T> {
	/// The draw of a retained epoch that has tests.
	pub fn of(epoch: EpochIndex) -> Option<Self> {
		if epoch < FIRST_TESTED_EPOCH {
			return None;
		}
		Some(Self {
			epoch,
			timing: Pallet::<T>::timing(),
			record: Epochs::<T>::get(epoch)?,
			groups: Groups::<T>::get(epoch),
			ordinals: BTreeMap::new(),
			seats: BTreeMap::new(),
			_config: Default::default(),
		})
	}

	/// Seed of every permutation of the epoch.
	pub(crate) fn seed(&self) -> &[u8; 32] {
		&self.record.seed
	}

	/// Slot number of the epoch's first slot.
	pub fn first_slot(&self) -> u64 {
		self.record.first_slot
	}

	/// Randomness of the slot groups.
	pub fn groups(&self) -> &GroupSeeds {
		&self.groups
	}

	/// Providers on the list of a class.
	pub fn providers_in(&self, class: u8) -> u32 {
		self.record.providers.get(usize::from(class)).copied().unwrap_or(0)
	}

	/// Seats in a tier.
	pub fn seats_in(&self, tier: u8) -> u32 {
		self.record.seats.get(usize::from(tier)).copied().unwrap_or(0)
	}

	/// One in this many providers of a list is tested: admitted ones as the timing says, others each epoch, and fewer
	/// where a seat could be asked for more than [`EXPECTED_ENTRIES`] entries. Counted as if every provider were
	/// tested by seats of the highest tier that has any.
	fn test_every(&self, list: ListKind) -> u32 {
		let drawn = match list {
			ListKind::Escalation => return 1,
			ListKind::Admission => 1,
			ListKind::Test => self.timing.test_every,
		};
		let entries = (0..CLASSES).fold(0u64, |sum, class| {
			let members = u64::from(committee::size(&self.timing, class, false));
			sum.saturating_add(members.saturating_mul(u64::from(self.providers_in(class))))
		});
		let seats = self.record.seats.iter().rev().find(|seats| **seats > 0).copied().unwrap_or(1);
		let bearable = entries.div_ceil(u64::from(seats).saturating_mul(EXPECTED_ENTRIES));
		drawn.max(u32::try_from(bearable).unwrap_or(u32::MAX))
	}

	fn ordinal_permutation(&mut self, list: ListKind, class: u8) -> &Permutation {
		let (seed, size) = (self.record.seed, self.providers_in(class));
		self.ordinals
			.entry((list, class))
			.or_insert_with(|| committee::ordinal_permutation(&seed, list, class, size))
	}

	fn seat_permutation(&mut self, list: ListKind, class: u8, tier: u8) -> &Permutation {
		let (seed, size) = (self.record.seed, self.seats_in(tier));
		self.seats
			.entry((list, class, tier))
			.or_insert_with(|| committee::seat_permutation(&seed, list, class, tier, size))
	}

	/// The provider at `position` of a class.
	pub fn provider_at(&self, class: u8, position: u32) -> Option<ProviderIndex> {
		(position < self.providers_in(class))
			.then(|| ProviderIndices::<T>::occupant_within(class, position, self.epoch))
			.flatten()
	}

	/// The list and position tests of a provider are drawn from. With places in two lists, while a changed claim
	/// moves between them, the one of `class` counts.
	pub(crate) fn position_of(&self, provider: ProviderIndex, class: Option<u8>) -> Option<(u8, u32)> {
		let in_class = |class: u8| {
			let position = ProviderIndices::<T>::place_at(class, &provider, self.epoch)?;
			(position < self.providers_in(class)).then_some((class, position))
		};
		class.and_then(in_class).or_else(|| (0..CLASSES).find_map(in_class))
	}

	/// The test of a provider in this epoch, if there is one.
	pub fn test_of(&mut self, provider: ProviderIndex) -> Option<Test<T::AccountId>> {
		self.test_of_target(provider, Targets::<T>::get(provider)?)
	}

	/// As [`Self::test_of`], also of an epoch that was judged: a verdict may close the escalation that the test was held
	/// for, and remembers that it was one. For those who look back; what is still to be judged goes by [`Self::test_of`].
	pub fn held_test_of(&mut self, provider: ProviderIndex) -> Option<Test<T::AccountId>> {
		let mut target = Targets::<T>::get(provider)?;
		let judged = Verdicts::<T>::get(provider).and_then(|verdicts| verdicts.escalated_in(self.epoch));
		if let Some(escalated) = judged {
			let due = self.epoch;
			let held = |claim| Escalation { due, claim, attempts: 0, cause: Cause::Strikes };
			target.escalation = escalated.map(held);
		}
		self.test_of_target(provider, target)
	}

	/// As [`Self::test_of`], of a target already read.
	pub fn test_of_target(
		&mut self,
		provider: ProviderIndex,
		target: Target<T::AccountId>,
	) -> Option<Test<T::AccountId>> {
		let terms = target.terms.at(self.epoch)?;
		let escalation = target.escalation.filter(|escalation| escalation.is_held_in(self.epoch));
		let is_appeal = escalation.is_some_and(|escalation| matches!(escalation.cause, Cause::Appeal(_)));
		let (kind, list, claim) = match (escalation, terms.standing) {
			(Some(escalation), _) => (TestKind::Escalation, ListKind::Escalation, escalation.claim),
			(None, Standing::Pending) => (TestKind::Admission, ListKind::Admission, terms.claim),
			// Off the list, so that its committee is no other test's.
			(None, Standing::Owing) => (TestKind::Scheduled, ListKind::Admission, terms.claim),
			// In each epoch, as whatever else its neighbours are tested for.
			(None, Standing::Admitted) if terms.shared => {
				(TestKind::Scheduled, ListKind::Admission, terms.claim)
			}
			(None, Standing::Admitted) => (TestKind::Scheduled, ListKind::Test, terms.claim),
			(None, Standing::Out) => return None,
		};
		let claimed_class = committee::class_of(claim.largest_kbps())?;
		let (class, position) = self.position_of(provider, Some(claimed_class))?;
		if escalation.is_none() && class != claimed_class {
			return None;
		}
		let ordinal = self.ordinal_permutation(list, class).forward(position)?;
		if !committee::is_tested(ordinal, self.providers_in(class), self.test_every(list)) {
			return None;
		}
		let size = committee::size(&self.timing, claimed_class, escalation.is_some());
		let (tier, members) = committee::tier_and_size(claim.largest_kbps(), size, self.record.seats)?;
		(members >= MIN_COMMITTEE).then_some(Test {
			provider,
			account: target.account,
			prefix: terms.prefix,
			claim,
			kind,
			list,
			class,
			ordinal,
			committee: Committee { tier, members },
			is_appeal,
			shared: terms.shared,
			country: terms.country,
		})
	}

	/// Place of `seat`, an index of the test's tier, in its committee.
	pub fn place_in(&mut self, test: &Test<T::AccountId>, seat: u32) -> Option<u16> {
		let Committee { tier, members } = test.committee;
		let seats = self.seat_permutation(test.list, test.class, tier);
		committee::member_place(seats, seat, test.ordinal, members)
	}

	/// Nodes of the committee by place; none where a seat is no longer known.
	pub fn members_of(&mut self, test: &Test<T::AccountId>) -> Vec<Option<T::AccountId>> {
		self.members_drawn((test.list, test.class, test.ordinal), test.committee)
	}

	/// The same for the `ordinal` in the list of a class.
	pub(crate) fn members_drawn(
		&mut self,
		(list, class, ordinal): (ListKind, u8, u32),
		Committee { tier, members }: Committee,
	) -> Vec<Option<T::AccountId>> {
		let epoch = self.epoch;
		let seats = self.seat_permutation(list, class, tier);
		committee::members(seats, ordinal, members)
			.map(|seat| SeatIndices::<T>::occupant_within(tier, seat, epoch))
			.collect()
	}

	/// Tests whose committee has `node` in it and may be measured by it. One drops out when its start is revealed
	/// together with a test of the node's own line that it would meet.
	pub fn tests_for(&mut self, node: &T::AccountId) -> Vec<Test<T::AccountId>> {
		let Some(seat) = Seats::<T>::get(node) else { return Vec::new() };
		let prefix = seat.endpoint.prefix();
		let mut tests = Vec::new();
		// All: for some epochs a seat serves in a tier that it has lost.
		for tier in 0..TIERS {
			let Some(index) = SeatIndices::<T>::place_at(tier, node, self.epoch) else { continue };
			for list in [ListKind::Escalation, ListKind::Admission, ListKind::Test] {
				for class in 0..CLASSES {
					self.collect_tests(index, tier, list, class, &mut tests);
				}
			}
		}
		let own = self.own_run(node);
		tests.retain(|test| !self.bars(test, node, prefix) && !self.is_busy(own.as_ref(), test));
		tests
	}

	fn collect_tests(
		&mut self,
		seat: u32,
		tier: u8,
		list: ListKind,
		class: u8,
		tests: &mut Vec<Test<T::AccountId>>,
	) {
		let size = self.providers_in(class);
		let ordinals = size.div_ceil(self.test_every(list).max(1));
		let seats = u16::try_from(self.seats_in(tier)).unwrap_or(u16::MAX);
		// A committee's size follows the claim, which an escalation remembers while the list may have changed.
		let mut sizes: Vec<u16> = (0..CLASSES)
			.map(|class| committee::size(&self.timing, class, list == ListKind::Escalation).min(seats))
			.collect();
		sizes.dedup();
		for members in sizes {
			let candidates: Vec<u32> =
				committee::ordinals_of(self.seat_permutation(list, class, tier), seat, members, ordinals)
					.collect();
			for ordinal in candidates {
				let position = self.ordinal_permutation(list, class).inverse(ordinal);
				let provider = position.and_then(|position| self.provider_at(class, position));
				let drawn = Committee { tier, members };
				let test = provider.and_then(|provider| self.test_of(provider)).filter(|test| {
					test.list == list
						&& test.class == class
						&& test.committee == drawn
						&& test.ordinal == ordinal
				});
				tests.extend(test);
			}
		}
	}

	/// When the test runs; none before the block that reveals it, or if no block did.
	pub fn run_of(&self, test: &Test<T::AccountId>) -> Option<Run> {
		let turn = self.turn_of(test);
		let runs = |(group, rho): &&(u8, [u8; 32])| schedule::runs_in_group(rho, u32::from(*group), turn);
		self.groups.iter().find(runs).map(|(group, _)| Run {
			group: *group,
			start_slot: schedule::start_slot(&self.timing, u32::from(*group), turn),
			window_millis: schedule::window_millis(&self.timing, test.ordinal),
		})
	}

	/// Lines on one prefix have their turn together: each would show by itself what they only have in common.
	fn turn_of(&self, test: &Test<T::AccountId>) -> Turn {
		let shared = test.prefix.filter(|_| test.shared);
		shared.map_or(Turn::of_ordinal(test.list, test.class, test.ordinal), |prefix| {
			Turn::of_prefix(&self.record.seed, &prefix.encode())
		})
	}

	/// Slot at whose start T0 of the test falls; none before the block that reveals it, or if no block did.
	pub fn start_of(&self, test: &Test<T::AccountId>) -> Option<SlotOffset> {
		self.run_of(test).map(|run| run.start_slot)
	}

	/// When the line of `node` itself is under test; none without a line, a test or a start.
	pub fn own_run(&mut self, node: &T::AccountId) -> Option<Run> {
		let provider = T::Registry::index_of(node)?;
		let target = Targets::<T>::get(provider).filter(|target| target.account == *node)?;
		let test = self.test_of_target(provider, target)?;
		self.run_of(&test)
	}

	/// Whether a member whose own line is tested in `own` is busy when `test` runs.
	pub fn is_busy(&self, own: Option<&Run>, test: &Test<T::AccountId>) -> bool {
		own.is_some_and(|own| self.run_of(test).is_some_and(|run| self.collide(&run, own)))
	}

	/// Whether nobody can measure in one of the runs while its line is tested in the other.
	pub fn collide(&self, run: &Run, own: &Run) -> bool {
		run.collides(own, self.timing.slot_millis)
	}

	/// Whether a rule keeps `node` from measuring the target whenever the test runs: a line of its own operator, one on the
	/// same prefix, or one of the other address family, which a seat that probes from its own prefix cannot reach.
	pub fn bars(&self, test: &Test<T::AccountId>, node: &T::AccountId, prefix: Option<Prefix>) -> bool {
		self.bars_from((&test.account, test.prefix), (node, prefix))
	}

	/// The same of a line by its account and prefix.
	pub(crate) fn bars_from(
		&self,
		(line, target): (&T::AccountId, Option<Prefix>),
		(node, prefix): (&T::AccountId, Option<Prefix>),
	) -> bool {
		let operator_of = |who| T::Operators::operator_at(who, self.epoch);
		prefix.zip(target).is_some_and(is_apart) || operator_of(node) == operator_of(line)
	}

	/// Whether the test had a start. Every test left runs in the last group, if that had a block.
	pub fn was_started(&self, test: &Test<T::AccountId>) -> bool {
		let last = GROUPS.saturating_sub(1);
		self.groups.last().is_some_and(|(group, _)| u32::from(*group) == last)
			|| self.start_of(test).is_some()
	}
}

/// Whether two prefixes keep their nodes from saying anything of each other: the same one, or of two address families.
fn is_apart((own, target): (Prefix, Prefix)) -> bool {
	own == target || core::mem::discriminant(&own) != core::mem::discriminant(&target)
}
