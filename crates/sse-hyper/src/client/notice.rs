use std::{error::Error, fmt, sync::Arc, time::Duration};

use sse_core::{
    client::Disconnect,
    wire::{Discarded, MessageEvent},
};

use super::{CertificateProblem, TlsMismatch, chain::chain};

/// What an [`EventSource`](crate::EventSource) has to tell.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Notice {
    /// The stream is open.
    Open,
    /// An event; one of the [system's own](sse_core::client::SystemEvent) only if
    /// [they were asked for](sse_core::client::ClientConfig::with_system_events).
    Event(MessageEvent),
    /// A comment, if comments were asked for.
    Comment(String),
    /// The server set the reconnection time, here as it was sent.
    Retry(Duration),
    /// The last event ID is this, without an event that was handed on: a block without data has set it, or one
    /// of the [system's own](sse_core::client::SystemEvent).
    LastEventId(String),
    /// The stream is over, and this was left of it.
    Discarded(Discarded),
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
    Box<Reason>,
);

#[derive(Clone, Debug)]
struct Reason {
    disconnect: Disconnect,
    source: Option<Arc<dyn Error + Send + Sync>>,
    page: Option<String>,
}

impl Interrupted {
    pub(super) fn new(
        disconnect: Disconnect,
        source: Option<Arc<dyn Error + Send + Sync>>,
        page: Option<String>,
    ) -> Self {
        Self(Box::new(Reason { disconnect, source, page }))
    }

    /// Why the connection is over.
    pub fn disconnect(&self) -> &Disconnect {
        &self.0.disconnect
    }

    /// How server and address disagree on TLS, if that is why.
    pub fn tls_mismatch(&self) -> Option<TlsMismatch> {
        self.0.source.as_ref().and_then(|source| TlsMismatch::behind(&**source))
    }

    /// What is wrong with the server's certificate, if that is why.
    pub fn certificate_problem(&self) -> Option<CertificateProblem> {
        self.0.source.as_ref().and_then(|source| CertificateProblem::behind(&**source))
    }

    /// The beginning of the answer's body, at most 4 KiB, if the answer was no stream and had one that came
    /// within a second. It is the server's text: bytes that are not UTF-8 are replaced, and control characters
    /// are still in it.
    pub fn body(&self) -> Option<&str> {
        self.0.page.as_deref()
    }
}

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.disconnect.fmt(f)?;
        match &self.0.source {
            Some(source) => write!(f, ": {}", chain(&**source)),
            None => Ok(()),
        }
    }
}

impl Error for Interrupted {}
