//! What the chain says of each provider, beside what is true, of the economy, and of customers.

use crate::{
	chain::Provider,
	customers::Row,
	economy::{self, Economy},
	line::Line,
	verdicts::{error_percent, Verdicts},
};
use std::fmt::Write;
use weir_math::economy::units::{DOLLAR, MILLION};
use weir_primitives::{
	api::VerdictRecord,
	chain::{Balance, WEIR},
	economy::{Credits, Ppm, Price, PRICE_ONE},
	economy_api::SupplyInfo,
	Admission, LineKind,
};

/// Share of the epoch's parts with a majority of answers, in percent.
fn availability_percent(verdict: &VerdictRecord) -> f64 {
	f64::from(verdict.alive_parts) / 40.0 * 100.0
}

/// The table, one row per line and one per customer, and what there is of the economy.
pub fn render<'a>(
	(epoch, slot): (u32, u32),
	lines: &[Line],
	providers: &[Provider],
	verdicts: &Verdicts,
	economy: &Economy,
	rows: impl Iterator<Item = Row<'a>>,
) -> String {
	let mut text = format!("epoch {epoch}, slot {slot}\n");
	let _ = writeln!(
		text,
		"{:<10} {:<7} {:>9} {:>9} {:>9} {:>7} {:>6}  {:<44} {:>7} {:>10} {:>8} {:>5}  {:<24} {:<24}",
		"provider",
		"region",
		"claim",
		"true cap",
		"estimate",
		"error",
		"avail",
		"verdict",
		"strikes",
		"bond",
		"weight",
		"mult",
		"earned for capacity",
		"earned for traffic"
	);
	for line in lines {
		let Some(provider) = providers.iter().find(|provider| provider.account == line.account()) else {
			let _ = writeln!(text, "{:<10} not registered yet", line.name);
			continue;
		};
		let kind = match provider.region.kind {
			LineKind::Residential => "res",
			LineKind::Hosting => "host",
		};
		let region = format!("{}-{kind}", String::from_utf8_lossy(&provider.region.country));
		let (estimate, error, availability) = match verdicts.measured(line).last() {
			Some(verdict) => (
				mbps(verdict.down_kbps.min(verdict.up_kbps)),
				format!("{:.1} %", error_percent(verdict, line)),
				format!("{:.0} %", availability_percent(verdict)),
			),
			None => ("-".into(), "-".into(), "-".into()),
		};
		let rewards = economy.rewards(line);
		let weight = rewards.and_then(|rewards| rewards.line.as_ref()).map_or(0, |line| line.weight);
		let region_row = economy.region_of(line);
		let multiplier =
			region_row.map_or("-".into(), |region| ratio(region.multiplier.saturating_add(region.floor)));
		let _ = writeln!(
			text,
			"{:<10} {:<7} {:>9} {:>9} {:>9} {:>7} {:>6}  {:<44} {:>7} {:>10} {:>8} {:>5}  {:<24} {:<24}",
			line.name,
			region,
			mbps(provider.claim.effective_kbps()),
			mbps(line.cap_kbps),
			estimate,
			error,
			availability,
			verdict_text(provider),
			provider.strikes,
			provider.bond / WEIR,
			weight,
			multiplier,
			earned(economy, rewards.map(economy::availability)),
			earned(economy, rewards.map(economy::fees)),
		);
	}
	text.push_str(&customers(rows));
	text.push_str(&priced(economy));
	text.push_str(&supplied(economy));
	text
}

/// The customers, one row each; nothing if there are none.
pub fn customers<'a>(rows: impl Iterator<Item = Row<'a>>) -> String {
	let mut text = String::new();
	for Row { name, provider, hops, seen, claimed, left } in rows {
		if text.is_empty() {
			let _ = writeln!(
				text,
				"{:<10} {:<10} {:>4}  {:<13} {:>10} {:>10} {:>6} {:>6} {:>7}  {:>10} {:>10} {:>10}",
				"customer",
				"provider",
				"hops",
				"state",
				"down",
				"up",
				"files",
				"wrong",
				"no file",
				"paid",
				"claimed",
				"left"
			);
		}
		let status = seen.status.clone().unwrap_or_default();
		let _ = writeln!(
			text,
			"{name:<10} {provider:<10} {hops:>4}  {:<13} {:>10} {:>10} {:>6} {:>6} {:>7}  {:>10} {:>10} {:>10}",
			seen.state(),
			megabytes(status.bytes_down),
			megabytes(status.bytes_up),
			seen.right,
			seen.wrong,
			seen.failed,
			dollars(status.spent.into()),
			dollars(claimed),
			dollars(left),
		);
	}
	text
}

/// Tokens and what they are worth.
fn earned(economy: &Economy, amount: Option<Balance>) -> String {
	let Some(amount) = amount else { return "-".into() };
	let worth = economy.worth(amount).map_or("no price".into(), dollars);
	format!("{} ({worth})", tokens(amount))
}

