use super::*;
use crate::net::dns::{framed, read, write};
use hickory_proto::{
	op::{Message, OpCode, Query, ResponseCode},
	rr::{
		rdata::{A, AAAA, CNAME},
		DNSClass, Name, RData, Record, RecordType,
	},
};
use std::{
	io,
	net::{IpAddr, SocketAddrV4},
};
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::UdpSocket,
};

/// A resolver of the host's that says what `answers` hold for a name and type, over UDP and TCP on one port; what is long it
/// cuts short over UDP. What it was asked comes out of the receiver.
async fn upstream(
	answers: impl Fn(&Query) -> Vec<RData> + Send + Sync + 'static,
) -> (SocketAddr, mpsc::UnboundedReceiver<Message>, Task) {
	let (socket, listener) = loop {
		let socket = UdpSocket::bind((LAB, 0)).await.unwrap();
		if let Ok(listener) = TcpListener::bind(socket.local_addr().unwrap()).await {
			break (socket, listener);
		}
	};
	let address = socket.local_addr().unwrap();
	let (tell, told) = mpsc::unbounded_channel();
	let answer = move |bytes: &[u8]| {
		let question = read(bytes).unwrap();
		let _ = tell.send(question.clone());
		let query = question.queries[0].clone();
		let mut message = question.into_response();
		message.edns = None;
		for data in answers(&query) {
			message.add_answer(Record::from_rdata(query.name().clone(), 60, data));
		}
		message
	};
	let task = Task::spawn("upstream", async move {
		let mut room = [0; 2_048];
		loop {
			tokio::select! {
				received = socket.recv_from(&mut room) => {
					let (length, source) = received.unwrap();
					let mut message = answer(&room[..length]);
					if message.answers.len() > 40 {
						message = message.truncate();
					}
					// First what an attacker would say.
					let mut forged = message.clone();
					forged.metadata.id ^= 1;
					forged.answers.clear();
					socket.send_to(&write(&forged).unwrap(), source).await.unwrap();
					socket.send_to(&write(&message).unwrap(), source).await.unwrap();
				}
				accepted = listener.accept() => {
					let (mut stream, _) = accepted.unwrap();
					let length = stream.read_u16().await.unwrap();
					let mut question = vec![0; length.into()];
					stream.read_exact(&mut question).await.unwrap();
					let message = write(&answer(&question)).unwrap();
					stream.write_all(&framed(&message).unwrap()).await.unwrap();
				}
			}
		}
	});
	(address, told, task)
}

fn a(text: &str) -> RData {
	RData::A(A(text.parse().unwrap()))
}

/// What the names of the tests have.
fn zone(query: &Query) -> Vec<RData> {
	let name = query.name().to_ascii().to_ascii_lowercase();
	match (&name[..], query.query_type()) {
		("public.example.", RecordType::A) => vec![a("93.184.216.34"), a("93.184.216.35")],
		("rebinding.example.", RecordType::A) => vec![a("192.168.1.1"), a("169.254.169.254")],
		("mixed.example.", RecordType::A) => vec![a("127.0.0.1"), a("93.184.216.34")],
		("alias.example.", RecordType::A) => {
			vec![RData::CNAME(CNAME(Name::from_ascii("router.example.").unwrap())), a("10.0.0.1")]
		}
		("mapped.example.", RecordType::AAAA) => {
			vec![RData::AAAA(AAAA("::ffff:192.168.1.1".parse().unwrap()))]
		}
		("long.example.", RecordType::A) => (1..=100).map(|n| a(&format!("93.184.216.{n}"))).collect(),
		_ => vec![],
	}
}

async fn resolving() -> (Pair, mpsc::UnboundedReceiver<Message>, Task) {
	let (address, told, task) = upstream(zone).await;
	(pair_with(policy(ExitClass::Open), Limits::default(), vec![address], Line::default()), told, task)
}

fn ips(addresses: &[&str]) -> Vec<IpAddr> {
	addresses.iter().map(|text| text.parse().unwrap()).collect()
}

#[tokio::test]
async fn resolve_should_return_the_public_addresses_of_a_name() {
	let (pair, mut told, _upstream) = resolving().await;
	let resolved = within(5, pair.stack.resolve("Public.Example")).await.unwrap();
	assert_eq!(resolved, ips(&["93.184.216.34", "93.184.216.35"]));
	let mixed = within(5, pair.stack.resolve("mixed.example")).await.unwrap();
	assert_eq!(mixed, ips(&["93.184.216.34"]));
	assert_eq!(pair.stack.resolve("192.0.2.7").await.unwrap(), ips(&["192.0.2.7"]));
	let none = within(5, pair.stack.resolve("nothing.example")).await.unwrap_err();
	assert_eq!(none.kind(), io::ErrorKind::NotFound);
	assert_eq!((count(&pair, Event::Rebinding), count(&pair, Event::Answered)), (1, 3));
	// An id of its own each time.
	let ids: Vec<u16> =
		std::iter::from_fn(|| told.try_recv().ok()).map(|question| question.metadata.id).collect();
	assert_eq!(ids.len(), 3);
	assert!(ids[0] != ids[1] || ids[1] != ids[2]);
}

#[tokio::test]
async fn resolve_should_fail_when_an_answer_holds_private_addresses_alone() {
	let (pair, _told, _upstream) = resolving().await;
	for name in ["rebinding.example", "alias.example"] {
		let error = within(5, pair.stack.resolve(name)).await.unwrap_err();
		assert_eq!(error.kind(), io::ErrorKind::HostUnreachable, "{name}");
	}
	assert_eq!(count(&pair, Event::Rebinding), 2);
}

