//! Whether traffic leaves where the exit is registered.
//!
//! Other providers, drawn at random, are asked through the tunnel which address they see. One of them may lie, and one may sit
//! on the exit's own network and see an inside address: so two that agree decide, of five at most. Where fewer answer
//! than that nothing is decided, for whoever runs the exit may keep the others from being reached.

use crate::target::Prefix;
use std::net::{IpAddr, Ipv4Addr};

/// Answers that agree and decide.
const DECIDE: usize = 2;
/// Who is asked, at most.
pub const MOST_ASKED: usize = 5;

/// Where traffic was seen to leave, compared with the chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Seen {
	/// From the registered address or its prefix (IPv4 /24, IPv6 /48).
	There,
	/// From another prefix, of which the chain has another provider in the same country: a second line of the same place.
	InCountry,
	/// From a prefix that the chain places in another country, or does not know.
	Elsewhere,
	/// Of the other IP version, or an inside address: it says nothing.
	Unclear,
}

/// What is known of an exit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Exit {
	/// Its registered address.
	pub address: IpAddr,
	/// Its registered country.
	pub country: [u8; 2],
}

/// Whether an address is one of the public Internet, as far as that can be told of what a peer sees.
fn is_public(address: IpAddr) -> bool {
	match address.to_canonical() {
		IpAddr::V4(address) => {
			let is_shared = address.octets()[0] == 100 && address.octets()[1] & 0xc0 == 64;
			!(address.is_private()
				|| address.is_loopback()
				|| address.is_link_local()
				|| address.is_unspecified()
				|| is_shared)
		}
		IpAddr::V6(address) => address.segments()[0] & 0xe000 == 0x2000,
	}
}

/// Compares what was `seen` with what the chain has of the exit; `country_of` says where the chain places a prefix.
pub fn compare(exit: &Exit, seen: IpAddr, country_of: impl FnOnce(Prefix) -> Option<[u8; 2]>) -> Seen {
	let (registered, seen) = (exit.address.to_canonical(), seen.to_canonical());
	let place = Prefix::of(seen);
	// What a machine takes that talks to itself, whatever addresses of the loopback it has.
	let is_same_machine = registered.is_loopback() && seen == IpAddr::V4(Ipv4Addr::LOCALHOST);
	if place == Prefix::of(registered) || is_same_machine {
		return Seen::There;
	}
	if registered.is_ipv4() != seen.is_ipv4() || is_public(registered) && !is_public(seen) {
		return Seen::Unclear;
	}
	match country_of(place) {
		Some(country) if country == exit.country => Seen::InCountry,
		_ => Seen::Elsewhere,
	}
}

/// What was found out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
	/// Traffic leaves at the registered place.
	Right,
	/// It leaves from another line in the same country.
	OtherLine(IpAddr),
	/// It leaves somewhere else: from here.
	Wrong(IpAddr),
	/// Too few have answered, or they do not agree.
	Unknown,
}

/// Collects answers until they decide.
#[derive(Clone, Default, Debug)]
pub struct Poll {
	heard: Vec<(Seen, IpAddr)>,
	asked: usize,
}

impl Poll {
	/// How many to ask now, beside those whose answers are on their way; 0 once it is decided.
	pub fn to_ask(&self) -> usize {
		if self.decided().is_some() {
			return 0;
		}
		let missing = DECIDE.saturating_sub(self.most_agree()).max(1);
		missing.min(MOST_ASKED.saturating_sub(self.asked))
	}

	/// So many were asked.
	pub fn asked(&mut self, number: usize) {
		self.asked = self.asked.saturating_add(number);
	}

	/// What one saw, compared; one that did not answer is not told of.
	pub fn heard(&mut self, seen: Seen, at: IpAddr) {
		if seen != Seen::Unclear {
			self.heard.push((seen, at));
		}
	}

	fn count(&self, seen: Seen) -> usize {
		self.heard.iter().filter(|(heard, _)| *heard == seen).count()
	}

	fn most_agree(&self) -> usize {
		[Seen::There, Seen::InCountry, Seen::Elsewhere]
			.map(|seen| self.count(seen))
			.into_iter()
			.max()
			.unwrap_or(0)
	}

	/// The verdict, once enough agree.
	pub fn decided(&self) -> Option<Verdict> {
		let address = |seen: Seen| self.heard.iter().find(|(heard, _)| *heard == seen).map(|(_, at)| *at);
		if self.count(Seen::There) >= DECIDE {
			return Some(Verdict::Right);
		}
		if self.count(Seen::InCountry) >= DECIDE {
			return address(Seen::InCountry).map(Verdict::OtherLine);
		}
		(self.count(Seen::Elsewhere) >= DECIDE)
			.then(|| address(Seen::Elsewhere).map(Verdict::Wrong))
			.flatten()
	}

