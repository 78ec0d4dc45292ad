//! Frames: four bytes of length, big-endian, then a message. Longer ones than the protocol's are not read.

use super::refused::{Refused, Rule};
use async_trait::async_trait;
use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use libp2p::{request_response, StreamProtocol};
use std::{io, sync::Arc};
use weir_tunnel_core::wire::MAX_MESSAGE_BYTES;

/// Reads and writes frames; what is in them is read by the service, which can say what is wrong.
#[derive(Clone)]
pub(super) struct Frames {
	/// A request that cannot be read is told of to nobody else.
	pub(super) refused: Arc<Refused>,
}

async fn read(io: &mut (impl AsyncRead + Unpin + Send)) -> io::Result<Vec<u8>> {
	let mut length = [0; 4];
	io.read_exact(&mut length).await?;
	let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
	if length > MAX_MESSAGE_BYTES {
		return Err(io::Error::new(
			io::ErrorKind::InvalidData,
			format!("message of {length} bytes is too long"),
		));
	}
	let mut bytes = vec![0; length];
	io.read_exact(&mut bytes).await?;
	Ok(bytes)
}

async fn write(io: &mut (impl AsyncWrite + Unpin + Send), bytes: &[u8]) -> io::Result<()> {
	let length = u32::try_from(bytes.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
	// One write: the frame leaves in one segment, together with the protocol's name.
	io.write_all(&[&length.to_be_bytes(), bytes].concat()).await?;
	io.flush().await
}

#[async_trait]
impl request_response::Codec for Frames {
	type Protocol = StreamProtocol;
	type Request = Vec<u8>;
	type Response = Vec<u8>;

	async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Vec<u8>>
	where
		T: AsyncRead + Unpin + Send,
	{
		let request = read(io).await;
		if let Some(rule) = request.as_ref().err().and_then(Rule::of_read) {
			self.refused.count(rule);
		}
		request
	}

	async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Vec<u8>>
	where
		T: AsyncRead + Unpin + Send,
	{
		read(io).await
	}

	async fn write_request<T>(&mut self, _: &StreamProtocol, io: &mut T, bytes: Vec<u8>) -> io::Result<()>
	where
		T: AsyncWrite + Unpin + Send,
	{
		write(io, &bytes).await
	}

	async fn write_response<T>(&mut self, _: &StreamProtocol, io: &mut T, bytes: Vec<u8>) -> io::Result<()>
	where
		T: AsyncWrite + Unpin + Send,
	{
		write(io, &bytes).await
	}
}
