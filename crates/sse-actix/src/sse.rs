use std::{future::Future, time::Duration};

use actix_web::{HttpRequest, HttpResponse, Responder, body::BoxBody};
use futures_core::Stream;
use sse_core::Emit;
use sse_tokio::LocalBoxFeed;

use crate::{response, rest::Rest};

/// An answer that sends the events of any stream, without channels: what a handler returns.
///
/// The stream yields [`Event`](sse_core::Event)s, [`Frame`](sse_core::Frame)s, the [`Result`] of
/// either, or what else [`Emit`]s, and stays on its worker: it need not be [`Send`]. Events that are
/// ready together go out in one write of up to 16 KiB; silence is broken by a comment after 1 s if
/// nothing came before, and every 15 s. A client that goes away drops the stream, and one that does not
/// read stops it.
///
/// An error of the stream is logged, by actix-web too, and breaks the answer behind what came before it,
/// so that the client knows that something is missing; see [`with_clean_errors`](Self::with_clean_errors).
///
/// ```
/// use actix_web::{App, test, web};
/// use futures_util::{StreamExt, stream};
/// use sse_actix::{LastEventId, Sse};
/// use sse_core::Event;
///
/// async fn tokens(last: LastEventId) -> Sse {
///     if !last.is_none() {
///         return Sse::stop();
///     }
///     Sse::new(stream::iter(["to", "be"]).map(Event::data))
/// }
///
/// # #[actix_web::main]
/// # async fn main() {
/// let app = test::init_service(App::new().route("/tokens", web::get().to(tokens))).await;
/// let request = test::TestRequest::get().uri("/tokens").to_request();
/// assert_eq!(test::call_and_read_body(&app, request).await, "data: to\n\ndata: be\n\n");
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

    /// The answer 204, after which an `EventSource` does not come back. See [`sse_core::stop_reconnecting`].
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
