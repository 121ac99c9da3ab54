//! `Server` over real sockets. Times are lower bounds and orders, so that a slow machine passes.
#![cfg(all(feature = "server", feature = "tls"))]
#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod event_stream;
mod header_timeout;
mod http;
mod pipelining;
mod shutdown;
mod sockets;
mod support;
mod tls;
