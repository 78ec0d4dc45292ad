//! The dense index under whatever steps bytes say, against lists that are kept in full.

use crate::{
	dense_index::{Change, DenseIndexError, Moment, HISTORY_EPOCHS, PLACE_VERSIONS},
	epochs::ProviderIndices,
	mock::*,
};
use polkadot_sdk::*;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use weir_fuzz::Fuzz;
use weir_primitives::{EpochIndex, ProviderIndex};

type Index = ProviderIndices<Runtime>;
const LIST: u8 = 0;
/// Who may be on the list.
const OCCUPANTS: ProviderIndex = 8;

/// What a list is meant to be.
struct Model {
	now: EpochIndex,
	maturity: EpochIndex,
	/// The whole list, by the epochs from which it is so.
	lists: BTreeMap<EpochIndex, Vec<ProviderIndex>>,
	/// Epochs from which indices have their latest occupants, whether or not they are on the list still.
	arrivals: BTreeMap<usize, EpochIndex>,
	/// Epochs from which an occupant's places hold that are remembered.
	places: BTreeMap<ProviderIndex, Vec<EpochIndex>>,
	wanted: BTreeSet<ProviderIndex>,
	waiting: VecDeque<ProviderIndex>,
}

impl Model {
	fn new(maturity: EpochIndex) -> Self {
		Self {
			now: 0,
			maturity,
			lists: BTreeMap::new(),
			arrivals: BTreeMap::new(),
			places: BTreeMap::new(),
			wanted: BTreeSet::new(),
			waiting: VecDeque::new(),
		}
	}

	fn moment(&self) -> Moment {
		Moment { now: self.now, maturity: self.maturity }
	}

	/// First epoch in which a change of now takes effect.
	fn effective(&self) -> EpochIndex {
		self.now + self.maturity
	}

	/// First epoch that is remembered whole: an index changes once in so many.
	fn remembered(&self) -> EpochIndex {
		self.effective().saturating_sub(HISTORY_EPOCHS)
	}

	fn at(&self, epoch: EpochIndex) -> &[ProviderIndex] {
		self.lists.range(..=epoch).next_back().map(|(_, list)| list.as_slice()).unwrap_or_default()
	}

	fn latest(&self) -> Vec<ProviderIndex> {
		self.at(EpochIndex::MAX).to_vec()
	}

	fn is_seen_since(&self, who: ProviderIndex, since: EpochIndex) -> bool {
		self.wanted.contains(&who)
			|| self.waiting.contains(&who)
			|| self.at(since).contains(&who)
			|| self.lists.range(since..).any(|(_, list)| list.contains(&who))
	}

	/// Whether the index has rested long enough to get another occupant.
	fn has_rested(&self, index: usize) -> bool {
		self.arrivals.get(&index).is_none_or(|since| self.effective() >= since + HISTORY_EPOCHS)
	}

	/// Places of an occupant with another one from the next effective epoch on, if there is room for all that may be asked.
	fn moved(&self, who: ProviderIndex) -> Option<Vec<EpochIndex>> {
		let mut places = self.places.get(&who).cloned().unwrap_or_default();
		places.retain(|from| *from < self.effective());
		places.push(self.effective());
		let horizon = self.now.saturating_sub(HISTORY_EPOCHS);
		let first = places.iter().rposition(|from| *from <= horizon).unwrap_or(0);
		let places = places.split_off(first);
		(places.len() <= PLACE_VERSIONS as usize).then_some(places)
	}

	/// Does what the occupant wishes, if the indices allow it.
	fn try_settle(&mut self, who: ProviderIndex) -> bool {
		let mut list = self.latest();
		match (self.wanted.contains(&who), list.iter().position(|other| *other == who)) {
			(true, None) => {
				let index = list.len();
				let Some(places) = self.moved(who).filter(|_| self.has_rested(index)) else { return false };
				self.places.insert(who, places);
				self.arrivals.insert(index, self.effective());
				list.push(who);
			}
			(false, Some(index)) => {
				let Some(places) = self.moved(who) else { return false };
				let last = list.pop().expect("somebody is on it");
				if index < list.len() {
					let moved = self.moved(last).filter(|_| self.has_rested(index));
					let Some(moved) = moved else { return false };
					self.places.insert(last, moved);
					self.arrivals.insert(index, self.effective());
					list[index] = last;
				}
				self.places.insert(who, places);
			}
			_ => return true,
		}
		self.lists.insert(self.effective(), list);
		true
	}

