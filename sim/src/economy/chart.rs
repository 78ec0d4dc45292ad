//! Plots: one picture per shock with price, income, supply and service, the mean of all seeds by each design; and one day
//! of jumps with what the chain makes of them.

use super::{
	market::DAY,
	oracle::{Watched, ROUND},
	scenario::{HOT, SHOCK},
	shocks::{Curves, Shock},
	study::Study,
};
use crate::canvas::{Canvas, Pen};
use anyhow::{anyhow, Context, Result};
use plotters::{coord::Shift, prelude::*};
use std::path::Path;

const WIDTH: u32 = 1_120;
const HEIGHT: u32 = 720;
const COLOURS: [RGBColor; 3] = [RGBColor(31, 119, 180), RGBColor(44, 160, 44), RGBColor(214, 39, 40)];
const NAMES: [&str; 3] = ["recommended", "fixed tokens", "classic burn and mint"];
/// Rows of pixels in which the curves are named.
const NAMES_HEIGHT: i32 = 20;
/// Size of the letters of a legend, by which `plotters` sizes its box.
const LEGEND_FONT: u32 = 18;

type Failure = Box<dyn std::error::Error>;
/// One of a run's curves.
type Take = fn(&Curves) -> &Vec<f64>;
/// A curve with its name and colour.
type Line = (&'static str, RGBColor, Vec<(f64, f64)>);
type Area<'a> = DrawingArea<Pen<'a>, Shift>;

/// Draws all plots into a folder that exists.
pub fn write(study: &Study, folder: &Path) -> Result<()> {
	let save = |file: String, drawn: std::result::Result<Canvas, Failure>| -> Result<()> {
		let path = folder.join(&file);
		let canvas = drawn.map_err(|error| anyhow!("cannot draw {file}: {error}"))?;
		canvas.save(&path).with_context(|| format!("cannot write {}", path.display()))
	};
	for designs in study.shocks.chunks(NAMES.len()) {
		if let Some(first) = designs.first() {
			save(format!("economy-{}.png", first.file), shock(designs))?;
		}
	}
	save("economy-peg.png".into(), peg(&study.whipsaw))
}

/// Four panels.
fn shock(designs: &[Shock]) -> std::result::Result<Canvas, Failure> {
	let mut canvas = Canvas::new(WIDTH, HEIGHT);
	{
		let root = Pen(&mut canvas).into_drawing_area();
		let title = designs.first().map_or("", |shock| shock.name);
		let root = root.titled(&ascii(title), ("sans-serif", 24))?;
		let (names, root) = root.split_vertically(NAMES_HEIGHT);
		for ((name, colour), column) in NAMES.iter().zip(COLOURS).zip(0..) {
			let x = 320 + column * 180;
			names.draw(&PathElement::new([(x, 8), (x + 16, 8)], colour.stroke_width(2)))?;
			names.draw(&Text::new(*name, (x + 24, 4), ("sans-serif", 12)))?;
		}
		let panels = root.split_evenly((2, 2));
		let service = format!("service in region {HOT}");
		let takes: [(&str, Take); 4] = [
			("price, dollars per token", |curves| &curves.price),
			("income, dollars per GB of weight and epoch", |curves| &curves.income),
			("supply, part of the cap", |curves| &curves.issuance),
			(&service, |curves| &curves.service),
		];
		for (panel, (name, take)) in panels.iter().zip(takes) {
			let series: Vec<&[f64]> = designs.iter().map(|shock| take(&shock.curves).as_slice()).collect();
			curves(panel, name, &series)?;
		}
		root.present()?;
	}
	Ok(canvas)
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
fn curves(panel: &Area<'_>, name: &str, series: &[&[f64]]) -> std::result::Result<(), Failure> {
	// The first month settles.
	let from = 120usize;
	let end = series.iter().map(|series| series.len()).max().unwrap_or_default();
	let (least, most) = bounds(series.iter().flat_map(|series| series.iter().skip(from)));
	let days = |epoch: usize| (epoch as f64 - f64::from(SHOCK)) / 4.0;
	let mut chart = ChartBuilder::on(panel)
		.margin(10)
		.caption(name, ("sans-serif", 12))
		.x_label_area_size(36)
		.y_label_area_size(64)
		.build_cartesian_2d(days(from)..days(end), least..most)?;
	chart
		.configure_mesh()
		.x_desc("days after the shock")
		.x_labels(8)
		.y_labels(6)
		.x_label_formatter(&|day| format!("{day:.0}"))
		.y_label_formatter(&|value| format!("{value:.3}"))
		.label_style(("sans-serif", 12))
		.draw()?;
	for (series, colour) in series.iter().zip(COLOURS) {
		let points = series.iter().enumerate().skip(from).map(|(epoch, value)| (days(epoch), *value));
		chart.draw_series(LineSeries::new(points, colour.stroke_width(2)))?;
	}
	Ok(())
}

/// Some hours of jumps: the market, both sides of the chain's price, and where purchases wait.
fn peg(watched: &Watched) -> std::result::Result<Canvas, Failure> {
	let mut canvas = Canvas::new(WIDTH, HEIGHT);
	{
		let root = Pen(&mut canvas).into_drawing_area();
		root.fill(&WHITE)?;
		let minutes = DAY - 60..DAY + 540;
		let hours = |minute: usize| (minute as f64 - DAY as f64) / 60.0;
		let path = &watched.path[minutes.clone()];
		let quotes: Vec<_> = watched
			.quotes
			.iter()
			.enumerate()
			.map(|(round, quote)| (round * ROUND, quote))
			.filter(|(minute, _)| minutes.contains(minute))
			.filter_map(|(minute, quote)| quote.map(|quote| (minute, quote)))
			.collect();
		let (least, most) =
			bounds(path.iter().chain(quotes.iter().flat_map(|(_, quote)| [&quote.low, &quote.high])));
		let mut chart = ChartBuilder::on(&root)
			.caption("Jumps of 15 %: market and what the chain asks and pays", ("sans-serif", 24))
			.margin(16)
			.x_label_area_size(40)
			.y_label_area_size(72)
			.build_cartesian_2d(hours(minutes.start)..hours(minutes.end), least..most)?;
		chart
			.configure_mesh()
			.x_desc("hours")
			.y_desc("dollars per token")
			.x_label_formatter(&|hour| format!("{hour:.0}"))
			.y_label_formatter(&|price| format!("{price:.2}"))
			.label_style(("sans-serif", 12))
			.draw()?;
		let market = path.iter().enumerate().map(|(at, price)| (hours(minutes.start + at), *price));
		let steps = |take: fn(&super::oracle::Quote) -> f64| {
			let ends = quotes.iter().map(move |(minute, quote)| (*minute, take(quote)));
			ends.flat_map(move |(minute, value)| [(hours(minute), value), (hours(minute + ROUND), value)])
		};
		let lines: [Line; 3] = [
			("market", RGBColor(90, 90, 90), market.collect()),
			("buyers' price", COLOURS[0], steps(|quote| quote.low).collect()),
			("payees' price", COLOURS[2], steps(|quote| quote.high).collect()),
		];
		for (name, colour, points) in lines {
			chart
				.draw_series(LineSeries::new(points, colour.stroke_width(2)))?
				.label(name)
				.legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2)));
		}
		let closed = quotes.iter().filter(|(_, quote)| !quote.is_open);
		let grey = RGBColor(255, 127, 14);
		chart
			.draw_series(closed.map(|(minute, _)| Circle::new((hours(*minute), least), 3, grey.filled())))?
			.label("purchases wait")
			.legend(move |(x, y)| Circle::new((x + 8, y), 3, grey.filled()));
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
