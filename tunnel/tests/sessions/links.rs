//! Bad links: slow, lossy and narrow ones, IPv6 alone, a broken resolver, and clocks that differ.

use super::{
	chain, extent,
	lab::{dial, fetch, hash, until, Files, Lab, NAME},
	remote::ChainServer,
	roles::{kept, CustomerPlace, ProviderPlace},
};
use std::{
	collections::HashMap,
	net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket as StdSocket},
	process::Command,
	sync::{Arc, Mutex},
	time::{Duration, Instant},
};
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::{TcpListener, TcpStream, UdpSocket},
	sync::mpsc,
	task::JoinHandle,
};
use weir_primitives::Endpoint;
use weir_tunnel::connect::{journal::Journal, Connection, Ending, Phase};
use weir_tunnel_core::session::window;

/// Set in the process that is in a namespace of its own.
const INSIDE: &str = "WEIR_TEST_NAMESPACE";

/// Runs the test named `test` in network, mount and process namespaces of its own, after the lines of `setup`. True inside: the
/// test goes on. False outside, when it is done: it has passed, or cannot be run here, which is said.
pub(crate) fn inside(test: &str, setup: &str) -> bool {
	if std::env::var_os(INSIDE).is_some() {
		let done = Command::new("sh").args(["-ec", &format!("ip link set lo up\n{setup}")]).status().unwrap();
		assert!(done.success(), "{setup}");
		return true;
	}
	let mut command = Command::new("unshare");
	command.args(["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]);
	if !nix_is_root() {
		command.args(["--user", "--map-root-user"]);
	}
	let possible = Command::new("unshare").args(command.get_args()).arg("true").status();
	let has_tools = Command::new("nft").arg("--version").output().is_ok();
	if !possible.is_ok_and(|status| status.success()) || !has_tools {
		println!("skipped {test}: it needs network namespaces and nft (nftables)");
		assert!(std::env::var_os("CI").is_none(), "CI may skip nothing");
		return false;
	}
	let this = std::env::current_exe().unwrap();
	let done = command
		.arg(this)
		.args(["--exact", test, "--nocapture", "--test-threads=1"])
		.env(INSIDE, "1")
		.status()
		.unwrap();
	assert!(done.success(), "{test} in its namespace: {done}");
	false
}

fn nix_is_root() -> bool {
	let owner = std::fs::metadata("/proc/self").unwrap();
	std::os::unix::fs::MetadataExt::uid(&owner) == 0
}

/// A line that takes as long to every byte of UDP and TCP, and loses none.
pub(crate) struct SlowLine(Vec<JoinHandle<()>>);

impl Drop for SlowLine {
	fn drop(&mut self) {
		self.0.iter().for_each(JoinHandle::abort);
	}
}

type Late<T> = mpsc::UnboundedReceiver<(Instant, T)>;

/// The next one when its time has come.
async fn next<T>(late: &mut Late<T>) -> Option<T> {
	let (at, what) = late.recv().await?;
	tokio::time::sleep_until(at.into()).await;
	Some(what)
}

impl SlowLine {
	pub(crate) async fn start(listen: SocketAddr, to: SocketAddr, one_way: Duration) -> Self {
		let tcp = TcpListener::bind(listen).await.unwrap();
		let udp = Arc::new(UdpSocket::bind(listen).await.unwrap());
		Self(vec![
			tokio::spawn(async move {
				loop {
					let (near, _) = tcp.accept().await.unwrap();
					tokio::spawn(async move {
						tokio::time::sleep(one_way).await;
						let Ok(far) = TcpStream::connect(to).await else { return };
						let (near_read, near_write) = near.into_split();
						let (far_read, far_write) = far.into_split();
						tokio::join!(
							stream(near_read, far_write, one_way),
							stream(far_read, near_write, one_way)
						);
					});
				}
			}),
			tokio::spawn(datagrams(udp, to, one_way)),
		])
	}
}

async fn stream(
	mut from: tokio::net::tcp::OwnedReadHalf,
	mut to: tokio::net::tcp::OwnedWriteHalf,
	one_way: Duration,
) {
	let (queue, mut late) = mpsc::unbounded_channel();
	let read = async move {
		let mut buffer = vec![0; 64 << 10];
		while let Ok(length @ 1..) = from.read(&mut buffer).await {
			if queue.send((Instant::now() + one_way, buffer[..length].to_vec())).is_err() {
				return;
			}
		}
	};
	let write = async move {
		while let Some(bytes) = next(&mut late).await {
			if to.write_all(&bytes).await.is_err() {
				return;
			}
		}
	};
	tokio::join!(read, write);
}

async fn datagrams(near: Arc<UdpSocket>, to: SocketAddr, one_way: Duration) {
	let mut known: HashMap<SocketAddr, mpsc::UnboundedSender<(Instant, Vec<u8>)>> = HashMap::new();
	let mut buffer = vec![0; 64 << 10];
	loop {
		let Ok((length, from)) = near.recv_from(&mut buffer).await else { continue };
		let near = near.clone();
		let queue = known.entry(from).or_insert_with(|| {
			let (queue, mut late) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
			tokio::spawn(async move {
				let far = Arc::new(UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await.unwrap());
				far.connect(to).await.unwrap();
				let (back, mut late_back) = mpsc::unbounded_channel();
				let receiving = far.clone();
				let receive = async move {
					let mut buffer = vec![0; 64 << 10];
					loop {
						let Ok(length) = receiving.recv(&mut buffer).await else { continue };
						let _ = back.send((Instant::now() + one_way, buffer[..length].to_vec()));
					}
				};
				let there = async {
					while let Some(bytes) = next(&mut late).await {
						let _ = far.send(&bytes).await;
					}
				};
				let back = async {
					while let Some(bytes) = next(&mut late_back).await {
						let _ = near.send_to(&bytes, from).await;
					}
				};
				tokio::join!(receive, there, back);
			});
			queue
		});
		let _ = queue.send((Instant::now() + one_way, buffer[..length].to_vec()));
	}
}

/// Notes every phase of a connection.
fn phases(connection: &Connection) -> Arc<Mutex<Vec<Phase>>> {
	let (noted, mut status) = (Arc::<Mutex<Vec<Phase>>>::default(), connection.status());
	let all = noted.clone();
	tokio::spawn(async move {
		while status.changed().await.is_ok() {
			let now = status.borrow_and_update().phase;
			let mut all = all.lock().unwrap();
			if all.last() != Some(&now) {
				all.push(now);
			}
		}
	});
	noted
}

async fn connected(connection: &Connection) {
	let status = connection.status();
	until("connected", || status.borrow().phase == Phase::Connected).await;
}

/// A fifth hop's worth of loss, both ways, of everything between a customer and its provider.
fn lossy(provider: Ipv4Addr) -> String {
	format!(
		"nft -f - <<'RULES'
table inet bad {{
	chain in {{
		type filter hook prerouting priority 0;
		ip daddr {provider} numgen random mod 100 < 5 drop
		ip saddr {provider} numgen random mod 100 < 5 drop
	}}
}}
RULES"
	)
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_should_converge_and_nobody_be_cut_off_when_a_twentieth_is_lost_each_way() {
	let name = "links::counts_should_converge_and_nobody_be_cut_off_when_a_twentieth_is_lost_each_way";
	if !inside(name, &lossy(Ipv4Addr::new(127, 30, 10, 1))) {
		return;
	}
	let lab = Lab::in_network(30, 10).await;
	let server = ChainServer::of(&[&lab]).await;
	let files = Files::start(lab.server()).await;
	let place = ProviderPlace::of(&lab, &server);
	let provider = place.provide(server.remote()).await;
	let mut connection = CustomerPlace::of(&lab, &server, 1).connect(server.remote()).await.unwrap();
	let phases = phases(&connection);
	connected(&connection).await;
	// Several at once: TCP alone does not fill a line that loses so much.
	let (streams, bytes) = (extent(6, 12), extent(1 << 20, 8 << 20));
	let began = Instant::now();
	let fetches = (0..streams).map(|number| {
		let (socks, port) = (connection.socks(), files.port());
		tokio::spawn(async move {
			let from = number * bytes;
			let received = patient_fetch(socks, port, from, bytes).await;
			assert_eq!(hash(&received), hash(&Files::content(from, bytes)));
		})
	});
	for fetch in fetches.collect::<Vec<_>>() {
		fetch.await.unwrap();
	}
	let rate = (streams * bytes * 8) as f64 / began.elapsed().as_secs_f64() / 1e6;
	let standing = connection.status().borrow().clone();
	let stopped = connection.stop().await;
	assert!(matches!(stopped.ending, Ending::Asked), "{stopped:?}");
	let seen = phases.lock().unwrap().clone();
	assert!(!seen.contains(&Phase::Reconnecting), "{seen:?}, {standing:?}");
	provider.stop().await;

	let journal = Journal::open(&lab.customer_state(), chain::GENESIS).unwrap();
	let ours = journal.all().unwrap()[0].1.paid;
	let theirs = kept(&place).await;
	assert_eq!(ours.voucher, theirs.voucher);
	let (counted, served) = (ours.counted, theirs.served);
	// A twentieth is lost each way: what the provider sent and what the customer sent.
	let lost = 1.0 - counted.down as f64 / served.down as f64;
	println!(
		"5 % lost each way: {rate:.1} Mbit/s by {streams} connections; the provider has counted {served:?}, the customer \
		 {counted:?}; {:.1} % lost towards it",
		lost * 100.0
	);
	assert!((0.03..0.08).contains(&lost), "{ours:?}, {theirs:?}");
	// The customer pays for what arrived; the provider concedes the rest.
	let owed = weir_math::economy::channel::charge(counted.total(), 0, chain::PRICE).unwrap();
	// And at first for a window ahead, by the rate of then, which is not used up here.
	let ahead = weir_math::economy::channel::charge(window::MOST_BYTES, 0, chain::PRICE).unwrap();
	let signed = ours.voucher.unwrap().voucher.credits;
	assert!(
		signed >= owed - owed / 50 && signed <= owed + owed / 50 + ahead + 10,
		"{signed}, {owed} + {ahead}"
	);
	assert_eq!(server.chain.paid(), signed);
}

/// On a line that loses much a connection may take long; it is not to break.
async fn patient_fetch(socks: SocketAddr, port: u16, from: u64, bytes: u64) -> Vec<u8> {
	let mut stream = dial(socks, NAME, port).await.expect("a connection");
	stream.write_u64(from).await.unwrap();
	stream.write_u64(bytes).await.unwrap();
	let mut received = vec![];
	let all = stream.read_to_end(&mut received);
	tokio::time::timeout(Duration::from_secs(300), all).await.expect("within five minutes").unwrap();
	received
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hops_should_carry_when_no_packet_may_be_longer_than_1280() {
	let name = "links::two_hops_should_carry_when_no_packet_may_be_longer_than_1280";
	if !inside(name, "ip link set lo mtu 1280") {
		return;
	}
	let (entry, exit) = (Lab::in_network(31, 10).await, Lab::in_network(32, 20).await);
	let server = ChainServer::of(&[&entry, &exit]).await;
	let files = Files::start(exit.server()).await;
	let chain = server.remote();
	let providers = [
		ProviderPlace::of(&entry, &server).provide(chain.clone()).await,
		ProviderPlace::of(&exit, &server).provide(chain.clone()).await,
	];
	let mut connection = CustomerPlace::of(&exit, &server, 2).connect(chain).await.unwrap();
	connected(&connection).await;
	let bytes = 2 << 20;
	let received = fetch(connection.socks(), NAME, files.port(), 0, bytes).await.unwrap();
	assert_eq!(hash(&received), hash(&Files::content(0, bytes)));
	let stopped = connection.stop().await;
	assert!(matches!(stopped.ending, Ending::Asked), "{stopped:?}");
	for provider in providers {
		provider.stop().await;
	}
	assert_eq!(server.chain.channels(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn tunnel_should_carry_when_there_is_ipv6_alone_between_customer_and_provider() {
	let name = "links::tunnel_should_carry_when_there_is_ipv6_alone_between_customer_and_provider";
	const PROVIDER: Ipv6Addr = Ipv6Addr::new(0xfd00, 7, 0, 0, 0, 0, 0, 1);
	// By IPv4 nobody reaches it.
	let setup = format!("ip address add {PROVIDER}/128 dev lo\nnft add table ip bad\n");
	if !inside(name, &setup) {
		return;
	}
	let lab = Lab::in_network(33, 10).await;
	let server = ChainServer::of(&[&lab]).await;
	let endpoint = Endpoint::V6 { addr: PROVIDER.octets(), port: lab.port() };
	server.register(lab.provider_account(), endpoint);
	let files = Files::start(lab.server()).await;
	let place = ProviderPlace { bind: PROVIDER.to_string(), ..ProviderPlace::of(&lab, &server) };
	let provider = place.provide(server.remote()).await;
	let mut connection = CustomerPlace::of(&lab, &server, 1).connect(server.remote()).await.unwrap();
	connected(&connection).await;
	let received = fetch(connection.socks(), NAME, files.port(), 0, 1 << 20).await.unwrap();
	assert_eq!(hash(&received), hash(&Files::content(0, 1 << 20)));
	let stopped = connection.stop().await;
	assert!(matches!(stopped.ending, Ending::Asked), "{stopped:?}");
	provider.stop().await;
	assert!(server.chain.paid() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_should_fail_soon_and_addresses_work_when_the_exits_resolver_is_broken() {
	let lab = Lab::in_network(34, 10).await;
	let server = ChainServer::of(&[&lab]).await;
	let files = Files::start(lab.server()).await;
	// It takes questions and answers none.
	let silent = StdSocket::bind("127.34.13.1:0").unwrap();
	let resolver = silent.local_addr().unwrap().to_string();
	let place = ProviderPlace { resolver, ..ProviderPlace::of(&lab, &server) };
	let provider = place.provide(server.remote()).await;
	let mut connection = CustomerPlace::of(&lab, &server, 1).connect(server.remote()).await.unwrap();
	let phases = phases(&connection);
	connected(&connection).await;
	let (socks, began) = (connection.socks(), Instant::now());
	let refused = fetch(socks, NAME, files.port(), 0, 10).await.unwrap_err();
	// Host unreachable, or it took too long: what curl and browsers tell as a name that is not found.
	assert!([4, 6].contains(&refused), "reply {refused}");
	assert!(began.elapsed() < Duration::from_secs(25), "{:?}", began.elapsed());
	let address = lab.server().to_string();
	assert_eq!(fetch(socks, &address, files.port(), 0, 1_000).await, Ok(Files::content(0, 1_000)));
	assert!(!phases.lock().unwrap().contains(&Phase::Reconnecting), "a resolver is no provider");
	connection.stop().await;
	provider.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn customer_should_be_told_whose_clock_is_off_when_its_join_is_ten_minutes_ahead() {
	let lab = Lab::in_network(35, 10).await;
	let server = ChainServer::of(&[&lab]).await;
	let provider = ProviderPlace::of(&lab, &server).provide(server.remote()).await;
	let place = CustomerPlace::of(&lab, &server, 1);
	let mut connection = place.connect(server.remote()).await.unwrap();
	connected(&connection).await;
	connection.stop().await;
	drop(connection);
	// As after a session that was signed by a clock ten minutes ahead.
	let journal = Journal::open(place.state.as_ref(), chain::GENESIS).unwrap();
	let ahead = weir_tunnel::clock::now() + 600_000_000;
	for (key, _) in journal.all().unwrap() {
		journal.update(&key, |kept| kept.joined_at = ahead).unwrap();
	}
	drop(journal);
	let began = Instant::now();
	let mut connection = place.connect(server.remote()).await.unwrap();
	let stopped = tokio::time::timeout(Duration::from_secs(60), connection.ended()).await.expect("it ends");
	let Ending::Failed(error) = stopped.ending else { panic!("{stopped:?}") };
	let error = format!("{error:#}");
	println!("{error}");
	assert!(error.contains("600 s") && error.lines().count() == 1, "{error}");
	assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
	assert_eq!(server.chain.channels(), 1);
	provider.stop().await;
}

#[test]
fn slow_line_should_take_as_long_as_it_is_told() {
	let runtime = tokio::runtime::Runtime::new().unwrap();
	runtime.block_on(async {
		let far = UdpSocket::bind("127.0.0.1:0").await.unwrap();
		let listen = SocketAddr::new(IpAddr::from([127, 36, 0, 1]), far.local_addr().unwrap().port());
		let _line = SlowLine::start(listen, far.local_addr().unwrap(), Duration::from_millis(30)).await;
		let near = UdpSocket::bind("127.0.0.1:0").await.unwrap();
		let began = Instant::now();
		near.send_to(b"there", listen).await.unwrap();
		let mut buffer = [0; 16];
		let (_, from) = far.recv_from(&mut buffer).await.unwrap();
		far.send_to(b"back", from).await.unwrap();
		let (length, from) = near.recv_from(&mut buffer).await.unwrap();
		assert_eq!((&buffer[..length], from), (&b"back"[..], listen));
		assert!((60..200).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
	});
}
