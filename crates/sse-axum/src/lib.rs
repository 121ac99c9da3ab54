//! Server-sent events for axum 0.8: the protocol as a router, and answers from streams.
//!
//! | to | use |
//! |---|---|
//! | serve the protocol of [`sse_core::Gateway`] beside routes of your own | [`router`] |
//! | nest it, or serve it by itself | [`EventService`] |
//! | publish from the process that serves | [`Channels`] |
//! | answer with a stream of events of your own | [`Sse`] |
//! | answer with a channel in a route of your own | [`event_stream`], [`Channels::listen`] |
//! | know which event the client saw last | [`LastEventId`] |
//! | listen with the options that find dead peers | [`SocketOptions`] |
//!
//! # The server
//!
//! ```no_run
//! use sse_axum::{Channels, SocketOptions};
//! use sse_core::{Gateway, GatewayConfig, Hub, HubConfig, StringFormat};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let config = GatewayConfig::default().with_prefix("/events")?;
//! let gateway = Gateway::new(Hub::new(HubConfig::new(StringFormat)), config);
//! let channels = Channels::new(gateway.hub().clone());
//!
//! let listener = SocketOptions::default().listen("127.0.0.1:8888".parse()?)?;
//! axum::serve(tokio::net::TcpListener::from_std(listener)?, sse_axum::router(gateway))
//!     .with_graceful_shutdown(async move {
//!         let _interrupted = tokio::signal::ctrl_c().await;
//!         channels.shutdown();
//!     })
//!     .await?;
//! # Ok(())
//! # }
//! ```
//!
//! `axum::serve` waits for the answers under way when it shuts down, however long: so they have to be
//! ended, by [`Channels::shutdown`] and [`Sse::with_shutdown`]. It has neither TLS nor a time limit for
//! a request's head; `sse_hyper::Server` has both, and serves a `Router` as it is.
//!
//! # What a client that does not read costs
//!
//! A cursor in its channel's log and hyper's write buffer: 400 KiB under `axum::serve`, for each stream
//! over HTTP/2; 64 KiB under `sse_hyper::Server`. Beyond that a listener falls behind in the log, and the
//! stream of an [`Sse`] waits.
//!
//! # What differs
//!
//! Under `axum::serve` a listener that sent more than its request, or owes a body, is found to be gone
//! by the next write only: hyper stops reading while bytes wait that it has not served.
//! `sse_hyper::Server` watches the socket itself.

mod event_service;
pub use event_service::{EventService, router};

mod event_stream;
pub use event_stream::event_stream;

mod last_event_id;
pub use last_event_id::LastEventId;

mod sse;
pub use sse::Sse;

#[doc(no_inline)]
pub use sse_core::{Emit, Event, EventId, EventName, Frame};
pub use sse_tokio::{
    BoxFeed, ChannelEvents, Channels, Fed, Feed, FeedState, LocalBoxFeed, Receipt, Received,
    SocketOptions, Source, SseBody, StreamCut, Until,
};
