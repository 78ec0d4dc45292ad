//! A provider's line, and what it says of itself.

use crate::{
	hot::Hot,
	site::{Site, SIDECAR_PORT},
};
use anyhow::Result;
use std::str::FromStr;
use subxt_signer::{sr25519::Keypair, SecretUri};
use weir_primitives::{
	chain::{Balance, WEIR},
	Claim, Endpoint, ExitClass, LineKind, Region,
};

/// What each provider bonds.
const BOND: Balance = 1_000 * WEIR;

/// A provider's line, and what it says of itself.
pub struct Line {
	/// Name in table and logs.
	pub name: String,
	/// True rate, both ways, kbps at the IP layer.
	pub cap_kbps: u32,
	/// Claimed rate, both ways, kbps.
	pub claim_kbps: u32,
	/// What it bonds.
	pub bond: Balance,
	/// Whether it takes a seat and measures others.
	pub attests: bool,
	/// Whether its sidecar keeps the cap. Otherwise the link does.
	pub is_throttled: bool,
	/// The account that claims what customers pay; none: it is only measured.
	pub claims: Option<Hot>,
	/// Where it is.
	pub site: Site,
	number: u8,
	pub(crate) keys: Keypair,
}

impl Line {
	/// The `number`-th provider: a throttled line that attests.
	pub fn new(number: u8, cap_kbps: u32, claim_kbps: u32, site: Site) -> Result<Self> {
		let name = format!("provider{}", number + 1);
		let keys = Keypair::from_uri(&SecretUri::from_str(&format!("//{name}"))?)?;
		Ok(Self {
			name,
			cap_kbps,
			claim_kbps,
			bond: BOND,
			attests: true,
			is_throttled: true,
			claims: None,
			site,
			number,
			keys,
		})
	}

	/// Has it serve customers.
	pub fn serving(self) -> Result<Self> {
		let claims = Hot::new(&format!("//{}//claims", self.name))?;
		Ok(Self { claims: Some(claims), ..self })
	}

	/// Where it lets customers out: whatever they ask for is on this machine, at a port that is not the web's.
	pub fn exit(&self) -> ExitClass {
		match self.claims {
			Some(_) => ExitClass::Open,
			None => ExitClass::Web,
		}
	}

	/// Its account.
	pub fn account(&self) -> [u8; 32] {
		self.keys.public_key().0
	}

	/// Whether it claims no more than it has.
	pub fn is_honest(&self) -> bool {
		self.claim_kbps <= self.cap_kbps
	}

	/// What it claims.
	pub fn claim(&self) -> Claim {
		Claim { down_kbps: self.claim_kbps, up_kbps: self.claim_kbps }
	}

	/// Where others reach it.
	pub fn endpoint(&self) -> Endpoint {
		Endpoint::V4 { addr: self.site.address.octets(), port: SIDECAR_PORT }
	}

	/// The region it registers.
	pub fn region(&self) -> Region {
		const COUNTRIES: [[u8; 2]; 4] = [*b"DE", *b"NL", *b"BR", *b"JP"];
		let kind = if self.number % 3 == 2 { LineKind::Hosting } else { LineKind::Residential };
		Region { country: COUNTRIES[usize::from(self.number) % COUNTRIES.len()], kind }
	}
}
