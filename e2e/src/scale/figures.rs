//! Sums, bars, the table.

use super::{
	closing::{self, Closing},
	drive::{phases, Cost, Epoch, Phase},
	outages::DAY_MILLIS,
	storage::{sum, Bytes, Part, Stored},
	struck::Kept,
	Size,
};
use std::fmt::Write;
use weir_math::outage::{confirms, CONFIRMERS};
use weir_primitives::Timing;

/// Share of a block's weight that an epoch may take on average (specification, "What it must reach").
const AVERAGE_SHARE: f64 = 0.05;
/// That any block may take.
const WORST_SHARE: f64 = 0.10;
/// Bytes per block on average.
const AVERAGE_BYTES: f64 = 20_000.0;
/// Bytes in any block.
const WORST_BYTES: f64 = 80_000.0;
/// Bytes stored of a provider.
const STEADY_BYTES: f64 = 400.0;
/// While strikes or an escalation are open.
const STRUCK_BYTES: f64 = 2_000.0;

/// What a run found.
pub struct Figures {
	/// What it was asked for.
	pub size: Size,
	/// Epochs under load.
	pub epochs: Vec<Epoch>,
	/// Stored of a provider and its seat at the end of the epochs under load.
	pub loaded: Stored,
	/// Stored of lines that were tested often.
	pub kept: Kept,
	/// Wall time, seconds.
	pub seconds: f64,
}

/// Blocks of a stretch of slots.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
	slots: u32,
	average_share: f64,
	worst_share: f64,
	average_bytes: f64,
	worst_bytes: f64,
	worst_slot: u32,
	/// The share that the economy's hooks take on average.
	average_idle: f64,
	/// The largest share with them.
	worst_whole: f64,
}

impl Sum {
	fn of(blocks: &[Cost], phase: &Phase) -> Self {
		let within: Vec<_> = blocks.iter().filter(|block| phase.slots.contains(&block.slot)).collect();
		let count = within.len().max(1) as f64;
		let worst = within.iter().max_by(|a, b| a.share.total_cmp(&b.share));
		Self {
			slots: phase.slots.end - phase.slots.start,
			average_share: within.iter().map(|block| block.share).sum::<f64>() / count,
			worst_share: worst.map_or(0.0, |block| block.share),
			worst_slot: worst.map_or(0, |block| block.slot),
			average_bytes: within.iter().map(|block| block.bytes as f64).sum::<f64>() / count,
			worst_bytes: within.iter().map(|block| block.bytes as f64).fold(0.0, f64::max),
			average_idle: within.iter().map(|block| block.close + block.tour).sum::<f64>() / count,
			worst_whole: within.iter().map(|block| block.whole()).fold(0.0, f64::max),
		}
	}

	/// All phases together, each as long as it is, however many of its slots were looked at. But not the block that
	/// changes the session: the SDK's session pallet declares all of it taken, so that it carries nothing.
	fn whole(sums: &[Self]) -> Self {
		let sums = sums.get(1..).unwrap_or_default();
		let slots: u32 = sums.iter().map(|sum| sum.slots).sum();
		let mean = |value: fn(&Self) -> f64| {
			sums.iter().map(|sum| value(sum) * f64::from(sum.slots)).sum::<f64>() / f64::from(slots.max(1))
		};
		let worst = sums.iter().max_by(|a, b| a.worst_share.total_cmp(&b.worst_share));
		Self {
			slots,
			average_share: mean(|sum| sum.average_share),
			average_bytes: mean(|sum| sum.average_bytes),
			worst_share: worst.map_or(0.0, |sum| sum.worst_share),
			worst_slot: worst.map_or(0, |sum| sum.worst_slot),
			worst_bytes: sums.iter().map(|sum| sum.worst_bytes).fold(0.0, f64::max),
			average_idle: mean(|sum| sum.average_idle),
			worst_whole: sums.iter().map(|sum| sum.worst_whole).fold(0.0, f64::max),
		}
	}
}

/// One bar, and how it went.
pub struct Bar {
	/// What it asks.
	pub name: &'static str,
	/// What was found; none if there was nothing to look at.
	pub found: Option<f64>,
	/// What may be.
	pub most: f64,
	/// Unit of both.
	pub unit: &'static str,
	/// Whether it has to be met in a network of any size.
	pub of_any_size: bool,
}

impl Bar {
	/// Whether it was reached. One that nothing was held against was not.
	pub fn is_met(&self) -> bool {
		self.found.is_some_and(|found| found <= self.most)
	}
}

/// What is stored of a provider itself: without its seat, its account and its bond.
pub(super) fn own(stored: &Stored) -> Bytes {
	let parts = [Part::Provider, Part::Outages, Part::Strikes].map(|part| sum(stored, part));
	Bytes {
		keys: parts.iter().map(|part| part.keys).sum(),
		values: parts.iter().map(|part| part.values).sum(),
	}
}

