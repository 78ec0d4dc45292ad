//! `weir-tunnel provide init`: from an account with tokens to a registered provider. Without `--yes` it shows what it would do and
//! what that costs. It can be run again at any time: what is done is not done twice.
//!
//! * `wish`: what was typed. `plan`: which calls lead there. `files`: keys and configuration. `pausing`: pause and resume.

mod files;
mod pausing;
mod plan;
mod wish;

pub(crate) use pausing::{pause, PauseOptions};
pub(crate) use wish::{weir, InitOptions};

use crate::{
	advice,
	chain::{socket_address, Account, ChainView, Client, Registry, RegistryCall},
	config,
};
use anyhow::{anyhow, bail, Context, Result};
use files::Files;
use plan::{plan, Found, Keys, Plan};
use serde_json::{json, Value};
use std::{path::PathBuf, process::ExitCode, str::FromStr, time::Duration};
use weir_primitives::chain::{AccountId, Balance};
use wish::{in_words, Wish};

/// What an earlier run has sent is waited for so long.
const PENDING: Duration = Duration::from_secs(90);
/// Between two looks at it.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The chain as this needs it.
#[derive(Clone, Copy)]
struct Chain<'a> {
	registry: &'a dyn Registry,
	view: &'a dyn ChainView,
}

/// What a run would do, or has done.
struct Bill {
	account: AccountId,
	plan: Plan,
	fee: Balance,
	has: Balance,
	/// Epochs until a bond is back.
	unbonding: u32,
	hours_of_epoch: u64,
}

impl Bill {
	fn total(&self) -> Balance {
		self.plan.bond.saturating_add(self.plan.claims).saturating_add(self.fee)
	}

	/// Grains that are missing.
	fn missing(&self) -> Balance {
		self.total().saturating_sub(self.has)
	}
}

/// Runs `provide init`.
pub(crate) async fn init(
	options: &InitOptions,
	json: bool,
	say: impl Fn(String) -> Result<()>,
) -> Result<ExitCode> {
	let wish = options.wish()?;
	config::check_endpoints(&options.chain).map_err(|error| anyhow!("--chain: {error}"))?;
	let genesis = options.genesis.as_deref().map(config::genesis).transpose().context("--genesis")?;
	let owner = match (&options.key, &options.account) {
		(Some(key), _) => Owner::Key(Box::new(Account::load(key)?)),
		(None, Some(account)) => {
			let read = AccountId::from_str(account);
			Owner::Address(read.map_err(|error| {
				anyhow!(
					"--account: {} is neither an address nor 32 bytes of hex ({error})",
					advice::one_line(account)
				)
			})?)
		}
		(None, None) => bail!("name the file of the account that bonds with --key"),
	};
	// Before the chain is waited for: what is wrong on this machine.
	Files::new(options).check_config(owner.id(), options, &wish)?;
	let chain = Client::connect(&options.chain, genesis).await?;
	run(options, &wish, &owner, Chain { registry: &chain, view: &chain }, json, say).await
}

/// Who bonds.
enum Owner {
	/// It can sign.
	Key(Box<Account>),
	/// It can only be looked at.
	Address(AccountId),
}

impl Owner {
	fn id(&self) -> &AccountId {
		match self {
			Self::Key(account) => account.id(),
			Self::Address(account) => account,
		}
	}
}

async fn run(
	options: &InitOptions,
	wish: &Wish,
	owner: &Owner,
	chain: Chain<'_>,
	json: bool,
	say: impl Fn(String) -> Result<()>,
) -> Result<ExitCode> {
	let files = Files::new(options);
	let missing = files.missing();
	if !options.yes {
		let keys = files.keys()?.unwrap_or_else(Keys::unknown);
		let bill = bill(wish, &keys, owner.id(), chain).await?;
		return show(options, wish, &bill, &missing, json, say);
	}
	let Owner::Key(account) = owner else {
		bail!("--yes: needs the key of the account; name its file with --key")
	};
	// What cannot be paid for leaves nothing behind.
	let before = bill(wish, &files.keys()?.unwrap_or_else(Keys::unknown), account.id(), chain).await?;
	afford(&before)?;
	files.make(&files::config(account.id(), options, wish, &files))?;
	settle_pending(account.id(), chain).await?;
	let keys = files.keys()?.context("the keys that were made are gone; run it again")?;
	let due = bill(wish, &keys, account.id(), chain).await?;
	afford(&due)?;
	if !due.plan.calls.is_empty() {
		if !json {
			say("sending; it takes about a minute until it is final".into())?;
		}
		chain.registry.submit(account, &due.plan.calls).await?;
	}
	let provider = chain.view.provider(account.id()).await?;
	let provider = provider.context("the registration is not in the best block; run it again in a minute")?;
	done(options, wish, &due, &missing, provider.index, json, say)
}

