use tokio::sync::watch;

/// Tells every connection of a server that it is to end.
#[derive(Debug)]
pub(super) struct ShutdownSender(watch::Sender<bool>);

impl ShutdownSender {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    pub(super) fn start(&self) {
        self.0.send_replace(true);
    }

    pub(super) fn subscribe(&self) -> Shutdown {
        Shutdown(self.0.subscribe())
    }
}

/// A connection's view of whether its server is shutting down.
#[derive(Clone, Debug)]
pub(super) struct Shutdown(watch::Receiver<bool>);

impl Shutdown {
    pub(super) fn is_started(&self) -> bool {
        *self.0.borrow()
    }

    /// Completes once the shutdown has started; a server that is gone counts as one.
    pub(super) async fn started(&mut self) {
        let _ = self.0.wait_for(|is_started| *is_started).await;
    }
}
