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
	/// Which rule a frame broke that cannot be read is told to nobody else.
	pub(super) refused: Arc<Refused>,
}

impl Frames {
	/// Hands on a frame, and counts it if it could not be read.
	fn note(&self, frame: io::Result<Vec<u8>>) -> io::Result<Vec<u8>> {
		if let Some(rule) = frame.as_ref().err().and_then(Rule::of_read) {
			self.refused.count(rule);
		}
		frame
	}
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
		self.note(request)
	}

	async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Vec<u8>>
	where
		T: AsyncRead + Unpin + Send,
	{
		// A peer that does not answer ends the stream before a frame begins, and with one that speaks another protocol
		// the stream fails there: neither has answered wrongly.
		let mut first = [0];
		io.read_exact(&mut first).await?;
		let response = read(&mut first.as_slice().chain(io)).await;
		self.note(response)
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

#[cfg(test)]
mod tests {
	use super::*;
	use futures::executor::block_on;
	use weir_fuzz::Fuzz;

	#[test]
	fn fuzz_frames_should_be_read_whole_or_not_at_all() {
		let frame = |length: u32, bytes: usize| [&length.to_be_bytes()[..], &vec![2; bytes]].concat();
		let most = MAX_MESSAGE_BYTES as u32;
		let samples = [frame(0, 0), frame(5, 5), frame(5, 4), frame(most, most as usize), frame(most + 1, 8)];
		let ran = Fuzz::new("frames", 100_000).samples(samples).longest(256).run(|bytes| {
			let read = block_on(read(&mut &bytes[..]));
			let length = bytes.first_chunk().map(|length| u32::from_be_bytes(*length) as usize);
			let whole = length.and_then(|length| bytes.get(4..4usize.checked_add(length)?));
			match &read {
				Ok(message) => {
					assert_eq!(Some(&message[..]), whole);
					let mut written = Vec::new();
					block_on(write(&mut written, message)).expect("memory takes it");
					assert_eq!(written, bytes[..written.len()]);
				}
				Err(error) if error.kind() == io::ErrorKind::InvalidData => {
					assert!(length.is_some_and(|length| length > MAX_MESSAGE_BYTES));
				}
				Err(error) => assert_eq!((error.kind(), whole), (io::ErrorKind::UnexpectedEof, None)),
			}
			[read.map(|_| ()).map_err(|error| error.kind())]
		});
		for saw in [Ok(()), Err(io::ErrorKind::InvalidData), Err(io::ErrorKind::UnexpectedEof)] {
			assert!(ran.count(&saw) > 0, "{saw:?} never came");
		}
	}
}
