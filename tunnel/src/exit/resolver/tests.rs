use super::*;
use hickory_proto::rr::{
	rdata::{
		svcb::{IpHint, SvcParamKey},
		A, AAAA, HTTPS, NS,
	},
	RecordType,
};
use ipnet::IpNet;
use weir_primitives::ExitClass;

fn policy() -> Policy {
	let own: IpNet = "93.184.216.34/32".parse().unwrap();
	Policy::new(ExitClass::Web, vec![own], [], vec![])
}

fn name(text: &str) -> Name {
	Name::from_ascii(text).unwrap()
}

fn record(data: RData) -> Record {
	Record::from_rdata(name("weir.example."), 60, data)
}

fn v4(text: &str) -> RData {
	RData::A(A(text.parse().unwrap()))
}

fn v6(text: &str) -> RData {
	RData::AAAA(AAAA(text.parse().unwrap()))
}

fn https(v4_hint: &str, v6_hint: &str) -> RData {
	RData::HTTPS(HTTPS(SVCB::new(
		1,
		Name::root(),
		vec![
			(SvcParamKey::Ipv4Hint, SvcParamValue::Ipv4Hint(IpHint(vec![A(v4_hint.parse().unwrap())]))),
			(SvcParamKey::Ipv6Hint, SvcParamValue::Ipv6Hint(IpHint(vec![AAAA(v6_hint.parse().unwrap())]))),
		],
	)))
}

#[test]
fn records_should_be_taken_out_of_every_section_when_they_tell_a_denied_address() {
	let denied = [
		v4("192.168.1.1"),
		v4("93.184.216.34"),
		v6("::1"),
		v6("64:ff9b::a00:1"),
		v6("2002:c0a8:101::1"),
		https("10.0.0.1", "2600::1"),
		https("8.8.8.8", "fd00::1"),
	];
	let harmless =
		[v4("8.8.8.8"), v6("2600::1"), https("8.8.8.8", "2600::1"), RData::NS(NS(name("ns.example.")))];
	let mut answer = Message::response(1, OpCode::Query);
	answer.metadata.authentic_data = true;
	for data in denied.iter().chain(&harmless) {
		answer.answers.push(record(data.clone()));
		answer.authorities.push(record(data.clone()));
		answer.additionals.push(record(data.clone()));
	}
	let counters = Counters::default();
	for kind in [RecordType::A, RecordType::AAAA, RecordType::HTTPS] {
		let query = Query::query(name("weir.example."), kind);
		let cleaned = cleaned(answer.clone(), &query, &policy(), &counters);
		let left: Vec<Record> = harmless.iter().cloned().map(record).collect();
		assert_eq!((&cleaned.answers, &cleaned.authorities, &cleaned.additionals), (&left, &left, &left));
		assert!(!cleaned.metadata.authentic_data);
		assert_eq!(cleaned.metadata.response_code, ResponseCode::NoError);
	}
	assert_eq!(counters.of(Event::Rebinding), 3);
	// Of what was asked for, nothing is left.
	let query = Query::query(name("weir.example."), RecordType::TXT);
	let cleaned = cleaned(answer, &query, &policy(), &counters);
	assert_eq!(cleaned.metadata.response_code, ResponseCode::ServFail);
	assert!(cleaned.answers.is_empty() && cleaned.authorities.is_empty() && cleaned.additionals.is_empty());
}

#[test]
fn answers_should_stay_as_they_are_when_they_are_harmless() {
	let mut answer = Message::response(1, OpCode::Query);
	answer.metadata.authentic_data = true;
	let query = Query::query(name("weir.example."), RecordType::A);
	for records in [vec![], vec![record(v4("8.8.8.8"))]] {
		answer.answers = records;
		assert_eq!(cleaned(answer.clone(), &query, &policy(), &Counters::default()), answer);
	}
}

#[test]
fn answers_should_fit_whatever_the_guest_says_it_takes() {
	let mut answer = Message::response(1, OpCode::Query);
	answer.answers = (0..200u8).map(|last| record(v4(&format!("8.8.4.{last}")))).collect();
	for payload in [0, 511, 512, 1_232, 4_096, u16::MAX] {
		let mut question = Message::query();
		question.add_query(Query::query(name("weir.example."), RecordType::A));
		let mut edns = Edns::new();
		edns.set_max_payload(payload);
		question.set_edns(edns);
		let bytes = written(answer.clone(), &question, Transport::Udp).unwrap();
		assert!(bytes.len() <= usize::from(payload.clamp(512, 1_232)));
		let read = dns::read(&bytes).unwrap();
		assert!(read.metadata.truncation && read.metadata.id == question.metadata.id);
		let whole = dns::read(&written(answer.clone(), &question, Transport::Tcp).unwrap()).unwrap();
		assert!(!whole.metadata.truncation && whole.answers.len() == 200);
	}
}

#[test]
fn nameservers_should_be_read_as_the_host_names_them() {
	let text = "# by hand\nnameserver 127.0.0.53\noptions edns0\n  nameserver\t2600::1  # two\nnameserver fe80::1%eth0\n\
		search example\nnameserver\nnameserverx 8.8.8.8\n";
	let found = nameservers(text);
	assert_eq!(found, ["127.0.0.53:53".parse().unwrap(), "[2600::1]:53".parse().unwrap()]);
}

#[test]
fn file_should_be_named_when_it_names_nobody() {
	let folder = tempfile::tempdir().unwrap();
	let file = folder.path().join("resolv.conf");
	let error = |file: &Path| Resolver::of_file(file).map(|_| ()).unwrap_err().to_string();
	assert!(error(&file).contains("resolv.conf cannot be read"));
	std::fs::write(&file, "search example\n").unwrap();
	assert!(error(&file).contains("names no resolver"));
	std::fs::write(&file, "nameserver 192.0.2.1\n").unwrap();
	assert_eq!(Resolver::of_file(&file).unwrap().upstreams, ["192.0.2.1:53".parse().unwrap()]);
}