#[tokio::test]
async fn resolve_should_go_on_over_tcp_when_the_answer_is_long() {
	let (pair, _told, _upstream) = resolving().await;
	let resolved = within(5, pair.stack.resolve("long.example")).await.unwrap();
	assert_eq!(resolved.len(), 16, "as many as are of use");
	assert_eq!(count(&pair, Event::TcpFlow), 1);
}

/// Asks the gateway by UDP.
async fn ask(pair: &Pair, change: impl Fn(&mut Message)) -> Message {
	let mut question = Message::query();
	question.add_query(Query::query(Name::from_ascii("public.example.").unwrap(), RecordType::A));
	change(&mut question);
	let resolver = SocketAddr::V4(SocketAddrV4::new(crate::net::GATEWAY, 53));
	let answer =
		pair.stack.exchange(resolver, &write(&question).unwrap(), Duration::from_secs(5)).await.unwrap();
	let answer = read(&answer).unwrap();
	assert_eq!((answer.metadata.id, &answer.queries), (question.metadata.id, &question.queries));
	assert!(answer.metadata.recursion_available);
	answer
}

fn about(name: &str, kind: RecordType) -> impl Fn(&mut Message) {
	let query = Query::query(Name::from_ascii(name).unwrap(), kind);
	move |message| message.queries = vec![query.clone()]
}

#[tokio::test]
async fn questions_should_be_refused_when_they_are_not_for_one_type_of_a_public_name() {
	let (pair, mut told, _upstream) = resolving().await;
	for kind in [RecordType::ANY, RecordType::AXFR, RecordType::IXFR] {
		let answer = ask(&pair, about("public.example.", kind)).await;
		assert_eq!(answer.metadata.response_code, ResponseCode::Refused, "{kind}");
	}
	let chaos = ask(&pair, |message| {
		message.queries[0].set_query_class(DNSClass::CH);
	});
	assert_eq!(chaos.await.metadata.response_code, ResponseCode::Refused);
	let notify = ask(&pair, |message| message.metadata.op_code = OpCode::Notify).await;
	assert_eq!(notify.metadata.response_code, ResponseCode::NotImp);
	let two = ask(&pair, |message| {
		let second = message.queries[0].clone();
		message.add_query(second);
	});
	assert_eq!(two.await.metadata.response_code, ResponseCode::FormErr);
	for local in [
		"printer.local.",
		"localhost.",
		"nas.home.arpa.",
		"1.1.168.192.in-addr.arpa.",
		"_dns-sd._udp.1.168.192.in-addr.arpa.",
		"1.0.0.127.in-addr.arpa.",
		"d.f.ip6.arpa.",
	] {
		let answer = ask(&pair, about(local, RecordType::PTR)).await;
		assert_eq!(answer.metadata.response_code, ResponseCode::NXDomain, "{local}");
	}
	assert!(told.try_recv().is_err(), "nobody else was asked");
	let reverse = ask(&pair, about("34.216.184.93.in-addr.arpa.", RecordType::PTR)).await;
	assert_eq!(reverse.metadata.response_code, ResponseCode::NoError);
	let mapped = ask(&pair, about("mapped.example.", RecordType::AAAA)).await;
	assert_eq!(mapped.metadata.response_code, ResponseCode::ServFail);
	assert!(mapped.answers.is_empty());
}

#[tokio::test]
async fn answers_should_be_cut_short_when_they_do_not_fit_into_a_datagram() {
	let (pair, _told, _upstream) = resolving().await;
	let cut = ask(&pair, about("long.example.", RecordType::A)).await;
	assert!(cut.metadata.truncation && cut.answers.is_empty());
	let whole = ask(&pair, about("public.example.", RecordType::A)).await;
	assert!(!whole.metadata.truncation && whole.answers.len() == 2);
}

#[tokio::test]
async fn resolver_should_not_be_asked_when_the_exit_is_a_relay() {
	let (address, mut told, _upstream) = upstream(zone).await;
	let pair = pair_with(policy(ExitClass::Relay), Limits::default(), vec![address], Line::default());
	let resolver = SocketAddr::from((crate::net::GATEWAY, 53));
	let asked = pair.stack.exchange(resolver, b"question", Duration::from_millis(100)).await;
	assert_eq!(asked.unwrap_err().kind(), io::ErrorKind::TimedOut);
	assert!(pair.stack.connect(resolver).await.is_err());
	assert_eq!(count(&pair, Event::DeniedAddress), 2);
	assert!(told.try_recv().is_err());
}

#[tokio::test]
async fn udp_should_be_echoed_by_whom_it_was_sent_to() {
	let pair = pair(Line::default());
	let there = UdpSocket::bind((LAB, 0)).await.unwrap();
	let stranger = UdpSocket::bind((LAB, 0)).await.unwrap();
	let address = there.local_addr().unwrap();
	let (answer, ()) = within(5, async {
		tokio::join!(pair.stack.exchange(address, b"ping", Duration::from_secs(5)), async {
			let mut room = [0; 64];
			let (length, source) = there.recv_from(&mut room).await.unwrap();
			assert_eq!(&room[..length], b"ping");
			stranger.send_to(b"not from there", source).await.unwrap();
			// Larger than the tunnel carries.
			there.send_to(&[1; 1_400], source).await.unwrap();
			there.send_to(b"pong", source).await.unwrap();
		})
	})
	.await;
	assert_eq!(answer.unwrap(), b"pong");
	assert_eq!((count(&pair, Event::TooLarge), count(&pair, Event::UdpFlow)), (1, 1));
	let own = UdpSocket::bind((OWN, 0)).await.unwrap();
	let denied = pair.stack.exchange(own.local_addr().unwrap(), b"ping", Duration::from_millis(100)).await;
	assert_eq!(denied.unwrap_err().kind(), io::ErrorKind::TimedOut);
	assert_eq!(count(&pair, Event::DeniedAddress), 1);
}
