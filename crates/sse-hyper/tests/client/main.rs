//! The HTTP clients against scripted servers.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod event_source;
mod publisher;
mod tls;

/// The URL of a port of this machine on which nobody listens.
fn nobody() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}
