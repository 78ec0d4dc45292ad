//! Engines, two of each kind at a time, and what goes through them.

use crate::{
	figures::Sample,
	ground::{inside, run, INNER, LINK, SIDES},
};
use anyhow::{bail, ensure, Context, Result};
use clap::ValueEnum;
use gotatun::x25519::{PublicKey, StaticSecret};
use std::{
	fs,
	io::{BufRead, BufReader, Read, Write},
	net::{IpAddr, SocketAddr},
	os::unix::net::UnixStream,
	path::Path,
	process::{Child, ChildStdin, Command, Stdio},
	sync::Arc,
	thread,
	time::{Duration, Instant},
};
use weir_tunnel::{
	engine::{self, Caps, Traffic},
	tun::Tun,
};

/// Inside the tunnels: with 60 to 80 bytes around it a packet fits the link.
const MTU: u16 = 1_420;
/// Where the engines of others listen.
const PORT: u16 = 51_820;
const TUNS: [&str; 2] = ["wgc", "wgp"];
/// What a start takes at most.
const PATIENCE: Duration = Duration::from_secs(20);

/// Who carries packets.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Engine {
	/// Weir's.
	Weir,
	/// wireguard-go.
	WireguardGo,
	/// boringtun-cli.
	Boringtun,
}

impl Engine {
	/// In the order of a round.
	pub(crate) const ALL: [Self; 3] = [Self::Weir, Self::WireguardGo, Self::Boringtun];

	/// As the table calls it.
	pub(crate) fn name(self) -> &'static str {
		match self {
			Self::Weir => "weir",
			Self::WireguardGo => "wireguard-go",
			Self::Boringtun => "boringtun-cli",
		}
	}
}

/// One end of Weir's tunnel, as `connect` and `provide` have it: it says its key and port, reads the other end's, and serves until
/// its input ends.
#[tokio::main]
pub(crate) async fn serve(tun: &str, address: IpAddr, towards: Option<IpAddr>) -> Result<()> {
	let tun = Tun::open(tun, MTU).context("opening the TUN device")?;
	let meter = Arc::new(Traffic::default());
	let engine = match towards {
		Some(provider) => engine::Engine::start_guest_on_tun(provider, address, tun, meter).await?,
		None => {
			let caps = Caps::default();
			engine::Engine::start_serving_on_tun(address, PORT, caps, tun, meter).await?.0
		}
	};
	println!("{} {}", hex::encode(engine.public()), engine.port());
	let (told, mut heard) = tokio::sync::mpsc::channel(1);
	thread::spawn(move || {
		for line in std::io::stdin().lines().map_while(Result::ok) {
			let _ = told.blocking_send(line);
		}
	});
	let line = heard.recv().await.context("nobody named the other end")?;
	let (key, port) = line.split_once(' ').context("key and port")?;
	let mut public = [0; 32];
	hex::decode_to_slice(key, &mut public).context("a key")?;
	match towards {
		Some(provider) => {
			let there = SocketAddr::new(provider, port.trim().parse().context("a port")?);
			engine.add_peer_for_all(public, Some(there)).await?;
		}
		None => engine.add_peer(public, INNER[0].parse()?, None).await?,
	}
	while heard.recv().await.is_some() {}
	engine.stop().await;
	Ok(())
}

/// A process that ends with its owner.
struct Process {
	child: Child,
	/// Closed, it tells Weir's end to stop.
	input: Option<ChildStdin>,
}

impl Process {
	/// Of a command in a namespace, which is replaced by the program itself.
	fn start(command: &mut Command) -> Result<Self> {
		let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
		let input = child.stdin.take();
		Ok(Self { child, input })
	}

	/// Its next line.
	fn line(&mut self) -> Result<String> {
		let output = self.child.stdout.as_mut().context("no output")?;
		let mut line = String::new();
		BufReader::with_capacity(1, output).read_line(&mut line)?;
		ensure!(!line.is_empty(), "it ended without a word");
		Ok(line.trim().to_owned())
	}

	fn tell(&mut self, line: &str) -> Result<()> {
		writeln!(self.input.as_mut().context("no input")?, "{line}").context("telling an end")
	}

	/// Processor time so far, in ticks of 10 ms.
	fn ticks(&self) -> Result<u64> {
		let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
		// Behind the name, which may hold anything: user and system time are the 12th and 13th.
		let fields = stat.rsplit_once(')').context("stat")?.1.split_whitespace().skip(11).take(2);
		fields.map(|field| field.parse::<u64>().context("ticks")).sum()
	}

	/// Most memory that it ever had, in MB.
	fn resident_mb(&self) -> Result<u64> {
		let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
		let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("VmHWM")?;
		Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? / 1_024)
	}
}

impl Drop for Process {
	fn drop(&mut self) {
		self.input = None;
		let _ = self.child.kill();
		let _ = self.child.wait();
	}
}

/// Two engines, and a way through them.
pub(crate) struct Tunnel {
	ends: [Process; 2],
}

