//! A tunnel that another WireGuard carries: this process joins, writes what `wg-quick` reads, and goes on paying.
//!
//! It sees no packet. What the provider counts is paid, lost packets included; unless the interface is on this machine and named:
//! then no more than WireGuard itself has counted there.

use super::{
	journal::Journal,
	route::Hop,
	session::{self, Asker, Lost, Outside, Over, Purse},
	why_outside, Attempts, Customer, Ending, Market, Phase, Settings, Status, Stopped, STOP_PATIENCE,
};
use crate::{
	advice,
	chain::{bytes32, Account},
	clock,
	tasks::{on_disk, Task},
};
use anyhow::{anyhow, bail, ensure, Result};
use gotatun::x25519::{PublicKey, StaticSecret};
use std::{
	fs::{self, OpenOptions},
	io::Write,
	net::{Ipv4Addr, SocketAddr},
	os::unix::fs::OpenOptionsExt,
	path::{Path, PathBuf},
	sync::Arc,
	time::Duration,
};
use tokio::sync::{oneshot, watch};
use weir_primitives::channels_api::ChannelState;
use weir_tunnel_core::{
	session::{sign_join, Asked, Direction, Order},
	wire::{Join, Joined, Request, Response, Standing, Usage},
	Micros,
};
use zeroize::Zeroizing;

/// The first line of a file that this program may write over.
const MARK: &str = "# Written by weir-tunnel";
/// Between two questions of how much has moved, while something does and while nothing does. The control plane takes eight
/// requests a second from one prefix.
const POLL: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(1));
/// So many questions in a row without an answer, and the provider is gone.
const MOST_SILENT: u32 = 3;
/// What a provider says in farewell is waited for no longer than this.
const FAREWELL: Duration = Duration::from_secs(2);
/// What a customer says that counts nothing: the provider then concedes nothing as lost.
const UNCOUNTED: Usage = Usage { down: u64::MAX, up: u64::MAX };
/// Keeps the way back open through an address translation.
const KEEPALIVE_SECONDS: u32 = 25;
/// Longest name of an interface on Linux.
const MOST_NAME: usize = 15;
/// With less than this left to be paid for, a channel is used up.
const REST_BYTES: u64 = 128 << 10;

/// What carries the tunnel.
#[derive(Clone, Debug)]
pub struct Stock {
	/// The configuration for `wg-quick` is written here, mode 0600: it holds the tunnel's key.
	pub file: PathBuf,
	/// The interface on this machine whose counts are the most that is paid; none: it is elsewhere, and the provider's count is paid.
	pub interface: Option<String>,
}

/// A paid tunnel that another WireGuard carries. Dropped, it ends without a last voucher, and the next one goes on from what is on
/// disk.
pub struct Tunnel {
	status: watch::Receiver<Status>,
	stop: watch::Sender<bool>,
	over: oneshot::Receiver<Stopped>,
	_task: Task,
}

impl Tunnel {
	/// Finds or opens a channel, joins, and writes the configuration.
	pub async fn start(
		settings: Settings,
		chain: Arc<dyn Market>,
		account: Account,
		stock: Stock,
	) -> Result<Self> {
		ensure!(
			settings.hops == 1,
			"--wireguard-config is for one hop: a stock WireGuard does not nest; leave out --hops"
		);
		ensure!(
			!settings.is_disguised,
			"--wireguard-config cannot be disguised: a stock WireGuard does not scramble; leave out --obfuscate"
		);
		if let Some(name) = &stock.interface {
			check_name(name)?;
		}
		check_file(&stock.file)?;
		let (folder, genesis) = (settings.state.clone(), chain.genesis());
		let journal = Arc::new(on_disk(move || Journal::open(&folder, genesis)).await?);
		let (tell, status) = watch::channel(Status::default());
		let (stop, stopped) = watch::channel(false);
		let (say, over) = oneshot::channel();
		// Nothing goes out by this process.
		let gate = watch::channel(None).0;
		let customer =
			Customer { settings, chain, account, journal, machine: None, status: tell, gate, stop: stopped };
		let task = Task::spawn("stock customer", async move {
			// Nobody may be waiting.
			let _ = say.send(run(customer, stock).await);
		});
		Ok(Self { status, stop, over, _task: task })
	}

	/// Where it stands.
	pub fn status(&self) -> watch::Receiver<Status> {
		self.status.clone()
	}

