//! DNS for guests, on the gateway's address: forwarded to the host's resolvers, by the host's sockets.
//!
//! What guests must not reach they must not learn of either: addresses that the policy denies are taken out of every answer
//! (rebinding). If none that was asked for is left the answer is SERVFAIL and not NXDOMAIN, which would deny the name itself,
//! and with it what else it has: a name with a private IPv4 and a public IPv6 address would be gone altogether. It is not
//! kept for long either. Nothing is stored, and no name is logged.

#[cfg(test)]
mod tests;
mod upstream;

use super::{
	counters::{Counters, Event},
	policy::{Policy, Transport},
};
use crate::net::dns;
use anyhow::{ensure, Context, Result};
use hickory_proto::{
	op::{Edns, Message, MessageType, OpCode, Query, ResponseCode},
	rr::{
		rdata::svcb::{SvcParamValue, SVCB},
		DNSClass, Name, RData, Record,
	},
};
use std::{
	net::{IpAddr, SocketAddr},
	path::Path,
	sync::Arc,
	time::Duration,
};
use tokio::{
	io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
	sync::Semaphore,
};

/// Where the host says whom it asks.
const RESOLV_CONF: &str = "/etc/resolv.conf";
/// Resolvers that are asked, as many as the C library asks.
const MOST_UPSTREAMS: usize = 3;
/// Questions at once, of all guests. What comes above that is dropped, and asked again.
const MOST_QUESTIONS: usize = 256;
/// Longest question: a name of the DNS has 255 bytes, and what comes with it is not much.
const QUESTION_BYTES: usize = 1_024;
/// Least that an answer over UDP may have.
const LEAST_UDP_BYTES: u16 = 512;
/// A guest that says nothing for so long over TCP is hung up on.
const IDLE: Duration = Duration::from_secs(10);
/// Last labels of names that are the host's network's, or nobody's (RFCs 6761, 6762, 7686, 8375 and ICANN's `internal`).
const LOCAL: [&str; 6] = ["local", "localhost", "internal", "invalid", "onion", "test"];

/// Answers guests' questions.
pub struct Resolver {
	upstreams: Vec<SocketAddr>,
	places: Semaphore,
}

impl Resolver {
	/// Asks `upstreams`, the first one first.
	pub fn new(mut upstreams: Vec<SocketAddr>) -> Result<Self> {
		ensure!(!upstreams.is_empty(), "no DNS resolver is configured; name one");
		upstreams.truncate(MOST_UPSTREAMS);
		Ok(Self { upstreams, places: Semaphore::new(MOST_QUESTIONS) })
	}

	/// Asks whom the host asks.
	pub fn of_host() -> Result<Self> {
		Self::of_file(Path::new(RESOLV_CONF))
	}

	fn of_file(file: &Path) -> Result<Self> {
		let text = std::fs::read_to_string(file)
			.with_context(|| format!("{} cannot be read; configure DNS resolvers", file.display()))?;
		let upstreams = nameservers(&text);
		ensure!(
			!upstreams.is_empty(),
			"{} names no resolver; add a line `nameserver 192.0.2.1` with its address, or configure DNS resolvers",
			file.display()
		);
		Self::new(upstreams)
	}

	/// Answers what came over `transport`; none if it is no question, or too many are being answered.
	pub(super) async fn answer(
		&self,
		bytes: &[u8],
		transport: Transport,
		policy: &Policy,
		counters: &Counters,
	) -> Option<Vec<u8>> {
		let _place = self.places.try_acquire().ok()?;
		if bytes.len() > QUESTION_BYTES {
			return None;
		}
		let question = dns::read(bytes)?;
		if question.metadata.message_type != MessageType::Query {
			return None;
		}
		let answer = match asked(&question, policy) {
			Ok(query) => match self.ask(query, &question).await {
				Some(answer) => cleaned(answer, query, policy, counters),
				None => failed(ResponseCode::ServFail),
			},
			Err(code) => failed(code),
		};
		counters.count(Event::Answered);
		written(answer, &question, transport)
	}

	/// Answers one question after the other, over a byte stream.
	pub(super) async fn serve(
		&self,
		mut stream: impl AsyncRead + AsyncWrite + Unpin,
		policy: impl Fn() -> Arc<Policy>,
		counters: &Counters,
	) {
		loop {
			let question = async {
				let length = usize::from(stream.read_u16().await.ok()?);
				if length > QUESTION_BYTES {
					return None;
				}
				let mut bytes = vec![0; length];
				stream.read_exact(&mut bytes).await.ok()?;
				Some(bytes)
			};
			let Ok(Some(question)) = tokio::time::timeout(IDLE, question).await else { return };
			let answer = self.answer(&question, Transport::Tcp, &policy(), counters).await;
			let Some(frame) = answer.and_then(|answer| dns::framed(&answer).ok()) else { return };
			match tokio::time::timeout(IDLE, stream.write_all(&frame)).await {
				Ok(Ok(())) => {}
				_ => return,
			}
		}
	}

	/// What the resolvers say, the first one that says anything.
	async fn ask(&self, query: &Query, question: &Message) -> Option<Message> {
		for upstream in &self.upstreams {
			if let Some(answer) = upstream::ask(*upstream, query, question).await {
				return Some(answer);
			}
		}
		None
	}
}