	fn settle(&mut self, who: ProviderIndex) -> Change {
		if self.try_settle(who) {
			let last = self.places.get(&who).and_then(|places| places.last());
			return Change::Effective(last.copied().unwrap_or(self.effective()));
		}
		if !self.waiting.contains(&who) {
			self.waiting.push_back(who);
		}
		Change::Queued
	}

	fn join(&mut self, who: ProviderIndex) -> Result<Change, DenseIndexError> {
		if !self.wanted.insert(who) {
			return Err(DenseIndexError::AlreadyListed);
		}
		Ok(self.settle(who))
	}

	fn leave(&mut self, who: ProviderIndex) -> Result<Change, DenseIndexError> {
		if !self.wanted.remove(&who) {
			return Err(DenseIndexError::NotListed);
		}
		Ok(self.settle(who))
	}

	/// Looks at so many of those who wait, each once.
	fn work(&mut self, steps: u32) -> u32 {
		let todo = self.waiting.len().min(steps as usize);
		for _ in 0..todo {
			let who = self.waiting.pop_front().expect("so many wait");
			self.settle(who);
		}
		todo as u32
	}

	fn forget(&mut self, who: ProviderIndex) -> bool {
		let is_gone = !self.is_seen_since(who, self.remembered());
		if is_gone {
			self.places.remove(&who);
		}
		is_gone
	}

	/// Asserts that the stored list says the same of an epoch.
	fn assert_same(&self, epoch: EpochIndex) {
		let list = self.at(epoch);
		assert_eq!(Index::size_at(LIST, epoch), list.len() as u32, "size in {epoch}, seen from {}", self.now);
		let stored: Vec<_> = (0..=list.len() as u32).map(|i| Index::occupant_at(LIST, i, epoch)).collect();
		let expected: Vec<_> = list.iter().copied().map(Some).chain([None]).collect();
		assert_eq!(stored, expected, "list in {epoch}, seen from {}", self.now);
		for who in 0..OCCUPANTS {
			let place = list.iter().position(|other| *other == who).map(|place| place as u32);
			assert_eq!(Index::place_at(LIST, &who, epoch), place, "place of {who} in {epoch}");
		}
	}

	/// Asserts that the stored list says the same of every epoch that it remembers, and of all to come.
	fn assert_all_same(&self) {
		(self.remembered()..=self.effective() + 1).for_each(|epoch| self.assert_same(epoch));
		for who in 0..OCCUPANTS {
			assert_eq!(Index::is_wanted(LIST, &who), self.wanted.contains(&who));
			for since in [self.remembered(), self.now.max(self.remembered()), self.effective() + 1] {
				let is_seen = Index::is_seen_since(LIST, &who, since);
				assert_eq!(is_seen, self.is_seen_since(who, since), "{who} since {since}");
			}
		}
	}
}

#[derive(PartialEq, Eq, Hash, Debug)]
enum Saw {
	Joined(Result<bool, Refused>),
	Left(Result<bool, Refused>),
	/// How many waited, and how many still do.
	Worked(u32, u32),
	Forgotten(bool),
	Mature(EpochIndex),
}

#[derive(PartialEq, Eq, Hash, Debug)]
struct Refused;

/// Whether a change takes effect without waiting.
fn came(of: Result<Change, DenseIndexError>) -> Result<bool, Refused> {
	of.map(|change| change != Change::Queued).map_err(|_| Refused)
}

