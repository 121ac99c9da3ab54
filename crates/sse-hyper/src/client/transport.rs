use std::{error::Error, future::Future, pin::Pin, sync::Arc};

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body::Body;
use http_body_util::{BodyExt, combinators::UnsyncBoxBody};
use sse_core::client::Failure;

/// Sends requests for an [`EventSource`](crate::EventSource).
///
/// hyper's is in here; implement it to use another HTTP client. Redirects may be followed or handed back:
/// the source follows those that are handed back. To drop the answer is to end its connection.
///
/// ```
/// use bytes::Bytes;
/// use http::{Request, Response, StatusCode};
/// use http_body_util::Empty;
/// use sse_hyper::{EventSource, Transport, TransportBody, TransportFuture};
///
/// /// Tells every client to stop.
/// struct Stop;
///
/// impl Transport for Stop {
///     fn send(&mut self, _request: Request<Bytes>) -> TransportFuture {
///         Box::pin(async {
///             let mut response = Response::new(TransportBody::new(Empty::<Bytes>::new()));
///             *response.status_mut() = StatusCode::NO_CONTENT;
///             Ok(response)
///         })
///     }
/// }
///
/// let source = EventSource::builder("http://a.example/".parse()?).build_with(Stop)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Transport: Send {
    /// Sends `request`, and is ready with the head of the answer.
    ///
    /// It is dropped if the answer does not come in time.
    fn send(&mut self, request: Request<Bytes>) -> TransportFuture;

    /// Whether it leaves tasks to the runtime that have to go on while nobody polls the source, such as one
    /// that answers the pings of HTTP/2: a [`BlockingEventSource`](crate::BlockingEventSource) has a thread
    /// for them then. Default: yes.
    fn has_tasks(&self) -> bool {
        true
    }
}

/// What [`Transport::send`] returns.
pub type TransportFuture =
    Pin<Box<dyn Future<Output = Result<Response<TransportBody>, TransportError>> + Send>>;

/// Where an answer comes from, if the transport followed redirects by itself: for the extensions of the
/// [`Response`].
///
/// ```
/// use http::Response;
/// use sse_hyper::AnsweredFrom;
///
/// # let body = ();
/// let mut response = Response::new(body);
/// response.extensions_mut().insert(AnsweredFrom("http://b.example/".parse()?));
/// # Ok::<(), http::uri::InvalidUri>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "there is no more to say")]
pub struct AnsweredFrom(pub Uri);

/// The body of an answer.
///
/// ```
/// use bytes::Bytes;
/// use http_body_util::Full;
/// use sse_hyper::TransportBody;
///
/// let body = TransportBody::new(Full::<Bytes>::from("data: 1\n\n"));
/// ```
#[derive(Debug)]
pub struct TransportBody(pub(super) UnsyncBoxBody<Bytes, SharedError>);

impl TransportBody {
    /// The bytes of `body`.
    pub fn new<B>(body: B) -> Self
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        Self(body.map_err(|error| SharedError::from(error.into())).boxed_unsync())
    }
}

/// Why a request has no answer.
///
/// ```
/// use std::io::{Error, ErrorKind};
/// use sse_hyper::TransportError;
///
/// let refused = TransportError::unsent(Error::from(ErrorKind::ConnectionRefused));
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[error("{source}")]
pub struct TransportError {
    pub(super) failure: Failure,
    pub(super) source: SharedError,
}

impl TransportError {
    /// There was no connection, so the server knows nothing of the request.
    pub fn unsent(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { failure: Failure::Unsent, source: SharedError::from(source.into()) }
    }

    /// The request was sent, or part of it.
    pub fn unanswered(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { failure: Failure::Unanswered, source: SharedError::from(source.into()) }
    }
}

pub(super) type SharedError = Arc<dyn Error + Send + Sync>;
