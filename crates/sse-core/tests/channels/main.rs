//! Channels that a crowd can hear, that remember, and that end: the hub beyond its defaults.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod batches;
mod budgets;
mod ends;
mod history;
mod keys;
mod modes;
mod overrun;
mod support;
mod watch;
