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

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn gate(hole: Hole) -> (watch::Sender<State>, Gate) {
        let server = ([127, 0, 0, 1], 6379).into();
        let state = watch::Sender::new(State { server, hole, cuts: 0 });
        let gate = Gate::new(state.subscribe());
        (state, gate)
    }

    #[test]
    fn bytes_pass_where_no_hole_is() {
        let table = [
            (Hole::Nothing, false, true),
            (Hole::Nothing, true, true),
            (Hole::Subscriptions, false, true),
            (Hole::Subscriptions, true, false),
            (Hole::Everything, false, false),
            (Hole::Everything, true, false),
        ];
        for (hole, has_subscribed, expected) in table {
            let (_state, mut gate) = gate(hole);
            if has_subscribed {
                gate.subscribe();
            }
            let passes = gate.opened().now_or_never().is_some();
            assert_eq!(passes, expected, "{hole:?}, {has_subscribed}");
        }
    }

    #[test]
    fn nothing_passes_once_the_connection_is_cut() {
        let (state, mut gate) = gate(Hole::Nothing);
        state.send_modify(|state| state.cuts += 1);

        assert!(gate.cut().now_or_never().is_some());
        assert!(gate.opened().now_or_never().is_none());
        assert!(Gate::new(state.subscribe()).opened().now_or_never().is_some());
    }

    #[test]
    fn a_connection_that_breaks_is_not_heard_of_in_a_hole() {
        let (state, mut gate) = gate(Hole::Everything);
        let broken = || async { Err::<(), _>(io::ErrorKind::ConnectionReset.into()) };

        assert!(gate.pass_error(broken()).now_or_never().is_none());
        state.send_modify(|state| state.hole = Hole::Nothing);
        assert!(gate.pass_error(broken()).now_or_never().unwrap().is_err());
    }
}