	/// Waits until it is over.
	pub async fn ended(&mut self) -> Stopped {
		(&mut self.over).await.unwrap_or_else(|_| super::lost(anyhow!("the tunnel ended without a reason")))
	}

	/// Pays what was used, and leaves.
	pub async fn stop(&mut self) -> Stopped {
		self.stop.send_replace(true);
		match tokio::time::timeout(STOP_PATIENCE, self.ended()).await {
			Ok(stopped) => stopped,
			Err(_) => super::lost(anyhow!(
				"it did not end in time; what is on disk is good, and the next run goes on from it"
			)),
		}
	}
}

async fn run(customer: Customer, stock: Stock) -> Stopped {
	let mut stop = customer.stop.clone();
	let funded = tokio::select! {
		funded = customer.fund() => funded,
		_ = stop.changed() => return Stopped { ending: Ending::Asked, hops: Vec::new() },
	};
	let hop = funded.and_then(|(provider, funded)| {
		Ok(Hop::new(customer.chain.clone(), provider, customer.purse(&funded)?))
	});
	let mut hop = match hop {
		Ok(hop) => hop,
		Err(error) => return super::lost(error),
	};
	let ending = connect(&customer, &mut hop, &stock).await;
	Stopped { ending, hops: vec![hop.end()] }
}

/// Joins, and joins again whenever the provider is lost; with one key, so that the configuration stays good where it can.
async fn connect(customer: &Customer, hop: &mut Hop, stock: &Stock) -> Ending {
	let (mut stop, mut attempts) = (customer.stop.clone(), Attempts::default());
	let mut secret = Zeroizing::new([0; 32]);
	if let Err(error) = getrandom::getrandom(secret.as_mut_slice()) {
		return Ending::Failed(anyhow!("the system's randomness: {error}"));
	}
	let public = PublicKey::from(&StaticSecret::from(*secret)).to_bytes();
	let (mut written, mut transfer) = (None, Transfer::default());
	loop {
		customer.tell(std::slice::from_ref(hop), attempts.has_joined);
		let joined = tokio::select! {
			joined = join(hop, public) => joined,
			_ = stop.changed() => return Ending::Asked,
		};
		let note = match joined {
			Ok((asker, joined)) => {
				attempts.joined();
				let note = match export(stock, &secret, hop.provider.address, &joined, &mut written) {
					Ok(note) => note,
					Err(error) => return Ending::Failed(error),
				};
				customer.status.send_modify(|status| (status.phase, status.note) = (Phase::Connected, note));
				transfer.follow(&joined.wireguard);
				let paying = Paying::new(asker, hop, stock, &mut transfer);
				let over = paying.run(customer, hop, &mut stop).await;
				match customer.ending(over, hop) {
					Ok(ending) => return ending,
					Err(lost) => lost.to_string(),
				}
			}
			Err(Outside::Refused(refusal)) => match attempts.refused(refusal, hop.purse.info.id) {
				Ok(note) => note,
				Err(ending) => return ending,
			},
			Err(Outside::Silent) => Lost::Silent.to_string(),
			Err(outside) => return Ending::Failed(why_outside(outside)),
		};
		tracing::warn!(reason = note, "the provider is asked to let us in again");
		customer.status.send_modify(|status| {
			(status.phase, status.note) = (Phase::Reconnecting, Some(note));
		});
		tokio::select! {
			() = tokio::time::sleep(attempts.pause()) => {}
			_ = stop.changed() => return Ending::Asked,
		}
	}
}

async fn join(hop: &Hop, wireguard: [u8; 32]) -> Result<(Asker, Joined), Outside> {
	let (provider, purse) = (&hop.provider, &hop.purse);
	let asker = Asker::new(provider, None).map_err(Outside::Failed)?;
	let join = Join {
		genesis: purse.genesis,
		provider: bytes32(&provider.account),
		channel: purse.info.id,
		wireguard,
		at: purse.next_join().await.map_err(Outside::Failed)?,
	};
	let request = Request::Join { join, signature: sign_join(&purse.key, &join) };
	match asker.ask(request).await.0 {
		Some(Response::Joined(joined)) => {
			session::check(&joined).map_err(Outside::Odd)?;
			purse.payer().joined(clock::now(), &joined.standing);
			Ok((asker, joined))
		}
		Some(Response::Refuse(refusal)) => Err(Outside::Refused(refusal)),
		Some(_) => Err(Outside::Odd("an answer to another question")),
		None => Err(Outside::Silent),
	}
}

