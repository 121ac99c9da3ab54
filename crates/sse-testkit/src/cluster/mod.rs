//! What tests of many nodes over Redis stand on: servers, a balancer, and networks that fail.
//!
//! | to | use |
//! |---|---|
//! | start, kill and ask a Redis | [`RedisServer`], [`Reply`] |
//! | spread clients over nodes | [`Balancer`] |
//! | break the network between a node and its Redis | [`Link`] |
//! | lose, repeat and reorder what Redis publishes | [`Link::shuffle`], [`Faults`], [`Shuffle`] |

mod redis_server;
pub use redis_server::RedisServer;

mod reply;
pub use reply::Reply;

mod balancer;
pub use balancer::Balancer;

mod link;
pub use link::Link;

mod faults;
pub use faults::{Counts, Faults};

mod shuffle;
pub use shuffle::Shuffle;

mod gate;
mod listening;
mod open_files;
mod port;
mod process;
mod random;
mod resp;
mod wire;
