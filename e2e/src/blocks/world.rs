//! A small network on such a chain: each provider has a seat, and an epoch is measured, reported and judged at a time.

use crate::blocks::{
	genesis::{Genesis, Line},
	node::Node,
	reports::{answer_audit, commit, drawn, reveal, Drawn, Receipt},
	Block, Blocks,
};
use pallet_proof_of_bandwidth::{Event, FIRST_TESTED_EPOCH};
use std::collections::HashMap;
use weir_primitives::{api::VerdictRecord, report::Entry, Claim, EpochIndex, Kbps, ProviderIndex, Timing};
use weir_runtime::{AccountId, ProofOfBandwidth, RuntimeEvent};

/// What each line claims unless something else is asked for, both ways.
pub const CLAIM_KBPS: Kbps = 40_000;
/// Blocks after the reveals in which an epoch is judged at most.
const JUDGING: u32 = 100;

/// What a member says of a test: rates down and up; none for no entry.
pub type Says<'a> = dyn Fn(&Drawn, usize) -> Option<(Kbps, Kbps)> + 'a;

/// A report with what is behind it.
pub type Report = (Vec<Entry>, Vec<Receipt>);

/// What came of an epoch.
pub struct Judged {
	/// The measured epoch.
	pub epoch: EpochIndex,
	/// Its tests.
	pub tests: Vec<Drawn>,
	/// The verdict on each of them that was judged.
	pub verdicts: HashMap<ProviderIndex, VerdictRecord>,
	/// What happened from the first commit to the last verdict.
	pub events: Vec<RuntimeEvent>,
	/// What each node reported.
	pub reports: Vec<Report>,
}

impl Judged {
	/// Tests with their verdicts.
	pub fn judged(&self) -> impl Iterator<Item = (&Drawn, &VerdictRecord)> {
		self.tests.iter().filter_map(|test| Some((test, self.verdicts.get(&test.test.provider)?)))
	}
}

/// The network.
pub struct World {
	/// The chain it is on.
	pub chain: Blocks,
	/// Providers by index; the first ones hold the seats.
	pub nodes: Vec<Node>,
	numbers: HashMap<AccountId, usize>,
	next: EpochIndex,
	last: Option<(EpochIndex, Vec<Report>)>,
}

/// A line that claims as much both ways, with a seat beside it.
pub fn line(n: u32, admitted: bool) -> Line {
	let claim = Claim { down_kbps: CLAIM_KBPS, up_kbps: CLAIM_KBPS };
	Line { node: Node::nth(n), claim, admitted, uplink_kbps: Some(CLAIM_KBPS) }
}

impl World {
	/// A network of these lines on a public network's timing, but that every line is tested in every epoch.
	pub fn new(lines: Vec<Line>) -> Self {
		Self::with_timing(lines, Timing { test_every: 1, ..Timing::public() })
	}

	/// The same with any timing.
	pub fn with_timing(lines: Vec<Line>, timing: Timing) -> Self {
		let nodes: Vec<_> = lines.iter().map(|line| line.node.clone()).collect();
		let numbers = nodes.iter().enumerate().map(|(n, node)| (node.account.clone(), n)).collect();
		let mut chain = Blocks::start(&Genesis { timing, authors: 4, funded: Vec::new(), lines });
		chain.until_epoch(FIRST_TESTED_EPOCH);
		Self { chain, nodes, numbers, next: FIRST_TESTED_EPOCH, last: None }
	}

	/// Number of the node that owns an account.
	pub fn number(&self, account: &AccountId) -> usize {
		self.numbers[account]
	}

	/// Members of a test that a rule does not excuse, by number.
	pub fn measuring<'a>(&'a self, test: &'a Drawn) -> impl Iterator<Item = usize> + 'a {
		test.measuring().map(|account| self.number(account))
	}

	/// Measures the next epoch: every test gets its start. Then the epoch after it begins.
	pub fn measure(&mut self) -> (EpochIndex, Vec<Drawn>) {
		let measured = self.next;
		self.next += 1;
		self.chain.measure(measured);
		self.chain.until_epoch(measured + 1);
		let providers = self.nodes.len() as u32;
		(measured, self.chain.look(|| drawn(measured, 0..providers)))
	}

