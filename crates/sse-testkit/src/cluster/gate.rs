use std::{
    future::{Future, pending},
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::watch;

/// What a link does with what comes to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct State {
    pub(super) server: SocketAddr,
    pub(super) hole: Hole,
    /// How often all connections were cut.
    pub(super) cuts: u64,
}

/// What goes nowhere.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Hole {
    Nothing,
    /// What is sent on connections that have subscribed to something.
    Subscriptions,
    Everything,
}

/// What one connection through a link may do just now.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    state: watch::Receiver<State>,
    /// How often connections were cut before this one came.
    cuts: u64,
    has_subscribed: Arc<AtomicBool>,
}

impl Gate {
    pub(super) fn new(state: watch::Receiver<State>) -> Self {
        let cuts = state.borrow().cuts;
        Self { state, cuts, has_subscribed: Arc::default() }
    }

    /// Completes when bytes may pass, with where they are to go; never once the connection is cut.
    pub(super) async fn opened(&mut self) -> SocketAddr {
        let (cuts, has_subscribed) = (self.cuts, Arc::clone(&self.has_subscribed));
        let passes = |state: &State| {
            let is_lost = match state.hole {
                Hole::Nothing => false,
                Hole::Subscriptions => has_subscribed.load(Ordering::Relaxed),
                Hole::Everything => true,
            };
            state.cuts == cuts && !is_lost
        };
        let server = self.state.wait_for(passes).await.map(|state| state.server);
        match server {
            Ok(server) => server,
            Err(_dropped) => pending().await,
        }
    }

    /// What reading comes to; that a connection is broken comes when bytes may pass.
    pub(super) async fn pass_error<T>(
        &mut self,
        reading: impl Future<Output = io::Result<T>>,
    ) -> io::Result<T> {
        let read = reading.await;
        if read.is_err() {
            self.opened().await;
        }
        read
    }

    /// Completes when something has changed.
    pub(super) async fn changed(&mut self) {
        if self.state.changed().await.is_err() {
            pending().await
        }
    }

    /// Completes when the connection is to end.
    pub(super) async fn cut(&mut self) {
        let cuts = self.cuts;
        let _cut_or_dropped = self.state.wait_for(|state| state.cuts != cuts).await;
    }

    /// Something was subscribed to on this connection.
    pub(super) fn subscribe(&self) {
        self.has_subscribed.store(true, Ordering::Relaxed);
    }
}
