//! What the chain says of each provider, beside what is true, and of the economy.

use crate::{
	chain::Provider,
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

/// The table, one row per line, and what there is of the economy.
pub fn render(
	(epoch, slot): (u32, u32),
	lines: &[Line],
	providers: &[Provider],
	verdicts: &Verdicts,
	economy: &Economy,
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
	text.push_str(&priced(economy));
	text.push_str(&supplied(economy));
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

fn mbps(kbps: u32) -> String {
	format!("{:.2} M", f64::from(kbps) / 1_000.0)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn amounts_should_be_shown_without_rounding_up() {
		assert_eq!(tokens(1_999_999_999_999), "1.9999");
		assert_eq!(tokens(WEIR / 20_000), "0.0000");
		assert_eq!(dollars(5_000_001), "$5.000001");
		assert_eq!(price(PRICE_ONE / 25 + 999_999_999_999), "$0.040000");
		assert_eq!((ratio(1_000_000), ratio(2_999_999)), ("1.00".into(), "2.99".into()));
	}
}
