//! What a stranger writes below the messages, where streams share a connection.

use super::*;
use futures::{future::BoxFuture, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, FutureExt};
use libp2p::{
	core::{
		muxing::StreamMuxerBox,
		upgrade::{InboundConnectionUpgrade, OutboundConnectionUpgrade, UpgradeInfo},
	},
	swarm::dummy,
	tcp, Transport,
};
use std::{io, iter};

/// A yamux frame: version, type, flags, stream, length. This one opens stream 1 with a window of 2³² − 1 bytes beside the
/// usual one, which is more than 32 bits hold.
const GREEDY: [u8; 12] = [0, 1, 0, 1, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff];
/// Asks whether the peer is there, and its answer's type and flags. Frames are taken in order.
const PING: [u8; 12] = [0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7];
const PONG: [u8; 3] = [2, 0, 2];

/// In the place of a multiplexer: writes its frames, and ends when they have been taken.
#[derive(Clone)]
struct Greedy;

impl UpgradeInfo for Greedy {
	type Info = &'static str;
	type InfoIter = iter::Once<&'static str>;

	fn protocol_info(&self) -> Self::InfoIter {
		iter::once("/yamux/1.0.0")
	}
}

impl<C: AsyncRead + AsyncWrite + Unpin + Send + 'static> OutboundConnectionUpgrade<C> for Greedy {
	type Output = StreamMuxerBox;
	type Error = io::Error;
	type Future = BoxFuture<'static, io::Result<StreamMuxerBox>>;

	fn upgrade_outbound(self, mut io: C, _: &'static str) -> Self::Future {
		async move {
			io.write_all(&[GREEDY, PING].concat()).await?;
			io.flush().await?;
			let mut frame = [0; 12];
			while frame[1..4] != PONG {
				io.read_exact(&mut frame).await?;
			}
			Err(io::ErrorKind::ConnectionAborted.into())
		}
		.boxed()
	}
}

impl<C> InboundConnectionUpgrade<C> for Greedy {
	type Output = StreamMuxerBox;
	type Error = io::Error;
	type Future = BoxFuture<'static, io::Result<StreamMuxerBox>>;

	fn upgrade_inbound(self, _: C, _: &'static str) -> Self::Future {
		async { Err(io::ErrorKind::Unsupported.into()) }.boxed()
	}
}

#[tokio::test]
async fn serve_should_go_on_when_a_window_is_more_than_its_number_holds() {
	let (server, port) = (Keypair::generate_ed25519(), free_port());
	let (_serving, mut incoming) = serve(&server, SERVER, port).await.unwrap();
	let mut stranger = SwarmBuilder::with_new_identity()
		.with_tokio()
		.with_other_transport(|key| {
			let noise = noise::Config::new(key)?;
			let transport = tcp::tokio::Transport::new(tcp::Config::new());
			let transport = transport.upgrade(Version::V1Lazy).authenticate(noise);
			Ok::<_, Box<dyn std::error::Error + Send + Sync>>(transport.multiplex(Greedy))
		})
		.unwrap()
		.with_behaviour(|_| dummy::Behaviour)
		.unwrap()
		.build();
	stranger.dial(Multiaddr::from(SERVER).with(Protocol::Tcp(port))).unwrap();
	let ended = async {
		while !matches!(stranger.select_next_some().await, SwarmEvent::OutgoingConnectionError { .. }) {}
	};
	tokio::time::timeout(Duration::from_secs(10), ended).await.expect("its frames are taken");
	let (asking, _back) = connect(&Keypair::generate_ed25519(), CLIENT).unwrap();
	let serve = async { incoming.recv().await.expect("still there").reply.send(Response::Noted).unwrap() };
	let question = Request::Clock { nonce: [1; 16] };
	let address = Some((SERVER, port).into());
	let (answer, ()) = tokio::join!(asking.ask(server.public().to_peer_id(), address, question), serve);
	assert_eq!(answer, Some(Response::Noted));
}
