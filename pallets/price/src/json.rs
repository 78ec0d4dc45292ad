//! Finds one value in a JSON text and leaves it as it is written: an ordinary parser would make a float of a price.

use alloc::vec::Vec;
use core::fmt;

/// Objects and arrays within each other.
const MAX_DEPTH: u32 = 64;

/// Why there is no value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum JsonError {
	/// The text is no JSON from this byte on.
	Malformed(usize),
	/// More than 64 objects and arrays within each other.
	TooDeep,
	/// There is nothing where the pointer points.
	NotFound,
	/// There is neither a number nor a string where the pointer points.
	NotANumber,
}

impl fmt::Display for JsonError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Malformed(at) => write!(f, "the answer is no JSON at byte {at}"),
			Self::TooDeep => write!(f, "the answer nests deeper than {MAX_DEPTH}"),
			Self::NotFound => f.write_str("the answer has nothing where the pointer points"),
			Self::NotANumber => {
				f.write_str("the answer has neither a number nor a string where the pointer points")
			}
		}
	}
}

/// The number, or the inside of the string, that `pointer` (RFC 6901) points at, as it is written in `text`.
///
/// All of `text` has to be JSON, so that an answer that was cut off is none. Of equal keys the first one counts. Keys that are
/// written with escapes are not found, since no source of a price has a reason to.
pub fn find<'a>(text: &'a [u8], pointer: &[u8]) -> Result<&'a [u8], JsonError> {
	let mut whole = Scanner { text, at: 0 };
	whole.value(0)?;
	whole.space();
	if whole.at < text.len() {
		return Err(JsonError::Malformed(whole.at));
	}
	let mut scanner = Scanner { text, at: 0 };
	// What stands before the first slash is empty.
	for token in pointer.split(|byte| *byte == b'/').skip(1) {
		scanner.enter(&unescaped(token))?;
	}
	match scanner.value(0)? {
		Value::Number(number) => Ok(number),
		Value::String(inside) => Ok(inside),
		Value::Other => Err(JsonError::NotANumber),
	}
}

/// A token of a pointer without its escapes.
fn unescaped(token: &[u8]) -> Vec<u8> {
	let mut key = Vec::with_capacity(token.len());
	let mut bytes = token.iter().copied().peekable();
	while let Some(byte) = bytes.next() {
		key.push(match (byte, bytes.peek()) {
			(b'~', Some(b'0')) => {
				bytes.next();
				b'~'
			}
			(b'~', Some(b'1')) => {
				bytes.next();
				b'/'
			}
			_ => byte,
		});
	}
	key
}

enum Value<'a> {
	Number(&'a [u8]),
	String(&'a [u8]),
	Other,
}

struct Scanner<'a> {
	text: &'a [u8],
	at: usize,
}

impl<'a> Scanner<'a> {
	fn peek(&self) -> Option<u8> {
		self.text.get(self.at).copied()
	}

	fn step(&mut self) {
		self.at = self.at.saturating_add(1);
	}

	fn malformed<V>(&self) -> Result<V, JsonError> {
		Err(JsonError::Malformed(self.at))
	}

