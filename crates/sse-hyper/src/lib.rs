//! Server-sent events for hyper 1: the protocol as a service, a server to run it, and clients.
//!
//! | to | use | feature |
//! |---|---|---|
//! | serve the protocol of [`sse_core::Gateway`] | [`EventService`] | |
//! | publish, listen and end streams from the process that serves | [`Channels`] | |
//! | answer with a stream of events of your own | [`Sse`] | |
//! | answer with a channel in a route of your own, as the protocol does | [`EventService::respond`] | |
//! | the same as a bare stream | [`event_stream`], [`Channels::listen`] | |
//! | listen to a server, and stay connected | [`EventSource`] | `client` |
//! | the same without a runtime | [`BlockingEventSource`] | `client` |
//! | publish over HTTP | [`Publisher`] | `client` |
//! | run any `tower` service on the internet | [`Server`] | `server` |
//! | the same on a Unix socket, or another listener | [`Server::from_listener`] | `server` |
//! | end it, and the channels with it, from elsewhere | [`ServerHandle`] | `server` |
//!
//! # How a channel is delivered
//!
//! Over plain HTTP/1.1 on Linux, [`Server`] hands the socket of a listener to an engine that serves many at once, with no
//! task, timer or buffer for each of them. The bytes are the same. The engine needs the subscriber, so it has those
//! streams whose body is still the one that this crate made:
//!
//! | the answer | is delivered by |
//! |---|---|
//! | of [`EventService`], by itself or behind layers that leave the body alone (CORS, headers) | the engine |
//! | of [`Channels::listen`], as an [`event_stream`] | the engine |
//! | of either, as another type of body by [`ResponseBody::convert`] | the engine |
//! | of the router of sse-axum or the filters of sse-warp, unless middleware has wrapped the body | the engine |
//! | whose body middleware has wrapped or put in its place (compression, tracing, a time limit for bodies) | a body and a task |
//! | whose head says that it is encoded, or closes the connection | a body and a task |
//! | a stream of your own events, [`Sse`] | a body and a task |
//! | behind another request on the same connection that is not a stream | a body and a task |
//! | over TLS or HTTP/2, on other systems, or to a listener of your own that is no socket | a body and a task |
//! | of any other server than [`Server`] | a body and a task |
//!
//! Middleware that wraps a body sees every frame of it. What it holds in that body is held until the stream is over, either
//! way.
//!
//! # Features
//!
//! TLS, in servers and clients, is the feature `tls`, in the server alone `server-tls`; streams that come
//! compressed are the feature `compression`. All features are on by default.
//!
#![cfg_attr(not(feature = "client"), doc = "[`BlockingEventSource`]: #features")]
#![cfg_attr(not(feature = "client"), doc = "[`EventSource`]: #features")]
#![cfg_attr(not(feature = "client"), doc = "[`Publisher`]: #features")]
#![cfg_attr(not(feature = "server"), doc = "[`Server`]: #features")]
#![cfg_attr(not(feature = "server"), doc = "[`Server::from_listener`]: #features")]
#![cfg_attr(not(feature = "server"), doc = "[`ServerHandle`]: #features")]

pub use sse_core::response::event_stream;
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
    Receipt, Received, ResponseBody, SocketOptions, Source, Sse, SseBody, StreamCut, Subscription,
    Until,
};

mod service;
pub use service::EventService;

#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
pub use server::{Listener, Server, ServerHandle};
#[cfg(all(feature = "server", feature = "server-tls"))]
pub use server::{ServerTls, TlsError};
#[cfg(feature = "server")]
pub use sse_core::gateway::RemoteAddr;

#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
pub use client::{
    AnsweredFrom, BlockingEventSource, BuildError, CertificateProblem, EventSource,
    EventSourceBuilder, HttpVersion, Interrupted, Notice, Proxies, ProxyError, Publisher,
    PublisherBuilder, SendError, TlsMismatch, Transport, TransportBody, TransportError,
    TransportFuture, channel_uri, without_password,
};
#[cfg(all(feature = "client", feature = "tls"))]
pub use client::{ClientTls, ClientTlsError};
