//! Server-sent events over a `reqwest::Client` that you have configured already.
//!
//! [`RequestBuilderExt::event_source`] makes a stream of a request that connects again by itself and
//! keeps its place. What decides is the same as in `sse-hyper`; TLS, proxies, codings, pools and redirects
//! are the client's.
//!
//! ```no_run
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use futures_util::StreamExt;
//! use sse_reqwest::{Notice, RequestBuilderExt};
//!
//! let client = reqwest::Client::new();
//! let mut source = client.get("http://127.0.0.1:8888/poll/42").event_source()?.build()?;
//! while let Some(notice) = source.next().await {
//!     if let Notice::Event(event) = notice? {
//!         println!("{}: {}", event.name(), event.data());
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A request that is not idempotent, such as a POST, is sent once, unless
//! [`ClientConfig::with_repetition`] allows more: reqwest does not tell a server that cannot be reached
//! from one that it was redirected to.
//!
//! A timeout of the whole client cuts streams too: set `connect_timeout` there instead, and a
//! response timeout and an idle timeout in [`ClientConfig`].

pub use sse_core::{ClientConfig, Disconnect, MessageEvent, ReadyState, SystemEvent};
pub use sse_hyper::{
    BlockingEventSource, BuildError, EventSource, Interrupted, Notice, TlsMismatch,
};

mod builder;
pub use builder::{EventSourceBuilder, RequestBuilderExt, RequestError};

mod transport;
