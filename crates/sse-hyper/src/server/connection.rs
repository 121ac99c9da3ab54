use std::{io, sync::Arc, time::Duration};

use tokio::{
    io::AsyncWriteExt,
    select,
    time::{Instant, timeout_at},
};

use super::{
    delivery::Engines,
    filter::Guard,
    first_bytes::{Protocol, Rewound, sniff},
    http1, http2,
    linger::Linger,
    listener::Peer,
    raw::Raw,
    released::Released,
    shutdown::{Ending, Phase, Shutdown},
    socket::Socket,
    stall::Stall,
    stream::Stream,
    tower::{HttpService, TowerService},
};
#[cfg(feature = "server-tls")]
use super::{misdirected::Misdirected, tls::ServerTls};

/// What all connections of a server share.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) header_timeout: Duration,
    pub(super) stall_timeout: Option<Duration>,
    pub(super) tells_remote_addr: bool,
    pub(super) accepts_while_draining: bool,
    pub(super) max_concurrent_streams: u32,
    #[cfg(feature = "server-tls")]
    pub(super) tls: Option<ServerTls>,
}

/// What a connection is served with.
#[derive(Clone)]
pub(super) struct Serving<S> {
    pub(super) service: S,
    pub(super) settings: Arc<Settings>,
    /// What event streams are handed to; nothing where the tasks of their connections write them.
    pub(super) engines: Option<Arc<Engines>>,
    pub(super) shutdown: Shutdown,
}

/// Serves one connection to its end, or until it is handed to an engine, and keeps `guard` until then.
pub(super) async fn serve(
    raw: Raw,
    peer: Peer,
    guard: Guard,
    mut serving: Serving<impl HttpService>,
) {
    let deadline = Instant::now() + serving.settings.header_timeout;
    let socket = raw.socket();
    // Where new connections are served while the server drains, so are those that have sent nothing.
    let accepts = serving.settings.accepts_while_draining;
    let end = if accepts { Phase::Stopping } else { Phase::Draining };
    let opened = select! {
        // The first bytes may be there already.
        biased;
        opened = timeout_at(deadline, open(raw, &serving.settings)) => opened,
        () = serving.shutdown.reached(end) => return,
    };
    let (protocol, io) = match opened {
        Ok(Ok(Some(opened))) => opened,
        Ok(Ok(None)) => return,
        Ok(Err(error)) => return tracing::debug!(remote = ?peer, %error, "connection not opened"),
        Err(_) => return tracing::debug!(remote = ?peer, "connection timed out before a request"),
    };
    let io = serving.io(io);
    let served = match protocol {
        Protocol::Http1 => return serve_http1(io, socket, (peer, guard), deadline, serving).await,
        // Boxed, so that it does not make every connection of HTTP/1 larger.
        Protocol::Http2 => {
            // The streams of HTTP/2 share a connection, and only this tells those of one client together.
            let service = TowerService::new(serving.service, Some(peer.clone()), guard.clone());
            let ending = Ending::new(serving.shutdown);
            Box::pin(http2::serve(io, service, &serving.settings, ending)).await
        }
        Protocol::Misdirected(misdirected) => {
            tracing::debug!(remote = ?peer, "{}", misdirected.log_text());
            Box::pin(misdirected.refuse(io)).await.map_err(Into::into)
        }
    };
    if let Err(error) = served {
        tracing::debug!(remote = ?peer, %error, "connection failed");
    }
}

/// Goes on with a connection whose event stream is over.
pub(super) async fn go_on(released: Released, serving: Serving<impl HttpService>) {
    let Released { socket, peer, guard, ahead } = released;
    let socket = match socket {
        Ok(socket) => socket,
        Err(error) => return tracing::warn!(remote = ?peer, %error, "connection lost"),
    };
    let deadline = Instant::now() + serving.settings.header_timeout;
    let mut io = serving.io(Rewound::new(Stream::Plain(socket.clone().into()), ahead));
    if !serving.shutdown.has_reached(Phase::Draining) {
        serve_http1(io, Some(socket), (peer, guard), deadline, serving).await;
    } else if let Err(error) = io.shutdown().await {
        tracing::debug!(remote = ?peer, %error, "connection failed");
    }
}

/// Serves a connection of HTTP/1 whose first request has to come until `deadline`.
async fn serve_http1(
    io: http1::Io,
    socket: Option<Socket>,
    (peer, guard): (Peer, Guard),
    deadline: Instant,
    serving: Serving<impl HttpService>,
) {
    let Serving { service, settings, engines, shutdown } = serving;
    let told = settings.tells_remote_addr.then(|| peer.clone());
    let service = TowerService::new(service, told, guard.clone());
    let ending = Ending::new(shutdown);
    let header_timeout = settings.header_timeout;
    let has_engines = engines.is_some();
    let serving = http1::Serving { socket, service, header_timeout, has_engines, ending };
    match (http1::serve(io, deadline, serving).await, engines) {
        (Ok(Some(handed)), Some(engines)) => engines.drive(handed, peer, guard),
        (Ok(_), _) => (),
        (Err(error), _) => tracing::debug!(remote = ?peer, %error, "connection failed"),
    }
}

impl<S: Clone> Serving<S> {
    /// The same for another connection. A service need not be one that threads can share, so nobody else looks at
    /// it meanwhile.
    #[expect(clippy::needless_pass_by_ref_mut, reason = "what is shared has to be `Sync`")]
    pub(super) fn another(&mut self) -> Self {
        self.clone()
    }

    fn io(&self, io: Rewound<Stream>) -> http1::Io {
        Linger::new(Stall::new(io, self.settings.stall_timeout), self.shutdown.clone())
    }
}

/// The TLS handshake, if there is one, and the first bytes.
async fn open(
    #[cfg_attr(not(feature = "server-tls"), expect(unused_mut))] mut raw: Raw,
    settings: &Settings,
) -> io::Result<Option<(Protocol, Rewound<Stream>)>> {
    #[cfg(feature = "server-tls")]
    if let Some(tls) = &settings.tls {
        // What is neither text nor TLS, rustls knows a name for.
        let is_text = |byte: u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
        if raw.first_byte().await?.is_some_and(is_text) {
            let sniffed = sniff(Stream::Plain(raw)).await?;
            let misdirected = Protocol::Misdirected(Misdirected::PlainHttp);
            return Ok(sniffed.map(|(_, io)| (misdirected, io)));
        }
        let tls = Box::pin(tls.acceptor().accept(raw)).await?;
        let sniffed = sniff(Stream::Tls(Box::new(tls))).await?;
        return Ok(sniffed.map(|(protocol, io)| match protocol {
            Protocol::Misdirected(_) => (Protocol::Misdirected(Misdirected::TlsTwice), io),
            protocol => (protocol, io),
        }));
    }
    #[cfg(not(feature = "server-tls"))]
    let _ = settings;
    sniff(Stream::Plain(raw)).await
}

/// What a connection (HTTP/1) or a stream (HTTP/2) may hold unsent, and the most of a head.
///
/// hyper's own default would take 400 KB for each client that stalls.
pub(super) const BUFFER: usize = 64 * 1024;

/// The most that is written at a time, and so the longest frame of a body of this stack.
pub(super) const MAX_WRITE: usize = sse_core::channel::Output::MAX_WRITE;