	/// What each node has to report, with receipts signed by both sides.
	pub fn reports(&mut self, epoch: EpochIndex, tests: &[Drawn], says: &Says) -> Vec<Report> {
		let (nodes, numbers) = (&self.nodes, &self.numbers);
		self.chain.look(|| {
			let mut reports = vec![Report::default(); nodes.len()];
			for test in tests {
				let target = &nodes[test.test.provider as usize];
				for member in test.measuring().map(|account| numbers[account]) {
					let Some(rates) = says(test, member) else { continue };
					let (entry, receipt) = test.measured(epoch, target, &nodes[member], rates);
					reports[member].0.push(entry);
					reports[member].1.push(receipt);
				}
			}
			reports
		})
	}

	/// Measures, reports and judges the next epoch. All that `reveals` hand in what they say; whoever is `honest` also
	/// answers the audits of the epoch before.
	pub fn epoch(
		&mut self,
		says: &Says,
		reveals: &dyn Fn(usize) -> bool,
		honest: &dyn Fn(usize) -> bool,
	) -> Judged {
		let (epoch, tests) = self.measure();
		self.report(epoch, tests, says, reveals, honest)
	}

	/// Reports and judges what [`Self::measure`] has measured.
	pub fn report(
		&mut self,
		epoch: EpochIndex,
		tests: Vec<Drawn>,
		says: &Says,
		reveals: &dyn Fn(usize) -> bool,
		honest: &dyn Fn(usize) -> bool,
	) -> Judged {
		let reports = self.reports(epoch, &tests, says);
		self.hand_in(epoch, tests, reports, reveals, honest)
	}

	/// The same with what each node has to report.
	pub fn hand_in(
		&mut self,
		epoch: EpochIndex,
		tests: Vec<Drawn>,
		reports: Vec<Report>,
		reveals: &dyn Fn(usize) -> bool,
		honest: &dyn Fn(usize) -> bool,
	) -> Judged {
		let timing = self.chain.timing();
		let now = epoch + 1;
		let (nodes, last) = (&self.nodes, &self.last);
		let mut blocks: Vec<Block> = Vec::new();
		blocks.push(self.chain.block_at(now, timing.commit_from, |making| {
			for (node, (entries, _)) in nodes.iter().zip(&reports) {
				// A seat that was dismissed is refused.
				let _ = making.include(commit(node, epoch, entries));
			}
		}));
		blocks.push(self.chain.block_at(now, timing.reveal_from, |making| {
			for (n, (node, (entries, _))) in nodes.iter().zip(&reports).enumerate() {
				if reveals(n) {
					let _ = making.include(reveal(node, epoch, entries));
				}
			}
			for (audited, reports) in last.iter() {
				for (n, (node, (entries, receipts))) in nodes.iter().zip(reports).enumerate() {
					let drawn = ProofOfBandwidth::audited(*audited, &node.account);
					if drawn.is_empty() || !honest(n) {
						continue;
					}
					let proofs = drawn
						.iter()
						.map(|position| *position as usize)
						.filter(|position| entries[*position].receipt != [0; 5])
						.map(|position| receipts[position].clone());
					let _ = making.include(answer_audit(node, *audited, entries, proofs.collect()));
				}
			}
		}));
		for slot in timing.reveal_until..timing.reveal_until + JUDGING {
			let block = self.chain.block_at(now, slot, |_| {});
			let is_last = block.events.iter().any(|event| is_conclusion(event, epoch));
			blocks.push(block);
			if is_last {
				break;
			}
		}
		let events: Vec<_> = blocks.into_iter().flat_map(|block| block.events).collect();
		let verdicts = events
			.iter()
			.filter_map(|event| weir_runtime::configs::measuring::concluded(event.clone()))
			.filter(|concluded| concluded.verdict.epoch == epoch && !concluded.revised)
			.map(|concluded| (concluded.provider, concluded.verdict))
			.collect();
		self.last = Some((epoch, reports.clone()));
		Judged { epoch, tests, verdicts, events, reports }
	}
}

fn is_conclusion(event: &RuntimeEvent, measured: EpochIndex) -> bool {
	matches!(
		event,
		RuntimeEvent::ProofOfBandwidth(Event::EpochConcluded { epoch, .. }) if *epoch == measured
	)
}
