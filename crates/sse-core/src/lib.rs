//! Server-sent events as state machines, without I/O.
//!
//! This crate never reads a socket, a clock or a random source: bytes and instants are handed to
//! it, and bytes, deadlines and wakers are handed back. `sse-hyper` carries them to a server.
//!
//! The ten names that most programs need are here; the others are in modules, a folder each.
//!
//! | to | use |
//! |---|---|
//! | write events | [`Event`], and the rest of [`event`] |
//! | read events | [`Decoder`], and the rest of [`wire`] |
//! | read events from a body, a stream, a reader | [`reader`] |
//! | read blocks as they were written | [`wire::BlockDecoder`] |
//! | publish to listeners | [`Hub`], and the rest of [`hub`] |
//! | let channels remember | [`history`] |
//! | keep what they remember elsewhere | [`store`] |
//! | say what a body becomes, and where ids come from | [`format`](mod@format), [`action`], [`id_source`] |
//! | answer with a stream of your own | [`response`] |
//! | serve the protocol of the commands | [`Gateway`], and the rest of [`gateway`] |
//! | say who may listen and publish, and how much | [`access`] |
//! | stay connected to a server | [`Client`], and the rest of [`client`] |
//!
//! # Example
//!
//! ```
//! use sse_core::{Decoder, Event, Item, event::EventName};
//!
//! let frame = Event::data("21.5\n22.0").with_name(EventName::new("reading")?).encode();
//! assert_eq!(frame, "event: reading\ndata: 21.5\ndata: 22.0\n\n");
//!
//! let mut decoder = Decoder::new();
//! let Some(Item::Event(event)) = decoder.decode(&mut &frame[..])? else {
//!     panic!("a whole event went in");
//! };
//! assert_eq!((event.name(), event.data()), ("reading", "21.5\n22.0"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod access;
pub mod action;
pub mod channel;
pub mod client;
pub mod event;
pub mod format;
pub mod gateway;
pub mod history;
pub mod hub;
pub mod id_source;
pub mod reader;
pub mod request;
pub mod response;
pub mod store;
pub mod wire;

#[doc(inline)]
pub use self::{
    channel::Token,
    client::Client,
    event::Event,
    format::StringFormat,
    gateway::{Gateway, GatewayConfig},
    hub::{Hub, HubConfig},
    wire::{Decoder, Item},
};

mod growth;
mod mix;
mod refused;

#[cfg(test)]
mod testing;
