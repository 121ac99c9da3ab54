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
//!
//! # What only the client can say
//!
//! - **Redirects.** A client follows them by itself, and takes along to another origin whatever the request
//!   holds but `Authorization`, `Cookie`, `Proxy-Authorization` and `WWW-Authenticate`: an `X-Api-Key` too.
//!   Give it `redirect::Policy::none()`, and the source follows them, with the headers that may cross
//!   origins alone. Default headers, an identity and `danger_accept_invalid_certs` are the client's for
//!   every server whoever follows: put what is secret on the request, and give a client with an identity no
//!   server that redirects.
//! - **`User-Agent`.** reqwest sends none unless the client (`ClientBuilder::user_agent`) or the request has
//!   one. The source adds none, because it cannot see the client's, and what a request has takes its place.
//! - **Proxies.** A client goes by its own rules, which read `HTTP_PROXY` too, and asks a proxy for this machine
//!   unless `NO_PROXY` names it; `ClientBuilder::no_proxy` and `ClientBuilder::proxy` say otherwise.
//! - **Heads.** A client reads 100 fields of a head, and as many trailers: `ClientBuilder::http1_max_headers`
//!   allows more, and `ClientBuilder::http1_allow_obsolete_multiline_headers_in_responses` folded ones.
//! - **HTTP/2**, if reqwest was built with it, is moved by tasks of the client, which answer pings while an
//!   event is handled.
//!
//! ```
//! use reqwest::{Client, redirect::Policy};
//! use sse_reqwest::RequestBuilderExt;
//!
//! let client = Client::builder()
//!     .redirect(Policy::none())
//!     .user_agent("thermometer/1")
//!     .http1_max_headers(1_000)
//!     .build()?;
//! let request = client.get("https://a.example/events").header("x-api-key", "secret");
//! let source = request.event_source()?.build()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub use sse_core::{
    client::{
        ClientConfig, Disconnect, ReadyState, RedirectError, RetryAfter, RetryLimit, SystemEvent,
    },
    wire::{DecodeError, Discarded, EventRef, Limits, MessageEvent},
};
pub use sse_hyper::{
    BlockingEventSource, BuildError, CertificateProblem, EventSource, Interrupted, Notice,
    TlsMismatch,
};

mod builder;
pub use builder::{EventSourceBuilder, RequestBuilderExt, RequestError};

mod transport;
