//! Server-sent events for warp 0.4: the protocol as a filter, and answers from streams.
//!
//! | to | use |
//! |---|---|
//! | serve the protocol of [`sse_core::Gateway`] | [`routes`] |
//! | publish, listen and end streams from the process that serves | [`Channels`] |
//! | answer with a stream of events of your own | [`Sse`] |
//! | answer with a channel in a route of your own, as the protocol does | [`EventService::respond`], [`parts`] |
//! | the same as a bare stream | [`event_stream`], [`Channels::listen`] |
//! | know which event the client saw last | [`last_event_id`] |
//! | listen with the options that find dead peers | [`SocketOptions`] |
//!
//! # The server
//!
//! `warp::serve` has no time limit for a request's head, no TLS and no deadline for a shutdown.
//! `sse_hyper::Server` has them, and serves a filter as it is:
//!
//! ```no_run
//! use sse_core::{Gateway, GatewayConfig, Hub, HubConfig, StringFormat};
//! use sse_hyper::Server;
//! use sse_warp::Channels;
//! use warp::Filter;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let config = GatewayConfig::default().with_prefix("/events")?;
//! let gateway = Gateway::new(Hub::new(HubConfig::new(StringFormat)), config);
//! let channels = Channels::new(gateway.hub().clone());
//! let page = warp::path::end().map(|| warp::reply::html("a page that listens"));
//! let filter = sse_warp::routes(gateway).or(page);
//!
//! let server = Server::bind("127.0.0.1:8888").await?.with_graceful_shutdown(async move {
//!     let _interrupted = tokio::signal::ctrl_c().await;
//!     channels.shutdown();
//! });
//! server.serve(warp::service(filter)).await?;
//! # Ok(())
//! # }
//! ```
//!
//! A server that shuts down waits for the answers under way: so they have to be ended, by
//! [`Channels::shutdown`] and [`Sse::with_shutdown`].
//!
//! To end both from elsewhere keep `server.handle().with_channels(channels)`, which may be cloned. Under
//! `warp::serve` a clone of [`Channels`] is that handle: [`Channels::shutdown`] and [`Channels::drain`] end every
//! stream from anywhere, and the signal that the server was given then ends the server.
//!
//! # How a channel is delivered
//!
//! Over plain HTTP/1.1 on Linux, `sse_hyper::Server` takes the subscriber out of the answers of [`routes`],
//! [`EventService`] and [`event_stream`], and an engine delivers to all of them at once, with no task, timer or buffer for
//! each. Filters that leave the body alone may be around them: CORS, headers, logs.
//!
//! A body and a task for each listener serve the rest, with the same bytes: `warp::serve`, TLS, HTTP/2, other systems, the
//! streams of [`Sse`], and answers whose body a filter or a layer of `tower` has wrapped or encoded, which then sees
//! every frame: `warp::compression`, and of tower-http compression, tracing and time limits for bodies.
//!
//! # What a client that does not read costs
//!
//! A cursor in its channel's log and hyper's write buffer: 64 KiB under `sse_hyper::Server`, 400 KiB
//! under `warp::serve`, for each stream over HTTP/2. Beyond that a listener falls behind in the log, and
//! the stream of an [`Sse`] waits.

mod event_service;
pub use event_service::EventService;

mod event_stream;
pub use event_stream::event_stream;

mod last_event_id;
pub use last_event_id::last_event_id;

mod parts;
pub use parts::parts;

mod reply;

mod routes;
pub use routes::routes;

mod sse;
pub use sse::Sse;

pub use sse_core::response::LastEventId;
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