/// Writes the configuration, if it is another one than before. Returns what the user has to know.
fn export(
	stock: &Stock,
	secret: &[u8; 32],
	provider: SocketAddr,
	joined: &Joined,
	written: &mut Option<Joined>,
) -> Result<Option<String>> {
	let is_same = |before: &Joined| {
		(before.wireguard, before.port, before.address, before.mtu)
			== (joined.wireguard, joined.port, joined.address, joined.mtu)
	};
	if written.as_ref().is_some_and(is_same) {
		return Ok(None);
	}
	let endpoint = SocketAddr::new(provider.ip(), joined.port);
	write(&stock.file, &configuration(secret, endpoint, joined))?;
	let file = stock.file.display();
	let note = match written.replace(*joined) {
		None => format!("{file} is written: `wg-quick up {file}`"),
		Some(_) => {
			format!("the provider has begun anew and {file} with it: `wg-quick down {file}`, then `up`")
		}
	};
	tracing::info!("{note}");
	Ok(Some(note))
}

/// As `wg-quick` reads it.
fn configuration(secret: &[u8; 32], endpoint: SocketAddr, joined: &Joined) -> Zeroizing<String> {
	let (key, peer) = (Zeroizing::new(base64(secret)), base64(&joined.wireguard));
	let (address, resolver) = (Ipv4Addr::from(joined.address), Ipv4Addr::from(joined.gateway));
	let mtu = joined.mtu.min(crate::net::MTU);
	Zeroizing::new(format!(
		"{MARK}; good while `weir-tunnel connect` runs and pays.\n\
		 # IPv4 alone goes through; ::/0 is named so that nothing goes around it.\n\
		 [Interface]\nPrivateKey = {key}\nAddress = {address}/32\nDNS = {resolver}\nMTU = {mtu}\n\n\
		 [Peer]\nPublicKey = {peer}\nAllowedIPs = 0.0.0.0/0, ::/0\nEndpoint = {endpoint}\n\
		 PersistentKeepalive = {KEEPALIVE_SECONDS}\n",
		key = key.as_str(),
	))
}

/// 32 bytes as WireGuard writes them: RFC 4648, with padding.
fn base64(bytes: &[u8; 32]) -> String {
	const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	let mut text = String::with_capacity(44);
	for chunk in bytes.chunks(3) {
		let three = [0, 1, 2].map(|at| u32::from(chunk.get(at).copied().unwrap_or(0)));
		let bits = (three[0] << 16) | (three[1] << 8) | three[2];
		for place in 0..4usize {
			let letter = usize::try_from((bits >> (18 - 6 * place)) & 0x3f).unwrap_or(0);
			text.push(if place <= chunk.len() { char::from(LETTERS[letter]) } else { '=' });
		}
	}
	text
}

/// Whether the file is missing, or one that this program wrote.
fn check_file(file: &Path) -> Result<()> {
	match fs::read_to_string(file) {
		Ok(text) if text.starts_with(MARK) => Ok(()),
		Ok(_) => {
			bail!("{}: is not of weir-tunnel; name another file with --wireguard-config", file.display())
		}
		Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
		Err(error) => bail!("{}: cannot be read: {} ({error})", file.display(), advice::file(&error)),
	}
}

fn check_name(name: &str) -> Result<()> {
	let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_-.=+".contains(letter);
	ensure!(
		(1..=MOST_NAME).contains(&name.len()) && name.chars().all(is_plain) && !name.starts_with('-'),
		"--wireguard-interface: {} is no interface's name",
		advice::one_line(name)
	);
	Ok(())
}

/// In place of an earlier one at once, and readable by nobody else.
fn write(file: &Path, text: &str) -> Result<()> {
	let new = file.with_extension("new");
	let written = || {
		// One that a crash has left may have another mode.
		match fs::remove_file(&new) {
			Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
			_ => {}
		}
		let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
		out.write_all(text.as_bytes())?;
		out.sync_all()?;
		fs::rename(&new, file)
	};
	written()
		.map_err(|error| anyhow!("{}: cannot be written: {} ({error})", file.display(), advice::file(&error)))
}

/// A session that is paid while another WireGuard carries it.
struct Paying<'a> {
	asker: Asker,
	purse: Purse,
	interface: Option<&'a str>,
	transfer: &'a mut Transfer,
	silent: u32,
	rtt: Option<Micros>,
	is_leaving: bool,
	is_short: bool,
}

