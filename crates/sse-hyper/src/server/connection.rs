use std::{io, sync::Arc, time::Duration};

use tokio::{
    select,
    time::{Instant, timeout_at},
};

#[cfg(feature = "server-tls")]
use super::misdirected::Misdirected;
use super::{
    filter::Guard,
    first_bytes::{Protocol, Rewound, sniff},
    http1, http2,
    linger::Linger,
    listener::Peer,
    raw::Raw,
    shutdown::{Ending, Phase, Shutdown},
    stall::Stall,
    stream::Stream,
    tower::{HttpService, TowerService},
};

/// What all connections of a server share.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) header_timeout: Duration,
    pub(super) stall_timeout: Option<Duration>,
    pub(super) tells_remote_addr: bool,
    pub(super) accepts_while_draining: bool,
    pub(super) max_concurrent_streams: u32,
    #[cfg(feature = "server-tls")]
    pub(super) tls: Option<tokio_rustls::TlsAcceptor>,
}

/// Serves one connection to its end, and keeps `guard` until then.
pub(super) async fn serve(
    raw: Raw,
    (remote, guard): (Peer, Guard),
    service: impl HttpService,
    settings: Arc<Settings>,
    mut shutdown: Shutdown,
) {
    let deadline = Instant::now() + settings.header_timeout;
    let socket = raw.socket();
    // Where new connections are served while the server drains, so are those that have sent nothing.
    let end = if settings.accepts_while_draining { Phase::Stopping } else { Phase::Draining };
    let opened = select! {
        // The first bytes may be there already.
        biased;
        opened = timeout_at(deadline, open(raw, &settings)) => opened,
        () = shutdown.reached(end) => return,
    };
    let (protocol, io) = match opened {
        Ok(Ok(Some(opened))) => opened,
        Ok(Ok(None)) => return,
        Ok(Err(error)) => return tracing::debug!(?remote, %error, "connection not opened"),
        Err(_) => return tracing::debug!(?remote, "connection timed out before a request"),
    };
    let io = Linger::new(Stall::new(io, settings.stall_timeout), shutdown.clone());
    let ending = Ending::new(shutdown);
    // The streams of HTTP/2 share a connection, and only this tells those of one client together.
    let is_told = settings.tells_remote_addr || protocol == Protocol::Http2;
    let service = TowerService::new(service, is_told.then(|| remote.clone()), guard.clone());
    let served = match protocol {
        Protocol::Http1 => {
            http1::serve(io, socket, service, deadline, settings.header_timeout, ending).await
        }
        // Boxed, so that it does not make every connection of HTTP/1 larger.
        Protocol::Http2 => Box::pin(http2::serve(io, service, &settings, ending)).await,
        Protocol::Misdirected(misdirected) => {
            tracing::debug!(?remote, "{}", misdirected.log_text());
            Box::pin(misdirected.refuse(io)).await.map_err(Into::into)
        }
    };
    if let Err(error) = served {
        tracing::debug!(?remote, %error, "connection failed");
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
        let tls = Box::pin(tls.accept(raw)).await?;
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
