use super::*;
use crate::exit::policy::Denied;
use blake2::{Blake2b512, Digest};
use nix::sys::{
	resource::{getrusage, UsageWho},
	time::TimeValLike,
};
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Fetches `length` bytes and compares their hash. Seconds that it took.
async fn fetch(pair: &Pair, length: usize, patience: u64) -> f64 {
	let body = Arc::new(bytes(1, length));
	let expected = Blake2b512::digest(&body[..]);
	let (address, _server) = server(move |mut stream| {
		let body = body.clone();
		async move {
			stream.read_u8().await.unwrap();
			stream.write_all(&body).await.unwrap();
		}
	})
	.await;
	within(patience, async {
		let mut stream = pair.stack.connect(address).await.unwrap();
		let began = Instant::now();
		stream.write_u8(1).await.unwrap();
		let (mut hash, mut room, mut total) = (Blake2b512::new(), vec![0; 64 << 10], 0);
		loop {
			match stream.read(&mut room).await.unwrap() {
				0 => break,
				read => {
					hash.update(&room[..read]);
					total += read;
				}
			}
		}
		let seconds = began.elapsed().as_secs_f64();
		assert_eq!(total, length);
		assert_eq!(hash.finalize(), expected);
		seconds
	})
	.await
}

fn mbps(bytes: usize, seconds: f64) -> f64 {
	bytes as f64 * 8e-6 / seconds
}

/// On one thread: the stack, the exit, the server, the hash.
#[tokio::test]
async fn fetch_should_deliver_the_exact_bytes() {
	const LENGTH: usize = 20_000_000;
	let pair = pair(Line::default());
	let best =
		[fetch(&pair, LENGTH, 30).await, fetch(&pair, LENGTH, 30).await].into_iter().fold(f64::MAX, f64::min);
	println!("pair on one core: {:.0} Mbit/s", mbps(LENGTH, best));
	assert!(mbps(LENGTH, best) > 100.0);
	until("nothing is left", || pair.exit.flows() == 0 && pair.exit.memory_bytes() == 0).await;
}

#[tokio::test]
async fn fetch_should_fill_a_fast_line_when_it_is_long() {
	const LENGTH: usize = 30_000_000;
	let pair = pair(Line { delay: Duration::from_millis(25), loss_percent: 0 });
	let seconds = fetch(&pair, LENGTH, 30).await;
	println!("at 50 ms, with its beginning: {:.0} Mbit/s", mbps(LENGTH, seconds));
	assert!(mbps(LENGTH, seconds) > 60.0);
}

#[tokio::test]
async fn fetch_should_deliver_the_exact_bytes_when_one_packet_in_twenty_is_lost() {
	const LENGTH: usize = 1_000_000;
	let pair = pair(Line { delay: Duration::from_millis(5), loss_percent: 5 });
	let seconds = fetch(&pair, LENGTH, 60).await;
	println!("5 % lost, 10 ms: {:.1} Mbit/s", mbps(LENGTH, seconds));
}

/// Sends back what comes, and ends when that ends.
async fn echo(mut stream: TcpStream) {
	let (mut read, mut write) = stream.split();
	let _ = tokio::io::copy(&mut read, &mut write).await;
	let _ = write.shutdown().await;
}

#[tokio::test]
async fn upload_should_deliver_the_exact_bytes_when_one_packet_in_twenty_is_lost() {
	let pair = pair(Line { delay: Duration::from_millis(5), loss_percent: 5 });
	let (address, _server) = server(echo).await;
	let body = bytes(2, 300_000);
	let stream = within(20, pair.stack.connect(address)).await.unwrap();
	let (mut read, mut write) = tokio::io::split(stream);
	let send = async {
		write.write_all(&body).await.unwrap();
		write.shutdown().await.unwrap();
	};
	let mut back = vec![];
	let (read, ()) = within(60, async { tokio::join!(read.read_to_end(&mut back), send) }).await;
	read.unwrap();
	assert!(back == body);
}

