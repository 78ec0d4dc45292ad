//! A byte stream through the tunnel.

use super::{
	budget::Share,
	connection::{Connection, Incoming},
	lock,
};
use smoltcp::socket::tcp::State;
use std::{
	fmt, io,
	pin::Pin,
	sync::{Arc, Mutex, MutexGuard},
	task::{Context, Poll},
	time::Duration,
};
use tokio::{
	io::{AsyncRead, AsyncWrite, ReadBuf},
	sync::Notify,
	time::Instant,
};

/// How long what was written before a stream was dropped may take to arrive.
const FAREWELL: Duration = Duration::from_secs(30);

/// A connection of a stack, and who waits for it.
struct Line {
	connection: Connection,
	/// When the keeper wakes by itself.
	armed: Option<Instant>,
	/// Its stream is gone; by then it is, too.
	until: Option<Instant>,
	_memory: Share,
}

/// What the stack, the keeper and the stream of a connection share.
pub(super) struct Shared {
	line: Mutex<Line>,
	/// Wakes the keeper.
	keeper: Notify,
}

impl Shared {
	pub(super) fn new(connection: Connection, memory: Share) -> Arc<Self> {
		let line = Line { connection, armed: None, until: None, _memory: memory };
		Arc::new(Self { line: Mutex::new(line), keeper: Notify::new() })
	}

	/// Takes a packet of the connection.
	pub(super) fn input(&self, packet: Vec<u8>) {
		let mut line = lock(&self.line);
		let now = Instant::now();
		line.connection.input(now, packet);
		self.wake_keeper(&mut line, now);
	}

	/// Breaks the connection off.
	pub(super) fn end(&self) {
		let mut line = lock(&self.line);
		line.connection.socket().abort();
		self.advance(&mut line);
	}

	/// Sends what is due.
	fn advance(&self, line: &mut MutexGuard<'_, Line>) {
		let now = Instant::now();
		line.connection.advance(now);
		self.wake_keeper(line, now);
	}

	/// Wakes the keeper when it would wake too late by itself.
	fn wake_keeper(&self, line: &mut Line, now: Instant) {
		let connection = &mut line.connection;
		let is_due = connection.is_over()
			|| connection.is_blocked()
			|| match (connection.deadline(now), line.armed) {
				(Some(deadline), Some(armed)) => deadline < armed,
				(deadline, _) => deadline.is_some(),
			};
		if is_due {
			self.keeper.notify_one();
		}
	}

	/// Sends at the times when something is due, until the connection is over.
	pub(super) async fn keep(&self) {
		loop {
			let (blocked, armed) = {
				let mut line = lock(&self.line);
				let now = Instant::now();
				line.connection.advance(now);
				if let Some(until) = line.until {
					// What is read by nobody any more.
					let is_wasted = line.connection.incoming() == Incoming::Bytes;
					if is_wasted || now >= until {
						line.connection.socket().abort();
						line.connection.advance(now);
					}
				}
				if line.connection.is_over() {
					return;
				}
				let blocked = line.connection.is_blocked().then(|| line.connection.out().clone());
				line.armed = [line.connection.deadline(now), line.until].into_iter().flatten().min();
				(blocked, line.armed)
			};
			let room = async {
				match blocked {
					Some(out) => out.reserve_owned().await,
					None => std::future::pending().await,
				}
			};
			let time = async {
				match armed {
					Some(armed) => tokio::time::sleep_until(armed).await,
					None => std::future::pending().await,
				}
			};
			tokio::select! {
				room = room => match room {
					Ok(room) => lock(&self.line).connection.give_room(room),
					// The tunnel is gone.
					Err(_) => return,
				},
				() = time => {}
				() = self.keeper.notified() => {}
			}
		}
	}
}

/// A connection through the tunnel. Dropped, it is closed: what was written is still sent, what has not been read resets it.
pub struct Stream {
	shared: Arc<Shared>,
	/// The end was read.
	is_finished: bool,
}

impl fmt::Debug for Stream {
	fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
		// Not where it goes.
		formatter.debug_struct("Stream").finish_non_exhaustive()
	}
}

impl Stream {
	pub(super) fn new(shared: Arc<Shared>) -> Self {
		Self { shared, is_finished: false }
	}

	/// Waits until the peer has answered.
	pub(super) async fn connected(&mut self) -> io::Result<()> {
		std::future::poll_fn(|context| {
			let mut line = lock(&self.shared.line);
			let socket = line.connection.socket();
			match socket.state() {
				State::SynSent | State::SynReceived => {
					socket.register_send_waker(context.waker());
					Poll::Pending
				}
				State::Closed => Poll::Ready(Err(io::ErrorKind::ConnectionRefused.into())),
				_ => Poll::Ready(Ok(())),
			}
		})
		.await
	}
}

impl AsyncRead for Stream {
	fn poll_read(
		self: Pin<&mut Self>,
		context: &mut Context<'_>,
		buffer: &mut ReadBuf<'_>,
	) -> Poll<io::Result<()>> {
		let this = self.get_mut();
		if this.is_finished || buffer.remaining() == 0 {
			return Poll::Ready(Ok(()));
		}
		let mut line = lock(&this.shared.line);
		match line.connection.incoming() {
			Incoming::Bytes => {
				let room = buffer.initialize_unfilled();
				let read = line.connection.socket().recv_slice(room).unwrap_or(0);
				buffer.advance(read);
				// The window may be open again.
				this.shared.advance(&mut line);
				Poll::Ready(Ok(()))
			}
			Incoming::Nothing => {
				line.connection.socket().register_recv_waker(context.waker());
				Poll::Pending
			}
			Incoming::End => {
				this.is_finished = true;
				Poll::Ready(Ok(()))
			}
			Incoming::Broken => Poll::Ready(Err(line.connection.error())),
		}
	}
}

impl AsyncWrite for Stream {
	fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
		let shared = &self.shared;
		let mut line = lock(&shared.line);
		let socket = line.connection.socket();
		match socket.send_slice(bytes) {
			Ok(0) if !bytes.is_empty() => {
				socket.register_send_waker(context.waker());
				Poll::Pending
			}
			Ok(written) => {
				shared.advance(&mut line);
				Poll::Ready(Ok(written))
			}
			Err(_) if socket.state() == State::Closed && !self.is_finished => {
				Poll::Ready(Err(line.connection.error()))
			}
			Err(_) => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
		}
	}

	fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
		Poll::Ready(Ok(()))
	}

	fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
		let mut line = lock(&self.shared.line);
		line.connection.socket().close();
		self.shared.advance(&mut line);
		Poll::Ready(Ok(()))
	}
}

impl Drop for Stream {
	fn drop(&mut self) {
		let mut line = lock(&self.shared.line);
		line.until = Some(Instant::now() + FAREWELL);
		if line.connection.incoming() == Incoming::Bytes {
			// Not in order: the peer would take it that all was read.
			line.connection.socket().abort();
		} else {
			line.connection.socket().close();
		}
		self.shared.advance(&mut line);
		self.shared.keeper.notify_one();
	}
}