impl<'a> Paying<'a> {
	fn new(asker: Asker, hop: &Hop, stock: &'a Stock, transfer: &'a mut Transfer) -> Self {
		Self {
			asker,
			purse: hop.purse.clone(),
			interface: stock.interface.as_deref(),
			transfer,
			silent: 0,
			rtt: None,
			is_leaving: false,
			is_short: false,
		}
	}

	async fn run(mut self, customer: &Customer, hop: &mut Hop, stop: &mut watch::Receiver<bool>) -> Over {
		let over = self.pay(customer, hop, stop).await;
		let journal = self.purse.payer().journal();
		let (kept, key) = (self.purse.journal.clone(), self.purse.voucher_key());
		match on_disk(move || kept.update(&key, |kept| kept.paid = journal)).await {
			Err(error) if !matches!(over, Over::Failed(_)) => Over::Failed(error),
			_ => over,
		}
	}

	async fn pay(&mut self, customer: &Customer, hop: &mut Hop, stop: &mut watch::Receiver<bool>) -> Over {
		let mut before = self.purse.payer().counted();
		loop {
			if let Some(over) = self.obey(&hop.look).await {
				return over;
			}
			let counted = self.purse.payer().counted();
			let pause = if counted == before { POLL.1 } else { POLL.0 };
			before = counted;
			self.tell(&customer.status, hop);
			tokio::select! {
				biased;
				_ = stop.changed(), if !self.is_leaving => {
					self.is_leaving = true;
					customer.status.send_modify(|status| status.phase = Phase::Leaving);
					// The last word on what has moved.
					if let Some(over) = self.poll().await {
						return over;
					}
					self.purse.payer().leave(clock::now());
				}
				Ok(()) = hop.channel.changed() => {
					let now = hop.channel.borrow_and_update().clone();
					match now {
						Some(info) if info.state == ChannelState::Open => {
							self.purse.payer().set_deposited(info.deposited);
							self.purse.info = info;
							self.is_short = false;
						}
						_ if self.is_leaving => {}
						_ => return Over::Ending,
					}
				}
				() = tokio::time::sleep(pause) => {
					if self.is_leaving {
						continue;
					}
					if let Some(over) = self.poll().await {
						return over;
					}
					if self.is_short && self.is_used_up() {
						return Over::UsedUp;
					}
				}
			}
		}
	}

	/// Asks how much has moved.
	async fn poll(&mut self) -> Option<Over> {
		if self.interface.is_some() {
			return self.look().await.err().map(Over::Failed);
		}
		let request = Request::Pay { channel: self.purse.info.id, voucher: None, counted: UNCOUNTED };
		let (response, took) = self.asker.ask(request).await;
		match &response {
			Some(Response::Standing(standing)) => self.count(standing),
			Some(Response::Refuse(refusal)) if !self.is_leaving => {
				return Some(Over::Lost(Lost::Refused(*refusal)));
			}
			_ => {}
		}
		self.hear(response.is_some(), took)
	}

	/// Takes over what the provider charges.
	fn count(&self, standing: &Standing) {
		let mut payer = self.purse.payer();
		let (now, counted) = (clock::now(), payer.counted());
		for (direction, theirs, ours) in [
			(Direction::Down, standing.charged.down, counted.down),
			(Direction::Up, standing.charged.up, counted.up),
		] {
			let more = usize::try_from(theirs.saturating_sub(ours)).unwrap_or(usize::MAX);
			if more > 0 {
				payer.count(now, direction, more);
			}
		}
	}

	/// Counts what WireGuard itself has counted since the last look: no less than what moved inside.
	async fn look(&mut self) -> Result<()> {
		let Some(interface) = self.interface else { return Ok(()) };
		let shown = tokio::process::Command::new("wg").args(["show", interface, "transfer"]).output().await;
		let shown = shown.map_err(|error| {
			anyhow!("--wireguard-interface: `wg` cannot be run ({error}); install wireguard-tools, or leave the option out")
		})?;
		// Not there yet, or for a moment: nothing moves through it either.
		let Some(more) = self.transfer.more(&String::from_utf8_lossy(&shown.stdout)) else { return Ok(()) };
		let mut payer = self.purse.payer();
		let at = clock::now();
		for (direction, more) in [(Direction::Down, more.down), (Direction::Up, more.up)] {
			payer.count(at, direction, usize::try_from(more).unwrap_or(usize::MAX));
		}
		Ok(())
	}

