use std::{fmt, future::Future, time::Duration};

use futures_core::Stream;
use http::Response;
use sse_core::response::{Emit, EventBuffer, event_stream, stop_reconnecting};

use crate::{BoxFeed, Feed, FeedSource, LocalBoxFeed, Received, SseBody, Until, timer::now};

/// An answer that sends the events of any stream, without channels.
///
/// The stream yields [`Event`](sse_core::Event)s, [`Frame`](sse_core::wire::Frame)s, the [`Result`] of
/// either, or what else [`Emit`]s. Events that are ready together go out in one write of up to 16 KiB;
/// silence is broken by a comment after 1 s if nothing came before, and every 15 s. A client that goes
/// away drops the stream, and one that does not read stops it: no more than one write is taken from it
/// beyond what the server buffers.
///
/// An error of the stream is logged and, behind all that came before it, breaks the answer: the body
/// fails with [`StreamCut`](crate::StreamCut), for which servers leave out the last chunk of HTTP/1.1 and
/// reset the stream of HTTP/2. So the client knows that something is missing. Only HTTP/1.0 has no way to
/// say that. For an end that looks whole there is [`with_clean_errors`](Self::with_clean_errors).
///
/// # The end
///
/// A browser comes back after the end of any stream, clean or not, and asks again. So give events ids,
/// and answer [`stop`](Self::stop) to the last one of all; or let the page close its `EventSource` at an
/// event that it knows for the last. Otherwise the browser has the same answer again every few seconds.
///
/// ```
/// # use bytes::Bytes;
/// use futures_util::{StreamExt, stream};
/// # use http_body_util::BodyExt;
/// use http::{Request, Response};
/// use sse_core::{Event, response::LastEventId};
/// # use sse_tokio::Sse;
///
/// fn answer(last: LastEventId) -> Response<impl http_body::Body<Data = Bytes>> {
///     let words = ["to", "be"];
///     // The id of an event says how many were sent, so the browser's last one how many it has.
///     let seen = last.id().and_then(|id| id.as_str().parse().ok()).unwrap_or(0);
///     if words.len() <= seen {
///         return Sse::stop().into_response();
///     }
///     let rest = stream::iter(words).enumerate().skip(seen);
///     Sse::new(rest.map(|(at, word)| Event::data(word).with_id((at + 1).into()))).into_response()
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let response = answer(LastEventId::default());
/// assert_eq!(response.headers()["content-type"], "text/event-stream");
/// let body = response.into_body().collect().await.ok().unwrap().to_bytes();
/// assert_eq!(body, "data: to\nid: 1\n\ndata: be\nid: 2\n\n");
///
/// // The browser comes back, and then no more.
/// assert_eq!(answer(LastEventId::new(Some(b"2"), None)).status(), 204);
/// # }
/// ```
///
/// # A status, headers and cookies of your own
///
/// The response is made, then changed. An `EventSource` takes no status but 200; others take what you say.
///
/// ```
/// use futures_util::stream;
/// use http::{HeaderValue, StatusCode, header};
/// use sse_core::Event;
/// # use sse_tokio::Sse;
///
/// let words = stream::iter(["to", "be"].map(Event::data));
/// let mut response = Sse::new(words).into_response();
/// *response.status_mut() = StatusCode::CREATED;
/// let headers = response.headers_mut();
/// headers.insert(header::LOCATION, HeaderValue::from_static("/answers/7"));
/// headers.append(header::SET_COOKIE, HeaderValue::from_static("answer=7; HttpOnly"));
///
/// assert_eq!(response.headers()["content-type"], "text/event-stream");
/// ```
#[must_use = "it does nothing unless it is sent"]
pub struct Sse<F> {
    feed: Option<F>,
    options: Options,
}

impl<S> Sse<S> {
    /// An answer that sends what `stream` yields, and ends with it.
    pub fn new(stream: S) -> Self
    where
        S: Stream,
        S::Item: Emit,
    {
        Self { feed: Some(stream), options: Options::default() }
    }
}

impl<T: Emit> Sse<Received<T>> {
    /// An answer that sends what comes through a channel of [`tokio::sync::mpsc`], bounded or not, and
    /// ends once all senders are gone and what they sent is written.
    ///
    /// A client that goes away drops the receiver: then sending fails, and so the producer learns that
    /// nobody reads any more. One that reads slowly fills a bounded channel, at which the producer waits.
    ///
    /// ```
    /// # use http_body_util::BodyExt;
    /// use sse_core::Event;
    /// # use sse_tokio::Sse;
    /// use tokio::sync::mpsc;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let (words, receiver) = mpsc::channel(8);
    /// tokio::spawn(async move {
    ///     for (at, word) in (1..).zip(["to", "be"]) {
    ///         if words.send(Event::data(word).with_id(at.into())).await.is_err() {
    ///             return; // Nobody reads any more.
    ///         }
    ///     }
    /// });
    /// let response = Sse::from_receiver(receiver).into_response();
    /// # let body = response.into_body().collect().await.unwrap().to_bytes();
    /// # assert_eq!(body, "data: to\nid: 1\n\ndata: be\nid: 2\n\n");
    /// # }
    /// ```
    pub fn from_receiver(receiver: impl Into<Received<T>>) -> Self {
        Self::new(receiver.into())
    }
}

