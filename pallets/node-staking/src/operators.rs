//! Operators: who runs several nodes, as both sides say.
//!
//! A node that belongs to somebody who runs several asks for an operator ([`set_operator`](Pallet::set_operator)), and the
//! operator accepts it ([`accept_node`](Pallet::accept_node)) and may let it go ([`release_node`](Pallet::release_node)). A
//! change takes effect `timing.maturity_epochs` later, and the next one may follow eight epochs after that. Whoever declares
//! nothing is its own operator.

use crate::{Config, Declaration, Declarations, Error, Event, Ledgers, NodesOf, Pallet};
use frame_support::{ensure, traits::Get};
use polkadot_sdk::*;
use sp_runtime::{traits::Zero, DispatchResult, TryRuntimeError};
use weir_primitives::{
	seams::{EpochClock, OnOperatorChange, Operators},
	EpochIndex, Role,
};

/// Epochs between two changes of a node's operator: as long as it may be asked who it was.
pub(crate) const SETTLING_EPOCHS: EpochIndex = 8;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_set_operator(node: T::AccountId, operator: Option<T::AccountId>) -> DispatchResult {
		let mut declaration = Declarations::<T>::get(&node).unwrap_or_default();
		let Some(operator) = operator else {
			ensure!(
				declaration.operator.is_some() || declaration.asked.is_some(),
				Error::<T>::NothingChanges
			);
			return match declaration.operator {
				Some(_) => Self::change_operator(node, declaration, None),
				None => {
					declaration.asked = None;
					Self::store_declaration(&node, declaration);
					Self::deposit_event(Event::OperatorAsked { node, operator: None });
					Ok(())
				}
			};
		};
		ensure!(Self::is_node(&node), Error::<T>::NotANode);
		ensure!(operator != node, Error::<T>::OwnOperator);
		ensure!(declaration.operator.as_ref() != Some(&operator), Error::<T>::NothingChanges);
		ensure!(declaration.asked.as_ref() != Some(&operator), Error::<T>::NothingChanges);
		declaration.asked = Some(operator.clone());
		Self::store_declaration(&node, declaration);
		Self::deposit_event(Event::OperatorAsked { node, operator: Some(operator) });
		Ok(())
	}

	pub(crate) fn do_accept_node(operator: T::AccountId, node: T::AccountId) -> DispatchResult {
		let declaration = Declarations::<T>::get(&node).unwrap_or_default();
		ensure!(declaration.asked.as_ref() == Some(&operator), Error::<T>::NotAsked);
		// Operators of operators would have to be followed without end.
		let own = Declarations::<T>::get(&operator).and_then(|declaration| declaration.operator);
		ensure!(own.is_none(), Error::<T>::HasOperator);
		ensure!(NodesOf::<T>::get(&node) == 0, Error::<T>::IsOperator);
		Self::change_operator(node, declaration, Some(operator))
	}

	pub(crate) fn do_release_node(operator: T::AccountId, node: T::AccountId) -> DispatchResult {
		let mut declaration = Declarations::<T>::get(&node).unwrap_or_default();
		if declaration.operator.as_ref() == Some(&operator) {
			return Self::change_operator(node, declaration, None);
		}
		ensure!(declaration.asked.as_ref() == Some(&operator), Error::<T>::NotYourNode);
		declaration.asked = None;
		Self::store_declaration(&node, declaration);
		Self::deposit_event(Event::OperatorAsked { node, operator: None });
		Ok(())
	}

	/// Gives the node another operator, or none, from the epoch on of which no seed is known yet.
	fn change_operator(
		node: T::AccountId,
		declaration: Declaration<T::AccountId>,
		new: Option<T::AccountId>,
	) -> DispatchResult {
		let now = T::Clock::epoch();
		let settled = declaration.since.saturating_add(SETTLING_EPOCHS);
		ensure!(declaration.since == 0 || now >= settled, Error::<T>::OperatorChanging);
		let since = now.checked_add(T::Timing::get().maturity_epochs).ok_or(Error::<T>::Overflow)?;
		let old = declaration.operator;
		T::OnOperatorChange::operator_changed(
			&node,
			old.as_ref().unwrap_or(&node),
			new.as_ref().unwrap_or(&node),
		)?;
		if let Some(operator) = &old {
			NodesOf::<T>::mutate_exists(operator, |nodes| {
				*nodes = nodes.and_then(|nodes| nodes.checked_sub(1)).filter(|nodes| *nodes > 0);
			});
		}
		if let Some(operator) = &new {
			let nodes = NodesOf::<T>::get(operator).checked_add(1).ok_or(Error::<T>::Overflow)?;
			NodesOf::<T>::insert(operator, nodes);
		}
		let declaration = Declaration { operator: new.clone(), since, previous: old.clone(), asked: None };
		Self::store_declaration(&node, declaration);
		Self::deposit_event(Event::OperatorChanged { node, old, new, since });
		Ok(())
	}

	fn is_node(who: &T::AccountId) -> bool {
		[Role::Validator, Role::Provider]
			.into_iter()
			.any(|role| Ledgers::<T>::get(who, role).is_some_and(|ledger| !ledger.active.is_zero()))
	}

	fn store_declaration(node: &T::AccountId, declaration: Declaration<T::AccountId>) {
		if declaration.is_empty() {
			Declarations::<T>::remove(node);
		} else {
			Declarations::<T>::insert(node, declaration);
		}
	}

	pub(crate) fn check_operators() -> Result<(), TryRuntimeError> {
		for (node, declaration) in Declarations::<T>::iter() {
			ensure!(!declaration.is_empty(), "7: empty declaration stored");
			let Some(operator) = declaration.operator else { continue };
			ensure!(operator != node, "7: a node declared as its own operator");
			let above = Declarations::<T>::get(&operator).and_then(|declaration| declaration.operator);
			ensure!(above.is_none(), "7: an operator has an operator");
		}
		for (operator, nodes) in NodesOf::<T>::iter() {
			let declared = Declarations::<T>::iter_values()
				.filter(|declaration| declaration.operator.as_ref() == Some(&operator))
				.count();
			ensure!(nodes > 0 && nodes as usize == declared, "7: nodes of an operator miscounted");
		}
		let operated = Declarations::<T>::iter_values().filter_map(|declaration| declaration.operator);
		for operator in operated {
			ensure!(NodesOf::<T>::contains_key(operator), "7: an operator without nodes");
		}
		Ok(())
	}
}

impl<T: Config> Operators<T::AccountId> for Pallet<T> {
	fn operator_at(node: &T::AccountId, epoch: EpochIndex) -> T::AccountId {
		Declarations::<T>::get(node)
			.and_then(|declaration| declaration.at(epoch).cloned())
			.unwrap_or_else(|| node.clone())
	}

	fn operator_of(node: &T::AccountId) -> T::AccountId {
		Declarations::<T>::get(node)
			.and_then(|declaration| declaration.operator)
			.unwrap_or_else(|| node.clone())
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn declare_for_benchmark(node: &T::AccountId, operator: &T::AccountId) {
		let declared = Declaration { operator: Some(operator.clone()), ..Default::default() };
		Declarations::<T>::insert(node, declared);
		NodesOf::<T>::mutate(operator, |nodes| *nodes = nodes.saturating_add(1));
	}
}
