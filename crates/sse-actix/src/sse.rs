use std::{future::Future, time::Duration};

use actix_web::{HttpRequest, HttpResponse, Responder, body::BoxBody};
use futures_core::Stream;
use sse_core::response::Emit;
use sse_tokio::{LocalBoxFeed, Received};

use crate::{response, rest::Rest};

/// An answer that sends the events of any stream, without channels: what a handler returns.
///
/// The stream yields [`Event`](sse_core::Event)s, [`Frame`](sse_core::wire::Frame)s, the [`Result`] of
/// either, or what else [`Emit`]s, and stays on its worker: it need not be [`Send`]. Events that are
/// ready together go out in one write of up to 16 KiB; silence is broken by a comment after 1 s if
/// nothing came before, and every 15 s. A client that goes away drops the stream, and one that does not
/// read stops it.
///
/// An error of the stream is logged, by actix-web too, and breaks the answer behind what came before it,
/// so that the client knows that something is missing; see [`with_clean_errors`](Self::with_clean_errors).
///
/// # The end
///
/// A browser comes back after the end of any stream, clean or not, and asks again. So give events ids,
/// and answer [`stop`](Self::stop) to the last one of all; or let the page close its `EventSource` at an
/// event that it knows for the last. Otherwise the browser has the same answer again every few seconds.
///
/// ```
/// use actix_web::{App, test, web};
/// use futures_util::{StreamExt, stream};
/// use sse_actix::{LastEventId, Sse};
/// use sse_core::Event;
///
/// async fn words(last: LastEventId) -> Sse {
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
/// # #[actix_web::main]
/// # async fn main() {
/// let app = test::init_service(App::new().route("/words", web::get().to(words))).await;
/// let request = test::TestRequest::get().uri("/words").to_request();
/// let all = test::call_and_read_body(&app, request).await;
/// assert_eq!(all, "data: to\nid: 1\n\ndata: be\nid: 2\n\n");
///
/// // The browser comes back, and then no more.
/// let request = test::TestRequest::get().uri("/words").insert_header(("last-event-id", "2"));
/// assert_eq!(test::call_service(&app, request.to_request()).await.status(), 204);
/// # }
/// ```
///
/// # A status, headers and cookies of your own
///
/// As actix-web has them for any responder. An `EventSource` takes no status but 200; others take what
/// you say.
///
/// ```
/// use actix_web::{Responder, http::StatusCode};
/// use futures_util::stream;
/// use sse_actix::Sse;
/// use sse_core::Event;
///
/// async fn answer() -> impl Responder {
///     Sse::new(stream::iter(["to", "be"].map(Event::data)))
///         .customize()
///         .with_status(StatusCode::CREATED)
///         .insert_header(("location", "/answers/7"))
///         .append_header(("set-cookie", "answer=7; HttpOnly"))
/// }
/// # #[actix_web::main]
/// # async fn main() {
/// # let request = actix_web::test::TestRequest::default().to_http_request();
/// # let response = answer().await.respond_to(&request);
/// # assert_eq!(response.status(), StatusCode::CREATED);
/// # assert_eq!(response.headers().get("location").unwrap(), "/answers/7");
/// # assert_eq!(response.headers().get("content-type").unwrap(), "text/event-stream");
/// # }
/// ```
#[derive(Debug)]
#[must_use = "it does nothing unless it is returned from a handler"]
pub struct Sse(sse_tokio::Sse<LocalBoxFeed>);

impl Sse {
    /// An answer that sends what `stream` yields, and ends with it.
    pub fn new<S>(stream: S) -> Self
    where
        S: Stream + 'static,
        S::Item: Emit,
    {
        Self(sse_tokio::Sse::new(stream).boxed_local())
    }

    /// An answer that sends what comes through a channel of `tokio::sync::mpsc`, bounded or not, and
    /// ends once all senders are gone and what they sent is written.
    ///
    /// A client that goes away drops the receiver: then sending fails, and so the producer learns that
    /// nobody reads any more. One that reads slowly fills a bounded channel, at which the producer waits.
    ///
    /// ```
    /// use sse_actix::Sse;
    /// use sse_core::Event;
    /// use tokio::sync::mpsc;
    ///
    /// async fn words() -> Sse {
    ///     let (words, receiver) = mpsc::channel(8);
    ///     actix_web::rt::spawn(async move {
    ///         for (at, word) in (1..).zip(["to", "be"]) {
    ///             if words.send(Event::data(word).with_id(at.into())).await.is_err() {
    ///                 return; // Nobody reads any more.
    ///             }
    ///         }
    ///     });
    ///     Sse::from_receiver(receiver)
    /// }
    /// # #[actix_web::main]
    /// # async fn main() {
    /// # let request = actix_web::test::TestRequest::default().to_http_request();
    /// # let response = actix_web::Responder::respond_to(words().await, &request);
    /// # let all = actix_web::body::to_bytes(response.into_body()).await.unwrap();
    /// # assert_eq!(all, "data: to\nid: 1\n\ndata: be\nid: 2\n\n");
    /// # }
    /// ```
    pub fn from_receiver<T>(receiver: impl Into<Received<T>>) -> Self
    where
        T: Emit + 'static,
    {
        Self::new(receiver.into())
    }

    /// The answer 204, after which an `EventSource` does not come back. See [`sse_core::response::stop_reconnecting`].
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
    /// use actix_web::{Responder, body::to_bytes, test::TestRequest};
    /// use futures_util::stream;
    /// use sse_actix::Sse;
    /// use sse_core::Event;
    ///
    /// # #[actix_web::main]
    /// # async fn main() {
    /// let request = TestRequest::default().to_http_request();
    /// let lost = || stream::iter([Ok(Event::data("1")), Err("lost")]);
    ///
    /// let response = Sse::new(lost()).respond_to(&request);
    /// assert!(to_bytes(response.into_body()).await.is_err());
    ///
    /// let response = Sse::new(lost()).with_clean_errors().respond_to(&request);
    /// assert_eq!(to_bytes(response.into_body()).await.unwrap(), "data: 1\n\n");
    /// # }
    /// ```
    pub fn with_clean_errors(self) -> Self {
        Self(self.0.with_clean_errors())
    }

    /// Ends the stream once `signal` completes, as it must when the server shuts down gracefully: it
    /// waits for the answers under way, and an endless one would make it wait for 30 s.
    pub fn with_shutdown<T>(self, signal: T) -> Self
    where
        T: Future<Output = ()> + 'static,
    {
        Self(self.0.with_shutdown(signal).boxed_local())
    }
}

impl Responder for Sse {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        response::convert(request, self.0.into_response(), Rest::none(), None)
    }
}
