//! What the local price source tells: the price, and what each document does instead of telling it.

use std::{fmt, ops::RangeInclusive, str::FromStr, time::Duration};

/// Prices that a source may be set to, dollars per token: what a chain takes for one.
pub const PRICES: RangeInclusive<f64> = 1e-9..=1e6;
/// What orders call all documents together.
pub(super) const ALL: &str = "all";
/// Names of the documents, and by how many millionths each is off when honest.
pub(super) const DOCUMENTS: [(&str, i64); 3] = [("a", 0), ("b", 1_000), ("c", -1_000)];
/// The price wanders up and down once in so many seconds.
const PERIOD_SECONDS: f64 = 600.0;
/// So long at most an answer waits: no client waits longer.
const MAX_LAG_MILLIS: u64 = 60_000;
/// So far up at most a lie or a jump goes.
const MAX_PERCENT: f64 = 1_000_000.0;
const ORDERS: &str = "honest, crash, stick, lag MILLISECONDS, lie PERCENT, jump PERCENT";

/// What the price does.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Wander {
	/// Around what, dollars per token.
	pub dollars: f64,
	/// How far to each side, percent of it.
	pub swing_percent: f64,
}

/// About what the pool of the presets begins with, so that both agree.
impl Default for Wander {
	fn default() -> Self {
		Self { dollars: 0.04, swing_percent: 0.5 }
	}
}

impl Wander {
	fn price(&self, seconds: f64) -> f64 {
		let swing = (seconds / PERIOD_SECONDS * std::f64::consts::TAU).sin() * self.swing_percent / 100.0;
		self.dollars * (1.0 + swing)
	}
}

/// What somebody asks for over the control.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Order {
	/// From now on the document does this.
	Be(Conduct),
	/// It goes on telling what it tells now.
	Stick,
	/// The price itself changes by so many percent, in all documents and for good.
	Jump(f64),
}

impl FromStr for Order {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let words: Vec<&str> = text.split_whitespace().collect();
		match words.as_slice() {
			["honest"] => Ok(Self::Be(Conduct::Honest)),
			["crash"] => Ok(Self::Be(Conduct::Crash)),
			["lag", millis] => Ok(Self::Be(Conduct::Lag(lag(millis)?))),
			["lie", by] => Ok(Self::Be(Conduct::Lie(percent(by)?))),
			["stick"] => Ok(Self::Stick),
			["jump", by] => Ok(Self::Jump(percent(by)?)),
			_ => Err(format!("an order is one of: {ORDERS}")),
		}
	}
}

fn lag(text: &str) -> Result<u64, String> {
	let millis = text.parse().ok().filter(|millis| (1..=MAX_LAG_MILLIS).contains(millis));
	millis.ok_or_else(|| format!("a lag is 1 to {MAX_LAG_MILLIS} milliseconds"))
}

fn percent(text: &str) -> Result<f64, String> {
	let percent = text.parse().ok().filter(|percent| *percent > -100.0 && *percent <= MAX_PERCENT);
	percent.ok_or_else(|| format!("it is a number of percent above -100, and {MAX_PERCENT} at most"))
}

/// What a document does when it is asked.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Conduct {
	/// It tells the price.
	Honest,
	/// It fails.
	Crash,
	/// It tells the price so many milliseconds after it was asked.
	Lag(u64),
	/// It tells a price that is off by so many percent.
	Lie(f64),
	/// It tells this price, whatever the price is.
	Stick(f64),
}

/// As the order says it.
impl fmt::Display for Conduct {
	fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Honest => formatter.write_str("honest"),
			Self::Crash => formatter.write_str("crash"),
			Self::Lag(millis) => write!(formatter, "lag {millis}"),
			Self::Lie(percent) => write!(formatter, "lie {percent}"),
			Self::Stick(dollars) => write!(formatter, "stick {}", shown(*dollars)),
		}
	}
}

/// What a document answers.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Answer {
	/// That it is out of order.
	Failure,
	/// A price, after a time.
	Price { dollars: String, after: Duration },
}

/// The price, and what each document does.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Market {
	wander: Wander,
	/// All jumps so far, as a factor.
	jumped: f64,
	conducts: [Conduct; DOCUMENTS.len()],
}

