//! Messages of the DNS, by hickory-proto.
//!
//! It logs some of what it cannot read or write. Names are never logged, so it reads and writes where nobody listens.

use hickory_proto::{
	op::{Message, MessageType, Query, ResponseCode},
	rr::{DNSClass, Name, RData, RecordType},
};
use std::{io, net::IpAddr};
use tracing::subscriber::{with_default, NoSubscriber};

/// Addresses of one name that are of use.
const MOST_ADDRESSES: usize = 16;
/// Largest answer over UDP that is asked for: what fits into every inner packet.
pub(crate) const UDP_BYTES: u16 = 1_232;

/// Reads a message; none if it is not one.
pub(crate) fn read(bytes: &[u8]) -> Option<Message> {
	with_default(NoSubscriber::new(), || Message::from_vec(bytes).ok())
}

/// Writes one; none if it cannot be.
pub(crate) fn write(message: &Message) -> Option<Vec<u8>> {
	with_default(NoSubscriber::new(), || message.to_vec().ok())
}

/// A message as it goes over TCP: its length, and itself.
pub(crate) fn framed(message: &[u8]) -> io::Result<Vec<u8>> {
	let length = u16::try_from(message.len()).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
	let mut frame = Vec::with_capacity(message.len().saturating_add(2));
	frame.extend_from_slice(&length.to_be_bytes());
	frame.extend_from_slice(message);
	Ok(frame)
}

/// Whether `answer` answers `question`, asked with `id`.
pub(crate) fn is_answer(answer: &Message, id: u16, question: &Query) -> bool {
	// Names are compared without regard to case.
	answer.metadata.message_type == MessageType::Response
		&& answer.metadata.id == id
		&& matches!(&answer.queries[..], [only] if only == question)
}

/// A question for the addresses of a name, with a random id.
pub(super) struct Question {
	id: u16,
	query: Query,
	bytes: Vec<u8>,
}

impl Question {
	/// For the IPv4 addresses of `name`.
	pub(super) fn for_addresses_of(name: &str) -> io::Result<Self> {
		let invalid = || io::Error::new(io::ErrorKind::InvalidInput, "this is no name of the DNS");
		let mut name = Name::from_utf8(name).map_err(|_| invalid())?;
		name.set_fqdn(true);
		let mut query = Query::query(name, RecordType::A);
		query.set_query_class(DNSClass::IN);
		let mut message = Message::query();
		message.metadata.id = rand::random();
		message.metadata.recursion_desired = true;
		message.add_query(query.clone());
		let mut edns = hickory_proto::op::Edns::new();
		edns.set_max_payload(UDP_BYTES);
		message.set_edns(edns);
		let bytes = write(&message).ok_or_else(invalid)?;
		Ok(Self { id: message.metadata.id, query, bytes })
	}

	pub(super) fn as_bytes(&self) -> &[u8] {
		&self.bytes
	}

	/// What `bytes` answer; none if they answer something else.
	pub(super) fn read_answer(&self, bytes: &[u8]) -> Option<Answer> {
		let message = read(bytes)?;
		if !is_answer(&message, self.id, &self.query) {
			return None;
		}
		let addresses = message.answers.iter().filter_map(|record| match &record.data {
			RData::A(address) => Some(IpAddr::V4(address.0)),
			_ => None,
		});
		Some(Answer {
			code: message.metadata.response_code,
			is_cut_short: message.metadata.truncation,
			addresses: addresses.take(MOST_ADDRESSES).collect(),
		})
	}
}

/// What the resolver said.
pub(super) struct Answer {
	code: ResponseCode,
	/// More did not fit into a datagram.
	pub(super) is_cut_short: bool,
	addresses: Vec<IpAddr>,
}

impl Answer {
	/// The addresses; an error if there are none.
	pub(super) fn addresses(self) -> io::Result<Vec<IpAddr>> {
		match self.code {
			ResponseCode::NoError if !self.addresses.is_empty() => Ok(self.addresses),
			ResponseCode::NoError | ResponseCode::NXDomain => {
				Err(io::Error::new(io::ErrorKind::NotFound, "the name has no IPv4 address"))
			}
			ResponseCode::Refused => {
				Err(io::Error::new(io::ErrorKind::PermissionDenied, "the exit does not resolve this"))
			}
			_ => Err(io::Error::new(io::ErrorKind::HostUnreachable, "the exit could not resolve this")),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use hickory_proto::rr::{rdata::A, Record};

	fn answered(question: &Question, change: impl Fn(&mut Message)) -> Vec<u8> {
		let mut message = read(question.as_bytes()).unwrap().into_response();
		let name = message.queries[0].name().clone();
		message.add_answer(Record::from_rdata(name, 60, RData::A(A::new(203, 0, 113, 9))));
		change(&mut message);
		write(&message).unwrap()
	}

	#[test]
	fn answers_should_be_read_only_when_they_answer_the_question() {
		let question = Question::for_addresses_of("weir.example").unwrap();
		let right = question.read_answer(&answered(&question, |_| {})).unwrap();
		assert_eq!(right.addresses().unwrap(), ["203.0.113.9".parse::<IpAddr>().unwrap()]);
		let another = Query::query(Name::from_ascii("other.example.").unwrap(), RecordType::A);
		let wrong: [&dyn Fn(&mut Message); 4] = [
			&|message| message.metadata.id ^= 1,
			&|message| message.metadata.message_type = MessageType::Query,
			&|message| message.queries = vec![another.clone()],
			&|message| message.queries.clear(),
		];
		for change in wrong {
			assert!(question.read_answer(&answered(&question, change)).is_none());
		}
	}

	#[test]
	fn addresses_should_be_an_error_of_its_kind_when_there_are_none() {
		let question = Question::for_addresses_of("weir.example").unwrap();
		for (code, kind) in [
			(ResponseCode::NXDomain, io::ErrorKind::NotFound),
			(ResponseCode::NoError, io::ErrorKind::NotFound),
			(ResponseCode::ServFail, io::ErrorKind::HostUnreachable),
			(ResponseCode::Refused, io::ErrorKind::PermissionDenied),
		] {
			let answer = answered(&question, |message| {
				message.answers.clear();
				message.metadata.response_code = code;
			});
			assert_eq!(question.read_answer(&answer).unwrap().addresses().unwrap_err().kind(), kind);
		}
	}

	#[test]
	fn questions_should_differ_in_their_ids() {
		let ids: std::collections::BTreeSet<u16> =
			(0..32).map(|_| Question::for_addresses_of("weir.example").unwrap().id).collect();
		assert!(ids.len() > 16);
		assert!(Question::for_addresses_of(&"a".repeat(64)).is_err());
	}
}
