use std::{future::Future, time::Duration};

use futures_core::Stream;
use sse_core::response::Emit;
use sse_tokio::{BoxFeed, Received};
use warp::{Reply, reply};

use crate::reply::convert;

/// An answer that sends the events of any stream, without channels: what a handler returns.
///
/// The stream yields [`Event`](sse_core::Event)s, [`Frame`](sse_core::wire::Frame)s, the [`Result`] of
/// either, or what else [`Emit`]s. Events that are ready together go out in one write of up to 16 KiB;
/// silence is broken by a comment after 1 s if nothing came before, and every 15 s. A client that goes
/// away drops the stream, and one that does not read stops it.
///
/// An error of the stream is logged and breaks the answer behind what came before it, so that the client
/// knows that something is missing; see [`with_clean_errors`](Self::with_clean_errors).
///
/// # The end
///
/// A browser comes back after the end of any stream, clean or not, and asks again. So give events ids,
/// and answer [`stop`](Self::stop) to the last one of all; or let the page close its `EventSource` at an
/// event that it knows for the last. Otherwise the browser has the same answer again every few seconds.
///
/// ```
/// use futures_util::{StreamExt, stream};
/// use sse_core::Event;
/// use sse_warp::{LastEventId, Sse};
/// use warp::Filter;
///
/// fn words(last: LastEventId) -> Sse {
///     let words = ["to", "be"];
///     // The id of an event says how many were sent, so the browser's last one how many it has.
///     let seen = last.id().and_then(|id| id.as_str().parse().ok()).unwrap_or(0);
///     if words.len() <= seen {
///         return Sse::stop();
///     }
///     let rest = stream::iter(words).enumerate().skip(seen);
///     Sse::new(rest.map(|(at, word)| Event::data(word).with_id((at + 1).into())))
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let route = warp::path("words").and(sse_warp::last_event_id()).map(words);
/// # use http_body_util::BodyExt;
/// # use tower_service::Service;
/// # let mut app = warp::service(route);
/// # let mut ask = async |last| {
/// #     let request = http::Request::get("/words").header("last-event-id", last);
/// #     app.call(request.body(String::new()).unwrap()).await.unwrap()
/// # };
/// # let all = ask("").await.into_body().collect().await?.to_bytes();
/// # assert_eq!(all, "data: to\nid: 1\n\ndata: be\nid: 2\n\n");
/// # assert_eq!(ask("2").await.status(), 204);
/// # Ok(())
/// # }
/// ```
///
/// # A status, headers and cookies of your own
///
/// As warp has them for any reply. An `EventSource` takes no status but 200; others take what you say.
///
/// ```
/// use futures_util::stream;
/// use sse_core::Event;
/// use sse_warp::Sse;
/// use warp::{Reply, http::StatusCode, reply};
///
/// fn answer() -> impl Reply {
///     let words = Sse::new(stream::iter(["to", "be"].map(Event::data)));
///     let answer = reply::with_header(words, "location", "/answers/7");
///     let answer = reply::with_header(answer, "set-cookie", "answer=7; HttpOnly");
///     reply::with_status(answer, StatusCode::CREATED)
/// }
/// # let response = answer().into_response();
/// # assert_eq!(response.status(), StatusCode::CREATED);
/// # assert_eq!(response.headers()["location"], "/answers/7");
/// # assert_eq!(response.headers()["content-type"], "text/event-stream");
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

    /// An answer that sends what comes through a channel of `tokio::sync::mpsc`, bounded or not, and
    /// ends once all senders are gone and what they sent is written.
    ///
    /// A client that goes away drops the receiver: then sending fails, and so the producer learns that
    /// nobody reads any more. One that reads slowly fills a bounded channel, at which the producer waits.
    ///
    /// ```
    /// use sse_core::Event;
    /// use sse_warp::Sse;
    /// use tokio::sync::mpsc;
    ///
    /// async fn words() -> Sse {
    ///     let (words, receiver) = mpsc::channel(8);
    ///     tokio::spawn(async move {
    ///         for (at, word) in (1..).zip(["to", "be"]) {
    ///             if words.send(Event::data(word).with_id(at.into())).await.is_err() {
    ///                 return; // Nobody reads any more.
    ///             }
    ///         }
    ///     });
    ///     Sse::from_receiver(receiver)
    /// }
    /// # use http_body_util::BodyExt;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// # let response = warp::Reply::into_response(words().await);
    /// # let all = response.into_body().collect().await.unwrap().to_bytes();
    /// # assert_eq!(all, "data: to\nid: 1\n\ndata: be\nid: 2\n\n");
    /// # }
    /// ```
    pub fn from_receiver<T>(receiver: impl Into<Received<T>>) -> Self
    where
        T: Emit + Send + 'static,
    {
        Self::new(receiver.into())
    }

    /// The answer 204, after which an `EventSource` does not come back. See
    /// [`sse_core::response::stop_reconnecting`].
    pub fn stop() -> Self {
        Self(sse_tokio::Sse::stop())
    }

    /// Sets the silence after which a comment is sent, or `None` for never. Default: 15 s.
    ///
    /// The [first comment](Self::with_first_comment) is another matter.
    pub fn with_keepalive(self, keepalive: Option<Duration>) -> Self {
        Self(self.0.with_keepalive(keepalive))
    }

    /// Sets the silence at the beginning after which a first comment is sent, or `None` to leave that to
    /// the keepalive. Default: 1 s, also without a keepalive.
    ///
    /// Some proxies and clients hold the head of the answer back until there is a byte of the body: no
    /// `EventSource` is open before.
    pub fn with_first_comment(self, after: Option<Duration>) -> Self {
        Self(self.0.with_first_comment(after))
    }

    /// Makes an error of the stream a clean end of the answer, as if the stream had ended there.
    ///
    /// The error is logged all the same. An `EventSource` comes back after either end; others take a
    /// clean one for the whole answer.
    ///
    /// ```
    /// use futures_util::stream;
    /// use http_body_util::BodyExt;
    /// use sse_core::Event;
    /// use sse_warp::Sse;
    /// use warp::Reply;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let lost = || stream::iter([Ok(Event::data("1")), Err("lost")]);
    ///
    /// let body = Sse::new(lost()).into_response().into_body();
    /// assert!(body.collect().await.is_err());
    ///
    /// let body = Sse::new(lost()).with_clean_errors().into_response().into_body();
    /// assert_eq!(body.collect().await.unwrap().to_bytes(), "data: 1\n\n");
    /// # }
    /// ```
    pub fn with_clean_errors(self) -> Self {
        Self(self.0.with_clean_errors())
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
