//! Server-sent events as state machines, without I/O.
//!
//! This crate never reads a socket, a clock or a random source: bytes and instants are handed to
//! it, and bytes, deadlines and wakers are handed back. `sse-hyper` carries them to a server.
//!
//! | to | use |
//! |---|---|
//! | write events | [`Event`], [`encode_comment`] |
//! | read events | [`Decoder`] |
//! | read events from a body, a stream, a reader | [`reader`] |
//! | read blocks as they were written | [`BlockDecoder`] |
//! | publish to listeners | [`Hub`] |
//! | answer with a stream of your own | [`event_stream`], [`EventBuffer`], [`LastEventId`] |
//! | serve the protocol of the commands | [`Gateway`] |
//! | stay connected to a server | [`Client`] |
//!
//! # Example
//!
//! ```
//! use sse_core::{Decoder, Event, EventName, Item};
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

mod event;
pub use event::{Event, EventId, EventName, FieldError};

mod wire;
pub use wire::{
    Block, BlockDecoder, BlockRef, DecodeError, Decoder, Discarded, EventRef, Frame, FrameError,
    Item, KEEPALIVE, Leftover, Limits, MessageEvent, Overflow, encode_comment,
};

pub mod reader;

mod action;
pub use action::{Action, ActionError, ActionSet};

mod format;
#[cfg(feature = "json")]
pub use format::JsonFormat;
pub use format::{Format, FormatError, StringFormat};

mod id_source;
pub use id_source::{Counter, IdSource, TimeStamp};

mod channel;
pub use channel::{
    CloseReason, IdempotencyKey, IdempotencyKeyError, Mode, OnOverrun, Output, Token, TokenError,
};

mod history;
pub use history::{
    Epoch, Gap, GapReason, History, Position, Resume, Since, SinceError, Start, Verdict,
};

mod hub;
pub use hub::{
    ChannelInfo, Counts, Delivered, Hub, HubConfig, HubError, HubEvent, Limit, Overrun, Post,
    PublishError, Published, Receiver, SubscribeError, Subscriber, Wakers, Watcher,
};

mod request;
pub use request::{RequestError, RequestHead};

mod gateway;
pub use gateway::{
    Admission, Admitted, Cors, CorsError, Gateway, GatewayConfig, GatewayError, Handled, Hosts,
    HostsError, Permit, Publication, RemoteAddr,
};

mod response;
pub use response::{Emit, EventBuffer, LastEventId, event_stream, stop_reconnecting};

mod client;
pub use client::{
    Client, ClientConfig, ClientOutput, ClientRequest, Disconnect, End, Failure, ReadyState,
    RedirectError, RetryAfter, RetryLimit, SystemEvent,
};

mod mix;
mod refused;

#[cfg(test)]
mod testing;
