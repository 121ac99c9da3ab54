use std::{
    fmt,
    future::Future,
    hash::{BuildHasher, RandomState},
    io,
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use sse_core::client::{ClientConfig, ClientRequest};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{
    BuildError, EventSource, HttpVersion, Proxies, Transport, address, authorization,
    direct::{Connector, Dialer, Direct},
    transport::SharedError,
    user_agent::user_agent,
};
#[cfg(feature = "tls")]
use super::{ClientTls, direct::Tls};

/// What an [`EventSource`] asks for, and how.
///
/// ```
/// use http::{Method, header};
/// use sse_core::client::ClientConfig;
/// use sse_hyper::EventSource;
///
/// let source = EventSource::builder("http://127.0.0.1:8080/v1/chat".parse()?)
///     .with_method(Method::POST)
///     .with_header(header::CONTENT_TYPE, "application/json".parse()?)
///     .with_body(r#"{"stream":true}"#)
///     .with_config(ClientConfig::default().with_status_retry(true).with_repetition(true))
///     .build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct EventSourceBuilder {
    request: ClientRequest,
    config: ClientConfig,
    hook: Option<Hook>,
    connector: Option<Connector>,
    connect_timeout: Option<Duration>,
    proxies: Proxies,
    version: HttpVersion,
    #[cfg(feature = "compression")]
    compression: bool,
    #[cfg(feature = "tls")]
    tls: ClientTls,
}

/// Makes the headers of the next attempt.
pub(super) type Hook = Arc<dyn Fn() -> Headers + Send + Sync>;
pub(super) type Headers = Pin<Box<dyn Future<Output = Result<HeaderMap, SharedError>> + Send>>;

impl EventSourceBuilder {
    pub(super) fn new(request: ClientRequest) -> Self {
        Self {
            request,
            config: ClientConfig::default(),
            hook: None,
            connector: None,
            connect_timeout: None,
            proxies: Proxies::default(),
            version: HttpVersion::default(),
            #[cfg(feature = "compression")]
            compression: false,
            #[cfg(feature = "tls")]
            tls: ClientTls::default(),
        }
    }

    /// Sets how the source connects again. Default: [`ClientConfig::default`]. Without a seed it gets
    /// a random one.
    #[must_use]
    pub fn with_config(mut self, config: ClientConfig) -> Self {
        self.config = config;
        self
    }

    /// Sets the method. Default: GET. What is not idempotent is not
    /// [repeated](ClientConfig::with_repetition).
    #[must_use]
    pub fn with_method(mut self, method: Method) -> Self {
        self.request = self.request.with_method(method);
        self
    }

