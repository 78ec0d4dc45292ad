//! Asking a resolver of the host's.

use crate::net::dns::{self, UDP_BYTES};
use hickory_proto::op::{Edns, Message, Query};
use std::{
	io,
	net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
	time::Duration,
};
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::{TcpStream, UdpSocket},
};

/// How often one is asked over UDP,
const TRIES: usize = 2;
/// and how long each time.
const PATIENCE: Duration = Duration::from_secs(2);
/// Room for an answer over UDP: larger than was asked for, as some send.
const ROOM: usize = 4_096;

/// The answer to `query`, with the flags of `question` and nothing else of it: neither what it adds about the guest nor its
/// id. Each time from another port, which the system draws, with an id of its own; what answers neither is passed over.
pub(super) async fn ask(upstream: SocketAddr, query: &Query, question: &Message) -> Option<Message> {
	for _ in 0..TRIES {
		let message = message(query, question);
		let id = message.metadata.id;
		let bytes = dns::write(&message)?;
		let over_udp = tokio::time::timeout(PATIENCE, over_udp(upstream, &bytes, id, query)).await;
		match over_udp {
			Ok(Ok(answer)) if !answer.metadata.truncation => return Some(answer),
			Ok(Ok(cut_short)) => {
				let whole = tokio::time::timeout(PATIENCE, over_tcp(upstream, &bytes, id, query)).await;
				// A resolver without TCP: the guest is told that there is more, as we were.
				return whole.ok().flatten().or(Some(cut_short));
			}
			Ok(Err(_)) | Err(_) => {}
		}
	}
	None
}

fn message(query: &Query, question: &Message) -> Message {
	let mut message = Message::query();
	message.metadata.id = rand::random();
	message.metadata.recursion_desired = true;
	message.metadata.checking_disabled = question.metadata.checking_disabled;
	message.metadata.authentic_data = question.metadata.authentic_data;
	message.add_query(query.clone());
	let mut edns = Edns::new();
	edns.set_max_payload(UDP_BYTES);
	edns.set_dnssec_ok(question.edns.as_ref().is_some_and(|edns| edns.flags().dnssec_ok));
	message.set_edns(edns);
	message
}

async fn over_udp(upstream: SocketAddr, bytes: &[u8], id: u16, query: &Query) -> io::Result<Message> {
	let any: IpAddr = match upstream {
		SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
		SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
	};
	let socket = UdpSocket::bind((any, 0)).await?;
	// So that nobody else's datagrams arrive.
	socket.connect(upstream).await?;
	socket.send(bytes).await?;
	let mut room = vec![0; ROOM];
	loop {
		let length = socket.recv(&mut room).await?;
		let answer = room.get(..length).and_then(dns::read);
		if let Some(answer) = answer.filter(|answer| dns::is_answer(answer, id, query)) {
			return Ok(answer);
		}
	}
}

async fn over_tcp(upstream: SocketAddr, bytes: &[u8], id: u16, query: &Query) -> Option<Message> {
	let mut stream = TcpStream::connect(upstream).await.ok()?;
	stream.write_all(&dns::framed(bytes).ok()?).await.ok()?;
	let length = stream.read_u16().await.ok()?;
	let mut answer = vec![0; length.into()];
	stream.read_exact(&mut answer).await.ok()?;
	dns::read(&answer).filter(|answer| dns::is_answer(answer, id, query))
}
