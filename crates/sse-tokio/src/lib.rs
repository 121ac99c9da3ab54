//! What the adapters of server-sent events share, and what needs tokio: timers, waking, bodies and
//! the options of sockets.
//!
//! Use the adapter of your framework, which hands these out. For a framework without one:
//!
//! | to | use |
//! |---|---|
//! | serve the protocol of [`sse_core::Gateway`] | [`Protocol`] |
//! | publish, listen and end streams from the process that serves | [`Channels`] |
//! | answer with a stream of events | [`Sse`] |
//! | stream one subscriber in an answer of your own | [`SseBody`] |
//! | deliver in a server to many listeners, without a body for each | [`take_subscriber`] |
//! | keep one timer a connection | [`LazyTimer`] |
//! | throw away what still comes | [`Discard`] |
//! | listen with the options that find dead peers | [`SocketOptions`] |

mod body;
pub use body::{SseBody, StreamCut};

mod channels;
pub use channels::Channels;

mod discard;
pub use discard::Discard;

mod events;
pub use events::ChannelEvents;

mod feed;
pub use feed::{BoxFeed, Feed, FeedState, LocalBoxFeed, Until};

mod observation;
pub use observation::Observation;

mod offer;
pub use offer::{Probed, Shell, Taken, take_subscriber};

mod protocol;
pub use protocol::{Answer, Protocol, ResponseBody, Rest};

mod receipt;
pub use receipt::Receipt;

mod received;
pub use received::Received;

mod socket;
pub use socket::SocketOptions;

mod source;
pub use source::{FeedSource, Source};

mod sse;
pub use sse::Sse;

mod subscription;
pub use subscription::Subscription;

mod timer;
pub use timer::{LazyTimer, now};

mod turn;