pub(super) fn both(bytes: Bytes) -> f64 {
	bytes.keys + bytes.values
}

impl Figures {
	fn sums(epoch: &Epoch) -> (Vec<(Phase, Sum)>, Sum) {
		let phases = phases(&Timing::public());
		let sums: Vec<_> = phases.iter().map(|phase| Sum::of(&epoch.blocks, phase)).collect();
		let whole = Sum::whole(&sums);
		(phases.into_iter().zip(sums).collect(), whole)
	}

	/// The bars of the specification, over all epochs: the worst of each.
	pub fn bars(&self) -> Vec<Bar> {
		let wholes: Vec<_> = self.epochs.iter().map(|epoch| Self::sums(epoch).1).collect();
		let most = |value: fn(&Sum) -> f64| wholes.iter().map(value).fold(0.0, f64::max);
		let Kept { steady, once, often, struck } = &self.kept;
		let [steady, once, often, struck] = [steady, once, often, struck].map(own);
		let percent = |share: f64| share * 100.0;
		let bar = |name, found, most, unit| Bar { name, found: Some(found), most, unit, of_any_size: false };
		let missing = self.epochs.iter().filter(|epoch| epoch.closings.is_empty()).count();
		let mut bars = vec![
			bar("block weight, average", percent(most(|sum| sum.average_share)), percent(AVERAGE_SHARE), "%"),
			bar("block weight, worst block", percent(most(|sum| sum.worst_share)), percent(WORST_SHARE), "%"),
			bar("bytes per block, average", most(|sum| sum.average_bytes), AVERAGE_BYTES, "B"),
			bar("bytes, worst block", most(|sum| sum.worst_bytes), WORST_BYTES, "B"),
			bar("stored of a provider, values", steady.values, STEADY_BYTES, "B"),
			bar("stored of a provider, keys and values", both(steady), STEADY_BYTES, "B"),
			bar("stored of a provider after an outage", once.values, STEADY_BYTES, "B"),
			bar("stored of a provider after as many as are kept", often.values, STEADY_BYTES, "B"),
			bar("stored while struck, values", struck.values, STRUCK_BYTES, "B"),
			bar("stored while struck, keys and values", both(struck), STRUCK_BYTES, "B"),
		];
		bars.extend(closing::bars(&self.closings(), missing));
		bars
	}

	/// How epochs were closed in all that time.
	fn closings(&self) -> Vec<Closing> {
		self.epochs.iter().flat_map(|epoch| epoch.closings.iter().copied()).collect()
	}

	/// Everything, as a page of the handbook shows it.
	pub fn render(&self) -> String {
		let mut text = String::new();
		for epoch in &self.epochs {
			render_epoch(&mut text, epoch);
			text.push_str(&closing::render(&epoch.closings));
			if epoch.outages.fallen > 0 {
				render_outages(&mut text, epoch, self.size.providers);
			}
		}
		let Kept { steady, once, often, struck } = &self.kept;
		let stages = [
			("under this load", &self.loaded),
			("after many tests", steady),
			("after many tests and an outage", once),
			("after many tests and as many outages as are kept", often),
			("struck, at its most", struck),
		];
		for (title, stored) in stages {
			render_stored(&mut text, title, stored);
		}
		render_bars(&mut text, &self.bars());
		render_worst(&mut text, &self.closings());
		let Size { providers, seats, large_percent, regions, sample, outage_percent, .. } = self.size;
		let slots = if sample == 0 { "every slot".into() } else { format!("{sample} slots per phase") };
		let _ = writeln!(
			text,
			"\n{providers} providers in {regions} regions, {seats} seats, {large_percent} % of the lines large, \
			 {outage_percent} % down for an hour each day, {slots}; {:.0} s",
			self.seconds
		);
		text
	}
}

/// What closes alone come to, as a page of the handbook shows it, and whether their bars are met.
pub fn of_closings(closings: &[Closing], size: &Size, seconds: f64) -> (String, bool) {
	let mut text = closing::render(closings);
	let bars = closing::bars(closings, usize::from(closings.is_empty()));
	let is_met = bars.iter().all(Bar::is_met);
	render_bars(&mut text, &bars);
	render_worst(&mut text, closings);
	let Size { providers, regions, .. } = size;
	let _ = writeln!(text, "\n{providers} providers in {regions} regions; {seconds:.0} s");
	(text, is_met)
}

