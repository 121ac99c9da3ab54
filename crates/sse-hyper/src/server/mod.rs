#![cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, reason = "engines need it, which are there on Linux")
)]

mod accept;
mod chunks;
mod connection;
mod cut;
#[cfg(target_os = "linux")]
mod delivery;
#[cfg(not(target_os = "linux"))]
#[path = "no_delivery.rs"]
mod delivery;
mod event_stream;
mod filter;
mod first_bytes;
mod gathered;
mod handle;
mod handover;
mod head_timer;
mod http1;
mod http2;
mod linger;
mod listener;
mod listening;
mod messages;
mod misdirected;
mod passed_on;
mod raw;
mod refusal;
mod released;
mod serving;
mod shutdown;
mod socket;
mod stall;
mod stream;
#[cfg(feature = "server-tls")]
mod tls;
mod tower;
mod watched;

use std::{
    error::Error,
    fmt,
    future::{Future, pending},
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, atomic::AtomicUsize},
    time::Duration,
};

use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use tower_service::Service;

use sse_tokio::SocketOptions;

use self::{connection::Settings, filter::Filter, listening::Listening, shutdown::ShutdownSender};

pub use self::{handle::ServerHandle, listener::Listener};

#[cfg(feature = "server-tls")]
pub use self::tls::{ServerTls, TlsError};

/// A server for any tower service, over HTTP/1.1 and HTTP/2.
///
/// The first bytes of a connection tell the protocol, so HTTP/2 needs no TLS; under TLS, ALPN offers
/// both. Upgrades (WebSocket) are not served.
///
/// Nobody can hold a connection open for nothing: a client that sends no complete request in time is
/// closed, one that vanished is found by TCP, and the end of a client ends its response at once. Out
/// of file descriptors, the server waits until there are some again.
///
/// # What no service sees
///
/// Some requests are answered before the service, whatever it is: 400 for a target that is neither a
/// path nor an http URL (nor `*` with OPTIONS), for HTTP/1.1 without a `Host`, for two or an invalid
/// one, for HTTP/2 without `:path` or with a `Host` that differs from `:authority`, and for a body that
/// breaks the rules of its framing; 501 for CONNECT and for transfer codings other than chunked. Over
/// HTTP/1 the connection ends there. Plain HTTP to a server that speaks TLS is answered 400 in plain
/// text, and so is TLS to one that does not.
///
/// # Drain and shutdown
///
/// Once the future given to [`with_drain`](Self::with_drain) completes, no new connections and no
/// further requests are taken, and what is under way goes on, event streams included.
///
/// Once the future given to [`with_graceful_shutdown`](Self::with_graceful_shutdown) completes, new
/// connections are refused, idle ones are closed, and requests under way are served to their end,
/// or to that of [`with_shutdown_timeout`](Self::with_shutdown_timeout). An endless response would
/// take all of it, so let that future end them before it completes.
///
/// A [`handle`](Self::handle) does both from elsewhere, and ends the streams of channels too.
///
/// Dropping the future of [`serve`](Self::serve) cuts every connection.
///
/// # Example
///
/// ```
/// use std::convert::Infallible;
///
/// use http::{Request, Response};
/// use hyper::body::Incoming;
/// use sse_hyper::Server;
/// use tokio::sync::oneshot;
/// # #[derive(Clone)]
/// # struct Hello;
/// # impl tower_service::Service<Request<Incoming>> for Hello {
/// #     type Response = Response<String>;
/// #     type Error = Infallible;
/// #     type Future = std::future::Ready<Result<Response<String>, Infallible>>;
/// #     fn poll_ready(
/// #         &mut self,
/// #         _: &mut std::task::Context<'_>,
/// #     ) -> std::task::Poll<Result<(), Infallible>> {
/// #         std::task::Poll::Ready(Ok(()))
/// #     }
/// #     fn call(&mut self, _: Request<Incoming>) -> Self::Future {
/// #         std::future::ready(Ok(Response::new("hello".to_owned())))
/// #     }
/// # }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let (stop, stopped) = oneshot::channel::<()>();
/// let server = Server::bind("127.0.0.1:0").await?.with_graceful_shutdown(async {
///     let _ = stopped.await;
/// });
/// println!("listening on http://{}", server.local_addr()?);
/// let serving = tokio::spawn(server.serve(Hello));
///
/// stop.send(()).unwrap();
/// serving.await.unwrap()
/// # }
/// ```
pub struct Server {
    listening: Listening,
    sockets: SocketOptions,
    settings: Settings,
    filter: Filter,
    engines: Option<usize>,
    shutdown_timeout: Duration,
    drain: Signal,
    shutdown: Signal,
    phase: ShutdownSender,
    /// How many streams engines drive.
    driven: Arc<AtomicUsize>,
}