impl Market {
	pub(super) fn new(wander: Wander) -> Self {
		Self { wander, jumped: 1.0, conducts: [Conduct::Honest; DOCUMENTS.len()] }
	}

	/// The price at a time, as an honest document without an error of its own shows it.
	pub(super) fn price(&self, seconds: f64) -> String {
		shown(self.wander.price(seconds) * self.jumped)
	}

	/// What each document does, by its name.
	pub(super) fn conducts(&self) -> impl Iterator<Item = (&'static str, Conduct)> + '_ {
		DOCUMENTS.iter().zip(&self.conducts).map(|((name, _), conduct)| (*name, *conduct))
	}

	/// What a document answers at a time; nothing if there is no such document.
	pub(super) fn answer(&self, name: &str, seconds: f64) -> Option<Answer> {
		let number = DOCUMENTS.iter().position(|(known, _)| *known == name)?;
		let after = match self.conducts[number] {
			Conduct::Crash => return Some(Answer::Failure),
			Conduct::Lag(millis) => Duration::from_millis(millis),
			Conduct::Honest | Conduct::Lie(_) | Conduct::Stick(_) => Duration::ZERO,
		};
		Some(Answer::Price { dollars: shown(self.told(number, seconds)), after })
	}

	/// Does what was asked for, of one document or of [`ALL`], or says why not and changes nothing.
	pub(super) fn order(&mut self, name: &str, order: Order, seconds: f64) -> Result<(), String> {
		let numbers: Vec<usize> =
			(0..DOCUMENTS.len()).filter(|number| name == ALL || DOCUMENTS[*number].0 == name).collect();
		if numbers.is_empty() {
			let names = DOCUMENTS.map(|(name, _)| name).join(", ");
			return Err(format!("there is no such document: it is one of {names}, {ALL}"));
		}
		if let Order::Jump(percent) = order {
			return if name == ALL {
				self.jump(percent)
			} else {
				Err(format!("the price jumps for {ALL}; one document can lie"))
			};
		}
		for number in numbers {
			self.conducts[number] = match order {
				Order::Be(conduct) => conduct,
				Order::Stick | Order::Jump(_) => Conduct::Stick(self.told(number, seconds)),
			};
		}
		if name == ALL && order == Order::Be(Conduct::Honest) {
			self.jumped = 1.0;
		}
		Ok(())
	}

	fn jump(&mut self, percent: f64) -> Result<(), String> {
		let jumped = self.jumped * factor(percent);
		if !PRICES.contains(&(self.wander.dollars * jumped)) {
			return Err(format!("the price stays within {} to {} dollars", PRICES.start(), PRICES.end()));
		}
		self.jumped = jumped;
		Ok(())
	}

	/// What a document says the price is, when it says something.
	fn told(&self, number: usize, seconds: f64) -> f64 {
		let honest =
			self.wander.price(seconds) * self.jumped * (1.0 + DOCUMENTS[number].1 as f64 / 1_000_000.0);
		match self.conducts[number] {
			Conduct::Honest | Conduct::Crash | Conduct::Lag(_) => honest,
			Conduct::Lie(percent) => honest * factor(percent),
			Conduct::Stick(dollars) => dollars,
		}
	}
}

fn factor(percent: f64) -> f64 {
	1.0 + percent / 100.0
}

fn shown(dollars: f64) -> String {
	format!("{dollars:.12}")
}

#[cfg(test)]
mod tests {
	use super::*;

	fn market() -> Market {
		Market::new(Wander { dollars: 2.0, swing_percent: 50.0 })
	}

	fn ordered(market: &mut Market, name: &str, order: &str, seconds: f64) -> Result<(), String> {
		market.order(name, order.parse()?, seconds)
	}

	fn at_once(dollars: &str) -> Option<Answer> {
		Some(Answer::Price { dollars: dollars.into(), after: Duration::ZERO })
	}

	#[test]
	fn price_should_wander_within_its_swing() {
		let market = Market::new(Wander::default());
		assert_eq!(market.price(0.0), "0.040000000000");
		assert_eq!(market.price(PERIOD_SECONDS / 4.0), "0.040200000000");
		assert_eq!(market.price(PERIOD_SECONDS * 0.75), "0.039800000000");
		assert_eq!(market.answer("b", 0.0), at_once("0.040040000000"));
		assert_eq!(market.answer("c", 0.0), at_once("0.039960000000"));
		assert_eq!(market.answer("d", 0.0), None);
	}

