//! Plots: one picture per scenario with price, income, supply and regional service, the mean of all seeds by each variant;
//! supply that answers late; and what the chain makes of the market's price, case by case and of one day of jumps closely.

use super::{
	curves::{pictures, Curves, Line, Picture},
	market::{Shock, DAY},
	oracle::{Quote, Watched, ROUND},
	peg::CASES,
	plant::{Course, DRAWN, PLANTS, STEP, WILD},
	random::mean,
	scenario::{DAY as EPOCHS_A_DAY, HOT},
	study::Study,
};
use crate::canvas::{Canvas, Pen};
use anyhow::{anyhow, Context, Result};
use plotters::{coord::Shift, prelude::*};
use std::{ops::Range, path::Path};

const WIDTH: u32 = 1_120;
const HEIGHT: u32 = 720;
/// Height of a row of three small panels.
const ROW_HEIGHT: u32 = 250;
const COLOURS: [RGBColor; 7] = [
	RGBColor(31, 119, 180),
	RGBColor(44, 160, 44),
	RGBColor(214, 39, 40),
	RGBColor(148, 103, 189),
	RGBColor(140, 86, 75),
	RGBColor(227, 119, 194),
	RGBColor(90, 90, 90),
];
/// Epochs of a day.
const PER_DAY: usize = EPOCHS_A_DAY as usize;
const MARKET: RGBColor = RGBColor(90, 90, 90);
const WAITING: RGBColor = RGBColor(255, 127, 14);
/// How much of a pale curve's colour is left.
const PALE: f64 = 0.35;
/// Rows of pixels in which a line of curves is named,
const NAMES_HEIGHT: i32 = 20;
/// and columns for each name, at least.
const NAME_WIDTH: i32 = 180;
/// Size of the letters of a legend, by which `plotters` sizes its box.
const LEGEND_FONT: u32 = 18;
/// Pixels of a letter.
const LETTER: i32 = 8;

type Failure = Box<dyn std::error::Error>;
type Drawn<T> = std::result::Result<T, Failure>;
type Area<'a> = DrawingArea<Pen<'a>, Shift>;
/// One of a run's curves.
type Take = fn(&Curves) -> &Vec<f64>;
/// One of a plant's.
type TakeCourse = fn(&Course) -> &Vec<f64>;

/// One of both sides of a price.
type Side = fn(&Quote) -> f64;

/// Which epochs are drawn, and from which one days are counted.
struct Axis {
	epochs: Range<usize>,
	origin: usize,
	text: &'static str,
	/// Whether values that differ little get a digit more.
	is_fine: bool,
}

/// Curves in a panel: colour and values.
type Series = Vec<(RGBAColor, Vec<f64>)>;

/// Draws all plots into a folder that exists.
pub fn write(study: &Study, folder: &Path) -> Result<()> {
	let save = |file: String, drawn: Drawn<Canvas>| -> Result<()> {
		let path = folder.join(&file);
		let canvas = drawn.map_err(|error| anyhow!("cannot draw {file}: {error}"))?;
		canvas.save(&path).with_context(|| format!("cannot write {}", path.display()))
	};
	for picture in pictures(study) {
		save(format!("economy-{}.png", picture.file), scenario(&picture))?;
	}
	save("economy-late.png".into(), late(&study.courses))?;
	save("economy-pegs.png".into(), pegs(&study.watched))?;
	let jumps = CASES.iter().position(|case| case.shock == Shock::Whipsaw);
	match jumps.and_then(|at| study.watched.get(at)) {
		Some(watched) => save("economy-peg.png".into(), peg(watched)),
		None => Ok(()),
	}
}

fn colour(number: usize) -> RGBColor {
	COLOURS[number % COLOURS.len()]
}

