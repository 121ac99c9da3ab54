//! What tests of many nodes stand on does what it says.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod balancer;
mod client;
mod link;
mod redis_server;
mod shuffle;
mod shuffled_link;
mod subscriptions;