	#[test]
	fn document_should_do_as_ordered_while_the_others_stay_honest() {
		let mut market = market();
		ordered(&mut market, "a", "crash", 0.0).unwrap();
		assert_eq!(market.answer("a", 0.0), Some(Answer::Failure));
		ordered(&mut market, "a", " lie  -25\n", 0.0).unwrap();
		assert_eq!(market.answer("a", 0.0), at_once("1.500000000000"));
		ordered(&mut market, "a", "lag 60000", 0.0).unwrap();
		let late = Answer::Price { dollars: "2.000000000000".into(), after: Duration::from_secs(60) };
		assert_eq!(market.answer("a", 0.0), Some(late));
		assert_eq!(market.answer("b", 0.0), at_once("2.002000000000"));
		assert_eq!(market.answer("c", 0.0), at_once("1.998000000000"));
		ordered(&mut market, "a", "honest", 0.0).unwrap();
		assert_eq!(market, self::market());
	}

	#[test]
	fn document_should_keep_what_it_told_when_it_sticks() {
		let mut market = market();
		ordered(&mut market, "a", "lie 10", 0.0).unwrap();
		ordered(&mut market, "a", "stick", 0.0).unwrap();
		ordered(&mut market, "b", "stick", PERIOD_SECONDS / 4.0).unwrap();
		ordered(&mut market, "all", "jump 100", 0.0).unwrap();
		assert_eq!(market.answer("a", 9.0), at_once("2.200000000000"));
		assert_eq!(market.answer("b", 9.0), at_once("3.003000000000"));
		assert_eq!(market.answer("c", 0.0), at_once("3.996000000000"));
	}

	#[test]
	fn price_should_jump_for_all_until_all_are_honest() {
		let mut market = market();
		ordered(&mut market, "all", "jump 50", 0.0).unwrap();
		ordered(&mut market, "all", "jump -50", 0.0).unwrap();
		assert_eq!(market.price(0.0), "1.500000000000");
		assert_eq!(market.answer("a", 0.0), at_once("1.500000000000"));
		ordered(&mut market, "a", "honest", 0.0).unwrap();
		assert_eq!(market.price(0.0), "1.500000000000", "the honesty of one undoes no jump");
		ordered(&mut market, "all", "crash", 0.0).unwrap();
		assert!(market.conducts().all(|(_, conduct)| conduct == Conduct::Crash));
		ordered(&mut market, "all", "honest", 0.0).unwrap();
		assert_eq!(market, self::market());
	}

	#[test]
	fn order_should_change_nothing_when_refused() {
		let mut market = market();
		for (name, order, says) in [
			("d", "crash", "one of a, b, c, all"),
			("a", "jump 5", "jumps for all"),
			("a", "", "an order is one of"),
			("a", "dance", "an order is one of"),
			("a", "crash 5", "an order is one of"),
			("a", "lie", "an order is one of"),
			("a", "lie -100", "above -100"),
			("a", "lie 1000001", "1000000 at most"),
			("a", "lie NaN", "above -100"),
			("all", "jump inf", "above -100"),
			("a", "lag 0", "1 to 60000"),
			("a", "lag 60001", "1 to 60000"),
			("a", "lag -1", "1 to 60000"),
			// Two dollars times ten thousand are no price any more after the second time.
			("all", "jump 1000000", "stays within"),
		] {
			if order == "jump 1000000" {
				ordered(&mut market, name, order, 0.0).unwrap();
			}
			let before = market.clone();
			let error = ordered(&mut market, name, order, 0.0).unwrap_err();
			assert!(error.contains(says), "{name} {order}: {error}");
			assert_eq!(market, before);
		}
	}

	#[test]
	fn conduct_should_be_shown_as_it_was_ordered() {
		for order in ["honest", "crash", "lag 250", "lie -2.5"] {
			let Ok(Order::Be(conduct)) = order.parse() else { panic!("{order}") };
			assert_eq!(conduct.to_string(), order);
		}
		assert_eq!(Conduct::Stick(0.04).to_string(), "stick 0.040000000000");
	}
}
