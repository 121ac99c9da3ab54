use std::{
    error::Error,
    fmt,
    future::Future,
    hash::{BuildHasher, RandomState},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use futures_core::{FusedStream, Stream};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Uri, header};
use http_body::Body;
use http_body_util::Full;
use hyper::body::Incoming;
use sse_core::{Client, ClientConfig, ClientOutput, Disconnect, End, ReadyState};
use tokio::time::timeout;

#[cfg(feature = "tls")]
use super::ClientTls;
use super::{BuildError, Interrupted, Notice, authorization, transport::Transport};
use sse_tokio::{LazyTimer, now};

/// A stream of events that connects again by itself and keeps its place.
///
/// It ends without an error when it is told to: by [`close`](Self::close), by a 204 of the server,
/// or at the end of a stream with [`ClientConfig::with_reconnection`] off. Else the last item is the
/// error that made it give up. Dropping it closes the connection; no task outlives it.
///
/// ```no_run
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::pin::pin;
/// use futures_util::StreamExt;
/// use sse_hyper::{EventSource, Notice};
///
/// let uri = "http://127.0.0.1:8888/poll/42".parse()?;
/// let mut source = pin!(EventSource::builder(uri).build()?);
/// while let Some(notice) = source.next().await {
///     if let Notice::Event(event) = notice? {
///         println!("{}: {}", event.name(), event.data());
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub struct EventSource {
    client: Client,
    uri: Uri,
    headers: HeaderMap,
    response_timeout: Duration,
    connection: Connection,
    timer: LazyTimer,
    /// What the transport said of the last connection.
    failure: Option<Arc<dyn Error + Send + Sync>>,
    is_over: bool,
    // After `connection`, whose task it ends.
    transport: Transport,
}

enum Connection {
    None,
    Requesting(Pin<Box<dyn Future<Output = Result<Response<Incoming>, BoxError>> + Send>>),
    Streaming(Incoming),
}

type BoxError = Arc<dyn Error + Send + Sync>;

impl EventSource {
    /// A source of the events at `uri`.
    pub fn builder(uri: Uri) -> EventSourceBuilder {
        EventSourceBuilder {
            uri,
            config: ClientConfig::default(),
            headers: HeaderMap::new(),
            #[cfg(feature = "tls")]
            tls: ClientTls::default(),
            response_timeout: Duration::from_secs(30),
        }
    }

    /// Whether the source is connecting, open or closed.
    pub fn ready_state(&self) -> ReadyState {
        self.client.ready_state()
    }

    /// The id of the last event; empty if there is none.
    pub fn last_event_id(&self) -> &str {
        self.client.last_event_id()
    }

    /// Closes the connection and ends the stream.
    pub fn close(&mut self) {
        self.connection = Connection::None;
        self.client.close();
    }

    fn connect(&mut self, mut headers: HeaderMap) {
        for name in self.headers.keys() {
            headers.remove(name);
        }
        headers.extend(self.headers.clone());
        let mut request = Request::new(Full::new(Bytes::new()));
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = headers;
        let (response, limit) = (self.transport.request(request), self.response_timeout);
        self.failure = None;
        self.connection = Connection::Requesting(Box::pin(async move {
            match timeout(limit, response).await {
                Ok(response) => response.map_err(|error| Arc::new(error) as BoxError),
                Err(_) => Err(Arc::new(NoAnswer { limit }) as BoxError),
            }
        }));
    }

    /// Waits for the answer or the next bytes and tells the client.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.connection {
            Connection::None => self.client.handle_failure(now()),
            Connection::Requesting(response) => match ready!(response.as_mut().poll(cx)) {
                Ok(response) => {
                    self.client.handle_response(response.status(), response.headers(), now());
                    self.connection = Connection::Streaming(response.into_body());
                }
                Err(failure) => {
                    self.failure = Some(failure);
                    self.connection = Connection::None;
                    self.client.handle_failure(now());
                }
            },
            Connection::Streaming(body) => match ready!(Pin::new(body).poll_frame(cx)) {
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.client.handle_input(data);
                    }
                }
                Some(Err(failure)) => {
                    self.failure = Some(Arc::new(failure));
                    self.client.handle_end(End::Cut);
                }
                None => self.client.handle_end(End::Clean),
            },
        }
        Poll::Ready(())
    }

    fn stop(&mut self, because: Disconnect) -> Option<Result<Notice, Interrupted>> {
        self.connection = Connection::None;
        self.is_over = true;
        tracing::debug!(%because, "closed");
        match because {
            Disconnect::Closed | Disconnect::NoContent | Disconnect::Ended => None,
            because => Some(Err(Interrupted::new(because, self.failure.take()))),
        }
    }
}

