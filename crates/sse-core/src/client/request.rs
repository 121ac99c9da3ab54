use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};

/// A request that a client sends once for each connection.
///
/// ```
/// use http::{Method, header};
/// use sse_core::client::ClientRequest;
///
/// let request = ClientRequest::get("https://example.org/v1/chat".parse()?)
///     .with_method(Method::POST)
///     .with_header(header::CONTENT_TYPE, "application/json".parse()?)
///     .with_body(r#"{"stream":true}"#);
///
/// assert_eq!(request.body(), r#"{"stream":true}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClientRequest {
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl ClientRequest {
    /// A GET of `uri`, without headers.
    pub fn get(uri: Uri) -> Self {
        Self { method: Method::GET, uri, headers: HeaderMap::new(), body: Bytes::new() }
    }

    /// Sets where it goes.
    #[must_use]
    pub fn with_uri(mut self, uri: Uri) -> Self {
        self.uri = uri;
        self
    }

    /// Sets the method.
    #[must_use]
    pub fn with_method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// Adds a header, in place of the standard's of the same name.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    /// Sets all headers.
    #[must_use]
    pub fn with_headers(mut self, headers: HeaderMap) -> Self {
        self.headers = headers;
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Where it goes.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body; empty if there is none.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Whether it may be sent again without being asked for twice.
    ///
    /// # Source
    ///
    /// RFC 9110, section 9.2.2, and the IANA registry of methods for those beyond it.
    pub(super) fn is_idempotent(&self) -> bool {
        IDEMPOTENT.contains(&self.method.as_str())
    }
}

impl From<ClientRequest> for Request<Bytes> {
    fn from(request: ClientRequest) -> Self {
        let mut converted = Self::new(request.body);
        *converted.method_mut() = request.method;
        *converted.uri_mut() = request.uri;
        *converted.headers_mut() = request.headers;
        converted
    }
}

const IDEMPOTENT: [&str; 10] =
    ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "PROPFIND", "QUERY", "REPORT", "SEARCH"];
