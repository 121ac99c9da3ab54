//! The gateway: every row of the protocol's tables of routes, answers and event formats.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod formats;
mod listening;
mod publishing;
mod routes;
mod support;
