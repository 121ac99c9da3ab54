use core::net::SocketAddr;

/// The address of the client at the other end of a connection, in the extensions of a request.
///
/// An adapter puts it there. Where it is missing, bodies are counted together with all others and not
/// by their connection.
///
/// ```
/// use http::Request;
/// use sse_core::gateway::RemoteAddr;
///
/// fn is_local<B>(request: &Request<B>) -> bool {
///     request.extensions().get::<RemoteAddr>().is_some_and(|remote| remote.addr().ip().is_loopback())
/// }
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct RemoteAddr(SocketAddr);

impl RemoteAddr {
    /// The address as the socket knows it: behind a proxy, that of the proxy.
    pub fn addr(&self) -> SocketAddr {
        self.0
    }
}

impl<T: Into<SocketAddr>> From<T> for RemoteAddr {
    fn from(addr: T) -> Self {
        Self(addr.into())
    }
}