/// A scenario's variants, in colours of their own; those without a title are pale, in the order of those that have one.
fn scenario(picture: &Picture<'_>) -> Drawn<Canvas> {
	let (named, pale): (Vec<&Line<'_>>, Vec<_>) = picture.lines.iter().partition(|line| line.title.is_some());
	let names: Vec<&str> = named.iter().filter_map(|line| line.title.as_deref()).collect();
	let colours = (0..named.len()).map(|at| colour(at).to_rgba());
	let pales = (0..pale.len()).map(|at| colour(at).mix(PALE));
	let service = format!("service in region {HOT}");
	let takes: [(&str, Take); 4] = [
		("price, dollars per token", |curves| &curves.price),
		("income, dollars per GB of weight and epoch", |curves| &curves.income),
		("supply, part of the cap", |curves| &curves.issuance),
		(&service, |curves| &curves.service),
	];
	let panels = takes.map(|(name, take)| {
		// Pale ones lie below the others.
		let values = |line: &&Line<'_>| match picture.is_smooth {
			true => daily(take(line.curves)),
			false => take(line.curves).clone(),
		};
		let below = pales.clone().zip(pale.iter().map(values));
		let series = below.chain(colours.clone().zip(named.iter().map(values)));
		(name, series.collect())
	});
	let (from, origin) = picture.epochs;
	let end = picture.lines.iter().map(|line| line.curves.price.len()).max().unwrap_or_default();
	let text = match (origin, picture.is_smooth) {
		(0, _) => "days; means of a day",
		(_, true) => "days after the shock; means of a day",
		(_, false) => "days after the shock",
	};
	panels_of_four(
		picture.title,
		&names,
		panels,
		&Axis { epochs: from..end, origin, text, is_fine: picture.is_smooth },
	)
}

/// Means of the day that ends with each epoch.
fn daily(values: &[f64]) -> Vec<f64> {
	let day = |end: usize| &values[(end + 1).saturating_sub(PER_DAY)..=end];
	(0..values.len()).map(|end| mean(day(end).iter().copied())).collect()
}

/// One plant by every rule but those that swing so far that they would hide the others.
fn late(courses: &[(&str, Course)]) -> Drawn<Canvas> {
	let shown: Vec<_> = courses.iter().filter(|(name, _)| !WILD.contains(name)).collect();
	let names: Vec<&str> = shown.iter().map(|(name, _)| *name).collect();
	let takes: [(&str, TakeCourse); 4] = [
		("multiplier", |course| &course.multiplier),
		("income, dollars per GB of capacity and epoch", |course| &course.income),
		("capacity, of what there was at first", |course| &course.capacity),
		("service", |course| &course.service),
	];
	let panels = takes.map(|(name, take)| {
		let series = shown.iter().enumerate();
		(name, series.map(|(at, (_, course))| (colour(at).to_rgba(), take(course).clone())).collect())
	});
	let (delay, elasticity, demand) = PLANTS[DRAWN];
	let title = format!(
		"supply that answers after {} days, elasticity {elasticity}, demand x{demand}",
		delay / PER_DAY
	);
	let epochs = STEP - 20..STEP + 240;
	panels_of_four(
		&title,
		&names,
		panels,
		&Axis { epochs, origin: STEP, text: "days after demand rose", is_fine: false },
	)
}

fn panels_of_four(title: &str, names: &[&str], panels: [(&str, Series); 4], axis: &Axis) -> Drawn<Canvas> {
	let mut canvas = Canvas::new(WIDTH, HEIGHT);
	{
		let root = Pen(&mut canvas).into_drawing_area();
		let root = root.titled(&ascii(title), ("sans-serif", 24))?;
		let root = legend(root, names)?;
		for (panel, (name, series)) in root.split_evenly((2, 2)).iter().zip(panels) {
			curves(panel, name, &series, axis)?;
		}
		root.present()?;
	}
	Ok(canvas)
}

/// Names the colours in as many rows as it takes; what is left below.
fn legend<'a>(root: Area<'a>, names: &[&str]) -> Drawn<Area<'a>> {
	let columns = |name: &&str| 4 * LETTER + LETTER * name.len() as i32;
	// The last one may be longer.
	let widest = names.iter().rev().skip(1).map(columns).max().unwrap_or_default().max(NAME_WIDTH);
	let per_row = (WIDTH as i32 / widest).clamp(1, names.len().max(1) as i32);
	let rows = (names.len() as i32 + per_row - 1) / per_row;
	let (area, root) = root.split_vertically(NAMES_HEIGHT * rows);
	for (at, name) in names.iter().enumerate() {
		let (row, column) = (at as i32 / per_row, at as i32 % per_row);
		let x = (WIDTH as i32 - per_row * widest) / 2 + 30 + column * widest;
		let y = row * NAMES_HEIGHT;
		area.draw(&PathElement::new([(x, y + 8), (x + 16, y + 8)], colour(at).stroke_width(2)))?;
		area.draw(&Text::new(ascii(name), (x + 24, y + 4), ("sans-serif", 12)))?;
	}
	Ok(root)
}