	/// Does what the payer says, until that is nothing.
	async fn obey(&mut self, look: &tokio::sync::Notify) -> Option<Over> {
		loop {
			let order = self.purse.payer().poll(clock::now())?;
			match order {
				Order::Store(journal) => {
					let (kept, key) = (self.purse.journal.clone(), self.purse.voucher_key());
					if let Err(error) = on_disk(move || kept.update(&key, |kept| kept.paid = journal)).await {
						return Some(Over::Failed(error));
					}
					self.purse.payer().stored();
				}
				Order::Ask(asked, request) => {
					if let Some(over) = self.ask(asked, request).await {
						return Some(over);
					}
				}
				Order::Rejoin(None) => return Some(Over::Lost(Lost::Stopped)),
				Order::Rejoin(Some(refusal)) => return Some(Over::Lost(Lost::Refused(refusal))),
				Order::TopUpOrStop => {
					self.is_short = true;
					look.notify_one();
				}
				Order::Dispute(dispute) if self.is_leaving => {
					tracing::warn!(%dispute, "left without a last voucher");
					return Some(Over::Asked);
				}
				Order::Dispute(dispute) => return Some(Over::Dispute(dispute)),
				Order::Leave(request) => {
					let _ = tokio::time::timeout(FAREWELL, self.asker.ask(request)).await;
					return Some(Over::Asked);
				}
			}
		}
	}

	async fn ask(&mut self, asked: Asked, request: Request) -> Option<Over> {
		let request = match (request, self.interface) {
			(Request::Pay { channel, voucher, .. }, None) => {
				Request::Pay { channel, voucher, counted: UNCOUNTED }
			}
			(request, _) => request,
		};
		let (response, took) = self.asker.ask(request).await;
		if let (Some(Response::Standing(standing)), None) = (&response, self.interface) {
			if !self.is_leaving {
				self.count(standing);
			}
		}
		self.purse.payer().answered(clock::now(), asked, response.as_ref());
		self.hear(response.is_some(), took)
	}

	fn hear(&mut self, is_answer: bool, took: Micros) -> Option<Over> {
		if is_answer {
			(self.silent, self.rtt) = (0, Some(took));
			return None;
		}
		self.silent = self.silent.saturating_add(1);
		(self.silent >= MOST_SILENT && !self.is_leaving).then_some(Over::Lost(Lost::Silent))
	}

	/// Whether all that the channel holds is used.
	fn is_used_up(&self) -> bool {
		let payer = self.purse.payer();
		let terms = self.purse.terms();
		terms.bytes_for(terms.funds.deposited).saturating_sub(payer.owed_bytes()) < REST_BYTES
	}

	fn tell(&self, status: &watch::Sender<Status>, hop: &Hop) {
		let payer = self.purse.payer();
		let (counted, exposure) = (payer.counted(), payer.exposure());
		let signed = payer.voucher().map_or(0, |signed| signed.voucher.credits);
		drop(payer);
		let (bytes_before, spent_before) = hop.purse.before;
		let funds = self.purse.terms().funds;
		status.send_modify(|status| {
			(status.bytes_down, status.bytes_up) = (counted.down, counted.up);
			status.run_bytes = counted.total().saturating_sub(bytes_before);
			(status.spent, status.run_spent) = (signed, signed.saturating_sub(spent_before));
			status.rtt_micros = self.rtt.or(status.rtt_micros);
			(status.exposure_bytes, status.exposure_credits) = (exposure.bytes, exposure.credits);
			status.left = funds.deposited.saturating_sub(signed.max(funds.paid));
		});
	}
}

/// What WireGuard has counted of the provider, which it knows by a key.
#[derive(Default)]
struct Transfer {
	peer: String,
	/// Of it, what was taken over.
	seen: Usage,
}

impl Transfer {
	/// Another peer begins at nothing, as its entry in the interface does: nobody else has used it with our key.
	fn follow(&mut self, peer: &[u8; 32]) {
		let peer = base64(peer);
		if self.peer != peer {
			*self = Self { peer, seen: Usage::default() };
		}
	}