/// Reads the chain and plans.
async fn bill(wish: &Wish, keys: &Keys, owner: &AccountId, chain: Chain<'_>) -> Result<Bill> {
	let claims = match keys.claims {
		[0, ..] if *keys == Keys::unknown() => Default::default(),
		claims => chain.registry.holding(&claims.into()).await?,
	};
	let found = Found {
		bonds: chain.registry.bonds(owner).await?,
		needed: chain.registry.claim_bond(wish.claim.effective_kbps()).await?,
		provider: chain.view.provider(owner).await?,
		owner: chain.registry.holding(owner).await?,
		claims,
		prices: chain.registry.prices().await?,
	};
	if bytes_equal(owner, &keys.claims) {
		bail!("claim.key: is the key of the account that bonds; move it away, and another one is made");
	}
	let plan = plan(wish, keys, &found)?;
	let timing = chain.view.timing().await?;
	let fee = if plan.calls.is_empty() { 0 } else { chain.registry.fee(&plan.calls).await? };
	let epoch_millis = timing.slot_millis.saturating_mul(timing.epoch_slots.into());
	Ok(Bill {
		account: owner.clone(),
		plan,
		fee,
		has: found.owner.usable,
		unbonding: timing.provider_unbonding_epochs(),
		hours_of_epoch: epoch_millis / 3_600_000,
	})
}

fn bytes_equal(account: &AccountId, bytes: &[u8; 32]) -> bool {
	crate::chain::bytes32(account) == *bytes
}

fn afford(bill: &Bill) -> Result<()> {
	if bill.missing() > 0 {
		bail!(
			"{} has {} free, and {} are needed; send {} to it, then run the same again",
			bill.account,
			weir(bill.has),
			weir(bill.total()),
			weir(bill.missing())
		);
	}
	Ok(())
}

/// Waits until what an earlier run has sent is in a block: sent twice, the second one would fail and cost its fee.
async fn settle_pending(who: &AccountId, chain: Chain<'_>) -> Result<()> {
	let waited = async {
		while chain.registry.next_nonce(who).await? > chain.registry.holding(who).await?.nonce {
			tokio::time::sleep(LOOK_EVERY).await;
		}
		anyhow::Ok(())
	};
	tokio::time::timeout(PENDING, waited).await.map_err(|_| {
		anyhow!("a transaction of {who} waits in the node's pool; run it again when it is in a block")
	})?
}

/// A call with its amount.
fn call_line(call: &RegistryCall) -> String {
	let more = match call {
		RegistryCall::Bond(amount) | RegistryCall::BondMore(amount) => weir(*amount),
		RegistryCall::Transfer { amount, .. } => {
			format!("{} to the account that claims, for its fees", weir(*amount))
		}
		RegistryCall::Register { .. } => "the registration above".into(),
		RegistryCall::Update(_) => "what is other than registered".into(),
		RegistryCall::SetClaim(_) => "from the next epoch on; a higher claim is admitted anew".into(),
		RegistryCall::SetProbeKey(_) => "from the next epoch on".into(),
		RegistryCall::Pause | RegistryCall::Resume => String::new(),
	};
	format!("  {:<30} {more}", call.name())
}

fn wish_lines(wish: &Wish) -> Vec<String> {
	let mbps = |kbps: u32| format!("{}", f64::from(kbps) / 1_000.0);
	let or_none = |number: u32, unit: &str| match number {
		0 => "none".to_owned(),
		number => format!("{number} {unit}"),
	};
	let endpoint = socket_address(&wish.endpoint).map_or_else(String::new, |address| address.to_string());
	vec![
		format!(
			"claim          {} Mbit/s down, {} Mbit/s up",
			mbps(wish.claim.down_kbps),
			mbps(wish.claim.up_kbps)
		),
		format!("registration   {}, at {endpoint}", in_words(wish)),
		format!(
			"caps           rate {}, month {}, sessions {}",
			or_none(wish.caps.rate_kbps, "kbit/s"),
			or_none(wish.caps.gb_per_month, "GB"),
			wish.caps.sessions
		),
	]
}