impl Stream for EventSource {
    type Item = Result<Notice, Interrupted>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.is_over {
            return Poll::Ready(None);
        }
        let notice = loop {
            match this.client.poll_output(now()) {
                ClientOutput::Connect { headers, omits_last_event_id } => {
                    if omits_last_event_id {
                        tracing::warn!("the last event id fits in no header and is not sent");
                    }
                    tracing::debug!("connecting");
                    this.connect(headers);
                }
                ClientOutput::Receive => ready!(this.poll_receive(cx)),
                ClientOutput::Wait { until } => {
                    ready!(this.timer.poll_until(Some(until), cx));
                    this.client.handle_timeout(now());
                }
                ClientOutput::Open => {
                    tracing::debug!("the stream is open");
                    break Notice::Open;
                }
                ClientOutput::Event(event) => break Notice::Event(event),
                ClientOutput::Comment(text) => break Notice::Comment(text),
                ClientOutput::Retry(time) => break Notice::Retry(time),
                ClientOutput::Reconnecting { after, because } => {
                    this.connection = Connection::None;
                    let because = Interrupted::new(because, this.failure.take());
                    tracing::debug!(?after, %because, "reconnecting");
                    break Notice::Reconnecting { after, because };
                }
                ClientOutput::Stop(because) => return Poll::Ready(this.stop(because)),
            }
        };
        Poll::Ready(Some(Ok(notice)))
    }
}

impl FusedStream for EventSource {
    fn is_terminated(&self) -> bool {
        self.is_over
    }
}

impl fmt::Debug for EventSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventSource")
            .field("uri", &self.uri)
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

/// What an [`EventSource`] asks for, and how.
#[derive(Clone, Debug)]
pub struct EventSourceBuilder {
    uri: Uri,
    config: ClientConfig,
    headers: HeaderMap,
    #[cfg(feature = "tls")]
    tls: ClientTls,
    response_timeout: Duration,
}

impl EventSourceBuilder {
    /// Sets how the source connects again. Default: [`ClientConfig::default`]. Without a seed it gets
    /// a random one.
    #[must_use]
    pub fn with_config(mut self, config: ClientConfig) -> Self {
        self.config = config;
        self
    }

    /// Adds a header to each request, in place of the standard's of the same name.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    /// Sends a user and a password with each request.
    #[must_use]
    pub fn with_basic_auth(mut self, user: &str, password: &str) -> Self {
        self.headers.insert(header::AUTHORIZATION, authorization::basic(user, password));
        self
    }

    /// Sets whom to trust. Default: [`ClientTls::new`].
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn with_tls(mut self, tls: ClientTls) -> Self {
        self.tls = tls;
        self
    }

    /// Sets how long the head of an answer may take, the connection included. Default: 30 s.
    #[must_use]
    pub fn with_response_timeout(mut self, timeout: Duration) -> Self {
        self.response_timeout = timeout;
        self
    }

    /// The source, which connects once it is polled.
    ///
    /// # Errors
    ///
    /// [`BuildError::Address`] if nothing can be reached at the address, and `BuildError::Tls` if it
    /// is `https` and there is nobody to trust.
    pub fn build(self) -> Result<EventSource, BuildError> {
        #[cfg(feature = "tls")]
        let transport = Transport::new(&self.uri, &self.tls, 0)?;
        #[cfg(not(feature = "tls"))]
        let transport = Transport::new(&self.uri, 0)?;
        let config = match self.config.has_seed() {
            true => self.config,
            // What the standard library seeds its maps with: enough to part clients.
            false => self.config.with_seed(RandomState::new().hash_one(())),
        };
        Ok(EventSource {
            client: Client::new(config),
            uri: self.uri,
            headers: self.headers,
            response_timeout: self.response_timeout,
            connection: Connection::None,
            timer: LazyTimer::default(),
            failure: None,
            is_over: false,
            transport,
        })
    }
}

/// The head of an answer did not come in time.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("no answer within {limit:?}")]
struct NoAnswer {
    limit: Duration,
}
