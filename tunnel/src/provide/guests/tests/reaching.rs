//! Guests who want to be reached.

use super::*;
use weir_tunnel_core::wire::nat::reach_payload;

fn reach(channel: ChannelId, port: u16, relay: [u8; 32], signer: &Keypair) -> Request {
	let provider = [2; 32];
	let signature = signer.sign(&reach_payload(&GENESIS, &relay, &provider, channel)).unwrap();
	Request::Reach { channel, provider, port, signature: signature.try_into().unwrap() }
}

#[tokio::test]
async fn port_should_be_given_to_a_joined_provider_alone_and_go_with_its_session() {
	let mut desk = Desk::open(4, 0).await;
	let (peer, stranger, channel) = (PeerId::random(), PeerId::random(), desk.channel(1, MUCH));
	let address = desk.join(peer, channel, 1).await;
	let (own, other) = (identity(), Keypair::generate_ed25519());
	for (asker, request, refusal) in [
		(stranger, reach(channel, 0, PROVIDER, &own), Refusal::NotJoined),
		(peer, reach(channel + 1, 0, PROVIDER, &own), Refusal::NotJoined),
		(peer, reach(channel, 0, PROVIDER, &other), Refusal::BadSignature),
		(peer, reach(channel, 0, [9; 32], &own), Refusal::BadSignature),
	] {
		assert_eq!(desk.ask(asker, request).await, Some(Response::Refuse(refusal)));
		assert!(desk.guests.inbounds.is_empty());
	}
	let reached =
		async |desk: &mut Desk, port| match desk.ask(peer, reach(channel, port, PROVIDER, &own)).await {
			Some(Response::Reached { port }) => port,
			refused => panic!("{refused:?}"),
		};
	let first = reached(&mut desk, 0).await;
	assert!(std::net::TcpStream::connect(("127.0.60.1", first)).is_ok());
	// A port that it is not registered at is not had for the asking, and one guest has one port.
	let second = reached(&mut desk, first ^ 1).await;
	assert!(second != first ^ 1 && desk.guests.inbounds.len() == 1);
	desk.guests.close(channel);
	assert!(!desk.guests.inbounds.contains_key(&address));
	let again = desk.ask(peer, reach(channel, 0, PROVIDER, &own)).await;
	assert_eq!(again, Some(Response::Refuse(Refusal::NotJoined)));
}

#[tokio::test]
async fn direct_way_should_wait_for_a_handshake_and_be_for_the_peer_that_joined() {
	let mut desk = Desk::open(4, 0).await;
	let (peer, channel) = (PeerId::random(), desk.channel(1, MUCH));
	desk.join(peer, channel, 1).await;
	let punch = || Request::Punch { channel, token: [1; 16] };
	let stranger = desk.ask(PeerId::random(), punch()).await;
	assert_eq!(stranger, Some(Response::Refuse(Refusal::NotJoined)));
	assert_eq!(desk.ask(peer, punch()).await, Some(Response::Refuse(Refusal::Busy)));
}