type Signal = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Server {
    fn new(listening: Listening, sockets: SocketOptions) -> Self {
        Self {
            listening,
            sockets,
            settings: Settings {
                header_timeout: Duration::from_secs(30),
                stall_timeout: Some(Duration::from_secs(30)),
                tells_remote_addr: true,
                accepts_while_draining: false,
                max_concurrent_streams: 256,
                #[cfg(feature = "server-tls")]
                tls: None,
            },
            filter: Filter::default(),
            engines: None,
            shutdown_timeout: Duration::from_secs(4),
            drain: Box::pin(pending()),
            shutdown: Box::pin(pending()),
            phase: ShutdownSender::new(),
            driven: Arc::default(),
        }
    }

    /// Speaks TLS, and nothing else, on every connection. Default: plain text.
    ///
    /// [`ServerTls::replace`] changes the certificate while the server runs.
    #[cfg(feature = "server-tls")]
    #[must_use]
    pub fn with_tls(mut self, tls: ServerTls) -> Self {
        self.settings.tls = Some(tls);
        self
    }

    /// Sets whether each request of HTTP/1 carries the [`RemoteAddr`](sse_core::gateway::RemoteAddr) of its client, or
    /// what a [`Listener`] tells of it; a service that does not look at it can save the two allocations.
    /// Default: true.
    ///
    /// Those of HTTP/2 always do: the address, with its port, is what tells the requests of one
    /// connection from those of others, so that no connection takes more than its share.
    #[must_use]
    pub fn with_remote_addr(mut self, is_told: bool) -> Self {
        self.settings.tells_remote_addr = is_told;
        self
    }

    /// Calls `filter` with the address of the client for each TCP connection that is accepted. Default: all
    /// connections are served.
    ///
    /// If it returns `None`, the connection is closed at once, before the TLS handshake. Otherwise what it returns is
    /// kept until the connection has ended, and a clone is put into the extensions of each request. So a value
    /// whose clones share a count, such as `sse_access::limits::Connection`, counts the open connections.
    ///
    /// No other connection is accepted while it runs, so it must not block. It is never called for a server [from a
    /// listener](Self::from_listener) of your own, which can refuse connections itself.
    ///
    /// ```
    /// use std::{net::SocketAddr, sync::Arc};
    ///
    /// use sse_hyper::Server;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// // At most a hundred connections.
    /// let connections = Arc::new(());
    /// let server = Server::bind("127.0.0.1:0").await?.with_connection_filter(move |_: SocketAddr| {
    ///     (Arc::strong_count(&connections) <= 100).then(|| connections.clone())
    /// });
    /// # drop(server);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_connection_filter<G>(
        mut self,
        filter: impl Fn(SocketAddr) -> Option<G> + Send + Sync + 'static,
    ) -> Self
    where
        G: Clone + fmt::Debug + Send + Sync + 'static,
    {
        self.filter = Filter::new(filter);
        self
    }

    /// Sets how long a client may take from the connection to the end of its first request's head,
    /// the TLS handshake included, and from the end of a response to that of the next head.
    /// Default: 30 s; at most a year.
    ///
    /// An HTTP/2 connection without a request is kept while its client answers a ping every 30 s.
    #[must_use]
    pub fn with_header_timeout(mut self, timeout: Duration) -> Self {
        self.settings.header_timeout = timeout.min(YEAR);
        self
    }

    /// Sets how long a client may take nothing of what is to be written to it before its connection is
    /// cut, on every system; `None` for ever. Default: 30 s; at most a year.
    ///
    /// Over HTTP/2 an event stream of which nothing is taken for so long, though there is something, is
    /// reset, and the others of its connection go on. For other answers all streams count together: one
    /// whose window is shut waits while the client takes something of another one. The event stream of a
    /// listener that was cut is reset at the latest half a minute later, though its window be shut; with
    /// `None` so is one for which 64 KiB wait, if nothing of it was taken for half a minute.
    #[must_use]
    pub fn with_stall_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.settings.stall_timeout = timeout.map(|timeout| timeout.min(YEAR));
        self
    }

    /// Sets how many streams a client may have open on one HTTP/2 connection. Default: 256.
    ///
    /// Each may hold up to 64 KiB that the client does not take, what was found behind a window that is
    /// shut included, and what its service holds. A listener
    /// is a stream for as long as it listens, so a proxy that carries those of many clients over one
    /// connection may need more.
    ///
    /// # Source
    ///
    /// RFC 9113, [Stream Concurrency][spec].
    ///
    /// [spec]: https://www.rfc-editor.org/rfc/rfc9113.html#name-stream-concurrency
    #[must_use]
    pub fn with_max_concurrent_streams(mut self, most: u32) -> Self {
        self.settings.max_concurrent_streams = most;
        self
    }

    /// Sets how many engines drive the event streams of channels over plain HTTP/1.1, on Linux; none if `count` is
    /// 0, and then each stream is written by the task of its connection, as it is over TLS and HTTP/2 and on other
    /// systems. Default: as many as the runtime has workers.
    ///
    /// A listener that an engine drives costs a tenth of the memory, and an event for it hardly more than the
    /// system takes to send it. What comes over the connection is the same.
    #[must_use]
    pub fn with_engines(mut self, count: usize) -> Self {
        self.engines = Some(count);
        self
    }

    /// Sets what drains the server: it takes no new clients and no further requests of those it has,
    /// and what is under way goes on until [the shutdown](Self::with_graceful_shutdown). Default:
    /// nothing.
    ///
    /// The listening socket is closed at once, so that another process can listen there and has all
    /// that comes from then on. Connections of HTTP/1 without a request are closed, the others after
    /// their answer, which says `Connection: close`, unless its head was written before. Connections
    /// of HTTP/2 get GOAWAY, and close after their last stream.
    ///
    /// # Source
    ///
    /// RFC 9112, [Tear-down][close]; RFC 9113, [GOAWAY][goaway].
    ///
    /// [close]: https://www.rfc-editor.org/rfc/rfc9112.html#name-tear-down
    /// [goaway]: https://www.rfc-editor.org/rfc/rfc9113.html#name-goaway
    ///
    /// # Example
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use sse_hyper::Server;
    /// use tokio::sync::oneshot;
    ///
    /// let (drain, drained) = oneshot::channel::<()>();
    /// let server = Server::bind("127.0.0.1:0").await?.with_drain(async {
    ///     let _ = drained.await;
    /// });
    /// # drop((drain, server));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_drain(mut self, signal: impl Future<Output = ()> + Send + 'static) -> Self {
        self.drain = Box::pin(signal);
        self
    }

    /// Sets whether the listening socket stays open while the server drains, for a proxy in front that
    /// takes a refused connection for a server that is down. Default: false.
    ///
    /// Each connection that is new then, or has sent nothing before, has one request served: the answer
    /// of HTTP/1 says `Connection: close`, and HTTP/2 gets GOAWAY once a request has come.
    #[must_use]
    pub fn with_accept_while_draining(mut self, accepts: bool) -> Self {
        self.settings.accepts_while_draining = accepts;
        self
    }

    /// A handle that ends this server from elsewhere and says what it does, to be cloned.
    pub fn handle(&self) -> ServerHandle {
        ServerHandle::new(self.phase.clone(), self.driven.clone())
    }

    /// Sets what stops the server. Default: nothing.
    #[must_use]
    pub fn with_graceful_shutdown(
        mut self,
        signal: impl Future<Output = ()> + Send + 'static,
    ) -> Self {
        self.shutdown = Box::pin(signal);
        self
    }

    /// Sets how long a shutdown waits for requests under way. Default: 4 s.
    #[must_use]
    pub fn with_shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.shutdown_timeout = timeout;
        self
    }

    /// Serves `service` until it is told to stop. It is cloned for each request.
    ///
    /// # Errors
    ///
    /// If the listening socket cannot be handed to tokio. What goes wrong later is logged, and ends
    /// at most one connection.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime with I/O and time enabled.
    pub async fn serve<S, B>(self, service: S) -> io::Result<()>
    where
        S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
        S::Future: Send + 'static,
        S::Error: Into<Box<dyn Error + Send + Sync>>,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        serving::run(self, service).await
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("local_addr", &self.local_addr().ok())
            .finish_non_exhaustive()
    }
}

const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
