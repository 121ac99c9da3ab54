use http::{Uri, uri::Scheme};

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
    /// What the server prefers if the address is `https`, otherwise HTTP/1.1, which is also spoken to a server
    /// under TLS that an address of `http` is redirected to.
    Any,
    /// HTTP/1.1.
    #[default]
    Http1,
    /// HTTP/2, also without TLS; HTTP/1.1 if a server under TLS does not agree.
    Http2,
}

impl HttpVersion {
    /// What may be spoken to the server of `uri`, and to those that it redirects to.
    pub(crate) fn beginning_at(self, uri: &Uri) -> Self {
        match self {
            // A redirect to TLS must not need a task that the first address did not.
            Self::Any if uri.scheme() != Some(&Scheme::HTTPS) => Self::Http1,
            version => version,
        }
    }
}
