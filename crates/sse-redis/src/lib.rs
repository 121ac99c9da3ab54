//! Histories of server-sent events in Redis, for hubs of many nodes: a listener at any of them receives what is
//! published at each.
//!
//! | what | where |
//! |---|---|
//! | connect, and see whether Redis can be used | [`Store`], with its [`RedisConfig`] |
//! | why it cannot | [`Status`], [`StartError`] |
//! | what it has done | [`Counts`] |
//!
//! A hub takes the store as a [`sse_core::store::Store`].
//!
//! Redis keeps the events of each channel in a stream, gives each its position, and tells all nodes of it by Pub/Sub.
//! The stream is the truth: messages may be lost, doubled or late, and a node that finds one missing reads it from the
//! stream before it tells anything newer. Every node keeps the newest events of the channels that it serves, so that
//! clients who come back all at once are served without Redis.
//!
//! Redis replicates later than it answers. Where a failover, or a restart, loses events that were acknowledged, what is
//! published since has another epoch: whoever saw what was lost is told that the history diverged, and nobody else is
//! told anything.
//!
//! The keys are laid out for Redis Cluster, which the store refuses as yet.

mod address;
pub use address::AddressError;

mod config;
pub use config::RedisConfig;

mod counts;
pub use counts::Counts;

mod start_error;
pub use start_error::StartError;

mod status;
pub use status::Status;

mod store;
pub use store::Store;

mod ask;
mod driver;
mod inbox;
mod keys;
mod message;
mod order;
mod reply;
mod scripts;
mod session;
mod shared;
