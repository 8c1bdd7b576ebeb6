//! Floor 1½: what may be looked at, and what may leave.
//!
//! * [`gate`] – stands between a table and every fold: which columns and which customers an
//!   analysis may see, and for which purpose
//! * [`policy`], [`consent`] – the rules that a host gives it, and which consents hold
//! * [`identifier`], [`detect`], [`mask`] – personal information: numbers by their own rules, what
//!   is in a text, and how it is shown
//! * [`pseudonym`] – keyed names for one purpose
//! * [`suppression`], [`anonymity`] – tables in which nobody is found
//! * [`dp`] – noise that hides each customer, and a budget for it
//! * [`ledger`] – a log that shows whether it was changed
//! * [`release`] – stands between results and the outside: files that Siyu itself writes
//! * [`task`] – all of this as plain data in and out

pub mod anonymity;
pub mod consent;
pub mod detect;
pub mod dp;
pub mod gate;
pub mod identifier;
pub mod ledger;
pub mod mask;
pub mod policy;
pub mod pseudonym;
pub mod release;
pub mod suppression;
pub mod task;