/// Starts one of an engine in each namespace, and waits until packets pass.
pub(crate) fn start(engine: Engine, wireguard_go: &Path, boringtun: &Path) -> Result<Tunnel> {
	let ends = match engine {
		Engine::Weir => start_weir()?,
		Engine::WireguardGo => start_others(&[wireguard_go.to_str().context("path")?, "--foreground"])?,
		// One thread moves more than several.
		Engine::Boringtun => {
			let words = [
				boringtun.to_str().context("path")?,
				"--foreground",
				"--disable-drop-privileges",
				"--threads",
				"1",
			];
			start_others(&words)?
		}
	};
	for ((side, tun), inner) in SIDES.iter().zip(TUNS).zip(INNER) {
		run(&format!("ip -n {side} address add {inner}/24 dev {tun}"))?;
		run(&format!("ip -n {side} link set {tun} up mtu {MTU}"))?;
	}
	let begun = Instant::now();
	while !inside(SIDES[0], "ping").args(["-c1", "-W1", INNER[1]]).stdout(Stdio::null()).status()?.success() {
		ensure!(begun.elapsed() < PATIENCE, "no packet passes");
	}
	Ok(Tunnel { ends })
}

fn start_weir() -> Result<[Process; 2]> {
	let this = std::env::current_exe()?;
	let this = this.to_str().context("path")?;
	let end = |side: usize, more: &[&str]| {
		let words = ["end", "--tun", TUNS[side], "--address", LINK[side]];
		Process::start(inside(SIDES[side], this).args(words).args(more))
	};
	let mut customer = end(0, &["--towards", LINK[1]])?;
	let mut provider = end(1, &[])?;
	let (theirs, ours) = (provider.line()?, customer.line()?);
	provider.tell(&ours)?;
	customer.tell(&theirs)?;
	Ok([customer, provider])
}

/// Starts engines that are told by the cross-platform interface of WireGuard.
fn start_others(words: &[&str]) -> Result<[Process; 2]> {
	let secrets = [1u8, 2].map(|byte| StaticSecret::from([byte; 32]));
	let publics = [0, 1].map(|side| hex::encode(PublicKey::from(&secrets[side]).to_bytes()));
	let start = |side: usize| -> Result<Process> {
		let mut command = inside(SIDES[side], words[0]);
		// wireguard-go warns of kernels that have WireGuard.
		command.args(&words[1..]).arg(TUNS[side]).env("LOG_LEVEL", "silent").stderr(Stdio::null());
		let process = Process::start(&mut command)?;
		let there = 1 - side;
		let key = hex::encode(secrets[side].to_bytes());
		let peer = &publics[there];
		let endpoint = format!("{}:{PORT}", LINK[there]);
		let orders = format!(
			"set=1\nprivate_key={key}\nlisten_port={PORT}\nreplace_peers=true\npublic_key={peer}\nendpoint={endpoint}\n\
			allowed_ip={}/32\n\n",
			INNER[there]
		);
		tell(TUNS[side], &orders)?;
		Ok(process)
	};
	Ok([start(0)?, start(1)?])
}

fn tell(tun: &str, orders: &str) -> Result<()> {
	let path = format!("/var/run/wireguard/{tun}.sock");
	let begun = Instant::now();
	let mut socket = loop {
		match UnixStream::connect(&path) {
			Ok(socket) => break socket,
			Err(error) if begun.elapsed() > PATIENCE => return Err(error).context(path),
			Err(_) => thread::sleep(Duration::from_millis(50)),
		}
	};
	socket.write_all(orders.as_bytes())?;
	socket.set_read_timeout(Some(PATIENCE))?;
	let mut answer = [0; 64];
	let length = socket.read(&mut answer)?;
	let answer = String::from_utf8_lossy(&answer[..length]);
	ensure!(answer.starts_with("errno=0"), "{tun}: {}", answer.trim());
	Ok(())
}

impl Tunnel {
	/// Measures for `seconds` what `flows` connections carry from customer to provider, or back.
	pub(crate) fn sample(&self, seconds: u32, flows: u32, is_reverse: bool) -> Result<Sample> {
		let mut server = inside(SIDES[1], "iperf3");
		let mut server = server.args(["-s", "-1"]).stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
		thread::sleep(Duration::from_millis(300));
		let mut client = inside(SIDES[0], "iperf3");
		let (seconds, flows) = (seconds.to_string(), flows.to_string());
		client.args(["-c", INNER[1], "-J", "-C", "cubic", "-O", "1", "-t", &seconds, "-P", &flows]);
		if is_reverse {
			client.arg("-R");
		}
		let ticks = || self.ends.iter().map(Process::ticks).sum::<Result<u64>>();
		let before = ticks()?;
		let output = client.output()?;
		let spent = ticks()?.saturating_sub(before);
		let _ = server.kill();
		server.wait()?;
		let report: serde_json::Value = serde_json::from_slice(&output.stdout).context("iperf3")?;
		if let Some(error) = report.get("error") {
			bail!("iperf3: {error}");
		}
		let received = report.pointer("/end/sum_received").context("iperf3 says no sum")?;
		let bits = received.get("bits_per_second").and_then(|bits| bits.as_f64()).context("no rate")?;
		// Processor time counts what was left out of the rate too: so do the bytes.
		let intervals =
			report.pointer("/intervals").and_then(|all| all.as_array()).context("no intervals")?;
		let bytes: f64 =
			intervals.iter().filter_map(|interval| interval.pointer("/sum/bytes")?.as_f64()).sum();
		ensure!(bytes > 0.0, "nothing passed");
		let resident_mb = self.ends.iter().map(Process::resident_mb).collect::<Result<Vec<_>>>()?;
		Ok(Sample {
			mbps: bits / 1e6,
			cpu_seconds_per_gb: spent as f64 / 100.0 / (bytes / 1e9),
			resident_mb: resident_mb.into_iter().max().unwrap_or(0),
		})
	}
}
