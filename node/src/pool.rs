//! The transaction pool, and how often it refuses a transaction for which rule: whoever sent it, a peer, a client of the
//! JSON-RPC or this node's off-chain worker.

use async_trait::async_trait;
use polkadot_sdk::*;
use sc_transaction_pool_api::{
	error::{Error as PoolError, IntoMetricsLabel, IntoPoolError},
	ChainEvent, ImportNotificationStream, LocalTransactionFor, LocalTransactionPool,
	MaintainedTransactionPool, PoolStatus, ReadyTransactions, TransactionFor, TransactionPool,
	TransactionSource, TransactionStatusStreamFor, TxHash, TxInvalidityReportMap,
};
use sp_runtime::{
	traits::Block as BlockT,
	transaction_validity::{InvalidTransaction, UnknownTransaction},
};
use std::{collections::HashMap, pin::Pin, sync::Arc, time::Duration};
use substrate_prometheus_endpoint::{register, CounterVec, Opts, PrometheusError, Registry, U64};
use weir_runtime::configs::measuring::broken_rule;

/// Of a transaction that could not be judged: the state to judge it by is gone, for instance.
const NOT_VALIDATED: &str = "NotValidated";
/// Of a code that this node's runtime has no name for.
const UNNAMED: &str = "Custom";

/// The name of the rule behind a refusal. There are as many as the pool, the SDK and the measuring protocol have.
fn rule(error: &PoolError) -> String {
	match error {
		PoolError::InvalidTransaction(InvalidTransaction::Custom(code)) => {
			broken_rule(*code).unwrap_or(UNNAMED).into()
		}
		PoolError::UnknownTransaction(UnknownTransaction::Custom(_)) => UNNAMED.into(),
		// All others are a name and nothing else.
		PoolError::InvalidTransaction(invalid) => format!("{invalid:?}"),
		PoolError::UnknownTransaction(unknown) => format!("{unknown:?}"),
		error => error.label(),
	}
}

/// Transactions refused, by the rule they broke.
struct Refused(CounterVec<U64>);

impl Refused {
	fn new(registry: Option<&Registry>) -> Result<Self, PrometheusError> {
		let help = "Transactions that the pool refused, by the rule they broke.";
		let counters = CounterVec::new(Opts::new("weir_pool_refused_total", help), &["rule"])?;
		Ok(Self(match registry {
			Some(registry) => register(counters, registry)?,
			None => counters,
		}))
	}

	/// Counts why a transaction was refused.
	fn count<E: From<PoolError> + IntoPoolError>(&self, error: E) -> E {
		let (rule, error) = match error.into_pool_error() {
			Ok(error) => (rule(&error), error.into()),
			Err(error) => (NOT_VALIDATED.into(), error),
		};
		self.0.with_label_values(&[&rule]).inc();
		error
	}
}

/// A pool whose refusals are counted. In all else it is the pool that it holds.
pub(crate) struct Counted<P> {
	pool: P,
	refused: Refused,
}

impl<P> Counted<P> {
	/// Counts the refusals of `pool` in `registry`, if there is one.
	pub(crate) fn new(pool: P, registry: Option<&Registry>) -> Result<Self, PrometheusError> {
		Ok(Self { pool, refused: Refused::new(registry)? })
	}
}

#[async_trait]
impl<P: TransactionPool> TransactionPool for Counted<P> {
	type Block = P::Block;
	type Hash = P::Hash;
	type InPoolTransaction = P::InPoolTransaction;
	type Error = P::Error;

	async fn submit_at(
		&self,
		at: <Self::Block as BlockT>::Hash,
		source: TransactionSource,
		xts: Vec<TransactionFor<Self>>,
	) -> Result<Vec<Result<TxHash<Self>, Self::Error>>, Self::Error> {
		let results =
			self.pool.submit_at(at, source, xts).await.map_err(|error| self.refused.count(error))?;
		let count = |result: Result<_, _>| result.map_err(|error| self.refused.count(error));
		Ok(results.into_iter().map(count).collect())
	}

	async fn submit_one(
		&self,
		at: <Self::Block as BlockT>::Hash,
		source: TransactionSource,
		xt: TransactionFor<Self>,
	) -> Result<TxHash<Self>, Self::Error> {
		self.pool.submit_one(at, source, xt).await.map_err(|error| self.refused.count(error))
	}