fn as_json(wish: &Wish, bill: &Bill, missing: &[PathBuf]) -> Value {
	// Grains as texts: a number of JSON is not as long as that.
	json!({
		"account": bill.account.to_string(),
		"registration": {
			"claim": wish.claim, "endpoint": socket_address(&wish.endpoint), "region": wish.region, "exit": wish.exit,
			"price_credits_per_gb": wish.price, "caps": wish.caps,
		},
		"calls": bill.plan.calls.iter().map(RegistryCall::name).collect::<Vec<_>>(),
		"bond": bill.plan.bond.to_string(), "claims": bill.plan.claims.to_string(), "fee": bill.fee.to_string(),
		"total": bill.total().to_string(), "has": bill.has.to_string(), "missing": bill.missing().to_string(),
		"unbonding_epochs": bill.unbonding, "files": missing,
	})
}

/// Shows what `--yes` would do.
fn show(
	options: &InitOptions,
	wish: &Wish,
	bill: &Bill,
	missing: &[PathBuf],
	json: bool,
	say: impl Fn(String) -> Result<()>,
) -> Result<ExitCode> {
	if json {
		say(as_json(wish, bill, missing).to_string())?;
		return Ok(ExitCode::SUCCESS);
	}
	say(format!("account        {}, {} free", bill.account, weir(bill.has)))?;
	wish_lines(wish).into_iter().try_for_each(&say)?;
	if !wish.endpoint.is_public() {
		say("               this address is not public: networks but those for tests refuse it".into())?;
	}
	for file in missing {
		say(format!("makes          {}", file.display()))?;
	}
	if bill.plan.calls.is_empty() {
		say("sends          nothing: the chain has all of it".into())?;
	} else {
		say("sends          in one transaction, all or nothing:".into())?;
		bill.plan.calls.iter().map(call_line).try_for_each(&say)?;
	}
	let days = u64::from(bill.unbonding).saturating_mul(bill.hours_of_epoch) / 24;
	say(format!(
		"bond           {}, held; back {} epochs ({days} days) after it is unbonded, less what was slashed",
		weir(bill.plan.bond),
		bill.unbonding
	))?;
	say(format!("claims' fees   {}", weir(bill.plan.claims)))?;
	say(format!("fee            {}", weir(bill.fee)))?;
	say(format!("in all         {}", weir(bill.total())))?;
	match bill.missing() {
		0 => {}
		missing => say(format!("missing        {}: send them to the account first", weir(missing)))?,
	}
	say("Nothing was sent or written. The same with --yes does it.".into())?;
	if options.key.is_none() {
		say("That needs the account's key: --key FILE instead of --account.".into())?;
	}
	Ok(ExitCode::SUCCESS)
}

/// Says what was done, and what comes next.
fn done(
	options: &InitOptions,
	wish: &Wish,
	bill: &Bill,
	made: &[PathBuf],
	index: u32,
	json: bool,
	say: impl Fn(String) -> Result<()>,
) -> Result<ExitCode> {
	if json {
		let mut value = as_json(wish, bill, made);
		value["provider"] = index.into();
		say(value.to_string())?;
		return Ok(ExitCode::SUCCESS);
	}
	for file in made {
		say(format!("made           {}", file.display()))?;
	}
	for call in &bill.plan.calls {
		say(format!("done           {}", call.name()))?;
	}
	if bill.plan.calls.is_empty() {
		say("nothing was left to send".into())?;
	}
	let port = wish.endpoint.port().unwrap_or_default();
	let config = options.config.display();
	say(format!("registered as provider {index}; in service from the next epoch on. Next:"))?;
	say(format!("  1. have UDP and TCP port {port} reach this machine"))?;
	say(format!("  2. systemctl enable --now weir-tunnel      or: weir-tunnel run --config {config}"))?;
	say(format!("  3. weir-tunnel doctor --config {config}"))?;
	say(format!(
		"Keep a copy of {}, and put the account's key back where it is safe: the sidecar does not need it.",
		options.state.display()
	))?;
	Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests;
