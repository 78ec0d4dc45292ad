//! How runs of layer B go, epoch by epoch, as it is drawn: one picture for each scenario, the mean of all seeds.

use super::{
	chain::Design,
	epochs::History,
	scenario::{Setting, SHOCK},
	shocks::{runs, Regional, Shock, Spoof, RATES},
	study::Study,
};
use anyhow::Result;
use weir_math::economy::Parameters;

/// Epochs at the beginning of a run in which it settles.
const SETTLED: usize = 120;

/// Curves of a run, averaged over seeds.
#[derive(Clone, Debug, Default)]
pub struct Curves {
	/// Dollars per token.
	pub price: Vec<f64>,
	/// Dollars per gigabyte of weight.
	pub income: Vec<f64>,
	/// Of the cap.
	pub issuance: Vec<f64>,
	/// In the region of the shock.
	pub service: Vec<f64>,
}

impl Curves {
	fn of(history: &History) -> Self {
		let h = history;
		let [price, income, issuance, service] =
			[&h.price, &h.income, &h.issuance, &h.hot_service].map(Clone::clone);
		Self { price, income, issuance, service }
	}

	fn add(&mut self, other: &Self, part: f64) {
		for (sum, series) in [
			(&mut self.price, &other.price),
			(&mut self.income, &other.income),
			(&mut self.issuance, &other.issuance),
			(&mut self.service, &other.service),
		] {
			sum.resize(series.len(), 0.0);
			sum.iter_mut().zip(series).for_each(|(sum, value)| *sum += value * part);
		}
	}
}

/// Runs every setting with every seed; takes from each run what is asked for, and from all runs of a setting their curves.
pub fn drawn<T: Send>(
	settings: &[Setting],
	seeds: u64,
	take: impl Fn(&History) -> T + Sync,
) -> Result<Vec<(Vec<T>, Curves)>> {
	let part = 1.0 / seeds as f64;
	let found = runs(settings, seeds, |history| (take(history), Curves::of(history)))?;
	let rows = found.into_iter().map(|runs| {
		let mut mean = Curves::default();
		runs.iter().for_each(|(_, curves)| mean.add(curves, part));
		(runs.into_iter().map(|(taken, _)| taken).collect(), mean)
	});
	Ok(rows.collect())
}

/// One variant in a picture.
pub struct Line<'a> {
	/// Its name in files,
	pub name: String,
	/// and in the picture; none if it is what the curve of the same colour is compared with.
	pub title: Option<String>,
	/// Its curves.
	pub curves: &'a Curves,
}

/// A scenario with its variants.
pub struct Picture<'a> {
	/// A short name, for files.
	pub file: &'static str,
	/// What happens.
	pub title: &'static str,
	/// First epoch that is drawn, and the one that days are counted from.
	pub epochs: (usize, usize),
	/// Whether the demand's daily rise and fall is averaged out, where it would hide what differs.
	pub is_smooth: bool,
	/// In the order of the tables.
	pub lines: Vec<Line<'a>>,
}

impl<'a> Picture<'a> {
	fn new(file: &'static str, title: &'static str, lines: impl Iterator<Item = Line<'a>>) -> Self {
		Self { file, title, epochs: (SETTLED, SHOCK as usize), is_smooth: true, lines: lines.collect() }
	}
}

fn line<'a>(name: &str, title: &str, curves: &'a Curves) -> Line<'a> {
	Line { name: name.into(), title: Some(title.into()), curves }
}

fn of_design(design: Design, curves: &Curves) -> Line<'_> {
	line(design.name(), design.title(), curves)
}

fn of_regional(row: &Regional) -> Line<'_> {
	line(row.name, row.name, &row.curves)
}

fn of_shocks(designs: &[Shock]) -> Option<Picture<'_>> {
	let first = designs.first()?;
	let lines = designs.iter().map(|shock| of_design(shock.design, &shock.curves));
	Some(Picture { is_smooth: false, ..Picture::new(first.file, first.name, lines) })
}

fn of_spoof(rates: &[Spoof]) -> Option<Picture<'_>> {
	let first = rates.first()?;
	let lines = rates.iter().map(|row| {
		let rate = format!("{:.0} % found out", row.detection * 100.0);
		line(&rate, &rate, &row.curves)
	});
	Some(Picture::new(first.file, first.name, lines))
}

/// All pictures of four panels.
pub fn pictures(study: &Study) -> Vec<Picture<'_>> {
	let designs = super::chain::DESIGNS.len();
	let mut pictures: Vec<Picture<'_>> = study.shocks.chunks(designs).filter_map(of_shocks).collect();
	let (cheap, usual): (Vec<_>, Vec<_>) =
		study.regional.iter().partition(|row| row.list_price < Parameters::default().list_price);
	pictures.push(Picture::new(
		"regional",
		"x10 demand in one region at $0.05 per GB",
		usual.into_iter().map(of_regional),
	));
	pictures.push(Picture::new(
		"regional-cheap",
		"x10 demand in one region at $0.02 per GB",
		cheap.into_iter().map(of_regional),
	));
	let cover = study.cover.iter().map(|row| line(row.name, row.name, &row.curves));
	pictures.push(Picture::new("cover", "empty region, demand after sixty days", cover));
	let with = study.farm.iter().map(|row| of_design(row.design, &row.curves.0));
	let without = study.farm.iter().map(|row| Line {
		name: format!("{} without", row.design.name()),
		title: None,
		curves: &row.curves.1,
	});
	pictures.push(Picture {
		epochs: (0, 0),
		..Picture::new("farm", "farm-and-dump; pale: without mercenaries", with.chain(without))
	});
	pictures.extend(study.spoof.chunks(RATES.len()).filter_map(of_spoof));
	pictures
}
