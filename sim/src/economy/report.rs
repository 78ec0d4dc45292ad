//! What a run of the economy found, as Markdown tables, with the research's figures beside it.

use super::{
	attacks::{HIDERS, NUDGERS},
	bars::summary,
	chain::Design,
	plant::PLANTS,
	published,
	random::mean,
	study::Study,
};
use crate::report::table;

fn headings<const N: usize>(names: [&str; N]) -> [String; N] {
	names.map(String::from)
}

fn percent(part: f64) -> String {
	format!("{:+.1} %", part * 100.0)
}

fn plain(part: f64) -> String {
	format!("{:.2} %", part * 100.0)
}

/// Own figure, then the research's.
fn beside(own: String, research: Option<String>) -> String {
	format!("{own} / {}", research.unwrap_or_else(|| "–".into()))
}

/// Everything but the bars.
pub fn text(study: &Study) -> String {
	let mut text = format!(
		"The economy on paper, {} seeds: this run / the research's (five seeds), – where it has none.\n",
		study.seeds
	);
	text += &pegs(study);
	text += &trips(study);
	text += &attacks(study);
	text += &shocks(study);
	text += &swings(study);
	text += &regional(study);
	text += &cover(study);
	text += &farm(study);
	text += &spoof(study);
	text += &ledger(study);
	text
}

fn pegs(study: &Study) -> String {
	let rows = study.pegs.iter().zip(published::PEG).map(|(peg, research)| {
		let own = [peg.error.p50, peg.error.p95, peg.error.p99, peg.error.most, peg.open, peg.instant];
		let cells = own
			.iter()
			.enumerate()
			.map(|(at, own)| beside(plain(*own), research.map(|research| plain(research[at]))));
		let wait = format!("{} min", peg.longest_wait);
		[peg.case.name.into()]
			.into_iter()
			.chain(cells)
			.chain([plain(peg.worst_p99), plain(peg.open_outside), wait])
			.collect()
	});
	let names = [
		"scenario",
		"p50",
		"p95",
		"p99",
		"max",
		"open",
		"max if priced at once",
		"p99 of the worst seed",
		"open outside an outage",
		"longest wait",
	];
	table("## A. Peg: value given up per $1 of credit", &headings(names), rows.collect())
}

fn trips(study: &Study) -> String {
	let rows = study.trips.iter().map(|trip| {
		let figures = [trip.chain, trip.one_sided, trip.vault, trip.announced, trip.asked, trip.hindsight];
		[trip.name.into()].into_iter().chain(figures.map(percent)).collect()
	});
	let [chain, one_sided, vault, announced] = published::ROUND_TRIPS.map(percent);
	let research =
		["research, best of all".into(), chain, one_sided, vault, announced, "–".into(), "–".into()];
	let names = [
		"shock",
		"chain",
		"one average of 1 h",
		"vault",
		"known 1 h ahead",
		"chain, at the price when asked",
		"chain, at the price of execution",
	];
	let title =
		"## A2. Best round trip: buy, spend on oneself, sell what is minted; dollars per dollar, less one";
	table(title, &headings(names), rows.chain([research.into()]).collect())
}

