/// Which HTTP a source speaks.
///
/// ```
/// use sse_hyper::{EventSource, HttpVersion};
///
/// let builder = EventSource::builder("http://a.example/".parse()?)
///     .with_http_version(HttpVersion::Http2);
/// # Ok::<(), http::uri::InvalidUri>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum HttpVersion {
    /// What the server prefers under TLS, otherwise HTTP/1.1.
    #[default]
    Any,
    /// HTTP/1.1.
    Http1,
    /// HTTP/2, also without TLS.
    Http2,
}
