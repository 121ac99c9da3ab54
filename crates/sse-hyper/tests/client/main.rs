//! The HTTP clients against scripted servers.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod blocking;
mod compressed;
mod contract;
mod event_source;
mod hook;
mod http2;
mod leaving;
mod network;
mod proxies;
mod publisher;
mod redirects;
mod refused;
mod scenarios;
mod support;
mod system_events;
mod time;
mod tls;
mod tls_mismatch;
mod tls_options;

/// The URL of a port of this machine on which nobody listens.
fn nobody() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}
