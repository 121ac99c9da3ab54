/// Which HTTP a source speaks.
///
/// One connection carries one stream, so there is little that HTTP/2 adds. It is moved by a task of its
/// own, which answers the server's pings while nobody asks the source for an event; HTTP/1.1 has no pings
/// and needs no task.
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
    Any,
    /// HTTP/1.1.
    #[default]
    Http1,
    /// HTTP/2, also without TLS.
    Http2,
}
