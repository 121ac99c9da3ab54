//! Server-sent events for actix-web 4: the protocol as a service, and answers from streams.
//!
//! | to | use |
//! |---|---|
//! | serve the protocol of [`sse_core::Gateway`] | [`EventService`] |
//! | publish, listen and end streams from the process that serves | [`Channels`] |
//! | answer with a stream of events of your own | [`Sse`] |
//! | answer with a channel in a route of your own, as the protocol does | [`EventService::respond`] |
//! | the same as a bare stream | [`event_stream`], [`Channels::listen`] |
//! | know which event the client saw last | [`LastEventId`] |
//! | listen with the options that find dead peers | [`SocketOptions`] |
//!
//! # The server
//!
//! ```no_run
//! use actix_web::{App, HttpServer};
//! use sse_actix::{EventService, SocketOptions};
//! use sse_core::{Gateway, GatewayConfig, Hub, HubConfig, StringFormat};
//!
//! # #[actix_web::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let config = GatewayConfig::default().with_prefix("/events")?;
//! let events = EventService::new(Gateway::new(Hub::new(HubConfig::new(StringFormat)), config));
//! let channels = events.channels();
//!
//! HttpServer::new(move || App::new().service(events.clone()))
//!     .h1_allow_half_closed(false)
//!     .shutdown_signal(async move {
//!         let _interrupted = tokio::signal::ctrl_c().await;
//!         channels.shutdown();
//!     })
//!     .listen(SocketOptions::default().listen("127.0.0.1:8888".parse()?)?)?
//!     .run()
//!     .await?;
//! # Ok(())
//! # }
//! ```
//!
//! Three things are for you to set, as above:
//!
//! - **`h1_allow_half_closed(false)`**: a client that goes away is then noticed at once. Otherwise
//!   actix-web takes the end of a connection for a client that is done asking and still listens: its
//!   channel stays taken until the second write after it fails.
//! - **`shutdown_signal`**: the server waits for the answers under way, so they have to be ended, by
//!   [`Channels::shutdown`] and [`Sse::with_shutdown`]. Without it actix-web takes SIGINT for a forced
//!   stop, which cuts the streams.
//! - **`listen`** on a socket of [`SocketOptions`], for a client that vanished without a word.
//!
//! To end it from elsewhere keep a clone of [`Channels`], and the handle of actix-web's server:
//! [`Channels::shutdown`] and [`Channels::drain`] end every stream from anywhere, and `ServerHandle::stop(true)`
//! then ends the server.
//!
//! # How a channel is delivered
//!
//! By a body and a task of the connection for each listener. The engine that delivers to many at once belongs to
//! `sse_hyper::Server`, which cannot serve an application of actix-web.
//!
//! # What a client that does not read costs
//!
//! Over HTTP/1 up to 48 KiB: actix-web takes up to 16 KiB at a time while less than 32 KiB wait to be
//! written (`HttpServer::h1_write_buffer_size`). Over HTTP/2 up to 400 KiB a stream, the send buffer of
//! `h2`, and never more than the client's window. Beyond that a listener falls behind in its channel's
//! log, and the stream of an [`Sse`] waits.
//!
//! # What differs
//!
//! The wire is that of the other adapters, but for what the framework decides:
//!
//! | what | why |
//! |---|---|
//! | over HTTP/2 a client that goes away is noticed within a second by a channel, and by an [`Sse`] at its next event or comment | actix-web asks an idle stream for nothing but its body, and a handler's answer has not the request's; so leave the keepalive on, 15 s by default. Without actix-web's feature `http2` TLS is HTTP/1.1, where the end is seen at once |
//! | a stream has `Content-Encoding: identity` if the request has `Accept-Encoding` | `Compress` would hold events back in its compressor otherwise, and looks at no other header |
//! | a refusal closes the connection if the request's body did not arrive with its head | actix-web decides that when it writes the head of the answer |
//! | actix-web logs an error when a listener is cut, a stream fails, or a client goes on sending a refused body for too long | a body that fails is its only way to break a connection |
//! | so it does when a stream over HTTP/1.0 ends, and the connection is closed a second later | actix-web would answer what the client asked meanwhile behind the stream, where it would read as part of it |

mod body;
mod closing;

mod event_service;
pub use event_service::EventService;

mod event_stream;
pub use event_stream::event_stream;

mod last_event_id;
pub use last_event_id::LastEventId;

mod request;
mod response;
mod rest;

mod sse;
pub use sse::Sse;

mod watch;

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
