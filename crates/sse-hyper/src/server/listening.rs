use std::{
    io,
    net::{SocketAddr, TcpListener},
    time::Duration,
};

use sse_tokio::SocketOptions;
use tokio::net::{ToSocketAddrs, lookup_host};

use super::{
    Server,
    accept::{Asked, Source},
    listener::Listener,
};

/// What a server listens on.
pub(super) enum Listening {
    Tcp(TcpListener),
    Other(Box<dyn Source>),
}

/// Where a server has its connections from.
impl Server {
    /// Listens on the first of the addresses of `addr` that is free.
    ///
    /// # Errors
    ///
    /// If `addr` cannot be resolved, or none of its addresses can be bound.
    pub async fn bind(addr: impl ToSocketAddrs) -> io::Result<Self> {
        let mut failed = None;
        for addr in lookup_host(addr).await? {
            match SocketOptions::default().listen(addr) {
                Ok(listener) => return Self::from_std(listener),
                Err(error) => failed = Some(error),
            }
        }
        Err(failed.unwrap_or_else(|| {
            io::Error::new(io::ErrorKind::AddrNotAvailable, "the name has no address")
        }))
    }

    /// Takes over a socket that listens, such as one handed in by the service manager.
    ///
    /// # Errors
    ///
    /// If the options of the socket cannot be set.
    pub fn from_std(listener: TcpListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let sockets = SocketOptions::default();
        // Here too, not only when serving: what connects before then inherits them.
        sockets.apply(&listener)?;
        Ok(Self::new(Listening::Tcp(listener), sockets))
    }

    /// Has its connections from `listener`: a `UnixListener` of tokio, or one of your own.
    ///
    /// What TCP does by itself is then for the listener to see to: [`with_tcp_keepalive`] and
    /// [`with_tcp_user_timeout`] change nothing. All else is the same, TLS included.
    /// The file of a Unix socket stays when the server ends; remove an old one before you bind it again.
    ///
    /// ```
    /// use std::convert::Infallible;
    ///
    /// use http::{Request, Response};
    /// use hyper::body::Incoming;
    /// use sse_hyper::Server;
    /// use tokio::net::UnixListener;
    /// use tower::service_fn;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("socket");
    /// let hello = service_fn(async |_: Request<Incoming>| {
    ///     Ok::<_, Infallible>(Response::new("hello".to_owned()))
    /// });
    /// let serving = Server::from_listener(UnixListener::bind(&path)?).serve(hello);
    /// # use tokio::io::{AsyncReadExt, AsyncWriteExt};
    /// # tokio::spawn(serving);
    /// # let mut client = tokio::net::UnixStream::connect(&path).await?;
    /// # client.write_all(b"GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n").await?;
    /// # let mut answer = String::new();
    /// # client.read_to_string(&mut answer).await?;
    /// # assert!(answer.ends_with("\r\n\r\nhello"), "{answer}");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [`with_tcp_keepalive`]: Self::with_tcp_keepalive
    /// [`with_tcp_user_timeout`]: Self::with_tcp_user_timeout
    pub fn from_listener(listener: impl Listener) -> Self {
        Self::new(Listening::Other(Box::new(Asked::new(listener))), SocketOptions::default())
    }

    /// The address that the server listens on.
    ///
    /// # Errors
    ///
    /// If the system does not tell, or the server is one [of a listener](Self::from_listener), which knows
    /// it better.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        match &self.listening {
            Listening::Tcp(listener) => listener.local_addr(),
            Listening::Other(_) => {
                Err(io::Error::new(io::ErrorKind::Unsupported, "the listener knows its address"))
            }
        }
    }

    /// Sets the silence after which TCP asks whether the client is still there, in whole seconds;
    /// `None` for never. Default: 30 s.
    #[must_use]
    pub fn with_tcp_keepalive(mut self, after: Option<Duration>) -> Self {
        self.sockets = self.sockets.with_keepalive(after);
        self
    }

    /// Sets how long bytes sent may stay unacknowledged, or unsent because the client reads
    /// nothing, before the connection is cut; `None` leaves it to the system (about a quarter of an
    /// hour). Only on Linux. Default: 30 s.
    #[must_use]
    pub fn with_tcp_user_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.sockets = self.sockets.with_user_timeout(timeout);
        self
    }
}