	/// The verdict when nobody is left to be asked.
	pub fn verdict(&self) -> Verdict {
		self.decided().unwrap_or(Verdict::Unknown)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn ip(text: &str) -> IpAddr {
		text.parse().unwrap()
	}

	fn exit(address: &str) -> Exit {
		Exit { address: ip(address), country: *b"DE" }
	}

	/// The chain has a provider of DE on 203.0.113.0/24 and one of FR on 192.0.9.0/24.
	fn seen(registered: &str, seen: &str) -> Seen {
		compare(&exit(registered), ip(seen), |prefix| match prefix {
			Prefix::V4([203, 0, 113]) => Some(*b"DE"),
			Prefix::V4([192, 0, 9]) => Some(*b"FR"),
			_ => None,
		})
	}

	#[test]
	fn compare_should_tolerate_the_prefix_and_a_line_of_the_same_country() {
		assert_eq!(seen("198.51.100.7", "198.51.100.7"), Seen::There);
		assert_eq!(seen("198.51.100.7", "::ffff:198.51.100.200"), Seen::There);
		assert_eq!(seen("2001:db8:1::1", "2001:db8:1:ffff::9"), Seen::There);
		assert_eq!(seen("198.51.100.7", "203.0.113.4"), Seen::InCountry);
		for elsewhere in ["192.0.9.1", "198.51.101.7", "8.8.8.8"] {
			assert_eq!(seen("198.51.100.7", elsewhere), Seen::Elsewhere, "{elsewhere}");
		}
		assert_eq!(seen("2001:db8:1::1", "2001:db8:2::1"), Seen::Elsewhere);
	}

	#[test]
	fn compare_should_say_nothing_of_inside_addresses_and_the_other_ip_version() {
		for inside in ["10.1.2.3", "192.168.1.2", "127.0.0.1", "169.254.1.1", "100.64.1.1", "2001:db8::1"] {
			assert_eq!(seen("198.51.100.7", inside), Seen::Unclear, "{inside}");
		}
		assert_eq!(seen("2001:db8:1::1", "fe80::1"), Seen::Unclear);
		// A network of inside addresses alone is one that tells.
		assert_eq!(seen("10.1.2.3", "10.1.2.99"), Seen::There);
		assert_eq!(seen("10.1.2.3", "10.9.2.3"), Seen::Elsewhere);
		assert_eq!(seen("127.0.51.1", "127.0.0.1"), Seen::There);
		assert_eq!(seen("127.0.51.1", "127.9.9.9"), Seen::Elsewhere);
	}

	/// What comes of these answers, one after the other, and how many were asked.
	fn poll(answers: &[Option<Seen>]) -> (Verdict, usize) {
		let (mut poll, mut answers) = (Poll::default(), answers.iter());
		loop {
			let ask = poll.to_ask();
			if ask == 0 {
				return (poll.verdict(), poll.asked);
			}
			poll.asked(ask);
			for _ in 0..ask {
				if let Some(Some(seen)) = answers.next() {
					poll.heard(*seen, ip("192.0.9.1"));
				}
			}
		}
	}

	#[test]
	fn two_that_agree_should_decide_and_one_alone_should_not() {
		use Seen::{Elsewhere, InCountry, There, Unclear};
		let wrong = Verdict::Wrong(ip("192.0.9.1"));
		assert_eq!(poll(&[Some(There), Some(There)]), (Verdict::Right, 2));
		assert_eq!(poll(&[Some(Elsewhere), Some(Elsewhere)]), (wrong, 2));
		// A liar on either side is outvoted.
		assert_eq!(poll(&[Some(Elsewhere), Some(There), Some(There)]), (Verdict::Right, 3));
		assert_eq!(poll(&[Some(There), Some(Elsewhere), Some(Elsewhere)]), (wrong, 3));
		assert_eq!(poll(&[Some(InCountry), Some(InCountry)]).0, Verdict::OtherLine(ip("192.0.9.1")));
		// Those that do not answer, or see nothing that tells, decide nothing, and no more than five are asked.
		assert_eq!(poll(&[None, Some(Elsewhere), None, Some(Unclear), None]), (Verdict::Unknown, 5));
		assert_eq!(poll(&[]), (Verdict::Unknown, 5));
		assert_eq!(poll(&[None, None, Some(There), Some(There)]), (Verdict::Right, 4));
	}
}