/// What the letters that are drawn have.
fn ascii(text: &str) -> String {
	text.replace('±', "+-")
}

fn bounds<'a>(series: impl IntoIterator<Item = &'a f64>) -> (f64, f64) {
	let ends = (f64::INFINITY, f64::NEG_INFINITY);
	let (least, most) =
		series.into_iter().fold(ends, |(least, most), value| (least.min(*value), most.max(*value)));
	let room = ((most - least) * 0.05).max(most.abs() * 0.005).max(1e-6);
	((least - room).max(0.0), most + room)
}

/// One panel.
fn curves(panel: &Area<'_>, name: &str, series: &Series, axis: &Axis) -> Drawn<()> {
	let Range { start, end } = axis.epochs;
	let shown = |series: &'_ [f64]| start.min(series.len())..end.min(series.len());
	let (least, most) = bounds(series.iter().flat_map(|(_, series)| &series[shown(series)]));
	let digits = if axis.is_fine && most - least < 0.01 { 4 } else { 3 };
	let days = |epoch: usize| (epoch as f64 - axis.origin as f64) / PER_DAY as f64;
	let mut chart = ChartBuilder::on(panel)
		.margin(10)
		.caption(name, ("sans-serif", 12))
		.x_label_area_size(36)
		.y_label_area_size(64)
		.build_cartesian_2d(days(start)..days(end), least..most)?;
	chart
		.configure_mesh()
		.x_desc(axis.text)
		.x_labels(8)
		.y_labels(6)
		.x_label_formatter(&|day| format!("{day:.0}"))
		.y_label_formatter(&|value| format!("{value:.digits$}"))
		.label_style(("sans-serif", 12))
		.draw()?;
	for (colour, series) in series {
		let points = shown(series).map(|epoch| (days(epoch), series[epoch]));
		chart.draw_series(LineSeries::new(points, colour.stroke_width(2)))?;
	}
	Ok(())
}

/// Minutes of the four days, and what was seen in them.
struct Seen<'a> {
	minutes: Range<usize>,
	path: &'a [f64],
	/// Quotes with the minute in which each begins.
	quotes: Vec<(usize, Quote)>,
}

impl<'a> Seen<'a> {
	fn new(watched: &'a Watched, minutes: Range<usize>) -> Self {
		let quotes = watched.quotes.iter().enumerate().map(|(round, quote)| (round * ROUND, quote));
		let quotes = quotes.filter(|(minute, _)| minutes.contains(minute));
		let quotes = quotes.filter_map(|(minute, quote)| quote.map(|quote| (minute, quote))).collect();
		Self { path: &watched.path[minutes.clone()], quotes, minutes }
	}

	fn bounds(&self) -> (f64, f64) {
		bounds(self.path.iter().chain(self.quotes.iter().flat_map(|(_, quote)| [&quote.low, &quote.high])))
	}

	/// The market, by the hour after the shock.
	fn market(&self) -> Vec<(f64, f64)> {
		let path = self.path.iter().enumerate();
		path.map(|(at, price)| (hours(self.minutes.start + at), *price)).collect()
	}

	/// A side of the chain's price, level while its round lasts, in one piece for as long as there is a price.
	fn steps(&self, take: Side) -> Vec<Vec<(f64, f64)>> {
		let mut pieces: Vec<Vec<(f64, f64)>> = Vec::new();
		let mut next = None;
		for (minute, quote) in &self.quotes {
			let step = [*minute, minute + ROUND].map(|minute| (hours(minute), take(quote)));
			match pieces.last_mut().filter(|_| next == Some(*minute)) {
				Some(piece) => piece.extend(step),
				None => pieces.push(step.into()),
			}
			next = Some(minute + ROUND);
		}
		pieces
	}

	/// When purchases with tokens wait: for a gate, or for a price.
	fn waiting(&self) -> impl Iterator<Item = f64> + '_ {
		let rounds = self.minutes.clone().filter(|minute| minute.is_multiple_of(ROUND));
		let is_open = |minute: usize| self.quotes.iter().any(|(at, quote)| *at == minute && quote.is_open);
		rounds.filter(move |minute| !is_open(*minute)).map(hours)
	}
}