impl<F: Feed> Sse<F> {
    /// The answer 204, after which an `EventSource` does not come back. See [`sse_core::response::stop_reconnecting`].
    pub fn stop() -> Self {
        Self { feed: None, options: Options::default() }
    }

    /// Sets the silence after which a comment is sent, or `None` for never. Default: 15 s.
    ///
    /// The [first comment](Self::with_first_comment) is another matter.
    pub fn with_keepalive(mut self, keepalive: Option<Duration>) -> Self {
        self.options.keepalive = keepalive;
        self
    }

    /// Sets the silence at the beginning after which a first comment is sent, or `None` to leave that to
    /// the keepalive. Default: 1 s, also without a keepalive.
    ///
    /// Some proxies and clients hold the head of the answer back until there is a byte of the body: no
    /// `EventSource` is open before. See [`EventBuffer::with_first_comment`].
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use futures_util::stream;
    /// use http_body_util::BodyExt;
    /// use sse_core::{Event, wire::KEEPALIVE};
    /// # use sse_tokio::Sse;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let sse = Sse::new(stream::pending::<Event>()).with_first_comment(Some(Duration::ZERO));
    /// let first = sse.into_response().into_body().frame().await.expect("it has not ended");
    /// assert_eq!(first.expect("nothing is cut here").into_data().unwrap(), KEEPALIVE);
    /// # }
    /// ```
    pub fn with_first_comment(mut self, after: Option<Duration>) -> Self {
        self.options.first_comment = after;
        self
    }

    /// Makes an error of the stream a clean end of the answer, as if the stream had ended there.
    ///
    /// The error is logged all the same. An `EventSource` comes back after either end; others take a
    /// clean one for the whole answer.
    ///
    /// ```
    /// use futures_util::stream;
    /// use http_body_util::BodyExt;
    /// use sse_core::{Event, channel::CloseReason};
    /// # use sse_tokio::Sse;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let lost = || stream::iter([Ok(Event::data("1")), Err("lost")]);
    ///
    /// let body = Sse::new(lost()).into_response().into_body();
    /// let cut = body.collect().await.unwrap_err();
    /// assert_eq!(cut.reason(), CloseReason::Failed);
    ///
    /// let body = Sse::new(lost()).with_clean_errors().into_response().into_body();
    /// assert_eq!(body.collect().await.unwrap().to_bytes(), "data: 1\n\n");
    /// # }
    /// ```
    pub fn with_clean_errors(mut self) -> Self {
        self.options.ends_errors_cleanly = true;
        self
    }

    /// Ends the stream once `signal` completes, as it must when the server shuts down gracefully:
    /// servers wait for the answers under way, and an endless one would make them wait for ever.
    pub fn with_shutdown<T>(self, signal: T) -> Sse<Until<F, T>>
    where
        T: Future<Output = ()>,
    {
        Sse { feed: self.feed.map(|feed| Until::new(feed, signal)), options: self.options }
    }

    /// The same behind a pointer, whatever the stream is.
    pub fn boxed(self) -> Sse<BoxFeed>
    where
        F: Send + 'static,
    {
        Sse { feed: self.feed.map(|feed| Box::pin(feed) as BoxFeed), options: self.options }
    }

    /// The same behind a pointer, whatever the stream is, for one thread.
    pub fn boxed_local(self) -> Sse<LocalBoxFeed>
    where
        F: 'static,
    {
        Sse { feed: self.feed.map(|feed| Box::pin(feed) as LocalBoxFeed), options: self.options }
    }

    /// The answer.
    pub fn into_response(self) -> Response<SseBody<FeedSource<F>>> {
        match self.feed {
            Some(feed) => {
                let Options { keepalive, first_comment, ends_errors_cleanly } = self.options;
                let now = now();
                let buffer =
                    EventBuffer::new(keepalive, now).with_first_comment(first_comment, now);
                event_stream(SseBody::new(FeedSource::new(feed, buffer, ends_errors_cleanly)))
            }
            None => stop_reconnecting(SseBody::empty()),
        }
    }
}

impl<F: Feed> From<Sse<F>> for Response<SseBody<FeedSource<F>>> {
    fn from(sse: Sse<F>) -> Self {
        sse.into_response()
    }
}

impl<F> fmt::Debug for Sse<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sse").field("options", &self.options).finish_non_exhaustive()
    }
}

/// What an answer does beside what its stream says.
#[derive(Clone, Debug)]
struct Options {
    keepalive: Option<Duration>,
    first_comment: Option<Duration>,
    ends_errors_cleanly: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            keepalive: Some(EventBuffer::KEEPALIVE),
            first_comment: Some(EventBuffer::FIRST_COMMENT),
            ends_errors_cleanly: false,
        }
    }
}