	/// How much more there is in what `wg show INTERFACE transfer` says; none if it does not know the peer.
	fn more(&mut self, shown: &str) -> Option<Usage> {
		let line = shown.lines().find_map(|line| line.strip_prefix(self.peer.as_str()))?;
		let mut fields = line.split('\t').skip(1).map(str::parse::<u64>);
		let (Some(Ok(down)), Some(Ok(up))) = (fields.next(), fields.next()) else { return None };
		let before = std::mem::replace(&mut self.seen, Usage { down, up });
		// An interface that was made anew counts from nothing.
		let more = |now: u64, before: u64| if now >= before { now.saturating_sub(before) } else { now };
		Some(Usage { down: more(down, before.down), up: more(up, before.up) })
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::os::unix::fs::PermissionsExt;
	use weir_tunnel_core::wire::Service;

	fn joined() -> Joined {
		Joined {
			wireguard: [2; 32],
			port: 51_820,
			gateway: [100, 64, 0, 1],
			address: [100, 96, 0, 7],
			mtu: 1_400,
			standing: Standing {
				charged: Usage::default(),
				credits: 0,
				sequence: 0,
				allowance_bytes: 0,
				window_bytes: 0,
				is_trusted: false,
				service: Service::Full,
			},
		}
	}

	#[test]
	fn base64_should_be_that_of_wireguard() {
		// By `wg pubkey` of the key of all ones, and `base64` of the bytes.
		let counting: [u8; 32] = std::array::from_fn(|at| at as u8);
		assert_eq!(base64(&counting), "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
		assert_eq!(base64(&[0xff; 32]), "//////////////////////////////////////////8=");
	}

	#[test]
	fn configuration_should_be_written_for_its_owner_alone_and_over_nothing_else() {
		let folder = tempfile::tempdir().unwrap();
		let file = folder.path().join("weir0.conf");
		let stock = Stock { file: file.clone(), interface: None };
		check_file(&file).unwrap();
		let (provider, mut written) = (SocketAddr::from(([192, 0, 2, 1], 9)), None);
		let note = export(&stock, &[1; 32], provider, &joined(), &mut written).unwrap().unwrap();
		assert!(note.contains("wg-quick up") && note.contains("weir0.conf"), "{note}");
		assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
		let text = fs::read_to_string(&file).unwrap();
		for line in
			["Address = 100.96.0.7/32", "DNS = 100.64.0.1", "MTU = 1280", "Endpoint = 192.0.2.1:51820"]
		{
			assert!(text.lines().any(|found| found == line), "{line} in {text}");
		}
		check_file(&file).unwrap();
		// The same again is not written, and another one is told.
		assert_eq!(export(&stock, &[1; 32], provider, &joined(), &mut written).unwrap(), None);
		let other = Joined { address: [100, 96, 0, 8], ..joined() };
		let note = export(&stock, &[1; 32], provider, &other, &mut written).unwrap().unwrap();
		assert!(note.contains("begun anew"), "{note}");
		fs::write(&file, "[Interface]\n").unwrap();
		let error = check_file(&file).unwrap_err().to_string();
		assert!(error.contains("name another file"), "{error}");
	}

	#[test]
	fn transfer_should_be_what_is_new_of_the_provider_alone() {
		let mut transfer = Transfer::default();
		transfer.follow(&[2; 32]);
		let (ours, other) = (base64(&[2; 32]), base64(&[3; 32]));
		for nothing in [String::new(), format!("{other}\t10\t3\n"), format!("{ours}\t10\n")] {
			assert_eq!(transfer.more(&nothing), None, "{nothing}");
		}
		let shown = |down: u64, up: u64| format!("{other}\t1\t1\n{ours}\t{down}\t{up}\n");
		assert_eq!(transfer.more(&shown(10, 3)), Some(Usage { down: 10, up: 3 }), "from the first packet on");
		assert_eq!(transfer.more(&shown(15, 3)), Some(Usage { down: 5, up: 0 }));
		// The same provider lets us in again, then the interface is made anew.
		transfer.follow(&[2; 32]);
		assert_eq!(transfer.more(&shown(16, 4)), Some(Usage { down: 1, up: 1 }));
		assert_eq!(transfer.more(&shown(2, 1)), Some(Usage { down: 2, up: 1 }));
	}

	#[test]
	fn interface_should_be_refused_when_its_name_is_none() {
		for name in ["", "-a", "a b", "../x", "sixteen-letters-"] {
			assert!(check_name(name).is_err(), "{name}");
		}
		check_name("wg0").unwrap();
	}
}