#[tokio::test]
async fn fifty_streams_should_go_on_at_once() {
	let pair = Arc::new(pair(Line::default()));
	let (address, _server) = server(echo).await;
	let mut streams = tokio::task::JoinSet::new();
	for seed in 0..50 {
		let pair = pair.clone();
		streams.spawn(async move {
			let body = bytes(seed, 200_000);
			let stream = pair.stack.connect(address).await.unwrap();
			let (mut read, mut write) = tokio::io::split(stream);
			let send = async {
				write.write_all(&body).await.unwrap();
				write.shutdown().await.unwrap();
			};
			let mut back = vec![];
			let (read, ()) = tokio::join!(read.read_to_end(&mut back), send);
			read.unwrap();
			assert!(back == body, "stream {seed}");
		});
	}
	within(30, async {
		while let Some(stream) = streams.join_next().await {
			stream.unwrap();
		}
	})
	.await;
	assert_eq!(count(&pair, Event::TcpFlow), 50);
	until("every flow ends", || pair.exit.flows() == 0 && pair.stack.streams() == 0).await;
	assert_eq!(pair.exit.memory_bytes(), 0);
}

#[tokio::test]
async fn either_end_should_still_send_when_the_other_has_closed() {
	let pair = pair(Line::default());
	// The customer says all it has first.
	let (address, _server) = server(|mut stream| async move {
		let mut question = vec![];
		stream.read_to_end(&mut question).await.unwrap();
		assert_eq!(question, b"all of it");
		stream.write_all(b"and now the answer").await.unwrap();
	})
	.await;
	let mut stream = within(5, pair.stack.connect(address)).await.unwrap();
	stream.write_all(b"all of it").await.unwrap();
	stream.shutdown().await.unwrap();
	assert!(stream.write_all(b"more").await.is_err());
	let mut answer = vec![];
	within(5, stream.read_to_end(&mut answer)).await.unwrap();
	assert_eq!(answer, b"and now the answer");
	// The server does.
	let (heard, mut hears) = mpsc::channel(1);
	let (address, _server) = server(move |mut stream| {
		let heard = heard.clone();
		async move {
			stream.write_all(b"goodbye").await.unwrap();
			stream.shutdown().await.unwrap();
			let mut rest = vec![];
			stream.read_to_end(&mut rest).await.unwrap();
			heard.send(rest).await.unwrap();
		}
	})
	.await;
	let mut stream = within(5, pair.stack.connect(address)).await.unwrap();
	let mut word = vec![];
	within(5, stream.read_to_end(&mut word)).await.unwrap();
	assert_eq!(word, b"goodbye");
	let rest = bytes(3, 100_000);
	within(5, stream.write_all(&rest)).await.unwrap();
	stream.shutdown().await.unwrap();
	assert!(within(5, hears.recv()).await.unwrap() == rest);
	// And says so again and again.
	assert_eq!(within(5, stream.read(&mut [0; 8])).await.unwrap(), 0);
	until("both end", || pair.exit.flows() == 0 && pair.stack.streams() == 0).await;
}

#[tokio::test]
async fn what_arrived_should_be_read_when_both_have_closed_long_ago() {
	let pair = pair(Line::default());
	let body = bytes(4, 50_000);
	let sent = body.clone();
	let (address, _server) = server(move |mut stream| {
		let sent = sent.clone();
		async move { stream.write_all(&sent).await.unwrap() }
	})
	.await;
	let mut stream = within(5, pair.stack.connect(address)).await.unwrap();
	stream.shutdown().await.unwrap();
	// Longer than either end lingers.
	tokio::time::sleep(Duration::from_secs(4)).await;
	let mut read = vec![];
	within(5, stream.read_to_end(&mut read)).await.unwrap();
	assert!(read == body);
}

