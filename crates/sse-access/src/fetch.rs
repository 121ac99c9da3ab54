use std::{error::Error, fmt, sync::Arc, time::Duration};

use http::{HeaderMap, HeaderValue, Request, Response, Uri, header, response::Parts};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::{Body, Bytes, Incoming};
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use tokio::time::timeout;
use url::Url;

/// The URL of a server that is asked about credentials or for keys, by GET.
///
/// Each request has a connection of its own, so that an answer cannot be taken for that of another request.
/// Redirects are not followed, and proxies of the environment are not used.
///
/// ```
/// use std::time::Duration;
/// use sse_access::Endpoint;
///
/// let endpoint =
///     Endpoint::new("http://127.0.0.1:9000/check?key=s3cret")?.with_timeout(Duration::from_secs(2));
/// assert_eq!(endpoint.to_string(), "http://127.0.0.1:9000/check", "the query is shown to nobody");
/// # Ok::<(), sse_access::EndpointError>(())
/// ```
#[derive(Clone)]
pub struct Endpoint {
    uri: Uri,
    shown: Arc<str>,
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
    timeout: Duration,
}

impl Endpoint {
    /// The endpoint at `url`, whose scheme is `http` or `https`. For `https` the root certificates of the system are
    /// trusted; they are read here. Over `http` anybody on the way can read the requests and forge the answers:
    /// use it only on this machine and in networks of your own.
    ///
    /// # Errors
    ///
    /// [`EndpointError`] if `url` is not such a URL or holds a name or a password, and if no root certificates can be
    /// read.
    pub fn new(url: &str) -> Result<Self, EndpointError> {
        let url = parse(url)?;
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| EndpointError::Tls { reason: error.to_string() })?;
        let config = match url.scheme() {
            "https" => config
                .with_native_roots()
                .map_err(|error| EndpointError::Tls { reason: error.to_string() })?,
            _ => config.with_root_certificates(RootCertStore::empty()),
        };
        Self::over(url, config.with_no_client_auth())
    }

    /// The endpoint at `url`, with `config` for `https`.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use rustls::{ClientConfig, RootCertStore, crypto::ring};
    /// use sse_access::Endpoint;
    ///
    /// let roots = RootCertStore::empty(); // to which the certificate of your own authority is added
    /// let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
    ///     .with_safe_default_protocol_versions()?
    ///     .with_root_certificates(roots)
    ///     .with_no_client_auth();
    /// let endpoint = Endpoint::with_tls("https://auth.internal/check", config)?;
    /// # drop(endpoint);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Self::new`].
    pub fn with_tls(url: &str, config: ClientConfig) -> Result<Self, EndpointError> {
        Self::over(parse(url)?, config)
    }

    /// Sets how long an answer may take, including the connection. Default: 5 s.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    fn over(url: Url, mut config: ClientConfig) -> Result<Self, EndpointError> {
        let uri = Uri::try_from(url.as_str())
            .map_err(|error| EndpointError::Invalid { reason: error.to_string() })?;
        // The builder refuses a configuration that names protocols: it names them itself.
        config.alpn_protocols.clear();
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(config)
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        let client =
            Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector);
        Ok(Self { uri, shown: shown(&url).into(), client, timeout: TIMEOUT })
    }

    /// The head of the answer to a request with `fields`.
    pub(crate) async fn ask(&self, fields: HeaderMap) -> Result<Parts, FetchError> {
        let (head, body) = self.within(self.send(fields)).await?.into_parts();
        if !body.is_end_stream() {
            // Its body is of no use, but the server would log an error if the connection ended before it.
            tokio::spawn(timeout(REST_TIMEOUT, Limited::new(body, REST_MAX).collect()));
        }
        Ok(head)
    }

    /// The head and the body of the answer to a request with `fields`.
    #[cfg(feature = "jwt")]
    pub(crate) async fn load(&self, fields: HeaderMap) -> Result<(Parts, Bytes), FetchError> {
        self.within(async {
            let (head, body) = self.send(fields).await?.into_parts();
            let body = Limited::new(body, BODY_MAX).collect().await.map_err(|error| {
                match error.is::<http_body_util::LengthLimitError>() {
                    true => FetchError::TooLong { max: BODY_MAX },
                    false => FetchError::Broken { reason: chain(&*error) },
                }
            })?;
            Ok((head, body.to_bytes()))
        })
        .await
    }

    async fn within<T>(
        &self,
        answer: impl Future<Output = Result<T, FetchError>>,
    ) -> Result<T, FetchError> {
        let elapsed = |_| FetchError::Timeout { after: self.timeout };
        timeout(self.timeout, answer).await.map_err(elapsed)?
    }

    async fn send(&self, fields: HeaderMap) -> Result<Response<Incoming>, FetchError> {
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = fields;
        let close = HeaderValue::from_static("close");
        request.headers_mut().insert(header::CONNECTION, close);
        request.headers_mut().insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        let answer = self.client.request(request).await;
        answer.map_err(|error| FetchError::Broken { reason: chain(&error) })
    }
}

/// The URL without its query, which may hold a secret.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// Shows the URL without its query.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("url", &self.shown)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

fn parse(url: &str) -> Result<Url, EndpointError> {
    let invalid = |error: url::ParseError| EndpointError::Invalid { reason: error.to_string() };
    let mut url = Url::parse(url.trim()).map_err(invalid)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(EndpointError::Scheme { scheme: url.scheme().to_owned() });
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(EndpointError::Credentials { url: shown(&url) });
    }
    url.set_fragment(None);
    Ok(url)
}

/// `url` without the parts that may be secret.
fn shown(url: &Url) -> String {
    format!("{}{}", url.origin().ascii_serialization(), url.path())
}

/// The messages of `error` and of its causes.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// Why a URL is not an [`Endpoint`].
///
/// ```
/// use sse_access::{Endpoint, EndpointError};
///
/// let error = Endpoint::new("ftp://auth.internal/").unwrap_err();
/// assert_eq!(error, EndpointError::Scheme { scheme: "ftp".to_owned() });
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// It is not a URL.
    #[error("this is no address: {reason}")]
    Invalid {
        /// What is wrong with it.
        reason: String,
    },
    /// Its scheme is neither `http` nor `https`.
    #[error("only `http` and `https` can be asked, not {scheme:?}")]
    Scheme {
        /// The scheme.
        scheme: String,
    },
    /// It holds a name or a password. The header `Authorization` is for the credential that is asked about.
    #[error("there may be no name and no password in the address of {url}")]
    Credentials {
        /// The URL without them.
        url: String,
    },
    /// Certificates cannot be checked.
    #[error("certificates cannot be checked: {reason}")]
    Tls {
        /// Why not.
        reason: String,
    },
}

/// Why there is no answer.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("there was no answer within {} ms", after.as_millis())]
    Timeout { after: Duration },
    #[error("there was no answer: {reason}")]
    Broken { reason: String },
    #[cfg(feature = "jwt")]
    #[error("the answer has more than {max} bytes")]
    TooLong { max: usize },
}

const TIMEOUT: Duration = Duration::from_secs(5);

/// Key sets of large issuers have some 10 KiB.
#[cfg(feature = "jwt")]
const BODY_MAX: usize = 1 << 20;

/// How much of an unused body is read, and for how long.
const REST_MAX: usize = 64 << 10;
const REST_TIMEOUT: Duration = Duration::from_millis(250);

const USER_AGENT: &str = concat!("sse-access/", env!("CARGO_PKG_VERSION"));
