use std::{future::Future, time::Duration};

use futures_core::Stream;
use sse_core::Emit;
use sse_tokio::BoxFeed;
use warp::{Reply, reply};

use crate::reply::convert;

/// An answer that sends the events of any stream, without channels: what a handler returns.
///
/// The stream yields [`Event`](sse_core::Event)s, [`Frame`](sse_core::Frame)s, the [`Result`] of
/// either, or what else [`Emit`]s. Events that are ready together go out in one write of up to 16 KiB;
/// silence is broken by a comment every 15 s; an error is logged and ends the answer cleanly, so that
/// the client reconnects. A client that goes away drops the stream, and one that does not read stops it.
///
/// ```
/// use futures_util::{StreamExt, stream};
/// use sse_core::Event;
/// use sse_warp::{LastEventId, Sse};
/// use warp::Filter;
///
/// fn tokens(last: LastEventId) -> Sse {
///     if !last.is_none() {
///         return Sse::stop();
///     }
///     Sse::new(stream::iter(["to", "be"]).map(Event::data))
/// }
///
/// let route = warp::path("tokens").and(sse_warp::last_event_id()).map(tokens);
/// ```
#[derive(Debug)]
#[must_use = "it does nothing unless it is returned from a handler"]
pub struct Sse(sse_tokio::Sse<BoxFeed>);

impl Sse {
    /// An answer that sends what `stream` yields, and ends with it.
    pub fn new<S>(stream: S) -> Self
    where
        S: Stream + Send + 'static,
        S::Item: Emit,
    {
        Self(sse_tokio::Sse::new(stream).boxed())
    }

    /// The answer 204, after which an `EventSource` does not come back. See
    /// [`sse_core::stop_reconnecting`].
    pub fn stop() -> Self {
        Self(sse_tokio::Sse::stop())
    }

    /// Sets the silence after which a comment is sent, or `None` for never. Default: 15 s.
    pub fn with_keepalive(self, keepalive: Option<Duration>) -> Self {
        Self(self.0.with_keepalive(keepalive))
    }

    /// Ends the stream once `signal` completes, as it must when the server shuts down gracefully: it
    /// waits for the answers under way, and an endless one would make it wait for ever.
    pub fn with_shutdown<T>(self, signal: T) -> Self
    where
        T: Future<Output = ()> + Send + 'static,
    {
        Self(self.0.with_shutdown(signal).boxed())
    }
}

impl Reply for Sse {
    fn into_response(self) -> reply::Response {
        convert(self.0.into_response())
    }
}
