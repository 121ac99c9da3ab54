use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use serde::Serialize;
use tokio::time::timeout;

#[cfg(feature = "tls")]
use super::ClientTls;
use super::{BuildError, SendError, authorization, channel_uri, pool::Pool};

/// Publishes on the channels of a server, over HTTP.
///
/// Connections are kept and used again. Dropping it closes them.
///
/// ```no_run
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use sse_hyper::Publisher;
///
/// let publisher = Publisher::builder("http://127.0.0.1:8888".parse()?).build()?;
/// publisher.send_string("42", "ping", "21.5").await?;
/// publisher.send_string("42", "close", "").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Publisher {
    base: Uri,
    headers: HeaderMap,
    timeout: Duration,
    pool: Pool,
}

impl Publisher {
    /// A publisher to the server at `base`, which may have a path: the prefix of the routes.
    pub fn builder(base: Uri) -> PublisherBuilder {
        PublisherBuilder {
            base,
            headers: HeaderMap::new(),
            #[cfg(feature = "tls")]
            tls: ClientTls::default(),
            timeout: Duration::from_secs(30),
        }
    }

    /// Does `action` on the channel `token` with `text`; returns what the server answered.
    ///
    /// # Errors
    ///
    /// [`SendError`] if the server refused or was not reached.
    pub async fn send_string(
        &self,
        token: &str,
        action: &str,
        text: impl Into<String>,
    ) -> Result<Bytes, SendError> {
        let content_type = HeaderValue::from_static("text/plain; charset=utf-8");
        self.send(token, action, content_type, text.into().into()).await
    }

    /// Does `action` on the channel `token` with `value` as JSON; returns what the server answered.
    ///
    /// # Errors
    ///
    /// [`SendError`] if the server refused or was not reached, or `value` has no JSON form.
    pub async fn send_json<T: Serialize + ?Sized>(
        &self,
        token: &str,
        action: &str,
        value: &T,
    ) -> Result<Bytes, SendError> {
        let json = serde_json::to_vec(value).map_err(|error| SendError::Json(Arc::new(error)))?;
        let content_type = HeaderValue::from_static("application/json");
        self.send(token, action, content_type, json.into()).await
    }

    async fn send(
        &self,
        token: &str,
        action: &str,
        content_type: HeaderValue,
        body: Bytes,
    ) -> Result<Bytes, SendError> {
        let uri = channel_uri(&self.base, action, token)
            .map_err(|error| SendError::Address(Arc::new(error)))?;
        let len = HeaderValue::from(body.len());
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri;
        *request.headers_mut() = self.headers.clone();
        request.headers_mut().insert(header::CONTENT_TYPE, content_type);
        // hyper names no length for an empty body, and some servers want one with every POST.
        request.headers_mut().insert(header::CONTENT_LENGTH, len);
        timeout(self.timeout, self.exchange(request))
            .await
            .unwrap_or(Err(SendError::Timeout { limit: self.timeout }))
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Bytes, SendError> {
        let response = self.pool.request(request).await;
        let response = response.map_err(|error| SendError::Transport(Arc::new(error)))?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, MAX_ANSWER).collect().await;
        if !head.status.is_success() {
            // The status says enough where the page did not arrive whole.
            let page = body.map(|body| body.to_bytes()).unwrap_or_default();
            return Err(SendError::refused(head.status, &page));
        }
        match body {
            Ok(body) => Ok(body.to_bytes()),
            Err(error) => Err(SendError::Transport(error.into())),
        }
    }
}

/// Whom a [`Publisher`] publishes to, and how.
#[derive(Clone, Debug)]
pub struct PublisherBuilder {
    base: Uri,
    headers: HeaderMap,
    #[cfg(feature = "tls")]
    tls: ClientTls,
    timeout: Duration,
}

impl PublisherBuilder {
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

    /// Sets how long a publication may take, from the connection to the answer. Default: 30 s.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The publisher, which connects once it publishes.
    ///
    /// # Errors
    ///
    /// [`BuildError::Address`] if nothing can be reached at the address, and `BuildError::Tls` if it
    /// is `https` and there is nobody to trust.
    pub fn build(self) -> Result<Publisher, BuildError> {
        #[cfg(feature = "tls")]
        let pool = Pool::new(&self.base, &self.tls, MAX_IDLE)?;
        #[cfg(not(feature = "tls"))]
        let pool = Pool::new(&self.base, MAX_IDLE)?;
        let Self { base, headers, timeout, .. } = self;
        Ok(Publisher { base, headers, timeout, pool })
    }
}

/// How many connections are kept for the next publications.
const MAX_IDLE: usize = 32;

/// An answer is a line; what is longer is not from such a server.
const MAX_ANSWER: usize = 1 << 20;