#[tokio::test]
async fn reset_should_come_through_both_ways() {
	let pair = pair(Line::default());
	let (address, _server) = server(|mut stream| async move {
		stream.read_u8().await.unwrap();
		stream.set_zero_linger().unwrap();
	})
	.await;
	let mut stream = within(5, pair.stack.connect(address)).await.unwrap();
	stream.write_u8(1).await.unwrap();
	assert_eq!(within(5, stream.read_u8()).await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
	let (heard, mut hears) = mpsc::channel(1);
	let (address, _server) = server(move |mut stream| {
		let heard = heard.clone();
		async move {
			stream.write_all(&[7; 1_000]).await.unwrap();
			let error = stream.read(&mut [0; 8]).await.unwrap_err();
			heard.send(error.kind()).await.unwrap();
		}
	})
	.await;
	let mut stream = within(5, pair.stack.connect(address)).await.unwrap();
	within(5, stream.read_u8()).await.unwrap();
	// With bytes that it has not read.
	drop(stream);
	assert_eq!(within(5, hears.recv()).await.unwrap(), io::ErrorKind::ConnectionReset);
	until("both end", || pair.exit.flows() == 0 && pair.stack.streams() == 0).await;
}

#[tokio::test]
async fn connect_should_be_refused_when_the_port_is() {
	let pair = pair(Line::default());
	let closed = TcpListener::bind((LAB, 0)).await.unwrap().local_addr().unwrap();
	let error = within(5, pair.stack.connect(closed)).await.unwrap_err();
	assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
	until("it ends", || pair.exit.flows() == 0).await;
}

#[tokio::test]
async fn connect_should_be_refused_at_once_when_the_destination_is_denied() {
	let pair = pair(Line::default());
	// It listens, and nobody comes.
	let listener = TcpListener::bind((OWN, 0)).await.unwrap();
	let own = listener.local_addr().unwrap();
	assert_eq!(
		policy(ExitClass::Open).verdict(own, crate::exit::policy::Transport::Tcp),
		Err(Denied::Address)
	);
	let denied: Vec<SocketAddr> =
		["127.0.0.1:22", "10.0.0.1:80", "169.254.169.254:80", "100.64.0.1:22", "8.8.8.8:25"]
			.map(|text| text.parse().unwrap())
			.into_iter()
			.chain([own, (OTHER_GUEST, 80).into()])
			.collect();
	for destination in &denied {
		let began = Instant::now();
		let error = within(5, pair.stack.connect(*destination)).await.unwrap_err();
		assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
		assert!(began.elapsed() < Duration::from_millis(500), "at once");
	}
	let counted = count(&pair, Event::DeniedAddress) + count(&pair, Event::DeniedPort);
	assert_eq!(counted, denied.len() as u64);
	assert_eq!((pair.exit.flows(), count(&pair, Event::TcpFlow)), (0, 0));
	assert!(tokio::time::timeout(Duration::from_millis(50), listener.accept()).await.is_err());
}

/// What this thread has cost so far.
fn cpu() -> Duration {
	let usage = getrusage(UsageWho::RUSAGE_THREAD).unwrap();
	[usage.user_time(), usage.system_time()]
		.into_iter()
		.map(|time| Duration::from_micros(time.num_microseconds().unsigned_abs()))
		.sum()
}

#[tokio::test]
async fn streams_should_cost_no_time_when_nothing_moves() {
	let pair = pair(Line::default());
	let (address, _server) = server(echo).await;
	let mut streams = vec![];
	for _ in 0..50 {
		let mut stream = within(5, pair.stack.connect(address)).await.unwrap();
		stream.write_u8(1).await.unwrap();
		assert_eq!(within(5, stream.read_u8()).await.unwrap(), 1);
		streams.push(stream);
	}
	// Acknowledgements that were waiting go out.
	tokio::time::sleep(Duration::from_millis(500)).await;
	let before = cpu();
	tokio::time::sleep(Duration::from_secs(2)).await;
	let cost = cpu() - before;
	assert!(cost < Duration::from_millis(20), "{cost:?}");
	assert_eq!(pair.exit.flows(), streams.len());
}

#[tokio::test]
async fn policy_should_hold_for_new_connections_when_it_is_replaced() {
	let pair = pair(Line::default());
	let (address, _server) = server(echo).await;
	let mut stream = within(5, pair.stack.connect(address)).await.unwrap();
	pair.exit.replace_policy(policy(ExitClass::Web));
	assert!(within(5, pair.stack.connect(address)).await.is_err());
	stream.write_u8(9).await.unwrap();
	assert_eq!(within(5, stream.read_u8()).await.unwrap(), 9);
}

#[tokio::test]
async fn memory_should_stay_within_its_bound_when_nobody_reads() {
	const LENGTH: usize = 20_000_000;
	let pair = pair(Line::default());
	let body = Arc::new(bytes(5, LENGTH));
	let sent = body.clone();
	let (address, _server) = server(move |mut stream| {
		let sent = sent.clone();
		async move { stream.write_all(&sent).await.unwrap() }
	})
	.await;
	let mut stream = within(5, pair.stack.connect(address)).await.unwrap();
	tokio::time::sleep(Duration::from_millis(500)).await;
	assert!(pair.exit.memory_bytes() <= 3 << 20, "{}", pair.exit.memory_bytes());
	let mut read = Vec::with_capacity(LENGTH);
	within(30, stream.read_to_end(&mut read)).await.unwrap();
	assert!(read == body[..]);
}
