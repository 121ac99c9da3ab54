//! Channels that a crowd can hear, that remember, and that end: the hub beyond its defaults.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod batches;
mod code;
mod counted;
mod cuts;
mod ends;
mod history;
mod interruptions;
mod keys;
mod limits;
mod modes;
mod observe;
mod overrun;
mod shared_store;
mod support;
mod tombstones;
mod users_code;
mod wakers;
mod watch;
mod writes;