fn attacks(study: &Study) -> String {
	let [slope, none, fees] = published::WASH;
	let rows = study.washed.iter().map(|washed| {
		let research = match washed.name {
			"the chain's" => Some(slope),
			"without multiplier (kappa 0)" => Some(none),
			"multiplier on fees" => Some(fees),
			_ => None,
		};
		let steady = beside(format!("{:.3}", washed.steady), research.map(|figure| format!("{figure:.2}")));
		vec![washed.name.into(), steady, format!("{:.3}", washed.pumped), percent(washed.hopped)]
	});
	let title = "## C. What a dollar of own traffic brings back at worst";
	let names =
		["rules", "for ever", "then the region's capacity changes", "gain of hopping between idle regions"];
	let mut text = table(title, &headings(names), rows.collect());
	let (line, memory) = published::WITHHOLD;
	let rows = study.withheld.iter().enumerate().map(|(row, (name, gains))| {
		let research = |at: usize| match (row, at) {
			(0, _) => Some(line),
			(_, 0) => Some(memory[0]),
			(_, 4) => Some(memory[1]),
			_ => None,
		};
		let cells =
			gains.iter().enumerate().map(|(at, gain)| beside(percent(*gain), research(at).map(percent)));
		[(*name).into()].into_iter().chain(cells).collect()
	});
	let shares = |shares: &[f64]| -> Vec<String> {
		let shares = shares.iter().map(|share| format!("{:.0} % of the region", share * 100.0));
		[String::from("rule")].into_iter().chain(shares).collect()
	};
	text += &table("## C2. Best gain of hiding capacity", &shares(&HIDERS), rows.collect());
	let rows = study.nudged.iter().zip(published::NUDGE).map(|((name, gains), research)| {
		let cells = gains
			.iter()
			.zip(research)
			.map(|(gain, research)| beside(percent(gain.max(0.0)), Some(percent(research))));
		[(*name).into()].into_iter().chain(cells).collect()
	});
	text += &table("## C3. Best gain of nudging the multiplier", &shares(&NUDGERS), rows.collect());
	let rows = study.crowds.iter().map(|crowd| {
		vec![
			crowd.name.into(),
			format!("{:.2}", crowd.apart),
			format!("{:.3}", crowd.together),
			format!("{}", crowd.most),
		]
	});
	let names = ["lines", "weight apart, node caps", "together", "may"];
	text + &table("## Saturation of groups", &headings(names), rows.collect())
}

fn shocks(study: &Study) -> String {
	let mut rows = Vec::new();
	for (row, designs) in study.shocks.chunks(3).enumerate() {
		for shock in designs {
			let own = summary(shock);
			let research = published::SHOCKS.get(row).map(|figures| {
				figures.map(|(recommended, classic)| match shock.design {
					Design::Recommended => Some(recommended),
					Design::Classic => Some(classic),
					Design::Fixed => None,
				})
			});
			let research = |at: usize| research.and_then(|figures| figures[at]);
			let epochs = |figure: f64| format!("{figure:.0} e");
			// The research names the region's for demand, and everybody's otherwise.
			let recovery = if shock.file == "demand" { own.hot_recovery } else { own.recovery };
			rows.push(vec![
				shock.name.into(),
				shock.design.name().into(),
				beside(percent(own.week), research(0).map(percent)),
				beside(percent(own.worst_day), research(1).map(percent)),
				beside(percent(own.month), research(2).map(percent)),
				beside(percent(own.nodes), research(3).map(percent)),
				beside(epochs(recovery), research(4).map(epochs)),
				epochs(own.hot_recovery),
				plain(own.least_service),
				plain(own.shortfall),
				plain(own.issuance),
				percent(own.supply),
			]);
		}
	}
	let names = [
		"shock",
		"design",
		"income 7 d",
		"worst day",
		"30 d",
		"nodes",
		"95 % served after",
		"in that region",
		"least service",
		"fee shortfall",
		"issuance / cap",
		"supply 30 d",
	];
	table("## B. Shocks, against the ten days before", &headings(names), rows)
}

fn swings(study: &Study) -> String {
	let mut names = vec![String::from("rule")];
	names.extend(
		PLANTS
			.map(|(delay, elasticity, demand)| format!("delay {delay}, elasticity {elasticity}, x{demand}")),
	);
	let rows = study.swings.iter().map(|(name, swings)| {
		let cells = swings.iter().map(|s| format!("{:.2} {:.2} {:.2}", s.peak, s.swing, s.utilisation));
		[(*name).into()].into_iter().chain(cells).collect()
	});
	let title = "## B2. Supply that answers late: highest multiplier, swing of utilisation, its mean";
	let (limit, research) = published::SWING;
	table(title, &names, rows.collect())
		+ &format!(
			"\nThe default line adds {:.3} to the swing at most, over the larger capacity {:.3} (bar {limit:.2}, research {research:.2}).\n",
			super::plant::added(&study.swings, 1),
			super::plant::added(&study.swings, 2)
		)
}

fn regional(study: &Study) -> String {
	let rows = study.regional.iter().map(|row| {
		let worst = row.recovery.iter().copied().fold(0.0, f64::max);
		vec![
			row.name.into(),
			format!("{:.1} e", mean(row.recovery.iter().copied())),
			format!("{worst} e"),
			plain(row.least),
			plain(row.later),
			format!("{:.2}, then {:.2}", row.multiplier.0, row.multiplier.1),
			format!("{:.0}, then {:.0}", row.dollars.0, row.dollars.1),
		]
	});
	let names = [
		"variant",
		"95 % served after",
		"worst seed",
		"least service",
		"later",
		"multiplier",
		"availability $/day",
	];
	table(
		"## B2b. Ten times the demand in one region (research: 14 to 17 epochs at $0.05, 98 to 119 at $0.02)",
		&headings(names),
		rows.collect(),
	)
}

