use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use sse_tokio::Channels;
use tokio::task::JoinSet;

use super::shutdown::{Phase, ShutdownSender};

/// Ends a [`Server`](super::Server) from elsewhere, and the streams of channels with it, and says what it does.
///
/// It may be cloned, sent to other threads, kept and dropped: a server does not end because nobody has a handle
/// to it. What was [given to the server](super::Server::with_graceful_shutdown) to end it works beside it.
///
/// ```
/// use std::time::Duration;
///
/// use sse_core::{Gateway, GatewayConfig, Hub, HubConfig, StringFormat};
/// use sse_hyper::{EventService, Server};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let gateway = Gateway::new(Hub::new(HubConfig::new(StringFormat)), GatewayConfig::default());
/// let events = EventService::new(gateway);
/// let server = Server::bind("127.0.0.1:0").await?;
/// let handle = server.handle().with_channels(events.channels());
/// let serving = tokio::spawn(server.serve(events));
///
/// // Anywhere, at any time:
/// handle.drain(Duration::from_millis(10)).await;
/// serving.await?
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ServerHandle {
    phase: ShutdownSender,
    channels: Vec<Channels>,
    driven: Arc<AtomicUsize>,
}

impl ServerHandle {
    pub(super) fn new(phase: ShutdownSender, driven: Arc<AtomicUsize>) -> Self {
        Self { phase, channels: Vec::new(), driven }
    }

    /// Has `channels` end with the server too. Otherwise their streams would take all of
    /// [the time](super::Server::with_shutdown_timeout) that a shutdown has, and be cut.
    #[must_use]
    pub fn with_channels(mut self, channels: Channels) -> Self {
        self.channels.push(channels);
        self
    }

    /// How many event streams [engines](super::Server::with_engines) drive now.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let server = sse_hyper::Server::bind("127.0.0.1:0").await?;
    /// assert_eq!(server.handle().driven_streams(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn driven_streams(&self) -> usize {
        self.driven.load(Ordering::Relaxed)
    }

    /// Ends every stream of the channels cleanly, and shuts the server down: its `serve` returns once the
    /// requests under way are served, or their time is over.
    pub fn shutdown(&self) {
        self.channels.iter().for_each(Channels::shutdown);
        self.phase.enter(Phase::Stopping);
    }

    /// Drains the server, as [`with_drain`](super::Server::with_drain) does, ends the streams of the channels
    /// one after the other within `window`, as [`Channels::drain`] does, and then shuts the server down.
    ///
    /// Completes once the server was told to shut down. Dropped before, it leaves a server that drains, and
    /// that [`shutdown`](Self::shutdown) ends.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime with time enabled.
    pub async fn drain(&self, window: Duration) {
        self.phase.enter(Phase::Draining);
        let mut draining = JoinSet::new();
        for channels in self.channels.clone() {
            draining.spawn(async move { channels.drain(window).await });
        }
        draining.join_all().await;
        self.shutdown();
    }
}
