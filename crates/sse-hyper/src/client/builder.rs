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
use percent_encoding::percent_decode_str;
use sse_core::{Client, ClientConfig, ClientRequest};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{
    BuildError, EventSource, HttpVersion, Proxies, Transport, address, authorization,
    direct::{Connector, Dialer, Direct},
    transport::SharedError,
};
#[cfg(feature = "tls")]
use super::{ClientTls, direct::Tls};

/// What an [`EventSource`] asks for, and how.
///
/// ```
/// use http::{Method, header};
/// use sse_core::ClientConfig;
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

    /// Adds a header to each request, in place of the standard's of the same name.
    ///
    /// Mark a value [sensitive](HeaderValue::set_sensitive) that must not follow a redirect to another
    /// origin; `Authorization` and `Cookie` never do.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.request = self.request.with_header(name, value);
        self
    }

    /// Sends a user and a password with each request. What the address names comes first.
    #[must_use]
    pub fn with_basic_auth(self, user: &str, password: &str) -> Self {
        self.with_authorization(authorization::basic(user, password))
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
            Box::pin(async move { headers.await.map_err(SharedError::from) })
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

    /// Sets which HTTP to speak. Default: what the server prefers under TLS, otherwise HTTP/1.1.
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
    /// [`BuildError::Address`] and [`BuildError::Port`] if nothing can be reached at the address or by
    /// the proxy, and `BuildError::Tls` if it is `https` and there is nobody to trust.
    pub fn build(self) -> Result<EventSource, BuildError> {
        let is_https = self.request.uri().scheme() == Some(&http::uri::Scheme::HTTPS);
        address::check(self.request.uri(), is_https && cfg!(feature = "tls"))?;
        let dialer = Dialer {
            connector: self.connector.clone().unwrap_or_default(),
            proxies: self.proxies.matcher()?,
            version: self.version,
            #[cfg(feature = "tls")]
            tls: Tls::new(self.tls.clone()),
        };
        #[cfg(feature = "tls")]
        if is_https {
            dialer.tls.config()?;
        }
        let transport = Direct::new(dialer, self.connect_timeout);
        Ok(self.into_source(Box::new(transport)))
    }

    /// The source over another HTTP client. What the builder says of connections is not used then.
    ///
    /// # Errors
    ///
    /// [`BuildError::Address`] if the address has no host, or is neither `http` nor `https`.
    pub fn build_with(
        self,
        transport: impl Transport + 'static,
    ) -> Result<EventSource, BuildError> {
        address::check(self.request.uri(), true)?;
        Ok(self.into_source(Box::new(transport)))
    }

    fn into_source(mut self, transport: Box<dyn Transport>) -> EventSource {
        self.take_user();
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
        let client = Client::new(self.request, config.with_refresh(self.hook.is_some()));
        EventSource::new(client, transport, self.hook)
    }

    /// Makes a header of the user in the address, which belongs in no request.
    fn take_user(&mut self) {
        let mut parts = self.request.uri().clone().into_parts();
        let Some(authority) = &parts.authority else { return };
        let Some((user, host)) = authority.as_str().rsplit_once('@') else { return };
        let (user, password) = user.split_once(':').unwrap_or((user, ""));
        let [user, password] =
            [user, password].map(|text| percent_decode_str(text).decode_utf8_lossy().into_owned());
        parts.authority = Some(host.parse().expect("it was one with its user"));
        let uri = Uri::from_parts(parts).expect("only the user is gone");
        self.request = self.request.clone().with_uri(uri);
        *self = self.clone().with_basic_auth(&user, &password);
    }

    fn with_authorization(mut self, value: HeaderValue) -> Self {
        let mut headers = self.request.headers().clone();
        headers.insert(header::AUTHORIZATION, value);
        self.request = self.request.with_headers(headers);
        self
    }
}

impl fmt::Debug for EventSourceBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventSourceBuilder")
            .field("request", &self.request)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
