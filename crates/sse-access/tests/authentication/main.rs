//! Who sends a request, by all the ways of this crate.

#![cfg(all(feature = "http", feature = "jwt", feature = "password"))]
#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod asking;
mod failures;
mod remote_keys;
mod secrets;
mod tls;
mod upstream;
mod ways;