fn hours(minute: usize) -> f64 {
	(minute as f64 - DAY as f64) / 60.0
}

/// Both sides of the chain's price.
const SIDES: [(&str, RGBColor, Side); 2] =
	[("buyers' price", COLOURS[0], |quote| quote.low), ("payees' price", COLOURS[2], |quote| quote.high)];

/// Every case, from twelve hours before its shock until two days after: a panel each.
fn pegs(watched: &[Watched]) -> Drawn<Canvas> {
	let rows = watched.len().div_ceil(3);
	let mut canvas = Canvas::new(WIDTH, ROW_HEIGHT * rows as u32 + 2 * NAMES_HEIGHT as u32);
	{
		let root = Pen(&mut canvas).into_drawing_area();
		let title =
			"dollars per token; grey: market; blue, red: buyers', payees' price; orange: purchases wait";
		let root = root.titled(title, ("sans-serif", 12))?;
		for (panel, (case, watched)) in root.split_evenly((rows, 3)).iter().zip(CASES.iter().zip(watched)) {
			let seen = Seen::new(watched, DAY / 2..3 * DAY);
			let (least, most) = seen.bounds();
			let mut chart = ChartBuilder::on(panel)
				.margin(6)
				.caption(ascii(case.name), ("sans-serif", 12))
				.x_label_area_size(28)
				.y_label_area_size(44)
				.build_cartesian_2d(hours(seen.minutes.start)..hours(seen.minutes.end), least..most)?;
			chart
				.configure_mesh()
				.disable_mesh()
				.x_desc("hours after the shock")
				.x_labels(6)
				.y_labels(5)
				.x_label_formatter(&|hour| format!("{hour:.0}"))
				.y_label_formatter(&|price| format!("{price:.2}"))
				.label_style(("sans-serif", 12))
				.draw()?;
			for (_, colour, take) in SIDES {
				for piece in seen.steps(take) {
					chart.draw_series(LineSeries::new(piece, colour.stroke_width(1)))?;
				}
			}
			chart.draw_series(LineSeries::new(seen.market(), MARKET.stroke_width(1)))?;
			chart.draw_series(seen.waiting().map(|hour| Circle::new((hour, least), 2, WAITING.filled())))?;
		}
		root.present()?;
	}
	Ok(canvas)
}

/// Some hours of jumps: the market, both sides of the chain's price, and where purchases wait.
fn peg(watched: &Watched) -> Drawn<Canvas> {
	let mut canvas = Canvas::new(WIDTH, HEIGHT);
	{
		let root = Pen(&mut canvas).into_drawing_area();
		root.fill(&WHITE)?;
		let seen = Seen::new(watched, DAY - 60..DAY + 540);
		let (least, most) = seen.bounds();
		let mut chart = ChartBuilder::on(&root)
			.caption("Jumps of 15 %: market and what the chain asks and pays", ("sans-serif", 24))
			.margin(16)
			.x_label_area_size(40)
			.y_label_area_size(72)
			.build_cartesian_2d(hours(seen.minutes.start)..hours(seen.minutes.end), least..most)?;
		chart
			.configure_mesh()
			.x_desc("hours")
			.y_desc("dollars per token")
			.x_label_formatter(&|hour| format!("{hour:.0}"))
			.y_label_formatter(&|price| format!("{price:.2}"))
			.label_style(("sans-serif", 12))
			.draw()?;
		let sides = SIDES.map(|(name, colour, take)| (name, colour, seen.steps(take).concat()));
		for (name, colour, points) in [("market", MARKET, seen.market())].into_iter().chain(sides) {
			chart
				.draw_series(LineSeries::new(points, colour.stroke_width(2)))?
				.label(name)
				.legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2)));
		}
		chart
			.draw_series(seen.waiting().map(|hour| Circle::new((hour, least), 3, WAITING.filled())))?
			.label("purchases wait")
			.legend(|(x, y)| Circle::new((x + 8, y), 3, WAITING.filled()));
		chart
			.configure_series_labels()
			.position(SeriesLabelPosition::UpperRight)
			.background_style(WHITE.mix(0.9))
			.border_style(RGBColor(160, 160, 160))
			.label_font(("sans-serif", LEGEND_FONT))
			.draw()?;
		root.present()?;
	}
	Ok(canvas)
}
