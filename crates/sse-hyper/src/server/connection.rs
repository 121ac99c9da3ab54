use std::{error::Error, io, net::SocketAddr, pin::Pin, sync::Arc, time::Duration};

use http::{Request, Response};
use http_body::Body;
use hyper::{body::Incoming, server::conn::http2};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::graceful::GracefulConnection,
};
use tokio::{
    net::TcpStream,
    select,
    time::{Instant, timeout_at},
};
use tower_service::Service;

use super::{
    first_bytes::{Protocol, Rewound, sniff},
    http1,
    linger::Linger,
    shutdown::Shutdown,
    stall::Stall,
    stream::Stream,
    tcp::Tcp,
    tower::TowerService,
};

/// What all connections of a server share.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) header_timeout: Duration,
    pub(super) stall_timeout: Option<Duration>,
    pub(super) tells_remote_addr: bool,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<tokio_rustls::TlsAcceptor>,
}

/// Serves one connection to its end.
pub(super) async fn serve<S, B>(
    tcp: TcpStream,
    remote: SocketAddr,
    service: S,
    settings: Arc<Settings>,
    mut shutdown: Shutdown,
) where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let deadline = Instant::now() + settings.header_timeout;
    let tcp = Tcp::new(tcp);
    let opened = select! {
        // A request that is there is served, though the shutdown may have started.
        biased;
        opened = timeout_at(deadline, open(tcp.clone(), &settings)) => opened,
        () = shutdown.started() => return,
    };
    let (protocol, io) = match opened {
        Ok(Ok(Some(opened))) => opened,
        Ok(Ok(None)) => return,
        Ok(Err(error)) => return tracing::debug!(%remote, %error, "connection not opened"),
        Err(_) => return tracing::debug!(%remote, "connection timed out before a request"),
    };
    let io = Linger::new(Stall::new(io, settings.stall_timeout), shutdown.clone());
    let service = TowerService::new(service, settings.tells_remote_addr.then_some(remote));
    let served = match protocol {
        Protocol::Http1 => {
            http1::serve(io, tcp, service, deadline, settings.header_timeout, shutdown).await
        }
        // Boxed, so that a connection that waits for its first byte is small. It is always read, so
        // there is nothing to watch.
        Protocol::Http2 => {
            let connection = Box::pin(http2().serve_connection(TokioIo::new(io), service));
            drive(connection, shutdown).await.map_err(Into::into)
        }
    };
    if let Err(error) = served {
        tracing::debug!(%remote, %error, "connection failed");
    }
}

/// The TLS handshake, if there is one, and the first bytes.
async fn open(tcp: Tcp, settings: &Settings) -> io::Result<Option<(Protocol, Rewound<Stream>)>> {
    #[cfg(feature = "tls")]
    if let Some(tls) = &settings.tls {
        let tls = Box::pin(tls.accept(tcp)).await?;
        return sniff(Stream::Tls(Box::new(tls))).await;
    }
    #[cfg(not(feature = "tls"))]
    let _ = settings;
    sniff(Stream::Plain(tcp)).await
}

async fn drive<C: GracefulConnection>(
    mut connection: Pin<Box<C>>,
    mut shutdown: Shutdown,
) -> Result<(), C::Error> {
    select! {
        // First the connection: asked to end before it was polled, it would drop the request whose
        // first bytes were read.
        biased;
        ended = &mut connection => return ended,
        () = shutdown.started() => connection.as_mut().graceful_shutdown(),
    }
    connection.await
}

fn http2() -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .adaptive_window(false)
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(20))
        .max_concurrent_streams(1_000)
        .max_header_list_size(BUFFER as u32)
        .max_send_buf_size(BUFFER);
    builder
}

/// What a connection (HTTP/1) or a stream (HTTP/2) may hold unsent, and the most of a head.
///
/// hyper's own default would take 400 KB for each client that stalls.
pub(super) const BUFFER: usize = 64 * 1024;