fn cover(study: &Study) -> String {
	let rows = study.cover.iter().zip(published::COVER).map(|(row, (first, tenth))| {
		vec![
			row.name.into(),
			format!("{:.0} GB", row.capacity),
			beside(plain(row.service[0]), Some(plain(first))),
			beside(plain(row.service[1]), Some(plain(tenth))),
			plain(row.service[2]),
		]
	});
	let names = ["variant", "capacity before demand", "service, first day", "day 10", "last 30 days"];
	table(
		"## B5. Empty expensive region, demand of 1,500 GB per epoch after sixty days",
		&headings(names),
		rows.collect(),
	)
}

fn farm(study: &Study) -> String {
	let rows = study.farm.iter().map(|row| {
		let research = match row.design {
			Design::Recommended => Some(published::FARM[0]),
			Design::Classic => Some(published::FARM[1]),
			Design::Fixed => None,
		};
		let honest = (row.design == Design::Recommended).then_some(published::FARM_HONEST);
		let millions = |figure: f64| format!("{figure:.1} M");
		vec![
			row.design.name().into(),
			beside(millions(row.minted), research.map(|r| millions(r[0]))),
			beside(millions(row.dumped), research.map(|r| millions(r[1]))),
			beside(percent(row.trough.0), research.map(|r| percent(r[2]))),
			percent(row.trough.1),
			beside(format!("{:.0}", row.honest.0), honest.map(|h| format!("{:.0}", h.0))),
			beside(format!("{:.0}", row.honest.1), honest.map(|h| format!("{:.0}", h.1))),
			beside(plain(row.service), research.map(|r| plain(r[3]))),
		]
	});
	let names = [
		"design",
		"minted in 40 d",
		"sold by mercenaries",
		"trough of the price",
		"without them",
		"honest nodes, day 40",
		"without them",
		"service, day 90 to 120",
	];
	table(
		"## B3. Farm-and-dump: 8,000 mercenary nodes at a tenth of the demand",
		&headings(names),
		rows.collect(),
	)
}

fn spoof(study: &Study) -> String {
	let rows = study.spoof.iter().map(|row| {
		let research = match (row.name.starts_with("2,000"), row.detection) {
			(true, 0.02) => Some(published::SPOOF[0]),
			(true, 0.05) => Some(published::SPOOF[1]),
			_ => None,
		};
		vec![
			row.name.into(),
			format!("{:.0} %", row.detection * 100.0),
			beside(format!("${:.0}", row.accrued), research.map(|r| format!("${:.0}", r.0))),
			beside(format!("${:.0}", row.lost), research.map(|r| format!("${:.0}", r.1))),
			plain(row.first_day),
			format!("{:.0} e", row.recovery),
		]
	});
	let names = [
		"attack",
		"found out per epoch",
		"accrued per node-year",
		"lost",
		"service, first day",
		"95 % after",
	];
	table("## B4. Spoofed regions, with a new bond after every slash", &headings(names), rows.collect())
}

fn ledger(study: &Study) -> String {
	let (fuzzed, schedule) = (&study.fuzzed, &study.schedule);
	let years: Vec<String> = published::SCHEDULE
		.iter()
		.map(|(year, research)| {
			let own = schedule.years.get(*year as usize - 1).copied().unwrap_or_default();
			format!("{year} y {own:.1} M / {research:.1} M")
		})
		.collect();
	format!(
		"\n## L. Ledger\n\n{} random operations done and {} refused, all laws after each; {:.0} M burned, {:.0} M minted again, never \
		 more than {:.1} M in existence.\nSchedule: {:.0} tokens in the first epoch; at most {}. If nobody wanted anything the \
		 bucket would hold {:.1} slices at most, reached after {} epochs.\n",
		fuzzed.done,
		fuzzed.refused,
		fuzzed.burned / 1e6,
		fuzzed.reminted / 1e6,
		fuzzed.issuance as f64 / 1e18,
		schedule.first,
		years.join(", "),
		schedule.fullest,
		schedule.first_overflow,
	)
}
