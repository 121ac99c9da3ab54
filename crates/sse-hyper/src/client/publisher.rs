use std::{error::Error, fmt, future::Future, io, pin::pin, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, header};
use http_body_util::Full;
use hyper_util::client::legacy;
use serde::Serialize;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    select,
    time::sleep,
};

use super::{
    BuildError, HttpVersion, Proxies, SendError, address, authorization,
    beginning::{Beginning, PATIENCE},
    channel_uri,
    direct::{Connector, Dialer},
    limits::{MAX_ANSWER, TooLong},
    pool::Pool,
    user_agent::user_agent,
};
#[cfg(feature = "tls")]
use super::{ClientTls, direct::Tls};

/// Publishes on the channels of a server, over HTTP.
///
/// Connections are kept and used again. Dropping it closes them.
///
/// Once the server has answered with a status of success, the event is published, and that is not an error
/// any more: of an answer that breaks off, or does not end in [time](PublisherBuilder::with_timeout) or within
/// 1 MiB, what came is returned.
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
            connector: Connector::default(),
            proxies: Proxies::default(),
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
        let mut over = pin!(sleep(self.timeout));
        let response = select! {
            biased;
            response = self.pool.request(request) => response.map_err(unanswered)?,
            () = &mut over => return Err(SendError::Timeout { limit: self.timeout }),
        };
        let (head, body) = response.into_parts();
        if head.status.is_success() {
            let mut answer = Beginning::new(Some(body), MAX_ANSWER);
            select! {
                biased;
                () = answer.read() => (),
                () = &mut over => (),
            }
            return Ok(answer.into_bytes().into());
        }
        let mut page = Beginning::of_page(Some(body));
        select! {
            biased;
            () = page.read() => (),
            () = &mut over => (),
            () = sleep(PATIENCE) => (),
        }
        Err(SendError::refused(head.status, &page.text()))
    }
}

fn unanswered(error: legacy::Error) -> SendError {
    let cause = error.source().and_then(|cause| cause.downcast_ref());
    SendError::Transport(match cause.and_then(TooLong::behind) {
        Some(too_long) => Arc::new(too_long),
        None => Arc::new(error),
    })
}

/// Whom a [`Publisher`] publishes to, and how.
#[derive(Clone)]
pub struct PublisherBuilder {
    base: Uri,
    headers: HeaderMap,
    connector: Connector,
    proxies: Proxies,
    #[cfg(feature = "tls")]
    tls: ClientTls,
    timeout: Duration,
}

impl PublisherBuilder {
    /// Sets a header of each request, in place of one of the same name. `Content-Type` and
    /// `Content-Length` are those of the data, whatever is set here.
    ///
    /// Without a `User-Agent`, the publisher names this crate and its version.
    ///
    /// ```
    /// use http::header;
    /// use sse_hyper::Publisher;
    ///
    /// let publisher = Publisher::builder("http://127.0.0.1:8888".parse()?)
    ///     .with_header(header::USER_AGENT, "thermometer/1".parse()?)
    ///     .build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        let value = authorization::marked(&name, value);
        self.headers.insert(name, value);
        self
    }

    /// Sends a user and a password with each request, as the header `Authorization`. Those that stand in
    /// the address are sent if there is no such header.
    #[must_use]
    pub fn with_basic_auth(self, user: &str, password: &str) -> Self {
        self.with_header(header::AUTHORIZATION, authorization::basic(user, password))
    }

    /// Sets what reaches the server of an address, in place of TCP and proxies, as
    /// [`EventSourceBuilder::with_connector`](crate::EventSourceBuilder::with_connector) does. Default:
    /// none.
    #[must_use]
    pub fn with_connector<F, Fut, C>(mut self, connect: F) -> Self
    where
        F: Fn(Uri) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = io::Result<C>> + Send + 'static,
        C: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        self.connector = Connector::custom(connect);
        self.proxies = Proxies::None;
        self
    }

    /// Sets by which proxies to go. Default: those of the environment.
    #[must_use]
    pub fn with_proxies(mut self, proxies: Proxies) -> Self {
        self.proxies = proxies;
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
    /// [`BuildError`] if nothing can be reached at the address or by the proxy that leads there, or if it is
    /// `https` and there is nobody to trust.
    pub fn build(self) -> Result<Publisher, BuildError> {
        address::check(&self.base, cfg!(feature = "tls"))?;
        let (base, user) = authorization::without_user(self.base);
        let mut headers = self.headers;
        if let Some(user) = user {
            headers.entry(header::AUTHORIZATION).or_insert(user);
        }
        headers.entry(header::USER_AGENT).or_insert_with(user_agent);
        let proxies = self.proxies.rules()?;
        proxies.check(&base)?;
        let dialer = Dialer {
            connector: self.connector,
            proxies,
            // Publications share connections, which are driven by tasks.
            version: HttpVersion::Any,
            user_agent: headers.get(header::USER_AGENT).cloned(),
            #[cfg(feature = "tls")]
            tls: Tls::new(self.tls, &base),
        };
        #[cfg(feature = "tls")]
        if base.scheme() == Some(&http::uri::Scheme::HTTPS) {
            dialer.tls.config()?;
        }
        let pool = Pool::new(&base, dialer, MAX_IDLE);
        Ok(Publisher { base, headers, timeout: self.timeout, pool })
    }
}

impl fmt::Debug for PublisherBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublisherBuilder")
            .field("base", &address::without_password(&self.base.to_string()))
            .field("proxies", &self.proxies)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// How many connections are kept for the next publications.
const MAX_IDLE: usize = 32;
