//! What the numbers of the economy count.

/// Token amount in grains, 10⁻¹² tokens.
pub type Tokens = u128;
/// Micro-dollars. What customers hold is counted in them, and so is every dollar amount here.
pub type Credits = u128;
/// Dollars per token in units of 10⁻¹⁸. Zero is no price.
pub type Price = u128;
/// A share in millionths.
pub type Ppm = u32;
/// What a provider weighs: kbps, corrected for quality.
pub type Weight = u64;

/// Grains of one token.
pub const TOKEN: Tokens = 1_000_000_000_000;
/// Micro-dollars of one dollar.
pub const DOLLAR: Credits = 1_000_000;
/// One dollar per token as a [`Price`].
pub const PRICE_ONE: Price = 1_000_000_000_000_000_000;
/// Millionths of a whole.
pub const MILLION: u128 = 1_000_000;
/// Bytes of a gigabyte.
pub const GIGABYTE: u128 = 1_000_000_000;
/// The cap: 10⁹ tokens. What exists, what will be emitted and what is gone always add up to it.
pub const SUPPLY_CAP: Tokens = 1_000_000_000 * TOKEN;
/// Grains that a micro-dollar buys at a price, times that price: `10¹² · 10¹⁸ ÷ 10⁶`.
pub const GRAINS_PER_CREDIT: u128 = 1_000_000_000_000_000_000_000_000;
/// The lowest price that counts: a billionth of a dollar per token.
pub const LOWEST_PRICE: Price = PRICE_ONE / 1_000_000_000;
/// The highest price that counts: a million dollars per token.
pub const HIGHEST_PRICE: Price = PRICE_ONE * 1_000_000;
