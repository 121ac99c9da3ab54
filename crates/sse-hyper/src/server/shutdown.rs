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

/// Tells a server and every connection of it that it is to end.
#[derive(Clone, Debug)]
pub(super) struct ShutdownSender(watch::Sender<Phase>);

impl ShutdownSender {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(Phase::Serving))
    }

    /// Enters `phase`, unless a later one has begun.
    pub(super) fn enter(&self, phase: Phase) {
        self.0.send_if_modified(|now| {
            let is_later = *now < phase;
            *now = phase.max(*now);
            is_later
        });
    }

    pub(super) fn subscribe(&self) -> Shutdown {
        Shutdown(self.0.subscribe())
    }
}

/// How far the end of its server a connection goes along, which is decided when it begins.
#[derive(Debug)]
pub(super) struct Ending {
    shutdown: Shutdown,
    is_late: bool,
}

impl Ending {
    pub(super) fn new(shutdown: Shutdown) -> Self {
        let is_late = shutdown.has_reached(Phase::Draining);
        Self { shutdown, is_late }
    }

    /// Whether the connection began while the server drained: one request of it is served.
    pub(super) fn is_late(&self) -> bool {
        self.is_late
    }

    /// Whether the connection takes no further request.
    pub(super) fn has_begun(&self) -> bool {
        self.shutdown.has_reached(Phase::Draining)
    }

    /// Completes once the connection is to end.
    pub(super) async fn reached(&mut self) {
        let end = if self.is_late { Phase::Stopping } else { Phase::Draining };
        self.shutdown.reached(end).await;
    }
}

/// A view of how far the end of a server has come.
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
