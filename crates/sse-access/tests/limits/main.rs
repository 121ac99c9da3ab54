//! Limits by address and by subject, with times handed in.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod clients;
mod connections;
mod crowd;
mod failures;
mod headers;
mod log;
mod model;
mod naive;
mod places;
mod races;
mod rates;
mod reconfigured;
mod sockets;
mod support;
