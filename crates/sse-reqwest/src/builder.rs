use std::future::Future;

use bytes::Bytes;
use http::{HeaderMap, Uri, uri::InvalidUri};
use reqwest::{Client, Request, RequestBuilder};
use sse_core::client::ClientConfig;
use sse_hyper::{BuildError, EventSource};

use crate::transport::ReqwestTransport;

/// Makes streams of events of requests.
pub trait RequestBuilderExt {
    /// A source of the events that answer this request, which is sent once for each connection.
    ///
    /// Of `Authorization` and `User-Agent` the one that was set last is sent; a user in the address is one
    /// that was set first.
    ///
    /// # Errors
    ///
    /// [`RequestError`] if it cannot be sent, or not again.
    fn event_source(self) -> Result<EventSourceBuilder, RequestError>;
}

impl RequestBuilderExt for RequestBuilder {
    fn event_source(self) -> Result<EventSourceBuilder, RequestError> {
        let (client, request) = self.build_split();
        EventSourceBuilder::new(client, request?)
    }
}

/// A source over a client of reqwest that is still to be configured.
///
/// ```
/// use std::time::Duration;
/// use sse_reqwest::{ClientConfig, RequestBuilderExt};
///
/// let source = reqwest::Client::new()
///     .post("http://127.0.0.1:8080/v1/chat")
///     .body(r#"{"stream":true}"#)
///     .event_source()?
///     .with_config(ClientConfig::default().with_idle_timeout(Duration::from_secs(60)))
///     .build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct EventSourceBuilder {
    transport: ReqwestTransport,
    source: sse_hyper::EventSourceBuilder,
}

impl EventSourceBuilder {
    fn new(client: Client, request: Request) -> Result<Self, RequestError> {
        let uri: Uri = request.url().as_str().parse()?;
        let body = match request.body() {
            None => Bytes::new(),
            Some(body) => {
                Bytes::copy_from_slice(body.as_bytes().ok_or(RequestError::StreamingBody)?)
            }
        };
        let mut source =
            EventSource::builder(uri).with_method(request.method().clone()).with_body(body);
        for (name, value) in request.headers() {
            source = source.with_header(name.clone(), value.clone());
        }
        let (timeout, version) = (request.timeout().copied(), request.version());
        Ok(Self { transport: ReqwestTransport { client, timeout, version }, source })
    }

    /// Sets how the source connects again. Default: [`ClientConfig::default`]. Without a seed it gets
    /// a random one.
    #[must_use]
    pub fn with_config(mut self, config: ClientConfig) -> Self {
        self.source = self.source.with_config(config);
        self
    }

    /// Sets a hook that makes headers before each attempt, as
    /// [`sse_hyper::EventSourceBuilder::with_header_hook`] does.
    #[must_use]
    pub fn with_header_hook<F, Fut>(mut self, hook: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<HeaderMap, Box<dyn std::error::Error + Send + Sync>>>
            + Send
            + 'static,
    {
        self.source = self.source.with_header_hook(hook);
        self
    }

    /// The source, which connects once it is polled.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the address has no host, or is neither `http` nor `https`, or if the method is one
    /// whose answers have no body.
    pub fn build(self) -> Result<EventSource, BuildError> {
        self.source.build_with(self.transport)
    }
}

/// Why a request makes no source.
///
/// ```
/// use sse_reqwest::{RequestBuilderExt, RequestError};
///
/// let request = reqwest::Client::new().get("/poll/42");
/// assert!(matches!(request.event_source(), Err(RequestError::Request(_))));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// reqwest does not take it.
    #[error(transparent)]
    Request(#[from] reqwest::Error),
    /// The address is one for reqwest, but not for HTTP.
    #[error("no address to connect to: {0}")]
    Address(#[from] InvalidUri),
    /// The body is a stream, which cannot be sent again.
    #[error("the body is a stream, which cannot be sent again")]
    StreamingBody,
}
