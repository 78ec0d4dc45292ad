//! What a connection may make this process keep unread: Yamux takes 512 streams of a peer, and 256 KiB on each before
//! anybody has read of it. No peer needs so many, and its limits cannot be set without its older version.

use super::MAX_STREAMS;
use futures::{AsyncRead, AsyncWrite};
use libp2p::core::muxing::{StreamMuxer, StreamMuxerEvent};
use std::{
	io::{self, IoSlice, IoSliceMut},
	pin::Pin,
	sync::Arc,
	task::{ready, Context, Poll},
};

/// A connection on which a peer may have [`MAX_STREAMS`] streams open, those that are still negotiated included; what it
/// opens above that is reset.
pub(super) struct FewStreams<M> {
	inner: M,
	/// Each stream that the peer has opened holds one.
	open: Arc<()>,
}

impl<M> FewStreams<M> {
	pub(super) fn new(inner: M) -> Self {
		Self { inner, open: Arc::default() }
	}
}

/// A stream; none is held by one that this side has opened.
pub(super) struct Counted<S> {
	inner: S,
	_open: Option<Arc<()>>,
}

impl<M> StreamMuxer for FewStreams<M>
where
	M: StreamMuxer + Unpin,
	M::Substream: Unpin,
{
	type Substream = Counted<M::Substream>;
	type Error = M::Error;

	fn poll_inbound(
		mut self: Pin<&mut Self>,
		context: &mut Context<'_>,
	) -> Poll<Result<Self::Substream, Self::Error>> {
		let inner = ready!(Pin::new(&mut self.inner).poll_inbound(context))?;
		// The connection itself holds one as well.
		if Arc::strong_count(&self.open) > MAX_STREAMS {
			drop(inner);
			// More may wait behind it, after others have had their turn.
			context.waker().wake_by_ref();
			return Poll::Pending;
		}
		Poll::Ready(Ok(Counted { inner, _open: Some(self.open.clone()) }))
	}

	fn poll_outbound(
		mut self: Pin<&mut Self>,
		context: &mut Context<'_>,
	) -> Poll<Result<Self::Substream, Self::Error>> {
		Pin::new(&mut self.inner).poll_outbound(context).map_ok(|inner| Counted { inner, _open: None })
	}

	fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
		Pin::new(&mut self.inner).poll_close(context)
	}

	fn poll(
		mut self: Pin<&mut Self>,
		context: &mut Context<'_>,
	) -> Poll<Result<StreamMuxerEvent, Self::Error>> {
		Pin::new(&mut self.inner).poll(context)
	}
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
	fn poll_read(
		mut self: Pin<&mut Self>,
		context: &mut Context<'_>,
		bytes: &mut [u8],
	) -> Poll<io::Result<usize>> {
		Pin::new(&mut self.inner).poll_read(context, bytes)
	}

	fn poll_read_vectored(
		mut self: Pin<&mut Self>,
		context: &mut Context<'_>,
		slices: &mut [IoSliceMut<'_>],
	) -> Poll<io::Result<usize>> {
		Pin::new(&mut self.inner).poll_read_vectored(context, slices)
	}
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
	fn poll_write(
		mut self: Pin<&mut Self>,
		context: &mut Context<'_>,
		bytes: &[u8],
	) -> Poll<io::Result<usize>> {
		Pin::new(&mut self.inner).poll_write(context, bytes)
	}

	fn poll_write_vectored(
		mut self: Pin<&mut Self>,
		context: &mut Context<'_>,
		slices: &[IoSlice<'_>],
	) -> Poll<io::Result<usize>> {
		Pin::new(&mut self.inner).poll_write_vectored(context, slices)
	}

	fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
		Pin::new(&mut self.inner).poll_flush(context)
	}

	fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
		Pin::new(&mut self.inner).poll_close(context)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use futures::{io::Cursor, task::noop_waker_ref};

	/// A peer that always opens another stream.
	struct Endless;

	impl StreamMuxer for Endless {
		type Substream = Cursor<Vec<u8>>;
		type Error = io::Error;

		fn poll_inbound(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<Self::Substream>> {
			Poll::Ready(Ok(Cursor::new(Vec::new())))
		}

		fn poll_outbound(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<Self::Substream>> {
			Poll::Ready(Ok(Cursor::new(Vec::new())))
		}

		fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
			Poll::Ready(Ok(()))
		}

		fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<StreamMuxerEvent>> {
			Poll::Pending
		}
	}

	#[test]
	fn poll_inbound_should_reset_a_stream_when_a_peer_has_all_it_may() {
		let mut muxer = FewStreams::new(Endless);
		let mut context = Context::from_waker(noop_waker_ref());
		// Those of this side do not count.
		let ours = Pin::new(&mut muxer).poll_outbound(&mut context);
		let mut take = || match Pin::new(&mut muxer).poll_inbound(&mut context) {
			Poll::Ready(stream) => Some(stream.unwrap()),
			Poll::Pending => None,
		};
		let mut open: Vec<_> = (0..MAX_STREAMS).map_while(|_| take()).collect();
		assert_eq!(open.len(), MAX_STREAMS);
		assert!(take().is_none());
		open.pop();
		assert!(take().is_some());
		drop(ours);
	}
}