/// Takes the steps that the bytes say: a maturity, how many are on the list from the beginning, and then pairs of what is
/// done and by whom or how often.
fn play(bytes: &[u8]) -> Vec<Saw> {
	let (Some(&maturity), Some(&founders)) = (bytes.first(), bytes.get(1)) else { return Vec::new() };
	// As long as a network may choose; those of the beginning need none.
	let maturity = 1 + EpochIndex::from(maturity) % (HISTORY_EPOCHS - 1);
	let mut model = Model::new(0);
	for who in 0..ProviderIndex::from(founders) % OCCUPANTS {
		assert_eq!(Index::join(LIST, &who, model.moment()), model.join(who));
	}
	model.maturity = maturity;
	let mut saw = vec![Saw::Mature(maturity)];
	for step in bytes[2..].chunks_exact(2) {
		let (what, how) = (step[0] % 16, ProviderIndex::from(step[1]));
		let who = how % OCCUPANTS;
		match what {
			0..=4 => {
				let change = Index::join(LIST, &who, model.moment());
				assert_eq!(change, model.join(who), "join of {who} in {}", model.now);
				saw.push(Saw::Joined(came(change)));
			}
			5..=8 => {
				let change = Index::leave(LIST, &who, model.moment());
				assert_eq!(change, model.leave(who), "leave of {who} in {}", model.now);
				saw.push(Saw::Left(came(change)));
			}
			9 | 10 => {
				let (steps, waited) = (how % 5, Index::queue_len(LIST));
				assert_eq!(Index::work(LIST, steps, model.moment()), Ok(model.work(steps)));
				saw.push(Saw::Worked(waited, Index::queue_len(LIST)));
			}
			11 => {
				let is_gone = Index::forget(LIST, &who, model.remembered());
				assert_eq!(is_gone, model.forget(who), "whether {who} is forgotten in {}", model.now);
				saw.push(Saw::Forgotten(is_gone));
			}
			_ => {
				model.now += 1 + how % 4;
				model.assert_all_same();
			}
		}
		Index::check(LIST).unwrap();
		assert_eq!(Index::queue_len(LIST), model.waiting.len() as u32);
		model.assert_same(model.effective());
	}
	model.assert_all_same();
	// Once every index has rested, and rested again, everybody is where it wishes to be.
	for _ in 0..3 * OCCUPANTS {
		model.now += HISTORY_EPOCHS;
		assert_eq!(Index::work(LIST, OCCUPANTS, model.moment()), Ok(model.work(OCCUPANTS)));
	}
	assert_eq!(Index::queue_len(LIST), 0);
	assert_eq!(model.latest().into_iter().collect::<BTreeSet<_>>(), model.wanted);
	model.assert_all_same();
	saw
}

#[test]
fn fuzz_lists_should_be_those_of_a_model_that_keeps_them_all() {
	let [join, leave, work, forget, pass] = [0u8, 5, 9, 11, 12];
	// Whoever moves into a hole waits to leave it, and another one to follow who was the last.
	let life = [
		[pass, 3],
		[leave, 0],
		[leave, 2],
		[leave, 0],
		[join, 0],
		[join, 0],
		[leave, 0],
		[join, 3],
		[pass, 3],
		[pass, 3],
		[work, 4],
		[forget, 7],
		[forget, 1],
	];
	let samples = (0..7u8).map(|maturity| [vec![maturity, 3], life.concat()].concat());
	let ran = Fuzz::new("lists", 400)
		.samples(samples)
		.longest(192)
		.run(|bytes| sp_io::TestExternalities::default().execute_with(|| play(bytes)));
	for saw in [Ok(true), Ok(false), Err(Refused)] {
		assert!(ran.seen.contains_key(&Saw::Joined(saw)), "{:?}", ran.seen);
	}
	for saw in [Ok(true), Ok(false), Err(Refused)] {
		assert!(ran.seen.contains_key(&Saw::Left(saw)), "{:?}", ran.seen);
	}
	for is_gone in [true, false] {
		assert!(ran.count(&Saw::Forgotten(is_gone)) > 0, "{:?}", ran.seen);
	}
	let went_on = ran.seen.keys().any(|saw| matches!(saw, Saw::Worked(before, after) if after < before));
	assert!(went_on, "nobody who waited came to it: {:?}", ran.seen);
	for maturity in 1..HISTORY_EPOCHS {
		assert!(ran.count(&Saw::Mature(maturity)) > 0, "no list of maturity {maturity}");
	}
}
