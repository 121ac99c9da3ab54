use std::{error::Error, fmt, sync::Arc, time::Duration};

use sse_core::{Disconnect, MessageEvent};

use super::transport::chain;

/// What an [`EventSource`](crate::EventSource) has to tell.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Notice {
    /// The stream is open.
    Open,
    /// An event.
    Event(MessageEvent),
    /// A comment, if comments were asked for.
    Comment(String),
    /// The server set the reconnection time, here as it was sent.
    Retry(Duration),
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
pub struct Interrupted {
    disconnect: Disconnect,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl Interrupted {
    pub(super) fn new(
        disconnect: Disconnect,
        source: Option<Arc<dyn Error + Send + Sync>>,
    ) -> Self {
        Self { disconnect, source }
    }

    /// Why the connection is over.
    pub fn disconnect(&self) -> &Disconnect {
        &self.disconnect
    }
}

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Some(source) => write!(f, "{}: {}", self.disconnect, chain(&**source)),
            None => self.disconnect.fmt(f),
        }
    }
}

impl Error for Interrupted {}