fn render_bars(text: &mut String, bars: &[Bar]) {
	let _ = writeln!(text, "\n| bar | found | most | |\n|---|---|---|---|");
	for bar in bars {
		let word = if bar.is_met() { "met" } else { "**missed**" };
		let Bar { name, found, most, unit, .. } = bar;
		let found = found.map_or("none seen".into(), |found| format!("{found:.2} {unit}"));
		let _ = writeln!(text, "| {name} | {found} | {most:.0} {unit} | {word} |");
	}
}

/// A last row of the bars that is none: the most that a close said it took of a block.
fn render_worst(text: &mut String, closings: &[Closing]) {
	let found =
		closing::worst(closings).map_or("none seen".into(), |share| format!("{:.2} %", share * 100.0));
	let most = closing::MOST_SHARE * 100.0;
	let _ =
		writeln!(text, "| close of an epoch, of any block | {found} | {most:.0} % | the hook's own limit |");
}

fn render_epoch(text: &mut String, epoch: &Epoch) {
	let (phases, whole) = Figures::sums(epoch);
	let _ = writeln!(
		text,
		"\n| epoch {} | slots | weight, average | worst | the economy's hooks, average | worst with them | bytes, average | \
		 worst |\n|---|---|---|---|---|---|---|---|",
		epoch.number
	);
	let mut row = |name: &str, sum: &Sum| {
		let Sum { slots, average_share, worst_share, average_bytes, worst_bytes, worst_slot, .. } = sum;
		let _ = writeln!(
			text,
			"| {name} | {slots} | {:.2} % | {:.2} % (slot {worst_slot}) | {:.2} % | {:.2} % | {average_bytes:.0} | \
			 {worst_bytes:.0} |",
			average_share * 100.0,
			worst_share * 100.0,
			sum.average_idle * 100.0,
			sum.worst_whole * 100.0,
		);
	};
	phases.iter().for_each(|(phase, sum)| row(phase.name, sum));
	row("the epoch", &whole);
	let Epoch { tests, entries, rejected, revealed, answered, unproven, concluded, .. } = epoch;
	let slot = |slot: Option<u32>| slot.map_or("not in this epoch".into(), |slot| format!("in slot {slot}"));
	let _ = writeln!(
		text,
		"\n{tests} tests, {entries} entries, {rejected} rejected; {revealed} reports revealed; {answered} entries proven, {} \
		 seats did not prove; judged {} tests, {} void, {}; {} transactions delayed; reports kept beyond their time: {}{}",
		unproven,
		concluded.0,
		concluded.1,
		slot(epoch.judged_at),
		epoch.delayed,
		epoch.kept_reports,
		epoch.late_at.map_or(String::new(), |slot| format!("; the epoch before was judged in slot {slot}")),
	);
}

/// What outages took of an epoch, and for how many of them the bars leave room.
fn render_outages(text: &mut String, epoch: &Epoch, lines: u32) {
	let (_, whole) = Figures::sums(epoch);
	let tally = &epoch.outages;
	let _ = writeln!(text, "\n{}", tally.render());
	let block_millis = tally.block_ref_time as f64 / 1e9;
	let taken = tally.ref_time() as f64 / 1e9 / (f64::from(whole.slots) * block_millis);
	let blocks_a_day = DAY_MILLIS as f64 / Timing::public().slot_millis as f64;
	let outage = tally.outage_millis(confirms(CONFIRMERS));
	let rest = AVERAGE_SHARE - (whole.average_share - taken);
	let a_day = (rest * blocks_a_day * block_millis / outage).max(0.0);
	// The votes on an alarm come together.
	let votes = f64::from(confirms(CONFIRMERS)) * tally.votes.millis();
	let at_once = |share: f64| ((WORST_SHARE - share) * block_millis / votes).max(0.0).floor();
	let _ = writeln!(
		text,
		"Outages took {:.3} % of the weight of all blocks. The average bar has room for {a_day:.0} a day, which is {:.0} % of \
		 the lines; that of the worst block for the votes on {} at once in an empty block, on {} in the fullest one",
		taken * 100.0,
		a_day / f64::from(lines) * 100.0,
		at_once(0.0),
		at_once(whole.worst_share),
	);
}

fn render_stored(text: &mut String, title: &str, stored: &Stored) {
	let _ = writeln!(text, "\n| stored, {title} | of | keys | values |\n|---|---|---|---|");
	for ((part, map), Bytes { keys, values }) in stored {
		let _ = writeln!(text, "| {map} | {} | {keys:.0} | {values:.0} |", part.name());
	}
	for part in [Part::Provider, Part::Outages, Part::Strikes, Part::Seat, Part::Account] {
		let Bytes { keys, values } = sum(stored, part);
		let _ = writeln!(text, "| **all of the {}** | | {keys:.0} | {values:.0} |", part.name());
	}
}