/// The resolvers that a `resolv.conf` names. Those of one link alone, with a scope, cannot be told apart here.
pub(crate) fn nameservers(text: &str) -> Vec<SocketAddr> {
	let address = |line: &str| -> Option<IpAddr> {
		let mut words = line.split_whitespace();
		(words.next()? == "nameserver").then(|| words.next())??.parse().ok()
	};
	text.lines().filter_map(address).map(|ip| SocketAddr::new(ip, crate::net::DNS_PORT)).collect()
}

/// What is asked, or what is answered instead.
fn asked<'a>(question: &'a Message, policy: &Policy) -> Result<&'a Query, ResponseCode> {
	if question.metadata.op_code != OpCode::Query {
		return Err(ResponseCode::NotImp);
	}
	let [query] = &question.queries[..] else { return Err(ResponseCode::FormErr) };
	// ANY, transfers of zones and what else means many types or none.
	let is_meta = matches!(u16::from(query.query_type()), 0 | 41 | 128..=255);
	if is_meta || query.query_class() != DNSClass::IN {
		return Err(ResponseCode::Refused);
	}
	if is_local(query.name(), policy) {
		return Err(ResponseCode::NXDomain);
	}
	Ok(query)
}

/// Whether a name is the host's network's: by its last labels, or as the reverse of an address that guests must not reach.
fn is_local(name: &Name, policy: &Policy) -> bool {
	let mut labels = name.iter().rev().map(<[u8]>::to_ascii_lowercase);
	let (last, before) = (labels.next(), labels.next());
	match (last.as_deref(), before.as_deref()) {
		(Some(b"arpa"), Some(b"home")) => true,
		(Some(b"arpa"), Some(b"in-addr" | b"ip6")) => {
			// Below the addresses there are names of services of a network.
			!name.parse_arpa_name().is_ok_and(|network| policy.address(network.addr()).is_ok())
		}
		(Some(last), _) => LOCAL.iter().any(|local| local.as_bytes() == last),
		(None, _) => false,
	}
}

fn failed(code: ResponseCode) -> Message {
	Message::error_msg(0, OpCode::Query, code)
}

/// An answer without what guests must not learn of.
fn cleaned(mut answer: Message, query: &Query, policy: &Policy, counters: &Counters) -> Message {
	let is_harmless = |record: &Record| addresses(&record.data).all(|ip| policy.address(ip).is_ok());
	let sections = [&mut answer.answers, &mut answer.authorities, &mut answer.additionals];
	let removed: usize = sections
		.map(|section| {
			let before = section.len();
			section.retain(is_harmless);
			before.saturating_sub(section.len())
		})
		.iter()
		.sum();
	if removed == 0 {
		return answer;
	}
	counters.count(Event::Rebinding);
	// What is left is not what was signed.
	answer.metadata.authentic_data = false;
	if !answer.answers.iter().any(|record| record.record_type() == query.query_type()) {
		return failed(ResponseCode::ServFail);
	}
	answer
}

/// Addresses that a record tells.
fn addresses(data: &RData) -> Box<dyn Iterator<Item = IpAddr> + '_> {
	let hints = |record: &'_ SVCB| -> Vec<IpAddr> {
		let of = |value: &SvcParamValue| -> Vec<IpAddr> {
			match value {
				SvcParamValue::Ipv4Hint(hint) => hint.0.iter().map(|address| address.0.into()).collect(),
				SvcParamValue::Ipv6Hint(hint) => hint.0.iter().map(|address| address.0.into()).collect(),
				_ => vec![],
			}
		};
		record.svc_params.iter().flat_map(|(_, value)| of(value)).collect()
	};
	match data {
		RData::A(address) => Box::new(std::iter::once(address.0.into())),
		RData::AAAA(address) => Box::new(std::iter::once(address.0.into())),
		RData::SVCB(record) => Box::new(hints(record).into_iter()),
		RData::HTTPS(record) => Box::new(hints(&record.0).into_iter()),
		_ => Box::new(std::iter::empty()),
	}
}

/// The answer as the guest asked for it, cut short where it does not fit.
fn written(mut answer: Message, question: &Message, transport: Transport) -> Option<Vec<u8>> {
	let asked = &question.metadata;
	answer.metadata.id = asked.id;
	answer.metadata.message_type = MessageType::Response;
	answer.metadata.op_code = asked.op_code;
	answer.metadata.authoritative = false;
	answer.metadata.truncation = false;
	answer.metadata.recursion_desired = asked.recursion_desired;
	answer.metadata.recursion_available = true;
	answer.metadata.checking_disabled = asked.checking_disabled;
	answer.queries = question.queries.clone();
	answer.signature = None;
	answer.edns = question.edns.as_ref().map(|theirs| {
		let mut edns = Edns::new();
		edns.set_max_payload(dns::UDP_BYTES).set_dnssec_ok(theirs.flags().dnssec_ok);
		edns
	});
	let most = match transport {
		Transport::Udp => question.max_payload().clamp(LEAST_UDP_BYTES, dns::UDP_BYTES),
		Transport::Tcp => u16::MAX,
	};
	let whole = dns::write(&answer).filter(|bytes| bytes.len() <= most.into());
	whole.or_else(|| dns::write(&answer.truncate()).filter(|bytes| bytes.len() <= most.into()))
}
