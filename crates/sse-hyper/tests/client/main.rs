//! The HTTP clients against scripted servers.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod blocking;
mod certificates;
mod compressed;
mod contract;
mod credentials;
mod event_source;
mod heads;
mod hook;
mod http2;
mod leaving;
mod naming;
mod network;
mod proxies;
mod publisher;
mod redirects;
mod refusals;
mod refused;
mod scenarios;
mod socks;
mod support;
mod system_events;
mod time;
mod tls;
mod tls_mismatch;
mod tls_options;
mod tls_redirects;
mod tunnels;

/// The URL of a port of this machine on which nobody listens.
fn nobody() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}
