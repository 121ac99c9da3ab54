use std::{fmt, future::Future, io, sync::Arc};

use http::Extensions;
use sse_core::gateway::RemoteAddr;
#[cfg(unix)]
use tokio::net::{UnixListener, UnixStream, unix};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
};

/// Where a [`Server`](crate::Server) has its connections from, if not from the TCP socket that it makes
/// itself: see [`Server::from_listener`](crate::Server::from_listener).
///
/// A `TcpListener` and a `UnixListener` of tokio are listeners. One of your own may choose who is let in,
/// or accept what is no socket. Do nothing in it that depends on the client, such as a handshake: the next
/// one waits meanwhile.
///
/// ```
/// use std::{convert::Infallible, io};
///
/// use http::{Request, Response};
/// use hyper::body::Incoming;
/// use sse_hyper::{Listener, Server};
/// use tokio::net::{UnixListener, UnixStream, unix::UCred};
/// use tower::service_fn;
///
/// /// A Unix socket that tells each request which user sent it.
/// struct WithUsers(UnixListener);
///
/// impl Listener for WithUsers {
///     type Io = UnixStream;
///     type Addr = UCred;
///
///     async fn accept(&mut self) -> io::Result<(UnixStream, UCred)> {
///         let (stream, _unnamed) = self.0.accept().await?;
///         let user = stream.peer_cred()?;
///         Ok((stream, user))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("socket");
/// let server = Server::from_listener(WithUsers(UnixListener::bind(&path)?));
/// let hello = service_fn(async |request: Request<Incoming>| {
///     let user = request.extensions().get::<UCred>().expect("the listener tells it");
///     Ok::<_, Infallible>(Response::new(format!("you are {}", user.uid())))
/// });
/// tokio::spawn(server.serve(hello));
/// # use tokio::io::{AsyncReadExt, AsyncWriteExt};
/// # let mut client = UnixStream::connect(&path).await?;
/// # client.write_all(b"GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n").await?;
/// # let mut answer = String::new();
/// # client.read_to_string(&mut answer).await?;
/// # assert!(answer.contains("\r\n\r\nyou are "), "{answer}");
/// # Ok(())
/// # }
/// ```
pub trait Listener: Send + 'static {
    /// A connection. A `TcpStream` or `UnixStream` of tokio is served as the server's own are; of anything
    /// else the end of a client is noticed by reading only.
    type Io: AsyncRead + AsyncWrite + Send + Unpin + 'static;

    /// What is told of the client, in the extensions of each request; see
    /// [`Server::with_remote_addr`](crate::Server::with_remote_addr).
    ///
    /// If it is a [`RemoteAddr`], a gateway counts the bodies of each connection by it, and otherwise those
    /// of all connections together.
    type Addr: Clone + fmt::Debug + Send + Sync + 'static;

    /// The next connection. The future is not dropped before it completes, unless the server ends.
    ///
    /// # Errors
    ///
    /// What keeps the listener from accepting: the server says so and tries again after 50 ms to 1 s. An error
    /// of a kind such as [`io::ErrorKind::ConnectionAborted`] or [`io::ErrorKind::ConnectionReset`] is that
    /// of one connection, and the next one is asked for at once.
    fn accept(&mut self) -> impl Future<Output = io::Result<(Self::Io, Self::Addr)>> + Send;
}

/// What a socket inherits is then for who made it to set; see [`SocketOptions`](crate::SocketOptions).
impl Listener for TcpListener {
    type Io = TcpStream;
    type Addr = RemoteAddr;

    async fn accept(&mut self) -> io::Result<(TcpStream, RemoteAddr)> {
        let (stream, remote) = Self::accept(self).await?;
        Ok((stream, remote.into()))
    }
}

/// The address of a client is unnamed, unless it has bound its own end.
#[cfg(unix)]
impl Listener for UnixListener {
    type Io = UnixStream;
    type Addr = unix::SocketAddr;

    async fn accept(&mut self) -> io::Result<(UnixStream, unix::SocketAddr)> {
        Self::accept(self).await
    }
}

/// Who is at the other end of a connection.
#[derive(Clone)]
pub(super) enum Peer {
    Tcp(RemoteAddr),
    Other(Arc<dyn Told>),
}

impl Peer {
    pub(super) fn tell(&self, extensions: &mut Extensions) {
        match self {
            Self::Tcp(remote) => {
                extensions.insert(*remote);
            }
            // The pointer is something that can be told, too.
            Self::Other(peer) => (**peer).tell(extensions),
        }
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(remote) => remote.addr().fmt(f),
            Self::Other(peer) => (**peer).fmt(f),
        }
    }
}

/// What the extensions of a request can hold.
pub(super) trait Told: fmt::Debug + Send + Sync {
    fn tell(&self, extensions: &mut Extensions);
}

impl<T: Clone + fmt::Debug + Send + Sync + 'static> Told for T {
    fn tell(&self, extensions: &mut Extensions) {
        extensions.insert(self.clone());
    }
}
