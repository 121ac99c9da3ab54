//! Server-sent events for axum 0.8: the protocol as a router, and answers from streams.
//!
//! | to | use |
//! |---|---|
//! | serve the protocol of [`sse_core::Gateway`] beside routes of your own | [`router`] |
//! | nest it, or serve it by itself | [`EventService`] |
//! | publish, listen and end streams from the process that serves | [`Channels`] |
//! | answer with a stream of events of your own | [`Sse`] |
//! | answer with a channel in a route of your own, as the protocol does | [`EventService::respond`] |
//! | the same as a bare stream | [`event_stream`], [`Channels::listen`] |
//! | know which event the client saw last | [`LastEventId`] |
//! | listen with the options that find dead peers | [`SocketOptions`] |
//!
//! # The server
//!
//! `Server` of sse-hyper serves a `Router` as it is, with deadlines for heads, bodies and writes, TLS, HTTP/2
//! and a shutdown that ends:
//!
//! ```no_run
//! use sse_axum::Channels;
//! use sse_core::{Gateway, GatewayConfig, Hub, HubConfig, StringFormat};
//! use sse_hyper::Server;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let config = GatewayConfig::default().with_prefix("/events")?;
//! let gateway = Gateway::new(Hub::new(HubConfig::new(StringFormat)), config);
//! let channels = Channels::new(gateway.hub().clone());
//!
//! let server = Server::bind("127.0.0.1:8888").await?.with_graceful_shutdown(async move {
//!     let _interrupted = tokio::signal::ctrl_c().await;
//!     channels.shutdown();
//! });
//! server.serve(sse_axum::router(gateway)).await?;
//! # Ok(())
//! # }
//! ```
//!
//! A server that shuts down waits for the answers under way: so they have to be ended, by
//! [`Channels::shutdown`] and [`Sse::with_shutdown`].
//!
//! To end both from elsewhere keep `server.handle().with_channels(channels)`, which may be cloned. Under
//! `axum::serve` a clone of [`Channels`] is that handle: [`Channels::shutdown`] and [`Channels::drain`] end every
//! stream from anywhere, and the signal that the server was given then ends the server.
//!
//! `axum::serve` is the alternative. It has neither TLS nor any deadline, also for a shutdown: of 25 kinds of
//! slow client that were tried, 16 are never cut. What TCP can do, a listener of [`SocketOptions`] has:
//!
//! ```no_run
//! # use axum::Router;
//! use sse_axum::SocketOptions;
//! use tokio::net::TcpListener;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let app = Router::new();
//! let listener = SocketOptions::default().listen("127.0.0.1:8888".parse()?)?;
//! axum::serve(TcpListener::from_std(listener)?, app).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # How a channel is delivered
//!
//! Over plain HTTP/1.1 on Linux, `sse_hyper::Server` takes the subscriber out of the answers of [`router`],
//! [`EventService`] and [`event_stream`], and an engine delivers to all of them at once, with no task, timer or buffer for
//! each. Layers that leave the body alone may be around them: CORS, headers, time limits for the answer, functions
//! that pass the response on.
//!
//! A body and a task for each listener serve the rest, with the same bytes: `axum::serve`, TLS, HTTP/2, other systems,
//! the streams of [`Sse`], and answers whose body a layer has wrapped or encoded, which then sees every frame. Of tower-http
//! these are compression (of what it does not compress too), `TraceLayer`, `ResponseBodyTimeoutLayer`,
//! `RequestBodyLimitLayer`, `CatchPanicLayer`, `InFlightRequestsLayer` and `MapResponseBodyLayer`. To have the engine beside
//! them, put them around the routes that need them and merge those with the [`router`].
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
//!
//! `axum::serve` does not tell a request the address of its client, so a
//! [limiter](sse_core::GatewayConfig::with_limiter) that counts by address counts nothing there.

mod event_service;
pub use event_service::{EventService, router};

mod event_stream;
pub use event_stream::event_stream;

mod last_event_id;
pub use last_event_id::LastEventId;

mod sse;
pub use sse::Sse;

#[doc(no_inline)]
pub use sse_core::{
    Event,
    event::{EventId, EventName},
    history::Position,
    hub::Delivered,
    response::Emit,
    wire::Frame,
};
pub use sse_tokio::{
    BoxFeed, ChannelEvents, Channels, Feed, FeedSource, FeedState, LocalBoxFeed, Observation,
    Receipt, Received, SocketOptions, Source, SseBody, StreamCut, Subscription, Until,
};
