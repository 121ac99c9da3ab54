use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener},
    os::unix::net::{SocketAddr as UnixAddr, UnixListener},
    sync::Arc,
    time::Instant,
};

use listenfd::ListenFd;
use rustix::net::sockopt::socket_acceptconn;
use sse_access::limits::{Connection, Limits};
use sse_hyper::{Listener, Server};
use tokio::net::{self, UnixStream};

/// The listening socket that a service manager hands over.
///
/// # Source
///
/// systemd, [sd_listen_fds](https://www.freedesktop.org/software/systemd/man/latest/sd_listen_fds.html).
#[derive(Debug)]
pub(super) enum Handed {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Handed {
    /// Takes the socket, if there is one for this process. Takes its variables out of the environment too, so
    /// that it has to be called before there are other threads.
    pub(super) fn take() -> Result<Option<Self>, HandedError> {
        let mut sockets = ListenFd::from_env();
        match sockets.len() {
            0 => return Ok(None),
            1 => {}
            count => return Err(HandedError::Many { count }),
        }
        let handed = match sockets.take_tcp_listener(0) {
            Ok(Some(listener)) => Self::Tcp(listener),
            _ => Self::other(&mut sockets)?,
        };
        if handed.listens().map_err(HandedError::Unusable)? {
            Ok(Some(handed))
        } else {
            Err(HandedError::Connected)
        }
    }

    fn other(sockets: &mut ListenFd) -> Result<Self, HandedError> {
        if let Ok(Some(listener)) = sockets.take_unix_listener(0) {
            return Ok(Self::Unix(listener));
        }
        if sockets.take_udp_socket(0).is_ok() || sockets.take_unix_datagram(0).is_ok() {
            return Err(HandedError::Datagram);
        }
        Err(HandedError::Foreign)
    }

    fn listens(&self) -> io::Result<bool> {
        let listens = match self {
            Self::Tcp(listener) => socket_acceptconn(listener),
            Self::Unix(listener) => socket_acceptconn(listener),
        };
        Ok(listens?)
    }

    /// A server that accepts from the socket, and where that is. Within a runtime that drives I/O.
    pub(super) fn server(self, limits: &Arc<Limits>) -> Result<(Server, Place), HandedError> {
        let server = match self {
            Self::Tcp(listener) => Server::from_std(listener).and_then(|server| {
                let address = server.local_addr()?;
                Ok((server, Place::Network(address)))
            }),
            Self::Unix(listener) => unix_server(listener, limits.clone()),
        };
        server.map_err(HandedError::Unusable)
    }
}

fn unix_server(listener: UnixListener, limits: Arc<Limits>) -> io::Result<(Server, Place)> {
    let place = Place::Local(listener.local_addr()?);
    listener.set_nonblocking(true)?;
    let listener = net::UnixListener::from_std(listener)?;
    Ok((Server::from_listener(Neighbours { listener, limits }), place))
}

/// The clients of a Unix socket, which count as those of a loopback address: they are on this machine, and one
/// may be a proxy that names the clients behind it.
struct Neighbours {
    listener: net::UnixListener,
    limits: Arc<Limits>,
}

impl Listener for Neighbours {
    type Io = UnixStream;
    type Addr = Connection;

    async fn accept(&mut self) -> io::Result<(UnixStream, Connection)> {
        loop {
            let (stream, _unnamed) = self.listener.accept().await?;
            if let Some(connection) = self.limits.connect(LOOPBACK, Instant::now()) {
                return Ok((stream, connection));
            }
        }
    }
}

/// Where a server listens.
#[derive(Debug)]
pub(super) enum Place {
    Network(SocketAddr),
    Local(UnixAddr),
}

impl Place {
    /// The address that decides under which names the server may be asked. Names protect a server from the
    /// pages of a browser, which cannot reach a Unix socket: any name will do there.
    pub(super) fn ip(&self) -> IpAddr {
        match self {
            Self::Network(address) => address.ip(),
            Self::Local(_) => Ipv4Addr::UNSPECIFIED.into(),
        }
    }

    /// Whether only processes on this machine can reach it.
    pub(super) fn is_of_this_machine(&self) -> bool {
        match self {
            Self::Network(address) => address.ip().to_canonical().is_loopback(),
            Self::Local(_) => true,
        }
    }

    /// What a client has to be given. `scheme` is `http` or `https`.
    pub(super) fn url(&self, scheme: &str) -> String {
        match self {
            Self::Network(address) => format!("{scheme}://{address}"),
            Self::Local(address) => match address.as_pathname() {
                Some(path) => format!("unix:{}", path.display()),
                None => "a Unix socket without a path".to_owned(),
            },
        }
    }
}

/// Why what a service manager hands over cannot be served.
#[derive(Debug, thiserror::Error)]
pub(super) enum HandedError {
    #[error("the service manager hands over {count} sockets, and one at most can be served")]
    Many { count: usize },
    #[error(
        "the service manager hands over a datagram socket, and only one of streams can be served \
         (ListenStream= in a unit of systemd)"
    )]
    Datagram,
    #[error(
        "the service manager hands over a socket that does not listen, such as one connection \
         (Accept=no in a unit of systemd hands over the listening socket)"
    )]
    Connected,
    #[error(
        "the service manager hands over something that is neither a TCP nor a Unix socket of streams"
    )]
    Foreign,
    #[error("cannot use the socket that the service manager hands over")]
    Unusable(#[source] io::Error),
}

const LOOPBACK: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