	fn since(&self, from: usize) -> &'a [u8] {
		self.text.get(from..self.at).unwrap_or_default()
	}

	fn space(&mut self) {
		while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
			self.step();
		}
	}

	/// Steps over `byte` if it is next, after space.
	fn takes(&mut self, byte: u8) -> bool {
		self.space();
		let is_next = self.peek() == Some(byte);
		if is_next {
			self.step();
		}
		is_next
	}

	fn expect(&mut self, byte: u8) -> Result<(), JsonError> {
		if self.takes(byte) {
			return Ok(());
		}
		self.malformed()
	}

	/// Goes to the value of `key` in the object or array that begins here.
	fn enter(&mut self, key: &[u8]) -> Result<(), JsonError> {
		if self.takes(b'{') {
			if self.takes(b'}') {
				return Err(JsonError::NotFound);
			}
			loop {
				let is_it = self.string()? == key;
				self.expect(b':')?;
				if is_it {
					return Ok(());
				}
				self.value(0)?;
				if !self.takes(b',') {
					return Err(JsonError::NotFound);
				}
			}
		}
		// An index as the standard writes it: without leading zeros.
		let is_index = key == b"0" || !key.starts_with(b"0");
		let index = core::str::from_utf8(key).ok().and_then(|key| key.parse::<u32>().ok());
		let index = index.filter(|_| is_index && key.iter().all(u8::is_ascii_digit));
		let Some(index) = index else { return Err(JsonError::NotFound) };
		if !self.takes(b'[') || self.takes(b']') {
			return Err(JsonError::NotFound);
		}
		for _ in 0..index {
			self.value(0)?;
			if !self.takes(b',') {
				return Err(JsonError::NotFound);
			}
		}
		Ok(())
	}

	/// Steps over a value.
	fn value(&mut self, depth: u32) -> Result<Value<'a>, JsonError> {
		if depth > MAX_DEPTH {
			return Err(JsonError::TooDeep);
		}
		let inner = depth.saturating_add(1);
		self.space();
		match self.peek() {
			Some(b'"') => self.string().map(Value::String),
			Some(b'-' | b'0'..=b'9') => self.number().map(Value::Number),
			Some(b't') => self.word(b"true"),
			Some(b'f') => self.word(b"false"),
			Some(b'n') => self.word(b"null"),
			Some(b'{') => self.items(b'}', |scanner| {
				scanner.string()?;
				scanner.expect(b':')?;
				scanner.value(inner).map(drop)
			}),
			Some(b'[') => self.items(b']', |scanner| scanner.value(inner).map(drop)),
			_ => self.malformed(),
		}
	}

	/// Steps over an object or array, whose items `item` steps over.
	fn items(
		&mut self,
		end: u8,
		item: impl Fn(&mut Self) -> Result<(), JsonError>,
	) -> Result<Value<'a>, JsonError> {
		self.step();
		if self.takes(end) {
			return Ok(Value::Other);
		}
		loop {
			item(self)?;
			if self.takes(end) {
				return Ok(Value::Other);
			}
			self.expect(b',')?;
		}
	}

	fn word(&mut self, word: &[u8]) -> Result<Value<'a>, JsonError> {
		if !self.text.get(self.at..).is_some_and(|rest| rest.starts_with(word)) {
			return self.malformed();
		}
		self.at = self.at.saturating_add(word.len());
		Ok(Value::Other)
	}

	/// Steps over a string, after space. Returns what is between its quotes.
	fn string(&mut self) -> Result<&'a [u8], JsonError> {
		self.expect(b'"')?;
		let from = self.at;
		loop {
			match self.peek() {
				Some(b'"') => {
					let inside = self.since(from);
					self.step();
					return Ok(inside);
				}
				Some(b'\\') => {
					self.step();
					self.escape()?;
				}
				Some(byte) if byte >= b' ' => self.step(),
				_ => return self.malformed(),
			}
		}
	}

	fn escape(&mut self) -> Result<(), JsonError> {
		match self.peek() {
			Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
				self.step();
				Ok(())
			}
			Some(b'u') => {
				self.step();
				for _ in 0..4 {
					if !self.peek().is_some_and(|byte| byte.is_ascii_hexdigit()) {
						return self.malformed();
					}
					self.step();
				}
				Ok(())
			}
			_ => self.malformed(),
		}
	}

	fn digits(&mut self) -> Result<(), JsonError> {
		if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
			return self.malformed();
		}
		while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
			self.step();
		}
		Ok(())
	}

	fn number(&mut self) -> Result<&'a [u8], JsonError> {
		let from = self.at;
		if self.peek() == Some(b'-') {
			self.step();
		}
		let has_zero = self.peek() == Some(b'0');
		let whole = self.at;
		self.digits()?;
		if has_zero && self.since(whole).len() > 1 {
			return self.malformed();
		}
		if self.peek() == Some(b'.') {
			self.step();
			self.digits()?;
		}
		if matches!(self.peek(), Some(b'e' | b'E')) {
			self.step();
			if matches!(self.peek(), Some(b'+' | b'-')) {
				self.step();
			}
			self.digits()?;
		}
		Ok(self.since(from))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;
	use serde_json::Value as Json;

	fn found(text: &str, pointer: &str) -> Result<String, JsonError> {
		find(text.as_bytes(), pointer.as_bytes()).map(|value| String::from_utf8(value.to_vec()).unwrap())
	}

	#[test]
	fn value_should_be_found_as_it_is_written() {
		let text =
			r#" { "a" : [ 1, {"b/c": "0.0412", "m~n": -4.10e-2, "": 7} , [] ], "d":{"price":41e-3} } "#;
		for (pointer, value) in [
			("/a/0", "1"),
			("/a/1/b~1c", "0.0412"),
			("/a/1/m~0n", "-4.10e-2"),
			("/a/1/", "7"),
			("/d/price", "41e-3"),
		] {
			assert_eq!(found(text, pointer).as_deref(), Ok(value), "{pointer}");
		}
		assert_eq!(found("0.5", "").as_deref(), Ok("0.5"));
		assert_eq!(found(r#"{"a":1,"a":2}"#, "/a").as_deref(), Ok("1"));
	}

	#[test]
	fn value_should_be_refused_by_name() {
		let text = r#"{"a":[1,{"b":null}],"c":true,"d":{}}"#;
		for pointer in ["/b", "/a/2", "/a/01", "/a/-", "/a/x", "/a/+1", "/a/0/x", "/c/x", "/d/x", "/"] {
			assert_eq!(found(text, pointer), Err(JsonError::NotFound), "{pointer}");
		}
		for pointer in ["", "/a", "/a/1/b", "/c", "/d"] {
			assert_eq!(found(text, pointer), Err(JsonError::NotANumber), "{pointer}");
		}
		assert_eq!(found(&"[".repeat(70), ""), Err(JsonError::TooDeep));
		for (text, at) in [
			("", 0),
			("{", 1),
			(r#"{"price":0.04"#, 13),
			(r#"{"price":0.04}}"#, 14),
			(r#"{"price":0.04,}"#, 14),
			(r#"{price:0.04}"#, 1),
			("[1 2]", 3),
			("[1,]", 3),
			("01", 2),
			("1.", 2),
			("-", 1),
			("1e", 2),
			("nul", 0),
			("\"a\nb\"", 2),
			(r#""\x""#, 2),
			(r#""\u12g4""#, 5),
			("<html>", 0),
			("NaN", 0),
		] {
			assert_eq!(found(text, "/price"), Err(JsonError::Malformed(at)), "{text}");
		}
	}

	fn json() -> impl Strategy<Value = Json> {
		let leaf = prop_oneof![
			Just(Json::Null),
			any::<bool>().prop_map(Json::from),
			any::<i64>().prop_map(Json::from),
			"[ -~]{0,8}".prop_map(Json::from),
		];
		leaf.prop_recursive(4, 32, 5, |inner| {
			prop_oneof![
				prop::collection::vec(inner.clone(), 0..5).prop_map(Json::from),
				// What needs no escapes.
				prop::collection::btree_map("[a-c~/0-2]{0,2}", inner, 0..5)
					.prop_map(|map| Json::Object(map.into_iter().collect())),
			]
		})
	}

	proptest! {
		#[test]
		fn pointers_should_point_where_other_parsers_say(
			json in json(),
			tokens in prop::collection::vec("[a-c~/0-2]{0,2}", 0..4),
			pretty in any::<bool>(),
		) {
			let text = if pretty { serde_json::to_string_pretty(&json) } else { serde_json::to_string(&json) }.unwrap();
			let pointer: String =
				tokens.iter().map(|token| format!("/{}", token.replace('~', "~0").replace('/', "~1"))).collect();
			match (json.pointer(&pointer), found(&text, &pointer)) {
				(None, outcome) => prop_assert_eq!(outcome, Err(JsonError::NotFound)),
				(Some(value @ (Json::Number(_) | Json::String(_))), Ok(inside)) => {
					let written = serde_json::to_string(value).unwrap();
					prop_assert_eq!(&inside, written.strip_prefix('"')
						.and_then(|rest| rest.strip_suffix('"')).unwrap_or(&written));
				}
				(Some(_), outcome) => prop_assert_eq!(outcome, Err(JsonError::NotANumber)),
			}
		}

		/// What it takes for JSON other parsers do, too, and nothing makes it panic.
		#[test]
		fn text_should_be_json_when_it_is_for_others(text in "[\\[\\]{}\",:0-3.eE+ nultrfasx\\\\-]{0,24}") {
			let is_json = !matches!(found(&text, ""), Err(JsonError::Malformed(_)));
			prop_assert_eq!(is_json, serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok(), "{}", text);
		}

		#[test]
		fn no_bytes_should_be_a_surprise(text in prop::collection::vec(any::<u8>(), 0..64), pointer in prop::collection::vec(any::<u8>(), 0..8)) {
			let _ = find(&text, &pointer);
		}
	}
}