/// The price and what is priced at it, in a line.
fn priced(economy: &Economy) -> String {
	let Some(info) = economy.price() else { return String::new() };
	let Some(quote) = &info.quote else {
		return format!("price: none yet ({} reporters, {} needed)\n", info.reporters, info.quorum);
	};
	let state = match (info.paused, info.purchases_closed) {
		(true, _) => "paused".to_owned(),
		(false, Some(reason)) => format!("closed: {reason:?}"),
		(false, None) => "open".to_owned(),
	};
	format!(
		"price {}: buyers {}, payees {}, {} reports, round {}; purchases {state}\n",
		price(quote.median),
		price(quote.low),
		price(quote.high),
		quote.reports,
		quote.round,
	)
}

/// The counters of the supply, and whether they added up in every block.
fn supplied(economy: &Economy) -> String {
	let Some(supply) = economy.supply() else { return String::new() };
	let SupplyInfo { issuance, reserve, bucket, basis, buffer, destroyed, credits, burned, .. } = *supply;
	let parts = [
		("issued", issuance),
		("reserve", reserve),
		("bucket", bucket),
		("basis", basis),
		("buffer", buffer),
		("destroyed", destroyed),
	];
	let shown: Vec<_> = parts.iter().map(|(name, amount)| format!("{name} {}", tokens(*amount))).collect();
	let sum: Balance = parts.iter().map(|(_, amount)| amount).sum();
	let judgement = match economy.faults() {
		[] => format!("adds up in each of {} blocks", economy.blocks()),
		[first, ..] => format!("FAULT: {first}"),
	};
	format!(
		"supply {} = {}; {judgement}\ncredits outstanding {}, burned so far {}\n",
		shown.join(" + "),
		tokens(sum),
		dollars(credits),
		tokens(burned),
	)
}

/// Tokens with four digits behind the point, the rest left out.
fn tokens(grains: Balance) -> String {
	format!("{}.{:04}", grains / WEIR, grains % WEIR / (WEIR / 10_000))
}

/// Micro-dollars as dollars.
fn dollars(credits: Credits) -> String {
	format!("${}.{:06}", credits / DOLLAR, credits % DOLLAR)
}

/// A price with six digits behind the point, the rest left out.
fn price(price: Price) -> String {
	let micro = price / (PRICE_ONE / DOLLAR);
	format!("${}.{:06}", micro / DOLLAR, micro % DOLLAR)
}

/// Millionths as a number with two digits behind the point.
fn ratio(ppm: Ppm) -> String {
	let hundredths = u128::from(ppm) * 100 / MILLION;
	format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

fn verdict_text(provider: &Provider) -> String {
	let admission = match provider.admission {
		Admission::Pending { passed } => format!("admission {passed}/3"),
		Admission::Admitted { .. } => "admitted".into(),
		Admission::Jailed { until } => format!("jailed until epoch {until}"),
	};
	match provider.last_verdict {
		Some(verdict) => format!("{:?}: {:?} ({admission})", verdict.outcome, verdict.reason),
		None => format!("none yet ({admission})"),
	}
}

/// Bytes as 10⁶ of them, with two digits behind the point.
fn megabytes(bytes: u64) -> String {
	format!("{}.{:02} MB", bytes / 1_000_000, bytes % 1_000_000 / 10_000)
}

fn mbps(kbps: u32) -> String {
	format!("{:.2} M", f64::from(kbps) / 1_000.0)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::customers::{Seen, Status};

	#[test]
	fn customers_should_have_a_row_each_below_one_heading() {
		let status = Status { phase: "connected".into(), bytes_down: 1_239_999, bytes_up: 9_999, spent: 210 };
		let seen = Seen { status: Some(status), right: 17, failed: 2, ..Seen::default() };
		let row = |name, seen| Row { name, provider: "provider7", hops: 2, seen, claimed: 5, left: 199_995 };
		let text = customers([row("customer1", seen), row("customer2", Seen::default())].into_iter());
		let rows: Vec<Vec<_>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
		assert_eq!(rows.len(), 3);
		let shown = "customer1 provider7 2 connected 1.23 MB 0.00 MB 17 0 2 $0.000210 $0.000005 $0.199995";
		assert_eq!(rows[1].join(" "), shown);
		assert_eq!(rows[2][..4], ["customer2", "provider7", "2", "buying"]);
		assert_eq!(customers([].into_iter()), "");
	}

	#[test]
	fn amounts_should_be_shown_without_rounding_up() {
		assert_eq!(tokens(1_999_999_999_999), "1.9999");
		assert_eq!(tokens(WEIR / 20_000), "0.0000");
		assert_eq!(dollars(5_000_001), "$5.000001");
		assert_eq!(price(PRICE_ONE / 25 + 999_999_999_999), "$0.040000");
		assert_eq!((ratio(1_000_000), ratio(2_999_999)), ("1.00".into(), "2.99".into()));
	}
}
