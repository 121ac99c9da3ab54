//! The contract tests, a module a subject. Each names the sentence of the protocol that it proves.
//!
//! [`contract_tests!`](crate::contract_tests) runs them all.

#![expect(clippy::missing_panics_doc, reason = "a test panics when it fails")]

mod expect;
mod list;

pub mod access;
pub mod answers;
pub mod formats;
pub mod hub;
pub mod listening;
pub mod origins;
pub mod routes;
pub mod streams;
