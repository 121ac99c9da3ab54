use std::{fmt, future::Future, time::Duration};

use futures_core::Stream;
use http::Response;
use sse_core::{Emit, EventBuffer, SubscriptionConfig, event_stream, stop_reconnecting};

use crate::{BoxFeed, Fed, Feed, LocalBoxFeed, SseBody, Until, timer::now};

/// An answer that sends the events of any stream, without channels.
///
/// The stream yields [`Event`](sse_core::Event)s, [`Frame`](sse_core::Frame)s, the [`Result`] of
/// either, or what else [`Emit`]s. Events that are ready together go out in one write of up to 16 KiB;
/// silence is broken by a comment every 15 s; an error is logged and ends the answer cleanly, so that
/// the client reconnects. A client that goes away drops the stream, and one that does not read stops
/// it: no more than one write is taken from it beyond what the server buffers.
///
/// ```
/// use std::convert::Infallible;
///
/// use futures_util::stream;
/// use http::Response;
/// use http_body_util::BodyExt;
/// use sse_core::Event;
/// use sse_tokio::Sse;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let tokens = stream::iter(["to", "be"]).map(Event::data);
/// # use futures_util::StreamExt;
/// let response = Response::from(Sse::new(tokens));
/// assert_eq!(response.headers()["content-type"], "text/event-stream");
/// let body = response.into_body().collect().await.expect("nothing is lost here").to_bytes();
/// assert_eq!(body, "data: to\n\ndata: be\n\n");
/// # }
/// ```
#[must_use = "it does nothing unless it is sent"]
pub struct Sse<F> {
    feed: Option<F>,
    config: SubscriptionConfig,
}

impl<S> Sse<S>
where
    S: Stream,
    S::Item: Emit,
{
    /// An answer that sends what `stream` yields, and ends with it.
    pub fn new(stream: S) -> Self {
        Self { feed: Some(stream), config: SubscriptionConfig::default() }
    }
}

impl<F: Feed> Sse<F> {
    /// The answer 204, after which an `EventSource` does not come back. See [`sse_core::stop_reconnecting`].
    pub fn stop() -> Self {
        Self { feed: None, config: SubscriptionConfig::default() }
    }

    /// Sets the silence after which a comment is sent, or `None` for never. Default: 15 s.
    pub fn with_keepalive(mut self, keepalive: Option<Duration>) -> Self {
        self.config = self.config.with_keepalive(keepalive);
        self
    }

    /// Ends the stream once `signal` completes, as it must when the server shuts down gracefully:
    /// servers wait for the answers under way, and an endless one would make them wait for ever.
    pub fn with_shutdown<T>(self, signal: T) -> Sse<Until<F, T>>
    where
        T: Future<Output = ()>,
    {
        Sse { feed: self.feed.map(|feed| Until::new(feed, signal)), config: self.config }
    }

    /// The same behind a pointer, whatever the stream is.
    pub fn boxed(self) -> Sse<BoxFeed>
    where
        F: Send + 'static,
    {
        Sse { feed: self.feed.map(|feed| Box::pin(feed) as BoxFeed), config: self.config }
    }

    /// The same behind a pointer, whatever the stream is, for one thread.
    pub fn boxed_local(self) -> Sse<LocalBoxFeed>
    where
        F: 'static,
    {
        Sse { feed: self.feed.map(|feed| Box::pin(feed) as LocalBoxFeed), config: self.config }
    }

    /// The answer.
    pub fn into_response(self) -> Response<SseBody<Fed<F>>> {
        match self.feed {
            Some(feed) => {
                event_stream(SseBody::new(Fed::new(feed, EventBuffer::new(self.config, now()))))
            }
            None => stop_reconnecting(SseBody::empty()),
        }
    }
}

impl<F: Feed> From<Sse<F>> for Response<SseBody<Fed<F>>> {
    fn from(sse: Sse<F>) -> Self {
        sse.into_response()
    }
}

impl<F> fmt::Debug for Sse<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sse").field("config", &self.config).finish_non_exhaustive()
    }
}
