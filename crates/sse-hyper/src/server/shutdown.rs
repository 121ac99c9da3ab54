use tokio::sync::watch;

/// How far the end of a server has come.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Phase {
    Serving,
    /// Connections take no further request; what is under way goes on.
    Draining,
    /// What is under way has to end.
    Stopping,
}

/// Tells every connection of a server that it is to end.
#[derive(Debug)]
pub(super) struct ShutdownSender(watch::Sender<Phase>);

impl ShutdownSender {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(Phase::Serving))
    }

    pub(super) fn enter(&self, phase: Phase) {
        self.0.send_replace(phase);
    }

    pub(super) fn subscribe(&self) -> Shutdown {
        Shutdown(self.0.subscribe())
    }
}

/// A connection's view of how far the end of its server has come.
#[derive(Clone, Debug)]
pub(super) struct Shutdown(watch::Receiver<Phase>);

impl Shutdown {
    pub(super) fn has_reached(&self, phase: Phase) -> bool {
        phase <= *self.0.borrow()
    }

    /// Completes once `phase` has begun; a server that is gone counts as one that stops.
    pub(super) async fn reached(&mut self, phase: Phase) {
        let _ = self.0.wait_for(|now| phase <= *now).await;
    }
}