    /// Sets the body of each request. Default: none.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        self.request = self.request.with_body(body);
        self
    }

    /// Adds a header to each request, in place of the standard's of the same name. Of `Authorization` and
    /// `User-Agent` there is one, so the last call counts.
    ///
    /// Without a `User-Agent`, the source names this crate and its version.
    ///
    /// Behind a redirect to another origin only headers go along that are known to be no secrets: `Accept`,
    /// `Accept-Encoding`, `Accept-Language`, `Cache-Control`, `Content-Encoding`, `Content-Language`,
    /// `Content-Type`, `Last-Event-ID` and `User-Agent`. Mark one of these
    /// [sensitive](HeaderValue::set_sensitive) to keep it back too. With any other header (but `Host`), a
    /// redirect from `https` to `http` is not followed.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        let value = authorization::marked(&name, value);
        self.request = match name {
            header::AUTHORIZATION | header::USER_AGENT => with_only(self.request, name, value),
            name => self.request.with_header(name, value),
        };
        self
    }

    /// Sends a user and a password with each request, as the header `Authorization`. Those that stand in
    /// the address are sent if there is no such header.
    #[must_use]
    pub fn with_basic_auth(self, user: &str, password: &str) -> Self {
        self.with_header(header::AUTHORIZATION, authorization::basic(user, password))
    }

    /// Sets a hook that makes headers before each attempt, such as a token that expires. They take the
    /// place of others of the same names.
    ///
    /// An error counts as a failed connection. It has the [response
    /// timeout](ClientConfig::with_response_timeout) to end.
    ///
    /// ```
    /// use http::{HeaderMap, header};
    /// use sse_hyper::EventSource;
    ///
    /// async fn token() -> Result<String, std::io::Error> {
    ///     Ok("secret".to_owned())
    /// }
    ///
    /// let builder = EventSource::builder("http://a.example/".parse()?).with_header_hook(async || {
    ///     let value = format!("Bearer {}", token().await?).parse()?;
    ///     Ok(HeaderMap::from_iter([(header::AUTHORIZATION, value)]))
    /// });
    /// # Ok::<(), http::uri::InvalidUri>(())
    /// ```
    #[must_use]
    pub fn with_header_hook<F, Fut>(mut self, hook: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<HeaderMap, Box<dyn std::error::Error + Send + Sync>>>
            + Send
            + 'static,
    {
        self.hook = Some(Arc::new(move || {
            let headers = hook();
            Box::pin(async move {
                let mut headers = headers.await.map_err(SharedError::from)?;
                for (name, value) in &mut headers {
                    *value = authorization::marked(name, value.clone());
                }
                Ok(headers)
            })
        }));
        self
    }

    /// Sets what reaches the server of an address, in place of TCP and proxies. Default: none.
    ///
    /// TLS and HTTP are spoken over it.
    ///
    /// ```
    /// # #[cfg(unix)] {
    /// use sse_hyper::EventSource;
    /// use tokio::net::UnixStream;
    ///
    /// let builder = EventSource::builder("http://localhost/events".parse()?)
    ///     .with_connector(|_uri| UnixStream::connect("/run/events.socket"));
    /// # }
    /// # Ok::<(), http::uri::InvalidUri>(())
    /// ```
    #[must_use]
    pub fn with_connector<F, Fut, C>(mut self, connect: F) -> Self
    where
        F: Fn(Uri) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = io::Result<C>> + Send + 'static,
        C: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        self.connector = Some(Connector::custom(connect));
        self.proxies = Proxies::None;
        self
    }

    /// Sets how long a connection may take, with its proxy and TLS. Default: as long as the answer.
    #[must_use]
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = Some(timeout);
        self
    }

    /// Sets by which proxies to go. Default: those of the environment.
    #[must_use]
    pub fn with_proxies(mut self, proxies: Proxies) -> Self {
        self.proxies = proxies;
        self
    }

    /// Sets which HTTP to speak. Default: HTTP/1.1.
    #[must_use]
    pub fn with_http_version(mut self, version: HttpVersion) -> Self {
        self.version = version;
        self
    }

    /// Sets whether to ask for a stream that is compressed. Default: no, because much that compresses
    /// holds events back. What comes compressed is decoded all the same.
    #[cfg(feature = "compression")]
    #[must_use]
    pub fn with_compression(mut self, compression: bool) -> Self {
        self.compression = compression;
        self
    }

    /// Sets whom to trust. Default: [`ClientTls::new`].
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn with_tls(mut self, tls: ClientTls) -> Self {
        self.tls = tls;
        self
    }

    /// The source, which connects once it is polled.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if nothing can be reached at the address or by the proxy that leads there, if it is
    /// `https` and there is nobody to trust, or if the method is one whose answers have no body.
    pub fn build(mut self) -> Result<EventSource, BuildError> {
        self.check(cfg!(feature = "tls"))?;
        let proxies = self.proxies.rules()?;
        proxies.check(self.request.uri())?;
        if !self.request.headers().contains_key(header::USER_AGENT) {
            self.request = self.request.with_header(header::USER_AGENT, user_agent());
        }
        let dialer = Dialer {
            connector: self.connector.clone().unwrap_or_default(),
            proxies,
            version: self.version.beginning_at(self.request.uri()),
            user_agent: self.request.headers().get(header::USER_AGENT).cloned(),
            #[cfg(feature = "tls")]
            tls: Tls::new(self.tls.clone(), self.request.uri()),
        };
        #[cfg(feature = "tls")]
        if self.request.uri().scheme() == Some(&http::uri::Scheme::HTTPS) {
            dialer.tls.config()?;
        }
        let transport = Direct::new(dialer, self.connect_timeout);
        Ok(self.into_source(Box::new(transport)))
    }

    /// The source over another HTTP client. What the builder says of connections is not used then, and
    /// what names the client, `User-Agent`, is left to it.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the address has no host, or is neither `http` nor `https`, or if the method is one
    /// whose answers have no body.
    pub fn build_with(
        self,
        transport: impl Transport + 'static,
    ) -> Result<EventSource, BuildError> {
        self.check(true)?;
        Ok(self.into_source(Box::new(transport)))
    }

    /// Refuses at once what would fail at every attempt.
    fn check(&self, has_tls: bool) -> Result<(), BuildError> {
        let method = self.request.method();
        if method == Method::HEAD || method == Method::CONNECT {
            return Err(BuildError::Method { method: method.clone() });
        }
        address::check(self.request.uri(), has_tls)
    }

    fn into_source(mut self, transport: Box<dyn Transport>) -> EventSource {
        let (uri, user) = authorization::without_user(self.request.uri().clone());
        self.request = self.request.with_uri(uri);
        if let Some(user) = user
            && !self.request.headers().contains_key(header::AUTHORIZATION)
        {
            self.request = self.request.with_header(header::AUTHORIZATION, user);
        }
        #[cfg(feature = "compression")]
        if self.compression {
            let codings = HeaderValue::from_static(super::coding::ACCEPTED);
            self.request = self.request.with_header(header::ACCEPT_ENCODING, codings);
        }
        let config = match self.config.has_seed() {
            true => self.config,
            // What the standard library seeds its maps with: enough to part clients.
            false => self.config.with_seed(RandomState::new().hash_one(())),
        };
        let config = config.with_refresh(self.hook.is_some());
        EventSource::new(self.request, config, transport, self.hook)
    }
}

/// `request` with this header in place of all others of its name.
fn with_only(request: ClientRequest, name: HeaderName, value: HeaderValue) -> ClientRequest {
    let mut headers = request.headers().clone();
    headers.insert(name, value);
    request.with_headers(headers)
}

impl fmt::Debug for EventSourceBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventSourceBuilder")
            .field("method", self.request.method())
            .field("uri", &address::without_password(&self.request.uri().to_string()))
            .field("config", &self.config)
            .field("proxies", &self.proxies)
            .finish_non_exhaustive()
    }
}
