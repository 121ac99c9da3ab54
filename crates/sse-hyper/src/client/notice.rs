use std::{error::Error, fmt, sync::Arc, time::Duration};

use sse_core::{Disconnect, MessageEvent};

use super::{TlsMismatch, chain::chain};

/// What an [`EventSource`](crate::EventSource) has to tell.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Notice {
    /// The stream is open.
    Open,
    /// An event; one of the [system's own](sse_core::SystemEvent) only if
    /// [they were asked for](sse_core::ClientConfig::with_system_events).
    Event(MessageEvent),
    /// A comment, if comments were asked for.
    Comment(String),
    /// The server set the reconnection time, here as it was sent.
    Retry(Duration),
    /// This id is the last one, but no header can carry it: the server is not told where to resume.
    LastEventIdOmitted(String),
    /// The connection is over, and there will be another one.
    Reconnecting {
        /// After this time.
        after: Duration,
        /// Why the connection is over.
        because: Interrupted,
    },
}

/// Why a connection is over, with what the transport had to say.
///
/// ```
/// fn log(interrupted: &sse_hyper::Interrupted) {
///     tracing::warn!(disconnect = ?interrupted.disconnect(), "{interrupted}");
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Interrupted(
    // A notice is moved for each event, and most are events.
    Box<(Disconnect, Option<Arc<dyn Error + Send + Sync>>)>,
);

impl Interrupted {
    pub(super) fn new(
        disconnect: Disconnect,
        source: Option<Arc<dyn Error + Send + Sync>>,
    ) -> Self {
        Self(Box::new((disconnect, source)))
    }

    /// Why the connection is over.
    pub fn disconnect(&self) -> &Disconnect {
        &self.0.0
    }

    /// How server and address disagree on TLS, if that is why.
    pub fn tls_mismatch(&self) -> Option<TlsMismatch> {
        self.0.1.as_ref().and_then(|source| TlsMismatch::behind(&**source))
    }
}

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            (disconnect, Some(source)) => write!(f, "{disconnect}: {}", chain(&**source)),
            (disconnect, None) => disconnect.fmt(f),
        }
    }
}

impl Error for Interrupted {}