	async fn submit_and_watch(
		&self,
		at: <Self::Block as BlockT>::Hash,
		source: TransactionSource,
		xt: TransactionFor<Self>,
	) -> Result<Pin<Box<TransactionStatusStreamFor<Self>>>, Self::Error> {
		self.pool.submit_and_watch(at, source, xt).await.map_err(|error| self.refused.count(error))
	}

	async fn ready_at(
		&self,
		at: <Self::Block as BlockT>::Hash,
	) -> Box<dyn ReadyTransactions<Item = Arc<Self::InPoolTransaction>> + Send> {
		self.pool.ready_at(at).await
	}

	fn ready(&self) -> Box<dyn ReadyTransactions<Item = Arc<Self::InPoolTransaction>> + Send> {
		self.pool.ready()
	}

	async fn report_invalid(
		&self,
		at: Option<<Self::Block as BlockT>::Hash>,
		invalid_tx_errors: TxInvalidityReportMap<TxHash<Self>>,
	) -> Vec<Arc<Self::InPoolTransaction>> {
		self.pool.report_invalid(at, invalid_tx_errors).await
	}

	fn futures(&self) -> Vec<Self::InPoolTransaction> {
		self.pool.futures()
	}

	fn status(&self) -> PoolStatus {
		self.pool.status()
	}

	fn import_notification_stream(&self) -> ImportNotificationStream<TxHash<Self>> {
		self.pool.import_notification_stream()
	}

	fn on_broadcasted(&self, propagations: HashMap<TxHash<Self>, Vec<String>>) {
		self.pool.on_broadcasted(propagations)
	}

	fn hash_of(&self, xt: &TransactionFor<Self>) -> TxHash<Self> {
		self.pool.hash_of(xt)
	}

	fn ready_transaction(&self, hash: &TxHash<Self>) -> Option<Arc<Self::InPoolTransaction>> {
		self.pool.ready_transaction(hash)
	}

	async fn ready_at_with_timeout(
		&self,
		at: <Self::Block as BlockT>::Hash,
		timeout: Duration,
	) -> Box<dyn ReadyTransactions<Item = Arc<Self::InPoolTransaction>> + Send> {
		self.pool.ready_at_with_timeout(at, timeout).await
	}
}

#[async_trait]
impl<P: MaintainedTransactionPool> MaintainedTransactionPool for Counted<P> {
	async fn maintain(&self, event: ChainEvent<Self::Block>) {
		self.pool.maintain(event).await
	}
}

impl<P: LocalTransactionPool> LocalTransactionPool for Counted<P> {
	type Block = P::Block;
	type Hash = P::Hash;
	type Error = P::Error;

	fn submit_local(
		&self,
		at: <Self::Block as BlockT>::Hash,
		xt: LocalTransactionFor<Self>,
	) -> Result<Self::Hash, Self::Error> {
		self.pool.submit_local(at, xt).map_err(|error| self.refused.count(error))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn refusals_should_be_counted_by_the_rule_that_was_broken() {
		let registry = Registry::new();
		let refused = Refused::new(Some(&registry)).unwrap();
		for (error, rule) in [
			(PoolError::InvalidTransaction(InvalidTransaction::Custom(16)), "AlreadyCommitted"),
			(PoolError::InvalidTransaction(InvalidTransaction::Custom(u8::MAX)), "Custom"),
			(PoolError::InvalidTransaction(InvalidTransaction::BadProof), "BadProof"),
			(PoolError::UnknownTransaction(UnknownTransaction::NoUnsignedValidator), "NoUnsignedValidator"),
			(PoolError::TooLowPriority { old: 2, new: 1 }, "TooLowPriority"),
			(PoolError::AlreadyImported(Box::new(())), "AlreadyImported"),
		] {
			let said = error.to_string();
			// It is answered as the pool does.
			assert_eq!(refused.count(error).to_string(), said);
			assert_eq!(refused.0.with_label_values(&[rule]).get(), 1, "{said}");
		}
		let families = registry.gather();
		assert_eq!(families.len(), 1);
		assert_eq!((families[0].get_name(), families[0].get_metric().len()), ("weir_pool_refused_total", 6));
	}
}
