//! `Server` over real sockets. Times are lower bounds and orders, so that a slow machine passes.
#![cfg(all(feature = "server", feature = "tls"))]
#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

#[cfg(target_os = "linux")]
mod delivery;
mod drain;
mod event_stream;
mod failing;
mod filter;
mod flood;
mod frames;
mod handle;
mod header_timeout;
mod http;
mod listeners;
mod pipelining;
mod refusals;
mod shared_writes;
mod shutdown;
mod sockets;
mod stalls;
mod support;
mod tls;
